//! An index in a form that opens without being read whole.
//!
//! Beside a big `NAME-index.yaml`, which stays as Helm writes it, a `NAME-index.catalog` has what
//! pintle looks for: for each chart a block with its versions, a list of the blocks by the names of
//! the charts, and the digests of all addresses in order. It belongs to the very file whose size,
//! time and inode it names; where that was replaced, by whomever, it is made anew.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use sha2::{Digest as _, Sha256};

use super::{Index, Version, choose};
use crate::diag::{Error, Kind, Level, Notice};
use crate::fetch::file;
use crate::go::os;
use crate::go::path::clean_bytes;
use crate::go::url::Url;

/// The last byte counts the changes of the form.
const MAGIC: &[u8; 8] = b"pintle\0\x01";
const HEADER: usize = 8 + STAMP + 3 * 16;
const STAMP: usize = 8 + 8 + 8 + 8;

/// Smaller indexes are read as fast as a catalog of them.
const WORTH: u64 = 16 << 10;

/// Stands for the name of the index in what was said of it.
const SOURCE: &str = "\0";

/// Which file a catalog was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) struct Stamp([u8; STAMP]);

impl Stamp {
    pub(in crate::fetch) fn new(found: &Metadata) -> Stamp {
        let mut bytes = [0; STAMP];
        let parts = [
            found.size(),
            found.mtime() as u64,
            found.mtime_nsec() as u64,
            found.ino(),
        ];
        for (place, part) in bytes.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        Stamp(bytes)
    }
}

/// What a repository has, as far as charts are looked for.
#[derive(Debug)]
pub struct Catalog(Form);

#[derive(Debug)]
enum Form {
    /// A small index.
    Whole(Index),
    Stored(Stored),
}

/// A catalog on disk.
#[derive(Debug)]
struct Stored {
    path: String,
    file: File,
    /// Where the block of a chart is.
    blocks: BTreeMap<String, Section>,
    addresses: Section,
}

/// A part of a file.
#[derive(Clone, Copy, Debug)]
struct Section {
    start: u64,
    length: u64,
}

impl Catalog {
    /// Opens the index at `path` (`repo.LoadIndexFile`).
    ///
    /// # Errors
    /// What cannot be read, in Helm's words.
    pub fn open(path: &str, notices: &mut Vec<Notice>) -> Result<Catalog, Error> {
        let fail = |error: &io::Error| Error::new(Kind::Io, os::path_error("open", path, error));
        let mut file = File::open(path).map_err(|error| fail(&error))?;
        let found = file.metadata().map_err(|error| fail(&error))?;
        let stamp = (found.is_file() && found.len() >= WORTH).then(|| Stamp::new(&found));
        if let Some(stamp) = stamp
            && let Some((stored, said)) = Stored::open(&place(path), stamp)
        {
            replay(&said, path, notices);
            return Ok(Catalog(Form::Stored(stored)));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| fail(&error))?;
        let mut said = Vec::new();
        let index = Index::parse(&bytes, SOURCE, &mut said)
            .map_err(|error| error.wrap(format!("error loading {path}")))?;
        let said = messages(said);
        replay(&said, path, notices);
        let unchanged = file.metadata().map(|found| Stamp::new(&found)).ok();
        if let Some(stamp) = stamp.filter(|stamp| unchanged == Some(*stamp)) {
            store(path, &index, &said, stamp);
        }
        Ok(Catalog(Form::Whole(index)))
    }

