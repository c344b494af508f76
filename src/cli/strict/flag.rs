//! The flags of Helm's command line, in the groups in which its commands share them
//! (`pkg/cmd/flags.go`, `pkg/cli/environment.go`, Helm 4.2.4). Names, types and defaults are Helm's.

use crate::go::flag::{Flag, Kind};

/// Flags of every command. The last ones are klog's, which Helm hides; they do nothing here.
pub(in crate::cli) const GLOBAL: &[Flag] = &[
    Flag::text("namespace", "namespace scope for this request").short('n'),
    Flag::text("kubeconfig", "path to the kubeconfig file"),
    Flag::text("kube-context", "name of the kubeconfig context to use"),
    Flag::text("kube-token", "bearer token used for authentication"),
    Flag::text("kube-as-user", "username to impersonate for the operation"),
    Flag::array(
        "kube-as-group",
        "group to impersonate for the operation, this flag can be repeated to specify multiple groups.",
    ),
    Flag::text(
        "kube-apiserver",
        "the address and the port for the Kubernetes API server",
    ),
    Flag::text(
        "kube-ca-file",
        "the certificate authority file for the Kubernetes API server connection",
    ),
    Flag::text(
        "kube-tls-server-name",
        "server name to use for Kubernetes API server certificate validation. If it is not provided, the hostname used to contact the server is used",
    ),
    Flag::bool(
        "kube-insecure-skip-tls-verify",
        "if true, the Kubernetes API server's certificate will not be checked for validity. This will make your HTTPS connections insecure",
    ),
    Flag::bool("debug", "enable verbose output"),
    Flag::text("registry-config", "path to the registry config file"),
    Flag::text(
        "repository-config",
        "path to the file containing repository names and URLs",
    ),
    Flag::text(
        "repository-cache",
        "path to the directory containing cached repository indexes",
    ),
    Flag::text(
        "content-cache",
        "path to the directory containing cached content (e.g. charts)",
    ),
    Flag::int("burst-limit", "client-side default throttling limit").or("100"),
    Flag::new(
        "qps",
        Kind::Float32,
        "queries per second used when communicating with the Kubernetes API, not including bursting",
    ),
    Flag::text("color", "use colored output (never, auto, always)").or("auto"),
    Flag::text("colour", "use colored output (never, auto, always)").or("auto"),
    Flag::bool("add-dir-header", "").hidden(),
    Flag::bool("alsologtostderr", "").hidden(),
    Flag::new("alsologtostderrthreshold", KLOG_SEVERITY, "").hidden(),
    Flag::bool("legacy-stderr-threshold-behavior", "")
        .or("true")
        .hidden(),
    Flag::text("log-backtrace-at", "").hidden(),
    Flag::text("log-dir", "").hidden(),
    Flag::text("log-file", "").hidden(),
    Flag::new("log-file-max-size", Kind::Uint, "")
        .or("1800")
        .hidden(),
    Flag::bool("logtostderr", "").or("true").hidden(),
    Flag::bool("one-output", "").hidden(),
    Flag::bool("skip-headers", "").hidden(),
    Flag::bool("skip-log-headers", "").hidden(),
    Flag::new("stderrthreshold", KLOG_SEVERITY, "").hidden(),
    Flag::int("v", "").short('v').hidden(),
    Flag::text("vmodule", "").hidden(),
];

const KLOG_SEVERITY: Kind = Kind::Custom {
    name: "severity",
    list: false,
};

/// Values by files and on the command line.
pub(super) const VALUES: &[Flag] = &[
    Flag::slice(
        "values",
        "a file or URL with values in YAML; may be repeated, later ones win",
    )
    .short('f'),
    Flag::array(
        "set",
        "a value on the command line, key1=val1,key2=val2; may be repeated",
    ),
    Flag::array("set-string", "like --set, but every value is taken as text"),
    Flag::array(
        "set-file",
        "like --set, but each value names a file that holds the text",
    ),
    Flag::array(
        "set-json",
        "a value in JSON, key1=jsonval1,key2=jsonval2, or a whole JSON object; may be repeated",
    ),
    Flag::array(
        "set-literal",
        "one key and its value, which is taken as text to the end, commas included",
    ),
];

