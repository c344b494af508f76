//! URLs: `urlParse` and `urlJoin`.

use super::{argument, function};
use crate::go::url::Url;
use crate::template::{Caller, Function};
use crate::value::{Fault, Kind, Map, Text, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("urlJoin", &[Type::MAP], url_join),
    function("urlParse", &[Type::STRING], url_parse),
];

fn url_parse(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let url = Url::parse(argument::text(arguments, 0)?)
        .map_err(|error| Fault::from(format!("unable to parse url: {error}")))?;
    let hostname = url.hostname().to_vec();
    let user = url.user.map(|user| user.to_bytes()).unwrap_or_default();
    let entries = [
        ("fragment", url.fragment),
        ("host", url.host),
        ("hostname", hostname),
        ("opaque", url.opaque),
        ("path", url.path),
        ("query", url.raw_query),
        ("scheme", url.scheme),
        ("userinfo", user),
    ];
    Ok(Value::map(
        entries.map(|(key, part)| (Text::from(key), Value::string(part))),
    ))
}

fn url_join(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let parts = &argument::map(arguments, 0)?;
    let mut url = Url {
        scheme: part(parts, "scheme")?,
        host: part(parts, "host")?,
        path: part(parts, "path")?,
        raw_query: part(parts, "query")?,
        opaque: part(parts, "opaque")?,
        fragment: part(parts, "fragment")?,
        ..Url::default()
    };
    let user = part(parts, "userinfo")?;
    if !user.is_empty() {
        url.user = Url::parse([b"proto://", &*user, b"@host"].concat())
            .map_err(|error| Fault::from(format!("unable to parse userinfo in dict: {error}")))?
            .user;
    }
    Ok(Value::string(url.to_bytes()))
}

/// The text under `key`, empty where there is none.
fn part(parts: &Map, key: &str) -> Result<Vec<u8>, Fault> {
    let Some(value) = parts.get(key) else {
        return Ok(Vec::new());
    };
    match (value.kind(), &value) {
        (_, Value::String(text)) => Ok(text.to_vec()),
        (Kind::String, Value::Object(object)) => Ok(match object.underlying() {
            Some(Value::String(text)) => text.to_vec(),
            _ => Vec::new(),
        }),
        (Kind::Invalid, _) => Err(Fault::from(
            "runtime error: invalid memory address or nil pointer dereference",
        )),
        (kind, _) => Err(Fault::from(format!(
            "unable to parse {key} key, must be of type string, but {kind} found"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Real;

    fn call(body: crate::template::Body, argument: Value) -> Result<Value, String> {
        let world = Real::new();
        let mut caller = Caller::new(&world, &());
        body(&mut caller, &[argument]).map_err(|fault| fault.to_string())
    }

    fn dictionary(parts: &[(&str, Value)]) -> Value {
        Value::map(
            parts
                .iter()
                .map(|(key, value)| (Text::from(*key), value.clone())),
        )
    }

    #[test]
    fn urls_are_taken_apart() {
        for (text, want) in [
            (
                "HTTP://u:p@H:80/a%20b?q#f%20",
                "fragment=f |host=H:80|hostname=H|opaque=|path=/a b|query=q|scheme=http|userinfo=u:p",
            ),
            (
                "mailto:a@b",
                "fragment=|host=|hostname=|opaque=a@b|path=|query=|scheme=mailto|userinfo=",
            ),
            (
                ":x",
                "unable to parse url: parse \":x\": missing protocol scheme",
            ),
        ] {
            let got = match call(url_parse, Value::string(text)) {
                Ok(value) => {
                    let parts = value.as_map().unwrap().snapshot();
                    let parts = parts
                        .iter()
                        .map(|(key, part)| format!("{key}={}", part.as_text().unwrap()));
                    parts.collect::<Vec<_>>().join("|")
                }
                Err(message) => message,
            };
            assert_eq!(got, want, "{text}");
        }
    }

    #[test]
    fn urls_are_put_together() {
        let text = |text: &str| Value::string(text);
        for (parts, want) in [
            (
                &[
                    ("scheme", text("http")),
                    ("host", text("h")),
                    ("path", text("a b")),
                    ("query", text("x=1")),
                    ("fragment", text("f f")),
                    ("userinfo", text("u:p%40")),
                ][..],
                "http://u:p%40@h/a%20b?x=1#f%20f",
            ),
            (&[("opaque", text("x")), ("scheme", text("y"))], "y:x"),
            (&[], ""),
            (&[("path", text("a:b"))], "./a:b"),
            (
                &[("userinfo", text("u")), ("host", text("é"))],
                "//u@%C3%A9",
            ),
            (
                &[("scheme", Value::Int(1))],
                "unable to parse scheme key, must be of type string, but int found",
            ),
            (
                &[("scheme", Value::list(Vec::new()))],
                "unable to parse scheme key, must be of type string, but slice found",
            ),
            (
                &[("host", Value::Nil)],
                "runtime error: invalid memory address or nil pointer dereference",
            ),
            (
                &[("userinfo", text("a^b"))],
                "unable to parse userinfo in dict: parse \"proto://a^b@host\": net/url: invalid userinfo",
            ),
        ] {
            let got = match call(url_join, dictionary(parts)) {
                Ok(value) => value.as_text().unwrap().to_string(),
                Err(message) => message,
            };
            assert_eq!(got, want);
        }
    }
}
