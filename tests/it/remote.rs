//! Charts that are not here: repositories, addresses, dependencies.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::outcome::Outcome;
use crate::serve::Server;

/// A repository on a server of its own, and a home for those who use it.
struct Site {
    folder: tempfile::TempDir,
    server: Server,
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

fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
}

#[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("KUBECONFIG", "/dev/null")
        .env("NO_PROXY", "*")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the program");
    Outcome::from(output)
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

/// Runs git in `folder`, for nobody in particular.
#[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
fn git(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("git");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {words:?}: {stderr}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    stdout.trim().to_owned()
}

#[test]
fn charts_come_from_git() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("source");
    let chart = source.join("charts/app");
    std::fs::create_dir_all(chart.join("templates")).expect("a folder");
    git(&source, &["init", "--quiet", "-b", "main"]);
    let mut commits = Vec::new();
    for version in ["0.1.0", "0.2.0", "0.3.0"] {
        std::fs::write(chart.join("Chart.yaml"), definition("app", version)).expect("a file");
        let text = "is: {{ .Chart.Version }}\n";
        std::fs::write(chart.join("templates/a.yaml"), text).expect("a file");
        git(&source, &["add", "."]);
        git(&source, &["commit", "--quiet", "-m", version]);
        if version == "0.2.0" {
            git(&source, &["tag", "-a", "v2", "-m", "two"]);
            git(&source, &["branch", "b/two"]);
        }
        commits.push(git(&source, &["rev-parse", "HEAD"]));
    }
    git(
        folder.path(),
        &["clone", "--quiet", "--bare", "source", "r.git"],
    );
    let url = format!("file://{}/r.git", folder.path().display());
    let short = &commits[0][..9];
    let render = |reference: &str| run(folder.path(), &["render", "r", reference]);
    for (reference, version) in [
        (format!("git+{url}//charts/app"), "0.3.0"),
        (format!("git::{url}//charts/app?ref=v2&depth=1"), "0.2.0"),
        (format!("git+{url}@charts/app?ref=b%2Ftwo"), "0.2.0"),
        (format!("git+{url}//charts/app?ref={}", commits[0]), "0.1.0"),
        (format!("git+{url}?path=charts/app&ref={short}"), "0.1.0"),
    ] {
        let found = render(&reference).success();
        assert!(
            found.ends_with(&format!("is: {version}\n")),
            "{reference}: {found}"
        );
    }
    let shown = ["show", "chart", &format!("git+{url}//charts/app?ref=v2")];
    assert!(
        run(folder.path(), &shown)
            .success()
            .contains("version: 0.2.0\n")
    );
    for (reference, want) in [
        (format!("git+{url}//charts/none"), "there is no charts/none"),
        (
            format!("git+{url}//charts/app?ref=none"),
            "couldn't find remote ref none",
        ),
        (
            format!("git+{url}x//charts/app"),
            "does not appear to be a git repository",
        ),
        ("git+ext::sh//x".to_owned(), "git+https://"),
    ] {
        let stderr = render(&reference).failure();
        assert!(stderr.contains(want), "{reference}: {stderr}");
    }
    // What is named by its whole commit is not asked for again.
    std::fs::remove_dir_all(folder.path().join("r.git")).expect("a folder");
    let known = format!("git+{url}//charts/app?ref={}", commits[0]);
    assert!(render(&known).success().ends_with("is: 0.1.0\n"));
    // Helm knows nothing of this.
    let strict = ["helm", "template", "r", &known];
    let stderr = run(folder.path(), &strict).failure();
    assert_eq!(stderr, "Error: repo  not found\n");
}

#[test]
fn links_out_of_a_git_repository_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = folder.path().join("source");
    std::fs::create_dir_all(&source).expect("a folder");
    git(&source, &["init", "--quiet"]);
    std::fs::write(source.join("Chart.yaml"), definition("app", "1.0.0")).expect("a file");
    std::os::unix::fs::symlink("/etc/passwd", source.join("secret")).expect("a link");
    git(&source, &["add", "."]);
    git(&source, &["commit", "--quiet", "-m", "one"]);
    let reference = format!("git+file://{}", source.display());
    let stderr = run(folder.path(), &["render", "r", &reference]).failure();
    assert!(
        stderr.contains("secret is a link out of the repository"),
        "{stderr}"
    );
}

