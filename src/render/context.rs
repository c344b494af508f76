//! What a template sees as `.`: one context a chart, charts inside charts (`pkg/engine`:
//! `recAllTpls`; `pkg/chart`: `structToMap`; Helm 4.2.4).

use std::collections::BTreeMap;

use super::Input;
use super::file::Files;
use crate::chart::{Chart, Dependency, Maintainer, Metadata};
use crate::go::strconv;
use crate::value::{Fault, Frozen, Map, Method, Text, Type, Value};
use crate::yaml;

/// Helm's `common.Values`: `.`, `.Values` and `.Template`.
pub(super) static VALUES: Type = Type::Named {
    name: "common.Values",
    underlying: &Type::MAP,
    methods: &[
        Method {
            name: "AsMap",
            parameters: &[],
            variadic: false,
            call: as_map,
        },
        Method {
            name: "Encode",
            parameters: &[Type::Any],
            variadic: false,
            call: encode,
        },
        Method {
            name: "PathValue",
            parameters: &[Type::STRING],
            variadic: false,
            call: path_value,
        },
        Method {
            name: "Table",
            parameters: &[Type::STRING],
            variadic: false,
            call: table,
        },
        Method {
            name: "YAML",
            parameters: &[],
            variadic: false,
            call: to_yaml,
        },
    ],
};

/// A template file of a chart, with what it is executed on.
pub(super) struct Renderable {
    /// The chart's context, shared by all its templates.
    pub(super) context: Map,
    /// Path of the chart's templates folder.
    pub(super) base_path: Text,
}

/// The contexts of a chart and all charts in it, one a template file, by full path.
pub(super) fn build(chart: &Chart, input: &Input<'_>) -> BTreeMap<Text, Renderable> {
    let shared = Shared {
        release: Value::map([
            ("Name".into(), Value::string(input.release.name)),
            ("Namespace".into(), Value::string(input.release.namespace)),
            ("Revision".into(), Value::Int(input.release.revision)),
            (
                "IsInstall".into(),
                Value::Bool(!input.release.is_upgrade && !input.options.lint),
            ),
            ("IsUpgrade".into(), Value::Bool(input.release.is_upgrade)),
            ("Service".into(), Value::string("Helm")),
        ]),
        capabilities: input.capabilities.object(),
    };
    let values = Frozen::thaw_map(input.values, &VALUES);
    let mut found = BTreeMap::new();
    descend(chart, chart.name(), true, values, &shared, &mut found);
    found
}

struct Shared {
    release: Value,
    capabilities: Value,
}

fn descend(
    chart: &Chart,
    full_path: &str,
    is_root: bool,
    values: Map,
    shared: &Shared,
    found: &mut BTreeMap<Text, Renderable>,
) -> Value {
    let metadata = metadata(&chart.metadata);
    metadata.insert("IsRoot", Value::Bool(is_root));
    let files = chart
        .files
        .iter()
        .map(|file| (Text::from(file.name.as_str()), file.data.clone()));
    let subcharts = Map::new(&Type::MAP, BTreeMap::new());
    let context = Map::new(
        &VALUES,
        BTreeMap::from([
            ("Chart".into(), Value::Map(metadata)),
            ("Files".into(), Value::object(Files::new(files.collect()))),
            ("Release".into(), shared.release.clone()),
            ("Capabilities".into(), shared.capabilities.clone()),
            ("Values".into(), Value::Map(values.clone())),
            ("Subcharts".into(), Value::Map(subcharts.clone())),
        ]),
    );
    for child in &chart.dependencies {
        // The child's values are the parent's table, not a copy: what either sets, both see.
        let table = find_table(&values, child.name().as_bytes())
            .unwrap_or_else(|_| Map::new(&VALUES, BTreeMap::new()));
        let path = format!("{full_path}/charts/{}", child.name());
        let context = descend(child, &path, false, table, shared, found);
        subcharts.insert(child.name(), context);
    }
    let base_path = Text::from(format!("{full_path}/templates"));
    for template in &chart.templates {
        if chart.metadata.is_library() && !is_partial(template.name.as_bytes()) {
            continue;
        }
        found.insert(
            Text::from(format!("{full_path}/{}", template.name)),
            Renderable {
                context: context.clone(),
                base_path: base_path.clone(),
            },
        );
    }
    Value::Map(context.view_as(&Type::MAP))
}

/// Whether a template is there to be included only: its base name starts with `_`.
pub(super) fn is_partial(path: &[u8]) -> bool {
    path.rsplit(|byte| *byte == b'/')
        .next()
        .is_some_and(|base| base.starts_with(b"_"))
}

