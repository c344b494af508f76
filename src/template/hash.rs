//! A hash for the names in templates: they are short, and looked up at every call.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are names.
pub(super) type NameMap<K, V> = HashMap<K, V, BuildHasherDefault<NameHasher>>;

/// Eight bytes at a time: rotate, mix in, multiply.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NameHasher(u64);

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let rest = rest.iter().rev();
            self.mix(rest.fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(byte.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        // Tables take the low bits, which depend on few bits of the text before this.
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::NameHasher;

    #[test]
    fn names_that_are_alike_differ() {
        let build: BuildHasherDefault<NameHasher> = BuildHasherDefault::default();
        let names = (0..5000).flat_map(|at| [format!("common.names.a{at}"), format!("x{at}.y")]);
        let low: BTreeSet<u64> = names
            .map(|name| build.hash_one(name.as_str()) & 0xff_ffff)
            .collect();
        assert!(low.len() > 9980, "{}", low.len());
    }
}
