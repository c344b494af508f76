//! Charts in OCI registries: references, credentials, tags, manifests, blobs.
//!
//! Behaviour of `pkg/registry`, Helm 4.2.4, and of `oras.land/oras-go/v2` 2.6.1 below it. Broken
//! downloads go on where they ended, which those do not do.

mod annotation;
mod challenge;
pub mod credential;
mod digest;
mod manifest;
mod pull;
mod push;
mod reference;
mod registry;
mod repository;
mod session;
mod version;

pub use digest::Digest;
pub use pull::{Layer, Pulled};
pub use push::Push;
pub use reference::Reference;
pub use registry::{Login, Registry};
pub use version::Located;

/// How addresses in registries begin.
pub const SCHEME: &str = "oci://";

/// Whether an address is one in a registry (`registry.IsOCI`).
pub fn is_oci(address: &str) -> bool {
    address.starts_with(SCHEME)
}

/// `ConfigMediaType`
const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// `ChartLayerMediaType`
const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// `ProvLayerMediaType`
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// `LegacyChartLayerMediaType`
const OLD_CHART: &str = "application/tar+gzip";

/// What is said where a tag has an underscore.
fn explain_underscore(reference: &str, out: &mut Vec<u8>) {
    let text = format!(
        "{reference} contains an underscore.\n
OCI artifact references (e.g. tags) do not support the plus sign (+). To support
storing semantic versions, Helm adopts the convention of changing plus (+) to
an underscore (_) in chart version tags when pushing to a registry and back to
a plus (+) when pulling from a registry.\n"
    );
    out.extend_from_slice(text.as_bytes());
}
