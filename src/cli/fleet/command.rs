//! The commands of Helmfile 1.7.4: names and one-line descriptions are Helmfile's. The order is that
//! in which Helmfile adds them, for suggestions follow it.

use super::flag;
use crate::go::flag::Command;

/// The whole command line.
pub(super) static ROOT: Command = {
    let mut root = Command::group("helmfile", ABOUT, ABOUT, COMMANDS);
    root.persistent = flag::GLOBAL;
    root
};

const ABOUT: &str = "Declaratively deploy your Kubernetes manifests, Kustomize configs, and Charts as Helm releases in one shot\nYAML library = go.yaml.in/yaml/v3";

static COMMANDS: &[Command] = &[
    Command::new(
        "create [NAME]",
        "Create a helmfile deployment project scaffold",
        "Makes a folder with a state file, values of an environment, and a place for values of releases.",
    )
    .with(&[flag::CREATE]),
    Command::new(
        "init",
        "Initialize the helmfile, includes version checking and installation of helm and plug-ins",
        "",
    )
    .with(&[flag::INIT]),
    Command::new(
        "apply",
        "Apply all resources from state file only when there are changes",
        "",
    )
    .with(&[flag::APPLY]),
    Command::new("build", "Build all resources from state file", "").with(&[flag::BUILD]),
    Command::group("cache", "Cache management", "", CACHE),
    Command::new("deps", "Update charts based on their requirements", "").with(&[flag::DEPS]),
    Command::new("destroy", "Destroys and then purges releases", "").with(&[flag::DESTROY]),
    Command::new("diff", "Diff releases defined in state file", "").with(&[flag::DIFF, flag::DIFFING]),
    Command::new(
        "doctor",
        "AI-assisted diff analysis: summarize changes and flag risks",
        "",
    )
    .with(&[flag::DOCTOR, flag::DIFFING]),
    Command::new("fetch", "Fetch charts from state file", "").with(&[flag::FETCH]),
    Command::new("list", "List releases defined in state file", "").with(&[flag::LIST]),
    Command::new("repos", "Add chart repositories defined in state file", "").with(&[flag::REPOS]),
    Command::new("lint", "Lint charts from state file (helm lint)", "").with(&[flag::LINT]),
    Command::new(
        "write-values",
        "Write values files for releases. Similar to `helmfile template`, write values files instead of manifests.",
        "",
    )
    .with(&[flag::WRITE_VALUES]),
    Command::new("test", "Test charts from state file (helm test)", "").with(&[flag::TEST]),
    Command::new(
        "unittest",
        "Unit test charts from state file using helm-unittest plugin",
        "",
    )
    .with(&[flag::UNITTEST]),
    Command::new("template", "Template releases defined in state file", "").with(&[flag::TEMPLATE]),
    Command::new("sync", "Sync releases defined in state file", "").with(&[flag::SYNC]),
    Command::new("status", "Retrieve status of releases in state file", "").with(&[flag::STATUS]),
    Command::new(
        "show-dag",
        "Show the releases in the groups in which they are worked on, and what they need",
        "",
    ),
    Command::new("print-env", "Print parsed environment configuration", "").with(&[flag::PRINT_ENV]),
    Command::new("version", "Print the CLI version", "").alias(&["ver"]).with(&[flag::VERSION_OUTPUT]),
    Command::new("help [command]", "Help about any command", ""),
];

static CACHE: &[Command] = &[
    Command::new("info", "cache info", ""),
    Command::new("cleanup", "clean up cache directory", ""),
];
