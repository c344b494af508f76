//! Names that completion offers: repositories that were added, their charts, starters, plugins,
//! contexts, variables, and what a cluster knows. Nothing is fetched, and what cannot be read offers
//! nothing.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter as _};

use super::super::environment::Environment;
use super::super::kubeconfig;
use super::super::run::cluster;
use super::super::run::names::{self, Named};
use super::page::Live;
use crate::action::create::starter;
use crate::backend::Backend;
use crate::diag::Error;
use crate::fetch::repository::index_path;
use crate::fetch::{Catalog, Repositories};
use crate::go::flag::FlagSet;

/// How long a shell waits for a cluster.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where names are looked for. It is read before completion begins, for clap's completers outlive
/// the environment.
pub(super) struct Known {
    repository_config: String,
    repository_cache: String,
    starters: String,
    plugins: String,
    kubeconfig: kubeconfig::Files,
    variables: Vec<&'static str>,
    /// The cluster, of which nothing was asked yet.
    backend: Option<Arc<dyn Backend>>,
    namespace: String,
    /// Words in front of the one that is completed.
    words: Vec<String>,
}

impl Known {
    /// What a command line says so far, where its command has such `flags` and `words`.
    pub(super) fn of(flags: &FlagSet, words: Vec<String>, environment: &Environment) -> Known {
        let backend = cluster::connect(flags, environment).ok();
        Known {
            repository_config: flags.text("repository-config").to_owned(),
            repository_cache: flags.text("repository-cache").to_owned(),
            starters: environment.data_path("starters"),
            plugins: environment.plugins(),
            kubeconfig: environment.kubeconfig(flags),
            variables: environment.variables(flags).into_keys().collect(),
            backend: backend.map(Arc::from),
            namespace: environment.namespace(flags),
            words,
        }
    }

    fn repositories(&self) -> Vec<(String, String)> {
        let all = Repositories::load(&self.repository_config).unwrap_or_default();
        let entries = all.entries.into_iter();
        entries.map(|entry| (entry.name, entry.url)).collect()
    }

    /// The charts of a repository, with their descriptions.
    fn charts(&self, repository: &str) -> Vec<(String, String)> {
        let path = index_path(&self.repository_cache, repository);
        let catalog = Catalog::open(&path, &mut Vec::new());
        let Ok(charts) = catalog.and_then(Catalog::into_entries) else {
            return Vec::new();
        };
        charts
            .iter()
            .map(|(name, versions)| {
                let newest = versions.first();
                let about = newest.map_or("", |version| &version.metadata.description);
                (format!("{repository}/{name}"), about.to_owned())
            })
            .collect()
    }

    /// The folders of plugins, which have their names.
    fn plugins(&self) -> Vec<(String, String)> {
        let folders = std::env::split_paths(&self.plugins);
        let entries = folders
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flatten()
            .filter_map(Result::ok);
        let plugins = entries.filter(|entry| entry.path().join("plugin.yaml").exists());
        let mut names: Vec<String> = plugins
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
            .into_iter()
            .map(|name| (name, String::new()))
            .collect()
    }

    /// What the cluster says, where it says it soon.
    fn ask(
        &self,
        question: impl FnOnce(&dyn Backend, &str) -> Result<Named, Error> + Send + 'static,
    ) -> Named {
        let Some(backend) = self.backend.clone() else {
            return Named::new();
        };
        let namespace = self.namespace.clone();
        let (said, hear) = mpsc::channel();
        std::thread::spawn(move || {
            // Nobody listens any more where it took too long.
            let _ = said.send(question(&*backend, &namespace));
        });
        let heard = hear.recv_timeout(PATIENCE);
        heard.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Releases that were not named before.
    fn releases(&self) -> Named {
        let mut found = self.ask(names::releases);
        found.retain(|(name, _)| !self.words.contains(name));
        found
    }

    /// The revisions of the release that is named first.
    fn revisions(&self) -> Named {
        let Some(release) = self.words.first().cloned() else {
            return Named::new();
        };
        let mut found =
            self.ask(move |backend, namespace| names::revisions(backend, namespace, &release));
        found.sort_by_key(|(revision, _)| revision.parse::<i64>().unwrap_or_default());
        found
    }

    /// The starters that come with pintle, and the user's.
    fn starters(&self) -> Vec<(String, String)> {
        let own = std::fs::read_dir(&self.starters).into_iter().flatten();
        let own = own
            .filter_map(|entry| Some((entry.ok()?.file_name().into_string().ok()?, String::new())));
        let ours = starter::names()
            .filter_map(starter::find)
            .map(|starter| (starter.name.to_owned(), starter.about.to_owned()));
        let mut all: Vec<_> = own.collect();
        all.sort();
        all.extend(ours);
        all
    }
}

/// What completes `part`.
pub(super) fn candidates(live: Live, known: &Known, part: &OsStr) -> Vec<CompletionCandidate> {
    let Some(text) = part.to_str() else {
        return Vec::new();
    };
    let named = match live {
        Live::Repository => known.repositories(),
        Live::Chart => return charts(known, part, text),
        Live::Starter => known.starters(),
        Live::Plugin => known.plugins(),
        Live::Release => known.releases(),
        Live::Revision => known.revisions(),
        Live::Namespace => known.ask(|backend, _| names::namespaces(backend)),
        Live::Context => {
            let contexts = kubeconfig::clusters_by_context(&known.kubeconfig);
            contexts.into_iter().collect()
        }
        Live::Variable => {
            let names = known.variables.iter();
            names
                .map(|name| ((*name).to_owned(), String::new()))
                .collect()
        }
        Live::Nothing | Live::File | Live::Folder => Vec::new(),
    };
    offer(named, text)
}

/// Charts of the repository in front of the slash, or repositories; and paths.
fn charts(known: &Known, part: &OsStr, text: &str) -> Vec<CompletionCandidate> {
    let mut found = match text.split_once('/') {
        Some((repository, _)) => offer(known.charts(repository), text),
        None => {
            let repositories = known.repositories().into_iter();
            let with_slash = repositories.map(|(name, url)| (format!("{name}/"), url));
            offer(with_slash.collect(), text)
        }
    };
    if found.is_empty() || Path::new(text).exists() {
        found.extend(PathCompleter::any().complete(part));
    }
    found
}

fn offer(named: Vec<(String, String)>, part: &str) -> Vec<CompletionCandidate> {
    let fitting = named.into_iter().filter(|(name, _)| name.starts_with(part));
    fitting
        .map(|(name, about)| {
            let line = about.lines().next().unwrap_or_default().to_owned();
            let help = (!line.is_empty()).then(|| line.into());
            CompletionCandidate::new(name).help(help)
        })
        .collect()
}
