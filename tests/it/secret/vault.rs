//! Vault's key-value stores, as a small fake of its interface has them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{told, vals};

/// A server that has `kv/` in version 1 and `secret/` in version 2, for those with a token.
struct Fake {
    url: String,
    /// What was asked: method, path, namespace.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || serve(stream, &log));
            }
        });
        Fake { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("a list"))
    }
}

/// Answers one request.
fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut first = String::new();
    if reader.read_line(&mut first).unwrap_or_default() == 0 {
        return;
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.push((name.to_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let header = |wanted: &str| {
        let mut found = headers.iter().filter(|(name, _)| name == wanted);
        found.next().map_or("", |(_, value)| value.as_str())
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).expect("a body");
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let namespace = header("x-vault-namespace");
    log.lock()
        .expect("a list")
        .push(format!("{method} {path} {namespace}").trim_end().to_owned());
    let (status, answer) = answer(method, path, header("x-vault-token"), &sent);
    let answer = answer.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    );
}

fn answer(method: &str, path: &str, token: &str, sent: &Value) -> (u16, Value) {
    let login = |good: bool| match good {
        true => (200, json!({"auth": {"client_token": "given"}})),
        false => (400, json!({"errors": ["invalid role or secret ID"]})),
    };
    match (method, path) {
        ("PUT", "/v1/auth/approle/login") => {
            return login(sent["role_id"] == "role" && sent["secret_id"] == "id");
        }
        ("PUT", "/v1/auth/mine/login/me") => return login(sent["password"] == "pass"),
        ("PUT", "/v1/auth/kubernetes/login") => {
            return login(sent["role"] == "pod" && sent["jwt"] == "account");
        }
        _ => {}
    }
    if !matches!(token, "good" | "given") {
        return (403, json!({"errors": ["permission denied"]}));
    }
    let mount =
        |name: &str, version: Value| (200, json!({"data": {"path": name, "options": version}}));
    match path {
        path if path.starts_with("/v1/sys/internal/ui/mounts/kv/") => mount("kv/", Value::Null),
        path if path.starts_with("/v1/sys/internal/ui/mounts/secret/") => {
            mount("secret/", json!({"version": "2"}))
        }
        path if path.starts_with("/v1/sys/internal/ui/mounts/old/") => (404, json!({"errors": []})),
        "/v1/kv/app" => (
            200,
            json!({"data": {"user": "one", "data": {"n": 5}, "packed": "aGk="}}),
        ),
        "/v1/old/app" => (200, json!({"data": {"user": "old"}})),
        "/v1/secret/data/app/db" => (
            200,
            json!({"data": {"data": {"password": "two", "port": 5432, "map": {"a": "b"}}, "metadata": {}}}),
        ),
        "/v1/secret/data/app/db?version=1" => {
            (200, json!({"data": {"data": {"password": "first"}}}))
        }
        _ => (404, json!({"errors": []})),
    }
}

#[test]
fn stores_of_both_versions_are_read_as_vals_does() {
    let fake = Fake::start();
    let vals = vals(&[
        ("VAULT_ADDR", &fake.url),
        ("VAULT_TOKEN", "good"),
        ("HOME", "/nonexistent"),
    ]);
    for (text, want) in [
        ("ref+vault://secret/app/db#/password", "two"),
        ("ref+vault://secret/app/db/password", "two"),
        ("ref+vault://secret/app/db#/port", "5432"),
        ("ref+vault://secret/app/db#/map/a", "b"),
        ("ref+vault://secret/app/db?version=1#/password", "first"),
        ("ref+vault://kv/app#/user", "one"),
        ("ref+vault://kv/app#/data/n", "5"),
        ("ref+vault://kv/app/packed?decode=base64", "hi"),
        ("ref+vault://old/app#/user", "old"),
        (
            "ref+vault://kv/app/none",
            "expand vault://kv/app/none: vault: get string: key \"none\" does not exist in \"kv/app\"",
        ),
        (
            "ref+vault://secret/none#/x",
            "expand vault://secret/none#/x: no secret found for path \"secret/none\"",
        ),
        (
            "ref+vault://kv/app/user?decode=hex",
            "expand vault://kv/app/user?decode=hex: vault: unsupported decode parameter: \"hex\"",
        ),
    ] {
        assert_eq!(told(&vals, text), want, "{text}");
    }
    let asked = fake.asked();
    let of_secret = asked
        .iter()
        .filter(|line| line.starts_with("GET /v1/sys/internal/ui/mounts/secret/"));
    // Once for each provider: with parameters it is another one.
    assert_eq!(of_secret.count(), 2, "{asked:?}");
    let reads = asked
        .iter()
        .filter(|line| *line == "GET /v1/secret/data/app/db");
    // As a document, and for one of its keys.
    assert_eq!(reads.count(), 2, "{asked:?}");
}

#[test]
fn whoever_asks_proves_who_they_are() {
    let fake = Fake::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let home = folder.path().display().to_string();
    file(".vault-token", "good\n");
    let (token, account, password) = (
        file("token", "good"),
        file("account", "account"),
        file("password", "pass"),
    );
    let address = format!("address={}", fake.url);
    let reference = |more: &str| format!("ref+vault://secret/app/db?{address}&{more}#/password");
    for (variables, more, want) in [
        (vec![("HOME", home.as_str())], String::new(), "two"),
        (vec![("MINE", "good")], "token_env=MINE".to_owned(), "two"),
        (vec![], format!("token_file={token}"), "two"),
        (
            vec![("VAULT_ROLE_ID", "role"), ("VAULT_SECRET_ID", "id")],
            "auth_method=approle".to_owned(),
            "two",
        ),
        (
            vec![
                ("VAULT_AUTH_METHOD", "kubernetes"),
                ("VAULT_KUBERNETES_JWT_TOKEN_PATH", account.as_str()),
            ],
            "role_id=pod".to_owned(),
            "two",
        ),
        (
            vec![("VAULT_LOGIN_MOUNT_POINT", "mine")],
            format!("auth_method=userpass&username=me&password_file={password}"),
            "two",
        ),
        (
            vec![],
            "token_env=NONE".to_owned(),
            "Cannot create Vault Client: token_env configured to read vault token from envvar \"NONE\", but it isn't set",
        ),
        (
            vec![],
            "auth_method=userpass&username=me".to_owned(),
            "Cannot create Vault Client: password missing for userpass authentication",
        ),
        (
            vec![("VAULT_ROLE_ID", "role"), ("VAULT_SECRET_ID", "wrong")],
            "auth_method=approle".to_owned(),
            "Code: 400. Errors:\n\n* invalid role or secret ID",
        ),
        (
            vec![("VAULT_TOKEN", "bad")],
            String::new(),
            "Code: 403. Errors:\n\n* permission denied",
        ),
    ] {
        let got = told(&vals(&variables), &reference(&more));
        assert!(got == want || got.ends_with(want), "{more}: {got}");
    }
    fake.asked();
    let host = fake.url.trim_start_matches("http://");
    let vals = vals(&[("VAULT_TOKEN", "good")]);
    let text = format!("ref+vault://kv/app?host={host}&proto=http&namespace=team#/user");
    assert_eq!(told(&vals, &text), "one");
    assert_eq!(
        fake.asked(),
        [
            "GET /v1/sys/internal/ui/mounts/kv/app team",
            "GET /v1/kv/app team"
        ]
    );
}
