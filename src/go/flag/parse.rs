//! Reading flags: words go in, values of a set and the other words come out
//! (`FlagSet.Parse` of `github.com/spf13/pflag` 1.0.10).

use super::Flag;
use super::set::{Check, FlagSet};
use crate::go::strconv;

/// What to do about flags that the set does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Refuse them.
    Refuse,
    /// Pass over them, and over the word behind one that seems to have a value
    /// (`ParseErrorsAllowlist.UnknownFlags`).
    Skip,
}

/// Why parsing stopped; `Display` gives pflag's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `--help` or `-h` where the set has no such flag.
    #[error("pflag: help requested")]
    Help,
    /// Anything else.
    #[error("{0}")]
    Refused(String),
}

impl FlagSet {
    /// Reads flags from `words`, in any place, up to `--`; returns the other words
    /// (`FlagSet.Parse`).
    ///
    /// # Errors
    /// [`Error`], at the first word that cannot be understood; flags before it keep their values.
    pub fn parse(
        &mut self,
        words: &[String],
        unknown: Unknown,
        check: Check<'_>,
    ) -> Result<Vec<String>, Error> {
        let mut positional = Vec::new();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            let Some(body) = word.strip_prefix('-').filter(|body| !body.is_empty()) else {
                positional.push(word.clone());
                continue;
            };
            match body.strip_prefix('-') {
                Some("") => {
                    positional.extend_from_slice(rest);
                    break;
                }
                Some(long) => rest = self.long(word, long, rest, unknown, check)?,
                // The `go test` runner's own flags are nobody's.
                None if body.starts_with("test.") => {}
                None => {
                    let mut letters = body;
                    while !letters.is_empty() {
                        (letters, rest) = self.short(letters, rest, unknown, check)?;
                    }
                }
            }
        }
        Ok(positional)
    }

    fn long<'a>(
        &mut self,
        word: &str,
        body: &str,
        rest: &'a [String],
        unknown: Unknown,
        check: Check<'_>,
    ) -> Result<&'a [String], Error> {
        if body.starts_with(['-', '=']) {
            return Err(Error::Refused(format!("bad flag syntax: {word}")));
        }
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        let Some(at) = self.position(name) else {
            return match (name, unknown) {
                ("help", _) => Err(Error::Help),
                (_, Unknown::Skip) if value.is_some() => Ok(rest),
                (_, Unknown::Skip) => Ok(skip_value(rest)),
                (_, Unknown::Refuse) => Err(Error::Refused(format!("unknown flag: --{name}"))),
            };
        };
        let (value, rest) = match (value, self.flag(at).bare, rest.split_first()) {
            (Some(value), _, _) => (value, rest),
            (None, Some(bare), _) => (bare, rest),
            (None, None, Some((value, rest))) => (value.as_str(), rest),
            (None, None, None) => {
                return Err(Error::Refused(format!("flag needs an argument: --{name}")));
            }
        };
        self.give(at, value, check)?;
        Ok(rest)
    }

    /// Reads the first of `letters`; returns the letters and words that remain.
    fn short<'a, 'b>(
        &mut self,
        letters: &'b str,
        rest: &'a [String],
        unknown: Unknown,
        check: Check<'_>,
    ) -> Result<(&'b str, &'a [String]), Error> {
        let Some(letter) = letters.chars().next() else {
            return Ok(("", rest));
        };
        let after = &letters[letter.len_utf8()..];
        // `-f=value`; in `-f=` the sign is a letter, or a value.
        let joined = after.strip_prefix('=').filter(|value| !value.is_empty());
        let Some(at) = self.shorthand(letter) else {
            return match (letter, unknown) {
                ('h', _) => Err(Error::Help),
                (_, Unknown::Skip) if joined.is_some() => Ok(("", rest)),
                (_, Unknown::Skip) => Ok((after, skip_value(rest))),
                (_, Unknown::Refuse) => Err(Error::Refused(format!(
                    "unknown shorthand flag: {} in -{letters}",
                    quote_letter(letters)
                ))),
            };
        };
        let (value, after, rest) = match (joined, self.flag(at).bare, rest.split_first()) {
            (Some(value), _, _) => (value, "", rest),
            (None, Some(bare), _) => (bare, after, rest),
            (None, None, _) if !after.is_empty() => (after, "", rest),
            (None, None, Some((value, rest))) => (value.as_str(), "", rest),
            (None, None, None) => {
                return Err(Error::Refused(format!(
                    "flag needs an argument: {} in -{letters}",
                    quote_letter(letters)
                )));
            }
        };
        self.give(at, value, check)?;
        Ok((after, rest))
    }

    fn give(&mut self, at: usize, value: &str, check: Check<'_>) -> Result<(), Error> {
        self.assign(at, value, check).map_err(|cause| {
            let Flag {
                name, shorthand, ..
            } = *self.flag(at);
            let shown = match shorthand {
                Some(letter) => format!("-{letter}, --{name}"),
                None => format!("--{name}"),
            };
            Error::Refused(format!(
                "invalid argument {} for \"{shown}\" flag: {cause}",
                strconv::quote(value)
            ))
        })
    }
}

