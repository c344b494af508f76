//! How the resources of a release are doing.

use serde_json::{Value, json};

use super::account::{last, list, text};
use super::kind::service::{cluster_of, primary};
use super::kind::{self, Around, RUN_TASK, SERVICE};
use super::live::Live;
use super::plan::Survey;
use super::{Ecs, object, task};
use crate::backend::ecs::desired::Resource;
use crate::backend::health::{Cause, Pod, Trouble};
use crate::backend::{Count, Health, Object};
use crate::diag::Error;
use crate::kubernetes::readiness::kstatus::Status;

/// Looks at objects.
///
/// # Errors
/// What AWS says.
pub(super) fn examine(ecs: &Ecs, objects: &[Object]) -> Result<Vec<Health>, Error> {
    let owner = ecs.owner_of(objects.iter());
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let resources: Vec<Resource> = objects.iter().filter_map(object::resource).collect();
    let survey = Survey::of(&resources, around)?;
    let pairs: Vec<(&Object, Resource)> = objects
        .iter()
        .filter_map(|it| Some((it, object::resource(it)?)))
        .filter(|(_, resource)| resource.kind != RUN_TASK)
        .collect();
    let looked = around.account.each(&pairs, |(object, resource)| {
        let mut health = Health {
            kind: object.key.kind.clone(),
            namespace: object.key.namespace.clone(),
            name: object.key.name.clone(),
            status: Status::NotFound.to_string(),
            message: String::new(),
            ready: None,
            pods: Vec::new(),
            troubles: Vec::new(),
            warnings: Vec::new(),
        };
        let Some(live) = survey.live(resource) else {
            return Ok(health);
        };
        health.status = Status::Current.to_string();
        match resource.kind.as_str() {
            SERVICE => service(&mut health, resource, live, around)?,
            kind::DEFINITION => last(&live.id).clone_into(&mut health.message),
            _ => {}
        }
        Ok(health)
    });
    looked.into_iter().collect()
}

fn service(
    health: &mut Health,
    resource: &Resource,
    live: &Live,
    around: Around<'_>,
) -> Result<(), Error> {
    let told = &live.told;
    let count = |name: &str| told[name].as_i64().unwrap_or_default();
    let (running, wanted) = (count("runningCount"), count("desiredCount"));
    health.ready = Some(Count {
        ready: running,
        wanted,
    });
    let primary = primary(told);
    let state = text(primary, "rolloutState");
    let is_current = matches!(state, "COMPLETED" | "") && running == wanted;
    if !is_current {
        health.status = match state {
            "FAILED" => Status::Failed.to_string(),
            _ => Status::InProgress.to_string(),
        };
    }
    health.message = match (text(primary, "rolloutStateReason"), is_current) {
        (_, true) => last(text(told, "taskDefinition")).to_owned(),
        (reason, false) => reason.to_owned(),
    };
    let cluster = cluster_of(around.account, &resource.request);
    let filter = json!({"cluster": cluster, "serviceName": resource.request["serviceName"]});
    let arns = task::find(&filter, around)?;
    let definition = text(told, "taskDefinition");
    for told in task::describe(cluster, &arns, around)? {
        health.pods.push(pod(&told, definition));
    }
    if !is_current {
        let event = list(told, "events")
            .next()
            .map(|it| text(it, "message").to_owned());
        health.troubles.push(Trouble {
            cause: if state == "FAILED" {
                Cause::Deadline
            } else {
                Cause::Starting
            },
            object: format!("Service {}", health.name),
            container: String::new(),
            reason: if state.is_empty() {
                "NotSteady".to_owned()
            } else {
                state.to_owned()
            },
            message: event.unwrap_or_default(),
            since: None,
            restarts: 0,
            ended: None,
            created: None,
            current: true,
            log: Vec::new(),
        });
    }
    Ok(())
}

/// A task, as a Pod is shown.
fn pod(told: &Value, definition: &str) -> Pod {
    let containers = list(told, "containers").count();
    let running = list(told, "containers")
        .filter(|it| it["lastStatus"] == "RUNNING")
        .count();
    let number = |count: usize| i64::try_from(count).unwrap_or_default();
    Pod {
        name: last(text(told, "taskArn")).to_owned(),
        state: text(told, "lastStatus").to_owned(),
        ready: Count {
            ready: number(running),
            wanted: number(containers),
        },
        restarts: 0,
        created: None,
        node: text(told, "availabilityZone").to_owned(),
        current: text(told, "taskDefinitionArn") == definition,
    }
}
