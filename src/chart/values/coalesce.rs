//! A user's values over the defaults of charts: both go in, what templates see comes out
//! (`pkg/chart/common/util/coalesce.go`, Helm 4.2.4).

use std::sync::Arc;

use super::node::{self, Node, Table};
use crate::chart::Chart;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::{fmt, strconv};
use crate::value::{Frozen, FrozenMap, Text};

const GLOBAL: &str = "global";

/// What becomes of nulls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `util.CoalesceValues`: a null takes away what lies below it.
    Coalesce,
    /// `util.MergeValues`: nulls are values.
    Merge,
}

/// The values that the templates of `chart` see: `user` over the defaults of the chart and of all
/// charts in it (`util.CoalesceValues`, Helm 4.2.4). Where Go takes maps in random order, this takes
/// them sorted.
///
/// # Errors
/// A value of a subchart's name that is not a map.
pub fn coalesce(
    chart: &Chart,
    user: &FrozenMap,
    notices: &mut Vec<Notice>,
) -> Result<FrozenMap, Error> {
    let table = node::open(user);
    Coalescing { notices }.chart(chart, &table, "", Mode::Coalesce)?;
    node::freeze(&table).ok_or_else(endless)
}

/// The defaults of `chart` and of all charts in it, nulls kept (`util.MergeValues`).
pub(in crate::chart) fn merge_defaults(
    chart: &Chart,
    notices: &mut Vec<Notice>,
) -> Result<Table, Error> {
    let table = node::empty();
    Coalescing { notices }.chart(chart, &table, "", Mode::Merge)?;
    Ok(table)
}

/// Puts what `source` has and `target` has not into `target`, deeply (`util.MergeTables`).
pub(in crate::chart) fn merge_tables(target: &Table, source: &Table, notices: &mut Vec<Notice>) {
    Coalescing { notices }.live_tables(target, source, "", Mode::Merge);
}

/// `defaults` below `user`, without regard to any chart (`util.CoalesceTables`).
///
/// # Errors
/// Values that contain themselves.
pub fn coalesce_tables(
    user: &FrozenMap,
    defaults: &FrozenMap,
    notices: &mut Vec<Notice>,
) -> Result<FrozenMap, Error> {
    let target = node::open(user);
    let source = node::open(defaults);
    Coalescing { notices }.live_tables(&target, &source, "", Mode::Coalesce);
    node::freeze(&target).ok_or_else(endless)
}

pub(in crate::chart) fn endless() -> Error {
    Error::new(Kind::Values, "values contain themselves")
}

struct Coalescing<'a> {
    notices: &'a mut Vec<Notice>,
}

