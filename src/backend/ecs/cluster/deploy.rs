//! Bringing resources to where they are wanted, one after the other, those that others need first.

use super::account::{list, text};
use super::kind::service::{cluster_of, primary};
use super::kind::{self, Around, DEFINITION, RUN_TASK, SERVICE, Step};
use super::live::Live;
use super::object;
use super::plan::{Judged, Survey, Verdict, missing, token};
use super::record::{Outcome, Outcomes, id};
use super::tag::JOB;
use super::wait::Begun;
use super::{Ecs, Replacement, task};
use crate::backend::ecs::desired::{Resource, canonical};
use crate::backend::{Change, Changes, Context, Fate, Object};
use crate::diag::{Error, Kind};

/// What there is to do.
pub(super) struct Work<'a> {
    /// What is wanted, in order.
    pub(super) wanted: &'a [Object],
    /// What was wanted before.
    pub(super) current: &'a [Object],
}

impl Work<'_> {
    fn resources(&self) -> Vec<Resource> {
        self.wanted.iter().filter_map(object::resource).collect()
    }

    fn last(&self, object: &Object) -> Option<Resource> {
        let found = self.current.iter().find(|it| it.key.is_same(&object.key));
        found.and_then(object::resource)
    }

    /// What was wanted before and is not any more.
    pub(super) fn doomed(&self) -> Vec<&Object> {
        let is_wanted = |object: &&Object| self.wanted.iter().any(|it| it.key.is_same(&object.key));
        self.current.iter().filter(|it| !is_wanted(it)).collect()
    }
}

/// The last part of a refusal to replace.
const REPLACE: &str =
    "`--allow-replace` takes it away and makes it anew: nothing of it runs in between.";

fn refusal(object: &Object, judged: &Judged) -> Error {
    let fixed: Vec<String> = match kind::of(&judged.resource.kind) {
        Some(kind) => {
            let difference = &judged.difference;
            let changed = difference.changed.iter().chain(&difference.dropped);
            changed
                .filter(|name| kind.fixed().contains(&name.as_str()))
                .cloned()
                .collect()
        }
        None => Vec::new(),
    };
    let message = format!(
        "{} cannot change its {}: it has to be replaced",
        object.key,
        fixed.join(", ")
    );
    Error::new(Kind::Conflict, message).with_hint(REPLACE)
}

/// What would happen, in order; nothing is changed.
///
/// # Errors
/// What cannot be read, and what was called off.
pub(super) fn preview(
    ecs: &Ecs,
    work: &Work<'_>,
    context: &Context<'_>,
) -> Result<Vec<Change>, Error> {
    ecs.clock.heed(context.cancel);
    let owner = ecs.owner_of(work.wanted.iter().chain(work.current));
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let resources = work.resources();
    let doomed = work.doomed();
    let mut all = resources.clone();
    all.extend(doomed.iter().filter_map(|it| object::resource(it)));
    let mut survey = Survey::of(&all, around)?;
    let outcomes = ecs.outcomes();
    let mut changes = Vec::new();
    for object in work.wanted {
        let Some(resource) = object::resource(object) else {
            continue;
        };
        let last = work.last(object);
        let judged = survey.judge((&resource, &resources), last.as_ref(), &outcomes, around)?;
        changes.push(change(ecs, object, last.as_ref(), &judged));
    }
    for object in doomed {
        let Some(resource) = object::resource(object) else {
            continue;
        };
        let Some(live) = survey.live(&resource) else {
            continue;
        };
        if !super::prune::is_ours(live, around) {
            continue;
        }
        let spec = spec_of(&resource, live);
        let is_kept = object::stays(object) || super::prune::is_spared(ecs, &resource);
        changes.push(Change {
            fate: if is_kept { Fate::Keep } else { Fate::Delete },
            last: Some(object::shown(
                object,
                kind::whole(&resource),
                &tags(&resource),
            )),
            live: Some(object::told(object, live, spec, &[])),
            object: object.clone(),
            after: None,
            missing: None,
            refusal: None,
        });
    }
    Ok(changes)
}

fn tags(resource: &Resource) -> super::tag::Tags {
    super::tag::take(&mut resource.request.clone())
}

fn spec_of(resource: &Resource, live: &Live) -> serde_json::Value {
    let mut spec = live.spec.clone();
    kind::settle(&resource.kind, &mut spec);
    spec
}

