//! Walking through an object beside what is known of its kind.

use super::schema::{self, Shape, Type};

/// A place in an object, and what is known of the kinds of values there. Nothing is known of custom
/// kinds, and below fields that a kind does not have.
#[derive(Clone, Copy, Debug)]
pub struct Cursor(Option<Type>);

impl Cursor {
    /// The top of an object.
    pub fn top(api_version: &str, kind: &str) -> Cursor {
        Cursor(schema::of(api_version, kind))
    }

    /// Any place of which nothing is known.
    pub fn unknown() -> Cursor {
        Cursor(None)
    }

    /// What lies under a name; where that is a list, `item` is what is in it.
    pub fn field(self, name: &str) -> Cursor {
        let Some(of) = self.resolved() else {
            return Cursor(None);
        };
        match of.shape() {
            Shape::Map(value) => Cursor(Some(value)),
            _ => Cursor(of.field(name).ok().map(|field| field.of)),
        }
    }

    /// An item of a list that lies under a name, and the field that tells its items apart where
    /// there is one.
    pub fn item(self, name: &str) -> (Cursor, Option<&'static str>) {
        let found = self.resolved().and_then(|of| of.list(name).ok());
        match found {
            Some(field) => (
                Cursor(Some(field.of)),
                (!field.key.is_empty()).then_some(field.key),
            ),
            None => (Cursor(None), None),
        }
    }

    fn resolved(self) -> Option<Type> {
        let mut of = self.0?;
        while let Shape::Pointer(inner) = of.shape() {
            of = inner;
        }
        Some(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_known_kinds_have_keys() {
        let pod = Cursor::top("apps/v1", "Deployment")
            .field("spec")
            .field("template")
            .field("spec");
        for (name, key) in [
            ("containers", Some("name")),
            ("volumes", Some("name")),
            ("tolerations", None),
            ("nonsense", None),
        ] {
            assert_eq!(pod.item(name).1, key, "{name}");
        }
        let (container, _) = pod.item("containers");
        for (name, key) in [
            ("env", Some("name")),
            ("ports", Some("containerPort")),
            ("volumeMounts", Some("mountPath")),
            ("args", None),
        ] {
            assert_eq!(container.item(name).1, key, "{name}");
        }
        let spec = Cursor::top("v1", "Service").field("spec");
        assert_eq!(spec.item("ports").1, Some("port"));
        assert_eq!(Cursor::top("shop.test/v1", "Cart").item("spec").1, None);
    }
}
