//! `patches`, `patchesStrategicMerge`, `patchesJson6902`.

use serde_json::Value;

use super::super::folder::Folder;
use super::super::gather::Gathered;
use super::super::merge;
use super::super::operation::{self, Operation};
use super::super::part::Part;
use super::super::resource::{Resource, object_at};
use super::super::selector::Selector;
use crate::diag::Error;
use crate::go::strconv;
use crate::yaml::node::Node;

/// A patch, and the objects that it is for.
pub(super) struct Patch {
    change: Change,
    /// Without one, strategic patches are for the object whose name they have.
    target: Option<Selector>,
    allows_name_change: bool,
    allows_kind_change: bool,
    /// Whether objects remember what they were called before.
    remembers: bool,
}

enum Change {
    Merge(Vec<Resource>),
    Steps(Vec<Operation>),
}

impl Patch {
    /// An entry of `patches`.
    ///
    /// # Errors
    /// Fields that there are not, files that cannot be read, what is no patch.
    pub(super) fn read(part: &Part<'_>, folder: &Folder<'_>) -> Result<Patch, Error> {
        part.check(&["path", "patch", "target", "options"])?;
        let flag = |name: &str| match part.get("options") {
            Some(options) => {
                options.check(&["allowNameChange", "allowKindChange"])?;
                options.flag(name)
            }
            None => Ok(false),
        };
        Patch::of(part, folder, "patch").map(|patch| {
            Ok(Patch {
                allows_name_change: flag("allowNameChange")?,
                allows_kind_change: flag("allowKindChange")?,
                ..patch
            })
        })?
    }

    /// An entry of `patchesJson6902`.
    ///
    /// # Errors
    /// As [`Patch::read`]; no target.
    pub(super) fn steps(part: &Part<'_>, folder: &Folder<'_>) -> Result<Patch, Error> {
        part.check(&["path", "patch", "target", "options"])?;
        if part.get("target").is_none() {
            return Err(part.fail("must specify a target for a JSON patch"));
        }
        let patch = Patch::of(part, folder, "patch")?;
        Ok(Patch {
            remembers: false,
            ..patch
        })
    }

    /// A patch with the fields `path`, `target`, and one for its text.
    ///
    /// # Errors
    /// As [`Patch::read`].
    pub(super) fn of(part: &Part<'_>, folder: &Folder<'_>, inline: &str) -> Result<Patch, Error> {
        let (path, text) = (part.text("path")?, part.text(inline)?);
        let (text, source) = match (path.as_str(), text.trim()) {
            ("", "") => {
                return Err(part.fail(format!("must specify one of {inline} and path")));
            }
            ("", text) => {
                let source = format!("[patch: {}]", strconv::quote(text.as_bytes()));
                (text.as_bytes().to_vec(), source)
            }
            (path, "") => {
                let text = folder.read(path).map_err(|why| {
                    part.fail(format!(
                        "failed to get the patch file from path({path}): {why}"
                    ))
                })?;
                (text, format!("[path: {path:?}]"))
            }
            _ => {
                return Err(part.fail(format!("{inline} and path can't be set at the same time")));
            }
        };
        let target = part
            .get("target")
            .map(|target| Selector::read(&target))
            .transpose()?;
        let change = read(&text).map_err(|why| {
            part.fail(format!(
                "unable to parse SM or JSON patch from {source}: {why}"
            ))
        })?;
        match &change {
            Change::Steps(_) if target.is_none() => {
                return Err(part.fail(format!("must specify a target for JSON patch {source}")));
            }
            Change::Merge(patches) if patches.len() > 1 && target.is_some() => {
                return Err(part.fail(format!(
                    "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {source}"
                )));
            }
            _ => {}
        }
        Ok(Patch {
            change,
            target,
            allows_name_change: false,
            allows_kind_change: false,
            remembers: true,
        })
    }

    /// An entry of `patchesStrategicMerge`: a path, or a patch.
    ///
    /// # Errors
    /// Files that cannot be read, what is no patch.
    pub(super) fn strategic(part: &Part<'_>, folder: &Folder<'_>) -> Result<Patch, Error> {
        let text = part.as_text()?;
        let patches = match text.contains('\n') {
            true => Resource::read(text.as_bytes()),
            false => folder.read(&text).and_then(|text| Resource::read(&text)),
        };
        Ok(Patch::merging(patches.map_err(|why| part.fail(why))?))
    }

    /// Strategic patches, each for the object whose name it has.
    pub(super) fn merging(patches: Vec<Resource>) -> Patch {
        Patch {
            change: Change::Merge(patches),
            target: None,
            allows_name_change: false,
            allows_kind_change: false,
            remembers: true,
        }
    }

    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), String> {
        match (&self.change, &self.target) {
            (Change::Steps(steps), Some(target)) => {
                for resource in &mut gathered.resources {
                    if !target.is_match(resource) {
                        continue;
                    }
                    if self.remembers {
                        resource.remember();
                    }
                    let id = resource.id();
                    operation::apply(&mut resource.value, steps)
                        .map_err(|why| format!("{id}: {why}"))?;
                }
                Ok(())
            }
            (Change::Steps(_), None) => Err("must specify a target for a JSON patch".to_owned()),
            (Change::Merge(patches), Some(target)) => {
                let Some(patch) = patches.first() else {
                    return Ok(());
                };
                let mut kept = Vec::new();
                for mut resource in std::mem::take(&mut gathered.resources) {
                    if target.is_match(&resource) && !self.merge(&mut resource, patch)? {
                        continue;
                    }
                    kept.push(resource);
                }
                gathered.append(kept)
            }
            (Change::Merge(patches), None) => {
                for patch in patches {
                    let id = patch.id();
                    let at = gathered.find(&id).map_err(|why| {
                        format!("no resource matches strategic merge patch \"{id}\": {why}; failed to find unique target for patch {id}")
                    })?;
                    if !self.merge(&mut gathered.resources[at], patch)? {
                        gathered.resources.remove(at);
                    }
                }
                Ok(())
            }
        }
    }

    /// Lays a patch over an object; whether that is still there.
    fn merge(&self, resource: &mut Resource, patch: &Resource) -> Result<bool, String> {
        let before = resource.id();
        if self.allows_name_change || self.allows_kind_change {
            resource.remember();
        }
        let mut change = patch.value.clone();
        if let Some(change) = object_at(&mut change, &[]) {
            change.insert("apiVersion".to_owned(), before.gvk.api_version().into());
        }
        let merged = merge::merge(resource.value.take(), &change)
            .map_err(|why| format!("{before}: {why}"))?;
        let Some(mut merged) = merged.filter(|it| it.as_object().is_some_and(|it| !it.is_empty()))
        else {
            return Ok(false);
        };
        if !self.allows_kind_change {
            merged["kind"] = Value::from(before.gvk.kind);
        }
        resource.value = merged;
        if !self.allows_name_change {
            resource.set_metadata("name", &before.name);
        }
        resource.set_metadata("namespace", &before.namespace);
        Ok(true)
    }
}

/// A list is a JSON patch, anything else a strategic one.
fn read(text: &[u8]) -> Result<Change, String> {
    let first = Node::read(text).map_err(|error| error.to_string())?;
    let value = first.map(|node| node.content().data()).transpose()?;
    if let Some(steps @ Value::Array(_)) = &value {
        return operation::read(steps).map(Change::Steps);
    }
    let patches = Resource::read(text)?;
    match patches.is_empty() {
        true => Err("there is nothing in it".to_owned()),
        false => Ok(Change::Merge(patches)),
    }
}
