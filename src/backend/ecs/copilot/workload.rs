//! A manifest on its way to ECS: what all rules look at.

use serde_json::{Map, Value, json};

use super::super::config::{Config, Copilot};
use super::super::desired::Resource;
use super::super::report::Report;
use super::word;

/// What kind of workload it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Load Balanced Web Service.
    Web,
    /// Backend Service.
    Backend,
    /// Worker Service.
    Worker,
    /// Scheduled Job.
    Job,
    /// Request-Driven Web Service.
    Express,
}

/// A manifest in one environment.
pub(super) struct Workload<'a> {
    pub(super) manifest: &'a Value,
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) app: &'a str,
    pub(super) environment: &'a str,
    pub(super) config: &'a Config,
    pub(super) report: &'a Report,
}

/// Members that manifests have.
const MEMBERS: &[&str] = &[
    "name",
    "type",
    "image",
    "entrypoint",
    "command",
    "cpu",
    "memory",
    "platform",
    "count",
    "exec",
    "deployment",
    "network",
    "variables",
    "env_file",
    "secrets",
    "storage",
    "sidecars",
    "logging",
    "observability",
    "publish",
    "subscribe",
    "taskdef_overrides",
    "http",
    "nlb",
    "on",
    "retries",
    "timeout",
    "tags",
];

impl<'a> Workload<'a> {
    /// Adds a finding.
    pub(super) fn tell(&self, code: u16, path: &str, message: impl Into<String>) {
        self.report.add(code, self.name, path, message);
    }

    /// A setting that has to be there: without it, an ECS1014 at the member that needs it.
    pub(super) fn need(&self, found: Option<&'a str>, path: &str, setting: &str) -> &'a str {
        match found {
            Some(found) if !found.is_empty() => found,
            _ => {
                self.tell(1014, path, format!("set ecs.{setting}"));
                ""
            }
        }
    }

    /// What `copilot env` created.
    pub(super) fn copilot(&self) -> &'a Copilot {
        &self.config.copilot
    }

    /// Tells of what Copilot does not know either, and of what its application and environment need.
    pub(super) fn check(&self) {
        let members = self.manifest.as_object().into_iter().flatten();
        for (name, value) in members {
            if !MEMBERS.contains(&name.as_str()) && !value.is_null() {
                let path = word::join("", name);
                self.tell(2014, &path, "manifests have no such member");
            }
        }
        self.need(Some(self.app), "", "copilot.app");
        self.need(Some(self.environment), "", "copilot.env");
    }

    /// `APP-ENV-NAME`
    pub(super) fn full_name(&self) -> String {
        format!("{}-{}-{}", self.app, self.environment, self.name)
    }

