//! `pintle ecs ...`: what is done with releases on Amazon ECS that run, and with services that no release
//! has.

mod init;
mod run;
mod verify;

use serde_json::{Value, json};

use super::super::environment::Environment;
use super::session::{Run, strategy, timeout};
use super::source::format;
use super::target::Target;
use super::template::{DryRun, dry_run};
use super::{amazon, encode};
use crate::action::get;
use crate::action::repo::Format;
use crate::backend::Strategy;
use crate::backend::ecs::cluster::{Decision, Ecs, Size, Subject, Which};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::release::Release;
use crate::ui::Terminal;
use crate::ui::table::Table;

pub(in crate::cli) use init::init;
pub(in crate::cli) use run::{exec, run};
pub(in crate::cli) use verify::{policy, verify};

/// Whether the target is a cluster of Amazon ECS.
///
/// # Errors
/// A target that is none.
pub(in crate::cli) fn is_meant(flags: &FlagSet) -> Result<bool, Error> {
    Ok(matches!(Target::of(flags)?, Target::Ecs(_)))
}

/// The cluster.
///
/// # Errors
/// Another target, flags that make no sense.
fn open(flags: &FlagSet, environment: &Environment) -> Result<Ecs, Error> {
    match Target::of(flags)? {
        Target::Ecs(cluster) => amazon::open(&cluster, flags, environment),
        _ => {
            let message = format!(
                "this is for Amazon ECS, and the target is {:?}",
                flags.text("target")
            );
            Err(Error::new(Kind::Usage, message).with_hint("Name the cluster with `--cluster`."))
        }
    }
}

/// The release that the first word names, with the services that the others do; where there is no such
/// release, the service of this name.
///
/// # Errors
/// There is neither.
fn subject(
    ecs: &Ecs,
    arguments: &[String],
    (flags, environment): (&FlagSet, &Environment),
) -> Result<Subject, Error> {
    let Some((name, services)) = arguments.split_first() else {
        return Err(Error::new(Kind::Usage, "which release?"));
    };
    let missing = match ecs.has_records() {
        false => None,
        true => match get::release(name, 0, ecs, &environment.namespace(flags)) {
            Ok(release) => return ecs.subject(&release, services),
            Err(error) if error.kind() == Kind::NotFound => Some(error),
            Err(error) => return Err(error),
        },
    };
    if services.is_empty()
        && let Some(found) = ecs.service(name)?
    {
        return Ok(found);
    }
    Err(match missing {
        Some(error) => error.with_hint(format!("Nor is there a service {name:?} in the cluster.")),
        None => {
            let message = format!(
                "there is no service {name:?} in the cluster, and nothing says where releases are recorded"
            );
            Error::new(Kind::NotFound, message)
                .with_hint("`pintle ecs init` writes `ecs.state` into pintle.yaml.")
        }
    })
}

/// All records of a release; none of a service.
///
/// # Errors
/// Records that cannot be read.
fn history(
    ecs: &Ecs,
    subject: &Subject,
    (flags, environment): (&FlagSet, &Environment),
) -> Result<Vec<Release>, Error> {
    match subject.is_release {
        true => get::revisions(&subject.name, ecs, &environment.namespace(flags)),
        false => Ok(Vec::new()),
    }
}

fn tell(lines: &[String], terminal: &mut Terminal) {
    for line in lines {
        terminal.print(&format!("{line}\n"));
    }
}

/// Waits for what was begun, unless the flags say otherwise.
///
/// # Errors
/// As [`Ecs::wait_for_services`].
fn settle(
    ecs: &Ecs,
    subject: &Subject,
    (flags, environment): (&FlagSet, &Environment),
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let waits = match flags.has("no-wait") {
        true => !flags.is("no-wait"),
        false => strategy(flags)? != Strategy::HookOnly,
    };
    if !waits {
        return Ok(());
    }
    let run = Run {
        flags,
        environment,
        timeout: timeout(flags)?,
        caught: None,
    };
    run.on_cluster(ecs, terminal, |_, cluster| {
        ecs.wait_for_services(subject, &cluster.context)
    })
}

