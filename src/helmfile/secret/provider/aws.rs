//! `ref+awsssm://`, `ref+awssecrets://`, `ref+awskms://` and `ref+s3://`: Amazon's parameters, secrets,
//! keys and buckets.

use base64::Engine as _;
use serde_json::{Value, json};

use super::super::super::data::{self, Data, Entries};
use super::{Context, Provider, document};
use crate::diag::{Error, Kind};
use crate::go::{base64 as go_base64, strconv};
use crate::net::aws::{Session, Sources, Words, service};
use crate::value::Text;

const SSM: Words = Words {
    service: service::PARAMETERS,
    errors: &[
        "InternalServerError",
        "InvalidFilterKey",
        "InvalidKeyId",
        "InvalidNextToken",
        "ParameterNotFound",
        "ParameterVersionNotFound",
    ],
};

const SECRETS: Words = Words {
    service: service::SECRETS,
    errors: &[
        "DecryptionFailure",
        "InternalServiceError",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
    ],
};

const KMS: Words = Words {
    service: service::KEYS,
    errors: &[
        "DisabledException",
        "IncorrectKeyException",
        "InvalidCiphertextException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
    ],
};

/// Who asks: the profile, region and role of the reference, or those of the environment.
fn session(context: &Context<'_>) -> Session {
    let mut variables = Sources::of(context.world.as_ref()).variables;
    let mut profile = context.text("profile");
    if profile.is_empty() && context.variable("FORCE_AWS_PROFILE") == "true" {
        profile = context.variable("AWS_PROFILE");
    }
    let mut sources = Sources {
        variables: variables.clone(),
        profile,
        region: context.text("region"),
    };
    // A profile of a reference that this machine does not have gives way to what it has.
    if !sources.profile.is_empty() && !sources.has_profile() {
        variables.remove("AWS_PROFILE");
        variables.remove("AWS_DEFAULT_PROFILE");
        sources.variables = variables;
        sources.profile = String::new();
    }
    Session::new(sources, context.text("role_arn"))
}

fn text_of(value: &Value, path: &[&str]) -> Option<String> {
    let found = path.iter().fold(value, |value, key| &value[*key]);
    found.as_str().map(str::to_owned)
}

/// Parameters of the Systems Manager.
pub(super) struct Parameters {
    session: Session,
    version: String,
    is_single: bool,
    is_recursive: bool,
}

impl Parameters {
    pub(super) fn new(context: &Context<'_>) -> Parameters {
        Parameters {
            session: session(context),
            version: context.text("version"),
            is_single: context.text("mode") == "singleparam",
            is_recursive: context.text("recursive") == "true",
        }
    }

    /// A version of a parameter, out of its history.
    fn version(&self, name: &str) -> Result<String, Error> {
        let wanted = strconv::parse_int(&self.version, 10, 64)
            .map_err(|_| Error::new(Kind::Usage, "version can't be converted to Int"))?;
        let input = json!({"Name": name, "WithDecryption": true});
        let found = self.pages("GetParameterHistory", input, |parameter| {
            (parameter["Version"].as_i64() == Some(wanted))
                .then(|| text_of(parameter, &["Value"]))
                .flatten()
        });
        let mut found = found.map_err(|error| error.wrap("get parameter history"))?;
        found.pop().ok_or_else(|| {
            let message = "datasource.ssm.Get() out.Parameter.Value is nil";
            Error::new(Kind::NotFound, message)
        })
    }

    /// What `read` makes of the parameters of all pages of an answer.
    fn pages<T>(
        &self,
        action: &str,
        mut input: Value,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        loop {
            let page = self.session.ask(&SSM, action, &input)?;
            let parameters = page["Parameters"].as_array();
            found.extend(parameters.into_iter().flatten().filter_map(&read));
            match page["NextToken"].as_str() {
                Some(next) if !next.is_empty() && input["NextToken"] != next => {
                    input["NextToken"] = next.into();
                }
                _ => return Ok(found),
            }
        }
    }
}

