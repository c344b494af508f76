//! State files whose releases are brought somewhere: `sync` and `destroy`, `status` and `test`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::Outcome;

/// A chart with a value, which fails where that is said.
const TEMPLATE: &str = "\
{{- if .Values.fails }}{{ fail \"as told\" }}{{ end }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  color: {{ .Values.color }}
";

/// Notes which release had which event.
const HOOK: &str = "    hooks:
      - events: [presync, postsync, preuninstall, postuninstall, cleanup]
        command: sh
        args: [-c, 'echo {{`{{ .Event.Name }} {{ .Release.Name }} {{ .HelmfileCommand }}`}} >> events']
";

/// A folder with a chart `tiny`.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Stage {
        let stage = Stage(tempfile::tempdir().expect("a folder"));
        stage.write(
            "tiny/Chart.yaml",
            "apiVersion: v2\nname: tiny\nversion: 0.2.0\n",
        );
        stage.write("tiny/values.yaml", "color: red\nfails: false\n");
        stage.write("tiny/templates/a.yaml", TEMPLATE);
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// What is in a file, which is removed.
    fn take(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        let _ = fs::remove_file(self.path(name));
        text
    }

    fn run(&self, line: &str) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(line.split(' '))
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.0.path())
            .env("KUBECONFIG", "/dev/null")
            .output();
        output.expect("the program").into()
    }

    fn has(&self, release: &str) -> bool {
        let file = format!("out/shop/{release}/configmap-{release}.yaml");
        self.path(&file).is_file()
    }
}

/// Releases of a state, in its order, with what else is said of them.
fn state(releases: &[(&str, &str)]) -> String {
    let mut text = "releases:\n".to_owned();
    for (name, more) in releases {
        text.push_str(&format!(
            "  - name: {name}\n    namespace: shop\n    chart: ./tiny\n{more}"
        ));
    }
    text
}

#[test]
fn releases_are_synced_in_the_order_of_their_needs() {
    let stage = Stage::new();
    let after = |needs: &str| format!("    needs: [{needs}]\n{HOOK}");
    let with = |more: &str| {
        state(&[
            ("web", &after("api")),
            ("api", &after("db")),
            ("db", &format!("{more}{HOOK}")),
        ])
    };
    stage.write(
        "helmfile.yaml.gotmpl",
        &with("    values: [{color: blue}]\n"),
    );
    let synced = stage.run("sync --target dir:out");
    assert_eq!(synced.code, Some(0), "{}", synced.stderr);
    assert!(
        synced.stderr.contains("= Updated Releases ==") && !synced.stderr.contains('\x1b'),
        "{}",
        synced.stderr
    );
    assert!(
        synced.stderr.contains("shop        ./tiny   0.2.0"),
        "{}",
        synced.stderr
    );
    let order = |names: [&str; 3], events: &[&str], command: &str| -> String {
        let lines = names.iter().flat_map(|name| {
            let line = move |event: &&str| format!("{event} {name} {command}\n");
            events.iter().map(line)
        });
        lines.collect()
    };
    assert_eq!(
        stage.take("events"),
        order(
            ["db", "api", "web"],
            &["presync", "postsync", "cleanup"],
            "sync"
        )
    );
    assert!(["web", "api", "db"].iter().all(|name| stage.has(name)));
    let file = fs::read_to_string(stage.path("out/shop/db/configmap-db.yaml"));
    assert!(file.expect("a file").contains("color: blue"));

    // The second time nothing is to be done; what is switched off goes.
    stage.write("helmfile.yaml.gotmpl", &with("    installed: false\n"));
    stage.run("sync --target dir:out").success();
    let events = stage.take("events");
    let removed = "presync db sync\npreuninstall db sync\npostuninstall db sync\npostsync db sync\ncleanup db sync\n";
    assert!(events.starts_with(removed), "{events}");
    assert!(!stage.has("db") && stage.has("api"));
    let history = stage.run("history api -n shop --target dir:out").success();
    assert_eq!(history.lines().count(), 2, "{history}");

    stage.write("helmfile.yaml.gotmpl", &with(""));
    stage.run("sync --target dir:out -q").success();
    stage.take("events");
    let gone = stage.run("destroy --target dir:out");
    assert!(
        gone.stderr.contains(" Deleted Releases "),
        "{}",
        gone.stderr
    );
    gone.success();
    assert_eq!(
        stage.take("events"),
        order(
            ["web", "api", "db"],
            &["preuninstall", "postuninstall"],
            "delete"
        )
    );
    assert!(["web", "api", "db"].iter().all(|name| !stage.has(name)));
}

