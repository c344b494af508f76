//! What shells ask while the user types (`cobra.ShellCompRequestCmd`), and the scripts that make
//! them ask.

use super::super::environment::Environment;
use super::command;
use crate::go::flag::{Flag, FlagSet, Found, Kind, find};
use crate::ui::Terminal;

/// No file names.
const NO_FILES: u8 = 4;
/// Whatever the shell does itself, which is file names.
const DEFAULT: u8 = 0;

/// Answers `helm __complete WORD... PART`: a candidate a line, then what the shell is to do.
pub(super) fn complete(
    request: &str,
    words: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> u8 {
    let Some((part, before)) = words.split_last() else {
        let message = format!("{request} command requires at least one argument\n");
        terminal.complain(&format!("Error: {message}"));
        return 1;
    };
    let answer = match find(&command::ROOT, before) {
        Ok(found) => answer(&found, part, environment),
        Err(_) => {
            terminal.complain(&format!(
                "[Debug] [Error] unable to find a command for arguments: [{}]\n",
                before.join(" ")
            ));
            Answer {
                candidates: Vec::new(),
                directive: DEFAULT,
            }
        }
    };
    for (word, description) in &answer.candidates {
        terminal.print(word);
        if request == "__complete" && !description.is_empty() {
            terminal.print("\t");
            terminal.print(description.lines().next().unwrap_or_default());
        }
        terminal.print("\n");
    }
    terminal.print(&format!(":{}\n", answer.directive));
    let name = match answer.directive {
        NO_FILES => "ShellCompDirectiveNoFileComp",
        _ => "ShellCompDirectiveDefault",
    };
    terminal.complain(&format!("Completion ended with directive: {name}\n"));
    0
}

struct Answer {
    candidates: Vec<(String, String)>,
    directive: u8,
}

impl Answer {
    fn new(candidates: Vec<(String, String)>, directive: u8) -> Answer {
        Answer {
            candidates,
            directive,
        }
    }
}

fn answer(found: &Found, part: &str, environment: &Environment) -> Answer {
    let flags = flags_of(found);
    // The value of a flag: `--flag=part`, or the word behind one that needs a value.
    if let Some((name, value)) = part
        .strip_prefix("--")
        .and_then(|body| body.split_once('='))
    {
        return value_of(flags.iter().find(|flag| flag.name == name), value);
    }
    if let Some(flag) = found.words.last().and_then(|word| waiting(word, &flags)) {
        return value_of(Some(flag), part);
    }
    if part.starts_with('-') {
        let mut candidates: Vec<(String, String)> = Vec::new();
        for flag in flags.iter().filter(|flag| !flag.hidden) {
            let long = format!("--{}", flag.name);
            if long.starts_with(part) {
                candidates.push((long, usage(flag, found)));
            }
            if let Some(letter) = flag.shorthand
                && part == "-"
            {
                candidates.push((format!("-{letter}"), usage(flag, found)));
            }
        }
        return Answer::new(candidates, NO_FILES);
    }
    let command = found.command();
    let typed: Vec<&String> = found
        .words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .collect();
    if !command.commands.is_empty() && typed.is_empty() {
        let mut candidates: Vec<(String, String)> = command
            .commands
            .iter()
            .filter(|command| !command.hidden && command.name().starts_with(part))
            .map(|command| (command.name().to_owned(), command.short.to_owned()))
            .collect();
        candidates.sort();
        return Answer::new(candidates, NO_FILES);
    }
    match (found.full_name().as_str(), typed.len()) {
        ("helm env", 0) => {
            let names = environment.variables(&FlagSet::new());
            let names = names.into_keys().filter(|name| name.starts_with(part));
            Answer::new(
                names.map(|name| (name.to_owned(), String::new())).collect(),
                NO_FILES,
            )
        }
        ("helm create" | "helm lint" | "helm package" | "helm verify", 0)
        | ("helm show chart" | "helm show values" | "helm show all", 0)
        | ("helm dependency list" | "helm dependency build" | "helm dependency update", 0)
        | ("helm template" | "helm install" | "helm upgrade", 1) => {
            Answer::new(Vec::new(), DEFAULT)
        }
        _ => Answer::new(Vec::new(), NO_FILES),
    }
}

fn usage(flag: &Flag, found: &Found) -> String {
    if flag.name == "help" {
        format!("help for {}", found.command().name())
    } else {
        flag.usage.to_owned()
    }
}

/// All flags of a command, by name.
fn flags_of(found: &Found) -> Vec<Flag> {
    let own = found.command().flags.iter().flat_map(|group| group.iter());
    let inherited = found.path.iter().flat_map(|command| command.persistent);
    let mut flags: Vec<Flag> = own.chain(inherited).copied().collect();
    flags.push(Flag::bool("help", "").short('h'));
    flags.sort_by_key(|flag| flag.name);
    flags
}

/// The flag that `word` is, where it still needs its value.
fn waiting<'a>(word: &str, flags: &'a [Flag]) -> Option<&'a Flag> {
    let flag = if let Some(name) = word.strip_prefix("--") {
        flags.iter().find(|flag| flag.name == name)?
    } else {
        let letters = word.strip_prefix('-')?;
        let letter = letters.chars().next_back()?;
        flags.iter().find(|flag| flag.shorthand == Some(letter))?
    };
    flag.bare.is_none().then_some(flag)
}

