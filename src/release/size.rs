//! What takes the room in a record.

use serde_json::Value;

use super::{Release, codec};

/// Parts of a record with the bytes that each takes where it is stored, the largest first.
pub fn sizes(release: &Release) -> Vec<(&'static str, usize)> {
    let record = release.to_json().unwrap_or_default();
    let record: Value = serde_json::from_slice(&record).unwrap_or_default();
    let parts: [(&'static str, &[&str]); 10] = [
        ("files of the chart", &["chart", "files"]),
        ("templates of the chart", &["chart", "templates"]),
        ("values of the chart", &["chart", "values"]),
        ("schema of the chart", &["chart", "schema"]),
        ("metadata of the chart", &["chart", "metadata"]),
        ("lock of the chart", &["chart", "lock"]),
        ("given values", &["config"]),
        ("manifest", &["manifest"]),
        ("hooks", &["hooks"]),
        ("notes", &["info"]),
    ];
    let mut sizes: Vec<(&'static str, usize)> = parts
        .iter()
        .filter_map(|(name, path)| {
            let part = path.iter().try_fold(&record, |value, key| value.get(key))?;
            let packed = codec::pack(part.to_string().as_bytes()).ok()?;
            Some((*name, packed.len()))
        })
        .collect();
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    sizes
}
