//! What Secrets hold, told by its length.

use std::collections::BTreeMap;

use super::manifest::Object;
use crate::go::base64;
use crate::go::strconv::format_float;
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// How Secrets are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// How long what they hold is, and whether it differs.
    #[default]
    Masked,
    /// As they are.
    Shown,
    /// With what they hold decoded.
    Decoded,
}

/// What a Secret holds, by its keys.
type Held = BTreeMap<Text, Vec<u8>>;

/// A Secret, read as Kubernetes' own type has it.
struct Secret {
    fields: FrozenMap,
    held: Held,
}

/// What Kubernetes' type knows besides what a Secret holds; all else is not shown.
const FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "immutable", "type"];

/// What it knows of metadata.
const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Rewrites both sides of a Secret as it is to be shown.
pub(super) fn cover(secrets: Secrets, old: Option<&mut Object>, new: Option<&mut Object>) {
    let all = [old.as_deref(), new.as_deref()];
    let are_secrets = all
        .into_iter()
        .flatten()
        .all(|object| object.kind == "Secret");
    if secrets == Secrets::Shown || !are_secrets {
        return;
    }
    let [old_read, new_read] = all.map(|object| object.map(|object| read(&object.text)));
    let none = Held::new();
    let held = |read: &Option<Result<Secret, String>>| match read {
        Some(Ok(secret)) => secret.held.clone(),
        _ => none.clone(),
    };
    let (old_held, new_held) = (held(&old_read), held(&new_read));
    for (object, read, other, side) in [
        (old, old_read, &new_held, "old"),
        (new, new_read, &old_held, "new"),
    ] {
        let (Some(object), Some(read)) = (object, read) else {
            continue;
        };
        let shown = read.and_then(|secret| secret.shown(secrets, other, side));
        object.text = match shown {
            Ok(body) => comment(&object.text) + &body,
            // Nothing of what is in it is shown.
            Err(error) => format!("Error parsing {side} secret: {error}"),
        };
    }
}

/// The line that says where a text is from.
fn comment(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, _)) if first.starts_with('#') => format!("{first}\n"),
        _ => String::new(),
    }
}

/// # Errors
/// Go's words for what is no Secret.
fn read(text: &str) -> Result<Secret, String> {
    // The last of its texts ends with its line.
    let value = yaml::to_object(format!("{text}\n").as_bytes())
        .map_err(|error| error.message().to_owned())?;
    let all = value.as_map().cloned().unwrap_or_default();
    let mut held = Held::new();
    let mut fault = None;
    let mut wrong = |found: &Frozen, kind: &str| {
        let error = format!(
            "json: cannot unmarshal {} into Go struct field Secret.data of type {kind}",
            found.json_kind()
        );
        fault.get_or_insert(error);
    };
    match all.get(&b"data"[..]) {
        None | Some(Frozen::Null) => {}
        Some(Frozen::Map(data)) => {
            let mut corrupt = Vec::new();
            for (key, value) in data.iter() {
                let bytes = match value {
                    Frozen::Null => Vec::new(),
                    Frozen::List(list) if list.iter().all(is_byte) => {
                        list.iter().filter_map(byte).collect()
                    }
                    Frozen::String(text) => match base64::decode(text.as_bytes()) {
                        Ok(bytes) => bytes,
                        Err(error) => {
                            corrupt.push(error.to_string());
                            continue;
                        }
                    },
                    other => {
                        wrong(other, "[]uint8");
                        continue;
                    }
                };
                held.insert(key.clone(), bytes);
            }
            if let Some(error) = corrupt.into_iter().next() {
                fault.get_or_insert(error);
            }
        }
        Some(other) => wrong(other, "map[string][]uint8"),
    }
    if let Some(fault) = fault {
        return Err(format!(
            "error unmarshaling JSON: while decoding JSON: {fault}"
        ));
    }
    let texts = all.get(&b"stringData"[..]).and_then(Frozen::as_map);
    for (key, value) in texts.into_iter().flatten() {
        held.insert(key.clone(), written(value).as_bytes().to_vec());
    }
    let mut fields = known(&all, &FIELDS);
    if let Some(Frozen::Map(metadata)) = fields.get(&b"metadata"[..]) {
        let mut metadata = known(metadata, &METADATA);
        for key in ["annotations", "labels"] {
            if let Some(Frozen::Map(map)) = metadata.get_mut(key.as_bytes()) {
                let texts = map
                    .iter()
                    .map(|(key, value)| (key.clone(), Frozen::String(written(value))));
                let texts: FrozenMap = texts.collect();
                *map = texts.into();
            }
        }
        fields.insert(Text::from("metadata"), Frozen::Map(metadata.into()));
    }
    Ok(Secret { fields, held })
}

/// Go takes bytes from a list of numbers, too.
fn byte(value: &Frozen) -> Option<u8> {
    match value {
        Frozen::Int(value) => u8::try_from(*value).ok(),
        _ => None,
    }
}

fn is_byte(value: &Frozen) -> bool {
    byte(value).is_some()
}

/// The fields of a map that a type knows, and that are not empty.
fn known(map: &FrozenMap, names: &[&str]) -> FrozenMap {
    let is_empty = |value: &Frozen| match value {
        Frozen::Null => true,
        Frozen::String(text) => text.as_bytes().is_empty(),
        Frozen::List(list) => list.is_empty(),
        Frozen::Map(map) => map.is_empty(),
        _ => false,
    };
    let fields = names.iter().filter_map(|name| {
        let value = map.get(name.as_bytes())?;
        (!is_empty(value)).then(|| (Text::from(*name), value.clone()))
    });
    fields.collect()
}

/// A scalar where a text is wanted.
fn written(value: &Frozen) -> Text {
    match value {
        Frozen::String(text) => text.clone(),
        Frozen::Bool(value) => Text::from(value.to_string().as_str()),
        Frozen::Int(value) => Text::from(value.to_string().as_str()),
        Frozen::Float(value) => Text::from(format_float(*value, b'g', None, 64).as_str()),
        _ => Text::default(),
    }
}

impl Secret {
    /// It is written with texts in place of what it holds.
    fn shown(mut self, secrets: Secrets, other: &Held, side: &str) -> Result<String, String> {
        let word = match side {
            "old" => "--------",
            _ => "++++++++",
        };
        let shown = self.held.iter().map(|(key, value)| {
            let value = match secrets {
                Secrets::Decoded => Frozen::string(Text::from(value.as_slice())),
                _ => {
                    let is_same = other.get(key).map_or(&[][..], Vec::as_slice) == value;
                    let word = if is_same { "REDACTED" } else { word };
                    Frozen::string(format!("{word} # ({} bytes)", value.len()))
                }
            };
            (key.clone(), value)
        });
        let shown: FrozenMap = shown.collect();
        if !shown.is_empty() {
            let key = Text::from("stringData");
            self.fields.insert(key, Frozen::Map(shown.into()));
        }
        let body = yaml::encode_frozen(&Frozen::Map(self.fields.into()))?;
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(match secrets {
            Secrets::Decoded => body,
            // They stand where texts do, below the name of what is encoded.
            _ => body.replacen("stringData", "data", 1),
        })
    }
}
