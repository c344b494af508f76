//! The data of Secrets, hidden so that a change is still seen.

use serde_json::Value;

use crate::diag::Mask;
use crate::go::base64;

/// What becomes of the data of Secrets.
#[derive(Clone, Debug)]
pub enum Secrets {
    /// A hash with a key stands for each value: equal values have equal ones, within one run.
    Masked(Mask),
    /// They are shown, decoded where they are text.
    Shown,
}

/// Whether an object is a Secret of Kubernetes.
pub fn is_secret(object: &Value) -> bool {
    object["kind"] == "Secret" && object["apiVersion"] == "v1"
}

/// A text without what a Secret holds, encoded or not; other objects have nothing to hide.
pub fn redact(message: &str, object: &Value, mask: &Mask) -> String {
    let mut message = message.to_owned();
    if !is_secret(object) {
        return message;
    }
    let members = ["data", "stringData"].map(|name| object[name].as_object());
    let values = members.into_iter().flatten().flat_map(|data| data.values());
    let mut hidden: Vec<(String, String)> = Vec::new();
    for value in values {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let decoded = base64::decode(text.as_bytes()).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let shown = mask.of(decoded.as_ref().unwrap_or(&text).as_bytes());
        hidden.extend(decoded.map(|text| (text, shown.clone())));
        hidden.push((text, shown));
    }
    // Long ones first: a part of one may be another.
    hidden.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    for (text, shown) in hidden.iter().filter(|(text, _)| !text.is_empty()) {
        message = message.replace(text.as_str(), shown);
    }
    message
}

impl Secrets {
    /// Masks, or decodes, the data of a Secret; other objects stay as they are.
    pub fn treat(&self, object: &mut Value) {
        super::noise::settle(object);
        if !is_secret(object) {
            return;
        }
        match object.get_mut("data") {
            Some(Value::Object(data)) => {
                for value in data.values_mut() {
                    *value = self.one(value);
                }
            }
            None | Some(Value::Null) => {}
            Some(other) => *other = self.one(other),
        }
    }

    fn one(&self, value: &Value) -> Value {
        let encoded = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let bytes = base64::decode(encoded.as_bytes());
        match (self, bytes) {
            (Secrets::Masked(mask), Ok(bytes)) => mask.of(&bytes).into(),
            (Secrets::Masked(mask), Err(_)) => mask.of(encoded.as_bytes()).into(),
            (Secrets::Shown, bytes) => {
                let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
                text.unwrap_or(encoded).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_have_equal_masks_and_nothing_is_told() {
        let secrets = Secrets::Masked(Mask::new([7; 32]));
        let mut object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "data": {"a": "aHVudGVy", "b": "aHVudGVy\n", "c": "!broken!", "n": 5},
            "stringData": {"d": "hunter", "e": "other"},
        });
        secrets.treat(&mut object);
        let data = &object["data"];
        assert_eq!(data["a"], data["b"]);
        assert_eq!(data["a"], data["d"]);
        assert_ne!(data["a"], data["e"]);
        assert!(object.get("stringData").is_none());
        let text = object.to_string();
        for word in ["hunter", "aHVudGVy", "broken", "other"] {
            assert!(!text.contains(word), "{text}");
        }
        let other_run = Secrets::Masked(Mask::new([8; 32]));
        let mut again = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVy"}});
        other_run.treat(&mut again);
        assert_ne!(again["data"]["a"], data["a"]);
    }

    #[test]
    fn messages_quote_no_secrets() {
        let object = json!({
            "apiVersion": "v1", "kind": "Secret",
            "data": {"a": "aHVudGVy", "n": 424_242, "e": ""}, "stringData": {"b": "hunter-two"},
        });
        let mask = Mask::new([7; 32]);
        let [hunter, two, number] =
            [&b"hunter"[..], b"hunter-two", b"424242"].map(|secret| mask.of(secret));
        assert_eq!(
            redact(
                "aHVudGVy, hunter-two, hunter and 424242: no",
                &object,
                &mask
            ),
            format!("{hunter}, {two}, {hunter} and {number}: no")
        );
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(redact("a b", &map, &mask), "a b");
    }

    #[test]
    fn what_is_shown_is_decoded_and_other_kinds_stay() {
        let mut object =
            json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "aHVudGVy", "b": "/w=="}});
        Secrets::Shown.treat(&mut object);
        assert_eq!(object["data"], json!({"a": "hunter", "b": "/w=="}));
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        let mut same = map.clone();
        Secrets::Masked(Mask::new([1; 32])).treat(&mut same);
        assert_eq!(map, same);
    }
}
