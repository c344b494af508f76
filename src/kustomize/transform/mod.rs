//! What is done to gathered objects, in kustomize's order (`api/internal/builtins`, 0.20.1).

pub(super) mod file;
mod image;
pub(super) mod label;
mod name;
mod namespace;
mod patch;
pub(super) mod replacement;
mod replica;

use super::config::Config;
use super::folder::Folder;
use super::gather::Gathered;
use super::part::Part;
use crate::diag::{Error, Kind};

/// Something that is done to objects.
pub(super) struct Transformer {
    what: What,
    /// Where that is said.
    place: String,
}

enum What {
    Patch(patch::Patch),
    Namespace(namespace::Namespace),
    Prefix(name::Affix),
    Suffix(name::Affix),
    Label(label::Pairs),
    Replica(replica::Replica),
    Image(image::Image),
    Replacement(replacement::Replacement),
}

impl Transformer {
    fn new(what: What, part: &Part<'_>) -> Transformer {
        Transformer {
            what,
            place: part.place(),
        }
    }

    /// Does it to all objects that are meant.
    ///
    /// # Errors
    /// Why it cannot be done, with the place that wants it.
    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), Error> {
        match &self.what {
            What::Patch(patch) => patch.run(gathered),
            What::Namespace(namespace) => namespace.run(gathered),
            What::Prefix(affix) => affix.prefix(gathered),
            What::Suffix(affix) => affix.suffix(gathered),
            What::Label(pairs) => pairs.run(gathered),
            What::Replica(replica) => replica.run(gathered),
            What::Image(image) => image.run(gathered),
            What::Replacement(replacement) => replacement.run(gathered),
        }
        .map_err(|why| Error::new(Kind::Manifest, format!("{}: {why}", self.place)))
    }
}

/// What a kustomization wants to be done, in the order in which it is.
///
/// # Errors
/// Fields that there are not or of another type, files that cannot be read.
pub(super) fn of(
    root: &Part<'_>,
    folder: &Folder<'_>,
    config: &Config,
) -> Result<Vec<Transformer>, Error> {
    let mut found = Vec::new();
    let mut add = |what: What, part: &Part<'_>| found.push(Transformer::new(what, part));
    for item in root.items("patchesStrategicMerge")? {
        add(What::Patch(patch::Patch::strategic(&item, folder)?), &item);
    }
    for item in root.items("patches")? {
        add(What::Patch(patch::Patch::read(&item, folder)?), &item);
    }
    if let Some(part) = root.get("namespace") {
        let namespace = part.as_text()?;
        if !namespace.is_empty() {
            let namespace = namespace::Namespace::new(namespace, config.namespace.clone());
            add(What::Namespace(namespace), &part);
        }
    }
    for (name, places) in [
        ("namePrefix", &config.name_prefix),
        ("nameSuffix", &config.name_suffix),
    ] {
        let Some(part) = root.get(name) else { continue };
        let text = part.as_text()?;
        if text.is_empty() {
            continue;
        }
        let affix = name::Affix {
            text,
            places: places.clone(),
        };
        let what = match name {
            "namePrefix" => What::Prefix(affix),
            _ => What::Suffix(affix),
        };
        add(what, &part);
    }
    for item in root.items("labels")? {
        add(What::Label(label::Pairs::read(&item, config)?), &item);
    }
    for (name, places) in [
        ("commonLabels", &config.common_labels),
        ("commonAnnotations", &config.common_annotations),
    ] {
        if let Some(part) = root.get(name) {
            let pairs = label::Pairs::new(root.pairs(name)?, places.clone());
            add(What::Label(pairs), &part);
        }
    }
    for item in root.items("patchesJson6902")? {
        add(What::Patch(patch::Patch::steps(&item, folder)?), &item);
    }
    for item in root.items("replicas")? {
        let replica = replica::Replica::read(&item, config.replicas.clone())?;
        add(What::Replica(replica), &item);
    }
    for name in ["images", "imageTags"] {
        for item in root.items(name)? {
            let image = image::Image::read(&item, config.images.clone())?;
            add(What::Image(image), &item);
        }
    }
    for item in root.items("replacements")? {
        for replacement in replacement::read(&item, folder)? {
            add(What::Replacement(replacement), &item);
        }
    }
    Ok(found)
}
