//! Secrets whose data is uploaded: to Secrets Manager, or to Parameter Store. A digest of the content
//! is a tag, so that it is only written where it is another.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::account::{found, gone, text};
use super::super::compare::Difference;
use super::super::live::Live;
use super::super::tag::{self, CONTENT, Form, Tags};
use super::{Around, Kind, Read, Step, each};
use crate::backend::ecs::desired::Resource;
use crate::diag::{Error, Kind as Cause};
use crate::net::aws::service::{PARAMETERS, SECRETS};

/// All of a Secret in Secrets Manager.
pub(super) struct Secret;

/// A key of a Secret in Parameter Store.
pub(super) struct Parameter;

/// The setting that holds the digest of the content.
const HASH: &str = "contentHash";

fn data<'a>(around: Around<'a>, secret: &str) -> Result<&'a BTreeMap<String, String>, Error> {
    around.secrets.get(secret).ok_or_else(|| {
        let message = format!("the data of Secret {secret} is in no manifest of the release");
        Error::new(Cause::NotFound, message)
    })
}

/// The tags of what is uploaded, with the digest of its content.
fn tags(step: &Step<'_>) -> Tags {
    let mut tags = step.tags.clone();
    let hash = step.resource.settings.get(HASH).and_then(Value::as_str);
    tags.insert(CONTENT.to_owned(), hash.unwrap_or_default().to_owned());
    tags
}

/// The version that is read where none is named.
fn current(told: &Value) -> String {
    let stages = told["VersionIdsToStages"].as_object().into_iter().flatten();
    let is_current = |stages: &Value| {
        let mut stages = stages.as_array().into_iter().flatten();
        stages.any(|stage| stage == "AWSCURRENT")
    };
    let mut found = stages.filter(|(_, stages)| is_current(stages));
    found.next().map(|(id, _)| id.clone()).unwrap_or_default()
}

impl Secret {
    fn put(&self, around: Around<'_>, step: &Step<'_>, arn: &str) -> Result<Live, Error> {
        let text_of = json!(data(around, &step.resource.name)?).to_string();
        let label = format!("rel-{}", around.owner.revision);
        let input = json!({
            "SecretId": arn, "SecretString": text_of, "ClientRequestToken": step.token,
            "VersionStages": ["AWSCURRENT", label],
        });
        let said = around.account.ask(&SECRETS, "PutSecretValue", &input)?;
        let input = json!({"SecretId": arn, "Tags": tag::write(Form::Upper, &tags(step))});
        around.account.ask(&SECRETS, "TagResource", &input)?;
        Ok(Live::new(text(&said, "ARN"), super::whole(step.resource))
            .with("versionId", text(&said, "VersionId")))
    }
}

impl Kind for Secret {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        each(around, wanted, |resource| {
            let input = json!({"SecretId": resource.request["Name"]});
            let said = found(around.account.ask(&SECRETS, "DescribeSecret", &input))?;
            let Some(told) = said.filter(|told| told["DeletedDate"].is_null()) else {
                return Ok(None);
            };
            let tags = tag::read(&told["Tags"]);
            let spec = json!({"Name": told["Name"], HASH: tags.get(CONTENT)});
            let mut live = Live::new(text(&told, "ARN"), spec).with("versionId", &current(&told));
            live.told = told;
            Ok(Some(live.tagged(tags)))
        })
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        request["SecretString"] =
            Value::from(json!(data(around, &step.resource.name)?).to_string());
        request["ClientRequestToken"] = Value::from(step.token);
        request["Tags"] = tag::write(Form::Upper, &tags(step));
        match around.account.ask(&SECRETS, "CreateSecret", &request) {
            Ok(said) => {
                let live = Live::new(text(&said, "ARN"), super::whole(step.resource));
                Ok(live.with("versionId", text(&said, "VersionId")))
            }
            // It was deleted, and is not gone for good yet.
            Err(fault) if fault.is("InvalidRequestException") => {
                let input = json!({"SecretId": request["Name"]});
                let said = around.account.ask(&SECRETS, "RestoreSecret", &input)?;
                self.put(around, step, text(&said, "ARN"))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        self.put(around, step, &live.id)
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        if !set.is_empty() {
            let input = json!({"SecretId": live.id, "Tags": tag::write(Form::Upper, set)});
            around.account.ask(&SECRETS, "TagResource", &input)?;
        }
        if !gone.is_empty() {
            let input = json!({"SecretId": live.id, "TagKeys": gone});
            around.account.ask(&SECRETS, "UntagResource", &input)?;
        }
        Ok(())
    }

    /// It can be brought back for a week.
    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"SecretId": live.id, "RecoveryWindowInDays": 7});
        gone(around.account.ask(&SECRETS, "DeleteSecret", &input))
    }
}

impl Kind for Parameter {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        each(around, wanted, |resource| {
            let name = text(&resource.request, "Name");
            let input = json!({"ResourceType": "Parameter", "ResourceId": name});
            let said = match around
                .account
                .ask(&PARAMETERS, "ListTagsForResource", &input)
            {
                Err(fault) if fault.is("InvalidResourceId") => return Ok(None),
                said => said?,
            };
            let tags = tag::read(&said["TagList"]);
            let mut spec = super::whole(resource);
            spec[HASH] = json!(tags.get(CONTENT));
            Ok(Some(Live::new(name, spec).tagged(tags)))
        })
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let secret = step
            .resource
            .settings
            .get("secret")
            .cloned()
            .unwrap_or_default();
        let name = format!("{}/{}", text(&secret, "namespace"), text(&secret, "name"));
        let value = data(around, &name)?
            .get(text(&secret, "key"))
            .cloned()
            .unwrap_or_default();
        let mut request = step.request();
        request["Value"] = Value::from(value);
        request["Overwrite"] = json!(true);
        around.account.ask(&PARAMETERS, "PutParameter", &request)?;
        // A parameter that may be there takes no tags as it is written.
        let live = Live::new(text(&request, "Name"), super::whole(step.resource));
        self.retag(around, &live, &tags(step), &[])?;
        Ok(live)
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        _live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        self.create(around, step)
    }

    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        let base = json!({"ResourceType": "Parameter", "ResourceId": live.id});
        if !set.is_empty() {
            let mut input = base.clone();
            input["Tags"] = tag::write(Form::Upper, set);
            around
                .account
                .ask(&PARAMETERS, "AddTagsToResource", &input)?;
        }
        if !gone.is_empty() {
            let mut input = base;
            input["TagKeys"] = json!(gone);
            around
                .account
                .ask(&PARAMETERS, "RemoveTagsFromResource", &input)?;
        }
        Ok(())
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let said = around
            .account
            .ask(&PARAMETERS, "DeleteParameter", &json!({"Name": live.id}));
        gone(said)
    }
}
