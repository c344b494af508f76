use std::collections::BTreeMap;

use super::FILE;
use super::decode::{Decoder, Strict};
use crate::go::semver::Version;
use crate::go::strconv;
use crate::yaml::node::Node;

/// What a `plugin.yaml` says, whichever of the two shapes it has.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// `v1` or `legacy`.
    pub api_version: String,
    /// Name of the plugin.
    pub name: String,
    /// Its version; may be empty where it is legacy.
    pub version: String,
    /// `cli/v1`, `getter/v1`, `postrenderer/v1`, `test/v1`.
    pub kind: String,
    /// What runs it.
    pub runtime: Runtime,
    /// Where it can be found.
    pub source_url: String,
    /// What it does.
    pub config: Config,
    /// Its program, by platform.
    pub commands: Vec<PlatformCommand>,
    /// What is run when something happens to it, by event and platform.
    pub hooks: BTreeMap<String, Vec<PlatformCommand>>,
    /// Whether variables in arguments of hooks are replaced.
    pub expands_hook_arguments: bool,
    /// Programs that fetch, by the schemes they understand.
    pub protocols: Vec<(Vec<String>, Vec<PlatformCommand>)>,
}

/// What runs a plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// A program of its own.
    #[default]
    Subprocess,
    /// WebAssembly.
    Extism,
}

/// What a plugin is for.
#[derive(Clone, Debug)]
pub enum Config {
    /// A command.
    Cli {
        /// The usage line.
        usage: String,
        /// One line of help.
        short: String,
        /// More help.
        long: String,
        /// Whether it takes no arguments from Helm.
        ignores_flags: bool,
    },
    /// Fetches what has one of these schemes.
    Getter(Vec<String>),
    /// Changes manifests.
    PostRenderer,
    /// Helm's own tests.
    Test,
}

impl Default for Config {
    fn default() -> Config {
        Config::Cli {
            usage: String::new(),
            short: String::new(),
            long: String::new(),
            ignores_flags: false,
        }
    }
}

/// A program for a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatformCommand {
    /// Operating system as Go names it, or nothing.
    pub system: String,
    /// Architecture as Go names it, or nothing.
    pub architecture: String,
    /// The program, and arguments behind blanks.
    pub command: String,
    /// More arguments.
    pub arguments: Vec<String>,
}

/// Reads a `plugin.yaml`.
///
/// # Errors
/// Helm's words.
pub fn parse(text: &[u8]) -> Result<Metadata, String> {
    let peek = |error: String| format!("failed to peek {FILE} API version: {error}");
    let document = Node::read(text).map_err(|error| peek(error.to_string()))?;
    let document = document.ok_or_else(|| peek("EOF".to_owned()))?;
    let mut api_version = String::new();
    let mut decoder = Decoder::new(&document);
    decoder.fields(
        document.content(),
        "plugin.apiVersion",
        Strict::No,
        &mut |decoder, name, value| {
            let known = name == "apiVersion";
            if known {
                api_version = decoder.text(value);
            }
            known
        },
    );
    decoder.finish().map_err(peek)?;
    let metadata = match api_version.as_str() {
        "" => legacy(&document)?,
        "v1" => version_1(&document)?,
        other => {
            let quoted = strconv::quote(other);
            return Err(format!("invalid plugin apiVersion: {quoted}"));
        }
    };
    validate(&metadata)?;
    Ok(metadata)
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !name.is_empty() && name.bytes().all(allowed)
}

fn is_version(version: &str) -> bool {
    Version::parse_strict(version).is_ok()
}

