//! How a service changes: `deploymentConfiguration`, and what traffic is shifted with.

use serde_json::{Map, Value, json};

use super::object::Field;
use super::rolling::Percents;
use super::traffic::Traffic;
use super::workload::{Workload, split};

/// How a service changes.
pub(super) struct Rollout {
    pub(super) configuration: Value,
    /// Of a rolling update.
    pub(super) percents: Option<Percents>,
    /// Whether traffic is moved from one set of tasks to another.
    pub(super) is_shifting: bool,
}

/// The strategy of annotations, or of an Argo Rollout, or a rolling update.
pub(super) fn configuration(
    workload: &Workload<'_>,
    traffic: &Traffic,
    percents: Percents,
) -> Rollout {
    let mut configuration = Map::new();
    let strategy = strategy(workload, &mut configuration);
    configuration.insert("strategy".into(), strategy.into());
    let is_shifting = strategy != "ROLLING";
    if is_shifting {
        ignored(workload);
        complete(workload, traffic);
    } else {
        configuration.insert("maximumPercent".into(), percents.maximum.into());
        configuration.insert("minimumHealthyPercent".into(), percents.minimum.into());
        configuration.insert("deploymentCircuitBreaker".into(), breaker(workload));
    }
    if let Some(minutes) = minutes(workload, "bake-time") {
        configuration.insert("bakeTimeInMinutes".into(), minutes.into());
    }
    if let Some(field) = workload.object.own("hooks") {
        match serde_json::from_str::<Value>(&field.scalar()) {
            Ok(Value::Array(own)) => {
                let hooks = configuration
                    .entry("lifecycleHooks")
                    .or_insert_with(|| json!([]));
                if let Some(hooks) = hooks.as_array_mut() {
                    hooks.extend(own);
                }
            }
            _ => workload.tell(
                1018,
                &field.path,
                "it has to be a JSON list of lifecycle hooks",
            ),
        }
    }
    if let Some(alarms) = workload.object.own_text("alarms") {
        let alarms = json!({"alarmNames": split(alarms), "enable": true, "rollback": true});
        configuration.insert("alarms".into(), alarms);
    }
    Rollout {
        configuration: Value::Object(configuration),
        percents: (!is_shifting).then_some(percents),
        is_shifting,
    }
}

/// `deploymentCircuitBreaker`
fn breaker(workload: &Workload<'_>) -> Value {
    let settings = &workload.ctx.config.circuit_breaker;
    let mut enable = settings.enable.unwrap_or(true);
    let mut rollback = settings.rollback.unwrap_or(true);
    let mut threshold = settings.threshold.clone();
    let own = workload.object.own("circuit-breaker");
    if let Some(field) = &own {
        for word in split(&field.scalar()) {
            match word.split_once('=') {
                Some(("threshold", value)) => threshold = Some(value.trim().to_owned()),
                Some(("rollback", value)) => rollback = super::workload::is_yes(value),
                None if word == "off" => (enable, rollback, threshold) = (false, false, None),
                None if word == "on" => enable = true,
                _ => workload.tell(1018, &field.path, "it is off, or threshold=COUNT:5"),
            }
        }
    }
    let mut breaker = json!({"enable": enable, "rollback": rollback});
    if let Some(threshold) = threshold {
        let (kind, value) = threshold.split_once(':').unwrap_or((&threshold, ""));
        breaker["thresholdConfiguration"] = json!({"type": kind.trim().to_uppercase()});
        match value.trim().parse::<u32>() {
            Ok(value) => breaker["thresholdConfiguration"]["value"] = value.into(),
            Err(_) => {
                let path = own.map(|it| it.path).unwrap_or_default();
                workload.tell(
                    1018,
                    &path,
                    "a threshold is COUNT:5, BOUNDED_PERCENT:50 or UNBOUNDED_PERCENT:50",
                );
            }
        }
    }
    breaker
}

