//! One deployment of one service, as it goes.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::account::{Account, list, text};
use super::super::kind::service::primary;
use super::Begun;
use crate::backend::{Count, Waiting};
use crate::diag::Error;

/// How a deployment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Going,
    Done,
    /// With ECS' reason.
    Failed(String),
}

/// A stage at which somebody has to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) stage: String,
    /// When it ends by itself, in a few words.
    pub(super) expiry: String,
}

/// A deployment that is watched.
pub(super) struct Watch {
    pub(super) begun: Begun,
    /// Its ARN, once it is known.
    pub(super) arn: String,
    pub(super) look: Look,
    /// The stage at which it waits for somebody.
    pub(super) gate: Option<String>,
    hook: Option<Hook>,
    told: Option<String>,
    status: String,
    message: String,
    ready: Option<Count>,
    /// Whether ECS tells of deployments at all, and lets us see them.
    is_blind: bool,
    /// The service as it was seen last.
    pub(super) service: Value,
}

impl Watch {
    pub(super) fn new(begun: Begun) -> Watch {
        Watch {
            begun,
            arn: String::new(),
            look: Look::Going,
            gate: None,
            hook: None,
            told: None,
            status: "PENDING".to_owned(),
            message: String::new(),
            ready: None,
            is_blind: false,
            service: Value::Null,
        }
    }

    /// How long it may take.
    pub(super) fn patience(&self, timeout: Duration) -> Duration {
        let own = self.begun.patience.map(Duration::from_secs);
        own.map_or(timeout, |own| own.max(timeout))
    }

    /// A hook that waits and was not told yet.
    pub(super) fn news(&mut self) -> Option<Hook> {
        let hook = self.hook.clone()?;
        if self.told.as_ref() == Some(&hook.id) {
            return None;
        }
        self.told = Some(hook.id.clone());
        Some(hook)
    }

    /// What is shown of it.
    pub(super) fn shown(&self, namespace: &str) -> Waiting {
        Waiting {
            object: format!("Service/{namespace}/{}", self.begun.service),
            status: self.status.clone(),
            message: self.message.clone(),
            ready: self.ready,
            trouble: match &self.look {
                Look::Failed(reason) => reason.clone(),
                _ => self
                    .gate
                    .as_ref()
                    .map(|stage| format!("waits at {stage}"))
                    .unwrap_or_default(),
            },
            is_done: self.look == Look::Done,
        }
    }

    /// Its state in a few words.
    pub(super) fn summary(&self) -> String {
        match (&self.ready, self.message.as_str()) {
            (Some(count), "") => {
                format!("{}, {} of {} tasks", self.status, count.ready, count.wanted)
            }
            (Some(count), message) => {
                format!(
                    "{}, {} of {} tasks, {message}",
                    self.status, count.ready, count.wanted
                )
            }
            (None, _) => self.status.clone(),
        }
    }

    /// Looks at it, where its service is `told`.
    ///
    /// # Errors
    /// What ECS says.
    pub(super) fn look_at(&mut self, account: &Account, told: Option<&Value>) -> Result<(), Error> {
        let Some(told) = told else {
            self.look = Look::Failed("the service is gone".to_owned());
            return Ok(());
        };
        self.service = told.clone();
        let count = |name: &str| told[name].as_i64().unwrap_or_default();
        self.ready = Some(Count {
            ready: count("runningCount"),
            wanted: count("desiredCount"),
        });
        if self.begun.definition.is_empty() {
            // Nothing was changed here: whatever it comes to is told.
            text(told, "taskDefinition").clone_into(&mut self.begun.definition);
            text(primary(told), "id").clone_into(&mut self.begun.deployment);
        }
        if self.is_rolling() && self.is_complete() {
            self.status = "SUCCESSFUL".to_owned();
            self.look = Look::Done;
            return Ok(());
        }
        if !self.is_blind {
            self.follow(account)?;
        }
        if self.is_blind {
            self.judge_blindly();
        }
        Ok(())
    }

    /// Whether tasks are replaced by ECS itself, a few at a time, so that the service's own list says all.
    fn is_rolling(&self) -> bool {
        let strategy = self.service["deploymentConfiguration"]["strategy"].as_str();
        strategy.is_none_or(|it| it == "ROLLING")
    }

    fn own(&self) -> &Value {
        let own =
            list(&self.service, "deployments").find(|it| text(it, "id") == self.begun.deployment);
        own.unwrap_or(&Value::Null)
    }

    /// Whether the deployment that we began is what the service runs, and has ended.
    fn is_complete(&self) -> bool {
        let own = self.own();
        let is_there = own["status"] == "PRIMARY";
        let is_settled = self.service["runningCount"] == self.service["desiredCount"];
        match own["rolloutState"].as_str() {
            Some(state) => is_there && state == "COMPLETED",
            // Services of other controllers tell nothing of it.
            None => is_there && is_settled && self.service["pendingCount"] == 0,
        }
    }

    fn judge_blindly(&mut self) {
        let own = self.own().clone();
        let state = text(&own, "rolloutState");
        self.status = match state {
            "" => "IN_PROGRESS".to_owned(),
            state => state.to_owned(),
        };
        text(&own, "rolloutStateReason").clone_into(&mut self.message);
        if self.is_complete() {
            self.look = Look::Done;
        } else if state == "FAILED" {
            self.look = Look::Failed(self.message.clone());
        } else if own["status"] != "PRIMARY" && !self.begun.deployment.is_empty() {
            let primary = primary(&self.service);
            let why = match text(primary, "taskDefinition") == self.begun.definition {
                true => "another deployment took its place",
                false => {
                    "the service runs something else: it was taken back, or changed by somebody else"
                }
            };
            self.look = Look::Failed(why.to_owned());
        }
    }

