//! One record of comma-separated values, as `encoding/csv`'s `Reader.Read` gives it.

/// Reads the first record of `text`.
///
/// Errors are Go's: `EOF` where there is no record, `parse error on line N, column M: …` for quotes
/// in the wrong place.
pub(super) fn record(text: &str) -> Result<Vec<String>, String> {
    let mut lines = text.split_inclusive('\n').enumerate();
    let (mut number, mut line) = loop {
        match lines.next() {
            None => return Err("EOF".to_owned()),
            Some((_, "\n" | "\r\n" | "\r")) => {}
            Some((at, line)) => break (at + 1, line),
        }
    };
    let first = number;
    let mut fields = Vec::new();
    let mut rest = trimmed(line);
    loop {
        let Some(mut quoted) = rest.strip_prefix('"') else {
            let end = rest.find(',');
            let field = end.map_or(rest, |end| &rest[..end]);
            if let Some(at) = field.find('"') {
                let column = position(line, rest) + at + 1;
                return Err(problem(
                    first,
                    number,
                    column,
                    "bare \" in non-quoted-field",
                ));
            }
            fields.push(field.to_owned());
            match end {
                Some(end) => rest = &rest[end + 1..],
                None => return Ok(fields),
            }
            continue;
        };
        let mut field = String::new();
        loop {
            if let Some(at) = quoted.find('"') {
                field.push_str(&quoted[..at]);
                let after = &quoted[at + 1..];
                if let Some(next) = after.strip_prefix('"') {
                    field.push('"');
                    quoted = next;
                } else if let Some(next) = after.strip_prefix(',') {
                    fields.push(field);
                    rest = next;
                    break;
                } else if after.is_empty() {
                    fields.push(field);
                    return Ok(fields);
                } else {
                    let column = position(line, quoted) + at + 1;
                    return Err(problem(
                        first,
                        number,
                        column,
                        "extraneous or missing \" in quoted-field",
                    ));
                }
            } else {
                // The field goes on in the next line.
                field.push_str(quoted);
                if line.ends_with('\n') {
                    field.push('\n');
                }
                let Some((at, next)) = lines.next() else {
                    let column = trimmed(line).len() + 1 + usize::from(line.ends_with('\n'));
                    return Err(problem(
                        first,
                        number,
                        column,
                        "extraneous or missing \" in quoted-field",
                    ));
                };
                number = at + 1;
                line = next;
                quoted = trimmed(line);
            }
        }
    }
}

fn trimmed(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Offset of `part`, a rest of `line` without its end, in `line`.
fn position(line: &str, part: &str) -> usize {
    trimmed(line).len() - part.len()
}

fn problem(first: usize, line: usize, column: usize, what: &str) -> String {
    if first == line {
        format!("parse error on line {line}, column {column}: {what}")
    } else {
        format!("record on line {first}; parse error on line {line}, column {column}: {what}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_go_reads_them() {
        for (text, want) in [
            ("a,b", Ok(vec!["a", "b"])),
            ("a,", Ok(vec!["a", ""])),
            (",", Ok(vec!["", ""])),
            ("\"a,b\",c", Ok(vec!["a,b", "c"])),
            ("\"a\"\"b\"", Ok(vec!["a\"b"])),
            ("a b,c", Ok(vec!["a b", "c"])),
            ("a\nb", Ok(vec!["a"])),
            ("\n\nb", Ok(vec!["b"])),
            ("\"a\nb\"", Ok(vec!["a\nb"])),
            ("\n", Err("EOF")),
            ("\r", Err("EOF")),
            ("\"\"", Ok(vec![""])),
            (
                "\"a\n",
                Err("parse error on line 1, column 4: extraneous or missing \" in quoted-field"),
            ),
            (
                "a\"b",
                Err("parse error on line 1, column 2: bare \" in non-quoted-field"),
            ),
            (
                "\"a",
                Err("parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ),
            (
                "\"a\"b",
                Err("parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            ),
            (
                "x,\"a\"b",
                Err("parse error on line 1, column 5: extraneous or missing \" in quoted-field"),
            ),
            (
                "\"a\nb",
                Err(
                    "record on line 1; parse error on line 2, column 2: extraneous or missing \" in quoted-field",
                ),
            ),
        ] {
            let got = record(text);
            match want {
                Ok(fields) => assert_eq!(
                    got,
                    Ok(fields.into_iter().map(str::to_owned).collect()),
                    "{text:?}"
                ),
                Err(error) => assert_eq!(got, Err(error.to_owned()), "{text:?}"),
            }
        }
    }
}