/// Names of parameters start at the root.
fn rooted(path: &str) -> String {
    match path.starts_with('/') || path.is_empty() {
        true => path.to_owned(),
        false => format!("/{path}"),
    }
}

impl Provider for Parameters {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let name = rooted(path);
        if !self.version.is_empty() {
            return self.version(&name).map(String::into_bytes);
        }
        let input = json!({"Name": name, "WithDecryption": true});
        let said = self
            .session
            .ask(&SSM, "GetParameter", &input)
            .map_err(|error| error.wrap("get parameter"))?;
        let value = text_of(&said, &["Parameter", "Value"]).ok_or_else(|| {
            let message = "datasource.ssm.Get() out.Parameter.Value is nil";
            Error::new(Kind::NotFound, message)
        })?;
        Ok(value.into_bytes())
    }

    /// The parameters below a path, as a tree; or one of them, read as a document.
    fn map(&self, path: &str) -> Result<Entries, Error> {
        let name = rooted(path);
        if self.is_single {
            let text = self.text(&name)?;
            return document(&text).map_err(|message| Error::new(Kind::Values, message));
        }
        let input = json!({
            "Path": name,
            "Recursive": self.is_recursive,
            "WithDecryption": true,
        });
        let found = self.pages("GetParametersByPath", input, |parameter| {
            Some((
                text_of(parameter, &["Name"])?,
                text_of(parameter, &["Value"])?,
            ))
        });
        let found = found.map_err(|error| error.wrap("ssm: get parameters by path"))?;
        if found.is_empty() {
            let message = "ssm: out.Parameters is empty";
            return Err(Error::new(Kind::NotFound, message));
        }
        let mut tree = Entries::new();
        for (whole, value) in found {
            let rest = whole.strip_prefix(name.as_str()).unwrap_or(&whole);
            let Some(rest) = rest.strip_prefix('/') else {
                let message = format!(
                    "bug: unexpected format of parameter: {rest} in {whole} must start with a slash(/)"
                );
                return Err(Error::new(Kind::Values, message));
            };
            let parts: Vec<&str> = rest.split('/').collect();
            plant(&mut tree, &parts, value);
        }
        Ok(tree)
    }
}

/// Puts a value into a tree. Where a parameter has others below it, those win.
fn plant(tree: &mut Entries, parts: &[&str], value: String) {
    let [first, rest @ ..] = parts else { return };
    if rest.is_empty() {
        tree.insert(Text::from(*first), Data::string(value));
        return;
    }
    let entry = tree.entry(Text::from(*first)).or_default();
    let mut below = entry.as_map().cloned().unwrap_or_default();
    plant(&mut below, rest, value);
    *entry = Data::map(below);
}

/// The Secrets Manager.
pub(super) struct Secrets {
    session: Session,
    stage: String,
    version: String,
}

impl Secrets {
    pub(super) fn new(context: &Context<'_>) -> Secrets {
        Secrets {
            session: session(context),
            stage: context.text("version_stage"),
            version: context.text("version_id"),
        }
    }
}

