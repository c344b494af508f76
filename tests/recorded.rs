//! Recorded cases: the lines of the `*.jsonl` files of a folder.

use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads every `*.jsonl` of `folder` in the order of names: pairs of the file's stem and a case.
pub(crate) fn load<T: DeserializeOwned>(folder: &Path) -> Result<Vec<(String, T)>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        for (number, line) in text.split('\n').enumerate() {
            if !line.is_empty() {
                let case = serde_json::from_str(line)
                    .map_err(|e| format!("{}:{}: {e}", path.display(), number + 1))?;
                cases.push((stem.to_string(), case));
            }
        }
    }
    if cases.is_empty() {
        return Err(format!("{}: no cases", folder.display()));
    }
    Ok(cases)
}
