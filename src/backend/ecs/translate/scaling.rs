//! Autoscalers.

use serde_json::{Map, Value, json};

use super::super::desired::Resource;
use super::context::Context;
use super::keda;
use super::object::{Field, Object, whole};
use super::quantity::Quantity;
use super::size::{self, Size};
use super::workload::{Work, Workload};

/// Where a service's number of tasks is.
const DIMENSION: &str = "ecs:service:DesiredCount";

/// The autoscaler of a workload.
pub(super) struct Scaler<'b, 'a> {
    pub(super) object: &'b Object<'a>,
    pub(super) least: u64,
    pub(super) most: u64,
}

/// The HorizontalPodAutoscaler or ScaledObject of a workload.
pub(super) fn find<'b, 'a>(
    ctx: &'b Context<'a>,
    workload: &Workload<'_>,
) -> Option<Scaler<'b, 'a>> {
    let object = ctx.objects.iter().find(|object| {
        is_scaler(object)
            && object.namespace == workload.object.namespace
            && target(object) == Some((workload.object.kind, workload.object.name))
    })?;
    let spec = object.root().get("spec")?;
    let is_keda = object.group == "keda.sh";
    let (least, most) = match is_keda {
        true => (
            spec.whole("minReplicaCount").unwrap_or(0),
            spec.whole("maxReplicaCount").unwrap_or(100),
        ),
        false => (
            spec.whole("minReplicas").unwrap_or(1),
            spec.whole("maxReplicas").unwrap_or(1),
        ),
    };
    Some(Scaler {
        object,
        least: least.max(0).unsigned_abs(),
        most: most.max(0).unsigned_abs(),
    })
}

fn is_scaler(object: &Object<'_>) -> bool {
    matches!(
        (object.group, object.kind),
        ("autoscaling", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject")
    )
}

/// Kind and name of what an autoscaler scales.
fn target<'a>(object: &Object<'a>) -> Option<(&'a str, &'a str)> {
    let reference = &object.body["spec"]["scaleTargetRef"];
    let name = reference["name"].as_str()?;
    Some((reference["kind"].as_str().unwrap_or("Deployment"), name))
}

/// Tells of autoscalers of what is not in the release.
pub(super) fn tell(ctx: &Context<'_>, workloads: &[Workload<'_>]) {
    for object in ctx.objects.iter().filter(|object| is_scaler(object)) {
        let is_there = workloads.iter().any(|workload| {
            workload.work == Work::Service
                && workload.object.namespace == object.namespace
                && target(object) == Some((workload.object.kind, workload.object.name))
        });
        // What is refused for itself is told with itself.
        let is_refused = target(object)
            .is_some_and(|(kind, name)| ctx.find(kind, object.namespace, name).is_some());
        if !is_there && !is_refused {
            ctx.tell(
                object,
                1010,
                "spec.scaleTargetRef",
                "the release has no such workload",
            );
        }
    }
}

/// The scalable target and the policies of a service.
pub(super) fn resources(
    workload: &Workload<'_>,
    scaler: &Scaler<'_, '_>,
    size: &Size,
) -> Vec<Resource> {
    let service = workload.service();
    let base = |request: &mut Map<String, Value>| {
        request.insert("ServiceNamespace".into(), "ecs".into());
        request.insert(
            "ResourceId".into(),
            format!("service/{}/{service}", workload.cluster()).into(),
        );
        request.insert("ScalableDimension".into(), DIMENSION.into());
    };
    let mut request = Map::new();
    base(&mut request);
    request.insert("MinCapacity".into(), scaler.least.into());
    request.insert("MaxCapacity".into(), scaler.most.into());
    let mut found = vec![Resource::new(
        "application-autoscaling:ScalableTarget",
        workload.name.as_str(),
        Value::Object(request),
    )];
    let mut policy = |word: &str, configuration: Value| {
        let name = format!("{}-{word}", workload.name);
        let mut request = Map::new();
        request.insert("PolicyName".into(), name.as_str().into());
        base(&mut request);
        request.insert("PolicyType".into(), "TargetTrackingScaling".into());
        request.insert(
            "TargetTrackingScalingPolicyConfiguration".into(),
            configuration,
        );
        let resource = Resource::new(
            "application-autoscaling:ScalingPolicy",
            name,
            Value::Object(request),
        );
        found.push(resource);
    };
    if scaler.object.group == "keda.sh" {
        let mut actions = Vec::new();
        keda::triggers(workload, scaler, size, &mut policy, &mut actions);
        for (number, (mut request, expression, zone)) in actions.into_iter().enumerate() {
            let name = format!("{}-cron-{number}", workload.name);
            base(&mut request);
            request.insert("ScheduledActionName".into(), name.as_str().into());
            request.insert("Schedule".into(), expression.into());
            request.insert("Timezone".into(), zone.into());
            found.push(Resource::new(
                "application-autoscaling:ScheduledAction",
                name,
                Value::Object(request),
            ));
        }
        return found;
    }
    let pace = pace(workload.ctx, scaler.object);
    for (word, target, metric) in metrics(workload, scaler.object, size) {
        policy(&word, tracking(target, metric, &pace));
    }
    found
}

