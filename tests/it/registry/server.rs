//! Registries on loopback: real ones in processes of their own, and one that breaks off.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// The folder with the programs; none where `PINTLE_SKIP` names `registry`.
#[expect(clippy::disallowed_methods, reason = "PINTLE_SKIP is for the tests")]
pub(super) fn programs() -> Option<&'static Path> {
    static PROGRAMS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let skipped = std::env::var("PINTLE_SKIP").unwrap_or_default();
    if skipped.split(',').any(|name| name == "registry") {
        return None;
    }
    let found = PROGRAMS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/registry/install.sh");
        let output = Command::new("sh")
            .arg(script)
            .arg(&folder)
            .output()
            .map_err(|error| format!("sh: {error}"))?;
        match output.status.success() {
            true => Ok(folder),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    });
    match found {
        Ok(folder) => Some(folder),
        Err(why) => panic!(
            "this test did not run, for its registry is missing (PINTLE_SKIP=registry leaves it out):\n{why}"
        ),
    }
}

/// A registry that ends with the value.
pub(crate) struct Registry {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// The small one: in memory, open to all.
    pub(crate) fn small() -> Option<Registry> {
        let program = programs()?.join("registry");
        Some(start(&mut |port, _| {
            let mut command = Command::new(&program);
            command.args(["-port", &port.to_string()]);
            command
        }))
    }

    /// Docker's, for `user` with the password `secret`; `more` is what its `http` says besides.
    pub(super) fn with_password(more: &str) -> Option<Registry> {
        let program = programs()?.join("docker-registry");
        Some(start(&mut |port, folder| {
            let hash = bcrypt::hash("secret", 4).expect("a hash");
            std::fs::write(folder.join("htpasswd"), format!("user:{hash}\n")).expect("a file");
            let place = folder.display();
            let config = format!(
                "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {place}/data}}}}\nauth: {{htpasswd: {{realm: test, path: {place}/htpasswd}}}}\nhttp:\n  addr: 127.0.0.1:{port}\n{more}"
            );
            std::fs::write(folder.join("config.yml"), config).expect("a file");
            let mut command = Command::new(&program);
            command.arg("serve").arg(folder.join("config.yml"));
            command
        }))
    }

    /// Its address.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Starts a program on a free port, again where someone else was faster; it is ready when it says
/// that it listens.
fn start(command: &mut dyn FnMut(u16, &Path) -> Command) -> Registry {
    let mut said = String::new();
    for _ in 0..20 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("a port").port();
        drop(listener);
        let mut child = command(port, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a registry");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut registry = Registry {
            child,
            port,
            _folder: folder,
        };
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or_default() == 0 {
                break;
            }
            said.push_str(&line);
            if line.contains("serving on port") || line.contains("listening on") {
                // Nobody may write to a pipe that is not read.
                std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
                return registry;
            }
        }
        let _ = registry.child.wait();
    }
    panic!("no registry came up:\n{said}");
}

/// A registry with one chart, which breaks off in the middle of a blob as often as it is told.
pub(super) struct Faulty {
    port: u16,
    stop: Arc<AtomicBool>,
    /// How many blobs were asked for.
    pub(super) asked: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a [`Faulty`] registry serves: paths below `/v2/`, media types and bytes.
pub(super) type Files = Vec<(String, &'static str, Vec<u8>)>;

impl Faulty {
    /// Serves `files`; the first `breaks` answers of blobs with more than 100 bytes end after the first
    /// half.
    pub(super) fn serve(files: Files, breaks: usize) -> Faulty {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicUsize::new(0));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&asked));
        let thread = std::thread::spawn(move || {
            let mut left = breaks;
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let _ = answer(stream, &files, &mut left, &count);
                }
            }
        });
        Faulty {
            port,
            stop,
            asked,
            thread: Some(thread),
        }
    }

    /// Its address.
    pub(super) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Answers one request, and closes.
fn answer(
    mut stream: TcpStream,
    files: &Files,
    breaks: &mut usize,
    asked: &AtomicUsize,
) -> std::io::Result<()> {
    let mut head = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut from = 0;
    loop {
        let mut header = String::new();
        if head.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let header = header.to_ascii_lowercase();
        if let Some(range) = header.strip_prefix("range: bytes=") {
            from = range.trim().trim_end_matches('-').parse().unwrap_or(0);
        }
    }
    let path = path.strip_prefix("/v2/").unwrap_or(&path);
    let Some((_, kind, bytes)) = files.iter().find(|(name, ..)| name == path) else {
        return stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    };
    let all = bytes.len();
    let rest = &bytes[from..];
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!(
            "206 Partial Content\r\nContent-Range: bytes {from}-{}/{all}",
            all - 1
        ),
    };
    let length = rest.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    let is_blob = path.contains("/blobs/");
    if is_blob {
        asked.fetch_add(1, Ordering::SeqCst);
    }
    let mut sent = rest;
    if is_blob && all > 100 && *breaks > 0 {
        *breaks -= 1;
        sent = &rest[..length / 2];
    }
    stream.write_all(sent)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    // The other side may still be sending.
    let _ = std::io::copy(&mut stream.take(1 << 16), &mut std::io::sink());
    Ok(())
}
