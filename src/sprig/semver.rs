//! Semantic versions: `semver` and `semverCompare`.

use super::{argument, function};
use crate::go::semver::{Constraint, Version, VersionObject};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("semver", &[Type::STRING], semver),
    function(
        "semverCompare",
        &[Type::STRING, Type::STRING],
        semver_compare,
    ),
];

fn semver(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let version = Version::parse(argument::text(arguments, 0)?).map_err(Fault::new)?;
    Ok(Value::object(VersionObject::pointer(version)))
}

fn semver_compare(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let constraint = Constraint::parse(argument::text(arguments, 0)?).map_err(Fault::new)?;
    let version = Version::parse(argument::text(arguments, 1)?).map_err(Fault::new)?;
    Ok(Value::Bool(constraint.check(&version)))
}
