//! Log groups. They are shared, and stay when a release goes: what was written is not to be lost.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::account::text;
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form};
use super::{Around, Kind, Read, Step};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::LOGS;

/// A log group.
pub(super) struct LogGroup;

/// From so many groups below one path on they are listed in one go.
const MANY: usize = 4;

fn live(told: &Value) -> Live {
    let spec = select(
        told,
        &[
            "logGroupName",
            "retentionInDays",
            "kmsKeyId",
            "logGroupClass",
        ],
    );
    let arn = text(told, "arn").trim_end_matches(":*");
    let mut live = Live::new(arn, spec).with("name", text(told, "logGroupName"));
    live.told = told.clone();
    live
}

/// What the names of groups have in common: `/ecs/prod/`.
fn stem(name: &str) -> &str {
    name.rfind('/').map_or(name, |at| &name[..=at])
}

impl Kind for LogGroup {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let name = |resource: &Resource| text(&resource.request, "logGroupName").to_owned();
        let mut stems: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for resource in wanted {
            let name = name(resource);
            stems.entry(stem(&name).to_owned()).or_default().push(name);
        }
        let mut prefixes = Vec::new();
        for (stem, mut names) in stems {
            names.sort();
            names.dedup();
            match names.len() >= MANY && stem.len() > 1 {
                true => prefixes.push(stem),
                false => prefixes.extend(names),
            }
        }
        let said = around.account.each(&prefixes, |prefix| {
            let input = json!({"logGroupNamePrefix": prefix});
            around
                .account
                .api
                .pages(&LOGS, "DescribeLogGroups", &input, "logGroups")
        });
        let mut known = BTreeMap::new();
        let mut failed = None;
        for said in said {
            match said {
                Ok(groups) => known.extend(
                    groups
                        .into_iter()
                        .map(|told| (text(&told, "logGroupName").to_owned(), told)),
                ),
                Err(fault) => failed = Some(fault),
            }
        }
        let mut failed = failed.map(|fault| Error::from(*fault));
        let find = |resource: &&Resource| match (known.get(&name(resource)), failed.take()) {
            (Some(told), _) => Ok(Some(live(told))),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        };
        wanted.iter().map(find).collect()
    }

    fn settle(&self, spec: &mut Value) {
        normal::drop_if(spec, "logGroupClass", &json!("STANDARD"));
        normal::drop_if(spec, "retentionInDays", &json!(0));
        normal::drop_empty(spec);
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        request["tags"] = tag::write(Form::Map, step.tags);
        match around.account.ask(&LOGS, "CreateLogGroup", &request) {
            // The first container that wrote may have been faster.
            Err(fault) if !fault.is("ResourceAlreadyExistsException") => return Err(fault.into()),
            _ => {}
        }
        if step.resource.settings.contains_key("retentionInDays") {
            retain(around, step)?;
        }
        let name = text(&request, "logGroupName");
        let mut made = Live::new("", whole_of(step)).with("name", name);
        let partition = around.account.config.partition();
        let region = around.account.api.region()?;
        let account = around.account.config.account.clone().unwrap_or_default();
        made.id = format!("arn:{partition}:logs:{region}:{account}:log-group:{name}");
        made.attributes.insert("arn".to_owned(), made.id.clone());
        Ok(made)
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error> {
        let name = text(&live.spec, "logGroupName");
        let all = difference.changed.iter().chain(&difference.dropped);
        for member in all {
            match member.as_str() {
                "retentionInDays" => retain(around, step)?,
                "kmsKeyId" => {
                    let key = &step.resource.request["kmsKeyId"];
                    let input = json!({"logGroupName": name, "kmsKeyId": key});
                    around.account.ask(&LOGS, "AssociateKmsKey", &input)?;
                }
                _ => {}
            }
        }
        let mut after = live.clone();
        after.spec = whole_of(step);
        Ok(after)
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"logGroupName": live.spec["logGroupName"]});
        super::super::account::gone(around.account.ask(&LOGS, "DeleteLogGroup", &input))
    }
}

fn whole_of(step: &Step<'_>) -> Value {
    super::whole(step.resource)
}

fn retain(around: Around<'_>, step: &Step<'_>) -> Result<(), Error> {
    let name = &step.resource.request["logGroupName"];
    let days = step.resource.settings.get("retentionInDays");
    let (operation, input) = match days.filter(|days| **days != 0) {
        Some(days) => (
            "PutRetentionPolicy",
            json!({"logGroupName": name, "retentionInDays": days}),
        ),
        None => ("DeleteRetentionPolicy", json!({"logGroupName": name})),
    };
    super::super::account::gone(around.account.ask(&LOGS, operation, &input))
}
