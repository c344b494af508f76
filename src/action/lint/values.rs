//! Rules about `values.yaml` (`lint/rules/values.go`).

use std::fs;

use super::{Linter, Severity, read_file};
use crate::chart::{decode, schema, values};
use crate::value::{Frozen, FrozenMap};

const FILE: &str = "values.yaml";

pub(super) fn lint(linter: &mut Linter<'_, '_>, user: &mut FrozenMap) {
    let file = linter.path(FILE);
    let verdict = fs::metadata(&file).map_err(|_| "file does not exist");
    if linter.rule(Severity::Info, FILE, verdict.map(drop)) {
        let verdict = check(linter, &file, user);
        linter.rule(Severity::Error, FILE, verdict);
    }
}

fn check(linter: &mut Linter<'_, '_>, file: &str, user: &mut FrozenMap) -> Result<(), String> {
    let defaults = read_file(file)
        .and_then(|text| read(&text))
        .map_err(|error| format!("unable to parse YAML: {error}"))?;
    let merged = values::coalesce_tables(user, &defaults, linter.notices)
        .map_err(|error| error.to_string())?;
    for (key, value) in user.iter_mut() {
        if let (Frozen::Map(_), Some(Frozen::Map(map))) = (&*value, merged.get(&**key)) {
            *value = Frozen::Map(map.clone());
        }
    }
    let schema = fs::read(linter.path("values.schema.json")).unwrap_or_default();
    if schema.is_empty() || linter.options.skip_schema_validation {
        return Ok(());
    }
    schema::validate_single(&schema, &merged, linter.around.remote, linter.notices)
        .map_err(|error| error.to_string())
}

/// Go: `common.ReadValues`.
fn read(text: &[u8]) -> Result<FrozenMap, String> {
    let mut values = FrozenMap::new();
    decode::document(text, |decoder, value| {
        if let Some(members) = decoder.members(value, "common.Values") {
            values.clone_from(members);
        }
    })
    .map_err(|error| error.to_string())?;
    Ok(values)
}
