//! Go's `text/template` (Go 1.26), and no word of Helm.

mod function;

pub use function::{Body, Caller, Function};
