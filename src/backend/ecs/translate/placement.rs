//! Where tasks go: platform, constraints, strategies.

use serde_json::{Map, Value, json};

use super::super::config::LaunchType;
use super::context::selects;
use super::object::Field;
use super::workload::{Work, Workload};

const ARCH: [&str; 2] = ["kubernetes.io/arch", "beta.kubernetes.io/arch"];
const OS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Where tasks may go.
#[derive(Clone, Debug, Default)]
pub(super) struct Placement {
    /// `runtimePlatform`
    pub(super) platform: Option<Value>,
    /// `placementConstraints`
    pub(super) constraints: Vec<Value>,
    /// `placementStrategy`
    pub(super) strategies: Vec<Value>,
}

/// An architecture in the words of ECS.
fn architecture(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "arm64" | "aarch64" => Some("ARM64"),
        "amd64" | "x86_64" | "x86-64" => Some("X86_64"),
        _ => None,
    }
}

/// The attribute that a label of nodes is on instances.
fn attribute(label: &str) -> String {
    let name = match label {
        "node.kubernetes.io/instance-type" | "beta.kubernetes.io/instance-type" => {
            "ecs.instance-type"
        }
        "topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone" => {
            "ecs.availability-zone"
        }
        other => other,
    };
    format!("attribute:{name}")
}

/// Reads all that says where pods go.
pub(super) fn placement(workload: &Workload<'_>) -> Placement {
    let mut placement = Placement::default();
    let mut wanted = Wanted::default();
    selector(workload, &mut placement, &mut wanted);
    affinity(workload, &mut placement, &mut wanted);
    spread(workload, &mut placement);
    wanted.annotated(workload);
    placement.platform = wanted.platform();
    if placement.constraints.len() > 10 {
        workload.tell(
            1013,
            &workload.pod.path,
            "ECS takes at most 10 placement constraints",
        );
    }
    placement
}

/// What tasks have to run on.
#[derive(Default)]
struct Wanted {
    architecture: Option<String>,
    family: Option<String>,
}

impl Wanted {
    fn annotated(&mut self, workload: &Workload<'_>) {
        if let Some(field) = workload.object.own("architecture") {
            match architecture(&field.scalar()) {
                Some(word) => self.architecture = Some(word.to_owned()),
                None => workload.tell(1018, &field.path, "it is arm64 or amd64"),
            }
        }
        if let Some(family) = workload.object.own_text("os-family") {
            self.family = Some(family.to_uppercase());
        }
    }

    fn platform(&self) -> Option<Value> {
        if self.architecture.is_none() && self.family.is_none() {
            return None;
        }
        Some(json!({
            "cpuArchitecture": self.architecture.as_deref().unwrap_or("X86_64"),
            "operatingSystemFamily": self.family.as_deref().unwrap_or("LINUX"),
        }))
    }

    /// Takes a wish for an architecture or a system; whether it was one.
    fn take(&mut self, workload: &Workload<'_>, label: &str, value: &Field<'_>) -> bool {
        if ARCH.contains(&label) {
            match architecture(&value.scalar()) {
                Some(word) => self.architecture = Some(word.to_owned()),
                None => workload.tell(1018, &value.path, "ECS runs on arm64 and amd64"),
            }
            return true;
        }
        if OS.contains(&label) {
            if value.value == "windows" && workload.object.own("os-family").is_none() {
                let message =
                    "say which Windows in ecs.pintle.dev/os-family: WINDOWS_SERVER_2022_CORE";
                workload.tell(1014, &value.path, message);
            }
            return true;
        }
        false
    }
}

/// Whether instances can be chosen.
fn chooses(workload: &Workload<'_>) -> bool {
    !matches!(workload.launch, LaunchType::Fargate)
}

fn member_of(expression: String) -> Value {
    json!({"type": "memberOf", "expression": expression})
}

fn selector(workload: &Workload<'_>, placement: &mut Placement, wanted: &mut Wanted) {
    let selector = workload.pod.get("nodeSelector");
    for (label, value) in selector.map(|it| it.entries()).unwrap_or_default() {
        if wanted.take(workload, label, &value) {
            continue;
        }
        if !chooses(workload) {
            workload.tell(
                2006,
                &value.path,
                "Fargate has no instances to choose; choose subnets for zones",
            );
            continue;
        }
        let expression = format!("{} == {}", attribute(label), value.scalar());
        placement.constraints.push(member_of(expression));
    }
}

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

