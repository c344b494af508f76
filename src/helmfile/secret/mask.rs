//! What was resolved as a secret, and how it is kept out of what is shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use regex_automata::meta;
use regex_syntax::hir::Hir;

use super::super::data::{self, Data};
use crate::diag::Mask;
use crate::go::base64;

/// The secrets of a run. Clones are the same.
///
/// [`Registry::mask`] puts a keyed hash in place of each: equal secrets have equal ones within a run,
/// so that a change is still seen. A secret is found as it is, line by line, in base64, and as a
/// string of JSON or YAML.
#[derive(Clone)]
pub struct Registry(Arc<Mutex<Known>>);

struct Known {
    key: Mask,
    /// What is looked for, and what stands for it.
    texts: BTreeMap<Vec<u8>, String>,
    /// Finds them; nothing where texts came since.
    finder: Option<Arc<Finder>>,
}

struct Finder {
    /// Fits the longest of the texts.
    pattern: meta::Regex,
    masks: BTreeMap<Vec<u8>, String>,
}

/// Shorter texts stand everywhere.
const SHORTEST: usize = 4;

/// Numbers of fewer digits are ports, counts and the like.
const DIGITS: usize = 6;

/// Words that say nothing.
const WORDS: [&str; 12] = [
    "true",
    "false",
    "null",
    "none",
    "default",
    "admin",
    "root",
    "user",
    "test",
    "https",
    "http",
    "localhost",
];

impl Registry {
    /// No secrets yet; masks follow from `key`.
    pub fn new(key: [u8; 32]) -> Registry {
        Registry::with(Mask::new(key))
    }

    /// No secrets yet, and the key of this process.
    pub fn of_run() -> Registry {
        Registry::with(Mask::of_run())
    }

    fn with(key: Mask) -> Registry {
        Registry(Arc::new(Mutex::new(Known {
            key,
            texts: BTreeMap::new(),
            finder: None,
        })))
    }

    /// Remembers a secret. Texts that stand everywhere are not: short ones, common words, small
    /// numbers.
    pub fn add(&self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        if is_common(text) {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = known.key.of(text);
        let trimmed = text.trim_ascii();
        let mut forms = vec![text.to_vec(), trimmed.to_vec()];
        for plain in [text, trimmed] {
            forms.push(base64::encode(plain).into_bytes());
        }
        if let Ok(plain) = std::str::from_utf8(trimmed) {
            let quoted = serde_json::Value::from(plain).to_string();
            forms.push(quoted.as_bytes()[1..quoted.len() - 1].to_vec());
            let single = plain.replace('\'', "''");
            forms.push(single.into_bytes());
        }
        let lines: Vec<&[u8]> = trimmed
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .collect();
        let mut is_new = false;
        for form in forms {
            is_new |= known.remember(form, &shown);
        }
        if lines.len() > 1 {
            for line in lines.into_iter().filter(|line| !is_common(line)) {
                let shown = known.key.of(line);
                is_new |= known.remember(line.to_vec(), &shown);
            }
        }
        if is_new {
            known.finder = None;
        }
    }

    /// Remembers all texts, numbers and the like in `data`.
    pub(in crate::helmfile) fn add_all(&self, data: &Data) {
        match data {
            Data::Null | Data::Bool(_) => {}
            Data::String(text) => self.add(text),
            Data::Int(_) | Data::Uint(_) | Data::Float(_) | Data::Time(_) => {
                self.add(data::print(data));
            }
            Data::List(items) => items.iter().for_each(|item| self.add_all(item)),
            Data::Map(map) => map.values().for_each(|value| self.add_all(value)),
            Data::Foreign(pairs) => pairs.iter().for_each(|(_, value)| self.add_all(value)),
        }
    }

    /// `text` with a mask in place of every secret; itself where there is none.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.mask_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// As [`Registry::mask`], for texts that may be none.
    pub fn mask_bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let masked = self.replace(text, |finder, found, out| {
            if let Some(mask) = finder.masks.get(found) {
                out.extend_from_slice(mask.as_bytes());
            }
        });
        masked.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// `text` with the same words in place of every secret; nothing where there is none in it.
    pub fn without(&self, text: &[u8], words: &str) -> Option<Vec<u8>> {
        self.replace(text, |_, _, out| out.extend_from_slice(words.as_bytes()))
    }

    fn replace(
        &self,
        text: &[u8],
        write: impl Fn(&Finder, &[u8], &mut Vec<u8>),
    ) -> Option<Vec<u8>> {
        let finder = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.finder()
        };
        let finder = finder.filter(|finder| finder.pattern.is_match(text))?;
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for found in finder.pattern.find_iter(text) {
            out.extend_from_slice(&text[done..found.start()]);
            write(&finder, &text[found.range()], &mut out);
            done = found.end();
        }
        out.extend_from_slice(&text[done..]);
        Some(out)
    }
}

