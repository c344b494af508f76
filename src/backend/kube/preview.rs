//! What an update would do, asked of the server by dry runs.

use futures_util::stream::{self, StreamExt as _};
use http::Method as Verb;
use serde_json::Value;

use super::apply::{self, APPLY, VALIDATION, Writer};
use super::failure::Failure;
use super::{managed, path};
use crate::backend::object::is_kept;
use crate::backend::{
    Adoption, Apply, CANCELLED, Change, Conflicts, Context, Fate, Method, Missing, Object, diff,
};
use crate::diag::Mask;

/// How many objects are asked for at the same time.
const AT_ONCE: usize = 8;

impl Writer<'_> {
    /// What [`Writer::update`] would do; each wanted object says whether its kind is served yet.
    pub(super) fn preview(
        &self,
        current: &[Object],
        wanted: &[(&Object, bool)],
        apply: &Apply,
        context: &Context<'_>,
    ) -> Result<Vec<Change>, Failure> {
        let is_gone = |object: &&Object| !wanted.iter().any(|(it, _)| it.key.is_same(&object.key));
        self.connection.block_on(async {
            let ahead = wanted.iter().map(|(object, is_served)| async {
                if context.cancel.is_cancelled() {
                    return Err(Failure::unasked(CANCELLED.to_owned()));
                }
                match is_served {
                    true => self.foresee(object, current, apply).await,
                    false => Ok(unserved(object)),
                }
            });
            let mut changes = gather(ahead).await?;
            let gone = current.iter().filter(is_gone);
            let gone = gone.map(|object| self.foresee_end(object));
            changes.extend(gather(gone).await?.into_iter().flatten());
            Ok(changes)
        })
    }

    async fn foresee(
        &self,
        object: &Object,
        current: &[Object],
        apply: &Apply,
    ) -> Result<Change, Failure> {
        let is_first = current.is_empty();
        let last = current.iter().find(|it| it.key.is_same(&object.key));
        let live = match object.key.name.as_str() {
            // The server will make its name, where nothing else is there.
            "" if is_first => None,
            _ => self
                .get(&object.key, &object.resource)
                .await
                .map_err(|failure| failure.wrap("could not get information about the resource"))?,
        };
        let last = last.map(|last| last.body.clone());
        let mut change = Change {
            object: object.clone(),
            fate: match &live {
                None => Fate::Create,
                Some(_) if apply.method == Method::Replace => Fate::Replace,
                Some(_) => Fate::Change,
            },
            last,
            live,
            after: None,
            missing: None,
            refusal: None,
        };
        let tried = match &change.live {
            None => self.try_to_create(object, apply).await,
            Some(live) => {
                let original = change.last.as_ref().unwrap_or(live);
                self.try_to_update(original, live, object, apply).await
            }
        };
        match tried {
            Ok(after) => change.after = Some(after),
            Err(failure) if failure.is_not_found() && change.live.is_none() => {
                change.missing = Some(match failure.message.contains("namespaces \"") {
                    true => Missing::Namespace,
                    false => Missing::Kind,
                });
            }
            // What an API server says of a webhook that declares side effects.
            Err(failure) if failure.message.contains("does not support dry run") => {
                change.missing = Some(Missing::DryRun);
            }
            Err(failure) => {
                if failure.is_conflict()
                    && let Method::Server(_) = apply.method
                {
                    change.after = self.dry_apply(object, Conflicts::Take).await.ok();
                }
                // It may quote what it does not like.
                let message = diff::redact(&failure.message, &object.body, &Mask::of_run());
                change.refusal = Some(Failure { message, ..failure }.into());
            }
        }
        if let (Some(live), Some(after)) = (&change.live, &change.after)
            && change.refusal.is_none()
            && diff::stripped(live) == diff::stripped(after)
        {
            change.fate = Fate::Nothing;
        }
        Ok(change)
    }

    async fn foresee_end(&self, object: &Object) -> Result<Option<Change>, Failure> {
        let Ok(Some(live)) = self.get(&object.key, &object.resource).await else {
            return Ok(None);
        };
        Ok(Some(Change {
            object: object.clone(),
            fate: match is_kept(&live) {
                true => Fate::Keep,
                false => Fate::Delete,
            },
            last: Some(object.body.clone()),
            live: Some(live),
            after: None,
            missing: None,
            refusal: None,
        }))
    }

    async fn try_to_create(&self, object: &Object, apply: &Apply) -> Result<Value, Failure> {
        if let Method::Server(conflicts) = apply.method
            && !object.key.name.is_empty()
        {
            return self.dry_apply(object, conflicts).await;
        }
        let api_version = object.key.api_version();
        let collection = path::collection(&api_version, &object.resource, &object.key.namespace);
        let path = path::query(
            collection,
            &[("dryRun", "All"), ("fieldManager", self.manager())],
        );
        self.ask(Verb::POST, path, None, &object.body).await
    }

    async fn try_to_update(
        &self,
        original: &Value,
        live: &Value,
        object: &Object,
        apply: &Apply,
    ) -> Result<Value, Failure> {
        match apply.method {
            Method::Client => self.dry_merge(original, live, object, apply).await,
            Method::Replace => {
                let body = apply::replacement(live, object);
                let path = self.dry_path(object, &[("fieldValidation", VALIDATION)]);
                let replaced = self.ask(Verb::PUT, path, None, &body).await;
                replaced.map_err(|failure| failure.wrap("failed to replace object"))
            }
            Method::Server(conflicts) => {
                let adopts = apply.adopt_fields == Adoption::Upgrade
                    && managed::upgrade(live, self.manager()).is_some();
                if !adopts {
                    return self.dry_apply(object, conflicts).await;
                }
                // What was merged here so far is taken over before, of which a dry run knows nothing: it
                // finds conflicts with ourselves, and what is not wanted any more is not taken away.
                match self.dry_apply(object, conflicts).await {
                    Err(failure) if !is_own_conflict(&failure, self.manager()) => Err(failure),
                    _ => {
                        let mut original = original.clone();
                        diff::leave_to_others(live, &mut original, self.manager());
                        self.dry_merge(&original, live, object, apply).await
                    }
                }
            }
        }
    }

    /// What a server that merges would make of an object.
    pub(super) async fn dry_apply(
        &self,
        object: &Object,
        conflicts: Conflicts,
    ) -> Result<Value, Failure> {
        let force = apply::force(conflicts);
        let path = self.dry_path(object, &[("fieldValidation", VALIDATION), ("force", force)]);
        self.ask(Verb::PATCH, path, Some(APPLY), &object.body)
            .await
            .map_err(|failure| apply::refused(failure, &object.key))
    }

    async fn dry_merge(
        &self,
        original: &Value,
        live: &Value,
        object: &Object,
        apply: &Apply,
    ) -> Result<Value, Failure> {
        let Some(patch) = apply::patch(original, live, object, apply)? else {
            return Ok(live.clone());
        };
        let path = self.dry_path(object, &[]);
        self.ask(Verb::PATCH, path, Some(patch.media_type), &patch.body)
            .await
            .map_err(|failure| apply::unpatched(failure, &object.key))
    }

    fn dry_path(&self, object: &Object, more: &[(&str, &str)]) -> String {
        let mut pairs = vec![("dryRun", "All"), ("fieldManager", self.manager())];
        pairs.extend_from_slice(more);
        path::query(path::object(&object.key, &object.resource), &pairs)
    }

    /// Sends what changes nothing; gives the answer.
    async fn ask(
        &self,
        method: Verb,
        path: String,
        content_type: Option<&'static str>,
        body: &Value,
    ) -> Result<Value, Failure> {
        let request = apply::request(method, path, content_type, body)?;
        self.connection.request(request).await?.json()
    }
}

