//! States of many releases: `pintle fleet`, and the program called `helmfile`.

mod defect;
#[cfg(unix)]
mod download;
#[cfg(unix)]
mod input;
mod target;

use std::fmt::Write as _;

use crate::program::{Outcome, Run};

/// More releases than are rendered at once.
const MANY: usize = 70;

fn state(of: impl Fn(usize) -> String) -> String {
    let mut text = "releases:\n".to_owned();
    for at in 0..MANY {
        let more = of(at);
        write!(text, "- name: r{at}\n  chart: ./web\n{more}").expect("a string");
    }
    text
}

const TEMPLATE: &str =
    "a: {{ required \"no n\" .Values.n }}{{ range until (int .Values.slow) }}{{ end }}\n";

fn run(words: &[&str], state: &str) -> Outcome {
    Run::pintle(words)
        .chart("web", "", TEMPLATE)
        .file("helmfile.yaml", state)
        .go()
}

#[test]
fn releases_are_shown_in_order() {
    // Every seventh takes much longer than the others.
    let state = state(|at| {
        let slow = if at % 7 == 0 { 20_000 } else { 1 };
        format!("  values: [{{n: n{at}, slow: {slow}}}]\n")
    });
    for words in [
        &["fleet", "template"][..],
        &["fleet", "template", "--concurrency", "64"],
        &["helmfile", "template", "--concurrency", "1"],
        &["helmfile", "template", "--concurrency", "3"],
    ] {
        let outcome = run(words, &state);
        let shown: Vec<String> = (outcome.success().lines())
            .filter_map(|line| line.strip_prefix("a: n").map(str::to_owned))
            .collect();
        let want: Vec<String> = (0..MANY).map(|at| at.to_string()).collect();
        assert_eq!(shown, want);
    }
}

#[test]
fn nothing_is_shown_of_what_comes_after_a_failure() {
    let state = state(|at| match at {
        3 => String::new(),
        at => format!("  values: [{{n: n{at}}}]\n"),
    });
    let outcome = run(&["helmfile", "template"], &state);
    let stderr = outcome.failure();
    assert!(stderr.contains("no n"), "{stderr}");
    assert!(!stderr.contains("Templating release=r4,"), "{stderr}");
    assert!(outcome.stdout.contains("a: n2"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("a: n4"), "{}", outcome.stdout);
}

#[test]
fn programs_of_templates_are_stopped_and_can_be_refused() {
    let slow = "{{ exec \"sleep\" (list \"600\") }}";
    let states: [(&str, &str, &str); 3] = [
        (
            "helmfile.yaml.gotmpl",
            "values: [{a: \"SLOW\"}]\n---\nreleases: []\n",
            "helmfile.yaml.gotmpl",
        ),
        (
            "helmfile.yaml",
            "releases:\n- name: r\n  chart: ./web\n  values: [v.yaml.gotmpl]\n",
            "helmfile.yaml",
        ),
        (
            "share/helmfile.yaml.gotmpl",
            "values: [{a: \"SLOW\"}]\n---\nreleases: []\n",
            "file://FOLDER/share/helmfile.yaml.gotmpl",
        ),
    ];
    for (name, text, file) in states {
        for (flag, want) in [
            ("--exec-timeout=50ms", "50ms"),
            (
                "--no-exec",
                "programs are not run by templates here (--no-exec)",
            ),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let shared = folder.path().join("share");
            std::fs::create_dir(&shared).expect("a folder");
            let text = text.replace("SLOW", slow);
            std::fs::write(shared.join("helmfile.yaml.gotmpl"), &text).expect("a file");
            let file = file.replace("FOLDER", &folder.path().display().to_string());
            let outcome = Run::pintle(&["fleet", "template", flag, "-f", &file])
                .chart("web", "n: 1\n", "a: 1\n")
                .file("v.yaml.gotmpl", format!("n: {slow}\n"))
                .file(name, &text)
                .go();
            let stderr = outcome.failure();
            assert!(stderr.contains(want), "{flag} {file}: {stderr}");
        }
    }
    let refused = Run::pintle(&["fleet", "list", "--exec-timeout=soon"]).go();
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
}

#[test]
fn errors_of_charts_say_which_values_file_it_was() {
    let run = |words: &[&str]| {
        Run::pintle(words)
            .chart("web", "port: 1\n", "a: {{ .Values.name.short.long }}\n")
            .file(
                "web/values.schema.json",
                r#"{"properties": {"port": {"type": "integer"}}}"#,
            )
            .file("prod.yaml", "b: 2\n\nport: many\n")
            .file("helmfile.yaml", "releases:\n- name: r\n  chart: ./web\n  values: [prod.yaml]\n- name: s\n  chart: ./web\n  values: [{port: few}]\n")
            .go()
    };
    let outcome = run(&["fleet", "template", "-l", "name=r"]);
    let stderr = outcome.failure();
    assert!(
        stderr.contains(".Values.port was set by prod.yaml:3:7"),
        "{stderr}"
    );
    let outcome = run(&["fleet", "template", "-l", "name=s"]);
    let stderr = outcome.failure();
    assert!(
        stderr.contains(".Values.port was set by helmfile.yaml (values[0] of release s):1:7"),
        "{stderr}"
    );
    let outcome = run(&["helmfile", "template", "-l", "name=r"]);
    assert!(!outcome.failure().contains("was set by"));
}

/// A repository of git, with a state in it.
fn repository(folder: &std::path::Path) {
    for words in [
        "init -q -b main",
        "add .",
        "-c user.name=a -c user.email=a@b commit -q -m a",
    ] {
        let done = std::process::Command::new("git")
            .args(words.split(' '))
            .current_dir(folder)
            .env("HOME", folder)
            .status();
        assert!(done.expect("git").success(), "git {words}");
    }
}

#[test]
fn states_come_from_git_and_shares_and_are_kept() {
    let shared = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(shared.path().join("states")).expect("a folder");
    let state = "values: [v.yaml]\n---\nreleases:\n- name: {{ .Values.name }}\n  chart: ./web\n";
    std::fs::write(shared.path().join("states/helmfile.yaml.gotmpl"), state).expect("a file");
    std::fs::write(shared.path().join("states/v.yaml"), "name: far\n").expect("a file");
    repository(shared.path());
    let path = shared.path().display().to_string();
    for file in [
        format!("file://{path}/states/helmfile.yaml.gotmpl"),
        format!("{path}/states/helmfile.yaml.gotmpl"),
        format!("git::file://{path}@states/helmfile.yaml.gotmpl?ref=main"),
    ] {
        let outcome = Run::pintle(&["fleet", "list", "-f", &file]).go();
        assert!(
            outcome.success().contains("\nfar "),
            "{file}: {}",
            outcome.stdout
        );
    }
    // As a state below another, from what is kept.
    let below = format!("helmfiles: ['git::file://{path}@states/helmfile.yaml.gotmpl?ref=main']\n");
    let cache = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str]| {
        Run::pintle(words)
            .file("helmfile.yaml", &below)
            .variable("HELMFILE_CACHE_HOME", &cache.path().display().to_string())
            .go()
    };
    run(&["fleet", "list"]).success();
    drop(shared);
    let outcome = run(&["fleet", "list", "--offline"]);
    assert!(outcome.success().contains("\nfar "), "{}", outcome.stdout);
}

