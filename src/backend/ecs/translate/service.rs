//! Deployments and DaemonSets to services.

use serde_json::{Map, Value, json};

use super::super::config::LaunchType;
use super::super::desired::Resource;
use super::call;
use super::context::selects;
use super::deployment;
use super::object;
use super::order::{Group, Stage};
use super::placement;
use super::pod;
use super::rolling::{self, Amount, Percents};
use super::scaling;
use super::size;
use super::traffic::{self, Traffic};
use super::workload::{Work, Workload};

/// What a workload that keeps running becomes; nothing where it is paused.
pub(super) fn service(workload: &Workload<'_>, traffic: Traffic) -> Group {
    let ctx = workload.ctx;
    let spec = workload.object.root();
    let spec = spec.get("spec").filter(|_| workload.object.kind != "Pod");
    let member = |name: &str| spec.as_ref().and_then(|it| it.get(name));
    let size = size::size(workload);
    let placement = placement::placement(workload);
    let pods = pod::definition(workload, &size, &placement, &traffic);
    let mut definition = pods.definition;
    let called: Vec<String> = call::called(ctx, workload, &definition.request)
        .into_iter()
        .map(str::to_owned)
        .collect();
    call::rewrite(ctx, &mut definition.request);
    let is_daemon = workload.work == Work::Daemon;
    let scaler = scaling::find(ctx, workload).filter(|_| !is_daemon);
    let replicas = match &scaler {
        Some(scaler) => scaler.least,
        None => member("replicas")
            .and_then(|it| object::whole(it.value))
            .unwrap_or(1)
            .max(0)
            .unsigned_abs(),
    };
    if workload.object.kind == "StatefulSet" {
        stateful(workload);
    }
    if let Some(field) = member("minReadySeconds").filter(|it| *it.value != json!(0)) {
        workload.tell(2014, &field.path, "a task counts as soon as it is healthy");
    }
    let paused = member("paused").filter(|it| it.value == true);
    if let Some(field) = &paused {
        workload.tell(2014, &field.path, "it is not deployed while it is paused");
    }
    let mut request = Map::new();
    request.insert("cluster".into(), workload.cluster().into());
    request.insert("serviceName".into(), workload.service().into());
    request.insert("taskDefinition".into(), workload.definition().into());
    if is_daemon {
        request.insert("schedulingStrategy".into(), "DAEMON".into());
    } else {
        request.insert("desiredCount".into(), replicas.into());
    }
    workload.run_where(&mut request);
    let rollout =
        deployment::configuration(workload, &traffic, percents(workload, replicas, is_daemon));
    if rollout.percents.is_some_and(|it| it.maximum == 100) {
        request.insert("availabilityZoneRebalancing".into(), "DISABLED".into());
    }
    request.insert("deploymentConfiguration".into(), rollout.configuration);
    placement.write(&mut request);
    let propagate = ctx.config.propagate_tags.as_deref().unwrap_or("SERVICE");
    request.insert("propagateTags".into(), propagate.into());
    request.insert("enableECSManagedTags".into(), true.into());
    if super::container::wants_exec(workload) {
        request.insert("enableExecuteCommand".into(), true.into());
    }
    let balancers = deployment::balancers(workload, &traffic, rollout.is_shifting);
    if !balancers.is_empty() {
        if let Some(seconds) = traffic.grace {
            request.insert("healthCheckGracePeriodSeconds".into(), seconds.into());
        }
        request.insert("loadBalancers".into(), balancers.into());
    }
    for (name, list) in [
        ("serviceRegistries", &traffic.registries),
        ("gatewayConnectors", &traffic.gateways),
    ] {
        if !list.is_empty() {
            request.insert(name.into(), json!(list));
        }
    }
    let calls: Vec<&str> = called.iter().map(String::as_str).collect();
    if let Some(connect) = traffic::configuration(workload, &traffic, &calls) {
        request.insert("serviceConnectConfiguration".into(), connect);
    }
    if !pods.at_launch.is_empty() {
        request.insert("volumeConfigurations".into(), pods.at_launch.into());
    }
    let tags = workload.tags();
    if !tags.is_empty() {
        request.insert("tags".into(), tags.into());
    }
    let mut request = Value::Object(request);
    super::patch::apply(workload, "service", &mut request);
    let mut service = Resource::new("ecs:Service", workload.name.as_str(), request);
    service.patience = member("progressDeadlineSeconds").and_then(|it| it.value.as_u64());
    service.history = member("revisionHistoryLimit").and_then(|it| it.value.as_u64());
    if scaler.is_some() {
        service.create_only = vec!["desiredCount".to_owned()];
    }
    let mut resources = pods.before;
    resources.extend(traffic.discovery);
    resources.extend(traffic.target_groups);
    resources.extend(traffic.rules);
    resources.push(definition);
    resources.push(service);
    if let Some(scaler) = &scaler {
        resources.extend(scaling::resources(workload, scaler, &size));
    }
    Group {
        stage: Stage::Service,
        name: workload.name.clone(),
        weight: object::weight(workload.object.body),
        calls: called,
        resources: if paused.is_some() {
            Vec::new()
        } else {
            resources
        },
    }
}

