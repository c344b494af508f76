//! `pintle ecs verify` and `pintle ecs iam-policy`: what a release needs, and what whoever brings it has to
//! be allowed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::super::super::environment::Environment;
use super::super::source::{access, format, places};
use super::super::{ecs as document, encode};
use super::open;
use crate::action::get;
use crate::action::repo::Format;
use crate::backend::ecs::cluster::{Ecs, Verdict};
use crate::backend::ecs::desired::Resource;
use crate::diag::{Error, Kind};
use crate::fetch::oci::Registry;
use crate::fetch::{Access, Clients};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;
use crate::ui::table::Table;

/// The exit code where something is not as it has to be.
const WRONG: u8 = 2;

/// The resources of a chart, or those that a release has.
///
/// # Errors
/// There is no such release or chart; a chart that cannot go to ECS.
fn resources(
    ecs: &Ecs,
    arguments: &[String],
    (flags, environment): (&FlagSet, &Environment),
    terminal: &mut Terminal,
) -> Result<(String, Vec<Resource>), Error> {
    match arguments {
        [release] => {
            let record = get::release(release, 0, ecs, &environment.namespace(flags))?;
            Ok((release.clone(), ecs.resources_of(&record)?))
        }
        [release, ..] => {
            let known = environment
                .ecs
                .get()
                .map(|known| (**known).clone())
                .unwrap_or_default();
            let cluster = document::cluster(flags).unwrap_or_default();
            let config = document::config(&known, cluster);
            let wanted = document::document(flags, arguments, environment, &config, terminal)?;
            if wanted.has_errors() {
                document::tell(&wanted, terminal);
                let message = "what the chart makes cannot go to Amazon ECS";
                return Err(Error::new(Kind::Manifest, message));
            }
            Ok((release.clone(), wanted.resources))
        }
        [] => Err(Error::new(Kind::Usage, "which release?")),
    }
}

/// An image as a registry wants it: `nginx` is `docker.io/library/nginx:latest`.
fn whole(image: &str) -> String {
    let (host, rest) = match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
            (host, rest.to_owned())
        }
        Some(_) => ("docker.io", image.to_owned()),
        None => ("docker.io", format!("library/{image}")),
    };
    let name = rest.rsplit('/').next().unwrap_or_default();
    match name.contains([':', '@']) {
        true => format!("{host}/{rest}"),
        false => format!("{host}/{rest}:latest"),
    }
}

/// Looks at all that a release needs; the code is 2 where something is wrong.
///
/// # Errors
/// There is no such release, Amazon cannot be asked at all.
pub(in crate::cli) fn verify(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let ecs = open(flags, environment)?;
    let (_, resources) = resources(&ecs, arguments, (flags, environment), terminal)?;
    let clients = Clients::default();
    let access = Access {
        plain_http: flags.has("plain-http") && access(flags).plain_http,
        ..Access::default()
    };
    // Anonymous, but for registries that this user has signed in to.
    let registry = Registry::open(&access, &places(flags).credentials, &clients)?;
    let known: Mutex<BTreeMap<String, bool>> = Mutex::default();
    let images = |image: &str| -> Result<bool, Error> {
        let name = whole(image);
        let seen = known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
            .copied();
        if let Some(seen) = seen {
            return Ok(seen);
        }
        let is_there = registry.resolve(&name)?.is_some();
        known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, is_there);
        Ok(is_there)
    };
    let checks = ecs.verify(&resources, &images)?;
    match format(flags) {
        Format::Table => {
            let mut table = Table::new(&[]);
            for check in &checks {
                table.add([
                    check.verdict.word(),
                    check.subject.as_str(),
                    check.why.as_str(),
                ]);
            }
            terminal.table(&table);
        }
        format => {
            let rows = checks.iter().map(
                |it| json!({"verdict": it.verdict.word(), "subject": it.subject, "why": it.why}),
            );
            terminal.print(&encode(&rows.collect::<Vec<Value>>(), format));
        }
    }
    let count = |verdict: Verdict| checks.iter().filter(|it| it.verdict == verdict).count();
    let (wrong, skipped) = (count(Verdict::Ng), count(Verdict::Skip));
    terminal.complain(&format!(
        "{} of {} are well, {wrong} are not, {skipped} were not looked at.\n",
        count(Verdict::Ok),
        checks.len()
    ));
    Ok(if wrong > 0 { WRONG } else { 0 })
}

/// Prints the least policy for a release.
///
/// # Errors
/// There is no such release or chart, Amazon cannot be asked.
pub(in crate::cli) fn policy(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let ecs = open(flags, environment)?;
    let (release, resources) = resources(&ecs, arguments, (flags, environment), terminal)?;
    let namespace = environment.namespace(flags);
    let policy = ecs.least_policy((&namespace, &release), &resources)?;
    terminal.print(&encode(&policy, Format::Json));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn images_have_registries_and_tags() {
        for (given, want) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1", "docker.io/library/nginx:1"),
            ("team/web", "docker.io/team/web:latest"),
            ("localhost/web", "localhost/web:latest"),
            ("127.0.0.1:5000/web:2", "127.0.0.1:5000/web:2"),
            ("ghcr.io/a/b@sha256:00", "ghcr.io/a/b@sha256:00"),
            (
                "public.ecr.aws/nginx/nginx:1",
                "public.ecr.aws/nginx/nginx:1",
            ),
        ] {
            assert_eq!(whole(given), want);
        }
    }
}
