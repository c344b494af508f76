//! Helm's command lines: built here once, for those who run them and for errors that show them
//! (`pkg/helmexec`, `flagsFor...` of `pkg/state/state.go`, `pkg/argparser`).

use std::sync::Arc;

use super::Fleet;
use super::load::State;
use super::process::{self, Failure};
use super::release::release_data;
use super::state::Record;
use super::target::Target;
use super::values::Given;
use crate::go::path;

/// A command line of Helm's.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// What Helm is called.
    pub binary: String,
    /// The words behind its name.
    pub arguments: Vec<String>,
    /// Values files that are not on disk: their names, and what is in them.
    pub files: Vec<(String, Arc<[u8]>)>,
    /// Post-renderers are programs, as Helm 3 takes them.
    pub is_third: bool,
    /// It compares what would be with what is, which Helm does by a plugin.
    pub is_diff: bool,
    /// What it prints is painted.
    pub paints: bool,
    /// Where its release goes, as pintle's states say it.
    pub target: Option<Target>,
}

/// What Helm answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The exit code.
    pub code: u8,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// An option that a release says, or the defaults.
pub(super) fn either(release: &Record, defaults: &Record, key: &str) -> bool {
    release.maybe(key).unwrap_or_else(|| defaults.is(key))
}

/// What a template command says besides what releases do.
#[derive(Clone, Debug, Default)]
pub(super) struct TemplateFlags {
    pub(super) post_renderer: String,
    pub(super) post_renderer_args: Vec<String>,
    pub(super) kube_version: String,
    pub(super) show_only: Vec<String>,
    pub(super) skip_schema_validation: bool,
    pub(super) template_args: String,
}

