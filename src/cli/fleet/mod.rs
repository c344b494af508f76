//! Helmfile's command line (`cmd/`, Helmfile 1.7.4): the words of `helmfile`, and what `pintle fleet`
//! does with the same flags.

#[cfg(feature = "kube")]
mod cluster;
mod command;
mod crew;
mod deploy;
mod desk;
mod difference;
mod flag;
mod host;
mod remote;
mod settings;
mod target;
mod version;

use self::host::Screen;
use super::environment::Environment;
use super::run::amazon;
use super::run::source::is_own;
use crate::diag::{Error, Frame, Kind, Source, Span};
use crate::go::flag::{FlagSet, Found, Unknown, find};
use crate::go::strconv;
use crate::helmfile::secret::Registry;
use crate::helmfile::{
    Build, Charts, Create, Failure, Fetch, Fleet, Host as _, Lint, List, Listing, Needs, PrintEnv,
    Template, UnitTest, WriteValues, create,
};
use crate::net;
use crate::ui::{Terminal, report};

use self::flag::GLOBAL;

/// The exit code of what was interrupted, as shells have it.
const INTERRUPTED: u8 = 130;

/// What is said where there is no cluster.
const UNREACHABLE: &str = "kubernetes cluster unreachable";

/// Usage errors end with the code that stands for nothing found, too.
const USAGE: u8 = 3;

/// Whose words are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Front {
    /// Helmfile's.
    Strict,
    /// pintle's, who has a few more flags and says what to do.
    Own,
}

/// Runs what was typed behind `helmfile`; returns the exit code.
pub(super) fn run(words: &[String], environment: &Environment, terminal: &mut Terminal) -> u8 {
    match execute(words, Front::Strict, environment, terminal) {
        Ok(code) => code,
        Err(failure) => {
            terminal.complain(&format!("{failure}\n"));
            failure.code
        }
    }
}

/// Commands on state files that `pintle` has without `fleet` in front.
pub(super) const SHARED: [(&str, &str); 6] = [
    (
        "sync",
        "Bring all releases of state files to where they are to be",
    ),
    ("destroy", "Remove the releases of state files"),
    (
        "build",
        "Print the state files of many releases as they are meant",
    ),
    (
        "write-values",
        "Write the values of the releases of state files",
    ),
    ("show-dag", "Show which releases of state files need which"),
    (
        "deps",
        "Bring dependencies and lock files of state files up to date",
    ),
];

/// Whether `pintle apply ...` is about state files: plans are named, and so are pages.
pub(super) fn is_apply(words: &[String]) -> bool {
    let is_about_plans =
        |word: &String| word.starts_with("--plan") || matches!(word.as_str(), "-h" | "--help");
    !words.iter().any(is_about_plans)
}

/// Runs what was typed behind `pintle fleet`, or behind `pintle` for commands that only state files
/// have; returns the exit code.
pub(super) fn run_own(words: &[String], environment: &Environment, terminal: &mut Terminal) -> u8 {
    match execute(words, Front::Own, environment, terminal) {
        Ok(code) => code,
        Err(mut failure) => {
            if failure.code == USAGE && failure.is_usage {
                // The code stands for nothing found, and for that alone.
                failure.code = 1;
            }
            let style = match terminal.is_colored() {
                true => report::Style::Colored,
                false => report::Style::Plain,
            };
            let error = Error::new(Kind::Usage, failure.message.clone());
            let error = match failure.spot {
                Some(spot) => {
                    let span = Span {
                        start: spot.start,
                        end: spot.end,
                    };
                    let name = to_here(&spot.file);
                    error.with_frame(Frame {
                        template: String::new(),
                        source: Source::new(name, spot.text),
                        span,
                    })
                }
                None => error,
            };
            let error = match &failure.hint {
                Some(hint) => error.with_hint(hint.as_str()),
                None => error,
            };
            terminal.complain(&report::error(&error, style));
            failure.code
        }
    }
}

fn usage(message: String) -> Failure {
    Failure {
        code: USAGE,
        is_usage: true,
        ..Failure::from(message)
    }
}

