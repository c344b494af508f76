//! Values: layered from files and flags, coalesced with the defaults of charts.

mod coalesce;
pub(super) mod document;
mod layer;
pub(super) mod node;
mod origin;

use std::sync::Arc;

pub use coalesce::{coalesce, coalesce_tables};
pub(super) use coalesce::{endless, merge_defaults, merge_tables};
pub use layer::{Disk, Files, Layers, Options, layer};
pub use origin::trace;

use crate::value::{Frozen, FrozenMap};

/// Reads a values file: all its YAML documents, later ones over earlier ones (`loader.LoadValues`).
///
/// # Errors
/// Helm's text, without the file's name.
pub fn parse(text: &[u8]) -> Result<FrozenMap, String> {
    document::load(text).map_err(document::Unreadable::into_message)
}

/// Puts `source` over `target`: maps are merged, all else is replaced (`loader.MergeMaps`).
pub fn merge_maps(target: &mut FrozenMap, source: FrozenMap) {
    if target.is_empty() {
        *target = source;
        return;
    }
    for (key, value) in source {
        match (target.get_mut(&*key), value) {
            (Some(Frozen::Map(present)), Frozen::Map(ref mut map)) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    let map = Arc::unwrap_or_clone(std::mem::take(map));
                    merge_maps(Arc::make_mut(present), map);
                });
            }
            (Some(present), value) => *present = value,
            (None, value) => {
                target.insert(key, value);
            }
        }
    }
}

/// What Go calls the type of a value (`%T`).
pub(super) fn type_name(value: &Frozen) -> &'static str {
    match value {
        Frozen::Null => "nil",
        Frozen::Bool(_) => "bool",
        Frozen::Int(_) => "int64",
        Frozen::Float(_) => "float64",
        Frozen::String(_) => "string",
        Frozen::List(_) => "[]interface {}",
        Frozen::Map(_) => "map[string]interface {}",
    }
}
