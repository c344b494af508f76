//! What a resource was wanted to be, is, and shall be: three ways, member by member.

use serde_json::{Map, Value};

/// What differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Members of the request that are to change, in its order.
    pub(super) changed: Vec<String>,
    /// Those that were wanted before and are not any more.
    pub(super) dropped: Vec<String>,
    /// What it would be, in normal form.
    pub(super) after: Value,
    /// What it is, in normal form.
    pub(super) live: Value,
}

impl Difference {
    /// Whether nothing differs.
    pub(super) fn is_none(&self) -> bool {
        self.changed.is_empty() && self.dropped.is_empty()
    }
}

/// What is wanted, in normal form.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) wanted: &'a Value,
    /// Members that are written down, also those whose value is the default.
    pub(super) named: &'a [String],
    /// What was wanted before.
    pub(super) last: Option<&'a Value>,
    /// Members that are only set when it is made.
    pub(super) created: &'a [String],
}

/// Compares normal forms. Members that neither what is wanted nor what was wanted has belong to others
/// and stay.
pub(super) fn compare(live: Value, wish: &Wish<'_>) -> Difference {
    let Wish {
        wanted,
        named,
        last,
        created,
    } = *wish;
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (is, shall) = (members(&live), members(wanted));
    let was = last.map(members).unwrap_or_default();
    let is_free = |name: &str| !created.iter().any(|it| it == name);
    let mut after: Map<String, Value> = is.clone();
    let mut changed = Vec::new();
    for (name, value) in shall.iter().filter(|(name, _)| is_free(name)) {
        if is.get(name) != Some(value) {
            changed.push(name.clone());
            after.insert(name.clone(), value.clone());
        }
    }
    for name in named.iter().filter(|name| is_free(name)) {
        // Written down, and the default: somebody made something else of it.
        if !shall.contains_key(name) && is.contains_key(name) && !changed.contains(name) {
            changed.push(name.clone());
            after.remove(name);
        }
    }
    let mut dropped = Vec::new();
    for name in was.keys().filter(|name| is_free(name)) {
        if !shall.contains_key(name) && is.contains_key(name) && !changed.contains(name) {
            dropped.push(name.clone());
            after.remove(name);
        }
    }
    Difference {
        changed,
        dropped,
        after: Value::Object(after),
        live,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_others_stay_and_those_that_were_ours_go() {
        let live = json!({"a": 1, "b": [1], "theirs": true, "count": 7, "exec": true});
        let wanted = json!({"a": 2, "count": 1});
        let last = json!({"a": 1, "b": [1], "gone": 1});
        let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let found = compare(
            live,
            &Wish {
                wanted: &wanted,
                named: &names(&["a", "count", "exec"]),
                last: Some(&last),
                created: &names(&["count"]),
            },
        );
        assert_eq!(found.changed, ["a", "exec"]);
        assert_eq!(found.dropped, ["b"]);
        assert_eq!(found.after, json!({"a": 2, "theirs": true, "count": 7}));
        let same = Wish {
            wanted: &wanted,
            named: &[],
            last: None,
            created: &[],
        };
        assert!(compare(json!({"a": 2, "count": 1}), &same).is_none());
    }
}
