//! What to do about an error, where the words of the command say it.

use super::super::run::source;
use super::page::{Call, Live};
use crate::diag::Error;
use crate::fetch::Repositories;
use crate::go::flag::distance;

/// Adds a hint about names of repositories that there are not.
pub(super) fn add(error: Error, call: &Call<'_>) -> Error {
    let takes = |live| {
        call.page
            .operands
            .iter()
            .any(|operand| operand.live == live)
    };
    let is_name = takes(Live::Repository);
    if !(is_name || takes(Live::Chart)) || !call.flags.text("repo").is_empty() {
        return error;
    }
    let line = error.to_string();
    let path = source::places(&call.flags).repository_config;
    let known = Repositories::load(&path).unwrap_or_default();
    let names: Vec<&str> = known.entries.iter().map(|entry| &*entry.name).collect();
    let missing = call.arguments.iter().find_map(|word| {
        let name = match is_name {
            true => word,
            false => reference(word)?,
        };
        let told = line.contains("repo") && line.contains(name);
        (told && !names.contains(&name)).then_some(name)
    });
    match missing {
        None => error,
        Some(name) => error.with_hint(suggestion(name, &names)),
    }
}

/// The repository in `REPOSITORY/CHART`.
fn reference(word: &str) -> Option<&str> {
    let (name, chart) = word.split_once('/')?;
    let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(':');
    (is_plain && !chart.contains('/')).then_some(name)
}

fn suggestion(name: &str, names: &[&str]) -> String {
    let near = names
        .iter()
        .map(|known| (distance(name, known), *known))
        .filter(|(far, known)| *far <= 2 || known.starts_with(name))
        .min();
    match (near, names) {
        (Some((_, known)), _) => format!("did you mean {known:?}?"),
        (None, []) => "no repositories yet: add one with `pintle repo add NAME URL`".to_owned(),
        (None, _) => format!("repositories that were added: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        for (name, names, want) in [
            (
                "stabel",
                &["stable", "mine"][..],
                "did you mean \"stable\"?",
            ),
            ("st", &["stable", "mine"], "did you mean \"stable\"?"),
            (
                "other",
                &["stable", "mine"],
                "repositories that were added: stable, mine",
            ),
            (
                "other",
                &[],
                "no repositories yet: add one with `pintle repo add NAME URL`",
            ),
        ] {
            assert_eq!(suggestion(name, names), want, "{name}");
        }
    }

    #[test]
    fn references_begin_with_a_repository() {
        for (word, want) in [
            ("a/b", Some("a")),
            ("a", None),
            ("./a", None),
            ("/a", None),
            ("https://h/x", None),
            ("a/b/c", None),
        ] {
            assert_eq!(reference(word), want, "{word}");
        }
    }
}
