//! Services: started anew, given another size, waited for, let go on or taken back.

use serde_json::{Value, json};

use super::super::Ecs;
use super::super::account::{last, list, text};
use super::super::kind::service::primary;
use super::super::wait::{self, Begun};
use super::{Member, Subject, gone};
use crate::backend::{Context, Jobs, Strategy};
use crate::diag::{Error, Kind};
use crate::net::aws::service::AUTOSCALING;

/// What is decided of a deployment that pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Continue,
    /// It is taken back.
    Rollback,
}

/// How many tasks a service is to have; what is not set stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many it is to have now.
    pub count: Option<u64>,
    /// The least that a scaler may set.
    pub least: Option<u64>,
    /// The most that a scaler may set.
    pub most: Option<u64>,
    /// Whether the scaler rests.
    pub rests: Option<bool>,
}

impl Size {
    fn is_of_scaler(&self) -> bool {
        self.least.is_some() || self.most.is_some() || self.rests.is_some()
    }
}

impl Ecs {
    /// Starts the tasks of services anew, with the task definitions that they have; a line each.
    ///
    /// # Errors
    /// What ECS says.
    pub fn restart(&self, subject: &Subject) -> Result<Vec<String>, Error> {
        subject.services()?;
        let told = self.told(subject)?;
        self.check_all(subject, &told)?;
        let mut lines = Vec::new();
        for (member, _) in told {
            let input = json!({
                "cluster": member.cluster, "service": member.service, "forceNewDeployment": true,
            });
            let said = self.account.ecs("UpdateService", &input)?;
            self.note(member, &said["service"]);
            let definition = last(text(&said["service"], "taskDefinition")).to_owned();
            lines.push(format!(
                "service/{}: restarted with {definition}",
                member.name
            ));
        }
        Ok(lines)
    }

    fn check_all(&self, subject: &Subject, told: &[(&Member, Value)]) -> Result<(), Error> {
        let missing = subject
            .members
            .iter()
            .find(|it| !told.iter().any(|(member, _)| member == it));
        missing.map_or(Ok(()), |member| Err(gone(member)))
    }

    /// Notes the deployment that began, for those who wait.
    fn note(&self, member: &Member, told: &Value) {
        let primary = primary(told);
        let begun = Begun {
            cluster: member.cluster.clone(),
            service: member.service.clone(),
            definition: text(told, "taskDefinition").to_owned(),
            deployment: text(primary, "id").to_owned(),
            since: primary["createdAt"].as_f64().unwrap_or_default(),
            patience: None,
        };
        self.with(|session| session.begun.insert(member.name.clone(), begun));
    }

    /// Waits for the deployments of services: for those that bring what the record has, where there is one.
    ///
    /// # Errors
    /// Deployments that failed or were taken back, and those that are not done in time.
    pub fn wait_for_services(&self, subject: &Subject, context: &Context<'_>) -> Result<(), Error> {
        subject.services()?;
        let told = self.told(subject)?;
        self.check_all(subject, &told)?;
        for (member, service) in &told {
            let is_begun = self.with(|session| session.begun.contains_key(&member.name));
            if is_begun || !member.definition.starts_with("arn:") {
                continue;
            }
            if text(service, "taskDefinition") == member.definition {
                self.note(member, service);
                continue;
            }
            // What runs is something else: our deployment was taken back, or is not there.
            let begun = Begun {
                cluster: member.cluster.clone(),
                service: member.service.clone(),
                definition: member.definition.clone(),
                deployment: "another".to_owned(),
                ..Begun::default()
            };
            self.with(|session| session.begun.insert(member.name.clone(), begun));
        }
        let namespace = subject.owner.namespace.as_str();
        let objects: Vec<_> = subject
            .members
            .iter()
            .map(|it| it.object(namespace))
            .collect();
        wait::wait(self, &objects, (Strategy::Watcher, Jobs::Started), context)
    }

