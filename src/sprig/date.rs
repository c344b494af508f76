//! Dates and durations.

use crate::template::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
