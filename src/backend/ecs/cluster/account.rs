//! Who is asked, and in which words: the account, the region and the cluster that a release goes to.

use std::sync::Arc;

use serde_json::Value;

use crate::backend::ecs::Config;
use crate::diag::Error;
use crate::net::aws::service::{ECS, Service};
use crate::net::aws::{Api, Fault};

/// The services of an account, and what holds for it.
pub(super) struct Account {
    pub(super) api: Arc<Api>,
    pub(super) config: Config,
}

impl Account {
    /// Name of the cluster.
    pub(super) fn cluster(&self) -> &str {
        self.config.cluster()
    }

    /// Asks a service.
    pub(super) fn ask(
        &self,
        service: &Service,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Box<Fault>> {
        self.api.ask(service, operation, input)
    }

    /// Asks ECS.
    pub(super) fn ecs(&self, operation: &str, input: &Value) -> Result<Value, Box<Fault>> {
        self.ask(&ECS, operation, input)
    }

    /// Does something for each item, several at a time.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        act: impl Fn(&T) -> R + Sync,
    ) -> Vec<R> {
        self.api.each(items, act)
    }
}

/// What was said, or nothing where what was asked for is not there.
pub(super) fn found(said: Result<Value, Box<Fault>>) -> Result<Option<Value>, Error> {
    match said {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.is_missing() => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// That it is gone is as good as taking it away.
pub(super) fn gone(said: Result<Value, Box<Fault>>) -> Result<(), Error> {
    found(said).map(drop)
}

/// A text of a value; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// The items of a list of a value.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

/// The texts of a list of a value.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    list(value, name)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The part of an ARN or a path behind the last `/`.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
