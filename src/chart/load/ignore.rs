//! `.helmignore`: its text goes in, rules that judge paths come out (`pkg/ignore`, Helm 4.2.4).

use crate::go::{glob, path};

/// Longest line that Go's scanner takes.
const MAX_LINE: usize = 64 * 1024;

/// The rules of a `.helmignore` (`pkg/ignore`, Helm 4.2.4).
///
/// They look like git's, but a negated rule drops everything that does not match it.
pub(super) struct Rules(Vec<Rule>);

struct Rule {
    pattern: Pattern,
    is_negated: bool,
    only_folders: bool,
    /// Whether the whole path is matched, not the base name.
    is_rooted: bool,
}

/// What a name is held against. Every file is held against every rule, and few rules need Go's
/// matching.
enum Pattern {
    /// This name.
    Exact(String),
    /// A base name that ends with this: `*.bak`.
    Ending(String),
    Glob(String),
}

impl Pattern {
    fn new(pattern: &str, is_rooted: bool) -> Pattern {
        let is_plain = |text: &str| !text.contains(['*', '?', '[', '\\']);
        match pattern.strip_prefix('*') {
            _ if is_plain(pattern) => Pattern::Exact(pattern.to_owned()),
            Some(ending) if !is_rooted && is_plain(ending) => Pattern::Ending(ending.to_owned()),
            _ => Pattern::Glob(pattern.to_owned()),
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Pattern::Exact(wanted) => name == wanted.as_bytes(),
            Pattern::Ending(ending) => name.ends_with(ending.as_bytes()),
            // What is left of a good pattern may be a bad one; then nothing matches it.
            Pattern::Glob(pattern) => glob::path_match(pattern, name).unwrap_or(false),
        }
    }
}

impl Rules {
    /// The rules of `text` and then Helm's own: no dot files in `templates/`.
    pub(super) fn parse(text: &[u8]) -> Result<Rules, String> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = Vec::new();
        for line in text
            .split(|byte| *byte == b'\n')
            .chain([&b"templates/.?*"[..]])
        {
            if line.len() >= MAX_LINE {
                return Err("bufio.Scanner: token too long".to_owned());
            }
            rules.extend(Rule::parse(&String::from_utf8_lossy(line))?);
        }
        Ok(Rules(rules))
    }

    /// Whether the file or folder at `path` is left out.
    pub(super) fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            let applies = !rule.only_folders || is_folder;
            if rule.is_negated {
                if !applies || !rule.matches(path) {
                    return true;
                }
            } else if applies && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Rule>, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        glob::path_match(line, "abc").map_err(|error| error.to_string())?;
        let (is_negated, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (only_folders, rest) = match rest.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let is_rooted = rest.contains('/');
        let pattern = Pattern::new(rest.strip_prefix('/').unwrap_or(rest), is_rooted);
        Ok(Some(Rule {
            pattern,
            is_negated,
            only_folders,
            is_rooted,
        }))
    }

    fn matches(&self, path: &str) -> bool {
        let name = if self.is_rooted {
            path.as_bytes()
        } else {
            path::base(path.as_bytes())
        };
        self.pattern.matches(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_helm_s() {
        for (text, path, is_folder, want) in [
            ("", "templates/.x", false, true),
            ("", "templates/.", false, false),
            ("", "templates/a/.x", false, false),
            ("*.txt", "a/b.txt", false, true),
            ("*.txt", ".txt", false, true),
            ("*.txt", "a/b.txt/c", false, false),
            ("*", "a/b", true, true),
            ("\\a", "a", false, true),
            ("/*.txt", "b/a.txt", false, false),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "b/a.txt", false, false),
            ("b/*.txt", "b/a.txt", false, true),
            ("a/", "a", true, true),
            ("a/", "a", false, false),
            ("!a", "b", false, true),
            ("!a", "a", false, false),
            ("!a/", "a", false, true),
            ("a\n!a", "a", false, true),
            ("# a\n\n  a  \r", "a", false, true),
        ] {
            let rules = Rules::parse(text.as_bytes()).unwrap();
            assert_eq!(rules.ignores(path, is_folder), want, "{text:?} {path}");
        }
        for (text, want) in [
            ("a/**", "double-star (**) syntax is not supported"),
            ("a[", "syntax error in pattern"),
        ] {
            assert_eq!(Rules::parse(text.as_bytes()).err().unwrap(), want);
        }
    }
}
