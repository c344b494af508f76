//! Values inside a render, with the reference semantics of Go's maps and slices.

use std::cell::{OnceCell, Ref, RefCell, RefMut};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use super::{Kind, Object, Text, Type};

/// A value inside a render. Cloning shares maps and lists, as assignment does in Go.
#[derive(Clone, Default)]
pub enum Value {
    /// An interface that holds nothing.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Int64(i64),
    /// `float64`
    Float64(f64),
    /// The other numeric types.
    Number(Number),
    /// `string`
    String(Text),
    /// `[]byte`
    Bytes(Text),
    /// Any other slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// Everything else.
    Object(Rc<dyn Object>),
}

/// Numbers of the types that are rare in templates.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum Number {
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Uint(u64),
    Uint8(u8),
    Uint16(u16),
    Uint32(u32),
    Uint64(u64),
    Float32(f32),
    /// Real and imaginary part.
    Complex128(f64, f64),
}

impl Number {
    /// Go's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Number::Int8(_) => Kind::Int8,
            Number::Int16(_) => Kind::Int16,
            Number::Int32(_) => Kind::Int32,
            Number::Uint(_) => Kind::Uint,
            Number::Uint8(_) => Kind::Uint8,
            Number::Uint16(_) => Kind::Uint16,
            Number::Uint32(_) => Kind::Uint32,
            Number::Uint64(_) => Kind::Uint64,
            Number::Float32(_) => Kind::Float32,
            Number::Complex128(..) => Kind::Complex128,
        }
    }
}

impl Value {
    /// A string.
    pub fn string(text: impl Into<Text>) -> Value {
        Value::String(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(List::new(&Type::LIST, items))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::List(List::new(
            &Type::STRINGS,
            items.into_iter().map(Value::string).collect(),
        ))
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: impl IntoIterator<Item = (Text, Value)>) -> Value {
        Value::Map(Map::new(&Type::MAP, entries.into_iter().collect()))
    }

    /// An object.
    pub fn object(object: impl Object) -> Value {
        Value::Object(Rc::new(object))
    }

    /// Go's type; `None` for nil.
    pub fn go_type(&self) -> Option<&'static Type> {
        const fn basic(kind: Kind) -> &'static Type {
            match kind {
                Kind::Int8 => &Type::Basic(Kind::Int8),
                Kind::Int16 => &Type::Basic(Kind::Int16),
                Kind::Int32 => &Type::Basic(Kind::Int32),
                Kind::Uint => &Type::Basic(Kind::Uint),
                Kind::Uint8 => &Type::Basic(Kind::Uint8),
                Kind::Uint16 => &Type::Basic(Kind::Uint16),
                Kind::Uint32 => &Type::Basic(Kind::Uint32),
                Kind::Uint64 => &Type::Basic(Kind::Uint64),
                Kind::Float32 => &Type::Basic(Kind::Float32),
                _ => &Type::Basic(Kind::Complex128),
            }
        }
        Some(match self {
            Value::Nil => return None,
            Value::Bool(_) => &Type::BOOL,
            Value::Int(_) => &Type::INT,
            Value::Int64(_) => &Type::INT64,
            Value::Float64(_) => &Type::FLOAT64,
            Value::Number(number) => basic(number.kind()),
            Value::String(_) => &Type::STRING,
            Value::Bytes(_) => &Type::BYTES,
            Value::List(list) => list.go_type(),
            Value::Map(map) => map.go_type(),
            Value::Object(object) => object.go_type(),
        })
    }

    /// Go's kind; `Invalid` for nil.
    pub fn kind(&self) -> Kind {
        self.go_type().map_or(Kind::Invalid, Type::kind)
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object, where it is a `T`.
    pub fn as_object<T: Object>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Any signed or unsigned integer as `i128`.
    pub fn as_integer(&self) -> Option<i128> {
        Some(match self {
            Value::Int(n) | Value::Int64(n) => i128::from(*n),
            Value::Number(number) => match *number {
                Number::Int8(n) => n.into(),
                Number::Int16(n) => n.into(),
                Number::Int32(n) => n.into(),
                Number::Uint(n) | Number::Uint64(n) => n.into(),
                Number::Uint8(n) => n.into(),
                Number::Uint16(n) => n.into(),
                Number::Uint32(n) => n.into(),
                Number::Float32(_) | Number::Complex128(..) => return None,
            },
            _ => return None,
        })
    }

    /// A `float64` or `float32`.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float64(n) => Some(*n),
            Value::Number(Number::Float32(n)) => Some(f64::from(*n)),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Int64(n) => write!(f, "{n}i64"),
            Value::Float64(n) => write!(f, "{n}f64"),
            Value::Number(number) => write!(f, "{number:?}"),
            Value::String(text) => write!(f, "{text:?}"),
            Value::Bytes(bytes) => write!(f, "bytes {bytes:?}"),
            Value::List(list) => f.debug_list().entries(list.iter()).finish(),
            Value::Map(map) => f.debug_map().entries(map.borrow().iter()).finish(),
            Value::Object(object) => write!(f, "<{}>", object.go_type()),
        }
    }
}

/// A slice. Nothing in a template can change one but sorting, so it is immutable until then.
#[derive(Clone)]
pub struct List(Rc<ListInner>);

