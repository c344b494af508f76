//! Plugins in git repositories (`installer/vcs_installer.go`, `github.com/Masterminds/vcs` 1.13.3).
//!
//! The program `git` does the work. Mercurial, Subversion and Bazaar are recognised and refused.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::diag::{Error, Kind};
use crate::go::semver::{Constraint, Version};
use crate::go::strconv;
use crate::go::url::Url;

/// A repository that git knows.
pub(super) struct Repository {
    /// Where it comes from.
    pub(super) remote: String,
    /// Where its clone is, or will be.
    pub(super) folder: String,
}

fn fail(message: impl Into<String>) -> Error {
    Error::new(Kind::Network, message)
}

/// What was tried, and what git said.
fn failed(what: &'static str) -> impl Fn(String) -> Error {
    move |said| fail(format!("{what}: {said}"))
}

fn unknown() -> Error {
    fail("Cannot detect VCS")
}

/// A name for files that stands for a source (`cache.Key`).
pub(super) fn key(source: &str) -> Result<String, Error> {
    if let Some((user, host, path)) = split_scp(source) {
        let path = format!("/{path}").replace('/', "-");
        return Ok(format!("{user}-{host}{path}").replace(':', "-"));
    }
    let url = Url::parse(source).map_err(|error| fail(error.to_string()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut key = String::new();
    if !url.scheme.is_empty() {
        key.push_str(&text(&url.scheme));
        key.push('-');
    }
    if let Some(user) = user_of(source) {
        key.push_str(&user);
        key.push('-');
    }
    key.push_str(&text(&url.host));
    key.push_str(&text(&url.path).replace('/', "-"));
    Ok(key.replace(':', "-"))
}

/// The user in an address.
fn user_of(source: &str) -> Option<String> {
    let (_, rest) = source.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    let user = user.split(':').next()?;
    (!user.is_empty()).then(|| user.to_owned())
}

/// The parts of `user@host:path`.
fn split_scp(source: &str) -> Option<(&str, &str, &str)> {
    let (user, rest) = source.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let is_word = |text: &str, more: &[u8]| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
        !text.is_empty() && text.bytes().all(allowed)
    };
    (is_word(user, b"_") && is_word(host, b"._-")).then_some((user, host, path))
}

/// What holds a repository.
#[derive(Clone, Copy, PartialEq, Eq)]
enum System {
    Git,
    Other(&'static str),
}

/// Hosts of which is known what they hold, and how many parts a path of theirs has at least.
const HOSTS: &[(&str, System, usize)] = &[
    ("github.com", System::Git, 2),
    ("bitbucket.org", System::Git, 2),
    ("launchpad.net", System::Other("bzr"), 1),
    ("git.launchpad.net", System::Git, 1),
    ("hub.jazz.net", System::Git, 3),
    ("go.googlesource.com", System::Git, 1),
    ("git.openstack.org", System::Git, 2),
    ("hg.code.sf.net", System::Other("hg"), 3),
    ("git.code.sf.net", System::Git, 3),
    ("svn.code.sf.net", System::Other("svn"), 3),
];

fn detect_remote(source: &str) -> Result<System, Error> {
    let (scheme, user, host, path) = match split_scp(source) {
        Some((user, host, path)) => (
            "ssh".to_owned(),
            Some(user.to_owned()),
            host.to_owned(),
            format!("/{path}"),
        ),
        None => {
            let url = Url::parse(source).map_err(|error| fail(error.to_string()))?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let user = user_of(source);
            (text(&url.scheme), user, text(&url.host), text(&url.path))
        }
    };
    if scheme == "file" {
        return detect_folder(&path);
    }
    if host.is_empty() {
        return Err(unknown());
    }
    match scheme.as_str() {
        "git" | "git+ssh" => return Ok(System::Git),
        "bzr+ssh" => return Ok(System::Other("bzr")),
        "svn+ssh" => return Ok(System::Other("svn")),
        _ => {}
    }
    if let Some((_, system, least)) = HOSTS.iter().find(|(name, ..)| *name == host) {
        let parts = path.split('/').filter(|part| !part.is_empty()).count();
        return match parts >= *least {
            true => Ok(*system),
            false => Err(unknown()),
        };
    }
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("git") => return Ok(System::Git),
        Some("hg") => return Ok(System::Other("hg")),
        Some("svn") => return Ok(System::Other("svn")),
        Some("bzr") => return Ok(System::Other("bzr")),
        _ => {}
    }
    match user.as_deref() {
        Some("git") => Ok(System::Git),
        Some("hg") => Ok(System::Other("hg")),
        _ => Err(unknown()),
    }
}

fn detect_folder(folder: &str) -> Result<System, Error> {
    let has = |name: &str| Path::new(folder).join(name).exists();
    match () {
        () if has(".git") => Ok(System::Git),
        () if has(".svn") => Ok(System::Other("svn")),
        () if has(".hg") => Ok(System::Other("hg")),
        () if has(".bzr") => Ok(System::Other("bzr")),
        () => Err(unknown()),
    }
}

impl Repository {
    /// The repository at `remote`, with its clone in `folder`; without a remote, the one that the
    /// clone came from.
    ///
    /// # Errors
    /// Sources that are no repository, and those that git does not read.
    pub(super) fn new(remote: &str, folder: &str) -> Result<Repository, Error> {
        let system = match remote {
            "" => detect_folder(folder),
            _ => detect_remote(remote).or_else(|error| match error.to_string().as_str() {
                "Cannot detect VCS" => detect_folder(folder),
                _ => Err(error),
            }),
        }?;
        if let System::Other(name) = system {
            let message = format!("plugins are fetched by git, not by {name}");
            return Err(Error::new(Kind::Unsupported, message));
        }
        let mut repository = Repository {
            remote: remote.to_owned(),
            folder: folder.to_owned(),
        };
        if Path::new(folder).join(".git").exists() {
            let known = repository
                .git(&["config", "--get", "remote.origin.url"])
                .map_err(failed("Unable to retrieve local repo information"))?;
            let known = known.trim();
            if !remote.is_empty() && known != remote {
                return Err(fail("The Remote does not match the VCS endpoint"));
            }
            repository.remote = known.to_owned();
        } else if Path::new(folder).exists() && detect_folder(folder).is_ok() {
            return Err(fail("Wrong VCS detected"));
        }
        Ok(repository)
    }

    /// Runs git in the clone; gives what it prints.
    ///
    /// # Errors
    /// All that git has said, and how it ended.
    fn git(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("git");
        command.args(arguments).stdin(Stdio::null());
        if Path::new(&self.folder).is_dir() {
            command.current_dir(&self.folder);
        }
        let output = command
            .output()
            .map_err(|_| ": exec: \"git\": executable file not found in $PATH".to_owned())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(format!(
                "{}{}: exit status {}",
                text(&output.stdout),
                text(&output.stderr),
                output.status.code().unwrap_or(-1)
            )),
        }
    }

    /// Clones it, or brings the clone up to date.
    ///
    /// # Errors
    /// What git fails at.
    pub(super) fn sync(&self) -> Result<(), Error> {
        if Path::new(&self.folder).exists() {
            return self.update();
        }
        if let Some(parent) = Path::new(&self.folder).parent() {
            let _ = std::fs::create_dir_all(parent);
        }
        self.git(&["clone", "--recursive", "--", &self.remote, &self.folder])
            .map(drop)
            .map_err(failed("Unable to get repository"))
    }

    /// Brings the clone up to date.
    ///
    /// # Errors
    /// What git fails at.
    pub(super) fn update(&self) -> Result<(), Error> {
        let stale = failed("Unable to update repository");
        self.git(&["fetch", "--tags", "--", "origin"])
            .map_err(&stale)?;
        // Where a version is checked out, there is nothing to pull.
        if self.git(&["symbolic-ref", "-q", "HEAD"]).is_err() {
            return Ok(());
        }
        self.git(&["pull"]).map_err(stale)?;
        self.clean()
    }

    /// Brings submodules in order.
    fn clean(&self) -> Result<(), Error> {
        let unclean = failed("Unexpected error while defensively updating submodules");
        self.git(&["submodule", "update", "--init", "--recursive"])
            .map_err(&unclean)?;
        self.git(&["clean", "-x", "-d", "-f", "-f"])
            .map_err(unclean)?;
        Ok(())
    }

    /// Whether files of the clone were changed.
    pub(super) fn is_changed(&self) -> bool {
        !self.git(&["diff"]).is_ok_and(|changes| changes.is_empty())
    }

    /// Checks out a version: a branch, a tag, a commit, or the newest tag in a range.
    ///
    /// # Errors
    /// A version that there is not.
    pub(super) fn check_out(&self, version: &str) -> Result<(), Error> {
        if version.is_empty() {
            return Ok(());
        }
        let reference = self.solve(version)?;
        self.git(&["checkout", &reference])
            .map_err(failed("Unable to update checked out version"))?;
        self.clean()
    }

    fn solve(&self, version: &str) -> Result<String, Error> {
        // A word with a dash would be an option of git.
        let is_known = !version.starts_with('-')
            && (self.git(&["rev-parse", "--verify", version]).is_ok()
                || self.git(&["show-ref", version]).is_ok());
        if is_known {
            return Ok(version.to_owned());
        }
        let range = Constraint::parse(version).map_err(|error| fail(error.to_string()))?;
        let references = self
            .git(&["show-ref"])
            .map_err(failed("Unable to retrieve tags"))?;
        let mut tags: Vec<Version> = references
            .lines()
            .filter_map(|line| line.rsplit_once("tags/"))
            .filter_map(|(_, tag)| Version::parse(tag).ok())
            .collect();
        tags.sort();
        let mut fitting = tags.iter().rev().filter(|tag| range.check(tag));
        let found = fitting.next().map(|tag| tag.original().to_owned());
        found.filter(|tag| !tag.starts_with('-')).ok_or_else(|| {
            let message = format!(
                "requested version {} does not exist for plugin {}",
                strconv::quote(version),
                strconv::quote(&self.remote)
            );
            fail(message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Helm 4.2.4.
    #[test]
    fn keys_are_names_of_files() {
        for (source, want) in [
            ("https://github.com/foo/bar", "https-github.com-foo-bar"),
            ("git@github.com:foo/bar", "git-github.com-foo-bar"),
            ("https://u:p@h.x:80/a.git", "https-u-h.x-80-a.git"),
            ("foo", "foo"),
        ] {
            assert_eq!(key(source).unwrap(), want);
        }
    }

    #[test]
    fn repositories_are_known_by_their_addresses() {
        for (source, want) in [
            ("https://github.com/foo/bar", Some(true)),
            ("https://github.com/foo", None),
            ("https://h.example/x.git", Some(true)),
            ("https://h.example/x.hg", Some(false)),
            ("git@h.example:x/y", Some(true)),
            ("git://h.example/x", Some(true)),
            ("https://h.example/x", None),
            ("./nothing", None),
        ] {
            let found = detect_remote(source).ok();
            assert_eq!(found.map(|system| system == System::Git), want, "{source}");
        }
    }
}
