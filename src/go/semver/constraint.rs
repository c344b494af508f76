//! Ranges of versions: a text goes in, what judges versions comes out
//! (`github.com/Masterminds/semver/v3` 3.5.0).

use std::cmp::Ordering;

use super::version::{Error, Parts, Version, compare_prerelease};
use crate::go::strconv;

/// `MaxConstraintLen`
const LENGTH: usize = 512;
/// `MaxConstraintGroups`
const GROUPS: usize = 32;

/// A range of versions, such as `>=1.2 <3 || ^4`.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
    include_prereleases: bool,
}

/// Comparisons of which all must hold.
#[derive(Clone, Debug)]
struct Group {
    comparisons: Vec<Comparison>,
    /// Whether one of them names a prerelease; prereleases are looked at only then.
    has_prerelease: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// Longest first.
const OPERATORS: [(&str, Operator); 12] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    ("=>", Operator::GreaterEqual),
    ("<=", Operator::LessEqual),
    ("=<", Operator::LessEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    ("", Operator::Equal),
];

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    /// Some number is missing or `x`.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

impl Constraint {
    /// Reads a constraint (`NewConstraint`).
    ///
    /// # Errors
    /// Go's.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Constraint, Error> {
        let bytes = text.as_ref();
        if bytes.len() > LENGTH {
            return Err(Error::ConstraintTooLong);
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(Error::ImproperConstraint(strconv::quote(bytes)));
        };
        let text = rewrite_ranges(text);
        let parts: Vec<&str> = text.split("||").collect();
        if parts.len() > GROUPS {
            return Err(Error::TooManyGroups);
        }
        let groups = parts
            .into_iter()
            .map(Group::parse)
            .collect::<Result<_, _>>()?;
        Ok(Constraint {
            groups,
            include_prereleases: false,
        })
    }

    /// Lets prereleases fit where the constraint names none (`IncludePrerelease`).
    #[must_use]
    pub fn with_prereleases(mut self) -> Constraint {
        self.include_prereleases = true;
        self
    }

    /// Whether `version` is in the range (`Check`).
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let prereleases = self.include_prereleases || group.has_prerelease;
            (prereleases || version.prerelease().is_empty())
                && group
                    .comparisons
                    .iter()
                    .all(|comparison| comparison.holds(version))
        })
    }
}

impl Group {
    fn parse(text: &str) -> Result<Group, Error> {
        let pieces = split(text).ok_or_else(|| Error::ImproperConstraint(strconv::quote(text)))?;
        let comparisons = pieces
            .into_iter()
            .map(|(operator, parts, text)| Comparison::new(operator, &parts, text))
            .collect::<Result<Vec<_>, _>>()?;
        let has_prerelease = comparisons
            .iter()
            .any(|comparison| !comparison.version.prerelease().is_empty());
        Ok(Group {
            comparisons,
            has_prerelease,
        })
    }
}

type Piece<'a> = (Operator, Parts<'a>, &'a str);

/// Cuts a group into its comparisons; `None` where it is none (`validConstraintRegex`).
fn split(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = trim(text);
    loop {
        let (operator, after) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?)))?;
        let after = trim(after);
        let parts = Parts::take(after, is_digit)?;
        let (version, after) = after.split_at(parts.length);
        pieces.push((operator, parts, version));
        rest = trim(after);
        if rest.is_empty() {
            return Some(pieces);
        }
        match rest.strip_prefix(',') {
            Some(following) => rest = trim(following),
            // Without a comma there must have been a blank.
            None if rest.len() == after.len() => return None,
            None => {}
        }
    }
}

/// What the expressions take for a digit; the bar is a slip of theirs.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'x' | b'X' | b'*' | b'|')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

