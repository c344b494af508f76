//! Where state values and values of releases were set, leaf by leaf: found afterwards, from the layers
//! that were read, so that nothing is paid where nobody asks.

use std::cell::RefCell;

use crate::diag::Source;
use crate::helmfile::data::{Data, Entries};
use crate::value::{Path, Segment};
use crate::yaml;

/// Which layers win, the strongest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::helmfile) enum Rank {
    /// `values:` of state files.
    Default,
    /// Values of environments, or of releases.
    #[default]
    Value,
    /// Encrypted files.
    Secret,
    /// `--state-values-file`, and values that a parent hands down.
    Given,
    /// `--state-values-set`
    Set,
}

/// What a layer was read from.
#[derive(Clone, Debug)]
enum From {
    /// A text, whose lines are known.
    Text(Source),
    /// An entry of a list in a state file, which is looked for there.
    Entry(String),
    /// Words.
    Words(String),
}

#[derive(Clone, Debug)]
struct Layer {
    rank: Rank,
    from: From,
    values: Data,
}

/// The layers that were read so far.
#[derive(Debug, Default)]
pub(in crate::helmfile) struct Ledger {
    layers: RefCell<Vec<Layer>>,
    /// State files as they were decoded, each part behind as many empty lines as there are before it.
    states: RefCell<Vec<Source>>,
}

impl Ledger {
    /// Notes the values of a file.
    pub(in crate::helmfile) fn file(&self, rank: Rank, name: &str, text: &[u8], values: &Data) {
        let from = From::Text(Source::new(shown(name), text));
        self.add(rank, from, values);
    }

    /// Notes the values of an entry in a state file.
    pub(in crate::helmfile) fn entry(&self, rank: Rank, file: &str, values: &Data) {
        self.add(rank, From::Entry(file.to_owned()), values);
    }

    /// Notes values that come from what has no lines.
    pub(in crate::helmfile) fn words(&self, rank: Rank, words: &str, values: &Data) {
        self.add(rank, From::Words(words.to_owned()), values);
    }

    fn add(&self, rank: Rank, from: From, values: &Data) {
        let values = values.clone();
        self.layers.borrow_mut().push(Layer { rank, from, values });
    }

    /// Notes a part of a state file, which begins after `before`.
    pub(in crate::helmfile) fn state(&self, name: &str, before: &str, text: &[u8]) {
        let mut padded = vec![b'\n'; before.matches('\n').count()];
        padded.extend_from_slice(text);
        let source = Source::new(shown(name), padded);
        self.states.borrow_mut().push(source);
    }

    /// How much was noted.
    pub(in crate::helmfile) fn mark(&self) -> (usize, usize) {
        (self.layers.borrow().len(), self.states.borrow().len())
    }

    /// Forgets what was noted since.
    pub(in crate::helmfile) fn forget(&self, (layers, states): (usize, usize)) {
        self.layers.borrow_mut().truncate(layers);
        self.states.borrow_mut().truncate(states);
    }

    /// Where the leaf at `path`, which is `value`, was set: the strongest layer that sets it so.
    pub(in crate::helmfile) fn find(&self, path: &Path, value: &Data) -> Option<String> {
        let layers = self.layers.borrow();
        let mut best: Option<&Layer> = None;
        for layer in layers.iter() {
            let is_it = at(&layer.values, path).is_some_and(|found| found == value);
            if is_it && best.is_none_or(|best| best.rank <= layer.rank) {
                best = Some(layer);
            }
        }
        let layer = best?;
        Some(match &layer.from {
            From::Words(words) => words.clone(),
            From::Text(source) => match place(source, |leaf| leaf.0 == path.0) {
                Some(place) => place,
                None => source.name().to_owned(),
            },
            From::Entry(file) => {
                let states = self.states.borrow();
                let found = states
                    .iter()
                    .rev()
                    .find_map(|source| place(source, |leaf| is_entry(leaf, path)));
                found.unwrap_or_else(|| shown(file))
            }
        })
    }

    /// A text with the origins of its leaves behind them, as comments. `find` knows the origin of a leaf.
    pub(in crate::helmfile) fn annotate(
        text: &[u8],
        find: impl Fn(&Path) -> Option<String>,
    ) -> Vec<u8> {
        let source = Source::new("values", text);
        let Ok(tree) = yaml::parse(&source) else {
            return text.to_vec();
        };
        let mut comments: Vec<(usize, String)> = Vec::new();
        for (path, span) in tree.leaves() {
            let shown = &text[span.start.min(text.len())..span.end.min(text.len())];
            let is_block = shown
                .first()
                .is_some_and(|byte| matches!(byte, b'|' | b'>'));
            if shown.trim_ascii_end().contains(&b'\n') && !is_block {
                continue;
            }
            let rest = &text[span.start.min(text.len())..];
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            if let Some(origin) = find(&path) {
                comments.push((span.start + end, origin));
            }
        }
        let mut out = Vec::with_capacity(text.len() * 2);
        let mut done = 0;
        for (at, origin) in comments {
            // Of several leaves on a line the first speaks.
            if at < done || at > text.len() || (at == done && done > 0) {
                continue;
            }
            out.extend_from_slice(&text[done..at]);
            out.extend_from_slice(format!("  # {origin}").as_bytes());
            done = at;
        }
        out.extend_from_slice(&text[done..]);
        out
    }
}

