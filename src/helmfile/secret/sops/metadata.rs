//! What sops adds to a file: who may read it, which values are encrypted, and a code over all.

use std::collections::BTreeMap;

use super::Format;
use super::tree::{Branch, Entry, Value};
use crate::diag::{Error, Kind};
use crate::go::strconv;
use crate::go::time::{Zone, parse};

/// What is said of files that sops did not encrypt.
const MISSING: &str = "sops metadata not found";

/// The key that it stands under.
const NAME: &[u8] = b"sops";

/// What keys start with, where there are no levels.
const PREFIX: &[u8] = b"sops_";

const LAYOUT: &[u8] = b"2006-01-02T15:04:05Z07:00";

/// What a file says of itself.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) rule: Rule,
    /// The encrypted code.
    pub(super) mac: Vec<u8>,
    pub(super) mac_only_encrypted: bool,
    /// As RFC 3339 writes it.
    pub(super) last_modified: String,
    /// How many groups are needed; 0 where there is one.
    pub(super) threshold: usize,
    pub(super) groups: Vec<Vec<Holder>>,
}

/// Which values are encrypted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    UnencryptedSuffix(String),
    EncryptedSuffix(String),
    UnencryptedRegex(String),
    EncryptedRegex(String),
    UnencryptedCommentRegex(String),
    EncryptedCommentRegex(String),
}

/// A rule of the text behind its key.
type MakeRule = fn(String) -> Rule;

/// Who may read a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Holder {
    /// A recipient of age, and the data key for them.
    Age { recipient: String, sealed: String },
    /// Somebody else: of what kind, and who.
    Other { kind: &'static str, name: String },
}

/// Lists of holders: the key of the list, what they are called, and the key of their name.
const OTHERS: [(&str, &str, &str); 6] = [
    ("kms", "AWS KMS", "arn"),
    ("gcp_kms", "GCP KMS", "resource_id"),
    ("hckms", "Huawei Cloud KMS", "key_id"),
    ("azure_kv", "Azure Key Vault", "vault_url"),
    ("hc_vault", "Vault", "vault_address"),
    ("pgp", "PGP", "fp"),
];

/// Takes the metadata out of what was read.
///
/// # Errors
/// There is none, or it makes no sense.
pub(super) fn extract(
    mut branches: Vec<Branch>,
    format: Format,
) -> Result<(Vec<Branch>, Metadata), Error> {
    let mut found: Option<Vec<(Vec<u8>, Value)>> = None;
    let is_flat = format == Format::Dotenv;
    for (at, branch) in branches.iter_mut().enumerate() {
        if is_flat && at > 0 {
            break;
        }
        let mut kept = Branch::with_capacity(branch.len());
        for entry in branch.drain(..) {
            match entry {
                Entry::Pair(key, value) if is_flat && key.starts_with(PREFIX) => {
                    let key = key[PREFIX.len()..].to_vec();
                    found.get_or_insert_default().push((key, value));
                }
                Entry::Pair(key, value) if !is_flat && key == NAME => {
                    if at > 0 {
                        continue;
                    }
                    if found.is_some() {
                        return Err(fail("Found duplicate sops entry"));
                    }
                    let Value::Branch(pairs) = value else {
                        return Err(fail("Found sops entry that is not a mapping"));
                    };
                    found = Some(pairs_of(pairs));
                }
                other => kept.push(other),
            }
        }
        *branch = kept;
    }
    let mut pairs = found.ok_or_else(|| fail(MISSING))?;
    if format == Format::Ini {
        for (_, value) in &mut pairs {
            if let Value::Text(text) = value {
                *text = unescape(text);
            }
        }
    }
    let tree = match format {
        Format::Ini | Format::Dotenv => unflatten(pairs)?,
        _ => pairs.into_iter().collect(),
    };
    Ok((branches, Metadata::read(&Fields(tree))?))
}

fn fail(message: impl Into<String>) -> Error {
    Error::new(Kind::Values, message)
}

fn pairs_of(branch: Branch) -> Vec<(Vec<u8>, Value)> {
    let pairs = branch.into_iter().filter_map(|entry| match entry {
        Entry::Pair(key, value) => Some((key, value)),
        Entry::Comment(_) => None,
    });
    pairs.collect()
}

/// `\n` of two characters as a line end.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, b"\\n") {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\n');
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    out
}

/// A place in what was written without levels.
#[derive(Default)]
struct Node {
    value: Option<Value>,
    keys: BTreeMap<Vec<u8>, Node>,
    items: BTreeMap<usize, Node>,
}

