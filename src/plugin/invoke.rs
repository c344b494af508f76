//! Running a plugin's program (`runtime_subprocess.go`, `runtime_subprocess_getter.go`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::command::{Expand, Program, prepare};
use super::{Config, Event, Metadata, PlatformCommand, Plugin, Runtime};
use crate::diag::{Error, Kind};
use crate::go::{os, path, strconv};

/// What plugins run in.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Variables of this process, which the programs inherit.
    pub environment: BTreeMap<String, String>,
    /// What Helm says of itself: `HELM_NAMESPACE` and so on.
    pub variables: BTreeMap<String, String>,
}

/// Why a plugin has failed.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub error: Error,
    /// The code that its program ended with, where it ran and ended by itself; -1 where something
    /// else has ended it.
    pub code: Option<i32>,
}

/// What a program has printed.
pub type Output = Vec<u8>;

/// What a program has written to its two streams.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
}

/// What a getter is asked for.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// What to fetch.
    pub address: String,
    /// Its scheme.
    pub scheme: String,
    /// How to prove who asks.
    pub credentials: Credentials,
}

/// How a getter proves who asks.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// User name, or nothing.
    pub username: String,
    /// Password, or nothing.
    pub password: String,
    /// Give them to any host.
    pub pass_all: bool,
    /// A file with the client's certificate.
    pub cert_file: String,
    /// A file with the key of it.
    pub key_file: String,
    /// A file with the certificates of authorities to trust.
    pub ca_file: String,
}

impl Plugin {
    /// A program that is used as a post-renderer, without a `plugin.yaml`.
    pub fn of_program(path: &str) -> Plugin {
        let command = PlatformCommand {
            command: "env".to_owned(),
            arguments: vec![path.to_owned()],
            ..PlatformCommand::default()
        };
        Plugin {
            folder: String::new(),
            metadata: Metadata {
                name: path.to_owned(),
                kind: "postrenderer/v1".to_owned(),
                config: Config::PostRenderer,
                commands: vec![command],
                ..Metadata::default()
            },
        }
    }

    /// Runs the plugin as a command, on this process's own input and output. It gets no arguments
    /// where its `plugin.yaml` says so.
    ///
    /// # Errors
    /// A program that is missing, or ends with a code.
    pub fn run(&self, host: &Host, arguments: &[String]) -> Result<(), Failure> {
        let (name, mut command) = self.ready(host, arguments)?;
        let status = command
            .status()
            .map_err(|error| Failure::new(unstarted(&name, &error)))?;
        self.check(status)
    }

    /// Runs the plugin as a command that reads nothing; what it writes is kept.
    ///
    /// # Errors
    /// As [`Plugin::run`]; what was written stands beside it.
    pub fn run_apart(&self, host: &Host, arguments: &[String]) -> (Written, Result<(), Failure>) {
        let (name, mut command) = match self.ready(host, arguments) {
            Ok(ready) => ready,
            Err(failure) => return (Written::default(), Err(failure)),
        };
        command.stderr(Stdio::piped());
        match exchange(&mut command, b"") {
            Ok((status, stdout, stderr)) => (Written { stdout, stderr }, self.check(status)),
            Err(error) => {
                let failure = Failure::new(unstarted(&name, &error));
                (Written::default(), Err(failure))
            }
        }
    }

    /// The plugin's program, with the arguments that it gets.
    fn ready(&self, host: &Host, arguments: &[String]) -> Result<(String, Command), Failure> {
        let variables = self.variables(host.variables.clone());
        let mut program = self.program(&variables, host).map_err(Failure::new)?;
        let ignores = matches!(
            self.metadata.config,
            Config::Cli {
                ignores_flags: true,
                ..
            }
        );
        if !ignores {
            program.arguments.extend_from_slice(arguments);
        }
        let command = command(&program, &variables);
        Ok((program.name, command))
    }