fn change(ecs: &Ecs, object: &Object, last: Option<&Resource>, judged: &Judged) -> Change {
    let wanted = kind::whole(&judged.resource);
    let was = last.map(tags).unwrap_or_default();
    let named: Vec<&String> = judged.tags.keys().chain(was.keys()).collect();
    let body = object::shown(object, wanted.clone(), &judged.tags);
    let has_run = judged.resource.kind == RUN_TASK && judged.live.is_some();
    let live = match (&judged.live, has_run) {
        (Some(_), true) => Some(body.clone()),
        (Some(live), false) => {
            let spec = spec_of(&judged.resource, live);
            Some(object::told(object, live, spec, &named))
        }
        (None, _) => None,
    };
    let after = match (&judged.live, has_run) {
        (Some(_), false) => object::shown(object, judged.difference.after.clone(), &judged.tags),
        _ => body.clone(),
    };
    let mut shown = object.clone();
    shown.body = body;
    let is_refused =
        judged.verdict == Verdict::Replace && ecs.settings.replacement == Replacement::Refused;
    Change {
        fate: match judged.verdict {
            Verdict::Create => Fate::Create,
            Verdict::Change => Fate::Change,
            Verdict::Replace => Fate::Replace,
            Verdict::Nothing if judged.is_change() => Fate::Change,
            Verdict::Nothing => Fate::Nothing,
        },
        last: last.map(|last| object::shown(object, kind::whole(last), &was)),
        live,
        after: Some(after),
        missing: None,
        refusal: is_refused.then(|| refusal(object, judged)),
        object: shown,
    }
}

/// Makes what is wanted of what there is, and takes away what is not wanted any more.
pub(super) fn update(ecs: &Ecs, work: &Work<'_>, context: &Context<'_>) -> Changes {
    ecs.clock.heed(context.cancel);
    let mut run = Run {
        ecs,
        outcomes: ecs.outcomes(),
        created: Vec::new(),
    };
    let done = run.carry_out(work, context);
    ecs.remember(run.outcomes);
    Changes {
        created: run.created,
        error: done.err(),
    }
}

struct Run<'e> {
    ecs: &'e Ecs,
    outcomes: Outcomes,
    created: Vec<Object>,
}

