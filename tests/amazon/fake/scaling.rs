//! How many tasks services have: targets, policies, actions at times.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{ACCOUNT, REGION, State};
use super::{Answer, merge, page, refuse, text, texts, unknown};

fn key(input: &Value, name: &str) -> String {
    let (resource, dimension) = (text(input, "ResourceId"), text(input, "ScalableDimension"));
    match text(input, name) {
        "" => format!("{resource} {dimension}"),
        name => format!("{resource} {dimension} {name}"),
    }
}

fn missing<T>(what: &str) -> Result<T, super::Refusal> {
    let message = format!("No {what} found for service namespace: ecs");
    refuse("ObjectNotFoundException", message)
}

/// Those that an input asks for.
fn wanted(known: &BTreeMap<String, Value>, input: &Value, names: &str, member: &str) -> Vec<Value> {
    let resource = text(input, "ResourceId");
    let (ids, names) = (texts(input, "ResourceIds"), texts(input, names));
    let known = known.values().filter(|it| {
        (resource.is_empty() || it["ResourceId"] == resource)
            && (ids.is_empty() || ids.contains(&text(it, "ResourceId").to_owned()))
            && (names.is_empty() || names.contains(&text(it, member).to_owned()))
    });
    known.cloned().collect()
}

/// A page whose token is written large.
fn large(mut page: Value) -> Value {
    if let Some(members) = page.as_object_mut()
        && let Some(token) = members.remove("nextToken")
    {
        members.insert("NextToken".to_owned(), token);
    }
    page
}

impl State {
    pub(super) fn scaling(&mut self, operation: &str, input: &Value) -> Answer {
        let kept = ["ServiceNamespace", "ResourceId", "ScalableDimension"];
        Ok(match operation {
            "RegisterScalableTarget" => {
                let service = text(input, "ResourceId")
                    .trim_start_matches("service/")
                    .to_owned();
                if !self.services.contains_key(&service) {
                    let message = format!("ECS service doesn't exist: service/{service}");
                    return refuse("ValidationException", message);
                }
                let key = key(input, "");
                let (now, number) = (self.now(), self.next());
                let target = self.targets.entry(key).or_insert_with(|| {
                    json!({
                        "CreationTime": now,
                        "ScalableTargetARN": format!("arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/{number:x}"),
                        "SuspendedState": {"DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false},
                    })
                });
                merge(target, input, &kept);
                merge(
                    target,
                    input,
                    &["MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState"],
                );
                let arn = target["ScalableTargetARN"].clone();
                self.set_tags(arn.as_str().unwrap_or_default(), &tags(input));
                json!({"ScalableTargetARN": arn})
            }
            "DeregisterScalableTarget" => {
                let key = key(input, "");
                if self.targets.remove(&key).is_none() {
                    return missing("scalable target");
                }
                self.policies.retain(|known, _| !known.starts_with(&key));
                self.actions.retain(|known, _| !known.starts_with(&key));
                json!({})
            }
            "DescribeScalableTargets" => large(page(
                input,
                "ScalableTargets",
                wanted(&self.targets, input, "", ""),
                50,
            )),
            "PutScalingPolicy" => {
                if !self.targets.contains_key(&key(input, "")) {
                    return missing("scalable target");
                }
                let (now, name) = (self.now(), text(input, "PolicyName").to_owned());
                let arn = format!(
                    "arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:x:resource/ecs/{}:policyName/{name}",
                    text(input, "ResourceId")
                );
                let policy = self
                    .policies
                    .entry(key(input, "PolicyName"))
                    .or_insert_with(
                        || json!({"PolicyARN": arn, "CreationTime": now, "Alarms": []}),
                    );
                merge(policy, input, &kept);
                let members = [
                    "PolicyName",
                    "PolicyType",
                    "StepScalingPolicyConfiguration",
                    "TargetTrackingScalingPolicyConfiguration",
                    "PredictiveScalingPolicyConfiguration",
                ];
                merge(policy, input, &members);
                json!({"PolicyARN": arn, "Alarms": []})
            }
            "DeleteScalingPolicy" => match self.policies.remove(&key(input, "PolicyName")) {
                Some(_) => json!({}),
                None => return missing("scaling policy"),
            },
            "DescribeScalingPolicies" => large(page(
                input,
                "ScalingPolicies",
                wanted(&self.policies, input, "PolicyNames", "PolicyName"),
                50,
            )),
            "PutScheduledAction" => {
                let now = self.now();
                let action = self
                    .actions
                    .entry(key(input, "ScheduledActionName"))
                    .or_insert_with(|| json!({"CreationTime": now}));
                merge(action, input, &kept);
                let members = [
                    "ScheduledActionName",
                    "Schedule",
                    "Timezone",
                    "StartTime",
                    "EndTime",
                    "ScalableTargetAction",
                ];
                merge(action, input, &members);
                json!({})
            }
            "DeleteScheduledAction" => {
                match self.actions.remove(&key(input, "ScheduledActionName")) {
                    Some(_) => json!({}),
                    None => return missing("scheduled action"),
                }
            }
            "DescribeScheduledActions" => large(page(
                input,
                "ScheduledActions",
                wanted(
                    &self.actions,
                    input,
                    "ScheduledActionNames",
                    "ScheduledActionName",
                ),
                50,
            )),
            "TagResource" => {
                self.set_tags(text(input, "ResourceARN"), &tags(input));
                json!({})
            }
            "ListTagsForResource" => {
                let tags = self
                    .tags
                    .get(text(input, "ResourceARN"))
                    .cloned()
                    .unwrap_or_default();
                json!({"Tags": tags})
            }
            _ => return unknown(operation),
        })
    }
}

/// Tags that are told as a map, as a list.
fn tags(input: &Value) -> Value {
    let tags = input["Tags"].as_object().into_iter().flatten();
    tags.map(|(name, value)| json!({"key": name, "value": value}))
        .collect()
}
