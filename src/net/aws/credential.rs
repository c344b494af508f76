//! Where keys are looked for, in the order of Amazon's own programs: variables, roles, tokens of
//! identities, single sign-on, files, programs, and the services of containers and machines.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::token::{Place, Role, VERSION};
use super::wire::Retries;
use super::{Credentials, Get, profile, single};
use crate::diag::{Error, Kind};
use crate::go::os;
use crate::go::time::{self, Zone};
use crate::net::{Client, Method, Options, Request};
use crate::world::World;

/// Keys, and until when they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lasting {
    /// The keys.
    pub keys: Credentials,
    /// When they end, where that is known.
    pub until: Option<SystemTime>,
}

/// What decides who asks.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The variables of the environment.
    pub variables: BTreeMap<String, String>,
    /// The profile that was asked for; empty for the one that the variables name.
    pub profile: String,
    /// The region that was asked for; empty for the one that variables or the profile name.
    pub region: String,
}

/// The variables that [`Sources`] reads.
pub const VARIABLES: [&str; 49] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SCHEDULER",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SERVICEDISCOVERY",
    "AWS_ENDPOINT_URL_SFN",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HOME",
    "PATH",
    "USERPROFILE",
];

/// How long a service of the machine may take: where there is none, nobody answers.
const NEAR: Duration = Duration::from_secs(1);

/// How many profiles a role may come from.
const DEPTH: usize = 8;

impl Sources {
    /// Those that the environment of `world` names.
    pub fn of(world: &dyn World) -> Sources {
        let variables = VARIABLES.iter().filter_map(|name| {
            let value = world.variable(name)?;
            Some(((*name).to_owned(), value))
        });
        Sources {
            variables: variables.collect(),
            ..Sources::default()
        }
    }

