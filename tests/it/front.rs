//! pintle's own front end: what it has that Helm has not.

use crate::program::Run;

const FAILING: &str = "a: 1\nb: {{ .Values.a.b.c }}\n";

#[test]
fn an_error_shows_the_failing_expression() {
    let outcome = Run::pintle(&["render", "rel", "./web"])
        .chart("web", "a: {}\n", FAILING)
        .go();
    let stderr = outcome.failure();
    let first = "Error: web/templates/a.yaml:2:13\n  executing \"web/templates/a.yaml\" at <.Values.a.b.c>:\n    nil pointer evaluating interface {}.c\n";
    assert!(stderr.starts_with(first), "{stderr}");
    assert!(stderr.contains("b: {{ .Values.a.b.c }}"), "{stderr}");
    assert!(stderr.contains("^^^"), "{stderr}");
    assert!(
        !stderr.contains('\x1b'),
        "colours without a terminal: {stderr}"
    );
    assert!(outcome.stdout.is_empty(), "{}", outcome.stdout);
}

#[test]
fn the_strict_name_says_no_more_than_helm() {
    let outcome = Run::helm(&["template", "rel", "./web"])
        .chart("web", "a: {}\n", FAILING)
        .go();
    let stderr = outcome.failure();
    assert!(
        stderr.starts_with("Error: web/templates/a.yaml:2:13\n"),
        "{stderr}"
    );
    assert!(!stderr.contains("^^^"), "{stderr}");
}

#[test]
fn the_way_to_an_error_is_shown() {
    let outcome = Run::pintle(&["render", "rel", "./web"])
        .chart("web", "", "x: {{ include \"outer\" . }}\n")
        .file(
            "web/templates/_lib.tpl",
            "{{ define \"outer\" }}{{ include \"inner\" . }}{{ end }}\n{{ define \"inner\" }}{{ .Values.n.m.k }}{{ end }}\n",
        )
        .go();
    let stderr = outcome.failure();
    for part in ["templates/a.yaml", "templates/_lib.tpl", "called from here"] {
        assert!(stderr.contains(part), "{part} is missing:\n{stderr}");
    }
}

const RANDOM: &str = "a: {{ randAlphaNum 20 }}\nb: {{ uuidv4 }}\nc: {{ now | date \"2006-01-02T15:04:05Z07:00\" }}\nd: {{ shuffle \"abcdefghijklmnopqrstuvwxyz\" }}\ne: {{ genPrivateKey \"ecdsa\" | sha256sum }}\n";

fn random(arguments: &[&str]) -> String {
    let mut words = vec!["render", "rel", "./web"];
    words.extend(arguments);
    Run::pintle(&words)
        .chart("web", "", RANDOM)
        .go()
        .success()
        .to_owned()
}

#[test]
fn seed_and_now_make_runs_repeat() {
    let pinned = ["--seed", "one", "--now", "2026-01-02T15:04:05Z"];
    let text = random(&pinned);
    assert_eq!(text, random(&pinned));
    assert!(text.contains("c: 2026-01-02T15:04:05Z\n"), "{text}");
    assert_ne!(
        text,
        random(&["--seed", "two", "--now", "2026-01-02T15:04:05Z"])
    );
    assert_ne!(random(&[]), random(&[]));
}

#[test]
fn the_strict_name_knows_no_seed() {
    let outcome = Run::helm(&["template", "rel", "./web", "--seed", "one"])
        .chart("web", "", RANDOM)
        .go();
    assert_eq!(outcome.failure(), "Error: unknown flag: --seed\n");
}

const LOOKUP: &str = "name: {{ (lookup \"v1\" \"Secret\" \"ns\" \"keys\").metadata.name }}\nall: {{ len (lookup \"v1\" \"Secret\" \"ns\" \"\").items }}\n";

#[test]
fn look_ups_are_answered_from_files() {
    let objects = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: ns}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: more, namespace: ns}\n";
    let outcome = Run::pintle(&["render", "rel", "./web", "--lookup-from", "objects.yaml"])
        .chart("web", "", LOOKUP)
        .file("objects.yaml", objects)
        .go();
    assert_eq!(
        outcome.success(),
        "---\n# Source: web/templates/a.yaml\nname: keys\nall: 2\n"
    );
}

