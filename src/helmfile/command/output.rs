//! Names of files and folders that commands write (`GenerateOutputDir`, `GenerateOutputFilePath`).

use std::any::Any;
use std::sync::LazyLock;

use sha1::{Digest, Sha1};

use super::Fleet;
use crate::diag::Source;
use crate::helmfile::download::FOLDER as CHART_FOLDER;
use crate::helmfile::file;
use crate::helmfile::load::State;
use crate::helmfile::prepare::Download;
use crate::helmfile::state::Record;
use crate::helmfile::template::{release, structure};
use crate::template::{Environment, Functions, Options, Set};
use crate::value::{Type, Value};

/// Go's own functions, and no others.
static PLAIN: LazyLock<Functions> = LazyLock::new(|| Functions::new(&[]));

/// What a template says where the user says nothing.
const FOLDER: &str =
    "{{ .OutputDir }}/{{ .State.BaseName }}-{{ .State.AbsPathSHA1 }}-{{ .Release.Name}}";
const FILE: &str = "{{ .State.BaseName }}-{{ .State.AbsPathSHA1 }}/{{ .Release.Name }}.yaml";

impl Fleet<'_> {
    /// The folder that a release's manifests go to.
    ///
    /// # Errors
    /// A template that is none, or fails.
    pub(super) fn output_folder(
        &self,
        state: &State,
        of: &Record,
        (folder, template): (&str, &str),
    ) -> Result<String, String> {
        let text = if template.is_empty() {
            FOLDER
        } else {
            template
        };
        let mut set = plain("output-dir");
        set.parse("output-dir", &Source::new("output-dir", text))
            .map_err(|_| "parsing output-dir template".to_owned())?;
        let mut fields = context(state, of);
        fields.push(("OutputDir", Value::string(folder)));
        self.name(&set, "output-dir", fields)
            .map_err(|error| format!("executing output-dir template: {error}"))
    }

    /// The folder that a chart is fetched to.
    ///
    /// # Errors
    /// A template that is none, or fails.
    pub(in crate::helmfile) fn download_folder(
        &self,
        state: &State,
        of: &Record,
        chart: &str,
        download: &Download,
    ) -> Result<String, String> {
        let text = match download.template.as_str() {
            "" => CHART_FOLDER,
            text => text,
        };
        let mut set = plain("output-dir-template");
        set.parse(
            "output-dir-template",
            &Source::new("output-dir-template", text),
        )
        .map_err(|error| {
            let quoted = crate::helmfile::state::quoted(text);
            format!("parsing output-dir-template template {quoted}: {error}")
        })?;
        let fields = vec![
            ("ChartName", Value::string(chart)),
            ("OutputDir", Value::string(download.folder.as_str())),
            ("Release", release(of)),
            ("Environment", state.live_environment()),
        ];
        self.name(&set, "output-dir-template", fields)
            .map_err(|error| format!("executing output-dir-template template: {error}"))
    }

    /// The file that a release's values go to.
    ///
    /// # Errors
    /// A template that is none, or fails.
    pub(super) fn output_file(
        &self,
        state: &State,
        of: &Record,
        template: &str,
    ) -> Result<String, String> {
        let text = if template.is_empty() { FILE } else { template };
        let mut set = plain("output-file");
        set.parse("output-file", &Source::new("output-file", text))
            .map_err(|error| {
                let quoted = crate::helmfile::state::quoted(text);
                format!("parsing output-file template {quoted}: {error}")
            })?;
        self.name(&set, "output-file", context(state, of))
            .map_err(|error| format!("executing output-file template: {error}"))
    }

    fn name(
        &self,
        set: &Set,
        name: &str,
        fields: Vec<(&'static str, Value)>,
    ) -> Result<String, String> {
        static TYPE: Type = Type::Struct("struct");
        let data = structure(&TYPE, fields);
        let environment = Environment {
            world: &*self.renderer.outside().world,
            host: &() as &dyn Any,
        };
        let mut out = Vec::new();
        set.execute(name, &data, &environment, &mut out)
            .map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}

fn plain(name: &'static str) -> Set {
    Set::new(
        &PLAIN,
        Options {
            name: name.into(),
            ..Options::default()
        },
    )
}

fn context(state: &State, of: &Record) -> Vec<(&'static str, Value)> {
    static TYPE: Type = Type::Struct("state.state");
    let absolute = file::absolute(&state.file);
    let digest = Sha1::digest(absolute.as_bytes());
    let digest: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let extension = crate::go::path::ext(state.file.as_bytes()).len();
    let base = &state.file[..state.file.len() - extension];
    let seen = structure(
        &TYPE,
        vec![
            ("BaseName", Value::string(base)),
            ("Path", Value::string(state.file.as_str())),
            ("AbsPath", Value::string(absolute)),
            ("AbsPathSHA1", Value::string(digest)),
        ],
    );
    vec![
        ("State", seen),
        ("Release", release(of)),
        ("Environment", state.live_environment()),
    ]
}
