//! Time zones: a name goes in, offsets and abbreviations come out (`time.Location`).

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Go's `*time.Location`.
#[derive(Clone, Debug)]
pub enum Zone {
    /// `time.UTC`
    Utc,
    /// `time.FixedZone`: a name, maybe empty, and seconds east of UTC.
    Fixed(String, i32),
    /// A zone of the IANA database, and what `String` calls it: its name, or `Local`.
    Region(String, TimeZone),
}

impl Zone {
    /// `time.LoadLocation`; `None` where Go says `unknown time zone`.
    pub fn load(name: &str) -> Option<Zone> {
        match name {
            "" | "UTC" => Some(Zone::Utc),
            _ => {
                let zone = TimeZone::get(name).ok()?;
                // Go opens a file of that name, so the case counts.
                (zone.iana_name() == Some(name)).then(|| Zone::Region(name.to_owned(), zone))
            }
        }
    }

    /// `time.Local`, of the zone that the world calls local.
    pub fn local(name: &str) -> Zone {
        match Zone::load(name) {
            Some(Zone::Region(_, zone)) => Zone::Region("Local".to_owned(), zone),
            _ => Zone::Utc,
        }
    }

    /// Go's `Location.String`.
    pub fn name(&self) -> &str {
        match self {
            Zone::Utc => "UTC",
            Zone::Fixed(name, _) | Zone::Region(name, _) => name,
        }
    }

    /// Seconds east of UTC at an instant.
    pub fn offset(&self, seconds: i64) -> i32 {
        match self {
            Zone::Utc => 0,
            Zone::Fixed(_, offset) => *offset,
            Zone::Region(_, zone) => zone.to_offset(timestamp(seconds)).seconds(),
        }
    }

    /// Abbreviation and seconds east of UTC at an instant.
    pub fn at(&self, seconds: i64) -> (String, i32) {
        match self {
            Zone::Utc => ("UTC".to_owned(), 0),
            Zone::Fixed(name, offset) => (name.clone(), *offset),
            Zone::Region(_, zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                (info.abbreviation().to_owned(), info.offset().seconds())
            }
        }
    }

    /// Whether summer time holds.
    pub fn is_summer_time(&self, seconds: i64) -> bool {
        match self {
            Zone::Region(_, zone) => zone.to_offset_info(timestamp(seconds)).dst().is_dst(),
            _ => false,
        }
    }

    /// The offset that an abbreviation stands for around a wall clock (Go: `Location.lookupName`).
    pub(super) fn offset_of(&self, abbreviation: &str, wall: i64) -> Option<i32> {
        const HALF_YEAR: i64 = 182 * 86_400;
        [0, -HALF_YEAR, HALF_YEAR]
            .into_iter()
            .map(|shift| self.at(wall + shift))
            .find(|(name, _)| name == abbreviation)
            .map(|(_, offset)| offset)
    }
}

/// The database knows fewer years than Go's calendar; its ends stand for what lies beyond.
fn timestamp(seconds: i64) -> Timestamp {
    let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds).unwrap_or_default()
}
