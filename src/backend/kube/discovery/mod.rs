//! What an API server serves (`client-go`'s discovery and REST mapper).

mod aggregated;
mod cache;
mod legacy;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
pub(super) struct Discovery {
    state: Mutex<State>,
    /// What the server says of itself; only kept where several releases share it.
    version: Mutex<Option<Version>>,
    is_shared: AtomicBool,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// What other runs have found out does not count any more.
    is_invalidated: bool,
}

impl State {
    fn forgotten() -> State {
        State {
            known: None,
            is_invalidated: true,
        }
    }
}

/// How old what is known may be, where a kind is not among it and several releases share it: whoever
/// brought another release may have made the kind known by now.
const YOUNG: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Known {
    kinds: Arc<Kinds>,
    /// When the server told it; nothing where a file did.
    told: Option<Instant>,
}

impl Discovery {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what is known, here and in files: the next question goes to the server.
    pub(super) fn forget(&self) {
        *self.state() = State::forgotten();
    }

    /// Lets what the server tells count for several releases, until it is forgotten by
    /// [`Discovery::renew`].
    pub(super) fn share(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }

    /// Forgets everything, for releases that come after others.
    pub(super) fn renew(&self) {
        self.forget();
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Forgets what the server did not tell for this release, or for one of those that share it.
    fn refresh(&self) {
        let mut state = self.state();
        let known = state.known.as_ref();
        let is_told = known.is_some_and(|known| known.told.is_some());
        if !is_told || !self.is_shared.load(Ordering::Relaxed) {
            *state = State::forgotten();
        }
    }

    /// What the server says of itself: the cheapest request there is.
    pub(super) fn version(&self, connection: &Connection) -> Result<Version, Failure> {
        if !self.is_shared.load(Ordering::Relaxed) {
            return version(connection);
        }
        // Others wait for the same answer.
        let mut known = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = &*known {
            return Ok(version.clone());
        }
        let version = version(connection)?;
        *known = Some(version.clone());
        Ok(version)
    }

    /// Forgets what is served where one of the objects changes it, for the releases that share it.
    pub(super) fn watch(&self, objects: &[Object]) {
        if !self.is_shared.load(Ordering::Relaxed) {
            return;
        }
        let is_one = |object: &Object| {
            matches!(
                object.key.kind.as_str(),
                "CustomResourceDefinition" | "APIService"
            )
        };
        if objects.iter().any(is_one) {
            self.forget();
        }
    }

    fn kinds(&self, connection: &Connection) -> Result<Known, Failure> {
        let mut state = self.state();
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
                told: None,
            },
            None => {
                let kinds = connection.block_on(discover(connection))?;
                if let Some(cache) = cache {
                    cache.write(&kinds);
                }
                Known {
                    kinds: Arc::new(kinds),
                    told: Some(Instant::now()),
                }
            }
        };
        state.known = Some(known.clone());
        Ok(known)
    }

    /// The kind, asked for anew where a file of an earlier run does not know it, or others found out
    /// what is served.
    pub(super) fn find(
        &self,
        connection: &Connection,
        group: &str,
        version: &str,
        kind: &str,
    ) -> Result<Option<Kind>, Failure> {
        let known = self.kinds(connection)?;
        let found = known.kinds.find(group, version, kind);
        let is_young = known
            .told
            .is_some_and(|told| !self.is_shared.load(Ordering::Relaxed) || told.elapsed() < YOUNG);
        if found.is_some() || is_young {
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
    discovery.refresh();
    let known = discovery
        .kinds(connection)
        .map_err(|failure| failure.wrap("could not get apiVersions from Kubernetes"))?;
    let version = discovery
        .version(connection)
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
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Version {
    #[serde(default, rename = "gitVersion")]
    pub(super) git_version: String,
    #[serde(default)]
    pub(super) major: String,
    #[serde(default)]
    pub(super) minor: String,
}

fn version(connection: &Connection) -> Result<Version, Failure> {
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
