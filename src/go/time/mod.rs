//! Go's `time` (Go 1.26): layouts, durations, zones, as templates see them.

mod civil;
mod duration;
mod format;
mod layout;
mod object;
mod parse;
mod zone;

pub use duration::Duration;
pub use parse::parse;
pub use zone::Zone;

use std::time::{SystemTime, UNIX_EPOCH};

use civil::Civil;

/// Go's `time.Time`: an instant, and the zone to show it in.
#[derive(Clone, Debug)]
pub struct Time {
    /// Seconds since 1970-01-01 UTC.
    seconds: i64,
    /// 0 to 999,999,999.
    nanoseconds: u32,
    zone: Zone,
}

/// Seconds from Go's zero time, 0001-01-01 UTC, to 1970.
const ZERO: i64 = -62_135_596_800;

/// Seconds beyond which no calendar is computed; about ±290 million years.
const LIMIT: i64 = 9_200_000_000_000_000;

const SECOND: i64 = 1_000_000_000;

impl Default for Time {
    /// Go's zero time.
    fn default() -> Time {
        Time::unix(ZERO, 0, Zone::Utc)
    }
}

impl Time {
    /// `time.Unix(seconds, 0).In(zone)`; seconds are kept within what the calendar can hold.
    pub fn unix(seconds: i64, nanoseconds: u32, zone: Zone) -> Time {
        Time {
            seconds: seconds.clamp(-LIMIT, LIMIT),
            nanoseconds,
            zone,
        }
    }

    /// The zone to show it in.
    pub fn location(&self) -> &Zone {
        &self.zone
    }

