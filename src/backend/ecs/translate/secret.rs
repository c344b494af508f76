//! Secrets: references to where their data is. The data itself never gets into a document.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::config::SecretMode;
use super::super::desired::{Resource, canonical};
use super::context::Context;
use super::name;
use super::object::Object;

/// Where a Secret's data is.
pub(super) enum Place {
    /// There, under this ARN.
    Known(String),
    /// Uploaded by us: one secret, its content pinned.
    Uploaded(Box<Resource>),
    /// Uploaded by us: a parameter a key.
    Parameters(String),
    /// Somewhere else, a reference a key.
    Keys(BTreeMap<String, String>),
}

/// The name of what is uploaded of a Secret.
fn uploaded_name(ctx: &Context<'_>, namespace: &str, secret: &str) -> String {
    let prefix = ctx.config.secrets.prefix.as_deref().unwrap_or("pintle");
    format!("{}/{namespace}/{secret}", prefix.trim_matches('/'))
}

/// Where the data of `NAMESPACE/NAME` is; nothing where nobody says.
pub(super) fn locate(ctx: &Context<'_>, namespace: &str, secret: &str) -> Option<Place> {
    let object = ctx.find("Secret", namespace, secret);
    if let Some(external) = external(ctx, namespace, secret) {
        return Some(Place::Keys(references(ctx, external)));
    }
    let annotated = object.and_then(|object| object.own_text("secret-arn"));
    let mapped = ctx.config.secrets.map.get(&format!("{namespace}/{secret}"));
    if let Some(arn) = annotated.or(mapped.map(String::as_str)) {
        return Some(Place::Known(arn.to_owned()));
    }
    let object = object?;
    match ctx.config.secrets.mode.unwrap_or_default() {
        SecretMode::Reference => None,
        SecretMode::SecretsManager => {
            let name = uploaded_name(ctx, namespace, secret);
            let request = json!({"Name": name});
            let resource = Resource::new(
                "secretsmanager:Secret",
                format!("{namespace}/{secret}"),
                request,
            );
            Some(Place::Uploaded(Box::new(
                resource.with("contentHash", content_hash(object)),
            )))
        }
        SecretMode::Ssm => Some(Place::Parameters(uploaded_name(ctx, namespace, secret))),
    }
}

/// A digest of all data of a Secret.
pub(super) fn content_hash(object: &Object<'_>) -> String {
    let mut data = BTreeMap::new();
    for (key, value) in entries(object) {
        data.insert(key, value);
    }
    name::digest(&canonical(&json!(data)))
}

/// The data of a Secret, as text in base64.
fn entries(object: &Object<'_>) -> Vec<(String, String)> {
    let part = |name: &str| {
        object
            .root()
            .get(name)
            .map(|it| it.entries())
            .unwrap_or_default()
    };
    let data = part("data")
        .into_iter()
        .map(|(key, it)| (key.to_owned(), it.scalar()));
    let plain = part("stringData");
    let plain = plain
        .into_iter()
        .map(|(key, it)| (key.to_owned(), STANDARD.encode(it.scalar())));
    data.chain(plain).collect()
}

/// The keys of a Secret, where somebody says which there are.
pub(super) fn keys(ctx: &Context<'_>, namespace: &str, secret: &str) -> Option<Vec<String>> {
    if let Some(external) = external(ctx, namespace, secret) {
        return Some(references(ctx, external).into_keys().collect());
    }
    let mut keys: Vec<String> = match ctx.find("Secret", namespace, secret) {
        Some(object) => entries(object).into_iter().map(|(key, _)| key).collect(),
        None => ctx
            .config
            .secrets
            .keys
            .get(&format!("{namespace}/{secret}"))?
            .clone(),
    };
    keys.sort();
    keys.dedup();
    Some(keys)
}

/// Whether a Secret of the release lacks a key.
pub(super) fn lacks(ctx: &Context<'_>, namespace: &str, secret: &str, key: &str) -> bool {
    let is_there = ctx.find("Secret", namespace, secret).is_some()
        || external(ctx, namespace, secret).is_some();
    is_there && keys(ctx, namespace, secret).is_some_and(|keys| !keys.iter().any(|it| it == key))
}

/// What `valueFrom` says for a key.
pub(super) fn value_from(ctx: &Context<'_>, place: &Place, key: &str) -> Option<String> {
    Some(match place {
        Place::Known(arn) if arn.contains(":ssm:") => {
            format!("{}/{key}", arn.trim_end_matches('/'))
        }
        Place::Known(arn) => format!("{arn}:{key}::"),
        Place::Uploaded(resource) => {
            format!(
                "{}:{key}::{}",
                resource.reference("arn"),
                resource.reference("versionId")
            )
        }
        Place::Parameters(name) => parameter(ctx, &format!("{name}/{key}")),
        Place::Keys(references) => references.get(key)?.clone(),
    })
}

