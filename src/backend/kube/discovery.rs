//! What an API server serves (`client-go`'s discovery and REST mapper).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::connection::{Connection, Request};
use super::failure::Failure;
use crate::backend::{Context, Object};
use crate::chart::{Capabilities, KubeVersion};
use crate::diag::{Error, Kind as DiagKind};

/// Asks for everything at once; servers before 1.26 answer the old way.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// A kind that is served, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// Its plural name, as in paths.
    pub(super) resource: String,
    pub(super) is_namespaced: bool,
}

/// What is served: all versions of all groups, preferred ones first.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// `group/version`, as they are told.
    pub(super) versions: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    /// `group/version/Kind` of all resources, also of those below others, such as scales.
    pub(super) names: Vec<String>,
    /// Groups that could not be asked, with why.
    pub(super) failed: Vec<(String, String)>,
}

impl Kinds {
    /// Counts a kind as served in a version; each once.
    fn name(&mut self, group: &str, version: &str, kind: &str) {
        let name = format!("{}/{kind}", versioned(group, version));
        if !kind.is_empty() && !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    pub(super) fn find(&self, group: &str, version: &str, kind: &str) -> Option<&Kind> {
        self.kinds
            .iter()
            .find(|it| it.kind == kind && it.version == version && it.group == group)
    }
}

/// What was found out, kept until it is forgotten.
#[derive(Default)]
pub(super) struct Discovery(Mutex<Option<Arc<Kinds>>>);

impl Discovery {
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn kinds(&self, connection: &Connection) -> Result<Arc<Kinds>, Failure> {
        if let Some(known) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(connection.block_on(discover(connection))?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
        Ok(found)
    }

    /// The kind, asked for anew where it is not known yet.
    pub(super) fn find(
        &self,
        connection: &Connection,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<Option<Kind>, Failure> {
        let is_fresh = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none();
        let kinds = self.kinds(connection)?;
        if let Some(found) = kinds.find(group, version, kind) {
            return Ok(Some(found.clone()));
        }
        if is_fresh {
            return Ok(None);
        }
        self.forget();
        Ok(self.kinds(connection)?.find(group, version, kind).cloned())
    }
}

/// How long lies between two looks at what is served.
const GLANCE: Duration = Duration::from_millis(20);

/// Waits until the kinds of definitions are served: that is a moment after they are established.
///
/// # Errors
/// A kind that is not served in time.
pub(super) fn wait_for_kinds(
    connection: &Connection,
    discovery: &Discovery,
    definitions: &[Object],
    context: &Context<'_>,
) -> Result<(), Error> {
    let end = Instant::now() + context.timeout;
    for definition in definitions {
        let spec = &definition.body["spec"];
        let group = text(spec, "group");
        let kind = text(&spec["names"], "kind");
        let served = items(spec, "versions").filter(|version| version["served"] == true);
        for version in served.map(|version| text(version, "name")) {
            while discovery.find(connection, group, version, kind)?.is_none() {
                if Instant::now() >= end || context.cancel.is_cancelled() {
                    let message = format!("{group}/{version}, Kind={kind} is not served yet");
                    return Err(Error::new(DiagKind::Cancelled, message));
                }
                std::thread::sleep(GLANCE);
            }
        }
    }
    discovery.forget();
    Ok(())
}

/// Version and kinds of the server, for templates (`action.getCapabilities`, Helm 4.2.4).
pub(super) fn capabilities(
    connection: &Connection,
    discovery: &Discovery,
) -> Result<Capabilities, Error> {
    discovery.forget();
    let kinds = discovery
        .kinds(connection)
        .map_err(|failure| failure.wrap("could not get apiVersions from Kubernetes"))?;
    let version = version(connection)
        .map_err(|failure| failure.wrap("could not get server version from Kubernetes"))?;
    let mut api_versions = kinds.versions.clone();
    api_versions.extend(kinds.names.iter().cloned());
    let mut kube_version = KubeVersion::parse(&version.git_version)?;
    kube_version.normalized.clear();
    kube_version.major = version.major;
    kube_version.minor = version.minor;
    Ok(Capabilities {
        kube_version,
        api_versions,
    })
}

/// `version.Info`
#[derive(Debug, Default, Deserialize)]
pub(super) struct Version {
    #[serde(default, rename = "gitVersion")]
    pub(super) git_version: String,
    #[serde(default)]
    pub(super) major: String,
    #[serde(default)]
    pub(super) minor: String,
}

/// What the server says of itself: the cheapest request there is.
pub(super) fn version(connection: &Connection) -> Result<Version, Failure> {
    let answer = connection.send(Request::get("/version"))?;
    serde_json::from_slice(&answer.body).map_err(|error| Failure::garbled(&error))
}

async fn discover(connection: &Connection) -> Result<Kinds, Failure> {
    let ask = |path: &str| {
        connection.request(Request {
            accept: Some(AGGREGATED),
            ..Request::get(path)
        })
    };
    let (core, groups) = futures_util::future::try_join(ask("/api"), ask("/apis")).await?;
    let mut kinds = Kinds::default();
    for (answer, is_core) in [(core.json()?, true), (groups.json()?, false)] {
        match answer["kind"].as_str() {
            Some("APIGroupDiscoveryList") => read_aggregated(&answer, &mut kinds),
            _ => read_legacy(connection, &answer, is_core, &mut kinds).await?,
        }
    }
    Ok(kinds)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn items<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value[member].as_array().into_iter().flatten()
}

fn versioned(group: &str, version: &str) -> String {
    match group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    }
}

fn read_aggregated(list: &Value, kinds: &mut Kinds) {
    for group in items(list, "items") {
        let name = text(&group["metadata"], "name");
        for version in items(group, "versions") {
            let number = text(version, "version");
            if text(version, "freshness") == "Stale" {
                kinds.failed.push((
                    versioned(name, number),
                    format!("stale GroupVersion discovery: {}", versioned(name, number)),
                ));
            }
            kinds.versions.push(versioned(name, number));
            for resource in items(version, "resources") {
                let served = &resource["responseKind"];
                kinds.name(name, number, text(served, "kind"));
                for below in items(resource, "subresources") {
                    kinds.name(name, number, text(&below["responseKind"], "kind"));
                }
                let or = |own: &str, other: &str| match own {
                    "" => other.to_owned(),
                    own => own.to_owned(),
                };
                kinds.kinds.push(Kind {
                    group: or(text(served, "group"), name),
                    version: or(text(served, "version"), number),
                    kind: text(served, "kind").to_owned(),
                    resource: text(resource, "resource").to_owned(),
                    is_namespaced: text(resource, "scope") == "Namespaced",
                });
            }
        }
    }
}

/// Asks for each version on its own, all at once.
async fn read_legacy(
    connection: &Connection,
    list: &Value,
    is_core: bool,
    kinds: &mut Kinds,
) -> Result<(), Failure> {
    let mut asked: Vec<(String, String)> = Vec::new();
    if is_core {
        let versions = items(list, "versions").filter_map(Value::as_str);
        asked.extend(versions.map(|version| (String::new(), version.to_owned())));
    }
    for group in items(list, "groups") {
        let name = text(group, "name");
        let preferred = text(&group["preferredVersion"], "version");
        let mut versions: Vec<&str> = items(group, "versions")
            .map(|version| text(version, "version"))
            .collect();
        versions.sort_by_key(|version| *version != preferred);
        asked.extend(
            versions
                .into_iter()
                .map(|version| (name.to_owned(), version.to_owned())),
        );
    }
    let answers = asked.iter().map(|(group, version)| {
        let prefix = if group.is_empty() { "/api" } else { "/apis" };
        let path = format!("{prefix}/{}", versioned(group, version));
        connection.request(Request::get(path))
    });
    let answers = futures_util::future::join_all(answers).await;
    for ((group, version), answer) in asked.into_iter().zip(answers) {
        let list = match answer.and_then(|answer| answer.json()) {
            Ok(list) => list,
            Err(failure) => {
                kinds
                    .failed
                    .push((versioned(&group, &version), failure.message));
                continue;
            }
        };
        kinds.versions.push(versioned(&group, &version));
        for resource in items(&list, "resources") {
            let name = text(resource, "name");
            kinds.name(&group, &version, text(resource, "kind"));
            if name.contains('/') {
                continue;
            }
            let or = |own: &str, other: &str| match own {
                "" => other.to_owned(),
                own => own.to_owned(),
            };
            kinds.kinds.push(Kind {
                group: or(text(resource, "group"), &group),
                version: or(text(resource, "version"), &version),
                kind: text(resource, "kind").to_owned(),
                resource: name.to_owned(),
                is_namespaced: resource["namespaced"].as_bool().unwrap_or_default(),
            });
        }
    }
    Ok(())
}
