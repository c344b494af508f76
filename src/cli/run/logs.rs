//! `pintle logs RELEASE`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::super::environment::Environment;
use super::cluster;
use super::source::duration;
use crate::action::logs;
use crate::backend::{Cancel, LogLine, LogOptions};
use crate::diag::{Error, Kind as Failure};
use crate::go::flag::{Flag, FlagSet, Kind};
use crate::ui::{Terminal, paint};

/// The flags.
pub(in crate::cli) const LOGS: &[Flag] = &[
    Flag::bool(
        "follow",
        "go on with what is written from now on, also by pods that come later",
    )
    .short('f'),
    Flag::int(
        "tail",
        "how many lines of each container; all where it is below zero",
    )
    .or("-1"),
    Flag::new("since", Kind::Duration, "only lines that are not older"),
    Flag::bool(
        "previous",
        "what containers wrote before they were started again",
    )
    .short('p'),
    Flag::text("container", "only containers of this name").short('c'),
    Flag::text("selector", "only pods with these labels").short('l'),
    Flag::bool("timestamps", "put its time in front of each line"),
    Flag::bool("prefix", "put pod and container in front of each line").or("true"),
];

/// Prints what the workloads of a release wrote.
///
/// # Errors
/// There is no such release or workload, or the cluster refuses.
pub(in crate::cli) fn pintle(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let (release, names) = arguments
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let options = LogOptions {
        follow: flags.is("follow"),
        tail: flags.text("tail").parse().ok(),
        since: match duration(flags, "since")? {
            Duration::ZERO => None,
            since => Some(since),
        },
        previous: flags.is("previous"),
        container: flags.text("container").to_owned(),
        selector: flags.text("selector").to_owned(),
        timestamps: flags.is("timestamps"),
    };
    if options.follow && options.previous {
        let message = "--previous is over: there is nothing to --follow";
        return Err(Error::new(Failure::Usage, message));
    }
    let backend = cluster::connect(flags, environment)?;
    let has_prefix = flags.is("prefix");
    let is_painted = terminal.paints_output();
    let cancel = Cancel::default();
    let shared = Mutex::new(&mut *terminal);
    let tell = |line: LogLine| {
        let mut text = Vec::new();
        if has_prefix {
            let name = format!("{}/{}", line.pod, line.container);
            let name = match is_painted {
                true => paint::name(&line.pod, &name),
                false => name,
            };
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(b" | ");
        }
        if !line.time.is_empty() {
            text.extend_from_slice(line.time.as_bytes());
            text.push(b' ');
        }
        text.extend_from_slice(&line.text);
        text.push(b'\n');
        let mut terminal = shared.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever reads it may have seen enough.
        if terminal.write(&text).is_err() {
            cancel.cancel();
        }
    };
    let namespace = environment.namespace(flags);
    let unread = logs::run(
        (release, names),
        &options,
        (backend.as_ref(), &namespace),
        &cancel,
        &tell,
    )?;
    for line in unread {
        terminal.complain(&format!("not read: {line}\n"));
    }
    Ok(())
}
