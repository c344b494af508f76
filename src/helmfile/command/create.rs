//! `create`: a project to start from (`pkg/app/create.go`).

use std::fs;
use std::path::Path;

use super::render::write;
use crate::diag::Level;
use crate::go::path;
use crate::helmfile::{Failure, Log, file};

/// `create`
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// Where it goes.
    pub folder: String,
    /// Files that are there are replaced.
    pub force: bool,
}

const STATE: &str = include_str!("create/helmfile.yaml");
const ENVIRONMENT: &str = include_str!("create/default.yaml");

/// Makes a project.
///
/// # Errors
/// Files that are there already, and what cannot be written.
pub fn create(options: &Create, log: &dyn Log) -> Result<(), Failure> {
    let folder = file::absolute(&options.folder);
    let files = [
        ("helmfile.yaml", STATE),
        ("environments/default.yaml", ENVIRONMENT),
        ("values/.gitkeep", ""),
    ];
    let files = files.map(|(name, text)| (path::join(&[&folder, name]), text));
    if !options.force {
        let there: Vec<&str> = files
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| Path::new(name).exists())
            .collect();
        if !there.is_empty() {
            return Err(Failure::of(format!(
                "the following files already exist, use --force to overwrite: {}",
                there.join(", ")
            )));
        }
    }
    for part in ["", "environments", "values"] {
        let folder = path::join(&[&folder, part]);
        fs::create_dir_all(&folder).map_err(|error| {
            let reason = crate::go::os::path_error("mkdir", &folder, &error);
            Failure::of(format!("failed to create directory {folder}: {reason}"))
        })?;
    }
    for (name, text) in &files {
        write(name, text.as_bytes())
            .map_err(|error| Failure::of(format!("failed to write {name}: {error}")))?;
        log.log(Level::Info, &format!("created {name}"));
    }
    log.log(
        Level::Info,
        &format!(
            "\nhelmfile project created in {folder}\n\nNext steps:\n  cd {folder}\n  # Edit helmfile.yaml to add your releases\n  helmfile apply"
        ),
    );
    Ok(())
}
