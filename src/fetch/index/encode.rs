use super::{Index, Version};
use crate::diag::{Error, Kind};
use crate::go::time::{self, Zone};
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

const OLD: [&str; 4] = ["checksum", "engine", "tillerVersion", "url"];

impl Index {
    /// The text of an `index.yaml`.
    pub(super) fn to_yaml(&self) -> Result<Vec<u8>, Error> {
        let mut map = FrozenMap::new();
        let mut put = |key: &str, value: Frozen| map.insert(Text::from(key), value);
        if let Some(info) = &self.server_info {
            put("serverInfo", info.clone());
        }
        put("apiVersion", Frozen::string(&*self.api_version));
        put("generated", Frozen::string(moment(&self.generated)));
        let entries: FrozenMap = self
            .entries
            .iter()
            .map(|(name, versions)| {
                let versions: Vec<Frozen> = versions.iter().map(Version::to_frozen).collect();
                (Text::from(&**name), Frozen::List(versions.into()))
            })
            .collect();
        put("entries", Frozen::Map(entries.into()));
        if !self.public_keys.is_empty() {
            put("publicKeys", strings(&self.public_keys));
        }
        if let Some(annotations) = self.annotations.as_ref().filter(|map| !map.is_empty()) {
            let map: FrozenMap = annotations
                .iter()
                .map(|(key, text)| (Text::from(&**key), Frozen::string(text.as_str())))
                .collect();
            put("annotations", Frozen::Map(map.into()));
        }
        yaml::encode_frozen(&Frozen::Map(map.into()))
            .map_err(|error| Error::new(Kind::Chart, error))
    }
}

impl Version {
    fn to_frozen(&self) -> Frozen {
        let mut map = self.metadata.to_frozen();
        let mut put = |key: &str, value: Frozen| map.insert(Text::from(key), value);
        put("urls", strings(&self.urls));
        put("created", Frozen::string(moment(&self.created)));
        if self.removed {
            put("removed", Frozen::Bool(true));
        }
        if !self.digest.is_empty() {
            put("digest", Frozen::string(&*self.digest));
        }
        for (key, text) in self.old_fields() {
            put(key, Frozen::string(text));
        }
        Frozen::Map(map.into())
    }

    /// Fields of older versions that hold something.
    pub(super) fn old_fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        OLD.into_iter()
            .zip(self.old.iter().map(String::as_str))
            .filter(|(_, text)| !text.is_empty())
    }
}

fn strings(items: &[String]) -> Frozen {
    if items.is_empty() {
        return Frozen::Null;
    }
    let items: Vec<Frozen> = items
        .iter()
        .map(|item| Frozen::string(item.as_str()))
        .collect();
    Frozen::List(items.into())
}

/// A moment as `time.Time` is written.
pub(super) fn moment(text: &str) -> String {
    if text.is_empty() {
        return "0001-01-01T00:00:00Z".to_owned();
    }
    match time::parse(b"2006-01-02T15:04:05Z07:00", text.as_bytes(), &Zone::Utc) {
        Ok(time) => {
            let bytes = time.format(b"2006-01-02T15:04:05.999999999Z07:00");
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Err(_) => text.to_owned(),
    }
}
