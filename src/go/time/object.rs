//! Times, durations, zones, months and days of the week as templates hold them.

use std::any::Any;
use std::cmp::Ordering;

use super::civil::Civil;
use super::format::{MONTHS, WEEK_DAYS};
use super::{Duration, Time, Zone};
use crate::value::{Fault, Method, Object, Text, Type, Value};

impl Time {
    /// Go's `time.Time`.
    pub const TYPE: Type = Type::Named {
        name: "time.Time",
        underlying: &Type::Struct("time.Time"),
        methods: TIME,
    };

    /// What `String` prints.
    const LAYOUT: &[u8] = b"2006-01-02 15:04:05.999999999 -0700 MST";
}

impl Duration {
    /// Go's `time.Duration`.
    pub const TYPE: Type = Type::Named {
        name: "time.Duration",
        underlying: &Type::INT64,
        methods: DURATION,
    };
}

impl Object for Time {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &Time::TYPE
    }

    fn text(&self) -> Option<Text> {
        Some(self.format(Time::LAYOUT).into())
    }

    fn json(&self) -> Value {
        Value::string(self.format(b"2006-01-02T15:04:05.999999999Z07:00"))
    }
}

impl Object for Duration {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &Duration::TYPE
    }

    fn text(&self) -> Option<Text> {
        Some(self.to_string().into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int64(self.0))
    }
}

/// The types as parameters name them. A constant cannot name itself, and types are compared by
/// name, so these go without their methods.
const TIME_PARAMETER: Type = Type::Named {
    name: "time.Time",
    underlying: &Type::Struct("time.Time"),
    methods: &[],
};
const DURATION_PARAMETER: Type = Type::Named {
    name: "time.Duration",
    underlying: &Type::INT64,
    methods: &[],
};

/// A `*time.Location`.
struct Location(Zone);

const LOCATION: Type = Type::Pointer(&Type::Named {
    name: "time.Location",
    underlying: &Type::Struct("time.Location"),
    methods: &[method("String", &[], |receiver, _| {
        match receiver.as_object::<Location>() {
            Some(Location(zone)) => Ok(zone.name().into()),
            None => Err(Fault::from(WRONG)),
        }
    })],
});

impl Object for Location {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &LOCATION
    }

    fn text(&self) -> Option<Text> {
        Some(self.0.name().into())
    }
}

/// A `time.Month` or `time.Weekday`: a number with a name.
struct Named {
    go_type: &'static Type,
    number: i64,
    name: &'static str,
}

const NAMED: &[Method] = &[method("String", &[], |receiver, _| {
    receiver
        .as_object::<Named>()
        .map(|named| named.name.into())
        .ok_or_else(|| WRONG.into())
})];
const MONTH: Type = Type::Named {
    name: "time.Month",
    underlying: &Type::INT,
    methods: NAMED,
};
const WEEK_DAY: Type = Type::Named {
    name: "time.Weekday",
    underlying: &Type::INT,
    methods: NAMED,
};

impl Object for Named {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        self.go_type
    }

    fn text(&self) -> Option<Text> {
        Some(self.name.into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Int(self.number))
    }
}

/// The engine checks receivers and arguments; this is what Go would say if it did not.
const WRONG: &str = "runtime error: invalid memory address or nil pointer dereference";

const fn method(
    name: &'static str,
    parameters: &'static [Type],
    call: fn(&Value, &[Value]) -> Result<Value, Fault>,
) -> Method {
    Method {
        name,
        parameters,
        variadic: false,
        call,
    }
}

fn time(value: &Value) -> Result<&Time, Fault> {
    value.as_object().ok_or_else(|| WRONG.into())
}

fn argument(arguments: &[Value], at: usize) -> &Value {
    arguments.get(at).unwrap_or(&Value::Nil)
}

/// A duration, or a number of nanoseconds.
fn duration(value: &Value) -> Duration {
    match value.as_object::<Duration>() {
        Some(duration) => *duration,
        None => Duration(
            value
                .as_integer()
                .and_then(|n| i64::try_from(n).ok())
                .unwrap_or_default(),
        ),
    }
}

