//! `Chart.lock`: its text goes in, the locked versions come out, and the other way round
//! (`pkg/chart/v2/dependency.go`, Helm 4.2.4).

use super::Dependency;
use super::decode::{self, Decoder, Failure, find_field};
use crate::go::strconv;
use crate::value::Frozen;

/// `Chart.lock` (`chart.Lock`): the versions that ranges were resolved to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was written (RFC 3339), as it stands in the file; empty for Go's zero time.
    pub generated: String,
    /// Hash of what was asked for and what was found.
    pub digest: String,
    /// Name, version and repository of each chart; `None` where the file has no list.
    pub dependencies: Option<Vec<Dependency>>,
}

impl Lock {
    /// Reads the text of a `Chart.lock`; `None` where it holds nothing.
    ///
    /// # Errors
    /// The message of `sigs.k8s.io/yaml.Unmarshal`.
    pub fn decode(text: &[u8]) -> Result<Option<Lock>, Failure> {
        let mut lock: Option<Lock> = None;
        decode::document(text, |decoder, value| {
            if !matches!(value, Frozen::Null) {
                lock.get_or_insert_default().read(decoder, value);
            }
        })?;
        Ok(lock)
    }

    /// Reads what is JSON already, as in records.
    ///
    /// # Errors
    /// The message of `json.Unmarshal`.
    pub fn decode_json(value: &Frozen) -> Result<Lock, Failure> {
        let mut lock = Lock::default();
        decode::json(value, |decoder, value| lock.read(decoder, value))?;
        Ok(lock)
    }

    fn read(&mut self, decoder: &mut Decoder<'_>, value: &Frozen) {
        for (key, value) in decoder.members(value, "v2.Lock").into_iter().flatten() {
            let Some(name) = find_field(key, &["generated", "digest", "dependencies"]) else {
                continue;
            };
            decoder.field("Lock", name, key, |decoder| match name {
                "generated" => read_time(decoder, value, &mut self.generated),
                "digest" => decoder.string(value, &mut self.digest),
                _ => {
                    let mut list = self.dependencies.take().unwrap_or_default();
                    decoder.list(value, &mut list, "[]*v2.Dependency", Dependency::read);
                    self.dependencies = matches!(value, Frozen::List(_)).then_some(list);
                }
            });
        }
    }
}

/// A `time.Time`, kept as it is written.
pub(crate) fn read_time(decoder: &mut Decoder<'_>, value: &Frozen, out: &mut String) {
    match value {
        Frozen::Null => {}
        Frozen::String(text) => {
            let text = text.to_str_lossy();
            match check_time(&text) {
                Ok(()) => *out = text.into_owned(),
                Err(error) => decoder.error(error),
            }
        }
        _ => decoder.error("Time.UnmarshalJSON: input is not a JSON string".to_owned()),
    }
}

/// Whether `time.Parse(time.RFC3339, text)` would take it.
fn check_time(text: &str) -> Result<(), String> {
    let fail = |rest: &str, element: &str| {
        Err(format!(
            "parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse {} as {}",
            strconv::quote(text.as_bytes()),
            strconv::quote(rest.as_bytes()),
            strconv::quote(element.as_bytes())
        ))
    };
    let out_of_range = |what: &str| {
        Err(format!(
            "parsing time {}: {what} out of range",
            strconv::quote(text.as_bytes())
        ))
    };
    let mut rest = text;
    let mut numbers = [0u32; 6];
    let layout = [
        ("2006", 4, "-"),
        ("01", 2, "-"),
        ("02", 2, "T"),
        ("15", 2, ":"),
        ("04", 2, ":"),
        ("05", 2, ""),
    ];
    for (slot, (element, digits, separator)) in numbers.iter_mut().zip(layout) {
        let number = rest
            .get(..digits)
            .filter(|text| text.bytes().all(|c| c.is_ascii_digit()));
        let Some(number) = number else {
            return fail(rest, element);
        };
        *slot = number.parse().unwrap_or_default();
        rest = &rest[digits..];
        match rest.strip_prefix(separator) {
            Some(after) => rest = after,
            None => return fail(rest, separator),
        }
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            rest = &fraction[digits..];
        }
    }
    let is_zone = match rest.as_bytes() {
        [b'Z', ..] => {
            rest = &rest[1..];
            true
        }
        [b'+' | b'-', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|c| c.is_ascii_digit()) => {
            rest = &rest[6..];
            true
        }
        _ => false,
    };
    if !is_zone {
        return fail(rest, "Z07:00");
    }
    if !rest.is_empty() {
        return Err(format!(
            "parsing time {}: extra text: {}",
            strconv::quote(text.as_bytes()),
            strconv::quote(rest.as_bytes())
        ));
    }
    let [year, month, day, hour, minute, second] = numbers;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    match () {
        () if !(1..=12).contains(&month) => out_of_range("month"),
        () if hour > 23 => out_of_range("hour"),
        () if minute > 59 => out_of_range("minute"),
        () if second > 59 => out_of_range("second"),
        () if day == 0 || day > days => out_of_range("day"),
        () => Ok(()),
    }
}
