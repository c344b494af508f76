//! Which fields others write that we want to be different, found by dry runs of server-side applies.

use super::apply::Writer;
use super::failure::{Cause, Failure};
use super::preview::gather;
use crate::backend::contest::{self, Contest, Contested, Manager, Path};
use crate::backend::{CANCELLED, Conflicts, Context, Object};

impl Writer<'_> {
    /// The objects of `wanted` that are there and have fields that somebody else writes otherwise.
    pub(super) fn contests(
        &self,
        wanted: &[Object],
        context: &Context<'_>,
    ) -> Result<Vec<Contested>, Failure> {
        self.connection.block_on(async {
            let asked = wanted.iter().enumerate().map(|(at, object)| async move {
                if context.cancel.is_cancelled() {
                    return Err(Failure::unasked(CANCELLED.to_owned()));
                }
                self.contest(at, object).await
            });
            Ok(gather(asked).await?.into_iter().flatten().collect())
        })
    }

    async fn contest(&self, at: usize, object: &Object) -> Result<Option<Contested>, Failure> {
        if object.key.name.is_empty() {
            return Ok(None);
        }
        let live = self
            .get(&object.key, &object.resource)
            .await
            .map_err(|failure| failure.wrap("could not get information about the resource"))?;
        let Some(live) = live else {
            return Ok(None);
        };
        let others = contest::others(&live, self.manager());
        let is_shared = |path: &Path| {
            let wanted = path.get(&object.body);
            wanted.is_some_and(|wanted| Some(wanted) != path.get(&live))
        };
        if !others.iter().any(|(_, paths)| paths.iter().any(is_shared)) {
            return Ok(None);
        }
        let failure = match self.dry_apply(object, Conflicts::Fail).await {
            Err(failure) if failure.is_conflict() => failure,
            // Whatever else is wrong is said by the write itself.
            _ => return Ok(None),
        };
        let contests: Vec<Contest> = failure
            .causes
            .iter()
            .filter_map(|cause| name(cause, &others))
            .collect();
        Ok((!contests.is_empty()).then(|| Contested {
            at,
            live,
            contests,
            refusal: failure.into(),
        }))
    }
}

/// The field and the manager that a server means by `conflict with "NAME" with subresource "PART" using
/// v1`; nothing for ourselves under another operation.
fn name(cause: &Cause, others: &[(Manager, Vec<Path>)]) -> Option<Contest> {
    let rest = cause.message.strip_prefix("conflict with ")?;
    others.iter().find_map(|(manager, paths)| {
        let part = match manager.subresource.as_str() {
            "" => String::new(),
            part => format!(" with subresource {part:?}"),
        };
        let words = format!("{:?}{part} using ", manager.name);
        let path = paths.iter().find(|path| path.to_string() == cause.field)?;
        rest.starts_with(&words).then(|| Contest {
            path: path.clone(),
            manager: manager.clone(),
        })
    })
}
