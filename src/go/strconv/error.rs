//! Why a text is no number, in the words of Go's `strconv`.

use std::fmt;

use super::quote;

/// Why a text is not the number that was asked for; `Display` is Go's `*strconv.NumError`, such as
/// `strconv.ParseInt: parsing "x": invalid syntax`.
#[derive(Clone, Debug, PartialEq)]
pub struct NumError {
    /// The Go function, such as `ParseInt`.
    pub function: &'static str,
    /// What was parsed.
    pub input: Vec<u8>,
    /// What is wrong with it.
    pub fault: NumFault,
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumFault {
    /// It is not written as a number.
    Syntax,
    /// It does not fit the type.
    Range,
    /// Nobody counts in this base.
    Base(u32),
    /// There is no type of so many bits.
    BitSize(u32),
}

impl NumError {
    pub(super) fn new(function: &'static str, input: &[u8], fault: NumFault) -> NumError {
        NumError {
            function,
            input: input.to_vec(),
            fault,
        }
    }
}

impl fmt::Display for NumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "strconv.{}: parsing {}: {}",
            self.function,
            quote(&self.input),
            self.fault
        )
    }
}

impl fmt::Display for NumFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NumFault::Syntax => f.write_str("invalid syntax"),
            NumFault::Range => f.write_str("value out of range"),
            NumFault::Base(base) => write!(f, "invalid base {base}"),
            NumFault::BitSize(bits) => write!(f, "invalid bit size {bits}"),
        }
    }
}

impl std::error::Error for NumError {}
