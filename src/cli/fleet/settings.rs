//! Flags and variables of Helmfile's as what is meant (`pkg/config/global.go`).

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::environment::{Environment, Errand};
use super::super::strict;
use crate::diag::{Error, Kind, Level};
use crate::go::flag::FlagSet;
use crate::go::{os, path, strconv, time};
use crate::helmfile::secret::{Plugin, Registry, Resolver};
use crate::helmfile::{Entries, Failure, Host, Options, Outside, Programs, set, set_strings};
use crate::ui::Terminal;
use crate::world::{Real, World};

/// Whether output is not to be painted.
pub(super) fn is_colorless(flags: &FlagSet, environment: &Environment) -> bool {
    if flags.is("no-color") {
        return true;
    }
    !flags.is("color")
        && (environment.get("HELMFILE_NO_COLOR") == "true"
            || !environment.get("NO_COLOR").is_empty())
}

/// Whether the user is asked before clusters are changed.
pub(super) fn is_interactive(flags: &FlagSet, environment: &Environment) -> bool {
    flags.is("interactive") || environment.get("HELMFILE_INTERACTIVE") == "true"
}

/// The least that is logged.
pub(super) fn level(flags: &FlagSet, environment: &Environment) -> Level {
    let is_on = |flag: &str, variable: &str| flags.is(flag) || environment.get(variable) == "true";
    if is_on("debug", "HELMFILE_DEBUG") {
        return Level::Debug;
    }
    if is_on("quiet", "HELMFILE_QUIET") {
        return Level::Warn;
    }
    match first(flags, "log-level", environment, "HELMFILE_LOG_LEVEL").as_str() {
        "debug" => Level::Debug,
        "warn" => Level::Warn,
        "error" | "dpanic" | "panic" | "fatal" => Level::Error,
        _ => Level::Info,
    }
}

/// A flag, or the variable that stands for it.
fn first(flags: &FlagSet, flag: &str, environment: &Environment, variable: &str) -> String {
    match flags.text(flag) {
        "" => environment.get(variable),
        text => text.to_owned(),
    }
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() {
        default.to_owned()
    } else {
        text
    }
}

/// What a command is run for.
///
/// # Errors
/// Values on the command line that cannot be read.
pub(super) fn options(
    command: &str,
    flags: &FlagSet,
    environment: &Environment,
) -> Result<Options, String> {
    let either = |flag: &str, variable: &str| first(flags, flag, environment, variable);
    let text = |name: &str| flags.text(name).to_owned();
    let is_set = |name: &str| strconv::parse_bool(environment.get(name)).unwrap_or_default();
    let mut overrides = Entries::new();
    for argument in flags.list("state-values-set-string") {
        set_strings(&mut overrides, argument)?;
    }
    for argument in flags.list("state-values-set") {
        set(&mut overrides, argument)?;
    }
    let experimental = environment.get("HELMFILE_EXPERIMENTAL");
    let mut args = match flags.has("args") {
        true => text("args"),
        false => String::new(),
    };
    if flags.is("debug") || environment.get("HELMFILE_DEBUG") == "true" {
        args.push_str(" --debug");
    }
    let is_explicit = experimental == "true"
        || experimental
            .split(',')
            .any(|name| name == "explicit-selector-inheritance");
    Ok(Options {
        file: either("file", "HELMFILE_FILE_PATH"),
        environment: or(either("environment", "HELMFILE_ENVIRONMENT"), "default"),
        values_files: flags.list("state-values-file").to_vec(),
        overrides,
        selectors: flags.list("selector").to_vec(),
        namespace: either("namespace", "HELMFILE_NAMESPACE"),
        chart: text("chart"),
        kube_context: either("kube-context", "HELMFILE_KUBE_CONTEXT"),
        target: match flags.changed("target") {
            true => text("target"),
            false => String::new(),
        },
        kubeconfig: text("kubeconfig"),
        helm_binary: or(either("helm-binary", "HELMFILE_HELM_BINARY"), "helm"),
        kustomize_binary: or(
            either("kustomize-binary", "HELMFILE_KUSTOMIZE_BINARY"),
            "kustomize",
        ),
        skip_deps: flags.is("skip-deps"),
        skip_refresh: flags.is("skip-refresh"),
        args,
        sequential: flags.is("sequential-helmfiles") || command == "fetch",
        explicit_selectors: is_explicit,
        render_yaml: environment.get("HELMFILE_RENDER_YAML") == "true",
        render_templates: super::super::run::source::is_own(flags),
        own: super::super::run::source::is_own(flags),
        shows_values: !flags.is("strip-args-values-on-exit-error"),
        origins: flags.has("origins") && flags.is("origins"),
        plain_http: flags.is("oci-plain-http"),
        no_hooks: is_set("HELMFILE_DISABLE_HOOKS"),
        temporary: std::env::temp_dir().to_string_lossy().into_owned(),
        values_folder: environment.get("HELMFILE_TEMPDIR"),
        path: environment.get("PATH"),
        concurrency: usize::try_from(flags.int("concurrency")).unwrap_or(0),
        program: std::env::current_exe()
            .map(|program| program.to_string_lossy().into_owned())
            .unwrap_or_default(),
    })
}

