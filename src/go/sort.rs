//! Go's `sort.Sort`: where equal items end up, which matters when a caller's `Less` is none.
//!
//! It is pattern-defeating quicksort with Go's constants. One step is left out that a strict order
//! needs for speed only: setting items aside that equal the pivot of the part before.

/// Below this, items are inserted one by one.
const SHORT: usize = 12;
/// From here on the pivot is a median of medians, and single items out of place are moved.
const LONG: usize = 50;
/// How many of those are moved before it is given up.
const MOVES: usize = 5;

/// Sorts by a comparison that may call each of two equal items less than the other, as `<=` does.
pub(crate) fn sort<T>(items: &mut [T], less: &impl Fn(&T, &T) -> bool) {
    let budget = usize::BITS - items.len().leading_zeros();
    quick(items, less, budget);
}

fn insert_each<T>(items: &mut [T], less: &impl Fn(&T, &T) -> bool) {
    for at in 1..items.len() {
        sink(items, at, less);
    }
}

/// Moves an item towards the front as long as it is less than the one before.
fn sink<T>(items: &mut [T], mut at: usize, less: &impl Fn(&T, &T) -> bool) {
    while at > 0 && less(&items[at], &items[at - 1]) {
        items.swap(at, at - 1);
        at -= 1;
    }
}

fn quick<T>(mut items: &mut [T], less: &impl Fn(&T, &T) -> bool, mut budget: u32) {
    let (mut is_balanced, mut was_parted) = (true, true);
    loop {
        let length = items.len();
        if length <= SHORT {
            return insert_each(items, less);
        }
        if budget == 0 {
            // Bad luck, or nearly all are equal. Go has a heap for that.
            items.reverse();
            return items.sort_by(|a, b| less(b, a).cmp(&less(a, b)));
        }
        if !is_balanced {
            scatter(items);
            budget -= 1;
        }
        let (mut pivot, trend) = choose(items, less);
        if trend == Trend::Falling {
            items.reverse();
            pivot = length - 1 - pivot;
        }
        if is_balanced && was_parted && trend != Trend::None && finish(items, less) {
            return;
        }
        let middle;
        (middle, was_parted) = part(items, pivot, less);
        let right_length = length - middle;
        is_balanced = middle.min(right_length) >= length / 8;
        let (left, right) = items.split_at_mut(middle);
        let right = &mut right[1..];
        if middle < right_length {
            quick(left, less, budget);
            items = right;
        } else {
            quick(right, less, budget);
            items = left;
        }
    }
}

/// Swaps three items in the middle with ones chosen by a fixed sequence.
fn scatter<T>(items: &mut [T]) {
    let length = items.len();
    let mut random = length as u64;
    let mask = (1_u64 << (u64::BITS - random.leading_zeros())) - 1;
    let middle = length / 4 * 2;
    for at in middle - 1..=middle + 1 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let other = (random & mask) as usize;
        items.swap(
            at,
            if other >= length {
                other - length
            } else {
                other
            },
        );
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trend {
    Rising,
    Falling,
    None,
}

/// A pivot, and what the items that were looked at have in common.
fn choose<T>(items: &[T], less: &impl Fn(&T, &T) -> bool) -> (usize, Trend) {
    let mut swaps = 0;
    let mut median = |a: usize, b: usize, c: usize| {
        let mut order = |a: usize, b: usize| match less(&items[b], &items[a]) {
            true => {
                swaps += 1;
                (b, a)
            }
            false => (a, b),
        };
        let (a, b) = order(a, b);
        let (b, _) = order(b, c);
        order(a, b).1
    };
    let quarter = items.len() / 4;
    let mut places = [quarter, 2 * quarter, 3 * quarter];
    if items.len() >= LONG {
        places = places.map(|at| median(at - 1, at, at + 1));
    }
    let [a, b, c] = places;
    let pivot = median(a, b, c);
    let trend = match swaps {
        0 => Trend::Rising,
        12 => Trend::Falling,
        _ => Trend::None,
    };
    (pivot, trend)
}

/// Whether the items are sorted, after a few were moved.
fn finish<T>(items: &mut [T], less: &impl Fn(&T, &T) -> bool) -> bool {
    let mut at = 1;
    for _ in 0..MOVES {
        while at < items.len() && !less(&items[at], &items[at - 1]) {
            at += 1;
        }
        if at == items.len() {
            return true;
        }
        if items.len() < LONG {
            return false;
        }
        items.swap(at, at - 1);
        if at >= 2 {
            sink(items, at - 1, less);
        }
        if items.len() - at >= 2 {
            for next in at + 1..items.len() {
                if !less(&items[next], &items[next - 1]) {
                    break;
                }
                items.swap(next, next - 1);
            }
        }
    }
    false
}

/// Brings what is less than the pivot before it: where the pivot is then, and whether all was so
/// already.
fn part<T>(items: &mut [T], pivot: usize, less: &impl Fn(&T, &T) -> bool) -> (usize, bool) {
    items.swap(0, pivot);
    // Both are still to be looked at; `right` is never below 0, where the pivot is.
    let (mut left, mut right) = (1, items.len() - 1);
    let mut was_parted = true;
    loop {
        while left <= right && less(&items[left], &items[0]) {
            left += 1;
        }
        while left <= right && !less(&items[right], &items[0]) {
            right -= 1;
        }
        if left > right {
            break;
        }
        was_parted = false;
        items.swap(left, right);
        left += 1;
        right -= 1;
    }
    items.swap(right, 0);
    (right, was_parted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers are sorted, letters tell equal ones apart: what `sort.Sort` of Go 1.26 makes of lists
    /// in random, nearly rising and nearly falling order with `<=` for `Less`.
    #[test]
    fn equal_items_end_up_where_go_puts_them() {
        for (items, wanted) in include_str!("sort.txt")
            .lines()
            .map(|line| line.split_once('\t').expect("two columns"))
        {
            let mut found: Vec<(u32, &str)> = items
                .split(' ')
                .map(|item| {
                    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
                    (item[..digits].parse().expect("a number"), item)
                })
                .collect();
            sort(&mut found, &|a, b| a.0 <= b.0);
            let found: Vec<_> = found.into_iter().map(|(_, item)| item).collect();
            assert_eq!(found.join(" "), wanted, "{items}");
        }
    }
}
