//! Secrets from services, through the library: Amazon's as moto has them, Vault's as a small fake does.

mod amazon;
#[cfg(feature = "age")]
mod state;
mod vault;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use pintle::helmfile::secret::{Options, Registry, Vals};
use pintle::world::Real;

/// Resolves with an environment of these variables.
fn vals(variables: &[(&str, &str)]) -> Vals {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let world = Real::new().with_variables(variables);
    Vals::new(Arc::new(world), Options::default(), Registry::new([3; 32]))
}

/// What a text with references becomes, or the error.
fn told(vals: &Vals, text: &str) -> String {
    match vals.within(Path::new("")).expand_text(text.as_bytes()) {
        Ok(text) => text.to_str_lossy().into_owned(),
        Err(error) => error.to_string(),
    }
}
