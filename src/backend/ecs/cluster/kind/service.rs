//! Services.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::account::{Account, list, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::super::tag::{self, Form, Tags};
use super::{Around, Kind, Read, Step, with_changed};
use crate::backend::ecs::desired::Resource;
use crate::diag::{Error, Kind as Cause};

/// A service.
pub(super) struct Service;

/// How many services are described at once.
const BATCH: usize = 10;

/// Members that a description shows as the request has them.
const SHOWN: &[&str] = &[
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "deploymentConfiguration",
    "deploymentController",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "placementConstraints",
    "placementStrategy",
    "schedulingStrategy",
    "propagateTags",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "availabilityZoneRebalancing",
];

/// Members that only the deployment shows.
const DEPLOYED: &[&str] = &[
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// Members that only a service revision shows.
const REVISED: &[&str] = &["gatewayConnectors", "monitoring"];

/// How long a service of the same name is waited for to be gone.
const DRAINING: Duration = Duration::from_secs(600);

/// The cluster that a request names.
pub(in super::super) fn cluster_of<'r>(account: &'r Account, request: &'r Value) -> &'r str {
    request["cluster"].as_str().unwrap_or(account.cluster())
}

/// The deployment that the service is to come to.
pub(in super::super) fn primary(service: &Value) -> &Value {
    let primary = list(service, "deployments").find(|it| it["status"] == "PRIMARY");
    primary.unwrap_or(&Value::Null)
}

/// A service as ECS tells it.
pub(in super::super) fn live(told: &Value) -> Live {
    let mut spec = select(told, SHOWN);
    let primary = primary(told);
    for (name, value) in select(primary, DEPLOYED).as_object().into_iter().flatten() {
        spec[name.as_str()] = value.clone();
    }
    let mut live =
        Live::new(text(told, "serviceArn"), spec).with("name", text(told, "serviceName"));
    live.tags = told.get("tags").map(tag::read);
    live.told = told.clone();
    live
}

/// Services as ECS tells them, by name; those that are gone are left out.
///
/// # Errors
/// What ECS says.
pub(in super::super) fn describe(
    account: &Account,
    cluster: &str,
    names: &[&str],
) -> Result<BTreeMap<String, Value>, Error> {
    let batches: Vec<&[&str]> = names.chunks(BATCH).collect();
    let said = account.each(&batches, |names| {
        let input = json!({"cluster": cluster, "services": names, "include": ["TAGS"]});
        account.ecs("DescribeServices", &input)
    });
    let mut found = BTreeMap::new();
    for said in said {
        let said = said.map_err(|fault| Error::from(*fault))?;
        for service in list(&said, "services") {
            if service["status"] != "INACTIVE" {
                found.insert(text(service, "serviceName").to_owned(), service.clone());
            }
        }
    }
    Ok(found)
}

impl Kind for Service {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let account = around.account;
        let mut clusters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for resource in wanted {
            let names = clusters
                .entry(cluster_of(account, &resource.request))
                .or_default();
            names.push(text(&resource.request, "serviceName"));
        }
        let mut found = BTreeMap::new();
        for (cluster, mut names) in clusters {
            names.sort_unstable();
            names.dedup();
            match describe(account, cluster, &names) {
                Ok(services) => drop(found.insert(cluster, services)),
                Err(error) => {
                    let (kind, message, hints) = (
                        error.kind(),
                        error.message().to_owned(),
                        error.hints().to_vec(),
                    );
                    let same = || {
                        let error = Error::new(kind, message.clone());
                        hints
                            .iter()
                            .fold(error, |error, hint| error.with_hint(hint))
                    };
                    return wanted.iter().map(|_| Err(same())).collect();
                }
            }
        }
        let one = |resource: &&Resource| {
            let services = found.get(cluster_of(account, &resource.request));
            let told = services.and_then(|them| them.get(text(&resource.request, "serviceName")));
            let Some(told) = told.filter(|told| told["status"] != "DRAINING") else {
                return Ok(None);
            };
            let mut live = live(told);
            if REVISED
                .iter()
                .any(|name| resource.request.get(*name).is_some())
            {
                let revision = text(&told["currentServiceRevisions"][0], "arn");
                if !revision.is_empty() {
                    let input = json!({"serviceRevisionArns": [revision]});
                    let said = account
                        .ecs("DescribeServiceRevisions", &input)
                        .map_err(Error::from)?;
                    let shown = select(&said["serviceRevisions"][0], REVISED);
                    for (name, value) in shown.as_object().into_iter().flatten() {
                        live.spec[name.as_str()] = value.clone();
                    }
                }
            }
            Ok(Some(live))
        };
        account.each(wanted, one)
    }

    fn settle(&self, spec: &mut Value) {
        normal::service(spec);
    }

    fn fixed(&self) -> &'static [&'static str] {
        &["launchType", "schedulingStrategy"]
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let mut request = step.request();
        if !step.tags.is_empty() {
            request["tags"] = tag::write(Form::Lower, step.tags);
        }
        request["clientToken"] = Value::from(step.token);
        let mut waited = Duration::ZERO;
        loop {
            match around.account.ecs("CreateService", &request) {
                Ok(said) => return Ok(live(&said["service"])),
                // One of the same name is on its way out.
                Err(fault)
                    if (fault.message.contains("raining")
                        || fault.is("ServiceNotActiveException"))
                        && waited < DRAINING =>
                {
                    waited += around.clock.rest(waited)?;
                    // Until it is gone there is nothing to try.
                    let (account, name) = (around.account, text(&request, "serviceName"));
                    let cluster = cluster_of(account, &request);
                    while waited < DRAINING && !describe(account, cluster, &[name])?.is_empty() {
                        waited += around.clock.rest(waited)?;
                    }
                }
                Err(fault) if fault.message.contains("not idempotent") => {
                    let error = Error::from(*fault);
                    let message = error.message().to_owned();
                    return Err(Error::new(Cause::Conflict, message));
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error> {
        let request = step.request();
        let mut input = json!({
            "cluster": cluster_of(around.account, &request), "service": text(&live.spec, "serviceName"),
        });
        input = with_changed(input, &request, difference);
        for name in &difference.dropped {
            if let Some(empty) = empty(name) {
                input[name.as_str()] = empty;
            }
        }
        // What the normal form leaves out because it is the default has to be said where it changes.
        if let Some(members) = input.as_object_mut()
            && members.remove("launchType").is_some()
        {
            members.insert("capacityProviderStrategy".to_owned(), json!([]));
        }
        let brings_tasks =
            |name: &String| name != "capacityProviderStrategy" && name != "launchType";
        let touched = difference.changed.iter().chain(&difference.dropped);
        if touched.clone().count() > 0 && !touched.clone().any(brings_tasks) {
            input["forceNewDeployment"] = json!(true);
        }
        let said = around.account.ecs("UpdateService", &input)?;
        let mut after = self::live(&said["service"]);
        after.tags.clone_from(&live.tags);
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
        let cluster = text(&live.told, "clusterArn");
        let cluster = match cluster {
            "" => around.account.cluster(),
            arn => super::super::account::last(arn),
        };
        let name = text(&live.spec, "serviceName");
        let is_daemon = live.told["schedulingStrategy"] == "DAEMON";
        let is_empty = live.told["desiredCount"] == 0;
        if !is_daemon && !is_empty {
            let input = json!({"cluster": cluster, "service": name, "desiredCount": 0});
            match around.account.ecs("UpdateService", &input) {
                Err(fault) if !fault.is_missing() && !fault.is("ServiceNotActiveException") => {
                    return Err(fault.into());
                }
                _ => {}
            }
        }
        let input = json!({"cluster": cluster, "service": name, "force": true});
        super::super::account::gone(around.account.ecs("DeleteService", &input))
    }
}

/// Writes names as the request has them where ECS tells the same by its ARN.
pub(in super::super) fn align(is: &mut Value, wanted: &Value, last: Option<&Value>) {
    let named = text(wanted, "taskDefinition");
    let runs = text(is, "taskDefinition").to_owned();
    let (_, revision) = runs.rsplit_once('/').unwrap_or_default();
    let family = revision.split(':').next().unwrap_or_default();
    if !named.starts_with("arn:") && !named.is_empty() && (named == revision || named == family) {
        is["taskDefinition"] = Value::from(named);
    }
    let namespace =
        |value: &Value| text(&value["serviceConnectConfiguration"], "namespace").to_owned();
    let (lives, shall) = (namespace(is), namespace(wanted));
    let is_same = last.is_none_or(|last| namespace(last) == shall);
    if lives.starts_with("arn:") && !shall.starts_with("arn:") && !shall.is_empty() && is_same {
        is["serviceConnectConfiguration"]["namespace"] = Value::from(shall);
    }
}

/// What takes a member back that was wanted before.
pub(in super::super) fn empty(name: &str) -> Option<Value> {
    Some(match name {
        "loadBalancers"
        | "serviceRegistries"
        | "placementConstraints"
        | "placementStrategy"
        | "capacityProviderStrategy"
        | "volumeConfigurations"
        | "vpcLatticeConfigurations"
        | "gatewayConnectors" => {
            json!([])
        }
        "serviceConnectConfiguration" => json!({"enabled": false}),
        "enableExecuteCommand" | "enableECSManagedTags" => json!(false),
        "propagateTags" => json!("NONE"),
        "platformVersion" => json!("LATEST"),
        "healthCheckGracePeriodSeconds" => json!(0),
        "availabilityZoneRebalancing" => json!("ENABLED"),
        "deploymentConfiguration" => json!({
            "strategy": "ROLLING", "maximumPercent": 200, "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
            "alarms": {"alarmNames": [], "enable": false, "rollback": false},
        }),
        _ => return None,
    })
}

/// Sets and takes away tags of what ECS has.
///
/// # Errors
/// What ECS says.
pub(in super::super) fn retag(
    around: Around<'_>,
    arn: &str,
    set: &Tags,
    gone: &[String],
) -> Result<(), Error> {
    if !set.is_empty() {
        let input = json!({"resourceArn": arn, "tags": tag::write(Form::Lower, set)});
        around.account.ecs("TagResource", &input)?;
    }
    if !gone.is_empty() {
        let input = json!({"resourceArn": arn, "tagKeys": gone});
        around.account.ecs("UntagResource", &input)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_of_one_thing_are_one() {
        let wanted = json!({
            "taskDefinition": "web:3", "serviceConnectConfiguration": {"enabled": true, "namespace": "shop.local"},
        });
        let live = json!({
            "taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/web:3",
            "serviceConnectConfiguration": {"enabled": true, "namespace": "arn:aws:servicediscovery:eu-west-1:1:namespace/ns-1"},
        });
        let mut is = live.clone();
        align(&mut is, &wanted, None);
        assert_eq!(is, wanted);
        let mut is = live.clone();
        let last = json!({"serviceConnectConfiguration": {"namespace": "other.local"}});
        align(&mut is, &wanted, Some(&last));
        assert_ne!(is, wanted);
        let mut is = live;
        align(&mut is, &json!({"taskDefinition": "web:4"}), None);
        assert_ne!(is["taskDefinition"], "web:4");
    }
}
