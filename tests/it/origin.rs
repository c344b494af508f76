//! Errors say where the values concerned were set: in which file and line, or by which flag.

use crate::program::Run;

const SCHEMA: &str = r#"{"properties": {"port": {"type": "integer"}}}"#;

fn schema_run(arguments: &[&str]) -> Run {
    let mut words = vec!["render", "rel", "./web"];
    words.extend(arguments);
    Run::pintle(&words)
        .chart("web", "a: 1\nport: eighty\n", "a: 1\n")
        .file("web/values.schema.json", SCHEMA)
        .file("prod.yaml", "b: 2\n\nport: many\n")
}

#[test]
fn a_schema_error_names_the_layer_that_won() {
    for (arguments, want) in [
        (&[][..], "/web/values.yaml:2:7"),
        (
            &["-f", "prod.yaml"],
            ".Values.port was set by prod.yaml:3:7",
        ),
        (
            &["-f", "prod.yaml", "--set", "port=most"],
            ".Values.port was set by --set port=most",
        ),
        (
            &["--set-string", "port=1", "--set", "port=most"],
            ".Values.port was set by --set-string port=1",
        ),
    ] {
        let stderr = schema_run(arguments).go().failure().to_owned();
        assert!(
            stderr.contains("- at '/port': got string, want integer"),
            "{stderr}"
        );
        assert!(stderr.contains(want), "{want} is missing:\n{stderr}");
    }
}

#[test]
fn the_strict_name_prints_a_schema_error_as_helm_does() {
    let stderr = Run::helm(&["template", "rel", "./web"])
        .chart("web", "port: eighty\n", "a: 1\n")
        .file("web/values.schema.json", SCHEMA)
        .go()
        .failure()
        .to_owned();
    assert!(!stderr.contains("was set by"), "{stderr}");
}

#[test]
fn a_template_error_names_the_default_of_the_subchart() {
    let stderr = Run::pintle(&["render", "rel", "./web"])
        .chart("web", "", "")
        .file(
            "web/charts/db/Chart.yaml",
            "apiVersion: v2\nname: db\nversion: 0.1.0\n",
        )
        .file("web/charts/db/values.yaml", "size: 1\nname:\n  short: x\n")
        .file(
            "web/charts/db/templates/a.yaml",
            "a: {{ .Values.name.short.long }}\n",
        )
        .go()
        .failure()
        .to_owned();
    for want in [
        ".Values.name.short.long is not set; .Values.name.short was set by ",
        "/web/charts/db/values.yaml:3:10",
    ] {
        assert!(stderr.contains(want), "{want} is missing:\n{stderr}");
    }
}

#[test]
fn a_values_file_that_is_no_yaml_is_shown() {
    let stderr = Run::pintle(&["render", "rel", "./web", "-f", "prod.yaml"])
        .chart("web", "", "a: 1\n")
        .file("prod.yaml", "one: 1\n---\na: 1\n b: 2\n")
        .go()
        .failure()
        .to_owned();
    assert!(
        stderr.starts_with("Error: failed to parse prod.yaml: "),
        "{stderr}"
    );
    assert!(stderr.contains("--> prod.yaml:4:"), "{stderr}");
    assert!(stderr.contains(" b: 2"), "{stderr}");
}
