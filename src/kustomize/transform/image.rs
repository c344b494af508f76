//! `images`

use serde_json::Value;

use super::super::field::{FieldSpec, Leaf};
use super::super::gather::Gathered;
use super::super::part::Part;
use crate::diag::Error;
use crate::go::regexp::Regexp;

/// A change of images of one name.
pub(super) struct Image {
    pattern: Regexp,
    new_name: String,
    new_tag: String,
    tag_suffix: String,
    digest: String,
    places: Vec<FieldSpec>,
}

impl Image {
    /// Reads an entry.
    ///
    /// # Errors
    /// Fields that there are not or of another type.
    pub(super) fn read(part: &Part<'_>, places: Vec<FieldSpec>) -> Result<Image, Error> {
        part.check(&["name", "newName", "newTag", "tagSuffix", "digest"])?;
        let name = part.text("name")?;
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        let pattern = Regexp::compile(pattern)
            .map_err(|error| part.fail(format!("the name {name:?} is no expression: {error}")))?;
        let mut new_tag = part.get("newTag").map(|tag| match tag.value {
            Value::Number(number) => Ok(number.to_string()),
            _ => tag.as_text(),
        });
        Ok(Image {
            pattern,
            new_name: part.text("newName")?,
            new_tag: new_tag.take().transpose()?.unwrap_or_default(),
            tag_suffix: part.text("tagSuffix")?,
            digest: part.text("digest")?,
            places,
        })
    }

    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), String> {
        for resource in &mut gathered.resources {
            if resource.kind() == "CustomResourceDefinition" {
                continue;
            }
            self.containers(&mut resource.value);
        }
        for resource in &mut gathered.resources {
            if resource.kind() == "CustomResourceDefinition" {
                continue;
            }
            for place in &self.places {
                place.visit(&mut resource.value, Leaf::Missing, &mut |value| {
                    match value {
                        Value::Object(_) | Value::Array(_) => {
                            return Err("wrong node kind: expected a scalar".to_owned());
                        }
                        _ => self.set(value),
                    }
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Images of containers, wherever those are.
    fn containers(&self, value: &mut Value) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.containers(item)),
            Value::Object(map) => {
                for (key, inner) in map.iter_mut() {
                    self.containers(inner);
                    if let ("containers" | "initContainers", Value::Array(items)) =
                        (key.as_str(), inner)
                    {
                        items
                            .iter_mut()
                            .filter_map(|item| item.get_mut("image"))
                            .for_each(|image| self.set(image));
                    }
                }
            }
            _ => {}
        });
    }

    fn set(&self, value: &mut Value) {
        if let Some(image) = value.as_str()
            && self.pattern.is_match(image)
        {
            *value = Value::from(self.changed(image));
        }
    }

    fn changed(&self, image: &str) -> String {
        let (mut name, mut tag, mut digest) = split(image);
        if !self.new_name.is_empty() {
            name = &self.new_name;
        }
        let suffixed = format!("{tag}{}", self.tag_suffix);
        match (self.new_tag.as_str(), self.digest.as_str()) {
            ("", "") if self.tag_suffix.is_empty() => {}
            ("", "") => (tag, digest) = (&suffixed, ""),
            (new_tag, new_digest) => (tag, digest) = (new_tag, new_digest),
        }
        let mut changed = name.to_owned();
        if !tag.is_empty() {
            changed.push(':');
            changed.push_str(tag);
        }
        if !digest.is_empty() {
            changed.push('@');
            changed.push_str(digest);
        }
        changed
    }
}

/// Name, tag and digest of an image.
fn split(image: &str) -> (&str, &str, &str) {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    // A colon before the first slash belongs to a port.
    let path = rest.find('/').unwrap_or(0);
    match rest[path..].find(':') {
        Some(at) => (&rest[..path + at], &rest[path + at + 1..], digest),
        None => (rest, "", digest),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn images_are_split() {
        for (image, want) in [
            ("nginx", ("nginx", "", "")),
            ("nginx:1.27", ("nginx", "1.27", "")),
            ("a:5000/b/c:1", ("a:5000/b/c", "1", "")),
            ("a:5000/b", ("a:5000/b", "", "")),
            ("a/b:1@sha256:00", ("a/b", "1", "sha256:00")),
            ("a@sha256:00", ("a", "", "sha256:00")),
        ] {
            assert_eq!(split(image), want, "{image}");
        }
    }
}
