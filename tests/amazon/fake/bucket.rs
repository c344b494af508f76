//! Objects of buckets, with writes on conditions.

use serde_json::{Value, json};

use super::super::http::{Request, Response, decoded};
use super::form::escaped;
use super::state::State;

/// What is asked for by method.
pub(super) fn operation(request: &Request) -> (String, Value) {
    let (bucket, key) = parts(request);
    let operation = match (request.method.as_str(), key.is_empty()) {
        ("GET", true) => "ListObjectsV2",
        ("GET", false) => "GetObject",
        ("HEAD", _) => "HeadObject",
        ("PUT", true) => "CreateBucket",
        ("PUT", false) => "PutObject",
        ("DELETE", _) => "DeleteObject",
        ("POST", _) => "DeleteObjects",
        _ => "",
    };
    (operation.to_owned(), json!({"Bucket": bucket, "Key": key}))
}

fn parts(request: &Request) -> (String, String) {
    let path = decoded(request.path.trim_start_matches('/'));
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    (bucket.to_owned(), key.to_owned())
}

fn refused(status: u16, code: &str, message: &str) -> Response {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>r</RequestId></Error>"
    );
    Response::new(status, text).with("content-type", "application/xml")
}

const MOMENT: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

pub(super) fn answer(state: &mut State, request: &Request) -> Response {
    let (bucket, key) = parts(request);
    if request.method == "PUT" && key.is_empty() {
        state.buckets.push(bucket);
        return Response::new(200, "");
    }
    if !state.buckets.contains(&bucket) {
        return refused(404, "NoSuchBucket", "The specified bucket does not exist");
    }
    let name = format!("{bucket}/{key}");
    let known = state.objects.get(&name).cloned();
    match request.method.as_str() {
        "GET" if key.is_empty() => list(state, &bucket, request),
        "GET" | "HEAD" => match known {
            Some((bytes, tag)) => Response::new(200, bytes)
                .with("etag", tag)
                .with("last-modified", MOMENT),
            None => refused(404, "NoSuchKey", "The specified key does not exist."),
        },
        "PUT" => {
            let (none, same) = (request.header("if-none-match"), request.header("if-match"));
            let is_late = match &known {
                Some((_, tag)) => none == "*" || (!same.is_empty() && same != tag),
                None => false,
            };
            if is_late {
                let message = "At least one of the pre-conditions you specified did not hold";
                return refused(412, "PreconditionFailed", message);
            }
            if known.is_none() && !same.is_empty() {
                return refused(404, "NoSuchKey", "The specified key does not exist.");
            }
            let tag = format!("\"{}\"", state.unique());
            state
                .objects
                .insert(name, (request.body.clone(), tag.clone()));
            Response::new(200, "").with("etag", tag)
        }
        "DELETE" => {
            state.objects.remove(&name);
            Response::new(204, "")
        }
        "POST" => {
            let body = request.text();
            let mut gone = String::new();
            for part in body.split("<Key>").skip(1) {
                let key = part.split("</Key>").next().unwrap_or_default();
                state.objects.remove(&format!("{bucket}/{key}"));
                gone += &format!("<Deleted><Key>{key}</Key></Deleted>");
            }
            Response::new(200, format!("<DeleteResult>{gone}</DeleteResult>"))
        }
        _ => refused(405, "MethodNotAllowed", "no"),
    }
}

/// How many objects a page lists: few, so that there is more than one.
const PAGE: usize = 7;

fn list(state: &State, bucket: &str, request: &Request) -> Response {
    let prefix = request.query("prefix").unwrap_or_default();
    let after = request.query("continuation-token").unwrap_or_default();
    let start = format!("{bucket}/");
    let mut found: Vec<(&str, &(Vec<u8>, String))> = state
        .objects
        .iter()
        .filter_map(|(name, object)| Some((name.strip_prefix(&start)?, object)))
        .filter(|(key, _)| key.starts_with(&prefix) && *key > after.as_str())
        .collect();
    let is_cut = found.len() > PAGE;
    found.truncate(PAGE);
    let mut text = format!(
        "<ListBucketResult><Name>{bucket}</Name><KeyCount>{}</KeyCount><IsTruncated>{is_cut}</IsTruncated>",
        found.len()
    );
    for (key, (bytes, tag)) in &found {
        text += &format!(
            "<Contents><Key>{}</Key><LastModified>2026-11-20T10:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
            escaped(key),
            escaped(tag),
            bytes.len()
        );
    }
    if let (true, Some((key, _))) = (is_cut, found.last()) {
        text += &format!(
            "<NextContinuationToken>{}</NextContinuationToken>",
            escaped(key)
        );
    }
    Response::new(200, text + "</ListBucketResult>").with("content-type", "application/xml")
}
