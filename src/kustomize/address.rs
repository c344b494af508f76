//! Addresses of other machines, as kustomizations spell them.

use std::path::Path;

/// Whether an address is that of a file, not of a repository.
pub fn is_file_address(address: &str) -> bool {
    let name = address.split('?').next().unwrap_or_default();
    let extension = Path::new(name).extension().and_then(|it| it.to_str());
    let is_file = matches!(extension, Some("yaml" | "yml" | "json"));
    is_file && address.starts_with("http") && !address.contains("//github.com/")
}

/// An address of a repository, as kustomize spells it, in git's spelling.
pub fn repository(address: &str) -> String {
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let query = match query {
        "" => String::new(),
        query => format!("?{}", query.replace("version=", "ref=")),
    };
    let place = place.strip_prefix("git::").unwrap_or(place);
    let place = match place.strip_prefix("github.com/") {
        Some(rest) => format!("https://github.com/{rest}"),
        None => place.to_owned(),
    };
    // Without a mark, the first two names are the repository.
    let place = match place.strip_prefix("https://github.com/") {
        Some(rest) if !rest.contains("//") => {
            let mut parts = rest.splitn(3, '/');
            let (owner, name) = (
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            );
            match parts.next() {
                Some(inner) => format!("https://github.com/{owner}/{name}//{inner}"),
                None => place,
            }
        }
        _ => place,
    };
    format!("git::{place}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_addressed_as_kustomize_does() {
        for (address, want) in [
            (
                "github.com/a/b/c/d?ref=v1",
                "git::https://github.com/a/b//c/d?ref=v1",
            ),
            (
                "https://github.com/a/b//c?ref=v1",
                "git::https://github.com/a/b//c?ref=v1",
            ),
            (
                "https://x.test/a/b.git//c?version=v1",
                "git::https://x.test/a/b.git//c?ref=v1",
            ),
            ("git@github.com:a/b", "git::git@github.com:a/b"),
        ] {
            assert_eq!(repository(address), want, "{address}");
        }
    }
}
