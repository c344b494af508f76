//! Tags: what makes a resource a release's, and what users want on it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::account::{list, text};

/// The release that a resource belongs to.
pub(super) const RELEASE: &str = "pintle:release";
/// The namespace of that release.
pub(super) const NAMESPACE: &str = "pintle:namespace";
/// The name that the release has for a resource whose service knows no names.
pub(super) const NAME: &str = "pintle:name";
/// The digest of a task definition's content.
pub(super) const SPEC: &str = "pintle:spec";
/// The digest of the job that was run with a task definition.
pub(super) const JOB: &str = "pintle:job";
/// The digest of a Secret's content.
pub(super) const CONTENT: &str = "pintle:content";

/// Keys and values.
pub(super) type Tags = BTreeMap<String, String>;

/// How a service writes a tag's key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `{"key": ..., "value": ...}`
    Lower,
    /// `{"Key": ..., "Value": ...}`
    Upper,
    /// `{KEY: VALUE}`
    Map,
}

/// Tags as a service wants them.
pub(super) fn write(form: Form, tags: &Tags) -> Value {
    let item = |(key, value): (&String, &String)| match form {
        Form::Upper => json!({"Key": key, "Value": value}),
        _ => json!({"key": key, "value": value}),
    };
    match form {
        Form::Map => {
            let members = tags.iter();
            let members = members.map(|(key, value)| (key.clone(), Value::from(value.as_str())));
            Value::Object(members.collect::<Map<_, _>>())
        }
        _ => tags.iter().map(item).collect(),
    }
}

/// Tags as a service tells them, whatever form it has.
pub(super) fn read(value: &Value) -> Tags {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                let part = |lower: &str, upper: &str| {
                    let found = item[lower].as_str().or(item[upper].as_str());
                    found.unwrap_or_default().to_owned()
                };
                (part("key", "Key"), part("value", "Value"))
            })
            .collect(),
        _ => Tags::new(),
    }
}

/// Takes the tags out of a request.
pub(super) fn take(request: &mut Value) -> Tags {
    let Some(members) = request.as_object_mut() else {
        return Tags::new();
    };
    let mut tags = Tags::new();
    for name in ["tags", "Tags"] {
        if let Some(found) = members.remove(name) {
            tags.extend(read(&found));
        }
    }
    tags
}

/// Whether a tag is one of ours rather than a user's.
pub(super) fn is_own(key: &str) -> bool {
    key.starts_with("pintle:") || key.starts_with("aws:") || key.starts_with("ecs:")
}

/// What has to be set and what has to go, so that tags are as they are wanted; those of others stay.
pub(super) fn differences(
    live: &Tags,
    wanted: &Tags,
    last: &Tags,
    ignored: &[String],
) -> (Tags, Vec<String>) {
    let is_free = |key: &str| !ignored.iter().any(|it| it == key);
    let set = wanted
        .iter()
        .filter(|(key, value)| is_free(key) && live.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let gone = last
        .keys()
        .filter(|key| is_free(key) && !wanted.contains_key(*key) && live.contains_key(*key))
        .cloned()
        .collect();
    (set, gone)
}

/// The tags that resources of Elastic Load Balancing have, by their ARNs.
pub(super) fn of_balancing(said: &Value) -> BTreeMap<String, Tags> {
    list(said, "TagDescriptions")
        .map(|one| (text(one, "ResourceArn").to_owned(), read(&one["Tags"])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn tags_are_read_and_written_in_every_form() {
        let some = tags(&[("a", "1"), ("b", "")]);
        for form in [Form::Lower, Form::Upper, Form::Map] {
            assert_eq!(read(&write(form, &some)), some, "{form:?}");
        }
    }

    #[test]
    fn tags_of_others_stay() {
        let live = tags(&[("a", "1"), ("gone", "x"), ("theirs", "y"), ("env", "old")]);
        let wanted = tags(&[("a", "1"), ("env", "new"), ("cost", "2")]);
        let last = tags(&[("a", "1"), ("gone", "x")]);
        let (set, gone) = differences(&live, &wanted, &last, &["cost".to_owned()]);
        assert_eq!(set, tags(&[("env", "new")]));
        assert_eq!(gone, ["gone"]);
    }
}