fn value_of(flag: Option<&Flag>, part: &str) -> Answer {
    const FORMATS: &[(&str, &str)] = &[
        ("json", "Output result in JSON format"),
        ("table", "Output result in human-readable format"),
        ("yaml", "Output result in YAML format"),
    ];
    const COLORS: &[(&str, &str)] = &[("never", ""), ("auto", ""), ("always", "")];
    let known = match flag {
        Some(flag) if flag.name == "output" && flag.kind != Kind::Text => FORMATS,
        Some(flag) if matches!(flag.name, "color" | "colour") => COLORS,
        Some(flag) if matches!(flag.name, "kube-context" | "version") => {
            return Answer::new(Vec::new(), NO_FILES);
        }
        _ => return Answer::new(Vec::new(), DEFAULT),
    };
    let candidates = known
        .iter()
        .filter(|(word, _)| word.starts_with(part))
        .map(|(word, about)| ((*word).to_owned(), (*about).to_owned()))
        .collect();
    Answer::new(candidates, NO_FILES)
}

/// Prints the script for a shell. Each hands the words over to `__complete`.
pub(super) fn script(shell: &str, flags: &FlagSet, terminal: &mut Terminal) {
    let request = if flags.is("no-descriptions") {
        "__completeNoDesc"
    } else {
        "__complete"
    };
    let script = match shell {
        "bash" => BASH,
        "zsh" => ZSH,
        "fish" => FISH,
        _ => POWERSHELL,
    };
    terminal.print(&script.replace("@REQUEST@", request));
}

const BASH: &str = r#"# bash completion for helm
_helm_complete() {
    local line word="${COMP_WORDS[COMP_CWORD]}" directive=0
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            :*) directive="${line#:}" ;;
            *) line="${line%%$'\t'*}"
               [[ "$line" == "$word"* ]] && COMPREPLY+=("$line") ;;
        esac
    done < <("${COMP_WORDS[0]}" @REQUEST@ "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$word" 2>/dev/null)
    if (( ${#COMPREPLY[@]} == 0 && (directive & 4) == 0 )); then
        compopt -o default
    fi
}
complete -F _helm_complete helm
"#;

const ZSH: &str = r#"#compdef helm
# zsh completion for helm
_helm() {
    local line directive=0
    local -a found
    for line in "${(@f)$("${words[1]}" @REQUEST@ "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        case "$line" in
            :*) directive="${line#:}" ;;
            *$'\t'*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            ?*) found+=("${line//:/\\:}") ;;
        esac
    done
    if (( ${#found} )); then
        _describe 'helm' found
    elif (( (directive & 4) == 0 )); then
        _files
    fi
}
compdef _helm helm
"#;

const FISH: &str = r#"# fish completion for helm
function __helm_complete
    set -l words (commandline -opc)
    set -l part (commandline -ct)
    for line in ($words[1] @REQUEST@ $words[2..-1] "$part" 2>/dev/null)
        string match -q ':*' -- $line; or echo $line
    end
end
complete -c helm -f -a '(__helm_complete)'
"#;

const POWERSHELL: &str = r#"# PowerShell completion for helm
Register-ArgumentCompleter -Native -CommandName 'helm' -ScriptBlock {
    param($word, $ast, $position)
    $words = @($ast.CommandElements | ForEach-Object { "$_" })
    $before = @($words | Select-Object -Skip 1 | Where-Object { $_ -ne $word })
    & $words[0] @REQUEST@ @before "$word" 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        $name, $about = $_ -split "`t", 2
        if (-not $about) { $about = $name }
        [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $about)
    }
}
"#;
