//! Schedules of CronJobs as EventBridge Scheduler writes them.

/// A CronJob's schedule, translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::backend::ecs) struct Schedule {
    /// One expression, or that of the day of month and that of the day of week.
    pub(in crate::backend::ecs) expressions: Vec<String>,
    /// The time zone that the text itself names.
    pub(in crate::backend::ecs) zone: Option<String>,
    /// Whether it never fires.
    pub(in crate::backend::ecs) is_off: bool,
}

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Translates what cron's five fields, `@daily` and the like, `@every 5m`, `rate(...)`, `cron(...)` and
/// `none` say.
///
/// # Errors
/// Why EventBridge cannot say it.
pub(in crate::backend::ecs) fn translate(text: &str) -> Result<Schedule, String> {
    let mut text = text.trim();
    let mut zone = None;
    for prefix in ["TZ=", "CRON_TZ="] {
        if let Some(rest) = text.strip_prefix(prefix) {
            let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            zone = Some(name.to_owned());
            text = rest.trim();
        }
    }
    let one = |expression: String| {
        Ok(Schedule {
            expressions: vec![expression],
            zone: zone.clone(),
            is_off: false,
        })
    };
    if let Some(duration) = text.strip_prefix("@every ") {
        let minutes = minutes(duration.trim())?;
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        return one(format!("rate({minutes} {unit})"));
    }
    match text {
        "@hourly" => return one("cron(0 * * * ? *)".into()),
        "@daily" | "@midnight" => return one("cron(0 0 * * ? *)".into()),
        "@weekly" => return one("cron(0 0 ? * 1 *)".into()),
        "@monthly" => return one("cron(0 0 1 * ? *)".into()),
        "@yearly" | "@annually" => return one("cron(0 0 1 1 ? *)".into()),
        "none" => {
            return Ok(Schedule {
                expressions: vec!["cron(0 0 1 1 ? *)".into()],
                zone,
                is_off: true,
            });
        }
        _ if text.starts_with("rate(") || text.starts_with("cron(") || text.starts_with("at(") => {
            return one(text.to_owned());
        }
        _ => {}
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(format!("{text:?} has not five fields"));
    };
    for (field, low, high) in [(minute, 0, 59), (hour, 0, 23), (day, 1, 31)] {
        check(field, low, high)?;
    }
    check_month(month)?;
    let starred = |field: &str| field.starts_with('*') || field == "?";
    let plain = |field: &str| field == "*" || field == "?";
    let any = |field: &str| {
        if field == "?" {
            "*".to_owned()
        } else {
            field.to_owned()
        }
    };
    let (minute, hour, month) = (any(minute), any(hour), any(month));
    let by_day = || format!("cron({minute} {hour} {} {month} ? *)", any(day));
    let by_weekday = || -> Result<String, String> {
        Ok(format!(
            "cron({minute} {hour} ? {month} {} *)",
            weekdays(weekday)?
        ))
    };
    let expressions = match (plain(day), plain(weekday)) {
        (_, true) => vec![by_day()],
        (true, false) => vec![by_weekday()?],
        (false, false) if starred(day) || starred(weekday) => {
            return Err(format!(
                "{text:?} wants both the day of month and the day of week to match; EventBridge takes one of them"
            ));
        }
        (false, false) => vec![by_day(), by_weekday()?],
    };
    Ok(Schedule {
        expressions,
        zone,
        is_off: false,
    })
}

/// Whole minutes of a Go duration.
fn minutes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no whole number of minutes");
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(wrong)?;
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        rest = &rest[end..];
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        seconds += number
            * match &rest[..end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return Err(wrong()),
            };
        rest = &rest[end..];
    }
    match seconds % 60.0 == 0.0 && (60.0..1e9).contains(&seconds) {
        true => Ok((seconds / 60.0) as u64),
        false => Err(wrong()),
    }
}

/// Whether a field says numbers in a range.
fn check(field: &str, low: u32, high: u32) -> Result<(), String> {
    let wrong = || format!("{field:?} is no field of a schedule from {low} to {high}");
    for part in field.split(',') {
        let (base, step) = match part.split_once('/') {
            Some((base, step)) => (base, Some(step)),
            None => (part, None),
        };
        if step.is_some_and(|step| !step.parse::<u32>().is_ok_and(|step| step > 0)) {
            return Err(wrong());
        }
        if base == "*" || base == "?" {
            continue;
        }
        let (from, to) = base.split_once('-').unwrap_or((base, base));
        let number = |text: &str| text.parse().ok().filter(|n| (low..=high).contains(n));
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => {}
            _ => return Err(wrong()),
        }
    }
    Ok(())
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

fn check_month(field: &str) -> Result<(), String> {
    let mut numbers = field.to_uppercase();
    for (index, name) in MONTHS.iter().enumerate() {
        numbers = numbers.replace(name, &(index + 1).to_string());
    }
    check(&numbers, 1, 12)
}

