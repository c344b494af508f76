//! Where state is kept: a bucket, a folder, or memory, with writes that happen only where nobody was
//! faster.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, CredentialProvider, ObjectStore, ObjectStoreExt as _, PutMode,
    PutOptions, RetryConfig, UpdateVersion,
};

use crate::diag::{Error, Kind};
use crate::net::aws::{Api, Holder};
use crate::net::{self, check_online};

/// What a user says of where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// `s3://bucket/prefix`
    Bucket {
        /// Its name.
        bucket: String,
        /// What the names of all objects begin with; may be empty.
        prefix: String,
        /// The region that it is in, where it is not that of the cluster.
        region: String,
    },
    /// `file:///path`, or a path.
    Folder(PathBuf),
    /// `memory`: nothing is kept longer than the process lives.
    Memory,
}

/// What a store may be.
const FORMS: &str = "It is `s3://BUCKET/PREFIX` (with `?region=NAME` where the bucket is elsewhere), `file:PATH` or `memory`.";

impl Location {
    /// Reads what stands in the configuration, or on the command line.
    ///
    /// # Errors
    /// Nothing, and what is no place.
    pub fn parse(text: &str) -> Result<Location, Error> {
        let wrong = |why: String| Err(Error::new(Kind::Usage, why).with_hint(FORMS));
        let text = text.trim();
        if text.is_empty() {
            let message = "nothing says where the state of releases is kept: there is no `ecs.state` in the configuration";
            let hint = "`pintle ecs init` makes a store and writes it down.";
            return wrong(message.to_owned()).map_err(|error| error.with_hint(hint));
        }
        if text == "memory" || text == "memory:" {
            return Ok(Location::Memory);
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return wrong(format!("the state store {text} names no bucket"));
            }
            let region = match query.split_once('=') {
                None if query.is_empty() => "",
                Some(("region", region)) => region,
                _ => return wrong(format!("the state store {text}: `{query}` is not known")),
            };
            return Ok(Location::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.trim_matches('/').to_owned(),
                region: region.to_owned(),
            });
        }
        let path = match text.strip_prefix("file:") {
            Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
            None if text.contains("://") || text == "none" => {
                return wrong(format!(
                    "the state store {text} is of no kind that is known"
                ));
            }
            None => text,
        };
        Ok(Location::Folder(PathBuf::from(path)))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Bucket { bucket, prefix, .. } if prefix.is_empty() => {
                write!(f, "s3://{bucket}")
            }
            Location::Bucket { bucket, prefix, .. } => write!(f, "s3://{bucket}/{prefix}"),
            Location::Folder(path) => write!(f, "file:{}", path.display()),
            Location::Memory => f.write_str("memory"),
        }
    }
}

/// What tells one content of an object from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    tag: Option<String>,
    version: Option<String>,
}

/// What became of a write on a condition.
#[derive(Debug)]
pub(super) enum Put {
    /// It is done.
    Done(Version),
    /// Somebody was faster.
    Late,
}

/// An open place.
pub(super) struct Place {
    location: Location,
    objects: Arc<dyn ObjectStore>,
    prefix: String,
    keys: Option<(Arc<Holder>, Arc<Handed>)>,
}

/// Keys as the crate wants them, looked for before it asks.
#[derive(Debug, Default)]
struct Handed(Mutex<Option<Arc<AwsCredential>>>);

impl CredentialProvider for Handed {
    type Credential = AwsCredential;

    fn get_credential<'a, 'b>(
        &'a self,
    ) -> std::pin::Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Box::pin(std::future::ready(known.ok_or_else(|| {
            object_store::Error::Generic {
                store: "S3",
                source: "there are no keys".into(),
            }
        })))
    }
}

/// How many objects are read at one time.
const FLIGHTS: usize = 8;

