//! Packing charts into archives (`util.Save`, `pkg/chart/v2/util`, Helm 4.2.4).

use std::fs;
use std::io::Write;
use std::time::SystemTime;

use flate2::{Compression, GzBuilder};

use super::{Chart, Dependency, Lock, Metadata};
use crate::diag::{Error, Kind};
use crate::go::{json, os, path, strconv};
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// What Helm puts into the header of its archives, as a subfield `rr` of 40 bytes.
const EXTRA: &[u8] = b"rr\x28\x00aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";
const BLOCK: usize = 512;

/// Packs `chart` into `folder/NAME-VERSION.tgz`, making the folder, and returns that path. Files
/// whose time is not known get `now`. The same chart and times give the same bytes.
///
/// # Errors
/// A chart that is not valid, or what cannot be written, in Helm's words.
pub fn save(chart: &Chart, folder: &str, now: SystemTime) -> Result<String, Error> {
    let mut metadata = chart.metadata.clone();
    metadata
        .validate()
        .map_err(|error| error.wrap("chart validation"))?;
    let name = format!("{}-{}.tgz", chart.name(), chart.metadata.version);
    let target = path::join(&[folder, &name]);
    let parent = path::dir(&target);
    let fail = |operation: &str, place: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, place, error))
    };
    match fs::metadata(&parent) {
        Ok(found) if !found.is_dir() => {
            return Err(Error::new(
                Kind::Io,
                format!("is not a directory: {parent}"),
            ));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(&parent).map_err(|error| fail("mkdir", &parent, &error))?;
        }
        Err(error) => return Err(fail("stat", &parent, &error).wrap(format!("stat {parent}"))),
    }
    let bytes = pack(chart, now)?;
    fs::write(&target, bytes).map_err(|error| fail("open", &target, &error))?;
    Ok(target)
}

/// The bytes of `chart`'s archive.
///
/// # Errors
/// What cannot be packed, in Helm's words.
pub fn pack(chart: &Chart, now: SystemTime) -> Result<Vec<u8>, Error> {
    let mut members = Archive {
        bytes: Vec::new(),
        now,
    };
    members.chart(chart, "")?;
    members.bytes.resize(members.bytes.len() + 2 * BLOCK, 0);
    let header = GzBuilder::new()
        .extra(EXTRA)
        .comment("Helm")
        .operating_system(255);
    let mut packer = header.write(Vec::new(), Compression::default());
    packer
        .write_all(&members.bytes)
        .and_then(|()| packer.finish())
        .map_err(|error| Error::new(Kind::Io, error.to_string()))
}

struct Archive {
    bytes: Vec<u8>,
    now: SystemTime,
}

impl Archive {
    fn chart(&mut self, chart: &Chart, prefix: &str) -> Result<(), Error> {
        let fail = |message: String| Err(Error::new(Kind::Chart, message));
        let name = chart.name();
        if path::base(name.as_bytes()) != name.as_bytes() {
            return fail(format!(
                "{} is not a valid chart name",
                strconv::quote(name)
            ));
        }
        let base = path::join(&[prefix, name]);
        let member = |name: &str| path::join(&[&base, name]);
        let is_second = chart.metadata.api_version == "v2";
        let text = chart.metadata.encode(chart.metadata.api_version != "v1")?;
        self.member(&member("Chart.yaml"), &text, chart.modified)?;
        if let (true, Some(lock)) = (is_second, &chart.lock) {
            self.member(&member("Chart.lock"), &lock.encode()?, lock.time())?;
        }
        if let Some(source) = &chart.values_source {
            self.member(
                &member("values.yaml"),
                source.bytes(),
                chart.values_modified,
            )?;
        }
        if let Some(schema) = &chart.schema {
            if json::decode(&schema.data).is_err() {
                return fail("invalid JSON in values.schema.json".to_owned());
            }
            self.member(&member("values.schema.json"), &schema.data, schema.modified)?;
        }
        for file in chart.templates.iter().chain(&chart.files) {
            self.member(&member(&file.name), &file.data, file.modified)?;
        }
        let inner = path::join(&[&base, "charts"]);
        chart
            .dependencies
            .iter()
            .try_for_each(|child| self.chart(child, &inner))
    }

