//! Texts of manifests: words of a shell, durations, names.

/// Splits as a shell splits words: blanks, quotes and backslashes; nothing is expanded.
///
/// # Errors
/// A quote that does not end, a backslash at the end.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\\' => {
                let next = characters.next();
                let next = next.ok_or("a backslash stands at the end")?;
                word.get_or_insert_default().push(next);
            }
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        None => return Err(format!("a quote {c} does not end")),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => match characters.next() {
                            Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                            Some(next) => word.extend(['\\', next]),
                            None => return Err(format!("a quote {c} does not end")),
                        },
                        Some(inner) => word.push(inner),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Seconds of a duration as Go writes them: `1h30m`, `250ms`.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if text == "0" {
        return Some(0.0);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        seconds += number
            * match &rest[..end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[end..];
    }
    Some(seconds)
}

/// `usersDdbTableName` as `USERS_DDB_TABLE_NAME`.
pub(super) fn snake(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, c) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(index + 1);
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins {
            snake.push('_');
        }
        snake.push(c.to_ascii_uppercase());
    }
    snake
}

/// `path.name`, with a name of other characters than those of plain members as `['name']`.
pub(super) fn join(path: &str, name: &str) -> String {
    let is_plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    match (path, is_plain) {
        ("", true) => name.to_owned(),
        (path, true) => format!("{path}.{name}"),
        (path, false) => format!("{path}['{name}']"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (text, want) in [
            ("server --port 8080", vec!["server", "--port", "8080"]),
            ("sh -c 'a  b' \"c d\"", vec!["sh", "-c", "a  b", "c d"]),
            (r#"a\ b "x\"y" 'z\'"#, vec!["a b", "x\"y", r"z\"]),
            (r#""a\nb""#, vec![r"a\nb"]),
            ("a'b'c", vec!["abc"]),
            ("''", vec![""]),
            ("  ", vec![]),
        ] {
            let found = split(text);
            assert_eq!(
                found,
                Ok(want.into_iter().map(str::to_owned).collect()),
                "{text}"
            );
        }
        for text in ["'a", "\"a", "a\\", "\"a\\"] {
            assert!(split(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for (text, want) in [
            ("60s", Some(60.0)),
            ("1h30m", Some(5400.0)),
            ("250ms", Some(0.25)),
            ("1.5m", Some(90.0)),
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("", None),
            ("5", None),
            ("5d", None),
            ("s", None),
        ] {
            assert_eq!(seconds(text), want, "{text}");
        }
    }

    #[test]
    fn names_of_outputs_become_names_of_variables() {
        for (name, want) in [
            ("usersDdbTableName", "USERS_DDB_TABLE_NAME"),
            ("MyDBSecret", "MY_DB_SECRET"),
            ("bucket1Name", "BUCKET1_NAME"),
            ("ALREADY_DONE", "ALREADY_DONE"),
            ("name", "NAME"),
        ] {
            assert_eq!(snake(name), want);
        }
        assert_eq!(join("a", "b-c"), "a.b-c");
        assert_eq!(join("a", "b.c"), "a['b.c']");
    }
}
