//! `ref+vault://` and `ref+openbao://`: key-value stores of HashiCorp's Vault and of OpenBao.
//!
//! Behaviour of the clients github.com/hashicorp/vault/api 1.23.0 and vals' providers: which version a
//! store has is asked once a mount, who asks is proven once a provider.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::super::super::data::{self, Data, Entries};
use super::{Context, Provider};
use crate::diag::{Error, Kind};
use crate::go::{base64, os, path, strconv, time};
use crate::net::{Answer, Client, Method, Options, Request};
use crate::value::Text;
use crate::world::World;

/// Where a Pod finds the token of its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// A server, and who asks it.
pub(super) struct Vault {
    world: Arc<dyn World>,
    client: Client,
    address: String,
    namespace: String,
    login: Login,
    version: String,
    decode: String,
    /// What variables of the product start with: `VAULT_`.
    prefix: &'static str,
    product: &'static str,
    /// Where relative paths start.
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Nothing before the first request.
    token: Option<String>,
    /// Mounts, ending in `/`, and whether their store keeps versions.
    mounts: BTreeMap<String, bool>,
}

/// How somebody proves who they are.
enum Login {
    Token {
        variable: String,
        file: String,
    },
    AppRole {
        role: String,
        secret: String,
    },
    Kubernetes {
        role: String,
    },
    UserPass {
        name: String,
        variable: String,
        file: String,
    },
    /// A method that vals does not know sends no token but the one of the environment.
    Unknown,
}

