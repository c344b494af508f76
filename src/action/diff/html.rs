//! Differences as a page that stands alone: no script or style is fetched from anywhere.

use serde::Serialize;
use tera::{Context, Tera};

use super::report::{Difference, Report};
use super::view::{Body, Layout, Mark, View, headline, remarks, summary, title};
use crate::backend::Fate;
use crate::diag::{Error, Kind};

const NAME: &str = "diff.html";
const TEMPLATE: &str = include_str!("page.html");

#[derive(Serialize)]
struct Section {
    title: &'static str,
    objects: Vec<Object>,
}

#[derive(Serialize)]
struct Object {
    class: &'static str,
    sign: &'static str,
    title: String,
    verb: &'static str,
    remarks: Vec<String>,
    is_refused: bool,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    path: String,
    note: String,
    moments: Vec<Moment>,
    has_pair: bool,
    before: Option<String>,
    after: Option<String>,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Moment {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Line {
    class: &'static str,
    sign: &'static str,
    text: String,
}

/// A report as an HTML page.
///
/// # Errors
/// A template that fails, which is a defect.
pub fn render(report: &Report, layout: &Layout) -> Result<String, Error> {
    let section = |title, differences: &[Difference]| {
        let told = differences.iter().filter(|it| is_told(it));
        let objects: Vec<Object> = told.map(|it| object(it, report, layout)).collect();
        (!objects.is_empty()).then_some(Section { title, objects })
    };
    let sections = [
        section("Objects", &report.objects),
        section("Hooks", &report.hooks),
    ];
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    let unchanged: Vec<String> = report
        .objects
        .iter()
        .filter(|it| !is_told(it))
        .map(title)
        .collect();
    let mut context = Context::new();
    context.insert("headline", &headline(report));
    context.insert("release", &report.release);
    context.insert("summary", &summary(report));
    context.insert("sections", &sections);
    context.insert("unchanged", &unchanged);
    let mut tera = Tera::default();
    tera.autoescape_on(vec![".html"]);
    let rendered = tera
        .add_raw_template(NAME, TEMPLATE)
        .and_then(|()| tera.render(NAME, &context));
    rendered.map_err(|error| Error::new(Kind::Template, error.to_string()))
}

fn is_told(difference: &Difference) -> bool {
    difference.is_change() || difference.fate == Fate::Keep || difference.refusal.is_some()
}

fn object(difference: &Difference, report: &Report, layout: &Layout) -> Object {
    let (class, sign) = match difference.fate {
        Fate::Create => ("create", "+"),
        Fate::Change => ("change", "~"),
        Fate::Replace => ("change", "±"),
        Fate::Delete => ("delete", "−"),
        Fate::Keep | Fate::Nothing => ("keep", "="),
    };
    let shows = !difference.is_hidden && difference.fate != Fate::Delete;
    let fields = difference.fields.iter().filter(|_| shows);
    Object {
        class,
        sign,
        title: title(difference),
        verb: difference.fate.as_str(),
        remarks: remarks(difference, &report.subject),
        is_refused: difference.refusal.is_some(),
        fields: fields.map(|field| view(View::of(field, layout))).collect(),
    }
}

fn view(view: View) -> Field {
    let View {
        path,
        note,
        moments,
        body,
    } = view;
    let moments: Vec<Moment> = moments
        .into_iter()
        .map(|(name, value)| Moment { name, value })
        .collect();
    let mut field = Field {
        path,
        note,
        moments,
        has_pair: false,
        before: None,
        after: None,
        lines: Vec::new(),
    };
    match body {
        _ if !field.moments.is_empty() => {}
        Body::Pair { before, after } => {
            field.has_pair = true;
            field.before = before;
            field.after = after;
        }
        Body::Lines(lines) => {
            let line = |(mark, text)| {
                let (class, sign) = match mark {
                    Mark::Same => ("same", " "),
                    Mark::Add => ("add", "+"),
                    Mark::Remove => ("remove", "-"),
                    Mark::Gap => ("gap", "…"),
                };
                Line { class, sign, text }
            };
            field.lines = lines.into_iter().map(line).collect();
        }
    }
    field
}
