//! Operations of services, asked with values and answered by values, so that members which are newer
//! than this program pass.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::call::{Call, host};
use super::credential::Sources;
use super::fault::{self, Fault};
use super::query::{self, Style};
use super::service::{self, Protocol, Route, Service};
use super::sign::{escape, form};
use super::wire::{Holder, Keys, Retries, Wire};
use crate::diag::{Error, Kind};
use crate::net::{Answer, Method};

/// Where may be worked; what is empty allows everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Numbers of accounts.
    pub accounts: Vec<String>,
    /// Names of regions.
    pub regions: Vec<String>,
    /// Names or ARNs of clusters.
    pub clusters: Vec<String>,
}

/// How services are asked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who asks, and for which region.
    pub sources: Sources,
    /// The address that is asked in place of all services', or nothing.
    pub endpoint: String,
    /// How requests are repeated; variables and the profile say how often where this is not set.
    pub retries: Option<Retries>,
    /// Where may be worked.
    pub allowed: Allowed,
}

/// Whose keys are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The number of the account.
    pub account: String,
    /// The ARN of the user or the role.
    pub arn: String,
}

/// Amazon's services, as one user sees them in one region; nothing is looked for or started before
/// the first request.
pub struct Api {
    options: Options,
    keys: Mutex<Option<Box<dyn Keys>>>,
    wire: OnceLock<Wire>,
    region: Mutex<Option<String>>,
    endpoints: Mutex<BTreeMap<&'static str, String>>,
    caller: Mutex<Option<Caller>>,
}

/// A place and a body, ready to be signed.
struct Prepared {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Api {
    /// Asks with the keys that the sources find.
    pub fn new(options: Options) -> Api {
        let keys = Box::new(options.sources.clone());
        Api::with_keys(options, keys)
    }

    /// Asks with keys from elsewhere: a role, for instance ([`super::Assumed`]).
    pub fn with_keys(options: Options, keys: Box<dyn Keys>) -> Api {
        Api {
            options,
            keys: Mutex::new(Some(keys)),
            wire: OnceLock::new(),
            region: Mutex::default(),
            endpoints: Mutex::default(),
            caller: Mutex::default(),
        }
    }

    fn wire(&self) -> &Wire {
        self.wire.get_or_init(|| {
            let keys = self
                .keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            let keys = keys.unwrap_or_else(|| Box::new(self.options.sources.clone()));
            let retries = self.options.retries;
            let retries = retries.unwrap_or_else(|| self.options.sources.retries());
            Wire::new(keys, retries)
        })
    }

    /// The keys, for others who sign.
    pub fn holder(&self) -> Arc<Holder> {
        Arc::clone(&self.wire().holder)
    }

    /// Where settings come from.
    pub fn sources(&self) -> &Sources {
        &self.options.sources
    }

    /// The address that stands in for all services, or nothing.
    pub fn endpoint(&self) -> &str {
        &self.options.endpoint
    }

    /// Where a bucket is asked for, and whether its name is a part of the host.
    ///
    /// # Errors
    /// Files of settings that cannot be read.
    pub fn bucket(&self, bucket: &str, region: &str) -> Result<(String, bool), Error> {
        let sources = &self.options.sources;
        let given = match self.options.endpoint.as_str() {
            "" => sources.endpoint("S3")?,
            given => given.to_owned(),
        };
        if !given.is_empty() {
            return Ok((given.trim_end_matches('/').to_owned(), false));
        }
        let endpoint = service::BUCKETS.endpoint(sources, region)?;
        Ok(match endpoint.strip_prefix("https://") {
            // Certificates do not go with dots in a name.
            Some(host) if !bucket.contains('.') => (format!("https://{bucket}.{host}"), true),
            _ => (endpoint, false),
        })
    }

    /// The region.
    ///
    /// # Errors
    /// None is named, or one where nothing may be done.
    pub fn region(&self) -> Result<String, Error> {
        let mut known = self.region.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(region) = known.as_ref() {
            return Ok(region.clone());
        }
        let region = self.options.sources.region()?;
        if region.is_empty() {
            let message = "there is no AWS region: neither --region, `ecs.region` of the configuration, AWS_REGION, nor one of the profile";
            return Err(Error::new(Kind::Usage, message));
        }
        let allowed = &self.options.allowed.regions;
        if !allowed.is_empty() && !allowed.contains(&region) {
            return Err(forbidden("region", &region, "allowedRegions", allowed));
        }
        *known = Some(region.clone());
        Ok(region)
    }

