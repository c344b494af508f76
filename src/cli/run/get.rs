//! Commands that read releases: `list`, `history`, `status`, `get ...`.

use serde_json::{Map, Value, json};

use super::super::environment::Environment;
use super::cluster;
use super::source::format;
use crate::action::repo::Format;
use crate::action::{get, list};
use crate::backend::{Backend, Form};
use crate::chart::values;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::json as go_json;
use crate::go::table::Table;
use crate::go::time::Time;
use crate::release::{ApplyMethod, Colors, Release, Report, Status};
use crate::render::manifest::write_document;
use crate::ui::Terminal;
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// Go's `time.RFC3339Nano`, in which JSON has times.
const STAMP: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// `helm list`
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn list(
    flags: &FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let backend = cluster::connect(flags, environment)?;
    let states = [
        ("deployed", [Status::Deployed].as_slice()),
        ("uninstalled", &[Status::Uninstalled]),
        ("uninstalling", &[Status::Uninstalling]),
        (
            "pending",
            &[
                Status::PendingInstall,
                Status::PendingRollback,
                Status::PendingUpgrade,
            ],
        ),
        ("failed", &[Status::Failed]),
        ("superseded", &[Status::Superseded]),
    ];
    let number = |name: &str| flags.text(name).parse().unwrap_or_default();
    let options = list::Options {
        namespace: match flags.is("all-namespaces") {
            true => String::new(),
            false => environment.namespace(flags),
        },
        states: states
            .into_iter()
            .filter(|(flag, _)| flags.is(flag))
            .flat_map(|(_, states)| states.iter().copied())
            .collect(),
        filter: flags.text("filter").to_owned(),
        selector: flags.text("selector").to_owned(),
        by_date: flags.is("date"),
        reverse: flags.is("reverse"),
        limit: number("max"),
        offset: number("offset"),
    };
    let releases = list::run(&options, backend.as_ref())?;
    let format = format(flags);
    if flags.is("short") {
        let names = releases.iter().map(|release| release.name.as_str());
        match format {
            Format::Table => names.for_each(|name| terminal.print(&format!("{name}\n"))),
            format => print(&names.collect(), format, terminal)?,
        }
        return Ok(());
    }
    let layout = match flags.text("time-format") {
        "" => "2006-01-02 15:04:05.999999999 -0700 MST",
        given => given,
    };
    let updated = |release: &Release| match &release.info.last_deployed {
        time if time.is_zero() => "-".to_owned(),
        time => text(time.format(layout.as_bytes())),
    };
    if format != Format::Table {
        let rows = releases.iter().map(|release| {
            json!({
                "name": release.name,
                "namespace": release.namespace,
                "revision": release.revision.to_string(),
                "updated": updated(release),
                "status": release.info.status.as_str(),
                "chart": chart_name(release),
                "app_version": release.chart.metadata.app_version,
            })
        });
        return print(&rows.collect(), format, terminal);
    }
    let colors = colors(terminal);
    let mut table = Table::new(0);
    if !flags.is("no-headers") {
        table.add(
            [
                "NAME",
                "NAMESPACE",
                "REVISION",
                "UPDATED",
                "STATUS",
                "CHART",
                "APP VERSION",
            ]
            .map(|name| colors.header(name)),
        );
    }
    for release in &releases {
        table.add([
            release.name.clone(),
            colors.namespace(&release.namespace),
            release.revision.to_string(),
            updated(release),
            colors.status(release.info.status),
            chart_name(release),
            release.chart.metadata.app_version.clone(),
        ]);
    }
    terminal.print(&table.render());
    Ok(())
}

