//! Candidates that the command line does not know itself: repositories, charts, versions, and what
//! a cluster knows.

use std::fs;
use std::io::ErrorKind;

use super::super::super::environment::Environment;
use super::super::super::kubeconfig;
use super::super::super::run::names::{self, Named};
use super::super::super::run::{self, cluster};
use super::super::command;
use super::HELP;
use crate::backend::Backend;
use crate::diag::Error;
use crate::fetch::index::Version;
use crate::fetch::repository::index_path;
use crate::fetch::{Index, Repositories};
use crate::go::flag::FlagSet;
use crate::go::flag::complete::{Answer, Directive, described, help_topics};
use crate::go::path;
use crate::go::time::{self, Zone};
use crate::ui::Terminal;

/// `time.RFC3339`
const LAYOUT: &[u8] = b"2006-01-02T15:04:05Z07:00";

/// What a run knows.
pub(super) struct Known<'a> {
    /// `helm repo add`
    pub(super) command: String,
    pub(super) flags: &'a FlagSet,
    pub(super) environment: &'a Environment,
    pub(super) terminal: &'a mut Terminal,
}

/// No candidate, and no names of files.
fn nothing() -> Answer {
    Answer::new(Vec::new(), Directive::NO_FILES)
}

/// Whatever the shell does itself, which is names of files.
fn files() -> Answer {
    Answer::default()
}

/// That there is nothing left to type (`noMoreArgsComp`).
fn no_more() -> Answer {
    let message =
        format!("{HELP}This command does not take any more arguments (but may accept flags).");
    Answer::new(vec![message], Directive::NO_FILES)
}

fn fixed(candidates: &[&str]) -> Answer {
    let candidates = candidates.iter().map(|one| (*one).to_owned()).collect();
    Answer::new(candidates, Directive::NO_FILES)
}

