//! Programs that state files and releases run around what is done to them (`pkg/event/bus.go`).

use super::data::Data;
use super::load::State;
use super::process::Run;
use super::state::Record;
use super::template::{release, structure};
use super::{Failure, Fleet};
use crate::value::{Map, Text, Type, Value};

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'a> {
    /// `prepare`, `cleanup`, ...
    pub(super) name: &'a str,
    /// What failed before.
    pub(super) error: Option<&'a str>,
    /// What Helmfile was asked to do.
    pub(super) command: &'a str,
}

impl Fleet<'_> {
    /// Runs the hooks of a state.
    ///
    /// # Errors
    /// The hook that failed.
    pub(super) fn state_hooks(&self, state: &State, event: Event<'_>) -> Result<(), String> {
        let hooks = state.record.records("hooks");
        self.hooks(state, &hooks, event, Vec::new)
    }

    /// Runs the hooks of a release.
    ///
    /// # Errors
    /// The hook that failed.
    pub(super) fn release_hooks(
        &self,
        state: &State,
        of: &Record,
        event: Event<'_>,
    ) -> Result<(), String> {
        let hooks = of.records("hooks");
        self.hooks(state, &hooks, event, || {
            vec![("Values", state.live_values()), ("Release", release(of))]
        })
    }

    fn hooks(
        &self,
        state: &State,
        hooks: &[Record],
        event: Event<'_>,
        more: impl Fn() -> Vec<(&'static str, Value)>,
    ) -> Result<(), String> {
        if hooks.is_empty() {
            return Ok(());
        }
        if self.options.no_hooks {
            return Err("HELMFILE_DISABLE_HOOKS is active, hooks are disabled".to_owned());
        }
        for hook in hooks {
            if hook.texts("events").iter().any(|name| name == event.name) {
                self.hook(state, hook, event, &more)?;
            }
        }
        Ok(())
    }

    fn hook(
        &self,
        state: &State,
        hook: &Record,
        event: Event<'_>,
        more: &impl Fn() -> Vec<(&'static str, Value)>,
    ) -> Result<(), String> {
        let mut command = hook.text("command").to_owned();
        let mut arguments = hook.texts("args");
        let kubectl = hook.map("kubectlApply");
        let name = match (hook.text("name"), kubectl) {
            ("", Some(_)) => "kubectlApply".to_owned(),
            ("", None) => command.clone(),
            (name, _) => name.to_owned(),
        };
        if let Some(kubectl) = kubectl {
            if !command.is_empty() {
                self.warn(&format!(
                    "warn: ignoring command '{command}' given within a kubectlApply hook"
                ));
            }
            command = "kubectl".to_owned();
            let value = |key: &str| {
                let value = kubectl.get(key.as_bytes()).and_then(Data::as_text);
                value.map(ToString::to_string)
            };
            arguments = match (value("filename"), value("kustomize")) {
                (Some(_), Some(_)) => {
                    return Err(format!(
                        "hook[{name}]: kustomize & filename cannot be used together"
                    ));
                }
                (Some(file), None) => vec!["apply".to_owned(), "-f".to_owned(), file],
                (None, Some(folder)) => vec!["apply".to_owned(), "-k".to_owned(), folder],
                (None, None) => {
                    return Err(format!(
                        "hook[{name}]: either kustomize or filename must be given"
                    ));
                }
            };
        }
        let data = context(state, event, more());
        let render = |text: &str| {
            self.renderer
                .text(text, &state.base, &data)
                .map_err(|error| format!("hook[{name}]: {error}"))
        };
        let program = render(&command)?;
        let arguments = arguments.iter().map(|text| render(text));
        let run = Run {
            program: program.clone(),
            arguments: arguments.collect::<Result<_, _>>()?,
            folder: state.base.clone(),
            path: self.options.path.clone(),
            ..Run::default()
        };
        let (output, failed) = match run.run() {
            Ok(output) => (output, None),
            Err((output, message)) => (output, Some(message)),
        };
        if hook.is("showlogs") {
            let prefix = format!("\nhook[{}] logs | ", event.name);
            let text = String::from_utf8_lossy(&output.stdout).replace('\n', &prefix);
            self.info(&format!("{prefix}{text}"));
        }
        match failed {
            None => Ok(()),
            Some(message) => Err(format!(
                "hook[{name}]: command `{program}` failed: {message}"
            )),
        }
    }
}

/// What templates of hooks see.
fn context(state: &State, event: Event<'_>, more: Vec<(&'static str, Value)>) -> Value {
    static EVENT: Type = Type::Struct("event.event");
    let seen = structure(
        &EVENT,
        vec![
            ("Name", Value::string(event.name)),
            ("Error", event.error.map_or(Value::Nil, Value::from)),
        ],
    );
    let mut entries: Vec<(Text, Value)> = vec![
        (Text::from("Environment"), state.live_environment()),
        (
            Text::from("Namespace"),
            Value::string(state.record.text("namespace")),
        ),
        (Text::from("Event"), seen),
        (Text::from("HelmfileCommand"), Value::string(event.command)),
    ];
    entries.extend(
        more.into_iter()
            .map(|(name, value)| (Text::from(name), value)),
    );
    Value::Map(Map::new(&Type::MAP, entries.into_iter().collect()))
}

/// The first failure of a run, for the hooks that clean up after it.
pub(super) fn first(failures: &[Failure]) -> Option<&str> {
    failures.first().map(|failure| failure.message.as_str())
}
