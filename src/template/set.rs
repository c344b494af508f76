use std::sync::Arc;

use super::error::{ExecError, ParseError};
use super::exec::State;
use super::function::{Environment, Functions};
use super::hash::NameMap;
use super::node::Tree;
use super::parse::{Parsed, Parser};
use crate::diag::Source;
use crate::go::strconv;
use crate::value::Value;

/// What a key that a map does not have gives (`Template.Option("missingkey=...")`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// Nothing at all, printed as `<no value>`; fields of it are nothing too.
    #[default]
    Invalid,
    /// The zero value of the map's element type.
    Zero,
    /// The execution stops.
    Error,
}

/// Options of a [`Set`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the set itself, which errors about unknown templates mention.
    pub name: Arc<str>,
    /// What missing keys give.
    pub missing_key: MissingKey,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            name: Arc::from("gotpl"),
            missing_key: MissingKey::default(),
        }
    }
}

/// Templates that can call each other. Clones share what they have in common, and go apart when
/// one of them parses more.
#[derive(Clone)]
pub struct Set {
    functions: &'static Functions,
    pub(super) options: Options,
    base: Arc<NameMap<Arc<str>, Arc<Tree>>>,
    /// What was parsed after a clone, over the base.
    over: NameMap<Arc<str>, Arc<Tree>>,
}

impl Set {
    /// An empty set.
    pub fn new(functions: &'static Functions, options: Options) -> Set {
        Set {
            functions,
            options,
            base: Arc::default(),
            over: NameMap::default(),
        }
    }

    /// Changes what missing keys give.
    pub fn set_missing_key(&mut self, missing_key: MissingKey) {
        self.options.missing_key = missing_key;
    }

    /// The functions that texts of the set can call.
    pub fn functions(&self) -> &'static Functions {
        self.functions
    }

    /// Parses a text under `name` and adds what it defines (`Template.New(name).Parse`).
    ///
    /// # Errors
    /// The first fault; the set is unchanged then.
    pub fn parse(&mut self, name: &str, source: &Source) -> Result<(), ParseError> {
        let parsed = Parser::new(self.functions).parse(name, source)?;
        self.add(&parsed);
        Ok(())
    }

    /// Adds parsed templates (`Template.AddParseTree`): the last one of a name wins, but an empty
    /// one never replaces another.
    pub fn add(&mut self, parsed: &Parsed) {
        for tree in parsed.trees() {
            if tree.is_empty() && self.contains(tree.name()) {
                continue;
            }
            let trees = Arc::get_mut(&mut self.base).unwrap_or(&mut self.over);
            trees.insert(Arc::clone(&tree.name), Arc::clone(tree));
        }
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.tree(name).is_some()
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .base
            .keys()
            .chain(self.over.keys())
            .map(AsRef::as_ref)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A template.
    pub fn tree(&self, name: &str) -> Option<&Tree> {
        let over = if self.over.is_empty() {
            None
        } else {
            self.over.get(name)
        };
        over.or_else(|| self.base.get(name)).map(AsRef::as_ref)
    }

    /// Executes a template (`Template.ExecuteTemplate`) and writes to the end of `out`, which holds
    /// the output up to the failure after an error.
    ///
    /// # Errors
    /// Go's, and where output or a loop leaves its bounds.
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        environment: &Environment<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), ExecError> {
        self.execute_at(name, data, environment, 0, out)
    }

    pub(super) fn execute_at(
        &self,
        name: &str,
        data: &Value,
        environment: &Environment<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), ExecError> {
        let Some(tree) = self.tree(name) else {
            let message = format!(
                "template: no template {} associated with template {}",
                strconv::quote(name),
                strconv::quote(self.options.name.as_bytes())
            );
            return Err(ExecError::without_place(name, message));
        };
        self.execute_tree_at(tree, data, environment, depth, out)
    }

    /// Executes a tree that need not be one of the set's, on the templates of the set.
    pub(super) fn execute_tree_at(
        &self,
        tree: &Tree,
        data: &Value,
        environment: &Environment<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), ExecError> {
        State::new(self, tree, environment, out).run(data, depth)
    }
}
