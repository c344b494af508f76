//! `configMapGenerator` and `secretGenerator` (`api/internal/generators`, `api/kv`, `api/hasher`, 0.20.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::folder::Folder;
use super::part::Part;
use super::resource::{Behavior, Resource, frozen};
use crate::diag::Error;
use crate::go::json;

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    ConfigMap,
    Secret,
}

/// `generatorOptions`, and `options` of one generator.
#[derive(Clone, Debug, Default)]
struct Settings {
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    has_no_hash: bool,
    is_immutable: bool,
}

impl Settings {
    fn read(part: Option<Part<'_>>) -> Result<Settings, Error> {
        let Some(part) = part else {
            return Ok(Settings::default());
        };
        part.check(&[
            "labels",
            "annotations",
            "disableNameSuffixHash",
            "immutable",
        ])?;
        Ok(Settings {
            labels: part.pairs("labels")?,
            annotations: part.pairs("annotations")?,
            has_no_hash: part.flag("disableNameSuffixHash")?,
            is_immutable: part.flag("immutable")?,
        })
    }

    /// Adds those of all generators, under those of one.
    fn over(mut self, all: Settings) -> Settings {
        for (own, all) in [
            (&mut self.labels, all.labels),
            (&mut self.annotations, all.annotations),
        ] {
            for (key, value) in all {
                if !own.iter().any(|(known, _)| *known == key) {
                    own.push((key, value));
                }
            }
        }
        self.has_no_hash |= all.has_no_hash;
        self.is_immutable |= all.is_immutable;
        self
    }
}

/// Makes the object that a generator describes; `all` are the options of all generators.
///
/// # Errors
/// Files that cannot be read, keys that no object can have, or that are there twice.
pub(super) fn generate(
    part: &Part<'_>,
    what: Generated,
    all: Option<Part<'_>>,
    folder: &Folder<'_>,
) -> Result<Resource, Error> {
    let mut known = vec![
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "behavior",
        "literals",
        "files",
        "envs",
        "env",
        "options",
    ];
    if what == Generated::Secret {
        known.push("type");
    }
    part.check(&known)?;
    let settings = Settings::read(part.get("options"))?.over(Settings::read(all)?);
    let metadata = part.get("metadata");
    let own = |name: &str| -> Result<String, Error> {
        match (part.text(name)?, &metadata) {
            (text, Some(metadata)) if text.is_empty() => metadata.text(name),
            (text, _) => Ok(text),
        }
    };
    let (name, namespace) = (own("name")?, own("namespace")?);
    if name.is_empty() {
        return Err(part.fail("a generator has to have a name"));
    }
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), Value::from(name.as_str()));
    if !namespace.is_empty() {
        metadata.insert("namespace".to_owned(), Value::from(namespace));
    }
    for (field, pairs) in [
        ("labels", &settings.labels),
        ("annotations", &settings.annotations),
    ] {
        if !pairs.is_empty() {
            let map = pairs
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())));
            metadata.insert(field.to_owned(), Value::Object(map.collect()));
        }
    }
    let kind = match what {
        Generated::ConfigMap => "ConfigMap",
        Generated::Secret => "Secret",
    };
    let mut value = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
    if what == Generated::Secret {
        value["type"] = match part.text("type")? {
            text if text.is_empty() => Value::from("Opaque"),
            text => Value::from(text),
        };
    }
    let (mut data, mut binary) = (Map::new(), Map::new());
    for (key, bytes) in pairs(part, folder)? {
        check_key(part, &key)?;
        if data.contains_key(&key) || binary.contains_key(&key) {
            return Err(part.fail(format!(
                "configmap {name} illegally repeats the key `{key}`"
            )));
        }
        match (what, String::from_utf8(bytes)) {
            (Generated::Secret, text) => {
                let bytes =
                    text.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                data.insert(key, Value::from(wrapped(&bytes)));
            }
            (Generated::ConfigMap, Ok(text)) => {
                data.insert(key, Value::from(text));
            }
            (Generated::ConfigMap, Err(bytes)) => {
                binary.insert(key, Value::from(wrapped(&bytes.into_bytes())));
            }
        }
    }
    for (field, map) in [("data", data), ("binaryData", binary)] {
        // A Secret always has data, be it none.
        if !map.is_empty() || (what == Generated::Secret && field == "data") {
            value[field] = Value::Object(map);
        }
    }
    if settings.is_immutable {
        value["immutable"] = Value::Bool(true);
    }
    let behavior = match part.text("behavior")?.as_str() {
        "merge" => Behavior::Merge,
        "replace" => Behavior::Replace,
        _ => Behavior::Create,
    };
    let mut resource = Resource::new(value);
    resource.behavior = behavior;
    resource.needs_hash = !settings.has_no_hash;
    Ok(resource)
}

