//! `--target ecs`: the cluster of Amazon ECS that flags and `pintle.yaml` name.

use super::super::environment::Environment;
use crate::backend::Backend;
use crate::diag::Error;
use crate::go::flag::{Flag, FlagSet};

/// The flags of targets on Amazon ECS.
pub(in crate::cli) const FLAGS: &[Flag] = &[
    Flag::text("region", "with --target ecs, the region"),
    Flag::text(
        "profile",
        "with --target ecs, the profile whose keys are used",
    ),
    Flag::text(
        "endpoint-url",
        "with --target ecs, the address that is asked in place of Amazon's services",
    ),
    Flag::bool(
        "allow-replace",
        "with --target ecs, take away and make anew what cannot be changed",
    ),
    Flag::bool(
        "delete-logs",
        "with --target ecs, delete log groups that are not wanted any more",
    ),
    Flag::text(
        "on-timeout",
        "with --target ecs, what becomes of deployments that take too long: leave, rollback",
    )
    .or("leave"),
    Flag::bool(
        "auto-approve-hooks",
        "with --target ecs, let deployments go on that pause for somebody to decide",
    ),
    Flag::bool(
        "force-unlock",
        "with --target ecs, take over the lock that another run has on the release",
    ),
    Flag::text(
        "poll-interval",
        "with --target ecs, how often to look at what is waited for: 5s, later 15s",
    ),
];

/// The flags of the bounds that a scaler on Amazon ECS keeps to.
pub(in crate::cli) const SIZES: &[Flag] = &[
    Flag::text(
        "min",
        "with --target ecs, the least number of tasks that autoscaling may set",
    ),
    Flag::text("max", "with --target ecs, the most"),
    Flag::bool("suspend", "with --target ecs, let autoscaling rest"),
    Flag::bool("resume", "with --target ecs, let autoscaling work again"),
];

/// The cluster as a backend; nothing is asked of it yet.
///
/// # Errors
/// Flags that make no sense.
#[cfg(feature = "ecs")]
pub(super) fn connect(
    cluster: &str,
    flags: &FlagSet,
    environment: &Environment,
) -> Result<Box<dyn Backend>, Error> {
    Ok(Box::new(open(cluster, flags, environment)?))
}

/// The cluster; nothing is asked of it yet.
///
/// # Errors
/// Flags that make no sense.
#[cfg(feature = "ecs")]
pub(super) fn open(
    cluster: &str,
    flags: &FlagSet,
    environment: &Environment,
) -> Result<crate::backend::ecs::cluster::Ecs, Error> {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::backend::ecs::cluster::{
        Ecs, Gates, Late, Locks, LogGroups, Pace, Replacement, Settings,
    };
    use crate::diag::Kind;
    use crate::go::time;
    use crate::net::aws::{Options, Sources};
    use crate::ui::Terminal;

    let own = environment.own().and_then(|own| own.ecs.as_deref());
    let known = own.or(environment.ecs.get().map(|known| &**known)).cloned();
    let config = super::ecs::config(&known.unwrap_or_default(), cluster);
    let text = |name: &str| flags.text(name).to_owned();
    let region = match text("region") {
        given if given.is_empty() => config.region.clone().unwrap_or_default(),
        given => given,
    };
    let pace = match flags.text("poll-interval") {
        "" => Pace::default(),
        given => {
            let every =
                time::Duration::parse(given).map_err(|error| Error::new(Kind::Usage, error))?;
            Pace::even(Duration::from_nanos(
                u64::try_from(every.0).unwrap_or_default(),
            ))
        }
    };
    let late = match flags.text("on-timeout") {
        "" | "leave" => Late::Left,
        "rollback" => Late::RolledBack,
        other => {
            let message = format!("--on-timeout is `leave` or `rollback`, not {other:?}");
            return Err(Error::new(Kind::Usage, message));
        }
    };
    let mut config = config;
    if !region.is_empty() {
        config.region = Some(region.clone());
    }
    let settings = Settings {
        api: Options {
            sources: Sources {
                variables: environment.all(),
                profile: match text("profile") {
                    given if given.is_empty() => config.profile.clone().unwrap_or_default(),
                    given => given,
                },
                region,
            },
            endpoint: text("endpoint-url"),
            ..Options::default()
        },
        config,
        namespace: environment.namespace(flags),
        today: super::ecs::today()?,
        by: environment.myself(),
        replacement: match flags.is("allow-replace") {
            true => Replacement::Allowed,
            false => Replacement::Refused,
        },
        log_groups: match flags.is("delete-logs") {
            true => LogGroups::Deleted,
            false => LogGroups::Kept,
        },
        late,
        gates: match flags.is("auto-approve-hooks") {
            true => Gates::Opened,
            false => Gates::Kept,
        },
        locks: match flags.is("force-unlock") {
            true => Locks::Taken,
            false => Locks::Respected,
        },
        pace,
        history: flags.text("history-max").parse().unwrap_or(10),
    };
    let tell = Arc::new(|line: &str| Terminal::new().complain(&format!("{line}\n")));
    Ok(match &environment.errand {
        // Releases of one state ask as one.
        Some(errand) => Ecs::over(errand.ways.account(settings.asking()), settings, tell),
        None => Ecs::new(settings, tell),
    })
}

/// The cluster, which this build cannot talk to.
///
/// # Errors
/// Always.
#[cfg(not(feature = "ecs"))]
pub(super) fn connect(
    _cluster: &str,
    _flags: &FlagSet,
    _environment: &Environment,
) -> Result<Box<dyn Backend>, Error> {
    Err(Error::new(
        crate::diag::Kind::Unsupported,
        "this build of pintle does not talk to Amazon ECS: it was made without the feature `ecs`",
    ))
}
