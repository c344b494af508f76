//! Names of services in Cloud Map.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::account::text;
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form, Tags};
use super::{Around, Kind, Read, Step};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::DISCOVERY;

/// A service of Cloud Map.
pub(super) struct Service;

/// How long instances of tasks that stop are waited for.
const LEAVING: Duration = Duration::from_secs(120);

fn live(told: &Value) -> Live {
    let members = [
        "Name",
        "Description",
        "DnsConfig",
        "HealthCheckConfig",
        "HealthCheckCustomConfig",
        "Type",
    ];
    let mut spec = select(told, &members);
    if let Some(namespace) = told.get("NamespaceId") {
        spec["NamespaceId"] = namespace.clone();
    }
    let mut live = Live::new(text(told, "Arn"), spec)
        .with("id", text(told, "Id"))
        .with("name", text(told, "Name"));
    live.told = told.clone();
    live
}

impl Kind for Service {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let account = around.account;
        let mut namespaces: Vec<String> = wanted
            .iter()
            .map(|resource| text(&resource.request, "NamespaceId").to_owned())
            .collect();
        namespaces.sort();
        namespaces.dedup();
        let mut known: BTreeMap<(String, String), Value> = BTreeMap::new();
        for namespace in namespaces {
            let filter = json!({"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"});
            let input = json!({"Filters": [filter]});
            let services = match account
                .api
                .pages(&DISCOVERY, "ListServices", &input, "Services")
            {
                Ok(services) => services,
                Err(fault) => {
                    let first = Err(Error::from(*fault));
                    let rest = wanted.iter().skip(1).map(|_| Ok(None));
                    return std::iter::once(first).chain(rest).collect();
                }
            };
            for mut told in services {
                told["NamespaceId"] = Value::from(namespace.as_str());
                known.insert((namespace.clone(), text(&told, "Name").to_owned()), told);
            }
        }
        account.each(wanted, |resource| {
            let request = &resource.request;
            let key = (
                text(request, "NamespaceId").to_owned(),
                text(request, "Name").to_owned(),
            );
            let Some(told) = known.get(&key) else {
                return Ok(None);
            };
            let live = live(told);
            let input = json!({"ResourceARN": live.id});
            let said = account.ask(&DISCOVERY, "ListTagsForResource", &input)?;
            Ok(Some(live.tagged(tag::read(&said["Tags"]))))
        })
    }

    fn settle(&self, spec: &mut Value) {
        normal::inside(spec, "DnsConfig", |dns| {
            normal::drop_all(dns, &["NamespaceId"]);
            normal::drop_if(dns, "RoutingPolicy", &json!("MULTIVALUE"));
            normal::sort(dns, "DnsRecords");
            normal::drop_empty(dns);
        });
        normal::drop_all(spec, &["CreatorRequestId", "Type"]);
        normal::drop_empty(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &["HealthCheckCustomConfig"]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        request["CreatorRequestId"] = Value::from(step.token);
        request["Tags"] = tag::write(Form::Upper, step.tags);
        let said = around.account.ask(&DISCOVERY, "CreateService", &request)?;
        Ok(live(&said["Service"]))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        let request = step.request();
        let mut service = select(&request, &["Description", "HealthCheckConfig"]);
        let records = select(&request["DnsConfig"], &["DnsRecords"]);
        if records["DnsRecords"].is_array() {
            service["DnsConfig"] = records;
        }
        let id = live.attributes.get("id");
        let input = json!({"Id": id, "Service": service});
        around.account.ask(&DISCOVERY, "UpdateService", &input)?;
        let mut after = live.clone();
        after.spec = super::whole(step.resource);
        Ok(after)
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
            around.account.ask(&DISCOVERY, "TagResource", &input)?;
        }
        if !gone.is_empty() {
            let input = json!({"ResourceARN": live.id, "TagKeys": gone});
            around.account.ask(&DISCOVERY, "UntagResource", &input)?;
        }
        Ok(())
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = json!({"Id": live.attributes.get("id")});
        let mut waited = Duration::ZERO;
        loop {
            match around.account.ask(&DISCOVERY, "DeleteService", &input) {
                // Tasks that stop are still registered.
                Err(fault) if fault.is("ResourceInUse") && waited < LEAVING => {
                    waited += around.clock.rest(waited)?;
                }
                said => return super::super::account::gone(said),
            }
        }
    }
}
