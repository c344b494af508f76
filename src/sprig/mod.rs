//! The function library of `github.com/Masterminds/sprig/v3` 3.3.0, by family.
//!
//! In: arguments that the template engine has counted and checked against [`Function::parameters`].
//! Out: a value of the Go type that sprig returns, or a `Fault` with the text of Go's error or
//! panic. Nothing here reaches outside but through the `Caller`'s world.

mod argument;
mod bound;
mod cast;
mod crypto;
mod date;
mod decimal;
mod default;
mod dict;
mod encoding;
mod environment;
mod equal;
mod flow;
mod json;
mod list;
mod math;
mod merge;
mod network;
mod path;
mod random;
mod reflection;
mod regex;
mod rune;
mod semver;
mod string;
#[cfg(test)]
mod tests;
mod url;
mod word;

use crate::template::{Body, Function};
use crate::value::Type;

/// The functions that read the environment: Helm has them for names of releases only.
pub const ENVIRONMENT: &[Function] = environment::FUNCTIONS;

/// All functions of sprig's `TxtFuncMap` but [`ENVIRONMENT`], a table a family. Names occur once.
pub const FAMILIES: &[&[Function]] = &[
    // One line a family, sorted.
    crypto::FUNCTIONS,
    date::FUNCTIONS,
    default::FUNCTIONS,
    dict::FUNCTIONS,
    encoding::FUNCTIONS,
    flow::FUNCTIONS,
    json::FUNCTIONS,
    list::FUNCTIONS,
    math::FUNCTIONS,
    network::FUNCTIONS,
    path::FUNCTIONS,
    random::FUNCTIONS,
    reflection::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    string::FUNCTIONS,
    url::FUNCTIONS,
    word::FUNCTIONS,
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
const fn variadic(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: true,
        body,
    }
}
