//! What Amazon's services ask of those who talk to them.

#[cfg(feature = "ecs")]
mod api;
mod call;
mod credential;
mod fault;
mod profile;
#[cfg(feature = "ecs")]
mod query;
pub mod service;
mod session;
mod sign;
mod single;
mod token;
mod wire;

#[cfg(feature = "ecs")]
pub use api::{Allowed, Api, Caller, Options};
pub use call::Call;
pub use credential::{Lasting, Sources, VARIABLES, moment};
pub use fault::Fault;
pub use profile::section;
pub use service::Service;
pub use session::{Session, Words};
pub use sign::{Credentials, Get, Post, form};
pub use wire::{Assumed, Holder, Keys, Retries};

/// What stands in an element of an answer in XML; nothing where there is none, or nothing in it.
pub fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text).filter(|text| !text.is_empty())
}

/// Text without the references that XML has in it.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out += before;
        let known = after.split_once(';').and_then(|(name, after)| {
            let number = name.strip_prefix('#').map(|number| {
                let parsed = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                parsed.ok().and_then(char::from_u32)
            });
            let one = match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => number.flatten(),
            };
            Some((one?, after))
        });
        match known {
            Some((one, after)) => {
                out.push(one);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn references_are_read() {
        for (text, want) in [
            ("a&amp;b&lt;&gt;&quot;&apos;", "a&b<>\"'"),
            (
                "&#65;&#x41; &nope; & &#xffffffff;",
                "AA &nope; & &#xffffffff;",
            ),
        ] {
            assert_eq!(super::unescaped(text), want);
        }
    }
}
