//! Records without secrets: who keeps the files has them in their Secrets already, and the history need
//! not hold every one that ever was.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::backend::object::{from_frozen, to_frozen};
use crate::chart::Chart;
use crate::diag::{Error, Kind};
use crate::release::Release;
use crate::render::manifest;
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// What stands for a secret in records: always the same, for nothing of it is to be guessed.
pub const NOT_RECORDED: &str = "(secret not recorded)";

/// A text with words in place of the secrets in it; nothing where there is none in it.
type Find = dyn Fn(&[u8], &str) -> Option<Vec<u8>> + Send + Sync;

/// Knows which texts are secrets. `Default` knows none.
#[derive(Clone, Default)]
pub struct Hidden(Option<Arc<Find>>);

impl Hidden {
    /// What `find` finds is hidden: it puts words in place of every secret in a text, and answers nothing
    /// where there is none.
    pub fn new(find: impl Fn(&[u8], &str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Hidden {
        Hidden(Some(Arc::new(find)))
    }

    fn find(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.0.as_ref()?(text, NOT_RECORDED)
    }

    /// A release as it is recorded; nothing where it has no secrets.
    pub(super) fn recorded(&self, release: &Release) -> Option<Release> {
        self.0.as_ref()?;
        let mut kept = release.clone();
        self.hide(&mut kept.manifest, |text| self.manifest(text));
        for hook in &mut kept.hooks {
            self.hide(&mut hook.manifest, |text| self.manifest(text));
        }
        self.hide(&mut kept.info.notes, |text| self.find(text));
        if let Some(text) = self.find(kept.info.description.as_bytes()) {
            kept.info.description = String::from_utf8_lossy(&text).into_owned();
        }
        self.map(&mut kept.config);
        self.chart(&mut kept.chart);
        Some(kept)
    }

    fn hide(&self, text: &mut Vec<u8>, find: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        if let Some(found) = find(text) {
            *text = found;
        }
    }

    /// Documents keep what names them: a word that is a secret may be a part of it.
    fn manifest(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.find(text)?;
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for range in manifest::split(text) {
            out.extend_from_slice(&text[done..range.start]);
            let document = &text[range.clone()];
            match self.document(document) {
                Some(hidden) => out.extend_from_slice(&hidden),
                None => out.extend_from_slice(document),
            }
            done = range.end;
        }
        out.extend_from_slice(&text[done..]);
        Some(out)
    }

    fn document(&self, text: &[u8]) -> Option<Vec<u8>> {
        let hidden = self.find(text)?;
        let Ok(before) = yaml::to_object(text) else {
            return Some(hidden);
        };
        let before = from_frozen(&before);
        let after = yaml::to_object(&hidden)
            .ok()
            .map(|after| from_frozen(&after));
        if after.is_some_and(|after| heads(&after) == heads(&before)) {
            return Some(hidden);
        }
        let mut object = before.clone();
        self.value(&mut object);
        restore(&mut object, &before);
        let mut out: Vec<u8> = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !line.starts_with(b"#") {
                break;
            }
            out.extend_from_slice(line);
        }
        out.extend(yaml::encode_frozen(&to_frozen(&object)).ok()?);
        Some(out)
    }

    fn value(&self, value: &mut Value) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
            Value::String(text) => {
                if let Some(found) = self.find(text.as_bytes()) {
                    *text = String::from_utf8_lossy(&found).into_owned();
                }
            }
            Value::Number(number) => {
                // Numbers of values are floats, and stand in files without a point.
                let text = match number
                    .as_f64()
                    .filter(|n| number.is_f64() && n.fract() == 0.0)
                {
                    Some(whole) => format!("{whole:.0}"),
                    None => number.to_string(),
                };
                if let Some(found) = self.find(text.as_bytes()) {
                    *value = String::from_utf8_lossy(&found).into();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(map) => map.values_mut().for_each(|value| self.value(value)),
            Value::Null | Value::Bool(_) => {}
        });
    }

    fn map(&self, map: &mut FrozenMap) {
        if map.is_empty() {
            return;
        }
        let mut value = from_frozen(&Frozen::Map(Arc::new(map.clone())));
        let before = value.clone();
        self.value(&mut value);
        if value != before
            && let Some(hidden) = to_frozen(&value).as_map()
        {
            map.clone_from(hidden);
        }
    }

