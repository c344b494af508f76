//! What is served, in files that `kubectl` and Helm share (`client-go/discovery/cached/disk`).
//!
//! The cache is a convenience: what cannot be read is asked for, what cannot be written is not kept.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Group, Kinds, Resource, or_default};
use crate::go::path;

/// How long a file counts.
const AGE: Duration = Duration::from_secs(6 * 60 * 60);

/// `metav1.APIGroupList`
#[derive(Serialize, Deserialize)]
struct GroupList {
    kind: String,
    #[serde(rename = "apiVersion")]
    api_version: String,
    #[serde(default, deserialize_with = "or_default")]
    groups: Vec<Group>,
}

/// `metav1.APIResourceList`
#[derive(Serialize, Deserialize)]
struct ResourceList {
    kind: String,
    #[serde(rename = "apiVersion")]
    api_version: String,
    #[serde(default, rename = "groupVersion")]
    group_version: String,
    #[serde(default, deserialize_with = "or_default")]
    resources: Vec<Resource>,
}

/// The files about one server.
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The files about `server` below `folder`; none where no folder is given.
    pub(super) fn new(folder: &str, server: &str) -> Option<Cache> {
        (!folder.is_empty()).then(|| Cache {
            folder: PathBuf::from(path::join(&[folder, "discovery", &file_name(server)])),
        })
    }

    /// All that is served, where all of it is there and young enough.
    pub(super) fn read(&self) -> Option<Kinds> {
        let list: GroupList = read(&self.groups(), "APIGroupList")?;
        let mut resources = IndexMap::new();
        for version in list.groups.iter().flat_map(|group| &group.versions) {
            let file = self.resources(&version.group_version)?;
            let list: ResourceList = read(&file, "APIResourceList")?;
            resources.insert(version.group_version.clone(), list.resources);
        }
        Some(Kinds {
            groups: list.groups,
            resources,
        })
    }

    /// Keeps what is served. Versions without resources are not kept, so they are asked for again.
    pub(super) fn write(&self, kinds: &Kinds) {
        if kinds.groups.is_empty() {
            return;
        }
        let list = GroupList {
            kind: "APIGroupList".to_owned(),
            api_version: "v1".to_owned(),
            groups: kinds.groups.clone(),
        };
        if write(&self.groups(), &list).is_err() {
            return;
        }
        for (version, resources) in &kinds.resources {
            let Some(file) = self.resources(version).filter(|_| !resources.is_empty()) else {
                continue;
            };
            let list = ResourceList {
                kind: "APIResourceList".to_owned(),
                api_version: "v1".to_owned(),
                group_version: version.clone(),
                resources: resources.clone(),
            };
            if write(&file, &list).is_err() {
                return;
            }
        }
    }

    fn groups(&self) -> PathBuf {
        self.folder.join("servergroups.json")
    }

    /// A server's names are not to lead out of the folder.
    fn resources(&self, version: &str) -> Option<PathBuf> {
        let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\\');
        let folder = self.folder.join(version);
        (version.split('/').all(is_name)).then(|| folder.join("serverresources.json"))
    }
}

/// The folder of a server: its address without the scheme, with `_` for what files may not be named.
fn file_name(server: &str) -> String {
    let host = server
        .replacen("https://", "", 1)
        .replacen("http://", "", 1);
    host.chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '(' | ')' | '/' | '.' => letter,
            _ => '_',
        })
        .collect()
}

fn read<T: Listed>(file: &Path, kind: &str) -> Option<T> {
    let written = fs::metadata(file).ok()?.modified().ok()?;
    // A time to come is that of a clock that was set back.
    if written.elapsed().is_ok_and(|age| age > AGE) {
        return None;
    }
    let list: T = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    list.is(kind).then_some(list)
}

/// A list that says what it is.
trait Listed: for<'de> Deserialize<'de> {
    fn is(&self, kind: &str) -> bool;
}

impl Listed for GroupList {
    fn is(&self, kind: &str) -> bool {
        self.kind == kind && self.api_version == "v1" && !self.groups.is_empty()
    }
}

impl Listed for ResourceList {
    fn is(&self, kind: &str) -> bool {
        self.kind == kind && self.api_version == "v1"
    }
}

/// Writes beside and renames, for those who read at the same time.
fn write(file: &Path, list: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(list)?;
    text.push(b'\n');
    if let Some(folder) = file.parent() {
        make_folder(folder)?;
    }
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside)
        .and_then(|mut new| {
            new.write_all(&text)?;
            permit(&new)
        })
        .and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o750).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn permit(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o660))
}

