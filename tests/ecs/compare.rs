//! Where two desired documents differ.

use serde_json::Value;

/// JSON values are compared; diagnostics are a set; the order of resources matters.
///
/// # Errors
/// Every difference, one a line.
pub(crate) fn documents(wanted: &Value, got: &Value) -> Result<(), String> {
    let mut differences = Vec::new();
    if wanted["schema"] != got["schema"] {
        differences.push(format!(
            "schema: - {} + {}",
            wanted["schema"], got["schema"]
        ));
    }
    let set = |document: &Value| -> Vec<String> {
        let items = document["diagnostics"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut items: Vec<String> = items.iter().map(plain).collect();
        items.sort();
        items
    };
    let (want, have) = (set(wanted), set(got));
    for item in want.iter().filter(|item| !have.contains(item)) {
        differences.push(format!("- diagnostic {item}"));
    }
    for item in have.iter().filter(|item| !want.contains(item)) {
        differences.push(format!("+ diagnostic {item}"));
    }
    let list = |document: &Value| {
        document["resources"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let name =
        |resource: &Value| format!("{}/{}", resource["kind"], resource["name"]).replace('"', "");
    let (want, have) = (list(wanted), list(got));
    let names = |list: &[Value]| list.iter().map(name).collect::<Vec<_>>();
    if names(&want) == names(&have) {
        for (want, have) in want.iter().zip(&have) {
            values(&name(want), want, have, &mut differences);
        }
    } else {
        differences.push(format!("- resources {:?}", names(&want)));
        differences.push(format!("+ resources {:?}", names(&have)));
        for want in &want {
            if let Some(have) = have.iter().find(|have| name(have) == name(want)) {
                values(&name(want), want, have, &mut differences);
            }
        }
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("\n")),
    }
}

fn values(path: &str, want: &Value, have: &Value, differences: &mut Vec<String>) {
    match (want, have) {
        (Value::Object(want), Value::Object(have)) => {
            for (name, value) in want {
                match have.get(name) {
                    Some(other) => values(&format!("{path}.{name}"), value, other, differences),
                    None => differences.push(format!("- {path}.{name}: {value}")),
                }
            }
            for (name, value) in have.iter().filter(|(name, _)| !want.contains_key(*name)) {
                differences.push(format!("+ {path}.{name}: {value}"));
            }
        }
        (Value::Array(want), Value::Array(have)) if want.len() == have.len() => {
            for (index, (want, have)) in want.iter().zip(have).enumerate() {
                values(&format!("{path}[{index}]"), want, have, differences);
            }
        }
        (Value::Number(want), Value::Number(have)) if want.as_f64() == have.as_f64() => {}
        (want, have) if want == have => {}
        (want, have) => {
            differences.push(format!("- {path}: {want}"));
            differences.push(format!("+ {path}: {have}"));
        }
    }
}

/// A diagnostic, its members in the order of their names.
fn plain(value: &Value) -> String {
    let mut members: Vec<String> = value
        .as_object()
        .map(|map| {
            map.iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect()
        })
        .unwrap_or_default();
    members.sort();
    members.join(" ")
}
