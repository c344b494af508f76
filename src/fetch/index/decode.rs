use std::collections::BTreeMap;

use super::{Index, Version};
use crate::chart::decode::{self, Decoder, Failure, find_field};
use crate::chart::read_time;
use crate::go::json;
use crate::value::Frozen;

const INDEX: &[&str] = &[
    "serverInfo",
    "apiVersion",
    "generated",
    "entries",
    "publicKeys",
    "annotations",
];
const VERSION: &[&str] = &[
    "urls",
    "created",
    "removed",
    "digest",
    "checksum",
    "engine",
    "tillerVersion",
    "url",
];

/// Entries as they stand in the file; nothing where there is null.
type Entries = BTreeMap<String, Vec<Option<Version>>>;

/// Reads JSON, or else YAML in which every key has to be known (`jsonOrYamlUnmarshal`).
pub(super) fn index(bytes: &[u8]) -> Result<(Index, Entries), Failure> {
    let mut index = Index::default();
    let mut entries = Entries::new();
    let read = |decoder: &mut Decoder<'_>, value: &Frozen| {
        index.read(&mut entries, decoder, value);
    };
    match json::decode(bytes) {
        Ok(value) => decode::json(&value, read)?,
        Err(_) => decode::document_strict(bytes, read)?,
    }
    Ok((index, entries))
}

impl Index {
    fn read(&mut self, entries: &mut Entries, decoder: &mut Decoder<'_>, value: &Frozen) {
        for (key, value) in decoder
            .members(value, "repo.IndexFile")
            .into_iter()
            .flatten()
        {
            let Some(name) = find_field(key, INDEX) else {
                decoder.unknown(key);
                continue;
            };
            decoder.field("IndexFile", name, key, |decoder| match name {
                "serverInfo" => {
                    if decoder.members(value, "map[string]interface {}").is_some() {
                        self.server_info = Some(value.clone());
                    }
                }
                "apiVersion" => decoder.string(value, &mut self.api_version),
                "generated" => read_time(decoder, value, &mut self.generated),
                "publicKeys" => decoder.strings(value, &mut self.public_keys),
                "annotations" => decoder.string_map(value, &mut self.annotations),
                _ => read_entries(entries, decoder, value),
            });
        }
    }
}

fn read_entries(entries: &mut Entries, decoder: &mut Decoder<'_>, value: &Frozen) {
    let go_type = "map[string]repo.ChartVersions";
    for (name, value) in decoder.members(value, go_type).into_iter().flatten() {
        let mut versions = Vec::new();
        decoder.at(name, |decoder| {
            decoder.list(value, &mut versions, "repo.ChartVersions", Version::read);
        });
        entries.insert(name.to_str_lossy().into_owned(), versions);
    }
}

impl Version {
    fn read(decoder: &mut Decoder<'_>, value: &Frozen, out: &mut Option<Version>) -> bool {
        if matches!(value, Frozen::Null) {
            return false;
        }
        let out = out.get_or_insert_default();
        let members = decoder.members(value, "repo.ChartVersion");
        for (key, value) in members.into_iter().flatten() {
            let Some(name) = find_field(key, VERSION) else {
                if !out
                    .metadata
                    .read_embedded(decoder, "ChartVersion", key, value)
                {
                    decoder.unknown(key);
                }
                continue;
            };
            let [checksum, engine, tiller, url] = &mut out.old;
            decoder.field("ChartVersion", name, key, |decoder| match name {
                "urls" => decoder.strings(value, &mut out.urls),
                "created" => read_time(decoder, value, &mut out.created),
                "removed" => decoder.boolean(value, &mut out.removed),
                "digest" => decoder.string(value, &mut out.digest),
                "checksum" => decoder.string(value, checksum),
                "engine" => decoder.string(value, engine),
                "tillerVersion" => decoder.string(value, tiller),
                _ => decoder.string(value, url),
            });
        }
        true
    }
}