/// Cool-downs, and whether it never shrinks.
pub(super) struct Pace {
    pub(super) down: i64,
    pub(super) up: i64,
    pub(super) never_down: bool,
}

/// `spec.behavior` of an HPA.
fn pace(ctx: &Context<'_>, object: &Object<'_>) -> Pace {
    let behavior = object.root().at(&["spec", "behavior"]);
    let part = |name: &str| behavior.as_ref().and_then(|it| it.get(name));
    let window = |name: &str, usual: i64| {
        let field = part(name).and_then(|it| it.get("stabilizationWindowSeconds"));
        let wanted = field
            .as_ref()
            .and_then(|it| whole(it.value))
            .unwrap_or(usual);
        if let Some(field) = field.filter(|_| wanted < 60 && wanted != usual) {
            ctx.tell(
                object,
                2002,
                &field.path,
                format!("{wanted} s become 60; metrics come each minute"),
            );
        }
        wanted.max(60)
    };
    let pace = Pace {
        down: window("scaleDown", 300),
        up: window("scaleUp", 0),
        never_down: part("scaleDown").is_some_and(|it| it.text("selectPolicy") == Some("Disabled")),
    };
    for name in ["scaleDown", "scaleUp"] {
        let Some(part) = part(name) else {
            continue;
        };
        let policies = part.get("policies").filter(|it| !it.items().is_empty());
        if let Some(policies) = policies.filter(|it| !is_usual(name, it.value)) {
            ctx.tell(
                object,
                2014,
                &policies.path,
                "target tracking takes steps of its own",
            );
        }
        let is_off = part
            .get("selectPolicy")
            .filter(|it| it.value == "Min" || it.value == "Disabled" && name == "scaleUp");
        if let Some(field) = is_off {
            ctx.tell(
                object,
                2014,
                &field.path,
                "target tracking grows as it has to",
            );
        }
        if let Some(field) = part.get("tolerance") {
            ctx.tell(
                object,
                2014,
                &field.path,
                "target tracking has a tolerance of its own",
            );
        }
    }
    pace
}

