//! URLs: `urlParse` and `urlJoin`.

use crate::template::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
