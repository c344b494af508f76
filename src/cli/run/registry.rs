//! `helm registry` and `helm push`.

use super::prompt;
use super::source::{access, places};
use crate::action::{push, registry};
use crate::diag::{Error, Kind, Level, Notice};
use crate::fetch::oci::Login;
use crate::go::flag::FlagSet;
use crate::ui::Terminal;
use crate::world::Real;

/// `helm registry login|logout`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn registry(
    verb: &str,
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let host = arguments.first().cloned().unwrap_or_default();
    let files = places(flags).credentials;
    if verb == "logout" {
        return registry::logout(&host, &files, &mut terminal.out);
    }
    let (username, password) = who(flags, terminal)?;
    let mut access = access(flags);
    access.username.clear();
    access.password.clear();
    access.insecure_skip_tls_verify = flags.is("insecure");
    let login = Login {
        host,
        username,
        password,
    };
    let mut notices = Vec::new();
    let result = registry::login(&login, &access, &files, &mut terminal.out, &mut notices);
    terminal.log(&notices);
    result
}

/// User name and password, as flags say them or as they are typed.
fn who(flags: &FlagSet, terminal: &mut Terminal) -> Result<(String, String), Error> {
    let mut username = flags.text("username").to_owned();
    let password = flags.text("password");
    if flags.is("password-stdin") {
        return Ok((username, prompt::all()?));
    }
    if !password.is_empty() {
        const MESSAGE: &str = "using --password via the CLI is insecure. Use --password-stdin";
        terminal.log(&[Notice::new(Level::Warn, MESSAGE)]);
        return Ok((username, password.to_owned()));
    }
    if username.is_empty() {
        username = prompt::line("Username: ", terminal)?.trim().to_owned();
    }
    let (question, missing) = match &*username {
        "" => ("Token: ", "token required"),
        _ => ("Password: ", "password required"),
    };
    match prompt::secret(question, terminal)? {
        password if password.is_empty() => Err(Error::new(Kind::Usage, missing)),
        password => Ok((username, password)),
    }
}

/// `helm push`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn push(
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let access = access(flags);
    access
        .check_certificates()
        .map_err(|error| error.wrap("missing registry client"))?;
    let [chart, remote, ..] = arguments else {
        return Ok(());
    };
    let options = push::Options {
        chart: chart.clone(),
        remote: remote.clone(),
        access,
        places: places(flags),
    };
    let mut notices = Vec::new();
    let result = push::run(&options, &Real::new(), &mut terminal.out, &mut notices);
    terminal.log(&notices);
    result
}