pub(super) fn tracking(target: f64, metric: (&'static str, Value), pace: &Pace) -> Value {
    let mut configuration = Map::new();
    configuration.insert("TargetValue".into(), target.into());
    configuration.insert(metric.0.into(), metric.1);
    configuration.insert("ScaleInCooldown".into(), pace.down.into());
    configuration.insert("ScaleOutCooldown".into(), pace.up.into());
    if pace.never_down {
        configuration.insert("DisableScaleIn".into(), true.into());
    }
    Value::Object(configuration)
}

/// A metric that ECS keeps itself.
pub(super) fn predefined(resource: &str) -> Option<(&'static str, Value)> {
    let kind = match resource {
        "cpu" => "ECSServiceAverageCPUUtilization",
        "memory" => "ECSServiceAverageMemoryUtilization",
        _ => return None,
    };
    Some((
        "PredefinedMetricSpecification",
        json!({"PredefinedMetricType": kind}),
    ))
}

type Metric = (String, f64, (&'static str, Value));

/// Whether policies are those of Kubernetes' defaults.
fn is_usual(name: &str, policies: &Value) -> bool {
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    let items = policies.as_array().map(Vec::as_slice).unwrap_or_default();
    match name {
        "scaleDown" => items == [percent],
        _ => items.len() == 2 && items.contains(&percent) && items.contains(&pods),
    }
}

/// What an HPA tracks.
fn metrics(workload: &Workload<'_>, object: &Object<'_>, size: &Size) -> Vec<Metric> {
    let ctx = workload.ctx;
    let root = object.root();
    let Some(spec) = root.get("spec") else {
        return Vec::new();
    };
    let mut found: Vec<Metric> = Vec::new();
    // autoscaling/v1
    if let Some(field) = spec.get("targetCPUUtilizationPercentage") {
        let wanted = whole(field.value).unwrap_or(80) as f64;
        let target = rescaled(workload, "cpu", wanted, size);
        told(ctx, object, &field.path, wanted, target);
        found.extend(predefined("cpu").map(|metric| ("cpu".to_owned(), target, metric)));
    }
    let metrics = spec.list("metrics");
    // As on Kubernetes.
    if found.is_empty() && metrics.is_empty() {
        let target = rescaled(workload, "cpu", 80.0, size);
        told(ctx, object, "spec.metrics", 80.0, target);
        found.extend(predefined("cpu").map(|metric| ("cpu".to_owned(), target, metric)));
    }
    for (index, metric) in metrics.iter().enumerate() {
        match metric.text("type").unwrap_or_default() {
            "Resource" => {
                let Some(resource) = metric.get("resource") else {
                    continue;
                };
                let name = resource.text("name").unwrap_or_default();
                let Some(specification) = predefined(name) else {
                    ctx.tell(
                        object,
                        1018,
                        &metric.path,
                        format!("ECS keeps no metric of {name}"),
                    );
                    continue;
                };
                let Some(target) = of_resource(workload, object, (metric, &resource, name), size)
                else {
                    continue;
                };
                found.push((name.to_owned(), target, specification));
            }
            "ContainerResource" => {
                ctx.tell(
                    object,
                    2008,
                    &metric.path,
                    "ECS keeps metrics of whole tasks; it is dropped",
                );
            }
            kind => {
                let lower =
                    kind[..1.min(kind.len())].to_lowercase() + kind.get(1..).unwrap_or_default();
                let part = metric.get(&lower);
                let name = part
                    .as_ref()
                    .and_then(|it| it.get("metric")?.text("name").map(str::to_owned));
                let name = name.unwrap_or_default();
                let own = |key: &str| {
                    let annotation = format!("metric.{key}");
                    object
                        .own(&annotation)
                        .or_else(|| workload.object.own(&annotation))
                };
                let Some(field) = own(&name).or_else(|| own(&index.to_string())) else {
                    let message = format!(
                        "say which CloudWatch metric {name} is in ecs.pintle.dev/metric.{name}"
                    );
                    ctx.tell(object, 1018, &metric.path, message);
                    continue;
                };
                let target = part.as_ref().and_then(|it| it.get("target"));
                let target =
                    target.and_then(|it| it.get("averageValue").or_else(|| it.get("value")));
                let target = target
                    .and_then(|it| Quantity::of(it.value))
                    .map(Quantity::number);
                match (custom(workload, &field), target) {
                    (Some(specification), Some(target)) => {
                        if field.scalar().trim().starts_with("sqs:") {
                            counted(ctx, object, &metric.path);
                        }
                        let word = super::name::plain(&name);
                        found.push((
                            word,
                            target,
                            ("CustomizedMetricSpecification", specification),
                        ));
                    }
                    (None, _) => {
                        let message =
                            "it has to be JSON of a CustomizedMetricSpecification, or sqs:QUEUE";
                        ctx.tell(object, 1018, &field.path, message);
                    }
                    (_, None) => ctx.tell(object, 1018, &metric.path, "it has no target"),
                }
            }
        }
    }
    found
}

fn of_resource(
    workload: &Workload<'_>,
    object: &Object<'_>,
    (metric, resource, name): (&Field<'_>, &Field<'_>, &str),
    size: &Size,
) -> Option<f64> {
    let ctx = workload.ctx;
    // autoscaling/v2beta1 has the members of `target` beside `name`.
    let target = resource.get("target").unwrap_or_else(|| resource.clone());
    let percent = target
        .whole("averageUtilization")
        .or(target.whole("targetAverageUtilization"));
    if let Some(percent) = percent {
        let wanted = percent as f64;
        let sent = rescaled(workload, name, wanted, size);
        told(ctx, object, &metric.path, wanted, sent);
        return Some(sent);
    }
    let value = target
        .get("averageValue")
        .or_else(|| target.get("targetAverageValue"));
    let value = value.and_then(|it| Quantity::of(it.value));
    let task = whole_of(name, size);
    match (value, task) {
        (Some(value), Some(task)) => {
            let used = match name {
                "cpu" => value.units(),
                _ => value.mebibytes_exact(),
            };
            let sent = round(used / task * 100.0);
            let message = format!("it becomes {sent} % of the task");
            ctx.tell(object, 2008, &metric.path, message);
            Some(sent)
        }
        _ => {
            ctx.tell(
                object,
                1018,
                &metric.path,
                "it has no target that can be measured",
            );
            None
        }
    }
}

/// Tells what a backlog is measured with.
pub(super) fn counted(ctx: &Context<'_>, object: &Object<'_>, path: &str) {
    ctx.tell(
        object,
        2024,
        path,
        "running tasks are counted by Container Insights",
    );
}

pub(super) fn told(ctx: &Context<'_>, object: &Object<'_>, path: &str, wanted: f64, sent: f64) {
    if wanted != sent {
        let message = format!("{wanted} % of what is asked for are {sent} % of the task");
        ctx.tell(object, 2008, path, message);
    }
}

/// What ECS measures against: the task's size, or the sum of what its containers reserve.
pub(super) fn whole_of(name: &str, size: &Size) -> Option<f64> {
    if let Some((cpu, memory)) = Workload::task_size(size) {
        return Some(if name == "cpu" {
            cpu as f64
        } else {
            memory as f64
        });
    }
    let (cpu, memory) = size::requested(size);
    if name == "cpu" { cpu } else { memory }
}

/// A share of what is asked for as one of the task.
pub(super) fn rescaled(workload: &Workload<'_>, name: &str, percent: f64, size: &Size) -> f64 {
    if workload.ctx.config.hpa.rescale == Some(false) {
        return percent;
    }
    let (cpu, memory) = size::requested(size);
    let asked = if name == "cpu" { cpu } else { memory };
    match (asked, whole_of(name, size)) {
        (Some(asked), Some(task)) if task > 0.0 => round(percent * asked / task),
        _ => percent,
    }
}

/// Two decimals.
pub(super) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// `CustomizedMetricSpecification` of JSON, or the messages that wait for each task: `sqs:QUEUE`.
fn custom(workload: &Workload<'_>, field: &Field<'_>) -> Option<Value> {
    let text = field.scalar();
    if let Some(queue) = text.trim().strip_prefix("sqs:") {
        return Some(backlog(queue, workload.cluster(), &workload.service()));
    }
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Some(value),
        _ => None,
    }
}

/// Messages of a queue for each running task.
pub(in crate::backend::ecs) fn backlog(queue: &str, cluster: &str, service: &str) -> Value {
    json!({"Metrics": [
        {"Id": "visible", "ReturnData": false, "MetricStat": {"Stat": "Sum", "Metric": {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{"Name": "QueueName", "Value": queue}],
        }}},
        {"Id": "running", "ReturnData": false, "MetricStat": {"Stat": "Average", "Metric": {
            "Namespace": "ECS/ContainerInsights",
            "MetricName": "RunningTaskCount",
            "Dimensions": [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}],
        }}},
        {"Id": "backlog", "ReturnData": true, "Label": "BacklogPerTask", "Expression": "visible / running"},
    ]})
}
