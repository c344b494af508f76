//! What templates are told of the cluster: a version and API versions as text go in,
//! `.Capabilities` comes out (`pkg/chart/common/capabilities.go`, Helm 4.2.4).

use std::any::Any;
use std::sync::Arc;

use crate::diag::{Error, Kind};
use crate::go::strconv::quote;
use crate::value::{Fault, List, Method, Object, Text, Type, Value};

/// API versions that Helm takes for granted without a cluster, in its order: those that its
/// Kubernetes client was built with.
pub const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// What a cluster can do (`common.Capabilities`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Version of Kubernetes.
    pub kube_version: KubeVersion,
    /// `group/version` of what it serves, and `group/version/Kind` where a cluster was asked.
    pub api_versions: Vec<String>,
}

impl Default for Capabilities {
    /// What Helm 4.2.4 assumes without a cluster.
    fn default() -> Capabilities {
        Capabilities {
            kube_version: KubeVersion {
                version: "v1.36.0".to_owned(),
                normalized: "v1.36.0".to_owned(),
                major: "1".to_owned(),
                minor: "36".to_owned(),
            },
            api_versions: DEFAULT_API_VERSIONS
                .iter()
                .map(|&version| version.to_owned())
                .collect(),
        }
    }
}

impl Capabilities {
    /// `.Capabilities` for templates: a `*common.Capabilities`.
    pub fn object(&self) -> Value {
        Value::object(CapabilitiesObject(Arc::new(self.clone())))
    }
}

/// A version of Kubernetes (`common.KubeVersion`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a leading `v`: `v1.33.4-gke.1245000`.
    pub version: String,
    /// Its numbers alone, which constraints are checked against: `v1.33.4`.
    pub normalized: String,
    /// First number.
    pub major: String,
    /// Second number.
    pub minor: String,
}

impl KubeVersion {
    /// Parses a version as `common.ParseKubeVersion` does: two or more numbers with dots between them,
    /// with an optional `v` before and anything after them.
    ///
    /// # Errors
    /// The message of `k8s.io/apimachinery/pkg/util/version.ParseGeneric`.
    pub fn parse(text: &str) -> Result<KubeVersion, Error> {
        let fail = |message: String| Error::new(Kind::Usage, message);
        let numbers = numbers(text)
            .ok_or_else(|| fail(format!("could not parse {} as version", quote(text))))?;
        if !numbers.contains('.') {
            return Err(fail(format!("illegal version string {}", quote(text))));
        }
        let mut components: Vec<u64> = Vec::new();
        for number in numbers.split('.') {
            if components.is_empty() && number.len() > 1 && number.starts_with('0') {
                return Err(fail(format!(
                    "illegal zero-prefixed version component {} in {}",
                    quote(number),
                    quote(text)
                )));
            }
            let component = number.parse().map_err(|_| {
                fail(format!(
                    "illegal non-numeric version component {0} in {1}: strconv.ParseUint: parsing {0}: value out of range",
                    quote(number),
                    quote(text)
                ))
            })?;
            components.push(component);
        }
        let shown: Vec<String> = components.iter().map(u64::to_string).collect();
        Ok(KubeVersion {
            version: if text.starts_with('v') {
                text.to_owned()
            } else {
                format!("v{text}")
            },
            normalized: format!("v{}", shown.join(".")),
            major: shown[0].clone(),
            minor: shown[1].clone(),
        })
    }
}

/// The numbers that a version starts with, after blanks and `v`; `None` where there are none, or
/// where the text has several lines.
fn numbers(text: &str) -> Option<&str> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix('v').unwrap_or(text);
    if text.contains('\n') {
        return None;
    }
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    while end > 0 && text[end..].starts_with('.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    (end > 0).then(|| &text[..end])
}

static KUBE_VERSION: Type = Type::Named {
    name: "common.KubeVersion",
    underlying: &Type::Struct("common.KubeVersion"),
    methods: &[
        Method {
            name: "GitVersion",
            parameters: &[],
            variadic: false,
            call: git_version,
        },
        Method {
            name: "String",
            parameters: &[],
            variadic: false,
            call: normalized,
        },
    ],
};
static VERSION_SET: Type = Type::Named {
    name: "common.VersionSet",
    underlying: &Type::STRINGS,
    methods: &[Method {
        name: "Has",
        parameters: &[Type::STRING],
        variadic: false,
        call: has,
    }],
};
static BUILD_INFO: Type = Type::Struct("version.BuildInfo");
static CAPABILITIES: Type = Type::Pointer(&Type::Named {
    name: "common.Capabilities",
    underlying: &Type::Struct("common.Capabilities"),
    methods: &[Method {
        name: "Copy",
        parameters: &[],
        variadic: false,
        call: copy,
    }],
});

