//! Whether all is there that resources need, before anything is changed. Nothing is written.

use serde_json::{Value, json};

use super::super::account::{last, list, text, texts};
use super::super::kind::{DEFINITION, LOG_GROUP, SERVICE};
use super::super::{Ecs, kind};
use super::policy::roles;
use crate::backend::ecs::desired::{Resource, references};
use crate::diag::Error;
use crate::net::aws::Fault;
use crate::net::aws::service::{BALANCING, IDENTITY, IMAGES, LOGS, NETWORKS, PARAMETERS, SECRETS};

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it has to be.
    Ok,
    /// It is not.
    Ng,
    /// It could not be looked at.
    Skip,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "OK",
            Verdict::Ng => "NG",
            Verdict::Skip => "SKIP",
        }
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is: `role ARN`, `image NAME`, ...
    pub subject: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Why it is not well, or was not looked at.
    pub why: String,
}

/// Whether an image of a registry that is not Amazon's is there.
pub type Images<'a> = &'a (dyn Fn(&str) -> Result<bool, Error> + Sync);

type Outcome = (Verdict, String);

fn ok() -> Outcome {
    (Verdict::Ok, String::new())
}

fn ng(why: impl Into<String>) -> Outcome {
    (Verdict::Ng, why.into())
}

fn skip(why: impl Into<String>) -> Outcome {
    (Verdict::Skip, why.into())
}

