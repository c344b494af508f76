//! Text as times: a layout and a text go in, a time or Go's error comes out (`time.Parse`).

use super::civil::{Civil, days_before, days_in, is_leap};
use super::format::{MONTHS, WEEK_DAYS};
use super::layout::{self, Element, OffsetForm};
use super::{Time, Zone};
use crate::go::strconv;

/// What a text did not have where the layout wanted it.
enum Problem {
    /// It does not look like the element.
    Bad,
    /// It does, but the number is too large.
    Range(&'static str),
}

type Step<'a, T> = Result<(T, &'a [u8]), Problem>;

/// What has been read so far; `None` and -1 are Go's own marks of absence.
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    year_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: u32,
    pm: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    zone_name: Vec<u8>,
}

/// `time.ParseInLocation`: reads `value` by `layout`, in zone `local` where it names none.
///
/// # Errors
/// Go's `time.ParseError` text.
pub fn parse(layout: &[u8], value: &[u8], local: &Zone) -> Result<Time, String> {
    let mut fields = Fields {
        year: 0,
        month: -1,
        day: -1,
        year_day: -1,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        pm: None,
        utc: false,
        offset: None,
        zone_name: Vec::new(),
    };
    let said = |message: String| Err(format!("parsing time {}{message}", strconv::quote(value)));
    let cannot = |rest: &[u8], wanted: &[u8]| {
        said(format!(
            " as {}: cannot parse {} as {}",
            strconv::quote(layout),
            strconv::quote(rest),
            strconv::quote(wanted)
        ))
    };
    let (mut template, mut rest) = (layout, value);
    loop {
        let chunk = layout::next(template);
        rest = match skip(rest, chunk.prefix) {
            Ok(rest) => rest,
            Err(at) => return cannot(at, chunk.prefix),
        };
        template = chunk.rest;
        let Some((element, text)) = chunk.element else {
            if rest.is_empty() {
                break;
            }
            return said(format!(": extra text: {}", strconv::quote(rest)));
        };
        match fields.read(element, rest, template) {
            Ok(((), after)) => rest = after,
            Err(Problem::Bad) => return cannot(rest, text),
            Err(Problem::Range(what)) => return said(format!(": {what} out of range")),
        }
    }
    match fields.pm {
        Some(true) if fields.hour < 12 => fields.hour += 12,
        Some(false) if fields.hour == 12 => fields.hour = 0,
        _ => {}
    }
    if let Err(message) = fields.settle_day() {
        return said(format!(": {message}"));
    }
    Ok(fields.time(local))
}

