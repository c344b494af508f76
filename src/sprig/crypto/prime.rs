//! Large primes out of the world's randomness.

use rsa::BigUint;

use crate::sprig::random::number_within;
use crate::world::World;

/// Numbers divided by these are not worth a real test.
const SIEVE_END: u32 = 10_000;
/// Odd numbers that one random start is good for.
const WINDOW: usize = 4096;

/// A prime of exactly `bits` bits (a multiple of eight), the two highest of which are set, so that
/// the product of two has twice as many. `fits` may refuse it.
pub(super) fn generate(world: &dyn World, bits: usize, fits: impl Fn(&BigUint) -> bool) -> BigUint {
    let sieve: Vec<u32> = small().collect();
    loop {
        let start = random_odd(world, bits, 0xc0);
        // Whether `start + 2 * index` has a small divisor.
        let mut divisible = vec![false; WINDOW];
        for prime in &sieve {
            let rest = residue(&start, *prime);
            // The first index where start + 2 * index is a multiple: half of what is missing.
            let missing = (prime - rest) % prime;
            let first = if missing.is_multiple_of(2) {
                missing / 2
            } else {
                (missing + prime) / 2
            };
            for index in (first as usize..WINDOW).step_by(*prime as usize) {
                divisible[index] = true;
            }
        }
        for index in (0..WINDOW).filter(|index| !divisible[*index]) {
            let number = &start + 2 * index as u64;
            if number.bits() == bits && passes(&number, world) && fits(&number) {
                return number;
            }
        }
    }
}

/// An odd number of `bits` bits, a multiple of eight, with the bits `high` set in its first byte.
pub(super) fn random_odd(world: &dyn World, bits: usize, high: u8) -> BigUint {
    let mut bytes = vec![0; bits / 8];
    world.fill_random(&mut bytes);
    if let Some(first) = bytes.first_mut() {
        *first |= high;
    }
    if let Some(last) = bytes.last_mut() {
        *last |= 1;
    }
    BigUint::from_bytes_be(&bytes)
}

/// Whether an odd number is prime, to all that is known.
pub(super) fn is_prime(number: &BigUint, world: &dyn World) -> bool {
    small().all(|prime| residue(number, prime) != 0) && passes(number, world)
}

/// The test of Miller and Rabin.
fn passes(number: &BigUint, world: &dyn World) -> bool {
    // Enough for an error below 2^-100 in numbers that nobody chose (FIPS 186-5, table B.1).
    let rounds = if number.bits() >= 1024 { 5 } else { 40 };
    let one = BigUint::from(1u8);
    let less = number - &one;
    let twos = less
        .to_bytes_le()
        .iter()
        .enumerate()
        .find(|(_, byte)| **byte != 0)
        .map_or(0, |(at, byte)| at * 8 + byte.trailing_zeros() as usize);
    let odd = &less >> twos;
    (0..rounds).all(|_| {
        let mut power = number_within(world, &less).modpow(&odd, number);
        if power == one || power == less {
            return true;
        }
        for _ in 1..twos {
            power = (&power * &power) % number;
            if power == less {
                return true;
            }
        }
        false
    })
}

fn residue(number: &BigUint, prime: u32) -> u32 {
    let rest = (number % prime).to_bytes_le();
    rest.iter()
        .rev()
        .fold(0, |value, byte| (value << 8) | u32::from(*byte))
}

/// The odd primes below the sieve's end.
fn small() -> impl Iterator<Item = u32> {
    (3..SIEVE_END).step_by(2).filter(|number| {
        (3..)
            .step_by(2)
            .take_while(|by| by * by <= *number)
            .all(|by| number % by != 0)
    })
}