    /// Asks for the service deployment itself.
    fn follow(&mut self, account: &Account) -> Result<(), Error> {
        if self.arn.is_empty() && !self.find(account)? {
            return Ok(());
        }
        let input = json!({"serviceDeploymentArns": [self.arn]});
        let said = match account.ecs("DescribeServiceDeployments", &input) {
            Err(fault) if fault.is_denied() => {
                self.is_blind = true;
                return Ok(());
            }
            said => said?,
        };
        let Some(found) = list(&said, "serviceDeployments").next().cloned() else {
            return Ok(());
        };
        self.read(&found);
        Ok(())
    }

    /// Finds the service deployment that brings what we want; whether it is there yet.
    fn find(&mut self, account: &Account) -> Result<bool, Error> {
        let input = json!({"cluster": self.begun.cluster, "service": self.begun.service});
        let said = match account.ecs("ListServiceDeployments", &input) {
            // Not allowed, or nothing that this endpoint knows: the service itself has to do.
            Err(fault) if fault.is_denied() || is_unknown(&fault) => {
                self.is_blind = true;
                return Ok(false);
            }
            said => said?,
        };
        let candidates: Vec<&Value> = list(&said, "serviceDeployments")
            .filter(|it| it["createdAt"].as_f64().unwrap_or(f64::MAX) >= self.begun.since - 1.0)
            .collect();
        let revisions: Vec<&str> = candidates
            .iter()
            .map(|it| text(it, "targetServiceRevisionArn"))
            .collect();
        if revisions.is_empty() {
            return Ok(false);
        }
        let input = json!({"serviceRevisionArns": revisions});
        let said = account.ecs("DescribeServiceRevisions", &input)?;
        let is_ours = |deployment: &&&Value| {
            let arn = text(deployment, "targetServiceRevisionArn");
            let revision =
                list(&said, "serviceRevisions").find(|it| text(it, "serviceRevisionArn") == arn);
            revision.is_some_and(|it| text(it, "taskDefinition") == self.begun.definition)
        };
        // A later one of the same content is somebody else's: ours is the first.
        let found = candidates.iter().rev().find(is_ours);
        if let Some(found) = found {
            self.arn = text(found, "serviceDeploymentArn").to_owned();
        }
        Ok(found.is_some())
    }

    fn read(&mut self, deployment: &Value) {
        text(deployment, "status").clone_into(&mut self.status);
        let reason = text(deployment, "statusReason").to_owned();
        let target = &deployment["targetServiceRevision"];
        if let (Some(wanted), Some(running)) = (
            target["requestedTaskCount"].as_i64(),
            target["runningTaskCount"].as_i64(),
        ) {
            self.ready = Some(Count {
                ready: running,
                wanted,
            });
        }
        let mut words = Vec::new();
        if let Some(stage) = deployment["lifecycleStage"].as_str() {
            words.push(stage.to_lowercase().replace('_', " "));
        }
        if let Some(weight) = target["requestedProductionTrafficWeight"].as_f64() {
            words.push(format!("{weight} % of the traffic"));
        }
        let breaker = &deployment["deploymentCircuitBreaker"];
        if breaker["failureCount"]
            .as_i64()
            .is_some_and(|count| count > 0)
        {
            words.push(format!(
                "{} of {} failures",
                breaker["failureCount"], breaker["threshold"]
            ));
        }
        let alarms = &deployment["alarms"];
        let triggered = super::super::account::texts(alarms, "triggeredAlarmNames");
        if !triggered.is_empty() {
            words.push(format!("alarms: {}", triggered.join(", ")));
        }
        if !reason.is_empty() {
            words.push(reason.clone());
        }
        self.message = words.join(", ");
        let waiting =
            list(deployment, "lifecycleHookDetails").find(|it| it["status"] == "AWAITING_ACTION");
        self.hook = waiting.map(|hook| Hook {
            id: text(hook, "hookId").to_owned(),
            stage: deployment["lifecycleStage"]
                .as_str()
                .unwrap_or("a pause")
                .to_owned(),
            expiry: expiry(hook),
        });
        self.gate = self.hook.as_ref().map(|hook| hook.stage.clone());
        self.look = match self.status.as_str() {
            "SUCCESSFUL" => Look::Done,
            "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => {
                Look::Failed(match reason.as_str() {
                    "" => format!("the deployment is {}", self.status),
                    reason => reason.to_owned(),
                })
            }
            _ => Look::Going,
        };
    }
}

/// Until when a hook waits.
fn expiry(hook: &Value) -> String {
    let until = hook["expiresAt"].as_f64().and_then(|seconds| {
        #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
        jiff::Timestamp::from_second(seconds as i64).ok()
    });
    match until {
        Some(until) => format!(", until {until}"),
        None => String::new(),
    }
}

/// Whether an endpoint does not know an operation.
fn is_unknown(fault: &crate::net::aws::Fault) -> bool {
    ["UnknownOperationException", "InvalidAction", "NotImplemented", "UnknownOperation"]
        .iter()
        .any(|code| fault.is(code))
        || fault.status == 404
        || fault.status == 501
        // Stand-ins for Amazon have nothing to say of what they lack.
        || (fault.status == 500 && fault.code.is_empty())
}
