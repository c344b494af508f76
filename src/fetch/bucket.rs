//! Charts in buckets: `s3://BUCKET/KEY` of Amazon S3 and what speaks its language, `gs://BUCKET/OBJECT`
//! of Google's storage. Without credentials they are asked for as anybody may.

use std::fs;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::cache;
use super::index::Index;
use crate::diag::{Error, Kind, Notice};
use crate::go::os;
use crate::net::aws::{Credentials, Get, element, section};
use crate::net::{Client, Options};

/// What is known of clouds: the variables that their own programs read, each empty where it is not
/// set.
#[derive(Clone, Debug, Default)]
pub struct Clouds {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`
    pub keys: Credentials,
    /// `AWS_PROFILE`
    pub profile: String,
    /// `AWS_REGION` or `AWS_DEFAULT_REGION`
    pub region: String,
    /// `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`
    pub endpoint: String,
    /// `AWS_SHARED_CREDENTIALS_FILE`, or where it is otherwise.
    pub credentials_file: String,
    /// `AWS_CONFIG_FILE`, or where it is otherwise.
    pub config_file: String,
    /// `CLOUDSDK_AUTH_ACCESS_TOKEN`
    pub google_token: String,
    /// `STORAGE_EMULATOR_HOST`
    pub google_endpoint: String,
}

/// Whether `text` is an address in a bucket.
pub fn is_reference(text: &str) -> bool {
    text.starts_with("s3://") || text.starts_with("gs://")
}

impl Clouds {
    /// The path of the chart at `address`, which goes into the content cache at `root`.
    ///
    /// # Errors
    /// What the server says, and what cannot be written.
    pub fn fetch(&self, address: &str, root: &str) -> Result<String, Error> {
        let bytes = self.get(address)?;
        cache::put(root, &hex(&Sha256::digest(&bytes)), ".chart", &bytes)
    }

    /// The path of a chart of the repository in the folder `repository` of a bucket. A chart that the
    /// index gives another address has that address as the answer.
    ///
    /// # Errors
    /// An index that there is not, a chart that it does not have, and as [`Clouds::fetch`].
    pub fn fetch_from(
        &self,
        repository: &str,
        (chart, version): (&str, &str),
        root: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Chart, Error> {
        let repository = repository.trim_end_matches('/');
        let bytes = self.get(&format!("{repository}/index.yaml"))?;
        let index = Index::parse(&bytes, repository, notices)
            .map_err(|error| error.wrap(format!("{repository} is no chart repository")))?;
        let found = index
            .get(chart, version, notices)
            .map_err(|error| error.wrap(format!("chart {chart} {version} in {repository}")))?;
        let Some(url) = found.urls.first() else {
            let message = format!("chart {chart} in {repository} has no downloadable URLs");
            return Err(Error::new(Kind::Chart, message));
        };
        let address = match url.contains("://") {
            true if !is_reference(url) => return Ok(Chart::Elsewhere(url.clone())),
            true => url.clone(),
            false => format!("{repository}/{url}"),
        };
        let known = cache::digest(&found.digest, "unable to decode digest: ")?;
        if let Some(path) = known
            .as_deref()
            .and_then(|digest| cache::find(root, digest, ".chart"))
        {
            return Ok(Chart::Here(path));
        }
        let bytes = self.get(&address)?;
        let digest = hex(&Sha256::digest(&bytes));
        match known {
            Some(known) if known != digest => {
                let message = format!("{address}: the index says {known}, the chart is {digest}");
                Err(Error::new(Kind::Chart, message))
            }
            _ => cache::put(root, &digest, ".chart", &bytes).map(Chart::Here),
        }
    }

    /// What is at an address.
    ///
    /// # Errors
    /// Addresses that are none, and what the server says.
    pub fn get(&self, address: &str) -> Result<Vec<u8>, Error> {
        let fail = |message: String| Error::new(Kind::Usage, message);
        let (scheme, rest) = address.split_once("://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if bucket.is_empty() || key.is_empty() || !bucket.chars().all(is_name) {
            return Err(fail(format!(
                "{address}: an address is {scheme}://BUCKET/KEY"
            )));
        }
        if key.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(fail(format!("{address}: a key has no . and .. in it")));
        }
        let client = Client::new(Options::default());
        match scheme {
            "gs" => self.get_google(address, bucket, key, &client),
            _ => self.get_amazon(address, bucket, key, &client),
        }
    }

    fn get_google(
        &self,
        address: &str,
        bucket: &str,
        key: &str,
        client: &Client,
    ) -> Result<Vec<u8>, Error> {
        let endpoint = match self.google_endpoint.as_str() {
            "" => "https://storage.googleapis.com".to_owned(),
            host if host.contains("://") => host.trim_end_matches('/').to_owned(),
            host => format!("http://{host}"),
        };
        let url = format!("{endpoint}/{bucket}/{}", escape(key));
        let mut headers = Vec::new();
        if !self.google_token.is_empty() {
            headers.push(("authorization", format!("Bearer {}", self.google_token)));
        }
        let answer = client.request_with(&url, &headers)?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let error = refused(address, answer.status, answer.reason, &answer.body);
        Err(
            match headers.is_empty() && matches!(answer.status, 401 | 403) {
                true => error.with_hint("CLOUDSDK_AUTH_ACCESS_TOKEN gives the token of an account"),
                false => error,
            },
        )
    }

    fn get_amazon(
        &self,
        address: &str,
        bucket: &str,
        key: &str,
        client: &Client,
    ) -> Result<Vec<u8>, Error> {
        let profile = self.profile()?;
        let mut region = match profile.region.is_empty() {
            true => "us-east-1".to_owned(),
            false => profile.region.clone(),
        };
        let mut moved = false;
        loop {
            let (endpoint, path) = self.place(bucket, key, &region);
            let mut headers = Vec::new();
            if let Some(credentials) = &profile.credentials {
                let (_, host) = endpoint.split_once("://").unwrap_or_default();
                let get = Get {
                    host,
                    path: &path,
                    region: &region,
                    service: "s3",
                    time: SystemTime::now(),
                };
                headers = get.sign(credentials);
            }
            let answer = client.request_with(&format!("{endpoint}{path}"), &headers)?;
            match answer.status {
                200 => return Ok(answer.body),
                // The bucket is somewhere else, and the answer says where.
                301 | 307 | 400 if !moved && self.endpoint.is_empty() => {
                    moved = true;
                    if let Some(other) = region_of(&String::from_utf8_lossy(&answer.body)) {
                        region = other;
                        continue;
                    }
                }
                _ => {}
            }
            let error = refused(address, answer.status, answer.reason, &answer.body);
            return Err(match profile.credentials.is_none() && answer.status == 403 {
                true => error.with_hint(
                    "there are no AWS credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor a profile with keys",
                ),
                false => error,
            });
        }
    }

    /// The server of a bucket, and the path there.
    fn place(&self, bucket: &str, key: &str, region: &str) -> (String, String) {
        let key = escape(key);
        if !self.endpoint.is_empty() {
            let endpoint = self.endpoint.trim_end_matches('/').to_owned();
            return (endpoint, format!("/{bucket}/{key}"));
        }
        // Certificates do not hold for names with dots.
        match bucket.contains(['.', '_']) {
            true => (
                format!("https://s3.{region}.amazonaws.com"),
                format!("/{bucket}/{key}"),
            ),
            false => (
                format!("https://{bucket}.s3.{region}.amazonaws.com"),
                format!("/{key}"),
            ),
        }
    }

    /// Credentials and region: of variables, else of the profile in the shared files.
    fn profile(&self) -> Result<Profile, Error> {
        let mut profile = Profile {
            region: self.region.clone(),
            credentials: None,
        };
        if !self.keys.access_key.is_empty() && !self.keys.secret_key.is_empty() {
            profile.credentials = Some(self.keys.clone());
        }
        let name = match self.profile.as_str() {
            "" => "default",
            name => name,
        };
        let mut is_there = name == "default";
        let long = format!("profile {name}");
        for file in [&self.credentials_file, &self.config_file] {
            let text = match fs::read_to_string(file) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    return Err(Error::new(Kind::Io, os::path_error("open", file, &error)));
                }
            };
            for title in [name, &long] {
                let Some(found) = section(&text, title) else {
                    continue;
                };
                is_there = true;
                let get = |key: &str| {
                    let mut pairs = found.iter().filter(|(name, _)| *name == key);
                    pairs.next().map(|(_, value)| (*value).to_owned())
                };
                if profile.region.is_empty() {
                    profile.region = get("region").unwrap_or_default();
                }
                if profile.credentials.is_none()
                    && let (Some(access_key), Some(secret_key)) =
                        (get("aws_access_key_id"), get("aws_secret_access_key"))
                {
                    profile.credentials = Some(Credentials {
                        access_key,
                        secret_key,
                        session_token: get("aws_session_token").unwrap_or_default(),
                    });
                }
            }
        }
        if !is_there && profile.credentials.is_none() {
            let message = format!("there is no AWS profile {name}");
            return Err(Error::new(Kind::Usage, message));
        }
        Ok(profile)
    }
}

/// A chart of a repository in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Its path.
    Here(String),
    /// Its address, which is in no bucket.
    Elsewhere(String),
}

struct Profile {
    region: String,
    credentials: Option<Credentials>,
}

/// The region that an answer of S3 names.
fn region_of(body: &str) -> Option<String> {
    let is_region = |text: &&str| {
        text.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let named = element(body, "Region");
    let named = named.or_else(|| {
        let endpoint = element(body, "Endpoint")?.strip_suffix(".amazonaws.com")?;
        let (_, region) = endpoint
            .rsplit_once("s3.")
            .or(endpoint.rsplit_once("s3-"))?;
        Some(region)
    });
    named.filter(is_region).map(str::to_owned)
}

fn refused(address: &str, status: u16, reason: &str, body: &[u8]) -> Error {
    let body = String::from_utf8_lossy(body);
    let mut message = format!("failed to fetch {address} : {status} {reason}");
    if let Some(why) = element(&body, "Message") {
        message.push_str(&format!(": {why}"));
    }
    Error::new(Kind::Network, message)
}

/// The key as S3 signs it: everything but letters, digits, `-._~` and slashes is escaped.
fn escape(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.to_string_lossy().into_owned()
        };
        let credentials_file = write(
            "credentials",
            "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key=B=\n\n[dev]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n",
        );
        let config_file = write(
            "config",
            "[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n[profile dev]\nregion=eu-north-1\n[profile bare]\noutput = json\n",
        );
        let clouds = |profile: &str, region: &str| Clouds {
            profile: profile.to_owned(),
            region: region.to_owned(),
            credentials_file: credentials_file.clone(),
            config_file: config_file.clone(),
            ..Clouds::default()
        };
        for (profile, region, want) in [
            ("", "", "eu-west-1 A B= "),
            ("dev", "", "eu-north-1 C D E"),
            ("dev", "us-west-2", "us-west-2 C D E"),
            ("bare", "", " anonymous"),
            ("none", "", "there is no AWS profile none"),
        ] {
            let got = match clouds(profile, region).profile() {
                Err(error) => error.to_string(),
                Ok(Profile {
                    region,
                    credentials: None,
                }) => format!("{region} anonymous"),
                Ok(Profile {
                    region,
                    credentials: Some(keys),
                }) => format!(
                    "{region} {} {} {}",
                    keys.access_key, keys.secret_key, keys.session_token
                ),
            };
            assert_eq!(got, want, "{profile} {region}");
        }
    }

    #[test]
    fn buckets_have_places() {
        let mut clouds = Clouds::default();
        for (endpoint, bucket, key, want) in [
            (
                "",
                "b",
                "a/c d.tgz",
                "https://b.s3.eu-west-1.amazonaws.com/a/c%20d.tgz",
            ),
            (
                "",
                "b.c",
                "a+1.tgz",
                "https://s3.eu-west-1.amazonaws.com/b.c/a%2B1.tgz",
            ),
            ("http://h:1/", "b", "a", "http://h:1/b/a"),
        ] {
            endpoint.clone_into(&mut clouds.endpoint);
            let (server, path) = clouds.place(bucket, key, "eu-west-1");
            assert_eq!(server + &path, want);
        }
        for address in [
            "s3://b",
            "s3:///k",
            "s3://b/a/../k",
            "s3://b/",
            "s3://b c/k",
        ] {
            assert!(clouds.get(address).is_err(), "{address}");
        }
    }

    #[test]
    fn an_answer_names_the_region() {
        for (body, want) in [
            (
                "<Error><Region>eu-west-1</Region></Error>",
                Some("eu-west-1"),
            ),
            (
                "<Error><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>",
                Some("eu-west-1"),
            ),
            (
                "<Error><Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint></Error>",
                Some("eu-west-1"),
            ),
            ("<Error><Region>x/../y</Region></Error>", None),
            ("<Error/>", None),
        ] {
            assert_eq!(region_of(body).as_deref(), want, "{body}");
        }
    }
}
