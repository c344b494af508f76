//! Go's `text/template` (Go 1.26), and no word of Helm.
//!
//! A [`Parser`] makes [`Tree`]s of texts, a [`Set`] holds those that can call each other and executes
//! them. Trees hold no values and are shared between threads. Differences to Go are bounds only:
//! 256 MiB of output, 10 million steps of one loop.

mod builtin;
mod compare;
mod error;
mod eval;
mod exec;
mod function;
mod hash;
mod letter;
mod lex;
mod node;
mod number;
mod parse;
mod set;
mod slot;
#[cfg(test)]
mod tests;

pub use builtin::Builtin;
pub use error::{ExecError, ParseError};
pub use function::{Body, Callee, Caller, Environment, Function, Functions};
pub use node::Tree;
pub use parse::{Parsed, Parser};
pub use set::{MissingKey, Options, Set};
