//! States that say where releases go.

use serde_json::Value;

use crate::program::{Outcome, Run};

const CHART: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: 1
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec: {priorityClassName: high, containers: [{name: a, image: 'registry.test/a:1'}]}
";

const STATE: &str = "environments:
  default: {}
  prod:
    target: ecs
    ecs: {cluster: prod, tags: {env: prod}}
---
helmDefaults:
  ecs: {region: eu-west-1, account: \"111122223333\", executionRoleArn: 'arn:aws:iam::111122223333:role/x', network: {subnets: [subnet-1]}, cluster: test, tags: {team: a}}
templates:
  named:
    ecs: {names: {service: '{{`{{ .Release.Name }}`}}-live'}}
releases:
- name: files
  target: dir:out
  chart: ./web
- name: web
  chart: ./web
  inherit: [{template: named}]
  needs: [files]
- name: worker
  chart: ./web
  target: ecs:jobs
  ecs: {tags: {team: b}}
";

fn run(words: &[&str], state: &str) -> Outcome {
    Run::pintle(words)
        .chart("web", "", CHART)
        .file("helmfile.yaml.gotmpl", state)
        .go()
}

#[test]
fn helmfile_knows_no_targets() {
    for (state, want) in [
        (
            "releases: [{name: a, chart: ./web, target: ecs}]",
            "field target not found in type state.ReleaseSpec",
        ),
        (
            "releases: [{name: a, chart: ./web, ecs: {cluster: a}}]",
            "field ecs not found in type state.ReleaseSpec",
        ),
        (
            "helmDefaults: {target: kube}",
            "field target not found in type state.HelmSpec",
        ),
        (
            "environments: {default: {ecs: {}}}",
            "field ecs not found in type state.EnvironmentSpec",
        ),
    ] {
        let outcome = run(&["helmfile", "list"], state);
        let stderr = outcome.failure();
        assert!(stderr.contains(want), "{stderr}");
    }
}

#[test]
fn lists_say_where_releases_go_where_that_differs() {
    let shown = |words: &[&str], state: &str| -> Vec<String> {
        let text = run(words, state).success().to_owned();
        let lines = text.lines().map(|line| {
            let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
            cells.join("|")
        });
        lines.collect()
    };
    let listed = shown(&["fleet", "list"], STATE);
    assert_eq!(
        listed[0],
        "NAME|NAMESPACE|TARGET|ENABLED|INSTALLED|LABELS|CHART|VERSION"
    );
    assert!(listed[1].starts_with("files||dir:/"), "{listed:?}");
    assert!(listed[1].contains("/out|"), "{listed:?}");
    assert!(listed[2].starts_with("web||kube|"), "{listed:?}");
    assert!(listed[3].starts_with("worker||ecs:jobs|"), "{listed:?}");
    let listed = shown(&["fleet", "list", "-e", "prod"], STATE);
    assert!(listed[2].starts_with("web||ecs:prod|"), "{listed:?}");
    let json = run(&["fleet", "list", "--output", "json"], STATE)
        .success()
        .to_owned();
    let rows: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(rows[2]["target"], "ecs:jobs");
    // What is typed counts for all, and then there is nothing to tell.
    let listed = shown(&["fleet", "list", "--target", "dir:there"], STATE);
    assert!(!listed[0].contains("TARGET"), "{listed:?}");
    let same = "releases: [{name: a, chart: ./web}, {name: b, chart: ./web, target: kube}]";
    let listed = shown(&["fleet", "list"], same);
    assert!(!listed[0].contains("TARGET"), "{listed:?}");
}

#[test]
fn what_makes_no_sense_is_an_error_before_anything_happens() {
    for (more, want) in [
        ("target: esc", "there is no target \"esc\""),
        ("target: 'dir:'", "there is no target \"dir:\""),
        (
            "target: ecs\n  ecs: {clustr: a}",
            "ecs: unknown field `clustr`",
        ),
        (
            "target: ecs\n  ecs: {network: {subnet: [a]}}",
            "unknown field `subnet`",
        ),
        ("target: ecs\n  ecs: {launchType: LAMBDA}", "LAMBDA"),
        ("ecs: [a]", "cannot unmarshal"),
    ] {
        let state = format!(
            "releases:\n- name: first\n  chart: ./web\n  target: dir:out\n- name: bad\n  chart: ./web\n  {more}\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let state = state.replace("dir:out", &format!("dir:{}", out.display()));
        let stderr = run(&["sync"], &state).failure().to_owned();
        assert!(stderr.contains(want), "{more}: {stderr}");
        assert!(!out.exists(), "{more}");
    }
    let state = "environments: {default: {ecs: {regoin: a}}}\n---\nreleases: [{name: a, chart: ./web, target: ecs}]";
    let stderr = run(&["fleet", "list"], state).failure().to_owned();
    for word in [
        "release \"a\" in helmfile.yaml.gotmpl",
        "environments.default.ecs: unknown field `regoin`",
    ] {
        assert!(stderr.contains(word), "{stderr}");
    }
}

#[test]
fn template_shows_manifests_and_what_ecs_would_be_asked_for() {
    let outcome = run(&["fleet", "template", "-e", "prod"], STATE);
    let text = outcome.success();
    let parts: Vec<&str> = text.split("\n# ").collect();
    assert!(text.contains("# Source: web/templates/"), "{text}");
    let web = parts
        .iter()
        .find_map(|part| part.strip_prefix("web, for ecs:prod\n"));
    let document: Value = serde_json::from_str(web.expect("web").trim_end_matches("\n---"))
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(document["schema"], "ecs-desired/1");
    let service = document["resources"].as_array().expect("resources");
    let service = service
        .iter()
        .find(|it| it["kind"] == "ecs:Service")
        .expect("a service");
    // Defaults, the environment, a template, and the release itself.
    assert_eq!(service["request"]["serviceName"], "web-live");
    assert_eq!(service["request"]["cluster"], "prod");
    let tags = service["request"]["tags"].to_string();
    assert!(
        tags.contains("{\"key\":\"env\",\"value\":\"prod\"}"),
        "{tags}"
    );
    assert!(
        tags.contains("{\"key\":\"team\",\"value\":\"a\"}"),
        "{tags}"
    );
    assert!(text.contains("# worker, for ecs:jobs"), "{text}");
    assert!(
        text.contains("\"arn:aws:iam::111122223333:role/x\""),
        "{text}"
    );
    assert!(outcome.stderr.contains("ECS3"), "{}", outcome.stderr);
}

#[test]
fn what_cannot_be_said_on_ecs_fails_template_with_its_code() {
    let outcome = Run::pintle(&["fleet", "template"])
        .chart("web", "", &CHART.replace("Deployment", "StatefulSet"))
        .file(
            "helmfile.yaml",
            "releases: [{name: a, chart: ./web, target: ecs}]",
        )
        .go();
    let stderr = outcome.failure();
    assert!(stderr.contains("ECS1002"), "{stderr}");
}

#[test]
fn documents_are_written_to_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let words = [
        "fleet",
        "template",
        "-e",
        "prod",
        "-l",
        "name=worker",
        "--output-dir",
        &out,
        "--output-dir-template",
        "{{ .OutputDir }}/{{ .Release.Name }}",
    ];
    run(&words, STATE).success();
    let text = std::fs::read_to_string(folder.path().join("worker/ecs-desired.json"));
    let document: Value = serde_json::from_str(&text.expect("a file")).expect("JSON");
    assert_eq!(document["schema"], "ecs-desired/1");
}
