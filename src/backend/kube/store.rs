//! Records in Secrets or ConfigMaps (`pkg/storage/driver/{secrets,cfgmaps}.go`, Helm 4.2.4).

use http::Method;
use serde_json::Value;

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::path;
use super::protobuf::{self, Record};
use crate::diag::{Error, Kind};
use crate::go::base64;
use crate::release::{self, Damaged, Found, Query, Release, Store, history, store};
use crate::world::World;

/// What kind of object holds records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Driver {
    /// Secrets of type `helm.sh/release.v1`.
    #[default]
    Secret,
    /// ConfigMaps.
    ConfigMap,
}

impl Driver {
    fn resource(self) -> &'static str {
        match self {
            Driver::Secret => "secrets",
            Driver::ConfigMap => "configmaps",
        }
    }
}

/// Records of a namespace, or of all where it is empty.
pub(super) struct Records<'a> {
    pub(super) connection: &'a Connection,
    pub(super) driver: Driver,
    pub(super) namespace: String,
    pub(super) world: &'a dyn World,
    /// Told of records that cannot be read.
    pub(super) tell: &'a (dyn Fn(&Damaged) + Send + Sync),
}

/// How many records one request brings.
const PAGE: &str = "250";

impl Records<'_> {
    fn path(&self) -> String {
        path::collection("v1", self.driver.resource(), &self.namespace)
    }

    fn object(&self, name: &str, revision: i64) -> String {
        format!("{}/{}", self.path(), store::key(name, revision))
    }

    /// The object of a record; `stamp` is the label that tells when it was written.
    fn encode(&self, release: &Release, stamp: &str) -> Result<Vec<u8>, Error> {
        let data = release::encode(release)?;
        let now = self
            .world
            .now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut labels = vec![(stamp.to_owned(), now.to_string())];
        let own = [
            ("name", release.name.clone()),
            ("owner", "helm".to_owned()),
            ("status", release.info.status.as_str().to_owned()),
            ("version", release.revision.to_string()),
        ];
        let given = release.labels.iter().cloned();
        let own = own.map(|(name, value)| (name.to_owned(), value));
        for (name, value) in given.chain(own) {
            match labels.iter_mut().find(|(known, _)| *known == name) {
                Some(label) => label.1 = value,
                None => labels.push((name, value)),
            }
        }
        let record = Record {
            name: &store::key(&release.name, release.revision),
            namespace: "",
            labels: &labels,
            data: data.as_bytes(),
        };
        Ok(match self.driver {
            Driver::Secret => protobuf::secret(&record),
            Driver::ConfigMap => protobuf::config_map(&record),
        })
    }

    /// What there is to say of a record that cannot be read.
    fn damage(&self, object: &Value, error: &Error) -> Damaged {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (metadata, labels) = (&object["metadata"], &object["metadata"]["labels"]);
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        let (kind, resource) = match self.driver {
            Driver::Secret => ("Secret", "secret"),
            Driver::ConfigMap => ("ConfigMap", "configmap"),
        };
        Damaged {
            object: format!("{kind} {namespace}/{name}"),
            name: text(&labels["name"]),
            revision: text(&labels["version"]).parse().unwrap_or_default(),
            status: text(&labels["status"]),
            why: error.message().to_owned(),
            way_out: format!(
                "Bring it back from a backup, or forget this revision: kubectl delete {resource} -n {namespace} {name}"
            ),
        }
    }

    fn decode(&self, object: &Value) -> Result<Release, Error> {
        let data = object["data"]["release"].as_str().unwrap_or_default();
        match self.driver {
            Driver::ConfigMap => release::decode(data.as_bytes()),
            Driver::Secret => {
                let data = base64::decode(data.as_bytes())
                    .map_err(|error| Error::new(Kind::Record, error.to_string()))?;
                release::decode(&data)
            }
        }
    }
}

/// What a Secret or a ConfigMap may hold (`core.MaxSecretSize`).
const ROOM: usize = 1024 * 1024;

/// What a request may bring (`MaxRequestBodyBytes` of API servers).
const LARGEST: usize = 3 * 1024 * 1024;

/// The refusal of a record, in the words of API servers.
fn too_large(key: &str, driver: Driver, size: usize) -> Option<String> {
    let what = match driver {
        _ if size <= ROOM => return None,
        _ if size > LARGEST => {
            return Some(format!("Request entity too large: limit is {LARGEST}"));
        }
        Driver::Secret => ("Secret", "data"),
        Driver::ConfigMap => ("ConfigMap", "[]"),
    };
    let (kind, field) = what;
    Some(format!(
        "{kind} {key:?} is invalid: {field}: Too long: may not be more than {ROOM} bytes"
    ))
}

/// Where the room of a record goes.
fn sizes(release: &Release, size: usize) -> String {
    let parts: Vec<String> = release::sizes(release)
        .iter()
        .filter(|(_, size)| *size >= 1024)
        .map(|(name, size)| format!("{name} {} KiB", size.div_ceil(1024)))
        .collect();
    format!(
        "The record of this release would take {} KiB of {} KiB: {}. Nothing was changed.",
        size.div_ceil(1024),
        ROOM / 1024,
        parts.join(", ")
    )
}