fn affinity(workload: &Workload<'_>, placement: &mut Placement, wanted: &mut Wanted) {
    let Some(affinity) = workload.pod.get("affinity") else {
        return;
    };
    for kind in ["nodeAffinity", "podAffinity", "podAntiAffinity"] {
        let preferred = affinity.at(&[kind, PREFERRED]);
        if let Some(preferred) = preferred.filter(|it| !it.items().is_empty()) {
            workload.tell(2006, &preferred.path, "ECS knows no preferences");
        }
    }
    if let Some(required) = affinity.at(&["nodeAffinity", REQUIRED]) {
        node_affinity(workload, &required, placement, wanted);
    }
    let terms = |kind: &str| {
        affinity
            .at(&[kind, REQUIRED])
            .map(|it| it.items())
            .unwrap_or_default()
    };
    for term in terms("podAffinity") {
        workload.tell(2006, &term.path, "ECS does not bring tasks together");
    }
    for term in terms("podAntiAffinity") {
        let is_self = selects(term.get("labelSelector"), workload.labels());
        let is_host = term.text("topologyKey") == Some(HOSTNAME);
        if !(is_self && is_host) {
            workload.tell(
                2006,
                &term.path,
                "ECS keeps tasks of one service apart, by instance",
            );
        } else if chooses(workload) {
            let distinct = json!({"type": "distinctInstance"});
            if !placement.constraints.contains(&distinct) {
                placement.constraints.push(distinct);
            }
        } else {
            workload.tell(
                3007,
                &term.path,
                "on Fargate every task has a machine of its own",
            );
        }
    }
}

fn node_affinity(
    workload: &Workload<'_>,
    required: &Field<'_>,
    placement: &mut Placement,
    wanted: &mut Wanted,
) {
    let terms = required.list("nodeSelectorTerms");
    let mut alternatives = Vec::new();
    for term in &terms {
        let mut parts = Vec::new();
        for expression in term.list("matchExpressions") {
            let label = expression.text("key").unwrap_or_default();
            let values = expression.list("values");
            let operator = expression.text("operator").unwrap_or_default();
            if let (1, "In", [value]) = (terms.len(), operator, values.as_slice())
                && wanted.take(workload, label, value)
            {
                continue;
            }
            let words: Vec<String> = values.iter().map(Field::scalar).collect();
            let list = words.join(", ");
            let name = attribute(label);
            parts.push(match operator {
                "In" => format!("{name} in [{list}]"),
                "NotIn" => format!("{name} not_in [{list}]"),
                "Exists" => format!("{name} exists"),
                "DoesNotExist" => format!("{name} !exists"),
                "Gt" => format!("{name} > {list}"),
                "Lt" => format!("{name} < {list}"),
                _ => {
                    workload.tell(1018, &expression.path, "there is no such operator");
                    continue;
                }
            });
        }
        for field in term.list("matchFields") {
            workload.tell(2006, &field.path, "instances have no such fields");
        }
        if !parts.is_empty() {
            alternatives.push(parts.join(" and "));
        }
    }
    if alternatives.is_empty() {
        return;
    }
    if !chooses(workload) {
        workload.tell(2006, &required.path, "Fargate has no instances to choose");
        return;
    }
    let expression = match alternatives.as_slice() {
        [only] => only.clone(),
        several => {
            let several: Vec<String> = several.iter().map(|it| format!("({it})")).collect();
            several.join(" or ")
        }
    };
    placement.constraints.push(member_of(expression));
}

fn spread(workload: &Workload<'_>, placement: &mut Placement) {
    for constraint in workload.pod.list("topologySpreadConstraints") {
        let field = match constraint.text("topologyKey").unwrap_or_default() {
            "topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone" => {
                "attribute:ecs.availability-zone"
            }
            HOSTNAME => "instanceId",
            _ if chooses(workload) => {
                workload.tell(
                    2006,
                    &constraint.path,
                    "ECS spreads over zones and instances",
                );
                continue;
            }
            _ => "",
        };
        if !chooses(workload) {
            workload.tell(
                3007,
                &constraint.path,
                "Fargate spreads tasks over the zones of its subnets",
            );
        } else if workload.work == Work::Daemon {
            workload.tell(3007, &constraint.path, "there is a task on every instance");
        } else {
            placement
                .strategies
                .push(json!({"type": "spread", "field": field}));
        }
    }
    if placement.strategies.len() > 5 {
        workload.tell(
            1013,
            &workload.pod.path,
            "ECS takes at most 5 placement strategies",
        );
    }
}

impl Placement {
    /// Adds constraints and strategies to a request.
    pub(super) fn write(&self, request: &mut Map<String, Value>) {
        if !self.constraints.is_empty() {
            request.insert("placementConstraints".into(), json!(self.constraints));
        }
        if !self.strategies.is_empty() {
            request.insert("placementStrategy".into(), json!(self.strategies));
        }
    }
}
