//! The integration tests, in one binary.

mod command;
mod create;
#[path = "../difference.rs"]
mod difference;
mod documentation;
mod examples;
mod front;
mod layering;
mod origin;
mod pipeline;
mod program;
mod project;
mod random;
mod remote;
#[path = "../transcripts/serve.rs"]
mod serve;
