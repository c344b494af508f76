//! Semantic versions: `semver` and `semverCompare`.

use crate::template::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