/// The ARN of a parameter.
fn parameter(ctx: &Context<'_>, name: &str) -> String {
    let (partition, region, account) = (ctx.config.partition(), ctx.region(), ctx.account());
    let name = name.trim_start_matches('/');
    format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}")
}

/// The parameters that are uploaded of a Secret.
pub(super) fn parameters(ctx: &Context<'_>, namespace: &str, secret: &str) -> Vec<Resource> {
    let Some(object) = ctx.find("Secret", namespace, secret) else {
        return Vec::new();
    };
    let base = uploaded_name(ctx, namespace, secret);
    let hash = content_hash(object);
    let make = |key: String| {
        let name = format!("/{base}/{key}");
        let request = json!({"Name": name, "Type": "SecureString"});
        let resource = Resource::new("ssm:Parameter", name, request);
        resource.with("contentHash", hash.as_str()).with(
            "secret",
            json!({"namespace": namespace, "name": secret, "key": key}),
        )
    };
    keys(ctx, namespace, secret)
        .unwrap_or_default()
        .into_iter()
        .map(make)
        .collect()
}

/// The ExternalSecret that makes a Secret.
fn external<'b, 'a>(ctx: &'b Context<'a>, namespace: &str, secret: &str) -> Option<&'b Object<'a>> {
    ctx.of("ExternalSecret").find(|object| {
        let target = object.body["spec"]["target"]["name"].as_str();
        object.group == "external-secrets.io"
            && object.namespace == namespace
            && target.unwrap_or(object.name) == secret
    })
}

/// The provider of an ExternalSecret's store, where the store is in the release.
pub(super) fn provider<'a>(ctx: &Context<'a>, object: &Object<'a>) -> Option<(&'a str, &'a Value)> {
    let reference = &object.body["spec"]["secretStoreRef"];
    let name = reference["name"].as_str()?;
    let kind = reference["kind"].as_str().unwrap_or("SecretStore");
    let store = match kind {
        "ClusterSecretStore" => ctx.find_wide(kind, name)?,
        _ => ctx.find(kind, object.namespace, name)?,
    };
    let providers = store.body["spec"]["provider"].as_object()?;
    providers
        .iter()
        .next()
        .map(|(name, value)| (name.as_str(), value))
}

/// What an ExternalSecret takes from where, by key.
fn references(ctx: &Context<'_>, object: &Object<'_>) -> BTreeMap<String, String> {
    let is_parameter = provider(ctx, object)
        .is_some_and(|(_, aws)| aws["service"].as_str() == Some("ParameterStore"));
    let mut found = BTreeMap::new();
    let spec = object.root();
    for item in spec
        .get("spec")
        .map(|it| it.list("data"))
        .unwrap_or_default()
    {
        let Some(key) = item.text("secretKey") else {
            continue;
        };
        let Some(remote) = item.get("remoteRef") else {
            continue;
        };
        let name = remote.text("key").unwrap_or_default();
        let arn = match (name.starts_with("arn:"), is_parameter) {
            (true, _) => name.to_owned(),
            (false, true) => parameter(ctx, name),
            (false, false) => {
                let (partition, region, account) =
                    (ctx.config.partition(), ctx.region(), ctx.account());
                format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}")
            }
        };
        let property = remote.text("property").unwrap_or_default();
        let version = remote.text("version").unwrap_or_default();
        let (stage, id) = match version.starts_with("AWS") {
            true => (version, ""),
            false => ("", version.strip_prefix("uuid/").unwrap_or(version)),
        };
        let is_plain = property.is_empty() && version.is_empty();
        let reference = match arn.contains(":ssm:") || is_plain {
            true => arn,
            false => format!("{arn}:{property}:{stage}:{id}"),
        };
        found.insert(key.to_owned(), reference);
    }
    found
}

/// Tells what becomes of Secrets and of what makes them.
pub(super) fn tell(ctx: &Context<'_>) {
    for object in ctx.of("Secret").filter(|object| object.group.is_empty()) {
        let is_known = ctx.config.secrets.mode.unwrap_or_default() == SecretMode::Reference;
        if is_known {
            ctx.tell(
                object,
                3009,
                "",
                "its data stays here; tasks read what its reference names",
            );
        }
    }
    for object in ctx.of("ExternalSecret") {
        if let Some((provider, _)) = provider(ctx, object).filter(|(name, _)| *name != "aws") {
            let message = format!("ECS reads Secrets Manager and Parameter Store, not {provider}");
            ctx.tell(object, 1007, "spec.secretStoreRef", message);
        }
        if object.body["spec"]["dataFrom"]
            .as_array()
            .is_some_and(|it| !it.is_empty())
        {
            let message =
                "the keys of what is taken as a whole are not known here; name each in spec.data";
            ctx.tell(object, 1007, "spec.dataFrom", message);
        }
    }
}