impl Run<'_> {
    fn carry_out(&mut self, work: &Work<'_>, context: &Context<'_>) -> Result<(), Error> {
        let ecs = self.ecs;
        let owner = ecs.owner_of(work.wanted.iter().chain(work.current));
        let secrets = ecs.secrets();
        let around = ecs.around(&owner, &secrets);
        let resources = work.resources();
        // Rules that go make room for those that come.
        let mut all = resources.clone();
        all.extend(work.doomed().iter().filter_map(|it| object::resource(it)));
        let survey = Survey::of(&all, around)?;
        self.check(work, &resources, &survey, around)?;
        let mut survey = survey;
        for object in work.wanted {
            let Some(resource) = object::resource(object) else {
                continue;
            };
            if context.cancel.is_cancelled() {
                return Err(Error::new(Kind::Cancelled, crate::backend::CANCELLED));
            }
            let last = work.last(object);
            let judged = survey.judge(
                (&resource, &resources),
                last.as_ref(),
                &self.outcomes,
                around,
            )?;
            let was = judged.live.is_some();
            let done = self.act(object, &judged, &mut survey, around, context);
            let word = match (&done, judged.verdict, was) {
                (Err(_), ..) => "failed",
                (Ok(_), Verdict::Create, _) => "created",
                (Ok(_), Verdict::Nothing, _) if !judged.is_change() => "unchanged",
                _ => "changed",
            };
            let outcome = Outcome {
                id: done
                    .as_ref()
                    .ok()
                    .map(|live| live.id.clone())
                    .unwrap_or_default(),
                digest: judged.digest.clone(),
                word: word.to_owned(),
            };
            self.outcomes.insert(id(&resource), outcome);
            if done.is_ok() && judged.verdict == Verdict::Create {
                self.created.push(object.clone());
            }
            let verb = match judged.verdict {
                Verdict::Create => "create",
                Verdict::Replace => "replace",
                _ => "change",
            };
            done.map_err(|error| error.wrap(format!("cannot {verb} {}", object.key)))?;
        }
        let doomed: Vec<&Object> = work
            .doomed()
            .into_iter()
            .filter(|it| !object::stays(it))
            .collect();
        let gone = super::prune::take_away(ecs, &doomed, around);
        for object in &doomed {
            if let Some(resource) = object::resource(object) {
                self.outcomes.remove(&id(&resource));
            }
        }
        match gone.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Refuses, before anything changes, what would have to be replaced.
    fn check(
        &self,
        work: &Work<'_>,
        resources: &[Resource],
        survey: &Survey,
        around: Around<'_>,
    ) -> Result<(), Error> {
        if self.ecs.settings.replacement == Replacement::Allowed {
            return Ok(());
        }
        let mut survey = survey.copy();
        let mut lines = Vec::new();
        for object in work.wanted {
            let Some(resource) = object::resource(object) else {
                continue;
            };
            if resource.kind == DEFINITION || resource.kind == RUN_TASK {
                continue;
            }
            let last = work.last(object);
            let judged = survey.judge(
                (&resource, resources),
                last.as_ref(),
                &self.outcomes,
                around,
            )?;
            if judged.verdict == Verdict::Replace {
                lines.push(refusal(object, &judged).message().to_owned());
            }
        }
        match lines.is_empty() {
            true => Ok(()),
            false => Err(Error::new(Kind::Conflict, lines.join("; ")).with_hint(REPLACE)),
        }
    }

    fn act(
        &mut self,
        object: &Object,
        judged: &Judged,
        survey: &mut Survey,
        around: Around<'_>,
        context: &Context<'_>,
    ) -> Result<Live, Error> {
        let resource = &judged.resource;
        if resource.kind == RUN_TASK {
            return self.start(object, judged, survey, around, context);
        }
        let Some(kind) = kind::of(&resource.kind) else {
            return Err(super::reason::odd(&resource.kind));
        };
        let token = token(resource, around, &canonical(&resource.request));
        let step = Step {
            resource,
            tags: &judged.tags,
            token: &token,
        };
        let mut made = match (&judged.live, judged.verdict) {
            (Some(live), Verdict::Nothing) => live.clone(),
            (live, verdict) => {
                let wanted = object::resource(object).unwrap_or_default();
                if let Some(lost) = missing(&wanted, &survey.known).first() {
                    let message = format!(
                        "it needs the {} of {} {}, which is not there",
                        lost.attribute, lost.kind, lost.name
                    );
                    return Err(Error::new(Kind::NotFound, message));
                }
                let word = match verdict {
                    Verdict::Create => "creating",
                    Verdict::Replace => "replacing",
                    _ => "changing",
                };
                context.step(format!("{word} {}", object.key));
                match (live, verdict) {
                    (Some(live), Verdict::Change) => {
                        kind.change(around, &step, live, &judged.difference)?
                    }
                    (Some(live), Verdict::Replace) => {
                        kind.delete(around, live)?;
                        kind.create(around, &step)?
                    }
                    _ => self.create(kind, &step, around)?,
                }
            }
        };
        if let Some(live) = judged
            .live
            .as_ref()
            .filter(|_| judged.verdict != Verdict::Replace)
            && (!judged.set.is_empty() || !judged.gone.is_empty())
        {
            kind.retag(around, live, &judged.set, &judged.gone)?;
        }
        if made.id.is_empty() {
            made.id = judged
                .live
                .as_ref()
                .map(|live| live.id.clone())
                .unwrap_or_default();
        }
        if let Some(live) = &judged.live {
            for (name, value) in &live.attributes {
                made.attributes
                    .entry(name.clone())
                    .or_insert_with(|| value.clone());
            }
        }
        if resource.kind == SERVICE {
            self.begin(judged, &made, around);
        }
        survey.learn(resource, &made);
        Ok(made)
    }

    /// Makes something; what somebody else has just made is changed instead.
    fn create(
        &self,
        kind: &dyn kind::Kind,
        step: &Step<'_>,
        around: Around<'_>,
    ) -> Result<Live, Error> {
        let error = match kind.create(around, step) {
            Err(error) if error.kind() == Kind::Conflict => error,
            done => return done,
        };
        let found = kind.read(around, &[step.resource]).into_iter().next();
        let Some(Ok(Some(live))) = found else {
            return Err(error);
        };
        if !super::prune::is_ours(&live, around) {
            return Err(error);
        }
        let resource = step.resource.clone();
        let mut survey = Survey::default();
        survey.put(&resource, live.clone());
        let all = [resource.clone()];
        let judged = survey.judge((&resource, &all), None, &Outcomes::new(), around)?;
        match judged.verdict {
            Verdict::Nothing => Ok(live),
            _ => kind.change(around, step, &live, &judged.difference),
        }
    }

    /// Notes what a service is to come to, for those who wait.
    fn begin(&self, judged: &Judged, made: &Live, around: Around<'_>) {
        let primary = primary(&made.told);
        let begun = Begun {
            cluster: cluster_of(around.account, &judged.resource.request).to_owned(),
            service: text(&made.told, "serviceName").to_owned(),
            definition: text(&made.told, "taskDefinition").to_owned(),
            deployment: text(primary, "id").to_owned(),
            since: primary["createdAt"].as_f64().unwrap_or_default(),
            patience: judged.resource.patience,
        };
        self.ecs
            .with(|session| session.begun.insert(judged.resource.name.clone(), begun));
    }

    /// Starts a job, unless it has run.
    fn start(
        &self,
        object: &Object,
        judged: &Judged,
        survey: &Survey,
        around: Around<'_>,
        context: &Context<'_>,
    ) -> Result<Live, Error> {
        if let (Some(live), Verdict::Nothing) = (&judged.live, judged.verdict) {
            return Ok(live.clone());
        }
        context.step(format!("running {}", object.key));
        let wanted = object::resource(object).unwrap_or_default();
        let filled = super::plan::fill(&wanted, &survey.known);
        let arns = task::start(&filled, &judged.digest, around)?;
        self.ecs
            .with(|session| session.tasks.insert(wanted.name.clone(), arns.clone()));
        // Once is enough, also where nobody waits for its end.
        let definition = text(&filled.request, "taskDefinition");
        let mark = [(format!("{JOB}:{}", wanted.name), judged.digest.clone())];
        kind::service::retag(around, definition, &mark.into_iter().collect(), &[])?;
        Ok(Live::new(
            arns.first().map_or("", String::as_str),
            serde_json::Value::Null,
        ))
    }
}

