//! Helm's plugins: what a `plugin.yaml` says, where plugins are, and how their programs are run.
//!
//! Both shapes are read: the one of Helm 3 (without `apiVersion`) and `apiVersion: v1` of Helm 4.
//! Plugins of the runtime `extism/v1` (WebAssembly) are listed, but refused when they are to be run.
//! Behaviour of `internal/plugin`, Helm 4.2.4.

pub mod archive;
mod command;
mod decode;
mod discover;
mod encode;
mod getter;
mod invoke;
mod metadata;

pub use discover::{Descriptor, find, find_all, load, load_all};
pub use getter::Getters;
pub use invoke::{Call, Credentials, Failure, Host, Output, Written};
pub use metadata::{Config, Metadata, PlatformCommand, Runtime, parse};

/// A plugin that is there.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its folder.
    pub folder: String,
    /// What its `plugin.yaml` says.
    pub metadata: Metadata,
}

/// The file that makes a folder a plugin.
pub const FILE: &str = "plugin.yaml";

/// Events that plugins are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was installed.
    Install,
    /// It was updated.
    Update,
    /// It was removed.
    Delete,
}

impl Event {
    /// As hooks are named.
    pub fn name(self) -> &'static str {
        match self {
            Event::Install => "install",
            Event::Update => "update",
            Event::Delete => "delete",
        }
    }
}
