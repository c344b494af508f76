//! Copilot manifests to what is wanted on ECS, as AWS Copilot's CloudFormation would have it.
//!
//! In go a `manifest.yml` and what `copilot env` created ([`config::Copilot`](super::config::Copilot)), out
//! comes the [`Document`]. Nothing is asked from an account. The environment's part of the manifest is laid on
//! top first ([`overlay`]), then `${NAME}` is filled in. What is built, published or subscribed to is
//! not ours: that is a finding each.

mod container;
mod count;
mod express;
mod interpolate;
mod job;
mod network;
mod overlay;
mod port;
mod read;
mod service;
mod storage;
mod taskdef;
mod traffic;
mod word;
mod workload;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::config::Config;
use super::desired::{Document, Level};
use super::report::Report;
use crate::diag::{Error, Kind};

pub(super) use read::read;
pub(super) use taskdef::recased;
use workload::{Kind as Type, Workload};

/// What is converted.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The manifest of one service or job.
    pub manifest: &'a Value,
    /// The `ecs:` part of `pintle.yaml`.
    pub config: &'a Config,
    /// The environment of Copilot; that of [`Copilot`](super::config::Copilot) where it is empty.
    pub environment: &'a str,
    /// The day, `2026-11-21`, for findings that are allowed until one.
    pub today: Option<&'a str>,
}

/// Types of workloads as manifests write them.
const TYPES: &[(&str, Type)] = &[
    ("Load Balanced Web Service", Type::Web),
    ("Backend Service", Type::Backend),
    ("Worker Service", Type::Worker),
    ("Scheduled Job", Type::Job),
    ("Request-Driven Web Service", Type::Express),
];

/// Whether a document is a manifest of Copilot: it has a name and a type that Copilot knows, and is no
/// object of Kubernetes.
pub fn is_manifest(value: &Value) -> bool {
    let kind = value["type"].as_str().unwrap_or_default();
    let is_known = kind == STATIC || TYPES.iter().any(|(word, _)| *word == kind);
    value["name"].is_string() && is_known && value["apiVersion"].is_null()
}

const STATIC: &str = "Static Site";

/// Turns a manifest into what is wanted. A document with an error has no resources.
///
/// # Errors
/// [`Kind::Usage`]: a manifest without name or type, a variable that is not defined.
pub fn convert(input: &Input<'_>) -> Result<Document, Error> {
    let known = &input.config.copilot;
    let environment = match input.environment {
        "" => known.env.as_deref().unwrap_or_default(),
        named => named,
    };
    let app = known.app.as_deref().unwrap_or_default();
    let fixed = [
        ("COPILOT_APPLICATION_NAME", app),
        ("COPILOT_ENVIRONMENT_NAME", environment),
    ];
    let fixed: Vec<(&str, &str)> = fixed
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let manifest = overlay::apply(input.manifest, environment);
    let manifest = interpolate::interpolate(&manifest, &fixed, &|name| {
        known.variables.get(name).cloned()
    })?;
    let name = manifest["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        let message = "the manifest has no name";
        return Err(Error::new(Kind::Usage, message)
            .with_hint("a manifest of Copilot says `name` and `type`"));
    }
    let word = manifest["type"].as_str().unwrap_or_default();
    let report = Report::default();
    let found = TYPES.iter().find(|(known, _)| *known == word);
    let resources = match found {
        Some((_, kind)) => {
            let workload = Workload {
                manifest: &manifest,
                name,
                kind: *kind,
                app,
                environment,
                config: input.config,
                report: &report,
            };
            workload.check();
            match kind {
                Type::Job => job::resources(&workload),
                Type::Express => express::resources(&workload),
                _ => service::resources(&workload),
            }
        }
        None => {
            let message = match word {
                STATIC => {
                    "a static site is a bucket and a distribution, nothing that ECS runs".into()
                }
                "" => "the manifest has no type".to_owned(),
                word => format!("{word:?} is no type of Copilot"),
            };
            report.add(1001, name, "type", message);
            Vec::new()
        }
    };
    let diagnostics = report.judged(&super::Input {
        objects: &[],
        config: input.config,
        release: name,
        namespace: "",
        today: input.today,
    });
    let failed = diagnostics.iter().any(|it| it.level == Level::Error);
    Ok(Document {
        diagnostics,
        resources: if failed { Vec::new() } else { resources },
    })
}

/// The manifests among `objects`, services by name, then jobs. What is wrong with one as a whole is an
/// ECS1010 of it.
pub(super) fn collect(input: &super::Input<'_>) -> Document {
    let mut manifests: Vec<&Value> = input.objects.iter().filter(|it| is_manifest(it)).collect();
    manifests.sort_by_key(|it| (it["type"] == "Scheduled Job", it["name"].as_str()));
    let convert = |manifest: &Value| {
        let one = Input {
            manifest,
            config: input.config,
            environment: "",
            today: input.today,
        };
        convert(&one).unwrap_or_else(|error| {
            let report = Report::default();
            let name = manifest["name"].as_str().unwrap_or_default();
            report.add(1010, name, "", error.to_string());
            Document {
                diagnostics: report.judged(input),
                resources: Vec::new(),
            }
        })
    };
    join(manifests.into_iter().map(convert).collect())
}

/// Several workloads as one document; one with an error leaves nothing to apply.
fn join(documents: Vec<Document>) -> Document {
    let mut joined = Document::default();
    let failed = documents.iter().any(Document::has_errors);
    for document in documents {
        joined.diagnostics.extend(document.diagnostics);
        if !failed {
            joined.resources.extend(document.resources);
        }
    }
    joined
}