fn execute(
    words: &[String],
    front: Front,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Failure> {
    let mut inherited = FlagSet::new();
    inherited.add(GLOBAL);
    if front == Front::Own {
        inherited.add(flag::OWN);
        inherited.add(amazon::FLAGS);
    }
    let found = find(&command::ROOT, words).map_err(usage)?;
    let mut flags = found.flags(inherited);
    let last = found.path.last().map_or("", |command| command.name());
    if front == Front::Own && matches!(last, "print-env" | "write-values") {
        flags.add(flag::ORIGINS);
    }
    found.add_help(&mut flags);
    if found.path.len() == 1 {
        flags.add(flag::VERSION);
    }
    let unknown = match found.path.len() {
        1 => Unknown::Skip,
        _ => Unknown::Refuse,
    };
    let arguments = flags
        .parse(&found.words, unknown, &mut |_, value| Ok(value.to_owned()))
        .map_err(|error| usage(error.to_string()))?;
    if flags.has("version") && flags.is("version") {
        terminal.print(&format!("helmfile version v{}\n", crate::helmfile::VERSION));
        return Ok(0);
    }
    if flags.is("help") || !found.command().runnable {
        let help = found.help(&flags);
        terminal.print(&help);
        return Ok(0);
    }
    if front == Front::Own {
        // Helmfile starts at the folder of whatever state file it works on.
        for name in ["values", "state-values-file", "output-dir"] {
            flags.rewrite(name, from_here);
        }
        flags.rewrite("target", |target| match target.strip_prefix("dir:") {
            Some(path) if !path.is_empty() => format!("dir:{}", from_here(path)),
            _ => target.to_owned(),
        });
    }
    if front == Front::Own && flags.is("offline") {
        net::go_offline();
    }
    let name = found.full_name();
    let name = name.strip_prefix("helmfile ").unwrap_or_default();
    if name == "help" {
        help(&arguments, terminal);
        return Ok(0);
    }
    perform(name, &flags, &arguments, environment, terminal)
}

/// A path that starts where the user is.
fn from_here(path: &str) -> String {
    match path.is_empty() || path == "-" || path.contains("://") || path.starts_with('/') {
        true => path.to_owned(),
        false => std::path::absolute(path)
            .map(|found| found.to_string_lossy().into_owned())
            .unwrap_or_else(|_| path.to_owned()),
    }
}

/// A path as it is called where the user is.
fn to_here(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = std::path::Path::new(path).strip_prefix(here);
    short.map_or_else(
        |_| path.to_owned(),
        |short| short.to_string_lossy().into_owned(),
    )
}

/// `helmfile help [command]`
fn help(arguments: &[String], terminal: &mut Terminal) {
    let mut inherited = FlagSet::new();
    inherited.add(GLOBAL);
    match find(&command::ROOT, arguments) {
        Ok(found) => {
            let mut flags = found.flags(inherited);
            found.add_help(&mut flags);
            let help = found.help(&flags);
            terminal.print(&help);
        }
        Err(_) => {
            let root = Found {
                path: vec![&command::ROOT],
                words: Vec::new(),
            };
            terminal.complain(&format!(
                "Unknown help topic [`{}`]\n{}",
                arguments.join("` `"),
                root.usage(&inherited)
            ));
        }
    }
}

/// Runs a command that was found.
fn perform(
    name: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Failure> {
    if name == "version" {
        version::print(flags, environment, terminal)?;
        return Ok(0);
    }
    if settings::is_colorless(flags, environment) && flags.is("color") {
        let message = "--color and --no-color cannot be specified at the same time";
        return Err(usage(message.to_owned()));
    }
    let mut screen = Screen::new(flags, environment, terminal);
    match name {
        "create" => {
            let folder = match (flags.text("output-dir"), arguments.first()) {
                ("", Some(name)) => name.clone(),
                ("", None) => ".".to_owned(),
                (folder, _) => folder.to_owned(),
            };
            let force = flags.is("force");
            create(&Create { folder, force }, &screen)?;
            return Ok(0);
        }
        "cache info" | "cache cleanup" => {
            settings::cache(name == "cache cleanup", environment, &screen)?;
            return Ok(0);
        }
        "init" => {
            // There is nothing to install: all that Helmfile wants of Helm is here.
            return Ok(0);
        }
        _ => {}
    }
    let options = settings::options(name, flags, environment).map_err(Failure::from)?;
    if name == "print-env" && !matches!(flags.text("output"), "yaml" | "json") {
        let output = strconv::quote(flags.text("output"));
        let message = format!("invalid output format {output}: must be 'yaml' or 'json'");
        return Err(usage(message));
    }
    let remote = remote::Fetcher::of(environment);
    let secrets = Registry::of_run();
    let is_own = is_own(flags);
    if is_own {
        screen.hide(&secrets);
        screen.own(flags, &secrets);
    }
    if matches!(name, "sync" | "apply" | "destroy" | "test") {
        screen.catch_signals();
    }
    let outside = settings::outside(flags, environment, &secrets).map_err(usage)?;
    let fleet = Fleet::new(&options, &screen, &remote, outside);
    let mut code = 0;
    let result = match name {
        "sync" => fleet
            .sync(&deploy::sync(flags, environment))
            .map(|done| code = done),
        "destroy" => fleet.destroy(&deploy::destroy(flags, environment)),
        "diff" => fleet.diff(&deploy::diff(flags, environment)),
        "apply" => fleet
            .apply(
                &deploy::sync(flags, environment),
                &deploy::diff(flags, environment),
            )
            .map(|done| code = done),
        "status" => fleet.status(deploy::concurrency(flags)),
        "test" => fleet.test(&deploy::test(flags)),
        "template" => fleet.template(&template(flags)),
        "lint" => fleet.lint(&Lint {
            set: flags.list("set").to_vec(),
            values: flags.list("values").to_vec(),
            needs: needs(flags),
        }),
        "build" => fleet.build(&Build {
            embed_values: flags.is("embed-values"),
        }),
        "list" => fleet.list(&List {
            listing: match flags.text("output") {
                "json" => Listing::Json,
                _ => Listing::Table,
            },
            skip_charts: flags.is("skip-charts"),
        }),
        "show-dag" => fleet.show_dag(),
        "print-env" => fleet.print_env(&PrintEnv {
            output: flags.text("output").to_owned(),
        }),
        "write-values" => fleet.write_values(&WriteValues {
            set: match is_own {
                true => flags.list("set").to_vec(),
                false => Vec::new(),
            },
            values: flags.list("values").to_vec(),
            output_file_template: flags.text("output-file-template").to_owned(),
        }),
        "repos" => fleet.repos(),
        "deps" => fleet.deps(&Charts {
            skip_repos: flags.is("skip-repos"),
        }),
        "fetch" => fleet.fetch(&Fetch {
            output_dir: flags.text("output-dir").to_owned(),
            output_dir_template: flags.text("output-dir-template").to_owned(),
            write_output: flags.is("write-output"),
        }),
        "unittest" => fleet.unittest(&UnitTest {
            set: flags.list("set").to_vec(),
            values: flags.list("values").to_vec(),
            needs: needs(flags),
            fail_fast: flags.is("fail-fast"),
            paints: flags.is("color"),
            debugs: flags.is("debug-plugin"),
        }),
        "doctor" => fleet.doctor(
            &deploy::doctor(flags, environment),
            deploy::names_model(flags, environment),
        ),
        // All commands of the table stand above.
        _ => Ok(()),
    };
    match result {
        Ok(()) => Ok(code),
        Err(mut failure) => {
            if failure.is_no_match() && flags.is("allow-no-matching-release") {
                failure.code = 0;
            }
            if name == "apply" && failure.message.starts_with("no state file found") {
                let hint = "`pintle apply --plan FILE` carries out what `pintle plan` wrote.";
                failure.hint = Some(hint.to_owned());
            }
            if is_own && failure.hint.is_none() && failure.message.contains(UNREACHABLE) {
                let hint =
                    "Where there is no cluster, `--target dir:PATH` writes the objects to files.";
                failure.hint = Some(hint.to_owned());
            }
            if screen.is_called_off() {
                failure.code = INTERRUPTED;
            }
            if is_own {
                failure.message = secrets.mask(&failure.message).into_owned();
                failure.hint = failure.hint.map(|hint| secrets.mask(&hint).into_owned());
                // A place in what is not to be seen is not shown.
                let spot = failure.spot.take();
                failure.spot = spot.filter(|spot| secrets.mask(&spot.text) == spot.text.as_str());
            }
            Err(failure)
        }
    }
}

fn template(flags: &FlagSet) -> Template {
    let text = |name: &str| flags.text(name).to_owned();
    let list = |name: &str| flags.list(name).to_vec();
    Template {
        set: list("set"),
        values: list("values"),
        output_dir: text("output-dir"),
        output_dir_template: text("output-dir-template"),
        include_crds: flags.is("include-crds"),
        no_hooks: flags.is("no-hooks"),
        skip_tests: flags.is("skip-tests"),
        validate: flags.is("validate"),
        needs: needs(flags),
        kube_version: text("kube-version"),
        show_only: list("show-only"),
        post_renderer: text("post-renderer"),
        post_renderer_args: list("post-renderer-args"),
        skip_schema_validation: flags.is("skip-schema-validation"),
        template_args: text("template-args"),
    }
}

fn needs(flags: &FlagSet) -> Needs {
    Needs {
        skip: flags.is("skip-needs"),
        include: flags.is("include-needs"),
        include_transitive: flags.is("include-transitive-needs"),
        enforce_installed: flags.has("enforce-needs-are-installed")
            && flags.is("enforce-needs-are-installed"),
        only_direct: is_own(flags),
    }
}
