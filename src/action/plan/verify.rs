//! Whether what was shown is still what would happen.

use serde_json::Value;

use super::digest::leaves;
use super::file::{Plan, Seen, Sight, Wanted};
use super::{MANAGER, settled};
use crate::action::diff::Forecast;
use crate::backend::Change;
use crate::backend::diff::{Path, Step, find_manager};
use crate::diag::{Error, Kind};

/// How things stand now.
pub(super) struct Now<'a> {
    pub(super) seen: Seen,
    pub(super) wanted: Wanted,
    pub(super) forecast: &'a Forecast,
}

/// How many fields of one object are named.
const FIELDS: usize = 8;

/// How much of a value is shown.
const LETTERS: usize = 60;

/// The refusal of a plan.
pub(super) fn refuse(plan: &Plan, reasons: &[String]) -> Error {
    let mut message = format!(
        "the plan of {} does not hold any more, and nothing was changed:",
        plan.made
    );
    for reason in reasons {
        message.push_str("\n  - ");
        message.push_str(reason);
    }
    Error::new(Kind::Conflict, message)
        .with_hint("Look at what has moved, then make a new plan with `pintle plan`.")
}

/// All that is not as it was when the plan was made, in sentences.
pub(super) fn differences(plan: &Plan, now: &Now<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    release(plan, now, &mut reasons);
    let has_moved = chart(plan, now, &mut reasons);
    let before = reasons.len();
    wanted(plan, now, &mut reasons);
    if reasons.len() > before && !has_moved {
        reasons.push(
            "the chart and its values are the same: its templates make something new in each run (random values, the time, look-ups)"
                .to_owned(),
        );
    }
    seen(plan, now, &mut reasons);
    reasons
}

fn release(plan: &Plan, now: &Now<'_>, reasons: &mut Vec<String>) {
    let text = |seen: &Seen| match seen.revision {
        0 => "there was no release".to_owned(),
        revision => format!("it was at revision {revision} ({})", seen.status),
    };
    let (then, is) = (&plan.seen, &now.seen);
    if then.revision != is.revision || then.status != is.status {
        let is = text(is)
            .replace("there was", "there is")
            .replace("it was", "it is");
        let name = &plan.release;
        reasons.push(format!("release {name:?}: {}, and {is} now", text(then)));
    }
}

/// Whether what objects are made of has moved.
fn chart(plan: &Plan, now: &Now<'_>, reasons: &mut Vec<String>) -> bool {
    let (then, is) = (&plan.wanted, &now.wanted);
    let before = reasons.len();
    if then.chart != is.chart {
        reasons.push(format!(
            "the chart was {}, and is {} now",
            then.chart, is.chart
        ));
    } else if then.chart_digest != is.chart_digest {
        reasons.push(format!("the files of chart {} have changed", is.chart));
    }
    if then.values_digest != is.values_digest {
        reasons.push("the values have changed".to_owned());
    }
    let has_moved = reasons.len() > before;
    if then.notes_digest != is.notes_digest && !has_moved {
        reasons.push("the notes have changed".to_owned());
    }
    has_moved
}

fn wanted(plan: &Plan, now: &Now<'_>, reasons: &mut Vec<String>) {
    for (then, is, what) in [
        (&plan.wanted.objects, &now.wanted.objects, ""),
        (&plan.wanted.hooks, &now.wanted.hooks, "hook "),
    ] {
        for sight in is {
            let title = format!("{what}{}", sight.title());
            let Some(known) = then.iter().find(|known| known.is_of(sight)) else {
                reasons.push(format!("{title} was no part of the plan"));
                continue;
            };
            if known.digest != sight.digest {
                let change = now.change(sight).filter(|_| what.is_empty());
                let body = change.map(|change| &change.object.body);
                let fields = fields(known, sight, |path| shown(body?, path));
                reasons.push(format!("{title} would be made otherwise{fields}"));
            } else if known.action != sight.action && !now.has_other_cause(plan, sight) {
                let (then, is) = (&known.action, &sight.action);
                reasons.push(format!(
                    "{title}: {then} was shown, and {is} would happen now"
                ));
            }
        }
        for known in then {
            if !is.iter().any(|sight| sight.is_of(known)) {
                reasons.push(format!("{what}{} is no part of it any more", known.title()));
            }
        }
    }
}

