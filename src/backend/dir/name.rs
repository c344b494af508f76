//! What the files of objects are called.

use std::fmt::Write as _;

use crate::backend::Key;
use crate::kubernetes::scope::{Scope, scope};

/// `deployment-web.yaml`; with the group where that is not one of Kubernetes' own
/// (`issuer.cert-manager.io-ca.yaml`), and with the namespace where it is not the release's
/// (`configmap-web@monitoring.yaml`). Names that files cannot have are escaped with `%`.
pub(super) fn of(key: &Key, namespace: &str) -> String {
    let mut name = key.kind.to_lowercase();
    if scope(&key.group, &key.kind) == Scope::Unknown {
        name.push('.');
        escape(&key.group, &mut name);
    }
    name.push('-');
    escape(&key.name, &mut name);
    if !key.namespace.is_empty() && key.namespace != namespace {
        name.push('@');
        escape(&key.namespace, &mut name);
    }
    name.push_str(".yaml");
    name
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                out.push(char::from(byte));
            }
            other => {
                // Writing to a String does not fail.
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_their_objects() {
        for (group, kind, namespace, name, expected) in [
            ("apps", "Deployment", "shop", "web", "deployment-web.yaml"),
            (
                "cert-manager.io",
                "Issuer",
                "shop",
                "ca",
                "issuer.cert-manager.io-ca.yaml",
            ),
            ("", "ConfigMap", "other", "web", "configmap-web@other.yaml"),
            (
                "rbac.authorization.k8s.io",
                "ClusterRole",
                "",
                "system:a/../b",
                "clusterrole-system%3Aa%2F..%2Fb.yaml",
            ),
        ] {
            let key = Key {
                group: group.to_owned(),
                version: "v1".to_owned(),
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            };
            assert_eq!(of(&key, "shop"), expected);
        }
    }
}
