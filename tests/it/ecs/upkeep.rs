//! What is done with releases that run: tasks, revisions, sizes, pauses, and what comes before the first one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::stage::Stage;
use crate::amazon::room::fake::{Course, End, Exit, Fake, Trouble, What};
use crate::amazon::room::moto::Moto;

/// A release `shop` in the namespace `live`.
fn installed() -> (Fake, Stage) {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    stage.run("install shop ./shop -n live").success();
    fake.forget();
    (fake, stage)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn tasks_are_listed_and_stopped() {
    let (fake, stage) = installed();
    let said = stage.run("ecs tasks shop -n live").success();
    assert!(said.starts_with("ID\t"), "{said}");
    assert_eq!(said.matches("service:web").count(), 2, "{said}");
    assert_eq!(said.matches("service:worker").count(), 1, "{said}");
    let all = json(&stage.run("ecs tasks shop worker -n live -o json").success());
    let id = all[0]["taskArn"]
        .as_str()
        .and_then(|it| it.rsplit('/').next())
        .expect("an id")
        .to_owned();
    assert_eq!(fake.changes(), Vec::<String>::new());

    let said = stage.run("ecs tasks shop -n live --stop nothing").failure();
    assert!(
        said.contains("there is no task \"nothing\" that runs"),
        "{said}"
    );
    let said = stage
        .run(&format!(
            "ecs tasks shop -n live --stop {} --reason tired",
            &id[..30]
        ))
        .success();
    assert_eq!(said, format!("task {id} of service:worker: stopped\n"));
    assert_eq!(fake.inputs("StopTask")[0]["reason"], "tired");
    assert_eq!(fake.changes(), ["StopTask"]);

    // A service is its own subject, where no release is named so.
    let said = stage.run("ecs tasks web -n live").success();
    assert!(
        said.contains("service:web") && !said.contains("worker"),
        "{said}"
    );
    let said = stage.run("ecs tasks nothing -n live").failure();
    assert!(
        said.contains("Nor is there a service \"nothing\""),
        "{said}"
    );
    let said = stage.run("ecs tasks shop nothing -n live").failure();
    assert!(said.contains("It has web, worker."), "{said}");
}

#[test]
fn services_start_anew_without_a_revision() {
    let (fake, stage) = installed();
    let before = fake.with(|state| state.services["shop/web"]["taskDefinition"].clone());
    let said = stage
        .run("ecs restart shop web -n live --poll-interval 5ms")
        .success();
    assert_eq!(said, "service/web: restarted with shop-web:1\n");
    assert_eq!(fake.changes(), ["UpdateService"]);
    let input = json!({"cluster": "shop", "service": "web", "forceNewDeployment": true});
    assert_eq!(fake.inputs("UpdateService"), [input]);
    assert_eq!(
        fake.with(|state| state.services["shop/web"]["taskDefinition"].clone()),
        before
    );
    fake.forget();
    stage
        .run("restart shop -n live --poll-interval 5ms")
        .success();
    assert_eq!(fake.changes(), ["UpdateService", "UpdateService"]);
    let said = stage.run("restart shop -n live --dry-run").failure();
    assert!(said.contains("--dry-run"), "{said}");
    let said = stage.run("history shop -n live").success();
    assert_eq!(said.matches("deployed").count(), 1, "{said}");

    let end = End::Broken {
        reason: "Essential container in task exited".to_owned(),
        code: Some(1),
    };
    fake.course("web", Course { looks: 1, end });
    let said = stage
        .run("ecs restart shop web -n live --poll-interval 5ms")
        .failure();
    assert!(
        said.contains("the deployment of service web failed"),
        "{said}"
    );
}

#[test]
fn services_and_their_scalers_change_their_size() {
    let (fake, stage) = installed();
    let said = stage
        .run("ecs scale shop worker=3 -n live --poll-interval 5ms")
        .success();
    assert_eq!(said, "service/worker: 1 -> 3 tasks\n");
    assert_eq!(fake.changes(), ["UpdateService"]);
    assert_eq!(fake.inputs("UpdateService")[0]["desiredCount"], 3);
    fake.forget();
    let said = stage
        .run("scale shop worker --replicas 3 -n live")
        .success();
    assert_eq!(said, "It is so already.\n");
    let said = stage.run("ecs scale shop web=9 -n live").failure();
    assert!(
        said.contains("between 1 and 4 tasks: 9 would not last"),
        "{said}"
    );
    let said = stage.run("ecs scale shop worker --min 1 -n live").failure();
    assert!(said.contains("worker has no autoscaling"), "{said}");
    let said = stage.run("ecs scale shop -n live --replicas 2").failure();
    assert!(said.contains("Say which one: web, worker."), "{said}");
    for line in [
        "ecs scale shop -n live",
        "ecs scale shop web=x -n live",
        "ecs scale shop web=1 --replicas 2 -n live",
    ] {
        stage.run(line).failure();
    }
    assert_eq!(fake.changes(), Vec::<String>::new());
    let said = stage
        .run("ecs scale shop web --min 2 --max 12 --suspend -n live")
        .success();
    assert_eq!(
        said,
        "service/web: scaling 1 to 4 -> 2 to 12 tasks, resting\n"
    );
    let input = &fake.inputs("RegisterScalableTarget")[0];
    assert_eq!(
        (&input["MinCapacity"], &input["MaxCapacity"]),
        (&json!(2), &json!(12))
    );
    assert_eq!(input["SuspendedState"]["DynamicScalingInSuspended"], true);
}

#[test]
fn a_task_is_run_like_a_service_and_its_end_is_ours() {
    let (fake, stage) = installed();
    let exit = |code: Option<i64>| Exit {
        looks: 2,
        code,
        lines: vec!["migrating".to_owned(), "done".to_owned()],
        ..Exit::default()
    };
    fake.exit("shop-worker", exit(Some(0)));
    let line = "ecs run shop --service worker -n live --poll-interval 5ms --env A=1 --tags by=hand";
    let said = stage
        .run_behind(line, &["rake", "db:migrate"], &[])
        .success();
    assert_eq!(said, "migrating\ndone\n");
    let input = fake.inputs("RunTask")[0].clone();
    assert_eq!(input["launchType"], "FARGATE");
    let vpc = &input["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(vpc["subnets"], json!(["subnet-1", "subnet-2"]));
    let overrides = json!({"containerOverrides": [{
        "name": "worker", "command": ["rake", "db:migrate"], "environment": [{"name": "A", "value": "1"}],
    }]});
    assert_eq!(input["overrides"], overrides);
    assert_eq!(input["startedBy"], "pintle/live/shop");
    assert_eq!(fake.changes(), ["RunTask"]);

    fake.exit("shop-worker", exit(Some(3)));
    let said = stage.run(line).ended(3);
    assert!(said.contains("container worker: exit code 3"), "{said}");
    fake.exit("shop-worker", exit(None));
    let said = stage.run(line).failure();
    assert!(said.contains("did not run"), "{said}");
    let said = stage.run("ecs run shop -n live").failure();
    assert!(said.contains("Say which one: web, worker."), "{said}");
    let said = stage.run(&format!("{line} --container nothing")).failure();
    assert!(said.contains("It has worker."), "{said}");
    let said = stage.run(&format!("{line} --revision 9")).failure();
    assert!(
        said.contains("no active task definition \"shop-worker:9\""),
        "{said}"
    );
    let said = stage.run(&format!("{line} --detach")).success();
    assert_eq!(said.trim().len(), 32, "{said}");
}

#[test]
fn containers_are_entered_by_the_plugin_alone() {
    let (fake, stage) = installed();
    let said = stage.run("ecs exec shop --service web -n live").failure();
    assert!(
        said.contains("session-manager-plugin is not installed"),
        "{said}"
    );
    assert!(fake.asked().is_empty());
    let folder = stage.path("bin");
    stage.write(
        "bin/session-manager-plugin",
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > told\nexit 7\n",
    );
    let plugin = folder.join("session-manager-plugin");
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).expect("permissions");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let variables = [("PATH", path.as_str())];
    let line = "ecs exec shop --service web -n live";
    let said = stage
        .run_behind(line, &["ls", "/a b"], &variables)
        .failure();
    assert!(said.contains("enableExecuteCommand is off"), "{said}");
    fake.with(|state| {
        for task in state.tasks.values_mut() {
            task["enableExecuteCommand"] = json!(true);
        }
    });
    stage.run_behind(line, &["ls", "/a b"], &variables).ended(7);
    assert_eq!(fake.inputs("ExecuteCommand")[0]["command"], "ls '/a b'");
    let told = fs::read_to_string(stage.path("told")).expect("its words");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(json(lines[0])["tokenValue"], "token");
    assert_eq!(lines[1..3], ["eu-west-1", "StartSession"]);
    assert!(lines[4].starts_with("{\"Target\":\"ecs:shop_"), "{told}");
}

#[test]
fn revisions_that_nobody_uses_are_deleted() {
    let (fake, stage) = installed();
    fake.with(|state| {
        for number in [7, 8] {
            let mut revision = state.definitions["shop-web:1"].clone();
            let arn =
                format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/shop-web:{number}");
            revision["taskDefinitionArn"] = json!(arn);
            revision["revision"] = json!(number);
            state
                .definitions
                .insert(format!("shop-web:{number}"), revision);
        }
    });
    let said = stage.run("ecs revisions shop -n live").success();
    let rows: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split('\t').map(str::trim).collect())
        .collect();
    let users = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row[0] == name)
            .unwrap_or_else(|| panic!("no {name}: {said}"));
        row[3].to_owned()
    };
    assert_eq!(users("shop-web:8"), "-");
    assert_eq!(users("shop-web:7"), "-");
    assert_eq!(users("shop-web:1"), "service/web, record shop v1");
    assert_eq!(
        users("shop-worker:1"),
        "service/worker, schedule/shop-nightly, rule/shop-uploads, record shop v1"
    );
    let said = stage
        .run("ecs revisions shop -n live --keeps 1 --dry-run")
        .success();
    assert_eq!(said, "shop-web:7: would be deleted\n");
    // What cannot be seen to be free stays.
    fake.trouble(Trouble {
        operation: "ListSchedules",
        what: What::Denied,
        ..Trouble::default()
    });
    let said = stage.run("ecs revisions shop -n live --keeps 1").failure();
    assert!(
        said.contains("cannot see what uses task definitions"),
        "{said}"
    );
    assert_eq!(fake.changes(), Vec::<String>::new());
    fake.heal();
    let said = stage.run("ecs revisions shop -n live --keeps 1").success();
    assert_eq!(said, "shop-web:7: deleted\n");
    assert_eq!(
        fake.changes(),
        ["DeregisterTaskDefinition", "DeleteTaskDefinitions"]
    );
    stage.run("ecs revisions shop -n live --keeps 0").failure();
}

