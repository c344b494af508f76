//! No cluster at all: records live as long as the process, and objects are not brought anywhere
//! (`HELM_DRIVER=memory` with `HELM_MEMORY_DRIVER_DATA`; `pkg/kube/fake.PrintingKubeClient`,
//! Helm 4.2.4).

use std::collections::BTreeMap;

use serde_json::Value;

use super::contest::Contested;
use super::{
    Apply, Backend, Cancel, Cascade, Change, Changes, Context, Form, Health, Jobs, Log, LogLine,
    LogOptions, Object, Strategy,
};
use crate::chart::Capabilities;
use crate::diag::{Error, Kind, Notice};
use crate::release::{self, Release, Store};
use crate::value::Frozen;
use crate::yaml;

/// Records, and nothing else.
#[derive(Debug, Default)]
pub struct Memory {
    records: release::Memory,
}

impl Memory {
    /// Records to begin with.
    pub fn new(records: Vec<Release>) -> Memory {
        Memory {
            records: release::Memory::new(records),
        }
    }

    /// Reads a YAML list of records.
    ///
    /// # Errors
    /// A text that is not such a list.
    pub fn read(text: &[u8]) -> Result<Vec<Release>, Error> {
        let list =
            yaml::to_list(text).map_err(|error| Error::new(Kind::Record, error.to_string()))?;
        list.iter().map(Release::from_frozen).collect()
    }
}

impl Backend for Memory {
    fn reach(&self) -> Result<(), Error> {
        Ok(())
    }

    fn capabilities(&self) -> Result<Capabilities, Error> {
        Ok(Capabilities::default())
    }

    fn look_up(
        &self,
        _api_version: &str,
        _kind: &str,
        _namespace: &str,
        _name: &str,
        _notices: &mut Vec<Notice>,
    ) -> Result<Option<Frozen>, String> {
        Ok(None)
    }

    fn build_beside(
        &self,
        _manifest: &[u8],
        _definitions: &[Object],
    ) -> Result<Vec<Object>, Error> {
        Ok(Vec::new())
    }

    fn wait_for_kinds(&self, _definitions: &[Object], _context: &Context<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn get(&self, _object: &Object) -> Result<Option<Value>, Error> {
        Ok(None)
    }

    fn create(&self, _objects: &[Object], _apply: &Apply) -> Result<(), Error> {
        Ok(())
    }

    fn update(
        &self,
        _current: &[Object],
        _wanted: &[Object],
        _apply: &Apply,
        _context: &Context<'_>,
    ) -> Changes {
        Changes::default()
    }

    fn preview(
        &self,
        _current: &[Object],
        _wanted: &[Object],
        _apply: &Apply,
        _context: &Context<'_>,
    ) -> Result<Vec<Change>, Error> {
        Ok(Vec::new())
    }

    fn contests(
        &self,
        _wanted: &[Object],
        _context: &Context<'_>,
    ) -> Result<Vec<Contested>, Error> {
        Ok(Vec::new())
    }

    fn delete(&self, _objects: &[Object], _cascade: Cascade) -> Result<(), Vec<Error>> {
        Ok(())
    }

    fn wait(
        &self,
        _objects: &[Object],
        _strategy: Strategy,
        _jobs: Jobs,
        _context: &Context<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn wait_for_deletion(
        &self,
        _objects: &[Object],
        _strategy: Strategy,
        _context: &Context<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn wait_for_hook(
        &self,
        _objects: &[Object],
        _strategy: Strategy,
        _context: &Context<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn logs(&self, _object: &Object) -> Result<Vec<Log>, Error> {
        Ok(Vec::new())
    }

    fn examine(&self, _objects: &[Object]) -> Result<Vec<Health>, Error> {
        Ok(Vec::new())
    }

    fn read_logs(
        &self,
        _objects: &[Object],
        _options: &LogOptions,
        _cancel: &Cancel,
        _tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn resources(
        &self,
        _objects: &[Object],
        _form: Form,
    ) -> Result<BTreeMap<String, Vec<Value>>, Error> {
        Ok(BTreeMap::new())
    }

    fn namespaces(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn store(&self, namespace: &str) -> Box<dyn Store + '_> {
        Box::new(self.records.seen_from(namespace))
    }
}
