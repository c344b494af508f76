//! What a shell is told that asks while the user types (`cobra.Command.getCompletions`).

use super::command::{Command, Found, find};
use super::parse::Unknown;
use super::set::{Check, FlagSet};
use super::{Flag, Kind};

/// What a shell does with candidates (`cobra.ShellCompDirective`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directive(u8);

impl Directive {
    /// Names of files, where there is no candidate.
    pub const DEFAULT: Directive = Directive(0);
    /// Nothing: something went wrong.
    pub const ERROR: Directive = Directive(1);
    /// No space behind the word.
    pub const NO_SPACE: Directive = Directive(2);
    /// No names of files.
    pub const NO_FILES: Directive = Directive(4);

    /// Both.
    #[must_use]
    pub fn and(self, other: Directive) -> Directive {
        Directive(self.0 | other.0)
    }

    /// The number that scripts read.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Cobra's names.
    pub fn names(self) -> String {
        let known = [
            (Directive::ERROR, "ShellCompDirectiveError"),
            (Directive::NO_SPACE, "ShellCompDirectiveNoSpace"),
            (Directive::NO_FILES, "ShellCompDirectiveNoFileComp"),
        ];
        let names: Vec<&str> = known
            .iter()
            .filter(|(one, _)| self.0 & one.0 != 0)
            .map(|(_, name)| *name)
            .collect();
        match names.is_empty() {
            true => "ShellCompDirectiveDefault".to_owned(),
            false => names.join(", "),
        }
    }
}

/// Candidates, each with its description behind a tab where it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// In the order in which they are shown.
    pub candidates: Vec<String>,
    /// What the shell does with them.
    pub directive: Directive,
}

impl Answer {
    /// An answer.
    pub fn new(candidates: Vec<String>, directive: Directive) -> Answer {
        Answer {
            candidates,
            directive,
        }
    }
}

/// What was asked.
#[derive(Debug)]
pub enum Question {
    /// Nothing that the program has to know: the answer.
    Settled(Answer),
    /// The value of a flag, where the program may know some.
    Value {
        /// The flag's name.
        flag: &'static str,
        /// The words besides flags so far.
        arguments: Vec<String>,
        /// What was typed of the value.
        part: String,
    },
    /// A word of the command, where the program may know some.
    Word {
        /// Subcommands that may follow, and what holds if the program knows nothing.
        answer: Answer,
        /// The words besides flags so far.
        arguments: Vec<String>,
        /// What was typed of the word.
        part: String,
    },
}

/// Reads the words behind `found` and tells what is asked by `part`, the word that is being typed.
///
/// # Errors
/// Cobra's words for flags that cannot be read, beside which there is no candidate.
pub fn question(
    found: &Found,
    flags: &mut FlagSet,
    part: &str,
    check: Check<'_>,
) -> Result<Question, String> {
    let (flag, words, part, unknown) = asked_flag(found, flags, part);
    // Behind `--` everything is a word.
    let mut ended = words.to_vec();
    ended.push("--".to_owned());
    let count = flags.parse(&ended, Unknown::Refuse, check);
    let warnings = flags.take_warnings();
    let arguments = flags.parse(words, Unknown::Refuse, check);
    // Cobra reads them twice, and tells again what it told.
    let again = flags.take_warnings();
    flags.warn(&warnings);
    let arguments = arguments.map_err(|error| {
        let words = words.join(" ");
        format!("Error while parsing flags from args [{words}]: {error}")
    })?;
    flags.warn(&warnings);
    flags.warn(&again);
    let has_flags = count.map_or(0, |count| count.len()) <= arguments.len();
    if let Some(name) = unknown.filter(|_| has_flags) {
        let command = found.command().name();
        return Err(format!(
            "Subcommand '{command}' does not support flag '{name}'"
        ));
    }
    if flags.changed("help") {
        return Ok(Question::Settled(Answer::new(
            Vec::new(),
            Directive::NO_FILES,
        )));
    }
    let part = part.to_owned();
    if let Some(flag) = flag {
        return Ok(match has_flags {
            true => Question::Value {
                flag,
                arguments,
                part,
            },
            // Cobra asks the command then, and passes its subcommands over.
            false => Question::Word {
                answer: Answer::default(),
                arguments,
                part,
            },
        });
    }
    if has_flags && part.starts_with('-') && !part.contains('=') {
        let candidates = flag_names(found, flags, &part);
        return Ok(Question::Settled(Answer::new(
            candidates,
            Directive::NO_FILES,
        )));
    }
    let mut answer = Answer::default();
    let command = found.command();
    let has_own = flags.entries().iter().any(|entry| {
        let is_persistent = command
            .persistent
            .iter()
            .any(|flag| flag.name == entry.flag.name);
        !entry.inherited && !is_persistent && flags.changed(entry.flag.name)
    });
    if arguments.is_empty() && !has_own {
        answer.candidates = subcommands(command, &part);
        if command.commands.iter().any(Command::is_listed) {
            answer.directive = Directive::NO_FILES;
        }
    }
    Ok(Question::Word {
        answer,
        arguments,
        part,
    })
}