/// `helm history RELEASE`
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn history(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let backend = cluster::connect(flags, environment)?;
    let namespace = environment.namespace(flags);
    let mut revisions = get::revisions(name(arguments), backend.as_ref(), &namespace)?;
    let most = flags.text("max").parse::<usize>().unwrap_or_default();
    revisions.drain(..revisions.len().saturating_sub(most));
    let format = format(flags);
    if format != Format::Table {
        let rows = revisions.iter().map(|release| {
            let mut row = Map::new();
            row.insert("revision".to_owned(), Value::from(release.revision));
            let time = &release.info.last_deployed;
            if !time.is_zero() {
                row.insert("updated".to_owned(), Value::from(text(time.format(STAMP))));
            }
            for (key, value) in [
                ("status", release.info.status.as_str()),
                ("chart", &chart_name(release)),
                ("app_version", &release.chart.metadata.app_version),
                ("description", &release.info.description),
            ] {
                row.insert(key.to_owned(), Value::from(value));
            }
            Value::Object(row)
        });
        return print(&rows.collect(), format, terminal);
    }
    let mut table = Table::new(0);
    table.add([
        "REVISION",
        "UPDATED",
        "STATUS",
        "CHART",
        "APP VERSION",
        "DESCRIPTION",
    ]);
    for release in &revisions {
        let time: &Time = &release.info.last_deployed;
        table.add([
            release.revision.to_string(),
            text(time.format(b"Mon Jan _2 15:04:05 2006")),
            release.info.status.as_str().to_owned(),
            chart_name(release),
            release.chart.metadata.app_version.clone(),
            release.info.description.clone(),
        ]);
    }
    terminal.print(&table.render());
    Ok(())
}

/// `helm status RELEASE`
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn status(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let backend = cluster::connect(flags, environment)?;
    let release = find(flags, arguments, environment, backend.as_ref())?;
    let format = format(flags);
    let form = match format {
        Format::Table => Form::Table,
        _ => Form::Object,
    };
    let resources = get::resources(&release, backend.as_ref(), form)?;
    if format == Format::Table {
        let report = Report {
            colors: colors(terminal),
            ..Report::default()
        };
        return report.write_with(&release, &resources, &mut terminal.out);
    }
    let record = release
        .to_json()
        .map_err(|error| Error::new(Kind::Values, error))?;
    let mut record: Value = serde_json::from_slice(&record)
        .map_err(|error| Error::new(Kind::Values, error.to_string()))?;
    if let Some(record) = record.as_object_mut() {
        record.shift_remove("chart");
        if let Some(info) = record.get_mut("info").and_then(Value::as_object_mut)
            && !resources.is_empty()
        {
            let mut resources = json!(resources);
            sort_keys(&mut resources);
            info.insert("resources".to_owned(), resources);
        }
    }
    print(&record, format, terminal)
}

/// `helm get all|hooks|manifest|metadata|notes|values RELEASE`; `what` is the word.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn get(
    what: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let backend = cluster::connect(flags, environment)?;
    let release = find(flags, arguments, environment, backend.as_ref())?;
    match what {
        "manifest" => {
            terminal.out.extend_from_slice(&release.manifest);
            terminal.out.push(b'\n');
        }
        "hooks" => {
            for hook in &release.hooks {
                write_document(&mut terminal.out, &hook.path, &hook.manifest);
            }
        }
        "notes" if release.info.notes.is_empty() => {}
        "notes" => {
            for part in [b"NOTES:\n", release.info.notes.as_slice(), b"\n"] {
                terminal.out.extend_from_slice(part);
            }
        }
        "values" => return values(&release, flags, terminal),
        "metadata" => return metadata(&release, format(flags), terminal),
        _ => match flags.text("template") {
            "" => {
                let report = Report {
                    debug: true,
                    chart: true,
                    is_stored: true,
                    colors: colors(terminal),
                    ..Report::default()
                };
                report.write(&release, &mut terminal.out)?;
            }
            template => {
                let release = Frozen::Map(release_members(&release)?.into());
                let data: FrozenMap = [("Release".into(), release)].into();
                let data = Frozen::Map(data.into()).thaw();
                super::version::execute(template, &data, terminal)
                    .map_err(|error| Error::new(Kind::Template, error))?;
            }
        },
    }
    Ok(())
}

