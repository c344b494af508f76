use std::collections::BTreeMap;
use std::sync::Arc;

use super::{List, Map, Text, Type, Value};

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

    /// A live copy that shares nothing but texts.
    pub fn thaw(&self) -> Value {
        match self {
            Frozen::Null => Value::Nil,
            Frozen::Bool(value) => Value::Bool(*value),
            Frozen::Int(n) => Value::Int64(*n),
            Frozen::Float(n) => Value::Float64(*n),
            Frozen::String(text) => Value::String(text.clone()),
            Frozen::List(list) => Value::List(List::new(
                &Type::LIST,
                list.iter().map(Frozen::thaw).collect(),
            )),
            Frozen::Map(map) => Value::Map(Frozen::thaw_map(map, &Type::MAP)),
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