    pub(super) fn region(&self) -> &'a str {
        self.config.region.as_deref().unwrap_or("us-east-1")
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`
    pub(super) fn arn(&self, service: &str, rest: &str) -> String {
        let account = self.config.account.as_deref().unwrap_or_default();
        let partition = self.config.partition();
        format!(
            "arn:{partition}:{service}:{}:{account}:{rest}",
            self.region()
        )
    }

    /// A role, with the workload's name filled in.
    pub(super) fn role(&self, pattern: Option<&'a str>, path: &str, setting: &str) -> String {
        self.need(pattern, path, setting)
            .replace("{name}", self.name)
    }

    pub(super) fn has_windows(&self) -> bool {
        self.platform().0.starts_with("WINDOWS")
    }

    /// The family of operating systems and the architecture.
    pub(super) fn platform(&self) -> (&'static str, &'static str) {
        let platform = &self.manifest["platform"];
        let (system, architecture) = match platform {
            Value::String(text) => text.split_once('/').unwrap_or((text.as_str(), "")),
            other => (
                other["osfamily"].as_str().unwrap_or_default(),
                other["architecture"].as_str().unwrap_or_default(),
            ),
        };
        let system = match system.to_lowercase().as_str() {
            "windows" | "windows_server_2019_core" => "WINDOWS_SERVER_2019_CORE",
            "windows_server_2019_full" => "WINDOWS_SERVER_2019_FULL",
            "windows_server_2022_core" => "WINDOWS_SERVER_2022_CORE",
            "windows_server_2022_full" => "WINDOWS_SERVER_2022_FULL",
            "" | "linux" => "LINUX",
            other => {
                let message = format!("{other:?} is no operating system of Copilot");
                self.tell(1018, "platform", message);
                "LINUX"
            }
        };
        let architecture = match architecture.to_lowercase().as_str() {
            "arm" | "arm64" => "ARM64",
            "" | "x86_64" | "amd64" | "x86" => "X86_64",
            other => {
                let message = format!("{other:?} is no architecture of Copilot");
                self.tell(1018, "platform", message);
                "X86_64"
            }
        };
        (system, architecture)
    }

    /// CPU units and MiB of the task.
    pub(super) fn size(&self) -> (u64, u64) {
        let least = match self.kind {
            Kind::Express => (1024, 2048),
            _ if self.has_windows() => (1024, 2048),
            _ => (256, 512),
        };
        let read = |name: &str, unset: u64| match &self.manifest[name] {
            Value::Null => unset,
            value => self.whole(value, name).unwrap_or(unset),
        };
        (read("cpu", least.0), read("memory", least.1))
    }

    /// A whole number, which may be written as a text.
    pub(super) fn whole(&self, value: &Value, path: &str) -> Option<u64> {
        let found = whole(value);
        if found.is_none() && !value.is_null() {
            self.tell(1018, path, format!("{value} is no whole number"));
        }
        found
    }

    /// Seconds of a duration.
    pub(super) fn seconds(&self, value: &Value, path: &str) -> Option<f64> {
        let found = value.as_str().and_then(word::seconds);
        if found.is_none() && !value.is_null() {
            self.tell(1018, path, format!("{value} is no duration like 1m30s"));
        }
        found
    }

    /// Whole seconds of a duration.
    pub(super) fn whole_seconds(&self, value: &Value, path: &str) -> Option<u64> {
        self.seconds(value, path).map(|seconds| seconds as u64)
    }

    /// A list of words, which may be written as one line of a shell.
    pub(super) fn words(&self, value: &Value, path: &str) -> Option<Value> {
        let words = match value {
            Value::Null => return None,
            Value::Array(items) => items.iter().filter_map(scalar).collect(),
            other => match word::split(&scalar(other).unwrap_or_default()) {
                Ok(words) => words,
                Err(error) => {
                    self.tell(1018, path, error);
                    return None;
                }
            },
        };
        (!words.is_empty()).then(|| Value::from(words))
    }

    /// A value, or that of the CloudFormation export that it names.
    pub(super) fn plain_or_export(&self, value: &Value, path: &str) -> Option<String> {
        match value {
            Value::Object(map) if map.contains_key("from_cfn") => {
                let path = word::join(path, "from_cfn");
                let name = scalar(&map["from_cfn"]).unwrap_or_default();
                let found = self.copilot().exports.get(&name);
                if found.is_none() {
                    let message = format!("set ecs.copilot.exports.{name}");
                    self.tell(1014, &path, message);
                }
                found.cloned()
            }
            Value::Null => None,
            other => {
                let found = scalar(other);
                if found.is_none() {
                    self.tell(1018, path, "has to be a text");
                }
                found
            }
        }
    }

    /// The tags that Copilot's policies ask for, and those of all.
    pub(super) fn tags(&self) -> Value {
        let mut tags = self.config.tags.clone();
        if let Some(own) = self.manifest["tags"].as_object() {
            let own = own
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), scalar(value)?)));
            tags.extend(own);
        }
        for (key, value) in [
            ("copilot-application", self.app),
            ("copilot-environment", self.environment),
            ("copilot-service", self.name),
        ] {
            tags.insert(key.to_owned(), value.to_owned());
        }
        let tags = tags
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}));
        Value::from(tags.collect::<Vec<_>>())
    }

    /// `/copilot/APP-ENV-NAME`
    pub(super) fn log_group_name(&self) -> String {
        format!("/copilot/{}", self.full_name())
    }

    pub(super) fn log_group(&self) -> Resource {
        let days = &self.manifest["logging"]["retention"];
        let days = self.whole(days, "logging.retention");
        let days = days.or(self.copilot().log_retention_days.map(u64::from));
        let request = json!({"logGroupName": self.log_group_name()});
        Resource::new("logs:LogGroup", self.name, request)
            .with("retentionInDays", days.unwrap_or(30))
    }

    /// Logs into the workload's group.
    pub(super) fn logs(&self) -> Value {
        json!({
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self.log_group_name(),
                "awslogs-region": self.region(),
                "awslogs-stream-prefix": "copilot",
            },
        })
    }
}

/// A scalar as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    }
}

/// A whole number, which may be written as a text.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64().or_else(|| {
            let number = number.as_f64()?;
            (number >= 0.0 && number.fract() == 0.0 && number < 9e15).then_some(number as u64)
        }),
        _ => None,
    }
}

/// `port/protocol`, tcp where none is named.
pub(super) fn port(value: &Value) -> Option<(u64, String)> {
    let text = scalar(value)?;
    let (number, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let number: u64 = number.trim().parse().ok()?;
    let protocol = protocol.trim().to_lowercase();
    let is_known = ["tcp", "udp", "tls"].contains(&protocol.as_str());
    ((1..=65535).contains(&number) && is_known).then_some((number, protocol))
}

/// The entries of a map by name.
pub(super) fn sorted(value: &Value) -> Vec<(&str, &Value)> {
    let map: Option<&Map<String, Value>> = value.as_object();
    let mut entries: Vec<(&str, &Value)> = map
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    entries.sort_by_key(|(name, _)| *name);
    entries
}
