//! `labels`, `commonLabels`, `commonAnnotations`

use serde_json::Value;

use super::super::config::{self, Config};
use super::super::field::{FieldSpec, Leaf};
use super::super::gather::Gathered;
use super::super::part::Part;
use super::super::resource::Resource;
use crate::diag::Error;

/// Entries that are set in maps.
pub(super) struct Pairs {
    pairs: Vec<(String, String)>,
    places: Vec<FieldSpec>,
}

/// The labels of objects themselves.
pub(in super::super) fn metadata() -> [FieldSpec; 1] {
    [FieldSpec::new("", "", "metadata/labels").creating()]
}

/// Sets entries in the maps of an object.
///
/// # Errors
/// Places that are no maps.
pub(in super::super) fn set(
    resource: &mut Resource,
    pairs: &[(String, String)],
    places: &[FieldSpec],
) -> Result<(), String> {
    if pairs.is_empty() {
        return Ok(());
    }
    for place in places {
        place.visit(&mut resource.value, Leaf::Map, &mut |value| {
            let Value::Object(map) = value else {
                return match value {
                    Value::Null => Ok(()),
                    _ => Err("wrong node kind: expected a map".to_owned()),
                };
            };
            for (key, text) in pairs {
                map.insert(key.clone(), Value::from(text.as_str()));
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl Pairs {
    pub(super) fn new(pairs: Vec<(String, String)>, places: Vec<FieldSpec>) -> Pairs {
        Pairs { pairs, places }
    }

    /// An entry of `labels`.
    ///
    /// # Errors
    /// Fields that there are not or of another type.
    pub(super) fn read(part: &Part<'_>, config: &Config) -> Result<Pairs, Error> {
        part.check(&["pairs", "includeSelectors", "includeTemplates", "fields"])?;
        let mut places = config::places(part, "fields")?;
        config::merge(&mut places, &config.labels);
        if part.flag("includeSelectors")? {
            config::merge(&mut places, &config.common_labels);
        } else {
            if part.flag("includeTemplates")? {
                config::merge(&mut places, &config.template_labels);
            }
            config::merge(&mut places, &metadata());
        }
        Ok(Pairs::new(part.pairs("pairs")?, places))
    }

    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), String> {
        gathered
            .resources
            .iter_mut()
            .try_for_each(|resource| set(resource, &self.pairs, &self.places))
    }
}
