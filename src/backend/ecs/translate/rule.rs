//! Rules of a listener: their conditions, priorities and places.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::desired::Resource;
use super::context::Context;
use super::ingress::ALB;
use super::object::Object;
use super::order::{Group, Stage};
use super::traffic::Traffic;
use super::workload::Workload;

/// A rule on its way.
pub(super) struct Rule<'a> {
    pub(super) object: &'a Object<'a>,
    /// `web-0-0`
    pub(super) name: String,
    pub(super) conditions: Vec<Value>,
    pub(super) actions: Vec<Value>,
    /// The workload that it leads to.
    pub(super) workload: Option<usize>,
    /// Host, whether the path is exact, length of the path: greater ones come first.
    pub(super) weight: (bool, bool, usize),
}

/// Conditions stand in this order.
pub(super) fn rank(condition: &Value) -> usize {
    let order = [
        "host-header",
        "path-pattern",
        "http-header",
        "http-request-method",
        "query-string",
        "source-ip",
    ];
    let field = condition["Field"].as_str().unwrap_or_default();
    order
        .iter()
        .position(|it| *it == field)
        .unwrap_or(order.len())
}

/// Gives rules their priorities and their places.
pub(super) fn arrange<'a>(
    ctx: &'a Context<'a>,
    workloads: &[Workload<'a>],
    mut rules: Vec<Rule<'a>>,
    traffic: &mut [Traffic],
) -> Vec<Group> {
    settle(&mut rules);
    let mut rules: Vec<Rule<'a>> = rules
        .into_iter()
        .flat_map(|rule| split(ctx, rule))
        .collect();
    let order = |object: &Object<'_>| -> Option<u32> {
        object
            .annotation(&format!("{ALB}group.order"))?
            .trim()
            .parse()
            .ok()
    };
    // A group's Ingresses count on, by name.
    let key = |object: &Object<'_>| {
        let group = object
            .annotation(&format!("{ALB}group.name"))
            .map(str::to_owned);
        group.unwrap_or_else(|| object.label.clone())
    };
    rules.sort_by(|a, b| {
        let by = |rule: &Rule<'_>| {
            (
                order(rule.object).is_none(),
                order(rule.object),
                key(rule.object),
            )
        };
        by(a).cmp(&by(b)).then_with(|| match order(a.object) {
            Some(_) => a.object.label.cmp(&b.object.label),
            None => std::cmp::Ordering::Equal,
        })
    });
    let (ordered, mut free): (Vec<_>, Vec<_>) = rules
        .into_iter()
        .partition(|rule| order(rule.object).is_some());
    free.sort_by_key(|rule| std::cmp::Reverse(rule.weight));
    let mut counts: BTreeMap<(String, u32), u32> = BTreeMap::new();
    let mut prioritised = Vec::new();
    for rule in ordered {
        let start = order(rule.object).unwrap_or_default();
        let count = counts.entry((key(rule.object), start)).or_default();
        let priority = start + *count;
        *count += 1;
        prioritised.push((priority.max(1), rule));
    }
    let mut next = ctx.config.ingress.priority_band.map(|(first, _)| first);
    let last = ctx.config.ingress.priority_band.map_or(0, |(_, last)| last);
    for rule in free {
        match next {
            None => {
                let message = format!("set {ALB}group.order, or ecs.ingress.priorityBand");
                ctx.tell(rule.object, 1014, "", message);
            }
            Some(priority) if priority > last => {
                ctx.tell(
                    rule.object,
                    1013,
                    "",
                    "ecs.ingress.priorityBand has no priority left",
                );
            }
            Some(priority) => {
                next = Some(priority + 1);
                prioritised.push((priority, rule));
            }
        }
    }
    let mut others = Vec::new();
    let mut taken: BTreeMap<(String, u32), String> = BTreeMap::new();
    for (priority, rule) in prioritised {
        let own = rule.object.own_text("listener-arn");
        let of_workload = rule
            .workload
            .and_then(|it| workloads[it].object.own_text("listener-arn"));
        let listener = own
            .or(of_workload)
            .or(ctx.config.ingress.listener_arn.as_deref());
        let Some(listener) = listener else {
            ctx.tell(rule.object, 1014, "", "set ecs.ingress.listenerArn");
            continue;
        };
        let key = (listener.to_owned(), priority);
        if let Some(other) = taken.insert(key, rule.name.clone()) {
            let message = format!("its priority {priority} is that of {other}");
            ctx.tell(rule.object, 1012, "", message);
        }
        let request = json!({
            "ListenerArn": listener,
            "Priority": priority,
            "Conditions": rule.conditions,
            "Actions": rule.actions,
        });
        let resource = Resource::new("elbv2:ListenerRule", rule.name.as_str(), request);
        match rule.workload {
            Some(index) => traffic[index].rules.push(resource),
            None => others.push(Group {
                stage: Stage::Service,
                name: rule.name,
                resources: vec![resource],
                ..Group::default()
            }),
        }
    }
    others
}