impl Fleet<'_> {
    /// Whether the binary is Helm 3, as its name says.
    pub(super) fn is_third(&self, state: &State) -> bool {
        let binary = state.record.text("helmBinary");
        path::base(binary.as_bytes()).ends_with(b"3")
    }

    /// A call with what all calls of a state have; `extra` are the words of `--args`.
    pub(super) fn call(
        &self,
        state: &State,
        arguments: Vec<String>,
        files: Vec<Given>,
        extra: &[String],
    ) -> Call {
        let mut words = Vec::with_capacity(arguments.len() + extra.len() + 4);
        let context = state.defaults().text("kubeContext").to_owned();
        for (flag, value) in [
            ("--kubeconfig", &self.options.kubeconfig),
            ("--kube-context", &context),
        ] {
            if !value.is_empty() {
                words.extend([flag.to_owned(), value.clone()]);
            }
        }
        words.extend(arguments);
        words.extend(extra.iter().cloned());
        Call {
            binary: state.record.text("helmBinary").to_owned(),
            arguments: words,
            files: files
                .into_iter()
                .map(|file| (file.name, Arc::from(file.text)))
                .collect(),
            is_third: self.is_third(state),
            is_diff: false,
            paints: false,
            target: None,
        }
    }

    /// The same, about a release, which goes where the state says.
    pub(super) fn call_for(
        &self,
        (state, release): (&State, &Record),
        arguments: Vec<String>,
        files: Vec<Given>,
        extra: &[String],
    ) -> Call {
        let mut call = self.call(state, arguments, files, extra);
        if self.options.own {
            // What cannot be said was an error when the state was read.
            call.target = self.target(state, release).ok();
        }
        call
    }

    /// Runs a call.
    ///
    /// # Errors
    /// The block that tells about a command that failed; the answer stands beside it.
    pub(super) fn run(&self, call: &Call) -> Result<Answer, (Answer, String)> {
        self.debug(&told(call));
        self.judge(call, self.host.helm(call))
    }

    /// Whether an answer is one.
    ///
    /// # Errors
    /// The block that tells about a command that failed; the answer stands beside it.
    pub(super) fn judge(&self, call: &Call, answer: Answer) -> Result<Answer, (Answer, String)> {
        match answer.code {
            0 => Ok(answer),
            _ => {
                let block = self.block(call, &answer);
                Err((answer, block))
            }
        }
    }

    /// The block that tells about a call that failed.
    pub(super) fn block(&self, call: &Call, answer: &Answer) -> String {
        let path = process::look_path(&call.binary, &self.options.path)
            .unwrap_or_else(|_| self.options.program.clone());
        let mut arguments = vec![call.binary.clone()];
        arguments.extend(call.arguments.iter().cloned());
        let combined = [&answer.stdout[..], &answer.stderr].concat();
        process::failure(&Failure {
            path: &path,
            arguments: &arguments,
            code: i32::from(answer.code),
            stderr: &String::from_utf8_lossy(&answer.stderr),
            combined: &String::from_utf8_lossy(&combined),
            is_masked: !self.options.shows_values,
        })
    }

    /// Logs what Helm printed.
    pub(super) fn info_output(&self, out: &[u8]) {
        let text = String::from_utf8_lossy(out);
        let text = text.trim_end_matches('\n');
        if !text.is_empty() {
            self.info(text);
        }
    }

    /// Words that are added to all calls of a command: those of `--args`, then those of the state
    /// (`GetArgs`).
    pub(super) fn extra(&self, state: &State) -> Vec<String> {
        let mut extra = collect(&self.options.args);
        let own = state.defaults().texts("args");
        if !own.is_empty() {
            extra.extend(collect(&own.join(" ")));
        }
        extra
    }

    /// `helm template` (`flagsForTemplate`).
    ///
    /// # Errors
    /// What the values fail with.
    pub(super) fn template_flags(
        &self,
        state: &State,
        release: &Record,
        options: &TemplateFlags,
    ) -> Result<(Vec<String>, Vec<Given>), String> {
        let defaults = state.defaults();
        let mut flags = Vec::new();
        let mut add = |flag: &str, value: &str| flags.extend([flag.to_owned(), value.to_owned()]);
        let version = release.text("version");
        let version = version.split('@').next().unwrap_or(version);
        if !version.is_empty() {
            add("--version", version);
        }
        if either(release, &defaults, "devel") {
            flags.push("--devel".to_owned());
        }
        for adopt in release.texts("adopt") {
            flags.extend(["--adopt".to_owned(), adopt]);
        }
        if either(release, &defaults, "enableDNS") {
            flags.push("--enable-dns".to_owned());
        }
        self.post_renderer_flags(state, release, options, &mut flags)?;
        let versions = match release.texts("apiVersions") {
            own if !own.is_empty() => own,
            _ => state.record.texts("apiVersions"),
        };
        for version in versions {
            flags.extend(["--api-versions".to_owned(), version]);
        }
        let kube_version = [
            options.kube_version.as_str(),
            release.text("kubeVersion"),
            state.record.text("kubeVersion"),
        ];
        if let Some(version) = kube_version.into_iter().find(|version| !version.is_empty()) {
            flags.extend(["--kube-version".to_owned(), version.to_owned()]);
        }
        download_flags(state, release, &mut flags);
        for pattern in &options.show_only {
            flags.extend(["--show-only".to_owned(), pattern.clone()]);
        }
        let skips = release.is("skipSchemaValidation")
            || options.skip_schema_validation
            || defaults.is("skipSchemaValidation");
        if skips {
            flags.push("--skip-schema-validation".to_owned());
        }
        let context = kube_context(state, release);
        if !context.is_empty() {
            flags.extend(["--kube-context".to_owned(), context]);
        }
        let template_args = match options.template_args.as_str() {
            "" => defaults.texts("templateArgs").join(" "),
            text => text.to_owned(),
        };
        flags.extend(collect(&template_args));
        let (values, files) = self.values_flags(state, release)?;
        flags.extend(values);
        Ok((flags, files))
    }

    pub(super) fn post_renderer_flags(
        &self,
        state: &State,
        release: &Record,
        options: &TemplateFlags,
        flags: &mut Vec<String>,
    ) -> Result<(), String> {
        let defaults = state.defaults();
        let renderer = [
            release.text("postRenderer"),
            options.post_renderer.as_str(),
            defaults.text("postRenderer"),
        ];
        if let Some(renderer) = renderer.into_iter().find(|renderer| !renderer.is_empty()) {
            let is_script = renderer.ends_with(".bash") || renderer.ends_with(".sh");
            let name = match is_script && !self.is_third(state) {
                true => {
                    let base = path::base(renderer.as_bytes());
                    let base = String::from_utf8_lossy(base).into_owned();
                    let stem = base
                        .rsplit_once('.')
                        .map_or(base.as_str(), |(stem, _)| stem);
                    stem.to_owned()
                }
                false => renderer.to_owned(),
            };
            flags.extend(["--post-renderer".to_owned(), name]);
        }
        let own = release.texts("postRendererArgs");
        let arguments = if !own.is_empty() {
            own
        } else if !options.post_renderer_args.is_empty() {
            options.post_renderer_args.clone()
        } else {
            let mut rendered = Vec::new();
            for text in defaults.texts("postRendererArgs") {
                let data = release_data(state, release);
                rendered.push(
                    self.renderer
                        .text(&text, &state.base, &data)
                        .map_err(|error| error.to_string())?,
                );
            }
            rendered
        };
        let arguments = arguments
            .into_iter()
            .filter(|argument| !argument.is_empty());
        flags.extend(arguments.map(|argument| format!("--post-renderer-args={argument}")));
        Ok(())
    }
}

