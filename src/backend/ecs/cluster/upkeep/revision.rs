//! Revisions of task definitions, and what uses them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::account::{last, list, text};
use super::super::kind::{self, Around, DEFINITION};
use super::super::record::Part;
use super::super::{Ecs, task};
use super::Subject;
use crate::diag::Error;
use crate::net::aws::service::{ECS, EVENTS, SCHEDULES, Service};
use crate::release::Release;

/// A revision of a task definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revision {
    /// The family.
    pub family: String,
    /// The number.
    pub revision: u64,
    /// The ARN.
    pub arn: String,
    /// When it was registered, in seconds since 1970.
    pub registered: f64,
    /// The images of its containers.
    pub images: Vec<String>,
    /// What uses it: services, tasks, schedules, rules, records.
    pub users: Vec<String>,
}

/// Whether what cannot be seen counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// It is left out: it is only shown.
    Shown,
    /// It is an error: what is not used goes.
    Ended,
}

impl Ecs {
    /// The active revisions of the families that a subject has, the newest first, with what uses them;
    /// `history` are the records of the release.
    ///
    /// # Errors
    /// What ECS says.
    pub fn revisions(
        &self,
        subject: &Subject,
        history: &[Release],
    ) -> Result<Vec<Revision>, Error> {
        self.tend(subject, |around| {
            self.revisions_of(subject, history, (Care::Shown, around))
        })
    }

    /// Ends and deletes all revisions but the newest `keeps` of each family and those that are used.
    ///
    /// # Errors
    /// What ECS says; that it cannot be seen what uses them.
    pub fn discard_revisions(
        &self,
        subject: &Subject,
        history: &[Release],
        keeps: usize,
    ) -> Result<Vec<Revision>, Error> {
        let doomed = self.superfluous_revisions(subject, history, keeps)?;
        let arns: Vec<String> = doomed.iter().map(|it| it.arn.clone()).collect();
        kind::deregister(&self.account, &arns)?;
        Ok(doomed)
    }

    /// What [`Ecs::discard_revisions`] would end.
    ///
    /// # Errors
    /// What ECS says; that it cannot be seen what uses them.
    pub fn superfluous_revisions(
        &self,
        subject: &Subject,
        history: &[Release],
        keeps: usize,
    ) -> Result<Vec<Revision>, Error> {
        let all = self.tend(subject, |around| {
            self.revisions_of(subject, history, (Care::Ended, around))
        })?;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut doomed = Vec::new();
        for revision in all {
            let count = seen.entry(revision.family.clone()).or_default();
            *count += 1;
            if *count > keeps.max(1) && revision.users.is_empty() {
                doomed.push(revision);
            }
        }
        Ok(doomed)
    }

    /// The families of a subject.
    fn families(&self, subject: &Subject) -> Result<Vec<String>, Error> {
        let mut families: Vec<String> = Vec::new();
        if !subject.is_narrow {
            families.extend(
                subject
                    .of_kind(DEFINITION)
                    .map(|it| text(&it.request, "family").to_owned()),
            );
        }
        for (_, told) in self.told(subject)? {
            let family = last(text(&told, "taskDefinition"))
                .rsplit_once(':')
                .unwrap_or_default()
                .0;
            families.push(family.to_owned());
        }
        families.retain(|it| !it.is_empty());
        families.sort();
        families.dedup();
        Ok(families)
    }

