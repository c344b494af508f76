//! The three ways in which Helmfile merges values: `overlay` is mergo's with overriding, `merge` and
//! `fill` are those of `pkg/maputil`. What is not changed is shared.

use std::sync::Arc;

use super::{Data, Entries};

/// What becomes of two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::helmfile) enum Lists {
    /// The second replaces the first, but one with nulls in it is merged item by item.
    Sparse,
    /// They are merged item by item.
    Merged,
}

/// Puts `source` over `target`: maps are merged, all else replaces, null included (mergo's
/// `WithOverride`).
pub(in crate::helmfile) fn overlay(target: &mut Entries, source: &Entries) {
    if target.is_empty() {
        target.clone_from(source);
        return;
    }
    for (key, value) in source {
        match (target.get_mut(key), value) {
            (Some(Data::Map(present)), Data::Map(map)) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    overlay(Arc::make_mut(present), map);
                });
            }
            (Some(present), value) => present.clone_from(value),
            (None, value) => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Puts `source` over `target`: maps are merged, null never replaces anything
/// (`maputil.MergeMaps`).
pub(in crate::helmfile) fn merge(target: &mut Entries, source: &Entries, lists: Lists) {
    if target.is_empty() {
        target.clone_from(source);
        return;
    }
    for (key, value) in source {
        let Some(present) = target.get_mut(key) else {
            target.insert(key.clone(), value.clone());
            continue;
        };
        match (present, value) {
            (_, Data::Null) => {}
            (Data::Map(present), Data::Map(map)) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    merge(Arc::make_mut(present), map, lists);
                });
            }
            (Data::List(present), Data::List(items)) => merge_lists(present, items, lists),
            (present, value) => present.clone_from(value),
        }
    }
}

fn merge_lists(target: &mut Arc<Vec<Data>>, source: &Arc<Vec<Data>>, lists: Lists) {
    if lists == Lists::Sparse && !source.contains(&Data::Null) {
        target.clone_from(source);
        return;
    }
    let target = Arc::make_mut(target);
    if target.len() < source.len() {
        target.resize(source.len(), Data::Null);
    }
    for (present, value) in target.iter_mut().zip(source.iter()) {
        match (present, value) {
            (_, Data::Null) => {}
            (Data::Map(present), Data::Map(map)) => merge(Arc::make_mut(present), map, lists),
            (present, value) => present.clone_from(value),
        }
    }
}

/// `target` wins, `source` adds what it does not have.
pub(in crate::helmfile) fn fill(target: &mut Entries, source: &Entries) {
    let mut base = source.clone();
    merge(&mut base, target, Lists::Sparse);
    *target = base;
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    fn merged(a: &str, b: &str, how: impl FnOnce(&mut Entries, &Entries)) -> String {
        let read = |text: &str| match decode(text.as_bytes()).expect("YAML") {
            Data::Map(map) => Arc::unwrap_or_clone(map),
            _ => Entries::new(),
        };
        let mut target = read(a);
        how(&mut target, &read(b));
        Data::map(target).to_string()
    }

    #[test]
    fn the_three_merges_differ_in_nulls_and_lists() {
        let a = "{m: {x: 1}, n: 1, l: [1, 2, 3], f: true, e: [1]}";
        let b = "{m: {y: 2}, n: ~, l: [~, 7], f: false, e: [], new: ~}";
        assert_eq!(
            merged(a, b, overlay),
            "map[e:[] f:false l:[<nil> 7] m:map[x:1 y:2] n:<nil> new:<nil>]"
        );
        assert_eq!(
            merged(a, b, |a, b| merge(a, b, Lists::Sparse)),
            "map[e:[] f:false l:[1 7 3] m:map[x:1 y:2] n:1 new:<nil>]"
        );
        assert_eq!(
            merged("{l: [1, {a: 1}]}", "{l: [5, {b: 2}]}", |a, b| merge(
                a,
                b,
                Lists::Merged
            )),
            "map[l:[5 map[a:1 b:2]]]"
        );
        assert_eq!(
            merged("{a: 1, n: ~}", "{a: 2, b: 3, n: 4}", fill),
            "map[a:1 b:3 n:4]"
        );
    }
}
