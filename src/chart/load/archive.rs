use std::fmt;

use flate2::bufread::MultiGzDecoder;

use super::tar::Reader;
use super::{MAX_CHART, MAX_FILE, without_mark};
use crate::chart::File;
use crate::diag::{Error, Kind};
use crate::go::{path, strconv};
use crate::value::Text;

/// Why an archive was refused; `Display` is Helm's text.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is not packed.
    Header,
    Other(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Header => f.write_str("gzip: invalid header"),
            Refusal::Other(message) => f.write_str(message),
        }
    }
}

impl Refusal {
    /// What Helm says of an archive that a command was given; the reason is kept below it.
    pub(super) fn into_error(self, what: &str, name: &str) -> Error {
        let message = match (&self, what) {
            (Refusal::Header, "file") => {
                format!("file '{name}' does not appear to be a valid chart file (details: {self})")
            }
            (Refusal::Header, _) => {
                format!("stream does not appear to be a valid chart file (details: {self})")
            }
            (Refusal::Other(_), "file") => "unable to load chart archive".to_owned(),
            (Refusal::Other(_), _) => format!("unable to load chart archive: {self}"),
        };
        let error = Error::new(Kind::Chart, message);
        match self {
            Refusal::Header => error,
            Refusal::Other(reason) => error.with_hint(format!("The archive is refused: {reason}.")),
        }
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Refusal {
        Refusal::Other(message)
    }
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Refusal {
        Refusal::Other(message.to_owned())
    }
}

/// Reads the files of a packed chart, their names without the first element
/// (`archive.LoadArchiveFiles`).
pub(super) fn read(packed: &[u8]) -> Result<Vec<File>, Refusal> {
    match packed {
        [] => return Err("EOF".into()),
        [_, ..] if packed.len() < 10 => return Err("unexpected EOF".into()),
        [0x1f, 0x8b, 8, ..] => {}
        _ => return Err(Refusal::Header),
    }
    let mut reader = Reader::new(MultiGzDecoder::new(packed));
    let mut left = MAX_CHART;
    let mut files = Vec::new();
    while let Some(member) = reader.next()? {
        if member.is_folder || member.is_global {
            continue;
        }
        let name = place(&member.name)?;
        if member.size > left {
            return Err(too_large().into());
        }
        if member.size > MAX_FILE {
            return Err(format!(
                "decompressed chart file {} is larger than the maximum file size {MAX_FILE}",
                strconv::quote(&member.name)
            )
            .into());
        }
        let data = reader.data(left)?;
        let read = data.len() as u64;
        left -= read;
        if read < member.size || left == 0 {
            return Err(too_large().into());
        }
        let data = Text::from(without_mark(&data));
        files.push(File {
            name,
            data,
            modified: member.modified,
        });
    }
    if files.is_empty() {
        return Err("no files in chart archive".into());
    }
    Ok(files)
}

fn too_large() -> String {
    format!("decompressed chart is larger than the maximum size {MAX_CHART}")
}

/// The path in the chart of the member `name`.
fn place(name: &str) -> Result<String, Refusal> {
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (first, rest) = name.split_once(delimiter).unwrap_or((name, ""));
    let rest = rest.replace(delimiter, "/");
    if path::is_abs(rest.as_bytes()) {
        return Err("chart illegally contains absolute paths".into());
    }
    let clean = path::clean(&rest);
    if clean == "." {
        return Err(format!(
            "chart illegally contains content outside the base directory: {}",
            strconv::quote(name)
        )
        .into());
    }
    if clean.starts_with("..") {
        return Err("chart illegally references parent directory".into());
    }
    if matches!(clean.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
        return Err("chart contains illegally named files".into());
    }
    if first == "Chart.yaml" {
        return Err("chart yaml not in base directory".into());
    }
    Ok(clean)
}
