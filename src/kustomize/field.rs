//! Field specs: which objects, and which place in them (`api/filters/fieldspec`, 0.20.1).

use serde_json::{Map, Value};

use super::id::{Gvk, Id};

/// A place in objects of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSpec {
    /// Of which objects; what is empty is any.
    pub(super) gvk: Gvk,
    /// Names between `/`; lists are gone through, `[]` behind a name says that it is one.
    pub(super) path: String,
    /// Whether it is made where it is not there.
    pub(super) create: bool,
}

/// What is made at the end of a path that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// Nothing: the path has to be there.
    Missing,
    Scalar,
    Map,
}

/// Does something with what is found at the end of a path.
pub(super) type Change<'a> = dyn FnMut(&mut Value) -> Result<(), String> + 'a;

impl FieldSpec {
    pub(super) fn new(kind: &str, group: &str, path: &str) -> FieldSpec {
        FieldSpec {
            gvk: Gvk {
                group: group.to_owned(),
                kind: kind.to_owned(),
                version: String::new(),
            },
            path: path.to_owned(),
            create: false,
        }
    }

    pub(super) fn creating(mut self) -> FieldSpec {
        self.create = true;
        self
    }

    /// Calls `change` with every place that is meant, in an object that is of the kind.
    ///
    /// # Errors
    /// What `change` says, and paths that lead through a scalar.
    pub(super) fn visit(
        &self,
        object: &mut Value,
        leaf: Leaf,
        change: &mut Change<'_>,
    ) -> Result<(), String> {
        let id = Id::of(object);
        if !id.gvk.is_selected(&self.gvk) {
            return Ok(());
        }
        let path = split(&self.path, '/');
        let leaf = match self.create {
            true => leaf,
            false => Leaf::Missing,
        };
        walk(object, &path, leaf, change)
            .map_err(|error| format!("considering field '{}' of object {id}: {error}", self.path))
    }
}

/// The parts of a path; `\` before a separator keeps it (`PathSplitter`).
pub(super) fn split(path: &str, separator: char) -> Vec<String> {
    let path = match path.strip_prefix(separator) {
        Some(rest) if !rest.is_empty() => rest,
        _ => path,
    };
    let mut parts: Vec<String> = Vec::new();
    let mut is_kept = false;
    for part in path.split(separator) {
        match parts.last_mut() {
            Some(last) if is_kept => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
        is_kept = parts.last().is_some_and(|last| last.ends_with('\\'));
    }
    parts
}

fn walk(
    value: &mut Value,
    path: &[String],
    leaf: Leaf,
    change: &mut Change<'_>,
) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        return change(value);
    };
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| walk(item, path, leaf, change)),
        Value::Object(object) => {
            let name = first.strip_suffix("[]").unwrap_or(first);
            let is_list = name.len() != first.len();
            if name.is_empty() {
                return Err("cannot set or create an empty field name".to_owned());
            }
            let made = match (leaf, rest.is_empty()) {
                (Leaf::Missing, _) => None,
                _ if is_list => None,
                (Leaf::Scalar, true) => Some(Value::from("")),
                (Leaf::Scalar | Leaf::Map, _) => Some(Value::Object(Map::new())),
            };
            if let Some(made) = made {
                let there = object.entry(name.to_owned()).or_insert(Value::Null);
                if there.is_null() {
                    *there = made;
                }
            }
            match object.get_mut(name) {
                Some(inner) => walk(inner, rest, leaf, change),
                None => Ok(()),
            }
        }
        _ => Err("expected sequence or mapping node".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_split_at_what_is_not_kept() {
        for (path, want) in [
            ("a/b", vec!["a", "b"]),
            ("/a/b", vec!["a", "b"]),
            (
                "metadata/annotations/a.b\\/c",
                vec!["metadata", "annotations", "a.b/c"],
            ),
            ("a", vec!["a"]),
        ] {
            assert_eq!(split(path, '/'), want, "{path}");
        }
    }

    #[test]
    fn places_are_found_and_made() {
        let spec = FieldSpec::new("", "", "spec/list/x").creating();
        let mut object = json!({"kind": "A", "spec": {"list": [{"x": "1"}, {}]}});
        spec.visit(&mut object, Leaf::Scalar, &mut |value| {
            *value = json!("2");
            Ok(())
        })
        .expect("a place");
        assert_eq!(object["spec"], json!({"list": [{"x": "2"}, {"x": "2"}]}));
        let error = spec
            .visit(
                &mut json!({"kind": "A", "spec": 1}),
                Leaf::Missing,
                &mut |_| Ok(()),
            )
            .expect_err("a scalar");
        assert!(
            error.ends_with("expected sequence or mapping node"),
            "{error}"
        );
    }
}