/// What Helm 4.2.4 says of itself.
const BUILD: [(&str, &str, &str); 5] = [
    ("Version", "version", "v4.2.4"),
    ("GitCommit", "git_commit", ""),
    ("GitTreeState", "git_tree_state", "clean"),
    ("GoVersion", "go_version", "go1.26.8"),
    ("KubeClientVersion", "kube_client_version", "v1.36"),
];

struct CapabilitiesObject(Arc<Capabilities>);

impl Object for CapabilitiesObject {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &CAPABILITIES
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(Value::object(KubeVersionObject(Arc::clone(&self.0)))),
            "APIVersions" => Some(versions(&self.0)),
            "HelmVersion" => Some(Value::object(BuildInfo)),
            _ => None,
        }
    }

    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(self.fields())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        ["KubeVersion", "APIVersions", "HelmVersion"]
            .into_iter()
            .filter_map(|name| Some((name, self.field(name)?)))
            .collect()
    }
}

/// `APIVersions`: a slice that has a method.
struct VersionSet(Arc<Capabilities>);

fn versions(capabilities: &Arc<Capabilities>) -> Value {
    Value::object(VersionSet(Arc::clone(capabilities)))
}

impl Object for VersionSet {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &VERSION_SET
    }

    fn underlying(&self) -> Option<Value> {
        let versions = &self.0.api_versions;
        let items = versions.iter().map(|version| Value::from(version.as_str()));
        Some(Value::List(List::new(&Type::STRINGS, items.collect())))
    }
}

struct KubeVersionObject(Arc<Capabilities>);

impl Object for KubeVersionObject {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &KUBE_VERSION
    }

    fn field(&self, name: &str) -> Option<Value> {
        let version = &self.0.kube_version;
        let text = match name {
            "Version" => &version.version,
            "Major" => &version.major,
            "Minor" => &version.minor,
            _ => return None,
        };
        Some(text.as_str().into())
    }

    /// With the unexported field, which `%v` shows.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let version = &self.0.kube_version;
        vec![
            ("Version", version.version.as_str().into()),
            ("normalizedVersion", version.normalized.as_str().into()),
            ("Major", version.major.as_str().into()),
            ("Minor", version.minor.as_str().into()),
        ]
    }

    fn pointer_text(&self) -> Option<Text> {
        Some(self.0.kube_version.normalized.as_str().into())
    }

    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        let mut members = self.fields();
        members.retain(|(name, _)| *name != "normalizedVersion");
        Some(members)
    }

    fn json(&self) -> Value {
        let members = self.members().unwrap_or_default();
        Value::map(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value)),
        )
    }
}

struct BuildInfo;

impl Object for BuildInfo {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &BUILD_INFO
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        BUILD
            .iter()
            .map(|(name, _, value)| (*name, Value::from(*value)))
            .collect()
    }

    fn members(&self) -> Option<Vec<(&'static str, Value)>> {
        let shown = BUILD.iter().filter(|(_, _, value)| !value.is_empty());
        Some(
            shown
                .map(|(_, name, value)| (*name, Value::from(*value)))
                .collect(),
        )
    }

    fn json(&self) -> Value {
        let members = self.members().unwrap_or_default();
        Value::map(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value)),
        )
    }
}

fn receive<T: Object>(receiver: &Value) -> Result<&T, Fault> {
    receiver
        .as_object()
        .ok_or_else(|| "method called on another type".into())
}

/// `func (kv *KubeVersion) GitVersion() string`
fn git_version(receiver: &Value, _: &[Value]) -> Result<Value, Fault> {
    let object = receive::<KubeVersionObject>(receiver)?;
    Ok(object.0.kube_version.version.as_str().into())
}

/// `func (kv *KubeVersion) String() string`
fn normalized(receiver: &Value, _: &[Value]) -> Result<Value, Fault> {
    let object = receive::<KubeVersionObject>(receiver)?;
    Ok(object.0.kube_version.normalized.as_str().into())
}

/// `func (v VersionSet) Has(apiVersion string) bool`
fn has(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let set = receive::<VersionSet>(receiver)?;
    let wanted = arguments.first().and_then(Value::as_text);
    let versions = &set.0.api_versions;
    Ok(Value::Bool(wanted.is_some_and(|wanted| {
        versions
            .iter()
            .any(|version| version.as_bytes() == wanted.as_bytes())
    })))
}

/// `func (capabilities *Capabilities) Copy() *Capabilities`
fn copy(receiver: &Value, _: &[Value]) -> Result<Value, Fault> {
    let object = receive::<CapabilitiesObject>(receiver)?;
    Ok(object.0.object())
}
