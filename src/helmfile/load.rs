//! State files to states: discovery, parts, bases, environments
//! (`pkg/app/desired_state_file_loader.go`, `pkg/state/create.go`, `pkg/policy`).

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::data::{Data, Entries, decode, overlay};
use super::layer::{Environment, Handler, Loader, Rank, Strategy};
use super::state::{self, Merge, Record, STATE, fill, merge};
use super::template::{environment, is_template, structure};
use super::{Failure, Fleet, file, layer, remote};
use crate::go::path;
use crate::value::{Text, Type, Value};

/// A state file that was read.
#[derive(Clone, Default)]
pub(super) struct State {
    /// All of it but its releases, which are apart.
    pub(super) record: Record,
    pub(super) releases: Vec<Record>,
    /// Its releases before others' settings were put over theirs.
    pub(super) origin: Arc<Vec<Record>>,
    pub(super) environment: Environment,
    /// What templates of releases see as `.Values`.
    pub(super) values: Arc<Entries>,
    /// Its path, as messages say it.
    pub(super) file: String,
    /// The folder that its paths are relative to.
    pub(super) base: String,
    pub(super) selectors: Vec<String>,
    /// `values` as templates see them: what one template changes, the next one sees.
    pub(super) thawed: OnceCell<Value>,
    /// Its environment, likewise.
    pub(super) thawed_environment: OnceCell<Value>,
}

/// What a file is read for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Values that override, as files and maps.
    pub(super) values: Vec<Data>,
    /// Values of `--state-values-set`.
    pub(super) overrides: Vec<Data>,
    /// The file that named those.
    pub(super) callee: String,
    pub(super) selectors: Vec<String>,
    /// What the parent hands down.
    pub(super) inherited: Option<Inherited>,
    /// The repositories of the parent.
    pub(super) repositories: Vec<String>,
    /// Files and releases in reverse.
    pub(super) is_reverse: bool,
}

/// What a parent hands down to a sub-helmfile.
#[derive(Clone, Debug, Default)]
pub(super) struct Inherited {
    pub(super) record: Record,
    pub(super) environment: Option<Environment>,
}

/// Why a file was not read.
pub(super) enum Unread {
    /// It does not declare the environment.
    Undefined,
    /// Something is wrong.
    Failed(String),
}

impl From<String> for Unread {
    fn from(message: String) -> Unread {
        Unread::Failed(message)
    }
}

const DEFAULT_FILE: &str = "helmfile.yaml";
const DEFAULT_TEMPLATE: &str = "helmfile.yaml.gotmpl";
const DEFAULT_FOLDER: &str = "helmfile.d";

