//! Answers of the libraries that Helm 4.2.4 is built with; see testdata/kubernetes/merge/README.md.

use serde_json::Value;

use super::{States, json, schema, strategic};

#[test]
fn merges_are_those_of_the_libraries() {
    let recorded = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/testdata/kubernetes/merge/cases.jsonl"
    ))
    .expect("recorded merges");
    let mut wrong = Vec::new();
    for (at, line) in recorded.lines().enumerate() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let states = States {
            original: &case["original"],
            live: &case["live"],
            wanted: &case["wanted"],
        };
        let (version, kind) = case["kind"]
            .as_str()
            .and_then(|kind| kind.rsplit_once('/'))
            .expect("a kind");
        let built_in = schema::of(version, kind).filter(|of| of.accepts(states.wanted));
        let (merge_type, merged) = match built_in {
            Some(of) => ("strategic", strategic::patch(&states, of)),
            None if case["threeWay"] == true => ("merge", json::three_way(&states)),
            None => ("merge", json::two_way(&states)),
        };
        let merged = merged.map(|patch| Value::Object(patch).to_string());
        let wanted = match case["error"].as_str() {
            Some(why) => Err(why.to_owned()),
            None => Ok(case["patch"].to_string()),
        };
        if merged != wanted || case["type"] != merge_type {
            wrong.push(format!(
                "line {}: {kind} by {merge_type}\n  found {merged:?}\n  want  {wanted:?}",
                at + 1
            ));
        }
    }
    let count = wrong.len();
    wrong.truncate(10);
    assert!(
        wrong.is_empty(),
        "{count} merges differ\n{}",
        wrong.join("\n")
    );
}
