//! YAML as `sigs.k8s.io/yaml` 1.6.0 reads and writes it, and as `go.yaml.in/yaml/v3` 3.0.4 writes it.
//!
//! Text becomes tokens (`scan`, `scalar`), those become events (`parse`), and those become either
//! data at once, or a [`Tree`] with places. Scalars are only cut out by the scanner; `fold` makes
//! their values for those who want them, `resolve` finds out what they mean. `emit` writes.

mod decode;
mod emit;
mod encode;
mod error;
mod fold;
mod head;
mod input;
pub mod node;
mod order;
mod ordered;
mod outline;
mod parse;
mod raw;
mod resolve;
mod scalar;
mod scan;
mod token;
mod tree;

#[cfg(test)]
mod tests;

use crate::diag::Source;

pub use decode::{to_frozen, to_frozen_strict, to_list, to_map, to_object};
pub use encode::{encode, encode_frozen, encode_pretty};
pub use error::Error;
pub use head::{Head, Metadata, head};
pub use ordered::items_in_order;
pub use token::Style;
pub use tree::{Node, NodeId, NodeKind, Tree};

/// The first document of `source`, as go.yaml.in/yaml/v2 2.4.3 parses it.
///
/// # Errors
///
/// Go's text for what is not YAML, or for an unknown anchor.
pub fn parse(source: &Source) -> Result<Tree, Error> {
    Tree::parse(source)
}
