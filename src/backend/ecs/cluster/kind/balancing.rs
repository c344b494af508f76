//! Target groups and listeners of load balancers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::account::{Account, found, list, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form, Tags};
use super::{Around, Kind, Read, Step};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::BALANCING;

/// A target group.
pub(super) struct TargetGroup;

/// A listener of a load balancer.
pub(super) struct Listener;

/// How many resources' tags are asked for at once.
const BATCH: usize = 20;

const MEMBERS: &[&str] = &[
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
];

/// The tags of resources, by their ARNs.
///
/// # Errors
/// What the service says.
pub(super) fn tags(account: &Account, arns: &[String]) -> Result<BTreeMap<String, Tags>, Error> {
    let batches: Vec<&[String]> = arns.chunks(BATCH).collect();
    let said = account.each(&batches, |arns| {
        account.ask(&BALANCING, "DescribeTags", &json!({"ResourceArns": arns}))
    });
    let mut known = BTreeMap::new();
    for said in said {
        let said = said.map_err(|fault| Error::from(*fault))?;
        known.extend(tag::of_balancing(&said));
    }
    Ok(known)
}

/// Sets and takes away tags of load balancing's resources.
///
/// # Errors
/// What the service says.
pub(super) fn retag(
    around: Around<'_>,
    arn: &str,
    set: &Tags,
    gone: &[String],
) -> Result<(), Error> {
    if !set.is_empty() {
        let input = json!({"ResourceArns": [arn], "Tags": tag::write(Form::Upper, set)});
        around.account.ask(&BALANCING, "AddTags", &input)?;
    }
    if !gone.is_empty() {
        let input = json!({"ResourceArns": [arn], "TagKeys": gone});
        around.account.ask(&BALANCING, "RemoveTags", &input)?;
    }
    Ok(())
}

fn live(told: &Value) -> Live {
    let arn = text(told, "TargetGroupArn");
    let mut spec = select(told, MEMBERS);
    spec["Name"] = told["TargetGroupName"].clone();
    let full = arn.find(":targetgroup/").map_or("", |at| &arn[at + 1..]);
    let mut live = Live::new(arn, spec)
        .with("fullName", full)
        .with("name", text(told, "TargetGroupName"));
    live.told = told.clone();
    live
}

/// Attributes as an object, whatever form they were written in.
fn attributes(value: &Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members.clone(),
        Value::Array(_) => tag::read(value)
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect(),
        _ => Map::new(),
    }
}

impl Kind for TargetGroup {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let account = around.account;
        let mut read = account.each(wanted, |resource| {
            let input = json!({"Names": [resource.request["Name"]]});
            let said = found(account.ask(&BALANCING, "DescribeTargetGroups", &input))?;
            let told = said
                .as_ref()
                .and_then(|said| said["TargetGroups"].as_array()?.first());
            let Some(mut live) = told.map(live) else {
                return Ok(None);
            };
            if let Some(named) = resource.settings.get("attributes") {
                let input = json!({"TargetGroupArn": live.id});
                let said = account.ask(&BALANCING, "DescribeTargetGroupAttributes", &input)?;
                let mut all = attributes(&said["Attributes"]);
                let named = attributes(named);
                all.retain(|key, _| named.contains_key(key));
                live.spec["attributes"] = Value::Object(all);
            }
            Ok::<_, Error>(Some(live))
        });
        let there = read.iter().filter_map(|it| it.as_ref().ok()?.as_ref());
        let arns: Vec<String> = there.map(|live| live.id.clone()).collect();
        match tags(account, &arns) {
            Ok(mut known) => {
                for live in read.iter_mut().filter_map(|it| it.as_mut().ok()?.as_mut()) {
                    live.tags = Some(known.remove(&live.id).unwrap_or_default());
                }
            }
            Err(error) => read[0] = Err(error),
        }
        read
    }

    fn settle(&self, spec: &mut Value) {
        if let Some(named) = spec.get("attributes").map(attributes) {
            spec["attributes"] = Value::Object(named);
        }
        normal::textual(spec);
        normal::drop_empty(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &[
            "Protocol",
            "ProtocolVersion",
            "Port",
            "VpcId",
            "TargetType",
            "IpAddressType",
        ]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        request["Tags"] = tag::write(Form::Upper, step.tags);
        let said = around
            .account
            .ask(&BALANCING, "CreateTargetGroup", &request)?;
        let live = live(&said["TargetGroups"][0]);
        set_attributes(around, step, &live.id)?;
        Ok(live)
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error> {
        let request = step.request();
        let changes: Vec<&str> = difference.changed.iter().map(String::as_str).collect();
        if changes.iter().any(|name| *name != "attributes") {
            let mut input = json!({"TargetGroupArn": live.id});
            // The parts of a health check go together.
            for name in MEMBERS.iter().filter(|name| !self.fixed().contains(name)) {
                if let Some(value) = request.get(*name) {
                    input[*name] = value.clone();
                }
            }
            around
                .account
                .ask(&BALANCING, "ModifyTargetGroup", &input)?;
        }
        if changes.contains(&"attributes") {
            set_attributes(around, step, &live.id)?;
        }
        let mut after = live.clone();
        after.spec = difference.after.clone();
        Ok(after)
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        retag(around, &live.id, set, gone)
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"TargetGroupArn": live.id});
        super::super::account::gone(around.account.ask(&BALANCING, "DeleteTargetGroup", &input))
    }
}

