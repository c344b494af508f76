//! Keys from Amazon's Security Token Service, in exchange for others or for a token.

use std::time::{Duration, SystemTime};

use super::credential::{Lasting, Sources, moment};
use super::service::TOKENS;
use super::wire::is_throttled;
use super::{Credentials, Post, element, fault, form};
use crate::diag::{Error, Kind};
use crate::net::{Client, Method, Options, Request};

/// The version of its interface.
pub(super) const VERSION: &str = "2011-06-15";

/// Where the service is asked, and for which region that is signed.
pub(super) struct Place {
    /// Scheme and host.
    pub(super) endpoint: String,
    pub(super) region: String,
}

impl Place {
    /// The place for a region; the one of old where that is empty.
    pub(super) fn of(sources: &Sources, region: &str) -> Place {
        // Files that cannot be read are told of by those who read keys from them.
        let endpoint = match region {
            "" => match sources.endpoint("STS").unwrap_or_default() {
                given if given.is_empty() => "https://sts.amazonaws.com".to_owned(),
                given => given.trim_end_matches('/').to_owned(),
            },
            region => TOKENS.endpoint(sources, region).unwrap_or_default(),
        };
        let region = match region {
            "" => "us-east-1",
            region => region,
        };
        Place {
            endpoint,
            region: region.to_owned(),
        }
    }

    pub(super) fn host(&self) -> &str {
        let (_, host) = self.endpoint.split_once("://").unwrap_or_default();
        host
    }
}

/// A role to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) external_id: String,
    /// Seconds, or nothing.
    pub(super) duration: String,
}

impl Role {
    fn pairs<'a>(&'a self, action: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut pairs = vec![
            ("Action", action),
            ("Version", VERSION),
            ("RoleArn", &self.arn),
            ("RoleSessionName", &self.session),
        ];
        if !self.external_id.is_empty() {
            pairs.push(("ExternalId", &self.external_id));
        }
        if !self.duration.is_empty() {
            pairs.push(("DurationSeconds", &self.duration));
        }
        pairs
    }

    /// Takes it with other keys.
    ///
    /// # Errors
    /// What the service says.
    pub(super) fn assume(&self, place: &Place, by: &Credentials) -> Result<Lasting, Error> {
        let body = form(&self.pairs("AssumeRole"));
        self.ask(place, &body, Some(by))
    }

    /// Takes it with the token of an identity.
    ///
    /// # Errors
    /// What the service says.
    pub(super) fn assume_with_token(&self, place: &Place, token: &str) -> Result<Lasting, Error> {
        let mut pairs = self.pairs("AssumeRoleWithWebIdentity");
        pairs.push(("WebIdentityToken", token));
        self.ask(place, &form(&pairs), None)
    }

    fn ask(&self, place: &Place, body: &str, by: Option<&Credentials>) -> Result<Lasting, Error> {
        let post = Post {
            host: place.host(),
            region: &place.region,
            service: "sts",
            time: SystemTime::now(),
            body,
        };
        let url = format!("{}/", place.endpoint);
        let client = Client::new(Options::default());
        let mut tries = 1;
        let answer = loop {
            let answer = client.send(&Request {
                method: Method::Post,
                url: &url,
                headers: post.sign(by),
                body: body.as_bytes(),
            });
            let is_good = answer
                .as_ref()
                .is_ok_and(|answer| answer.status < 500 && !is_throttled(&fault::told(answer).0));
            if is_good || tries == 3 {
                break answer?;
            }
            std::thread::sleep(Duration::from_millis(100 << tries));
            tries += 1;
        };
        let text = String::from_utf8_lossy(&answer.body);
        let keys = Credentials {
            access_key: element(&text, "AccessKeyId").unwrap_or_default().to_owned(),
            secret_key: element(&text, "SecretAccessKey")
                .unwrap_or_default()
                .to_owned(),
            session_token: element(&text, "SessionToken")
                .unwrap_or_default()
                .to_owned(),
        };
        if answer.status != 200 || keys.access_key.is_empty() || keys.secret_key.is_empty() {
            let why = element(&text, "Message").unwrap_or(answer.reason);
            let message = format!("the role {} cannot be taken: {why}", self.arn);
            return Err(Error::new(Kind::Network, message));
        }
        Ok(Lasting {
            keys,
            until: element(&text, "Expiration").and_then(moment),
        })
    }
}
