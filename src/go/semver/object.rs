//! Versions inside templates: a version goes in, an object with its methods comes out.

use std::any::Any;
use std::cmp::Ordering;

use super::Version;
use crate::value::{Fault, Method, Number, Object, Text, Type, Value};

const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// A version as templates hold it: a `*semver.Version` with its methods, or the `semver.Version`
/// that some of them return, which has fewer.
pub struct VersionObject {
    version: Version,
    go_type: &'static Type,
}

impl VersionObject {
    /// Go's `semver.Version`.
    pub const TYPE: &'static Type = &VALUE;
    /// Go's `*semver.Version`.
    pub const POINTER: &'static Type = &POINTER;

    /// A `*semver.Version`.
    pub fn pointer(version: Version) -> VersionObject {
        VersionObject {
            version,
            go_type: &POINTER,
        }
    }

    fn plain(version: Version) -> Value {
        Value::object(VersionObject {
            version,
            go_type: &VALUE,
        })
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl Object for VersionObject {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        self.go_type
    }

    fn text(&self) -> Option<Text> {
        Some(self.version.to_string().into())
    }

    fn json(&self) -> Value {
        self.version.to_string().into()
    }
}

static STRUCT: Type = Type::Struct("semver.Version");
static VALUE: Type = Type::Named {
    name: "semver.Version",
    underlying: &STRUCT,
    methods: VALUE_METHODS,
};
/// Go knows both by one name; the methods differ.
static TARGET: Type = Type::Named {
    name: "semver.Version",
    underlying: &STRUCT,
    methods: POINTER_METHODS,
};
static POINTER: Type = Type::Pointer(&TARGET);

static POINTER_METHODS: &[Method] = &[
    compare("Compare", |receiver, arguments| {
        Ok(Value::Int(order(receiver, arguments)? as i64))
    }),
    // The one method that takes nil.
    compare("Equal", |receiver, arguments| {
        let equal = match other(arguments) {
            Some(other) => version(receiver)? == other,
            None => false,
        };
        Ok(Value::Bool(equal))
    }),
    compare("GreaterThan", |receiver, arguments| {
        Ok(Value::Bool(order(receiver, arguments)?.is_gt()))
    }),
    compare("GreaterThanEqual", |receiver, arguments| {
        Ok(Value::Bool(order(receiver, arguments)?.is_ge()))
    }),
    INC_MAJOR,
    INC_MINOR,
    INC_PATCH,
    compare("LessThan", |receiver, arguments| {
        Ok(Value::Bool(order(receiver, arguments)?.is_lt()))
    }),
    compare("LessThanEqual", |receiver, arguments| {
        Ok(Value::Bool(order(receiver, arguments)?.is_le()))
    }),
    MAJOR,
    MARSHAL_JSON,
    MARSHAL_TEXT,
    METADATA,
    MINOR,
    read("Original", |receiver, _| {
        Ok(version(receiver)?.original().into())
    }),
    PATCH,
    PRERELEASE,
    SET_METADATA,
    SET_PRERELEASE,
    STRING,
    VALUE_METHOD,
];

static VALUE_METHODS: &[Method] = &[
    INC_MAJOR,
    INC_MINOR,
    INC_PATCH,
    MAJOR,
    MARSHAL_JSON,
    MARSHAL_TEXT,
    METADATA,
    MINOR,
    PATCH,
    PRERELEASE,
    SET_METADATA,
    SET_PRERELEASE,
    STRING,
    VALUE_METHOD,
];

type Call = fn(&Value, &[Value]) -> Result<Value, Fault>;

fn version(receiver: &Value) -> Result<&Version, Fault> {
    match receiver.as_object::<VersionObject>() {
        Some(object) => Ok(&object.version),
        None => Err(NIL_POINTER.into()),
    }
}

fn other(arguments: &[Value]) -> Option<&Version> {
    let object = arguments.first()?.as_object::<VersionObject>()?;
    Some(&object.version)
}

fn order(receiver: &Value, arguments: &[Value]) -> Result<Ordering, Fault> {
    let other = other(arguments).ok_or(NIL_POINTER)?;
    Ok(version(receiver)?.cmp(other))
}

fn text(arguments: &[Value]) -> String {
    arguments
        .first()
        .and_then(Value::as_text)
        .map(|text| text.to_str_lossy().into_owned())
        .unwrap_or_default()
}

const fn compare(name: &'static str, call: Call) -> Method {
    Method {
        name,
        parameters: PARAMETER,
        variadic: false,
        call,
    }
}

static PARAMETER: &[Type] = &[Type::Pointer(&TARGET)];

const fn read(name: &'static str, call: Call) -> Method {
    Method {
        name,
        parameters: &[],
        variadic: false,
        call,
    }
}

const INC_MAJOR: Method = read("IncMajor", |receiver, _| {
    Ok(VersionObject::plain(version(receiver)?.increment_major()?))
});
const INC_MINOR: Method = read("IncMinor", |receiver, _| {
    Ok(VersionObject::plain(version(receiver)?.increment_minor()?))
});
const INC_PATCH: Method = read("IncPatch", |receiver, _| {
    Ok(VersionObject::plain(version(receiver)?.increment_patch()?))
});
const MAJOR: Method = read("Major", |receiver, _| {
    Ok(Number::Uint64(version(receiver)?.major()).into())
});
const MINOR: Method = read("Minor", |receiver, _| {
    Ok(Number::Uint64(version(receiver)?.minor()).into())
});
const PATCH: Method = read("Patch", |receiver, _| {
    Ok(Number::Uint64(version(receiver)?.patch()).into())
});
const METADATA: Method = read("Metadata", |receiver, _| {
    Ok(version(receiver)?.metadata().into())
});
const PRERELEASE: Method = read("Prerelease", |receiver, _| {
    Ok(version(receiver)?.prerelease().into())
});
const STRING: Method = read("String", |receiver, _| {
    Ok(version(receiver)?.to_string().into())
});
const VALUE_METHOD: Method = read("Value", |receiver, _| {
    Ok(version(receiver)?.to_string().into())
});
const MARSHAL_JSON: Method = read("MarshalJSON", |receiver, _| {
    Ok(Value::Bytes(format!("\"{}\"", version(receiver)?).into()))
});
const MARSHAL_TEXT: Method = read("MarshalText", |receiver, _| {
    Ok(Value::Bytes(version(receiver)?.to_string().into()))
});
const SET_METADATA: Method = Method {
    name: "SetMetadata",
    parameters: &[Type::STRING],
    variadic: false,
    call: |receiver, arguments| {
        version(receiver)?
            .with_metadata(&text(arguments))
            .map(VersionObject::plain)
            .map_err(Fault::new)
    },
};
const SET_PRERELEASE: Method = Method {
    name: "SetPrerelease",
    parameters: &[Type::STRING],
    variadic: false,
    call: |receiver, arguments| {
        version(receiver)?
            .with_prerelease(&text(arguments))
            .map(VersionObject::plain)
            .map_err(Fault::new)
    },
};
