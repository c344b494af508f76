//! Charts that are not here: repositories, addresses, dependencies.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::serve::Server;

/// A repository on a server of its own, and a home for those who use it.
struct Site {
    folder: tempfile::TempDir,
    server: Server,
}

/// What a run did.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Outcome {
    #[track_caller]
    fn success(self) -> String {
        let Outcome { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(0), "stdout:\n{stdout}\nstderr:\n{stderr}");
        stdout
    }

    #[track_caller]
    fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "stdout:\n{}", self.stdout);
        self.stderr
    }
}

impl Site {
    /// `app` in versions 0.1.0, 0.2.0 and 1.0.0-rc.1; served to all, or to holders of `auth` only.
    fn new(auth: Option<&str>) -> Site {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = Server::bind().expect("a server");
        let mut site = Site { folder, server };
        for version in ["0.1.0", "0.2.0", "1.0.0-rc.1"] {
            site.write("app/Chart.yaml", &definition("app", version));
            site.write("app/templates/a.yaml", "is: {{ .Chart.Version }}\n");
            site.helm(&["package", "app", "-d", "repo"]).success();
        }
        let url = site.url("");
        site.helm(&["repo", "index", "repo", "--url", &url])
            .success();
        let repository = site.path("repo");
        site.server
            .serve(repository, auth.map(str::to_owned))
            .expect("a server");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.server.port())
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn helm(&self, arguments: &[&str]) -> Outcome {
        let mut words = vec!["helm"];
        words.extend(arguments);
        self.pintle(&words)
    }

    fn pintle(&self, arguments: &[&str]) -> Outcome {
        run(self.folder.path(), arguments)
    }

    /// A chart `parent` that depends on `app`.
    fn write_parent(&self) {
        let repository = self.url("");
        let dependency =
            format!("dependencies:\n- name: app\n  version: ^0.1.0\n  repository: {repository}\n");
        self.write(
            "parent/Chart.yaml",
            &(definition("parent", "1.0.0") + &dependency),
        );
    }
}

fn definition(name: &str, version: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: {version}\nicon: https://example.com/i.png\n")
}

#[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("KUBECONFIG", "/dev/null")
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .output()
        .expect("the program");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Ways to say which chart, and which version that is.
fn ways(site: &Site) -> Vec<(Vec<String>, &'static str)> {
    let url = site.url("");
    let archive = site.url("app-0.1.0.tgz");
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    vec![
        (words("ra/app"), "0.2.0"),
        (words("ra/app --version ~0.1.0"), "0.1.0"),
        (words("ra/app --devel"), "1.0.0-rc.1"),
        (words("ra/app --devel --version <1.0.0"), "0.2.0"),
        (words(&format!("app --repo {url}")), "0.2.0"),
        (words(&format!("app --repo {url} --version 0.1.0")), "0.1.0"),
        (words(&format!("app --repo {url} --devel")), "1.0.0-rc.1"),
        (words(&archive), "0.1.0"),
    ]
}

#[test]
fn every_command_takes_charts_from_everywhere() {
    let site = Site::new(None);
    site.helm(&["repo", "add", "ra", &site.url("")]).success();
    for (way, version) in ways(&site) {
        let shown = [
            (&["helm", "template", "r"][..], format!("is: {version}\n")),
            (
                &["helm", "install", "r", "--dry-run=client"],
                format!("is: {version}\n"),
            ),
            (&["helm", "show", "chart"], format!("version: {version}\n")),
            (&["show", "chart"], format!("version: {version}\n")),
            (&["render", "r"], format!("is: {version}\n")),
            (&["template", "r"], format!("is: {version}\n")),
            (
                &["lint"],
                "1 chart(s) linted, 0 chart(s) failed\n".to_owned(),
            ),
        ];
        for (command, want) in shown {
            let mut words = command.to_vec();
            words.extend(way.iter().map(String::as_str));
            let found = site.pintle(&words).success();
            assert!(found.contains(&want), "{words:?}: {found}");
        }
    }
    let stderr = site.helm(&["upgrade", "r", "ra/app"]).failure();
    assert!(stderr.contains("cluster unreachable"), "{stderr}");
    let stderr = site.helm(&["upgrade", "r", "ra/none"]).failure();
    assert_eq!(
        stderr,
        "Error: chart \"none\" matching  not found in ra index. (try 'helm repo update'): no chart name found\n"
    );
}

#[test]
fn credentials_open_a_repository() {
    let site = Site::new(Some("u:p"));
    let url = site.url("");
    let archive = site.url("app-0.1.0.tgz");
    for name in [&["app", "--repo", &url][..], &[&archive]] {
        let with = |more: &[&str]| {
            let mut words = vec!["template", "r"];
            words.extend(name);
            words.extend(more);
            site.helm(&words)
        };
        let stderr = with(&[]).failure();
        assert!(stderr.ends_with(": 401 Unauthorized\n"), "{stderr}");
        let found = with(&["--username", "u", "--password", "p"]).success();
        assert!(found.contains("is: 0."), "{found}");
    }
}

#[test]
fn missing_dependencies_are_fetched_first() {
    let site = Site::new(None);
    site.write_parent();
    let stderr = site.helm(&["template", "r", "parent"]).failure();
    assert!(
        stderr.contains("missing in charts/ directory: app"),
        "{stderr}"
    );
    let url = site.url("");
    let said = format!(
        "Getting updates for unmanaged Helm repositories...\n...Successfully got an update from the \"{url}\" chart repository\nSaving 1 charts\nDownloading app from repo {url}\nDeleting outdated charts\n"
    );
    let rendered = "---\n# Source: parent/charts/app/templates/a.yaml\nis: 0.1.0\n";
    for command in [
        &["helm", "template", "r", "parent", "--dependency-update"][..],
        &["render", "r", "parent", "--dependency-update"],
    ] {
        assert_eq!(site.pintle(command).success(), format!("{said}{rendered}"));
        // Nothing is fetched that is there.
        assert_eq!(site.pintle(command).success(), rendered);
        std::fs::remove_dir_all(site.path("parent/charts")).expect("charts");
        std::fs::remove_file(site.path("parent/Chart.lock")).expect("a lock");
    }
    let found = site.helm(&["package", "-u", "parent", "-d", "."]).success();
    assert!(found.ends_with("/parent-1.0.0.tgz\n"), "{found}");
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(site.path("parent/charts/app-0.1.0.tgz").exists());
    assert!(site.path("parent/Chart.lock").exists());
}
