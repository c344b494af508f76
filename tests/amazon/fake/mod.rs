//! Amazon as releases on ECS need it: clusters, task definitions, services whose deployments go as a test
//! wants, tasks, load balancers, schedules, logs, a bucket; in memory, on a port of its own.
//!
//! It sets the defaults that ECS sets, follows its rules of updates, remembers all that it was asked, and
//! makes trouble on demand: throttling, keys that end, failures of the server, lost answers.

mod balancing;
mod bucket;
mod cluster;
mod definition;
pub(crate) mod deployment;
mod discovery;
mod event;
mod form;
mod log;
mod parameter;
mod scaling;
mod schedule;
mod service;
mod state;
mod task;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

pub(crate) use deployment::{Course, End};
pub(crate) use state::{ACCOUNT, REGION, State};
pub(crate) use task::Exit;

use super::http::{Request, Response, Server};

/// A refusal, as a service words it.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

pub(crate) type Answer = Result<Value, Refusal>;

/// A refusal of the client's doing.
fn refuse<T>(code: &str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        status: 400,
        code: code.to_owned(),
        message: message.into(),
    })
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The service, as signatures name it.
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) input: Value,
    /// The access key of whoever asked.
    pub(crate) key: String,
    /// What was answered: 200, or the status of a refusal; 0 for a lost answer.
    pub(crate) status: u16,
}

/// Trouble for requests that fit; what is empty fits all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    /// How many that fit pass before.
    pub(crate) skip: u32,
    /// How many are troubled; none is all.
    pub(crate) times: Option<u32>,
    pub(crate) what: What,
}

/// What trouble it is.
#[derive(Clone, Debug, Default)]
pub(crate) enum What {
    /// `ThrottlingException`
    #[default]
    Throttled,
    /// `ExpiredTokenException`
    Expired,
    /// `AccessDeniedException`
    Denied,
    /// A status without a word.
    Status(u16),
    /// A refusal of this code.
    Code(&'static str),
    /// The connection ends before anything is done.
    Lost,
    /// It is done, and then the connection ends.
    Unanswered,
}

#[derive(Default)]
struct Core {
    state: State,
    asked: Vec<Asked>,
    troubles: Vec<Trouble>,
}

/// Amazon, until it is dropped.
pub(crate) struct Fake {
    server: Server,
    core: Arc<Mutex<Core>>,
}

impl Fake {
    /// An account with a cluster `shop`, a VPC with a listener, a namespace, and a bucket `state`.
    pub(crate) fn start() -> Fake {
        let core = Arc::new(Mutex::new(Core::default()));
        let server = Server::start({
            let core = Arc::clone(&core);
            move |request| {
                let mut core = core.lock().unwrap_or_else(PoisonError::into_inner);
                core.answer(request)
            }
        });
        Fake { server, core }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    fn core<T>(&self, act: impl FnOnce(&mut Core) -> T) -> T {
        act(&mut self.core.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at what it holds, or changes it behind everybody's back.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.core(|core| act(&mut core.state))
    }

    /// All that it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.core(|core| core.asked.clone())
    }

    /// The inputs of one operation.
    pub(crate) fn inputs(&self, operation: &str) -> Vec<Value> {
        let asked = self.asked().into_iter();
        let asked = asked.filter(|asked| asked.operation == operation);
        asked.map(|asked| asked.input).collect()
    }

    /// What changed something: all operations that do not read.
    pub(crate) fn changes(&self) -> Vec<String> {
        let reads = ["Describe", "List", "Get", "Head", "Filter"];
        let asked = self.asked().into_iter().map(|asked| asked.operation);
        asked
            .filter(|operation| !reads.iter().any(|read| operation.starts_with(read)))
            .collect()
    }

    /// Forgets what it was asked.
    pub(crate) fn forget(&self) {
        self.core(|core| core.asked.clear());
    }

    /// Makes trouble from now on.
    pub(crate) fn trouble(&self, trouble: Trouble) {
        self.core(|core| core.troubles.push(trouble));
    }

    /// Ends all trouble.
    pub(crate) fn heal(&self) {
        self.core(|core| core.troubles.clear());
    }

    /// How deployments of a service go from now on.
    pub(crate) fn course(&self, service: &str, course: Course) {
        self.with(|state| state.courses.insert(service.to_owned(), course));
    }

    /// How tasks of a family that are run by themselves end.
    pub(crate) fn exit(&self, family: &str, exit: Exit) {
        self.with(|state| state.exits.insert(family.to_owned(), exit));
    }
}

/// Where and what a request is for.
struct Aim {
    service: String,
    operation: String,
    input: Value,
    key: String,
}

/// The service and the key of a signature.
fn signature(request: &Request) -> Option<(String, String)> {
    let (_, rest) = request.header("authorization").split_once("Credential=")?;
    let mut parts = rest.split(',').next()?.split('/');
    let (key, service) = (parts.next()?, parts.nth(2)?);
    Some((service.to_owned(), key.to_owned()))
}

fn aim(request: &Request) -> Option<Aim> {
    let (service, key) = signature(request)?;
    let json = || serde_json::from_slice(&request.body).unwrap_or_else(|_| json!({}));
    let (operation, input) = match service.as_str() {
        "s3" => bucket::operation(request),
        "scheduler" => schedule::operation(request)?,
        _ => match request.header("x-amz-target").rsplit_once('.') {
            Some((_, operation)) => (operation.to_owned(), json()),
            None => form::read(&request.text()),
        },
    };
    Some(Aim {
        service,
        operation,
        input,
        key,
    })
}

impl Core {
    fn answer(&mut self, request: &Request) -> Response {
        let Some(aim) = aim(request) else {
            let body = json!({"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"});
            return Response::new(403, body.to_string());
        };
        let what = self.trouble(&aim);
        let (mut response, is_done) = match &what {
            Some(What::Unanswered) | None => (self.perform(&aim, request), true),
            Some(what) => (troubled(&aim, what), false),
        };
        if is_done && what.is_some() {
            response = Response::cut();
        }
        self.asked.push(Asked {
            status: response.status,
            service: aim.service,
            operation: aim.operation,
            input: aim.input,
            key: aim.key,
        });
        let id = format!("request-{}", self.asked.len());
        response.with("x-amzn-requestid", id)
    }

