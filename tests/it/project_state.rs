//! The examples of state files: `charts-examples/fleet`, and the layout of early guides in
//! `charts-examples/fleet-guide`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;

use crate::outcome::Outcome;
use crate::program::root;

/// A home of its own, and a folder `out` to bring releases to.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Stage {
        Stage(tempfile::tempdir().expect("a folder"))
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn run(&self, line: &str, variables: &[(&str, &str)]) -> Outcome {
        let out = format!("dir:{}", self.out().display());
        let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(line.split(' ').map(|word| match word {
                "dir:out" => &out,
                word => word,
            }))
            .current_dir(root())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.0.path())
            .env("KUBECONFIG", "/dev/null")
            .env(
                "SOPS_AGE_KEY_FILE",
                root().join("charts-examples/fleet/keys/for-trying-only.txt"),
            )
            .envs(variables.iter().copied())
            .output();
        output.expect("the program").into()
    }

    fn fleet(&self, command: &str, environment: &str) -> Outcome {
        let file = "charts-examples/fleet/helmfile.yaml.gotmpl";
        self.run(&format!("{command} -f {file} -e {environment}"), &[])
    }

    /// All files below the target, and what is in them.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        walk(&self.out(), &self.out(), &mut found);
        found
    }

    /// The folders of releases.
    fn releases(&self) -> Vec<String> {
        let files = self.files();
        let folders = files.keys().filter_map(|path| {
            let mut parts = path.split('/');
            Some(format!("{}/{}", parts.next()?, parts.next()?))
        });
        let mut folders: Vec<String> = folders.collect();
        folders.dedup();
        folders
    }
}

fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, root, found);
            continue;
        }
        let name = path.strip_prefix(root).expect("below").to_string_lossy();
        found.insert(name.into_owned(), fs::read(&path).expect("a file"));
    }
}

const EVERYWHERE: [&str; 8] = [
    "data/cache",
    "data/database",
    "kube-system/namespaces",
    "platform/gateway",
    "shop/accounts",
    "shop/orders",
    "shop/web",
    "shop/worker",
];

/// The releases of an environment.
fn releases(environment: &str) -> Vec<&'static str> {
    let more: &[&str] = match environment {
        "dev" => &[],
        "staging" => &["data/queue", "platform/metrics", "shop/mailer"],
        _ => &[
            "data/backup",
            "data/queue",
            "platform/metrics",
            "shop/mailer",
        ],
    };
    let mut all = [&EVERYWHERE[..], more].concat();
    all.sort_unstable();
    all
}

#[cfg(feature = "age")]
#[test]
fn every_environment_of_the_fleet_lists_lints_and_renders() {
    let stage = Stage::new();
    for environment in ["dev", "staging", "prod"] {
        let list = stage
            .fleet("fleet list --output json", environment)
            .success();
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        let list = list.as_array().expect("a list");
        assert_eq!(list.len(), 12);
        let mut installed: Vec<String> = (list.iter())
            .filter(|release| release["installed"] == true)
            .map(|release| {
                let text = |key: &str| release[key].as_str().unwrap_or_default().to_owned();
                format!("{}/{}", text("namespace"), text("name"))
            })
            .collect();
        installed.sort();
        assert_eq!(installed, releases(environment));

        let linted = stage.fleet("fleet lint", environment).success();
        assert_eq!(
            linted
                .matches("1 chart(s) linted, 0 chart(s) failed")
                .count(),
            installed.len()
        );

        let rendered = stage.fleet("fleet template", environment).success();
        for wanted in ["kind: StatefulSet", "kind: Namespace", "kind: LimitRange"] {
            assert!(rendered.contains(wanted), "{environment}: {wanted}");
        }
        assert!(rendered.contains(&format!("{environment}-sessions-")));
        let is_patched = rendered.contains("terminationGracePeriodSeconds: 60");
        assert_eq!(is_patched, environment == "prod");
        assert_eq!(
            rendered,
            stage.fleet("helmfile template", environment).success()
        );
    }
}

#[cfg(feature = "age")]
#[test]
fn the_fleet_comes_to_a_folder_once_and_what_an_environment_lacks_goes() {
    let stage = Stage::new();
    let first = stage.fleet("sync --target dir:out", "prod");
    let told = first.stderr.clone();
    first.success();
    assert!(
        told.contains("hook[backup-first] logs | snapshot of database in prod")
            || told.contains("snapshot of database in prod"),
        "{told}"
    );
    assert_eq!(stage.releases(), releases("prod"));
    let before = stage.files();
    stage.fleet("sync --target dir:out", "prod").success();
    assert_eq!(stage.files(), before);

    stage.fleet("sync --target dir:out", "dev").success();
    assert_eq!(stage.releases(), releases("dev"));
    let files = stage.files();
    let gateway = String::from_utf8_lossy(&files["platform/gateway/deployment-gateway.yaml"]);
    assert!(
        gateway.contains("value: shop.localhost") || !gateway.contains("DOMAIN"),
        "{gateway}"
    );
    stage.fleet("destroy --target dir:out", "dev").success();
    assert_eq!(stage.releases(), [""; 0]);
}

