//! Objects that were gathered, with the places that are looked at in them
//! (`api/internal/accumulator`, `api/resmap`, 0.20.1).

use super::config::Config;
use super::id::Id;
use super::resource::{Behavior, Resource};
use super::variable::Variable;

/// What a kustomization has gathered so far.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) resources: Vec<Resource>,
    pub(super) config: Config,
    pub(super) variables: Vec<Variable>,
}

impl Gathered {
    /// Adds objects that are not there yet.
    ///
    /// # Errors
    /// An object that is.
    pub(super) fn append(&mut self, resources: Vec<Resource>) -> Result<(), String> {
        for resource in resources {
            let id = resource.id();
            if self.resources.iter().any(|known| known.id().is(&id)) {
                return Err(format!(
                    "may not add resource with an already registered id: {id}"
                ));
            }
            self.resources.push(resource);
        }
        Ok(())
    }

    /// Adds what another kustomization has gathered.
    ///
    /// # Errors
    /// Objects and variables that are there already.
    pub(super) fn join(&mut self, other: Gathered) -> Result<(), String> {
        self.append(other.resources)?;
        self.config.merge(&other.config);
        other
            .variables
            .into_iter()
            .try_for_each(|variable| self.insert(variable))
    }

    /// Adds what was generated, as it says itself where there is such an object.
    ///
    /// # Errors
    /// One that is there and is not to be changed, or the other way round.
    pub(super) fn absorb(&mut self, mut resource: Resource) -> Result<(), String> {
        let id = resource.id();
        let found: Vec<usize> = (0..self.resources.len())
            .filter(|at| self.resources[*at].ids().iter().any(|known| known.is(&id)))
            .collect();
        let at = match (found.as_slice(), resource.behavior) {
            ([], Behavior::Create) => {
                self.resources.push(resource);
                return Ok(());
            }
            ([], _) => return Err(format!("id {id} does not exist; cannot merge or replace")),
            ([at], _) => *at,
            _ => {
                return Err(format!(
                    "found multiple objects that could accept merge of {id}"
                ));
            }
        };
        match resource.behavior {
            Behavior::Create => {
                return Err(format!("id {id} exists; behavior must be merge or replace"));
            }
            Behavior::Replace => resource.inherit(&self.resources[at]),
            Behavior::Merge => {
                resource.inherit(&self.resources[at]);
                resource.inherit_data(&self.resources[at]);
            }
        }
        self.resources[at] = resource;
        Ok(())
    }

    /// The one object that is or was called so.
    ///
    /// # Errors
    /// None, or several.
    pub(super) fn find(&self, id: &Id) -> Result<usize, String> {
        let mut found = (0..self.resources.len())
            .filter(|at| self.resources[*at].ids().iter().any(|known| known.is(id)));
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(at),
            (None, _) => Err(format!("no matches for Id {id}")),
            (Some(_), Some(_)) => Err(format!("multiple matches for Id {id}")),
        }
    }

    /// Adds a variable of this kustomization, and notes from which object it is read.
    ///
    /// # Errors
    /// One that is there, or that could be read from several objects.
    pub(super) fn add_variable(&mut self, variable: Variable) -> Result<(), String> {
        let wanted = &variable.object;
        let is_exact = !wanted.namespace.is_empty() || wanted.gvk.is_cluster_scoped();
        let is_it = |id: &Id| match is_exact {
            true => id.is(wanted),
            false => id.is_alike(wanted),
        };
        let mut found: Vec<&mut Resource> = self
            .resources
            .iter_mut()
            .filter(|resource| resource.ids().iter().any(is_it))
            .collect();
        match found.as_mut_slice() {
            [] => {}
            [one] => one.variables.push(variable.name.clone()),
            more => {
                return Err(format!(
                    "found {} resId matches for var {} (unable to disambiguate)",
                    more.len(),
                    variable.name
                ));
            }
        }
        self.insert(variable)
    }

    fn insert(&mut self, variable: Variable) -> Result<(), String> {
        if self
            .variables
            .iter()
            .any(|known| known.name == variable.name)
        {
            return Err(format!("var '{}' already encountered", variable.name));
        }
        self.variables.push(variable);
        Ok(())
    }
}
