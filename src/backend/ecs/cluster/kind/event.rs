//! Rules of EventBridge, with the tasks that they start.

use serde_json::{Value, json};

use super::super::account::{found, list, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form, Tags};
use super::{Around, Kind, Read, Step, each};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::EVENTS;

/// A rule.
pub(super) struct Rule;

const MEMBERS: &[&str] = &[
    "Name",
    "EventBusName",
    "EventPattern",
    "ScheduleExpression",
    "State",
    "Description",
    "RoleArn",
];

impl Kind for Rule {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let account = around.account;
        each(around, wanted, |resource| {
            let input = select(&resource.request, &["Name", "EventBusName"]);
            let Some(told) = found(account.ask(&EVENTS, "DescribeRule", &input))? else {
                return Ok(None);
            };
            let mut live = Live::new(text(&told, "Arn"), select(&told, MEMBERS));
            let mut input = select(&resource.request, &["EventBusName"]);
            input["Rule"] = told["Name"].clone();
            let targets = account
                .api
                .pages(&EVENTS, "ListTargetsByRule", &input, "Targets")?;
            live.spec["targets"] = Value::Array(targets);
            let said = account.ask(
                &EVENTS,
                "ListTagsForResource",
                &json!({"ResourceARN": live.id}),
            )?;
            live.told = told;
            Ok(Some(live.tagged(tag::read(&said["Tags"]))))
        })
    }

    fn settle(&self, spec: &mut Value) {
        normal::drop_if(spec, "EventBusName", &json!("default"));
        normal::drop_if(spec, "State", &json!("ENABLED"));
        let pattern = spec["EventPattern"]
            .as_str()
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(pattern) = pattern {
            spec["EventPattern"] = pattern;
        }
        normal::each(spec, "targets", |target| {
            normal::inside(target, "EcsParameters", |it| {
                normal::drop_if(it, "TaskCount", &json!(1));
                normal::drop_if(it, "EnableECSManagedTags", &json!(false));
                normal::drop_if(it, "EnableExecuteCommand", &json!(false));
                normal::drop_empty(it);
            });
            normal::drop_empty(target);
        });
        normal::sort(spec, "targets");
        normal::drop_empty(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &["EventBusName"]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = request(step);
        request["Tags"] = tag::write(Form::Upper, step.tags);
        let said = around.account.ask(&EVENTS, "PutRule", &request)?;
        aim(around, step, &[])?;
        Ok(Live::new(
            text(&said, "RuleArn"),
            super::whole(step.resource),
        ))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error> {
        if difference
            .changed
            .iter()
            .chain(&difference.dropped)
            .any(|name| name != "targets")
        {
            around.account.ask(&EVENTS, "PutRule", &request(step))?;
        }
        let ids: Vec<String> = list(&live.spec, "targets")
            .map(|it| text(it, "Id").to_owned())
            .collect();
        aim(around, step, &ids)?;
        Ok(live.clone())
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        if !set.is_empty() {
            let input = json!({"ResourceARN": live.id, "Tags": tag::write(Form::Upper, set)});
            around.account.ask(&EVENTS, "TagResource", &input)?;
        }
        if !gone.is_empty() {
            let input = json!({"ResourceARN": live.id, "TagKeys": gone});
            around.account.ask(&EVENTS, "UntagResource", &input)?;
        }
        Ok(())
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let ids: Vec<&Value> = list(&live.spec, "targets").map(|it| &it["Id"]).collect();
        let bus = select(&live.told, &["EventBusName"]);
        if !ids.is_empty() {
            let mut input = bus.clone();
            input["Rule"] = live.told["Name"].clone();
            input["Ids"] = json!(ids);
            super::super::account::gone(around.account.ask(&EVENTS, "RemoveTargets", &input))?;
        }
        let mut input = bus;
        input["Name"] = live.told["Name"].clone();
        super::super::account::gone(around.account.ask(&EVENTS, "DeleteRule", &input))
    }
}

/// The request; a pattern that is written out becomes the text that the service wants.
fn request(step: &Step<'_>) -> Value {
    let mut request = step.request();
    if request["EventPattern"].is_object() {
        request["EventPattern"] = Value::from(request["EventPattern"].to_string());
    }
    request
}

/// Sets the targets of a rule; those of `known` that are not wanted go.
fn aim(around: Around<'_>, step: &Step<'_>, known: &[String]) -> Result<(), Error> {
    let request = &step.resource.request;
    let mut base = select(request, &["EventBusName"]);
    base["Rule"] = request["Name"].clone();
    let targets = step
        .resource
        .settings
        .get("targets")
        .cloned()
        .unwrap_or_default();
    let targets = targets.as_array().cloned().unwrap_or_default();
    let is_wanted = |id: &&String| targets.iter().any(|it| it["Id"] == id.as_str());
    let gone: Vec<&String> = known.iter().filter(|id| !is_wanted(id)).collect();
    if !gone.is_empty() {
        let mut input = base.clone();
        input["Ids"] = json!(gone);
        around.account.ask(&EVENTS, "RemoveTargets", &input)?;
    }
    if !targets.is_empty() {
        let mut input = base;
        input["Targets"] = Value::Array(targets);
        let said = around.account.ask(&EVENTS, "PutTargets", &input)?;
        if let Some(failed) = list(&said, "FailedEntries").next() {
            let message = format!(
                "events PutTargets {}: {}",
                text(failed, "TargetId"),
                text(failed, "ErrorMessage")
            );
            return Err(Error::new(crate::diag::Kind::Cluster, message));
        }
    }
    Ok(())
}
