//! What the commands do: one verb a file. An action is given what was meant and returns what to
//! print; it knows no flags, no terminal, no environment.

pub mod adjust;
pub mod conflict;
pub mod crd;
pub mod create;
pub mod dependency;
pub mod diff;
mod duplicate;
mod explain;
pub mod get;
mod hook;
pub mod hub;
pub mod implied;
pub mod install;
pub mod lifecycle;
pub mod lint;
pub mod list;
pub mod logs;
mod ownership;
pub mod package;
pub mod pending;
pub mod plan;
pub mod plugin;
mod prepare;
pub mod pull;
pub mod push;
pub mod registry;
pub mod repo;
pub mod rollback;
pub mod search;
pub mod shelf;
pub mod show;
pub mod source;
pub mod status;
pub mod template;
pub mod test;
mod trial;
pub mod uninstall;
pub mod upgrade;
pub mod verify;

pub use prepare::Surroundings;
