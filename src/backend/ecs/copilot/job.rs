//! Scheduled jobs: a schedule, with a state machine between it and the task where it has to try again.

use serde_json::{Map, Value, json};

use super::super::config::JobRunner;
use super::super::desired::{Resource, reference};
use super::network::{self, Place};
use super::port::Ports;
use super::service;
use super::workload::Workload;
use crate::backend::ecs::translate::schedule;

/// Everything of a job, in the order in which it is applied.
pub(super) fn resources(workload: &Workload<'_>) -> Vec<Resource> {
    let place = network::place(workload);
    let mut resources = vec![
        workload.log_group(),
        service::task_definition(workload, &Ports::of(workload), None),
    ];
    let retries = workload.whole(&workload.manifest["retries"], "retries");
    let timeout = workload.whole_seconds(&workload.manifest["timeout"], "timeout");
    let is_machine = match workload.copilot().job_runner {
        Some(runner) => runner == JobRunner::StepFunctions,
        None => retries.is_some() || timeout.is_some(),
    };
    let target = match is_machine {
        true => {
            let machine = machine(workload, &place, retries, timeout);
            let arn = machine.reference("arn");
            resources.push(machine);
            json!({"Arn": arn})
        }
        false => {
            for (path, is_said) in [
                ("retries", retries.is_some()),
                ("timeout", timeout.is_some()),
            ] {
                if is_said {
                    let message = "EventBridge Scheduler starts a task and does not look after it";
                    workload.tell(2012, path, message);
                }
            }
            direct(workload, &place)
        }
    };
    resources.extend(schedules(workload, target));
    resources
}

fn machine(
    workload: &Workload<'_>,
    place: &Place,
    retries: Option<u64>,
    timeout: Option<u64>,
) -> Resource {
    let own = workload.copilot().roles_stepfunctions.get(workload.name);
    let role = own.or(workload.config.step_functions_role_arn.as_ref());
    let setting = format!("copilot.roles_stepfunctions.{}", workload.name);
    let role = workload.need(role.map(String::as_str), "on.schedule", &setting);
    let mut task = json!({
        "Type": "Task",
        "Resource": format!("arn:{}:states:::ecs:runTask.sync", workload.config.partition()),
        "Parameters": {
            "LaunchType": "FARGATE",
            "PlatformVersion": "LATEST",
            "Cluster": workload.config.cluster(),
            "TaskDefinition": reference("ecs:TaskDefinition", workload.name, "arn"),
            "PropagateTags": "TASK_DEFINITION",
            "Group.$": "$$.Execution.Name",
            "NetworkConfiguration": {"AwsvpcConfiguration": {
                "Subnets": place.subnets,
                "AssignPublicIp": place.address(),
                "SecurityGroups": place.groups,
            }},
        },
        "End": true,
    });
    if let Some(retries) = retries.filter(|retries| *retries > 0) {
        task["Retry"] = json!([{
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 10,
            "MaxAttempts": retries,
            "BackoffRate": 1.5,
        }]);
    }
    let mut definition = Map::new();
    definition.insert("Version".into(), "1.0".into());
    definition.insert("Comment".into(), "Run AWS Fargate task".into());
    if let Some(timeout) = timeout.filter(|timeout| *timeout > 0) {
        definition.insert("TimeoutSeconds".into(), timeout.into());
    }
    definition.insert("StartAt".into(), "Run Fargate Task".into());
    definition.insert("States".into(), json!({"Run Fargate Task": task}));
    let name = workload.full_name();
    let request = json!({"name": name, "roleArn": role});
    Resource::new("states:StateMachine", name, request).with("definition", definition)
}

/// The task itself as target of a schedule.
fn direct(workload: &Workload<'_>, place: &Place) -> Value {
    json!({
        "Arn": workload.arn("ecs", &format!("cluster/{}", workload.config.cluster())),
        "EcsParameters": {
            "TaskDefinitionArn": reference("ecs:TaskDefinition", workload.name, "arn"),
            "TaskCount": 1,
            "LaunchType": "FARGATE",
            "PropagateTags": "TASK_DEFINITION",
            "EnableECSManagedTags": true,
            "NetworkConfiguration": {"awsvpcConfiguration": {
                "Subnets": place.subnets,
                "SecurityGroups": place.groups,
                "AssignPublicIp": place.address(),
            }},
        },
    })
}

fn schedules(workload: &Workload<'_>, mut target: Value) -> Vec<Resource> {
    let path = "on.schedule";
    let roles = &workload.copilot().roles;
    let role = roles
        .scheduler
        .as_deref()
        .or(workload.config.scheduler_role_arn.as_deref());
    target["RoleArn"] = workload.role(role, path, "copilot.roles.scheduler").into();
    let text = workload.manifest["on"]["schedule"].as_str();
    let found = match schedule::translate(text.unwrap_or_default()) {
        Ok(found) => found,
        Err(error) => {
            workload.tell(1011, path, error);
            return Vec::new();
        }
    };
    let name = workload.full_name();
    let named: Vec<(String, &String)> = match found.expressions.as_slice() {
        [one] => vec![(name, one)],
        several => {
            let message = "one schedule is for the day of month, one for the day of week";
            workload.tell(2017, path, message);
            let names = ["dom", "dow"].map(|suffix| format!("{name}-{suffix}"));
            names.into_iter().zip(several).collect()
        }
    };
    let schedule = |(name, expression): (String, &String)| {
        if name.len() > 64 {
            workload.tell(
                1012,
                path,
                format!("{name:?} is longer than the 64 characters of a schedule's name"),
            );
        }
        let request = json!({
            "Name": name,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": found.zone.as_deref().unwrap_or("UTC"),
            "State": if found.is_off { "DISABLED" } else { "ENABLED" },
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        });
        Resource::new("scheduler:Schedule", name, request)
    };
    named.into_iter().map(schedule).collect()
}
