//! Commands of a command line: words go in, the command meant and what remains come out, with
//! cobra's help and refusals (`github.com/spf13/cobra` 1.10.2).

use super::set::FlagSet;
use super::{Flag, Kind};
use crate::go::strconv;

/// How many words a command takes besides its flags; the refusals are Helm's
/// (`pkg/cmd/require`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Any number.
    Any,
    /// None.
    None,
    /// That many.
    Exactly(usize),
    /// That many or more.
    AtLeast(usize),
    /// That many or fewer.
    AtMost(usize),
}

/// One command of a command line; a static table of these is the whole command line.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The name, then what stands behind it in the usage line.
    pub usage: &'static str,
    /// One line, for the list of commands.
    pub short: &'static str,
    /// The text of the help; the short line where it is empty.
    pub long: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Words for which it is suggested though they are not alike.
    pub suggest_for: &'static [&'static str],
    /// Left out of lists and suggestions.
    pub hidden: bool,
    /// Words besides flags.
    pub arguments: Arguments,
    /// Whether it does something itself; otherwise it shows its help.
    pub runnable: bool,
    /// Groups of its flags, for it alone.
    pub flags: &'static [&'static [Flag]],
    /// Flags for it and all below it.
    pub persistent: &'static [Flag],
    /// Groups of flags of which one may be given.
    pub exclusive: &'static [&'static [&'static str]],
    /// The commands below it.
    pub commands: &'static [Command],
}

impl Command {
    /// A command with nothing but its first lines.
    pub const fn new(usage: &'static str, short: &'static str, long: &'static str) -> Command {
        Command {
            usage,
            short,
            long,
            aliases: &[],
            suggest_for: &[],
            hidden: false,
            arguments: Arguments::Any,
            runnable: true,
            flags: &[],
            persistent: &[],
            exclusive: &[],
            commands: &[],
        }
    }

    /// A command that only holds others.
    pub const fn group(
        usage: &'static str,
        short: &'static str,
        long: &'static str,
        commands: &'static [Command],
    ) -> Command {
        let mut command = Command::new(usage, short, long);
        command.runnable = false;
        command.commands = commands;
        command
    }

    /// Says how many words it takes.
    #[must_use]
    pub const fn takes(mut self, arguments: Arguments) -> Command {
        self.arguments = arguments;
        self
    }

    /// Gives it groups of flags.
    #[must_use]
    pub const fn with(mut self, flags: &'static [&'static [Flag]]) -> Command {
        self.flags = flags;
        self
    }

    /// Gives it other names.
    #[must_use]
    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Command {
        self.aliases = aliases;
        self
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        self.usage.split(' ').next().unwrap_or_default()
    }

    fn is_named(&self, word: &str) -> bool {
        self.name() == word || self.aliases.contains(&word)
    }

    fn is_available(&self) -> bool {
        !self.hidden && (self.runnable || self.commands.iter().any(Command::is_available))
    }

    /// Judges the number of words.
    fn accepts(&self, path: &str, usage_line: &str, count: usize) -> Result<(), String> {
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        let said = match self.arguments {
            Arguments::None if count > 0 => "accepts no arguments".to_owned(),
            Arguments::Exactly(n) if count != n => format!("requires {n} {}", plural(n)),
            Arguments::AtLeast(n) if count < n => format!("requires at least {n} {}", plural(n)),
            Arguments::AtMost(n) if count > n => format!("accepts at most {n} {}", plural(n)),
            _ => return Ok(()),
        };
        Err(format!("\"{path}\" {said}\n\nUsage:  {usage_line}"))
    }
}

/// A command that was found, with the way to it.
#[derive(Debug)]
pub struct Found {
    /// The commands from the root down; the last is the one meant.
    pub path: Vec<&'static Command>,
    /// The words that remain: flags and arguments.
    pub words: Vec<String>,
}

/// Finds the command that `words` mean (`cobra.Command.Find`). Flags may stand before it.
///
/// # Errors
/// Cobra's words about an unknown command, with suggestions.
pub fn find(root: &'static Command, words: &[String]) -> Result<Found, String> {
    let mut path = vec![root];
    let mut rest = words.to_vec();
    loop {
        let flags = Bare { path: &path };
        let command = path[path.len() - 1];
        let plain = flags.positional(&rest);
        let next = plain
            .first()
            .and_then(|word| Some((*word, command.commands.iter().find(|c| c.is_named(word))?)));
        match next {
            Some((word, found)) => {
                let at = flags.index(&rest, word);
                if let Some(at) = at {
                    rest.remove(at);
                }
                path.push(found);
            }
            None => {
                if path.len() == 1
                    && !root.commands.is_empty()
                    && let Some(word) = plain.first()
                {
                    return Err(format!(
                        "unknown command {} for \"{}\"{}",
                        strconv::quote(word),
                        root.name(),
                        suggestions(root, word)
                    ));
                }
                return Ok(Found { path, words: rest });
            }
        }
    }
}

/// What is known of flags while the command is still sought.
struct Bare<'a> {
    path: &'a [&'static Command],
}