impl Place {
    /// Opens it; buckets are asked with the keys of `api`, at their first use.
    ///
    /// # Errors
    /// A folder that is not there; a bucket without an `api`, or without a region.
    pub(super) fn open(location: &Location, api: Option<&Api>) -> Result<Place, Error> {
        let failed = |error: object_store::Error| {
            Error::new(Kind::Usage, format!("the state store {location}: {error}"))
        };
        let mut keys = None;
        let mut start = String::new();
        let objects: Arc<dyn ObjectStore> = match location {
            Location::Memory => Arc::new(InMemory::new()),
            Location::Folder(path) => {
                if !path.is_dir() {
                    let message = format!("the state store {location} is not there");
                    let hint = format!("`mkdir -p {}` makes it.", path.display());
                    return Err(Error::new(Kind::NotFound, message).with_hint(hint));
                }
                let folder = LocalFileSystem::new_with_prefix(path).map_err(failed)?;
                Arc::new(folder.with_fsync(true).with_automatic_cleanup(true))
            }
            Location::Bucket {
                bucket,
                prefix,
                region,
            } => {
                let api = api.ok_or_else(|| {
                    let message = format!("the state store {location} wants an AWS account");
                    Error::new(Kind::Usage, message)
                })?;
                start.clone_from(prefix);
                let region = match region.as_str() {
                    "" => api.region()?,
                    region => region.to_owned(),
                };
                let (endpoint, is_host) = api.bucket(bucket, &region)?;
                net::provide_tls();
                let handed = Arc::new(Handed::default());
                keys = Some((api.holder(), Arc::clone(&handed)));
                let store = AmazonS3Builder::new()
                    .with_bucket_name(bucket)
                    .with_region(&region)
                    .with_virtual_hosted_style_request(is_host)
                    .with_endpoint(&endpoint)
                    .with_credentials(handed)
                    .with_client_options(
                        ClientOptions::new()
                            .with_allow_http(endpoint.starts_with("http://"))
                            .with_timeout(Duration::from_secs(60)),
                    )
                    .with_retry(RetryConfig {
                        backoff: BackoffConfig::default(),
                        max_retries: 6,
                        retry_timeout: Duration::from_secs(60),
                    })
                    .build()
                    .map_err(failed)?;
                Arc::new(store)
            }
        };
        Ok(Place {
            location: location.clone(),
            objects,
            prefix: start,
            keys,
        })
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    fn path(&self, name: &str) -> Path {
        match self.prefix.as_str() {
            "" => Path::from(name),
            prefix => Path::from(format!("{prefix}/{name}")),
        }
    }

    /// Waits for what the crate does, with keys that hold.
    fn run<T>(&self, name: &str, act: impl Future<Output = Answer<T>>) -> Result<T, Error> {
        let location = &self.location;
        if let Some((holder, handed)) = &self.keys {
            check_online(&location.to_string())?;
            let keys = holder.current()?;
            let token = Some(keys.session_token).filter(|token| !token.is_empty());
            *handed.0.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Arc::new(AwsCredential {
                    key_id: keys.access_key,
                    secret_key: keys.secret_key,
                    token,
                }));
        }
        let done = net::runtime()?.block_on(act);
        done.map_err(|error| self.failed(name, &error))
    }