/// Waits for some at a time; the order is kept.
pub(super) async fn gather<T>(
    ahead: impl Iterator<Item = impl Future<Output = Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    let done: Vec<_> = stream::iter(ahead).buffered(AT_ONCE).collect().await;
    done.into_iter().collect()
}

/// An object whose kind comes with it.
fn unserved(object: &Object) -> Change {
    Change {
        object: object.clone(),
        fate: Fate::Create,
        last: None,
        live: None,
        after: None,
        missing: Some(Missing::Kind),
        refusal: None,
    }
}

/// Whether a conflict is with fields alone that `manager` has set by other ways.
fn is_own_conflict(failure: &Failure, manager: &str) -> bool {
    const WITH: [&str; 2] = ["conflict with \"", "conflicts with \""];
    let mut others = WITH.iter().flat_map(|with| {
        let parts = failure.message.split(with).skip(1);
        parts.filter(|rest| rest.split('"').next() != Some(manager))
    });
    failure.is_conflict() && others.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_with_ourselves_are_told_apart() {
        for (message, want) in [
            (
                "Apply failed with 1 conflict: conflict with \"helm\" using v1: .data.a",
                true,
            ),
            (
                "Apply failed with 2 conflicts: conflicts with \"helm\" using v1:\n- .data.a\n- .data.b",
                true,
            ),
            (
                "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1: .data.a",
                false,
            ),
            (
                "Apply failed with 2 conflicts: conflicts with \"helm\" using v1:\n- .data.a\nconflicts with \"ops\" using v1:\n- .data.b",
                false,
            ),
        ] {
            let failure = Failure {
                status: 409,
                reason: "Conflict".to_owned(),
                ..Failure::unasked(message.to_owned())
            };
            assert_eq!(is_own_conflict(&failure, "helm"), want, "{message}");
        }
    }
}
