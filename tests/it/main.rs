//! The integration tests, in one binary.

#[path = "../difference.rs"]
mod difference;
mod examples;
mod layering;
mod program;