/// `.Chart`: the metadata under Go's field names.
fn metadata(metadata: &Metadata) -> Map {
    let list =
        |items: &[String]| Value::list(items.iter().map(|item| item.as_str().into()).collect());
    let maintainers = metadata.maintainers.iter().map(maintainer).collect();
    let dependencies = metadata.dependencies.iter().map(dependency).collect();
    let annotations = match &metadata.annotations {
        None => Map::nil(&Type::STRING_MAP),
        Some(annotations) => Map::new(
            &Type::STRING_MAP,
            annotations
                .iter()
                .map(|(key, text)| (key.as_str().into(), text.as_str().into()))
                .collect(),
        ),
    };
    Map::new(
        &Type::MAP,
        BTreeMap::from([
            ("APIVersion".into(), metadata.api_version.as_str().into()),
            ("Annotations".into(), Value::Map(annotations)),
            ("AppVersion".into(), metadata.app_version.as_str().into()),
            ("Condition".into(), metadata.condition.as_str().into()),
            ("Dependencies".into(), Value::list(dependencies)),
            ("Deprecated".into(), Value::Bool(metadata.deprecated)),
            ("Description".into(), metadata.description.as_str().into()),
            ("Home".into(), metadata.home.as_str().into()),
            ("Icon".into(), metadata.icon.as_str().into()),
            ("Keywords".into(), list(&metadata.keywords)),
            ("KubeVersion".into(), metadata.kube_version.as_str().into()),
            ("Maintainers".into(), Value::list(maintainers)),
            ("Name".into(), metadata.name.as_str().into()),
            ("Sources".into(), list(&metadata.sources)),
            ("Tags".into(), metadata.tags.as_str().into()),
            ("Type".into(), metadata.chart_type.as_str().into()),
            ("Version".into(), metadata.version.as_str().into()),
        ]),
    )
}

fn maintainer(maintainer: &Maintainer) -> Value {
    Value::map([
        ("Name".into(), maintainer.name.as_str().into()),
        ("Email".into(), maintainer.email.as_str().into()),
        ("URL".into(), maintainer.url.as_str().into()),
    ])
}

fn dependency(dependency: &Dependency) -> Value {
    let tags = dependency
        .tags
        .iter()
        .map(|tag| tag.as_str().into())
        .collect();
    let imports = dependency.import_values.iter().map(Frozen::thaw).collect();
    Value::map([
        ("Name".into(), dependency.name.as_str().into()),
        ("Version".into(), dependency.version.as_str().into()),
        ("Repository".into(), dependency.repository.as_str().into()),
        ("Condition".into(), dependency.condition.as_str().into()),
        ("Tags".into(), Value::list(tags)),
        ("Enabled".into(), Value::Bool(dependency.enabled)),
        ("ImportValues".into(), Value::list(imports)),
        ("Alias".into(), dependency.alias.as_str().into()),
    ])
}

fn receive(receiver: &Value) -> Result<&Map, Fault> {
    receiver
        .as_map()
        .ok_or_else(|| Fault::from("not common.Values"))
}

fn as_map(receiver: &Value, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Map(receive(receiver)?.view_as(&Type::MAP)))
}

/// `YAML() (string, error)`
fn to_yaml(receiver: &Value, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(yaml::encode(receiver)?))
}

/// `Encode(io.Writer) error`: no template can have a writer.
fn encode(_: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let found = arguments
        .first()
        .and_then(Value::go_type)
        .map_or("nil".to_owned(), Type::to_string);
    Err(format!("wrong type for value; expected io.Writer; got {found}").into())
}

/// `Table(name string) (Values, error)`: the table at a dotted path.
fn table(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    find_table(receive(receiver)?, argument(arguments)).map(Value::Map)
}

fn find_table(root: &Map, path: &[u8]) -> Result<Map, Fault> {
    path.split(|byte| *byte == b'.')
        .try_fold(root.clone(), |table, name| step(&table, name))
}

fn step(table: &Map, name: &[u8]) -> Result<Map, Fault> {
    match table.get(name) {
        Some(Value::Map(inner)) => Ok(inner.view_as(&VALUES)),
        _ => Err(format!("{} is not a table", strconv::quote(name)).into()),
    }
}

fn argument(arguments: &[Value]) -> &[u8] {
    arguments
        .first()
        .and_then(Value::as_text)
        .map_or(&b""[..], |text| text)
}

/// `PathValue(path string) (interface{}, error)`: the value, but not the table, at a dotted path.
fn path_value(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let path = argument(arguments);
    if path.is_empty() {
        return Err("YAML path cannot be empty".into());
    }
    let root = receive(receiver)?;
    let (table, name) = match path.iter().rposition(|byte| *byte == b'.') {
        Some(dot) => (find_table(root, &path[..dot]), &path[dot + 1..]),
        None => (Ok(root.clone()), path),
    };
    match table.ok().and_then(|table| table.get(name)) {
        Some(Value::Map(_)) | None => {
            Err(format!("{} is not a value", strconv::quote(name)).into())
        }
        Some(value) => Ok(value),
    }
}