    fn revisions_of(
        &self,
        subject: &Subject,
        history: &[Release],
        (care, around): (Care, Around<'_>),
    ) -> Result<Vec<Revision>, Error> {
        let families = self.families(subject)?;
        let mut all = Vec::new();
        for family in &families {
            let mut arns = kind::revisions(&self.account, family)?;
            arns.reverse();
            let read = self
                .account
                .each(&arns, |arn| kind::read_definition(&self.account, arn));
            for live in read {
                let Some(live) = live? else { continue };
                all.push(Revision {
                    family: family.clone(),
                    revision: live.told["revision"].as_u64().unwrap_or_default(),
                    registered: live.told["registeredAt"].as_f64().unwrap_or_default(),
                    images: list(&live.told, "containerDefinitions")
                        .map(|it| text(it, "image").to_owned())
                        .collect(),
                    arn: live.id,
                    users: Vec::new(),
                });
            }
        }
        // The order of ECS is that of texts or of numbers, as endpoints have it.
        all.sort_by(|a, b| (&a.family, b.revision).cmp(&(&b.family, a.revision)));
        for (definition, user) in self.users(subject, history, &families, (care, around))? {
            let named = last(&definition);
            let found = match named.rsplit_once(':') {
                Some(_) => all.iter_mut().find(|it| last(&it.arn) == named),
                // A family alone is its newest revision.
                None => all.iter_mut().find(|it| it.family == named),
            };
            if let Some(revision) = found.filter(|it| !it.users.contains(&user)) {
                revision.users.push(user);
            }
        }
        Ok(all)
    }

    /// What uses task definitions: each with the definition that it names.
    fn users(
        &self,
        subject: &Subject,
        history: &[Release],
        families: &[String],
        (care, around): (Care, Around<'_>),
    ) -> Result<Vec<(String, String)>, Error> {
        let mut users = Vec::new();
        let mut clusters: Vec<String> = subject
            .members
            .iter()
            .map(|it| it.cluster.clone())
            .collect();
        clusters.push(self.account.cluster().to_owned());
        clusters.sort();
        clusters.dedup();
        for cluster in &clusters {
            let input = json!({"cluster": cluster});
            let arns = self
                .account
                .api
                .pages(&ECS, "ListServices", &input, "serviceArns")?;
            let names: Vec<&str> = arns.iter().filter_map(Value::as_str).map(last).collect();
            for (name, service) in kind::service::describe(&self.account, cluster, &names)? {
                users.push((
                    text(&service, "taskDefinition").to_owned(),
                    format!("service/{name}"),
                ));
                let others = list(&service, "deployments").chain(list(&service, "taskSets"));
                for deployment in others {
                    users.push((
                        text(deployment, "taskDefinition").to_owned(),
                        format!("service/{name}"),
                    ));
                }
            }
            for family in families {
                for status in ["RUNNING", "STOPPED"] {
                    let filter =
                        json!({"cluster": cluster, "family": family, "desiredStatus": status});
                    let arns = task::find(&filter, around)?;
                    let tasks = task::describe(cluster, &arns, around)?;
                    // Those of services are known by these.
                    let own = tasks.iter().filter(|it| {
                        it["lastStatus"] != "STOPPED" && !text(it, "group").starts_with("service:")
                    });
                    users.extend(own.map(|it| {
                        (
                            text(it, "taskDefinitionArn").to_owned(),
                            format!("task/{}", last(text(it, "taskArn"))),
                        )
                    }));
                    let of_services = tasks.iter().filter(|it| {
                        it["lastStatus"] != "STOPPED" && text(it, "group").starts_with("service:")
                    });
                    users.extend(of_services.map(|it| {
                        let service = text(it, "group").trim_start_matches("service:");
                        (
                            text(it, "taskDefinitionArn").to_owned(),
                            format!("service/{service}"),
                        )
                    }));
                }
            }
        }
        users.extend(self.schedules(families, care)?);
        users.extend(self.rules(&clusters, care)?);
        for release in history {
            let Some(part) = Part::of(release) else {
                continue;
            };
            let user = format!("record {} v{}", release.name, release.revision);
            let made = part
                .outcomes
                .into_iter()
                .filter(|((kind, _), it)| kind == DEFINITION && !it.id.is_empty());
            users.extend(made.map(|(_, it)| (it.id, user.clone())));
        }
        Ok(users)
    }

    /// All items of a list, or none where they may not be seen and that does not matter.
    fn listed(
        &self,
        service: &Service,
        (operation, list): (&str, &str),
        input: &Value,
        care: Care,
    ) -> Result<Vec<Value>, Error> {
        match self.account.api.pages(service, operation, input, list) {
            Ok(found) => Ok(found),
            Err(_) if care == Care::Shown => Ok(Vec::new()),
            Err(fault) => Err(Error::from(*fault).wrap("cannot see what uses task definitions")),
        }
    }

    fn schedules(&self, families: &[String], care: Care) -> Result<Vec<(String, String)>, Error> {
        let all = self.listed(&SCHEDULES, ("ListSchedules", "Schedules"), &json!({}), care)?;
        let read = self.account.each(&all, |schedule| {
            let input = json!({"Name": schedule["Name"], "GroupName": schedule["GroupName"]});
            self.account.ask(&SCHEDULES, "GetSchedule", &input)
        });
        let mut users = Vec::new();
        for said in read {
            let schedule = match said {
                Ok(said) => said,
                Err(fault) if fault.is_missing() || care == Care::Shown => continue,
                Err(fault) => return Err(Error::from(*fault)),
            };
            let definition = text(&schedule["Target"]["EcsParameters"], "TaskDefinitionArn");
            let family = last(definition).split(':').next().unwrap_or_default();
            if families.iter().any(|it| it == family) {
                users.push((
                    definition.to_owned(),
                    format!("schedule/{}", text(&schedule, "Name")),
                ));
            }
        }
        Ok(users)
    }

    fn rules(&self, clusters: &[String], care: Care) -> Result<Vec<(String, String)>, Error> {
        let mut users = Vec::new();
        for cluster in clusters {
            let arn = match cluster.starts_with("arn:") {
                true => cluster.clone(),
                false => format!(
                    "arn:{}:ecs:{}:{}:cluster/{cluster}",
                    self.account.config.partition(),
                    self.account.api.region()?,
                    self.number()?
                ),
            };
            let names = ("ListRuleNamesByTarget", "RuleNames");
            for rule in self.listed(&EVENTS, names, &json!({"TargetArn": arn}), care)? {
                let input = json!({"Rule": rule});
                for target in
                    self.listed(&EVENTS, ("ListTargetsByRule", "Targets"), &input, care)?
                {
                    let definition = text(&target["EcsParameters"], "TaskDefinitionArn").to_owned();
                    users.push((
                        definition,
                        format!("rule/{}", rule.as_str().unwrap_or_default()),
                    ));
                }
            }
        }
        users.retain(|(definition, _)| !definition.is_empty());
        Ok(users)
    }
}
