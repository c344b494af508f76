//! What the fake holds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::deployment::{Course, Run};
use super::{Answer, Exit, unknown};

/// The account.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The region.
pub(crate) const REGION: &str = "eu-west-1";

/// What the fake holds; objects are as the services tell them.
pub(crate) struct State {
    /// By name.
    pub(crate) clusters: BTreeMap<String, Value>,
    /// By `family:revision`.
    pub(crate) definitions: BTreeMap<String, Value>,
    /// By `cluster/name`.
    pub(crate) services: BTreeMap<String, Value>,
    /// By the ARN of the deployment.
    pub(crate) deployments: BTreeMap<String, Value>,
    pub(super) runs: BTreeMap<String, Run>,
    /// By ARN.
    pub(crate) revisions: BTreeMap<String, Value>,
    /// By ARN.
    pub(crate) tasks: BTreeMap<String, Value>,
    /// By ARN.
    pub(crate) tags: BTreeMap<String, BTreeMap<String, String>>,
    /// By ARN.
    pub(crate) groups: BTreeMap<String, Value>,
    pub(crate) rules: BTreeMap<String, Value>,
    pub(crate) listeners: BTreeMap<String, Value>,
    pub(crate) balancers: BTreeMap<String, Value>,
    /// By `resource dimension`.
    pub(crate) targets: BTreeMap<String, Value>,
    /// By `resource dimension name`.
    pub(crate) policies: BTreeMap<String, Value>,
    pub(crate) actions: BTreeMap<String, Value>,
    /// By `group/name`.
    pub(crate) schedules: BTreeMap<String, Value>,
    /// By name.
    pub(crate) event_rules: BTreeMap<String, Value>,
    pub(crate) event_targets: BTreeMap<String, Vec<Value>>,
    /// By id.
    pub(crate) namespaces: BTreeMap<String, Value>,
    pub(crate) discovered: BTreeMap<String, Value>,
    /// By name.
    pub(crate) log_groups: BTreeMap<String, Value>,
    /// By `group stream`.
    pub(crate) logs: BTreeMap<String, Vec<String>>,
    /// By name.
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, String>,
    /// By `bucket/key`: content and tag.
    pub(crate) objects: BTreeMap<String, (Vec<u8>, String)>,
    pub(crate) buckets: Vec<String>,
    /// Images of Amazon's registry: `repository:tag`.
    pub(crate) images: Vec<String>,
    pub(crate) subnets: Vec<Value>,
    pub(crate) security_groups: Vec<Value>,
    /// By the name of the service.
    pub(super) courses: BTreeMap<String, Course>,
    /// By family.
    pub(super) exits: BTreeMap<String, Exit>,
    /// By token: what was made with it.
    pub(super) tokens: BTreeMap<String, (Value, Value)>,
    count: u64,
}

impl Default for State {
    fn default() -> State {
        let mut state = State {
            clusters: BTreeMap::new(),
            definitions: BTreeMap::new(),
            services: BTreeMap::new(),
            deployments: BTreeMap::new(),
            runs: BTreeMap::new(),
            revisions: BTreeMap::new(),
            tasks: BTreeMap::new(),
            tags: BTreeMap::new(),
            groups: BTreeMap::new(),
            rules: BTreeMap::new(),
            listeners: BTreeMap::new(),
            balancers: BTreeMap::new(),
            targets: BTreeMap::new(),
            policies: BTreeMap::new(),
            actions: BTreeMap::new(),
            schedules: BTreeMap::new(),
            event_rules: BTreeMap::new(),
            event_targets: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            discovered: BTreeMap::new(),
            log_groups: BTreeMap::new(),
            logs: BTreeMap::new(),
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            objects: BTreeMap::new(),
            buckets: vec!["state".to_owned()],
            images: Vec::new(),
            subnets: Vec::new(),
            security_groups: Vec::new(),
            courses: BTreeMap::new(),
            exits: BTreeMap::new(),
            tokens: BTreeMap::new(),
            count: 0,
        };
        state.furnish();
        state
    }
}

impl State {
    /// What others have made before.
    fn furnish(&mut self) {
        let cluster = state_of_cluster("shop");
        self.clusters.insert("shop".to_owned(), cluster);
        let balancer = balancing_arn("loadbalancer/app/shop/50dc6c495c0c9188");
        let listener = balancing_arn("listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2");
        self.balancers.insert(
            balancer.clone(),
            json!({
                "LoadBalancerArn": balancer, "LoadBalancerName": "shop", "Type": "application",
                "Scheme": "internet-facing", "VpcId": "vpc-1",
                "DNSName": "shop-1.eu-west-1.elb.amazonaws.com", "State": {"Code": "active"},
            }),
        );
        self.listeners.insert(
            listener.clone(),
            json!({"ListenerArn": listener, "LoadBalancerArn": balancer, "Port": 443, "Protocol": "HTTPS"}),
        );
        self.namespaces.insert(
            "ns-shop".to_owned(),
            json!({
                "Id": "ns-shop", "Name": "shop.local", "Type": "DNS_PRIVATE",
                "Arn": format!("arn:aws:servicediscovery:{REGION}:{ACCOUNT}:namespace/ns-shop"),
            }),
        );
        for at in ["1", "2"] {
            self.subnets.push(json!({
                "subnetId": format!("subnet-{at}"), "vpcId": "vpc-1",
                "availabilityZone": format!("{REGION}{at}"), "mapPublicIpOnLaunch": "true",
                "availableIpAddressCount": "250", "state": "available",
            }));
        }
        self.security_groups.push(json!({
            "groupId": "sg-1", "groupName": "shop", "vpcId": "vpc-1", "groupDescription": "shop",
        }));
    }

