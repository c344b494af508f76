//! What a command did to files.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::SystemTime;

use regex::bytes::Regex;
use sha2::{Digest as _, Sha256};

use crate::normalise::Normaliser;

/// Longest text that the recordings hold in full.
const LONGEST: usize = 16 * 1024;

#[derive(Clone, PartialEq)]
enum Kind {
    File(Vec<u8>),
    Link(Vec<u8>),
    EmptyFolder,
}

/// Everything below a folder, at one moment.
pub(crate) struct Snapshot(BTreeMap<String, (Kind, Option<SystemTime>)>);

impl Snapshot {
    /// Reads everything below `root`.
    pub(crate) fn take(root: &Path) -> Result<Snapshot, String> {
        let mut files = BTreeMap::new();
        for entry in walkdir::WalkDir::new(root).min_depth(1) {
            let entry = entry.map_err(|error| error.to_string())?;
            let told = |error: std::io::Error| format!("{}: {error}", entry.path().display());
            let kind = if entry.file_type().is_symlink() {
                let target = std::fs::read_link(entry.path()).map_err(told)?;
                Kind::Link(target.as_os_str().as_bytes().to_vec())
            } else if entry.file_type().is_dir() {
                let mut inside = std::fs::read_dir(entry.path()).map_err(told)?;
                if inside.next().is_some() {
                    continue;
                }
                Kind::EmptyFolder
            } else if entry.file_type().is_file() {
                Kind::File(std::fs::read(entry.path()).map_err(told)?)
            } else {
                continue;
            };
            let changed = entry.metadata().ok().and_then(|data| data.modified().ok());
            let name = entry.path().strip_prefix(root).unwrap_or(entry.path());
            files.insert(name.to_string_lossy().into_owned(), (kind, changed));
        }
        Ok(Snapshot(files))
    }
}

/// How the files of a case are told.
pub(crate) struct Manner<'a> {
    pub(crate) patterns: &'a [String],
    pub(crate) hash_files: bool,
    pub(crate) sort_members: bool,
    pub(crate) normaliser: &'a Normaliser,
}

/// What was created, rewritten or deleted between two moments, in the words of the recordings.
pub(crate) fn changes(
    before: &Snapshot,
    after: &Snapshot,
    manner: &Manner<'_>,
) -> Result<BTreeMap<String, String>, String> {
    let mut patterns = Vec::new();
    for pattern in manner.patterns {
        let body = regex::escape(pattern).replace(r"\*", ".*");
        patterns.push(Regex::new(&format!(r"(?s)\A{body}\z")).map_err(|e| e.to_string())?);
    }
    let mut told = BTreeMap::new();
    let mut tell = |path: &str, kind: Option<&Kind>| {
        let name = match path.strip_prefix("work/") {
            Some(inside) => inside.to_owned(),
            None => format!("{{{{TMP}}}}/{path}"),
        };
        let name = manner.normaliser.names(name.as_bytes());
        if patterns.iter().any(|pattern| pattern.is_match(&name)) {
            let name = String::from_utf8_lossy(&name).into_owned();
            let text = match kind {
                None => "deleted".to_owned(),
                Some(Kind::EmptyFolder) => "dir".to_owned(),
                Some(Kind::Link(target)) => {
                    let target = manner.normaliser.names(target);
                    format!("symlink:{}", String::from_utf8_lossy(&target))
                }
                Some(Kind::File(bytes)) => manner.describe(&name, bytes),
            };
            told.insert(name, text);
        }
    };
    for (path, state) in &after.0 {
        let (kind, changed) = state;
        let same = before.0.get(path).is_some_and(|(old, old_changed)| {
            old == kind && (changed == old_changed || matches!(kind, Kind::EmptyFolder))
        });
        if !same {
            tell(path, Some(kind));
        }
    }
    for (path, (kind, _)) in &before.0 {
        if !after.0.contains_key(path) && !matches!(kind, Kind::EmptyFolder) {
            tell(path, None);
        }
    }
    Ok(told)
}

impl Manner<'_> {
    fn describe(&self, name: &str, bytes: &[u8]) -> String {
        if (name.ends_with(".tgz") || name.ends_with(".tar.gz"))
            && let Ok(members) = self.members(bytes)
        {
            return members;
        }
        let mut text = self.normaliser.text(bytes);
        if name.ends_with("-charts.txt") {
            text = sort_lines(&text);
        }
        match std::str::from_utf8(&text) {
            Ok(text) if text.len() <= LONGEST && !self.hash_files && !text.contains('\0') => {
                text.to_owned()
            }
            _ => format!("sha256:{}", digest(&text)),
        }
    }

    fn members(&self, bytes: &[u8]) -> std::io::Result<String> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
        let mut lines = Vec::new();
        for member in archive.entries()? {
            let mut member = member?;
            let mut text = Vec::new();
            member.read_to_end(&mut text)?;
            let text = self.normaliser.text(&text);
            let name = self.normaliser.names(&member.path_bytes());
            lines.push(format!(
                "{} {:04o} {} sha256:{}",
                String::from_utf8_lossy(&name),
                member.header().mode()?,
                text.len(),
                digest(&text)
            ));
        }
        if self.sort_members {
            lines.sort();
        }
        Ok(format!("tar-members:\n{}", lines.join("\n")))
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The lines in bytewise order.
pub(crate) fn sort_lines(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let ended = lines.last().is_some_and(|line| line.is_empty());
    if ended {
        lines.pop();
    }
    lines.sort_unstable();
    let mut out = lines.join(&b'\n');
    if ended {
        out.push(b'\n');
    }
    out
}
