//! Fields that somebody else has changed on a cluster since a release was brought there. Helm fails
//! where a field differs, whether the chart changed it or not; here each is looked at before anything
//! is changed.

use serde_json::Value;

use super::lifecycle::{Cluster, Operation};
use crate::backend::contest::{Contest, Contested, Path};
use crate::backend::{Backend, Conflicts, Event, Object, from_frozen};
use crate::diag::{Error, Kind};
use crate::release::ApplyMethod;

/// What becomes of fields that others have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// Where the chart wants what it wanted before, theirs stay and are told; where it wants something
    /// new, nothing is done at all.
    #[default]
    Drift,
    /// Nothing is done at all.
    Fail,
    /// Ours win.
    Take,
    /// Theirs stay.
    Keep,
}

impl Resolution {
    /// The values of `--conflicts`.
    pub const WORDS: [&str; 4] = ["drift", "fail", "take", "keep"];

    /// All of them, in the order of their words.
    const ALL: [Resolution; 4] = [
        Resolution::Drift,
        Resolution::Fail,
        Resolution::Take,
        Resolution::Keep,
    ];

    fn as_str(self) -> &'static str {
        Resolution::WORDS[self as usize]
    }

    /// Reads the value of `--conflicts`.
    ///
    /// # Errors
    /// A word that is none of [`Resolution::WORDS`].
    pub fn parse(word: &str) -> Result<Resolution, Error> {
        let known = Resolution::ALL.into_iter().find(|it| it.as_str() == word);
        known.ok_or_else(|| {
            let words = Resolution::WORDS.join(", ");
            let message = format!("invalid value {word:?} for --conflicts: must be one of {words}");
            Error::new(Kind::Usage, message)
        })
    }
}

/// What an operation goes from, and to.
pub(super) struct Sides<'a> {
    /// Objects as the last revision wanted them.
    pub(super) before: &'a [Object],
    /// Objects of others that are taken over.
    pub(super) adopted: &'a [Object],
    /// Objects as they are wanted now; what is kept is taken out of them.
    pub(super) wanted: &'a mut [Object],
}

/// Finds fields that others have changed, and settles what becomes of them; answers with how the server
/// is to be asked. Nothing but `wanted` changes.
///
/// # Errors
/// Fields that stop the operation, each explained, and whatever the cluster says.
pub(super) fn settle(
    sides: Sides<'_>,
    operation: &Operation,
    method: ApplyMethod,
    cluster: &Cluster<'_>,
) -> Result<Conflicts, Error> {
    let Some(resolution) = operation.resolution else {
        return Ok(operation.conflicts);
    };
    let Sides {
        before,
        adopted,
        wanted,
    } = sides;
    keep_scale(wanted, cluster)?;
    if method != ApplyMethod::Server {
        return match resolution {
            Resolution::Drift | Resolution::Take => Ok(operation.conflicts),
            Resolution::Fail | Resolution::Keep => Err(refuse_word(resolution)),
        };
    }
    let found = cluster.backend.contests(wanted, &cluster.context)?;
    let mut outcome = Outcome {
        takes: resolution == Resolution::Take,
        refusals: Vec::new(),
        lines: Vec::new(),
    };
    for contested in found {
        let object = &mut wanted[contested.at];
        let is_adopted = adopted.iter().any(|it| it.key.is_same(&object.key));
        let resolution = match is_adopted && operation.take_ownership {
            true => Resolution::Take,
            false => resolution,
        };
        // Of what is taken over nobody knows what it was wanted to be.
        let last = before
            .iter()
            .find(|it| !is_adopted && it.key.is_same(&object.key));
        outcome.settle(object, last, contested, resolution);
    }
    outcome.end(cluster)
}

/// Nobody says who set which field where changes are merged here.
fn refuse_word(resolution: Resolution) -> Error {
    let word = resolution.as_str();
    Error::new(
        Kind::Usage,
        format!("--conflicts={word} needs the server to merge: merged here, ours win"),
    )
    .with_hint("`--server-side=true` lets the server merge from now on.")
}

/// What was settled so far.
struct Outcome {
    takes: bool,
    refusals: Vec<(Error, Vec<String>)>,
    lines: Vec<String>,
}

impl Outcome {
    fn settle(
        &mut self,
        object: &mut Object,
        last: Option<&Object>,
        contested: Contested,
        resolution: Resolution,
    ) {
        let mut problems = Vec::new();
        for contest in &contested.contests {
            let values = Values {
                last: last.and_then(|last| contest.path.get(&last.body)),
                live: contest.path.get(&contested.live),
                wanted: contest.path.get(&object.body),
            };
            let is_drift = values.last.is_some() && values.last == values.wanted;
            let keeps = match resolution {
                Resolution::Keep => true,
                _ if is_scaled(contest) => true,
                Resolution::Drift => is_drift,
                Resolution::Take | Resolution::Fail => false,
            };
            let line = describe(object, contest, &values);
            if keeps {
                let left = contest.path.remove(&mut object.body);
                if left && !is_scaled(contest) {
                    self.lines.push(format!("{line} Theirs stays."));
                }
            } else if resolution == Resolution::Take {
                self.takes = true;
                self.lines.push(format!("{line} Ours wins."));
            } else {
                problems.push(line);
            }
        }
        if !problems.is_empty() {
            self.refusals.push((contested.refusal, problems));
        }
    }

