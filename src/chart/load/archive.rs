//! Packaged charts: the bytes of a `.tgz` go in, the files in it come out, or why it is refused
//! (`pkg/chart/loader/archive`, Helm 4.2.4).

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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::SystemTime;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::chart::{Chart, Metadata, package};

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn sample() -> Vec<u8> {
        let metadata = Metadata {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            api_version: "v2".to_owned(),
            ..Metadata::default()
        };
        let file = |name: &str, data: &str| File {
            name: name.to_owned(),
            data: Text::from(data),
            modified: Some(SystemTime::UNIX_EPOCH),
        };
        let long = format!("templates/{}/{}.yaml", "x".repeat(90), "y".repeat(90));
        let chart = Chart {
            metadata,
            templates: vec![file("templates/a.yaml", "a: 1\n"), file(&long, "b: 2\n")],
            files: vec![file("ä.txt", "\u{feff}c")],
            ..Chart::default()
        };
        package::pack(&chart, SystemTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn what_is_packed_can_be_read() {
        let files = read(&sample()).unwrap();
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names[..2], ["Chart.yaml", "templates/a.yaml"]);
        assert_eq!(names[2].len(), 196);
        assert_eq!(names[3], "ä.txt");
        assert_eq!(files[3].data, "c", "the byte order mark is cut");
        assert_eq!(sample(), sample(), "the same chart gives the same bytes");
    }

    #[test]
    fn places_are_checked() {
        for (name, want) in [
            ("a/b", Ok("b")),
            ("a/b/../c", Ok("c")),
            ("a\\b\\c", Ok("b/c")),
            ("/b", Ok("b")),
            (
                "Chart.yaml",
                Err("chart illegally contains content outside the base directory: \"Chart.yaml\""),
            ),
            ("Chart.yaml/x", Err("chart yaml not in base directory")),
            (
                "a",
                Err("chart illegally contains content outside the base directory: \"a\""),
            ),
            (
                "a//etc/passwd",
                Err("chart illegally contains absolute paths"),
            ),
            (
                "a/../../b",
                Err("chart illegally references parent directory"),
            ),
            ("a/..b", Err("chart illegally references parent directory")),
            ("a\\c:\\b", Err("chart contains illegally named files")),
        ] {
            let found = place(name).map_err(|refusal| refusal.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), want, "{name}");
        }
    }

    #[test]
    fn damage_is_refused() {
        for (bytes, want) in [
            (Vec::new(), "EOF"),
            (b"\x1f\x8b".to_vec(), "unexpected EOF"),
            (b"not packed at all".to_vec(), "gzip: invalid header"),
            (packed(b""), "no files in chart archive"),
            (packed(&[0; 1024]), "no files in chart archive"),
            (packed(&[1; 1024]), "archive/tar: invalid tar header"),
            (packed(&[1; 100]), "unexpected EOF"),
        ] {
            assert_eq!(read(&bytes).err().unwrap().to_string(), want);
        }
    }

    #[test]
    fn large_files_are_refused() {
        let member = |size: usize| {
            let chart = Chart {
                metadata: Metadata {
                    name: "a".to_owned(),
                    ..Metadata::default()
                },
                files: vec![File {
                    name: "big".to_owned(),
                    data: Text::from(vec![b'x'; size]),
                    modified: None,
                }],
                ..Chart::default()
            };
            package::pack(&chart, SystemTime::UNIX_EPOCH).unwrap()
        };
        assert!(read(&member(5 << 20)).is_ok());
        assert_eq!(
            read(&member((5 << 20) + 1)).err().unwrap().to_string(),
            "decompressed chart file \"a/big\" is larger than the maximum file size 5242880"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn damaged_archives_never_panic(at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
            let mut bytes = sample();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            let _ = read(&bytes);
        }

        #[test]
        fn damaged_members_never_panic(noise in prop::collection::vec(any::<u8>(), 0..2048)) {
            let _ = read(&packed(&noise));
        }
    }
}
