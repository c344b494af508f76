//! References to secrets, `ref+PROVIDER://PATH?PARAMETERS#/KEY`, as vals reads them
//! (`github.com/helmfile/vals`). Providers are a table, so that others can be added.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::data::{Data, decode};
use super::file;
use crate::world::World;

/// Resolves references to secrets.
pub trait Secrets: Send + Sync {
    /// The data with its references resolved.
    ///
    /// # Errors
    /// The words of the provider that failed.
    fn expand(&self, data: &Data) -> Result<Data, String>;

    /// What is in an encrypted file.
    ///
    /// # Errors
    /// Why it cannot be decrypted.
    fn decrypt(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// A reference, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `echo`, `file`, ...
    pub provider: String,
    /// What stands between `://` and `?` or `#`.
    pub path: String,
    /// What stands behind `?`.
    pub parameters: BTreeMap<String, String>,
    /// What stands behind `#/`.
    pub fragment: Option<String>,
}

/// What a provider does: the text behind a reference.
pub type Provider = fn(&Reference, &dyn World) -> Result<String, String>;

/// The providers that need nothing but this machine.
pub const LOCAL: &[(&str, Provider)] = &[
    ("echo", |reference, _| Ok(reference.path.clone())),
    ("envsubst", |reference, world| {
        let text = crate::go::os::expand(reference.path.as_bytes(), |name| {
            world.variable(name).unwrap_or_default()
        });
        Ok(String::from_utf8_lossy(&text).into_owned())
    }),
    ("file", |reference, _| {
        let bytes = file::read(&reference.path)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }),
];

/// Secrets of a table of providers.
pub struct Known {
    providers: Vec<(&'static str, Provider)>,
    world: Arc<dyn World>,
}

impl Known {
    /// The providers that need nothing but this machine.
    pub fn new(world: Arc<dyn World>) -> Known {
        Known {
            providers: LOCAL.to_vec(),
            world,
        }
    }

    /// The text with its references resolved.
    fn text(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(found) = find(rest) {
            out.push_str(&rest[..found.start]);
            let provider = self
                .providers
                .iter()
                .find(|(name, _)| *name == found.reference.provider);
            match provider {
                Some((_, provider)) => out.push_str(&self.value(&found.reference, *provider)?),
                // vals leaves what it does not know as it is.
                None => out.push_str(&rest[found.start..found.end]),
            }
            rest = &rest[found.end..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(&self, reference: &Reference, provider: Provider) -> Result<String, String> {
        let failed = |error: String| {
            format!(
                "expand {}://{}: {error}",
                reference.provider, reference.path
            )
        };
        let is_echo = reference.provider == "echo";
        let text = provider(reference, &*self.world).map_err(failed)?;
        let Some(fragment) = &reference.fragment else {
            return Ok(text);
        };
        if is_echo {
            return Ok(text);
        }
        let mut data = decode(text.as_bytes()).map_err(failed)?;
        for key in fragment.split('/').filter(|key| !key.is_empty()) {
            data = match &data {
                Data::Map(map) => map.get(key.as_bytes()).cloned().unwrap_or_default(),
                Data::List(items) => {
                    let at = key.parse::<usize>().ok();
                    at.and_then(|at| items.get(at).cloned()).unwrap_or_default()
                }
                _ => Data::Null,
            };
        }
        Ok(match data {
            Data::Null => String::new(),
            Data::String(text) => text.to_string(),
            other => other.to_string(),
        })
    }
}

impl Default for Known {
    fn default() -> Known {
        Known::new(Arc::new(crate::world::Real::new()))
    }
}

impl Secrets for Known {
    fn expand(&self, data: &Data) -> Result<Data, String> {
        Ok(match data {
            Data::String(text) if memchr::memmem::find(text, b"ref+").is_some() => {
                match text.as_str() {
                    Some(plain) => Data::string(self.text(plain)?),
                    None => data.clone(),
                }
            }
            Data::List(items) if holds_reference(data) => Data::list(
                items
                    .iter()
                    .map(|item| self.expand(item))
                    .collect::<Result<_, _>>()?,
            ),
            Data::Map(map) if holds_reference(data) => Data::map(
                map.iter()
                    .map(|(key, value)| Ok((key.clone(), self.expand(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            other => other.clone(),
        })
    }

    fn decrypt(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("plugin secrets not installed".to_owned())
    }
}

fn holds_reference(data: &Data) -> bool {
    match data {
        Data::String(text) => memchr::memmem::find(text, b"ref+").is_some(),
        Data::List(items) => items.iter().any(holds_reference),
        Data::Map(map) => map.values().any(holds_reference),
        _ => false,
    }
}

struct Found {
    start: usize,
    end: usize,
    reference: Reference,
}

/// The first match of `((secret)?ref)\+([^\+:]*:\/\/[^\+\n ]+[^\+\n ",])\+?` in a text.
fn find(text: &str) -> Option<Found> {
    let mut from = 0;
    while let Some(at) = text[from..].find("ref+") {
        let at = from + at;
        let start = match text[..at].ends_with("secret") {
            true => at - "secret".len(),
            false => at,
        };
        let body = &text[at + 4..];
        from = at + 4;
        let Some(colon) = body.find("://") else {
            continue;
        };
        if body[..colon].contains(['+', ':']) {
            continue;
        }
        let tail = &body[colon + 3..];
        let stop = tail.find(['+', '\n', ' ']).unwrap_or(tail.len());
        let stop = tail[..stop].trim_end_matches(['"', ',']).len();
        // The pattern wants two characters.
        if tail[..stop].chars().count() < 2 {
            continue;
        }
        let mut end = at + 4 + colon + 3 + stop;
        if tail[stop..].starts_with('+') {
            end += 1;
        }
        return Some(Found {
            start,
            end,
            reference: parse(&body[..colon], &tail[..stop]),
        });
    }
    None
}

fn parse(provider: &str, rest: &str) -> Reference {
    let (rest, fragment) = match rest.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (rest, None),
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let parameters = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key.to_owned(), value.to_owned())
        });
    Reference {
        provider: provider.to_owned(),
        path: path.to_owned(),
        parameters: parameters.collect(),
        fragment: fragment.map(|fragment| fragment.trim_start_matches('/').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_inside_texts() {
        let known = Known::default();
        for (text, want) in [
            ("ref+echo://top/secret", "top/secret"),
            ("a-ref+echo://xy+-b", "a-xy-b"),
            ("secretref+echo://xy", "xy"),
            ("ref+echo://x", "ref+echo://x"),
            ("[\"ref+echo://a,b\", 1]", "[\"a,b\", 1]"),
            ("ref+nope://xy", "ref+nope://xy"),
            ("plain", "plain"),
            ("ref+echo://aa and ref+echo://bb", "aa and bb"),
            ("ref+", "ref+"),
        ] {
            assert_eq!(known.text(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn files_are_read_and_taken_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.yaml");
        std::fs::write(&path, "a: {b: [x, y]}\n").expect("a file");
        let known = Known::default();
        let text = format!("ref+file://{}#/a/b/1", path.display());
        assert_eq!(known.text(&text).as_deref(), Ok("y"));
        assert!(known.text("ref+file:///nope").is_err());
    }
}
