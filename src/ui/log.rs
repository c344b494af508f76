//! Log lines as `log/slog`'s `TextHandler` writes them, without the time, as Helm configures it
//! (`internal/logging`, Helm 4.2.4).

use crate::diag::Notice;

/// Appends `level=INFO msg="…" key=value` and a line end.
pub fn line(notice: &Notice, line: &mut String) {
    line.push_str("level=");
    line.push_str(&notice.level.to_string());
    line.push_str(" msg=");
    value(&notice.message, line);
    for (key, text) in &notice.attributes {
        line.push(' ');
        value(key, line);
        line.push('=');
        value(text, line);
    }
    line.push('\n');
}

/// A value, quoted where it would not be read back as one word.
fn value(text: &str, line: &mut String) {
    let plain = |c: char| match c {
        ' ' | '=' | '"' => false,
        c if c.is_ascii() => (' '..='~').contains(&c),
        c => c != char::REPLACEMENT_CHARACTER && is_print(c),
    };
    if !text.is_empty() && text.chars().all(plain) {
        line.push_str(text);
    } else {
        quote(text, line);
    }
}

/// `strconv.Quote`.
fn quote(text: &str, line: &mut String) {
    line.push('"');
    for c in text.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\x07' => line.push_str("\\a"),
            '\x08' => line.push_str("\\b"),
            '\x0c' => line.push_str("\\f"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\x0b' => line.push_str("\\v"),
            c if is_print(c) => line.push(c),
            c => match c as u32 {
                code @ ..0x80 => line.push_str(&format!("\\x{code:02x}")),
                code @ 0x80..0x1_0000 => line.push_str(&format!("\\u{code:04x}")),
                code => line.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    line.push('"');
}

/// `unicode.IsPrint`, as near as Rust's own table of printable characters comes.
fn is_print(c: char) -> bool {
    if c == ' ' {
        return true;
    }
    // Behind another character, marks are not escaped for being marks.
    !c.is_whitespace() && !c.is_control() && format!("a{c}").escape_debug().count() == 2
        || matches!(c, '\'' | '"' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Level;

    #[test]
    fn values_are_quoted_where_slog_does() {
        for (text, want) in [
            ("", "\"\""),
            ("plain", "plain"),
            ("two words", "\"two words\""),
            ("a=b", "\"a=b\""),
            ("C:\\dir", "C:\\dir"),
            ("it's", "it's"),
            ("say \"x\"\n", "\"say \\\"x\\\"\\n\""),
            ("\"", "\"\\\"\""),
            ("café", "café"),
            ("\u{a0}", "\"\\u00a0\""),
            ("\u{1}", "\"\\x01\""),
            ("\u{fffd}", "\"\u{fffd}\""),
            ("e\u{301}", "e\u{301}"),
            ("\u{200b}", "\"\\u200b\""),
            ("\u{1f600}", "\u{1f600}"),
        ] {
            let mut got = String::new();
            line(&Notice::new(Level::Warn, "m").with("k", text), &mut got);
            assert_eq!(got, format!("level=WARN msg=m k={want}\n"), "{text:?}");
        }
    }
}
