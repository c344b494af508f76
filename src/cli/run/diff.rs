//! `pintle diff`.

use super::super::environment::Environment;
use super::session::Run;
use super::{cluster, upgrade};
use crate::action::diff::{self, Layout, Look, Report, html, markdown, text};
use crate::backend::TIMEOUT;
use crate::backend::diff::Secrets;
use crate::diag::{Error, Kind, Mask};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// The exit code of differences, where that is wanted.
const DIFFERENT: u8 = 2;

/// Shows differences; gives the exit code.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn diff(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let form = Form::of(flags)?;
    let look = look(flags);
    let revisions = revisions(flags.text("revision"))?;
    let backend = cluster::connect(flags, environment)?;
    let backend = backend.as_ref();
    let name = arguments.first().map_or("", String::as_str);
    let run = Run {
        flags,
        environment,
        timeout: TIMEOUT,
        caught: None,
    };
    let report = match (revisions, arguments.len()) {
        (Some(_), 2..) => {
            return Err(Error::new(
                Kind::Usage,
                "--revision compares what is recorded: a chart has no part in it",
            ));
        }
        (Some(revisions), _) => run.on_cluster(backend, terminal, |_, cluster| {
            diff::revisions(name, revisions, &look, cluster)
        })?,
        (None, 2..) => {
            let wish = upgrade::wish(flags, arguments, environment, terminal, backend)?;
            run.with_chart(Some(backend), terminal, |around, context, out, notices| {
                diff::run(&wish, &look, backend, around, context, (out, notices))
            })?
        }
        (None, _) => run.on_cluster(backend, terminal, |_, cluster| {
            diff::drift(name, &look, cluster)
        })?,
    };
    form.print(&report, flags, terminal)?;
    let tells = flags.is("detailed-exitcode") && report.has_changes();
    Ok(if tells { DIFFERENT } else { 0 })
}

/// What is shown, as flags say it.
pub(super) fn look(flags: &FlagSet) -> Look {
    Look {
        secrets: match flags.is("show-secrets") {
            true => Secrets::Shown,
            false => Secrets::Masked(Mask::of_run()),
        },
        suppress: flags.list("suppress").to_vec(),
        suppress_secrets: flags.is("suppress-secrets"),
        no_hooks: flags.is("no-hooks"),
    }
}

/// Reads the value of `--revision`.
fn revisions(text: &str) -> Result<Option<(i64, Option<i64>)>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = |text: &str| {
        let number = text.trim().parse::<i64>().ok().filter(|number| *number > 0);
        number.ok_or_else(|| {
            let message = format!("--revision {text}: that is no revision, such as 3 or 3,5");
            Error::new(Kind::Usage, message)
        })
    };
    Ok(Some(match text.split_once(',') {
        Some((from, to)) => (number(from)?, Some(number(to)?)),
        None => (number(text)?, None),
    }))
}

/// How differences are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Json,
    Markdown,
    Html,
}

impl Form {
    fn of(flags: &FlagSet) -> Result<Form, Error> {
        match flags.text("output") {
            "text" => Ok(Form::Text),
            "json" => Ok(Form::Json),
            "markdown" | "md" => Ok(Form::Markdown),
            "html" => Ok(Form::Html),
            other => {
                let message = format!(
                    "invalid argument {other:?} for --output: must be one of: text, json, markdown, html"
                );
                Err(Error::new(Kind::Usage, message))
            }
        }
    }

    /// Prints a report.
    ///
    /// # Errors
    /// A build that makes no HTML.
    pub(super) fn print(
        self,
        report: &Report,
        flags: &FlagSet,
        terminal: &mut Terminal,
    ) -> Result<(), Error> {
        let count = |name: &str| usize::try_from(flags.int(name)).unwrap_or_default();
        let layout = Layout {
            context: count("context"),
            three_way: flags.is("three-way"),
            ..Layout::default()
        };
        let text = match self {
            Form::Text => {
                let style = match terminal.paints_output() {
                    true => text::Style::Colored,
                    false => text::Style::Plain,
                };
                text::render(report, &layout, style)
            }
            Form::Json => {
                let text = serde_json::to_string_pretty(&report.to_json());
                format!("{}\n", text.unwrap_or_default())
            }
            Form::Markdown => markdown::render(report, &layout, count("max-size")),
            Form::Html => {
                let layout = Layout {
                    width: 2_000,
                    height: 5_000,
                    ..layout
                };
                html::render(report, &layout)?
            }
        };
        terminal.print(&text);
        Ok(())
    }
}
