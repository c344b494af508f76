//! Deployments of services, which go a step each time that somebody looks, to the end that a test wants.

use serde_json::{Value, json};

use super::state::{State, ecs_arn};
use super::{Answer, Refusal, merge, page, refuse, text, texts};

/// How the deployments of a service go.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// How often they are seen under way.
    pub(crate) looks: u32,
    pub(crate) end: End,
}

/// How a deployment ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Success,
    /// Its tasks stop for this reason, with this exit code; the circuit breaker takes it back.
    Broken {
        reason: String,
        code: Option<i64>,
    },
    /// As broken, and the way back fails too.
    Lost,
    /// It never ends.
    Stuck,
    /// It waits for somebody at a stage, and then goes on to success.
    Pause(&'static str),
}

impl Default for Course {
    fn default() -> Course {
        Course {
            looks: 1,
            end: End::Success,
        }
    }
}

/// Why a deployment begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Created,
    Updated,
}

/// Where a deployment is.
#[derive(Clone, Debug)]
pub(super) struct Run {
    key: String,
    looks: u32,
    end: End,
    /// The revision that it takes the place of.
    source: Option<Value>,
    is_back: bool,
}

impl State {
    /// Begins a deployment of a service as it is now; the members of `hidden` go with it.
    pub(super) fn deploy(&mut self, key: &str, hidden: &Value, reason: Reason) {
        let (now, unique, number) = (self.now(), self.unique(), self.next());
        let Some(mut service) = self.services.get(key).cloned() else {
            return;
        };
        let id = unique.chars().take(20).collect::<String>() + &number.to_string();
        let revision = ecs_arn(&format!("service-revision/{key}/{number}"));
        let arn = ecs_arn(&format!("service-deployment/{key}/{id}"));
        let mut shown = json!({
            "serviceRevisionArn": revision, "serviceArn": service["serviceArn"],
            "clusterArn": service["clusterArn"], "createdAt": now,
        });
        let members = [
            "taskDefinition",
            "capacityProviderStrategy",
            "launchType",
            "platformVersion",
            "platformFamily",
            "loadBalancers",
            "serviceRegistries",
            "networkConfiguration",
        ];
        merge(&mut shown, &service, &members);
        let names = [
            "serviceConnectConfiguration",
            "volumeConfigurations",
            "vpcLatticeConfigurations",
        ];
        merge(&mut shown, hidden, &names);
        shown["containerImages"] = self.images(text(&service, "taskDefinition"));
        self.revisions.insert(revision.clone(), shown);
        // One that is under way gives way.
        if let Some(old) = service["currentServiceDeployment"]
            .as_str()
            .map(str::to_owned)
            && self.runs.remove(&old).is_some()
            && let Some(old) = self.deployments.get_mut(&old)
        {
            old["status"] = json!("STOPPED");
            old["statusReason"] =
                json!("The deployment was stopped because a new deployment was started.");
            old["finishedAt"] = now.clone();
        }
        let source = service["currentServiceRevisions"][0]["arn"].clone();
        let source = Some(source).filter(|source| !source.is_null());
        let count = service["desiredCount"].clone();
        let target = json!({"arn": revision, "requestedTaskCount": count, "runningTaskCount": 0, "pendingTaskCount": count});
        let sources: Vec<Value> = source
            .iter()
            .map(|arn| json!({"arn": arn, "requestedTaskCount": count, "runningTaskCount": count, "pendingTaskCount": 0}))
            .collect();
        let breaker = &service["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"];
        let watch = if *breaker == true {
            "MONITORING"
        } else {
            "DISABLED"
        };
        self.deployments.insert(
            arn.clone(),
            json!({
                "serviceDeploymentArn": arn, "serviceArn": service["serviceArn"],
                "clusterArn": service["clusterArn"], "createdAt": now, "startedAt": now,
                "updatedAt": now, "status": "IN_PROGRESS", "sourceServiceRevisions": sources,
                "targetServiceRevision": target,
                "deploymentConfiguration": service["deploymentConfiguration"],
                "deploymentCircuitBreaker": {"status": watch, "failureCount": 0, "threshold": 3},
            }),
        );
        let name = text(&service, "serviceName").to_owned();
        let course = self.courses.get(&name).cloned().unwrap_or_default();
        self.runs.insert(
            arn.clone(),
            Run {
                key: key.to_owned(),
                looks: course.looks,
                end: course.end,
                source: source.clone(),
                is_back: false,
            },
        );
        let mut entry = json!({
            "id": format!("ecs-svc/{number}"), "status": "PRIMARY", "createdAt": now, "updatedAt": now,
            "desiredCount": count, "pendingCount": count, "runningCount": 0, "failedTasks": 0,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": format!("ECS deployment ecs-svc/{number} in progress."),
        });
        let members = [
            "taskDefinition",
            "capacityProviderStrategy",
            "launchType",
            "platformVersion",
            "platformFamily",
            "networkConfiguration",
        ];
        merge(&mut entry, &service, &members);
        merge(&mut entry, hidden, &names);
        if let Some(list) = service["deployments"].as_array_mut() {
            for old in list.iter_mut() {
                old["status"] = json!("ACTIVE");
            }
            list.insert(0, entry);
        }
        service["currentServiceDeployment"] = json!(arn);
        if reason == Reason::Created {
            service["currentServiceRevisions"] = json!([]);
        }
        self.services.insert(key.to_owned(), service);
    }