fn integer(n: i64) -> Result<Value, Fault> {
    Ok(Value::Int(n))
}

fn compare(receiver: &Value, arguments: &[Value]) -> Result<Ordering, Fault> {
    Ok(time(receiver)?
        .instant()
        .cmp(&time(argument(arguments, 0))?.instant()))
}

/// Rounds the time since Go's zero time.
fn to_multiple(
    receiver: &Value,
    arguments: &[Value],
    round: fn(i128, i128) -> i128,
) -> Result<Value, Fault> {
    let (time, multiple) = (time(receiver)?, duration(argument(arguments, 0)));
    if multiple.0 <= 0 {
        return Ok(Value::object(time.clone()));
    }
    let since = (i128::from(time.seconds) - i128::from(super::ZERO)) * 1_000_000_000
        + i128::from(time.nanoseconds);
    let rest = since.rem_euclid(i128::from(multiple.0));
    let change = round(rest, i128::from(multiple.0));
    Ok(Value::object(
        time.add(Duration(i64::try_from(change).unwrap_or_default())),
    ))
}

const TIME: &[Method] = &[
    method("Add", &[DURATION_PARAMETER], |receiver, arguments| {
        Ok(Value::object(
            time(receiver)?.add(duration(argument(arguments, 0))),
        ))
    }),
    method(
        "AddDate",
        &[Type::INT, Type::INT, Type::INT],
        |receiver, arguments| {
            let time = time(receiver)?;
            let part = |at| {
                let n = argument(arguments, at).as_integer().unwrap_or_default();
                n.clamp(-1_000_000_000, 1_000_000_000) as i64
            };
            let civil = time.civil();
            let moved = Civil {
                year: civil.year + part(0),
                month: civil.month + part(1),
                day: civil.day + part(2),
                ..civil
            };
            Ok(Value::object(Time::date(moved, time.zone.clone())))
        },
    ),
    method("After", &[TIME_PARAMETER], |receiver, arguments| {
        Ok(Value::Bool(compare(receiver, arguments)?.is_gt()))
    }),
    method("Before", &[TIME_PARAMETER], |receiver, arguments| {
        Ok(Value::Bool(compare(receiver, arguments)?.is_lt()))
    }),
    method("Compare", &[TIME_PARAMETER], |receiver, arguments| {
        integer(compare(receiver, arguments)? as i64)
    }),
    method("Day", &[], |receiver, _| {
        integer(time(receiver)?.civil().day)
    }),
    method("Equal", &[TIME_PARAMETER], |receiver, arguments| {
        Ok(Value::Bool(
            time(receiver)?.same_instant(time(argument(arguments, 0))?),
        ))
    }),
    method("Format", &[Type::STRING], |receiver, arguments| {
        let layout = argument(arguments, 0)
            .as_text()
            .cloned()
            .unwrap_or_default();
        Ok(Value::string(time(receiver)?.format(&layout)))
    }),
    method("Hour", &[], |receiver, _| {
        integer(time(receiver)?.civil().hour)
    }),
    method("In", &[LOCATION], |receiver, arguments| {
        let Some(Location(zone)) = argument(arguments, 0).as_object() else {
            return Err("time: missing Location in call to Time.In".into());
        };
        Ok(Value::object(time(receiver)?.within(zone.clone())))
    }),
    method("IsDST", &[], |receiver, _| {
        let time = time(receiver)?;
        Ok(Value::Bool(time.zone.is_summer_time(time.seconds)))
    }),
    method("IsZero", &[], |receiver, _| {
        Ok(Value::Bool(time(receiver)?.same_instant(&Time::default())))
    }),
    method("Location", &[], |receiver, _| {
        Ok(Value::object(Location(time(receiver)?.zone.clone())))
    }),
    method("Minute", &[], |receiver, _| {
        integer(time(receiver)?.civil().minute)
    }),
    method("Month", &[], |receiver, _| {
        let number = time(receiver)?.civil().month;
        let name = MONTHS[usize::try_from(number - 1).unwrap_or_default() % 12];
        Ok(Value::object(Named {
            go_type: &MONTH,
            number,
            name,
        }))
    }),
    method("Nanosecond", &[], |receiver, _| {
        integer(time(receiver)?.nanoseconds.into())
    }),
    method("Round", &[DURATION_PARAMETER], |receiver, arguments| {
        to_multiple(receiver, arguments, |rest, multiple| {
            if rest * 2 < multiple {
                -rest
            } else {
                multiple - rest
            }
        })
    }),
    method("Second", &[], |receiver, _| {
        integer(time(receiver)?.civil().second)
    }),
    method("String", &[], |receiver, _| {
        Ok(Value::string(time(receiver)?.format(Time::LAYOUT)))
    }),
    method("Sub", &[TIME_PARAMETER], |receiver, arguments| {
        Ok(Value::object(
            time(receiver)?.since(time(argument(arguments, 0))?),
        ))
    }),
    method("Truncate", &[DURATION_PARAMETER], |receiver, arguments| {
        to_multiple(receiver, arguments, |rest, _| -rest)
    }),
    method("UTC", &[], |receiver, _| {
        Ok(Value::object(time(receiver)?.within(Zone::Utc)))
    }),
    method("Unix", &[], |receiver, _| {
        Ok(Value::Int64(time(receiver)?.seconds))
    }),
    method("UnixMicro", &[], |receiver, _| unix(receiver, 1_000_000)),
    method("UnixMilli", &[], |receiver, _| unix(receiver, 1_000)),
    method("UnixNano", &[], |receiver, _| unix(receiver, 1_000_000_000)),
    method("Weekday", &[], |receiver, _| {
        let number = time(receiver)?.civil().week_day();
        let name = WEEK_DAYS[number % 7];
        let number = i64::try_from(number).unwrap_or_default();
        Ok(Value::object(Named {
            go_type: &WEEK_DAY,
            number,
            name,
        }))
    }),
    method("Year", &[], |receiver, _| {
        integer(time(receiver)?.civil().year)
    }),
    method("YearDay", &[], |receiver, _| {
        integer(time(receiver)?.civil().year_day())
    }),
];