    pub(super) fn get(&self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// The first variable that is not empty.
    pub(super) fn first(&self, names: &[&str]) -> String {
        let mut values = names.iter().map(|name| self.get(name));
        values.find(|value| !value.is_empty()).unwrap_or_default()
    }

    pub(super) fn home(&self) -> String {
        self.first(&["HOME", "USERPROFILE"])
    }

    fn file(&self, variable: &str, name: &str) -> String {
        match self.get(variable) {
            path if path.is_empty() => format!("{}/.aws/{name}", self.home()),
            path => path,
        }
    }

    pub(super) fn config_file(&self) -> String {
        self.file("AWS_CONFIG_FILE", "config")
    }

    fn profile(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, Error> {
        let credentials = self.file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        profile::read(&credentials, &self.config_file(), name)
    }

    /// The name of the profile, and whether somebody asked for it.
    fn profile_name(&self) -> (String, bool) {
        let named = match self.profile.as_str() {
            "" => self.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
            named => named.to_owned(),
        };
        match named.is_empty() {
            true => ("default".to_owned(), false),
            false => (named, true),
        }
    }

    /// Whether the profile that was asked for is in the files.
    pub fn has_profile(&self) -> bool {
        matches!(self.profile(&self.profile_name().0), Ok(Some(_)))
    }

    /// The region: the one that was asked for, that of the variables, that of the profile.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn region(&self) -> Result<String, Error> {
        let given = match self.region.as_str() {
            "" => self.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
            region => region.to_owned(),
        };
        if !given.is_empty() {
            return Ok(given);
        }
        let profile = self.profile(&self.profile_name().0)?.unwrap_or_default();
        Ok(profile.get("region").cloned().unwrap_or_default())
    }

    /// What the profile that holds has under a name; empty where it has nothing.
    fn setting(&self, name: &str) -> Result<String, Error> {
        let profile = self.profile(&self.profile_name().0)?.unwrap_or_default();
        Ok(profile.get(name).cloned().unwrap_or_default())
    }

    /// Whether a variable or, where it is not set, a setting says yes.
    pub(super) fn is_set(&self, variable: &str, setting: &str) -> Result<bool, Error> {
        let said = match self.get(variable) {
            said if said.is_empty() => self.setting(setting)?,
            said => said,
        };
        Ok(said.eq_ignore_ascii_case("true"))
    }

    /// The address that a user gave a service, whose variables end in `suffix`, or all services; empty
    /// where there is none.
    pub(super) fn endpoint(&self, suffix: &str) -> Result<String, Error> {
        if self.is_set(
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "ignore_configured_endpoint_urls",
        )? {
            return Ok(String::new());
        }
        let own = format!("AWS_ENDPOINT_URL_{suffix}");
        let given = self.first(&[&own, "AWS_ENDPOINT_URL"]);
        if !given.is_empty() {
            return Ok(given);
        }
        let services = self.setting("services")?;
        if !services.is_empty() {
            let name = suffix.to_ascii_lowercase();
            let found = profile::of_service(&self.config_file(), &services, &name)?;
            if let Some(given) = found {
                return Ok(given);
            }
        }
        self.setting("endpoint_url")
    }

    /// How requests are repeated, as variables and the profile say.
    pub(super) fn retries(&self) -> Retries {
        let said = match self.get("AWS_MAX_ATTEMPTS") {
            said if said.is_empty() => self.setting("max_attempts").unwrap_or_default(),
            said => said,
        };
        let usual = Retries::default();
        Retries {
            attempts: said.parse().unwrap_or(usual.attempts).max(1),
            ..usual
        }
    }

    /// The keys that hold.
    ///
    /// # Errors
    /// There are none, with where they were looked for; and why a source that was named gives none.
    pub fn credentials(&self) -> Result<Lasting, Error> {
        // A profile of the command line wins over keys of the environment.
        if self.profile.is_empty()
            && let Some(keys) = self.variables()
        {
            return Ok(keys);
        }
        let (name, is_named) = self.profile_name();
        let Some(profile) = self.profile(&name)? else {
            if is_named {
                let message = format!("there is no AWS profile {name}");
                return Err(Error::new(Kind::Usage, message));
            }
            return self.elsewhere(&BTreeMap::new());
        };
        if let Some(keys) = self.of_profile(&name, &profile, 0)? {
            return Ok(keys);
        }
        self.elsewhere(&profile)
    }

    /// Keys for a role, taken with those that hold.
    ///
    /// # Errors
    /// As [`Sources::credentials`], and what the service says.
    pub fn assume(&self, arn: &str, session: &str, external_id: &str) -> Result<Lasting, Error> {
        let role = Role {
            arn: arn.to_owned(),
            session: session.to_owned(),
            external_id: external_id.to_owned(),
            duration: String::new(),
        };
        let place = Place::of(self, &self.region()?);
        role.assume(&place, &self.credentials()?.keys)
    }

    /// An address that tells its holder who `keys` belong to, for those who bring `headers`.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn identity(
        &self,
        keys: &Credentials,
        headers: &[(&'static str, String)],
        seconds: u32,
    ) -> Result<String, Error> {
        let place = Place::of(self, &self.region()?);
        let get = Get {
            host: place.host(),
            path: "/",
            region: &place.region,
            service: "sts",
            time: SystemTime::now(),
        };
        let query = [("Action", "GetCallerIdentity"), ("Version", VERSION)];
        let path = get.presign(keys, &query, headers, seconds);
        Ok(format!("{}{path}", place.endpoint))
    }

    fn variables(&self) -> Option<Lasting> {
        let keys = Credentials {
            access_key: self.get("AWS_ACCESS_KEY_ID"),
            secret_key: self.get("AWS_SECRET_ACCESS_KEY"),
            session_token: self.first(&["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]),
        };
        let is_whole = !keys.access_key.is_empty() && !keys.secret_key.is_empty();
        is_whole.then_some(Lasting { keys, until: None })
    }

    /// What a profile leads to; nothing where it has settings only.
    fn of_profile(
        &self,
        name: &str,
        profile: &BTreeMap<String, String>,
        depth: usize,
    ) -> Result<Option<Lasting>, Error> {
        let text = |key: &str| profile.get(key).cloned().unwrap_or_default();
        let refuse =
            |why: String| Error::new(Kind::Usage, format!("the AWS profile {name}: {why}"));
        let (role, token_file) = (text("role_arn"), text("web_identity_token_file"));
        if !role.is_empty() && token_file.is_empty() {
            if !text("mfa_serial").is_empty() {
                let hint = "`aws sts assume-role` asks for it; its keys go into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.";
                return Err(
                    refuse("its role wants the code of a device".to_owned()).with_hint(hint)
                );
            }
            if depth >= DEPTH {
                return Err(refuse("its source leads nowhere".to_owned()));
            }
            let by = match (text("source_profile"), text("credential_source").as_str()) {
                (source, _) if source == name => {
                    // A role of a profile that has keys of its own.
                    keys_of(profile)
                }
                (source, "") if !source.is_empty() => {
                    let found = self.profile(&source)?.ok_or_else(|| {
                        refuse(format!("there is no profile {source}, its source"))
                    })?;
                    self.of_profile(&source, &found, depth + 1)?
                }
                (_, "Environment") => self.variables(),
                (_, "EcsContainer") => self.container()?,
                (_, "Ec2InstanceMetadata") => self.machine(profile)?,
                _ => return Err(refuse("its role has no source of keys".to_owned())),
            };
            let by =
                by.ok_or_else(|| refuse("there are no keys to take its role with".to_owned()))?;
            let place = Place::of(self, &self.region()?);
            return self.role(profile).assume(&place, &by.keys).map(Some);
        }
        if let Some(keys) = self.by_token(profile)? {
            return Ok(Some(keys));
        }
        if let Some(keys) = single::keys(self, name, profile)? {
            return Ok(Some(keys));
        }
        if let Some(keys) = keys_of(profile) {
            return Ok(Some(keys));
        }
        match text("credential_process") {
            command if command.is_empty() => Ok(None),
            command => program(&command).map(Some).map_err(refuse),
        }
    }

    /// The role that a profile or the variables name.
    fn role(&self, profile: &BTreeMap<String, String>) -> Role {
        let text = |key: &str| profile.get(key).cloned().unwrap_or_default();
        let session = match text("role_session_name") {
            name if name.is_empty() => self.get("AWS_ROLE_SESSION_NAME"),
            name => name,
        };
        Role {
            arn: text("role_arn"),
            session: match session.is_empty() {
                true => "pintle".to_owned(),
                false => session,
            },
            external_id: text("external_id"),
            duration: text("duration_seconds"),
        }
    }

    /// A role for the token of an identity, as Kubernetes gives it to Pods.
    fn by_token(&self, profile: &BTreeMap<String, String>) -> Result<Option<Lasting>, Error> {
        let mut role = self.role(profile);
        let mut file = profile
            .get("web_identity_token_file")
            .cloned()
            .unwrap_or_default();
        if file.is_empty() && self.profile.is_empty() {
            file = self.get("AWS_WEB_IDENTITY_TOKEN_FILE");
            role.arn = self.get("AWS_ROLE_ARN");
        }
        if file.is_empty() || role.arn.is_empty() {
            return Ok(None);
        }
        let token = fs::read_to_string(&file)
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", &file, &error)))?;
        let place = Place::of(self, &self.region()?);
        role.assume_with_token(&place, token.trim()).map(Some)
    }

    /// Where neither variables nor a profile have keys.
    fn elsewhere(&self, profile: &BTreeMap<String, String>) -> Result<Lasting, Error> {
        if profile.is_empty()
            && let Some(keys) = self.by_token(profile)?
        {
            return Ok(keys);
        }
        if let Some(keys) = self.container()? {
            return Ok(keys);
        }
        if let Some(keys) = self.machine(profile)? {
            return Ok(keys);
        }
        Err(Error::new(
            Kind::Usage,
            "there are no AWS credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor a profile with keys or a role, nor those of a container or a machine",
        ))
    }

    /// The keys of a container's task or Pod.
    fn container(&self) -> Result<Option<Lasting>, Error> {
        let relative = self.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        let url = match relative.as_str() {
            "" => self.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
            path => format!("http://169.254.170.2{path}"),
        };
        if url.is_empty() {
            return Ok(None);
        }
        if !is_near(&url) {
            let message = format!("{url} is not asked for keys");
            let hint = "Without https, AWS_CONTAINER_CREDENTIALS_FULL_URI may name this machine only, or where ECS and EKS answer.";
            return Err(Error::new(Kind::Usage, message).with_hint(hint));
        }
        let file = self.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        let token = match file.as_str() {
            "" => self.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            file => fs::read_to_string(file)
                .map_err(|error| Error::new(Kind::Io, os::path_error("open", file, &error)))?,
        };
        let mut headers = Vec::new();
        if !token.trim().is_empty() {
            headers.push(("authorization", token.trim().to_owned()));
        }
        let answer = near().request_with(&url, &headers)?;
        let said = serde_json::from_slice(&answer.body).unwrap_or_default();
        match told(&said, "Token") {
            Some(keys) if answer.status == 200 => Ok(Some(keys)),
            _ => {
                let message = format!("{url} gives no keys: {} {}", answer.status, answer.reason);
                Err(Error::new(Kind::Network, message))
            }
        }
    }

    /// The keys of a machine's role; nothing where no service answers, or where there is no role.
    fn machine(&self, profile: &BTreeMap<String, String>) -> Result<Option<Lasting>, Error> {
        if self
            .get("AWS_EC2_METADATA_DISABLED")
            .eq_ignore_ascii_case("true")
        {
            return Ok(None);
        }
        let endpoint = match self.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
            given if given.is_empty() => profile
                .get("ec2_metadata_service_endpoint")
                .cloned()
                .unwrap_or_else(|| "http://169.254.169.254".to_owned()),
            given => given,
        };
        let endpoint = endpoint.trim_end_matches('/');
        let client = near();
        let token = client.send(&Request {
            method: Method::Put,
            url: &format!("{endpoint}/latest/api/token"),
            headers: vec![("x-aws-ec2-metadata-token-ttl-seconds", "21600".to_owned())],
            body: b"",
        });
        let Ok(token) = token else { return Ok(None) };
        let mut headers = Vec::new();
        if token.status == 200 {
            let token = String::from_utf8_lossy(&token.body).trim().to_owned();
            headers.push(("x-aws-ec2-metadata-token", token));
        } else if self
            .get("AWS_EC2_METADATA_V1_DISABLED")
            .eq_ignore_ascii_case("true")
        {
            return Ok(None);
        }
        let folder = format!("{endpoint}/latest/meta-data/iam/security-credentials/");
        let roles = client.request_with(&folder, &headers)?;
        let names = String::from_utf8_lossy(&roles.body).into_owned();
        let Some(role) = names.lines().next().filter(|_| roles.status == 200) else {
            return Ok(None);
        };
        let answer = client.request_with(&format!("{folder}{}", role.trim()), &headers)?;
        let said = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(told(&said, "Token").filter(|_| answer.status == 200))
    }
}

/// Whether a container may be sent there for keys: it is this machine, where ECS and EKS answer, or
/// nobody can listen.
fn is_near(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return url.starts_with("https://");
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    };
    match host.parse::<IpAddr>() {
        Ok(address) => {
            address.is_loopback()
                || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(&host)
        }
        Err(_) => host == "localhost",
    }
}

/// A client for services that are next door.
fn near() -> Client {
    Client::new(Options {
        timeout: NEAR,
        silence: NEAR,
        ..Options::default()
    })
}

fn keys_of(profile: &BTreeMap<String, String>) -> Option<Lasting> {
    let text = |key: &str| profile.get(key).cloned().unwrap_or_default();
    let keys = Credentials {
        access_key: text("aws_access_key_id"),
        secret_key: text("aws_secret_access_key"),
        session_token: text("aws_session_token"),
    };
    let is_whole = !keys.access_key.is_empty() && !keys.secret_key.is_empty();
    is_whole.then_some(Lasting { keys, until: None })
}

/// Keys as services and programs tell them, with what goes with them under the name `token`.
fn told(said: &Value, token: &str) -> Option<Lasting> {
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let keys = Credentials {
        access_key: text("AccessKeyId"),
        secret_key: text("SecretAccessKey"),
        session_token: text(token),
    };
    let is_whole = !keys.access_key.is_empty() && !keys.secret_key.is_empty();
    is_whole.then(|| Lasting {
        keys,
        until: moment(&text("Expiration")),
    })
}

/// What a `credential_process` prints; its line is the shell's to read.
fn program(command: &str) -> Result<Lasting, String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{command}: {}", os::reason(&error)))?;
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match told(&said, "SessionToken") {
        Some(keys) if output.status.success() => Ok(keys),
        _ => Err(format!("{command} gave no keys ({})", output.status)),
    }
}

/// A moment as services tell it: `2026-01-02T15:04:05Z`.
pub fn moment(text: &str) -> Option<SystemTime> {
    let time = time::parse(b"2006-01-02T15:04:05Z07:00", text.as_bytes(), &Zone::Utc).ok()?;
    let seconds = u64::try_from(time.seconds()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_sent_to_near_places_only() {
        for (url, want) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://localhost/x", true),
            ("http://[::1]:80/x", true),
            ("http://169.254.170.2/v2", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1", true),
            ("https://example.com/x", true),
            ("http://example.com/x", false),
            ("http://169.254.169.254/x", false),
            ("http://127.0.0.1.example.com/x", false),
            ("http://127.0.0.1@example.com/x", false),
            ("ftp://127.0.0.1/x", false),
        ] {
            assert_eq!(is_near(url), want, "{url}");
        }
    }
}
