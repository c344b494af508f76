//! `helm test RELEASE`.

use super::super::environment::Environment;
use super::cluster;
use super::get::colors;
use super::session::{Run, Session, care, timeout};
use crate::action::lifecycle::Cluster;
use crate::action::test::{self, Options};
use crate::diag::Error;
use crate::go::flag::FlagSet;
use crate::release::Report;
use crate::ui::Terminal;

/// Under Helm's name.
///
/// # Errors
/// The first test that failed, and whatever went wrong besides.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let mut options = Options {
        timeout: timeout(flags)?,
        care: care(flags),
        ..Options::default()
    };
    for filter in flags.list("filter") {
        if let Some(name) = filter.strip_prefix("name=") {
            options.included.push(name.to_owned());
        } else if let Some(rest) = filter.strip_prefix('!')
            && let Some(name) = rest
                .strip_prefix([' ', '\t'])
                .unwrap_or(rest)
                .strip_prefix("name=")
        {
            options.excluded.push(name.to_owned());
        }
    }
    let backend = cluster::connect(flags, environment)?;
    let run = Run {
        flags,
        environment,
        timeout: options.timeout,
        caught: None,
    };
    let name = arguments.first().map_or("", String::as_str);
    run.on_cluster(backend.as_ref(), terminal, |session, cluster| {
        test(name, &options, flags, session, cluster)
    })
}

fn test(
    name: &str,
    options: &Options,
    flags: &FlagSet,
    session: &Session<'_>,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let mut tested = test::run(name, options, cluster)?;
    session.with(|terminal| {
        let report = Report {
            debug: flags.is("debug"),
            hide_notes: true,
            is_stored: true,
            colors: colors(terminal),
            ..Report::default()
        };
        report.write(&tested.release, &mut terminal.out)
    })?;
    let mut failed = tested.error.take();
    if flags.is("logs") {
        let (text, logged) = tested.logs(options, cluster);
        session.with(|terminal| {
            terminal.out.push(b'\n');
            terminal.out.extend(text);
        });
        if let Err(error) = logged {
            failed = Some(match failed {
                None => error,
                Some(first) => {
                    let message = format!("{first}\n{error}");
                    first.with_message(message)
                }
            });
        }
    }
    let cleaned = tested.clean_up(cluster);
    match failed {
        Some(error) => Err(error),
        None => cleaned,
    }
}
