//! Templates of CloudFormation: what of them is a resource that pintle makes, too.

use serde_json::{Map, Value, json};

use super::super::config::Config;
use super::super::copilot::recased;
use super::super::desired::{Resource, reference};
use super::chart::asked;
use crate::yaml::node::{Kind, Node, Scalar};

/// Types that are taken: what they make, and whether the API writes members with a small letter.
const TYPES: &[(&str, &str, bool)] = &[
    ("AWS::Logs::LogGroup", "logs:LogGroup", true),
    (
        "AWS::ServiceDiscovery::Service",
        "servicediscovery:Service",
        false,
    ),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "elbv2:TargetGroup",
        false,
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "elbv2:ListenerRule",
        false,
    ),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        "elbv2:Listener",
        false,
    ),
    ("AWS::ECS::TaskDefinition", "ecs:TaskDefinition", true),
    ("AWS::ECS::Service", "ecs:Service", true),
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "application-autoscaling:ScalableTarget",
        false,
    ),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "application-autoscaling:ScalingPolicy",
        false,
    ),
];

/// Reads a template; `!Ref x` is read as `{Ref: x}`, and so on.
///
/// # Errors
/// What is no YAML.
pub(super) fn read(text: &[u8]) -> Result<Value, String> {
    let node = Node::read(text).map_err(|error| error.to_string())?;
    Ok(node.map_or(Value::Null, |node| plain(node.content())))
}

fn plain(node: &Node) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match node.kind {
        Kind::Mapping => {
            let member = |(key, value): (&Node, &Node)| (text(&key.value), plain(value));
            Value::Object(node.pairs().map(member).collect())
        }
        Kind::Sequence => Value::Array(node.children.iter().map(plain).collect()),
        _ if node.is_tagged && !node.tag.starts_with(b"!!") => text(&node.value).into(),
        _ => match node.scalar_value() {
            Scalar::Null => Value::Null,
            Scalar::Bool(it) => it.into(),
            Scalar::Int(it) => it.into(),
            Scalar::Uint(it) => it.into(),
            Scalar::Float(it) => it.into(),
            Scalar::Timestamp(it) => text(it).into(),
            Scalar::Text(it) => text(&it).into(),
        },
    };
    let tag = text(&node.tag);
    match tag
        .strip_prefix('!')
        .filter(|name| node.is_tagged && !name.starts_with('!'))
    {
        Some("Ref") => json!({"Ref": value}),
        Some("GetAtt") => match value.as_str().and_then(|it| it.split_once('.')) {
            Some((name, attribute)) => json!({"Fn::GetAtt": [name, attribute]}),
            None => json!({"Fn::GetAtt": value}),
        },
        Some("Condition") => json!({"Condition": value}),
        Some(name) => json!({format!("Fn::{name}"): value}),
        None => value,
    }
}

/// A template on its way.
pub(super) struct Template<'a> {
    pub(super) body: &'a Value,
    pub(super) config: &'a Config,
    /// What stands in front of names that the template leaves to CloudFormation.
    pub(super) prefix: &'a str,
}

/// The type of a resource that is taken.
fn taken(resource: &Value) -> Option<(&'static str, bool)> {
    let kind = resource["Type"].as_str()?;
    let found = TYPES.iter().find(|(name, ..)| *name == kind)?;
    Some((found.1, found.2))
}

