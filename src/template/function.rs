use std::any::Any;

use crate::value::{Fault, Type, Value};
use crate::world::World;

/// A function that templates can call. Tables of functions are static: a parsed template refers
/// to its functions directly and is shared between threads.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name in templates.
    pub name: &'static str,
    /// Go types of the parameters: arguments are checked, and errors worded, by them. `Type::Any`
    /// takes everything, nil included.
    pub parameters: &'static [Type],
    /// Whether the last parameter is Go's `...T`; `parameters` then ends in `T`.
    pub variadic: bool,
    /// Does it.
    pub body: Body,
}

/// The code of a [`Function`]. The arguments have been counted and checked: one whose parameter is
/// `Type::STRING` is a `Value::String`, and so on; `Type::MAP` may be any named type over it.
/// Panics of the Go function are `Err` with Go's panic text.
pub type Body = fn(&mut Caller<'_>, &[Value]) -> Result<Value, Fault>;

/// What a function can reach besides its arguments.
pub struct Caller<'a> {
    /// Clock, randomness and the rest.
    pub world: &'a dyn World,
    /// Whoever executes the template: functions that belong to an engine find it by downcasting.
    pub host: &'a dyn Any,
}
