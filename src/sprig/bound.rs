//! Limits on what one call may make. Go has none and dies for want of memory; no chart comes near.

use crate::value::Fault;

/// Longest text that one call may make.
const BYTES: u128 = 256 << 20;
/// Most items that one call may make, and most steps that it may take.
const ITEMS: u128 = 10_000_000;

/// Refuses a text of `length` bytes that is too long.
pub(super) fn text(function: &str, length: u128) -> Result<(), Fault> {
    if length > BYTES {
        return Err(Fault::from(format!(
            "{function}: the result would have {length} bytes, the limit is {BYTES}"
        )));
    }
    Ok(())
}

/// Refuses a list of `count` items that is too long.
pub(super) fn items(function: &str, count: u128) -> Result<(), Fault> {
    if count > ITEMS {
        return Err(Fault::from(format!(
            "{function}: the result would have {count} items, the limit is {ITEMS}"
        )));
    }
    Ok(())
}