/// The context of a release: its own, that of the environment, that of the defaults.
pub(super) fn kube_context(state: &State, release: &Record) -> String {
    let environments = state.record.record("environments");
    let declared = environments.record(&state.environment.name);
    let defaults = state.defaults();
    let all = [
        release.text("kubeContext"),
        declared.text("kubeContext"),
        defaults.text("kubeContext"),
    ];
    all.into_iter()
        .find(|context| !context.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// How a chart's server is talked to (`appendChartDownloadFlags`).
pub(super) fn download_flags(state: &State, release: &Record, flags: &mut Vec<String>) {
    let repository = state.repository(release.text("chart")).unwrap_or_default();
    let defaults = state.defaults();
    if release.is("plainHttp") || defaults.is("plainHttp") || repository.is("plainHttp") {
        flags.push("--plain-http".to_owned());
    } else if release.is("insecureSkipTLSVerify")
        || defaults.is("insecureSkipTLSVerify")
        || repository.is("skipTLSVerify")
    {
        flags.push("--insecure-skip-tls-verify".to_owned());
    }
}

/// What a log says about a call.
pub(super) fn told(call: &Call) -> String {
    format!("exec: {} {}", call.binary, call.arguments.join(" "))
}

/// Words of `--args` and the like: split at blanks, all of one flag moved to where it stands first,
/// what is no flag is the value of the one before (`argparser.CollectArgs`).
pub(super) fn collect(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    // A value, and whether it is a word of its own.
    type Given<'a> = (Option<&'a str>, bool);
    let mut all: Vec<(&str, Vec<Given>)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !word.starts_with('-') {
            continue;
        }
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, (Some(value), false)),
            None => {
                let next = words.get(at + 1).filter(|next| !next.starts_with('-'));
                (*word, (next.copied(), next.is_some()))
            }
        };
        if flag.is_empty() {
            continue;
        }
        match all.iter_mut().find(|(known, _)| *known == flag) {
            Some((_, values)) => values.push(value),
            None => all.push((flag, vec![value])),
        }
    }
    let mut collected = Vec::new();
    for (flag, values) in all {
        for (value, is_apart) in values {
            match value.filter(|value| !value.is_empty()) {
                Some(value) if is_apart => {
                    collected.extend([flag.to_owned(), value.to_owned()]);
                }
                Some(value) => collected.push(format!("{flag}={value}")),
                None => collected.push(flag.to_owned()),
            }
        }
    }
    collected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_collected_by_flag() {
        for (text, want) in [
            ("--set a=1 --debug --set=b=2", "--set a=1 --set=b=2 --debug"),
            ("stray --x y z", "--x y"),
            ("", ""),
            ("-f v.yaml", "-f v.yaml"),
        ] {
            assert_eq!(collect(text).join(" "), want, "{text}");
        }
    }
}
