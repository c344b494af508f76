//! Names that objects of Kubernetes may have (`k8s.io/apimachinery/pkg/api/validation` v0.36.1, and
//! which kind has which: `validateMetadataNameFunc` of `lint/rules/template.go`).

use crate::go::strconv;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const MOST_OF_LABEL: usize = 63;
const MOST_OF_SUBDOMAIN: usize = 253;

/// Whether an object of this kind may have this name.
///
/// # Errors
/// Helm's warning.
pub(super) fn check(kind: &str, name: &str) -> Result<(), String> {
    let wrong = match kind.to_lowercase().as_str() {
        "service" => label_1035(name),
        "namespace" => label_1123(name),
        "certificatesigningrequest" => return Ok(()),
        "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => path_segment(name),
        _ => subdomain(name),
    };
    if wrong.is_empty() {
        return Ok(());
    }
    let quoted = strconv::quote(name.as_bytes());
    let errors: Vec<String> = wrong
        .iter()
        .map(|message| format!("metadata.name: Invalid value: {quoted}: {message}"))
        .collect();
    let errors = match errors.as_slice() {
        [one] => one.clone(),
        more => format!("[{}]", more.join(", ")),
    };
    Err(format!(
        "object name does not conform to Kubernetes naming requirements: {quoted}: {errors}"
    ))
}

fn subdomain(name: &str) -> Vec<String> {
    let mut wrong = too_long(name, MOST_OF_SUBDOMAIN);
    if !is_subdomain(name) {
        wrong.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
             '-' or '.', and must start and end with an alphanumeric character \
             (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"
        ));
    }
    wrong
}

fn label_1123(name: &str) -> Vec<String> {
    let mut wrong = too_long(name, MOST_OF_LABEL);
    if !is_label(name) {
        wrong.push(if is_subdomain(name) {
            "must not contain dots".to_owned()
        } else {
            format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
                 or '-', and must start and end with an alphanumeric character \
                 (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
            )
        });
    }
    wrong
}

fn label_1035(name: &str) -> Vec<String> {
    let mut wrong = too_long(name, MOST_OF_LABEL);
    if !is_label(name) || !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        wrong.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', \
             start with an alphabetic character, and end with an alphanumeric character \
             (e.g. 'my-name',  or 'abc-123', regex used for validation is \
             '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .to_owned(),
        );
    }
    wrong
}

fn path_segment(name: &str) -> Vec<String> {
    if name == "." || name == ".." {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"]
        .into_iter()
        .filter(|part| name.contains(part))
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

fn too_long(name: &str, most: usize) -> Vec<String> {
    let message = (name.len() > most).then(|| format!("must be no more than {most} characters"));
    message.into_iter().collect()
}

fn is_subdomain(name: &str) -> bool {
    name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !label.is_empty()
        && label.chars().all(is_known)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_rules_of_their_own() {
        for (kind, name, want) in [
            ("Pod", "a.b-c", ""),
            ("Pod", "A", "a lowercase RFC 1123 subdomain"),
            ("Service", "1a", "a DNS-1035 label"),
            ("SERVICE", "a-1", ""),
            ("Namespace", "a.b", "must not contain dots"),
            ("Role", "a:b", ""),
            (
                "Role",
                "a/b%",
                "[metadata.name: Invalid value: \"a/b%\": may not contain '/', ",
            ),
            ("ClusterRole", "..", "may not be '..'"),
            ("CertificateSigningRequest", "A B", ""),
            ("Unknown", "", "a lowercase RFC 1123 subdomain"),
        ] {
            let found = check(kind, name).err().unwrap_or_default();
            assert_eq!(found.is_empty(), want.is_empty(), "{kind} {name}: {found}");
            assert!(found.contains(want), "{kind} {name}: {found}");
        }
    }
}
