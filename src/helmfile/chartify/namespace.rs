//! Objects that get a namespace.

use super::folder::{CONTENT, walk, write};
use crate::go::path;
use crate::helmfile::data::documents;
use crate::helmfile::file;
use crate::yaml::Style;
use crate::yaml::node::{self, Kind, Layout, Node};

/// How chartify writes what it gives a namespace.
const LAYOUT: Layout = Layout {
    indent: 2,
    is_compact: false,
};

/// Gives objects a namespace that have none (`SetNamespace`).
pub(super) fn set_namespace(folder: &str, namespace: &str) -> Result<(), String> {
    for part in CONTENT {
        let part = path::join(&[folder, part]);
        if !file::is_folder(&part) {
            continue;
        }
        for name in walk(&part)? {
            let full = path::join(&[&part, &name]);
            let (mut nodes, error) = documents(&file::read(&full)?);
            if let Some(error) = error {
                return Err(format!("parsing yaml from {full}: {error}"));
            }
            for document in &mut nodes {
                place_in(document.content_mut(), namespace);
            }
            write(&full, &node::write_with(&nodes, LAYOUT))?;
        }
    }
    Ok(())
}

fn place_in(object: &mut Node, namespace: &str) {
    if object.kind != Kind::Mapping {
        return;
    }
    let keys = object.children.iter().step_by(2);
    let Some(at) = keys
        .map(|key| &key.value[..])
        .position(|key| key == b"metadata")
    else {
        return;
    };
    let metadata = &mut object.children[2 * at + 1];
    let has_one = metadata.pairs().any(|(key, _)| key.value == b"namespace");
    if has_one {
        return;
    }
    for text in ["namespace", namespace] {
        let mut scalar = Node::scalar(text, Style::Plain);
        scalar.tag = b"!!str".to_vec();
        metadata.children.push(scalar);
    }
}
