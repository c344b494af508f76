//! `lookup` of templates (`pkg/engine/lookup_func.go`, Helm 4.2.4), and the namespaces that there are.

use super::connection::{Connection, Request};
use super::discovery::Discovery;
use super::path;
use crate::backend::Key;
use crate::backend::object::to_frozen;
use crate::diag::{Error, Level, Notice};
use crate::value::Frozen;

/// What a template looks for.
pub(super) struct Wanted<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
    /// Empty for all.
    pub(super) name: &'a str,
}

/// An object, or a list of them; `None` where there is none.
pub(super) fn look_up(
    connection: &Connection,
    discovery: &Discovery,
    wanted: &Wanted<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Option<Frozen>, String> {
    let Wanted {
        api_version,
        kind,
        namespace,
        name,
    } = *wanted;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let served = discovery
        .find(connection, group, version, kind)
        .map_err(|failure| failure.message)?;
    let Some(served) = served else {
        const MISSING: &str = "the server could not find the requested resource";
        let what = format!("{group}/{version}, Kind={kind}");
        let failed = |message: &str| Notice::new(Level::Error, message);
        notices.push(
            failed("unable to retrieve resource list")
                .with("GroupVersion", api_version)
                .with("error", MISSING),
        );
        notices.push(
            failed("unable to get apiresource")
                .with("groupVersionKind", &what)
                .with("error", MISSING),
        );
        return Err(format!(
            "unable to get apiresource from unstructured: {what}: {MISSING}"
        ));
    };
    let namespace = if served.is_namespaced { namespace } else { "" };
    let path = match name {
        "" => path::collection(api_version, &served.resource, namespace),
        name => {
            let key = Key {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            };
            path::object(&key, &served.resource)
        }
    };
    match connection
        .send(Request::get(path))
        .and_then(|answer| answer.json())
    {
        Ok(found) => Ok(Some(to_frozen(&found))),
        Err(failure) if failure.is_not_found() => Ok(None),
        Err(failure) => Err(failure.message),
    }
}

/// The names of all namespaces, which the server is to give soon: somebody waits at a prompt.
pub(super) fn namespaces(connection: &Connection) -> Result<Vec<String>, Error> {
    let path = path::collection("v1", "namespaces", "");
    let path = path::query(path, &[("timeoutSeconds", "3")]);
    let list = connection.send(Request::get(path))?.json()?;
    let items = list["items"].as_array().into_iter().flatten();
    let names = items.filter_map(|item| item["metadata"]["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}