impl Fleet<'_> {
    /// The state files that a path, a folder, an address or nothing stands for
    /// (`findDesiredStateFiles`).
    ///
    /// # Errors
    /// Helmfile's words where there is none.
    pub(super) fn find(&self, specified: &str, is_reverse: bool) -> Result<Vec<String>, String> {
        let is_there = file::is_file(specified) || file::is_folder(specified);
        let specified = match !is_there && remote::is_remote(specified) {
            true => self
                .remote
                .fetch(specified, "states")
                .map_err(|error| format!("locate: {error}"))?,
            false => specified.to_owned(),
        };
        let folder = if !specified.is_empty() {
            if file::is_file(&specified) {
                return Ok(vec![specified]);
            }
            if !file::is_folder(&specified) {
                return Err(format!("specified state file {specified} is not found"));
            }
            specified
        } else {
            let default = match (file::is_file(DEFAULT_FILE), file::is_file(DEFAULT_TEMPLATE)) {
                (true, true) => {
                    return Err(format!(
                        "both {DEFAULT_FILE} and {DEFAULT_TEMPLATE} exist. Please remove one of them"
                    ));
                }
                (true, false) => Some(DEFAULT_FILE),
                (false, true) => Some(DEFAULT_TEMPLATE),
                (false, false) => None,
            };
            match (file::is_folder(DEFAULT_FOLDER), default) {
                (true, Some(default)) => {
                    return Err(format!(
                        "configuration conlict error: you can have either {default} or {DEFAULT_FOLDER}, but not both"
                    ));
                }
                (true, None) => DEFAULT_FOLDER.to_owned(),
                (false, Some(default)) => return Ok(vec![default.to_owned()]),
                (false, None) => {
                    return Err(format!(
                        "no state file found. It must be named {DEFAULT_FOLDER}/*.{{yaml,yml,yaml.gotmpl,yml.gotmpl}}, {DEFAULT_FILE}, or {DEFAULT_TEMPLATE}, otherwise specified with the --file flag or HELMFILE_FILE_PATH environment variable"
                    ));
                }
            }
        };
        let mut files = Vec::new();
        for pattern in ["*.y*ml", "*.y*ml.gotmpl"] {
            files.extend(file::glob(&path::join(&[&folder, pattern]))?);
        }
        files.sort();
        if is_reverse {
            files.reverse();
        }
        Ok(files)
    }

    /// Reads a state file and what is put over it (`desiredStateLoader.Load`).
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(super) fn load(&self, name: &str, base: &str, wanted: &Wanted) -> Result<State, Unread> {
        let mut overrode = None;
        if !wanted.values.is_empty() || !wanted.overrides.is_empty() {
            let folder = path::dir(&wanted.callee);
            let loader = self.loader(&folder, &wanted.callee);
            let context = Environment::new(&self.options.environment);
            let read = |entries: &[Data], rank: Rank| {
                Loader { rank, ..loader }
                    .values(entries, Handler::default(), &context, Strategy::Override)
                    .map(Arc::new)
            };
            overrode = Some(Environment {
                name: self.options.environment.clone(),
                values: read(&wanted.values, Rank::Given)?,
                overrides: read(&wanted.overrides, Rank::Set)?,
                ..Environment::default()
            });
        }
        let name = match base.is_empty() || name.starts_with('/') {
            true => name.to_owned(),
            false => path::join(&[base, name]),
        };
        let folder = path::dir(&name);
        let name = String::from_utf8_lossy(path::base(name.as_bytes())).into_owned();
        let inherited = wanted.inherited.as_ref();
        let mut state = self.load_file(
            inherited.and_then(|inherited| inherited.environment.as_ref()),
            overrode.as_ref(),
            &folder,
            &name,
            Level::Main,
        )?;
        state.releases = state.record.records("releases");
        state.record.remove("releases");
        if let Some(inherited) = inherited {
            inherited.fill(&mut state);
        }
        self.warn_of_repositories(&state, &wanted.repositories);
        if wanted.is_reverse {
            state.releases.reverse();
            let mut nested = state.record.list("helmfiles").to_vec();
            nested.reverse();
            if !nested.is_empty() {
                state.record.set("helmfiles", Data::list(nested));
            }
        }
        for (flag, key, value) in [
            ("kube-context", "kubeContext", &self.options.kube_context),
            ("namespace", "namespace", &self.options.namespace),
            ("chart", "chart", &self.options.chart),
        ] {
            if value.is_empty() {
                continue;
            }
            if !state.record.text(key).is_empty() {
                return Err(Unread::Failed(format!(
                    "err: Cannot use option --{flag} and set attribute {key}."
                )));
            }
            state.record.set(key, Data::string(value.as_str()));
            if key == "kubeContext" {
                let mut defaults = state.record.record("helmDefaults");
                defaults.set(key, Data::string(value.as_str()));
                state.record.set("helmDefaults", defaults.into_data());
            }
        }
        Ok(state)
    }

    pub(super) fn loader<'l>(&'l self, base: &'l str, file: &'l str) -> Loader<'l> {
        Loader {
            renderer: &self.renderer,
            log: self.host,
            remote: self.remote,
            base,
            file,
            ledger: self.ledger.as_ref(),
            rank: Rank::default(),
        }
    }

    /// Reads a file, and nothing of what is put over it (`loadFileWithOverrides`).
    fn load_file(
        &self,
        inherited: Option<&Environment>,
        overrode: Option<&Environment>,
        base: &str,
        name: &str,
        level: Level,
    ) -> Result<State, Unread> {
        let full = match name.starts_with('/') || name == "-" {
            true => name.to_owned(),
            false => path::join(&[base, name]),
        };
        let text = file::read(&full)?;
        let state = self.load_text(inherited, overrode, base, &full, &text, level)?;
        for (at, nested) in state.record.records("helmfiles").iter().enumerate() {
            let nested = nested.text("path");
            if nested == full {
                return Err(Unread::Failed(format!(
                    "{full} contains a recursion into the same sub-helmfile at helmfiles[{at}]"
                )));
            }
            if nested == "." {
                return Err(Unread::Failed(format!(
                    "{full} contains a recursion into the the directory containing this helmfile at helmfiles[{at}]"
                )));
            }
        }
        Ok(state)
    }

    /// Reads the parts of a text, each with the values of those before it.
    fn load_text(
        &self,
        inherited: Option<&Environment>,
        overrode: Option<&Environment>,
        base: &str,
        name: &str,
        text: &[u8],
        level: Level,
    ) -> Result<State, Unread> {
        let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
        check(name, &text)?;
        let has_environment = inherited.is_some() || overrode.is_some();
        let is_named = name.ends_with(".gotmpl") || self.options.render_yaml;
        let is_old = !is_named && self.options.render_templates && is_template(&text);
        if is_old {
            let path = file::absolute(name);
            self.warn(&format!(
                "{path} is rendered because there are templates in it: name it {}.gotmpl, for Helmfile 1 renders no others",
                path::base(path.as_bytes()).escape_ascii()
            ));
        }
        let is_template = is_named || is_old;
        let mut whole: Option<State> = None;
        for (at, part) in text.split("\n---\n").enumerate() {
            let before = whole.as_ref().map(|state| &state.environment).or(inherited);
            let context = match (before, overrode) {
                (Some(before), Some(over)) => Some(before.merged_with(over)),
                (Some(only), None) | (None, Some(only)) => Some(only.clone()),
                (None, None) => None,
            };
            let rendered = match is_template {
                true => match self.render_part(part, base, context.as_ref()) {
                    // What stands in it may be templates of releases, and nothing else.
                    Err(_)
                        if is_old
                            && state::read_with_notes(
                                part.as_bytes(),
                                self.keys(),
                                &mut Vec::new(),
                            )
                            .is_ok() =>
                    {
                        part.as_bytes().to_vec()
                    }
                    Err(error) => {
                        let message = format!("error during {name}.part.{at} parsing: {error}");
                        return Err(Unread::Failed(message));
                    }
                    Ok(rendered) => rendered,
                },
                false => part.as_bytes().to_vec(),
            };
            if let Some(ledger) = &self.ledger {
                let before = part.as_ptr().addr() - text.as_ptr().addr();
                ledger.state(name, &text[..before], &rendered);
            }
            let state = self.load_part(&rendered, context.as_ref(), base, name, level)?;
            whole = Some(match whole.take() {
                None => state,
                Some(mut all) => {
                    merge(&STATE, &mut all.record, &state.record, Merge::Replace);
                    all.environment = state.environment;
                    all.values = state.values;
                    all
                }
            });
            let Some(state) = &whole else {
                continue;
            };
            let declared = state
                .record
                .map("environments")
                .filter(|all| !all.is_empty());
            if let Some(declared) = declared
                && level == Level::Main
                && !self.is_declared(&state.environment.name, declared)
            {
                return Err(Unread::Undefined);
            }
        }
        let mut state = whole.unwrap_or_default();
        if let (true, Level::Main, Some(over)) = (self.options.own, level, overrode) {
            // Helmfile lets values of the last part win.
            state.environment = state.environment.merged_with(over);
            state.values = state.environment.merged();
        }
        if level == Level::Main {
            self.apply_defaults(&mut state.record);
            let has_none = state
                .record
                .map("environments")
                .is_none_or(Entries::is_empty);
            if has_none && !has_environment && state.environment.name != DEFAULT_ENVIRONMENT {
                return Err(Unread::Undefined);
            }
        }
        for release in state.record.records("releases") {
            let strategy = release.text("updateStrategy");
            if !matches!(strategy, "" | "reinstallIfForbidden") {
                return Err(Unread::Failed(format!(
                    "failed to read {name}: updateStrategy {} is invalid, valid values are: reinstallIfForbidden or not set",
                    state::quoted(strategy)
                )));
            }
        }
        state.file = name.to_owned();
        state.base = base.to_owned();
        Ok(state)
    }

    fn is_declared(&self, name: &str, declared: &Entries) -> bool {
        name == DEFAULT_ENVIRONMENT || declared.contains_key(name.as_bytes())
    }

    fn apply_defaults(&self, record: &mut Record) {
        for (key, default, over) in [
            ("helmBinary", "helm", &self.options.helm_binary),
            (
                "kustomizeBinary",
                "kustomize",
                &self.options.kustomize_binary,
            ),
        ] {
            if !over.is_empty() && over != default {
                record.set(key, Data::string(over.as_str()));
            } else if record.text(key).is_empty() {
                record.set(key, Data::string(default));
            }
        }
    }

    fn render_part(
        &self,
        part: &str,
        base: &str,
        context: Option<&Environment>,
    ) -> Result<Vec<u8>, String> {
        static TYPE: Type = Type::Pointer(&Type::Struct("state.EnvironmentTemplateData"));
        if !part.contains("{{") {
            return Ok(part.as_bytes().to_vec());
        }
        let context = context
            .cloned()
            .unwrap_or_else(|| Environment::new(&self.options.environment));
        let values = Data::Map(context.merged()).thaw();
        let data = structure(
            &TYPE,
            vec![
                ("Environment", environment(&context.for_state())),
                ("Namespace", Value::string(self.options.namespace.as_str())),
                ("Values", values.clone()),
                ("StateValues", values),
            ],
        );
        self.renderer
            .render(part.as_bytes(), base, &data)
            .map_err(|error| error.to_string())
    }

    /// Decodes a part, merges its bases below it, and loads its values (`rawLoad`).
    fn load_part(
        &self,
        text: &[u8],
        context: Option<&Environment>,
        base: &str,
        name: &str,
        level: Level,
    ) -> Result<State, Unread> {
        let mut notes = Vec::new();
        let read = state::read_with_notes(text, self.keys(), &mut notes);
        for note in notes {
            self.host.complain(&format!("{note}\n"));
        }
        let mut record = read.map_err(|(at, error)| {
            let hint = match name.ends_with(".gotmpl") || self.options.own {
                true => "",
                false => ". Started seeing this since Helmfile v1? Add the .gotmpl file extension",
            };
            format!("failed to read {name}: reading document at index {at}{hint}: {error}")
        })?;
        let bases = record.texts("bases");
        if level == Level::Base {
            if !bases.is_empty() {
                return Err(Unread::Failed("nested `base` helmfile is unsupported. please submit a feature request if you need this!".to_owned()));
            }
        } else if !bases.is_empty() {
            record = self.with_bases(record, &bases, context, base)?;
        }
        let (environment, values) = self.load_environment(&record, context, base, name)?;
        self.expand_nested(&mut record, base)?;
        Ok(State {
            record,
            environment,
            values,
            ..State::default()
        })
    }

    fn with_bases(
        &self,
        own: Record,
        bases: &[String],
        context: Option<&Environment>,
        base: &str,
    ) -> Result<Record, Unread> {
        let mut whole: Option<Record> = None;
        for name in bases {
            let is_there = file::is_file(name) || file::is_folder(name);
            let path = match !is_there && remote::is_remote(name) {
                true => self
                    .remote
                    .fetch(name, "states")
                    .map_err(|error| format!("locate: {error}"))?,
                false => name.clone(),
            };
            let layer = self
                .load_file(context, None, base, &path, Level::Base)?
                .record;
            match &mut whole {
                None => whole = Some(layer),
                Some(whole) => put_over(whole, &layer),
            }
        }
        let mut whole = whole.unwrap_or_default();
        put_over(&mut whole, &own);
        Ok(whole)
    }

    /// The environment with its values, and what templates see of them (`LoadEnvValues`).
    fn load_environment(
        &self,
        record: &Record,
        context: Option<&Environment>,
        base: &str,
        name: &str,
    ) -> Result<(Environment, Arc<Entries>), Unread> {
        let wanted = &self.options.environment;
        let loader = self.loader(base, name);
        let fresh = Environment::new(wanted);
        let seen = context.unwrap_or(&fresh);
        let declared = record
            .map("environments")
            .and_then(|all| all.get(wanted.as_bytes()));
        let mut environment = Environment::new(wanted);
        if let Some(declared) = declared {
            let declared = Record::of(Some(declared));
            let failed = |error: String| format!("failed to read {name}: {error}");
            let values = self
                .environment_values(&declared, record, seen, &loader)
                .map_err(failed)?;
            environment.values = Arc::new(values);
            environment.kube_context = declared.text("kubeContext").to_owned();
        }
        if let Some(context) = context {
            let own = std::mem::replace(&mut environment.values, Arc::clone(&context.values));
            layer::put(&mut environment.values, &own, super::data::Lists::Sparse);
            environment.defaults = Arc::clone(&context.defaults);
            environment.overrides = Arc::clone(&context.overrides);
            if !context.name.is_empty() {
                environment.name.clone_from(&context.name);
            }
            if !context.kube_context.is_empty() {
                environment.kube_context.clone_from(&context.kube_context);
            }
        }
        let defaults = record.list("values");
        if !defaults.is_empty() {
            let loader = Loader {
                rank: Rank::Default,
                ..loader
            };
            let defaults = loader.values(defaults, Handler::default(), seen, Strategy::Override)?;
            overlay(Arc::make_mut(&mut environment.defaults), &defaults);
        }
        let values = environment.merged();
        Ok((environment, values))
    }

    fn environment_values(
        &self,
        declared: &Record,
        state: &Record,
        context: &Environment,
        loader: &Loader<'_>,
    ) -> Result<Entries, String> {
        let handler = |first: Option<&str>, second: Option<&str>| {
            first.or(second).unwrap_or("Error").to_owned()
        };
        let mut secrets = Entries::new();
        let mut entries = Vec::new();
        let secret_handler = handler(
            declared.maybe_text("missingFileHandler"),
            state.maybe_text("missingFileHandler"),
        );
        let config = match declared.get("missingFileHandlerConfig") {
            Some(config) => Record::of(Some(config)),
            None => state.record("missingFileHandlerConfig"),
        };
        let mut failed = 0;
        for name in declared.texts("secrets") {
            let handler = Handler {
                name: &secret_handler,
                ignores_branches: config.is("ignoreMissingGitBranch"),
            };
            for path in loader.resolve(&name, "environment values", handler)? {
                if path.ends_with(".hcl") {
                    entries.push(Data::string(path));
                    continue;
                }
                let read = self.decrypt(&path).and_then(|text| {
                    decode(&text)
                        .and_then(|data| data.with_string_keys())
                        .inspect(|values| {
                            if let Some(ledger) = &self.ledger {
                                ledger.file(Rank::Secret, &path, &text, values);
                            }
                        })
                        .map_err(|error| {
                            format!("failed to load environment secrets file \"{path}\": {error}")
                        })
                });
                match read {
                    Ok(Data::Map(values)) => overlay(&mut secrets, &values),
                    Ok(_) => {}
                    Err(error) => {
                        failed += 1;
                        self.host.log(crate::diag::Level::Error, &error);
                    }
                }
            }
        }
        if failed > 0 {
            return Err(format!(
                "failed loading environment secrets with {failed} errors"
            ));
        }
        let strategy = match declared.text("mergeStrategy") {
            "" | "override" => Strategy::Override,
            "fallback" => Strategy::Fallback,
            other => {
                return Err(format!(
                    "environment {}: invalid mergeStrategy {} (must be \"override\" or \"fallback\")",
                    state::quoted(&self.options.environment),
                    state::quoted(other)
                ));
            }
        };
        entries.extend(declared.list("values").iter().cloned());
        let handler = handler(declared.maybe_text("missingFileHandler"), None);
        let handler = Handler {
            name: &handler,
            ignores_branches: false,
        };
        let mut values = loader.values(&entries, handler, context, strategy)?;
        overlay(&mut values, &secrets);
        Ok(values)
    }

    /// Sub-helmfiles, patterns replaced by what they match.
    fn expand_nested(&self, record: &mut Record, base: &str) -> Result<(), String> {
        let nested = record.records("helmfiles");
        if nested.is_empty() {
            return Ok(());
        }
        let mut expanded = Vec::new();
        for entry in nested {
            let pattern = entry.text("path").to_owned();
            if remote::is_remote(&pattern) {
                expanded.push(entry.into_data());
                continue;
            }
            let mut matches = file::glob(&layer::normalise(base, &pattern))
                .map_err(|error| format!("failed processing {pattern}: {error}"))?;
            matches.sort();
            if matches.is_empty() {
                let message = format!("no matches for path: {pattern}");
                // As Helmfile's documentation has it, a pattern may find nothing.
                let usual = match self.options.own && pattern.contains(['*', '?', '[']) {
                    true => "Warn",
                    false => "Error",
                };
                if record.maybe_text("missingFileHandler").unwrap_or(usual) == "Error" {
                    return Err(message);
                }
                self.warn(&message);
            }
            for path in matches {
                let mut entry = entry.clone();
                entry.set("path", Data::string(path));
                expanded.push(entry.into_data());
            }
        }
        record.set("helmfiles", Data::list(expanded));
        Ok(())
    }

    /// Tells of releases whose repository only the parent knows.
    fn warn_of_repositories(&self, state: &State, parents: &[String]) {
        if parents.is_empty() {
            return;
        }
        let own: Vec<Record> = state.record.records("repositories");
        let mut told: Vec<String> = Vec::new();
        for release in &state.releases {
            let Some((repository, _)) = release.text("chart").split_once('/') else {
                continue;
            };
            let is_odd = repository.is_empty()
                || repository.contains(':')
                || matches!(repository, "." | "..");
            let is_known = own.iter().any(|known| known.text("name") == repository);
            let repository = repository.to_owned();
            if is_odd || is_known || told.contains(&repository) || !parents.contains(&repository) {
                continue;
            }
            self.warn(&format!(
                "release {} references repository {} which is available in the parent helmfile but not inherited. Add \"inherits: [repositories]\" to this sub-helmfile entry, or declare the repository here.",
                state::quoted(release.text("name")),
                state::quoted(&repository)
            ));
            told.push(repository);
        }
    }
}

