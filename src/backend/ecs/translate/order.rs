//! The order in which groups are applied.

use std::collections::BTreeMap;

use super::super::desired::Resource;
use super::super::native;

/// What each workload brings along that uses it.
const SHARED: [&str; 2] = ["secretsmanager:Secret", "ssm:Parameter"];

/// When a group is applied; within a release, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::backend::ecs) enum Stage {
    /// Hooks before the release, by weight.
    Before(i64),
    /// Services, by wave.
    #[default]
    Service,
    /// Tasks that run once.
    Task,
    /// Schedules.
    Schedule,
    /// Hooks after it, by weight.
    After(i64),
}

/// What one workload is on ECS.
#[derive(Clone, Debug, Default)]
pub(in crate::backend::ecs) struct Group {
    pub(in crate::backend::ecs) stage: Stage,
    /// The workload's name.
    pub(in crate::backend::ecs) name: String,
    /// `helm.sh/hook-weight` of the workload.
    pub(in crate::backend::ecs) weight: i64,
    /// Names of the groups whose Services it calls.
    pub(in crate::backend::ecs) calls: Vec<String>,
    /// In the order in which they are applied.
    pub(in crate::backend::ecs) resources: Vec<Resource>,
}

/// All resources in the order in which they are applied.
pub(in crate::backend::ecs) fn arrange(
    groups: Vec<Group>,
    natives: Vec<native::Group>,
) -> Vec<Resource> {
    let mut all = groups;
    all.extend(natives.into_iter().map(adopt));
    let waves = waves(&all);
    let mut keyed: Vec<(usize, Group)> = all
        .into_iter()
        .map(|group| {
            let wave = match group.stage {
                Stage::Service => waves.get(&group.name).copied().unwrap_or_default(),
                _ => 0,
            };
            (wave, group)
        })
        .collect();
    keyed.sort_by(|(wave, group), (other_wave, other)| {
        let key =
            |wave: usize, group: &Group| (group.stage, group.weight, wave, group.name.clone());
        key(*wave, group).cmp(&key(*other_wave, other))
    });
    let mut arranged: Vec<Resource> = Vec::new();
    for resource in keyed.into_iter().flat_map(|(_, group)| group.resources) {
        // What several workloads share is there once, before the first of them.
        let is_same = |other: &Resource| {
            (&other.kind, &other.name, &other.request)
                == (&resource.kind, &resource.name, &resource.request)
        };
        let is_shared = SHARED.contains(&resource.kind.as_str());
        if !is_shared || !arranged.iter().any(is_same) {
            arranged.push(resource);
        }
    }
    arranged
}

fn adopt(native: native::Group) -> Group {
    let work = native.resources.iter().rfind(|resource| {
        [
            "ecs:RunTask",
            "ecs:Service",
            "ecs:ExpressGatewayService",
            "scheduler:Schedule",
            "events:Rule",
        ]
        .contains(&resource.kind.as_str())
    });
    let stage = match work {
        Some(work) => match (&work.hook, work.kind.as_str()) {
            (Some(hook), _) if native::is_before(hook) => Stage::Before(hook.weight),
            (Some(hook), _) => Stage::After(hook.weight),
            (None, "ecs:RunTask") => Stage::Task,
            (None, "ecs:Service" | "ecs:ExpressGatewayService") => Stage::Service,
            (None, _) => Stage::Schedule,
        },
        // What serves nobody may be named by anybody, so it comes first.
        None => Stage::Before(i64::MIN),
    };
    Group {
        stage,
        name: native.name,
        resources: native.resources,
        ..Group::default()
    }
}

/// How many services have to be there before one, so that the ones that it calls come first. Those that
/// call each other in a circle count as one.
fn waves(groups: &[Group]) -> BTreeMap<String, usize> {
    let calls: BTreeMap<&str, &[String]> = groups
        .iter()
        .filter(|group| group.stage == Stage::Service)
        .map(|group| (group.name.as_str(), group.calls.as_slice()))
        .collect();
    let mut found: BTreeMap<String, usize> =
        calls.keys().map(|name| ((*name).to_owned(), 0)).collect();
    let reaches = |from: &str, to: &str| {
        let mut seen = vec![from];
        let mut at = 0;
        while at < seen.len() {
            for next in calls.get(seen[at]).copied().unwrap_or_default() {
                if next == to {
                    return true;
                }
                if !seen.contains(&next.as_str()) {
                    seen.push(next);
                }
            }
            at += 1;
        }
        false
    };
    for _ in 0..calls.len() {
        let before = found.clone();
        for (name, called) in &calls {
            let after = called
                .iter()
                .filter(|other| other.as_str() != *name && !reaches(other, name))
                .filter_map(|other| before.get(other))
                .map(|wave| wave + 1)
                .max();
            if let Some(wave) = found.get_mut(*name) {
                *wave = after.unwrap_or_default();
            }
        }
        if found == before {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn group(name: &str, stage: Stage, calls: &[&str]) -> Group {
        Group {
            stage,
            name: name.to_owned(),
            calls: calls.iter().map(|call| (*call).to_owned()).collect(),
            resources: vec![Resource::new("ecs:Service", name, Value::Null)],
            ..Group::default()
        }
    }

    #[test]
    fn servers_come_before_those_who_call_them() {
        let groups = vec![
            group("z-after", Stage::After(0), &[]),
            group("nightly", Stage::Schedule, &[]),
            group("a-web", Stage::Service, &["b-api"]),
            group("b-api", Stage::Service, &["c-db"]),
            group("c-db", Stage::Service, &[]),
            group("x", Stage::Service, &["y"]),
            group("y", Stage::Service, &["x", "b-api"]),
            group("seed", Stage::Task, &[]),
            group("late", Stage::Before(5), &[]),
            group("early", Stage::Before(-5), &[]),
        ];
        let order = arrange(groups, Vec::new());
        let names: Vec<&str> = order
            .iter()
            .map(|resource| resource.name.as_str())
            .collect();
        let want = [
            "early", "late", "c-db", "x", "b-api", "a-web", "y", "seed", "nightly", "z-after",
        ];
        assert_eq!(names, want);
    }
}
