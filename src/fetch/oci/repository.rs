//! The requests that registries answer (`remote.Repository` of oras-go).

use super::challenge::scope;
use super::manifest::{ACCEPTED, Descriptor};
use super::session::Session;
use super::{Digest, Reference};
use crate::diag::{Error, Kind};
use crate::go::url::Url;
use crate::go::{fmt, json, strconv};
use crate::net::{Answer, Method, Request};
use crate::value::{Frozen, Value};

/// How much of a registry's reasons is read.
const MAX_REASONS: usize = 8 << 10;
/// How much a manifest or a list of tags may have.
const MAX_METADATA: usize = 4 << 20;
/// How often a blob that broke off is gone on with.
const MAX_RESUMES: usize = 3;

/// One repository of a registry.
pub(super) struct Repository<'a> {
    pub(super) session: &'a Session,
    pub(super) plain_http: bool,
    pub(super) reference: Reference,
}

/// A manifest, as it came.
pub(super) struct Manifest {
    pub(super) descriptor: Descriptor,
    pub(super) bytes: Vec<u8>,
}

fn fail(message: impl Into<String>) -> Error {
    Error::new(Kind::Network, message)
}

/// `METHOD "URL"`, as oras-go begins its errors.
fn place(method: Method, answer: &Answer) -> String {
    format!("{} {}", method.name(), strconv::quote(&answer.url))
}

/// Why a registry did not do what it was asked for (`errutil.ParseErrorResponse`).
pub(super) fn refused(method: Method, answer: &Answer) -> Error {
    let body = &answer.body[..answer.body.len().min(MAX_REASONS)];
    let reasons = json::decode_prefix(body)
        .ok()
        .and_then(|(value, _)| reasons(&value));
    let why = match &reasons {
        Some(reasons) if !reasons.is_empty() => reasons.join("; "),
        _ => answer.reason.to_owned(),
    };
    let status = answer.status;
    let place = place(method, answer);
    fail(format!("{place}: response status code {status}: {why}"))
}

/// The texts of `{"errors": […]}`.
fn reasons(value: &Frozen) -> Option<Vec<String>> {
    let Frozen::Map(members) = value else {
        return None;
    };
    let Frozen::List(items) = members.get(b"errors".as_slice())? else {
        return None;
    };
    items
        .iter()
        .map(|item| {
            let Frozen::Map(item) = item else {
                return None;
            };
            let text = |name: &str| match item.get(name.as_bytes()) {
                None | Some(Frozen::Null) => Some(String::new()),
                Some(Frozen::String(text)) => Some(String::from_utf8_lossy(text).into_owned()),
                Some(_) => None,
            };
            let code = text("code")?.to_lowercase().replace('_', " ");
            let message = text("message")?;
            Some(match (&*message, item.get(b"detail".as_slice())) {
                ("", _) => code,
                (_, None | Some(Frozen::Null)) => format!("{code}: {message}"),
                (_, Some(detail)) => {
                    let mut shown = Vec::new();
                    fmt::print_value(&mut shown, &Value::from(detail));
                    format!("{code}: {message}: {}", String::from_utf8_lossy(&shown))
                }
            })
        })
        .collect()
}

