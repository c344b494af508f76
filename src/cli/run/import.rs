//! `pintle ecs import`: charts of what others deploy to Amazon ECS.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::super::settings::Settings;
use crate::backend::ecs::import::{Imported, Variant, chart, copilot, live, service};
use crate::backend::ecs::{self, Config};
use crate::diag::{Error, Kind};
use crate::ecspresso::{self, Amazon};
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::net::aws::Service;
use crate::ui::Terminal;
use crate::world::Real;

/// What the command was told.
struct Wanted<'a> {
    flags: &'a FlagSet,
    source: &'a str,
    settings: &'a Settings,
    world: Real,
}

/// Imports, and writes the files.
///
/// # Errors
/// What cannot be read, asked or written.
pub(in crate::cli) fn import(
    flags: &FlagSet,
    arguments: &[String],
    settings: &Settings,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let wanted = Wanted {
        flags,
        source: arguments.get(1).map_or("", String::as_str),
        settings,
        world: Real::new(),
    };
    let kind = arguments.first().map_or("", String::as_str);
    let (name, imported) = match kind {
        "copilot" => wanted.copilot()?,
        "ecspresso" => wanted.ecspresso()?,
        "service" => wanted.service()?,
        #[cfg(feature = "tera")]
        "proton" => wanted.proton()?,
        other => {
            let message = format!("{other:?} cannot be imported");
            return Err(Error::new(Kind::Usage, message)
                .with_hint("copilot, ecspresso, proton and service can"));
        }
    };
    let folder = match flags.text("directory") {
        "" => name,
        folder => folder.to_owned(),
    };
    write(Path::new(&folder), &imported)?;
    for file in &imported.files {
        terminal.print(&format!("{folder}/{}\n", file.path));
    }
    for (what, todo) in &imported.blocked {
        terminal.complain(&format!("{what}: {todo}\n"));
    }
    Ok(0)
}

