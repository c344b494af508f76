//! The function library of `github.com/Masterminds/sprig/v3` 3.3.0, by family.
//!
//! In: arguments that the template engine has counted and checked against [`Function::parameters`].
//! Out: a value of the Go type that sprig returns, or a `Fault` with the text of Go's error or
//! panic. Nothing here reaches outside but through the `Caller`'s world.

mod argument;
mod date;
mod flow;
mod json;
mod path;
mod regex;
mod semver;
mod url;

use crate::template::{Body, Function};
use crate::value::Type;

/// All functions of sprig's `TxtFuncMap`, a table a family. Names occur once.
pub const FAMILIES: &[&[Function]] = &[
    // One line a family, sorted.
    date::FUNCTIONS,
    flow::FUNCTIONS,
    json::FUNCTIONS,
    path::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    url::FUNCTIONS,
];

/// A function with a fixed number of parameters.
const fn function(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: false,
        body,
    }
}

/// A function whose last parameter is Go's `...T`.
#[allow(dead_code, reason = "families are being added")]
const fn variadic(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: true,
        body,
    }
}