/// The secrets of an environment, as they stand in the files that have to have them.
#[cfg(feature = "age")]
fn secrets(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    [
        ("data/database/secret-database.yaml", "password"),
        ("shop/accounts/secret-accounts.yaml", "SESSION_KEY"),
        ("shop/mailer/secret-mailer.yaml", "SMTP_PASSWORD"),
    ]
    .map(|(file, key)| {
        let text = String::from_utf8_lossy(&files[file]).into_owned();
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(&format!("{key}: ")));
        line.expect(key).to_owned()
    })
    .to_vec()
}

#[cfg(feature = "age")]
#[test]
fn secrets_stand_in_their_own_files_and_nowhere_else() {
    let stage = Stage::new();
    let outcome = stage.fleet("sync --debug --target dir:out", "prod");
    let mut told = vec![outcome.stdout.clone(), outcome.stderr.clone()];
    outcome.success();
    let files = stage.files();
    let secrets = secrets(&files);
    assert!(
        secrets.iter().all(|secret| secret.starts_with("prod-")),
        "{secrets:?}"
    );

    let changed = stage.fleet("fleet diff --target dir:out --set image=other", "prod");
    assert!(
        changed.stdout.contains("other"),
        "{}{}",
        changed.stdout,
        changed.stderr
    );
    told.extend([changed.stdout, changed.stderr]);
    for words in [
        "get values accounts",
        "get manifest accounts",
        "get all accounts",
        "history accounts",
    ] {
        let outcome = stage.run(&format!("{words} -n shop --target dir:out"), &[]);
        told.push(outcome.success());
    }
    for (name, text) in &files {
        if name.contains("/secret-") {
            continue;
        }
        told.push(String::from_utf8_lossy(text).into_owned());
        if name.ends_with(".record") {
            let record: serde_json::Value = serde_json::from_slice(text).expect("JSON");
            let release = record["release"].as_str().expect("a record");
            let release = pintle::release::decode(release.as_bytes()).expect("a release");
            told.push(String::from_utf8_lossy(&release.to_json().expect("JSON")).into_owned());
        }
    }
    let mut home = BTreeMap::new();
    walk(stage.0.path(), stage.0.path(), &mut home);
    told.extend(
        (home.iter())
            .filter(|(name, _)| !name.starts_with("out/"))
            .map(|(_, text)| String::from_utf8_lossy(text).into_owned()),
    );
    for secret in secrets {
        let encoded = base64::engine::general_purpose::STANDARD.encode(&secret);
        for form in [secret, encoded] {
            for text in &told {
                assert!(!text.contains(&form), "{form} in {text}");
            }
        }
    }
}

#[cfg(feature = "age")]
#[test]
fn what_lacks_its_secrets_does_not_come_back_and_the_rest_does() {
    let stage = Stage::new();
    stage.fleet("sync --target dir:out", "prod").success();
    stage.fleet("sync --target dir:out", "staging").success();
    let before = stage.files();
    let line = "rollback accounts 1 -n shop --target dir:out";
    let refused = stage.run(line, &[]).failure();
    assert!(
        refused.contains(
            "release \"accounts\" has secrets, and the history of a folder does not hold them"
        ),
        "{refused}"
    );
    let scaled = stage.run("upgrade accounts charts-examples/fleet/charts/service --reuse-values --set replicas=2 -n shop --target dir:out", &[]);
    assert!(scaled.failure().contains("has secrets"));
    assert_eq!(stage.files(), before);
    stage
        .run("rollback web 1 -n shop --target dir:out", &[])
        .success();
    let web = &stage.files()["shop/web/deployment-web.yaml"];
    assert!(String::from_utf8_lossy(web).contains("replicas: 6"));
}

#[test]
fn both_spellings_of_the_guides_come_to_the_same_under_pintle() {
    let stage = Stage::new();
    let (plain, named) = (
        "-f charts-examples/fleet-guide/plain/helmfile.yaml",
        "-f charts-examples/fleet-guide/gotmpl/helmfile.yaml.gotmpl",
    );
    for environment in ["test", "production"] {
        let run = |words: &str| stage.run(&format!("{words} -e {environment}"), &[]);
        let old = run(&format!("fleet template {plain}"));
        for name in ["api", "reports", "web"] {
            let hint = format!(
                "plain/releases/{name}/helmfile.yaml is rendered because there are templates in it: name it helmfile.yaml.gotmpl"
            );
            assert_eq!(old.stderr.matches(&hint).count(), 1, "{}", old.stderr);
        }
        let old = old.success();
        let new = run(&format!("fleet template {named}"));
        assert!(!new.stderr.contains("name it"), "{}", new.stderr);
        let new = new.success();
        assert_eq!(old, new);
        assert_eq!(new, run(&format!("helmfile template {named}")).success());
        assert_eq!(new.contains("name: reports"), environment == "production");

        let refused = run(&format!("helmfile template {plain}")).failure();
        assert!(
            refused.contains("reading document at index 1. Started seeing this since Helmfile v1? Add the .gotmpl file extension: "),
            "{refused}"
        );
    }
    let list = |variables: &[(&str, &str)]| {
        let outcome = stage.run(
            &format!("fleet list {named} -e production --output json"),
            variables,
        );
        let list: serde_json::Value = serde_json::from_str(&outcome.success()).expect("JSON");
        let list = list.as_array().expect("a list").iter();
        list.map(|release| release["installed"].as_bool())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(&[]), [Some(true); 3]);
    let variables = [("WEB_INSTALLED", "false"), ("REPORTS_INSTALLED", "false")];
    assert_eq!(list(&variables), [Some(true), Some(false), Some(false)]);
}

