//! The commands of Helm 4.2.4: names, usage lines and one-line descriptions are Helm's, the longer
//! texts our own. The order is that in which Helm adds them, for suggestions follow it.

use super::flag;
use crate::go::flag::Arguments::{AtLeast, AtMost, Exactly, None};
use crate::go::flag::Command;

/// The whole command line.
pub(super) static ROOT: Command = {
    let mut root = Command::group(
        "helm",
        "The Helm package manager for Kubernetes.",
        ABOUT,
        COMMANDS,
    );
    root.persistent = flag::GLOBAL;
    root
};

const ABOUT: &str = "\
The Helm package manager for Kubernetes, as pintle does it.

Often used:

- helm template: render a chart here and print what comes out
- helm show:     look at a chart
- helm package:  make an archive of a chart folder

Environment variables, each of which a flag wins over:

  HELM_NAMESPACE, HELM_KUBECONTEXT, KUBECONFIG   what is worked on
  HELM_KUBEAPISERVER, HELM_KUBECAFILE, HELM_KUBETOKEN, HELM_KUBEASUSER, HELM_KUBEASGROUPS,
  HELM_KUBEINSECURE_SKIP_TLS_VERIFY, HELM_KUBETLS_SERVER_NAME   how the cluster is reached
  HELM_BURST_LIMIT, HELM_QPS   how often the cluster is asked
  HELM_DRIVER, HELM_DRIVER_SQL_CONNECTION_STRING, HELM_MAX_HISTORY   how releases are recorded
  HELM_CACHE_HOME, HELM_CONFIG_HOME, HELM_DATA_HOME   folders, else below XDG_*_HOME or the home folder
  HELM_REPOSITORY_CACHE, HELM_REPOSITORY_CONFIG, HELM_REGISTRY_CONFIG, HELM_PLUGINS,
  HELM_CONTENT_CACHE   files and folders one by one
  HELM_DEBUG, HELM_NO_PLUGINS, HELM_COLOR, NO_COLOR   how helm behaves
";

