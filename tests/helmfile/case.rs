//! What a folder of a case says.

use std::fs;
use std::path::{Path, PathBuf};

/// A case, read but for its project.
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) name: String,
    /// The project; one that is not there is empty.
    pub(crate) project: PathBuf,
    /// What is typed.
    pub(crate) words: Vec<String>,
    /// Variables.
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) stdin: String,
    /// A pattern of files that belong to the result.
    pub(crate) outputs: Option<String>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: i32,
    /// What is in those files.
    pub(crate) files: String,
}

impl Case {
    /// The number in front of the name.
    pub(crate) fn id(&self) -> &str {
        self.name.split('-').next().unwrap_or(&self.name)
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.id() == name
    }
}

/// The cases of a folder, by name.
pub(crate) fn load(folder: &Path) -> Result<Vec<Case>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.join("cmd").is_file() {
            cases.push(read(&path)?);
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    match cases.is_empty() {
        true => Err(format!("{}: there is no case", folder.display())),
        false => Ok(cases),
    }
}

fn read(folder: &Path) -> Result<Case, String> {
    let optional = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let text = |name: &str| {
        optional(name).ok_or_else(|| format!("{}: {name} is missing", folder.display()))
    };
    let variables = optional("env").unwrap_or_default();
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let exit = text("want.exit")?;
    Ok(Case {
        name: folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        project: folder.join("in"),
        words: split(text("cmd")?.trim_end_matches('\n')),
        variables: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        stdin: optional("stdin").unwrap_or_default(),
        outputs: optional("outputs").map(|pattern| pattern.trim().to_owned()),
        stdout: text("want.stdout")?,
        stderr: text("want.stderr")?,
        exit: exit
            .trim()
            .parse()
            .map_err(|_| format!("{}: {exit:?} is no exit code", folder.display()))?,
        files: optional("want.files").unwrap_or_default(),
    })
}

/// A line's words, as a shell splits them.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\') | (None, '\\') => {
                word.get_or_insert_default().extend(characters.next());
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\n' | '\t') => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
