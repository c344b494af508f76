//! Which API server is talked to, and as whom.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::{AuthInfo, Config, Context, KubeConfigOptions, Kubeconfig};

use super::credential::Source;
use super::exec::Program;
use super::user;

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
    /// The variables of the environment, which decide what programs that sign in see.
    pub variables: BTreeMap<String, String>,
    /// Whether more is done than Helm does: tokens for EKS are signed without the program that the
    /// kubeconfig names where that is not installed, and flags about the user hold in a cluster, too.
    pub beyond: bool,
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

/// Where Pods find what they need to talk to their cluster.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

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
    pub(super) async fn reach(&self) -> Result<Way, String> {
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
        if config.cluster_url.scheme_str() == Some("http") {
            // Nobody signs in where everybody could listen; `clientcmd` does not, either.
            let user = std::mem::take(&mut config.auth_info);
            config.auth_info = AuthInfo {
                impersonate: user.impersonate,
                impersonate_uid: user.impersonate_uid,
                impersonate_groups: user.impersonate_groups,
                impersonate_user_extra: user.impersonate_user_extra,
                ..AuthInfo::default()
            };
        }
        let user = &mut config.auth_info;
        let has_more = user.token.is_some()
            || user.username.is_some()
            || user.client_certificate.is_some()
            || user.client_certificate_data.is_some();
        let file = user.token_file.take();
        let program = user.exec.take().filter(|_| !has_more);
        let source = match (file.filter(|_| user.token.is_none()), program) {
            (Some(file), _) => Source::File(PathBuf::from(file)),
            (None, Some(config)) => Source::Program(Box::new(Program {
                config,
                variables: self.variables.clone(),
                stands_in: self.beyond,
            })),
            (None, None) => Source::Nothing,
        };
        Ok(Way {
            source,
            config,
            server,
        })
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
                self.check_user(&kubeconfig)?;
                let config = Config::from_custom_kubeconfig(kubeconfig, &options);
                let mut config = config.await.map_err(|error| error.to_string())?;
                // Without what it has found in the environment on its own.
                config.proxy_url = proxy;
                Ok((config, self.server()))
            }
            None if self.server.is_empty() => match self.around()? {
                Some(config) => {
                    let server = config.cluster_url.to_string();
                    Ok((config, server.trim_end_matches('/').to_owned()))
                }
                None => Ok((Config::new(uri(LOCAL)?), self.server())),
            },
            None => Ok((Config::new(uri(&self.server())?), self.server())),
        }
    }

    /// Whether the user of the context can be one, with what flags say about it.
    fn check_user(&self, kubeconfig: &Kubeconfig) -> Result<(), String> {
        let context = context_of(kubeconfig, &self.context);
        let Some(name) = context.and_then(|context| context.user.as_deref()) else {
            return Ok(());
        };
        let mut found = kubeconfig.auth_infos.iter().filter(|it| it.name == name);
        let Some(mut user) = found.find_map(|it| it.auth_info.clone()) else {
            return Ok(());
        };
        if !self.token.is_empty() {
            user.token_file = None;
            user.token = Some(self.token.clone().into());
        }
        if !self.as_user.is_empty() {
            user.impersonate = Some(self.as_user.clone());
        }
        user::check(name, &user)
    }

    /// The cluster that the process runs in, where it runs in one (`rest.InClusterConfig`).
    fn around(&self) -> Result<Option<Config>, String> {
        let variable = |name: &str| self.variables.get(name).filter(|it| !it.is_empty());
        let (Some(host), Some(port)) = (
            variable("KUBERNETES_SERVICE_HOST"),
            variable("KUBERNETES_SERVICE_PORT"),
        ) else {
            return Ok(None);
        };
        let acts = !self.as_user.is_empty() || !self.as_groups.is_empty();
        let token = Path::new(ACCOUNT).join("token");
        if !token.exists() || (acts && !self.beyond) {
            return Ok(None);
        }
        let host = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.clone(),
        };
        let mut config = Config::new(uri(&format!("https://{host}:{port}"))?);
        config.auth_info.token_file = Some(token.to_string_lossy().into_owned());
        let authority = Path::new(ACCOUNT).join("ca.crt");
        if authority.exists() {
            config.root_cert_file = Some(authority);
        }
        Ok(Some(config))
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

/// A server, and how one gets there.
pub(super) struct Way {
    pub(super) config: Config,
    /// Its address as messages have it.
    pub(super) server: String,
    /// Where what is shown comes from.
    pub(super) source: Source,
}

/// A context by its name, or the current one.
fn context_of<'a>(kubeconfig: &'a Kubeconfig, name: &str) -> Option<&'a Context> {
    let wanted = match name {
        "" => kubeconfig.current_context.as_deref().unwrap_or_default(),
        given => given,
    };
    let named = kubeconfig.contexts.iter().find(|it| it.name == wanted);
    named?.context.as_ref()
}

/// The proxy that the cluster of a context names.
fn proxy_of(kubeconfig: &Kubeconfig, context: &str) -> Result<Option<Uri>, String> {
    let cluster = context_of(kubeconfig, context).map(|it| &it.cluster);
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
