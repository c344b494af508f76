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
        let time = Time::from_system(self.time, Zone::Utc);
        let text = |layout: &[u8]| String::from_utf8_lossy(&time.format(layout)).into_owned();
        let (day, moment) = (text(b"20060102"), text(b"20060102T150405Z"));
        let body = hex(&Sha256::digest(b""));
        let mut headers = vec![
            ("x-amz-content-sha256", body.clone()),
            ("x-amz-date", moment.clone()),
        ];
        if !credentials.session_token.is_empty() {
            headers.push(("x-amz-security-token", credentials.session_token.clone()));
        }
        let mut lines = format!("host:{}\n", self.host);
        let mut names = "host".to_owned();
        for (name, value) in &headers {
            lines.push_str(&format!("{name}:{}\n", value.trim()));
            names.push_str(&format!(";{name}"));
        }
        let request = format!("GET\n{}\n\n{lines}\n{names}\n{body}", self.path);
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}");
        let mut key = format!("AWS4{}", credentials.secret_key).into_bytes();
        for part in [&*day, self.region, self.service, "aws4_request", &*text] {
            let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes());
            key = signed.as_ref().to_vec();
        }
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            credentials.access_key,
            hex(&key)
        );
        headers.push(("authorization", authorization));
        headers
    }
}

fn hex(bytes: &[u8]) -> String {
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
}
