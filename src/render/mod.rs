//! Helm's engine: charts and values in, rendered files and sorted manifests out.
//!
//! Pure: what is not in [`Input`] comes through the [`World`]. Behaviour of `pkg/engine` and
//! `pkg/release/v1/util`, Helm 4.2.4.

mod context;
mod engine;
mod error;
mod file;
mod function;
pub mod manifest;
pub mod notes;
pub mod postrender;
#[cfg(feature = "tera")]
mod tera;
#[cfg(not(feature = "tera"))]
#[path = "tera_absent.rs"]
mod tera;

use std::any::Any;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub use engine::Options;

use crate::chart::{Capabilities, Chart};
use crate::diag::{Error, Notice, Source};
use crate::template::{self, Environment, MissingKey, Parser, Set};
use crate::value::{FrozenMap, Text, Value};
use crate::world::World;
use context::{Renderable, is_partial};
use engine::Engine;

/// What a chart is rendered with.
pub struct Input<'a> {
    /// `.Release`
    pub release: Release<'a>,
    /// The root chart's values, coalesced, checked.
    pub values: &'a FrozenMap,
    /// `.Capabilities`
    pub capabilities: &'a Capabilities,
    /// Switches.
    pub options: Options,
}

/// `.Release`, as far as it varies.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// Name of the release.
    pub name: &'a str,
    /// Namespace of the release.
    pub namespace: &'a str,
    /// Revision, from 1.
    pub revision: i64,
    /// Whether `.Release.IsUpgrade` holds; `.Release.IsInstall` is its opposite,
    /// but where charts are linted, both are false.
    pub is_upgrade: bool,
}

/// The templates of a chart and of all charts in it, parsed: done once, rendered many times, from
/// any thread.
#[derive(Clone)]
pub struct Templates {
    set: Set,
    /// Full paths in the order of parsing and executing.
    order: Vec<Text>,
    /// Texts of the templates that are not Go's.
    tera: BTreeMap<Text, Source>,
    /// What was parsed: full paths and texts, as they were found.
    texts: Vec<(Text, Origin)>,
}

impl Templates {
    /// Parses all templates of `chart` (its dependencies processed): deepest paths first, ties in
    /// reverse order, so that a parent's `define` wins over a subchart's.
    ///
    /// # Errors
    /// The first template that does not parse, in Helm's words.
    pub fn parse(chart: &Chart) -> Result<Templates, Error> {
        let mut found = Vec::new();
        collect(chart, chart.name(), &mut found);
        let mut texts = found.clone();
        texts.sort_by_cached_key(|(path, _)| {
            let depth = memchr::memchr_iter(b'/', path).count();
            Reverse((depth, path.clone()))
        });
        let missing_key = MissingKey::Zero;
        let mut set = Set::new(
            &function::FUNCTIONS,
            template::Options {
                missing_key,
                ..template::Options::default()
            },
        );
        let mut parser = Parser::new(set.functions());
        let mut order = Vec::with_capacity(texts.len());
        let mut tera = BTreeMap::new();
        for (path, Origin { source, is_tera }) in texts {
            if is_tera {
                tera.insert(path.clone(), source);
                order.push(path);
                continue;
            }
            let parsed = parser.parse(source.name(), &source);
            set.add(&parsed.map_err(|parse| error::parse(source.name(), &parse))?);
            order.push(path);
        }
        Ok(Templates {
            set,
            order,
            tera,
            texts: found,
        })
    }

    /// Whether parsing those of `chart` would make the same.
    pub fn are_of(&self, chart: &Chart) -> bool {
        let mut found = Vec::with_capacity(self.texts.len());
        collect(chart, chart.name(), &mut found);
        let pairs = || self.texts.iter().zip(&found);
        self.texts.len() == found.len()
            && pairs().all(|((a, origin), (b, other))| a == b && origin.is(other))
    }

    /// Full paths in the order of executing: deep before shallow, then Z before A.
    pub fn order(&self) -> &[Text] {
        &self.order
    }
}

/// A template's text, and whether it is one of tera's.
#[derive(Clone)]
struct Origin {
    source: Source,
    is_tera: bool,
}

impl Origin {
    fn is(&self, other: &Origin) -> bool {
        let (own, others) = (self.source.bytes(), other.source.bytes());
        self.is_tera == other.is_tera && (std::ptr::eq(own, others) || own == others)
    }
}

fn collect(chart: &Chart, full_path: &str, found: &mut Vec<(Text, Origin)>) {
    for child in &chart.dependencies {
        collect(
            child,
            &format!("{full_path}/charts/{}", child.name()),
            found,
        );
    }
    for file in &chart.templates {
        if chart.metadata.is_library() && !is_partial(file.name.as_bytes()) {
            continue;
        }
        let path = format!("{full_path}/{}", file.name);
        let is_tera = is_tera(chart, &file.name);
        let source = Source::shared(path.as_str(), file.data.share());
        found.push((Text::from(path), Origin { source, is_tera }));
    }
}

/// Whether a template is written in Jinja's language: the chart says so by an annotation, since Helm
/// would read the file as a Go template.
fn is_tera(chart: &Chart, file: &str) -> bool {
    let annotations = chart.metadata.annotations.as_ref();
    let on = annotations.and_then(|annotations| annotations.get("pintle.dev/tera"));
    file.ends_with(".tera") && on.is_some_and(|on| on == "true")
}

