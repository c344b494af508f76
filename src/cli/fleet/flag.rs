//! The flags of Helmfile's command line (`cmd/`, Helmfile 1.7.4). Names, types and defaults are
//! Helmfile's.

use crate::go::flag::Flag;

const SET: Flag = Flag::array("set", "a value for all charts, key=value; may be repeated");
const VALUES_FILE: Flag = Flag::array("values", "a values file for all charts; may be repeated");
const CONCURRENCY: Flag = Flag::int(
    "concurrency",
    "how many releases are worked on at once, 0 for all",
);
const VALIDATE: Flag = Flag::bool("validate", "check manifests against the cluster");
const CONTEXT: Flag = Flag::int("context", "lines of context around changes");
const OUTPUT: Flag = Flag::text("output", "the form of the output");
const DETAILED_EXITCODE: Flag =
    Flag::bool("detailed-exitcode", "end with 2 where there are changes");
const STRIP_TRAILING_CR: Flag = Flag::bool(
    "strip-trailing-cr",
    "leave carriage returns at line ends out",
);
const DIFF_ARGS: Flag = Flag::text("diff-args", "words that are added to helm diff");
const SYNC_ARGS: Flag = Flag::text("sync-args", "words that are added to helm upgrade");
const ARGS: Flag = Flag::text("args", "words that are added to helm");
const SKIP_CLEANUP: Flag = Flag::bool("skip-cleanup", "keep temporary files");
const SKIP_CRDS: Flag = Flag::bool("skip-crds", "install no CRDs");
const SKIP_NEEDS: Flag =
    Flag::bool("skip-needs", "leave out what selected releases need").or("true");
const INCLUDE_NEEDS: Flag = Flag::bool("include-needs", "take in what selected releases need");
const ENFORCE_NEEDS_ARE_INSTALLED: Flag = Flag::bool(
    "enforce-needs-are-installed",
    "fail where a release that is needed is switched off",
);
const INCLUDE_TRANSITIVE_NEEDS: Flag = Flag::bool(
    "include-transitive-needs",
    "take in what selected releases need, and what that needs",
);
const SKIP_DIFF_ON_INSTALL: Flag = Flag::bool(
    "skip-diff-on-install",
    "show no differences of releases that are new",
);
const SKIP_DIFF_VALIDATION_ON_INSTALL: Flag = Flag::bool(
    "skip-diff-validation-on-install",
    "do not validate what is new",
);
const INCLUDE_TESTS: Flag = Flag::bool("include-tests", "show differences of tests, too");
const SUPPRESS: Flag = Flag::array(
    "suppress",
    "kinds of objects that are not shown; may be repeated",
);
const SUPPRESS_SECRETS: Flag = Flag::bool("suppress-secrets", "do not show secrets");
const SHOW_SECRETS: Flag = Flag::bool("show-secrets", "show what secrets hold");
const NO_HOOKS: Flag = Flag::bool("no-hooks", "leave hooks of charts out");
const HIDE_NOTES: Flag = Flag::bool("hide-notes", "do not print notes");
const TAKE_OWNERSHIP: Flag = Flag::bool("take-ownership", "take over objects of others");
const SERVER_SIDE: Flag = Flag::text("server-side", "apply on the server: true, false, auto");
const SYNC_RELEASE_LABELS: Flag = Flag::bool(
    "sync-release-labels",
    "give releases the labels of the state",
);
const SUPPRESS_DIFF: Flag = Flag::bool("suppress-diff", "show no differences");
const WAIT: Flag = Flag::bool("wait", "wait until all is ready");
const WAIT_FOR_JOBS: Flag = Flag::bool("wait-for-jobs", "wait for jobs, too");
const TIMEOUT: Flag = Flag::int("timeout", "how long to wait, in seconds");
const REUSE_VALUES: Flag = Flag::bool("reuse-values", "keep the values of the release before");
const RESET_VALUES: Flag = Flag::bool("reset-values", "forget the values of the release before");
const POST_RENDERER: Flag = Flag::text("post-renderer", "what manifests go through");
const POST_RENDERER_ARGS: Flag =
    Flag::array("post-renderer-args", "an argument for it; may be repeated");
const SKIP_SCHEMA_VALIDATION: Flag =
    Flag::bool("skip-schema-validation", "do not check values by schemas");
