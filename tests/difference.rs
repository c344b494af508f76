//! Shows where two texts differ, for people.

/// Lines that are shown of each side.
const SHOWN: usize = 30;

/// Longest line that is shown in full, in bytes.
const WIDTH: usize = 400;

/// Empty where the texts are the same; otherwise the differing lines, `-` wanted and `+` got, with
/// two lines around them. Bytes that are not UTF-8, controls and trailing blanks are made visible.
pub(crate) fn describe(what: &str, want: &[u8], got: &[u8]) -> String {
    if want == got {
        return String::new();
    }
    let want: Vec<&[u8]> = want.split_inclusive(|byte| *byte == b'\n').collect();
    let got: Vec<&[u8]> = got.split_inclusive(|byte| *byte == b'\n').collect();
    let head = want.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let tail = want[head..]
        .iter()
        .rev()
        .zip(got[head..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut text = format!("{what} differs from line {}:\n", head + 1);
    for line in &want[head.saturating_sub(2)..head] {
        push_line(&mut text, ' ', line);
    }
    for (sign, side) in [('-', &want), ('+', &got)] {
        let middle = &side[head..side.len() - tail];
        for line in middle.iter().take(SHOWN) {
            push_line(&mut text, sign, line);
        }
        if middle.len() > SHOWN {
            text.push_str(&format!("{sign} ... {} more lines\n", middle.len() - SHOWN));
        }
    }
    for line in want[want.len() - tail..].iter().take(2) {
        push_line(&mut text, ' ', line);
    }
    text
}

fn push_line(text: &mut String, sign: char, line: &[u8]) {
    text.push(sign);
    text.push(' ');
    let (line, end) = match line.strip_suffix(b"\n") {
        Some(line) => (line, "\n"),
        None => (line, " (no line end)\n"),
    };
    let (line, more) = if line.len() > WIDTH {
        (
            &line[..WIDTH],
            format!(" ... {} more bytes", line.len() - WIDTH),
        )
    } else {
        (line, String::new())
    };
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if line.ends_with(b" ") {
        text.push('$');
    }
    text.push_str(&more);
    text.push_str(end);
}
