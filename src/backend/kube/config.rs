//! Which API server is talked to, and as whom.

use std::path::PathBuf;

use http::{HeaderName, HeaderValue, Uri};
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig};

use super::connection::Reached;

/// What flags, environment and kubeconfig say; `Default` is the cluster that the process runs in,
/// or `localhost:8080`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The kubeconfig files, earlier ones win; those that are missing do not count.
    pub files: Vec<PathBuf>,
    /// The context; empty for the current one.
    pub context: String,
    /// Address of the server, where it is not the context's.
    pub server: String,
    /// A bearer token.
    pub token: String,
    /// Act as this user.
    pub as_user: String,
    /// Act as member of these groups.
    pub as_groups: Vec<String>,
    /// A file with the server's authority.
    pub ca_file: String,
    /// Take any certificate.
    pub insecure_skip_tls_verify: bool,
    /// The name that the server's certificate has to have.
    pub tls_server_name: String,
    /// The namespace of the release.
    pub namespace: String,
    /// Sent with each request; its first word manages the records.
    pub user_agent: String,
    /// Who manages the fields of objects.
    pub field_manager: String,
    /// Where `kubectl` and Helm keep what they know of kinds; empty for nowhere.
    pub cache_folder: String,
    /// Why none of it can be used; known before anything is asked.
    pub problem: Option<String>,
    /// The address that `files` give, for messages.
    pub configured_server: Option<String>,
}

/// Where `client-go` looks without any configuration.
const LOCAL: &str = "http://localhost:8080";

impl Settings {
    /// The server's address, without a slash at the end.
    fn server(&self) -> String {
        let server = match (self.server.as_str(), &self.configured_server) {
            ("", None) => LOCAL,
            ("", Some(configured)) => configured,
            (given, _) => given,
        };
        let server = server.trim_end_matches('/');
        match server.contains("://") {
            true => server.to_owned(),
            false => format!("http://{server}"),
        }
    }

    /// Connects nothing yet.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(super) async fn reach(&self) -> Result<Reached, String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        // Whoever came first may have chosen another provider; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (mut config, server) = self.load().await?;
        self.adjust(&mut config)?;
        // Ours is client-go's: a write whose outcome is unknown is not sent again.
        config.default_retry = false;
        let client = kube::Client::try_from(config).map_err(|error| error.to_string())?;
        Ok(Reached { client, server })
    }

    /// The configuration, and the server's address as messages have it.
    async fn load(&self) -> Result<(Config, String), String> {
        let mut merged: Option<Kubeconfig> = None;
        for path in &self.files {
            if !path.exists() {
                continue;
            }
            let read = Kubeconfig::read_from(path).map_err(|error| error.to_string())?;
            merged = Some(match merged {
                None => read,
                Some(before) => before.merge(read).map_err(|error| error.to_string())?,
            });
        }
        let is_set = |config: &Kubeconfig| {
            !self.context.is_empty()
                || config
                    .current_context
                    .as_deref()
                    .is_some_and(|name| !name.is_empty())
        };
        match merged.filter(is_set) {
            Some(kubeconfig) => {
                let options = KubeConfigOptions {
                    context: (!self.context.is_empty()).then(|| self.context.clone()),
                    ..KubeConfigOptions::default()
                };
                let config = Config::from_custom_kubeconfig(kubeconfig, &options);
                let config = config.await.map_err(|error| error.to_string())?;
                Ok((config, self.server()))
            }
            None if self.server.is_empty() => match Config::incluster() {
                Ok(config) => {
                    let server = config.cluster_url.to_string();
                    Ok((config, server.trim_end_matches('/').to_owned()))
                }
                Err(_) => Ok((Config::new(uri(LOCAL)?), self.server())),
            },
            None => Ok((Config::new(uri(&self.server())?), self.server())),
        }
    }

    fn adjust(&self, config: &mut Config) -> Result<(), String> {
        if !self.server.is_empty() {
            config.cluster_url = uri(&self.server())?;
        }
        if !self.token.is_empty() {
            config.auth_info = AuthInfo {
                token: Some(self.token.clone().into()),
                token_file: None,
                username: None,
                password: None,
                exec: None,
                auth_provider: None,
                ..std::mem::take(&mut config.auth_info)
            };
        }
        if !self.as_user.is_empty() {
            config.auth_info.impersonate = Some(self.as_user.clone());
        }
        if !self.as_groups.is_empty() {
            config.auth_info.impersonate_groups = Some(self.as_groups.clone());
        }
        if !self.ca_file.is_empty() {
            config.root_cert_file = Some(PathBuf::from(&self.ca_file));
            config.root_cert = None;
        }
        if self.insecure_skip_tls_verify {
            config.accept_invalid_certs = true;
            config.root_cert = None;
        }
        if !self.tls_server_name.is_empty() {
            config.tls_server_name = Some(self.tls_server_name.clone());
        }
        let user = config
            .auth_info
            .impersonate
            .iter()
            .map(|user| ("impersonate-user", user));
        let groups = config.auth_info.impersonate_groups.iter().flatten();
        let headers = user
            .chain(groups.map(|group| ("impersonate-group", group)))
            .chain(
                config
                    .auth_info
                    .impersonate_uid
                    .iter()
                    .map(|uid| ("impersonate-uid", uid)),
            )
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
                Ok((HeaderName::from_static(name), value))
            })
            .collect::<Result<Vec<_>, String>>()?;
        config.headers.extend(headers);
        Ok(())
    }
}

fn uri(text: &str) -> Result<Uri, String> {
    text.parse()
        .map_err(|error| format!("the server's address {text:?} cannot be used: {error}"))
}
