//! What differs between a release as it is and as it would be.

use serde_json::{Map, Value, json};

use crate::backend::diff::{
    self, Cause, Field, Secrets, States, fields, is_secret, name_managers, stripped,
};
use crate::backend::{Change, Fate, Key, Missing};
use crate::kubernetes::merge::Cursor;

/// Under which name fields are managed that releases set.
pub(super) const MANAGER: &str = "helm";

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A release that does not exist, and the chart that would be installed.
    Install {
        /// Name and version of the chart.
        chart: String,
    },
    /// The revision that runs, what is there, and what would be.
    Upgrade {
        /// The revision that runs.
        revision: i64,
        /// Its chart.
        from: String,
        /// The chart that would be.
        to: String,
    },
    /// Two revisions, as they are recorded.
    Revisions {
        /// The first one.
        from: i64,
        /// The other one.
        to: i64,
    },
    /// The revision that runs, and what became of it.
    Drift {
        /// The revision.
        revision: i64,
    },
}

/// All differences of a release.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// What is compared.
    pub subject: Subject,
    /// Its objects, also those that stay as they are.
    pub objects: Vec<Difference>,
    /// Its hooks.
    pub hooks: Vec<Difference>,
    /// How many objects differ that are not to be shown.
    pub suppressed: usize,
}

/// How one object differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which one.
    pub key: Key,
    /// What becomes of it.
    pub fate: Fate,
    /// Its fields that differ; the object itself where it comes or goes.
    pub fields: Vec<Field>,
    /// What is not there yet.
    pub missing: Option<Missing>,
    /// Why the other side would refuse it.
    pub refusal: Option<String>,
    /// Whether its fields are not to be shown.
    pub is_hidden: bool,
}

/// How a report is made.
#[derive(Clone, Debug)]
pub struct Look {
    /// What becomes of the data of Secrets.
    pub secrets: Secrets,
    /// Kinds that are left out.
    pub suppress: Vec<String>,
    /// Whether Secrets are named alone.
    pub suppress_secrets: bool,
    /// Leave hooks out.
    pub no_hooks: bool,
}

impl Report {
    /// Whether anything differs, shown or not.
    pub fn has_changes(&self) -> bool {
        self.suppressed > 0
            || self
                .objects
                .iter()
                .chain(&self.hooks)
                .any(Difference::is_change)
    }

    /// Whether the other side would refuse something.
    pub fn has_refusals(&self) -> bool {
        self.objects.iter().any(|it| it.refusal.is_some())
    }

    /// How many objects come, change, are replaced, go, and stay.
    pub fn counts(&self) -> [(Fate, usize); 5] {
        let count = |fates: &[Fate]| {
            let fitting = self.objects.iter().filter(|it| fates.contains(&it.fate));
            fitting.count()
        };
        [
            (Fate::Create, count(&[Fate::Create])),
            (Fate::Change, count(&[Fate::Change])),
            (Fate::Replace, count(&[Fate::Replace])),
            (Fate::Delete, count(&[Fate::Delete])),
            (Fate::Nothing, count(&[Fate::Nothing, Fate::Keep])),
        ]
    }

    /// Takes what a look does not want out.
    pub(super) fn suppress(&mut self, look: &Look) {
        let is_out = |it: &Difference| {
            look.suppress
                .iter()
                .any(|kind| kind.eq_ignore_ascii_case(&it.key.kind))
        };
        let all = self.objects.iter().chain(&self.hooks);
        self.suppressed = all.filter(|it| is_out(it) && it.is_change()).count();
        self.objects.retain(|it| !is_out(it));
        self.hooks.retain(|it| !is_out(it));
    }
}

impl Difference {
    /// Whether anything happens to it.
    pub fn is_change(&self) -> bool {
        self.fate.is_change()
    }
}

impl Look {
    /// A copy without noise and without what nobody may see.
    fn prepared(&self, value: &Value) -> Value {
        let mut value = stripped(value);
        self.secrets.treat(&mut value);
        value
    }

    fn hides(&self, value: &Value) -> bool {
        self.suppress_secrets && is_secret(value)
    }

    /// What a change does; `last` is the object in the revision that runs.
    pub(super) fn of_change(&self, change: &Change, last: Option<&Value>) -> Difference {
        let object = &change.object;
        let prepare = |value: &Value| self.prepared(value);
        let wanted = prepare(&object.body);
        let last = last.map(prepare);
        let live = change.live.as_ref().map(prepare);
        let after = change.after.as_ref().map(prepare);
        let mut fate = change.fate;
        let states = match fate {
            Fate::Keep | Fate::Nothing => States::default(),
            Fate::Create => States {
                wanted: Some(&wanted),
                after: Some(&wanted),
                ..States::default()
            },
            Fate::Delete => States {
                last: last.as_ref(),
                live: live.as_ref(),
                ..States::default()
            },
            Fate::Change | Fate::Replace => States {
                last: last.as_ref(),
                live: live.as_ref(),
                wanted: Some(&wanted),
                after: after.as_ref(),
            },
        };
        // Nothing is known of what becomes of an object that is refused but what is wanted.
        let guess;
        let states = match (states.live, states.after, fate) {
            (Some(live), None, Fate::Change | Fate::Replace) => {
                guess = diff::shaped(live, &wanted);
                States {
                    live: Some(&guess),
                    after: Some(&wanted),
                    ..states
                }
            }
            _ => states,
        };
        let mut found = fields(states, cursor(&object.key));
        if let Some(live) = &change.live {
            name_managers(&mut found, live, MANAGER);
        }
        let refusal = change.refusal.as_ref().map(ToString::to_string);
        if fate == Fate::Change && found.is_empty() && refusal.is_none() {
            fate = Fate::Nothing;
        }
        Difference {
            key: object.key.clone(),
            fate,
            fields: found,
            missing: change.missing,
            refusal,
            is_hidden: self.hides(&object.body),
        }
    }