impl Known<'_> {
    /// Values of a flag.
    pub(super) fn value(&mut self, flag: &str, arguments: &[String]) -> Answer {
        let command = self.command.strip_prefix("helm ").unwrap_or_default();
        match (flag, command) {
            ("color" | "colour", _) => fixed(&["never", "auto", "always"]),
            ("kube-context", _) => self.contexts(),
            ("namespace", _) => {
                self.ask(Directive::DEFAULT, |backend, _| names::namespaces(backend))
            }
            ("output", _) => fixed(&[
                "json\tOutput result in JSON format",
                "table\tOutput result in human-readable format",
                "yaml\tOutput result in YAML format",
            ]),
            ("type", "docs") => fixed(&["bash", "man", "markdown"]),
            ("version", "install" | "template") if self.flags.is("generate-name") => {
                self.versions(arguments, 1)
            }
            ("version", "install" | "template" | "upgrade") => self.versions(arguments, 2),
            ("version", name) if name == "pull" || name.starts_with("show ") => {
                self.versions(arguments, 1)
            }
            ("revision", name) if name == "status" || name.starts_with("get ") => match arguments {
                [release] => self.revisions(release),
                _ => nothing(),
            },
            _ => files(),
        }
    }

    /// Words of a command; nothing where its own words are all there is.
    pub(super) fn word(&mut self, arguments: &[String], part: &str) -> Option<Answer> {
        let command = self.command.strip_prefix("helm ").unwrap_or_default();
        let count = arguments.len();
        Some(match (command, count) {
            ("help", _) => help_topics(&command::ROOT, arguments, part),
            ("create" | "verify" | "repo index" | "plugin install", 0) => files(),
            ("env", 0) => {
                let names = self.environment.variables(self.flags).into_keys();
                let names = names.map(str::to_owned).collect();
                Answer::new(names, Directive::NO_FILES)
            }
            ("pull", 0) => self.charts(part, Files::Left),
            ("show all" | "show chart" | "show crds" | "show readme" | "show values", 0)
            | ("upgrade", 1) => self.charts(part, Files::Offered),
            ("install" | "template", _) => {
                let wanted = usize::from(!self.flags.is("generate-name"));
                match count == wanted {
                    true => self.charts(part, Files::Offered),
                    false => nothing(),
                }
            }
            ("push", 0) => files(),
            ("push", 1) => Answer::new(
                vec!["oci://".to_owned()],
                Directive::NO_FILES.and(Directive::NO_SPACE),
            ),
            ("repo remove" | "repo update", _) => {
                let mut repositories = self.repositories();
                repositories.retain(|(name, _)| !arguments.contains(name));
                Answer::new(described_all(repositories), Directive::NO_FILES)
            }
            ("plugin uninstall" | "plugin update", _) => {
                let mut plugins = run::plugin::described(self.environment);
                plugins.retain(|(name, _)| !arguments.contains(name));
                Answer::new(described_all(plugins), Directive::NO_FILES)
            }
            ("uninstall", _)
            | ("rollback" | "status" | "history" | "test" | "upgrade", 0)
            | (
                "get all" | "get hooks" | "get manifest" | "get metadata" | "get notes"
                | "get values",
                0,
            ) => self.releases(arguments),
            ("rollback", 1) => self.revisions(&arguments[0]),
            ("pull" | "registry login" | "registry logout", _) | ("repo add", 0 | 1) => nothing(),
            (
                "create"
                | "verify"
                | "env"
                | "repo add"
                | "repo index"
                | "repo list"
                | "list"
                | "plugin install"
                | "plugin list"
                | "push"
                | "docs"
                | "version"
                | "completion bash"
                | "completion zsh"
                | "completion fish"
                | "completion powershell"
                | "rollback"
                | "status"
                | "history"
                | "test"
                | "upgrade"
                | "get all"
                | "get hooks"
                | "get manifest"
                | "get metadata"
                | "get notes"
                | "get values"
                | "show all"
                | "show chart"
                | "show crds"
                | "show readme"
                | "show values",
                _,
            ) => no_more(),
            _ => return None,
        })
    }

    /// The repositories that were added, with their addresses (`compListRepos`).
    fn repositories(&self) -> Vec<(String, String)> {
        let file = self.flags.text("repository-config");
        let repositories = Repositories::load(file).unwrap_or_default();
        let entries = repositories.entries.into_iter();
        entries.map(|entry| (entry.name, entry.url)).collect()
    }

    /// Charts, or what leads to them (`compListCharts`).
    fn charts(&mut self, part: &str, files: Files) -> Answer {
        let mut candidates = Vec::new();
        let mut no_space = false;
        for (name, url) in self.repositories() {
            let prefix = format!("{name}/");
            if part.starts_with(&prefix) {
                // Shells that match anywhere in a name see all of them.
                candidates.extend(self.charts_of(&name));
                no_space = false;
                break;
            }
            if name.starts_with(part) {
                candidates.push(described(&prefix, &url));
                no_space = true;
            }
        }
        for prefix in [
            "oci://\tChart OCI prefix",
            "https://\tChart URL prefix",
            "http://\tChart URL prefix",
            "file://\tChart local URL prefix",
        ] {
            if prefix.starts_with(part) {
                candidates.push(prefix.to_owned());
                no_space = true;
            }
        }
        let mut directive = Directive::DEFAULT;
        match files {
            Files::Left => directive = Directive::NO_FILES,
            Files::Offered if part.is_empty() => candidates.extend([
                "./\tRelative path prefix to local chart".to_owned(),
                "/\tAbsolute path prefix to local chart".to_owned(),
            ]),
            // Without candidates shells look for files themselves.
            Files::Offered if !candidates.is_empty() => candidates.extend(files_here(part)),
            Files::Offered => {}
        }
        if no_space {
            directive = directive.and(Directive::NO_SPACE);
        }
        Answer::new(candidates, directive)
    }

    /// The charts of a repository, from the list beside its index, or from that
    /// (`compListChartsOfRepo`).
    fn charts_of(&mut self, repository: &str) -> Vec<String> {
        let cache = self.flags.text("repository-cache").to_owned();
        let list = path::join(&[&cache, &format!("{repository}-charts.txt")]);
        let full = |name: &str| format!("{repository}/{name}");
        match fs::read_to_string(&list) {
            Ok(names) => names.lines().map(full).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let index = self.index(repository);
                let names = index.iter().flat_map(|index| index.entries.keys());
                names.map(|name| full(name)).collect()
            }
            Err(_) => Vec::new(),
        }
    }

    fn index(&mut self, repository: &str) -> Option<Index> {
        let path = index_path(self.flags.text("repository-cache"), repository);
        let mut notices = Vec::new();
        let index = Index::load(&path, &mut notices);
        self.terminal.log(&notices);
        index.ok()
    }

    /// The versions of the chart that is the last of so many words (`compVersionFlag`).
    fn versions(&mut self, arguments: &[String], count: usize) -> Answer {
        let chart = arguments.get(count.wrapping_sub(1));
        let Some(chart) = chart.filter(|_| arguments.len() == count) else {
            return nothing();
        };
        let Some((repository, name)) = chart
            .split_once('/')
            .filter(|(_, name)| !name.contains('/'))
        else {
            return nothing();
        };
        let index = self.index(repository);
        let versions = index.as_ref().and_then(|index| index.entries.get(name));
        let versions = versions.into_iter().flatten().map(version).collect();
        Answer::new(versions, Directive::NO_FILES)
    }

    /// The releases that are not among the words (`compListReleases`). Without a cluster Helm leaves
    /// it to the shell.
    fn releases(&self, words: &[String]) -> Answer {
        self.ask(Directive::DEFAULT, |backend, namespace| {
            let mut found = names::releases(backend, namespace)?;
            found.retain(|(name, _)| !words.contains(name));
            Ok(found)
        })
    }

    /// The revisions of a release (`compListRevisions`). Without a cluster Helm tells the shell that
    /// it failed.
    fn revisions(&self, release: &str) -> Answer {
        self.ask(Directive::ERROR, |backend, namespace| {
            names::revisions(backend, namespace, release)
        })
    }

    /// What the cluster says; where it says nothing, what the shell is to do then.
    fn ask(
        &self,
        otherwise: Directive,
        question: impl FnOnce(&dyn Backend, &str) -> Result<Named, Error>,
    ) -> Answer {
        let namespace = self.environment.namespace(self.flags);
        let found = cluster::connect(self.flags, self.environment)
            .and_then(|backend| question(&*backend, &namespace));
        match found {
            Ok(found) => Answer::new(named(found), Directive::NO_FILES),
            Err(_) => Answer::new(Vec::new(), otherwise),
        }
    }

    /// The contexts of the kubeconfig, with their clusters.
    fn contexts(&self) -> Answer {
        let files = self.environment.kubeconfig(self.flags);
        let contexts = kubeconfig::clusters_by_context(&files);
        Answer::new(
            described_all(contexts.into_iter().collect()),
            Directive::NO_FILES,
        )
    }
}