    /// Runs what the plugin wants to be run when something happens to it.
    ///
    /// # Errors
    /// A program that is missing, or fails.
    pub fn run_hook(&self, host: &Host, event: Event) -> Result<(), Error> {
        let commands = match self.metadata.hooks.get(event.name()) {
            Some(commands) if !commands.is_empty() => commands,
            _ => return Ok(()),
        };
        self.refuse_extism()?;
        let variables = self.variables(BTreeMap::new());
        let expand = match self.metadata.expands_hook_arguments {
            true => Expand::All,
            false => Expand::Name,
        };
        let program = prepare(commands, expand, |name| value(host, &variables, name))
            .map_err(|message| Error::new(Kind::Chart, message))?;
        let mut command = command(&program, &variables);
        command.stdin(Stdio::null());
        let status = command
            .status()
            .map_err(|error| unstarted(&program.name, &error))?;
        if status.success() {
            return Ok(());
        }
        let name = strconv::quote(&self.metadata.name);
        let event = event.name();
        let message = format!("plugin {event} hook for {name} exited with error");
        Err(Error::new(Kind::Chart, message))
    }

    /// Lets the plugin change manifests.
    ///
    /// # Errors
    /// A program that is missing or fails, with what it said as a hint; an empty answer.
    pub fn post_render(
        &self,
        host: &Host,
        arguments: &[String],
        manifests: &[u8],
    ) -> Result<Output, Error> {
        let name = strconv::quote(&self.metadata.name);
        let output = self
            .render(host, arguments, manifests)
            .map_err(|error| error.wrap(format!("failed to invoke post-renderer plugin {name}")))?;
        if output.trim_ascii().is_empty() {
            let message = format!("post-renderer {name} produced empty output");
            return Err(Error::new(Kind::Manifest, message));
        }
        Ok(output)
    }

    fn render(&self, host: &Host, arguments: &[String], manifests: &[u8]) -> Result<Output, Error> {
        let variables = self.variables(BTreeMap::new());
        let mut program = self.program(&variables, host)?;
        program.arguments.extend_from_slice(arguments);
        let mut command = command(&program, &variables);
        command.stderr(Stdio::piped());
        let (status, output, complaint) =
            exchange(&mut command, manifests).map_err(|error| unstarted(&program.name, &error))?;
        self.check(status)
            .map_err(|failure| match String::from_utf8_lossy(&complaint).trim() {
                "" => failure.error,
                said => failure.error.with_hint(format!("it said: {said}")),
            })?;
        Ok(output)
    }

    /// Lets the plugin fetch something.
    ///
    /// # Errors
    /// A program that is missing or fails, and schemes that it does not know.
    pub fn fetch(&self, host: &Host, call: &Call) -> Result<Output, Error> {
        self.refuse_extism()?;
        let mut variables = self.variables(host.variables.clone());
        let credentials = &call.credentials;
        for (name, value) in [
            ("HELM_PLUGIN_USERNAME", credentials.username.clone()),
            ("HELM_PLUGIN_PASSWORD", credentials.password.clone()),
            (
                "HELM_PLUGIN_PASS_CREDENTIALS_ALL",
                credentials.pass_all.to_string(),
            ),
        ] {
            variables.insert(name.to_owned(), value);
        }
        let mut protocols = self.metadata.protocols.iter();
        let scheme = strconv::quote(&call.scheme);
        let fail = |message: String| Error::new(Kind::Network, message);
        let Some((_, commands)) = protocols.find(|(names, _)| names.contains(&call.scheme)) else {
            return Err(fail(format!("no downloader found for protocol {scheme}")));
        };
        let mut program = prepare(commands, Expand::Name, |name| value(host, &variables, name))
            .map_err(|error| {
                fail(format!(
                    "failed to prepare commands for protocol {scheme}: {error}"
                ))
            })?;
        program.name = path::join(&[&self.folder, &program.name]);
        program.arguments.extend([
            credentials.cert_file.clone(),
            credentials.key_file.clone(),
            credentials.ca_file.clone(),
            call.address.clone(),
        ]);
        let mut command = command(&program, &variables);
        let (status, output, _) =
            exchange(&mut command, b"").map_err(|error| unstarted(&program.name, &error))?;
        self.check(status).map_err(|failure| failure.error)?;
        Ok(output)
    }