impl Known {
    fn remember(&mut self, text: Vec<u8>, mask: &str) -> bool {
        if is_common(&text) || self.texts.contains_key(&text) {
            return false;
        }
        self.texts.insert(text, mask.to_owned());
        true
    }

    fn finder(&mut self) -> Option<Arc<Finder>> {
        if self.finder.is_none() && !self.texts.is_empty() {
            let mut texts: Vec<&Vec<u8>> = self.texts.keys().collect();
            // Of those that start at one place the first wins.
            texts.sort_by(|one, two| two.len().cmp(&one.len()).then_with(|| one.cmp(two)));
            let literals = texts.iter().map(|text| Hir::literal(text.as_slice()));
            let all = Hir::alternation(literals.collect());
            let config = meta::Config::new()
                .utf8_empty(false)
                .nfa_size_limit(None)
                .onepass_size_limit(None);
            let built = meta::Builder::new().configure(config).build_from_hir(&all);
            self.finder = built.ok().map(|pattern| {
                let masks = self.texts.clone();
                Arc::new(Finder { pattern, masks })
            });
        }
        self.finder.clone()
    }
}

/// Whether a text stands in so many places that nothing is gained by hiding it.
fn is_common(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_number = text
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    text.len() < SHORTEST
        || is_number && text.len() < DIGITS
        || WORDS
            .iter()
            .any(|word| word.as_bytes().eq_ignore_ascii_case(text))
}

/// Tells nothing.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Registry {
        let secrets = Registry::new([7; 32]);
        for text in texts {
            secrets.add(text);
        }
        secrets
    }

    #[test]
    fn secrets_are_hidden_in_every_form_and_equal_ones_look_equal() {
        let secrets = secrets(&["pass\"wörd", "line one\n  line two\n"]);
        let mask = secrets.mask("pass\"wörd").into_owned();
        assert!(mask.starts_with("(masked ") && mask.len() == 21, "{mask}");
        for text in ["pass\"wörd", r#"pass\"wörd"#, &base64::encode("pass\"wörd")] {
            assert_eq!(secrets.mask(text), mask);
            assert_eq!(
                secrets.mask(&format!("a: \"{text}\", b")),
                format!("a: \"{mask}\", b")
            );
        }
        let block = secrets.mask("a: |\n    line one\n    line two\nb: c\n");
        assert!(!block.contains("line"), "{block}");
        assert!(block.ends_with("\nb: c\n"), "{block}");
        assert!(!secrets.mask(r"line one\n  line two").contains("line"));
        assert_ne!(
            mask,
            self::secrets(&["other one"]).mask("other one").into_owned()
        );
    }

    #[test]
    fn what_stands_everywhere_is_left_as_it_is() {
        let secrets = secrets(&["1", "true", "abc", "8080", "FALSE", " \n", "", "-1.5"]);
        let text = "a: true, b: 8080, abc, 1 FALSE -1.5";
        assert_eq!(secrets.mask(text), text);
        assert!(matches!(secrets.mask(text), Cow::Borrowed(_)));
        let long = self::secrets(&["123456"]);
        assert_ne!(long.mask("n: 123456"), "n: 123456");
    }

    #[test]
    fn the_longest_secret_is_hidden_where_one_holds_another() {
        let secrets = secrets(&["secret", "secret-long", "s3cr"]);
        let whole = secrets.mask("x secret-long y secret z").into_owned();
        assert_eq!(whole.matches("(masked ").count(), 2, "{whole}");
        assert!(!whole.contains("long"), "{whole}");
    }

    #[test]
    fn bytes_that_are_no_text_are_hidden_and_nothing_is_told() {
        let secrets = Registry::new([1; 32]);
        secrets.add(b"\xff\xfe\x00\x01\x02");
        assert_eq!(secrets.mask_bytes(b"a\xff\xfe\x00\x01\x02b").len(), 2 + 21);
        let without = secrets.without(b"a\xff\xfe\x00\x01\x02b", "-");
        assert_eq!(without.as_deref(), Some(&b"a-b"[..]));
        assert_eq!(secrets.without(b"ab", "-"), None);
        assert_eq!(format!("{secrets:?}"), "Registry");
        let all = Registry::new([1; 32]);
        all.add_all(&data::decode(b"{a: [hidden, {b: 1234567}], c: true}").unwrap());
        let shown = all.mask("hidden 1234567 true").into_owned();
        assert!(!shown.contains("hidden") && !shown.contains("1234567"));
        assert!(shown.ends_with(" true"));
    }

    #[test]
    fn many_secrets_in_a_long_text_are_found_in_one_pass() {
        let secrets = Registry::new([1; 32]);
        for i in 0..2000 {
            secrets.add(format!("value-{i}-of-many"));
        }
        let text = "nothing here ".repeat(50_000) + "value-77-of-many";
        let shown = secrets.mask(&text).into_owned();
        assert!(shown.ends_with(')') && shown.len() < text.len() + 21);
    }
}
