//! Charts made of other things: folders of manifests, charts with dependencies of a release's own or
//! with its namespace everywhere (`github.com/helmfile/chartify`).
//!
//! What is made is rendered once, and put where a second rendering leaves it as it is.

use std::fs;
use std::path::Path;

use super::data::{Data, Entries, decode, documents, encode};
use super::helm::{collect, kube_context};
use super::load::{State, key};
use super::prepare::{Preparation, normalise_chart};
use super::release::release_data;
use super::select::id;
use super::state::{Record, quoted};
use super::values::Given;
use super::{Fleet, file};
use crate::go::{os, path};
use crate::yaml::Style;
use crate::yaml::node::{self, Kind, Node};

/// Parts of a chart that are rendered.
const CONTENT: [&str; 3] = ["templates", "charts", "crds"];

/// What a command says about rendering a chart on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct Rendering {
    /// `--values` of the command.
    pub(super) values: Vec<String>,
    /// `--set` of the command.
    pub(super) set: Vec<String>,
    /// CRDs are rendered, too.
    pub(super) include_crds: bool,
    /// A cluster is asked.
    pub(super) validate: bool,
    pub(super) kube_version: String,
    pub(super) template_args: String,
    pub(super) skip_schema_validation: bool,
}

/// Whether a release's chart is more than a chart.
pub(super) fn is_needed(state: &State, release: &Record) -> bool {
    let normal = normalise_chart(&state.base, release.text("chart"));
    [
        "jsonPatches",
        "strategicMergePatches",
        "transformers",
        "dependencies",
    ]
    .iter()
    .any(|key| !release.list(key).is_empty())
        || !release.text("forceNamespace").is_empty()
        || file::is_folder(&normal) && !file::is_file(&path::join(&[&normal, "Chart.yaml"]))
}

