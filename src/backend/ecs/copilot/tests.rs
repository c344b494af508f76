//! Rows of what a member of a manifest becomes.

use serde_json::{Value, json};

use super::super::desired::Document;
use super::super::{Config, check};
use super::{Input, convert, is_manifest, join};

fn settings() -> Value {
    json!({
        "region": "eu-west-1",
        "account": "111122223333",
        "cluster": "c",
        "infrastructureRoleArn": "arn:aws:iam::111122223333:role/infra",
        "copilot": {
            "app": "shop",
            "env": "prod",
            "publicSubnets": ["subnet-pub"],
            "privateSubnets": ["subnet-prv"],
            "environmentSecurityGroup": "sg-env",
            "vpcId": "vpc-1",
            "discovery": {"namespace": "prod.shop.local", "namespaceId": "ns-1"},
            "publicAlb": {"listenerArn": "arn:public", "fullName": "app/public/1", "dnsName": "public.example.com"},
            "privateAlb": {"listenerArn": "arn:private", "fullName": "app/private/1", "dnsName": "private.example.com"},
            "nlb": {"arn": "arn:nlb", "certificateArn": "arn:certificate"},
            "roles": {"execution": "arn:exec-{name}", "task": "arn:task-{name}", "scheduler": "arn:scheduler"},
            "images": {"web": "built:1", "web/side": "side:1"},
            "envFiles": {"web": "arn:aws:s3:::b/web.env", "web/side": "arn:aws:s3:::b/side.env"},
            "queueUris": {"web": "https://sqs.eu-west-1.amazonaws.com/111122223333/q"},
            "topicArns": {"web": {"orders": "arn:topic"}},
            "priorities": {"web": 10},
            "fileSystems": {"shared": "fs-9::fsap-9"},
            "exports": {"stack-DB": "db.example.com", "stack-SG": "sg-x"},
            "addons": {"web": {"tableName": "t"}},
            "roles_stepfunctions": {"web": "arn:machine"},
        },
    })
}

fn manifest(kind: &str) -> Value {
    let mut manifest =
        json!({"name": "web", "type": kind, "image": {"location": "nginx:1", "port": 80}});
    match kind {
        "Load Balanced Web Service" => manifest["http"] = json!({"path": "/"}),
        "Scheduled Job" => manifest["on"] = json!({"schedule": "@daily"}),
        _ => {}
    }
    manifest
}

fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn run(kind: &str, said: &Value, set: &Value) -> Document {
    let mut manifest = manifest(kind);
    overlay(&mut manifest, said);
    let mut config = settings();
    overlay(&mut config, set);
    let mut config = Config::from_json(config).unwrap();
    config.copilot.variables.insert("TAG".into(), "v1".into());
    let input = Input {
        manifest: &manifest,
        config: &config,
        environment: "",
        today: None,
    };
    convert(&input).unwrap()
}

/// The findings as `ECS2020 image.build`.
fn findings(document: &Document) -> Vec<String> {
    let mut found: Vec<String> = document
        .diagnostics
        .iter()
        .map(|it| format!("{} {}", it.code_text(), it.path))
        .collect();
    found.sort();
    found
}

const WEB: &str = "Load Balanced Web Service";
const BACKEND: &str = "Backend Service";
const WORKER: &str = "Worker Service";
const JOB: &str = "Scheduled Job";
const EXPRESS: &str = "Request-Driven Web Service";

/// Where a row looks: the type of workload, what the manifest says, the kind of resource (`#1` is its
/// second), the pointer into it.
type Row = (&'static str, Value, &'static str, &'static str, Value);

fn assert_rows(rows: Vec<Row>) {
    for (kind, said, of, pointer, want) in rows {
        let document = run(kind, &said, &json!({}));
        let told = findings(&document);
        assert!(!document.has_errors(), "{said}: {told:?}");
        for resource in &document.resources {
            let mut request = resource.request.clone();
            if let Some(definition) = resource.settings.get("definition") {
                request["definition"] = definition.to_string().into();
            }
            let wrong = check(&resource.kind, &request);
            assert!(wrong.is_empty(), "{said}: {wrong:?}");
        }
        let (of, nth) = of.split_once('#').unwrap_or((of, "0"));
        let nth: usize = nth.parse().unwrap();
        let mut of_kind = document.resources.iter().filter(|it| it.kind.ends_with(of));
        let resource = of_kind
            .nth(nth)
            .unwrap_or_else(|| panic!("{said}: no {of}"));
        let mut whole = json!({"name": resource.name, "request": resource.request, "createOnly": resource.create_only});
        whole["settings"] = Value::Object(resource.settings.clone());
        let pointer = match pointer.strip_prefix('!') {
            Some(rest) => rest.to_owned(),
            None => format!("/request{pointer}"),
        };
        let found = whole.pointer(&pointer).cloned().unwrap_or_default();
        assert_eq!(found, want, "{said} {of} {pointer}");
    }
}

const MAIN: &str = "/containerDefinitions/0";

fn main(member: &str) -> &'static str {
    Box::leak(format!("{MAIN}/{member}").into_boxed_str())
}

