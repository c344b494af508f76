//! Tasks: those of services, and those that are run by themselves and end as a test wants.

use serde_json::{Value, json};

use super::state::{State, ecs_arn};
use super::{Answer, merge, page, refuse, text, texts};

/// How tasks of a family that are run by themselves end.
#[derive(Clone, Debug)]
pub(crate) struct Exit {
    /// How often they are seen running.
    pub(crate) looks: u32,
    /// The exit code of all of their containers; none for a task that never started them.
    pub(crate) code: Option<i64>,
    /// Why it stopped, where that is not the end of its container.
    pub(crate) reason: &'static str,
    /// What its containers wrote.
    pub(crate) lines: Vec<String>,
}

impl Default for Exit {
    fn default() -> Exit {
        Exit {
            looks: 1,
            code: Some(0),
            reason: "",
            lines: Vec::new(),
        }
    }
}

impl State {
    /// A task that runs; gives its ARN.
    pub(super) fn start_task(&mut self, key: &str, definition: &str) -> String {
        let (id, now) = (self.unique(), self.now());
        let (cluster, service) = key.split_once('/').unwrap_or((key, ""));
        let arn = ecs_arn(&format!("task/{cluster}/{id}"));
        let known = self.definition(definition).cloned().unwrap_or_default();
        let containers = known["containerDefinitions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let containers: Vec<Value> = containers
            .iter()
            .map(|container| {
                json!({
                    "name": container["name"], "image": container["image"], "taskArn": arn,
                    "lastStatus": "RUNNING", "networkInterfaces": [], "runtimeId": id,
                })
            })
            .collect();
        let mut task = json!({
            "taskArn": arn, "clusterArn": ecs_arn(&format!("cluster/{cluster}")),
            "taskDefinitionArn": definition, "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
            "group": format!("service:{service}"), "launchType": "FARGATE", "createdAt": now,
            "startedAt": now, "containers": containers, "version": 1, "attachments": [],
        });
        merge(&mut task, &known, &["cpu", "memory"]);
        if let Some(service) = self.services.get(key) {
            task["startedBy"] = service["deployments"][0]["id"].clone();
            merge(&mut task, service, &["enableExecuteCommand"]);
        }
        self.tasks.insert(arn.clone(), task);
        arn
    }

    /// Ends a task for a reason, its containers with an exit code.
    pub(super) fn end_task(&mut self, arn: &str, reason: &str, code: Option<i64>) {
        let now = self.now();
        let Some(task) = self.tasks.get_mut(arn) else {
            return;
        };
        task["lastStatus"] = json!("STOPPED");
        task["desiredStatus"] = json!("STOPPED");
        task["stoppedAt"] = now;
        task["stoppedReason"] = json!(reason);
        task["stopCode"] = json!(match (code, reason) {
            (None, _) => "TaskFailedToStart",
            (_, reason) if reason.starts_with("Essential") => "EssentialContainerExited",
            (_, reason) if reason.starts_with("Scaling") => "ServiceSchedulerInitiated",
            _ => "UserInitiated",
        });
        for container in task["containers"].as_array_mut().into_iter().flatten() {
            container["lastStatus"] = json!("STOPPED");
            if let Some(code) = code {
                container["exitCode"] = json!(code);
            }
            if code == Some(137) {
                container["reason"] =
                    json!("OutOfMemoryError: Container killed due to memory usage");
            }
        }
    }

    /// Stops the tasks of a service.
    pub(super) fn stop_tasks_of(&mut self, key: &str, reason: &str) {
        let (cluster, service) = key.split_once('/').unwrap_or((key, ""));
        let (cluster, group) = (
            ecs_arn(&format!("cluster/{cluster}")),
            format!("service:{service}"),
        );
        let of = |task: &&Value| {
            task["clusterArn"] == cluster.as_str()
                && task["group"] == group.as_str()
                && task["lastStatus"] == "RUNNING"
        };
        let tasks = self.tasks.values().filter(of);
        let arns: Vec<String> = tasks.map(|task| text(task, "taskArn").to_owned()).collect();
        for arn in arns {
            self.end_task(&arn, reason, Some(0));
        }
    }

    pub(super) fn run_task(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let token = text(input, "clientToken").to_owned();
        if let Some((made, answer)) = self.tokens.get(&token).filter(|_| !token.is_empty()) {
            return match made == input {
                true => Ok(answer.clone()),
                false => refuse(
                    "ConflictException",
                    "The client token was used with other parameters.",
                ),
            };
        }
        let definition = self.usable(text(input, "taskDefinition"))?;
        let count = input["count"].as_u64().unwrap_or(1);
        if count > 10 {
            return refuse(
                "InvalidParameterException",
                "Count must not be greater than 10.",
            );
        }
        let mut tasks = Vec::new();
        for _ in 0..count {
            let arn = self.start_task(&format!("{cluster}/"), &definition);
            let family = self
                .definition(&definition)
                .map(|known| text(known, "family").to_owned());
            let family = family.unwrap_or_default();
            let exit = self.exits.get(&family).cloned().unwrap_or_default();
            let task = self.tasks.get_mut(&arn).expect("it was started");
            task["group"] = json!(format!("family:{family}"));
            merge(
                task,
                input,
                &[
                    "group",
                    "startedBy",
                    "overrides",
                    "launchType",
                    "enableExecuteCommand",
                ],
            );
            // How often it is seen running, where only the fake looks.
            task["_looks"] = json!(exit.looks);
            self.set_tags(&arn, &input["tags"]);
            let shown = self.shown(&arn, false);
            tasks.push(shown);
        }
        let answer = json!({"tasks": tasks, "failures": []});
        if !token.is_empty() {
            self.tokens.insert(token, (input.clone(), answer.clone()));
        }
        Ok(answer)
    }

    fn shown(&self, arn: &str, has_tags: bool) -> Value {
        let mut task = self.tasks[arn].clone();
        if let Some(members) = task.as_object_mut() {
            members.remove("_looks");
        }
        if has_tags {
            task["tags"] = self.tags_of(arn, ["key", "value"]);
        }
        task
    }

    fn look(&mut self, arn: &str) {
        let Some(task) = self.tasks.get_mut(arn) else {
            return;
        };
        let Some(looks) = task["_looks"].as_u64() else {
            return;
        };
        if looks > 0 {
            task["_looks"] = json!(looks - 1);
            return;
        }
        if task["lastStatus"] == "STOPPED" {
            return;
        }
        let definition = text(task, "taskDefinitionArn").to_owned();
        let known = self.definition(&definition).cloned().unwrap_or_default();
        let exit = self
            .exits
            .get(text(&known, "family"))
            .cloned()
            .unwrap_or_default();
        let reason = match exit.reason {
            "" => "Essential container in task exited",
            reason => reason,
        };
        let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
        for container in known["containerDefinitions"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let options = &container["logConfiguration"]["options"];
            let (group, prefix) = (
                text(options, "awslogs-group"),
                text(options, "awslogs-stream-prefix"),
            );
            if !group.is_empty() {
                let stream = format!("{group} {prefix}/{}/{id}", text(container, "name"));
                self.logs
                    .entry(stream)
                    .or_default()
                    .extend(exit.lines.clone());
            }
        }
        self.end_task(arn, reason, exit.code);
    }

    pub(super) fn describe_tasks(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let given = texts(input, "tasks");
        if given.is_empty() || given.len() > 100 {
            return refuse(
                "InvalidParameterException",
                "Tasks must contain between 1 and 100 items.",
            );
        }
        let has_tags = texts(input, "include").contains(&"TAGS".to_owned());
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in given {
            let id = name.rsplit('/').next().unwrap_or(&name);
            let arn = ecs_arn(&format!("task/{cluster}/{id}"));
            self.look(&arn);
            match self.tasks.contains_key(&arn) {
                true => found.push(self.shown(&arn, has_tags)),
                false => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        Ok(json!({"tasks": found, "failures": failures}))
    }

    pub(super) fn list_tasks(&mut self, input: &Value) -> Answer {
        let cluster = ecs_arn(&format!("cluster/{}", self.cluster(input)?));
        let (service, family) = (text(input, "serviceName"), text(input, "family"));
        let service = service.rsplit('/').next().unwrap_or(service);
        let status = match text(input, "desiredStatus") {
            "" => "RUNNING",
            status => status,
        };
        let started = text(input, "startedBy");
        let of_family = |task: &Value| {
            let (_, name) = text(task, "taskDefinitionArn")
                .rsplit_once('/')
                .unwrap_or_default();
            name.rsplit_once(':')
                .is_some_and(|(name, _)| name == family)
        };
        let tasks = self.tasks.values().filter(|task| {
            task["clusterArn"] == cluster.as_str()
                && task["desiredStatus"] == status
                && (service.is_empty() || task["group"] == format!("service:{service}").as_str())
                && (family.is_empty() || of_family(task))
                && (started.is_empty() || task["startedBy"] == started)
        });
        let arns = tasks.map(|task| task["taskArn"].clone()).collect();
        Ok(page(input, "taskArns", arns, 100))
    }

    pub(super) fn execute(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let given = text(input, "task");
        let id = given.rsplit('/').next().unwrap_or(given);
        let arn = ecs_arn(&format!("task/{cluster}/{id}"));
        let known = self.tasks.get(&arn);
        if known.is_none_or(|task| task["enableExecuteCommand"] != true) {
            return refuse(
                "InvalidParameterException",
                "The execute command failed because execute command was not enabled when the task was run.",
            );
        }
        Ok(json!({
            "clusterArn": ecs_arn(&format!("cluster/{cluster}")), "taskArn": arn,
            "containerName": input["container"], "interactive": true,
            "session": {"sessionId": "s-1", "streamUrl": "wss://example.com/s-1", "tokenValue": "token"},
        }))
    }

    pub(super) fn stop_task(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let given = text(input, "task");
        let id = given.rsplit('/').next().unwrap_or(given);
        let arn = ecs_arn(&format!("task/{cluster}/{id}"));
        if !self.tasks.contains_key(&arn) {
            return refuse(
                "InvalidParameterException",
                "The referenced task was not found.",
            );
        }
        let reason = match text(input, "reason") {
            "" => "Task stopped by user",
            reason => reason,
        };
        self.end_task(&arn, reason, Some(143));
        Ok(json!({"task": self.shown(&arn, false)}))
    }
}
