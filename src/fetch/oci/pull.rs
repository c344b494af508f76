use super::manifest::{self, Descriptor, IMAGE, INDEX};
use super::reference::Written;
use super::repository::Repository;
use super::{
    CHART, CONFIG, Digest, OLD_CHART, PROVENANCE, Reference, Registry, explain_underscore,
};
use crate::diag::{Error, Kind};
use crate::go::json;

/// What is wanted of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Its archive.
    Chart,
    /// Its provenance file.
    Provenance,
}

/// What came.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The bytes of the layer.
    pub bytes: Vec<u8>,
    /// The digest of the manifest.
    pub digest: Digest,
}

/// How deep indexes may lie in indexes.
const MAX_DEPTH: usize = 8;

/// Parts that were fetched.
type Fetched = Vec<(Descriptor, Vec<u8>)>;

fn fail<T>(message: String) -> Result<T, Error> {
    Err(Error::new(Kind::Chart, message))
}

/// oras-go's words for what it was doing.
fn while_doing(operation: &str, side: &str, why: impl std::fmt::Display) -> Error {
    let message = format!("failed to perform \"{operation}\" on {side}: {why}");
    Error::new(Kind::Network, message)
}

impl Registry {
    /// Fetches one layer of the chart at `HOST/REPOSITORY:TAG` or `@DIGEST` (`Client.Pull`). What
    /// Helm prints about it goes to `out`.
    ///
    /// # Errors
    /// Whatever failed first, in Helm's and oras-go's words.
    pub fn pull(&self, reference: &str, layer: Layer, out: &mut Vec<u8>) -> Result<Pulled, Error> {
        let name = Written::parse(reference)?.to_string();
        let reference = Reference::parse(&name)?;
        if reference.reference.is_empty() {
            return fail("invalid reference".to_owned());
        }
        let wanted = reference.reference.clone();
        let repository = self.repository(reference);
        let root = repository
            .manifest(&wanted)
            .map_err(|error| while_doing("FetchReference", "source", error))?;
        let digest = root.descriptor.digest.clone();
        let mut fetched = Fetched::new();
        if !digest.names(&root.bytes) {
            return Err(while_doing("Successors", "source", "mismatched digest"));
        }
        let types: &[&str] = match layer {
            Layer::Chart => &[CONFIG, CHART, OLD_CHART],
            Layer::Provenance => &[CONFIG, PROVENANCE],
        };
        gather(
            &repository,
            root.descriptor,
            root.bytes,
            types,
            0,
            &mut fetched,
        )?;
        let least = 2;
        if fetched.len() < least {
            return fail(format!(
                "manifest does not contain minimum number of descriptors ({least}), descriptors found: {}",
                fetched.len()
            ));
        }
        let mut config = None;
        let mut found = None;
        for (part, bytes) in fetched {
            match (&*part.media_type, layer) {
                (CONFIG, _) => config = Some(bytes),
                (CHART, Layer::Chart) | (PROVENANCE, Layer::Provenance) => found = Some(bytes),
                (OLD_CHART, Layer::Chart) => {
                    let line = format!("Warning: chart media type {OLD_CHART} is deprecated\n");
                    out.extend_from_slice(line.as_bytes());
                    found = Some(bytes);
                }
                _ => {}
            }
        }
        let Some(config) = config else {
            return fail(format!("could not load config with mediatype {CONFIG}"));
        };
        let Some(bytes) = found else {
            let wanted = match layer {
                Layer::Chart => CHART,
                Layer::Provenance => PROVENANCE,
            };
            return fail(format!(
                "manifest does not contain a layer with mediatype {wanted}"
            ));
        };
        json::decode(&config).map_err(|why| Error::new(Kind::Chart, why))?;
        let line = format!("Pulled: {name}\nDigest: {digest}\n");
        out.extend_from_slice(line.as_bytes());
        if name.contains('_') {
            explain_underscore(&name, out);
        }
        Ok(Pulled { bytes, digest })
    }
}

/// Fetches what a manifest names and is wanted, and what manifests in it name (`oras.Copy`).
fn gather(
    repository: &Repository<'_>,
    part: Descriptor,
    bytes: Vec<u8>,
    types: &[&str],
    depth: usize,
    fetched: &mut Fetched,
) -> Result<(), Error> {
    let parts = manifest::parts(&part.media_type, &bytes)
        .map_err(|why| while_doing("Successors", "source", why))?;
    for inner in parts {
        if fetched.iter().any(|(known, _)| *known == inner) {
            continue;
        }
        if manifest::is_manifest(&inner.media_type) {
            if depth >= MAX_DEPTH {
                return Err(while_doing(
                    "Successors",
                    "source",
                    "manifests are nested too deeply",
                ));
            }
            let found = repository
                .manifest(inner.digest.as_str())
                .map_err(|error| while_doing("FindSuccessors", "source", error))?;
            gather(repository, inner, found.bytes, types, depth + 1, fetched)?;
        } else if types.contains(&&*inner.media_type) {
            let bytes = repository
                .blob(&inner)
                .map_err(|error| while_doing("Fetch", "source", error))?
                .map_err(|why| while_doing("Push", "destination", why))?;
            fetched.push((inner, bytes));
        }
    }
    if matches!(&*part.media_type, IMAGE | INDEX) {
        fetched.push((part, bytes));
    }
    Ok(())
}
