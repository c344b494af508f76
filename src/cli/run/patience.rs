//! How much trouble a wait bears before it ends early, by flags that only pintle has.

use std::time::Duration;

use super::source::{BEYOND, duration};
use crate::backend::Budget;
use crate::diag::Error;
use crate::go::flag::{Flag, FlagSet, Kind};

/// The flags.
pub(in crate::cli) const PATIENCE: &[Flag] = &[
    Flag::bool(
        "no-fail-fast",
        "wait to the end of --timeout, also for what cannot come about",
    ),
    Flag::int(
        "crash-budget",
        "how often a container may be started again before waiting ends",
    )
    .or("3"),
    Flag::new(
        "pull-budget",
        Kind::Duration,
        "how long an image may not be there before waiting ends",
    )
    .or("15s"),
    Flag::new(
        "config-budget",
        Kind::Duration,
        "how long a Secret or ConfigMap that a container needs may be missing before waiting ends",
    )
    .or("30s"),
    Flag::new(
        "schedule-budget",
        Kind::Duration,
        "how long no node may take a Pod before waiting ends",
    )
    .or("1m0s"),
    Flag::bool("quiet", "show no progress"),
];

/// What the flags say; nothing under Helm's name. Commands without these flags have their defaults.
///
/// # Errors
/// A time that is none, or is below zero.
pub(super) fn budget(flags: &FlagSet) -> Result<Option<Budget>, Error> {
    if !flags.is(BEYOND) {
        return Ok(None);
    }
    let usual = Budget::default();
    let time = |name: &str, usual: Duration| match flags.text(name) {
        "" => Ok(usual),
        _ => duration(flags, name),
    };
    Ok(Some(Budget {
        ends_early: !flags.is("no-fail-fast"),
        restarts: flags.text("crash-budget").parse().unwrap_or(usual.restarts),
        pull: time("pull-budget", usual.pull)?,
        config: time("config-budget", usual.config)?,
        scheduling: time("schedule-budget", usual.scheduling)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_defaults_are_the_budgets() {
        let mut flags = FlagSet::default();
        flags.add(PATIENCE);
        assert_eq!(budget(&flags).unwrap(), None);
        const BEYOND_FLAG: &[Flag] = &[Flag::bool(BEYOND, "").or("true")];
        flags.add(BEYOND_FLAG);
        assert_eq!(budget(&flags).unwrap(), Some(Budget::default()));
    }
}
