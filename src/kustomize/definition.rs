//! `crds`: places that OpenAPI definitions of custom kinds name (`loadconfigfromcrds.go`, 0.20.1).

use serde_json::Value;

use super::config::{Config, Reference};
use super::field::FieldSpec;
use super::id::Gvk;

/// Deeper than this nothing is looked for.
const DEPTH: usize = 64;

/// The places that definitions, by their type names, mark.
pub(super) fn config(definitions: &Value) -> Config {
    let mut config = Config::default();
    let names = definitions.as_object().into_iter().flatten();
    for (name, definition) in names {
        let properties = definition
            .get("Schema")
            .and_then(|schema| schema.get("properties"));
        let is_object = ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|field| properties.and_then(|it| it.get(field)).is_some());
        if is_object {
            let kind = name.rsplit('.').next().unwrap_or_default();
            let finder = Finder { definitions, kind };
            finder.find(name, &mut Vec::new(), &mut config);
        }
    }
    config
}

struct Finder<'a> {
    definitions: &'a Value,
    kind: &'a str,
}

impl Finder<'_> {
    fn place(&self, path: &[String], more: &[&str]) -> FieldSpec {
        let more = more.iter().map(|&name| name.to_owned());
        let path: Vec<String> = path.iter().cloned().chain(more).collect();
        FieldSpec::new(self.kind, "", &path.join("/"))
    }

    fn find(&self, name: &str, path: &mut Vec<String>, config: &mut Config) {
        if path.len() > DEPTH {
            return;
        }
        let properties = self
            .definitions
            .get(name)
            .and_then(|definition| definition.get("Schema")?.get("properties")?.as_object());
        for (field, property) in properties.into_iter().flatten() {
            let mark = |name: &str| property.get(name).and_then(Value::as_str);
            if mark("x-kubernetes-annotation").is_some() {
                config.common_annotations.push(self.place(path, &[field]));
            }
            if mark("x-kubernetes-label-selector").is_some() {
                config.common_labels.push(self.place(path, &[field]));
            }
            if mark("x-kubernetes-identity").is_some() {
                config.name_prefix.push(self.place(path, &[field]));
            }
            if let (Some(version), Some(kind)) = (
                mark("x-kubernetes-object-ref-api-version"),
                mark("x-kubernetes-object-ref-kind"),
            ) {
                let key = mark("x-kubernetes-object-ref-name-key").unwrap_or("name");
                config.references.push(Reference {
                    target: Gvk {
                        version: version.to_owned(),
                        kind: kind.to_owned(),
                        group: String::new(),
                    },
                    referrers: vec![self.place(path, &[field, key])],
                });
            }
            if let Some(other) = mark("$ref") {
                path.push(field.clone());
                self.find(other, path, config);
                path.pop();
            }
        }
    }
}
