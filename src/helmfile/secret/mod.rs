//! Secrets of states and values: references as vals resolves them, files as sops encrypts them, and
//! how what came out of them is kept from being shown.
//!
//! Behaviour of vals 0.46.0 and sops 3.13.2, the versions that Helmfile 1.7.4 is built with. What
//! differs: a relative path starts at the folder of who names it, whatever was read before; a
//! fragment with `%` in it does not crash; errors hold no digest of what was decrypted.

mod file;
mod mask;
mod provider;
mod reference;
mod resolver;
pub mod sops;
mod vals;

pub use file::{Decrypted, Files, Plugin};
pub use mask::Registry;
pub use provider::{Cluster, Wanted, data_of};
pub use resolver::{Resolver, Secrets};
pub use vals::{Options, Scope, Vals};

#[cfg(test)]
mod tests;
