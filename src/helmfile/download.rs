//! Charts that are brought here before they are used (`forcedDownloadChart`, `getOCIChart`,
//! `processLocalChart`, `downloadChartWithGoGetter` of `pkg/state`).

use std::fs;
use std::path::Path;

use super::Fleet;
use super::helm::{download_flags, either};
use super::load::State;
use super::prepare::{Download, Preparation};
use super::remote::Address;
use super::state::{self, Record};
use super::upgrade::verify_flags;
use crate::go::{os, path};

/// What a chart's folder is called where nobody says.
pub(super) const FOLDER: &str = "{{ .OutputDir }}{{ if .Release.Namespace }}/{{ .Release.Namespace }}{{ end }}{{ if .Release.KubeContext }}/{{ .Release.KubeContext }}{{ end }}/{{ .Release.Name }}/{{ .ChartName }}/{{ or .Release.Version \"latest\" }}";

impl Fleet<'_> {
    /// The path of a chart that is behind an address such as `git::https://...`; nothing where it is
    /// elsewhere.
    ///
    /// # Errors
    /// An address that is none though it has to be, and what cannot be fetched.
    pub(super) fn getter_chart(&self, release: &Record) -> Result<Option<String>, String> {
        let chart = match release.text("chart") {
            "" => release.text("directory"),
            chart => chart,
        };
        let failed = |error: String| {
            let name = state::quoted(release.text("name"));
            format!("release {name}: {error}")
        };
        let address = Address::parse(chart).filter(|address| !address.getter.is_empty());
        match address {
            // Helm fetches it by itself.
            Some(address) if address.getter == "normal" => Ok(None),
            Some(_) => {
                let parts = ["namespace", "kubeContext", "name"].map(|key| release.text(key));
                let kind = path::join(&parts);
                let found = self.remote.fetch(chart, &kind);
                found
                    .map(Some)
                    .map_err(|error| failed(format!("fetching {}: {error}", state::quoted(chart))))
            }
            None if release.is("forceGoGetter") && !chart.starts_with("oci://") => {
                Err(failed(format!(
                    "Parsing url from dir failed due to error {}.\nContinuing the process assuming this is a regular Helm chart or a local dir.",
                    state::quoted(&format!(
                        "parse url: missing scheme - probably this is a local file path? {chart}"
                    ))
                )))
            }
            None => Ok(None),
        }
    }

    /// Copies a chart that is here.
    ///
    /// # Errors
    /// Go's words.
    pub(super) fn copy_chart(
        &self,
        state: &State,
        release: &Record,
        chart: &str,
        download: &Download,
    ) -> Result<String, String> {
        let base = path::base(chart.as_bytes());
        let base = String::from_utf8_lossy(base).into_owned();
        let target = self.download_folder(state, release, &base, download)?;
        copy(Path::new(chart), Path::new(&path::clean(&target)))
            .map_err(|error| os::path_error("open", chart, &error))?;
        Ok(target)
    }

    /// Fetches a chart that is elsewhere, once a run.
    ///
    /// # Errors
    /// What Helm fails with.
    pub(super) fn download_chart(
        &self,
        state: &State,
        release: &Record,
        preparation: &Preparation,
        download: &Download,
    ) -> Result<String, String> {
        let key = (
            release.text("chart").to_owned(),
            release.text("version").to_owned(),
        );
        let known = self.fetched.borrow().get(&key).cloned();
        if let Some(known) = known.filter(|known| Path::new(known).is_dir()) {
            return Ok(known);
        }
        let path = self.fetch_chart(state, release, preparation, download)?;
        self.fetched.borrow_mut().insert(key, path.clone());
        Ok(path)
    }

    fn fetch_chart(
        &self,
        state: &State,
        release: &Record,
        preparation: &Preparation,
        download: &Download,
    ) -> Result<String, String> {
        let chart = release.text("chart").to_owned();
        let repository = state.repository(&chart).unwrap_or_default();
        let address = match (chart.strip_prefix("oci://"), repository.is("oci")) {
            (Some(address), _) => Some(address.to_owned()),
            (None, true) => {
                let (_, name) = chart.split_once('/').unwrap_or(("", &chart));
                Some(format!("{}/{name}", repository.text("url")))
            }
            (None, false) => None,
        };
        let name = match &address {
            Some(address) => String::from_utf8_lossy(path::base(address.as_bytes())).into_owned(),
            None => chart.clone(),
        };
        let folder = self.download_folder(state, release, &name, download)?;
        if Path::new(&folder).is_dir() {
            if preparation.skip_deps || preparation.skip_refresh {
                return Ok(chart_below(&folder));
            }
            fs::remove_dir_all(&folder)
                .map_err(|error| os::path_error("remove", &folder, &error))?;
        }
        let version = release.text("version");
        let (version, digest) = version.split_once('@').unwrap_or((version, ""));
        let mut flags = Vec::new();
        if !version.is_empty() && digest.is_empty() {
            flags.extend(["--version".to_owned(), version.to_owned()]);
        }
        if either(release, &state.defaults(), "devel") {
            flags.push("--devel".to_owned());
        }
        verify_flags(state, release, &mut flags);
        download_flags(state, release, &mut flags);
        let mut words = match address {
            Some(address) => {
                if version == "latest" {
                    return Err(format!(
                        "release {}: the version for OCI charts should be semver compliant, the latest tag is not supported",
                        state::quoted(release.text("name"))
                    ));
                }
                let tag = match (digest, version) {
                    ("", "") => String::new(),
                    ("", version) => format!(":{version}"),
                    (digest, _) => format!("@{digest}"),
                };
                self.info(&format!("Pulling {address}{tag}"));
                let whole = match digest {
                    "" => format!("oci://{address}"),
                    digest => format!("oci://{address}@{digest}"),
                };
                let words = ["pull", &whole, "--destination", &folder, "--untar"];
                words.map(str::to_owned).to_vec()
            }
            None => {
                self.info(&format!("Fetching {}", super::command::redacted(&chart)));
                vec!["fetch".to_owned(), chart]
            }
        };
        let is_pull = words.first().is_some_and(|word| word == "pull");
        words.extend(flags);
        let registries = repository.text("registryConfig");
        if is_pull && !registries.is_empty() {
            words.extend(["--registry-config".to_owned(), registries.to_owned()]);
        }
        match is_pull {
            true if self.options.plain_http => words.push("--plain-http".to_owned()),
            true => {}
            false => {
                let words_behind = ["--untar", "--untardir", &folder];
                words.extend(words_behind.map(str::to_owned));
            }
        }
        os::mkdir_all(&folder)?;
        let call = self.call(state, words, Vec::new(), &[]);
        let answer = self.run(&call).map_err(|(_, block)| block)?;
        self.info_output(&answer.stdout);
        Ok(chart_below(&folder))
    }
}

/// The folder that has the chart, where a chart is below `folder`.
fn chart_below(folder: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = path::join(&[&folder, &entry.file_name().to_string_lossy()]);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(name),
                _ if name.ends_with("/Chart.yaml") => found.push(path::dir(&name)),
                _ => {}
            }
        }
    }
    found.into_iter().min().unwrap_or_else(|| folder.to_owned())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    // What is in it, before a target that may be inside comes into being.
    let entries: Vec<_> = fs::read_dir(from)?.collect::<Result<_, _>>()?;
    fs::create_dir_all(to)?;
    for entry in entries {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match fs::metadata(&source)?.is_dir() {
            true if to.starts_with(&source) => {}
            true => copy(&source, &target)?,
            false => {
                fs::copy(&source, &target)?;
            }
        }
    }
    Ok(())
}
