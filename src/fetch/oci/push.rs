use super::annotation::annotations;
use super::manifest::{self, Descriptor, IMAGE};
use super::reference::Written;
use super::repository::Repository;
use super::{CHART, CONFIG, PROVENANCE, Registry, explain_underscore};
use crate::chart::Metadata;
use crate::diag::{Error, Kind};
use crate::fetch::index;

/// What is pushed.
#[derive(Clone, Copy, Debug)]
pub struct Push<'a> {
    /// The chart's archive.
    pub archive: &'a [u8],
    /// What stands in its `Chart.yaml`.
    pub metadata: &'a Metadata,
    /// Its provenance file, where it has one.
    pub provenance: Option<&'a [u8]>,
    /// When the archive was made, as RFC 3339 has it.
    pub created: &'a str,
}

fn while_doing(operation: &str, error: Error) -> Error {
    error.wrap(format!("failed to perform \"{operation}\" on destination"))
}

impl Registry {
    /// Puts a chart at `HOST/REPOSITORY:VERSION` (`Client.Push`). What Helm prints about it goes to
    /// `out`.
    ///
    /// # Errors
    /// Whatever failed first, in Helm's and oras-go's words.
    pub fn push(&self, reference: &str, push: Push<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let written = Written::parse(reference)?;
        let chart = push.metadata;
        if !reference.ends_with(&format!("/{}:{}", chart.name, chart.version)) {
            return Err(Error::new(
                Kind::Chart,
                "strict mode enabled, ref basename and tag must match the chart name and version",
            ));
        }
        let mut json = Vec::new();
        index::metadata_json(chart, &mut json);
        let config = Descriptor::of(CONFIG, &json);
        let mut layers = vec![(Descriptor::of(CHART, push.archive), push.archive)];
        if let Some(bytes) = push.provenance {
            layers.push((Descriptor::of(PROVENANCE, bytes), bytes));
        }
        layers.sort_by(|(a, _), (b, _)| a.digest.cmp(&b.digest));
        let parts: Vec<Descriptor> = layers.iter().map(|(part, _)| part.clone()).collect();
        let text = manifest::write(&config, &parts, &annotations(chart, push.created));
        let whole = Descriptor::of(IMAGE, &text);

        let name = written.to_string();
        let tag = written.reference.reference.clone();
        let repository = self.repository(written.reference);
        let digest = &whole.digest;
        let is_there = repository.resolve(digest.as_str());
        let is_there = is_there.map_err(|error| while_doing("Exists", error))?;
        if is_there.is_none() {
            put(&repository, &config, &json)?;
            for (part, bytes) in &layers {
                put(&repository, part, bytes)?;
            }
            repository
                .push_manifest(&whole, &text, digest.as_str())
                .map_err(|error| while_doing("Push", error))?;
        }
        repository
            .push_manifest(&whole, &text, &tag)
            .map_err(|error| while_doing("Tag", error))?;
        let lines = format!("Pushed: {name}\nDigest: {digest}\n");
        out.extend_from_slice(lines.as_bytes());
        if tag.contains('_') {
            explain_underscore(&name, out);
        }
        Ok(())
    }
}

/// Puts a blob there, unless it is there.
fn put(repository: &Repository<'_>, part: &Descriptor, bytes: &[u8]) -> Result<(), Error> {
    let is_there = repository.has_blob(&part.digest);
    if is_there.map_err(|error| while_doing("Exists", error))? {
        return Ok(());
    }
    repository
        .push_blob(part, bytes)
        .map_err(|error| while_doing("Push", error))
}