#[cfg(not(unix))]
fn permit(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::backend::kube::discovery::GroupVersion;

    #[test]
    fn servers_have_folders() {
        // Asked of client-go.
        for (server, want) in [
            ("https://127.0.0.1:6443", "127.0.0.1_6443"),
            ("http://localhost:8080/", "localhost_8080/"),
            ("localhost:1", "localhost_1"),
            (
                "https://a-b.example/k8s/clusters/c-1",
                "a_b.example/k8s/clusters/c_1",
            ),
            ("https://[::1]:6443", "___1__6443"),
            ("https://x(y)_é", "x(y)__"),
        ] {
            assert_eq!(file_name(server), want, "{server}");
        }
    }

    fn kinds() -> Kinds {
        let group = |name: &str| Group {
            name: name.to_owned(),
            versions: vec![GroupVersion::new(name, "v1")],
            preferred: GroupVersion::new(name, "v1"),
        };
        let resource = Resource {
            name: "pods".to_owned(),
            singular: "pod".to_owned(),
            namespaced: true,
            kind: "Pod".to_owned(),
            verbs: Some(vec!["get".to_owned()]),
            short_names: vec!["po".to_owned()],
            ..Resource::default()
        };
        let other = Resource {
            name: "things".to_owned(),
            kind: "Thing".to_owned(),
            ..Resource::default()
        };
        Kinds {
            groups: vec![group(""), group("x.y")],
            resources: [("v1", resource), ("x.y/v1", other)]
                .map(|(version, it)| (version.to_owned(), vec![it]))
                .into(),
        }
    }

    #[test]
    fn files_are_those_of_client_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_str().unwrap(), "https://h:1").unwrap();
        assert_eq!(cache.read(), None);
        cache.write(&kinds());
        assert_eq!(cache.read(), Some(kinds()));
        let base = folder.path().join("discovery/h_1");
        let text = |name: &str| fs::read_to_string(base.join(name)).unwrap();
        assert_eq!(
            text("servergroups.json"),
            "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[\
             {\"name\":\"\",\"versions\":[{\"groupVersion\":\"v1\",\"version\":\"v1\"}],\"preferredVersion\":{\"groupVersion\":\"v1\",\"version\":\"v1\"}},\
             {\"name\":\"x.y\",\"versions\":[{\"groupVersion\":\"x.y/v1\",\"version\":\"v1\"}],\"preferredVersion\":{\"groupVersion\":\"x.y/v1\",\"version\":\"v1\"}}]}\n"
        );
        assert_eq!(
            text("v1/serverresources.json"),
            "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"v1\",\"resources\":[\
             {\"name\":\"pods\",\"singularName\":\"pod\",\"namespaced\":true,\"kind\":\"Pod\",\"verbs\":[\"get\"],\"shortNames\":[\"po\"]}]}\n"
        );
        assert!(text("x.y/v1/serverresources.json").contains("\"verbs\":null"));
        let left = fs::read_dir(&base).unwrap().count();
        assert_eq!(left, 3, "nothing is left beside");
    }

    #[test]
    fn files_that_are_old_torn_or_missing_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_str().unwrap(), "h:1").unwrap();
        let file = folder
            .path()
            .join("discovery/h_1/x.y/v1/serverresources.json");
        for text in ["", "{", "null", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}"] {
            cache.write(&kinds());
            assert!(cache.read().is_some());
            fs::write(&file, text).unwrap();
            assert_eq!(cache.read(), None, "{text}");
        }
        cache.write(&kinds());
        let open = || fs::File::options().append(true).open(&file).unwrap();
        let old = SystemTime::now() - AGE - Duration::from_secs(60);
        open().set_modified(old).unwrap();
        assert_eq!(cache.read(), None);
        open().set_modified(old + Duration::from_secs(120)).unwrap();
        assert!(cache.read().is_some());
        fs::remove_file(&file).unwrap();
        assert_eq!(cache.read(), None);
    }

    #[test]
    fn nothing_is_kept_where_nothing_can_be_or_should_be() {
        assert!(Cache::new("", "h").is_none());
        let nowhere = Cache::new("/dev/null/x", "h").unwrap();
        nowhere.write(&kinds());
        assert_eq!(nowhere.read(), None);
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_str().unwrap(), "h").unwrap();
        cache.write(&Kinds::default());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut out = kinds();
        let way_out = vec![Resource::default()];
        out.resources.insert("../../../v1".to_owned(), way_out);
        cache.write(&out);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