#[test]
fn members_of_containers() {
    let task = ":TaskDefinition";
    assert_rows(vec![
        (WEB, json!({}), task, "/family", json!("shop-prod-web")),
        (WEB, json!({}), task, "/cpu", json!("256")),
        (WEB, json!({}), task, "/memory", json!("512")),
        (
            WEB,
            json!({"cpu": "1024", "memory": 2048}),
            task,
            "/cpu",
            json!("1024"),
        ),
        (
            WEB,
            json!({}),
            task,
            "/executionRoleArn",
            json!("arn:exec-web"),
        ),
        (
            WEB,
            json!({"image": {"location": "a:${TAG}"}}),
            task,
            main("image"),
            json!("a:v1"),
        ),
        (
            WEB,
            json!({"image": {"location": null, "build": "./Dockerfile"}}),
            task,
            main("image"),
            json!("built:1"),
        ),
        (
            WEB,
            json!({"image": {"credentials": "arn:c"}}),
            task,
            main("repositoryCredentials"),
            json!({"credentialsParameter": "arn:c"}),
        ),
        (
            WEB,
            json!({"image": {"labels": {"b": 1, "a": "x"}}}),
            task,
            main("dockerLabels"),
            json!({"a": "x", "b": "1"}),
        ),
        (
            WEB,
            json!({"image": {"depends_on": {"b": "success", "a": "healthy"}}}),
            task,
            main("dependsOn"),
            json!([{"containerName": "a", "condition": "HEALTHY"}, {"containerName": "b", "condition": "SUCCESS"}]),
        ),
        (
            WEB,
            json!({"image": {"healthcheck": {"retries": 4}}}),
            task,
            main("healthCheck"),
            json!({"command": ["CMD-SHELL", "curl -f http://localhost/ || exit 1"], "interval": 10, "timeout": 5, "retries": 4, "startPeriod": 0}),
        ),
        (
            WEB,
            json!({"entrypoint": "sh -c 'a b'"}),
            task,
            main("entryPoint"),
            json!(["sh", "-c", "a b"]),
        ),
        (
            WEB,
            json!({"command": ["x", 1]}),
            task,
            main("command"),
            json!(["x", "1"]),
        ),
        (
            WEB,
            json!({}),
            task,
            main("portMappings"),
            json!([{"containerPort": 80, "protocol": "tcp"}]),
        ),
        (
            BACKEND,
            json!({"image": {"port": null}}),
            task,
            main("portMappings"),
            json!(null),
        ),
        (WORKER, json!({}), task, main("portMappings"), json!(null)),
        (
            WEB,
            json!({"network": {"connect": true}}),
            task,
            main("portMappings"),
            json!([{"containerPort": 80, "protocol": "tcp", "name": "target"}]),
        ),
        (
            WEB,
            json!({"env_file": "web.env"}),
            task,
            main("environmentFiles"),
            json!([{"type": "s3", "value": "arn:aws:s3:::b/web.env"}]),
        ),
        (
            WEB,
            json!({"secrets": {"B": {"secretsmanager": "db:key::"}, "A": "/p", "C": {"from_cfn": "stack-DB"}}}),
            task,
            main("secrets"),
            json!([
                {"name": "A", "valueFrom": "/p"},
                {"name": "B", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db:key::"},
                {"name": "C", "valueFrom": "db.example.com"},
            ]),
        ),
        (
            JOB,
            json!({"variables": {"DB": {"from_cfn": "stack-DB"}, "N": 5, "T": true}}),
            task,
            main("environment"),
            json!([
                {"name": "COPILOT_APPLICATION_NAME", "value": "shop"},
                {"name": "COPILOT_ENVIRONMENT_NAME", "value": "prod"},
                {"name": "COPILOT_SERVICE_DISCOVERY_ENDPOINT", "value": "prod.shop.local"},
                {"name": "COPILOT_SERVICE_NAME", "value": "web"},
                {"name": "DB", "value": "db.example.com"},
                {"name": "N", "value": "5"},
                {"name": "T", "value": "true"},
                {"name": "TABLE_NAME", "value": "t"},
            ]),
        ),
        (
            WEB,
            json!({"publish": {"topics": [{"name": "orders"}]}}),
            task,
            main("environment/5"),
            json!({"name": "COPILOT_SNS_TOPIC_ARNS", "value": "{\"orders\":\"arn:topic\"}"}),
        ),
        (
            WEB,
            json!({"platform": "linux/x86_64"}),
            task,
            "/runtimePlatform",
            json!(null),
        ),
        (
            WEB,
            json!({"platform": "linux/arm64"}),
            task,
            "/runtimePlatform",
            json!({"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}),
        ),
        (
            WEB,
            json!({"platform": {"osfamily": "windows_server_2022_full", "architecture": "x86_64"}}),
            task,
            "/runtimePlatform",
            json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_FULL", "cpuArchitecture": "X86_64"}),
        ),
        (
            WEB,
            json!({"platform": "windows/amd64"}),
            task,
            "/runtimePlatform/operatingSystemFamily",
            json!("WINDOWS_SERVER_2019_CORE"),
        ),
        (
            WEB,
            json!({"platform": "windows/amd64"}),
            task,
            "/cpu",
            json!("1024"),
        ),
        (
            WEB,
            json!({"storage": {"ephemeral": 20}}),
            task,
            "/ephemeralStorage",
            json!(null),
        ),
        (
            WEB,
            json!({"storage": {"ephemeral": 21}}),
            task,
            "/ephemeralStorage",
            json!({"sizeInGiB": 21}),
        ),
        (
            WEB,
            json!({"storage": {"readonly_fs": true}}),
            task,
            main("readonlyRootFilesystem"),
            json!(true),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"v": {"path": "/v"}}}}),
            task,
            "/volumes",
            json!([{"name": "v"}]),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"v": {"path": "/v"}}}}),
            task,
            main("mountPoints"),
            json!([{"sourceVolume": "v", "containerPath": "/v", "readOnly": true}]),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"v": {"path": "/v", "efs": {"id": "fs-1"}}}}}),
            task,
            "/volumes/0/efsVolumeConfiguration",
            json!({"fileSystemId": "fs-1", "rootDirectory": "/", "transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED"}}),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"v": {"path": "/v", "efs": {"id": "fs-1", "root_dir": "/r", "auth": {"iam": false}}}}}}),
            task,
            "/volumes/0/efsVolumeConfiguration",
            json!({"fileSystemId": "fs-1", "rootDirectory": "/r", "transitEncryption": "ENABLED", "authorizationConfig": {"iam": "DISABLED"}}),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"shared": {"path": "/v", "efs": true}}}}),
            task,
            "/volumes/0/efsVolumeConfiguration",
            json!({"fileSystemId": "fs-9", "rootDirectory": "/", "transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED", "accessPointId": "fsap-9"}}),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"shared": {"path": "/v", "efs": {"uid": 1, "gid": 2}}}}}),
            task,
            "/volumes/0/efsVolumeConfiguration/fileSystemId",
            json!("fs-9"),
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"v": {"path": "/v", "efs": false}}}}),
            task,
            "/volumes",
            json!([{"name": "v"}]),
        ),
        (
            WEB,
            json!({"logging": {"retention": 7}}),
            ":LogGroup",
            "!/settings/retentionInDays",
            json!(7),
        ),
        (
            WEB,
            json!({"logging": {"retention": 7}}),
            task,
            main("logConfiguration/logDriver"),
            json!("awslogs"),
        ),
        (
            WEB,
            json!({"logging": {"image": "fb:1", "enableMetadata": false, "configFilePath": "/x.conf", "variables": {"V": "1"}}}),
            task,
            "/containerDefinitions/1/firelensConfiguration",
            json!({"type": "fluentbit", "options": {"enable-ecs-log-metadata": "false", "config-file-type": "file", "config-file-value": "/x.conf"}}),
        ),
        (
            WEB,
            json!({"logging": {"secretOptions": {"k": "/p"}}}),
            task,
            main("logConfiguration"),
            json!({"logDriver": "awsfirelens", "secretOptions": [{"name": "k", "valueFrom": "/p"}]}),
        ),
        (
            WEB,
            json!({"observability": {"tracing": "awsxray"}}),
            task,
            "/containerDefinitions/1/command",
            json!(["--config=/etc/ecs/ecs-xray.yaml"]),
        ),
        (
            WEB,
            json!({"sidecars": {"z": {"image": "z"}, "a": {"image": "a"}}}),
            task,
            "/containerDefinitions/1/name",
            json!("a"),
        ),
        (
            WEB,
            json!({"sidecars": {"side": {"image": {"build": "."}}}}),
            task,
            "/containerDefinitions/1/image",
            json!("side:1"),
        ),
        (
            WEB,
            json!({"sidecars": {"side": {"image": "a", "port": "53/udp", "env_file": "x"}}}),
            task,
            "/containerDefinitions/1/portMappings",
            json!([{"containerPort": 53, "protocol": "udp"}]),
        ),
        (
            WEB,
            json!({"sidecars": {"side": {"image": "a", "essential": false, "credentialsParameter": "arn:c"}}}),
            task,
            "/containerDefinitions/1/essential",
            json!(false),
        ),
        (
            WEB,
            json!({"taskdef_overrides": [{"path": "ContainerDefinitions[0].StopTimeout", "value": 60}]}),
            task,
            main("stopTimeout"),
            json!(60),
        ),
        (
            WEB,
            json!({"environments": {"prod": {"cpu": 512, "memory": 1024}, "test": {"cpu": 1024}}}),
            task,
            "/cpu",
            json!("512"),
        ),
    ]);
}

