//! `helm repo`, `helm search repo`, `helm pull`, `helm dependency`.

use super::super::environment::Environment;
use super::prompt;
use super::source::{access, format, getters, is_own, places, source, timeout};
use super::verify::keys;
use crate::action::dependency::{self, Manager, Refresh};
use crate::action::{hub, pull, repo, search};
use crate::diag::{Error, Notice};
use crate::fetch::{Entry, Places, Provenance};
use crate::go::flag::FlagSet;
use crate::go::path;
use crate::ui::Terminal;
use crate::world::Real;

/// Runs what is given log records, and prints them.
fn logged<T>(
    terminal: &mut Terminal,
    run: impl FnOnce(&mut Vec<u8>, &mut Vec<Notice>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut notices = Vec::new();
    let result = run(&mut terminal.out, &mut notices);
    terminal.log(&notices);
    result
}

/// `helm repo add|list|update|remove|index`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn repo(
    verb: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let mut places = places(flags);
    if matches!(verb, "add" | "update") {
        places.getters = getters(flags, environment, terminal);
    }
    match (verb, arguments) {
        ("add", [name, url, ..]) => {
            let access = access(flags);
            let options = repo::Add {
                entry: Entry {
                    name: name.clone(),
                    url: url.clone(),
                    username: access.username,
                    password: access.password,
                    cert_file: access.cert_file,
                    key_file: access.key_file,
                    ca_file: access.ca_file,
                    insecure_skip_tls_verify: access.insecure_skip_tls_verify,
                    pass_credentials_all: access.pass_credentials_all,
                },
                force_update: flags.is("force-update"),
                allow_deprecated: flags.is("allow-deprecated-repos"),
                timeout: timeout(flags),
            };
            let mut password = |out: &mut Vec<u8>| match flags.is("password-stdin") {
                true => prompt::all(),
                false => {
                    let mut terminal = Terminal::new();
                    let password = prompt::secret("Password: ", &mut terminal);
                    out.extend_from_slice(match &password {
                        Ok(_) => &terminal.out,
                        Err(_) => b"\n",
                    });
                    password
                }
            };
            logged(terminal, |out, notices| {
                repo::add(&options, &places, &mut password, out, notices)
            })
        }
        ("list", _) => {
            match repo::list(&places, format(flags), !flags.is("no-headers"))? {
                Some(text) => terminal.print(&text),
                None => terminal.complain("no repositories to show\n"),
            }
            Ok(())
        }
        ("update", names) => logged(terminal, |out, notices| {
            repo::update(names, &places, timeout(flags), out, notices)
        }),
        ("remove", names) => logged(terminal, |out, _| repo::remove(names, &places, out)),
        (_, names) => {
            let options = repo::IndexOptions {
                folder: names.first().cloned().unwrap_or_default(),
                url: flags.text("url").to_owned(),
                merge: flags.text("merge").to_owned(),
                json: flags.is("json"),
            };
            logged(terminal, |_, notices| {
                repo::index(&options, &Real::new(), notices)
            })
        }
    }
}

/// `helm search repo`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn search(
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let options = search_options(flags, arguments);
    let places = places(flags);
    let text = logged(terminal, |_, notices| {
        search::run(&options, &places, notices)
    })?;
    terminal.print(&text);
    Ok(())
}

/// `pintle search repo`: what is found.
///
/// # Errors
/// As [`search`].
pub(in crate::cli) fn found(
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<Vec<search::Row>, Error> {
    let options = search_options(flags, arguments);
    let places = places(flags);
    logged(terminal, |_, notices| {
        search::find(&options, &places, notices)
    })
}

fn search_options(flags: &FlagSet, arguments: &[String]) -> search::Options {
    search::Options {
        keywords: arguments.to_vec(),
        regexp: flags.is("regexp"),
        versions: flags.is("versions"),
        devel: flags.is("devel"),
        version: flags.text("version").to_owned(),
        column_width: column_width(flags),
        fail_on_no_result: flags.is("fail-on-no-result"),
        format: format(flags),
    }
}

/// `helm search hub`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn hub(
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let options = hub_options(flags, arguments);
    let text = logged(terminal, |_, notices| hub::run(&options, notices))?;
    terminal.print(&text);
    Ok(())
}

/// `pintle search hub`: what is found.
///
/// # Errors
/// As [`hub`].
pub(in crate::cli) fn hub_found(
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<Vec<hub::Row>, Error> {
    let options = hub_options(flags, arguments);
    logged(terminal, |_, notices| hub::find(&options, notices))
}

fn hub_options(flags: &FlagSet, arguments: &[String]) -> hub::Options {
    hub::Options {
        keywords: arguments.to_vec(),
        endpoint: flags.text("endpoint").to_owned(),
        list_repository: flags.is("list-repo-url"),
        column_width: column_width(flags),
        fail_on_no_result: flags.is("fail-on-no-result"),
        format: format(flags),
    }
}

/// `--max-col-width`
pub(in crate::cli) fn column_width(flags: &FlagSet) -> usize {
    usize::try_from(flags.int("max-col-width")).unwrap_or(usize::MAX)
}

/// `helm pull`.
///
/// # Errors
/// Whatever failed first; charts before it stay.
pub(in crate::cli) fn pull(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let temporary = environment.get("TMPDIR");
    for chart in arguments {
        let options = pull::Options {
            chart: chart.clone(),
            source: source(flags, environment, terminal)?,
            provenance: flags.is("prov"),
            destination: flags.text("destination").to_owned(),
            untar: flags.is("untar"),
            untar_folder: flags.text("untardir").to_owned(),
            temporary: match &*temporary {
                "" => "/tmp".to_owned(),
                folder => folder.to_owned(),
            },
        };
        let text = logged(terminal, |out, notices| pull::run(&options, out, notices))?;
        terminal.out.extend_from_slice(&text);
    }
    Ok(())
}

/// `helm dependency list|build|update`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn dependency(
    verb: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let chart = path::clean(arguments.first().map_or(".", String::as_str));
    if verb == "list" {
        let text = logged(terminal, |_, notices| {
            dependency::list(&chart, column_width(flags), notices)
        })?;
        terminal.print(&text);
        return Ok(());
    }
    let is_update = verb == "update";
    let manager = Manager {
        chart,
        places: &Places {
            getters: getters(flags, environment, terminal),
            ..places(flags)
        },
        registry: access(flags),
        provenance: match (flags.is("verify"), is_update) {
            (false, _) => Provenance::Never,
            (true, true) => Provenance::Always(keys(flags)),
            (true, false) => Provenance::IfPossible(keys(flags)),
        },
        refresh: match (flags.is("skip-refresh"), is_own(flags)) {
            (true, _) => Refresh::Never,
            (false, true) => Refresh::WhenNeeded,
            (false, false) => Refresh::Always,
        },
        debug: flags.is("debug"),
        world: &Real::new(),
    };
    logged(terminal, |out, notices| match is_update {
        true => manager.update(out, notices),
        false => manager.build(out, notices),
    })
}
