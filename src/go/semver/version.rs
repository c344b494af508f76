//! Versions: a text goes in, its parts and their order come out
//! (`github.com/Masterminds/semver/v3` 3.5.0).

use std::cmp::Ordering;
use std::fmt;

use crate::go::strconv;

/// `MaxVersionLen`
const LENGTH: usize = 256;

/// Why a text is not a version or a constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `ErrInvalidSemVer`
    #[error("invalid semantic version")]
    InvalidVersion,
    /// `ErrEmptyString`
    #[error("version string empty")]
    Empty,
    /// `ErrInvalidCharacters`
    #[error("invalid characters in version")]
    InvalidCharacters,
    /// `ErrSegmentStartsZero`
    #[error("version segment starts with 0")]
    SegmentStartsZero,
    /// `ErrInvalidMetadata`
    #[error("invalid metadata string")]
    InvalidMetadata,
    /// `ErrInvalidPrerelease`
    #[error("invalid prerelease string")]
    InvalidPrerelease,
    /// `ErrVersionTooLong`
    #[error("version string is too long (max {LENGTH} bytes)")]
    TooLong,
    /// A number beyond 64 bits, in a strict version.
    #[error("{0}")]
    Number(String),
    /// A number beyond 64 bits.
    #[error("error parsing version segment: {0}")]
    Segment(String),
    /// `ErrConstraintTooLong`
    #[error("constraint string is too long (max 512 bytes)")]
    ConstraintTooLong,
    /// `ErrTooManyConstraintGroups`
    #[error("too many constraint groups (max 32)")]
    TooManyGroups,
    /// A part of a constraint that is none, quoted.
    #[error("improper constraint: {0}")]
    ImproperConstraint(String),
    /// A constraint whose version is none.
    #[error("constraint parser error")]
    Constraint,
}

/// A version. Its order is that of Go's `Compare`: build metadata does not count.
#[derive(Clone, Debug, Default)]
pub struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) prerelease: String,
    pub(super) metadata: String,
    pub(super) original: String,
}

