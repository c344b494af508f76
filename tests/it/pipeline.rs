//! A team's pipeline, as it stands in many a CI: a shell script of `helm` commands. It runs with this
//! program in Helm's place and, where a Helm of the version that is stood in for is on `PATH`, with
//! that one, too; both have to say and write the same.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::kubernetes::{Cluster, is_skipped};
use crate::registry::server::Registry;
use crate::serve::Server;

/// What the pipeline does behind the build of the image.
const SCRIPT: &str = r#"
set -eu
helm version --short
helm repo add team "$REPOSITORY"
helm repo update
helm repo list
helm search repo team/ --versions -o json
helm dependency list shop
helm dependency build shop
helm lint shop --strict -f prod.yaml
helm template shop shop -n prod -f prod.yaml --set image.tag="$TAG" > rendered.yaml
helm template shop shop -n prod -f prod.yaml --output-dir rendered
helm package shop --version "1.4.$BUILD" --app-version "$TAG" -d dist
helm show chart "dist/shop-1.4.$BUILD.tgz"
mkdir fetched
helm pull team/web --version '~1.1' -d fetched
helm pull team/web --version 1.2.0 --untar --untardir fetched
helm show values fetched/web
helm template other "dist/shop-1.4.$BUILD.tgz" -f prod.yaml -s templates/config.yaml
helm install shop "dist/shop-1.4.$BUILD.tgz" -n prod -f prod.yaml --dry-run=client > installed.txt
helm repo remove team
"#;

/// What it does besides where there is a registry.
const PUBLISH: &str = r#"
helm push "dist/shop-1.4.$BUILD.tgz" "$REGISTRY" --plain-http
helm pull "$REGISTRY/shop" --version "~1.4.0" --plain-http -d fetched
helm show chart "$REGISTRY/shop" --plain-http
helm template shop "$REGISTRY/shop" --version "1.4.$BUILD" --plain-http -f prod.yaml -s templates/config.yaml
helm install shop "$REGISTRY/shop" -n prod -f prod.yaml --plain-http --dry-run=client >> installed.txt
"#;

/// What it does last where there is a cluster.
const RELEASE: &str = r#"
helm upgrade --install shop "dist/shop-1.4.$BUILD.tgz" -n "$NAMESPACE" -f prod.yaml --dry-run=client > upgraded.txt
"#;