    /// Whose keys are used, and in which account.
    ///
    /// # Errors
    /// What the service says, and an account where nothing may be done.
    pub fn caller(&self) -> Result<Caller, Box<Fault>> {
        let mut known = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = known.as_ref() {
            return Ok(caller.clone());
        }
        let operation = "GetCallerIdentity";
        let said = self.perform(&service::TOKENS, operation, &json!({}))?;
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let caller = Caller {
            account: text("Account"),
            arn: text("Arn"),
        };
        let allowed = &self.options.allowed.accounts;
        if !allowed.is_empty() && !allowed.contains(&caller.account) {
            let error = forbidden("account", &caller.account, "allowedAccounts", allowed);
            let error = error.with_hint(format!("The keys are those of {}.", caller.arn));
            return Err(broken(&service::TOKENS, operation, error));
        }
        *known = Some(caller.clone());
        Ok(caller)
    }

    /// Whether this region, this account and this cluster (unless it is empty) may be worked on; asked
    /// before every request, too.
    ///
    /// # Errors
    /// They may not, with those that may; and what services say.
    pub fn admit(&self, cluster: &str) -> Result<(), Error> {
        self.region()?;
        let allowed = &self.options.allowed;
        if !allowed.clusters.is_empty() && !cluster.is_empty() {
            let same = |known: &String| known == cluster || short(known) == cluster;
            let known = match cluster.starts_with("arn:") {
                // One that is named by its ARN is in this account, or is named so in the list.
                true => allowed.clusters.iter().any(|known| {
                    known == cluster || (!known.starts_with("arn:") && known == short(cluster))
                }),
                false => allowed.clusters.iter().any(same),
            };
            if !known {
                let list = &allowed.clusters;
                return Err(forbidden("cluster", cluster, "allowedClusters", list));
            }
        }
        if !allowed.accounts.is_empty() {
            self.caller()?;
        }
        Ok(())
    }

