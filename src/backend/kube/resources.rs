//! Objects of a release as they are, with the Pods that belong to them (`kube.Client.Get`,
//! Helm 4.2.4).

use std::collections::BTreeMap;

use serde_json::Value;

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::path;
use crate::backend::{Form, Object};
use crate::diag::Error;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// Objects under `version/Kind`, related Pods under `v1/Pod(related)`; those that are gone are left
/// out.
pub(super) fn read(
    connection: &Connection,
    objects: &[Object],
    form: Form,
) -> Result<BTreeMap<String, Vec<Value>>, Error> {
    let found = connection.block_on(collect(connection, objects, form))?;
    Ok(found)
}

async fn collect(
    connection: &Connection,
    objects: &[Object],
    form: Form,
) -> Result<BTreeMap<String, Vec<Value>>, Failure> {
    let answers = objects.iter().map(|object| {
        fetch(
            connection,
            path::object(&object.key, &object.resource),
            form,
        )
    });
    let answers = futures_util::future::join_all(answers).await;
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut selectors: Vec<(String, String)> = Vec::new();
    for (object, answer) in objects.iter().zip(answers) {
        let Ok(value) = answer else {
            continue;
        };
        let title = format!("{}/{}", object.key.version, object.key.kind);
        found.entry(title).or_default().push(value);
        if let Some(selector) = selector(object) {
            let wanted = (object.key.namespace.clone(), selector);
            if !selectors.contains(&wanted) {
                selectors.push(wanted);
            }
        }
    }
    for (namespace, selector) in selectors {
        let pods = path::collection("v1", "pods", &namespace);
        let path = path::query(pods, &[("labelSelector", &selector)]);
        let pods = fetch(connection, path, form).await?;
        let list = match form {
            Form::Table => pods,
            Form::Object => named(pods),
        };
        found
            .entry("v1/Pod(related)".to_owned())
            .or_default()
            .push(list);
    }
    Ok(found)
}

/// Each item of a list says what it is, as it does where objects are read one by one.
fn named(mut list: Value) -> Value {
    for pod in list["items"].as_array_mut().into_iter().flatten() {
        pod["apiVersion"] = Value::from("v1");
        pod["kind"] = Value::from("Pod");
    }
    list
}

async fn fetch(connection: &Connection, path: String, form: Form) -> Result<Value, Failure> {
    let request = match form {
        Form::Object => Request::get(path),
        Form::Table => {
            let sign = if path.contains('?') { '&' } else { '?' };
            Request {
                accept: Some(TABLE),
                ..Request::get(format!("{path}{sign}includeObject=Object"))
            }
        }
    };
    connection.request(request).await?.json()
}

/// The labels of the Pods that belong to an object (`getSelectorFromObject`).
fn selector(object: &Object) -> Option<String> {
    let spec = &object.body["spec"]["selector"];
    let labels = match object.key.kind.as_str() {
        "ReplicaSet" | "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => &spec["matchLabels"],
        "ReplicationController" => spec,
        _ => return None,
    };
    labels.is_object().then(|| path::selector(labels))
}
