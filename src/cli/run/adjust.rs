//! `pintle set image`, `pintle restart` and `pintle scale`.

use super::super::environment::Environment;
use super::cluster;
use super::session::{Run, operation, unlock};
use super::template::{DryRun, dry_run};
use crate::action::adjust::{self, Change, Image, Options, Target};
use crate::action::install::Mode;
use crate::action::lifecycle::ServerSide;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// The flag that says how many replicas there are to be.
pub(in crate::cli) const REPLICAS: &str = "replicas";

/// Other images.
///
/// # Errors
/// Words that are no images, and whatever failed first.
pub(in crate::cli) fn image(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let (name, words) = split(arguments)?;
    let images: Result<Vec<Image>, Error> = words.iter().map(|word| Image::parse(word)).collect();
    run(
        name,
        &Change::Images(images?),
        (flags, environment),
        terminal,
    )
}

/// Pods that start anew.
///
/// # Errors
/// Words that are no workloads, and whatever failed first.
pub(in crate::cli) fn restart(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    #[cfg(feature = "ecs")]
    if super::upkeep::is_meant(flags)? {
        return super::upkeep::restart(flags, arguments, environment, terminal);
    }
    let (name, words) = split(arguments)?;
    let targets: Result<Vec<Target>, Error> =
        words.iter().map(|word| Target::parse(word)).collect();
    run(
        name,
        &Change::Restart(targets?),
        (flags, environment),
        terminal,
    )
}

/// Another number of replicas.
///
/// # Errors
/// Words that are no workloads or numbers, and whatever failed first.
pub(in crate::cli) fn scale(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    #[cfg(feature = "ecs")]
    if super::upkeep::is_meant(flags)? {
        return super::upkeep::scale(flags, arguments, environment, terminal);
    }
    let (name, words) = split(arguments)?;
    let count = |text: &str| {
        text.parse::<u32>().map_err(|_| {
            let message = format!("{text:?} is no number of replicas");
            Error::new(Kind::Usage, message)
        })
    };
    let given = match flags.text(REPLICAS) {
        "" => None,
        text => Some(count(text)?),
    };
    let target = |word: &String| match (word.split_once('='), given) {
        (Some((target, number)), None) => Ok((Target::parse(target)?, count(number)?)),
        (None, Some(given)) => Ok((Target::parse(word)?, given)),
        _ => {
            let message = "write either KIND/NAME=N, or KIND/NAME and --replicas N".to_owned();
            Err(Error::new(Kind::Usage, message))
        }
    };
    let targets = match (words, given) {
        ([], Some(given)) => vec![(Target::default(), given)],
        ([], None) => {
            let message = "how many? Write KIND/NAME=N or --replicas N".to_owned();
            return Err(Error::new(Kind::Usage, message));
        }
        (words, _) => words
            .iter()
            .map(target)
            .collect::<Result<Vec<_>, Error>>()?,
    };
    run(
        name,
        &Change::Scale(targets),
        (flags, environment),
        terminal,
    )
}

fn split(arguments: &[String]) -> Result<(&str, &[String]), Error> {
    match arguments.split_first() {
        Some((name, words)) => Ok((name, words)),
        None => Err(Error::new(Kind::Usage, "which release?")),
    }
}

fn run(
    name: &str,
    change: &Change,
    (flags, environment): (&FlagSet, &Environment),
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let options = Options {
        server_side: ServerSide::parse(flags.text("server-side"))?,
        mode: match dry_run(flags, terminal)? {
            DryRun::No => Mode::Real,
            _ => Mode::DryRun,
        },
        operation: operation(flags, environment)?,
    };
    let backend = cluster::connect(flags, environment)?;
    if options.mode == Mode::Real {
        unlock(name, backend.as_ref(), (flags, environment), terminal)?;
    }
    let run = Run {
        flags,
        environment,
        timeout: options.operation.timeout,
        caught: (options.mode == Mode::Real).then_some(name),
    };
    let adjusted = run.on_cluster(backend.as_ref(), terminal, |_, cluster| {
        adjust::run(name, change, &options, cluster)
    })?;
    for warning in &adjusted.warnings {
        terminal.complain(&format!("{warning}\n"));
    }
    for line in &adjusted.changes {
        terminal.print(&format!("{line}\n"));
    }
    terminal.print(&match (&adjusted.release, options.mode) {
        (None, _) => format!("Release {name:?} is so already: there is no new revision.\n"),
        (Some(release), Mode::Real) => format!(
            "Release {name:?} is at revision {}. `pintle rollback {name}` takes it back.\n",
            release.revision
        ),
        (Some(release), _) => {
            format!("Revision {} would be made of it.\n", release.revision)
        }
    });
    Ok(())
}