    fn chart(&self, chart: &mut Chart) {
        let files = chart.templates.iter_mut().chain(&mut chart.files);
        for file in files {
            if let Some(found) = self.find(&file.data) {
                file.data = Text::from(found);
            }
        }
        self.map(Arc::make_mut(&mut chart.values));
        chart
            .dependencies
            .iter_mut()
            .for_each(|chart| self.chart(chart));
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// What names an object.
fn heads(object: &Value) -> [&Value; 4] {
    [
        &object["apiVersion"],
        &object["kind"],
        &object["metadata"]["name"],
        &object["metadata"]["namespace"],
    ]
}

/// Gives an object its name back.
fn restore(object: &mut Value, before: &Value) {
    for key in ["apiVersion", "kind"] {
        if let (Some(place), Some(was)) = (object.get_mut(key), before.get(key)) {
            *place = was.clone();
        }
    }
    for key in ["name", "namespace"] {
        let was = before
            .get("metadata")
            .and_then(|metadata| metadata.get(key));
        let place = object
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut(key));
        if let (Some(place), Some(was)) = (place, was) {
            *place = was.clone();
        }
    }
}

/// Refuses to bring what came from a record that lacks its secrets.
///
/// # Errors
/// Where it does.
pub(super) fn check(release: &Release) -> Result<(), Error> {
    match memchr::memmem::find(&release.manifest, NOT_RECORDED.as_bytes()) {
        None => Ok(()),
        Some(_) => Err(Error::new(
            Kind::Record,
            format!(
                "release {:?} has secrets, and the history of a folder does not hold them",
                release.name
            ),
        )
        .with_hint(
            "Nothing was changed. What was recorded lacks them, so that it cannot come back by itself: `pintle sync` with the state files as they were then brings it.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hides these words.
    fn hidden(words: &'static [&'static str]) -> Hidden {
        Hidden::new(move |text, instead| {
            let text = String::from_utf8_lossy(text).into_owned();
            let hidden = words
                .iter()
                .fold(text.clone(), |text, word| text.replace(word, instead));
            (hidden != text).then(|| hidden.into_bytes())
        })
    }

    const MANIFEST: &str = "---\n# Source: a/b.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: orders\nstringData:\n  user: orders\n  url: \"x://orders:pa55word@y\"\n---\n# Source: a/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata: {a: pa55word, n: 5}\n---\nkind: Other\n";

    #[test]
    fn documents_lose_secrets_and_keep_their_names() {
        let found = hidden(&["pa55word"]).manifest(MANIFEST.as_bytes());
        let found = String::from_utf8(found.expect("secrets")).expect("UTF-8");
        assert_eq!(found, MANIFEST.replace("pa55word", NOT_RECORDED));

        let found = hidden(&["orders", "pa55word"]).manifest(MANIFEST.as_bytes());
        let found = String::from_utf8(found.expect("secrets")).expect("UTF-8");
        assert!(
            found.starts_with("---\n# Source: a/b.yaml\napiVersion: v1\n"),
            "{found}"
        );
        assert!(found.contains("\n  name: orders\n"), "{found}");
        assert_eq!(found.matches("orders").count(), 1, "{found}");
        assert_eq!(found.matches(NOT_RECORDED).count(), 4, "{found}");
        assert!(found.ends_with("---\nkind: Other\n"), "{found}");
        assert_eq!(hidden(&["none"]).manifest(MANIFEST.as_bytes()), None);
    }

    #[test]
    fn values_lose_secrets_whatever_type_they_have() {
        let mut map = FrozenMap::new();
        map.insert(
            "a".into(),
            Frozen::List(Arc::new(vec![Frozen::Float(123_456.0)])),
        );
        map.insert("b".into(), Frozen::Bool(true));
        hidden(&["123456"]).map(&mut map);
        assert_eq!(
            map["a".as_bytes()],
            Frozen::List(Arc::new(vec![Frozen::string(NOT_RECORDED)]))
        );
        assert_eq!(map["b".as_bytes()], Frozen::Bool(true));
        assert_eq!(format!("{:?}", Hidden::default()), "Hidden");
    }
}
