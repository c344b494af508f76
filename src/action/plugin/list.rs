//! `helm plugin list`.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::Places;
use crate::diag::{Error, Notice};
use crate::go::path;
use crate::go::table::Table;
use crate::plugin::{self, Descriptor, Plugin};

/// The plugins of a type, or all, as a table.
///
/// # Errors
/// Two plugins of one name.
pub fn run(kind: &str, places: &Places, notices: &mut Vec<Notice>) -> Result<String, Error> {
    let descriptor = Descriptor {
        name: String::new(),
        kind: kind.to_owned(),
    };
    let found = plugin::find_all(&places.plugins, &descriptor, notices)?;
    let mut table = Table::new(0);
    table.add([
        "NAME",
        "VERSION",
        "TYPE",
        "APIVERSION",
        "PROVENANCE",
        "SOURCE",
    ]);
    for plugin in &found {
        let metadata = &plugin.metadata;
        table.add([
            metadata.name.as_str(),
            &metadata.version,
            &metadata.kind,
            &metadata.api_version,
            provenance(plugin, places),
            match metadata.source_url.as_str() {
                "" => "unknown",
                url => url,
            },
        ]);
    }
    Ok(table.render())
}

/// What is known of a plugin's signature (`GetPluginSigningInfo`); keys are not asked.
fn provenance(plugin: &Plugin, places: &Places) -> &'static str {
    let metadata = &plugin.metadata;
    let folder = path::join(&[&places.data, &metadata.name]);
    match fs::symlink_metadata(&folder) {
        Err(_) => return "unknown",
        Ok(found) if found.is_symlink() => return "local dev",
        Ok(_) => {}
    }
    let name = format!("{}-{}.tgz", metadata.name, metadata.version);
    let archive = path::join(&[&places.data, &name]);
    let Ok(bytes) = fs::read(&archive) else {
        return "unsigned";
    };
    let text = match fs::read(format!("{archive}.prov")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return "unsigned",
        Err(_) => return "unknown",
    };
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    match is_signed(&text, &name, &digest) {
        None => "invalid provenance",
        Some(false) => "mismatched provenance",
        Some(true) => "signed",
    }
}

/// Whether a signed message is about an archive; nothing where it is no signed message.
fn is_signed(text: &[u8], name: &str, digest: &str) -> Option<bool> {
    const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().skip_while(|line| !line.starts_with(BEGIN));
    lines.next()?;
    let lines: Vec<&str> = lines.collect();
    let end = lines.iter().position(|line| line.starts_with(SIGNATURE))?;
    lines
        .iter()
        .position(|line| line.starts_with("-----END PGP SIGNATURE-----"))?;
    // Two parts: what is signed about, and the digests by file name.
    let mut files = lines[..end].iter().skip_while(|line| **line != "...");
    let mut files = files.by_ref().skip_while(|line| line.trim() != "files:");
    files.next();
    let digest = format!("sha256:{digest}");
    Some(files.any(|line| {
        line.split_once(": ").is_some_and(|(file, known)| {
            file.contains(name) && known.trim().trim_matches('"') == digest
        })
    }))
}
