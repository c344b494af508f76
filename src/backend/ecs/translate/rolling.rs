//! How many tasks there may be while a service changes.
//!
//! ECS takes percentages of the desired count and rounds the upper one down and the lower one up, so the
//! percentages of Kubernetes cannot be passed on: with 125/75 and three tasks nothing may start or stop.

use serde_json::Value;

/// Percentages of the desired count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Percents {
    pub(super) maximum: u64,
    pub(super) minimum: u64,
}

/// A number of pods, or a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Count(u64),
    Percent(u64),
}

impl Amount {
    /// Reads `2`, `"2"` or `"25%"`.
    pub(super) fn of(value: &Value) -> Option<Amount> {
        match value {
            Value::Number(number) => number.as_u64().map(Amount::Count),
            Value::String(text) => match text.trim().strip_suffix('%') {
                Some(percent) => percent.trim().parse().ok().map(Amount::Percent),
                None => text.trim().parse().ok().map(Amount::Count),
            },
            _ => None,
        }
    }

    /// Of `replicas`, rounded up.
    pub(super) fn up(self, replicas: u64) -> u64 {
        match self {
            Amount::Count(count) => count,
            Amount::Percent(percent) => (replicas * percent).div_ceil(100),
        }
    }

    /// Of `replicas`, rounded down.
    pub(super) fn down(self, replicas: u64) -> u64 {
        match self {
            Amount::Count(count) => count,
            Amount::Percent(percent) => replicas * percent / 100,
        }
    }
}

/// Kubernetes' default for both.
pub(super) const QUARTER: Amount = Amount::Percent(25);

/// The percentages for a rolling update of `replicas`; no replicas count as one.
pub(super) fn rolling(replicas: u64, surge: Amount, unavailable: Amount) -> Percents {
    let replicas = replicas.max(1);
    let surge = surge.up(replicas);
    let mut unavailable = unavailable.down(replicas).min(replicas);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    Percents {
        maximum: ((replicas + surge) * 100).div_ceil(replicas),
        minimum: (replicas - unavailable) * 100 / replicas,
    }
}

/// Raises the lower percentage to what a disruption budget asks for, as far as one task can still change.
pub(super) fn budget(percents: Percents, replicas: u64, available: u64) -> Percents {
    let replicas = replicas.max(1);
    let wanted = (available.min(replicas) * 100).div_ceil(replicas);
    let mut minimum = percents.minimum.max(wanted);
    let can_start = replicas * percents.maximum / 100 > replicas;
    if !can_start && (replicas * minimum).div_ceil(100) >= replicas {
        minimum = (replicas - 1) * 100 / replicas;
    }
    Percents {
        minimum,
        ..percents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether ECS may start or stop a task, with its own rounding.
    fn moves(replicas: u64, percents: Percents) -> bool {
        let upper = replicas * percents.maximum / 100;
        let lower = (replicas * percents.minimum).div_ceil(100);
        upper > replicas || lower < replicas
    }

    #[test]
    fn the_rows_of_the_table() {
        for (replicas, surge, unavailable, maximum, minimum) in [
            (1, QUARTER, QUARTER, 200, 100),
            (3, QUARTER, QUARTER, 134, 100),
            (4, Amount::Count(2), Amount::Count(1), 150, 75),
            (10, QUARTER, QUARTER, 130, 80),
            (0, QUARTER, QUARTER, 200, 100),
            (2, QUARTER, QUARTER, 150, 100),
            (1, Amount::Count(0), Amount::Count(0), 100, 0),
            (3, Amount::Count(0), Amount::Percent(10), 100, 66),
        ] {
            let want = Percents { maximum, minimum };
            assert_eq!(rolling(replicas, surge, unavailable), want, "{replicas}");
        }
        let naive = Percents {
            maximum: 125,
            minimum: 75,
        };
        assert!(!moves(3, naive) && !moves(1, naive));
    }

    #[test]
    fn no_strategy_can_neither_start_nor_stop_a_task() {
        let percents = (0..=20).map(|step| Amount::Percent(step * 5));
        let amounts: Vec<Amount> = percents.chain((0..=300).map(Amount::Count)).collect();
        for replicas in 1..=300u64 {
            for surge in &amounts {
                for unavailable in &amounts {
                    let found = rolling(replicas, *surge, *unavailable);
                    assert!(
                        moves(replicas, found),
                        "{replicas} {surge:?} {unavailable:?}"
                    );
                    if replicas <= 100 {
                        let surge = surge.up(replicas);
                        assert_eq!(replicas * found.maximum / 100, replicas + surge);
                    }
                }
            }
        }
    }

    #[test]
    fn more_replicas_than_the_least_can_move_too() {
        for least in 1..60u64 {
            for surge in 0..=20 {
                for unavailable in 0..=20 {
                    let found = rolling(
                        least,
                        Amount::Percent(surge * 5),
                        Amount::Percent(unavailable * 5),
                    );
                    for replicas in least..=least * 6 {
                        assert!(
                            moves(replicas, found),
                            "{least} {replicas} {surge} {unavailable}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_budget_never_blocks() {
        for replicas in 1..=300u64 {
            for available in 0..=replicas {
                for (surge, unavailable) in [(1, 0), (0, 1), (0, replicas)] {
                    let base = rolling(replicas, Amount::Count(surge), Amount::Count(unavailable));
                    let found = budget(base, replicas, available);
                    assert!(moves(replicas, found), "{replicas} {available} {surge}");
                    assert!(found.minimum >= base.minimum.min(found.minimum));
                }
            }
        }
        let base = rolling(4, Amount::Count(1), Amount::Count(2));
        assert_eq!(budget(base, 4, 3).minimum, 75);
    }
}
