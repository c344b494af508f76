//! Go's `path`, which on Linux is `path/filepath` too.

use memchr::{memchr, memrchr};

/// The last element; `.` for an empty path, `/` for one of slashes only (`path.Base`).
pub fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let path = trim_end_slashes(path);
    match memrchr(b'/', path) {
        Some(slash) => &path[slash + 1..],
        None if path.is_empty() => b"/",
        None => path,
    }
}

/// All but the last element, cleaned (`path.Dir`).
pub fn dir(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    clean(&path[..end])
}

/// The file name suffix from the last dot of the last element on, or nothing (`path.Ext`).
pub fn ext(path: &[u8]) -> &[u8] {
    let name = memrchr(b'/', path).map_or(0, |slash| slash + 1);
    match memrchr(b'.', &path[name..]) {
        Some(dot) => &path[name + dot..],
        None => b"",
    }
}

/// Whether the path starts with a slash (`path.IsAbs`).
pub fn is_abs(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
}

/// The shortest path that means the same by words alone (`path.Clean`).
pub fn clean(path: &str) -> String {
    let bytes = clean_bytes(path.as_bytes());
    // Only whole elements were left out, so this is still UTF-8.
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// [`clean`] for any bytes.
pub fn clean_bytes(path: &[u8]) -> Vec<u8> {
    let rooted = is_abs(path);
    let mut out = Vec::with_capacity(path.len().max(1));
    if rooted {
        out.push(b'/');
    }
    // Below this length nothing can be taken back: the root, or leading `..`.
    let mut floor = out.len();
    let mut rest = path;
    while !rest.is_empty() {
        let end = memchr(b'/', rest).unwrap_or(rest.len());
        let element = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        match element {
            b"" | b"." => continue,
            b".." if out.len() > floor => {
                let cut = memrchr(b'/', &out[floor..]).map_or(floor, |slash| floor + slash);
                out.truncate(cut);
                continue;
            }
            b".." if rooted => continue,
            _ => {}
        }
        if !out.is_empty() && out.last() != Some(&b'/') {
            out.push(b'/');
        }
        out.extend_from_slice(element);
        if element == b".." {
            floor = out.len();
        }
    }
    if out.is_empty() {
        out.push(b'.');
    }
    out
}

/// The elements that are not empty, with slashes between, cleaned; empty where all are (`path.Join`).
pub fn join(elements: &[&str]) -> String {
    let mut joined = String::with_capacity(elements.iter().map(|e| e.len() + 1).sum());
    for element in elements.iter().filter(|element| !element.is_empty()) {
        if !joined.is_empty() {
            joined.push('/');
        }
        joined.push_str(element);
    }
    if joined.is_empty() {
        joined
    } else {
        clean(&joined)
    }
}

fn trim_end_slashes(path: &[u8]) -> &[u8] {
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |last| last + 1);
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_go_s() {
        // path, base, dir, ext, clean, absolute
        for (path, want_base, want_dir, want_ext, want_clean, absolute) in [
            ("", ".", ".", "", ".", false),
            ("/", "/", "/", "", "/", true),
            ("//", "/", "/", "", "/", true),
            (".", ".", ".", ".", ".", false),
            ("..", "..", ".", ".", "..", false),
            ("a", "a", ".", "", "a", false),
            ("a/", "a", "a", "", "a", false),
            ("a/b.tar.gz", "b.tar.gz", "a", ".gz", "a/b.tar.gz", false),
            ("a.d/b", "b", "a.d", "", "a.d/b", false),
            ("/a/../b/./c/", "c", "/b/c", "", "/b/c", true),
            ("../../a", "a", "../..", "", "../../a", false),
            ("a/../..", "..", ".", ".", "..", false),
            ("/../a", "a", "/", "", "/a", true),
            ("a//b///c", "c", "a/b", "", "a/b/c", false),
            ("../a/../../b", "b", "../..", "", "../../b", false),
            ("é/ü.ö", "ü.ö", "é", ".ö", "é/ü.ö", false),
        ] {
            let bytes = path.as_bytes();
            assert_eq!(base(bytes), want_base.as_bytes(), "base {path:?}");
            assert_eq!(dir(path), want_dir, "dir {path:?}");
            assert_eq!(ext(bytes), want_ext.as_bytes(), "ext {path:?}");
            assert_eq!(clean(path), want_clean, "clean {path:?}");
            assert_eq!(is_abs(bytes), absolute, "is_abs {path:?}");
        }
    }

    #[test]
    fn joins_are_go_s() {
        for (elements, want) in [
            (&[][..], ""),
            (&["", ""], ""),
            (&["a", "", "b"], "a/b"),
            (&["/", "a"], "/a"),
            (&["a", "../.."], ".."),
            (&["a/", "/b"], "a/b"),
            (&["", "/b"], "/b"),
        ] {
            assert_eq!(join(elements), want, "{elements:?}");
        }
    }
}
