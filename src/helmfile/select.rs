//! Which releases are meant: labels and conditions (`pkg/state/release_filters.go`), and how what a
//! state says of all of them is put over each.

use std::collections::{BTreeMap, BTreeSet};

use super::Fleet;
use super::data::{Data, Entries};
use super::layer;
use super::load::State;
use super::state::{self, Record};
use crate::value::Text;

/// Labels that a release has to have, or not to have.
#[derive(Debug, Default)]
struct Filter {
    wanted: Vec<(String, String)>,
    refused: Vec<(String, String)>,
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_./+-".contains(&byte))
}

impl Filter {
    /// Reads `a=b,c!=d`.
    fn parse(text: &str) -> Result<Filter, String> {
        let mut filter = Filter::default();
        for label in text.split(',') {
            let (pair, into) = match (label.split_once("!="), label.split_once('=')) {
                (Some(pair), _) => (Some(pair), &mut filter.refused),
                (None, pair) => (pair, &mut filter.wanted),
            };
            match pair {
                Some((key, value)) if is_word(key) && is_word(value) => {
                    into.push((key.to_owned(), value.to_owned()));
                }
                _ => {
                    return Err(format!(
                        "malformed label: {label}. Expected label in form k=v or k!=v"
                    ));
                }
            }
        }
        Ok(filter)
    }

    fn matches(&self, labels: &Entries) -> bool {
        let has = |(key, value): &(String, String)| {
            let found = labels.get(key.as_bytes()).and_then(Data::as_text);
            found.is_some_and(|found| found == value.as_str())
        };
        self.wanted.iter().all(has) && !self.refused.iter().any(has)
    }

    /// Whether a release can have the labels of both.
    fn is_compatible(&self, other: &Filter) -> bool {
        let mut pairs = self
            .wanted
            .iter()
            .flat_map(|a| other.wanted.iter().map(move |b| (a, b)));
        !pairs.any(|(a, b)| a.0 == b.0 && a.1 != b.1)
    }
}

/// Whether releases can match both lists of selectors (`SelectorsAreCompatible`).
pub(super) fn are_compatible(a: &[String], b: &[String]) -> bool {
    let parse = |texts: &[String]| {
        let filters = texts.iter().map(|text| Filter::parse(text));
        filters.collect::<Result<Vec<_>, _>>()
    };
    match (parse(a), parse(b)) {
        (Ok(a), Ok(b)) if !a.is_empty() && !b.is_empty() => {
            a.iter().any(|a| b.iter().any(|b| a.is_compatible(b)))
        }
        _ => true,
    }
}

/// A release and whether it is left out.
#[derive(Clone)]
pub(super) struct Marked {
    pub(super) release: Record,
    pub(super) is_filtered: bool,
}

/// Whether a release is to be there (`Desired`).
pub(super) fn is_installed(release: &Record) -> bool {
    release.maybe("installed").unwrap_or(true)
}

/// `[CONTEXT/][NAMESPACE/]NAME` (`ReleaseToID`).
pub(super) fn id(release: &Record) -> String {
    id_of(
        release.text("kubeContext"),
        release.text("namespace"),
        release.text("name"),
    )
}

fn id_of(context: &str, namespace: &str, name: &str) -> String {
    match (context, namespace) {
        ("", "") => name.to_owned(),
        ("", namespace) => format!("{namespace}/{name}"),
        (context, namespace) => format!("{context}/{namespace}/{name}"),
    }
}

/// What a condition says (`ConditionEnabled`).
///
/// # Errors
/// A condition that is none, and values that are not there.
pub(super) fn is_enabled(release: &Record, values: &Entries) -> Result<bool, String> {
    let condition = release.text("condition");
    match condition.to_lowercase().as_str() {
        "" | "true" => return Ok(true),
        "false" => return Ok(false),
        _ => {}
    }
    let keys: Vec<&str> = condition.split('.').collect();
    let Some(("enabled", parents)) = keys.split_last().map(|(last, parents)| (*last, parents))
    else {
        return Err("Condition value must be in the form 'foo.enabled' where 'foo' can be modified as necessary".to_owned());
    };
    let mut found = Some(values);
    for count in 1..=parents.len() {
        let field = format!(".{}", parents[..count].join("."));
        found = match layer::at(values, &parents[..count]) {
            None => return Err(format!("environment values field '{field}' not found")),
            Some(Data::Map(map)) => Some(map),
            Some(_) => return Err(format!("environment values field '{field}' is not a map")),
        };
    }
    let enabled = found.and_then(|map| map.get(&b"enabled"[..]));
    Ok(enabled == Some(&Data::Bool(true)))
}

