//! From a chart's path to what its templates are rendered with, for all actions that render
//! (`pkg/action/install.go`, Helm 4.2.4).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::dependency::Manager;
use super::explain;
use super::implied;
use super::shelf::Book;
use super::source::Source;
use crate::backend::Backend;
use crate::chart::values::Layers;
use crate::chart::{self, Capabilities, Chart, KubeVersion, dependency, schema, values};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::path;
use crate::go::time::{Time, Zone};
use crate::release::store::SYSTEM_LABELS;
use crate::render::postrender::{self, PostRenderer};
use crate::render::{self, Input, Templates, notes};
use crate::value::{Frozen, FrozenMap, Text};
use crate::world::World;

/// What an action reaches outside of its options.
pub struct Surroundings<'a> {
    /// Clock, randomness, look-ups.
    pub world: &'a dyn World,
    /// Reads values files, standard input, URLs.
    pub files: &'a mut dyn values::Files,
    /// Fetches schemas that others refer to.
    pub remote: &'a dyn schema::Remote,
    /// Set where a cluster is to be asked, or changed.
    pub backend: Option<&'a dyn Backend>,
    /// Changes manifests after rendering.
    pub post_renderer: Option<&'a PostRenderer<'a>>,
}

/// What names a release.
pub(super) struct Naming<'a> {
    /// `[NAME] CHART`, as typed.
    pub(super) arguments: &'a [String],
    /// Make a name of the chart's and the time.
    pub(super) generate: bool,
    /// A template that makes the name.
    pub(super) template: &'a str,
    /// The name where none is given.
    pub(super) fallback: Option<&'a str>,
}

impl<'a> Naming<'a> {
    /// The release's name and the chart's reference (Go: `Install.NameAndChart`).
    ///
    /// # Errors
    /// Too few or too many ways to a name, and templates that fail.
    pub(super) fn name_and_chart(&self, world: &dyn World) -> Result<(String, &'a str), Error> {
        let fail = |message: &str| Err(Error::new(Kind::Usage, message));
        match self.arguments {
            [] => fail("a chart is required"),
            [chart] if !self.template.is_empty() => {
                let name = render::render_name(self.template, world)
                    .map_err(|message| Error::new(Kind::Usage, message))?;
                Ok((name, chart))
            }
            [chart] => match self.fallback {
                Some(name) => Ok((name.to_owned(), chart)),
                None if self.generate => Ok((generated_name(chart, world), chart)),
                None => fail("must either provide a name or specify --generate-name"),
            },
            [_, _] if self.generate => fail("cannot set --generate-name and also specify a name"),
            [_, _] if !self.template.is_empty() => {
                fail("cannot set --name-template and also specify a name")
            }
            [name, chart] => Ok((name.clone(), chart)),
            [_, _, rest @ ..] => fail(&format!(
                "expected at most two arguments, unexpected arguments: {}",
                rest.join(", ")
            )),
        }
    }
}

/// The last part of the chart's reference, up to its first dot, and the time.
fn generated_name(chart: &str, world: &dyn World) -> String {
    let base = match path::base(chart.as_bytes()) {
        b"." | b"" => "chart".into(),
        base => String::from_utf8_lossy(base),
    };
    let base = base.split('.').next().unwrap_or_default();
    let seconds = Time::from_system(world.now(), Zone::Utc).seconds();
    format!("{base}-{seconds}")
}

/// What a release is to be made of.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    /// The chart, as typed.
    pub(super) chart: &'a str,
    pub(super) source: &'a Source,
    /// Fetch dependencies that are missing.
    pub(super) dependency_update: bool,
    pub(super) namespace: &'a str,
    pub(super) values: &'a values::Options,
    /// Kubernetes version to render for, where it is not the default.
    pub(super) kube_version: Option<KubeVersion>,
    /// API versions to add to the default ones.
    pub(super) api_versions: &'a [String],
    pub(super) labels: &'a [(String, String)],
    /// Number of the revision, from 1.
    pub(super) revision: i64,
    /// What templates see as `.Release.IsUpgrade`.
    pub(super) is_upgrade: bool,
    /// Who wants it.
    pub(super) verb: Verb,
    /// Leave the charts' CRDs out.
    pub(super) skip_crds: bool,
    pub(super) skip_schema_validation: bool,
    pub(super) enable_dns: bool,
    /// Parsed templates are left to the system.
    pub(super) ends_process: bool,
}

