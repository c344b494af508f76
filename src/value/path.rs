//! The way to a value inside another, as `--set` writes it.

use std::fmt;

use super::Text;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into a map.
    Key(Text),
    /// Into a list, counted from 0.
    Index(usize),
}

/// The way from a root to a value in it. `Display` prints `a.b[0].c`, the grammar of `--set`,
/// with its special characters escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Segment>);

impl Path {
    /// The path to `key` below this one.
    #[must_use]
    pub fn key(&self, key: impl Into<Text>) -> Path {
        let mut path = self.clone();
        path.0.push(Segment::Key(key.into()));
        path
    }

    /// The path to item `index` below this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Path {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }

    /// Whether `other` is this path or below it.
    pub fn contains(&self, other: &Path) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    for c in key.to_str_lossy().chars() {
                        if matches!(c, '.' | ',' | '=' | '[' | '\\') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_set_reads() {
        let path = Path::default().key("a.b").index(2).key("c");
        assert_eq!(path.to_string(), "a\\.b[2].c");
        assert!(Path::default().key("a.b").contains(&path));
    }
}
