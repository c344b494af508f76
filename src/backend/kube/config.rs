//! Which API server is talked to, and as whom.

use std::net::IpAddr;
use std::path::PathBuf;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
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
    /// Proxies for servers that the kubeconfig names none for.
    pub proxies: Proxies,
    /// Why none of it can be used; known before anything is asked.
    pub problem: Option<String>,
    /// The address that `files` give, for messages.
    pub configured_server: Option<String>,
}

/// The variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For servers at `http://`.
    pub http: String,
    /// For servers at `https://`.
    pub https: String,
    /// Servers that are asked without one.
    pub none: String,
}

impl Proxies {
    /// The proxy for a server; never one for this machine (`http.ProxyFromEnvironment` of Go).
    fn find(&self, server: &Uri) -> Result<Option<Uri>, String> {
        let host = server.host().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if host == "localhost" || address.is_ok_and(|it| it.is_loopback()) {
            return Ok(None);
        }
        let matcher = Matcher::builder()
            .http(self.http.as_str())
            .https(self.https.as_str())
            .no(self.none.as_str())
            .build();
        if matcher.intercept(server).is_none() {
            return Ok(None);
        }
        let proxy = match server.scheme_str() {
            Some("https") => &self.https,
            _ => &self.http,
        };
        proxy_uri(proxy).map(Some)
    }
}

fn proxy_uri(text: &str) -> Result<Uri, String> {
    let text = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let why = |error| format!("the proxy's address {text:?} cannot be used: {error}");
    text.parse().map_err(why)
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
        if config.proxy_url.is_none() {
            config.proxy_url = self.proxies.find(&config.cluster_url)?;
        }
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
                let proxy = proxy_of(&kubeconfig, &self.context)?;
                let config = Config::from_custom_kubeconfig(kubeconfig, &options);
                let mut config = config.await.map_err(|error| error.to_string())?;
                // Without what it has found in the environment on its own.
                config.proxy_url = proxy;
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
        Ok(())
    }
}

/// The proxy that the cluster of a context names.
fn proxy_of(kubeconfig: &Kubeconfig, context: &str) -> Result<Option<Uri>, String> {
    let wanted = match context {
        "" => kubeconfig.current_context.as_deref().unwrap_or_default(),
        given => given,
    };
    let named = kubeconfig.contexts.iter().find(|it| it.name == wanted);
    let cluster = named.and_then(|it| Some(&it.context.as_ref()?.cluster));
    let found = kubeconfig.clusters.iter();
    let found = found.filter(|it| Some(&it.name) == cluster);
    let proxy = found
        .filter_map(|it| it.cluster.as_ref()?.proxy_url.as_deref())
        .find(|proxy| !proxy.is_empty());
    proxy.map(proxy_uri).transpose()
}

fn uri(text: &str) -> Result<Uri, String> {
    text.parse()
        .map_err(|error| format!("the server's address {text:?} cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_chosen_as_go_does() {
        let proxies = Proxies {
            http: "plain:1".to_owned(),
            https: "http://user:word@secure:2".to_owned(),
            none: "10.0.0.0/8, .inside.example,other.example".to_owned(),
        };
        for (server, want) in [
            (
                "https://api.example:6443",
                Some("http://user:word@secure:2/"),
            ),
            ("http://api.example", Some("http://plain:1/")),
            ("https://10.1.2.3", None),
            ("https://a.inside.example", None),
            ("https://other.example", None),
            ("https://localhost:6443", None),
            ("https://127.0.0.2:6443", None),
            ("https://[::1]:6443", None),
        ] {
            let found = proxies.find(&server.parse().unwrap()).unwrap();
            let found = found.map(|it| it.to_string());
            assert_eq!(found.as_deref(), want, "{server}");
        }
        let none = Proxies::default();
        let server = "https://api.example".parse().unwrap();
        assert_eq!(none.find(&server), Ok(None));
    }
}
