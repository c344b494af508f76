//! A server of HTTP on a port of its own, for fakes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query, as it was sent.
    pub(crate) path: String,
    /// As it was sent.
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header by its name in lower case, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A value of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&');
        pairs
            .filter_map(|pair| pair.split_once('=').or(Some((pair, ""))))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decoded(value))
    }
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    /// 0 closes the connection without a word.
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// No answer at all.
    pub(crate) fn cut() -> Response {
        Response::default()
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }
}

type Answer = dyn Fn(&Request) -> Response + Send + Sync;

/// A server, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let over = Arc::new(AtomicBool::new(false));
        let answer: Arc<Answer> = Arc::new(answer);
        let thread = std::thread::spawn({
            let over = Arc::clone(&over);
            move || {
                for stream in listener.incoming() {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let answer = Arc::clone(&answer);
                    if let Ok(stream) = stream {
                        std::thread::spawn(move || serve(stream, &*answer));
                    }
                }
            }
        });
        Server {
            address,
            over,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers the requests of a connection, until its other end has enough.
fn serve(stream: TcpStream, answer: &Answer) {
    let Ok(mut out) = stream.try_clone() else {
        return;
    };
    let _ = out.set_nodelay(true);
    let mut input = BufReader::new(stream);
    while let Some(request) = read(&mut input) {
        let response = answer(&request);
        if response.status == 0 {
            let _ = out.shutdown(std::net::Shutdown::Both);
            return;
        }
        let mut text = format!("HTTP/1.1 {} Said\r\n", response.status);
        for (name, value) in &response.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if response.status != 204 {
            text += &format!("content-length: {}\r\n", response.body.len());
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        if request.method != "HEAD" {
            bytes.extend(&response.body);
        }
        if out.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn read(input: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    input
        .read_line(&mut line)
        .ok()
        .filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let name = name.to_ascii_lowercase();
        request.headers.insert(name, value.trim().to_owned());
    }
    let length = request.header("content-length").parse().unwrap_or_default();
    request.body = vec![0; length];
    input.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// A server that gives these answers in turn, the last one for ever, and remembers what it was asked.
pub(crate) struct Script {
    server: Server,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Script {
    pub(crate) fn start(answers: Vec<Response>) -> Script {
        let asked: Arc<Mutex<Vec<Request>>> = Arc::default();
        let server = Server::start({
            let asked = Arc::clone(&asked);
            move |request| {
                let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                let at = asked.len().min(answers.len().saturating_sub(1));
                asked.push(request.clone());
                answers.get(at).cloned().unwrap_or_default()
            }
        });
        Script { server, asked }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn asked(&self) -> Vec<Request> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Text without the percent signs of addresses and forms.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
