//! `dario.cat/mergo` 1.0.1: `Merge` and `MergeWithOverwrite` of maps.

use super::default::is_empty;
use crate::value::{Fault, Kind, Map, Text, Type, Value};

/// Whose value stays where both maps have one that is not empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Precedence {
    /// Go: `mergo.Merge`
    Destination,
    /// Go: `mergo.MergeWithOverwrite`
    Source,
}

/// Levels of maps in maps; Go would overflow its stack later, on maps that hold themselves.
const DEPTH: usize = 10_000;

/// How a merge fails: sprig's `merge` swallows what mergo returns, but not what panics.
pub(super) enum Failure {
    Returned(Fault),
    Panicked(Fault),
}

/// Merges `source` into `destination`, in place. Values of the source are shared, not copied.
///
/// # Errors
/// Where a map meets a pointer, where a map of strings would have to hold something else, and where
/// maps hold themselves.
pub(super) fn merge(
    destination: &Map,
    source: &Map,
    precedence: Precedence,
) -> Result<(), Failure> {
    level(destination, source, precedence, 0)
}

fn level(
    destination: &Map,
    source: &Map,
    precedence: Precedence,
    depth: usize,
) -> Result<(), Failure> {
    if depth > DEPTH {
        let fault = Fault::from("merge: the maps are nested too deeply");
        return Err(Failure::Panicked(fault));
    }
    let overwrite = precedence == Precedence::Source;
    for (key, new) in source.snapshot() {
        let old = destination.get(&key);
        if matches!(new, Value::Nil) {
            if overwrite {
                put(destination, key, new, &Type::Any)?;
            }
            continue;
        }
        let kind = new.kind();
        match (&new, &old) {
            // A nil map that lies in another cannot be filled.
            (Value::Map(new), Some(Value::Map(old))) if !old.is_nil() => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    level(old, new, precedence, depth + 1)
                })?;
            }
            (_, Some(Value::Object(old)))
                if matches!(kind, Kind::Map | Kind::Struct)
                    && old.go_type().kind() == Kind::Pointer
                    && !overwrite =>
            {
                let fault = Fault::from("src and dst must be of same type");
                return Err(Failure::Returned(fault));
            }
            _ if kind == Kind::Slice => {
                let go_type = new.go_type().unwrap_or(&Type::Any);
                if overwrite || destination.is_empty() {
                    put(destination, key.clone(), new.clone(), go_type)?;
                } else if old.is_none() {
                    // Go puts an empty slice here, to replace it below.
                    check(destination, go_type)?;
                }
            }
            _ => {}
        }
        // Asked now, since the merge of two maps may have filled the old one.
        let kept = old.as_ref().filter(|old| !is_empty(old));
        if let Some(old) = kept {
            if kind == Kind::Slice || kind == Kind::Map && old.kind() == Kind::Map {
                continue;
            }
            if !overwrite {
                continue;
            }
        }
        put(
            destination,
            key,
            new,
            source.go_type().element().unwrap_or(&Type::Any),
        )?;
    }
    Ok(())
}

/// Sets an element. Go: `reflect.Value.SetMapIndex` of a value of type `go_type`.
fn put(map: &Map, key: Text, value: Value, go_type: &Type) -> Result<(), Failure> {
    check(map, go_type)?;
    map.insert(key, value);
    Ok(())
}

/// Whether the map can hold what has type `go_type`.
fn check(map: &Map, go_type: &Type) -> Result<(), Failure> {
    match map.go_type().element() {
        Some(element) if *element != Type::Any && element != go_type => {
            Err(Failure::Panicked(Fault::from(format!(
                "reflect.Value.SetMapIndex: value of type {go_type} is not assignable to type {element}"
            ))))
        }
        _ => Ok(()),
    }
}
