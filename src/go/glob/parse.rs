//! Patterns as trees. The tree lives in one `Vec`: braces nest as deep as the pattern is long.

use super::decode;

/// Index of a node.
pub(super) type NodeId = usize;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Nothing,
    /// Children in a row.
    Sequence,
    /// Children to choose from.
    Choice,
    Text(Box<[u8]>),
    List {
        chars: Vec<char>,
        not: bool,
    },
    Range {
        lo: char,
        hi: char,
        not: bool,
    },
    /// `*`
    Any,
    /// `**`
    Super,
    /// `?`
    Single,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) part: Part,
    pub(super) children: Vec<NodeId>,
}

/// Parts of one pattern.
#[derive(Debug, Default)]
pub(super) struct Tree(Vec<Node>);

impl Tree {
    pub(super) fn add(&mut self, part: Part, children: Vec<NodeId>) -> NodeId {
        self.0.push(Node { part, children });
        self.0.len() - 1
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.0[id]
    }

    /// Whether two parts are written alike.
    pub(super) fn same(&self, a: NodeId, b: NodeId) -> bool {
        let mut pairs = vec![(a, b)];
        while let Some((a, b)) = pairs.pop() {
            if a == b {
                continue;
            }
            let (a, b) = (self.node(a), self.node(b));
            if a.part != b.part || a.children.len() != b.children.len() {
                return false;
            }
            pairs.extend(a.children.iter().copied().zip(b.children.iter().copied()));
        }
        true
    }
}

/// Reads a pattern: the tree and its root.
///
/// A brace that is left open is closed by the end, as is everything by a NUL where an item would
/// start.
pub(super) fn parse(pattern: &[u8]) -> Result<(Tree, NodeId), String> {
    let mut tree = Tree::default();
    let root = tree.add(Part::Sequence, Vec::new());
    // The choices that are open, each with the sequence it stands in.
    let mut open: Vec<(NodeId, NodeId)> = Vec::new();
    let mut current = root;
    let mut scanner = Scanner {
        pattern,
        position: 0,
    };
    while let Some(c) = scanner.peek()? {
        let part = match c {
            '{' => {
                scanner.skip(c);
                let choice = tree.add(Part::Choice, Vec::new());
                tree.0[current].children.push(choice);
                open.push((current, choice));
                current = tree.add(Part::Sequence, Vec::new());
                tree.0[choice].children.push(current);
                continue;
            }
            ',' if !open.is_empty() => {
                scanner.skip(c);
                if let Some((_, choice)) = open.last().copied() {
                    current = tree.add(Part::Sequence, Vec::new());
                    tree.0[choice].children.push(current);
                }
                continue;
            }
            '}' if !open.is_empty() => {
                scanner.skip(c);
                if let Some((outer, _)) = open.pop() {
                    current = outer;
                }
                continue;
            }
            '[' => {
                scanner.skip(c);
                scanner.range()?
            }
            '?' => {
                scanner.skip(c);
                Part::Single
            }
            '*' => {
                scanner.skip(c);
                if scanner.peek()? == Some('*') {
                    scanner.skip('*');
                    Part::Super
                } else {
                    Part::Any
                }
            }
            _ => {
                let breakers = if open.is_empty() { "?*[{" } else { "?*[{}," };
                let text = scanner.text(breakers)?;
                if text.is_empty() {
                    continue;
                }
                Part::Text(text.into_bytes().into_boxed_slice())
            }
        };
        let id = tree.add(part, Vec::new());
        tree.0[current].children.push(id);
    }
    Ok((tree, root))
}

struct Scanner<'a> {
    pattern: &'a [u8],
    position: usize,
}

impl Scanner<'_> {
    /// The next character; none at the end and at NUL.
    fn peek(&self) -> Result<Option<char>, String> {
        match decode(&self.pattern[self.position..]) {
            (_, 0) | ('\0', _) => Ok(None),
            // The library takes a written U+FFFD for a broken one.
            (char::REPLACEMENT_CHARACTER, _) => Err("could not read rune".to_owned()),
            (c, _) => Ok(Some(c)),
        }
    }

    fn skip(&mut self, c: char) {
        self.position += c.len_utf8();
    }

    fn next(&mut self) -> Result<Option<char>, String> {
        let next = self.peek()?;
        if let Some(c) = next {
            self.skip(c);
        }
        Ok(next)
    }

    /// Text up to one of `breakers`, without its backslashes. A NUL ends it and is dropped.
    fn text(&mut self, breakers: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut escaped = false;
        loop {
            let Some(c) = self.peek()? else {
                self.position = (self.position + 1).min(self.pattern.len());
                break;
            };
            if !escaped {
                if c == '\\' {
                    escaped = true;
                    self.skip(c);
                    continue;
                }
                if breakers.contains(c) {
                    break;
                }
            }
            escaped = false;
            self.skip(c);
            text.push(c);
        }
        Ok(text)
    }

    /// What follows `[`. A broken character counts as the end.
    fn range(&mut self) -> Result<Part, String> {
        let mut first = self.range_character()?;
        let not = first == '!';
        if not {
            first = self.range_character()?;
        }
        let second = self.peek();
        if second == Ok(Some('-')) {
            self.skip('-');
            let hi = self.range_character()?;
            self.range_end()?;
            if hi < first {
                return Err(format!(
                    "hi character '{hi}' should be greater than lo '{first}'"
                ));
            }
            return Ok(Part::Range { lo: first, hi, not });
        }
        self.position -= first.len_utf8();
        let text = self.text("]").map_err(|_| end_of_input())?;
        let chars: Vec<char> = text.chars().collect();
        self.range_end()?;
        second?;
        if chars.is_empty() {
            return Err("could not parse range".to_owned());
        }
        Ok(Part::List { chars, not })
    }

    fn range_character(&mut self) -> Result<char, String> {
        self.next().ok().flatten().ok_or_else(end_of_input)
    }

    fn range_end(&mut self) -> Result<(), String> {
        match self.range_character()? {
            ']' => Ok(()),
            _ => Err("expected close range character".to_owned()),
        }
    }
}

fn end_of_input() -> String {
    "unexpected end of input".to_owned()
}