    fn end(self, cluster: &Cluster<'_>) -> Result<Conflicts, Error> {
        if self.refusals.is_empty() {
            for line in self.lines {
                (cluster.context.events)(Event::Log(format!("{line}\n").into_bytes()));
            }
            return Ok(match self.takes {
                true => Conflicts::Take,
                false => Conflicts::Fail,
            });
        }
        let messages: Vec<&str> = self.refusals.iter().map(|it| it.0.message()).collect();
        let mut error = Error::new(Kind::Conflict, messages.join(" && "));
        for line in self.refusals.iter().flat_map(|(_, lines)| lines) {
            error = error.with_hint(line);
        }
        Err(error.with_hint(
            "Nothing was changed. `--conflicts=take` sets what the chart wants, `--conflicts=keep` leaves what is there.",
        ))
    }
}

/// What a field was, is, and shall be.
struct Values<'a> {
    last: Option<&'a Value>,
    live: Option<&'a Value>,
    wanted: Option<&'a Value>,
}

fn describe(object: &Object, contest: &Contest, values: &Values<'_>) -> String {
    let Contest { path, manager } = contest;
    let when = match manager.time.as_str() {
        "" => String::new(),
        time => format!(" at {time}"),
    };
    let through = match manager.subresource.as_str() {
        "" => String::new(),
        part => format!(" through {part}"),
    };
    let is_secret = object.key.kind == "Secret" && object.key.group.is_empty();
    let show = |value: Option<&Value>| match value {
        None => "nothing".to_owned(),
        Some(_) if is_secret => "a value that is not shown".to_owned(),
        Some(value) => short(value),
    };
    let wants = match values.last {
        Some(last) if Some(last) == values.wanted => {
            format!("the chart wants {}, as before", show(values.wanted))
        }
        Some(last) => format!(
            "the chart wanted {} before and {} now",
            show(Some(last)),
            show(values.wanted)
        ),
        None => format!("the chart wants {}", show(values.wanted)),
    };
    format!(
        "{}: {:?} set {path} to {}{through}{when}; {wants}.",
        object.key,
        manager.name,
        show(values.live)
    )
}

/// How much of a value is shown.
const SHOWN: usize = 80;

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Whether it is for an autoscaler to say how many there are: the one of Kubernetes itself writes
/// through the subresource `scale`, as a part of the controller manager.
fn is_scaled(contest: &Contest) -> bool {
    contest.path == Path::of(&["spec", "replicas"])
        && contest.manager.subresource == "scale"
        && contest.manager.name == "kube-controller-manager"
}

/// Leaves the number of replicas to autoscalers where there are any: what is there is what is wanted.
fn keep_scale(wanted: &mut [Object], cluster: &Cluster<'_>) -> Result<(), Error> {
    let workloads: Vec<usize> = (0..wanted.len())
        .filter(|at| wanted[*at].body["spec"]["replicas"].is_number())
        .collect();
    if workloads.is_empty() {
        return Ok(());
    }
    let mut targets: Vec<Target> = wanted.iter().filter_map(Target::of).collect();
    targets.extend(foreign_targets(wanted, &workloads, cluster.backend));
    for at in workloads {
        let object = &mut wanted[at];
        if !targets.iter().any(|target| target.is(object)) {
            continue;
        }
        let Some(live) = cluster.backend.get(object)? else {
            continue;
        };
        if let Some(now) = live["spec"]["replicas"].as_i64().filter(|now| *now > 0) {
            object.body["spec"]["replicas"] = Value::from(now);
        }
    }
    Ok(())
}

/// What an autoscaler scales.
struct Target {
    namespace: String,
    kind: String,
    name: String,
}

impl Target {
    fn of(object: &Object) -> Option<Target> {
        let is_one =
            object.key.group == "autoscaling" && object.key.kind == "HorizontalPodAutoscaler";
        is_one.then(|| Target::new(&object.key.namespace, &object.body))
    }

    fn new(namespace: &str, scaler: &Value) -> Target {
        let target = &scaler["spec"]["scaleTargetRef"];
        Target {
            namespace: namespace.to_owned(),
            kind: target["kind"].as_str().unwrap_or_default().to_owned(),
            name: target["name"].as_str().unwrap_or_default().to_owned(),
        }
    }

    fn is(&self, object: &Object) -> bool {
        self.namespace == object.key.namespace
            && self.kind == object.key.kind
            && self.name == object.key.name
    }
}

/// What autoscalers that are no part of the release scale. Where they cannot be asked for, nothing is
/// known of them.
fn foreign_targets(wanted: &[Object], workloads: &[usize], backend: &dyn Backend) -> Vec<Target> {
    let mut namespaces: Vec<&str> = workloads
        .iter()
        .map(|at| wanted[*at].key.namespace.as_str())
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let mut targets = Vec::new();
    for namespace in namespaces {
        let (version, kind) = ("autoscaling/v2", "HorizontalPodAutoscaler");
        let found = backend.look_up(version, kind, namespace, "", &mut Vec::new());
        let Ok(Some(list)) = found else {
            continue;
        };
        let list = from_frozen(&list);
        let scalers = list["items"].as_array().into_iter().flatten();
        targets.extend(scalers.map(|scaler| Target::new(namespace, scaler)));
    }
    targets
}
