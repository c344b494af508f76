//! Amazon's services: keys, requests and records, against moto and fakes.

#[cfg(feature = "ecs")]
mod client;
#[cfg(feature = "ecs")]
mod credential;
#[cfg(feature = "ecs")]
mod fake;
#[allow(dead_code, reason = "each test binary uses a part of it")]
#[path = "../../amazon/mod.rs"]
pub(crate) mod room;
#[cfg(feature = "ecs")]
mod store;