    /// Asks a service for something.
    ///
    /// # Errors
    /// What the service says after all retries, no keys, no region, and what is not allowed.
    pub fn ask(
        &self,
        service: &Service,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Box<Fault>> {
        let clusters = clusters(service, input);
        let whole = std::iter::once("").filter(|_| clusters.is_empty());
        for cluster in clusters.iter().map(String::as_str).chain(whole) {
            self.admit(cluster)
                .map_err(|error| broken(service, operation, error))?;
        }
        self.perform(service, operation, input)
    }

    /// Asks again and again until a list is whole; gives what stands in all its pages under `list`.
    ///
    /// # Errors
    /// As [`Api::ask`].
    pub fn pages(
        &self,
        service: &Service,
        operation: &str,
        input: &Value,
        list: &str,
    ) -> Result<Vec<Value>, Box<Fault>> {
        let mut input = input.clone();
        let mut found = Vec::new();
        loop {
            let mut page = self.ask(service, operation, &input)?;
            if let Some(items) = page.get_mut(list).and_then(Value::as_array_mut) {
                found.append(items);
            }
            let Some((name, token)) = more(&page) else {
                return Ok(found);
            };
            if input[name] == token {
                let message = "the service gives the same page again and again";
                let error = Error::new(Kind::Network, message);
                return Err(broken(service, operation, error));
            }
            input[name] = token;
        }
    }

    /// Does something for each item, several at a time; what came of each, in order.
    pub fn each<T: Sync, R: Send>(&self, items: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let flights = self.wire().flights().clamp(1, items.len().max(1));
        if flights == 1 {
            return items.iter().map(act).collect();
        }
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, R)>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..flights {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else { break };
                        let result = act(item);
                        done.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((at, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn at(&self, service: &Service, region: &str) -> Result<String, Error> {
        if !self.options.endpoint.is_empty() {
            return Ok(self.options.endpoint.trim_end_matches('/').to_owned());
        }
        let mut known = self
            .endpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = known.get(service.name) {
            return Ok(endpoint.clone());
        }
        let endpoint = service.endpoint(&self.options.sources, region)?;
        known.insert(service.name, endpoint.clone());
        Ok(endpoint)
    }

    /// Asks, whether it is allowed or not.
    fn perform(
        &self,
        service: &Service,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Box<Fault>> {
        let answer = self.send(service, operation, input).map_err(|error| {
            let mut fault = broken(service, operation, error);
            fault.resource = resource(input);
            fault
        })?;
        if answer.status >= 300 {
            let (code, message) = fault::told(&answer);
            return Err(Box::new(Fault {
                service: service.name,
                operation: operation.to_owned(),
                resource: resource(input),
                status: answer.status,
                request_id: fault::request_id(&answer),
                message: match message.is_empty() && code.is_empty() {
                    true => answer.reason.to_owned(),
                    false => message,
                },
                code,
                cause: None,
            }));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let read = match service.protocol {
            Protocol::Query(_) => query::read(Style::Query, operation, &text),
            Protocol::Ec2(_) => query::read(Style::Ec2, operation, &text),
            Protocol::Json(_) | Protocol::Rest(_) if text.trim().is_empty() => Ok(json!({})),
            Protocol::Json(_) | Protocol::Rest(_) => {
                serde_json::from_str(&text).map_err(|error| error.to_string())
            }
        };
        read.map_err(|why| {
            let error = Error::new(Kind::Network, format!("the answer cannot be read: {why}"));
            broken(service, operation, error)
        })
    }

    fn send(&self, service: &Service, operation: &str, input: &Value) -> Result<Answer, Error> {
        let region = self.region()?;
        let endpoint = self.at(service, &region)?;
        let region = service.region(&region);
        let prepared = prepare(service, operation, input)?;
        let pairs = prepared.query.iter();
        let query: Vec<(&str, &str)> = pairs.map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let path = &prepared.path;
        let url = match query.is_empty() {
            true => format!("{endpoint}{path}"),
            false => format!("{endpoint}{path}?{}", form(&query)),
        };
        let answer = self.wire().send(&url, |time: SystemTime| Call {
            method: prepared.method,
            host: host(&endpoint),
            path,
            query: &query,
            region,
            service: service.name,
            time,
            headers: prepared.headers.clone(),
            body: &prepared.body,
        })?;
        match &answer.broken {
            Some(why) => Err(Error::new(Kind::Network, why.as_str())),
            None => Ok(answer),
        }
    }
}

/// What is sent for an operation.
fn prepare(service: &Service, operation: &str, input: &Value) -> Result<Prepared, Error> {
    let posted = |path: &str, kind: &str, body: Vec<u8>| Prepared {
        method: Method::Post,
        path: path.to_owned(),
        query: Vec::new(),
        headers: vec![("content-type", kind.to_owned())],
        body,
    };
    let (style, version) = match service.protocol {
        Protocol::Json(target) => {
            let kind = match service.name {
                "states" => "application/x-amz-json-1.0",
                _ => "application/x-amz-json-1.1",
            };
            let mut prepared = posted("/", kind, input.to_string().into_bytes());
            let target = format!("{target}.{operation}");
            prepared.headers.push(("x-amz-target", target));
            return Ok(prepared);
        }
        Protocol::Rest(routes) => return rest(routes, operation, input),
        Protocol::Query(version) => (Style::Query, version),
        Protocol::Ec2(version) => (Style::Ec2, version),
    };
    let flat = query::flatten(style, input);
    let mut pairs = vec![("Action", operation), ("Version", version)];
    pairs.extend(flat.iter().map(|(a, b)| (a.as_str(), b.as_str())));
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    Ok(posted("/", kind, form(&pairs).into_bytes()))
}

/// What is sent where each operation has an address of its own.
fn rest(routes: &[Route], operation: &str, input: &Value) -> Result<Prepared, Error> {
    let route = routes.iter().find(|route| route.operation == operation);
    let route = route.ok_or_else(|| {
        let message = format!("it is not known where {operation} is asked for");
        Error::new(Kind::Unsupported, message)
    })?;
    let mut body: Map<String, Value> = input.as_object().cloned().unwrap_or_default();
    body.retain(|_, value| !value.is_null());
    let mut path = String::new();
    let mut rest = route.path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let given = body.shift_remove(name);
        let given = given.as_ref().and_then(Value::as_str).unwrap_or_default();
        if given.is_empty() {
            let message = format!("{operation} wants {name}");
            return Err(Error::new(Kind::Usage, message));
        }
        path += before;
        path += &escape(given);
        rest = after;
    }
    path += rest;
    let mut query = Vec::new();
    for (member, name) in route.query {
        let Some(value) = body.shift_remove(*member) else {
            continue;
        };
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            query.push(((*name).to_owned(), text));
        }
    }
    let has_body = matches!(route.method, Method::Post | Method::Put);
    Ok(Prepared {
        method: route.method,
        path,
        query,
        headers: match has_body {
            true => vec![("content-type", "application/json".to_owned())],
            false => Vec::new(),
        },
        body: match has_body {
            true => Value::Object(body).to_string().into_bytes(),
            false => Vec::new(),
        },
    })
}

/// What asks for the next page, with the name that the token has in the question.
fn more(page: &Value) -> Option<(&'static str, Value)> {
    let names = [
        ("nextToken", "nextToken"),
        ("NextToken", "NextToken"),
        ("NextMarker", "Marker"),
        ("PaginationToken", "PaginationToken"),
    ];
    let is_cut = page["IsTruncated"].as_bool() == Some(true);
    let marker = is_cut.then_some(("Marker", "Marker"));
    names.into_iter().chain(marker).find_map(|(out, name)| {
        let token = page.get(out)?;
        let is_there = token.as_str().is_some_and(|token| !token.is_empty());
        is_there.then(|| (name, token.clone()))
    })
}

/// The clusters that a request is about.
fn clusters(service: &Service, input: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if service.name == "ecs" {
        for name in ["cluster", "clusterName", "clusters"] {
            match &input[name] {
                Value::String(one) => found.push(one.clone()),
                Value::Array(list) => {
                    let list = list.iter().filter_map(Value::as_str);
                    found.extend(list.map(str::to_owned));
                }
                _ => {}
            }
        }
    } else if service.name == "application-autoscaling"
        && let Some(target) = input["ResourceId"].as_str()
    {
        let mut parts = target.split('/');
        if parts.next() == Some("service") {
            found.extend(parts.next().map(str::to_owned));
        }
    }
    found
}

/// What a request is about, in a word or two.
fn resource(input: &Value) -> String {
    let names = [
        "serviceName",
        "service",
        "services",
        "family",
        "taskDefinition",
        "serviceDeploymentArn",
        "serviceDeploymentArns",
        "tasks",
        "task",
        "Name",
        "ResourceId",
        "TargetGroupArn",
        "RuleArn",
        "ListenerArn",
        "logGroupName",
        "SecretId",
        "resourceArn",
        "cluster",
        "clusters",
        "clusterName",
    ];
    let found = names.iter().find_map(|name| match &input[*name] {
        Value::String(one) => Some(one.clone()),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            match texts.as_slice() {
                [] => None,
                [one] => Some((*one).to_owned()),
                [first, rest @ ..] => Some(format!("{first} and {} more", rest.len())),
            }
        }
        _ => None,
    });
    found.unwrap_or_default()
}

/// The name at the end of an ARN.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn forbidden(what: &str, found: &str, key: &str, allowed: &[String]) -> Error {
    let message = format!(
        "nothing may be done in {what} {found}: `{key}` of the configuration allows {}",
        allowed.join(", ")
    );
    Error::new(Kind::Usage, message)
}

fn broken(service: &Service, operation: &str, error: Error) -> Box<Fault> {
    Box::new(Fault {
        service: service.name,
        operation: operation.to_owned(),
        resource: String::new(),
        status: 0,
        code: String::new(),
        message: String::new(),
        request_id: String::new(),
        cause: Some(Box::new(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_sent_as_services_want_them() {
        let input = json!({"cluster": "c", "newMember": {"a": [1]}});
        let prepared = prepare(&service::ECS, "CreateService", &input).unwrap();
        assert_eq!(prepared.body, input.to_string().as_bytes());
        assert_eq!(
            prepared.headers[1],
            (
                "x-amz-target",
                "AmazonEC2ContainerServiceV20141113.CreateService".to_owned()
            )
        );
        let input = json!({"Name": "a", "Names": ["x", "y"]});
        let prepared = prepare(&service::BALANCING, "CreateTargetGroup", &input).unwrap();
        assert_eq!(
            String::from_utf8(prepared.body).unwrap(),
            "Action=CreateTargetGroup&Version=2015-12-01&Name=a&Names.member.1=x&Names.member.2=y"
        );
        let input = json!({"Name": "a", "GroupName": "g", "ScheduleExpression": "rate(1 hour)"});
        let prepared = prepare(&service::SCHEDULES, "CreateSchedule", &input).unwrap();
        assert_eq!(prepared.path, "/schedules/a");
        assert_eq!(
            prepared.body,
            br#"{"GroupName":"g","ScheduleExpression":"rate(1 hour)"}"#
        );
        let prepared = prepare(&service::SCHEDULES, "GetSchedule", &input).unwrap();
        assert_eq!(prepared.method, Method::Get);
        assert_eq!(prepared.query, [("groupName".to_owned(), "g".to_owned())]);
        assert!(prepared.body.is_empty());
        let input = json!({"ResourceArn": "arn:a:b/c", "TagKeys": ["k", "l"]});
        let prepared = prepare(&service::SCHEDULES, "UntagResource", &input).unwrap();
        assert_eq!(prepared.path, "/tags/arn%3Aa%3Ab%2Fc");
        assert_eq!(prepared.query.len(), 2);
        let nothing = prepare(&service::SCHEDULES, "GetSchedule", &json!({}));
        assert_eq!(nothing.err().unwrap().message(), "GetSchedule wants Name");
    }

    #[test]
    fn tokens_of_all_services_are_seen() {
        for (page, want) in [
            (json!({"nextToken": "a"}), Some(("nextToken", json!("a")))),
            (json!({"NextToken": "a"}), Some(("NextToken", json!("a")))),
            (json!({"NextMarker": "a"}), Some(("Marker", json!("a")))),
            (
                json!({"Marker": "a", "IsTruncated": true}),
                Some(("Marker", json!("a"))),
            ),
            (json!({"Marker": "a", "IsTruncated": false}), None),
            (json!({"nextToken": null, "NextToken": ""}), None),
        ] {
            assert_eq!(more(&page), want);
        }
    }

    #[test]
    fn what_is_not_allowed_is_not_asked_for() {
        let api = |region: &str, clusters: &[&str]| {
            Api::new(Options {
                sources: Sources {
                    region: region.to_owned(),
                    ..Sources::default()
                },
                allowed: Allowed {
                    regions: vec!["eu-west-1".to_owned()],
                    clusters: clusters.iter().map(|&name| name.to_owned()).collect(),
                    ..Allowed::default()
                },
                ..Options::default()
            })
        };
        let error = api("us-east-1", &[]).admit("").unwrap_err();
        assert_eq!(
            error.message(),
            "nothing may be done in region us-east-1: `allowedRegions` of the configuration allows eu-west-1"
        );
        let arn = "arn:aws:ecs:eu-west-1:1:cluster/shop";
        for (allowed, cluster, is_good) in [
            (&["shop"][..], "shop", true),
            (&["shop"], arn, true),
            (&[arn], "shop", true),
            (&[arn], arn, true),
            (&[arn], "arn:aws:ecs:eu-west-1:2:cluster/shop", false),
            (&["shop"], "shop2", false),
            (&[], "any", true),
        ] {
            let admitted = api("eu-west-1", allowed).admit(cluster);
            assert_eq!(admitted.is_ok(), is_good, "{allowed:?} {cluster}");
        }
        let fault = api("eu-west-1", &["shop"])
            .ask(
                &service::AUTOSCALING,
                "RegisterScalableTarget",
                &json!({"ResourceId": "service/other/web"}),
            )
            .unwrap_err();
        assert!(fault.to_string().contains("in cluster other"), "{fault}");
    }
}
