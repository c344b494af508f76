//! Writing objects (`pkg/kube/client.go`, Helm 4.2.4).

use std::collections::VecDeque;

use futures_util::future::join_all;
use http::Method as Verb;
use serde_json::{Value, json};

use super::connection::{Answer, Connection, Request};
use super::failure::Failure;
use super::managed;
use super::merge;
use super::path;
use crate::backend::object::is_kept;
use crate::backend::{
    Adoption, Apply, CANCELLED, Cascade, Changes, Conflicts, Context, Key, Method, Object,
};
use crate::diag::{Error, Level, Notice};

/// How often a write that met another is tried again, as `retry.DefaultRetry` does.
const TRIES: usize = 5;

/// How many objects are asked for side by side.
const AHEAD: usize = 16;

/// Fields that a kind does not have are refused; `--disable-openapi-validation` changes nothing about
/// that, in Helm 4.2.4 either.
pub(super) const VALIDATION: &str = "Strict";

/// What an object is sent as that the server merges.
pub(super) const APPLY: &str = "application/apply-patch+yaml";

/// Gathers what servers warn of.
pub(super) type Warnings<'a> = &'a (dyn Fn(&[String]) + Sync);

/// Writes objects through a connection.
pub(super) struct Writer<'a> {
    pub(super) connection: &'a Connection,
    pub(super) warn: Warnings<'a>,
}