fn find(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    backend: &dyn Backend,
) -> Result<Release, Error> {
    let revision = flags.text("revision").parse().unwrap_or_default();
    let namespace = environment.namespace(flags);
    get::release(name(arguments), revision, backend, &namespace)
}

fn values(release: &Release, flags: &FlagSet, terminal: &mut Terminal) -> Result<(), Error> {
    let (title, values) = match flags.is("all") {
        true => (
            "COMPUTED VALUES:\n",
            values::coalesce(&release.chart, &release.config, &mut Vec::new())?,
        ),
        false => ("USER-SUPPLIED VALUES:\n", release.config.clone()),
    };
    // Go's map is nil where the user set nothing.
    let values = match values.is_empty() && !flags.is("all") {
        true => Frozen::Null,
        false => Frozen::Map(values.into()),
    };
    let format = format(flags);
    if format == Format::Table {
        terminal.print(title);
    }
    print_frozen(&values, format, terminal)
}

fn metadata(release: &Release, format: Format, terminal: &mut Terminal) -> Result<(), Error> {
    let chart = &release.chart.metadata;
    let deployed = text(
        release
            .info
            .last_deployed
            .format(b"2006-01-02T15:04:05Z07:00"),
    );
    let mut labels = release.labels.clone();
    labels.sort();
    let annotations = chart.annotations.iter().flatten();
    if format == Format::Table {
        let pairs = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pairs.join(",")
        };
        let mut dependencies: Vec<&str> = chart
            .dependencies
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        dependencies.sort_unstable();
        let rows = [
            ("NAME", release.name.clone()),
            ("CHART", chart.name.clone()),
            ("VERSION", chart.version.clone()),
            ("APP_VERSION", chart.app_version.clone()),
            ("ANNOTATIONS", pairs(&mut annotations.into_iter())),
            (
                "LABELS",
                pairs(&mut labels.iter().map(|(name, value)| (name, value))),
            ),
            ("DEPENDENCIES", dependencies.join(",")),
            ("NAMESPACE", release.namespace.clone()),
            ("REVISION", release.revision.to_string()),
            ("STATUS", release.info.status.as_str().to_owned()),
            ("DEPLOYED_AT", deployed),
            (
                "APPLY_METHOD",
                match release.apply_method {
                    ApplyMethod::Server => "server-side apply",
                    ApplyMethod::Client => "client-side apply",
                    ApplyMethod::Unknown => "client-side apply (defaulted)",
                }
                .to_owned(),
            ),
        ];
        for (name, value) in rows {
            terminal.print(&format!("{name}: {value}\n"));
        }
        return Ok(());
    }
    let mut members = Map::new();
    let mut add = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    add("name", release.name.clone().into());
    add("chart", chart.name.clone().into());
    add("version", chart.version.clone().into());
    add("appVersion", chart.app_version.clone().into());
    let annotations: Map<String, Value> = annotations
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    if !annotations.is_empty() {
        add("annotations", annotations.into());
    }
    if !labels.is_empty() {
        let labels = labels.into_iter().map(|(name, value)| (name, value.into()));
        add("labels", Value::Object(labels.collect()));
    }
    if !chart.dependencies.is_empty() {
        let record = release
            .to_json()
            .map_err(|error| Error::new(Kind::Values, error))?;
        let record: Value = serde_json::from_slice(&record)
            .map_err(|error| Error::new(Kind::Values, error.to_string()))?;
        add(
            "dependencies",
            record["chart"]["metadata"]["dependencies"].clone(),
        );
    }
    add("namespace", release.namespace.clone().into());
    add("revision", release.revision.into());
    add("status", release.info.status.as_str().into());
    add("deployedAt", deployed.into());
    let method = release.apply_method.as_str();
    if !method.is_empty() {
        add("applyMethod", method.into());
    }
    print(&members.into(), format, terminal)
}

