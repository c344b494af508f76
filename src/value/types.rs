//! Go's types, as far as templates can see them, with the names that `%T` prints.

use std::fmt;

use super::{Fault, Value};

/// A Go type, as far as templates can see one. `Display` prints what `%T` prints.
///
/// Types are compared with `==`, by structure; named types by name.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// `interface {}`: holds anything, nil included.
    Any,
    /// A basic type; `Kind::Invalid`, `Slice`, `Map`, `Struct`, `Pointer` and `Func` do not occur here.
    Basic(Kind),
    /// `[]T`
    Slice(&'static Type),
    /// `map[K]V`
    Map(&'static Type, &'static Type),
    /// `*T`
    Pointer(&'static Type),
    /// A struct type, by its qualified name.
    Struct(&'static str),
    /// A function type, by its text.
    Func(&'static str),
    /// A named type over another, such as `common.Values` or `time.Duration`, with its methods.
    Named {
        /// Qualified name.
        name: &'static str,
        /// What it is made of.
        underlying: &'static Type,
        /// Methods that templates can call, sorted by name.
        methods: &'static [Method],
    },
}

impl Type {
    /// `bool`
    pub const BOOL: Type = Type::Basic(Kind::Bool);
    /// `string`
    pub const STRING: Type = Type::Basic(Kind::String);
    /// `int`
    pub const INT: Type = Type::Basic(Kind::Int);
    /// `int64`
    pub const INT64: Type = Type::Basic(Kind::Int64);
    /// `float64`
    pub const FLOAT64: Type = Type::Basic(Kind::Float64);
    /// `uint8`
    pub const UINT8: Type = Type::Basic(Kind::Uint8);
    /// `[]interface {}`
    pub const LIST: Type = Type::Slice(&Type::Any);
    /// `[]string`
    pub const STRINGS: Type = Type::Slice(&Type::STRING);
    /// `[]int`
    pub const INTS: Type = Type::Slice(&Type::INT);
    /// `[][]interface {}`
    pub const LISTS: Type = Type::Slice(&Type::LIST);
    /// `[]uint8`
    pub const BYTES: Type = Type::Slice(&Type::UINT8);
    /// `map[string]interface {}`
    pub const MAP: Type = Type::Map(&Type::STRING, &Type::Any);
    /// `map[string]string`
    pub const STRING_MAP: Type = Type::Map(&Type::STRING, &Type::STRING);

    /// Go's `reflect.Kind` of the type.
    pub fn kind(&self) -> Kind {
        match self {
            Type::Any => Kind::Interface,
            Type::Basic(kind) => *kind,
            Type::Slice(_) => Kind::Slice,
            Type::Map(..) => Kind::Map,
            Type::Pointer(_) => Kind::Pointer,
            Type::Struct(_) => Kind::Struct,
            Type::Func(_) => Kind::Func,
            Type::Named { underlying, .. } => underlying.kind(),
        }
    }

    /// The type below a name; itself where it has none.
    pub fn underlying(&self) -> &Type {
        match self {
            Type::Named { underlying, .. } => underlying.underlying(),
            other => other,
        }
    }

    /// What a slice or map holds, or a pointer points to.
    pub fn element(&self) -> Option<&'static Type> {
        match self {
            Type::Slice(element) | Type::Map(_, element) | Type::Pointer(element) => Some(element),
            Type::Named { underlying, .. } => underlying.element(),
            _ => None,
        }
    }

    /// Methods of a named type, or of the type that a pointer points to.
    pub fn methods(&self) -> &'static [Method] {
        match self {
            Type::Named { methods, .. } => methods,
            Type::Pointer(element) => element.methods(),
            _ => &[],
        }
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Any, Type::Any) => true,
            (Type::Basic(a), Type::Basic(b)) => a == b,
            (Type::Slice(a), Type::Slice(b)) | (Type::Pointer(a), Type::Pointer(b)) => a == b,
            (Type::Map(k, v), Type::Map(l, w)) => k == l && v == w,
            (Type::Struct(a), Type::Struct(b))
            | (Type::Func(a), Type::Func(b))
            | (Type::Named { name: a, .. }, Type::Named { name: b, .. }) => a == b,
            _ => false,
        }
    }
}

impl Eq for Type {}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("interface {}"),
            Type::Basic(kind) => kind.fmt(f),
            Type::Slice(element) => write!(f, "[]{element}"),
            Type::Map(key, element) => write!(f, "map[{key}]{element}"),
            Type::Pointer(element) => write!(f, "*{element}"),
            Type::Struct(name) | Type::Func(name) | Type::Named { name, .. } => f.write_str(name),
        }
    }
}

/// A method that templates can call on a value of a named type or on an [`super::Object`].
#[derive(Clone, Copy)]
pub struct Method {
    /// Go's name, capitalised.
    pub name: &'static str,
    /// Types of the arguments after the receiver; the last repeats where `variadic` is set.
    pub parameters: &'static [Type],
    /// Whether the last parameter is Go's `...T`.
    pub variadic: bool,
    /// Does it. The arguments have been checked against `parameters`.
    pub call: fn(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault>,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.name)
    }
}

/// Go's `reflect.Kind`. `Display` prints its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Go's")]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float32,
    Float64,
    Complex128,
    String,
    Interface,
    Slice,
    Map,
    Struct,
    Pointer,
    Func,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Int8 => "int8",
            Kind::Int16 => "int16",
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::Uint => "uint",
            Kind::Uint8 => "uint8",
            Kind::Uint16 => "uint16",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Float32 => "float32",
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Interface => "interface",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Struct => "struct",
            Kind::Pointer => "ptr",
            Kind::Func => "func",
        })
    }
}
