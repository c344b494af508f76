//! `vars`: `$(NAME)` in some fields stands for a field of an object (`api/filters/refvar`, 0.20.1).

use serde_json::Value;

use super::field::Leaf;
use super::gather::Gathered;
use super::id::Id;
use super::part::Part;
use super::resource::scalar_text;
use super::selector::exact;
use super::transform::replacement::{look_up, parts};
use crate::diag::{Error, Level, Notice};

/// A name, and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) object: Id,
    path: String,
}

impl Variable {
    /// Reads an entry.
    ///
    /// # Errors
    /// Fields that there are not or of another type.
    pub(super) fn read(part: &Part<'_>) -> Result<Variable, Error> {
        part.check(&["name", "objref", "fieldref"])?;
        let object = part
            .get("objref")
            .ok_or_else(|| part.fail("a variable has no objref"))?;
        object.check(&[
            "apiVersion",
            "group",
            "version",
            "kind",
            "name",
            "namespace",
        ])?;
        let path = match part.get("fieldref") {
            Some(field) => {
                field.check(&["fieldPath"])?;
                field.text("fieldPath")?
            }
            None => String::new(),
        };
        Ok(Variable {
            name: part.text("name")?,
            object: exact(&object)?,
            path: match path.as_str() {
                "" => "metadata.name".to_owned(),
                _ => path,
            },
        })
    }
}

/// Replaces all variables; those that nothing names are noticed.
///
/// # Errors
/// Variables that stand for nothing.
pub(super) fn resolve(gathered: &mut Gathered, notices: &mut Vec<Notice>) -> Result<(), String> {
    let mut known = Vec::new();
    for variable in &gathered.variables {
        let name = &variable.name;
        let object = gathered
            .resources
            .iter()
            .find(|resource| resource.variables.contains(name))
            .ok_or_else(|| {
                format!("var '{name}' cannot be mapped to a field in the set of known resources")
            })?;
        let path = parts(&variable.path.replace('[', ".[").replace("..[", ".["));
        let value = look_up(&object.value, &path).ok_or_else(|| {
            format!(
                "field {:?} specified in var '{name}' not found in corresponding resource {}",
                variable.path,
                object.id()
            )
        })?;
        known.push((name.clone(), value.clone(), false));
    }
    if known.is_empty() {
        return Ok(());
    }
    for resource in &mut gathered.resources {
        for place in &gathered.config.variables {
            place.visit(&mut resource.value, Leaf::Missing, &mut |value| {
                match value {
                    Value::Object(map) => {
                        map.values_mut()
                            .for_each(|value| replace(value, &mut known));
                    }
                    Value::Array(items) => {
                        items.iter_mut().for_each(|item| replace(item, &mut known));
                    }
                    scalar => replace(scalar, &mut known),
                }
                Ok(())
            })?;
        }
    }
    let unused: Vec<&str> = known
        .iter()
        .filter(|(_, _, is_used)| !is_used)
        .map(|(name, ..)| name.as_str())
        .collect();
    if !unused.is_empty() {
        let names = unused.join(",");
        let message = format!("well-defined vars that were never replaced: {names}");
        notices.push(Notice::new(Level::Warn, message));
    }
    Ok(())
}

/// Replaces what stands in a text; a text that is a variable and nothing else becomes its value.
fn replace(value: &mut Value, known: &mut [(String, Value, bool)]) {
    let Some(text) = value.as_str() else { return };
    if !text.contains('$') {
        return;
    }
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        replaced.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            replaced.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = behind.strip_prefix('(').and_then(|it| it.split_once(')')) else {
            replaced.push('$');
            rest = behind;
            continue;
        };
        let found = known.iter_mut().find(|(known, ..)| known == name);
        match found.and_then(|(_, value, is_used)| {
            *is_used = true;
            Some((scalar_text(value)?, value))
        }) {
            Some((_, whole))
                if replaced.is_empty() && after.is_empty() && at == 0 && text.starts_with("$(") =>
            {
                *value = whole.clone();
                return;
            }
            Some((part, _)) => replaced.push_str(&part),
            None => replaced.push_str(&format!("$({name})")),
        }
        rest = after;
    }
    replaced.push_str(rest);
    *value = Value::String(replaced);
}
