//! Jobs, CronJobs and pods that run once.

use serde_json::{Map, Value, json};

use super::super::config::JobRunner;
use super::super::desired::Resource;
use super::container;
use super::name;
use super::object::{self, Field};
use super::order::{Group, Stage};
use super::placement;
use super::pod;
use super::schedule;
use super::size;
use super::traffic::Traffic;
use super::workload::Workload;

/// What a Job or a bare Pod becomes.
pub(super) fn task(workload: &Workload<'_>) -> Group {
    let object = workload.object;
    let hook = object::hook(object.body);
    let size = size::size(workload);
    let placement = placement::placement(workload);
    let pods = pod::definition(workload, &size, &placement, &Traffic::default());
    let root = object.root();
    let spec = root.get("spec").filter(|_| object.kind == "Job");
    if object.kind == "Pod" && hook.is_none() {
        let message = "it runs once; ecs.pintle.dev/run-as: service keeps it running";
        workload.tell(2014, "", message);
    }
    let completions = spec.as_ref().and_then(|it| it.whole("completions"));
    let parallel = spec
        .as_ref()
        .and_then(|it| it.whole("parallelism"))
        .unwrap_or(1)
        .max(0);
    let all = completions.unwrap_or(parallel.max(1));
    let at_once = parallel.clamp(1, 10).min(all.max(1));
    let mut request = Map::new();
    request.insert("cluster".into(), workload.cluster().into());
    request.insert("taskDefinition".into(), workload.definition().into());
    request.insert("count".into(), at_once.into());
    workload.run_where(&mut request);
    placement.write(&mut request);
    request.insert("propagateTags".into(), "TASK_DEFINITION".into());
    request.insert("enableECSManagedTags".into(), true.into());
    if container::wants_exec(workload) {
        request.insert("enableExecuteCommand".into(), true.into());
    }
    if !pods.at_launch.is_empty() {
        request.insert("volumeConfigurations".into(), pods.at_launch.clone().into());
    }
    let mut run = Resource::new(
        "ecs:RunTask",
        workload.name.as_str(),
        Value::Object(request),
    );
    run.hook = hook.clone();
    if let Some(spec) = &spec {
        members(workload, spec);
        run = run.with("retries", spec.whole("backoffLimit").unwrap_or(6));
        let deadline = spec.whole("activeDeadlineSeconds");
        if let Some(seconds) = deadline.or(workload.pod.whole("activeDeadlineSeconds")) {
            run = run.with("timeoutSeconds", seconds);
        }
        if all > at_once {
            run = run.with("completions", all);
        }
    } else if let Some(seconds) = workload.pod.whole("activeDeadlineSeconds") {
        run = run.with("timeoutSeconds", seconds);
    }
    let mut resources = pods.before;
    resources.push(pods.definition);
    resources.push(run);
    let weight = object::weight(object.body);
    let stage = match &hook {
        None => Stage::Task,
        Some(hook) if hook.events.iter().any(|event| event.starts_with("pre-")) => {
            Stage::Before(weight)
        }
        Some(_) => Stage::After(weight),
    };
    Group {
        stage,
        name: workload.name.clone(),
        resources,
        ..Group::default()
    }
}

/// Members of a Job that work differently.
fn members(workload: &Workload<'_>, spec: &Field<'_>) {
    if let Some(field) = spec
        .get("completionMode")
        .filter(|it| it.value == "Indexed")
    {
        workload.tell(
            2014,
            &field.path,
            "tasks do not know which of them they are",
        );
    }
    if let Some(field) = spec.get("suspend").filter(|it| it.value == true) {
        workload.tell(2014, &field.path, "it runs when it is applied");
    }
    for name in [
        "podFailurePolicy",
        "successPolicy",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
        "podReplacementPolicy",
    ] {
        if let Some(field) = spec.get(name) {
            workload.tell(
                2012,
                &field.path,
                "a task that fails is run again, whatever the reason",
            );
        }
    }
    if let Some(field) = spec.get("ttlSecondsAfterFinished") {
        workload.tell(3007, &field.path, "ECS forgets tasks that ended by itself");
    }
}

