//! State files, values and charts behind addresses: fetched once, and kept where Helmfile keeps them
//! (`pkg/remote/remote.go`, Helmfile 1.7.4).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::super::environment::Environment;
use super::super::run::source::clouds;
use super::settings::cache_folder;
use crate::go::{os, path, strconv};
use crate::helmfile::remote::{Address, Remote};
use crate::net::aws::{Session, Sources};
use crate::net::{self, Client};
use crate::plugin::archive;

/// Fetches what is behind addresses, once.
pub(super) struct Fetcher {
    home: String,
    is_refused: bool,
    variables: BTreeMap<String, String>,
}

impl Fetcher {
    pub(super) fn of(environment: &Environment) -> Fetcher {
        let refused = environment.get("HELMFILE_DISABLE_INSECURE_FEATURES");
        Fetcher {
            home: cache_folder(environment),
            is_refused: strconv::parse_bool(refused).unwrap_or_default(),
            variables: environment.all(),
        }
    }

    /// Asks buckets of Amazon's; `place` may name the server, and `query` who asks.
    fn session(&self, place: &Bucket, query: &[(String, String)]) -> Session {
        let mut sources = Sources {
            variables: self.variables.clone(),
            ..Sources::default()
        };
        let mut set = |name: &str, value: &str| {
            if !value.is_empty() {
                sources.variables.insert(name.to_owned(), value.to_owned());
            }
        };
        set("AWS_ENDPOINT_URL_S3", &place.endpoint);
        let mut region = place.region.clone();
        for (name, value) in query {
            match name.as_str() {
                "aws_access_key_id" => set("AWS_ACCESS_KEY_ID", value),
                "aws_access_key_secret" => set("AWS_SECRET_ACCESS_KEY", value),
                "aws_access_token" => set("AWS_SESSION_TOKEN", value),
                "aws_profile" => sources.profile.clone_from(value),
                "region" => region.clone_from(value),
                _ => {}
            }
        }
        sources.region = region;
        if sources.region().is_ok_and(|region| region.is_empty()) {
            sources.region = "us-east-1".to_owned();
        }
        Session::new(sources, String::new())
    }
}

impl Remote for Fetcher {
    fn fetch(&self, text: &str, kind: &str) -> Result<String, String> {
        let address =
            Address::parse(text).ok_or_else(|| format!("parse url: {text} is no address"))?;
        if self.is_refused {
            return Err(
                "remote sources are disabled due to 'HELMFILE_DISABLE_INSECURE_FEATURES'"
                    .to_owned(),
            );
        }
        let is_plain = address.getter == "normal";
        if address.scheme == "file" && (is_plain || address.getter == "file") {
            // It is here already.
            return Ok(path::join(&["/", &address.dir, &address.file]));
        }
        let folder = path::join(&[&self.home, &address.folder(kind)]);
        let file = path::join(&[&folder, &address.file]);
        if Path::new(&folder).is_file() {
            return Err(format!(
                "{folder} is not a directory. Please remove it so that helmfile can use it for dependency caching"
            ));
        }
        let is_there = match is_plain {
            true => Path::new(&file).exists(),
            false => Path::new(&folder).is_dir(),
        };
        if is_there && address.is_kept() {
            return Ok(file);
        }
        let told = |error: crate::diag::Error| error.to_string();
        match (address.getter.as_str(), address.scheme.as_str()) {
            ("normal", "http" | "https") => {
                let url = match (text.split_once('?'), address.sent_query().as_str()) {
                    (None, _) => text.to_owned(),
                    (Some((url, _)), "") => url.to_owned(),
                    (Some((url, _)), query) => format!("{url}?{query}"),
                };
                let client = Client::new(net::Options::default());
                put(&file, &client.get(&url).map_err(told)?)?;
            }
            ("normal", "s3") => {
                let place = Bucket {
                    name: address.host.clone(),
                    ..Bucket::default()
                };
                let key = path::join(&[&address.dir, &address.file]);
                let session = self.session(&place, &address.query);
                put(&file, &session.object(&place.name, &key, "").map_err(told)?)?;
            }
            ("s3", "http" | "https") => {
                let (place, key) = Bucket::of(&address)
                    .ok_or_else(|| format!("{text}: the address names no bucket"))?;
                let session = self.session(&place, &address.query);
                into_folder(&folder, |folder| {
                    if is_archive(&key) {
                        let packed = session.object(&place.name, &key, "").map_err(told)?;
                        return archive::unpack(&packed, folder).map_err(told);
                    }
                    let prefix = match key.as_str() {
                        "" => String::new(),
                        key => format!("{key}/"),
                    };
                    let mut any = false;
                    for name in session.objects(&place.name, &prefix).map_err(told)? {
                        let Some(below) = name.strip_prefix(&prefix) else {
                            continue;
                        };
                        let is_file = !below.is_empty() && !below.ends_with('/');
                        let stays = !below.split('/').any(|part| matches!(part, "" | "." | ".."));
                        if !is_file || !stays {
                            continue;
                        }
                        let bytes = session.object(&place.name, &name, "").map_err(told)?;
                        put(&folder.join(below).to_string_lossy(), &bytes)?;
                        any = true;
                    }
                    match any {
                        true => Ok(()),
                        false => Err(format!("{text}: there are no objects below {key}")),
                    }
                })?;
            }
            ("gs", "http" | "https") => {
                // `/storage/v1/BUCKET/FOLDER`
                let rest = address.dir.trim_start_matches('/');
                let rest = rest.strip_prefix("storage/v1/").unwrap_or(rest);
                let key = path::join(&[rest, &address.file]);
                let bytes = clouds().get(&format!("gs://{key}")).map_err(told)?;
                put(&file, &bytes)?;
            }
            ("git", _) => clone(&address, &folder)?,
            (getter, scheme) => {
                return Err(format!(
                    "{text}: nothing is fetched by {getter:?} from {scheme:?}: there are git, s3, gs, http, https and file"
                ));
            }
        }
        Ok(file)
    }
}

