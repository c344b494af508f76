//! Where charts come from, as flags say it.

use std::time::Duration;

use crate::action::repo::Format;
use crate::action::source::Source;
use crate::diag::Error;
use crate::fetch::{Access, Places};
use crate::go::flag::FlagSet;
use crate::go::time;

/// Where things are kept.
pub(in crate::cli) fn places(flags: &FlagSet) -> Places {
    Places {
        repository_config: flags.text("repository-config").to_owned(),
        repository_cache: flags.text("repository-cache").to_owned(),
        content_cache: flags.text("content-cache").to_owned(),
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
        timeout: None,
    }
}

/// Where a chart comes from.
///
/// # Errors
/// Certificates that cannot be read. Helm makes a client for registries before it looks at what is
/// wanted.
pub(in crate::cli) fn source(flags: &FlagSet) -> Result<Source, Error> {
    let access = access(flags);
    access
        .check_certificates()
        .map_err(|error| error.wrap("missing registry client"))?;
    Ok(Source {
        places: places(flags),
        access,
        repository: flags.text("repo").to_owned(),
        version: flags.text("version").to_owned(),
        devel: flags.is("devel"),
        verify: flags.is("verify"),
        keyring: flags.text("keyring").to_owned(),
        debug: flags.is("debug"),
    })
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

/// `--output`
pub(in crate::cli) fn format(flags: &FlagSet) -> Format {
    match flags.text("output") {
        "json" => Format::Json,
        "yaml" => Format::Yaml,
        _ => Format::Table,
    }
}
