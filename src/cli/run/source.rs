//! Where charts come from, as flags say it.

use std::time::Duration;

use super::super::environment::Environment;
use super::plugin;
use super::verify::keys;
use crate::action::repo::Format;
use crate::action::source::Source;
use crate::diag::{Error, Kind};
use crate::fetch::bucket::Clouds;
use crate::fetch::oci::credential::Files;
use crate::fetch::{Access, Digests, Places};
use crate::go::flag::FlagSet;
use crate::go::{path, time};
use crate::net::aws::Credentials;
use crate::plugin::Getters;
use crate::ui::Terminal;
use crate::world::{Real, World as _};

/// Set in the flags of pintle's own front end: charts may be in git repositories and buckets, too.
pub(in crate::cli) const BEYOND: &str = "beyond";

/// What the environment says about clouds.
pub(in crate::cli) fn clouds() -> Clouds {
    let environment = Environment::of_process(String::new());
    let first = |names: &[&str]| {
        let values = names.iter().map(|name| environment.get(name));
        values
            .into_iter()
            .find(|value| !value.is_empty())
            .unwrap_or_default()
    };
    let file = |name: &str, own: &str| match environment.get(name) {
        path if path.is_empty() => format!("{}/.aws/{own}", environment.get("HOME")),
        path => path,
    };
    Clouds {
        keys: Credentials {
            access_key: first(&["AWS_ACCESS_KEY_ID"]),
            secret_key: first(&["AWS_SECRET_ACCESS_KEY"]),
            session_token: first(&["AWS_SESSION_TOKEN"]),
        },
        profile: first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
        region: first(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
        endpoint: first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
        credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        config_file: file("AWS_CONFIG_FILE", "config"),
        google_token: first(&["CLOUDSDK_AUTH_ACCESS_TOKEN"]),
        google_endpoint: first(&["STORAGE_EMULATOR_HOST"]),
    }
}

/// Where things are kept.
pub(in crate::cli) fn places(flags: &FlagSet) -> Places {
    Places {
        repository_config: flags.text("repository-config").to_owned(),
        repository_cache: flags.text("repository-cache").to_owned(),
        content_cache: flags.text("content-cache").to_owned(),
        credentials: credentials(flags),
        getters: Getters::default(),
        digests: match is_own(flags) {
            true => Digests::Checked,
            false => Digests::Unchecked,
        },
    }
}

/// Whether pintle's own command line was typed, and not Helm's: only that one has the flag.
pub(in crate::cli) fn is_own(flags: &FlagSet) -> bool {
    flags.has("offline")
}

/// Where credentials for registries are kept.
fn credentials(flags: &FlagSet) -> Files {
    let world = Real::new();
    let variable = |name: &str| world.variable(name).unwrap_or_default();
    let folder = match (&*variable("DOCKER_CONFIG"), &*variable("HOME")) {
        ("", "") => String::new(),
        ("", home) => path::join(&[home, ".docker"]),
        (folder, _) => folder.to_owned(),
    };
    Files {
        own: flags.text("registry-config").to_owned(),
        docker: match &*folder {
            "" => folder,
            folder => path::join(&[folder, "config.json"]),
        },
        programs: variable("PATH"),
    }
}

/// How servers are talked to.
pub(in crate::cli) fn access(flags: &FlagSet) -> Access {
    let text = |name: &str| flags.text(name).to_owned();
    Access {
        owner: String::new(),
        username: text("username"),
        password: text("password"),
        pass_credentials_all: flags.is("pass-credentials"),
        cert_file: text("cert-file"),
        key_file: text("key-file"),
        ca_file: text("ca-file"),
        insecure_skip_tls_verify: flags.is("insecure-skip-tls-verify"),
        plain_http: flags.is("plain-http"),
        timeout: None,
    }
}

/// Where a chart comes from.
///
/// # Errors
/// Certificates that cannot be read. Helm makes a client for registries before it looks at what is
/// wanted.
pub(in crate::cli) fn source(
    flags: &FlagSet,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Source, Error> {
    let access = access(flags);
    access
        .check_certificates()
        .map_err(|error| error.wrap("missing registry client"))?;
    Ok(Source {
        places: Places {
            getters: getters(flags, environment, terminal),
            ..places(flags)
        },
        access,
        repository: flags.text("repo").to_owned(),
        version: flags.text("version").to_owned(),
        devel: flags.is("devel"),
        verify: flags.is("verify").then(|| keys(flags)),
        debug: flags.is("debug"),
        beyond: flags.is(BEYOND).then(clouds),
        shelf: environment
            .errand
            .as_ref()
            .and_then(|errand| errand.shelf.clone()),
    })
}

/// Plugins that fetch; looked for once. Those that cannot be read are logged.
pub(in crate::cli) fn getters(
    flags: &FlagSet,
    environment: &Environment,
    terminal: &Terminal,
) -> Getters {
    let found = environment.getters.get_or_init(|| {
        let plugins = plugin::find_all("getter/v1", environment, terminal).unwrap_or_default();
        match plugins.is_empty() {
            // Where plugins would run takes longer to find out than that there are none.
            true => Getters::default(),
            false => Getters::new(plugins, environment.host(flags)),
        }
    });
    found.clone()
}

/// `--timeout`
pub(in crate::cli) fn timeout(flags: &FlagSet) -> Option<Duration> {
    let duration = time::Duration::parse(flags.text("timeout")).ok()?;
    // Nothing, and less, is no limit in Go.
    match u64::try_from(duration.0) {
        Ok(0) | Err(_) => Some(Duration::from_secs(u64::from(u32::MAX))),
        Ok(nanoseconds) => Some(Duration::from_nanos(nanoseconds)),
    }
}

/// The value of a flag for a time that is not below zero; no time where the flag is empty or not there.
///
/// # Errors
/// A text that is no such time.
pub(super) fn duration(flags: &FlagSet, name: &str) -> Result<Duration, Error> {
    let text = flags.text(name);
    if text.is_empty() {
        return Ok(Duration::ZERO);
    }
    let time = time::Duration::parse(text);
    match time.map(|time| u64::try_from(time.0)) {
        Ok(Ok(nanoseconds)) => Ok(Duration::from_nanos(nanoseconds)),
        _ => Err(Error::new(
            Kind::Usage,
            format!("--{name}: {text:?} is no time to wait"),
        )),
    }
}

/// `--output`
pub(in crate::cli) fn format(flags: &FlagSet) -> Format {
    match flags.text("output") {
        "json" => Format::Json,
        "yaml" => Format::Yaml,
        _ => Format::Table,
    }
}
