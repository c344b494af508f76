use std::fmt;

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The name of bytes by a hash of them: `sha256:…` (`github.com/opencontainers/go-digest`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(String);

impl Digest {
    /// Reads a digest.
    ///
    /// # Errors
    /// Go's words.
    pub fn parse(text: &str) -> Result<Digest, &'static str> {
        const FORMAT: &str = "invalid checksum digest format";
        let (algorithm, hash) = match text.split_once(':') {
            Some(("", _) | (_, "")) | None => return Err(FORMAT),
            Some(parts) => parts,
        };
        let length = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => {
                let named = algorithm.split(['+', '.', '_', '-']).all(|part| {
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())
                });
                let is_hash = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-');
                return match named && hash.bytes().all(is_hash) {
                    true => Err("unsupported digest algorithm"),
                    false => Err(FORMAT),
                };
            }
        };
        if hash.len() != length {
            return Err("invalid checksum digest length");
        }
        match hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            true => Ok(Digest(text.to_owned())),
            false => Err(FORMAT),
        }
    }

    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(format!("sha256:{}", hex(&Sha256::digest(bytes))))
    }

    /// Whether `bytes` are those that it names.
    pub fn names(&self, bytes: &[u8]) -> bool {
        let Some((algorithm, hash)) = self.0.split_once(':') else {
            return false;
        };
        let found = match algorithm {
            "sha384" => hex(&Sha384::digest(bytes)),
            "sha512" => hex(&Sha512::digest(bytes)),
            _ => hex(&Sha256::digest(bytes)),
        };
        found == hash
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_as_in_go() {
        for (text, want) in [
            ("", "invalid checksum digest format"),
            ("sha256", "invalid checksum digest format"),
            (":00", "invalid checksum digest format"),
            ("sha256:", "invalid checksum digest format"),
            ("sha256:00", "invalid checksum digest length"),
            ("md5:00", "unsupported digest algorithm"),
            ("m d5:00", "invalid checksum digest format"),
            ("md5:0 0", "invalid checksum digest format"),
        ] {
            assert_eq!(Digest::parse(text).unwrap_err(), want, "{text}");
        }
        let upper = format!("sha256:{}", "A".repeat(64));
        assert_eq!(
            Digest::parse(&upper).unwrap_err(),
            "invalid checksum digest format"
        );
        let digest = Digest::of(b"abc");
        assert_eq!(
            digest.as_str(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Digest::parse(digest.as_str()).unwrap(), digest);
        assert!(digest.names(b"abc") && !digest.names(b"abd"));
        for length in [96, 128] {
            let text = format!("sha{}:{}", length * 4, "0".repeat(length));
            assert!(!Digest::parse(&text).unwrap().names(b"abc"), "{text}");
        }
    }
}
