//! The words for Helm where releases are changed (`flagsForUpgrade`, `append...Flags` of
//! `pkg/state/state.go` and `pkg/state/helmx.go`).

use super::Fleet;
use super::data::Data;
use super::helm::{TemplateFlags, collect, download_flags, either, kube_context};
use super::load::State;
use super::state::{self, Record};
use super::values::Given;

/// How releases are upgraded, besides what they say themselves. `Default` is Helmfile's.
#[derive(Clone, Debug, Default)]
pub struct Upgrading {
    /// `--set`
    pub set: Vec<String>,
    /// `--values`
    pub values: Vec<String>,
    /// `--sync-args`
    pub sync_args: String,
    /// No CRDs are installed.
    pub skip_crds: bool,
    /// It is waited until all is ready.
    pub wait: bool,
    /// Jobs, too.
    pub wait_for_jobs: bool,
    /// How long, in seconds; 0 for as long as releases say.
    pub timeout: i64,
    /// `--track-mode`: `helm-legacy` waits as Helm 3 did.
    pub track_mode: String,
    /// `--track-timeout`: how long objects are followed, in seconds.
    pub track_timeout: i64,
    /// `--track-fail-on-error`: releases fail where their objects do.
    pub track_fail_on_error: bool,
    /// Values of the release before are kept.
    pub reuse_values: bool,
    /// They are forgotten, whatever the state says.
    pub reset_values: bool,
    /// What manifests go through.
    pub post_renderer: String,
    /// Its arguments.
    pub post_renderer_args: Vec<String>,
    /// Values are not checked.
    pub skip_schema_validation: bool,
    /// Notes are not printed.
    pub hide_notes: bool,
    /// Objects of others are taken over.
    pub take_ownership: bool,
    /// `--server-side`
    pub server_side: String,
    /// Releases get the labels of the state.
    pub sync_release_labels: bool,
    /// What is said of the revision.
    pub description: String,
}

/// Labels that are Helm's own (`driver.GetSystemLabels`).
const SYSTEM_LABELS: [&str; 6] = [
    "name",
    "owner",
    "status",
    "version",
    "createdAt",
    "modifiedAt",
];

/// A number of seconds as Helm takes it; nothing for none.
fn seconds(release: &Record, defaults: &Record, key: &str) -> i64 {
    let number = |record: &Record| match record.get(key) {
        Some(Data::Int(number)) => Some(*number),
        _ => None,
    };
    number(release)
        .or_else(|| number(defaults))
        .unwrap_or_default()
}

fn timeout_flags(seconds: i64, flags: &mut Vec<String>) {
    if seconds != 0 {
        flags.extend(["--timeout".to_owned(), format!("{seconds}s")]);
    }
}

/// The release's own, the flag's, then the default's (`append...Flags` of that order).
fn any(release: &Record, flag: bool, defaults: &Record, key: &str) -> bool {
    match release.maybe(key) {
        Some(true) => true,
        own => flag || own.is_none() && defaults.is(key),
    }
}