/// That nothing is only tried where that cannot be.
///
/// # Errors
/// `--dry-run`.
fn refuse_dry_run(flags: &FlagSet, terminal: &mut Terminal) -> Result<(), Error> {
    if flags.has("dry-run") && dry_run(flags, terminal)? != DryRun::No {
        let message = "on Amazon ECS this is done at once, without a new revision: there is nothing to try with --dry-run";
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(())
}

/// Starts the tasks of services anew; no revision is made.
///
/// # Errors
/// There is no such release or service, a deployment fails, what ECS says.
pub(in crate::cli) fn restart(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    refuse_dry_run(flags, terminal)?;
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, arguments, (flags, environment))?;
    tell(&ecs.restart(&subject)?, terminal);
    settle(&ecs, &subject, (flags, environment), terminal)
}

/// Gives a service another number of tasks, or its scaler other bounds; no revision is made.
///
/// # Errors
/// As [`Ecs::scale`].
pub(in crate::cli) fn scale(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    refuse_dry_run(flags, terminal)?;
    let number = |text: &str| match text {
        "" => Ok(None),
        text => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| Error::new(Kind::Usage, format!("{text:?} is no number of tasks"))),
    };
    let (name, words) = match arguments.split_first() {
        Some((name, words)) => (name.clone(), words),
        None => return Err(Error::new(Kind::Usage, "which release?")),
    };
    let mut names = vec![name];
    let mut counts = Vec::new();
    for word in words {
        let (name, count) = word.split_once('=').unwrap_or((word, ""));
        names.push(name.to_owned());
        counts.extend(number(count)?);
    }
    let given = number(flags.text(super::adjust::REPLICAS))?;
    let count = match (counts.as_slice(), given) {
        ([], given) => given,
        ([one], None) => Some(*one),
        _ => {
            let message = "write one SERVICE=N, or a SERVICE and --replicas N";
            return Err(Error::new(Kind::Usage, message));
        }
    };
    let size = Size {
        count,
        least: number(flags.text("min"))?,
        most: number(flags.text("max"))?,
        rests: match (flags.is("suspend"), flags.is("resume")) {
            (true, true) => {
                return Err(Error::new(
                    Kind::Usage,
                    "--suspend and --resume are opposites",
                ));
            }
            (true, false) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        },
    };
    if size == Size::default() {
        let message = "how many? Write SERVICE=N, --replicas N, or --min N --max N";
        return Err(Error::new(Kind::Usage, message));
    }
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, &names, (flags, environment))?;
    let lines = ecs.scale(&subject, &size)?;
    if lines.is_empty() {
        terminal.print("It is so already.\n");
        return Ok(());
    }
    tell(&lines, terminal);
    match size.count {
        Some(_) => settle(&ecs, &subject, (flags, environment), terminal),
        None => Ok(()),
    }
}

/// Waits for the deployments of a release.
///
/// # Errors
/// As [`Ecs::wait_for_services`].
pub(in crate::cli) fn wait(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, arguments, (flags, environment))?;
    settle(&ecs, &subject, (flags, environment), terminal)?;
    terminal.print(&format!("{} runs what it is to run.\n", subject.name));
    Ok(())
}

/// Lets deployments that pause go on.
///
/// # Errors
/// None pauses.
pub(in crate::cli) fn approve(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    decide(
        Decision::Continue,
        (flags, environment),
        arguments,
        terminal,
    )
}

/// Takes deployments back that pause.
///
/// # Errors
/// None pauses.
pub(in crate::cli) fn reject(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    decide(
        Decision::Rollback,
        (flags, environment),
        arguments,
        terminal,
    )
}

fn decide(
    decision: Decision,
    (flags, environment): (&FlagSet, &Environment),
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, arguments, (flags, environment))?;
    tell(&ecs.decide(&subject, decision)?, terminal);
    Ok(())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A time as ECS tells it, as ISO 8601 writes it.
