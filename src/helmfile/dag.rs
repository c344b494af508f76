//! The order of releases by what they need (`pkg/state/state_run.go`,
//! `github.com/variantdev/dag`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::select::{Marked, id};
use super::state::{self, Record};

/// What is done about needs that are not selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unselected {
    /// They are left out.
    Skipped,
    /// They are an error.
    Refused,
    /// They are taken in.
    Included,
    /// They are taken in, and what they need is not.
    Direct,
}

/// Releases in groups: what a group needs is in those before it.
///
/// # Errors
/// Needs that nobody declares, that go round in a circle, or that are not selected.
pub(super) fn groups(
    releases: &[Marked],
    selected: &[Record],
    unselected: Unselected,
) -> Result<Vec<Vec<Record>>, String> {
    let mut by_id: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    // Of releases of one name the last one's place counts.
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut dependents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (at, Marked { release, .. }) in releases.iter().enumerate() {
        let id = id(release);
        let known = by_id.entry(id.clone()).or_default();
        if known.is_empty() {
            order.push(id.clone());
        }
        known.push(release);
        place.insert(id.clone(), at);
        for need in release.texts("needs") {
            dependents
                .entry(need.clone())
                .or_default()
                .insert(id.clone());
            needs.entry(id.clone()).or_default().insert(need);
        }
    }
    if let Some((missing, of)) = dependents
        .iter()
        .find(|(need, _)| !by_id.contains_key(*need))
    {
        let of: Vec<String> = of.iter().map(|id| state::quoted(id)).collect();
        let name = missing.rsplit('/').next().unwrap_or(missing);
        return Err(format!(
            "release(s) {} depend(s) on an undefined release {}. Perhaps you made a typo in \"needs\" or forgot defining a release named {} with appropriate \"namespace\" and \"kubeContext\"?",
            of.join(", "),
            state::quoted(missing),
            state::quoted(name)
        ));
    }
    let levels = levels(&order, &needs, &dependents)?;
    let levels = restrict(levels, selected, &dependents, unselected)?;
    let mut groups = Vec::new();
    for mut ids in levels {
        ids.sort_by_key(|id| place.get(id).copied());
        let group: Vec<Record> = ids
            .iter()
            .flat_map(|id| by_id.get(id).into_iter().flatten())
            .map(|release| (*release).clone())
            .collect();
        if !group.is_empty() {
            groups.push(group);
        }
    }
    Ok(groups)
}

/// The ids by the length of the longest way to them.
fn levels(
    order: &[String],
    needs: &BTreeMap<String, BTreeSet<String>>,
    dependents: &BTreeMap<String, BTreeSet<String>>,
) -> Result<Vec<Vec<String>>, String> {
    let mut open: BTreeMap<&str, usize> = order
        .iter()
        .map(|id| (id.as_str(), needs.get(id).map_or(0, BTreeSet::len)))
        .collect();
    let mut current: VecDeque<&str> = order
        .iter()
        .map(String::as_str)
        .filter(|id| open.get(id) == Some(&0))
        .collect();
    let mut levels = Vec::new();
    let mut done = BTreeSet::new();
    while !current.is_empty() {
        let mut next = VecDeque::new();
        for id in &current {
            done.insert(*id);
            for dependent in dependents.get(*id).into_iter().flatten() {
                if let Some(count) = open.get_mut(dependent.as_str()) {
                    *count -= 1;
                    if *count == 0 {
                        next.push_back(dependent.as_str());
                    }
                }
            }
        }
        levels.push(current.iter().map(|id| (*id).to_owned()).collect());
        current = next;
    }
    if done.len() == order.len() {
        return Ok(levels);
    }
    Err(cycle(&done, order, dependents))
}

/// The circle that was found, from its first name on.
fn cycle(
    done: &BTreeSet<&str>,
    order: &[String],
    dependents: &BTreeMap<String, BTreeSet<String>>,
) -> String {
    let open = |id: &str| -> Option<&String> {
        let mut next = dependents.get(id)?.iter();
        next.find(|dependent| !done.contains(dependent.as_str()))
    };
    let mut left: Vec<&str> = order
        .iter()
        .map(String::as_str)
        .filter(|id| !done.contains(id))
        .collect();
    left.sort_unstable();
    let mut at = left
        .into_iter()
        .find(|id| open(id).is_some())
        .unwrap_or_default();
    let mut path: Vec<&str> = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        match open(at) {
            Some(next) => at = next,
            None => break,
        }
    }
    path.push(at);
    format!("cycle detected: {}", path.join(" -> "))
}

