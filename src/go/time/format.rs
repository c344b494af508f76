//! Times as text: a time and a layout go in, text comes out (`time.Time.Format`).

use super::Time;
use super::layout::{self, Element, OffsetForm};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEK_DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

impl Time {
    /// Go's `Time.Format`.
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        let civil = self.civil();
        let mut out = Vec::with_capacity(layout.len() + 10);
        let mut rest = layout;
        loop {
            let chunk = layout::next(rest);
            out.extend_from_slice(chunk.prefix);
            rest = chunk.rest;
            let Some((element, text)) = chunk.element else {
                return out;
            };
            let month = MONTHS[usize::try_from(civil.month - 1).unwrap_or_default() % 12];
            let week_day = WEEK_DAYS[civil.week_day()];
            let hour12 = match civil.hour % 12 {
                0 => 12,
                hour => hour,
            };
            match element {
                Element::Year => number(civil.year.max(0) % 100, 2, &mut out),
                Element::LongYear => number(civil.year, 4, &mut out),
                Element::Month => out.extend_from_slice(&month.as_bytes()[..3]),
                Element::LongMonth => out.extend_from_slice(month.as_bytes()),
                Element::NumMonth => number(civil.month, 0, &mut out),
                Element::ZeroMonth => number(civil.month, 2, &mut out),
                Element::WeekDay => out.extend_from_slice(&week_day.as_bytes()[..3]),
                Element::LongWeekDay => out.extend_from_slice(week_day.as_bytes()),
                Element::Day => number(civil.day, 0, &mut out),
                Element::UnderDay => out.extend_from_slice(format!("{:2}", civil.day).as_bytes()),
                Element::ZeroDay => number(civil.day, 2, &mut out),
                Element::UnderYearDay => {
                    out.extend_from_slice(format!("{:3}", civil.year_day()).as_bytes());
                }
                Element::ZeroYearDay => number(civil.year_day(), 3, &mut out),
                Element::Hour => number(civil.hour, 2, &mut out),
                Element::Hour12 => number(hour12, 0, &mut out),
                Element::ZeroHour12 => number(hour12, 2, &mut out),
                Element::Minute => number(civil.minute, 0, &mut out),
                Element::ZeroMinute => number(civil.minute, 2, &mut out),
                Element::Second => number(civil.second, 0, &mut out),
                Element::ZeroSecond => number(civil.second, 2, &mut out),
                Element::UpperPm => {
                    out.extend_from_slice(if civil.hour >= 12 { b"PM" } else { b"AM" });
                }
                Element::LowerPm => {
                    out.extend_from_slice(if civil.hour >= 12 { b"pm" } else { b"am" });
                }
                Element::ZoneName => match self.zone() {
                    (name, offset) if name.is_empty() => {
                        write_offset(offset, OffsetForm::Minute, &mut out);
                    }
                    (name, _) => out.extend_from_slice(name.as_bytes()),
                },
                Element::Offset { z, form } => match self.zone() {
                    (_, 0) if z => out.push(b'Z'),
                    (_, offset) => write_offset(offset, form, &mut out),
                },
                Element::FractionZero(digits) => {
                    fraction(text[0], civil.nanosecond, digits, Zeros::Kept, &mut out);
                }
                Element::FractionNine(digits) => {
                    fraction(text[0], civil.nanosecond, digits, Zeros::Cut, &mut out);
                }
            }
        }
    }
}

/// Go's `appendInt`: padded with zeros after the sign.
fn number(n: i64, width: usize, out: &mut Vec<u8>) {
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(format!("{:0width$}", n.unsigned_abs()).as_bytes());
}

fn write_offset(offset: i32, form: OffsetForm, out: &mut Vec<u8>) {
    // Go takes the sign from the whole minutes.
    let minutes = i64::from(offset / 60);
    out.push(if minutes < 0 { b'-' } else { b'+' });
    let (minutes, seconds) = (minutes.abs(), i64::from(offset.abs() % 60));
    number(minutes / 60, 2, out);
    if matches!(form, OffsetForm::ColonMinute | OffsetForm::ColonSecond) {
        out.push(b':');
    }
    if form != OffsetForm::Hour {
        number(minutes % 60, 2, out);
    }
    if form == OffsetForm::ColonSecond {
        out.push(b':');
    }
    if matches!(form, OffsetForm::Second | OffsetForm::ColonSecond) {
        number(seconds, 2, out);
    }
}

#[derive(PartialEq)]
enum Zeros {
    Kept,
    Cut,
}

fn fraction(mark: u8, nanosecond: u32, digits: usize, zeros: Zeros, out: &mut Vec<u8>) {
    let all = format!("{nanosecond:09}");
    let mut kept = &all[..digits.min(9)];
    if zeros == Zeros::Cut {
        kept = kept.trim_end_matches('0');
        if kept.is_empty() {
            return;
        }
    }
    out.push(mark);
    out.extend_from_slice(kept.as_bytes());
    if zeros == Zeros::Kept {
        out.extend(std::iter::repeat_n(b'0', digits.saturating_sub(9)));
    }
}
