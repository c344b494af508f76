//! The services that are asked: how they are called, where they are, what they speak.

use super::Sources;
use crate::diag::Error;

/// What a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON that is posted; what to do stands in the header `X-Amz-Target`, behind this.
    Json(&'static str),
    /// JSON at an address of its own for each operation.
    Rest(&'static [Route]),
    /// Forms that are answered by XML; the version of the interface.
    Query(&'static str),
    /// As [`Protocol::Query`], with names and lists as EC2 has them.
    Ec2(&'static str),
}

/// Where an operation of [`Protocol::Rest`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub operation: &'static str,
    /// What is done, as HTTP has it.
    pub method: crate::net::Method,
    /// The path, with members of the input in braces.
    pub path: &'static str,
    /// Members of the input that go into the query, each with its name there.
    pub query: &'static [(&'static str, &'static str)],
}

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name in signatures, and before the colon of actions in policies: `ecs`.
    pub name: &'static str,
    /// What its host begins with; mostly the same.
    pub prefix: &'static str,
    /// What Amazon's programs call it: `ECS`. In capitals it is the end of `AWS_ENDPOINT_URL_ECS`.
    pub title: &'static str,
    /// What it speaks.
    pub protocol: Protocol,
}

const fn json(name: &'static str, title: &'static str, target: &'static str) -> Service {
    Service {
        name,
        prefix: name,
        title,
        protocol: Protocol::Json(target),
    }
}

const fn query(name: &'static str, title: &'static str, version: &'static str) -> Service {
    Service {
        name,
        prefix: name,
        title,
        protocol: Protocol::Query(version),
    }
}

/// Clusters, task definitions, services, tasks.
pub const ECS: Service = json("ecs", "ECS", "AmazonEC2ContainerServiceV20141113");
/// How many tasks a service has.
pub const AUTOSCALING: Service = json(
    "application-autoscaling",
    "Application Auto Scaling",
    "AnyScaleFrontendService",
);
/// Names of services inside a network.
pub const DISCOVERY: Service = json(
    "servicediscovery",
    "ServiceDiscovery",
    "Route53AutoNaming_v20170314",
);
/// Rules over events.
pub const EVENTS: Service = json("events", "EventBridge", "AWSEvents");
/// What containers wrote.
pub const LOGS: Service = json("logs", "CloudWatch Logs", "Logs_20140328");
/// Parameters.
pub const PARAMETERS: Service = json("ssm", "SSM", "AmazonSSM");
/// Secrets.
pub const SECRETS: Service = json("secretsmanager", "Secrets Manager", "secretsmanager");
/// Keys for data.
pub const KEYS: Service = json("kms", "KMS", "TrentService");
/// State machines.
pub const STATES: Service = json("states", "SFN", "AWSStepFunctions");
/// Repositories of images.
pub const IMAGES: Service = Service {
    prefix: "api.ecr",
    ..json("ecr", "ECR", "AmazonEC2ContainerRegistry_V20150921")
};
/// Resources of all services by their tags.
pub const TAGGING: Service = json(
    "tagging",
    "Resource Groups Tagging API",
    "ResourceGroupsTaggingAPI_20170126",
);
/// Load balancers, target groups, listeners.
pub const BALANCING: Service = query(
    "elasticloadbalancing",
    "Elastic Load Balancing v2",
    "2015-12-01",
);
/// Roles and policies.
pub const IDENTITY: Service = query("iam", "IAM", "2010-05-08");
/// Stacks.
pub const STACKS: Service = query("cloudformation", "CloudFormation", "2010-05-15");
/// Metrics and alarms.
pub const METRICS: Service = Service {
    prefix: "monitoring",
    ..query("monitoring", "CloudWatch", "2010-08-01")
};
/// Who asks.
pub const TOKENS: Service = query("sts", "STS", super::token::VERSION);
/// Networks.
pub const NETWORKS: Service = Service {
    name: "ec2",
    prefix: "ec2",
    title: "EC2",
    protocol: Protocol::Ec2("2016-11-15"),
};
/// Schedules.
pub const SCHEDULES: Service = Service {
    name: "scheduler",
    prefix: "scheduler",
    title: "Scheduler",
    protocol: Protocol::Rest(SCHEDULER),
};
/// Buckets, which are asked for objects only.
pub(super) const BUCKETS: Service = Service {
    name: "s3",
    prefix: "s3",
    title: "S3",
    protocol: Protocol::Rest(&[]),
};

const SCHEDULER: &[Route] = {
    use crate::net::Method::{Delete, Get, Post, Put};
    const fn route(
        operation: &'static str,
        method: crate::net::Method,
        path: &'static str,
        query: &'static [(&'static str, &'static str)],
    ) -> Route {
        Route {
            operation,
            method,
            path,
            query,
        }
    }
    const NAMED: &[(&str, &str)] = &[("ClientToken", "clientToken"), ("GroupName", "groupName")];
    const LISTED: &[(&str, &str)] = &[
        ("GroupName", "ScheduleGroup"),
        ("MaxResults", "MaxResults"),
        ("NamePrefix", "NamePrefix"),
        ("NextToken", "NextToken"),
        ("State", "State"),
    ];
    &[
        route("CreateSchedule", Post, "/schedules/{Name}", &[]),
        route("UpdateSchedule", Put, "/schedules/{Name}", &[]),
        route("GetSchedule", Get, "/schedules/{Name}", NAMED),
        route("DeleteSchedule", Delete, "/schedules/{Name}", NAMED),
        route("ListSchedules", Get, "/schedules", LISTED),
        route("CreateScheduleGroup", Post, "/schedule-groups/{Name}", &[]),
        route("GetScheduleGroup", Get, "/schedule-groups/{Name}", &[]),
        route(
            "DeleteScheduleGroup",
            Delete,
            "/schedule-groups/{Name}",
            NAMED,
        ),
        route("ListScheduleGroups", Get, "/schedule-groups", LISTED),
        route("ListTagsForResource", Get, "/tags/{ResourceArn}", &[]),
        route("TagResource", Post, "/tags/{ResourceArn}", &[]),
        route(
            "UntagResource",
            Delete,
            "/tags/{ResourceArn}",
            &[("TagKeys", "TagKeys")],
        ),
    ]
};

impl Service {
    /// The end of variables that are this service's alone: `SECRETS_MANAGER`.
    fn suffix(&self) -> String {
        self.title.replace(' ', "_").to_ascii_uppercase()
    }

    /// The region that it is in, and that requests to it are signed for.
    pub(super) fn region<'r>(&self, region: &'r str) -> &'r str {
        match (self.name, region) {
            ("iam", region) if region.starts_with("cn-") => "cn-north-1",
            ("iam", region) if region.starts_with("us-gov-") => "us-gov-west-1",
            ("iam", _) => "us-east-1",
            _ => region,
        }
    }

    /// Scheme and host of it: what the user set, or the one of the region.
    ///
    /// # Errors
    /// Files of settings that cannot be read.
    pub(super) fn endpoint(&self, sources: &Sources, region: &str) -> Result<String, Error> {
        let given = sources.endpoint(&self.suffix())?;
        if !given.is_empty() {
            return Ok(given.trim_end_matches('/').to_owned());
        }
        let (fips, dual) = (
            sources.is_set("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?,
            sources.is_set("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?,
        );
        let prefix = self.prefix;
        let fips = if fips { "-fips" } else { "" };
        let (domain, region) = (domain(region, dual), self.region(region));
        Ok(match (self.name, dual) {
            ("iam", _) if domain == "amazonaws.com" && !region.starts_with("us-gov-") => {
                format!("https://iam{fips}.{domain}")
            }
            // ECR and S3 have a way of their own.
            ("ecr", false) if !fips.is_empty() => format!("https://ecr-fips.{region}.{domain}"),
            ("s3", true) => format!("https://s3{fips}.dualstack.{region}.amazonaws.com"),
            _ => format!("https://{prefix}{fips}.{region}.{domain}"),
        })
    }
}

/// The domain of a region's services.
fn domain(region: &str, dual: bool) -> &'static str {
    match (region, dual) {
        (region, false) if region.starts_with("cn-") => "amazonaws.com.cn",
        (region, true) if region.starts_with("cn-") => "api.amazonwebservices.com.cn",
        (region, _) if region.starts_with("us-iso-") => "c2s.ic.gov",
        (region, _) if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        (region, _) if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        (region, _) if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        (region, _) if region.starts_with("eusc-") => "amazonaws.eu",
        (_, true) => "api.aws",
        (_, false) => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(service: &Service, region: &str, variables: &[(&str, &str)]) -> String {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources = Sources {
            variables: variables.collect(),
            ..Sources::default()
        };
        service.endpoint(&sources, region).unwrap()
    }

    #[test]
    fn services_are_where_amazon_has_them() {
        let fips = &[("AWS_USE_FIPS_ENDPOINT", "true")][..];
        let dual = &[("AWS_USE_DUALSTACK_ENDPOINT", "true")][..];
        for (service, region, variables, want) in [
            (
                ECS,
                "eu-west-1",
                &[][..],
                "https://ecs.eu-west-1.amazonaws.com",
            ),
            (
                ECS,
                "cn-north-1",
                &[],
                "https://ecs.cn-north-1.amazonaws.com.cn",
            ),
            (
                ECS,
                "us-east-1",
                fips,
                "https://ecs-fips.us-east-1.amazonaws.com",
            ),
            (ECS, "us-east-1", dual, "https://ecs.us-east-1.api.aws"),
            (
                IMAGES,
                "eu-west-1",
                &[],
                "https://api.ecr.eu-west-1.amazonaws.com",
            ),
            (IDENTITY, "eu-west-1", &[], "https://iam.amazonaws.com"),
            (
                IDENTITY,
                "us-gov-east-1",
                &[],
                "https://iam.us-gov-west-1.amazonaws.com",
            ),
            (
                BALANCING,
                "eu-west-1",
                &[],
                "https://elasticloadbalancing.eu-west-1.amazonaws.com",
            ),
            (
                BALANCING,
                "eu-west-1",
                &[("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://e/")],
                "http://e",
            ),
            (
                ECS,
                "eu-west-1",
                &[
                    ("AWS_ENDPOINT_URL", "http://all:1/"),
                    ("AWS_ENDPOINT_URL_ECS", "http://ecs:2"),
                ],
                "http://ecs:2",
            ),
            (
                SECRETS,
                "eu-west-1",
                &[("AWS_ENDPOINT_URL", "http://all:1/")],
                "http://all:1",
            ),
            (
                SECRETS,
                "eu-west-1",
                &[
                    ("AWS_ENDPOINT_URL", "http://all:1/"),
                    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
                ],
                "https://secretsmanager.eu-west-1.amazonaws.com",
            ),
        ] {
            assert_eq!(endpoint(&service, region, variables), want);
        }
        assert_eq!(IDENTITY.region("eu-west-1"), "us-east-1");
    }
}