impl Bare<'_> {
    fn known(&self) -> impl Iterator<Item = &'static Flag> {
        let last = self.path[self.path.len() - 1];
        let own = last.flags.iter().flat_map(|group| group.iter());
        let inherited = self.path.iter().flat_map(|command| command.persistent);
        own.chain(inherited)
    }

    /// Whether the word behind `word` belongs to it.
    fn takes_next(&self, word: &str) -> bool {
        if word.contains('=') {
            return false;
        }
        let has_bare = match word.strip_prefix("--") {
            Some(name) => self.known().any(|f| f.name == name && f.bare.is_some()),
            None if word.len() == 2 && word.starts_with('-') => {
                let letter = word.chars().nth(1);
                self.known()
                    .any(|f| f.shorthand == letter && f.bare.is_some())
            }
            None => return false,
        };
        !has_bare
    }

    /// The words that are neither flags nor their values (`stripFlags`).
    fn positional<'w>(&self, words: &'w [String]) -> Vec<&'w str> {
        let mut plain = Vec::new();
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            if word == "--" {
                break;
            }
            if self.takes_next(word) {
                // Where one word or none is left, there is no command behind it.
                if rest.len() <= 1 {
                    break;
                }
                rest = &rest[1..];
            } else if !word.is_empty() && !word.starts_with('-') {
                plain.push(word.as_str());
            }
        }
        plain
    }

    /// Where the command's own name stands (`argsMinusFirstX`).
    fn index(&self, words: &[String], name: &str) -> Option<usize> {
        let mut at = 0;
        while at < words.len() {
            let word = &words[at];
            if word == "--" {
                return None;
            }
            if self.takes_next(word) {
                at += 1;
            } else if word == name {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}

impl Found {
    /// The command meant.
    pub fn command(&self) -> &'static Command {
        self.path[self.path.len() - 1]
    }

    /// `helm repo add`.
    pub fn full_name(&self) -> String {
        let names: Vec<&str> = self.path.iter().map(|command| command.name()).collect();
        names.join(" ")
    }

    /// The line behind `Usage:`.
    pub fn usage_line(&self, flags: &FlagSet) -> String {
        let mut line = String::new();
        for command in &self.path[..self.path.len() - 1] {
            line.push_str(command.name());
            line.push(' ');
        }
        line.push_str(self.command().usage);
        let any = flags.has_usages(false) || flags.has_usages(true);
        if any && !line.contains("[flags]") {
            line.push_str(" [flags]");
        }
        line
    }

    /// Builds the set of the command's flags upon those it inherits.
    pub fn flags(&self, inherited: FlagSet) -> FlagSet {
        let mut set = inherited;
        if self.path.len() > 1 {
            set.inherit();
        }
        for group in self.command().flags {
            set.add(group);
        }
        set
    }

    /// Adds `-h, --help`, as cobra does before it runs a command.
    pub fn add_help(&self, flags: &mut FlagSet) {
        let mut help = Flag::new("help", Kind::Bool, "");
        if flags.shorthand('h').is_none() {
            help = help.short('h');
        }
        flags.add(&[help]);
        flags.describe("help", format!("help for {}", self.command().name()));
    }

    /// Checks the number of words and the groups of flags, in cobra's order.
    ///
    /// # Errors
    /// The words of the refusal.
    pub fn check(&self, flags: &FlagSet, arguments: &[String]) -> Result<(), String> {
        let command = self.command();
        command.accepts(&self.full_name(), &self.usage_line(flags), arguments.len())?;
        let mut refusals = command
            .exclusive
            .iter()
            .map(|group| (group.join(" "), flags.exclusive(group)))
            .collect::<Vec<_>>();
        refusals.sort_by(|a, b| a.0.cmp(&b.0));
        refusals.into_iter().try_for_each(|(_, refusal)| refusal)
    }

    /// The usage: lines, aliases, commands and flags (cobra's default template).
    pub fn usage(&self, flags: &FlagSet) -> String {
        let command = self.command();
        let mut text = String::from("Usage:");
        if command.runnable {
            text.push_str("\n  ");
            text.push_str(&self.usage_line(flags));
        }
        let available: Vec<&Command> = command.commands.iter().filter(|c| c.is_listed()).collect();
        if !available.is_empty() {
            text.push_str("\n  ");
            text.push_str(&self.full_name());
            text.push_str(" [command]");
        }
        if !command.aliases.is_empty() {
            text.push_str("\n\nAliases:\n  ");
            text.push_str(command.name());
            for alias in command.aliases {
                text.push_str(", ");
                text.push_str(alias);
            }
        }
        if !available.is_empty() {
            let mut sorted = available.clone();
            sorted.sort_by_key(|command| command.name());
            let width = command.commands.iter().map(|c| c.name().len()).max();
            let width = width.unwrap_or(0).max(11);
            text.push_str("\n\nAvailable Commands:");
            for command in sorted {
                text.push_str(&format!("\n  {:width$} {}", command.name(), command.short));
            }
        }
        for (inherited, title) in [(false, "Flags"), (true, "Global Flags")] {
            if flags.has_usages(inherited) {
                text.push_str(&format!("\n\n{title}:\n"));
                text.push_str(flags.usages(inherited).trim_end());
            }
        }
        if !available.is_empty() {
            text.push_str(&format!(
                "\n\nUse \"{} [command] --help\" for more information about a command.",
                self.full_name()
            ));
        }
        text.push('\n');
        text
    }

    /// The help: what the command is for, then its usage.
    pub fn help(&self, flags: &FlagSet) -> String {
        let command = self.command();
        let about = if command.long.is_empty() {
            command.short
        } else {
            command.long
        };
        let about = about.trim_end();
        let usage = self.usage(flags);
        if about.is_empty() {
            usage
        } else {
            format!("{about}\n\n{usage}")
        }
    }
}

impl Command {
    /// Whether lists of commands show it.
    pub(super) fn is_listed(&self) -> bool {
        self.is_available() || self.name() == "help"
    }
}

/// `\n\nDid you mean this?…` for a word that is no command, or nothing.
fn suggestions(root: &Command, word: &str) -> String {
    let lower = word.to_lowercase();
    let found: Vec<&str> = root
        .commands
        .iter()
        .filter(|command| command.is_available() && command.name() != "help")
        .filter(|command| {
            let name = command.name();
            distance(&lower, &name.to_lowercase()) <= 2
                || name.to_lowercase().starts_with(&lower)
                || command
                    .suggest_for
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(word))
        })
        .map(Command::name)
        .collect();
    if found.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n\nDid you mean this?\n");
    for name in found {
        text.push_str(&format!("\t{name}\n"));
    }
    text
}

