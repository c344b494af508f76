//! The order in which objects are written (`SortOrderTransformer`, 0.20.1).

use super::id::{Gvk, Id};
use super::part::Part;
use super::resource::Resource;
use crate::diag::Error;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// An order.
pub(super) enum Order {
    /// As they were gathered.
    Fifo,
    /// By kind, some kinds first and some last.
    Legacy {
        first: Vec<String>,
        last: Vec<String>,
    },
}

impl Order {
    /// Reads `sortOptions`; without them the order is by kind.
    ///
    /// # Errors
    /// Orders that there are not.
    pub(super) fn read(root: &Part<'_>) -> Result<Order, Error> {
        let owned = |kinds: &[&str]| kinds.iter().map(|&kind| kind.to_owned()).collect();
        let legacy = || Order::Legacy {
            first: owned(&FIRST),
            last: owned(&LAST),
        };
        let Some(part) = root.get("sortOptions") else {
            return Ok(legacy());
        };
        part.check(&["order", "legacySortOptions"])?;
        let options = part.get("legacySortOptions");
        match (part.text("order")?.as_str(), options) {
            ("legacy", None) => Ok(legacy()),
            ("legacy", Some(options)) => {
                options.check(&["orderFirst", "orderLast"])?;
                Ok(Order::Legacy {
                    first: options.texts("orderFirst")?,
                    last: options.texts("orderLast")?,
                })
            }
            ("fifo", None) => Ok(Order::Fifo),
            ("fifo", Some(options)) => Err(options.fail(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
            )),
            _ => Err(part.fail("the field 'sortOptions.order' must be one of [fifo, legacy]")),
        }
    }

    pub(super) fn sort(&self, resources: &mut [Resource]) {
        let Order::Legacy { first, last } = self else {
            return;
        };
        let rank = |kind: &str| {
            let place = |list: &[String]| list.iter().position(|it| it == kind);
            match (place(last), place(first)) {
                (Some(at), _) => 1 + at as i64,
                (None, Some(at)) => at as i64 - first.len() as i64,
                (None, None) => 0,
            }
        };
        resources.sort_by_cached_key(|resource| {
            let id = resource.id();
            (rank(&id.gvk.kind), gvk_key(&id.gvk), key(&id))
        });
    }
}

fn or<'t>(text: &'t str, none: &'t str) -> &'t str {
    match text {
        "" => none,
        text => text,
    }
}

fn gvk_key(gvk: &Gvk) -> String {
    let (group, version) = (or(&gvk.group, "~G"), or(&gvk.version, "~V"));
    format!("{group}_{version}_{}", or(&gvk.kind, "~K"))
}

fn key(id: &Id) -> String {
    let (namespace, name) = (or(&id.namespace, "~X"), or(&id.name, "~N"));
    format!("{}|{namespace}|{name}", id.gvk)
}
