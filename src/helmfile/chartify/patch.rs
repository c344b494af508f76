//! Patches and transformers of releases: what a chart renders to becomes the resources of a
//! kustomization, which is built in the process (`Patch`, chartify 0.28.2).

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::folder::{CONTENT, remove, walk, write};
use crate::go::path;
use crate::helmfile::data::{Data, Decoder, decode, documents, encode};
use crate::helmfile::load::State;
use crate::helmfile::release::release_data_with;
use crate::helmfile::state::Record;
use crate::helmfile::{Fleet, file};
use crate::kustomize::{self, Overlay};
use crate::value::Value;

/// What is done to the objects of a release: texts of YAML, in order.
#[derive(Debug, Default)]
pub(super) struct Patches {
    json: Vec<Vec<u8>>,
    strategic: Vec<Vec<u8>>,
    transformers: Vec<Vec<u8>>,
}

impl Patches {
    pub(super) fn is_empty(&self) -> bool {
        [&self.json, &self.strategic, &self.transformers]
            .iter()
            .all(|texts| texts.is_empty())
    }
}

/// What templates of patches see, once it is asked for.
type Seen = OnceCell<Result<Value, String>>;

impl Fleet<'_> {
    /// The patches and transformers of a release.
    ///
    /// # Errors
    /// Helmfile's words for files that are missing or cannot be rendered.
    pub(super) fn patches(&self, state: &State, release: &Record) -> Result<Patches, String> {
        let seen = Seen::new();
        let texts = |key: &str| {
            let entries = release.list(key).iter();
            entries
                .filter_map(|entry| self.patch(state, release, entry, &seen).transpose())
                .collect::<Result<Vec<_>, String>>()
        };
        Ok(Patches {
            json: texts("jsonPatches")?,
            strategic: texts("strategicMergePatches")?,
            transformers: texts("transformers")?,
        })
    }

    /// The text of a patch; nothing for a file that may be missing. Templates see the values of the
    /// release over those of the state.
    fn patch(
        &self,
        state: &State,
        release: &Record,
        entry: &Data,
        seen: &Seen,
    ) -> Result<Option<Vec<u8>>, String> {
        let name = match entry {
            Data::String(name) => name.to_str_lossy(),
            Data::Map(_) | Data::Foreign(_) => {
                return encode(&entry.with_string_keys()?).map(Some);
            }
            other => {
                return Err(format!(
                    "unexpected type of value: value={other}, type={}",
                    other.type_name()
                ));
            }
        };
        let Some(path) = self.release_file(state, release, &name)? else {
            return Ok(None);
        };
        let failed = |error: String| format!("failed to render values files \"{name}\": {error}");
        let data = seen.get_or_init(|| {
            let values = self.merged_values(state, release).map_err(|error| {
                format!("failed to compute merged release values for patch rendering: {error}")
            })?;
            Ok(release_data_with(state, release, Data::map(values).thaw()))
        });
        let data = data.as_ref().map_err(|error| failed(error.clone()))?;
        self.rendered_with(&path, data).map(Some).map_err(failed)
    }

    /// Patches what the chart in `folder` was rendered to.
    ///
    /// # Errors
    /// What is wrong in a patch, or fits no object; by name what is not supported.
    pub(super) fn apply_patches(
        &self,
        state: &State,
        folder: &str,
        patches: &Patches,
    ) -> Result<(), String> {
        let mut resources = Vec::new();
        for part in CONTENT {
            let place = path::join(&[folder, part]);
            if file::is_folder(&place) {
                resources.extend(walk(&place)?.iter().map(|name| format!("{part}/{name}")));
            }
        }
        // Where nothing was rendered, nothing is patched.
        if resources.is_empty() {
            return Ok(());
        }
        let crds = match resources
            .iter()
            .any(|name| name.starts_with("templates/crds/"))
        {
            true => "templates/crds/patched_crds.yaml",
            false => "crds/patched_crds.yaml",
        };
        let (kustomization, named) = kustomization(resources, patches)?;
        let mut files: BTreeMap<String, Vec<u8>> = named
            .into_iter()
            .map(|(name, text)| (path::join(&[folder, &name]), text))
            .collect();
        files.insert(
            path::join(&[folder, kustomize::NAMES[0]]),
            kustomization.to_string().into_bytes(),
        );
        let reach = self.reach(state);
        let overlay = Overlay {
            files,
            below: &reach,
        };
        let options = kustomize::Options::default();
        let built = self.kustomize(state, (folder, "all.patched.yaml"), &overlay, options)?;
        for part in CONTENT {
            remove(&path::join(&[folder, part]))?;
        }
        for (name, is_crd) in [(crds, true), ("templates/patched_resources.yaml", false)] {
            let mut text = Vec::new();
            for document in &built {
                let kind = document.value().get("kind").and_then(Json::as_str);
                if (kind == Some("CustomResourceDefinition")) == is_crd {
                    text.extend(document.text().map_err(|error| error.to_string())?);
                    text.extend_from_slice(b"---\n");
                }
            }
            if !text.is_empty() {
                write(&path::join(&[folder, name]), &text)?;
            }
        }
        Ok(())
    }
}

