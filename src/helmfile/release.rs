//! Releases are templates themselves: they inherit, and their fields are rendered until nothing
//! changes (`pkg/state/state_exec_tmpl.go`, `pkg/state/release.go`).

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fleet;
use super::data::{Data, Entries, decode, encode};
use super::load::State;
use super::state::{self, Merge, RELEASE, Record, Shape, merge};
use super::target::rendered;
use super::template::{Renderer, structure};
use crate::value::{Map, Text, Type, Value};

/// How often fields are rendered before that is given up.
const ROUNDS: usize = 6;

/// Release templates by name. Helmfile's merges keep pointers into them, so that what one release
/// switches on stays on for those after it.
struct Templates {
    by_name: BTreeMap<Text, Record>,
    /// Templates stay as they are, and what is switched off counts.
    is_corrected: bool,
}

impl Fleet<'_> {
    /// Executes the releases of a state (`ExecuteTemplates`).
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(super) fn execute(&self, state: &mut State) -> Result<(), String> {
        let declared = state.record.map("templates").cloned().unwrap_or_default();
        let mut templates = Templates {
            by_name: declared
                .iter()
                .map(|(name, template)| (name.clone(), Record::of(Some(template))))
                .collect(),
            is_corrected: self.options.own,
        };
        let defaults = state.record.texts("defaultInherit");
        let common = state.labels();
        let kube_context = state.defaults().text("kubeContext").to_owned();
        let mut releases = std::mem::take(&mut state.releases);
        for release in &mut releases {
            let name = release.text("name").to_owned();
            let mut merged = release.clone();
            with_defaults(&mut merged, &defaults);
            merged = templates.inherit(&merged, &mut Vec::new()).map_err(|error| match error {
                Inheriting::Cycle(path) => format!(
                    "unable to load release {} with template: cyclic inheritance detected: {path}",
                    state::quoted(&name)
                ),
                Inheriting::Failed(message) => message,
            })?;
            if merged.text("kubeContext").is_empty() && !kube_context.is_empty() {
                merged.set("kubeContext", Data::string(kube_context.as_str()));
            }
            if !common.is_empty() {
                let mut labels = merged.map("labels").cloned().unwrap_or_default();
                for (key, value) in &common {
                    labels.insert(key.clone(), value.clone());
                }
                merged.set("labels", Data::map(labels));
            }
            for key in ["apiVersions", "kubeVersion"] {
                let is_set = merged.get(key).is_some_and(|value| !value.is_empty());
                if let (false, Some(value)) = (is_set, state.record.get(key)) {
                    merged.set(key, value.clone());
                }
            }
            *release = self.settle(state, &merged)?;
            self.check_target(state, release)?;
            if release.text("chart").is_empty() {
                return Err(format!(
                    "encountered empty chart while reading release {}",
                    state::quoted(release.text("name"))
                ));
            }
        }
        if !templates.by_name.is_empty() {
            let declared = templates.by_name.into_iter();
            let declared: Entries = declared
                .map(|(name, template)| (name, template.into_data()))
                .collect();
            state.record.set("templates", Data::map(declared));
        }
        state.origin = Arc::new(releases.clone());
        state.releases = releases;
        Ok(())
    }

    /// Renders a release until nothing changes.
    fn settle(&self, state: &State, release: &Record) -> Result<Record, String> {
        let failed = |error: String| {
            format!(
                "failed executing templates in release \"{}\".\"{}\": {error}",
                state.file,
                release.text("name")
            )
        };
        let mut previous = release.clone();
        for _ in 0..ROUNDS {
            let rendered = self
                .render_release(state, release, &previous)
                .map_err(failed)?;
            if rendered == previous {
                let mut settled = rendered;
                decide(&mut settled).map_err(failed)?;
                return Ok(settled);
            }
            previous = rendered;
        }
        Err(failed("recursive references can't be resolved".to_owned()))
    }

    /// One round: the fields of `release` rendered, with what the round before made of it to see.
    fn render_release(
        &self,
        state: &State,
        release: &Record,
        previous: &Record,
    ) -> Result<Record, String> {
        let data = OnceCell::new();
        let fields = Fields {
            renderer: &self.renderer,
            base: &state.base,
            name: release.text("name"),
            data: &|| data.get_or_init(|| release_data(state, previous)).clone(),
            templates_last: self.options.own,
        };
        let mut result = normal(release);
        for key in ["name", "chart", "namespace", "version", "target"] {
            let text = release.text(key);
            let rendered = fields.render(key, text)?;
            let rendered = rendered.trim();
            if rendered != text {
                result.set(key, Data::string(rendered));
            }
        }
        for key in [
            "waitTemplate",
            "installedTemplate",
            "conditionTemplate",
            "verifyTemplate",
        ] {
            if let Some(text) = release.maybe_text(key) {
                result.set(key, Data::string(fields.render(key, text)?));
            }
        }
        if let Some(labels) = release.map("labels") {
            let mut rendered = Entries::new();
            for (key, value) in labels {
                let text = value.as_text().cloned().unwrap_or_default();
                let field = format!("labels[{key}]");
                let text = fields.render(&field, &text.to_str_lossy())?;
                rendered.insert(key.clone(), Data::string(text));
            }
            result.set("labels", Data::map(rendered));
        }
        let arguments = release.texts("postRendererArgs");
        if !arguments.is_empty() {
            let mut rendered = Vec::new();
            for text in arguments {
                rendered.push(Data::string(fields.render("postRendererArgs", &text)?));
            }
            result.set("postRendererArgs", Data::list(rendered));
        }
        if let Some(ecs) = release.get("ecs") {
            let rendered = rendered(ecs, |text| fields.render("ecs", text))?;
            result.set("ecs", rendered);
        }
        fields.values(release, &mut result)?;
        fields.set_values(release, &mut result)?;
        let needs = release.texts("needs");
        if !needs.is_empty() {
            let mut rendered = Vec::new();
            for (at, need) in needs.iter().enumerate() {
                let field = format!("needs[{at}]");
                rendered.push(Data::string(fields.render(&field, need)?));
            }
            result.set("needs", Data::list(rendered));
        }
        Ok(result)
    }
}