/// All labels of an object, in order.
fn labels(object: &Value) -> Vec<(String, String)> {
    let labels = object["metadata"]["labels"].as_object();
    labels
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

impl Store for Records<'_> {
    fn check(&self, release: &Release) -> Result<(), Error> {
        let size = release::encode(release)?.len();
        let key = store::key(&release.name, release.revision);
        match too_large(&key, self.driver, size) {
            None => Ok(()),
            Some(why) => {
                let message = format!("create: failed to create: {why}");
                Err(Error::new(Kind::Cluster, message).with_hint(sizes(release, size)))
            }
        }
    }

    fn create(&self, release: &Release) -> Result<(), Error> {
        let body = self.encode(release, "createdAt").map_err(|error| {
            error.wrap(format!(
                "create: failed to encode release {:?}",
                release.name
            ))
        })?;
        let sent = self.connection.send(Request {
            method: Method::POST,
            path: self.path(),
            content_type: Some(protobuf::MEDIA_TYPE),
            body,
            ..Request::default()
        });
        match sent {
            Ok(_) => Ok(()),
            Err(failure) if failure.already_exists() => {
                Err(Error::new(Kind::Conflict, "release: already exists"))
            }
            Err(failure) => Err(failure.wrap("create: failed to create").into()),
        }
    }

    fn update(&self, release: &Release) -> Result<(), Error> {
        let body = self.encode(release, "modifiedAt").map_err(|error| {
            error.wrap(format!(
                "update: failed to encode release {:?}",
                release.name
            ))
        })?;
        self.connection
            .send(Request {
                method: Method::PUT,
                path: self.object(&release.name, release.revision),
                content_type: Some(protobuf::MEDIA_TYPE),
                body,
                ..Request::default()
            })
            .map(|_| ())
            .map_err(|failure| failure.wrap("update: failed to update").into())
    }

    fn delete(&self, name: &str, revision: i64) -> Result<(), Error> {
        let sent = self.connection.send(Request {
            method: Method::DELETE,
            path: self.object(name, revision),
            content_type: Some(protobuf::MEDIA_TYPE),
            body: protobuf::delete_options(),
            ..Request::default()
        });
        match sent {
            Ok(_) => Ok(()),
            Err(failure) if failure.is_not_found() => Err(history::not_found()),
            Err(failure) => Err(failure.into()),
        }
    }

    fn get(&self, name: &str, revision: i64) -> Result<Release, Error> {
        let key = store::key(name, revision);
        let sent = self
            .connection
            .send(Request::get(self.object(name, revision)));
        let object = match sent.and_then(|answer| answer.json()) {
            Ok(object) => object,
            Err(failure) if failure.is_not_found() => return Err(history::not_found()),
            Err(failure) => {
                return Err(failure.wrap(format!("get: failed to get {key:?}")).into());
            }
        };
        let mut release = self.decode(&object).map_err(|error| {
            let damage = self.damage(&object, &error);
            let error = error.wrap(format!("get: failed to decode data {key:?}"));
            error.with_hint(format!("{damage}."))
        })?;
        release.labels = labels(&object);
        release
            .labels
            .retain(|(name, _)| !store::SYSTEM_LABELS.contains(&name.as_str()));
        Ok(release)
    }

    fn query(&self, query: &Query) -> Result<Found, Error> {
        let mut selector = "owner=helm".to_owned();
        if let Some(name) = &query.name {
            selector = format!("name={name},{selector}");
        }
        if let Some(status) = query.status {
            selector = format!("{selector},status={}", status.as_str());
        }
        let context = match query.name {
            Some(_) => "query: failed to query with labels",
            None => "list: failed to list",
        };
        let mut found = Found::default();
        let mut rest = String::new();
        loop {
            let mut pairs = vec![("labelSelector", selector.as_str()), ("limit", PAGE)];
            if !rest.is_empty() {
                pairs.push(("continue", &rest));
            }
            let list = self
                .connection
                .send(Request::get(path::query(self.path(), &pairs)))
                .and_then(|answer| answer.json())
                .map_err(|failure: Failure| Error::from(failure.wrap(context)))?;
            for object in list["items"].as_array().into_iter().flatten() {
                match self.decode(object) {
                    Ok(mut release) => {
                        release.labels = labels(object);
                        found.releases.push(release);
                    }
                    Err(error) => {
                        let damage = self.damage(object, &error);
                        (self.tell)(&damage);
                        found.damaged.push(damage);
                    }
                }
            }
            rest = list["metadata"]["continue"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if rest.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_without_room_are_refused_as_servers_do() {
        let secret = "Secret \"k\" is invalid: data: Too long: may not be more than 1048576 bytes";
        let map = "ConfigMap \"k\" is invalid: []: Too long: may not be more than 1048576 bytes";
        let request = "Request entity too large: limit is 3145728";
        for (driver, size, want) in [
            (Driver::Secret, ROOM, None),
            (Driver::Secret, ROOM + 1, Some(secret)),
            (Driver::ConfigMap, ROOM + 1, Some(map)),
            (Driver::Secret, LARGEST + 1, Some(request)),
        ] {
            assert_eq!(too_large("k", driver, size).as_deref(), want, "{size}");
        }
    }
}
