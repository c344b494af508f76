//! What a plugin says of itself, in the form in which it is signed.

use std::sync::Arc;

use super::metadata::{Config, Metadata, PlatformCommand, Runtime};
use crate::diag::{Error, Kind};
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

impl Metadata {
    /// The YAML that Helm signs: the fields of Go's `plugin.Metadata` under their own names. What
    /// only WebAssembly needs is not known here, and null.
    ///
    /// # Errors
    /// Texts that YAML cannot hold.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let (runtime, settings) = match self.runtime {
            Runtime::Subprocess => ("subprocess", self.settings()),
            Runtime::Extism => ("extism/v1", Frozen::Null),
        };
        let whole = map([
            ("APIVersion", text(&self.api_version)),
            ("Config", self.config.freeze()),
            ("Name", text(&self.name)),
            ("Runtime", text(runtime)),
            ("RuntimeConfig", settings),
            ("SourceURL", text(&self.source_url)),
            ("Type", text(&self.kind)),
            ("Version", text(&self.version)),
        ]);
        yaml::encode_frozen(&whole).map_err(|error| Error::new(Kind::Chart, error))
    }

    /// `RuntimeConfigSubprocess`
    fn settings(&self) -> Frozen {
        let hooks = self.hooks.iter();
        let hooks: FrozenMap = hooks
            .map(|(event, commands)| (Text::from(event.as_str()), programs(commands)))
            .collect();
        let hooks = match hooks.is_empty() {
            true => Frozen::Null,
            false => Frozen::Map(Arc::new(hooks)),
        };
        let protocols = self.protocols.iter().map(|(names, commands)| {
            map([
                ("PlatformCommand", programs(commands)),
                ("Protocols", texts(names)),
            ])
        });
        map([
            ("PlatformCommand", programs(&self.commands)),
            ("PlatformHooks", hooks),
            ("ProtocolCommands", list(protocols)),
        ])
    }
}

impl Config {
    fn freeze(&self) -> Frozen {
        match self {
            Config::Cli {
                usage,
                short,
                long,
                ignores_flags,
            } => map([
                ("IgnoreFlags", Frozen::Bool(*ignores_flags)),
                ("LongHelp", text(long)),
                ("ShortHelp", text(short)),
                ("Usage", text(usage)),
            ]),
            Config::Getter(protocols) => map([("Protocols", texts(protocols))]),
            Config::PostRenderer | Config::Test => Frozen::empty_map(),
        }
    }
}

fn programs(commands: &[PlatformCommand]) -> Frozen {
    list(commands.iter().map(|command| {
        map([
            ("Architecture", text(&command.architecture)),
            ("Args", texts(&command.arguments)),
            ("Command", text(&command.command)),
            ("OperatingSystem", text(&command.system)),
        ])
    }))
}

fn text(text: &str) -> Frozen {
    Frozen::string(text)
}

fn texts(all: &[String]) -> Frozen {
    list(all.iter().map(|one| text(one)))
}

/// Go's `nil` where there is nothing.
fn list(items: impl Iterator<Item = Frozen>) -> Frozen {
    let items: Vec<Frozen> = items.collect();
    match items.is_empty() {
        true => Frozen::Null,
        false => Frozen::List(Arc::new(items)),
    }
}

fn map<const N: usize>(fields: [(&str, Frozen); N]) -> Frozen {
    let fields = fields.into_iter();
    let fields: FrozenMap = fields
        .map(|(name, value)| (Text::from(name), value))
        .collect();
    Frozen::Map(Arc::new(fields))
}

#[cfg(test)]
mod tests {
    use super::super::metadata;

    /// Texts that Helm 4.2.4 signed.
    #[test]
    fn metadata_is_written_as_helm_signs_it() {
        for (given, want) in [
            (
                "apiVersion: v1\nname: a\nversion: 1.0.0\ntype: cli/v1\nruntime: subprocess\nconfig: {usage: a it, shortHelp: short}\nruntimeConfig:\n  platformCommand:\n  - {os: linux, arch: amd64, command: '${HELM_PLUGIN_DIR}/x.sh', args: [a, b]}\n",
                "APIVersion: v1\nConfig:\n  IgnoreFlags: false\n  LongHelp: \"\"\n  ShortHelp: short\n  Usage: a it\nName: a\nRuntime: subprocess\nRuntimeConfig:\n  PlatformCommand:\n  - Architecture: amd64\n    Args:\n    - a\n    - b\n    Command: ${HELM_PLUGIN_DIR}/x.sh\n    OperatingSystem: linux\n  PlatformHooks: null\n  ProtocolCommands: null\nSourceURL: \"\"\nType: cli/v1\nVersion: 1.0.0\n",
            ),
            (
                "name: b\nversion: 1.0.0\nusage: u\ndescription: d\ncommand: $HELM_PLUGIN_DIR/x.sh\nhooks: {install: echo hi}\ndownloaders:\n- {command: a b, protocols: [x, y]}\n",
                "APIVersion: legacy\nConfig:\n  Protocols:\n  - x\n  - \"y\"\nName: b\nRuntime: subprocess\nRuntimeConfig:\n  PlatformCommand:\n  - Architecture: \"\"\n    Args: null\n    Command: $HELM_PLUGIN_DIR/x.sh\n    OperatingSystem: \"\"\n  PlatformHooks:\n    install:\n    - Architecture: \"\"\n      Args:\n      - -c\n      - echo hi\n      Command: sh\n      OperatingSystem: \"\"\n  ProtocolCommands:\n  - PlatformCommand:\n    - Architecture: \"\"\n      Args: null\n      Command: a b\n      OperatingSystem: \"\"\n    Protocols:\n    - x\n    - \"y\"\nSourceURL: \"\"\nType: getter/v1\nVersion: 1.0.0\n",
            ),
            (
                "apiVersion: v1\nname: c\nversion: 1.0.0\ntype: postrenderer/v1\nruntime: subprocess\nsourceURL: http://x\nruntimeConfig:\n  platformCommand:\n  - command: x\n  platformHooks: {install: [{command: a}]}\n",
                "APIVersion: v1\nConfig: {}\nName: c\nRuntime: subprocess\nRuntimeConfig:\n  PlatformCommand:\n  - Architecture: \"\"\n    Args: null\n    Command: x\n    OperatingSystem: \"\"\n  PlatformHooks:\n    install:\n    - Architecture: \"\"\n      Args: null\n      Command: a\n      OperatingSystem: \"\"\n  ProtocolCommands: null\nSourceURL: http://x\nType: postrenderer/v1\nVersion: 1.0.0\n",
            ),
        ] {
            let metadata = metadata::parse(given.as_bytes()).expect("a plugin");
            let found = metadata.encode().expect("YAML");
            assert_eq!(String::from_utf8_lossy(&found), want);
        }
    }
}
