//! What of the command line a plan may not hold.

use super::file::Arguments;
use crate::action::diff::{Forecast, hook_objects};
use crate::backend::diff::{is_secret, settle};
use crate::go::base64;

/// Flags whose items are `key=value`.
const SETTING: [&str; 4] = ["set", "set-string", "set-json", "set-literal"];

/// Parts of names that tell of secrets.
const TELLING: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
];

/// Secrets that are shorter could be anything.
const SHORTEST: usize = 4;

/// Takes secrets out of the arguments: items whose names tell that they are, that make the data of a
/// Secret, or that hold credentials.
pub(super) fn withhold(mut arguments: Arguments, forecast: &Forecast) -> Arguments {
    let secrets = secrets(forecast);
    let mut withheld = Vec::new();
    for (flag, items) in &mut arguments.flags {
        let sets = SETTING.contains(&flag.as_str());
        items.retain(|item| {
            let is_secret = match sets {
                true => tells(item, &secrets),
                false => has_credentials(item),
            };
            if is_secret {
                withheld.push(format!("{flag} {}", key(item)).trim_end().to_owned());
            }
            !is_secret
        });
    }
    arguments.flags.retain(|_, items| !items.is_empty());
    arguments.withheld = withheld;
    arguments
}

impl Arguments {
    /// What has to be given again, and is not among `given`, items by flag.
    pub fn lacks(&self, given: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
        let is_lacking = |withheld: &&String| {
            let (flag, wanted) = withheld.split_once(' ').unwrap_or((withheld, ""));
            !given(flag).iter().any(|item| key(item) == wanted)
        };
        self.withheld.iter().filter(is_lacking).cloned().collect()
    }
}

/// The name in front of a value: `a.b` of `a.b=c,d=e`.
fn key(item: &str) -> String {
    match item.split_once('=') {
        Some((key, _)) if !key.contains("://") => key.to_owned(),
        _ => String::new(),
    }
}

fn tells(item: &str, secrets: &[String]) -> bool {
    let parts = || item.split(',').filter_map(|part| part.split_once('='));
    let is_named = |name: &str| {
        let name = name.to_lowercase().replace(['-', '_'], "");
        TELLING.iter().any(|word| name.contains(word))
    };
    parts().any(|(name, _)| is_named(name))
        || secrets.iter().any(|secret| match secret.len() {
            SHORTEST.. => item.contains(secret.as_str()),
            _ => parts().any(|(_, value)| value == secret),
        })
        || parts().any(|(_, value)| {
            let is_part = |secret: &String| secret.contains(value);
            value.len() >= 2 * SHORTEST && secrets.iter().any(is_part)
        })
        || has_credentials(item)
}

/// Whether an address in a text names a user: `https://user:password@host/`.
pub fn has_credentials(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = &text[at + 3..];
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            // `git@` is no secret.
            Some((user, _)) => user != "git",
            None => false,
        }
    })
}

/// The data of all Secrets, as text and as base64 has it.
fn secrets(forecast: &Forecast) -> Vec<String> {
    let mut found = Vec::new();
    let objects = forecast.changes.iter().map(|change| change.object.clone());
    for object in objects.chain(hook_objects(forecast.made.release())) {
        let mut body = object.body;
        if !is_secret(&body) {
            continue;
        }
        settle(&mut body);
        for value in body["data"]
            .as_object()
            .into_iter()
            .flat_map(|data| data.values())
        {
            let Some(encoded) = value.as_str().filter(|text| !text.is_empty()) else {
                continue;
            };
            found.push(encoded.to_owned());
            let text = base64::decode(encoded.as_bytes()).ok();
            if let Some(text) = text.and_then(|bytes| String::from_utf8(bytes).ok()) {
                found.push(text.trim().to_owned());
            }
        }
    }
    found.retain(|text| !text.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_and_by_what_they_make() {
        let secrets = [
            "hunter-two".to_owned(),
            "url=postgres://shop:hunter-two@db".to_owned(),
            "7".to_owned(),
        ];
        for (item, want) in [
            ("image.tag=1.2.3", false),
            ("replicas=3", false),
            ("x=7", true),
            ("x=17", false),
            ("a=hunter-two", true),
            ("a=b,c=hunter-two", true),
            ("a=postgres://shop:hunter-two@db", true),
            ("db.password=abc", true),
            ("apiKey=abc", true),
            ("url=https://user:pass@host/", true),
        ] {
            assert_eq!(tells(item, &secrets), want, "{item}");
        }
    }

    #[test]
    fn addresses_with_users_hold_credentials() {
        for (text, want) in [
            ("https://charts.test/index.yaml", false),
            ("https://user:pass@charts.test/", true),
            ("https://token@charts.test", true),
            ("git+ssh://git@host/repo", false),
            ("https://host/a@b", false),
            ("./chart", false),
        ] {
            assert_eq!(has_credentials(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_withheld_has_to_be_given_again() {
        let arguments = Arguments {
            withheld: vec!["set db.password".to_owned(), "values".to_owned()],
            ..Arguments::default()
        };
        let given = |flag: &str| match flag {
            "set" => vec!["db.password=x".to_owned()],
            _ => Vec::new(),
        };
        assert_eq!(arguments.lacks(&given), ["values"]);
    }
}