impl Fleet<'_> {
    /// The words behind `helm upgrade --install NAME CHART`, and values files.
    ///
    /// # Errors
    /// Keys that exclude each other, and what values fail with.
    pub(super) fn upgrade_flags(
        &self,
        state: &State,
        release: &Record,
        options: &Upgrading,
    ) -> Result<(Vec<String>, Vec<Given>), String> {
        let defaults = state.defaults();
        let is_on = |key: &str| either(release, &defaults, key);
        let mut flags = Vec::new();
        let version = release.text("version");
        let version = version.split('@').next().unwrap_or(version);
        if !version.is_empty() {
            flags.extend(["--version".to_owned(), version.to_owned()]);
        }
        if is_on("devel") {
            flags.push("--devel".to_owned());
        }
        if is_on("enableDNS") {
            flags.push("--enable-dns".to_owned());
        }
        let modes = [
            options.track_mode.as_str(),
            release.text("trackMode"),
            defaults.text("trackMode"),
        ];
        let mode = modes.into_iter().find(|mode| !mode.is_empty());
        // Helmfile follows objects beside Helm; here Helm's own wait does, which fails where they do.
        let follows = mode == Some("kubedog")
            && any(
                release,
                options.track_fail_on_error,
                &defaults,
                "trackFailOnError",
            );
        if follows || any(release, options.wait, &defaults, "wait") {
            flags.push(match mode {
                Some("helm-legacy") if !self.is_third(state) => "--wait=legacy".to_owned(),
                _ => "--wait".to_owned(),
            });
        }
        let waits_for_jobs = match mode {
            Some("kubedog") => follows,
            _ => any(release, options.wait_for_jobs, &defaults, "waitForJobs"),
        };
        if waits_for_jobs {
            flags.push("--wait-for-jobs".to_owned());
        }
        verify_flags(state, release, &mut flags);
        let mut timeout = match options.timeout {
            0 => seconds(release, &defaults, "timeout"),
            own => own,
        };
        if follows && timeout == 0 {
            timeout = match options.track_timeout {
                0 => seconds(release, &defaults, "trackTimeout"),
                own => own,
            };
        }
        timeout_flags(timeout, &mut flags);
        self.safety_flags(state, release, &mut flags)?;
        let creates = release
            .maybe("createNamespace")
            .or_else(|| defaults.maybe("createNamespace"));
        if creates.unwrap_or(true) {
            flags.push("--create-namespace".to_owned());
        }
        if is_on("disableOpenAPIValidation") {
            flags.push("--disable-openapi-validation".to_owned());
        }
        flags.extend(connection_flags(state, release));
        download_flags(state, release, &mut flags);
        for adopt in release.texts("adopt") {
            flags.extend(["--adopt".to_owned(), adopt]);
        }
        let labels = label_flag(release);
        if any(
            release,
            options.sync_release_labels,
            &Record::default(),
            "syncReleaseLabels",
        ) || defaults.is("syncReleaseLabels")
        {
            flags.extend(labels);
        }
        self.rendering_flags(state, release, options, &mut flags)?;
        if options.hide_notes {
            flags.push("--hide-notes".to_owned());
        }
        if release.is("takeOwnership") || options.take_ownership || defaults.is("takeOwnership") {
            flags.push("--take-ownership".to_owned());
        }
        flags.extend(server_side(state, release, options, self.is_third(state))?);
        flags.extend(collect(&match options.sync_args.as_str() {
            "" => defaults.texts("syncArgs").join(" "),
            text => text.to_owned(),
        }));
        let (values, files) = self.values_flags(state, release)?;
        flags.extend(values);
        Ok((flags, files))
    }

    /// What happens where an upgrade fails, or meets what is there.
    fn safety_flags(
        &self,
        state: &State,
        release: &Record,
        flags: &mut Vec<String>,
    ) -> Result<(), String> {
        let defaults = state.defaults();
        let is_on = |key: &str| either(release, &defaults, key);
        let is_third = self.is_third(state);
        let (force, conflicts) = (is_on("force"), is_on("forceConflicts"));
        if conflicts && is_third {
            return Err("forceConflicts requires Helm 4 or greater (set via releases[].forceConflicts or helmDefaults.forceConflicts)".to_owned());
        }
        if force && conflicts {
            return Err("force and forceConflicts are mutually exclusive (check both releases[].force/forceConflicts and helmDefaults.force/forceConflicts)".to_owned());
        }
        if force {
            flags.push(
                if is_third {
                    "--force"
                } else {
                    "--force-replace"
                }
                .to_owned(),
            );
        }
        if conflicts {
            flags.push("--force-conflicts".to_owned());
        }
        if is_on("recreatePods") {
            flags.push("--recreate-pods".to_owned());
        }
        let (atomic, rollback) = (is_on("atomic"), is_on("rollbackOnFailure"));
        if atomic && rollback {
            return Err("atomic and rollbackOnFailure are mutually exclusive (check both releases[].atomic/rollbackOnFailure and helmDefaults.atomic/rollbackOnFailure)".to_owned());
        }
        if rollback && is_third {
            return Err("rollbackOnFailure requires Helm 4 or greater (set via releases[].rollbackOnFailure or helmDefaults.rollbackOnFailure)".to_owned());
        }
        if atomic && is_third {
            flags.push("--atomic".to_owned());
        } else if atomic || rollback {
            flags.push("--rollback-on-failure".to_owned());
        }
        if is_on("cleanupOnFail") {
            flags.push("--cleanup-on-fail".to_owned());
        }
        Ok(())
    }

    /// Post-renderers, the description between their name and their arguments, and schemas.
    fn rendering_flags(
        &self,
        state: &State,
        release: &Record,
        options: &Upgrading,
        flags: &mut Vec<String>,
    ) -> Result<(), String> {
        let template = TemplateFlags {
            post_renderer: options.post_renderer.clone(),
            post_renderer_args: options.post_renderer_args.clone(),
            ..TemplateFlags::default()
        };
        let mut posts = Vec::new();
        self.post_renderer_flags(state, release, &template, &mut posts)?;
        let arguments = posts
            .iter()
            .position(|word| word.starts_with("--post-renderer-args="));
        let arguments = posts.split_off(arguments.unwrap_or(posts.len()));
        flags.extend(posts);
        let description = match options.description.as_str() {
            "" => release.text("description"),
            text => text,
        };
        if !description.is_empty() {
            flags.extend(["--description".to_owned(), description.to_owned()]);
        }
        flags.extend(arguments);
        if release.is("skipSchemaValidation")
            || options.skip_schema_validation
            || state.defaults().is("skipSchemaValidation")
        {
            flags.push("--skip-schema-validation".to_owned());
        }
        Ok(())
    }
}