fn moment(value: &Value) -> String {
    let Some(seconds) = value.as_f64().filter(|it| *it > 0.0) else {
        return "-".to_owned();
    };
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    let time = jiff::Timestamp::from_second(seconds as i64);
    time.map_or_else(|_| "-".to_owned(), |time| time.to_string())
}

/// Lists tasks, or stops some.
///
/// # Errors
/// There is no such release, service or task; what ECS says.
pub(in crate::cli) fn tasks(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, arguments, (flags, environment))?;
    let doomed = flags.list("stop");
    if !doomed.is_empty() {
        let reason = match flags.text("reason") {
            "" => "stopped by pintle ecs tasks",
            given => given,
        };
        tell(&ecs.stop_tasks(&subject, doomed, reason)?, terminal);
        return Ok(());
    }
    let which = match flags.is("all") {
        true => Which::All,
        false => Which::Running,
    };
    let tasks = ecs.tasks(&subject, which)?;
    match format(flags) {
        Format::Table => {
            let mut table = Table::new(&[
                "ID", "GROUP", "REVISION", "STATUS", "HEALTH", "CREATED", "REASON",
            ]);
            for task in &tasks {
                table.add([
                    last(text(task, "taskArn")).to_owned(),
                    text(task, "group").to_owned(),
                    last(text(task, "taskDefinitionArn")).to_owned(),
                    text(task, "lastStatus").to_owned(),
                    task["healthStatus"].as_str().unwrap_or("-").to_owned(),
                    moment(&task["createdAt"]),
                    task["stoppedReason"].as_str().unwrap_or("-").to_owned(),
                ]);
            }
            if tasks.is_empty() {
                terminal.complain(&format!("No task of {} runs.\n", subject.name));
            } else {
                terminal.table(&table);
            }
        }
        format => terminal.print(&encode(&tasks, format)),
    }
    Ok(())
}

/// Lists revisions of task definitions, or ends old ones.
///
/// # Errors
/// There is no such release or service; what ECS says.
pub(in crate::cli) fn revisions(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, arguments, (flags, environment))?;
    let history = history(&ecs, &subject, (flags, environment))?;
    if flags.changed("keeps") {
        let keeps = flags
            .text("keeps")
            .parse::<usize>()
            .ok()
            .filter(|keeps| *keeps > 0);
        let Some(keeps) = keeps else {
            let message = format!("--keeps {:?} is no number above 0", flags.text("keeps"));
            return Err(Error::new(Kind::Usage, message));
        };
        let (ended, word) = match flags.is("dry-run") {
            true => (
                ecs.superfluous_revisions(&subject, &history, keeps)?,
                "would be deleted",
            ),
            false => (ecs.discard_revisions(&subject, &history, keeps)?, "deleted"),
        };
        for revision in &ended {
            terminal.print(&format!(
                "{}:{}: {word}\n",
                revision.family, revision.revision
            ));
        }
        if ended.is_empty() {
            terminal.complain("There is nothing to delete.\n");
        }
        return Ok(());
    }
    let revisions = ecs.revisions(&subject, &history)?;
    match format(flags) {
        Format::Table => {
            let mut table = Table::new(&["REVISION", "REGISTERED", "IMAGES", "IN USE BY"]);
            for it in &revisions {
                let users = match it.users.as_slice() {
                    [] => "-".to_owned(),
                    users => users.join(", "),
                };
                table.add([
                    format!("{}:{}", it.family, it.revision),
                    moment(&json!(it.registered)),
                    it.images.join(", "),
                    users,
                ]);
            }
            terminal.table(&table);
        }
        format => {
            let rows = revisions.iter().map(|it| {
                json!({
                    "family": it.family, "revision": it.revision, "arn": it.arn,
                    "registeredAt": moment(&json!(it.registered)), "images": it.images, "users": it.users,
                })
            });
            terminal.print(&encode(&rows.collect::<Vec<_>>(), format));
        }
    }
    Ok(())
}
