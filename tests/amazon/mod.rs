//! Amazon's services for tests, on this machine: moto, which has most of them a little, and a fake of
//! our own that has what releases on ECS need, as it should be.

pub(crate) mod fake;
pub(crate) mod http;
pub(crate) mod moto;