/// A bucket, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bucket {
    name: String,
    /// Empty where it is not said.
    region: String,
    /// The server; empty for Amazon's own.
    endpoint: String,
}

impl Bucket {
    /// The bucket of an address, and the key of what is meant there.
    fn of(address: &Address) -> Option<(Bucket, String)> {
        let rest = address.dir.trim_matches('/');
        let in_path = |region: &str, endpoint: String| {
            let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
            let bucket = Bucket {
                name: name.to_owned(),
                region: region.to_owned(),
                endpoint,
            };
            (!name.is_empty()).then(|| (bucket, key.to_owned()))
        };
        let Some(host) = address.host.strip_suffix(".amazonaws.com") else {
            return in_path("", format!("{}://{}", address.scheme, address.host));
        };
        let of_words = |words: &str| {
            let words = words.strip_prefix("s3")?;
            Some(words.trim_start_matches(['-', '.']).to_owned())
        };
        if let Some(region) = of_words(host) {
            return in_path(&region, String::new());
        }
        let at = host.rfind(".s3")?;
        let bucket = Bucket {
            name: host[..at].to_owned(),
            region: of_words(&host[at + 1..])?,
            endpoint: String::new(),
        };
        Some((bucket, rest.to_owned()))
    }
}

fn is_archive(key: &str) -> bool {
    [".tgz", ".tar.gz"].iter().any(|end| key.ends_with(end))
}

/// Writes a file whole, and the folders above it.
fn put(file: &str, bytes: &[u8]) -> Result<(), String> {
    os::mkdir_all(&path::dir(file))?;
    let beside = format!("{file}.new{}", std::process::id());
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        os::path_error("open", file, &error)
    })
}

/// Fills a folder that takes the place of the one that is there; where that fails, nothing is left.
fn into_folder(folder: &str, fill: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let beside = format!("{folder}.new{}", std::process::id());
    os::mkdir_all(&beside)?;
    let filled = fill(Path::new(&beside)).and_then(|()| {
        if Path::new(folder).is_dir() {
            fs::remove_dir_all(folder).map_err(|error| os::path_error("remove", folder, &error))?;
        }
        fs::rename(&beside, folder).map_err(|error| os::path_error("rename", folder, &error))
    });
    if filled.is_err() {
        let _ = fs::remove_dir_all(&beside);
    }
    filled
}

/// Fetches a repository by git into a folder of its own.
fn clone(address: &Address, folder: &str) -> Result<(), String> {
    use crate::fetch::git::Reference;

    let user = match address.user.as_str() {
        "" => String::new(),
        user => format!("{user}@"),
    };
    let dir = address.dir.trim_start_matches('/');
    let query = match address.sent_query().as_str() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let text = format!(
        "git::{}://{user}{}/{dir}{query}",
        address.scheme, address.host
    );
    let reference = Reference::parse(&text).map_err(|error| error.to_string())?;
    let store = path::join(&[&path::dir(folder), ".store"]);
    let found = reference
        .fetch(&store)
        .map_err(|error| format!("get: {error}"))?;
    if Path::new(folder).is_dir() {
        fs::remove_dir_all(folder).map_err(|error| os::path_error("remove", folder, &error))?;
    }
    copy(Path::new(&found), Path::new(folder))
        .map_err(|error| os::path_error("open", folder, &error))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => {
                fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_named_by_host_or_path() {
        for (text, name, region, endpoint, key) in [
            (
                "s3::https://s3.amazonaws.com/b/states@x.yaml",
                "b",
                "",
                "",
                "states",
            ),
            (
                "s3::https://s3-eu-west-1.amazonaws.com/b/a/c@x.yaml",
                "b",
                "eu-west-1",
                "",
                "a/c",
            ),
            (
                "s3::https://s3.eu-west-1.amazonaws.com/b@x.yaml",
                "b",
                "eu-west-1",
                "",
                "",
            ),
            (
                "s3::https://b.s3.amazonaws.com/states/x.yaml",
                "b",
                "",
                "",
                "states",
            ),
            (
                "s3::https://b.c.s3.eu-west-1.amazonaws.com/s.tgz@x.yaml",
                "b.c",
                "eu-west-1",
                "",
                "s.tgz",
            ),
            (
                "s3::http://localhost:9000/b/states@d/x.yaml",
                "b",
                "",
                "http://localhost:9000",
                "states",
            ),
        ] {
            let address = Address::parse(text).expect("an address");
            let want = Bucket {
                name: name.to_owned(),
                region: region.to_owned(),
                endpoint: endpoint.to_owned(),
            };
            assert_eq!(Bucket::of(&address), Some((want, key.to_owned())), "{text}");
        }
        let none = Address::parse("s3::https://localhost/x.yaml").expect("an address");
        assert_eq!(Bucket::of(&none), None);
    }
}
