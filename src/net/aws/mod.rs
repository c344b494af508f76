//! What Amazon's services ask of those who talk to them.

mod call;
mod credential;
mod profile;
mod sign;
mod single;
mod token;

pub use call::{Call, Service, Session};
pub use credential::{Lasting, Sources, moment};
pub use profile::section;
pub use sign::{Credentials, Get, Post, form};

/// What stands in an element of an answer in XML; nothing where there is none, or nothing in it.
pub fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text).filter(|text| !text.is_empty())
}