/// The action that a release is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// `install`, or `template`, which does as that does.
    Install,
    /// `upgrade`, which does not look at the kind of chart and looks at labels later, as Helm's.
    Upgrade,
}

/// A chart with the values it is rendered with.
pub(super) struct Prepared<'a> {
    pub(super) chart: Chart,
    wanted: Wanted<'a>,
    layers: Layers,
    user_values: FrozenMap,
    coalesced: FrozenMap,
    capabilities: Capabilities,
    book: Option<Arc<Book>>,
}

/// Tells a log which version is wanted.
pub(super) fn log_version(source: &Source, notices: &mut Vec<Notice>) {
    notices
        .push(Notice::new(Level::Debug, "Original chart version").with("version", &source.version));
    source.log_devel(notices);
}

/// A chart and what the user set, read and not yet put together.
pub(super) struct Loaded {
    pub(super) chart: Chart,
    pub(super) layers: Layers,
    /// What others made of the chart.
    book: Option<Arc<Book>>,
}

/// Reads values and the chart. Words about what is fetched are added to `out`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn load(
    wanted: &Wanted<'_>,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Loaded, Error> {
    let (source, values) = (wanted.source, wanted.values);
    if let Some(chart) = implied::read(wanted.chart, source, values, around, notices)? {
        let layers = values::layer(values, around.files)?;
        return Ok(Loaded {
            chart,
            layers,
            book: None,
        });
    }
    let path = wanted.source.locate(wanted.chart, out, notices)?;
    notices.push(Notice::new(Level::Debug, "Chart path").with("path", &path));
    let layers = values::layer(wanted.values, around.files)?;
    let (mut chart, book) = match &wanted.source.shelf {
        Some(shelf) => {
            let (chart, book) = shelf.load(&path, notices)?;
            (chart, Some(book))
        }
        None => (chart::load(&path, notices)?, None),
    };
    if wanted.verb == Verb::Install {
        check_installable(&chart)?;
    }
    if let Err(missing) = dependency::check(&chart) {
        if chart.metadata.deprecated {
            notices.push(deprecated());
        }
        if !wanted.dependency_update {
            return Err(missing);
        }
        chart = complete(&path, wanted.source, around.world, out, notices)?;
    } else if chart.metadata.deprecated {
        notices.push(deprecated());
    }
    Ok(Loaded {
        chart,
        layers,
        book,
    })
}

/// Reads values and the chart, and checks all that is checked before anything is rendered. Words
/// about what is fetched are added to `out`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn prepare<'a>(
    wanted: Wanted<'a>,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Prepared<'a>, Error> {
    let mut loaded = load(&wanted, around, out, notices)?;
    reach(around, notices)?;
    check_release_name(wanted.name, notices)?;
    loaded.process(notices)?;
    if around.backend.is_some() && !wanted.skip_crds && !loaded.chart.crds().is_empty() {
        notices.push(inaccurate());
    }
    let capabilities = capabilities(&wanted, around, notices)?;
    loaded.settle(wanted, None, capabilities, around, notices)
}

/// What is said of a chart with CRDs where they are not installed before it is rendered.
pub(super) fn inaccurate() -> Notice {
    const INACCURATE: &str = "This chart or one of its subcharts contains CRDs. Rendering may fail or contain inaccuracies.";
    Notice::new(Level::Warn, INACCURATE)
}

/// A world whose objects are those of the cluster that is asked.
struct Looking<'a> {
    world: &'a dyn World,
    backend: Option<&'a dyn Backend>,
    notices: Mutex<Vec<Notice>>,
}

impl<'a> Looking<'a> {
    fn of(around: &Surroundings<'a>) -> Looking<'a> {
        Looking {
            world: around.world,
            backend: around.backend,
            notices: Mutex::default(),
        }
    }

    /// Moves what was noticed while looking to `notices`.
    fn tell(self, notices: &mut Vec<Notice>) {
        let mut noticed = self
            .notices
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        notices.append(&mut noticed);
    }
}

impl World for Looking<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.world.variable(name)
    }

    fn now(&self) -> SystemTime {
        self.world.now()
    }

    fn time_zone(&self) -> String {
        self.world.time_zone()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.world.fill_random(bytes);
    }

    fn resolve_host(&self, name: &str) -> Vec<String> {
        self.world.resolve_host(name)
    }

    fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Frozen>, String> {
        match self.backend {
            Some(backend) => {
                let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
                backend.look_up(api_version, kind, namespace, name, &mut notices)
            }
            None => self.world.look_up(api_version, kind, namespace, name),
        }
    }
}

