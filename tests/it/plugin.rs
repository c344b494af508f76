//! Plugins in the shapes of those that people use. Answers are those of Helm 4.2.4 with the same
//! plugins.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::outcome::Outcome;

/// A home with plugins, and a chart beside it.
struct Home(tempfile::TempDir);

const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
const TEMPLATE: &str = "\
# what it is
kind: ConfigMap
apiVersion: v1
metadata: {name: web} # short
data:
  a: {{ .Values.a | quote }}
";

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().expect("a temporary folder"));
        home.write("web/Chart.yaml", CHART);
        home.write("web/templates/a.yaml", TEMPLATE);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// A program of a plugin.
    fn script(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path(name), mode).expect("a mode");
    }

    fn plugin(&self, name: &str, text: &str) {
        self.write(&format!("data/plugins/{name}/plugin.yaml"), text);
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("HELM_NAMESPACE")
            .env_remove("HELM_PLUGINS")
            .env_remove("HELM_NO_PLUGINS")
            .env_remove("HELM_DEBUG")
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.0.path())
            .env("HELM_CACHE_HOME", self.path("cache"))
            .env("HELM_CONFIG_HOME", self.path("config"))
            .env("HELM_DATA_HOME", self.path("data"))
            .env("KUBECONFIG", "/dev/null")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .expect("a run");
        Outcome::from(output)
    }

    fn helm(&self, arguments: &[&str]) -> Outcome {
        self.run(&[&["helm"], arguments].concat())
    }

    fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name)).is_ok()
    }
}

/// Like helm-diff: a legacy plugin with a program of its own, flags of Helm's among its words.
#[test]
fn a_command_gets_its_words_and_what_helm_knows() {
    let home = Home::new();
    home.plugin(
        "diff",
        "name: diff\nversion: 3.9.0\nusage: Preview changes\ndescription: |-\n  Shows what would change.\ncommand: \"$HELM_PLUGIN_DIR/bin/diff\"\n",
    );
    home.script(
        "data/plugins/diff/bin/diff",
        "#!/bin/sh\necho \"$HELM_PLUGIN_NAME ns=$HELM_NAMESPACE debug=$HELM_DEBUG ctx=$HELM_KUBECONTEXT $@\"\nread x; exit 2\n",
    );
    let run = home.helm(&[
        "diff",
        "upgrade",
        "-n",
        "prod",
        "--detailed-exitcode",
        "r",
        "./web",
        "--kube-context=c",
    ]);
    assert_eq!(
        run.stdout,
        "diff ns=prod debug=false ctx=c upgrade --detailed-exitcode r ./web\n"
    );
    assert_eq!(run.ended(2), "Error: plugin \"diff\" exited with error\n");
    let help = home.helm(&["help", "diff"]).success();
    assert!(help.starts_with("Shows what would change.\n\nUsage:\n  helm diff [flags]\n"));
    let all = home.helm(&["help"]).success();
    assert!(all.contains("\n  diff        Preview changes\n"), "{all}");
}

#[test]
fn programs_that_are_missing_are_named() {
    let home = Home::new();
    home.plugin("a", "name: a\ncommand: no-such-program x\n");
    home.plugin("b", "name: b\n");
    assert_eq!(
        home.helm(&["a"]).failure(),
        "Error: exec: \"no-such-program\": executable file not found in $PATH\n"
    );
    assert_eq!(
        home.helm(&["b"]).failure(),
        "Error: failed to prepare plugin command: no plugin command is applicable\n"
    );
}

/// Like helm-secrets and helm-s3: downloaders for values and charts.
#[test]
fn getters_fetch_values_charts_and_indexes() {
    let home = Home::new();
    home.plugin(
        "secrets",
        "name: secrets\nversion: 4.6.0\ncommand: \"true\"\ndownloaders:\n- command: get.sh\n  protocols: [secrets, s3]\n",
    );
    home.script(
        "data/plugins/secrets/get.sh",
        "#!/bin/sh\ncase $4 in\n*index.yaml) printf 'apiVersion: v1\\nentries: {web: [{name: web, version: 0.1.0, apiVersion: v2, urls: [web-0.1.0.tgz]}]}\\n';;\n*.tgz) cat web-0.1.0.tgz;;\n*gone*) echo no such secret >&2; exit 4;;\n*) echo \"a: from $4\";;\nesac\n",
    );
    let rendered = home
        .helm(&["template", "r", "web", "-f", "secrets://x.yaml"])
        .success();
    assert!(rendered.contains("a: \"from secrets://x.yaml\""));
    let failed = home.helm(&["template", "r", "web", "-f", "secrets://gone"]);
    let said = failed.failure();
    assert!(said.starts_with("no such secret\nError: plugin "), "{said}");
    assert!(said.ends_with(" failed to invoke: plugin \"secrets\" exited with error\n"));
    home.helm(&["package", "web"]).success();
    home.helm(&["repo", "add", "s", "s3://bucket/charts"])
        .success();
    for chart in ["s/web", "s3://bucket/charts/web-0.1.0.tgz"] {
        let rendered = home.helm(&["template", "r", chart]).success();
        assert!(rendered.starts_with("---\n# Source: web/templates/a.yaml\n"));
    }
    let refused = home.helm(&["template", "r", "gs://bucket/x"]).failure();
    assert_eq!(refused, "Error: scheme \"gs\" not supported\n");
}

