//! `pintle status RELEASE`. Helm's is with what else reads releases.

use serde_json::{Value, json};

use super::super::environment::Environment;
use super::session::{Run, timeout};
use super::source::format;
use super::{cluster, encode};
use crate::action::repo::Format;
use crate::action::status::{self, Standing, is_well};
use crate::backend::{Backend, Health, Jobs, Strategy, health};
use crate::diag::Error;
use crate::go::flag::{Flag, FlagSet, Kind};
use crate::go::time::{Time, Zone};
use crate::ui::Terminal;
use crate::ui::table::Table;
use crate::world::{Real, World as _};

/// The flags.
pub(in crate::cli) const STATUS: &[Flag] = &[
    Flag::bool(
        "exit-code",
        "end with 2 where the release failed or something is wrong with its objects",
    ),
    Flag::bool(
        "wait",
        "wait until all is ready, Jobs complete, and then say how it stands",
    ),
    Flag::new("timeout", Kind::Duration, "how long to wait").or("5m0s"),
];

/// The exit code of a release that is not well.
const UNWELL: u8 = 2;

/// Says how a release and its objects stand.
///
/// # Errors
/// There is no such release, the cluster refuses, or `--wait` waited in vain.
pub(in crate::cli) fn pintle(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let name = arguments.first().map_or("", String::as_str);
    let backend = cluster::connect(flags, environment)?;
    let namespace = environment.namespace(flags);
    let revision = flags.text("revision").parse().unwrap_or_default();
    let waited = match flags.is("wait") {
        true => wait(
            name,
            revision,
            backend.as_ref(),
            (flags, environment),
            terminal,
        )?,
        false => Ok(()),
    };
    let standing = status::run(name, revision, backend.as_ref(), &namespace)?;
    let world = Real::new();
    let now = Time::from_system(world.now(), Zone::local(&world.time_zone()));
    match format(flags) {
        Format::Table => print(&standing, &now, terminal),
        format => terminal.print(&encode(&structured(&standing), format)),
    }
    waited?;
    Ok(match flags.is("exit-code") && !standing.is_well() {
        true => UNWELL,
        false => 0,
    })
}

/// Waits until all objects of a release are ready; the inner error is that of the wait.
fn wait(
    name: &str,
    revision: i64,
    backend: &dyn Backend,
    (flags, environment): (&FlagSet, &Environment),
    terminal: &mut Terminal,
) -> Result<Result<(), Error>, Error> {
    let namespace = environment.namespace(flags);
    let release = crate::action::get::release(name, revision, backend, &namespace)?;
    let objects = backend.build(&release.manifest)?;
    let run = Run {
        flags,
        environment,
        timeout: timeout(flags)?,
        caught: None,
    };
    Ok(run.on_cluster(backend, terminal, |_, cluster| {
        cluster.context.step("waiting until all is ready");
        backend.wait(
            &objects,
            Strategy::Watcher,
            Jobs::Complete,
            &cluster.context,
        )
    }))
}

