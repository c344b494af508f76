//! From the tree of a pattern to matchers.
//!
//! The library rewrites patterns before it matches, and some rewritings match other names than the
//! pattern says (`ab**ba` matches `aba`, `?` matches nothing at all). So the same ones are done here,
//! in the same order.

use super::matcher::{Matcher, MatcherId, Matchers, OutOfRange};
use super::parse::{self, NodeId, Part, Tree};

/// A compiled pattern of `github.com/gobwas/glob` with the separator `/`.
///
/// | | |
/// |---|---|
/// | `*` | anything without a slash |
/// | `**` | anything |
/// | `?` | one character but a slash |
/// | `[abc]`, `[!abc]`, `[a-z]`, `[!a-z]` | one character |
/// | `{a,b}` | one of the patterns |
/// | `\c` | the character `c` |
#[derive(Debug)]
pub struct Pattern {
    matchers: Matchers,
    root: MatcherId,
}

impl Pattern {
    /// Compiles a pattern (`glob.Compile`).
    ///
    /// # Errors
    /// The library's message, for a bad range or for text that is not UTF-8. Braces left open are
    /// none.
    pub fn compile(pattern: &[u8]) -> Result<Pattern, String> {
        let (tree, root) = parse::parse(pattern)?;
        let mut compiler = Compiler {
            tree,
            matchers: Matchers::default(),
        };
        let root = compiler.compile(root);
        Ok(Pattern {
            matchers: compiler.matchers,
            root,
        })
    }

    /// Whether all of `name` matches; no where the library panics.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.try_matches(name).unwrap_or(false)
    }

    /// Whether all of `name` matches.
    ///
    /// # Errors
    /// The library's panic: it looks behind the end of the name for the nothing in `a{}`.
    pub fn try_matches(&self, name: &[u8]) -> Result<bool, OutOfRange> {
        self.matchers.matches(self.root, name)
    }
}

struct Compiler {
    tree: Tree,
    matchers: Matchers,
}

