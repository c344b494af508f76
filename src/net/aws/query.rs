//! Forms and XML of services that are older than JSON: both become what Amazon's command line shows.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Which of the two ways names and lists are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `Names.member.1`
    Query,
    /// `Name.1`
    Ec2,
}

/// Pairs of a form; members that are null are left out.
pub(super) fn flatten(style: Style, input: &Value) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Some(members) = input.as_object() {
        for (name, value) in members {
            put(style, name.clone(), value, &mut pairs);
        }
    }
    pairs
}

fn put(style: Style, name: String, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => pairs.push((name, value.to_string())),
        Value::String(text) => pairs.push((name, text.clone())),
        Value::Object(members) => {
            for (member, value) in members {
                put(style, format!("{name}.{member}"), value, pairs);
            }
        }
        Value::Array(items) => {
            let name = match style {
                Style::Query if items.is_empty() => {
                    pairs.push((name, String::new()));
                    return;
                }
                Style::Query => format!("{name}.member"),
                // `SubnetIds` are `SubnetId.1` and so on.
                Style::Ec2 => name.strip_suffix('s').unwrap_or(&name).to_owned(),
            };
            for (at, item) in items.iter().enumerate() {
                put(style, format!("{name}.{}", at + 1), item, pairs);
            }
        }
    }
}

/// Members that are numbers, of all services that are asked.
const NUMBERS: [&str; 15] = [
    "AvailableIpAddressCount",
    "DurationSeconds",
    "FromPort",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "MaxSessionDuration",
    "Order",
    "Port",
    "SessionTimeout",
    "TargetControlPort",
    "ToPort",
    "UnhealthyThresholdCount",
    "Weight",
    "EvaluationPeriods",
];

/// Members that are true or false.
const TRUTHS: [&str; 8] = [
    "AllowedByOrganizations",
    "DefaultForAz",
    "HealthCheckEnabled",
    "IsDefault",
    "IsTruncated",
    "MapPublicIpOnLaunch",
    "Enabled",
    "ActionsEnabled",
];

/// How deep an answer may nest.
const DEPTH: usize = 64;

/// What an answer says: what stands in the element of the result, where there is one. Elements with
/// nothing in them are null, lists too.
///
/// # Errors
/// Text that is not XML.
pub(super) fn read(style: Style, operation: &str, text: &str) -> Result<Value, String> {
    let root = tree(text)?;
    let mut value = root.value(style);
    if let Some(members) = value.as_object_mut() {
        if let Some(result) = members.remove(&format!("{operation}Result")) {
            return Ok(result);
        }
        members.remove("ResponseMetadata");
        members.remove("RequestId");
    }
    Ok(match value {
        Value::Object(_) => value,
        _ => Value::Object(Map::new()),
    })
}

#[derive(Default)]
struct Element {
    name: String,
    text: String,
    inner: Vec<Element>,
}

