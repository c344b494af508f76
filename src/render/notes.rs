//! `NOTES.txt`: what a chart says to the user after an install.

use std::collections::BTreeMap;

use crate::value::Text;

/// Takes every file whose path ends in `NOTES.txt` out of `files`, and returns the notes of the
/// chart `name`, with those of its subcharts where `with_subcharts` asks for them.
///
/// Helm joins them in random order; here the order is that of the paths.
pub fn take(files: &mut BTreeMap<Text, Text>, name: &str, with_subcharts: Subcharts) -> Vec<u8> {
    let own = format!("{name}/templates/NOTES.txt");
    let mut notes = Vec::new();
    files.retain(|path, text| {
        if !path.ends_with(b"NOTES.txt") {
            return true;
        }
        if with_subcharts == Subcharts::Included || **path == *own.as_bytes() {
            if !notes.is_empty() {
                notes.push(b'\n');
            }
            notes.extend_from_slice(text);
        }
        false
    });
    notes
}

/// Whether subcharts have a say (`--render-subchart-notes`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subcharts {
    /// Only the chart itself.
    #[default]
    Excluded,
    /// All of them.
    Included,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_leave_the_files_and_the_root_s_are_kept() {
        let files = BTreeMap::from([
            (Text::from("a/templates/NOTES.txt"), Text::from("root")),
            (
                Text::from("a/charts/b/templates/NOTES.txt"),
                Text::from("sub"),
            ),
            (Text::from("a/templates/MYNOTES.txt"), Text::from("mine")),
            (Text::from("a/templates/x.yaml"), Text::from("x")),
        ]);
        let mut rest = files.clone();
        assert_eq!(take(&mut rest, "a", Subcharts::Excluded), b"root");
        assert_eq!(rest.len(), 1);
        assert_eq!(
            take(&mut files.clone(), "a", Subcharts::Included),
            b"sub\nmine\nroot"
        );
    }
}
