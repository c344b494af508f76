//! Manifests to objects of a cluster.

use super::connection::Connection;
use super::discovery::{self, Discovery};
use crate::backend::{Object, document};
use crate::diag::Error;

/// Makes objects of manifests.
pub(super) struct Builder<'a> {
    pub(super) connection: &'a Connection,
    pub(super) discovery: &'a Discovery,
    /// Where objects of kinds with namespaces live that name none.
    pub(super) namespace: &'a str,
    /// Custom kinds that will be served.
    pub(super) definitions: &'a [Object],
}

impl Builder<'_> {
    /// Reads all documents of `manifest`; items of lists count as documents of their own.
    pub(super) fn build(&self, manifest: &[u8]) -> Result<Vec<Object>, Error> {
        document::build(manifest, |identity, body| {
            let document::Identity {
                group,
                version,
                kind,
                name,
                namespace,
            } = &identity;
            let found = self
                .discovery
                .find(self.connection, group, version, kind)
                .map_err(|failure| failure.message)?;
            let found =
                found.or_else(|| discovery::defined(self.definitions, group, version, kind));
            let Some(served) = found else {
                let api_version = body["apiVersion"].as_str().unwrap_or_default();
                return Err(format!(
                    "resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \"\": \
                     no matches for kind \"{kind}\" in version \"{api_version}\"\nensure CRDs are installed first"
                ));
            };
            let namespace = served.is_namespaced.then_some(self.namespace);
            Ok(identity.object(served.resource, namespace, body))
        })
    }
}
