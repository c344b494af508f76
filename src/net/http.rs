use std::net::ToSocketAddrs;
use std::sync::OnceLock;
use std::time::Duration;

use super::{Answer, Method, Options, Request};
use crate::diag::{Error, Kind};
use crate::go::{os, strconv};

/// A client; nothing is started before its first request.
pub struct Client {
    options: Options,
    started: OnceLock<Result<Started, Error>>,
}

struct Started {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

#[cfg(any(feature = "kube", feature = "ecs"))]
/// The runtime that those share who stay connected; it starts with its first use.
///
/// # Errors
/// The system has no more of what a runtime needs.
pub(crate) fn runtime() -> Result<&'static tokio::runtime::Runtime, Error> {
    static RUNTIME: OnceLock<Result<tokio::runtime::Runtime, String>> = OnceLock::new();
    let started = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| os::reason(&error))
    });
    started
        .as_ref()
        .map_err(|why| Error::new(Kind::Io, why.as_str()))
}

impl Client {
    /// A client that will talk as `options` say.
    pub fn new(options: Options) -> Client {
        Client {
            options,
            started: OnceLock::new(),
        }
    }

    /// How long a request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// Sends a request and gives any answer, be its body whole or not.
    ///
    /// # Errors
    /// [`Kind::Network`] for a server that cannot be reached, in Go's words; [`Kind::Io`] for
    /// certificates that cannot be read.
    pub fn send(&self, request: &Request<'_>) -> Result<Answer, Error> {
        super::check_online(request.url)?;
        let started = self.started.get_or_init(|| start(&self.options));
        let started = match started {
            Ok(started) => started,
            Err(error) => return Err(Error::new(error.kind(), error.message())),
        };
        started
            .runtime
            .block_on(self.fetch(&started.client, request))
    }

    async fn fetch(
        &self,
        client: &reqwest::Client,
        request: &Request<'_>,
    ) -> Result<Answer, Error> {
        let url = request.url;
        let mut sent = match request.method {
            Method::Get => client.get(url),
            Method::Head => client.head(url),
            Method::Post => client.post(url),
            Method::Put => client.put(url),
            Method::Delete => client.delete(url),
        };
        if let Some((user, password)) = &self.options.credentials {
            sent = sent.basic_auth(user, Some(password));
        }
        for (name, value) in &request.headers {
            sent = sent.header(*name, value);
        }
        if !matches!(request.method, Method::Get | Method::Head) {
            sent = sent.body(request.body.to_vec());
        }
        let mut response = sent.send().await.map_err(|error| {
            let operation = request.method.operation();
            let why = reason(&error, url);
            let message = format!("{operation} {}: {why}", strconv::quote(url));
            Error::new(Kind::Network, message)
        })?;
        let status = response.status();
        let mut answer = Answer {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            url: response.url().to_string(),
            ..Answer::default()
        };
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let name = name.as_str().to_owned();
            answer.headers.entry(name).or_insert(value);
        }
        let body = &mut answer.body;
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if body.len() + chunk.len() > self.options.limit => {
                    let message = format!("{url} has more than {} bytes", self.options.limit);
                    return Err(Error::new(Kind::Network, message));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => {
                    answer.broken = Some(broken(&error, url));
                    break;
                }
            }
        }
        Ok(answer)
    }
}

/// Says by whom TLS is encrypted, before anybody asks.
pub(crate) fn provide_tls() {
    // Whoever came first may have chosen another provider; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn start(options: &Options) -> Result<Started, Error> {
    provide_tls();
    let mut builder = reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .timeout(options.timeout)
        .read_timeout(options.silence)
        // Of ten requests none leads to an eleventh.
        .redirect(reqwest::redirect::Policy::limited(9))
        .no_gzip();
    if options.insecure_skip_tls_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    let bad = |file: &str, error: &reqwest::Error| Error::new(Kind::Io, format!("{file}: {error}"));
    if !options.ca_file.is_empty() {
        let pem = read(&options.ca_file)?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|error| bad(&options.ca_file, &error))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if !options.cert_file.is_empty() && !options.key_file.is_empty() {
        let mut pem = read(&options.cert_file)?;
        pem.push(b'\n');
        pem.extend(read(&options.key_file)?);
        let identity =
            reqwest::Identity::from_pem(&pem).map_err(|error| bad(&options.cert_file, &error))?;
        builder = builder.identity(identity);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Io, os::reason(&error)))?;
    let client = builder
        .build()
        .map_err(|error| Error::new(Kind::Network, error.to_string()))?;
    Ok(Started { runtime, client })
}

fn read(path: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))
}

/// Why a body ended early. What hyper says of connections that ended is Go's `io.ErrUnexpectedEOF`.
fn broken(error: &reqwest::Error, url: &str) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if text.contains("end of file before message length") || text.contains("unexpected EOF") {
            return "unexpected EOF".to_owned();
        }
        cause = inner.source();
    }
    reason(error, url)
}

