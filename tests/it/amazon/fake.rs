//! That the fake does what Amazon does, as far as releases on ECS lean on it.

use pintle::net::aws::{Api, Service, service};
use serde_json::{Value, json};

use super::client::options;
use super::room::fake::{Course, End, Exit, Fake, Trouble, What};

struct World {
    fake: Fake,
    api: Api,
}

impl World {
    fn start() -> World {
        let fake = Fake::start();
        let api = Api::new(options(&fake.url(), &[]));
        World { fake, api }
    }

    fn ask(&self, service: &Service, operation: &str, input: Value) -> Value {
        let answer = self.api.ask(service, operation, &input);
        answer.unwrap_or_else(|fault| panic!("{fault}"))
    }

    fn ecs(&self, operation: &str, input: Value) -> Value {
        self.ask(&service::ECS, operation, input)
    }

    fn code(&self, service: &Service, operation: &str, input: Value) -> String {
        let answer = self.api.ask(service, operation, &input);
        answer.expect_err(operation).code.clone()
    }

    fn register(&self, image: &str) -> String {
        let definition = json!({
            "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{
                "name": "web", "image": image, "portMappings": [{"containerPort": 80}],
                "healthCheck": {"command": ["CMD", "true"]},
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}},
            }],
            "tags": [{"key": "pintle:spec", "value": image}],
        });
        let answer = self.ecs("RegisterTaskDefinition", definition);
        let arn = &answer["taskDefinition"]["taskDefinitionArn"];
        arn.as_str().expect("an ARN").to_owned()
    }

    fn create(&self) -> Value {
        self.ecs("CreateService", web(&self.register("nginx:1")))["service"].clone()
    }

    /// The deployment of the service, looked at until it has this status.
    fn until(&self, status: &str) -> Value {
        let service = self.describe();
        for _ in 0..20 {
            let arn = &service["currentServiceDeployment"];
            let found = self.ecs(
                "DescribeServiceDeployments",
                json!({"serviceDeploymentArns": [arn]}),
            );
            let found = found["serviceDeployments"][0].clone();
            if found["status"] == status {
                return found;
            }
        }
        panic!("it is not {status}: {service}");
    }

    fn describe(&self) -> Value {
        let input = json!({"cluster": "shop", "services": ["web"], "include": ["TAGS"]});
        self.ecs("DescribeServices", input)["services"][0].clone()
    }
}

fn web(definition: &str) -> Value {
    json!({
        "cluster": "shop", "serviceName": "web", "taskDefinition": definition, "desiredCount": 2,
        "launchType": "FARGATE", "clientToken": "once",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
        "tags": [{"key": "pintle:release", "value": "web"}],
    })
}

