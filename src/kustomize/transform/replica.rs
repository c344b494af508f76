//! `replicas`

use serde_json::Value;

use super::super::field::{FieldSpec, Leaf};
use super::super::gather::Gathered;
use super::super::part::Part;
use crate::diag::Error;

/// How many there are to be of an object.
pub(super) struct Replica {
    name: String,
    count: i64,
    places: Vec<FieldSpec>,
}

impl Replica {
    /// Reads an entry.
    ///
    /// # Errors
    /// Fields that there are not or of another type.
    pub(super) fn read(part: &Part<'_>, places: Vec<FieldSpec>) -> Result<Replica, Error> {
        part.check(&["name", "count"])?;
        Ok(Replica {
            name: part.text("name")?,
            count: part.number("count")?.unwrap_or_default(),
            places,
        })
    }

    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), String> {
        let mut is_found = false;
        for place in &self.places {
            for resource in &mut gathered.resources {
                let is_meant = resource
                    .ids()
                    .iter()
                    .any(|id| id.name == self.name && id.gvk.is_selected(&place.gvk));
                if !is_meant {
                    continue;
                }
                is_found = true;
                place.visit(&mut resource.value, Leaf::Scalar, &mut |value| {
                    *value = Value::from(self.count);
                    Ok(())
                })?;
            }
        }
        if is_found {
            return Ok(());
        }
        let kinds: Vec<String> = self.places.iter().map(|it| it.gvk.to_string()).collect();
        Err(format!(
            "resource with name {} does not match a config with the following GVK [{}]",
            self.name,
            kinds.join(" ")
        ))
    }
}
