//! Charts in registries, against real ones on loopback.

pub(crate) mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use crate::outcome::Outcome;
use server::{Faulty, Registry};

/// A home, and charts `web` in versions 0.1.0, 0.2.0, 0.3.0-rc.1 and 1.0.0+b.1.
struct Home {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Home {
    fn new() -> Home {
        let home = Home {
            folder: tempfile::tempdir().expect("a temporary folder"),
            program: PathBuf::from(env!("CARGO_BIN_EXE_pintle")),
        };
        for version in ["0.1.0", "0.2.0", "0.3.0-rc.1", "1.0.0+b.1"] {
            home.write(
                "web/Chart.yaml",
                &format!("apiVersion: v2\nname: web\nversion: {version}\ndescription: a <b>\n"),
            );
            home.write("web/templates/a.yaml", "is: {{ .Chart.Version }}\n");
            home.helm("package web").success();
        }
        fs::remove_dir_all(home.path("web")).expect("a folder");
        home.write("web-0.2.0.tgz.prov", "a signature\n");
        fs::create_dir(home.path("out")).expect("a folder");
        home
    }

    /// The same files, for another program.
    fn with(self, program: &Path) -> Home {
        Home {
            program: program.to_owned(),
            ..self
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("a file")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// `helm` with the words of `line`.
    fn helm(&self, line: &str) -> Outcome {
        self.run(line, "")
    }

    #[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
    fn run(&self, line: &str, input: &str) -> Outcome {
        use std::io::Write as _;
        let mut command = Command::new(&self.program);
        if self.program.ends_with("pintle") {
            command.arg("helm");
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.path("bin")).chain(std::env::split_paths(&path));
        let mut child = command
            .args(line.split(' '))
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::join_paths(paths).expect("paths"))
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", "/dev/null")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut pipe = child.stdin.take().expect("a pipe");
        let _ = pipe.write_all(input.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().expect("an end");
        Outcome::from(output)
    }
}

/// The `Digest:` of what a run printed.
fn digest(text: &str) -> String {
    let mut lines = text.lines();
    let digest = lines.find_map(|line| line.strip_prefix("Digest: "));
    digest.expect("a digest").to_owned()
}

const UNDERSCORE: &str = " contains an underscore.\n\nOCI artifact references (e.g. tags) do not support the plus sign (+). To support\nstoring semantic versions, Helm adopts the convention of changing plus (+) to\nan underscore (_) in chart version tags when pushing to a registry and back to\na plus (+) when pulling from a registry.\n";

#[test]
fn what_was_pushed_is_pulled_byte_for_byte() {
    let Some(registry) = Registry::small() else {
        return;
    };
    let home = Home::new();
    let host = registry.host();
    for (archive, tag) in [
        ("web-0.1.0.tgz", "0.1.0"),
        ("web-0.2.0.tgz", "0.2.0"),
        ("web-0.3.0-rc.1.tgz", "0.3.0-rc.1"),
        ("web-1.0.0+b.1.tgz", "1.0.0_b.1"),
    ] {
        let version = tag.replace('_', "+");
        let said = home
            .helm(&format!("push {archive} oci://{host}/charts --plain-http"))
            .success();
        let digest = digest(&said);
        let mut want = format!("Pushed: {host}/charts/web:{tag}\nDigest: {digest}\n");
        if tag.contains('_') {
            want += &format!("{host}/charts/web:{tag}{UNDERSCORE}");
        }
        assert_eq!(said, want);
        let said = home
            .helm(&format!(
                "pull oci://{host}/charts/web --version {version} --plain-http -d out"
            ))
            .success();
        assert_eq!(said, want.replace("Pushed", "Pulled"));
        assert_eq!(home.read(&format!("out/{archive}")), home.read(archive));
    }
    // The same again changes nothing.
    let again = home.helm(&format!(
        "push web-0.1.0.tgz oci://{host}/charts --plain-http"
    ));
    assert!(again.success().starts_with("Pushed: "));
}

/// Pushes all versions; gives `HOST/charts/web`.
fn publish(home: &Home, registry: &Registry) -> String {
    let host = registry.host();
    for version in ["0.1.0", "0.2.0", "0.3.0-rc.1", "1.0.0+b.1"] {
        home.helm(&format!(
            "push web-{version}.tgz oci://{host}/charts --plain-http"
        ))
        .success();
    }
    format!("{host}/charts/web")
}

#[test]
fn tags_digests_and_ranges_name_charts() {
    let Some(registry) = Registry::small() else {
        return;
    };
    let home = Home::new();
    let web = publish(&home, &registry);
    let pull = |what: &str| home.helm(&format!("pull oci://{web}{what} --plain-http -d out"));
    for (what, tag) in [
        ("", "1.0.0_b.1"),
        (" --version ^0.1", "0.1.0"),
        (" --version <1.0.0", "0.2.0"),
        (" --version ~0.3.0-0", "0.3.0-rc.1"),
        (" --devel --version ~0.1", "0.1.0"),
        (":0.2.0", "0.2.0"),
    ] {
        let said = pull(what).success();
        assert!(
            said.starts_with(&format!("Pulled: {web}:{tag}\n")),
            "{what}: {said}"
        );
    }
    let two = digest(&pull(":0.2.0").success());
    for what in [
        format!("@{two}"),
        format!(":0.2.0@{two}"),
        format!("@{two} --version 0.2.0"),
        // What is named by its digest needs no tag.
        format!(":7.7.7@{two}"),
    ] {
        assert_eq!(
            pull(&what).success(),
            format!("Pulled: {web}@{two}\nDigest: {two}\n"),
            "{what}"
        );
    }
    let file = format!("out/web@sha256-{}.tgz", &two["sha256:".len()..]);
    assert_eq!(home.read(&file), home.read("web-0.2.0.tgz"));
    let none = format!("sha256:{}", "0".repeat(64));
    let one = digest(&pull(":0.1.0").success());
    let source = "Error: failed to perform \"FetchReference\" on source:";
    for (what, want) in [
        (
            format!(":0.1.0@{two}"),
            format!("Error: chart reference digest mismatch: {one} is not {two}\n"),
        ),
        (
            ":0.1.0 --version 0.2.0".to_owned(),
            "Error: chart reference and version mismatch: 0.2.0 is not 0.1.0\n".to_owned(),
        ),
        (
            " --version >9".to_owned(),
            "Error: could not locate a version matching provided version string >9\n".to_owned(),
        ),
        (":9.9.9".to_owned(), format!("{source} {web}:9.9.9: not found\n")),
        (format!("@{none}"), format!("{source} {web}@{none}: not found\n")),
        (
            "@sha256:00".to_owned(),
            "Error: invalid reference: invalid digest \"sha256:00\": invalid checksum digest length\n".to_owned(),
        ),
        (
            "s".to_owned(),
            format!(
                "Error: GET \"http://{}/v2/charts/webs/tags/list\": response status code 404: name unknown: Unknown name\n",
                registry.host()
            ),
        ),
        (
            ":UP/x".to_owned(),
            "Error: invalid reference: invalid tag \"UP/x\"\n".to_owned(),
        ),
    ] {
        assert_eq!(pull(&what).failure(), want, "{what}");
    }
}

#[test]
fn signatures_travel_as_they_are() {
    let Some(registry) = Registry::small() else {
        return;
    };
    let home = Home::new();
    let web = publish(&home, &registry);
    let said = home
        .helm(&format!(
            "pull oci://{web}:0.2.0 --prov --plain-http -d out"
        ))
        .success();
    assert_eq!(said.matches("Pulled: ").count(), 2, "{said}");
    assert_eq!(home.read("out/web-0.2.0.tgz.prov"), b"a signature\n");
    let said = home
        .helm(&format!(
            "pull oci://{web}:0.1.0 --prov --plain-http -d out"
        ))
        .success();
    let warning = format!(
        "WARNING: Verification not found for oci://{web}:0.1.0: manifest does not contain a layer with mediatype application/vnd.cncf.helm.chart.provenance.v1.prov\n"
    );
    assert!(said.ends_with(&warning), "{said}");
}

#[test]
fn every_command_takes_charts_from_registries() {
    let Some(registry) = Registry::small() else {
        return;
    };
    let home = Home::new();
    let web = publish(&home, &registry);
    for (command, want) in [
        (
            "template r",
            "---\n# Source: web/templates/a.yaml\nis: 0.2.0\n",
        ),
        (
            "show chart",
            "apiVersion: v2\ndescription: a <b>\nname: web\nversion: 0.2.0\n\n",
        ),
        ("install r --dry-run=client", "is: 0.2.0\n"),
        ("pull --untar", ""),
    ] {
        let said = home
            .helm(&format!(
                "{command} oci://{web} --version ~0.2 --plain-http"
            ))
            .success();
        let digest = digest(&said);
        let head = format!("Pulled: {web}:0.2.0\nDigest: {digest}\n");
        let rest = said.strip_prefix(&head).expect("the head");
        assert!(rest.contains(want), "{command}: {rest}");
    }
    assert!(home.path("web/Chart.yaml").is_file());

    let folder = web.strip_suffix("/web").expect("a folder");
    home.write(
        "app/Chart.yaml",
        &format!("apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {{name: web, version: ~0.1, repository: \"oci://{folder}\"}}\n"),
    );
    let said = home.helm("dependency update app --plain-http").success();
    let digest = digest(&said);
    let want = format!(
        "Saving 1 charts\nDownloading web from repo oci://{folder}\nPulled: {web}:0.1.0\nDigest: {digest}\nDeleting outdated charts\n"
    );
    assert_eq!(said, want);
    assert_eq!(
        home.read("app/charts/web-0.1.0.tgz"),
        home.read("web-0.1.0.tgz")
    );
    let lock = String::from_utf8(home.read("app/Chart.lock")).expect("text");
    assert!(lock.contains("version: 0.1.0\n"), "{lock}");
    fs::remove_dir_all(home.path("app/charts")).expect("a folder");
    assert_eq!(
        home.helm("dependency build app --plain-http").success(),
        want
    );
    assert!(home.path("app/charts/web-0.1.0.tgz").is_file());

    home.write(
        "app/Chart.yaml",
        &format!("apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {{name: web, version: \">9\", repository: \"oci://{folder}\"}}\n"),
    );
    assert_eq!(
        home.helm("dependency update app --plain-http").failure(),
        format!(
            "Error: could not download oci://{web}: could not locate a version matching provided version string >9\n"
        )
    );
}

#[test]
fn passwords_are_checked_and_kept() {
    let Some(registry) = Registry::with_password("") else {
        return;
    };
    let home = Home::new();
    let host = registry.host();
    let push = format!("push web-0.1.0.tgz oci://{host}/charts --plain-http");
    let refused = format!("\"http://{host}/v2/charts/web/manifests/");
    let error = home.helm(&push).failure();
    assert!(error.contains(&refused), "{error}");
    assert!(error.ends_with(": basic credential not found\n"), "{error}");

    let login = format!("registry login {host} -u user --password-stdin --plain-http");
    let wrong = home.run(&login, "wrong\n").failure();
    assert_eq!(
        wrong,
        format!(
            "Error: authenticating to \"{host}\": GET \"http://{host}/v2/\": response status code 401: unauthorized: authentication required\n"
        )
    );
    assert!(!home.path(".config/helm/registry/config.json").exists());
    assert_eq!(home.run(&login, "secret\n").success(), "Login Succeeded\n");
    let kept = home.path(".config/helm/registry/config.json");
    assert_eq!(
        fs::read_to_string(&kept).expect("a file"),
        format!(
            "{{\n\t\"auths\": {{\n\t\t\"{host}\": {{\n\t\t\t\"auth\": \"dXNlcjpzZWNyZXQ=\"\n\t\t}}\n\t}}\n}}"
        )
    );
    let mode = fs::metadata(&kept).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    home.helm(&push).success();
    let pull = format!("pull oci://{host}/charts/web --plain-http -d out");
    home.helm(&pull).success();
    let missing = home.helm(&format!("show chart oci://{host}/charts/none --plain-http"));
    assert_eq!(
        missing.failure(),
        format!(
            "Error: GET \"http://{host}/v2/charts/none/tags/list\": response status code 404: name unknown: repository name not known to registry: map[name:charts/none]\n"
        )
    );

    let logout = home.helm(&format!("registry logout {host}")).success();
    assert_eq!(logout, format!("Removing login credentials for {host}\n"));
    assert_eq!(
        fs::read_to_string(&kept).expect("a file"),
        "{\n\t\"auths\": {}\n}"
    );
    assert!(
        home.helm(&pull)
            .failure()
            .ends_with(": basic credential not found\n")
    );
    home.helm(&format!("{pull} --username user --password secret"))
        .success();
    let wrong = home.helm(&format!("{pull} --username user --password wrong"));
    assert!(
        wrong
            .failure()
            .contains("response status code 401: unauthorized")
    );
}

#[test]
fn programs_and_dockers_file_know_passwords() {
    let Some(registry) = Registry::with_password("") else {
        return;
    };
    let home = Home::new();
    let host = registry.host();
    home.write(
        "bin/docker-credential-test",
        "#!/bin/sh\nread -r line; echo \"$1 $line\" >> \"$HOME/log\"\n[ \"$1\" != get ] || echo '{\"Username\": \"user\", \"Secret\": \"secret\"}'\n",
    );
    let program = home.path("bin/docker-credential-test");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let push = format!("push web-0.1.0.tgz oci://{host}/charts --plain-http");
    for (file, text) in [
        (
            ".docker/config.json",
            format!(
                "{{\"auths\": {{\"https://{host}/v1/\": {{\"auth\": \"dXNlcjpzZWNyZXQ=\"}}}}}}"
            ),
        ),
        (
            ".docker/config.json",
            format!("{{\"credHelpers\": {{\"{host}\": \"test\"}}}}"),
        ),
        (
            ".config/helm/registry/config.json",
            "{\"credsStore\": \"test\"}".to_owned(),
        ),
    ] {
        home.write(file, &text);
        home.helm(&push).success();
        if file.starts_with(".docker") {
            fs::remove_file(home.path(file)).expect("a file");
            home.helm(&push).failure();
        }
    }
    let login = format!("registry login {host} -u user --password-stdin --plain-http");
    home.run(&login, "secret").success();
    home.helm(&format!("registry logout {host}")).success();
    let log = String::from_utf8(home.read("log")).expect("text");
    assert_eq!(
        log,
        format!(
            "get {host}\nget {host}\nstore {{\"ServerURL\":\"{host}\",\"Username\":\"user\",\"Secret\":\"secret\"}}\nerase {host}\n"
        )
    );
    let kept = home.read(".config/helm/registry/config.json");
    assert_eq!(kept, b"{\"credsStore\": \"test\"}");
    home.write(
        ".config/helm/registry/config.json",
        "{\"credsStore\": \"none\"}",
    );
    let error = home.helm(&push).failure();
    assert!(
        error.ends_with(": failed to resolve credential: exec: \"docker-credential-none\": executable file not found in $PATH\n"),
        "{error}"
    );
}

/// Certificates of a private authority, as templates make them: `ca.pem`, `cert.pem` and `key.pem`
/// of a server, `client.pem` and `client-key.pem`.
fn certificates(home: &Home) {
    home.write(
        "tls/Chart.yaml",
        "apiVersion: v2\nname: tls\nversion: 1.0.0\n",
    );
    home.write(
        "tls/templates/a.yaml",
        "{{ $ca := genCA \"test\" 30 }}{{ $s := genSignedCert \"127.0.0.1\" (list \"127.0.0.1\") (list) 30 $ca }}{{ $c := genSignedCert \"me\" (list) (list) 30 $ca }}\nca: {{ $ca.Cert | b64enc }}\ncert: {{ $s.Cert | b64enc }}\nkey: {{ $s.Key | b64enc }}\nclient: {{ $c.Cert | b64enc }}\nclient-key: {{ $c.Key | b64enc }}\n",
    );
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    for line in home.helm("template r tls").success().lines() {
        if let Some((name, text)) = line.split_once(": ")
            && let Ok(pem) = BASE64_STANDARD.decode(text)
        {
            fs::write(home.path(&format!("{name}.pem")), pem).expect("a file");
        }
    }
}

#[test]
fn certificates_of_registries_and_users_are_checked() {
    if server::programs().is_none() {
        return;
    }
    let home = Home::new();
    certificates(&home);
    let place = home.folder.path().display();
    let tls = format!("  tls: {{certificate: {place}/cert.pem, key: {place}/key.pem}}\n");
    let mutual = tls.replace("}", &format!(", clientcas: [{place}/ca.pem]}}"));
    let (Some(open), Some(closed)) = (
        Registry::with_password(&tls),
        Registry::with_password(&mutual),
    ) else {
        return;
    };
    let push = |registry: &Registry, more: &str| {
        let host = registry.host();
        home.helm(&format!(
            "push web-0.1.0.tgz oci://{host}/charts --username user --password secret{more}"
        ))
    };
    let error = push(&open, "").failure();
    assert!(
        error.ends_with(
            ": tls: failed to verify certificate: x509: certificate signed by unknown authority\n"
        ),
        "{error}"
    );
    push(&open, " --ca-file ca.pem").success();
    push(&open, " --insecure-skip-tls-verify").success();
    let error = push(&open, " --ca-file none.pem").failure();
    assert_eq!(
        error,
        "Error: missing registry client: can't create TLS config for client: can't read CA file: \"none.pem\": open none.pem: no such file or directory\n"
    );
    push(&closed, " --ca-file ca.pem").failure();
    push(
        &closed,
        " --ca-file ca.pem --cert-file client.pem --key-file client-key.pem",
    )
    .success();
    let host = open.host();
    let login = format!("registry login {host} -u user --password-stdin --ca-file ca.pem");
    assert_eq!(home.run(&login, "secret").success(), "Login Succeeded\n");
    home.helm(&format!(
        "pull oci://{host}/charts/web --ca-file ca.pem -d out"
    ))
    .success();
    // A server that speaks no TLS.
    let Some(plain) = Registry::small() else {
        return;
    };
    let host = plain.host();
    assert_eq!(
        home.helm(&format!("pull oci://{host}/charts/web"))
            .failure(),
        format!(
            "Error: Get \"https://{host}/v2/charts/web/tags/list\": http: server gave HTTP response to HTTPS client\n"
        )
    );
}

/// What a registry has of one chart whose archive is `archive`, in which its digest is `named`.
fn one_chart(archive: &[u8], named: &str) -> server::Files {
    use sha2::Digest as _;
    let hash = |bytes: &[u8]| {
        let hash = sha2::Sha256::digest(bytes);
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    };
    let config = b"{\"name\":\"web\",\"version\":\"0.1.0\",\"apiVersion\":\"v2\"}".to_vec();
    let layer = match named {
        "" => hash(archive),
        other => other.to_owned(),
    };
    let manifest = format!(
        "{{\"schemaVersion\":2,\"config\":{{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\",\"digest\":\"{}\",\"size\":{}}},\"layers\":[{{\"mediaType\":\"application/vnd.cncf.helm.chart.content.v1.tar+gzip\",\"digest\":\"{layer}\",\"size\":{}}}]}}",
        hash(&config),
        config.len(),
        archive.len()
    );
    vec![
        (
            "charts/web/manifests/0.1.0".to_owned(),
            "application/vnd.oci.image.manifest.v1+json",
            manifest.into_bytes(),
        ),
        (
            format!("charts/web/blobs/{}", hash(&config)),
            "application/octet-stream",
            config,
        ),
        (
            format!("charts/web/blobs/{layer}"),
            "application/octet-stream",
            archive.to_vec(),
        ),
    ]
}

#[test]
fn blobs_that_break_off_are_gone_on_with() {
    let home = Home::new();
    let archive = home.read("web-0.1.0.tgz");
    let registry = Faulty::serve(one_chart(&archive, ""), 2);
    let host = registry.host();
    home.helm(&format!(
        "pull oci://{host}/charts/web:0.1.0 --plain-http -d out"
    ))
    .success();
    assert_eq!(home.read("out/web-0.1.0.tgz"), archive);
    assert_eq!(registry.asked.load(Ordering::SeqCst), 4);
}

#[test]
fn nothing_is_left_of_what_is_not_whole_or_not_right() {
    let home = Home::new();
    let archive = home.read("web-0.1.0.tgz");
    let registry = Faulty::serve(one_chart(&archive, ""), usize::MAX);
    let host = registry.host();
    let pull = |host: &str| {
        home.helm(&format!(
            "pull oci://{host}/charts/web:0.1.0 --plain-http -d out"
        ))
        .failure()
    };
    let error = pull(&host);
    assert!(
        error.starts_with(
            "Error: failed to perform \"Push\" on destination: read failed: expected content size of "
        ) && error.ends_with(": unexpected EOF\n"),
        "{error}"
    );
    let other = format!("sha256:{}", "0".repeat(64));
    let registry = Faulty::serve(one_chart(&archive, &other), 0);
    assert_eq!(
        pull(&registry.host()),
        "Error: failed to perform \"Push\" on destination: mismatched digest\n"
    );
    let error = home
        .helm(&format!(
            "template r oci://{}/charts/web:0.1.0 --plain-http",
            registry.host()
        ))
        .failure();
    assert!(error.ends_with(": mismatched digest\n"), "{error}");
    let left: Vec<_> = fs::read_dir(home.path("out")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!home.path(".cache/helm/content").exists());
}

#[test]
fn helm_and_pintle_read_what_the_other_pushed() {
    let Some(real) = crate::pipeline::real() else {
        return;
    };
    let (Some(small), Some(registry)) = (Registry::small(), Registry::with_password("")) else {
        return;
    };
    let (ours, theirs) = (Home::new(), Home::new().with(&real));
    for home in [&ours, &theirs] {
        let host = registry.host();
        let login = format!("registry login {host} -u user --password-stdin --plain-http");
        home.run(&login, "secret").success();
    }
    let keep = ".config/helm/registry/config.json";
    assert_eq!(ours.read(keep), theirs.read(keep));
    for (folder, registry) in [("a", &small), ("b", &registry)] {
        let host = registry.host();
        for (from, to, place) in [(&ours, &theirs, "ours"), (&theirs, &ours, "theirs")] {
            for version in ["0.2.0", "1.0.0+b.1"] {
                let archive = format!("web-{version}.tgz");
                from.helm(&format!(
                    "push {archive} oci://{host}/{folder}/{place} --plain-http"
                ))
                .success();
                let pull = format!(
                    "pull oci://{host}/{folder}/{place}/web --version {version} --prov --plain-http -d out"
                );
                assert_eq!(to.helm(&pull).success(), from.helm(&pull).success());
                let pulled = format!("out/{archive}");
                assert_eq!(to.read(&pulled), from.read(&archive));
            }
            assert_eq!(to.read("out/web-0.2.0.tgz.prov"), b"a signature\n");
        }
    }
    // The same archive gives the same manifest.
    let archive = ours.read("web-0.1.0.tgz");
    fs::write(theirs.path("web-0.1.0.tgz"), archive).expect("a file");
    let made = fs::metadata(ours.path("web-0.1.0.tgz")).and_then(|found| found.modified());
    let file = fs::File::options()
        .write(true)
        .open(theirs.path("web-0.1.0.tgz"));
    file.and_then(|file| file.set_modified(made?))
        .expect("a time");
    let host = small.host();
    let push = format!("push web-0.1.0.tgz oci://{host}/same --plain-http");
    assert_eq!(ours.helm(&push).success(), theirs.helm(&push).success());
}