/// Makes sure that what a job of a hook needs is there, and runs it.
///
/// # Errors
/// What AWS says.
pub(super) fn run_hooks(ecs: &Ecs, hooks: &[Resource]) -> Result<(), Error> {
    let Some(plan) = ecs.plan()? else {
        return Ok(());
    };
    let owner = ecs.owner_of(std::iter::empty::<&Object>());
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let needed = needed(&plan.resources, hooks);
    let mut survey = Survey::of(&needed, around)?;
    let mut run = Run {
        ecs,
        outcomes: ecs.outcomes(),
        created: Vec::new(),
    };
    let cancel = crate::backend::Cancel::default();
    let context = Context {
        cancel: &cancel,
        timeout: crate::backend::TIMEOUT,
        events: &|_| {},
    };
    for resource in &needed {
        let object = object::object(resource, &owner.namespace, object::Stay::Goes);
        let judged = survey.judge((resource, &needed), None, &run.outcomes, around)?;
        let live = run
            .act(&object, &judged, &mut survey, around, &context)
            .map_err(|error| error.wrap(format!("cannot bring {}", object.key)))?;
        let outcome = Outcome {
            id: live.id,
            digest: judged.digest,
            word: "created".to_owned(),
        };
        run.outcomes.insert(id(resource), outcome);
    }
    ecs.remember(run.outcomes);
    for hook in hooks {
        let filled = super::plan::fill(hook, &survey.known);
        let digest = super::plan::job_digest(hook, &needed, &survey.known);
        // Each event is a run of its own.
        let salt = format!("{digest} {}", ecs.count());
        let arns = task::start(&filled, &salt, around)?;
        ecs.with(|session| session.tasks.insert(hook.name.clone(), arns));
    }
    Ok(())
}

/// What jobs need, in the order of the plan: what they refer to, and the log groups that they write to.
fn needed(plan: &[Resource], jobs: &[Resource]) -> Vec<Resource> {
    use crate::backend::ecs::desired::references;
    let mut wanted: Vec<super::record::Id> = Vec::new();
    let mut open: Vec<Resource> = jobs.to_vec();
    while let Some(resource) = open.pop() {
        let referred = references(&serde_json::json!([resource.request, resource.settings]));
        let groups = super::kind::log_groups(&resource.request);
        for other in plan {
            let is_referred = referred
                .iter()
                .any(|it| it.kind == other.kind && it.name == other.name);
            let is_group = other.kind == kind::LOG_GROUP
                && groups
                    .iter()
                    .any(|group| group == text(&other.request, "logGroupName"));
            if (is_referred || is_group) && !wanted.contains(&id(other)) {
                wanted.push(id(other));
                open.push(other.clone());
            }
        }
    }
    plan.iter()
        .filter(|it| wanted.contains(&id(it)))
        .cloned()
        .collect()
}

/// The hosts and names that tell services apart in lines; kept here for those who report.
pub(super) fn services(objects: &[Object]) -> Vec<Resource> {
    let resources = objects.iter().filter_map(object::resource);
    resources.filter(|it| it.kind == SERVICE).collect()
}

/// The containers of a task definition that end the task when they end.
pub(super) fn essential(definition: &serde_json::Value) -> Vec<String> {
    list(definition, "containerDefinitions")
        .filter(|it| it["essential"] != false)
        .map(|it| text(it, "name").to_owned())
        .collect()
}
