//! `helm repo add|list|update|remove|index` (`pkg/cmd/repo_*.go`, Helm 4.2.4).

use std::fs;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::chart;
use crate::diag::{Error, Kind, Notice};
use crate::fetch::repository::{self, Unreadable};
use crate::fetch::{Clients, Entry, Index, Places, Repositories, index};
use crate::go::table::Table;
use crate::go::url::Url;
use crate::go::{glob, json, os, path, strconv, time};
use crate::value::{Frozen, FrozenMap, Text};
use crate::world::World;
use crate::yaml;

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns.
    #[default]
    Table,
    /// One line of JSON.
    Json,
    /// YAML.
    Yaml,
}

/// What to add.
#[derive(Clone, Debug, Default)]
pub struct Add {
    /// The repository.
    pub entry: Entry,
    /// Replace one of the same name.
    pub force_update: bool,
    /// Allow addresses of repositories that are gone.
    pub allow_deprecated: bool,
    /// How long a request may take.
    pub timeout: Option<Duration>,
}

/// Asks for a password, and puts what that prints on standard output.
pub type Ask<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> Result<String, Error>;

/// Repositories that are gone, and what replaces them.
const GONE: [(&str, &str); 2] = [
    (
        "//kubernetes-charts.storage.googleapis.com",
        "https://charts.helm.sh/stable",
    ),
    (
        "//kubernetes-charts-incubator.storage.googleapis.com",
        "https://charts.helm.sh/incubator",
    ),
];

fn fail<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(Kind::Chart, message))
}

/// `repo add`: fetches the index, then keeps the repository.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn add(
    options: &Add,
    places: &Places,
    password: Ask<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let mut entry = options.entry.clone();
    let quoted = strconv::quote(&entry.url);
    if !options.allow_deprecated
        && let Some((_, better)) = GONE.iter().find(|(old, _)| entry.url.contains(old))
    {
        let better = strconv::quote(better);
        return fail(format!(
            "repo {quoted} is no longer available; try {better} instead"
        ));
    }
    let _lock = repository::lock(&places.repository_config)?;
    let mut repositories = Repositories::load_or_none(&places.repository_config)?;
    if !entry.username.is_empty() && entry.password.is_empty() {
        entry.password = password(out)?;
    }
    let name = entry.name.clone();
    if name.contains('/') {
        return fail(format!(
            "repository name ({name}) contains '/', please specify a different name without '/'"
        ));
    }
    if let (false, Some(old)) = (options.force_update, repositories.get(&name)) {
        if *old != entry {
            return fail(format!(
                "repository name ({name}) already exists, please specify a different name"
            ));
        }
        let name = strconv::quote(&name);
        let message = format!("{name} already exists with the same configuration, skipping\n");
        out.extend_from_slice(message.as_bytes());
        return Ok(());
    }
    let clients = Clients::new(places.getters.clone());
    entry.check(&clients)?;
    entry
        .download_index(&places.repository_cache, options.timeout, &clients, notices)
        .map_err(|error| entry.unreachable(error))?;
    repositories.update(entry);
    repositories.write(&places.repository_config)?;
    let name = strconv::quote(&name);
    out.extend_from_slice(format!("{name} has been added to your repositories\n").as_bytes());
    Ok(())
}

/// `repo list`; `None` where there is nothing to print.
///
/// # Errors
/// What YAML cannot hold.
pub fn list(places: &Places, format: Format, headers: bool) -> Result<Option<String>, Error> {
    // Helm takes a file that it cannot read for an empty one.
    let entries =
        Repositories::load(&places.repository_config).map_or(Vec::new(), |all| all.entries);
    match format {
        Format::Table if entries.is_empty() => Ok(None),
        Format::Table => {
            let mut table = Table::new(0);
            if headers {
                table.add(["NAME", "URL"]);
            }
            for entry in entries {
                table.add([entry.name, entry.url]);
            }
            Ok(Some(table.render()))
        }
        Format::Json | Format::Yaml => {
            let rows: Vec<_> = entries
                .iter()
                .map(|entry| [("name", entry.name.as_str()), ("url", entry.url.as_str())])
                .collect();
            structured(&rows, format).map(Some)
        }
    }
}

