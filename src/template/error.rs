use std::error::Error as StdError;
use std::fmt;

use crate::diag::{Source, Span};
use crate::go::strconv;
use crate::value::Fault;

/// Why a text is not a template. `Display` is Go's text: `template: NAME:LINE: message`.
#[derive(Clone)]
pub struct ParseError(Box<ParseFault>);

#[derive(Clone)]
struct ParseFault {
    name: String,
    line: usize,
    message: String,
    source: Source,
    span: Span,
}

impl ParseError {
    pub(super) fn new(
        name: &str,
        line: usize,
        message: String,
        source: Source,
        span: Span,
    ) -> ParseError {
        ParseError(Box::new(ParseFault {
            name: name.to_owned(),
            line,
            message,
            source,
            span,
        }))
    }

    /// Name under which the text was parsed.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The line, from 1, as Go counts it.
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The text.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// The token at which it was noticed.
    pub fn span(&self) -> Span {
        self.0.span
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "template: {}:{}: {}",
            self.0.name, self.0.line, self.0.message
        )
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({self})")
    }
}

impl StdError for ParseError {}

/// Why a template failed. `Display` is Go's text, in one line:
/// `template: FILE:LINE:COLUMN: executing "NAME" at <EXPRESSION>: message`.
///
/// Where a called function returned the error, [`StdError::source`] is that error, so that the
/// chain through `error calling include: ...` can be walked.
pub struct ExecError(Box<ExecFault>);

struct ExecFault {
    template: String,
    place: Option<Place>,
    message: String,
    fault: Option<Fault>,
}

struct Place {
    location: String,
    context: String,
    source: Source,
    span: Span,
}

impl ExecError {
    /// An error that no expression has caused; `message` is the whole text.
    pub(super) fn without_place(template: &str, message: String) -> ExecError {
        ExecError(Box::new(ExecFault {
            template: template.to_owned(),
            place: None,
            message,
            fault: None,
        }))
    }

    /// An error of an expression.
    pub(super) fn at(
        template: &str,
        location: String,
        context: String,
        (source, span): (Source, Span),
        message: String,
    ) -> ExecError {
        ExecError(Box::new(ExecFault {
            template: template.to_owned(),
            place: Some(Place {
                location,
                context,
                source,
                span,
            }),
            message,
            fault: None,
        }))
    }

    /// What a function returned; the message ends where its text follows.
    pub(super) fn with_fault(mut self, fault: Fault) -> ExecError {
        self.0.fault = Some(fault);
        self
    }

    /// Name of the template that was executing.
    pub fn template(&self) -> &str {
        &self.0.template
    }

    /// `name:line:column` as Go counts them: columns from 0.
    pub fn location(&self) -> Option<&str> {
        self.0.place.as_ref().map(|place| place.location.as_str())
    }

    /// The expression, as Go prints it.
    pub fn context(&self) -> Option<&str> {
        self.0.place.as_ref().map(|place| place.context.as_str())
    }

    /// What is wrong, the text of a nested error included.
    pub fn message(&self) -> String {
        match &self.0.fault {
            Some(fault) => format!("{}{fault}", self.0.message),
            None => self.0.message.clone(),
        }
    }

    /// What the called function returned.
    pub fn fault(&self) -> Option<&Fault> {
        self.0.fault.as_ref()
    }

    /// The text and the expression in it.
    pub fn place(&self) -> Option<(&Source, Span)> {
        self.0
            .place
            .as_ref()
            .map(|place| (&place.source, place.span))
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            write!(
                f,
                "template: {}: executing {} at <{}>: ",
                place.location,
                strconv::quote(&self.0.template),
                place.context
            )?;
        }
        f.write_str(&self.0.message)?;
        match &self.0.fault {
            Some(fault) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || write!(f, "{fault}")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExecError({self})")
    }
}

impl StdError for ExecError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.fault.as_ref().map(Fault::inner)
    }
}