/// Rules that lead to no workload stand with the others of their object.
fn settle(rules: &mut [Rule<'_>]) {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for rule in rules.iter() {
        if let Some(workload) = rule.workload {
            found.entry(rule.object.label.clone()).or_insert(workload);
        }
    }
    for rule in rules.iter_mut() {
        rule.workload = rule.workload.or(found.get(&rule.object.label).copied());
    }
}

/// A rule takes at most so many values.
const VALUES: usize = 5;

/// A rule with more values than a listener takes, as several: the longest list of values in pieces.
fn split<'a>(ctx: &Context<'_>, rule: Rule<'a>) -> Vec<Rule<'a>> {
    let mut whole = vec![rule.conditions.clone()];
    let mut parts = Vec::new();
    while let Some(conditions) = whole.pop() {
        let all: usize = conditions.iter().map(values).sum();
        let longest = (0..conditions.len())
            .rev()
            .max_by_key(|at| values(&conditions[*at]));
        let longest = longest.filter(|at| all > VALUES && values(&conditions[*at]) > 1);
        let Some(at) = longest else {
            if all > VALUES {
                let message = format!("a rule takes at most {VALUES} values");
                ctx.tell(rule.object, 1013, "", message);
            }
            parts.push(conditions);
            continue;
        };
        let have = values(&conditions[at]);
        // What the others leave; where that is nothing, they have to be split as well.
        let room = (VALUES + have).saturating_sub(all).max(1);
        let pieces: Vec<Vec<Value>> = pieces(&conditions[at], room)
            .into_iter()
            .map(|piece| {
                let mut own = conditions.clone();
                own[at] = piece;
                own
            })
            .collect();
        whole.extend(pieces.into_iter().rev());
    }
    let is_one = parts.len() == 1;
    let named = parts
        .into_iter()
        .enumerate()
        .map(|(number, conditions)| Rule {
            name: match is_one {
                true => rule.name.clone(),
                false => format!("{}-{number}", rule.name),
            },
            conditions,
            actions: rule.actions.clone(),
            ..rule
        });
    named.collect()
}

/// A condition with so many of its values at a time.
fn pieces(condition: &Value, room: usize) -> Vec<Value> {
    let Value::Object(map) = condition else {
        return vec![condition.clone()];
    };
    for (name, config) in map {
        if let Some(all) = config["Values"].as_array() {
            let piece = |values: &[Value]| {
                let mut piece = condition.clone();
                piece[name]["Values"] = values.into();
                piece
            };
            return all.chunks(room.max(1)).map(piece).collect();
        }
    }
    vec![condition.clone()]
}

/// How many values a condition has.
fn values(condition: &Value) -> usize {
    let Value::Object(map) = condition else {
        return 0;
    };
    map.values()
        .filter_map(|it| it["Values"].as_array())
        .map(Vec::len)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_come_in_pieces() {
        let condition = json!({"Field": "host-header", "HostHeaderConfig": {"Values": [1, 2, 3]}});
        assert_eq!(values(&condition), 3);
        let found = pieces(&condition, 2);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1]["HostHeaderConfig"]["Values"], json!([3]));
        assert_eq!(found[1]["Field"], "host-header");
    }
}
