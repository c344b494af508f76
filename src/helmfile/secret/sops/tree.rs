//! What is in a file: branches of pairs, in their order, with the comments between them; and how it is
//! decrypted.

use ring::digest;

use super::cipher::{self, DataKey};
use super::metadata::{Metadata, Rule};
use crate::diag::{Error, Kind};
use crate::go::regexp::Regexp;
use crate::go::strconv;

/// Pairs, and comments between them.
pub(super) type Branch = Vec<Entry>;

/// A comment, without its mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comment {
    pub(super) text: Vec<u8>,
    /// Whether it stands beside a value.
    pub(super) is_inline: bool,
}

/// A pair or a comment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    Comment(Comment),
    Pair(Vec<u8>, Value),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// As RFC 3339 writes it.
    Time(Vec<u8>),
    Text(Vec<u8>),
    /// In lists only.
    Comment(Comment),
    List(Vec<Value>),
    Branch(Branch),
}

impl Value {
    /// The bytes that the code of a file covers.
    fn bytes(&self) -> Vec<u8> {
        match self {
            Value::Null | Value::List(_) | Value::Branch(_) => Vec::new(),
            Value::Bool(true) => b"True".to_vec(),
            Value::Bool(false) => b"False".to_vec(),
            Value::Int(n) => n.to_string().into_bytes(),
            Value::Float(n) => strconv::format_float(*n, b'f', None, 64).into_bytes(),
            Value::Time(text) | Value::Text(text) => text.clone(),
            Value::Comment(comment) => comment.text.clone(),
        }
    }

    /// What Go calls its type.
    fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Time(_) => "time.Time",
            Value::Text(_) => "string",
            Value::Comment(_) => "sops.Comment",
            Value::List(_) => "[]interface {}",
            Value::Branch(_) => "sops.TreeBranch",
        }
    }
}

/// What a code starts with that covers encrypted values only: SHA-256 of `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// Decrypts all values in place, and checks that nothing was changed since they were encrypted.
///
/// # Errors
/// Values that cannot be decrypted, named by their path; a code that does not fit.
pub(super) fn decrypt(
    branches: &mut [Branch],
    metadata: &Metadata,
    key: &DataKey,
) -> Result<(), Error> {
    let mut walk = Walk {
        metadata,
        key,
        selector: Selector::new(&metadata.rule),
        code: digest::Context::new(&digest::SHA512),
        bare: digest::Context::new(&digest::SHA512),
        path: Vec::new(),
        comments: Vec::new(),
    };
    if metadata.mac_only_encrypted {
        walk.code.update(&ONLY_ENCRYPTED);
        walk.bare.update(&ONLY_ENCRYPTED);
    }
    for branch in branches {
        walk.branch(branch)
            .map_err(|error| error.wrap("Error walking tree"))?;
    }
    let kept = cipher::decrypt(&metadata.mac, key, metadata.last_modified.as_bytes())
        .map_err(|error| error.wrap("failed to decrypt original mac"))?;
    for code in [walk.code, walk.bare] {
        let code = code.finish();
        let digits = code.as_ref().iter().map(|byte| format!("{byte:02X}"));
        if kept == Value::Text(digits.collect::<String>().into_bytes()) {
            return Ok(());
        }
    }
    let message = "failed to verify data integrity: the file was changed after it was encrypted";
    let hint =
        "Change encrypted files with `sops edit`; `sops decrypt --ignore-mac` shows what is there.";
    Err(Error::new(Kind::Values, message).with_hint(hint))
}

/// What a rule says, ready to be asked.
enum Selector<'m> {
    Suffix {
        suffix: &'m [u8],
        is_encrypted: bool,
    },
    Pattern {
        pattern: Option<Regexp>,
        is_encrypted: bool,
    },
    Comment {
        pattern: Option<Regexp>,
        is_encrypted: bool,
    },
}

impl Selector<'_> {
    fn new(rule: &Rule) -> Selector<'_> {
        // What is no expression fits nothing, as in Go.
        let compile = |pattern: &String| Regexp::compile(pattern).ok();
        match rule {
            Rule::UnencryptedSuffix(suffix) => Selector::Suffix {
                suffix: suffix.as_bytes(),
                is_encrypted: false,
            },
            Rule::EncryptedSuffix(suffix) => Selector::Suffix {
                suffix: suffix.as_bytes(),
                is_encrypted: true,
            },
            Rule::UnencryptedRegex(pattern) => Selector::Pattern {
                pattern: compile(pattern),
                is_encrypted: false,
            },
            Rule::EncryptedRegex(pattern) => Selector::Pattern {
                pattern: compile(pattern),
                is_encrypted: true,
            },
            Rule::UnencryptedCommentRegex(pattern) => Selector::Comment {
                pattern: compile(pattern),
                is_encrypted: false,
            },
            Rule::EncryptedCommentRegex(pattern) => Selector::Comment {
                pattern: compile(pattern),
                is_encrypted: true,
            },
        }
    }

    fn is_encrypted(&self, path: &[Vec<u8>], comments: &[Vec<Vec<u8>>], is_comment: bool) -> bool {
        let fits = |pattern: &Option<Regexp>, text: &[u8]| {
            pattern
                .as_ref()
                .is_some_and(|pattern| pattern.is_match(text))
        };
        match self {
            Selector::Suffix {
                suffix,
                is_encrypted,
            } => path.iter().any(|key| key.ends_with(suffix)) == *is_encrypted,
            Selector::Pattern {
                pattern,
                is_encrypted,
            } => path.iter().any(|key| fits(pattern, key)) == *is_encrypted,
            Selector::Comment {
                pattern,
                is_encrypted,
            } => {
                // A comment does not ask for its own encryption.
                let own = match comments.last() {
                    Some(last) if is_comment && *is_encrypted => {
                        Some((comments.len() - 1, last.len().wrapping_sub(1)))
                    }
                    _ => None,
                };
                let mut all = comments.iter().enumerate().flat_map(|(at, level)| {
                    let level = level.iter().enumerate();
                    level.map(move |(line, text)| ((at, line), text))
                });
                let found = all.any(|(at, text)| Some(at) != own && fits(pattern, text));
                found == *is_encrypted
            }
        }
    }
}