/// Rows of named texts as JSON or YAML (`output.EncodeJSON`, `output.EncodeYAML`).
pub(super) fn structured<const N: usize>(
    rows: &[[(&'static str, &str); N]],
    format: Format,
) -> Result<String, Error> {
    let bytes = if format == Format::Json {
        let mut out = vec![b'['];
        for (index, row) in rows.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
            for (at, (key, text)) in row.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                json::write_string(key.as_bytes(), &mut out, true);
                out.push(b':');
                json::write_string(text.as_bytes(), &mut out, true);
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]\n");
        out
    } else {
        let rows: Vec<Frozen> = rows
            .iter()
            .map(|row| {
                let members = row.iter();
                let map: FrozenMap = members
                    .map(|(key, text)| (Text::from(*key), Frozen::string(*text)))
                    .collect();
                Frozen::Map(map.into())
            })
            .collect();
        yaml::encode_frozen(&Frozen::List(rows.into()))
            .map_err(|error| Error::new(Kind::Io, error))?
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `repo update`: fetches the indexes of the repositories that are named, or of all, side by side.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn update(
    names: &[String],
    places: &Places,
    timeout: Option<Duration>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    const NONE: &str = "no repositories found. You must add one before updating";
    let path = &places.repository_config;
    let all = match Repositories::load(path) {
        Ok(all) => all.entries,
        Err(Unreadable::Missing(_)) => return fail(NONE),
        Err(Unreadable::Wrong(error)) => {
            return Err(error.wrap(format!("failed loading file: {path}")));
        }
    };
    if all.is_empty() {
        return fail(NONE);
    }
    if let Some(name) = names
        .iter()
        .find(|name| !all.iter().any(|entry| entry.name == **name))
    {
        return fail(format!(
            "no repositories found matching '{name}'.  Nothing will be updated"
        ));
    }
    let chosen: Vec<&Entry> = all
        .iter()
        .filter(|entry| names.is_empty() || names.contains(&entry.name))
        .collect();
    let clients = Clients::new(places.getters.clone());
    chosen.iter().try_for_each(|entry| entry.check(&clients))?;
    out.extend_from_slice(b"Hang tight while we grab the latest from your chart repositories...\n");
    let mut failed = Vec::new();
    let results = refresh(&chosen, places, timeout, &clients, notices);
    for (entry, result) in chosen.iter().zip(results) {
        report(entry, &entry.name, &result, out);
        if result.is_err() {
            failed.push(entry.url.as_str());
        }
    }
    if !failed.is_empty() {
        return fail(format!(
            "failed to update the following repositories: [{}]",
            failed.join(" ")
        ));
    }
    out.extend_from_slice("Update Complete. ⎈Happy Helming!⎈\n".as_bytes());
    Ok(())
}

/// Says how the download of an index went.
pub(super) fn report(entry: &Entry, name: &str, result: &Result<(), Error>, out: &mut Vec<u8>) {
    let quoted = strconv::quote(name);
    let line = match result {
        Ok(()) => format!("...Successfully got an update from the {quoted} chart repository\n"),
        Err(error) if name == entry.name => format!(
            "...Unable to get an update from the {quoted} chart repository ({}):\n\t{error}\n",
            entry.url
        ),
        Err(error) => {
            format!("...Unable to get an update from the {quoted} chart repository:\n\t{error}\n")
        }
    };
    out.extend_from_slice(line.as_bytes());
}

/// Fetches indexes side by side; results are in the order of `entries`.
pub(super) fn refresh(
    entries: &[&Entry],
    places: &Places,
    timeout: Option<Duration>,
    clients: &Clients,
    notices: &mut Vec<Notice>,
) -> Vec<Result<(), Error>> {
    const AT_ONCE: usize = 16;
    let mut results = Vec::with_capacity(entries.len());
    for group in entries.chunks(AT_ONCE) {
        let done: Vec<_> = std::thread::scope(|scope| {
            let fetch = |entry: &&Entry| {
                let mut notices = Vec::new();
                let cache = &places.repository_cache;
                let result = entry.download_index(cache, timeout, clients, &mut notices);
                (result, notices)
            };
            if let [entry] = group {
                return vec![fetch(entry)];
            }
            let threads: Vec<_> = group
                .iter()
                .map(|entry| scope.spawn(move || fetch(entry)))
                .collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|_| {
                        let error = Error::new(Kind::Network, "the download was given up");
                        (Err(error), Vec::new())
                    })
                })
                .collect()
        });
        for (result, said) in done {
            results.push(result);
            notices.extend(said);
        }
    }
    results
}

/// `repo remove`: one after the other; those before one that is not there are gone.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn remove(names: &[String], places: &Places, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut all = Repositories::load(&places.repository_config).unwrap_or_default();
    if all.entries.is_empty() {
        return fail("no repositories configured");
    }
    for name in names {
        let quoted = strconv::quote(name);
        if !all.remove(name) {
            return fail(format!("no repo named {quoted} found"));
        }
        all.write(&places.repository_config)?;
        repository::remove_cached(&places.repository_cache, name)?;
        let line = format!("{quoted} has been removed from your repositories\n");
        out.extend_from_slice(line.as_bytes());
    }
    Ok(())
}

