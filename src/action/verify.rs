//! `helm verify` (`pkg/action/verify.go`, Helm 4.2.4).

use crate::chart::provenance::Keys;
use crate::diag::Error;

/// Checks the signature of the archive `file`; gives what to print.
///
/// # Errors
/// Helm's line for what is missing, is something else or does not hold.
pub fn run(file: &str, keys: &Keys) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    keys.check(file, &format!("{file}.prov"))?.print(&mut out);
    Ok(out)
}