const USERNAME: Flag = Flag::text("username", "user name for the chart repository");
const PASSWORD: Flag = Flag::text("password", "password for the chart repository");
const CERT_FILE: Flag = Flag::text("cert-file", "client certificate for HTTPS");
const KEY_FILE: Flag = Flag::text("key-file", "key of the client certificate for HTTPS");
const CA_FILE: Flag = Flag::text(
    "ca-file",
    "CA bundle that HTTPS servers are checked against",
);
const INSECURE: Flag = Flag::bool(
    "insecure-skip-tls-verify",
    "do not check certificates of HTTPS servers",
);
const PLAIN_HTTP: Flag = Flag::bool("plain-http", "talk HTTP without TLS");
const KEYRING: Flag = Flag::text(
    "keyring",
    "file with the public keys that signatures are checked with",
);
const VERIFY: Flag = Flag::bool("verify", "check the package's signature before using it");
const PASS_CREDENTIALS: Flag =
    Flag::bool("pass-credentials", "send credentials to other hosts, too");
const VERSION: Flag = Flag::text(
    "version",
    "chart version, or a range of versions such as ^2.0.0; the latest where it is not given",
);
pub(in crate::cli) const DEVEL: Flag = Flag::bool(
    "devel",
    "take pre-releases into account, as version '>0.0.0-0' does; --version wins",
);
const TIMEOUT: Flag = Flag::new(
    "timeout",
    Kind::Duration,
    "how long one Kubernetes operation may take, a hook's job for instance",
)
.or("5m0s");
const OUTPUT: Flag = Flag::new(
    "output",
    Kind::Custom {
        name: "format",
        list: false,
    },
    "how to print the result: table, json, yaml",
)
.short('o')
.or("table");

/// Where a chart comes from (`ChartPathOptions`).
pub(in crate::cli) const CHART_PATH: &[Flag] = &[
    VERSION,
    VERIFY,
    KEYRING,
    Flag::text("repo", "URL of the repository that holds the chart"),
    USERNAME,
    PASSWORD,
    CERT_FILE,
    KEY_FILE,
    INSECURE,
    PLAIN_HTTP,
    CA_FILE,
    PASS_CREDENTIALS,
];

/// How a server is talked to.
pub(super) const SERVER: &[Flag] = &[
    USERNAME, PASSWORD, CERT_FILE, KEY_FILE, INSECURE, PLAIN_HTTP, CA_FILE,
];

pub(super) const WAIT: &[Flag] = &[Flag::new(
    "wait",
    Kind::Custom {
        name: "WaitStrategy",
        list: false,
    },
    "wait until resources are ready, at most --timeout: watcher, hookOnly or legacy; the bare flag means watcher",
)
.or("hookOnly")
.bare("watcher")];

const WAIT_FOR_JOBS: Flag = Flag::bool(
    "wait-for-jobs",
    "with --wait, wait for jobs to complete, too",
);
const NO_HOOKS: Flag = Flag::bool("no-hooks", "leave hooks out");
const FORCE_REPLACE: Flag = Flag::bool(
    "force-replace",
    "replace resources instead of patching them",
);
const FORCE: Flag = Flag::bool("force", "deprecated").deprecated("use --force-replace instead");
const FORCE_CONFLICTS: Flag = Flag::bool(
    "force-conflicts",
    "with server-side apply, take over fields that others manage",
);
const ATOMIC: Flag =
    Flag::bool("atomic", "deprecated").deprecated("use --rollback-on-failure instead");
const DESCRIPTION: Flag = Flag::text("description", "a description for the record");
const HIDE_NOTES: Flag = Flag::bool("hide-notes", "do not print the notes");
const SUBCHART_NOTES: Flag =
    Flag::bool("render-subchart-notes", "print the notes of subcharts, too");
const SERVER_SIDE_AUTO: Flag = Flag::text(
    "server-side",
    "whether the server merges changes: true, false, or auto, which does as the last revision did",
)
.or("auto");
const DRY_RUN: Flag = Flag::text(
    "dry-run",
    "change nothing: none (do it), client (no cluster is asked), server (the cluster checks)",
)
.or("none")
.bare("unset");
const CLEANUP: Flag = Flag::bool(
    "cleanup-on-fail",
    "on failure delete resources that are new",
);
const HISTORY_MAX: Flag =
    Flag::int("history-max", "how many revisions to keep; 0 is no limit").or("10");
const SKIP_SCHEMA: Flag = Flag::bool(
    "skip-schema-validation",
    "do not check values against values.schema.json",
);
const DEPENDENCY_UPDATE: Flag = Flag::bool("dependency-update", "fetch missing dependencies first");
const REVISION: Flag = Flag::int("revision", "revision of the release");
const COLUMN_WIDTH: Flag = Flag::new(
    "max-col-width",
    Kind::Uint,
    "width of the widest column of the table",
);

