//! Which tag is meant (`Client.ValidateReference`, `GetTagMatchingVersionOrConstraint`).

use super::reference::Written;
use super::repository::Repository;
use super::{Digest, Reference, Registry, SCHEME};
use crate::diag::{Error, Kind};
use crate::go::semver::{Constraint, Version};
use crate::go::url::Url;

/// Where a chart is in a registry.
#[derive(Clone, Debug)]
pub struct Located {
    /// The digest of its manifest, where that was looked up.
    pub digest: Option<Digest>,
    /// `oci://HOST/REPOSITORY:TAG`, or with `@DIGEST`; tags have the `+` of versions.
    pub url: Url,
}

fn fail<T>(message: String) -> Result<T, Error> {
    Err(Error::new(Kind::Chart, message))
}

impl Registry {
    /// The chart that `address` means, in a version, a range, or nothing for the newest.
    ///
    /// # Errors
    /// Addresses that are none, versions that are not there, and what the registry refuses.
    pub fn locate(&self, address: &str, version: &str) -> Result<Located, Error> {
        let Ok(url) = Url::parse(address) else {
            return fail(format!("invalid chart URL format: {address}"));
        };
        let inner = [&url.host[..], &url.path[..]].concat();
        let written = Written::parse(&String::from_utf8_lossy(&inner))?;
        let reference = &written.reference;
        let (tag, digest) = (&*reference.reference, &*written.digest);
        let version = match version {
            "" => tag,
            version if !tag.is_empty() && tag != version => {
                return fail(format!(
                    "chart reference and version mismatch: {version} is not {tag}"
                ));
            }
            version => version,
        };
        let at = |rest: String| {
            let mut url = url.clone();
            url.path = format!("/{}{rest}", reference.repository).into_bytes();
            url.raw_path.clear();
            url
        };
        if !digest.is_empty() {
            if version.is_empty() {
                return Ok(Located { digest: None, url });
            }
            let url = at(format!("@{digest}"));
            // What is named by its digest needs no tag.
            let Some(found) = self.find_tag(reference, version) else {
                return Ok(Located { digest: None, url });
            };
            if found.as_str() != digest {
                return fail(format!(
                    "chart reference digest mismatch: {found} is not {digest}"
                ));
            }
            return Ok(Located {
                digest: Some(found),
                url,
            });
        }
        if Version::parse(version).is_ok() {
            let url = at(format!(":{version}"));
            return Ok(Located { digest: None, url });
        }
        let tags = self.tags(address.strip_prefix(SCHEME).unwrap_or(address))?;
        if tags.is_empty() {
            return fail(format!(
                "unable to locate any tags in provided repository: {address}"
            ));
        }
        let tag = choose(&tags, version)?;
        Ok(Located {
            digest: None,
            url: at(format!(":{tag}")),
        })
    }

    fn find_tag(&self, reference: &Reference, version: &str) -> Option<Digest> {
        let Reference {
            registry,
            repository,
            ..
        } = reference;
        let address = format!("{registry}/{repository}:{version}");
        Reference::parse(&address).ok()?;
        let reference = Written::parse(&address).ok()?.reference;
        let tag = reference.reference.clone();
        self.repository(reference).resolve(&tag).ok()?
    }

    /// The digest of what `HOST/REPOSITORY:TAG` or `HOST/REPOSITORY@DIGEST` names: a chart, an image; nothing
    /// where there is no such thing.
    ///
    /// # Errors
    /// References that are none, and what the registry refuses.
    pub fn resolve(&self, reference: &str) -> Result<Option<Digest>, Error> {
        let reference = Reference::parse(reference)?;
        let name = reference.reference.clone();
        self.repository(reference).resolve(&name)
    }

    /// The versions that a repository has tags for, newest first (`Client.Tags`).
    ///
    /// # Errors
    /// References that are none, and what the registry refuses.
    pub fn tags(&self, repository: &str) -> Result<Vec<String>, Error> {
        let repository: Repository<'_> = self.repository(Reference::parse(repository)?);
        let tags = repository.tags()?;
        let version = |tag: &String| Version::parse_strict(tag.replace('_', "+")).ok();
        let mut versions: Vec<Version> = tags.iter().filter_map(version).collect();
        versions.sort_by(|a, b| b.cmp(a));
        Ok(versions.iter().map(ToString::to_string).collect())
    }
}

/// The first of `tags` that is `wanted`, or in its range.
fn choose<'t>(tags: &'t [String], wanted: &str) -> Result<&'t str, Error> {
    if let Some(exact) = tags.iter().find(|tag| *tag == wanted && !wanted.is_empty()) {
        return Ok(exact);
    }
    let range = match wanted {
        "" => "*",
        range => range,
    };
    let range =
        Constraint::parse(range).map_err(|error| Error::new(Kind::Chart, error.to_string()))?;
    let mut fitting = tags
        .iter()
        .filter(|tag| Version::parse(tag).is_ok_and(|version| range.check(&version)));
    match fitting.next() {
        Some(tag) => Ok(tag),
        None => fail(format!(
            "could not locate a version matching provided version string {wanted}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tag_in_the_range_is_chosen() {
        let tags = ["2.0.0-rc1", "1.1.0+b", "1.0.0", "0.9.0"].map(str::to_owned);
        for (wanted, want) in [
            ("", Ok("1.1.0+b")),
            ("2.0.0-rc1", Ok("2.0.0-rc1")),
            (">0.0.0-0", Ok("2.0.0-rc1")),
            ("~1.0", Ok("1.0.0")),
            ("<1", Ok("0.9.0")),
            (
                ">3",
                Err("could not locate a version matching provided version string >3"),
            ),
            ("x y", Err("improper constraint: \"x y\"")),
        ] {
            let got = choose(&tags, wanted).map_err(|error| error.to_string());
            assert_eq!(got.as_deref().map_err(|error| &**error), want, "{wanted}");
        }
    }
}
