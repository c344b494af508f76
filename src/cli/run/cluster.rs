//! Why there is no cluster to ask: no command asks one yet, so all of them end here.

use std::time::Duration;

use super::super::environment::Environment;
use super::super::kubeconfig;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::url::Url;
use crate::go::{os, strconv};
use crate::net::{self, Client};

/// Where `client-go` looks without any configuration.
const LOCAL: &str = "http://localhost:8080";

/// Why there is no cluster (Go: `kube.Client.IsReachable`), or that pintle cannot use the one that
/// there is.
pub(in crate::cli) fn absence(flags: &FlagSet, environment: &Environment) -> Error {
    match reach(flags, environment) {
        Err(why) => {
            let message = format!("kubernetes cluster unreachable: {why}");
            Error::new(Kind::Network, message)
        }
        Ok(()) => Error::new(
            Kind::Unsupported,
            "there is a cluster, but pintle does not talk to clusters yet",
        ),
    }
}

fn reach(flags: &FlagSet, environment: &Environment) -> Result<(), String> {
    let files = environment.kubeconfig(flags);
    let configured = kubeconfig::server(&files, flags.text("kube-context"))?;
    let server = match flags.text("kube-apiserver") {
        "" => configured.unwrap_or_else(|| LOCAL.to_owned()),
        given => given.to_owned(),
    };
    let ca_file = flags.text("kube-ca-file").to_owned();
    if let Err(error) = (!ca_file.is_empty())
        .then(|| std::fs::File::open(&ca_file))
        .transpose()
    {
        let why = os::path_error("open", &ca_file, &error);
        return Err(format!(
            "invalid configuration: unable to read certificate-authority {ca_file} for  due to {why}"
        ));
    }
    let server = if server.contains("://") {
        server
    } else {
        format!("http://{server}")
    };
    Url::parse(&server).map_err(|error| error.to_string())?;
    let client = Client::new(net::Options {
        insecure_skip_tls_verify: flags.is("kube-insecure-skip-tls-verify"),
        ca_file,
        timeout: Duration::from_secs(30),
        ..net::Options::default()
    });
    let url = format!("{}/version", server.trim_end_matches('/'));
    match client.request(&url) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// `helm rollback RELEASE [REVISION]`.
pub(in crate::cli) fn rollback(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
) -> Error {
    if let Some(revision) = arguments.get(1)
        && let Err(error) = strconv::atoi(revision)
    {
        let message = format!("could not convert revision to a number: {error}");
        return Error::new(Kind::Usage, message);
    }
    absence(flags, environment)
}

/// `helm uninstall RELEASE...`.
pub(in crate::cli) fn uninstall(flags: &FlagSet, environment: &Environment) -> Error {
    let cascade = flags.text("cascade");
    if !["background", "foreground", "orphan"].contains(&cascade) {
        let message = format!(
            "invalid cascade value ({cascade}). Must be \"background\", \"foreground\", or \"orphan\""
        );
        return Error::new(Kind::Usage, message);
    }
    absence(flags, environment)
}
