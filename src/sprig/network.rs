//! Network: sprig's `network.go`. Helm puts its own function in this one's place.

use super::{argument, function};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

pub(super) const FUNCTIONS: &[Function] =
    &[function("getHostByName", &[Type::STRING], get_host_by_name)];

fn get_host_by_name(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let name = argument::text(arguments, 0)?.to_string();
    // sprig takes any address; the first is as good, and the same each time.
    match caller.world.resolve_host(&name).into_iter().next() {
        Some(address) => Ok(Value::string(address)),
        None => Err(Fault::from("invalid argument to Intn")),
    }
}
