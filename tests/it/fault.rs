//! Servers, disks and other processes that do not behave.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

use crate::outcome::Outcome;

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a request says.
struct Request {
    path: String,
    headers: BTreeMap<String, String>,
    /// How many came for the path before.
    before: usize,
}

type Answer = dyn Fn(&Request) -> Vec<u8> + Send + Sync;

/// A server that answers as it is told, byte by byte, and closes.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let stop: Arc<AtomicBool> = Arc::default();
        let answer: Arc<Answer> = Arc::new(answer);
        let thread = {
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                    let Ok(stream) = stream else { continue };
                    std::thread::spawn(move || serve(stream, &seen, &*answer));
                }
            })
        };
        Server {
            url,
            seen,
            stop,
            thread: Some(thread),
        }
    }

    /// The paths that were asked for.
    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let address = self.url.trim_start_matches("http://");
        drop(TcpStream::connect(address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &Answer) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let before = {
        let mut seen = seen.lock().expect("no panic");
        let before = seen.iter().filter(|old| **old == path).count();
        seen.push(path.clone());
        before
    };
    let request = Request {
        path,
        headers,
        before,
    };
    drop(stream.write_all(&answer(&request)));
}

fn ok(body: &[u8]) -> Vec<u8> {
    with("200 OK", "", body)
}

/// An answer whose length is that of its body.
fn with(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The first bytes of an answer of which more was promised.
fn cut(headers: &str, body: &[u8], length: usize) -> Vec<u8> {
    let mut answer = with("200 OK", headers, body);
    answer.truncate(answer.len() - body.len() + length);
    answer
}

/// A folder with a home of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    #[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("HELM_CACHE_HOME", self.path("cache"))
            .env("KUBECONFIG", "/dev/null")
            .env("NO_PROXY", "*")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &[&str]) -> Outcome {
        outcome(self.command(PINTLE).args(words))
    }

    fn helm(&self, words: &[&str]) -> Outcome {
        outcome(self.command(PINTLE).arg("helm").args(words))
    }

    /// The names of all files below a folder.
    fn files(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        list(&self.path(name), &mut found);
        found.sort();
        found
    }

    /// An archive of a chart, as big as asked for.
    fn archive(&self, name: &str, version: &str, noise: usize) -> Vec<u8> {
        let folder = format!("make/{name}-{version}");
        self.write(
            &format!("{folder}/Chart.yaml"),
            format!("apiVersion: v2\nname: {name}\nversion: {version}\n"),
        );
        self.write(
            &format!("{folder}/templates/a.yaml"),
            "is: {{ .Chart.Version }}\n",
        );
        // Does not shrink when it is packed.
        let mut state = 1u32;
        let noise: Vec<u8> = (0..noise)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            })
            .collect();
        self.write(&format!("{folder}/noise"), noise);
        self.helm(&["package", &folder, "-d", "made"]).success();
        let path = self.path(&format!("made/{name}-{version}.tgz"));
        std::fs::read(path).expect("an archive")
    }
}

const PINTLE: &str = env!("CARGO_BIN_EXE_pintle");

fn outcome(command: &mut Command) -> Outcome {
    Outcome::from(command.output().expect("the program"))
}

