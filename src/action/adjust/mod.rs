//! Small changes of a release that runs: other images, a restart, another number of replicas. Each makes
//! a revision whose manifest is that of the one before but for the change; chart and values stay, hooks
//! are not run, a rollback undoes it, and the next upgrade from a chart takes it back.

mod edit;

use std::fmt;

use self::edit::{Document, Edit};
use super::install::Mode;
use super::lifecycle::{Cluster, Operation, ServerSide};
use super::source::Source;
use super::upgrade::{self, Reuse, Unchanged};
use crate::chart::values;
use crate::diag::{Error, Kind};
use crate::release::{Info, Release, Status};
use crate::render::manifest;
use crate::render::notes::Subcharts;

/// The annotation by which `kubectl rollout restart` starts pods anew.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// Go: `time.RFC3339`
const TIME: &[u8] = b"2006-01-02T15:04:05Z07:00";

/// A workload, by kind and name; what is empty is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// A kind in any case, its plural or its short name.
    pub kind: String,
    /// A name.
    pub name: String,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Images of containers.
    Images(Vec<Image>),
    /// Pods are started anew; of all workloads where none is named.
    Restart(Vec<Target>),
    /// How many replicas there are.
    Scale(Vec<(Target, u32)>),
}

/// Another image for a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Of which workloads.
    pub target: Target,
    /// The container's name; `*` is all.
    pub container: String,
    /// The image.
    pub image: String,
}

/// How it is brought to the cluster.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who merges changes.
    pub server_side: ServerSide,
    /// Whether anything is changed.
    pub mode: Mode,
    /// How to wait, and so on.
    pub operation: Operation,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Adjusted {
    /// The new revision; nothing where all was so already.
    pub release: Option<Release>,
    /// What was changed, a line a place.
    pub changes: Vec<String>,
    /// What else is to be known.
    pub warnings: Vec<String>,
}

