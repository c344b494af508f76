//! `helm search repo` (`pkg/cmd/search_repo.go` and `pkg/cmd/search`, Helm 4.2.4).

use std::collections::{BTreeMap, BTreeSet};

use super::repo::{Format, structured};
use crate::diag::{Error, Kind, Level, Notice};
use crate::fetch::index::Version;
use crate::fetch::repository::index_path;
use crate::fetch::{Catalog, Places, Repositories};
use crate::go::regexp::Regexp;
use crate::go::semver;
use crate::go::table::Table;

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Words, taken together.
    pub keywords: Vec<String>,
    /// They are a regular expression.
    pub regexp: bool,
    /// All versions, not the newest only.
    pub versions: bool,
    /// Prereleases, too.
    pub devel: bool,
    /// A range of versions.
    pub version: String,
    /// How wide a column may be; 0 is no limit.
    pub column_width: usize,
    /// Fail where nothing is found.
    pub fail_on_no_result: bool,
    /// How to print.
    pub format: Format,
}

/// Matches that begin behind this many parts do not count.
const THRESHOLD: usize = 25;

/// A chart that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// `REPOSITORY/CHART`
    pub name: String,
    /// Version of the chart.
    pub version: String,
    /// Version of what it installs.
    pub app_version: String,
    /// What its definition says of it.
    pub description: String,
}

/// A chart in an index.
struct Found<'a> {
    name: &'a str,
    score: usize,
    version: &'a Version,
}

/// Searches the indexes of the repositories that were added; gives what to print.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(options: &Options, places: &Places, notices: &mut Vec<Notice>) -> Result<String, Error> {
    print(options, &find(options, places, notices)?)
}

/// Searches the indexes of the repositories that were added; gives what is found, best first.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn find(
    options: &Options,
    places: &Places,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Row>, Error> {
    let fail = |message: String| Error::new(Kind::Chart, message);
    let wanted = match (&*options.version, options.devel) {
        ("", true) => ">0.0.0-0",
        ("", false) => ">0.0.0",
        (version, _) => version,
    };
    let repositories = Repositories::load(&places.repository_config).unwrap_or_default();
    if repositories.entries.is_empty() {
        return Err(fail("no repositories configured".to_owned()));
    }
    let mut indexes = Vec::new();
    for entry in repositories.entries {
        let path = index_path(&places.repository_cache, &entry.name);
        match Catalog::open(&path, notices).and_then(Catalog::into_entries) {
            Ok(entries) => indexes.push((entry.name, entries)),
            Err(error) => notices.push(
                Notice::new(Level::Warn, "repo is corrupt or missing")
                    .with("repo", &entry.name)
                    .with("error", &error),
            ),
        }
    }
    let term = options.keywords.join(" ");
    let matcher = match options.keywords.is_empty() {
        true => Matcher::All,
        false if options.regexp => {
            Matcher::Regexp(Regexp::compile(&term).map_err(|error| fail(error.to_string()))?)
        }
        false => Matcher::Literal(term.to_lowercase()),
    };
    // By name and version, since a repository that was added twice counts once.
    let mut charts: BTreeMap<(String, &str), (&str, &Version)> = BTreeMap::new();
    for (repository, entries) in &indexes {
        for (name, versions) in entries {
            let full = crate::go::path::join(&[repository, name]);
            for version in versions {
                let key = (full.clone(), version.metadata.version.as_str());
                charts.insert(key, (repository, version));
            }
        }
    }
    let mut found: Vec<Found<'_>> = charts
        .iter()
        .filter_map(|((name, _), (repository, version))| {
            let score = matcher.score(repository, version)?;
            // Helm separates the version by this, and cuts what follows.
            let name = name.split("$$").next().unwrap_or_default();
            Some(Found {
                name,
                score,
                version,
            })
        })
        .collect();
    let number = |found: &Found<'_>| semver::Version::parse(&found.version.metadata.version).ok();
    found.sort_by_cached_key(|found| (found.score, found.name, std::cmp::Reverse(number(found))));
    let constraint = semver::Constraint::parse(wanted)
        .map_err(|error| fail(format!("an invalid version/constraint format: {error}")))?;
    let mut seen = BTreeSet::new();
    found.retain(|found| {
        if !options.versions && seen.contains(found.name) {
            return false;
        }
        let fits = number(found).is_some_and(|version| constraint.check(&version));
        if fits {
            seen.insert(found.name);
        }
        fits
    });
    if found.is_empty() && options.fail_on_no_result {
        return Err(fail("no results found".to_owned()));
    }
    let rows = found.into_iter().map(|found| {
        let metadata = &found.version.metadata;
        Row {
            name: found.name.to_owned(),
            version: metadata.version.clone(),
            app_version: metadata.app_version.clone(),
            description: metadata.description.clone(),
        }
    });
    Ok(rows.collect())
}

fn print(options: &Options, found: &[Row]) -> Result<String, Error> {
    if options.format != Format::Table {
        let rows: Vec<_> = found
            .iter()
            .map(|found| {
                [
                    ("name", found.name.as_str()),
                    ("version", &found.version),
                    ("app_version", &found.app_version),
                    ("description", &found.description),
                ]
            })
            .collect();
        return structured(&rows, options.format);
    }
    if found.is_empty() {
        return Ok("No results found\n".to_owned());
    }
    let mut table = Table::new(options.column_width);
    table.add(["NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION"]);
    for found in found {
        table.add([
            &*found.name,
            &found.version,
            &found.app_version,
            &found.description,
        ]);
    }
    Ok(table.render())
}

enum Matcher {
    All,
    Literal(String),
    Regexp(Regexp),
}

impl Matcher {
    /// How early a chart matches: 0 in its name, 1 behind the repository's, 2 in the description, 3
    /// in the keywords; `None` where it does not.
    fn score(&self, repository: &str, version: &Version) -> Option<usize> {
        let metadata = &version.metadata;
        let line = || {
            format!(
                "{name}\u{b}{repository}/{name}\u{b}{}\u{b}{}",
                metadata.description,
                metadata.keywords.join(" "),
                name = metadata.name
            )
        };
        let (line, at) = match self {
            Matcher::All => return Some(0),
            Matcher::Literal(term) => {
                let line = line().to_lowercase();
                let at = line.find(term)?;
                (line, at)
            }
            Matcher::Regexp(expression) => {
                let line = line();
                let found = expression.find(line.as_bytes())?;
                let at = found.as_ptr() as usize - line.as_ptr() as usize;
                (line, at)
            }
        };
        // A match at a separator counts to the part before it.
        let score = line.bytes().take(at).filter(|byte| *byte == 0x0b).count();
        (score < THRESHOLD).then_some(score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_matches_score_lower() {
        let mut version = Version::default();
        "app".clone_into(&mut version.metadata.name);
        "First, stable".clone_into(&mut version.metadata.description);
        version.metadata.keywords = vec!["web".to_owned(), "http".to_owned()];
        for (term, want) in [
            ("app", Some(0)),
            ("RA/app", Some(1)),
            ("first", Some(2)),
            ("web http", Some(3)),
            ("none", None),
            ("", Some(0)),
        ] {
            let literal = Matcher::Literal(term.to_lowercase());
            assert_eq!(literal.score("ra", &version), want, "{term}");
        }
        for (term, want) in [
            ("^app", Some(0)),
            ("p$", Some(3)),
            ("^ra", None),
            ("\\v", Some(0)),
        ] {
            let regexp = Matcher::Regexp(Regexp::compile(term).unwrap());
            assert_eq!(regexp.score("ra", &version), want, "{term}");
        }
    }
}
