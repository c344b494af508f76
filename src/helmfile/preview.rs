//! The words for Helm where releases are compared with what they would become (`flagsForDiff`,
//! `commonDiffFlags` of `pkg/state/state.go`).

use super::Fleet;
use super::command::Diff;
use super::helm::{TemplateFlags, collect, download_flags, either};
use super::load::State;
use super::state::Record;
use super::upgrade::{connection_flags, server_side, values_mode};
use super::values::Given;

impl Fleet<'_> {
    /// The words behind `helm diff upgrade NAME CHART`, and values files.
    ///
    /// # Errors
    /// What values fail with.
    pub(super) fn preview_flags(
        &self,
        state: &State,
        release: &Record,
        options: &Diff,
        is_unchecked: bool,
    ) -> Result<(Vec<String>, Vec<Given>), String> {
        let upgrading = &options.upgrading;
        let (mut flags, files) = match self.options.own {
            // What it is compared with is what an upgrade would really do.
            true => self.upgrade_flags(state, release, upgrading)?,
            false => {
                let mut flags = self.release_flags(state, release, options, is_unchecked)?;
                let (values, files) = self.values_flags(state, release)?;
                flags.extend(values);
                (flags, files)
            }
        };
        if self.options.own {
            flags.extend(self.suppressed(state, release, options));
        }
        let mut errors = Vec::new();
        self.flag_values(&upgrading.values, &[], &mut flags, &mut errors);
        if let Some(error) = errors.into_iter().next() {
            return Err(error);
        }
        flags.push(values_mode(state, release, upgrading).to_owned());
        flags.extend(self.common_flags(state, options));
        Ok((flags, files))
    }

    /// Lines that are not shown.
    fn suppressed(&self, state: &State, release: &Record, options: &Diff) -> Vec<String> {
        let own = release.texts("suppressOutputLineRegex");
        let patterns = if !own.is_empty() {
            own
        } else if !options.suppress_lines.is_empty() {
            options.suppress_lines.clone()
        } else {
            state.defaults().texts("suppressOutputLineRegex")
        };
        let patterns = patterns.into_iter().filter(|pattern| !pattern.is_empty());
        patterns
            .flat_map(|pattern| ["--suppress-output-line-regex".to_owned(), pattern])
            .collect()
    }

    fn release_flags(
        &self,
        state: &State,
        release: &Record,
        options: &Diff,
        is_unchecked: bool,
    ) -> Result<Vec<String>, String> {
        let defaults = state.defaults();
        let upgrading = &options.upgrading;
        let mut flags = Vec::new();
        let version = release.text("version");
        let version = version.split('@').next().unwrap_or(version);
        if !version.is_empty() {
            flags.extend(["--version".to_owned(), version.to_owned()]);
        }
        if either(release, &defaults, "devel") {
            flags.push("--devel".to_owned());
        }
        if either(release, &defaults, "enableDNS") {
            flags.push("--enable-dns".to_owned());
        }
        if either(release, &defaults, "disableOpenAPIValidation") {
            flags.push("--disable-openapi-validation".to_owned());
        }
        let skips = release
            .maybe("disableValidation")
            .or_else(|| defaults.maybe("disableValidation"));
        if skips.unwrap_or(is_unchecked) {
            flags.push("--disable-validation".to_owned());
        }
        let versions = match release.texts("apiVersions") {
            own if !own.is_empty() => own,
            _ => state.record.texts("apiVersions"),
        };
        for version in versions {
            flags.extend(["--api-versions".to_owned(), version]);
        }
        let ignores = either(release, &defaults, "disableAutoDetectedKubeVersionForDiff");
        let versions = [
            if ignores { "" } else { &options.kube_version },
            release.text("kubeVersion"),
            state.record.text("kubeVersion"),
        ];
        if let Some(version) = versions.into_iter().find(|version| !version.is_empty()) {
            flags.extend(["--kube-version".to_owned(), version.to_owned()]);
        }
        flags.extend(connection_flags(state, release));
        download_flags(state, release, &mut flags);
        // The plugin does not know it.
        flags.retain(|flag| flag != "--plain-http");
        for adopt in release.texts("adopt") {
            flags.extend(["--adopt".to_owned(), adopt]);
        }
        let template = TemplateFlags {
            post_renderer: upgrading.post_renderer.clone(),
            post_renderer_args: upgrading.post_renderer_args.clone(),
            ..TemplateFlags::default()
        };
        self.post_renderer_flags(state, release, &template, &mut flags)?;
        if release.is("skipSchemaValidation")
            || upgrading.skip_schema_validation
            || defaults.is("skipSchemaValidation")
        {
            flags.push("--skip-schema-validation".to_owned());
        }
        flags.extend(self.suppressed(state, release, options));
        if release.is("takeOwnership") || upgrading.take_ownership || defaults.is("takeOwnership") {
            flags.push("--take-ownership".to_owned());
        }
        flags.extend(server_side(
            state,
            release,
            upgrading,
            self.is_third(state),
        )?);
        Ok(flags)
    }

    /// What is the same for all releases.
    fn common_flags(&self, state: &State, options: &Diff) -> Vec<String> {
        let defaults = state.defaults();
        let mut flags = Vec::new();
        let switch = |is_on: bool, flag: &str| is_on.then(|| flag.to_owned());
        flags.extend(switch(options.detailed_exitcode, "--detailed-exitcode"));
        flags.extend(switch(options.strip_trailing_cr, "--strip-trailing-cr"));
        flags.extend(switch(options.include_tests, "--include-tests"));
        for kind in &options.suppress {
            flags.extend(["--suppress".to_owned(), kind.clone()]);
        }
        flags.extend(switch(options.suppress_secrets, "--suppress-secrets"));
        flags.extend(switch(options.show_secrets, "--show-secrets"));
        flags.extend(switch(options.no_hooks, "--no-hooks"));
        if self.is_third(state) {
            match options.painted {
                Some(false) => flags.push("--no-color".to_owned()),
                Some(true) => flags.push("--color".to_owned()),
                None => {}
            }
        }
        if options.context > 0 {
            flags.extend(["--context".to_owned(), options.context.to_string()]);
        }
        if !options.output.is_empty() {
            flags.extend(["--output".to_owned(), options.output.clone()]);
        }
        for set in &options.upgrading.set {
            flags.extend(["--set".to_owned(), set.clone()]);
        }
        for (typed, key) in [
            (&options.diff_args, "diffArgs"),
            (&options.template_args, "templateArgs"),
        ] {
            let text = match typed.as_str() {
                "" => defaults.texts(key).join(" "),
                text => text.to_owned(),
            };
            flags.extend(collect(&text));
        }
        flags
    }
}
