//! Plans: an upgrade or install that was shown, to be carried out as it was shown or not at all
//! (`pintle plan`, `pintle apply --plan`).

mod digest;
mod file;
mod verify;
mod withhold;

pub use file::{Arguments, Plan};
pub use withhold::has_credentials;

use serde_json::Value;

use self::digest::Salt;
use self::file::{Seen, Sight, Wanted};
use super::diff::{self, Forecast, Look, Made, Report, Wish};
use super::lifecycle::Cluster;
use super::prepare::Surroundings;
use super::upgrade::{self, Outcome};
use crate::backend::diff::{settle, strip_parts, stripped};
use crate::backend::{Backend, Change, Context, Key, Object};
use crate::diag::{Error, Kind, Notice};
use crate::release::{Release, history};

/// Under which name fields are managed that releases set.
const MANAGER: &str = "helm";

/// Makes a plan, with what there is to show of it. What of `arguments` is secret is withheld.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn make(
    wish: &Wish,
    arguments: Arguments,
    look: &Look,
    backend: &dyn Backend,
    around: &mut Surroundings<'_>,
    (context, out, notices): (Context<'_>, &mut Vec<u8>, &mut Vec<Notice>),
) -> Result<(Plan, Report), Error> {
    let cluster = wish.cluster(backend, around.world, context);
    let forecast = diff::foresee(wish, &cluster, around, out, notices)?;
    let mut random = [0; 16];
    around.world.fill_random(&mut random);
    let salt: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let release = forecast.made.release();
    let mut plan = Plan::new(
        String::from_utf8_lossy(&cluster.now().format(b"2006-01-02T15:04:05Z07:00")).into_owned(),
        (release.name.clone(), cluster.namespace.to_owned()),
        salt.clone(),
        seen(&forecast, &Salt(&salt), &cluster)?,
        wanted(&forecast, &Salt(&salt))?,
    );
    plan.cluster = identity(backend);
    plan.arguments = withhold::withhold(arguments, &forecast);
    Ok((plan, diff::report(&forecast, look)))
}

/// Carries a plan out: `wish` is what its arguments say. Nothing is changed where the result would not
/// be what was shown.
///
/// # Errors
/// [`Kind::Conflict`] with all that has moved since, and Helm's line for whatever fails then.
pub fn apply(
    plan: &Plan,
    wish: &Wish,
    backend: &dyn Backend,
    around: &mut Surroundings<'_>,
    (context, out, notices): (Context<'_>, &mut Vec<u8>, &mut Vec<Notice>),
) -> Result<Outcome, Error> {
    let cluster = wish.cluster(backend, around.world, context);
    let here = identity(backend);
    if !plan.cluster.is_empty() && !here.is_empty() && plan.cluster != here {
        return Err(verify::refuse(
            plan,
            &["this is another cluster than the one that the plan was made for".to_owned()],
        ));
    }
    let forecast = diff::foresee(wish, &cluster, around, out, notices)?;
    let salt = Salt(&plan.salt);
    let now = verify::Now {
        seen: seen(&forecast, &salt, &cluster)?,
        wanted: wanted(&forecast, &salt)?,
        forecast: &forecast,
    };
    let reasons = verify::differences(plan, &now);
    if !reasons.is_empty() {
        return Err(verify::refuse(plan, &reasons));
    }
    match (forecast.made, wish) {
        (Made::Install(ready), Wish::Install(options)) => {
            let installed = ready.carry_out(options, &cluster);
            let installed = installed.map_err(|error| error.wrap("INSTALLATION FAILED"));
            installed.map(Outcome::Upgraded)
        }
        (Made::Upgrade(ready), Wish::Upgrade(options)) => {
            let upgraded = upgrade::bring(options, *ready, &cluster);
            upgraded.map_err(|error| error.wrap("UPGRADE FAILED"))
        }
        _ => Err(Error::new(Kind::Conflict, "the release is not what it was")),
    }
}

/// What tells a cluster from others: the first namespace that it had.
fn identity(backend: &dyn Backend) -> String {
    let first = Object {
        key: Key {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            namespace: String::new(),
            name: "kube-system".to_owned(),
        },
        resource: "namespaces".to_owned(),
        body: Value::Null,
    };
    // Who may not look at it does without.
    let found = backend.get(&first).ok().flatten().unwrap_or_default();
    let uid = found["metadata"]["uid"].as_str().unwrap_or_default();
    uid.to_owned()
}

fn seen(forecast: &Forecast, salt: &Salt<'_>, cluster: &Cluster<'_>) -> Result<Seen, Error> {
    let release = forecast.made.release();
    let last = match &forecast.made {
        Made::Upgrade(ready) => Some(ready.last.clone()),
        Made::Install(_) => {
            let store = cluster.backend.store(cluster.namespace);
            match history::last(&*store, &release.name) {
                Err(error) if error.kind() == Kind::NotFound => None,
                other => Some(other?),
            }
        }
    };
    let objects = forecast.changes.iter().map(|change| sighted(change, salt));
    Ok(Seen {
        revision: last.as_ref().map_or(0, |last| last.revision),
        status: last.map_or(String::new(), |last| last.info.status.as_str().to_owned()),
        objects: objects.collect::<Result<_, _>>()?,
    })
}

/// A live object as it is compared: without noise, and without what others keep up to date.
pub(super) fn settled(live: &Value) -> Value {
    let mut value = stripped(live);
    strip_parts(live, &mut value, MANAGER);
    settle(&mut value);
    value
}

fn sighted(change: &Change, salt: &Salt<'_>) -> Result<Sight, Error> {
    let Some(live) = &change.live else {
        return Ok(Sight::of(&change.object.key));
    };
    let mut sight = salt.sight(&change.object.key, &settled(live))?;
    let uid = live["metadata"]["uid"].as_str();
    sight.uid = uid.unwrap_or_default().to_owned();
    Ok(sight)
}

fn wanted(forecast: &Forecast, salt: &Salt<'_>) -> Result<Wanted, Error> {
    let release = forecast.made.release();
    let made = diff::objects(release);
    let objects = forecast.changes.iter().map(|change| {
        let key = &change.object.key;
        // As the chart makes it, whatever is left to others on the way to the cluster.
        let found = made.iter().find(|it| diff::is_same(&it.key, key, release));
        let body = found.map_or(&change.object.body, |found| &found.body);
        let mut sight = salt.sight(key, body)?;
        sight.action = change.fate.as_str().to_owned();
        Ok(sight)
    });
    let mut hooks = Vec::new();
    for object in diff::hook_objects(release) {
        hooks.push(salt.sight(&object.key, &object.body)?);
    }
    let metadata = &release.chart.metadata;
    Ok(Wanted {
        chart: format!("{}-{}", metadata.name, metadata.version),
        chart_digest: salt.secret(&digest::chart_bytes(&release.chart))?,
        values_digest: salt.secret(&config(release)?)?,
        notes_digest: salt.secret(&release.info.notes)?,
        objects: objects.collect::<Result<_, Error>>()?,
        hooks,
    })
}

/// The user's values as JSON.
fn config(release: &Release) -> Result<Vec<u8>, Error> {
    let map = crate::value::Frozen::Map(release.config.clone().into());
    let value = crate::backend::from_frozen(&map);
    serde_json::to_vec(&value).map_err(|error| Error::new(Kind::Values, error.to_string()))
}
