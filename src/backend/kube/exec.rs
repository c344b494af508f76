//! Programs that sign in (`plugin/pkg/client/auth/exec` of `k8s.io/client-go`).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kube::config::{ExecConfig, ExecInteractiveMode};
use serde_json::{Map, Value, json};

use super::credential::Credential;
use super::token;
use super::user::VERSIONS;
use crate::go::{os, path};
use crate::net::aws;

/// A program that signs in.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) config: ExecConfig,
    /// The variables of this process.
    pub(super) variables: BTreeMap<String, String>,
    /// Whether tokens that are well known are made without the program where it is missing.
    pub(super) stands_in: bool,
}

/// What is said of programs that are not there.
const HELP: &str = "

It looks like you are trying to use a client-go credential plugin that is not installed.

To learn more about this feature, consult the documentation available at:
      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins";

impl Program {
    /// Runs it.
    ///
    /// # Errors
    /// The words of `client-go`, without `getting credentials: `.
    pub(super) fn ask(&self) -> Result<Credential, String> {
        let interactive = self.is_interactive()?;
        let given = self.config.command.as_deref().unwrap_or_default();
        let command = path::clean(given);
        let Some(program) = self.find(&command) else {
            return self
                .stand_in(&command)
                .unwrap_or_else(|| Err(self.missing(&command)));
        };
        let mut started = Command::new(&program);
        started
            .args(self.config.args.iter().flatten())
            .envs(self.pairs())
            .env("KUBERNETES_EXEC_INFO", self.info(interactive))
            .stderr(Stdio::inherit())
            .stdin(match interactive {
                true => Stdio::inherit(),
                false => Stdio::null(),
            });
        let output = match started.output() {
            Ok(output) => output,
            Err(error) => {
                let is_missing = error.kind() == io::ErrorKind::NotFound && !program.exists();
                return match self.stand_in(&command).filter(|_| is_missing) {
                    Some(made) => made,
                    None => {
                        let why = os::path_error("fork/exec", program.display(), &error);
                        Err(format!("exec: {why}"))
                    }
                };
            }
        };
        if !output.status.success() {
            let code = output.status.code().unwrap_or(-1);
            return Err(format!(
                "exec: executable {command} failed with exit code {code}"
            ));
        }
        let version = self.config.api_version.as_deref().unwrap_or_default();
        read(&output.stdout, version)
    }

    /// Variables that the program gets besides ours.
    fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.config.env.iter().flatten().filter_map(|pair| {
            let value = pair.get("value").cloned().unwrap_or_default();
            Some((pair.get("name")?.clone(), value))
        })
    }

    fn is_interactive(&self) -> Result<bool, String> {
        let is_terminal = io::stdin().is_terminal();
        match self.config.interactive_mode {
            Some(ExecInteractiveMode::Never) => Ok(false),
            Some(ExecInteractiveMode::Always) if !is_terminal => Err(
                "exec plugin cannot support interactive mode: standard input is not a terminal"
                    .to_owned(),
            ),
            Some(ExecInteractiveMode::Always) => Ok(true),
            Some(ExecInteractiveMode::IfAvailable) | None => Ok(is_terminal),
        }
    }

    /// What the program is told (`ExecCredential` with a `spec`).
    fn info(&self, interactive: bool) -> String {
        let mut spec = Map::new();
        if let (true, Some(cluster)) = (self.config.provide_cluster_info, &self.config.cluster) {
            let told = serde_json::to_value(cluster).unwrap_or_default();
            spec.insert("cluster".to_owned(), renamed(told));
        }
        spec.insert("interactive".to_owned(), Value::from(interactive));
        let version = &self.config.api_version;
        json!({"kind": "ExecCredential", "apiVersion": version, "spec": spec}).to_string()
    }

    /// Where the program is, as shells find it.
    fn find(&self, command: &str) -> Option<PathBuf> {
        if command.contains('/') {
            return Some(PathBuf::from(command));
        }
        let path = self.variables.get("PATH").cloned().unwrap_or_default();
        let is_program = |path: &PathBuf| {
            let found = fs::metadata(path);
            found.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
        };
        std::env::split_paths(&path)
            .map(|folder| folder.join(command))
            .find(is_program)
    }

    fn missing(&self, command: &str) -> String {
        let mut missing = format!("exec: executable {command} not found{HELP}");
        if let Some(hint) = self
            .config
            .install_hint
            .as_ref()
            .filter(|it| !it.is_empty())
        {
            missing.push_str(&format!("\n\n{hint}"));
        }
        missing
    }

    /// What is done without the program: tokens of Amazon's are signatures, which we make ourselves.
    fn stand_in(&self, command: &str) -> Option<Result<Credential, String>> {
        if !self.stands_in {
            return None;
        }
        let name = Path::new(command).file_name()?.to_str()?;
        let wanted = token::Wanted::read(name, self.config.args.as_deref().unwrap_or_default())?;
        let mut variables = self.variables.clone();
        variables.extend(self.pairs());
        Some(wanted.make(variables).map_err(|error| {
            format!("{command} is not installed, and pintle cannot sign the token itself: {error}")
        }))
    }
}

