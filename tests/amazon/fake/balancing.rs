//! Target groups, listeners and their rules.

use serde_json::{Value, json};

use super::state::{State, balancing_arn};
use super::{Answer, default, merge, refuse, text, texts, unknown};

const GROUP: [&str; 16] = [
    "Protocol",
    "ProtocolVersion",
    "Port",
    "VpcId",
    "TargetType",
    "IpAddressType",
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckEnabled",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
    "TargetControlPort",
];

impl State {
    pub(super) fn balancing(&mut self, operation: &str, input: &Value) -> Answer {
        match operation {
            "CreateTargetGroup" => self.create_group(input),
            "ModifyTargetGroup" => {
                let arn = text(input, "TargetGroupArn").to_owned();
                let Some(group) = self.groups.get_mut(&arn) else {
                    return refuse("TargetGroupNotFound", "One or more target groups not found");
                };
                merge(group, input, &GROUP);
                Ok(json!({"TargetGroups": [group]}))
            }
            "DeleteTargetGroup" => {
                let arn = text(input, "TargetGroupArn").to_owned();
                let is_used = self
                    .rules
                    .values()
                    .any(|rule| rule.to_string().contains(&arn));
                if is_used {
                    let message =
                        format!("Target group '{arn}' is currently in use by a listener or a rule");
                    return refuse("ResourceInUse", message);
                }
                self.groups.remove(&arn);
                Ok(json!({}))
            }
            "DescribeTargetGroups" => {
                let (names, arns) = (texts(input, "Names"), texts(input, "TargetGroupArns"));
                let found: Vec<Value> = self
                    .groups
                    .values()
                    .filter(|group| {
                        names.is_empty()
                            || names.contains(&text(group, "TargetGroupName").to_owned())
                    })
                    .filter(|group| {
                        arns.is_empty() || arns.contains(&text(group, "TargetGroupArn").to_owned())
                    })
                    .cloned()
                    .collect();
                if found.len() < names.len().max(arns.len()) {
                    return refuse("TargetGroupNotFound", "One or more target groups not found");
                }
                Ok(json!({"TargetGroups": found}))
            }
            "DescribeTargetGroupAttributes" | "ModifyTargetGroupAttributes" => {
                let arn = text(input, "TargetGroupArn").to_owned();
                if !self.groups.contains_key(&arn) {
                    return refuse("TargetGroupNotFound", "One or more target groups not found");
                }
                let key = format!("{arn} attributes");
                let known = self.tags.entry(key).or_default();
                known
                    .entry("deregistration_delay.timeout_seconds".to_owned())
                    .or_insert_with(|| "300".to_owned());
                for one in input["Attributes"].as_array().into_iter().flatten() {
                    known.insert(text(one, "Key").to_owned(), text(one, "Value").to_owned());
                }
                let shown: Vec<Value> = known
                    .iter()
                    .map(|(name, value)| json!({"Key": name, "Value": value}))
                    .collect();
                Ok(json!({"Attributes": shown}))
            }
            "DescribeTargetHealth" => Ok(json!({"TargetHealthDescriptions": []})),
            "CreateRule" => self.create_rule(input),
            "ModifyRule" => {
                let arn = text(input, "RuleArn").to_owned();
                let Some(rule) = self.rules.get_mut(&arn) else {
                    return refuse("RuleNotFound", "One or more rules not found");
                };
                merge(rule, input, &["Conditions", "Actions"]);
                Ok(json!({"Rules": [rule]}))
            }
            "SetRulePriorities" => {
                for one in input["RulePriorities"].as_array().into_iter().flatten() {
                    let Some(rule) = self.rules.get_mut(text(one, "RuleArn")) else {
                        return refuse("RuleNotFound", "One or more rules not found");
                    };
                    rule["Priority"] = one["Priority"].clone();
                }
                Ok(json!({"Rules": self.rules.values().collect::<Vec<_>>()}))
            }
            "DeleteRule" => match self.rules.remove(text(input, "RuleArn")) {
                Some(_) => Ok(json!({})),
                None => refuse("RuleNotFound", "One or more rules not found"),
            },
            "DescribeRules" => {
                let (listener, arns) = (text(input, "ListenerArn"), texts(input, "RuleArns"));
                let rules: Vec<&Value> = self
                    .rules
                    .iter()
                    .filter(|(arn, rule)| match arns.is_empty() {
                        true => rule["_listener"] == listener,
                        false => arns.contains(arn),
                    })
                    .map(|(_, rule)| rule)
                    .collect();
                let mut shown: Vec<Value> = rules.into_iter().cloned().collect();
                for rule in &mut shown {
                    if let Some(members) = rule.as_object_mut() {
                        members.remove("_listener");
                    }
                }
                Ok(json!({"Rules": shown}))
            }
            "DescribeListeners" => {
                let (balancer, arns) =
                    (text(input, "LoadBalancerArn"), texts(input, "ListenerArns"));
                let found: Vec<&Value> = self
                    .listeners
                    .iter()
                    .filter(|(arn, it)| match arns.is_empty() {
                        true => it["LoadBalancerArn"] == balancer,
                        false => arns.contains(arn),
                    })
                    .map(|(_, it)| it)
                    .collect();
                match found.is_empty() {
                    true => refuse("ListenerNotFound", "One or more listeners not found"),
                    false => Ok(json!({"Listeners": found})),
                }
            }
            "DescribeLoadBalancers" => {
                let arns = texts(input, "LoadBalancerArns");
                let found = self
                    .balancers
                    .iter()
                    .filter(|(arn, _)| arns.is_empty() || arns.contains(arn));
                Ok(json!({"LoadBalancers": found.map(|(_, it)| it).collect::<Vec<_>>()}))
            }
            "AddTags" => {
                for arn in texts(input, "ResourceArns") {
                    self.set_tags(&arn, &input["Tags"]);
                }
                Ok(json!({}))
            }
            "RemoveTags" => {
                for arn in texts(input, "ResourceArns") {
                    for key in texts(input, "TagKeys") {
                        self.tags.entry(arn.clone()).or_default().remove(&key);
                    }
                }
                Ok(json!({}))
            }
            "DescribeTags" => {
                let described: Vec<Value> = texts(input, "ResourceArns")
                    .iter()
                    .map(|arn| json!({"ResourceArn": arn, "Tags": self.tags_of(arn, ["Key", "Value"])}))
                    .collect();
                Ok(json!({"TagDescriptions": described}))
            }
            _ => unknown(operation),
        }
    }