impl Version {
    /// Reads a version leniently: a leading `v`, missing parts and leading zeros are accepted
    /// (`NewVersion`).
    ///
    /// # Errors
    /// Go's.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Version, Error> {
        let text = text.as_ref();
        if text.len() > LENGTH {
            return Err(Error::TooLong);
        }
        let Ok(text) = std::str::from_utf8(text) else {
            return Err(Error::InvalidVersion);
        };
        let parts = Parts::take(text, |byte| byte.is_ascii_digit()).ok_or(Error::InvalidVersion)?;
        if parts.length != text.len() {
            return Err(Error::InvalidVersion);
        }
        let number = |digits: &str| {
            strconv::parse_uint(digits, 10, 64).map_err(|error| Error::Segment(error.to_string()))
        };
        let part = |part: &str| part.strip_prefix('.').map_or(Ok(0), number);
        let version = Version {
            major: number(parts.major)?,
            minor: part(parts.minor)?,
            patch: part(parts.patch)?,
            prerelease: parts
                .prerelease
                .strip_prefix('-')
                .unwrap_or_default()
                .to_owned(),
            metadata: parts
                .metadata
                .strip_prefix('+')
                .unwrap_or_default()
                .to_owned(),
            original: text.to_owned(),
        };
        if !version.prerelease.is_empty() {
            validate_prerelease(&version.prerelease)?;
        }
        Ok(version)
    }

    /// Reads a version as the specification has it (`StrictNewVersion`).
    ///
    /// # Errors
    /// Go's.
    pub fn parse_strict(text: impl AsRef<[u8]>) -> Result<Version, Error> {
        let bytes = text.as_ref();
        if bytes.is_empty() {
            return Err(Error::Empty);
        }
        if bytes.len() > LENGTH {
            return Err(Error::TooLong);
        }
        // What is not UTF-8 fails below for its characters.
        let text = String::from_utf8_lossy(bytes);
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::InvalidVersion);
        };
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) => {
                validate_metadata(metadata)?;
                (rest, metadata)
            }
            None => (rest, ""),
        };
        let (patch, prerelease) = match rest.split_once('-') {
            Some((patch, prerelease)) => {
                validate_prerelease(prerelease)?;
                (patch, prerelease)
            }
            None => (rest, ""),
        };
        for part in [major, minor, patch] {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Error::InvalidCharacters);
            }
            if part.len() > 1 && part.starts_with('0') {
                return Err(Error::SegmentStartsZero);
            }
        }
        let number = |digits: &str| {
            strconv::parse_uint(digits, 10, 64).map_err(|error| Error::Number(error.to_string()))
        };
        Ok(Version {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: text.into_owned(),
        })
    }

    /// The first number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The second number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The third number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// What follows `-`; empty where there is none.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What follows `+`; empty where there is none.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text that was parsed.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The next major version.
    ///
    /// # Errors
    /// Go's panic text where the number is the largest.
    pub fn increment_major(&self) -> Result<Version, &'static str> {
        let major = self
            .major
            .checked_add(1)
            .ok_or("major version increment would overflow uint64")?;
        Ok(self.following(major, 0, 0))
    }

    /// The next minor version.
    ///
    /// # Errors
    /// Go's panic text where the number is the largest.
    pub fn increment_minor(&self) -> Result<Version, &'static str> {
        let minor = self
            .minor
            .checked_add(1)
            .ok_or("minor version increment would overflow uint64")?;
        Ok(self.following(self.major, minor, 0))
    }

    /// The next patch version: of a prerelease, its release.
    ///
    /// # Errors
    /// Go's panic text where the number is the largest.
    pub fn increment_patch(&self) -> Result<Version, &'static str> {
        let patch = if self.prerelease.is_empty() {
            self.patch
                .checked_add(1)
                .ok_or("patch version increment would overflow uint64")?
        } else {
            self.patch
        };
        Ok(self.following(self.major, self.minor, patch))
    }

    /// The version with another prerelease; an empty one takes it away.
    ///
    /// # Errors
    /// Go's.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Version, Error> {
        if !prerelease.is_empty() {
            validate_prerelease(prerelease)?;
        }
        let mut next = self.clone();
        prerelease.clone_into(&mut next.prerelease);
        next.rename(self);
        Ok(next)
    }

    /// The version with other build metadata; an empty one takes it away.
    ///
    /// # Errors
    /// Go's.
    pub fn with_metadata(&self, metadata: &str) -> Result<Version, Error> {
        if !metadata.is_empty() {
            validate_metadata(metadata)?;
        }
        let mut next = self.clone();
        metadata.clone_into(&mut next.metadata);
        next.rename(self);
        Ok(next)
    }

    fn following(&self, major: u64, minor: u64, patch: u64) -> Version {
        let mut next = Version {
            major,
            minor,
            patch,
            ..Version::default()
        };
        next.rename(self);
        next
    }

    /// Sets the original text anew, with the `v` that the version before had.
    fn rename(&mut self, before: &Version) {
        let prefix = if before.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        self.original = format!("{prefix}{self}");
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(
                || match (self.prerelease.as_str(), other.prerelease.as_str()) {
                    ("", "") => Ordering::Equal,
                    ("", _) => Ordering::Greater,
                    (_, "") => Ordering::Less,
                    (a, b) => compare_prerelease(a, b),
                },
            )
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

/// Compares part by part: numbers by value and before words, a missing part before any.
pub(super) fn compare_prerelease(a: &str, b: &str) -> Ordering {
    let (mut parts, mut others) = (a.split('.'), b.split('.'));
    loop {
        let (part, other) = match (parts.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (part, other) => (part.unwrap_or_default(), other.unwrap_or_default()),
        };
        if part == other {
            continue;
        }
        if part.is_empty() {
            return Ordering::Less;
        }
        if other.is_empty() {
            return Ordering::Greater;
        }
        let numbers = |text: &str| strconv::parse_uint(text, 10, 64).ok();
        return match (numbers(part), numbers(other)) {
            (None, None) => part.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(n), Some(m)) if n > m => Ordering::Greater,
            (Some(_), Some(_)) => Ordering::Less,
        };
    }
}

fn is_identifier(part: &str) -> bool {
    part.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn validate_prerelease(text: &str) -> Result<(), Error> {
    for part in text.split('.') {
        if part.is_empty() {
            return Err(Error::InvalidPrerelease);
        }
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            if part.len() > 1 && part.starts_with('0') {
                return Err(Error::SegmentStartsZero);
            }
        } else if !is_identifier(part) {
            return Err(Error::InvalidPrerelease);
        }
    }
    Ok(())
}

fn validate_metadata(text: &str) -> Result<(), Error> {
    for part in text.split('.') {
        if part.is_empty() || !is_identifier(part) {
            return Err(Error::InvalidMetadata);
        }
    }
    Ok(())
}

/// The pieces of a version-like text, each with the character that starts it.
pub(super) struct Parts<'a> {
    pub(super) major: &'a str,
    pub(super) minor: &'a str,
    pub(super) patch: &'a str,
    pub(super) prerelease: &'a str,
    pub(super) metadata: &'a str,
    /// How much of the text all of them take.
    pub(super) length: usize,
}

