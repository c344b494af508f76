//! `dario.cat/mergo` 1.0.1: `Merge` and `MergeWithOverwrite` of maps.

use super::default::is_empty;
use crate::value::{Fault, Kind, Map, Value};

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

/// Merges `source` into `destination`, in place. Values of the source are shared, not copied.
///
/// # Errors
/// Where a map meets a pointer, and where maps hold themselves.
pub(super) fn merge(destination: &Map, source: &Map, precedence: Precedence) -> Result<(), Fault> {
    level(destination, source, precedence, 0)
}

fn level(
    destination: &Map,
    source: &Map,
    precedence: Precedence,
    depth: usize,
) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::from("merge: the maps are nested too deeply"));
    }
    let overwrite = precedence == Precedence::Source;
    for (key, new) in source.snapshot() {
        let old = destination.get(&key);
        if matches!(new, Value::Nil) {
            if overwrite {
                destination.insert(key, new);
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
                return Err(Fault::from("src and dst must be of same type"));
            }
            _ if kind == Kind::Slice && (overwrite || destination.is_empty()) => {
                destination.insert(key.clone(), new.clone());
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
        destination.insert(key, new);
    }
    Ok(())
}