/// The shape of Helm 3.
fn legacy(document: &Node) -> Result<Metadata, String> {
    let mut metadata = Metadata {
        api_version: "legacy".to_owned(),
        expands_hook_arguments: true,
        ..Metadata::default()
    };
    let (mut usage, mut description, mut command) = (String::new(), String::new(), String::new());
    let mut ignores_flags = false;
    let mut scripts: Vec<(String, String)> = Vec::new();
    let mut downloaders: Vec<(Vec<String>, String)> = Vec::new();
    let mut decoder = Decoder::new(document);
    decoder.fields(
        document.content(),
        "plugin.MetadataLegacy",
        Strict::No,
        &mut |decoder, name, value| {
            match name {
                "name" => metadata.name = decoder.text(value),
                "version" => metadata.version = decoder.text(value),
                "usage" => usage = decoder.text(value),
                "description" => description = decoder.text(value),
                "command" => command = decoder.text(value),
                "ignoreFlags" => ignores_flags = decoder.flag(value),
                "platformCommand" => metadata.commands = commands(decoder, value),
                "platformHooks" => metadata.hooks = hooks(decoder, value),
                "hooks" => {
                    scripts = decoder.map(value, "plugin.Hooks", &mut Decoder::text);
                }
                "downloaders" => {
                    const ITEM: &str = "plugin.Downloaders";
                    downloaders =
                        decoder.list(value, "[]plugin.Downloaders", &mut |decoder, item| {
                            let mut one = (Vec::new(), String::new());
                            decoder.fields(item, ITEM, Strict::No, &mut |decoder, name, value| {
                                match name {
                                    "protocols" => one.0 = decoder.texts(value),
                                    "command" => one.1 = decoder.text(value),
                                    _ => return false,
                                }
                                true
                            });
                            one
                        });
                }
                _ => return false,
            }
            true
        },
    );
    decoder.finish()?;
    check_name_and_version(&metadata)?;
    if !metadata.commands.is_empty() && !command.is_empty() {
        return Err("both platformCommand and command are set".to_owned());
    }
    if !metadata.hooks.is_empty() && !scripts.is_empty() {
        return Err("both platformHooks and hooks are set".to_owned());
    }
    for (at, (protocols, command)) in downloaders.iter().enumerate() {
        if command.is_empty() {
            return Err(format!("downloader {at} has empty command"));
        }
        if protocols.is_empty() {
            return Err(format!("downloader {at} has no protocols"));
        }
        if let Some(empty) = protocols.iter().position(String::is_empty) {
            return Err(format!(
                "downloader {at} has empty protocol at index {empty}"
            ));
        }
    }
    if metadata.commands.is_empty() && !command.is_empty() {
        metadata.commands = vec![PlatformCommand {
            command,
            ..PlatformCommand::default()
        }];
    }
    for (event, script) in scripts {
        metadata.expands_hook_arguments = false;
        let shell = PlatformCommand {
            command: "sh".to_owned(),
            arguments: vec!["-c".to_owned(), script],
            ..PlatformCommand::default()
        };
        metadata.hooks.insert(event, vec![shell]);
    }
    if downloaders.is_empty() {
        metadata.kind = "cli/v1".to_owned();
        metadata.config = Config::Cli {
            usage: String::new(),
            short: one_line(&usage),
            long: description,
            ignores_flags,
        };
    } else {
        metadata.kind = "getter/v1".to_owned();
        let all = downloaders.iter().flat_map(|(protocols, _)| protocols);
        metadata.config = Config::Getter(all.cloned().collect());
        metadata.protocols = downloaders
            .into_iter()
            .map(|(protocols, command)| {
                let command = PlatformCommand {
                    command,
                    ..PlatformCommand::default()
                };
                (protocols, vec![command])
            })
            .collect();
    }
    Ok(metadata)
}

/// White space as blanks, and nothing that does not print (`sanitizeString`).
fn one_line(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            c if c.is_whitespace() => Some(' '),
            c if strconv::is_print(c) => Some(c),
            _ => None,
        })
        .collect()
}

/// The shape of Helm 4.
fn version_1(document: &Node) -> Result<Metadata, String> {
    let mut metadata = Metadata {
        api_version: "v1".to_owned(),
        ..Metadata::default()
    };
    let mut runtime = String::new();
    let empty = || Node::new(crate::yaml::node::Kind::Mapping);
    let (mut config, mut runtime_config) = (empty(), empty());
    let mut decoder = Decoder::new(document);
    decoder.fields(
        document.content(),
        "plugin.MetadataV1",
        Strict::Yes,
        &mut |decoder, name, value| {
            match name {
                "apiVersion" => metadata.api_version = decoder.text(value),
                "name" => metadata.name = decoder.text(value),
                "type" => metadata.kind = decoder.text(value),
                "runtime" => runtime = decoder.text(value),
                "version" => metadata.version = decoder.text(value),
                "sourceURL" => metadata.source_url = decoder.text(value),
                "config" => config = decoder.document(value),
                "runtimeConfig" => runtime_config = decoder.document(value),
                _ => return false,
            }
            true
        },
    );
    decoder.finish()?;
    if !is_name(&metadata.name) {
        return Err("invalid plugin `name`".to_owned());
    }
    if metadata.version.is_empty() {
        return Err("plugin `version` is required".to_owned());
    }
    if !is_version(&metadata.version) {
        let quoted = strconv::quote(&metadata.version);
        return Err(format!(
            "invalid plugin `version` {quoted}: must be valid semver"
        ));
    }
    if metadata.kind.is_empty() {
        return Err("`type` missing".to_owned());
    }
    if runtime.is_empty() {
        return Err("`runtime` missing".to_owned());
    }
    let convert = |error: String| format!("failed to convert MetadataV1 to Metadata: {error}");
    metadata.config = config_of(&metadata.kind, &config).map_err(convert)?;
    configure(&mut metadata, &runtime, &runtime_config).map_err(convert)?;
    Ok(metadata)
}

