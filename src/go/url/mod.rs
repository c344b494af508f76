//! Go's `net/url` (Go 1.26).
//!
//! Decoded parts are bytes: `%ff` is not UTF-8.

mod address;
mod authority;
mod error;
mod escape;
mod resolve;

use std::fmt;

use memchr::{memchr, memchr2};

pub use authority::Userinfo;
use authority::split_host_port;
use error::Reason;
pub use error::{EscapeError, ParseError};
use escape::Part;
pub use escape::{path_escape, path_unescape, query_escape, query_unescape};

/// Whether `text` is an IP address (`netip.ParseAddr`).
///
/// # Errors
/// Go's text: `ParseAddr("x"): unable to parse IP`.
pub fn check_address(text: &[u8]) -> Result<(), String> {
    address::check(text).map(|_| ())
}

/// A URL or a reference to one (`url.URL`). `Display` is `URL.String`; where bytes matter, see
/// [`Url::to_bytes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// In lower case, or empty.
    pub scheme: Vec<u8>,
    /// What follows the scheme of a URL without slash, still encoded.
    pub opaque: Vec<u8>,
    /// Name and password.
    pub user: Option<Userinfo>,
    /// `host` or `host:port`, decoded.
    pub host: Vec<u8>,
    /// Decoded.
    pub path: Vec<u8>,
    /// The path as it was written, where [`Url::path`] would be encoded otherwise; else empty.
    pub raw_path: Vec<u8>,
    /// Whether `?` stands before an empty query.
    pub force_query: bool,
    /// Behind the `?`, still encoded.
    pub raw_query: Vec<u8>,
    /// Decoded.
    pub fragment: Vec<u8>,
    /// Like [`Url::raw_path`].
    pub raw_fragment: Vec<u8>,
    /// Whether the authority was missing, as in `file:/x`.
    pub omit_host: bool,
}

