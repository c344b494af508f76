//! What containers wrote.

use serde_json::{Value, json};

use super::state::{ACCOUNT, REGION, State};
use super::{Answer, page, refuse, text, unknown};

impl State {
    /// Lets a container have written something.
    pub(crate) fn write(&mut self, group: &str, stream: &str, lines: &[&str]) {
        let kept = self.logs.entry(format!("{group} {stream}")).or_default();
        kept.extend(lines.iter().map(|line| (*line).to_owned()));
    }

    pub(super) fn log(&mut self, operation: &str, input: &Value) -> Answer {
        let name = text(input, "logGroupName").to_owned();
        let is_there = self.log_groups.contains_key(&name);
        let missing = || {
            refuse(
                "ResourceNotFoundException",
                "The specified log group does not exist.",
            )
        };
        Ok(match operation {
            "CreateLogGroup" => {
                if is_there {
                    let message = "The specified log group already exists";
                    return refuse("ResourceAlreadyExistsException", message);
                }
                let now = self.now();
                let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}");
                let tags = input["tags"].as_object().into_iter().flatten();
                let tags: Value = tags
                    .map(|(key, value)| json!({"key": key, "value": value}))
                    .collect();
                self.set_tags(&arn, &tags);
                let group = json!({"logGroupName": name, "arn": format!("{arn}:*"), "logGroupArn": arn, "creationTime": now, "storedBytes": 0});
                self.log_groups.insert(name, group);
                json!({})
            }
            "DescribeLogGroups" => {
                let prefix = text(input, "logGroupNamePrefix");
                let found = self
                    .log_groups
                    .iter()
                    .filter(|(name, _)| name.starts_with(prefix));
                page(
                    input,
                    "logGroups",
                    found.map(|(_, group)| group.clone()).collect(),
                    50,
                )
            }
            "PutRetentionPolicy" | "DeleteRetentionPolicy" => {
                match self.log_groups.get_mut(&name) {
                    Some(group) => {
                        let days = &input["retentionInDays"];
                        match (days.is_null(), group.as_object_mut()) {
                            (true, Some(members)) => drop(members.remove("retentionInDays")),
                            _ => group["retentionInDays"] = days.clone(),
                        }
                        json!({})
                    }
                    None => return missing(),
                }
            }
            "DeleteLogGroup" => match self.log_groups.remove(&name) {
                Some(_) => json!({}),
                None => return missing(),
            },
            "DescribeLogStreams" => {
                let (start, prefix) = (format!("{name} "), text(input, "logStreamNamePrefix"));
                let names = self.logs.keys().filter_map(|key| key.strip_prefix(&start));
                let names = names.filter(|stream| stream.starts_with(prefix));
                json!({"logStreams": names.map(|stream| json!({"logStreamName": stream})).collect::<Vec<_>>()})
            }
            "GetLogEvents" => {
                let stream = text(input, "logStreamName");
                let Some(lines) = self.logs.get(&format!("{name} {stream}")) else {
                    return refuse(
                        "ResourceNotFoundException",
                        "The specified log stream does not exist.",
                    );
                };
                let limit = input["limit"].as_u64().map_or(lines.len(), |limit| {
                    usize::try_from(limit).unwrap_or(lines.len())
                });
                let is_head = input["startFromHead"].as_bool() == Some(true);
                let skip = if is_head {
                    0
                } else {
                    lines.len().saturating_sub(limit)
                };
                // A token that was given is the end: there is nothing new.
                let is_more = input["nextToken"].is_null();
                let shown =
                    lines
                        .iter()
                        .enumerate()
                        .skip(skip)
                        .take(if is_more { limit } else { 0 });
                let events: Vec<Value> = shown
                    .map(|(at, line)| json!({"timestamp": 1_790_000_000_000_u64 + at as u64, "message": line, "ingestionTime": 0}))
                    .collect();
                json!({"events": events, "nextForwardToken": "f/end", "nextBackwardToken": "b/start"})
            }
            "FilterLogEvents" => {
                let start = format!("{name} ");
                let wanted = super::texts(input, "logStreamNames");
                let mut events = Vec::new();
                for (key, lines) in &self.logs {
                    let Some(stream) = key.strip_prefix(&start) else {
                        continue;
                    };
                    if !wanted.is_empty() && !wanted.contains(&stream.to_owned()) {
                        continue;
                    }
                    for (at, line) in lines.iter().enumerate() {
                        events.push(json!({"logStreamName": stream, "timestamp": 1_790_000_000_000_u64 + at as u64, "message": line, "eventId": format!("{stream}{at}")}));
                    }
                }
                page(input, "events", events, 100)
            }
            "ListTagsForResource" => {
                let arn = text(input, "resourceArn").trim_end_matches(":*").to_owned();
                json!({"tags": self.tags.get(&arn).cloned().unwrap_or_default()})
            }
            _ => return unknown(operation),
        })
    }
}