/// Parts of a second since 1970, wrapping as Go's integers do.
fn unix(receiver: &Value, parts: i64) -> Result<Value, Fault> {
    let time = time(receiver)?;
    let fraction = i64::from(time.nanoseconds) * parts / 1_000_000_000;
    Ok(Value::Int64(
        time.seconds.wrapping_mul(parts).wrapping_add(fraction),
    ))
}

const DURATION: &[Method] = &[
    method("Abs", &[], |receiver, _| {
        Ok(Value::object(Duration(
            duration(receiver).0.saturating_abs(),
        )))
    }),
    method("Hours", &[], |receiver, _| {
        float(receiver, 3_600_000_000_000)
    }),
    method("Microseconds", &[], |receiver, _| {
        Ok(Value::Int64(duration(receiver).0 / 1_000))
    }),
    method("Milliseconds", &[], |receiver, _| {
        Ok(Value::Int64(duration(receiver).0 / 1_000_000))
    }),
    method("Minutes", &[], |receiver, _| {
        float(receiver, 60_000_000_000)
    }),
    method("Nanoseconds", &[], |receiver, _| {
        Ok(Value::Int64(duration(receiver).0))
    }),
    method("Round", &[DURATION_PARAMETER], |receiver, arguments| {
        Ok(Value::object(
            duration(receiver).round(duration(argument(arguments, 0))),
        ))
    }),
    method("Seconds", &[], |receiver, _| float(receiver, 1_000_000_000)),
    method("String", &[], |receiver, _| {
        Ok(Value::string(duration(receiver).to_string()))
    }),
    method("Truncate", &[DURATION_PARAMETER], |receiver, arguments| {
        Ok(Value::object(
            duration(receiver).truncate(duration(argument(arguments, 0))),
        ))
    }),
];

/// Whole and broken units, added as Go adds them.
fn float(receiver: &Value, unit: i64) -> Result<Value, Fault> {
    let n = duration(receiver).0;
    #[expect(clippy::cast_precision_loss, reason = "Go computes it so")]
    Ok(Value::Float64(
        (n / unit) as f64 + (n % unit) as f64 / unit as f64,
    ))
}