/// Whether there is a cluster, where one is to be asked.
///
/// # Errors
/// Helm's line that says why there is none.
pub(super) fn reach(around: &Surroundings<'_>, notices: &mut Vec<Notice>) -> Result<(), Error> {
    let Some(backend) = around.backend else {
        return Ok(());
    };
    backend.reach().map_err(|error| {
        let error = error.wrap("cluster reachability check failed");
        notices.push(Notice::new(Level::Error, error.to_string()));
        error
    })
}

/// What the cluster can do, or what is assumed and said where none is asked.
///
/// # Errors
/// Whatever the cluster says.
pub(super) fn capabilities(
    wanted: &Wanted<'_>,
    around: &Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Capabilities, Error> {
    if let Some(backend) = around.backend {
        if !wanted.api_versions.is_empty() {
            const IGNORED: &str =
                "API Version list given outside of client only mode, this list will be ignored";
            notices.push(Notice::new(Level::Debug, IGNORED));
        }
        return backend.capabilities();
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = &wanted.kube_version {
        capabilities.kube_version = version.clone();
    }
    capabilities
        .api_versions
        .extend(wanted.api_versions.iter().cloned());
    Ok(capabilities)
}

impl Loaded {
    /// Switches and renames dependencies as the user's values want it.
    ///
    /// # Errors
    /// Helm's line for whatever failed first.
    pub(super) fn process(&mut self, notices: &mut Vec<Notice>) -> Result<(), Error> {
        dependency::process(&mut self.chart, self.layers.values(), notices).map_err(|error| {
            const FAILED: &str = "chart dependencies processing failed";
            notices.push(Notice::new(Level::Error, FAILED).with("error", &error));
            error.wrap(FAILED)
        })
    }

    /// As [`Loaded::process`] by other values, in the plain words of an upgrade.
    ///
    /// # Errors
    /// Helm's line for whatever failed first.
    pub(super) fn process_with(
        &mut self,
        values: &FrozenMap,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        dependency::process(&mut self.chart, values, notices)
    }

    /// Puts values and defaults together, and checks them; `values` are the user's where they are
    /// not those that were read.
    ///
    /// # Errors
    /// Helm's line for whatever failed first.
    pub(super) fn settle<'a>(
        self,
        wanted: Wanted<'a>,
        values: Option<FrozenMap>,
        capabilities: Capabilities,
        around: &mut Surroundings<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Prepared<'a>, Error> {
        let Loaded {
            chart,
            layers,
            book,
        } = self;
        let user_values = values.unwrap_or_else(|| layers.values().clone());
        let coalesced = values::coalesce(&chart, &user_values, notices)?;
        if !wanted.skip_schema_validation {
            schema::validate(&chart, &coalesced, around.remote, notices)
                .map_err(|invalid| explain::schema(invalid, &chart, &layers, &coalesced))?;
        }
        if wanted.verb == Verb::Install {
            check_labels(wanted.labels)?;
        }
        Ok(Prepared {
            chart,
            wanted,
            layers,
            user_values,
            coalesced,
            capabilities,
            book,
        })
    }
}

/// Fetches the dependencies of the chart in the folder `path`, and reads it again.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn complete(
    path: &str,
    source: &Source,
    world: &dyn World,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Chart, Error> {
    Manager::of(path.to_owned(), source, world).update(out, notices)?;
    chart::load(path, notices)
        .map_err(|error| error.wrap("failed reloading chart after repo update"))
}

/// What templates made.
pub(super) struct Rendered {
    /// Paths and texts.
    pub(super) files: BTreeMap<Text, Text>,
    /// What `NOTES.txt` says.
    pub(super) notes: Vec<u8>,
    /// Paths in the order of executing.
    pub(super) order: Vec<Text>,
}

impl Prepared<'_> {
    /// Name of the release.
    pub(super) fn name(&self) -> &str {
        self.wanted.name
    }

    /// Namespace of the release.
    pub(super) fn namespace(&self) -> &str {
        self.wanted.namespace
    }

    /// What the user set.
    pub(super) fn user_values(&self) -> &FrozenMap {
        &self.user_values
    }

    /// Renders the chart's files (Go: the first half of `renderResources`).
    ///
    /// # Errors
    /// A cluster that is too old or too new, and whatever template fails first.
    pub(super) fn render(
        &self,
        subcharts: notes::Subcharts,
        around: &Surroundings<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Rendered, Error> {
        check_kube_version(&self.chart, &self.capabilities)?;
        let input = Input {
            release: render::Release {
                name: self.wanted.name,
                namespace: self.wanted.namespace,
                revision: self.wanted.revision,
                is_upgrade: self.wanted.is_upgrade,
            },
            values: &self.coalesced,
            capabilities: &self.capabilities,
            options: render::Options {
                enable_dns: self.wanted.enable_dns,
                ..Default::default()
            },
        };
        let templates = match &self.book {
            Some(book) => book.templates(&self.chart)?,
            None => Arc::new(Templates::parse(&self.chart)?),
        };
        if self.wanted.ends_process {
            // Taking trees apart costs a tenth of the run.
            std::mem::forget(Arc::clone(&templates));
        }
        let looking = Looking::of(around);
        let files = render::render(&self.chart, &templates, &input, &looking, notices);
        looking.tell(notices);
        let mut files = files?;
        let notes = notes::take(&mut files, self.chart.name(), subcharts);
        let mut order = templates.order().to_vec();
        if let Some(renderer) = around.post_renderer {
            files = postrender::apply(&files, renderer)?;
            order = files.keys().cloned().collect();
        }
        Ok(Rendered {
            files,
            notes,
            order,
        })
    }

    /// Adds to an error of [`Prepared::render`] where the values concerned were set.
    pub(super) fn explain(&self, error: Error) -> Error {
        explain::failure(error, &self.chart, &self.layers, &self.coalesced)
    }
}

/// What is said of charts that should no longer be used.
pub(super) fn deprecated() -> Notice {
    Notice::new(Level::Warn, "this chart is deprecated")
}

fn check_installable(chart: &Chart) -> Result<(), Error> {
    match chart.metadata.chart_type.as_str() {
        "" | "application" => Ok(()),
        other => Err(Error::new(
            Kind::Chart,
            format!("{other} charts are not installable"),
        )),
    }
}

/// Go: `chartutil.ValidateReleaseName`, as actions on a release that is there report it: `words`, and
/// the name.
///
/// # Errors
/// A name that no release can have.
pub(super) fn check_known_name(name: &str, words: &str) -> Result<(), Error> {
    validate_release_name(name).map_err(|invalid| invalid.with_message(format!("{words}: {name}")))
}

/// Go: `chartutil.ValidateReleaseName`, as `Install.availableName` reports it.
pub(super) fn check_release_name(name: &str, notices: &mut Vec<Notice>) -> Result<(), Error> {
    validate_release_name(name).map_err(|invalid| {
        let quoted = crate::go::strconv::quote(name.as_bytes());
        refuse_name(invalid.wrap(format!("release name {quoted}")), notices)
    })
}

/// How an install says that a name cannot be used.
pub(super) fn refuse_name(error: Error, notices: &mut Vec<Notice>) -> Error {
    const FAILED: &str = "release name check failed";
    notices.push(Notice::new(Level::Error, FAILED).with("error", &error));
    error.wrap(FAILED)
}

/// Whether a release can have this name (`chartutil.ValidateReleaseName`).
///
/// # Errors
/// Helm's line that says what a name looks like.
fn validate_release_name(name: &str) -> Result<(), Error> {
    let invalid = if name.is_empty() {
        "no name provided"
    } else if name.len() > 53 || !is_release_name(name) {
        "invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ \
         and the length must not be longer than 53"
    } else {
        return Ok(());
    };
    Err(Error::new(Kind::Usage, invalid))
}

fn is_release_name(name: &str) -> bool {
    name.split('.').all(|label| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty()
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), Error> {
    let wanted = &chart.metadata.kube_version;
    // A cluster tells its version in one form only.
    let version = match capabilities.kube_version.normalized.as_str() {
        "" => &capabilities.kube_version.version,
        normalized => normalized,
    };
    if wanted.is_empty() || dependency::is_compatible(wanted, version) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Chart,
        format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
            capabilities.kube_version.version
        ),
    ))
}

/// Whether labels are not those of records themselves.
///
/// # Errors
/// Helm's line that names those.
pub(super) fn check_labels(labels: &[(String, String)]) -> Result<(), Error> {
    if labels
        .iter()
        .any(|(name, _)| SYSTEM_LABELS.contains(&name.as_str()))
    {
        let message = format!(
            "user supplied labels contains system reserved label name. System labels: [{}]",
            SYSTEM_LABELS.join(" ")
        );
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(())
}