    /// What became of an object: `change` is what would bring it back.
    pub(super) fn of_drift(&self, change: &Change) -> Difference {
        let object = &change.object;
        let wanted = self.prepared(&object.body);
        let mut difference = Difference {
            key: object.key.clone(),
            fate: Fate::Nothing,
            fields: Vec::new(),
            missing: change.missing,
            refusal: None,
            is_hidden: self.hides(&object.body),
        };
        let Some(live) = &change.live else {
            difference.fate = Fate::Delete;
            difference.fields = fields(
                States {
                    live: Some(&wanted),
                    ..States::default()
                },
                cursor(&object.key),
            );
            return difference;
        };
        let is = self.prepared(live);
        let restored = match &change.after {
            Some(after) => self.prepared(after),
            None => wanted.clone(),
        };
        let states = States {
            last: Some(&wanted),
            live: Some(&restored),
            wanted: Some(&is),
            after: Some(&is),
        };
        let mut found = fields(states, cursor(&object.key));
        found.extend(diff::additions(live, &is, &wanted, MANAGER));
        for field in &mut found {
            field.cause = Cause::Drift;
            field.last = field.before.clone();
        }
        name_managers(&mut found, live, MANAGER);
        if !found.is_empty() {
            difference.fate = Fate::Change;
            difference.fields = found;
        }
        difference
    }

    /// How two texts of one object differ.
    pub(super) fn of_texts(
        &self,
        key: &Key,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Difference {
        let prepare = |value: &Value| self.prepared(value);
        let (before, after) = (before.map(prepare), after.map(prepare));
        let states = States {
            last: before.as_ref(),
            live: before.as_ref(),
            wanted: after.as_ref(),
            after: after.as_ref(),
        };
        let found = fields(states, cursor(key));
        let shown = after.as_ref().or(before.as_ref());
        Difference {
            key: key.clone(),
            fate: match (&before, &after) {
                (None, Some(_)) => Fate::Create,
                (Some(_), None) => Fate::Delete,
                _ if found.is_empty() => Fate::Nothing,
                _ => Fate::Change,
            },
            fields: found,
            missing: None,
            refusal: None,
            is_hidden: shown.is_some_and(|value| self.hides(value)),
        }
    }
}

fn cursor(key: &Key) -> Cursor {
    Cursor::top(&key.api_version(), &key.kind)
}

impl Report {
    /// The whole report as JSON, for scripts.
    pub fn to_json(&self) -> Value {
        let mut report = Map::new();
        report.insert("apiVersion".to_owned(), "pintle.dev/v1".into());
        report.insert("kind".to_owned(), "Diff".into());
        report.insert("release".to_owned(), self.release.as_str().into());
        report.insert("namespace".to_owned(), self.namespace.as_str().into());
        let subject = match &self.subject {
            Subject::Install { chart } => json!({"install": {"chart": chart}}),
            Subject::Upgrade { revision, from, to } => {
                json!({"upgrade": {"revision": revision, "from": from, "to": to}})
            }
            Subject::Revisions { from, to } => json!({"revisions": {"from": from, "to": to}}),
            Subject::Drift { revision } => json!({"drift": {"revision": revision}}),
        };
        report.insert("subject".to_owned(), subject);
        let counts = self.counts().map(|(fate, count)| {
            let name = match fate {
                Fate::Nothing => "unchanged",
                other => other.as_str(),
            };
            (name.to_owned(), Value::from(count))
        });
        let mut summary: Map<String, Value> = counts.into_iter().collect();
        summary.insert("suppressed".to_owned(), self.suppressed.into());
        report.insert("summary".to_owned(), Value::Object(summary));
        let list = |differences: &[Difference]| differences.iter().map(object).collect::<Value>();
        report.insert("objects".to_owned(), list(&self.objects));
        report.insert("hooks".to_owned(), list(&self.hooks));
        Value::Object(report)
    }
}

fn object(difference: &Difference) -> Value {
    let Key {
        kind,
        namespace,
        name,
        ..
    } = &difference.key;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("apiVersion", difference.key.api_version().into());
    put("kind", kind.as_str().into());
    if !namespace.is_empty() {
        put("namespace", namespace.as_str().into());
    }
    put("name", name.as_str().into());
    put("action", difference.fate.as_str().into());
    match difference.missing {
        Some(Missing::Kind) => drop(put("missing", "kind".into())),
        Some(Missing::Namespace) => drop(put("missing", "namespace".into())),
        Some(Missing::DryRun) => drop(put("missing", "dryRun".into())),
        None => {}
    }
    if let Some(refusal) = &difference.refusal {
        put("refusal", refusal.as_str().into());
    }
    if difference.is_hidden {
        put("hidden", true.into());
    } else {
        put("fields", difference.fields.iter().map(field).collect());
    }
    Value::Object(object)
}

fn field(field: &Field) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("path", field.path.to_string().into());
    for (name, value) in [
        ("last", &field.last),
        ("before", &field.before),
        ("after", &field.after),
    ] {
        if let Some(value) = value {
            put(name, value.clone());
        }
    }
    put("cause", field.cause.as_str().into());
    if let Some(manager) = &field.manager {
        put(
            "manager",
            json!({"name": manager.name, "time": manager.time}),
        );
    }
    Value::Object(object)
}
