//! Rules about `Chart.yaml` (`lint/rules/chartfile.go`).

use super::{Linter, Severity, address, read_file};
use crate::chart::Metadata;
use crate::go::semver::{Constraint, Version};
use crate::go::{path, strconv};
use crate::value::{Frozen, FrozenMap};
use crate::yaml;

const FILE: &str = "Chart.yaml";

type Verdict = Result<(), String>;

pub(super) fn lint(linter: &mut Linter<'_, '_>) {
    let file = linter.path(FILE);
    let is_folder = std::fs::metadata(&file).is_ok_and(|found| found.is_dir());
    let verdict = match is_folder {
        true => Err("should be a file, not a directory"),
        false => Ok(()),
    };
    linter.rule(Severity::Error, FILE, verdict);
    let mut metadata = Metadata::default();
    let read = read_file(&file).and_then(|text| match metadata.decode(&text) {
        Ok(()) => Ok(text),
        Err(error) => Err(error.to_string()),
    });
    let text = match read {
        Ok(text) => text,
        Err(error) => {
            let verdict = Err(format!("unable to parse YAML\n\t{error}"));
            linter.rule(Severity::Error, FILE, verdict);
            return;
        }
    };
    let strictly = Metadata::default()
        .decode_strict(&text)
        .map_err(|error| format!("failed to strictly parse chart metadata file\n\t{error}"));
    linter.rule(Severity::Warning, FILE, strictly);
    let members = yaml::to_map(&text).unwrap_or_default();
    for (severity, verdict) in [
        (Severity::Error, check_name(&metadata.name)),
        (Severity::Error, check_api_version(&metadata.api_version)),
        (Severity::Error, check_type(&members, "version")),
        (Severity::Error, check_version(&metadata.version)),
        (Severity::Error, check_type(&members, "appVersion")),
        (Severity::Error, check_maintainers(&metadata)),
        (Severity::Error, check_sources(&metadata.sources)),
        (Severity::Info, check_icon(&metadata.icon)),
        (Severity::Error, check_icon_address(&metadata.icon)),
        (Severity::Error, check_kind(&metadata)),
        (Severity::Error, check_dependencies(&metadata)),
        (Severity::Warning, check_strict_version(&metadata.version)),
    ] {
        linter.rule(severity, FILE, verdict);
    }
}

fn refuse(holds: bool, message: impl FnOnce() -> String) -> Verdict {
    if holds { Err(message()) } else { Ok(()) }
}

fn check_name(name: &str) -> Verdict {
    refuse(name.is_empty(), || "name is required".to_owned())?;
    refuse(path::base(name.as_bytes()) != name.as_bytes(), || {
        format!("chart name {} is invalid", strconv::quote(name.as_bytes()))
    })
}

fn check_api_version(version: &str) -> Verdict {
    const VALUES: &str = "The value must be either \"v1\" or \"v2\"";
    refuse(version.is_empty(), || {
        format!("apiVersion is required. {VALUES}")
    })?;
    refuse(!matches!(version, "v1" | "v2"), || {
        format!("apiVersion '{version}' is not valid. {VALUES}")
    })
}

/// A version that YAML takes for a number has lost digits, perhaps.
fn check_type(members: &FrozenMap, key: &str) -> Verdict {
    let found = match members.get(key.as_bytes()) {
        None | Some(Frozen::String(_)) => return Ok(()),
        Some(Frozen::Null) => "<nil>",
        Some(Frozen::Bool(_)) => "bool",
        Some(Frozen::Int(_) | Frozen::Float(_)) => "float64",
        Some(Frozen::List(_)) => "[]interface {}",
        Some(Frozen::Map(_)) => "map[string]interface {}",
    };
    Err(format!(
        "{key} should be of type string but it's of type {found}"
    ))
}

fn check_version(text: &str) -> Verdict {
    const LOWEST: &str = "0.0.0-0";
    refuse(text.is_empty(), || "version is required".to_owned())?;
    let version =
        Version::parse(text).map_err(|_| format!("version '{text}' is not a valid SemVer"))?;
    let is_above = Constraint::parse(format!(">{LOWEST}")).is_ok_and(|above| above.check(&version));
    refuse(!is_above, || {
        let shown = strconv::quote(version.to_string().as_bytes());
        format!("version {shown} is less than or equal to \"{LOWEST}\"")
    })
}

fn check_strict_version(text: &str) -> Verdict {
    refuse(Version::parse_strict(text).is_err(), || {
        format!("version '{text}' is not a valid SemVerV2")
    })
}

fn check_maintainers(metadata: &Metadata) -> Verdict {
    for (index, maintainer) in metadata.maintainers.iter().enumerate() {
        let name = &maintainer.name;
        refuse(metadata.null_maintainer() == Some(index), || {
            "a maintainer entry is empty".to_owned()
        })?;
        refuse(name.is_empty(), || {
            "each maintainer requires a name".to_owned()
        })?;
        let email = &maintainer.email;
        refuse(!email.is_empty() && !address::is_email(email), || {
            format!("invalid email '{email}' for maintainer '{name}'")
        })?;
        let url = &maintainer.url;
        refuse(!url.is_empty() && !address::is_url(url), || {
            format!("invalid url '{url}' for maintainer '{name}'")
        })?;
    }
    Ok(())
}

fn check_sources(sources: &[String]) -> Verdict {
    sources.iter().try_for_each(|source| {
        refuse(!address::is_request_url(source), || {
            format!("invalid source URL '{source}'")
        })
    })
}

fn check_icon(icon: &str) -> Verdict {
    refuse(icon.is_empty(), || "icon is recommended".to_owned())
}

fn check_icon_address(icon: &str) -> Verdict {
    refuse(!icon.is_empty() && !address::is_request_url(icon), || {
        format!("invalid icon URL '{icon}'")
    })
}

fn check_kind(metadata: &Metadata) -> Verdict {
    let version = &metadata.api_version;
    refuse(!metadata.chart_type.is_empty() && version != "v2", || {
        format!("chart type is not valid in apiVersion '{version}'. It is valid in apiVersion 'v2'")
    })
}

fn check_dependencies(metadata: &Metadata) -> Verdict {
    let version = &metadata.api_version;
    refuse(!metadata.dependencies.is_empty() && version != "v2", || {
        format!(
            "dependencies are not valid in the Chart file with apiVersion '{version}'. They are valid in apiVersion 'v2'"
        )
    })
}