#[cfg(feature = "http")]
#[test]
fn states_and_values_come_from_servers_once() {
    let root = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let mut server = crate::serve::Server::bind().expect("a port");
    let base = format!("http://127.0.0.1:{}", server.port());
    let state = |name: &str| {
        format!(
            "values: ['{base}/bucket/v.yaml?cache=false']\n---\nreleases:\n- name: {name}-{{{{ .Values.end }}}}\n  chart: ./web\n"
        )
    };
    write("bucket/one/helmfile.yaml.gotmpl", state("one"));
    write(
        "bucket/two/helmfile.yaml.gotmpl",
        state("two").replace("?cache=false", ""),
    );
    write("bucket/v.yaml", "end: x\n".to_owned());
    server
        .serve(root.path().to_owned(), None)
        .expect("a server");
    let cache = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str]| {
        Run::pintle(&[&["fleet", "list"], words].concat())
            .variable("HELMFILE_CACHE_HOME", &cache.path().display().to_string())
            .variable("STORAGE_EMULATOR_HOST", &base)
            .go()
    };
    let plain = format!("{base}/bucket/one/helmfile.yaml.gotmpl");
    let google =
        "gs::https://www.googleapis.com/storage/v1/bucket/two@helmfile.yaml.gotmpl".to_owned();
    for (file, name) in [(&plain, "one-x"), (&google, "two-x")] {
        let outcome = run(&["-f", file]);
        assert!(
            outcome.success().contains(name),
            "{file}: {}",
            outcome.stdout
        );
    }
    write("bucket/v.yaml", "end: y\n".to_owned());
    // The state is kept, the values that say so are not.
    assert!(run(&["-f", &plain]).success().contains("one-y"));
    assert!(
        run(&["-f", &google, "--offline"])
            .success()
            .contains("two-y")
    );
    let refused = run(&["-f", &plain, "--offline"]);
    assert!(refused.failure().contains("--offline promises not to"));
    let missing = run(&["-f", &format!("{base}/none/helmfile.yaml")]);
    let stderr = missing.failure();
    assert!(
        stderr.contains("/none/helmfile.yaml") && stderr.contains("404"),
        "{stderr}"
    );
}

/// Charts are shared by releases, and looked at again wherever somebody could have changed them.
#[test]
fn charts_that_hooks_change_are_read_again() {
    const HOOK: &str = "  hooks:\n  - events: [cleanup]\n    command: cp\n    args: [other.yaml, web/templates/a.yaml]\n";
    let state = state(|at| {
        let hook = if at == 40 { HOOK } else { "" };
        format!("  values: [{{n: n{at}, slow: 1}}]\n{hook}")
    });
    for concurrency in ["0", "1", "2"] {
        let outcome = Run::pintle(&["fleet", "template", "--concurrency", concurrency])
            .chart("web", "", TEMPLATE)
            .file("helmfile.yaml", &state)
            .file("other.yaml", TEMPLATE.replace("a:", "b:"))
            .go();
        let lines = outcome.success().lines();
        let shown: Vec<&str> = lines.filter(|line| line.contains(": n")).collect();
        let want: Vec<String> = (0..MANY)
            .map(|at| format!("{}: n{at}", if at <= 40 { "a" } else { "b" }))
            .collect();
        assert_eq!(shown, want, "{concurrency}");
    }
}