    /// Adds a file as `archive/tar` writes it: USTAR where the name fits, PAX records before it where
    /// not.
    fn member(
        &mut self,
        name: &str,
        data: &[u8],
        modified: Option<SystemTime>,
    ) -> Result<(), Error> {
        let modified = modified.unwrap_or(self.now);
        // Go rounds to seconds where nobody asks for a finer format.
        let since = modified
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let seconds = since.as_secs() + u64::from(since.subsec_nanos() >= 500_000_000);
        let is_short = name.len() <= 100 || split_name(name).is_some();
        if name.is_ascii() && is_short {
            self.header(name, data.len(), seconds, b'0')?;
        } else {
            let record = record("path", name);
            let (folder, base) = name.rsplit_once('/').unwrap_or(("", name));
            let head = path::join(&[folder, "PaxHeaders.0", base]);
            self.header(&plain(&head), record.len(), 0, b'x')?;
            self.data(record.as_bytes());
            self.header(&plain(name), data.len(), seconds, b'0')?;
        }
        self.data(data);
        Ok(())
    }

    fn header(&mut self, name: &str, size: usize, seconds: u64, kind: u8) -> Result<(), Error> {
        let mut block = [0u8; BLOCK];
        let (prefix, rest) = match split_name(name) {
            Some(parts) if name.len() > 100 => parts,
            _ => ("", &name[..name.len().min(100)]),
        };
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, rest.as_bytes());
        put(
            100,
            if kind == b'x' {
                b"0000000\0"
            } else {
                b"0000644\0"
            },
        );
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        let size = format!("{size:011o}");
        let seconds = format!("{seconds:011o}");
        if size.len() > 11 || seconds.len() > 11 {
            return Err(Error::new(Kind::Io, "archive/tar: header field too long"));
        }
        put(124, size.as_bytes());
        put(136, seconds.as_bytes());
        put(148, b"        ");
        put(156, &[kind]);
        put(257, b"ustar\x0000");
        put(329, b"0000000\0");
        put(337, b"0000000\0");
        put(345, prefix.as_bytes());
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&block);
        Ok(())
    }

    fn data(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
        self.bytes
            .resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }
}

/// The part of a long name for the field `prefix`, and the rest.
fn split_name(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() || name.len() <= 100 {
        return None;
    }
    let end = name.len().min(156);
    let slash = name[..end].rfind('/')?;
    let (prefix, rest) = (&name[..slash], &name[slash + 1..]);
    (slash > 0 && prefix.len() <= 155 && !rest.is_empty() && rest.len() <= 100)
        .then_some((prefix, rest))
}

/// At most 100 ASCII characters of a name.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii).take(100).collect()
}

/// A PAX record: its own length, `key=value`.
fn record(key: &str, value: &str) -> String {
    let fixed = key.len() + value.len() + 3;
    let mut length = fixed + fixed.to_string().len();
    length = fixed + length.to_string().len();
    format!("{length} {key}={value}\n")
}

/// Puts a text under `key`, where there is one (Go's `omitempty`).
fn put(map: &mut FrozenMap, key: &str, text: &str) {
    if !text.is_empty() {
        map.insert(Text::from(key), Frozen::string(text));
    }
}

fn put_list(map: &mut FrozenMap, key: &str, items: Vec<Frozen>) {
    if !items.is_empty() {
        map.insert(Text::from(key), Frozen::List(items.into()));
    }
}

fn strings(items: &[String]) -> Vec<Frozen> {
    items
        .iter()
        .map(|item| Frozen::string(item.as_str()))
        .collect()
}

fn encode(map: FrozenMap) -> Result<Vec<u8>, Error> {
    yaml::encode_frozen(&Frozen::Map(map.into())).map_err(|error| Error::new(Kind::Chart, error))
}

