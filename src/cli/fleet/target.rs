//! Where releases go, as states say it, understood; and what is rendered for Amazon ECS.

use std::sync::Arc;

use super::super::run::ecs;
use super::super::run::target::Target as Known;
use crate::backend::ecs::Config;
use crate::diag::Error;
use crate::go::path;
use crate::helmfile::{Answer, Call, Target};
use crate::ui::Terminal;

/// The namespace of releases that name none.
const NAMESPACE: &str = "default";

/// What a release becomes on Amazon ECS, below the folder that was asked for.
const DOCUMENT: &str = "ecs-desired.json";

/// Whether there is such a target.
///
/// # Errors
/// What is wrong with it, and where that stands.
pub(super) fn check(target: &Target) -> Result<(), String> {
    let told = |error: Error| match error.hints().first() {
        Some(hint) => format!("{error}. {hint}"),
        None => error.to_string(),
    };
    Known::parse(&target.name).map_err(told)?;
    config(target).map(drop)
}

/// What holds for Amazon ECS: the parts that a state has, one on top of the other.
///
/// # Errors
/// Members that make no sense.
pub(super) fn config(target: &Target) -> Result<Config, String> {
    let mut config = Config::default();
    for (place, part) in &target.ecs {
        let told = |error: Error| {
            let said = error.to_string();
            format!("{place}: {}", said.strip_prefix("ecs: ").unwrap_or(&said))
        };
        let part = Config::from_json(part.clone()).map_err(told)?;
        config = config.with(&part).map_err(told)?;
    }
    let cluster = target
        .name
        .split_once(':')
        .map_or("", |(_, cluster)| cluster);
    Ok(match target.is_ecs() {
        true => ecs::config(&config, cluster),
        false => config,
    })
}

/// The configuration of a call that goes to Amazon ECS.
pub(super) fn of_call(call: &Call) -> Option<Arc<Config>> {
    let target = call.target.as_ref().filter(|target| target.is_ecs())?;
    // Whoever read the state has checked it.
    Some(Arc::new(config(target).unwrap_or_default()))
}

/// `helm template` of a release that goes to Amazon ECS: what is wanted there in place of manifests.
/// Nothing where that is not asked.
pub(super) fn template(call: &Call, helm: impl Fn(&Call) -> Answer) -> Option<Answer> {
    let target = call.target.as_ref().filter(|target| target.is_ecs())?;
    let at = call.arguments.iter().position(|word| word == "template")?;
    let release = call.arguments.get(at + 1)?;
    let mut plain = Call {
        target: None,
        ..call.clone()
    };
    let folder = take(&mut plain.arguments, "--output-dir");
    let answer = helm(&plain);
    if answer.code != 0 {
        return Some(answer);
    }
    let namespace = value(&call.arguments, "--namespace").unwrap_or(NAMESPACE);
    let config = config(target).unwrap_or_default();
    let mut terminal = Terminal::collecting();
    let written = ecs::translate(&answer.stdout, (release, namespace), &config);
    let code = written.and_then(|document| {
        let text = ecs::text(&document)?;
        ecs::tell(&document, &terminal);
        match &folder {
            Some(folder) => {
                let file = path::join(&[folder, DOCUMENT]);
                ecs::write(&file, &text)?;
                terminal.print(&format!("wrote {file}\n"));
            }
            None => terminal.print(&format!("---\n# {release}, for {}\n{text}", target.shown())),
        }
        Ok(u8::from(document.has_errors()))
    });
    let code = code.unwrap_or_else(|error| {
        terminal.complain(&format!("Error: {error}\n"));
        1
    });
    let (stdout, mut stderr) = terminal.take();
    stderr.splice(0..0, answer.stderr);
    Some(Answer {
        code,
        stdout,
        stderr,
    })
}

/// The word behind a flag.
fn value<'w>(words: &'w [String], flag: &str) -> Option<&'w str> {
    let at = words.iter().position(|word| word == flag)?;
    words.get(at + 1).map(String::as_str)
}

/// The word behind a flag, which goes.
fn take(words: &mut Vec<String>, flag: &str) -> Option<String> {
    let at = words.iter().position(|word| word == flag)?;
    let value = words.get(at + 1)?.clone();
    words.drain(at..at + 2);
    Some(value)
}
