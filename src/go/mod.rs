//! Look-alikes of Go's library: what templates and messages show of it, under Go's names.

pub(crate) mod base32;
pub(crate) mod base64;
pub mod escape;
pub mod flag;
pub mod fmt;
pub mod glob;
pub mod json;
pub mod mime;
pub mod os;
pub mod path;
pub mod regexp;
pub mod semver;
pub(crate) mod sort;
pub mod strconv;
pub mod table;
pub mod time;
pub mod url;
