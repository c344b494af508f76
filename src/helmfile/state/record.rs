//! A struct of a state file as it was read: what is not there has Go's zero value.

use std::sync::Arc;

use super::shape::{Shape, Struct};
use crate::go::strconv;
use crate::helmfile::data::{Data, Entries};
use crate::value::Text;

/// The fields of a struct that are there. Clones share what they hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Arc<Entries>);

impl From<Entries> for Record {
    fn from(entries: Entries) -> Record {
        Record(Arc::new(entries))
    }
}

impl Record {
    /// The record in data; an empty one where there is none.
    pub(in crate::helmfile) fn of(data: Option<&Data>) -> Record {
        match data {
            Some(Data::Map(map)) => Record(Arc::clone(map)),
            _ => Record::default(),
        }
    }

    pub(in crate::helmfile) fn into_data(self) -> Data {
        Data::Map(self.0)
    }

    pub(in crate::helmfile) fn entries(&self) -> &Entries {
        &self.0
    }

    pub(in crate::helmfile) fn entries_mut(&mut self) -> &mut Entries {
        Arc::make_mut(&mut self.0)
    }

    /// A field that is there.
    pub(in crate::helmfile) fn get(&self, key: &str) -> Option<&Data> {
        self.0.get(key.as_bytes())
    }

    pub(in crate::helmfile) fn set(&mut self, key: &str, value: Data) {
        self.entries_mut().insert(Text::from(key), value);
    }

    pub(in crate::helmfile) fn remove(&mut self, key: &str) {
        if self.get(key).is_some() {
            self.entries_mut().remove(key.as_bytes());
        }
    }

    /// A string, empty where there is none.
    pub(in crate::helmfile) fn text(&self, key: &str) -> &str {
        self.maybe_text(key).unwrap_or_default()
    }

    /// A string that is there.
    pub(in crate::helmfile) fn maybe_text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()?.as_str()
    }

    /// A switch, off where it is not there.
    pub(in crate::helmfile) fn is(&self, key: &str) -> bool {
        self.maybe(key).unwrap_or_default()
    }

    /// A switch that is there.
    pub(in crate::helmfile) fn maybe(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            Some(Data::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// A list, empty where there is none.
    pub(in crate::helmfile) fn list(&self, key: &str) -> &[Data] {
        self.get(key).and_then(Data::as_list).unwrap_or_default()
    }

    /// The strings of a list.
    pub(in crate::helmfile) fn texts(&self, key: &str) -> Vec<String> {
        let items = self.list(key).iter();
        items
            .filter_map(|item| Some(item.as_text()?.to_string()))
            .collect()
    }

    /// The records of a list.
    pub(in crate::helmfile) fn records(&self, key: &str) -> Vec<Record> {
        let items = self.list(key).iter();
        items.map(|item| Record::of(Some(item))).collect()
    }

    /// The record in a field.
    pub(in crate::helmfile) fn record(&self, key: &str) -> Record {
        Record::of(self.get(key))
    }

    /// A map, where there is one.
    pub(in crate::helmfile) fn map(&self, key: &str) -> Option<&Entries> {
        self.get(key)?.as_map()
    }
}

/// Puts `source` over `target` as mergo does with overriding: what is empty in `source` changes
/// nothing; lists are replaced, or appended to.
pub(in crate::helmfile) fn merge(
    known: &'static Struct,
    target: &mut Record,
    source: &Record,
    lists: Merge,
) {
    for (key, value) in source.entries() {
        let Some(field) = known.field(key) else {
            continue;
        };
        let entries = target.entries_mut();
        match entries.get_mut(key) {
            Some(present) => merge_field(&field.shape, present, value, lists),
            // A pointer may lead to what is empty.
            None if matches!(field.shape, Shape::Optional(_)) || !value.is_empty() => {
                entries.insert(key.clone(), value.clone());
            }
            None if matches!(value, Data::List(_) | Data::Map(_)) => {
                entries.insert(key.clone(), value.clone());
            }
            None => {}
        }
    }
}

/// What becomes of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::helmfile) enum Merge {
    /// The later one replaces the earlier one, where it is not empty.
    Replace,
    /// They follow each other.
    Append,
}

