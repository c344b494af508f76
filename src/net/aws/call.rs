//! Requests, and how they are signed.

use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::sign::{Canonical, Credentials, Stamp, escape, form, hex};
use crate::net::Method;

/// What is asked of a service.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// What to do.
    pub method: Method,
    /// The host, with its port where that is not the usual one.
    pub host: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// Pairs of the query.
    pub query: &'a [(&'a str, &'a str)],
    /// The region of the service.
    pub region: &'a str,
    /// The name of the service in signatures, `ssm` for instance.
    pub service: &'a str,
    /// When it is sent; servers refuse what is some minutes off.
    pub time: SystemTime,
    /// Headers, their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: &'a [u8],
}

impl Call<'_> {
    /// The headers that make the request one of the holder of `credentials`.
    pub fn sign(&self, credentials: &Credentials) -> Vec<(&'static str, String)> {
        let stamp = Stamp::of(self.time, self.region, self.service);
        let body = hex(&Sha256::digest(self.body));
        let mut headers = self.headers.clone();
        headers.push(("x-amz-content-sha256", body.clone()));
        headers.push(("x-amz-date", stamp.moment.clone()));
        if !credentials.session_token.is_empty() {
            headers.push(("x-amz-security-token", credentials.session_token.clone()));
        }
        let mut pairs = self.query.to_vec();
        pairs.sort_unstable();
        // Only buckets have keys in their paths that are escaped once.
        let path = match self.service {
            "s3" => self.path.to_owned(),
            _ => self
                .path
                .split('/')
                .map(escape)
                .collect::<Vec<_>>()
                .join("/"),
        };
        let authorization = stamp.authorize(
            credentials,
            &Canonical {
                method: self.method.name(),
                path: &path,
                query: &form(&pairs),
                host: self.host,
                headers: &headers,
                body: &body,
            },
        );
        headers.push(("authorization", authorization));
        headers
    }
}

/// The host of an address without a path.
pub(super) fn host(endpoint: &str) -> &str {
    endpoint
        .split_once("://")
        .map_or(endpoint, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn calls_are_signed_as_botocore_does() {
        // 2024-05-24T01:02:03Z
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_716_512_523);
        let keys = Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: "to/ken+=".to_owned(),
        };
        let post = Call {
            method: Method::Post,
            host: "ssm.eu-west-1.amazonaws.com",
            path: "/",
            query: &[],
            region: "eu-west-1",
            service: "ssm",
            time,
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", "AmazonSSM.GetParameter".to_owned()),
            ],
            body: br#"{"Name":"/a"}"#,
        };
        let get = Call {
            method: Method::Get,
            host: "b.s3.eu-west-1.amazonaws.com",
            path: "/a%20b/c",
            query: &[("versionId", "a/b+c")],
            region: "eu-west-1",
            service: "s3",
            time,
            headers: Vec::new(),
            body: b"",
        };
        for (call, want) in [
            (
                post,
                "84b563b07282e5e9faf3036b1d0f1bc02766c73d1c557bdb7c4ab1ff5824e2b1",
            ),
            (
                get,
                "9d14c7ce3053aa02adb76ad192002764e24ff239c70e1fd702afd2eda9aa4171",
            ),
        ] {
            let headers = call.sign(&keys);
            let (_, authorization) = headers.last().unwrap();
            let signature = authorization.rsplit('=').next().unwrap();
            assert_eq!(signature, want, "{}", call.host);
        }
    }
}
