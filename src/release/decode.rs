//! Reading a record's JSON.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::record::STAMP;
use super::{ApplyMethod, Execution, Hook, Info, Release, Status};
use crate::chart::{Chart, File, Lock, Metadata};
use crate::diag::{Error, Kind, Source};
use crate::go::base64;
use crate::go::json;
use crate::go::time::{Time, Zone, parse};
use crate::value::{Frozen, FrozenMap, Text};

impl Release {
    /// Reads a record (`json.Unmarshal` into `release.Release`); members that are missing are empty.
    ///
    /// # Errors
    /// [`Kind::Record`]: text that is not JSON, and members of the wrong type.
    pub fn from_json(text: &[u8]) -> Result<Release, Error> {
        let value = json::decode(text).map_err(damaged)?;
        Release::from_frozen(&value)
    }

    /// As [`Release::from_json`], of what was parsed already.
    ///
    /// # Errors
    /// [`Kind::Record`]: members of the wrong type.
    pub fn from_frozen(value: &Frozen) -> Result<Release, Error> {
        let record = Members::of("release", value)?;
        let info = record.object("info")?;
        let hooks = record.list("hooks", |hook| read_hook(&Members::of("hooks", hook)?))?;
        Ok(Release {
            name: record.string("name")?,
            namespace: record.string("namespace")?,
            revision: record.integer("version")?,
            info: Info {
                first_deployed: info.time("first_deployed")?,
                last_deployed: info.time("last_deployed")?,
                deleted: info.time("deleted")?,
                description: info.string("description")?,
                status: Status::parse(&info.string("status")?),
                notes: info.bytes("notes")?,
            },
            chart: read_chart(&record.object("chart")?)?,
            config: record.map("config")?,
            manifest: record.bytes("manifest")?,
            hooks,
            labels: record.pairs("labels")?,
            apply_method: match record.string("apply_method")?.as_str() {
                "ssa" => ApplyMethod::Server,
                "csa" => ApplyMethod::Client,
                _ => ApplyMethod::Unknown,
            },
            ecs: record.get("ecs").cloned().unwrap_or(Frozen::Null),
        })
    }
}

fn read_hook(hook: &Members<'_>) -> Result<Hook, Error> {
    let run = hook.object("last_run")?;
    Ok(Hook {
        name: hook.text("name")?,
        kind: hook.text("kind")?,
        path: hook.text("path")?,
        manifest: hook.bytes("manifest")?,
        events: hook.strings("events")?,
        last_run: Execution {
            started: Some(run.time("started_at")?).filter(|time| !time.is_zero()),
            completed: Some(run.time("completed_at")?).filter(|time| !time.is_zero()),
            phase: run.string("phase")?,
        },
        weight: hook.integer("weight")?,
        delete_policies: hook.strings("delete_policies")?,
        output_log_policies: hook.strings("output_log_policies")?,
    })
}

fn read_chart(chart: &Members<'_>) -> Result<Chart, Error> {
    let mut metadata = Metadata::default();
    if let Some(value) = chart.get("metadata") {
        metadata.decode_json(value).map_err(damaged)?;
    }
    let lock = match chart.get("lock") {
        None => None,
        Some(value) => Some(Lock::decode_json(value).map_err(damaged)?),
    };
    let schema = match chart.get("schema") {
        None => None,
        Some(_) => Some(File {
            name: "values.schema.json".to_owned(),
            data: chart.base64("schema")?.into(),
            modified: chart.modified("schemamodtime")?,
        }),
    };
    // What tells a chart without values from one with an empty map of them.
    let values_source = chart
        .get("values")
        .map(|_| Source::new("values.yaml", Vec::new()));
    Ok(Chart {
        metadata,
        lock,
        templates: chart.list("templates", read_file)?,
        files: chart.list("files", read_file)?,
        values_source,
        values_modified: None,
        values: Arc::new(chart.map("values")?),
        schema,
        dependencies: Vec::new(),
        modified: chart.modified("modtime")?,
    })
}

fn read_file(file: &Frozen) -> Result<File, Error> {
    let file = Members::of("files", file)?;
    Ok(File {
        name: file.string("name")?,
        data: file.base64("data")?.into(),
        modified: file.modified("modtime")?,
    })
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Record, why.to_string())
}

