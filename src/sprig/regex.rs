//! Regular expressions: `regexMatch` and its kin.

use crate::template::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
