//! Rules of the translation of Services, Ingresses, routes and autoscalers.

use serde_json::{Value, json};

use crate::rule::{DEFINITION, ORDER, Rule, SERVICE, deployment, rule};

const READY: &str = "ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5, timeoutSeconds: 2, successThreshold: 2, failureThreshold: 2}";

fn service(annotations: &str, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Service, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{selector: {{app: web}}, {spec}}}}}\n"
    )
}

/// A Deployment, its Service and an Ingress with these members.
fn ingress(annotations: &str, rules: &str) -> String {
    format!(
        "{}{}---\n{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{rules: [{rules}]}}}}\n",
        deployment("", "", "", READY),
        service("", "ports: [{name: http, port: 80, targetPort: http}]")
    )
}

fn path(path: &str, kind: &str) -> String {
    format!(
        "{{path: {path}, pathType: {kind}, backend: {{service: {{name: web, port: {{name: http}}}}}}}}"
    )
}

fn route(kind: &str, spec: &str) -> String {
    format!(
        "{}{}---\n{{apiVersion: gateway.networking.k8s.io/v1, kind: {kind}, metadata: {{name: web, annotations: {{alb.ingress.kubernetes.io/group.order: '20'}}}}, spec: {{{spec}}}}}\n",
        deployment("", "", "", READY),
        service("", "ports: [{name: http, port: 80, targetPort: http}]")
    )
}

fn hpa(spec: &str) -> String {
    format!(
        "{}---\n{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: web, annotations: {{ecs.pintle.dev/metric.jobs: 'sqs:jobs', ecs.pintle.dev/metric.rps: '{{\"Namespace\": \"App\", \"MetricName\": \"Rps\", \"Statistic\": \"Average\"}}'}}}}, spec: {{scaleTargetRef: {{kind: Deployment, name: web}}, minReplicas: 2, maxReplicas: 4, {spec}}}}}\n",
        deployment(
            "",
            "",
            "",
            "resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 512Mi}}"
        )
    )
}

fn keda(spec: &str) -> String {
    format!(
        "{}---\n{{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {{name: web}}, spec: {{scaleTargetRef: {{name: web}}, minReplicaCount: 1, maxReplicaCount: 8, triggers: [{spec}]}}}}\n",
        deployment(
            "",
            "",
            "",
            "resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 512Mi}}"
        )
    )
}

pub(crate) fn rules() -> Vec<Rule> {
    let mut all = ingresses();
    all.extend(routes());
    all.extend(services());
    all.extend(scalers());
    all
}