/// Whether names of files are offered, too.
#[derive(Clone, Copy)]
enum Files {
    Offered,
    Left,
}

/// Names in this folder that begin with `part`, in order.
fn files_here(part: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(".") else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name.starts_with(part))
        .collect();
    names.sort();
    names
}

/// As they are, with or without words.
fn named(candidates: Named) -> Vec<String> {
    let candidates = candidates.into_iter();
    candidates
        .map(|(name, about)| match about.is_empty() {
            true => name,
            false => described(&name, &about),
        })
        .collect()
}

fn described_all(candidates: Vec<(String, String)>) -> Vec<String> {
    let candidates = candidates.iter();
    candidates
        .map(|(word, description)| described(word, description))
        .collect()
}

fn version(version: &Version) -> String {
    let metadata = &version.metadata;
    let mut about = String::new();
    if !metadata.app_version.is_empty() {
        about.push_str(&format!("App: {}, ", metadata.app_version));
    }
    // What was never said is Go's beginning of time.
    let created = match version.created.as_str() {
        "" => "0001-01-01T00:00:00Z",
        created => created,
    };
    let created = time::parse(LAYOUT, created.as_bytes(), &Zone::Utc)
        .map(|created| created.format(b"January 2, 2006"))
        .unwrap_or_default();
    about.push_str(&format!("Created: {} ", String::from_utf8_lossy(&created)));
    if metadata.deprecated {
        about.push_str("(deprecated)");
    }
    described(&metadata.version, &about)
}