    /// The version of a chart that is asked for (`IndexFile.Get`); see [`Index::get`].
    ///
    /// # Errors
    /// Helm's words for what is not there.
    pub fn get(
        &self,
        name: &str,
        version: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Version, Error> {
        match &self.0 {
            Form::Whole(index) => index.get(name, version, notices).cloned(),
            Form::Stored(_) => {
                let versions = self.versions(name)?;
                choose(versions.as_deref(), name, version, notices).cloned()
            }
        }
    }

    /// All versions of a chart, the newest first; nothing where there is no such chart.
    ///
    /// # Errors
    /// A catalog that is damaged.
    pub fn versions(&self, name: &str) -> Result<Option<Vec<Version>>, Error> {
        match &self.0 {
            Form::Whole(index) => Ok(index.entries.get(name).cloned()),
            Form::Stored(stored) => stored.versions(name),
        }
    }

    /// All charts.
    ///
    /// # Errors
    /// A catalog that is damaged.
    pub fn into_entries(self) -> Result<BTreeMap<String, Vec<Version>>, Error> {
        match self.0 {
            Form::Whole(index) => Ok(index.entries),
            Form::Stored(stored) => stored
                .blocks
                .keys()
                .map(|name| Ok((name.clone(), stored.versions(name)?.unwrap_or_default())))
                .collect(),
        }
    }

    /// Whether a version is at `address`.
    ///
    /// # Errors
    /// A catalog that is damaged.
    pub fn has_address(&self, address: &str) -> Result<bool, Error> {
        match &self.0 {
            Form::Whole(index) => Ok(index
                .entries
                .values()
                .flatten()
                .flat_map(|version| &version.urls)
                .any(|url| crate::fetch::same_address(address, url))),
            Form::Stored(stored) => match digest(address) {
                Some(digest) => stored.has_address(digest),
                None => Ok(false),
            },
        }
    }
}

/// Where the catalog of an index is.
fn place(path: &str) -> String {
    format!("{}.catalog", path.strip_suffix(".yaml").unwrap_or(path))
}

/// Removes the catalog of an index, where there is one.
pub(in crate::fetch) fn remove(path: &str) {
    // It would be of no use, but of no harm either.
    let _ = fs::remove_file(place(path));
}

/// Reads an index that is to be stored, and what was said of it.
pub(in crate::fetch) fn parse(
    bytes: &[u8],
    source: &str,
    notices: &mut Vec<Notice>,
) -> Result<(Index, Vec<String>), Error> {
    let mut said = Vec::new();
    let index = Index::parse(bytes, SOURCE, &mut said)?;
    let said = messages(said);
    replay(&said, source, notices);
    Ok((index, said))
}

fn messages(notices: Vec<Notice>) -> Vec<String> {
    notices.into_iter().map(|notice| notice.message).collect()
}

fn replay(said: &[String], source: &str, notices: &mut Vec<Notice>) {
    let told = said.iter().map(|message| message.replace(SOURCE, source));
    notices.extend(told.map(|message| Notice::new(Level::Warn, message)));
}

/// Writes the catalog of the index at `path`, where it is worth it. It is a convenience: that it cannot
/// be written is not told.
pub(in crate::fetch) fn store(path: &str, index: &Index, said: &[String], stamp: Stamp) {
    let size = stamp.0[..8].try_into().map_or(0, u64::from_le_bytes);
    if size >= WORTH {
        let _ = file::write(&place(path), &encode(index, said, stamp), 0o644);
    }
}

/// What tells addresses apart: those that mean the same have the same. Nothing for what is none.
fn digest(address: &str) -> Option<[u8; 8]> {
    let mut url = Url::parse(address).ok()?;
    if url.path.is_empty() {
        url.path.push(b'/');
    }
    url.path = clean_bytes(&url.path);
    let digest = Sha256::digest(url.to_bytes());
    digest[..8].try_into().ok()
}

/// How many texts of a version are kept.
const KEPT: usize = 9;

/// The texts of a version that are kept.
fn texts(version: &Version) -> [Vec<&str>; KEPT] {
    let metadata = &version.metadata;
    [
        vec![&metadata.name],
        vec![&metadata.version],
        vec![&metadata.app_version],
        vec![&metadata.description],
        metadata.keywords.iter().map(String::as_str).collect(),
        version.urls.iter().map(String::as_str).collect(),
        vec![&version.digest],
        vec![&version.created],
        match metadata.deprecated {
            true => vec![""],
            false => Vec::new(),
        },
    ]
}

fn put_number(number: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_texts(texts: &[&str], out: &mut Vec<u8>) {
    put_number(texts.len(), out);
    for text in texts {
        put_number(text.len(), out);
        out.extend_from_slice(text.as_bytes());
    }
}

fn put_section(start: usize, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(start as u64).to_le_bytes());
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

/// The catalog: header, blocks, list of blocks, addresses, what was said.
fn encode(index: &Index, said: &[String], stamp: Stamp) -> Vec<u8> {
    let mut out = vec![0; HEADER];
    let mut list = Vec::new();
    let mut addresses = Vec::new();
    for (name, versions) in &index.entries {
        let start = out.len();
        put_number(versions.len(), &mut out);
        let mut before: [Vec<&str>; KEPT] = Default::default();
        for version in versions {
            let now = texts(version);
            // What is as in the version before is not written again.
            let same = now.iter().zip(&before).enumerate();
            let flags = same.fold(0u16, |flags, (bit, (now, before))| {
                flags | u16::from(now == before) << bit
            });
            out.extend_from_slice(&flags.to_le_bytes());
            for (bit, texts) in now.iter().enumerate() {
                if flags & 1 << bit == 0 {
                    put_texts(texts, &mut out);
                }
            }
            addresses.extend(version.urls.iter().filter_map(|url| digest(url)));
            before = now;
        }
        put_texts(&[name], &mut list);
        put_section(start, out.len() - start, &mut list);
    }
    addresses.sort_unstable();
    addresses.dedup();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let mut told = Vec::new();
    put_texts(&said, &mut told);
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&stamp.0);
    for part in [&list, &addresses.concat(), &told] {
        put_section(out.len(), part.len(), &mut header);
        out.extend_from_slice(part);
    }
    out[..HEADER].copy_from_slice(&header);
    out
}

/// What is left to read of a part.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes) as usize)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        str::from_utf8(self.take(length)?).ok()
    }

    fn texts(&mut self) -> Option<Vec<&'a str>> {
        let count = self.number()?;
        // A count that is false fails at the first text that is missing.
        (0..count).map(|_| self.text()).collect()
    }

    fn section(&mut self) -> Option<Section> {
        let mut number = || Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?));
        Some(Section {
            start: number()?,
            length: number()?,
        })
    }
}