impl Coalescing<'_> {
    /// Helm prints these through Go's plain logger, whose level is INFO.
    fn warn(&mut self, message: String) {
        self.notices.push(Notice::new(Level::Info, message));
    }

    fn chart(
        &mut self,
        chart: &Chart,
        values: &Table,
        prefix: &str,
        mode: Mode,
    ) -> Result<(), Error> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let prefix = join(prefix, chart.name());
            self.defaults(chart, values, &prefix, mode);
            for child in &chart.dependencies {
                let table = {
                    let mut entries = values.borrow_mut();
                    let node = entries
                        .entry(Text::from(child.name()))
                        .or_insert_with(|| Node::Table(node::empty()));
                    node.open().ok_or_else(|| mismatch(child.name(), node))?
                };
                self.globals(&table, values, &prefix);
                self.chart(child, &table, &prefix, mode)?;
            }
            Ok(())
        })
    }

    /// `coalesceValues`
    fn defaults(&mut self, chart: &Chart, values: &Table, prefix: &str, mode: Mode) {
        for (key, default) in chart.values.iter() {
            let mut entries = values.borrow_mut();
            let Some(present) = entries.get_mut(&**key) else {
                match default {
                    Frozen::Null if mode == Mode::Coalesce => {}
                    Frozen::Map(map) if mode == Mode::Coalesce => {
                        entries.insert(key.clone(), Node::Fixed(Frozen::Map(without_nulls(map))));
                    }
                    other => {
                        entries.insert(key.clone(), Node::Fixed(other.clone()));
                    }
                }
                continue;
            };
            if present.is_null() && mode == Mode::Coalesce {
                entries.remove(&**key);
                continue;
            }
            let is_table = present.is_table();
            match default {
                Frozen::Map(map) if is_table => {
                    let table = present.open();
                    drop(entries);
                    let names_child = chart
                        .dependencies
                        .iter()
                        .any(|child| child.name().as_bytes() == &**key);
                    let mode = if names_child { Mode::Merge } else { mode };
                    let source = match mode {
                        Mode::Coalesce => without_nulls(map),
                        Mode::Merge => Arc::clone(map),
                    };
                    if let Some(table) = table {
                        self.frozen_tables(&table, &source, &join_key(prefix, key), mode);
                    }
                }
                Frozen::Null => {}
                _ if is_table => {
                    drop(entries);
                    self.warn(format!(
                        "warning: skipped value for {}: Not a table.",
                        join_key(prefix, key)
                    ));
                }
                _ => {}
            }
        }
    }

    /// `coalesceGlobals`: the parent's globals over the child's.
    fn globals(&mut self, child: &Table, parent: &Table, prefix: &str) {
        let find = |table: &Table| match table.borrow_mut().get_mut(GLOBAL.as_bytes()) {
            None => Some(node::empty()),
            Some(node) => node.open(),
        };
        let Some(target) = find(child) else {
            self.warn(format!(
                "warning: skipping globals because destination {GLOBAL} is not a table."
            ));
            return;
        };
        let Some(source) = find(parent) else {
            self.warn(format!(
                "warning: skipping globals because source {GLOBAL} is not a table."
            ));
            return;
        };
        for (key, value) in node::share(&source) {
            let mut entries = target.borrow_mut();
            let present = entries.get_mut(&*key);
            let Node::Table(table) = &value else {
                if present.is_some_and(|present| present.is_table()) {
                    drop(entries);
                    self.warn(format!("key {key} is table. Skipping"));
                } else {
                    entries.insert(key, value);
                }
                continue;
            };
            let copy = Table::default();
            copy.borrow_mut().extend(node::share(table));
            match present {
                None => {
                    entries.insert(key, Node::Table(copy));
                }
                Some(present) => match present.open() {
                    Some(own) => {
                        drop(entries);
                        self.live_tables(&copy, &own, &join_key(prefix, &key), Mode::Merge);
                        target.borrow_mut().insert(key, Node::Table(copy));
                    }
                    None => {
                        drop(entries);
                        self.warn(format!(
                            "Conflict: cannot merge map onto non-map for {}. Skipping.",
                            strconv::quote(&key)
                        ));
                    }
                },
            }
        }
        child
            .borrow_mut()
            .insert(Text::from(GLOBAL), Node::Table(target));
    }

    /// `coalesceTablesFullKey` from data that nothing else refers to.
    fn frozen_tables(&mut self, target: &Table, source: &FrozenMap, prefix: &str, mode: Mode) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            for (key, value) in source {
                self.entry(target, key, Node::Fixed(value.clone()), prefix, mode);
            }
        });
    }

    /// `coalesceTablesFullKey` from a map that others may refer to, parts of which become shared.
    fn live_tables(&mut self, target: &Table, source: &Table, prefix: &str, mode: Mode) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let entries = node::share(source);
            let nulls: Vec<Text> = {
                let target = target.borrow();
                let nulls = target.iter().filter(|(_, node)| node.is_null());
                nulls.map(|(key, _)| key.clone()).collect()
            };
            for key in nulls {
                source.borrow_mut().insert(key, Node::Fixed(Frozen::Null));
            }
            for (key, value) in entries {
                self.entry(target, &key, value, prefix, mode);
            }
        });
    }

    fn entry(&mut self, target: &Table, key: &Text, mut value: Node, prefix: &str, mode: Mode) {
        let mut entries = target.borrow_mut();
        let Some(present) = entries.get_mut(&**key) else {
            entries.insert(key.clone(), value);
            return;
        };
        if present.is_null() {
            if mode == Mode::Coalesce && !value.is_null() {
                entries.remove(&**key);
            }
            return;
        }
        let table = present.open();
        drop(entries);
        match (table, &mut value) {
            (Some(table), Node::Fixed(Frozen::Map(map))) => {
                self.frozen_tables(&table, map, &join_key(prefix, key), mode);
            }
            (Some(table), Node::Table(source)) => {
                self.live_tables(&table, source, &join_key(prefix, key), mode);
            }
            (Some(_), value) if !value.is_null() => {
                let message = format!(
                    "warning: destination for {} is a table. Ignoring non-table value ({})",
                    join_key(prefix, key),
                    shown(value)
                );
                self.warn(message);
            }
            (None, value) if value.is_table() => {
                let message = format!(
                    "warning: cannot overwrite table with non table for {} ({})",
                    join_key(prefix, key),
                    shown(value)
                );
                self.warn(message);
            }
            _ => {}
        }
    }
}

/// Go's `%v`.
fn shown(value: &Node) -> String {
    String::from_utf8_lossy(&fmt::sprintf("%v", &[value.frozen().thaw()])).into_owned()
}

fn mismatch(name: &str, node: &Node) -> Error {
    let value = fmt::sprintf("%t", &[node.frozen().thaw()]);
    let value = String::from_utf8_lossy(&value);
    Error::new(Kind::Values, format!("type mismatch on {name}: {value}"))
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

fn join_key(prefix: &str, key: &Text) -> String {
    join(prefix, &key.to_str_lossy())
}

/// The map without nulls at any depth of maps; itself where it has none (`cleanNilValues`).
fn without_nulls(map: &Arc<FrozenMap>) -> Arc<FrozenMap> {
    fn has_null(map: &FrozenMap) -> bool {
        map.values().any(|value| match value {
            Frozen::Null => true,
            Frozen::Map(inner) => stacker::maybe_grow(32 * 1024, 1024 * 1024, || has_null(inner)),
            _ => false,
        })
    }
    fn clean(map: &mut FrozenMap) {
        map.retain(|_, value| !matches!(value, Frozen::Null));
        for value in map.values_mut() {
            if let Frozen::Map(inner) = value
                && has_null(inner)
            {
                stacker::maybe_grow(32 * 1024, 1024 * 1024, || clean(Arc::make_mut(inner)));
            }
        }
    }
    let mut map = Arc::clone(map);
    if has_null(&map) {
        clean(Arc::make_mut(&mut map));
    }
    map
}
