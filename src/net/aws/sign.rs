//! Requests that Amazon's services take for those of a user: Signature Version 4.

use std::time::SystemTime;

use ring::hmac;
use sha2::{Digest as _, Sha256};

use crate::go::time::{Time, Zone};

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
    /// What goes with keys that hold for a time only, or nothing.
    pub session_token: String,
}

/// What is signed: a GET request without a body.
#[derive(Clone, Debug)]
pub struct Get<'a> {
    /// The host, with its port where that is not the usual one.
    pub host: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The region of the service.
    pub region: &'a str,
    /// The name of the service, `s3` for instance.
    pub service: &'a str,
    /// When it is sent; servers refuse what is some minutes off.
    pub time: SystemTime,
}

impl Get<'_> {
    /// The headers that make the request one of the holder of `credentials`.
    pub fn sign(&self, credentials: &Credentials) -> Vec<(&'static str, String)> {
        let stamp = Stamp::of(self.time, self.region, self.service);
        let body = hex(&Sha256::digest(b""));
        let mut headers = vec![
            ("x-amz-content-sha256", body.clone()),
            ("x-amz-date", stamp.moment.clone()),
        ];
        if !credentials.session_token.is_empty() {
            headers.push(("x-amz-security-token", credentials.session_token.clone()));
        }
        let authorization = stamp.authorize(
            credentials,
            &Canonical {
                method: "GET",
                path: self.path,
                query: "",
                host: self.host,
                headers: &headers,
                body: &body,
            },
        );
        headers.push(("authorization", authorization));
        headers
    }

    /// Path and query of an address whose holder is taken for that of `credentials` for `seconds`, as
    /// long as the request brings the `headers`, their names in lower case. `query` are the pairs of
    /// the address without the signature's own.
    pub fn presign(
        &self,
        credentials: &Credentials,
        query: &[(&str, &str)],
        headers: &[(&'static str, String)],
        seconds: u32,
    ) -> String {
        let stamp = Stamp::of(self.time, self.region, self.service);
        let names = names(headers);
        let holder = format!("{}/{}", credentials.access_key, stamp.scope);
        let seconds = seconds.to_string();
        let mut pairs: Vec<(&str, &str)> = query.to_vec();
        pairs.extend([
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &holder),
            ("X-Amz-Date", &stamp.moment),
            ("X-Amz-Expires", &seconds),
            ("X-Amz-SignedHeaders", &names),
        ]);
        if !credentials.session_token.is_empty() {
            pairs.push(("X-Amz-Security-Token", &credentials.session_token));
        }
        let address = form(&pairs);
        pairs.sort_unstable();
        let canonical = Canonical {
            method: "GET",
            path: self.path,
            query: &form(&pairs),
            host: self.host,
            headers,
            body: &hex(&Sha256::digest(b"")),
        };
        let signature = stamp.sign(credentials, &canonical);
        let path = self.path;
        format!("{path}?{address}&X-Amz-Signature={signature}")
    }
}

/// What is signed: a POST request with a form.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// The host, with its port where that is not the usual one.
    pub host: &'a str,
    /// The region of the service.
    pub region: &'a str,
    /// The name of the service, `sts` for instance.
    pub service: &'a str,
    /// When it is sent; servers refuse what is some minutes off.
    pub time: SystemTime,
    /// What is sent, as [`form`] has it.
    pub body: &'a str,
}

/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

impl Post<'_> {
    /// The headers that make the request one of the holder of `credentials`, or of nobody.
    pub fn sign(&self, credentials: Option<&Credentials>) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-type", FORM.to_owned())];
        let Some(credentials) = credentials else {
            return headers;
        };
        let stamp = Stamp::of(self.time, self.region, self.service);
        headers.push(("x-amz-date", stamp.moment.clone()));
        if !credentials.session_token.is_empty() {
            headers.push(("x-amz-security-token", credentials.session_token.clone()));
        }
        let authorization = stamp.authorize(
            credentials,
            &Canonical {
                method: "POST",
                path: "/",
                query: "",
                host: self.host,
                headers: &headers,
                body: &hex(&Sha256::digest(self.body.as_bytes())),
            },
        );
        headers.push(("authorization", authorization));
        headers
    }
}

/// Pairs as forms and queries have them: everything but letters, digits and `-._~` is escaped.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let escaped = pairs.iter().map(|(name, value)| {
        let pair = [name, value].map(|text| escape(text));
        pair.join("=")
    });
    escaped.collect::<Vec<_>>().join("&")
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The name of the way to sign.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request as both sides write it down before they sign it.
pub(super) struct Canonical<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) host: &'a str,
    pub(super) headers: &'a [(&'static str, String)],
    /// The digest of the body.
    pub(super) body: &'a str,
}