const WEB: &str = "apiVersion: v2\nname: @NAME@\ndescription: answers HTTP\ntype: application\nappVersion: \"9\"\nversion: ";
const SHOP: &str = "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: dev\ndescription: sells things\nicon: https://example.com/icon.png\ndependencies:\n- {name: web, version: ^1.2.0, repository: \"@REPOSITORY@\", condition: web.enabled}\n- {name: desk, version: 1.1.x, repository: \"@REPOSITORY@\", alias: admin}\n- {name: common, version: 0.1.0, repository: \"file://../common\"}\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"common.name\" . }}\n  namespace: {{ .Release.Namespace }}\ndata:\n  image: {{ printf \"%s:%s\" .Values.image.name .Values.image.tag | quote }}\n  version: {{ .Chart.AppVersion | quote }}\n";
const ANSWERING: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}-{{ .Chart.Version | replace \".\" \"-\" }}\nspec:\n  ports: [{port: {{ .Values.port }}}]\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// A program called `helm`, with folders of its own.
struct Helm {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
    script: String,
}

impl Helm {
    /// A shell with the program in front of everything else.
    #[expect(clippy::disallowed_methods, reason = "PATH is all that is inherited")]
    fn shell(&self, script: &str) -> String {
        let programs = self.folder.join(".bin");
        fs::create_dir_all(&programs).expect("a folder");
        let link = programs.join("helm");
        if !link.exists() {
            symlink(&self.program, &link).expect("a link");
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(programs).chain(std::env::split_paths(&path));
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::join_paths(paths).expect("paths"))
            .env("HOME", self.folder.join(".home"))
            .env("TZ", "UTC")
            .envs(self.variables.iter().map(|(name, text)| (*name, text)))
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let program = self.program.display();
        assert!(
            output.status.success(),
            "{program}: {}\n{said}",
            output.status
        );
        said
    }

    /// Runs the pipeline; gives what it said and wrote, by name.
    fn run(&self) -> BTreeMap<String, String> {
        let folder = self.folder.to_string_lossy().into_owned();
        let time = regex::Regex::new(
            r"sha256:[0-9a-f]{64}|\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\dT[0-9:.]+Z",
        )
        .expect("a pattern");
        let plain = |text: &str| {
            time.replace_all(&text.replace(&folder, "@"), "TIME")
                .into_owned()
        };
        let mut seen = BTreeMap::from([("said".to_owned(), plain(&self.shell(&self.script)))]);
        for entry in walkdir::WalkDir::new(&self.folder).sort_by_file_name() {
            let entry = entry.expect("an entry");
            let name = entry.path().strip_prefix(&self.folder).expect("inside");
            let name = name.to_string_lossy().into_owned();
            if name.starts_with('.') || entry.file_type().is_dir() {
                continue;
            }
            let text = match name.ends_with(".tgz") {
                true => members(entry.path()),
                false => fs::read_to_string(entry.path()).expect("a text"),
            };
            seen.insert(name, plain(&text));
        }
        seen
    }
}

/// Names and texts in an archive.
fn members(path: &Path) -> String {
    let bytes = fs::read(path).expect("an archive");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
    let entries = archive.entries().expect("an archive");
    let mut texts = Vec::new();
    for entry in entries {
        let mut entry = entry.expect("a member");
        let name = entry.path().expect("a path").display().to_string();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap_or_default();
        texts.push(format!("== {name}\n{text}"));
    }
    texts.sort();
    texts.concat()
}

/// The Helm of that version on `PATH`.
#[expect(clippy::disallowed_methods, reason = "it is looked for on PATH")]
pub(crate) fn real() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut candidates = std::env::split_paths(&path).map(|folder| folder.join("helm"));
    candidates.find(|program| {
        let output = Command::new(program)
            .args(["version", "--template", "{{.Version}} {{.GoVersion}}"])
            .env_clear()
            .output();
        output.is_ok_and(|output| output.stdout.starts_with(b"v4.2.4 "))
    })
}

/// A repository with charts in several versions, as its owner publishes it.
fn publish(helm: &Helm, url: &str) {
    for (name, version) in [
        ("web", "1.0.0"),
        ("web", "1.1.4"),
        ("web", "1.2.0"),
        ("desk", "1.1.4"),
        ("desk", "1.2.0"),
    ] {
        let metadata = format!("{}{version}\n", WEB.replace("@NAME@", name));
        let files = [
            ("chart/Chart.yaml", &*metadata),
            ("chart/values.yaml", "# What it listens on.\nport: 80\n"),
            ("chart/templates/service.yaml", ANSWERING),
        ];
        write(&helm.folder, &files);
        helm.shell("helm package chart");
    }
    fs::remove_dir_all(helm.folder.join("chart")).expect("a folder");
    helm.shell(&format!("helm repo index . --url {url}"));
}

/// The team's working copy: a chart, what it depends on beside it, a lock.
fn check_out(helm: &Helm, url: &str) {
    let shop = SHOP.replace("@REPOSITORY@", url);
    let files = [
        ("shop/Chart.yaml", &*shop),
        (
            "shop/values.yaml",
            "image: {name: shop, tag: dev}\nadmin: {port: 81}\n",
        ),
        ("shop/templates/config.yaml", CONFIG),
        (
            "shop/templates/NOTES.txt",
            "Sold out of {{ .Release.Namespace }}.\n",
        ),
        (
            "common/Chart.yaml",
            "apiVersion: v2\nname: common\nversion: 0.1.0\ntype: library\n",
        ),
        (
            "common/templates/_name.tpl",
            "{{ define \"common.name\" }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}\n",
        ),
        (
            "prod.yaml",
            "web: {port: 8080}\nimage: {name: registry/shop}\n",
        ),
    ];
    write(&helm.folder, &files);
    helm.shell("helm dependency update shop && rm -r shop/charts .home");
}

#[test]
fn a_teams_pipeline_runs_unchanged() {
    let top = tempfile::tempdir().expect("a folder");
    let mut server = Server::bind().expect("a port");
    let url = format!("http://127.0.0.1:{}", server.port());
    let registry = Registry::small();
    let mut script = match registry {
        Some(_) => format!("{SCRIPT}{PUBLISH}"),
        None => SCRIPT.to_owned(),
    };
    let kubeconfig = top.path().join("kubeconfig");
    let cluster = (!is_skipped()).then(|| Cluster::shared().expect("a cluster"));
    let namespace = cluster.map(|cluster| {
        let user = format!("test-{}", cluster.unique());
        cluster
            .write_kubeconfig(&kubeconfig, &user)
            .expect("a file");
        script.push_str(RELEASE);
        cluster.namespace().expect("a namespace")
    });
    let place = namespace
        .as_ref()
        .map_or("none", |namespace| namespace.name());
    let host = registry.as_ref().map_or(String::new(), Registry::host);
    let helm = |program: &Path, name: &str| {
        let folder = top.path().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Helm {
            program: program.to_owned(),
            folder,
            variables: vec![
                ("REPOSITORY", url.clone()),
                ("REGISTRY", format!("oci://{host}/charts")),
                ("KUBECONFIG", kubeconfig.to_string_lossy().into_owned()),
                ("NAMESPACE", place.to_owned()),
                ("BUILD", "7".to_owned()),
                ("TAG", "abc123".to_owned()),
            ],
            script: script.clone(),
        }
    };
    let ours = Path::new(env!("CARGO_BIN_EXE_pintle"));
    let owner = helm(ours, "repository");
    publish(&owner, &url);
    server.serve(owner.folder.clone(), None).expect("a server");
    let team = helm(ours, "team");
    check_out(&team, &url);
    if let Some(real) = real() {
        let other = helm(&real, "real");
        check_out(&other, &url);
        assert_eq!(team.run(), other.run());
        return;
    }
    let seen = team.run();
    for part in [
        "\"team\" has been added to your repositories",
        "1 chart(s) linted, 0 chart(s) failed",
        "Successfully packaged chart and saved it to: dist/shop-1.4.7.tgz",
        "\"team\" has been removed from your repositories",
    ] {
        assert!(seen["said"].contains(part), "{part}:\n{}", seen["said"]);
    }
    for name in [
        "shop-web-1-2-0",
        "shop-admin-1-1-4",
        "shop-shop",
        "registry/shop:abc123",
    ] {
        assert!(
            seen["rendered.yaml"].contains(name),
            "{}",
            seen["rendered.yaml"]
        );
    }
    assert!(seen["installed.txt"].contains("Sold out of prod."));
    assert!(seen.contains_key("fetched/web-1.1.4.tgz"));
    assert_eq!(
        seen.contains_key("fetched/shop-1.4.7.tgz"),
        registry.is_some()
    );
    let upgraded = seen.get("upgraded.txt");
    assert_eq!(
        upgraded.is_some_and(|text| text.contains("does not exist. Installing it now.")),
        namespace.is_some(),
        "{upgraded:?}"
    );
}
