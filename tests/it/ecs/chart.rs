//! A chart of Kubernetes objects on ECS.

use serde_json::Value;

use super::stage::Stage;
use crate::amazon::room::fake::{Exit, Fake};

const OBJECTS: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {COLOR: {{ .Values.color | quote }}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:{{ .Values.tag }}
          ports: [{name: http, containerPort: 8080}]
          envFrom: [{configMapRef: {name: settings}}]
          resources: {requests: {cpu: 200m, memory: 256Mi}, limits: {memory: 256Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 6
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
  {{- if .Values.kept }}
  annotations: {helm.sh/resource-policy: keep}
  {{- end }}
spec:
  schedule: "30 2 * * 1-5"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: "report:1", envFrom: [{configMapRef: {name: settings}}]}]
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-5"}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "migrate:1", envFrom: [{configMapRef: {name: settings}}]}]
"#;

const CONFIG: &str = "
state: file:state
account: '111122223333'
launchType: FARGATE
network: {subnets: [subnet-1, subnet-2], securityGroups: [sg-1], assignPublicIp: SWITCH}
executionRoleArn: arn:aws:iam::111122223333:role/execution
schedulerRoleArn: arn:aws:iam::111122223333:role/scheduler
logs: {driver: awslogs, group: '/ecs/{cluster}/{name}', manageGroup: true, retentionDays: 7}
serviceConnect: {namespace: shop.local, clients: auto}
ingress: {mode: managed, vpcId: vpc-1, listenerArn: 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2', priorityBand: [100, 200]}
";

fn new() -> (Fake, Stage) {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    stage.write("shop/templates/all.yaml", OBJECTS);
    stage.write("shop/values.yaml", "color: red\ntag: '1'\nkept: false\n");
    stage.configure(CONFIG.replace("SWITCH", "false").trim());
    (fake, stage)
}

fn web(fake: &Fake) -> Value {
    fake.with(|state| state.services["shop/web"].clone())
}

#[test]
fn a_chart_of_kubernetes_objects_lives_on_ecs() {
    let (fake, stage) = new();
    let said = stage.run("upgrade shop ./shop --install -n live").success();
    assert!(said.contains("URLS:\nhttps://shop.example.com\n"), "{said}");
    assert_eq!(fake.inputs("RunTask").len(), 1);
    let count = fake.with(|state| {
        (
            state.services.len(),
            state.rules.len(),
            state.schedules.len(),
        )
    });
    assert_eq!(count, (1, 1, 1));

    fake.forget();
    let said = stage.run("upgrade shop ./shop -n live").success();
    assert!(said.contains("is unchanged"), "{said}");
    assert_eq!(fake.changes(), Vec::<String>::new());

    // Another image is another revision of one family; the hook runs again.
    fake.forget();
    let first = web(&fake)["taskDefinition"].clone();
    stage
        .run("upgrade shop ./shop -n live --set tag=2")
        .success();
    assert_eq!(
        fake.changes(),
        ["RunTask", "RegisterTaskDefinition", "UpdateService"]
    );

    // What was recorded comes back, whatever the configuration says by now.
    stage.configure(CONFIG.replace("SWITCH", "true").trim());
    stage.run("rollback shop 1 -n live").success();
    assert_eq!(web(&fake)["taskDefinition"], first);
    let network = &web(&fake)["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["assignPublicIp"], "DISABLED");
    fake.forget();
    stage.run("upgrade shop ./shop -n live").success();
    assert!(fake.changes().contains(&"UpdateService".to_owned()));
    let network = &web(&fake)["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["assignPublicIp"], "ENABLED");
    stage.run("uninstall shop -n live").success();
}

#[test]
fn what_wants_to_stay_stays() {
    let (fake, stage) = new();
    stage
        .run("install shop ./shop -n live --set kept=true")
        .success();
    let said = stage.run("uninstall shop -n live").success();
    assert!(said.contains("[CronJob] report"), "{said}");
    fake.with(|state| {
        assert_eq!(state.schedules.len(), 1);
        let kept = |name: &str| {
            let found = state
                .definitions
                .iter()
                .filter(|(it, _)| it.starts_with(name));
            found.filter(|(_, it)| it["status"] == "ACTIVE").count()
        };
        assert_eq!((kept("shop-report:"), kept("shop-web:")), (1, 0));
    });
}

#[test]
fn all_that_cannot_be_said_is_one_error_before_anything_changes() {
    let (fake, stage) = new();
    stage.write(
        "shop/templates/more.yaml",
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {template: {spec: {containers: [{name: db, image: db}]}}}\n---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
    );
    let said = stage.run("install shop ./shop -n live").failure();
    assert!(
        said.contains("ECS1002") && said.contains("ECS1001"),
        "{said}"
    );
    assert_eq!(fake.changes(), Vec::<String>::new());
}

#[test]
fn a_hook_that_fails_tells_what_it_wrote() {
    let (fake, stage) = new();
    fake.exit(
        "shop-migrate",
        Exit {
            code: Some(1),
            lines: vec!["relation exists".to_owned()],
            ..Exit::default()
        },
    );
    let said = stage.run("install shop ./shop -n live").failure();
    assert!(said.contains("failed pre-install"), "{said}");
    assert!(said.contains("relation exists"), "{said}");
    assert!(!fake.changes().contains(&"CreateService".to_owned()));
}