    fn images(&self, definition: &str) -> Value {
        let known = self.definition(definition);
        let containers = known.and_then(|known| known["containerDefinitions"].as_array());
        let containers = containers.into_iter().flatten();
        containers
            .map(|container| {
                let digest = format!("{:064x}", text(container, "image").len());
                json!({
                    "containerName": container["name"], "image": container["image"],
                    "imageDigest": format!("sha256:{digest}"),
                })
            })
            .collect()
    }

    /// Somebody looks at a service: its deployment goes on.
    pub(super) fn tick(&mut self, key: &str) {
        let service = self.services.get(key);
        let arn = service.and_then(|service| service["currentServiceDeployment"].as_str());
        if let Some(arn) = arn.map(str::to_owned) {
            self.advance(&arn);
        }
    }

    fn advance(&mut self, arn: &str) {
        let Some(mut run) = self.runs.get(arn).cloned() else {
            return;
        };
        if run.looks > 0 {
            run.looks -= 1;
            self.runs.insert(arn.to_owned(), run);
            return;
        }
        match run.end.clone() {
            End::Stuck => {}
            End::Success if run.is_back => self.end_back(arn, &run, "ROLLBACK_SUCCESSFUL"),
            End::Success => self.succeed(arn, &run),
            End::Lost if run.is_back => self.end_back(arn, &run, "ROLLBACK_FAILED"),
            End::Pause(stage) => {
                let now = self.now();
                let deployment = self.deployments.get_mut(arn).expect("it runs");
                deployment["lifecycleStage"] = json!(stage);
                if deployment["lifecycleHookDetails"].is_null() {
                    deployment["lifecycleHookDetails"] = json!([{
                        "hookId": format!("hook-{}", run.key.replace('/', "-")),
                        "targetType": "PAUSE", "status": "AWAITING_ACTION",
                        "expiresAt": now.as_f64().unwrap_or_default() + 3600.0,
                        "timeoutAction": "ROLLBACK",
                    }]);
                }
            }
            End::Broken { reason, code } => self.fail(arn, run, &reason, code, End::Success),
            End::Lost => self.fail(
                arn,
                run,
                "Essential container in task exited",
                Some(1),
                End::Lost,
            ),
        }
    }

    fn succeed(&mut self, arn: &str, run: &Run) {
        let now = self.now();
        let count = self.services[&run.key]["desiredCount"].clone();
        let deployment = self.deployments.get_mut(arn).expect("it runs");
        deployment["status"] = json!("SUCCESSFUL");
        deployment["finishedAt"] = now.clone();
        deployment["updatedAt"] = now.clone();
        deployment["deploymentCircuitBreaker"]["status"] = json!("MONITORING_COMPLETE");
        deployment["targetServiceRevision"]["runningTaskCount"] = count.clone();
        deployment["targetServiceRevision"]["pendingTaskCount"] = json!(0);
        let target = deployment["targetServiceRevision"].clone();
        self.runs.remove(arn);
        let service = self.services.get_mut(&run.key).expect("it runs");
        service["currentServiceRevisions"] = json!([target]);
        self.end(&run.key, 0, "completed");
    }

    /// Leaves one deployment of a service, at its place in the list, and its tasks.
    fn end(&mut self, key: &str, keep: usize, word: &str) {
        let service = self.services.get_mut(key).expect("it runs");
        let (name, count) = (
            text(service, "serviceName").to_owned(),
            service["desiredCount"].clone(),
        );
        if let Some(list) = service["deployments"].as_array_mut() {
            let mut kept = list.swap_remove(keep.min(list.len().saturating_sub(1)));
            kept["status"] = json!("PRIMARY");
            kept["rolloutState"] = json!("COMPLETED");
            kept["rolloutStateReason"] =
                json!(format!("ECS deployment {} {word}.", text(&kept, "id")));
            kept["desiredCount"] = count.clone();
            kept["runningCount"] = count.clone();
            kept["pendingCount"] = json!(0);
            *list = vec![kept];
        }
        service["runningCount"] = count.clone();
        service["pendingCount"] = json!(0);
        self.tell(
            key,
            &format!("(service {name}) has reached a steady state."),
        );
        self.stop_tasks_of(key, "Scaling activity initiated by deployment");
        let definition = text(&self.services[key], "taskDefinition").to_owned();
        for _ in 0..count.as_u64().unwrap_or_default() {
            self.start_task(key, &definition);
        }
    }