/// The objects that are not there yet, those of one kind side by side, kinds in order.
impl Writer<'_> {
    pub(super) fn create(&self, objects: &[Object], apply: &Apply) -> Result<(), Failure> {
        self.connection.block_on(async {
            let mut failures = Vec::new();
            for batch in objects.chunk_by(|a, b| a.key.kind == b.key.kind) {
                let done = match apply.method {
                    Method::Server(_) => {
                        join_all(batch.iter().map(|object| self.create_one(object, apply))).await
                    }
                    // Helm holds a lock around each of these, and Go runs what was started last first.
                    Method::Client | Method::Replace => {
                        let mut done = Vec::with_capacity(batch.len());
                        let (others, last) = batch.split_at(batch.len() - 1);
                        for object in last.iter().chain(others) {
                            done.push(self.create_one(object, apply).await);
                        }
                        done
                    }
                };
                failures.extend(done.into_iter().filter_map(Result::err));
            }
            join(failures, "\n")
        })
    }

    /// Makes `wanted` of `current`, one after the other.
    pub(super) fn update(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        context: &Context<'_>,
    ) -> Changes {
        let mut changes = Changes::default();
        let done = self.connection.block_on(async {
            let mut failures = Vec::new();
            // Who merges here has to know what is there right before it is written.
            let ahead = match apply.method {
                Method::Server(_) => AHEAD,
                Method::Client | Method::Replace => 1,
            };
            let mut lives = VecDeque::new();
            for (at, object) in wanted.iter().enumerate() {
                if context.cancel.is_cancelled() {
                    return Err(Failure::unasked(CANCELLED.to_owned()));
                }
                if at % ahead == 0 {
                    let next = &wanted[at..wanted.len().min(at + ahead)];
                    let reads = next.iter().map(|it| self.get(&it.key, &it.resource));
                    lives.extend(join_all(reads).await);
                }
                let live = match lives.pop_front().unwrap_or(Ok(None)) {
                    Ok(live) => live,
                    Err(failure) => {
                        return Err(failure
                            .wrap("could not get information about the resource"));
                    }
                };
                let Some(live) = live else {
                    changes.created.push(object.clone());
                    self.create_one(object, apply)
                        .await
                        .map_err(|failure| failure.wrap("failed to create resource"))?;
                    continue;
                };
                let original = current.iter().find(|it| it.key.is_same(&object.key));
                if original.is_none() {
                    const UNKNOWN: &str = "resource exists on cluster but not in original release, using cluster state as baseline";
                    context.notice(
                        Notice::new(Level::Warn, UNKNOWN)
                            .with("namespace", &object.key.namespace)
                            .with("name", &object.key.name)
                            .with("kind", &object.key.kind),
                    );
                }
                let original = original.map_or(&live, |original| &original.body);
                if let Err(failure) = self.update_one(original, &live, object, apply).await {
                    failures.push(failure);
                }
            }
            join(std::mem::take(&mut failures), " && ")?;
            let is_gone =
                |object: &&Object| !wanted.iter().any(|it| it.key.is_same(&object.key));
            for object in current.iter().filter(is_gone) {
                let Ok(Some(live)) = self.get(&object.key, &object.resource).await else {
                    continue;
                };
                if is_kept(&live) {
                    continue;
                }
                match self.delete_one(object, Cascade::Background).await {
                    Ok(()) => {}
                    Err(failure) if failure.is_not_found() => {}
                    Err(failure) => {
                        let Key {
                            namespace,
                            name,
                            kind,
                            ..
                        } = &object.key;
                        failures.push(failure.wrap(format!(
                            "failed to delete resource namespace={namespace}, name={name}, kind={kind}"
                        )));
                    }
                }
            }
            join(failures, " && ")
        });
        changes.error = done.err().map(Error::from);
        changes
    }

    /// Takes objects away, those of one kind side by side, kinds in order.
    pub(super) fn delete(
        &self,
        objects: &[Object],
        cascade: Cascade,
    ) -> Result<Vec<Failure>, Failure> {
        self.connection.block_on(async {
            let mut failures = Vec::new();
            for batch in objects.chunk_by(|a, b| a.key.kind == b.key.kind) {
                let done = batch.iter().map(|object| self.delete_one(object, cascade));
                let failed = join_all(done).await.into_iter().filter_map(Result::err);
                failures.extend(failed.filter(|failure| !failure.is_not_found()));
            }
            Ok(failures)
        })
    }

    /// Several objects as they are, in their order.
    pub(super) fn get_all(&self, objects: &[Object]) -> Vec<Result<Option<Value>, Failure>> {
        let got = self.connection.block_on(async {
            let mut all = Vec::with_capacity(objects.len());
            for some in objects.chunks(AHEAD) {
                let reads = some.iter().map(|it| self.get(&it.key, &it.resource));
                all.extend(join_all(reads).await);
            }
            Ok(all)
        });
        got.unwrap_or_else(|failure| objects.iter().map(|_| Err(failure.clone())).collect())
    }

    /// An object as it is.
    pub(super) async fn get(&self, key: &Key, resource: &str) -> Result<Option<Value>, Failure> {
        if key.name.is_empty() {
            return Err(Failure::unasked(
                "resource name may not be empty".to_owned(),
            ));
        }
        match self.send(Request::get(path::object(key, resource))).await {
            Ok(answer) => answer.json().map(Some),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let answer = self.connection.request(request).await;
        (self.warn)(match &answer {
            Ok(answer) => &answer.warnings,
            Err(failure) => &failure.warnings,
        });
        answer
    }

    pub(super) fn manager(&self) -> &str {
        &self.connection.settings().field_manager
    }

    async fn create_one(&self, object: &Object, apply: &Apply) -> Result<(), Failure> {
        if let Method::Server(conflicts) = apply.method {
            return self.apply(object, conflicts).await;
        }
        let collection = path::collection(
            &object.key.api_version(),
            &object.resource,
            &object.key.namespace,
        );
        let path = path::query(collection, &[("fieldManager", self.manager())]);
        self.write(Verb::POST, path, None, &object.body).await
    }

    async fn update_one(
        &self,
        original: &Value,
        live: &Value,
        object: &Object,
        apply: &Apply,
    ) -> Result<(), Failure> {
        match apply.method {
            Method::Server(conflicts) => {
                if apply.adopt_fields == Adoption::Upgrade {
                    self.adopt(live, object).await?;
                }
                self.apply(object, conflicts).await
            }
            Method::Client => self.merge(original, live, object, apply).await,
            Method::Replace => self
                .replace(live, object)
                .await
                .map_err(|failure| failure.wrap("failed to replace object")),
        }
    }

    /// Lets the server merge, under our name.
    async fn apply(&self, object: &Object, conflicts: Conflicts) -> Result<(), Failure> {
        let path = path::query(
            path::object(&object.key, &object.resource),
            &[
                ("fieldManager", self.manager()),
                ("fieldValidation", VALIDATION),
                ("force", force(conflicts)),
            ],
        );
        let mut tries = 0;
        loop {
            tries += 1;
            let sent = self
                .write(Verb::PATCH, path.clone(), Some(APPLY), &object.body)
                .await;
            match sent {
                Ok(()) => return Ok(()),
                Err(failure) if tries < TRIES && is_quota_conflict(&failure) => {}
                Err(failure) => return Err(refused(failure, &object.key)),
            }
        }
    }

    /// What we managed by merging becomes the server's to merge (`csaupgrade` of `client-go`).
    async fn adopt(&self, live: &Value, object: &Object) -> Result<(), Failure> {
        let mut live = live.clone();
        let mut tries = 0;
        loop {
            tries += 1;
            let Some(patch) = managed::upgrade(&live, self.manager()) else {
                return Ok(());
            };
            let path = path::query(
                path::object(&object.key, &object.resource),
                &[
                    ("fieldManager", self.manager()),
                    ("fieldValidation", VALIDATION),
                ],
            );
            let sent = self
                .write(
                    Verb::PATCH,
                    path,
                    Some("application/json-patch+json"),
                    &patch,
                )
                .await;
            match sent {
                Ok(()) => return Ok(()),
                Err(failure) if tries < TRIES && failure.is_conflict() => {
                    match self.get(&object.key, &object.resource).await? {
                        Some(now) => live = now,
                        None => return Ok(()),
                    }
                }
                Err(failure) => {
                    let Key {
                        namespace, name, ..
                    } = &object.key;
                    let what = object.key.kind_text();
                    return Err(failure.wrap(format!(
                        "failed to patch object to upgrade CSA field manager {namespace}/{name} {what}"
                    )));
                }
            }
        }
    }

    /// Merges here: what was, what is, what shall be.
    async fn merge(
        &self,
        original: &Value,
        live: &Value,
        object: &Object,
        apply: &Apply,
    ) -> Result<(), Failure> {
        let Some(patch) = patch(original, live, object, apply)? else {
            return Ok(());
        };
        let path = path::query(
            path::object(&object.key, &object.resource),
            &[("fieldManager", self.manager())],
        );
        self.write(Verb::PATCH, path, Some(patch.media_type), &patch.body)
            .await
            .map_err(|failure| unpatched(failure, &object.key))
    }

    async fn replace(&self, live: &Value, object: &Object) -> Result<(), Failure> {
        let path = path::query(
            path::object(&object.key, &object.resource),
            &[
                ("fieldManager", self.manager()),
                ("fieldValidation", VALIDATION),
            ],
        );
        let body = replacement(live, object);
        self.write(Verb::PUT, path, None, &body).await
    }

    async fn delete_one(&self, object: &Object, cascade: Cascade) -> Result<(), Failure> {
        let policy = match cascade {
            Cascade::Background => "Background",
            Cascade::Foreground => "Foreground",
            Cascade::Orphan => "Orphan",
        };
        let path = path::object(&object.key, &object.resource);
        let mut tries = 0;
        loop {
            tries += 1;
            let body = json!({ "propagationPolicy": policy });
            match self.write(Verb::DELETE, path.clone(), None, &body).await {
                Err(failure) if tries < TRIES && failure.is_conflict() => {}
                done => return done,
            }
        }
    }

    async fn write(
        &self,
        method: Verb,
        path: String,
        content_type: Option<&'static str>,
        body: &Value,
    ) -> Result<(), Failure> {
        let request = request(method, path, content_type, body)?;
        self.send(request).await.map(|_| ())
    }
}