/// Passes over what is perhaps the value of an unknown flag (`stripUnknownFlagValue`).
fn skip_value(rest: &[String]) -> &[String] {
    match rest.split_first() {
        Some((first, after)) if !first.starts_with('-') => after,
        _ => rest,
    }
}

/// Go prints the first byte of the letters as a character.
fn quote_letter(letters: &str) -> String {
    strconv::quote_rune(letters.bytes().next().map_or('\0', char::from))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    const FLAGS: &[Flag] = &[
        Flag::text("namespace", "").short('n'),
        Flag::bool("generate-name", "").short('g'),
        Flag::bool("help", "").short('h'),
        Flag::slice("values", "").short('f'),
        Flag::array("set", ""),
        Flag::new("labels", Kind::TextMap, "").short('l'),
        Flag::new("timeout", Kind::Duration, "").or("5m0s"),
        Flag::int("max", "").short('m').or("256"),
        Flag::text("dry-run", "").or("client").bare("unset"),
        Flag::bool("atomic", "").deprecated("use --other instead"),
    ];

    fn parse(words: &[&str], unknown: Unknown) -> (FlagSet, Result<Vec<String>, String>) {
        let mut set = FlagSet::new();
        set.add(FLAGS);
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let rest = set
            .parse(&words, unknown, &mut |_, value| Ok(value.to_owned()))
            .map_err(|error| error.to_string());
        (set, rest)
    }

    #[test]
    fn refusals_are_in_pflags_words() {
        for (words, want) in [
            (&["--nope"][..], "unknown flag: --nope"),
            (&["--nope=1"], "unknown flag: --nope"),
            (&["-q"], "unknown shorthand flag: 'q' in -q"),
            (&["-gq"], "unknown shorthand flag: 'q' in -q"),
            (&["-é"], "unknown shorthand flag: 'Ã' in -é"),
            (&["-g="], "unknown shorthand flag: '=' in -="),
            (&["--=x"], "bad flag syntax: --=x"),
            (&["---x"], "bad flag syntax: ---x"),
            (&["--set"], "flag needs an argument: --set"),
            (&["-gn"], "flag needs an argument: 'n' in -n"),
            (
                &["--generate-name=maybe"],
                "invalid argument \"maybe\" for \"-g, --generate-name\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                &["--timeout", "5x"],
                "invalid argument \"5x\" for \"--timeout\" flag: time: unknown unit \"x\" in duration \"5x\"",
            ),
            (
                &["-l", "a"],
                "invalid argument \"a\" for \"-l, --labels\" flag: a must be formatted as key=value",
            ),
            (
                &["-l", "a=b=c,d"],
                "invalid argument \"a=b=c,d\" for \"-l, --labels\" flag: d must be formatted as key=value",
            ),
        ] {
            assert_eq!(
                parse(words, Unknown::Refuse).1,
                Err(want.to_owned()),
                "{words:?}"
            );
        }
    }

    #[test]
    fn values_and_words_are_told_apart() {
        let (set, rest) = parse(
            &[
                "a",
                "-nx",
                "-gf",
                "v1,v2",
                "-f=v3",
                "--set=a=b,c",
                "--dry-run",
                "b",
                "-",
                "",
                "--",
                "-n",
            ],
            Unknown::Refuse,
        );
        assert_eq!(
            rest,
            Ok(["a", "b", "-", "", "-n"].map(str::to_owned).to_vec())
        );
        assert_eq!(set.text("namespace"), "x");
        assert!(set.is("generate-name"));
        assert_eq!(set.list("values"), ["v1", "v2", "v3"]);
        assert_eq!(set.list("set"), ["a=b,c"]);
        assert_eq!(set.text("dry-run"), "unset");
        assert_eq!(set.int("max"), 256);
        assert!(!set.changed("max"));
    }

    #[test]
    fn unknown_flags_take_a_following_word_along() {
        let (set, rest) = parse(
            &["--nope", "value", "-q", "x", "--nope=1", "y", "-n", "z"],
            Unknown::Skip,
        );
        assert_eq!(rest, Ok(vec!["y".to_owned()]));
        assert_eq!(set.text("namespace"), "z");
    }

    #[test]
    fn deprecated_flags_work_and_say_so() {
        let (mut set, _) = parse(&["--atomic"], Unknown::Refuse);
        assert!(set.is("atomic"));
        assert_eq!(
            set.take_warnings(),
            "Flag --atomic has been deprecated, use --other instead\n"
        );
    }
}