    /// Asks the plugin's `plugin.complete` how the words behind it may go on; nothing where there is
    /// none, or it fails.
    pub fn complete(&self, host: &Host, arguments: &[String]) -> Option<Output> {
        if self.metadata.runtime == Runtime::Extism {
            return None;
        }
        let variables = self.variables(host.variables.clone());
        let file = path::join(&[&self.folder, "plugin.complete"]);
        let name = os::expand(file.as_bytes(), |name| value(host, &variables, name));
        let program = Program {
            name: String::from_utf8_lossy(&name).into_owned(),
            arguments: arguments.to_vec(),
        };
        let mut command = command(&program, &variables);
        command.stderr(Stdio::piped());
        let (status, mut output, complaint) = exchange(&mut command, b"").ok()?;
        output.extend_from_slice(&complaint);
        status.success().then_some(output)
    }

    /// What the program sees besides what it inherits.
    fn variables(&self, mut variables: BTreeMap<String, String>) -> BTreeMap<String, String> {
        variables.insert("HELM_PLUGIN_NAME".to_owned(), self.metadata.name.clone());
        variables.insert("HELM_PLUGIN_DIR".to_owned(), self.folder.clone());
        variables
    }

    fn program(&self, variables: &BTreeMap<String, String>, host: &Host) -> Result<Program, Error> {
        self.refuse_extism()?;
        let commands = &self.metadata.commands;
        prepare(commands, Expand::All, |name| value(host, variables, name)).map_err(|message| {
            let message = format!("failed to prepare plugin command: {message}");
            Error::new(Kind::Chart, message)
        })
    }

    /// Refuses WebAssembly by name.
    fn refuse_extism(&self) -> Result<(), Error> {
        if self.metadata.runtime == Runtime::Subprocess {
            return Ok(());
        }
        let name = strconv::quote(&self.metadata.name);
        let message = format!(
            "plugin {name} needs the runtime extism/v1 (WebAssembly), and pintle runs plugins of the runtime subprocess only"
        );
        Err(Error::new(Kind::Unsupported, message))
    }

    fn check(&self, status: std::process::ExitStatus) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        let name = strconv::quote(&self.metadata.name);
        let message = format!("plugin {name} exited with error");
        Err(Failure {
            error: Error::new(Kind::Chart, message),
            code: Some(status.code().unwrap_or(-1)),
        })
    }
}

impl Failure {
    fn new(error: Error) -> Failure {
        Failure { error, code: None }
    }
}

/// A variable, as the program will see it.
fn value(host: &Host, variables: &BTreeMap<String, String>, name: &str) -> String {
    let found = variables.get(name).or_else(|| host.environment.get(name));
    found.cloned().unwrap_or_default()
}

fn command(program: &Program, variables: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(&program.name);
    command.args(&program.arguments).envs(variables);
    command
}

/// Gives a program its input, and takes what it prints.
fn exchange(
    command: &mut Command,
    input: &[u8],
) -> std::io::Result<(std::process::ExitStatus, Output, Output)> {
    command.stdout(Stdio::piped()).stdin(match input {
        b"" => Stdio::null(),
        _ => Stdio::piped(),
    });
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        if let Some(mut stdin) = stdin {
            // A program need not read all of it.
            scope.spawn(move || stdin.write_all(input).ok());
        }
        let output = child.wait_with_output()?;
        Ok((output.status, output.stdout, output.stderr))
    })
}

/// Go's words for a program that cannot be started.
fn unstarted(name: &str, error: &std::io::Error) -> Error {
    let is_missing = error.kind() == std::io::ErrorKind::NotFound;
    let message = if is_missing && !name.contains('/') {
        let quoted = strconv::quote(name);
        format!("exec: {quoted}: executable file not found in $PATH")
    } else {
        os::path_error("fork/exec", name, error)
    };
    Error::new(Kind::Io, message)
}
