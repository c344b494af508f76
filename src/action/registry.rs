//! `helm registry login|logout` (`pkg/action/registry_login.go`, Helm 4.2.4).

use crate::diag::{Error, Notice};
use crate::fetch::oci::credential::{self, Files};
use crate::fetch::oci::{Login, Registry};
use crate::fetch::{Access, Clients};

/// Checks a password, and keeps it. Helm's words go to `out`.
///
/// # Errors
/// A registry that does not take it, and what cannot be kept.
pub fn login(
    login: &Login,
    access: &Access,
    files: &Files,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    credential::check_host(&login.host, notices);
    Registry::login(login, access, files, &Clients::default())?;
    out.extend_from_slice(b"Login Succeeded\n");
    Ok(())
}

/// Forgets a registry's password. Helm's words go to `out`.
///
/// # Errors
/// What cannot be read or written.
pub fn logout(host: &str, files: &Files, out: &mut Vec<u8>) -> Result<(), Error> {
    Registry::logout(host, files)?;
    let line = format!("Removing login credentials for {host}\n");
    out.extend_from_slice(line.as_bytes());
    Ok(())
}