/// Members of a StatefulSet that only an order of its own would keep.
fn stateful(workload: &Workload<'_>) {
    let root = workload.object.root();
    let usual = [
        (&["spec", "podManagementPolicy"][..], json!("OrderedReady")),
        (&["spec", "updateStrategy", "type"], json!("RollingUpdate")),
        (
            &["spec", "updateStrategy", "rollingUpdate", "partition"],
            json!(0),
        ),
    ];
    for (way, usual) in usual {
        if let Some(field) = root.at(way).filter(|it| *it.value != usual) {
            workload.tell(2014, &field.path, "ECS changes tasks in no order");
        }
    }
}

/// How many tasks there may be while it changes.
fn percents(workload: &Workload<'_>, replicas: u64, is_daemon: bool) -> Percents {
    let root = workload.object.root();
    let spec = root.get("spec").filter(|_| workload.object.kind != "Pod");
    if is_daemon {
        return daemon(workload);
    }
    let strategy = spec
        .as_ref()
        .and_then(|it| it.get("strategy"))
        .filter(|_| workload.object.kind == "Deployment");
    if let Some(strategy) = strategy
        .as_ref()
        .filter(|it| it.text("type") == Some("Recreate"))
    {
        workload.tell(2023, &strategy.path, "all tasks stop before new ones start");
        return Percents {
            maximum: 100,
            minimum: 0,
        };
    }
    let of_rollout = root
        .at(&["spec", "strategy", "canary"])
        .filter(|_| workload.object.kind == "Rollout");
    let rolling = strategy
        .as_ref()
        .and_then(|it| it.get("rollingUpdate"))
        .or(of_rollout);
    let amount = |name: &str| {
        let field = rolling.as_ref().and_then(|it| it.get(name));
        let found = field.as_ref().and_then(|it| Amount::of(it.value));
        if let (Some(field), None) = (&field, found) {
            workload.tell(1018, &field.path, "it is a number, or a percentage");
        }
        found.unwrap_or(rolling::QUARTER)
    };
    let percents = rolling::rolling(replicas, amount("maxSurge"), amount("maxUnavailable"));
    match available(workload, replicas) {
        Some(available) => rolling::budget(percents, replicas, available),
        None => percents,
    }
}

/// How many pods a PodDisruptionBudget keeps.
fn available(workload: &Workload<'_>, replicas: u64) -> Option<u64> {
    let replicas = replicas.max(1);
    let budgets = workload.ctx.of("PodDisruptionBudget");
    let meant = budgets.filter(|object| {
        let selector = object.root().at(&["spec", "selector"]);
        object.namespace == workload.object.namespace && selects(selector, workload.labels())
    });
    let kept = meant.filter_map(|object| {
        let spec = object.root().get("spec")?;
        let amount = |name: &str| Amount::of(spec.get(name)?.value);
        match (amount("minAvailable"), amount("maxUnavailable")) {
            (Some(least), _) => Some(least.up(replicas)),
            (None, Some(most)) => Some(replicas.saturating_sub(most.up(replicas))),
            (None, None) => None,
        }
    });
    kept.max()
}