/// What is sent with a body.
pub(super) fn request(
    method: Verb,
    path: String,
    content_type: Option<&'static str>,
    body: &Value,
) -> Result<Request, Failure> {
    let body = serde_json::to_vec(body).map_err(|error| Failure::garbled(&error))?;
    Ok(Request {
        method,
        path,
        content_type,
        body,
        ..Request::default()
    })
}

/// Whether fields of others are taken over, as servers are told.
pub(super) fn force(conflicts: Conflicts) -> &'static str {
    match conflicts {
        Conflicts::Fail => "false",
        Conflicts::Take => "true",
    }
}

/// What is sent where we merge; nothing where nothing changes.
pub(super) fn patch(
    original: &Value,
    live: &Value,
    object: &Object,
    apply: &Apply,
) -> Result<Option<merge::Patch>, Failure> {
    merge::patch(
        original,
        live,
        &object.body,
        &object.key,
        apply.merge_custom,
    )
    .map_err(|why| Failure::unasked(format!("failed to create patch: {why}")))
}

/// An object that takes the place of `live`.
pub(super) fn replacement(live: &Value, object: &Object) -> Value {
    let mut body = object.body.clone();
    if let Some(metadata) = body["metadata"].as_object_mut() {
        let version = live["metadata"]["resourceVersion"].clone();
        metadata.insert("resourceVersion".to_owned(), version);
    }
    body
}

pub(super) fn unpatched(failure: Failure, key: &Key) -> Failure {
    let Key { name, kind, .. } = key;
    failure.wrap(format!("cannot patch {name:?} with kind {kind}"))
}

/// Several clients counted against one quota at the same time.
fn is_quota_conflict(failure: &Failure) -> bool {
    failure.is_conflict()
        && failure
            .message
            .contains("Operation cannot be fulfilled on resourcequotas")
        && failure.message.contains("the object has been modified")
}

pub(super) fn refused(failure: Failure, key: &Key) -> Failure {
    let what = format!("{}/{} {}", key.namespace, key.name, key.kind_text());
    match failure.status {
        415 => failure.wrap("server-side apply not available on the server"),
        409 if failure.is_conflict() => {
            failure.wrap(format!("conflict occurred while applying object {what}"))
        }
        _ => failure.wrap(format!("server-side apply failed for object {what}")),
    }
}

/// All failures as one; nothing where there is none.
fn join(failures: Vec<Failure>, separator: &str) -> Result<(), Failure> {
    let mut failures = failures.into_iter();
    let Some(mut first) = failures.next() else {
        return Ok(());
    };
    for failure in failures {
        first.message.push_str(separator);
        first.message.push_str(&failure.message);
    }
    Err(first)
}