/// Like kustomize: a stream of objects in, objects in another order out, comments gone or kept.
#[test]
fn post_renderers_see_all_documents_and_may_add_some() {
    let home = Home::new();
    let plugin = "apiVersion: v1\nname: add\nversion: 0.1.0\ntype: postrenderer/v1\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n  - command: $HELM_PLUGIN_DIR/add.sh\n";
    home.plugin("add", plugin);
    home.script(
        "data/plugins/add/add.sh",
        "#!/bin/sh\ncat\nprintf -- '---\\nkind: New\\n# by %s\\n' \"$1\"\n",
    );
    let rendered = home
        .helm(&[
            "template",
            "r",
            "web",
            "--post-renderer",
            "add",
            "--post-renderer-args",
            "us",
        ])
        .success();
    assert_eq!(
        rendered,
        "---\n# Source: web/templates/a.yaml\n# what it is\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: web} # short\ndata:\n  a:\n\n---\n# Source: generated-by-postrender-1.yaml\nkind: New\n# by us\n"
    );
    let missing = home.helm(&["template", "r", "web", "--post-renderer", "none"]);
    assert_eq!(
        missing.failure(),
        "Error: invalid argument \"none\" for \"--post-renderer\" flag: plugin: {Name:none Type:postrenderer/v1} not found\n"
    );
}

#[test]
fn pintle_takes_programs_as_post_renderers() {
    let home = Home::new();
    home.script("up.sh", "#!/bin/sh\nsed 's/name: web/name: WEB/'\n");
    let rendered = home
        .run(&["render", "r", "web", "--post-renderer", "./up.sh"])
        .success();
    assert!(
        rendered.contains("metadata: {name: WEB} # short"),
        "{rendered}"
    );
}

#[test]
fn plugins_are_installed_listed_and_removed_with_their_hooks() {
    let home = Home::new();
    home.write(
        "src/plugin.yaml",
        "name: src\nversion: 1.0.0\ncommand: echo hi\nhooks: {install: echo in, delete: echo out}\n",
    );
    assert_eq!(
        home.helm(&["plugin", "install", "./src"]).success(),
        "Installing plugin from local directory (development mode)\nin\nInstalled plugin: src\n"
    );
    assert_eq!(home.helm(&["src", "x"]).success(), "hi x\n");
    let list = home.helm(&["plugin", "list"]).success();
    assert!(list.contains("src \t1.0.0  \tcli/v1\tlegacy    \tlocal dev \tunknown\n"));
    assert_eq!(
        home.helm(&["plugin", "uninstall", "src"]).success(),
        "out\nUninstalled plugin: src\n"
    );
    assert!(!home.has("data/plugins/src"));
    assert!(home.has("src/plugin.yaml"), "what was linked stays");
}

