//! What stands between `//` and the path: name, password, host and port (`net/url`).

use memchr::{memchr, memmem, memrchr};

use super::address;
use super::cut;
use super::error::Reason;
use super::escape::{Part, escape, unescape};
use crate::go::strconv::quote;

/// Name and password of a URL, decoded (`url.Userinfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Userinfo {
    /// The name; may be empty.
    pub name: Vec<u8>,
    /// The password, where there was a colon.
    pub password: Option<Vec<u8>>,
}

impl Userinfo {
    /// `name` or `name:password`, encoded (`Userinfo.String`).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = escape(&self.name, Part::User);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend(escape(password, Part::User));
        }
        out
    }
}

/// Reads what stands between `//` and the path.
pub(super) fn parse(
    scheme: &[u8],
    authority: &[u8],
) -> Result<(Option<Userinfo>, Vec<u8>), Reason> {
    let Some(at) = memrchr(b'@', authority) else {
        return Ok((None, parse_host(scheme, authority)?));
    };
    let host = parse_host(scheme, &authority[at + 1..])?;
    let user = &authority[..at];
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !user.iter().all(valid) {
        return Err("net/url: invalid userinfo".into());
    }
    let (name, password) = cut(user, b':');
    let user = Userinfo {
        name: unescape(name, Part::User)?,
        password: password
            .map(|password| unescape(password, Part::User))
            .transpose()?,
    };
    Ok((Some(user), host))
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, Reason> {
    match memrchr(b'[', host) {
        Some(0) => return parse_address(host),
        Some(_) => return Err("invalid IP-literal".into()),
        None => {}
    }
    // Databases name several hosts with their ports; the web does not.
    let web = scheme == b"http" || scheme == b"https";
    let colon = if web {
        memchr(b':', host)
    } else {
        memrchr(b':', host)
    };
    if let Some(colon) = colon {
        check_port(&host[colon..])?;
    }
    Ok(unescape(host, Part::Host)?)
}

/// `[::1]:80`, `[fe80::1%25eth0]`
fn parse_address(host: &[u8]) -> Result<Vec<u8>, Reason> {
    let close = memrchr(b']', host).ok_or("missing ']' in host")?;
    let port = &host[close + 1..];
    check_port(port)?;
    let inner = &host[1..close];
    let zone = memmem::find(inner, b"%25").unwrap_or(inner.len());
    let mut address = unescape(&inner[..zone], Part::Host)?;
    address.extend(unescape(&inner[zone..], Part::Zone)?);
    match address::check(&address) {
        Err(message) => return Err(format!("invalid host: {message}").into()),
        Ok(address::Family::V4) => return Err("invalid IP-literal".into()),
        Ok(address::Family::V6) => {}
    }
    Ok([b"[", &*address, b"]", port].concat())
}

fn check_port(port: &[u8]) -> Result<(), Reason> {
    if is_port(port) {
        return Ok(());
    }
    Err(format!("invalid port {} after host", quote(port)).into())
}

/// Whether this is nothing, or a colon and digits.
fn is_port(port: &[u8]) -> bool {
    match port.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

/// Host without brackets, and port.
pub(super) fn split_host_port(text: &[u8]) -> (&[u8], &[u8]) {
    let (host, port) = match memrchr(b':', text) {
        Some(colon) if is_port(&text[colon..]) => (&text[..colon], &text[colon + 1..]),
        _ => (text, &b""[..]),
    };
    let inner = host
        .strip_prefix(b"[")
        .and_then(|host| host.strip_suffix(b"]"));
    (inner.unwrap_or(host), port)
}
