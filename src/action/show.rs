//! `helm show`: parts of a chart (`pkg/action/show.go`, Helm 4.2.4).

use super::source::Source;
use crate::chart::{self, Chart};
use crate::diag::{Error, Kind, Level, Notice};
use crate::kubernetes::jsonpath::Template;
use crate::value::Frozen;

/// Which part is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// `Chart.yaml`
    Chart,
    /// `values.yaml`
    Values,
    /// The README.
    Readme,
    /// Custom resource definitions.
    Crds,
}

/// What to show of which chart.
#[derive(Clone, Debug)]
pub struct Options {
    /// The chart, as typed.
    pub chart: String,
    /// What of it.
    pub part: Part,
    /// Where it comes from.
    pub source: Source,
    /// A JSONPath template for the values; empty shows them as they were written.
    pub json_path: String,
}

/// Adds what was asked for to `out`.
///
/// # Errors
/// A chart that cannot be found or loaded, or a template that is none, in Helm's words.
pub fn run(options: &Options, out: &mut Vec<u8>, notices: &mut Vec<Notice>) -> Result<(), Error> {
    let source = &options.source;
    notices
        .push(Notice::new(Level::Debug, "original chart version").with("version", &source.version));
    source.log_devel(notices);
    let path = source.locate(&options.chart, out, notices)?;
    let chart = chart::load_any(&path, notices)?;
    print(&chart, options, out)
}

/// Adds the wanted parts of `chart` to `out`.
fn print(chart: &Chart, options: &Options, out: &mut Vec<u8>) -> Result<(), Error> {
    let all = options.part == Part::All;
    let wanted = |part: Part| all || options.part == part;
    let mut put = |text: &[u8], separated: bool| {
        if separated {
            out.extend_from_slice(b"---\n");
        }
        out.extend_from_slice(text);
        out.push(b'\n');
    };
    let definition = chart.metadata.encode(true)?;
    if wanted(Part::Chart) {
        put(&definition, false);
    }
    if let Some(source) = chart
        .values_source
        .as_ref()
        .filter(|_| wanted(Part::Values))
    {
        if options.json_path.is_empty() {
            put(source.bytes(), all);
        } else {
            let path = &options.json_path;
            let template = Template::parse(path).map_err(|error| {
                Error::new(
                    Kind::Usage,
                    format!("error parsing jsonpath {path}: {error}"),
                )
            })?;
            out.extend_from_slice(&template.print(&Frozen::Map(chart.values.clone())));
            return Ok(());
        }
    }
    if wanted(Part::Readme) {
        let is_readme = |name: &str| {
            let known = ["readme.md", "readme.txt", "readme"];
            known.iter().any(|known| name.eq_ignore_ascii_case(known))
        };
        if let Some(file) = chart.files.iter().find(|file| is_readme(&file.name)) {
            put(&file.data, all);
        }
    }
    if wanted(Part::Crds) {
        for crd in chart.crds() {
            let data = &crd.file.data;
            put(data, !data.starts_with(b"---"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::File;

    fn show(part: Part, json_path: &str) -> Result<String, String> {
        let files = [
            ("Chart.yaml", "apiVersion: v3\nname: t\nversion: 1.0\n"),
            ("values.yaml", "# c\na: [1, 2]"),
            ("ReadMe.TXT", "read\n"),
            ("docs/README.md", "not this"),
            ("crds/a.yaml", "---\na: 1\n"),
            ("crds/b.yaml", "b: 1"),
            ("crds/c.txt", "c"),
        ];
        let files = files.map(|(name, text)| File {
            name: name.to_owned(),
            data: text.into(),
            modified: None,
        });
        let chart = chart::load_files(files.to_vec(), &mut Vec::new()).unwrap();
        let options = Options {
            chart: String::new(),
            part,
            source: Source::default(),
            json_path: json_path.to_owned(),
        };
        let mut out = Vec::new();
        print(&chart, &options, &mut out).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn parts_are_shown_as_helm_shows_them() {
        const CHART: &str = "apiVersion: v3\nname: t\nversion: \"1\"\n\n";
        const CRDS: &str = "---\na: 1\n\n---\nb: 1\n";
        let all = format!("{CHART}---\n# c\na: [1, 2]\n---\nread\n\n{CRDS}");
        for (part, path, want) in [
            (Part::Chart, "", CHART),
            (Part::Values, "", "# c\na: [1, 2]\n"),
            (Part::Values, "{.a[1]}", "2"),
            (Part::Values, "{.b}", ""),
            (Part::Readme, "", "read\n\n"),
            (Part::Crds, "", CRDS),
            (Part::All, "", &all),
        ] {
            assert_eq!(show(part, path).unwrap(), want, "{part:?} {path}");
        }
        assert_eq!(
            show(Part::Values, "{.b").unwrap_err(),
            "error parsing jsonpath {.b: unclosed action"
        );
    }
}