impl Repository<'_> {
    fn address(&self, rest: &str) -> String {
        let scheme = match self.plain_http {
            true => "http",
            false => "https",
        };
        let Reference { repository, .. } = &self.reference;
        format!(
            "{scheme}://{}/v2/{repository}/{rest}",
            self.reference.host()
        )
    }

    fn named(&self, reference: &str) -> Reference {
        Reference {
            reference: reference.to_owned(),
            ..self.reference.clone()
        }
    }

    fn scope(&self, actions: &str) -> [String; 1] {
        [scope(&self.reference.repository, actions)]
    }

    /// All tags.
    pub(super) fn tags(&self) -> Result<Vec<String>, Error> {
        let mut url = self.address("tags/list");
        let mut tags = Vec::new();
        // Registries that send us around in circles are left after that many pages.
        for _ in 0..10_000 {
            let request = Request {
                url: &url,
                ..Request::default()
            };
            let answer = self.session.send(&request, &self.scope("pull"))?;
            if answer.status != 200 {
                return Err(refused(Method::Get, &answer));
            }
            let place = place(Method::Get, &answer);
            let body = &answer.body[..answer.body.len().min(MAX_METADATA)];
            let page = json::decode_prefix(body)
                .map_err(|why| fail(format!("{place}: failed to decode response: {why}")))?;
            if let Frozen::Map(members) = &page.0
                && let Some(Frozen::List(items)) = members.get(b"tags".as_slice())
            {
                tags.extend(items.iter().filter_map(|item| match item {
                    Frozen::String(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    _ => None,
                }));
            }
            let link = answer.header("link");
            let quoted = strconv::quote(link);
            let Some(rest) = link.strip_prefix('<') else {
                return match link {
                    "" => Ok(tags),
                    _ => Err(fail(format!("invalid next link {quoted}: missing '<'"))),
                };
            };
            let Some((next, _)) = rest.split_once('>') else {
                return Err(fail(format!("invalid next link {quoted}: missing '>'")));
            };
            let parse = |text: &str| Url::parse(text).map_err(|error| fail(error.to_string()));
            url = parse(&answer.url)?.resolve(&parse(next)?).to_string();
        }
        Err(fail(format!("{url}: the list of tags does not end")))
    }

    /// The digest of the manifest that a tag or digest names; none where there is no such manifest.
    pub(super) fn resolve(&self, reference: &str) -> Result<Option<Digest>, Error> {
        let Some(answer) = self.ask_for_manifest(Method::Head, reference)? else {
            return Ok(None);
        };
        let known = Digest::parse(answer.header("docker-content-digest"));
        match (known, Digest::parse(reference)) {
            (Ok(found), Ok(wanted)) if found != wanted => {
                Err(other_digest(Method::Head, &answer, &found, &wanted))
            }
            (Ok(digest), _) | (Err(_), Ok(digest)) => Ok(Some(digest)),
            (Err(_), Err(_)) => Err(fail(
                "HTTP HEAD request missing required header \"Docker-Content-Digest\"",
            )),
        }
    }

    fn ask_for_manifest(&self, method: Method, reference: &str) -> Result<Option<Answer>, Error> {
        let request = Request {
            method,
            url: &self.address(&format!("manifests/{reference}")),
            headers: vec![("accept", ACCEPTED.join(", "))],
            body: &[],
        };
        let answer = self.session.send(&request, &self.scope("pull"))?;
        match answer.status {
            200 => Ok(Some(answer)),
            404 => Ok(None),
            _ => Err(refused(method, &answer)),
        }
    }

    /// The manifest that a tag or digest names.
    pub(super) fn manifest(&self, reference: &str) -> Result<Manifest, Error> {
        let Some(answer) = self.ask_for_manifest(Method::Get, reference)? else {
            return Err(missing(&self.named(reference).to_string()));
        };
        let place = place(Method::Get, &answer);
        let header = answer.header("content-type");
        let media_type = header.split(';').next().unwrap_or_default().trim();
        if media_type.is_empty() {
            return Err(fail(format!(
                "{place}: invalid response `Content-Type` header; mime: no media type"
            )));
        }
        if let Some(why) = &answer.broken {
            return Err(fail(format!(
                "{place}: failed to read response body: {why}"
            )));
        }
        if answer.body.len() > MAX_METADATA {
            let size = answer.body.len();
            return Err(fail(format!(
                "content size {size} exceeds MaxMetadataBytes {MAX_METADATA}: size exceeds limit"
            )));
        }
        let digest = match answer.header("docker-content-digest") {
            "" => Digest::of(&answer.body),
            text => Digest::parse(text).map_err(|why| {
                fail(format!(
                    "{place}: invalid response header value: `Docker-Content-Digest: {text}`; {why}"
                ))
            })?,
        };
        if let Ok(wanted) = Digest::parse(reference)
            && wanted != digest
        {
            return Err(other_digest(Method::Get, &answer, &digest, &wanted));
        }
        Ok(Manifest {
            descriptor: Descriptor {
                media_type: media_type.to_ascii_lowercase(),
                digest,
                size: answer.body.len(),
            },
            bytes: answer.body,
        })
    }

    /// The bytes of a blob, as many as came: the caller looks at them. What breaks off is gone on
    /// with. The inner error is about the bytes, the outer one about the request.
    pub(super) fn blob(&self, part: &Descriptor) -> Result<Result<Vec<u8>, String>, Error> {
        let url = self.address(&format!("blobs/{}", part.digest));
        let mut bytes: Vec<u8> = Vec::new();
        let mut broken = None;
        for _ in 0..=MAX_RESUMES {
            let mut request = Request {
                url: &url,
                ..Request::default()
            };
            if !bytes.is_empty() {
                let range = format!("bytes={}-", bytes.len());
                request.headers.push(("range", range));
            }
            let answer = match (self.session.send(&request, &self.scope("pull")), &broken) {
                (Ok(answer), _) => answer,
                (Err(error), None) => return Err(error),
                // The registry is gone by now; how it broke off says more.
                (Err(_), Some(_)) => break,
            };
            let place = place(Method::Get, &answer);
            let start = format!("bytes {}-", bytes.len());
            match answer.status {
                206 if answer.header("content-range").starts_with(&start) => {}
                200 => {
                    bytes.clear();
                    let length = answer.header("content-length");
                    if !length.is_empty() && length != part.size.to_string() {
                        return Err(fail(format!("{place}: mismatch Content-Length")));
                    }
                    check_digest(Method::Get, &answer, &part.digest)?;
                }
                404 => return Err(missing(part.digest.as_str())),
                _ => return Err(refused(Method::Get, &answer)),
            }
            bytes.extend_from_slice(&answer.body);
            broken = answer.broken;
            if broken.is_none() {
                break;
            }
        }
        let (wanted, got) = (part.size, bytes.len());
        Ok(match broken {
            Some(why) => Err(format!(
                "read failed: expected content size of {wanted}, got {got}, for digest {}: {why}",
                part.digest
            )),
            None if got < wanted => Err(format!(
                "read failed: expected content size of {wanted}, got {got}, for digest {}: unexpected EOF",
                part.digest
            )),
            None if got > wanted => Err("trailing data".to_owned()),
            None if !part.digest.names(&bytes) => Err("mismatched digest".to_owned()),
            None => Ok(bytes),
        })
    }

    /// Whether there is that blob.
    pub(super) fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let url = self.address(&format!("blobs/{digest}"));
        let request = Request {
            method: Method::Head,
            url: &url,
            ..Request::default()
        };
        let answer = self.session.send(&request, &self.scope("pull"))?;
        match answer.status {
            200 => check_digest(Method::Head, &answer, digest).map(|()| true),
            404 => Ok(false),
            _ => Err(refused(Method::Head, &answer)),
        }
    }

    /// Puts a blob there.
    pub(super) fn push_blob(&self, part: &Descriptor, bytes: &[u8]) -> Result<(), Error> {
        let scope = self.scope("pull,push");
        let url = self.address("blobs/uploads/");
        let request = Request {
            method: Method::Post,
            url: &url,
            ..Request::default()
        };
        let answer = self.session.send(&request, &scope)?;
        if answer.status != 202 {
            return Err(refused(Method::Post, &answer));
        }
        let location = upload_address(&url, &answer)?;
        let request = Request {
            method: Method::Put,
            url: &with_digest(&location, &part.digest),
            headers: vec![("content-type", "application/octet-stream".to_owned())],
            body: bytes,
        };
        let answer = self.session.send(&request, &scope)?;
        match answer.status {
            201 => Ok(()),
            _ => Err(refused(Method::Put, &answer)),
        }
    }

    /// Puts a manifest there, under a tag or its digest.
    pub(super) fn push_manifest(
        &self,
        part: &Descriptor,
        bytes: &[u8],
        reference: &str,
    ) -> Result<(), Error> {
        let request = Request {
            method: Method::Put,
            url: &self.address(&format!("manifests/{reference}")),
            headers: vec![("content-type", part.media_type.clone())],
            body: bytes,
        };
        let answer = self.session.send(&request, &self.scope("pull,push"))?;
        match answer.status {
            201 => check_digest(Method::Put, &answer, &part.digest),
            _ => Err(refused(Method::Put, &answer)),
        }
    }
}