/// Helm's plugin `secrets`, for files that sops did not encrypt.
struct HelmSecrets;

impl Plugin for HelmSecrets {
    fn decrypt(&self, path: &Path) -> Option<Result<Vec<u8>, Error>> {
        let path = path.to_string_lossy().into_owned();
        let words = ["secrets".to_owned(), "decrypt".to_owned(), path];
        let environment = Environment::of_errand("helm".to_owned(), Errand::default());
        let mut terminal = Terminal::collecting();
        let code = strict::run(&words, &environment, &mut terminal);
        let (stdout, stderr) = terminal.take();
        let said = String::from_utf8_lossy(&stderr).trim().to_owned();
        if code == 0 {
            return Some(Ok(stdout));
        }
        if said.contains("unknown command \"secrets\"") {
            return None;
        }
        let said = said.strip_prefix("Error: ").unwrap_or(&said);
        Some(Err(Error::new(
            Kind::Values,
            format!("helm secrets: {said}"),
        )))
    }
}

/// What templates may do. What they are told of secrets becomes known to `secrets`.
///
/// # Errors
/// A limit that is no duration.
pub(super) fn outside(
    flags: &FlagSet,
    environment: &Environment,
    secrets: &Registry,
) -> Result<Outside, String> {
    let world: Arc<dyn World> = Arc::new(Real::new());
    let refused = flags.has("no-exec") && flags.is("no-exec");
    let resolver = Resolver::new(Arc::clone(&world), refused, secrets.clone())
        .with_plugin(Arc::new(HelmSecrets));
    let limit = match flags.has("exec-timeout") {
        true => Some(duration(flags.text("exec-timeout"))?),
        false => None,
    };
    Ok(Outside {
        secrets: Arc::new(with_cluster(resolver, environment)),
        world,
        programs: match (refused, limit) {
            (true, _) => Programs::Refused,
            (false, Some(limit)) => Programs::Within(limit),
            (false, None) => Programs::default(),
        },
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = time::Duration::parse(text)
        .map_err(|error| format!("invalid argument {text:?} for --exec-timeout: {error}"))?;
    match u64::try_from(parsed.0) {
        Ok(nanoseconds) if nanoseconds > 0 => Ok(Duration::from_nanos(nanoseconds)),
        _ => Err(format!(
            "invalid argument {text:?} for --exec-timeout: it has to be longer than nothing"
        )),
    }
}

#[cfg(feature = "kube")]
fn with_cluster(resolver: Resolver, environment: &Environment) -> Resolver {
    resolver.with_cluster(Arc::new(super::cluster::Clusters::new(environment)))
}

#[cfg(not(feature = "kube"))]
fn with_cluster(resolver: Resolver, _environment: &Environment) -> Resolver {
    resolver
}

/// Where things from elsewhere are kept.
pub(super) fn cache_folder(environment: &Environment) -> String {
    let own = environment.get("HELMFILE_CACHE_HOME");
    if !own.is_empty() {
        return own;
    }
    match (environment.get("XDG_CACHE_HOME"), environment.get("HOME")) {
        (folder, _) if !folder.is_empty() => path::join(&[&folder, "helmfile"]),
        (_, home) if !home.is_empty() => path::join(&[&home, ".cache/helmfile"]),
        _ => ".helmfile".to_owned(),
    }
}

/// `cache info` and `cache cleanup`
///
/// # Errors
/// Folders that cannot be read or removed.
pub(super) fn cache(
    cleans: bool,
    environment: &Environment,
    screen: &dyn Host,
) -> Result<(), Failure> {
    let folder = cache_folder(environment);
    let print = |text: String| screen.print(text.as_bytes());
    let is_there = Path::new(&folder).is_dir();
    if !cleans {
        print(format!("Cache directory: {folder}\n"));
    }
    if !is_there {
        return Ok(());
    }
    if cleans {
        print(format!("Cleaning up cache directory: {folder}\n"));
    }
    let failed =
        |path: &str, error: &std::io::Error| Failure::from(os::path_error("open", path, error));
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, &error))? {
        let entry = entry.map_err(|error| failed(&folder, &error))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    for name in names {
        print(format!("- {name}\n"));
        if cleans {
            let path = path::join(&[&folder, &name]);
            let removed = match Path::new(&path).is_dir() {
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            removed.map_err(|error| failed(&path, &error))?;
        }
    }
    Ok(())
}