static COMMANDS: &[Command] = &[
    Command::new(
        "create NAME",
        "create a new chart with the given name",
        "Creates a folder with a chart to start from. Folders on the way to it have to exist.",
    )
    .takes(Exactly(1))
    .with(flag::CREATE),
    Command::group(
        "dependency",
        "manage a chart's dependencies",
        "Charts that a chart needs stand in its Chart.yaml and live below charts/.\nThese commands list, fetch and lock them.",
        DEPENDENCY,
    )
    .takes(None)
    .alias(&["dep", "dependencies"]),
    Command::new(
        "pull [chart URL | repo/chartname] [...]",
        "download a chart from a repository and (optionally) unpack it in local directory",
        "Downloads charts, for a look inside or to keep them.",
    )
    .alias(&["fetch"])
    .takes(AtLeast(1))
    .with(flag::PULL),
    Command::group(
        "show",
        "show information of a chart",
        "Prints parts of a chart, from a folder, an archive or a repository.",
        SHOW,
    )
    .takes(None)
    .alias(&["inspect"]),
    Command::new(
        "lint PATH",
        "examine a chart for possible issues",
        "Checks a chart. What keeps it from being installed is an [ERROR],\nwhat breaks with convention a [WARNING].",
    )
    .takes(AtLeast(1))
    .with(flag::LINT),
    Command::new(
        "package [CHART_PATH] [...]",
        "package a chart directory into a chart archive",
        "Makes a versioned archive of a chart folder. The folder needs a Chart.yaml.",
    )
    .with(flag::PACKAGE),
    Command::group(
        "repo",
        "add, list, remove, update, and index chart repositories",
        "Manages the list of chart repositories.",
        REPO,
    )
    .takes(None),
    Command::group(
        "search",
        "search for a keyword in charts",
        "Searches for charts, in a hub or in the repositories that were added.",
        SEARCH,
    ),
    Command::new(
        "verify PATH",
        "verify that a chart at the given path has been signed and is valid",
        "Checks a packaged chart against its provenance file and the keys of a key ring.",
    )
    .takes(Exactly(1))
    .with(flag::VERIFY_COMMAND),
    Command::group(
        "get",
        "download extended information of a named release",
        "Prints what is recorded of a release: values, manifest, hooks, notes.",
        GET,
    )
    .takes(None),
    Command::new(
        "history RELEASE_NAME",
        "fetch release history",
        "Lists the revisions of a release, at most --max of them.",
    )
    .alias(&["hist"])
    .takes(Exactly(1))
    .with(flag::HISTORY),
    {
        let mut install = Command::new(
            "install [NAME] [CHART]",
            "install a chart",
            "Installs a chart: a folder, an archive, a URL, repo/chart or an oci:// reference.\nValues come from -f and --set, of which the rightmost wins.",
        )
        .takes(AtLeast(1))
        .with(flag::INSTALL);
        install.exclusive = FORCED;
        install
    },
    Command::new(
        "list",
        "list releases",
        "Lists the releases of a namespace, deployed and failed ones where no flag says otherwise.",
    )
    .alias(&["ls"])
    .takes(None)
    .with(flag::LIST),
    Command::new(
        "test [RELEASE]",
        "run tests for a release",
        "Runs the tests that a release's chart defines.",
    )
    .takes(Exactly(1))
    .with(flag::TEST),
    {
        let mut rollback = Command::new(
            "rollback <RELEASE> [REVISION]",
            "roll back a release to a previous revision",
            "Makes an earlier revision the current one; the one before where REVISION is 0 or left out.",
        )
        .takes(AtLeast(1))
        .with(flag::ROLLBACK);
        rollback.exclusive = FORCED;
        rollback
    },
    Command::new(
        "status RELEASE_NAME",
        "display the status of the named release",
        "Prints how a release stands: when it was deployed, where, with which resources and notes.",
    )
    .takes(Exactly(1))
    .with(flag::STATUS),
    {
        let mut template = Command::new(
            "template [NAME] [CHART]",
            "locally render templates",
            "Renders a chart here and prints the manifests. No cluster is asked: look-ups find nothing,\nand what a cluster would refuse is not noticed.\n\nAPI versions that the cluster will have are given by --api-versions, repeated or with commas:\n\n    $ helm template --api-versions cert-manager.io/v1,monitoring.coreos.com/v1 mychart ./mychart",
        )
        .takes(AtLeast(1))
        .with(flag::TEMPLATE);
        template.exclusive = &[
            &["force-replace", "force-conflicts"],
            &["force", "force-conflicts"],
            &["validate", "dry-run"],
        ];
        template
    },
    {
        let mut uninstall = Command::new(
            "uninstall RELEASE_NAME [...]",
            "uninstall a release",
            "Deletes the resources of releases, and their records.",
        )
        .alias(&["del", "delete", "un"])
        .takes(AtLeast(1))
        .with(flag::UNINSTALL);
        uninstall.suggest_for = &["remove", "rm"];
        uninstall
    },
    {
        let mut upgrade = Command::new(
            "upgrade [RELEASE] [CHART]",
            "upgrade a release",
            "Brings a release to a new version of its chart, or to new values.",
        )
        .takes(Exactly(2))
        .with(flag::UPGRADE);
        upgrade.exclusive = FORCED;
        upgrade
    },
    Command::group(
        "completion",
        "generate autocompletion scripts for the specified shell",
        "Prints a script that teaches a shell to complete helm's commands.",
        COMPLETION,
    ),
    Command::new(
        "env",
        "helm client environment information",
        "Prints the environment that helm works with; with a name, that variable alone.",
    )
    .takes(AtMost(1)),
    Command::group(
        "plugin",
        "install, list, or uninstall Helm plugins",
        "Manages plugins.",
        PLUGIN,
    ),
    Command::new(
        "version",
        "print the helm version information",
        "Prints the version of Helm that is stood in for.\n\nA template for --template may use .Version, .GitCommit, .GitTreeState, .GoVersion and\n.KubeClientVersion.",
    )
    .takes(None)
    .with(flag::VERSION_COMMAND),
    {
        let mut docs = Command::new(
            "docs",
            "generate documentation as markdown or man pages",
            "Writes documentation of the commands.",
        )
        .takes(None)
        .with(flag::DOCS);
        docs.hidden = true;
        docs
    },
    Command::group(
        "registry",
        "login to or logout from a registry",
        "Logs in to and out of OCI registries.",
        REGISTRY,
    ),
    Command::new(
        "push [chart] [remote]",
        "push a chart to remote",
        "Uploads a packaged chart to a registry, with its provenance file where one lies beside it.",
    )
    .takes(AtLeast(2))
    .with(flag::PUSH),
    Command::new(
        "help [command]",
        "Help about any command",
        "Help for every command: helm help, then the command.",
    ),
];