/// What templates of a release see (`createReleaseTemplateData`).
pub(super) fn release_data(state: &State, release: &Record) -> Value {
    release_data_with(state, release, state.live_values())
}

/// As [`release_data`], with other values.
pub(super) fn release_data_with(state: &State, release: &Record, values: Value) -> Value {
    static TYPE: Type = Type::Struct("state.releaseTemplateData");
    static RELEASE: Type = Type::Struct("state.releaseTemplateDataRelease");
    let text = |key: &str| Value::string(release.text(key));
    let labels = release.map("labels").into_iter().flatten();
    let labels = labels.map(|(key, value)| (key.clone(), value.thaw()));
    let seen = structure(
        &RELEASE,
        vec![
            ("Name", text("name")),
            ("Namespace", text("namespace")),
            (
                "Labels",
                Value::Map(Map::new(&Type::STRING_MAP, labels.collect())),
            ),
            ("Chart", text("chart")),
            ("ChartVersion", text("version")),
            ("KubeContext", text("kubeContext")),
        ],
    );
    let over = |key: &str| Value::string(state.record.text(key));
    structure(
        &TYPE,
        vec![
            ("Environment", state.live_environment()),
            ("Release", seen),
            ("Values", values.clone()),
            ("StateValues", values),
            ("KubeContext", over("kubeContext")),
            ("Namespace", over("namespace")),
            ("Chart", over("chart")),
        ],
    )
}

/// Renders fields of one release.
struct Fields<'a> {
    renderer: &'a Renderer,
    base: &'a str,
    name: &'a str,
    data: &'a dyn Fn() -> Value,
    /// Values that are templates follow those that are not, as Helmfile's documentation has it.
    templates_last: bool,
}

