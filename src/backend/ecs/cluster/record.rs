//! What a record holds of ECS: the plan that was brought there, and what came of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::object;
use crate::backend::ecs::desired::Resource;
use crate::backend::{from_frozen, to_frozen};
use crate::release::Release;
use crate::value::Frozen;

/// A kind and a name.
pub(super) type Id = (String, String);

/// The kind and the name of a resource.
pub(super) fn id(resource: &Resource) -> Id {
    (resource.kind.clone(), resource.name.clone())
}

/// What came of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What tells it from all others; empty where it did not come to be.
    pub(super) id: String,
    /// The digest of what it was made of.
    pub(super) digest: String,
    /// `created`, `changed`, `unchanged`, `failed`, `deleted`
    pub(super) word: String,
}

/// All outcomes, by kind and name.
pub(super) type Outcomes = BTreeMap<Id, Outcome>;

/// The part of a record that is ECS'.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) plan: Vec<Resource>,
    /// Which of the plan are to stay when they are not wanted any more.
    pub(super) stays: Vec<Id>,
    pub(super) outcomes: Outcomes,
}

impl Part {
    /// The part of a record, where it has one.
    pub(super) fn of(release: &Release) -> Option<Part> {
        let value = from_frozen(&release.ecs);
        let plan = value["plan"].as_array()?;
        let pair = |value: &Value| {
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            (text("kind"), text("name"))
        };
        let kept = plan.iter().filter(|it| it["keep"] == true);
        let outcomes = value["resources"].as_array().into_iter().flatten();
        let outcome = |value: &Value| {
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            let outcome = Outcome {
                id: text("arn"),
                digest: text("specHash"),
                word: text("outcome"),
            };
            (pair(value), outcome)
        };
        Some(Part {
            plan: plan.iter().map(object::read).collect(),
            stays: kept.map(pair).collect(),
            outcomes: outcomes.map(outcome).collect(),
        })
    }

    /// The same as a record holds it.
    pub(super) fn to_frozen(&self) -> Frozen {
        let plan = self.plan.iter().map(|resource| {
            let mut value = object::resource_json(resource);
            if self.stays.contains(&id(resource)) {
                value["keep"] = json!(true);
            }
            value
        });
        let outcomes = self.outcomes.iter().map(|((kind, name), outcome)| {
            json!({
                "kind": kind, "name": name, "arn": outcome.id, "specHash": outcome.digest,
                "outcome": outcome.word,
            })
        });
        to_frozen(&json!({
            "plan": plan.collect::<Vec<_>>(), "resources": outcomes.collect::<Vec<_>>(),
        }))
    }
}
