//! From steps and data to text.

use std::cmp::Ordering;

use super::{Bounds, End, Path, Step};
use crate::go::{fmt, json};
use crate::value::Frozen;

/// A value on the way.
#[derive(Clone, Copy)]
enum Item<'a> {
    /// Go's zero `reflect.Value`: what a loop over nothing, or over `null`, looks at.
    Nothing,
    Data(&'a Frozen),
    /// A byte of a string.
    Byte(u8),
}

type Items<'a> = Vec<Item<'a>>;

/// Values, or what was at hand when it failed: a filter that asks whether there is anything looks at
/// that.
type Found<'a> = Result<Items<'a>, Items<'a>>;

/// What the parts make of `data`; nothing where one fails.
pub(super) fn print(parts: &[Path], data: &Frozen) -> Vec<u8> {
    let mut walk = Walk::default();
    let mut results = Vec::new();
    let mut out = Vec::new();
    if walk.run(parts, 0, Item::Data(data), &mut results).is_none() {
        return out;
    }
    for items in results {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            item.print(&mut out);
        }
    }
    out
}

impl<'a> Item<'a> {
    fn print(self, out: &mut Vec<u8>) {
        match self {
            Item::Nothing => out.extend_from_slice(b"<no value>"),
            Item::Byte(byte) => out.extend_from_slice(byte.to_string().as_bytes()),
            Item::Data(Frozen::Null) => out.extend_from_slice(b"null"),
            Item::Data(data @ (Frozen::List(_) | Frozen::Map(_))) => {
                let start = out.len();
                let options = json::Options {
                    escape_html: true,
                    indent: None,
                };
                if json::encode_frozen(data, out, options).is_err() {
                    out.truncate(start);
                }
            }
            Item::Data(data) => fmt::print_value(out, &data.thaw()),
        }
    }

