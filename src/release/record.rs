//! The record of a release as JSON, members in the order of Go's structs.

use std::time::SystemTime;

use super::{Execution, Hook, Release};
use crate::chart::{Chart, Dependency, File, Lock, Maintainer, Metadata};
use crate::go::base64;
use crate::go::json::{self, Options, write_string};
use crate::go::time::{Time, Zone};
use crate::value::{Frozen, FrozenMap};
use crate::yaml;

/// Go's zero time, which it writes where members may not be left out.
pub(super) const NEVER: &str = "0001-01-01T00:00:00Z";

/// `time.RFC3339Nano`
pub(super) const STAMP: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

impl Release {
    /// The record, in one line without an end (`json.Marshal` of `release.Release`). Times of files
    /// are told in the zone of the release's own.
    ///
    /// # Errors
    /// Values that JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(self.manifest.len() * 2 + 1024);
        let mut object = Object::open(&mut out);
        self.write_members(&mut object)?;
        object.close();
        Ok(out)
    }

    /// As [`Release::to_json`], with the labels, for places that have none beside the record.
    ///
    /// # Errors
    /// Values that JSON cannot hold.
    pub(super) fn to_json_with_labels(&self) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(self.manifest.len() * 2 + 1024);
        let mut object = Object::open(&mut out);
        self.write_members(&mut object)?;
        if !self.labels.is_empty() {
            let mut labels = Object::open(object.key("labels"));
            for (name, value) in &self.labels {
                write_string(value.as_bytes(), labels.key(name), true);
            }
            labels.close();
        }
        object.close();
        Ok(out)
    }

    fn write_members(&self, object: &mut Object<'_>) -> Result<(), String> {
        object.text("name", self.name.as_bytes());
        self.write_info(object.key("info"));
        write_chart(
            object.key("chart"),
            &self.chart,
            self.info.last_deployed.location(),
        )?;
        if !self.config.is_empty() {
            write_map(object.key("config"), &self.config)?;
        }
        object.text("manifest", &self.manifest);
        if !self.hooks.is_empty() {
            write_list(object.key("hooks"), &self.hooks, write_hook);
        }
        object.number("version", self.revision);
        object.text("namespace", self.namespace.as_bytes());
        object.text("apply_method", self.apply_method.as_str().as_bytes());
        if !matches!(self.ecs, Frozen::Null) {
            json::encode_frozen(&self.ecs, object.key("ecs"), Options::default())?;
        }
        Ok(())
    }

    /// The record as YAML (`sigs.k8s.io/yaml.Marshal`).
    ///
    /// # Errors
    /// Values that JSON cannot hold.
    pub fn to_yaml(&self) -> Result<Vec<u8>, String> {
        let record = json::decode(&self.to_json()?)?;
        yaml::encode_frozen(&record)
    }

    /// Whether another revision records the same: objects, hooks, notes, what its chart says of itself
    /// and sets, values, labels, and who merges changes. Numbers, times and runs of hooks are no part of
    /// that.
    pub fn is_like(&self, other: &Release) -> bool {
        let both = (self.essence(), other.essence());
        matches!(both, (Ok(own), Ok(other)) if own == other)
    }

    fn essence(&self) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(self.manifest.len() * 2);
        let mut object = Object::open(&mut out);
        write_fields(
            object.key("metadata"),
            &self.chart.metadata.to_frozen(),
            Metadata::FIELDS,
        )?;
        write_map(object.key("values"), &self.chart.values)?;
        write_map(object.key("config"), &self.config)?;
        object.text("manifest", &self.manifest);
        write_list(object.key("hooks"), &self.hooks, |out, hook| {
            let mut hook = hook.clone();
            hook.last_run = Execution::default();
            if hook.delete_policies.is_empty() {
                // What a hook without one is given as it runs.
                hook.delete_policies.push("before-hook-creation".to_owned());
            }
            write_hook(out, &hook);
        });
        object.text("notes", &self.info.notes);
        object.text("method", self.apply_method.as_str().as_bytes());
        let mut labels: Vec<String> = Vec::new();
        labels.extend(
            self.labels
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        labels.sort();
        object.texts("labels", &labels);
        object.close();
        Ok(out)
    }

    fn write_info(&self, out: &mut Vec<u8>) {
        let info = &self.info;
        let mut object = Object::open(out);
        for (name, time) in [
            ("first_deployed", &info.first_deployed),
            ("last_deployed", &info.last_deployed),
            ("deleted", &info.deleted),
        ] {
            if !time.is_zero() {
                object.text(name, &time.format(STAMP));
            }
        }
        object.text("description", info.description.as_bytes());
        object.text("status", info.status.as_str().as_bytes());
        object.text("notes", &info.notes);
        object.close();
    }
}

fn write_chart(out: &mut Vec<u8>, chart: &Chart, zone: &Zone) -> Result<(), String> {
    let mut object = Object::open(out);
    write_fields(
        object.key("metadata"),
        &chart.metadata.to_frozen(),
        Metadata::FIELDS,
    )?;
    match &chart.lock {
        Some(lock) => write_lock(object.key("lock"), lock)?,
        None => object.null("lock"),
    }
    write_files(object.key("templates"), &chart.templates, zone);
    // A chart without `values.yaml` has no map of values unless something was imported into one.
    if chart.values_source.is_none() && chart.values.is_empty() {
        object.null("values");
    } else {
        write_map(object.key("values"), &chart.values)?;
    }
    match &chart.schema {
        Some(schema) => write_base64(object.key("schema"), &schema.data),
        None => object.null("schema"),
    }
    let changed = chart.schema.as_ref().and_then(|schema| schema.modified);
    let changed = changed.map_or_else(|| NEVER.into(), |changed| stamp(changed, zone));
    write_string(&changed, object.key("schemamodtime"), true);
    write_files(object.key("files"), &chart.files, zone);
    if let Some(changed) = chart.modified {
        object.text("modtime", &stamp(changed, zone));
    }
    object.close();
    Ok(())
}

