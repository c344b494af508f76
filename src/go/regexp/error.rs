//! Why a pattern is none, in the words of Go's `regexp/syntax`.

use std::fmt;

/// Why a pattern is not one, in the words of `syntax.Error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub(super) kind: Kind,
    pub(super) expression: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    InvalidCharRange,
    InvalidEscape,
    InvalidNamedCapture,
    InvalidPerlOp,
    InvalidRepeatOp,
    InvalidRepeatSize,
    InvalidUtf8,
    MissingBracket,
    MissingParen,
    MissingRepeatArgument,
    TrailingBackslash,
    UnexpectedParen,
    NestingDepth,
    Large,
}

impl Error {
    pub(super) fn new(kind: Kind, expression: &[u8]) -> Error {
        Error {
            kind,
            expression: expression.to_vec(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::InvalidCharRange => "invalid character class range",
            Kind::InvalidEscape => "invalid escape sequence",
            Kind::InvalidNamedCapture => "invalid named capture",
            Kind::InvalidPerlOp => "invalid or unsupported Perl syntax",
            Kind::InvalidRepeatOp => "invalid nested repetition operator",
            Kind::InvalidRepeatSize => "invalid repeat count",
            Kind::InvalidUtf8 => "invalid UTF-8",
            Kind::MissingBracket => "missing closing ]",
            Kind::MissingParen => "missing closing )",
            Kind::MissingRepeatArgument => "missing argument to repetition operator",
            Kind::TrailingBackslash => "trailing backslash at end of expression",
            Kind::UnexpectedParen => "unexpected )",
            Kind::NestingDepth => "expression nests too deeply",
            Kind::Large => "expression too large",
        };
        let expression = String::from_utf8_lossy(&self.expression);
        write!(f, "error parsing regexp: {what}: `{expression}`")
    }
}

impl std::error::Error for Error {}
