//! The namespace and the server that a kubeconfig names (`clientcmd` of `k8s.io/client-go`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::go::os;
use crate::yaml;

#[derive(Default, Deserialize)]
struct File {
    #[serde(default, rename = "current-context")]
    current_context: Option<String>,
    #[serde(default)]
    contexts: Option<Vec<Named>>,
    #[serde(default)]
    clusters: Option<Vec<NamedCluster>>,
    #[serde(default)]
    users: Option<Vec<NamedUser>>,
}

#[derive(Deserialize)]
struct NamedUser {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default, rename = "as")]
    acts_as: Option<String>,
}

#[derive(Deserialize)]
struct NamedCluster {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    cluster: Option<Cluster>,
}

#[derive(Deserialize)]
struct Cluster {
    #[serde(default)]
    server: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    context: Option<Context>,
}

#[derive(Default, Deserialize)]
struct Context {
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    cluster: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

/// What a context leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The address of the server; `None` where there is neither a context nor a cluster that it names.
    pub(super) server: Option<String>,
    /// The name of the cluster.
    pub(super) cluster: String,
    /// The name of the user.
    pub(super) user: String,
    /// Whom the user acts as.
    pub(super) acts_as: String,
}

/// Where to look.
pub(super) enum Files {
    /// One file that has to be there.
    Explicit(PathBuf),
    /// Files of which those that are missing do not count; earlier ones win.
    Chain(Vec<PathBuf>),
}

/// The namespace of `context`, or of the current context; `None` where a file cannot be read, where
/// there is no such context, or where it names none.
pub(super) fn namespace(files: &Files, context: &str) -> Option<String> {
    let read = |path: &PathBuf| -> Option<Option<File>> {
        match std::fs::read(path) {
            Ok(bytes) => parse(&bytes).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(None),
            Err(_) => None,
        }
    };
    let files: Vec<File> = match files {
        Files::Explicit(path) => vec![read(path)??],
        Files::Chain(paths) => {
            let read: Option<Vec<Option<File>>> = paths.iter().map(read).collect();
            read?.into_iter().flatten().collect()
        }
    };
    let current = files
        .iter()
        .filter_map(|file| file.current_context.as_deref())
        .find(|name| !name.is_empty());
    let wanted = if context.is_empty() {
        current?
    } else {
        context
    };
    let found = files
        .iter()
        .filter_map(|file| file.contexts.as_ref())
        .flatten()
        .find(|named| named.name.as_deref() == Some(wanted))?;
    let namespace = found.context.as_ref()?.namespace.clone()?;
    Some(namespace).filter(|name| !name.is_empty())
}

/// The name of the current context; nothing where none is, or a file cannot be read.
pub(super) fn current(files: &Files) -> Option<String> {
    let paths = match files {
        Files::Explicit(path) => std::slice::from_ref(path),
        Files::Chain(paths) => paths.as_slice(),
    };
    paths
        .iter()
        .filter_map(|path| parse(&std::fs::read(path).ok()?)?.current_context)
        .find(|name| !name.is_empty())
}

/// The names of all contexts with those of their clusters; none where a file cannot be read.
pub(super) fn clusters_by_context(files: &Files) -> BTreeMap<String, String> {
    let paths = match files {
        Files::Explicit(path) => std::slice::from_ref(path),
        Files::Chain(paths) => paths.as_slice(),
    };
    let mut found = BTreeMap::new();
    for path in paths {
        let file = match std::fs::read(path) {
            Ok(bytes) => parse(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) => None,
        };
        let Some(file) = file else {
            return BTreeMap::new();
        };
        for Named { name, context } in file.contexts.unwrap_or_default() {
            let cluster = context.and_then(|context| context.cluster);
            // Earlier files win.
            found
                .entry(name.unwrap_or_default())
                .or_insert(cluster.unwrap_or_default());
        }
    }
    found
}

