//! What is known of the fields of built-in kinds: their types, and how lists and objects in them are
//! merged.
//!
//! The table is text, sorted by the first word of its lines and searched where it lies, so that it
//! costs nothing until it is asked. A line is a kind and its type (`apps/v1/Deployment`), or a type
//! and its fields, `name:type|strategy|key`. Types are written `*` for pointers, `[]` for lists, `{}`
//! for maps, `!` for what reads JSON its own way; the rest is a name. It is written by
//! `testdata/kubernetes/merge/schema.go` from the types that Helm 4.2.4 is built with.

const TABLE: &str = include_str!("schema.txt");

/// A Go type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type(&'static str);

/// A field of a struct.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its type, or that of its items where it was looked up as a list.
    pub(crate) of: Type,
    pub(crate) strategy: Strategy,
    /// Field by which items of a list are told apart; empty where there is none.
    pub(crate) key: &'static str,
    /// Whether fields that are not named go.
    pub(super) retains: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Objects are merged, lists replaced.
    Default,
    Merge,
    Replace,
}

/// What a type is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Pointer(Type),
    List(Type),
    Map(Type),
    /// By its name.
    Struct(&'static str),
    /// One that reads JSON its own way, by its name.
    Own(&'static str),
    /// By its kind.
    Scalar(&'static str),
}

/// The type of a kind, `None` where it is not built in.
///
/// Definitions of custom kinds of the version v1beta1 are not, as in Helm.
pub fn of(api_version: &str, kind: &str) -> Option<Type> {
    find(&format!("{api_version}/{kind}")).map(Type)
}

/// What stands behind a first word.
fn find(word: &str) -> Option<&'static str> {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = TABLE[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = TABLE[start..]
            .find('\n')
            .map_or(TABLE.len(), |at| start + at);
        let (first, rest) = TABLE[start..end].split_once('\t')?;
        match first.cmp(word) {
            std::cmp::Ordering::Equal => return Some(rest),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Whether `encoding/json` takes a name for that of a field: letters match in both cases, and so do
/// the two letters beyond ASCII that fold to `k` and `s`.
fn folds(field: &str, name: &str) -> bool {
    let fold = |letter: char| match letter {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        other => other.to_ascii_lowercase(),
    };
    field.chars().map(fold).eq(name.chars().map(fold))
}

impl Type {
    /// A type by its name.
    pub(super) fn named(name: &'static str) -> Type {
        Type(name)
    }

    /// The type of a field, of which it is the first part.
    pub(super) fn described(field: &'static str) -> Type {
        Type(field.split('|').next().unwrap_or_default())
    }

    pub(super) fn shape(self) -> Shape {
        if let Some(inner) = self.0.strip_prefix('*') {
            Shape::Pointer(Type(inner))
        } else if let Some(item) = self.0.strip_prefix("[]") {
            Shape::List(Type(item))
        } else if let Some(value) = self.0.strip_prefix("{}") {
            Shape::Map(Type(value))
        } else if let Some(name) = self.0.strip_prefix('!') {
            Shape::Own(name)
        } else if self.0.starts_with(|first: char| first.is_ascii_uppercase()) {
            Shape::Struct(self.0)
        } else {
            Shape::Scalar(self.0)
        }
    }

    /// `reflect.Kind`
    pub(super) fn kind(self) -> &'static str {
        match self.shape() {
            Shape::Pointer(_) => "ptr",
            Shape::List(_) => "slice",
            Shape::Map(_) => "map",
            Shape::Struct(_) | Shape::Own(_) => "struct",
            Shape::Scalar(kind) => kind,
        }
    }

    /// Names and types of the fields, where it is a struct.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let line = match self.shape() {
            Shape::Struct(name) | Shape::Own(name) => find(name).unwrap_or_default(),
            _ => "",
        };
        line.split(' ').filter_map(|field| field.split_once(':'))
    }

    /// A field that holds an object.
    ///
    /// # Errors
    /// The words of `LookupPatchMetadataForStruct`, where there is no such field.
    pub(crate) fn field(self, name: &str) -> Result<Field, String> {
        let of = match self.shape() {
            Shape::Pointer(inner) => inner,
            _ => self,
        };
        let (Shape::Struct(own) | Shape::Own(own)) = of.shape() else {
            return Err(format!(
                "merging an object in json but data type is not struct, instead is: {}",
                of.kind()
            ));
        };
        let known = of
            .fields()
            .find(|(field, _)| *field == name)
            .or_else(|| of.fields().find(|(field, _)| folds(field, name)));
        let Some((_, described)) = known else {
            // Types of one name are told apart by a number.
            let own = own.split('.').next().unwrap_or_default();
            return Err(format!(
                "unable to find api field in struct {own} for the json field {}",
                crate::go::strconv::quote(name)
            ));
        };
        let mut parts = described.split('|');
        let of = Type(parts.next().unwrap_or_default());
        let strategies = parts.next().unwrap_or_default();
        let has = |strategy: &str| strategies.split(',').any(|known| known == strategy);
        Ok(Field {
            of,
            strategy: if has("merge") {
                Strategy::Merge
            } else if has("replace") {
                Strategy::Replace
            } else {
                Strategy::Default
            },
            key: parts.next().unwrap_or_default(),
            retains: has("retainKeys"),
        })
    }

    /// The fields by which items of this type are told apart in lists that the API merges by more than
    /// one (`x-kubernetes-list-map-keys`); empty where the one of the field is enough.
    pub(crate) fn list_keys(self) -> &'static [&'static str] {
        match self.0 {
            "ContainerPort" => &["containerPort", "protocol"],
            "ServicePort" => &["port", "protocol"],
            "TopologySpreadConstraint" => &["topologyKey", "whenUnsatisfiable"],
            _ => &[],
        }
    }

    /// A field that holds a list; the type is that of its items.
    ///
    /// # Errors
    /// The words of `LookupPatchMetadataForSlice`, where there is no such field or it is no list.
    pub(crate) fn list(self, name: &str) -> Result<Field, String> {
        let field = self.field(name)?;
        let of = match field.of.shape() {
            Shape::List(item) => match item.shape() {
                Shape::List(_) => return Err("unexpected slice of slice".to_owned()),
                _ => item,
            },
            Shape::Pointer(inner) => match inner.shape() {
                Shape::List(item) => item,
                _ => inner,
            },
            _ => {
                return Err(format!(
                    "expected slice or array type, but got: {}",
                    self.kind()
                ));
            }
        };
        Ok(Field { of, ..field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sorted_and_their_types_known() {
        let lines: Vec<_> = TABLE
            .lines()
            .map(|line| line.split_once('\t').expect("two columns").0)
            .collect();
        assert!(lines.is_sorted());
        assert!(TABLE.is_ascii());
        for line in lines {
            assert!(find(line).is_some(), "{line}");
            for (field, described) in Type(line).fields() {
                let mut of = Type::described(described);
                loop {
                    of = match of.shape() {
                        Shape::Pointer(inner) | Shape::List(inner) | Shape::Map(inner) => inner,
                        Shape::Struct(name) | Shape::Own(name) => {
                            assert!(find(name).is_some(), "{line}.{field}: {name}");
                            break;
                        }
                        Shape::Scalar(kind) => {
                            assert!(!kind.is_empty(), "{line}.{field}");
                            break;
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn kinds_and_fields() {
        assert!(of("apps/v1", "Deployment").is_some());
        assert!(of("v1", "ConfigMap").is_some());
        assert!(of("apiextensions.k8s.io/v1", "CustomResourceDefinition").is_some());
        for (version, kind) in [
            ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
            ("apiregistration.k8s.io/v1", "APIService"),
            ("shop.test/v1", "Deployment"),
            ("", "Deployment"),
            ("v1", ""),
        ] {
            assert_eq!(of(version, kind), None, "{version} {kind}");
        }
        let service = of("v1", "Service").expect("built in");
        let ports = service
            .field("spec")
            .and_then(|spec| spec.of.list("ports"))
            .expect("a list");
        assert_eq!((ports.key, ports.strategy), ("port", Strategy::Merge));
        let words = |found: Result<Field, String>| found.map(|field| field.of);
        for (found, want) in [
            (
                service.field("sepc"),
                "unable to find api field in struct Service for the json field \"sepc\"",
            ),
            (
                service.list("spec"),
                "expected slice or array type, but got: struct",
            ),
            (
                service
                    .field("SPEC")
                    .and_then(|spec| spec.of.field("type"))
                    .and_then(|of| of.of.field("x")),
                "merging an object in json but data type is not struct, instead is: string",
            ),
        ] {
            assert_eq!(words(found), Err(want.to_owned()));
        }
    }
}