/// What is selected of the levels, and what that needs.
fn restrict(
    levels: Vec<Vec<String>>,
    selected: &[Record],
    dependents: &BTreeMap<String, BTreeSet<String>>,
    unselected: Unselected,
) -> Result<Vec<Vec<String>>, String> {
    if selected.is_empty() {
        return Ok(levels);
    }
    let mut wanted: BTreeSet<String> = selected.iter().map(id).collect();
    let chosen = wanted.clone();
    let mut kept = Vec::with_capacity(levels.len());
    // From the last level on, so that what a need needs is seen after it.
    for level in levels.into_iter().rev() {
        let mut included = Vec::new();
        for id in level {
            if wanted.contains(&id) {
                included.push(id);
                continue;
            }
            if unselected == Unselected::Skipped {
                continue;
            }
            let none = BTreeSet::new();
            let asks = match unselected {
                Unselected::Direct => &chosen,
                _ => &wanted,
            };
            let of: Vec<&String> = dependents
                .get(&id)
                .unwrap_or(&none)
                .iter()
                .filter(|dependent| asks.contains(*dependent))
                .collect();
            if of.is_empty() {
                continue;
            }
            if unselected == Unselected::Refused {
                return Err(refusal(&id, &of));
            }
            wanted.insert(id.clone());
            included.push(id);
        }
        kept.push(included);
    }
    kept.reverse();
    Ok(kept)
}

fn refusal(need: &str, of: &[&String]) -> String {
    let quoted: Vec<String> = of.iter().map(|id| state::quoted(id)).collect();
    let of = match &quoted[..] {
        [rest @ .., last] if rest.len() > 1 => format!("{}, and {last}", rest.join(", ")),
        few => few.join(" and "),
    };
    let verb = if quoted.len() == 1 {
        "depends"
    } else {
        "depend"
    };
    let name = need.rsplit('/').next().unwrap_or(need);
    format!(
        "release {of} {verb} on {} which does not match the selectors. Please add a selector like \"--selector name={name}\", or indicate whether to skip (--skip-needs) or include (--include-needs) these dependencies",
        state::quoted(need)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helmfile::data::Data;

    fn release(name: &str, needs: &[&str]) -> Record {
        let mut release = Record::default();
        release.set("name", Data::string(name));
        let needs = needs.iter().map(|need| Data::string(*need)).collect();
        release.set("needs", Data::list(needs));
        release
    }

    fn order(
        all: &[(&str, &[&str])],
        selected: &[&str],
        unselected: Unselected,
    ) -> Result<String, String> {
        let marked: Vec<Marked> = all
            .iter()
            .map(|(name, needs)| Marked {
                release: release(name, needs),
                is_filtered: false,
            })
            .collect();
        let selected: Vec<Record> = selected.iter().map(|name| release(name, &[])).collect();
        let groups = groups(&marked, &selected, unselected)?;
        let groups: Vec<String> = groups
            .iter()
            .map(|group| {
                let names: Vec<&str> = group.iter().map(|release| release.text("name")).collect();
                names.join(" ")
            })
            .collect();
        Ok(groups.join(" | "))
    }

    #[test]
    fn groups_follow_needs_and_keep_the_order_of_the_file() {
        let all: &[(&str, &[&str])] = &[
            ("web", &["api", "cache"]),
            ("api", &["db"]),
            ("db", &[]),
            ("cache", &[]),
            ("lonely", &[]),
        ];
        assert_eq!(
            order(all, &[], Unselected::Included).as_deref(),
            Ok("db cache lonely | api | web")
        );
        assert_eq!(
            order(all, &["web"], Unselected::Skipped).as_deref(),
            Ok("web")
        );
        assert_eq!(
            order(all, &["web"], Unselected::Included).as_deref(),
            Ok("db cache | api | web")
        );
        assert!(
            order(all, &["web"], Unselected::Refused)
                .unwrap_err()
                .starts_with("release \"web\" depends on \"api\" which does not match")
        );
    }

    #[test]
    fn circles_and_what_is_not_there_are_told() {
        let all: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["a"]), ("c", &["b"])];
        assert_eq!(
            order(all, &[], Unselected::Included).unwrap_err(),
            "cycle detected: a -> b -> a"
        );
        let all: &[(&str, &[&str])] = &[("n/a", &["other/b"])];
        assert!(
            order(all, &[], Unselected::Included)
                .unwrap_err()
                .contains("depend(s) on an undefined release \"other/b\"")
        );
        // Needs that stand twice count once.
        let all: &[(&str, &[&str])] = &[("a", &["b", "b"]), ("b", &[])];
        assert_eq!(
            order(all, &[], Unselected::Included).as_deref(),
            Ok("b | a")
        );
    }
}
