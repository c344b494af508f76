//! Answers asked from BurntSushi/toml 1.6.0.

use super::*;
use crate::go::json;
use crate::go::time::{Time, Zone};
use crate::value::Value;

#[test]
fn values_are_written() {
    for (text, want) in [
        (
            r#"{"b":1,"a":{"x":[1.5,"q\"\n"]},"n":null}"#,
            "b = 1.0\n\n[a]\n  x = [1.5, \"q\\\"\\n\"]\n",
        ),
        (
            r#"{"a":[{"b":1},{"c":{"d":true}}]}"#,
            "\n[[a]]\n  b = 1.0\n\n[[a]]\n  [a.c]\n    d = true\n",
        ),
        (
            r#"{"a b":[[],{"x":1e20}]}"#,
            "\"a b\" = [[], {x = 1e+20}]\n",
        ),
        ("5", "5.0"),
        (
            r#"{"a":[null]}"#,
            "toml: cannot encode array with nil element",
        ),
        (
            r#"[{"a":1}]"#,
            "toml: top-level values must be Go maps or structs",
        ),
        ("null", "reflect: call of reflect.Value.Type on zero Value"),
    ] {
        let value = json::decode(text.as_bytes()).unwrap().thaw();
        let written = encode(&value).map(|bytes| String::from_utf8(bytes).unwrap());
        let written = written.unwrap_or_else(|error| error);
        // Nothing has been written before the first table.
        assert_eq!(
            written,
            want.strip_prefix('\n')
                .filter(|_| text.starts_with("{\"a\":[{"))
                .unwrap_or(want),
            "{text}"
        );
    }
}

#[test]
fn documents_are_read() {
    for (text, want) in [
        (
            "a = 1\nb.c = 'x'\n[t]\nd = [1, 2.5, \"\\u00e9\"] # c\n",
            "map[a:1 b:map[c:x] t:map[d:[1 2.5 é]]]",
        ),
        (
            "[[a]]\nb = 0x1F\n[[a]]\nb = { c = true, d.e = 1_000 }\n",
            "map[a:[map[b:31] map[b:map[c:true d:map[e:1000]]]]]",
        ),
        ("a = \"\"\"\nx\\\n   y\"\"\"\n", "map[a:xy]"),
        (
            "a = 2020-01-02T03:04:05Z\nb = 2020-01-02 03:04:05.5\nc = 2020-01-02\nd = 03:04:05\ne = 2020-01-02t03:04+02:00",
            "map[a:2020-01-02 03:04:05 +0000 UTC b:2020-01-02 03:04:05.5 -0500 datetime-local c:2020-01-02 00:00:00 -0500 date-local d:0000-01-01 03:04:05 -0500 time-local e:2020-01-02 03:04:00 +0200 +0200]",
        ),
        (
            "a = 2020-01-02T3:04:05",
            "toml: line 1 (last key \"a\"): invalid datetime: \"2020-01-02T3:04:05\"",
        ),
        (
            "a = 2020-02-30",
            "toml: line 1 (last key \"a\"): invalid datetime: \"2020-02-30\"",
        ),
        (
            "a = 1\na = 2",
            "toml: line 2 (last key \"a\"): Key 'a' has already been defined.",
        ),
        (
            "a = ",
            "toml: line 1 (last key \"a\"): unexpected EOF; expected value",
        ),
        (
            "a = 012",
            "toml: line 1 (last key \"a\"): Invalid integer \"012\": cannot have leading zeroes",
        ),
        (
            "= 1",
            "toml: line 1: unexpected '=': key name appears blank",
        ),
    ] {
        let read = match decode(text.as_bytes(), &winter()) {
            Ok(map) => String::from_utf8(crate::go::fmt::sprint(&[Value::Map(map)])).unwrap(),
            Err(error) => error,
        };
        assert_eq!(read, want, "{text}");
    }
}

/// A time in New York's winter.
fn winter() -> Time {
    Time::unix(1_700_000_000, 0, Zone::load("America/New_York").unwrap())
}

#[test]
fn dates_without_a_zone_are_written_without_one_but_in_utc() {
    let text =
        "a = 2020-01-02T03:04:05Z\nb = 2020-01-02 03:04:05.5\nc = 2020-01-02\nd = 03:04:05\n";
    let read = decode(text.as_bytes(), &winter()).unwrap();
    assert_eq!(
        String::from_utf8(encode(&Value::Map(read)).unwrap()).unwrap(),
        "a = 2020-01-02T03:04:05Z\nb = 2020-01-02T08:04:05.5\nc = 2020-01-02\nd = 08:04:05\n"
    );
}