pub(super) const DEFAULT_ENVIRONMENT: &str = "default";

/// Whether a file is a state or a base of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Main,
    Base,
}

/// Puts a layer over bases: environments are merged one by one, lists follow each other.
fn put_over(target: &mut Record, source: &Record) {
    let environments = merged_environments(target.map("environments"), source.map("environments"));
    let mut rest = source.clone();
    rest.remove("environments");
    merge(&STATE, target, &rest, Merge::Append);
    if let Some(environments) = environments {
        target.set("environments", Data::map(environments));
    }
}

fn merged_environments(first: Option<&Entries>, second: Option<&Entries>) -> Option<Entries> {
    if first.is_none() && second.is_none() {
        return None;
    }
    let mut all = first.cloned().unwrap_or_default();
    for (name, source) in second.into_iter().flatten() {
        let Some(target) = all.get(name) else {
            all.insert(name.clone(), source.clone());
            continue;
        };
        let (target, source) = (Record::of(Some(target)), Record::of(Some(source)));
        let mut merged = Record::default();
        for key in ["kubeContext", "mergeStrategy"] {
            let text = match source.text(key) {
                "" => target.text(key),
                text => text,
            };
            if !text.is_empty() {
                merged.set(key, Data::string(text));
            }
        }
        for key in ["missingFileHandler", "missingFileHandlerConfig"] {
            if let Some(value) = source.get(key).or_else(|| target.get(key)) {
                merged.set(key, value.clone());
            }
        }
        let chain = |first: &Record, second: &Record, key: &str| {
            let items = first.list(key).iter().chain(second.list(key));
            Data::list(items.cloned().collect())
        };
        merged.set("secrets", chain(&target, &source, "secrets"));
        let values = match merged.text("mergeStrategy") {
            "fallback" => chain(&source, &target, "values"),
            _ => chain(&target, &source, "values"),
        };
        merged.set("values", values);
        all.insert(name.clone(), merged.into_data());
    }
    Some(all)
}

