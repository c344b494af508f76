//! A server that takes down what it is asked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Site;

/// What it is asked comes in by one of these.
trait Line: Read + Write {}
impl<T: Read + Write> Line for T {}

/// A server that was started.
pub(super) struct Recorder {
    /// Its address.
    pub(super) url: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// A server at `http://`, with what it answers.
    pub(super) fn plain(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Recorder {
        Recorder::start(None, answer)
    }

    /// A server at `https://`, with the certificate of the cluster's.
    pub(super) fn secret(
        site: &Site,
        answer: impl Fn(&str) -> (u16, String) + Send + 'static,
    ) -> Recorder {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let file = |name: &str| site.ca_file.with_file_name(name);
        let certificates = CertificateDer::pem_file_iter(file("server.crt"))
            .and_then(Iterator::collect)
            .expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .expect("they fit");
        Recorder::start(Some(Arc::new(config)), answer)
    }

    fn start(
        secret: Option<Arc<rustls::ServerConfig>>,
        answer: impl Fn(&str) -> (u16, String) + Send + 'static,
    ) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let scheme = match secret {
            Some(_) => "https",
            None => "http",
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&log);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let mut client: Box<dyn Line> = match &secret {
                    None => Box::new(client),
                    Some(config) => {
                        let server = rustls::ServerConnection::new(Arc::clone(config));
                        Box::new(rustls::StreamOwned::new(server.expect("a server"), client))
                    }
                };
                let Some(text) = read(&mut *client) else {
                    continue;
                };
                let (code, body) = answer(&text);
                heard.lock().expect("no panic").push(text);
                let _ = client.write_all(
                    format!(
                        "HTTP/1.1 {code} Fine\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    )
                    .as_bytes(),
                );
                let _ = client.flush();
            }
        });
        Recorder {
            url: format!("{scheme}://{address}"),
            log,
        }
    }

    /// What was asked so far.
    pub(super) fn log(&self) -> MutexGuard<'_, Vec<String>> {
        self.log.lock().expect("no panic")
    }

    /// Takes what was asked so far.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.log())
    }
}

/// Head and body of a request.
fn read(client: &mut dyn Line) -> Option<String> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        text.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&text).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(Ok(0), |it| it.trim().parse()).ok()?];
    client.read_exact(&mut body).ok()?;
    text.extend(body);
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The values of a header in what was taken down.
pub(super) fn header<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    let (head, _) = request.split_once("\r\n\r\n").expect("a head");
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    let pairs = pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    pairs.map(|(_, value)| value).collect()
}