impl Vault {
    /// Nothing is asked yet.
    pub(super) fn new(scheme: &str, context: &Context<'_>) -> Vault {
        let (prefix, product) = match scheme {
            "openbao" => ("BAO_", "openbao"),
            _ => ("VAULT_", "vault"),
        };
        let variable = |name: &str| {
            let own = context.variable(&format!("{prefix}{name}"));
            match own.is_empty() && prefix == "BAO_" {
                // OpenBao reads the variables of Vault where its own are not set.
                true => context.variable(&format!("VAULT_{name}")),
                false => own,
            }
        };
        let or = |given: String, name: &str| match given.is_empty() {
            true => variable(name),
            false => given,
        };
        let (address, host) = (context.text("address"), context.text("host"));
        let address = match (address.is_empty(), host.is_empty()) {
            (false, _) => address,
            (true, false) => {
                let scheme = match context.text("proto") {
                    given if given.is_empty() => "https".to_owned(),
                    given => given,
                };
                format!("{scheme}://{host}")
            }
            (true, true) => match variable("ADDR") {
                given if given.is_empty() => "https://127.0.0.1:8200".to_owned(),
                given => given,
            },
        };
        let method = match context.text("auth_method") {
            given if given.is_empty() => match variable("AUTH_METHOD") {
                named if matches!(&*named, "approle" | "kubernetes" | "userpass") => named,
                _ => "token".to_owned(),
            },
            given => given,
        };
        let role = || or(context.text("role_id"), "ROLE_ID");
        let login = match method.as_str() {
            "token" => Login::Token {
                variable: context.text("token_env"),
                file: context.text("token_file"),
            },
            "approle" => Login::AppRole {
                role: role(),
                secret: or(context.text("secret_id"), "SECRET_ID"),
            },
            "kubernetes" => Login::Kubernetes { role: role() },
            "userpass" => Login::UserPass {
                name: or(context.text("username"), "USERNAME"),
                variable: or(context.text("password_env"), "PASSWORD_ENV"),
                file: or(context.text("password_file"), "PASSWORD_FILE"),
            },
            _ => Login::Unknown,
        };
        let seconds = |text: String| {
            let seconds = strconv::atoi(&text)
                .ok()
                .and_then(|n| u64::try_from(n).ok());
            seconds.map(Duration::from_secs).or_else(|| {
                let parsed = time::Duration::parse(&text).ok()?;
                u64::try_from(parsed.0).ok().map(Duration::from_nanos)
            })
        };
        let timeout = seconds(variable("CLIENT_TIMEOUT")).unwrap_or(Duration::from_secs(60));
        let skip = strconv::parse_bool(variable("SKIP_VERIFY")).unwrap_or_default();
        let options = Options {
            user_agent: "pintle".to_owned(),
            ca_file: variable("CACERT"),
            cert_file: variable("CLIENT_CERT"),
            key_file: variable("CLIENT_KEY"),
            insecure_skip_tls_verify: skip || address.contains("127.0.0.1"),
            timeout,
            silence: timeout,
            limit: 32 << 20,
            ..Options::default()
        };
        Vault {
            world: Arc::clone(context.world),
            client: Client::new(options),
            address: address.trim_end_matches('/').to_owned(),
            namespace: or(context.text("namespace"), "NAMESPACE"),
            login,
            version: context.text("version"),
            decode: context.text("decode"),
            prefix,
            product,
            folder: context.folder.to_path_buf(),
            state: Mutex::default(),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.world.variable(&format!("{}{name}", self.prefix))
    }

    /// The document at a path, with its numbers as they are written.
    fn read(&self, path: &str) -> Result<serde_json::Map<String, Value>, Error> {
        let token = self.token().map_err(|error| {
            let name = match self.product {
                "openbao" => "OpenBao",
                _ => "Vault",
            };
            error.wrap(format_args!("Cannot create {name} Client"))
        })?;
        let (mount, has_versions) = self.mount(path, &token)?;
        let place = match has_versions {
            true => within(&mount, path),
            false => path.to_owned(),
        };
        let query = match self.version.as_str() {
            "" => String::new(),
            version => {
                let version = crate::go::url::query_escape(version);
                format!("?version={}", String::from_utf8_lossy(&version))
            }
        };
        let (answer, url) = self.send(Method::Get, &place, &query, &token, &[])?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let data = said.get("data").and_then(Value::as_object);
        let is_empty = data.is_none_or(serde_json::Map::is_empty);
        let none = || {
            let path = strconv::quote(path);
            Error::new(Kind::NotFound, format!("no secret found for path {path}"))
        };
        match answer.status {
            404 if is_empty => return Err(none()),
            404 | 200..=399 => {}
            _ => return Err(self.refused(Method::Get, &url, &answer)),
        }
        let data = data.cloned().ok_or_else(none)?;
        Ok(match data.get("data") {
            Some(Value::Object(inner)) if has_versions => inner.clone(),
            _ => data,
        })
    }

    /// The mount that a path is in, and whether its store keeps versions.
    fn mount(&self, path: &str, token: &str) -> Result<(String, bool), Error> {
        {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let slashed = format!("{path}/");
            let mut mounts = state.mounts.iter();
            if let Some((mount, has_versions)) =
                mounts.find(|(mount, _)| *mount == path || slashed.starts_with(mount.as_str()))
            {
                return Ok((mount.clone(), *has_versions));
            }
        }
        let place = format!("sys/internal/ui/mounts/{path}");
        let (answer, url) = self.send(Method::Get, &place, "", token, &[])?;
        let (mount, has_versions) = match answer.status {
            // A server that is too old to be asked has no versions.
            404 => (String::new(), false),
            200..=399 => {
                let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let mount = said["data"]["path"].as_str().unwrap_or_default();
                let version = said["data"]["options"]["version"].as_str();
                (mount.to_owned(), version == Some("2"))
            }
            _ => return Err(self.refused(Method::Get, &url, &answer)),
        };
        let key = match mount.as_str() {
            "" => path.to_owned(),
            mount => format!("{}/", mount.trim_end_matches('/')),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.mounts.insert(key, has_versions);
        Ok((mount, has_versions))
    }

    /// The token to ask with; taken at the first request.
    fn token(&self) -> Result<String, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &state.token {
            return Ok(token.clone());
        }
        let token = self.log_in()?;
        state.token = Some(token.clone());
        Ok(token)
    }

    fn log_in(&self) -> Result<String, Error> {
        let given = self.variable("TOKEN").unwrap_or_default();
        let point = |otherwise: &str| {
            let point = self.variable("LOGIN_MOUNT_POINT");
            point.unwrap_or_else(|| otherwise.to_owned())
        };
        match &self.login {
            Login::Unknown => Ok(given),
            Login::Token { variable, file } => {
                let mut token = given;
                if !variable.is_empty() {
                    token = self.read_variable("token_env", "token", variable)?;
                }
                if !file.is_empty() {
                    token = self.read_file(file)?;
                }
                if token.is_empty() {
                    token = self.kept_token();
                }
                Ok(token)
            }
            Login::AppRole { role, secret } => {
                let place = path::join(&["auth", &point("approle"), "login"]);
                self.exchange(
                    &place,
                    &serde_json::json!({"role_id": role, "secret_id": secret}),
                )
            }
            Login::Kubernetes { role } => {
                let file = match self.variable("KUBERNETES_JWT_TOKEN_PATH") {
                    Some(file) if !file.is_empty() => file,
                    _ => ACCOUNT.to_owned(),
                };
                let token = self.read_file(&file).map_err(|error| {
                    let file = strconv::quote(&file);
                    error.wrap(format_args!(
                        "unable to open service account token file {file}"
                    ))
                })?;
                let point = match self.variable("KUBERNETES_MOUNT_POINT") {
                    Some(point) if !point.is_empty() => point,
                    _ => "kubernetes".to_owned(),
                };
                let place = path::join(&["auth", &point, "login"]);
                self.exchange(&place, &serde_json::json!({"jwt": token, "role": role}))
            }
            Login::UserPass {
                name,
                variable,
                file,
            } => {
                let password = match (variable.as_str(), file.as_str()) {
                    ("", "") => String::new(),
                    ("", file) => self.read_file(file)?,
                    (variable, _) => self.read_variable("password_env", "password", variable)?,
                };
                if password.is_empty() {
                    let message = "password missing for userpass authentication";
                    return Err(Error::new(Kind::Usage, message));
                }
                let place = path::join(&["auth", &point("userpass"), "login", name]);
                self.exchange(&place, &serde_json::json!({"password": password}))
            }
        }
    }

    /// What stands in a variable that a parameter names.
    fn read_variable(&self, parameter: &str, what: &str, variable: &str) -> Result<String, Error> {
        match self.world.variable(variable) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => {
                let (product, variable) = (self.product, strconv::quote(variable));
                let message = format!(
                    "{parameter} configured to read {product} {what} from envvar {variable}, but it isn't set"
                );
                Err(Error::new(Kind::Usage, message))
            }
        }
    }