    /// What went wrong, with what to do about it.
    fn failed(&self, name: &str, error: &object_store::Error) -> Error {
        let location = &self.location;
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !words.contains(&text) {
                words = format!("{words}: {text}");
            }
            cause = inner.source();
        }
        let told =
            |kind: Kind, what: &str| Error::new(kind, format!("the state store {location}{what}"));
        let place = match name {
            "" => String::new(),
            name => format!(", {name}"),
        };
        if words.contains("NoSuchBucket") || is_listing_of_nothing(name, error) {
            return told(Kind::NotFound, " is not there: there is no such bucket")
                .with_hint("`pintle ecs init` makes one, or `aws s3 mb`; it wants versioning.");
        }
        if words.contains("PermanentRedirect") || words.contains("AuthorizationHeaderMalformed") {
            return told(Kind::Usage, " is in another region")
                .with_hint("Say which: `s3://BUCKET/PREFIX?region=NAME`.");
        }
        match error {
            object_store::Error::PermissionDenied { .. } => {
                told(Kind::Network, &format!("{place}: access is denied: {words}")).with_hint(
                    "A policy would have to allow s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix, and s3:ListBucket.",
                )
            }
            object_store::Error::Unauthenticated { .. } => {
                told(Kind::Network, &format!("{place}: the keys are refused: {words}"))
            }
            _ if self.keys.is_some() => told(Kind::Network, &format!("{place}: {words}")),
            _ => told(Kind::Io, &format!("{place}: {words}")),
        }
    }

    /// An object, or nothing where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>, Error> {
        self.run(name, fetch(&*self.objects, self.path(name)))
    }

    /// Objects, in the order of their names; those that are not there any more are left out.
    pub(super) fn read_all(
        &self,
        names: &[String],
    ) -> Result<Vec<(String, Vec<u8>, Version)>, Error> {
        let objects = &*self.objects;
        let found = self.run("", async {
            let reads = names.iter().map(|name| fetch(objects, self.path(name)));
            let reads = futures_util::stream::iter(reads).buffered(FLIGHTS);
            Ok(reads.collect::<Vec<_>>().await)
        })?;
        let mut read = Vec::new();
        for (name, found) in names.iter().zip(found) {
            if let Some((bytes, version)) = found.map_err(|error| self.failed(name, &error))? {
                read.push((name.clone(), bytes, version));
            }
        }
        Ok(read)
    }

    /// Writes an object that is not there.
    pub(super) fn create(&self, name: &str, bytes: Vec<u8>) -> Result<Put, Error> {
        self.put(name, bytes, PutMode::Create)
    }

    /// Replaces the content that was seen.
    pub(super) fn replace(&self, name: &str, bytes: Vec<u8>, seen: &Version) -> Result<Put, Error> {
        let Location::Folder(root) = &self.location else {
            let mode = PutMode::Update(UpdateVersion {
                e_tag: seen.tag.clone(),
                version: seen.version.clone(),
            });
            return self.put(name, bytes, mode);
        };
        // Folders know no conditions: those who replace go one after the other.
        let guard = root.join(".guard");
        let failed = |error: std::io::Error| {
            let path = guard.display();
            Error::new(Kind::Io, crate::go::os::path_error("open", path, &error))
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&guard)
            .map_err(failed)?;
        file.lock().map_err(failed)?;
        match self.read(name)? {
            Some((_, now)) if now.tag == seen.tag => self.put(name, bytes, PutMode::Overwrite),
            _ => Ok(Put::Late),
        }
    }

    fn put(&self, name: &str, bytes: Vec<u8>, mode: PutMode) -> Result<Put, Error> {
        let path = self.path(name);
        let is_free = mode == PutMode::Overwrite;
        let sent = bytes.clone();
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        let done = self.run(name, async {
            match self.objects.put_opts(&path, bytes.into(), options).await {
                Ok(done) => Ok(Put::Done(Version {
                    tag: done.e_tag,
                    version: done.version,
                })),
                Err(
                    object_store::Error::AlreadyExists { .. }
                    | object_store::Error::Precondition { .. },
                ) if !is_free => Ok(Put::Late),
                Err(error) => Err(error),
            }
        })?;
        if let Put::Late = done {
            // A write whose answer was lost, and which was sent again, meets itself.
            if let Some((bytes, version)) = self.read(name)?
                && bytes == sent
            {
                return Ok(Put::Done(version));
            }
        }
        Ok(done)
    }

    /// Takes an object away; whether it was there.
    pub(super) fn remove(&self, name: &str) -> Result<bool, Error> {
        let path = self.path(name);
        self.run(name, async {
            // Buckets say nothing of objects that were not there.
            if fetch(&*self.objects, path.clone()).await?.is_none() {
                return Ok(false);
            }
            match self.objects.delete(&path).await {
                Ok(()) => Ok(true),
                Err(object_store::Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }

    /// The names of objects below a name, in order.
    pub(super) fn list(&self, below: &str) -> Result<Vec<String>, Error> {
        let path = self.path(below);
        let found = self.run("", async {
            let mut listed = self.objects.list(Some(&path));
            let mut found = Vec::new();
            while let Some(one) = listed.next().await {
                found.push(one?.location);
            }
            Ok(found)
        })?;
        let start = match self.prefix.as_str() {
            "" => String::new(),
            prefix => format!("{}/", Path::from(prefix)),
        };
        let names = found.iter().map(|path| path.as_ref());
        let names = names.filter_map(|name| name.strip_prefix(&start));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }
}

type Answer<T> = Result<T, object_store::Error>;

async fn fetch(objects: &dyn ObjectStore, path: Path) -> Answer<Option<(Vec<u8>, Version)>> {
    let got = match objects.get(&path).await {
        Ok(got) => got,
        Err(object_store::Error::NotFound { source, path }) => {
            return match source.to_string().contains("NoSuchBucket") {
                true => Err(object_store::Error::NotFound { source, path }),
                false => Ok(None),
            };
        }
        Err(error) => return Err(error),
    };
    let version = Version {
        tag: got.meta.e_tag.clone(),
        version: got.meta.version.clone(),
    };
    Ok(Some((got.bytes().await?.to_vec(), version)))
}

/// A list is never missing; what it is a list of is.
fn is_listing_of_nothing(name: &str, error: &object_store::Error) -> bool {
    name.is_empty() && matches!(error, object_store::Error::NotFound { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let bucket = |bucket: &str, prefix: &str, region: &str| Location::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            region: region.to_owned(),
        };
        let folder = |path: &str| Location::Folder(PathBuf::from(path));
        for (text, want) in [
            ("s3://b", bucket("b", "", "")),
            ("s3://b/", bucket("b", "", "")),
            ("s3://b/a/b/", bucket("b", "a/b", "")),
            ("s3://b/a?region=us-east-1", bucket("b", "a", "us-east-1")),
            ("file:state", folder("state")),
            ("file:///var/state", folder("/var/state")),
            ("./state", folder("./state")),
            ("memory", Location::Memory),
        ] {
            assert_eq!(Location::parse(text).unwrap(), want, "{text}");
        }
        for text in [
            "",
            "  ",
            "s3://",
            "s3://b?x=y",
            "s3://b?x",
            "gs://b",
            "none",
        ] {
            let error = Location::parse(text).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage, "{text}");
            assert!(!error.hints().is_empty());
        }
        assert_eq!(
            Location::parse("s3://b/a?region=x").unwrap().to_string(),
            "s3://b/a"
        );
    }
}