/// Why a request got no answer, as Go's `net/http` puts it where that is known.
fn reason(error: &reqwest::Error, url: &str) -> String {
    if error.is_timeout() {
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            .to_owned();
    }
    if error.is_redirect() {
        return "stopped after 10 redirects".to_owned();
    }
    let url = error.url().map_or(url, reqwest::Url::as_str);
    failure(error, url)
}

/// Why there was no answer from `url`, as Go's `net/http` puts it where that is known: what the
/// system said, with the address that was dialled.
pub(crate) fn failure(error: &(dyn std::error::Error + 'static), url: &str) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = String::new();
    let mut system = None;
    let mut is_connecting = false;
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.raw_os_error().is_some()
        {
            system = Some(os::reason(io));
        }
        if let Some(why) = tls_error(inner).and_then(tls_reason) {
            return why;
        }
        last = inner.to_string();
        is_connecting |= last.contains("connect") || last.contains("dns");
        cause = inner.source();
    }
    if last.contains("connection closed before message completed") {
        return "EOF".to_owned();
    }
    let Some((host, port)) = url.parse::<reqwest::Url>().ok().and_then(|url| {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port_or_known_default()?))
    }) else {
        return last;
    };
    if !is_connecting {
        return system.unwrap_or(last);
    }
    match (system, (host.as_str(), port).to_socket_addrs()) {
        (Some(system), Ok(mut addresses)) => match addresses.next() {
            Some(address) => format!("dial tcp {address}: connect: {system}"),
            None => format!("dial tcp: {system}"),
        },
        (_, Err(_)) => format!("dial tcp: lookup {host}: no such host"),
        (None, Ok(_)) => last,
    }
}

/// What rustls says; where errors are put into others of the system, they are not their sources.
fn tls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    tls_error(error.downcast_ref::<std::io::Error>()?.get_ref()?)
}

/// What Go's `crypto/tls` says, for the reasons that users meet.
fn tls_reason(error: &rustls::Error) -> Option<String> {
    use rustls::{AlertDescription, CertificateError, InvalidMessage};
    Some(match error {
        rustls::Error::InvalidCertificate(why) => {
            let why = match why {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "certificate has expired or is not yet valid".to_owned()
                }
                CertificateError::NotValidForNameContext {
                    expected,
                    presented,
                } => {
                    let is_address =
                        matches!(expected, rustls::pki_types::ServerName::IpAddress(_));
                    let names: Vec<&str> = presented
                        .iter()
                        .filter(|name| name.starts_with("IpAddress(") == is_address)
                        .map(|name| {
                            let inner = name.split_once('(').map_or(&**name, |(_, rest)| rest);
                            inner.trim_end_matches(')').trim_matches('"')
                        })
                        .collect();
                    let names = names.join(", ");
                    let expected = expected.to_str();
                    format!("certificate is valid for {names}, not {expected}")
                }
                _ => "certificate signed by unknown authority".to_owned(),
            };
            format!("tls: failed to verify certificate: x509: {why}")
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        rustls::Error::AlertReceived(alert) => {
            let why = match alert {
                AlertDescription::CertificateRequired => "certificate required",
                AlertDescription::BadCertificate => "bad certificate",
                AlertDescription::HandshakeFailure => "handshake failure",
                AlertDescription::UnknownCA => "unknown certificate authority",
                AlertDescription::ProtocolVersion => "protocol version not supported",
                _ => return None,
            };
            format!("remote error: tls: {why}")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request with `answer`; gives the URL, and the request.
    fn serve(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/values.yaml", listener.local_addr().unwrap());
        let request = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        });
        (url, request)
    }

    #[test]
    fn answers_are_read_and_refusals_are_in_helms_words() {
        let (url, request) = serve("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na: 1\n");
        let client = Client::new(Options {
            credentials: Some(("u".into(), "p".into())),
            ..Options::default()
        });
        assert_eq!(client.get(&url).unwrap(), b"a: 1\n");
        let request = request.join().unwrap().to_lowercase();
        assert!(request.contains("user-agent: helm/4.2.4"), "{request}");
        assert!(request.contains("authorization: basic dtpw"), "{request}");

        let (url, _request) = serve("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(
            client.get(&url).unwrap_err().to_string(),
            format!("failed to fetch {url} : 404 Not Found")
        );

        let (url, _request) = serve("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na: 1\n");
        let client = Client::new(Options {
            limit: 4,
            ..Options::default()
        });
        assert!(
            client
                .get(&url)
                .unwrap_err()
                .to_string()
                .contains("more than 4 bytes")
        );
    }

    #[test]
    fn a_refused_connection_reads_as_in_go() {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let url = format!("http://127.0.0.1:{port}/x");
        let error = Client::new(Options::default()).get(&url).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("Get \"{url}\": dial tcp 127.0.0.1:{port}: connect: connection refused")
        );
    }
}
