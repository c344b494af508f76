//! Escapers: `template.HTMLEscapeString`, `template.JSEscapeString`, `url.QueryEscape`.

use super::strconv::is_print;

/// `template.HTMLEscapeString` of `text/template`.
pub fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for &byte in text {
        let escape: &[u8] = match byte {
            0 => "\u{fffd}".as_bytes(),
            b'"' => b"&#34;",
            b'\'' => b"&#39;",
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(escape);
    }
    out
}

/// `template.JSEscapeString` of `text/template`.
pub fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.extend_from_slice(br"\\"),
                '\'' => out.extend_from_slice(br"\'"),
                '"' => out.extend_from_slice(br#"\""#),
                '<' | '>' | '&' | '=' | '\0'..' ' => push_hexadecimal(&mut out, c),
                _ if c.is_ascii() || is_print(c) => {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => push_hexadecimal(&mut out, c),
            }
        }
        // An invalid byte decodes to the replacement rune, which is printable, so it stays.
        out.extend_from_slice(chunk.invalid());
    }
    out
}

fn push_hexadecimal(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(format!("\\u{:04X}", u32::from(c)).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_in_go() {
        for (text, h, j, u) in [
            (
                "a<b>&'\"",
                "a&lt;b&gt;&amp;&#39;&#34;",
                r#"a\u003Cb\u003E\u0026\'\""#,
                "a%3Cb%3E%26%27%22",
            ),
            ("é \n=", "é \n=", r"é \u000A\u003D", "%C3%A9+%0A%3D"),
            (
                "a\0\u{a0}~",
                "a\u{fffd}\u{a0}~",
                r"a\u0000\u00A0~",
                "a%00%C2%A0~",
            ),
        ] {
            assert_eq!(html(text.as_bytes()), h.as_bytes());
            assert_eq!(js(text.as_bytes()), j.as_bytes());
            assert_eq!(crate::go::url::query_escape(text), u.as_bytes());
        }
    }
}
