//! Command lines in variables: `SOPS_AGE_KEY_CMD`.

/// The words of a command line as a shell would cut it: quotes, backslashes, comments.
///
/// # Errors
/// A quote that is not closed.
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a quote is not closed"),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some('"') => break,
                        Some('\\') => match characters.next() {
                            Some(c) => word.push(c),
                            None => return Err("a quote is not closed"),
                        },
                        Some(c) => word.push(c),
                        None => return Err("a quote is not closed"),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            '#' if word.is_none() => while characters.next_if(|c| *c != '\n').is_some() {},
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_a_shell_does() {
        for (text, want) in [
            ("a  b\tc", vec!["a", "b", "c"]),
            (
                r#"sh -c 'echo "$X"' x"#,
                vec!["sh", "-c", r#"echo "$X""#, "x"],
            ),
            (r#""a b"c\ d '' # e"#, vec!["a bc d", ""]),
            (r#""a\"b""#, vec![r#"a"b"#]),
            ("", vec![]),
        ] {
            assert_eq!(split(text).unwrap(), want, "{text}");
        }
        assert!(split("'a").is_err() && split("\"a").is_err());
    }
}
