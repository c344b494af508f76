//! `helm push` (`pkg/action/push.go` and `pkg/pusher`, Helm 4.2.4).

use std::fs;

use crate::chart;
use crate::diag::{Error, Kind, Notice};
use crate::fetch::oci::{Push, SCHEME};
use crate::fetch::{Access, Clients, Places};
use crate::go::time::{Time, Zone};
use crate::go::url::Url;
use crate::go::{os, path, strconv};
use crate::world::World;

/// What to push, and where to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The archive, as typed.
    pub chart: String,
    /// The registry and the path before the chart's name, as typed.
    pub remote: String,
    /// How the registry is talked to.
    pub access: Access,
    /// Where things are kept.
    pub places: Places,
}

/// Pushes a chart, and the provenance file beside it where there is one. Helm's words go to `out`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    options: &Options,
    world: &dyn World,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let file = &options.chart;
    let fail = |message: String| Err(Error::new(Kind::Chart, message));
    let io = |operation: &str, path: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    let clients = Clients::default();
    let registry = clients.registry(&options.access, &options.places.credentials)?;
    let Ok(remote) = Url::parse(&options.remote) else {
        return fail(format!("invalid chart URL format: {}", options.remote));
    };
    match &remote.scheme[..] {
        b"oci" => {}
        b"" => {
            return fail(format!(
                "scheme prefix missing from remote (e.g. \"{SCHEME}\")"
            ));
        }
        other => return fail(format!("scheme {} not supported", strconv::quote(other))),
    }
    let found = match fs::metadata(file) {
        Ok(found) if found.is_dir() => {
            return fail("cannot push directory, must provide chart archive (.tgz)".to_owned());
        }
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return fail(format!("{file}: no such file"));
        }
        Err(error) => return Err(io("stat", file, &error)),
    };
    let chart = chart::load(file, notices)?;
    let archive = fs::read(file).map_err(|error| io("open", file, &error))?;
    let beside = format!("{file}.prov");
    let provenance = match fs::metadata(&beside) {
        Ok(_) => Some(fs::read(&beside).map_err(|error| io("open", &beside, &error))?),
        Err(_) => None,
    };
    let made = found.modified().unwrap_or_else(|_| world.now());
    let made = Time::from_system(made, Zone::local(&world.time_zone()));
    let made = made.format(b"2006-01-02T15:04:05Z07:00");
    let remote = remote.to_string();
    let folder = remote.strip_prefix(SCHEME).unwrap_or(&remote);
    let chart = &chart.metadata;
    let reference = format!("{}:{}", path::join(&[folder, &chart.name]), chart.version);
    let push = Push {
        archive: &archive,
        metadata: chart,
        provenance: provenance.as_deref(),
        created: &String::from_utf8_lossy(&made),
    };
    registry.push(&reference, push, out)
}