/// A cluster with the names that programs know.
fn renamed(cluster: Value) -> Value {
    let Value::Object(members) = cluster else {
        return cluster;
    };
    let renamed = members.into_iter().map(|(name, value)| {
        let name = match name.as_str() {
            "insecure_skip_tls_verify" => "insecure-skip-tls-verify",
            "certificate_authority_data" => "certificate-authority-data",
            "proxy_url" => "proxy-url",
            "tls_server_name" => "tls-server-name",
            other => other,
        };
        (name.to_owned(), value)
    });
    Value::Object(renamed.collect())
}

/// Reads what a program printed.
fn read(stdout: &[u8], version: &str) -> Result<Credential, String> {
    let parsed: Value = serde_yaml::from_slice(stdout).map_err(|error| {
        format!("decoding stdout: couldn't get version/kind; json parse error: {error}")
    })?;
    let kind = match &parsed {
        Value::Object(_) | Value::Null => None,
        Value::String(_) => Some("string"),
        Value::Array(_) => Some("array"),
        Value::Bool(_) => Some("bool"),
        Value::Number(_) => Some("number"),
    };
    if let Some(kind) = kind {
        return Err(format!(
            "decoding stdout: couldn't get version/kind; json parse error: json: cannot unmarshal {kind} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        ));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (told, kind) = (text(&parsed["apiVersion"]), text(&parsed["kind"]));
    let is_known = VERSIONS.contains(&told.as_str());
    if (!told.is_empty() && !is_known) || (is_known && !matches!(&*kind, "" | "ExecCredential")) {
        return Err(format!(
            "decoding stdout: no kind {kind:?} is registered for version {told:?} in scheme \"pkg/runtime/scheme.go:111\""
        ));
    }
    if told != version {
        let told = match told.as_str() {
            "" => "client.authentication.k8s.io/__internal",
            told => told,
        };
        return Err(format!(
            "exec plugin is configured to use API version {version}, plugin returned version {told}"
        ));
    }
    let status = &parsed["status"];
    if status.is_null() {
        return Err("exec plugin didn't return a status field".to_owned());
    }
    let until = text(&status["expirationTimestamp"]);
    let until = match until.as_str() {
        "" => None,
        until => Some(aws::moment(until).ok_or_else(|| {
            format!("decoding stdout: parsing time {until:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {until:?} as \"2006\"")
        })?),
    };
    let part = |name: &str| Some(text(&status[name])).filter(|text| !text.is_empty());
    let certificate = match (part("clientCertificateData"), part("clientKeyData")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err("exec plugin returned only certificate or key, not both".to_owned()),
    };
    let token = part("token");
    if token.is_none() && certificate.is_none() {
        return Err("exec plugin didn't return a token or cert/key pair".to_owned());
    }
    for (what, pem) in certificate
        .iter()
        .flat_map(|(a, b)| [("certificate", a), ("key", b)])
    {
        if !pem.contains("-----BEGIN ") {
            return Err(format!(
                "failed parsing client key/certificate: tls: failed to find any PEM data in {what} input"
            ));
        }
    }
    Ok(Credential {
        token,
        certificate,
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_print_is_read_as_client_go_does() {
        const BETA: &str = "client.authentication.k8s.io/v1beta1";
        let version = r#""apiVersion":"client.authentication.k8s.io/v1beta1""#;
        for (printed, want) in [
            (
                format!(r#"{{"kind":"ExecCredential",{version},"status":{{"token":"x"}}}}"#),
                "",
            ),
            (
                format!("apiVersion: {BETA}\nkind: ExecCredential\nstatus:\n  token: x\n"),
                "",
            ),
            (
                "nonsense".to_owned(),
                "decoding stdout: couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }",
            ),
            (
                "{}".to_owned(),
                "exec plugin is configured to use API version client.authentication.k8s.io/v1beta1, plugin returned version client.authentication.k8s.io/__internal",
            ),
            (
                String::new(),
                "exec plugin is configured to use API version client.authentication.k8s.io/v1beta1, plugin returned version client.authentication.k8s.io/__internal",
            ),
            (
                r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"x"}}"#.to_owned(),
                "exec plugin is configured to use API version client.authentication.k8s.io/v1beta1, plugin returned version client.authentication.k8s.io/v1",
            ),
            (
                format!(r#"{{"kind":"ExecCredential",{version}}}"#),
                "exec plugin didn't return a status field",
            ),
            (
                format!(r#"{{"kind":"ExecCredential",{version},"status":{{}}}}"#),
                "exec plugin didn't return a token or cert/key pair",
            ),
            (
                format!(r#"{{{version},"status":{{"clientCertificateData":"x"}}}}"#),
                "exec plugin returned only certificate or key, not both",
            ),
            (
                format!(r#"{{{version},"status":{{"clientCertificateData":"x","clientKeyData":"y"}}}}"#),
                "failed parsing client key/certificate: tls: failed to find any PEM data in certificate input",
            ),
            (
                format!(r#"{{"kind":"Foo",{version}}}"#),
                "decoding stdout: no kind \"Foo\" is registered for version \"client.authentication.k8s.io/v1beta1\" in scheme \"pkg/runtime/scheme.go:111\"",
            ),
            (
                format!(r#"{{{version},"status":{{"token":"x","expirationTimestamp":"soon"}}}}"#),
                "decoding stdout: parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\"",
            ),
        ] {
            let got = read(printed.as_bytes(), BETA);
            assert_eq!(got.err().unwrap_or_default(), want, "{printed}");
        }
    }
}