/// Flags of `install`, `upgrade` and `template` alike, but for the ones below.
const RELEASE: &[Flag] = &[
    FORCE_REPLACE,
    FORCE,
    FORCE_CONFLICTS,
    NO_HOOKS,
    TIMEOUT,
    WAIT_FOR_JOBS,
    DESCRIPTION,
    DEVEL,
    DEPENDENCY_UPDATE,
    Flag::bool(
        "create-namespace",
        "create the namespace where it is missing",
    ),
    Flag::bool(
        "disable-openapi-validation",
        "do not check manifests against the cluster's OpenAPI schema",
    ),
    Flag::bool(
        "rollback-on-failure",
        "undo everything on failure; --wait is watcher then",
    ),
    ATOMIC,
    Flag::bool("skip-crds", "do not install CRDs"),
    SKIP_SCHEMA,
    Flag::new("labels", Kind::TextMap, "labels for the release's record").short('l'),
    Flag::bool("enable-dns", "let templates look up host names"),
    Flag::bool(
        "take-ownership",
        "adopt resources that bear no mark of this release",
    ),
];

/// Flags of `install` and `template` alone.
const NEW_RELEASE: &[Flag] = &[
    Flag::bool("server-side", "let the server merge changes").or("true"),
    Flag::bool("replace", "use the name again that a deleted release had"),
    Flag::bool("generate-name", "make up a name, NAME is left out then").short('g'),
    Flag::text("name-template", "template that makes the name"),
];

const POST_RENDERER: &[Flag] = &[
    Flag::new(
        "post-renderer",
        Kind::Custom {
            name: "postRendererString",
            list: false,
        },
        "plugin that manifests go through before they are used",
    ),
    Flag::new(
        "post-renderer-args",
        Kind::Custom {
            name: "postRendererArgsSlice",
            list: true,
        },
        "argument for the post-renderer; may be repeated",
    ),
];

/// What is printed of a release that is made, and whether it is made at all.
const REPORT: &[Flag] = &[
    HIDE_NOTES,
    SUBCHART_NOTES,
    Flag::bool("hide-secret", "print no secrets in a dry run"),
    DRY_RUN,
    OUTPUT,
];

pub(super) const INSTALL: &[&[Flag]] = &[
    RELEASE,
    NEW_RELEASE,
    VALUES,
    CHART_PATH,
    WAIT,
    POST_RENDERER,
    REPORT,
];

pub(super) const TEMPLATE: &[&[Flag]] = &[
    RELEASE,
    NEW_RELEASE,
    VALUES,
    CHART_PATH,
    WAIT,
    POST_RENDERER,
    &[
        HIDE_NOTES.deprecated(
            "this flag has no effect for 'helm template' and will be removed in Helm 5",
        ),
        SUBCHART_NOTES.deprecated(
            "this flag has no effect for 'helm template' and will be removed in Helm 5",
        ),
        Flag::array("show-only", "print only what these templates gave").short('s'),
        Flag::text(
            "output-dir",
            "write files into this folder instead of printing",
        ),
        Flag::bool("validate", "deprecated").deprecated("use '--dry-run=server' instead"),
        Flag::bool("include-crds", "print CRDs, too"),
        Flag::bool("skip-tests", "leave out test hooks"),
        Flag::bool(
            "is-upgrade",
            "set .Release.IsUpgrade, not .Release.IsInstall",
        ),
        Flag::text(
            "kube-version",
            "Kubernetes version for .Capabilities.KubeVersion",
        ),
        Flag::slice(
            "api-versions",
            "API versions to add to .Capabilities.APIVersions; may be repeated",
        )
        .short('a'),
        Flag::bool(
            "release-name",
            "put a folder named as the release into --output-dir",
        ),
        Flag::text(
            "dry-run",
            "client renders without a cluster, server asks one for look-ups and checks",
        )
        .or("client")
        .bare("unset"),
    ],
];

pub(super) const UPGRADE: &[&[Flag]] = &[
    RELEASE,
    VALUES,
    CHART_PATH,
    WAIT,
    POST_RENDERER,
    REPORT,
    &[
        SERVER_SIDE_AUTO,
        CLEANUP,
        HISTORY_MAX,
        Flag::bool("install", "install the release where there is none").short('i'),
        Flag::bool("reset-values", "start from the chart's values"),
        Flag::bool(
            "reuse-values",
            "start from the last revision's values; --reset-values wins",
        ),
        Flag::bool(
            "reset-then-reuse-values",
            "start from the chart's values, then the last revision's own; the other two win",
        ),
    ],
];

