//! Dates and durations: what sprig makes of Go's `time`.

use super::{argument, function};
use crate::go::strconv;
use crate::go::time::{self, Duration, Time, Zone};
use crate::template::{Caller, Function};
use crate::value::{Fault, Number, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("ago", &[Type::Any], ago),
    function("date", &[Type::STRING, Type::Any], date),
    function(
        "dateInZone",
        &[Type::STRING, Type::Any, Type::STRING],
        date_in_zone,
    ),
    function("dateModify", &[Type::STRING, Time::TYPE], date_modify),
    function(
        "date_in_zone",
        &[Type::STRING, Type::Any, Type::STRING],
        date_in_zone,
    ),
    function("date_modify", &[Type::STRING, Time::TYPE], date_modify),
    function("duration", &[Type::Any], duration),
    function("durationRound", &[Type::Any], duration_round),
    function("htmlDate", &[Type::Any], html_date),
    function(
        "htmlDateInZone",
        &[Type::Any, Type::STRING],
        html_date_in_zone,
    ),
    function(
        "mustDateModify",
        &[Type::STRING, Time::TYPE],
        must_date_modify,
    ),
    function("mustToDate", &[Type::STRING, Type::STRING], must_to_date),
    function(
        "must_date_modify",
        &[Type::STRING, Time::TYPE],
        must_date_modify,
    ),
    function("now", &[], now),
    function("toDate", &[Type::STRING, Type::STRING], to_date),
    function("unixEpoch", &[Time::TYPE], unix_epoch),
];

const HTML: &[u8] = b"2006-01-02";

fn local(caller: &Caller<'_>) -> Zone {
    Zone::local(&caller.world.time_zone())
}

fn clock(caller: &Caller<'_>) -> Time {
    Time::from_system(caller.world.now(), local(caller))
}

/// A time, or seconds since 1970 as `int`, `int64` or `int32`.
fn as_time(value: &Value, caller: &Caller<'_>) -> Option<Time> {
    match value {
        Value::Int(n) | Value::Int64(n) => Some(Time::unix(*n, 0, local(caller))),
        Value::Number(Number::Int32(n)) => Some(Time::unix((*n).into(), 0, local(caller))),
        value => value.as_object::<Time>().cloned(),
    }
}

/// What is no time is now, and an unknown zone is UTC.
fn format(caller: &Caller<'_>, layout: &[u8], date: &Value, zone: &str) -> Value {
    let time = as_time(date, caller).unwrap_or_else(|| clock(caller));
    let zone = match zone {
        "Local" => local(caller),
        name => Zone::load(name).unwrap_or(Zone::Utc),
    };
    Value::string(time.within(zone).format(layout))
}

fn date(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(format(
        caller,
        argument::text(arguments, 0)?,
        argument::any(arguments, 1),
        "Local",
    ))
}

fn date_in_zone(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let zone = argument::text(arguments, 2)?;
    Ok(format(
        caller,
        argument::text(arguments, 0)?,
        argument::any(arguments, 1),
        &zone.to_str_lossy(),
    ))
}

fn html_date(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(format(caller, HTML, argument::any(arguments, 0), "Local"))
}

fn html_date_in_zone(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(format(
        caller,
        HTML,
        argument::any(arguments, 0),
        &argument::text(arguments, 1)?.to_str_lossy(),
    ))
}

fn now(caller: &mut Caller<'_>, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::object(clock(caller)))
}

fn ago(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let now = clock(caller);
    let date = match argument::any(arguments, 0) {
        // Only `date` takes this one.
        Value::Number(_) => None,
        date => as_time(date, caller),
    };
    let since = now.since(&date.unwrap_or_else(|| now.clone()));
    Ok(Value::string(
        since.round(Duration(1_000_000_000)).to_string(),
    ))
}

fn modify(arguments: &[Value]) -> Result<Value, Fault> {
    let duration = Duration::parse(argument::text(arguments, 0)?)?;
    let date = argument::any(arguments, 1)
        .as_object::<Time>()
        .cloned()
        .unwrap_or_default();
    Ok(Value::object(date.add(duration)))
}

fn date_modify(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(modify(arguments).unwrap_or_else(|_| argument::any(arguments, 1).clone()))
}

fn must_date_modify(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    modify(arguments)
}

fn duration(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let seconds = match argument::any(arguments, 0) {
        // Go keeps the nearest number where the text is out of range.
        Value::String(text) => match strconv::parse_int(text, 10, 64) {
            Ok(n) => n,
            Err(_) => saturated(text),
        },
        Value::Int64(n) => *n,
        _ => 0,
    };
    Ok(Value::string(
        Duration(seconds.wrapping_mul(1_000_000_000)).to_string(),
    ))
}

/// What `strconv.ParseInt` returns beside its error: the nearest number where all are digits.
fn saturated(text: &[u8]) -> i64 {
    let (limit, digits) = match text {
        [b'-', digits @ ..] => (i64::MIN, digits),
        [b'+', digits @ ..] => (i64::MAX, digits),
        digits => (i64::MAX, digits),
    };
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if all { limit } else { 0 }
}

/// The largest unit of which there is more than one.
fn duration_round(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3_600 * SECOND;
    const UNITS: [(u64, &str); 6] = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ];
    let duration = match argument::any(arguments, 0) {
        Value::String(text) => Duration::parse(text).unwrap_or_default(),
        Value::Int64(n) => Duration(*n),
        other => match other.as_object::<Time>() {
            Some(time) => clock(caller).since(time),
            None => Duration(0),
        },
    };
    let n = duration.0.unsigned_abs();
    let unit = UNITS.iter().find(|(unit, _)| n > *unit);
    Ok(unit.map_or_else(
        || "0s".into(),
        |(unit, name)| format!("{}{name}", n / unit).into(),
    ))
}

fn parse(caller: &Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let (layout, text) = (argument::text(arguments, 0)?, argument::text(arguments, 1)?);
    Ok(time::parse(layout, text, &local(caller)).map(Value::object)?)
}

fn to_date(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(parse(caller, arguments).unwrap_or_else(|_| Value::object(Time::default())))
}

fn must_to_date(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    parse(caller, arguments)
}

fn unix_epoch(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let date = argument::any(arguments, 0)
        .as_object::<Time>()
        .cloned()
        .unwrap_or_default();
    Ok(Value::string(date.seconds().to_string()))
}
