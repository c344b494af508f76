//! Where values come from: charts, layers and what they made go in, a place for each leaf comes
//! out.

use super::layer::{Layers, Part};
use super::{Arc, document};
use crate::chart::Chart;
use crate::chart::set::{self, Form};
use crate::diag::{Source, Span};
use crate::go::json;
use crate::value::{Frozen, FrozenMap, Origin, Origins, Path, Segment, Text};
use crate::yaml;

/// Says where each leaf of `values` was set: `values` are what [`super::coalesce`] made of `chart`
/// (processed) and `layers`.
///
/// Nothing of this is paid for by a render: texts are read again here, with places. A leaf that
/// cannot be traced has no entry.
pub fn trace(chart: &Chart, layers: &Layers, values: &FrozenMap) -> Origins {
    let user = layers.origins();
    let root = Scope::new(chart);
    let mut found = Origins::default();
    visit(
        &Path::default(),
        &Frozen::Map(Arc::new(values.clone())),
        &mut |path| {
            let origin = user
                .get(path)
                .cloned()
                .or_else(|| root.find(&path.0, &[], &user));
            if let Some(origin) = origin {
                found.set(path.clone(), origin);
            }
        },
    );
    found
}

impl Layers {
    /// Where each leaf of the user's values was set.
    pub fn origins(&self) -> Origins {
        let mut origins = Origins::default();
        for part in &self.parts {
            match part {
                Part::File(source) => add_source(source, &mut origins),
                Part::Flag(form, argument) => add_flag(*form, argument, &mut origins),
            }
        }
        origins
    }
}

/// A chart's defaults with their places, and those of the charts in it.
struct Scope<'a> {
    chart: &'a Chart,
    defaults: Origins,
    children: Vec<Scope<'a>>,
}

