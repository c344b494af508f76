//! States of many releases: `pintle fleet`, and the program called `helmfile`.

#[cfg(unix)]
mod download;

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

fn run(words: &[&str], state: &str) -> Outcome {
    Run::pintle(words)
        .chart("web", "", "a: {{ required \"no n\" .Values.n }}\n")
        .file("helmfile.yaml", state)
        .go()
}

#[test]
fn releases_are_shown_in_order() {
    let state = state(|at| format!("  values: [{{n: n{at}}}]\n"));
    for words in [
        &["fleet", "template"][..],
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