impl Target {
    /// Reads `KIND/NAME`.
    ///
    /// # Errors
    /// What is none.
    pub fn parse(text: &str) -> Result<Target, Error> {
        match text.split_once('/') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Target {
                    kind: kind.to_owned(),
                    name: name.to_owned(),
                })
            }
            _ => {
                let message =
                    format!("{text:?} is no workload: write KIND/NAME, such as deployment/web");
                Err(Error::new(Kind::Usage, message))
            }
        }
    }

    fn is_match(&self, document: &Document<'_>) -> bool {
        (self.name.is_empty() || self.name == document.name)
            && (self.kind.is_empty() || is_kind(&self.kind, &document.kind))
    }

    fn is_any(&self) -> bool {
        self.kind.is_empty() && self.name.is_empty()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// Whether a word stands for a kind: its name, its plural, or what kubectl has for short.
fn is_kind(word: &str, kind: &str) -> bool {
    let (word, kind) = (word.to_lowercase(), kind.to_lowercase());
    let short = match word.as_str() {
        "deploy" => "deployment",
        "sts" => "statefulset",
        "ds" => "daemonset",
        "rs" => "replicaset",
        "rc" => "replicationcontroller",
        "cj" => "cronjob",
        "po" => "pod",
        other => other,
    };
    short == kind || short.strip_suffix('s') == Some(&kind)
}

impl Image {
    /// Reads `CONTAINER=IMAGE`, `KIND/NAME=IMAGE` for all containers of a workload, or
    /// `KIND/NAME/CONTAINER=IMAGE`.
    ///
    /// # Errors
    /// What is none.
    pub fn parse(text: &str) -> Result<Image, Error> {
        let fail = || {
            let message = format!(
                "{text:?} is no image for a container: write CONTAINER=IMAGE, *=IMAGE or KIND/NAME/CONTAINER=IMAGE"
            );
            Error::new(Kind::Usage, message)
        };
        let (place, image) = text.split_once('=').ok_or_else(fail)?;
        let is_image =
            !image.is_empty() && !image.contains(|it: char| it.is_whitespace() || it.is_control());
        let parts: Vec<&str> = place.split('/').collect();
        if !is_image || parts.iter().any(|part| part.is_empty()) {
            return Err(fail());
        }
        let target = |kind: &str, name: &str| Target {
            kind: kind.to_owned(),
            name: name.to_owned(),
        };
        let (target, container) = match parts.as_slice() {
            [container] => (Target::default(), *container),
            [kind, name] => (target(kind, name), "*"),
            [kind, name, container] => (target(kind, name), *container),
            _ => return Err(fail()),
        };
        Ok(Image {
            target,
            container: container.to_owned(),
            image: image.to_owned(),
        })
    }
}

impl Change {
    /// The description of the revision.
    fn describe(&self) -> String {
        let join = |parts: Vec<String>| parts.join(", ");
        match self {
            Change::Images(images) => {
                let shown = images.iter().map(|image| match image.target.is_any() {
                    true => format!("{}={}", image.container, image.image),
                    false => format!("{}/{}={}", image.target, image.container, image.image),
                });
                format!("{SET_IMAGE}{}", join(shown.collect()))
            }
            Change::Restart(targets) if targets.is_empty() => format!("{RESTART}all workloads"),
            Change::Restart(targets) => {
                format!(
                    "{RESTART}{}",
                    join(targets.iter().map(Target::to_string).collect())
                )
            }
            Change::Scale(targets) => {
                let shown = targets.iter().map(|(target, count)| match target.is_any() {
                    true => count.to_string(),
                    false => format!("{target}={count}"),
                });
                format!("{SCALE}{}", join(shown.collect()))
            }
        }
    }
}

const SET_IMAGE: &str = "Set image ";
const RESTART: &str = "Restart ";
const SCALE: &str = "Scale ";

/// The small changes that are in `current`, with their revisions, oldest first: a revision that was made
/// from a chart has none, one that was rolled back to has those that it had.
pub(super) fn in_effect(current: &Release, revisions: &[Release]) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    let mut at = current.revision;
    while let Some(release) = revisions.iter().find(|it| it.revision == at) {
        let description = &release.info.description;
        if let Some(target) = description.strip_prefix("Rollback to ") {
            match target.parse::<i64>() {
                Ok(target) if target < at => at = target,
                _ => break,
            }
            continue;
        }
        if ![SET_IMAGE, SCALE]
            .iter()
            .any(|words| description.starts_with(words))
        {
            if !description.starts_with(RESTART) {
                break;
            }
        } else {
            found.push((at, description.clone()));
        }
        // What it was made of is the newest one before that ran.
        let before = revisions.iter().rfind(|it| {
            it.revision < at && matches!(it.info.status, Status::Superseded | Status::Deployed)
        });
        match before {
            Some(before) => at = before.revision,
            None => break,
        }
    }
    found.reverse();
    found
}

