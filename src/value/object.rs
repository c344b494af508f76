//! Go values with fields and methods, as templates see them.

use std::any::Any;
use std::fmt;

use super::{Text, Type, Value};

/// A Go value that is more than data: a struct, or a type with methods, such as `.Files`, a
/// semantic version, a time.
///
/// Methods stand in [`Type::methods`] of [`Object::go_type`]; their `call` gets the object as
/// receiver and finds itself with [`Object::as_any`].
pub trait Object: Any {
    /// The object for downcasting.
    fn as_any(&self) -> &dyn Any;

    /// Go's type: a struct, a pointer to one, or a named type.
    fn go_type(&self) -> &'static Type;

    /// The exported field `name` of a struct (through a pointer).
    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value)
    }

    /// All fields in Go's order, for `%v`, `%+v`, `%#v` of structs.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// What the Go type's `String` or `Error` method returns, where it has one: `%v` and `%s` use it.
    fn text(&self) -> Option<Text> {
        None
    }

    /// What the `String` method of the pointer type returns, where the type itself has none:
    /// templates print a struct by it that they reached through a pointer, `fmt` does not.
    fn pointer_text(&self) -> Option<Text> {
        None
    }

    /// What the type is made of, where that is a slice, a map or a number: `range`, `len`,
    /// `index` and truth look at it.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// The members that `encoding/json` writes, in Go's order (a struct's fields under their JSON
    /// names, sorted keys for maps); `None` where [`Object::json`] says what is written.
    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// What `encoding/json` makes of it; by default the fields under their Go names, or the
    /// underlying value.
    fn json(&self) -> Value {
        if let Some(value) = self.underlying() {
            return value;
        }
        Value::map(
            self.fields()
                .into_iter()
                .map(|(name, value)| (Text::from(name), value)),
        )
    }
}

/// An error that a function returned, or a panic that Go would have turned into one.
///
/// Whatever it holds is printed by its `Display`; the template engine looks inside for errors of
/// its own.
pub struct Fault(Box<dyn std::error::Error + 'static>);

impl Fault {
    /// Wraps an error that someone further up wants to recognise.
    pub fn new(error: impl std::error::Error + 'static) -> Fault {
        Fault(Box::new(error))
    }

    /// The error inside.
    pub fn inner(&self) -> &(dyn std::error::Error + 'static) {
        &*self.0
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Fault {
        Fault(Box::new(Message(message)))
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Fault {
        Fault::from(message.to_owned())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({})", self.0)
    }
}

#[derive(Debug)]
struct Message(String);

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Message {}