/// What to make an index of.
#[derive(Clone, Debug, Default)]
pub struct IndexOptions {
    /// The folder with the archives.
    pub folder: String,
    /// The address of the repository, or nothing.
    pub url: String,
    /// An index whose charts to keep, or nothing.
    pub merge: String,
    /// Write JSON.
    pub json: bool,
}

/// `repo index`: writes the index of a folder of archives.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn index(
    options: &IndexOptions,
    world: &dyn World,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let io = |operation: &str, path: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    let folder = std::path::absolute(&options.folder).map_err(|error| io("getwd", ".", &error))?;
    let folder = path::clean(&folder.to_string_lossy());
    let zone = time::Zone::local(&world.time_zone());
    let now = || {
        let time = time::Time::from_system(world.now(), zone.clone());
        let text = time.format(b"2006-01-02T15:04:05.999999999Z07:00");
        String::from_utf8_lossy(&text).into_owned()
    };
    let mut index = Index::new(now());
    let mut archives = files(&folder, "*.tgz");
    for inner in files(&folder, "*") {
        if Path::new(&inner).is_dir() {
            archives.extend(files(&inner, "*.tgz"));
        }
    }
    for archive in archives {
        let relative = archive.strip_prefix(&folder).unwrap_or(&archive);
        let relative = relative.trim_start_matches('/');
        let (parent, name) = relative.rsplit_once('/').unwrap_or(("", relative));
        // Whatever is no chart is none of ours.
        let Ok(chart) = chart::load(&archive, &mut Vec::new()) else {
            continue;
        };
        let bytes = fs::read(&archive).map_err(|error| io("open", &archive, &error))?;
        let digest = Sha256::digest(&bytes);
        let base = join_url(&options.url, parent);
        let version = index::Version {
            metadata: chart.metadata,
            urls: vec![match base.is_empty() {
                true => name.to_owned(),
                false => join_url(&base, name),
            }],
            created: now(),
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            ..index::Version::default()
        };
        index
            .add(version, name)
            .map_err(|error| error.wrap(format!("failed adding to {name} to index")))?;
    }
    if !options.merge.is_empty() {
        if Path::new(&options.merge).exists() {
            let old =
                Index::load(&options.merge, notices).map_err(|error| error.wrap("merge failed"))?;
            index.merge(old, notices);
        } else {
            // That it cannot be written does not matter to Helm.
            let _ = Index::new(now()).write(&options.merge, options.json);
        }
    }
    index.sort();
    index.write(&path::join(&[&folder, "index.yaml"]), options.json)
}

/// The paths in a folder whose names match, in order (`filepath.Glob`).
pub(super) fn files(folder: &str, pattern: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| glob::path_match(pattern, name).unwrap_or(false))
        .collect();
    names.sort();
    names
        .iter()
        .map(|name| path::join(&[folder, name]))
        .collect()
}

/// `urlutil.URLJoin`, or plain paths where there is no address.
fn join_url(base: &str, rest: &str) -> String {
    let Ok(mut url) = Url::parse(base) else {
        return path::join(&[base, rest]);
    };
    let old = String::from_utf8_lossy(&url.path).into_owned();
    url.path = path::join(&[&old, rest]).into_bytes();
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_joined() {
        for (base, rest, want) in [
            ("", "", ""),
            ("", "sub", "sub"),
            ("https://h/x", "a.tgz", "https://h/x/a.tgz"),
            ("https://h/x/", "a b.tgz", "https://h/x/a%20b.tgz"),
            ("https://h", "", "https://h"),
            ("%zz", "a", "%zz/a"),
        ] {
            assert_eq!(join_url(base, rest), want, "{base} {rest}");
        }
    }
}