const CASCADE: Flag = Flag::text("cascade", "what becomes of what hangs on what is deleted");
const SUPPRESS_OUTPUT_LINE_REGEX: Flag = Flag::array(
    "suppress-output-line-regex",
    "lines that are not shown; may be repeated",
);
const TRACK_MODE: Flag = Flag::text("track-mode", "who waits: helm, helm-legacy, kubedog");
const TRACK_TIMEOUT: Flag = Flag::int("track-timeout", "how long to follow objects, in seconds");
const TRACK_LOGS: Flag = Flag::bool("track-logs", "show logs of pods");
const TRACK_FAILED_LOGS: Flag = Flag::bool("track-failed-logs", "show logs of pods that fail");
const HELM_STUCK_GRACE: Flag = Flag::int(
    "helm-stuck-grace",
    "seconds after which a stuck Helm is stopped",
);
const TRACK_FAIL_ON_ERROR: Flag = Flag::bool("track-fail-on-error", "fail where objects do");
const DESCRIPTION: Flag = Flag::text("description", "description of the revision");
const TEMPLATE_ARGS: Flag = Flag::text("template-args", "words that are added to helm template");
const OUTPUT_DIR: Flag = Flag::text("output-dir", "write into this folder");
const FORCE: Flag = Flag::bool("force", "do not ask, replace what is there");
const SKIP_CHARTS: Flag = Flag::bool("skip-charts", "make no charts ready");

/// Flags of every command.
pub(super) const GLOBAL: &[Flag] = &[
    Flag::text("helm-binary", "what Helm is called in logs and errors").short('b'),
    Flag::text("kustomize-binary", "what kustomize is called").short('k'),
    Flag::text(
        "file",
        "a state file, a folder of them, an address, or - for standard input",
    )
    .short('f'),
    Flag::text("environment", "the environment to work for").short('e'),
    Flag::array(
        "state-values-set",
        "values of the state, key1=val1,key2=val2; may be repeated",
    ),
    Flag::array(
        "state-values-set-string",
        "like --state-values-set, but every value is text",
    ),
    Flag::array(
        "state-values-file",
        "a file with values of the state; may be repeated",
    ),
    Flag::bool("skip-deps", "build no dependencies and add no repositories"),
    Flag::bool("skip-refresh", "add no repositories"),
    Flag::bool(
        "strip-args-values-on-exit-error",
        "keep values that are set on command lines out of errors",
    )
    .or("true"),
    Flag::bool(
        "disable-force-update",
        "do not replace repositories that are known (Helm 3)",
    ),
    Flag::bool(
        "enforce-plugin-verification",
        "refuse plugins that cannot be verified",
    ),
    Flag::bool("oci-plain-http", "talk to registries without TLS"),
    Flag::int("repo-retries", "how often to try again to add a repository"),
    Flag::bool("quiet", "show warnings and errors only").short('q'),
    Flag::text("kubeconfig", "path to the kubeconfig file"),
    Flag::text("kube-context", "context of the kubeconfig for all releases"),
    Flag::bool("debug", "show all that is logged, and let Helm do so"),
    Flag::bool("color", "paint output"),
    Flag::bool("no-color", "do not paint output"),
    Flag::text(
        "log-level",
        "the least that is logged: debug, info, warn, error",
    ),
    Flag::text("namespace", "namespace for all releases").short('n'),
    Flag::text("chart", "chart for all releases").short('c'),
    Flag::array(
        "selector",
        "work on releases with these labels, a=b,c!=d; may be repeated, one has to fit",
    )
    .short('l'),
    Flag::bool("allow-no-matching-release", "succeed where no release fits"),
    Flag::bool("enable-live-output", "show what Helm prints at once"),
    Flag::bool("interactive", "ask before clusters are changed").short('i'),
    Flag::bool(
        "sequential-helmfiles",
        "work on several state files one after the other",
    ),
];

pub(super) const VERSION: &[Flag] = &[Flag::bool("version", "version for helmfile").short('v')];

pub(super) const APPLY: &[Flag] = &[
    SET,
    VALUES_FILE,
    CONCURRENCY,
    VALIDATE,
    CONTEXT,
    OUTPUT,
    DETAILED_EXITCODE,
    STRIP_TRAILING_CR,
    DIFF_ARGS,
    SYNC_ARGS,
    ARGS,
    SKIP_CLEANUP,
    SKIP_CRDS,
    SKIP_NEEDS,
    INCLUDE_NEEDS,
    ENFORCE_NEEDS_ARE_INSTALLED,
    INCLUDE_TRANSITIVE_NEEDS,
    SKIP_DIFF_ON_INSTALL,
    SKIP_DIFF_VALIDATION_ON_INSTALL,
    INCLUDE_TESTS,
    SUPPRESS,
    SUPPRESS_SECRETS,
    SHOW_SECRETS,
    NO_HOOKS,
    HIDE_NOTES,
    TAKE_OWNERSHIP,
    SERVER_SIDE,
    SYNC_RELEASE_LABELS,
    SUPPRESS_DIFF,
    WAIT,
    WAIT_FOR_JOBS,
    TIMEOUT,
    REUSE_VALUES,
    RESET_VALUES,
    POST_RENDERER,
    POST_RENDERER_ARGS,
    SKIP_SCHEMA_VALIDATION,
    CASCADE,
    SUPPRESS_OUTPUT_LINE_REGEX,
    TRACK_MODE,
    TRACK_TIMEOUT,
    TRACK_LOGS,
    TRACK_FAILED_LOGS,
    HELM_STUCK_GRACE,
    TRACK_FAIL_ON_ERROR,
    DESCRIPTION,
    TEMPLATE_ARGS,
];