impl Fields {
    fn read<'a>(&mut self, element: Element, text: &'a [u8], next: &[u8]) -> Step<'a, ()> {
        let rest = match element {
            Element::Year => {
                let (year, rest) = fixed(text, 2)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
                rest
            }
            Element::LongYear => {
                let (year, rest) = fixed(text, 4)?;
                self.year = year;
                rest
            }
            Element::Month => {
                let (month, rest) = name(&MONTHS.map(|name| &name[..3]), text)?;
                self.month = month + 1;
                rest
            }
            Element::LongMonth => {
                let (month, rest) = name(&MONTHS, text)?;
                self.month = month + 1;
                rest
            }
            Element::NumMonth | Element::ZeroMonth => {
                let (month, rest) = two(text, element == Element::ZeroMonth)?;
                self.month = within(month, 1..=12, "month")?;
                rest
            }
            Element::WeekDay => name(&WEEK_DAYS.map(|name| &name[..3]), text)?.1,
            Element::LongWeekDay => name(&WEEK_DAYS, text)?.1,
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                let text = match (element, text) {
                    (Element::UnderDay, [b' ', rest @ ..]) => rest,
                    _ => text,
                };
                let (day, rest) = two(text, element == Element::ZeroDay)?;
                self.day = day;
                rest
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                let mut text = text;
                for _ in 0..2 {
                    if let (Element::UnderYearDay, [b' ', rest @ ..]) = (element, text) {
                        text = rest;
                    }
                }
                let (day, rest) = three(text, element == Element::ZeroYearDay)?;
                self.year_day = day;
                rest
            }
            Element::Hour => {
                let (hour, rest) = two(text, false)?;
                self.hour = within(hour, 0..=23, "hour")?;
                rest
            }
            Element::Hour12 | Element::ZeroHour12 => {
                let (hour, rest) = two(text, element == Element::ZeroHour12)?;
                self.hour = within(hour, 0..=12, "hour")?;
                rest
            }
            Element::Minute | Element::ZeroMinute => {
                let (minute, rest) = two(text, element == Element::ZeroMinute)?;
                self.minute = within(minute, 0..=59, "minute")?;
                rest
            }
            Element::Second | Element::ZeroSecond => {
                let (second, rest) = two(text, element == Element::ZeroSecond)?;
                self.second = within(second, 0..=59, "second")?;
                self.optional_fraction(rest, next)?
            }
            Element::UpperPm => self.half(text, b"PM", b"AM")?,
            Element::LowerPm => self.half(text, b"pm", b"am")?,
            Element::Offset { z, form } => self.offset(text, z, form)?,
            Element::ZoneName => match text {
                [b'U', b'T', b'C', rest @ ..] => {
                    self.utc = true;
                    rest
                }
                _ => {
                    let (name, rest) = text.split_at(zone_name(text).ok_or(Problem::Bad)?);
                    self.zone_name = name.to_vec();
                    rest
                }
            },
            Element::FractionZero(digits) => {
                let length = digits + 1;
                if text.len() < length {
                    return Err(Problem::Bad);
                }
                self.nanosecond = nanoseconds(&text[..length])?;
                &text[length..]
            }
            Element::FractionNine(_) => match text {
                [b'.' | b',', digit, ..] if digit.is_ascii_digit() => {
                    let length = 1 + text[1..].iter().take_while(|b| b.is_ascii_digit()).count();
                    self.nanosecond = nanoseconds(&text[..length])?;
                    &text[length..]
                }
                _ => text,
            },
        };
        Ok(((), rest))
    }

    /// Seconds may have a fraction that the layout does not mention.
    fn optional_fraction<'a>(&mut self, text: &'a [u8], next: &[u8]) -> Result<&'a [u8], Problem> {
        let [b'.' | b',', digit, ..] = text else {
            return Ok(text);
        };
        let expected = layout::next(next).element.map(|(element, _)| element);
        if !digit.is_ascii_digit()
            || matches!(
                expected,
                Some(Element::FractionZero(_) | Element::FractionNine(_))
            )
        {
            return Ok(text);
        }
        let length = 1 + text[1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.nanosecond = nanoseconds(&text[..length])?;
        Ok(&text[length..])
    }

    fn half<'a>(&mut self, text: &'a [u8], pm: &[u8], am: &[u8]) -> Result<&'a [u8], Problem> {
        let (half, rest) = text.split_at_checked(2).ok_or(Problem::Bad)?;
        self.pm = Some(match half {
            _ if half == pm => true,
            _ if half == am => false,
            _ => return Err(Problem::Bad),
        });
        Ok(rest)
    }

    fn offset<'a>(
        &mut self,
        text: &'a [u8],
        z: bool,
        form: OffsetForm,
    ) -> Result<&'a [u8], Problem> {
        if let (true, [b'Z', rest @ ..]) = (z, text) {
            self.utc = true;
            return Ok(rest);
        }
        let zero: &[u8] = b"00";
        let (length, minutes, seconds, colons): (usize, _, _, &[usize]) = match form {
            OffsetForm::Hour => (3, None, None, &[]),
            OffsetForm::Minute => (5, Some(3), None, &[]),
            OffsetForm::ColonMinute => (6, Some(4), None, &[3]),
            OffsetForm::Second => (7, Some(3), Some(5), &[]),
            OffsetForm::ColonSecond => (9, Some(4), Some(7), &[3, 6]),
        };
        let (written, rest) = text.split_at_checked(length).ok_or(Problem::Bad)?;
        if colons.iter().any(|at| written[*at] != b':') {
            return Err(Problem::Bad);
        }
        let part = |at: Option<usize>| at.map_or(zero, |at| &written[at..at + 2]);
        let number = |digits: &[u8]| two(digits, true).map(|(n, _)| n);
        let hours = within(number(part(Some(1)))?, 0..=24, "time zone offset hour")?;
        let minutes = within(number(part(minutes))?, 0..=60, "time zone offset minute")?;
        let seconds = within(number(part(seconds))?, 0..=60, "time zone offset second")?;
        let offset = i32::try_from((hours * 60 + minutes) * 60 + seconds).unwrap_or_default();
        self.offset = Some(match written[0] {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(Problem::Bad),
        });
        Ok(rest)
    }

    /// Makes month and day of the day of the year, or checks that they fit the calendar.
    fn settle_day(&mut self) -> Result<(), &'static str> {
        if self.year_day < 0 {
            self.month = if self.month < 0 { 1 } else { self.month };
            self.day = if self.day < 0 { 1 } else { self.day };
        } else {
            let leap_day = 31 + 29;
            let mut year_day = self.year_day;
            let mut found = None;
            if is_leap(self.year) {
                if year_day == leap_day {
                    found = Some((2, 29));
                } else if year_day > leap_day {
                    year_day -= 1;
                }
            }
            if !(1..=365).contains(&year_day) {
                return Err("day-of-year out of range");
            }
            let (month, day) = found.unwrap_or_else(|| {
                let month = (1..=12)
                    .rev()
                    .find(|month| days_before(*month) < year_day)
                    .unwrap_or(1);
                (month, year_day - days_before(month))
            });
            if self.month >= 0 && self.month != month {
                return Err("day-of-year does not match month");
            }
            if self.day >= 0 && self.day != day {
                return Err("day-of-year does not match day");
            }
            (self.month, self.day) = (month, day);
        }
        if self.day < 1 || self.day > days_in(self.month, self.year) {
            return Err("day out of range");
        }
        Ok(())
    }

    fn time(&self, local: &Zone) -> Time {
        let civil = Civil {
            year: self.year,
            month: self.month,
            day: self.day,
            hour: self.hour,
            minute: self.minute,
            second: self.second,
            nanosecond: self.nanosecond,
        };
        if self.utc {
            return Time::date(civil, Zone::Utc);
        }
        let wall = civil.seconds();
        let name = String::from_utf8_lossy(&self.zone_name).into_owned();
        if let Some(offset) = self.offset {
            let seconds = wall - i64::from(offset);
            let (local_name, local_offset) = local.at(seconds);
            let zone = if local_offset == offset && (name.is_empty() || name == local_name) {
                local.clone()
            } else {
                Zone::Fixed(name, offset)
            };
            return Time::unix(seconds, self.nanosecond, zone);
        }
        if !name.is_empty() {
            if let Some(offset) = local.offset_of(&name, wall) {
                return Time::unix(wall - i64::from(offset), self.nanosecond, local.clone());
            }
            let hours = name
                .strip_prefix("GMT")
                .and_then(|hours| hours.parse::<i32>().ok());
            let offset = hours.unwrap_or_default() * 3_600;
            return Time::unix(
                wall - i64::from(offset),
                self.nanosecond,
                Zone::Fixed(name, offset),
            );
        }
        Time::date(civil, local.clone())
    }
}