/// What a CronJob becomes.
pub(super) fn cron(workload: &Workload<'_>) -> Group {
    let object = workload.object;
    let ctx = workload.ctx;
    let size = size::size(workload);
    let placement = placement::placement(workload);
    let pods = pod::definition(workload, &size, &placement, &Traffic::default());
    let root = object.root();
    let mut group = Group {
        stage: Stage::Schedule,
        name: workload.name.clone(),
        resources: pods.before,
        ..Group::default()
    };
    let Some(spec) = root.get("spec") else {
        return group;
    };
    let own = object.own_text("job-runner");
    let runner = match own {
        Some("stepfunctions") => JobRunner::StepFunctions,
        Some(_) => JobRunner::Scheduler,
        None => ctx.config.job_runner.unwrap_or_default(),
    };
    policies(workload, &spec, runner);
    group.resources.push(pods.definition);
    let text = spec.text("schedule").unwrap_or_default();
    let found = match schedule::translate(text) {
        Ok(found) => found,
        Err(message) => {
            workload.tell(1011, "spec.schedule", message);
            return group;
        }
    };
    if found.expressions.len() > 1 {
        let message = "schedule split in two: it fires twice on days that match both";
        workload.tell(2017, "spec.schedule", message);
    }
    let Some(role) = &ctx.config.scheduler_role_arn else {
        workload.tell(1014, "", "set ecs.schedulerRoleArn");
        return group;
    };
    let target = match runner {
        JobRunner::Scheduler => by_scheduler(workload, &spec, &placement, role),
        JobRunner::StepFunctions => {
            let Some(machine) = machine(workload, &spec) else {
                return group;
            };
            let target = json!({"Arn": machine.reference("arn"), "RoleArn": role});
            group.resources.push(machine);
            target
        }
    };
    let pattern = ctx.config.names.schedule.as_deref();
    let base = name::plain(&workload.fill(pattern.unwrap_or("{cluster}-{name}")));
    let zone = spec.text("timeZone").map(str::to_owned).or(found.zone);
    let is_off = found.is_off || spec.is("suspend");
    let is_split = found.expressions.len() > 1;
    for (expression, suffix) in found.expressions.iter().zip(["-dom", "-dow"]) {
        let suffix = if is_split { suffix } else { "" };
        let wanted = format!("{base}{suffix}");
        let called = name::short(&wanted, 64);
        if called != wanted {
            workload.tell(
                2016,
                "metadata.name",
                format!("its schedule is called {called}"),
            );
        }
        let mut request = json!({
            "Name": called,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": zone.as_deref().unwrap_or("UTC"),
            "State": if is_off { "DISABLED" } else { "ENABLED" },
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
        });
        if let Some(seconds) = spec.whole("startingDeadlineSeconds") {
            let allowed = seconds.clamp(60, 86400);
            if allowed != seconds {
                let message = format!("{seconds} s become {allowed}");
                workload.tell(2002, "spec.startingDeadlineSeconds", message);
            }
            request["Target"]["RetryPolicy"] = json!({"MaximumEventAgeInSeconds": allowed});
        }
        group.resources.push(Resource::new(
            "scheduler:Schedule",
            called.as_str(),
            request,
        ));
    }
    group
}