/// Base64 in lines of 70, as kustomize wraps what is longer.
fn wrapped(bytes: &[u8]) -> String {
    const WIDTH: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() <= WIDTH {
        return text;
    }
    let mut lines = String::new();
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % WIDTH == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    lines.push('\n');
    lines
}

/// Keys and contents: of files with variables, of literals, of files.
fn pairs(part: &Part<'_>, folder: &Folder<'_>) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut found = Vec::new();
    let mut files = part.items("envs")?;
    files.extend(part.get("env"));
    for item in files {
        let text = folder
            .read(&item.as_text()?)
            .map_err(|why| item.fail(why))?;
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = match at {
                0 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
                _ => line,
            };
            let Ok(line) = std::str::from_utf8(line) else {
                return Err(item.fail(format!("line {} is no UTF-8", at + 1)));
            };
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            found.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    for item in part.items("literals")? {
        let text = item.as_text()?;
        let (key, value) = match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => (key, value),
            _ => {
                return Err(item.fail(format!("invalid literal source {text}, expected key=value")));
            }
        };
        let quoted = value.len() >= 2
            && ['"', '\'']
                .iter()
                .any(|quote| value.starts_with(*quote) && value.ends_with(*quote));
        let value = match quoted {
            true => &value[1..value.len() - 1],
            false => value,
        };
        found.push((key.to_owned(), value.as_bytes().to_vec()));
    }
    for item in part.items("files")? {
        let text = item.as_text()?;
        let (key, path) = match text.split_once('=') {
            None => (text.rsplit('/').next().unwrap_or_default(), text.as_str()),
            Some((_, path)) if path.contains('=') => {
                return Err(item.fail(format!(
                    "source {text:?} key name or file path contains '='"
                )));
            }
            Some(("", path)) => {
                return Err(item.fail(format!(
                    "missing key name for file path {path:?} in source {text:?}"
                )));
            }
            Some((key, "")) => {
                return Err(item.fail(format!(
                    "missing file path for key name {key:?} in source {text:?}"
                )));
            }
            Some((key, path)) => (key, path),
        };
        let bytes = folder.read(path).map_err(|why| item.fail(why))?;
        found.push((key.to_owned(), bytes));
    }
    Ok(found)
}

fn check_key(part: &Part<'_>, key: &str) -> Result<(), Error> {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if !key.is_empty()
        && key.len() <= 253
        && key.chars().all(inner)
        && key != "."
        && !key.starts_with("..")
    {
        return Ok(());
    }
    Err(part.fail(format!(
        "{key:?} is not a valid key name: a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    )))
}

/// The hash of what is in an object, as its name ends with it. kustomize means to hash the name as
/// well, and looks for it where it never is.
///
/// # Errors
/// What JSON cannot hold.
pub(super) fn hash(value: &Value) -> Result<String, String> {
    let field = |name: &str| value.get(name).cloned().unwrap_or_else(|| Value::from(""));
    let kind = value
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let hashed = match kind {
        "ConfigMap" | "Secret" => {
            let mut hashed = json!({"kind": kind, "name": "", "data": field("data")});
            let (more, has_type) = match kind {
                "Secret" => ("stringData", true),
                _ => ("binaryData", false),
            };
            if has_type {
                hashed["type"] = field("type");
            }
            if let Some(Value::Object(more_data)) = value.get(more) {
                hashed[more] = Value::Object(more_data.clone());
            }
            hashed
        }
        _ => value.clone(),
    };
    let mut text = Vec::new();
    json::encode_frozen(&frozen(&hashed), &mut text, json::Options::default())?;
    let digest = Sha256::digest(&text);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let letters = hex.chars().take(10).map(|letter| match letter {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    });
    Ok(letters.collect())
}