fn missing(what: &str) -> Error {
    fail(format!("{what}: not found"))
}

fn other_digest(method: Method, answer: &Answer, got: &Digest, wanted: &Digest) -> Error {
    let (got, wanted) = (
        strconv::quote(got.as_str()),
        strconv::quote(wanted.as_str()),
    );
    let place = place(method, answer);
    fail(format!(
        "{place}: invalid response; digest mismatch in Docker-Content-Digest: received {got} when expecting {wanted}"
    ))
}

/// Refuses an answer whose header names something else.
fn check_digest(method: Method, answer: &Answer, wanted: &Digest) -> Result<(), Error> {
    match answer.header("docker-content-digest") {
        "" => Ok(()),
        text => match Digest::parse(text) {
            Ok(got) if got == *wanted => Ok(()),
            Ok(got) => Err(other_digest(method, answer, &got, wanted)),
            Err(_) => Err(fail(format!(
                "{}: invalid response header: `Docker-Content-Digest: {text}`",
                place(method, answer)
            ))),
        },
    }
}

/// Where a blob is to be put; never another host, which would see our credentials.
fn upload_address(asked: &str, answer: &Answer) -> Result<Url, Error> {
    let parse = |text: &str| Url::parse(text).map_err(|error| fail(error.to_string()));
    let header = answer.header("location");
    if header.is_empty() {
        return Err(fail("http: no Location header in response"));
    }
    let asked = parse(asked)?;
    let mut location = parse(&answer.url)?.resolve(&parse(header)?);
    let is_bare = location.port().is_empty() && location.hostname() == asked.hostname();
    if asked.port() == b"443" && is_bare {
        location.host.clone_from(&asked.host);
    }
    let port = |url: &Url| match (url.port(), &url.scheme[..]) {
        (b"", b"https") => b"443".to_vec(),
        (b"", _) => b"80".to_vec(),
        (port, _) => port.to_vec(),
    };
    let shown = strconv::quote(&location.host);
    if location.hostname() != asked.hostname() || port(&location) != port(&asked) {
        return Err(fail(format!(
            "blob upload Location {shown} is on a different host than the registry {}",
            strconv::quote(&asked.host)
        )));
    }
    if asked.scheme == b"https" && location.scheme != b"https" {
        return Err(fail(format!(
            "blob upload Location {shown} downgrades scheme from https"
        )));
    }
    Ok(location)
}

