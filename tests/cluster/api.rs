//! Plain requests to the API server, through the proxy, as the administrator.

use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a state may take that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The API server.
pub(crate) struct Api {
    agent: ureq::Agent,
    base: String,
}

impl Api {
    pub(super) fn new(base: &str) -> Api {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Api {
            agent: config.new_agent(),
            base: base.to_owned(),
        }
    }

    /// The code and the body, which is null where it is no JSON.
    ///
    /// # Errors
    /// Where nobody answers.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, Value), String> {
        self.request("GET", path, None)
    }

    /// Sends a JSON body.
    ///
    /// # Errors
    /// Where nobody answers.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, Value), String> {
        self.request(method, path, Some(body))
    }

    /// Deletes, and says with which code.
    ///
    /// # Errors
    /// Where nobody answers.
    pub(crate) fn delete(&self, path: &str) -> Result<u16, String> {
        Ok(self.request("DELETE", path, None)?.0)
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let told = |error: &dyn std::fmt::Display| format!("{method} {path}: {error}");
        let mut last = String::new();
        // A connection that was kept may be gone.
        for _ in 0..3 {
            let request = ureq::http::Request::builder()
                .method(method)
                .uri(format!("{}{path}", self.base))
                .header("Accept", "application/json")
                .header("Content-Type", "application/json")
                .body(body.map(Value::to_string).unwrap_or_default())
                .map_err(|error| told(&error))?;
            match self.agent.run(request) {
                Ok(mut answer) => {
                    let text = answer
                        .body_mut()
                        .with_config()
                        .limit(u64::MAX)
                        .read_to_vec()
                        .map_err(|error| told(&error))?;
                    let body = serde_json::from_slice(&text).unwrap_or(Value::Null);
                    return Ok((answer.status().as_u16(), body));
                }
                Err(error) => last = told(&error),
            }
        }
        Err(last)
    }
}

/// Asks until the answer is yes.
///
/// # Errors
/// Those of `ask`, or that `what` did not come.
pub(crate) fn until(
    what: &str,
    mut ask: impl FnMut() -> Result<bool, String>,
) -> Result<(), String> {
    let start = Instant::now();
    while !ask()? {
        if start.elapsed() > PATIENCE {
            return Err(format!("{what}: not there after {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