/// Which releases are installed, by context, namespace and name: what needs are checked against.
pub(super) struct Installed {
    by_id: BTreeMap<(String, String, String), bool>,
    context: String,
    namespace: String,
}

impl Installed {
    pub(super) fn of(state: &State) -> Installed {
        let context = state.record.text("kubeContext").to_owned();
        let namespace = state.record.text("namespace").to_owned();
        let or = |over: &str, own: &str| match over {
            "" => own.to_owned(),
            over => over.to_owned(),
        };
        let by_id = state
            .origin
            .iter()
            .map(|release| {
                let key = (
                    or(&context, release.text("kubeContext")),
                    or(&namespace, release.text("namespace")),
                    release.text("name").to_owned(),
                );
                (key, is_installed(release))
            })
            .collect();
        Installed {
            by_id,
            context,
            namespace,
        }
    }
}

impl Fleet<'_> {
    /// Puts what the state says over a release, and names its needs in full (`ApplyOverrides`).
    pub(super) fn put_over(&self, installed: &Installed, release: &mut Record) {
        if !installed.context.is_empty() {
            release.set("kubeContext", Data::string(installed.context.as_str()));
        }
        if !installed.namespace.is_empty() {
            release.set("namespace", Data::string(installed.namespace.as_str()));
        }
        let needs = release.texts("needs");
        if needs.is_empty() {
            return;
        }
        let mut full = Vec::with_capacity(needs.len());
        for need in needs {
            let parts: Vec<&str> = need.split('/').collect();
            let (name, namespace, context) = match &parts[..] {
                [context @ .., namespace, name] if !context.is_empty() => {
                    (*name, *namespace, context.join("/"))
                }
                [namespace, name] => (*name, *namespace, release.text("kubeContext").to_owned()),
                _ => (
                    need.as_str(),
                    release.text("namespace"),
                    release.text("kubeContext").to_owned(),
                ),
            };
            let key = (context.clone(), namespace.to_owned(), name.to_owned());
            // Of one that nobody declares an error tells.
            let is_there = installed.by_id.get(&key).copied();
            let is_there = is_there.unwrap_or(self.options.own);
            if is_installed(release) && !is_there {
                let own = release.text("name");
                self.warn(&format!(
                    "WARNING: release {own} needs {name}, but {name} is not installed due to installed: false. Either mark {name} as installed or remove {name} from {own}'s needs"
                ));
            }
            full.push(Data::string(id_of(&context, namespace, name)));
        }
        release.set("needs", Data::list(full));
    }
}

/// Adds the labels that are implied (`GetReleasesWithLabels`).
pub(super) fn label(state: &State, release: &mut Record) {
    let mut labels = state.labels();
    for (key, value) in release.map("labels").into_iter().flatten() {
        labels.insert(key.clone(), value.clone());
    }
    let chart = release.text("chart");
    let chart = chart.rsplit('/').next().unwrap_or(chart);
    for (key, value) in [
        ("name", release.text("name")),
        ("namespace", release.text("namespace")),
        ("chart", chart),
    ] {
        labels.insert(Text::from(key), Data::string(value));
    }
    release.set("labels", Data::map(labels));
}

/// What the needs of releases are done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transitive {
    /// Nothing.
    Excluded,
    /// They are taken in, whatever selectors say.
    Included,
}

/// Marks releases that selectors and conditions leave out (`SelectReleases`).
///
/// # Errors
/// Selectors and conditions that are none.
pub(super) fn mark(
    state: &State,
    releases: &[Record],
    transitive: Transitive,
) -> Result<Vec<Marked>, String> {
    let filters = state.selectors.iter().map(|text| Filter::parse(text));
    let filters = filters.collect::<Result<Vec<_>, _>>()?;
    let mut marked = Vec::with_capacity(releases.len());
    let none = Entries::new();
    for release in releases {
        let labels = release.map("labels").unwrap_or(&none);
        let is_selected = filters.is_empty() || filters.iter().any(|filter| filter.matches(labels));
        let is_enabled = is_enabled(release, &state.values).map_err(|error| {
            format!(
                "failed to parse condition in release {}: {error}",
                release.text("name")
            )
        })?;
        marked.push(Marked {
            release: release.clone(),
            is_filtered: !is_selected || !is_enabled,
        });
    }
    if transitive == Transitive::Included {
        take_in_needs(&mut marked);
    }
    Ok(marked)
}

