//! Ways to a cluster: kubeconfigs, flags, programs that sign in, proxies, and what is kept of kinds.

mod live;
mod recorder;
mod sign_in;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::kubernetes::{Cluster, Namespace, is_skipped, search_path};

/// A namespace, and the API server without the proxy of the tests.
struct Site {
    namespace: Namespace<'static>,
    /// `https://127.0.0.1:PORT`
    server: String,
    token: String,
    ca_file: PathBuf,
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Site {
        let cluster = Cluster::shared().expect("a cluster");
        let namespace = cluster.namespace().expect("a namespace");
        let programs = cluster.programs();
        let files = programs.parent().expect("a folder");
        let text = |name: &str| fs::read_to_string(files.join(name)).expect(name);
        Site {
            namespace,
            server: format!("https://{}", text("address").trim()),
            token: text("token").trim().to_owned(),
            ca_file: files.join("ca.crt"),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A kubeconfig with a cluster, a user and a context of them, all of one name.
    fn config(&self, name: &str, cluster: &Value, user: &Value) -> PathBuf {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": self.namespace.name()}}],
        });
        let path = self.path(name);
        fs::write(&path, config.to_string()).expect("a file");
        path
    }

    fn cluster(&self) -> Value {
        json!({"server": self.server, "certificate-authority": self.ca_file})
    }

    fn admin(&self) -> Value {
        json!({"token": self.token})
    }

    /// A program of this site, first on the path.
    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(self.path("bin")).expect("a folder");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permitted");
    }

    /// `helm`, as [`Site::program_says`].
    fn helm(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
        self.program_says(&[&["helm"], words].concat(), variables)
    }

    /// What the program wrote: its stdout where all went well, or else its stderr.
    fn program_says(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
        let program = Path::new(env!("CARGO_BIN_EXE_pintle"));
        let output = self
            .namespace
            .command(program)
            .env("PATH", search_path(&self.path("bin")))
            .current_dir(self.folder.path())
            .args(words)
            .envs(variables.iter().copied())
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    /// `helm list` with a kubeconfig.
    fn list(&self, config: &Path, more: &[&str]) -> Result<String, String> {
        let config = config.to_str().expect("UTF-8");
        let words = [&["list", "-q"][..], more].concat();
        self.helm(&words, &[("KUBECONFIG", config)])
    }
}

#[test]
fn flags_and_kubeconfigs_lead_to_a_server() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let good = site.config("good", &site.cluster(), &site.admin());
    let nobody = site.config("nobody", &site.cluster(), &json!({"token": "wrong"}));
    let file = site.path("secret");
    fs::write(&file, &site.token).expect("a file");
    let by_file = site.config("file", &site.cluster(), &json!({"tokenFile": file}));
    let bare = site.config("bare", &json!({"server": site.server}), &site.admin());
    let (namespace, server) = (site.namespace.name(), site.server.as_str());
    let ca_file = site.ca_file.to_str().expect("UTF-8");
    let localhost = server.replace("127.0.0.1", "localhost");
    let both = std::env::join_paths([&nobody, &good]).expect("a path");
    let both = PathBuf::from(both);
    let (missing, token) = (site.path("missing"), site.token.as_str());
    let unauthorized = "Error: kubernetes cluster unreachable: the server has asked for the client to provide credentials\n".to_owned();
    let forbidden = format!(
        "Error: list: failed to list: secrets is forbidden: User \"ann\" cannot list resource \"secrets\" in API group \"\" in the namespace \"{namespace}\"\n"
    );
    let unknown = format!(
        "Error: kubernetes cluster unreachable: Get \"{server}/version\": tls: failed to verify certificate: x509: certificate signed by unknown authority\n"
    );
    let misnamed = format!(
        "Error: kubernetes cluster unreachable: Get \"{server}/version\": tls: failed to verify certificate: x509: certificate is valid for localhost, kubernetes, kubernetes.default, kubernetes.default.svc, not other.example\n"
    );
    let unread = "Error: kubernetes cluster unreachable: invalid configuration: unable to read certificate-authority nowhere for good due to open nowhere: no such file or directory\n".to_owned();
    let groups = "Error: kubernetes cluster unreachable: invalid configuration: requesting uid, groups or user-extra for good without impersonating a user\n".to_owned();
    let no_context =
        "Error: kubernetes cluster unreachable: context \"none\" does not exist\n".to_owned();
    let ok = || Ok(String::new());
    for (config, words, want) in [
        (&good, &[][..], ok()),
        (&nobody, &[][..], Err(unauthorized)),
        (&nobody, &["--kube-token", token][..], ok()),
        (&by_file, &[][..], ok()),
        (&both, &["--kube-context", "good"][..], ok()),
        (&both, &["--kube-context", "none"][..], Err(no_context)),
        (&good, &["--kube-as-user", "ann"][..], Err(forbidden)),
        (
            &good,
            &["--kube-as-user", "ann", "--kube-as-group", "system:masters"][..],
            ok(),
        ),
        (
            &good,
            &["--kube-as-group", "system:masters"][..],
            Err(groups),
        ),
        (&good, &["--kube-apiserver", &localhost][..], ok()),
        (
            &missing,
            &[
                "--kube-apiserver",
                server,
                "--kube-ca-file",
                ca_file,
                "--kube-token",
                token,
            ][..],
            ok(),
        ),
        (&good, &["--kube-ca-file", "nowhere"][..], Err(unread)),
        (&bare, &[][..], Err(unknown)),
        (&bare, &["--kube-ca-file", ca_file][..], ok()),
        (&bare, &["--kube-insecure-skip-tls-verify"][..], ok()),
        (&good, &["--kube-tls-server-name", "kubernetes"][..], ok()),
        (
            &good,
            &["--kube-tls-server-name", "other.example"][..],
            Err(misnamed),
        ),
    ] {
        assert_eq!(site.list(config, words), want, "{config:?} {words:?}");
    }
}

