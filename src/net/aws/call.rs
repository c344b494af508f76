//! Requests to services that speak JSON, and to buckets.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::credential::{Lasting, Sources};
use super::sign::{Canonical, Credentials, Stamp, form, hex};
use crate::diag::{Error, Kind};
use crate::net::{Answer, Client, Method, Options, Request};

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
        let authorization = stamp.authorize(
            credentials,
            &Canonical {
                method: self.method.name(),
                path: self.path,
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

/// A text of XML as it is meant.
fn unescape(text: &str) -> String {
    let parts = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&#34;", "\""),
    ];
    let plain = parts
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| {
            text.replace(escaped, plain)
        });
    plain.replace("&amp;", "&")
}

/// A service that speaks JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name in its host and in signatures: `ssm`.
    pub name: &'static str,
    /// What its actions start with: `AmazonSSM`.
    pub target: &'static str,
    /// The variable that names another endpoint: `AWS_ENDPOINT_URL_SSM`.
    pub endpoint: &'static str,
    /// What errors call it: `SSM`.
    pub title: &'static str,
    /// The errors that the program's own types have; others are told as `api error`.
    pub errors: &'static [&'static str],
}

/// How often a request is sent.
const TRIES: u32 = 3;

/// Who asks services, with keys that are looked for once.
pub struct Session {
    sources: Sources,
    role: String,
    client: Client,
    known: Mutex<Option<(Lasting, String)>>,
}

impl Session {
    /// Asks as `sources` say; with the role of that name, where it is not empty.
    pub fn new(sources: Sources, role: String) -> Session {
        Session {
            sources,
            role,
            client: Client::new(Options {
                user_agent: "pintle".to_owned(),
                timeout: Duration::from_secs(60),
                silence: Duration::from_secs(60),
                limit: 64 << 20,
                ..Options::default()
            }),
            known: Mutex::default(),
        }
    }