impl Stored {
    /// A catalog that belongs to the index with that stamp, and what was said of it.
    fn open(path: &str, stamp: Stamp) -> Option<(Stored, Vec<String>)> {
        let file = File::open(path).ok()?;
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).ok()?;
        let mut header = Parts(&header);
        if header.take(MAGIC.len())? != MAGIC || header.take(STAMP)? != stamp.0 {
            return None;
        }
        let size = file.metadata().ok()?.len();
        let (list, addresses, said) = (header.section()?, header.section()?, header.section()?);
        let list = list.read(&file, size)?;
        let said = said.read(&file, size)?;
        let said = Parts(&said)
            .texts()?
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut parts = Parts(&list);
        let mut blocks = BTreeMap::new();
        while !parts.0.is_empty() {
            let name = parts.texts()?.concat();
            let section = parts.section()?;
            section.check(size)?;
            blocks.insert(name, section);
        }
        addresses.check(size)?;
        let stored = Stored {
            path: path.to_owned(),
            file,
            blocks,
            addresses,
        };
        Some((stored, said))
    }

    fn damaged(&self) -> Error {
        let path = &self.path;
        Error::new(Kind::Io, format!("{path} is damaged")).with_hint(format!(
            "Remove it; it is made anew of the index beside it: rm {path}"
        ))
    }

    fn read(&self, section: Section) -> Result<Vec<u8>, Error> {
        section
            .read(&self.file, u64::MAX)
            .ok_or_else(|| self.damaged())
    }

    fn versions(&self, name: &str) -> Result<Option<Vec<Version>>, Error> {
        let Some(section) = self.blocks.get(name) else {
            return Ok(None);
        };
        let block = self.read(*section)?;
        decode(&block).map(Some).ok_or_else(|| self.damaged())
    }

    fn has_address(&self, digest: [u8; 8]) -> Result<bool, Error> {
        let all = self.read(self.addresses)?;
        let (all, _) = all.as_chunks::<8>();
        Ok(all.binary_search(&digest).is_ok())
    }
}

impl Section {
    fn check(self, size: u64) -> Option<()> {
        (self.start.checked_add(self.length)? <= size).then_some(())
    }

    fn read(self, file: &File, size: u64) -> Option<Vec<u8>> {
        self.check(size)?;
        let mut bytes = vec![0; usize::try_from(self.length).ok()?];
        file.read_exact_at(&mut bytes, self.start).ok()?;
        Some(bytes)
    }
}

