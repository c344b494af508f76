//! Stored releases: what is in them, and how to change one.

use std::io::{Read as _, Write as _};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::case::Edit;
use crate::cluster::Api;
use crate::normalise::Normaliser;

/// A stored release, taken apart.
struct Stored {
    blob: Vec<u8>,
    zipped: bool,
    text: Vec<u8>,
    json: Value,
}

fn open(encoded: &str) -> Result<Stored, String> {
    let blob = BASE64_STANDARD
        .decode(encoded)
        .map_err(|error| error.to_string())?;
    let zipped = blob.starts_with(b"\x1f\x8b\x08");
    let mut text = Vec::new();
    if zipped {
        let read = MultiGzDecoder::new(blob.as_slice()).read_to_end(&mut text);
        read.map_err(|error| error.to_string())?;
    } else {
        text.clone_from(&blob);
    }
    let json = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    Ok(Stored {
        blob,
        zipped,
        text,
        json,
    })
}

/// The members that a snapshot has of a stored release. `encoded` is the text in the store, without
/// what a Secret puts around it.
///
/// # Errors
/// Where it is no release.
pub(crate) fn describe(encoded: &str, names: &Normaliser) -> Result<Map<String, Value>, String> {
    let mut stored = open(encoded)?;
    let contains = |part: &[u8]| stored.text.windows(part.len()).any(|window| window == part);
    let escapes = [b"\\u003c", b"\\u0026", b"\\u003e"]
        .iter()
        .any(|part| contains(part.as_slice()));
    if let Some(Value::Object(chart)) = stored.json.get_mut("chart") {
        shorten(chart)?;
    }
    let header = stored.zipped.then(|| hex(&stored.blob[..10]));
    let encoding = if stored.zipped {
        "base64(gzip(json))"
    } else {
        "base64(json)"
    };
    let described = json!({
        "encoding": encoding,
        "gzip_header": header,
        "json_ends_with_newline": stored.text.ends_with(b"\n"),
        "json_escapes_html": escapes,
        "json": names.value(stored.json),
    });
    match described {
        Value::Object(members) => Ok(members),
        _ => unreachable!("it was written as an object"),
    }
}

/// Sums in place of a chart's files.
fn shorten(chart: &mut Map<String, Value>) -> Result<(), String> {
    for list in ["templates", "files", "raw"] {
        let Some(Value::Array(files)) = chart.get_mut(list) else {
            continue;
        };
        for file in files {
            if let Some(data) = file.get_mut("data") {
                *data = sum(data)?;
            }
            if let Some(time) = file.get_mut("modtime") {
                hide_time(time);
            }
        }
    }
    if let Some(schema) = chart.get_mut("schema")
        && schema.as_str().is_some_and(|text| !text.is_empty())
    {
        *schema = sum(schema)?;
    }
    for name in ["modtime", "schemamodtime"] {
        if let Some(time) = chart.get_mut(name) {
            hide_time(time);
        }
    }
    Ok(())
}

fn sum(encoded: &Value) -> Result<Value, String> {
    let bytes = BASE64_STANDARD
        .decode(encoded.as_str().unwrap_or_default())
        .map_err(|error| error.to_string())?;
    Ok(Value::String(format!(
        "sha256:{}",
        hex(&Sha256::digest(bytes))
    )))
}

/// The zero time stays: it is the same every time.
fn hide_time(time: &mut Value) {
    let known = time.as_str().is_some_and(|text| text.starts_with("0001"));
    if !known && *time != Value::Null && time.as_str() != Some("") {
        *time = Value::String("{{TIME}}".to_owned());
    }
}

/// What a write request shows of the release in it.
pub(crate) fn summarise(encoded: &str, names: &Normaliser) -> Value {
    let json = match open(encoded) {
        Ok(stored) => stored.json,
        Err(error) => return Value::String(format!("undecodable {error}")),
    };
    let info = &json["info"];
    let description = names.text(info["description"].as_str().unwrap_or_default());
    let mut summary = json!({
        "version": json["version"],
        "status": info["status"],
        "description": description,
    });
    let none = Vec::new();
    let phases: Vec<Value> = json["hooks"]
        .as_array()
        .unwrap_or(&none)
        .iter()
        .filter(|hook| {
            hook["last_run"]["phase"]
                .as_str()
                .is_some_and(|phase| !phase.is_empty())
        })
        .map(|hook| json!([hook["name"], hook["last_run"]["phase"]]))
        .collect();
    if !phases.is_empty() {
        summary["hook_phases"] = names.value(Value::Array(phases));
    }
    summary
}

/// The text in the store of an object that holds a release.
pub(crate) fn stored_text(kind: &str, object: &Value) -> Result<String, String> {
    let text = object["data"]["release"].as_str().unwrap_or_default();
    if kind != "Secret" {
        return Ok(text.to_owned());
    }
    let bytes = BASE64_STANDARD.decode(text).map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// Rewrites a stored release.
///
/// # Errors
/// Where it is not there, is no release, or the API server refuses.
pub(crate) fn edit(api: &Api, namespace: &str, edit: &Edit) -> Result<(), String> {
    let plural = edit.kind.as_deref().unwrap_or("secrets");
    let kind = if plural == "secrets" {
        "Secret"
    } else {
        "ConfigMap"
    };
    let path = format!(
        "/api/v1/namespaces/{namespace}/{plural}/sh.helm.release.v1.{}.v{}",
        edit.name, edit.version
    );
    let (code, mut object) = api.get(&path)?;
    if code != 200 {
        return Err(format!("{path}: {code}"));
    }
    let mut release = open(&stored_text(kind, &object)?)?.json;
    if let Some(status) = &edit.status {
        release["info"]["status"] = json!(status);
        object["metadata"]["labels"]["status"] = json!(status);
    }
    let text = match &edit.raw {
        Some(raw) => raw.clone(),
        None => {
            // The header that the recordings have of such a record: Unix, best compression.
            let mut zip = GzBuilder::new()
                .operating_system(3)
                .write(Vec::new(), Compression::best());
            let told = |error: std::io::Error| error.to_string();
            zip.write_all(release.to_string().as_bytes())
                .map_err(told)?;
            BASE64_STANDARD.encode(zip.finish().map_err(told)?)
        }
    };
    object["data"]["release"] = match kind {
        "Secret" => json!(BASE64_STANDARD.encode(text)),
        _ => json!(text),
    };
    // Who the recorder was to the API server.
    match api.send("PUT", &format!("{path}?fieldManager=unknown"), &object)? {
        (200, _) => Ok(()),
        (code, answer) => Err(format!("{path}: {code} {answer}")),
    }
}

/// Lower-case digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
