//! Values while they are coalesced: frozen ones go in and come out, in between maps are shared as
//! Go's are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::value::{Frozen, FrozenMap, Text};

/// A map while values are coalesced. Clones are one map, as in Go: Helm lets subcharts share parts
/// of their parent's globals, and shows it when a subchart's default falls into such a part.
pub(in crate::chart) type Table = Rc<RefCell<BTreeMap<Text, Node>>>;

/// A value while values are coalesced: data stays frozen until something is put into it.
#[derive(Clone)]
pub(in crate::chart) enum Node {
    /// Not changed so far.
    Fixed(Frozen),
    /// A map that is changed, or shared.
    Table(Table),
}

impl Node {
    pub(in crate::chart) fn is_null(&self) -> bool {
        matches!(self, Node::Fixed(Frozen::Null))
    }

    pub(in crate::chart) fn is_table(&self) -> bool {
        matches!(self, Node::Table(_) | Node::Fixed(Frozen::Map(_)))
    }

    /// The map here, made changeable; `None` where this is none.
    pub(in crate::chart) fn open(&mut self) -> Option<Table> {
        if let Node::Fixed(Frozen::Map(map)) = self {
            *self = Node::Table(open(map));
        }
        match self {
            Node::Table(table) => Some(Rc::clone(table)),
            Node::Fixed(_) => None,
        }
    }

    /// Data that can be printed.
    pub(in crate::chart) fn frozen(&self) -> Frozen {
        match self {
            Node::Fixed(value) => value.clone(),
            Node::Table(table) => {
                freeze(table).map_or(Frozen::Null, |map| Frozen::Map(Arc::new(map)))
            }
        }
    }
}

/// A changeable map of the entries of `map`.
pub(in crate::chart) fn open(map: &FrozenMap) -> Table {
    let entries = map
        .iter()
        .map(|(key, value)| (key.clone(), Node::Fixed(value.clone())));
    Rc::new(RefCell::new(entries.collect()))
}

/// An empty map.
pub(in crate::chart) fn empty() -> Table {
    Rc::default()
}

/// The entries of a map, its inner maps made shareable: what is put into one of those is seen in
/// `table` too.
pub(in crate::chart) fn share(table: &Table) -> Vec<(Text, Node)> {
    let mut entries = table.borrow_mut();
    let shared = entries.iter_mut().map(|(key, node)| {
        node.open();
        (key.clone(), node.clone())
    });
    shared.collect()
}

/// Freezes a map; what is shared stays shared. `None` where the map contains itself.
pub(in crate::chart) fn freeze(table: &Table) -> Option<FrozenMap> {
    fn descend(table: &Table, known: &mut Known) -> Option<FrozenMap> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let mut frozen = Vec::new();
            for (key, node) in table.borrow().iter() {
                let value = match node {
                    Node::Fixed(value) => value.clone(),
                    Node::Table(table) => {
                        let address = Rc::as_ptr(table).cast::<()>() as usize;
                        let is_shared = Rc::strong_count(table) > 1;
                        match known.get(&address) {
                            Some(Some(map)) => Frozen::Map(Arc::clone(map)),
                            Some(None) => return None,
                            None => {
                                if is_shared {
                                    known.insert(address, None);
                                }
                                let map = Arc::new(descend(table, known)?);
                                if is_shared {
                                    known.insert(address, Some(Arc::clone(&map)));
                                }
                                Frozen::Map(map)
                            }
                        }
                    }
                };
                frozen.push((key.clone(), value));
            }
            // Sorted already, which makes building the map linear.
            Some(frozen.into_iter().collect())
        })
    }
    type Known = BTreeMap<usize, Option<Arc<FrozenMap>>>;
    let mut known = Known::new();
    known.insert(Rc::as_ptr(table).cast::<()>() as usize, None);
    descend(table, &mut known)
}
