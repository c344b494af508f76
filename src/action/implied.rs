//! Charts that are implied: a manifest file, a folder of manifests, a kustomization, or what is piped in,
//! taken as a chart. Helm knows none of this; what is recorded is a chart like any other, so that Helm
//! reads the release, rolls it back and uninstalls it.
//!
//! Manifests are no templates: `{{` in them is written so that rendering gives it back.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::source::Source;
use super::{Surroundings, template};
use crate::backend::ecs;
use crate::chart::{self, Chart, File, values};
use crate::diag::{Error, Kind, Level, Notice, Output};
use crate::ecspresso;
use crate::fetch::git;
use crate::go::{os, path};
use crate::kustomize::{self, HelmChart};
use crate::render::manifest;
use crate::value::Frozen;
use crate::yaml;

/// The version that implied charts have.
const VERSION: &str = "0.1.0";

/// What a chart is implied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Piped,
    File,
    Folder,
    Kustomization,
    /// Manifests of AWS Copilot.
    Workspace,
    /// A project of ecspresso.
    Project,
}

impl Form {
    fn of(reference: &str) -> Option<Form> {
        if reference == "-" {
            return Some(Form::Piped);
        }
        let path = Path::new(reference);
        if !path.join("Chart.yaml").exists() && ecspresso::find(path).is_some() {
            return Some(Form::Project);
        }
        if path.is_file() && is_manifest(path) {
            return Some(match is_workload(path) {
                true => Form::Workspace,
                false => Form::File,
            });
        }
        if !path.is_dir() || path.join("Chart.yaml").exists() {
            return None;
        }
        if kustomize::is_kustomization(reference, &kustomize::Disk) {
            return Some(Form::Kustomization);
        }
        if !workloads(path).is_empty() {
            return Some(Form::Workspace);
        }
        manifests(path).next().map(|_| Form::Folder)
    }

