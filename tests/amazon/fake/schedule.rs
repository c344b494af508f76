//! Schedules, each at an address of its own.

use serde_json::{Value, json};

use super::super::http::{Request, decoded};
use super::state::{ACCOUNT, REGION, State};
use super::{Answer, Refusal, default, refuse, text, unknown};

/// What is asked for by method and path.
pub(super) fn operation(request: &Request) -> Option<(String, Value)> {
    let mut input: Value = serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}));
    let mut parts = request.path.trim_start_matches('/').splitn(2, '/');
    let (kind, name) = (parts.next()?, parts.next().map(decoded));
    let operation = match (kind, request.method.as_str(), &name) {
        ("schedules", "POST", Some(_)) => "CreateSchedule",
        ("schedules", "PUT", Some(_)) => "UpdateSchedule",
        ("schedules", "GET", Some(_)) => "GetSchedule",
        ("schedules", "DELETE", Some(_)) => "DeleteSchedule",
        ("schedules", "GET", None) => "ListSchedules",
        ("schedule-groups", "POST", Some(_)) => "CreateScheduleGroup",
        ("schedule-groups", "GET", Some(_)) => "GetScheduleGroup",
        ("schedule-groups", "DELETE", Some(_)) => "DeleteScheduleGroup",
        ("tags", "GET", Some(_)) => "ListTagsForResource",
        ("tags", "POST", Some(_)) => "TagResource",
        ("tags", "DELETE", Some(_)) => "UntagResource",
        _ => return None,
    };
    if let Some(name) = name {
        let member = if kind == "tags" {
            "ResourceArn"
        } else {
            "Name"
        };
        input[member] = json!(name);
    }
    for (query, member) in [
        ("groupName", "GroupName"),
        ("ScheduleGroup", "GroupName"),
        ("NamePrefix", "NamePrefix"),
        ("NextToken", "NextToken"),
        ("clientToken", "ClientToken"),
    ] {
        if let Some(value) = request.query(query) {
            input[member] = json!(value);
        }
    }
    let keys = request
        .query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("TagKeys="));
    let keys: Vec<String> = keys.map(decoded).collect();
    if !keys.is_empty() {
        input["TagKeys"] = json!(keys);
    }
    Some((operation.to_owned(), input))
}

fn missing<T>(name: &str) -> Result<T, Refusal> {
    Err(Refusal {
        status: 404,
        code: "ResourceNotFoundException".to_owned(),
        message: format!("Schedule {name} does not exist."),
    })
}

impl State {
    pub(super) fn schedule(&mut self, operation: &str, input: &Value) -> Answer {
        let group = match text(input, "GroupName") {
            "" => "default",
            group => group,
        };
        let name = text(input, "Name");
        let key = format!("{group}/{name}");
        let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{key}");
        Ok(match operation {
            "CreateSchedule" | "UpdateSchedule" => {
                let known = self.schedules.get(&key);
                match (operation, known) {
                    ("CreateSchedule", Some(_)) => {
                        let message = format!("Schedule {name} already exists.");
                        return Err(Refusal {
                            status: 409,
                            ..refuse::<Value>("ConflictException", message).expect_err("it refuses")
                        });
                    }
                    ("UpdateSchedule", None) => return missing(name),
                    _ => {}
                }
                for member in ["ScheduleExpression", "FlexibleTimeWindow", "Target"] {
                    if input[member].is_null() {
                        return refuse("ValidationException", format!("{member} must not be null"));
                    }
                }
                // An update that leaves something out takes it away.
                let mut schedule = input.clone();
                let now = self.now();
                schedule["Arn"] = json!(arn);
                schedule["GroupName"] = json!(group);
                schedule["LastModificationDate"] = now.clone();
                schedule["CreationDate"] = known_date(self.schedules.get(&key), now);
                default(&mut schedule, "State", json!("ENABLED"));
                default(&mut schedule, "ScheduleExpressionTimezone", json!("UTC"));
                default(&mut schedule, "ActionAfterCompletion", json!("NONE"));
                default(
                    &mut schedule["Target"],
                    "RetryPolicy",
                    json!({"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}),
                );
                if let Some(members) = schedule.as_object_mut() {
                    members.remove("ClientToken");
                }
                self.schedules.insert(key, schedule);
                json!({"ScheduleArn": arn})
            }
            "GetSchedule" => match self.schedules.get(&key) {
                Some(schedule) => schedule.clone(),
                None => return missing(name),
            },
            "DeleteSchedule" => match self.schedules.remove(&key) {
                Some(_) => json!({}),
                None => return missing(name),
            },
            "ListSchedules" => {
                let prefix = text(input, "NamePrefix");
                let is_any = input["GroupName"].is_null();
                let found = self.schedules.values().filter(|it| {
                    (is_any || it["GroupName"] == group) && text(it, "Name").starts_with(prefix)
                });
                let found = found.map(|it| {
                    json!({"Arn": it["Arn"], "Name": it["Name"], "GroupName": it["GroupName"], "State": it["State"], "Target": {"Arn": it["Target"]["Arn"]}})
                });
                json!({"Schedules": found.collect::<Vec<_>>()})
            }
            "CreateScheduleGroup" | "GetScheduleGroup" => {
                let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{name}");
                json!({"ScheduleGroupArn": arn, "Arn": arn, "Name": name, "State": "ACTIVE"})
            }
            "DeleteScheduleGroup" => json!({}),
            "ListTagsForResource" => {
                json!({"Tags": self.tags_of(text(input, "ResourceArn"), ["Key", "Value"])})
            }
            "TagResource" => {
                self.set_tags(text(input, "ResourceArn"), &input["Tags"]);
                json!({})
            }
            "UntagResource" => {
                for key in super::texts(input, "TagKeys") {
                    self.tags
                        .entry(text(input, "ResourceArn").to_owned())
                        .or_default()
                        .remove(&key);
                }
                json!({})
            }
            _ => return unknown(operation),
        })
    }
}

fn known_date(known: Option<&Value>, now: Value) -> Value {
    known.map_or(now, |known| known["CreationDate"].clone())
}
