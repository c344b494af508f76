//! What templates see: structs of Helmfile's as objects with fields.

use std::any::Any;

use crate::helmfile::data::{Data, thaw_map};
use crate::helmfile::layer::Environment;
use crate::helmfile::state::{Field, RELEASE, Record, Shape};
use crate::value::{Map, Object, Text, Type, Value};

/// A struct: its type and its fields, in Go's order.
pub(in crate::helmfile) struct Structure {
    go_type: &'static Type,
    fields: Vec<(&'static str, Value)>,
}

impl Object for Structure {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        self.go_type
    }

    fn field(&self, name: &str) -> Option<Value> {
        let found = self.fields.iter().find(|(field, _)| *field == name);
        found.map(|(_, value)| value.clone())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.fields.clone()
    }
}

/// A struct of a type.
pub(in crate::helmfile) fn structure(
    go_type: &'static Type,
    fields: Vec<(&'static str, Value)>,
) -> Value {
    Value::object(Structure { go_type, fields })
}

/// `.Environment`
pub(in crate::helmfile) fn environment(environment: &Environment) -> Value {
    static TYPE: Type = Type::Struct("environment.Environment");
    let map = |entries| Value::Map(thaw_map(entries));
    structure(
        &TYPE,
        vec![
            ("Name", Value::string(environment.name.as_str())),
            (
                "KubeContext",
                Value::string(environment.kube_context.as_str()),
            ),
            ("Values", map(&environment.values)),
            ("Defaults", map(&environment.defaults)),
            ("CLIOverrides", map(&environment.overrides)),
        ],
    )
}

/// `.Release` with all fields of a release.
pub(in crate::helmfile) fn release(release: &Record) -> Value {
    static TYPE: Type = Type::Pointer(&Type::Struct("state.ReleaseSpec"));
    let mut fields = Vec::with_capacity(RELEASE.fields().len());
    for field in RELEASE.fields() {
        fields.push((field.go, value(field, release.get(field.key))));
    }
    structure(&TYPE, fields)
}

fn value(field: &Field, data: Option<&Data>) -> Value {
    match (&field.shape, data) {
        (Shape::Text, None) => Value::string(""),
        (Shape::Bool, None) => Value::Bool(false),
        (Shape::Int, None) => Value::Int(0),
        (Shape::Map(_), data) => {
            let map = data.and_then(Data::as_map);
            let entries = map.into_iter().flatten();
            let entries = entries.map(|(key, value)| (key.clone(), value.thaw()));
            Value::Map(Map::new(&Type::STRING_MAP, entries.collect()))
        }
        (Shape::List(Shape::Text) | Shape::Names, data) => {
            let items = data.and_then(Data::as_list).unwrap_or_default().iter();
            let texts: Vec<Text> = items.filter_map(|item| item.as_text().cloned()).collect();
            Value::strings(texts)
        }
        (Shape::List(_) | Shape::Inherits(_), None) => Value::list(Vec::new()),
        (_, None) => Value::Nil,
        (_, Some(data)) => data.thaw(),
    }
}
