//! Where references lead: one file for those of a kind.

#[cfg(feature = "http")]
mod aws;
mod envsubst;
mod kubernetes;
mod local;
mod sops;
#[cfg(feature = "http")]
mod vault;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::data::{self, Data, Entries};
use crate::diag::{Error, Kind};
use crate::go::strconv;
use crate::value::Text;
use crate::world::World;

pub use kubernetes::{Cluster, Wanted, data_of};
pub(super) use local::output;

/// What answers references of one scheme with the same parameters.
pub(super) trait Provider: Send + Sync {
    /// The text at a path.
    ///
    /// # Errors
    /// The words of vals.
    fn text(&self, path: &str) -> Result<Vec<u8>, Error>;

    /// The document at a path.
    ///
    /// # Errors
    /// The words of vals.
    fn map(&self, path: &str) -> Result<Entries, Error> {
        document(&self.text(path)?).map_err(|message| Error::new(Kind::Values, message))
    }
}

/// What providers are made of.
pub(super) struct Context<'c> {
    pub(super) world: &'c Arc<dyn World>,
    pub(super) cluster: Option<&'c Arc<dyn Cluster>>,
    pub(super) no_exec: bool,
    /// Those of the reference.
    pub(super) parameters: &'c BTreeMap<String, String>,
    /// Where relative paths start.
    pub(super) folder: &'c Path,
}

impl Context<'_> {
    /// A parameter of the reference, or the variable that stands in for it: `VALS_REGION`.
    fn text(&self, name: &str) -> String {
        match self.parameters.get(name) {
            Some(value) => value.clone(),
            None => self.variable(&format!("VALS_{}", name.to_uppercase())),
        }
    }

    /// A variable; empty where it is not set.
    fn variable(&self, name: &str) -> String {
        self.world.variable(name).unwrap_or_default()
    }
}

/// The providers of vals 0.46.0 that are not here.
const MISSING: [&str; 27] = [
    "azurekeyvault",
    "bw",
    "conjur",
    "doppler",
    "gcpsecrets",
    "gcs",
    "gitlab",
    "gkms",
    "googlesheets",
    "hcpvaultsecrets",
    "httpjson",
    "infisical",
    "keychain",
    "oci",
    "onepasswordconnect",
    "op",
    "pulumistateapi",
    "scw",
    "servercore",
    "tfstate",
    "tfstateazurerm",
    "tfstategitlab",
    "tfstategs",
    "tfstateremote",
    "tfstates3",
    "tss",
    "yclockbox",
];

/// Whether an answer takes its time, so that several are asked for at once.
pub(super) fn is_remote(scheme: &str) -> bool {
    matches!(
        scheme,
        "awsssm" | "awssecrets" | "awskms" | "s3" | "vault" | "openbao" | "k8s"
    )
}

/// Whether an answer depends on the folder that is asked from.
pub(super) fn is_local(scheme: &str) -> bool {
    matches!(scheme, "file" | "sops" | "exec")
}

/// Whether an answer is a secret; what `echo` gives stands in the reference.
pub(super) fn is_secret(scheme: &str) -> bool {
    scheme != "echo"
}

/// The provider of a scheme.
///
/// # Errors
/// There is none, in the words of vals; or there is none here; or its parameters make no sense.
pub(super) fn open(scheme: &str, context: &Context<'_>) -> Result<Arc<dyn Provider>, Error> {
    Ok(match scheme {
        "echo" => Arc::new(local::Echo),
        "file" => Arc::new(local::File::new(context)),
        "envsubst" => Arc::new(envsubst::Substitution::new(Arc::clone(context.world))),
        "exec" => Arc::new(local::Exec::new(context)?),
        "sops" => Arc::new(sops::Sops::new(context)),
        "k8s" => Arc::new(kubernetes::Objects::new(context)?),
        #[cfg(feature = "http")]
        "awsssm" => Arc::new(aws::Parameters::new(context)),
        #[cfg(feature = "http")]
        "awssecrets" => Arc::new(aws::Secrets::new(context)),
        #[cfg(feature = "http")]
        "awskms" => Arc::new(aws::Keys::new(context)),
        #[cfg(feature = "http")]
        "s3" => Arc::new(aws::Bucket::new(context)),
        #[cfg(feature = "http")]
        "vault" | "openbao" => Arc::new(vault::Vault::new(scheme, context)),
        #[cfg(not(feature = "http"))]
        "awsssm" | "awssecrets" | "awskms" | "s3" | "vault" | "openbao" => {
            let message = format!("ref+{scheme}:// needs the feature http, which this build lacks");
            return Err(Error::new(Kind::Unsupported, message));
        }
        known if MISSING.contains(&known) => {
            let message = format!("pintle does not support the secret provider {scheme}");
            let hint = format!(
                "`ref+exec://` can run the program that reads it; or resolve ref+{scheme}:// with vals before."
            );
            return Err(Error::new(Kind::Unsupported, message).with_hint(hint));
        }
        _ => {
            let scheme = strconv::quote(scheme);
            let message = format!("no provider registered for scheme {scheme}");
            let hint = "The schemes are awskms, awssecrets, awsssm, echo, envsubst, exec, file, k8s, openbao, s3, sops and vault.";
            return Err(Error::new(Kind::Usage, message).with_hint(hint));
        }
    })
}

/// A document, as yaml.v3 reads it into a `map[string]interface{}`.
///
/// # Errors
/// Go's text for what is no YAML, or no map. Nothing of the document is in it.
pub(super) fn document(text: &[u8]) -> Result<Entries, String> {
    let told = |message: String| redact(&message);
    match data::decode(text).map_err(told)? {
        Data::Null => Ok(Entries::new()),
        Data::Map(map) => Ok(Entries::clone(&map)),
        Data::Foreign(pairs) => Ok(pairs
            .iter()
            .map(|(key, value)| (Text::from(data::print(key)), value.clone()))
            .collect()),
        other => {
            let tag = match other {
                Data::List(_) => "!!seq",
                Data::Bool(_) => "!!bool",
                Data::Int(_) | Data::Uint(_) => "!!int",
                Data::Float(_) => "!!float",
                Data::Time(_) => "!!timestamp",
                _ => "!!str",
            };
            Err(format!(
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal {tag} into map[string]interface {{}}"
            ))
        }
    }
}

/// An error of the decoder without the piece of the document that Go puts into it.
fn redact(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for (at, part) in message.split('`').enumerate() {
        match at % 2 {
            0 => out.push_str(part),
            _ => out.push_str("..."),
        }
    }
    out
}

/// A path as it is opened: from `folder`, where it is relative.
fn located(folder: &Path, path: &str) -> PathBuf {
    folder.join(path)
}
