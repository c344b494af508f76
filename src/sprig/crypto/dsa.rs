//! DSA keys: Go's `crypto/dsa` with parameters of 2048 and 256 bits.

use rsa::BigUint;

use super::der::{self, Reader};
use super::prime;
use crate::sprig::random::number_within;
use crate::world::World;

const P_BITS: usize = 2048;
const Q_BITS: usize = 256;

/// Parameters, public and private number.
pub(super) struct DsaKey {
    p: BigUint,
    q: BigUint,
    g: BigUint,
    y: BigUint,
    x: BigUint,
}

impl DsaKey {
    /// The form that sprig writes: version, P, Q, G, Y, X.
    pub(super) fn to_der(&self) -> Vec<u8> {
        der::sequence(&[
            &der::small(0),
            &der::integer(&self.p),
            &der::integer(&self.q),
            &der::integer(&self.g),
            &der::integer(&self.y),
            &der::integer(&self.x),
        ])
    }
}

/// Reads what [`DsaKey::to_der`] writes.
pub(super) fn parse(bytes: &[u8]) -> Option<DsaKey> {
    let mut key = Reader::new(bytes).sequence()?;
    key.integer()?;
    Some(DsaKey {
        p: key.integer()?,
        q: key.integer()?,
        g: key.integer()?,
        y: key.integer()?,
        x: key.integer()?,
    })
}

/// New parameters and a key of them. Go: `dsa.GenerateParameters` and `dsa.GenerateKey`.
pub(super) fn generate(world: &dyn World) -> DsaKey {
    let one = BigUint::from(1u8);
    let (p, q) = primes(world);
    let cofactor = (&p - &one) / &q;
    let mut h = BigUint::from(2u8);
    let g = loop {
        let g = h.modpow(&cofactor, &p);
        if g != one {
            break g;
        }
        h += 1u32;
    };
    let x = number_within(world, &q);
    let y = g.modpow(&x, &p);
    DsaKey { p, q, g, y, x }
}

/// Primes p and q of their sizes, where q divides p - 1.
fn primes(world: &dyn World) -> (BigUint, BigUint) {
    loop {
        let q = loop {
            let q = prime::random_odd(world, Q_BITS, 0x80);
            if prime::is_prime(&q, world) {
                break q;
            }
        };
        for _ in 0..4 * P_BITS {
            let p = prime::random_odd(world, P_BITS, 0x80);
            // Down to the next number that is 1 modulo q.
            let p = &p + 1u32 - &p % &q;
            if p.bits() == P_BITS && prime::is_prime(&p, world) {
                return (p, q);
            }
        }
    }
}
