//! Kustomizations: what they gather, and what is done to it (`api/internal/target`, 0.20.1).

use super::Document;
use super::config::Config;
use super::folder::{Folder, NAMES, is_address};
use super::gather::Gathered;
use super::generator::{self, Generated};
use super::part::{File, Part};
use super::resource::Resource;
use super::transform::{self, Transformer};
use super::variable::Variable;
use super::{reference, sort, variable};
use crate::diag::{Error, Kind, Level, Notice};

const FIELDS: [&str; 35] = [
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
    "inventory",
];

/// What is refused by its name, and what to do instead.
const REFUSED: [(&str, &str); 4] = [
    ("openapi", "merge keys are those of Kubernetes' own types"),
    ("validators", "they are programs of their own"),
    (
        "helmChartInflationGenerator",
        "`helmCharts` has taken its place",
    ),
    ("inventory", "kustomize itself has dropped it"),
];

/// What was deprecated, and what took its place.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// A kustomization that was read.
struct Target<'a> {
    folder: Folder<'a>,
    file: File,
    /// Folders that led here, this one the last.
    trail: Vec<String>,
}

/// Builds the kustomization in a folder.
///
/// # Errors
/// Whatever is wrong in it first.
pub(super) fn build(folder: Folder<'_>, notices: &mut Vec<Notice>) -> Result<Vec<Document>, Error> {
    let target = Target::load(folder, &[], notices)?;
    let root = target.file.part();
    let order = sort::Order::read(&root)?;
    let is_managed = manages(&root)?;
    let mut gathered = Gathered::default();
    target.gather(&mut gathered, notices)?;
    for resource in &mut gathered.resources {
        if resource.needs_hash {
            let hash = generator::hash(&resource.value).map_err(|why| root.fail(why))?;
            let name = format!("{}-{hash}", resource.name());
            resource.remember();
            resource.set_metadata("name", &name);
        }
    }
    reference::fix(&mut gathered).map_err(|why| root.fail(why))?;
    variable::resolve(&mut gathered, notices).map_err(|why| root.fail(why))?;
    gathered.resources.retain(|resource| !is_local(resource));
    order.sort(&mut gathered.resources);
    if is_managed {
        let label = [(
            "app.kubernetes.io/managed-by".to_owned(),
            "kustomize-v5.7.1".to_owned(),
        )];
        for resource in &mut gathered.resources {
            transform::label::set(resource, &label, &transform::label::metadata())
                .map_err(|why| root.fail(why))?;
        }
    }
    Ok(gathered
        .resources
        .into_iter()
        .map(|mut resource| {
            resource.finish();
            Document(resource)
        })
        .collect())
}

/// `buildMetadata`
fn manages(root: &Part<'_>) -> Result<bool, Error> {
    let mut is_managed = false;
    for item in root.items("buildMetadata")? {
        match item.as_text()?.as_str() {
            "managedByLabel" => is_managed = true,
            other => {
                return Err(item.unsupported(format!("buildMetadata {other:?} is not supported")));
            }
        }
    }
    Ok(is_managed)
}

/// Whether an object is for tools only.
fn is_local(resource: &Resource) -> bool {
    resource
        .annotations()
        .iter()
        .any(|(name, value)| name == "config.kubernetes.io/local-config" && value != "false")
}