impl Inherited {
    /// What a parent hands down of `wanted`.
    pub(super) fn of(parent: &State, wanted: &[String]) -> Inherited {
        let mut record = Record::default();
        let mut environment = None;
        for key in wanted {
            if key == "environments" {
                environment = Some(parent.environment.clone());
            } else if let Some(value) = parent.record.get(key) {
                record.set(key, value.clone());
            }
        }
        Inherited {
            record,
            environment,
        }
    }

    /// Fills what a child does not say itself (`MergeInherited`).
    fn fill(&self, state: &mut State) {
        let child = &mut state.record;
        for (key, value) in self.record.entries() {
            let key = key.to_str_lossy();
            match (&*key, value) {
                ("repositories", Data::List(parents)) => {
                    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
                    let all: Vec<Data> = parents
                        .iter()
                        .chain(child.list("repositories"))
                        .cloned()
                        .collect();
                    for (at, repository) in all.iter().enumerate() {
                        let name = Record::of(Some(repository)).text("name").to_owned();
                        by_name.insert(name, at);
                    }
                    let kept = all.iter().enumerate().filter(|(at, repository)| {
                        let name = Record::of(Some(repository)).text("name").to_owned();
                        by_name.get(&name) == Some(at)
                    });
                    let kept = kept.map(|(_, repository)| repository.clone()).collect();
                    child.set("repositories", Data::list(kept));
                }
                ("apiVersions", Data::List(parents)) => {
                    let mut all: Vec<Data> = Vec::new();
                    for version in parents.iter().chain(child.list("apiVersions")) {
                        if !all.contains(version) {
                            all.push(version.clone());
                        }
                    }
                    child.set("apiVersions", Data::list(all));
                }
                ("helmDefaults", _) => {
                    let mut defaults = child.record("helmDefaults");
                    let parents = Record::of(Some(value));
                    fill(&mut defaults, &parents);
                    // What is false was said, too, where the child says nothing.
                    for (key, value) in parents.entries() {
                        let key = key.to_str_lossy();
                        if *value == Data::Bool(false) && defaults.get(&key).is_none() {
                            defaults.set(&key, value.clone());
                        }
                    }
                    child.set("helmDefaults", defaults.into_data());
                }
                ("commonLabels" | "templates", Data::Map(parents)) => {
                    let mut own = child.map(&key).cloned().unwrap_or_default();
                    for (name, value) in parents.iter() {
                        own.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                    child.set(&key, Data::map(own));
                }
                ("kubeVersion", version) if child.text("kubeVersion").is_empty() => {
                    child.set("kubeVersion", version.clone());
                }
                _ => {}
            }
        }
    }
}

/// The keys at the top of a text, and the lines between parts where they are asked for
/// (`policy.TopKeys`).
fn top_keys(text: &str, with_separators: bool) -> Vec<&str> {
    let mut keys = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end();
        if with_separators && line == "---" {
            keys.push(line);
        }
        if let Some((key, _)) = line.split_once(':')
            && !key.is_empty()
            && key.bytes().all(|byte| byte.is_ascii_alphabetic())
        {
            keys.push(key);
        }
    }
    keys
}