#[test]
fn what_fails_stops_what_needs_it_and_nothing_else() {
    let stage = Stage::new();
    let text = state(&[
        ("bad", "    values: [{fails: true}]\n"),
        ("after", "    needs: [shop/bad]\n"),
        ("later", "    needs: [shop/after]\n"),
        ("good", ""),
        ("fine", "    needs: [shop/good]\n"),
    ]);
    stage.write("helmfile.yaml", &text);
    let failed = stage.run("sync --target dir:out").failure();
    assert!(
        failed.contains("failed processing release bad: "),
        "{failed}"
    );
    assert!(failed.contains("as told"), "{failed}");
    assert!(!failed.contains("exited with non-zero status"), "{failed}");
    for title in ["Updated", "Failed", "Skipped"] {
        assert!(failed.contains(&format!(" {title} Releases ")), "{failed}");
    }
    for (release, want) in [
        ("bad", false),
        ("after", false),
        ("later", false),
        ("good", true),
        ("fine", true),
    ] {
        assert_eq!(stage.has(release), want, "{release}\n{failed}");
    }
}

#[test]
fn many_releases_share_nothing_but_the_folder() {
    let stage = Stage::new();
    let names: Vec<String> = (0..24).map(|at| format!("r{at}")).collect();
    let releases: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    stage.write("helmfile.yaml", &state(&releases));
    stage
        .run("fleet sync --target dir:out --concurrency 4")
        .success();
    assert!(names.iter().all(|name| stage.has(name)));
    let status = stage.run("fleet status --target dir:out -l name=r7");
    assert!(
        status.stderr.contains("Getting status r7"),
        "{}",
        status.stderr
    );
    assert!(
        status.stderr.contains("STATUS: deployed"),
        "{}",
        status.stderr
    );
    status.success();
    stage
        .run("fleet destroy --target dir:out -l name!=r7")
        .success();
    assert!(names.iter().all(|name| stage.has(name) == (name == "r7")));
}

#[test]
fn a_run_without_a_cluster_fails_and_writes_nothing() {
    let stage = Stage::new();
    stage.write("helmfile.yaml", &state(&[("web", "")]));
    let before = fs::read_dir(stage.path("")).expect("a folder").count();
    let failed = stage.run("sync").failure();
    assert!(
        failed.contains("failed processing release web: "),
        "{failed}"
    );
    let strict = stage.run("helmfile sync").failure();
    assert!(
        strict.contains("command \"") && strict.contains("exited with non-zero status"),
        "{strict}"
    );
    let after = fs::read_dir(stage.path("")).expect("a folder").count();
    assert_eq!(before, after);
}

#[test]
fn apply_changes_what_would_change() {
    let stage = Stage::new();
    let hooks = HOOK.replace("presync,", "preapply, presync,");
    let with = |color: &str| {
        let values = format!("    values: [{{color: {color}}}]\n{hooks}");
        state(&[
            ("web", &format!("    needs: [api]\n{hooks}")),
            ("api", &values),
        ])
    };
    stage.write("helmfile.yaml.gotmpl", &with("blue"));
    let first = stage.run("fleet apply --target dir:out --detailed-exitcode");
    assert_eq!(first.code, Some(2), "{}", first.stderr);
    assert!(
        first
            .stdout
            .starts_with("Comparing release=api, chart=tiny, namespace=shop\n"),
        "{}",
        first.stdout
    );
    assert!(first.stdout.contains("color"), "{}", first.stdout);
    let events = stage.take("events");
    assert!(
        events.starts_with("preapply web apply\npreapply api apply\npresync api sync\n"),
        "{events}"
    );

    let same = stage.run("apply --target dir:out --detailed-exitcode");
    assert!(!same.stderr.contains("Upgrading"), "{}", same.stderr);
    same.success();
    assert_eq!(stage.take("events"), "");

    stage.write("helmfile.yaml.gotmpl", &with("green"));
    let shown = stage.run("fleet diff --target dir:out --detailed-exitcode");
    assert_eq!(shown.code, Some(2), "{}", shown.stderr);
    assert!(
        shown.stdout.contains("blue") && shown.stdout.contains("green"),
        "{}",
        shown.stdout
    );
    assert!(
        shown
            .stderr
            .contains("Affected releases are:\n  api (./tiny) UPDATED\n"),
        "{}",
        shown.stderr
    );
    stage.run("fleet diff --target dir:out").success();
    stage.take("events");
    stage.run("apply --target dir:out").success();
    let events = stage.take("events");
    assert!(
        events.starts_with("preapply web apply\npreapply api apply\npresync api sync\n"),
        "{events}"
    );
    assert!(!events.contains("presync web"), "{events}");
}

