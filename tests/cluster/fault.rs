//! Trouble that the proxy makes for requests, so that a test meets it at the place that it means.

use std::time::Duration;

use serde_json::{Value, json};

/// Where the proxy is asked for it.
pub(super) const PATH: &str = "/testcluster/faults";

/// One kind of trouble. What is empty fits every request, and a fault without an answer, a delay or a
/// cut changes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    /// A regular expression of Go's, for the path.
    pub(crate) path: String,
    /// How many requests that fit pass before.
    pub(crate) skip: u32,
    /// How many are troubled; none is all.
    pub(crate) times: Option<u32>,
    /// Before anything else.
    pub(crate) delay: Duration,
    /// Answered in place of the server.
    pub(crate) code: Option<u16>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// The connection is closed without an answer.
    pub(crate) cut: Option<Cut>,
}

/// When a connection is closed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// The server never hears of the request.
    Before,
    /// The server has done what it was asked.
    After,
}

impl Fault {
    pub(super) fn describe(&self, user: &str) -> Value {
        let headers = self.headers.iter();
        let headers: serde_json::Map<String, Value> = headers
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({
            "User": user,
            "Method": self.method,
            "Path": self.path,
            "Skip": self.skip,
            "Times": self.times.unwrap_or(0),
            "Delay": format!("{}ms", self.delay.as_millis()),
            "Code": self.code.unwrap_or(0),
            "Headers": headers,
            "Body": self.body,
            "Cut": match self.cut {
                None => "",
                Some(Cut::Before) => "before",
                Some(Cut::After) => "after",
            },
        })
    }
}