/// What is refused before anything is rendered (`policy.Checker`).
fn check(name: &str, text: &str) -> Result<(), String> {
    let keys = top_keys(text, false);
    if keys.is_empty() {
        return Err(format!("no top-level config keys are found in {name}"));
    }
    let rank = |key: &str| match key {
        "bases" | "environments" => Some(0),
        "releases" => Some(1),
        _ => None,
    };
    let ordered: Vec<&str> = keys.into_iter().filter(|key| rank(key).is_some()).collect();
    for pair in ordered.windows(2) {
        if rank(pair[0]) > rank(pair[1]) {
            return Err(format!(
                "top-level config key {} must be defined before {} in {name}",
                pair[1], pair[0]
            ));
        }
    }
    let mut seen: Vec<&str> = Vec::new();
    for key in top_keys(text, true) {
        let is_new = key == "---" || !seen.contains(&key);
        if matches!(key, "environments" | "releases" | "---") && is_new {
            seen.push(key);
        }
    }
    for pair in seen.windows(2) {
        if pair[0] != "---" && pair[1] != "---" {
            return Err("environments and releases cannot be defined within the same YAML part. Use --- to extract the environments into a dedicated part".to_owned());
        }
    }
    Ok(())
}

impl State {
    /// A map of the state's, empty where there is none.
    pub(super) fn labels(&self) -> Entries {
        self.record.map("commonLabels").cloned().unwrap_or_default()
    }

