//! What keys there are and what they take: Go's structs as tables, in the order in which they are
//! written.

use crate::helmfile::data::Keys;

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(in crate::helmfile) enum Shape {
    /// `string`
    Text,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float32`
    Float,
    /// `interface {}`
    Any,
    /// A pointer: what is there need not be empty.
    Optional(&'static Shape),
    /// `[]T`
    List(&'static Shape),
    /// `map[string]T`
    Map(&'static Shape),
    /// A struct.
    Struct(&'static Struct),
    /// A list of the struct, for which the struct alone may stand, too.
    Inherits(&'static Struct),
    /// Names, or one name.
    Names,
    /// The struct, or its path alone.
    SubHelmfile(&'static Struct),
}

impl Shape {
    /// What Go calls the type.
    pub(super) fn go_type(&self) -> String {
        match self {
            Shape::Text => "string".to_owned(),
            Shape::Bool => "bool".to_owned(),
            Shape::Int => "int".to_owned(),
            Shape::Float => "float32".to_owned(),
            Shape::Any => "interface {}".to_owned(),
            Shape::Optional(shape) => shape.go_type(),
            Shape::List(shape) => format!("[]{}", shape.go_type()),
            Shape::Map(shape) => format!("map[string]{}", shape.go_type()),
            Shape::Struct(known) | Shape::SubHelmfile(known) => known.name.to_owned(),
            Shape::Inherits(known) => format!("[]{}", known.name),
            Shape::Names => "[]string".to_owned(),
        }
    }
}

/// A struct.
#[derive(Debug)]
pub(in crate::helmfile) struct Struct {
    /// What Go calls it.
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

impl Struct {
    /// All fields, in Go's order.
    pub(in crate::helmfile) fn fields(&self) -> &'static [Field] {
        self.fields
    }

    /// The field that is written as `key`.
    pub(super) fn field(&self, key: &[u8]) -> Option<&'static Field> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.key.as_bytes() == key)
    }

    /// The same, where it is one of those that there are.
    pub(super) fn known(&self, key: &[u8], keys: Keys) -> Option<&'static Field> {
        self.field(key)
            .filter(|field| keys == Keys::Pintle || !field.is_own)
    }
}

/// A field of a struct.
#[derive(Debug)]
pub(in crate::helmfile) struct Field {
    /// What it is called in YAML.
    pub(in crate::helmfile) key: &'static str,
    /// What it is called in templates.
    pub(in crate::helmfile) go: &'static str,
    pub(in crate::helmfile) shape: Shape,
    /// Written also where it is empty.
    pub(super) always: bool,
    /// Helmfile does not know it.
    is_own: bool,
}

const fn field(key: &'static str, go: &'static str, shape: Shape) -> Field {
    Field {
        key,
        go,
        shape,
        always: false,
        is_own: false,
    }
}

const fn always(key: &'static str, go: &'static str, shape: Shape) -> Field {
    Field {
        key,
        go,
        shape,
        always: true,
        is_own: false,
    }
}

/// A field that only pintle knows.
const fn own(key: &'static str, go: &'static str, shape: Shape) -> Field {
    Field {
        key,
        go,
        shape,
        always: false,
        is_own: true,
    }
}

use Shape::{Any, Bool, Float, Inherits, Int, List, Map, Names, Optional, SubHelmfile, Text};

/// Where releases go, and what holds there.
const TARGET: Field = own("target", "Target", Text);
const ECS: Field = own("ecs", "ECS", Map(&Any));

const TEXTS: Shape = List(&Text);
const ANYS: Shape = List(&Any);
const TEXT_MAP: Shape = Map(&Text);
const MAYBE_BOOL: Shape = Optional(&Bool);
const MAYBE_INT: Shape = Optional(&Int);
const MAYBE_TEXT: Shape = Optional(&Text);

/// A state file.
pub(in crate::helmfile) static STATE: Struct = Struct {
    name: "state.helmStateAlias",
    fields: &[
        field("filepath", "FilePath", Text),
        field("helmBinary", "DefaultHelmBinary", Text),
        field("kustomizeBinary", "DefaultKustomizeBinary", Text),
        field("values", "DefaultValues", ANYS),
        field(
            "environments",
            "Environments",
            Map(&Shape::Struct(&ENVIRONMENT)),
        ),
        field("bases", "Bases", TEXTS),
        field("helmDefaults", "HelmDefaults", Shape::Struct(&HELM)),
        field("helmfiles", "Helmfiles", List(&SubHelmfile(&SUB_HELMFILE))),
        field("kubeContext", "OverrideKubeContext", Text),
        field("namespace", "OverrideNamespace", Text),
        field("chart", "OverrideChart", Text),
        field(
            "repositories",
            "Repositories",
            List(&Shape::Struct(&REPOSITORY)),
        ),
        field("commonLabels", "CommonLabels", TEXT_MAP),
        field("releases", "Releases", List(&Shape::Struct(&RELEASE))),
        field("llm", "LLM", Shape::Struct(&LLM)),
        field("apiVersions", "ApiVersions", TEXTS),
        field("kubeVersion", "KubeVersion", Text),
        field("hooks", "Hooks", List(&Shape::Struct(&HOOK))),
        always("templates", "Templates", Map(&Shape::Struct(&TEMPLATE))),
        field("defaultInherit", "DefaultInherit", Names),
        field("missingFileHandler", "MissingFileHandler", MAYBE_TEXT),
        field(
            "missingFileHandlerConfig",
            "MissingFileHandlerConfig",
            Optional(&Shape::Struct(&MISSING)),
        ),
        field("lockFilePath", "LockFile", Text),
        always("renderedvalues", "RenderedValues", Map(&Any)),
    ],
};

static LLM: Struct = Struct {
    name: "llm.Config",
    fields: &[
        field("baseURL", "BaseURL", Text),
        field("model", "Model", Text),
        field("apiKey", "APIKey", Text),
        field("timeout", "Timeout", Int),
        field("maxTokens", "MaxTokens", Int),
    ],
};

static MISSING: Struct = Struct {
    name: "state.MissingFileHandlerConfig",
    fields: &[field(
        "ignoreMissingGitBranch",
        "IgnoreMissingGitBranch",
        Bool,
    )],
};

static ENVIRONMENT: Struct = Struct {
    name: "state.EnvironmentSpec",
    fields: &[
        field("values", "Values", ANYS),
        field("secrets", "Secrets", TEXTS),
        field("kubeContext", "KubeContext", Text),
        field("missingFileHandler", "MissingFileHandler", MAYBE_TEXT),
        field(
            "missingFileHandlerConfig",
            "MissingFileHandlerConfig",
            Optional(&Shape::Struct(&MISSING)),
        ),
        field("mergeStrategy", "MergeStrategy", Text),
        TARGET,
        ECS,
    ],
};

static SUB_HELMFILE: Struct = Struct {
    name: "struct { Path string \"yaml:\\\"path\\\"\"; Selectors []string \"yaml:\\\"selectors\\\"\"; SelectorsInherited bool \"yaml:\\\"selectorsInherited\\\"\"; Inherits []string \"yaml:\\\"inherits\\\"\"; Environment state.SubhelmfileEnvironmentSpec \"yaml:\\\",inline\\\"\" }",
    fields: &[
        field("path", "Path", Text),
        field("selectors", "Selectors", TEXTS),
        field("selectorsInherited", "SelectorsInherited", Bool),
        field("inherits", "Inherits", TEXTS),
        field("values", "OverrideValues", ANYS),
    ],
};

static REPOSITORY: Struct = Struct {
    name: "state.RepositorySpec",
    fields: &[
        field("name", "Name", Text),
        field("url", "URL", Text),
        field("caFile", "CaFile", Text),
        field("certFile", "CertFile", Text),
        field("keyFile", "KeyFile", Text),
        field("username", "Username", Text),
        field("password", "Password", Text),
        field("registryConfig", "RegistryConfig", Text),
        field("managed", "Managed", Text),
        field("oci", "OCI", Bool),
        field("verify", "Verify", Bool),
        field("keyring", "Keyring", Text),
        field("passCredentials", "PassCredentials", Bool),
        field("skipTLSVerify", "SkipTLSVerify", Bool),
        field("plainHttp", "PlainHttp", Bool),
    ],
};

static HOOK: Struct = Struct {
    name: "event.Hook",
    fields: &[
        always("name", "Name", Text),
        always("events", "Events", TEXTS),
        always("command", "Command", Text),
        field("kubectlApply", "Kubectl", TEXT_MAP),
        always("args", "Args", TEXTS),
        always("showlogs", "ShowLogs", Bool),
    ],
};

static INHERIT: Struct = Struct {
    name: "state.Inherit",
    fields: &[
        field("template", "Template", Text),
        field("except", "Except", TEXTS),
    ],
};

static SET_VALUE: Struct = Struct {
    name: "state.SetValue",
    fields: &[
        field("name", "Name", Text),
        field("value", "Value", Text),
        field("file", "File", Text),
        field("values", "Values", ANYS),
    ],
};

static DEPENDENCY: Struct = Struct {
    name: "state.Dependency",
    fields: &[
        always("chart", "Chart", Text),
        always("version", "Version", Text),
        always("alias", "Alias", Text),
    ],
};

static TRACKED: Struct = Struct {
    name: "state.TrackResourceSpec",
    fields: &[
        field("kind", "Kind", Text),
        field("name", "Name", Text),
        field("namespace", "Namespace", Text),
    ],
};

static HELM: Struct = Struct {
    name: "state.HelmSpec",
    fields: &[
        field("kubeContext", "KubeContext", Text),
        field("args", "Args", TEXTS),
        field("diffArgs", "DiffArgs", TEXTS),
        field("syncArgs", "SyncArgs", TEXTS),
        field("templateArgs", "TemplateArgs", TEXTS),
        always("verify", "Verify", Bool),
        field("keyring", "Keyring", Text),
        always("enableDNS", "EnableDNS", Bool),
        field("skipSchemaValidation", "SkipSchemaValidation", MAYBE_BOOL),
        always("devel", "Devel", Bool),
        always("wait", "Wait", Bool),
        always("waitRetries", "WaitRetries", Int),
        always("waitForJobs", "WaitForJobs", Bool),
        always("timeout", "Timeout", Int),
        always("recreatePods", "RecreatePods", Bool),
        always("force", "Force", Bool),
        always("atomic", "Atomic", Bool),
        always("rollbackOnFailure", "RollbackOnFailure", Bool),
        field("cleanupOnFail", "CleanupOnFail", Bool),
        always("forceConflicts", "ForceConflicts", Bool),
        field("historyMax", "HistoryMax", MAYBE_INT),
        field("createNamespace", "CreateNamespace", MAYBE_BOOL),
        field("skipCRDs", "SkipCRDs", Bool),
        always("skipDeps", "SkipDeps", Bool),
        always("skipRefresh", "SkipRefresh", Bool),
        always("reuseValues", "ReuseValues", Bool),
        field("postRenderer", "PostRenderer", MAYBE_TEXT),
        field("postRendererArgs", "PostRendererArgs", TEXTS),
        field("cascade", "Cascade", MAYBE_TEXT),
        field("suppressOutputLineRegex", "SuppressOutputLineRegex", TEXTS),
        field(
            "disableAutoDetectedKubeVersionForDiff",
            "DisableAutoDetectedKubeVersionForDiff",
            MAYBE_BOOL,
        ),
        field("disableValidation", "DisableValidation", MAYBE_BOOL),
        field(
            "disableOpenAPIValidation",
            "DisableOpenAPIValidation",
            MAYBE_BOOL,
        ),
        field("insecureSkipTLSVerify", "InsecureSkipTLSVerify", Bool),
        field("plainHttp", "PlainHttp", Bool),
        field("deleteWait", "DeleteWait", Bool),
        field("deleteTimeout", "DeleteTimeout", Int),
        field("syncReleaseLabels", "SyncReleaseLabels", MAYBE_BOOL),
        field("takeOwnership", "TakeOwnership", MAYBE_BOOL),
        field("serverSide", "ServerSide", MAYBE_TEXT),
        field("trackMode", "TrackMode", Text),
        field("helmStuckGrace", "HelmStuckGrace", Int),
        TARGET,
        ECS,
    ],
};

/// A release.
pub(in crate::helmfile) static RELEASE: Struct = Struct {
    name: "state.ReleaseSpec",
    fields: RELEASE_FIELDS,
};

/// A release that others inherit.
static TEMPLATE: Struct = Struct {
    name: "state.TemplateSpec",
    fields: RELEASE_FIELDS,
};

static RELEASE_FIELDS: &[Field] = &[
    field("chart", "Chart", Text),
    field("chartPath", "ChartPath", Text),
    field("directory", "Directory", Text),
    field("version", "Version", Text),
    field("verify", "Verify", MAYBE_BOOL),
    field("keyring", "Keyring", Text),
    field("enableDNS", "EnableDNS", MAYBE_BOOL),
    field("devel", "Devel", MAYBE_BOOL),
    field("wait", "Wait", MAYBE_BOOL),
    field("waitRetries", "WaitRetries", MAYBE_INT),
    field("waitForJobs", "WaitForJobs", MAYBE_BOOL),
    field("timeout", "Timeout", MAYBE_INT),
    field("recreatePods", "RecreatePods", MAYBE_BOOL),
    field("force", "Force", MAYBE_BOOL),
    field("installed", "Installed", MAYBE_BOOL),
    field("updateStrategy", "UpdateStrategy", Text),
    field("atomic", "Atomic", MAYBE_BOOL),
    field("rollbackOnFailure", "RollbackOnFailure", MAYBE_BOOL),
    field("cleanupOnFail", "CleanupOnFail", MAYBE_BOOL),
    field("forceConflicts", "ForceConflicts", MAYBE_BOOL),
    field("historyMax", "HistoryMax", MAYBE_INT),
    field("condition", "Condition", Text),
    field("createNamespace", "CreateNamespace", MAYBE_BOOL),
    field("reuseValues", "ReuseValues", MAYBE_BOOL),
    field(
        "disableOpenAPIValidation",
        "DisableOpenAPIValidation",
        MAYBE_BOOL,
    ),
    field("disableValidation", "DisableValidation", MAYBE_BOOL),
    field(
        "disableValidationOnInstall",
        "DisableValidationOnInstall",
        MAYBE_BOOL,
    ),
    field("missingFileHandler", "MissingFileHandler", MAYBE_TEXT),
    field(
        "missingFileHandlerConfig",
        "MissingFileHandlerConfig",
        Optional(&Shape::Struct(&MISSING)),
    ),
    field("needs", "Needs", TEXTS),
    field("hooks", "Hooks", List(&Shape::Struct(&HOOK))),
    field("unitTests", "UnitTests", TEXTS),
    field("name", "Name", Text),
    field("description", "Description", Text),
    field("namespace", "Namespace", Text),
    field("labels", "Labels", TEXT_MAP),
    field("values", "Values", ANYS),
    field("secrets", "Secrets", ANYS),
    field("set", "SetValues", List(&Shape::Struct(&SET_VALUE))),
    field(
        "setString",
        "SetStringValues",
        List(&Shape::Struct(&SET_VALUE)),
    ),
    field("valuesTemplate", "ValuesTemplate", ANYS),
    field(
        "setTemplate",
        "SetValuesTemplate",
        List(&Shape::Struct(&SET_VALUE)),
    ),
    field("apiVersions", "ApiVersions", TEXTS),
    field("kubeVersion", "KubeVersion", Text),
    field("env", "EnvValues", List(&Shape::Struct(&SET_VALUE))),
    field("valuesPathPrefix", "ValuesPathPrefix", Text),
    field("kubeContext", "KubeContext", Text),
    field("insecureSkipTLSVerify", "InsecureSkipTLSVerify", Bool),
    field("plainHttp", "PlainHttp", Bool),
    field("verifyTemplate", "VerifyTemplate", MAYBE_TEXT),
    field("waitTemplate", "WaitTemplate", MAYBE_TEXT),
    field("installedTemplate", "InstalledTemplate", MAYBE_TEXT),
    field("conditionTemplate", "ConditionTemplate", MAYBE_TEXT),
    field(
        "dependencies",
        "Dependencies",
        List(&Shape::Struct(&DEPENDENCY)),
    ),
    field("jsonPatches", "JSONPatches", ANYS),
    field("strategicMergePatches", "StrategicMergePatches", ANYS),
    field("transformers", "Transformers", ANYS),
    field("adopt", "Adopt", TEXTS),
    field("forceGoGetter", "ForceGoGetter", Bool),
    field("forceNamespace", "ForceNamespace", Text),
    field("skipDeps", "SkipDeps", MAYBE_BOOL),
    field("skipRefresh", "SkipRefresh", MAYBE_BOOL),
    field("postRenderer", "PostRenderer", MAYBE_TEXT),
    field("skipSchemaValidation", "SkipSchemaValidation", MAYBE_BOOL),
    field("postRendererArgs", "PostRendererArgs", TEXTS),
    field("cascade", "Cascade", MAYBE_TEXT),
    field("suppressOutputLineRegex", "SuppressOutputLineRegex", TEXTS),
    field(
        "disableAutoDetectedKubeVersionForDiff",
        "DisableAutoDetectedKubeVersionForDiff",
        MAYBE_BOOL,
    ),
    field("inherit", "Inherit", Inherits(&INHERIT)),
    field("suppressDiff", "SuppressDiff", MAYBE_BOOL),
    field("deleteWait", "DeleteWait", MAYBE_BOOL),
    field("deleteTimeout", "DeleteTimeout", MAYBE_INT),
    field("syncReleaseLabels", "SyncReleaseLabels", MAYBE_BOOL),
    field("takeOwnership", "TakeOwnership", MAYBE_BOOL),
    field("serverSide", "ServerSide", MAYBE_TEXT),
    field("trackMode", "TrackMode", Text),
    field("trackTimeout", "TrackTimeout", MAYBE_INT),
    field("trackLogs", "TrackLogs", MAYBE_BOOL),
    field("trackFailedLogs", "TrackFailedLogs", MAYBE_BOOL),
    field("helmStuckGrace", "HelmStuckGrace", MAYBE_INT),
    field("trackKinds", "TrackKinds", TEXTS),
    field("skipKinds", "SkipKinds", TEXTS),
    field(
        "trackResources",
        "TrackResources",
        List(&Shape::Struct(&TRACKED)),
    ),
    field("kubedogQPS", "KubedogQPS", Optional(&Float)),
    field("kubedogBurst", "KubedogBurst", MAYBE_INT),
    field("trackFailOnError", "TrackFailOnError", MAYBE_BOOL),
    TARGET,
    ECS,
];
