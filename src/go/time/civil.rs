//! Dates: seconds since 1970 go in, year, month and day come out, and the other way round (`time`).

/// A date and a wall clock in the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Civil {
    /// Astronomical: 0 is 1 BC.
    pub year: i64,
    /// From 1; others wrap into other years.
    pub month: i64,
    /// From 1; others wrap into other months.
    pub day: i64,
    /// Hour of the day.
    pub hour: i64,
    /// Minute of the hour.
    pub minute: i64,
    /// Second of the minute.
    pub second: i64,
    /// Nanosecond of the second.
    pub nanosecond: u32,
}

const DAY: i64 = 86_400;

/// Days of the year before each month, and of the whole year.
const BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// Whether February has 29 days.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month, from 1 to 12.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    if month == 2 && is_leap(year) {
        return 29;
    }
    days_before(month + 1) - days_before(month)
}

/// Days before a month (1 to 13) in a year that is not a leap year.
pub(super) fn days_before(month: i64) -> i64 {
    usize::try_from(month - 1)
        .ok()
        .and_then(|month| BEFORE.get(month))
        .copied()
        .unwrap_or(365)
}

/// Days from 1970-01-01 to a date whose month is from 1 to 12.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719_468
}

impl Civil {
    /// Seconds since 1970, as if the clock were UTC's.
    pub fn seconds(&self) -> i64 {
        let months = self.month - 1;
        let year = self
            .year
            .saturating_add(months.div_euclid(12))
            .clamp(-200_000_000, 200_000_000);
        let days = days(year, months.rem_euclid(12) + 1, 1) + self.day - 1;
        days.saturating_mul(DAY) + self.hour * 3_600 + self.minute * 60 + self.second
    }

    /// The date and clock of UTC.
    pub fn from_seconds(seconds: i64) -> Civil {
        let (days, clock) = (seconds.div_euclid(DAY) + 719_468, seconds.rem_euclid(DAY));
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Civil {
            year,
            month,
            day,
            hour: clock / 3_600,
            minute: clock / 60 % 60,
            second: clock % 60,
            nanosecond: 0,
        }
    }

    /// Day of the year, from 1.
    pub fn year_day(&self) -> i64 {
        let leap = i64::from(self.month > 2 && is_leap(self.year));
        days_before(self.month) + leap + self.day
    }

    /// Day of the week: 0 is Sunday.
    pub fn week_day(&self) -> usize {
        let days = days(self.year, self.month, self.day);
        usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_agree() {
        for (seconds, year, month, day, week_day) in [
            (0, 1970, 1, 1, 4),
            (951_782_400, 2000, 2, 29, 2),
            (-62_135_596_800, 1, 1, 1, 1),
            (1_700_000_000, 2023, 11, 14, 2),
            (-1, 1969, 12, 31, 3),
        ] {
            let civil = Civil::from_seconds(seconds);
            assert_eq!(
                (civil.year, civil.month, civil.day),
                (year, month, day),
                "{seconds}"
            );
            assert_eq!(civil.week_day(), week_day, "{seconds}");
            assert_eq!(civil.seconds(), seconds);
        }
        assert_eq!(
            Civil {
                year: 2024,
                month: 14,
                day: 0,
                ..Civil::default()
            }
            .seconds(),
            1_738_281_600
        );
        assert_eq!(
            Civil {
                year: 2024,
                month: 12,
                day: 31,
                ..Civil::default()
            }
            .year_day(),
            366
        );
    }
}
