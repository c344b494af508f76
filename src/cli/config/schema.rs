//! The JSON schema of `pintle.yaml`, for editors and for the book.

use serde_json::{Value, json};

use crate::backend::ecs;

/// The JSON schema of `pintle.yaml`, as it stands in `docs/pintle.schema.json`.
pub(in crate::cli) fn schema() -> Value {
    let texts =
        |about: &str| json!({"type": "array", "items": {"type": "string"}, "description": about});
    let text = |about: &str| json!({"type": "string", "description": about});
    let kube_version = text("Kubernetes version to render for, in quotes.");
    let api_versions = texts("API versions to add to the default ones.");
    let namespace = text("Namespace of releases.");
    let target = text("Where releases go: kube, ecs:CLUSTER, dir:PATH or memory.");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pintle.yaml",
        "$defs": {"ecs": ecs::config::schema()},
        "description": "Defaults for a project. Flags and PINTLE_* variables win over them.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "kubeVersion": kube_version,
            "apiVersions": api_versions,
            "namespace": namespace,
            "values": texts("Values files, lowest first, from the folder of this file."),
            "environment": text("The environment where --environment asks for none."),
            "environments": {
                "type": "object",
                "description": "What holds in one environment only, by its name.",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "kubeVersion": kube_version,
                        "apiVersions": api_versions,
                        "namespace": namespace,
                        "values": texts("Values files, on top of those for all environments."),
                        "target": target,
                        "ecs": {"$ref": "#/$defs/ecs"}
                    }
                }
            },
            "target": target,
            "ecs": {"$ref": "#/$defs/ecs"},
            "crds": {
                "enum": ["install", "upgrade", "skip"],
                "description": "What becomes of the CRDs of charts: install those that are not there (as Helm does), also change them on upgrades, or leave them alone."
            },
            "slimRecords": {
                "type": "boolean",
                "description": "Leave templates and files of charts out of the records of releases."
            },
            "guards": {
                "type": "object",
                "description": "Rules that stop a deployment, on or off. Reserved.",
                "additionalProperties": {"type": "boolean"}
            },
            "lint": {
                "type": "object",
                "description": "How pintle lint judges. Reserved.",
                "additionalProperties": false,
                "properties": {
                    "severities": {
                        "type": "object",
                        "description": "Severity by rule.",
                        "additionalProperties": {"enum": ["off", "info", "warning", "error"]}
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Environment, Lint, Severity};
    use super::*;

    fn keys(value: &Value) -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_schema_has_the_members_of_the_code() {
        let schema = schema();
        let properties = &schema["properties"];
        let code = |value: Value| keys(&value);
        assert_eq!(
            keys(properties),
            code(serde_json::to_value(Config::default()).unwrap())
        );
        assert_eq!(
            keys(&properties["environments"]["additionalProperties"]["properties"]),
            code(serde_json::to_value(Environment::default()).unwrap())
        );
        assert_eq!(
            keys(&properties["lint"]["properties"]),
            code(serde_json::to_value(Lint::default()).unwrap())
        );
        let severities = [
            Severity::Off,
            Severity::Info,
            Severity::Warning,
            Severity::Error,
        ];
        assert_eq!(
            properties["lint"]["properties"]["severities"]["additionalProperties"]["enum"],
            serde_json::to_value(severities).unwrap()
        );
    }

    #[test]
    fn the_schema_in_the_docs_is_this_one() {
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pintle.schema.json");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(
            written, text,
            "write it with: pintle config schema > docs/pintle.schema.json"
        );
    }
}
