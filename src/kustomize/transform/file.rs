//! Transformers of kustomize itself that are configured by files (`transformers`).

use super::super::config;
use super::super::folder::Folder;
use super::super::part::Part;
use super::super::resource::Resource;
use super::image::Image;
use super::label::Pairs;
use super::name::Affix;
use super::namespace::{Namespace, Subjects};
use super::patch::Patch;
use super::replica::Replica;
use super::{Transformer, What, replacement};
use crate::diag::Error;

const HEAD: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Reads the configuration of a transformer.
///
/// # Errors
/// A transformer that is not one of kustomize's own, by its name; what is wrong in its configuration.
pub(in super::super) fn read(
    part: &Part<'_>,
    folder: &Folder<'_>,
) -> Result<Vec<Transformer>, Error> {
    let kind = part.text("kind")?;
    let check = |fields: &[&str]| part.check(&[&HEAD[..], fields].concat());
    let inner = |name: &str| {
        part.get(name)
            .ok_or_else(|| part.fail(format!("{kind} has no {name}")))
    };
    let places = || config::places(part, "fieldSpecs");
    let what = match kind.as_str() {
        "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
            check(&["prefix", "suffix", "fieldSpecs"])?;
            let affix = |name: &str| -> Result<Affix, Error> {
                Ok(Affix {
                    text: part.text(name)?,
                    places: places()?,
                })
            };
            let mut found = Vec::new();
            if kind != "SuffixTransformer" {
                found.push(What::Prefix(affix("prefix")?));
            }
            if kind != "PrefixTransformer" {
                found.push(What::Suffix(affix("suffix")?));
            }
            found
        }
        "NamespaceTransformer" => {
            check(&["fieldSpecs", "unsetOnly", "setRoleBindingSubjects"])?;
            let name = match part.get("metadata") {
                Some(metadata) => metadata.text("namespace")?,
                None => String::new(),
            };
            if name.is_empty() {
                return Ok(Vec::new());
            }
            let subjects = match part.text("setRoleBindingSubjects")?.as_str() {
                "" | "defaultOnly" => Subjects::Default,
                "allServiceAccounts" => Subjects::Accounts,
                "none" => Subjects::None,
                other => {
                    return Err(part.fail(format!(
                        "invalid value {other:?} for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \"allServiceAccounts\""
                    )));
                }
            };
            let mut namespace = Namespace::new(name, places()?);
            namespace.subjects = subjects;
            namespace.unset_only = part.flag("unsetOnly")?;
            vec![What::Namespace(namespace)]
        }
        "LabelTransformer" => {
            check(&["labels", "fieldSpecs"])?;
            vec![What::Label(Pairs::new(part.pairs("labels")?, places()?))]
        }
        "AnnotationsTransformer" => {
            check(&["annotations", "fieldSpecs"])?;
            vec![What::Label(Pairs::new(
                part.pairs("annotations")?,
                places()?,
            ))]
        }
        "PatchTransformer" => {
            check(&["path", "patch", "target", "options"])?;
            vec![What::Patch(Patch::of(part, folder, "patch")?)]
        }
        "PatchJson6902Transformer" => {
            check(&["path", "jsonOp", "target"])?;
            vec![What::Patch(Patch::of(part, folder, "jsonOp")?)]
        }
        "PatchStrategicMergeTransformer" => {
            check(&["paths", "patches"])?;
            let mut found = Vec::new();
            for path in part.items("paths")? {
                found.push(What::Patch(Patch::strategic(&path, folder)?));
            }
            let text = part.text("patches")?;
            if !text.is_empty() {
                let patches = Resource::read(text.as_bytes()).map_err(|why| part.fail(why))?;
                found.push(What::Patch(Patch::merging(patches)));
            }
            found
        }
        "ImageTagTransformer" => {
            check(&["imageTag", "fieldSpecs"])?;
            vec![What::Image(Image::read(&inner("imageTag")?, places()?)?)]
        }
        "ReplicaCountTransformer" => {
            check(&["replica", "fieldSpecs"])?;
            vec![What::Replica(Replica::read(&inner("replica")?, places()?)?)]
        }
        "ReplacementTransformer" => {
            check(&["replacements"])?;
            let mut found = Vec::new();
            for item in part.items("replacements")? {
                found.extend(
                    replacement::read(&item, folder)?
                        .into_iter()
                        .map(What::Replacement),
                );
            }
            found
        }
        other => {
            return Err(part.unsupported(format!(
                "the transformer {other:?} is not supported: only kustomize's own are, such as PatchTransformer"
            )));
        }
    };
    Ok(what
        .into_iter()
        .map(|what| Transformer::new(what, part))
        .collect())
}
