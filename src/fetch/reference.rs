use super::{Access, Clients, Index};
use crate::diag::{Error, Kind, Notice};
use crate::go::strconv;
use crate::go::url::Url;

/// `reference` as seen from the repository at `base` (`repo.ResolveReferenceURL`).
///
/// # Errors
/// Addresses that are none.
pub fn resolve_reference(base: &str, reference: &str) -> Result<String, Error> {
    let parse = |text: &str| {
        Url::parse(text).map_err(|error| {
            let message = format!("failed to parse {text} as URL: {error}");
            Error::new(Kind::Chart, message)
        })
    };
    let target = parse(reference)?;
    if target.is_abs() {
        return Ok(reference.to_owned());
    }
    let mut base = parse(base)?;
    for path in [&mut base.path, &mut base.raw_path] {
        if path.last() != Some(&b'/') {
            path.push(b'/');
        }
    }
    let mut resolved = base.resolve(&target);
    resolved.raw_query = base.raw_query;
    Ok(resolved.to_string())
}

/// Whether two addresses mean the same (`urlutil.Equal`).
pub fn same_address(a: &str, b: &str) -> bool {
    use crate::go::path::{clean, clean_bytes};
    let normal = |mut url: Url| {
        if url.path.is_empty() {
            url.path.push(b'/');
        }
        url.path = clean_bytes(&url.path);
        url.to_bytes()
    };
    match (Url::parse(a), Url::parse(b)) {
        (Err(_), _) => clean(a) == clean(b),
        (Ok(_), Err(_)) => false,
        (Ok(a), Ok(b)) => normal(a) == normal(b),
    }
}

/// Whether charts can come from an address.
pub(super) fn check_scheme(address: &str, clients: &Clients) -> Result<(), Error> {
    let Ok(url) = Url::parse(address) else {
        let message = format!("invalid chart URL format: {address}");
        return Err(Error::new(Kind::Chart, message));
    };
    if clients.know(&url.scheme) {
        return Ok(());
    }
    let scheme = String::from_utf8_lossy(&url.scheme).into_owned();
    let message = format!("could not find protocol handler for: {scheme}");
    Err(Error::new(Kind::Chart, message))
}

/// The address of a chart in a repository that was not added (`repo.FindChartInRepoURL`).
///
/// # Errors
/// A repository that cannot be read, a chart that it does not have.
pub fn find_in_repository(
    repository: &str,
    chart: &str,
    version: &str,
    access: &Access,
    clients: &Clients,
    notices: &mut Vec<Notice>,
) -> Result<String, Error> {
    check_scheme(repository, clients)?;
    let access = Access {
        owner: repository.to_owned(),
        ..access.clone()
    };
    let index = resolve_reference(repository, "index.yaml")
        .and_then(|url| clients.get(&url, &access))
        .and_then(|bytes| Index::parse(&bytes, repository, notices))
        .map_err(|error| not_a_repository(repository, error))?;
    let mut what = format!("chart {}", strconv::quote(chart));
    if !version.is_empty() {
        what.push_str(&format!(" version {}", strconv::quote(version)));
    }
    let Ok(found) = index.get(chart, version, notices) else {
        let message = format!("{what} not found in {repository} repository");
        return Err(Error::new(Kind::Chart, message));
    };
    let Some(address) = found.urls.first() else {
        let message = format!("{what} has no downloadable URLs");
        return Err(Error::new(Kind::Chart, message));
    };
    resolve_reference(repository, address)
        .map_err(|error| error.wrap("failed to make chart URL absolute"))
}

/// Helm's words around whatever is wrong with an index.
pub(super) fn not_a_repository(address: &str, error: Error) -> Error {
    error.wrap(format!(
        "looks like {} is not a valid chart repository or cannot be reached",
        strconv::quote(address)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_seen_from_the_repository() {
        for (base, reference, want) in [
            ("http://h/r", "a-1.tgz", "http://h/r/a-1.tgz"),
            ("http://h/r/", "a-1.tgz", "http://h/r/a-1.tgz"),
            ("http://h", "index.yaml", "http://h/index.yaml"),
            ("http://h/r?t=1", "a.tgz", "http://h/r/a.tgz?t=1"),
            ("http://h/r%2Fs", "a.tgz", "http://h/r%2Fs/a.tgz"),
            ("http://h/r", "/a.tgz", "http://h/a.tgz"),
            ("http://h/r", "https://k/a.tgz", "https://k/a.tgz"),
        ] {
            assert_eq!(resolve_reference(base, reference).unwrap(), want, "{base}");
        }
    }

    #[test]
    fn addresses_are_compared_by_meaning() {
        for (a, b, want) in [
            ("http://h", "http://h/", true),
            ("http://h/a/", "http://h/a", true),
            ("http://h/a//b", "http://h/a/b", true),
            ("http://h/a", "https://h/a", false),
            ("%zz/a", "%zz/a/", true),
            ("http://h", "%zz", false),
        ] {
            assert_eq!(same_address(a, b), want, "{a} {b}");
        }
    }
}