/// Commands below `command` that begin with `part`, with their descriptions.
fn subcommands(command: &Command, part: &str) -> Vec<String> {
    let mut candidates: Vec<String> = command
        .commands
        .iter()
        .filter(|command| command.is_listed() && command.name().starts_with(part))
        .map(|command| described(command.name(), command.short))
        .collect();
    candidates.sort();
    candidates
}

/// What may follow `help` and the words behind it.
pub fn help_topics(root: &'static Command, words: &[String], part: &str) -> Answer {
    let candidates = find(root, words).map(|found| subcommands(found.command(), part));
    Answer::new(candidates.unwrap_or_default(), Directive::NO_FILES)
}

/// A candidate with its description.
pub fn described(word: &str, description: &str) -> String {
    match description {
        "" => word.to_owned(),
        _ => format!("{word}\t{description}"),
    }
}

/// The flag whose value is being typed, the words without it, what was typed of the value, and the
/// name of a flag that there is not (`checkIfFlagCompletion`).
fn asked_flag<'w>(
    found: &'w Found,
    flags: &FlagSet,
    part: &'w str,
) -> (Option<&'static str>, &'w [String], &'w str, Option<&'w str>) {
    let words = &found.words[..];
    let name_in = |word: &'w str| match word.strip_prefix("--") {
        Some(name) => name,
        None => {
            let last = word.char_indices().next_back();
            last.map_or("", |(at, _)| &word[at..])
        }
    };
    let (name, value, before) = if part.starts_with('-') {
        match part.split_once('=') {
            Some((front, value)) => (name_in(front), Some(value), words),
            None => return (None, words, part, None),
        }
    } else {
        match words.split_last() {
            Some((last, before)) if is_flag(last) && !last.contains('=') => {
                (name_in(last), None, before)
            }
            _ => return (None, words, part, None),
        }
    };
    if name.is_empty() {
        return (None, words, part, None);
    }
    let mut letters = name.chars();
    let at = match (letters.next(), letters.next()) {
        (Some(letter), None) => flags.shorthand(letter),
        _ => flags.position(name),
    };
    let Some(flag) = at.map(|at| flags.flag(at)) else {
        return (None, words, part, Some(name));
    };
    match value {
        Some(value) => (Some(flag.name), before, value, None),
        None if flag.bare.is_some() => (None, words, part, None),
        None => (Some(flag.name), before, part, None),
    }
}

fn is_flag(word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(name) => !name.is_empty(),
        None => word.len() >= 2 && word.starts_with('-'),
    }
}

/// Flags that may be given still: those of the commands above first.
fn flag_names(found: &Found, flags: &FlagSet, part: &str) -> Vec<String> {
    let excluded: Vec<&str> = found
        .command()
        .exclusive
        .iter()
        .filter(|group| group.iter().all(|name| flags.position(name).is_some()))
        .flat_map(|group| {
            let given: Vec<&str> = group
                .iter()
                .copied()
                .filter(|name| flags.changed(name))
                .collect();
            group.iter().copied().filter(move |name| {
                let others = given.iter().filter(|given| *given != name);
                others.count() > 0
            })
        })
        .collect();
    let mut candidates = Vec::new();
    for inherited in [true, false] {
        let mut entries: Vec<_> = flags
            .entries()
            .iter()
            .filter(|entry| entry.inherited == inherited)
            .collect();
        entries.sort_by_key(|entry| entry.flag.name);
        for entry in entries {
            let flag = &entry.flag;
            let is_over = flags.changed(flag.name) && !takes_several(flag);
            if flag.hidden || is_over || excluded.contains(&flag.name) {
                continue;
            }
            let names = [
                Some(format!("--{}", flag.name)),
                flag.shorthand.map(|letter| format!("-{letter}")),
            ];
            for name in names.into_iter().flatten() {
                if name.starts_with(part) {
                    candidates.push(described(&name, &entry.usage));
                }
            }
        }
    }
    candidates
}