/// Writes all files, into a folder that is new or empty.
fn write(folder: &Path, imported: &Imported) -> Result<(), Error> {
    let shown = folder.to_string_lossy().into_owned();
    let wrong = |path: &Path, error: &std::io::Error| {
        Error::new(
            Kind::Io,
            os::path_error("open", path.to_string_lossy().into_owned(), error),
        )
    };
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("the folder {shown:?} is not empty");
        return Err(Error::new(Kind::Usage, message).with_hint("name another one with --directory"));
    }
    for file in &imported.files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| wrong(parent, &error))?;
        fs::write(&path, &file.text).map_err(|error| wrong(&path, &error))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Value>, Error> {
    let shown = path.to_string_lossy().into_owned();
    let text = fs::read(path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", &*shown, &error)))?;
    ecs::read(&text).map_err(|error| Error::new(Kind::Usage, format!("{shown}: {error}")))
}

/// The folders in a folder, sorted.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn base(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Wanted<'_> {
    fn account(&self, config: &Config) -> Arc<dyn Amazon> {
        let region = match self.flags.text("region") {
            "" => config.region.as_deref().unwrap_or_default(),
            region => region,
        };
        ecspresso::account(&self.world, region, self.flags.text("endpoint-url"))
    }

    fn copilot(&self) -> Result<(String, Imported), Error> {
        let root = Path::new(if self.source.is_empty() {
            "."
        } else {
            self.source
        });
        let folder = match root.join("copilot") {
            inner if inner.is_dir() => inner,
            _ => root.to_owned(),
        };
        let config = self.settings.ecs();
        let mut workspace = copilot::Workspace {
            app: self.flags.text("app").to_owned(),
            ..copilot::Workspace::default()
        };
        if workspace.app.is_empty() {
            let known = folder.join(".workspace");
            let known = match known.is_file() {
                true => read(&known)?.pop().unwrap_or_default(),
                false => Value::Null,
            };
            let named = known["application"]
                .as_str()
                .or(config.copilot.app.as_deref());
            workspace.app = named.unwrap_or_default().to_owned();
        }
        if workspace.app.is_empty() {
            let message = format!("{}: the application has no name", folder.display());
            return Err(Error::new(Kind::Usage, message)
                .with_hint("name it with --app, or as ecs.copilot.app in pintle.yaml"));
        }
        for path in folders(&folder) {
            self.workload(&path, &folder, &mut workspace)?;
        }
        if workspace.manifests.is_empty() {
            let message = format!(
                "{}: there is no NAME/manifest.yml of a service or a job",
                folder.display()
            );
            return Err(Error::new(Kind::Usage, message));
        }
        let mut environments = Vec::new();
        for name in self.environments(&folder) {
            environments.push(self.environment(&workspace, &name)?);
        }
        let imported = copilot::import(&workspace, &environments)?;
        Ok((workspace.app, imported))
    }

    fn workload(
        &self,
        path: &Path,
        folder: &Path,
        workspace: &mut copilot::Workspace,
    ) -> Result<(), Error> {
        let name = base(path);
        let shown = |path: &Path| {
            path.strip_prefix(folder)
                .unwrap_or(path)
                .display()
                .to_string()
        };
        let mut left = |path: PathBuf, why: &str| {
            if path.exists() {
                workspace.others.push((shown(&path), why.to_owned()));
            }
        };
        let changed = "what it changes in CloudFormation has to be said in the chart";
        match name.as_str() {
            "environments" => {
                for environment in folders(path) {
                    left(
                        environment.join("addons"),
                        "its stacks stay; outputs are named in ecs.copilot",
                    );
                    left(environment.join("overrides"), changed);
                }
            }
            "pipelines" => left(
                path.to_owned(),
                "pipelines of CodePipeline; run `pintle upgrade` in yours",
            ),
            _ => {
                left(
                    path.join("addons"),
                    "its stack stays; outputs are named in ecs.copilot.addons, as variables",
                );
                left(path.join("overrides"), changed);
                let manifest = path.join("manifest.yml");
                if manifest.is_file()
                    && let Some(found) = read(&manifest)?.pop()
                    && ecs::copilot::is_manifest(&found)
                {
                    workspace.manifests.push(found);
                }
            }
        }
        Ok(())
    }

    /// Names of environments: those that were asked for, those of the workspace, those of pintle.yaml.
    fn environments(&self, folder: &Path) -> Vec<String> {
        let asked = self.flags.list("env");
        if !asked.is_empty() {
            return asked.to_vec();
        }
        let found: Vec<String> = folders(&folder.join("environments"))
            .iter()
            .filter(|path| path.join("manifest.yml").is_file())
            .map(|path| base(path))
            .collect();
        if !found.is_empty() {
            return found;
        }
        let known: Vec<String> = self.settings.ecs_by_environment().keys().cloned().collect();
        match (known.is_empty(), &self.settings.ecs().copilot.env) {
            (false, _) => known,
            (true, Some(env)) => vec![env.clone()],
            (true, None) => vec!["default".to_owned()],
        }
    }

    fn environment(
        &self,
        workspace: &copilot::Workspace,
        name: &str,
    ) -> Result<copilot::Environment, Error> {
        let known = self.settings.ecs_by_environment().get(name);
        let mut config = known.unwrap_or_else(|| self.settings.ecs()).clone();
        config.copilot.app = Some(workspace.app.clone());
        config.copilot.env = Some(name.to_owned());
        let mut stacks = BTreeMap::new();
        if self.flags.is("live") {
            let account = self.account(&config);
            let ask = |service: &Service, operation: &str, input: &Value| {
                account.ask(service, operation, input)
            };
            let variables = std::mem::take(&mut config.copilot.variables);
            let found = live::environment(&ask, &workspace.app, name)?;
            config = Config::from_json(found)?.with(&config)?;
            config.copilot.variables = variables;
            for manifest in &workspace.manifests {
                let workload = manifest["name"].as_str().unwrap_or_default();
                if let Some(stack) = live::stack(&ask, &workspace.app, name, workload)? {
                    stacks.insert(workload.to_owned(), stack);
                }
            }
        }
        Ok(copilot::Environment {
            name: name.to_owned(),
            config,
            stacks,
        })
    }

    fn ecspresso(&self) -> Result<(String, Imported), Error> {
        let source = Path::new(if self.source.is_empty() {
            "."
        } else {
            self.source
        });
        let path = ecspresso::find(source).ok_or_else(|| {
            let message = format!("{}: there is no ecspresso.yml", source.display());
            Error::new(Kind::Usage, message)
        })?;
        let outside = ecspresso::Outside {
            world: &self.world,
            amazon: self.account(self.settings.ecs()),
        };
        let project = ecspresso::load(&path, &outside)?;
        let mut imported = self.native(
            &project.name(),
            "a project of ecspresso",
            project.documents(),
        );
        imported.blocked = project.left;
        imported.report("Values of templates were filled in: what stood in the environment, in states of Terraform and in the account is written out.");
        Ok((project.service, imported))
    }

    /// A chart of documents that are the same everywhere, but for images.
    fn native(&self, name: &str, from: &str, documents: Vec<Value>) -> Imported {
        let environment = self.settings.ecs().copilot.env.as_deref();
        let variant = Variant {
            name: environment.unwrap_or("default"),
            documents: BTreeMap::from([(name.to_owned(), documents)]),
        };
        Imported {
            files: chart(name, &format!("{name}, from {from}"), &[variant]),
            ..Imported::default()
        }
    }

    fn service(&self) -> Result<(String, Imported), Error> {
        let config = self.settings.ecs();
        let (cluster, name) = match self.source.rsplit_once('/') {
            Some((cluster, name)) => (cluster.to_owned(), name),
            None => (String::new(), self.source),
        };
        let cluster = match (cluster.as_str(), self.flags.text("cluster")) {
            ("", "") => config.cluster().to_owned(),
            ("", named) => named.to_owned(),
            _ => cluster,
        };
        let account = self.account(config);
        let ask = |service: &Service, operation: &str, input: &Value| {
            account.ask(service, operation, input)
        };
        let names = match self.flags.is("all") {
            true => live::services(&ask, &cluster)?,
            false if name.is_empty() => {
                let message = "no service is named";
                return Err(Error::new(Kind::Usage, message)
                    .with_hint("pintle ecs import service CLUSTER/NAME, or --all"));
            }
            false => vec![name.to_owned()],
        };
        let mut documents = BTreeMap::new();
        let mut blocked = Vec::new();
        for name in names {
            let found = live::running(&ask, &cluster, &name)?;
            let left = service::blocked(&found).into_iter();
            blocked.extend(left.map(|(what, todo)| (format!("{name}: {what}"), todo)));
            documents.insert(name, service::documents(&found));
        }
        let title = match documents.len() {
            1 => documents.keys().next().cloned().unwrap_or_default(),
            _ => cluster.clone(),
        };
        let variant = Variant {
            name: config.copilot.env.as_deref().unwrap_or("default"),
            documents,
        };
        let mut imported = Imported {
            files: chart(&title, &format!("{title}, as it ran"), &[variant]),
            blocked,
        };
        imported.report("The first `pintle upgrade` finds these services by their names, records them and changes only what differs. Target groups and rules stay whose they are: the services name them by ARN.");
        Ok((title, imported))
    }

    #[cfg(feature = "tera")]
    fn proton(&self) -> Result<(String, Imported), Error> {
        use crate::backend::ecs::import::proton;
        let folder = Path::new(if self.source.is_empty() {
            "."
        } else {
            self.source
        });
        let first = |names: &[&str]| {
            let paths = names.iter().map(|name| folder.join(name));
            paths.into_iter().find(|path| path.exists())
        };
        let one = |path: Option<PathBuf>| -> Result<Value, Error> {
            let found = path.map(|path| read(&path)).transpose()?;
            Ok(found.and_then(|mut all| all.pop()).unwrap_or_default())
        };
        let places = [
            "instance_infrastructure",
            "service_infrastructure",
            "infrastructure",
        ];
        let infrastructure = first(&places).ok_or_else(|| {
            let message = format!(
                "{}: there is no folder instance_infrastructure",
                folder.display()
            );
            Error::new(Kind::Usage, message).with_hint("a bundle of a service template has one")
        })?;
        let listed = one(["manifest.yaml", "manifest.yml"]
            .iter()
            .map(|name| infrastructure.join(name))
            .find(|path| path.is_file()))?;
        let mut templates = Vec::new();
        for template in listed["infrastructure"]["templates"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let file = template["file"].as_str().unwrap_or_default();
            let path = infrastructure.join(file);
            let text = fs::read_to_string(&path).map_err(|error| {
                Error::new(
                    Kind::Io,
                    os::path_error("open", path.to_string_lossy().into_owned(), &error),
                )
            })?;
            templates.push((file.to_owned(), text));
        }
        if templates.is_empty() {
            let message = format!(
                "{}: manifest.yaml names no templates",
                infrastructure.display()
            );
            return Err(Error::new(Kind::Usage, message));
        }
        let spec = match self.flags.text("spec") {
            "" => first(&["spec.yaml", "spec.yml", "spec/spec.yaml"]),
            path => Some(PathBuf::from(path)),
        };
        let service = match self.flags.text("app") {
            "" => base(&std::path::absolute(folder).unwrap_or_default()),
            name => name.to_owned(),
        };
        let mut others = Vec::new();
        if folder.join("pipeline_infrastructure").exists() {
            let why = "pipelines are yours; run `pintle upgrade` in them";
            others.push(("pipeline_infrastructure".to_owned(), why.to_owned()));
        }
        let bundle = proton::Bundle {
            schema: one(first(&["schema/schema.yaml", "schema/schema.yml"]))?,
            templates,
            spec: one(spec)?,
            others,
            service: service.clone(),
        };
        let imported = proton::import(&bundle, self.settings.ecs())?;
        Ok((service, imported))
    }
}
