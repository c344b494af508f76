//! Everything outside that a render can see: environment, clock, randomness, DNS, the cluster.
//!
//! A render is a pure function of its input and of a [`World`].

mod objects;
mod real;

use std::time::SystemTime;

pub use objects::Objects;
pub use real::Real;

use crate::value::Frozen;

/// What is outside.
pub trait World: Send + Sync {
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// The time now.
    fn now(&self) -> SystemTime;

    /// Name of the local time zone (IANA), or `UTC`.
    fn time_zone(&self) -> String;

    /// Fills `bytes` with randomness fit for keys.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Addresses of a host name, as text; empty where it cannot be resolved.
    fn resolve_host(&self, name: &str) -> Vec<String>;

    /// An object of the cluster, or the list of them where `name` is empty; `Ok(None)` where there
    /// is none.
    ///
    /// # Errors
    /// The message of whoever was asked.
    fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Frozen>, String>;
}
