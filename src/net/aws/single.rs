//! Keys for people who signed in once for all accounts (IAM Identity Center).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::Credentials;
use super::credential::{Lasting, Sources, moment};
use super::profile;
use super::service::{Protocol, Service};
use crate::diag::{Error, Kind};
use crate::go::time::{Time, Zone};
use crate::net::{Client, Method, Options, Request};

const fn service(prefix: &'static str, title: &'static str) -> Service {
    Service {
        name: prefix,
        prefix,
        title,
        protocol: Protocol::Rest(&[]),
    }
}

/// Who gives keys for tokens.
const PORTAL: Service = service("portal.sso", "SSO");
/// Who gives tokens.
const DESK: Service = service("oidc", "SSO OIDC");

/// Tokens that end within this time are renewed.
const EARLY: Duration = Duration::from_secs(300);

/// Keys of the account and the role that a profile names; nothing where it names none.
///
/// # Errors
/// Nobody signed in, and whatever the service says.
pub(super) fn keys(
    sources: &Sources,
    name: &str,
    profile: &BTreeMap<String, String>,
) -> Result<Option<Lasting>, Error> {
    let text = |key: &str| profile.get(key).cloned().unwrap_or_default();
    let (account, role) = (text("sso_account_id"), text("sso_role_name"));
    if account.is_empty() || role.is_empty() {
        return Ok(None);
    }
    let session = text("sso_session");
    // The name of the session, or the address where one signs in, names the file.
    let (key, region) = match session.as_str() {
        "" => (text("sso_start_url"), text("sso_region")),
        session => {
            let found = profile::session(&sources.config_file(), session)?.unwrap_or_default();
            let region = found.get("sso_region").cloned().unwrap_or_default();
            (session.to_owned(), region)
        }
    };
    let digest: String = Sha1::digest(key.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = format!("{}/.aws/sso/cache/{digest}.json", sources.home());
    let expired = || {
        let message = format!("nobody is signed in for the AWS profile {name}");
        let hint = format!("`aws sso login --profile {name}` signs in.");
        Error::new(Kind::Usage, message).with_hint(hint)
    };
    let cached = fs::read(&path).map_err(|_| expired())?;
    let cached: Value = serde_json::from_slice(&cached).map_err(|_| expired())?;
    let now = SystemTime::now();
    let until = cached["expiresAt"].as_str().and_then(moment);
    let holds = |margin: Duration| until.is_some_and(|until| until > now + margin);
    let mut token = cached["accessToken"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if !holds(EARLY)
        && let Some(renewed) = renew(sources, &region, &path, &cached)
    {
        token = renewed;
    } else if token.is_empty() || !holds(Duration::ZERO) {
        return Err(expired());
    }
    let endpoint = PORTAL.endpoint(sources, &region)?;
    let query = super::form(&[("account_id", &account), ("role_name", &role)]);
    let url = format!("{endpoint}/federation/credentials?{query}");
    let headers = [("x-amz-sso_bearer_token", token.to_owned())];
    let answer = Client::new(Options::default()).request_with(&url, &headers)?;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let keys = &said["roleCredentials"];
    let text = |key: &str| keys[key].as_str().unwrap_or_default().to_owned();
    if answer.status == 401 {
        return Err(expired());
    }
    if answer.status != 200 || text("accessKeyId").is_empty() {
        let why = said["message"].as_str().unwrap_or(answer.reason);
        let message = format!("there are no keys for the role {role} in account {account}: {why}");
        return Err(Error::new(Kind::Network, message));
    }
    let until = keys["expiration"].as_u64();
    Ok(Some(Lasting {
        keys: Credentials {
            access_key: text("accessKeyId"),
            secret_key: text("secretAccessKey"),
            session_token: text("sessionToken"),
        },
        until: until.map(|until| SystemTime::UNIX_EPOCH + Duration::from_millis(until)),
    }))
}

/// A new token for the one that ends, kept where that was; nothing where it cannot be had, so that one
/// has to sign in.
fn renew(sources: &Sources, region: &str, path: &str, cached: &Value) -> Option<String> {
    let text = |key: &str| cached[key].as_str().filter(|text| !text.is_empty());
    let (id, secret, refresh) = (
        text("clientId")?,
        text("clientSecret")?,
        text("refreshToken")?,
    );
    let until = text("registrationExpiresAt").and_then(moment);
    if until.is_some_and(|until| until <= SystemTime::now()) {
        return None;
    }
    let endpoint = DESK.endpoint(sources, region).ok()?;
    let body = json!({
        "clientId": id,
        "clientSecret": secret,
        "grantType": "refresh_token",
        "refreshToken": refresh,
    });
    let answer = Client::new(Options::default()).send(&Request {
        method: Method::Post,
        url: &format!("{endpoint}/token"),
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_string().as_bytes(),
    });
    let answer = answer.ok().filter(|answer| answer.status == 200)?;
    let said: Value = serde_json::from_slice(&answer.body).ok()?;
    let token = said["accessToken"].as_str()?;
    let lasts = Duration::from_secs(said["expiresIn"].as_u64()?);
    let mut kept = cached.clone();
    kept["accessToken"] = token.into();
    let until = Time::from_system(SystemTime::now() + lasts, Zone::Utc);
    kept["expiresAt"] = String::from_utf8_lossy(&until.format(b"2006-01-02T15:04:05Z"))
        .as_ref()
        .into();
    if let Some(refresh) = said["refreshToken"].as_str() {
        kept["refreshToken"] = refresh.into();
    }
    // A token that cannot be kept is good for now.
    let _ = keep(path, &kept);
    Some(token.to_owned())
}

/// Replaces the file at once, readable for its owner alone.
fn keep(path: &str, kept: &Value) -> io::Result<()> {
    let beside = format!("{path}.{}", std::process::id());
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(kept.to_string().as_bytes()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