#[cfg(feature = "kube")]
#[test]
fn helmfile_syncs_to_a_cluster() {
    use crate::kubernetes::{Cluster, is_skipped};

    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    let name = namespace.name();
    let stage = Stage::new();
    let text = state(&[("web", "    needs: [api]\n"), ("api", "")]).replace("shop", name);
    stage.write("helmfile.yaml", &text);
    let run = |line: &str| -> Outcome {
        let mut command = namespace.command(Path::new(env!("CARGO_BIN_EXE_pintle")));
        command.current_dir(stage.path("")).args(line.split(' '));
        command.output().expect("the program").into()
    };
    let synced = run("helmfile sync --no-color");
    assert_eq!(synced.code, Some(0), "{}", synced.stderr);
    let lines: Vec<&str> = synced
        .stderr
        .lines()
        .filter(|line| {
            line.contains("ing rel") || line.starts_with("web ") || line.starts_with("api ")
        })
        .collect();
    let begins = [
        format!("Upgrading release=api, chart=tiny, namespace={name}"),
        "Listing releases matching ^api$".to_owned(),
        format!("Upgrading release=web, chart=tiny, namespace={name}"),
        "Listing releases matching ^web$".to_owned(),
    ];
    for (line, want) in lines
        .iter()
        .filter(|line| line.contains("ing rel"))
        .zip(&begins)
    {
        assert_eq!(line, want, "{}", synced.stderr);
    }
    let row = |release: &str| format!("{release}    {name}   ./tiny   0.2.0");
    for release in ["api", "web"] {
        assert!(
            lines.iter().any(|line| line.starts_with(&row(release))),
            "{}",
            synced.stderr
        );
    }
    assert_eq!(run(&format!("list -q -n {name}")).success(), "api\nweb\n");
    // Under pintle what is as it should be is left alone.
    run("sync").success();
    let history = run(&format!("helm history web -n {name}")).success();
    assert_eq!(history.lines().count(), 2, "{history}");
    run("helmfile test").success();
    run("helmfile diff --detailed-exitcode").success();
    stage.write("tiny/values.yaml", "color: green\nfails: false\n");
    let differs = run("helmfile diff --detailed-exitcode");
    let block = |release: &str| {
        format!(
            "Comparing release={release}, chart=tiny, namespace={name}\n{name}, {release}, ConfigMap (v1) has changed:\n  # Source: tiny/templates/a.yaml\n  apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: {release}\n  data:\n-   color: red\n+   color: green\n\n"
        )
    };
    assert_eq!(differs.stdout, block("api") + &block("web"));
    let end = differs.ended(2);
    assert!(end.ends_with("Identified at least one change\n"), "{end}");
    for (flags, shown) in [
        (
            "--output simple",
            format!(
                "{name}, api, ConfigMap (v1) to be changed.\nPlan: 0 to add, 1 to change, 0 to destroy, 0 to change ownership.\n"
            ),
        ),
        (
            "--context 1 --diff-args --find-renames=0.5",
            format!(
                "{name}, api, ConfigMap (v1) has changed:\n...\n  data:\n-   color: red\n+   color: green\n"
            ),
        ),
        (
            "--suppress-output-line-regex color:",
            format!(
                "{name}, api, ConfigMap (v1) has changed, but diff is empty after suppression.\n"
            ),
        ),
        (
            "--suppress ConfigMap --color",
            format!(
                "\u{1b}[0;33m{name}, api, ConfigMap (v1) has changed:\u{1b}[0m\n\u{1b}[0;33m+ Changes suppressed on sensitive content of type ConfigMap\n\u{1b}[0m"
            ),
        ),
    ] {
        let differs = run(&format!("helmfile diff -l name=api {flags}"));
        let title = format!("Comparing release=api, chart=tiny, namespace={name}\n");
        // Without the flag for it, nothing is counted.
        assert!(!differs.stderr.contains("Affected"), "{}", differs.stderr);
        assert_eq!(differs.success(), format!("{title}{shown}\n"), "{flags}");
    }
    run("helmfile apply").success();
    run("helmfile diff --detailed-exitcode").success();
    let asked = run("helmfile status");
    assert!(
        asked.stderr.contains("Getting status api\nNAME: api\n"),
        "{}",
        asked.stderr
    );
    run("helmfile destroy").success();
    assert_eq!(run(&format!("list -q -n {name}")).success(), "");
}

