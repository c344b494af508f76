//! Kubernetes objects to ECS, rule by rule (`docs/ecs.md`).

mod action;
mod balancer;
mod call;
mod container;
mod context;
mod deployment;
mod env;
mod file;
mod ingress;
mod inventory;
pub(super) mod job;
mod keda;
mod lead;
pub(super) mod name;
pub(super) mod object;
pub(super) mod order;
mod patch;
mod placement;
pub(super) mod pod;
mod port;
mod probe;
mod quantity;
mod rolling;
mod route;
mod rule;
pub(super) mod scaling;
pub(super) mod schedule;
mod secret;
mod security;
mod service;
pub(super) mod size;
mod traffic;
pub(super) mod volume;
pub(super) mod workload;

use super::Input;
use super::config::LaunchType;
use super::report::Report;
use super::{copilot, native};
use context::Context;
use object::Object;
use order::Group;
use traffic::Traffic;
use workload::{Work, Workload};

/// Translates all objects that are not native.
pub(super) fn translate(input: &Input<'_>, report: &Report) -> Vec<Group> {
    let meant = input
        .objects
        .iter()
        .filter(|body| {
            !object::is_ignored(body) && !native::is_native(body) && !copilot::is_manifest(body)
        })
        .filter(|body| {
            !input
                .config
                .ignores(body["kind"].as_str().unwrap_or_default())
        });
    let ctx = Context {
        config: input.config,
        release: input.release,
        report,
        objects: meant
            .map(|body| Object::of(body, input.namespace))
            .collect(),
    };
    let ctx = &ctx;
    let workloads: Vec<Workload<'_>> = ctx
        .objects
        .iter()
        .filter(|object| inventory::is_translated(ctx, object))
        .filter_map(|object| {
            let workload = Workload::of(ctx, object);
            if workload.is_none() && inventory::runs(object) {
                ctx.tell(object, 1018, "spec", "there is no template of pods");
            }
            workload
        })
        .collect();
    inventory::tell(ctx, &workloads);
    let (traffic, mut groups) = traffic::plan(ctx, &workloads);
    for (workload, traffic) in workloads.iter().zip(traffic) {
        groups.extend(group(workload, traffic));
    }
    // What is called is a Service; what comes first is the workload behind it.
    let behind = |called: &String| {
        let services = traffic::services(ctx).filter(|service| service.name == called);
        let selected = services.flat_map(|service| traffic::selected(service, &workloads));
        selected
            .map(|index| workloads[index].name.clone())
            .collect::<Vec<_>>()
    };
    for group in &mut groups {
        group.calls = group.calls.iter().flat_map(behind).collect();
    }
    groups
}

fn group(workload: &Workload<'_>, traffic: Traffic) -> Option<Group> {
    match workload.work {
        Work::Daemon if workload.launch == LaunchType::Fargate => {
            workload.tell(1003, "", "Fargate has no instances; run it as a sidecar");
            None
        }
        Work::Daemon if service::is_managed(workload) => Some(service::daemon_group(workload)),
        Work::Service | Work::Daemon => Some(service::service(workload, traffic)),
        Work::Task => Some(job::task(workload)),
        Work::Schedule => Some(job::cron(workload)),
    }
}
