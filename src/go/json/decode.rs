//! `json.Unmarshal` and `json.Decoder`: bytes go in, values or Go's error come out.

use super::scan::{Scanner, Stop};
use crate::value::Frozen;

/// What a Go program decodes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `interface {}`
    Any,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
}

/// What `json.Unmarshal` leaves behind: the value, as far as it could be read, and the error.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// `Null` where nothing was set.
    pub value: Frozen,
    /// The text of the error.
    pub error: Option<String>,
}

/// Reads JSON text as `json.Unmarshal` does into an `interface {}`: numbers become floats, of
/// equal keys the last wins.
///
/// # Errors
/// Go's text of the first error.
pub fn decode(data: &[u8]) -> Result<Frozen, String> {
    let decoded = decode_as(data, Shape::Any);
    match decoded.error {
        Some(error) => Err(error),
        None => Ok(decoded.value),
    }
}

/// Reads JSON text as `json.Unmarshal` does into a variable of type `shape`. Numbers out of range
/// are errors that leave the rest in place; so do not look at the error alone where Go's program
/// goes on with the value.
pub fn decode_as(data: &[u8], shape: Shape) -> Decoded {
    let mut scanner = Scanner::new(data);
    let read = scanner.value().and_then(|value| match scanner.peek() {
        None => Ok(value),
        Some(byte) => Err(Scanner::wrong(byte, "after top-level value")),
    });
    let value = match read {
        Ok(value) => value,
        Err(stop) => {
            let error = match stop {
                Stop::Syntax(message) | Stop::End(Some(message)) => message,
                Stop::End(None) => "unexpected end of JSON input".to_owned(),
            };
            return Decoded {
                value: Frozen::Null,
                error: Some(error),
            };
        }
    };
    let go_type = match (shape, &value) {
        (Shape::Any, _) | (Shape::Map, Frozen::Map(_)) | (Shape::List, Frozen::List(_)) => {
            return Decoded {
                value,
                error: scanner.range_error,
            };
        }
        // A number that does not fit was left as null, but is still a number.
        (_, Frozen::Null) if scanner.range_error.is_none() => {
            return Decoded { value, error: None };
        }
        (Shape::Map, _) => "map[string]interface {}",
        (Shape::List, _) => "[]interface {}",
    };
    let found = match value {
        Frozen::Bool(_) => "bool",
        Frozen::String(_) => "string",
        Frozen::List(_) => "array",
        Frozen::Map(_) => "object",
        Frozen::Null | Frozen::Int(_) | Frozen::Float(_) => "number",
    };
    Decoded {
        value: Frozen::Null,
        error: Some(format!(
            "json: cannot unmarshal {found} into Go value of type {go_type}"
        )),
    }
}

/// Reads one value from the start of `data` as `json.Decoder.Decode` does, and says how many bytes
/// were taken.
///
/// # Errors
/// Go's text: `EOF` where there is only white space, `unexpected EOF` where the value is cut.
pub fn decode_prefix(data: &[u8]) -> Result<(Frozen, usize), String> {
    let mut scanner = Scanner::new(data);
    if scanner.peek().is_none() {
        return Err("EOF".to_owned());
    }
    match scanner.value() {
        Ok(value) => match scanner.range_error.take() {
            Some(error) => Err(error),
            None => Ok((value, scanner.offset())),
        },
        Err(Stop::Syntax(message)) => Err(message),
        Err(Stop::End(_)) => Err("unexpected EOF".to_owned()),
    }
}