#[test]
fn members_of_services() {
    let service = "ecs:Service";
    let target = ":TargetGroup";
    let policy = ":ScalingPolicy";
    assert_rows(vec![
        (BACKEND, json!({}), service, "/desiredCount", json!(1)),
        (
            BACKEND,
            json!({"count": 0}),
            service,
            "/desiredCount",
            json!(0),
        ),
        (
            BACKEND,
            json!({"count": {"spot": 3}}),
            service,
            "/capacityProviderStrategy",
            json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]),
        ),
        (
            BACKEND,
            json!({"count": {"spot": 3}}),
            service,
            "/launchType",
            json!(null),
        ),
        (
            BACKEND,
            json!({"count": {"spot": 3}}),
            service,
            "!/createOnly",
            json!([]),
        ),
        (
            BACKEND,
            json!({"count": {"range": "2-5", "cpu_percentage": 70}}),
            service,
            "/desiredCount",
            json!(2),
        ),
        (
            BACKEND,
            json!({"count": {"range": "2-5", "cpu_percentage": 70}}),
            service,
            "!/createOnly",
            json!(["desiredCount"]),
        ),
        (
            BACKEND,
            json!({"count": {"range": {"min": 4, "max": 5, "spot_from": 3}, "cpu_percentage": 70}}),
            service,
            "/capacityProviderStrategy",
            json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]),
        ),
        (
            BACKEND,
            json!({"count": {"range": {"min": 0, "max": 5, "spot_from": 0}, "cpu_percentage": 70}}),
            service,
            "/capacityProviderStrategy/1",
            json!({"capacityProvider": "FARGATE", "base": 0, "weight": 0}),
        ),
        (
            BACKEND,
            json!({"count": {"range": "2-5", "memory_percentage": {"value": 80, "cooldown": {"in": "1m"}}, "cooldown": {"in": "5s", "out": "6s"}}}),
            policy,
            "/TargetTrackingScalingPolicyConfiguration",
            json!({
                "TargetValue": 80.0, "ScaleInCooldown": 60, "ScaleOutCooldown": 6,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
            }),
        ),
        (
            WEB,
            json!({"count": {"range": "2-5", "response_time": "1500ms"}}),
            policy,
            "/TargetTrackingScalingPolicyConfiguration/TargetValue",
            json!(1.5),
        ),
        (
            WEB,
            json!({"count": {"range": "2-5", "response_time": "2s"}}),
            policy,
            "/PolicyName",
            json!("web-ALBAverageResponseTime-ScalingPolicy"),
        ),
        (
            BACKEND,
            json!({"count": {"range": "2-5", "requests": 5}, "http": {"path": "/"}}),
            policy,
            "/TargetTrackingScalingPolicyConfiguration/CustomizedMetricSpecification/Dimensions/0/Value",
            json!("app/private/1"),
        ),
        (
            WORKER,
            json!({"count": {"range": "1-2", "queue_delay": {"acceptable_latency": "600ms", "msg_processing_time": "200ms"}}}),
            policy,
            "/TargetTrackingScalingPolicyConfiguration/TargetValue",
            json!(3.0),
        ),
        (
            BACKEND,
            json!({"exec": true}),
            service,
            "/enableExecuteCommand",
            json!(true),
        ),
        (
            BACKEND,
            json!({"exec": false}),
            service,
            "/enableExecuteCommand",
            json!(null),
        ),
        (
            BACKEND,
            json!({"deployment": {"rolling": "recreate"}}),
            service,
            "/availabilityZoneRebalancing",
            json!("DISABLED"),
        ),
        (
            BACKEND,
            json!({"deployment": {"rollback_alarms": {"cpu_utilization": 70}}}),
            service,
            "/deploymentConfiguration/alarms",
            json!({"alarmNames": ["shop-prod-web-CopilotRollbackCPUAlarm"], "enable": true, "rollback": true}),
        ),
        (
            BACKEND,
            json!({"deployment": {"rollback_alarms": {"memory_utilization": 70}}}),
            "cloudwatch:Alarm",
            "/MetricName",
            json!("MemoryUtilization"),
        ),
        (
            WORKER,
            json!({"deployment": {"rollback_alarms": {"messages_delayed": 5}}}),
            "cloudwatch:Alarm",
            "/Dimensions",
            json!([{"Name": "QueueName", "Value": "q"}]),
        ),
        (
            BACKEND,
            json!({}),
            service,
            "/networkConfiguration/awsvpcConfiguration",
            json!({"subnets": ["subnet-pub"], "securityGroups": ["sg-env"], "assignPublicIp": "ENABLED"}),
        ),
        (
            BACKEND,
            json!({"network": {"vpc": {"placement": {"subnets": ["s-1"]}, "security_groups": {"groups": ["sg-1", {"from_cfn": "stack-SG"}], "deny_default": true}}}}),
            service,
            "/networkConfiguration/awsvpcConfiguration",
            json!({"subnets": ["s-1"], "securityGroups": ["sg-1", "sg-x"], "assignPublicIp": "DISABLED"}),
        ),
        (
            BACKEND,
            json!({"network": {"connect": true}}),
            service,
            "/serviceConnectConfiguration/services/0/clientAliases",
            json!([{"port": 80, "dnsName": "web"}]),
        ),
        (
            WORKER,
            json!({"network": {"connect": true}}),
            service,
            "/serviceConnectConfiguration/services",
            json!(null),
        ),
        (
            WORKER,
            json!({"network": {"connect": true}}),
            service,
            "/serviceConnectConfiguration/enabled",
            json!(true),
        ),
        (
            WORKER,
            json!({}),
            service,
            "/serviceRegistries",
            json!(null),
        ),
        (
            BACKEND,
            json!({"image": {"port": null}}),
            service,
            "/serviceRegistries",
            json!(null),
        ),
        (
            BACKEND,
            json!({"tags": {"team": "a"}}),
            service,
            "/tags/3",
            json!({"key": "team", "value": "a"}),
        ),
        (
            WEB,
            json!({}),
            target,
            "!/settings/attributes",
            json!({"deregistration_delay.timeout_seconds": "60", "stickiness.enabled": "false"}),
        ),
        (WEB, json!({}), target, "/HealthCheckPath", json!("/")),
        (
            WEB,
            json!({}),
            service,
            "/healthCheckGracePeriodSeconds",
            json!(60),
        ),
        (
            WEB,
            json!({"http": {"healthcheck": "ok"}}),
            target,
            "/HealthCheckPath",
            json!("/ok"),
        ),
        (
            WEB,
            json!({"image": {"port": 443}}),
            target,
            "/Protocol",
            json!("HTTPS"),
        ),
        (
            WEB,
            json!({"image": {"port": 443}}),
            target,
            "/HealthCheckProtocol",
            json!("HTTPS"),
        ),
        (
            WEB,
            json!({"image": {"port": 443}, "http": {"healthcheck": {"port": 8080}}}),
            target,
            "/HealthCheckProtocol",
            json!("HTTP"),
        ),
        (
            WEB,
            json!({"http": {"healthcheck": {"port": 8080, "healthy_threshold": 3, "unhealthy_threshold": 4}}}),
            target,
            "/HealthCheckPort",
            json!("8080"),
        ),
        (
            WEB,
            json!({"http": {"version": "grpc", "healthcheck": {"success_codes": "0"}}}),
            target,
            "/ProtocolVersion",
            json!("GRPC"),
        ),
        (
            WEB,
            json!({"http": {"version": "grpc", "healthcheck": {"success_codes": "0"}}}),
            target,
            "/Matcher",
            json!({"GrpcCode": "0"}),
        ),
        (
            WEB,
            json!({"http": {"path": "api"}}),
            ":ListenerRule",
            "/Conditions/0/PathPatternConfig/Values",
            json!(["/api", "/api/*"]),
        ),
        (
            WEB,
            json!({"http": {"path": "api"}}),
            ":ListenerRule",
            "/Priority",
            json!(10),
        ),
        (
            WEB,
            json!({"http": {"alias": [{"name": "a.example.com"}], "allowed_source_ips": ["10.0.0.0/8"]}}),
            ":ListenerRule",
            "/Conditions/0/HostHeaderConfig/Values",
            json!(["a.example.com"]),
        ),
        (
            WEB,
            json!({"http": {"alias": "a.b, c.d", "allowed_source_ips": ["10.0.0.0/8"]}}),
            ":ListenerRule",
            "/Conditions/2",
            json!({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}),
        ),
        (
            WEB,
            json!({"http": {"target_container": "side"}, "sidecars": {"side": {"image": "x", "port": 8081}}}),
            service,
            "/loadBalancers/0/containerPort",
            json!(8081),
        ),
        (
            WEB,
            json!({"http": {"target_port": 9000}}),
            service,
            "/loadBalancers/0",
            json!({"targetGroupArn": "${elbv2:TargetGroup/shop-prod-web.arn}", "containerName": "web", "containerPort": 9000}),
        ),
        (
            WEB,
            json!({"http": {"additional_rules": [{"path": "admin", "target_port": 9000}]}}),
            ":TargetGroup#1",
            "/Name",
            json!("shop-prod-web-1"),
        ),
        (
            WEB,
            json!({"http": {"additional_rules": [{"path": "admin", "target_port": 9000}]}}),
            ":ListenerRule#1",
            "/Priority",
            json!(10),
        ),
        (
            BACKEND,
            json!({"http": {"path": "/"}}),
            ":ListenerRule",
            "/ListenerArn",
            json!("arn:private"),
        ),
        (
            WEB,
            json!({"http": false, "nlb": {"port": "443/tls", "target_port": 80}}),
            "elbv2:Listener",
            "",
            json!({
                "LoadBalancerArn": "arn:nlb", "Port": 443, "Protocol": "TLS",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": "${elbv2:TargetGroup/shop-prod-web-nlb.arn}"}],
                "Certificates": [{"CertificateArn": "arn:certificate"}],
                "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            }),
        ),
        (
            WEB,
            json!({"http": false, "nlb": {"port": "53/udp", "additional_listeners": [{"port": 80}]}}),
            ":TargetGroup",
            "/Protocol",
            json!("UDP"),
        ),
        (
            WEB,
            json!({"http": false, "nlb": {"port": "53/udp", "additional_listeners": [{"port": 80}]}}),
            "elbv2:Listener#1",
            "/Port",
            json!(80),
        ),
    ]);
}