    /// `helmDefaults`
    pub(super) fn defaults(&self) -> Record {
        self.record.record("helmDefaults")
    }

    /// What templates see as `.Values`.
    pub(super) fn live_values(&self) -> Value {
        self.thawed
            .get_or_init(|| Data::Map(Arc::clone(&self.values)).thaw())
            .clone()
    }

    /// What templates see as `.Environment`.
    pub(super) fn live_environment(&self) -> Value {
        self.thawed_environment
            .get_or_init(|| environment(&self.environment))
            .clone()
    }

    /// The whole path of the file (`FullFilePath`).
    pub(super) fn full_path(&self, folder: &str) -> String {
        let is_below = !self.base.is_empty() && self.file.starts_with(&format!("{}/", self.base));
        match is_below {
            true => path::join(&[folder, &self.file]),
            false => path::join(&[folder, &self.base, &self.file]),
        }
    }

    /// The state as `build` writes it.
    pub(super) fn written(&self) -> Result<String, String> {
        let mut record = self.record.clone();
        record.set("filepath", Data::string(self.file.as_str()));
        let releases = self
            .releases
            .iter()
            .map(|release| release.clone().into_data());
        record.set("releases", Data::list(releases.collect()));
        record.set("renderedvalues", Data::Map(Arc::clone(&self.values)));
        state::write(&record)
    }