#[test]
fn a_wait_is_for_our_deployment() {
    let (fake, stage) = installed();
    stage
        .run("ecs wait shop -n live --poll-interval 5ms")
        .success();
    let end = End::Broken {
        reason: "Essential container in task exited".to_owned(),
        code: Some(1),
    };
    fake.course("web", Course { looks: 1, end });
    stage
        .run("upgrade shop ./shop -n live --set color=blue")
        .failure();
    // The service is stable by now, with what it ran before.
    let said = stage
        .run("ecs wait shop web -n live --poll-interval 5ms --timeout 20s")
        .failure();
    assert!(
        said.contains("the deployment of service web failed"),
        "{said}"
    );
}

#[test]
fn pauses_are_decided() {
    for (verb, done) in [("approve", "goes on"), ("reject", "is taken back")] {
        let (fake, stage) = installed();
        let said = stage.run(&format!("ecs {verb} shop -n live")).failure();
        assert!(
            said.contains("no deployment of \"shop\" waits for somebody"),
            "{said}"
        );
        fake.course(
            "web",
            Course {
                looks: 0,
                end: End::Pause("POST_SCALE_UP"),
            },
        );
        stage
            .run("upgrade shop ./shop -n live --set services.web.image=nginx:2 --wait=hookOnly")
            .success();
        let lines = (0..5).map(|_| stage.run(&format!("ecs {verb} web -n live")));
        let said = lines
            .into_iter()
            .find(|it| it.code == Some(0))
            .expect("a pause")
            .stdout;
        assert_eq!(
            said,
            format!("service/web: the deployment {done} from POST_SCALE_UP\n")
        );
        assert_eq!(fake.inputs("ContinueServiceDeployment").len(), 1);
    }
}

