//! Rules of the translation of pods, containers, volumes, secrets and sizes.

use serde_json::{Value, json};

use crate::rule::{DEFINITION, ORDER, Rule, SERVICE, deployment, rule};

const MAP: &str = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: files}, data: {a.txt: hello, b.txt: you}}\n";
const SECRET: &str =
    "---\n{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {key: value}}\n";

pub(crate) fn rules() -> Vec<Rule> {
    let mut all = pods();
    all.extend(containers());
    all.extend(volumes());
    all.extend(secrets());
    all
}

fn pods() -> Vec<Rule> {
    let pod = |pod: &str| deployment("", "", pod, "resources: {requests: {memory: 64Mi}}");
    let ec2 = || json!({"launchType": "EC2"});
    vec![
        rule("names of hosts on the host's network", pod("hostNetwork: true, hostAliases: [{ip: 1.2.3.4, hostnames: [a, b]}], hostname: h,"), &[], vec![
            (DEFINITION, "/networkMode", json!("host")),
            (DEFINITION, "/containerDefinitions/0/extraHosts", json!([{"hostname": "a", "ipAddress": "1.2.3.4"}, {"hostname": "b", "ipAddress": "1.2.3.4"}])),
            (DEFINITION, "/containerDefinitions/0/hostname", json!("h")),
            (SERVICE, "/networkConfiguration", Value::Null),
        ]).over(ec2()),
        rule("namespaces of the host on Fargate", pod("hostNetwork: true, hostPID: true, hostIPC: true,"), &["ECS1004 spec.template.spec.hostIPC", "ECS1004 spec.template.spec.hostNetwork", "ECS1004 spec.template.spec.hostPID", "ECS3001 spec.template.spec"], vec![]),
        rule("one namespace of processes", deployment("", "", "shareProcessNamespace: true,", ""), &[], vec![(DEFINITION, "/pidMode", json!("task"))]),
        rule("name servers", deployment("", "", "dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1], searches: [a.b]},", ""), &[], vec![(DEFINITION, "/containerDefinitions/0/dnsServers", json!(["1.1.1.1"])), (DEFINITION, "/containerDefinitions/0/dnsSearchDomains", json!(["a.b"]))]),
        rule("options of DNS", deployment("", "", "dnsPolicy: ClusterFirst, dnsConfig: {options: [{name: ndots, value: '2'}]},", ""), &["ECS2014 spec.template.spec.dnsConfig"], vec![]),
        rule("another policy of DNS", deployment("", "", "dnsPolicy: Default,", ""), &["ECS3007 spec.template.spec.dnsPolicy"], vec![]),
        rule("control of the kernel", deployment("", "", "securityContext: {sysctls: [{name: net.core.somaxconn, value: '1024'}]},", ""), &[], vec![(DEFINITION, "/containerDefinitions/0/systemControls", json!([{"namespace": "net.core.somaxconn", "value": "1024"}]))]),
        rule("defaults never report", deployment("", "minReadySeconds: 0, paused: false, revisionHistoryLimit: 10, progressDeadlineSeconds: 600,", "restartPolicy: Always, dnsPolicy: ClusterFirst, schedulerName: default-scheduler, enableServiceLinks: true, terminationGracePeriodSeconds: 30, tolerations: [], hostNetwork: false, securityContext: {}, serviceAccountName: default, affinity: {}, nodeSelector: {},", "imagePullPolicy: IfNotPresent, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, resources: {}, securityContext: {privileged: false, allowPrivilegeEscalation: true}"), &[], vec![]),
        rule("placement on instances", pod("nodeSelector: {topology.kubernetes.io/zone: z, pool: p}, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: [x, w]}, {key: b, operator: NotIn, values: [z]}]}, {matchExpressions: [{key: c, operator: Exists}, {key: d, operator: DoesNotExist}, {key: e, operator: Gt, values: ['3']}]}]}}, podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}, topologySpreadConstraints: [{topologyKey: topology.kubernetes.io/zone}, {topologyKey: kubernetes.io/hostname}],"), &[], vec![
            (SERVICE, "/placementConstraints", json!([
                {"type": "memberOf", "expression": "attribute:pool == p"},
                {"type": "memberOf", "expression": "attribute:ecs.availability-zone == z"},
                {"type": "memberOf", "expression": "(attribute:a in [x, w] and attribute:b not_in [z]) or (attribute:c exists and attribute:d !exists and attribute:e > 3)"},
                {"type": "distinctInstance"},
            ])),
            (SERVICE, "/placementStrategy", json!([{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "spread", "field": "instanceId"}])),
            (DEFINITION, "/networkMode", json!("awsvpc")),
            (DEFINITION, "/cpu", Value::Null),
            (DEFINITION, "/memory", Value::Null),
        ]).over(ec2()),
        rule("the sizes of Windows", deployment("ecs.pintle.dev/os-family: WINDOWS_SERVER_2022_CORE", "", "nodeSelector: {kubernetes.io/os: windows},", "resources: {requests: {cpu: 250m, memory: 512Mi}, limits: {memory: 512Mi}}"), &["ECS3001 spec.template.spec", "ECS3004 spec.template.spec.containers[0].resources.limits.memory"], vec![(DEFINITION, "/cpu", json!("1024")), (DEFINITION, "/memory", json!("2048")), (DEFINITION, "/runtimePlatform", json!({"cpuArchitecture": "X86_64", "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}))]),
        rule("Windows of no family", deployment("", "", "nodeSelector: {kubernetes.io/os: windows},", ""), &["ECS1014 spec.template.spec.nodeSelector['kubernetes.io/os']"], vec![]),
        rule("registries", deployment("", "", "imagePullSecrets: [{name: a}],", "").replace("nginx:1", "ghcr.io/a/b:1"), &[], vec![(DEFINITION, "/containerDefinitions/0/repositoryCredentials", json!({"credentialsParameter": "arn:r"}))]).over(json!({"registries": {"ghcr.io": "arn:r"}})),
        rule("logs to FireLens", deployment("ecs.pintle.dev/firelens: '{\"logOptions\": {\"Name\": \"cloudwatch\"}}'", "", "", ""), &[], vec![
            (DEFINITION, "/containerDefinitions/0/logConfiguration", json!({"logDriver": "awsfirelens", "options": {"Name": "cloudwatch"}})),
            (DEFINITION, "/containerDefinitions/1/name", json!("firelens_log_router")),
            (DEFINITION, "/containerDefinitions/1/firelensConfiguration", json!({"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}})),
            (DEFINITION, "/containerDefinitions/1/logConfiguration/logDriver", json!("awslogs")),
        ]),
        rule("logs elsewhere", deployment("ecs.pintle.dev/log-driver: splunk, ecs.pintle.dev/log-options: 'splunk-url=https://x'", "", "", ""), &[], vec![(DEFINITION, "/containerDefinitions/0/logConfiguration", json!({"logDriver": "splunk", "options": {"splunk-url": "https://x"}})), (ORDER, "", json!(["ecs:TaskDefinition/web", "ecs:Service/web"]))]),
        rule("a group of logs", deployment("ecs.pintle.dev/log-group: /x", "", "", ""), &[], vec![("logs:LogGroup/web", "/logGroupName", json!("/x")), (DEFINITION, "/containerDefinitions/0/logConfiguration/options/awslogs-group", json!("/x"))]),
    ]
}

fn containers() -> Vec<Rule> {
    let container = |members: &str| deployment("", "", "", members);
    vec![
        rule("ports of the host", container("ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81, hostPort: 81, protocol: UDP}]"), &[], vec![(DEFINITION, "/containerDefinitions/0/portMappings", json!([{"containerPort": 80, "protocol": "tcp"}, {"containerPort": 81, "hostPort": 81, "protocol": "udp"}]))]),
        rule("a secret in an argument of a variable", format!("{}{SECRET}", container("env: [{name: S, valueFrom: {secretKeyRef: {name: s, key: key}}}, {name: U, value: 'x$(S)'}]")), &["ECS1015 spec.template.spec.containers[0].env[1].value", "ECS3009"], vec![]).over(json!({"secrets": {"map": {"default/s": "arn:s"}}})),
        rule("variables in their order", container("env: [{name: B, value: '$(A)'}, {name: A, value: a}, {name: C, value: '$(A)-$$(A)'}, {name: A, value: z}], args: ['$(A) $(X)']"), &[], vec![(DEFINITION, "/containerDefinitions/0/environment", json!([{"name": "A", "value": "z"}, {"name": "B", "value": "$(A)"}, {"name": "C", "value": "a-$(A)"}])), (DEFINITION, "/containerDefinitions/0/command", json!(["z $(X)"]))]),
        rule("a prefix and names that are none", format!("{}---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m}}, data: {{a: '1', '2 b': '2'}}}}\n", container("envFrom: [{prefix: P_, configMapRef: {name: m}}]")), &["ECS2014 spec.template.spec.containers[0].envFrom[0]"], vec![(DEFINITION, "/containerDefinitions/0/environment", json!([{"name": "P_a", "value": "1"}]))]),
        rule("capabilities", container("securityContext: {capabilities: {add: [CAP_SYS_PTRACE], drop: [CAP_NET_RAW]}, runAsUser: 0, runAsNonRoot: true}"), &["ECS1018 spec.template.spec.containers[0].securityContext.runAsNonRoot"], vec![]),
        rule("privileges on instances", container("resources: {requests: {memory: 64Mi}, limits: {nvidia.com/gpu: 1}}, securityContext: {privileged: true, allowPrivilegeEscalation: false, capabilities: {add: [NET_ADMIN]}}"), &[], vec![
            (DEFINITION, "/containerDefinitions/0/privileged", json!(true)),
            (DEFINITION, "/containerDefinitions/0/dockerSecurityOptions", json!(["no-new-privileges"])),
            (DEFINITION, "/containerDefinitions/0/resourceRequirements", json!([{"type": "GPU", "value": "1"}])),
            (DEFINITION, "/containerDefinitions/0/linuxParameters/capabilities/add", json!(["NET_ADMIN"])),
        ]).over(json!({"launchType": "EC2"})),
        rule("pages of the kernel", container("resources: {limits: {hugepages-2Mi: 4Mi}}"), &["ECS1018 spec.template.spec.containers[0].resources.limits.hugepages-2Mi"], vec![]),
        rule("storage of a task", container("resources: {requests: {ephemeral-storage: 15Gi}}").replace("containers: [", "containers: [{name: b, image: 'b:1', resources: {requests: {ephemeral-storage: 10Gi}}}, "), &[], vec![(DEFINITION, "/ephemeralStorage/sizeInGiB", json!(25))]),
        rule("little storage", container("resources: {requests: {ephemeral-storage: 20Gi}}"), &[], vec![(DEFINITION, "/ephemeralStorage", Value::Null)]),
        rule("one essential container", deployment("ecs.pintle.dev/essential: web", "", "", "").replace("containers: [", "containers: [{name: b, image: 'b:1'}, "), &[], vec![(DEFINITION, "/containerDefinitions/0/essential", json!(false)), (DEFINITION, "/containerDefinitions/1/essential", json!(true))]),
        rule("a sidecar without a startup probe", deployment("", "", "initContainers: [{name: p, image: 'p:1', restartPolicy: Always}, {name: i, image: 'i:1'}, {name: q, image: 'q:1', restartPolicy: Always}],", ""), &[], vec![
            (DEFINITION, "/containerDefinitions/1/dependsOn", json!([{"containerName": "p", "condition": "START"}])),
            (DEFINITION, "/containerDefinitions/2/dependsOn", json!([{"containerName": "i", "condition": "SUCCESS"}])),
            (DEFINITION, "/containerDefinitions/3/dependsOn", json!([{"containerName": "q", "condition": "START"}])),
        ]),
        rule("curl, headers and TLS", container("ports: [{name: h, containerPort: 8443}], livenessProbe: {timeoutSeconds: 3, initialDelaySeconds: 7, failureThreshold: 20, httpGet: {path: /l, port: h, scheme: HTTPS, httpHeaders: [{name: Host, value: a.b}]}}"), &["ECS2001 spec.template.spec.containers[0].livenessProbe.httpGet", "ECS2002 spec.template.spec.containers[0].livenessProbe"], vec![(DEFINITION, "/containerDefinitions/0/healthCheck", json!({"command": ["CMD-SHELL", "curl -fsS -m 3 -k -H 'Host: a.b' -o /dev/null https://127.0.0.1:8443/l || exit 1"], "interval": 10, "timeout": 3, "retries": 10, "startPeriod": 7}))]).over(json!({"httpProbe": "curl"})),
        rule("wget, headers and TLS", container("livenessProbe: {timeoutSeconds: 3, httpGet: {port: 1, scheme: HTTPS, httpHeaders: [{name: K, value: V}]}}"), &["ECS2001 spec.template.spec.containers[0].livenessProbe.httpGet"], vec![(DEFINITION, "/containerDefinitions/0/healthCheck/command/1", json!("wget -q -T 3 --no-check-certificate --header 'K: V' -O /dev/null https://127.0.0.1:1/ || exit 1"))]),
        rule("a program that asks by gRPC", deployment("ecs.pintle.dev/grpc-probe: /bin/p", "", "", "livenessProbe: {timeoutSeconds: 2, grpc: {port: 9}}"), &[], vec![(DEFINITION, "/containerDefinitions/0/healthCheck/command", json!(["CMD", "/bin/p", "-addr=127.0.0.1:9"]))]),
        rule("readiness as a check", deployment("ecs.pintle.dev/readiness-as-healthcheck: 'true'", "", "", "readinessProbe: {timeoutSeconds: 2, initialDelaySeconds: 9, exec: {command: [r]}}"), &[], vec![(DEFINITION, "/containerDefinitions/0/healthCheck", json!({"command": ["CMD", "r"], "interval": 10, "timeout": 2, "retries": 3, "startPeriod": 9}))]),
        rule("a long start", container("livenessProbe: {timeoutSeconds: 2, exec: {command: [l]}}, startupProbe: {exec: {command: [l]}, periodSeconds: 30, failureThreshold: 20}"), &["ECS2002 spec.template.spec.containers[0].startupProbe"], vec![(DEFINITION, "/containerDefinitions/0/healthCheck/startPeriod", json!(300))]),
        rule("too much of a container", deployment("", "", "initContainers: [{name: i1, image: 'i:1'}, {name: i2, image: 'i:1'}, {name: i3, image: 'i:1'}, {name: i4, image: 'i:1'}, {name: i5, image: 'i:1'}, {name: i6, image: 'i:1'}, {name: i7, image: 'i:1'}, {name: i8, image: 'i:1'}, {name: i9, image: 'i:1'}, {name: i10, image: 'i:1'}],", ""), &["ECS1013 spec.template.spec"], vec![]),
    ]
}

fn volumes() -> Vec<Rule> {
    let mounted = |volume: &str, mount: &str| {
        deployment(
            "",
            "",
            &format!("volumes: [{{name: v, {volume}}}],"),
            &format!(
                "resources: {{requests: {{memory: 64Mi}}}}, volumeMounts: [{{name: v, mountPath: /data, {mount}}}]"
            ),
        )
    };
    let claim = |spec: &str| {
        format!(
            "{}---\n{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: c}}, spec: {{resources: {{requests: {{storage: 30Gi}}}}, {spec}}}}}\n",
            mounted("persistentVolumeClaim: {claimName: c}", "")
                .replace("resources: {requests: {memory: 64Mi}}, volumeM", "volumeM")
        )
    };
    let plain =
        |text: String| text.replace("resources: {requests: {memory: 64Mi}}, volumeM", "volumeM");
    let ebs = |annotations: &str| {
        claim("storageClassName: gp3").replacen(
            "annotations: {}",
            &format!("annotations: {{{annotations}}}"),
            1,
        )
    };
    vec![
        rule("files are an error unless somebody writes them", format!("{}{MAP}", plain(mounted("configMap: {name: files}", ""))), &["ECS1005 spec.template.spec.volumes[0]"], vec![]).over(json!({"configFiles": {"mode": "error"}})),
        rule("a file of a folder", format!("{}{MAP}", plain(mounted("configMap: {name: files}", "subPath: a.txt").replace("/data", "/etc/app/a.txt"))), &["ECS2014 spec.template.spec.containers[0].volumeMounts[0].subPath", "ECS3010 spec.template.spec.volumes[0]"], vec![(DEFINITION, "/containerDefinitions/1/mountPoints", json!([{"sourceVolume": "web-etc-app", "containerPath": "/etc/app"}])), (DEFINITION, "/containerDefinitions/0/command/0", json!("printf %s \"$F0\" | base64 -d > /v/web-etc-app/a.txt; chmod 0644 /v/web-etc-app/a.txt"))]),
        rule("a part of a disk", plain(mounted("emptyDir: {}", "subPath: a")), &["ECS1018 spec.template.spec.containers[0].volumeMounts[0].subPath"], vec![]),
        rule("mounts that are passed on", plain(mounted("emptyDir: {}", "mountPropagation: HostToContainer")), &["ECS2014 spec.template.spec.containers[0].volumeMounts[0].mountPropagation"], vec![]),
        rule("memory of two", plain(mounted("emptyDir: {medium: Memory}", "")).replace("containers: [", "containers: [{name: b, image: 'b:1', volumeMounts: [{name: v, mountPath: /x}]}, "), &["ECS1005 spec.template.spec.volumes[0]"], vec![]),
        rule("half of the memory", mounted("emptyDir: {medium: Memory}", "").replace("requests: {memory: 64Mi}", "limits: {memory: 512Mi}"), &[], vec![(DEFINITION, "/containerDefinitions/0/linuxParameters/tmpfs", json!([{"containerPath": "/data", "size": 256}]))]),
        rule("tokens", plain(mounted("projected: {sources: [{serviceAccountToken: {path: t}}]}", "")), &["ECS3007 spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken"], vec![(DEFINITION, "/volumes", Value::Null)]),
        rule("the host's files", mounted("hostPath: {path: /x}", "readOnly: true"), &[], vec![(DEFINITION, "/volumes", json!([{"name": "v", "host": {"sourcePath": "/x"}}])), (DEFINITION, "/containerDefinitions/0/mountPoints/0/readOnly", json!(true))]).over(json!({"launchType": "EC2"})),
        rule("EFS by its class", format!("{}---\n{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: efs}}, provisioner: efs.csi.aws.com, parameters: {{fileSystemId: fs-1}}}}\n", claim("storageClassName: efs")), &[], vec![(DEFINITION, "/volumes/0/efsVolumeConfiguration", json!({"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}))]),
        rule("EFS by the claim of its volume", format!("{}---\n{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: p}}, spec: {{claimRef: {{namespace: default, name: c}}, csi: {{driver: efs.csi.aws.com, volumeHandle: 'fs-1:/x'}}}}}}\n", claim("")), &[], vec![(DEFINITION, "/volumes/0/efsVolumeConfiguration", json!({"fileSystemId": "fs-1", "rootDirectory": "/x", "transitEncryption": "ENABLED"}))]),
        rule("a claim that is configured", claim(""), &[], vec![(DEFINITION, "/volumes/0/efsVolumeConfiguration/authorizationConfig/accessPointId", json!("fsap-2"))]).over(json!({"claims": {"default/c": {"efs": "fs-1::fsap-2"}}})),
        rule("a claim of nothing", claim(""), &["ECS1006 spec.template.spec.volumes[0].persistentVolumeClaim"], vec![]),
        rule("EBS without consent", ebs(""), &["ECS1006 spec.template.spec.volumes[0].persistentVolumeClaim"], vec![]).over(json!({"claims": {"default/c": {"ebs": true}}})),
        rule("EBS", ebs("ecs.pintle.dev/ephemeral-ebs: accept"), &["ECS2010 spec.template.spec.volumes[0].persistentVolumeClaim"], vec![
            (DEFINITION, "/volumes", json!([{"name": "v", "configuredAtLaunch": true}])),
            (SERVICE, "/volumeConfigurations", json!([{"name": "v", "managedEBSVolume": {"sizeInGiB": 30, "volumeType": "gp3", "roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole", "filesystemType": "ext4"}}])),
        ]).over(json!({"claims": {"default/c": {"ebs": {"filesystemType": "ext4"}}}})),
        rule("devices", deployment("", "", "", "volumeDevices: [{name: a, devicePath: /dev/x}]"), &["ECS1018 spec.template.spec.containers[0].volumeDevices[0]"], vec![]),
        rule("binary files and modes", format!("{}---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: files}}, binaryData: {{x: AAE=}}, data: {{w: z}}}}\n", plain(mounted("configMap: {name: files, defaultMode: 256, items: [{key: x, path: d/x, mode: 493}, {key: w, path: w}]}", ""))), &["ECS3010 spec.template.spec.volumes[0]"], vec![(DEFINITION, "/containerDefinitions/0/command/0", json!("mkdir -p /v/v/d; printf %s \"$F0\" | base64 -d > /v/v/d/x; chmod 0755 /v/v/d/x; printf %s \"$F1\" | base64 -d > /v/v/w; chmod 0400 /v/v/w")), (DEFINITION, "/containerDefinitions/0/environment/0/value", json!("AAE="))]),
    ]
}

fn secrets() -> Vec<Rule> {
    let read = |more: &str| {
        format!(
            "{}{more}",
            deployment(
                "",
                "",
                "",
                "env: [{name: S, valueFrom: {secretKeyRef: {name: s, key: key}}}]"
            )
        )
    };
    let external = |spec: &str, provider: &str| {
        format!(
            "---\n{{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {{name: s}}, spec: {{secretStoreRef: {{name: store}}, {spec}}}}}\n---\n{{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {{name: store}}, spec: {{provider: {{{provider}}}}}}}\n"
        )
    };
    let from = "/containerDefinitions/0/secrets/0/valueFrom";
    vec![
        rule("a reference on the Secret", read(&SECRET.replace("name: s}", "name: s, annotations: {ecs.pintle.dev/secret-arn: 'arn:aws:ssm:us-east-1:1:parameter/p'}}")), &["ECS3009"], vec![(DEFINITION, from, json!("arn:aws:ssm:us-east-1:1:parameter/p/key"))]),
        rule("a Secret of nowhere", read(SECRET), &["ECS1007 spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef", "ECS3009"], vec![]),
        rule("all keys of a Secret", format!("{}{SECRET}", deployment("", "", "", "envFrom: [{secretRef: {name: s}, prefix: P_}]")), &["ECS3009"], vec![(DEFINITION, "/containerDefinitions/0/secrets", json!([{"name": "P_key", "valueFrom": "arn:s:key::"}]))]).over(json!({"secrets": {"map": {"default/s": "arn:s"}}})),
        rule("Secrets Manager", read(SECRET), &[], vec![
            (DEFINITION, from, json!("${secretsmanager:Secret/default/s.arn}:key::${secretsmanager:Secret/default/s.versionId}")),
            (DEFINITION, "/containerDefinitions/0/environment", Value::Null),
            (ORDER, "", json!(["logs:LogGroup/web", "secretsmanager:Secret/default/s", "ecs:TaskDefinition/web", "ecs:Service/web"])),
        ]).over(json!({"secrets": {"mode": "secretsmanager"}})),
        rule("Parameter Store", read(SECRET), &[], vec![(DEFINITION, from, json!("arn:aws:ssm:us-east-1:123456789012:parameter/app/default/s/key"))]).over(json!({"secrets": {"mode": "ssm", "prefix": "/app"}})),
        rule("secrets of elsewhere", read(&external("data: [{secretKey: key, remoteRef: {key: prod/web, property: password}}]", "aws: {service: SecretsManager, region: us-east-1}")), &[], vec![(DEFINITION, from, json!("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/web:password::"))]),
        rule("parameters of elsewhere", read(&external("data: [{secretKey: key, remoteRef: {key: /prod/web}}]", "aws: {service: ParameterStore, region: us-east-1}")), &[], vec![(DEFINITION, from, json!("arn:aws:ssm:us-east-1:123456789012:parameter/prod/web"))]),
        rule("secrets of others", read(&external("data: [{secretKey: key, remoteRef: {key: a}}]", "vault: {}")), &["ECS1007 spec.secretStoreRef"], vec![]),
    ]
}