impl<'a> Parts<'a> {
    /// Takes the longest version from the start of `text`, whose numbers consist of `digit`s.
    pub(super) fn take(text: &'a str, digit: impl Fn(u8) -> bool) -> Option<Parts<'a>> {
        let bytes = text.as_bytes();
        let mut at = usize::from(text.starts_with('v'));
        let run = |from: usize, class: &dyn Fn(u8) -> bool| {
            bytes[from..]
                .iter()
                .take_while(|byte| class(**byte))
                .count()
        };
        let mut number = |dot: bool| {
            let start = at;
            if dot && bytes.get(at) != Some(&b'.') {
                return "";
            }
            let length = run(at + usize::from(dot), &digit);
            if length == 0 {
                return "";
            }
            at += length + usize::from(dot);
            &text[start..at]
        };
        let major = number(false);
        if major.is_empty() {
            return None;
        }
        let minor = number(true);
        // The groups of the expression are optional one by one, but alike.
        let patch = if minor.is_empty() { "" } else { number(true) };
        let identifier = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let mut words = |mark: u8| {
            let start = at;
            if bytes.get(at) != Some(&mark) {
                return "";
            }
            let mut end = at + 1;
            loop {
                let length = run(end, &identifier);
                if length == 0 {
                    break;
                }
                at = end + length;
                if bytes.get(at) != Some(&b'.') {
                    break;
                }
                end = at + 1;
            }
            &text[start..at]
        };
        let prerelease = words(b'-');
        let metadata = words(b'+');
        Some(Parts {
            major,
            minor,
            patch,
            prerelease,
            metadata,
            length: at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_versions() {
        for (text, want) in [
            ("1.2.3", Ok("1.2.3")),
            ("v1.2", Ok("1.2.0")),
            ("01.2.3", Ok("1.2.3")),
            ("1-rc.1+b.2", Ok("1.0.0-rc.1+b.2")),
            ("1.2.3-01", Err("version segment starts with 0")),
            ("1.2.3-0a1", Ok("1.2.3-0a1")),
            ("1.2.3.4", Err("invalid semantic version")),
            ("", Err("invalid semantic version")),
            ("1.2.3-", Err("invalid semantic version")),
            ("1.2.3-a..b", Err("invalid semantic version")),
            ("V1.2.3", Err("invalid semantic version")),
            (" 1.2.3", Err("invalid semantic version")),
            ("1.2.3\n", Err("invalid semantic version")),
            ("1..3", Err("invalid semantic version")),
            (
                "99999999999999999999",
                Err(
                    "error parsing version segment: strconv.ParseUint: parsing \"99999999999999999999\": value out of range",
                ),
            ),
        ] {
            let got = Version::parse(text).map(|version| version.to_string());
            assert_eq!(
                got.as_deref().map_err(ToString::to_string),
                want.map_err(str::to_owned),
                "{text}"
            );
        }
    }

    #[test]
    fn strict_versions() {
        for (text, want) in [
            ("1.2.3-rc.1+b.2", Ok("1.2.3-rc.1+b.2")),
            ("", Err("version string empty")),
            ("1.2", Err("invalid semantic version")),
            ("v1.2.3", Err("invalid characters in version")),
            ("01.2.3", Err("version segment starts with 0")),
            ("1.2.3-01", Err("version segment starts with 0")),
            ("1.2.3-a..b", Err("invalid prerelease string")),
            ("1.2.3+", Err("invalid metadata string")),
            (
                "1.2.",
                Err("strconv.ParseUint: parsing \"\": invalid syntax"),
            ),
        ] {
            let got = Version::parse_strict(text).map(|version| version.to_string());
            assert_eq!(
                got.as_deref().map_err(ToString::to_string),
                want.map_err(str::to_owned),
                "{text}"
            );
        }
    }

    #[test]
    fn the_order_is_that_of_the_specification() {
        let ladder = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0--",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.1.0",
            "2.0.0",
        ];
        for pair in ladder.windows(2) {
            let (a, b) = (
                Version::parse(pair[0]).unwrap(),
                Version::parse(pair[1]).unwrap(),
            );
            assert_eq!(a.cmp(&b), std::cmp::Ordering::Less, "{a} {b}");
            assert_eq!(b.cmp(&a), std::cmp::Ordering::Greater, "{b} {a}");
        }
        assert_eq!(
            Version::parse("1.0.0+a").unwrap(),
            Version::parse("v1+b").unwrap()
        );
    }

    #[test]
    fn increments_drop_what_follows() {
        let version = Version::parse("v1.2.3-rc.1+b").unwrap();
        assert_eq!(version.increment_patch().unwrap().original(), "v1.2.3");
        assert_eq!(version.increment_minor().unwrap().original(), "v1.3.0");
        assert_eq!(version.increment_major().unwrap().original(), "v2.0.0");
        assert_eq!(
            version.with_prerelease("x").unwrap().original(),
            "v1.2.3-x+b"
        );
        assert_eq!(version.with_metadata("").unwrap().original(), "v1.2.3-rc.1");
        assert!(version.with_metadata("a_b").is_err());
    }
}