    /// The time of a clock.
    pub fn from_system(time: SystemTime, zone: Zone) -> Time {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => {
                let seconds = i64::try_from(since.as_secs()).unwrap_or(LIMIT);
                Time::unix(seconds, since.subsec_nanos(), zone)
            }
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).unwrap_or(LIMIT);
                Time::unix(-seconds, 0, zone).add(Duration(-i64::from(before.subsec_nanos())))
            }
        }
    }

    /// `time.Date`: a wall clock in a zone. Months and days may be out of range.
    pub fn date(civil: Civil, zone: Zone) -> Time {
        let wall = civil.seconds().clamp(-LIMIT, LIMIT);
        let guess = zone.offset(wall);
        // The guess looked at the wall clock as if it were UTC, which is wrong near a change.
        let offset = zone.offset(wall - i64::from(guess));
        Time::unix(wall - i64::from(offset), civil.nanosecond, zone)
    }

    /// The same instant in another zone.
    #[must_use]
    pub fn within(&self, zone: Zone) -> Time {
        Time {
            zone,
            ..self.clone()
        }
    }

    /// Whether it is Go's zero time (`Time.IsZero`).
    pub fn is_zero(&self) -> bool {
        self.seconds == ZERO && self.nanoseconds == 0
    }

    /// Seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The later (or earlier) time.
    #[must_use]
    pub fn add(&self, duration: Duration) -> Time {
        let nanoseconds = i64::from(self.nanoseconds) + duration.0 % SECOND;
        let seconds = self.seconds + duration.0 / SECOND + nanoseconds.div_euclid(SECOND);
        let nanoseconds = u32::try_from(nanoseconds.rem_euclid(SECOND)).unwrap_or_default();
        Time::unix(seconds, nanoseconds, self.zone.clone())
    }

    /// The time since `other`, as much of it as a duration holds.
    pub fn since(&self, other: &Time) -> Duration {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let total = seconds * i128::from(SECOND) + i128::from(self.nanoseconds)
            - i128::from(other.nanoseconds);
        Duration(total.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Year to nanosecond in the time's zone.
    pub fn civil(&self) -> Civil {
        let offset = i64::from(self.zone.offset(self.seconds));
        Civil {
            nanosecond: self.nanoseconds,
            ..Civil::from_seconds(self.seconds + offset)
        }
    }

    fn zone(&self) -> (String, i32) {
        self.zone.at(self.seconds)
    }

    fn same_instant(&self, other: &Time) -> bool {
        self.instant() == other.instant()
    }

    fn instant(&self) -> (i64, u32) {
        (self.seconds, self.nanoseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(layout: &str, value: &str) -> Result<String, String> {
        let time = parse(layout.as_bytes(), value.as_bytes(), &Zone::Utc)?;
        let text = time.format(b"2006-01-02 15:04:05.999999999 -0700 MST");
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn times_are_read_as_in_go() {
        for (layout, value, want) in [
            (
                "2006-01-02T15:04:05Z07:00",
                "2024-02-29T13:14:15+02:00",
                "2024-02-29 13:14:15 +0200 +0200",
            ),
            ("2006-01-02", "2024-05-06", "2024-05-06 00:00:00 +0000 UTC"),
            (
                "2006-01-02 MST",
                "2024-01-01 EST",
                "2024-01-01 00:00:00 +0000 EST",
            ),
            (
                "2006-01-02 15:04:05",
                "2024-02-03 04:05:06.789",
                "2024-02-03 04:05:06.789 +0000 UTC",
            ),
            ("06-01-02", "69-01-02", "1969-01-02 00:00:00 +0000 UTC"),
            (
                "_2 Jan 2006",
                " 3 Feb 2024",
                "2024-02-03 00:00:00 +0000 UTC",
            ),
            ("2006 002", "2024 060", "2024-02-29 00:00:00 +0000 UTC"),
            ("2006 002", "2023 365", "2023-12-31 00:00:00 +0000 UTC"),
            ("3:04PM", "07:08PM", "0000-01-01 19:08:00 +0000 UTC"),
        ] {
            assert_eq!(
                again(layout, value),
                Ok(want.to_owned()),
                "{layout} {value}"
            );
        }
        for (layout, value, want) in [
            (
                "2006-01-02",
                "24-1-1",
                "parsing time \"24-1-1\" as \"2006-01-02\": cannot parse \"24-1-1\" as \"2006\"",
            ),
            (
                "2006-01-02",
                "2024-01-01 extra",
                "parsing time \"2024-01-01 extra\": extra text: \" extra\"",
            ),
            (
                "2006-01-02",
                "2024-13-01",
                "parsing time \"2024-13-01\": month out of range",
            ),
            (
                "2006-01-02",
                "2023-02-29",
                "parsing time \"2023-02-29\": day out of range",
            ),
            (
                "3:04PM",
                "07:08am",
                "parsing time \"07:08am\" as \"3:04PM\": cannot parse \"am\" as \"PM\"",
            ),
        ] {
            assert_eq!(
                again(layout, value),
                Err(want.to_owned()),
                "{layout} {value}"
            );
        }
    }

    #[test]
    fn times_are_printed_as_in_go() {
        let new_york = Zone::load("America/New_York").unwrap();
        let time = Time::unix(1_700_000_000, 0, new_york);
        for (layout, want) in [
            (
                "2006-01-02 15:04:05 -0700 MST",
                "2023-11-14 17:13:20 -0500 EST",
            ),
            (
                "Monday Mon January Jan 1 01 2 _2 02 002 __2 3 03 15 4 04 5 05 06 2006 PM pm",
                "Tuesday Tue November Nov 11 11 14 14 14 318 318 5 05 17 13 13 20 20 23 2023 PM pm",
            ),
            (
                "Z07 Z0700 Z07:00 -070000 -07:00:00",
                "-05 -0500 -05:00 -050000 -05:00:00",
            ),
            (".999 ,000 .0000000000", " ,000 .0000000000"),
            ("_2006 Janx Month", "_2023 Janx Month"),
        ] {
            let got = String::from_utf8(time.format(layout.as_bytes())).unwrap();
            assert_eq!(got, want, "{layout}");
        }
    }

    #[test]
    fn unknown_zones_are_not_loaded() {
        assert!(Zone::load("Nope/Zone").is_none());
        assert!(Zone::load("america/new_york").is_none());
    }
}