    /// What is in it.
    fn members(self) -> Items<'a> {
        match self {
            Item::Data(Frozen::Map(map)) => map.values().map(Item::Data).collect(),
            Item::Data(Frozen::List(list)) => list.iter().map(Item::Data).collect(),
            Item::Data(Frozen::String(text)) => {
                text.as_bytes().iter().copied().map(Item::Byte).collect()
            }
            _ => Vec::new(),
        }
    }

    /// How two values compare; none where Go does not compare them.
    fn compare(self, other: Item<'_>) -> Option<Comparison> {
        let ordered = |ordering: Option<Ordering>| Some(Comparison::Ordered(ordering));
        match (self, other) {
            (Item::Byte(a), Item::Byte(b)) => ordered(Some(a.cmp(&b))),
            (Item::Byte(a), Item::Data(Frozen::Int(b))) => ordered(i64::from(a).partial_cmp(b)),
            (Item::Data(Frozen::Int(a)), Item::Byte(b)) => ordered(a.partial_cmp(&i64::from(b))),
            (Item::Data(a), Item::Data(b)) => match (a, b) {
                (Frozen::Bool(a), Frozen::Bool(b)) => Some(Comparison::Equality(a == b)),
                (Frozen::Int(a), Frozen::Int(b)) => ordered(a.partial_cmp(b)),
                (Frozen::Float(a), Frozen::Float(b)) => ordered(a.partial_cmp(b)),
                (Frozen::String(a), Frozen::String(b)) => {
                    ordered(a.as_bytes().partial_cmp(b.as_bytes()))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

enum Comparison {
    Ordered(Option<Ordering>),
    /// Of what has no order.
    Equality(bool),
}

impl Comparison {
    /// Whether `operator` holds; none where it is none.
    fn holds(&self, operator: &str) -> Option<bool> {
        let ordering = match (self, operator) {
            (Comparison::Equality(equal), "==") => return Some(*equal),
            (Comparison::Equality(equal), "!=") => return Some(!equal),
            (Comparison::Equality(_), _) => return None,
            (Comparison::Ordered(ordering), _) => *ordering,
        };
        let (less, equal) = (
            ordering == Some(Ordering::Less),
            ordering == Some(Ordering::Equal),
        );
        match operator {
            "==" => Some(equal),
            "!=" => Some(!equal),
            "<" => Some(less),
            "<=" => Some(less || equal),
            ">" => Some(!(less || equal)),
            ">=" => Some(!less),
            _ => None,
        }
    }
}

/// Where loops stand. They are found only while the parts are walked, for `range` and `end` are
/// words as any other.
#[derive(Default)]
struct Walk {
    /// `range` words that no loop was made of yet.
    begun: usize,
    /// Loops around.
    inside: usize,
    /// `end` words that no loop was left for yet.
    ended: usize,
    /// The part of the last `end`.
    last_end: Option<usize>,
}

impl Walk {
    /// Walks the parts from `at` on; none where one fails.
    fn run<'a>(
        &mut self,
        parts: &'a [Path],
        mut at: usize,
        data: Item<'a>,
        out: &mut Vec<Items<'a>>,
    ) -> Option<()> {
        while let Some(part) = parts.get(at) {
            let found = self.path(vec![data], part).ok()?;
            if self.ended > 0 && self.ended <= self.inside {
                self.ended -= 1;
                self.last_end = Some(at);
                return Some(());
            }
            if self.begun == 0 {
                out.push(found);
                at += 1;
                continue;
            }
            self.begun -= 1;
            self.inside += 1;
            let mut around = |item: Item<'a>, out: &mut Vec<Items<'a>>| {
                stacker::maybe_grow(64 << 10, 1 << 20, || self.run(parts, at + 1, item, out))
            };
            if found.is_empty() {
                // The body is walked to find its end.
                around(Item::Nothing, &mut Vec::new())?;
            }
            for item in found {
                let item = match item {
                    Item::Data(Frozen::Null) => Item::Nothing,
                    other => other,
                };
                around(item, out)?;
            }
            self.inside -= 1;
            // A loop that is never closed goes on behind its start.
            at = match self.last_end {
                Some(end) if end > at => end + 1,
                _ => at + 1,
            };
        }
        Some(())
    }

    fn path<'a>(&mut self, items: Items<'a>, path: &'a [Step]) -> Found<'a> {
        path.iter()
            .try_fold(items, |items, step| self.step(items, step))
    }

    fn step<'a>(&mut self, items: Items<'a>, step: &'a Step) -> Found<'a> {
        match step {
            Step::Text(text) => Ok(vec![Item::Data(text)]),
            Step::Constant(value) => Ok(vec![Item::Data(value); items.len()]),
            Step::Field(name) => field(&items, name),
            Step::Range(bounds) => range(items, *bounds),
            Step::Filter {
                left,
                operator,
                right,
            } => self.filter(items, left, operator.as_deref(), right),
            Step::Union(members) => {
                let mut found = Vec::new();
                for member in members {
                    match self.path(items.clone(), member) {
                        Ok(more) => found.extend(more),
                        Err(_) => return Err(items),
                    }
                }
                Ok(found)
            }
            Step::Wildcard => Ok(items.into_iter().flat_map(Item::members).collect()),
            Step::Descend => Ok(descend(items)),
            Step::Word(word) => match word.as_str() {
                "range" => {
                    self.begun += 1;
                    Ok(items)
                }
                "end" if self.inside > 0 => {
                    self.ended += 1;
                    Ok(Vec::new())
                }
                "end" => Err(Vec::new()),
                _ => Err(items),
            },
        }
    }

    fn filter<'a>(
        &mut self,
        items: Items<'a>,
        left: &'a [Step],
        operator: Option<&str>,
        right: &'a [Step],
    ) -> Found<'a> {
        let mut found = Vec::new();
        for item in &items {
            let Item::Data(Frozen::List(list)) = item else {
                return Err(items);
            };
            for member in list.iter().map(Item::Data) {
                let lefts = self.path(vec![member], left);
                let Some(operator) = operator else {
                    let (Ok(there) | Err(there)) = lefts;
                    if !there.is_empty() {
                        found.push(member);
                    }
                    continue;
                };
                let left = match lefts.as_deref() {
                    Ok([]) => continue,
                    Ok([left]) => *left,
                    _ => return Err(items),
                };
                let right = match self.path(vec![member], right).as_deref() {
                    Ok([]) => continue,
                    Ok([right]) => *right,
                    _ => return Err(items),
                };
                let holds = left.compare(right).and_then(|how| how.holds(operator));
                match holds {
                    Some(true) => found.push(member),
                    Some(false) => {}
                    None => return Err(found),
                }
            }
        }
        Ok(found)
    }
}

/// Entries of maps; it fails where there is none at all.
fn field<'a>(items: &[Item<'a>], name: &str) -> Found<'a> {
    let entries = items.iter().filter_map(|item| match item {
        Item::Data(data) => data.get(name).map(Item::Data),
        _ => None,
    });
    let found: Items = entries.collect();
    if found.is_empty() && !items.is_empty() {
        return Err(found);
    }
    Ok(found)
}

/// A part of each list.
fn range<'a>(items: Items<'a>, bounds: Bounds) -> Found<'a> {
    let mut found = Vec::new();
    for item in &items {
        let list = match item {
            Item::Data(Frozen::Null) => continue,
            Item::Data(Frozen::List(list)) => list,
            _ => return Err(items),
        };
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let behind = |at: i64| {
            if at < 0 {
                at.saturating_add(length)
            } else {
                at
            }
        };
        let from = behind(bounds.from.unwrap_or(0));
        let to = match bounds.to {
            End::Open => length,
            End::At(to) => behind(to),
            // Behind the last item of all stands none: -1 is the last one.
            End::Next(0) => length,
            End::Next(to) => behind(to),
        };
        if from == to {
            // Nothing of any list is wanted any more.
            return Ok(found);
        }
        let step = bounds.step.unwrap_or(1);
        let inside = (0..length).contains(&from) && (0..=length).contains(&to) && from < to;
        let (true, true, Ok(step)) = (inside, step > 0, usize::try_from(step)) else {
            return Err(items);
        };
        let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else {
            return Err(items);
        };
        found.extend(list[from..to].iter().step_by(step).map(Item::Data));
    }
    Ok(found)
}

/// All that has something in it, parents first.
fn descend(items: Items<'_>) -> Items<'_> {
    let mut found = Vec::new();
    let mut open = items;
    open.reverse();
    while let Some(item) = open.pop() {
        let mut members = item.members();
        if members.is_empty() {
            continue;
        }
        found.push(item);
        members.reverse();
        open.append(&mut members);
    }
    found
}