/// Makes a revision of a release that has the change.
///
/// # Errors
/// A release that does not run, places that there are not, and whatever an upgrade fails with.
pub fn run(
    name: &str,
    change: &Change,
    options: &Options,
    cluster: &Cluster<'_>,
) -> Result<Adjusted, Error> {
    cluster.backend.reach()?;
    let base = upgrade::base(name, cluster)?;
    let (last, current) = (&base.last, &base.current);
    let text = String::from_utf8_lossy(&current.manifest).into_owned();
    let mut planned = Planned {
        name,
        now: String::from_utf8_lossy(&cluster.now().format(TIME)).into_owned(),
        edits: Vec::new(),
        changes: Vec::new(),
        warnings: Vec::new(),
    };
    planned.plan(change, &documents(&text)?)?;
    if planned.edits.is_empty() {
        return Ok(Adjusted {
            release: None,
            changes: planned.changes,
            warnings: planned.warnings,
        });
    }
    let description = change.describe();
    let release = Release {
        revision: base.next,
        info: Info {
            last_deployed: cluster.now(),
            description: options.operation.begun(&description),
            status: Status::PendingUpgrade,
            ..current.info.clone()
        },
        manifest: edit::apply(&text, planned.edits).into_bytes(),
        labels: last.labels.clone(),
        apply_method: options.server_side.method(last.apply_method),
        ecs: crate::value::Frozen::Null,
        ..current.clone()
    };
    let options = upgrade::Options {
        name: name.to_owned(),
        chart: String::new(),
        namespace: cluster.namespace.to_owned(),
        source: Source::default(),
        dependency_update: false,
        values: values::Options::default(),
        reuse: Reuse::Reuse,
        labels: Vec::new(),
        skip_schema_validation: true,
        enable_dns: false,
        subchart_notes: Subcharts::Excluded,
        hide_secret: false,
        server_side: options.server_side,
        mode: options.mode,
        unchanged: Unchanged::Record,
        operation: Operation {
            description,
            no_hooks: true,
            ..options.operation.clone()
        },
    };
    let release = upgrade::Ready::of(&options, release, base, cluster)
        .and_then(|ready| upgrade::upgrade(&options, ready, cluster))
        .map_err(|error| error.wrap("UPGRADE FAILED"))?;
    let (upgrade::Outcome::Upgraded(release) | upgrade::Outcome::Unchanged(release)) = release;
    Ok(Adjusted {
        release: Some(release),
        changes: planned.changes,
        warnings: planned.warnings,
    })
}

/// The documents of a manifest.
fn documents(text: &str) -> Result<Vec<Document<'_>>, Error> {
    manifest::split(text.as_bytes())
        .into_iter()
        .filter_map(|range| Document::read(text, range).transpose())
        .collect()
}

/// What is to be changed in a manifest.
struct Planned<'a> {
    name: &'a str,
    now: String,
    edits: Vec<Edit>,
    changes: Vec<String>,
    warnings: Vec<String>,
}