/// As [`decode_prefix`]; a syntax error comes with how many bytes Go had read when it found it.
///
/// # Errors
/// Those of [`decode_prefix`].
pub fn decode_next(data: &[u8]) -> Result<(Frozen, usize), (String, Option<usize>)> {
    let mut scanner = Scanner::new(data);
    if scanner.peek().is_none() {
        return Err(("EOF".to_owned(), None));
    }
    match scanner.value() {
        Ok(value) => match scanner.range_error.take() {
            Some(error) => Err((error, None)),
            None => Ok((value, scanner.offset())),
        },
        Err(Stop::Syntax(message)) => Err((message, Some(scanner.offset() + 1))),
        Err(Stop::End(_)) => Err(("unexpected EOF".to_owned(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::json::{Options, encode_frozen};

    fn again(value: &Frozen) -> String {
        let mut out = Vec::new();
        encode_frozen(value, &mut out, Options::default()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reads_values() {
        let rows: [(&[u8], &str); 16] = [
            (b" {} ", "{}"),
            (b"[]", "[]"),
            (b"[1,-2,3.5,1e3,-0,0.1e-2]", "[1,-2,3.5,1000,-0,0.001]"),
            (b"123456789012345678901234567890", "1.2345678901234568e+29"),
            (b"1e-400", "0"),
            (
                b"{\"b\":1,\"a\":[true,false,null],\"b\":2}",
                r#"{"a":[true,false,null],"b":2}"#,
            ),
            (b"\"\\u00e9\\n\\/\\\"\"", "\"é\\n/\\\"\""),
            (b"\"\\ud83d\\ude00\"", "\"😀\""),
            (b"\"\\ud83dx\"", "\"\u{fffd}x\""),
            (b"\"\\ud83d\\ud83d\\ude00\"", "\"\u{fffd}😀\""),
            (b"\"\\udc00\"", "\"\u{fffd}\""),
            (b"\"\xff\xe2\x82\"", "\"\u{fffd}\u{fffd}\u{fffd}\""),
            (b"\"a\xffb\\n\"", "\"a\u{fffd}b\\n\""),
            (b"\"\x7f\"", "\"\x7f\""),
            (b"\t\r\nnull", "null"),
            (b"9007199254740993", "9007199254740992"),
        ];
        for (text, want) in rows {
            assert_eq!(again(&decode(text).unwrap()), want);
        }
    }

    #[test]
    fn errors_are_go_words() {
        let rows: [(&[u8], &str); 34] = [
            (b"", "unexpected end of JSON input"),
            (b"  ", "unexpected end of JSON input"),
            (b"{", "unexpected end of JSON input"),
            (b"[1,", "unexpected end of JSON input"),
            (b"\"abc", "unexpected end of JSON input"),
            (b"{\"a\"", "unexpected end of JSON input"),
            (b"{\"a\":1", "unexpected end of JSON input"),
            (b"x", "invalid character 'x' looking for beginning of value"),
            (
                b"[,",
                "invalid character ',' looking for beginning of value",
            ),
            (
                b"[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            (
                b"{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            (
                b"{a:1}",
                "invalid character 'a' looking for beginning of object key string",
            ),
            (b"{\"a\" 1}", "invalid character '1' after object key"),
            (
                b"{\"a\":1 2}",
                "invalid character '2' after object key:value pair",
            ),
            (b"[1 2]", "invalid character '2' after array element"),
            (b"1 2", "invalid character '2' after top-level value"),
            (b"01", "invalid character '1' after top-level value"),
            (
                b"tru",
                "invalid character ' ' in literal true (expecting 'e')",
            ),
            (
                b"nulx",
                "invalid character 'x' in literal null (expecting 'l')",
            ),
            (
                b"fa",
                "invalid character ' ' in literal false (expecting 'l')",
            ),
            (b"-", "invalid character ' ' in numeric literal"),
            (b"-a", "invalid character 'a' in numeric literal"),
            (
                b"1.",
                "invalid character ' ' after decimal point in numeric literal",
            ),
            (
                b"1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            (
                b"1e",
                "invalid character ' ' in exponent of numeric literal",
            ),
            (
                b"1e+",
                "invalid character ' ' in exponent of numeric literal",
            ),
            (b"\"\n\"", "invalid character '\\n' in string literal"),
            (b"\"\\x\"", "invalid character 'x' in string escape code"),
            (b"\"\\", "invalid character ' ' in string escape code"),
            (
                b"\"\\u12g4\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            (
                b"'a'",
                "invalid character '\\'' looking for beginning of value",
            ),
            (
                b"\xc3\xa9",
                "invalid character 'Ã' looking for beginning of value",
            ),
            (
                b"\xef\xbb\xbf{}",
                "invalid character 'ï' looking for beginning of value",
            ),
            (
                b"[1e999,2]",
                "json: cannot unmarshal number 1e999 into Go value of type float64",
            ),
        ];
        for (text, want) in rows {
            assert_eq!(decode(text).unwrap_err(), want, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn depth_is_limited() {
        let deep = |n: usize| [b"[".repeat(n), b"]".repeat(n)].concat();
        assert_eq!(decode(&deep(10_001)).unwrap_err(), "exceeded max depth");
        // Freeing a value takes stack for each of its levels.
        let free = move || assert!(decode(&deep(10_000)).is_ok());
        std::thread::Builder::new()
            .stack_size(64 << 20)
            .spawn(free)
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn shapes_are_checked_after_the_syntax() {
        for (text, shape, value, error) in [
            (
                "[1]",
                Shape::Map,
                "null",
                Some("json: cannot unmarshal array into Go value of type map[string]interface {}"),
            ),
            (
                "5",
                Shape::Map,
                "null",
                Some("json: cannot unmarshal number into Go value of type map[string]interface {}"),
            ),
            (
                "\"a\"",
                Shape::Map,
                "null",
                Some("json: cannot unmarshal string into Go value of type map[string]interface {}"),
            ),
            (
                "true",
                Shape::List,
                "null",
                Some("json: cannot unmarshal bool into Go value of type []interface {}"),
            ),
            (
                "{}",
                Shape::List,
                "null",
                Some("json: cannot unmarshal object into Go value of type []interface {}"),
            ),
            ("null", Shape::Map, "null", None),
            (
                r#"{"a":1e999,"b":2}"#,
                Shape::Map,
                r#"{"a":null,"b":2}"#,
                Some("json: cannot unmarshal number 1e999 into Go value of type float64"),
            ),
        ] {
            let decoded = decode_as(text.as_bytes(), shape);
            assert_eq!(again(&decoded.value), value, "{text}");
            assert_eq!(decoded.error.as_deref(), error, "{text}");
        }
    }

    #[test]
    fn a_prefix_ends_where_the_decoder_stops() {
        for (text, want) in [
            ("1,b=2", Ok(("1", 1))),
            ("01", Ok(("0", 1))),
            (" {\"a\":1} ,", Ok(("{\"a\":1}", 8))),
            ("\"x\"y", Ok(("\"x\"", 3))),
            ("nullx", Ok(("null", 4))),
            ("12", Ok(("12", 2))),
            ("", Err("EOF")),
            ("  ", Err("EOF")),
            ("{\"a\"", Err("unexpected EOF")),
            ("tru", Err("unexpected EOF")),
            ("-", Err("unexpected EOF")),
            ("1.", Err("unexpected EOF")),
            (
                ",",
                Err("invalid character ',' looking for beginning of value"),
            ),
        ] {
            let got = decode_prefix(text.as_bytes());
            match want {
                Ok((value, end)) => {
                    let (got, at) = got.unwrap();
                    assert_eq!((again(&got).as_str(), at), (value, end), "{text}");
                }
                Err(error) => assert_eq!(got.unwrap_err(), error, "{text}"),
            }
        }
    }
}
