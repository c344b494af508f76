//! How many tasks: `count`, and what changes it.

use serde_json::{Map, Value, json};

use super::super::desired::{Resource, reference};
use super::traffic::{Traffic, balancer};
use super::word::join;
use super::workload::{Kind, Workload, whole};

/// How many tasks a service has.
pub(super) struct Count {
    pub(super) desired: u64,
    /// Least and most, where something scales it.
    range: Option<(u64, u64)>,
    /// `capacityProviderStrategy`
    pub(super) providers: Vec<Value>,
}

impl Count {
    pub(super) fn is_scaled(&self) -> bool {
        self.range.is_some()
    }
}

/// Reads `count`.
pub(super) fn count(workload: &Workload<'_>) -> Count {
    let value = &workload.manifest["count"];
    let spot = json!({"capacityProvider": "FARGATE_SPOT", "weight": 1});
    let fixed = |desired: u64, providers: Vec<Value>| Count {
        desired,
        range: None,
        providers,
    };
    let Some(map) = value.as_object() else {
        let desired = match value {
            Value::Null => 1,
            value => workload.whole(value, "count").unwrap_or(1),
        };
        return fixed(desired, Vec::new());
    };
    if let Some(wanted) = map.get("spot").filter(|it| !it.is_null()) {
        let desired = workload.whole(wanted, "count.spot").unwrap_or(1);
        return fixed(desired, vec![spot]);
    }
    let Some((least, most)) = range(&value["range"]) else {
        workload.tell(
            1018,
            "count.range",
            "has to be MIN-MAX, or min and max, least first",
        );
        return fixed(1, Vec::new());
    };
    let mut providers = Vec::new();
    if let Some(from) = workload.whole(&value["range"]["spot_from"], "count.range.spot_from") {
        providers.push(spot);
        if from >= least {
            let base = from.saturating_sub(1);
            providers.push(json!({"capacityProvider": "FARGATE", "base": base, "weight": 0}));
        }
    }
    Count {
        desired: least,
        range: Some((least, most)),
        providers,
    }
}

fn range(value: &Value) -> Option<(u64, u64)> {
    let (least, most) = match value {
        Value::String(text) => {
            let (least, most) = text.split_once('-')?;
            (least.trim().parse().ok()?, most.trim().parse().ok()?)
        }
        other => (whole(&other["min"])?, whole(&other["max"])?),
    };
    (least <= most).then_some((least, most))
}

/// The scalable target and its policies.
pub(super) fn scaling(workload: &Workload<'_>, count: &Count, traffic: &Traffic) -> Vec<Resource> {
    let Some((least, most)) = count.range else {
        return Vec::new();
    };
    let common = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": format!("service/{}/{}", workload.config.cluster(), workload.name),
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    let mut target = common.clone();
    target["MinCapacity"] = least.into();
    target["MaxCapacity"] = most.into();
    let mut found = vec![Resource::new(
        "application-autoscaling:ScalableTarget",
        workload.name,
        target,
    )];
    for (suffix, configuration) in policies(workload, traffic) {
        let name = format!("{}-{suffix}", workload.name);
        let mut request = common.clone();
        request["PolicyName"] = name.as_str().into();
        request["PolicyType"] = "TargetTrackingScaling".into();
        request["TargetTrackingScalingPolicyConfiguration"] = configuration;
        found.push(Resource::new(
            "application-autoscaling:ScalingPolicy",
            name,
            request,
        ));
    }
    if found.len() == 1 {
        workload.tell(
            1018,
            "count",
            "a range needs something that changes the count",
        );
    }
    found
}

fn policies(workload: &Workload<'_>, traffic: &Traffic) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (member, metric) in [
        ("cpu_percentage", "ECSServiceAverageCPUUtilization"),
        ("memory_percentage", "ECSServiceAverageMemoryUtilization"),
    ] {
        if let Some((value, path)) = wanted(workload, member) {
            let mut policy = policy(workload, member, number(workload, &value, &path));
            policy["PredefinedMetricSpecification"] = json!({"PredefinedMetricType": metric});
            found.push((format!("{metric}-ScalingPolicy"), policy));
        }
    }
    found.extend(queue(workload));
    for (member, suffix, metric, statistic) in [
        (
            "requests",
            "ALBSumRequestCountPerTarget",
            "RequestCountPerTarget",
            "Sum",
        ),
        (
            "response_time",
            "ALBAverageResponseTime",
            "TargetResponseTime",
            "Average",
        ),
    ] {
        let Some((value, path)) = wanted(workload, member) else {
            continue;
        };
        let target = match member {
            "requests" => number(workload, &value, &path),
            _ => workload.seconds(&value, &path).unwrap_or_default(),
        };
        let (Some(group), Some(balancer)) = (&traffic.first, balancer(workload)) else {
            workload.tell(1018, &path, "needs http");
            continue;
        };
        let setting = match workload.kind {
            Kind::Backend => "copilot.privateAlb.fullName",
            _ => "copilot.publicAlb.fullName",
        };
        let full = workload.need(balancer.full_name.as_deref(), &path, setting);
        let mut policy = policy(workload, member, target);
        policy["CustomizedMetricSpecification"] = json!({
            "Namespace": "AWS/ApplicationELB",
            "MetricName": metric,
            "Statistic": statistic,
            "Dimensions": [
                {"Name": "LoadBalancer", "Value": full},
                {"Name": "TargetGroup", "Value": reference("elbv2:TargetGroup", group, "fullName")},
            ],
        });
        found.push((format!("{suffix}-ScalingPolicy"), policy));
    }
    found
}

