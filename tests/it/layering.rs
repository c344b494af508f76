//! Who may import whom. A module of `src/` may name another only where an edge allows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// `(module, the modules it may import)`, lowest first. Every edge points upwards in this list, so
/// there is no cycle; `the_list_is_acyclic` checks it.
const EDGES: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("value", &["diag"]),
    ("go", &["value"]),
    ("world", &["value", "go"]),
    ("yaml", &["diag", "value", "go"]),
    ("toml", &["value", "go"]),
    ("template", &["diag", "value", "go", "world"]),
    ("sprig", &["diag", "value", "go", "world", "template"]),
    ("kubernetes", &["diag", "value", "go"]),
    ("kustomize", &["diag", "value", "go", "yaml", "kubernetes"]),
    ("chart", &["diag", "value", "go", "yaml"]),
    (
        "render",
        &[
            "diag",
            "value",
            "go",
            "world",
            "yaml",
            "toml",
            "template",
            "sprig",
            "kubernetes",
            "chart",
        ],
    ),
    (
        "release",
        &[
            "diag",
            "value",
            "go",
            "yaml",
            "kubernetes",
            "chart",
            "render",
        ],
    ),
    ("net", &["diag", "value", "go", "world"]),
    ("plugin", &["diag", "value", "go", "yaml"]),
    (
        "fetch",
        &[
            "diag", "value", "go", "world", "yaml", "chart", "net", "plugin",
        ],
    ),
    (
        "backend",
        &[
            "diag",
            "value",
            "go",
            "world",
            "yaml",
            "kubernetes",
            "chart",
            "render",
            "release",
            "net",
        ],
    ),
    (
        "ecspresso",
        &["diag", "value", "go", "world", "template", "net", "backend"],
    ),
    (
        "action",
        &[
            "ecspresso",
            "diag",
            "value",
            "go",
            "world",
            "yaml",
            "kubernetes",
            "kustomize",
            "chart",
            "render",
            "release",
            "net",
            "plugin",
            "fetch",
            "backend",
        ],
    ),
    (
        "helmfile",
        &[
            "diag",
            "value",
            "go",
            "world",
            "yaml",
            "template",
            "sprig",
            "kustomize",
            "chart",
            "net",
        ],
    ),
    ("ui", &["diag", "backend"]),
    (
        "cli",
        &[
            "diag",
            "value",
            "go",
            "world",
            "yaml",
            "template",
            "chart",
            "render",
            "release",
            "net",
            "plugin",
            "fetch",
            "backend",
            "ecspresso",
            "action",
            "helmfile",
            "ui",
        ],
    ),
];

fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Top-level modules that a text names by `crate::x`, also in groups `crate::{x, y::z}`.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let mut depth = 0usize;
            let mut name = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert(std::mem::take(&mut name));
                    }
                    _ if depth == 0 => name.push(c),
                    _ => {}
                }
            }
            found.insert(name);
        } else {
            found.insert(part.to_owned());
        }
    }
    found
        .into_iter()
        .map(|name| {
            name.trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn modules_import_only_along_the_edges() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let room = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        if room == "lib.rs" || room == "main.rs" {
            continue;
        }
        let room = room.trim_end_matches(".rs");
        let Some(edges) = allowed.get(room) else {
            wrong.push(format!("src/{room} stands in no edge"));
            continue;
        };
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            if import != room && !edges.contains(&import.as_str()) {
                wrong.push(format!("{} imports {import}", relative.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports without an edge:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_list_is_acyclic() {
    let mut seen = BTreeSet::new();
    for (room, edges) in EDGES {
        for edge in *edges {
            assert!(
                seen.contains(edge),
                "{room} imports {edge}, which is not below it"
            );
        }
        seen.insert(*room);
    }
}

#[test]
fn imports_are_read_from_code_and_groups() {
    let text = "use crate::value::Value;\n// crate::cli\nuse crate::{go::fmt, yaml::{self, Node}};";
    let found: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(found, ["go", "value", "yaml"]);
}