fn ingresses() -> Vec<Rule> {
    let order = "alb.ingress.kubernetes.io/group.order: '20'";
    let action = |json: &str| {
        format!(
            "alb.ingress.kubernetes.io/group.order: '20', alb.ingress.kubernetes.io/actions.go: '{json}'"
        )
    };
    let go = "{http: {paths: [{path: /old, pathType: Exact, backend: {service: {name: go, port: {name: use-annotation}}}}]}}";
    vec![
        rule(
            "a group counts on",
            ingress(order, &format!("{{host: a.b, http: {{paths: [{}, {}]}}}}", path("/x", "Exact"), path("/", "Prefix"))),
            &["ECS2009"],
            vec![
                ("elbv2:ListenerRule/web-0-0", "/Priority", json!(20)),
                ("elbv2:ListenerRule/web-0-0", "/Conditions/1/PathPatternConfig/Values", json!(["/x"])),
                ("elbv2:ListenerRule/web-0-1", "/Priority", json!(21)),
                ("elbv2:ListenerRule/web-0-1", "/Conditions/1/PathPatternConfig/Values", json!(["/*"])),
                ("elbv2:TargetGroup/prod-web-http", "/HealthCheckPath", json!("/ready")),
            ],
        ),
        rule(
            "specific paths come first",
            ingress("", &format!("{{http: {{paths: [{}]}}}}, {{host: a.b, http: {{paths: [{}, {}, {}]}}}}", path("/longest/of/all", "Prefix"), path("/a", "Prefix"), path("/a/b", "Prefix"), path("/", "Exact"))),
            &["ECS2009"],
            vec![
                ("elbv2:ListenerRule/web-1-2", "/Priority", json!(100)),
                ("elbv2:ListenerRule/web-1-1", "/Priority", json!(101)),
                ("elbv2:ListenerRule/web-1-0", "/Priority", json!(102)),
                ("elbv2:ListenerRule/web-0-0", "/Priority", json!(103)),
            ],
        )
        .over(json!({"ingress": {"priorityBand": [100, 199]}})),
        rule(
            "attach",
            ingress("ecs.pintle.dev/target-group-arn: 'arn:x'", &format!("{{http: {{paths: [{}]}}}}", path("/", "Prefix"))),
            &["ECS2003 spec.template.spec.containers[0].readinessProbe", "ECS2009"],
            vec![
                (SERVICE, "/loadBalancers", json!([{"targetGroupArn": "arn:x", "containerName": "web", "containerPort": 8080}])),
                ("elbv2:ListenerRule/web-0-0", "", Value::Null),
            ],
        )
        .over(json!({"ingress": {"mode": "attach"}})),
        rule(
            "gateway",
            ingress("", &format!("{{http: {{paths: [{}]}}}}", path("/", "Prefix"))),
            &["ECS2009"],
            vec![(
                SERVICE,
                "/gatewayConnectors",
                json!([{"portName": "http", "healthCheck": {"healthCheckProtocol": "HTTP", "healthCheckPath": "/ready", "matcher": {"httpCode": "200-399"}, "healthCheckIntervalSeconds": 5, "healthCheckTimeoutSeconds": 2, "healthyThresholdCount": 2, "unhealthyThresholdCount": 2}}]),
            )],
        )
        .over(json!({"ingress": {"mode": "gateway"}})),
        rule(
            "annotations of the balancer and of another controller",
            ingress("alb.ingress.kubernetes.io/scheme: internal, nginx.ingress.kubernetes.io/rewrite-target: /, alb.ingress.kubernetes.io/group.order: '20', alb.ingress.kubernetes.io/healthcheck-path: /h, alb.ingress.kubernetes.io/healthcheck-interval-seconds: '20', alb.ingress.kubernetes.io/success-codes: '200', alb.ingress.kubernetes.io/backend-protocol: HTTPS, alb.ingress.kubernetes.io/backend-protocol-version: HTTP2, alb.ingress.kubernetes.io/target-group-attributes: 'deregistration_delay.timeout_seconds=30,stickiness.enabled=true'", &format!("{{http: {{paths: [{}]}}}}", path("/", "Prefix"))),
            &[
                "ECS2009",
                "ECS2014 metadata.annotations['alb.ingress.kubernetes.io/scheme']",
                "ECS2014 metadata.annotations['nginx.ingress.kubernetes.io/rewrite-target']",
            ],
            vec![
                ("elbv2:TargetGroup/prod-web-http", "/HealthCheckPath", json!("/h")),
                ("elbv2:TargetGroup/prod-web-http", "/HealthCheckIntervalSeconds", json!(20)),
                ("elbv2:TargetGroup/prod-web-http", "/Matcher/HttpCode", json!("200")),
                ("elbv2:TargetGroup/prod-web-http", "/Protocol", json!("HTTPS")),
                ("elbv2:TargetGroup/prod-web-http", "/ProtocolVersion", json!("HTTP2")),
                ("elbv2:TargetGroup/prod-web-http", "settings/attributes", json!({"deregistration_delay.timeout_seconds": "30", "stickiness.enabled": "true"})),
            ],
        ),
        rule(
            "conditions in their order",
            ingress("alb.ingress.kubernetes.io/group.order: '20', alb.ingress.kubernetes.io/conditions.web: '[{\"field\": \"source-ip\", \"sourceIpConfig\": {\"values\": [\"10.0.0.0/8\"]}}, {\"field\": \"http-header\", \"httpHeaderConfig\": {\"httpHeaderName\": \"X\", \"values\": [\"1\"]}}]'", &format!("{{host: a.b, http: {{paths: [{}]}}}}", path("/", "Prefix"))),
            &["ECS2009"],
            vec![(
                "elbv2:ListenerRule/web-0-0",
                "/Conditions",
                json!([
                    {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b"]}},
                    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}},
                    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}},
                    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
                ]),
            )],
        ),
        rule(
            "more values than a rule takes",
            ingress("alb.ingress.kubernetes.io/group.order: '20', alb.ingress.kubernetes.io/conditions.web: '[{\"field\": \"source-ip\", \"sourceIpConfig\": {\"values\": [\"1.0.0.0/8\", \"2.0.0.0/8\", \"3.0.0.0/8\"]}}]'", &format!("{{host: a.b, http: {{paths: [{}]}}}}", path("/x", "Prefix"))),
            &["ECS2009"],
            vec![
                ("elbv2:ListenerRule/web-0-0-0", "/Conditions/2/SourceIpConfig/Values", json!(["1.0.0.0/8", "2.0.0.0/8"])),
                ("elbv2:ListenerRule/web-0-0-0", "/Priority", json!(20)),
                ("elbv2:ListenerRule/web-0-0-1", "/Conditions/2/SourceIpConfig/Values", json!(["3.0.0.0/8"])),
                ("elbv2:ListenerRule/web-0-0-1", "/Priority", json!(21)),
                ("elbv2:ListenerRule/web-0-0-1", "/Conditions/1/PathPatternConfig/Values", json!(["/x", "/x/*"])),
            ],
        ),
        rule(
            "a redirect",
            ingress(&action("{\"type\": \"redirect\", \"redirectConfig\": {\"protocol\": \"HTTPS\", \"port\": \"443\", \"statusCode\": \"HTTP_301\"}}"), go),
            &["ECS2003 spec.template.spec.containers[0].readinessProbe", "ECS2009"],
            vec![("elbv2:ListenerRule/web-0-0", "/Actions", json!([{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]))],
        ),
        rule(
            "a fixed response",
            ingress(&action("{\"type\": \"fixed-response\", \"fixedResponseConfig\": {\"contentType\": \"text/plain\", \"statusCode\": \"503\", \"messageBody\": \"gone\"}}"), go),
            &["ECS2003 spec.template.spec.containers[0].readinessProbe", "ECS2009"],
            vec![("elbv2:ListenerRule/web-0-0", "/Actions/0/FixedResponseConfig", json!({"ContentType": "text/plain", "StatusCode": "503", "MessageBody": "gone"}))],
        ),
        rule(
            "a weighted forward",
            ingress(&action("{\"type\": \"forward\", \"forwardConfig\": {\"targetGroups\": [{\"serviceName\": \"web\", \"servicePort\": \"http\", \"weight\": 90}, {\"targetGroupARN\": \"arn:other\", \"weight\": 10}]}}"), go),
            &["ECS2009"],
            vec![("elbv2:ListenerRule/web-0-0", "/Actions/0", json!({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "${elbv2:TargetGroup/prod-web-http.arn}", "Weight": 90}, {"TargetGroupArn": "arn:other", "Weight": 10}]}}))],
        ),
        rule(
            "nothing is probed twice",
            ingress(order, &format!("{{http: {{paths: [{}]}}}}", path("/", "Prefix"))).replacen("readinessProbe:", "livenessProbe: {httpGet: {path: /live, port: http}}, readinessProbe:", 1),
            &["ECS2009"],
            vec![(DEFINITION, "/containerDefinitions/0/healthCheck", Value::Null)],
        )
        .over(json!({"httpProbe": "auto"})),
    ]
}