impl Planned<'_> {
    fn plan(&mut self, change: &Change, documents: &[Document<'_>]) -> Result<(), Error> {
        match change {
            Change::Images(images) => images
                .iter()
                .try_for_each(|image| self.image(image, documents)),
            Change::Restart(targets) if targets.is_empty() => {
                self.restart(&Target::default(), documents)
            }
            Change::Restart(targets) => targets
                .iter()
                .try_for_each(|target| self.restart(target, documents)),
            Change::Scale(targets) => targets
                .iter()
                .try_for_each(|(target, count)| self.scale(target, *count, documents)),
        }
    }

    fn missing(&self, what: &str, there: Vec<String>) -> Error {
        let message = format!("{what} in the release {:?}", self.name);
        let error = Error::new(Kind::NotFound, message);
        match there.is_empty() {
            true => error,
            false => error.with_hint(format!("There are: {}.", there.join(", "))),
        }
    }

    fn image(&mut self, image: &Image, documents: &[Document<'_>]) -> Result<(), Error> {
        let mut is_found = false;
        let mut there = Vec::new();
        for document in documents {
            // The pods of a Job cannot change; it has to be meant.
            let is_meant = image.target.is_match(document)
                && !(document.kind == "Job" && image.target.is_any());
            for container in document.containers() {
                let place = format!("{document}/{}", container.name);
                if !is_meant || (image.container != "*" && image.container != container.name) {
                    there.push(place);
                    continue;
                }
                is_found = true;
                let before = container.image(document)?;
                if before == image.image {
                    continue;
                }
                self.edits
                    .push(container.set_image(document, &image.image)?);
                self.changes
                    .push(format!("{place}: {before} -> {}", image.image));
            }
        }
        if is_found {
            return Ok(());
        }
        let what = match (image.container.as_str(), image.target.is_any()) {
            ("*", true) => "there are no containers".to_owned(),
            ("*", false) => format!("there is no workload {}", image.target),
            (container, true) => format!("no container is called {container:?}"),
            (container, false) => format!(
                "{} has no container that is called {container:?}",
                image.target
            ),
        };
        Err(self.missing(&what, there))
    }

    fn restart(&mut self, target: &Target, documents: &[Document<'_>]) -> Result<(), Error> {
        let mut is_found = false;
        let mut there = Vec::new();
        for document in documents {
            if !matches!(
                document.kind.as_str(),
                "Deployment" | "StatefulSet" | "DaemonSet"
            ) {
                continue;
            }
            if !target.is_match(document) {
                there.push(document.to_string());
                continue;
            }
            is_found = true;
            let path = ["spec", "template", "metadata", "annotations", RESTARTED];
            self.edits
                .push(document.set(&path, &format!("{:?}", self.now))?);
            self.changes.push(format!("{document}: restarted"));
        }
        match (is_found, target.is_any()) {
            (true, _) => Ok(()),
            (false, true) => Err(self.missing("there is nothing that can be restarted", there)),
            (false, false) => Err(self.missing(
                &format!("there is no {target} that can be restarted"),
                there,
            )),
        }
    }

    fn scale(
        &mut self,
        target: &Target,
        count: u32,
        documents: &[Document<'_>],
    ) -> Result<(), Error> {
        let is_scalable = |document: &&Document<'_>| {
            let kinds = [
                "Deployment",
                "StatefulSet",
                "ReplicaSet",
                "ReplicationController",
            ];
            kinds.contains(&document.kind.as_str())
        };
        let all: Vec<&Document<'_>> = documents.iter().filter(is_scalable).collect();
        let meant: Vec<&&Document<'_>> = all.iter().filter(|it| target.is_match(it)).collect();
        let there = || all.iter().map(ToString::to_string).collect();
        let document = match (meant.as_slice(), target.is_any()) {
            ([one], _) => *one,
            ([], true) => return Err(self.missing("there is nothing that can be scaled", there())),
            ([], false) => {
                let what = format!("there is no {target} that can be scaled");
                return Err(self.missing(&what, there()));
            }
            (_, _) => {
                let shown: Vec<String> = meant.iter().map(ToString::to_string).collect();
                let message = format!("several workloads can be scaled: {}", shown.join(", "));
                return Err(Error::new(Kind::Usage, message)
                    .with_hint("Say which one: `pintle scale RELEASE KIND/NAME=N`."));
            }
        };
        for scaler in documents
            .iter()
            .filter(|it| it.kind == "HorizontalPodAutoscaler")
        {
            let word = |name: &str| scaler.text(&["spec", "scaleTargetRef", name]);
            if word("kind").as_deref() == Some(&document.kind)
                && word("name").as_deref() == Some(&document.name)
            {
                self.warnings.push(format!(
                    "{scaler} scales {document}, too: it may change the number again"
                ));
            }
        }
        let path = ["spec", "replicas"];
        let before = document.text(&path);
        if before.as_deref() == Some(&count.to_string()) {
            return Ok(());
        }
        self.edits.push(document.set(&path, &count.to_string())?);
        let before = before.unwrap_or_else(|| "1".to_owned());
        self.changes
            .push(format!("{document}: {before} -> {count} replicas"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "---\n# Source: shop/templates/a.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1 # few\n  template:\n    spec:\n      containers:\n      - name: app\n        image: \"app:1\" # pinned\n      - {name: side, image: side}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: db\nspec:\n  template:\n    metadata:\n      annotations:\n        a: b\n    spec:\n      initContainers:\n      - image: app:1\n        name: app\n      containers: []\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: {spec: {containers: [{name: app, image: app:1}]}}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {kind: Deployment, name: web}}\n";

    fn planned(change: &Change) -> Result<(String, Vec<String>, Vec<String>), Error> {
        let mut planned = Planned {
            name: "shop",
            now: "2026-01-02T03:04:05Z".to_owned(),
            edits: Vec::new(),
            changes: Vec::new(),
            warnings: Vec::new(),
        };
        planned.plan(change, &documents(MANIFEST)?)?;
        let text = edit::apply(MANIFEST, planned.edits);
        Ok((text, planned.changes, planned.warnings))
    }

    fn images(words: &[&str]) -> Change {
        Change::Images(
            words
                .iter()
                .map(|word| Image::parse(word).expect(word))
                .collect(),
        )
    }

    #[test]
    fn images_are_set_where_they_stand() {
        for (words, want, changes) in [
            (
                &["app=app:2"][..],
                MANIFEST
                    .replace("\"app:1\" # pinned", "\"app:2\" # pinned")
                    .replace("- image: app:1", "- image: app:2"),
                2,
            ),
            (
                &["deploy/web=x.test/y@sha256:00"],
                MANIFEST
                    .replace("\"app:1\"", "\"x.test/y@sha256:00\"")
                    .replace("image: side}", "image: x.test/y@sha256:00}"),
                2,
            ),
            (
                &["job/once/app=app:3", "side=side:1"],
                MANIFEST
                    .replace("image: app:1}]", "image: app:3}]")
                    .replace("image: side}", "image: side:1}"),
                2,
            ),
            (&["side=side"], MANIFEST.to_owned(), 0),
        ] {
            let (text, changed, _) = planned(&images(words)).expect("a change");
            assert_eq!(text, want, "{words:?}");
            assert_eq!(changed.len(), changes, "{words:?}");
        }
        let error = planned(&images(&["nope=x:1"])).expect_err("no such container");
        assert_eq!(
            error.to_string(),
            "no container is called \"nope\" in the release \"shop\""
        );
        assert!(
            error.hints()[0].contains("deployment/web/app, deployment/web/side"),
            "{:?}",
            error.hints()
        );
    }

    #[test]
    fn restarts_are_noted_in_the_pods_template() {
        let (text, changes, _) = planned(&Change::Restart(Vec::new())).expect("a change");
        let line = "kubectl.kubernetes.io/restartedAt: \"2026-01-02T03:04:05Z\"\n";
        let want = MANIFEST
            .replace("  template:\n    spec:\n      containers:\n", &format!("  template:\n    metadata:\n      annotations:\n        {line}    spec:\n      containers:\n"))
            .replace("        a: b\n", &format!("        {line}        a: b\n"));
        assert_eq!(text, want);
        assert_eq!(
            changes,
            ["deployment/web: restarted", "statefulset/db: restarted"]
        );
        let error = planned(&Change::Restart(vec![
            Target::parse("ds/x").expect("a target"),
        ]));
        assert_eq!(
            error.expect_err("no such workload").to_string(),
            "there is no ds/x that can be restarted in the release \"shop\""
        );
    }

    #[test]
    fn replicas_are_set_or_added() {
        let one =
            |text: &str, count| Change::Scale(vec![(Target::parse(text).expect(text), count)]);
        let (text, changes, warnings) = planned(&one("deployments/web", 3)).expect("a change");
        assert_eq!(
            text,
            MANIFEST.replace("replicas: 1 # few", "replicas: 3 # few")
        );
        assert_eq!(changes, ["deployment/web: 1 -> 3 replicas"]);
        assert_eq!(
            warnings,
            [
                "horizontalpodautoscaler/web scales deployment/web, too: it may change the number again"
            ]
        );
        let (text, ..) = planned(&one("sts/db", 0)).expect("a change");
        assert_eq!(
            text,
            MANIFEST.replace(
                "name: db\nspec:\n  template:",
                "name: db\nspec:\n  replicas: 0\n  template:"
            )
        );
        let error = planned(&Change::Scale(vec![(Target::default(), 2)])).expect_err("several");
        assert_eq!(
            error.to_string(),
            "several workloads can be scaled: deployment/web, statefulset/db"
        );
    }

    #[test]
    fn images_are_read() {
        for text in ["app", "=x", "app=", "a//b=x", "a/b/c/d=x", "app=a b"] {
            assert!(Image::parse(text).is_err(), "{text}");
        }
        for (text, want) in [
            ("*=x:1", "Set image *=x:1"),
            ("sts/db/a=x", "Set image sts/db/a=x"),
        ] {
            assert_eq!(images(&[text]).describe(), want);
        }
    }
}
