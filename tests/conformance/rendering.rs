//! Charts that are loaded, given values, and rendered.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use pintle::chart::schema::{self, Remote};
use pintle::chart::set::{self, Form};
use pintle::chart::values;
use pintle::chart::{self, Capabilities, Chart, File, KubeVersion, dependency};
use pintle::render::{self, Input, Options, Release, Templates};
use pintle::value::{FrozenMap, Text};
use pintle::world::Real;

use crate::case::{Answer, Case};
use crate::difference::describe;

const CHART: &str = "apiVersion: v2\nname: conf\nversion: 0.1.0\nappVersion: \"1.2.3\"\ndescription: conformance chart\n";

/// Why there is no result, and in which step.
pub(crate) struct Failure {
    pub(crate) stage: &'static str,
    pub(crate) message: String,
}

/// Makes a failure of a step's error.
pub(crate) fn at<E: std::fmt::Display>(stage: &'static str) -> impl Fn(E) -> Failure {
    move |error| Failure {
        stage,
        message: error.to_string(),
    }
}

/// A chart with its values, ready to be rendered.
pub(crate) struct Prepared {
    pub(crate) chart: Chart,
    pub(crate) values: FrozenMap,
    capabilities: Capabilities,
}

/// Nothing is fetched.
struct Offline;

impl Remote for Offline {
    fn fetch(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("the tests have no network".to_owned())
    }
}

/// Loads, parses, enables and coalesces, in the order of the recordings.
pub(crate) fn prepare(
    files: BTreeMap<String, Vec<u8>>,
    user: Option<&str>,
    case: &Case,
    capabilities: &Capabilities,
) -> Result<Prepared, Failure> {
    let mut notices = Vec::new();
    let files = files.into_iter().map(|(name, data)| File {
        name,
        data: Text::from(data),
        modified: None,
    });
    let mut chart = chart::load_files(files.collect(), &mut notices).map_err(at("chart"))?;
    let mut user = match user {
        Some(text) => values::parse(text.as_bytes()).map_err(at("values"))?,
        None => FrozenMap::new(),
    };
    for argument in &case.set {
        set::parse_into(Form::Typed, argument, &mut user, &mut |_| {
            Err("no files".to_owned())
        })
        .map_err(|error| format!("failed parsing --set data: {error}"))
        .map_err(at("values"))?;
    }
    let mut capabilities = capabilities.clone();
    if let Some(version) = &case.kube_version {
        capabilities.kube_version = KubeVersion::parse(version).map_err(at("kube_version"))?;
    }
    capabilities
        .api_versions
        .extend(case.api_versions.iter().cloned());
    dependency::process(&mut chart, &user, &mut notices).map_err(at("dependencies"))?;
    let values = values::coalesce(&chart, &user, &mut notices).map_err(at("render-values"))?;
    schema::validate(&chart, &values, &Offline, &mut notices)
        .map_err(pintle::diag::Error::from)
        .map_err(at("render-values"))?;
    Ok(Prepared {
        chart,
        values,
        capabilities,
    })
}

impl Prepared {
    /// Renders: full paths and texts.
    pub(crate) fn render(&self, case: &Case) -> Result<BTreeMap<Text, Text>, Failure> {
        let release = &case.release;
        let input = Input {
            release: Release {
                name: release.name.as_deref().unwrap_or("rel"),
                namespace: release.namespace.as_deref().unwrap_or("ns"),
                revision: release.revision.unwrap_or(1),
                is_upgrade: release
                    .is_upgrade
                    .unwrap_or(release.is_install == Some(false)),
            },
            values: &self.values,
            capabilities: &self.capabilities,
            options: Options {
                strict: case.strict,
                lint: case.lint,
                ..Options::default()
            },
        };
        let world = Real::new()
            .with_time_zone("UTC")
            .with_variables(BTreeMap::new());
        let templates = Templates::parse(&self.chart).map_err(at("render"))?;
        render::render(&self.chart, &templates, &input, &world, &mut Vec::new())
            .map_err(at("render"))
    }
}

/// Runs a case.
pub(crate) fn check(case: &Case, capabilities: &Capabilities) -> Result<(), String> {
    let mut files = BTreeMap::from([("Chart.yaml".to_owned(), CHART.as_bytes().to_vec())]);
    let mut put = |name: &str, text: &str| files.insert(name.to_owned(), text.as_bytes().to_vec());
    if let Some(text) = &case.chart_yaml {
        put("Chart.yaml", text);
    }
    if let Some(text) = &case.chart_values_yaml {
        put("values.yaml", text);
    }
    for (name, text) in case.files.iter().chain(&case.templates) {
        put(name, text);
    }
    let got = prepare(files, case.values_yaml.as_deref(), case, capabilities)
        .and_then(|prepared| Ok((prepared.chart.name().to_owned(), prepared.render(case)?)))
        .map(|(chart, rendered)| {
            let prefix = format!("{chart}/");
            rendered
                .into_iter()
                .map(|(path, text)| {
                    let path = path.to_string();
                    let path = path.strip_prefix(&prefix).unwrap_or(&path).to_owned();
                    (path, text.as_bytes().to_vec())
                })
                .collect::<BTreeMap<_, _>>()
        });
    if case.any_of.is_empty() {
        return compare(&case.answer, &got);
    }
    let outcomes: Vec<_> = case
        .any_of
        .iter()
        .map(|answer| compare(answer, &got))
        .collect();
    if outcomes.iter().any(Result::is_ok) {
        return Ok(());
    }
    let outcomes: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    Err(format!(
        "none of the known answers:\n{}",
        outcomes.join("\nor\n")
    ))
}

fn compare(
    answer: &Answer,
    got: &Result<BTreeMap<String, Vec<u8>>, Failure>,
) -> Result<(), String> {
    let mut found = String::new();
    match (got, &answer.error) {
        (Err(failure), Some(want)) => {
            if answer
                .stage
                .as_deref()
                .is_some_and(|stage| stage != failure.stage)
            {
                found = format!("want stage {:?}, got {}\n", answer.stage, failure.stage);
            }
            found.push_str(&describe(
                "error",
                want.as_bytes(),
                failure.message.as_bytes(),
            ));
        }
        (Err(failure), None) => {
            found = format!("error while {}: {}\n", failure.stage, failure.message);
        }
        (Ok(_), Some(want)) => found = format!("no error, want {want}\n"),
        (Ok(got), None) => {
            let mut wanted: BTreeMap<&str, Vec<u8>> = answer
                .want
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_bytes().to_vec()))
                .collect();
            for (path, text) in &answer.want_b64 {
                wanted.insert(
                    path,
                    BASE64_STANDARD
                        .decode(text)
                        .map_err(|error| error.to_string())?,
                );
            }
            for (path, want) in &wanted {
                match got.get(*path) {
                    Some(got) => found.push_str(&describe(path, want, got)),
                    None => found.push_str(&format!("{path} is missing\n")),
                }
            }
            for path in got
                .keys()
                .filter(|path| !wanted.contains_key(path.as_str()))
            {
                found.push_str(&format!("{path} is unexpected\n"));
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}