/// The members of an object, read by name; null is as good as missing.
struct Members<'a> {
    name: &'a str,
    map: Option<&'a FrozenMap>,
}

impl<'a> Members<'a> {
    fn of(name: &'a str, value: &'a Frozen) -> Result<Members<'a>, Error> {
        match value {
            Frozen::Map(map) => Ok(Members {
                name,
                map: Some(map),
            }),
            Frozen::Null => Ok(Members { name, map: None }),
            _ => Err(damaged(format!("{name}: an object is wanted"))),
        }
    }

    fn get(&self, member: &str) -> Option<&'a Frozen> {
        let value = self.map?.get(member.as_bytes())?;
        (!matches!(value, Frozen::Null)).then_some(value)
    }

    /// A map of texts; only places without labels of their own keep them in records.
    fn pairs(&self, member: &str) -> Result<Vec<(String, String)>, Error> {
        let map = self.map(member)?;
        let pairs = map.iter().map(|(name, value)| match value {
            Frozen::String(text) => Ok((
                name.to_str_lossy().into_owned(),
                text.to_str_lossy().into_owned(),
            )),
            _ => Err(self.wrong(member, "a map of texts")),
        });
        pairs.collect()
    }

    fn wrong(&self, member: &str, wanted: &str) -> Error {
        damaged(format!("{}.{member}: {wanted} is wanted", self.name))
    }

    fn object(&self, member: &'a str) -> Result<Members<'a>, Error> {
        match self.get(member) {
            Some(value) => Members::of(member, value),
            None => Ok(Members {
                name: member,
                map: None,
            }),
        }
    }

    fn text(&self, member: &str) -> Result<Text, Error> {
        match self.get(member) {
            None => Ok(Text::default()),
            Some(Frozen::String(text)) => Ok(text.clone()),
            Some(_) => Err(self.wrong(member, "text")),
        }
    }

    fn bytes(&self, member: &str) -> Result<Vec<u8>, Error> {
        Ok(self.text(member)?.to_vec())
    }

    fn string(&self, member: &str) -> Result<String, Error> {
        Ok(self.text(member)?.to_str_lossy().into_owned())
    }

    fn integer(&self, member: &str) -> Result<i64, Error> {
        match self.get(member) {
            None => Ok(0),
            Some(Frozen::Int(number)) => Ok(*number),
            Some(Frozen::Float(number)) if number.fract() == 0.0 => Ok(*number as i64),
            Some(_) => Err(self.wrong(member, "a whole number")),
        }
    }

    fn map(&self, member: &str) -> Result<FrozenMap, Error> {
        match self.get(member) {
            None => Ok(FrozenMap::new()),
            Some(Frozen::Map(map)) => Ok(FrozenMap::clone(map)),
            Some(_) => Err(self.wrong(member, "an object")),
        }
    }

    fn list<T>(
        &self,
        member: &str,
        read: impl Fn(&Frozen) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        match self.get(member) {
            None => Ok(Vec::new()),
            Some(Frozen::List(items)) => items.iter().map(read).collect(),
            Some(_) => Err(self.wrong(member, "a list")),
        }
    }

    fn strings(&self, member: &str) -> Result<Vec<String>, Error> {
        self.list(member, |item| match item {
            Frozen::String(text) => Ok(text.to_str_lossy().into_owned()),
            _ => Err(self.wrong(member, "a list of texts")),
        })
    }

    fn base64(&self, member: &str) -> Result<Vec<u8>, Error> {
        base64::decode(&self.text(member)?).map_err(damaged)
    }

    /// A time; Go's zero time where there is none, as Helm 3 writes `""`.
    fn time(&self, member: &str) -> Result<Time, Error> {
        let text = self.text(member)?;
        if text.is_empty() {
            return Ok(Time::default());
        }
        parse(STAMP, &text, &Zone::Utc).map_err(damaged)
    }

    /// The time of a file; `None` for Go's zero time.
    fn modified(&self, member: &str) -> Result<Option<SystemTime>, Error> {
        let time = self.time(member)?;
        let Ok(seconds) = u64::try_from(time.seconds()) else {
            return Ok(None);
        };
        Ok(Some(
            UNIX_EPOCH + Duration::new(seconds, time.civil().nanosecond),
        ))
    }
}