    /// What is said of it, and values.
    fn words(self) -> &'static str {
        match self {
            Form::Piped | Form::File | Form::Folder => "holds plain manifests, which take",
            Form::Kustomization => "is a kustomization, which takes",
            Form::Workspace => "holds manifests of Copilot, which take",
            Form::Project => "is a project of ecspresso, which takes",
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

/// The native documents of a project of ecspresso.
fn project(
    reference: &str,
    around: &Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Manifest>, Error> {
    let Some(path) = ecspresso::find(Path::new(reference)) else {
        return Ok(Vec::new());
    };
    let outside = ecspresso::Outside {
        world: around.world,
        amazon: ecspresso::account(around.world, "", ""),
    };
    let project = ecspresso::load(&path, &outside)?;
    for (name, why) in &project.left {
        let message = format!("{}: {name} means nothing here: {why}", path.display());
        notices.push(Notice::new(Level::Warn, message));
    }
    let documents = project.documents();
    let texts = documents
        .iter()
        .map(|document| format!("---\n{document:#}\n"));
    let text: String = texts.collect();
    let shown = path.to_string_lossy();
    Ok(vec![Manifest::new(
        "ecspresso.yaml",
        &shown,
        text.into_bytes(),
    )])
}

/// Whether a file is a manifest of Copilot's: it names its own type.
fn is_workload(path: &Path) -> bool {
    let text = std::fs::read(path).unwrap_or_default();
    let objects = ecs::read(&text).unwrap_or_default();
    matches!(objects.as_slice(), [one] if ecs::copilot::is_manifest(one))
}

/// The manifests of a workspace of Copilot's: those of its services and jobs, not of environments and
/// pipelines. The folder is `copilot` or the one that has it.
fn workloads(folder: &Path) -> Vec<PathBuf> {
    for folder in [folder.join("copilot"), folder.to_owned()] {
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path().join("manifest.yml")))
            .filter(|path| path.is_file() && is_workload(path))
            .collect();
        found.sort();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The manifests below a folder, in order; what begins with a point is left out.
fn manifests(folder: &Path) -> impl Iterator<Item = walkdir::DirEntry> {
    let is_hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
    };
    walkdir::WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(move |entry| !is_hidden(entry))
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && is_manifest(entry.path()))
}

/// The chart that `reference` implies; nothing where it is a chart's, or Helm's own words are wanted.
///
/// # Errors
/// Files that cannot be read, documents that are no objects, values for what takes none, and what is
/// wrong in a kustomization.
pub fn read(
    reference: &str,
    source: &Source,
    values: &values::Options,
    around: &mut Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Option<Chart>, Error> {
    let reference = reference.trim();
    if source.beyond.is_none() || !source.repository.is_empty() {
        return Ok(None);
    }
    let Some(form) = Form::of(reference) else {
        return Ok(None);
    };
    refuse_values(reference, form, values)?;
    let templates = match form {
        Form::Piped => {
            let text = around
                .files
                .read("-")
                .map_err(|message| Error::new(Kind::Io, message))?;
            vec![Manifest::new("manifests.yaml", "-", text)]
        }
        Form::File => {
            let name = path::base(reference.as_bytes());
            let name = String::from_utf8_lossy(name).into_owned();
            vec![Manifest::new(&name, reference, disk(reference)?)]
        }
        Form::Folder => {
            let mut found = Vec::new();
            for entry in manifests(Path::new(reference)) {
                let shown = entry.path().to_string_lossy().into_owned();
                let inside = entry.path().strip_prefix(reference).unwrap_or(entry.path());
                let inside = inside.to_string_lossy().replace('\\', "/");
                found.push(Manifest::new(&inside, &shown, disk(&shown)?));
            }
            found
        }
        Form::Kustomization => build(reference, source, around, notices)?,
        Form::Workspace => {
            let path = Path::new(reference);
            let paths = match path.is_file() {
                true => vec![path.to_owned()],
                false => workloads(path),
            };
            let mut found = Vec::new();
            for path in paths {
                let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
                let name = format!("{}/manifest.yml", folder.to_string_lossy());
                let shown = path.to_string_lossy().into_owned();
                found.push(Manifest::new(
                    name.trim_start_matches('/'),
                    &shown,
                    disk(&shown)?,
                ));
            }
            found
        }
        Form::Project => project(reference, around, notices)?,
    };
    assemble(&name(reference, form)?, form, templates, notices).map(Some)
}

/// Saves an implied chart as a folder below `folder`, for those who read charts from folders; returns
/// its path.
///
/// # Errors
/// What cannot be written.
pub fn save(chart: &Chart, folder: &Path) -> Result<String, Error> {
    let mut files = vec![(
        "Chart.yaml".to_owned(),
        definition(chart.name(), &chart.metadata.description).into_bytes(),
    )];
    for file in chart.templates.iter().chain(&chart.files) {
        files.push((file.name.clone(), file.data.as_bytes().to_vec()));
    }
    for (name, text) in files {
        let path = folder.join(name);
        let shown = path.to_string_lossy().into_owned();
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", shown, &error)))?;
    }
    Ok(folder.to_string_lossy().into_owned())
}

fn refuse_values(reference: &str, form: Form, values: &values::Options) -> Result<(), Error> {
    let given = [
        ("--values", &values.value_files),
        ("--set", &values.values),
        ("--set-string", &values.string_values),
        ("--set-file", &values.file_values),
        ("--set-json", &values.json_values),
        ("--set-literal", &values.literal_values),
    ];
    let Some((flag, _)) = given.iter().find(|(_, list)| !list.is_empty()) else {
        return Ok(());
    };
    let message = format!(
        "{flag} has no effect: {reference:?} {} no values",
        form.words()
    );
    let hint = match form {
        Form::Kustomization => {
            "Say it in an overlay: a kustomization with this one under `resources`."
        }
        _ => {
            "Values are for charts: `pintle create NAME` makes one, whose templates these manifests can be."
        }
    };
    Err(Error::new(Kind::Usage, message).with_hint(hint))
}

fn disk(path: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))
}

/// The name of the chart: that of the file or folder, as names of charts are.
fn name(reference: &str, form: Form) -> Result<String, Error> {
    if form == Form::Piped {
        return Ok("manifests".to_owned());
    }
    let whole = std::path::absolute(reference)
        .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", reference, &error)))?;
    let whole = path::clean(&whole.to_string_lossy());
    let base = path::base(whole.as_bytes());
    let base = String::from_utf8_lossy(base).to_lowercase();
    let stem = match form {
        Form::File => base.rsplit_once('.').map_or(&*base, |(stem, _)| stem),
        _ => &base,
    };
    let name: String = stem
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    Ok(match name.trim_matches('-') {
        "" => "manifests".to_owned(),
        name => name.to_owned(),
    })
}

fn definition(name: &str, description: &str) -> String {
    format!(
        "apiVersion: v2\nname: {name}\ndescription: {description}\ntype: application\nversion: {VERSION}\n"
    )
}

/// A file of manifests.
struct Manifest {
    /// Where it is in the chart, below `templates/`.
    name: String,
    /// What users call it.
    shown: String,
    text: Vec<u8>,
}