/// Gives back the levels that names like `age__list_0__map_enc` stand for.
fn unflatten(pairs: Vec<(Vec<u8>, Value)>) -> Result<BTreeMap<Vec<u8>, Value>, Error> {
    let mut root = Node::default();
    for (name, value) in pairs {
        let mut node = &mut root;
        let text = String::from_utf8_lossy(&name).into_owned();
        let mut rest = text.as_str();
        let mut is_list = false;
        loop {
            let next = ["__map_", "__list_"].into_iter().filter_map(|mark| {
                let at = rest.find(mark)?;
                Some((at, mark))
            });
            let next = next.min();
            let part = next.map_or(rest, |(at, _)| &rest[..at]);
            node = match is_list {
                true => node
                    .items
                    .entry(part.parse().unwrap_or_default())
                    .or_default(),
                false => node.keys.entry(part.as_bytes().to_vec()).or_default(),
            };
            let Some((at, mark)) = next else { break };
            is_list = mark == "__list_";
            rest = &rest[at + mark.len()..];
        }
        if node.value.replace(value).is_some() {
            let name = strconv::quote(&name);
            return Err(fail(format!(
                "Error while unflattening {name}: Duplicate value"
            )));
        }
    }
    let keys = std::mem::take(&mut root.keys).into_iter();
    keys.map(|(key, node)| Ok((key, node.convert()?))).collect()
}

impl Node {
    fn convert(self) -> Result<Value, Error> {
        let (has_keys, has_items) = (!self.keys.is_empty(), !self.items.is_empty());
        match (self.value, has_keys, has_items) {
            (Some(value), false, false) => Ok(value),
            (None, _, false) => {
                let pairs = self.keys.into_iter();
                let pairs = pairs.map(|(key, node)| Ok(Entry::Pair(key, node.convert()?)));
                Ok(Value::Branch(pairs.collect::<Result<_, Error>>()?))
            }
            (None, false, true) => {
                let is_whole = self.items.keys().copied().eq(0..self.items.len());
                if !is_whole {
                    return Err(fail("Error while unflattening: Incomplete list"));
                }
                let items = self.items.into_values().map(Node::convert);
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            _ => Err(fail("Error while unflattening: Type mismatch")),
        }
    }
}

/// Pairs of the metadata.
struct Fields(BTreeMap<Vec<u8>, Value>);

impl Fields {
    fn of(value: &Value) -> Fields {
        match value {
            Value::Branch(branch) => Fields(pairs_of(branch.clone()).into_iter().collect()),
            _ => Fields(BTreeMap::new()),
        }
    }

    fn text(&self, name: &str) -> String {
        match self.0.get(name.as_bytes()) {
            Some(Value::Text(text) | Value::Time(text)) => {
                String::from_utf8_lossy(text).into_owned()
            }
            Some(Value::Int(n)) => n.to_string(),
            Some(Value::Bool(value)) => value.to_string(),
            _ => String::new(),
        }
    }

    fn list(&self, name: &str) -> Vec<Fields> {
        match self.0.get(name.as_bytes()) {
            Some(Value::List(items)) => items
                .iter()
                .filter(|item| !matches!(item, Value::Comment(_)))
                .map(Fields::of)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Those who may read, age first.
    fn holders(&self) -> Vec<Holder> {
        let age = self.list("age").into_iter().map(|key| Holder::Age {
            recipient: key.text("recipient"),
            sealed: key.text("enc"),
        });
        let others = OTHERS.into_iter().flat_map(|(list, kind, name)| {
            self.list(list).into_iter().map(move |key| Holder::Other {
                kind,
                name: key.text(name),
            })
        });
        age.chain(others).collect()
    }
}

impl Metadata {
    fn read(fields: &Fields) -> Result<Metadata, Error> {
        let mut groups = vec![fields.holders()];
        if groups[0].is_empty() {
            groups = fields
                .list("key_groups")
                .iter()
                .map(Fields::holders)
                .collect();
        }
        if groups.is_empty() {
            return Err(fail("No keys found in file"));
        }
        let written = fields.text("lastmodified");
        let time = parse(LAYOUT, written.as_bytes(), &Zone::Utc).map_err(fail)?;
        let rules: [(&str, MakeRule); 6] = [
            ("unencrypted_suffix", Rule::UnencryptedSuffix),
            ("encrypted_suffix", Rule::EncryptedSuffix),
            ("unencrypted_regex", Rule::UnencryptedRegex),
            ("encrypted_regex", Rule::EncryptedRegex),
            ("unencrypted_comment_regex", Rule::UnencryptedCommentRegex),
            ("encrypted_comment_regex", Rule::EncryptedCommentRegex),
        ];
        let mut given = rules.into_iter().filter_map(|(name, rule)| {
            let text = fields.text(name);
            (!text.is_empty()).then(|| rule(text))
        });
        let rule = given.next();
        if given.next().is_some() {
            return Err(fail(
                "Cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file",
            ));
        }
        Ok(Metadata {
            rule: rule.unwrap_or_else(|| Rule::UnencryptedSuffix("_unencrypted".to_owned())),
            mac: fields.text("mac").into_bytes(),
            mac_only_encrypted: strconv::parse_bool(fields.text("mac_only_encrypted"))
                .unwrap_or_default(),
            last_modified: String::from_utf8_lossy(&time.format(LAYOUT)).into_owned(),
            threshold: fields.text("shamir_threshold").parse().unwrap_or_default(),
            groups,
        })
    }

    /// Those who are no recipients of age.
    pub(super) fn others(&self) -> Vec<&Holder> {
        let holders = self.groups.iter().flatten();
        holders
            .filter(|holder| matches!(holder, Holder::Other { .. }))
            .collect()
    }
}
