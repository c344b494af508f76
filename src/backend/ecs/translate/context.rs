//! What all rules look at: the configuration, the other objects, where findings go.

use serde_json::Value;

use super::super::Config;
use super::super::report::Report;
use super::object::{Field, Object};

/// A release on its way to ECS.
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    pub(super) release: &'a str,
    pub(super) report: &'a Report,
    pub(super) objects: Vec<Object<'a>>,
}

impl<'a> Context<'a> {
    /// The object of a core kind or of one of the groups that have the same.
    pub(super) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object<'a>> {
        self.objects
            .iter()
            .find(|it| it.kind == kind && it.name == name && it.namespace == namespace)
    }

    /// An object of a kind that has no namespace.
    pub(super) fn find_wide(&self, kind: &str, name: &str) -> Option<&Object<'a>> {
        self.objects
            .iter()
            .find(|it| it.kind == kind && it.name == name)
    }

    /// All objects of a kind.
    pub(super) fn of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Object<'a>> {
        self.objects
            .iter()
            .filter(move |object| object.kind == kind)
    }

    /// Adds a finding.
    pub(super) fn tell(
        &self,
        object: &Object<'_>,
        code: u16,
        path: &str,
        message: impl Into<String>,
    ) {
        self.report.add(code, &object.label, path, message);
    }

    /// The region, for ARNs.
    pub(super) fn region(&self) -> &'a str {
        self.config.region.as_deref().unwrap_or("us-east-1")
    }

    /// The account, for ARNs.
    pub(super) fn account(&self) -> &'a str {
        self.config.account.as_deref().unwrap_or_default()
    }
}

/// Whether labels are as a `LabelSelector` or a plain mapping wants them; an empty one selects nothing
/// here.
pub(super) fn selects(selector: Option<Field<'_>>, labels: &Value) -> bool {
    let Some(selector) = selector else {
        return false;
    };
    let is_label_selector =
        selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let wanted = match is_label_selector {
        true => selector.get("matchLabels"),
        false => Some(selector.clone()),
    };
    let entries = wanted.map(|it| it.entries()).unwrap_or_default();
    let expressions = match is_label_selector {
        true => selector.list("matchExpressions"),
        false => Vec::new(),
    };
    if entries.is_empty() && expressions.is_empty() {
        return false;
    }
    let agrees = entries.iter().all(|(name, field)| {
        labels[*name]
            .as_str()
            .is_some_and(|it| it == field.scalar())
    });
    agrees
        && expressions.iter().all(|expression| {
            let value = labels[expression.text("key").unwrap_or_default()].as_str();
            let values: Vec<&str> = expression
                .list("values")
                .iter()
                .filter_map(|it| it.value.as_str())
                .collect();
            match expression.text("operator").unwrap_or_default() {
                "In" => value.is_some_and(|value| values.contains(&value)),
                "NotIn" => value.is_none_or(|value| !values.contains(&value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
