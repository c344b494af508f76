//! `helm version`: which Helm is stood in for (`internal/version`, Helm 4.2.4).

use std::any::Any;
use std::sync::OnceLock;

use crate::diag::Source;
use crate::go::flag::FlagSet;
use crate::template::{Environment, Functions, Options, Set};
use crate::ui::Terminal;
use crate::value::{Object, Type, Value};
use crate::world::Real;

/// Go's `version.BuildInfo`, of a build without commit.
struct BuildInfo;

const FIELDS: [(&str, &str); 5] = [
    ("Version", "v4.2.4"),
    ("GitCommit", ""),
    ("GitTreeState", ""),
    ("GoVersion", "go1.26.8"),
    ("KubeClientVersion", "v1.36"),
];

impl Object for BuildInfo {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &Type::Struct("version.BuildInfo")
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        FIELDS
            .iter()
            .map(|(name, text)| (*name, Value::string(*text)))
            .collect()
    }
}

/// Prints the version, short, by a template, or as Go's `%#v`.
///
/// # Errors
/// What is wrong with the template.
pub(in crate::cli) fn version(flags: &FlagSet, terminal: &mut Terminal) -> Result<(), String> {
    let template = flags.text("template");
    if !template.is_empty() {
        return execute(template, &Value::object(BuildInfo), terminal);
    }
    if flags.is("short") {
        terminal.print("v4.2.4\n");
        return Ok(());
    }
    let fields: Vec<String> = FIELDS
        .iter()
        .map(|(name, text)| format!("{name}:\"{text}\""))
        .collect();
    terminal.print(&format!("version.BuildInfo{{{}}}\n", fields.join(", ")));
    Ok(())
}

/// Prints what a template of the user makes of `data`.
///
/// # Errors
/// What is wrong with the template.
pub(super) fn execute(template: &str, data: &Value, terminal: &mut Terminal) -> Result<(), String> {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    let functions = FUNCTIONS.get_or_init(|| Functions::new(&[]));
    let options = Options {
        name: "_".into(),
        ..Options::default()
    };
    let mut set = Set::new(functions, options);
    set.parse(
        "_",
        &Source::new("--template", template.as_bytes().to_vec()),
    )
    .map_err(|error| error.to_string())?;
    let world = Real::new();
    let environment = Environment {
        world: &world,
        host: &(),
    };
    set.execute("_", data, &environment, &mut terminal.out)
        .map_err(|error| error.to_string())
}