impl<'a> Scope<'a> {
    fn new(chart: &'a Chart) -> Scope<'a> {
        let mut defaults = Origins::default();
        if let Some(source) = &chart.values_source {
            add_source(source, &mut defaults);
        }
        let children = chart.dependencies.iter().map(Scope::new).collect();
        Scope {
            chart,
            defaults,
            children,
        }
    }

    /// The origin of the leaf at `path` of this chart's values; `way` leads to this chart from the
    /// root.
    fn find(&self, path: &[Segment], way: &[Segment], user: &Origins) -> Option<Origin> {
        if let Some(origin) = self.defaults.get(&Path(path.to_vec())) {
            return Some(origin.clone());
        }
        if let Some(origin) = self.find_imported(path, way, user) {
            return Some(origin);
        }
        let (Segment::Key(first), rest) = path.split_first()? else {
            return None;
        };
        let child = self
            .children
            .iter()
            .find(|child| child.chart.name().as_bytes() == first.as_bytes())?;
        let mut way = way.to_vec();
        way.push(Segment::Key(first.clone()));
        // Globals come down from the parents, which win.
        if matches!(rest.first(), Some(Segment::Key(key)) if *key == "global") {
            let outer = &way[..way.len() - 1];
            let from_user = Path(outer.iter().chain(rest).cloned().collect());
            let origin = user.get(&from_user).cloned();
            if let Some(origin) =
                origin.or_else(|| self.defaults.get(&Path(rest.to_vec())).cloned())
            {
                return Some(origin);
            }
        }
        child.find(rest, &way, user)
    }

    /// The origin of what `import-values` brought to `path`.
    fn find_imported(&self, path: &[Segment], way: &[Segment], user: &Origins) -> Option<Origin> {
        for dependency in &self.chart.metadata.dependencies {
            for import in &dependency.import_values {
                let text = |key: &str| import.get(key).and_then(Frozen::as_text);
                let (Some(from), Some(to)) = (text("child"), text("parent")) else {
                    continue;
                };
                let to = if *to == "." { Vec::new() } else { segments(to) };
                let Some(rest) = path.strip_prefix(&*to) else {
                    continue;
                };
                let mut inner = vec![Segment::Key(Text::from(&*dependency.name))];
                inner.extend(segments(from));
                inner.extend_from_slice(rest);
                // A path that leads to itself would never end.
                if inner.len() <= path.len() && inner == path {
                    continue;
                }
                let child = self
                    .children
                    .iter()
                    .find(|child| child.chart.name() == dependency.name);
                let origin = self.defaults.get(&Path(inner.clone())).cloned();
                let below = || {
                    let mut way = way.to_vec();
                    way.push(inner[0].clone());
                    child?.find(&inner[1..], &way, user)
                };
                if let Some(origin) = origin.or_else(below) {
                    return Some(origin);
                }
            }
        }
        None
    }
}

fn segments(path: &Text) -> Vec<Segment> {
    path.split(|byte| *byte == b'.')
        .map(|key| Segment::Key(Text::from(key)))
        .collect()
}

/// Notes the leaves of all documents of a values file, later ones over earlier ones.
fn add_source(source: &Source, origins: &mut Origins) {
    for (start, text) in document::split(source.bytes()).into_iter().flatten() {
        let part = Source::new(source.name(), text.as_ref());
        let Ok(tree) = yaml::parse(&part) else {
            continue;
        };
        let leaves = tree.leaves();
        let place = |span: &Span| Origin::File(source.place(start + span.start));
        set_all(
            leaves
                .iter()
                .map(|(path, span)| (path.clone(), place(span))),
            origins,
        );
    }
}

fn add_flag(form: Form, argument: &str, origins: &mut Origins) {
    let mut values = FrozenMap::new();
    if form == Form::Json && argument.trim().starts_with('{') {
        if let Ok(Frozen::Map(map)) = &mut json::decode(argument.trim().as_bytes()) {
            values = Arc::unwrap_or_clone(std::mem::take(map));
        }
    } else {
        // What was set before an error counts too.
        let _ = set::parse_into(form, argument, &mut values, &mut |_| Ok(Vec::new()));
    }
    let mut leaves = Vec::new();
    let origin = Origin::Flag {
        flag: form.flag(),
        argument: argument.to_owned(),
    };
    visit(
        &Path::default(),
        &Frozen::Map(Arc::new(values)),
        &mut |path| {
            leaves.push((path.clone(), origin.clone()));
        },
    );
    if form == Form::Json {
        set_all(leaves.into_iter(), origins);
        return;
    }
    // Flags set items of lists one by one.
    for (path, origin) in leaves {
        forget_above(&path, origins);
        origins.set(path, origin);
    }
}

/// Sets leaves of one layer: a list replaces the list of that path in the layers below.
fn set_all(leaves: impl Iterator<Item = (Path, Origin)>, origins: &mut Origins) {
    let mut list: Option<Path> = None;
    for (path, origin) in leaves {
        forget_above(&path, origins);
        match path
            .0
            .iter()
            .position(|segment| matches!(segment, Segment::Index(_)))
        {
            Some(index) => {
                let outer = Path(path.0[..index].to_vec());
                if list.as_ref() != Some(&outer) {
                    origins.remove(&outer);
                    list = Some(outer);
                }
            }
            None => list = None,
        }
        origins.set(path, origin);
    }
}

/// What was a leaf above `path` is none any more.
fn forget_above(path: &Path, origins: &mut Origins) {
    for length in 1..path.0.len() {
        let above = Path(path.0[..length].to_vec());
        if origins.get(&above).is_some() {
            origins.remove(&above);
        }
    }
}

/// Calls `found` for each leaf: a scalar, or a map or list that is empty.
fn visit(path: &Path, value: &Frozen, found: &mut dyn FnMut(&Path)) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Frozen::Map(map) if !map.is_empty() => {
            for (key, value) in &**map {
                visit(&path.key(key.clone()), value, found);
            }
        }
        Frozen::List(list) if !list.is_empty() => {
            for (index, value) in list.iter().enumerate() {
                visit(&path.index(index), value, found);
            }
        }
        _ => found(path),
    });
}
