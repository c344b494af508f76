//! ECDSA over the NIST curves. The arithmetic is plain, not hardened against timing: templates make
//! keys, they do not serve signatures.

use rsa::BigUint;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A curve `y² = x³ - 3x + b` over a prime field.
pub(super) struct Curve {
    /// Its object identifier, encoded.
    pub(super) identifier: &'static [u8],
    /// `ecdsa-with-SHA...` for its size, encoded.
    pub(super) signature: &'static [u8],
    hash: fn(&[u8]) -> Vec<u8>,
    prime: &'static str,
    order: &'static str,
    x: &'static str,
    y: &'static str,
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn sha384(bytes: &[u8]) -> Vec<u8> {
    Sha384::digest(bytes).to_vec()
}

fn sha512(bytes: &[u8]) -> Vec<u8> {
    Sha512::digest(bytes).to_vec()
}

pub(super) static P256: Curve = Curve {
    identifier: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
    hash: sha256,
    prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
};

static P224: Curve = Curve {
    identifier: &[0x2b, 0x81, 0x04, 0x00, 0x21],
    signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
    hash: sha256,
    prime: "ffffffffffffffffffffffffffffffff000000000000000000000001",
    order: "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
    x: "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
    y: "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
};

static P384: Curve = Curve {
    identifier: &[0x2b, 0x81, 0x04, 0x00, 0x22],
    signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
    hash: sha384,
    prime: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
};

static P521: Curve = Curve {
    identifier: &[0x2b, 0x81, 0x04, 0x00, 0x23],
    signature: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
    hash: sha512,
    prime: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    order: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    x: "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
    y: "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
};

/// The curve with an encoded object identifier.
pub(super) fn find(identifier: &[u8]) -> Option<&'static Curve> {
    [&P224, &P256, &P384, &P521]
        .into_iter()
        .find(|curve| curve.identifier == identifier)
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap_or_default()
}

/// A point in Jacobian coordinates; `z` is 0 for the point at infinity.
#[derive(Clone)]
struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Point {
    fn infinity() -> Point {
        Point {
            x: BigUint::from(1u8),
            y: BigUint::from(1u8),
            z: BigUint::default(),
        }
    }

    fn is_infinity(&self) -> bool {
        self.z == BigUint::default()
    }
}

/// Arithmetic modulo a prime; operands are reduced.
struct Field(BigUint);

impl Field {
    fn add(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + b) % &self.0
    }

    fn subtract(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + &self.0 - b) % &self.0
    }

    fn multiply(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a * b) % &self.0
    }

    fn times(&self, a: &BigUint, factor: u32) -> BigUint {
        (a * factor) % &self.0
    }

    fn invert(&self, a: &BigUint) -> BigUint {
        a.modpow(&(&self.0 - 2u32), &self.0)
    }

    /// "dbl-2001-b" of the Explicit-Formulas Database, for curves with `a = -3`.
    fn double(&self, p: &Point) -> Point {
        let delta = self.multiply(&p.z, &p.z);
        let gamma = self.multiply(&p.y, &p.y);
        let beta = self.multiply(&p.x, &gamma);
        let alpha = self.times(
            &self.multiply(&self.subtract(&p.x, &delta), &self.add(&p.x, &delta)),
            3,
        );
        let x = self.subtract(&self.multiply(&alpha, &alpha), &self.times(&beta, 8));
        let sum = self.add(&p.y, &p.z);
        let z = self.subtract(&self.subtract(&self.multiply(&sum, &sum), &gamma), &delta);
        let y = self.subtract(
            &self.multiply(&alpha, &self.subtract(&self.times(&beta, 4), &x)),
            &self.times(&self.multiply(&gamma, &gamma), 8),
        );
        Point { x, y, z }
    }

    /// "add-2007-bl" of the same database.
    fn sum(&self, p: &Point, q: &Point) -> Point {
        if p.is_infinity() {
            return q.clone();
        }
        if q.is_infinity() {
            return p.clone();
        }
        let z1z1 = self.multiply(&p.z, &p.z);
        let z2z2 = self.multiply(&q.z, &q.z);
        let u1 = self.multiply(&p.x, &z2z2);
        let u2 = self.multiply(&q.x, &z1z1);
        let s1 = self.multiply(&self.multiply(&p.y, &q.z), &z2z2);
        let s2 = self.multiply(&self.multiply(&q.y, &p.z), &z1z1);
        if u1 == u2 {
            return if s1 == s2 {
                self.double(p)
            } else {
                Point::infinity()
            };
        }
        let h = self.subtract(&u2, &u1);
        let i = self.times(&self.multiply(&h, &h), 4);
        let j = self.multiply(&h, &i);
        let r = self.times(&self.subtract(&s2, &s1), 2);
        let v = self.multiply(&u1, &i);
        let x = self.subtract(
            &self.subtract(&self.multiply(&r, &r), &j),
            &self.times(&v, 2),
        );
        let y = self.subtract(
            &self.multiply(&r, &self.subtract(&v, &x)),
            &self.times(&self.multiply(&s1, &j), 2),
        );
        let z = self.times(&self.multiply(&self.multiply(&p.z, &q.z), &h), 2);
        Point { x, y, z }
    }
}

