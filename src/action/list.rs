//! `helm list` (`pkg/action/list.go`, Helm 4.2.4).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::backend::Backend;
use crate::diag::{Error, Kind};
use crate::go::regexp::Regexp;
use crate::kubernetes::selector::Selector;
use crate::release::{Query, Release, Status};

/// Which releases are wanted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The namespace; empty for all.
    pub namespace: String,
    /// States that count; none for all but unknown ones.
    pub states: Vec<Status>,
    /// A regular expression that names match.
    pub filter: String,
    /// Labels that records have (`label=value,...`).
    pub selector: String,
    /// Oldest first, instead of by name.
    pub by_date: bool,
    /// The other way round.
    pub reverse: bool,
    /// How many at most; 0 for all.
    pub limit: usize,
    /// How many are passed over first.
    pub offset: usize,
}

/// The newest revision of each release that is wanted.
///
/// # Errors
/// A filter or selector that cannot be read, and whatever the cluster says.
pub fn run(options: &Options, backend: &dyn Backend) -> Result<Vec<Release>, Error> {
    backend.reach()?;
    let filter = match options.filter.as_str() {
        "" => None,
        text => Some(
            Regexp::compile(text).map_err(|error| Error::new(Kind::Usage, error.to_string()))?,
        ),
    };
    let store = backend.store(&options.namespace);
    let mut found = store.query(&Query::default())?.releases;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(filter) = filter {
        found.retain(|release| filter.is_match(release.name.as_bytes()));
    }
    let most = found.len();
    // Superseded revisions are never the newest ones.
    if options.states != [Status::Superseded] {
        found = newest(found);
    }
    found.retain(|release| match options.states.as_slice() {
        [] => release.info.status != Status::Unknown,
        states => states.contains(&release.info.status),
    });
    let selector = Selector::parse(&options.selector)?;
    found.retain(|release| {
        selector.matches(|name| {
            let mut labels = release.labels.iter();
            labels
                .find(|(label, _)| label == name)
                .map(|(_, value)| value.as_str())
        })
    });
    found.sort_by(|a, b| order(options, a, b));
    let limit = match options.limit {
        0 => most,
        limit => limit.min(most),
    };
    Ok(found.into_iter().skip(options.offset).take(limit).collect())
}

fn newest(releases: Vec<Release>) -> Vec<Release> {
    let mut newest: BTreeMap<(String, String), Release> = BTreeMap::new();
    for release in releases {
        let key = (release.namespace.clone(), release.name.clone());
        match newest.get(&key) {
            Some(known) if known.revision > release.revision => {}
            _ => {
                newest.insert(key, release);
            }
        }
    }
    newest.into_values().collect()
}

fn order(options: &Options, a: &Release, b: &Release) -> Ordering {
    let order = match options.by_date {
        true => a
            .info
            .last_deployed
            .seconds()
            .cmp(&b.info.last_deployed.seconds()),
        false => a.name.cmp(&b.name),
    };
    match options.reverse {
        true => order.reverse(),
        false => order,
    }
}
