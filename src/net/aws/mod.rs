//! What Amazon's services ask of those who talk to them.

mod sign;

pub use sign::{Credentials, Get};