    /// The first trouble that fits, counted down.
    fn trouble(&mut self, aim: &Aim) -> Option<What> {
        for trouble in &mut self.troubles {
            let fits = |wanted: &str, given: &str| wanted.is_empty() || wanted == given;
            if !fits(trouble.service, &aim.service) || !fits(trouble.operation, &aim.operation) {
                continue;
            }
            if trouble.skip > 0 {
                trouble.skip -= 1;
                continue;
            }
            match &mut trouble.times {
                Some(0) => continue,
                Some(times) => *times -= 1,
                None => {}
            }
            return Some(trouble.what.clone());
        }
        None
    }

    fn perform(&mut self, aim: &Aim, request: &Request) -> Response {
        let (operation, input) = (aim.operation.as_str(), &aim.input);
        let state = &mut self.state;
        let answer = match aim.service.as_str() {
            "s3" => return bucket::answer(state, request),
            "ecs" => state.ecs(operation, input),
            "elasticloadbalancing" => state.balancing(operation, input),
            "ec2" | "iam" | "sts" => state.account(operation, input),
            "application-autoscaling" => state.scaling(operation, input),
            "scheduler" => state.schedule(operation, input),
            "servicediscovery" => state.discovery(operation, input),
            "events" => state.event(operation, input),
            "logs" => state.log(operation, input),
            "ecr" => state.image(operation, input),
            "ssm" | "secretsmanager" => state.parameter(operation, input),
            _ => unknown(operation),
        };
        told(aim, answer)
    }
}

fn unknown(operation: &str) -> Answer {
    let message = format!("the fake of the tests does not know {operation}");
    refuse("UnknownOperationException", message)
}

/// An answer in the form that the service has.
fn told(aim: &Aim, answer: Answer) -> Response {
    let is_form = matches!(
        aim.service.as_str(),
        "elasticloadbalancing" | "ec2" | "iam" | "sts"
    );
    match answer {
        Ok(value) if is_form => {
            let text = form::write(&aim.service, &aim.operation, &value);
            Response::new(200, text).with("content-type", "text/xml")
        }
        Ok(value) => Response::new(200, value.to_string()),
        Err(refusal) if is_form => {
            let text = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                refusal.code,
                form::escaped(&refusal.message)
            );
            Response::new(refusal.status, text).with("content-type", "text/xml")
        }
        Err(refusal) => {
            let body = json!({"__type": refusal.code, "message": refusal.message});
            Response::new(refusal.status, body.to_string())
        }
    }
}

fn troubled(aim: &Aim, what: &What) -> Response {
    let refusal = |status: u16, code: &str, message: String| {
        let refusal = Refusal {
            status,
            code: code.to_owned(),
            message,
        };
        told(aim, Err(refusal))
    };
    match what {
        What::Throttled => refusal(400, "ThrottlingException", "Rate exceeded".to_owned()),
        What::Expired => refusal(
            400,
            "ExpiredTokenException",
            "The security token included in the request is expired".to_owned(),
        ),
        What::Denied => {
            let message = format!(
                "User: arn:aws:iam::{ACCOUNT}:user/test is not authorized to perform: {}:{} on resource: * because no identity-based policy allows it",
                aim.service, aim.operation
            );
            refusal(400, "AccessDeniedException", message)
        }
        What::Status(status) => Response::new(*status, ""),
        What::Code(code) => refusal(400, code, "as the test wants it".to_owned()),
        What::Lost | What::Unanswered => Response::cut(),
    }
}

/// A text of the input.
fn text<'v>(input: &'v Value, name: &str) -> &'v str {
    input[name].as_str().unwrap_or_default()
}

/// The texts of a list of the input.
fn texts(input: &Value, name: &str) -> Vec<String> {
    let list = input[name].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A page of a list, from the token that the input has, with the token of the next.
fn page(input: &Value, list: &str, items: Vec<Value>, most: usize) -> Value {
    let (token, limit) = (text(input, "nextToken"), input["maxResults"].as_u64());
    let start: usize = token.parse().unwrap_or_default();
    let size = limit.map_or(most, |limit| {
        usize::try_from(limit).unwrap_or(most).min(most)
    });
    let rest = items.len().saturating_sub(start + size);
    let shown: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut page = json!({list: shown});
    if rest > 0 {
        page["nextToken"] = json!((start + size).to_string());
    }
    page
}

/// Takes over the members of `input` that are there.
fn merge(into: &mut Value, input: &Value, names: &[&str]) {
    for name in names {
        if let Some(value) = input.get(*name).filter(|value| !value.is_null()) {
            into[*name] = value.clone();
        }
    }
}

/// Sets what is not there.
fn default(value: &mut Value, name: &str, otherwise: Value) {
    if value.get(name).is_none_or(Value::is_null) {
        value[name] = otherwise;
    }
}
