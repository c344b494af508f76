//! Number literals: every type that one fits (`Tree.newNumber`).

use super::lex::Kind;
use super::node::Numeral;
use crate::go::strconv;

/// 2^63 and 2^64: from there on a float is no integer of these types.
const INT_END: f64 = 9_223_372_036_854_775_808.0;
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

/// Reads a literal.
///
/// # Errors
/// Go's text of what is wrong with it.
pub(super) fn read(text: &[u8], kind: Kind) -> Result<Numeral, String> {
    let mut number = Numeral::default();
    match kind {
        Kind::CharConstant => {
            let (unit, tail) = text
                .split_first()
                .ok_or(strconv::InvalidSyntax)
                .and_then(|(mark, body)| strconv::unquote_char(body, *mark))
                .map_err(|error| error.to_string())?;
            if tail != b"'" {
                return Err(format!(
                    "malformed character constant: {}",
                    String::from_utf8_lossy(text)
                ));
            }
            number.int = Some(unit.value.into());
            number.uint = Some(unit.value.into());
            number.float = Some(unit.value.into());
            return Ok(number);
        }
        Kind::Complex => {
            let (real, imaginary) = complex(text)?;
            number.complex = Some((real, imaginary));
            simplify(&mut number, real, imaginary);
            return Ok(number);
        }
        _ => {}
    }
    if let Some(digits) = text.strip_suffix(b"i")
        && let Ok(imaginary) = strconv::parse_float(digits, 64)
    {
        number.complex = Some((0.0, imaginary));
        simplify(&mut number, 0.0, imaginary);
        return Ok(number);
    }
    number.uint = strconv::parse_uint(text, 0, 64).ok();
    number.int = strconv::parse_int(text, 0, 64).ok();
    if number.int == Some(0) {
        // Minus zero fits too.
        number.uint = Some(0);
    }
    if let Some(int) = number.int {
        number.float = Some(int as f64);
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Ok(float) = strconv::parse_float(text, 64) {
        if !text.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err(format!("integer overflow: {}", strconv::quote(text)));
        }
        number.float = Some(float);
        take_integers(&mut number, float);
    } else {
        return Err(format!("illegal number syntax: {}", strconv::quote(text)));
    }
    Ok(number)
}

fn take_integers(number: &mut Numeral, float: f64) {
    if float.fract() == 0.0 {
        if (-INT_END..INT_END).contains(&float) {
            number.int = Some(float as i64);
        }
        if (0.0..UINT_END).contains(&float) {
            number.uint = Some(float as u64);
        }
    }
}

fn simplify(number: &mut Numeral, real: f64, imaginary: f64) {
    if imaginary == 0.0 {
        number.float = Some(real);
        take_integers(number, real);
    }
}

/// `fmt.Sscan` of a complex number: two floats with a sign between them, and `i`.
fn complex(text: &[u8]) -> Result<(f64, f64), String> {
    let body = text.strip_suffix(b"i").unwrap_or(text);
    let hexadecimal = body.iter().any(|byte| matches!(byte, b'x' | b'X'));
    let split = (1..body.len())
        .rev()
        .find(|at| {
            let before = body[at - 1].to_ascii_lowercase();
            matches!(body[*at], b'+' | b'-') && !(before == b'p' || before == b'e' && !hexadecimal)
        })
        .unwrap_or(body.len());
    let (real, imaginary) = body.split_at(split);
    if real.ends_with(b"i") {
        return Err("syntax error scanning complex number".to_owned());
    }
    let parse = |text: &[u8]| strconv::parse_float(text, 64).map_err(|error| error.to_string());
    Ok((parse(real)?, parse(imaginary)?))
}
