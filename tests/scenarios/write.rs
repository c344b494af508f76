//! The requests of a step that change something, as the recordings have them.

use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use regex::Regex;
use regex::bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::cluster::Request;
use crate::normalise::Normaliser;
use crate::python;
use crate::record;

/// Longest body that the recordings have in full, as compact JSON.
const WHOLE: usize = 4096;

/// Group, version, namespace, resource, name and subresource of a path.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r"^/(?:api/(?P<core>v\d\w*)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))/(?P<rest>.+)$";
    Regex::new(pattern).expect("a pattern of this file")
});

fn compile(pattern: &str) -> bytes::Regex {
    bytes::Regex::new(pattern).expect("a pattern of this file")
}

static RECORD_NAME: LazyLock<bytes::Regex> =
    LazyLock::new(|| compile(r"(?-u)sh\.helm\.release\.v1\.[a-z0-9.-]+?\.v\d+"));

/// The name of an object in protobuf is the first text in it.
static FIRST_TEXT: LazyLock<bytes::Regex> =
    LazyLock::new(|| compile(r"(?-u)\n[^\n]([a-z0-9][a-z0-9.-]+)"));

/// A release in protobuf: base64 of gzip.
static RELEASE: LazyLock<bytes::Regex> = LazyLock::new(|| compile(r"(?-u)H4sI[A-Za-z0-9+/=]+"));

/// Where a request goes.
struct Target {
    group: Option<String>,
    version: String,
    namespace: Option<String>,
    resource: String,
    name: Option<String>,
    subresource: Option<String>,
}

impl Target {
    fn parse(path: &str) -> Option<Target> {
        let found = PATH.captures(path)?;
        let text = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
        let mut rest: Vec<&str> = found.name("rest")?.as_str().split('/').collect();
        if rest.iter().take(3).any(|part| part.is_empty()) {
            return None;
        }
        let mut namespace = None;
        if rest.len() >= 3 && rest[0] == "namespaces" {
            namespace = Some(rest[1].to_owned());
            rest.drain(..2);
        }
        Some(Target {
            group: text("group"),
            version: text("core").or(text("version"))?,
            namespace,
            resource: rest[0].to_owned(),
            name: rest.get(1).map(|part| (*part).to_owned()),
            subresource: (rest.len() > 2).then(|| rest[2..].join("/")),
        })
    }
}

/// The writes among `requests`, in the order of the recordings.
///
/// # Errors
/// Where the log is not what the proxy writes.
pub(crate) fn writes(requests: &[Request], names: &Normaliser) -> Result<Value, String> {
    let mut writes = Vec::new();
    for request in requests {
        // What the steps ask with other programs does not count.
        if request.agent.to_lowercase().contains("helm") && request.method != "GET" {
            writes.push(names.value(describe(request, names)?));
        }
    }
    sort(&mut writes);
    Ok(Value::Array(writes))
}

fn describe(request: &Request, names: &Normaliser) -> Result<Value, String> {
    let Some(target) = Target::parse(&request.path) else {
        return Ok(json!({"verb": request.method, "path": request.path}));
    };
    let verb = match request.method.as_str() {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" if target.name.is_none() => "deletecollection",
        "DELETE" => "delete",
        other => other,
    };
    let told = |error: &dyn std::fmt::Display| format!("the log of {}: {error}", request.path);
    let body: Option<Value> = match request.body.as_str() {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(|error| told(&error))?),
    };
    let raw = BASE64_STANDARD
        .decode(&request.encoded)
        .map_err(|error| told(&error))?;

    let name = target
        .name
        .clone()
        .or_else(|| Some(body.as_ref()?["metadata"]["name"].as_str()?.to_owned()))
        .or_else(|| name_in(&raw, &target.resource, names));
    let mut write = Map::new();
    let mut put = |key: &str, value: Value| {
        write.insert(key.to_owned(), value);
    };
    put("verb", json!(verb));
    put(
        "resource",
        json!(match &target.group {
            Some(group) => format!("{}.{group}", target.resource),
            None => target.resource.clone(),
        }),
    );
    put("version", json!(target.version));
    if let Some(namespace) = &target.namespace {
        put("namespace", json!(namespace));
    }
    put("name", json!(name));
    if let Some(subresource) = &target.subresource {
        put("subresource", json!(subresource));
    }
    for (key, value) in query(&request.query) {
        if matches!(
            key.as_str(),
            "fieldManager" | "fieldValidation" | "dryRun" | "force" | "propagationPolicy"
        ) {
            put(&key, json!(value));
        }
    }
    if verb == "patch" {
        put("patch", json!(patch(&request.content_type)));
    } else if !matches!(request.content_type.as_str(), "" | "application/json") {
        put("contentType", json!(request.content_type));
    }
    put("code", json!(request.code));
    let is_record = name.is_some_and(|name| name.starts_with("sh.helm.release.v1."));
    if is_record && matches!(verb, "create" | "update") {
        let text = stored_text(&target.resource, body.as_ref(), &raw);
        put(
            "release",
            record::summarise(&text.unwrap_or_default(), names),
        );
    } else if let Some(body) = body {
        let body = hide_versions(names.value(body));
        let text = python::dumps(&body);
        if text.len() <= WHOLE {
            put("body", body);
        } else {
            let sum = record::hex(&Sha256::digest(&text));
            put("body_sha256", json!(sum));
        }
    } else if verb == "delete" {
        for policy in ["Background", "Foreground", "Orphan"] {
            if raw
                .windows(policy.len())
                .any(|part| part == policy.as_bytes())
            {
                put("propagationPolicy", json!(policy));
            }
        }
    }
    Ok(Value::Object(write))
}

