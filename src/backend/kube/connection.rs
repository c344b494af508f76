//! Requests to an API server, one at a time or side by side.

use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderMap, Method, Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;

use super::config::Settings;
use super::failure::Failure;
use crate::net;

/// A request as it is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    /// What is wanted; JSON where nothing is said.
    pub(super) accept: Option<&'static str>,
    /// What is sent; JSON where nothing is said.
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Request {
        Request {
            path: path.into(),
            ..Request::default()
        }
    }
}

/// What came back, where that was no refusal.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// What the server warns of.
    pub(super) warnings: Vec<String>,
}

impl Answer {
    pub(super) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::garbled(&error))
    }
}

/// How often a request is sent again.
const RETRIES: u32 = 10;

/// How long a server is left alone whose connection was lost.
const LOST: Duration = Duration::from_secs(1);

/// A server that wants to be left alone for longer is not waited for.
const LONGEST: Duration = Duration::from_secs(300);

/// A way to an API server; nothing is started before the first request.
pub(super) struct Connection {
    settings: Settings,
    reached: OnceLock<Result<Reached, String>>,
}

/// A client, and the address of its server.
pub(super) struct Reached {
    pub(super) client: kube::Client,
    pub(super) server: String,
}

impl Connection {
    pub(super) fn new(settings: Settings) -> Connection {
        Connection {
            settings,
            reached: OnceLock::new(),
        }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The client, for those who stay connected.
    pub(super) fn client(&self) -> Result<&kube::Client, Failure> {
        Ok(&self.reached()?.client)
    }

    /// The server's address, without a slash at the end.
    pub(super) fn server(&self) -> Result<&str, Failure> {
        Ok(&self.reached()?.server)
    }

    fn reached(&self) -> Result<&Reached, Failure> {
        let reached = self.reached.get_or_init(|| {
            net::runtime()
                .map_err(|error| error.to_string())
                .and_then(|runtime| runtime.block_on(self.settings.reach()))
        });
        reached.as_ref().map_err(|why| Failure::config(why))
    }

    /// Sends one request and waits for its answer.
    pub(super) fn send(&self, request: Request) -> Result<Answer, Failure> {
        self.block_on(self.request(request))
    }

    /// Waits for what is to come.
    pub(super) fn block_on<T>(
        &self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // Started first: a runtime cannot be entered twice.
        self.client()?;
        let runtime = net::runtime().map_err(|error| Failure::config(error.message()))?;
        runtime.block_on(future)
    }

    /// Sends one request, again where the server asks for that, and reads also where a connection was
    /// lost (`rest.withRetry` of `k8s.io/client-go`).
    pub(super) async fn request(&self, request: Request) -> Result<Answer, Failure> {
        let mut tries = 0;
        loop {
            let failure = match self.once(request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let wait = match failure.retry_after {
                None if request.method == Method::GET && failure.is_lost() => Some(LOST),
                told => told,
            };
            tries += 1;
            match wait {
                Some(wait) if tries <= RETRIES && wait <= LONGEST => tokio::time::sleep(wait).await,
                _ => return Err(failure),
            }
        }
    }

    /// Sends one request, once.
    async fn once(&self, request: Request) -> Result<Answer, Failure> {
        let Reached { client, server } = self.reached()?;
        let url = format!("{server}{}", request.path);
        let method = request.method.clone();
        let wanted = HttpRequest::builder()
            .method(request.method)
            .uri(&request.path)
            .header(
                http::header::ACCEPT,
                request.accept.unwrap_or("application/json"),
            )
            .header(http::header::USER_AGENT, self.settings.user_agent.as_str());
        let wanted = match request.body.is_empty() {
            true => wanted,
            false => wanted.header(
                http::header::CONTENT_TYPE,
                request.content_type.unwrap_or("application/json"),
            ),
        };
        let wanted = wanted
            .body(Body::from(request.body))
            .map_err(|error| Failure::config(&error.to_string()))?;
        let answer = client
            .send(wanted)
            .await
            .map_err(|error| Failure::unanswered(&method, &url, &error))?;
        let status = answer.status();
        let warnings = answer
            .headers()
            .get_all(http::header::WARNING)
            .iter()
            .filter_map(|value| warning_text(value.to_str().ok()?))
            .collect();
        let retry_after = retry_after(status, answer.headers());
        let is_text = is_text(answer.headers());
        let body = answer
            .into_body()
            .collect()
            .await
            .map_err(|error| Failure::unanswered(&method, &url, &error))?
            .to_bytes()
            .to_vec();
        if !status.is_success() {
            let text = is_text.then_some(body.as_slice());
            let failure = Failure::refused(status.as_u16(), &body, text, &method, &request.path);
            return Err(Failure {
                warnings,
                retry_after,
                ..failure
            });
        }
        Ok(Answer { body, warnings })
    }
}

/// How long a server wants to be left alone before it is asked again: it has not done what it was asked.
fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return None;
    }
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.parse().ok()?))
}

/// Whether a body is for people (`isTextResponse`).
fn is_text(headers: &HeaderMap) -> bool {
    match headers.get(http::header::CONTENT_TYPE) {
        None => true,
        Some(kind) => kind.as_bytes().starts_with(b"text/"),
    }
}

/// The text of a `Warning` header: `299 - "text"` (RFC 7234, section 5.5).
fn warning_text(header: &str) -> Option<String> {
    let (_, quoted) = header.split_once('"')?;
    let mut text = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Some(text),
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    None
}