fn tree(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    let damaged = || "the answer is not XML".to_owned();
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let inside = open.last_mut().ok_or_else(damaged)?;
        match event {
            Event::Start(start) => {
                let name = name(start.local_name().as_ref());
                open.push(Element {
                    name,
                    ..Element::default()
                });
                if open.len() > DEPTH {
                    return Err("the answer nests too deep".to_owned());
                }
            }
            Event::Empty(empty) => inside.inner.push(Element {
                name: name(empty.local_name().as_ref()),
                ..Element::default()
            }),
            Event::End(_) => {
                let done = open.pop().ok_or_else(damaged)?;
                open.last_mut().ok_or_else(damaged)?.inner.push(done);
            }
            Event::Text(text) => inside
                .text
                .push_str(&text.decode().map_err(|error| error.to_string())?),
            Event::CData(text) => inside
                .text
                .push_str(&text.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(reference) => {
                let code = reference.decode().map_err(|error| error.to_string())?;
                inside
                    .text
                    .push_str(&super::unescaped(&format!("&{code};")));
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let mut outside = open.pop().ok_or_else(damaged)?;
    match (open.is_empty(), outside.inner.len()) {
        (true, 1) => Ok(outside.inner.remove(0)),
        _ => Err(damaged()),
    }
}

impl Element {
    fn value(self, style: Style) -> Value {
        if self.inner.is_empty() {
            return leaf(&name(style, &self.name), self.text);
        }
        let is_list = self
            .inner
            .iter()
            .all(|inner| matches!(inner.name.as_str(), "member" | "item"));
        if is_list {
            let items = self.inner.into_iter();
            return Value::Array(items.map(|item| item.value(style)).collect());
        }
        let mut members = Map::new();
        for inner in self.inner {
            let name = name(style, &inner.name);
            let value = inner.value(style);
            match members.get_mut(&name) {
                None => drop(members.insert(name, value)),
                Some(Value::Array(items)) => items.push(value),
                Some(known) => *known = Value::Array(vec![known.take(), value]),
            }
        }
        Value::Object(members)
    }
}

fn leaf(name: &str, text: String) -> Value {
    let text = match text.trim() {
        "" => return Value::Null,
        _ => text,
    };
    if NUMBERS.contains(&name)
        && let Ok(number) = text.trim().parse::<i64>()
    {
        return Value::from(number);
    }
    match (TRUTHS.contains(&name), text.trim()) {
        (true, "true") => Value::Bool(true),
        (true, "false") => Value::Bool(false),
        _ => Value::String(text),
    }
}

/// The name that Amazon's command line has: of EC2's `subnetSet` it is `Subnets`.
fn name(style: Style, given: &str) -> String {
    if style == Style::Query {
        return given.to_owned();
    }
    let given = match given {
        "securityGroupInfo" => "securityGroupSet",
        given => given,
    };
    let mut name = match given.strip_suffix("Set") {
        Some(one) if one.ends_with('s') => one.to_owned(),
        Some(one) => format!("{one}s"),
        None => given.to_owned(),
    };
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_are_written_as_botocore_does() {
        let input = json!({
            "Name": "web", "Port": 80, "HealthCheckEnabled": true, "Nothing": null,
            "Tags": [{"Key": "a", "Value": "b c"}, {"Key": "d"}],
            "Matcher": {"HttpCode": "200"}, "Conditions": [],
            "Actions": [{"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "x", "Weight": 1}]}}],
        });
        let pairs = flatten(Style::Query, &input);
        let text: Vec<String> = pairs.iter().map(|(a, b)| format!("{a}={b}")).collect();
        assert_eq!(
            text,
            [
                "Name=web",
                "Port=80",
                "HealthCheckEnabled=true",
                "Tags.member.1.Key=a",
                "Tags.member.1.Value=b c",
                "Tags.member.2.Key=d",
                "Matcher.HttpCode=200",
                "Conditions=",
                "Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn=x",
                "Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=1",
            ]
        );
        let input = json!({
            "SubnetIds": ["subnet-1", "subnet-2"],
            "Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}],
        });
        let pairs = flatten(Style::Ec2, &input);
        let text: Vec<String> = pairs.iter().map(|(a, b)| format!("{a}={b}")).collect();
        assert_eq!(
            text,
            [
                "SubnetId.1=subnet-1",
                "SubnetId.2=subnet-2",
                "Filter.1.Name=vpc-id",
                "Filter.1.Value.1=vpc-1",
            ]
        );
    }

    #[test]
    fn answers_are_read_as_the_command_line_shows_them() {
        let text = r#"<?xml version="1.0"?>
<DescribeTargetGroupsResponse xmlns="http://e/">
  <DescribeTargetGroupsResult>
    <TargetGroups>
      <member>
        <TargetGroupName>a&amp;b &#x41;</TargetGroupName>
        <Port>80</Port>
        <HealthCheckEnabled>true</HealthCheckEnabled>
        <Matcher><HttpCode>200</HttpCode></Matcher>
        <LoadBalancerArns/>
      </member>
    </TargetGroups>
    <NextMarker>m</NextMarker>
  </DescribeTargetGroupsResult>
  <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</DescribeTargetGroupsResponse>"#;
        assert_eq!(
            read(Style::Query, "DescribeTargetGroups", text).unwrap(),
            json!({
                "TargetGroups": [{
                    "TargetGroupName": "a&b A", "Port": 80, "HealthCheckEnabled": true,
                    "Matcher": {"HttpCode": "200"}, "LoadBalancerArns": null,
                }],
                "NextMarker": "m",
            })
        );
        let text = "<DescribeSubnetsResponse><requestId>r</requestId><subnetSet><item><subnetId>s-1</subnetId><availableIpAddressCount>250</availableIpAddressCount><mapPublicIpOnLaunch>false</mapPublicIpOnLaunch><tagSet><item><key>Name</key><value>a</value></item></tagSet></item></subnetSet></DescribeSubnetsResponse>";
        assert_eq!(
            read(Style::Ec2, "DescribeSubnets", text).unwrap(),
            json!({"Subnets": [{
                "SubnetId": "s-1", "AvailableIpAddressCount": 250, "MapPublicIpOnLaunch": false,
                "Tags": [{"Key": "Name", "Value": "a"}],
            }]})
        );
        let text =
            "<DeleteRuleResponse><DeleteRuleResult/><ResponseMetadata/></DeleteRuleResponse>";
        assert_eq!(read(Style::Query, "DeleteRule", text).unwrap(), Value::Null);
        for damaged in ["", "x", "<a>", "<a></b>", "<a/><b/>"] {
            assert!(read(Style::Query, "X", damaged).is_err(), "{damaged}");
        }
    }
}
