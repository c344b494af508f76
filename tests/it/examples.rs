//! Every chart of `charts-examples/` renders in every environment to what stands in
//! `testdata/examples/`.

use std::fs;

use crate::difference::describe;
use crate::program::{Run, root};

/// Charts that only pintle can render, so that their answers are ours.
const OWN: [&str; 1] = ["beacon"];

fn charts() -> Vec<String> {
    let mut names = examples();
    let folder = root().join("charts-examples");
    names.retain(|name| folder.join(name).join("Chart.yaml").exists());
    names
}

/// The examples, charts and others.
fn examples() -> Vec<String> {
    let entries = fs::read_dir(root().join("charts-examples")).expect("the examples");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Renders a chart in an environment with `words` in front, and compares.
fn check(words: &[&str], chart: &str, environment: &str, found: &mut String) {
    let folder = format!("charts-examples/{chart}");
    let values = format!("{folder}/environments/{environment}.yaml");
    let mut arguments = words.to_vec();
    arguments.extend([chart, &folder, "-f", &values, "--include-crds"]);
    let outcome = Run::pintle(&arguments).go_in_repository();
    let golden = format!("testdata/examples/{chart}/{environment}.yaml");
    let want = fs::read(root().join(&golden)).expect(&golden);
    if outcome.code != Some(0) {
        found.push_str(&format!("{}: {}\n", arguments.join(" "), outcome.stderr));
    }
    found.push_str(&describe(
        &arguments.join(" "),
        &want,
        outcome.stdout.as_bytes(),
    ));
}

#[test]
fn examples_render_as_helm_renders_them() {
    let charts = charts();
    assert!(charts.len() >= 9, "{charts:?}");
    let mut found = String::new();
    for chart in &charts {
        for environment in ["dev", "staging", "prod"] {
            let words: &[&str] = if OWN.contains(&chart.as_str()) {
                &["render"]
            } else {
                &["helm", "template"]
            };
            check(words, chart, environment, &mut found);
        }
    }
    assert!(found.is_empty(), "\n{found}");
}

#[test]
fn the_own_front_end_renders_the_same() {
    let mut found = String::new();
    check(&["render"], "shop", "prod", &mut found);
    check(&["template"], "platform", "prod", &mut found);
    assert!(found.is_empty(), "\n{found}");
}

#[test]
fn every_example_explains_itself() {
    for chart in examples() {
        let readme = root()
            .join("charts-examples")
            .join(&chart)
            .join("README.md");
        let text = fs::read_to_string(&readme).unwrap_or_default();
        assert!(
            text.starts_with(&format!("# {chart}\n")),
            "{}",
            readme.display()
        );
    }
}
