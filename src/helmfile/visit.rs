//! The walk over state files and those below them (`visitStatesWithContext`, `pkg/app/app.go`).

use super::data::Data;
use super::layer::Ledger;
use super::load::{Inherited, State, Unread, Wanted};
use super::locate::locate;
use super::select::{self, Installed, Transitive, check_duplicates};
use super::state::Record;
use super::{Failure, Fleet, file};
use crate::go::path;

/// What came of a state: whether any of its releases were worked on, and what failed.
pub(super) type Outcome = (bool, Vec<Failure>);

/// What is done with each state, and with which of its releases.
pub(super) struct Walk<'w> {
    /// Releases that selectors leave out are taken out before.
    pub(super) filters: bool,
    /// What selected releases need is left in.
    pub(super) with_needs: bool,
    pub(super) act: &'w mut dyn FnMut(&mut State) -> Outcome,
}

/// Folders inside each other are as many as this at most: a sub-helmfile may name the one above it.
const MAX_DEPTH: usize = 64;

impl Fleet<'_> {
    /// Does something with every state that is meant.
    ///
    /// # Errors
    /// What failed first, or that nothing matched.
    pub(super) fn each(&self, walk: Walk<'_>) -> Result<(), Failure> {
        self.walk(walk, false)
    }

    /// Does something with every state that is meant, the last first.
    ///
    /// # Errors
    /// As [`Fleet::each`].
    pub(super) fn each_reversed(&self, walk: Walk<'_>) -> Result<(), Failure> {
        self.walk(walk, true)
    }

    fn walk(&self, mut walk: Walk<'_>, is_reverse: bool) -> Result<(), Failure> {
        let overrides = match self.options.overrides.is_empty() {
            true => Vec::new(),
            false => vec![Data::map(self.options.overrides.clone())],
        };
        let wanted = Wanted {
            values: texts(&self.options.values_files),
            overrides,
            selectors: self.options.selectors.clone(),
            is_reverse,
            ..Wanted::default()
        };
        self.visit(&self.options.file, &wanted, &mut walk, 0)
    }

    fn no_match(&self) -> Failure {
        let undefined = self.undefined.borrow();
        if self.options.own && !undefined.is_empty() {
            let environment = super::state::quoted(&self.options.environment);
            let files = undefined.join(", ");
            return Failure {
                code: 3,
                hint: Some("State files that do not declare the environment are left out; `environments:` declares it.".to_owned()),
                ..Failure::of(format!("environment {environment} is not defined in {files}"))
            };
        }
        Failure {
            code: 3,
            ..Failure::of(format!(
                "err: no releases found that matches specified selector({}) and environment({}), in any helmfile",
                self.options.selectors.join(", "),
                self.options.environment
            ))
        }
    }

    fn visit(
        &self,
        specified: &str,
        wanted: &Wanted,
        walk: &mut Walk<'_>,
        depth: usize,
    ) -> Result<(), Failure> {
        if depth > MAX_DEPTH {
            return Err(Failure::of(format!(
                "{specified}: sub-helmfiles are nested more than {MAX_DEPTH} deep: does one name another that names it?"
            )));
        }
        let files = self.find(specified, wanted.is_reverse)?;
        let (is_single, is_parallel) = (files.len() <= 1, !self.options.sequential);
        let mut any = false;
        let mut first: Option<Failure> = None;
        for name in &files {
            let (dir, file) = match file::is_folder(name) {
                true => (name.clone(), name.clone()),
                false => {
                    let base = path::base(name.as_bytes());
                    (path::dir(name), String::from_utf8_lossy(base).into_owned())
                }
            };
            let absolute = file::absolute(&dir);
            let place = Place {
                file: &file,
                folder: &absolute,
                base: if is_single { "" } else { &absolute },
                is_parallel: !is_single && is_parallel,
                depth,
            };
            let before = self.host.folder();
            let moves = is_single && before != absolute && dir != ".";
            if moves {
                self.host.enter(&absolute).map_err(|error| {
                    Failure::of(format!(
                        "failed changing working directory to \"{absolute}\": {error}"
                    ))
                })?;
            }
            let mark = self.ledger.as_ref().map(Ledger::mark);
            let result = self.visit_file(&place, wanted, walk);
            if let (Some(ledger), Some(mark)) = (&self.ledger, mark) {
                ledger.forget(mark);
            }
            if moves {
                self.host.enter(&before).map_err(|error| {
                    Failure::of(format!(
                        "failed chaging working directory back to \"{before}\": {error}"
                    ))
                })?;
            }
            match result {
                Ok(matched) => any |= matched,
                Err(failure) => {
                    let mut failure = match failure {
                        Visiting::Bare(failure) => failure,
                        Visiting::Within(failure) => failure.wrap(&format!("in {dir}/{file}")),
                    };
                    if self.options.own && failure.spot.is_none() {
                        failure.spot = locate(&failure.message, &absolute, &file);
                    }
                    // Files side by side are all worked on.
                    if !place.is_parallel {
                        return Err(failure);
                    }
                    first.get_or_insert(failure);
                }
            }
        }
        match first {
            Some(failure) => Err(failure),
            None if any => Ok(()),
            None => Err(self.no_match()),
        }
    }

    fn visit_file(
        &self,
        place: &Place<'_>,
        wanted: &Wanted,
        walk: &mut Walk<'_>,
    ) -> Result<bool, Visiting> {
        let mut own = wanted.clone();
        if own.callee.is_empty() {
            own.callee = place.file.to_owned();
        }
        let mut state = match self.load(place.file, place.base, &own) {
            Ok(state) => state,
            Err(Unread::Undefined) => {
                self.undefined.borrow_mut().push(place.file.to_owned());
                return Ok(false);
            }
            Err(Unread::Failed(message)) => return Err(Visiting::Within(Failure::of(message))),
        };
        state.selectors.clone_from(&own.selectors);
        let mut any = false;
        if !wanted.is_reverse {
            any |= self.visit_nested(place, &state, wanted, walk)?;
        }
        self.execute(&mut state).map_err(|error| {
            Visiting::Within(Failure::of(format!(
                "failed executing release templates in \"{}\": {error}",
                place.file
            )))
        })?;
        let (processed, failures) = self.converge(&mut state, walk);
        if let Some(failure) = failures.into_iter().next() {
            // Files side by side lose their names here, in Helmfile's own way.
            return Err(match place.is_parallel {
                true => Visiting::Bare(failure),
                false => Visiting::Within(failure),
            });
        }
        any |= processed;
        if wanted.is_reverse {
            any |= self.visit_nested(place, &state, wanted, walk)?;
        }
        Ok(any)
    }

    /// Puts the state's settings over its releases, and does what is to be done.
    fn converge(&self, state: &mut State, walk: &mut Walk<'_>) -> Outcome {
        let installed = Installed::of(state);
        let mut releases = std::mem::take(&mut state.releases);
        for release in &mut releases {
            self.put_over(&installed, release);
            select::label(state, release);
        }
        state.releases = releases;
        if !walk.filters {
            return (walk.act)(state);
        }
        let failed = |message: String| (false, vec![Failure::of(message)]);
        if !state.selectors.is_empty() {
            let transitive = match walk.with_needs {
                true => Transitive::Included,
                false => Transitive::Excluded,
            };
            match select::selected(state, &state.releases, transitive) {
                Ok(selected) => state.releases = selected,
                Err(message) => return failed(message),
            }
        }
        if let Err(message) = check_duplicates(&state.releases) {
            return failed(message);
        }
        let (_, failures) = (walk.act)(state);
        (!state.releases.is_empty() && failures.is_empty(), failures)
    }

    fn visit_nested(
        &self,
        place: &Place<'_>,
        state: &State,
        wanted: &Wanted,
        walk: &mut Walk<'_>,
    ) -> Result<bool, Visiting> {
        let mut any = false;
        let repositories = state.record.records("repositories");
        let repositories: Vec<String> = repositories
            .iter()
            .map(|repository| repository.text("name").to_owned())
            .collect();
        let entries = state.record.records("helmfiles");
        for (at, entry) in entries.iter().enumerate() {
            let own = entry.texts("selectors");
            let inherits = entry.is("selectorsInherited");
            let typed = &self.options.selectors;
            let is_certain = !typed.is_empty() && !own.is_empty() && !inherits;
            if is_certain && !select::are_compatible(typed, &own) {
                continue;
            }
            let is_silent = entry.get("selectors").is_none() && !self.options.explicit_selectors;
            let named = entry.texts("inherits");
            let nested = Wanted {
                values: entry.list("values").to_vec(),
                overrides: Vec::new(),
                callee: path::join(&[place.folder, place.file]),
                selectors: match is_silent || inherits {
                    true => wanted.selectors.clone(),
                    false if self.options.own => both(&wanted.selectors, own),
                    false => own,
                },
                inherited: (!named.is_empty()).then(|| Inherited::of(state, &named)),
                repositories: repositories.clone(),
                is_reverse: wanted.is_reverse,
            };
            match self.visit(entry.text("path"), &nested, walk, place.depth + 1) {
                Ok(()) => any = true,
                Err(failure) if failure.is_no_match() => {}
                Err(failure) => {
                    if self.options.own && self.host.is_called_off() {
                        self.name_not_begun(state, &entries[at + 1..], wanted.is_reverse);
                    }
                    let failure = failure.wrap(&format!("in .helmfiles[{at}]"));
                    return Err(match place.is_parallel {
                        true => Visiting::Bare(failure),
                        false => Visiting::Within(failure),
                    });
                }
            }
        }
        Ok(any)
    }
}

