//! The grammar of `--set` and its relatives (`pkg/strvals`, Helm 4.2.4).
//!
//! `name=value` pairs, separated by commas; a name is keys with dots between them, each with indices
//! in brackets. What a line sets before it fails stays set.

mod parser;

use std::fmt;

use crate::value::FrozenMap;

/// What a value is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `--set`: booleans, null, integers, else text; `{a,b}` is a list.
    Typed,
    /// `--set-string`: text.
    String,
    /// `--set-json`: JSON.
    Json,
    /// `--set-file`: the content of the file of that name.
    File,
    /// `--set-literal`: the rest of the line, as it is.
    Literal,
}

impl Form {
    /// The flag that has this form.
    pub fn flag(self) -> &'static str {
        match self {
            Form::Typed => "--set",
            Form::String => "--set-string",
            Form::Json => "--set-json",
            Form::File => "--set-file",
            Form::Literal => "--set-literal",
        }
    }
}

/// Why a line could not be taken in; `Display` is the text of Helm's parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Reads a file that `--set-file` names; the error is what the system says.
pub type Reader<'a> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a;

/// Sets in `values` what `line` says; `read` is asked for files, in [`Form::File`] only.
///
/// # Errors
/// Whatever is wrong with the line; what came before it has been set.
pub fn parse_into(
    form: Form,
    line: &str,
    values: &mut FrozenMap,
    read: &mut Reader<'_>,
) -> Result<(), Error> {
    parser::Parser::new(form, line, read)
        .parse(values)
        .map_err(Error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::go::json;
    use crate::value::Frozen;

    fn run(form: Form, lines: &[&str]) -> (String, Option<String>) {
        let mut values = FrozenMap::new();
        let mut read = |name: &str| match name {
            "file" => Ok(b"content".to_vec()),
            name => Err(format!("open {name}: no such file or directory")),
        };
        let mut error = None;
        for line in lines {
            if let Err(found) = parse_into(form, line, &mut values, &mut read) {
                error = Some(found.to_string());
                break;
            }
        }
        let mut text = Vec::new();
        let options = json::Options::default();
        json::encode_frozen(&Frozen::Map(Arc::new(values)), &mut text, options).unwrap();
        (String::from_utf8(text).unwrap(), error)
    }

    #[test]
    fn lines_are_read_as_helm_does() {
        use Form::{File, Json, Literal, String, Typed};
        for (form, lines, want, error) in [
            (
                Typed,
                &["a=1,b=true,c=null,d=1.5,e=007,f=0"][..],
                r#"{"a":1,"b":true,"c":null,"d":"1.5","e":"007","f":0}"#,
                None,
            ),
            (Typed, &["a=faLſe"], r#"{"a":false}"#, None),
            (String, &["a=1,b={1,x}"], r#"{"a":"1","b":["1","x"]}"#, None),
            (
                Typed,
                &["a={},b={a, b}x=1"],
                r#"{"a":[""],"b":["a"," b"],"x":1}"#,
                None,
            ),
            (Typed, &["a\\.b=c\\,d"], r#"{"a.b":"c,d"}"#, None),
            (
                Typed,
                &["a[2]=x", "a[0].b=1", "a[1][1]=y"],
                r#"{"a":[{"b":1},[null,"y"],"x"]}"#,
                None,
            ),
            (
                Typed,
                &["a=1", "a.b=1"],
                r#"{"a":1}"#,
                Some(
                    "unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}",
                ),
            ),
            (
                Typed,
                &["a=x", "a[0]=1"],
                r#"{"a":"x"}"#,
                Some(
                    "unable to parse key: interface conversion: interface {} is string, not []interface {}",
                ),
            ),
            (
                Typed,
                &["a[-1]=1"],
                r#"{"a":[]}"#,
                Some("negative -1 index not allowed"),
            ),
            (
                Typed,
                &["a[x]=1"],
                "{}",
                Some("error parsing index: strconv.Atoi: parsing \"x\": invalid syntax"),
            ),
            (
                Typed,
                &["a[0]bc=1"],
                r#"{"a":[]}"#,
                Some("unexpected data at end of array index: ['b' 'c']"),
            ),
            (
                Typed,
                &["a[70000]=1"],
                r#"{"a":[]}"#,
                Some("index of 70000 is greater than maximum supported index of 65536"),
            ),
            (
                Typed,
                &["a,"],
                r#"{"a":""}"#,
                Some("key \"a\" has no value (cannot end with ,)"),
            ),
            (Typed, &["a={1"], "{}", Some("list must terminate with '}'")),
            (Typed, &["a[=1"], "{}", None),
            (Typed, &["a[1]"], r#"{"a":[]}"#, None),
            (Typed, &["=1", ".a=1"], "{}", None),
            (
                Json,
                &["a={\"b\":[1]},c=,d=\"x\""],
                r#"{"a":{"b":[1]},"c":null,"d":"x"}"#,
                None,
            ),
            (Json, &["a[1]=true"], r#"{"a":[null,true]}"#, None),
            (
                Literal,
                &["a.b=c,d={e}\\"],
                r#"{"a":{"b":"c,d={e}\\"}}"#,
                None,
            ),
            (File, &["a=file"], r#"{"a":"content"}"#, None),
            (
                File,
                &["a=none,b=file"],
                r#"{"a":null}"#,
                Some("open none: no such file or directory"),
            ),
        ] {
            let (found, failure) = run(form, lines);
            assert_eq!((&*found, failure.as_deref()), (want, error), "{lines:?}");
        }
    }

    #[test]
    fn deep_names_end() {
        let line = format!("a{}=1", "[0]".repeat(50_000));
        let (_, error) = run(Form::Typed, &[&line]);
        assert_eq!(error.as_deref(), Some("name has more than 10000 parts"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_line_panics(line in r"[ab.,=\[\]{}\\0-9\-é ]{0,24}", other in r"[ab.=\[\]0]{0,12}") {
            for form in [Form::Typed, Form::String, Form::Json, Form::File, Form::Literal] {
                let _ = run(form, &[&line, &other, &line]);
            }
        }
    }
}
