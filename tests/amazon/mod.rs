//! Amazon's services for tests, on this machine: moto, which has most of them a little.

pub(crate) mod http;
pub(crate) mod moto;
