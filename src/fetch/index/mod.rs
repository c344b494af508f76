//! `index.yaml` (`repo.IndexFile`): what a repository has.

pub(super) mod catalog;
mod decode;
mod encode;
mod json;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;

pub use catalog::Catalog;
pub use json::{dependencies, metadata_json};

use super::file;
use crate::chart::Metadata;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::{os, semver, strconv};
use crate::value::Frozen;

/// The charts of a repository, the newest version of each first.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// `v1`
    pub api_version: String,
    /// When it was made.
    pub generated: String,
    /// Versions by the name of the chart.
    pub entries: BTreeMap<String, Vec<Version>>,
    /// Of no effect.
    public_keys: Vec<String>,
    /// Anything, for others.
    annotations: Option<BTreeMap<String, String>>,
    /// Of no effect.
    server_info: Option<Frozen>,
}

/// A version of a chart (`repo.ChartVersion`).
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// What stands in its `Chart.yaml`.
    pub metadata: Metadata,
    /// Where it is; the first counts.
    pub urls: Vec<String>,
    /// When it was added.
    pub created: String,
    /// Whether it is gone.
    pub removed: bool,
    /// SHA-256 of the archive.
    pub digest: String,
    /// Texts of older versions: `checksum`, `engine`, `tillerVersion`, `url`.
    pub old: [String; 4],
}

impl Index {
    /// An index without charts.
    pub fn new(now: String) -> Index {
        Index {
            api_version: "v1".to_owned(),
            generated: now,
            ..Index::default()
        }
    }

    /// Reads the index at `path` (`repo.LoadIndexFile`).
    ///
    /// # Errors
    /// What cannot be read, in Helm's words.
    pub fn load(path: &str, notices: &mut Vec<Notice>) -> Result<Index, Error> {
        let bytes = fs::read(path)
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))?;
        Index::parse(&bytes, path, notices)
            .map_err(|error| error.wrap(format!("error loading {path}")))
    }

    /// Reads an index; `source` is what log records call it. Entries that are not valid are passed
    /// over.
    ///
    /// # Errors
    /// What is no index, in Helm's words.
    pub fn parse(bytes: &[u8], source: &str, notices: &mut Vec<Notice>) -> Result<Index, Error> {
        let fail = |message: &str| Err(Error::new(Kind::Chart, message));
        if bytes.is_empty() {
            return fail("empty index.yaml file");
        }
        let (mut index, entries) =
            decode::index(bytes).map_err(|error| Error::new(Kind::Chart, error.to_string()))?;
        let mut skip = |message: String| {
            let message = format!("skipping loading invalid entry for chart {message}");
            notices.push(Notice::new(Level::Warn, message));
        };
        for (name, found) in entries {
            let quoted = strconv::quote(&name);
            let mut versions = Vec::with_capacity(found.len());
            for version in found.into_iter().rev() {
                let Some(mut version) = version else {
                    skip(format!("{quoted} from {source}: empty entry"));
                    continue;
                };
                if version.metadata.api_version.is_empty() {
                    "v1".clone_into(&mut version.metadata.api_version);
                }
                match version.metadata.validate() {
                    Err(error) if !is_harmless(&error) => {
                        let number = strconv::quote(&version.metadata.version);
                        skip(format!("{quoted} {number} from {source}: {error}"));
                    }
                    _ => versions.push(version),
                }
            }
            versions.reverse();
            index.entries.insert(name, versions);
        }
        index.sort();
        if index.api_version.is_empty() {
            return fail("no API version specified");
        }
        Ok(index)
    }

    /// Puts the newest versions first (`IndexFile.SortEntries`).
    pub fn sort(&mut self) {
        for versions in self.entries.values_mut() {
            // Those that cannot be read come last.
            versions.sort_by_cached_key(|version| {
                Reverse(semver::Version::parse(&version.metadata.version).ok())
            });
        }
    }

    /// The version of a chart that is asked for: the very one, or the newest in a range
    /// (`IndexFile.Get`). Nothing asked for is the newest that is no prerelease.
    ///
    /// # Errors
    /// Helm's words for what is not there.
    pub fn get(
        &self,
        name: &str,
        version: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<&Version, Error> {
        choose(
            self.entries.get(name).map(Vec::as_slice),
            name,
            version,
            notices,
        )
    }

    /// Adds a chart (`IndexFile.MustAdd`).
    ///
    /// # Errors
    /// Metadata that are not valid.
    pub fn add(&mut self, mut version: Version, file: &str) -> Result<(), Error> {
        if version.metadata.api_version.is_empty() {
            "v1".clone_into(&mut version.metadata.api_version);
        }
        version
            .metadata
            .validate()
            .map_err(|error| error.wrap(format!("validate failed for {file}")))?;
        self.entries
            .entry(version.metadata.name.clone())
            .or_default()
            .push(version);
        Ok(())
    }

    /// Adds what only `other` has (`IndexFile.Merge`).
    pub fn merge(&mut self, other: Index, notices: &mut Vec<Notice>) {
        for version in other.entries.into_values().flatten() {
            let metadata = &version.metadata;
            let found = self.get(&metadata.name, &metadata.version, notices);
            if found.is_err() {
                let name = metadata.name.clone();
                self.entries.entry(name).or_default().push(version);
            }
        }
    }

    /// Writes the index as YAML or JSON.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn write(&self, path: &str, as_json: bool) -> Result<(), Error> {
        let text = match as_json {
            true => self.to_json(),
            false => self.to_yaml()?,
        };
        file::write(path, &text, 0o644)
    }
}