/// What `context`, or the current context, leads to.
///
/// # Errors
/// The words of `clientcmd` for files that cannot be read and contexts that there are not.
pub(super) fn target(files: &Files, context: &str) -> Result<Target, String> {
    let (paths, is_explicit) = match files {
        Files::Explicit(path) => (std::slice::from_ref(path), true),
        Files::Chain(paths) => (paths.as_slice(), false),
    };
    let mut read = Vec::new();
    for path in paths {
        let shown = path.to_string_lossy();
        match std::fs::read(path) {
            Ok(bytes) => read.push(parse(&bytes).ok_or_else(|| {
                let why = yaml::to_frozen(&bytes)
                    .err()
                    .map_or_else(|| "no kubeconfig".to_owned(), |error| error.to_string());
                let why = why.trim_start_matches("error converting YAML to JSON: ");
                format!("error loading config file \"{shown}\": {why}")
            })?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_explicit => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(os::path_error("stat", &*shown, &error));
            }
            Err(error) => {
                let why = os::path_error("open", &*shown, &error);
                return Err(format!("error loading config file \"{shown}\": {why}"));
            }
        }
    }
    let current = read
        .iter()
        .filter_map(|file| file.current_context.as_deref())
        .find(|name| !name.is_empty());
    let wanted = match (context, current) {
        ("", None) => return Ok(Target::default()),
        ("", Some(current)) => current,
        (given, _) => given,
    };
    let found = read
        .iter()
        .filter_map(|file| file.contexts.as_ref())
        .flatten()
        .find(|named| named.name.as_deref() == Some(wanted));
    let Some(found) = found else {
        return Err(if context.is_empty() {
            format!("invalid configuration: context was not found for specified context: {wanted}")
        } else {
            format!("context \"{wanted}\" does not exist")
        });
    };
    let part = |part: fn(&Context) -> &Option<String>| {
        let context = found.context.as_ref();
        context.and_then(|it| part(it).clone()).unwrap_or_default()
    };
    let (cluster, user) = (part(|it| &it.cluster), part(|it| &it.user));
    let server = read
        .iter()
        .filter_map(|file| file.clusters.as_ref())
        .flatten()
        .find(|named| named.name.as_ref() == Some(&cluster))
        .and_then(|named| named.cluster.as_ref()?.server.clone())
        .filter(|server| !server.is_empty());
    let acts_as = read
        .iter()
        .filter_map(|file| file.users.as_ref())
        .flatten()
        .find(|named| named.name.as_ref() == Some(&user))
        .and_then(|named| named.user.as_ref()?.acts_as.clone())
        .unwrap_or_default();
    Ok(Target {
        server,
        cluster,
        user,
        acts_as,
    })
}

fn parse(bytes: &[u8]) -> Option<File> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(File::default());
    }
    serde_yaml::from_slice::<Option<File>>(bytes)
        .ok()
        .map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_that_knows_wins() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let a = write(
            "a",
            "current-context: c1\ncontexts:\n- name: c1\n  context: {namespace: ns1}\n- name: c2\n  context: {cluster: k}\n",
        );
        let b = write(
            "b",
            "current-context: c9\nclusters:\n- name: k\n  cluster: {server: https://k:6443}\ncontexts:\n- name: c1\n  context: {namespace: other}\n- name: c9\n  context: {namespace: ns9}\n",
        );
        let bad = write("bad", "a: [");
        let empty = write("empty", "");
        let missing = folder.path().join("missing");
        let chain = |paths: &[&PathBuf]| Files::Chain(paths.iter().map(|p| (*p).clone()).collect());
        for (files, context, want) in [
            (chain(&[&a]), "", Some("ns1")),
            (chain(&[&b, &a]), "", Some("ns9")),
            (chain(&[&missing, &a]), "", Some("ns1")),
            (chain(&[&empty, &a]), "", Some("ns1")),
            (chain(&[&a, &b]), "c9", Some("ns9")),
            (chain(&[&a]), "c2", None),
            (chain(&[&a]), "c3", None),
            (chain(&[&a, &bad]), "", None),
            (Files::Explicit(missing.clone()), "", None),
            (Files::Explicit(b.clone()), "", Some("ns9")),
        ] {
            assert_eq!(namespace(&files, context).as_deref(), want);
        }
    }

    #[test]
    fn a_server_is_that_of_the_context() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let text = "current-context: a\ncontexts:\n- name: a\n  context: {cluster: c}\n- name: b\n  context: {cluster: d}\nclusters:\n- name: c\n  cluster: {server: 'https://c/'}\n";
        std::fs::write(&path, text).unwrap();
        let files = Files::Chain(vec![folder.path().join("missing"), path]);
        let contexts: Vec<_> = clusters_by_context(&files).into_iter().collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(contexts, [pair("a", "c"), pair("b", "d")]);
        let server = |context| target(&files, context).unwrap().server;
        assert_eq!(server("").as_deref(), Some("https://c/"));
        assert_eq!(server("b"), None);
        assert_eq!(
            target(&files, "z"),
            Err("context \"z\" does not exist".to_owned())
        );
    }
}
