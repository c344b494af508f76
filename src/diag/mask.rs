//! What stands for secrets in what is shown.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

/// A key that masks follow from: equal secrets have equal masks, so that a change is seen, and without
/// the key nobody can try what a mask stands for.
#[derive(Clone)]
pub struct Mask(hmac::Key);

impl Mask {
    /// One that follows from `key`.
    pub fn new(key: [u8; 32]) -> Mask {
        Mask(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The one of this process: diffs, logs and errors have the same.
    pub fn of_run() -> Mask {
        static KEY: OnceLock<Mask> = OnceLock::new();
        let key = KEY.get_or_init(|| {
            let mut key = [0; 32];
            if SystemRandom::new().fill(&mut key).is_err() {
                // The next best thing: the standard library seeds its maps from the system, too.
                for part in key.chunks_mut(8) {
                    let random = RandomState::new().hash_one(0_u8).to_ne_bytes();
                    part.copy_from_slice(&random);
                }
            }
            Mask::new(key)
        });
        key.clone()
    }

    /// What stands for a secret: `(masked 1a2b3c4d5e6f)`.
    pub fn of(&self, secret: &[u8]) -> String {
        let tag = hmac::sign(&self.0, secret);
        let digits = tag.as_ref()[..6].iter();
        let digits: String = digits.map(|byte| format!("{byte:02x}")).collect();
        format!("(masked {digits})")
    }
}

/// Tells nothing.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_follow_from_key_and_secret_and_one_process_has_one_key() {
        let mask = Mask::new([7; 32]);
        assert_eq!(mask.of(b"a"), mask.of(b"a"));
        assert_ne!(mask.of(b"a"), mask.of(b"b"));
        assert_ne!(mask.of(b"a"), Mask::new([8; 32]).of(b"a"));
        assert_eq!(Mask::of_run().of(b"a"), Mask::of_run().of(b"a"));
        assert_eq!(mask.of(b"a").len(), "(masked 1a2b3c4d5e6f)".len());
        assert_eq!(format!("{mask:?}"), "Mask");
    }
}