/// Members of a CronJob that are not kept.
fn policies(workload: &Workload<'_>, spec: &Field<'_>, runner: JobRunner) {
    let policy = spec.get("concurrencyPolicy");
    if let Some(field) = policy.filter(|it| it.value != "Allow") {
        workload.tell(
            2012,
            &field.path,
            "a schedule fires whether or not the last task has ended",
        );
    }
    let job = spec.at(&["jobTemplate", "spec"]);
    let own = job.as_ref().and_then(|it| it.get("backoffLimit"));
    if let Some(field) = own.filter(|it| *it.value != json!(6) && runner == JobRunner::Scheduler) {
        workload.tell(2012, &field.path, "a task that fails is not run again");
    }
    let deadline = job.as_ref().and_then(|it| it.get("activeDeadlineSeconds"));
    let deadline = deadline.or_else(|| workload.pod.get("activeDeadlineSeconds"));
    if let Some(field) = deadline.filter(|_| runner == JobRunner::Scheduler) {
        workload.tell(2012, &field.path, "nobody stops a task that takes too long");
    }
    for (name, usual) in [
        ("successfulJobsHistoryLimit", 3),
        ("failedJobsHistoryLimit", 1),
    ] {
        if let Some(field) = spec.get(name).filter(|it| *it.value != json!(usual)) {
            workload.tell(3007, &field.path, "ECS forgets tasks that ended by itself");
        }
    }
    if let Some(job) = &job {
        members(workload, job);
    }
}

/// The cluster's ARN.
fn cluster_arn(workload: &Workload<'_>) -> String {
    let ctx = workload.ctx;
    let (partition, account) = (ctx.config.partition(), ctx.account());
    format!(
        "arn:{partition}:ecs:{}:{account}:cluster/{}",
        workload.region(),
        workload.cluster()
    )
}

fn by_scheduler(
    workload: &Workload<'_>,
    spec: &Field<'_>,
    placement: &placement::Placement,
    role: &str,
) -> Value {
    if workload.ctx.config.account.is_none() {
        workload.tell(1014, "", "set ecs.account");
    }
    let job = spec.at(&["jobTemplate", "spec"]);
    let count = job
        .as_ref()
        .and_then(|it| it.whole("completions").or(it.whole("parallelism")));
    let mut run = Map::new();
    workload.run_where(&mut run);
    let mut parameters = Map::new();
    parameters.insert("TaskDefinitionArn".into(), workload.definition().into());
    parameters.insert("TaskCount".into(), count.unwrap_or(1).clamp(1, 10).into());
    let names = [
        ("launchType", "LaunchType"),
        ("capacityProviderStrategy", "CapacityProviderStrategy"),
        ("platformVersion", "PlatformVersion"),
    ];
    for (from, to) in names {
        if let Some(value) = run.remove(from) {
            parameters.insert(to.into(), value);
        }
    }
    parameters.insert("PropagateTags".into(), "TASK_DEFINITION".into());
    parameters.insert("EnableECSManagedTags".into(), true.into());
    if container::wants_exec(workload) {
        parameters.insert("EnableExecuteCommand".into(), true.into());
    }
    if let Some(network) = run.remove("networkConfiguration") {
        let own = &network["awsvpcConfiguration"];
        let mut upper = Map::new();
        let names = [
            ("subnets", "Subnets"),
            ("securityGroups", "SecurityGroups"),
            ("assignPublicIp", "AssignPublicIp"),
        ];
        for (from, to) in names {
            if !own[from].is_null() {
                upper.insert(to.into(), own[from].clone());
            }
        }
        parameters.insert(
            "NetworkConfiguration".into(),
            json!({"awsvpcConfiguration": upper}),
        );
    }
    if !placement.constraints.is_empty() {
        parameters.insert("PlacementConstraints".into(), json!(placement.constraints));
    }
    if !placement.strategies.is_empty() {
        parameters.insert("PlacementStrategy".into(), json!(placement.strategies));
    }
    json!({"Arn": cluster_arn(workload), "RoleArn": role, "EcsParameters": parameters})
}

