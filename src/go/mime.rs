//! Guessing what bytes are (`net/http.DetectContentType`, the WHATWG's rules for sniffing).

/// Bytes that are looked at.
const SNIFFED: usize = 512;

enum Rule {
    /// Starts with these bytes.
    Exact(&'static [u8], &'static str),
    /// The same, where the bits of a mask are set.
    Masked(&'static [u8], &'static [u8], &'static str),
    /// An element of HTML after blanks, in any case, with a blank or `>` behind it.
    Html(&'static [u8]),
    /// The same as `Masked`, after blanks.
    SkipBlank(&'static [u8], &'static str),
    Mp4,
    Text,
}

use Rule::{Exact, Html, Masked, Mp4, SkipBlank, Text};

const FULL: u8 = 0xff;
const RIFF: &[u8] = &[FULL, FULL, FULL, FULL, 0, 0, 0, 0, FULL, FULL, FULL, FULL];
const WEBP: &[u8] = &[
    FULL, FULL, FULL, FULL, 0, 0, 0, 0, FULL, FULL, FULL, FULL, FULL, FULL,
];
const FONT: &[u8] = &[
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, FULL, FULL,
];
const FONT_MARK: &[u8] = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0LP";

/// In the order in which they are tried.
const RULES: &[Rule] = &[
    Html(b"<!DOCTYPE HTML"),
    Html(b"<HTML"),
    Html(b"<HEAD"),
    Html(b"<SCRIPT"),
    Html(b"<IFRAME"),
    Html(b"<H1"),
    Html(b"<DIV"),
    Html(b"<FONT"),
    Html(b"<TABLE"),
    Html(b"<A"),
    Html(b"<STYLE"),
    Html(b"<TITLE"),
    Html(b"<B"),
    Html(b"<BODY"),
    Html(b"<BR"),
    Html(b"<P"),
    Html(b"<!--"),
    SkipBlank(b"<?xml", "text/xml; charset=utf-8"),
    Exact(b"%PDF-", "application/pdf"),
    Exact(b"%!PS-Adobe-", "application/postscript"),
    Masked(
        &[FULL, FULL, 0, 0],
        b"\xfe\xff\0\0",
        "text/plain; charset=utf-16be",
    ),
    Masked(
        &[FULL, FULL, 0, 0],
        b"\xff\xfe\0\0",
        "text/plain; charset=utf-16le",
    ),
    Masked(
        &[FULL, FULL, FULL, 0],
        b"\xef\xbb\xbf\0",
        "text/plain; charset=utf-8",
    ),
    Exact(b"\0\0\x01\0", "image/x-icon"),
    Exact(b"\0\0\x02\0", "image/x-icon"),
    Exact(b"BM", "image/bmp"),
    Exact(b"GIF87a", "image/gif"),
    Exact(b"GIF89a", "image/gif"),
    Masked(WEBP, b"RIFF\0\0\0\0WEBPVP", "image/webp"),
    Exact(b"\x89PNG\x0d\x0a\x1a\x0a", "image/png"),
    Exact(b"\xff\xd8\xff", "image/jpeg"),
    Masked(RIFF, b"FORM\0\0\0\0AIFF", "audio/aiff"),
    Exact(b"ID3", "audio/mpeg"),
    Exact(b"OggS\0", "application/ogg"),
    Exact(b"MThd\0\0\0\x06", "audio/midi"),
    Masked(RIFF, b"RIFF\0\0\0\0AVI ", "video/avi"),
    Masked(RIFF, b"RIFF\0\0\0\0WAVE", "audio/wave"),
    Mp4,
    Exact(b"\x1a\x45\xdf\xa3", "video/webm"),
    Masked(FONT, FONT_MARK, "application/vnd.ms-fontobject"),
    Exact(b"\0\x01\0\0", "font/ttf"),
    Exact(b"OTTO", "font/otf"),
    Exact(b"ttcf", "font/collection"),
    Exact(b"wOFF", "font/woff"),
    Exact(b"wOF2", "font/woff2"),
    Exact(b"\x1f\x8b\x08", "application/x-gzip"),
    Exact(b"PK\x03\x04", "application/zip"),
    Exact(b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    Exact(b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    Exact(b"\0asm", "application/wasm"),
    Text,
];

/// The media type of what starts with `data`; `application/octet-stream` where nothing fits.
pub fn detect_content_type(data: &[u8]) -> &'static str {
    let data = &data[..data.len().min(SNIFFED)];
    let is_blank = |byte: &&u8| matches!(**byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    let first = data.iter().take_while(is_blank).count();
    let found = RULES.iter().find_map(|rule| rule.apply(data, first));
    found.unwrap_or("application/octet-stream")
}

impl Rule {
    fn apply(&self, data: &[u8], first: usize) -> Option<&'static str> {
        match *self {
            Exact(mark, found) => data.starts_with(mark).then_some(found),
            Masked(mask, mark, found) => fits(data, mask, mark).then_some(found),
            SkipBlank(mark, found) => data[first..].starts_with(mark).then_some(found),
            Html(element) => {
                let (head, rest) = data[first..].split_at_checked(element.len())?;
                let ends = matches!(rest.first(), Some(b' ' | b'>'));
                (ends && head.eq_ignore_ascii_case(element)).then_some("text/html; charset=utf-8")
            }
            Mp4 => is_mp4(data).then_some("video/mp4"),
            Text => {
                let is_binary =
                    |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
                (!data[first..].iter().any(is_binary)).then_some("text/plain; charset=utf-8")
            }
        }
    }
}

fn fits(data: &[u8], mask: &[u8], mark: &[u8]) -> bool {
    data.len() >= mark.len()
        && data
            .iter()
            .zip(mask)
            .zip(mark)
            .all(|((byte, mask), mark)| byte & mask == *mark)
}

/// A box `ftyp` that names a brand `mp4`.
fn is_mp4(data: &[u8]) -> bool {
    let Some(size) = data
        .first_chunk::<4>()
        .map(|size| u32::from_be_bytes(*size) as usize)
    else {
        return false;
    };
    if data.len() < 12 || data.len() < size || !size.is_multiple_of(4) || &data[4..8] != b"ftyp" {
        return false;
    }
    // The version number between the brands is none of them.
    (8..size)
        .step_by(4)
        .any(|at| at != 12 && data[at..].starts_with(b"mp4"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_go_s() {
        let mut zeros = [0; 512];
        assert_eq!(detect_content_type(&zeros), "application/octet-stream");
        zeros[..3].copy_from_slice(b"abc");
        assert_eq!(detect_content_type(&zeros), "application/octet-stream");
        for (data, want) in [
            (&b""[..], "text/plain; charset=utf-8"),
            (b"a: 1\n", "text/plain; charset=utf-8"),
            (b"\x01", "application/octet-stream"),
            (b"  <html>", "text/html; charset=utf-8"),
            (b"<htmlx", "text/plain; charset=utf-8"),
            (b" <?xml v", "text/xml; charset=utf-8"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x1f\x8b\x08", "application/x-gzip"),
            (b"\x89PNG\x0d\x0a\x1a\x0a", "image/png"),
            (b"\xef\xbb\xbfa", "text/plain; charset=utf-8"),
            (b"\0\0\0\x14ftypmp42\0\0\0\0mp41", "video/mp4"),
            (b"%PDF-1.4", "application/pdf"),
        ] {
            assert_eq!(detect_content_type(data), want, "{data:?}");
        }
    }
}
