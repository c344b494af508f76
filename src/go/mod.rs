//! Look-alikes of Go's library: what templates and messages show of it, under Go's names.
pub mod os;