    /// The token that the product's own program keeps.
    fn kept_token(&self) -> String {
        let home = self.world.variable("HOME").unwrap_or_default();
        let file = match self.variable("TOKEN_FILE") {
            Some(file) if !file.is_empty() => file,
            _ if home.is_empty() => return String::new(),
            _ => format!("{home}/.vault-token"),
        };
        self.read_file(&file).unwrap_or_default().trim().to_owned()
    }

    fn read_file(&self, file: &str) -> Result<String, Error> {
        std::fs::read_to_string(self.folder.join(file))
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", file, &error)))
    }

    /// A token in exchange for something else.
    fn exchange(&self, place: &str, what: &Value) -> Result<String, Error> {
        let body = what.to_string();
        let (answer, url) = self.send(Method::Put, place, "", "", body.as_bytes())?;
        if !(200..400).contains(&answer.status) {
            return Err(self.refused(Method::Put, &url, &answer));
        }
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match said["auth"]["client_token"].as_str() {
            Some(token) => Ok(token.to_owned()),
            None => Err(Error::new(Kind::Network, "no auth info returned")),
        }
    }

    /// Sends a request, once more where the server was not able to answer.
    fn send(
        &self,
        method: Method,
        place: &str,
        query: &str,
        token: &str,
        body: &[u8],
    ) -> Result<(Answer, String), Error> {
        let escaped = crate::go::url::Url {
            path: format!("/v1/{place}").into_bytes(),
            ..crate::go::url::Url::default()
        };
        let path = String::from_utf8_lossy(&escaped.escaped_path()).into_owned();
        let url = format!("{}{path}{query}", self.address);
        let mut headers = vec![("x-vault-request", "true".to_owned())];
        if !token.is_empty() {
            headers.push(("x-vault-token", token.to_owned()));
        }
        if !self.namespace.is_empty() {
            headers.push(("x-vault-namespace", self.namespace.clone()));
        }
        let retries = self.variable("MAX_RETRIES").unwrap_or_default();
        let retries = strconv::atoi(retries).unwrap_or(2);
        let mut tries = 0;
        loop {
            let request = Request {
                method,
                url: &url,
                headers: headers.clone(),
                body,
            };
            let answer = self.client.send(&request)?;
            let is_busy = matches!(answer.status, 412 | 500 | 502..=599);
            if !is_busy || tries >= retries {
                return Ok((answer, url));
            }
            tries += 1;
            std::thread::sleep(Duration::from_millis(200 * tries.unsigned_abs().min(8)));
        }
    }

