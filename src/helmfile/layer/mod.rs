//! State values: what environments, files and flags say, merged in Helmfile's order.

mod entry;
mod flag;
mod hcl;
mod origin;

use std::sync::Arc;

pub(super) use entry::{Handler, Loader, Strategy, normalise};
pub use flag::{set, set_strings};
pub(super) use origin::{Ledger, Rank, find, leaves};

use super::data::{Data, Entries, Lists, merge};
use crate::value::Text;

/// An environment with its values (`environment.Environment`). Clones share what they hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// The context of the kubeconfig that it names.
    pub kube_context: String,
    /// Values of files, and of those that override them.
    pub values: Arc<Entries>,
    /// Values of `values:` at the top of state files.
    pub defaults: Arc<Entries>,
    /// Values of `--state-values-set`.
    pub overrides: Arc<Entries>,
}

impl Environment {
    /// One without values.
    pub fn new(name: impl Into<String>) -> Environment {
        Environment {
            name: name.into(),
            ..Environment::default()
        }
    }

    /// This one with another over it (`Environment.Merge`).
    pub(super) fn merged_with(&self, other: &Environment) -> Environment {
        let mut merged = self.clone();
        if !other.name.is_empty() {
            merged.name.clone_from(&other.name);
        }
        if !other.kube_context.is_empty() {
            merged.kube_context.clone_from(&other.kube_context);
        }
        put(&mut merged.values, &other.values, Lists::Sparse);
        put(&mut merged.defaults, &other.defaults, Lists::Sparse);
        put(&mut merged.overrides, &other.overrides, Lists::Merged);
        merged
    }

    /// What templates see as `.Values` (`GetMergedValues`).
    pub(super) fn merged(&self) -> Arc<Entries> {
        let mut values = Arc::clone(&self.defaults);
        put(&mut values, &self.values, Lists::Sparse);
        put(&mut values, &self.overrides, Lists::Merged);
        values
    }

    /// This one as templates of state files and of values of environments see it: with what was set
    /// on the command line among its values.
    pub(super) fn for_state(&self) -> Environment {
        let mut seen = self.clone();
        put(&mut seen.values, &self.overrides, Lists::Merged);
        seen
    }
}

/// Merges into values that may be shared; what adds nothing costs nothing.
pub(super) fn put(target: &mut Arc<Entries>, source: &Arc<Entries>, lists: Lists) {
    if source.is_empty() || Arc::ptr_eq(target, source) {
        return;
    }
    if target.is_empty() {
        *target = Arc::clone(source);
        return;
    }
    merge(Arc::make_mut(target), source, lists);
}

/// Entries of maps by dotted path.
pub(super) fn at<'a>(values: &'a Entries, keys: &[&str]) -> Option<&'a Data> {
    let (first, rest) = keys.split_first()?;
    let mut found = values.get(&Text::from(*first))?;
    for key in rest {
        found = found.get(key)?;
    }
    Some(found)
}
