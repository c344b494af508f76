//! The cluster that flags, environment and kubeconfig name.

#[cfg(any(feature = "kube", feature = "ecs"))]
use std::collections::BTreeMap;
#[cfg(feature = "kube")]
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(any(feature = "kube", feature = "ecs"))]
use std::sync::{Mutex, PoisonError};

use super::super::environment::Environment;
use super::super::kubeconfig;
#[cfg(feature = "kube")]
use super::patience::budget;
#[cfg(feature = "kube")]
use super::source::BEYOND;
use super::target::Target;
use crate::backend::Backend;
use crate::backend::dir::{Dir, Hidden};
#[cfg(feature = "kube")]
use crate::backend::kube::{Driver, Kube, Proxies, Settings};
use crate::backend::memory::Memory;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::time::{Time, Zone};
use crate::go::url::Url;
use crate::go::{os, strconv};
#[cfg(feature = "ecs")]
use crate::net::aws::{Api, Options};
use crate::ui::Terminal;
use crate::world::{Real, World};

/// Ways to clusters that were found, for those who go them again.
#[derive(Default)]
pub(in crate::cli) struct Ways {
    #[cfg(feature = "kube")]
    known: Mutex<BTreeMap<String, Arc<Kube>>>,
    #[cfg(feature = "ecs")]
    accounts: Mutex<BTreeMap<String, Arc<Api>>>,
}

#[cfg(feature = "ecs")]
impl Ways {
    /// Amazon's services as these options ask them; those that ask in the same way share keys and
    /// connections.
    pub(super) fn account(&self, options: Options) -> Arc<Api> {
        let key = format!(
            "{:?}",
            (
                (&options.sources.profile, &options.sources.region),
                (&options.endpoint, &options.allowed),
            )
        );
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            accounts
                .entry(key)
                .or_insert_with(|| Arc::new(Api::new(options))),
        )
    }
}

#[cfg(feature = "kube")]
impl Ways {
    /// The way to the cluster of `settings`, for releases in their namespace.
    fn find(&self, settings: Settings, make: impl FnOnce(Settings) -> Kube) -> Kube {
        let namespace = settings.namespace.clone();
        let key = format!(
            "{:?}",
            (
                (&settings.files, &settings.context, &settings.server),
                (&settings.token, &settings.as_user, &settings.as_groups),
                (&settings.ca_file, settings.insecure_skip_tls_verify),
                (
                    &settings.tls_server_name,
                    settings.beyond,
                    &settings.problem
                ),
            )
        );
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let way = known
            .entry(key)
            .or_insert_with(|| Arc::new(make(settings).shared()));
        way.within_namespace(&namespace)
    }
}

impl Ways {
    /// Forgets what clusters say of themselves, for releases that come after others.
    pub(in crate::cli) fn renew(&self) {
        #[cfg(feature = "kube")]
        for way in self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
        {
            way.renew();
        }
    }
}

/// Where releases go; nothing is asked of it yet, so what is wrong with a cluster's configuration is said
/// by the first request.
///
/// # Errors
/// Words that name no target, a storage of records that is not known.
pub(in crate::cli) fn connect(
    flags: &FlagSet,
    environment: &Environment,
) -> Result<Box<dyn Backend>, Error> {
    match Target::of(flags)? {
        Target::Kube => connect_to_cluster(flags, environment),
        Target::Ecs(cluster) => super::amazon::connect(&cluster, flags, environment),
        Target::Dir(path) => {
            let dir = Dir::new(path, environment.namespace(flags));
            Ok(Box::new(match environment.own() {
                Some(own) => {
                    let secrets = own.secrets.clone();
                    dir.hiding(Hidden::new(move |text, words| secrets.without(text, words)))
                }
                None => dir,
            }))
        }
        Target::Memory => Ok(Box::new(Memory::default())),
    }
}

