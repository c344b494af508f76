//! State files: what keys there are, strict reading, merging, and writing for `build`.

mod decode;
mod encode;
mod record;
mod shape;

pub(super) use decode::read_with_notes;
pub(super) use encode::write;
pub use record::Record;
pub(super) use record::{Merge, bool_of, fill, merge, quoted};
pub(super) use shape::{Field, RELEASE, STATE, Shape};
