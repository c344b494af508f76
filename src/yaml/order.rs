//! The order of keys.

use super::resolve::Dialect;

/// Whether go-yaml writes the key `a` before `b`: numbers in them by value, letters after all else.
///
/// This is `keyList.Less` of go.yaml.in/yaml 2.4.3 and 3.0.4. It is no total order: three keys can
/// each be before the next, in a circle.
fn less(a: &[u8], b: &[u8], dialect: Dialect) -> bool {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    match (a.get(common), b.get(common)) {
        // Most keys differ at a letter.
        (Some(x), Some(y)) if x.is_ascii_alphabetic() && y.is_ascii_alphabetic() => return x < y,
        (None, _) => return b.len() > a.len(),
        (_, None) => return false,
        _ => {}
    }
    let runes = |text: &[u8]| -> Vec<char> {
        let mut runes = Vec::with_capacity(text.len());
        for chunk in text.utf8_chunks() {
            runes.extend(chunk.valid().chars());
            runes.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
        }
        runes
    };
    let (a, b) = (runes(a), runes(b));
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len() < b.len();
    };
    let (x, y) = (a[at], b[at]);
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x < y,
        (false, false) => {}
        (x_letter, y_letter) => {
            let after_digit = dialect == Dialect::V3 && at > 0 && a[at - 1].is_ascii_digit();
            return if after_digit { x_letter } else { y_letter };
        }
    }
    // Zeros after a digit are part of a number, not leading.
    let mut start = 0;
    if x == '0' || y == '0' {
        let inside = a[..at]
            .iter()
            .rev()
            .take_while(|c| c.is_ascii_digit())
            .any(|c| *c != '0');
        start = i64::from(inside);
    }
    let number = |runes: &[char]| {
        let digits = runes[at..].iter().take_while(|c| c.is_ascii_digit());
        digits.fold((start, 0), |(value, length), digit| {
            let digit = i64::from(u32::from(*digit) - u32::from('0'));
            (value.wrapping_mul(10).wrapping_add(digit), length + 1)
        })
    };
    let ((a_value, a_length), (b_value, b_length)) = (number(&a), number(&b));
    if a_value != b_value {
        return a_value < b_value;
    }
    if a_length != b_length {
        return a_length < b_length;
    }
    x < y
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic() && !c.is_numeric())
}

/// Sorts by key. The standard library's sort may refuse an order that is not total; this does not.
pub(super) fn sort<T>(items: &mut Vec<T>, key: impl Fn(&T) -> &[u8], dialect: Dialect) {
    let sorted = items
        .windows(2)
        .all(|pair| !less(key(&pair[1]), key(&pair[0]), dialect));
    if sorted {
        return;
    }
    let mut runs: Vec<Vec<T>> = items.drain(..).map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut rest = runs.into_iter();
        while let Some(left) = rest.next() {
            merged.push(match rest.next() {
                Some(right) => merge(left, right, &key, dialect),
                None => left,
            });
        }
        runs = merged;
    }
    items.extend(runs.into_iter().flatten());
}

fn merge<T>(left: Vec<T>, right: Vec<T>, key: &impl Fn(&T) -> &[u8], dialect: Dialect) -> Vec<T> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if less(key(b), key(a), dialect) {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}
