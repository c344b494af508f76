//! How values of users, parents and charts become what templates see.

use std::collections::BTreeMap;
use std::sync::Arc;

use pintle::chart::Capabilities;
use pintle::value::Frozen;

use crate::case::{Case, Tree};
use crate::difference::describe;
use crate::json;
use crate::rendering::{Failure, at, prepare};

/// A template in each chart that prints what it sees.
const SCOPE: &str = "templates/scope.txt";

/// Runs a case.
pub(crate) fn check(case: &Case, capabilities: &Capabilities) -> Result<(), String> {
    let Some(chart) = &case.chart else {
        return Err("the case has no chart".to_owned());
    };
    let mut found = String::new();
    let mut compare = |what: &str, want: &str, got: &str| {
        found.push_str(&describe(what, want.as_bytes(), got.as_bytes()));
    };
    match (run(case, chart, capabilities), &case.answer.error) {
        (Err(failure), Some(error)) => {
            compare("error", error, &failure.message);
            if let Some(stage) = &case.answer.stage {
                compare("stage", stage, failure.stage);
            }
        }
        (Err(failure), None) => compare(failure.stage, "no error", &failure.message),
        (Ok(_), Some(error)) => compare("outcome", error, "no error"),
        (Ok(got), None) => {
            if let Some(want) = &case.want_values_json {
                compare(
                    "values",
                    &json::canonical(want),
                    &json::canonical(&got.values),
                );
            }
            if let Some(want) = &case.want_charts {
                compare("charts", &want.join("\n"), &got.charts.join("\n"));
            }
            for (path, want) in case.want_scope_json.iter().flatten() {
                match got.scopes.get(path) {
                    Some(got) => compare(path, &json::canonical(want), &json::canonical(got)),
                    None => compare(path, "seen", "not there"),
                }
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

struct Outcome {
    values: serde_json::Value,
    charts: Vec<String>,
    scopes: BTreeMap<String, serde_json::Value>,
}

fn run(case: &Case, chart: &Tree, capabilities: &Capabilities) -> Result<Outcome, Failure> {
    let mut files = BTreeMap::new();
    write(chart, "", &mut files);
    let prepared = prepare(files, case.user_values_yaml.as_deref(), case, capabilities)?;
    let mut charts: Vec<String> = prepared
        .chart
        .walk()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    charts.sort();
    let mut scopes = BTreeMap::new();
    for (path, text) in prepared.render(case)? {
        if let Some(chart) = path.to_string().strip_suffix(&format!("/{SCOPE}")) {
            let seen = serde_json::from_slice(text.as_bytes()).map_err(at("scope"))?;
            scopes.insert(chart.to_owned(), seen);
        }
    }
    let values = json::from_frozen(&Frozen::Map(Arc::new(prepared.values)));
    Ok(Outcome {
        values,
        charts,
        scopes,
    })
}

/// The files of a chart, and of those in it, below `folder`.
fn write(chart: &Tree, folder: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let version = chart
        .version
        .as_deref()
        .filter(|version| !version.is_empty());
    let mut metadata = format!(
        "apiVersion: v2\nname: {:?}\nversion: {:?}\n",
        chart.name,
        version.unwrap_or("1.0.0")
    );
    if let Some(chart_type) = chart.chart_type.as_deref().filter(|name| !name.is_empty()) {
        metadata.push_str(&format!("type: {chart_type}\n"));
    }
    if let Some(list) = chart
        .dependencies_yaml
        .as_deref()
        .filter(|list| !list.is_empty())
    {
        metadata.push_str(&format!("dependencies:\n{}\n", list.trim_end_matches('\n')));
    }
    files.insert(format!("{folder}Chart.yaml"), metadata.into_bytes());
    if let Some(text) = &chart.values_yaml {
        files.insert(format!("{folder}values.yaml"), text.as_bytes().to_vec());
    }
    files.insert(format!("{folder}{SCOPE}"), b"{{ toJson .Values }}".to_vec());
    for child in &chart.charts {
        let mut name = child.name.clone();
        if let Some(version) = child
            .version
            .as_deref()
            .filter(|version| !version.is_empty())
        {
            name = format!("{name}-{version}");
        }
        write(child, &format!("{folder}charts/{name}/"), files);
    }
}