#[test]
fn jobs_and_express_services() {
    let schedule = ":Schedule";
    assert_rows(vec![
        (
            JOB,
            json!({}),
            schedule,
            "/ScheduleExpression",
            json!("cron(0 0 * * ? *)"),
        ),
        (
            JOB,
            json!({}),
            schedule,
            "/Target/Arn",
            json!("arn:aws:ecs:eu-west-1:111122223333:cluster/c"),
        ),
        (
            JOB,
            json!({"retries": 2}),
            schedule,
            "/Target/Arn",
            json!("${states:StateMachine/shop-prod-web.arn}"),
        ),
        (
            JOB,
            json!({"retries": 2}),
            ":StateMachine",
            "!/settings/definition/TimeoutSeconds",
            json!(null),
        ),
        (
            JOB,
            json!({"timeout": "1h"}),
            ":StateMachine",
            "!/settings/definition/TimeoutSeconds",
            json!(3600),
        ),
        (
            JOB,
            json!({"timeout": "1h"}),
            ":StateMachine",
            "!/settings/definition/States/Run Fargate Task/Retry",
            json!(null),
        ),
        (
            JOB,
            json!({"on": {"schedule": "none"}}),
            schedule,
            "/State",
            json!("DISABLED"),
        ),
        (
            JOB,
            json!({"on": {"schedule": "@every 1h"}}),
            schedule,
            "/ScheduleExpression",
            json!("rate(60 minutes)"),
        ),
        (
            JOB,
            json!({"on": {"schedule": "rate(5 minutes)"}}),
            schedule,
            "/ScheduleExpression",
            json!("rate(5 minutes)"),
        ),
        (
            JOB,
            json!({"on": {"schedule": "0 0 1 * 1"}}),
            ":Schedule#1",
            "/Name",
            json!("shop-prod-web-dow"),
        ),
        (
            EXPRESS,
            json!({}),
            ":ExpressGatewayService",
            "/cpu",
            json!("1024"),
        ),
        (
            EXPRESS,
            json!({"http": {"healthcheck": {"path": "/ok"}}}),
            ":ExpressGatewayService",
            "/healthCheckPath",
            json!("/ok"),
        ),
        (
            EXPRESS,
            json!({"network": {"vpc": {"placement": "private"}}}),
            ":ExpressGatewayService",
            "/networkConfiguration/subnets",
            json!(["subnet-prv"]),
        ),
        (
            EXPRESS,
            json!({}),
            ":ExpressGatewayService",
            "/primaryContainer/containerPort",
            json!(80),
        ),
    ]);
}

