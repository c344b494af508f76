//! Keys for people who signed in once for all accounts (IAM Identity Center).

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sha1::{Digest as _, Sha1};

use super::Credentials;
use super::credential::{Lasting, Sources, moment};
use super::profile;
use crate::diag::{Error, Kind};
use crate::net::{Client, Options};

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
    let path = format!("{}/.aws/sso/cache/{digest}.json", sources.get("HOME"));
    let expired = || {
        let message = format!("nobody is signed in for the AWS profile {name}");
        let hint = format!("`aws sso login --profile {name}` signs in.");
        Error::new(Kind::Usage, message).with_hint(hint)
    };
    let cached = fs::read(path).map_err(|_| expired())?;
    let cached: Value = serde_json::from_slice(&cached).map_err(|_| expired())?;
    let until = cached["expiresAt"].as_str().and_then(moment);
    let token = cached["accessToken"].as_str().unwrap_or_default();
    if token.is_empty() || until.is_none_or(|until| until <= SystemTime::now()) {
        return Err(expired());
    }
    let endpoint = match sources.first(&["AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL"]) {
        given if given.is_empty() => format!("https://portal.sso.{region}.amazonaws.com"),
        given => given.trim_end_matches('/').to_owned(),
    };
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