fn patch(content_type: &str) -> &str {
    match content_type {
        "application/apply-patch+yaml" => "apply",
        "application/strategic-merge-patch+json" => "strategic",
        "application/merge-patch+json" => "merge",
        "application/json-patch+json" => "json",
        "application/apply-patch+cbor" => "apply-cbor",
        other => other,
    }
}

/// The name of an object that is not JSON.
fn name_in(raw: &[u8], resource: &str, names: &Normaliser) -> Option<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if raw.is_empty() {
        return None;
    }
    if let Some(found) = RECORD_NAME.find(raw) {
        return Some(text(found.as_bytes()));
    }
    if resource == "namespaces" {
        for placeholder in ["{{NS}}", "{{NS2}}"] {
            let name = names.fill(placeholder);
            if raw.windows(name.len()).any(|part| part == name.as_bytes()) {
                return Some(name);
            }
        }
    }
    let found = FIRST_TEXT.captures(raw.get(12..)?)?;
    Some(text(&found[1]))
}

/// The stored text of a release that is being written.
fn stored_text(resource: &str, body: Option<&Value>, raw: &[u8]) -> Option<String> {
    match body {
        None => {
            let found = RELEASE.find(raw)?;
            String::from_utf8(found.as_bytes().to_vec()).ok()
        }
        Some(body) => {
            let kind = if resource == "secrets" {
                "Secret"
            } else {
                "ConfigMap"
            };
            record::stored_text(kind, body).ok()
        }
    }
}

/// Names and values of a query; those that are empty do not count.
fn query(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, more)) = rest.split_first() {
        let digits = more.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, digits.map(|two| u8::from_str_radix(two, 16))) {
            (b'%', Some(Ok(byte))) => {
                bytes.push(byte);
                rest = &more[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
        rest = more;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Versions of objects change from run to run.
fn hide_versions(value: Value) -> Value {
    let hidden = || Value::String("{{RV}}".to_owned());
    match value {
        Value::Object(mut members) => {
            if members.get("path") == Some(&json!("/metadata/resourceVersion"))
                && members.contains_key("value")
            {
                members.insert("value".to_owned(), hidden());
                return Value::Object(members);
            }
            let is_number = |value: &Value| {
                let text = value.as_str().unwrap_or_default();
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
            };
            members
                .into_iter()
                .map(|(key, value)| {
                    if key == "resourceVersion" && is_number(&value) {
                        (key, hidden())
                    } else {
                        (key, hide_versions(value))
                    }
                })
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.into_iter().map(hide_versions).collect(),
        other => other,
    }
}

/// Helm sends the objects of one kind at once, so that they arrive in any order: neighbours of one verb
/// and resource are sorted by name.
fn sort(writes: &mut [Value]) {
    let kind = |write: &Value| {
        let part = |key: &str| write.get(key).cloned();
        let is_record = write.get("release").is_some();
        (
            part("verb"),
            part("resource"),
            part("patch"),
            part("dryRun"),
            is_record,
        )
    };
    // A name that is not there is sorted as the recorder's language spells nothing.
    let text = |write: &Value, key: &str| write[key].as_str().unwrap_or("None").to_owned();
    let mut start = 0;
    while start < writes.len() {
        let first = kind(&writes[start]);
        let run = writes[start..]
            .iter()
            .take_while(|write| kind(write) == first && !text(write, "name").starts_with("sh.helm"))
            .count();
        writes[start..start + run]
            .sort_by_key(|write| (text(write, "namespace"), text(write, "name")));
        start += run.max(1);
    }
}
