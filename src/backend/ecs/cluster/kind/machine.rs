//! State machines, which run jobs with retries and a time limit.

use serde_json::{Value, json};

use super::super::account::{Account, found, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form, Tags};
use super::{Around, Kind, Read, Step, each};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::STATES;

/// A state machine.
pub(super) struct Machine;

fn arn(account: &Account, name: &str) -> Result<String, Error> {
    let number = match &account.config.account {
        Some(number) => number.clone(),
        None => account.api.caller()?.account,
    };
    let (partition, region) = (account.config.partition(), account.api.region()?);
    Ok(format!(
        "arn:{partition}:states:{region}:{number}:stateMachine:{name}"
    ))
}

/// The request, with the definition as text.
fn request(step: &Step<'_>) -> Value {
    let mut request = step.request();
    if let Some(definition) = step.resource.settings.get("definition") {
        request["definition"] = Value::from(match definition {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
    }
    request
}

impl Kind for Machine {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        each(around, wanted, |resource| {
            let arn = arn(around.account, text(&resource.request, "name"))?;
            let input = json!({"stateMachineArn": arn});
            let said = match around.account.ask(&STATES, "DescribeStateMachine", &input) {
                Err(fault) if fault.is("StateMachineDoesNotExist") => None,
                said => found(said)?,
            };
            let Some(told) = said.filter(|told| told["status"] != "DELETING") else {
                return Ok(None);
            };
            let members = [
                "name",
                "roleArn",
                "type",
                "definition",
                "loggingConfiguration",
                "tracingConfiguration",
            ];
            let mut live = Live::new(&arn, select(&told, &members));
            live.told = told;
            let input = json!({"resourceArn": arn});
            let said = around.account.ask(&STATES, "ListTagsForResource", &input)?;
            Ok(Some(live.tagged(tag::read(&said["tags"]))))
        })
    }

    fn settle(&self, spec: &mut Value) {
        normal::drop_if(spec, "type", &json!("STANDARD"));
        let parsed = spec["definition"]
            .as_str()
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(mut parsed) = parsed {
            normal::numbers(&mut parsed);
            spec["definition"] = parsed;
        }
        normal::drop_empty(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &["type"]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = request(step);
        request["tags"] = tag::write(Form::Lower, step.tags);
        let said = around
            .account
            .ask(&STATES, "CreateStateMachine", &request)?;
        Ok(Live::new(
            text(&said, "stateMachineArn"),
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
        let request = request(step);
        let mut input = select(
            &request,
            &[
                "definition",
                "roleArn",
                "loggingConfiguration",
                "tracingConfiguration",
            ],
        );
        input["stateMachineArn"] = Value::from(live.id.as_str());
        around.account.ask(&STATES, "UpdateStateMachine", &input)?;
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
            let input = json!({"resourceArn": live.id, "tags": tag::write(Form::Lower, set)});
            around.account.ask(&STATES, "TagResource", &input)?;
        }
        if !gone.is_empty() {
            let input = json!({"resourceArn": live.id, "tagKeys": gone});
            around.account.ask(&STATES, "UntagResource", &input)?;
        }
        Ok(())
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"stateMachineArn": live.id});
        super::super::account::gone(around.account.ask(&STATES, "DeleteStateMachine", &input))
    }
}
