//! Taking resources away, those that others need last.

use std::time::Duration;

use super::account::{last, text};
use super::kind::service::describe;
use super::kind::{self, Around, LOG_GROUP, RUN_TASK, SERVICE};
use super::live::Live;
use super::object;
use super::plan::Survey;
use super::tag::{NAMESPACE, RELEASE};
use super::{Ecs, LogGroups, task};
use crate::backend::Object;
use crate::backend::ecs::desired::Resource;
use crate::diag::{Error, Kind};

/// How long services are waited for where others cannot go before.
const DRAINING: Duration = Duration::from_secs(900);

/// Whether something may be taken away: it is the release's, or nobody can tell.
pub(super) fn is_ours(live: &Live, around: Around<'_>) -> bool {
    let Some(tags) = &live.tags else {
        return true;
    };
    let owner = around.owner;
    let is = |key: &str, value: &str| tags.get(key).is_none_or(|it| it == value);
    tags.contains_key(RELEASE) && is(RELEASE, &owner.name) && is(NAMESPACE, &owner.namespace)
}

/// Whether something stays because users want it so: what was written to log groups.
pub(super) fn is_spared(ecs: &Ecs, resource: &Resource) -> bool {
    resource.kind == LOG_GROUP && ecs.settings.log_groups == LogGroups::Kept
}

/// What goes when: what starts tasks, then services, then what these need.
fn stage(kind: &str) -> u8 {
    match kind {
        SERVICE => 1,
        RUN_TASK => 0,
        kind if kind.starts_with("application-autoscaling:") => 0,
        "scheduler:Schedule" | "events:Rule" | "states:StateMachine" => 0,
        _ => 2,
    }
}

/// Takes objects away; gives what went wrong.
pub(super) fn take_away(ecs: &Ecs, objects: &[&Object], around: Around<'_>) -> Vec<Error> {
    let mut resources: Vec<Resource> = objects
        .iter()
        .filter_map(|it| object::resource(it))
        .collect();
    resources.retain(|it| !is_spared(ecs, it));
    if resources.is_empty() {
        return Vec::new();
    }
    resources.reverse();
    resources.sort_by_key(|it| stage(&it.kind));
    let survey = match Survey::of(&resources, around) {
        Ok(survey) => survey,
        Err(error) => return vec![error],
    };
    let needs_room = resources
        .iter()
        .any(|it| stage(&it.kind) == 2 && it.kind != kind::DEFINITION);
    let mut errors = Vec::new();
    let mut leaving: Vec<(String, String)> = Vec::new();
    let mut has_waited = false;
    for resource in &resources {
        if resource.kind == RUN_TASK {
            task::stop_all(ecs, &resource.name, around);
            continue;
        }
        if stage(&resource.kind) == 2 && needs_room && !has_waited {
            has_waited = true;
            if let Err(error) = wait_until_gone(ecs, &leaving, around, DRAINING) {
                errors.push(error);
                break;
            }
        }
        let (Some(live), Some(kind)) = (survey.live(resource), kind::of(&resource.kind)) else {
            continue;
        };
        let title = format!("{} {}", kind::object_kind(&resource.kind), resource.name);
        if !is_ours(live, around) {
            (ecs.tell)(&format!(
                "warning: {title} stays: it belongs to another release, or to nobody"
            ));
            continue;
        }
        match kind.delete(around, live) {
            Ok(()) if resource.kind == SERVICE => {
                let cluster = last(text(&live.told, "clusterArn"));
                leaving.push((
                    cluster.to_owned(),
                    text(&live.spec, "serviceName").to_owned(),
                ));
            }
            Ok(()) => {}
            Err(error) => errors.push(error.wrap(format!("cannot delete {title}"))),
        }
    }
    errors
}

/// Waits until services have drained.
///
/// # Errors
/// They take too long; what ECS says.
pub(super) fn wait_until_gone(
    ecs: &Ecs,
    services: &[(String, String)],
    around: Around<'_>,
    longest: Duration,
) -> Result<(), Error> {
    let mut waited = Duration::ZERO;
    let mut left: Vec<(String, String)> = services.to_vec();
    while !left.is_empty() {
        let mut clusters: Vec<String> = left.iter().map(|(cluster, _)| cluster.clone()).collect();
        clusters.sort();
        clusters.dedup();
        let mut there = Vec::new();
        for cluster in &clusters {
            let names: Vec<&str> = left
                .iter()
                .filter(|(it, _)| it == cluster)
                .map(|(_, name)| name.as_str())
                .collect();
            let name = match cluster.as_str() {
                "" => around.account.cluster(),
                named => named,
            };
            for name in describe(around.account, name, &names)?.into_keys() {
                there.push((cluster.clone(), name));
            }
        }
        left.retain(|it| there.contains(it));
        if left.is_empty() {
            return Ok(());
        }
        if waited >= longest {
            let names: Vec<&str> = left.iter().map(|(_, name)| name.as_str()).collect();
            let message = format!("services still drain: {}", names.join(", "));
            return Err(Error::new(Kind::Cancelled, message));
        }
        waited += ecs.clock.rest(waited)?;
    }
    Ok(())
}

/// Ends the task definitions of a family but for the newest ones, and those that somebody uses.
///
/// # Errors
/// What ECS says.
pub(super) fn trim(
    family: &str,
    keep: usize,
    used: &[String],
    around: Around<'_>,
) -> Result<(), Error> {
    let arns = kind::revisions(around.account, family)?;
    let count = arns.len().saturating_sub(keep);
    let old: Vec<String> = arns
        .into_iter()
        .take(count)
        .filter(|arn| !used.contains(arn))
        .collect();
    let ours = around
        .account
        .each(&old, |arn| kind::read_definition(around.account, arn));
    let mut doomed = Vec::new();
    for live in ours {
        if let Some(live) = live?.filter(|live| is_ours(live, around)) {
            doomed.push(live.id);
        }
    }
    kind::deregister(around.account, &doomed)
}
