//! Charts that kustomizations name (`api/internal/plugins/builtinhelm`, 0.20.1).

use std::path::Path;

use serde_json::Value;

use crate::go::path;

/// What values that are written in a kustomization are called among files of values.
pub const INLINE: &str = "valuesInline";

/// An entry of `helmCharts`.
#[derive(Clone, Debug, Default)]
pub struct HelmChart {
    /// Its name.
    pub name: String,
    /// What the release is called.
    pub release: String,
    /// Where the release is to be.
    pub namespace: String,
    /// The chart, and its repository where it is of one.
    pub place: (String, String),
    /// Which version; empty for charts that are here.
    pub version: String,
    /// Values files in order; [`INLINE`] stands for those in the entry.
    pub value_files: Vec<String>,
    /// Values in the entry, as JSON.
    pub inline: Vec<u8>,
    /// `apiVersions`
    pub api_versions: Vec<String>,
    /// `kubeVersion`
    pub kube_version: String,
    /// `includeCRDs`
    pub include_crds: bool,
    /// `skipTests`
    pub skip_tests: bool,
    /// `skipHooks`
    pub no_hooks: bool,
}

impl HelmChart {
    /// Reads an entry of the kustomization in `folder`, with `helmGlobals`.
    ///
    /// # Errors
    /// Fields that are not supported, by name; a chart that is nowhere.
    pub fn read(folder: &str, chart: &Value, globals: &Value) -> Result<HelmChart, String> {
        const FIELDS: [&str; 15] = [
            "name",
            "version",
            "repo",
            "releaseName",
            "namespace",
            "valuesFile",
            "additionalValuesFiles",
            "valuesInline",
            "valuesMerge",
            "includeCRDs",
            "skipHooks",
            "skipTests",
            "apiVersions",
            "kubeVersion",
            "debug",
        ];
        for (value, known) in [(chart, &FIELDS[..]), (globals, &["chartHome"])] {
            let names = value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name);
            if let Some(name) = names
                .into_iter()
                .find(|name| !known.contains(&name.as_str()))
            {
                return Err(format!(
                    "{name:?} of a chart is not supported: {} are",
                    known.join(", ")
                ));
            }
        }
        let text = |name: &str| {
            let text = chart.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let list = |name: &str| {
            let items = chart.get(name).and_then(Value::as_array);
            let texts = items.into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect::<Vec<String>>()
        };
        let is = |name: &str| chart.get(name).and_then(Value::as_bool).unwrap_or_default();
        let at = |name: &str| match name.starts_with('/') {
            true => name.to_owned(),
            false => path::join(&[folder, name]),
        };
        let (name, version, repository) = (text("name"), text("version"), text("repo"));
        if name.is_empty() {
            return Err("a chart has no name".to_owned());
        }
        let home = globals.get("chartHome").and_then(Value::as_str);
        let home = at(home.unwrap_or("charts"));
        let local = [format!("{name}-{version}/{name}"), name.clone()]
            .map(|inner| path::join(&[&home, &inner]))
            .into_iter()
            .find(|place| Path::new(place).join("Chart.yaml").exists());
        let place = match (local, repository.as_str()) {
            (Some(place), _) => (place, String::new()),
            (None, "") => {
                return Err(format!(
                    "the chart {name:?} has no repo, and is not in {home}"
                ));
            }
            (None, repository) if repository.starts_with("oci://") => (
                format!("{}/{name}", repository.trim_end_matches('/')),
                String::new(),
            ),
            (None, _) => (name.clone(), repository),
        };
        let file = text("valuesFile");
        let file: Vec<String> = (!file.is_empty()).then(|| at(&file)).into_iter().collect();
        let has_inline = chart.get(INLINE).is_some_and(|value| !value.is_null());
        let inline: Vec<String> = has_inline.then(|| INLINE.to_owned()).into_iter().collect();
        let mut value_files = match text("valuesMerge").as_str() {
            "" | "override" => [file, inline].concat(),
            "merge" => [inline, file].concat(),
            "replace" => inline,
            other => {
                return Err(format!(
                    "valuesMerge {other:?} is none of override, merge and replace"
                ));
            }
        };
        value_files.extend(list("additionalValuesFiles").iter().map(|name| at(name)));
        Ok(HelmChart {
            release: match text("releaseName") {
                name if name.is_empty() => "release-name".to_owned(),
                name => name,
            },
            namespace: match text("namespace") {
                name if name.is_empty() => "default".to_owned(),
                name => name,
            },
            version: match place.0.starts_with('/') {
                true => String::new(),
                false => version,
            },
            inline: chart
                .get(INLINE)
                .map(ToString::to_string)
                .unwrap_or_default()
                .into_bytes(),
            api_versions: list("apiVersions"),
            kube_version: text("kubeVersion"),
            include_crds: is("includeCRDs"),
            skip_tests: is("skipTests"),
            no_hooks: is("skipHooks"),
            name,
            place,
            value_files,
        })
    }
}
