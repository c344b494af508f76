//! A folder with a chart of native documents and a `pintle.yaml`, and a program that takes a fake for
//! Amazon.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::amazon::room::fake::Fake;
use crate::outcome::Outcome;

/// Several services, a load balancer, a scaler, a schedule, a rule over events, a name in DNS.
const TEMPLATE: &str = r#"
{{- range $name, $it := .Values.services }}
---
apiVersion: ecs.pintle.dev/v1
kind: LogGroup
metadata: {name: {{ $name }}}
logGroupName: /ecs/shop/{{ $name }}
retentionInDays: 7
---
apiVersion: ecs.pintle.dev/v1
kind: TaskDefinition
metadata: {name: {{ $name }}}
spec:
  family: shop-{{ $name }}
  networkMode: awsvpc
  requiresCompatibilities: [FARGATE]
  cpu: "256"
  memory: "512"
  containerDefinitions:
    - name: {{ $name }}
      image: {{ $it.image }}
      portMappings: [{containerPort: 8080}]
      environment: [{name: COLOR, value: {{ $.Values.color | quote }}}]
      logConfiguration:
        logDriver: awslogs
        options: {awslogs-group: /ecs/shop/{{ $name }}, awslogs-region: eu-west-1, awslogs-stream-prefix: {{ $name }}}
---
apiVersion: ecs.pintle.dev/v1
kind: Service
metadata: {name: {{ $name }}}
spec:
  {{- if $.Values.scaled }}
  createOnly: [desiredCount]
  {{- end }}
  cluster: {{ $.Values.cluster }}
  serviceName: {{ $name }}
  taskDefinition: ${ecs:TaskDefinition/{{ $name }}.arn}
  desiredCount: {{ $it.count }}
  launchType: {{ $.Values.launchType }}
  deploymentConfiguration:
    maximumPercent: 200
    minimumHealthyPercent: 100
    {{- if $.Values.breaker }}
    deploymentCircuitBreaker: {enable: true, rollback: true}
    {{- end }}
  networkConfiguration:
    awsvpcConfiguration: {subnets: [{{ $.Values.subnets | join ", " }}], securityGroups: [{{ $.Values.group }}]}
  {{- if and (eq $name "web") $.Values.balanced }}
  loadBalancers:
    - {targetGroupArn: "${elbv2:TargetGroup/shop-web.arn}", containerName: web, containerPort: 8080}
  {{- end }}
  tags: [{key: team, value: {{ $.Values.team }}}]
{{- end }}
{{- if .Values.balanced }}
---
apiVersion: ecs.pintle.dev/v1
kind: TargetGroup
metadata: {name: shop-web}
spec: {Name: shop-web, Protocol: HTTP, Port: 8080, VpcId: {{ .Values.vpc }}, TargetType: ip, HealthCheckPath: {{ .Values.health }}}
---
apiVersion: ecs.pintle.dev/v1
kind: ListenerRule
metadata: {name: web}
spec:
  ListenerArn: {{ .Values.listener }}
  Priority: {{ .Values.priority }}
  Conditions: [{Field: host-header, HostHeaderConfig: {Values: [shop.example.com]}}]
  Actions: [{Type: forward, TargetGroupArn: "${elbv2:TargetGroup/shop-web.arn}"}]
{{- end }}
{{- if .Values.scaled }}
---
apiVersion: ecs.pintle.dev/v1
kind: ScalableTarget
metadata: {name: web}
spec: {ServiceNamespace: ecs, ResourceId: service/shop/web, ScalableDimension: "ecs:service:DesiredCount", MinCapacity: 1, MaxCapacity: {{ .Values.most }}}
---
apiVersion: ecs.pintle.dev/v1
kind: ScalingPolicy
metadata: {name: web-cpu}
spec:
  PolicyName: web-cpu
  ServiceNamespace: ecs
  ResourceId: service/shop/web
  ScalableDimension: ecs:service:DesiredCount
  PolicyType: TargetTrackingScaling
  TargetTrackingScalingPolicyConfiguration:
    TargetValue: 36.0
    PredefinedMetricSpecification: {PredefinedMetricType: ECSServiceAverageCPUUtilization}
{{- end }}
{{- if .Values.nightly }}
---
apiVersion: ecs.pintle.dev/v1
kind: Schedule
metadata: {name: shop-nightly}
spec:
  Name: shop-nightly
  ScheduleExpression: {{ .Values.nightly | quote }}
  FlexibleTimeWindow: {Mode: "OFF"}
  Target:
    Arn: arn:aws:ecs:eu-west-1:111122223333:cluster/shop
    RoleArn: arn:aws:iam::111122223333:role/scheduler
    EcsParameters: {TaskDefinitionArn: "${ecs:TaskDefinition/worker.arn}", LaunchType: FARGATE}
