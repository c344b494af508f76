//! What holds in one environment: `environments:` of a manifest.
//!
//! Maps are merged by key, scalars and lists are replaced. Where there are several ways to say one thing,
//! saying it in one way takes the others back.

use serde_json::{Map, Value};

/// Ways to say one thing, by where they stand; `*` is any name.
const WAYS: &[(&[&str], &[&[&str]])] = &[
    (&["image"], &[&["build"], &["location"]]),
    (&["sidecars", "*", "image"], &[&["build"], &["location"]]),
    (
        &["count"],
        &[
            &["spot"],
            &[
                "range",
                "cooldown",
                "cpu_percentage",
                "memory_percentage",
                "requests",
                "response_time",
                "queue_delay",
            ],
        ],
    ),
    (
        &["storage", "volumes", "*", "efs"],
        &[&["uid", "gid"], &["id", "root_dir", "auth"]],
    ),
    (&["secrets", "*"], &[&["secretsmanager"], &["from_cfn"]]),
    (
        &["sidecars", "*", "secrets", "*"],
        &[&["secretsmanager"], &["from_cfn"]],
    ),
    (
        &["logging", "secrets", "*"],
        &[&["secretsmanager"], &["from_cfn"]],
    ),
    (
        &["logging", "secretOptions", "*"],
        &[&["secretsmanager"], &["from_cfn"]],
    ),
];

/// The manifest as it is in `environment`, without `environments`.
pub(super) fn apply(manifest: &Value, environment: &str) -> Value {
    let mut merged = manifest.clone();
    let over = match merged.as_object_mut() {
        Some(map) => map.shift_remove("environments"),
        None => None,
    };
    if let Some(over) = over.as_ref().and_then(|all| all.get(environment)) {
        merge(&mut merged, over, &mut Vec::new());
    }
    merged
}