fn routes() -> Vec<Rule> {
    vec![
        rule(
            "HTTPRoute",
            route(
                "HTTPRoute",
                "hostnames: [a.b], rules: [{matches: [{path: {type: PathPrefix, value: /api}, headers: [{name: X, value: '1'}], queryParams: [{name: q, value: v}]}], backendRefs: [{name: web, port: 80}]}]",
            ),
            &["ECS2009"],
            vec![
                ("elbv2:ListenerRule/web-0-0", "/Priority", json!(20)),
                (
                    "elbv2:ListenerRule/web-0-0",
                    "/Conditions",
                    json!([
                        {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b"]}},
                        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api", "/api/*"]}},
                        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}},
                        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "q", "Value": "v"}]}},
                    ]),
                ),
                (
                    "elbv2:ListenerRule/web-0-0",
                    "/Actions",
                    json!([{"Type": "forward", "TargetGroupArn": "${elbv2:TargetGroup/prod-web-http.arn}"}]),
                ),
            ],
        ),
        rule(
            "many hosts of a route",
            route(
                "HTTPRoute",
                "hostnames: [a, b, c, d], rules: [{matches: [{path: {value: /api}}], backendRefs: [{name: web, port: 80}]}]",
            ),
            &["ECS2009"],
            vec![
                (
                    "elbv2:ListenerRule/web-0-0-0",
                    "/Conditions/0/HostHeaderConfig/Values",
                    json!(["a", "b", "c"]),
                ),
                (
                    "elbv2:ListenerRule/web-0-0-1",
                    "/Conditions/0/HostHeaderConfig/Values",
                    json!(["d"]),
                ),
            ],
        ),
        rule(
            "GRPCRoute",
            route(
                "GRPCRoute",
                "rules: [{matches: [{method: {service: a.B, method: C}}], backendRefs: [{name: web, port: 80}]}]",
            ),
            &["ECS2009"],
            vec![
                (
                    "elbv2:ListenerRule/web-0-0",
                    "/Conditions/0/PathPatternConfig/Values",
                    json!(["/a.B/C"]),
                ),
                (
                    "elbv2:TargetGroup/prod-web-http",
                    "/ProtocolVersion",
                    json!("GRPC"),
                ),
            ],
        ),
    ]
}

fn services() -> Vec<Rule> {
    let balanced = |annotations: &str, spec: &str| {
        format!(
            "{}{}",
            deployment("", "", "", READY),
            service(annotations, &format!("type: LoadBalancer, {spec}"))
        )
    };
    let nlb = json!({"nlb": {"arn": "arn:nlb"}});
    let port = "ports: [{name: http, port: 80, targetPort: http}]";
    vec![
        rule(
            "a network load balancer",
            balanced("", &format!("sessionAffinity: ClientIP, {port}")),
            &["ECS2009"],
            vec![
                ("elbv2:TargetGroup/prod-web-http", "", json!({"Name": "prod-web-http", "Protocol": "TCP", "Port": 8080, "TargetType": "ip", "VpcId": "vpc-0a", "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/ready", "Matcher": {"HttpCode": "200-399"}, "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2})),
                ("elbv2:TargetGroup/prod-web-http", "settings/attributes", json!({"stickiness.enabled": "true", "stickiness.type": "source_ip"})),
                ("elbv2:Listener/prod-web-http", "", json!({"LoadBalancerArn": "arn:nlb", "Port": 80, "Protocol": "TCP", "DefaultActions": [{"Type": "forward", "TargetGroupArn": "${elbv2:TargetGroup/prod-web-http.arn}"}]})),
                (SERVICE, "/loadBalancers/0/containerPort", json!(8080)),
            ],
        )
        .over(nlb.clone()),
        rule(
            "annotations of a network load balancer",
            balanced("service.beta.kubernetes.io/aws-load-balancer-ssl-cert: 'arn:c', service.beta.kubernetes.io/aws-load-balancer-scheme: internal, service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: '*', service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: tcp", &format!("loadBalancerSourceRanges: [10.0.0.0/8], {port}")),
            &[
                "ECS2009",
                "ECS2014 metadata.annotations['service.beta.kubernetes.io/aws-load-balancer-scheme']",
                "ECS2014 spec.loadBalancerSourceRanges",
            ],
            vec![
                ("elbv2:Listener/prod-web-http", "/Protocol", json!("TLS")),
                ("elbv2:Listener/prod-web-http", "/Certificates", json!([{"CertificateArn": "arn:c"}])),
                ("elbv2:TargetGroup/prod-web-http", "/HealthCheckProtocol", json!("TCP")),
                ("elbv2:TargetGroup/prod-web-http", "settings/attributes", json!({"proxy_protocol_v2.enabled": "true"})),
            ],
        )
        .over(nlb.clone()),
        rule(
            "UDP of a load balancer",
            balanced("", "ports: [{name: dns, port: 53, targetPort: 5353, protocol: UDP}]"),
            &[],
            vec![("elbv2:Listener/prod-web-dns", "/Protocol", json!("UDP"))],
        )
        .over(nlb),
        rule(
            "both ways to find a service",
            format!("{}{}", deployment("", "", "", "ports: [{name: http, containerPort: 8080}]"), service("ecs.pintle.dev/discovery: both", port)),
            &["ECS2009"],
            vec![
                (SERVICE, "/serviceRegistries/0/registryArn", json!("${servicediscovery:Service/web.arn}")),
                (SERVICE, "/serviceConnectConfiguration/services/0/portName", json!("http")),
                (ORDER, "", json!(["logs:LogGroup/web", "servicediscovery:Service/web", "ecs:TaskDefinition/web", "ecs:Service/web"])),
            ],
        )
        .over(json!({"cloudMap": {"namespaceId": "ns-1"}})),
        rule(
            "who calls comes later",
            format!(
                "{}{}---\n{}",
                deployment("", "", "", "ports: [{name: http, containerPort: 8080}]"),
                service("", port),
                deployment("", "", "", "env: [{name: URL, value: 'http://web.default.svc.cluster.local/x'}]").replace("name: web, annotations", "name: a, annotations").replace("app: web", "app: a")
            ),
            &[],
            vec![
                ("ecs:Service/a", "/serviceConnectConfiguration", json!({"enabled": true, "namespace": "prod.local"})),
                ("ecs:TaskDefinition/a", "/containerDefinitions/0/environment/0/value", json!("http://web/x")),
                (ORDER, "", json!(["logs:LogGroup/web", "ecs:TaskDefinition/web", "ecs:Service/web", "logs:LogGroup/a", "ecs:TaskDefinition/a", "ecs:Service/a"])),
            ],
        )
        .over(json!({"serviceConnect": {"rewriteServiceDns": true}})),
        rule(
            "all are clients",
            deployment("", "", "", ""),
            &[],
            vec![(SERVICE, "/serviceConnectConfiguration/enabled", json!(true))],
        )
        .over(json!({"serviceConnect": {"clients": "all"}})),
        rule(
            "a Service of what is refused",
            format!("{}{}", deployment("", "", "", "").replace("kind: Deployment", "kind: StatefulSet"), service("", port)),
            &["ECS1002"],
            vec![],
        ),
    ]
}

fn scalers() -> Vec<Rule> {
    const POLICY: &str = "application-autoscaling:ScalingPolicy/web-cpu";
    const TARGET: &str = "/TargetTrackingScalingPolicyConfiguration/TargetValue";
    vec![
        rule(
            "a target that needs no change",
            hpa("metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]"),
            &[],
            vec![
                (POLICY, TARGET, json!(70.0)),
                (SERVICE, "/desiredCount", json!(2)),
                (SERVICE, "/deploymentConfiguration/maximumPercent", json!(150)),
            ],
        ),
        rule(
            "behaviour",
            hpa("behavior: {scaleDown: {selectPolicy: Disabled, stabilizationWindowSeconds: 30, policies: [{type: Pods, value: 1, periodSeconds: 60}]}, scaleUp: {stabilizationWindowSeconds: 120}}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]"),
            &["ECS2002 spec.behavior.scaleDown.stabilizationWindowSeconds", "ECS2014 spec.behavior.scaleDown.policies"],
            vec![(POLICY, "/TargetTrackingScalingPolicyConfiguration", json!({"TargetValue": 70.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}, "ScaleInCooldown": 60, "ScaleOutCooldown": 120, "DisableScaleIn": true}))],
        ),
        rule("no metric is that of Kubernetes", hpa(""), &[], vec![(POLICY, TARGET, json!(80.0))]),
        rule(
            "metrics of CloudWatch",
            hpa("metrics: [{type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: 500m}}}, {type: External, external: {metric: {name: jobs}, target: {type: AverageValue, averageValue: 30}}}, {type: ContainerResource, containerResource: {name: cpu, container: web, target: {type: Utilization, averageUtilization: 50}}}, {type: Object, object: {metric: {name: other}, target: {value: 1}}}]"),
            &["ECS1018 spec.metrics[3]", "ECS2008 spec.metrics[2]", "ECS2024 spec.metrics[1]"],
            vec![],
        ),
        rule(
            "not rescaled",
            hpa("metrics: [{type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 55}}}]").replacen("memory: 512Mi}, limits: {memory: 512Mi}", "memory: 256Mi}, limits: {memory: 512Mi}", 1),
            &[],
            vec![("application-autoscaling:ScalingPolicy/web-memory", TARGET, json!(55.0))],
        )
        .over(json!({"hpa": {"rescale": false}})),
        rule(
            "queues and times of KEDA",
            keda("{type: aws-sqs-queue, metadata: {queueURL: 'https://sqs.us-east-1.amazonaws.com/1/jobs', queueLength: '20'}}, {type: cron, metadata: {timezone: Asia/Jakarta, start: 0 8 * * 1-5, end: 0 20 * * 1-5, desiredReplicas: '4'}}, {type: aws-cloudwatch, metadata: {namespace: App, metricName: Lag, targetMetricValue: '7', dimensionName: Q, dimensionValue: x}}"),
            &["ECS2024 spec.triggers[0]"],
            vec![
                ("application-autoscaling:ScalableTarget/web", "/MinCapacity", json!(1)),
                ("application-autoscaling:ScalableTarget/web", "/MaxCapacity", json!(8)),
                ("application-autoscaling:ScalingPolicy/web-sqs-0", TARGET, json!(20.0)),
                ("application-autoscaling:ScheduledAction/web-cron-0", "/Schedule", json!("cron(0 8 ? * 2-6 *)")),
                ("application-autoscaling:ScheduledAction/web-cron-0", "/ScalableTargetAction", json!({"MinCapacity": 4, "MaxCapacity": 8})),
                ("application-autoscaling:ScheduledAction/web-cron-1", "/ScalableTargetAction", json!({"MinCapacity": 1, "MaxCapacity": 8})),
                ("application-autoscaling:ScheduledAction/web-cron-0", "/Timezone", json!("Asia/Jakarta")),
                ("application-autoscaling:ScalingPolicy/web-cloudwatch-2", "/TargetTrackingScalingPolicyConfiguration/CustomizedMetricSpecification", json!({"Namespace": "App", "MetricName": "Lag", "Statistic": "Average", "Dimensions": [{"Name": "Q", "Value": "x"}]})),
            ],
        ),
        rule("other triggers of KEDA", keda("{type: kafka, metadata: {topic: a}}"), &["ECS1018 spec.triggers[0]"], vec![]),
    ]
}