#[test]
fn what_cannot_be_done_is_told() {
    let http = json!({"copilot": {"publicAlb": {"httpListenerArn": "arn:http"}}});
    for (kind, said, set, want) in [
        (WEB, json!({}), json!({}), vec![]),
        (WEB, json!({}), http, vec![]),
        (
            WEB,
            json!({"image": {"location": null, "build": "."}}),
            json!({}),
            vec!["ECS2020 image.build"],
        ),
        (
            WEB,
            json!({"image": {"location": null, "build": "."}, "name": "new"}),
            json!({}),
            vec!["ECS1014 image.build", "ECS2020 image.build"],
        ),
        (
            WEB,
            json!({"secrets": {"A": "a"}}),
            json!({}),
            vec!["ECS2022 secrets"],
        ),
        (
            WEB,
            json!({"publish": {"topics": [{"name": "a"}]}}),
            json!({}),
            vec!["ECS2021 publish"],
        ),
        (
            WORKER,
            json!({"subscribe": {"topics": []}}),
            json!({}),
            vec!["ECS2021 subscribe"],
        ),
        (
            WEB,
            json!({"deployment": {"rolling": "recreate"}}),
            json!({}),
            vec!["ECS2023 deployment.rolling"],
        ),
        (
            WEB,
            json!({"http": {"alias": "a.b"}}),
            json!({}),
            vec!["ECS2014 http.alias"],
        ),
        (
            WEB,
            json!({"http": {"redirect_to_https": true}}),
            json!({}),
            vec!["ECS1014 http.redirect_to_https"],
        ),
        (
            WEB,
            json!({"http": {"path": "a"}, "name": "new"}),
            json!({}),
            vec!["ECS1014 http.path"],
        ),
        (
            WEB,
            json!({"http": {"alb": "other"}}),
            json!({}),
            vec!["ECS1014 http.alb"],
        ),
        (
            WEB,
            json!({"nlb": {"port": 80}}),
            json!({"copilot": {"nlb": {"arn": null}}}),
            vec!["ECS1014 nlb"],
        ),
        (WEB, json!({"http": false}), json!({}), vec!["ECS1018 http"]),
        (WEB, json!({"cpu": 300}), json!({}), vec!["ECS1008 cpu"]),
        (
            WEB,
            json!({"memory": 300}),
            json!({}),
            vec!["ECS1008 memory"],
        ),
        (
            WEB,
            json!({"count": {"range": "5-1"}}),
            json!({}),
            vec!["ECS1018 count.range"],
        ),
        (
            WEB,
            json!({"count": {"range": "1-5"}}),
            json!({}),
            vec!["ECS1018 count"],
        ),
        (
            WEB,
            json!({"network": {"vpc": {"placement": {"subnets": {"from_tags": {"a": "b"}}}}}}),
            json!({}),
            vec!["ECS1014 network.vpc.placement.subnets.from_tags"],
        ),
        (
            WEB,
            json!({"storage": {"volumes": {"v": {"path": "/v", "efs": true}}}}),
            json!({}),
            vec!["ECS1014 storage.volumes.v.efs"],
        ),
        (
            WEB,
            json!({"variables": {"A.b": {"from_cfn": "nope"}}}),
            json!({}),
            vec!["ECS1014 variables['A.b'].from_cfn"],
        ),
        (
            WEB,
            json!({"env_file": "x", "name": "new", "http": {"path": "/"}}),
            json!({}),
            vec!["ECS1014 env_file"],
        ),
        (
            WEB,
            json!({"taskdef_overrides": [{"path": "Family", "value": "x"}]}),
            json!({}),
            vec!["ECS1018 taskdef_overrides[0].path"],
        ),
        (WEB, json!({"colour": 1}), json!({}), vec!["ECS2014 colour"]),
        (
            WEB,
            json!({"sidecars": {"s": {"image": "x", "mount_points": [{"source_volume": "v", "path": "/v"}]}}}),
            json!({}),
            vec!["ECS1010 sidecars.s.mount_points[0].source_volume"],
        ),
        (
            JOB,
            json!({"on": {"schedule": "0 0 1 * 1"}}),
            json!({}),
            vec!["ECS2017 on.schedule"],
        ),
        (
            JOB,
            json!({"on": {"schedule": "never"}}),
            json!({}),
            vec!["ECS1011 on.schedule"],
        ),
        (
            JOB,
            json!({"retries": 1, "timeout": "1m"}),
            json!({"copilot": {"jobRunner": "scheduler"}}),
            vec!["ECS2012 retries", "ECS2012 timeout"],
        ),
        (
            JOB,
            json!({"retries": 1, "name": "new"}),
            json!({}),
            vec!["ECS1014 on.schedule"],
        ),
        (
            EXPRESS,
            json!({"count": "high"}),
            json!({}),
            vec!["ECS2014 count", "ECS2014 type"],
        ),
        ("Static Site", json!({}), json!({}), vec!["ECS1001 type"]),
        ("Else", json!({}), json!({}), vec!["ECS1001 type"]),
        (
            WEB,
            json!({"deployment": {"rolling": "recreate"}}),
            json!({"allow": [{"code": "ECS2023"}]}),
            vec![],
        ),
    ] {
        let document = run(kind, &said, &set);
        assert_eq!(findings(&document), want, "{kind} {said}");
        let is_error = want.iter().any(|it| it.starts_with("ECS1"));
        assert_eq!(document.resources.is_empty(), is_error, "{kind} {said}");
    }
}