/// What `--template` sees as `.Release`: members by the names of Go's fields.
fn release_members(release: &Release) -> Result<FrozenMap, Error> {
    let record = release
        .to_json()
        .map_err(|error| Error::new(Kind::Values, error))?;
    let record = go_json::decode(&record).map_err(|error| Error::new(Kind::Values, error))?;
    let mut members = match go_names(&record) {
        Frozen::Map(ref map) => FrozenMap::clone(map),
        _ => FrozenMap::new(),
    };
    // Data of the user keeps its names, and a number of the record is whole.
    members.insert("Config".into(), Frozen::Map(release.config.clone().into()));
    members.insert("Version".into(), Frozen::Int(release.revision));
    members
        .entry("Hooks".into())
        .or_insert_with(|| Frozen::List(Vec::new().into()));
    let labels = release.labels.iter();
    let labels: FrozenMap = labels
        .map(|(name, value)| (name.as_str().into(), Frozen::string(value.as_str())))
        .collect();
    members.insert("Labels".into(), Frozen::Map(labels.into()));
    Ok(members)
}

/// Names of JSON members as Go's fields have them: `first_deployed` is `FirstDeployed`.
fn go_names(value: &Frozen) -> Frozen {
    match value {
        Frozen::List(items) => Frozen::List(items.iter().map(go_names).collect::<Vec<_>>().into()),
        Frozen::Map(map) => Frozen::Map(
            map.iter()
                .map(|(name, value)| {
                    let name = name.to_str_lossy();
                    let words = name.split(['_', '-']);
                    let words = words.map(|word| match word {
                        "api" => "API".to_owned(),
                        "url" => "URL".to_owned(),
                        word => match word.chars().next() {
                            Some(first) => {
                                let rest = &word[first.len_utf8()..];
                                first.to_uppercase().collect::<String>() + rest
                            }
                            None => String::new(),
                        },
                    });
                    let name: String = words.collect();
                    (Text::from(name.as_str()), go_names(value))
                })
                .collect::<FrozenMap>()
                .into(),
        ),
        other => other.clone(),
    }
}

fn name(arguments: &[String]) -> &str {
    arguments.first().map_or("", String::as_str)
}

fn chart_name(release: &Release) -> String {
    let chart = &release.chart.metadata;
    match chart.name.as_str() {
        "" => "MISSING".to_owned(),
        name => format!("{name}-{}", chart.version),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn colors(terminal: &Terminal) -> Colors {
    match terminal.paints_output() {
        true => Colors::On,
        false => Colors::Off,
    }
}

/// Prints data as JSON (`output.EncodeJSON`) or YAML (`output.EncodeYAML`).
fn print(value: &Value, format: Format, terminal: &mut Terminal) -> Result<(), Error> {
    let mut json = value.to_string();
    if format == Format::Yaml {
        let value =
            go_json::decode(json.as_bytes()).map_err(|error| Error::new(Kind::Values, error))?;
        return print_frozen(&value, format, terminal);
    }
    for (plain, escaped) in [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        if json.contains(plain) {
            json = json.replace(plain, escaped);
        }
    }
    json.push('\n');
    terminal.print(&json);
    Ok(())
}

fn print_frozen(value: &Frozen, format: Format, terminal: &mut Terminal) -> Result<(), Error> {
    let failed = |error: String| Error::new(Kind::Values, error);
    match format {
        Format::Json => {
            let options = go_json::Options {
                escape_html: true,
                ..go_json::Options::default()
            };
            go_json::encode_frozen(value, &mut terminal.out, options).map_err(failed)?;
            terminal.out.push(b'\n');
        }
        _ => {
            let mut text = yaml::encode_frozen(value).map_err(failed)?;
            terminal.out.append(&mut text);
        }
    }
    Ok(())
}

/// Go writes maps in the order of their keys.
fn sort_keys(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort_keys),
        Value::Object(map) => {
            map.sort_keys();
            map.values_mut().for_each(sort_keys);
        }
        _ => {}
    }
}
