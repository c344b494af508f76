//! `helm template`, `pintle render`: a chart to manifests, without a cluster
//! (`pkg/cmd/template.go`, `pkg/action/install.go`, Helm 4.2.4).

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::ownership::{Claim, Owner};
use super::prepare::{self, Naming, Prepared, Rendered, Surroundings, Verb, Wanted};
use super::source::Source;
use crate::backend::Backend;
use crate::chart::{KubeVersion, values};
use crate::diag::{Error, Kind, Notice, Output};
use crate::go::{glob, os, path};
use crate::render::manifest::{self, Hook, SOURCE, write_document};
use crate::render::notes;

/// What to render, and what of it to print. `Default` is Helm's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `[NAME] CHART`, as typed.
    pub arguments: Vec<String>,
    /// Make a name of the chart's and the time.
    pub generate_name: bool,
    /// A template that makes the name.
    pub name_template: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Where the chart comes from.
    pub source: Source,
    /// Fetch dependencies that are missing.
    pub dependency_update: bool,
    /// Values by files and flags.
    pub values: values::Options,
    /// Kubernetes version to render for; empty is the default.
    pub kube_version: String,
    /// API versions to add to the default ones.
    pub api_versions: Vec<String>,
    /// Labels of the release; only their names are looked at.
    pub labels: Vec<(String, String)>,
    /// Leave the charts' CRDs out where a cluster is asked.
    pub skip_crds: bool,
    /// Print the charts' CRDs first.
    pub include_crds: bool,
    /// Print no test hooks.
    pub skip_tests: bool,
    /// Print no hooks.
    pub no_hooks: bool,
    /// Print only documents of these templates, by glob.
    pub show_only: Vec<String>,
    /// Write into this folder instead of printing.
    pub output_dir: String,
    /// Put the release's name between the folder and the chart's.
    pub use_release_name: bool,
    /// `.Release.IsUpgrade`
    pub is_upgrade: bool,
    /// Leave `values.schema.json` alone.
    pub skip_schema_validation: bool,
    /// Let templates look up host names.
    pub enable_dns: bool,
    /// The process ends after this: its memory is left to the system, which takes it back faster.
    pub ends_process: bool,
    /// Print manifests that are no YAML before failing.
    pub debug: bool,
}

/// The name of Helm's release where none is given.
const DEFAULT_NAME: &str = "release-name";

/// Renders; what belongs on standard output is added to `out`, also where it ends in an error.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    options: &Options,
    around: &mut Surroundings<'_>,
    out: &mut Output,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let kube_version = match options.kube_version.as_str() {
        "" => None,
        text => Some(KubeVersion::parse(text).map_err(|error| {
            Error::new(
                Kind::Usage,
                format!("invalid kube version '{text}': {error}"),
            )
        })?),
    };
    prepare::log_version(&options.source, notices);
    let naming = Naming {
        arguments: &options.arguments,
        generate: options.generate_name,
        template: &options.name_template,
        // Helm's `template` sets the name before it looks at `--generate-name`.
        fallback: Some(DEFAULT_NAME),
    };
    let (name, reference) = naming.name_and_chart(around.world)?;
    let wanted = Wanted {
        name: &name,
        chart: reference,
        source: &options.source,
        dependency_update: options.dependency_update,
        namespace: &options.namespace,
        values: &options.values,
        kube_version,
        api_versions: &options.api_versions,
        labels: &options.labels,
        revision: 1,
        is_upgrade: options.is_upgrade,
        verb: Verb::Install,
        skip_crds: options.skip_crds,
        skip_schema_validation: options.skip_schema_validation,
        enable_dns: options.enable_dns,
        ends_process: options.ends_process,
    };
    let mut said = Vec::new();
    let prepared = prepare::prepare(wanted, around, &mut said, notices);
    out.push(&said);
    let prepared = prepared?;
    let mut resources = Resources::default();
    let filled = resources
        .fill(options, &prepared, around, out, notices)
        .map_err(|error| prepared.explain(error));
    if options.ends_process {
        // The chart and its values are not taken apart either.
        std::mem::forget(prepared);
    }
    if let (Ok(()), Some(backend)) = (&filled, around.backend) {
        check(options, &resources.text.concat(), &name, backend)?;
    }
    match filled {
        Err(error) if !options.debug => {
            // Helm says so whatever went wrong once there is a release, however unfinished.
            let message = format!("{error}\n\nUse --debug flag to render out invalid YAML");
            Err(error.with_message(message))
        }
        filled => {
            let printed = resources.print(options, &name, out);
            filled.and(printed)
        }
    }
}

