//! Documents of `ecs.pintle.dev/v1`: the AWS API's own requests, passed on as they are.
//!
//! The body is `spec`, or all members beside `apiVersion`, `kind` and `metadata`; a file for
//! `aws ecs register-task-definition --cli-input-json` needs none of these. What the API does not know is
//! a warning, because it may have learnt it since.

use serde_json::{Map, Value, json};

use super::Input;
use super::desired::{Hook, Resource, references};
use super::report::Report;
use super::shape;
use super::translate::object;

/// The group of versions of native documents.
pub(super) const GROUP: &str = "ecs.pintle.dev";

/// A kind of native document.
struct Kind {
    name: &'static str,
    /// What it makes.
    made: &'static str,
    /// Members that name it.
    names: &'static [&'static str],
    /// Members that are settings beside the request, and what these are called.
    beside: &'static [(&'static str, &'static str)],
}

const KINDS: &[Kind] = &[
    Kind {
        name: "TaskDefinition",
        made: "ecs:TaskDefinition",
        names: &["family"],
        beside: &[],
    },
    Kind {
        name: "Service",
        made: "ecs:Service",
        names: &["serviceName"],
        beside: &[("createOnly", "createOnly")],
    },
    Kind {
        name: "Schedule",
        made: "scheduler:Schedule",
        names: &["Name"],
        beside: &[],
    },
    Kind {
        name: "EventRule",
        made: "events:Rule",
        names: &["Name"],
        beside: &[("Targets", "targets"), ("targets", "targets")],
    },
    Kind {
        name: "ScalableTarget",
        made: "application-autoscaling:ScalableTarget",
        names: &["ResourceId"],
        beside: &[],
    },
    Kind {
        name: "ScalingPolicy",
        made: "application-autoscaling:ScalingPolicy",
        names: &["PolicyName"],
        beside: &[],
    },
    Kind {
        name: "TargetGroup",
        made: "elbv2:TargetGroup",
        names: &["Name"],
        beside: &[("attributes", "attributes"), ("Attributes", "attributes")],
    },
    Kind {
        name: "ListenerRule",
        made: "elbv2:ListenerRule",
        names: &[],
        beside: &[],
    },
    Kind {
        name: "Listener",
        made: "elbv2:Listener",
        names: &[],
        beside: &[],
    },
    Kind {
        name: "Alarm",
        made: "cloudwatch:Alarm",
        names: &["AlarmName"],
        beside: &[],
    },
    Kind {
        name: "StateMachine",
        made: "states:StateMachine",
        names: &["name"],
        beside: &[("definition", "definition")],
    },
    Kind {
        name: "ExpressGatewayService",
        made: "ecs:ExpressGatewayService",
        names: &["serviceName"],
        beside: &[],
    },
    Kind {
        name: "LogGroup",
        made: "logs:LogGroup",
        names: &["logGroupName"],
        beside: &[("retentionInDays", "retentionInDays")],
    },
    Kind {
        name: "DiscoveryService",
        made: "servicediscovery:Service",
        names: &["Name"],
        beside: &[],
    },
    Kind {
        name: "RunTask",
        made: "ecs:RunTask",
        names: &["family"],
        beside: &[("retries", "retries"), ("timeoutSeconds", "timeoutSeconds")],
    },
];

/// The order in which what belongs together is applied.
const RANKS: &[&str] = &[
    "logs:LogGroup",
    "servicediscovery:Service",
    "elbv2:TargetGroup",
    "elbv2:ListenerRule",
    "elbv2:Listener",
    "ecs:TaskDefinition",
    "cloudwatch:Alarm",
    "ecs:RunTask",
    "ecs:Service",
    "ecs:ExpressGatewayService",
    "application-autoscaling:ScalableTarget",
    "application-autoscaling:ScalingPolicy",
    "states:StateMachine",
    "scheduler:Schedule",
    "events:Rule",
];

/// Native resources that belong together, those that others need first.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Name of the one that the others are for.
    pub(super) name: String,
    pub(super) resources: Vec<Resource>,
}

/// Whether an object is no Kubernetes object but a request.
pub(super) fn is_native(object: &Value) -> bool {
    kind_of(object).is_some()
}