#[test]
fn one_workload_with_an_error_stops_all() {
    let good = run(WEB, &json!({}), &json!({}));
    let bad = run(WEB, &json!({"cpu": 1}), &json!({}));
    assert!(join(vec![good.clone(), bad]).resources.is_empty());
    let twice = join(vec![good.clone(), good.clone()]);
    assert_eq!(twice.resources.len(), 2 * good.resources.len());
}

#[test]
fn a_redirect_goes_with_every_rule_of_a_listener_with_tls() {
    let set = json!({"copilot": {"publicAlb": {"httpListenerArn": "arn:http"}}});
    let names = |said: Value| {
        let document = run(WEB, &said, &set);
        let rules = document
            .resources
            .into_iter()
            .filter(|it| it.kind == "elbv2:ListenerRule");
        rules.map(|it| it.name).collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})), ["web-0", "web-0-redirect"]);
    assert_eq!(
        names(json!({"http": {"redirect_to_https": false}})),
        ["web-0", "web-0-http"]
    );
}

#[test]
fn manifests_are_converted_with_other_objects() {
    let config = Config::from_json(settings()).unwrap();
    let mut broken = manifest(WEB);
    broken["name"] = "a".into();
    broken["image"]["location"] = "x:${NOPE}".into();
    let run = |objects: &[Value]| {
        super::super::convert(&super::super::Input {
            objects,
            config: &config,
            release: "r",
            namespace: "default",
            today: None,
        })
    };
    let mut job = manifest(JOB);
    job["name"] = "a".into();
    let document = run(&[job, manifest(WEB)]);
    let of_task = |it: &&super::super::desired::Resource| it.kind == "ecs:TaskDefinition";
    let names: Vec<&str> = document
        .resources
        .iter()
        .filter(of_task)
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["web", "a"]);
    assert_eq!(findings(&run(&[broken, manifest(WEB)])), ["ECS1010 "]);
}

#[test]
fn manifests_are_told_from_other_documents() {
    assert!(is_manifest(&manifest(WEB)));
    assert!(!is_manifest(&json!({"name": "x", "type": "application"})));
    assert!(!is_manifest(
        &json!({"apiVersion": "v1", "kind": "Service", "name": "x", "type": WEB})
    ));
}
