//! What an API server serves (`client-go`'s discovery and REST mapper).

mod aggregated;
mod cache;
mod legacy;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connection::{Connection, Request};
use super::failure::Failure;
use crate::backend::{Context, Object};
use crate::chart::{Capabilities, KubeVersion};
use crate::diag::{Error, Kind as DiagKind};
use cache::Cache;

/// Asks for everything at once; servers before 1.26 answer the old way.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// A kind that is served, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its plural name, as in paths.
    pub(super) resource: String,
    pub(super) is_namespaced: bool,
}

/// `metav1.APIGroup`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Group {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<GroupVersion>,
    #[serde(default, rename = "preferredVersion", deserialize_with = "or_default")]
    preferred: GroupVersion,
}

/// `metav1.GroupVersionForDiscovery`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct GroupVersion {
    #[serde(default, rename = "groupVersion")]
    group_version: String,
    #[serde(default)]
    version: String,
}

impl GroupVersion {
    fn new(group: &str, version: &str) -> GroupVersion {
        GroupVersion {
            group_version: versioned(group, version),
            version: version.to_owned(),
        }
    }
}

/// `metav1.APIResource`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Resource {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "singularName")]
    singular: String,
    #[serde(default)]
    namespaced: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    verbs: Option<Vec<String>>,
    #[serde(
        default,
        rename = "shortNames",
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    short_names: Vec<String>,
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    categories: Vec<String>,
    #[serde(
        default,
        rename = "storageVersionHash",
        skip_serializing_if = "String::is_empty"
    )]
    storage_version_hash: String,
}

/// Reads `null` as nothing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What is served: all groups, and the resources of each of their versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    groups: Vec<Group>,
    /// By `group/version`; those that could not be asked are missing.
    resources: IndexMap<String, Vec<Resource>>,
}

impl Kinds {
    pub(super) fn find(&self, group: &str, version: &str, kind: &str) -> Option<Kind> {
        let resources = self.resources.get(&versioned(group, version))?;
        let is_it = |it: &&Resource| it.kind == kind && !it.name.contains('/');
        resources.iter().find(is_it).map(|it| Kind {
            resource: it.name.clone(),
            is_namespaced: it.namespaced,
        })
    }

    /// Versions of groups, then `group/version/Kind` of all resources, also of those below others,
    /// such as scales; each once.
    fn names(&self) -> IndexSet<String> {
        let versions = self.groups.iter().flat_map(|group| &group.versions);
        let versions = versions.map(|version| version.group_version.clone());
        let kinds = self.resources.iter().flat_map(|(version, resources)| {
            let named = resources.iter().filter(|it| !it.kind.is_empty());
            named.map(move |it| format!("{version}/{}", it.kind))
        });
        versions.chain(kinds).collect()
    }
}

/// What was found out, kept until it is forgotten.
#[derive(Default)]
pub(super) struct Discovery(Mutex<State>);

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// What other runs have found out does not count any more.
    is_invalidated: bool,
}

#[derive(Clone)]
struct Known {
    kinds: Arc<Kinds>,
    /// Told by the server, not by a file.
    is_fresh: bool,
}

impl Discovery {
    /// Forgets what is known, here and in files: the next question goes to the server.
    pub(super) fn forget(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State {
            known: None,
            is_invalidated: true,
        };
    }

    fn kinds(&self, connection: &Connection) -> Result<Known, Failure> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &state.known {
            return Ok(known.clone());
        }
        let cache = Cache::new(&connection.settings().cache_folder, connection.server()?);
        let kept = match state.is_invalidated {
            true => None,
            false => cache.as_ref().and_then(Cache::read),
        };
        let known = match kept {
            Some(kinds) => Known {
                kinds: Arc::new(kinds),
                is_fresh: false,
            },
            None => {
                let kinds = connection.block_on(discover(connection))?;
                if let Some(cache) = cache {
                    cache.write(&kinds);
                }
                Known {
                    kinds: Arc::new(kinds),
                    is_fresh: true,
                }
            }
        };
        state.known = Some(known.clone());
        Ok(known)
    }

    /// The kind, asked for anew where a file of an earlier run does not know it.
    pub(super) fn find(
        &self,
        connection: &Connection,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<Option<Kind>, Failure> {
        let known = self.kinds(connection)?;
        let found = known.kinds.find(group, version, kind);
        if found.is_some() || known.is_fresh {
            return Ok(found);
        }
        self.forget();
        Ok(self.kinds(connection)?.kinds.find(group, version, kind))
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
                discovery.forget();
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

/// The kind, where one of the definitions will have it served.
pub(super) fn defined(
    definitions: &[Object],
    group: &str,
    version: &str,
    kind: &str,
) -> Option<Kind> {
    definitions.iter().find_map(|definition| {
        let spec = &definition.body["spec"];
        let has_version =
            items(spec, "versions").any(|it| it["served"] == true && text(it, "name") == version);
        let is_it = definition.key.kind == "CustomResourceDefinition"
            && text(spec, "group") == group
            && text(&spec["names"], "kind") == kind;
        (is_it && has_version).then(|| Kind {
            resource: text(&spec["names"], "plural").to_owned(),
            is_namespaced: text(spec, "scope") != "Cluster",
        })
    })
}

/// Version and kinds of the server, for templates (`action.getCapabilities`, Helm 4.2.4).
pub(super) fn capabilities(
    connection: &Connection,
    discovery: &Discovery,
) -> Result<Capabilities, Error> {
    discovery.forget();
    let known = discovery
        .kinds(connection)
        .map_err(|failure| failure.wrap("could not get apiVersions from Kubernetes"))?;
    let version = version(connection)
        .map_err(|failure| failure.wrap("could not get server version from Kubernetes"))?;
    let mut kube_version = KubeVersion::parse(&version.git_version)?;
    kube_version.normalized.clear();
    kube_version.major = version.major;
    kube_version.minor = version.minor;
    Ok(Capabilities {
        kube_version,
        api_versions: known.kinds.names().into_iter().collect(),
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
            Some("APIGroupDiscoveryList") => aggregated::read(&answer, &mut kinds),
            _ => legacy::read(connection, &answer, is_core, &mut kinds).await,
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
