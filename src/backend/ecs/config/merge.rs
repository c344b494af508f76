//! What holds in one environment on top of what holds in all.

use serde_json::{Map, Value};

use super::Config;
use crate::diag::{Error, Kind};

/// Members of `over` win; maps are merged by key, lists are replaced.
///
/// # Errors
/// As [`Config::from_json`].
pub(super) fn merge(base: &Config, over: &Config) -> Result<Config, Error> {
    let json = |config: &Config| {
        let value = serde_json::to_value(config);
        value.map_err(|error| Error::new(Kind::Usage, format!("ecs: {error}")))
    };
    let mut merged = said(json(base)?);
    overlay(&mut merged, said(json(over)?));
    Config::from_json(merged)
}

/// Only the members that say something.
fn said(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.into_iter().map(|(name, value)| (name, said(value)));
            let is_said = |value: &Value| match value {
                Value::Null => false,
                Value::Object(map) => !map.is_empty(),
                Value::Array(items) => !items.is_empty(),
                _ => true,
            };
            Value::Object(
                members
                    .filter(|(_, value)| is_said(value))
                    .collect::<Map<_, _>>(),
            )
        }
        other => other,
    }
}

fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                match base.get_mut(&name) {
                    Some(there) => overlay(there, value),
                    None => {
                        base.insert(name, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn environments_lie_on_top() {
        let read = |value: Value| Config::from_json(value).unwrap();
        let base = read(json!({
            "cluster": "dev", "tags": {"a": "1", "b": "2"},
            "network": {"subnets": ["s1", "s2"], "assignPublicIp": true},
        }));
        let over = read(json!({
            "cluster": "prod", "tags": {"b": "3"},
            "network": {"subnets": ["s3"], "assignPublicIp": false},
        }));
        let want = read(json!({
            "cluster": "prod", "tags": {"a": "1", "b": "3"},
            "network": {"subnets": ["s3"], "assignPublicIp": false},
        }));
        assert_eq!(merge(&base, &over).unwrap(), want);
    }
}