/// What a fault means: what is missing is wrong, what we may not see is left out.
fn faulty(fault: &Fault, what: &str) -> Outcome {
    let is_missing = fault.is_missing()
        || ["NotFound", "Malformed"]
            .iter()
            .any(|word| fault.code.contains(word));
    match () {
        () if fault.is_denied() => skip(format!("whoever asks may not see it: {}", fault.message)),
        () if is_missing => ng(format!("{what} is not there")),
        () if fault.status == 0 || fault.status >= 500 => skip(format!("not answered: {fault}")),
        () => ng(fault.message.clone()),
    }
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Cluster(String),
    Providers(String, Vec<String>),
    Role(String, &'static str),
    Image(String),
    PrivateImage(String),
    Secret(String),
    Network {
        subnets: Vec<String>,
        groups: Vec<String>,
    },
    TargetGroup {
        arn: String,
        wanted: &'static str,
        subnets: Vec<String>,
    },
    NewTargetGroup {
        name: String,
        vpc: String,
        subnets: Vec<String>,
    },
    Listener(String),
    LogGroup(String),
    /// What was found without asking.
    Known(Check),
}

impl Item {
    fn title(&self) -> String {
        match self {
            Item::Cluster(name) => format!("cluster {name}"),
            Item::Providers(_, names) => format!("capacity providers {}", names.join(", ")),
            Item::Role(arn, service) => format!("role {arn} for {service}"),
            Item::Image(name) | Item::PrivateImage(name) => format!("image {name}"),
            Item::Secret(name) => format!("secret {name}"),
            Item::Network { subnets, groups } if groups.is_empty() => {
                format!("subnets {}", subnets.join(", "))
            }
            Item::Network { subnets, groups } => {
                format!(
                    "subnets {}, security groups {}",
                    subnets.join(", "),
                    groups.join(", ")
                )
            }
            Item::TargetGroup { arn, .. } => format!("target group {arn}"),
            Item::NewTargetGroup { name, .. } => format!("VPC of target group {name}"),
            Item::Listener(arn) => format!("listener {arn}"),
            Item::LogGroup(name) => format!("log group {name}"),
            Item::Known(check) => check.subject.clone(),
        }
    }
}

/// Whether a text stands for something that is there, not for what is still to be made.
fn is_known(text: &str) -> bool {
    !text.is_empty() && !text.contains("${") && !text.starts_with('(')
}

fn known(subject: String, verdict: Verdict, why: impl Into<String>) -> Item {
    Item::Known(Check {
        subject,
        verdict,
        why: why.into(),
    })
}

impl Ecs {
    /// Looks at all that resources need, several things at a time; what came of each, in the order in which
    /// the resources name them.
    ///
    /// # Errors
    /// Nothing can be asked at all: there are no keys, or the account is not the one that is allowed.
    pub fn verify(&self, resources: &[Resource], images: Images<'_>) -> Result<Vec<Check>, Error> {
        self.account.api.admit(self.account.cluster())?;
        self.number()?;
        let items = self.items(resources);
        let look = |item: &Item| {
            let (verdict, why) = self.look(item, images);
            Check {
                subject: item.title(),
                verdict,
                why,
            }
        };
        Ok(self.account.each(&items, look))
    }

    fn items(&self, resources: &[Resource]) -> Vec<Item> {
        let mut items = vec![Item::Cluster(self.account.cluster().to_owned())];
        for resource in resources {
            match resource.kind.as_str() {
                DEFINITION => definition(resource, resources, &mut items),
                SERVICE => self.of_service(resource, resources, &mut items),
                "elbv2:ListenerRule" => {
                    let arn = text(&resource.request, "ListenerArn").to_owned();
                    if is_known(&arn) {
                        items.push(Item::Listener(arn));
                    }
                }
                kind::RUN_TASK => network(&resource.request, &mut items),
                _ => {}
            }
        }
        items.extend(
            roles(resources)
                .into_iter()
                .map(|(arn, service)| Item::Role(arn, service)),
        );
        let mut seen: Vec<Item> = Vec::new();
        for item in items {
            if !seen.contains(&item) {
                seen.push(item);
            }
        }
        seen
    }

    fn of_service(&self, resource: &Resource, all: &[Resource], items: &mut Vec<Item>) {
        let request = &resource.request;
        let title = format!("service {}", resource.name);
        let cluster = kind::service::cluster_of(&self.account, request).to_owned();
        items.push(Item::Cluster(cluster.clone()));
        let providers: Vec<String> = list(request, "capacityProviderStrategy")
            .map(|it| text(it, "capacityProvider").to_owned())
            .collect();
        if !providers.is_empty() {
            items.push(Item::Providers(cluster, providers));
        }
        network(request, items);
        let subnets = texts(
            &request["networkConfiguration"]["awsvpcConfiguration"],
            "subnets",
        );
        let wanted = references(request)
            .into_iter()
            .find(|it| it.kind == DEFINITION)
            .map(|it| it.name);
        let definition = all.iter().find(|it| {
            it.kind == DEFINITION
                && match &wanted {
                    Some(name) => it.name == *name,
                    None => {
                        let family = last(text(request, "taskDefinition")).split(':').next();
                        family == Some(text(&it.request, "family"))
                            || text(request, "taskDefinition")
                                == format!("(a new revision of {})", it.name)
                    }
                }
        });
        let is_awsvpc = definition.is_none_or(|it| it.request["networkMode"] == "awsvpc");
        if definition.is_some() && is_awsvpc && subnets.is_empty() {
            items.push(known(title.clone(), Verdict::Ng, "its tasks have network interfaces of their own (awsvpc), and networkConfiguration names no subnets"));
        }
        let balancers: Vec<&Value> = list(request, "loadBalancers").collect();
        if request["healthCheckGracePeriodSeconds"]
            .as_i64()
            .unwrap_or_default()
            > 0
            && balancers.is_empty()
        {
            items.push(known(
                title.clone(),
                Verdict::Ng,
                "healthCheckGracePeriodSeconds needs a load balancer",
            ));
        }
        let wanted = if is_awsvpc { "ip" } else { "instance" };
        for balancer in balancers {
            if let Some(definition) = definition {
                items.extend(port(&title, balancer, definition));
            }
            let arn = text(balancer, "targetGroupArn");
            if is_known(arn) {
                items.push(Item::TargetGroup {
                    arn: arn.to_owned(),
                    wanted,
                    subnets: subnets.clone(),
                });
                continue;
            }
            let made = all.iter().filter(|it| it.kind == "elbv2:TargetGroup");
            let named = made.filter(|it| {
                arn == it.reference("arn") || arn == format!("(the arn of {})", it.name)
            });
            for group in named {
                let is = group.request["TargetType"].as_str().unwrap_or("instance");
                if is != wanted {
                    let why = format!(
                        "target group {} is for {is} targets, the tasks need {wanted}",
                        group.name
                    );
                    items.push(known(title.clone(), Verdict::Ng, why));
                }
                let vpc = text(&group.request, "VpcId").to_owned();
                if !vpc.is_empty() && !subnets.is_empty() {
                    items.push(Item::NewTargetGroup {
                        name: group.name.clone(),
                        vpc,
                        subnets: subnets.clone(),
                    });
                }
            }
        }
    }

    fn look(&self, item: &Item, images: Images<'_>) -> Outcome {
        match item {
            Item::Cluster(name) => self.look_at_cluster(name, &[]),
            Item::Providers(cluster, names) => self.look_at_cluster(cluster, names),
            Item::Role(arn, service) => self.look_at_role(arn, service),
            Item::Image(name) => self.look_at_image(name, images),
            Item::PrivateImage(_) => skip("its registry asks for the credentials of the task"),
            Item::Secret(name) => self.look_at_secret(name),
            Item::Network { subnets, groups } => self.look_at_network(subnets, groups),
            Item::TargetGroup {
                arn,
                wanted,
                subnets,
            } => self.look_at_target_group(arn, wanted, subnets),
            Item::NewTargetGroup { vpc, subnets, .. } => match self.vpc(subnets) {
                Ok(found) if found == *vpc => ok(),
                Ok(found) => ng(format!("it is {vpc}, that of the subnets is {found}")),
                Err(outcome) => outcome,
            },
            Item::Listener(arn) => self.look_at_listener(arn),
            Item::LogGroup(name) => self.look_at_log_group(name),
            Item::Known(check) => (check.verdict, check.why.clone()),
        }
    }

    fn look_at_cluster(&self, name: &str, providers: &[String]) -> Outcome {
        let said = match self
            .account
            .ecs("DescribeClusters", &json!({"clusters": [name]}))
        {
            Ok(said) => said,
            Err(fault) => return faulty(&fault, "the cluster"),
        };
        let Some(cluster) = list(&said, "clusters").find(|it| it["status"] == "ACTIVE") else {
            return ng("there is no active cluster of this name");
        };
        let there = texts(cluster, "capacityProviders");
        let missing: Vec<&str> = providers
            .iter()
            .filter(|it| !there.contains(it))
            .map(String::as_str)
            .collect();
        match missing.is_empty() {
            true => ok(),
            false => ng(format!(
                "not attached to the cluster: {}",
                missing.join(", ")
            )),
        }
    }

    fn look_at_role(&self, arn: &str, service: &str) -> Outcome {
        let name = last(arn);
        let own = self.number().unwrap_or_default();
        if arn.starts_with("arn:") && arn.split(':').nth(4) != Some(own.as_str()) {
            return skip("it is in another account");
        }
        let said = match self
            .account
            .ask(&IDENTITY, "GetRole", &json!({"RoleName": name}))
        {
            Ok(said) => said,
            Err(fault) => return faulty(&fault, "the role"),
        };
        let role = &said["Role"];
        if arn.starts_with("arn:") && text(role, "Arn") != arn {
            return ng(format!("the role of this name is {}", text(role, "Arn")));
        }
        match super::survey::trusts(text(role, "AssumeRolePolicyDocument"), service) {
            Some(true) => ok(),
            Some(false) => ng(format!("{service} may not assume it")),
            None => skip("who may assume it is not told"),
        }
    }

    fn look_at_image(&self, image: &str, images: Images<'_>) -> Outcome {
        let Some(own) = Repository::of(image) else {
            return match images(image) {
                Ok(true) => ok(),
                Ok(false) => ng("there is no such image"),
                Err(error) => skip(error.to_string()),
            };
        };
        match self.account.api.region() {
            Ok(region) if region == own.region => {}
            Ok(_) => return skip("it is in another region"),
            Err(error) => return skip(error.to_string()),
        }
        let id = match own.digest.is_empty() {
            true => json!({"imageTag": own.tag}),
            false => json!({"imageDigest": own.digest}),
        };
        let input = json!({
            "registryId": own.account, "repositoryName": own.name, "imageIds": [id],
        });
        match self.account.ask(&IMAGES, "DescribeImages", &input) {
            Ok(said) if list(&said, "imageDetails").next().is_some() => ok(),
            Ok(_) => ng("there is no such image"),
            Err(fault) => faulty(&fault, "the image"),
        }
    }

    fn look_at_secret(&self, name: &str) -> Outcome {
        let parts: Vec<&str> = name.split(':').collect();
        let own = self.account.api.region().unwrap_or_default();
        if parts.first() == Some(&"arn") && parts.get(3).is_some_and(|region| **region != own) {
            return skip("it is in another region");
        }
        if parts.get(2) != Some(&"secretsmanager") {
            let input = json!({"Name": name, "WithDecryption": true});
            return match self.account.ask(&PARAMETERS, "GetParameter", &input) {
                Ok(_) => ok(),
                Err(fault) => faulty(&fault, "the parameter"),
            };
        }
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let mut input = json!({"SecretId": parts.get(..7).unwrap_or(&parts).join(":")});
        for (at, member) in [(8, "VersionStage"), (9, "VersionId")] {
            if !part(at).is_empty() {
                input[member] = json!(part(at));
            }
        }
        let said = match self.account.ask(&SECRETS, "GetSecretValue", &input) {
            Ok(said) => said,
            Err(fault) => return faulty(&fault, "the secret"),
        };
        let key = part(7);
        if key.is_empty() {
            return ok();
        }
        match serde_json::from_str::<Value>(text(&said, "SecretString")) {
            Ok(Value::Object(members)) if members.contains_key(key) => ok(),
            Ok(Value::Object(_)) => ng(format!("its JSON has no key {key:?}")),
            _ => ng(format!(
                "key {key:?} is asked for, and it holds no JSON object"
            )),
        }
    }

    /// The VPC of subnets, which have to be there and in one.
    fn vpc(&self, subnets: &[String]) -> Result<String, Outcome> {
        let said = self
            .account
            .ask(&NETWORKS, "DescribeSubnets", &json!({"SubnetIds": subnets}));
        let said = said.map_err(|fault| faulty(&fault, "one of the subnets"))?;
        let found: Vec<&Value> = list(&said, "Subnets").collect();
        let missing: Vec<&str> = subnets
            .iter()
            .map(String::as_str)
            .filter(|id| !found.iter().any(|it| it["SubnetId"] == *id))
            .collect();
        if !missing.is_empty() {
            return Err(ng(format!("not there: {}", missing.join(", "))));
        }
        let mut vpcs: Vec<&str> = found.iter().map(|it| text(it, "VpcId")).collect();
        vpcs.sort_unstable();
        vpcs.dedup();
        match vpcs.as_slice() {
            [one] => Ok((*one).to_owned()),
            several => Err(ng(format!(
                "the subnets are in several VPCs: {}",
                several.join(", ")
            ))),
        }
    }

    fn look_at_network(&self, subnets: &[String], groups: &[String]) -> Outcome {
        let vpc = match self.vpc(subnets) {
            Ok(vpc) => vpc,
            Err(outcome) => return outcome,
        };
        if groups.is_empty() {
            return ok();
        }
        let said = match self.account.ask(
            &NETWORKS,
            "DescribeSecurityGroups",
            &json!({"GroupIds": groups}),
        ) {
            Ok(said) => said,
            Err(fault) => return faulty(&fault, "one of the security groups"),
        };
        let found: Vec<&Value> = list(&said, "SecurityGroups").collect();
        for group in groups {
            match found.iter().find(|it| it["GroupId"] == group.as_str()) {
                None => return ng(format!("security group {group} is not there")),
                Some(it) if text(it, "VpcId") != vpc => {
                    return ng(format!(
                        "security group {group} is in {}, the subnets are in {vpc}",
                        text(it, "VpcId")
                    ));
                }
                Some(_) => {}
            }
        }
        ok()
    }

    fn look_at_target_group(&self, arn: &str, wanted: &str, subnets: &[String]) -> Outcome {
        let said = self.account.ask(
            &BALANCING,
            "DescribeTargetGroups",
            &json!({"TargetGroupArns": [arn]}),
        );
        let said = match said {
            Ok(said) => said,
            Err(fault) => return faulty(&fault, "the target group"),
        };
        let Some(group) = list(&said, "TargetGroups").next() else {
            return ng("the target group is not there");
        };
        let is = group["TargetType"].as_str().unwrap_or("instance");
        if is != wanted {
            return ng(format!("it is for {is} targets, the tasks need {wanted}"));
        }
        if subnets.is_empty() {
            return ok();
        }
        match self.vpc(subnets) {
            Ok(vpc) if vpc == text(group, "VpcId") => ok(),
            Ok(vpc) => ng(format!(
                "it is in {}, the subnets are in {vpc}",
                text(group, "VpcId")
            )),
            // Told with the subnets.
            Err(_) => ok(),
        }
    }

    fn look_at_listener(&self, arn: &str) -> Outcome {
        match self.account.ask(
            &BALANCING,
            "DescribeListeners",
            &json!({"ListenerArns": [arn]}),
        ) {
            Ok(said) if list(&said, "Listeners").next().is_some() => ok(),
            Ok(_) => ng("the listener is not there"),
            Err(fault) => faulty(&fault, "the listener"),
        }
    }

    fn look_at_log_group(&self, name: &str) -> Outcome {
        let input = json!({"logGroupNamePrefix": name});
        match self
            .account
            .api
            .pages(&LOGS, "DescribeLogGroups", &input, "logGroups")
        {
            Ok(found) if found.iter().any(|it| it["logGroupName"] == name) => ok(),
            Ok(_) => ng("the log group is not there: tasks that write to it do not start"),
            Err(fault) => faulty(&fault, "the log group"),
        }
    }
}

fn network(request: &Value, items: &mut Vec<Item>) {
    let vpc = &request["networkConfiguration"]["awsvpcConfiguration"];
    let subnets = texts(vpc, "subnets");
    if !subnets.is_empty() {
        items.push(Item::Network {
            subnets,
            groups: texts(vpc, "securityGroups"),
        });
    }
}

fn definition(resource: &Resource, all: &[Resource], items: &mut Vec<Item>) {
    let request = &resource.request;
    let title = format!("task definition {}", resource.name);
    for container in list(request, "containerDefinitions") {
        let image = text(container, "image").to_owned();
        items.push(match container["repositoryCredentials"].is_object() {
            true => Item::PrivateImage(image),
            false => Item::Image(image),
        });
        let logs = &container["logConfiguration"];
        let secrets = list(container, "secrets").chain(list(logs, "secretOptions"));
        items.extend(
            secrets
                .map(|it| text(it, "valueFrom"))
                .filter(|it| is_known(it))
                .map(|it| Item::Secret(it.to_owned())),
        );
        let credentials = text(&container["repositoryCredentials"], "credentialsParameter");
        if is_known(credentials) {
            items.push(Item::Secret(credentials.to_owned()));
        }
        for file in list(container, "environmentFiles") {
            let subject = format!("environment file {}", text(file, "value"));
            items.push(known(
                subject,
                Verdict::Skip,
                "files in buckets are not looked at",
            ));
        }
        let group = text(&logs["options"], "awslogs-group");
        if text(logs, "logDriver") == "awslogs" && is_known(group) {
            let is_made = logs["options"]["awslogs-create-group"] == "true"
                || all
                    .iter()
                    .any(|it| it.kind == LOG_GROUP && it.request["logGroupName"] == group);
            items.push(match is_made {
                true => known(
                    format!("log group {group}"),
                    Verdict::Ok,
                    "it is made with the release",
                ),
                false => Item::LogGroup(group.to_owned()),
            });
        }
        for mapping in list(container, "portMappings") {
            let (host, inner) = (
                mapping["hostPort"].as_i64(),
                mapping["containerPort"].as_i64(),
            );
            if request["networkMode"] == "awsvpc"
                && host.is_some_and(|host| host != 0 && Some(host) != inner)
            {
                let why = format!(
                    "container {}: hostPort {} differs from containerPort {}, which awsvpc does not allow",
                    text(container, "name"),
                    host.unwrap_or_default(),
                    inner.unwrap_or_default()
                );
                items.push(known(title.clone(), Verdict::Ng, why));
            }
        }
    }
}

/// Whether the container and the port of a load balancer are in a task definition.
fn port(title: &str, balancer: &Value, definition: &Resource) -> Option<Item> {
    let (name, wanted) = (text(balancer, "containerName"), &balancer["containerPort"]);
    let container =
        list(&definition.request, "containerDefinitions").find(|it| text(it, "name") == name);
    let Some(container) = container else {
        let why = format!(
            "the load balancer is for container {name:?}, which the task definition has not"
        );
        return Some(known(title.to_owned(), Verdict::Ng, why));
    };
    let has_port =
        list(container, "portMappings").any(|it| it["containerPort"].as_i64() == wanted.as_i64());
    (!has_port).then(|| {
        let why = format!(
            "the load balancer is for port {wanted} of container {name:?}, which does not offer it"
        );
        known(title.to_owned(), Verdict::Ng, why)
    })
}

/// An image in Amazon's registry.
#[derive(Debug, PartialEq, Eq)]
struct Repository<'i> {
    account: &'i str,
    region: &'i str,
    name: &'i str,
    tag: &'i str,
    digest: &'i str,
}