pub(super) const BUILD: &[Flag] = &[Flag::bool(
    "embed-values",
    "put values in place of the files that they are in",
)];

pub(super) const CREATE: &[Flag] = &[
    Flag::text("output-dir", "write into this folder").short('o'),
    FORCE,
];

pub(super) const DEPS: &[Flag] = &[
    ARGS,
    Flag::bool("skip-repos", "add no repositories"),
    CONCURRENCY,
];

pub(super) const DESTROY: &[Flag] = &[
    ARGS,
    CASCADE,
    CONCURRENCY,
    SKIP_CHARTS,
    Flag::bool("deleteWait", "wait until all is gone"),
    Flag::int("deleteTimeout", "how long to wait, in seconds").or("300"),
];

pub(super) const DIFF: &[Flag] = &[SHOW_SECRETS, DETAILED_EXITCODE, CONTEXT, OUTPUT];

pub(super) const DOCTOR: &[Flag] = &[
    Flag::text("llm-base-url", "address of the model"),
    Flag::text("llm-api-key", "key of the model"),
    Flag::text("llm-model", "name of the model"),
    Flag::text("llm-timeout", "how long to wait for it"),
    Flag::int("llm-max-tokens", "how much it may say"),
    FORCE,
    OUTPUT,
    SHOW_SECRETS,
    DETAILED_EXITCODE,
    Flag::int("context", "lines of context around changes").or("3"),
    Flag::text("diff-output", "the form of the differences"),
];

pub(super) const FETCH: &[Flag] = &[
    CONCURRENCY,
    OUTPUT_DIR,
    Flag::text("output-dir-template", "a template for the folder of each release").or("{{ .OutputDir }}{{ if .Release.Namespace }}/{{ .Release.Namespace }}{{ end }}{{ if .Release.KubeContext }}/{{ .Release.KubeContext }}{{ end }}/{{ .Release.Name }}/{{ .ChartName }}/{{ or .Release.Version \"latest\" }}"),
    Flag::bool("write-output", "print the state with charts where they were put"),
];

pub(super) const INIT: &[Flag] = &[FORCE];

pub(super) const LINT: &[Flag] = &[
    CONCURRENCY,
    ARGS,
    SET,
    VALUES_FILE,
    SKIP_NEEDS,
    INCLUDE_NEEDS,
    INCLUDE_TRANSITIVE_NEEDS,
];

pub(super) const LIST: &[Flag] = &[
    Flag::bool("keep-temp-dir", "keep temporary files"),
    SKIP_CHARTS,
    OUTPUT,
];

pub(super) const PRINT_ENV: &[Flag] = &[Flag::text("output", "the form of the output").or("yaml")];

pub(super) const REPOS: &[Flag] = &[ARGS];

pub(super) const STATUS: &[Flag] = &[ARGS, CONCURRENCY];

pub(super) const SYNC: &[Flag] = &[
    ARGS,
    SYNC_ARGS,
    SET,
    VALUES_FILE,
    CONCURRENCY,
    VALIDATE,
    SKIP_NEEDS,
    SKIP_CRDS,
    INCLUDE_NEEDS,
    INCLUDE_TRANSITIVE_NEEDS,
    ENFORCE_NEEDS_ARE_INSTALLED,
    HIDE_NOTES,
    TAKE_OWNERSHIP,
    SERVER_SIDE,
    SYNC_RELEASE_LABELS,
    WAIT,
    WAIT_FOR_JOBS,
    TIMEOUT,
    REUSE_VALUES,
    RESET_VALUES,
    POST_RENDERER,
    POST_RENDERER_ARGS,
    SKIP_SCHEMA_VALIDATION,
    CASCADE,
    TRACK_MODE,
    TRACK_TIMEOUT,
    TRACK_LOGS,
    TRACK_FAILED_LOGS,
    HELM_STUCK_GRACE,
    TRACK_FAIL_ON_ERROR,
    DESCRIPTION,
    TEMPLATE_ARGS,
    CONTEXT,
    OUTPUT,
    DIFF_ARGS,
    SUPPRESS,
    SUPPRESS_SECRETS,
    SHOW_SECRETS,
    NO_HOOKS,
    SUPPRESS_DIFF,
    SKIP_DIFF_ON_INSTALL,
    SKIP_DIFF_VALIDATION_ON_INSTALL,
    INCLUDE_TESTS,
    DETAILED_EXITCODE,
    STRIP_TRAILING_CR,
    SUPPRESS_OUTPUT_LINE_REGEX,
];

