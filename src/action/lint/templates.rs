//! Rules about `templates/` and what it renders to (`lint/rules/template.go`).

use std::collections::BTreeMap;

use super::manifest::Documents;
use super::{Linter, Severity, check_folder, deprecations, is_missing, name};
use crate::chart::decode::{self, Decoder, find_field};
use crate::chart::{Capabilities, Chart, dependency, schema, values};
use crate::diag::Error;
use crate::go::{path, strconv};
use crate::render::manifest::trim;
use crate::render::{self, Input, Templates};
use crate::value::{Frozen, FrozenMap, Text};

const FOLDER: &str = "templates/";
/// The longest line, its end included, that Go's `bufio.Scanner` takes.
const LONGEST: usize = 64 * 1024;

type Files = BTreeMap<Text, Text>;

pub(super) fn lint(linter: &mut Linter<'_, '_>, user: &FrozenMap) {
    let folder = linter.path(FOLDER);
    if is_missing(&folder) {
        linter.rule(Severity::Warning, FOLDER, Err("directory does not exist"));
        return;
    }
    if !linter.rule(Severity::Error, FOLDER, check_folder(&folder)) {
        return;
    }
    let mut chart = match linter.load() {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, FOLDER, Err(error));
            return;
        }
    };
    let mut capabilities = Capabilities::default();
    if let Some(version) = linter.kube_version {
        capabilities.kube_version = version.clone();
    }
    // Helm keeps silent about values that cannot be put together.
    let processed = dependency::process(&mut chart, user, linter.notices);
    let Ok(coalesced) = processed.and_then(|()| values::coalesce(&chart, user, linter.notices))
    else {
        return;
    };
    let files = match render(linter, &chart, &coalesced, &capabilities) {
        Ok(files) => files,
        Err(error) => {
            linter.rule(Severity::Error, FOLDER, Err(error));
            return;
        }
    };
    for template in &chart.templates {
        let extension = path::ext(template.name.as_bytes());
        linter.rule(Severity::Error, &template.name, check_extension(extension));
        let is_yaml = [&b".yaml"[..], b".yml"]
            .iter()
            .any(|yaml| extension.eq_ignore_ascii_case(yaml));
        let key = path::join(&[chart.name(), &template.name]);
        let text = files.get(key.as_bytes()).map_or(&b""[..], |text| text);
        if is_yaml
            && !trim(text).is_empty()
            && !lint_file(linter, &template.name, text, &capabilities)
        {
            return;
        }
    }
}

/// What the chart renders to. Helm coalesces a second time, which brings defaults back that a null
/// had taken away.
fn render(
    linter: &mut Linter<'_, '_>,
    chart: &Chart,
    coalesced: &FrozenMap,
    capabilities: &Capabilities,
) -> Result<Files, Error> {
    let values = values::coalesce(chart, coalesced, linter.notices)?;
    if !linter.options.skip_schema_validation {
        schema::validate(chart, &values, linter.around.remote, linter.notices)?;
    }
    let templates = Templates::parse(chart)?;
    let input = Input {
        release: render::Release {
            name: "test-release",
            namespace: &linter.options.namespace,
            revision: 0,
            is_upgrade: false,
        },
        values: &values,
        capabilities,
        options: render::Options {
            lint: true,
            ..Default::default()
        },
    };
    render::render(
        chart,
        &templates,
        &input,
        linter.around.world,
        linter.notices,
    )
}

/// Lints one rendered file; `false` where all linting of templates ends, at one that is no YAML.
fn lint_file(
    linter: &mut Linter<'_, '_>,
    file: &str,
    text: &[u8],
    capabilities: &Capabilities,
) -> bool {
    linter.rule(Severity::Warning, file, check_indent(text));
    for document in Documents::new(text, Stub::read) {
        let stub = match document {
            Ok(stub) => stub,
            Err(error) => {
                let verdict = Err(format!("unable to parse YAML: {error}"));
                linter.rule(Severity::Error, file, verdict);
                return false;
            }
        };
        let Some(stub) = stub else {
            continue;
        };
        linter.rule(Severity::Warning, file, name::check(&stub.kind, &stub.name));
        let deprecated = deprecations::check(&stub, &capabilities.kube_version);
        linter.rule(Severity::Warning, file, deprecated);
        linter.rule(Severity::Error, file, check_selector(&stub, text));
        linter.rule(Severity::Error, file, check_list(&stub, text));
    }
    true
}

fn check_extension(extension: &[u8]) -> Result<(), String> {
    if matches!(extension, b".yaml" | b".yml" | b".tpl" | b".txt") {
        return Ok(());
    }
    let extension = String::from_utf8_lossy(extension);
    Err(format!(
        "file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"
    ))
}

