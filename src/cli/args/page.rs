//! What pintle's own command line says of each command, and clap's form of it.
//!
//! Flags that a command shares with Helm's come from Helm's table, so that both front ends fill the
//! same set; texts, examples and completions are pintle's.

use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ValueHint};
use clap_complete::engine::ArgValueCompleter;

use super::super::environment::Environment;
use super::super::{run, strict};
use super::live::{self, Known};
use crate::action::conflict::Resolution;
use crate::diag::Error;
use crate::go::flag::{Command, Flag, FlagSet, Kind as Takes};
use crate::ui::Terminal;

/// Heading of flags that Helm does not have.
const OWN: &str = "pintle's own";

/// Flags that every command of pintle has, and Helm has not.
pub(super) const EVERYWHERE: &[Flag] = &[Flag::bool(
    "offline",
    "ask no server for charts, indexes or values: what is not kept is refused",
)];

/// One command.
pub(super) struct Page {
    /// The words behind `pintle`.
    pub(super) path: &'static str,
    /// Other names.
    pub(super) aliases: &'static [&'static str],
    /// One line.
    pub(super) about: &'static str,
    /// What the line leaves out.
    pub(super) more: &'static str,
    /// Command lines, without `pintle`, and what they do.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// Words besides flags.
    pub(super) operands: &'static [Operand],
    /// The command of Helm's that shares its flags.
    pub(super) like: &'static str,
    /// Flags that only pintle has.
    pub(super) flags: &'static [&'static [Flag]],
    /// The page whose flags of pintle's own it shares, too.
    pub(super) kin: &'static str,
    /// Flags of Helm's that change nothing here and are left out of the help.
    pub(super) inert: &'static [&'static str],
    /// Whether it knows the global flags.
    pub(super) is_global: bool,
    /// What it does; a page without it only holds others.
    pub(super) run: Option<Run>,
}

/// Runs a command; gives the exit code.
pub(super) type Run = fn(&mut Call<'_>, &mut Terminal) -> Result<u8, Error>;

/// A command that was typed.
pub(super) struct Call<'a> {
    pub(super) page: &'static Page,
    pub(super) flags: FlagSet,
    pub(super) arguments: Vec<String>,
    pub(super) environment: &'a Environment,
}

impl Call<'_> {
    /// The last word of the command's name.
    pub(super) fn verb(&self) -> &'static str {
        self.page.name()
    }
}

/// A word besides flags.
pub(super) struct Operand {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) count: Count,
    pub(super) live: Live,
}

/// How often an operand is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Maybe,
    Some,
    Any,
}

/// What completes a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Live {
    Nothing,
    File,
    Folder,
    Chart,
    Repository,
    Starter,
    Plugin,
    Variable,
    Context,
    Namespace,
    Release,
    Revision,
}

impl Operand {
    pub(super) const fn new(
        name: &'static str,
        about: &'static str,
        count: Count,
        live: Live,
    ) -> Operand {
        Operand {
            name,
            about,
            count,
            live,
        }
    }
}

impl Page {
    pub(super) const fn new(path: &'static str, about: &'static str) -> Page {
        Page {
            path,
            aliases: &[],
            about,
            more: "",
            examples: &[],
            operands: &[],
            like: "",
            flags: &[],
            kin: "",
            inert: &[],
            is_global: true,
            run: None,
        }
    }

    pub(super) const fn more(mut self, text: &'static str) -> Page {
        self.more = text;
        self
    }

    pub(super) const fn alias(mut self, names: &'static [&'static str]) -> Page {
        self.aliases = names;
        self
    }

    pub(super) const fn examples(
        mut self,
        examples: &'static [(&'static str, &'static str)],
    ) -> Page {
        self.examples = examples;
        self
    }

    pub(super) const fn takes(mut self, operands: &'static [Operand]) -> Page {
        self.operands = operands;
        self
    }

    /// Shares the flags of a command of Helm's.
    pub(super) const fn like(mut self, path: &'static str) -> Page {
        self.like = path;
        self
    }

    /// Shares also the flags of pintle's own that another page has.
    pub(super) const fn akin(mut self, path: &'static str) -> Page {
        self.kin = path;
        self
    }

    pub(super) const fn with(mut self, flags: &'static [&'static [Flag]]) -> Page {
        self.flags = flags;
        self
    }

    /// Flags that it shares and that mean nothing to it.
    pub(super) const fn inert(mut self, names: &'static [&'static str]) -> Page {
        self.inert = names;
        self
    }

    pub(super) const fn runs(mut self, run: Run) -> Page {
        self.run = Some(run);
        self
    }

    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or_default()
    }

    /// Helm's table of the command, where it shares one.
    pub(super) fn table(&self) -> Option<&'static Command> {
        (!self.like.is_empty())
            .then(|| strict::table(self.like))
            .flatten()
    }

    /// All flags but the global ones; pintle's own come first, for they win over Helm's of the same
    /// name.
    pub(super) fn groups(&self) -> impl Iterator<Item = &'static [Flag]> {
        let shared = self.table().map_or(&[][..], |table| table.flags);
        self.own().chain(shared.iter().copied())
    }

    /// Flags that only pintle has, those of the page's kin behind its own.
    fn own(&self) -> impl Iterator<Item = &'static [Flag]> {
        let kin = super::pages().find(|page| !self.kin.is_empty() && page.path == self.kin);
        let shared = kin.map_or(&[][..], |page| page.flags);
        self.flags.iter().chain(shared).copied()
    }

    /// clap's form, without the commands below it.
    pub(super) fn command(&self, known: Option<&Arc<Known>>) -> clap::Command {
        let mut command = clap::Command::new(self.name())
            .about(self.about)
            .visible_aliases(self.aliases.iter().copied());
        if !self.more.is_empty() {
            command = command.long_about(format!("{}.\n\n{}", self.about, self.more));
        }
        if !self.examples.is_empty() {
            command = command.after_help(examples(self.examples));
        }
        if self.run.is_none() {
            return command
                .subcommand_required(true)
                .arg_required_else_help(true);
        }
        command = command.args_override_self(true);
        for operand in self.operands {
            command = command.arg(operand.arg(known));
        }
        let mut seen: Vec<&str> = Vec::new();
        let globals: [&[Flag]; 2] = match self.is_global {
            true => [EVERYWHERE, strict::GLOBAL],
            false => [&[], &[]],
        };
        for (flag, heading) in self
            .own()
            .flat_map(|group| group.iter().map(|flag| (flag, OWN)))
            .chain(self.groups().flatten().map(|flag| (flag, "")))
            .chain(globals.into_iter().flatten().map(|flag| (flag, "Global")))
        {
            let is_hidden_global = heading == "Global" && flag.hidden;
            if seen.contains(&flag.name) || is_hidden_global {
                continue;
            }
            seen.push(flag.name);
            let heading = if self.like.is_empty() && heading == OWN {
                ""
            } else {
                heading
            };
            let is_inert = self.inert.contains(&flag.name);
            command = command.arg(arg(flag, heading, known).hide(flag.hidden || is_inert));
        }
        command
    }
}

