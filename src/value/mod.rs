//! Values as Go programs hold them.
//!
//! Two forms. [`Frozen`] is immutable data, shared between layers and threads. [`Value`] is what
//! templates see: local to one render, with Go's reference semantics (a [`Map`] that two variables
//! hold is one map) and Go's types kept apart (`int`, `int64` and `float64` are three types).

mod convert;
mod frozen;
mod live;
mod object;
mod origin;
mod path;
mod text;
mod types;

pub use frozen::{Frozen, FrozenMap};
pub use live::{List, Map, Number, Value};
pub use object::{Fault, Object};
pub use origin::{Origin, Origins};
pub use path::{Path, Segment};
pub use text::Text;
pub use types::{Kind, Method, Type};

#[cfg(test)]
mod tests;