/// Whether a cluster would take the objects: it knows their kinds, and they are nobody else's.
fn check(
    options: &Options,
    manifest: &[u8],
    name: &str,
    backend: &dyn Backend,
) -> Result<(), Error> {
    let objects = backend
        .build(manifest)
        .map_err(|error| error.wrap("unable to build kubernetes objects from release manifest"))?;
    if options.is_upgrade {
        return Ok(());
    }
    let owner = Owner {
        name,
        namespace: &options.namespace,
    };
    owner
        .existing(backend, &objects, Claim::Own)
        .map_err(|error| error.wrap("unable to continue with install"))?;
    Ok(())
}

/// What a release consists of, or as much of it as there is where rendering failed.
#[derive(Default)]
struct Resources {
    /// CRDs where they are asked for, then objects; empty where they went into a folder.
    text: Output,
    hooks: Vec<Hook>,
}

impl Resources {
    /// Renders and sorts (Go: `renderResources`).
    fn fill(
        &mut self,
        options: &Options,
        prepared: &Prepared<'_>,
        around: &Surroundings<'_>,
        out: &mut Output,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let chart = &prepared.chart;
        let Rendered { files, order, .. } =
            prepared.render(notes::Subcharts::Excluded, around, notices)?;
        let manifest = match manifest::assemble(&files, notices) {
            Ok(manifest) => manifest,
            Err(failed) => {
                // Go walks a small map from a random start, so mostly in this order.
                for path in &order {
                    let text = files.get(path);
                    if let Some(text) = text.filter(|text| !manifest::trim_start(text).is_empty()) {
                        add_document(&mut self.text, path, &text.share(), 0..text.len());
                    }
                }
                self.hooks = failed.hooks;
                return Err(failed.error);
            }
        };
        self.hooks = manifest.hooks;
        if options.output_dir.is_empty() {
            let crds = if options.include_crds {
                chart.crds()
            } else {
                Vec::new()
            };
            for crd in crds {
                let data = crd.file.data.share();
                add_document(&mut self.text, crd.path.as_bytes(), &data, 0..data.len());
            }
            for document in &manifest.documents {
                let (file, range) = document.content.share();
                add_document(&mut self.text, &document.path, &file, range);
            }
            return Ok(());
        }
        let mut folder = Folder::new(options.output_dir.clone());
        if options.include_crds {
            for crd in chart.crds() {
                folder.write(crd.path.as_bytes(), &crd.file.data, out)?;
            }
        }
        let mut folder = Folder::new(release_folder(options, prepared.name()));
        for document in &manifest.documents {
            folder.write(&document.path, &document.content, out)?;
        }
        Ok(())
    }

    /// Prints objects and hooks, all or those asked for, or writes the hooks to their folder.
    fn print(&mut self, options: &Options, name: &str, out: &mut Output) -> Result<(), Error> {
        let mut text = std::mem::take(&mut self.text);
        // Nothing to trim in front: documents begin with `---`.
        text.trim_end(|piece| manifest::trim_end(piece).len());
        text.push(b"\n");
        if !options.no_hooks {
            let hooks = self
                .hooks
                .iter()
                .filter(|hook| !(options.skip_tests && hook.is_test()));
            let mut folder = Folder::new(release_folder(options, name));
            for Hook { document, .. } in hooks {
                if options.output_dir.is_empty() {
                    let (file, range) = document.content.share();
                    add_document(&mut text, &document.path, &file, range);
                } else {
                    folder.keep(&document.path);
                    folder.write(&document.path, &document.content, out)?;
                }
            }
        }
        if options.show_only.is_empty() {
            out.append(text);
            return Ok(());
        }
        show_only(&options.show_only, &text.concat(), out)
    }
}

