//! How requests reach services: with keys that are found once and renewed, again where a service was
//! not able to answer, a few at a time.
//!
//! Retries are those of the standard mode of Amazon's programs: a number of attempts, waits of a
//! random length that grow, and a bucket of tokens that empties when all goes wrong, so that a service
//! in trouble is left alone.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::call::Call;
use super::credential::{Lasting, Sources};
use super::fault;
use super::sign::Credentials;
use crate::diag::{Error, Kind};
use crate::net::{Answer, Client, Options, Request};

/// Where keys come from.
pub trait Keys: Send + Sync {
    /// Keys that hold now.
    ///
    /// # Errors
    /// There are none.
    fn find(&self) -> Result<Lasting, Error>;
}

impl Keys for Sources {
    fn find(&self) -> Result<Lasting, Error> {
        self.credentials()
    }
}

/// A role that is taken with the keys of a user.
#[derive(Clone, Debug, Default)]
pub struct Assumed {
    /// Who takes it.
    pub sources: Sources,
    /// The role.
    pub arn: String,
    /// What its sessions are called; empty for our name.
    pub session: String,
    /// What the owner of the role wants to hear, or nothing.
    pub external_id: String,
}

impl Keys for Assumed {
    fn find(&self) -> Result<Lasting, Error> {
        let session = match self.session.as_str() {
            "" => "pintle",
            session => session,
        };
        self.sources.assume(&self.arn, session, &self.external_id)
    }
}

/// Keys that end soon are renewed before they do.
const EARLY: Duration = Duration::from_secs(60);

/// Keys, looked for when they are wanted, and again when they end.
pub struct Holder {
    keys: Box<dyn Keys>,
    known: Mutex<Option<Lasting>>,
}

impl Holder {
    /// Holds what `keys` will give.
    pub fn new(keys: Box<dyn Keys>) -> Holder {
        Holder {
            keys,
            known: Mutex::default(),
        }
    }

    /// Keys that hold for a while.
    ///
    /// # Errors
    /// There are none.
    pub fn current(&self) -> Result<Credentials, Error> {
        // All who want keys wait for the one who looks for them.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        let lasts = |lasting: &&Lasting| lasting.until.is_none_or(|until| until > now + EARLY);
        if let Some(lasting) = known.as_ref().filter(lasts) {
            return Ok(lasting.keys.clone());
        }
        match self.keys.find() {
            Ok(lasting) => {
                let keys = lasting.keys.clone();
                *known = Some(lasting);
                Ok(keys)
            }
            // What holds for some seconds is better than nothing.
            Err(error) => match known.as_ref() {
                Some(old) if old.until.is_some_and(|until| until > now) => Ok(old.keys.clone()),
                _ => Err(error),
            },
        }
    }

    /// Forgets keys that a service does not take any more, unless others have come since.
    fn forget(&self, keys: &Credentials) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_some_and(|lasting| lasting.keys == *keys) {
            *known = None;
        }
    }
}

/// How requests are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The first wait is up to this long; each after it may be twice as long as the one before.
    pub pace: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How many requests are on their way at one time.
    pub flights: usize,
}

impl Default for Retries {
    /// Services that manage things are asked more often than the three times of Amazon's programs:
    /// giving up in the middle of a change costs more than a wait.
    fn default() -> Retries {
        Retries {
            attempts: 6,
            pace: Duration::from_secs(1),
            longest: Duration::from_secs(20),
            flights: 8,
        }
    }
}

/// What the bucket holds at first, and what repeating costs.
const TOKENS: u32 = 500;
const COST: u32 = 5;
const COST_OF_SILENCE: u32 = 10;

/// A clock that is further off than this is not to be trusted.
const SKEW: i64 = 120;

/// Sends requests.
pub(super) struct Wire {
    client: Client,
    pub(super) holder: Arc<Holder>,
    retries: Retries,
    tokens: Mutex<u32>,
    flying: Mutex<usize>,
    landed: Condvar,
    /// What the clocks of services are ahead of ours, in seconds.
    skew: AtomicI64,
}

/// What is to be made of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is one, good or bad.
    Final,
    /// The service was not able to.
    Again,
    /// Nothing came.
    Silence,
    /// The keys have ended.
    Expired,
    /// The clock is wrong.
    Skewed,
}

impl Wire {
    pub(super) fn new(keys: Box<dyn Keys>, retries: Retries) -> Wire {
        let patience = Duration::from_secs(60);
        Wire {
            client: Client::new(Options {
                user_agent: concat!("pintle/", env!("CARGO_PKG_VERSION")).to_owned(),
                timeout: patience,
                silence: patience,
                limit: 64 << 20,
                ..Options::default()
            }),
            holder: Arc::new(Holder::new(keys)),
            retries,
            tokens: Mutex::new(TOKENS),
            flying: Mutex::default(),
            landed: Condvar::new(),
            skew: AtomicI64::new(0),
        }
    }

