//! Clusters that references to secrets name: `ref+k8s://`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::environment::Environment;
use crate::backend::Backend as _;
use crate::backend::kube::{Driver, Kube, Proxies, Settings};
use crate::diag::{Error, Kind};
use crate::helmfile::secret::{Cluster, Wanted, data_of};
use crate::value::Frozen;
use crate::world::Real;

/// The clusters of kubeconfigs.
pub(super) struct Clusters {
    /// What all have in common.
    settings: Settings,
    /// Kubeconfig, context, and whether it is the one that this runs in.
    known: Mutex<BTreeMap<(String, String, bool), Arc<Kube>>>,
}

impl Clusters {
    pub(super) fn new(environment: &Environment) -> Clusters {
        let variable = |upper: &str, lower: &str| match environment.get(upper) {
            value if value.is_empty() => environment.get(lower),
            value => value,
        };
        Clusters {
            settings: Settings {
                user_agent: "Helm/4.2.4".to_owned(),
                cache_folder: environment.cluster_cache(),
                proxies: Proxies {
                    http: variable("HTTP_PROXY", "http_proxy"),
                    https: variable("HTTPS_PROXY", "https_proxy"),
                    none: variable("NO_PROXY", "no_proxy"),
                },
                variables: environment.all(),
                ..Settings::default()
            },
            known: Mutex::default(),
        }
    }

    fn kube(&self, wanted: &Wanted<'_>) -> Arc<Kube> {
        let (kubeconfig, context) = (wanted.kubeconfig.to_owned(), wanted.context.to_owned());
        let files: Vec<PathBuf> = match wanted.in_cluster {
            true => Vec::new(),
            false => std::env::split_paths(&kubeconfig).collect(),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kube = known
            .entry((kubeconfig, context, wanted.in_cluster))
            .or_insert_with(|| {
                let settings = Settings {
                    files,
                    context: wanted.context.to_owned(),
                    ..self.settings.clone()
                };
                let warn = Arc::new(|_: &str| {});
                Arc::new(Kube::new(
                    settings,
                    Driver::Secret,
                    Arc::new(Real::new()),
                    warn,
                ))
            });
        Arc::clone(kube)
    }
}

impl Cluster for Clusters {
    fn data(&self, wanted: &Wanted<'_>) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let kube = self.kube(wanted);
        let mut notices = Vec::new();
        let found = kube
            .look_up(
                "v1",
                wanted.kind,
                wanted.namespace,
                wanted.name,
                &mut notices,
            )
            .map_err(|message| Error::new(Kind::Cluster, message))?;
        let Some(object) = found else {
            let resource = match wanted.kind {
                "Secret" => "secrets",
                _ => "configmaps",
            };
            let message = format!("{resource} {:?} not found", wanted.name);
            return Err(Error::new(Kind::NotFound, message));
        };
        let data = object.get("data").and_then(Frozen::as_map);
        let data = data.into_iter().flatten().filter_map(|(key, value)| {
            let text = value.as_text()?.to_str_lossy().into_owned();
            Some((key.to_str_lossy().into_owned(), text))
        });
        data_of(wanted.kind, &data.collect())
    }
}