/// The names of signed headers; `host` stands where the alphabet has it.
fn names(headers: &[(&'static str, String)]) -> String {
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.push("host");
    names.sort_unstable();
    names.join(";")
}

impl Canonical<'_> {
    fn text(&self) -> String {
        let mut lines: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        lines.push(format!("host:{}\n", self.host));
        lines.sort_unstable();
        let Canonical {
            method,
            path,
            query,
            body,
            ..
        } = self;
        let (lines, names) = (lines.concat(), names(self.headers));
        format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{body}")
    }
}

/// When something is signed, and for what.
pub(super) struct Stamp {
    pub(super) moment: String,
    /// Day, region, service.
    parts: [String; 3],
    scope: String,
}

impl Stamp {
    pub(super) fn of(time: SystemTime, region: &str, service: &str) -> Stamp {
        let time = Time::from_system(time, Zone::Utc);
        let text = |layout: &[u8]| String::from_utf8_lossy(&time.format(layout)).into_owned();
        let day = text(b"20060102");
        Stamp {
            moment: text(b"20060102T150405Z"),
            scope: format!("{day}/{region}/{service}/aws4_request"),
            parts: [day, region.to_owned(), service.to_owned()],
        }
    }

    fn sign(&self, credentials: &Credentials, request: &Canonical<'_>) -> String {
        let digest = hex(&Sha256::digest(request.text().as_bytes()));
        let text = format!("{ALGORITHM}\n{}\n{}\n{digest}", self.moment, self.scope);
        let mut key = format!("AWS4{}", credentials.secret_key).into_bytes();
        let [day, region, service] = &self.parts;
        for part in [day, region, service, "aws4_request", &text] {
            let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
            key = signed.as_ref().to_vec();
        }
        hex(&key)
    }

    pub(super) fn authorize(&self, credentials: &Credentials, request: &Canonical<'_>) -> String {
        format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={}",
            credentials.access_key,
            self.scope,
            names(request.headers),
            self.sign(credentials, request)
        )
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn signatures_are_those_of_the_sdk() {
        let mut credentials = Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: String::new(),
        };
        // 2013-05-24T00:00:00Z
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        let sign = |host: &str, path: &str, region: &str, credentials: &Credentials| {
            let get = Get {
                host,
                path,
                region,
                service: "s3",
                time,
            };
            let headers = get.sign(credentials);
            let (_, authorization) = headers.last().unwrap();
            authorization.rsplit('=').next().unwrap().to_owned()
        };
        // Answers of botocore's `S3SigV4Auth`.
        for (host, path, region, token, want) in [
            (
                "examplebucket.s3.amazonaws.com",
                "/test.txt",
                "us-east-1",
                "",
                "df548e2ce037944d03f3e68682813b093763996d597cf890ca3d9037fd231eb4",
            ),
            (
                "127.0.0.1:5000",
                "/b/a%20b/%C3%A9.tgz",
                "eu-west-1",
                "",
                "5b918a9d47c8e5c36f0376bce58105e06c8bffff879d31fc18dcb8a768d7396e",
            ),
            (
                "127.0.0.1:5000",
                "/b/a.tgz",
                "eu-west-1",
                "token",
                "c10aa0d7d30233ec1f6dcb9f08994f2c0243b1f3b5f39370f8f5de2b895c22cc",
            ),
        ] {
            token.clone_into(&mut credentials.session_token);
            assert_eq!(sign(host, path, region, &credentials), want, "{host}{path}");
        }
    }

    #[test]
    fn addresses_and_forms_are_signed_as_botocore_does() {
        let mut credentials = Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: String::new(),
        };
        // 2024-05-24T01:02:03Z
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_716_512_523);
        // Answers of botocore's `RequestSigner.generate_presigned_url` and `SigV4Auth`.
        for (token, address, header) in [
            (
                "",
                "fd9041387e268a60010022f98348862bcf560d42a244601500d6fde839bc7f55",
                "2e82d0a7dd595838f1325b60a41e95f18fe677598c1f2864aebf0496d30ce114",
            ),
            (
                "to/ken+=",
                "28248b443dab60832a85a32c3a32964803f655c3077b96e60e69142c23d95b57",
                "23a2e7c3db100224f79ee5466e56a09007f6ca4e218bf172c59fe7254425b72a",
            ),
        ] {
            token.clone_into(&mut credentials.session_token);
            let get = Get {
                host: "sts.eu-west-1.amazonaws.com",
                path: "/",
                region: "eu-west-1",
                service: "sts",
                time,
            };
            let query = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];
            let headers = [("x-k8s-aws-id", "shop".to_owned())];
            let url = get.presign(&credentials, &query, &headers, 60);
            let begin = "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20240524%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20240524T010203Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&";
            assert!(url.starts_with(begin), "{url}");
            let end = format!("&X-Amz-Signature={address}");
            assert!(url.ends_with(&end), "{url}");
            let post = Post {
                host: "sts.eu-west-1.amazonaws.com",
                region: "eu-west-1",
                service: "sts",
                time,
                body: &form(&[("Action", "AssumeRole"), ("Version", "2011-06-15")]),
            };
            let headers = post.sign(Some(&credentials));
            let (_, authorization) = headers.last().unwrap();
            let end = format!("Signature={header}");
            assert!(authorization.ends_with(&end), "{authorization}");
        }
    }
}
