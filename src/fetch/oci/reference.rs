use std::fmt;

use super::{Digest, SCHEME};
use crate::diag::{Error, Kind};
use crate::go::strconv;
use crate::go::url::Url;

/// What a registry has: `HOST/REPOSITORY`, with a tag or a digest or neither
/// (`registry.Reference` of oras-go).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The host, with its port where there is one.
    pub registry: String,
    /// The path.
    pub repository: String,
    /// A tag, a digest, or nothing.
    pub reference: String,
}

fn invalid<T>(message: String) -> Result<T, Error> {
    Err(Error::new(
        Kind::Chart,
        format!("invalid reference: {message}"),
    ))
}

impl Reference {
    /// Reads `HOST/REPOSITORY[:TAG][@DIGEST]`; of tag and digest the digest counts
    /// (`registry.ParseReference`).
    ///
    /// # Errors
    /// oras-go's words.
    pub fn parse(text: &str) -> Result<Reference, Error> {
        let Some((registry, path)) = text.split_once('/') else {
            return invalid("missing registry or repository".to_owned());
        };
        let (repository, tag, digest) = match path.split_once('@') {
            Some((rest, digest)) => {
                let repository = rest.split_once(':').map_or(rest, |(name, _)| name);
                (repository, "", digest)
            }
            None => {
                let (repository, tag) = path.split_once(':').unwrap_or((path, ""));
                (repository, tag, "")
            }
        };
        check_registry(registry)?;
        if !is_repository(repository) {
            let quoted = strconv::quote(repository);
            return invalid(format!("invalid repository {quoted}"));
        }
        if !digest.is_empty()
            && let Err(why) = Digest::parse(digest)
        {
            let quoted = strconv::quote(digest);
            return invalid(format!("invalid digest {quoted}: {why}"));
        }
        if !tag.is_empty() && !is_tag(tag) {
            return invalid(format!("invalid tag {}", strconv::quote(tag)));
        }
        Ok(Reference {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            reference: format!("{tag}{digest}"),
        })
    }

    /// The host that is asked; the one of `docker.io` has another name.
    pub fn host(&self) -> &str {
        match &*self.registry {
            "docker.io" => "registry-1.docker.io",
            other => other,
        }
    }

    /// The digest, where it has one.
    pub fn digest(&self) -> Option<Digest> {
        Digest::parse(&self.reference).ok()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        match (&*self.reference, self.digest()) {
            ("", _) => Ok(()),
            (digest, Some(_)) => write!(f, "@{digest}"),
            (tag, None) => write!(f, ":{tag}"),
        }
    }
}

/// Whether `name` can be the host of a registry (`Reference.ValidateRegistry`).
pub(super) fn check_registry(name: &str) -> Result<(), Error> {
    match Url::parse_request(format!("dummy://{name}")) {
        Ok(url) if !url.host.is_empty() && url.host == name.as_bytes() => Ok(()),
        _ => invalid(format!("invalid registry {}", strconv::quote(name))),
    }
}

/// `^[a-z0-9]+(?:(?:[._]|__|[-]*)[a-z0-9]+)*(?:/…)*$`
fn is_repository(text: &str) -> bool {
    text.split('/').all(|part| {
        let is_letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = part.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return false;
        };
        is_letter(first)
            && is_letter(last)
            && bytes.split(is_letter).all(|between| match between {
                b"" | b"." | b"_" | b"__" => true,
                between => between.iter().all(|b| *b == b'-'),
            })
    })
}

/// `^[\w][\w.-]{0,127}$`
fn is_tag(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = text.bytes();
    text.len() <= 128
        && bytes.next().is_some_and(is_word)
        && bytes.all(|b| is_word(b) || matches!(b, b'.' | b'-'))
}

/// What users write: with or without `oci://`, with `+` in tags, which registries have as `_`; the
/// digest is kept apart, unchecked (`newReference`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Without the digest.
    pub(super) reference: Reference,
    /// Behind the last `@`.
    pub(super) digest: String,
}

impl Written {
    pub(super) fn parse(text: &str) -> Result<Written, Error> {
        let mut raw = text.strip_prefix(SCHEME).unwrap_or(text).to_owned();
        let mut digest = String::new();
        if let Some(at) = raw.rfind('@') {
            digest = raw.split_off(at)[1..].to_owned();
        }
        if let Some((_, tag)) = raw.rsplit_once(':')
            && !tag.is_empty()
            && !tag.contains('/')
        {
            // Wherever else it stands, as Helm does.
            raw = raw.replace(tag, &tag.replace('+', "_"));
        }
        Ok(Written {
            reference: Reference::parse(&raw)?,
            digest,
        })
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reference)?;
        match &*self.reference.reference {
            "" => write!(f, "@{}", self.digest),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_helm_reads_them() {
        let hash = format!("sha256:{}", "0".repeat(64));
        for (text, want) in [
            ("h/r", Ok("h/r@")),
            ("oci://h:1/a/b:1.0", Ok("h:1/a/b:1.0")),
            ("h/r:1.0+b", Ok("h/r:1.0_b")),
            ("h/b+1:b+1", Ok("h/b_1:b_1")),
            (&format!("h/r@{hash}"), Ok(&*format!("h/r@{hash}"))),
            (&format!("h/r:1@{hash}"), Ok("h/r:1")),
            (
                "h",
                Err("invalid reference: missing registry or repository"),
            ),
            ("h /r", Err("invalid reference: invalid registry \"h \"")),
            ("/r", Err("invalid reference: invalid registry \"\"")),
            ("h/", Err("invalid reference: invalid repository \"\"")),
            ("h/R", Err("invalid reference: invalid repository \"R\"")),
            (
                "h/a//b",
                Err("invalid reference: invalid repository \"a//b\""),
            ),
            ("h/a---b.c_d__e", Ok("h/a---b.c_d__e@")),
            (
                "h/a___b",
                Err("invalid reference: invalid repository \"a___b\""),
            ),
            (
                "h/a-.b",
                Err("invalid reference: invalid repository \"a-.b\""),
            ),
            ("h/a-", Err("invalid reference: invalid repository \"a-\"")),
            ("h/r:.x", Err("invalid reference: invalid tag \".x\"")),
            ("h/r:", Ok("h/r@")),
            (
                "h:x:y/r",
                Err("invalid reference: invalid registry \"h:x:y\""),
            ),
        ] {
            let got = Written::parse(text)
                .map(|written| written.to_string())
                .map_err(|error| error.to_string());
            assert_eq!(got.as_deref().map_err(|error| &**error), want, "{text}");
        }
    }

    #[test]
    fn a_digest_counts_more_than_a_tag() {
        let hash = format!("sha256:{}", "0".repeat(64));
        let reference = Reference::parse(&format!("docker.io/r:any thing@{hash}")).unwrap();
        assert_eq!(reference.to_string(), format!("docker.io/r@{hash}"));
        assert_eq!(reference.host(), "registry-1.docker.io");
        assert_eq!(
            Reference::parse("h/r@sha256:00").unwrap_err().to_string(),
            "invalid reference: invalid digest \"sha256:00\": invalid checksum digest length"
        );
    }
}
