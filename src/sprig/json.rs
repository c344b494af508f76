//! JSON: `fromJson`, `toJson` and their kin.

use crate::template::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
