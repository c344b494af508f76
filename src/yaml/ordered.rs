//! Documents whose keys stay in their order, as `yaml.MapSlice` of go.yaml.in/yaml/v2 keeps them.

use super::Error;
use super::emit::{Emitter, Place};
use super::encode::write_in_order;
use super::raw::{self, Raw};
use super::resolve::Dialect;
use super::tree::Tree;

/// The items of the list below `key` in the map that `text` is, each as a document of its own with its
/// keys in their order; none where there is no such list.
///
/// # Errors
/// Go's text for what is not YAML, and for items that are no maps.
pub fn items_in_order(text: &[u8], key: &str) -> Result<Vec<Vec<u8>>, Error> {
    let decoded = raw::decode(&Tree::of(text)?, false)?;
    let Raw::Map(pairs) = decoded.value else {
        return Ok(Vec::new());
    };
    let is_it =
        |found: &Raw| matches!(found, Raw::String(text) if text.as_bytes() == key.as_bytes());
    let list = pairs.into_iter().find(|(found, _)| is_it(found));
    let Some((_, Raw::List(items))) = list else {
        return Ok(Vec::new());
    };
    let written = items.iter().map(|item| match item {
        Raw::Map(_) => {
            let mut emitter = Emitter::new(Dialect::V2);
            write_in_order(&mut emitter, item, Place::Root);
            Ok(emitter.finish())
        }
        _ => Err(Error::new(
            "yaml: unmarshal errors: an item of a list is no map",
        )),
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_their_order() {
        let text = "items:\n- z: 1\n  \"y\": {b: [1, {d: 010, c: x}], a: ''}\n- {q: |\n    t}\n";
        let items = items_in_order(text.as_bytes(), "items");
        assert!(items.is_err(), "no YAML");
        let text =
            "items:\n- z: 1\n  \"y\": {b: [1, {d: 010, c: x}], a: ''}\n- q: |\n    t\n    u\n";
        let items = items_in_order(text.as_bytes(), "items").expect("a list");
        let items: Vec<_> = items
            .iter()
            .map(|item| String::from_utf8_lossy(item))
            .collect();
        assert_eq!(
            items,
            [
                "z: 1\n\"y\":\n  b:\n  - 1\n  - d: 8\n    c: x\n  a: \"\"\n",
                "q: |\n  t\n  u\n"
            ]
        );
        for (text, key) in [("items: {}", "items"), ("a: []", "items"), ("- a", "items")] {
            let found = items_in_order(text.as_bytes(), key);
            assert!(matches!(found, Ok(items) if items.is_empty()), "{text}");
        }
        assert!(items_in_order(b"items: [a]", "items").is_err());
    }
}