/// A run that is called off by Ctrl-C while a hook of its first release waits.
#[cfg(feature = "kube")]
#[test]
fn what_is_called_off_ends_what_was_begun_and_names_what_was_not() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::Stdio;

    let stage = Stage::new();
    let hook = "    hooks:\n      - events: [presync]\n        command: sh\n        args: [-c, 'touch begun; while [ ! -e go ]; do sleep 0.02; done']\n";
    let needs = "    needs: [shop/one]\n";
    let text = state(&[("one", hook), ("two", ""), ("three", needs)]);
    stage.write("helmfile.yaml.gotmpl", &text);
    let mut child = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args("sync --concurrency 1 --target dir:out".split(' '))
        .current_dir(stage.0.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", stage.0.path())
        .env("KUBECONFIG", "/dev/null")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    while !stage.path("begun").exists() {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended early");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.expect("kill").success());
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("Called off") {
        let mut line = String::new();
        assert_ne!(lines.read_line(&mut line).expect("a line"), 0, "{said}");
        said += &line;
    }
    stage.write("go", "");
    lines.read_to_string(&mut said).expect("lines");
    let code = child.wait().expect("an end").code();
    assert_eq!(code, Some(130), "{said}");
    let (_, table) = said.split_once("Releases Not Begun").expect("a table");
    assert!(table.contains("two ") && table.contains("three "), "{said}");
    assert!(!stage.has("two") && !stage.has("three"));
    let pending = stage.run("list -A --pending -q --target dir:out").success();
    assert_eq!(pending, "");
    // The next run finishes it.
    stage.run("sync --target dir:out").success();
    assert!(stage.has("one") && stage.has("two") && stage.has("three"));
}

/// A Deployment that is never ready.
#[cfg(feature = "kube")]
const NEVER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: a, image: registry.test/notready:1}]}
";

