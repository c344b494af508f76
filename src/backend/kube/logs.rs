//! What containers wrote.

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::path;
use crate::backend::{Log, Object};
use crate::diag::Error;

/// The logs of a Pod's containers, or of those of all Pods of a Job, in the order of their names.
///
/// # Errors
/// Pods that are not there, and whatever the server says.
pub(super) fn read(connection: &Connection, object: &Object) -> Result<Vec<Log>, Error> {
    let namespace = &object.key.namespace;
    let pods = path::collection("v1", "pods", namespace);
    let found = match object.key.kind.as_str() {
        "Pod" => vec![
            connection
                .send(Request::get(path::object(&object.key, "pods")))?
                .json()?,
        ],
        _ => {
            let selector = format!("job-name={}", object.key.name);
            let listing = path::query(pods.clone(), &[("labelSelector", &selector)]);
            let list = connection.send(Request::get(listing))?.json()?;
            list["items"].as_array().cloned().unwrap_or_default()
        }
    };
    let mut logs = Vec::new();
    for pod in found {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            let container = container["name"].as_str().unwrap_or_default();
            let path = path::query(format!("{pods}/{name}/log"), &[("container", container)]);
            let answer = connection
                .send(Request {
                    accept: Some("*/*"),
                    ..Request::get(path)
                })
                .map_err(|_| {
                    Failure::unasked(format!(
                        "failed to stream pod logs for pod: {name}, container: {container}"
                    ))
                })?;
            logs.push(Log {
                pod: name.to_owned(),
                container: container.to_owned(),
                text: answer.body,
            });
        }
    }
    Ok(logs)
}