/// Who merges changes, which Helm 3 does not ask.
///
/// # Errors
/// A value that there is not.
pub(super) fn server_side(
    state: &State,
    release: &Record,
    options: &Upgrading,
    is_third: bool,
) -> Result<Vec<String>, String> {
    let defaults = state.defaults();
    let all = [
        release.text("serverSide"),
        options.server_side.as_str(),
        defaults.text("serverSide"),
    ];
    match all.into_iter().find(|value| !value.is_empty()) {
        Some(_) if is_third => Ok(Vec::new()),
        None => Ok(Vec::new()),
        Some(value @ ("true" | "false" | "auto")) => {
            Ok(vec!["--server-side".to_owned(), value.to_owned()])
        }
        Some(value) => Err(format!(
            "invalid serverSide value {}: must be \"true\", \"false\", or \"auto\"",
            state::quoted(value)
        )),
    }
}

/// `--kube-context`, where a release has one.
pub(super) fn connection_flags(state: &State, release: &Record) -> Vec<String> {
    match kube_context(state, release) {
        context if context.is_empty() => Vec::new(),
        context => vec!["--kube-context".to_owned(), context],
    }
}

/// `--namespace`, where a release has one.
pub(super) fn namespace_flags(release: &Record) -> Vec<String> {
    match release.text("namespace") {
        "" => Vec::new(),
        namespace => vec!["--namespace".to_owned(), namespace.to_owned()],
    }
}

/// Signatures of charts that are not in registries.
pub(super) fn verify_flags(state: &State, release: &Record, flags: &mut Vec<String>) {
    let chart = release.text("chart");
    let repository = state.repository(chart).unwrap_or_default();
    if chart.starts_with("oci://") || repository.is("oci") {
        return;
    }
    let defaults = state.defaults();
    let verifies = release
        .maybe("verify")
        .unwrap_or_else(|| repository.is("verify") || defaults.is("verify"));
    if verifies {
        flags.push("--verify".to_owned());
    }
    let rings = [
        release.text("keyring"),
        repository.text("keyring"),
        defaults.text("keyring"),
    ];
    if let Some(ring) = rings.into_iter().find(|ring| !ring.is_empty()) {
        flags.extend(["--keyring".to_owned(), ring.to_owned()]);
    }
}

/// The labels of a release that Helm does not keep for itself.
fn label_flag(release: &Record) -> Vec<String> {
    let labels: Vec<String> = release
        .map("labels")
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.to_string(), value.as_text().map(ToString::to_string)))
        .filter(|(key, _)| !key.is_empty() && !SYSTEM_LABELS.contains(&key.as_str()))
        .map(|(key, value)| format!("{key}={}", value.unwrap_or_default()))
        .collect();
    match labels.is_empty() {
        true => Vec::new(),
        false => vec!["--labels".to_owned(), labels.join(",")],
    }
}

/// What becomes of what hangs on a release that goes.
pub(super) fn cascade_flags(state: &State, release: &Record, cascade: &str) -> Vec<String> {
    let defaults = state.defaults();
    let all = [release.text("cascade"), cascade, defaults.text("cascade")];
    match all.into_iter().find(|cascade| !cascade.is_empty()) {
        Some(cascade) => vec!["--cascade".to_owned(), cascade.to_owned()],
        None => Vec::new(),
    }
}

/// Whether it is waited until a release is gone; what the command line says counts for all.
pub(super) fn delete_wait_flags(state: &State, release: &Record, wait: Option<i64>) -> Vec<String> {
    let defaults = state.defaults();
    let mut flags = Vec::new();
    if wait.is_some() || either(release, &defaults, "deleteWait") {
        flags.push("--wait".to_owned());
        let own = seconds(release, &defaults, "deleteTimeout");
        timeout_flags(wait.unwrap_or(own), &mut flags);
    }
    flags
}

/// Whether the values of the release before are kept.
pub(super) fn values_mode(state: &State, release: &Record, options: &Upgrading) -> &'static str {
    let keeps = options.reuse_values || either(release, &state.defaults(), "reuseValues");
    match keeps && !options.reset_values {
        true => "--reuse-values",
        false => "--reset-values",
    }
}

/// How many revisions are kept (`createHelmContext`).
pub(super) fn history_max(state: &State, release: &Record) -> i64 {
    let number = |record: &Record| match record.get("historyMax") {
        Some(Data::Int(number)) => Some(*number),
        _ => None,
    };
    let own = number(release).or_else(|| number(&state.defaults()));
    own.unwrap_or(10)
}

/// How long the tests of a release may take.
pub(super) fn test_timeout(state: &State, release: &Record, typed: i64) -> Vec<String> {
    let mut flags = Vec::new();
    match typed {
        // What is not typed is what the state says (`EmptyTimeout`).
        -1 => timeout_flags(seconds(release, &state.defaults(), "timeout"), &mut flags),
        typed => flags.extend(["--timeout".to_owned(), format!("{typed}s")]),
    }
    flags
}