/// Passes over the literal text of a layout; blanks match any number of blanks. The error is what
/// was left where it stopped.
fn skip<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    fn unblank(text: &[u8]) -> &[u8] {
        &text[text.iter().take_while(|byte| **byte == b' ').count()..]
    }
    while let Some(first) = prefix.first() {
        if *first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return Err(text);
            }
            (prefix, text) = (unblank(prefix), unblank(text));
            continue;
        }
        if text.first() != Some(first) {
            return Err(text);
        }
        (prefix, text) = (&prefix[1..], &text[1..]);
    }
    Ok(text)
}

fn within(
    n: i64,
    range: std::ops::RangeInclusive<i64>,
    what: &'static str,
) -> Result<i64, Problem> {
    if range.contains(&n) {
        Ok(n)
    } else {
        Err(Problem::Range(what))
    }
}

/// Exactly so many digits.
fn fixed(text: &[u8], count: usize) -> Step<'_, i64> {
    let (digits, rest) = text.split_at_checked(count).ok_or(Problem::Bad)?;
    Ok((decimal(digits)?, rest))
}

fn decimal(digits: &[u8]) -> Result<i64, Problem> {
    digits.iter().try_fold(0i64, |n, digit| match digit {
        b'0'..=b'9' => Ok(n * 10 + i64::from(digit - b'0')),
        _ => Err(Problem::Bad),
    })
}

/// Go's `getnum`: one digit or two.
fn two(text: &[u8], both: bool) -> Step<'_, i64> {
    match text {
        [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => fixed(text, 2),
        [a, ..] if a.is_ascii_digit() && !both => fixed(text, 1),
        _ => Err(Problem::Bad),
    }
}

/// Go's `getnum3`: up to three digits.
fn three(text: &[u8], all: bool) -> Step<'_, i64> {
    let count = text
        .iter()
        .take(3)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 || all && count != 3 {
        return Err(Problem::Bad);
    }
    fixed(text, count)
}

/// The index of the name that a text starts with, in any case.
fn name<'a>(names: &[&str], text: &'a [u8]) -> Step<'a, i64> {
    for (index, name) in (0i64..).zip(names) {
        if let Some((head, rest)) = text.split_at_checked(name.len())
            && head.eq_ignore_ascii_case(name.as_bytes())
        {
            return Ok((index, rest));
        }
    }
    Err(Problem::Bad)
}

/// A mark and digits, of which nine count.
fn nanoseconds(text: &[u8]) -> Result<u32, Problem> {
    let [b'.' | b',', digits @ ..] = text else {
        return Err(Problem::Bad);
    };
    let digits = &digits[..digits.len().min(9)];
    let n = u32::try_from(decimal(digits)?).unwrap_or_default();
    let missing = u32::try_from(9 - digits.len()).unwrap_or_default();
    Ok(n * 10u32.pow(missing))
}

/// Length of the zone's abbreviation that a text starts with (Go: `parseTimeZone`).
fn zone_name(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset(rest));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset(text)).filter(|length| *length > 0);
    }
    match text
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count()
    {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// Length of `+5`, `-12`; 0 where there is none.
fn signed_offset(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else {
        return 0;
    };
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    match decimal(&digits[..count.min(18)]) {
        Ok(hours) if count > 0 && hours <= 23 => 1 + count,
        _ => 0,
    }
}
