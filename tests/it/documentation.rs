//! What the documentation says is so.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::program::{Run, root};

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect(name)
}

/// Lines of a Markdown text that are indented by four blanks: commands, in this README.
fn commands(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .collect()
}

#[test]
fn the_first_two_commands_of_the_readme_work() {
    let readme = read("README.md");
    let commands = commands(&readme);
    let words: Vec<&str> = commands[0].split_whitespace().collect();
    assert_eq!(
        words[..4],
        ["cargo", "run", "--release", "--"],
        "{}",
        commands[0]
    );
    let outcome = Run::pintle(&words[4..]).go_in_repository();
    let text = outcome.success();
    assert!(text.starts_with("---\n# Source: shop/templates/"), "{text}");
    assert!(text.contains("\nkind: Deployment\n"), "{text}");

    assert_eq!(commands[1], "make test");
    let makefile = read("Makefile");
    assert!(
        makefile.lines().any(|line| line.starts_with("test:")),
        "{makefile}"
    );
}

/// The commands on a cluster, one after the other, on one.
#[cfg(feature = "kube")]
#[test]
fn the_commands_on_a_cluster_of_the_readme_work() {
    use crate::kubernetes::{Cluster, is_skipped};
    if is_skipped() {
        return;
    }
    let readme = read("README.md");
    let (_, part) = readme.split_once("\nOn a cluster").expect("that part");
    let (part, _) = part.split_once("\nMany releases").expect("another part");
    let commands = commands(part);
    assert!(commands.len() >= 4, "{commands:?}");
    let cluster = Cluster::shared().expect("a cluster");
    // It is made by the first command, and goes with the namespace of the test.
    let home = cluster.namespace().expect("a namespace");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_pintle"));
    let run = |words: &[&str]| {
        let mut command = home.command(program);
        command.current_dir(root()).args(words);
        crate::outcome::Outcome::from(command.output().expect("it runs"))
    };
    for command in &commands {
        let command = command.split(" #").next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(words[0], "pintle", "{command}");
        run(&words[1..]).success();
    }
    let history = run(&["helm", "history", "shop", "-n", "shop", "-o", "json"]).success();
    let history: serde_json::Value = serde_json::from_str(&history).expect("JSON");
    let last = history.as_array().and_then(|all| all.last()).expect("one");
    assert_eq!(last["description"], "Rollback to 1", "{history}");
    run(&["uninstall", "shop", "-n", "shop"]).success();
    let code = cluster.api().delete("/api/v1/namespaces/shop");
    assert_eq!(code, Ok(200));
}

#[test]
fn targets_that_the_documentation_names_are_in_the_makefile() {
    let makefile = read("Makefile");
    for page in ["README.md", "ARCHITECTURE.md", "docs/compatibility.md"] {
        let text = read(page);
        for (at, _) in text.match_indices("`make ") {
            let target: String = text[at + 6..]
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                .collect();
            let rule = format!("{target}:");
            assert!(
                makefile.lines().any(|line| line.starts_with(&rule)),
                "{page}: make {target}"
            );
        }
    }
}

#[test]
fn links_lead_to_files() {
    let mut pages = vec![
        PathBuf::from("README.md"),
        "ARCHITECTURE.md".into(),
        "CHANGELOG.md".into(),
    ];
    for entry in fs::read_dir(root().join("docs")).expect("docs") {
        let name = entry.expect("an entry").file_name();
        if name.to_string_lossy().ends_with(".md") {
            pages.push(PathBuf::from("docs").join(name));
        }
    }
    let link = regex::Regex::new(r"\]\(([^)#]+)[^)]*\)").expect("a pattern");
    for page in pages {
        let text = fs::read_to_string(root().join(&page)).expect("a page");
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.starts_with("http") {
                continue;
            }
            let path = root().join(page.parent().expect("a folder")).join(target);
            assert!(path.exists(), "{}: {target} leads nowhere", page.display());
        }
    }
}

#[test]
fn the_changelog_is_kept() {
    let text = read("CHANGELOG.md");
    assert!(text.contains("## [Unreleased]\n"));
    let released = concat!("## [", env!("CARGO_PKG_VERSION"), "]");
    let first = env!("CARGO_PKG_VERSION") == "0.1.0";
    assert!(
        first || text.contains(released),
        "no entry for this version"
    );
}

#[test]
fn the_rooms_of_the_architecture_are_those_of_the_source() {
    let text = read("ARCHITECTURE.md");
    let mut rooms = BTreeMap::new();
    for entry in fs::read_dir(root().join("src")).expect("src") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let named = text.lines().any(|line| {
                line.starts_with("| `")
                    && line
                        .split('|')
                        .nth(1)
                        .is_some_and(|cell| cell.contains(&format!("`{name}`")))
            });
            rooms.insert(name, named);
        }
    }
    let missing: Vec<_> = rooms.iter().filter(|(_, named)| !**named).collect();
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {missing:?}");
}