const REGISTRY: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";

#[test]
fn all_that_a_release_needs_is_looked_at() {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    fake.with(|state| {
        state.images = vec!["web:1".to_owned(), "worker:1".to_owned()];
        state
            .secrets
            .insert("db".to_owned(), "{\"password\": \"x\"}".to_owned());
    });
    stage.write(
        "good.yaml",
        &format!("services:\n  web: {{image: '{REGISTRY}/web:1', count: 1}}\n  worker: {{image: '{REGISTRY}/worker:1', count: 1}}\n"),
    );
    let line = "ecs verify shop ./shop -n live -f good.yaml";
    let said = stage.run(line).success();
    for row in [
        "OK\tcluster shop",
        "OK\timage 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
        "OK\tsubnets subnet-1, subnet-2, security groups sg-1",
        "OK\tVPC of target group shop-web",
        "OK\trole arn:aws:iam::111122223333:role/scheduler for scheduler.amazonaws.com",
        "OK\tlog group /ecs/shop/web",
    ] {
        assert!(said.contains(row), "{row}: {said}");
    }
    assert!(!said.contains("NG"), "{said}");

    stage.write(
        "shop/templates/more.yaml",
        &format!(
            "apiVersion: ecs.pintle.dev/v1\nkind: TaskDefinition\nmetadata: {{name: bad}}\nspec:\n  family: bad\n  networkMode: awsvpc\n  executionRoleArn: arn:aws:iam::111122223333:role/nobody\n  taskRoleArn: arn:aws:iam::111122223333:role/scheduler\n  containerDefinitions:\n    - name: bad\n      image: {REGISTRY}/bad:1\n      memory: 64\n      portMappings: [{{containerPort: 80, hostPort: 81}}]\n      secrets:\n        - {{name: A, valueFrom: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:password::'}}\n        - {{name: B, valueFrom: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:user::'}}\n        - {{name: C, valueFrom: /shop/nothing}}\n      logConfiguration: {{logDriver: awslogs, options: {{awslogs-group: /nowhere, awslogs-region: eu-west-1, awslogs-stream-prefix: x}}}}\n"
        ),
    );
    stage.write("far.yaml", "subnets: [subnet-1, subnet-9]\n");
    let outcome = stage.run(&format!("{line} -f far.yaml"));
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    let said = outcome.stdout;
    for (title, why) in [
        (
            format!("NG\timage {REGISTRY}/bad:1"),
            "the image is not there",
        ),
        (
            "NG\tsubnets subnet-1, subnet-9, security groups sg-1".to_owned(),
            "not there: subnet-9",
        ),
        (
            "NG\trole arn:aws:iam::111122223333:role/nobody for ecs-tasks.amazonaws.com".to_owned(),
            "the role is not there",
        ),
        (
            "NG\trole arn:aws:iam::111122223333:role/scheduler for ecs-tasks.amazonaws.com"
                .to_owned(),
            "ecs-tasks.amazonaws.com may not assume it",
        ),
        (
            "NG\tsecret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:user::"
                .to_owned(),
            "its JSON has no key \"user\"",
        ),
        (
            "NG\tsecret /shop/nothing".to_owned(),
            "the parameter is not there",
        ),
        (
            "NG\tlog group /nowhere".to_owned(),
            "the log group is not there",
        ),
        (
            "NG\ttask definition bad".to_owned(),
            "hostPort 81 differs from containerPort 80",
        ),
    ] {
        let row = said.lines().find(|row| row.starts_with(&title));
        assert!(
            row.is_some_and(|row| row.contains(why)),
            "{title}: {why}\n{said}"
        );
    }
    assert!(
        said.contains(
            "OK\tsecret arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:password::"
        ),
        "{said}"
    );
    // What may not be seen says nothing of what tasks may.
    fake.trouble(Trouble {
        operation: "GetSecretValue",
        what: What::Denied,
        ..Trouble::default()
    });
    let said = stage.run(&format!("{line} -o json")).stdout;
    let rows = json(&said);
    let rows = rows.as_array().expect("rows");
    let skipped = rows.iter().filter(|it| it["verdict"] == "SKIP").count();
    assert_eq!(skipped, 2, "{said}");
    assert_eq!(fake.changes(), Vec::<String>::new());
}