impl Fields<'_> {
    fn failed(&self, field: &str, text: &str, error: &str) -> String {
        format!(
            "failed executing template expressions in release \"{}\".{field} = \"{text}\": {error}",
            self.name
        )
    }

    fn render(&self, field: &str, text: &str) -> Result<String, String> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        self.renderer
            .text(text, self.base, &(self.data)())
            .map_err(|error| self.failed(field, text, &error.to_string()))
    }

    fn values(&self, release: &Record, result: &mut Record) -> Result<(), String> {
        let mut templates = Vec::new();
        for (at, entry) in release.list("valuesTemplate").iter().enumerate() {
            let field = format!("values[{at}]");
            templates.push(match entry {
                Data::Map(_) | Data::Foreign(_) => {
                    let failed = |error: String| self.failed(&field, &entry.to_string(), &error);
                    let text = encode(entry).map_err(failed)?;
                    let text = String::from_utf8_lossy(&text).into_owned();
                    let rendered = self.render(&field, &text)?;
                    let data = decode(rendered.as_bytes()).map_err(failed)?;
                    match data.with_string_keys().map_err(failed)? {
                        Data::Null => Data::map(Entries::new()),
                        data => data,
                    }
                }
                other => other.clone(),
            });
        }
        let own = release.list("values");
        if !templates.is_empty() {
            result.set("valuesTemplate", Data::list(templates.clone()));
        }
        let mut values = Vec::with_capacity(templates.len() + own.len());
        let (first, second) = match self.templates_last {
            true => (own, &templates[..]),
            false => (&templates[..], own),
        };
        for (at, entry) in first.iter().chain(second).enumerate() {
            let field = format!("values[{at}]");
            values.push(match entry {
                Data::String(text) => Data::string(self.render(&field, &text.to_str_lossy())?),
                Data::Foreign(_) => entry
                    .with_string_keys()
                    .map_err(|error| self.failed(&field, &entry.to_string(), &error))?,
                other => other.clone(),
            });
        }
        if !values.is_empty() {
            result.set("values", Data::list(values));
        }
        let secrets = release.list("secrets");
        let mut rendered = Vec::with_capacity(secrets.len());
        for (at, entry) in secrets.iter().enumerate() {
            rendered.push(match entry {
                Data::String(text) => {
                    let field = format!("secrets[{at}]");
                    Data::string(self.render(&field, &text.to_str_lossy())?)
                }
                other => other.clone(),
            });
        }
        if !rendered.is_empty() {
            result.set("secrets", Data::list(rendered));
        }
        Ok(())
    }

    fn set_values(&self, release: &Record, result: &mut Record) -> Result<(), String> {
        let templates = release.records("setTemplate");
        if templates.is_empty() {
            return Ok(());
        }
        let mut all = Vec::new();
        for (at, template) in templates.iter().enumerate() {
            let mut rendered = template.clone();
            for key in ["name", "value", "file"] {
                let field = format!("set[{at}].{key}");
                let text = self.render(&field, template.text(key))?;
                if !text.is_empty() {
                    rendered.set(key, Data::string(text));
                }
            }
            let mut values = template.list("values").to_vec();
            for (place, value) in values.iter_mut().enumerate() {
                if let Data::String(text) = value {
                    let field = format!("set[{at}].values[{place}]");
                    *value = Data::string(self.render(&field, &text.to_str_lossy())?);
                }
            }
            if !values.is_empty() {
                rendered.set("values", Data::list(values));
            }
            all.push(rendered.into_data());
        }
        result.set("setTemplate", Data::list(all.clone()));
        all.extend(release.list("set").iter().cloned());
        result.set("set", Data::list(all));
        Ok(())
    }
}

/// A release as it comes back from YAML: what is empty is not there.
fn normal(release: &Record) -> Record {
    let mut normal = release.clone();
    for field in RELEASE.fields() {
        if !matches!(field.shape, Shape::Optional(_))
            && release.get(field.key).is_some_and(Data::is_empty)
        {
            normal.remove(field.key);
        }
    }
    normal
}

/// What the templates of switches came to (`updateBoolTemplatedValues`).
fn decide(release: &mut Record) -> Result<(), String> {
    for (key, field) in [
        ("installedTemplate", "installed"),
        ("conditionTemplate", "condition"),
        ("waitTemplate", "wait"),
        ("verifyTemplate", "verify"),
    ] {
        let Some(text) = release.maybe_text(key).map(str::to_owned) else {
            continue;
        };
        let value = state::bool_of(&text)
            .map_err(|error| format!("{key}: failed deserialising string {text}: {error}"))?;
        release.remove(key);
        let value = match field {
            "condition" => Data::string(value.to_string()),
            _ => Data::Bool(value),
        };
        release.set(field, value);
    }
    Ok(())
}

/// Puts templates that all releases inherit in front of a release's own.
fn with_defaults(release: &mut Record, defaults: &[String]) {
    if defaults.is_empty() {
        return;
    }
    let own: Vec<Record> = release
        .records("inherit")
        .into_iter()
        .filter(|inherit| !inherit.text("template").trim().is_empty())
        .collect();
    let mut known: Vec<String> = own
        .iter()
        .map(|inherit| inherit.text("template").trim().to_owned())
        .collect();
    let mut all = Vec::new();
    for name in defaults {
        if !known.contains(name) {
            let mut inherit = Record::default();
            inherit.set("template", Data::string(name.as_str()));
            all.push(inherit.into_data());
            known.push(name.clone());
        }
    }
    all.extend(own.into_iter().map(Record::into_data));
    release.set("inherit", Data::list(all));
}

enum Inheriting {
    Cycle(String),
    Failed(String),
}

