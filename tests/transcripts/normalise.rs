//! Replaces what changes from run to run by the placeholders of the recordings.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use regex::bytes::{Captures, Regex, RegexBuilder};

/// What is known of one run.
pub(crate) struct Normaliser {
    /// Text and placeholder, longest first where one holds the other.
    fixed: Vec<(String, &'static str)>,
    port: Option<Regex>,
    mask: Option<Regex>,
    now: i64,
}

struct Patterns {
    time: Regex,
    random: Regex,
    key: Regex,
    digest: Regex,
}

fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    let compile = |text: &str| Regex::new(text).expect("a pattern of this file");
    PATTERNS.get_or_init(|| Patterns {
        time: compile(concat!(
            r"(?-u)(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[T ](?P<t>\d\d:\d\d:\d\d)",
            r"(?:\.\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d(?: [A-Z]{3,5})?))?(?: m=[+-]\d+\.\d+)?",
            r"|(?P<y2>\d{4})/(?P<m2>\d\d)/(?P<d2>\d\d) (?P<t2>\d\d:\d\d:\d\d)",
            r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<m3>[A-Z][a-z]{2}) (?P<d3>[ \d]\d) ",
            r"(?P<t3>\d\d:\d\d:\d\d) (?P<y3>\d{4})",
        )),
        random: compile(r"(?-u)(\.(?:yaml|tgz))\d{1,10}\b"),
        key: compile(r"(helm-manager-)[0-9a-f]{64}"),
        digest: compile(r"(digest: sha256:)[0-9a-f]{64}"),
    })
}

impl Normaliser {
    /// For a run in `root`, of the program at `program`, with a server on `port` if it has one.
    pub(crate) fn new(
        root: &str,
        program: &str,
        port: Option<u16>,
        mask: Option<&str>,
    ) -> Result<Normaliser, String> {
        let compile = |text: &str| {
            RegexBuilder::new(text)
                .build()
                .map_err(|error| format!("mask: {error}"))
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Normaliser {
            fixed: vec![
                (program.to_owned(), "{{HELM}}"),
                (root.to_owned(), "{{TMP}}"),
            ],
            port: port
                .map(|port| compile(&format!(r"(?-u)\b{port}\b")))
                .transpose()?,
            mask: mask.map(compile).transpose()?,
            now: now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX)),
        })
    }

    /// Everything but the mask.
    pub(crate) fn names(&self, text: &[u8]) -> Vec<u8> {
        let patterns = patterns();
        let mut text = Cow::Borrowed(text);
        for (from, to) in &self.fixed {
            text = Cow::Owned(replace(&text, from.as_bytes(), to.as_bytes()));
        }
        text = owned(patterns.time.replace_all(&text, |found: &Captures<'_>| {
            if self.is_recent(found) {
                b"{{TIME}}".to_vec()
            } else {
                found[0].to_vec()
            }
        }));
        text = owned(patterns.random.replace_all(&text, &b"${1}{{RAND}}"[..]));
        if let Some(port) = &self.port {
            text = owned(patterns.key.replace_all(&text, &b"${1}{{KEY}}"[..]));
            text = owned(patterns.digest.replace_all(&text, &b"${1}{{DIGEST}}"[..]));
            text = owned(port.replace_all(&text, &b"{{PORT}}"[..]));
        }
        text.into_owned()
    }

    /// Everything, the mask last.
    pub(crate) fn text(&self, text: &[u8]) -> Vec<u8> {
        let text = self.names(text);
        let Some(mask) = &self.mask else { return text };
        let masked = mask.replace_all(&text, |found: &Captures<'_>| match found.get(1) {
            None => b"{{MASK}}".to_vec(),
            Some(group) => {
                let start = found.get(0).map_or(0, |whole| whole.start());
                let whole = &found[0];
                let mut out = whole[..group.start() - start].to_vec();
                out.extend_from_slice(b"{{MASK}}");
                out.extend_from_slice(&whole[group.end() - start..]);
                out
            }
        });
        masked.into_owned()
    }

    /// Whether a time lies within 25 hours of now; fixed dates of inputs do not.
    fn is_recent(&self, found: &Captures<'_>) -> bool {
        let part = |names: [&str; 3]| {
            let part = names.iter().find_map(|name| found.name(name));
            part.and_then(|part| std::str::from_utf8(part.as_bytes()).ok())
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        let number = |text: &str| text.parse::<i64>().unwrap_or_default();
        let month = part(["m", "m2", "m3"]);
        let month = match MONTHS.find(&month) {
            Some(at) => i64::try_from(at / 3).unwrap_or_default() + 1,
            None => number(&month),
        };
        let time = part(["t", "t2", "t3"]);
        let days = days_from_civil(
            number(&part(["y", "y2", "y3"])),
            month,
            number(&part(["d", "d2", "d3"])),
        );
        let seconds = time.split(':').fold(0, |sum, unit| sum * 60 + number(unit));
        (days * 86_400 + seconds - self.now).abs() <= 25 * 3600
    }
}

/// Days since 1970-01-01 of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn owned(text: Cow<'_, [u8]>) -> Cow<'static, [u8]> {
    Cow::Owned(text.into_owned())
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