#[test]
fn the_least_policy_names_what_a_release_has() {
    let (fake, stage) = installed();
    stage.configure("state: s3://state/pintle");
    let policy = json(&stage.run("ecs iam-policy shop ./shop -n live").success());
    let statement = |sid: &str| {
        let all = policy["Statement"].as_array().expect("statements");
        let found = all.iter().find(|it| it["Sid"] == sid);
        found
            .unwrap_or_else(|| panic!("no {sid}: {policy}"))
            .clone()
    };
    let arn = |rest: &str| format!("arn:aws:ecs:eu-west-1:111122223333:{rest}");
    let services = statement("Services")["Resource"].to_string();
    assert!(
        services.contains(&arn("service/shop/web"))
            && services.contains(&arn("service/shop/worker"))
    );
    assert!(!services.contains("\"*\""), "{services}");
    assert_eq!(
        statement("TaskDefinitions")["Resource"],
        json!([
            arn("task-definition/shop-web:*"),
            arn("task-definition/shop-worker:*")
        ])
    );
    let pass = statement("PassScheduleRoles");
    assert_eq!(
        pass["Resource"],
        json!(["arn:aws:iam::111122223333:role/scheduler"])
    );
    assert_eq!(
        pass["Condition"]["StringEquals"]["iam:PassedToService"],
        "scheduler.amazonaws.com"
    );
    assert_eq!(
        statement("State")["Resource"],
        json!(["arn:aws:s3:::state/pintle/111122223333/eu-west-1/shop/live/shop/*"])
    );
    assert!(
        statement("ListenerRules")["Resource"]
            .to_string()
            .contains(":listener-rule/app/shop/")
    );
    assert_eq!(fake.changes(), Vec::<String>::new());
}

