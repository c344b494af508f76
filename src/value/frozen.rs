//! Immutable values, shared by layers and threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{List, Map, Text, Type, Value};

/// Stack that has to be left, and how much more is taken where it is not.
const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// The entries of a frozen map.
pub type FrozenMap = BTreeMap<Text, Frozen>;

/// Immutable data, shared between layers and threads; change it with [`Arc::make_mut`], which
/// copies only what is shared.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Frozen {
    /// `null`
    #[default]
    Null,
    /// `bool`
    Bool(bool),
    /// `int64`: from `--set` only, since numbers of files are floats.
    Int(i64),
    /// `float64`
    Float(f64),
    /// `string`
    String(Text),
    /// `[]interface {}`
    List(Arc<Vec<Frozen>>),
    /// `map[string]interface {}`
    Map(Arc<FrozenMap>),
}

impl Frozen {
    /// An empty map.
    pub fn empty_map() -> Frozen {
        Frozen::Map(Arc::default())
    }

    /// A string.
    pub fn string(text: impl Into<Text>) -> Frozen {
        Frozen::String(text.into())
    }

    /// The entries of a map.
    pub fn as_map(&self) -> Option<&FrozenMap> {
        match self {
            Frozen::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Frozen]> {
        match self {
            Frozen::List(list) => Some(list),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Frozen::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value under `key`, where this is a map that has it.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&Frozen> {
        self.as_map()?.get(key.as_ref())
    }

    /// What `encoding/json` calls a value of this kind in its errors.
    pub fn json_kind(&self) -> &'static str {
        match self {
            Frozen::Null => "null",
            Frozen::Bool(_) => "bool",
            Frozen::Int(_) | Frozen::Float(_) => "number",
            Frozen::String(_) => "string",
            Frozen::List(_) => "array",
            Frozen::Map(_) => "object",
        }
    }

    /// A live copy that shares nothing but texts.
    pub fn thaw(&self) -> Value {
        match self {
            Frozen::Null => Value::Nil,
            Frozen::Bool(value) => Value::Bool(*value),
            Frozen::Int(n) => Value::Int64(*n),
            Frozen::Float(n) => Value::Float64(*n),
            Frozen::String(text) => Value::String(text.clone()),
            Frozen::List(list) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                let items = list.iter().map(Frozen::thaw).collect();
                Value::List(List::new(&Type::LIST, items))
            }),
            Frozen::Map(map) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                Value::Map(Frozen::thaw_map(map, &Type::MAP))
            }),
        }
    }

    /// A live copy of a map, as Go type `go_type`.
    pub fn thaw_map(map: &FrozenMap, go_type: &'static Type) -> Map {
        Map::new(
            go_type,
            map.iter()
                .map(|(key, value)| (key.clone(), value.thaw()))
                .collect(),
        )
    }
}

/// Data may be nested as deep as files are, so what goes with it is dropped one by one, and not each
/// from inside the one before.
impl Drop for Frozen {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        self.detach(&mut pending);
        while let Some(mut value) = pending.pop() {
            value.detach(&mut pending);
        }
    }
}

impl Frozen {
    /// Moves the collections inside, where nobody else holds them, to `pending`.
    fn detach(&mut self, pending: &mut Vec<Frozen>) {
        let is_collection = |value: &Frozen| matches!(value, Frozen::List(_) | Frozen::Map(_));
        match self {
            Frozen::List(list) => {
                if let Some(items) = Arc::get_mut(list) {
                    pending.extend(items.drain(..).filter(is_collection));
                }
            }
            Frozen::Map(map) => {
                if let Some(map) = Arc::get_mut(map) {
                    let entries = std::mem::take(map);
                    pending.extend(entries.into_values().filter(is_collection));
                }
            }
            _ => {}
        }
    }
}