impl Curve {
    /// Number of points: private keys are from 1 to below it.
    pub(super) fn order(&self) -> BigUint {
        number(self.order)
    }

    /// Length of a coordinate and of a private key in bytes.
    pub(super) fn size(&self) -> usize {
        self.prime.len() / 2
    }

    /// Affine coordinates of the base point taken `scalar` times.
    fn multiply_base(&self, scalar: &BigUint) -> (BigUint, BigUint) {
        let field = Field(number(self.prime));
        let base = Point {
            x: number(self.x),
            y: number(self.y),
            z: BigUint::from(1u8),
        };
        let mut point = Point::infinity();
        for byte in scalar.to_bytes_be() {
            for bit in (0..8).rev() {
                point = field.double(&point);
                if byte >> bit & 1 == 1 {
                    point = field.sum(&point, &base);
                }
            }
        }
        let inverse = field.invert(&point.z);
        let square = field.multiply(&inverse, &inverse);
        (
            field.multiply(&point.x, &square),
            field.multiply(&point.y, &field.multiply(&square, &inverse)),
        )
    }

    /// The public key of a private one, uncompressed.
    pub(super) fn public(&self, private: &BigUint) -> Vec<u8> {
        let (x, y) = self.multiply_base(private);
        let mut out = vec![4];
        out.extend(padded(&x, self.size()));
        out.extend(padded(&y, self.size()));
        out
    }

    /// The two numbers of a signature of `message`. `seed` is fresh randomness, 64 bytes or more.
    pub(super) fn sign(
        &self,
        private: &BigUint,
        message: &[u8],
        seed: &[u8],
    ) -> (BigUint, BigUint) {
        let order = self.order();
        let zero = BigUint::default();
        let digest = (self.hash)(message);
        let excess = (digest.len() * 8).saturating_sub(order.bits());
        let digest_number = BigUint::from_bytes_be(&digest) >> excess;
        let scalars = Field(order.clone());
        for attempt in 0u32.. {
            // The nonce depends on key and message too: randomness that repeats does no harm.
            let mut wide = Vec::new();
            for part in 0u8..2 {
                let mut hash = Sha512::new();
                hash.update([part]);
                hash.update(attempt.to_be_bytes());
                hash.update(padded(private, self.size()));
                hash.update(&digest);
                hash.update(seed);
                wide.extend_from_slice(&hash.finalize());
            }
            let nonce = BigUint::from_bytes_be(&wide) % &order;
            if nonce == zero {
                continue;
            }
            let r = self.multiply_base(&nonce).0 % &order;
            let sum = (&digest_number + &r * private) % &order;
            let s = scalars.multiply(&scalars.invert(&nonce), &sum);
            if r != zero && s != zero {
                return (r, s);
            }
        }
        (zero.clone(), zero)
    }
}

/// Big-endian bytes, with zeros in front up to `size`.
pub(super) fn padded(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut out = vec![0; size.saturating_sub(bytes.len())];
    out.extend_from_slice(&bytes);
    out
}