/// A day of week as EventBridge counts: Sunday is 1. Names and widths of steps stay.
fn weekdays(field: &str) -> Result<String, String> {
    let wrong = || format!("{field:?} is no day of week");
    let mut parts = Vec::new();
    for part in field.split(',') {
        let (base, step) = match part.split_once('/') {
            Some((base, step)) => (base, Some(step)),
            None => (part, None),
        };
        let width = match step {
            Some(step) => Some(
                step.parse::<u32>()
                    .ok()
                    .filter(|step| *step > 0)
                    .ok_or_else(wrong)?,
            ),
            None => None,
        };
        let with_step = |text: String| match width {
            Some(width) => format!("{text}/{width}"),
            None => text,
        };
        if base == "*" || base == "?" {
            parts.push(with_step("*".to_owned()));
            continue;
        }
        match base.split_once('-') {
            None => parts.push(with_step(weekday(base).ok_or_else(wrong)?)),
            Some((from, to)) => {
                let is_named = |text: &str| text.parse::<u32>().is_err();
                if is_named(from) && is_named(to) {
                    let known = |text: &str| weekday(text).is_some();
                    if !known(from) || !known(to) {
                        return Err(wrong());
                    }
                    parts.push(with_step(format!(
                        "{}-{}",
                        from.to_uppercase(),
                        to.to_uppercase()
                    )));
                    continue;
                }
                let (from, to) = (
                    number(from).ok_or_else(wrong)?,
                    number(to).ok_or_else(wrong)?,
                );
                if from > to {
                    return Err(wrong());
                }
                match (to, width) {
                    (7, Some(width)) => {
                        let days = (from..=to).step_by(width as usize);
                        parts.extend(days.map(|day| (day % 7 + 1).to_string()));
                    }
                    (7, None) if from == 0 => parts.push("1-7".to_owned()),
                    (7, None) if from == 7 => parts.push("1".to_owned()),
                    (7, None) if from == 6 => parts.push("7,1".to_owned()),
                    (7, None) => parts.push(format!("{}-7,1", from + 1)),
                    (to, _) => parts.push(with_step(format!("{}-{}", from + 1, to + 1))),
                }
            }
        }
    }
    Ok(parts.join(","))
}

fn number(text: &str) -> Option<u32> {
    let named = DAYS.iter().position(|day| day.eq_ignore_ascii_case(text));
    match named {
        Some(index) => u32::try_from(index).ok(),
        None => text.parse().ok().filter(|day| *day <= 7),
    }
}

fn weekday(text: &str) -> Option<String> {
    match text.parse::<u32>() {
        Ok(day @ 0..=7) => Some((day % 7 + 1).to_string()),
        Ok(_) => None,
        Err(_) => number(text).map(|_| text.to_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_translated_by_values() {
        for (text, want) in [
            ("30 2 * * 1-5", "cron(30 2 ? * 2-6 *)"),
            ("0 9 * * 7", "cron(0 9 ? * 1 *)"),
            ("0 9 * * 0,3", "cron(0 9 ? * 1,4 *)"),
            ("0 9 * * */2", "cron(0 9 ? * */2 *)"),
            ("0 9 * * 1-5/2", "cron(0 9 ? * 2-6/2 *)"),
            ("0 9 * * 5-7", "cron(0 9 ? * 6-7,1 *)"),
            ("0 9 * * 0-6", "cron(0 9 ? * 1-7 *)"),
            ("0 9 * * mon-fri", "cron(0 9 ? * MON-FRI *)"),
            ("*/5 * * * *", "cron(*/5 * * * ? *)"),
            ("0 0 1,15 * *", "cron(0 0 1,15 * ? *)"),
            ("0 0 */2 * *", "cron(0 0 */2 * ? *)"),
            ("0 0 1 JAN-MAR *", "cron(0 0 1 JAN-MAR ? *)"),
            ("0 0 ? * 1", "cron(0 0 ? * 2 *)"),
            ("@hourly", "cron(0 * * * ? *)"),
            ("@daily", "cron(0 0 * * ? *)"),
            ("@weekly", "cron(0 0 ? * 1 *)"),
            ("@monthly", "cron(0 0 1 * ? *)"),
            ("@yearly", "cron(0 0 1 1 ? *)"),
            ("@every 1m", "rate(1 minute)"),
            ("@every 1h30m", "rate(90 minutes)"),
            ("0 0 1 * 1", "cron(0 0 1 * ? *) cron(0 0 ? * 2 *)"),
        ] {
            let found = translate(text).map(|found| found.expressions.join(" "));
            assert_eq!(found.as_deref(), Ok(want), "{text}");
        }
        let zoned = translate("CRON_TZ=Asia/Jakarta 0 1 * * *").unwrap();
        assert_eq!(zoned.zone.as_deref(), Some("Asia/Jakarta"));
        assert!(translate("none").unwrap().is_off);
    }

    #[test]
    fn what_cannot_be_said_is_an_error() {
        for text in [
            "0 0 */2 * 1",
            "0 0 1 * */2",
            "@every 90s",
            "@every 1d",
            "0 0 * *",
            "61 0 * * *",
            "0 0 * * 8",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 5-1 * *",
            "@reboot",
            "0/0 * * * *",
            "",
        ] {
            assert!(translate(text).is_err(), "{text}");
        }
    }
}
