//! Following collections by watches.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::io::AsyncBufReadExt as _;
use serde_json::Value;

use super::super::connection::{Connection, Request};
use super::super::health::Collection;

/// How long a watch that broke is left alone.
const PAUSE: Duration = Duration::from_millis(500);

/// What happened to an object.
pub(in crate::backend::kube) enum Change<'a> {
    /// It is there, as it is now.
    Is(&'a Value),
    /// It is gone.
    Was(&'a Value),
    /// All that is there is told anew from here on; what is not told is gone.
    Anew,
    /// All that is there was told.
    Told,
}

/// Tells of each change since a version at `path`, which asks for a watch, until it ends.
pub(in crate::backend::kube) async fn watch(
    connection: &Connection,
    path: &str,
    mut tell: impl FnMut(Change<'_>),
) -> Option<()> {
    let stream = connection.stream(path).await.ok()?;
    let mut lines = std::pin::pin!(stream.lines());
    while let Some(Ok(line)) = lines.next().await {
        let event: Value = serde_json::from_str(&line).ok()?;
        match event["type"].as_str() {
            Some("ADDED" | "MODIFIED") => tell(Change::Is(&event["object"])),
            Some("DELETED") => tell(Change::Was(&event["object"])),
            // Too old, or not a watch at all: it is looked at anew.
            _ => return None,
        }
    }
    Some(())
}

/// Tells of all objects of a collection and of what happens to them, until it is dropped. A collection
/// that is not shown is asked for less and less often.
pub(in crate::backend::kube) async fn follow(
    connection: &Connection,
    collection: &Collection,
    mut tell: impl FnMut(Change<'_>),
) {
    let mut pause = PAUSE;
    loop {
        let answer = connection.request(Request::get(collection.path(&[]))).await;
        match answer.and_then(|answer| answer.json()) {
            Ok(list) => {
                pause = PAUSE;
                tell(Change::Anew);
                for item in list["items"].as_array().into_iter().flatten() {
                    tell(Change::Is(item));
                }
                tell(Change::Told);
                let version = list["metadata"]["resourceVersion"].as_str();
                let more = [
                    ("watch", "true"),
                    ("resourceVersion", version.unwrap_or_default()),
                ];
                watch(connection, &collection.path(&more), &mut tell).await;
            }
            Err(_) => pause = (pause * 2).min(Duration::from_secs(30)),
        }
        tokio::time::sleep(pause).await;
    }
}