    /// Gives services another size; a line for each change.
    ///
    /// # Errors
    /// Several services where one is to be meant, a number that a scaler would change again, what ECS says.
    pub fn scale(&self, subject: &Subject, size: &Size) -> Result<Vec<String>, Error> {
        let member = subject.service()?;
        let told = self.told(subject)?;
        let (_, service) = told.first().ok_or_else(|| gone(member))?;
        let resource = format!("service/{}/{}", last(&member.cluster), member.service);
        let input = json!({
            "ServiceNamespace": "ecs", "ResourceIds": [resource],
            "ScalableDimension": "ecs:service:DesiredCount",
        });
        let said = self
            .account
            .ask(&AUTOSCALING, "DescribeScalableTargets", &input)?;
        let target = list(&said, "ScalableTargets").next();
        let mut lines = Vec::new();
        let number = |name: &str| target.and_then(|it| it[name].as_u64());
        let least = size.least.or_else(|| number("MinCapacity"));
        let most = size.most.or_else(|| number("MaxCapacity"));
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            let message = format!("the least number of tasks, {least}, is above the most, {most}");
            return Err(Error::new(Kind::Usage, message));
        }
        if let (Some(count), Some(least), Some(most)) = (size.count, least, most) {
            let rests = size.rests.unwrap_or_else(|| is_resting(target));
            if !(least..=most).contains(&count) && !rests {
                let message = format!(
                    "{} is scaled between {least} and {most} tasks: {count} would not last",
                    member.name
                );
                return Err(Error::new(Kind::Usage, message)
                    .with_hint("Change the bounds with `--min` and `--max`, or let the scaler rest with `--suspend`."));
            }
        }
        if size.is_of_scaler() {
            let (Some(least), Some(most)) = (least, most) else {
                let message = format!("{} has no autoscaling", member.name);
                return Err(Error::new(Kind::NotFound, message)
                    .with_hint("Give both `--min` and `--max`, or the number of tasks alone."));
            };
            let mut input = json!({
                "ServiceNamespace": "ecs", "ResourceId": resource,
                "ScalableDimension": "ecs:service:DesiredCount",
                "MinCapacity": least, "MaxCapacity": most,
            });
            if let Some(rests) = size.rests {
                input["SuspendedState"] = json!({
                    "DynamicScalingInSuspended": rests, "DynamicScalingOutSuspended": rests,
                    "ScheduledScalingSuspended": rests,
                });
            }
            let is_so = number("MinCapacity") == Some(least)
                && number("MaxCapacity") == Some(most)
                && size.rests.is_none_or(|rests| rests == is_resting(target));
            if !is_so {
                self.account
                    .ask(&AUTOSCALING, "RegisterScalableTarget", &input)?;
                let before = match (number("MinCapacity"), number("MaxCapacity")) {
                    (Some(least), Some(most)) => format!("{least} to {most}"),
                    _ => "none".to_owned(),
                };
                let rest = match size.rests {
                    Some(true) => ", resting",
                    Some(false) => ", at work",
                    None => "",
                };
                lines.push(format!(
                    "service/{}: scaling {before} -> {least} to {most} tasks{rest}",
                    member.name
                ));
            }
        }
        if let Some(count) = size.count {
            if service["schedulingStrategy"] == "DAEMON" {
                let message = format!(
                    "{} runs a task on every instance: it has no number of tasks",
                    member.name
                );
                return Err(Error::new(Kind::Usage, message));
            }
            let before = service["desiredCount"].as_u64().unwrap_or_default();
            if before != count {
                let input = json!({
                    "cluster": member.cluster, "service": member.service, "desiredCount": count,
                });
                self.account.ecs("UpdateService", &input)?;
                lines.push(format!(
                    "service/{}: {before} -> {count} tasks",
                    member.name
                ));
            }
        }
        Ok(lines)
    }

    /// Lets deployments that pause go on, or takes them back; a line each.
    ///
    /// # Errors
    /// None pauses; what ECS says.
    pub fn decide(&self, subject: &Subject, decision: Decision) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        for member in subject.services()? {
            let input = json!({
                "cluster": member.cluster, "service": member.service,
                "status": ["PENDING", "IN_PROGRESS"],
            });
            let said = self.account.ecs("ListServiceDeployments", &input)?;
            let arns: Vec<&str> = list(&said, "serviceDeployments")
                .map(|it| text(it, "serviceDeploymentArn"))
                .collect();
            for some in arns.chunks(20) {
                let input = json!({"serviceDeploymentArns": some});
                let said = self.account.ecs("DescribeServiceDeployments", &input)?;
                for deployment in list(&said, "serviceDeployments") {
                    self.decide_one(member, deployment, decision, &mut lines)?;
                }
            }
        }
        if lines.is_empty() {
            let message = format!(
                "no deployment of {:?} waits for somebody to decide",
                subject.name
            );
            return Err(Error::new(Kind::NotFound, message));
        }
        Ok(lines)
    }

    fn decide_one(
        &self,
        member: &Member,
        deployment: &Value,
        decision: Decision,
        lines: &mut Vec<String>,
    ) -> Result<(), Error> {
        let (action, done) = match decision {
            Decision::Continue => ("CONTINUE", "goes on"),
            Decision::Rollback => ("ROLLBACK", "is taken back"),
        };
        let waiting =
            list(deployment, "lifecycleHookDetails").filter(|it| it["status"] == "AWAITING_ACTION");
        for hook in waiting {
            let input = json!({
                "serviceDeploymentArn": deployment["serviceDeploymentArn"],
                "hookId": hook["hookId"], "action": action,
            });
            self.account.ecs("ContinueServiceDeployment", &input)?;
            let stage = deployment["lifecycleStage"].as_str().unwrap_or("a pause");
            lines.push(format!(
                "service/{}: the deployment {done} from {stage}",
                member.name
            ));
        }
        Ok(())
    }
}

/// Whether a scaler does nothing.
fn is_resting(target: Option<&Value>) -> bool {
    target.is_some_and(|it| {
        it["SuspendedState"]["DynamicScalingInSuspended"] == true
            && it["SuspendedState"]["DynamicScalingOutSuspended"] == true
    })
}
