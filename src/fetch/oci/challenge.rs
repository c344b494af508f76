//! What a registry wants to see before it answers (`auth.parseChallenge`, `auth.CleanScopes`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::go::strconv;
use crate::go::url::Url;

/// What `WWW-Authenticate` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password.
    Basic,
    /// A token of another server.
    Bearer {
        realm: String,
        service: String,
        scope: String,
    },
    /// Something else.
    Unknown,
}

impl Challenge {
    /// Reads the header.
    pub(super) fn parse(header: &str) -> Challenge {
        let (scheme, rest) = token(header);
        if scheme.eq_ignore_ascii_case("basic") {
            return Challenge::Basic;
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Challenge::Unknown;
        }
        let mut parameters = parameters(rest);
        let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
        Challenge::Bearer {
            realm: take("realm"),
            service: take("service"),
            scope: take("scope"),
        }
    }
}

/// `key=value, key="value"`, as far as it can be read.
fn parameters(mut rest: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    loop {
        let (key, after) = token(skip_space(rest));
        let Some(after) = skip_space(after).strip_prefix('=') else {
            return found;
        };
        let after = skip_space(after);
        if key.is_empty() || after.is_empty() {
            return found;
        }
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let mut text = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next() {
                    None | Some((_, '\n')) => return found,
                    Some((at, '"')) => break at + 1,
                    Some((_, '\\')) => match characters.next() {
                        Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                        _ => return found,
                    },
                    Some((_, other)) => text.push(other),
                }
            };
            value = text;
            rest = &quoted[end..];
        } else {
            let (word, after) = token(after);
            if word.is_empty() {
                return found;
            }
            value = word.to_owned();
            rest = after;
        }
        found.insert(key.to_owned(), value);
        match skip_space(rest).strip_prefix(',') {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

fn token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// What is asked for in the name of a repository.
pub(super) fn scope(repository: &str, actions: &str) -> String {
    format!("repository:{repository}:{actions}")
}

/// Scopes of one resource are joined, their actions sorted.
pub(super) fn clean(scopes: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut result = Vec::new();
    for scope in scopes {
        match scope.rsplit_once(':') {
            Some((resource, actions)) if resource.contains(':') => {
                let set = known.entry(resource.to_owned()).or_default();
                let actions = actions.split(',').filter(|action| !action.is_empty());
                set.extend(actions.map(str::to_owned));
            }
            _ => result.push(scope),
        }
    }
    for (resource, actions) in known {
        if actions.contains("*") {
            result.push(format!("{resource}:*"));
        } else if !actions.is_empty() {
            let actions: Vec<String> = actions.into_iter().collect();
            result.push(format!("{resource}:{}", actions.join(",")));
        }
    }
    result.sort();
    result
}

/// Refuses servers of tokens that no credentials should go to (`auth.validateRealm`).
///
/// # Errors
/// oras-go's words.
pub(super) fn check_realm(realm: &str, registry: &Url) -> Result<(), String> {
    if realm.is_empty() {
        return Ok(());
    }
    let quoted = strconv::quote(realm);
    let url = Url::parse(realm)
        .map_err(|error| format!("failed to parse bearer realm {quoted}: {error}"))?;
    match &url.scheme[..] {
        b"https" => {}
        b"http" if registry.scheme == b"https" => {
            return Err(format!(
                "bearer realm {quoted} uses http but registry was contacted over https"
            ));
        }
        b"http" => {}
        other => {
            let scheme = strconv::quote(other);
            return Err(format!(
                "bearer realm {quoted} uses unsupported scheme {scheme}"
            ));
        }
    }
    let host = String::from_utf8_lossy(url.hostname()).into_owned();
    let is_inner = match host.parse::<IpAddr>() {
        Err(_) => false,
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback()
                || ip.is_link_local()
                || ip.is_private()
                || ip.is_unspecified()
                || ip.octets()[..3] == [224, 0, 0]
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_unique_local()
                || ip.is_unspecified()
                || ip.segments()[0] & 0xff0f == 0xff02
        }
    };
    if is_inner && url.hostname() != registry.hostname() {
        let host = strconv::quote(&host);
        return Err(format!(
            "bearer realm host {host} is a loopback, link-local, private, or unspecified address"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_as_far_as_they_go() {
        let bearer = |realm: &str, service: &str, scope: &str| Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.to_owned(),
            scope: scope.to_owned(),
        };
        for (header, want) in [
            ("Basic realm=\"x\"", Challenge::Basic),
            ("BASIC", Challenge::Basic),
            ("", Challenge::Unknown),
            ("Negotiate abc", Challenge::Unknown),
            (
                "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:r:pull\"",
                bearer("https://a/t", "s", "repository:r:pull"),
            ),
            (
                "bearer realm = \"a\\\"b\" , service=s",
                bearer("a\"b", "s", ""),
            ),
            ("Bearer realm=\"a", bearer("", "", "")),
            ("Bearer realm=a scope=b", bearer("a", "", "")),
        ] {
            assert_eq!(Challenge::parse(header), want, "{header}");
        }
    }

    #[test]
    fn scopes_are_joined() {
        for (scopes, want) in [
            (&[][..], &[][..]),
            (&["repository:a:push,pull"], &["repository:a:pull,push"]),
            (
                &[
                    "repository:a:pull",
                    "x",
                    "repository:a:push",
                    "repository:b:",
                ],
                &["repository:a:pull,push", "x"],
            ),
            (
                &["repository:a:pull", "repository:a:*"],
                &["repository:a:*"],
            ),
        ] {
            let scopes = scopes.iter().map(|scope| (*scope).to_owned());
            assert_eq!(clean(scopes), want);
        }
    }

    #[test]
    fn tokens_are_not_asked_of_inner_servers() {
        let registry = |text: &str| Url::parse(text).unwrap();
        let far = registry("https://r.example.com/v2/");
        let near = registry("http://127.0.0.1:5000/v2/");
        for (realm, registry, good) in [
            ("https://auth.example.com/token", &far, true),
            ("http://auth.example.com/token", &far, false),
            ("http://auth.example.com/token", &near, true),
            ("http://127.0.0.1:5001/token", &near, true),
            ("https://127.0.0.1/token", &far, false),
            ("https://169.254.169.254/", &far, false),
            ("https://[fe80::1]/", &far, false),
            ("https://10.0.0.1/", &far, false),
            ("ftp://x/", &near, false),
            ("%zz", &near, false),
            ("", &near, true),
        ] {
            assert_eq!(check_realm(realm, registry).is_ok(), good, "{realm}");
        }
    }
}
