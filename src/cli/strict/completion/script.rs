//! The scripts that make shells ask. Each hands the words over to `__complete`.

use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// Prints the script for a shell.
pub(in crate::cli::strict) fn print(shell: &str, flags: &FlagSet, terminal: &mut Terminal) {
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