/// What a metric is to be, which stands alone or as `value`.
fn wanted(workload: &Workload<'_>, member: &str) -> Option<(Value, String)> {
    let value = &workload.manifest["count"][member];
    let path = join("count", member);
    match value {
        Value::Null => None,
        Value::Object(map) => Some((map.get("value")?.clone(), join(&path, "value"))),
        other => Some((other.clone(), path)),
    }
}

fn number(workload: &Workload<'_>, value: &Value, path: &str) -> f64 {
    let found = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    if found.is_none() {
        workload.tell(1018, path, format!("{value} is no number"));
    }
    found.unwrap_or_default()
}

/// A policy with what it waits between changes: the metric's own, the general, Copilot's.
fn policy(workload: &Workload<'_>, member: &str, target: f64) -> Value {
    let count = &workload.manifest["count"];
    let wait = |side: &str, unset: u64| {
        let own = &count[member]["cooldown"][side];
        let path = join("count", member);
        let (value, path) = match own {
            Value::Null => (&count["cooldown"][side], "count.cooldown".to_owned()),
            own => (own, join(&path, "cooldown")),
        };
        workload
            .whole_seconds(value, &join(&path, side))
            .unwrap_or(unset)
    };
    json!({
        "TargetValue": target,
        "ScaleInCooldown": wait("in", 120),
        "ScaleOutCooldown": wait("out", 60),
    })
}

/// Messages per task that still are worked off in time, one policy a queue.
fn queue(workload: &Workload<'_>) -> Vec<(String, Value)> {
    let member = "queue_delay";
    let delay = &workload.manifest["count"][member];
    if delay.is_null() {
        return Vec::new();
    }
    let path = join("count", member);
    let seconds = |name: &str| {
        let found = workload.seconds(&delay[name], &join(&path, name));
        if found.is_none_or(|seconds| seconds <= 0.0) {
            workload.tell(1018, &join(&path, name), "has to be longer than nothing");
        }
        found.filter(|seconds| *seconds > 0.0)
    };
    let (latency, processing) = (
        seconds("acceptable_latency"),
        seconds("msg_processing_time"),
    );
    if workload.kind != Kind::Worker {
        workload.tell(1018, &path, "only workers have queues");
        return Vec::new();
    }
    let message = "the metric is computed from the queue's length and from Container Insights, which have to be on";
    workload.tell(2024, &path, message);
    let uri = workload.copilot().queue_uris.get(workload.name);
    let setting = format!("copilot.queueUris.{}", workload.name);
    let uri = workload.need(uri.map(String::as_str), &path, &setting);
    let (Some(latency), Some(processing)) = (latency, processing) else {
        return Vec::new();
    };
    // Rounded to nanoseconds first: 0.6/0.2 is a little more than 3.
    let backlog = ((latency / processing * 1e9).round() / 1e9).ceil();
    let mut found = vec![(
        "BacklogPerTask".to_owned(),
        backlog_policy(workload, uri, backlog),
    )];
    for uri in topic_queues(workload) {
        let policy = backlog_policy(workload, &uri, backlog);
        found.push((format!("BacklogPerTask-{}", queue_name(&uri)), policy));
    }
    found
}

fn queue_name(uri: &str) -> &str {
    uri.rsplit(['/', ':']).next().unwrap_or(uri)
}

/// Queues of topics that have one of their own, as the configuration knows them.
fn topic_queues(workload: &Workload<'_>) -> Vec<String> {
    let known = match workload.copilot().topic_queue_uris.get(workload.name) {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Value::Object(map)) => map.clone(),
        _ => Map::new(),
    };
    let uris = known.values().filter_map(Value::as_str);
    uris.map(str::to_owned).collect()
}

fn backlog_policy(workload: &Workload<'_>, uri: &str, backlog: f64) -> Value {
    let mut policy = policy(workload, "queue_delay", backlog);
    let metric = |id: &str, stat: &str, metric: Value| json!({"Id": id, "ReturnData": false, "MetricStat": {"Stat": stat, "Metric": metric}});
    let visible = json!({
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": queue_name(uri)}],
    });
    let running = json!({
        "Namespace": "ECS/ContainerInsights",
        "MetricName": "RunningTaskCount",
        "Dimensions": [
            {"Name": "ClusterName", "Value": workload.config.cluster()},
            {"Name": "ServiceName", "Value": workload.name},
        ],
    });
    policy["CustomizedMetricSpecification"] = json!({"Metrics": [
        metric("visible", "Sum", visible),
        metric("running", "Average", running),
        {"Id": "backlog", "ReturnData": true, "Label": "BacklogPerTask", "Expression": "visible / running"},
    ]});
    policy
}
