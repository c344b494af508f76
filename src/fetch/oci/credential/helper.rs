//! Programs that keep credentials: Docker's `docker-credential-NAME`.

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use super::Credential;
use crate::chart::decode;
use crate::diag::{Error, Kind};
use crate::go::{json, strconv};
use crate::value::Frozen;

pub(super) const PREFIX: &str = "docker-credential-";
/// The user name of those who have a token only.
const TOKEN: &str = "<token>";

/// What the program knows for a server.
pub(super) fn get(helper: &str, server: &str) -> Result<Credential, Error> {
    let output = match run(helper, "get", server.as_bytes()) {
        Ok(output) => output,
        Err(error) if error.message() == "credentials not found in native keychain" => {
            return Ok(Credential::default());
        }
        Err(error) => return Err(error),
    };
    let value = json::decode(&output).map_err(|why| Error::new(Kind::Usage, why))?;
    let mut found = Credential::default();
    if let Frozen::Map(members) = &value {
        for (key, value) in members.iter() {
            let Frozen::String(text) = value else {
                continue;
            };
            let text = String::from_utf8_lossy(text).into_owned();
            match decode::find_field(key, &["Username", "Secret"]) {
                Some("Username") => found.username = text,
                Some(_) => found.password = text,
                None => {}
            }
        }
    }
    if found.username == TOKEN {
        found.username.clear();
        found.refresh_token = std::mem::take(&mut found.password);
    }
    Ok(found)
}

/// Has the program keep a credential.
pub(super) fn store(helper: &str, server: &str, credential: &Credential) -> Result<(), Error> {
    let (user, secret) = match &*credential.refresh_token {
        "" => (&*credential.username, &*credential.password),
        token => (TOKEN, token),
    };
    let mut text = Vec::new();
    for (before, value) in [
        ("{\"ServerURL\":", server),
        (",\"Username\":", user),
        (",\"Secret\":", secret),
    ] {
        text.extend_from_slice(before.as_bytes());
        json::write_string(value.as_bytes(), &mut text, true);
    }
    text.push(b'}');
    run(helper, "store", &text).map(drop)
}

/// Has the program forget a server.
pub(super) fn erase(helper: &str, server: &str) -> Result<(), Error> {
    run(helper, "erase", server.as_bytes()).map(drop)
}

fn run(helper: &str, action: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
    let name = format!("{PREFIX}{helper}");
    let fail = |error: std::io::Error| {
        let quoted = strconv::quote(&name);
        Error::new(
            Kind::Io,
            match error.kind() {
                ErrorKind::NotFound => {
                    format!("exec: {quoted}: executable file not found in $PATH")
                }
                _ => crate::go::os::path_error("fork/exec", &name, &error),
            },
        )
    };
    let mut child = Command::new(&name)
        .arg(action)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(fail)?;
    let pipe = child.stdin.take();
    // A program may answer, or end, before it has read all.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    })
    .map_err(fail)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let message = match (&*said, output.status.code()) {
        ("", Some(code)) => format!("exit status {code}"),
        ("", None) => output.status.to_string(),
        _ => said,
    };
    Err(Error::new(Kind::Usage, message))
}