/// Three releases beside each other on a terminal, and Ctrl-C typed while all of them are waited for.
#[cfg(feature = "kube")]
#[test]
fn many_releases_have_a_line_each_and_ctrl_c_leaves_a_clean_terminal() {
    use std::io::{Read as _, Write as _};
    use std::process::Stdio;

    use crate::kubernetes::{Cluster, is_skipped};

    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    let name = namespace.name();
    let stage = Stage::new();
    stage.write("tiny/templates/a.yaml", NEVER);
    let releases = [
        ("alpha", ""),
        ("bravo", ""),
        ("charlie", ""),
        ("delta", "    needs: [shop/alpha]\n"),
    ];
    stage.write("helmfile.yaml", &state(&releases).replace("shop", name));
    let program = env!("CARGO_BIN_EXE_pintle");
    let typed = format!("stty cols 100 rows 30; exec {program} sync --wait --timeout 120");
    let mut command = namespace.command(Path::new("/usr/bin/script"));
    let mut child = command
        .current_dir(stage.path(""))
        .env("TERM", "xterm")
        .args(["-qfec", &typed, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script");
    let mut out = child.stdout.take().expect("a pipe");
    let mut said = String::new();
    let mut buffer = [0; 4096];
    let is_seen = |said: &str| {
        ["alpha", "bravo", "charlie"].iter().all(|release| {
            said.contains(&format!("  {release}  waiting until all is ready"))
                && said.contains(&format!("Deployment {name}/{release}  "))
        })
    };
    while !is_seen(&said) {
        let count = out.read(&mut buffer).expect("a picture");
        assert_ne!(count, 0, "{said}");
        said += &String::from_utf8_lossy(&buffer[..count]);
    }
    child
        .stdin
        .as_mut()
        .expect("a pipe")
        .write_all(b"\x03")
        .expect("typed");
    out.read_to_string(&mut said).expect("lines");
    let code = child.wait().expect("an end").code();
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(
        said.matches("\x1b[?25l").count(),
        said.matches("\x1b[?25h").count(),
        "{said:?}"
    );
    let (_, table) = said.split_once("Releases Not Begun").expect("a table");
    assert!(table.contains("delta"), "{said}");
    let mut list = namespace.command(Path::new(program));
    list.args(["helm", "list", "-n", name, "-o", "json"]);
    let list = Outcome::from(list.output().expect("the program")).success();
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let list: Vec<(&str, &str)> = (list.as_array().expect("a list").iter())
        .map(|one| {
            (
                one["name"].as_str().unwrap_or(""),
                one["status"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(
        list,
        [
            ("alpha", "failed"),
            ("bravo", "failed"),
            ("charlie", "failed")
        ]
    );
}

#[cfg(feature = "kube")]
#[test]
fn releases_share_what_a_cluster_says_of_itself() {
    use crate::kubernetes::{Cluster, is_skipped};

    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    let name = namespace.name();
    let stage = Stage::new();
    let all = [
        ("a", ""),
        ("b", ""),
        ("c", ""),
        ("d", ""),
        ("thing", "    needs: [maker]\n"),
        ("maker", ""),
    ];
    let mut text = state(&all).replace("shop", name);
    for release in ["maker", "thing"] {
        let chart = format!("name: {release}\n    namespace: {name}\n    chart: ./");
        text = text.replace(&format!("{chart}tiny"), &format!("{chart}{release}"));
        let metadata = format!("apiVersion: v2\nname: {release}\nversion: 1.0.0\n");
        stage.write(&format!("{release}/Chart.yaml"), &metadata);
    }
    stage.write("helmfile.yaml", &text);
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.{name}.example.com}}
spec:
  group: {name}.example.com
  names: {{kind: Thing, plural: things, singular: thing, listKind: ThingList}}
  scope: Namespaced
  versions:
  - {{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}
"
    );
    stage.write("maker/crds/thing.yaml", &definition);
    let thing = format!(
        "{{{{ if not (.Capabilities.APIVersions.Has \"{name}.example.com/v1/Thing\") }}}}\
         {{{{ fail \"nobody knows things\" }}}}{{{{ end }}}}
apiVersion: {name}.example.com/v1
kind: Thing
metadata: {{name: it}}
"
    );
    stage.write("thing/templates/thing.yaml", &thing);
    let run = |line: &str| -> Outcome {
        let mut command = namespace.command(Path::new(env!("CARGO_BIN_EXE_pintle")));
        command.current_dir(stage.path("")).args(line.split(' '));
        command.output().expect("the program").into()
    };
    let asked = |path: &str| {
        let requests = namespace.requests().expect("a log");
        requests.iter().filter(|one| one.path == path).count()
    };
    run("helmfile sync").success();
    // Once for each of the two groups; what is served once more where a definition comes.
    let (versions, kinds) = (asked("/version"), asked("/apis"));
    assert!(versions <= 2, "{versions} times the version");
    assert!(kinds <= 5, "{kinds} times what is served");
    run("helmfile destroy").success();
    namespace
        .kubectl(&["delete", "crd", &format!("things.{name}.example.com")])
        .expect("deleted");
}