#[test]
fn defaults_are_set_as_ecs_sets_them() {
    let world = World::start();
    let arn = world.register("nginx:1");
    assert!(arn.ends_with(":task-definition/web:1"));
    let input = json!({"taskDefinition": "web", "include": ["TAGS"]});
    let described = world.ecs("DescribeTaskDefinition", input);
    let definition = &described["taskDefinition"];
    let container = &definition["containerDefinitions"][0];
    assert_eq!(container["cpu"], 0);
    assert_eq!(container["essential"], true);
    assert_eq!(container["environment"], json!([]));
    assert_eq!(
        container["portMappings"][0],
        json!({"containerPort": 80, "protocol": "tcp", "hostPort": 80})
    );
    assert_eq!(container["healthCheck"]["interval"], 30);
    assert_eq!(
        described["tags"],
        json!([{"key": "pintle:spec", "value": "nginx:1"}])
    );
    assert!(definition.get("tags").is_none());
    let wrong = json!({
        "family": "x", "networkMode": "awsvpc", "cpu": "300", "memory": "512",
        "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "a", "image": "b"}],
    });
    assert_eq!(
        world.code(&service::ECS, "RegisterTaskDefinition", wrong),
        "ClientException"
    );

    let service = world.create();
    assert_eq!(service["deploymentConfiguration"]["maximumPercent"], 200);
    assert_eq!(service["platformVersion"], "LATEST");
    assert_eq!(service["propagateTags"], "NONE");
    assert_eq!(service["availabilityZoneRebalancing"], "ENABLED");
    let network = &service["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["assignPublicIp"], "DISABLED");
    // The same token with the same members is the same service; anything else is refused.
    world.ecs(
        "CreateService",
        web(&format!("{}2", arn.trim_end_matches('1'))),
    );
    let mut other = web(&arn);
    other["desiredCount"] = json!(3);
    assert_eq!(
        world.code(&service::ECS, "CreateService", other),
        "InvalidParameterException"
    );
    let none = json!({"cluster": "none", "services": ["web"]});
    assert_eq!(
        world.code(&service::ECS, "DescribeServices", none),
        "ClusterNotFoundException"
    );
}

#[test]
fn deployments_succeed_and_leave_tasks() {
    let world = World::start();
    world.create();
    let done = world.until("SUCCESSFUL");
    let service = world.describe();
    assert_eq!(service["runningCount"], 2);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["tags"][0]["value"], "web");
    let revision = &done["targetServiceRevision"]["arn"];
    assert_eq!(service["currentServiceRevisions"][0]["arn"], *revision);
    let found = world.ecs(
        "DescribeServiceRevisions",
        json!({"serviceRevisionArns": [revision]}),
    );
    assert_eq!(
        found["serviceRevisions"][0]["containerImages"][0]["image"],
        "nginx:1"
    );
    let tasks = world.ecs(
        "ListTasks",
        json!({"cluster": "shop", "serviceName": "web"}),
    );
    assert_eq!(tasks["taskArns"].as_array().map(Vec::len), Some(2));

    // Only what has to brings another one.
    let update = |more: Value| {
        let mut input = json!({"cluster": "shop", "service": "web"});
        for (name, value) in more.as_object().expect("members") {
            input[name] = value.clone();
        }
        world.ecs("UpdateService", input);
        world.describe()["currentServiceDeployment"].clone()
    };
    let before = service["currentServiceDeployment"].clone();
    assert_eq!(
        update(json!({"enableExecuteCommand": true, "desiredCount": 3})),
        before
    );
    assert_eq!(world.describe()["runningCount"], 3);
    assert_eq!(update(json!({"taskDefinition": "web:1"})), before);
    let next = update(json!({"forceNewDeployment": true}));
    assert_ne!(next, before);
    let second = world.register("nginx:2");
    assert_ne!(update(json!({"taskDefinition": second})), next);
    let fixed = json!({"cluster": "shop", "service": "web", "launchType": "EC2"});
    assert_eq!(
        world.code(&service::ECS, "UpdateService", fixed),
        "InvalidParameterException"
    );
    let listed = world.ecs(
        "ListServiceDeployments",
        json!({"cluster": "shop", "service": "web"}),
    );
    assert_eq!(
        listed["serviceDeployments"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(
        listed["serviceDeployments"][2]["serviceDeploymentArn"],
        before
    );
}

#[test]
fn the_circuit_breaker_goes_back_and_tasks_say_why() {
    let world = World::start();
    world.create();
    world.until("SUCCESSFUL");
    let reason =
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): not found";
    world.fake.course(
        "web",
        Course {
            looks: 1,
            end: End::Broken {
                reason: reason.to_owned(),
                code: None,
            },
        },
    );
    let second = world.register("nginx:2");
    let input = json!({"cluster": "shop", "service": "web", "taskDefinition": second});
    world.ecs("UpdateService", input.clone());
    let done = world.until("ROLLBACK_SUCCESSFUL");
    assert_eq!(done["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    assert!(done["rollback"]["serviceRevisionArn"].is_string());
    let service = world.describe();
    assert!(
        service["taskDefinition"]
            .as_str()
            .unwrap()
            .ends_with("web:1")
    );
    assert_eq!(service["runningCount"], 2);
    let stopped = json!({"cluster": "shop", "serviceName": "web", "desiredStatus": "STOPPED"});
    let tasks = world.ecs("ListTasks", stopped)["taskArns"].clone();
    let tasks = world.ecs("DescribeTasks", json!({"cluster": "shop", "tasks": tasks}));
    let failed = tasks["tasks"].as_array().unwrap().iter();
    let failed: Vec<&Value> = failed
        .filter(|task| task["stoppedReason"] == reason)
        .collect();
    assert_eq!(failed.len(), 3);
    assert_eq!(failed[0]["stopCode"], "TaskFailedToStart");

    world.fake.course(
        "web",
        Course {
            looks: 0,
            end: End::Lost,
        },
    );
    world.ecs("UpdateService", input);
    world.until("ROLLBACK_FAILED");
}

#[test]
fn deployments_pause_and_are_stopped() {
    let world = World::start();
    world.create();
    world.until("SUCCESSFUL");
    world.fake.course(
        "web",
        Course {
            looks: 0,
            end: End::Pause("POST_TEST_TRAFFIC_SHIFT"),
        },
    );
    let force = json!({"cluster": "shop", "service": "web", "forceNewDeployment": true});
    for (action, end) in [
        ("CONTINUE", "SUCCESSFUL"),
        ("ROLLBACK", "ROLLBACK_SUCCESSFUL"),
    ] {
        world.ecs("UpdateService", force.clone());
        let paused = world.until("IN_PROGRESS");
        let hook = &paused["lifecycleHookDetails"][0];
        assert_eq!(hook["status"], "AWAITING_ACTION");
        assert_eq!(paused["lifecycleStage"], "POST_TEST_TRAFFIC_SHIFT");
        let arn = &paused["serviceDeploymentArn"];
        let wrong = json!({"serviceDeploymentArn": arn, "hookId": "x", "action": action});
        assert_eq!(
            world.code(&service::ECS, "ContinueServiceDeployment", wrong),
            "InvalidParameterException"
        );
        let right =
            json!({"serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": action});
        world.ecs("ContinueServiceDeployment", right);
        world.until(end);
    }

    world.fake.course(
        "web",
        Course {
            looks: 0,
            end: End::Stuck,
        },
    );
    world.ecs("UpdateService", force);
    let stuck = world.until("IN_PROGRESS");
    let stop =
        json!({"serviceDeploymentArn": stuck["serviceDeploymentArn"], "stopType": "ROLLBACK"});
    world.ecs("StopServiceDeployment", stop.clone());
    world.until("ROLLBACK_SUCCESSFUL");
    assert_eq!(
        world.code(&service::ECS, "StopServiceDeployment", stop),
        "ConflictException"
    );

    let delete = json!({"cluster": "shop", "service": "web"});
    assert_eq!(
        world.code(&service::ECS, "DeleteService", delete.clone()),
        "InvalidParameterException"
    );
    world.ecs(
        "UpdateService",
        json!({"cluster": "shop", "service": "web", "desiredCount": 0}),
    );
    world.ecs("DeleteService", delete);
    assert_eq!(world.describe()["status"], "DRAINING");
    assert_eq!(world.describe()["status"], "INACTIVE");
}

#[test]
fn tasks_end_as_the_test_wants() {
    let world = World::start();
    let definition = world.register("nginx:1");
    world.fake.exit(
        "web",
        Exit {
            code: Some(3),
            lines: vec!["one".to_owned(), "two".to_owned()],
            ..Exit::default()
        },
    );
    let run = json!({"cluster": "shop", "taskDefinition": definition, "clientToken": "t"});
    let ran = world.ecs("RunTask", run.clone());
    assert_eq!(world.ecs("RunTask", run.clone()), ran);
    let mut other = run;
    other["count"] = json!(2);
    assert_eq!(
        world.code(&service::ECS, "RunTask", other),
        "ConflictException"
    );
    let arn = ran["tasks"][0]["taskArn"].clone();
    let describe = || {
        world.ecs("DescribeTasks", json!({"cluster": "shop", "tasks": [arn]}))["tasks"][0].clone()
    };
    assert_eq!(describe()["lastStatus"], "RUNNING");
    let task = describe();
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(task["containers"][0]["exitCode"], 3);
    assert_eq!(task["stopCode"], "EssentialContainerExited");
    let id = arn.as_str().unwrap().rsplit('/').next().unwrap();
    let events = world.ask(
        &service::LOGS,
        "GetLogEvents",
        json!({"logGroupName": "g", "logStreamName": format!("p/web/{id}"), "limit": 1}),
    );
    assert_eq!(events["events"][0]["message"], "two");
}

#[test]
fn what_is_around_services_is_kept() {
    let world = World::start();
    let group = json!({"Name": "web", "Port": 80, "Protocol": "HTTP", "VpcId": "vpc-1", "TargetType": "ip", "Tags": [{"Key": "a", "Value": "b"}]});
    let created = world.ask(&service::BALANCING, "CreateTargetGroup", group);
    let arn = created["TargetGroups"][0]["TargetGroupArn"].clone();
    assert_eq!(created["TargetGroups"][0]["HealthCheckIntervalSeconds"], 30);
    assert_eq!(created["TargetGroups"][0]["HealthCheckEnabled"], true);
    let listener = world
        .fake
        .with(|state| state.listeners.keys().next().cloned());
    let rule = json!({
        "ListenerArn": listener, "Priority": 10,
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}}],
        "Actions": [{"Type": "forward", "TargetGroupArn": arn}],
    });
    let made = world.ask(&service::BALANCING, "CreateRule", rule.clone());
    assert_eq!(
        world.code(&service::BALANCING, "CreateRule", rule),
        "PriorityInUse"
    );
    let rules = world.ask(
        &service::BALANCING,
        "DescribeRules",
        json!({"ListenerArn": listener}),
    );
    assert_eq!(rules["Rules"][0]["Priority"], "10");
    assert_eq!(
        rules["Rules"][0]["Conditions"][0]["HostHeaderConfig"]["Values"],
        json!(["a.example.com"])
    );
    let used = json!({"TargetGroupArn": arn});
    assert_eq!(
        world.code(&service::BALANCING, "DeleteTargetGroup", used.clone()),
        "ResourceInUse"
    );
    world.ask(
        &service::BALANCING,
        "DeleteRule",
        json!({"RuleArn": made["Rules"][0]["RuleArn"]}),
    );
    let tags = world.ask(
        &service::BALANCING,
        "DescribeTags",
        json!({"ResourceArns": [arn]}),
    );
    assert_eq!(
        tags["TagDescriptions"][0]["Tags"],
        json!([{"Key": "a", "Value": "b"}])
    );
    world.ask(&service::BALANCING, "DeleteTargetGroup", used);

    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1, "MaxCapacity": 4,
    });
    assert_eq!(
        world.code(
            &service::AUTOSCALING,
            "RegisterScalableTarget",
            target.clone()
        ),
        "ValidationException"
    );
    world.create();
    world.ask(&service::AUTOSCALING, "RegisterScalableTarget", target);
    let targets = json!({"ServiceNamespace": "ecs", "ResourceIds": ["service/shop/web"]});
    let found = world.ask(&service::AUTOSCALING, "DescribeScalableTargets", targets);
    assert_eq!(found["ScalableTargets"][0]["MaxCapacity"], 4);

    let schedule = json!({
        "Name": "nightly", "ScheduleExpression": "cron(0 0 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "a", "RoleArn": "r"}, "ClientToken": "t",
    });
    world.ask(&service::SCHEDULES, "CreateSchedule", schedule.clone());
    assert_eq!(
        world.code(&service::SCHEDULES, "CreateSchedule", schedule),
        "ConflictException"
    );
    let got = world.ask(
        &service::SCHEDULES,
        "GetSchedule",
        json!({"Name": "nightly"}),
    );
    assert_eq!(got["State"], "ENABLED");
    assert!(got.get("ClientToken").is_none());

    let name = json!({"Name": "web", "NamespaceId": "ns-shop", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 10}]}});
    let made = world.ask(&service::DISCOVERY, "CreateService", name);
    let id = json!({"Id": made["Service"]["Id"]});
    assert_eq!(
        world.ask(&service::DISCOVERY, "GetService", id)["Service"]["Name"],
        "web"
    );
    let subnets = world
        .api
        .pages(&service::NETWORKS, "DescribeSubnets", &json!({}), "Subnets");
    assert_eq!(subnets.unwrap()[0]["SubnetId"], "subnet-1");
    world
        .fake
        .with(|state| state.secrets.insert("db".to_owned(), "x".to_owned()));
    let secret = world.ask(
        &service::SECRETS,
        "DescribeSecret",
        json!({"SecretId": "db"}),
    );
    let arn = secret["ARN"].clone();
    assert_eq!(
        world.ask(
            &service::SECRETS,
            "DescribeSecret",
            json!({"SecretId": arn})
        )["Name"],
        "db"
    );
}