#[test]
fn the_configuration_is_written_once() {
    let (fake, stage) = installed();
    let configuration = stage.path("pintle.yaml");
    let region = [("AWS_REGION", "eu-west-1")];
    let init = |line: &str| stage.run_with(line, &region);
    let said = init("ecs init --state file:state").failure();
    assert!(said.contains("is not overwritten"), "{said}");
    fs::remove_file(&configuration).expect("it was there");
    let said = init("ecs init").failure();
    assert!(
        said.contains("Name a bucket or a folder with --state"),
        "{said}"
    );
    for store in ["file:nowhere", "s3://nowhere/x"] {
        let said = init(&format!("ecs init --state {store}")).failure();
        assert!(said.contains("cannot be used"), "{said}");
    }
    let said = init("ecs init --cluster nothing --state file:state").failure();
    assert!(said.contains("There are: shop."), "{said}");
    assert!(!configuration.exists());
    stage.write("pintle.yaml", "# ours\nnamespace: live\n");
    init("ecs init --state file:state").success();
    let text = fs::read_to_string(&configuration).expect("the file");
    assert_eq!(
        text,
        "# ours\nnamespace: live\ntarget: ecs:shop\necs:\n  region: eu-west-1\n  account: \"111122223333\"\n  cluster: shop\n  state: file:state\n  executionRoleArn: arn:aws:iam::111122223333:role/shop-execution\n  network:\n    subnets: [subnet-1, subnet-2]\n    securityGroups: [sg-1]\n    assignPublicIp: false\n  ingress:\n    vpcId: vpc-1\n    listenerArn: arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2\n"
    );
    assert_eq!(fake.changes(), Vec::<String>::new());
    let said = stage.run("history shop").success();
    assert!(said.contains("Install complete"), "{said}");
    let said = init(
        "ecs init --print --config other.yaml --create-state --state file:made --launch-type ec2",
    )
    .success();
    assert!(
        said.contains("  launchType: EC2\n") && said.contains("  state: file:made\n"),
        "{said}"
    );
    assert!(stage.path("made").is_dir() && !stage.path("other.yaml").exists());
}

#[test]
fn moto_takes_them_too() {
    const ECS: &str = "AmazonEC2ContainerServiceV20141113";
    let Some(moto) = Moto::start() else { return };
    moto.ask(
        "ecs",
        &format!("{ECS}.CreateCluster"),
        &json!({"clusterName": "shop"}),
    );
    let stage = Stage::at(moto.url());
    let (subnets, group) = moto.subnets();
    let values = format!(
        "subnets: [{}]\ngroup: {group}\nbreaker: false\nbalanced: false\nnightly: ''\n",
        subnets.join(", ")
    );
    stage.write("moto.yaml", &values);
    let region = [("AWS_REGION", "eu-west-1")];
    let run = |line: &str| stage.run_with(line, &region);
    // moto forgets circuit breakers, and its deployments never end: nothing is waited for here.
    for color in ["red", "blue", "green"] {
        run(&format!(
            "upgrade shop ./shop --install -n live -f moto.yaml --set color={color} --history-max 1 --wait=hookOnly"
        ))
        .success();
    }
    run("ecs restart shop -n live --no-wait").success();
    run("ecs scale shop worker=2 -n live --no-wait").success();
    run("ecs tasks shop -n live").success();
    let said = run("ecs revisions shop -n live").success();
    assert!(said.contains("service/web"), "{said}");
    run("ecs revisions shop -n live --keeps 1").success();
    let said = run("ecs revisions shop -n live -o json").success();
    let left = json(&said);
    // Old deployments of moto stay, and their revisions with them.
    let is_used = |it: &Value| {
        it["users"]
            .as_array()
            .is_some_and(|users| !users.is_empty())
    };
    let left = left.as_array().expect("a list");
    assert!(!left.is_empty() && left.iter().all(is_used), "{said}");
    let policy = json(&run("ecs iam-policy shop -n live").success());
    assert!(
        policy["Statement"]
            .as_array()
            .is_some_and(|it| it.len() > 4),
        "{policy}"
    );
    fs::remove_file(stage.path("pintle.yaml")).expect("it was there");
    run(&format!(
        "ecs init --state file:state --security-groups {group}"
    ))
    .success();
    run("status shop -n live").success();
}
