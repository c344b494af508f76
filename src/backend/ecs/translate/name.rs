//! Names of what is made.

use sha2::{Digest, Sha256};

/// A name with other characters than letters, digits, `-` and `_` written as `-`, at most 255.
pub(super) fn plain(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => c,
        _ => '-',
    };
    name.chars().map(plain).take(255).collect()
}

/// A name of at most `longest` characters; a longer one ends with a digest of all of it.
pub(in crate::backend::ecs) fn short(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let kept: String = name.chars().take(longest - 9).collect();
    format!("{}-{}", kept.trim_end_matches('-'), &digest(name)[..8])
}

/// SHA-256 of a text, in hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A pattern with its `{words}` filled in.
pub(super) fn fill(pattern: &str, words: &[(&str, &str)]) -> String {
    let mut text = pattern.to_owned();
    for (word, value) in words {
        text = text.replace(&format!("{{{word}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_fit() {
        assert_eq!(plain("shop.web_1-a"), "shop-web_1-a");
        let long = "prod-a-service-with-a-long-name-http";
        let shortened = short(long, 32);
        assert!(shortened.len() <= 32, "{shortened}");
        assert_ne!(shortened, short(&format!("{long}s"), 32));
        assert_eq!(short("web", 32), "web");
        let filled = fill(
            "{cluster}-{name}-{name}",
            &[("cluster", "prod"), ("name", "web")],
        );
        assert_eq!(filled, "prod-web-web");
    }
}