fn seen(plan: &Plan, now: &Now<'_>, reasons: &mut Vec<String>) {
    for sight in &now.seen.objects {
        let Some(known) = plan.seen.objects.iter().find(|known| known.is_of(sight)) else {
            continue;
        };
        let title = sight.title();
        match (known.uid.as_str(), sight.uid.as_str()) {
            (then, is) if then == is => {}
            ("", _) => {
                reasons.push(format!("{title} was not there, and is now"));
                continue;
            }
            (_, "") => {
                reasons.push(format!("{title} is gone"));
                continue;
            }
            _ => {
                reasons.push(format!("{title} was deleted and made anew"));
                continue;
            }
        }
        if known.digest != sight.digest {
            let live = now.change(sight).and_then(|change| change.live.as_ref());
            let value = live.map(settled);
            let fields = fields(known, sight, |path| {
                let mut text = shown(value.as_ref()?, path)?;
                let steps = parse(value.as_ref()?, path)?;
                if let Some(manager) = find_manager(live?, &steps, MANAGER) {
                    text.push_str(&format!(", set by {} at {}", manager.name, manager.time));
                }
                Some(text)
            });
            reasons.push(format!("{title} was changed on the cluster{fields}"));
        }
    }
}

impl Now<'_> {
    fn change(&self, sight: &Sight) -> Option<&Change> {
        let mut changes = self.forecast.changes.iter();
        changes.find(|change| Sight::of(&change.object.key).is_of(sight))
    }

    /// Whether the live object is told to have moved.
    fn has_other_cause(&self, plan: &Plan, sight: &Sight) -> bool {
        let find = |list: &[Sight]| {
            let found = list.iter().find(|it| it.is_of(sight));
            found.map(|it| (it.uid.clone(), it.digest.clone()))
        };
        find(&plan.seen.objects) != find(&self.seen.objects)
    }
}

/// The fields that differ, with what `value` says of them.
fn fields(then: &Sight, is: &Sight, value: impl Fn(&str) -> Option<String>) -> String {
    let new = is
        .fields
        .iter()
        .filter(|(path, digest)| then.fields.get(*path) != Some(digest));
    let gone = then
        .fields
        .keys()
        .filter(|path| !is.fields.contains_key(*path));
    let new = new.map(|(path, _)| match value(path) {
        Some(text) => format!("{path} is {text}"),
        None => format!("{path} differs"),
    });
    let gone = gone.map(|path| format!("{path} is gone"));
    let mut all: Vec<String> = new.chain(gone).collect();
    if all.is_empty() {
        return String::new();
    }
    let count = all.len();
    all.truncate(FIELDS);
    if count > FIELDS {
        all.push(format!("{} more", count - FIELDS));
    }
    format!(": {}", all.join("; "))
}

fn shown(value: &Value, path: &str) -> Option<String> {
    let text = leaves(value).get(path)?.to_string();
    let mut short: String = text.chars().take(LETTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(short)
}

/// The steps of a path to a leaf of a value.
fn parse(value: &Value, wanted: &str) -> Option<Path> {
    fn find(value: &Value, path: &Path, wanted: &str) -> Option<Path> {
        if path.to_string() == wanted {
            return Some(path.clone());
        }
        match value {
            Value::Object(members) => members.iter().find_map(|(name, inner)| {
                let path = path.field(name);
                let is_on_way = wanted.starts_with(&path.to_string());
                is_on_way.then(|| find(inner, &path, wanted)).flatten()
            }),
            Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
                let step = match item["name"].as_str() {
                    Some(name) => Step::Item {
                        key: "name".to_owned(),
                        value: name.to_owned(),
                    },
                    None => Step::Index(index),
                };
                find(item, &path.then(step), wanted)
            }),
            _ => None,
        }
    }
    find(value, &Path::default(), wanted)
}