    /// Sends a request, which is made anew for each attempt; gives any answer that is final.
    ///
    /// # Errors
    /// There are no keys; nothing came back.
    pub(super) fn send<'c>(
        &self,
        url: &str,
        call: impl Fn(SystemTime) -> Call<'c>,
    ) -> Result<Answer, Error> {
        let (mut attempt, mut is_renewed, mut is_set) = (1, false, false);
        let mut spent = 0;
        loop {
            let keys = self.holder.current()?;
            let call = call(self.now());
            let result = self.fly(|| {
                self.client.send(&Request {
                    method: call.method,
                    url,
                    headers: call.sign(&keys),
                    body: call.body,
                })
            });
            let cost = match judge(&result) {
                Verdict::Final => {
                    self.refund(spent);
                    return result;
                }
                Verdict::Expired if !is_renewed => {
                    is_renewed = true;
                    self.holder.forget(&keys);
                    continue;
                }
                Verdict::Skewed if !is_set && self.set_clock(&result) => {
                    is_set = true;
                    continue;
                }
                Verdict::Expired | Verdict::Skewed => return result,
                Verdict::Again => COST,
                Verdict::Silence => COST_OF_SILENCE,
            };
            if attempt >= self.retries.attempts || !self.pay(cost) {
                return result;
            }
            spent = cost;
            let asked = result
                .as_ref()
                .map_or("", |answer| answer.header("retry-after"));
            let asked = Duration::from_secs(asked.parse().unwrap_or_default());
            std::thread::sleep(self.wait(attempt).max(asked.min(self.retries.longest)));
            attempt += 1;
        }
    }

    /// How many requests are on their way at one time.
    #[cfg(feature = "ecs")]
    pub(super) fn flights(&self) -> usize {
        self.retries.flights
    }

    /// Does something that takes a connection, when there are few enough.
    fn fly<T>(&self, act: impl FnOnce() -> T) -> T {
        let flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        let most = self.retries.flights.max(1);
        let mut flying = self
            .landed
            .wait_while(flying, |flying| *flying >= most)
            .unwrap_or_else(PoisonError::into_inner);
        *flying += 1;
        drop(flying);
        let _landing = Landing(self);
        act()
    }

    fn now(&self) -> SystemTime {
        let now = SystemTime::now();
        let skew = self.skew.load(Ordering::Relaxed);
        let by = Duration::from_secs(skew.unsigned_abs());
        match skew < 0 {
            true => now.checked_sub(by).unwrap_or(now),
            false => now.checked_add(by).unwrap_or(now),
        }
    }

    /// Takes over the clock of a service; whether it was another.
    fn set_clock(&self, result: &Result<Answer, Error>) -> bool {
        let date = result.as_ref().map_or("", |answer| answer.header("date"));
        let told = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date);
        let own = SystemTime::now().duration_since(UNIX_EPOCH);
        let (Ok(told), Ok(own)) = (told, own) else {
            return false;
        };
        let ahead = told.as_second().saturating_sub_unsigned(own.as_secs());
        let known = self.skew.swap(ahead, Ordering::Relaxed);
        (ahead - known).abs() > SKEW
    }

    fn pay(&self, cost: u32) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tokens.checked_sub(cost);
        *tokens = left.unwrap_or(*tokens);
        left.is_some()
    }

    fn refund(&self, spent: u32) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + spent.max(1)).min(TOKENS);
    }

    fn wait(&self, attempt: u32) -> Duration {
        let bound = self.retries.pace.saturating_mul(1 << (attempt - 1).min(16));
        bound.min(self.retries.longest).mul_f64(chance())
    }
}

/// Makes room for another request, also where one panics.
struct Landing<'a>(&'a Wire);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let flying = self.0.flying.lock();
        *flying.unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.landed.notify_one();
    }
}

/// Something between 0 and 1 that differs between processes and calls; nothing secret depends on it.
fn chance() -> f64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::from(now.subsec_nanos()));
    let call = CALLS.fetch_add(1, Ordering::Relaxed) << 32;
    let mixed = (now ^ call ^ u64::from(std::process::id())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    f64::from(u32::try_from(mixed >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// Codes of services that have too much to do.
const THROTTLED: [&str; 13] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

const SKEWED: [&str; 5] = [
    "AuthFailure",
    "InvalidSignatureException",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// Whether a service has too much to do.
pub(super) fn is_throttled(code: &str) -> bool {
    THROTTLED.contains(&code)
}

fn judge(result: &Result<Answer, Error>) -> Verdict {
    let answer = match result {
        Ok(answer) if answer.broken.is_some() => return Verdict::Silence,
        Ok(answer) if answer.status < 300 => return Verdict::Final,
        Ok(answer) => answer,
        Err(error) if error.kind() != Kind::Network => return Verdict::Final,
        Err(error) => {
            // What another attempt cannot make better.
            let message = error.message();
            let is_final = ["no such host", "certificate", "--offline", "more than"]
                .iter()
                .any(|word| message.contains(word));
            return match is_final {
                true => Verdict::Final,
                false => Verdict::Silence,
            };
        }
    };
    let (code, _) = fault::told(answer);
    let code = code.as_str();
    match answer.status {
        _ if is_throttled(code) => Verdict::Again,
        _ if EXPIRED.contains(&code) => Verdict::Expired,
        _ if SKEWED.contains(&code) => Verdict::Skewed,
        _ if code == "RequestTimeout" || code == "RequestTimeoutException" => Verdict::Silence,
        429 | 500 | 502 | 503 | 504 => Verdict::Again,
        _ => Verdict::Final,
    }
}