/// The versions of a block.
fn decode(block: &[u8]) -> Option<Vec<Version>> {
    let mut parts = Parts(block);
    let count = parts.number()?;
    let mut versions = Vec::new();
    let mut texts: [Vec<&str>; KEPT] = Default::default();
    for _ in 0..count {
        let flags = u16::from_le_bytes(parts.take(2)?.try_into().ok()?);
        for (bit, texts) in texts.iter_mut().enumerate() {
            if flags & 1 << bit == 0 {
                *texts = parts.texts()?;
            }
        }
        let one = |texts: &[&str]| texts.concat();
        let many = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let mut version = Version::default();
        let [
            name,
            number,
            app_version,
            description,
            keywords,
            urls,
            digest,
            created,
            deprecated,
        ] = &texts;
        version.metadata.name = one(name);
        version.metadata.version = one(number);
        version.metadata.app_version = one(app_version);
        version.metadata.description = one(description);
        version.metadata.keywords = many(keywords);
        version.metadata.deprecated = !deprecated.is_empty();
        version.urls = many(urls);
        version.digest = one(digest);
        version.created = one(created);
        versions.push(version);
    }
    Some(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(charts: usize) -> String {
        let mut text = "apiVersion: v1\nentries:\n".to_owned();
        for chart in 0..charts {
            text.push_str(&format!("  chart-{chart}:\n"));
            for version in 0..20 {
                text.push_str(&format!(
                    "  - name: chart-{chart}\n    version: 1.{version}.0\n    description: Chart {chart}\n    keywords: [a, b{chart}]\n    digest: {version:064x}\n    created: \"2026-01-02T03:04:05Z\"\n    urls:\n    - https://example.com/a/../c/chart-{chart}-1.{version}.0.tgz\n    - second\n"
                ));
            }
            text.push_str("  - name: wrong\n    version: x\n");
        }
        text.push_str("  empty: []\n");
        text
    }

    fn open(path: &str) -> (Catalog, Vec<String>) {
        let mut notices = Vec::new();
        let catalog = Catalog::open(path, &mut notices).unwrap();
        (catalog, messages(notices))
    }

    #[test]
    fn a_catalog_answers_as_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r-index.yaml");
        fs::write(&path, index(40)).unwrap();
        let path = path.to_str().unwrap();
        let (whole, said) = open(path);
        assert!(matches!(whole.0, Form::Whole(_)));
        assert_eq!(said.len(), 40);
        assert!(said[0].contains(&format!("from {path}: ")), "{}", said[0]);
        let (stored, again) = open(path);
        assert!(matches!(stored.0, Form::Stored(_)));
        assert_eq!(again, said);
        for (name, version) in [
            ("chart-7", ""),
            ("chart-7", "1.3.0"),
            ("chart-7", "~1.4"),
            ("chart-7", "9"),
            ("chart-7", "x y"),
            ("chart-70", ""),
            ("empty", ""),
        ] {
            let get = |catalog: &Catalog| {
                let mut notices = Vec::new();
                let found = catalog.get(name, version, &mut notices);
                let found = found.map(|found| {
                    let metadata = found.metadata;
                    (
                        metadata.version,
                        metadata.description,
                        metadata.keywords,
                        found.urls,
                    )
                });
                (found.map_err(|error| error.to_string()), messages(notices))
            };
            assert_eq!(get(&stored), get(&whole), "{name} {version}");
        }
        for (address, want) in [
            ("https://example.com/c/chart-3-1.19.0.tgz", true),
            ("https://example.com/c//chart-3-1.19.0.tgz", true),
            ("https://example.com/chart-3-1.19.0.tgz", false),
            ("second", true),
            ("%zz", false),
        ] {
            assert_eq!(stored.has_address(address).unwrap(), want, "{address}");
            assert_eq!(whole.has_address(address).unwrap(), want, "{address}");
        }
        let names = |catalog: Catalog| -> Vec<(String, usize)> {
            let entries = catalog.into_entries().unwrap().into_iter();
            entries.map(|(name, all)| (name, all.len())).collect()
        };
        assert_eq!(names(stored), names(whole));
    }

    #[test]
    fn a_catalog_of_another_index_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r-index.yaml");
        let path = path.to_str().unwrap();
        file::write(path, index(40).as_bytes(), 0o644).unwrap();
        drop(open(path));
        assert!(fs::exists(place(path)).unwrap());
        let other = index(40).replace("chart-7:", "chart-x:");
        file::write(path, other.as_bytes(), 0o644).unwrap();
        let (catalog, _) = open(path);
        assert!(catalog.versions("chart-x").unwrap().is_some());
        // Whatever is in the file, nothing panics, and a header that is damaged is not believed.
        let good = fs::read(place(path)).unwrap();
        for at in (0..good.len()).step_by(good.len() / 97) {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            fs::write(place(path), &bad).unwrap();
            let (catalog, _) = open(path);
            drop(catalog.versions("chart-1"));
            fs::write(place(path), &good[..at]).unwrap();
            let (catalog, _) = open(path);
            drop(catalog.versions("chart-39"));
        }
    }

    #[test]
    fn small_indexes_have_no_catalog() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r-index.yaml");
        fs::write(&path, index(1)).unwrap();
        drop(open(path.to_str().unwrap()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
