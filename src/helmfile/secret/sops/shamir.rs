//! Shamir's secret sharing over GF(2^8): a secret from enough of its parts.
//!
//! A part is a point of a polynomial for each byte of the secret, and the place of the points as its
//! last byte; the secret is where the polynomials meet zero.

/// The secret behind `parts`; nothing where they do not belong together.
pub(super) fn combine(parts: &[Vec<u8>]) -> Option<Vec<u8>> {
    let length = parts.first()?.len();
    let is_usable = parts.len() >= 2 && length >= 2;
    if !is_usable || parts.iter().any(|part| part.len() != length) {
        return None;
    }
    let places: Vec<u8> = parts.iter().map(|part| part[length - 1]).collect();
    let mut seen = places.clone();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() != places.len() {
        return None;
    }
    let weights: Vec<u8> = places
        .iter()
        .map(|place| {
            let others = places.iter().filter(|other| *other != place);
            others.fold(1, |weight, other| {
                multiply(weight, multiply(*other, invert(place ^ other)))
            })
        })
        .collect();
    let byte = |at: usize| {
        let terms = parts.iter().zip(&weights);
        terms.fold(0, |sum, (part, weight)| sum ^ multiply(part[at], *weight))
    };
    Some((0..length - 1).map(byte).collect())
}

/// A product modulo x^8 + x^4 + x^3 + x + 1.
fn multiply(mut one: u8, mut two: u8) -> u8 {
    let mut product = 0;
    while two != 0 {
        if two & 1 != 0 {
            product ^= one;
        }
        let carry = one & 0x80 != 0;
        one <<= 1;
        if carry {
            one ^= 0x1b;
        }
        two >>= 1;
    }
    product
}

/// What a number other than zero gives one with: its 254th power.
fn invert(number: u8) -> u8 {
    let mut power = number;
    let mut inverse = 1;
    // 254 is 0b1111_1110.
    for _ in 0..7 {
        power = multiply(power, power);
        inverse = multiply(inverse, power);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_inverses() {
        for number in 1..=255 {
            assert_eq!(multiply(number, invert(number)), 1, "{number}");
        }
        assert_eq!(multiply(0x53, 0xca), 1);
    }

    #[test]
    fn two_points_of_a_line_give_where_it_meets_zero() {
        // y = 7 + 9x and y = 200 + 3x, at 1, 2 and 5.
        let at = |x: u8| vec![7 ^ multiply(9, x), 200 ^ multiply(3, x), x];
        for places in [[1, 2], [2, 5], [5, 1]] {
            let parts: Vec<Vec<u8>> = places.iter().map(|x| at(*x)).collect();
            assert_eq!(combine(&parts).unwrap(), [7, 200]);
        }
        assert_eq!(combine(&[at(1), at(2), at(5)]).unwrap(), [7, 200]);
        assert_eq!(combine(&[at(1), at(1)]), None);
        assert_eq!(combine(&[at(1)]), None);
        assert_eq!(combine(&[at(1), vec![1]]), None);
    }
}
