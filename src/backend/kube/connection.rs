//! Requests to an API server, one at a time or side by side.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::io::AsyncBufRead;
use http::request::Builder;
use http::{HeaderMap, HeaderValue, Method, Request as HttpRequest, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;

use super::config::{Settings, Way};
use super::credential::Credential;
use super::failure::Failure;
use crate::go::base64;
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

/// A way that was found, and who goes it.
struct Reached {
    way: Way,
    pass: Mutex<Option<Arc<Pass>>>,
}

/// Why there is no pass.
enum Refusal {
    /// Nobody could sign in.
    Credential(String),
    /// What was configured cannot be used.
    Client(String),
}

impl Refusal {
    fn failure(self, method: &Method, url: &str) -> Failure {
        match self {
            Refusal::Credential(why) => Failure::unmade(method, url, why),
            Refusal::Client(why) => Failure::config(&why),
        }
    }
}

/// A client, and what it shows at the door.
struct Pass {
    client: kube::Client,
    credential: Credential,
}

impl Reached {
    /// The pass that holds; programs are run where there is none yet, or none any more.
    fn pass(&self) -> Result<Arc<Pass>, Refusal> {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        match &*pass {
            Some(held) if !held.credential.is_over() => Ok(Arc::clone(held)),
            held => {
                let made = Arc::new(self.make(held.as_deref())?);
                *pass = Some(Arc::clone(&made));
                Ok(made)
            }
        }
    }

    /// Asks for another pass where `refused` is the one that holds; whether another one holds now.
    fn renew(&self, refused: &Arc<Pass>) -> bool {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.way.source.changes() {
            return false;
        }
        if pass
            .as_ref()
            .is_some_and(|held| !Arc::ptr_eq(held, refused))
        {
            return true;
        }
        let Ok(made) = self.make(Some(refused)) else {
            return false;
        };
        *pass = Some(Arc::new(made));
        true
    }

    fn make(&self, before: Option<&Pass>) -> Result<Pass, Refusal> {
        let shown = before.map(|it| &it.credential);
        // On a thread of its own: signing may need a runtime, and we are in one.
        let asked = std::thread::scope(|scope| scope.spawn(|| self.way.source.ask(shown)).join());
        let credential = asked
            .unwrap_or_else(|_| Err("the thread that asks for credentials ended".to_owned()))
            .map_err(Refusal::Credential)?;
        let same = before.filter(|it| it.credential.certificate == credential.certificate);
        let client = match same {
            Some(before) => before.client.clone(),
            None => {
                let mut config = self.way.config.clone();
                if let Some((certificate, key)) = &credential.certificate {
                    let user = &mut config.auth_info;
                    user.client_certificate_data = Some(base64::encode(certificate));
                    user.client_key_data = Some(base64::encode(key).into());
                }
                kube::Client::try_from(config)
                    .map_err(|error| Refusal::Client(error.to_string()))?
            }
        };
        Ok(Pass { client, credential })
    }
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

    /// The server's address, without a slash at the end.
    pub(super) fn server(&self) -> Result<&str, Failure> {
        Ok(&self.reached()?.way.server)
    }

    fn reached(&self) -> Result<&Reached, Failure> {
        let reached = self.reached.get_or_init(|| {
            net::runtime()
                .map_err(|error| error.to_string())
                .and_then(|runtime| runtime.block_on(self.settings.reach()))
                .map(|way| Reached {
                    way,
                    pass: Mutex::default(),
                })
        });
        reached.as_ref().map_err(|why| Failure::config(why))
    }

    /// The lines of an answer that goes on, as those of watches do.
    pub(super) async fn stream(&self, path: &str) -> Result<impl AsyncBufRead, Failure> {
        let reached = self.reached()?;
        let url = format!("{}{path}", reached.way.server);
        let pass = reached.pass();
        let pass = pass.map_err(|why| why.failure(&Method::GET, &url))?;
        let request = self
            .head(&Method::GET, path, &pass)
            .header(http::header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| Failure::config(&error.to_string()))?;
        let stream = pass.client.request_stream(request).await;
        stream.map_err(|error| Failure::unanswered(&Method::GET, &url, &error))
    }

    /// What all requests have.
    fn head(&self, method: &Method, path: &str, pass: &Pass) -> Builder {
        let head = HttpRequest::builder()
            .method(method.clone())
            .uri(path)
            .header(http::header::USER_AGENT, self.settings.user_agent.as_str());
        match &pass.credential.token {
            None => head,
            Some(token) => {
                let value = HeaderValue::from_str(&format!("Bearer {token}"));
                head.header(
                    http::header::AUTHORIZATION,
                    value.map_or_else(
                        |_| HeaderValue::from_static("Bearer"),
                        |mut value| {
                            value.set_sensitive(true);
                            value
                        },
                    ),
                )
            }
        }
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
        self.reached()?;
        let runtime = net::runtime().map_err(|error| Failure::config(error.message()))?;
        runtime.block_on(future)
    }

    /// Sends one request, again where the server asks for that or the credentials are over, and reads
    /// also where a connection was lost (`rest.withRetry` of `k8s.io/client-go`).
    pub(super) async fn request(&self, request: Request) -> Result<Answer, Failure> {
        let reached = self.reached()?;
        let mut tries = 0;
        let mut is_renewed = false;
        loop {
            let pass = reached.pass().map_err(|why| {
                let url = format!("{}{}", reached.way.server, request.path);
                why.failure(&request.method, &url)
            })?;
            let failure = match self.once(request.clone(), &pass).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if failure.status == 401 && !is_renewed && reached.renew(&pass) {
                is_renewed = true;
                continue;
            }
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
    async fn once(&self, request: Request, pass: &Pass) -> Result<Answer, Failure> {
        let server = &self.reached()?.way.server;
        let url = format!("{server}{}", request.path);
        let method = request.method.clone();
        let wanted = self.head(&method, &request.path, pass).header(
            http::header::ACCEPT,
            request.accept.unwrap_or("application/json"),
        );
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
        let answer = pass
            .client
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