    /// The keys, and the region.
    ///
    /// # Errors
    /// There are none.
    fn identity(&self) -> Result<(Credentials, String), Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |lasting: &Lasting| {
            lasting
                .until
                .is_none_or(|until| until > SystemTime::now() + Duration::from_secs(60))
        };
        if let Some((lasting, region)) = known.as_ref().filter(|(lasting, _)| is_good(lasting)) {
            return Ok((lasting.keys.clone(), region.clone()));
        }
        let region = self.sources.region()?;
        let lasting = match self.role.as_str() {
            "" => self.sources.credentials()?,
            role => self.sources.assume(role, "pintle", "")?,
        };
        let keys = lasting.keys.clone();
        *known = Some((lasting, region.clone()));
        Ok((keys, region))
    }

    /// The region, which has to be known.
    fn region(region: &str) -> Result<&str, Error> {
        if !region.is_empty() {
            return Ok(region);
        }
        let message = "failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region";
        let hint = "Say `?region=NAME` in the reference, or set AWS_REGION.";
        Err(Error::new(Kind::Usage, message).with_hint(hint))
    }

    fn endpoint(&self, own: &str, otherwise: String) -> String {
        match self.sources.first(&[own, "AWS_ENDPOINT_URL"]) {
            given if given.is_empty() => otherwise,
            given => given.trim_end_matches('/').to_owned(),
        }
    }

    /// Asks a service for something.
    ///
    /// # Errors
    /// As the SDK for Go puts them.
    pub fn ask(&self, service: &Service, action: &str, input: &Value) -> Result<Value, Error> {
        self.ask_plainly(service, action, input)
            .map_err(|error| failed(error, service.title, action))
    }

    fn ask_plainly(&self, service: &Service, action: &str, input: &Value) -> Result<Value, Error> {
        let (keys, region) = self.identity()?;
        let region = Session::region(&region)?;
        let endpoint = self.endpoint(
            service.endpoint,
            format!("https://{}.{region}.{}", service.name, domain(region)),
        );
        let body = input.to_string();
        let url = format!("{endpoint}/");
        let answer = self.send(&keys, &url, |time| Call {
            method: Method::Post,
            host: host(&endpoint),
            path: "/",
            query: &[],
            region,
            service: service.name,
            time,
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", format!("{}.{action}", service.target)),
            ],
            body: body.as_bytes(),
        })?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(said);
        }
        let given = said["__type"].as_str().unwrap_or_default();
        let code = given.rsplit('#').next().unwrap_or(given);
        let code = code.split(':').next().unwrap_or(code);
        let told = ["message", "Message"]
            .iter()
            .find_map(|name| said[*name].as_str())
            .unwrap_or_default();
        Err(refused(
            &answer,
            code,
            told,
            service.errors.contains(&code),
            "x-amzn-requestid",
        ))
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
            found.extend(keys.filter_map(|rest| Some(unescape(rest.split_once("</Key>")?.0))));
            match super::element(&page, "NextContinuationToken") {
                Some(next) if next != token => token = unescape(next),
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
        let (keys, region) = self.identity()?;
        let mut region = Session::region(&region)?.to_owned();
        // A second answer comes from the region that the first one named.
        for is_last in [false, true] {
            let path = |prefix: &str| {
                let parts = key.split('/').map(super::sign::escape);
                let key = parts.collect::<Vec<_>>().join("/");
                format!("{prefix}/{key}")
            };
            let given = self.endpoint("AWS_ENDPOINT_URL_S3", String::new());
            let domain = domain(&region);
            let (endpoint, path) = match given.as_str() {
                "" if bucket.contains('.') => (
                    format!("https://s3.{region}.{domain}"),
                    path(&format!("/{bucket}")),
                ),
                "" => (format!("https://{bucket}.s3.{region}.{domain}"), path("")),
                given => (given.to_owned(), path(&format!("/{bucket}"))),
            };
            let url = match query.is_empty() {
                true => format!("{endpoint}{path}"),
                false => format!("{endpoint}{path}?{}", form(query)),
            };
            let answer = self.send(&keys, &url, |time| Call {
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
            let element = |name: &str| super::element(&said, name).unwrap_or_default();
            let named = match answer.header("x-amz-bucket-region") {
                "" => element("Region").to_owned(),
                named => named.to_owned(),
            };
            if !is_last && !named.is_empty() && named != region {
                region = named;
                continue;
            }
            let code = element("Code");
            let is_typed = matches!(code, "NoSuchKey" | "InvalidObjectState");
            return Err(refused(
                &answer,
                code,
                element("Message"),
                is_typed,
                "x-amz-request-id",
            ));
        }
        Err(Error::new(Kind::Network, "the bucket moves about"))
    }

    /// Sends a request, again where the service was not able to answer.
    fn send<'c>(
        &self,
        keys: &Credentials,
        url: &str,
        call: impl Fn(SystemTime) -> Call<'c>,
    ) -> Result<Answer, Error> {
        let mut tries = 1;
        loop {
            let call = call(SystemTime::now());
            let answer = self.client.send(&Request {
                method: call.method,
                url,
                headers: call.sign(keys),
                body: call.body,
            })?;
            let is_busy =
                matches!(answer.status, 429 | 500 | 502 | 503 | 504) || is_throttled(&answer);
            if !is_busy || tries >= TRIES {
                return Ok(answer);
            }
            std::thread::sleep(Duration::from_millis(100 << tries));
            tries += 1;
        }
    }
}

fn is_throttled(answer: &Answer) -> bool {
    let body = answer.body.get(..512).unwrap_or(&answer.body);
    answer.status == 400 && memchr::memmem::find(body, b"Throttl").is_some()
}

/// An error of an action, as the SDK for Go puts it.
fn failed(error: Error, title: &str, action: &str) -> Error {
    let message = format!("operation error {title}: {action}, {}", error.message());
    error.with_message(message)
}

/// An answer that is no, as the SDK for Go puts it.
fn refused(answer: &Answer, code: &str, told: &str, is_typed: bool, id: &str) -> Error {
    let status = answer.status;
    let id = answer.header(id);
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

/// The domain of a region's services.
fn domain(region: &str) -> &'static str {
    match region.starts_with("cn-") {
        true => "amazonaws.com.cn",
        false => "amazonaws.com",
    }
}

fn host(endpoint: &str) -> &str {
    endpoint
        .split_once("://")
        .map_or(endpoint, |(_, host)| host)
}

#[cfg(test)]
mod tests {
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