/// Examples, as they stand below the help.
fn examples(examples: &[(&str, &str)]) -> String {
    let mut text = "Examples:\n".to_owned();
    for (line, about) in examples {
        text.push_str(&format!("  # {about}\n  pintle {line}\n"));
    }
    text.truncate(text.trim_end().len());
    text
}

impl Operand {
    fn arg(&self, known: Option<&Arc<Known>>) -> Arg {
        let arg = Arg::new(self.name)
            .value_name(self.name)
            .help(self.about)
            .required(matches!(self.count, Count::One | Count::Some));
        let arg = match self.count {
            Count::One | Count::Maybe => arg.num_args(1),
            Count::Some => arg.num_args(1..).action(ArgAction::Append),
            Count::Any => arg.num_args(0..).action(ArgAction::Append),
        };
        complete(arg, self.live, known)
    }
}

/// Says what completes the word.
fn complete(arg: Arg, live: Live, known: Option<&Arc<Known>>) -> Arg {
    let arg = match live {
        Live::File | Live::Chart => arg.value_hint(ValueHint::AnyPath),
        Live::Folder => arg.value_hint(ValueHint::DirPath),
        _ => arg.value_hint(ValueHint::Other),
    };
    match (known, live) {
        (None, _) | (_, Live::Nothing | Live::File | Live::Folder) => arg,
        (Some(known), live) => {
            let known = Arc::clone(known);
            arg.add(ArgValueCompleter::new(move |part: &std::ffi::OsStr| {
                live::candidates(live, &known, part)
            }))
        }
    }
}

/// clap's form of a flag.
fn arg(flag: &'static Flag, heading: &'static str, known: Option<&Arc<Known>>) -> Arg {
    let mut arg = Arg::new(flag.name).long(flag.name).help(flag.usage);
    if let Some(letter) = flag.shorthand {
        arg = arg.short(letter);
    }
    arg = match flag.kind {
        Takes::TextArray | Takes::TextSlice | Takes::TextMap | Takes::Custom { list: true, .. } => {
            arg.action(ArgAction::Append)
        }
        _ => arg.action(ArgAction::Set),
    };
    arg = match flag.bare {
        Some(bare) => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value(bare),
        None => arg.num_args(1).allow_hyphen_values(true),
    };
    let is_format = flag.name == "output" && flag.kind != Takes::Text;
    let choices: &[&'static str] = match flag.name {
        "output" if is_format => &["table", "json", "yaml"],
        "color" | "colour" => &["never", "auto", "always"],
        run::CONFLICTS => &Resolution::WORDS,
        _ if flag.kind == Takes::Bool => &["true", "false"],
        _ => &[],
    };
    if !choices.is_empty() && flag.kind != Takes::Bool {
        arg = arg.value_parser(PossibleValuesParser::new(choices));
    }
    arg = arg.value_name(match flag.kind {
        Takes::Bool => "BOOL",
        Takes::Int | Takes::Uint | Takes::Float32 => "NUMBER",
        Takes::Duration => "DURATION",
        Takes::TextMap => "KEY=VALUE",
        _ if is_format => "FORMAT",
        _ if flag.name.starts_with("set") => "KEY=VALUE",
        _ => match live_of(flag.name) {
            Live::File => "FILE",
            Live::Folder => "FOLDER",
            _ => "VALUE",
        },
    });
    if choices.is_empty() {
        arg = complete(arg, live_of(flag.name), known);
    }
    if heading.is_empty() {
        arg
    } else {
        arg.help_heading(heading)
    }
}

/// What completes the value of a flag.
fn live_of(flag: &str) -> Live {
    match flag {
        "values" | "keyring" | "passphrase-file" | "config" | "lookup-from" | "merge"
        | "kubeconfig" | "registry-config" | "repository-config" | "cert-file" | "key-file"
        | "ca-file" | "kube-ca-file" => Live::File,
        "destination" | "untardir" | "output-dir" | "dir" | "repository-cache"
        | "content-cache" => Live::Folder,
        "starter" => Live::Starter,
        "kube-context" => Live::Context,
        "namespace" => Live::Namespace,
        "revision" => Live::Revision,
        _ => Live::Nothing,
    }
}
