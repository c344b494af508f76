//! Fetching what servers give in pieces, late, or at the second time of asking.
//!
//! Helm asks once. Here a server that is busy (429 and most of 5xx) or that breaks off is asked
//! again, a few times, after the time it names or a short one; a body that broke off is gone on with
//! where the server says which file it is of (`ETag`, `Last-Modified`) and knows ranges. What remains
//! wrong is said in Helm's words.

use std::time::{Duration, Instant};

use super::{Answer, Client, Request};
use crate::diag::{Error, Kind};

/// How often is asked at most.
const ATTEMPTS: u32 = 4;
/// The wait before asking again; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// A server that wants to be left alone for longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What there is of a body that broke off.
#[derive(Default)]
struct Part {
    body: Vec<u8>,
    /// What names the file: an `ETag`, or when it was changed.
    validator: String,
}

/// What is made of an attempt.
enum Outcome {
    Done(Answer),
    /// Nothing came of it; another attempt after the wait might bring more.
    Again(Error, Duration),
}

impl Client {
    /// Fetches what is at `url` (`HTTPGetter.Get` of `pkg/getter`, Helm 4.2.4).
    ///
    /// # Errors
    /// [`Kind::Network`], in Go's words for connections that cannot be made and Helm's for answers
    /// other than 200; [`Kind::Io`] for certificates that cannot be read.
    pub fn get(&self, url: &str) -> Result<Vec<u8>, Error> {
        let answer = self.request(url)?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let message = format!(
            "failed to fetch {url} : {} {}",
            answer.status, answer.reason
        );
        let error = Error::new(Kind::Network, message.trim_end());
        Err(match answer.status {
            401 => error.with_hint(credentials(answer.header("www-authenticate"))),
            429 => error.with_hint(format!(
                "The server was asked {ATTEMPTS} times, and wants to be left alone for a while."
            )),
            _ => error,
        })
    }

    /// Asks for what is at `url` and gives any answer.
    ///
    /// # Errors
    /// As [`Client::get`], but for answers.
    pub fn request(&self, url: &str) -> Result<Answer, Error> {
        self.request_with(url, &[])
    }

    /// As [`Client::request`], with headers.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn request_with(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Answer, Error> {
        let started = Instant::now();
        let mut part = Part::default();
        let mut wait = FIRST_WAIT;
        let mut attempt = 1;
        loop {
            let (error, least) =
                match self.attempt((url, headers), &mut part, attempt == ATTEMPTS)? {
                    Outcome::Done(answer) => return Ok(answer),
                    Outcome::Again(error, least) => (error, least),
                };
            let next = wait.max(least);
            if attempt == ATTEMPTS || started.elapsed() + next > self.timeout() {
                return Err(error);
            }
            std::thread::sleep(next);
            wait *= 2;
            attempt += 1;
        }
    }

    /// Asks once, for what is missing where a part is there.
    fn attempt(
        &self,
        (url, headers): (&str, &[(&'static str, String)]),
        part: &mut Part,
        is_last: bool,
    ) -> Result<Outcome, Error> {
        let mut headers = headers.to_vec();
        let has_part = !part.body.is_empty() && !part.validator.is_empty();
        if has_part {
            headers.push(("range", format!("bytes={}-", part.body.len())));
            headers.push(("if-range", part.validator.clone()));
        }
        let mut answer = match self.send(&Request {
            url,
            headers,
            ..Request::default()
        }) {
            Ok(answer) => answer,
            Err(error) if broke_off(&error) => return Ok(Outcome::Again(error, Duration::ZERO)),
            Err(error) => return Err(error),
        };
        let goes_on = has_part
            && answer.status == 206
            && range_start(answer.header("content-range")) == Some(part.body.len());
        if goes_on {
            part.body.append(&mut answer.body);
            answer.body = std::mem::take(&mut part.body);
            answer.status = 200;
            answer.reason = "OK";
        } else if has_part && matches!(answer.status, 206 | 416) {
            // The file is another, or the server does not know what it says.
            *part = Part::default();
            return Ok(Outcome::Again(ended(), Duration::ZERO));
        }
        if answer.broken.is_some() {
            *part = Part {
                validator: validator(&answer),
                body: match answer.status {
                    200 => answer.body,
                    _ => Vec::new(),
                },
            };
            return Ok(Outcome::Again(ended(), Duration::ZERO));
        }
        if is_last || !matches!(answer.status, 429 | 500 | 502 | 503 | 504) {
            return Ok(Outcome::Done(answer));
        }
        let wait = retry_after(answer.header("retry-after"));
        if wait > LONGEST_WAIT {
            return Ok(Outcome::Done(answer));
        }
        Ok(Outcome::Again(ended(), wait))
    }
}

/// What Go says of a body that is shorter than it was said to be.
fn ended() -> Error {
    Error::new(Kind::Network, "unexpected EOF")
}

/// Whether a connection was made and then lost.
fn broke_off(error: &Error) -> bool {
    let ends = [
        ": EOF",
        "connection reset by peer",
        "broken pipe",
        "unexpected EOF",
    ];
    error.kind() == Kind::Network && ends.iter().any(|end| error.message().ends_with(end))
}

/// What names the file that the answer is of, where that is certain.
fn validator(answer: &Answer) -> String {
    match answer.header("etag") {
        "" => answer.header("last-modified").to_owned(),
        weak if weak.starts_with("W/") => String::new(),
        tag => tag.to_owned(),
    }
}

/// Where `bytes 5-9/10` begins.
fn range_start(header: &str) -> Option<usize> {
    let (start, _) = header.strip_prefix("bytes ")?.split_once('-')?;
    start.parse().ok()
}

/// How long a server wants to be left alone: seconds, or a date.
fn retry_after(header: &str) -> Duration {
    if let Ok(seconds) = header.trim().parse() {
        return Duration::from_secs(seconds);
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header);
    let wait = date.map(|date| date.duration_since(jiff::Timestamp::now()));
    wait.ok()
        .and_then(|wait| Duration::try_from(wait).ok())
        .unwrap_or_default()
}

/// What to do about a server that wants to know who asks.
fn credentials(challenge: &str) -> String {
    let realm = challenge
        .split_once("realm=\"")
        .and_then(|(_, rest)| rest.split_once('"'));
    let of = match realm {
        Some((realm, _)) => format!(" for {realm:?}"),
        None => String::new(),
    };
    format!(
        "The server wants a user name and password{of}: `--username` and `--password`, kept by `repo add`."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_understood() {
        for (header, want) in [
            ("bytes 5-9/10", Some(5)),
            ("bytes 0-9/*", Some(0)),
            ("bytes */10", None),
            ("", None),
        ] {
            assert_eq!(range_start(header), want, "{header}");
        }
        for (header, want) in [
            ("7", 7),
            ("", 0),
            ("soon", 0),
            ("-1", 0),
            ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ] {
            assert_eq!(retry_after(header).as_secs(), want, "{header}");
        }
        assert!(retry_after("Fri, 31 Dec 2100 23:59:59 GMT") > LONGEST_WAIT);
        assert!(credentials("Basic realm=\"charts\"").contains("password for \"charts\":"));
        assert!(credentials("Negotiate").contains("password: "));
    }
}