/// The kind of a native document, with the members of its request.
fn kind_of(object: &Value) -> Option<(&'static str, Map<String, Value>)> {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let word = object["kind"].as_str().unwrap_or_default();
    let body = object.as_object()?;
    if version.split('/').next() == Some(GROUP) {
        let kind = KINDS.iter().find(|kind| kind.name == word)?.name;
        let members = match object.get("spec") {
            Some(Value::Object(spec)) => spec.clone(),
            _ => body
                .iter()
                .filter(|(name, _)| !["apiVersion", "kind", "metadata"].contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        };
        return Some((kind, unwrapped(kind, members)));
    }
    if !version.is_empty() || !word.is_empty() {
        return None;
    }
    // As `--cli-input-json` takes them, and as `describe-task-definition` prints them.
    let wrapped = object["taskDefinition"]["containerDefinitions"].is_array();
    if wrapped || body.contains_key("containerDefinitions") {
        return Some(("TaskDefinition", unwrapped("TaskDefinition", body.clone())));
    }
    let is_service = body.contains_key("serviceName") && body.contains_key("taskDefinition");
    is_service.then(|| ("Service", body.clone()))
}

fn unwrapped(kind: &str, members: Map<String, Value>) -> Map<String, Value> {
    match members.get("taskDefinition") {
        Some(Value::Object(inner)) if kind == "TaskDefinition" => inner.clone(),
        _ => members,
    }
}

/// The native documents of a release, grouped by what they are for.
pub(super) fn collect(input: &Input<'_>, report: &Report) -> Vec<Group> {
    let mut resources = Vec::new();
    for object in input.objects {
        if object::is_ignored(object) {
            continue;
        }
        let Some((kind, members)) = kind_of(object) else {
            continue;
        };
        resources.push(resource(kind, members, object, report));
    }
    group(resources)
}

fn resource(
    kind: &str,
    mut members: Map<String, Value>,
    object: &Value,
    report: &Report,
) -> Resource {
    let (made, names, beside) = KINDS
        .iter()
        .find(|known| known.name == kind)
        .map_or(("", &[][..], &[][..]), |it| (it.made, it.names, it.beside));
    let name = object["metadata"]["name"].as_str().map(str::to_owned);
    let name = name
        .or_else(|| {
            names
                .iter()
                .find_map(|name| members.get(*name)?.as_str().map(str::to_owned))
        })
        .unwrap_or_else(|| kind.to_owned());
    let mut resource = Resource::new(made, name.as_str(), Value::Null);
    for (member, setting) in beside {
        if let Some(value) = members.remove(*member) {
            match (*setting, value) {
                ("createOnly", Value::Array(names)) => {
                    let names = names.iter().filter_map(Value::as_str);
                    resource.create_only.extend(names.map(str::to_owned));
                }
                (setting, value) => {
                    resource.settings.insert(setting.to_owned(), value);
                }
            }
        }
    }
    resource.request = Value::Object(members);
    resource.hook = object::hook(object);
    let subject = object::label(object, kind, &name);
    let base = match object.get("spec") {
        Some(Value::Object(_)) => "spec",
        _ => "",
    };
    let mut whole = resource.request.clone();
    if let Some(definition) = resource.settings.get("definition") {
        whole["definition"] = definition.to_string().into();
    }
    for found in shape::check(made, &whole) {
        let path = match (base, found.path.as_str()) {
            ("", path) => path.to_owned(),
            (base, "") => base.to_owned(),
            (base, path) => format!("{base}.{path}"),
        };
        let code = if found.is_unknown { 2014 } else { 1018 };
        report.add(code, &subject, &path, found.message);
    }
    resource
}

/// Puts what serves a task, a service or a schedule in front of it. What serves several stands with the
/// first; what serves none is a group of its own.
fn group(mut resources: Vec<Resource>) -> Vec<Group> {
    resources.sort_by_key(|resource| rank(&resource.kind));
    let is_work = |resource: &Resource| {
        [
            "ecs:Service",
            "ecs:ExpressGatewayService",
            "ecs:RunTask",
            "scheduler:Schedule",
            "events:Rule",
        ]
        .contains(&resource.kind.as_str())
    };
    let (works, mut others): (Vec<Resource>, Vec<Resource>) =
        resources.into_iter().partition(is_work);
    let mut groups = Vec::new();
    for work in works {
        let mut members = vec![work];
        // What a member needs may need something itself.
        let mut at = 0;
        while at < members.len() {
            let (belong, rest): (Vec<Resource>, Vec<Resource>) = others
                .into_iter()
                .partition(|other| belongs(other, &members[at], at == 0));
            members.extend(belong);
            others = rest;
            at += 1;
        }
        let name = members[0].name.clone();
        members.sort_by_key(|resource| rank(&resource.kind));
        groups.push(Group {
            name,
            resources: members,
        });
    }
    let alone = others.into_iter().map(|resource| Group {
        name: resource.name.clone(),
        resources: vec![resource],
    });
    let mut all: Vec<Group> = alone.collect();
    all.extend(groups);
    all
}

fn rank(kind: &str) -> usize {
    RANKS
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(RANKS.len())
}

/// Whether `other` is there for `work`: it has its name, or one speaks of the other.
fn belongs(other: &Resource, work: &Resource, is_first: bool) -> bool {
    let is_task = work.kind == "ecs:TaskDefinition";
    if (is_first || is_task) && other.name == work.name {
        return true;
    }
    let refers = |from: &Resource, to: &Resource| {
        let value = json!([from.request, from.settings]);
        references(&value)
            .iter()
            .any(|it| it.kind == to.kind && it.name == to.name)
    };
    let family = other.request["family"]
        .as_str()
        .filter(|_| other.kind == "ecs:TaskDefinition");
    let wanted = [
        &work.request["taskDefinition"],
        &work.request["Target"]["EcsParameters"]["TaskDefinitionArn"],
    ];
    let service = work.request["serviceName"].as_str();
    let scaled = other.request["ResourceId"]
        .as_str()
        .and_then(|id| id.rsplit('/').next());
    refers(work, other)
        || (is_first && refers(other, work))
        || (other.kind.starts_with("elbv2:Listener") && refers(other, work))
        || family.is_some_and(|family| wanted.iter().any(|it| it.as_str() == Some(family)))
        || (is_first && scaled.is_some() && scaled == service)
}

/// The native document that makes a resource; nothing where there is no kind for it.
pub(super) fn document(resource: &Resource) -> Option<Value> {
    let kind = KINDS.iter().find(|kind| kind.made == resource.kind)?;
    let mut spec = resource.request.as_object()?.clone();
    for (name, setting) in &resource.settings {
        spec.insert(name.clone(), setting.clone());
    }
    if !resource.create_only.is_empty() {
        spec.insert("createOnly".into(), json!(resource.create_only));
    }
    Some(json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": kind.name,
        "metadata": {"name": resource.name},
        "spec": spec,
    }))
}

/// A hook of a native document, as Helm reads annotations.
pub(super) fn is_before(hook: &Hook) -> bool {
    hook.events.iter().any(|event| event.starts_with("pre-"))
}