#[test]
fn trouble_comes_when_it_is_wanted_and_all_is_remembered() {
    let world = World::start();
    world.fake.trouble(Trouble {
        service: "ecs",
        operation: "RegisterTaskDefinition",
        skip: 1,
        times: Some(2),
        what: What::Throttled,
    });
    world.register("a:1");
    world.register("a:2");
    let statuses: Vec<u16> = world
        .fake
        .asked()
        .iter()
        .map(|asked| asked.status)
        .collect();
    assert_eq!(statuses, [200, 400, 400, 200]);
    assert_eq!(
        world.fake.inputs("RegisterTaskDefinition")[0]["family"],
        "web"
    );
    assert!(
        world
            .fake
            .asked()
            .iter()
            .all(|asked| asked.key == "key" && asked.service == "ecs")
    );
    world.fake.forget();
    // A lost answer is asked for again: what was registered is there twice.
    world.fake.trouble(Trouble {
        times: Some(1),
        what: What::Unanswered,
        ..Trouble::default()
    });
    assert!(world.register("a:3").ends_with(":4"));
    world.fake.trouble(Trouble {
        operation: "ListServices",
        what: What::Denied,
        ..Trouble::default()
    });
    let input = json!({"cluster": "shop"});
    let fault = world
        .api
        .ask(&service::ECS, "ListServices", &input)
        .expect_err("denied");
    assert!(fault.is_denied());
    world.fake.heal();
    world.ecs("ListServices", input);
    assert_eq!(
        world.fake.changes(),
        ["RegisterTaskDefinition", "RegisterTaskDefinition"]
    );
    let unsigned = ureq::post(world.fake.url()).send("{}");
    assert!(unsigned.is_err());
}
