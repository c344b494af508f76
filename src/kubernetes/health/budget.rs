//! When waiting is hopeless.

use std::time::Duration;

use super::{Cause, Trouble};

/// How much trouble is borne before a wait ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whether a wait ends early at all.
    pub ends_early: bool,
    /// How often a container may be started again.
    pub restarts: i64,
    /// How long an image may not be there: somebody may be about to push it.
    pub pull: Duration,
    /// How long what an environment comes from may not be there: somebody may be about to make it.
    pub config: Duration,
    /// How long no node may take a Pod: somebody may be about to add one.
    pub scheduling: Duration,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            ends_early: true,
            restarts: 3,
            pull: Duration::from_secs(15),
            config: Duration::from_secs(30),
            scheduling: Duration::from_secs(60),
        }
    }
}

/// Why a wait is hopeless, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hopeless {
    /// What ended it.
    pub why: String,
    /// What to do.
    pub advice: String,
}

impl Budget {
    /// Why a trouble that was seen for `seen`, in which its container was started again `restarts` times,
    /// ends a wait; nothing where it may pass. What a rollout replaces does not count.
    pub fn exceeded(&self, trouble: &Trouble, seen: Duration, restarts: i64) -> Option<Hopeless> {
        if !trouble.current || !self.ends_early {
            return None;
        }
        let span = |time: Duration| super::span(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        let (why, advice) = match trouble.cause {
            Cause::JobFailed => (
                "it failed and is not tried again".to_owned(),
                "Look at what its container wrote; Jobs are immutable, so give the next one another name or delete this one.".to_owned(),
            ),
            Cause::Deadline => (
                "it did not get on within `progressDeadlineSeconds`".to_owned(),
                "Remove what holds its Pods up, or raise `progressDeadlineSeconds`.".to_owned(),
            ),
            Cause::ImageName => (
                "the image can never be pulled".to_owned(),
                match trouble.reason.as_str() {
                    "ErrImageNeverPull" => "Bring the image to the nodes, or change `imagePullPolicy`.",
                    _ => "Correct the image's name in the values or templates.",
                }
                .to_owned(),
            ),
            Cause::ImageMissing if seen >= self.pull => (
                format!("the image could not be pulled for {} (`--pull-budget`)", span(self.pull)),
                "Check the image's name and tag, that it was pushed, and the `imagePullSecrets`.".to_owned(),
            ),
            Cause::Config if seen >= self.config => (
                format!("its configuration was missing for {} (`--config-budget`)", span(self.config)),
                "Create the Secret or ConfigMap, or correct the key that the container asks for.".to_owned(),
            ),
            Cause::Crash if restarts >= self.restarts => (
                format!(
                    "the container ended again after {restarts} restarts, of which {} are borne (`--crash-budget`)",
                    self.restarts
                ),
                "Its last log lines and exit code say more.".to_owned(),
            ),
            Cause::Unschedulable if seen >= self.scheduling => (
                format!("no node took the Pod for {} (`--schedule-budget`)", span(self.scheduling)),
                "Lower its requests, correct its node selector, affinity or tolerations, or add a node.".to_owned(),
            ),
            _ => return None,
        };
        let container = match trouble.container.as_str() {
            "" => String::new(),
            name => format!(", container {name}"),
        };
        Some(Hopeless {
            why: format!("{}{container}: {why}", trouble.object),
            advice,
        })
    }
}