impl Fleet<'_> {
    /// Makes a chart of what a release names; its folder.
    ///
    /// # Errors
    /// What cannot be read, rendered or written, and what is not supported, by name.
    pub(super) fn chartify(
        &self,
        state: &State,
        release: &Record,
        preparation: &Preparation,
        skip_deps: bool,
    ) -> Result<String, String> {
        let source = normalise_chart(&state.base, release.text("chart"));
        let name = release.text("name");
        for key in ["jsonPatches", "strategicMergePatches", "transformers"] {
            if !release.list(key).is_empty() {
                return Err(format!(
                    "release {}: {key} are not applied yet",
                    quoted(name)
                ));
            }
        }
        if file::is_file(&path::join(&[&source, "kustomization.yaml"])) {
            return Err(format!(
                "release {}: {source} is a kustomization, which is not built yet",
                quoted(name)
            ));
        }
        if !file::is_folder(&source) {
            return Err(format!(
                "release {}: charts from elsewhere are not put together with more yet",
                quoted(name)
            ));
        }
        let (_, files) = self.values_flags(state, release)?;
        let folder = self.chart_folder(release)?;
        copy(Path::new(&source), Path::new(&folder))?;
        let chart = path::join(&[&folder, "Chart.yaml"]);
        let is_chart = file::is_file(&chart);
        os::mkdir_all(&path::join(&[&folder, "templates"]))?;
        let mut namespace = release.text("forceNamespace").to_owned();
        if !is_chart {
            self.render_manifests(state, release, &folder, &source)?;
            gather_manifests(&folder)?;
            if namespace.is_empty() {
                namespace = release.text("namespace").to_owned();
            }
            let version = match release.text("version") {
                "" => "1.0.0",
                version => version,
            };
            let base = String::from_utf8_lossy(path::base(source.as_bytes())).into_owned();
            let text = format!(
                "name: {}\nversion: {version}\napiVersion: v2\n",
                quoted(&base)
            );
            write(&chart, text.as_bytes())?;
            freeze(&folder)?;
        }
        let own = self.dependencies(state, release)?;
        let all = set_dependencies(&folder, Some(&own))?;
        let is_extended = !own.is_empty();
        if !all.is_empty() && (!skip_deps || is_extended) {
            let is_locked = ["Chart.lock", "requirements.lock"]
                .iter()
                .any(|lock| file::is_file(&path::join(&[&folder, lock])));
            let verb = if is_locked && !is_extended {
                "build"
            } else {
                "up"
            };
            let mut arguments = ["dependency", verb, &folder].map(str::to_owned).to_vec();
            if self.options.plain_http && !self.is_third(state) {
                arguments.push("--plain-http".to_owned());
            }
            let call = self.call(state, arguments, Vec::new(), &[]);
            self.run(&call).map_err(|(_, block)| block)?;
        }
        if namespace.is_empty() && is_chart {
            return Ok(folder);
        }
        self.render_in_place(state, release, (&folder, &files), &preparation.rendering)?;
        if !namespace.is_empty() {
            set_namespace(&folder, &namespace)?;
        }
        freeze(&folder)?;
        Ok(folder)
    }

    /// A folder for the chart of a release.
    fn chart_folder(&self, release: &Record) -> Result<String, String> {
        let own = self.variable("CHARTIFY_TEMPDIR");
        let root = match own.as_str() {
            "" => format!("{}/chartify{}", self.options.temporary, self.number()),
            own => file::absolute(own),
        };
        self.made.borrow_mut().push(match own.as_str() {
            "" => root.clone(),
            _ => path::join(&[&root, &id(release)]),
        });
        let folder = path::join(&[&root, &id(release).replace(':', "/")]);
        os::mkdir_all(&folder)?;
        Ok(folder)
    }

    /// Removes the charts that were made.
    pub(super) fn remove_charts(&self) {
        for folder in self.made.take() {
            // What is left in a temporary folder harms nobody.
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// Renders templates among manifests.
    fn render_manifests(
        &self,
        state: &State,
        release: &Record,
        folder: &str,
        source: &str,
    ) -> Result<(), String> {
        for name in walk(folder)? {
            let Some(target) = name.strip_suffix(".gotmpl") else {
                continue;
            };
            let full = path::join(&[folder, &name]);
            let text = file::read(&full)?;
            let data = release_data(state, release);
            let text = self
                .renderer
                .render(&text, source, &data)
                .map_err(|error| error.to_string())?;
            write(&path::join(&[folder, target]), &text)?;
        }
        Ok(())
    }

    /// A release's own dependencies, as a chart says them.
    fn dependencies(&self, state: &State, release: &Record) -> Result<Vec<Data>, String> {
        let mut all = Vec::new();
        for dependency in release.records("dependencies") {
            let chart = dependency.text("chart");
            let alias = dependency.text("alias");
            let normal = normalise_chart(&state.base, chart);
            let base = |text: &str| {
                let base = path::base(text.as_bytes());
                String::from_utf8_lossy(base).into_owned()
            };
            let (name, repository) = if file::is_folder(&normal) {
                let full = file::absolute(&path::join(&[&state.base, chart]));
                (base(&full), format!("file://{full}"))
            } else if let Some(url) = self.oci_address(state, chart) {
                let name = base(&url);
                let url = url
                    .strip_suffix(&format!("/{name}"))
                    .unwrap_or(&url)
                    .to_owned();
                (name, url)
            } else {
                let (repository, name) = chart.split_once('/').unwrap_or((chart, ""));
                let known = state.repository(chart);
                let url = known.map(|known| known.text("url").to_owned());
                let url = url.filter(|url| !url.is_empty()).ok_or_else(|| {
                    format!("failed reading adhoc dependencies: no helm list entry found for repository \"{repository}\". please `helm repo add` it!")
                })?;
                (name.to_owned(), url)
            };
            let switch = if alias.is_empty() { &name } else { alias };
            let mut entries = Entries::from([
                (key("name"), Data::string(name.as_str())),
                (key("repository"), Data::string(repository)),
                (key("condition"), Data::string(format!("{switch}.enabled"))),
            ]);
            for (field, value) in [("alias", alias), ("version", dependency.text("version"))] {
                if !value.is_empty() {
                    entries.insert(key(field), Data::string(value));
                }
            }
            all.push(Data::map(entries));
        }
        Ok(all)
    }

    fn oci_address(&self, state: &State, chart: &str) -> Option<String> {
        if chart.starts_with("oci://") {
            return Some(chart.to_owned());
        }
        let repository = state.repository(chart).filter(|known| known.is("oci"))?;
        let (_, name) = chart.split_once('/')?;
        let url = repository.text("url").trim_end_matches('/');
        Some(format!("oci://{url}/{name}"))
    }

    /// Replaces a chart's templates by what they render to (`ReplaceWithRendered`).
    fn render_in_place(
        &self,
        state: &State,
        release: &Record,
        (folder, files): (&str, &[Given]),
        rendering: &Rendering,
    ) -> Result<(), String> {
        let target = path::join(&[folder, "helmx.1.rendered"]);
        os::mkdir_all(&target)?;
        let mut words = vec![
            "template".to_owned(),
            "--debug=false".to_owned(),
            format!("--output-dir={target}"),
        ];
        for (is_on, flag) in [
            (rendering.include_crds, "--include-crds"),
            (rendering.validate, "--validate"),
        ] {
            if is_on {
                words.push(flag.to_owned());
            }
        }
        words.extend([release.text("name").to_owned(), folder.to_owned()]);
        words.extend(self.set_flags(state, release, "set")?);
        for pair in &rendering.set {
            words.extend(["--set".to_owned(), pair.clone()]);
        }
        let defaults = path::join(&[folder, "values.yaml"]);
        let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
        if file::is_file(&defaults) {
            add("-f", &defaults);
        }
        for name in &rendering.values {
            add("-f", name);
        }
        for given in files {
            add("-f", &given.name);
        }
        if !release.text("namespace").is_empty() {
            add("--namespace", release.text("namespace"));
        }
        let versions = [
            rendering.kube_version.as_str(),
            release.text("kubeVersion"),
            state.record.text("kubeVersion"),
        ];
        if let Some(version) = versions.into_iter().find(|version| !version.is_empty()) {
            add("--kube-version", version);
        }
        let versions = match release.texts("apiVersions") {
            own if !own.is_empty() => own,
            _ => state.record.texts("apiVersions"),
        };
        for version in versions {
            add("--api-versions", &version);
        }
        let template_args = match rendering.template_args.as_str() {
            "" => state.defaults().texts("templateArgs").join(" "),
            text => text.to_owned(),
        };
        let asks = template_args.contains("--dry-run");
        words.extend(collect(&template_args));
        let context = kube_context(state, release);
        if asks && !context.is_empty() {
            words.extend(["--kube-context".to_owned(), context]);
        }
        if release.is("skipSchemaValidation")
            || rendering.skip_schema_validation
            || state.defaults().is("skipSchemaValidation")
        {
            words.push("--skip-schema-validation".to_owned());
        }
        let call = self.call(state, words, files.to_vec(), &[]);
        self.run(&call).map_err(|(_, block)| block)?;
        let rendered = file::entries(&target)?;
        let output = rendered
            .first()
            .map(|(name, _)| path::join(&[&target, name]));
        for part in CONTENT {
            let place = path::join(&[folder, part]);
            remove(&place)?;
            let Some(output) = &output else {
                continue;
            };
            let made = path::join(&[output, part]);
            if file::is_folder(&made) {
                fs::rename(&made, &place)
                    .map_err(|error| os::path_error("rename", &made, &error))?;
                remove(&path::join(&[folder, "files", part]))?;
            }
        }
        remove(&target)?;
        set_dependencies(folder, None)?;
        for lock in ["requirements.yaml", "requirements.lock", "Chart.lock"] {
            let lock = path::join(&[folder, lock]);
            if file::is_file(&lock) {
                fs::remove_file(&lock).map_err(|error| os::path_error("remove", &lock, &error))?;
            }
        }
        Ok(())
    }
}

/// Writes the dependencies of a chart: its own and more, or none; gives all that there are.
fn set_dependencies(folder: &str, more: Option<&[Data]>) -> Result<Vec<Data>, String> {
    let chart = path::join(&[folder, "Chart.yaml"]);
    let old = path::join(&[folder, "requirements.yaml"]);
    let read = |name: &str| -> Result<Record, String> {
        match file::is_file(name) {
            true => Ok(Record::of(Some(&decode(&file::read(name)?)?))),
            false => Ok(Record::default()),
        }
    };
    let mut metadata = read(&chart)?;
    let mut all = metadata.list("dependencies").to_vec();
    all.extend(read(&old)?.list("dependencies").iter().cloned());
    all.extend(more.unwrap_or_default().iter().cloned());
    match more {
        Some(_) if !all.is_empty() => metadata.set("dependencies", Data::list(all.clone())),
        _ => metadata.remove("dependencies"),
    }
    write(&chart, &encode(&metadata.into_data())?)?;
    if file::is_file(&old) {
        fs::remove_file(&old).map_err(|error| os::path_error("remove", &old, &error))?;
    }
    Ok(all)
}

/// Moves manifests below `templates/`, with the folders that they are in.
fn gather_manifests(folder: &str) -> Result<(), String> {
    let mut emptied = Vec::new();
    for name in walk(folder)? {
        if !name.ends_with(".yaml") && !name.ends_with(".yml") {
            continue;
        }
        let (from, to) = (
            path::join(&[folder, &name]),
            path::join(&[folder, "templates", &name]),
        );
        os::mkdir_all(&path::dir(&to))?;
        fs::rename(&from, &to).map_err(|error| os::path_error("rename", &from, &error))?;
        if let Some((parent, _)) = name.split_once('/')
            && parent != "templates"
        {
            emptied.push(parent.to_owned());
        }
    }
    emptied.dedup();
    for parent in emptied {
        remove(&path::join(&[folder, &parent]))?;
    }
    Ok(())
}

/// Puts what is rendered below `files/`, and templates that print it in its place
/// (`RewriteChartToPreventDoubleRendering`).
fn freeze(folder: &str) -> Result<(), String> {
    let files = path::join(&[folder, "files"]);
    os::mkdir_all(&files)?;
    // CRDs are not rendered.
    for part in ["templates", "charts"] {
        let (from, to) = (path::join(&[folder, part]), path::join(&[&files, part]));
        if !file::is_folder(&from) {
            continue;
        }
        remove(&to)?;
        fs::rename(&from, &to).map_err(|error| os::path_error("rename", &from, &error))?;
        for name in walk(&to)? {
            let text = format!("{{{{ .Files.Get \"files/{part}/{name}\" }}}}");
            write(&path::join(&[&from, &name]), text.as_bytes())?;
        }
        if part == "charts" && file::is_folder(&from) {
            // A folder below `charts/` would have to be a chart.
            let target = path::join(&[folder, "templates", "charts"]);
            os::mkdir_all(&path::dir(&target))?;
            fs::rename(&from, &target).map_err(|error| os::path_error("rename", &from, &error))?;
        }
    }
    Ok(())
}

/// Gives objects a namespace that have none (`SetNamespace`).
fn set_namespace(folder: &str, namespace: &str) -> Result<(), String> {
    for part in CONTENT {
        let part = path::join(&[folder, part]);
        if !file::is_folder(&part) {
            continue;
        }
        for name in walk(&part)? {
            let full = path::join(&[&part, &name]);
            let (mut nodes, error) = documents(&file::read(&full)?);
            if let Some(error) = error {
                return Err(format!("parsing yaml from {full}: {error}"));
            }
            for document in &mut nodes {
                place_in(document.content_mut(), namespace);
            }
            write(&full, &node::write(&nodes))?;
        }
    }
    Ok(())
}

fn place_in(object: &mut Node, namespace: &str) {
    if object.kind != Kind::Mapping {
        return;
    }
    let keys = object.children.iter().step_by(2);
    let Some(at) = keys
        .map(|key| &key.value[..])
        .position(|key| key == b"metadata")
    else {
        return;
    };
    let metadata = &mut object.children[2 * at + 1];
    let has_one = metadata.pairs().any(|(key, _)| key.value == b"namespace");
    if has_one {
        return;
    }
    for text in ["namespace", namespace] {
        let mut scalar = Node::scalar(text, Style::Plain);
        scalar.tag = b"!!str".to_vec();
        metadata.children.push(scalar);
    }
}

/// Files below a folder, by their paths in it, sorted.
fn walk(folder: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry.file_type().is_dir() {
            continue;
        }
        if let Ok(name) = entry.path().strip_prefix(folder) {
            found.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

fn write(name: &str, text: &[u8]) -> Result<(), String> {
    os::mkdir_all(&path::dir(name))?;
    fs::write(name, text).map_err(|error| os::path_error("open", name, &error))
}

/// Removes a folder, where there is one.
fn remove(folder: &str) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(os::path_error("remove", folder, &error))
        }
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed =
        |path: &Path, error: &std::io::Error| os::path_error("open", path.display(), error);
    for entry in walkdir::WalkDir::new(from).min_depth(1).follow_links(true) {
        let entry = entry.map_err(|error| error.to_string())?;
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(|error| failed(&target, &error))?;
        } else {
            fs::copy(entry.path(), &target).map_err(|error| failed(&target, &error))?;
        }
    }
    Ok(())
}
