//! Reads what is compared of a cobra help text.

use crate::case::Help;

/// Usage lines, names of sub-commands, and flags with their types.
pub(crate) fn parse(text: &str) -> Help {
    let mut help = Help::default();
    let mut section = "";
    for line in text.lines() {
        if !line.starts_with(' ') {
            section = line.trim_end();
            continue;
        }
        let line = line.trim_start();
        match section {
            "Usage:" => help.usage.push(line.trim_end().to_owned()),
            "Available Commands:" => help
                .commands
                .extend(line.split_whitespace().next().map(str::to_owned)),
            "Flags:" | "Global Flags:" if line.starts_with('-') => {
                let end = line.find("   ").unwrap_or(line.len());
                help.flags.push(line[..end].trim_end().to_owned());
            }
            _ => {}
        }
    }
    help
}
