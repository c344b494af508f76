//! Schedules of EventBridge Scheduler. They have no tags: their description says whose they are.

use serde_json::{Value, json};

use super::super::account::{found, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{NAMESPACE, RELEASE, Tags};
use super::{Around, Kind, Read, Step, each};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::SCHEDULES;

/// A schedule.
pub(super) struct Schedule;

const MEMBERS: &[&str] = &[
    "Name",
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "State",
    "FlexibleTimeWindow",
    "Target",
    "Description",
    "KmsKeyArn",
    "ActionAfterCompletion",
];

/// What a description says of whose a schedule is.
fn mark(tags: &Tags) -> Option<String> {
    let (name, namespace) = (tags.get(RELEASE)?, tags.get(NAMESPACE)?);
    Some(format!("{RELEASE}={name} {NAMESPACE}={namespace}"))
}

fn marks(description: &str) -> Tags {
    let words = description
        .split(' ')
        .filter_map(|word| word.split_once('='));
    let ours = words.filter(|(key, _)| *key == RELEASE || *key == NAMESPACE);
    ours.map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn request(step: &Step<'_>) -> Value {
    let mut request = step.request();
    if let (true, Some(mark)) = (request["Description"].is_null(), mark(step.tags)) {
        request["Description"] = Value::from(mark);
    }
    request
}

impl Kind for Schedule {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        each(around, wanted, |resource| {
            let input = select(&resource.request, &["Name", "GroupName"]);
            let said = found(around.account.ask(&SCHEDULES, "GetSchedule", &input))?;
            let Some(told) = said else {
                return Ok(None);
            };
            let mut spec = select(&told, MEMBERS);
            let description = text(&told, "Description").to_owned();
            let tags = marks(&description);
            if !tags.is_empty() {
                normal::drop_all(&mut spec, &["Description"]);
            }
            let mut live = Live::new(text(&told, "Arn"), spec);
            // A description of the chart's own leaves no room for ours.
            live.tags =
                (!tags.is_empty() || resource.request["Description"].is_null()).then_some(tags);
            live.told = told;
            Ok(Some(live))
        })
    }

    fn settle(&self, spec: &mut Value) {
        for (name, default) in [
            ("GroupName", "default"),
            ("State", "ENABLED"),
            ("ScheduleExpressionTimezone", "UTC"),
            ("ActionAfterCompletion", "NONE"),
        ] {
            normal::drop_if(spec, name, &json!(default));
        }
        normal::inside(spec, "Target", |target| {
            normal::inside(target, "RetryPolicy", |policy| {
                normal::drop_if(policy, "MaximumEventAgeInSeconds", &json!(86400));
                normal::drop_if(policy, "MaximumRetryAttempts", &json!(185));
            });
            normal::inside(target, "EcsParameters", |it| {
                normal::drop_if(it, "TaskCount", &json!(1));
                normal::drop_if(it, "EnableECSManagedTags", &json!(false));
                normal::drop_if(it, "EnableExecuteCommand", &json!(false));
                normal::inside(it, "NetworkConfiguration", |it| {
                    normal::inside(it, "awsvpcConfiguration", |network| {
                        normal::drop_if(network, "AssignPublicIp", &json!("DISABLED"));
                        normal::sort(network, "Subnets");
                        normal::sort(network, "SecurityGroups");
                        normal::drop_empty(network);
                    });
                });
                normal::drop_empty(it);
            });
            normal::drop_empty(target);
        });
        normal::drop_all(spec, &["ClientToken"]);
        normal::drop_empty(spec);
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = request(step);
        request["ClientToken"] = Value::from(step.token);
        let said = around.account.ask(&SCHEDULES, "CreateSchedule", &request)?;
        Ok(Live::new(
            text(&said, "ScheduleArn"),
            super::whole(step.resource),
        ))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        // An update takes the whole of it: what is left out becomes the default.
        around
            .account
            .ask(&SCHEDULES, "UpdateSchedule", &request(step))?;
        Ok(live.clone())
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        _gone: &[String],
    ) -> Result<(), Error> {
        let (Some(mark), true) = (mark(set), live.told["Description"].is_null()) else {
            return Ok(());
        };
        let mut request = select(&live.told, MEMBERS);
        request["Description"] = Value::from(mark);
        around.account.ask(&SCHEDULES, "UpdateSchedule", &request)?;
        Ok(())
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = select(&live.told, &["Name", "GroupName"]);
        super::super::account::gone(around.account.ask(&SCHEDULES, "DeleteSchedule", &input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_say_whose_schedules_are() {
        let tags = Tags::from([
            (RELEASE.to_owned(), "shop".to_owned()),
            (NAMESPACE.to_owned(), "live".to_owned()),
            ("env".to_owned(), "prod".to_owned()),
        ]);
        let text = mark(&tags).unwrap();
        assert_eq!(text, "pintle:release=shop pintle:namespace=live");
        let read = marks(&text);
        assert_eq!(read.len(), 2);
        assert_eq!(read[RELEASE], "shop");
        assert!(marks("runs at a=b night").is_empty());
    }
}