/// Renders all templates that are not partials (base name `_*`). The result maps full paths
/// (`root/charts/sub/templates/x.yaml`) to texts, `NOTES.txt` and blank ones included.
///
/// # Errors
/// The first template that fails, in Helm's words, with the include chain as trail.
pub fn render(
    chart: &Chart,
    templates: &Templates,
    input: &Input<'_>,
    world: &dyn World,
    notices: &mut Vec<Notice>,
) -> Result<BTreeMap<Text, Text>, Error> {
    let contexts = context::build(chart, input);
    let mut set = templates.set.clone();
    if input.options.strict {
        set.set_missing_key(MissingKey::Error);
    }
    let engine = Engine::new(set.clone(), input.options);
    let environment = Environment {
        world,
        host: &engine as &dyn Any,
    };
    let mut rendered = BTreeMap::new();
    let mut result = Ok(());
    for path in templates.order.iter().filter(|path| !is_partial(path)) {
        let Some(Renderable { context, base_path }) = contexts.get(path) else {
            continue;
        };
        let about = Value::Map(crate::value::Map::new(
            &context::VALUES,
            BTreeMap::from([
                ("Name".into(), Value::String(path.clone())),
                ("BasePath".into(), Value::String(base_path.clone())),
            ]),
        ));
        context.insert("Template", about);
        if let Some(source) = templates.tera.get(path) {
            match tera::render(source, context) {
                Ok(text) => rendered.insert(path.clone(), text),
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            continue;
        }
        let name = path.to_str_lossy();
        let data = Value::Map(context.clone());
        match engine.collect(|out| set.execute(&name, &data, &environment, out)) {
            Ok(text) => rendered.insert(path.clone(), engine::without_no_value(text)),
            Err(exec) => {
                result = Err(error::exec(&name, &exec));
                break;
            }
        };
    }
    notices.append(&mut engine.take_notices());
    result.map(|()| rendered)
}

/// Renders a `--name-template`: Go's builtins and all of sprig, on nothing.
///
/// # Errors
/// Go's own words.
pub fn render_name(text: &str, world: &dyn World) -> Result<String, String> {
    const NAME: &str = "name-template";
    let mut set = Set::new(&function::NAME_FUNCTIONS, template::Options::default());
    set.parse(NAME, &Source::new(NAME, text))
        .map_err(|error| error.to_string())?;
    let environment = Environment { world, host: &() };
    let mut out = Vec::new();
    set.execute(NAME, &Value::Nil, &environment, &mut out)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{self, File};
    use crate::world::Real;

    /// Renders one template of a chart without values.
    fn render_text(template: &str) -> Result<String, String> {
        let file = |name: &str, text: &str| File {
            name: name.to_owned(),
            data: Text::from(text),
            modified: None,
        };
        let files = vec![
            file("Chart.yaml", "apiVersion: v2\nname: conf\nversion: 0.1.0\n"),
            file("templates/a.yaml", template),
        ];
        let mut notices = Vec::new();
        let chart = chart::load_files(files, &mut notices).map_err(|error| error.to_string())?;
        let input = Input {
            release: Release {
                name: "rel",
                namespace: "ns",
                revision: 1,
                is_upgrade: false,
            },
            values: &FrozenMap::new(),
            capabilities: &Capabilities::default(),
            options: Options::default(),
        };
        let rendered = Templates::parse(&chart)
            .and_then(|templates| render(&chart, &templates, &input, &Real::new(), &mut notices))
            .map_err(|error| error.to_string())?;
        Ok(rendered.values().map(ToString::to_string).collect())
    }

    /// Answers of Helm 4.2.4.
    #[test]
    fn names_of_releases_see_the_environment() {
        let variables = [("A".to_owned(), "x/y".to_owned())].into_iter().collect();
        let world = Real::new().with_variables(variables);
        for (template, want) in [
            (r#"{{ env "A" | base }}{{ env "B" }}"#, "y"),
            (r#"{{ expandenv "$A-${A}$B.$" }}"#, "x/y-x/y.$"),
            (r#"{{ expandenv "a${}b${A c$.d$$ ${*} $1" }}"#, "ab "),
        ] {
            assert_eq!(
                render_name(template, &world),
                Ok(want.to_owned()),
                "{template}"
            );
        }
        let error = render_text("{{ env `A` }}").unwrap_err();
        assert!(error.contains("function \"env\" not defined"), "{error}");
    }

    /// Answers of Helm 4.2.4.
    #[test]
    fn empty_texts_do_not_run_the_text_around_them() {
        for (template, want) in [
            (r#"{{ tpl "a{{ tpl \"{{/* x */}} \" . }}b" . }}"#, "a b"),
            (
                r#"{{ tpl "{{ define \"x\" }}X{{ end }}{{ include \"x\" . }}{{ tpl \"{{ define `y` }}{{ end }}\" . }}" . }}"#,
                "X",
            ),
        ] {
            assert_eq!(render_text(template), Ok(want.to_owned()), "{template}");
        }
    }
}
