//! Plugins as commands of Helm's command line (`pkg/cmd/load_plugins.go`, Helm 4.2.4).

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::super::environment::Environment;
use super::super::run;
use super::command;
use crate::diag::{Level, Notice};
use crate::go::flag::{Command, FlagSet, Found, Unknown};
use crate::go::{os, strconv};
use crate::plugin::{Config, Plugin};
use crate::ui::Terminal;

/// Global flags that are taken from a plugin's arguments, wherever they stand.
const TAKEN: &[&str] = &[
    "--kube-context",
    "--namespace",
    "-n",
    "--kubeconfig",
    "--kube-apiserver",
    "--kube-token",
    "--kube-as-user",
    "--kube-as-group",
    "--kube-ca-file",
    "--registry-config",
    "--repository-cache",
    "--repository-config",
    "--kube-insecure-skip-tls-verify",
    "--kube-tls-server-name",
];

/// Looks for plugins that are commands.
pub(super) fn load(environment: &Environment, terminal: &Terminal) {
    let mut plugins = Vec::new();
    if environment.get("HELM_NO_PLUGINS") != "1" {
        match run::plugin::find_all("cli/v1", environment, terminal) {
            Ok(found) => plugins = found,
            Err(error) => terminal
                .log(&[Notice::new(Level::Error, "failed to load plugins").with("error", error)]),
        }
    }
    let mut names: Vec<&str> = command::ROOT
        .commands
        .iter()
        .map(Command::name)
        .filter(|name| *name != "help")
        .collect();
    let mut count = 0;
    for plugin in &plugins {
        let name = usage(plugin).split(' ').next().unwrap_or_default();
        if names.contains(&name) {
            const CONFLICT: &str = "failed to load plugins: name conflicts";
            terminal.log(&[Notice::new(Level::Error, CONFLICT).with("name", name)]);
            break;
        }
        names.push(name);
        count += 1;
    }
    plugins.truncate(count);
    let _ = environment.commands.set(plugins);
}

fn usage(plugin: &Plugin) -> &str {
    match &plugin.metadata.config {
        Config::Cli { usage, .. } if !usage.is_empty() => usage,
        _ => &plugin.metadata.name,
    }
}

/// All commands: Helm's own, and plugins.
pub(super) fn root(environment: &Environment) -> &'static Command {
    static ROOT: OnceLock<Command> = OnceLock::new();
    let plugins = environment.commands.get().map_or(&[][..], Vec::as_slice);
    if plugins.is_empty() {
        return &command::ROOT;
    }
    ROOT.get_or_init(|| {
        let mut commands = command::ROOT.commands.to_vec();
        // Cobra sorts what is there when another plugin is added, but for the last one.
        for plugin in plugins {
            commands.sort_by_key(Command::name);
            commands.push(describe(plugin));
        }
        let mut root = command::ROOT;
        // Tables are static, and a run has one.
        root.commands = commands.leak();
        root
    })
}

fn describe(plugin: &Plugin) -> Command {
    let keep = |text: &str| -> &'static str { text.to_owned().leak() };
    let (short, long) = match &plugin.metadata.config {
        Config::Cli { short, long, .. } => (short.clone(), long.as_str()),
        _ => (String::new(), ""),
    };
    let short = match short.as_str() {
        "" => format!("the {} plugin", strconv::quote(&plugin.metadata.name)),
        _ => short,
    };
    Command::new(keep(usage(plugin)), short.leak(), keep(long))
}

/// The plugin that a command is.
pub(super) fn plugin<'e>(found: &Found, environment: &'e Environment) -> Option<&'e Plugin> {
    let name = match &found.path[..] {
        [_, command, ..] => command.usage,
        _ => return None,
    };
    let mut plugins = environment.commands.get()?.iter();
    plugins.find(|plugin| usage(plugin) == name)
}

/// Runs a plugin with the words behind it; gives the exit code.
pub(super) fn run(
    plugin: &Plugin,
    words: &[String],
    mut flags: FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, String> {
    let (own, others) = divide(words);
    flags
        .parse(&own, Unknown::Refuse, &mut |_, value| Ok(value.to_owned()))
        .map_err(|error| error.to_string())?;
    let host = environment.host(&flags);
    let done = match terminal.is_collecting() {
        true => {
            let files = Written::of(environment)?;
            let (written, done) = plugin.run_apart(&host, &others);
            drop(files);
            terminal.out.extend_from_slice(&written.stdout);
            terminal.complain(&String::from_utf8_lossy(&written.stderr));
            done
        }
        false => {
            let _ = terminal.flush();
            plugin.run(&host, &others)
        }
    };
    let Err(failure) = done else {
        return Ok(0);
    };
    terminal.complain(&format!("Error: {}\n", failure.error));
    // As the system does, which keeps the last byte.
    Ok(failure.code.map_or(1, |code| code.to_le_bytes()[0]))
}

/// Files of a state's command line, on disk as long as a program reads them.
struct Written(Vec<PathBuf>);

impl Written {
    /// Writes them where they are said to be.
    ///
    /// # Errors
    /// A file that cannot be written, or is there already.
    fn of(environment: &Environment) -> Result<Written, String> {
        let mut written = Written(Vec::new());
        for (name, text) in environment.given_files() {
            let failed = |error: std::io::Error| os::path_error("open", &name, &error);
            let path = PathBuf::from(&name);
            if let Some(folder) = path.parent() {
                os::mkdir_all(&folder.to_string_lossy())?;
            }
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            // Secrets are in it.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path).map_err(failed)?;
            written.0.push(path);
            file.write_all(&text).map_err(failed)?;
        }
        Ok(written)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.0 {
            // Nobody can be told, and a folder that still has other files stays.
            let _ = fs::remove_file(path);
            let _ = path.parent().map(fs::remove_dir);
        }
    }
}

/// Helm's own flags, and what the plugin gets.
fn divide(words: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut own, mut others) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if TAKEN.contains(&word.as_str()) {
            own.push(word.clone());
            own.extend(words.next().cloned());
            continue;
        }
        let name = word.split_once('=').map(|(name, _)| name);
        if word == "--debug" || name.is_some_and(|name| TAKEN.contains(&name)) {
            own.push(word.clone());
        } else {
            others.push(word.clone());
        }
    }
    (own, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Helm 4.2.4.
    #[test]
    fn helms_flags_are_taken_from_a_plugins_words() {
        for (words, own, others) in [
            ("a --b -n x", "-n x", "a --b"),
            ("--debug=true --debug", "--debug", "--debug=true"),
            ("--namespace=x -nx", "--namespace=x", "-nx"),
            ("-- -n", "-n", "--"),
            ("--qps 1 -h --kubeconfig k", "--kubeconfig k", "--qps 1 -h"),
        ] {
            let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(divide(&list(words)), (list(own), list(others)), "{words}");
        }
    }
}