/// The first line that is not blank must not be indented.
fn check_indent(text: &[u8]) -> Result<(), String> {
    for whole in text.split_inclusive(|byte| *byte == b'\n') {
        let has_end = whole.ends_with(b"\n");
        if whole.len() > LONGEST || (!has_end && whole.len() == LONGEST) {
            return Err("bufio.Scanner: token too long".to_owned());
        }
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if trim(line).is_empty() {
            continue;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            let quoted = strconv::quote(line);
            return Err(format!(
                "document starts with an illegal indent: {quoted}, which may cause parsing problems"
            ));
        }
        break;
    }
    Ok(())
}

/// Workloads need a selector; the whole file is searched for one.
fn check_selector(stub: &Stub, text: &[u8]) -> Result<(), String> {
    let kind = stub.kind.as_str();
    let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    if !matches!(
        kind,
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet"
    ) || has("matchLabels")
        || has("matchExpressions")
    {
        return Ok(());
    }
    let name = strconv::quote(stub.name.as_bytes());
    Err(format!(
        "a {kind} must contain matchLabels or matchExpressions, and {name} does not"
    ))
}

/// Helm does not see annotations of objects in a `List`.
fn check_list(stub: &Stub, text: &[u8]) -> Result<(), String> {
    if stub.kind != "List" {
        return Ok(());
    }
    let mut items: Vec<Item> = Vec::new();
    decode::document(text, |decoder, value| {
        read_items(decoder, value, &mut items)
    })
    .map_err(|error| format!("unable to parse YAML: {error}"))?;
    let is_kept = |item: &Item| {
        let annotations = item.annotations.as_ref();
        annotations.is_some_and(|annotations| annotations.contains_key("helm.sh/resource-policy"))
    };
    if items.iter().any(is_kept) {
        let message = "annotation 'helm.sh/resource-policy' within List objects are ignored";
        return Err(message.to_owned());
    }
    Ok(())
}

/// What is read of an object in a `List`.
#[derive(Default)]
struct Item {
    annotations: Option<BTreeMap<String, String>>,
}

fn read_items(decoder: &mut Decoder<'_>, value: &Frozen, items: &mut Vec<Item>) {
    // Go prints types without a name in full.
    const METADATA: &str = "struct { Annotations map[string]string }";
    const ITEM: &str = "struct { Metadata struct { Annotations map[string]string } }";
    const ITEMS: &str = "[]struct { Metadata struct { Annotations map[string]string } }";
    const LIST: &str =
        "struct { Items []struct { Metadata struct { Annotations map[string]string } } }";
    each_field(
        decoder,
        value,
        ("", LIST),
        &["Items"],
        |decoder, _, value| {
            decoder.list(value, items, ITEMS, |decoder, value, item: &mut Item| {
                each_field(
                    decoder,
                    value,
                    ("", ITEM),
                    &["Metadata"],
                    |decoder, _, value| {
                        each_field(
                            decoder,
                            value,
                            ("", METADATA),
                            &["Annotations"],
                            |decoder, _, value| decoder.string_map(value, &mut item.annotations),
                        );
                    },
                );
                true
            });
        },
    );
}

/// Reads the members of a struct that are fields of it; `go_type` is its name in errors about
/// fields, and its type.
fn each_field(
    decoder: &mut Decoder<'_>,
    value: &Frozen,
    go_type: (&'static str, &str),
    names: &'static [&'static str],
    mut read: impl FnMut(&mut Decoder<'_>, &'static str, &Frozen),
) {
    let Some(members) = decoder.members(value, go_type.1) else {
        return;
    };
    for (key, value) in members {
        if let Some(name) = find_field(key, names) {
            decoder.field(go_type.0, name, key, |decoder| read(decoder, name, value));
        }
    }
}

/// What is read of an object (`k8sYamlStruct`).
#[derive(Debug, Default)]
pub(super) struct Stub {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Stub {
    /// Fills in what a document holds.
    pub(super) fn read(&mut self, decoder: &mut Decoder<'_>, value: &Frozen) {
        const FIELDS: &[&str] = &["apiVersion", "Kind", "Metadata"];
        const METADATA: &[&str] = &["Namespace", "Name"];
        let own = ("k8sYamlStruct", "rules.k8sYamlStruct");
        each_field(
            decoder,
            value,
            own,
            FIELDS,
            |decoder, field, value| match field {
                "apiVersion" => decoder.string(value, &mut self.api_version),
                "Kind" => decoder.string(value, &mut self.kind),
                _ => {
                    let inner = ("k8sYamlMetadata", "rules.k8sYamlMetadata");
                    each_field(
                        decoder,
                        value,
                        inner,
                        METADATA,
                        |decoder, field, value| match field {
                            "Namespace" => decoder.string(value, &mut self.namespace),
                            _ => decoder.string(value, &mut self.name),
                        },
                    );
                }
            },
        );
    }
}
