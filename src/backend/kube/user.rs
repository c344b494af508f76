//! Who talks to an API server: what `clientcmd` of `k8s.io/client-go` demands of a user.

use std::fs::File;

use kube::config::AuthInfo;

use crate::go::os;

/// The API of programs that sign in, as far as `client-go` knows it.
pub(super) const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1beta1",
    "client.authentication.k8s.io/v1",
];

/// What is wrong with the user `name`, all of it in one line.
///
/// # Errors
/// The words of `clientcmd.validateAuthInfo`.
pub(super) fn check(name: &str, user: &AuthInfo) -> Result<(), String> {
    let mut problems = Vec::new();
    certificate(name, user, &mut problems);
    program(name, user, &mut problems);
    let is_some = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if user.token.is_some() && (is_some(&user.username) || user.password.is_some()) {
        problems.push(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        ));
    }
    let acts = is_some(&user.impersonate_uid)
        || user
            .impersonate_groups
            .as_ref()
            .is_some_and(|it| !it.is_empty())
        || user
            .impersonate_user_extra
            .as_ref()
            .is_some_and(|it| !it.is_empty());
    if acts && !is_some(&user.impersonate) {
        problems.push(format!(
            "requesting uid, groups or user-extra for {name} without impersonating a user"
        ));
    }
    match problems.as_slice() {
        [] => {}
        [one] => return Err(format!("invalid configuration: {one}")),
        all => return Err(format!("invalid configuration: [{}]", all.join(", "))),
    }
    if let (None, Some(file)) = (&user.token, &user.token_file) {
        File::open(file).map_err(|error| os::path_error("open", file, &error))?;
    }
    match &user.exec {
        Some(exec) => {
            let version = exec.api_version.as_deref().unwrap_or_default();
            match VERSIONS.contains(&version) {
                true => Ok(()),
                false => Err(format!("exec plugin: invalid apiVersion {version:?}")),
            }
        }
        None => Ok(()),
    }
}

fn certificate(name: &str, user: &AuthInfo, problems: &mut Vec<String>) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (file, data) = (
        text(&user.client_certificate),
        text(&user.client_certificate_data),
    );
    let key = text(&user.client_key);
    let has_key_data = user.client_key_data.is_some();
    if file.is_empty() && data.is_empty() {
        return;
    }
    if !file.is_empty() && !data.is_empty() {
        problems.push(format!(
            "client-cert-data and client-cert are both specified for {name}. client-cert-data will override."
        ));
    }
    if !key.is_empty() && has_key_data {
        problems.push(format!(
            "client-key-data and client-key are both specified for {name}; client-key-data will override"
        ));
    }
    if key.is_empty() && !has_key_data {
        problems.push(format!(
            "client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
        ));
    }
    for (what, file) in [("client-cert", file), ("client-key", key)] {
        if !file.is_empty()
            && let Err(error) = File::open(&file)
        {
            let why = os::path_error("open", &file, &error);
            problems.push(format!(
                "unable to read {what} {file} for {name} due to {why}"
            ));
        }
    }
}

fn program(name: &str, user: &AuthInfo, problems: &mut Vec<String>) {
    let Some(exec) = &user.exec else { return };
    let empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
    if user.auth_provider.is_some() {
        problems.push(format!(
            "authProvider cannot be provided in combination with an exec plugin for {name}"
        ));
    }
    let mut missing = |what: &str| {
        problems.push(format!(
            "{what} must be specified for {name} to use exec authentication plugin"
        ));
    };
    if empty(&exec.command) {
        missing("command");
    }
    if empty(&exec.api_version) {
        missing("apiVersion");
    }
    for pair in exec.env.iter().flatten() {
        if pair.get("name").is_none_or(String::is_empty) {
            missing("env variable name");
        }
    }
    // Only the API of old has a default.
    if exec.interactive_mode.is_none() && exec.api_version.as_deref() != Some(VERSIONS[0]) {
        missing("interactiveMode");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_refused_in_the_words_of_client_go() {
        const BETA: &str = "client.authentication.k8s.io/v1beta1";
        let missing = |what: &str| {
            format!("{what} must be specified for us to use exec authentication plugin")
        };
        let unread = |what: &str, file: &str| {
            format!(
                "unable to read {what} {file} for us due to open {file}: no such file or directory"
            )
        };
        let invalid = |why: &str| format!("invalid configuration: {why}");
        for (user, want) in [
            (r#"{"token":"a"}"#.to_owned(), String::new()),
            (r#"{"username":"a"}"#.to_owned(), String::new()),
            (
                r#"{"username":"a","token":"b"}"#.to_owned(),
                invalid("more than one authentication method found for us; found [token basicAuth], only one is allowed"),
            ),
            (
                r#"{"as-uid":"a"}"#.to_owned(),
                invalid("requesting uid, groups or user-extra for us without impersonating a user"),
            ),
            (
                r#"{"client-certificate":"nowhere","client-key":"nokey"}"#.to_owned(),
                invalid(&format!("[{}, {}]", unread("client-cert", "nowhere"), unread("client-key", "nokey"))),
            ),
            (
                r#"{"tokenFile":"nowhere"}"#.to_owned(),
                "open nowhere: no such file or directory".to_owned(),
            ),
            (
                r#"{"exec":{"command":"nope"}}"#.to_owned(),
                invalid(&format!("[{}, {}]", missing("apiVersion"), missing("interactiveMode"))),
            ),
            (
                r#"{"exec":{"command":"a","apiVersion":"client.authentication.k8s.io/v1"}}"#.to_owned(),
                invalid(&missing("interactiveMode")),
            ),
            (
                r#"{"exec":{"command":"a","apiVersion":"client.authentication.k8s.io/v1alpha1","interactiveMode":"Never"}}"#.to_owned(),
                "exec plugin: invalid apiVersion \"client.authentication.k8s.io/v1alpha1\"".to_owned(),
            ),
            (
                format!(r#"{{"exec":{{"apiVersion":"{BETA}"}}}}"#),
                invalid(&missing("command")),
            ),
            (
                format!(r#"{{"exec":{{"apiVersion":"{BETA}","command":"a","env":[{{"value":"x"}}]}}}}"#),
                invalid(&missing("env variable name")),
            ),
            (
                format!(r#"{{"exec":{{"apiVersion":"{BETA}","command":"a"}},"auth-provider":{{"name":"oidc"}}}}"#),
                invalid("authProvider cannot be provided in combination with an exec plugin for us"),
            ),
            (format!(r#"{{"exec":{{"apiVersion":"{BETA}","command":"a"}}}}"#), String::new()),
        ] {
            let parsed: AuthInfo = serde_json::from_str(&user).unwrap();
            let got = check("us", &parsed).err().unwrap_or_default();
            assert_eq!(got, want, "{user}");
        }
    }
}
