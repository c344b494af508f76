//! Randomness: always the world's, so that a seeded world gives the same again.

use rsa::BigUint;

use super::{argument, bound, function, rune};
use crate::go::base64;
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};
use crate::world::World;

const INT: Type = Type::INT;

pub(super) const FUNCTIONS: &[Function] = &[
    function("randAlpha", &[INT], |caller, arguments| {
        text("randAlpha", caller, arguments, |byte| {
            byte.is_ascii_alphabetic()
        })
    }),
    function("randAlphaNum", &[INT], |caller, arguments| {
        text("randAlphaNum", caller, arguments, |byte| {
            byte.is_ascii_alphanumeric()
        })
    }),
    function("randAscii", &[INT], |caller, arguments| {
        text("randAscii", caller, arguments, |byte| {
            (b' '..=b'~').contains(&byte)
        })
    }),
    function("randBytes", &[INT], bytes),
    function("randInt", &[INT, INT], int),
    function("randNumeric", &[INT], |caller, arguments| {
        text("randNumeric", caller, arguments, |byte| {
            byte.is_ascii_digit()
        })
    }),
    function("shuffle", &[Type::STRING], shuffle),
    function("uuidv4", &[], uuid),
];

type Outcome = Result<Value, Fault>;

/// A number from 1 to below `end`, all alike.
pub(super) fn number_within(world: &dyn World, end: &BigUint) -> BigUint {
    let bits = end.bits();
    let mut bytes = vec![0; bits.div_ceil(8)];
    loop {
        world.fill_random(&mut bytes);
        if let Some(first) = bytes.first_mut() {
            *first &= 0xff >> ((8 - bits % 8) % 8);
        }
        let number = BigUint::from_bytes_be(&bytes);
        if number != BigUint::default() && number < *end {
            return number;
        }
    }
}

/// A number from 0 to below `end`, all alike.
fn below(world: &dyn World, end: u64) -> u64 {
    // Numbers from here on would make some remainders more likely.
    let fair = u64::MAX - u64::MAX % end;
    let mut bytes = [0; 8];
    loop {
        world.fill_random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < fair {
            return number % end;
        }
    }
}

/// As many characters as the first argument says; none where it is negative.
fn text(
    function: &str,
    caller: &mut Caller<'_>,
    arguments: &[Value],
    belongs: fn(u8) -> bool,
) -> Outcome {
    let count = usize::try_from(argument::int(arguments, 0)?).unwrap_or_default();
    bound::text(function, count as u128)?;
    let alphabet: Vec<u8> = (0..=127).filter(|byte| belongs(*byte)).collect();
    // The largest multiple of the alphabet's length: bytes from there on would favour some.
    let fair = 256 - 256 % alphabet.len();
    let mut out = Vec::with_capacity(count);
    let mut block = [0; 256];
    while out.len() < count {
        let block = &mut block[..256.min((count - out.len()) * 2)];
        caller.world.fill_random(block);
        let chosen = block
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair)
            .map(|byte| alphabet[byte % alphabet.len()]);
        out.extend(chosen.take(count - out.len()));
    }
    Ok(Value::string(out))
}

fn bytes(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let count = usize::try_from(argument::int(arguments, 0)?)
        .map_err(|_| Fault::from("runtime error: makeslice: len out of range"))?;
    bound::text("randBytes", count as u128)?;
    let mut bytes = vec![0; count];
    caller.world.fill_random(&mut bytes);
    Ok(Value::string(base64::encode(bytes)))
}

fn int(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let least = argument::int(arguments, 0)?;
    let end = argument::int(arguments, 1)?;
    let Some(span) = u64::try_from(end.wrapping_sub(least))
        .ok()
        .filter(|span| *span > 0)
    else {
        return Err(Fault::from("invalid argument to Intn"));
    };
    let number = below(caller.world, span);
    Ok(Value::Int(least.wrapping_add(number.cast_signed())))
}

/// Go: `xstrings.Shuffle`.
fn shuffle(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let mut runes: Vec<char> = rune::runes(argument::text(arguments, 0)?).collect();
    for index in (1..runes.len()).rev() {
        let other = below(caller.world, index as u64 + 1) as usize;
        runes.swap(index, other);
    }
    Ok(Value::string(runes.into_iter().collect::<String>()))
}

fn uuid(caller: &mut Caller<'_>, _: &[Value]) -> Outcome {
    let mut bytes = [0; 16];
    caller.world.fill_random(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut out = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    Ok(Value::string(out))
}
