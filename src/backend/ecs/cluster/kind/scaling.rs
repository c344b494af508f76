//! How many tasks services have: Application Auto Scaling. What belongs to a service has no owner of its
//! own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::account::{list, text};
use super::super::compare::Difference;
use super::super::live::{Live, select};
use super::super::normal;
use super::{Around, Kind, Read, Step};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::AUTOSCALING;

/// Between how many and how many tasks a service has.
pub(super) struct Target;

/// What targets are found by.
const KEY: &[&str] = &["ServiceNamespace", "ResourceId", "ScalableDimension"];

/// How many targets are asked for at once.
const BATCH: usize = 50;

fn target(told: &Value) -> Live {
    let members = [
        "ServiceNamespace",
        "ResourceId",
        "ScalableDimension",
        "MinCapacity",
        "MaxCapacity",
        "RoleARN",
        "SuspendedState",
    ];
    let mut live = Live::new(text(told, "ScalableTargetARN"), select(told, &members));
    if live.id.is_empty() {
        live.id = text(told, "ResourceId").to_owned();
    }
    live.told = told.clone();
    live
}

impl Kind for Target {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for resource in wanted {
            let namespace = text(&resource.request, "ServiceNamespace");
            ids.entry(namespace)
                .or_default()
                .push(text(&resource.request, "ResourceId"));
        }
        let mut questions = Vec::new();
        for (namespace, ids) in &ids {
            for some in ids.chunks(BATCH) {
                questions.push(json!({"ServiceNamespace": namespace, "ResourceIds": some}));
            }
        }
        let said = around.account.each(&questions, |input| {
            let api = &around.account.api;
            api.pages(
                &AUTOSCALING,
                "DescribeScalableTargets",
                input,
                "ScalableTargets",
            )
        });
        let mut known = Vec::new();
        let mut failed = None;
        for said in said {
            match said {
                Ok(some) => known.extend(some),
                Err(fault) => failed = Some(Error::from(*fault)),
            }
        }
        wanted
            .iter()
            .map(|resource| {
                if let Some(error) = failed.take() {
                    return Err(error);
                }
                let is_it = |told: &&Value| {
                    KEY.iter()
                        .all(|name| told[*name] == resource.request[*name])
                };
                Ok(known.iter().find(is_it).map(target))
            })
            .collect()
    }

    fn settle(&self, spec: &mut Value) {
        normal::inside(spec, "SuspendedState", |state| {
            for name in [
                "DynamicScalingInSuspended",
                "DynamicScalingOutSuspended",
                "ScheduledScalingSuspended",
            ] {
                normal::drop_if(state, name, &json!(false));
            }
        });
        normal::drop_empty(spec);
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let request = step.request();
        let said = around
            .account
            .ask(&AUTOSCALING, "RegisterScalableTarget", &request)?;
        let mut live = target(&request);
        if let Some(arn) = said["ScalableTargetARN"].as_str() {
            arn.clone_into(&mut live.id);
            live.attributes.insert("arn".to_owned(), arn.to_owned());
        }
        Ok(live)
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        _live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        self.create(around, step)
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let input = select(&live.spec, KEY);
        let said = around
            .account
            .ask(&AUTOSCALING, "DeregisterScalableTarget", &input);
        gone(said)
    }
}

/// The service says `ObjectNotFoundException` for what is not there.
fn gone(said: Result<Value, Box<crate::net::aws::Fault>>) -> Result<(), Error> {
    super::super::account::gone(said)
}

/// What follows a target: a policy, or an action at a time.
pub(super) struct Follower {
    /// Its name in the request.
    name: &'static str,
    arn: &'static str,
    list: &'static str,
    describe: &'static str,
    put: &'static str,
    delete: &'static str,
    members: &'static [&'static str],
}

/// A policy.
pub(super) const POLICY: Follower = Follower {
    name: "PolicyName",
    arn: "PolicyARN",
    list: "ScalingPolicies",
    describe: "DescribeScalingPolicies",
    put: "PutScalingPolicy",
    delete: "DeleteScalingPolicy",
    members: &[
        "PolicyName",
        "ServiceNamespace",
        "ResourceId",
        "ScalableDimension",
        "PolicyType",
        "StepScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration",
        "PredictiveScalingPolicyConfiguration",
    ],
};

/// An action at a time.
pub(super) const ACTION: Follower = Follower {
    name: "ScheduledActionName",
    arn: "ScheduledActionARN",
    list: "ScheduledActions",
    describe: "DescribeScheduledActions",
    put: "PutScheduledAction",
    delete: "DeleteScheduledAction",
    members: &[
        "ScheduledActionName",
        "ServiceNamespace",
        "ResourceId",
        "ScalableDimension",
        "Schedule",
        "Timezone",
        "StartTime",
        "EndTime",
        "ScalableTargetAction",
    ],
};

impl Follower {
    fn live(&self, told: &Value) -> Live {
        let mut live = Live::new(text(told, self.arn), select(told, self.members));
        if live.id.is_empty() {
            live.id = format!("{}/{}", text(told, "ResourceId"), text(told, self.name));
        }
        live.told = told.clone();
        live
    }
}

impl Kind for Follower {
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read {
        let mut targets: Vec<Value> = wanted
            .iter()
            .map(|resource| select(&resource.request, &["ServiceNamespace", "ResourceId"]))
            .collect();
        targets.sort_by_key(ToString::to_string);
        targets.dedup();
        let said = around.account.each(&targets, |input| {
            let said = around
                .account
                .api
                .pages(&AUTOSCALING, self.describe, input, self.list);
            said.map(|some| json!({"some": some}))
        });
        let mut known = Vec::new();
        let mut failed = None;
        for said in said {
            match super::super::account::found(said) {
                Ok(some) => known.extend(list(&some.unwrap_or_default(), "some").cloned()),
                Err(error) => failed = Some(error),
            }
        }
        wanted
            .iter()
            .map(|resource| {
                if let Some(error) = failed.take() {
                    return Err(error);
                }
                let is_it = |told: &&Value| {
                    let same = |name: &str| told[name] == resource.request[name];
                    KEY.iter().all(|name| same(name)) && same(self.name)
                };
                Ok(known.iter().find(is_it).map(|told| self.live(told)))
            })
            .collect()
    }

    fn settle(&self, spec: &mut Value) {
        normal::inside(spec, "TargetTrackingScalingPolicyConfiguration", |it| {
            normal::drop_if(it, "DisableScaleIn", &json!(false));
            normal::drop_empty(it);
        });
        normal::drop_empty(spec);
    }

    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error> {
        let request = step.request();
        let said = around.account.ask(&AUTOSCALING, self.put, &request)?;
        let mut told = request;
        if let Some(arn) = said.get(self.arn) {
            told[self.arn] = arn.clone();
        }
        Ok(self.live(&told))
    }

    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        _live: &Live,
        _difference: &Difference,
    ) -> Result<Live, Error> {
        self.create(around, step)
    }

    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error> {
        let mut input = select(&live.spec, KEY);
        input[self.name] = live.spec[self.name].clone();
        gone(around.account.ask(&AUTOSCALING, self.delete, &input))
    }
}