fn daemon(workload: &Workload<'_>) -> Percents {
    let root = workload.object.root();
    let strategy = root.at(&["spec", "updateStrategy"]);
    if let Some(field) = strategy
        .as_ref()
        .and_then(|it| it.get("type"))
        .filter(|it| it.value == "OnDelete")
    {
        workload.tell(2014, &field.path, "tasks are replaced with every change");
    }
    let rolling = strategy.as_ref().and_then(|it| it.get("rollingUpdate"));
    let surge = rolling.as_ref().and_then(|it| it.get("maxSurge"));
    let is_none = |amount: Option<Amount>| amount.is_none_or(|it| it.up(100) == 0);
    if let Some(field) = surge.filter(|it| !is_none(Amount::of(it.value))) {
        workload.tell(2014, &field.path, "an instance has one task of a daemon");
    }
    let field = rolling.as_ref().and_then(|it| it.get("maxUnavailable"));
    let minimum = match field.as_ref().and_then(|it| Amount::of(it.value)) {
        Some(Amount::Percent(percent)) => 100 - percent.min(100),
        Some(Amount::Count(count)) => {
            if let Some(field) = field.filter(|_| count != 1) {
                workload.tell(
                    2014,
                    &field.path,
                    "how many instances there are is not known; all may change at once",
                );
            }
            0
        }
        None => 0,
    };
    Percents {
        maximum: 100,
        minimum,
    }
}

/// A DaemonSet on instances that ECS manages: a daemon of their capacity providers.
pub(super) fn daemon_group(workload: &Workload<'_>) -> Group {
    let size = size::size(workload);
    let placement = placement::placement(workload);
    let pods = pod::definition(workload, &size, &placement, &Traffic::default());
    let mut request = Map::new();
    let kept = [
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "containerDefinitions",
        "cpu",
        "memory",
        "volumes",
        "tags",
    ];
    for name in kept {
        if !pods.definition.request[name].is_null() {
            request.insert(name.into(), pods.definition.request[name].clone());
        }
    }
    for container in request
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut)
        .map(Vec::as_mut_slice)
        .unwrap_or_default()
    {
        if let Value::Object(container) = container {
            // Daemons have no ports of their own.
            container.remove("portMappings");
        }
    }
    if !placement.constraints.is_empty() {
        workload.tell(
            2006,
            &workload.pod.path,
            "a daemon is on every instance of its capacity providers",
        );
    }
    let definition = Resource::new(
        "ecs:DaemonTaskDefinition",
        workload.name.as_str(),
        Value::Object(request),
    );
    let Percents { minimum, .. } = daemon(workload);
    let ctx = workload.ctx;
    let account = ctx.config.account.as_deref().unwrap_or_default();
    let prefix = format!(
        "arn:{}:ecs:{}:{account}",
        ctx.config.partition(),
        workload.region()
    );
    let providers: Vec<String> = workload
        .providers
        .iter()
        .filter_map(|it| {
            Some(format!(
                "{prefix}:capacity-provider/{}",
                it["capacityProvider"].as_str()?
            ))
        })
        .collect();
    if providers.is_empty() {
        workload.tell(
            1014,
            "",
            "a daemon belongs to capacity providers; set ecs.capacityProviders",
        );
    }
    let mut deployment = json!({"drainPercent": (100 - minimum) as f64});
    if let Some(alarms) = workload.object.own_text("alarms") {
        deployment["alarms"] =
            json!({"alarmNames": super::workload::split(alarms), "enable": true});
    }
    if let Some(minutes) = deployment::minutes(workload, "bake-time") {
        deployment["bakeTimeInMinutes"] = minutes.into();
    }
    let daemon = json!({
        "daemonName": workload.service(),
        "clusterArn": format!("{prefix}:cluster/{}", workload.cluster()),
        "daemonTaskDefinitionArn": definition.reference("arn"),
        "capacityProviderArns": providers,
        "deploymentConfiguration": deployment,
        "propagateTags": "DAEMON",
        "enableECSManagedTags": true,
        "tags": workload.tags(),
    });
    let mut resources = pods.before;
    resources.push(definition);
    resources.push(Resource::new("ecs:Daemon", workload.name.as_str(), daemon));
    Group {
        stage: Stage::Service,
        name: workload.name.clone(),
        weight: object::weight(workload.object.body),
        resources,
        ..Group::default()
    }
}

/// Whether a DaemonSet is one of managed instances.
pub(super) fn is_managed(workload: &Workload<'_>) -> bool {
    workload.work == Work::Daemon && workload.launch == LaunchType::ManagedInstances
}
