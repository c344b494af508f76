//! The proxy's log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One request, as the proxy saw it.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    /// Who is impersonated; empty for the administrator.
    #[serde(rename = "User")]
    user: String,
    #[serde(rename = "UA")]
    pub(crate) agent: String,
    #[serde(rename = "Method")]
    pub(crate) method: String,
    /// Decoded.
    #[serde(rename = "Path")]
    pub(crate) path: String,
    /// As it was sent.
    #[serde(rename = "Query")]
    pub(crate) query: String,
    #[serde(rename = "CT")]
    pub(crate) content_type: String,
    /// The body of what is not a read, where it is JSON.
    #[serde(rename = "Body")]
    pub(crate) body: String,
    /// The same where it is not, in base64.
    #[serde(rename = "B64")]
    pub(crate) encoded: String,
    /// What was answered.
    #[serde(rename = "Code")]
    pub(crate) code: u16,
}

/// The log as far as it was read, and what nobody took yet.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// The beginning of a line.
    rest: Vec<u8>,
    waiting: BTreeMap<String, Vec<Request>>,
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Log, String> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Log {
            path: path.to_owned(),
            file,
            rest: Vec::new(),
            waiting: BTreeMap::new(),
        })
    }

    pub(super) fn take(&mut self, user: &str) -> Result<Vec<Request>, String> {
        let told =
            |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let read = self.file.read_to_end(&mut self.rest);
        read.map_err(|error| told(&self.path, &error))?;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n');
        let lines: Vec<u8> = self.rest.drain(..whole.map_or(0, |at| at + 1)).collect();
        for line in lines.split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let request: Request =
                serde_json::from_slice(line).map_err(|error| told(&self.path, &error))?;
            if !request.user.is_empty() {
                let waiting = self.waiting.entry(request.user.clone()).or_default();
                waiting.push(request);
            }
        }
        Ok(self.waiting.remove(user).unwrap_or_default())
    }
}
