//! What KEDA watches.

use serde_json::{Map, Value, json};

use super::quantity::Quantity;
use super::scaling::{
    Pace, Scaler, backlog, counted, predefined, rescaled, round, told, tracking, whole_of,
};
use super::schedule;
use super::size::Size;
use super::workload::Workload;

/// Request, expression and time zone of a scheduled action.
pub(super) type Scheduled = (Map<String, Value>, String, String);

/// Turns triggers into policies and scheduled actions.
pub(super) fn triggers(
    workload: &Workload<'_>,
    scaler: &Scaler<'_, '_>,
    size: &Size,
    policy: &mut impl FnMut(&str, Value),
    actions: &mut Vec<Scheduled>,
) {
    let ctx = workload.ctx;
    let object = scaler.object;
    let root = object.root();
    let Some(spec) = root.get("spec") else {
        return;
    };
    let wait = spec.whole("cooldownPeriod").unwrap_or(300);
    if wait < 60 {
        ctx.tell(
            object,
            2002,
            "spec.cooldownPeriod",
            format!("{wait} s become 60"),
        );
    }
    let pace = Pace {
        down: wait.max(60),
        up: 60,
        never_down: false,
    };
    for name in ["idleReplicaCount", "fallback", "advanced"] {
        if let Some(field) = spec.get(name) {
            ctx.tell(
                object,
                2014,
                &field.path,
                "target tracking has nothing like it",
            );
        }
    }
    if let Some(field) = spec
        .get("pollingInterval")
        .filter(|it| *it.value != json!(30))
    {
        ctx.tell(object, 3007, &field.path, "metrics come each minute");
    }
    for (number, trigger) in spec.list("triggers").iter().enumerate() {
        let kind = trigger.text("type").unwrap_or_default();
        let said = |name: &str| {
            trigger
                .get("metadata")
                .and_then(|it| it.get(name))
                .map(|it| it.scalar())
        };
        let value = |name: &str| said(name).and_then(|text| text.parse::<f64>().ok());
        match kind {
            "aws-sqs-queue" => {
                let url = said("queueURL").unwrap_or_default();
                let queue = url.rsplit(['/', ':']).next().unwrap_or_default();
                let target = value("queueLength").unwrap_or(5.0);
                let metric = backlog(queue, workload.cluster(), &workload.service());
                policy(
                    &format!("sqs-{number}"),
                    tracking(target, ("CustomizedMetricSpecification", metric), &pace),
                );
                counted(ctx, object, &trigger.path);
            }
            "aws-cloudwatch" => {
                let dimension = (said("dimensionName"), said("dimensionValue"));
                let mut metric = json!({
                    "Namespace": said("namespace"),
                    "MetricName": said("metricName"),
                    "Statistic": said("metricStat").unwrap_or_else(|| "Average".to_owned()),
                });
                if let (Some(names), Some(values)) = dimension {
                    let pairs = names.split(';').zip(values.split(';'));
                    let pairs: Vec<Value> = pairs
                        .map(|(name, value)| json!({"Name": name, "Value": value}))
                        .collect();
                    metric["Dimensions"] = pairs.into();
                }
                let Some(target) = value("targetMetricValue") else {
                    ctx.tell(object, 1018, &trigger.path, "it has no targetMetricValue");
                    continue;
                };
                policy(
                    &format!("cloudwatch-{number}"),
                    tracking(target, ("CustomizedMetricSpecification", metric), &pace),
                );
            }
            "cpu" | "memory" => {
                let metadata = trigger.get("metadata");
                let average = metadata
                    .and_then(|it| Quantity::of(it.get("value")?.value))
                    .filter(|_| trigger.text("metricType") == Some("AverageValue"));
                if let (Some(average), Some(task)) = (average, whole_of(kind, size)) {
                    let used = match kind {
                        "cpu" => average.units(),
                        _ => average.mebibytes_exact(),
                    };
                    let sent = round(used / task * 100.0);
                    ctx.tell(
                        object,
                        2008,
                        &trigger.path,
                        format!("it becomes {sent} % of the task"),
                    );
                    if let Some(metric) = predefined(kind) {
                        policy(kind, tracking(sent, metric, &pace));
                    }
                    continue;
                }
                let wanted = value("value").unwrap_or(80.0);
                let target = rescaled(workload, kind, wanted, size);
                told(ctx, object, &trigger.path, wanted, target);
                if let Some(metric) = predefined(kind) {
                    policy(kind, tracking(target, metric, &pace));
                }
            }
            "cron" => {
                let zone = said("timezone").unwrap_or_else(|| "UTC".to_owned());
                let wanted = value("desiredReplicas").unwrap_or(1.0).max(0.0) as u64;
                for (word, least) in [("start", wanted), ("end", scaler.least)] {
                    let text = said(word).unwrap_or_default();
                    match schedule::translate(&text) {
                        Ok(found) => {
                            for expression in found.expressions {
                                let mut request = Map::new();
                                let action = json!({"MinCapacity": least, "MaxCapacity": scaler.most.max(least)});
                                request.insert("ScalableTargetAction".into(), action);
                                actions.push((request, expression, zone.clone()));
                            }
                        }
                        Err(message) => ctx.tell(
                            object,
                            1011,
                            &format!("{}.metadata.{word}", trigger.path),
                            message,
                        ),
                    }
                }
            }
            other => ctx.tell(
                object,
                1018,
                &trigger.path,
                format!("ECS cannot scale by {other}"),
            ),
        }
    }
}