impl Compiler {
    fn compile(&mut self, node: NodeId) -> MatcherId {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.compile_node(node))
    }

    fn compile_node(&mut self, node: NodeId) -> MatcherId {
        let children = self.tree.node(node).children.clone();
        let matcher = match &self.tree.node(node).part {
            Part::Choice => {
                if let Some(factored) = self.factor(&children) {
                    return self.compile(factored);
                }
                Matcher::AnyOf(self.compile_all(&children))
            }
            Part::Sequence if !children.is_empty() => {
                let parts = self.compile_all(&children);
                let parts = self.glue_all(parts);
                let id = self.arrange(&parts);
                return self.simplify(id);
            }
            Part::Sequence | Part::Nothing => Matcher::Nothing,
            Part::Text(text) => Matcher::text(text),
            Part::List { chars, not } => match chars.as_slice() {
                [c] if !not => Matcher::text(c.encode_utf8(&mut [0; 4]).as_bytes()),
                _ => Matcher::List {
                    chars: chars.clone(),
                    not: *not,
                },
            },
            Part::Range { lo, hi, not } => Matcher::Range {
                lo: *lo,
                hi: *hi,
                not: *not,
            },
            Part::Any => Matcher::Any,
            Part::Super => Matcher::Super,
            Part::Single => Matcher::Single,
        };
        self.matchers.add(matcher)
    }

    fn compile_all(&mut self, nodes: &[NodeId]) -> Vec<MatcherId> {
        let mut compiled = Vec::with_capacity(nodes.len());
        for node in nodes {
            let id = self.compile(*node);
            compiled.push(self.simplify(id));
        }
        compiled
    }

    // Choices

    /// Takes out of a choice what its sequences start and end with alike.
    fn factor(&mut self, choices: &[NodeId]) -> Option<NodeId> {
        let all_sequences = choices
            .iter()
            .all(|node| self.tree.node(*node).part == Part::Sequence);
        if !all_sequences {
            return None;
        }
        let (left, right) = self.shared(choices)?;
        let mut rests: Vec<NodeId> = Vec::new();
        for choice in choices {
            let children = &self.tree.node(*choice).children;
            let rest = children[left.len()..children.len() - right.len()].to_vec();
            let rest = if rest.is_empty() {
                self.tree.add(Part::Nothing, rest)
            } else {
                self.tree.add(Part::Sequence, rest)
            };
            if !rests.iter().any(|known| self.tree.same(*known, rest)) {
                rests.push(rest);
            }
        }
        let mut parts = Vec::with_capacity(3);
        if !left.is_empty() {
            parts.push(self.tree.add(Part::Sequence, left));
        }
        match rests.as_slice() {
            [only] if self.tree.node(*only).part == Part::Nothing => {}
            [only] => parts.push(*only),
            _ => parts.push(self.tree.add(Part::Choice, rests)),
        }
        if !right.is_empty() {
            parts.push(self.tree.add(Part::Sequence, right));
        }
        Some(self.tree.add(Part::Sequence, parts))
    }

    /// The parts that all sequences start with, and those they end with; none where there are none.
    /// Both ends are followed step by step until they meet in the shortest sequence.
    fn shared(&self, choices: &[NodeId]) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
        if choices.len() < 2 {
            return None;
        }
        let parts = |choice: NodeId| self.tree.node(choice).children.as_slice();
        let shortest = choices.iter().copied().min_by_key(|c| parts(*c).len())?;
        let length = parts(shortest).len();
        let alike = |forward: bool, step: usize| {
            let pick = |choice: NodeId| {
                let parts = parts(choice);
                parts[if forward {
                    step
                } else {
                    parts.len() - 1 - step
                }]
            };
            choices
                .iter()
                .all(|choice| self.tree.same(pick(*choice), pick(shortest)))
        };
        let (mut left, mut right) = (0, 0);
        let (mut left_goes_on, mut right_goes_on) = (true, true);
        for step in 0..length {
            if left + right >= length || !(left_goes_on || right_goes_on) {
                break;
            }
            left_goes_on = left_goes_on && alike(true, step);
            // Past the middle only one of the two may go on, and the left one comes first.
            let met = left_goes_on && length - 1 - step <= step;
            right_goes_on = right_goes_on && !met && alike(false, step);
            left += usize::from(left_goes_on);
            right += usize::from(right_goes_on);
        }
        if left + right == 0 {
            return None;
        }
        let parts = parts(shortest);
        Some((
            parts[..left].to_vec(),
            parts[parts.len() - right..].to_vec(),
        ))
    }

    // Sequences

    /// Replaces runs of matchers that one matcher can do, the longest run first, until none is left.
    fn glue_all(&mut self, mut parts: Vec<MatcherId>) -> Vec<MatcherId> {
        loop {
            let mut best: Option<(usize, usize, Option<usize>)> = None;
            for start in 0..parts.len() {
                let fits = self.every_run(&parts[start..]);
                let fixed = self.fixed_run(&parts[start..]);
                for end in (start + 2..=parts.len()).rev() {
                    let count = end - start;
                    let length = if count <= fits {
                        None
                    } else if count <= fixed {
                        Some(self.total(&parts[start..end]))
                    } else {
                        continue;
                    };
                    let better = match best {
                        None => true,
                        Some((from, to, known)) => {
                            known.zip(length).is_some_and(|(known, new)| new > known)
                                || to - from < count
                        }
                    };
                    if better {
                        best = Some((start, end, length));
                    }
                }
            }
            let Some((start, end, _)) = best else {
                return parts;
            };
            let Some(glued) = self.glue(&parts[start..end]) else {
                return parts;
            };
            parts.splice(start..end, [glued]);
        }
    }

    /// One matcher for all of `parts`, where there is one.
    fn glue(&mut self, parts: &[MatcherId]) -> Option<MatcherId> {
        if parts.len() < 2 {
            return None;
        }
        let matcher = if self.every_run(parts) == parts.len() {
            self.every(parts)
        } else if self.fixed_run(parts) == parts.len() {
            Matcher::Row {
                length: self.total(parts),
                parts: parts.to_vec(),
            }
        } else {
            return None;
        };
        Some(self.matchers.add(matcher))
    }

    /// How many of the first parts are characters and stars that shun the same characters.
    fn every_run(&self, parts: &[MatcherId]) -> usize {
        let shunned = |id: &MatcherId| match self.matchers.get(*id) {
            Matcher::Super => Some(&[][..]),
            Matcher::Any | Matcher::Single => Some(&['/'][..]),
            Matcher::List { chars, not: true } => Some(chars.as_slice()),
            _ => None,
        };
        let Some(first) = parts.first().and_then(shunned) else {
            return 0;
        };
        parts
            .iter()
            .take_while(|id| shunned(id) == Some(first))
            .count()
    }

    fn every(&self, parts: &[MatcherId]) -> Matcher {
        let mut least = 0;
        let mut bounded = true;
        let mut shunned = String::from("/");
        for id in parts {
            match self.matchers.get(*id) {
                Matcher::Super => return Matcher::Super,
                Matcher::Any => bounded = false,
                Matcher::List { chars, .. } => {
                    shunned = chars.iter().collect();
                    least += 1;
                }
                _ => least += 1,
            }
        }
        if least == 0 {
            return Matcher::Any;
        }
        Matcher::Every {
            least,
            bounded,
            // A text, not a set: the library shuns it as a whole.
            without: shunned.into_bytes().into_boxed_slice(),
        }
    }

    /// How many of the first parts have a fixed length.
    fn fixed_run(&self, parts: &[MatcherId]) -> usize {
        parts
            .iter()
            .take_while(|id| self.matchers.length(**id).is_some())
            .count()
    }

    fn total(&self, parts: &[MatcherId]) -> usize {
        parts
            .iter()
            .filter_map(|id| self.matchers.length(*id))
            .sum()
    }

    /// Makes a search tree: the longest part of fixed length is looked for first.
    fn arrange(&mut self, parts: &[MatcherId]) -> MatcherId {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            if let [only] = parts {
                return *only;
            }
            if let Some(glued) = self.glue(parts) {
                return glued;
            }
            let pivot = parts
                .iter()
                .enumerate()
                .filter_map(|(at, id)| Some((at, self.matchers.length(*id)?)))
                .max_by_key(|(_, length)| *length)
                .map_or(0, |(at, _)| at);
            let left = (pivot > 0).then(|| self.arrange(&parts[..pivot]));
            let right = (pivot + 1 < parts.len()).then(|| self.arrange(&parts[pivot + 1..]));
            let tree = self.matchers.tree(parts[pivot], left, right);
            self.matchers.add(tree)
        })
    }

    /// Shortens a matcher to a simpler one that the library uses in its place.
    fn simplify(&mut self, id: MatcherId) -> MatcherId {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            let (value, left, right) = match self.matchers.get(id) {
                Matcher::AnyOf(choices) if choices.len() == 1 => return choices[0],
                Matcher::Tree {
                    value, left, right, ..
                } => (*value, *left, *right),
                _ => return id,
            };
            let left = left.map(|left| self.simplify(left));
            let right = right.map(|right| self.simplify(right));
            self.matchers.replace_branches(id, left, right);
            let Matcher::Text { text, .. } = self.matchers.get(value) else {
                return id;
            };
            let text = text.clone();
            let get = |id: Option<MatcherId>| id.map(|id| self.matchers.get(id));
            let matcher = match (get(left), get(right)) {
                (None, None) => return value,
                (Some(Matcher::Super), Some(Matcher::Super)) => Matcher::Contains(text),
                (Some(Matcher::Super), None) => Matcher::Suffix(text),
                (None, Some(Matcher::Super)) => Matcher::Prefix(text),
                (None, Some(Matcher::Suffix(suffix))) => {
                    Matcher::PrefixSuffix(text, suffix.clone())
                }
                (Some(Matcher::Prefix(prefix)), None) => {
                    Matcher::PrefixSuffix(prefix.clone(), text)
                }
                (Some(Matcher::Any), None) => Matcher::SuffixAny(text),
                (None, Some(Matcher::Any)) => Matcher::PrefixAny(text),
                _ => return id,
            };
            self.matchers.add(matcher)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(pattern: &[u8], name: &[u8]) -> String {
        match Pattern::compile(pattern) {
            Err(message) => format!("compile: {message}"),
            Ok(compiled) => match compiled.try_matches(name) {
                Ok(matched) => matched.to_string(),
                Err(panic) => format!("panic: {panic}"),
            },
        }
    }

    #[test]
    fn answers_are_the_library_s() {
        for (pattern, name, want) in [
            ("", "", "true"),
            ("", "a", "false"),
            ("*", "a/b", "false"),
            ("**", "a/b", "true"),
            ("*.yaml", "a.yaml", "true"),
            ("*.yaml", "c/a.yaml", "false"),
            ("**.yaml", "c/a.yaml", "true"),
            ("**/*.yaml", "a.yaml", "false"),
            ("config/**", "config/a/b", "true"),
            ("config/*", "config/a/b", "false"),
            ("{a,b}/*.json", "b/x.json", "true"),
            ("{a,{b,c}d}", "cd", "true"),
            ("{a", "a", "true"),
            ("a}", "a}", "true"),
            ("a,b", "a,b", "true"),
            ("[!a]", "b", "true"),
            ("[a-c]?", "bx", "true"),
            ("\\*", "*", "true"),
            ("a\\", "a", "true"),
            // Where the library strays from its own rules.
            ("?", "", "true"),
            ("ab**ba", "aba", "true"),
            ("é?", "éa", "false"),
            ("[!ab][!ab]", "xb", "true"),
            ("{*,ab}c", "abc", "true"),
            ("a{}b", "ab", "false"),
            (
                "a{}",
                "a",
                "panic: runtime error: slice bounds out of range [:2] with length 1",
            ),
            ("[", "a", "compile: unexpected end of input"),
            ("[]", "a", "compile: could not parse range"),
            ("[!]", "a", "compile: could not parse range"),
            (
                "[b-a]",
                "a",
                "compile: hi character 'a' should be greater than lo 'b'",
            ),
            ("[a-bc]", "a", "compile: expected close range character"),
            ("[a", "a", "compile: unexpected end of input"),
            ("\u{fffd}", "a", "compile: could not read rune"),
            ("[\u{fffd}]", "a", "compile: unexpected end of input"),
            ("[]\u{fffd}", "a", "compile: could not read rune"),
        ] {
            assert_eq!(
                answer(pattern.as_bytes(), name.as_bytes()),
                want,
                "{pattern:?} {name:?}"
            );
        }
        assert_eq!(answer(b"\xff", b"a"), "compile: could not read rune");
    }

    #[test]
    fn braces_nest_as_deep_as_they_like() {
        let pattern = "{".repeat(20_000) + "a";
        assert_eq!(answer(pattern.as_bytes(), b"a"), "true");
    }
}
