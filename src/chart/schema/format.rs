//! The formats that schemas may ask for, with the answers of `santhosh-tekuri/jsonschema` v6.0.2
//! (`format.go`). `regex` is the validator's own.

use std::error::Error;

use boon::Format;
use serde_json::Value;

use crate::go::strconv::{self, quote_rune};
use crate::go::time::{self, Zone};
use crate::go::url::{self, Url};

type Answer = Result<(), String>;

/// Every format but `regex`.
pub(super) fn all() -> [Format; 20] {
    [
        new("json-pointer", |v| check(v, json_pointer)),
        new("relative-json-pointer", |v| check(v, relative_json_pointer)),
        new("uuid", |v| check(v, uuid)),
        new("duration", |v| check(v, duration)),
        new("period", |v| check(v, period)),
        new("ipv4", |v| check(v, ipv4)),
        new("ipv6", |v| check(v, ipv6)),
        new("hostname", |v| check(v, hostname)),
        new("email", |v| check(v, email)),
        new("date", |v| check(v, date)),
        new("time", |v| check(v, time_of_day)),
        new("date-time", |v| check(v, date_time)),
        new("uri", |v| check(v, uri)),
        new("iri", |v| check(v, uri)),
        new("uri-reference", |v| check(v, uri_reference)),
        new("iri-reference", |v| check(v, uri_reference)),
        new("uri-template", |v| check(v, uri_template)),
        new("semver", |v| check(v, semver)),
        // Formats that the Go library does not know.
        new("idn-hostname", |_| Ok(())),
        new("idn-email", |_| Ok(())),
    ]
}

fn new(name: &'static str, func: fn(&Value) -> Result<(), Box<dyn Error>>) -> Format {
    Format { name, func }
}

fn check(value: &Value, rule: fn(&str) -> Answer) -> Result<(), Box<dyn Error>> {
    match value {
        Value::String(text) => rule(text).map_err(Into::into),
        _ => Ok(()),
    }
}

fn fail<T>(message: &str) -> Result<T, String> {
    Err(message.to_owned())
}