/// The place of a leaf of a text.
fn place(source: &Source, is_it: impl Fn(&Path) -> bool) -> Option<String> {
    let tree = yaml::parse(source).ok()?;
    let leaves = tree.leaves();
    let (_, span) = leaves.iter().rev().find(|(path, _)| is_it(path))?;
    Some(source.place(span.start).to_string())
}

/// Whether a leaf of a state file is that of an entry of one of its lists of values.
fn is_entry(leaf: &Path, path: &Path) -> bool {
    let Some(head) = leaf.0.len().checked_sub(path.0.len()) else {
        return false;
    };
    let (head, tail) = leaf.0.split_at(head);
    let is_list =
        matches!(head, [.., Segment::Key(key), Segment::Index(_)] if key.as_ref() == b"values");
    is_list && tail == path.0
}

/// What templates made has lines of its own.
fn shown(name: &str) -> String {
    match name.ends_with(".gotmpl") {
        true => format!("{name} (rendered)"),
        false => name.to_owned(),
    }
}

/// What values hold at a path.
pub(in crate::helmfile) fn find(values: &Entries, path: &Path) -> Option<Data> {
    let Some((Segment::Key(first), rest)) = path.0.split_first() else {
        return None;
    };
    at(values.get(first)?, &Path(rest.to_vec())).cloned()
}

/// What is at a path.
fn at<'d>(data: &'d Data, path: &Path) -> Option<&'d Data> {
    path.0.iter().try_fold(data, |data, segment| match segment {
        Segment::Key(key) => data.get(key),
        Segment::Index(index) => data.as_list()?.get(*index),
    })
}

/// The leaves of values, in order.
pub(in crate::helmfile) fn leaves(values: &Entries) -> Vec<(Path, Data)> {
    fn walk(data: &Data, path: &mut Vec<Segment>, found: &mut Vec<(Path, Data)>) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match data {
            Data::Map(map) if !map.is_empty() => {
                for (key, value) in map.iter() {
                    path.push(Segment::Key(key.clone()));
                    walk(value, path, found);
                    path.pop();
                }
            }
            Data::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Segment::Index(index));
                    walk(item, path, found);
                    path.pop();
                }
            }
            leaf => found.push((Path(path.clone()), leaf.clone())),
        });
    }
    let mut found = Vec::new();
    walk(&Data::map(values.clone()), &mut Vec::new(), &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helmfile::data::decode;

    fn data(text: &str) -> Data {
        decode(text.as_bytes()).expect("YAML")
    }

    #[test]
    fn the_strongest_layer_that_says_so_is_named() {
        let ledger = Ledger::default();
        let one = "a: 1\nb: {c: x}\nl: [p, q]\n";
        ledger.file(Rank::Value, "one.yaml", one.as_bytes(), &data(one));
        ledger.file(
            Rank::Default,
            "base.yaml.gotmpl",
            b"a: 2\nz: 1\n",
            &data("a: 2\nz: 1\n"),
        );
        ledger.words(Rank::Set, "--state-values-set", &data("s: 5"));
        ledger.state(
            "helmfile.yaml",
            "x\n---\n",
            b"environments:\n  dev:\n    values:\n      - e: 7\n",
        );
        ledger.entry(Rank::Value, "helmfile.yaml", &data("e: 7"));
        let mark = ledger.mark();
        ledger.file(Rank::Value, "two.yaml", b"\na: 1\n", &data("a: 1"));
        let find = |path: Path, value: &str| ledger.find(&path, &data(value));
        let key = |name: &str| Path::default().key(name);
        assert_eq!(find(key("a"), "1").as_deref(), Some("two.yaml:2:4"));
        ledger.forget(mark);
        assert_eq!(find(key("a"), "1").as_deref(), Some("one.yaml:1:4"));
        assert_eq!(
            find(key("b").key("c"), "x").as_deref(),
            Some("one.yaml:2:8")
        );
        assert_eq!(
            find(key("l").index(1), "q").as_deref(),
            Some("one.yaml:3:8")
        );
        assert_eq!(
            find(key("z"), "1").as_deref(),
            Some("base.yaml.gotmpl (rendered):2:4")
        );
        assert_eq!(find(key("s"), "5").as_deref(), Some("--state-values-set"));
        assert_eq!(find(key("e"), "7").as_deref(), Some("helmfile.yaml:6:12"));
        assert_eq!(find(key("none"), "7"), None);
    }

    #[test]
    fn comments_stand_behind_leaves() {
        let text = "a: 1\nb:\n  - x\n  - |\n    y\n    z\nc: {}\n";
        let out = Ledger::annotate(text.as_bytes(), |path| {
            (path.to_string() != "c").then(|| format!("at {path}"))
        });
        assert_eq!(
            String::from_utf8_lossy(&out),
            "a: 1  # at a\nb:\n  - x  # at b[0]\n  - |  # at b[1]\n    y\n    z\nc: {}\n"
        );
        assert_eq!(data(&String::from_utf8_lossy(&out)), data(text));
    }

    #[test]
    fn leaves_are_all_that_holds_nothing() {
        let Data::Map(map) = data("a: {b: [1, {}]}\nc: null\n") else {
            panic!("no map");
        };
        let found: Vec<String> = leaves(&map)
            .iter()
            .map(|(path, _)| path.to_string())
            .collect();
        assert_eq!(found, ["a.b[0]", "a.b[1]", "c"]);
    }
}
