//! Charts made of other things: folders of manifests, kustomizations, charts with dependencies of a
//! release's own, its patches, or its namespace everywhere (`github.com/helmfile/chartify` 0.28.2).
//!
//! What is made is rendered once, and put where a second rendering leaves it as it is.

mod dependency;
mod folder;
mod kustomization;
mod namespace;
mod patch;

use std::fs;
use std::path::Path;

use self::dependency::{Wanted, anchor, set_dependencies};
use self::folder::{CONTENT, copy, freeze, gather_manifests, remove, walk, write};
use self::namespace::set_namespace;
use super::helm::{Answer, Call, collect, download_flags, kube_context};
use super::load::State;
use super::prepare::{Preparation, normalise_chart};
use super::release::release_data;
use super::select::id;
use super::state::{Record, quoted};
use super::values::Given;
use super::{Fleet, file, remote};
use crate::go::{os, path};
use crate::{chart, kustomize};

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
        let name = release.text("name");
        let fail = |error: String| format!("release {}: {error}", quoted(name));
        let named = |error: String| match self.options.own {
            true => fail(error),
            false => error,
        };
        let own = self.dependencies(state, release)?;
        let patches = self.patches(state, release)?;
        let files = self.values_files(state, release)?;
        let rendering = &preparation.rendering;
        let source = self.chart_source(state, release)?;
        let root = self.chart_folder(release)?;
        let is_kustomization = self.is_kustomization(&source);
        let is_here = Path::new(&source).exists();
        let folder = match is_kustomization {
            true => root,
            false => self.unpack(state, release, (&source, &root))?,
        };
        let chart = path::join(&[&folder, "Chart.yaml"]);
        let is_chart = file::is_file(&chart);
        os::mkdir_all(&path::join(&[&folder, "templates"]))?;
        let mut namespace = release.text("forceNamespace").to_owned();
        if is_kustomization {
            if !release.list("set").is_empty() || !rendering.set.is_empty() {
                return Err(fail("--set is not yet supported for kustomize-based apps! Use -f/--values flag instead.".to_owned()));
            }
            let values = (&rendering.values[..], &files[..]);
            self.build_kustomization(state, (&source, &folder), values, release.text("namespace"))
                .map_err(named)?;
        } else if !is_chart {
            self.render_manifests(state, release, &folder, &source)?;
            gather_manifests(&folder)?;
            if namespace.is_empty() {
                namespace = release.text("namespace").to_owned();
            }
        }
        if !is_chart {
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
        let wanted = match is_here {
            true => Wanted::With(&own),
            false => Wanted::Only(&own),
        };
        let all = set_dependencies(&folder, wanted)?;
        let is_extended = !own.is_empty();
        if is_extended || is_here && !skip_deps && !all.is_empty() {
            self.bring_dependencies(state, &folder, is_extended)?;
        }
        if !is_here {
            set_dependencies(&folder, Wanted::Only(&all))?;
        }
        if namespace.is_empty() && is_chart && patches.is_empty() {
            return Ok(folder);
        }
        self.render_in_place(state, release, (&folder, &files), preparation)?;
        if !namespace.is_empty() {
            set_namespace(&folder, &namespace)?;
        }
        if !patches.is_empty() {
            self.apply_patches(state, &folder, &patches)
                .map_err(named)?;
        }
        freeze(&folder)?;
        Ok(folder)
    }

    /// Where a release's chart is: a path here, or what Helm calls it.
    fn chart_source(&self, state: &State, release: &Record) -> Result<String, String> {
        let chart = release.text("chart");
        match chart.contains("::") && remote::is_remote(chart) {
            true => self.remote.fetch(chart, "charts"),
            false => Ok(normalise_chart(&state.base, chart)),
        }
    }

    /// Whether a folder is a kustomization; chartify knows only one of the names that its file may have.
    fn is_kustomization(&self, source: &str) -> bool {
        match self.options.own {
            true => {
                let is_chart = file::is_file(&path::join(&[source, "Chart.yaml"]));
                !is_chart && kustomize::is_kustomization(source, &kustomize::Disk)
            }
            false => file::is_file(&path::join(&[source, kustomize::NAMES[0]])),
        }
    }

    /// Copies a chart into a folder: one that is here as a folder or archive, or else what Helm
    /// fetches. Gives the folder that it is in then.
    fn unpack(
        &self,
        state: &State,
        release: &Record,
        (source, folder): (&str, &str),
    ) -> Result<String, String> {
        if file::is_folder(source) {
            copy(Path::new(source), Path::new(folder))?;
            anchor(folder, source)?;
            return Ok(folder.to_owned());
        }
        if Path::new(source).is_file() {
            return chart::expand(&file::read(source)?, folder)
                .map_err(|error| format!("unable to extract files out of {source}: {error}"));
        }
        let name = self
            .oci_address(state, source)
            .unwrap_or_else(|| source.to_owned());
        let mut words = ["pull", &name, "--untar", "-d", folder]
            .map(str::to_owned)
            .to_vec();
        let version = release.text("version");
        if !version.is_empty() {
            words.extend(["--version".to_owned(), version.to_owned()]);
        }
        download_flags(state, release, &mut words);
        let call = self.call(state, words, Vec::new(), &[]);
        self.run_told(&call)?;
        match &file::entries(folder)?[..] {
            [(name, true)] => Ok(path::join(&[folder, name])),
            found => Err(format!(
                "the archive of {name} has {} entries, but has to hold one folder",
                found.len()
            )),
        }
    }

    /// Brings the dependencies of a chart into it: those of its lock file, where there is one that
    /// still fits, or else the newest that do.
    fn bring_dependencies(
        &self,
        state: &State,
        folder: &str,
        is_extended: bool,
    ) -> Result<(), String> {
        let is_locked = ["Chart.lock", "requirements.lock"]
            .iter()
            .any(|lock| file::is_file(&path::join(&[folder, lock])));
        let run = |verb: &str| {
            let mut arguments = ["dependency", verb, folder].map(str::to_owned).to_vec();
            if self.options.plain_http && !self.is_third(state) {
                arguments.push("--plain-http".to_owned());
            }
            let call = self.call(state, arguments, Vec::new(), &[]);
            self.run_told(&call).map(|_| ())
        };
        if is_locked && !is_extended {
            match run("build") {
                Err(error) if error.contains("out of sync") => {}
                done => return done,
            }
        }
        run("up")
    }

    /// Runs a call; chartify tells of those that fail in its own way.
    fn run_told(&self, call: &Call) -> Result<Answer, String> {
        self.run(call).map_err(|(answer, block)| {
            if self.options.own {
                return block;
            }
            let words = format!("{} {}", call.binary, call.arguments.join(" "));
            let output = String::from_utf8_lossy(&answer.stderr);
            told(i32::from(answer.code), &words, &output)
        })
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

    /// Replaces a chart's templates by what they render to (`ReplaceWithRendered`).
    fn render_in_place(
        &self,
        state: &State,
        release: &Record,
        (folder, files): (&str, &[Given]),
        preparation: &Preparation,
    ) -> Result<(), String> {
        let rendering = &preparation.rendering;
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
        let changes = asks_cluster(preparation.command);
        let asks = changes || template_args.contains("--dry-run");
        words.extend(collect(&template_args));
        let context = kube_context(state, release);
        if asks && !context.is_empty() && !template_args.contains("--kube-context") {
            words.extend(["--kube-context".to_owned(), context]);
        }
        if changes && !rendering.validate && !template_args.contains("--dry-run") {
            words.push("--dry-run=server".to_owned());
        }
        if release.is("skipSchemaValidation")
            || rendering.skip_schema_validation
            || state.defaults().is("skipSchemaValidation")
        {
            words.push("--skip-schema-validation".to_owned());
        }
        let call = self.call(state, words, files.to_vec(), &[]);
        self.run_told(&call)?;
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
        set_dependencies(folder, Wanted::None)?;
        for lock in ["requirements.yaml", "requirements.lock", "Chart.lock"] {
            let lock = path::join(&[folder, lock]);
            if file::is_file(&lock) {
                fs::remove_file(&lock).map_err(|error| os::path_error("remove", &lock, &error))?;
            }
        }
        Ok(())
    }
}

/// What chartify tells of a program that failed.
fn told(code: i32, words: &str, output: &str) -> String {
    let lines = output.lines().filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(|line| format!("  {line}")).collect();
    format!(
        "exit status {code}\n\nCOMMAND:\n  {words}\n\nOUTPUT:\n{}",
        lines.join("\n")
    )
}

/// Whether a command works on a cluster, which is then asked while rendering
/// (`commandRequiresCluster`).
fn asks_cluster(command: &str) -> bool {
    !matches!(
        command,
        "template"
            | "lint"
            | "build"
            | "pull"
            | "fetch"
            | "write-values"
            | "list"
            | "show-dag"
            | "deps"
            | "repos"
            | "cache"
            | "init"
            | "completion"
            | "help"
            | "version"
    )
}
