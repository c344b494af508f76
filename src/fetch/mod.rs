//! Charts from elsewhere: repositories, their indexes, registries, downloads.
//!
//! Whatever is written here is written beside its place and then renamed, so that no other process
//! sees a part of it. Behaviour of `pkg/repo/v1`, `pkg/downloader` and `pkg/getter`, Helm 4.2.4.

mod access;
pub mod bucket;
mod cache;
mod download;
pub mod file;
pub mod git;
pub mod index;
pub mod oci;
mod reference;
pub mod repository;

pub use access::{Access, Clients};
pub use download::{Downloader, Provenance};
pub use index::{Catalog, Index};
pub use reference::{find_in_repository, resolve_reference, same_address};
pub use repository::{Entry, Repositories};

use crate::plugin::Getters;

/// Where things are kept, and what fetches them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `repositories.yaml`
    pub repository_config: String,
    /// The folder with the indexes.
    pub repository_cache: String,
    /// The folder with charts, named by their digests.
    pub content_cache: String,
    /// Where credentials for registries are kept.
    pub credentials: oci::credential::Files,
    /// Plugins that fetch what has a scheme of their own.
    pub getters: Getters,
    /// What is done about charts that are not what their index says.
    pub digests: Digests,
}

/// What is done about the digests of charts in indexes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digests {
    /// A chart with another digest is refused.
    #[default]
    Checked,
    /// It is taken, as Helm does; but never kept under the digest that it has not.
    Unchecked,
}
