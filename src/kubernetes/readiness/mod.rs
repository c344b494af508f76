//! Whether objects are what they were asked to be.

pub mod kstatus;
pub mod legacy;

use serde_json::Value;

/// The conditions of an object: type, status, reason, message.
fn conditions(object: &Value) -> impl Iterator<Item = Condition<'_>> {
    object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|condition| {
            let text = |member: &str| condition[member].as_str().unwrap_or_default();
            Condition {
                name: text("type"),
                status: text("status"),
                reason: text("reason"),
                message: text("message"),
            }
        })
}

#[derive(Clone, Copy)]
struct Condition<'a> {
    name: &'a str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
}

/// A whole number at a path of members.
pub(super) fn number(object: &Value, path: &[&str], default: i64) -> i64 {
    let found = path
        .iter()
        .try_fold(object, |value, member| value.get(member));
    found.and_then(Value::as_i64).unwrap_or(default)
}