fn trim(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

/// Writes `a - b` as `>= a, <= b ` (`rewriteRange`).
fn rewrite_ranges(text: &str) -> std::borrow::Cow<'_, str> {
    let mut written = std::borrow::Cow::Borrowed(text);
    let mut at = 0;
    while at < text.len() {
        match range_at(&text[at..]) {
            Some((low, high, length)) => {
                let range = &text[at..at + length];
                written = written
                    .replacen(range, &format!(">= {low}, <= {high} "), 1)
                    .into();
                at += length;
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    written
}

/// The range at the very start of `text`: its ends, and how long it is with the blanks around.
fn range_at(text: &str) -> Option<(&str, &str, usize)> {
    let rest = trim(text);
    let (low, rest) = rest.split_at(Parts::take(rest, is_digit)?.length);
    let dash = trim(rest);
    let after = dash.strip_prefix('-')?;
    let high = trim(after);
    if dash.len() == rest.len() || high.len() == after.len() {
        return None;
    }
    let (high, rest) = high.split_at(Parts::take(high, is_digit)?.length);
    Some((low, high, text.len() - trim(rest).len()))
}

impl Comparison {
    /// `parseConstraint`; `text` is the version as written.
    fn new(operator: Operator, parts: &Parts<'_>, text: &str) -> Result<Comparison, Error> {
        let is_x = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (true, false, false);
        let Parts {
            major,
            minor,
            patch,
            prerelease,
            ..
        } = parts;
        let version = if is_x(major) {
            Version::parse(format!("0.0.0{prerelease}"))
        } else if is_x(minor) {
            minor_dirty = true;
            Version::parse(format!("{major}.0.0{prerelease}"))
        } else if is_x(patch) {
            patch_dirty = true;
            Version::parse(format!("{major}{minor}.0{prerelease}"))
        } else {
            dirty = false;
            Version::parse(text)
        };
        Ok(Comparison {
            operator,
            version: version.map_err(|_| Error::Constraint)?,
            dirty,
            minor_dirty,
            patch_dirty,
        })
    }

    fn holds(&self, version: &Version) -> bool {
        let bound = &self.version;
        match self.operator {
            Operator::Equal if self.dirty => self.tilde(version),
            Operator::Equal => version == bound,
            Operator::NotEqual => self.differs(version),
            Operator::Greater => {
                if !self.dirty {
                    return version > bound;
                }
                match version.major.cmp(&bound.major) {
                    Ordering::Greater => true,
                    Ordering::Less => false,
                    Ordering::Equal if self.minor_dirty => false,
                    Ordering::Equal if self.patch_dirty => version.minor > bound.minor,
                    Ordering::Equal => version > bound,
                }
            }
            Operator::Less => version < bound,
            Operator::GreaterEqual => version >= bound,
            Operator::LessEqual => {
                if !self.dirty {
                    return version <= bound;
                }
                version.major <= bound.major
                    && (version.major < bound.major
                        || version.minor <= bound.minor
                        || self.minor_dirty)
            }
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let bound = &self.version;
        if self.dirty {
            if bound.major != version.major {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if bound.minor != version.minor {
                return true;
            }
            if self.patch_dirty {
                return compare_prerelease(&version.prerelease, &bound.prerelease)
                    != Ordering::Equal;
            }
            if bound.patch != version.patch {
                return true;
            }
        }
        version != bound
    }

    fn tilde(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version < bound {
            return false;
        }
        let any = (bound.major, bound.minor, bound.patch) == (0, 0, 0)
            && !self.minor_dirty
            && !self.patch_dirty;
        any || version.major == bound.major && (version.minor == bound.minor || self.minor_dirty)
    }

    fn caret(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version < bound {
            return false;
        }
        if bound.major > 0 || self.minor_dirty {
            return version.major == bound.major;
        }
        if version.major > 0 {
            return false;
        }
        if bound.minor > 0 || self.patch_dirty {
            return version.minor == bound.minor;
        }
        version.minor == 0 && version.patch == bound.patch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (constraint, fits, fails) in [
            ("1.2.3", "1.2.3 1.2.3+b", "1.2.4 1.2.3-rc"),
            ("=1.2", "1.2.0 1.2.9", "1.3.0"),
            ("*", "0.0.0 9.9.9", "1.0.0-rc"),
            ("v1.x.x", "1.0.0 1.9.9", "2.0.0"),
            ("!=1.2", "1.3.0 2.2.0", "1.2.0 1.2.5"),
            ("!=1", "2.0.0", "1.0.0 1.5.0"),
            (">1", "2.0.0", "1.9.9"),
            (">1.2", "1.3.0", "1.2.9"),
            ("=>1.2", "1.2.0", "1.1.9 1.3.0-rc"),
            (">=1.21-0", "1.21.0 1.33.4-gke.1", "1.20.9"),
            ("<=1.2", "1.2.9 1.0.0", "1.3.0"),
            ("<=1", "1.9.9", "2.0.0"),
            ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
            ("~1", "1.9.0", "2.0.0"),
            ("~0.0.0", "5.0.0", "0.0.0-a"),
            ("^1.2.3", "1.9.0", "2.0.0 1.2.2"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0.0", "0.0.9", "0.1.0"),
            ("^0", "0.9.0", "1.0.0"),
            (">=1 <2, !=1.5.0 || 3", "1.4.0 3.7.0", "1.5.0 2.0.0"),
            ("1.0 - 2.0", "1.0.0 2.0.5", "0.9.0 2.1.0"),
            ("^1.0-beta", "1.0.0-beta 1.0.0-rc 1.1.0-a", "1.0.0-alpha"),
        ] {
            let parsed = Constraint::parse(constraint).unwrap();
            for (versions, want) in [(fits, true), (fails, false)] {
                for version in versions.split(' ') {
                    let version = Version::parse(version).unwrap();
                    assert_eq!(parsed.check(&version), want, "{constraint} {version}");
                }
            }
        }
    }

    #[test]
    fn errors_quote_the_group() {
        for (text, want) in [
            ("", "improper constraint: \"\""),
            ("1 || ", "improper constraint: \" \""),
            (">=1<2", "improper constraint: \">=1<2\""),
            ("1.2.3.4", "improper constraint: \"1.2.3.4\""),
            ("==1", "improper constraint: \"==1\""),
            ("1,,2", "improper constraint: \"1,,2\""),
            (">1 - 2", "improper constraint: \">>= 1, <= 2 \""),
            ("1.2.3.4 - 5", "improper constraint: \"1.>= 2.3.4, <= 5 \""),
            ("1|2", "constraint parser error"),
            ("xx", "constraint parser error"),
        ] {
            let error = Constraint::parse(text).unwrap_err();
            assert_eq!(error.to_string(), want, "{text}");
        }
        let many = vec!["1"; 33].join("||");
        assert_eq!(
            Constraint::parse(many).unwrap_err().to_string(),
            "too many constraint groups (max 32)"
        );
    }
}