impl<'a> Target<'a> {
    fn load(
        folder: Folder<'a>,
        trail: &[String],
        notices: &mut Vec<Notice>,
    ) -> Result<Target<'a>, Error> {
        let root = folder.root.clone();
        let fail = |message: String| Error::new(Kind::Manifest, message);
        if trail.contains(&root) {
            return Err(fail(format!(
                "cycle detected: candidate root '{root}' contains visited root: {}",
                [trail, std::slice::from_ref(&root)].concat().join(" -> ")
            )));
        }
        let mut found = NAMES.iter().filter_map(|name| {
            let path = folder.path(name);
            Some((folder.files.read(&path).ok()?, path))
        });
        let (text, path) = match (found.next(), found.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => {
                return Err(fail(format!(
                    "Found multiple kustomization files under: {root}"
                )));
            }
            (None, _) => {
                return Err(fail(format!(
                    "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{root}'"
                )));
            }
        };
        drop(found);
        let file = File::read(&path, &text)?;
        let part = file.part();
        part.check(&FIELDS)?;
        for (name, why) in REFUSED {
            if let Some(part) = part.get(name) {
                return Err(part.unsupported(format!("{name} is not supported: {why}")));
            }
        }
        for (name, instead) in DEPRECATED {
            if let Some(part) = part.get(name) {
                let message = format!(
                    "{}: {name} is deprecated, {instead} took its place",
                    part.place()
                );
                notices.push(Notice::new(Level::Info, message));
            }
        }
        let kind = part.text("kind")?;
        if !matches!(kind.as_str(), "" | "Kustomization" | "Component") {
            return Err(part.fail("kind should be Kustomization or Component"));
        }
        let wanted = match kind.as_str() {
            "Component" => "kustomize.config.k8s.io/v1alpha1",
            _ => "kustomize.config.k8s.io/v1beta1",
        };
        let version = part.text("apiVersion")?;
        if !version.is_empty() && version != wanted {
            let kind = if kind.is_empty() {
                "Kustomization"
            } else {
                &kind
            };
            return Err(part.fail(format!("apiVersion for {kind} should be {wanted}")));
        }
        let is_empty = part.value.as_object().is_none_or(|map| {
            map.keys()
                .all(|key| matches!(key.as_str(), "apiVersion" | "kind"))
        });
        if is_empty {
            return Err(part.fail("kustomization.yaml is empty"));
        }
        let trail = [trail, &[root]].concat();
        drop(part);
        Ok(Target {
            folder,
            file,
            trail,
        })
    }

    fn is_component(&self) -> bool {
        self.file.value.get("kind").and_then(|kind| kind.as_str()) == Some("Component")
    }

    /// Adds what the kustomization gathers to what is there, and does to all of it what it says.
    fn gather(&self, gathered: &mut Gathered, notices: &mut Vec<Notice>) -> Result<(), Error> {
        let root = self.file.part();
        let mut resources = root.items("resources")?;
        resources.extend(root.items("bases")?);
        for item in &resources {
            self.add(item, gathered, notices)?;
        }
        let mut config = Config::builtin().clone();
        for item in root.items("configurations")? {
            let path = item.as_text()?;
            let text = self.folder.read(&path).map_err(|why| item.fail(why))?;
            let file = File::read(&self.folder.path(&path), &text)?;
            config.merge(&Config::read(&file.part())?);
        }
        gathered.config.merge(&config);
        for item in root.items("crds")? {
            let path = item.as_text()?;
            let text = self.folder.read(&path).map_err(|why| item.fail(why))?;
            let file = File::read(&self.folder.path(&path), &text)?;
            gathered
                .config
                .merge(&super::definition::config(&file.value));
        }
        self.generate(gathered, notices)?;
        for item in root.items("components")? {
            let path = item.as_text()?;
            let folder = self.folder.enter(&path).map_err(|why| item.fail(why))?;
            let component = Target::load(folder, &self.trail, notices)?;
            if !component.is_component() {
                return Err(item.fail(format!(
                    "expected kind 'Component' for path '{}' but got 'Kustomization'",
                    component.folder.root
                )));
            }
            component.gather(gathered, notices)?;
        }
        for transformer in transform::of(&root, &self.folder, &gathered.config)? {
            transformer.run(gathered)?;
        }
        for transformer in self.transformers(&root)? {
            transformer.run(gathered)?;
        }
        for item in root.items("vars")? {
            let variable = Variable::read(&item)?;
            gathered
                .add_variable(variable)
                .map_err(|why| item.fail(why))?;
        }
        Ok(())
    }

    /// Adds a file, or the kustomization in a folder.
    fn add(
        &self,
        item: &Part<'_>,
        gathered: &mut Gathered,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let path = item.as_text()?;
        let files = self.folder.files;
        let place = match is_address(&path) {
            true => files.fetch(&path).map_err(|why| item.unsupported(why))?,
            false => self.folder.path(&path),
        };
        if !files.is_folder(&place) {
            let read = match is_address(&path) {
                true => files.read(&place),
                false => self.folder.read(&path),
            };
            let text = read.map_err(|why| item.fail(why))?;
            let resources = Resource::read(&text).map_err(|why| {
                Error::new(Kind::Manifest, format!("{place}: {why}")).wrap(item.place())
            })?;
            return gathered.append(resources).map_err(|why| item.fail(why));
        }
        let folder = self.folder.at(place);
        let inner =
            Target::load(folder, &self.trail, notices).map_err(|error| error.wrap(item.place()))?;
        if inner.is_component() {
            return Err(item.fail(format!(
                "expected kind != 'Component' for path '{}'",
                inner.folder.root
            )));
        }
        let mut own = Gathered::default();
        inner.gather(&mut own, notices)?;
        gathered.join(own).map_err(|why| item.fail(why))
    }

    fn generate(&self, gathered: &mut Gathered, notices: &mut Vec<Notice>) -> Result<(), Error> {
        let root = self.file.part();
        for (name, what) in [
            ("configMapGenerator", Generated::ConfigMap),
            ("secretGenerator", Generated::Secret),
        ] {
            for item in root.items(name)? {
                let options = root.get("generatorOptions");
                let resource = generator::generate(&item, what, options, &self.folder)?;
                gathered.absorb(resource).map_err(|why| item.fail(why))?;
            }
        }
        for item in root.items("helmCharts")? {
            let globals = root.get("helmGlobals").map(|part| part.value.clone());
            let inflated = self.folder.files.inflate(
                &self.folder.root,
                item.value,
                &globals.unwrap_or_default(),
            );
            let text = inflated.map_err(|why| item.unsupported(why))?;
            for resource in Resource::read(&text).map_err(|why| item.fail(why))? {
                gathered.absorb(resource).map_err(|why| item.fail(why))?;
            }
        }
        for item in root.items("generators")? {
            for (file, folder) in self.configs(&item, notices)? {
                let part = file.part();
                let what = match part.text("kind")?.as_str() {
                    "ConfigMapGenerator" => Generated::ConfigMap,
                    "SecretGenerator" => Generated::Secret,
                    other => {
                        return Err(part.unsupported(format!(
                            "the generator {other:?} is not supported: only ConfigMapGenerator and SecretGenerator are known"
                        )));
                    }
                };
                let resource = generator::generate(&part, what, None, &folder)?;
                gathered.absorb(resource).map_err(|why| part.fail(why))?;
            }
        }
        Ok(())
    }

    fn transformers(&self, root: &Part<'_>) -> Result<Vec<Transformer>, Error> {
        let mut found = Vec::new();
        let mut notices = Vec::new();
        for item in root.items("transformers")? {
            for (file, folder) in self.configs(&item, &mut notices)? {
                found.extend(transform::file::read(&file.part(), &folder)?);
            }
        }
        Ok(found)
    }

    /// What configures generators and transformers: written in place, or in files and kustomizations.
    fn configs(
        &self,
        item: &Part<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Vec<(File, Folder<'a>)>, Error> {
        let text = item.as_text()?;
        let place = self.folder.path(&text);
        if text.contains('\n') {
            let name = item.place();
            return files(&name, text.as_bytes(), &self.folder);
        }
        if !self.folder.files.is_folder(&place) && !is_address(&text) {
            let bytes = self.folder.read(&text).map_err(|why| item.fail(why))?;
            return files(&place, &bytes, &self.folder);
        }
        let folder = self.folder.enter(&text).map_err(|why| item.fail(why))?;
        let inner = Target::load(folder, &self.trail, notices)?;
        let mut gathered = Gathered::default();
        inner.gather(&mut gathered, notices)?;
        let file = |resource: Resource| {
            let text = resource.text().map_err(|why| item.fail(why))?;
            Ok((File::read(&place, &text)?, self.folder.clone()))
        };
        gathered.resources.into_iter().map(file).collect()
    }
}

/// The documents of a text, each as a file.
fn files<'a>(
    name: &str,
    text: &[u8],
    folder: &Folder<'a>,
) -> Result<Vec<(File, Folder<'a>)>, Error> {
    super::resource::documents(text)
        .iter()
        .map(|document| Ok((File::read(name, document)?, folder.clone())))
        .filter(|file: &Result<(File, Folder<'a>), Error>| {
            file.as_ref()
                .map_or(true, |(file, _)| !file.value.is_null())
        })
        .collect()
}
