//! References: a base and a reference go in, the address meant comes out (`URL.ResolveReference`,
//! `URL.JoinPath`).

use memchr::{memchr, memrchr};

use super::{EscapeError, Url};
use crate::go::path;

impl Url {
    /// What `reference` means on the page at this URL (`URL.ResolveReference`).
    #[must_use]
    pub fn resolve(&self, reference: &Url) -> Url {
        let mut url = reference.clone();
        if reference.scheme.is_empty() {
            url.scheme.clone_from(&self.scheme);
        }
        if reference.is_abs() || !reference.host.is_empty() || reference.user.is_some() {
            url.reset_path(&merge(&reference.escaped_path(), b""));
            return url;
        }
        if !reference.opaque.is_empty() {
            url.user = None;
            url.host.clear();
            url.path.clear();
            return url;
        }
        if reference.path.is_empty() {
            if !reference.force_query && reference.raw_query.is_empty() {
                url.raw_query.clone_from(&self.raw_query);
                if reference.fragment.is_empty() {
                    url.fragment.clone_from(&self.fragment);
                    url.raw_fragment.clone_from(&self.raw_fragment);
                }
            }
            if !self.opaque.is_empty() {
                url.opaque.clone_from(&self.opaque);
                url.user = None;
                url.host.clear();
                return url;
            }
        }
        url.host.clone_from(&self.host);
        url.user.clone_from(&self.user);
        url.reset_path(&merge(&self.escaped_path(), &reference.escaped_path()));
        url
    }

    /// Appends elements, which are encoded, to the path, and cleans it; a slash at the end stays
    /// (`URL.JoinPath`).
    ///
    /// # Errors
    /// Where an element holds a bad escape.
    pub fn join_path(&self, elements: &[&str]) -> Result<Url, EscapeError> {
        let start = self.escaped_path();
        let rooted = start.starts_with(b"/");
        let mut joined = if rooted { Vec::new() } else { vec![b'/'] };
        joined.extend_from_slice(&start);
        for element in elements.iter().filter(|element| !element.is_empty()) {
            if !joined.is_empty() {
                joined.push(b'/');
            }
            joined.extend_from_slice(element.as_bytes());
        }
        let mut path = path::clean_bytes(&joined);
        if !rooted {
            path.remove(0);
        }
        let last = match elements.last() {
            Some(last) => last.as_bytes(),
            // Alone, the path was given its slash first.
            None if start.is_empty() => b"/",
            None => &start,
        };
        if last.ends_with(b"/") && !path.ends_with(b"/") {
            path.push(b'/');
        }
        let mut url = self.clone();
        url.set_path(&path)?;
        Ok(url)
    }

    /// Sets a path whose escapes are known to be good; where they are not, Go leaves the old one.
    fn reset_path(&mut self, encoded: &[u8]) {
        let _ = self.set_path(encoded);
    }
}

/// The path of a reference on a page, without dots (RFC 3986, 5.2).
fn merge(base: &[u8], reference: &[u8]) -> Vec<u8> {
    let full = match reference.first() {
        None => base.to_vec(),
        Some(b'/') => reference.to_vec(),
        Some(_) => {
            let folder = memrchr(b'/', base).map_or(0, |slash| slash + 1);
            [&base[..folder], reference].concat()
        }
    };
    if full.is_empty() {
        return full;
    }
    let mut out = vec![b'/'];
    let mut first = true;
    let mut rest = Some(&*full);
    let mut element: &[u8] = b"";
    while let Some(text) = rest {
        let end = memchr(b'/', text).unwrap_or(text.len());
        element = &text[..end];
        rest = text.get(end + 1..);
        match element {
            b"." => first = false,
            b".." => {
                let slash = memrchr(b'/', &out[1..]);
                out.truncate(slash.map_or(1, |slash| slash + 1));
                first = out.len() == 1;
            }
            _ => {
                if !first {
                    out.push(b'/');
                }
                out.extend_from_slice(element);
                first = false;
            }
        }
    }
    if matches!(element, b"." | b"..") {
        out.push(b'/');
    }
    if out.get(1) == Some(&b'/') {
        out.remove(0);
    }
    out
}
