//! `helm diff upgrade`, which Helm has by a plugin: under Helmfile's name answered as the plugin does,
//! by what Helm says of the release and by what it would render; under pintle's as `pintle diff` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::environment::Environment;
use super::super::{run, strict};
use crate::go::flag::{Flag, FlagSet, Found, Unknown};
use crate::helmfile::Call;
use crate::helmfile::difference::{Form, Look, Secrets, compare};
use crate::ui::Terminal;

/// What the plugin knows besides what `helm upgrade` does.
const SHOWN: &[Flag] = &[
    Flag::int("context", "").short('C').or("3"),
    Flag::array("suppress", ""),
    Flag::array("suppress-output-line-regex", ""),
    Flag::bool("suppress-secrets", "").short('q'),
    Flag::bool("show-secrets", ""),
    Flag::bool("show-secrets-decoded", ""),
    Flag::bool("detailed-exitcode", ""),
    Flag::bool("allow-unreleased", ""),
    Flag::bool("strip-trailing-cr", ""),
    Flag::bool("include-tests", ""),
    Flag::bool("include-crds", ""),
    Flag::bool("normalize-manifests", ""),
    Flag::bool("three-way-merge", ""),
    Flag::bool("disable-validation", ""),
    Flag::bool("no-color", ""),
    Flag::text("find-renames", "").short('D'),
    Flag::text("kube-version", ""),
    Flag::slice("api-versions", "").short('a'),
    Flag::array("adopt", ""),
];

/// Flags that are handed on to `helm template`, and take a value.
const HANDED_ON: &[&str] = &[
    "version",
    "repo",
    "keyring",
    "ca-file",
    "cert-file",
    "key-file",
    "username",
    "password",
    "kube-version",
    "api-versions",
    "post-renderer",
    "post-renderer-args",
    "set",
    "set-string",
    "set-file",
    "set-json",
    "set-literal",
];

/// Those that take none.
const SWITCHES: &[&str] = &[
    "devel",
    "verify",
    "enable-dns",
    "plain-http",
    "insecure-skip-tls-verify",
    "pass-credentials",
    "skip-schema-validation",
    "disable-openapi-validation",
    "no-hooks",
    "include-crds",
    "dependency-update",
];

/// Where Helm finds a release.
const CONNECTION: &[&str] = &["kubeconfig", "kube-context", "namespace"];

/// Values that a release was given, as a file that is not on disk.
const REUSED: &str = "values of the release before.yaml";

/// The exit code of differences, where that is wanted.
const DIFFERENT: u8 = 2;

/// Makes the environment of a command line, with more files than it came with.
pub(super) type Surround<'a> = &'a dyn Fn(BTreeMap<String, Arc<[u8]>>) -> Environment;

/// Shows what an upgrade would change; gives the exit code.
pub(super) fn answer(call: &Call, surround: Surround<'_>, terminal: &mut Terminal) -> u8 {
    match differ(call, surround, terminal) {
        Ok(code) => code,
        Err(message) => {
            terminal.complain(&format!("Error: {message}\n"));
            if surround(BTreeMap::new()).own().is_none() {
                terminal.complain("Error: plugin \"diff\" exited with error\n");
            }
            1
        }
    }
}

fn differ(call: &Call, surround: Surround<'_>, terminal: &mut Terminal) -> Result<u8, String> {
    let environment = surround(BTreeMap::new());
    let Some(upgrade) = strict::table("upgrade") else {
        return Err("there is no upgrade".to_owned());
    };
    let found = Found {
        path: vec![upgrade],
        words: Vec::new(),
    };
    let mut flags: FlagSet = found.flags(strict::global_flags(&environment));
    environment.set_command_defaults(&mut flags);
    environment.add_own(&mut flags);
    flags.add(SHOWN);
    flags.set_default("output", "text");
    let arguments = flags
        .parse(
            &call.arguments,
            Unknown::Refuse,
            &mut |flag, value| match flag.name {
                "output" => Ok(value.to_owned()),
                _ => strict::check(flag, value, &environment, terminal),
            },
        )
        .map_err(|error| error.to_string())?;
    let arguments = arguments.get(2..).unwrap_or_default();
    let is_own = environment.own().is_some();
    let form = flags.text("output");
    let is_about_lines = !flags.list("suppress-output-line-regex").is_empty()
        || flags.is("strip-trailing-cr")
        || is_own && matches!(form, "diff" | "simple" | "template");
    let is_ours = match form {
        // The fields that differ, not the lines.
        "dyff" => true,
        _ => is_own && !is_about_lines,
    };
    if is_ours {
        if form == "dyff" {
            flags.set("output", "text", &mut |_, value| Ok(value.to_owned()))?;
        }
        return run::diff::diff(&flags, arguments, &environment, terminal)
            .map_err(|error| error.to_string());
    }
    as_plugin(&flags, (arguments, call.paints), surround, terminal)
}

/// A command line of Helm's, and what it printed.
///
/// # Errors
/// What it complained of.
fn helm(words: &[String], environment: &Environment) -> Result<String, String> {
    let mut terminal = Terminal::collecting();
    let code = strict::run(words, environment, &mut terminal);
    let (stdout, stderr) = terminal.take();
    match code {
        0 => Ok(String::from_utf8_lossy(&stdout).into_owned()),
        _ => Err(String::from_utf8_lossy(&stderr).trim().to_owned()),
    }
}

