//! Which objects a patch is for (`types.Selector`, 0.20.1): expressions for group, version, kind, name
//! and namespace, selectors of labels and annotations.

use super::config::gvk;
use super::id::{Gvk, Id};
use super::part::Part;
use super::resource::Resource;
use crate::diag::Error;
use crate::go::regexp::Regexp;
use crate::kubernetes::selector::Selector as Labels;

pub(super) const FIELDS: [&str; 7] = [
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "labelSelector",
    "annotationSelector",
];

/// Which objects are meant; what is empty means all.
pub(super) struct Selector {
    group: Option<Regexp>,
    version: Option<Regexp>,
    kind: Option<Regexp>,
    name: Option<Regexp>,
    namespace: Option<Regexp>,
    pub(super) marks: Marks,
}

/// Selectors of labels and annotations.
pub(super) struct Marks {
    labels: Labels,
    annotations: Labels,
    pub(super) is_empty: bool,
}

impl Marks {
    /// Reads them off a selector.
    ///
    /// # Errors
    /// Selectors that are none.
    pub(super) fn read(part: &Part<'_>) -> Result<Marks, Error> {
        let labels = part.text("labelSelector")?;
        let annotations = part.text("annotationSelector")?;
        let parse = |name: &str, text: &str| {
            Labels::parse(text)
                .map_err(|error| part.get(name).unwrap_or_else(|| part.clone()).fail(error))
        };
        Ok(Marks {
            is_empty: labels.is_empty() && annotations.is_empty(),
            labels: parse("labelSelector", &labels)?,
            annotations: parse("annotationSelector", &annotations)?,
        })
    }

    pub(super) fn match_all(&self, resource: &Resource) -> bool {
        let is = |selector: &Labels, found: &[(String, String)]| {
            selector.matches(|name| {
                let found = found.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.as_str())
            })
        };
        is(&self.labels, &resource.labels()) && is(&self.annotations, &resource.annotations())
    }
}

impl Selector {
    /// Reads one.
    ///
    /// # Errors
    /// Fields that there are not, expressions and selectors that are none.
    pub(super) fn read(part: &Part<'_>) -> Result<Selector, Error> {
        part.check(&FIELDS)?;
        let expression = |name: &str| -> Result<Option<Regexp>, Error> {
            let text = part.text(name)?;
            if text.is_empty() {
                return Ok(None);
            }
            let compiled = Regexp::compile(format!("^(?:{text})$"));
            compiled.map(Some).map_err(|error| {
                let part = part.get(name).unwrap_or_else(|| part.clone());
                part.fail(format!("{name} is no regular expression: {error}"))
            })
        };
        Ok(Selector {
            group: expression("group")?,
            version: expression("version")?,
            kind: expression("kind")?,
            name: expression("name")?,
            namespace: expression("namespace")?,
            marks: Marks::read(part)?,
        })
    }

    /// Whether an object is meant, by what it is called or was called first.
    pub(super) fn is_match(&self, resource: &Resource) -> bool {
        let is = |wanted: &Option<Regexp>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.is_match(text))
        };
        let (now, first) = (resource.id(), resource.original_id());
        (is(&self.namespace, first.effective_namespace())
            || is(&self.namespace, now.effective_namespace()))
            && (is(&self.name, &first.name) || is(&self.name, &now.name))
            && is(&self.group, &now.gvk.group)
            && is(&self.version, &now.gvk.version)
            && is(&self.kind, &now.gvk.kind)
            && self.marks.match_all(resource)
    }
}

/// A selector of exact words, as replacements and variables have them.
///
/// # Errors
/// Words that are no texts.
pub(super) fn exact(part: &Part<'_>) -> Result<Id, Error> {
    let mut gvk: Gvk = gvk(part)?;
    let api_version = part.text("apiVersion")?;
    if !api_version.is_empty() {
        gvk = Gvk::new(&api_version, &gvk.kind);
    }
    Ok(Id {
        gvk,
        name: part.text("name")?,
        namespace: part.text("namespace")?,
    })
}