#[test]
fn several_kubeconfigs_are_one() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    // Paths in a file start from its folder; the first file that knows a name or a context wins.
    let other = site.path("other");
    fs::create_dir_all(other.join("keys")).expect("a folder");
    fs::copy(&site.ca_file, other.join("keys/ca.crt")).expect("a file");
    fs::write(other.join("keys/token"), &site.token).expect("a file");
    let write = |name: &str, config: Value| {
        let path = site.path(name);
        fs::write(&path, config.to_string()).expect("a file");
        path
    };
    let namespace = site.namespace.name();
    let contexts = write(
        "contexts",
        json!({
            "current-context": "shop",
            "contexts": [{"name": "shop", "context": {"cluster": "k", "user": "me", "namespace": namespace}}],
        }),
    );
    let rest = write(
        "other/rest",
        json!({
            "current-context": "nothing",
            "contexts": [{"name": "shop", "context": {"cluster": "none", "user": "none"}}],
            "clusters": [{"name": "k", "cluster": {"server": site.server, "certificate-authority": "keys/ca.crt"}}],
            "users": [{"name": "me", "user": {"tokenFile": "keys/token"}}],
        }),
    );
    let missing = site.path("missing");
    let chain = std::env::join_paths([&missing, &contexts, &rest]).expect("a path");
    assert_eq!(site.list(Path::new(&chain), &[]), Ok(String::new()));
    // One file that is named is all there is.
    let alone = site.list(
        Path::new(&chain),
        &["--kubeconfig", contexts.to_str().expect("UTF-8")],
    );
    assert!(alone.is_err(), "{alone:?}");
}

/// A proxy that answers `CONNECT`, and counts.
fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && client.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let target = head
                    .strip_prefix("CONNECT ")
                    .and_then(|it| it.split(' ').next());
                let Some(Ok(mut server)) = target.map(TcpStream::connect) else {
                    return;
                };
                seen.fetch_add(1, Ordering::SeqCst);
                let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                let (mut from, mut to) = (
                    server.try_clone().expect("a socket"),
                    client.try_clone().expect("a socket"),
                );
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let _ = std::io::copy(&mut client, &mut server);
            });
        }
    });
    (format!("http://{address}"), count)
}

#[test]
fn proxies_are_those_of_the_kubeconfig_and_the_environment() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let (proxy, count) = proxy();
    let mut cluster = site.cluster();
    cluster["proxy-url"] = json!(proxy);
    let config = site.config("behind", &cluster, &site.admin());
    assert_eq!(site.list(&config, &[]), Ok(String::new()));
    let through = count.load(Ordering::SeqCst);
    assert!(through > 0);
    // A server on this machine is asked without one, unless its kubeconfig says so.
    let config = site.config("direct", &site.cluster(), &site.admin());
    let config = config.to_str().expect("UTF-8");
    let variables = [
        ("KUBECONFIG", config),
        ("HTTPS_PROXY", "http://127.0.0.1:1"),
    ];
    assert_eq!(site.helm(&["list", "-q"], &variables), Ok(String::new()));
    assert_eq!(count.load(Ordering::SeqCst), through);
}

#[test]
fn what_is_known_of_kinds_is_shared_with_kubectl() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let chart = site.path("chart");
    fs::create_dir_all(chart.join("templates")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(chart.join(name), text).expect("a file");
    write(
        "Chart.yaml",
        "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    );
    write(
        "templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
    );
    let cache = site.path("cache");
    let folder = cache.to_str().expect("UTF-8");
    let asked = |words: &[&str], folder: &str| {
        let namespace = ["-n", site.namespace.name()];
        site.namespace.requests().expect("a log");
        site.helm(
            &[words, &namespace[..]].concat(),
            &[("KUBECACHEDIR", folder)],
        )
        .expect("it works");
        let requests = site.namespace.requests().expect("a log");
        let is_discovery = |path: &str| matches!(path, "/api" | "/apis");
        requests.iter().filter(|it| is_discovery(&it.path)).count()
    };
    assert_eq!(asked(&["install", "a", "chart"], folder), 2);
    assert_eq!(asked(&["install", "b", "chart"], folder), 2, "asked anew");
    assert_eq!(asked(&["uninstall", "a"], folder), 0);
    assert_eq!(asked(&["uninstall", "b"], "/dev/null/x"), 2);

    // kubectl reads what pintle wrote, and pintle what kubectl wrote.
    let kubectl = |words: &[&str]| {
        let program = Cluster::shared()
            .expect("a cluster")
            .programs()
            .join("kubectl");
        let mut command = site.namespace.command(&program);
        let output = command.env("KUBECACHEDIR", folder).args(words).output();
        assert!(output.expect("it runs").status.success());
        let requests = site.namespace.requests().expect("a log");
        let is_discovery = |path: &str| matches!(path, "/api" | "/apis");
        requests.iter().filter(|it| is_discovery(&it.path)).count()
    };
    assert_eq!(kubectl(&["get", "deploy", "-n", site.namespace.name()]), 0);
    assert_eq!(asked(&["install", "c", "chart"], folder), 2);
    fs::remove_dir_all(&cache).expect("a folder");
    assert_eq!(kubectl(&["api-resources"]), 2);
    assert_eq!(asked(&["uninstall", "c"], folder), 0);
}