    /// A number that nothing else has.
    pub(super) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// A name that nothing else has, as ECS makes them.
    pub(super) fn unique(&mut self) -> String {
        let next = self.next();
        format!("{:032x}", next.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A moment later than all before.
    pub(super) fn now(&mut self) -> Value {
        json!(1_790_000_000.0 + self.next() as f64)
    }

    pub(super) fn ecs(&mut self, operation: &str, input: &Value) -> Answer {
        match operation {
            "RegisterTaskDefinition" => self.register(input),
            "DescribeTaskDefinition" => self.describe_definition(input),
            "ListTaskDefinitions" => self.list_definitions(input),
            "ListTaskDefinitionFamilies" => self.list_families(input),
            "DeregisterTaskDefinition" => self.deregister(input),
            "DeleteTaskDefinitions" => self.delete_definitions(input),
            "CreateService" => self.create_service(input),
            "UpdateService" => self.update_service(input),
            "DeleteService" => self.delete_service(input),
            "DescribeServices" => self.describe_services(input),
            "ListServices" => self.list_services(input),
            "ListServiceDeployments" => self.list_deployments(input),
            "DescribeServiceDeployments" => self.describe_deployments(input),
            "StopServiceDeployment" => self.stop_deployment(input),
            "ContinueServiceDeployment" => self.continue_deployment(input),
            "DescribeServiceRevisions" => self.describe_revisions(input),
            "RunTask" => self.run_task(input),
            "StopTask" => self.stop_task(input),
            "ExecuteCommand" => self.execute(input),
            "DescribeTasks" => self.describe_tasks(input),
            "ListTasks" => self.list_tasks(input),
            "CreateCluster" => self.create_cluster(input),
            "DescribeClusters" => self.describe_clusters(input),
            "ListClusters" => self.list_clusters(input),
            "TagResource" => self.tag(input),
            "UntagResource" => self.untag(input),
            "ListTagsForResource" => self.list_tags(input),
            _ => unknown(operation),
        }
    }

    /// Images.
    pub(super) fn image(&mut self, operation: &str, input: &Value) -> Answer {
        if operation != "DescribeImages" {
            return unknown(operation);
        }
        let tag = super::text(&input["imageIds"][0], "imageTag");
        let name = format!("{}:{tag}", super::text(input, "repositoryName"));
        match self.images.contains(&name) {
            true => Ok(json!({"imageDetails": [{"imageTags": [tag]}]})),
            false => super::refuse("ImageNotFoundException", "The image does not exist."),
        }
    }

    /// Who asks, networks, roles.
    pub(super) fn account(&mut self, operation: &str, input: &Value) -> Answer {
        Ok(match operation {
            "GetCallerIdentity" => json!({
                "Account": ACCOUNT, "Arn": format!("arn:aws:iam::{ACCOUNT}:user/test"), "UserId": "test",
            }),
            "DescribeSubnets" => {
                json!({"subnetSet": chosen(&self.subnets, "subnetId", &input["SubnetId"])})
            }
            "DescribeSecurityGroups" => {
                json!({"securityGroupInfo": chosen(&self.security_groups, "groupId", &input["GroupId"])})
            }
            "GetRole" => {
                let name = super::text(input, "RoleName");
                if name == "nobody" {
                    let message = "The role with name nobody cannot be found.";
                    return super::refuse("NoSuchEntity", message);
                }
                json!({"Role": role(name)})
            }
            "ListRoles" => {
                json!({"Roles": [role("shop-execution"), role("scheduler")], "IsTruncated": "false"})
            }
            "SimulatePrincipalPolicy" => {
                let actions = super::texts(input, "ActionNames");
                let results = actions.iter();
                let results = results
                    .map(|action| json!({"EvalActionName": action, "EvalDecision": "allowed"}));
                json!({"EvaluationResults": results.collect::<Vec<_>>(), "IsTruncated": "false"})
            }
            _ => return unknown(operation),
        })
    }
}

/// Those of a list that are named; all where none is.
fn chosen(list: &[Value], key: &str, names: &Value) -> Vec<Value> {
    let wanted = |item: &&Value| match names.as_array() {
        None => true,
        Some(names) => names.contains(&item[key]),
    };
    list.iter().filter(wanted).cloned().collect()
}

/// A role that the service of this name may assume, or tasks.
fn role(name: &str) -> Value {
    let service = match name {
        "scheduler" | "events" => name,
        _ => "ecs-tasks",
    };
    let policy = format!(
        "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22{service}.amazonaws.com%22%7D%7D%5D%7D"
    );
    json!({
        "RoleName": name, "Arn": format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        "AssumeRolePolicyDocument": policy,
    })
}

pub(super) fn state_of_cluster(name: &str) -> Value {
    json!({
        "clusterName": name, "clusterArn": ecs_arn(&format!("cluster/{name}")), "status": "ACTIVE",
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"], "defaultCapacityProviderStrategy": [],
        "registeredContainerInstancesCount": 0, "settings": [], "tags": [],
    })
}

/// An ARN of ECS.
pub(super) fn ecs_arn(rest: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}")
}

/// An ARN of load balancers.
pub(super) fn balancing_arn(rest: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{rest}")
}