const FORCED: &[&[&str]] = &[
    &["force-replace", "force-conflicts"],
    &["force", "force-conflicts"],
];

static DEPENDENCY: &[Command] = &[
    Command::new(
        "list CHART",
        "list the dependencies for the given chart",
        "Lists the dependencies of a chart, and whether they are there.",
    )
    .alias(&["ls"])
    .takes(AtMost(1))
    .with(flag::DEPENDENCY_LIST),
    Command::new(
        "update CHART",
        "update charts/ based on the contents of Chart.yaml",
        "Fetches the dependencies that Chart.yaml asks for and writes Chart.lock.",
    )
    .alias(&["up"])
    .takes(AtMost(1))
    .with(flag::DEPENDENCY),
    Command::new(
        "build CHART",
        "rebuild the charts/ directory based on the Chart.lock file",
        "Fetches exactly the dependencies that Chart.lock names.",
    )
    .takes(AtMost(1))
    .with(flag::DEPENDENCY),
];

static SHOW: &[Command] = &[
    Command::new(
        "all [CHART]",
        "show all information of the chart",
        "Prints definition, values, README and CRDs of a chart.",
    )
    .takes(Exactly(1))
    .with(flag::SHOW),
    Command::new(
        "values [CHART]",
        "show the chart's values",
        "Prints values.yaml of a chart.",
    )
    .takes(Exactly(1))
    .with(flag::SHOW_VALUES),
    Command::new(
        "chart [CHART]",
        "show the chart's definition",
        "Prints Chart.yaml of a chart.",
    )
    .takes(Exactly(1))
    .with(flag::SHOW),
    Command::new(
        "readme [CHART]",
        "show the chart's README",
        "Prints the README of a chart.",
    )
    .takes(Exactly(1))
    .with(flag::SHOW),
    Command::new(
        "crds [CHART]",
        "show the chart's CRDs",
        "Prints the custom resource definitions of a chart.",
    )
    .takes(Exactly(1))
    .with(flag::SHOW),
];

static REPO: &[Command] = &[
    Command::new(
        "add [NAME] [URL]",
        "add a chart repository",
        "Adds a repository under a name.",
    )
    .takes(Exactly(2))
    .with(flag::REPO_ADD),
    Command::new(
        "list",
        "list chart repositories",
        "Lists the repositories that were added.",
    )
    .alias(&["ls"])
    .takes(None)
    .with(flag::REPO_LIST),
    Command::new(
        "remove [REPO1 [REPO2 ...]]",
        "remove one or more chart repositories",
        "Removes repositories, and what is cached of them.",
    )
    .alias(&["rm"])
    .takes(AtLeast(1)),
    Command::new(
        "index [DIR]",
        "generate an index file given a directory containing packaged charts",
        "Writes index.yaml for the packaged charts of a folder.",
    )
    .takes(Exactly(1))
    .with(flag::REPO_INDEX),
    Command::new(
        "update [REPO1 [REPO2 ...]]",
        "update information of available charts locally from chart repositories",
        "Fetches the indexes of the repositories that are named, or of all.",
    )
    .alias(&["up"])
    .takes(AtLeast(0))
    .with(flag::REPO_UPDATE),
];

