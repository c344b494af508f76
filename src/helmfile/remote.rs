//! State files, values and charts behind addresses, and where they are kept
//! (`pkg/remote/remote.go`).

use sha2::{Digest, Sha256};

use crate::go::path;
use crate::go::url::Url;

/// Fetches what is behind an address.
pub trait Remote {
    /// The path of the file, below the cache folder `kind`.
    ///
    /// # Errors
    /// Why it cannot be fetched.
    fn fetch(&self, address: &str, kind: &str) -> Result<String, String>;
}

/// Nothing is fetched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Remote for Nothing {
    fn fetch(&self, address: &str, _: &str) -> Result<String, String> {
        Err(format!("{address}: nothing is fetched here"))
    }
}

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `git`, `s3`, ...; `normal` where a file is named plainly; empty where neither.
    pub getter: String,
    /// `https`
    pub scheme: String,
    /// `user:password`
    pub user: String,
    /// The server.
    pub host: String,
    /// The folder, without its first slash where it is plain.
    pub dir: String,
    /// The file in it.
    pub file: String,
    /// Name and value of what stands behind `?`.
    pub query: Vec<(String, String)>,
}

const PLAIN: [&str; 4] = ["s3", "http", "https", "file"];

/// Whether a text is an address.
pub(super) fn is_remote(text: &str) -> bool {
    !text.starts_with('/') && Address::parse(text).is_some()
}

impl Address {
    /// Takes an address apart; nothing where it is none.
    pub fn parse(text: &str) -> Option<Address> {
        let parts: Vec<&str> = text.split("::").collect();
        let (getter, rest) = match parts[..] {
            [getter, rest] => (getter, rest),
            _ if text.split("://").count() == 2 => {
                let scheme = text.split("://").next().unwrap_or_default().to_lowercase();
                if !PLAIN.contains(&scheme.as_str()) {
                    return None;
                }
                let url = Url::parse(text).ok()?;
                let path = String::from_utf8_lossy(&url.path).into_owned();
                let dir = path::dir(&path);
                return Some(Address::of(
                    "normal",
                    &url,
                    dir.get(1..).unwrap_or_default(),
                    base(&path),
                ));
            }
            _ => ("", text),
        };
        if rest.starts_with('/') {
            return None;
        }
        let url = Url::parse(rest).ok()?;
        if url.scheme.is_empty() {
            return None;
        }
        let path = String::from_utf8_lossy(&url.path).into_owned();
        let parts: Vec<&str> = path.split('@').collect();
        Some(match parts[..] {
            [dir, file] => Address::of(getter, &url, dir, file.to_owned()),
            _ => {
                let dir = path::dir(&path);
                Address::of(getter, &url, dir.get(1..).unwrap_or_default(), base(&path))
            }
        })
    }

    fn of(getter: &str, url: &Url, dir: &str, file: String) -> Address {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let query = lossy(&url.raw_query);
        let mut pairs: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (name.to_owned(), value.to_owned())
            })
            .collect();
        pairs.sort();
        let text = lossy(&url.to_bytes());
        let user = text
            .split_once("://")
            .and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'))
            .map(|(user, _)| user.to_owned());
        Address {
            getter: getter.to_owned(),
            scheme: lossy(&url.scheme),
            user: user.unwrap_or_default(),
            host: lossy(&url.host),
            dir: dir.to_owned(),
            file,
            query: pairs,
        }
    }

    /// Whether what is kept may be used.
    pub fn is_kept(&self) -> bool {
        !self
            .query
            .iter()
            .any(|(name, value)| name == "cache" && value == "false")
    }

    /// The query without what is for the cache, as it is sent.
    pub fn sent_query(&self) -> String {
        let pairs = self.query.iter().filter(|(name, _)| name != "cache");
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    /// The folder in which it is kept, below the cache's.
    pub fn folder(&self, kind: &str) -> String {
        let is_normal = self.getter == "normal";
        let source = match is_normal {
            true => format!("{}://{}", self.scheme, self.host),
            false => format!("{}://{}/{}", self.scheme, self.host, self.dir),
        };
        let mut key = source
            .replace(':', "")
            .replace("//", "_")
            .replace(['/', '.'], "_");
        let pairs = self.query.iter().filter(|(name, _)| name != "cache");
        let pairs: Vec<String> = pairs
            .map(|(name, value)| {
                let lower = name.to_lowercase();
                let is_secret = ["token", "password", "secret", "key", "signature"]
                    .iter()
                    .any(|word| lower.contains(word));
                match is_secret {
                    true => {
                        let digest = Sha256::digest(value.as_bytes());
                        let hex: String = digest
                            .iter()
                            .take(4)
                            .map(|byte| format!("{byte:02x}"))
                            .collect();
                        format!("{name}={hex}")
                    }
                    false => format!("{name}={value}"),
                }
            })
            .collect();
        if !pairs.is_empty() {
            key = format!("{key}.{}", pairs.join("_"));
        }
        match is_normal {
            true => path::join(&[&key, &self.dir]),
            false => path::join(&[kind, &key]),
        }
    }
}

fn base(text: &str) -> String {
    String::from_utf8_lossy(path::base(text.as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_as_helmfile_does() {
        for (text, folder, file) in [
            (
                "git::https://github.com/cloudposse/helmfiles.git@releases/kiam.yaml?ref=0.40.0",
                "states/https_github_com_cloudposse_helmfiles_git.ref=0.40.0",
                "releases/kiam.yaml",
            ),
            (
                "https://example.org/a/b.yaml",
                "https_example_org/a",
                "b.yaml",
            ),
            (
                "https://example.org/a/b.yaml?token=x",
                "https_example_org.token=2d711642/a",
                "b.yaml",
            ),
            ("s3://bucket/dir/key.yaml", "s3_bucket/dir", "key.yaml"),
            ("file:///mnt/share/key.yaml", "file_/mnt/share", "key.yaml"),
            (
                "s3::https://bucket.s3.eu-west-1.amazonaws.com/states@shop/helmfile.yaml",
                "states/https_bucket_s3_eu-west-1_amazonaws_com_states",
                "shop/helmfile.yaml",
            ),
        ] {
            let address = Address::parse(text).expect("an address");
            assert_eq!(address.folder("states"), folder, "{text}");
            assert_eq!(address.file, file, "{text}");
        }
        for text in [
            "values.yaml",
            "./x",
            "/a/b",
            "charts/app",
            "file.hcl",
            "../x",
        ] {
            assert!(!is_remote(text), "{text}");
        }
        assert!(is_remote("git::ssh://git@github.com/a/b.git@x?ref=y"));
    }
}