/// Adds a document with where it came from.
fn add_document(text: &mut Output, path: &[u8], file: &Arc<[u8]>, range: Range<usize>) {
    for part in [SOURCE, path, b"\n"] {
        text.push(part);
    }
    text.share(file, range);
    text.push(b"\n");
}

/// Where a release's documents go below `--output-dir`.
fn release_folder(options: &Options, name: &str) -> String {
    match options.use_release_name {
        true => path::join(&[&options.output_dir, name]),
        false => options.output_dir.clone(),
    }
}

/// A folder that documents are written to, one file a template: a file's first document replaces
/// it, the next ones are added.
struct Folder {
    root: String,
    written: BTreeSet<Vec<u8>>,
}

impl Folder {
    fn new(root: String) -> Folder {
        Folder {
            root,
            written: BTreeSet::new(),
        }
    }

    /// Takes a file that is there already for one of this run's.
    fn keep(&mut self, path: &[u8]) {
        let file = format!("{}/{}", self.root, String::from_utf8_lossy(path));
        if Path::new(&file).exists() {
            self.written.insert(path.to_vec());
        }
    }

    /// Writes a document and says so on `out` (Go: `writeToFile`).
    fn write(&mut self, path: &[u8], content: &[u8], out: &mut Output) -> Result<(), Error> {
        let file = format!("{}/{}", self.root, String::from_utf8_lossy(path));
        let failed = |operation: &str, path: &str, error| {
            Error::new(Kind::Io, os::path_error(operation, path, &error))
        };
        let folder = path::dir(&file);
        match fs::metadata(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed("stat", &folder, error));
            }
            _ => {}
        }
        fs::create_dir_all(&folder).map_err(|error| {
            // Go names the first folder on the way that it cannot make.
            let missing = Path::new(&folder).ancestors().filter(|path| !path.exists());
            let first = missing
                .filter_map(Path::to_str)
                .filter(|path| !path.is_empty());
            failed("mkdir", first.last().unwrap_or(&folder), error)
        })?;
        let append = self.written.contains(path);
        let opened = match append {
            true => fs::OpenOptions::new().append(true).open(&file),
            false => fs::File::create(&file),
        };
        let mut document = Vec::with_capacity(content.len() + path.len() + 16);
        write_document(&mut document, path, content);
        opened
            .and_then(|mut opened| opened.write_all(&document))
            .map_err(|error| failed("open", &file, error))?;
        self.written.insert(path.to_vec());
        out.push(format!("wrote {file}\n").as_bytes());
        Ok(())
    }
}

/// Adds the documents of `text` whose template matches one of the globs, pattern by pattern.
fn show_only(patterns: &[String], text: &[u8], out: &mut Output) -> Result<(), Error> {
    let documents: Vec<&[u8]> = manifest::split(text)
        .into_iter()
        .map(|at| &text[at])
        .collect();
    let mut found = Vec::new();
    for pattern in patterns {
        let before = found.len();
        let matching = documents.iter().filter(|document| {
            source_path(document)
                .is_some_and(|path| glob::path_match(pattern.as_bytes(), path).unwrap_or(false))
        });
        found.extend(matching);
        if found.len() == before {
            let message = format!("could not find template {pattern} in chart");
            return Err(Error::new(Kind::Usage, message));
        }
    }
    for document in found {
        out.push(b"---\n");
        out.push(document);
        out.push(b"\n");
    }
    Ok(())
}

/// What stands behind the chart's name in the first `# Source: CHART/PATH` of a document.
fn source_path(document: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = b"# Source: ";
    memchr::memmem::find_iter(document, MARK).find_map(|at| {
        let line = document[at + MARK.len()..]
            .split(|byte| *byte == b'\n')
            .next()?;
        let slash = memchr::memchr(b'/', line)?;
        (slash > 0 && slash + 1 < line.len()).then(|| &line[slash + 1..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Helm 4.2.4 on Linux, where nobody makes folders below `/proc`.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_first_folder_that_cannot_be_made_is_named() {
        let mut folder = Folder::new("/proc/x".to_owned());
        let error = folder.write(b"t/templates/a.yaml", b"a: 1", &mut Output::default());
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "mkdir /proc/x: no such file or directory");
    }
}
