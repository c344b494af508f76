//! What is handed to a release's chart: files and maps in order, secrets after them, `set` and the
//! like (`namespaceAndValuesFlags` and below, `pkg/state/state.go`).

use super::data::{Data, Entries, Lists, decode, encode, json, merge};
use super::layer::{Handler, normalise};
use super::load::State;
use super::release::release_data;
use super::state::Record;
use super::{Fleet, file};
use crate::value::Value;

/// A values file as Helm gets it: it is not written to disk.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// What it is called on Helm's command line.
    pub(super) name: String,
    pub(super) text: Vec<u8>,
    /// What users know it by.
    pub(super) label: String,
}

const ONE_ONLY: &str = "glob patterns in release values and secrets is not supported yet. please submit a feature request if necessary";

/// The handler of a release's missing files.
fn handler<'a>(state: &'a State, release: &'a Record) -> Handler<'a> {
    let name = release
        .maybe_text("missingFileHandler")
        .or_else(|| state.record.maybe_text("missingFileHandler"));
    let config = match release.get("missingFileHandlerConfig") {
        Some(_) => release.record("missingFileHandlerConfig"),
        None => state.record.record("missingFileHandlerConfig"),
    };
    Handler {
        name: name.unwrap_or("Error"),
        ignores_branches: config.is("ignoreMissingGitBranch"),
    }
}