impl Template<'_> {
    /// The resources that are taken, in the order in which they need each other.
    pub(super) fn resources(&self, blocked: &mut Vec<(String, String)>) -> Vec<Resource> {
        let all = self.body["Resources"].as_object();
        let mut found = Vec::new();
        for (logical, resource) in all.into_iter().flatten() {
            let Some((kind, is_small)) = taken(resource) else {
                let what = format!(
                    "{logical} ({})",
                    resource["Type"].as_str().unwrap_or_default()
                );
                blocked.push((what, "stays in its stack, or is made elsewhere".to_owned()));
                continue;
            };
            if !resource["Condition"].is_null() {
                let what = format!("condition of {logical}");
                blocked.push((what, "the resource is made in any case".to_owned()));
            }
            found.push(self.resource((logical, resource), kind, is_small));
        }
        found.sort_by_key(|it| TYPES.iter().position(|(_, kind, _)| *kind == it.kind));
        found
    }

    fn resource(
        &self,
        (logical, resource): (&str, &Value),
        kind: &str,
        is_small: bool,
    ) -> Resource {
        let resolved = self
            .resolve(&resource["Properties"])
            .unwrap_or_else(|| json!({}));
        let mut request = if is_small {
            recased(&resolved)
        } else {
            resolved
        };
        if request.is_null() {
            request = json!({});
        }
        let name = self.name(logical, resource, kind);
        let mut made = Resource::new(kind, name.as_str(), Value::Null);
        let beside = |request: &mut Value, member: &str| {
            let map = request.as_object_mut();
            map.and_then(|map| map.shift_remove(member))
                .unwrap_or_default()
        };
        match kind {
            "logs:LogGroup" => {
                request["logGroupName"] = name.as_str().into();
                let days = beside(&mut request, "retentionInDays");
                if !days.is_null() {
                    made.settings.insert("retentionInDays".into(), days);
                }
            }
            "elbv2:TargetGroup" => {
                request["Name"] = name.as_str().into();
                let listed = beside(&mut request, "TargetGroupAttributes");
                let text = |value: &Value| {
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                };
                let attributes: Map<String, Value> = listed
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|it| (text(&it["Key"]), text(&it["Value"]).into()))
                    .collect();
                if !attributes.is_empty() {
                    made.settings
                        .insert("attributes".into(), Value::Object(attributes));
                }
            }
            "ecs:TaskDefinition" => {
                request["family"] = name.as_str().into();
                for member in ["cpu", "memory"] {
                    if request[member].is_number() {
                        request[member] = request[member].to_string().into();
                    }
                }
            }
            "ecs:Service" => {
                request["serviceName"] = name.as_str().into();
                beside(&mut request, "role");
            }
            "servicediscovery:Service" => request["Name"] = name.as_str().into(),
            "application-autoscaling:ScalableTarget" => {
                beside(&mut request, "RoleARN");
                beside(&mut request, "ScheduledActions");
            }
            "application-autoscaling:ScalingPolicy" => {
                request["PolicyName"] = name.as_str().into();
                beside(&mut request, "ScalingTargetId");
                let target = &resource["Properties"]["ScalingTargetId"]["Ref"];
                let target =
                    &self.body["Resources"][target.as_str().unwrap_or_default()]["Properties"];
                for member in ["ServiceNamespace", "ResourceId", "ScalableDimension"] {
                    if let (true, Some(value)) =
                        (request[member].is_null(), self.resolve(&target[member]))
                    {
                        request[member] = value;
                    }
                }
            }
            _ => {}
        }
        if let Some(map) = request.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
        made.request = request;
        made
    }

    /// The name that a template says, or one that begins as those of CloudFormation do.
    fn name(&self, logical: &str, resource: &Value, kind: &str) -> String {
        let member = match kind {
            "logs:LogGroup" => "LogGroupName",
            "ecs:TaskDefinition" => "Family",
            "ecs:Service" => "ServiceName",
            "application-autoscaling:ScalingPolicy" => "PolicyName",
            "elbv2:TargetGroup" | "servicediscovery:Service" => "Name",
            _ => return logical.to_owned(),
        };
        let said = self.resolve(&resource["Properties"][member]);
        let said = said
            .as_ref()
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty());
        let made = || format!("{}-{logical}", self.prefix);
        let name = said.map_or_else(made, str::to_owned);
        match kind {
            "elbv2:TargetGroup" => super::super::translate::name::short(&name, 32),
            _ => name,
        }
    }

    /// A value without functions; nothing for `AWS::NoValue`.
    fn resolve(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.resolve(item)).collect(),
            Value::Object(map) => {
                if let (1, Some((name, inner))) = (map.len(), map.iter().next())
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, inner);
                }
                let members = map
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), self.resolve(value)?)));
                Value::Object(members.collect())
            }
            other => other.clone(),
        })
    }

    fn text(&self, value: &Value) -> String {
        match self.resolve(value) {
            Some(Value::String(text)) => text,
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }
    }

    fn function(&self, name: &str, inner: &Value) -> Option<Value> {
        Some(match name {
            "Ref" => return self.named(inner.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                let part = |at: usize| inner[at].as_str().unwrap_or_default();
                self.attribute(part(0), part(1)).into()
            }
            "Fn::Sub" => self.substituted(inner).into(),
            "Fn::Join" => {
                let between = inner[0].as_str().unwrap_or_default();
                let items = self.resolve(&inner[1]).unwrap_or_default();
                let items = items
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|item| self.text(item));
                items.collect::<Vec<_>>().join(between).into()
            }
            "Fn::Select" => {
                let at = inner[0]
                    .as_u64()
                    .or_else(|| inner[0].as_str()?.parse().ok());
                let at = at
                    .and_then(|at| usize::try_from(at).ok())
                    .unwrap_or_default();
                match self.resolve(&inner[1]) {
                    Some(Value::Array(items)) => items.get(at).cloned().unwrap_or_default(),
                    Some(Value::String(text)) => asked(&format!("{}.{at}", unasked(&text))).into(),
                    _ => Value::Null,
                }
            }
            "Fn::Split" => {
                let text = self.text(&inner[1]);
                let by = inner[0].as_str().unwrap_or(",");
                match text.contains(super::chart::ASKED) {
                    true => text.into(),
                    false => text.split(by).map(Value::from).collect(),
                }
            }
            "Fn::ImportValue" => asked(&unasked(&self.text(inner))).into(),
            "Fn::If" => asked(&format!("If.{}", inner[0].as_str().unwrap_or_default())).into(),
            other => asked(other).into(),
        })
    }

    /// `Ref`: a parameter, a resource, what CloudFormation knows of itself.
    fn named(&self, name: &str) -> Option<Value> {
        let config = self.config;
        let known = |value: &Option<String>| match value {
            Some(value) => value.clone(),
            None => asked(name),
        };
        Some(match name {
            "AWS::NoValue" => return None,
            "AWS::Region" => known(&config.region).into(),
            "AWS::AccountId" => known(&config.account).into(),
            "AWS::Partition" => config.partition().into(),
            "AWS::StackName" => self.prefix.into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            _ => {
                let parameter = &self.body["Parameters"][name]["Default"];
                if !parameter.is_null() {
                    return Some(parameter.clone());
                }
                let resource = &self.body["Resources"][name];
                match taken(resource) {
                    Some((kind @ "logs:LogGroup", _)) => self.name(name, resource, kind).into(),
                    Some((kind, _)) => {
                        reference(kind, &self.name(name, resource, kind), "arn").into()
                    }
                    None => asked(name).into(),
                }
            }
        })
    }

    fn attribute(&self, name: &str, attribute: &str) -> String {
        let resource = &self.body["Resources"][name];
        match (taken(resource), attribute) {
            (Some((kind @ "ecs:Service", _)), "Name") => self.name(name, resource, kind),
            (Some((kind, _)), "TargetGroupFullName") => {
                reference(kind, &self.name(name, resource, kind), "fullName")
            }
            (Some((kind, _)), _) => reference(kind, &self.name(name, resource, kind), "arn"),
            (None, _) => asked(&format!("{name}.{attribute}")),
        }
    }

    /// `Fn::Sub`: a text with `${Name}`, `${Name.Attribute}` and `${!Literal}`, or that and variables.
    fn substituted(&self, inner: &Value) -> String {
        let (text, variables) = match inner {
            Value::Array(parts) => (parts.first().and_then(Value::as_str), parts.get(1)),
            other => (other.as_str(), None),
        };
        let mut rest = text.unwrap_or_default();
        let mut whole = String::new();
        while let Some(at) = rest.find("${") {
            whole.push_str(&rest[..at]);
            let Some(length) = rest[at..].find('}') else {
                break;
            };
            let name = rest[at + 2..at + length].trim();
            rest = &rest[at + length + 1..];
            let own = variables.and_then(|it| it.get(name));
            match (name.strip_prefix('!'), own, name.split_once('.')) {
                (Some(literal), ..) => whole.push_str(&format!("${{{literal}}}")),
                (None, Some(value), _) => whole.push_str(&self.text(value)),
                (None, None, Some((resource, attribute))) => {
                    whole.push_str(&self.attribute(resource, attribute));
                }
                (None, None, None) => {
                    let value = self.named(name).unwrap_or_default();
                    whole.push_str(
                        &value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned),
                    );
                }
            }
        }
        whole + rest
    }
}

/// The names that are asked for in a text, without the marks.
fn unasked(text: &str) -> String {
    text.replace([super::chart::ASKED, super::chart::ANSWERED], "")
}