    /// Adjusts counts where nothing is deployed.
    pub(super) fn settle(&mut self, key: &str) {
        let service = &self.services[key];
        let is_idle = service["deployments"][0]["rolloutState"] == "COMPLETED";
        if is_idle && service["runningCount"] != service["desiredCount"] {
            self.end(key, 0, "completed");
        }
    }

    /// Its tasks do not live; the way back begins where there is one.
    fn fail(&mut self, arn: &str, run: Run, reason: &str, code: Option<i64>, back: End) {
        let now = self.now();
        let definition = text(&self.services[&run.key], "taskDefinition").to_owned();
        for _ in 0..3 {
            let task = self.start_task(&run.key, &definition);
            self.end_task(&task, reason, code);
        }
        let name = text(&self.services[&run.key], "serviceName").to_owned();
        self.tell(
            &run.key,
            &format!("(service {name}) deployment failed: tasks failed to start."),
        );
        let service = self.services.get_mut(&run.key).expect("it runs");
        let breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"].clone();
        let first = &mut service["deployments"][0];
        first["failedTasks"] = json!(3);
        first["updatedAt"] = now.clone();
        // Nobody stops a deployment that nobody watches.
        if breaker["enable"] != true {
            let mut run = run;
            run.end = End::Stuck;
            self.runs.insert(arn.to_owned(), run);
            return;
        }
        first["rolloutState"] = json!("FAILED");
        first["rolloutStateReason"] =
            json!("ECS deployment circuit breaker: tasks failed to start.");
        let deployment = self.deployments.get_mut(arn).expect("it runs");
        deployment["deploymentCircuitBreaker"]["status"] = json!("TRIGGERED");
        deployment["deploymentCircuitBreaker"]["failureCount"] = json!(3);
        deployment["updatedAt"] = now.clone();
        let why =
            "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        match &run.source {
            Some(_) if breaker["rollback"] == true => self.go_back(arn, run, why, back),
            _ => {
                deployment["status"] = json!("STOPPED");
                deployment["statusReason"] =
                    json!("ECS deployment circuit breaker: tasks failed to start.");
                deployment["finishedAt"] = now.clone();
                deployment["stoppedAt"] = now;
                self.runs.remove(arn);
            }
        }
    }

    fn go_back(&mut self, arn: &str, run: Run, why: &str, back: End) {
        let now = self.now();
        let deployment = self.deployments.get_mut(arn).expect("it runs");
        deployment["status"] = json!("ROLLBACK_IN_PROGRESS");
        deployment["statusReason"] = json!(why);
        deployment["rollback"] =
            json!({"reason": why, "startedAt": now, "serviceRevisionArn": run.source});
        let run = Run {
            looks: 1,
            end: back,
            is_back: true,
            ..run
        };
        self.runs.insert(arn.to_owned(), run);
    }

    fn end_back(&mut self, arn: &str, run: &Run, status: &str) {
        let now = self.now();
        let deployment = self.deployments.get_mut(arn).expect("it runs");
        deployment["status"] = json!(status);
        deployment["finishedAt"] = now.clone();
        deployment["stoppedAt"] = now;
        self.runs.remove(arn);
        if status != "ROLLBACK_SUCCESSFUL" {
            return;
        }
        // What ran before runs again, under a number of its own.
        let source = run.source.clone().unwrap_or_default();
        let before = self
            .revisions
            .get(source.as_str().unwrap_or_default())
            .cloned();
        let service = self.services.get_mut(&run.key).expect("it runs");
        if let Some(before) = before {
            let members = [
                "taskDefinition",
                "networkConfiguration",
                "loadBalancers",
                "serviceRegistries",
                "platformVersion",
                "capacityProviderStrategy",
            ];
            merge(service, &before, &members);
        }
        let last = service["deployments"]
            .as_array()
            .map_or(0, Vec::len)
            .saturating_sub(1);
        self.end(&run.key, last, "completed");
    }

    /// Tells an event of a service, newest first.
    pub(super) fn tell(&mut self, key: &str, message: &str) {
        let (now, id) = (self.now(), self.unique());
        if let Some(events) = self
            .services
            .get_mut(key)
            .and_then(|service| service["events"].as_array_mut())
        {
            events.insert(0, json!({"id": id, "createdAt": now, "message": message}));
        }
    }

    /// The deployments of a service, newest first.
    pub(super) fn list_deployments(&mut self, input: &Value) -> Answer {
        let key = self.service_key(input, "service")?;
        if !self.services.contains_key(&key) {
            return refuse("ServiceNotFoundException", "Service not found.");
        }
        self.tick(&key);
        let (arn, wanted) = (ecs_arn(&format!("service/{key}")), texts(input, "status"));
        let mut known: Vec<Value> = self
            .deployments
            .values()
            .filter(|it| it["serviceArn"] == arn.as_str())
            .filter(|it| wanted.is_empty() || wanted.contains(&text(it, "status").to_owned()))
            .map(|it| {
                let mut brief =
                    json!({"targetServiceRevisionArn": it["targetServiceRevision"]["arn"]});
                let members = [
                    "serviceDeploymentArn",
                    "serviceArn",
                    "clusterArn",
                    "createdAt",
                    "startedAt",
                    "finishedAt",
                    "status",
                    "statusReason",
                ];
                merge(&mut brief, it, &members);
                brief
            })
            .collect();
        known.sort_by(|a, b| {
            b["createdAt"]
                .as_f64()
                .partial_cmp(&a["createdAt"].as_f64())
                .expect("numbers")
        });
        Ok(page(input, "serviceDeployments", known, 100))
    }

    pub(super) fn describe_deployments(&mut self, input: &Value) -> Answer {
        let arns = texts(input, "serviceDeploymentArns");
        if arns.is_empty() || arns.len() > 20 {
            return refuse(
                "InvalidParameterException",
                "serviceDeploymentArns must contain between 1 and 20 items.",
            );
        }
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in arns {
            self.advance(&arn);
            match self.deployments.get(&arn) {
                Some(deployment) => found.push(deployment.clone()),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        Ok(json!({"serviceDeployments": found, "failures": failures}))
    }

    fn running(&self, input: &Value) -> Result<(String, Run), Refusal> {
        let arn = text(input, "serviceDeploymentArn");
        if !self.deployments.contains_key(arn) {
            return refuse(
                "ServiceDeploymentNotFoundException",
                "Service deployment not found.",
            );
        }
        match self.runs.get(arn) {
            Some(run) => Ok((arn.to_owned(), run.clone())),
            None => refuse(
                "ConflictException",
                "The service deployment is in a terminal state.",
            ),
        }
    }

    pub(super) fn stop_deployment(&mut self, input: &Value) -> Answer {
        let (arn, run) = self.running(input)?;
        if text(input, "stopType") == "ABORT" || run.source.is_none() {
            let now = self.now();
            let deployment = self.deployments.get_mut(&arn).expect("it runs");
            deployment["status"] = json!("STOPPED");
            deployment["finishedAt"] = now;
            self.runs.remove(&arn);
        } else {
            self.go_back(
                &arn,
                run,
                "Service deployment rolled back because of a request to stop it.",
                End::Success,
            );
            self.deployments.get_mut(&arn).expect("it runs")["status"] =
                json!("ROLLBACK_REQUESTED");
        }
        Ok(json!({"serviceDeploymentArn": arn}))
    }

    pub(super) fn continue_deployment(&mut self, input: &Value) -> Answer {
        let (arn, mut run) = self.running(input)?;
        let deployment = self.deployments.get_mut(&arn).expect("it runs");
        let hook = &mut deployment["lifecycleHookDetails"][0];
        if !matches!(run.end, End::Pause(_)) || hook["hookId"] != input["hookId"] {
            return refuse(
                "InvalidParameterException",
                "No hook of this id awaits an action.",
            );
        }
        hook["status"] = json!("SUCCEEDED");
        if text(input, "action") == "ROLLBACK" {
            hook["status"] = json!("FAILED");
            self.go_back(
                &arn,
                run,
                "Service deployment rolled back because a lifecycle hook failed.",
                End::Success,
            );
        } else {
            run.end = End::Success;
            self.runs.insert(arn.clone(), run);
        }
        Ok(json!({"serviceDeploymentArn": arn}))
    }

    pub(super) fn describe_revisions(&mut self, input: &Value) -> Answer {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in texts(input, "serviceRevisionArns") {
            match self.revisions.get(&arn) {
                Some(revision) => found.push(revision.clone()),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        Ok(json!({"serviceRevisions": found, "failures": failures}))
    }
}