/// Takes in what the selected releases need, and what that needs. Names alone lead further.
fn take_in_needs(marked: &mut [Marked]) {
    let mut by_name: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for Marked { release, .. } in marked.iter() {
        by_name
            .entry(release.text("name"))
            .or_default()
            .push(release);
    }
    let mut needed: BTreeSet<String> = BTreeSet::new();
    let mut pending: Vec<&Record> = marked
        .iter()
        .filter(|marked| !marked.is_filtered)
        .map(|marked| &marked.release)
        .collect();
    while let Some(release) = pending.pop() {
        for need in release.texts("needs") {
            let name = need.rsplit('/').next().unwrap_or(&need).to_owned();
            if needed.insert(need) {
                pending.extend(by_name.get(name.as_str()).into_iter().flatten());
            }
        }
    }
    for marked in marked {
        if needed.contains(&id(&marked.release)) {
            marked.is_filtered = false;
        }
    }
}

/// The releases that selectors and conditions leave (`GetSelectedReleases`).
///
/// # Errors
/// As [`mark`].
pub(super) fn selected(
    state: &State,
    releases: &[Record],
    transitive: Transitive,
) -> Result<Vec<Record>, String> {
    let marked = mark(state, releases, transitive)?;
    let left = marked.into_iter().filter(|marked| !marked.is_filtered);
    Ok(left.map(|marked| marked.release).collect())
}

/// Refuses two releases of one name in one place (`checkDuplicates`).
///
/// # Errors
/// The first that there are two of.
pub(super) fn check_duplicates(releases: &[Record]) -> Result<(), String> {
    let mut counts: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    let key = |release: &Record| {
        (
            release.text("namespace").to_owned(),
            release.text("name").to_owned(),
            release.text("kubeContext").to_owned(),
        )
    };
    for release in releases {
        *counts.entry(key(release)).or_default() += 1;
    }
    let twice = releases.iter().map(key).find(|key| counts[key] > 1);
    let Some(twice) = twice else {
        return Ok(());
    };
    let count = counts[&twice];
    let (namespace, name, context) = twice;
    let mut place = String::new();
    if !namespace.is_empty() {
        place.push_str(&format!(" in namespace {}", state::quoted(&namespace)));
    }
    if !context.is_empty() {
        place.push_str(&format!(" in kubecontext {}", state::quoted(&context)));
    }
    Err(format!(
        "duplicate release {} found{place}: there were {count} releases named \"{name}\" matching specified selector",
        state::quoted(&name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helmfile::data::decode;

    fn matches(selector: &str, labels: &str) -> bool {
        let Data::Map(labels) = decode(labels.as_bytes()).expect("YAML") else {
            return false;
        };
        Filter::parse(selector)
            .expect("a selector")
            .matches(&labels)
    }

    #[test]
    fn selectors_are_helmfiles() {
        let labels = "{tier: front, app.kubernetes.io/name: web}";
        for (selector, want) in [
            ("tier=front", true),
            ("tier!=front", false),
            ("role!=proxy", true),
            ("tier=front,role=proxy", false),
            ("app.kubernetes.io/name=web", true),
        ] {
            assert_eq!(matches(selector, labels), want, "{selector}");
        }
        for bad in ["tier", "tier=", "=x", "a=b=c", "a b=c"] {
            assert_eq!(
                Filter::parse(bad).unwrap_err(),
                format!("malformed label: {bad}. Expected label in form k=v or k!=v")
            );
        }
        let list = |text: &str| vec![text.to_owned()];
        assert!(!are_compatible(&list("a=b"), &list("a=c")));
        assert!(are_compatible(&list("a=b"), &list("c=d")));
        assert!(are_compatible(&list("a=b"), &[]));
    }
}
