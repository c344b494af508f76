//! Charts in git repositories, by way of the program `git`.
//!
//! A reference is `git+https://HOST/REPOSITORY//PATH?ref=REVISION`, or `git::` and whatever git takes
//! as an address; `@PATH` may stand for `//PATH`, as plugins write it. What was fetched is kept by its
//! commit, and a commit that is named whole is fetched once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::file;
use crate::diag::{Error, Kind};
use crate::go::url::query_unescape;
use crate::go::{os, path};
use crate::net::check_online;

/// A chart in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What git is given.
    repository: String,
    /// The chart's folder, or an archive; empty is the repository's own folder.
    path: String,
    /// A branch, a tag or a commit; empty is the default branch.
    revision: String,
}

/// Whether `text` begins as a [`Reference`] does.
pub fn is_reference(text: &str) -> bool {
    text.starts_with("git+") || text.starts_with("git::")
}

fn fail<T>(message: String) -> Result<T, Error> {
    Err(Error::new(Kind::Usage, message))
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// What it should have been.
    pub fn parse(text: &str) -> Result<Reference, Error> {
        let address = text.strip_prefix("git::");
        let address = address.or_else(|| text.strip_prefix("git+"));
        let address = address.unwrap_or(text);
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            // `git@host:repository` is for SSH.
            None => (None, address),
        };
        let is_known = match scheme {
            Some(scheme) => ["https", "http", "ssh", "git", "file"].contains(&scheme),
            None => rest.split_once(':').is_some_and(|(host, rest)| {
                !host.contains('/') && host.contains('@') && !rest.starts_with(':')
            }),
        };
        if !is_known || rest.starts_with('-') {
            return fail(format!(
                "{text}: git repositories are addressed as git+https://, git+ssh:// or git+file://"
            ));
        }
        // The host is no part of the path; `file://` has none.
        let host = match scheme {
            Some("file") => 0,
            Some(_) => rest.find('/').unwrap_or(rest.len()),
            None => rest.find(':').unwrap_or(rest.len()),
        };
        let (host, rest) = rest.split_at(host);
        let at = rest.find("//").map(|at| (at, 2));
        let at = at.or_else(|| rest.find('@').map(|at| (at, 1)));
        let (repository, mut inner) = match at {
            Some((at, width)) => (&rest[..at], rest[at + width..].to_owned()),
            None => (rest, String::new()),
        };
        let mut revision = String::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = query_unescape(value)
                .map_err(|error| Error::new(Kind::Usage, format!("{text}: {error}")))?;
            let value = String::from_utf8_lossy(&value).into_owned();
            match name {
                "ref" => revision = value,
                "path" => inner = value,
                // What others do to fetch less is done anyway, or does not matter here.
                "depth" | "sparse" | "depupdate" | "package" => {}
                _ => {
                    return fail(format!(
                        "{text}: {name} is not known; ref, path and depth are"
                    ));
                }
            }
        }
        let path = match inner.trim_matches('/') {
            "" | "." => String::new(),
            inner => path::clean(inner),
        };
        if path == ".." || path.starts_with("../") {
            return fail(format!("{text}: {path} is not in the repository"));
        }
        let is_odd = |text: &str| text.starts_with('-') || text.chars().any(char::is_control);
        if is_odd(&revision) || is_odd(repository) {
            return fail(format!("{text}: that is no revision of a repository"));
        }
        let front = scheme.map_or(String::new(), |scheme| format!("{scheme}://"));
        Ok(Reference {
            repository: format!("{front}{host}{repository}"),
            path,
            revision,
        })
    }

    /// The path of the chart below `root`, the content cache; fetched where it is not there yet.
    ///
    /// # Errors
    /// What git says, and a path that is not in the repository.
    pub fn fetch(&self, root: &str) -> Result<String, Error> {
        let place = |commit: &str| path::join(&[root, "git", commit]);
        let tree = match is_commit(&self.revision) {
            true if Path::new(&place(&self.revision)).is_dir() => place(&self.revision),
            _ => {
                let found = self.look_up()?;
                match found {
                    Some(commit) if Path::new(&place(&commit)).is_dir() => place(&commit),
                    _ => self.clone_into(&path::join(&[root, "git"]))?,
                }
            }
        };
        let chart = path::join(&[&tree, &self.path]);
        match Path::new(&chart).exists() {
            true => Ok(chart),
            false => fail(format!(
                "{}: there is no {} in {}",
                self.repository,
                self.path,
                match self.revision.as_str() {
                    "" => "the default branch",
                    revision => revision,
                }
            )),
        }
    }

    /// The commit that a branch or a tag is at; nothing where the revision is neither.
    fn look_up(&self) -> Result<Option<String>, Error> {
        if is_commit(&self.revision) {
            return Ok(None);
        }
        let names = match self.revision.as_str() {
            "" => vec!["HEAD".to_owned()],
            name => vec![
                format!("refs/heads/{name}"),
                format!("refs/tags/{name}^{{}}"),
                format!("refs/tags/{name}"),
                name.to_owned(),
            ],
        };
        let mut words = vec!["ls-remote", "--", &self.repository];
        words.extend(names.iter().map(String::as_str));
        let listed = self.git(None, &words)?;
        let listed: Vec<(&str, &str)> = listed
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .collect();
        let mut names = names.iter();
        Ok(names.find_map(|name| {
            let found = listed.iter().find(|(_, listed)| listed == name);
            found.map(|(commit, _)| (*commit).to_owned())
        }))
    }

    /// Fetches the revision into a folder below `parent` that is named by its commit.
    fn clone_into(&self, parent: &str) -> Result<String, Error> {
        file::make_folder(parent)?;
        let new = Temporary::new(parent)?;
        let folder = Some(new.0.as_path());
        self.git(folder, &["init", "--quiet", "--template="])?;
        let wanted = match self.revision.as_str() {
            "" => "HEAD",
            revision => revision,
        };
        let shallow = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--depth=1",
            "--",
            &self.repository,
            wanted,
        ];
        let commit = match self.git(folder, &shallow) {
            Ok(_) => "FETCH_HEAD",
            // An abbreviated commit, or one that the server gives with its branches only.
            Err(_) if self.revision.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
                let mut words = vec!["fetch", "--quiet", "--", &self.repository];
                words.extend(all);
                self.git(folder, &words)?;
                wanted
            }
            Err(error) => return Err(error),
        };
        let commit = format!("{commit}^{{commit}}");
        let commit = self.git(folder, &["rev-parse", "--verify", "--quiet", &commit])?;
        let commit = commit.trim();
        self.git(folder, &["checkout", "--quiet", "--detach", commit])?;
        let io = |path: &Path, error: &std::io::Error| {
            let path = path.display().to_string();
            Error::new(Kind::Io, os::path_error("remove", &path, error))
        };
        let inner = new.0.join(".git");
        fs::remove_dir_all(&inner).map_err(|error| io(&inner, &error))?;
        check_links(&new.0)?;
        let target = path::join(&[parent, commit]);
        // Where another was faster, theirs is as good.
        match fs::rename(&new.0, &target) {
            Err(_) if Path::new(&target).is_dir() => Ok(target),
            Err(error) => {
                let reason = os::reason(&error);
                let message = format!("rename {} {target}: {reason}", new.0.display());
                Err(Error::new(Kind::Io, message))
            }
            Ok(()) => Ok(target),
        }
    }

    /// Runs git; gives what it printed.
    fn git(&self, folder: Option<&Path>, words: &[&str]) -> Result<String, Error> {
        if matches!(words, ["ls-remote" | "fetch", ..]) {
            check_online(&self.repository)?;
        }
        let mut command = Command::new("git");
        command
            .args([
                "-c",
                "core.autocrlf=false",
                "-c",
                "protocol.ext.allow=never",
            ])
            .args(words)
            // Nobody is there to answer.
            .env("GIT_TERMINAL_PROMPT", "0")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .stdin(Stdio::null());
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        let failed = |why: &str| {
            let message = format!("git: {}: {}", self.repository, why.trim());
            Error::new(Kind::Network, message)
        };
        let output = command.output().map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            let error = failed(&os::reason(&error));
            match missing {
                true => error.with_hint("charts in git repositories need the program git"),
                false => error,
            }
        })?;
        if !output.status.success() {
            return Err(failed(&String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Whether a revision is a whole commit.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Refuses links that lead out of `root`: rendering would read through them.
fn check_links(root: &Path) -> Result<(), Error> {
    let root = fs::canonicalize(root)
        .map_err(|error| Error::new(Kind::Io, os::path_error("lstat", root.display(), &error)))?;
    for entry in walkdir::WalkDir::new(&root) {
        let entry = entry.map_err(|error| Error::new(Kind::Io, error.to_string()))?;
        if !entry.path_is_symlink() {
            continue;
        }
        // One that leads nowhere leads to nothing.
        let leads_out = fs::canonicalize(entry.path()).is_ok_and(|to| !to.starts_with(&root));
        if leads_out {
            let shown = entry.path().strip_prefix(&root).unwrap_or(entry.path());
            let message = format!("{} is a link out of the repository", shown.display());
            return Err(Error::new(Kind::Chart, message));
        }
    }
    Ok(())
}

/// A folder that goes with the value.
struct Temporary(PathBuf);

impl Temporary {
    fn new(parent: &str) -> Result<Temporary, Error> {
        let mut count = 0u32;
        loop {
            let folder = Path::new(parent).join(format!("new-{}-{count}", std::process::id()));
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(Temporary(folder)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => count += 1,
                Err(error) => {
                    let message = os::path_error("mkdir", folder.display(), &error);
                    return Err(Error::new(Kind::Io, message));
                }
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read() {
        for (text, repository, path, revision) in [
            (
                "git+https://h/o/r.git//charts/app?ref=v1",
                "https://h/o/r.git",
                "charts/app",
                "v1",
            ),
            (
                "git::https://u:p@h:1/o/r//a/?ref=b%2Fc&depth=1",
                "https://u:p@h:1/o/r",
                "a",
                "b/c",
            ),
            (
                "git+ssh://git@h/o/r@a/b?sparse=0",
                "ssh://git@h/o/r",
                "a/b",
                "",
            ),
            ("git::git@h:o/r.git//a", "git@h:o/r.git", "a", ""),
            ("git+file:///srv/r", "file:///srv/r", "", ""),
            ("git+file:///srv/r//./a", "file:///srv/r", "a", ""),
            ("git+https://h/r?path=a", "https://h/r", "a", ""),
        ] {
            let want = Reference {
                repository: repository.to_owned(),
                path: path.to_owned(),
                revision: revision.to_owned(),
            };
            assert_eq!(Reference::parse(text).unwrap(), want, "{text}");
        }
        for text in [
            "git+ext::sh -c x",
            "git::ext::sh -c x",
            "git::-x",
            "git+ftp://h/r",
            "git::/srv/r",
            "git+https://-h/r",
            "git+https://h/r?ref=--upload-pack=x",
            "git+https://h/r//../x",
            "git+https://h/r?sshkey=x",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}