    /// What the server said, as its own client puts it.
    fn refused(&self, method: Method, url: &str, answer: &Answer) -> Error {
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let (word, told) = match said {
            Some(said) => {
                let errors = said["errors"].as_array().cloned().unwrap_or_default();
                let errors = errors.iter().filter_map(Value::as_str);
                ("Errors", errors.map(|error| format!("* {error}")).collect())
            }
            None => (
                "Raw Message",
                String::from_utf8_lossy(&answer.body).into_owned(),
            ),
        };
        let (method, status) = (method.name(), answer.status);
        let message = format!(
            "Error making API request.\n\nURL: {method} {url}\nCode: {status}. {word}:\n\n{told}"
        );
        let error = Error::new(Kind::Network, message);
        match status {
            403 => error.with_hint(format!(
                "The token may not read it: check {}TOKEN, and the policies of who logs in.",
                self.prefix
            )),
            _ => error,
        }
    }
}

impl Provider for Vault {
    /// The last part of the path is a key of the document.
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let (path, key) = path.rsplit_once('/').unwrap_or(("", path));
        let entries = self.map(path)?;
        let (product, quoted) = (self.product, strconv::quote(key));
        let Some(value) = entries.get(key.as_bytes()) else {
            let path = strconv::quote(path);
            let message = format!("{product}: get string: key {quoted} does not exist in {path}");
            return Err(Error::new(Kind::NotFound, message));
        };
        let text = match value {
            Data::String(text) => text.to_vec(),
            other => data::print(other).into_bytes(),
        };
        match self.decode.as_str() {
            "" | "raw" => Ok(text),
            "base64" => base64::decode(&text).map_err(|error| {
                let message = format!("{product}: base64 decode failed for key {quoted}: {error}");
                Error::new(Kind::Values, message)
            }),
            other => {
                let other = strconv::quote(other);
                let message = format!("{product}: unsupported decode parameter: {other}");
                Err(Error::new(Kind::Usage, message))
            }
        }
    }

    fn map(&self, path: &str) -> Result<Entries, Error> {
        let read = self.read(path)?.into_iter();
        Ok(read
            .map(|(key, value)| (Text::from(key), data_of(value)))
            .collect())
    }
}

/// Data of JSON. Numbers stay as they are written (`json.Number`), which is as texts.
fn data_of(value: Value) -> Data {
    match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(value),
        Value::Number(number) => Data::string(number.to_string()),
        Value::String(text) => Data::string(text),
        Value::Array(items) => Data::list(items.into_iter().map(data_of).collect()),
        Value::Object(map) => {
            let entries = map.into_iter();
            Data::map(
                entries
                    .map(|(key, value)| (Text::from(key), data_of(value)))
                    .collect(),
            )
        }
    }
}

/// The path of a document in a store that keeps versions.
fn within(mount: &str, path: &str) -> String {
    if path == mount || path == mount.strip_suffix('/').unwrap_or(mount) {
        return path::join(&[mount, "data"]);
    }
    let rest = path.strip_prefix(mount).unwrap_or(path);
    path::join(&[mount, "data", rest])
}
