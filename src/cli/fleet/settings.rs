//! Flags and variables of Helmfile's as what is meant (`pkg/config/global.go`).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::super::environment::Environment;
use crate::diag::Level;
use crate::go::flag::FlagSet;
use crate::go::{os, path, strconv};
use crate::helmfile::remote::{Address, Remote};
use crate::helmfile::secret::{Registry, Resolver};
use crate::helmfile::{Entries, Failure, Host, Options, Outside, Programs, set, set_strings};
use crate::net::{self, Client};
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

/// What templates may do. What they are told of secrets becomes known to `secrets`.
pub(super) fn outside(flags: &FlagSet, environment: &Environment, secrets: &Registry) -> Outside {
    let world: Arc<dyn World> = Arc::new(Real::new());
    let refused = flags.has("no-exec") && flags.is("no-exec");
    let resolver = Resolver::new(Arc::clone(&world), refused, secrets.clone());
    Outside {
        secrets: Arc::new(with_cluster(resolver, environment)),
        world,
        programs: match refused {
            true => Programs::Refused,
            false => Programs::default(),
        },
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
fn cache_folder(environment: &Environment) -> String {
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

/// Fetches what is behind addresses, once.
pub(super) struct Fetcher {
    home: String,
    is_refused: bool,
}

impl Fetcher {
    pub(super) fn of(environment: &Environment) -> Fetcher {
        let refused = environment.get("HELMFILE_DISABLE_INSECURE_FEATURES");
        Fetcher {
            home: cache_folder(environment),
            is_refused: strconv::parse_bool(refused).unwrap_or_default(),
        }
    }
}

impl Remote for Fetcher {
    fn fetch(&self, text: &str, kind: &str) -> Result<String, String> {
        let address =
            Address::parse(text).ok_or_else(|| format!("parse url: {text} is no address"))?;
        if self.is_refused {
            return Err(
                "remote sources are disabled due to 'HELMFILE_DISABLE_INSECURE_FEATURES'"
                    .to_owned(),
            );
        }
        let folder = path::join(&[&self.home, &address.folder(kind)]);
        let file = path::join(&[&folder, &address.file]);
        if Path::new(&folder).is_file() {
            return Err(format!(
                "{folder} is not a directory. Please remove it so that helmfile can use it for dependency caching"
            ));
        }
        let is_plain = address.getter == "normal";
        let is_there = match is_plain {
            true => Path::new(&file).exists(),
            false => Path::new(&folder).is_dir(),
        };
        if is_there && address.is_kept() {
            return Ok(file);
        }
        match (address.getter.as_str(), address.scheme.as_str()) {
            ("normal", "http" | "https") => {
                let client = Client::new(net::Options::default());
                let bytes = client.get(text).map_err(|error| error.to_string())?;
                os::mkdir_all(&folder)?;
                fs::write(&file, bytes).map_err(|error| os::path_error("open", &file, &error))?;
            }
            ("git", _) => clone(&address, &folder)?,
            (getter, scheme) => {
                return Err(format!("{text}: {getter} {scheme} is not fetched yet"));
            }
        }
        Ok(file)
    }
}

/// Fetches a repository by git into a folder of its own.
fn clone(address: &Address, folder: &str) -> Result<(), String> {
    use crate::fetch::git::Reference;

    let user = match address.user.as_str() {
        "" => String::new(),
        user => format!("{user}@"),
    };
    let dir = address.dir.trim_start_matches('/');
    let query = match address.sent_query().as_str() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let text = format!(
        "git::{}://{user}{}/{dir}{query}",
        address.scheme, address.host
    );
    let reference = Reference::parse(&text).map_err(|error| error.to_string())?;
    let store = path::join(&[&path::dir(folder), ".store"]);
    let found = reference
        .fetch(&store)
        .map_err(|error| format!("get: {error}"))?;
    if Path::new(folder).is_dir() {
        fs::remove_dir_all(folder).map_err(|error| os::path_error("remove", folder, &error))?;
    }
    copy(Path::new(&found), Path::new(folder))
        .map_err(|error| os::path_error("open", folder, &error))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => {
                fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}
