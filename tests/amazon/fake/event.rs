//! Rules over events, and what they start.

use serde_json::{Value, json};

use super::state::{ACCOUNT, REGION, State};
use super::{Answer, default, refuse, text, texts, unknown};

impl State {
    pub(super) fn event(&mut self, operation: &str, input: &Value) -> Answer {
        let name = match text(input, "Rule") {
            "" => text(input, "Name"),
            rule => rule,
        };
        let name = name.to_owned();
        let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}");
        let is_there = self.event_rules.contains_key(&name);
        if !is_there
            && matches!(
                operation,
                "DescribeRule" | "PutTargets" | "ListTargetsByRule"
            )
        {
            let message = format!("Rule {name} does not exist on EventBus default.");
            return refuse("ResourceNotFoundException", message);
        }
        Ok(match operation {
            "PutRule" => {
                let mut rule = input.clone();
                rule["Arn"] = json!(arn);
                default(&mut rule, "State", json!("ENABLED"));
                default(&mut rule, "EventBusName", json!("default"));
                if let Some(members) = rule.as_object_mut() {
                    members.remove("Tags");
                }
                self.set_tags(&arn, &input["Tags"]);
                self.event_rules.insert(name, rule);
                json!({"RuleArn": arn})
            }
            "DescribeRule" => self.event_rules[&name].clone(),
            "DeleteRule" => {
                if self
                    .event_targets
                    .get(&name)
                    .is_some_and(|targets| !targets.is_empty())
                {
                    return refuse(
                        "ValidationException",
                        "Rule can't be deleted since it has targets.",
                    );
                }
                self.event_rules.remove(&name);
                json!({})
            }
            "PutTargets" => {
                let known = self.event_targets.entry(name).or_default();
                for target in input["Targets"].as_array().into_iter().flatten() {
                    known.retain(|it| it["Id"] != target["Id"]);
                    known.push(target.clone());
                }
                json!({"FailedEntryCount": 0, "FailedEntries": []})
            }
            "RemoveTargets" => {
                let ids = texts(input, "Ids");
                let known = self.event_targets.entry(name).or_default();
                known.retain(|it| !ids.contains(&text(it, "Id").to_owned()));
                json!({"FailedEntryCount": 0, "FailedEntries": []})
            }
            "ListTargetsByRule" => {
                json!({"Targets": self.event_targets.get(&name).cloned().unwrap_or_default()})
            }
            "ListRuleNamesByTarget" => {
                let is_aimed = |name: &&String| {
                    let targets = self.event_targets.get(*name);
                    let mut targets = targets.into_iter().flatten();
                    targets.any(|it| it["Arn"] == input["TargetArn"])
                };
                let names: Vec<&String> = self.event_rules.keys().filter(is_aimed).collect();
                json!({"RuleNames": names})
            }
            "ListRules" => json!({"Rules": self.event_rules.values().collect::<Vec<_>>()}),
            "ListTagsForResource" => {
                json!({"Tags": self.tags_of(text(input, "ResourceARN"), ["Key", "Value"])})
            }
            _ => return unknown(operation),
        })
    }
}