    fn create_group(&mut self, input: &Value) -> Answer {
        let name = text(input, "Name").to_owned();
        if name.is_empty() || name.len() > 32 {
            return refuse(
                "ValidationError",
                format!("Target group name '{name}' cannot be longer than '32' characters"),
            );
        }
        let known = self
            .groups
            .values()
            .find(|group| group["TargetGroupName"] == name.as_str());
        if let Some(known) = known {
            // One that is made again as it is there is the same one.
            let mut same = known.clone();
            merge(&mut same, input, &GROUP);
            return match same == *known {
                true => Ok(json!({"TargetGroups": [known]})),
                false => refuse(
                    "DuplicateTargetGroupName",
                    format!(
                        "A target group with the same name '{name}' exists, but with different settings"
                    ),
                ),
            };
        }
        let number = self.next();
        let arn = balancing_arn(&format!("targetgroup/{name}/{number:016x}"));
        let mut group = json!({"TargetGroupArn": arn, "TargetGroupName": name});
        merge(&mut group, input, &GROUP);
        for (member, value) in [
            ("TargetType", "instance"),
            ("ProtocolVersion", "HTTP1"),
            ("IpAddressType", "ipv4"),
            ("HealthCheckProtocol", "HTTP"),
            ("HealthCheckPort", "traffic-port"),
            ("HealthCheckEnabled", "true"),
            ("HealthCheckPath", "/"),
            ("HealthCheckIntervalSeconds", "30"),
            ("HealthCheckTimeoutSeconds", "5"),
            ("HealthyThresholdCount", "5"),
            ("UnhealthyThresholdCount", "2"),
        ] {
            default(&mut group, member, json!(value));
        }
        default(&mut group, "Matcher", json!({"HttpCode": "200"}));
        self.set_tags(&arn, &input["Tags"]);
        self.groups.insert(arn, group.clone());
        Ok(json!({"TargetGroups": [group]}))
    }

    fn create_rule(&mut self, input: &Value) -> Answer {
        let listener = text(input, "ListenerArn").to_owned();
        if !self.listeners.contains_key(&listener) {
            return refuse("ListenerNotFound", "One or more listeners not found");
        }
        let priority = text(input, "Priority");
        let is_taken = self.rules.values();
        let is_taken = is_taken.filter(|rule| rule["_listener"] == listener.as_str());
        if is_taken
            .into_iter()
            .any(|rule| rule["Priority"] == priority)
        {
            return refuse(
                "PriorityInUse",
                format!("Priority '{priority}' is currently in use"),
            );
        }
        let number = self.next();
        let (_, rest) = listener.split_once(":listener/").unwrap_or_default();
        let arn = balancing_arn(&format!("listener-rule/{rest}/{number:016x}"));
        let mut rule = json!({"RuleArn": arn, "IsDefault": "false", "_listener": listener});
        merge(&mut rule, input, &["Priority", "Conditions", "Actions"]);
        self.set_tags(&arn, &input["Tags"]);
        self.rules.insert(arn, rule.clone());
        if let Some(members) = rule.as_object_mut() {
            members.remove("_listener");
        }
        Ok(json!({"Rules": [rule]}))
    }
}