fn list(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

#[test]
fn truncated_downloads_leave_nothing() {
    let place = Place::new();
    let body = place.archive("app", "0.1.0", 0);
    let server = Server::new(move |_| cut("", &body, 100));
    let url = server.url("app-0.1.0.tgz");
    assert_eq!(
        place.helm(&["pull", &url]).failure(),
        "Error: unexpected EOF\n"
    );
    assert_eq!(
        place.helm(&["template", "r", &url]).failure(),
        "Error: unexpected EOF\n"
    );
    assert_eq!(server.seen().len(), 8, "each is tried four times");
    assert!(!place.path("app-0.1.0.tgz").exists());
    assert_eq!(place.files("cache"), [""; 0]);
}

#[test]
fn servers_that_die_are_asked_for_the_rest() {
    let place = Place::new();
    let body = place.archive("app", "0.1.0", 10_000);
    let whole = body.clone();
    let server = Server::new(move |request| {
        const TAG: &str = "ETag: \"one\"\r\n";
        let range = request.headers.get("range").map(String::as_str);
        match (request.before, range) {
            (0, None) => cut(TAG, &body, 3000),
            (1, Some("bytes=3000-")) if request.headers["if-range"] == "\"one\"" => {
                let rest = &body[3000..];
                let headers = format!(
                    "{TAG}Content-Range: bytes 3000-{}/{}\r\n",
                    body.len() - 1,
                    body.len()
                );
                let mut answer = with("206 Partial Content", &headers, rest);
                answer.truncate(answer.len() - rest.len() + 2000);
                answer
            }
            _ => with("500 What", "", b""),
        }
    });
    // The second part dies, too: what came of it counts.
    let stderr = place
        .helm(&["pull", &server.url("app-0.1.0.tgz")])
        .failure();
    assert!(stderr.contains("500 Internal Server Error"), "{stderr}");
    drop(server);
    let body = whole.clone();
    let server = Server::new(move |request| {
        let range = request.headers.get("range").map_or("", String::as_str);
        let start: usize = match range.strip_prefix("bytes=") {
            Some(range) => range.trim_end_matches('-').parse().expect("a number"),
            None => 0,
        };
        let rest = &body[start..];
        let headers = format!(
            "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Range: bytes {start}-{}/{}\r\n",
            body.len() - 1,
            body.len()
        );
        let status = if start == 0 {
            "200 OK"
        } else {
            "206 Partial Content"
        };
        let mut answer = with(status, &headers, rest);
        answer.truncate(answer.len() - rest.len() + rest.len().min(4000));
        answer
    });
    place
        .helm(&["pull", &server.url("app-0.1.0.tgz")])
        .success();
    assert!(server.seen().len() > 1);
    let got = std::fs::read(place.path("app-0.1.0.tgz")).expect("an archive");
    assert!(got == whole, "the parts make the whole");
}

#[test]
fn a_file_that_changes_meanwhile_is_fetched_anew() {
    let place = Place::new();
    let (old, new) = (
        place.archive("app", "0.1.0", 10_000),
        place.archive("app", "0.2.0", 9_000),
    );
    let want = new.clone();
    let server = Server::new(move |request| match request.before {
        0 => cut("ETag: \"one\"\r\n", &old, 3000),
        // The condition does not hold: all of the other file.
        _ => with("200 OK", "ETag: \"two\"\r\n", &new),
    });
    place.helm(&["pull", &server.url("app.tgz")]).success();
    assert!(std::fs::read(place.path("app.tgz")).expect("an archive") == want);
}

#[test]
fn busy_servers_are_asked_again() {
    let place = Place::new();
    let body = place.archive("app", "0.1.0", 0);
    for status in [
        "429 Too Many Requests",
        "503 Service Unavailable",
        "502 Bad Gateway",
    ] {
        let body = body.clone();
        let server = Server::new(move |request| match request.before {
            0 => with(status, "Retry-After: 0\r\n", b""),
            _ => ok(&body),
        });
        place
            .helm(&["pull", &server.url("app-0.1.0.tgz")])
            .success();
        assert_eq!(server.seen().len(), 2, "{status}");
    }
    // Who wants to be left alone for long is.
    let server = Server::new(|_| with("429 Too Many Requests", "Retry-After: 3600\r\n", b""));
    let url = server.url("app-0.1.0.tgz");
    assert_eq!(
        place.helm(&["pull", &url]).failure(),
        format!("Error: failed to fetch {url} : 429 Too Many Requests\n")
    );
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn connections_that_are_lost_are_made_again() {
    let place = Place::new();
    let body = place.archive("app", "0.1.0", 0);
    let server = Server::new(move |request| match request.before {
        0 => Vec::new(),
        _ => ok(&body),
    });
    place
        .helm(&["pull", &server.url("app-0.1.0.tgz")])
        .success();
    let server = Server::new(|_| Vec::new());
    let url = server.url("app-0.1.0.tgz");
    assert_eq!(
        place.helm(&["pull", &url]).failure(),
        format!("Error: Get \"{url}\": EOF\n")
    );
}

#[test]
fn redirects_end() {
    let place = Place::new();
    let server = Server::new(|request| {
        let host = &request.headers["host"];
        let location = format!("Location: http://{host}{}\r\n", request.path);
        with("302 Found", &location, b"")
    });
    let url = server.url("app-0.1.0.tgz");
    assert_eq!(
        place.helm(&["pull", &url]).failure(),
        format!("Error: Get \"{url}\": stopped after 10 redirects\n")
    );
    assert_eq!(server.seen().len(), 10);
}

#[test]
fn a_realm_is_named() {
    let place = Place::new();
    let server = Server::new(|_| {
        with(
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"charts\"\r\n",
            b"",
        )
    });
    let url = server.url("app-0.1.0.tgz");
    let refused = format!("failed to fetch {url} : 401 Unauthorized");
    assert_eq!(
        place.helm(&["pull", &url]).failure(),
        format!("Error: {refused}\n")
    );
    let stderr = place.run(&["pull", &url]).failure();
    assert!(stderr.contains(&refused), "{stderr}");
    assert!(stderr.contains("password for \"charts\""), "{stderr}");
    assert_eq!(server.seen().len(), 2, "asking again would not help");
}

/// A repository with `app` 0.1.0, whose digest is `digest`.
fn repository(archive: Vec<u8>, digest: &str) -> Server {
    let index = format!(
        "apiVersion: v1\nentries:\n  app:\n  - apiVersion: v2\n    name: app\n    version: 0.1.0\n    digest: {digest}\n    urls: [app-0.1.0.tgz]\n"
    );
    Server::new(move |request| match &*request.path {
        "/index.yaml" => ok(index.as_bytes()),
        "/app-0.1.0.tgz" => ok(&archive),
        _ => with("404 Not Found", "", b""),
    })
}

#[test]
fn wrong_digests_are_refused_and_never_kept() {
    let place = Place::new();
    let archive = place.archive("app", "0.1.0", 0);
    let right = sha256(&archive);
    let wrong = "ab".repeat(32);
    let server = repository(archive, &wrong);
    place.helm(&["repo", "add", "r", &server.url]).success();
    // Helm does not look; what it uses is not kept under the false name.
    place.helm(&["pull", "r/app"]).success();
    place.helm(&["template", "x", "r/app"]).success();
    for command in [
        &["pull", "r/app", "-d", "made"][..],
        &["render", "x", "r/app"],
    ] {
        let stderr = place.run(command).failure();
        assert!(
            stderr.contains(&format!(
                "has the digest {right}, but its index says {wrong}"
            )),
            "{stderr}"
        );
    }
    let kept = place.files("cache/content");
    assert!(kept.iter().all(|name| name.contains(&right)), "{kept:?}");
}

#[test]
fn damaged_files_in_the_cache_are_fetched_anew() {
    let place = Place::new();
    let archive = place.archive("app", "0.1.0", 0);
    let digest = sha256(&archive);
    let server = repository(archive.clone(), &digest);
    place.helm(&["repo", "add", "r", &server.url]).success();
    let name = format!("cache/content/{}/{digest}.chart", &digest[..2]);
    for damage in [&b""[..], b"half of it"] {
        place.write(&name, damage);
        place.helm(&["template", "x", "r/app"]).success();
        assert!(std::fs::read(place.path(&name)).expect("a file") == archive);
    }
    let asked = server.seen().len();
    place.helm(&["template", "x", "r/app"]).success();
    assert_eq!(server.seen().len(), asked, "what is kept is not fetched");
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let place = Place::new();
    let archive = place.archive("app", "0.1.0", 100_000);
    let digest = sha256(&archive);
    let server = repository(archive, &digest);
    place.helm(&["repo", "add", "r", &server.url]).success();
    let before = place.files("cache");
    for words in ["pull r/app", "template x r/app"] {
        // No file may have more than 16 blocks.
        let script = format!("trap '' XFSZ; ulimit -f 16; exec \"$0\" helm {words}");
        let stderr = outcome(place.command("sh").args(["-c", &script, PINTLE])).failure();
        assert!(stderr.ends_with(": file too large\n"), "{stderr}");
    }
    assert_eq!(place.files("cache"), before);
    assert!(
        !place
            .files("")
            .iter()
            .any(|name| name.contains("app-0.1.0.tgz") && !name.contains("/made/"))
    );
}

/// An umbrella over `count` charts of `server`.
fn umbrella(place: &Place, folder: &str, server: &Server, count: usize) {
    let mut text = "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n".to_owned();
    for number in 0..count {
        text.push_str(&format!(
            "- {{name: part{number}, version: 0.1.0, repository: \"{}\"}}\n",
            server.url
        ));
    }
    place.write(&format!("{folder}/Chart.yaml"), text);
}

fn parts(place: &Place, count: usize) -> Server {
    let mut files = BTreeMap::new();
    let mut index = "apiVersion: v1\nentries:\n".to_owned();
    for number in 0..count {
        let name = format!("part{number}");
        let archive = place.archive(&name, "0.1.0", 5000);
        let digest = sha256(&archive);
        index.push_str(&format!(
            "  {name}:\n  - {{apiVersion: v2, name: {name}, version: 0.1.0, digest: {digest}, urls: [{name}-0.1.0.tgz]}}\n"
        ));
        files.insert(format!("/{name}-0.1.0.tgz"), archive);
    }
    files.insert("/index.yaml".to_owned(), index.into_bytes());
    Server::new(move |request| match files.get(&request.path) {
        Some(body) => ok(body),
        None => with("404 Not Found", "", b""),
    })
}

#[test]
fn processes_share_one_cache() {
    const COUNT: usize = 6;
    let place = Place::new();
    let server = parts(&place, COUNT);
    place.helm(&["repo", "add", "r", &server.url]).success();
    let runs: Vec<_> = (0..4)
        .map(|number| {
            let folder = format!("umbrella{number}");
            umbrella(&place, &folder, &server, COUNT);
            place
                .command(PINTLE)
                .args(["helm", "dependency", "update", &folder])
                .spawn()
                .expect("the program")
        })
        .collect();
    for (number, run) in runs.into_iter().enumerate() {
        let output = run.wait_with_output().expect("an end");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(
            place.files(&format!("umbrella{number}/charts")).len(),
            COUNT
        );
    }
    for name in place.files("cache/content") {
        let digest = sha256(&std::fs::read(&name).expect("a file"));
        assert!(name.ends_with(&format!("/{digest}.chart")), "{name}");
    }
    let left = place.files("cache/repository");
    assert_eq!(left.len(), 2, "nothing half-written stays: {left:?}");
}

#[test]
fn what_is_locked_and_kept_needs_no_network() {
    const COUNT: usize = 20;
    let place = Place::new();
    let server = parts(&place, COUNT);
    umbrella(&place, "umbrella", &server, COUNT);
    place.run(&["repo", "add", "r", &server.url]).success();
    place.run(&["dependency", "update", "umbrella"]).success();
    let mut asked = server.seen();
    asked.sort();
    assert_eq!(
        asked.len(),
        COUNT + 1,
        "each once, and one index: {asked:?}"
    );
    for more in [&[][..], &["--offline"]] {
        std::fs::remove_dir_all(place.path("umbrella/charts")).expect("charts");
        let mut words = vec!["dependency", "build", "umbrella"];
        words.extend(more);
        place.run(&words).success();
        assert_eq!(place.files("umbrella/charts").len(), COUNT);
        assert_eq!(server.seen().len(), COUNT + 1, "nothing is asked for again");
    }
}

#[test]
fn offline_means_that_nothing_is_asked_for() {
    let place = Place::new();
    let server = parts(&place, 1);
    let url = server.url("part0-0.1.0.tgz");
    place.run(&["repo", "add", "r", &server.url]).success();
    let asked = server.seen().len();
    place.write(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: a\nversion: 0.1.0\n",
    );
    let values = server.url("index.yaml");
    for words in [
        &["pull", &url][..],
        &["render", "x", "r/part0"],
        &["render", "x", "part0", "--repo", &server.url],
        &["render", "x", "chart", "-f", &values],
        &["repo", "update"],
        &["repo", "add", "other", &server.url],
    ] {
        let mut words = words.to_vec();
        words.push("--offline");
        let run = place.run(&words);
        let said = format!("{}{}", run.stdout, run.stderr);
        run.failure();
        assert!(said.contains("--offline promises"), "{words:?}: {said}");
    }
    assert_eq!(server.seen().len(), asked);
    place.run(&["render", "x", "r/part0"]).success();
    let found = outcome(
        place
            .command(PINTLE)
            .args(["render", "x", "r/part0"])
            .env("PINTLE_OFFLINE", "1"),
    );
    assert!(found.success().contains("is: 0.1.0"));
}