    /// The repository that a chart is of.
    pub(super) fn repository(&self, chart: &str) -> Option<Record> {
        let (name, _) = chart.split_once('/')?;
        let repositories = self.record.records("repositories");
        repositories
            .into_iter()
            .find(|known| known.text("name") == name)
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Failure {
        match unread {
            Unread::Failed(message) => Failure::of(message),
            Unread::Undefined => Failure::of("the environment is not defined"),
        }
    }
}

/// A name as a key.
pub(super) fn key(name: &str) -> Text {
    Text::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_order_is_refused_before_it_is_rendered() {
        for (text, want) in [
            ("", Some("no top-level config keys are found in f")),
            ("# x\n", Some("no top-level config keys are found in f")),
            (
                "releases:\n---\nenvironments:\n",
                Some("top-level config key environments must be defined before releases in f"),
            ),
            (
                "environments:\nreleases:\n",
                Some(
                    "environments and releases cannot be defined within the same YAML part. Use --- to extract the environments into a dedicated part",
                ),
            ),
            ("environments:\n--- \nreleases:\n", None),
            ("bases:\nreleases:\n", None),
            ("environments:\n---\nvalues:\n---\nreleases:\n", None),
        ] {
            assert_eq!(check("f", text).err().as_deref(), want, "{text}");
        }
    }
}