impl Fleet<'_> {
    /// Flags for the namespace and all values of a release, and the files that they name.
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(super) fn values_flags(
        &self,
        state: &State,
        release: &Record,
    ) -> Result<(Vec<String>, Vec<Given>), String> {
        let mut flags = Vec::new();
        let namespace = release.text("namespace");
        if !namespace.is_empty() {
            flags.extend(["--namespace".to_owned(), namespace.to_owned()]);
        }
        let files = self.values_files(state, release)?;
        for file in &files {
            flags.extend(["--values".to_owned(), file.name.clone()]);
        }
        let name = release.text("name");
        let set = self.set_flags(state, release, "set").map_err(|error| {
            format!(
                "Failed to render set value entry in {} for release {name}: {error}",
                state.file
            )
        })?;
        flags.extend(set);
        let strings = self
            .set_flags(state, release, "setString")
            .map_err(|error| {
                format!(
                    "Failed to render set string value entry in {} for release {name}: {error}",
                    state.file
                )
            })?;
        flags.extend(strings);
        let mut pairs = Vec::new();
        let mut missing = Vec::new();
        let variables = release.records("env");
        for variable in &variables {
            let (name, value) = (variable.text("name"), variable.text("value"));
            match self.renderer.outside().world.variable(value) {
                Some(value) => pairs.push(format!("{}={}", escape(name), escape(&value))),
                None => missing.push(format!("\t{value}")),
            }
        }
        if !missing.is_empty() {
            return Err(format!(
                "Environment Variables not found. Please make sure they are set and try again:\n{}",
                missing.join("\n")
            ));
        }
        if !variables.is_empty() {
            flags.extend(["--set".to_owned(), pairs.join(",")]);
        }
        Ok((flags, files))
    }

    /// The values files of a release: its values, then its secrets (`generateValuesFiles`).
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(super) fn values_files(
        &self,
        state: &State,
        release: &Record,
    ) -> Result<Vec<Given>, String> {
        let entries = self.resolved_entries(state, release)?;
        let mut files = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            if let Some(text) = self.entry(state, release, entry)? {
                let label = label(state, release, entry, ("values", at));
                files.push(self.given(release, text, label));
            }
        }
        for (at, entry) in release.list("secrets").iter().enumerate() {
            let text = match entry {
                Data::String(name) => {
                    let name = format!("{}{name}", release.text("valuesPathPrefix"));
                    let handler = Handler {
                        name: release.maybe_text("missingFileHandler").unwrap_or("Error"),
                        ignores_branches: state
                            .record
                            .record("missingFileHandlerConfig")
                            .is("ignoreMissingGitBranch"),
                    };
                    let loader = self.loader(&state.base, &state.file);
                    let paths = loader.resolve(&name, "secrets", handler)?;
                    match &paths[..] {
                        [] => continue,
                        [path] => self.decrypt(path)?,
                        _ => return Err("glob patterns in release secret file is not supported yet. please submit a feature request if necessary".to_owned()),
                    }
                }
                other => {
                    // helm-secrets is given a file.
                    let path = format!(
                        "{}/helmfile-embdedded-secrets-{}.yaml.enc",
                        self.options.temporary,
                        self.number()
                    );
                    let text = encode(other)?;
                    std::fs::write(&path, text)
                        .map_err(|error| crate::go::os::path_error("open", &path, &error))?;
                    let found = self.decrypt(&path);
                    let removed = std::fs::remove_file(&path)
                        .map_err(|error| crate::go::os::path_error("remove", &path, &error));
                    let found = found?;
                    removed?;
                    found
                }
            };
            let text = self.with_references(text.to_vec())?;
            let label = label(state, release, entry, ("secrets", at));
            files.push(self.given(release, text, label));
        }
        Ok(files)
    }

    /// The values of a release, paths made those from here, references resolved
    /// (`prepareReleaseValuesEntries`).
    fn resolved_entries(&self, state: &State, release: &Record) -> Result<Vec<Data>, String> {
        let prefix = release.text("valuesPathPrefix");
        let entries = release.list("values").iter().map(|entry| match entry {
            Data::String(name) => {
                let name = format!("{prefix}{name}");
                Data::string(normalise(&state.base, &name))
            }
            other => other.clone(),
        });
        let entries = Data::list(entries.collect());
        let secrets = &self.renderer.outside().secrets;
        match secrets.expand(&entries)? {
            Data::List(entries) => Ok(entries.to_vec()),
            _ => Ok(Vec::new()),
        }
    }

    /// The path of a file that a release names; nothing where it is missing and that may be.
    ///
    /// # Errors
    /// Helmfile's words for a file that is missing, and for several.
    pub(super) fn release_file(
        &self,
        state: &State,
        release: &Record,
        name: &str,
    ) -> Result<Option<String>, String> {
        let loader = self.loader(&state.base, &state.file);
        let mut paths = loader.resolve(name, "values", handler(state, release))?;
        match paths.len() {
            0 | 1 => Ok(paths.pop()),
            _ => Err(ONE_ONLY.to_owned()),
        }
    }

    /// The values of a release over those of its state (`mergedReleaseTemplateData`).
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(super) fn merged_values(&self, state: &State, release: &Record) -> Result<Entries, String> {
        let mut merged = (*state.values).clone();
        for entry in self.resolved_entries(state, release)? {
            let Some(text) = self.entry(state, release, &entry)? else {
                continue;
            };
            match decode(&text)?.with_string_keys()? {
                Data::Map(values) => merge(&mut merged, &values, Lists::Sparse),
                Data::Null => {}
                other => {
                    return Err(format!(
                        "failed to parse values: {other} is no map, but {}",
                        other.type_name()
                    ));
                }
            }
        }
        Ok(merged)
    }

    /// The text of one entry; nothing for a file that may be missing.
    fn entry(
        &self,
        state: &State,
        release: &Record,
        entry: &Data,
    ) -> Result<Option<Vec<u8>>, String> {
        match entry {
            Data::String(name) => {
                let name = name.to_str_lossy();
                let Some(path) = self.release_file(state, release, &name)? else {
                    return Ok(None);
                };
                let text = self.rendered_file(state, release, &path).map_err(|error| {
                    format!("failed to render values files \"{name}\": {error}")
                })?;
                Ok(Some(text))
            }
            Data::Map(_) | Data::Foreign(_) => encode(&entry.with_string_keys()?).map(Some),
            other => Err(format!(
                "unexpected type of value: value={other}, type={}",
                other.type_name()
            )),
        }
    }

    /// A file, rendered where it is a template, with its references resolved.
    pub(super) fn rendered_file(
        &self,
        state: &State,
        release: &Record,
        path: &str,
    ) -> Result<Vec<u8>, String> {
        match path.ends_with(".gotmpl") {
            true => self.rendered_with(path, &release_data(state, release)),
            false => self.rendered_with(path, &Value::Nil),
        }
    }

    /// As [`Fleet::rendered_file`], for templates that see `data`.
    pub(super) fn rendered_with(&self, path: &str, data: &Value) -> Result<Vec<u8>, String> {
        self.with_references(self.renderer.file(path, data)?)
    }

    fn with_references(&self, text: Vec<u8>) -> Result<Vec<u8>, String> {
        if memchr::memmem::find(&text, b"ref+").is_none() {
            return Ok(text);
        }
        let data = decode(&text)?;
        encode(&self.renderer.outside().secrets.expand(&data)?)
    }

    /// Entries with files replaced by what is in them, for `build --embed-values`.
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(super) fn embedded(
        &self,
        state: &State,
        release: &Record,
        key: &str,
    ) -> Result<Vec<Data>, String> {
        let mut all = Vec::new();
        for entry in release.list(key) {
            let Data::String(name) = entry else {
                all.push(entry.clone());
                continue;
            };
            let handler = Handler {
                name: release.maybe_text("missingFileHandler").unwrap_or("Error"),
                ..Handler::default()
            };
            let loader = self.loader(&state.base, &state.file);
            let path = format!("{}{name}", release.text("valuesPathPrefix"));
            let paths = loader.resolve(&path, "values", handler)?;
            match &paths[..] {
                [] => {}
                [path] => {
                    let text = self.rendered_file(state, release, path).map_err(|error| {
                        format!("failed to render values files \"{name}\": {error}")
                    })?;
                    all.push(match decode(&text)? {
                        Data::Null => Data::map(Entries::new()),
                        data => data,
                    });
                }
                _ => return Err(ONE_ONLY.to_owned()),
            }
        }
        Ok(all)
    }

    pub(super) fn set_flags(
        &self,
        state: &State,
        release: &Record,
        key: &str,
    ) -> Result<Vec<String>, String> {
        let secrets = &self.renderer.outside().secrets;
        let expanded = |text: &str| -> Result<String, String> {
            Ok(secrets.expand(&Data::string(text))?.to_string())
        };
        let mut flags = Vec::new();
        let is_string = key == "setString";
        let flag = if is_string { "--set-string" } else { "--set" };
        for entry in release.records(key) {
            let name = escape(entry.text("name"));
            let (value, file) = (entry.text("value"), entry.text("file"));
            let values = entry.list("values");
            if !value.is_empty() {
                let value = escape(&expanded(value)?);
                flags.extend([flag.to_owned(), format!("{name}={value}")]);
            } else if !file.is_empty() && !is_string {
                let path = normalise(&state.base, file);
                flags.extend(["--set-file".to_owned(), format!("{name}={path}")]);
            } else if !values.is_empty() {
                let mut items = Vec::new();
                for item in values {
                    items.push(escape(&match item {
                        Data::String(text) => expanded(&text.to_str_lossy())?,
                        other => json(other)?,
                    }));
                }
                let items = items.join(",");
                flags.extend([flag.to_owned(), format!("{name}={{{items}}}")]);
            }
        }
        Ok(flags)
    }

    /// A number that no other temporary file has.
    pub(super) fn number(&self) -> u32 {
        let next = self
            .temporary
            .get()
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        self.temporary.set(next);
        next
    }

    /// A file under the name that Helmfile would give it.
    fn given(&self, release: &Record, text: Vec<u8>, label: String) -> Given {
        // Lists of files are lists of words with commas between; there is nothing to be found on disk.
        if self.options.own && !label.contains([',', '"', '\n']) {
            let name = label.clone();
            return Given { name, text, label };
        }
        let mut hash = 0x811c_9dc5_u32;
        let identity = [release.text("namespace"), release.text("name")].join("/");
        for byte in identity.bytes().chain(text.iter().copied()) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let hash: String = hash
            .to_string()
            .bytes()
            .map(|digit| char::from(SAFE[usize::from(digit) % SAFE.len()]))
            .collect();
        let folder = match self.options.values_folder.as_str() {
            "" => format!("{}/helmfile{}", self.options.temporary, self.number()),
            folder => folder.to_owned(),
        };
        let namespace = match release.text("namespace") {
            "" => String::new(),
            namespace => format!("{namespace}-"),
        };
        Given {
            name: format!("{folder}/{namespace}{}-values-{hash}", release.text("name")),
            text,
            label,
        }
    }

    /// The absolute path of a file that a flag names.
    ///
    /// # Errors
    /// Go's words where it is not there.
    pub(super) fn flag_file(&self, name: &str) -> Result<String, (String, String)> {
        let path = file::absolute(name);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let message = crate::go::os::path_error("stat", &path, &error);
                Err((path, message))
            }
            _ => Ok(path),
        }
    }
}

/// What an entry of a release's values is called in errors.
fn label(state: &State, release: &Record, entry: &Data, (key, at): (&str, usize)) -> String {
    let Data::String(name) = entry else {
        let name = release.text("name");
        return format!("{} ({key}[{at}] of release {name})", state.file);
    };
    let name = name.to_str_lossy();
    let name = match key {
        // Its prefix was put in front already.
        "values" => name.into_owned(),
        _ => format!("{}{name}", release.text("valuesPathPrefix")),
    };
    match (key, name.ends_with(".gotmpl")) {
        ("secrets", _) => format!("{name} (decrypted)"),
        (_, true) => format!("{name} (rendered)"),
        (_, false) => name,
    }
}

/// What `--set` takes for more than itself, escaped.
fn escape(text: &str) -> String {
    text.replace('{', "\\{")
        .replace('}', "\\}")
        .replace(',', "\\,")
}