/// The version of a chart that is asked for; see [`Index::get`].
fn choose<'v>(
    versions: Option<&'v [Version]>,
    name: &str,
    version: &str,
    notices: &mut Vec<Notice>,
) -> Result<&'v Version, Error> {
    let fail = |message: String| Err(Error::new(Kind::Chart, message));
    let Some(versions) = versions else {
        return fail("no chart name found".to_owned());
    };
    if versions.is_empty() {
        return fail("no chart version found".to_owned());
    }
    let wanted = if version.is_empty() { "*" } else { version };
    let constraint = semver::Constraint::parse(wanted)
        .map_err(|error| Error::new(Kind::Chart, error.to_string()))?;
    if !version.is_empty()
        && let Some(found) = versions.iter().find(|one| one.metadata.version == version)
    {
        return Ok(found);
    }
    let found = versions.iter().find(|one| {
        semver::Version::parse(&one.metadata.version).is_ok_and(|found| constraint.check(&found))
    });
    let Some(found) = found else {
        return fail(format!("no chart version found for {name}-{version}"));
    };
    if !version.is_empty() {
        let notice = match is_range(version) {
            true => Notice::new(Level::Debug, "selected version matching constraint")
                .with("chart", name)
                .with("constraint", version),
            false => Notice::new(
                Level::Warn,
                "unable to find exact version requested; falling back to closest available version",
            )
            .with("chart", name)
            .with("requested", version),
        };
        notices.push(notice.with("selected", &found.metadata.version));
    }
    Ok(found)
}

/// Artifactory forgets aliases, which is not held against it.
fn is_harmless(error: &Error) -> bool {
    let harmless = "validation: more than one dependency with name or alias";
    error.message().starts_with(harmless)
}

/// Whether a version is a range rather than one version (`isVersionRange`).
fn is_range(version: &str) -> bool {
    let is_operator = |c: char| "^~<>=!*".contains(c);
    if version.contains(is_operator) || version.contains("||") || version.contains(" - ") {
        return true;
    }
    let core = version.split(['-', '+']).next().unwrap_or_default();
    core.contains(['x', 'X'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Result<Index, String>, Vec<String>) {
        let mut notices = Vec::new();
        let index = Index::parse(text.as_bytes(), "S", &mut notices);
        let notices = notices.into_iter().map(|notice| notice.message).collect();
        (index.map_err(|error| error.to_string()), notices)
    }

    #[test]
    fn what_is_no_index_is_refused_in_helms_words() {
        let yaml = "error unmarshaling JSON: while decoding JSON: ";
        for (text, want) in [
            ("", "empty index.yaml file".to_owned()),
            ("# x\n", "no API version specified".to_owned()),
            (
                "entries: {a: [{name: a, version: [1]}]}",
                format!("{yaml}json: cannot unmarshal array into Go struct field ChartVersion.entries.Metadata.version of type string"),
            ),
            (
                "entries: {a: [{name: a, version: 1.0.0, created: x}]}",
                format!("{yaml}parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\""),
            ),
            (
                "entries: {a: {}}",
                format!("{yaml}json: cannot unmarshal object into Go struct field IndexFile.entries of type repo.ChartVersions"),
            ),
            (
                "entries: []",
                format!("{yaml}json: cannot unmarshal array into Go struct field IndexFile.entries of type map[string]repo.ChartVersions"),
            ),
            (
                r#"{"apiVersion":"v1","entries":{"a":[{"name":1}]}}"#,
                "json: cannot unmarshal number into Go struct field ChartVersion.entries.Metadata.name of type string".to_owned(),
            ),
            (
                "a: 1\na: 2\n",
                "error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key \"a\" already set in map".to_owned(),
            ),
            (
                "entries: {a: [{name: a, version: 1.0.0, maintainers: [{nam: 1}]}]}",
                format!("{yaml}json: unknown field \"nam\""),
            ),
        ] {
            assert_eq!(parse(text).0.unwrap_err(), want, "{text}");
        }
    }

    #[test]
    fn versions_are_found() {
        let (index, notices) = parse(
            "apiVersion: v1\nentries:\n  a:\n  - {name: a, version: 1.0.0}\n  - null\n  - {name: a, version: zz}\n  - {name: a, version: 2.0.0-rc.1}\n  - {name: a, version: 1.10.0}\n  e: []\n",
        );
        assert_eq!(
            notices,
            [
                "skipping loading invalid entry for chart \"a\" \"zz\" from S: validation: chart.metadata.version \"zz\" is invalid",
                "skipping loading invalid entry for chart \"a\" from S: empty entry",
            ]
        );
        let index = index.unwrap();
        for (name, version, want) in [
            ("a", "", Ok("1.10.0")),
            ("a", "1.0.0", Ok("1.0.0")),
            ("a", "v1.0.0", Ok("1.0.0")),
            ("a", ">0.0.0-0", Ok("2.0.0-rc.1")),
            ("a", "^1", Ok("1.10.0")),
            ("a", "7", Err("no chart version found for a-7")),
            ("b", "", Err("no chart name found")),
            ("e", "", Err("no chart version found")),
            ("a", "x y", Err("improper constraint: \"x y\"")),
        ] {
            let found = index.get(name, version, &mut Vec::new());
            let found = found.map(|found| found.metadata.version.clone());
            let found = found.map_err(|error| error.to_string());
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(found, want, "{name} {version}");
        }
    }
}