fn config_of(kind: &str, document: &Node) -> Result<Config, String> {
    let mut decoder = Decoder::new(document);
    let content = document.content();
    let config = match kind {
        "cli/v1" => {
            let (mut usage, mut short, mut long) = (String::new(), String::new(), String::new());
            let mut ignores_flags = false;
            decoder.fields(
                content,
                "schema.ConfigCLIV1",
                Strict::Yes,
                &mut |decoder, name, value| {
                    match name {
                        "usage" => usage = decoder.text(value),
                        "shortHelp" => short = decoder.text(value),
                        "longHelp" => long = decoder.text(value),
                        "ignoreFlags" => ignores_flags = decoder.flag(value),
                        _ => return false,
                    }
                    true
                },
            );
            Config::Cli {
                usage,
                short,
                long,
                ignores_flags,
            }
        }
        "getter/v1" => {
            let mut protocols = Vec::new();
            decoder.fields(
                content,
                "schema.ConfigGetterV1",
                Strict::Yes,
                &mut |decoder, name, value| {
                    let known = name == "protocols";
                    if known {
                        protocols = decoder.texts(value);
                    }
                    known
                },
            );
            Config::Getter(protocols)
        }
        "postrenderer/v1" | "test/v1" => {
            let (name, config) = match kind {
                "test/v1" => ("schema.ConfigTestV1", Config::Test),
                _ => ("schema.ConfigPostRendererV1", Config::PostRenderer),
            };
            decoder.fields(content, name, Strict::Yes, &mut |_, _, _| false);
            config
        }
        other => {
            let quoted = strconv::quote(other);
            return Err(format!("unknown plugin type {quoted}"));
        }
    };
    decoder.finish()?;
    Ok(config)
}

/// Reads `runtimeConfig`.
fn configure(metadata: &mut Metadata, runtime: &str, document: &Node) -> Result<(), String> {
    let mut decoder = Decoder::new(document);
    let content = document.content();
    match runtime {
        "subprocess" => {
            metadata.expands_hook_arguments = false;
            decoder.fields(
                content,
                "plugin.RuntimeConfigSubprocess",
                Strict::No,
                &mut |decoder, name, value| {
                    match name {
                        "platformCommand" => metadata.commands = commands(decoder, value),
                        "platformHooks" => metadata.hooks = hooks(decoder, value),
                        "protocolCommands" => {
                            metadata.protocols = decoder.list(
                                value,
                                "[]plugin.SubprocessProtocolCommand",
                                &mut protocol,
                            );
                        }
                        _ => return false,
                    }
                    true
                },
            );
        }
        "extism/v1" => metadata.runtime = Runtime::Extism,
        other => {
            let quoted = strconv::quote(other);
            return Err(format!("unsupported plugin runtime type: {quoted}"));
        }
    }
    decoder.finish().map_err(|error| {
        format!("failed to unmarshal runtimeConfig for {runtime} runtime: {error}")
    })
}

fn protocol<'n>(decoder: &mut Decoder<'n>, item: &'n Node) -> (Vec<String>, Vec<PlatformCommand>) {
    let mut one = (Vec::new(), Vec::new());
    decoder.fields(
        item,
        "plugin.SubprocessProtocolCommand",
        Strict::No,
        &mut |decoder, name, value| {
            match name {
                "protocols" => one.0 = decoder.texts(value),
                "platformCommand" => one.1 = commands(decoder, value),
                _ => return false,
            }
            true
        },
    );
    one
}

fn hooks<'n>(decoder: &mut Decoder<'n>, node: &'n Node) -> BTreeMap<String, Vec<PlatformCommand>> {
    let all = decoder.map(node, "plugin.PlatformHooks", &mut commands);
    all.into_iter().collect()
}

fn commands<'n>(decoder: &mut Decoder<'n>, node: &'n Node) -> Vec<PlatformCommand> {
    decoder.list(node, "[]plugin.PlatformCommand", &mut |decoder, item| {
        let mut one = PlatformCommand::default();
        decoder.fields(
            item,
            "plugin.PlatformCommand",
            Strict::No,
            &mut |decoder, name, value| {
                match name {
                    "os" => one.system = decoder.text(value),
                    "arch" => one.architecture = decoder.text(value),
                    "command" => one.command = decoder.text(value),
                    "args" => one.arguments = decoder.texts(value),
                    _ => return false,
                }
                true
            },
        );
        one
    })
}

fn check_name_and_version(metadata: &Metadata) -> Result<(), String> {
    let problems = name_and_version(metadata);
    match problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(()),
    }
}

fn name_and_version(metadata: &Metadata) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_name(&metadata.name) {
        let quoted = strconv::quote(&metadata.name);
        problems.push(format!(
            "invalid plugin name {quoted}: must contain only a-z, A-Z, 0-9, _ and -"
        ));
    }
    if !metadata.version.is_empty() && !is_version(&metadata.version) {
        let quoted = strconv::quote(&metadata.version);
        problems.push(format!(
            "invalid plugin version {quoted}: must be valid semver"
        ));
    }
    problems
}

/// What holds for both shapes (`Metadata.Validate`).
fn validate(metadata: &Metadata) -> Result<(), String> {
    let mut problems = name_and_version(metadata);
    if let Config::Getter(protocols) = &metadata.config {
        let problem = match protocols.iter().position(String::is_empty) {
            _ if protocols.is_empty() => Some("getter has no protocols".to_owned()),
            Some(at) => Some(format!("getter has empty protocol at index {at}")),
            None => None,
        };
        problems.extend(problem.map(|problem| format!("config validation failed: {problem}")));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems.join("\n")),
    }
}
