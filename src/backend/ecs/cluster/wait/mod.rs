//! Waiting for deployments: for ours, not for whatever makes a service stable. A service that ECS has
//! taken back to what ran before is stable, too, and has failed.

mod explain;
mod watch;

use std::time::Duration;

use serde_json::json;

use self::watch::{Look, Watch};
use super::account::text;
use super::kind::RUN_TASK;
use super::kind::service::{cluster_of, describe};
use super::{Ecs, Gates, Late, deploy, object, task};
use crate::backend::{Context, Event, Jobs, Object, Strategy};
use crate::diag::{Error, Kind, Level, Notice};

/// What a service is to come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Begun {
    pub(super) cluster: String,
    pub(super) service: String,
    /// The task definition that it is to run.
    pub(super) definition: String,
    /// ECS' id of the deployment in the service's own list.
    pub(super) deployment: String,
    /// When that began.
    pub(super) since: f64,
    /// How long it may take, where the object says so.
    pub(super) patience: Option<u64>,
}

/// Waits until services run what they are to run, and jobs have ended.
///
/// # Errors
/// Deployments that failed, each explained; those that are not done in time.
pub(super) fn wait(
    ecs: &Ecs,
    objects: &[Object],
    (strategy, jobs): (Strategy, Jobs),
    context: &Context<'_>,
) -> Result<(), Error> {
    if strategy == Strategy::HookOnly {
        return Ok(());
    }
    ecs.clock.heed(context.cancel);
    if jobs == Jobs::Complete {
        for resource in objects.iter().filter_map(object::resource) {
            let is_started = ecs.with(|session| session.tasks.contains_key(&resource.name));
            if resource.kind == RUN_TASK && is_started {
                task::follow(ecs, &resource, context).inspect_err(|_| {
                    // It is not done: the next revision tries again.
                    unmark(ecs, &resource);
                })?;
            }
        }
    }
    let mut watches: Vec<Watch> = deploy::services(objects)
        .iter()
        .map(|resource| {
            let begun = ecs.with(|session| session.begun.get(&resource.name).cloned());
            let begun = begun.unwrap_or_else(|| Begun {
                cluster: cluster_of(&ecs.account, &resource.request).to_owned(),
                service: text(&resource.request, "serviceName").to_owned(),
                patience: resource.patience,
                ..Begun::default()
            });
            Watch::new(begun)
        })
        .collect();
    let done = follow(ecs, &mut watches, context);
    (context.events)(Event::Waiting(Vec::new()));
    done
}

/// Takes the mark of a job that has run away.
fn unmark(ecs: &Ecs, resource: &crate::backend::ecs::desired::Resource) {
    let owner = ecs.owner_of(std::iter::empty::<&Object>());
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let arns = ecs.with(|session| {
        session
            .tasks
            .get(&resource.name)
            .cloned()
            .unwrap_or_default()
    });
    let cluster = cluster_of(around.account, &resource.request);
    let tasks = task::describe(cluster, &arns, around).unwrap_or_default();
    if let Some(arn) = tasks
        .first()
        .and_then(|it| it["taskDefinitionArn"].as_str())
    {
        let key = format!("{}:{}", super::tag::JOB, resource.name);
        let _ = super::kind::service::retag(around, arn, &super::tag::Tags::new(), &[key]);
    }
}

fn follow(ecs: &Ecs, watches: &mut [Watch], context: &Context<'_>) -> Result<(), Error> {
    let owner = ecs.owner_of(std::iter::empty::<&Object>());
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let mut waited = Duration::ZERO;
    loop {
        look(ecs, watches, context)?;
        let shown = watches
            .iter()
            .map(|watch| watch.shown(&owner.namespace))
            .collect();
        (context.events)(Event::Waiting(shown));
        let mut failed = Vec::new();
        for watch in watches
            .iter_mut()
            .filter(|it| matches!(it.look, Look::Failed(_)))
        {
            failed.push(explain::failure(ecs, watch, around));
        }
        if !failed.is_empty() {
            return Err(joined(failed));
        }
        if watches.iter().all(|it| it.look == Look::Done) {
            return Ok(());
        }
        let late: Vec<&Watch> = watches
            .iter()
            .filter(|it| it.look != Look::Done && waited >= it.patience(context.timeout))
            .collect();
        if !late.is_empty() {
            return Err(too_late(ecs, &late, waited, around));
        }
        if let Err(error) = ecs.clock.rest(waited).map(|length| waited += length) {
            // Called off: what runs is left, or taken back, as after a time that has run out.
            if ecs.settings.late == Late::RolledBack {
                let open: Vec<&Watch> = watches.iter().filter(|it| it.look != Look::Done).collect();
                take_back(&open, around);
            }
            return Err(error);
        }
        ecs.renew();
    }
}

