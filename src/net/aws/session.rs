//! Services as vals asks them, with the words that it has for what goes wrong.

use std::time::Duration;

use serde_json::Value;

use super::call::{Call, host};
use super::credential::Sources;
use super::fault;
use super::service::{BUCKETS, Protocol};
use super::sign::form;
use super::wire::{Assumed, Keys, Retries, Wire};
use super::{Service, element, unescaped};
use crate::diag::{Error, Kind};
use crate::net::{Answer, Method};

/// A service that speaks JSON, and what the SDK for Go says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The service.
    pub service: Service,
    /// The errors that the SDK's own types have; others are told as `api error`.
    pub errors: &'static [&'static str],
}

/// Who asks services, with keys that are looked for once.
pub struct Session {
    sources: Sources,
    wire: Wire,
}

impl Session {
    /// Asks as `sources` say; with the role of that name, where it is not empty.
    pub fn new(sources: Sources, role: String) -> Session {
        let keys: Box<dyn Keys> = match role {
            role if role.is_empty() => Box::new(sources.clone()),
            arn => Box::new(Assumed {
                sources: sources.clone(),
                arn,
                ..Assumed::default()
            }),
        };
        let retries = Retries {
            attempts: 3,
            pace: Duration::from_millis(400),
            ..Retries::default()
        };
        Session {
            sources,
            wire: Wire::new(keys, retries),
        }
    }

    /// The region, which has to be known.
    fn region(&self) -> Result<String, Error> {
        let region = self.sources.region()?;
        if !region.is_empty() {
            return Ok(region);
        }
        let message = "failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region";
        let hint = "Say `?region=NAME` in the reference, or set AWS_REGION.";
        Err(Error::new(Kind::Usage, message).with_hint(hint))
    }

    /// Asks a service for something.
    ///
    /// # Errors
    /// As the SDK for Go puts them.
    pub fn ask(&self, words: &Words, action: &str, input: &Value) -> Result<Value, Error> {
        self.ask_plainly(words, action, input)
            .map_err(|error| failed(error, words.service.title, action))
    }

    fn ask_plainly(&self, words: &Words, action: &str, input: &Value) -> Result<Value, Error> {
        let service = &words.service;
        let Protocol::Json(target) = service.protocol else {
            let message = format!("{} does not speak JSON", service.title);
            return Err(Error::new(Kind::Unsupported, message));
        };
        let region = self.region()?;
        let endpoint = service.endpoint(&self.sources, &region)?;
        let body = input.to_string();
        let url = format!("{endpoint}/");
        let answer = self.wire.send(&url, |time| Call {
            method: Method::Post,
            host: host(&endpoint),
            path: "/",
            query: &[],
            region: &region,
            service: service.name,
            time,
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", format!("{target}.{action}")),
            ],
            body: body.as_bytes(),
        })?;
        if answer.status == 200 {
            return Ok(serde_json::from_slice(&answer.body).unwrap_or_default());
        }
        let (code, told) = fault::told(&answer);
        let is_typed = words.errors.contains(&code.as_str());
        Err(refused(&answer, &code, &told, is_typed))
    }

    /// An object of a bucket, in the version of that name where it is not empty.
    ///
    /// # Errors
    /// As the SDK for Go puts them.
    pub fn object(&self, bucket: &str, key: &str, version: &str) -> Result<Vec<u8>, Error> {
        let query: &[(&str, &str)] = match version {
            "" => &[],
            version => &[("versionId", version)],
        };
        self.ask_bucket(bucket, key, query)
            .map_err(|error| failed(error, "S3", "GetObject"))
    }

    /// The keys of a bucket that begin with `prefix`, in order.
    ///
    /// # Errors
    /// As the SDK for Go puts them.
    pub fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        let mut token = String::new();
        loop {
            let mut query = vec![("list-type", "2"), ("prefix", prefix)];
            if !token.is_empty() {
                query.insert(0, ("continuation-token", &token));
            }
            let page = self
                .ask_bucket(bucket, "", &query)
                .map_err(|error| failed(error, "S3", "ListObjectsV2"))?;
            let page = String::from_utf8_lossy(&page);
            let keys = page.split("<Key>").skip(1);
            found.extend(keys.filter_map(|rest| Some(unescaped(rest.split_once("</Key>")?.0))));
            match element(&page, "NextContinuationToken") {
                Some(next) if next != token => token = unescaped(next),
                _ => return Ok(found),
            }
        }
    }

    fn ask_bucket(
        &self,
        bucket: &str,
        key: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<u8>, Error> {
        let mut region = self.region()?;
        // A second answer comes from the region that the first one named.
        for is_last in [false, true] {
            let path = |prefix: &str| {
                let parts = key.split('/').map(super::sign::escape);
                let key = parts.collect::<Vec<_>>().join("/");
                format!("{prefix}/{key}")
            };
            let endpoint = BUCKETS.endpoint(&self.sources, &region)?;
            let is_given = !self.sources.endpoint("S3")?.is_empty();
            // The bucket is a part of the host, where certificates go with that.
            let (endpoint, path) = match endpoint.strip_prefix("https://") {
                Some(host) if !is_given && !bucket.contains('.') => {
                    (format!("https://{bucket}.{host}"), path(""))
                }
                _ => (endpoint, path(&format!("/{bucket}"))),
            };
            let url = match query.is_empty() {
                true => format!("{endpoint}{path}"),
                false => format!("{endpoint}{path}?{}", form(query)),
            };
            let answer = self.wire.send(&url, |time| Call {
                method: Method::Get,
                host: host(&endpoint),
                path: &path,
                query,
                region: &region,
                service: "s3",
                time,
                headers: Vec::new(),
                body: b"",
            })?;
            if answer.status == 200 {
                return Ok(answer.body);
            }
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            let part = |name: &str| element(&said, name).unwrap_or_default();
            let named = match answer.header("x-amz-bucket-region") {
                "" => part("Region").to_owned(),
                named => named.to_owned(),
            };
            if !is_last && !named.is_empty() && named != region {
                region = named;
                continue;
            }
            let code = part("Code");
            let is_typed = matches!(code, "NoSuchKey" | "InvalidObjectState");
            return Err(refused(&answer, code, part("Message"), is_typed));
        }
        Err(Error::new(Kind::Network, "the bucket moves about"))
    }
}

/// An error of an action, as the SDK for Go puts it.
fn failed(error: Error, title: &str, action: &str) -> Error {
    let message = format!("operation error {title}: {action}, {}", error.message());
    error.with_message(message)
}

/// An answer that is no, as the SDK for Go puts it.
fn refused(answer: &Answer, code: &str, told: &str, is_typed: bool) -> Error {
    let status = answer.status;
    let id = fault::request_id(answer);
    let kind = match code {
        "ParameterNotFound" | "ResourceNotFoundException" | "NoSuchKey" | "NoSuchBucket" => {
            Kind::NotFound
        }
        _ => Kind::Network,
    };
    let code = match code {
        "" => "UnknownError",
        code => code,
    };
    let prefix = if is_typed { "" } else { "api error " };
    Error::new(
        kind,
        format!(
            "https response error StatusCode: {status}, RequestID: {id}, {prefix}{code}: {told}"
        ),
    )
}