fn write_lock(out: &mut Vec<u8>, lock: &Lock) -> Result<(), String> {
    let mut object = Object::open(out);
    let generated = match &*lock.generated {
        "" => NEVER,
        text => text,
    };
    write_string(generated.as_bytes(), object.key("generated"), true);
    write_string(lock.digest.as_bytes(), object.key("digest"), true);
    match &lock.dependencies {
        None => object.null("dependencies"),
        Some(dependencies) => {
            let items = dependencies
                .iter()
                .map(|one| Frozen::Map(one.to_frozen().into()));
            let items: Vec<Frozen> = items.collect();
            write_items(object.key("dependencies"), &items, Dependency::FIELDS)?;
        }
    }
    object.close();
    Ok(())
}

fn write_files(out: &mut Vec<u8>, files: &[File], zone: &Zone) {
    if files.is_empty() {
        out.extend_from_slice(b"null");
        return;
    }
    write_list(out, files, |out, file| {
        let mut object = Object::open(out);
        write_string(file.name.as_bytes(), object.key("name"), true);
        write_base64(object.key("data"), &file.data);
        if let Some(changed) = file.modified {
            object.text("modtime", &stamp(changed, zone));
        }
        object.close();
    });
}

fn write_hook(out: &mut Vec<u8>, hook: &Hook) {
    let mut object = Object::open(out);
    object.text("name", &hook.name);
    object.text("kind", &hook.kind);
    object.text("path", &hook.path);
    object.text("manifest", &hook.manifest);
    object.texts("events", &hook.events);
    write_execution(object.key("last_run"), &hook.last_run);
    if hook.weight != 0 {
        object.number("weight", hook.weight);
    }
    object.texts("delete_policies", &hook.delete_policies);
    object.texts("output_log_policies", &hook.output_log_policies);
    object.close();
}

fn write_execution(out: &mut Vec<u8>, run: &Execution) {
    let mut object = Object::open(out);
    for (name, time) in [
        ("started_at", &run.started),
        ("completed_at", &run.completed),
    ] {
        if let Some(time) = time {
            object.text(name, &time.format(STAMP));
        }
    }
    write_string(run.phase.as_bytes(), object.key("phase"), true);
    object.close();
}

/// Writes a map's members in the order of `fields`; items of lists of maps likewise.
fn write_fields(out: &mut Vec<u8>, map: &FrozenMap, fields: &[&str]) -> Result<(), String> {
    let mut object = Object::open(out);
    for field in fields {
        let Some(value) = map.get(field.as_bytes()) else {
            continue;
        };
        let out = object.key(field);
        match (*field, value) {
            ("maintainers", Frozen::List(items)) => write_items(out, items, Maintainer::FIELDS)?,
            ("dependencies", Frozen::List(items)) => write_items(out, items, Dependency::FIELDS)?,
            _ => json::encode_frozen(value, out, Options::default())?,
        }
    }
    object.close();
    Ok(())
}

fn write_items(out: &mut Vec<u8>, items: &[Frozen], fields: &[&str]) -> Result<(), String> {
    let mut result = Ok(());
    write_list(out, items, |out, item| {
        let written = match item {
            Frozen::Map(map) => write_fields(out, map, fields),
            other => json::encode_frozen(other, out, Options::default()),
        };
        if let Err(error) = written {
            result = Err(error);
        }
    });
    result
}

fn write_map(out: &mut Vec<u8>, map: &FrozenMap) -> Result<(), String> {
    let mut object = Object::open(out);
    for (key, value) in map {
        json::encode_frozen(value, object.key(key), Options::default())?;
    }
    object.close();
    Ok(())
}

fn write_list<T>(out: &mut Vec<u8>, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(base64::encode(bytes).as_bytes());
    out.push(b'"');
}

fn stamp(time: SystemTime, zone: &Zone) -> Vec<u8> {
    Time::from_system(time, zone.clone()).format(STAMP)
}

/// An object that is being written.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    fn open(out: &'a mut Vec<u8>) -> Object<'a> {
        out.push(b'{');
        Object {
            out,
            is_empty: true,
        }
    }

    /// Begins a member, and gives where its value goes.
    fn key(&mut self, name: impl AsRef<[u8]>) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        write_string(name.as_ref(), self.out, true);
        self.out.push(b':');
        self.out
    }

    /// A text, unless it is empty.
    fn text(&mut self, name: &str, text: &[u8]) {
        if !text.is_empty() {
            write_string(text, self.key(name), true);
        }
    }

    /// A list of texts, unless it is empty.
    fn texts(&mut self, name: &str, texts: &[String]) {
        if !texts.is_empty() {
            write_list(self.key(name), texts, |out, text| {
                write_string(text.as_bytes(), out, true);
            });
        }
    }

    fn number(&mut self, name: &str, number: i64) {
        let out = self.key(name);
        out.extend_from_slice(number.to_string().as_bytes());
    }

    fn null(&mut self, name: &str) {
        self.key(name).extend_from_slice(b"null");
    }

    fn close(self) {
        self.out.push(b'}');
    }
}
