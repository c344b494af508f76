//! `namePrefix` and `nameSuffix`

use serde_json::Value;

use super::super::field::{FieldSpec, Leaf};
use super::super::gather::Gathered;
use super::super::id::Gvk;
use super::super::resource::{Resource, scalar_text};

/// What is added to names.
pub(super) struct Affix {
    pub(super) text: String,
    pub(super) places: Vec<FieldSpec>,
}

/// Kinds whose names stay.
fn is_skipped(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

impl Affix {
    pub(super) fn prefix(&self, gathered: &mut Gathered) -> Result<(), String> {
        self.run(gathered, Side::Before)
    }

    pub(super) fn suffix(&self, gathered: &mut Gathered) -> Result<(), String> {
        self.run(gathered, Side::Behind)
    }

    fn run(&self, gathered: &mut Gathered, side: Side) -> Result<(), String> {
        if self.text.is_empty() {
            return Ok(());
        }
        gathered
            .resources
            .iter_mut()
            .try_for_each(|resource| self.change(resource, side))
    }

    fn change(&self, resource: &mut Resource, side: Side) -> Result<(), String> {
        let id = resource.original_id();
        if is_skipped(&id.gvk) {
            return Ok(());
        }
        for place in &self.places {
            if !id.gvk.is_selected(&place.gvk) {
                continue;
            }
            if place.path == "metadata/name" {
                let known = match side {
                    Side::Before => &mut resource.prefixes,
                    Side::Behind => &mut resource.suffixes,
                };
                known.push(self.text.clone());
                resource.remember();
            }
            place.visit(&mut resource.value, Leaf::Missing, &mut |value| {
                if let Some(name) = scalar_text(value) {
                    *value = Value::from(match side {
                        Side::Before => format!("{}{name}", self.text),
                        Side::Behind => format!("{name}{}", self.text),
                    });
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
