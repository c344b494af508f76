//! Warnings: events that tell of the same are one.

use serde_json::Value;

use super::time::Seconds;
use super::{Scene, Warning, text};

/// How many warnings are told of one object.
const MOST: usize = 6;

/// What is warned of objects, the newest first.
pub(super) fn warnings(uids: &[&str], scene: &Scene) -> Vec<Warning> {
    let mut found: Vec<Warning> = Vec::new();
    for event in about(uids, scene) {
        let one = read(event);
        let same = found.iter_mut().find(|it| {
            it.object == one.object && it.reason == one.reason && it.message == one.message
        });
        match same {
            Some(known) => {
                known.count += one.count;
                known.last = known.last.max(one.last);
            }
            None => found.push(one),
        }
    }
    found.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.object.cmp(&b.object)));
    found.truncate(MOST);
    found
}

/// The newest warning about an object whose reason is one of `reasons`.
pub(super) fn newest(uid: &str, reasons: &[&str], scene: &Scene) -> Option<Warning> {
    about(&[uid], scene)
        .map(read)
        .filter(|it| reasons.contains(&it.reason.as_str()))
        .max_by_key(|it| it.last)
}

/// Whether a warning about an object says something.
pub(super) fn says(uid: &str, reason: &str, is_it: impl Fn(&str) -> bool, scene: &Scene) -> bool {
    about(&[uid], scene).any(|event| event["reason"] == reason && is_it(text(event, "message")))
}

fn about<'a>(uids: &'a [&str], scene: &'a Scene) -> impl Iterator<Item = &'a Value> {
    scene.events.iter().filter(|event| {
        let uid = text(subject(event), "uid");
        event["type"] == "Warning" && !uid.is_empty() && uids.contains(&uid)
    })
}

/// What an event is about, in the core's form and in that of `events.k8s.io`.
fn subject(event: &Value) -> &Value {
    match &event["involvedObject"] {
        Value::Null => &event["regarding"],
        subject => subject,
    }
}

fn read(event: &Value) -> Warning {
    let about = subject(event);
    let series = &event["series"];
    let count = [&event["count"], &series["count"], &event["deprecatedCount"]];
    let times = [
        &series["lastObservedTime"],
        &event["lastTimestamp"],
        &event["deprecatedLastTimestamp"],
        &event["eventTime"],
        &event["metadata"]["creationTimestamp"],
    ];
    let said = match text(event, "message") {
        "" => text(event, "note"),
        message => message,
    };
    Warning {
        object: format!("{} {}", text(about, "kind"), text(about, "name")),
        reason: text(event, "reason").to_owned(),
        message: said.trim().to_owned(),
        count: count
            .into_iter()
            .filter_map(Value::as_i64)
            .max()
            .unwrap_or(1)
            .max(1),
        last: times.into_iter().find_map(Seconds::of),
    }
}
