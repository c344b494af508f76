//! What Secrets hold, told by its length.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::manifest::Object;
use crate::value::{Frozen, Text};
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
type Held = BTreeMap<String, Vec<u8>>;

/// Rewrites both sides of a Secret as it is to be shown.
pub(super) fn cover(secrets: Secrets, old: Option<&mut Object>, new: Option<&mut Object>) {
    let is_secret = |object: &Object| object.kind == "Secret" && object.api == "v1";
    let all = [old.as_deref(), new.as_deref()];
    if secrets == Secrets::Shown || !all.into_iter().flatten().all(is_secret) {
        return;
    }
    let held = all.map(|object| object.map(|object| held(&object.text)).unwrap_or_default());
    let [old_held, new_held] = &held;
    for (object, own, other, word) in [
        (old, old_held, new_held, "--------"),
        (new, new_held, old_held, "++++++++"),
    ] {
        let Some(object) = object else { continue };
        let shown = own.iter().map(|(key, value)| {
            let text = match secrets {
                Secrets::Decoded => String::from_utf8_lossy(value).into_owned(),
                _ => {
                    let word = match other.get(key) == Some(value) {
                        true => "REDACTED",
                        false => word,
                    };
                    format!("{word} # ({} bytes)", value.len())
                }
            };
            (Text::from(key.as_str()), Frozen::string(text.as_str()))
        });
        object.text = match rewritten(&object.text, shown.collect()) {
            Ok(text) => text,
            // Nothing of what is in it is shown.
            Err(error) => format!("Error parsing secret: {error}"),
        };
    }
}

fn held(text: &str) -> Held {
    let Ok(value) = yaml::to_frozen(text.as_bytes()) else {
        return Held::new();
    };
    let entries = |key: &str| {
        let map = value.get(key).and_then(Frozen::as_map);
        let entries = map.into_iter().flatten().map(|(key, value)| {
            let text = value.as_text().map(|text| text.as_bytes().to_vec());
            let key = key.to_str_lossy().into_owned();
            (key, text.unwrap_or_default())
        });
        entries.collect::<Vec<_>>()
    };
    let mut all = Held::new();
    for (key, text) in entries("data") {
        let text: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\n').collect();
        let decoded = STANDARD.decode(&text).unwrap_or(text);
        all.insert(key, decoded);
    }
    all.extend(entries("stringData"));
    all
}

/// A Secret with other data, behind the comment that says where it is from.
fn rewritten(text: &str, data: BTreeMap<Text, Frozen>) -> Result<String, String> {
    let value = yaml::to_frozen(text.as_bytes()).map_err(|error| {
        error
            .message()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    })?;
    let mut map = value.as_map().cloned().unwrap_or_default();
    map.remove(&b"stringData"[..]);
    match data.is_empty() {
        true => map.remove(&b"data"[..]),
        false => map.insert(Text::from("data"), Frozen::Map(data.into())),
    };
    let body = yaml::encode_frozen(&Frozen::Map(map.into()))?;
    let comment = match text.split_once('\n') {
        Some((first, _)) if first.starts_with('#') => format!("{first}\n"),
        _ => String::new(),
    };
    Ok(comment + &String::from_utf8_lossy(&body))
}
