//! Amazon ECS: the same charts, brought to services, task definitions and what belongs to them.
//!
//! [`convert`] is a pure function: rendered objects and [`Config`] in, the [`Document`] that is wanted
//! out, without network or clock. Kubernetes objects are translated rule by rule (`translate`, described
//! in `docs/ecs.md`); documents of `ecs.pintle.dev/v1` are passed on as they are (`native`). What cannot be
//! said on ECS is a [`Diagnostic`](desired::Diagnostic) each, all of them in one run.

#[cfg(feature = "ecs")]
pub mod cluster;
pub mod code;
pub mod config;
pub mod copilot;
pub mod desired;
pub mod import;
mod native;
mod report;
mod shape;
mod source;
#[cfg(feature = "ecs")]
pub mod store;
mod translate;

pub use config::Config;
pub use desired::Document;
pub use shape::check;
pub use source::read;

use serde_json::Value;

use desired::Level;
use report::Report;

/// What is converted.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The rendered objects, hooks among them, in the order of the manifest.
    pub objects: &'a [Value],
    /// The `ecs:` part of `pintle.yaml`.
    pub config: &'a Config,
    /// Name of the release.
    pub release: &'a str,
    /// Namespace of the release: that of objects which name none.
    pub namespace: &'a str,
    /// The day, `2026-11-21`; `until` of [`Config::allow`] is compared with it where it is given.
    pub today: Option<&'a str>,
}

/// Turns rendered objects into what is wanted on ECS. A document with an error has no resources, so
/// that nothing of it is applied.
pub fn convert(input: &Input<'_>) -> Document {
    let report = Report::default();
    let native = native::collect(input, &report);
    let translated = translate::translate(input, &report);
    let resources = translate::order::arrange(translated, native);
    let manifests = copilot::collect(input);
    let mut resources = resources;
    resources.extend(manifests.resources);
    let mut diagnostics = report.judged(input);
    diagnostics.extend(manifests.diagnostics);
    let failed = diagnostics.iter().any(|it| it.level == Level::Error);
    Document {
        diagnostics,
        resources: if failed { Vec::new() } else { resources },
    }
}