fn takes_several(flag: &Flag) -> bool {
    match flag.kind {
        Kind::TextArray | Kind::TextSlice | Kind::TextMap => true,
        Kind::Custom { list, .. } => list,
        _ => false,
    }
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
        {
            let mut get = Command::new("get", "fetch", "").with(&[&[
                Flag::bool("one", "").short('o'),
                Flag::bool("two", "the second"),
                Flag::array("set", "values"),
            ]]);
            get.exclusive = &[&["one", "two"]];
            get
        },
        Command::new("help [command]", "Help about any command", ""),
    ];
    static REPO: &[Command] = &[
        Command::new("remove", "take one away", ""),
        Command::new("add", "add one", ""),
    ];

    fn ask(text: &str) -> String {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let part = words.pop().unwrap();
        let found = find(&ROOT, &words).unwrap();
        let mut inherited = FlagSet::new();
        inherited.add(ROOT.persistent);
        let mut flags = found.flags(inherited);
        found.add_help(&mut flags);
        match question(&found, &mut flags, &part, &mut |_, value| {
            Ok(value.to_owned())
        }) {
            Err(message) => message,
            Ok(Question::Settled(answer)) => {
                format!("{} :{}", answer.candidates.join(","), answer.directive.0)
            }
            Ok(Question::Value {
                flag,
                arguments,
                part,
            }) => format!("--{flag} {arguments:?} {part}"),
            Ok(Question::Word {
                answer,
                arguments,
                part,
            }) => format!(
                "{} :{} {arguments:?} {part}",
                answer.candidates.join(","),
                answer.directive.0
            ),
        }
    }

    #[test]
    fn questions_are_understood() {
        for (words, want) in [
            ("re", "repo\tmanage repositories :4 [] re"),
            ("h", "help\tHelp about any command :4 [] h"),
            ("repo ", "add\tadd one,remove\ttake one away :4 [] "),
            ("repo x", " :4 [] x"),
            ("get x ", " :0 [\"x\"] "),
            ("get -n ", "--namespace [] "),
            ("get x -on ab", "--namespace [\"x\"] ab"),
            ("get x --namespace=ab", "--namespace [\"x\"] ab"),
            ("get x -n=ab", "--namespace [\"x\"] ab"),
            ("get --one a", " :0 [] a"),
            ("get --nope a", "unknown flag: --nope"),
            (
                "get --nope=a",
                "Subcommand 'get' does not support flag 'nope'",
            ),
            ("get --o", "--one :4"),
            (
                "get -",
                "--debug\tmore words,--namespace\ta place,-n\ta place,--help\thelp for get,-h\thelp for get,--one,-o,--set\tvalues,--two\tthe second :4",
            ),
            ("get --one --set a=b --t", " :4"),
            ("get --one --set a=b --s", "--set\tvalues :4"),
            ("get --one --o", " :4"),
            ("get -- --o", " :0 [] --o"),
            ("get -h ", " :4"),
            ("--debug repo a", "add\tadd one :4 [] a"),
        ] {
            let got = ask(words);
            let end = got.rsplit("]: ").next().unwrap();
            assert_eq!(end, want, "{words}");
        }
        assert_eq!(
            ask("get --nope a"),
            "Error while parsing flags from args [--nope]: unknown flag: --nope"
        );
    }

    #[test]
    fn directives_have_names() {
        for (directive, number, want) in [
            (Directive::DEFAULT, 0, "ShellCompDirectiveDefault"),
            (
                Directive::NO_FILES.and(Directive::NO_SPACE),
                6,
                "ShellCompDirectiveNoSpace, ShellCompDirectiveNoFileComp",
            ),
        ] {
            assert_eq!(directive.number(), number);
            assert_eq!(directive.names(), want);
        }
    }
}