const PROJECT: &str = "kubeVersion: \"1.30\"\nvalues: [common.yaml]\nenvironments:\n  prod:\n    namespace: shop-prod\n    values: [prod.yaml]\n";

#[test]
fn a_project_sets_defaults() {
    let template = "v: {{ .Capabilities.KubeVersion.Version }}\nn: {{ .Release.Namespace }}\na: {{ .Values.a }}\nb: {{ .Values.b }}\n";
    let run = |words: &[&str]| {
        Run::pintle(words)
            .chart("web", "a: 0\nb: 0\n", template)
            .file("pintle.yaml", PROJECT)
            .file("common.yaml", "a: 1\nb: 1\n")
            .file("prod.yaml", "b: 2\n")
            .go()
            .success()
            .to_owned()
    };
    let head = "---\n# Source: web/templates/a.yaml\n";
    let plain = run(&["render", "rel", "./web"]);
    assert_eq!(plain, format!("{head}v: v1.30\nn: default\na: 1\nb: 1\n"));
    let prod = run(&["render", "rel", "./web", "-e", "prod"]);
    assert_eq!(prod, format!("{head}v: v1.30\nn: shop-prod\na: 1\nb: 2\n"));
    let flag = run(&[
        "render", "rel", "./web", "-e", "prod", "-n", "mine", "--set", "b=3",
    ]);
    assert_eq!(flag, format!("{head}v: v1.30\nn: mine\na: 1\nb: 3\n"));
    let strict = run(&["helm", "template", "rel", "./web"]);
    assert_eq!(
        strict,
        format!("{head}v: v1.36.0\nn: default\na: 0\nb: 0\n")
    );
}

#[test]
fn settings_are_shown_with_their_origins() {
    let outcome = Run::pintle(&["config", "show", "--origins", "-e", "prod"])
        .file("pintle.yaml", PROJECT)
        .variable("PINTLE_KUBE_VERSION", "1.31")
        .go();
    let text = outcome.success();
    for part in ["1.31", "PINTLE_KUBE_VERSION", "shop-prod", "pintle.yaml:"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

#[test]
fn unknown_settings_are_errors() {
    let outcome = Run::pintle(&["config", "show"])
        .file("pintle.yaml", "kubversion: 1\n")
        .go();
    let stderr = outcome.failure();
    assert!(
        stderr.contains("pintle.yaml") && stderr.contains("kubversion"),
        "{stderr}"
    );
}

#[test]
fn values_come_from_standard_input() {
    let outcome = Run::pintle(&["render", "rel", "./web", "-f", "-"])
        .chart("web", "a: 0\n", "a: {{ .Values.a }}\n")
        .stdin("a: piped\n")
        .go();
    assert_eq!(
        outcome.success(),
        "---\n# Source: web/templates/a.yaml\na: piped\n"
    );
}

#[test]
fn output_goes_to_a_folder() {
    let outcome = Run::pintle(&["render", "rel", "./web", "--output-dir", "out"])
        .chart("web", "", "a: 1\n")
        .go();
    outcome.success();
    let written =
        std::fs::read_to_string(outcome.path("out/web/templates/a.yaml")).expect("a file");
    assert_eq!(written, "---\n# Source: web/templates/a.yaml\na: 1\n\n");
}

#[test]
fn what_cannot_be_installed_is_refused_however_it_is_rendered() {
    let variables = [
        ("HELM_DRIVER", "memory"),
        ("HELM_MEMORY_DRIVER_DATA", "records.yaml"),
    ];
    for words in [
        &["template", "x", "./lib"][..],
        &["template", "x", "./lib", "--is-upgrade"],
        #[cfg(feature = "kube")]
        &["template", "x", "./lib", "--is-upgrade", "--validate"],
    ] {
        let run = Run::helm(words)
            .chart("lib", "", "")
            .file(
                "lib/Chart.yaml",
                "apiVersion: v2\nname: lib\nversion: 0.1.0\ntype: library\n",
            )
            .file("records.yaml", "[]");
        let outcome = variables
            .into_iter()
            .fold(run, |run, (name, value)| run.variable(name, value))
            .go();
        let line = "Error: library charts are not installable\n";
        assert!(
            outcome.failure().ends_with(line),
            "{words:?}: {}",
            outcome.stderr
        );
    }
}