pub(super) const ROLLBACK: &[&[Flag]] = &[
    &[
        DRY_RUN,
        FORCE_REPLACE,
        FORCE,
        FORCE_CONFLICTS,
        SERVER_SIDE_AUTO,
        NO_HOOKS,
        TIMEOUT,
        WAIT_FOR_JOBS,
        CLEANUP,
        HISTORY_MAX,
    ],
    WAIT,
];

pub(super) const UNINSTALL: &[&[Flag]] = &[
    &[
        Flag::bool("dry-run", "only say what would be uninstalled"),
        NO_HOOKS,
        Flag::bool("ignore-not-found", "a missing release is no error"),
        Flag::bool("keep-history", "delete resources, keep the record"),
        Flag::text(
            "cascade",
            "what becomes of dependents: background, orphan, foreground",
        )
        .or("background"),
        TIMEOUT,
        DESCRIPTION,
    ],
    WAIT,
];

pub(super) const LIST: &[&[Flag]] = &[&[
    Flag::bool("short", "print names only").short('q'),
    Flag::bool("no-headers", "leave out the headers of the table"),
    Flag::text(
        "time-format",
        "layout for times, in Go's words: 2006-01-02 15:04:05Z0700",
    ),
    Flag::bool("date", "sort by date").short('d'),
    Flag::bool("reverse", "turn the order around").short('r'),
    Flag::bool("uninstalled", "uninstalled releases whose history was kept"),
    Flag::bool("superseded", "superseded releases"),
    Flag::bool("uninstalling", "releases that are being uninstalled"),
    Flag::bool("deployed", "deployed releases"),
    Flag::bool("failed", "failed releases"),
    Flag::bool("pending", "pending releases"),
    Flag::bool("all-namespaces", "releases of all namespaces").short('A'),
    Flag::int("max", "how many releases to list")
        .short('m')
        .or("256"),
    Flag::int("offset", "how many releases to leave out at the start"),
    Flag::text("filter", "regular expression that names have to match").short('f'),
    Flag::text("selector", "labels to select by: key1=value1,key2!=value2").short('l'),
    OUTPUT,
]];

pub(super) const HISTORY: &[&[Flag]] = &[&[
    Flag::int("max", "how many revisions to list").or("256"),
    OUTPUT,
]];

pub(super) const STATUS: &[&[Flag]] = &[&[REVISION, OUTPUT]];
pub(super) const GET: &[&[Flag]] = &[&[REVISION]];
pub(super) const GET_ALL: &[&[Flag]] = &[&[
    REVISION,
    Flag::text("template", "Go template for the output: {{.Release.Name}}"),
]];
pub(super) const GET_VALUES: &[&[Flag]] = &[&[
    REVISION,
    Flag::bool("all", "all values, defaults included").short('a'),
    OUTPUT,
]];

pub(super) const TEST: &[&[Flag]] = &[&[
    TIMEOUT,
    Flag::bool("logs", "print the logs of test pods"),
    Flag::slice(
        "filter",
        "tests to run, name=test1, or not to run, !name=test1",
    ),
]];

pub(super) const LINT: &[&[Flag]] = &[
    &[
        Flag::bool("strict", "warnings fail, too"),
        Flag::bool("with-subcharts", "look at subcharts, too"),
        Flag::bool("quiet", "print only warnings and errors"),
        SKIP_SCHEMA,
        Flag::text(
            "kube-version",
            "Kubernetes version for capabilities and deprecations",
        ),
    ],
    VALUES,
];

pub(super) const PACKAGE: &[&[Flag]] = &[
    &[
        Flag::bool("sign", "sign the package with a PGP key"),
        Flag::text("key", "name of the key to sign with"),
        KEYRING,
        Flag::text(
            "passphrase-file",
            "file with the key's passphrase, - for standard input",
        ),
        Flag::text("version", "version to put into the chart"),
        Flag::text("app-version", "appVersion to put into the chart"),
        Flag::text("destination", "folder for the package")
            .short('d')
            .or("."),
        Flag::bool("dependency-update", "fetch dependencies first").short('u'),
    ],
    SERVER,
];

pub(super) const PULL: &[&[Flag]] = &[
    &[
        DEVEL,
        Flag::bool("untar", "unpack the chart"),
        Flag::bool("prov", "fetch the provenance file, without checking it"),
        Flag::text("untardir", "folder to unpack into").or("."),
        Flag::text("destination", "folder for the chart; untardir is below it")
            .short('d')
            .or("."),
    ],
    CHART_PATH,
];

pub(super) const PUSH: &[&[Flag]] = &[SERVER];
pub(super) const SHOW: &[&[Flag]] = &[&[DEVEL], CHART_PATH];
pub(super) const SHOW_VALUES: &[&[Flag]] = &[
    &[
        DEVEL,
        Flag::text("jsonpath", "JSONPath expression for a part of the values"),
    ],
    CHART_PATH,
];
pub(super) const VERIFY_COMMAND: &[&[Flag]] = &[&[KEYRING]];

