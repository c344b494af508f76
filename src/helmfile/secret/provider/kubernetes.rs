//! `ref+k8s://v1/Secret/NAMESPACE/NAME/KEY`: data of Secrets and ConfigMaps of a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::super::data::{Data, Entries};
use super::{Context, Provider, located};
use crate::diag::{Error, Kind};
use crate::go::{base64, json};
use crate::value::{Frozen, Text};

/// An object whose data is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// `Secret` or `ConfigMap`.
    pub kind: &'a str,
    /// Where it is.
    pub namespace: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Files of a kubeconfig; empty inside a cluster.
    pub kubeconfig: &'a str,
    /// The context of it, or nothing for the one that it names.
    pub context: &'a str,
    /// Whether the service account of a Pod is meant, and no kubeconfig.
    pub in_cluster: bool,
}

/// Who knows objects of clusters.
pub trait Cluster: Send + Sync {
    /// The data of an object, decoded.
    ///
    /// # Errors
    /// What the cluster says: `secrets "x" not found`.
    fn data(&self, wanted: &Wanted<'_>) -> Result<BTreeMap<String, Vec<u8>>, Error>;
}

/// The objects of one context.
pub(super) struct Objects {
    cluster: Option<Arc<dyn Cluster>>,
    kubeconfig: String,
    context: String,
    in_cluster: bool,
}

impl Objects {
    /// # Errors
    /// There is no kubeconfig, in the words of vals.
    pub(super) fn new(context: &Context<'_>) -> Result<Objects, Error> {
        let in_cluster = context.parameters.contains_key("inCluster");
        Ok(Objects {
            cluster: context.cluster.map(Arc::clone),
            kubeconfig: match in_cluster {
                true => String::new(),
                false => kubeconfig(context)?,
            },
            context: match in_cluster {
                true => String::new(),
                false => context.text("kubeContext"),
            },
            in_cluster,
        })
    }

    /// The data of the object that the first four parts of a path name.
    fn data(&self, parts: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let [version, kind, namespace, name] = *parts else {
            let path = parts.join("/");
            return Err(usage(format!(
                "Invalid path {path}. Path must be in the format <apiVersion>/<kind>/<namespace>/<name>"
            )));
        };
        if version != "v1" {
            return Err(usage(format!(
                "Invalid apiVersion {version}. Only apiVersion v1 is supported at this time."
            )));
        }
        let place = format!("Unable to get {kind} {namespace}/{name}");
        if !matches!(kind, "Secret" | "ConfigMap") {
            let message = "The specified kind is not valid. Valid kinds: Secret, ConfigMap";
            return Err(usage(message.to_owned()).wrap(place));
        }
        let Some(cluster) = &self.cluster else {
            let message = "there is no cluster to ask";
            return Err(Error::new(Kind::Unsupported, message).wrap(place));
        };
        let wanted = Wanted {
            kind,
            namespace,
            name,
            kubeconfig: &self.kubeconfig,
            context: &self.context,
            in_cluster: self.in_cluster,
        };
        cluster.data(&wanted).map_err(|error| {
            error
                .wrap(format_args!(
                    "Unable to get the {kind} object from Kubernetes"
                ))
                .wrap(place)
        })
    }
}

impl Provider for Objects {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        const FORMAT: &str = "in the format <apiVersion>/<kind>/<namespace>/<name>[/<key>]";
        let parts: Vec<&str> = path.split('/').collect();
        match &parts[..] {
            [_, _, _, _] => {
                let entries = self.data(&parts)?.into_iter();
                let entries = entries.map(|(key, value)| (Text::from(key), Frozen::string(value)));
                let map = Frozen::Map(Arc::new(entries.collect()));
                let mut out = Vec::new();
                json::encode_frozen(&map, &mut out, json::Options::default())
                    .map_err(|message| Error::new(Kind::Values, message))?;
                Ok(out)
            }
            [_, _, _, _, ""] => Err(usage(format!(
                "Invalid path {path}. Key must not be empty {FORMAT}"
            ))),
            [object @ .., key] if object.len() == 4 => {
                let mut data = self.data(object)?;
                data.remove(*key).ok_or_else(|| {
                    let (namespace, name) = (object[2], object[3]);
                    let message = format!("Key {key} does not exist in {namespace}/{name}");
                    Error::new(Kind::NotFound, message)
                })
            }
            _ => Err(usage(format!("Invalid path {path}. Path must be {FORMAT}"))),
        }
    }

    fn map(&self, path: &str) -> Result<Entries, Error> {
        let parts: Vec<&str> = path.split('/').collect();
        let data = self.data(&parts)?.into_iter();
        Ok(data
            .map(|(key, value)| (Text::from(key), Data::string(value)))
            .collect())
    }
}

fn usage(message: String) -> Error {
    Error::new(Kind::Usage, message)
}

