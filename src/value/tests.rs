//! What is nested deeply is dropped one by one: a drop from inside a drop would end the stack.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Frozen, List, Map, Text, Type, Value};

const DEEP: usize = 300_000;

/// Runs it on a stack that is smaller than what a frame a level would take.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn deep_frozen_values_are_dropped() {
    on_a_small_stack(|| {
        let lists = (0..DEEP).fold(Frozen::Null, |value, _| Frozen::List(Arc::new(vec![value])));
        let maps = (0..DEEP).fold(Frozen::Null, |value, _| {
            Frozen::Map(Arc::new(BTreeMap::from([(Text::from("a"), value)])))
        });
        // One that is shared stays for who holds it.
        let shared = lists.clone();
        drop(lists);
        assert!(shared.as_list().is_some_and(|items| items.len() == 1));
        drop((shared, maps));
    });
}

#[test]
fn deep_live_values_are_dropped() {
    on_a_small_stack(|| {
        let mut value = Value::Nil;
        for level in 0..DEEP {
            value = if level % 2 == 0 {
                Value::List(List::new(&Type::LIST, vec![value]))
            } else {
                Value::Map(Map::new(
                    &Type::MAP,
                    BTreeMap::from([(Text::from("a"), value)]),
                ))
            };
        }
        drop(value);
    });
}