/// Answers one request after the other with what `answer` says to its lines; gives the address.
fn answer_with(answer: impl Fn(&[String]) -> Option<Vec<u8>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // The thread ends with the process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let (status, body) = match answer(&lines) {
                Some(body) => ("200 OK", body),
                None => (
                    "403 Forbidden",
                    b"<Error><Message>Access Denied</Message></Error>".to_vec(),
                ),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            // A client that hangs up is its own affair.
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&body);
        }
    });
    format!("http://{address}")
}

#[test]
fn charts_come_from_buckets() {
    let site = Site::new(None);
    let repository = site.path("repo");
    // The addresses of an index in a bucket are seen from there.
    site.helm(&["repo", "index", "repo"]).success();
    let serve = move |wanted: Option<&'static str>, lines: &[String]| {
        let given = lines.iter().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("authorization").then_some(value)
        });
        let fits = match (wanted, given) {
            (None, None) => true,
            (Some(wanted), Some(given)) => given.starts_with(wanted),
            _ => false,
        };
        let (_, file) = lines[0].split(' ').nth(1)?.rsplit_once("/charts%20x/")?;
        fits.then(|| std::fs::read(repository.join(file)).ok())?
    };
    let (amazon, google, anybody) = (serve.clone(), serve.clone(), serve);
    let amazon = answer_with(move |lines| {
        let signed = lines
            .iter()
            .any(|line| line.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date, "));
        signed.then(|| amazon(Some("AWS4-HMAC-SHA256 Credential=AK/"), lines))?
    });
    let google = answer_with(move |lines| google(Some("Bearer T"), lines));
    let anybody = answer_with(move |lines| anybody(None, lines));
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AK"),
        ("AWS_SECRET_ACCESS_KEY", "SK"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", &*amazon),
    ];
    let token = [
        ("CLOUDSDK_AUTH_ACCESS_TOKEN", "T"),
        ("STORAGE_EMULATOR_HOST", &*google),
    ];
    let nobody = [
        ("AWS_ENDPOINT_URL", &*anybody),
        ("STORAGE_EMULATOR_HOST", &*anybody),
    ];
    for (variables, scheme) in [
        (&keys[..], "s3"),
        (&token, "gs"),
        (&nobody, "s3"),
        (&nobody, "gs"),
    ] {
        let render = |words: &[&str]| {
            let mut all = vec!["render", "r"];
            all.extend(words);
            run_with(site.folder.path(), &all, variables)
        };
        let object = format!("{scheme}://b/charts x/app-0.1.0.tgz");
        let found = render(&[&object]).success();
        assert!(found.ends_with("is: 0.1.0\n"), "{object}: {found}");
        let folder = format!("{scheme}://b/charts x/");
        for (version, want) in [("", "0.2.0"), ("~0.1", "0.1.0")] {
            let found = render(&["app", "--repo", &folder, "--version", version]).success();
            assert!(found.ends_with(&format!("is: {want}\n")), "{found}");
        }
        let stderr = render(&["none", "--repo", &folder]).failure();
        assert!(stderr.contains("no chart name found"), "{stderr}");
        let stderr = render(&[&format!("{scheme}://b/other/x.tgz")]).failure();
        assert!(stderr.contains("403 Forbidden: Access Denied"), "{stderr}");
        let stderr = render(&[&object, "--version", "1"]).failure();
        assert!(stderr.contains("not --version"), "{stderr}");
    }
    let strict = ["helm", "template", "r", "s3://b/app-0.1.0.tgz"];
    let stderr = run(site.folder.path(), &strict).failure();
    assert_eq!(stderr, "Error: scheme \"s3\" not supported\n");
}

#[test]
fn times_are_those_of_the_zone() {
    let site = Site::new(None);
    site.write("d/Chart.yaml", &definition("d", "1.0.0"));
    let parent = definition("c", "1.0.0")
        + "dependencies:\n- {name: d, version: 1.0.0, repository: 'file://../d'}\n";
    site.write("c/Chart.yaml", &parent);
    let zone = [("TZ", "Asia/Kolkata")];
    for (words, file) in [
        (&["helm", "dependency", "update", "c"][..], "c/Chart.lock"),
        (&["helm", "repo", "index", "repo"], "repo/index.yaml"),
    ] {
        run_with(site.folder.path(), words, &zone).success();
        let text = std::fs::read_to_string(site.path(file)).expect("a file");
        let mut lines = text
            .lines()
            .filter(|line| line.contains("generated:") || line.contains("created:"));
        assert!(lines.all(|line| line.ends_with("+05:30\"")), "{text}");
    }
}