fn merge(base: &mut Value, over: &Value, path: &mut Vec<String>) {
    match (base, over) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(over)) => {
            take_back(base, over, path);
            for (name, value) in over {
                match base.get_mut(name) {
                    Some(there) => {
                        path.push(name.clone());
                        merge(there, value, path);
                        path.pop();
                    }
                    None => {
                        base.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        // An empty map says nothing.
        (base, Value::Object(over)) if over.is_empty() && !base.is_null() => {}
        (base, over) => *base = over.clone(),
    }
}

/// Removes the ways that `over` does not take, where it takes one.
fn take_back(base: &mut Map<String, Value>, over: &Map<String, Value>, path: &[String]) {
    let stands = |pattern: &[&str]| {
        pattern.len() == path.len()
            && pattern
                .iter()
                .zip(path)
                .all(|(word, name)| *word == "*" || *word == name)
    };
    for (_, ways) in WAYS.iter().filter(|(pattern, _)| stands(pattern)) {
        let says = |way: &&[&str]| -> bool {
            way.iter()
                .any(|name| over.get(*name).is_some_and(|value| !value.is_null()))
        };
        if let Some(taken) = ways.iter().position(says) {
            for (index, way) in ways.iter().enumerate() {
                if index != taken {
                    base.retain(|name, _| !way.contains(&name.as_str()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn environments_lie_on_top_of_what_holds_everywhere() {
        for (about, base, over, want) in [
            (
                "scalars are replaced",
                json!({"cpu": 256}),
                json!({"cpu": 512}),
                json!({"cpu": 512}),
            ),
            (
                "maps are merged",
                json!({"variables": {"a": "1", "b": "2"}}),
                json!({"variables": {"b": "3", "c": "4"}}),
                json!({"variables": {"a": "1", "b": "3", "c": "4"}}),
            ),
            (
                "lists are replaced whole",
                json!({"command": ["a", "b"]}),
                json!({"command": ["c"]}),
                json!({"command": ["c"]}),
            ),
            (
                "an empty list too",
                json!({"a": [1]}),
                json!({"a": []}),
                json!({"a": []}),
            ),
            (
                "sidecars are merged deeply",
                json!({"sidecars": {"nginx": {"port": 80, "image": "a"}}}),
                json!({"sidecars": {"nginx": {"image": "b"}, "x": {"image": "c"}}}),
                json!({"sidecars": {"nginx": {"port": 80, "image": "b"}, "x": {"image": "c"}}}),
            ),
            (
                "volumes are merged deeply",
                json!({"storage": {"volumes": {"v": {"path": "/a", "read_only": true}}}}),
                json!({"storage": {"volumes": {"v": {"read_only": false}}}}),
                json!({"storage": {"volumes": {"v": {"path": "/a", "read_only": false}}}}),
            ),
            (
                "a location takes a build back",
                json!({"image": {"build": "./Dockerfile", "port": 80}}),
                json!({"image": {"location": "x"}}),
                json!({"image": {"port": 80, "location": "x"}}),
            ),
            (
                "a build takes a location back",
                json!({"image": {"location": "x"}}),
                json!({"image": {"build": {"dockerfile": "d"}}}),
                json!({"image": {"build": {"dockerfile": "d"}}}),
            ),
            (
                "a map takes a number back",
                json!({"count": 1}),
                json!({"count": {"spot": 2}}),
                json!({"count": {"spot": 2}}),
            ),
            (
                "a number takes a map back",
                json!({"count": {"spot": 2}}),
                json!({"count": 0}),
                json!({"count": 0}),
            ),
            (
                "autoscaling takes spot back",
                json!({"count": {"spot": 2}}),
                json!({"count": {"range": "1-3"}}),
                json!({"count": {"range": "1-3"}}),
            ),
            (
                "spot takes autoscaling back",
                json!({"count": {"range": "1-3", "cpu_percentage": 70, "cooldown": {"in": "1m"}}}),
                json!({"count": {"spot": 2}}),
                json!({"count": {"spot": 2}}),
            ),
            (
                "a range's map takes its text back",
                json!({"count": {"range": "1-3", "cpu_percentage": 70}}),
                json!({"count": {"range": {"min": 2, "max": 4}}}),
                json!({"count": {"range": {"min": 2, "max": 4}, "cpu_percentage": 70}}),
            ),
            (
                "a value takes its map back",
                json!({"count": {"cpu_percentage": {"value": 70, "cooldown": {"in": "1m"}}}}),
                json!({"count": {"cpu_percentage": 80}}),
                json!({"count": {"cpu_percentage": 80}}),
            ),
            (
                "a named file system takes a managed one back",
                json!({"storage": {"volumes": {"v": {"efs": {"uid": 1, "gid": 2}}}}}),
                json!({"storage": {"volumes": {"v": {"efs": {"id": "fs-1"}}}}}),
                json!({"storage": {"volumes": {"v": {"efs": {"id": "fs-1"}}}}}),
            ),
            (
                "a managed one takes a named one back",
                json!({"storage": {"volumes": {"v": {"efs": {"id": "fs-1", "root_dir": "/x", "auth": {"iam": true}}}}}}),
                json!({"storage": {"volumes": {"v": {"efs": {"uid": 1, "gid": 2}}}}}),
                json!({"storage": {"volumes": {"v": {"efs": {"uid": 1, "gid": 2}}}}}),
            ),
            (
                "true takes a file system back",
                json!({"storage": {"volumes": {"v": {"efs": {"id": "fs-1"}}}}}),
                json!({"storage": {"volumes": {"v": {"efs": true}}}}),
                json!({"storage": {"volumes": {"v": {"efs": true}}}}),
            ),
            (
                "a secret of Secrets Manager takes an export back",
                json!({"secrets": {"A": {"from_cfn": "x"}, "B": "b"}}),
                json!({"secrets": {"A": {"secretsmanager": "y"}, "B": {"from_cfn": "z"}}}),
                json!({"secrets": {"A": {"secretsmanager": "y"}, "B": {"from_cfn": "z"}}}),
            ),
            (
                "placement, groups, connect and http change form",
                json!({"network": {"connect": {"alias": "a"}, "vpc": {"placement": "private", "security_groups": ["sg-1"]}}, "http": {"path": "/"}}),
                json!({"network": {"connect": false, "vpc": {"placement": {"subnets": ["s"]}, "security_groups": {"deny_default": true}}}, "http": false}),
                json!({"network": {"connect": false, "vpc": {"placement": {"subnets": ["s"]}, "security_groups": {"deny_default": true}}}, "http": false}),
            ),
            (
                "false is said",
                json!({"exec": true}),
                json!({"exec": false}),
                json!({"exec": false}),
            ),
            (
                "null is not",
                json!({"cpu": 256, "http": {"path": "/"}}),
                json!({"cpu": null, "http": null}),
                json!({"cpu": 256, "http": {"path": "/"}}),
            ),
            (
                "nothing changes nothing",
                json!({"cpu": 256}),
                json!(null),
                json!({"cpu": 256}),
            ),
            (
                "an empty map changes no number",
                json!({"count": 2}),
                json!({"count": {}}),
                json!({"count": 2}),
            ),
        ] {
            let mut manifest = base;
            manifest["environments"] = json!({"prod": over, "test": {"cpu": 1}});
            assert_eq!(apply(&manifest, "prod"), want, "{about}");
        }
        let manifest = json!({"cpu": 1, "environments": {"test": {"cpu": 2}}});
        assert_eq!(apply(&manifest, "prod"), json!({"cpu": 1}));
    }
}
