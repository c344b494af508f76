//! Where a value was set: a file and a place in it, a flag, a chart.

use std::collections::BTreeMap;
use std::fmt;

use super::Path;
use crate::diag::Place;

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a file, at a place.
    File(Place),
    /// By a flag: its name with dashes, and its argument.
    Flag {
        /// `--set` and the like.
        flag: &'static str,
        /// The argument as typed.
        argument: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(place) => place.fmt(f),
            Origin::Flag { flag, argument } => write!(f, "{flag} {argument}"),
        }
    }
}

/// Where each leaf of layered values was set, kept beside them so that rendering pays nothing.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<Path, Origin>);

impl Origins {
    /// Notes that the leaf at `path` was set by `origin`, in place of whatever was at or below it.
    pub fn set(&mut self, path: Path, origin: Origin) {
        self.remove(&path);
        self.0.insert(path, origin);
    }

    /// Forgets the leaf at `path` and all below it.
    pub fn remove(&mut self, path: &Path) {
        let below: Vec<Path> = self.below(path).map(|(path, _)| path.clone()).collect();
        for path in below {
            self.0.remove(&path);
        }
    }

    /// The origin of the leaf at `path`.
    pub fn get(&self, path: &Path) -> Option<&Origin> {
        self.0.get(path)
    }

    /// All leaves at or below `path`, in order.
    pub fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Origin)> {
        self.0
            .range(path.clone()..)
            .take_while(move |(other, _)| path.contains(other))
    }

    /// All leaves.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Origin)> {
        self.0.iter()
    }
}