impl Manifest {
    fn new(name: &str, shown: &str, text: Vec<u8>) -> Manifest {
        // What begins like this is no template to Helm.
        let parts = name.split('/').map(|part| match part.strip_prefix('_') {
            Some(rest) => format!("-{rest}"),
            None => part.to_owned(),
        });
        let text = text
            .strip_prefix(b"\xef\xbb\xbf")
            .map(<[u8]>::to_vec)
            .unwrap_or(text);
        let mut name = parts.collect::<Vec<_>>().join("/");
        // Helm's rules know templates by their extension.
        if name.ends_with(".json") {
            name.push_str(".yaml");
        }
        Manifest {
            name,
            shown: shown.to_owned(),
            text,
        }
    }
}

fn assemble(
    name: &str,
    form: Form,
    manifests: Vec<Manifest>,
    notices: &mut Vec<Notice>,
) -> Result<Chart, Error> {
    let file = |name: String, data: Vec<u8>| File {
        name,
        data: data.into(),
        modified: None,
    };
    let about = match form {
        Form::Kustomization => "A kustomization, as it was built",
        Form::Workspace => "Manifests of AWS Copilot",
        Form::Project => "A project of ecspresso",
        _ => "Plain manifests",
    };
    let mut files = vec![file(
        "Chart.yaml".to_owned(),
        definition(name, about).into_bytes(),
    )];
    if matches!(form, Form::Workspace | Form::Project) {
        for manifest in manifests {
            let name = format!("templates/{}", manifest.name);
            files.push(file(name, literal(&manifest.text)));
        }
        return chart::load_files(files, notices);
    }
    let objects = manifests
        .iter()
        .map(objects)
        .collect::<Result<Vec<_>, Error>>()?;
    if objects.iter().all(Vec::is_empty) {
        let message = format!("there are no objects in the manifests of {name:?}");
        return Err(Error::new(Kind::Manifest, message));
    }
    let kinds: Vec<(String, String)> = objects
        .iter()
        .flatten()
        .map(|object| (object.group.clone(), object.kind.clone()))
        .collect();
    for (manifest, objects) in manifests.into_iter().zip(objects) {
        let mut text = manifest.text;
        // From the last on, so that places stay as they are.
        for object in objects.into_iter().rev() {
            let Some(defined) = object.defines.filter(|kind| kinds.contains(kind)) else {
                continue;
            };
            let document: Vec<u8> = text.splice(object.range, []).collect();
            let message = format!(
                "the definition of {} goes before the objects of that kind: as those in crds/ of charts it is not changed by upgrades, and stays when the release goes",
                defined.1
            );
            notices.push(Notice::new(Level::Warn, message));
            let count = files.len();
            files.push(file(
                format!("crds/{count}-{}.yaml", defined.1.to_lowercase()),
                document,
            ));
        }
        files.push(file(format!("templates/{}", manifest.name), literal(&text)));
    }
    chart::load_files(files, notices)
}

/// An object of a manifest.
struct Object {
    group: String,
    kind: String,
    range: std::ops::Range<usize>,
    /// Group and kind that it defines.
    defines: Option<(String, String)>,
}

/// The objects of a file.
///
/// # Errors
/// Documents that are no objects, with file and line.
fn objects(manifest: &Manifest) -> Result<Vec<Object>, Error> {
    let text = manifest.text.as_slice();
    let mut found = Vec::new();
    for range in manifest::split(text) {
        let document = &text[range.clone()];
        let line = 1 + text[..range.start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let fail = |why: String| {
            let message = format!("{}:{line}: {why}", manifest.shown);
            Error::new(Kind::Manifest, message)
        };
        let value = yaml::to_frozen(document).map_err(|error| fail(error.to_string()))?;
        if value == Frozen::Null {
            continue;
        }
        let word = |value: &Frozen, name: &str| {
            let text = value.get(name).and_then(Frozen::as_text);
            text.map(ToString::to_string).unwrap_or_default()
        };
        let (version, kind) = (word(&value, "apiVersion"), word(&value, "kind"));
        if version.is_empty() || kind.is_empty() {
            return Err(fail("this document is no Kubernetes object: it has no apiVersion or no kind".to_owned())
                .with_hint("Folders of manifests hold nothing else; a chart has a Chart.yaml, a kustomization a kustomization.yaml."));
        }
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let spec = value
            .get("spec")
            .filter(|_| kind == "CustomResourceDefinition");
        let defines =
            spec.and_then(|spec| Some((word(spec, "group"), word(spec.get("names")?, "kind"))));
        found.push(Object {
            group: group.to_owned(),
            kind,
            range,
            defines,
        });
    }
    Ok(found)
}

/// A template that renders to `text`.
fn literal(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|pair| pair == b"{{") {
        escaped.extend_from_slice(&rest[..at]);
        escaped.extend_from_slice(br#"{{"{{"}}"#);
        rest = &rest[at + 2..];
    }
    escaped.extend_from_slice(rest);
    escaped
}

/// The objects of a kustomization, each in a file of its own.
fn build(
    reference: &str,
    source: &Source,
    around: &mut Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Manifest>, Error> {
    let reach = Reach {
        source,
        around: RefCell::new(around),
        notices: RefCell::default(),
    };
    let options = kustomize::Options::default();
    let documents = kustomize::build(reference, &reach, &options, notices);
    notices.append(&mut reach.notices.take());
    let documents = documents?;
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for document in &documents {
        let word = |value: Option<&serde_json::Value>| {
            let text = value
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default();
            text.replace(['/', ':'], "-")
        };
        let value = document.value();
        let kind = word(value.get("kind")).to_lowercase();
        let object = word(value.get("metadata").and_then(|it| it.get("name")));
        let mut name = format!("{kind}-{object}");
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}-{count}");
        }
        let name = format!("{name}.yaml");
        let shown = format!("{reference} ({name})");
        found.push(Manifest::new(&name, &shown, document.text()?));
    }
    Ok(found)
}