fn set_attributes(around: Around<'_>, step: &Step<'_>, arn: &str) -> Result<(), Error> {
    let Some(named) = step.resource.settings.get("attributes").map(attributes) else {
        return Ok(());
    };
    if named.is_empty() {
        return Ok(());
    }
    let item = |(key, value): (&String, &Value)| {
        let mut value = value.clone();
        normal::textual(&mut value);
        json!({"Key": key, "Value": value})
    };
    let items: Vec<Value> = named.iter().map(item).collect();
    let input = json!({"TargetGroupArn": arn, "Attributes": items});
    around
        .account
        .ask(&BALANCING, "ModifyTargetGroupAttributes", &input)?;
    Ok(())
}

/// Actions as they are written: with one target group there is no need for more.
pub(super) fn settle_actions(spec: &mut Value, name: &str) {
    let is_single = spec[name]
        .as_array()
        .is_some_and(|actions| actions.len() == 1);
    normal::each(spec, name, |action| {
        if is_single {
            normal::drop_all(action, &["Order"]);
        }
        let forward = &mut action["ForwardConfig"];
        if forward.is_object() {
            let is_sticky = text(&forward["TargetGroupStickinessConfig"], "Enabled") == "true"
                || forward["TargetGroupStickinessConfig"]["Enabled"] == true;
            if !is_sticky {
                normal::drop_all(forward, &["TargetGroupStickinessConfig"]);
            }
            let groups = forward["TargetGroups"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let only = match groups.as_slice() {
                [only] if !is_sticky => only["TargetGroupArn"].as_str().map(str::to_owned),
                _ => None,
            };
            if let Some(arn) = only {
                action["TargetGroupArn"] = Value::from(arn);
                normal::drop_all(action, &["ForwardConfig"]);
            } else {
                normal::drop_all(action, &["TargetGroupArn"]);
            }
        }
        normal::drop_empty(action);
    });
}

impl Kind for Listener {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let account = around.account;
        account.each(wanted, |resource| {
            let input = json!({"LoadBalancerArn": resource.request["LoadBalancerArn"]});
            let said = found(account.ask(&BALANCING, "DescribeListeners", &input))?;
            let said = said.unwrap_or_default();
            let port = resource.request["Port"].to_string();
            let is_it = |told: &&Value| {
                told["Port"].to_string().trim_matches('"') == port.trim_matches('"')
            };
            let Some(told) = list(&said, "Listeners").find(is_it) else {
                return Ok(None);
            };
            let members = [
                "LoadBalancerArn",
                "Port",
                "Protocol",
                "DefaultActions",
                "SslPolicy",
                "Certificates",
                "AlpnPolicy",
            ];
            let mut live = Live::new(text(told, "ListenerArn"), select(told, &members));
            live.told = told.clone();
            let tags = tags(account, std::slice::from_ref(&live.id))?;
            live.tags = Some(tags.into_values().next().unwrap_or_default());
            Ok(Some(live))
        })
    }

    fn settle(&self, spec: &mut Value) {
        settle_actions(spec, "DefaultActions");
        normal::textual(spec);
        normal::drop_empty(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &["LoadBalancerArn", "Port"]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        request["Tags"] = tag::write(Form::Upper, step.tags);
        let said = around.account.ask(&BALANCING, "CreateListener", &request)?;
        let arn = text(&said["Listeners"][0], "ListenerArn");
        Ok(Live::new(arn, super::whole(step.resource)))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error> {
        let input =
            super::with_changed(json!({"ListenerArn": live.id}), &step.request(), difference);
        around.account.ask(&BALANCING, "ModifyListener", &input)?;
        Ok(live.clone())
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        retag(around, &live.id, set, gone)
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"ListenerArn": live.id});
        super::super::account::gone(around.account.ask(&BALANCING, "DeleteListener", &input))
    }
}
