//! Starters with tera: a starter and a chart's name go in, paths and texts come out.

use tera::{Context, Delimiters, Tera};

use super::Starter;
use crate::diag::{Error, Kind};

/// Paths and texts of a chart called `chart`.
///
/// # Errors
/// tera's, where a template is none.
pub(super) fn fill(starter: &Starter, chart: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let mut context = Context::new();
    context.insert("name", chart);
    context.insert("about", starter.about);
    context.insert("starter", starter.name);
    let delimiters = Delimiters {
        block_start: "<%".into(),
        block_end: "%>".into(),
        variable_start: "<<".into(),
        variable_end: ">>".into(),
        comment_start: "<#".into(),
        comment_end: "#>".into(),
    };
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&str>::new());
    let fail = |error: tera::Error| Error::new(Kind::Template, error.to_string());
    tera.set_delimiters(delimiters).map_err(fail)?;
    tera.add_raw_templates(starter.files.iter().copied())
        .map_err(fail)?;
    let files = starter.files.iter();
    files
        .map(|(path, _)| Ok((*path, tera.render(path, &context).map_err(fail)?)))
        .collect()
}