/// The kubeconfig of the reference, of the environment, or of the home folder.
fn kubeconfig(context: &Context<'_>) -> Result<String, Error> {
    let is_there = |path: &str| located(context.folder, path).exists();
    let given = context.text("kubeConfigPath");
    if !given.is_empty() {
        return match is_there(&given) {
            true => Ok(located(context.folder, &given).display().to_string()),
            false => Err(usage(format!(
                "kubeConfigPath URI parameter is set but path {given} does not exist."
            ))),
        };
    }
    let named = context.variable("KUBECONFIG");
    if !named.is_empty() {
        // Several files are a list; vals takes the list for a file that is not there.
        return match std::env::split_paths(&named).any(|path: PathBuf| path.exists()) {
            true => Ok(named),
            false => Err(usage(format!(
                "KUBECONFIG environment variable is set but path {named} does not exist."
            ))),
        };
    }
    let home = context.variable("HOME");
    let path = format!("{home}/.kube/config");
    if Path::new(&path).exists() {
        return Ok(path);
    }
    Err(usage(format!(
        "No path was found in any of the following: kubeContext URI param, KUBECONFIG environment variable, or default path {path} does not exist."
    )))
}

/// The data of an object as the server tells it: that of Secrets is in base64.
///
/// # Errors
/// Data that is no base64.
pub fn data_of(
    kind: &str,
    data: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let decoded = data.iter().map(|(key, value)| {
        let value = match kind {
            "Secret" => base64::decode(value.as_bytes())
                .map_err(|error| Error::new(Kind::Values, format!("{key}: {error}")))?,
            _ => value.clone().into_bytes(),
        };
        Ok((key.clone(), value))
    });
    decoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Real;

    struct One;

    impl Cluster for One {
        fn data(&self, wanted: &Wanted<'_>) -> Result<BTreeMap<String, Vec<u8>>, Error> {
            if wanted.name != "one" {
                let message = format!("secrets \"{}\" not found", wanted.name);
                return Err(Error::new(Kind::NotFound, message));
            }
            assert_eq!((wanted.namespace, wanted.context), ("ns", "here"));
            let coded = BTreeMap::from([("key".to_owned(), "cDRzczwmPg==".to_owned())]);
            data_of(wanted.kind, &coded)
        }
    }

    #[test]
    fn objects_are_told_in_the_words_of_vals() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "").unwrap();
        let world: Arc<dyn crate::world::World> = Arc::new(Real::new());
        let cluster: Arc<dyn Cluster> = Arc::new(One);
        let parameters = BTreeMap::from([
            ("kubeConfigPath".to_owned(), path.display().to_string()),
            ("kubeContext".to_owned(), "here".to_owned()),
        ]);
        let context = Context {
            world: &world,
            cluster: Some(&cluster),
            no_exec: false,
            parameters: &parameters,
            folder: Path::new(""),
        };
        let objects = Objects::new(&context).unwrap();
        let told = |path: &str| match objects.text(path) {
            Ok(bytes) => String::from_utf8(bytes).unwrap(),
            Err(error) => error.to_string(),
        };
        for (path, want) in [
            ("v1/Secret/ns/one/key", "p4ss<&>"),
            (
                "v1/Secret/ns/one",
                "{\"key\":\"p4ss\\u003c\\u0026\\u003e\"}",
            ),
            ("v1/ConfigMap/ns/one/key", "cDRzczwmPg=="),
            ("v1/Secret/ns/one/none", "Key none does not exist in ns/one"),
            (
                "v1/Secret/ns/two/key",
                "Unable to get Secret ns/two: Unable to get the Secret object from Kubernetes: secrets \"two\" not found",
            ),
            (
                "v2/Secret/ns/one/key",
                "Invalid apiVersion v2. Only apiVersion v1 is supported at this time.",
            ),
            (
                "v1/Pod/ns/one/key",
                "Unable to get Pod ns/one: The specified kind is not valid. Valid kinds: Secret, ConfigMap",
            ),
            (
                "bad/path",
                "Invalid path bad/path. Path must be in the format <apiVersion>/<kind>/<namespace>/<name>[/<key>]",
            ),
            (
                "v1/Secret/ns/one/",
                "Invalid path v1/Secret/ns/one/. Key must not be empty in the format <apiVersion>/<kind>/<namespace>/<name>[/<key>]",
            ),
        ] {
            assert_eq!(told(path), want, "{path}");
        }
        assert_eq!(
            objects.map("v1/Secret/ns/one").unwrap()[&b"key"[..]],
            Data::string("p4ss<&>")
        );
        assert_eq!(
            objects.map("v1/Secret/ns").unwrap_err().to_string(),
            "Invalid path v1/Secret/ns. Path must be in the format <apiVersion>/<kind>/<namespace>/<name>"
        );
    }

    #[test]
    fn a_kubeconfig_that_is_not_there_is_named() {
        let home = ("HOME".to_owned(), "/nonexistent".to_owned());
        let world = Real::new().with_variables(BTreeMap::from([home]));
        let world: Arc<dyn crate::world::World> = Arc::new(world);
        for (parameter, want) in [
            (
                Some("/nonexistent/x"),
                "kubeConfigPath URI parameter is set but path /nonexistent/x does not exist.",
            ),
            (
                None,
                "No path was found in any of the following: kubeContext URI param, KUBECONFIG environment variable, or default path /nonexistent/.kube/config does not exist.",
            ),
        ] {
            let parameters = parameter
                .map(|path| ("kubeConfigPath".to_owned(), path.to_owned()))
                .into_iter()
                .collect();
            let context = Context {
                world: &world,
                cluster: None,
                no_exec: false,
                parameters: &parameters,
                folder: Path::new(""),
            };
            let error = Objects::new(&context).err().unwrap();
            assert_eq!(error.to_string(), want);
        }
    }
}