/// Selectors of those that both choose.
fn both(outer: &[String], own: Vec<String>) -> Vec<String> {
    match (outer.is_empty(), own.is_empty()) {
        (true, _) => own,
        (_, true) => Vec::new(),
        _ => {
            let pairs = own
                .iter()
                .flat_map(|own| outer.iter().map(move |outer| format!("{outer},{own}")));
            pairs.collect()
        }
    }
}

impl Fleet<'_> {
    /// Names what comes after a state that was called off.
    fn name_not_begun(&self, state: &State, nested: &[Record], is_reverse: bool) {
        let mut names: Vec<&str> = nested.iter().map(|entry| entry.text("path")).collect();
        if !is_reverse {
            names.extend(state.releases.iter().map(|release| release.text("name")));
        }
        if !names.is_empty() {
            self.warn(&format!("Not begun, either: {}", names.join(", ")));
        }
    }
}

/// Texts as data.
fn texts(texts: &[String]) -> Vec<Data> {
    texts
        .iter()
        .map(|text| Data::string(text.as_str()))
        .collect()
}

/// Where a file is.
struct Place<'p> {
    file: &'p str,
    /// Its folder, absolute.
    folder: &'p str,
    /// The folder that its paths start from; nothing where that is here.
    base: &'p str,
    /// Others are worked on beside it.
    is_parallel: bool,
    depth: usize,
}

/// A failure, and whether the file's name is still to be put in front.
enum Visiting {
    Bare(Failure),
    Within(Failure),
}