/// The words of flags that were given.
fn handed_on(flags: &FlagSet, names: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for name in names.iter().filter(|name| flags.changed(name)) {
        let values = match flags.list(name) {
            [] => vec![flags.text(name).to_owned()],
            values => values.to_vec(),
        };
        let values = values.into_iter().map(|value| format!("--{name}={value}"));
        words.extend(values);
    }
    words
}

fn as_plugin(
    flags: &FlagSet,
    (arguments, paints): (&[String], bool),
    surround: Surround<'_>,
    terminal: &mut Terminal,
) -> Result<u8, String> {
    let [name, chart, ..] = arguments else {
        return Err("2 arguments required: the release and the chart".to_owned());
    };
    let look = look(flags, paints, &surround(BTreeMap::new()))?;
    let connection = handed_on(flags, CONNECTION);
    let ask = |words: &[&str]| {
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        words.extend(connection.iter().cloned());
        let bare = |error: String| error.strip_prefix("Error: ").unwrap_or(&error).to_owned();
        helm(&words, &surround(BTreeMap::new())).map_err(bare)
    };
    let (is_there, mut old) = match ask(&["get", "manifest", name]) {
        Ok(manifest) => (true, manifest),
        Err(error) if error.contains("release: not found") && flags.is("allow-unreleased") => {
            (false, String::new())
        }
        Err(error) => return Err(error),
    };
    if is_there && !flags.is("no-hooks") {
        old.push('\n');
        old.push_str(&ask(&["get", "hooks", name])?);
    }
    let is_own = surround(BTreeMap::new()).own().is_some();
    if !is_there && !is_own && flags.is("reuse-values") && !flags.is("reset-values") {
        // The plugin asks for values all the same, and does not say what it was told.
        return Err("Failed to render chart: exit status 1".to_owned());
    }
    let mut words = vec!["template".to_owned(), name.clone(), chart.clone()];
    words.extend(connection.iter().cloned());
    let mut files = BTreeMap::new();
    let gives_none = [
        "set",
        "set-string",
        "set-file",
        "set-json",
        "set-literal",
        "values",
    ]
    .iter()
    .all(|name| flags.list(name).is_empty());
    let reuses = flags.is("reuse-values") || flags.is("reset-then-reuse-values") || gives_none;
    if is_there && reuses && !flags.is("reset-values") {
        let all = match flags.is("reset-then-reuse-values") || !flags.is("reuse-values") {
            true => ask(&["get", "values", name, "--output", "yaml"])?,
            false => ask(&["get", "values", name, "--output", "yaml", "--all"])?,
        };
        files.insert(REUSED.to_owned(), Arc::from(all.into_bytes()));
        words.push(format!("--values={REUSED}"));
    }
    let given = flags.list("values").iter();
    words.extend(given.map(|file| format!("--values={file}")));
    words.extend(handed_on(flags, HANDED_ON));
    let switches = SWITCHES.iter().filter(|switch| flags.is(switch));
    words.extend(switches.map(|switch| format!("--{switch}")));
    if is_there {
        words.push("--is-upgrade".to_owned());
    }
    if !flags.is("disable-validation") {
        words.push("--dry-run=server".to_owned());
    }
    let new = helm(&words, &surround(files))
        .map_err(|error| format!("Failed to render chart: exit status 1: {error}"))?;
    if !is_there {
        terminal.complain("********************\n\n\tRelease was not present in Helm.  Diff will show entire contents as new.\n\n********************\n");
    }
    let shown = compare(&old, &new, &look)?;
    for warning in &shown.warnings {
        terminal.complain(warning);
    }
    terminal.print(&shown.text);
    Ok(match shown.differs && flags.is("detailed-exitcode") {
        true => {
            terminal.complain("identified at least one change, exiting with non-zero exit code (detailed-exitcode parameter enabled)\nError: plugin \"diff\" exited with error\n");
            DIFFERENT
        }
        false => 0,
    })
}

fn look(flags: &FlagSet, paints: bool, environment: &Environment) -> Result<Look, String> {
    let variable = |name: &str| environment.get(name);
    let form = match flags.text("output") {
        "text" => Form::named(&variable("HELM_DIFF_OUTPUT")),
        name => Form::named(name),
    };
    let number = match flags.text("find-renames") {
        "" => 0.0,
        text => text.parse().map_err(|_| {
            format!("invalid argument {text:?} for \"-D, --find-renames\" flag: strconv.ParseFloat: parsing {text:?}: invalid syntax")
        })?,
    };
    let context = match flags.changed("context") {
        true => usize::try_from(flags.int("context")).ok(),
        false => variable("HELM_DIFF_OUTPUT_CONTEXT").parse().ok(),
    };
    let mut suppress = flags.list("suppress").to_vec();
    if flags.is("suppress-secrets") {
        suppress.push("Secret".to_owned());
    }
    Ok(Look {
        namespace: environment.namespace(flags),
        form: form.unwrap_or_default(),
        context,
        suppress,
        suppress_lines: flags.list("suppress-output-line-regex").to_vec(),
        secrets: if flags.is("show-secrets-decoded") {
            Secrets::Decoded
        } else if flags.is("show-secrets") {
            Secrets::Shown
        } else {
            Secrets::Masked
        },
        include_tests: flags.is("include-tests"),
        strip_trailing_cr: flags.is("strip-trailing-cr"),
        normalize: flags.is("normalize-manifests")
            || variable("HELM_DIFF_NORMALIZE_MANIFESTS") == "true",
        find_renames: number,
        painted: !flags.is("no-color") && (paints || variable("HELM_DIFF_COLOR") == "true"),
    })
}