/// The state machine that runs a CronJob's tasks.
fn machine(workload: &Workload<'_>, spec: &Field<'_>) -> Option<Resource> {
    let Some(role) = &workload.ctx.config.step_functions_role_arn else {
        workload.tell(1014, "", "set ecs.stepFunctionsRoleArn");
        return None;
    };
    let job = spec.at(&["jobTemplate", "spec"]);
    let member = |name: &str| job.as_ref().and_then(|it| it.whole(name));
    let mut run = Map::new();
    workload.run_where(&mut run);
    let machine = Machine {
        name: name::short(&name::plain(&workload.fill("{cluster}-{name}")), 80),
        role: role.clone(),
        partition: workload.ctx.config.partition().to_owned(),
        cluster: workload.cluster().to_owned(),
        definition: workload.definition(),
        run: Value::Object(run),
        retries: member("backoffLimit").unwrap_or(6),
        timeout: member("activeDeadlineSeconds"),
    };
    Some(machine.resource())
}

/// A state machine that runs a task, again where it fails.
pub(in crate::backend::ecs) struct Machine {
    pub(in crate::backend::ecs) name: String,
    pub(in crate::backend::ecs) role: String,
    pub(in crate::backend::ecs) partition: String,
    pub(in crate::backend::ecs) cluster: String,
    /// Reference to the task definition.
    pub(in crate::backend::ecs) definition: String,
    /// `launchType`, `platformVersion`, `networkConfiguration`, ... as RunTask has them.
    pub(in crate::backend::ecs) run: Value,
    pub(in crate::backend::ecs) retries: i64,
    pub(in crate::backend::ecs) timeout: Option<i64>,
}

impl Machine {
    /// The resource, with its definition beside the request.
    pub(in crate::backend::ecs) fn resource(self) -> Resource {
        let mut parameters = Map::new();
        for (from, to) in [
            ("launchType", "LaunchType"),
            ("platformVersion", "PlatformVersion"),
        ] {
            if !self.run[from].is_null() {
                parameters.insert(to.into(), self.run[from].clone());
            }
        }
        if let Some(providers) = self.run["capacityProviderStrategy"].as_array() {
            let raise = |it: &Value| {
                let mut own = Map::new();
                for (from, to) in [
                    ("capacityProvider", "CapacityProvider"),
                    ("base", "Base"),
                    ("weight", "Weight"),
                ] {
                    if !it[from].is_null() {
                        own.insert(to.into(), it[from].clone());
                    }
                }
                Value::Object(own)
            };
            let providers: Vec<Value> = providers.iter().map(raise).collect();
            parameters.insert("CapacityProviderStrategy".into(), providers.into());
        }
        parameters.insert("Cluster".into(), self.cluster.into());
        parameters.insert("TaskDefinition".into(), self.definition.into());
        parameters.insert("PropagateTags".into(), "TASK_DEFINITION".into());
        parameters.insert("Group.$".into(), "$$.Execution.Name".into());
        let network = &self.run["networkConfiguration"]["awsvpcConfiguration"];
        if !network.is_null() {
            let mut own = Map::new();
            let names = [
                ("subnets", "Subnets"),
                ("assignPublicIp", "AssignPublicIp"),
                ("securityGroups", "SecurityGroups"),
            ];
            for (from, to) in names {
                if !network[from].is_null() {
                    own.insert(to.into(), network[from].clone());
                }
            }
            parameters.insert(
                "NetworkConfiguration".into(),
                json!({"AwsvpcConfiguration": own}),
            );
        }
        let mut step = json!({
            "Type": "Task",
            "Resource": format!("arn:{}:states:::ecs:runTask.sync", self.partition),
            "Parameters": parameters,
        });
        if self.retries > 0 {
            step["Retry"] = json!([{
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 10,
                "MaxAttempts": self.retries,
                "BackoffRate": 1.5,
            }]);
        }
        step["End"] = true.into();
        let mut definition = json!({
            "Version": "1.0",
            "Comment": "Run AWS Fargate task",
            "StartAt": "Run Fargate Task",
            "States": {"Run Fargate Task": step},
        });
        if let Some(seconds) = self.timeout {
            definition["TimeoutSeconds"] = seconds.into();
        }
        let request = json!({"name": self.name, "roleArn": self.role});
        Resource::new("states:StateMachine", self.name.as_str(), request)
            .with("definition", definition)
    }
}
