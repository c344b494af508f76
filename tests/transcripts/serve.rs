//! A static file server for one case.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// A listener on a five-digit port of 127.0.0.1; what it serves is said later, since the port
/// stands in the files that the case writes first.
pub(crate) struct Server {
    listener: TcpListener,
    port: u16,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Reserves a port; connections are refused no longer, but answered only after `serve`.
    pub(crate) fn bind() -> Result<Server, String> {
        for _ in 0..100 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .map_err(|error| format!("bind 127.0.0.1: {error}"))?;
            let port = listener
                .local_addr()
                .map_err(|error| format!("bind 127.0.0.1: {error}"))?
                .port();
            if port >= 10_000 {
                return Ok(Server {
                    listener,
                    port,
                    stop: Arc::default(),
                    threads: Vec::new(),
                });
            }
        }
        Err("no five-digit port is free on 127.0.0.1".to_owned())
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Serves `root`, to holders of `auth` (`user:password`) only where it is given.
    pub(crate) fn serve(&mut self, root: PathBuf, auth: Option<String>) -> Result<(), String> {
        let listener = self
            .listener
            .try_clone()
            .map_err(|error| format!("serve: {error}"))?;
        let stop = Arc::clone(&self.stop);
        let expected = auth.map(|auth| format!("Basic {}", BASE64_STANDARD.encode(auth)));
        self.threads.push(std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // A client that hangs up is its own affair.
                let _ = stream.and_then(|stream| answer(stream, &root, expected.as_deref()));
            }
        }));
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        for thread in self.threads.drain(..) {
            // Wakes the thread up.
            let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
            let _ = thread.join();
        }
    }
}

fn answer(stream: TcpStream, root: &Path, expected: Option<&str>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(64 * 1024));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut given = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            given = Some(value.trim().to_owned());
        }
    }
    let target = request.split(' ').nth(1).unwrap_or("/");
    let (status, body) = if expected.is_some() && given.as_deref() != expected {
        ("401 Unauthorized", Vec::new())
    } else {
        match find(root, target).and_then(|path| std::fs::read(path).ok()) {
            Some(body) => ("200 OK", body),
            None => ("404 Not Found", Vec::new()),
        }
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if !request.starts_with("HEAD ") {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file that a request target names, if it stays inside `root`.
fn find(root: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let path = PathBuf::from(String::from_utf8(bytes).ok()?.trim_start_matches('/'));
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    inside.then(|| root.join(path))
}