fn print(standing: &Standing, now: &Time, terminal: &mut Terminal) {
    let release = &standing.release;
    let chart = &release.chart.metadata;
    let updated = &release.info.last_deployed;
    let stamp = updated.format(b"2006-01-02 15:04:05 -0700");
    let ago = health::span(now.seconds() - updated.seconds());
    let mut lines = vec![
        ("release", release.name.clone()),
        ("namespace", release.namespace.clone()),
        ("status", release.info.status.as_str().to_owned()),
        (
            "revision",
            match standing.newest {
                Some(newest) => format!("{}, the newest is {newest}", release.revision),
                None => release.revision.to_string(),
            },
        ),
        (
            "chart",
            match chart.app_version.as_str() {
                "" => format!("{}-{}", chart.name, chart.version),
                app => format!("{}-{}, app {app}", chart.name, chart.version),
            },
        ),
        (
            "updated",
            format!("{ago} ago, {}", String::from_utf8_lossy(&stamp)),
        ),
        ("description", release.info.description.clone()),
    ];
    lines.retain(|(_, text)| !text.is_empty());
    for (title, text) in lines {
        let title = format!("{title}:");
        terminal.print(&format!("{title:<13}{text}\n"));
    }
    // What is there and has no more to say is counted.
    let (shown, quiet): (Vec<&Health>, Vec<&Health>) = standing
        .objects
        .iter()
        .partition(|it| !is_well(it) || it.ready.is_some() || !it.pods.is_empty());
    if !shown.is_empty() {
        let mut table = Table::new(&["OBJECT", "READY", "STATUS", "MESSAGE"]);
        for health in &shown {
            let ready = health.ready;
            table.add([
                object(health, release.namespace.as_str()),
                ready.map_or("-".to_owned(), |it| format!("{}/{}", it.ready, it.wanted)),
                health.status.clone(),
                health.message.clone(),
            ]);
        }
        terminal.print("\n");
        terminal.table(&table);
    }
    match (quiet.len(), shown.len()) {
        (0, _) => {}
        (1, 0) => terminal.print("\n1 object is there\n"),
        (many, 0) => terminal.print(&format!("\n{many} objects are there\n")),
        (1, _) => terminal.print("and 1 object that is there\n"),
        (many, _) => terminal.print(&format!("and {many} objects that are there\n")),
    }
    pods(standing, now, terminal);
    let wrong = shown
        .iter()
        .filter(|it| !is_well(it) || !it.warnings.is_empty());
    let wrong: Vec<String> = wrong
        .filter(|it| !it.reasons(now).is_empty())
        .map(|it| it.lines(now).join("\n"))
        .collect();
    if !wrong.is_empty() {
        terminal.print(&format!("\n{}\n", wrong.join("\n\n")));
    }
}

/// `Deployment web`; with its namespace where that is another one.
fn object(health: &Health, namespace: &str) -> String {
    let Health { kind, name, .. } = health;
    match health.namespace.as_str() {
        own if own.is_empty() || own == namespace => format!("{kind} {name}"),
        other => format!("{kind} {other}/{name}"),
    }
}

fn pods(standing: &Standing, now: &Time, terminal: &mut Terminal) {
    let mut table = Table::new(&["POD", "READY", "STATE", "RESTARTS", "AGE", "NODE"]);
    let all = standing.objects.iter().flat_map(|it| &it.pods);
    let mut is_empty = true;
    for pod in all {
        is_empty = false;
        table.add([
            match pod.current {
                true => pod.name.clone(),
                false => format!("{} (older)", pod.name),
            },
            format!("{}/{}", pod.ready.ready, pod.ready.wanted),
            pod.state.clone(),
            pod.restarts.to_string(),
            pod.created
                .map_or("-".to_owned(), |it| health::age(it, now)),
            match pod.node.as_str() {
                "" => "-".to_owned(),
                node => node.to_owned(),
            },
        ]);
    }
    if !is_empty {
        terminal.print("\n");
        terminal.table(&table);
    }
}

/// For scripts.
fn structured(standing: &Standing) -> Value {
    let release = &standing.release;
    let chart = &release.chart.metadata;
    let stamp = |time: &Time| match time.is_zero() {
        true => Value::Null,
        false => {
            let text = time.format(b"2006-01-02T15:04:05Z07:00");
            Value::from(String::from_utf8_lossy(&text).into_owned())
        }
    };
    json!({
        "name": release.name,
        "namespace": release.namespace,
        "revision": release.revision,
        "status": release.info.status.as_str(),
        "well": standing.is_well(),
        "chart": chart.name,
        "version": chart.version,
        "app_version": chart.app_version,
        "first_deployed": stamp(&release.info.first_deployed),
        "updated": stamp(&release.info.last_deployed),
        "description": release.info.description,
        "objects": standing.objects,
    })
}
