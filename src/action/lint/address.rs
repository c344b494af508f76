//! Which addresses are well formed (`govalidator` v11: `IsEmail`, `IsURL`, `IsRequestURL`).

use std::net::Ipv6Addr;

use crate::go::regexp::Regexp;
use crate::go::url::Url;

/// Characters beyond ASCII that stand for letters in mail addresses.
const WIDE: &str = r"\x{00A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}";

fn matches(pattern: &str, text: &str) -> bool {
    Regexp::compile(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

pub(super) fn is_email(text: &str) -> bool {
    let atom = format!(r"[a-zA-Z0-9!#$%&'*+/=?^_`{{|}}~{WIDE}-]+");
    let blank = r"(?:(?:[ \t]*\r\n)?[ \t]+)?";
    // Every character has a quote of its own in front: the library's parentheses stand so.
    let quoted = format!(
        r#"(?:"{blank}(?:[\x01-\x08\x0b\x0c\x0e-\x1f\x7f!\x23-\x5b\x5d-\x7e{WIDE}]|\([\x01-\x09\x0b-\x7f]))*{blank}""#
    );
    let inner = format!("[a-zA-Z0-9{WIDE}]");
    let label = format!("{inner}(?:[a-zA-Z0-9._~{WIDE}-]*{inner})?");
    let letter = format!("[a-zA-Z{WIDE}]");
    let last = format!("{letter}(?:[a-zA-Z0-9_~{WIDE}-]*{letter})?");
    let pattern = format!(r"^(?:{atom}(?:\.{atom})*|{quoted})@(?:{label}\.)+{last}\.?$");
    matches(&pattern, text)
}

pub(super) fn is_request_url(text: &str) -> bool {
    Url::parse_request(text).is_ok_and(|url| !url.scheme.is_empty())
}

pub(super) fn is_url(text: &str) -> bool {
    const MOST: usize = 2083;
    if text.len() <= 3 || text.starts_with('.') || text.chars().count() >= MOST {
        return false;
    }
    let with_scheme;
    let whole = if text.contains(':') && !text.contains("://") {
        with_scheme = format!("http://{text}");
        &with_scheme
    } else {
        text
    };
    let Ok(url) = Url::parse(whole) else {
        return false;
    };
    if url.host.starts_with(b".")
        || (url.host.is_empty() && !url.path.is_empty() && !url.path.contains(&b'.'))
    {
        return false;
    }
    let scheme = "(?:(?:ftp|tcp|udp|wss?|https?)://)?";
    let user = r"(?:\S+(?::\S*)?@)?";
    let v4 = r"(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(?:\.(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){2}\.(?:[0-9]\d?|1\d\d|2[0-4]\d|25[0-5])";
    let front = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9_-]+)?[a-zA-Z0-9](?:[.-][a-zA-Z0-9]+)*|(?:www\.|[a-zA-Z0-9]+(?:[._-]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+)?)?";
    let letter = r"a-zA-Z\x{00a1}-\x{ffff}";
    let name = format!(r"{front}(?:[{letter}0-9]+-?-?)*[{letter}0-9]+(?:\.[{letter}]+)?");
    let rest = r"\.?(?::\d{1,5})?(?:[/?#]\S*)?$";
    matches(&format!("^{scheme}{user}(?:{v4}|{name}){rest}"), text)
        || (is_v6(url.hostname())
            && matches(&format!(r"^{scheme}{user}\[[0-9a-zA-Z:.%]+\]{rest}"), text))
}

/// A literal IPv6 address; the one of a link may name its zone.
fn is_v6(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    match host.split_once('%') {
        Some((address, zone)) => {
            address.starts_with("fe80:") && !zone.is_empty() && address.parse::<Ipv6Addr>().is_ok()
        }
        None => host.parse::<Ipv6Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses() {
        for (text, want) in [
            ("a@example.com", true),
            ("a.b+c@sub.example.co.uk", true),
            ("\"a\"@example.com", true),
            ("\" a\t\"@example.com", true),
            ("\"(\\\"@example.com", true),
            ("\"a\"b\"@example.com", true),
            ("\"@example.com", true),
            ("\"ab\"@example.com", false),
            ("\"a b\"@example.com", false),
            ("ä@exämple.com", true),
            ("a@b.c.", true),
            ("a@localhost", false),
            ("a..b@example.com", false),
            ("a@example.c0", false),
            ("@example.com", false),
            ("a b@example.com", false),
        ] {
            assert_eq!(is_email(text), want, "{text}");
        }
    }

    #[test]
    fn addresses_of_pages() {
        for (text, want) in [
            ("https://example.com", true),
            ("example.com", true),
            ("https://example.com:8080/a?b#c", true),
            ("http://[::1]:80/x", true),
            ("http://127.0.0.1/", true),
            ("mailto:a@example.com", true),
            ("localhost:80", true),
            ("abc", false),
            ("http://", false),
            (".example.com", false),
            ("https://exa mple.com", false),
        ] {
            assert_eq!(is_url(text), want, "{text}");
        }
    }
}