/// The files of kustomizations: here, in git repositories, and behind addresses; and the charts that
/// they name.
struct Reach<'r, 'a> {
    source: &'r Source,
    around: RefCell<&'r mut Surroundings<'a>>,
    notices: RefCell<Vec<Notice>>,
}

impl kustomize::Files for Reach<'_, '_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path.contains("://") {
            true => self.around.borrow_mut().files.read(path),
            false => kustomize::Disk.read(path),
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        !path.contains("://") && kustomize::Disk.is_folder(path)
    }

    fn fetch(&self, address: &str) -> Result<String, String> {
        if kustomize::is_file_address(address) {
            return Ok(address.to_owned());
        }
        let reference = git::Reference::parse(&kustomize::repository(address))
            .map_err(|error| error.to_string())?;
        reference
            .fetch(&self.source.places.content_cache)
            .map_err(|error| error.to_string())
    }

    fn inflate(&self, folder: &str, chart: &Value, globals: &Value) -> Result<Vec<u8>, String> {
        let chart = HelmChart::read(folder, chart, globals)?;
        let mut around = self.around.borrow_mut();
        let around = &mut **around;
        let mut files = Inline {
            text: &chart.inline,
            files: &mut *around.files,
        };
        let mut out = Output::default();
        let mut notices = self.notices.borrow_mut();
        let mut around = Surroundings {
            world: around.world,
            files: &mut files,
            remote: around.remote,
            backend: None,
            post_renderer: None,
        };
        template::run(
            &options(&chart, self.source),
            &mut around,
            &mut out,
            &mut notices,
        )
        .map_err(|error| format!("rendering the chart {:?}: {error}", chart.name))?;
        Ok(out.concat())
    }
}

/// Values of a kustomization, before all other files.
struct Inline<'a> {
    text: &'a [u8],
    files: &'a mut dyn values::Files,
}

impl values::Files for Inline<'_> {
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        match name {
            kustomize::INLINE => Ok(self.text.to_vec()),
            _ => self.files.read(name),
        }
    }
}

/// How an entry of `helmCharts` is rendered.
fn options(chart: &HelmChart, source: &Source) -> template::Options {
    template::Options {
        arguments: vec![chart.release.clone(), chart.place.0.clone()],
        namespace: chart.namespace.clone(),
        source: Source {
            repository: chart.place.1.clone(),
            version: chart.version.clone(),
            beyond: None,
            ..source.clone()
        },
        values: values::Options {
            value_files: chart.value_files.clone(),
            ..values::Options::default()
        },
        kube_version: chart.kube_version.clone(),
        api_versions: chart.api_versions.clone(),
        include_crds: chart.include_crds,
        skip_tests: chart.skip_tests,
        no_hooks: chart.no_hooks,
        ..template::Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_no_templates() {
        for (text, want) in [
            ("a: '{{ x }}'", r#"a: '{{"{{"}} x }}'"#),
            ("{{{", r#"{{"{{"}}{"#),
            ("plain", "plain"),
        ] {
            assert_eq!(literal(text.as_bytes()), want.as_bytes(), "{text}");
        }
    }

    #[test]
    fn charts_are_named_after_files_and_folders() {
        for (reference, form, want) in [
            ("-", Form::Piped, "manifests"),
            ("a/My_App.v2.yaml", Form::File, "my-app-v2"),
            ("/tmp/k8s/", Form::Folder, "k8s"),
            ("/", Form::Folder, "manifests"),
        ] {
            assert_eq!(name(reference, form).expect("a name"), want, "{reference}");
        }
    }
}