/// Levenshtein's distance in bytes, as cobra counts it for its suggestions.
pub fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let cost = usize::from(x != y);
            let value = (diagonal + cost).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], value);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROOT: Command = {
        let mut root = Command::group("helm", "", "", COMMANDS);
        root.persistent = &[
            Flag::text("namespace", "a place").short('n'),
            Flag::bool("debug", "more words"),
        ];
        root
    };
    static COMMANDS: &[Command] = &[
        Command::group("repo", "manage repositories", "", REPO),
        Command::new("get", "fetch", ""),
        Command::group("registry", "log in", "", REPO),
        Command::new("list", "list", "")
            .alias(&["ls"])
            .takes(Arguments::None),
        Command::new("help [command]", "Help about any command", ""),
    ];
    static REPO: &[Command] = &[Command::new("add [NAME] [URL]", "add one", "Adds one.\n")
        .takes(Arguments::Exactly(2))
        .with(&[&[Flag::text("username", "who")]])];

    fn words(text: &str) -> Vec<String> {
        text.split(' ')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn commands_are_found_behind_flags() {
        for (text, name, rest) in [
            ("list x", "helm list", "x"),
            ("ls", "helm list", ""),
            ("-n x list y", "helm list", "-n x y"),
            ("--namespace list list", "helm list", "--namespace list"),
            ("--debug repo add a b", "helm repo add", "--debug a b"),
            ("repo --nope x add a", "helm repo add", "--nope x a"),
            ("repo frob", "helm repo", "frob"),
            ("-- list", "helm", "-- list"),
            ("-n list", "helm", "-n list"),
        ] {
            let found = find(&ROOT, &words(text)).unwrap();
            assert_eq!(found.full_name(), name, "{text}");
            assert_eq!(found.words, words(rest), "{text}");
        }
    }

    #[test]
    fn unknown_commands_bring_suggestions_in_table_order() {
        assert_eq!(
            find(&ROOT, &words("re")).unwrap_err(),
            "unknown command \"re\" for \"helm\"\n\nDid you mean this?\n\trepo\n\tget\n\tregistry\n"
        );
        assert_eq!(
            find(&ROOT, &words("frobnicate")).unwrap_err(),
            "unknown command \"frobnicate\" for \"helm\""
        );
    }

    #[test]
    fn help_is_laid_out_as_cobra_does() {
        let found = find(&ROOT, &words("repo add")).unwrap();
        let mut inherited = FlagSet::new();
        inherited.add(ROOT.persistent);
        let mut flags = found.flags(inherited);
        flags.add(&[Flag::bool("help", "help for add").short('h')]);
        assert_eq!(
            found.help(&flags),
            "Adds one.\n\nUsage:\n  helm repo add [NAME] [URL] [flags]\n\nFlags:\n  -h, --help              help for add\n      --username string   who\n\nGlobal Flags:\n      --debug              more words\n  -n, --namespace string   a place\n"
        );
        assert_eq!(
            found.check(&flags, &words("a")).unwrap_err(),
            "\"helm repo add\" requires 2 arguments\n\nUsage:  helm repo add [NAME] [URL] [flags]"
        );
    }

    #[test]
    fn distances_are_levenshteins() {
        for (a, b, want) in [
            ("", "ab", 2),
            ("templte", "template", 1),
            ("isntall", "install", 2),
        ] {
            assert_eq!(distance(a, b), want);
        }
    }
}