impl Metadata {
    /// The metadata as JSON has it: members that hold something.
    pub fn to_frozen(&self) -> FrozenMap {
        let mut map = FrozenMap::new();
        put(&mut map, "name", &self.name);
        put(&mut map, "home", &self.home);
        put_list(&mut map, "sources", strings(&self.sources));
        put(&mut map, "version", &self.version);
        put(&mut map, "description", &self.description);
        put_list(&mut map, "keywords", strings(&self.keywords));
        let maintainers = self.maintainers.iter().map(|maintainer| {
            let mut map = FrozenMap::new();
            put(&mut map, "name", &maintainer.name);
            put(&mut map, "email", &maintainer.email);
            put(&mut map, "url", &maintainer.url);
            Frozen::Map(map.into())
        });
        put_list(&mut map, "maintainers", maintainers.collect());
        put(&mut map, "icon", &self.icon);
        put(&mut map, "apiVersion", &self.api_version);
        put(&mut map, "condition", &self.condition);
        put(&mut map, "tags", &self.tags);
        put(&mut map, "appVersion", &self.app_version);
        if self.deprecated {
            map.insert(Text::from("deprecated"), Frozen::Bool(true));
        }
        if let Some(annotations) = self.annotations.as_ref().filter(|map| !map.is_empty()) {
            let entries = annotations
                .iter()
                .map(|(key, text)| (Text::from(&**key), Frozen::string(text.as_str())));
            let annotations: FrozenMap = entries.collect();
            map.insert(Text::from("annotations"), Frozen::Map(annotations.into()));
        }
        put(&mut map, "kubeVersion", &self.kube_version);
        let dependencies = self
            .dependencies
            .iter()
            .map(|one| Frozen::Map(one.to_frozen().into()));
        put_list(&mut map, "dependencies", dependencies.collect());
        put(&mut map, "type", &self.chart_type);
        map
    }

    /// The text of a `Chart.yaml`, with or without the list of dependencies, which stands elsewhere in
    /// charts of version 1.
    ///
    /// # Errors
    /// What YAML cannot hold.
    pub fn encode(&self, with_dependencies: bool) -> Result<Vec<u8>, Error> {
        let mut map = self.to_frozen();
        if !with_dependencies {
            map.remove(&b"dependencies"[..]);
        }
        encode(map)
    }
}

impl Dependency {
    /// The entry as JSON has it.
    pub fn to_frozen(&self) -> FrozenMap {
        let mut map = FrozenMap::new();
        map.insert(Text::from("name"), Frozen::string(self.name.as_str()));
        put(&mut map, "version", &self.version);
        map.insert(
            Text::from("repository"),
            Frozen::string(self.repository.as_str()),
        );
        put(&mut map, "condition", &self.condition);
        put_list(&mut map, "tags", strings(&self.tags));
        if self.enabled {
            map.insert(Text::from("enabled"), Frozen::Bool(true));
        }
        put_list(&mut map, "import-values", self.import_values.clone());
        put(&mut map, "alias", &self.alias);
        map
    }
}

impl Lock {
    /// The text of a `Chart.lock`.
    ///
    /// # Errors
    /// What YAML cannot hold.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let generated = match &*self.generated {
            "" => "0001-01-01T00:00:00Z",
            text => text,
        };
        let dependencies = self.dependencies.as_ref().map_or(Frozen::Null, |list| {
            let items: Vec<Frozen> = list
                .iter()
                .map(|one| Frozen::Map(one.to_frozen().into()))
                .collect();
            Frozen::List(items.into())
        });
        encode(FrozenMap::from([
            (Text::from("generated"), Frozen::string(generated)),
            (Text::from("digest"), Frozen::string(self.digest.as_str())),
            (Text::from("dependencies"), dependencies),
        ]))
    }

    /// When it was written.
    fn time(&self) -> Option<SystemTime> {
        let time: jiff::Timestamp = self.generated.parse().ok()?;
        Some(time.into())
    }
}