---
apiVersion: ecs.pintle.dev/v1
kind: EventRule
metadata: {name: shop-uploads}
spec:
  Name: shop-uploads
  EventPattern: '{"source": ["aws.s3"]}'
  Targets:
    - Id: worker
      Arn: arn:aws:ecs:eu-west-1:111122223333:cluster/shop
      RoleArn: arn:aws:iam::111122223333:role/events
      EcsParameters: {TaskDefinitionArn: "${ecs:TaskDefinition/worker.arn}", LaunchType: FARGATE}
---
apiVersion: ecs.pintle.dev/v1
kind: DiscoveryService
metadata: {name: worker}
spec: {Name: worker, NamespaceId: ns-shop, DnsConfig: {DnsRecords: [{Type: A, TTL: 10}]}}
{{- end }}
{{- with .Values.job }}
---
apiVersion: ecs.pintle.dev/v1
kind: TaskDefinition
metadata: {name: job}
spec:
  family: shop-job
  containerDefinitions:
    - name: job
      image: {{ .image }}
      memory: 128
      logConfiguration:
        logDriver: awslogs
        options: {awslogs-group: /ecs/shop/job, awslogs-region: eu-west-1, awslogs-stream-prefix: job}
---
apiVersion: ecs.pintle.dev/v1
kind: RunTask
metadata:
  name: job
  {{- with .event }}
  annotations: {helm.sh/hook: {{ . | quote }}}
  {{- end }}
spec: {cluster: shop, taskDefinition: "${ecs:TaskDefinition/job.arn}", count: 1, retries: {{ .retries }}}
{{- end }}
"#;

const VALUES: &str = "
services:
  web: {image: 'nginx:1', count: 2}
  worker: {image: 'busybox:1', count: 1}
cluster: shop
color: red
team: a
launchType: FARGATE
subnets: [subnet-1, subnet-2]
group: sg-1
vpc: vpc-1
breaker: true
balanced: true
health: /ready
listener: arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2
priority: 10
scaled: true
most: 4
nightly: cron(30 2 ? * 2-6 *)
job:
";

/// A folder to work in, and what is taken for Amazon.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    url: String,
}

impl Stage {
    pub(super) fn at(url: &str) -> Stage {
        let stage = Stage {
            folder: tempfile::tempdir().expect("a folder"),
            url: url.to_owned(),
        };
        stage.write(
            "shop/Chart.yaml",
            "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
        );
        stage.write("shop/templates/all.yaml", TEMPLATE);
        stage.write("shop/templates/NOTES.txt", "It is there.\n");
        stage.write("shop/values.yaml", VALUES);
        fs::create_dir(stage.path("state")).expect("a folder");
        stage.configure("state: file:state");
        stage
    }

    pub(super) fn of(fake: &Fake) -> Stage {
        Stage::at(&fake.url())
    }

    /// What `pintle.yaml` says of ECS, a line each.
    pub(super) fn configure(&self, lines: &str) {
        let lines: Vec<String> = lines.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!(
            "target: ecs:shop\necs:\n  region: eu-west-1\n{}",
            lines.concat()
        );
        self.write("pintle.yaml", &text);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(super) fn run(&self, line: &str) -> Outcome {
        self.run_with(line, &[])
    }

    /// Runs the program with words behind `--`.
    pub(super) fn run_behind(
        &self,
        line: &str,
        words: &[&str],
        variables: &[(&str, &str)],
    ) -> Outcome {
        let all = [&["--"], words].concat();
        self.start(line, &all, variables)
    }

    /// Runs the program with variables of its own.
    pub(super) fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> Outcome {
        self.start(line, &[], variables)
    }

    fn start(&self, line: &str, behind: &[&str], variables: &[(&str, &str)]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pintle"));
        let is_polling = [
            "install",
            "upgrade",
            "rollback",
            "uninstall",
            "test",
            "apply",
            "status",
            "diff",
        ];
        let first = line.split(' ').next().unwrap_or_default();
        command
            .args(line.split(' '))
            .args(["--endpoint-url", &self.url]);
        if is_polling.contains(&first) {
            command.args(["--poll-interval", "5ms"]);
        }
        let output = command
            .args(behind)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", "/dev/null")
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .envs(variables.iter().copied())
            .output();
        output.expect("the program").into()
    }
}