#[test]
fn archives_are_packaged_and_installed_whole_or_not_at_all() {
    let home = Home::new();
    home.write(
        "src/plugin.yaml",
        "name: src\nversion: 1.0.0\ncommand: echo hi\n",
    );
    home.script("src/run.sh", "#!/bin/sh\n");
    home.helm(&["plugin", "package", "src", "--sign=false"])
        .success();
    let refused = home.helm(&["plugin", "install", "src-1.0.0.tgz"]).failure();
    assert_eq!(
        refused,
        "Error: plugin verification failed: no provenance file (.prov) found\n"
    );
    home.helm(&["plugin", "install", "src-1.0.0.tgz", "--verify=false"])
        .success();
    let mode = fs::metadata(home.path("data/plugins/src/run.sh")).expect("a file");
    assert_eq!(mode.permissions().mode() & 0o777, 0o755);
    assert!(home.has("data/plugins/src-1.0.0.tgz"));
    home.helm(&["plugin", "uninstall", "src"]).success();
    home.write("bad-1.0.0.tgz", "no archive at all");
    home.helm(&["plugin", "install", "bad-1.0.0.tgz", "--verify=false"])
        .failure();
    let left: Vec<_> = fs::read_dir(home.path("data/plugins"))
        .expect("a folder")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Both ways, where the real Helm is at hand.
#[cfg(feature = "pgp")]
#[test]
fn plugins_are_signed_and_checked_as_helm_does() {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/provenance");
    let ring = |name: &str| keys.join(name).to_string_lossy().into_owned();
    let (public, secret) = (ring("pubring.gpg"), ring("secring.gpg"));
    let home = Home::new();
    home.write(
        "src/plugin.yaml",
        "name: src\nversion: 1.0.0\ncommand: echo hi\n",
    );
    home.write("pass", "secret\n\n");
    let package = |key: &str, ring: &str, pass: &str| {
        let words = ["plugin", "package", "src", "--key", key, "--keyring", ring];
        home.helm(&[&words[..], &["--passphrase-file", pass]].concat())
    };
    for (key, ring, pass, want) in [
        (
            "Rsa",
            "none",
            "pass",
            "error reading from keyring: open none: no such file or directory",
        ),
        ("Nobody", &secret, "pass", "private key not found"),
        (
            "Rsa",
            &secret,
            "none",
            "open none: no such file or directory",
        ),
        (
            "Locked",
            &secret,
            "src/plugin.yaml",
            "openpgp: invalid data: private key checksum failure",
        ),
    ] {
        let said = package(key, ring, pass).failure();
        assert_eq!(said, format!("Error: {want}\n"), "{key} {ring} {pass}");
        assert!(!home.has("src-1.0.0.tgz"), "{key} {ring} {pass}");
    }
    assert_eq!(
        package("Locked", &secret, "pass").success(),
        "Successfully signed. Signature written to: src-1.0.0.tgz.prov\nSuccessfully packaged plugin and saved it to: src-1.0.0.tgz\n"
    );
    let verify = ["plugin", "verify", "src-1.0.0.tgz", "--keyring", &secret];
    let said = home.helm(&verify).success();
    assert!(
        said.starts_with(
            "Signed by: Locked One <locked@example.com>\nUsing Key With Fingerprint: "
        ),
        "{said}"
    );
    assert!(said.contains("\nPlugin Hash Verified: sha256:"), "{said}");
    if let Some(real) = crate::pipeline::real() {
        let output = Command::new(real)
            .args(verify)
            .current_dir(home.0.path())
            .output()
            .expect("Helm");
        assert_eq!(String::from_utf8_lossy(&output.stdout), said);
    }
    let stranger = ring("ed25519.gpg");
    let refused = home
        .helm(&["plugin", "verify", "src-1.0.0.tgz", "--keyring", &stranger])
        .failure();
    assert_eq!(
        refused,
        "Error: openpgp: signature made by unknown entity\n"
    );
    let install = ["plugin", "install", "src-1.0.0.tgz", "--keyring"];
    let refused = home.helm(&[&install[..], &[&stranger]].concat()).failure();
    assert_eq!(
        refused,
        "Error: plugin verification failed: openpgp: signature made by unknown entity\n"
    );
    assert!(!home.has("data/plugins/src"));
    assert_eq!(
        home.helm(&[&install[..], &[&secret]].concat()).success(),
        format!("Verifying plugin signature...\n{said}Installed plugin: src\n")
    );
    assert!(home.has("data/plugins/src-1.0.0.tgz.prov"));
    package("Rsa", &secret, "pass").success();
    let mut bytes = fs::read(home.path("src-1.0.0.tgz")).expect("an archive");
    bytes.push(b'x');
    fs::write(home.path("src-1.0.0.tgz"), bytes).expect("a file");
    let changed = home
        .helm(&["plugin", "verify", "src-1.0.0.tgz", "--keyring", &public])
        .failure();
    assert!(
        changed.starts_with("Error: sha256 sum does not match for src-1.0.0.tgz: "),
        "{changed}"
    );
}

#[test]
fn a_hook_that_fails_leaves_nothing_under_pintle() {
    let home = Home::new();
    home.write(
        "src/plugin.yaml",
        "name: src\nversion: 1.0.0\nhooks: {install: exit 3}\n",
    );
    let said = home.run(&["plugin", "install", "./src"]).failure();
    assert!(
        said.contains("plugin install hook for \"src\" exited with error"),
        "{said}"
    );
    assert!(!home.has("data/plugins/src"));
    // Helm keeps it.
    home.helm(&["plugin", "install", "./src"]).failure();
    assert!(home.has("data/plugins/src"));
}

#[test]
fn repositories_are_cloned_by_git() {
    let home = Home::new();
    home.write(
        "src/plugin.yaml",
        "name: src\nversion: 1.0.0\ncommand: echo one\n",
    );
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        let status = Command::new("git")
            .args(identity)
            .args(words)
            .current_dir(home.path("src"))
            .output();
        assert!(
            status.is_ok_and(|output| output.status.success()),
            "{words:?}"
        );
    };
    git(&["init", "-q", "-b", "main", "."]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "a"]);
    git(&["tag", "v1.0.0"]);
    let address = format!("file://{}", home.path("src").display());
    let refused = home.helm(&["plugin", "install", &address]).failure();
    assert_eq!(
        refused,
        "Error: plugin source does not support verification. Use --verify=false to skip verification\n"
    );
    home.helm(&[
        "plugin",
        "install",
        &address,
        "--verify=false",
        "--version",
        "^1",
    ])
    .success();
    assert_eq!(home.helm(&["src"]).success(), "one\n");
}

#[test]
fn web_assembly_is_refused_by_name() {
    let home = Home::new();
    home.plugin(
        "wasm",
        "apiVersion: v1\nname: wasm\nversion: 0.1.0\ntype: cli/v1\nruntime: extism/v1\n",
    );
    home.write("data/plugins/wasm/plugin.wasm", "");
    let said = home.helm(&["wasm"]).failure();
    assert!(
        said.contains("\"wasm\" needs the runtime extism/v1 (WebAssembly)"),
        "{said}"
    );
    assert!(Path::new(&home.path("data/plugins/wasm")).is_dir());
}