/// The cluster.
///
/// # Errors
/// A storage of records that is not known.
#[cfg(feature = "kube")]
fn connect_to_cluster(
    flags: &FlagSet,
    environment: &Environment,
) -> Result<Box<dyn Backend>, Error> {
    if environment.get("HELM_DRIVER") == "memory" {
        return memory(environment);
    }
    let files = environment.kubeconfig(flags);
    let list = |name: &str| flags.list(name).to_vec();
    let text = |name: &str| flags.text(name).to_owned();
    let variable = |upper: &str, lower: &str| match environment.get(upper) {
        value if value.is_empty() => environment.get(lower),
        value => value,
    };
    let (configured_server, problem) = match server(flags, &files) {
        Ok(server) => (server, None),
        Err(problem) => (None, Some(problem)),
    };
    let settings = Settings {
        files: match files {
            kubeconfig::Files::Explicit(path) => vec![path],
            kubeconfig::Files::Chain(paths) => paths,
        },
        context: text("kube-context"),
        server: text("kube-apiserver"),
        token: text("kube-token"),
        as_user: text("kube-as-user"),
        as_groups: list("kube-as-group"),
        ca_file: text("kube-ca-file"),
        insecure_skip_tls_verify: flags.is("kube-insecure-skip-tls-verify"),
        tls_server_name: text("kube-tls-server-name"),
        namespace: environment.namespace(flags),
        user_agent: "Helm/4.2.4".to_owned(),
        field_manager: "helm".to_owned(),
        cache_folder: environment.cluster_cache(),
        proxies: Proxies {
            http: variable("HTTP_PROXY", "http_proxy"),
            https: variable("HTTPS_PROXY", "https_proxy"),
            none: variable("NO_PROXY", "no_proxy"),
        },
        variables: environment.all(),
        beyond: flags.is(BEYOND),
        problem,
        configured_server,
    };
    let driver = match environment.get("HELM_DRIVER").as_str() {
        "" | "secret" | "secrets" => Driver::Secret,
        "configmap" | "configmaps" => Driver::ConfigMap,
        "sql" => {
            let message = "pintle does not keep records in SQL databases (HELM_DRIVER=sql)";
            let hint = "Records are kept in Secrets, or in ConfigMaps with HELM_DRIVER=configmap; `kubectl` copies them to a cluster once Helm has exported them.";
            return Err(Error::new(Kind::Unsupported, message).with_hint(hint));
        }
        other => {
            let message = format!("unknown driver {other:?}");
            return Err(Error::new(Kind::Usage, message));
        }
    };
    let warn = Arc::new(|warning: &str| Terminal::new().complain(&klog(warning)));
    let make = |settings| Kube::new(settings, driver, Arc::new(Real::new()), warn);
    let kube = match &environment.errand {
        Some(errand) => errand.ways.find(settings, make),
        None => make(settings),
    };
    if !flags.is(BEYOND) {
        return Ok(Box::new(kube));
    }
    let told = Mutex::new(BTreeSet::new());
    let kube = kube.telling(Arc::new(move |damaged| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(damaged.object.clone()) {
            Terminal::new().complain(&format!("warning: {damaged}\n"));
        }
    }));
    Ok(Box::new(match budget(flags)? {
        Some(budget) => kube.within(budget),
        None => kube,
    }))
}

/// Records of files that `HELM_MEMORY_DRIVER_DATA` names, and no cluster.
///
/// # Errors
/// Files that cannot be read.
#[cfg(feature = "kube")]
fn memory(environment: &Environment) -> Result<Box<dyn Backend>, Error> {
    let mut records = Vec::new();
    for path in environment.get("HELM_MEMORY_DRIVER_DATA").split(':') {
        let text = std::fs::read(path).map_err(|error| {
            let why = os::path_error("open", path, &error);
            Error::new(Kind::Io, format!("Unable to read memory driver data{why}"))
        })?;
        records.extend(
            Memory::read(&text)
                .map_err(|error| error.wrap("Unable to unmarshal memory driver data"))?,
        );
    }
    Ok(Box::new(Memory::new(records)))
}

/// A warning that an API server sends along with an answer, as `klog` shows it:
/// `W1121 15:04:05.000000      42 warnings.go:107] "Warning: ..."`.
#[cfg(feature = "kube")]
fn klog(warning: &str) -> String {
    let world = Real::new();
    let now = Time::from_system(world.now(), Zone::local(&world.time_zone()));
    format!(
        "W{} {:>7} warnings.go:107] {}\n",
        String::from_utf8_lossy(&now.format(b"0102 15:04:05.000000")),
        std::process::id(),
        strconv::quote(format!("Warning: {warning}"))
    )
}

/// The cluster, which this build cannot talk to.
///
/// # Errors
/// Always.
#[cfg(not(feature = "kube"))]
fn connect_to_cluster(
    _flags: &FlagSet,
    _environment: &Environment,
) -> Result<Box<dyn Backend>, Error> {
    Err(Error::new(
        Kind::Unsupported,
        "this build of pintle does not talk to clusters: it was made without the feature `kube`",
    ))
}

/// The address of the server that the kubeconfig names.
///
/// # Errors
/// The words of `clientcmd` for what cannot be used.
fn server(flags: &FlagSet, files: &kubeconfig::Files) -> Result<Option<String>, String> {
    let target = kubeconfig::target(files, flags.text("kube-context"))?;
    let configured = target.server;
    if !flags.list("kube-as-group").is_empty()
        && flags.text("kube-as-user").is_empty()
        && target.acts_as.is_empty()
    {
        return Err(format!(
            "invalid configuration: requesting uid, groups or user-extra for {} without impersonating a user",
            target.user
        ));
    }
    let ca_file = flags.text("kube-ca-file");
    if !ca_file.is_empty()
        && let Err(error) = std::fs::File::open(PathBuf::from(ca_file))
    {
        let why = os::path_error("open", ca_file, &error);
        return Err(format!(
            "invalid configuration: unable to read certificate-authority {ca_file} for {} due to {why}",
            target.cluster
        ));
    }
    let given = flags.text("kube-apiserver");
    let used = match (given, &configured) {
        ("", Some(configured)) => configured.as_str(),
        (given, _) => given,
    };
    if used.contains("://") {
        Url::parse(used).map_err(|error| error.to_string())?;
    } else if !used.is_empty() {
        Url::parse(format!("http://{used}")).map_err(|error| error.to_string())?;
    }
    Ok(configured)
}