fn merge_field(shape: &Shape, target: &mut Data, source: &Data, lists: Merge) {
    match (shape, &mut *target, source) {
        (Shape::Optional(shape), _, _) => {
            if !matches!(source, Data::Null) {
                merge_field(shape, target, source, lists);
            }
        }
        (Shape::Struct(known), Data::Map(_), Data::Map(map)) => {
            let mut record = Record::of(Some(target));
            merge(known, &mut record, &Record(Arc::clone(map)), lists);
            *target = record.into_data();
        }
        (Shape::Map(_), Data::Map(present), Data::Map(map)) => {
            let present = Arc::make_mut(present);
            for (key, value) in map.iter() {
                present.insert(key.clone(), value.clone());
            }
        }
        (_, Data::List(present), Data::List(items)) => match lists {
            Merge::Append => Arc::make_mut(present).extend(items.iter().cloned()),
            Merge::Replace if !items.is_empty() => present.clone_from(items),
            Merge::Replace => {}
        },
        (_, target, source) => {
            if !source.is_empty() {
                target.clone_from(source);
            }
        }
    }
}

/// Fills what is empty in `target` from `source` (mergo without overriding).
pub(in crate::helmfile) fn fill(target: &mut Record, source: &Record) {
    for (key, value) in source.entries() {
        let present = target.entries().get(key);
        if present.is_none_or(Data::is_empty) && !value.is_empty() {
            target.entries_mut().insert(key.clone(), value.clone());
        }
    }
}

/// A boolean of YAML as `yaml.Unmarshal` reads it into a `bool`.
pub(in crate::helmfile) fn bool_of(text: &str) -> Result<bool, String> {
    let shown = |text: &str| match text.len() > 10 {
        true => format!("`{}...`", &text[..text.floor_char_boundary(7)]),
        false => format!("`{text}`"),
    };
    match crate::helmfile::data::decode(text.as_bytes())? {
        Data::Bool(value) => Ok(value),
        Data::Null => Ok(false),
        Data::String(word) => match &word[..] {
            b"y" | b"Y" | b"yes" | b"on" => Ok(true),
            b"n" | b"N" | b"no" | b"off" => Ok(false),
            _ => Err(format!(
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str {} into bool",
                shown(&word.to_str_lossy())
            )),
        },
        other => {
            let tag = match other {
                Data::Int(_) | Data::Uint(_) => "!!int",
                Data::Float(_) => "!!float",
                Data::Time(_) => "!!timestamp",
                Data::List(_) => {
                    return Err(
                        "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into bool"
                            .to_owned(),
                    );
                }
                _ => {
                    return Err(
                        "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into bool"
                            .to_owned(),
                    );
                }
            };
            Err(format!(
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal {tag} {} into bool",
                shown(text.trim())
            ))
        }
    }
}

/// Go's `%q`.
pub(in crate::helmfile) fn quoted(text: &str) -> String {
    strconv::quote(text)
}

#[cfg(test)]
mod tests {
    use super::super::shape::{RELEASE, STATE};
    use super::*;
    use crate::helmfile::data::decode;

    fn record(text: &str) -> Record {
        Record::of(Some(&decode(text.as_bytes()).expect("YAML")))
    }

    #[test]
    fn later_parts_replace_lists_and_what_is_empty_replaces_nothing() {
        let mut target = record("{releases: [1], kubeVersion: a, commonLabels: {x: '1', y: '1'}}");
        let source = record("{releases: [2], kubeVersion: '', commonLabels: {y: ''}, bases: []}");
        merge(&STATE, &mut target, &source, Merge::Replace);
        assert_eq!(
            target.into_data().to_string(),
            "map[bases:[] commonLabels:map[x:1 y:] kubeVersion:a releases:[2]]"
        );
    }

    #[test]
    fn a_switch_that_is_off_is_there_and_cannot_turn_another_off() {
        let mut target = Record::default();
        merge(
            &RELEASE,
            &mut target,
            &record("{wait: false}"),
            Merge::Append,
        );
        assert_eq!(target.maybe("wait"), Some(false));
        merge(
            &RELEASE,
            &mut target,
            &record("{wait: true}"),
            Merge::Append,
        );
        merge(
            &RELEASE,
            &mut target,
            &record("{wait: false}"),
            Merge::Append,
        );
        assert_eq!(target.maybe("wait"), Some(true));
    }

    #[test]
    fn booleans_are_read_as_yaml_reads_them() {
        for (text, want) in [("true", Ok(true)), ("no", Ok(false)), ("", Ok(false))] {
            assert_eq!(bool_of(text), want, "{text}");
        }
        assert_eq!(
            bool_of("maybe").unwrap_err(),
            "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `maybe` into bool"
        );
    }
}