/// The strategy's word; its members go into `configuration`.
fn strategy(workload: &Workload<'_>, configuration: &mut Map<String, Value>) -> &'static str {
    let Some(field) = workload.object.own("strategy") else {
        return match workload.object.kind {
            "Rollout" => rollout(workload, configuration),
            _ => "ROLLING",
        };
    };
    match field.scalar().to_lowercase().replace('_', "-").as_str() {
        "rolling" => "ROLLING",
        "blue-green" | "bluegreen" => "BLUE_GREEN",
        "linear" => {
            let pairs = pairs(workload, "linear");
            let mut linear = Map::new();
            if let Some(step) = number(&pairs, "step") {
                linear.insert("stepPercent".into(), step.into());
            }
            if let Some(bake) = span(&pairs, "bake") {
                linear.insert("stepBakeTimeInMinutes".into(), bake.into());
            }
            configuration.insert("linearConfiguration".into(), linear.into());
            "LINEAR"
        }
        "canary" => {
            let pairs = pairs(workload, "canary");
            let mut canary = Map::new();
            if let Some(percent) = number(&pairs, "percent") {
                canary.insert("canaryPercent".into(), percent.into());
            }
            if let Some(bake) = span(&pairs, "bake") {
                canary.insert("canaryBakeTimeInMinutes".into(), bake.into());
            }
            configuration.insert("canaryConfiguration".into(), canary.into());
            "CANARY"
        }
        _ => {
            workload.tell(
                1018,
                &field.path,
                "it is rolling, blue-green, linear or canary",
            );
            "ROLLING"
        }
    }
}

type Pairs = Vec<(String, String)>;

fn pairs(workload: &Workload<'_>, annotation: &str) -> Pairs {
    let text = workload.object.own_text(annotation).unwrap_or_default();
    let pair = |pair: String| {
        let (key, value) = pair.split_once('=').unwrap_or((&pair, ""));
        (key.trim().to_owned(), value.trim().to_owned())
    };
    split(text).into_iter().map(pair).collect()
}

fn find<'b>(pairs: &'b Pairs, key: &str) -> Option<&'b str> {
    pairs
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

fn number(pairs: &Pairs, key: &str) -> Option<f64> {
    find(pairs, key)?.trim_end_matches('%').parse().ok()
}

fn span(pairs: &Pairs, key: &str) -> Option<u64> {
    duration(find(pairs, key)?)
}

/// Whole minutes of `5m`, `1h30m`, `300s` or a bare number of minutes.
fn duration(text: &str) -> Option<u64> {
    if let Ok(minutes) = text.trim().parse() {
        return Some(minutes);
    }
    let mut seconds = 0;
    let mut digits = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let number: u64 = std::mem::take(&mut digits).parse().ok()?;
        let unit = match c {
            'd' => 86400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds += number.checked_mul(unit)?;
    }
    digits.is_empty().then(|| seconds.div_ceil(60))
}

/// The whole minutes of an annotation.
pub(super) fn minutes(workload: &Workload<'_>, annotation: &str) -> Option<u64> {
    let field = workload.object.own(annotation)?;
    let found = duration(&field.scalar());
    if found.is_none() {
        workload.tell(1018, &field.path, "it is no time like 10m");
    }
    found
}

/// What a rolling update says means nothing where traffic is shifted.
fn ignored(workload: &Workload<'_>) {
    let rolling = workload
        .object
        .root()
        .at(&["spec", "strategy", "rollingUpdate"]);
    if let Some(field) = rolling.filter(|_| workload.object.kind == "Deployment") {
        workload.tell(
            3007,
            &field.path,
            "traffic is shifted between two full sets of tasks",
        );
    }
}

/// Where the annotation that chose the strategy stands.
fn chosen(workload: &Workload<'_>) -> String {
    let own = workload.object.own("strategy").map(|it| it.path);
    own.unwrap_or_else(|| "spec.strategy".to_owned())
}

/// Tells what traffic cannot be shifted without.
fn complete(workload: &Workload<'_>, traffic: &Traffic) {
    if traffic.balancers.is_empty() && !traffic.connect.is_empty() {
        return;
    }
    let own = |name: &str| workload.object.own(name).is_some();
    let mut missing = Vec::new();
    if traffic.balancers.is_empty() {
        missing.push("ecs.pintle.dev/target-group-arn");
    }
    if !own("alternate-target-group-arn") {
        missing.push("ecs.pintle.dev/alternate-target-group-arn");
    }
    if !own("production-listener-rule") {
        missing.push("ecs.pintle.dev/production-listener-rule");
    }
    if workload.ctx.config.infrastructure_role_arn.is_none() {
        missing.push("ecs.infrastructureRoleArn");
    }
    if !missing.is_empty() {
        let message = format!("shifting traffic takes {}", missing.join(", "));
        workload.tell(1014, &chosen(workload), message);
    }
}

