//! Time: the one place where this backend waits.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::{CANCELLED, Cancel};
use crate::diag::{Error, Kind};

/// How often it is looked whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between looks in the first minute.
    pub first: Duration,
    /// Between looks from then on.
    pub later: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            first: Duration::from_secs(5),
            later: Duration::from_secs(15),
        }
    }
}

impl Pace {
    /// The same time between all looks.
    pub fn even(every: Duration) -> Pace {
        Pace {
            first: every,
            later: every,
        }
    }

    /// How long to wait after so much was waited.
    fn after(&self, waited: Duration) -> Duration {
        match waited < Duration::from_secs(60) {
            true => self.first,
            false => self.later,
        }
    }
}

/// How soon a wait ends that was called off.
const GLANCE: Duration = Duration::from_millis(100);

/// Time, as it passes.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pace: Pace,
    /// The flag of whoever runs something now.
    cancel: Mutex<Cancel>,
}

impl Clock {
    pub(super) fn new(pace: Pace) -> Clock {
        Clock {
            pace,
            cancel: Mutex::default(),
        }
    }

    /// From now on waits end where this is set.
    pub(super) fn heed(&self, cancel: &Cancel) {
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
    }

    /// Waits until it is time to look again, where so much was waited; gives how long that was.
    ///
    /// # Errors
    /// It was called off.
    pub(super) fn rest(&self, waited: Duration) -> Result<Duration, Error> {
        self.pass(jittered(self.pace.after(waited)))
    }

    /// Waits so long.
    ///
    /// # Errors
    /// It was called off.
    pub(super) fn pass(&self, length: Duration) -> Result<Duration, Error> {
        let cancel = self
            .cancel
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let begun = Instant::now();
        loop {
            if cancel.is_cancelled() {
                return Err(Error::new(Kind::Cancelled, CANCELLED));
            }
            let left = length.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(length.max(Duration::from_millis(1)));
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }

    /// As long as a job waits before it is tried again; a fast pace makes it short.
    pub(super) fn backoff(&self, tries: u32) -> Duration {
        let scale = Duration::from_secs(10).min(self.pace.first * 2);
        (scale * 2_u32.saturating_pow(tries)).min(Duration::from_secs(360))
    }
}

/// A tenth more or less, so that many who wait do not all ask at one time.
fn jittered(length: Duration) -> Duration {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    length * (90 + nanos % 21) / 100
}
