//! Times as objects have them.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::go::time::{Time, Zone, parse};

/// Seconds since 1970; written as RFC 3339 has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Time::unix(self.0, 0, Zone::Utc).format(b"2006-01-02T15:04:05Z07:00");
        serializer.serialize_str(&String::from_utf8_lossy(&time))
    }
}

impl Seconds {
    /// A member of an object; nothing where it is no time.
    pub(super) fn of(value: &Value) -> Option<Seconds> {
        let text = value.as_str()?;
        let time = parse(b"2006-01-02T15:04:05Z07:00", text.as_bytes(), &Zone::Utc).ok()?;
        Some(Seconds(time.seconds()))
    }
}

/// How long ago something was, in the words of [`span`]; clocks that disagree make no ages below zero.
pub fn age(then: Seconds, now: &Time) -> String {
    span(now.seconds() - then.0)
}

/// A time in one or two words, as `kubectl` has ages: `45s`, `5m10s`, `3h`, `2d`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let two = |(big, letter): (i64, char), (small, other): (i64, char)| match small {
        0 => format!("{big}{letter}"),
        _ => format!("{big}{letter}{small}{other}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => two((seconds / 60, 'm'), (seconds % 60, 's')),
        600..10_800 => format!("{}m", seconds / 60),
        10_800..28_800 => two((seconds / 3600, 'h'), (seconds % 3600 / 60, 'm')),
        28_800..172_800 => format!("{}h", seconds / 3600),
        172_800..691_200 => two((seconds / 86_400, 'd'), (seconds % 86_400 / 3600, 'h')),
        _ => format!("{}d", seconds / 86_400),
    }
}
