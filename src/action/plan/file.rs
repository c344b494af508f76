//! The file of a plan: what was asked for, what was seen, and what is wanted. Values stand in it as
//! digests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backend::Key;
use crate::diag::{Error, Kind};

const VERSION: &str = "pintle.dev/v1";
const KIND: &str = "Plan";

/// What is to be done, as it was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    api_version: String,
    kind: String,
    /// When it was made.
    pub made: String,
    /// Name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// What tells the cluster from others; empty where that was not to be seen.
    #[serde(default)]
    pub(super) cluster: String,
    /// What was typed.
    pub arguments: Arguments,
    /// Mixed into all digests.
    pub(super) salt: String,
    pub(super) seen: Seen,
    pub(super) wanted: Wanted,
}

/// What was typed, but for what has to stay secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Arguments {
    /// The chart.
    pub chart: String,
    /// Flags and their values.
    pub flags: BTreeMap<String, Vec<String>>,
    /// Flags that have to be given again, up to the secret: `set db.password`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// What was there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Seen {
    /// The newest revision; 0 where there was no release.
    pub(super) revision: i64,
    pub(super) status: String,
    pub(super) objects: Vec<Sight>,
}

/// What is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) chart: String,
    pub(super) chart_digest: String,
    pub(super) values_digest: String,
    pub(super) notes_digest: String,
    pub(super) objects: Vec<Sight>,
    pub(super) hooks: Vec<Sight>,
}

/// An object, as it was seen or is wanted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sight {
    pub(super) api_version: String,
    pub(super) kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) namespace: String,
    pub(super) name: String,
    /// What becomes of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) action: String,
    /// What tells it from a later one of its name; empty where it was not there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) uid: String,
    /// Empty where it was not there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) digest: String,
    /// Digests of its values by their paths; none for Secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, String>,
}

impl Sight {
    pub(super) fn of(key: &Key) -> Sight {
        Sight {
            api_version: key.api_version(),
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            ..Sight::default()
        }
    }

    pub(super) fn is_of(&self, other: &Sight) -> bool {
        let group = |sight: &Sight| match sight.api_version.split_once('/') {
            Some((group, _)) => group.to_owned(),
            None => String::new(),
        };
        self.kind == other.kind
            && self.name == other.name
            && self.namespace == other.namespace
            && group(self) == group(other)
    }

    pub(super) fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }
}

impl Plan {
    pub(super) fn new(
        made: String,
        (release, namespace): (String, String),
        salt: String,
        seen: Seen,
        wanted: Wanted,
    ) -> Plan {
        Plan {
            api_version: VERSION.to_owned(),
            kind: KIND.to_owned(),
            made,
            release,
            namespace,
            cluster: String::new(),
            arguments: Arguments::default(),
            salt,
            seen,
            wanted,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A text that is no plan, or one of another version.
    pub fn parse(text: &[u8]) -> Result<Plan, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            api_version: String,
            kind: String,
        }
        let fail = |why: String| Error::new(Kind::Usage, why);
        let head: Head = serde_json::from_slice(text)
            .map_err(|error| fail(format!("that is no plan of pintle: {error}")))?;
        if head.kind != KIND || head.api_version != VERSION {
            let Head { api_version, kind } = head;
            return Err(fail(format!(
                "that is a {kind} of {api_version}, and no {KIND} of {VERSION}"
            )));
        }
        serde_json::from_slice(text).map_err(|error| fail(format!("the plan is damaged: {error}")))
    }

    /// The text of its file.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_text(&self) -> Result<String, Error> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::new(Kind::Io, error.to_string()))?;
        Ok(text + "\n")
    }
}