/// Looks at all services that are not done: those of a cluster ten at a time.
fn look(ecs: &Ecs, watches: &mut [Watch], context: &Context<'_>) -> Result<(), Error> {
    let account = &ecs.account;
    let mut clusters: Vec<String> = watches.iter().map(|it| it.begun.cluster.clone()).collect();
    clusters.sort();
    clusters.dedup();
    for cluster in clusters {
        let open = |watch: &&Watch| watch.begun.cluster == cluster && watch.look != Look::Done;
        let names: Vec<&str> = watches
            .iter()
            .filter(open)
            .map(|it| it.begun.service.as_str())
            .collect();
        if names.is_empty() {
            continue;
        }
        let services = describe(account, &cluster, &names)?;
        for watch in watches
            .iter_mut()
            .filter(|it| it.begun.cluster == cluster && it.look != Look::Done)
        {
            let told = services.get(&watch.begun.service);
            watch.look_at(account, told)?;
            if let Some(hook) = watch.news() {
                gate(ecs, watch, &hook, context)?;
            }
        }
    }
    Ok(())
}

/// Somebody has to decide how a deployment goes on.
fn gate(ecs: &Ecs, watch: &Watch, hook: &watch::Hook, context: &Context<'_>) -> Result<(), Error> {
    let service = &watch.begun.service;
    if ecs.settings.gates == Gates::Opened {
        context.notice(Notice::new(
            Level::Info,
            format!(
                "deployment of {service} goes on past {} ({})",
                hook.stage, hook.id
            ),
        ));
        let input = json!({
            "serviceDeploymentArn": watch.arn, "hookId": hook.id, "action": "CONTINUE",
        });
        ecs.account.ecs("ContinueServiceDeployment", &input)?;
        return Ok(());
    }
    context.notice(Notice::new(
        Level::Warn,
        format!(
            "deployment of {service} waits at {} for somebody to decide{}: `pintle ecs approve {service}` lets it go on, `pintle ecs reject {service}` takes it back",
            hook.stage, hook.expiry
        ),
    ));
    Ok(())
}

fn too_late(
    ecs: &Ecs,
    late: &[&Watch],
    waited: Duration,
    around: super::kind::Around<'_>,
) -> Error {
    let names: Vec<String> = late
        .iter()
        .map(|it| format!("{} ({})", it.begun.service, it.summary()))
        .collect();
    let message = format!(
        "not done after {} s: {}",
        waited.as_secs(),
        names.join(", ")
    );
    let mut error = Error::new(Kind::Cancelled, message);
    for watch in late {
        for line in explain::state(ecs, watch, around) {
            error = error.with_detail(line);
        }
        if let Some(stage) = &watch.gate {
            error = error.with_hint(format!(
                "{} waits at {stage}: `pintle ecs approve {}` lets it go on; the next upgrade waits for the rest.",
                watch.begun.service, watch.begun.service
            ));
        }
    }
    match ecs.settings.late {
        Late::RolledBack => {
            take_back(late, around);
            error.with_hint("The deployments are taken back, as `--on-timeout=rollback` wants it.")
        }
        Late::Left => error.with_hint(
            "The deployments go on: `pintle status` shows how they end; `--timeout` waits longer, `--on-timeout=rollback` takes them back.",
        ),
    }
}

/// Takes deployments back to what ran before.
fn take_back(watches: &[&Watch], around: super::kind::Around<'_>) {
    for watch in watches.iter().filter(|it| !it.arn.is_empty()) {
        let input = json!({"serviceDeploymentArn": watch.arn, "stopType": "ROLLBACK"});
        // One that has ended by now stays as it is.
        let _ = around.account.ecs("StopServiceDeployment", &input);
    }
}

fn joined(mut failed: Vec<Error>) -> Error {
    if failed.len() == 1
        && let Some(only) = failed.pop()
    {
        return only;
    }
    let lines: Vec<&str> = failed.iter().map(Error::message).collect();
    let mut error = Error::new(Kind::Cluster, lines.join("; "));
    for one in &failed {
        for detail in one.details() {
            error = error.with_detail(detail);
        }
    }
    for one in &failed {
        for hint in one.hints() {
            if !error.hints().contains(hint) {
                error = error.with_hint(hint);
            }
        }
    }
    error
}