static SEARCH: &[Command] = &[
    Command::new(
        "hub [KEYWORD]",
        "search for charts in the Artifact Hub or your own hub instance",
        "Searches a hub for charts.",
    )
    .with(flag::SEARCH_HUB),
    Command::new(
        "repo [keyword]",
        "search repositories for a keyword in charts",
        "Searches the indexes of the repositories that were added.",
    )
    .with(flag::SEARCH_REPO),
];

static GET: &[Command] = &[
    Command::new(
        "all RELEASE_NAME",
        "download all information for a named release",
        "Prints notes, hooks, values and manifest of a release.",
    )
    .takes(Exactly(1))
    .with(flag::GET_ALL),
    Command::new(
        "values RELEASE_NAME",
        "download the values file for a named release",
        "Prints the values that a release was given.",
    )
    .takes(Exactly(1))
    .with(flag::GET_VALUES),
    Command::new(
        "manifest RELEASE_NAME",
        "download the manifest for a named release",
        "Prints the manifest of a release, without hooks.",
    )
    .takes(Exactly(1))
    .with(flag::GET),
    Command::new(
        "hooks RELEASE_NAME",
        "download all hooks for a named release",
        "Prints the hooks of a release.",
    )
    .takes(Exactly(1))
    .with(flag::GET),
    Command::new(
        "notes RELEASE_NAME",
        "download the notes for a named release",
        "Prints the notes of a release.",
    )
    .takes(Exactly(1))
    .with(flag::GET),
    Command::new(
        "metadata RELEASE_NAME",
        "This command fetches metadata for a given release",
        "Prints name, chart, version and other data of a release.",
    )
    .takes(Exactly(1))
    .with(flag::STATUS),
];

static COMPLETION: &[Command] = &[
    Command::new(
        "bash",
        "generate autocompletion script for bash",
        "Prints the script for bash:\n\n    source <(helm completion bash)",
    )
    .takes(None)
    .with(flag::COMPLETION),
    Command::new(
        "zsh",
        "generate autocompletion script for zsh",
        "Prints the script for zsh:\n\n    source <(helm completion zsh)",
    )
    .takes(None)
    .with(flag::COMPLETION),
    Command::new(
        "fish",
        "generate autocompletion script for fish",
        "Prints the script for fish:\n\n    helm completion fish | source",
    )
    .takes(None)
    .with(flag::COMPLETION),
    Command::new(
        "powershell",
        "generate autocompletion script for powershell",
        "Prints the script for PowerShell.",
    )
    .takes(None)
    .with(flag::COMPLETION),
];

static PLUGIN: &[Command] = &[
    Command::new(
        "install [options] <path|url>",
        "install a Helm plugin",
        "Installs a plugin from a folder, an archive, a repository or a registry.",
    )
    .alias(&["add"])
    .takes(Exactly(1))
    .with(flag::PLUGIN_INSTALL),
    Command::new(
        "list",
        "list installed Helm plugins",
        "Lists the plugins that are installed.",
    )
    .alias(&["ls"])
    .with(flag::PLUGIN_LIST),
    Command::new(
        "uninstall <plugin>...",
        "uninstall one or more Helm plugins",
        "Removes plugins.",
    )
    .alias(&["rm", "remove"]),
    Command::new(
        "update <plugin>...",
        "update one or more Helm plugins",
        "Brings plugins to their latest versions.",
    )
    .alias(&["up"]),
    Command::new(
        "package [PATH]",
        "package a plugin directory into a plugin archive",
        "Makes an archive of a plugin folder.",
    )
    .takes(Exactly(1))
    .with(flag::PLUGIN_PACKAGE),
    Command::new(
        "verify [PATH]",
        "verify that a plugin at the given path has been signed and is valid",
        "Checks a packaged plugin against its provenance file.",
    )
    .takes(Exactly(1))
    .with(flag::VERIFY_COMMAND),
];

static REGISTRY: &[Command] = &[
    Command::new(
        "login [host]",
        "login to a registry",
        "Checks credentials for a registry and keeps them.",
    )
    .takes(AtLeast(1))
    .with(flag::REGISTRY_LOGIN),
    Command::new(
        "logout [host]",
        "logout from a registry",
        "Forgets the credentials for a registry.",
    )
    .takes(AtLeast(1)),
];