impl Repository<'_> {
    fn of(image: &str) -> Option<Repository<'_>> {
        let (host, rest) = image.split_once('/')?;
        let mut parts = host.split('.');
        let account = parts
            .next()
            .filter(|it| it.len() == 12 && it.bytes().all(|b| b.is_ascii_digit()))?;
        let is_registry =
            parts.next() == Some("dkr") && matches!(parts.next(), Some("ecr" | "ecr-fips"));
        let region = parts.next().filter(|_| is_registry)?;
        let (rest, digest) = rest.split_once('@').unwrap_or((rest, ""));
        let (name, tag) = rest.split_once(':').unwrap_or((rest, "latest"));
        Some(Repository {
            account,
            region,
            name,
            tag,
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_amazons_registry_are_known() {
        let found = Repository::of("111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/web:2");
        let want = Repository {
            account: "111122223333",
            region: "eu-west-1",
            name: "team/web",
            tag: "2",
            digest: "",
        };
        assert_eq!(found, Some(want));
        let found = Repository::of("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:00");
        assert_eq!(
            found.map(|it| (it.tag, it.digest)),
            Some(("latest", "sha256:00"))
        );
        for other in [
            "nginx",
            "library/nginx:1",
            "public.ecr.aws/nginx/nginx:1",
            "1.dkr.ecr.x.amazonaws.com/a",
        ] {
            assert_eq!(Repository::of(other), None, "{other}");
        }
    }
}