#[cfg(feature = "kube")]
#[test]
fn without_a_cluster_nothing_is_written_and_the_folder_is_named() {
    let stage = Stage::new();
    let file = "-f charts-examples/fleet-guide/gotmpl/helmfile.yaml.gotmpl -e test";
    for command in ["sync", "apply", "destroy", "fleet diff"] {
        let words = format!("{command} {file}");
        let kubeconfig = [("KUBECONFIG", "tests/it/secret/nowhere.yaml")];
        let failure = stage.run(&words, &kubeconfig).failure();
        assert!(
            failure.contains("--target dir:PATH"),
            "{command}: {failure}"
        );
    }
    assert_eq!(stage.releases(), [""; 0]);
}

#[cfg(feature = "age")]
#[test]
fn each_value_of_an_environment_says_where_it_was_set() {
    let stage = Stage::new();
    let more = "--origins --state-values-set gateway.replicas=5";
    let shown = stage
        .fleet(&format!("fleet print-env {more}"), "prod")
        .success();
    for line in [
        "  domain: shop.example.com  # environments/common.yaml:1:9",
        "  size: large  # environments/prod/values.yaml:1:7",
        "    replicas: 5  # --state-values-set",
        "    patched: true  # environments/prod/values.yaml:4:12",
    ] {
        let lines: Vec<&str> = shown.lines().collect();
        let is_there = lines
            .iter()
            .any(|found| found.trim_start() == line.trim_start());
        assert!(is_there, "{line} is missing:\n{shown}");
    }
    assert!(
        shown.contains("128Mi  # environments/sizes.yaml.gotmpl (rendered):"),
        "{shown}"
    );
    assert!(
        shown.contains("environments/prod/secrets.yaml:2:15"),
        "{shown}"
    );
    let plain = stage.fleet("fleet print-env", "prod").success();
    assert!(!plain.contains('#'), "{plain}");
    let json = stage
        .fleet("fleet print-env --output json --origins", "dev")
        .success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let origins = &json.as_array().and_then(|all| all.last()).expect("one")["origins"];
    assert_eq!(
        origins["mailer.enabled"],
        "environments/dev/values.yaml:7:12"
    );
    // Helmfile has no such flag.
    let refused = stage.fleet("helmfile print-env --origins", "dev");
    assert_ne!(refused.code, Some(0));
}

#[cfg(feature = "age")]
#[test]
fn written_values_say_where_they_were_set() {
    let stage = Stage::new();
    let folder = stage.0.path().join("values");
    let template = format!("{}/{{{{.Release.Name}}}}.yaml", folder.display());
    let words = format!("write-values --origins --output-file-template {template}");
    stage.fleet(&words, "prod").success();
    let orders = fs::read_to_string(folder.join("orders.yaml")).expect("a file");
    assert!(
        orders.contains("replicas: 4  # ../values/orders--prod.yaml:1:11"),
        "{orders}"
    );
    assert!(
        orders.contains("port: 8000  # ../values/orders.yaml.gotmpl (rendered):2:7"),
        "{orders}"
    );
}

/// The commands of the README's part on states, as they stand there.
#[cfg(feature = "age")]
#[test]
fn the_steps_of_the_readme_work() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, part) = readme.split_once("\nMany releases").expect("that part");
    let (part, _) = part.split_once("\n## ").expect("another part");
    let commands = part.lines().filter_map(|line| line.strip_prefix("    "));
    let stage = Stage::new();
    let mut done = 0;
    for command in commands {
        let command = command.split(" #").next().unwrap_or_default().trim();
        // The key is set here already.
        let Some(words) = command.strip_prefix("pintle ") else {
            assert!(
                command.starts_with("export SOPS_AGE_KEY_FILE="),
                "{command}"
            );
            continue;
        };
        let words = words.replace("dir:deploy", "dir:out");
        stage.run(&words, &[]).success();
        done += 1;
    }
    assert!(done >= 4, "{part}");
    assert_eq!(stage.releases(), releases("staging"));
}
