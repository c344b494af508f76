//! What differs from run to run, made the same: paths, numbers, hashes, the order of what is racy.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use sha1::{Digest, Sha1};

static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"(helmfile|chartify)\d+", "${1}N"),
        (r"-values-[a-z0-9]+", "-values-HASH"),
        (r"\(\d+ bytes\)", "(N bytes)"),
    ]
    .into_iter()
    .map(|(pattern, with)| (Regex::new(pattern).expect("a pattern"), with))
    .collect()
});

/// A text of a run below `root`, whose programs are in `programs`.
pub(crate) fn normalise(text: &[u8], root: &Path, programs: &Path) -> String {
    let mut text = String::from_utf8_lossy(text).into_owned();
    let places = [("work", "<WORK>"), ("home", "<HOME>"), ("tmp", "<TMP>")];
    for (name, shown) in places {
        text = text.replace(&*root.join(name).to_string_lossy(), shown);
    }
    text = text.replace(&format!("{}/", programs.display()), "<BIN>/");
    for name in ["helmfile.yaml", "helmfile.yaml.gotmpl"] {
        let path = root.join("work").join(name);
        let digest = Sha1::digest(path.to_string_lossy().as_bytes());
        let digest: String = digest
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        text = text.replace(&digest, &format!("<SHA1:{name}>"));
    }
    for (pattern, with) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    text
}

/// Standard error with what comes in any order sorted.
pub(crate) fn sort(text: &str) -> String {
    const RACY: [&str; 2] = ["Building dependency ", "Writing values file "];
    let mut lines: Vec<&str> = text.split('\n').collect();
    let mut at = 0;
    while at < lines.len() {
        let Some(start) = RACY.iter().find(|start| lines[at].starts_with(**start)) else {
            at += 1;
            continue;
        };
        let run = lines[at..]
            .iter()
            .take_while(|line| line.starts_with(*start));
        let end = at + run.count();
        lines[at..end].sort_unstable();
        at = end;
    }
    if let Some(at) = lines
        .iter()
        .position(|line| line.contains("COMBINED OUTPUT:"))
    {
        let end = lines.len() - usize::from(lines.last() == Some(&""));
        lines[at + 1..end].sort_unstable();
    }
    lines.join("\n")
}