struct ListInner {
    go_type: &'static Type,
    nil: bool,
    items: Vec<Value>,
    /// What the slice became by sorting it in place.
    sorted: OnceCell<Vec<Value>>,
}

/// Loops of templates nest values as deep as they like, so what goes with one is dropped one by one,
/// and not each from inside the one before.
fn drop_all(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(List(mut list)) => {
                if let Some(list) = Rc::get_mut(&mut list) {
                    list.detach(&mut pending);
                }
            }
            Value::Map(Map { mut inner, .. }) => {
                if let Some(map) = Rc::get_mut(&mut inner) {
                    map.detach(&mut pending);
                }
            }
            _ => {}
        }
    }
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

impl ListInner {
    /// Moves the collections inside to `pending`.
    fn detach(&mut self, pending: &mut Vec<Value>) {
        pending.extend(self.items.drain(..).filter(is_collection));
        let sorted = self.sorted.take().unwrap_or_default();
        pending.extend(sorted.into_iter().filter(is_collection));
    }
}

impl Drop for ListInner {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        self.detach(&mut pending);
        drop_all(pending);
    }
}

impl List {
    /// A slice of type `go_type`.
    pub fn new(go_type: &'static Type, items: Vec<Value>) -> List {
        List(Rc::new(ListInner {
            go_type,
            nil: false,
            items,
            sorted: OnceCell::new(),
        }))
    }

    /// Go's nil slice of type `go_type`: empty, and `null` in JSON.
    pub fn nil(go_type: &'static Type) -> List {
        List(Rc::new(ListInner {
            go_type,
            nil: true,
            items: Vec::new(),
            sorted: OnceCell::new(),
        }))
    }

    /// Go's type of the slice.
    pub fn go_type(&self) -> &'static Type {
        self.0.go_type
    }

    /// Whether it is Go's nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Sorts the slice, which every holder sees, as in Go. Sorting again changes nothing, so it is
    /// always to be done in the same order.
    pub fn sort_in_place(&self, order: impl FnMut(&Value, &Value) -> Ordering) {
        self.0.sorted.get_or_init(|| {
            let mut items = self.0.items.clone();
            items.sort_by(order);
            items
        });
    }
}

impl std::ops::Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.0.sorted.get().unwrap_or(&self.0.items)
    }
}

/// A map with string keys, sorted by their bytes. Clones are the same map.
#[derive(Clone)]
pub struct Map {
    go_type: &'static Type,
    inner: Rc<MapInner>,
}

struct MapInner {
    nil: bool,
    entries: RefCell<BTreeMap<Text, Value>>,
}

impl MapInner {
    /// Moves the collections inside to `pending`.
    fn detach(&mut self, pending: &mut Vec<Value>) {
        let entries = std::mem::take(self.entries.get_mut());
        pending.extend(entries.into_values().filter(is_collection));
    }
}

impl Drop for MapInner {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        self.detach(&mut pending);
        drop_all(pending);
    }
}

impl Map {
    /// A map of type `go_type`, whose kind is a map with string keys.
    pub fn new(go_type: &'static Type, entries: BTreeMap<Text, Value>) -> Map {
        Map {
            go_type,
            inner: Rc::new(MapInner {
                nil: false,
                entries: RefCell::new(entries),
            }),
        }
    }

    /// Go's nil map: empty, `null` in JSON; whoever inserts must fail as Go does.
    pub fn nil(go_type: &'static Type) -> Map {
        Map {
            go_type,
            inner: Rc::new(MapInner {
                nil: true,
                entries: RefCell::default(),
            }),
        }
    }

    /// The same map seen through another map type: what one changes, the other shows.
    #[must_use]
    pub fn view_as(&self, go_type: &'static Type) -> Map {
        Map {
            go_type,
            inner: Rc::clone(&self.inner),
        }
    }

    /// A new map of another type that shares nothing but values.
    #[must_use]
    pub fn copy_as(&self, go_type: &'static Type) -> Map {
        Map::new(go_type, self.borrow().clone())
    }

    /// Go's type of the map.
    pub fn go_type(&self) -> &'static Type {
        self.go_type
    }

    /// Whether it is Go's nil map.
    pub fn is_nil(&self) -> bool {
        self.inner.nil
    }

    /// Whether both are one map.
    pub fn same(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    /// An address that stays the same for the map's life, to find cycles.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.inner) as usize
    }

    /// The entries; do not call into templates while holding them.
    pub fn borrow(&self) -> Ref<'_, BTreeMap<Text, Value>> {
        self.inner.entries.borrow()
    }

    /// The entries, to change; do not hold them across calls.
    pub fn borrow_mut(&self) -> RefMut<'_, BTreeMap<Text, Value>> {
        self.inner.entries.borrow_mut()
    }

    /// The value of `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.borrow().get(key.as_ref()).cloned()
    }

    /// Sets `key`.
    pub fn insert(&self, key: impl Into<Text>, value: Value) {
        self.borrow_mut().insert(key.into(), value);
    }

    /// Removes `key`.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.borrow_mut().remove(key.as_ref())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.borrow().is_empty()
    }

    /// A copy of the entries in order, for loops that call back into templates.
    pub fn snapshot(&self) -> Vec<(Text, Value)> {
        self.borrow()
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}