/// `%q` of a rune.
fn rune(c: char) -> String {
    quote_rune(c)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The leading digits, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn json_pointer(text: &str) -> Answer {
    if text.is_empty() {
        return Ok(());
    }
    let Some(rest) = text.strip_prefix('/') else {
        return fail("not starting with /");
    };
    for token in rest.split('/') {
        let mut letters = token.chars();
        while let Some(letter) = letters.next() {
            if letter == '~' && !matches!(letters.next(), Some('0' | '1')) {
                return fail("~ must be followed by 0 or 1");
            }
        }
    }
    Ok(())
}

fn relative_json_pointer(text: &str) -> Answer {
    let (number, rest) = digits(text);
    if number.is_empty() {
        return fail("must start with non-negative integer");
    }
    if number.len() > 1 && number.starts_with('0') {
        return fail("starts with zero");
    }
    if rest == "#" {
        return Ok(());
    }
    json_pointer(rest)
}

fn uuid(text: &str) -> Answer {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != LENGTHS.len() {
        return fail("must have 5 elements");
    }
    for (at, (group, length)) in groups.iter().zip(LENGTHS).enumerate() {
        if group.len() != length {
            return Err(format!(
                "element {} must be {length} characters long",
                at + 1
            ));
        }
        if let Some(odd) = group.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {}", rune(odd)));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Answer {
    let Some(rest) = text.strip_prefix('P') else {
        return fail("must start with P");
    };
    if rest.is_empty() {
        return fail("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        return match weeks {
            "" => fail("no number in week"),
            weeks if !is_number(weeks) => fail("invalid week"),
            _ => Ok(()),
        };
    }
    for (at, part) in rest.split('T').enumerate() {
        if at > 0 && part.is_empty() {
            return fail("no time elements");
        }
        let Some(all) = ["YMD", "HMS"].get(at) else {
            return fail("more than one T");
        };
        elements(part, all)?;
    }
    Ok(())
}

/// Numbers with units, each unit once and in order.
fn elements(text: &str, all: &str) -> Answer {
    let (mut rest, mut units) = (text, all);
    while !rest.is_empty() {
        let (number, after) = digits(rest);
        if number.is_empty() {
            return fail("missing number");
        }
        let Some(unit) = after.bytes().next() else {
            return fail("missing unit");
        };
        // Go looks at bytes here.
        let letter = char::from(unit);
        match units.find(letter) {
            Some(at) if letter.is_ascii() => {
                units = &units[at + 1..];
                rest = &after[1..];
            }
            _ if all.contains(letter) => {
                return Err(format!("unit {} out of order", rune(letter)));
            }
            _ => return Err(format!("invalid unit {}", rune(letter))),
        }
    }
    Ok(())
}

fn ipv4(text: &str) -> Answer {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return fail("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return fail("leading zeros");
        }
        let number = strconv::atoi(group).map_err(|error| error.to_string())?;
        if !(0..=255).contains(&number) {
            return fail("decimal must be between 0 and 255");
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Answer {
    if !text.contains(':') {
        return fail("missing colon");
    }
    url::check_address(text.as_bytes())?;
    if text.contains('%') {
        return fail("zone id is not a part of ipv6 address");
    }
    Ok(())
}

fn hostname(text: &str) -> Answer {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return fail("more than 253 characters long");
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > 63 {
            return fail("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return fail("label starts with hyphen");
        }
        if label.ends_with('-') {
            return fail("label ends with hyphen");
        }
        let odd = label
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || *c == '-'));
        if let Some(odd) = odd {
            return Err(format!("invalid character {}", rune(odd)));
        }
    }
    Ok(())
}

fn email(text: &str) -> Answer {
    if text.len() > 254 {
        return fail("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return fail("missing @");
    };
    if local.len() > 64 {
        return fail("local part more than 64 characters long");
    }
    mailbox(local)?;
    let literal = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match literal.map(|address| (address, address.strip_prefix("IPv6:"))) {
        Some((_, Some(address))) => {
            ipv6(address).map_err(|error| format!("invalid ipv6 address: {error}"))
        }
        Some((address, None)) => {
            ipv4(address).map_err(|error| format!("invalid ipv4 address: {error}"))
        }
        None => hostname(domain).map_err(|error| format!("invalid domain: {error}")),
    }
}

/// What stands before the `@`.
fn mailbox(local: &str) -> Answer {
    // Go looks at the first quote only, and takes off what stands last.
    if local.len() > 1 && local.starts_with('"') {
        let inner = &local.as_bytes()[1..local.len() - 1];
        if inner.iter().any(|byte| matches!(byte, b'\\' | b'"')) {
            return fail("backslash and quote are not allowed within quoted local part");
        }
        return Ok(());
    }
    if local.starts_with('.') {
        return fail("starts with dot");
    }
    if local.ends_with('.') {
        return fail("ends with dot");
    }
    if local.contains("..") {
        return fail("consecutive dots");
    }
    let odd = local
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(*c)));
    match odd {
        Some(odd) => Err(format!("invalid character {}", rune(odd))),
        None => Ok(()),
    }
}

fn date(text: &str) -> Answer {
    parse_date(text.as_bytes())
}

fn parse_date(text: &[u8]) -> Answer {
    time::parse(b"2006-01-02", text, &Zone::Utc).map(|_| ())
}

fn time_of_day(text: &str) -> Answer {
    parse_time(text.as_bytes())
}

fn parse_time(text: &[u8]) -> Answer {
    if text.len() < 9 {
        return fail("less than 9 characters long");
    }
    if text[2] != b':' || text[5] != b':' {
        return fail("missing colon in correct place");
    }
    let mut clock = [0; 3];
    for (at, part) in text[..8].splitn(3, |byte| *byte == b':').enumerate() {
        let Ok(number) = strconv::atoi(part) else {
            return fail("invalid hour/min/sec");
        };
        if number < 0 {
            return fail("non-positive hour/min/sec");
        }
        clock[at] = number;
    }
    let [mut hour, mut minute, second] = clock;
    if hour > 23 || minute > 59 || second > 60 {
        return fail("hour/min/sec out of range");
    }
    let mut rest = &text[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if count == 0 {
            return fail("no digits in second fraction");
        }
        rest = &fraction[count..];
    }
    if !matches!(rest, b"z" | b"Z") {
        (hour, minute) = offset(rest, hour, minute)?;
    }
    if second >= 60 && (hour != 23 || minute != 59) {
        return fail("invalid leap second");
    }
    Ok(())
}

/// Reads the offset from UTC, and gives hour and minute there.
fn offset(text: &[u8], hour: i64, minute: i64) -> Result<(i64, i64), String> {
    if text.len() != 6 {
        return fail("offset must be 6 characters long");
    }
    let sign = match text[0] {
        b'+' => -1,
        b'-' => 1,
        _ => return fail("offset must begin with plus/minus"),
    };
    if text[3] != b':' {
        return fail("missing colon in offset in correct place");
    }
    let mut parts = [0; 2];
    for (at, part) in text[1..].splitn(2, |byte| *byte == b':').enumerate() {
        let Ok(number) = strconv::atoi(part) else {
            return fail("invalid hour/min in offset");
        };
        if number < 0 {
            return fail("non-positive hour/min in offset");
        }
        parts[at] = number;
    }
    let [hours, minutes] = parts;
    if hours > 23 || minutes > 59 {
        return fail("hour/min in offset out of range");
    }
    let mut total = hour * 60 + minute + sign * (hours * 60 + minutes);
    if total < 0 {
        total += 24 * 60;
    }
    Ok((total / 60, total % 60))
}

fn date_time(text: &str) -> Answer {
    let bytes = text.as_bytes();
    if bytes.len() < 20 {
        return fail("less than 20 characters long");
    }
    if !matches!(bytes[10], b't' | b'T') {
        return fail("11th character must be t or T");
    }
    parse_date(&bytes[..10]).map_err(|error| format!("invalid date element: {error}"))?;
    parse_time(&bytes[11..]).map_err(|error| format!("invalid time element: {error}"))
}

fn period(text: &str) -> Answer {
    let Some((start, end)) = text.split_once('/') else {
        return fail("missing slash");
    };
    let end_time = |end| date_time(end).map_err(|error| format!("invalid end date-time: {error}"));
    if start.starts_with('P') {
        duration(start).map_err(|error| format!("invalid start duration: {error}"))?;
        return end_time(end);
    }
    date_time(start).map_err(|error| format!("invalid start date-time: {error}"))?;
    if end.starts_with('P') {
        return duration(end).map_err(|error| format!("invalid end duration: {error}"));
    }
    end_time(end)
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let host = String::from_utf8_lossy(url.hostname());
    if host.contains(':') {
        if !url.host.contains(&b'[') || !url.host.contains(&b']') {
            return fail("ipv6 address not enclosed in brackets");
        }
        ipv6(&host).map_err(|error| format!("invalid ipv6 address: {error}"))?;
    }
    Ok(url)
}

fn uri(text: &str) -> Answer {
    if parse_url(text)?.is_abs() {
        Ok(())
    } else {
        fail("relative url")
    }
}

fn uri_reference(text: &str) -> Answer {
    if text.contains('\\') {
        return fail("contains \\");
    }
    parse_url(text).map(|_| ())
}

fn uri_template(text: &str) -> Answer {
    let url = parse_url(text)?;
    // The raw path is only there when its default encoding differs.
    for token in url.raw_path.split(|byte| *byte == b'/') {
        let token =
            url::path_unescape(token).map_err(|error| format!("percent decode failed: {error}"))?;
        let mut open = false;
        for brace in token.iter().filter(|byte| matches!(byte, b'{' | b'}')) {
            if (*brace == b'{') == open {
                return fail("nested curly braces");
            }
            open = !open;
        }
        if open {
            return fail("no matching closing brace");
        }
    }
    Ok(())
}

fn semver(text: &str) -> Answer {
    let (rest, build) = match text.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (text, None),
    };
    if build == Some("") {
        return fail("build is empty");
    }
    let odd = |text: &str| {
        text.chars()
            .find(|c| !(c.is_ascii_alphanumeric() || *c == '-'))
    };
    for identifier in build.into_iter().flat_map(|build| build.split('.')) {
        if identifier.is_empty() {
            return fail("build identifier is empty");
        }
        if let Some(odd) = odd(identifier) {
            return Err(format!(
                "invalid character {} in build identifier",
                rune(odd)
            ));
        }
    }
    let (core, release) = match rest.split_once('-') {
        Some((core, release)) => (core, Some(release)),
        None => (rest, None),
    };
    for identifier in release.into_iter().flat_map(|release| release.split('.')) {
        if identifier.is_empty() {
            return fail("pre-release identifier is empty");
        }
        if let Some(odd) = odd(identifier) {
            return Err(format!(
                "invalid character {} in pre-release identifier",
                rune(odd)
            ));
        }
        if is_number(identifier) && identifier.len() > 1 && identifier.starts_with('0') {
            return fail("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return fail("versionCore must have 3 numbers separated by dot");
    }
    for (name, number) in ["major", "minor", "patch"].iter().zip(numbers) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !is_number(number) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