/// Adds the digest to the query.
fn with_digest(location: &Url, digest: &Digest) -> String {
    let mut url = location.clone();
    let query = format!("digest={}", digest.as_str().replace(':', "%3A"));
    if !url.raw_query.is_empty() {
        url.raw_query.push(b'&');
    }
    url.raw_query.extend_from_slice(query.as_bytes());
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_shown_as_oras_shows_them() {
        for (body, want) in [
            ("", "Not Found"),
            ("{\"errors\":[]}", "Not Found"),
            ("{\"errors\":[{\"code\":1}]}", "Not Found"),
            ("{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}", "name unknown"),
            (
                "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"m\"},{\"code\":\"DENIED\",\"message\":\"n\",\"detail\":null}]}",
                "name unknown: m; denied: n",
            ),
            (
                "{\"errors\":[{\"code\":\"A\",\"message\":\"m\",\"detail\":[{\"b\":1.5,\"a\":[\"x\",true,null]}]}]} tail",
                "a: m: [map[a:[x true <nil>] b:1.5]]",
            ),
        ] {
            let answer = Answer {
                status: 404,
                reason: "Not Found",
                url: "http://h/v2/".to_owned(),
                body: body.as_bytes().to_vec(),
                ..Answer::default()
            };
            assert_eq!(
                refused(Method::Get, &answer).to_string(),
                format!("GET \"http://h/v2/\": response status code 404: {want}"),
                "{body}"
            );
        }
    }

    #[test]
    fn blobs_are_put_on_the_same_host_only() {
        let asked = "https://h:443/v2/r/blobs/uploads/";
        let digest = Digest::of(b"");
        for (location, want) in [
            (
                "/v2/u?_state=x",
                Ok("https://h:443/v2/u?_state=x&digest=sha256%3Ae"),
            ),
            ("https://h/u", Ok("https://h:443/u?digest=sha256%3Ae")),
            ("", Err("http: no Location header in response")),
            (
                "https://i/u",
                Err(
                    "blob upload Location \"i\" is on a different host than the registry \"h:443\"",
                ),
            ),
            (
                "http://h:443/u",
                Err("blob upload Location \"h:443\" downgrades scheme from https"),
            ),
        ] {
            let mut answer = Answer {
                url: asked.to_owned(),
                ..Answer::default()
            };
            answer
                .headers
                .insert("location".to_owned(), location.to_owned());
            let got = upload_address(asked, &answer)
                .map(|url| with_digest(&url, &digest))
                .map_err(|error| error.to_string());
            match want {
                Ok(want) => assert!(got.clone().unwrap().starts_with(want), "{got:?}"),
                Err(want) => assert_eq!(got.unwrap_err(), want),
            }
        }
    }
}
