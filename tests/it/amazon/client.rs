//! How services are asked: again, page by page, a few at a time, where it is allowed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pintle::diag::{Error, Kind};
use pintle::net::aws::{Allowed, Api, Options, Retries, Sources, service};
use serde_json::json;

use super::room::http::{Response, Script, Server};
use super::room::moto::Moto;

/// Settings with keys, a region, and no files; waits are short.
pub(super) fn options(endpoint: &str, more: &[(&str, &str)]) -> Options {
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let usual = [
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-west-1"),
        ("HOME", "/nonexistent"),
    ];
    for (name, value) in usual.iter().chain(more) {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    Options {
        sources: Sources {
            variables,
            ..Sources::default()
        },
        endpoint: endpoint.to_owned(),
        retries: Some(Retries {
            attempts: 4,
            pace: Duration::from_millis(1),
            ..Retries::default()
        }),
        ..Options::default()
    }
}

fn api(endpoint: &str) -> Api {
    Api::new(options(endpoint, &[]))
}

fn said(body: &str) -> Response {
    Response::new(200, body)
}

fn refused(status: u16, code: &str) -> Response {
    Response::new(status, format!(r#"{{"__type":"{code}","message":"m"}}"#))
}

#[test]
fn busy_services_are_asked_again_and_members_pass_as_they_are() {
    let script = Script::start(vec![
        refused(400, "ThrottlingException"),
        Response::new(503, "<html>"),
        Response::cut(),
        said(r#"{"clusters": [], "newer": {"than": "we"}}"#),
    ]);
    let input = json!({"clusters": ["a"], "newerThan": [1, {"x": null}]});
    let answer = api(&script.url()).ask(&service::ECS, "DescribeClusters", &input);
    assert_eq!(answer.unwrap()["newer"]["than"], "we");
    let asked = script.asked();
    assert_eq!(asked.len(), 4);
    for request in &asked {
        assert_eq!(request.text(), input.to_string());
        assert_eq!(
            request.header("x-amz-target"),
            "AmazonEC2ContainerServiceV20141113.DescribeClusters"
        );
        let authorization = request.header("authorization");
        assert!(
            authorization.contains("/eu-west-1/ecs/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target, "),
            "{authorization}"
        );
    }
}

#[test]
fn what_another_attempt_would_not_make_better_is_asked_once() {
    let script = Script::start(vec![
        refused(400, "com.amazonaws.ecs#ClusterNotFoundException").with("x-amzn-requestid", "id-1"),
    ]);
    let input = json!({"cluster": "none", "serviceName": "web"});
    let fault = api(&script.url())
        .ask(&service::ECS, "CreateService", &input)
        .unwrap_err();
    assert!(fault.is("ClusterNotFoundException") && fault.is_missing());
    assert_eq!(
        fault.to_string(),
        "ecs CreateService web: ClusterNotFoundException: m (request id-1)"
    );
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn attempts_end_and_the_last_answer_is_told() {
    let script = Script::start(vec![refused(400, "ThrottlingException")]);
    let fault = api(&script.url())
        .ask(&service::ECS, "ListTasks", &json!({}))
        .unwrap_err();
    assert!(fault.is_throttled());
    assert_eq!(Error::from(fault).kind(), Kind::Network);
    assert_eq!(script.asked().len(), 4);

    // Nobody there: told as it is.
    let url = Server::start(|_| Response::cut()).url();
    let fault = api(&url)
        .ask(&service::ECS, "ListTasks", &json!({}))
        .unwrap_err();
    assert!(fault.is_silence());
    assert!(fault.to_string().contains("connection refused"), "{fault}");
}

#[test]
fn a_service_in_trouble_is_left_alone() {
    let script = Script::start(vec![refused(500, "ServerException")]);
    let options = options(&script.url(), &[]);
    let api = Api::new(Options {
        retries: Some(Retries {
            attempts: 1000,
            pace: Duration::from_micros(1),
            ..Retries::default()
        }),
        ..options
    });
    let fault = api.ask(&service::ECS, "ListTasks", &json!({})).unwrap_err();
    assert!(fault.is_silence());
    // 500 tokens at 5 each, and the first one is free.
    assert_eq!(script.asked().len(), 101);
    let _ = api.ask(&service::ECS, "ListTasks", &json!({}));
    assert_eq!(script.asked().len(), 102);
}

#[test]
fn keys_that_have_ended_are_renewed_once() {
    let script = Script::start(vec![
        refused(400, "ExpiredTokenException"),
        said("{}"),
        refused(400, "ExpiredTokenException"),
    ]);
    let keys = Script::start(vec![
        said(r#"{"AccessKeyId": "first", "SecretAccessKey": "s", "Token": "t"}"#),
        said(r#"{"AccessKeyId": "second", "SecretAccessKey": "s", "Token": "t"}"#),
    ]);
    let uri = format!("{}/keys", keys.url());
    let mut options = options(
        &script.url(),
        &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str())],
    );
    options.sources.variables.remove("AWS_ACCESS_KEY_ID");
    let api = Api::new(options);
    api.ask(&service::ECS, "ListTasks", &json!({})).unwrap();
    let holders: Vec<String> = script
        .asked()
        .iter()
        .map(|request| {
            let (_, rest) = request
                .header("authorization")
                .split_once("Credential=")
                .unwrap();
            rest.split('/').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(holders, ["first", "second"]);
    // When new ones have ended, too, the user hears of it.
    let fault = api.ask(&service::ECS, "ListTasks", &json!({})).unwrap_err();
    assert!(fault.is("ExpiredTokenException"));
    assert_eq!(script.asked().len(), 4);
}

#[test]
fn the_clock_of_the_service_counts() {
    let late = "Fri, 01 Jan 2100 00:00:00 GMT";
    let script = Script::start(vec![
        refused(403, "RequestTimeTooSkewed").with("date", late),
        said("{}"),
    ]);
    let api = api(&script.url());
    api.ask(&service::ECS, "ListTasks", &json!({})).unwrap();
    api.ask(&service::ECS, "ListTasks", &json!({})).unwrap();
    let dates: Vec<String> = script
        .asked()
        .iter()
        .map(|request| request.header("x-amz-date")[..4].to_owned())
        .collect();
    assert_ne!(dates[0], "2100");
    assert_eq!(dates[1..], ["2100", "2100"]);
}

#[test]
fn lists_are_read_to_their_end() {
    let script = Script::start(vec![
        said(r#"{"serviceArns": ["a", "b"], "nextToken": "2"}"#),
        said(r#"{"serviceArns": [], "nextToken": "3"}"#),
        said(r#"{"serviceArns": ["c"]}"#),
    ]);
    let input = json!({"cluster": "x"});
    let found = api(&script.url()).pages(&service::ECS, "ListServices", &input, "serviceArns");
    assert_eq!(found.unwrap(), ["a", "b", "c"]);
    let asked: Vec<String> = script
        .asked()
        .iter()
        .map(|request| request.text())
        .collect();
    assert_eq!(
        asked,
        [
            r#"{"cluster":"x"}"#,
            r#"{"cluster":"x","nextToken":"2"}"#,
            r#"{"cluster":"x","nextToken":"3"}"#,
        ]
    );
    let script = Script::start(vec![said(r#"{"serviceArns": [], "nextToken": "1"}"#)]);
    let found = api(&script.url()).pages(&service::ECS, "ListServices", &input, "serviceArns");
    let fault = found.unwrap_err().to_string();
    assert!(fault.contains("same page again"), "{fault}");
}

#[test]
fn several_requests_are_on_their_way_but_not_too_many() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // Each answer waits until eight are there, or it is clear that they will not come.
    let server = Server::start({
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        move |_| {
            let here = now.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(here, Ordering::SeqCst);
            let until = Instant::now() + Duration::from_secs(5);
            while most.load(Ordering::SeqCst) < 8 && Instant::now() < until {
                std::thread::yield_now();
            }
            now.fetch_sub(1, Ordering::SeqCst);
            Response::new(200, "{}")
        }
    });
    let api = api(&server.url());
    let items: Vec<usize> = (0..40).collect();
    let done = api.each(&items, |item| {
        // Threads of their own do not make it more.
        std::thread::scope(|scope| {
            let other = scope.spawn(|| api.ask(&service::ECS, "ListTasks", &json!({})).is_ok());
            let own = api.ask(&service::ECS, "ListTasks", &json!({})).is_ok();
            own && other.join().unwrap()
        }) && *item < 40
    });
    assert_eq!(done, [true; 40]);
    assert_eq!(most.load(Ordering::SeqCst), 8);
}

#[test]
fn nothing_is_asked_where_it_is_not_allowed() {
    let identity = "<GetCallerIdentityResponse xmlns=\"x\"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>u</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let server = Server::start({
        let asked = Arc::clone(&asked);
        move |request| {
            let body = request.text();
            let is_identity = body.starts_with("Action=GetCallerIdentity&Version=2011-06-15");
            asked.lock().unwrap().push(body);
            Response::new(200, if is_identity { identity } else { "{}" })
        }
    });
    let api = |accounts: &[&str]| {
        let texts = accounts.iter().map(|&text| text.to_owned());
        Api::new(Options {
            allowed: Allowed {
                accounts: texts.collect(),
                clusters: vec!["shop".to_owned()],
                ..Allowed::default()
            },
            ..options(&server.url(), &[])
        })
    };
    let other = api(&["444455556666"]);
    let input = json!({"cluster": "shop"});
    let fault = other.ask(&service::ECS, "ListTasks", &input).unwrap_err();
    let error = Error::from(fault);
    assert_eq!(error.kind(), Kind::Usage);
    assert!(
        error.message().ends_with(
            "nothing may be done in account 111122223333: `allowedAccounts` of the configuration allows 444455556666"
        ),
        "{error}"
    );
    assert!(error.hints()[0].contains("user/a"));
    assert_eq!(asked.lock().unwrap().len(), 1);

    let own = api(&["444455556666", "111122223333"]);
    own.ask(&service::ECS, "ListTasks", &input).unwrap();
    own.ask(&service::ECS, "ListTasks", &input).unwrap();
    let fault = own.ask(&service::ECS, "ListTasks", &json!({"cluster": "x"}));
    assert!(fault.unwrap_err().to_string().contains("in cluster x"));
    assert_eq!(own.caller().unwrap().account, "111122223333");
    // Who asks was asked once.
    assert_eq!(asked.lock().unwrap().len(), 4);
}

#[test]
fn moto_understands_requests_to_all_services() {
    let Some(moto) = Moto::start() else { return };
    let api = Api::new(Options {
        retries: None,
        ..options(moto.url(), &[])
    });
    let ask = |service: &service::Service, operation: &str, input: serde_json::Value| {
        let answer = api.ask(service, operation, &input);
        answer.unwrap_or_else(|fault| panic!("{fault}"))
    };
    ask(
        &service::ECS,
        "CreateCluster",
        json!({"clusterName": "shop"}),
    );
    let found = api.pages(&service::ECS, "ListClusters", &json!({}), "clusterArns");
    assert_eq!(found.unwrap().len(), 1);
    let definition = json!({
        "family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}],
    });
    let registered = ask(&service::ECS, "RegisterTaskDefinition", definition);
    assert_eq!(registered["taskDefinition"]["revision"], 1);
    let fault = api
        .ask(
            &service::ECS,
            "DescribeTaskDefinition",
            &json!({"taskDefinition": "none"}),
        )
        .unwrap_err();
    assert_eq!(fault.code, "ClientException", "{fault}");

    assert_eq!(api.caller().unwrap().account.len(), 12);

    let parameter = json!({"Name": "/a/b", "Value": "v", "Type": "String"});
    ask(&service::PARAMETERS, "PutParameter", parameter);
    let got = ask(
        &service::PARAMETERS,
        "GetParameter",
        json!({"Name": "/a/b"}),
    );
    assert_eq!(got["Parameter"]["Value"], "v");
    let secret = json!({"Name": "s", "SecretString": "x"});
    let created = ask(&service::SECRETS, "CreateSecret", secret);
    let described = ask(
        &service::SECRETS,
        "DescribeSecret",
        json!({"SecretId": "s"}),
    );
    assert_eq!(described["ARN"], created["ARN"]);
    ask(
        &service::LOGS,
        "CreateLogGroup",
        json!({"logGroupName": "g"}),
    );

    // Networks and load balancers speak XML.
    let filters = json!({"Filters": [{"Name": "default-for-az", "Values": ["true"]}]});
    let subnets = api.pages(&service::NETWORKS, "DescribeSubnets", &filters, "Subnets");
    let subnets = subnets.unwrap();
    assert!(subnets.len() > 1, "{subnets:?}");
    assert_eq!(subnets[0]["DefaultForAz"], true);
    let vpc = &subnets[0]["VpcId"];
    let one = json!({"SubnetIds": [subnets[1]["SubnetId"]]});
    let found = ask(&service::NETWORKS, "DescribeSubnets", one);
    assert_eq!(found["Subnets"].as_array().unwrap().len(), 1);
    let group = json!({
        "Name": "web", "Port": 80, "Protocol": "HTTP", "VpcId": vpc, "TargetType": "ip",
        "HealthCheckIntervalSeconds": 15, "Tags": [{"Key": "a", "Value": "b"}],
    });
    let created = ask(&service::BALANCING, "CreateTargetGroup", group);
    let group = &created["TargetGroups"][0];
    assert_eq!(group["Port"], 80);
    assert_eq!(group["HealthCheckIntervalSeconds"], 15);
    let names = json!({"Names": ["web"]});
    let found = api.pages(
        &service::BALANCING,
        "DescribeTargetGroups",
        &names,
        "TargetGroups",
    );
    assert_eq!(found.unwrap()[0]["TargetGroupArn"], group["TargetGroupArn"]);
    let fault = api
        .ask(
            &service::BALANCING,
            "DescribeTargetGroups",
            &json!({"Names": ["none"]}),
        )
        .unwrap_err();
    assert_eq!(fault.code, "TargetGroupNotFound", "{fault}");
    assert!(fault.is_missing());

    // Schedules have addresses of their own.
    let schedule = json!({
        "Name": "nightly", "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop", "RoleArn": "arn:aws:iam::123456789012:role/r"},
    });
    ask(&service::SCHEDULES, "CreateSchedule", schedule);
    let got = ask(
        &service::SCHEDULES,
        "GetSchedule",
        json!({"Name": "nightly"}),
    );
    assert_eq!(got["ScheduleExpression"], "rate(1 day)");
    let found = api.pages(
        &service::SCHEDULES,
        "ListSchedules",
        &json!({}),
        "Schedules",
    );
    assert_eq!(found.unwrap().len(), 1);
    let tags =
        json!({"ResourceArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default"});
    ask(&service::SCHEDULES, "ListTagsForResource", tags);
    ask(
        &service::SCHEDULES,
        "DeleteSchedule",
        json!({"Name": "nightly"}),
    );
    let fault = api
        .ask(
            &service::SCHEDULES,
            "GetSchedule",
            &json!({"Name": "nightly"}),
        )
        .unwrap_err();
    assert!(fault.is_missing(), "{fault}");

    let web = json!({"cluster": "shop", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1});
    ask(&service::ECS, "CreateService", web);
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 3,
    });
    ask(&service::AUTOSCALING, "RegisterScalableTarget", target);
    let rule = json!({"Name": "r", "ScheduleExpression": "rate(1 hour)"});
    ask(&service::EVENTS, "PutRule", rule);
    let namespaces = ask(&service::DISCOVERY, "ListNamespaces", json!({}));
    assert_eq!(namespaces["Namespaces"], json!([]));
    let role = json!({"RoleName": "r", "AssumeRolePolicyDocument": "{}"});
    ask(&service::IDENTITY, "CreateRole", role);
    let role = ask(&service::IDENTITY, "GetRole", json!({"RoleName": "r"}));
    assert_eq!(role["Role"]["RoleName"], "r");
    let fault = api
        .ask(
            &service::STACKS,
            "DescribeStacks",
            &json!({"StackName": "none"}),
        )
        .unwrap_err();
    assert_eq!(fault.code, "ValidationError", "{fault}");
    let images = ask(&service::IMAGES, "DescribeRepositories", json!({}));
    assert_eq!(images["repositories"], json!([]));
    let alarms = ask(&service::METRICS, "DescribeAlarms", json!({}));
    assert!(alarms.is_object());
}
