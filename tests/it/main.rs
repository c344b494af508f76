//! The integration tests, in one binary.

#[cfg(feature = "kube")]
mod adjust;
#[cfg(feature = "http")]
mod amazon;
mod chartify;
mod cluster;
mod command;
mod completion;
#[cfg(feature = "kube")]
mod connection;
mod create;
#[cfg(feature = "kube")]
mod definition;
mod deploy;
#[path = "../difference.rs"]
mod difference;
mod documentation;
#[cfg(feature = "ecs")]
mod ecs;
mod examples;
#[cfg(feature = "http")]
mod fault;
#[cfg(feature = "kube")]
mod fault_cluster;
mod fleet;
mod folder;
mod front;
mod implied;
#[allow(dead_code, reason = "each test binary uses a part of it")]
#[path = "../cluster/mod.rs"]
mod kubernetes;
mod kustomize;
mod layering;
mod origin;
mod outcome;
mod pipeline;
mod plugin;
mod portable;
#[cfg(feature = "kube")]
mod preview;
mod program;
mod project;
mod project_state;
#[cfg(feature = "pgp")]
mod provenance;
mod random;
#[cfg(feature = "kube")]
mod record;
mod registry;
mod remote;
#[cfg(feature = "http")]
mod secret;
#[path = "../transcripts/serve.rs"]
mod serve;
#[cfg(feature = "kube")]
mod watch;
mod workspace;