/// Files by their names below the folder of a kustomization.
type Files = Vec<(String, Vec<u8>)>;

/// A kustomization that does to `resources` what `patches` say, and the files that it names.
fn kustomization(resources: Vec<String>, patches: &Patches) -> Result<(Json, Files), String> {
    let mut files = Files::new();
    let mut entries = Vec::new();
    for (at, text) in patches.json.iter().enumerate() {
        let patch = Record::of(Some(&decode(text)?));
        let mut target = Map::new();
        for (key, value) in patch.map("target").into_iter().flatten() {
            let value = match value {
                Data::Null => String::new(),
                value => value.to_string(),
            };
            target.insert(key.to_string(), Json::from(value));
        }
        let path = match (patch.text("path"), patch.list("patch")) {
            ("", []) => {
                return Err(format!(
                    "either \"path\" or \"patch\" must be set in jsonPatches[{at}]"
                ));
            }
            ("", steps) => {
                let name = format!("jsonpatches/patch.{at}.yaml");
                files.push((name.clone(), encode(&Data::list(steps.to_vec()))?));
                name
            }
            (path, _) => path.to_owned(),
        };
        entries.push(json!({"target": target, "path": path}));
    }
    for (at, text) in patches.strategic.iter().enumerate() {
        let name = format!("strategicmergepatches/patch.{at}.yaml");
        entries.push(json!({"path": name}));
        files.push((name, text.clone()));
    }
    let mut transformers = Vec::new();
    for (at, text) in patches.transformers.iter().enumerate() {
        let name = format!("transformers/transformer.{at}.yaml");
        let text = with_files(text, &mut files)?;
        files.push((name.clone(), text));
        transformers.push(Json::from(name));
    }
    let mut whole = json!({"resources": resources});
    for (key, list) in [("patches", entries), ("transformers", transformers)] {
        if !list.is_empty() {
            whole[key] = Json::Array(list);
        }
    }
    Ok((whole, files))
}

/// A transformer whose `path` names a file: that one goes where the kustomization may read it
/// (`resolveTransformerFileRefs`).
fn with_files(text: &[u8], files: &mut Files) -> Result<Vec<u8>, String> {
    let (nodes, error) = documents(text);
    // What cannot be read is kustomize's to tell about.
    if error.is_some() {
        return Ok(text.to_vec());
    }
    let mut is_changed = false;
    let mut place = |data: &mut Data| -> Result<(), String> {
        let name = data.get("path").and_then(Data::as_text);
        let name = name.map(ToString::to_string).unwrap_or_default();
        if name.is_empty() || !file::is_file(&name) {
            return Ok(());
        }
        let target = format!("transformer-patch-files/patchfile.{}.yaml", files.len());
        files.push((target.clone(), file::read(&name)?));
        let mut record = Record::of(Some(data));
        record.set("path", Data::string(target));
        *data = record.into_data();
        is_changed = true;
        Ok(())
    };
    let mut texts = Vec::new();
    for node in &nodes {
        let mut data = Decoder::default().any(node.content())?;
        match &mut data {
            Data::List(items) => {
                for item in Arc::make_mut(items) {
                    place(item)?;
                }
            }
            data => place(data)?,
        }
        texts.push(encode(&data)?);
    }
    Ok(match is_changed {
        true => texts.join(b"---\n".as_slice()),
        false => text.to_vec(),
    })
}
