//! Which program is run, and with what (`subprocess_commands.go`).

use super::PlatformCommand;
use crate::go::os;

/// A program with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
}

/// Whether variables in arguments are replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expand {
    All,
    /// Only in the program's name.
    Name,
}

/// The program for this platform, its variables replaced by what `variable` says.
pub(super) fn prepare(
    commands: &[PlatformCommand],
    expand: Expand,
    variable: impl Fn(&str) -> String,
) -> Result<Program, String> {
    let chosen = choose(commands, platform());
    let mut words = chosen.map_or("", |chosen| &chosen.command).split(' ');
    let name = words.next().unwrap_or_default();
    if name.is_empty() {
        return Err("no plugin command is applicable".to_owned());
    }
    let replace = |text: &str| {
        let bytes = os::expand(text.as_bytes(), &variable);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let arguments = chosen.map_or(&[][..], |chosen| &chosen.arguments);
    let arguments = words
        .chain(arguments.iter().map(String::as_str))
        .map(|word| match expand {
            Expand::All => replace(word),
            Expand::Name => word.to_owned(),
        })
        .collect();
    Ok(Program {
        name: replace(name),
        arguments,
    })
}

/// Operating system and architecture, as Go names them.
fn platform() -> (&'static str, &'static str) {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        other => other,
    };
    (system, architecture)
}

/// What matches both wins, then the first that matches the system, then the first for any.
fn choose<'c>(
    commands: &'c [PlatformCommand],
    (system, architecture): (&str, &str),
) -> Option<&'c PlatformCommand> {
    let is = |text: &str, name: &str| text.eq_ignore_ascii_case(name);
    let exact = commands
        .iter()
        .find(|one| is(&one.system, system) && is(&one.architecture, architecture));
    let mut others = commands.iter().filter(|one| one.architecture.is_empty());
    exact
        .or_else(|| others.clone().find(|one| is(&one.system, system)))
        .or_else(|| others.find(|one| one.system.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(system: &str, architecture: &str, command: &str) -> PlatformCommand {
        PlatformCommand {
            system: system.to_owned(),
            architecture: architecture.to_owned(),
            command: command.to_owned(),
            arguments: vec!["$A".to_owned(), "b c".to_owned()],
        }
    }

    /// Answers of Helm 4.2.4.
    #[test]
    fn the_best_match_of_the_platform_is_chosen() {
        let any = command("", "", "any");
        let only_architecture = command("", "amd64", "only");
        let system = command("Linux", "", "system");
        let exact = command("linux", "AMD64", "exact");
        let other = command("windows", "", "other");
        for (commands, want) in [
            (vec![&any, &system, &exact], Some("exact")),
            (vec![&any, &other, &system], Some("system")),
            (vec![&other, &any], Some("any")),
            (vec![&only_architecture, &any], Some("any")),
            (vec![&only_architecture], None),
            (vec![&other], None),
            (vec![], None),
        ] {
            let commands: Vec<_> = commands.into_iter().cloned().collect();
            let found = choose(&commands, ("linux", "amd64"));
            assert_eq!(found.map(|one| &*one.command), want);
        }
    }

    #[test]
    fn programs_may_hold_arguments_and_variables() {
        let commands = [command("", "", "$DIR/run  ${A} x")];
        let variable = |name: &str| match name {
            "DIR" => "/p q".to_owned(),
            "A" => "1 2".to_owned(),
            _ => String::new(),
        };
        let program = prepare(&commands, Expand::All, variable).unwrap();
        assert_eq!(program.name, "/p q/run");
        assert_eq!(program.arguments, ["", "1 2", "x", "1 2", "b c"]);
        let program = prepare(&commands, Expand::Name, variable).unwrap();
        assert_eq!(program.arguments, ["", "${A}", "x", "$A", "b c"]);
        let error = prepare(&[], Expand::All, variable).unwrap_err();
        assert_eq!(error, "no plugin command is applicable");
    }
}