pub(super) const TEMPLATE: &[Flag] = &[
    ARGS,
    SET,
    VALUES_FILE,
    OUTPUT_DIR,
    Flag::text(
        "output-dir-template",
        "a template for the folder of each release",
    ),
    CONCURRENCY,
    VALIDATE,
    Flag::bool("include-crds", "print CRDs, too"),
    Flag::bool("skip-tests", "print no tests"),
    SKIP_NEEDS,
    INCLUDE_NEEDS,
    INCLUDE_TRANSITIVE_NEEDS,
    ENFORCE_NEEDS_ARE_INSTALLED,
    SKIP_CLEANUP,
    NO_HOOKS,
    POST_RENDERER,
    POST_RENDERER_ARGS,
    SKIP_SCHEMA_VALIDATION,
    Flag::text("kube-version", "the version of Kubernetes to render for"),
    Flag::array("show-only", "print these templates only; may be repeated"),
    TEMPLATE_ARGS,
];

pub(super) const TEST: &[Flag] = &[
    CONCURRENCY,
    Flag::bool("cleanup", "delete the pods of tests"),
    Flag::bool("logs", "print the logs of tests"),
    ARGS,
    Flag::int("timeout", "how long to wait, in seconds").or("300"),
];

pub(super) const UNITTEST: &[Flag] = &[
    CONCURRENCY,
    ARGS,
    SET,
    VALUES_FILE,
    Flag::bool("fail-fast", "end at the first failure"),
    Flag::bool("color", "paint output"),
    Flag::bool("debug-plugin", "let the plugin say more"),
    SKIP_NEEDS,
    INCLUDE_NEEDS,
    INCLUDE_TRANSITIVE_NEEDS,
];

pub(super) const WRITE_VALUES: &[Flag] = &[
    CONCURRENCY,
    SET,
    VALUES_FILE,
    Flag::text(
        "output-file-template",
        "a template for the file of each release",
    ),
];

pub(super) const DIFFING: &[Flag] = &[
    DIFF_ARGS,
    TEMPLATE_ARGS,
    ARGS,
    SET,
    VALUES_FILE,
    CONCURRENCY,
    VALIDATE,
    SKIP_NEEDS,
    INCLUDE_TESTS,
    INCLUDE_NEEDS,
    ENFORCE_NEEDS_ARE_INSTALLED,
    INCLUDE_TRANSITIVE_NEEDS,
    SKIP_DIFF_ON_INSTALL,
    SKIP_DIFF_VALIDATION_ON_INSTALL,
    NO_HOOKS,
    STRIP_TRAILING_CR,
    SUPPRESS_SECRETS,
    SUPPRESS,
    REUSE_VALUES,
    RESET_VALUES,
    TAKE_OWNERSHIP,
    SERVER_SIDE,
    POST_RENDERER,
    POST_RENDERER_ARGS,
    SUPPRESS_OUTPUT_LINE_REGEX,
];
pub(super) const VERSION_OUTPUT: &[Flag] = &[Flag::text(
    "output",
    "Output format. One of: json | pretty | short | yaml",
)
.short('o')
.or("pretty")];

/// Flags that only pintle has.
/// Of pintle's own, for commands that show values.
pub(super) const ORIGINS: &[Flag] = &[Flag::bool(
    "origins",
    "show behind each value in which file and line, or by which flag it was set",
)];

pub(super) const OWN: &[Flag] = &[
    Flag::text(
        "target",
        "where all releases go, whatever states say: kube, ecs:CLUSTER, dir:PATH or memory",
    )
    .or("kube"),
    Flag::bool("no-exec", "let templates run no programs"),
    Flag::text(
        "exec-timeout",
        "how long a program may run that a template runs",
    )
    .or("10m0s"),
    Flag::bool(
        "offline",
        "ask no server for charts, indexes or values: what is not kept is refused",
    ),
];
