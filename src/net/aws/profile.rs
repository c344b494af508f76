//! The files in which Amazon's programs keep settings by profile.

use std::collections::BTreeMap;
use std::fs;

use crate::diag::{Error, Kind};
use crate::go::os;

/// The pairs of a section of a file of AWS; nothing where there is no such section.
pub fn section<'t>(text: &'t str, wanted: &str) -> Option<Vec<(&'t str, &'t str)>> {
    let mut found: Option<Vec<(&str, &str)>> = None;
    let mut inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map(|(name, _)| name.trim())
        {
            inside = name == wanted;
            if inside {
                found.get_or_insert_default();
            }
        } else if let (true, Some((key, value)), Some(pairs)) =
            (inside, trimmed.split_once('='), found.as_mut())
        {
            // Lines that are set in belong to the one before.
            if !line.starts_with([' ', '\t']) {
                pairs.push((key.trim(), value.trim()));
            }
        }
    }
    found
}

/// What the two files say of a profile; the file of credentials wins. Nothing where neither knows it.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn read(
    credentials: &str,
    config: &str,
    name: &str,
) -> Result<Option<BTreeMap<String, String>>, Error> {
    let long = format!("profile {name}");
    let mut pairs = BTreeMap::new();
    let mut is_there = false;
    for (file, titles) in [(config, [long.as_str(), name]), (credentials, [name, name])] {
        let text = text(file)?;
        let found = titles.iter().filter(|title| {
            // In the file of settings only the default one goes without the word.
            file == credentials || **title == long || name == "default"
        });
        for found in found.filter_map(|title| section(&text, title)) {
            is_there = true;
            let owned = found
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            pairs.extend(owned);
        }
    }
    Ok(is_there.then_some(pairs))
}

/// What the file of settings says of a session that several profiles share.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn session(config: &str, name: &str) -> Result<Option<BTreeMap<String, String>>, Error> {
    let text = text(config)?;
    let found = section(&text, &format!("sso-session {name}"));
    Ok(found.map(|pairs| {
        let owned = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        owned.collect()
    }))
}

/// The address that a section `services` of the file of settings has for a service, in lines that are
/// set in.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn of_service(
    config: &str,
    services: &str,
    name: &str,
) -> Result<Option<String>, Error> {
    let text = text(config)?;
    let title = format!("services {services}");
    let (mut inside, mut is_of_service) = (false, false);
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some((title_here, _)) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            inside = title_here.trim() == title;
            is_of_service = false;
        } else if let (true, Some((key, value))) = (inside, trimmed.split_once('=')) {
            if !line.starts_with([' ', '\t']) {
                is_of_service = key.trim() == name;
            } else if is_of_service && key.trim() == "endpoint_url" {
                return Ok(Some(value.trim().to_owned()));
            }
        }
    }
    Ok(None)
}

/// A file, which need not be there.
fn text(file: &str) -> Result<String, Error> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Error::new(Kind::Io, os::path_error("open", file, &error))),
    }
}