/// `loadBalancers`, with what traffic is shifted with.
pub(super) fn balancers(
    workload: &Workload<'_>,
    traffic: &Traffic,
    is_shifting: bool,
) -> Vec<Value> {
    let mut balancers = traffic.balancers.clone();
    let alternate = workload.object.own_text("alternate-target-group-arn");
    if let (true, Some(alternate)) = (is_shifting, alternate) {
        for balancer in &mut balancers {
            let mut advanced = Map::new();
            advanced.insert("alternateTargetGroupArn".into(), alternate.into());
            let names = [
                ("production-listener-rule", "productionListenerRule"),
                ("test-listener-rule", "testListenerRule"),
            ];
            for (annotation, member) in names {
                if let Some(arn) = workload.object.own_text(annotation) {
                    advanced.insert(member.into(), arn.into());
                }
            }
            if let Some(role) = &workload.ctx.config.infrastructure_role_arn {
                advanced.insert("roleArn".into(), role.as_str().into());
            }
            balancer["advancedConfiguration"] = advanced.into();
        }
    }
    balancers
}

/// What an Argo Rollout says.
fn rollout(workload: &Workload<'_>, configuration: &mut Map<String, Value>) -> &'static str {
    let root = workload.object.root();
    let strategy = root.at(&["spec", "strategy"]);
    if strategy
        .as_ref()
        .is_some_and(|it| it.get("blueGreen").is_some())
    {
        let promotion = root.at(&["spec", "strategy", "blueGreen", "autoPromotionEnabled"]);
        if promotion.is_some_and(|it| it.value == false) {
            let hooks = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}]);
            configuration.insert("lifecycleHooks".into(), hooks);
        }
        return "BLUE_GREEN";
    }
    let Some(canary) = strategy.and_then(|it| it.get("canary")) else {
        return "ROLLING";
    };
    let steps = canary.list("steps");
    let mut weights = Vec::new();
    let mut pauses = Vec::new();
    let mut waits_for_people = false;
    for step in &steps {
        if let Some(weight) = step.whole("setWeight") {
            weights.push(weight);
        } else if let Some(pause) = step.get("pause") {
            match pause.get("duration") {
                Some(duration) => pauses.push(seconds(&duration)),
                None => waits_for_people = true,
            }
        } else {
            workload.tell(1018, &step.path, "ECS has no such step");
        }
    }
    weights.retain(|weight| *weight < 100);
    if waits_for_people {
        let hooks =
            json!([{"targetType": "PAUSE", "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}]);
        configuration.insert("lifecycleHooks".into(), hooks);
    }
    let bake = pauses
        .iter()
        .max()
        .copied()
        .unwrap_or_default()
        .div_ceil(60);
    match weights.as_slice() {
        [] => "ROLLING",
        [only] => {
            let canary = json!({"canaryPercent": *only as f64, "canaryBakeTimeInMinutes": bake});
            configuration.insert("canaryConfiguration".into(), canary);
            "CANARY"
        }
        [first, rest @ ..] => {
            let mut before = *first;
            for weight in rest {
                if weight - before != *first {
                    workload.tell(
                        1018,
                        "spec.strategy.canary.steps",
                        "ECS takes one step, or steps of the same size",
                    );
                    break;
                }
                before = *weight;
            }
            if 100 - before > *first + 1 {
                let message = "after the last step the rest would come at once";
                workload.tell(1018, "spec.strategy.canary.steps", message);
            }
            let linear = json!({"stepPercent": *first as f64, "stepBakeTimeInMinutes": bake});
            configuration.insert("linearConfiguration".into(), linear);
            "LINEAR"
        }
    }
}

/// Seconds of a pause: a number of them, or `5m`.
fn seconds(field: &Field<'_>) -> u64 {
    match field.value.as_u64() {
        Some(seconds) => seconds,
        None => {
            let text = field.scalar();
            let bare = text.parse::<u64>().ok();
            bare.or_else(|| duration(&text).map(|minutes| minutes * 60))
                .unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_minutes() {
        for (text, want) in [
            ("5m", Some(5)),
            ("1h30m", Some(90)),
            ("90s", Some(2)),
            ("10", Some(10)),
            ("soon", None),
            ("1w", None),
        ] {
            assert_eq!(duration(text), want, "{text}");
        }
    }
}