impl Provider for Secrets {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let mut input = json!({"SecretId": path});
        if !self.stage.is_empty() {
            input["VersionStage"] = self.stage.as_str().into();
        }
        if !self.version.is_empty() {
            input["VersionId"] = self.version.as_str().into();
        }
        let said = self
            .session
            .ask(&SECRETS, "GetSecretValue", &input)
            .map_err(|error| error.wrap("get parameter"))?;
        if let Some(text) = text_of(&said, &["SecretString"]) {
            return Ok(text.into_bytes());
        }
        let packed = text_of(&said, &["SecretBinary"])
            .and_then(|packed| go_base64::decode(packed.as_bytes()).ok());
        packed.ok_or_else(|| {
            let message = "awssecrets: get secret value: no SecretString nor SecretBinary is set";
            Error::new(Kind::NotFound, message)
        })
    }

    /// A secret that is a document; or several below a path, listed in its `meta`.
    fn map(&self, path: &str) -> Result<Entries, Error> {
        const FIELD: &str = "github.com/helmfile/vals";
        let fail = |message: String| Error::new(Kind::Values, message);
        match self.text(path) {
            Ok(text) => {
                return document(&text).map_err(|message| {
                    let path = strconv::quote(path);
                    fail(format!(
                        "error while parsing secret for key {path} as yaml: {message}"
                    ))
                });
            }
            // Who may not read it, or cannot reach the service, will not read what is below it.
            Err(error) if error.kind() != Kind::NotFound => return Err(error),
            Err(_) => {}
        }
        let root = path.trim_end_matches('/');
        let meta = document(&self.text(&format!("{root}/meta"))?).map_err(fail)?;
        let names = match meta.get(FIELD.as_bytes()) {
            Some(Data::List(names)) => names,
            Some(_) => return Err(fail(format!("\"{FIELD}\" was not a kind of array"))),
            None => return Err(fail(format!("\"{FIELD}\" not found"))),
        };
        let mut found = Entries::new();
        for name in names.iter() {
            let name = data::print(name);
            let name = name.trim_start_matches('/');
            let text = self.text(&format!("{root}/{name}"))?;
            found.insert(Text::from(name), Data::string(text));
        }
        Ok(found)
    }
}

/// The Key Management Service: the path is what it encrypted, in base64.
pub(super) struct Keys {
    session: Session,
    key: String,
    algorithm: String,
    encryption_context: String,
}

impl Keys {
    pub(super) fn new(context: &Context<'_>) -> Keys {
        Keys {
            session: session(context),
            key: context.text("key"),
            algorithm: context.text("alg"),
            encryption_context: context.text("context"),
        }
    }
}

impl Provider for Keys {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let fail = |message: String| Error::new(Kind::Values, message);
        let packed = base64::engine::general_purpose::URL_SAFE
            .decode(path)
            .map_err(|_| fail("illegal base64 data in the path".to_owned()))?;
        let mut input = json!({"CiphertextBlob": go_base64::encode(packed)});
        if !self.key.is_empty() {
            input["KeyId"] = self.key.as_str().into();
        }
        if !self.algorithm.is_empty() {
            input["EncryptionAlgorithm"] = match self.algorithm.as_str() {
                known @ ("RSAES_OAEP_SHA_1" | "RSAES_OAEP_SHA_256") => known.into(),
                _ => "SYMMETRIC_DEFAULT".into(),
            };
        }
        if !self.encryption_context.is_empty() {
            let pairs = document(self.encryption_context.as_bytes()).map_err(fail)?;
            let pairs = pairs.iter().map(|(key, value)| {
                let key = key.to_str_lossy().into_owned();
                (key, Value::from(data::print(value)))
            });
            input["EncryptionContext"] = Value::Object(pairs.collect());
        }
        let said = self.session.ask(&KMS, "Decrypt", &input)?;
        let packed = text_of(&said, &["Plaintext"]).unwrap_or_default();
        go_base64::decode(packed.as_bytes()).map_err(|error| fail(error.to_string()))
    }
}

/// A bucket.
pub(super) struct Bucket {
    session: Session,
    version: String,
}

impl Bucket {
    pub(super) fn new(context: &Context<'_>) -> Bucket {
        let version = context.text("version");
        Bucket {
            session: session(context),
            version: match version.is_empty() {
                true => context.text("version_id"),
                false => version,
            },
        }
    }
}

impl Provider for Bucket {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let Some((bucket, key)) = path.split_once('/') else {
            let message = format!("getting s3 object: {path} names a bucket and no object");
            return Err(Error::new(Kind::Usage, message));
        };
        self.session
            .object(bucket, key, &self.version)
            .map_err(|error| error.wrap("getting s3 object"))
    }
}