impl Templates {
    /// A release with what it inherits (`releaseWithInheritedTemplate`).
    fn inherit(&mut self, release: &Record, path: &mut Vec<Text>) -> Result<Record, Inheriting> {
        let mut merged = Record::default();
        // Whose pointer a field of the result is.
        let mut owners: BTreeMap<&'static str, Text> = BTreeMap::new();
        for inherit in release.records("inherit") {
            let name = inherit.text("template");
            if name.is_empty() {
                return Ok(release.clone());
            }
            let name = Text::from(name);
            let is_cycle = path.contains(&name);
            path.push(name.clone());
            if is_cycle {
                let path: Vec<String> = path.iter().map(ToString::to_string).collect();
                return Err(Inheriting::Cycle(path.join("->")));
            }
            let Some(template) = self.by_name.get(&name).cloned() else {
                return Err(Inheriting::Failed(format!(
                    "release {} tried to inherit inexistent release template {}",
                    state::quoted(release.text("name")),
                    state::quoted(&name.to_str_lossy())
                )));
            };
            let mut source = self.inherit(&template, path).map_err(|error| match error {
                Inheriting::Cycle(path) => Inheriting::Cycle(path),
                Inheriting::Failed(message) => Inheriting::Failed(format!(
                    "unable to load release template {}: {message}",
                    state::quoted(&name.to_str_lossy())
                )),
            })?;
            path.pop();
            for key in inherit.texts("except") {
                match key.as_str() {
                    "labels" | "values" | "valuesTemplate" | "setTemplate" | "set"
                    | "setString" | "secrets" => source.remove(&key),
                    other => {
                        return Err(Inheriting::Failed(format!(
                            "{} is not allowed under `inherit`. Allowed values are \"set\", \"setTemplate\", \"values\", \"valuesTemplate\", \"secrets\", and \"labels\"",
                            state::quoted(other)
                        )));
                    }
                }
            }
            self.put_over(&mut merged, &source, Some(&name), &mut owners);
        }
        self.put_over(&mut merged, release, None, &mut owners);
        merged.remove("inherit");
        Ok(merged)
    }

    /// Merges, and keeps track of whose pointers the result has: what is put over one of them is seen
    /// by its owner.
    fn put_over(
        &mut self,
        merged: &mut Record,
        source: &Record,
        name: Option<&Text>,
        owners: &mut BTreeMap<&'static str, Text>,
    ) {
        if self.is_corrected {
            merge(&RELEASE, merged, source, Merge::Append);
            for field in RELEASE.fields() {
                let is_switch = matches!(field.shape, Shape::Optional(_));
                if let (true, Some(value @ (Data::Bool(_) | Data::Int(_)))) =
                    (is_switch, source.get(field.key))
                {
                    merged.set(field.key, value.clone());
                }
            }
            return;
        }
        for field in RELEASE.fields() {
            if !matches!(field.shape, Shape::Optional(_)) {
                continue;
            }
            let (Some(value), is_set) = (source.get(field.key), merged.get(field.key).is_some())
            else {
                continue;
            };
            match (is_set, owners.get(field.key)) {
                (false, _) => {
                    // The pointer is that of the template itself, or of one that it inherits from.
                    if let Some(name) = name {
                        let owner = self.owner(name, field.key).unwrap_or_else(|| name.clone());
                        owners.insert(field.key, owner);
                    }
                }
                (true, Some(owner)) if !value.is_empty() => {
                    if let Some(template) = self.by_name.get_mut(owner) {
                        template.set(field.key, value.clone());
                    }
                }
                (true, _) => {}
            }
        }
        merge(&RELEASE, merged, source, Merge::Append);
    }

    /// The template whose own field a template's is.
    fn owner(&self, name: &Text, key: &str) -> Option<Text> {
        let mut name = name.clone();
        for _ in 0..self.by_name.len() {
            let template = self.by_name.get(&name)?;
            let first = template.records("inherit").into_iter().find_map(|inherit| {
                let parent = Text::from(inherit.text("template"));
                let has = self.has(&parent, key, self.by_name.len());
                has.then_some(parent)
            });
            match first {
                Some(parent) => name = parent,
                None => return Some(name),
            }
        }
        Some(name)
    }

    /// Whether a template says something about a field, itself or by one that it inherits from.
    fn has(&self, name: &Text, key: &str, depth: usize) -> bool {
        let Some(template) = self.by_name.get(name) else {
            return false;
        };
        template.get(key).is_some()
            || depth > 0
                && template
                    .records("inherit")
                    .iter()
                    .any(|inherit| self.has(&Text::from(inherit.text("template")), key, depth - 1))
    }
}
