//! `pintle man`: a page for each command, by `clap_mangen`.

use std::path::Path;

use clap_mangen::Man;

use super::page::{Call, Page};
use crate::diag::{Error, Kind};
use crate::go::flag::Flag;
use crate::go::os;
use crate::ui::Terminal;

const FLAGS: &[Flag] = &[Flag::text("dir", "folder to write into, which is made").or("man")];

pub(super) const PAGES: &[Page] = &[{
    let mut page = Page::new("man", "Write the manual pages")
        .more("Every command has one: pintle.1, pintle-repo.1, pintle-repo-add.1, ...")
        .examples(&[(
            "man --dir /usr/local/share/man/man1",
            "for all users of this machine",
        )])
        .with(&[FLAGS])
        .runs(man);
    page.is_global = false;
    page
}];

fn man(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    let folder = call.flags.text("dir");
    let fail = |operation: &str, path: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    std::fs::create_dir_all(folder).map_err(|error| fail("mkdir", folder, &error))?;
    let pages = texts(&super::command(None)).map_err(|error| fail("write", folder, &error))?;
    let count = pages.len();
    for (name, text) in pages {
        let path = Path::new(folder).join(name);
        let shown = path.to_string_lossy();
        std::fs::write(&path, text).map_err(|error| fail("open", &shown, &error))?;
    }
    terminal.print(&format!("{count} pages written to {folder}\n"));
    Ok(0)
}

/// File names and texts of the pages of a command and of all below it.
fn texts(root: &clap::Command) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = root.clone().disable_help_subcommand(true);
    root.build();
    let mut texts = Vec::new();
    add(&root, "pintle".to_owned(), &mut texts)?;
    Ok(texts)
}

fn add(
    command: &clap::Command,
    name: String,
    texts: &mut Vec<(String, Vec<u8>)>,
) -> std::io::Result<()> {
    let mut text = Vec::new();
    let page = command.clone().name(name.clone()).disable_help_flag(true);
    Man::new(page)
        .title(name.to_uppercase())
        .manual("pintle")
        .source(concat!("pintle ", env!("CARGO_PKG_VERSION")))
        .render(&mut text)?;
    texts.push((format!("{name}.1"), text));
    for below in command.get_subcommands() {
        add(below, format!("{name}-{}", below.get_name()), texts)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let texts = texts(&super::super::command(None)).unwrap();
        let mut wanted: Vec<String> = super::super::pages()
            .map(|page| format!("pintle-{}.1", page.path.replace(' ', "-")))
            .chain(super::super::elsewhere().map(|(name, _)| format!("pintle-{name}.1")))
            .chain(["pintle.1".to_owned()])
            .collect();
        let mut names: Vec<String> = texts.iter().map(|(name, _)| name.clone()).collect();
        wanted.sort();
        names.sort();
        assert_eq!(names, wanted);
        for (name, text) in texts {
            let text = String::from_utf8(text).unwrap();
            assert!(
                text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"),
                "{name}"
            );
        }
    }
}