struct Walk<'m> {
    metadata: &'m Metadata,
    key: &'m DataKey,
    selector: Selector<'m>,
    code: digest::Context,
    /// The same without comments that were encrypted in a list. sops 3.13.2 leaves them out when it
    /// encrypts, counts them when it decrypts, and then takes the file for changed.
    bare: digest::Context,
    path: Vec<Vec<u8>>,
    /// The comments before what is looked at, for each level.
    comments: Vec<Vec<Vec<u8>>>,
}

impl Walk<'_> {
    fn note(&mut self, text: &[u8]) {
        if let Some(level) = self.comments.last_mut() {
            level.push(text.to_vec());
        }
    }

    fn forget(&mut self) {
        if let Some(level) = self.comments.last_mut() {
            level.clear();
        }
    }

    fn branch(&mut self, branch: &mut Branch) -> Result<(), Error> {
        self.comments.push(Vec::new());
        for entry in branch {
            match entry {
                Entry::Comment(comment) => {
                    self.note(&comment.text);
                    *comment = self.comment(comment);
                }
                Entry::Pair(key, value) => {
                    self.path.push(key.clone());
                    self.value(value)?;
                    self.path.pop();
                    self.forget();
                }
            }
        }
        self.comments.pop();
        Ok(())
    }

    fn value(&mut self, value: &mut Value) -> Result<(), Error> {
        match value {
            Value::Null => Ok(()),
            Value::Branch(branch) => stacker::maybe_grow(64 << 10, 1 << 20, || self.branch(branch)),
            Value::List(items) => stacker::maybe_grow(64 << 10, 1 << 20, || self.list(items)),
            leaf => self.leaf(leaf),
        }
    }

    fn list(&mut self, items: &mut [Value]) -> Result<(), Error> {
        self.comments.push(Vec::new());
        for item in items {
            if let Value::Comment(comment) = item {
                self.note(&comment.text);
                *comment = self.comment(comment);
            } else {
                self.value(item)?;
                self.forget();
            }
        }
        self.comments.pop();
        Ok(())
    }

    /// The path as it goes into what authenticates a value.
    fn place(&self) -> Vec<u8> {
        let mut place = Vec::new();
        for key in &self.path {
            place.extend_from_slice(key);
            place.push(b':');
        }
        if self.path.is_empty() {
            place.push(b':');
        }
        place
    }

    /// A comment; one that cannot be decrypted was not encrypted.
    fn comment(&self, comment: &Comment) -> Comment {
        let mut found = comment.clone();
        if self.selector.is_encrypted(&self.path, &self.comments, true)
            && let Ok(Value::Comment(Comment { text, .. }) | Value::Text(text)) =
                cipher::decrypt(&comment.text, self.key, &self.place())
        {
            // sops forgets where it stood.
            found = Comment {
                text,
                is_inline: false,
            };
        }
        found
    }

    fn leaf(&mut self, value: &mut Value) -> Result<(), Error> {
        let is_encrypted = self
            .selector
            .is_encrypted(&self.path, &self.comments, false);
        if is_encrypted {
            let path = || {
                let keys: Vec<_> = self
                    .path
                    .iter()
                    .map(|key| String::from_utf8_lossy(key))
                    .collect();
                format!("It is at {}.", keys.join("."))
            };
            let Value::Text(text) = value else {
                let go_type = value.type_name();
                let message = format!("Expected encrypted value as string, but got {go_type}");
                return Err(Error::new(Kind::Values, message).with_hint(path()));
            };
            *value = cipher::decrypt(text, self.key, &self.place())
                .map_err(|error| error.wrap("Could not decrypt value").with_hint(path()))?;
        }
        if !self.metadata.mac_only_encrypted || is_encrypted {
            let bytes = value.bytes();
            self.code.update(&bytes);
            if !matches!(value, Value::Comment(_)) {
                self.bare.update(&bytes);
            }
        }
        Ok(())
    }
}
