//! Template errors in Helm's words (`pkg/engine`, Helm 4.2.4: `cleanupParseError`,
//! `reformatExecErrorMsg`).

use std::error::Error as StdError;
use std::fmt;

use crate::diag::{Error, Frame, Kind};
use crate::template::{ExecError, ParseError};
use crate::value::Fault;

/// What `fail` and `required` raise. Helm reports it at the outermost template, whatever lies between.
#[derive(Debug)]
pub(super) struct Raised(pub(super) String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Raised {}

/// An error with words in front of it, as Go's `fmt.Errorf("...: %w")` makes.
#[derive(Debug)]
pub(super) struct Wrapped {
    pub(super) context: String,
    pub(super) cause: Box<dyn StdError + 'static>,
}

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.context, self.cause)
    }
}

impl StdError for Wrapped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.cause)
    }
}

/// `context: cause`.
pub(super) fn wrap(context: impl Into<String>, cause: impl StdError + 'static) -> Fault {
    Fault::new(Wrapped {
        context: context.into(),
        cause: Box::new(cause),
    })
}

/// Helm's line for a template that does not parse: place and last part of Go's text.
pub(super) fn parse(file: &str, error: &ParseError) -> Error {
    let text = error.to_string();
    let parts: Vec<&str> = text.split(": ").collect();
    let message = match parts.as_slice() {
        [_, location, .., last] => format!("parse error at ({location}): {last}"),
        [_, last] => format!("parse error at ({last}): {last}"),
        _ => format!("parse error in ({file}): {text}"),
    };
    Error::new(Kind::Template, message).with_frame(Frame {
        template: file.to_owned(),
        source: error.source().clone(),
        span: error.span(),
    })
}

/// Helm's lines for a template that failed while executing, with the way to the failing expression.
pub(super) fn exec(file: &str, error: &ExecError) -> Error {
    let mut report = Error::new(Kind::Template, describe(file, error));
    for link in chain(error) {
        if let Some(exec) = link.downcast_ref::<ExecError>()
            && let Some((source, span)) = exec.place()
        {
            report = report.with_frame(Frame {
                template: exec.template().to_owned(),
                source: source.clone(),
                span,
            });
        }
    }
    report
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let found = next?;
        next = found.source();
        Some(found)
    })
}

fn describe(file: &str, error: &ExecError) -> String {
    let text = error.to_string();
    let mut parts = text.splitn(3, ": ");
    let (Some(_), Some(location), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("execution error in ({file}): {text}");
    };
    if let Some(raised) = chain(error).find_map(|link| link.downcast_ref::<Raised>()) {
        return format!("execution error at ({location}): {raised}");
    }
    let mut steps: Vec<Step> = Vec::new();
    for link in chain(error) {
        let Some(step) = Step::parse(&link.to_string()) else {
            return text;
        };
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    let lines: String = steps.iter().map(Step::to_string).collect();
    lines.trim().to_owned()
}

/// One `template: ...` text taken apart.
#[derive(PartialEq)]
struct Step {
    location: String,
    executing: String,
    message: String,
}

impl Step {
    fn parse(text: &str) -> Option<Step> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Step {
                location: String::new(),
                executing: String::new(),
                message: text.to_owned(),
            });
        }
        if let Some((location, after)) = rest.split_once(": executing ")
            && let Some(step) = Step::parse_executing(location, after)
        {
            return Some(step);
        }
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Step {
            location: location.to_owned(),
            executing: String::new(),
            message: cut(message).to_owned(),
        })
    }

    fn parse_executing(location: &str, after: &str) -> Option<Step> {
        let (name, after) = after.strip_prefix('"')?.split_once('"')?;
        let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Step {
            location: location.to_owned(),
            executing: format!("executing \"{name}\" at <{context}>:"),
            message: cut(message).to_owned(),
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.location.is_empty() {
            write!(f, "{}\n  ", self.location)?;
        }
        if !self.executing.is_empty() {
            write!(f, "{}\n    ", self.executing)?;
        }
        if !self.message.is_empty() {
            writeln!(f, "{}", self.message)?;
        }
        Ok(())
    }
}

/// A message up to the next error of the chain, which has a step of its own.
fn cut(message: &str) -> &str {
    message
        .split_once(" template:")
        .map_or(message, |(head, _)| head)
}