pub(super) const CREATE: &[&[Flag]] = &[&[
    Flag::text("starter", "name or path of the starter chart").short('p'),
    Flag::text("chart-api-version", "apiVersion of the chart")
        .or("v2")
        .hidden(),
]];

pub(super) const DEPENDENCY: &[&[Flag]] = &[
    &[
        VERIFY,
        KEYRING,
        Flag::bool("skip-refresh", "do not fetch the indexes of repositories"),
    ],
    SERVER,
];
pub(super) const DEPENDENCY_LIST: &[&[Flag]] = &[&[COLUMN_WIDTH.or("80")]];

pub(super) const REPO_ADD: &[&[Flag]] = &[&[
    USERNAME,
    PASSWORD,
    Flag::bool("password-stdin", "read the password from standard input"),
    Flag::bool("force-update", "replace a repository of the same name"),
    CERT_FILE,
    KEY_FILE,
    CA_FILE,
    INSECURE,
    Flag::bool(
        "allow-deprecated-repos",
        "allow the old official repositories, which are gone",
    ),
    PASS_CREDENTIALS,
    TIMEOUT.or("2m0s"),
]];
pub(super) const REPO_UPDATE: &[&[Flag]] = &[&[TIMEOUT.or("2m0s")]];
pub(super) const REPO_LIST: &[&[Flag]] = &[&[
    Flag::bool("no-headers", "leave out the headers of the table"),
    OUTPUT,
]];
pub(super) const REPO_INDEX: &[&[Flag]] = &[&[
    Flag::text("url", "URL of the repository"),
    Flag::text("merge", "index file that the new one is merged into"),
    Flag::bool("json", "write JSON"),
]];

pub(super) const REGISTRY_LOGIN: &[&[Flag]] = &[&[
    Flag::text("username", "user name for the registry").short('u'),
    Flag::text("password", "password or token for the registry").short('p'),
    Flag::bool("password-stdin", "read the password from standard input"),
    Flag::bool("insecure", "do not check the registry's certificate"),
    CERT_FILE,
    KEY_FILE,
    CA_FILE,
    PLAIN_HTTP,
]];

pub(super) const SEARCH_HUB: &[&[Flag]] = &[&[
    Flag::text("endpoint", "the hub to ask").or("https://hub.helm.sh"),
    COLUMN_WIDTH.or("50"),
    Flag::bool("list-repo-url", "print the URLs of repositories"),
    Flag::bool("fail-on-no-result", "fail where nothing is found"),
    OUTPUT,
]];
pub(super) const SEARCH_REPO: &[&[Flag]] = &[&[
    Flag::bool("regexp", "keywords are regular expressions").short('r'),
    Flag::bool("versions", "one line for each version").short('l'),
    DEVEL,
    Flag::text("version", "range of versions to search"),
    COLUMN_WIDTH.or("50"),
    Flag::bool("fail-on-no-result", "fail where nothing is found"),
    OUTPUT,
]];

pub(super) const PLUGIN_INSTALL: &[&[Flag]] = &[
    &[
        Flag::text(
            "version",
            "version, or range of versions; the latest where it is not given",
        ),
        Flag::bool("verify", "check the plugin's signature first").or("true"),
        KEYRING,
    ],
    SERVER,
];
pub(super) const PLUGIN_LIST: &[&[Flag]] = &[&[Flag::text("type", "type of plugins to list")]];
pub(super) const PLUGIN_PACKAGE: &[&[Flag]] = &[&[
    Flag::bool("sign", "sign the package with a PGP key").or("true"),
    Flag::text("key", "name of the key to sign with"),
    KEYRING,
    Flag::text(
        "passphrase-file",
        "file with the key's passphrase, - for standard input",
    ),
    Flag::text("destination", "folder for the package")
        .short('d')
        .or("."),
]];

pub(super) const COMPLETION: &[&[Flag]] =
    &[&[Flag::bool("no-descriptions", "leave out descriptions")]];
pub(super) const VERSION_COMMAND: &[&[Flag]] = &[&[
    Flag::bool("short", "print the version number"),
    Flag::text("template", "template for version string format"),
]];
pub(super) const DOCS: &[&[Flag]] = &[&[
    Flag::text("dir", "folder to write into").or("./"),
    Flag::text("type", "markdown, man or bash").or("markdown"),
    Flag::bool("generate-headers", "put headers before Markdown files"),
]];
