//! Which releases a command works on, and in which order (`withNeeds`, `getSelectedReleases`).

use std::collections::{BTreeMap, BTreeSet};

use crate::helmfile::dag::{Unselected, groups};
use crate::helmfile::data::Data;
use crate::helmfile::load::State;
use crate::helmfile::select::{Transitive, check_duplicates, id, is_installed, mark, selected};
use crate::helmfile::state::Record;

/// What is done about what selected releases need.
#[derive(Clone, Debug)]
pub struct Needs {
    /// `--skip-needs`
    pub skip: bool,
    /// `--include-needs`
    pub include: bool,
    /// `--include-transitive-needs`
    pub include_transitive: bool,
    /// `--enforce-needs-are-installed`
    pub enforce_installed: bool,
    /// `--include-needs` takes in what is needed directly, and no more.
    pub only_direct: bool,
}

impl Default for Needs {
    fn default() -> Needs {
        Needs {
            skip: true,
            include: false,
            include_transitive: false,
            enforce_installed: false,
            only_direct: false,
        }
    }
}

impl Needs {
    /// Whether anything is taken in.
    pub(super) fn includes(&self) -> bool {
        self.include || self.include_transitive
    }

    fn unselected(&self) -> Unselected {
        match (self.includes(), self.skip) {
            (true, _) if self.only_direct && !self.include_transitive => Unselected::Direct,
            (true, _) => Unselected::Included,
            (false, true) => Unselected::Skipped,
            (false, false) => Unselected::Refused,
        }
    }

    fn transitive(&self) -> Transitive {
        match self.include_transitive {
            true => Transitive::Included,
            false => Transitive::Excluded,
        }
    }
}

/// The selected releases, and all of them without those of one name that are not selected.
///
/// # Errors
/// Two releases of one name among them.
pub(super) fn choose(
    state: &State,
    transitive: Transitive,
) -> Result<(Vec<Record>, Vec<Record>), String> {
    let selected = selected(state, &state.releases, transitive)?;
    let mut by_id: BTreeMap<String, &Record> = BTreeMap::new();
    for release in &selected {
        let id = id(release);
        if by_id.insert(id.clone(), release).is_some() {
            return Err(format!(
                "found 2 duplicate releases with ID {}",
                crate::helmfile::state::quoted(&id)
            ));
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for release in &state.releases {
        *counts.entry(id(release)).or_default() += 1;
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::with_capacity(state.releases.len());
    for release in &state.releases {
        let id = id(release);
        if counts.get(&id) == Some(&1) {
            all.push(release.clone());
        } else if let Some(release) = by_id.get(&id)
            && seen.insert(id)
        {
            all.push((*release).clone());
        }
    }
    check_duplicates(&all)?;
    Ok((selected, all))
}

/// The installed releases that a command works on, in order; nothing where none are selected.
///
/// # Errors
/// Selectors, conditions and needs that are wrong.
pub(super) fn plan(state: &mut State, needs: &Needs) -> Result<Option<Vec<Record>>, String> {
    let (selected, all) = choose(state, Transitive::Excluded)?;
    if selected.is_empty() {
        return Ok(None);
    }
    state.releases = all;
    let marked = mark(state, &state.releases, needs.transitive())?;
    let planned = groups(&marked, &selected, needs.unselected())?;
    let installed: Vec<Record> = planned.into_iter().flatten().filter(is_installed).collect();
    let mut ordered = Vec::new();
    if !installed.is_empty() {
        let unselected = match needs.unselected() {
            // They were taken in before.
            Unselected::Direct => Unselected::Skipped,
            other => other,
        };
        let groups = groups(&marked, &installed, unselected)?;
        ordered = groups.into_iter().flatten().collect();
    }
    if needs.enforce_installed {
        for release in &installed {
            let mut visited = BTreeSet::new();
            if let Some((release, need)) = missing(&state.releases, release, &mut visited) {
                return Err(format!(
                    "Release {release} has a transitive dependency {need} marked as installed=false"
                ));
            }
        }
    }
    Ok(Some(ordered))
}

/// All releases that a command works on, also those that are not to be installed; nothing where none
/// are selected.
///
/// # Errors
/// Selectors, conditions and needs that are wrong.
pub(super) fn plan_all(state: &mut State, needs: &Needs) -> Result<Option<Vec<Record>>, String> {
    let (selected, all) = choose(state, Transitive::Excluded)?;
    if selected.is_empty() {
        return Ok(None);
    }
    state.releases = all;
    let marked = mark(state, &state.releases, needs.transitive())?;
    let planned = groups(&marked, &selected, needs.unselected())?;
    let planned: Vec<Record> = planned.into_iter().flatten().collect();
    if needs.enforce_installed {
        for release in planned.iter().filter(|release| is_installed(release)) {
            let mut visited = BTreeSet::new();
            if let Some((release, need)) = missing(&state.releases, release, &mut visited) {
                return Err(format!(
                    "Release {release} has a transitive dependency {need} marked as installed=false"
                ));
            }
        }
    }
    Ok(Some(planned))
}

/// Releases in groups: those of a group wait for none but those of groups before it.
///
/// # Errors
/// Needs that are wrong.
pub(super) fn batches(state: &State, chosen: &[Record]) -> Result<Vec<Vec<Record>>, String> {
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let marked = mark(state, &state.releases, Transitive::Excluded)?;
    groups(&marked, chosen, Unselected::Skipped)
}

/// Forgets what releases need that is not among them.
pub(super) fn forget_needs(releases: &mut [Record]) {
    let known: BTreeSet<String> = releases.iter().map(id).collect();
    for release in releases {
        let mut needs = release.texts("needs");
        needs.retain(|need| known.contains(need));
        release.set(
            "needs",
            Data::list(needs.into_iter().map(Data::string).collect()),
        );
    }
}

/// The first need, and whose it is, that is switched off. Plain names lead to it.
fn missing(
    all: &[Record],
    release: &Record,
    visited: &mut BTreeSet<String>,
) -> Option<(String, String)> {
    let name = release.text("name").to_owned();
    if !visited.insert(name.clone()) {
        return None;
    }
    for need in release.texts("needs") {
        for other in all.iter().filter(|other| other.text("name") == need) {
            if !is_installed(other) {
                return Some((name, other.text("name").to_owned()));
            }
            if let Some(found) = missing(all, other, visited) {
                return Some(found);
            }
        }
    }
    None
}
