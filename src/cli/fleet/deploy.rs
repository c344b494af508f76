//! The flags of commands that change releases, as what is meant.

use std::io::IsTerminal as _;

use super::super::environment::Environment;
use super::super::run::source::is_own;
use super::{needs, settings};
use crate::go::flag::FlagSet;
use crate::helmfile::{Destroy, Diff, Sync, Test, Upgrading};

/// How many releases are worked on at once.
pub(super) fn concurrency(flags: &FlagSet) -> usize {
    usize::try_from(flags.int("concurrency")).unwrap_or_default()
}

fn is_painted(flags: &FlagSet, environment: &Environment) -> bool {
    // Helmfile paints wherever it is not told otherwise.
    !settings::is_colorless(flags, environment)
        && (!is_own(flags) || flags.is("color") || std::io::stderr().is_terminal())
}

/// `sync`
pub(super) fn sync(flags: &FlagSet, environment: &Environment) -> Sync {
    Sync {
        upgrading: upgrading(flags),
        needs: needs(flags),
        concurrency: concurrency(flags),
        cascade: flags.text("cascade").to_owned(),
        detailed_exitcode: flags.is("detailed-exitcode"),
        interactive: settings::is_interactive(flags, environment),
        painted: is_painted(flags, environment),
        preview: diff(flags, environment),
    }
}

fn upgrading(flags: &FlagSet) -> Upgrading {
    let text = |name: &str| flags.text(name).to_owned();
    let list = |name: &str| flags.list(name).to_vec();
    Upgrading {
        set: list("set"),
        values: list("values"),
        sync_args: text("sync-args"),
        skip_crds: flags.is("skip-crds"),
        wait: flags.is("wait"),
        wait_for_jobs: flags.is("wait-for-jobs"),
        timeout: flags.int("timeout"),
        track_mode: text("track-mode"),
        track_timeout: flags.int("track-timeout"),
        track_fail_on_error: flags.is("track-fail-on-error"),
        reuse_values: flags.is("reuse-values"),
        reset_values: flags.is("reset-values"),
        post_renderer: text("post-renderer"),
        post_renderer_args: list("post-renderer-args"),
        skip_schema_validation: flags.is("skip-schema-validation"),
        hide_notes: flags.is("hide-notes"),
        take_ownership: flags.is("take-ownership"),
        server_side: text("server-side"),
        sync_release_labels: flags.is("sync-release-labels"),
        description: text("description"),
    }
}

/// `diff`
pub(super) fn diff(flags: &FlagSet, environment: &Environment) -> Diff {
    let text = |name: &str| flags.text(name).to_owned();
    Diff {
        upgrading: upgrading(flags),
        needs: needs(flags),
        concurrency: concurrency(flags),
        detailed_exitcode: flags.is("detailed-exitcode"),
        context: flags.int("context"),
        suppress: flags.list("suppress").to_vec(),
        suppress_secrets: flags.is("suppress-secrets"),
        show_secrets: flags.is("show-secrets"),
        no_hooks: flags.is("no-hooks"),
        skip_on_install: flags.is("skip-diff-on-install"),
        is_silent: flags.is("suppress-diff"),
        diff_args: text("diff-args"),
        template_args: text("template-args"),
        output: text("output"),
        strip_trailing_cr: flags.is("strip-trailing-cr"),
        include_tests: flags.is("include-tests"),
        suppress_lines: flags.list("suppress-output-line-regex").to_vec(),
        skip_validation_on_install: flags.is("skip-diff-validation-on-install"),
        painted: match settings::is_colorless(flags, environment) {
            true => Some(false),
            false => flags.is("color").then_some(true),
        },
        kube_version: String::new(),
    }
}

/// `doctor`, which shows differences and never what secrets hold.
pub(super) fn doctor(flags: &FlagSet, environment: &Environment) -> Diff {
    Diff {
        show_secrets: false,
        output: flags.text("diff-output").to_owned(),
        ..diff(flags, environment)
    }
}

/// Whether flags or variables name a model for `doctor`.
pub(super) fn names_model(flags: &FlagSet, environment: &Environment) -> bool {
    let either = |flag: &str, variable: &str| {
        !flags.text(flag).is_empty() || !environment.get(variable).is_empty()
    };
    either("llm-api-key", "HELMFILE_LLM_API_KEY") && either("llm-model", "HELMFILE_LLM_MODEL")
}

/// `destroy`
pub(super) fn destroy(flags: &FlagSet, environment: &Environment) -> Destroy {
    Destroy {
        concurrency: concurrency(flags),
        cascade: flags.text("cascade").to_owned(),
        skip_charts: flags.is("skip-charts"),
        wait: flags.is("deleteWait").then(|| flags.int("deleteTimeout")),
        interactive: settings::is_interactive(flags, environment),
        painted: is_painted(flags, environment),
    }
}

/// `test`
pub(super) fn test(flags: &FlagSet) -> Test {
    Test {
        concurrency: concurrency(flags),
        cleanup: flags.is("cleanup"),
        logs: flags.is("logs"),
        timeout: match flags.changed("timeout") {
            true => flags.int("timeout"),
            false => -1,
        },
    }
}
