use std::any::Any;

use super::builtin::{self, Builtin};
use super::error::ExecError;
use super::hash::NameMap;
use super::node::Tree;
use super::set::Set;
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
    pub(super) depth: usize,
}

impl<'a> Caller<'a> {
    /// A caller outside of any template, for functions called directly.
    pub fn new(world: &'a dyn World, host: &'a dyn Any) -> Caller<'a> {
        Caller {
            world,
            host,
            depth: 0,
        }
    }

    /// Executes another template from inside a function, with the same world and host; the depth
    /// of templates keeps counting.
    ///
    /// # Errors
    /// As [`Set::execute`].
    pub fn execute(
        &mut self,
        set: &Set,
        name: &str,
        data: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), ExecError> {
        let environment = Environment {
            world: self.world,
            host: self.host,
        };
        set.execute_at(name, data, &environment, self.depth, out)
    }

    /// As [`Caller::execute`], for a parsed text itself: Go executes it even where it is empty and so
    /// has not replaced a template of its name.
    ///
    /// # Errors
    /// As [`Set::execute`].
    pub fn execute_tree(
        &mut self,
        set: &Set,
        tree: &Tree,
        data: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), ExecError> {
        let environment = Environment {
            world: self.world,
            host: self.host,
        };
        set.execute_tree_at(tree, data, &environment, self.depth, out)
    }
}

/// What is outside of the templates of one render.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Clock, randomness and the rest.
    pub world: &'a dyn World,
    /// Whoever executes the template; functions get it as [`Caller::host`].
    pub host: &'a dyn Any,
}

/// All functions that a text can name: Go's builtins, and tables over them.
#[derive(Debug)]
pub struct Functions {
    by_name: NameMap<&'static [u8], Callee>,
}

/// What a name in a template calls.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    /// A function of a table.
    Function(&'static Function),
    /// A function of Go's that sees values as `reflect` does.
    Builtin(&'static Builtin),
}

impl Callee {
    /// The name in templates.
    pub fn name(&self) -> &'static str {
        match self {
            Callee::Function(function) => function.name,
            Callee::Builtin(builtin) => builtin.name(),
        }
    }
}

impl Functions {
    /// Builtins, then `tables`: where a name occurs twice, the later wins.
    pub fn new(tables: &[&'static [Function]]) -> Functions {
        let mut by_name: NameMap<&'static [u8], Callee> = builtin::BUILTINS
            .iter()
            .map(|builtin| (builtin.name().as_bytes(), Callee::Builtin(builtin)))
            .collect();
        for table in std::iter::once(&builtin::FUNCTIONS).chain(tables) {
            by_name.extend(
                table
                    .iter()
                    .map(|function| (function.name.as_bytes(), Callee::Function(function))),
            );
        }
        Functions { by_name }
    }

    /// The function called `name`.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&Callee> {
        self.by_name.get(name.as_ref())
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.by_name.values().map(Callee::name).collect();
        names.sort_unstable();
        names
    }
}
