//! Paths: `base`, `dir`, `ext`, `clean`, `isAbs`, and the same for files.

use crate::template::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
