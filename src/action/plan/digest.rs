//! Digests that tell whether something has changed, and nothing of what it is.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::file::Sight;
use crate::backend::Key;
use crate::backend::diff::{Path, Step, is_secret};
use crate::chart::Chart;
use crate::diag::{Error, Kind};

/// Mixed into the digests of one plan.
pub(super) struct Salt<'a>(pub(super) &'a str);

/// How much work a guess at a secret takes: some hundredths of a second and 16 MiB.
const LOG_N: u8 = 14;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Salt<'_> {
    /// The digest of what anybody may guess at.
    pub(super) fn plain(&self, bytes: &[u8]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update([0]);
        hash.update(bytes);
        format!("sha256:{}", hex(&hash.finalize()))
    }

    /// The digest of what holds secrets, which takes long to guess.
    ///
    /// # Errors
    /// None that is known.
    pub(super) fn secret(&self, bytes: &[u8]) -> Result<String, Error> {
        let fail = |error: String| Error::new(Kind::Unsupported, error);
        let parameters =
            scrypt::Params::new(LOG_N, 8, 1).map_err(|error| fail(error.to_string()))?;
        let mut key = [0; 32];
        scrypt::scrypt(bytes, self.0.as_bytes(), &parameters, &mut key)
            .map_err(|error| fail(error.to_string()))?;
        Ok(format!("scrypt:{}", hex(&key)))
    }

    /// An object with its digests.
    ///
    /// # Errors
    /// As [`Salt::secret`].
    pub(super) fn sight(&self, key: &Key, value: &Value) -> Result<Sight, Error> {
        let mut sight = Sight::of(key);
        let text = canonical(value);
        if is_secret(value) {
            sight.digest = self.secret(text.as_bytes())?;
        } else {
            sight.digest = self.plain(text.as_bytes());
            sight.fields = leaves(value)
                .into_iter()
                .map(|(path, value)| {
                    let digest = self.plain(canonical(value).as_bytes());
                    (path, digest["sha256:".len()..][..12].to_owned())
                })
                .collect();
        }
        Ok(sight)
    }
}

/// JSON with sorted keys.
fn canonical(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

/// All of a value that is no object and no list, and what is empty, by their paths.
pub(super) fn leaves(value: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    collect(value, &Path::default(), &mut found);
    found
}

fn collect<'a>(value: &'a Value, path: &Path, found: &mut BTreeMap<String, &'a Value>) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, inner) in members {
                collect(inner, &path.field(name), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let step = match item["name"].as_str() {
                    Some(name) => Step::Item {
                        key: "name".to_owned(),
                        value: name.to_owned(),
                    },
                    None => Step::Index(index),
                };
                collect(item, &path.then(step), found);
            }
        }
        leaf => {
            found.insert(path.to_string(), leaf);
        }
    });
}

/// All bytes that a chart is made of.
pub(super) fn chart_bytes(chart: &Chart) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_chart(chart, &mut bytes);
    bytes
}

fn write_chart(chart: &Chart, out: &mut Vec<u8>) {
    let mut part = |name: &[u8], data: &[u8]| {
        for piece in [name, data] {
            out.extend_from_slice(&piece.len().to_le_bytes());
            out.extend_from_slice(piece);
        }
    };
    let metadata = &chart.metadata;
    part(metadata.name.as_bytes(), metadata.version.as_bytes());
    part(b"", format!("{metadata:?}").as_bytes());
    if let Some(values) = &chart.values_source {
        part(b"values.yaml", values.bytes());
    }
    let files = chart.templates.iter().chain(&chart.files);
    for file in files.chain(&chart.schema) {
        part(file.name.as_bytes(), &file.data);
    }
    for dependency in &chart.dependencies {
        write_chart(dependency, out);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn digests_tell_changes_and_nothing_else() {
        let key = Key {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "ConfigMap".to_owned(),
            namespace: "shop".to_owned(),
            name: "a".to_owned(),
        };
        let salt = Salt("salt");
        let sight = |value: Value| salt.sight(&key, &value).expect("a digest");
        let map = |a: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": a, "b": [1, {"name": "x", "y": {}}]}});
        assert_eq!(sight(map("1")).digest, sight(map("1")).digest);
        let (one, two) = (sight(map("1")), sight(map("2")));
        assert_ne!(one.digest, two.digest);
        let paths: Vec<_> = one.fields.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "apiVersion",
                "data.a",
                "data.b[0]",
                "data.b[name=x].name",
                "data.b[name=x].y",
                "kind"
            ]
        );
        let differ = one
            .fields
            .iter()
            .filter(|(path, digest)| two.fields[*path] != **digest);
        assert_eq!(differ.count(), 1);
        assert_ne!(
            one.digest,
            Salt("other")
                .sight(&key, &map("1"))
                .expect("a digest")
                .digest
        );
        let secret = sight(json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ=="}}));
        assert!(secret.digest.starts_with("scrypt:"), "{secret:?}");
        assert!(secret.fields.is_empty());
    }
}