impl Url {
    /// Reads a URL or a relative reference (`url.Parse`).
    ///
    /// # Errors
    /// Go's text: `parse "x": invalid URL escape "%zz"`.
    pub fn parse(url: impl AsRef<[u8]>) -> Result<Url, ParseError> {
        let whole = url.as_ref();
        let (rest, fragment) = cut(whole, b'#');
        let mut url = Url::read(rest, false).map_err(|reason| ParseError::new(rest, reason))?;
        if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
            url.set_fragment(fragment)
                .map_err(|error| ParseError::new(whole, error.into()))?;
        }
        Ok(url)
    }

    /// Reads an absolute URL or an absolute path; `#` means nothing here (`url.ParseRequestURI`).
    ///
    /// # Errors
    /// Go's text, as that of [`Url::parse`].
    pub fn parse_request(url: impl AsRef<[u8]>) -> Result<Url, ParseError> {
        let url = url.as_ref();
        Url::read(url, true).map_err(|reason| ParseError::new(url, reason))
    }

    fn read(text: &[u8], request: bool) -> Result<Url, Reason> {
        if text.iter().any(u8::is_ascii_control) {
            return Err("net/url: invalid control character in URL".into());
        }
        if text.is_empty() && request {
            return Err("empty url".into());
        }
        let mut url = Url::default();
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = split_scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = cut(rest, b'?');
        match query {
            Some(b"") => url.force_query = true,
            Some(query) => url.raw_query = query.to_vec(),
            None => {}
        }
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if request {
                return Err("invalid URI for request".into());
            }
            if colon_in_first_segment(rest) {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        let takes_authority = !url.scheme.is_empty() || !request && !rest.starts_with(b"///");
        match rest.strip_prefix(b"//").filter(|_| takes_authority) {
            Some(after) => {
                let end = memchr(b'/', after).unwrap_or(after.len());
                let authority;
                (authority, rest) = after.split_at(end);
                (url.user, url.host) = authority::parse(&url.scheme, authority)?;
            }
            None => url.omit_host = !url.scheme.is_empty() && rest.starts_with(b"/"),
        }
        url.set_path(rest)?;
        Ok(url)
    }

    /// Sets the path from its encoded form.
    fn set_path(&mut self, encoded: &[u8]) -> Result<(), EscapeError> {
        (self.path, self.raw_path) = escape::decode(encoded, Part::Path)?;
        Ok(())
    }

    fn set_fragment(&mut self, encoded: &[u8]) -> Result<(), EscapeError> {
        (self.fragment, self.raw_fragment) = escape::decode(encoded, Part::Fragment)?;
        Ok(())
    }

    /// The path, encoded as it was written where that is good enough (`URL.EscapedPath`).
    pub fn escaped_path(&self) -> Vec<u8> {
        let encoded = escape::encode(&self.path, &self.raw_path, Part::Path);
        // The path of `OPTIONS *` is not encoded, unless it was written so.
        if self.path == b"*" && encoded != self.raw_path {
            return self.path.clone();
        }
        encoded
    }

    /// The host without port and brackets (`URL.Hostname`).
    pub fn hostname(&self) -> &[u8] {
        split_host_port(&self.host).0
    }

    /// The port, or nothing (`URL.Port`).
    pub fn port(&self) -> &[u8] {
        split_host_port(&self.host).1
    }

    /// Whether there is a scheme (`URL.IsAbs`).
    pub fn is_abs(&self) -> bool {
        !self.scheme.is_empty()
    }

    /// What is asked of the server: path and query (`URL.RequestURI`).
    pub fn request_uri(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.opaque.is_empty() {
            out = self.escaped_path();
            if out.is_empty() {
                out.push(b'/');
            }
        } else {
            if self.opaque.starts_with(b"//") {
                out.extend_from_slice(&self.scheme);
                out.push(b':');
            }
            out.extend_from_slice(&self.opaque);
        }
        self.push_query(&mut out);
        out
    }

    fn push_query(&self, out: &mut Vec<u8>) {
        if self.force_query || !self.raw_query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.raw_query);
        }
    }

    /// The URL in writing (`URL.String`).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(
            self.scheme.len()
                + self.opaque.len()
                + self.host.len()
                + self.path.len()
                + self.raw_query.len()
                + self.fragment.len()
                + 8,
        );
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.push_authority_and_path(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        self.push_query(&mut out);
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape::encode(
                &self.fragment,
                &self.raw_fragment,
                Part::Fragment,
            ));
        }
        out
    }

    fn push_authority_and_path(&self, out: &mut Vec<u8>) {
        let named = !self.host.is_empty() || self.user.is_some();
        if named || !self.scheme.is_empty() && !self.omit_host {
            if named || !self.path.is_empty() {
                out.extend_from_slice(b"//");
            }
            if let Some(user) = &self.user {
                out.extend(user.to_bytes());
                out.push(b'@');
            }
            out.extend(escape::escape(&self.host, Part::Host));
        }
        let path = self.escaped_path();
        if path.first().is_some_and(|byte| *byte != b'/') && !self.host.is_empty() {
            out.push(b'/');
        }
        // The first segment must not be taken for a scheme.
        if out.is_empty() && colon_in_first_segment(&path) {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// What is before the first `separator`, and what is behind it.
fn cut(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match memchr(separator, text) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn colon_in_first_segment(path: &[u8]) -> bool {
    memchr2(b':', b'/', path).is_some_and(|at| path[at] == b':')
}

/// The scheme, empty where there is none, and what follows its colon.
fn split_scheme(text: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    let end = text
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)));
    match end {
        Some(0) if text[0] == b':' => Err("missing protocol scheme".into()),
        Some(end) if text[end] == b':' && text[0].is_ascii_alphabetic() => {
            Ok((&text[..end], &text[end + 1..]))
        }
        _ => Ok((b"", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_writes_as_go_does() {
        // The URL; as it is written, its host name, port and request; or the error.
        for (text, want) in [
            ("", "<> <> <> </>"),
            ("*", "<*> <> <> <*>"),
            (
                "HTTP://u:p%40@Ex.com:80/a%2fb?q=1#f%20g",
                "<http://u:p%40@Ex.com:80/a%2fb?q=1#f%20g> <Ex.com> <80> </a%2fb?q=1>",
            ),
            ("mailto:a@b?s", "<mailto:a@b?s> <> <> <a@b?s>"),
            ("file:/x", "<file:/x> <> <> </x>"),
            ("file:///x", "<file:///x> <> <> </x>"),
            ("//h/p?", "<//h/p?> <h> <> </p?>"),
            ("a:1/b", "<a:1/b> <> <> <1/b>"),
            (
                "1a:b",
                "parse \"1a:b\": first path segment in URL cannot contain colon",
            ),
            (":x", "parse \":x\": missing protocol scheme"),
            (
                "http://h:a/",
                "parse \"http://h:a/\": invalid port \":a\" after host",
            ),
            (
                "http://a:1:2/",
                "parse \"http://a:1:2/\": invalid port \":1:2\" after host",
            ),
            (
                "postgres://a:1,b:2/",
                "<postgres://a:1,b:2/> <a:1,b> <2> </>",
            ),
            ("http://[::1]:8/", "<http://[::1]:8/> <::1> <8> </>"),
            (
                "http://[fe80::1%25en0]/",
                "<http://[fe80::1%25en0]/> <fe80::1%en0> <> </>",
            ),
            (
                "http://[1.2.3.4]/",
                "parse \"http://[1.2.3.4]/\": invalid IP-literal",
            ),
            (
                "http://[1:2:3]/",
                "parse \"http://[1:2:3]/\": invalid host: ParseAddr(\"1:2:3\"): address string too short",
            ),
            ("http://[::1", "parse \"http://[::1\": missing ']' in host"),
            (
                "http://h%20/",
                "parse \"http://h%20/\": invalid URL escape \"%20\"",
            ),
            (
                "http://h^/",
                "parse \"http://h^/\": invalid character \"^\" in host name",
            ),
            (
                "http://u^@h/",
                "parse \"http://u^@h/\": net/url: invalid userinfo",
            ),
            ("/%zz", "parse \"/%zz\": invalid URL escape \"%zz\""),
            ("/a#%4", "parse \"/a#%4\": invalid URL escape \"%4\""),
            (
                "/\u{1}",
                "parse \"/\\x01\": net/url: invalid control character in URL",
            ),
            ("/é", "</%C3%A9> <> <> </%C3%A9>"),
            ("/'*'", "</'*'> <> <> </'*'>"),
            ("http:", "<http:> <> <> </>"),
            ("oci://r/c:1", "<oci://r/c:1> <r> <> </c:1>"),
        ] {
            let got = match Url::parse(text) {
                Ok(url) => {
                    let lossy = String::from_utf8_lossy;
                    let (host, port) = (lossy(url.hostname()), lossy(url.port()));
                    let request = url.request_uri();
                    format!("<{url}> <{host}> <{port}> <{}>", lossy(&request))
                }
                Err(error) => error.to_string(),
            };
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn requests_are_absolute() {
        for (text, want) in [
            ("http://h/a", "http://h/a"),
            ("/a", "/a"),
            ("a", "parse \"a\": invalid URI for request"),
            ("", "parse \"\": empty url"),
            ("http://h/a#b", "http://h/a%23b"),
            ("*", "*"),
        ] {
            let got = Url::parse_request(text)
                .map_or_else(|error| error.to_string(), |url| url.to_string());
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn references_are_resolved() {
        let base = Url::parse("http://a/b/c/d;p?q#f").unwrap();
        for (reference, want) in [
            ("", "http://a/b/c/d;p?q#f"),
            ("./g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("../../../g", "http://a/g"),
            ("g:h", "g:h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("/./g", "http://a/g"),
            ("..", "http://a/b/"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
        ] {
            let resolved = base.resolve(&Url::parse(reference).unwrap());
            assert_eq!(resolved.to_string(), want, "{reference:?}");
        }
    }

    #[test]
    fn elements_are_joined() {
        for (text, elements, want) in [
            ("http://h", &["a"][..], "http://h/a"),
            ("http://h/x/", &["../y/"], "http://h/y/"),
            ("x", &["..", "y"], "y"),
            ("http://h", &[], "http://h/"),
            ("x/", &[], "x/"),
            ("http://h/a", &["%zz"], "invalid URL escape \"%zz\""),
            ("http://h//a", &["", "b"], "http://h/a/b"),
        ] {
            let got = Url::parse(text)
                .unwrap()
                .join_path(elements)
                .map_or_else(|error| error.to_string(), |url| url.to_string());
            assert_eq!(got, want, "{text:?} {elements:?}");
        }
    }

    #[test]
    fn escapes_differ_from_part_to_part() {
        let text = "a b+/?&é%";
        assert_eq!(query_escape(text), b"a+b%2B%2F%3F%26%C3%A9%25");
        assert_eq!(path_escape(text), b"a%20b+%2F%3F&%C3%A9%25");
        assert_eq!(query_unescape("a+%ff").unwrap(), b"a \xff");
        assert_eq!(path_unescape("a+%2f").unwrap(), b"a+/");
        let error = path_unescape("%4").unwrap_err().to_string();
        assert_eq!(error, "invalid URL escape \"%4\"");
    }
}
