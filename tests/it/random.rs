//! Random input: whatever comes in, nothing panics, nothing hangs, and what is written can be read.
//!
//! Inputs are recorded cases, mutated. `PINTLE_FUZZ_SECONDS` (5) is shared by the tests here;
//! `PINTLE_FUZZ_SEED` repeats a run: a failure says which seed and input it was.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pintle::chart::set::{self, Form};
use pintle::chart::values;
use pintle::chart::{self, Capabilities, File, dependency};
use pintle::render::{self, Input, Options, Release, Templates};
use pintle::value::{Frozen, FrozenMap, Text};
use pintle::world::Real;
use pintle::yaml;

use crate::program::root;

/// One input may take this long; debug builds are slow, machines are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many tests share the time.
const SHARES: u32 = 5;

#[expect(clippy::disallowed_methods, reason = "the interface of the test")]
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % end.max(1)
    }

    fn pick<'a>(&mut self, items: &[&'a [u8]]) -> &'a [u8] {
        items[self.below(items.len())]
    }

    /// A range of a text, mostly a short one.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 12 };
        let end = (start + self.below(most + 1)).min(length);
        start..end
    }
}

/// Changes `seed` in a few places: cuts, repeats, tokens, bytes, pieces of another text.
fn mutate(random: &mut Random, seed: &[u8], other: &[u8], tokens: &[&[u8]]) -> Vec<u8> {
    let mut text = seed.to_vec();
    for _ in 0..=random.below(5) {
        let range = random.range(text.len());
        match random.below(6) {
            0 => drop(text.drain(range)),
            1 => {
                let piece = text[range.clone()].to_vec();
                text.splice(range.end..range.end, piece);
            }
            2 | 3 => drop(text.splice(range.start..range.start, random.pick(tokens).to_vec())),
            4 => {
                let piece = &other[random.range(other.len())];
                text.splice(range, piece.iter().copied());
            }
            _ => {
                if let Some(byte) = text.get_mut(range.start) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    text.truncate(20_000);
    text
}

/// Texts of the recorded cases: every string below the members named.
fn recorded(packs: &[&str], members: &[&str]) -> Vec<Vec<u8>> {
    fn collect(value: &serde_json::Value, found: &mut Vec<Vec<u8>>) {
        match value {
            serde_json::Value::String(text) => found.push(text.as_bytes().to_vec()),
            serde_json::Value::Object(map) => map.values().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for pack in packs {
        let path = root()
            .join("testdata/conformance")
            .join(format!("{pack}.jsonl"));
        let text = fs::read_to_string(path).expect("a pack");
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            let case: serde_json::Value = serde_json::from_str(line).expect("a case");
            for member in members {
                collect(&case[*member], &mut found);
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Feeds `check` with mutated seeds until the time is over.
fn feed(
    seeds: Vec<Vec<u8>>,
    tokens: &'static [&'static [u8]],
    check: impl Fn(&[u8], &mut Random) + Send + 'static,
) {
    let seconds = variable("PINTLE_FUZZ_SECONDS").unwrap_or(5);
    let end = Instant::now() + Duration::from_secs(seconds) / SHARES;
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seed = variable("PINTLE_FUZZ_SEED")
        .unwrap_or(u64::from(clock.subsec_nanos()) + 1)
        .max(1);
    // What is being tried, and since when; `None` at the end.
    let current = Arc::new(Mutex::new(Some((Vec::new(), Instant::now()))));
    let shared = Arc::clone(&current);
    let worker = std::thread::spawn(move || {
        let mut random = Random(seed);
        let mut failure = None;
        while failure.is_none() && Instant::now() < end {
            let text = &seeds[random.below(seeds.len())];
            let other = &seeds[random.below(seeds.len())];
            let input = mutate(&mut random, text, other, tokens);
            *shared.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((input.clone(), Instant::now()));
            if catch_unwind(AssertUnwindSafe(|| check(&input, &mut random))).is_err() {
                failure = Some(input);
            }
        }
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = None;
        failure
    });
    loop {
        let state = current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match state {
            None => break,
            Some((input, since)) => assert!(
                since.elapsed() < PATIENCE,
                "seed {seed}: hangs on {:?}",
                String::from_utf8_lossy(&input)
            ),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    if let Some(input) = worker.join().expect("the worker catches panics") {
        panic!(
            "seed {seed}: panics on {:?}",
            String::from_utf8_lossy(&input)
        );
    }
}

const YAML_TOKENS: &[&[u8]] = &[
    b"- ",
    b": ",
    b"\n",
    b"\n  ",
    b"\n    ",
    b"? ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"|",
    b">-\n",
    b"|2+\n",
    b"'",
    b"\"",
    b"\\x4",
    b"[",
    b"]",
    b"{",
    b"}",
    b", ",
    b"# ",
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"!!int ",
    b"!!binary ",
    b"!x ",
    b"~",
    b"yes",
    b"0x1f",
    b"1e3",
    b".inf",
    b"\t",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xc2\x85",
    b"\xff",
    b"\0",
    b"\xf0\x9f\x98\x80",
];

const TEMPLATE_TOKENS: &[&[u8]] = &[
    b"{{",
    b"}}",
    b"{{- ",
    b" -}}",
    b"{{/*",
    b"*/}}",
    b"{{ end }}",
    b"{{ else }}",
    b"{{ else if .x }}",
    b"{{ range . }}",
    b"{{ with .x }}",
    b"{{ if .x }}",
    b"{{ define \"a\" }}",
    b"{{ template \"a\" . }}",
    b"{{ include \"a\" . }}",
    b"{{ break }}",
    b"{{ block \"b\" . }}",
    b" | ",
    b"(",
    b")",
    b"$",
    b"$x := ",
    b"$x = ",
    b".",
    b".Values",
    b".a.b",
    b"\"",
    b"`",
    b"'a'",
    b"\\",
    b" 0 ",
    b"-1",
    b" 1.5 ",
    b" nil ",
    b" true ",
    b"index ",
    b"slice ",
    b"printf \"%v\" ",
    b"printf \"%-5.3d%q\" ",
    b"len ",
    b"eq ",
    b"and ",
    b"not ",
    b"call ",
    b"toYaml ",
    b"fromYaml ",
    b"toJson ",
    b"fromJson ",
    b"toToml ",
    b"tpl ",
    b"dict ",
    b"list ",
    b"merge ",
    b"dig ",
    b"trunc ",
    b"substr ",
    b"splitn ",
    b"regexFind ",
    b"date ",
    b"semver ",
    b"b64dec ",
    b"quote ",
    b"default ",
    b"required ",
    b"ternary ",
    b"first ",
    b"reverse ",
    b"uniq ",
    b"sortAlpha ",
    b"wrap ",
    b"abbrev ",
    b"indent ",
    b"\n",
    b"\xff",
    b"\0",
];

/// Longest run of digits: loops of random lengths take too long.
fn digits(text: &[u8]) -> usize {
    text.split(|byte| !byte.is_ascii_digit())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}

#[test]
fn templates() {
    // Key generation is slow, on purpose.
    const SLOW: [&str; 4] = ["gen", "bcrypt", "htpasswd", "derive"];
    let mut seeds = recorded(
        &["lang", "errors", "sprig", "helm", "realistic"],
        &["templates"],
    );
    seeds.retain(|seed| seed.len() < 4000);
    feed(seeds, TEMPLATE_TOKENS, |text, _| {
        let shown = String::from_utf8_lossy(text);
        if digits(text) > 3 || SLOW.iter().any(|name| shown.contains(name)) {
            return;
        }
        let file = |name: &str, data: &[u8]| File {
            name: name.to_owned(),
            data: Text::from(data),
            modified: None,
        };
        let files = vec![
            file(
                "Chart.yaml",
                b"apiVersion: v2\nname: conf\nversion: 0.1.0\n",
            ),
            file("templates/_a.tpl", b"{{ define \"a\" }}a {{ . }}{{ end }}"),
            file("templates/a.yaml", text),
        ];
        let mut notices = Vec::new();
        let chart = chart::load_files(files, &mut notices).expect("a chart");
        let user = b"a: {b: {c: 1}, l: [1, two, {x: 3}]}\nn: 5\ns: text\nt: true\nnothing: null\nl: [3, 1, 2]\n";
        let user = values::parse(user).expect("values");
        let values = values::coalesce(&chart, &user, &mut notices).expect("values");
        let input = Input {
            release: Release {
                name: "rel",
                namespace: "ns",
                revision: 1,
                is_upgrade: false,
            },
            values: &values,
            capabilities: &Capabilities::default(),
            options: Options::default(),
        };
        let world = Real::new().with_variables(BTreeMap::new());
        if let Ok(templates) = Templates::parse(&chart) {
            drop(render::render(
                &chart,
                &templates,
                &input,
                &world,
                &mut notices,
            ));
        }
    });
}

#[test]
fn yaml_texts() {
    let mut seeds = recorded(&["yaml"], &["files", "values_yaml"]);
    seeds.extend(recorded(&["coalesce"], &["user_values_yaml"]));
    feed(seeds, YAML_TOKENS, |text, _| {
        drop(yaml::head(text));
        let Ok(value) = yaml::to_frozen(text) else {
            return;
        };
        // What Helm's encoder refuses, ours does.
        let Ok(written) = yaml::encode_frozen(&value) else {
            return;
        };
        let read = yaml::to_frozen(&written);
        let shown = String::from_utf8_lossy(&written);
        // Line breaks of other scripts become blanks, or are read as blanks, and the key `<<` is not
        // quoted: in Helm too.
        let lost = ["\\u{85}", "\\u{2028}", "\\u{2029}", "\"<<\""];
        if lost
            .iter()
            .any(|escape| format!("{value:?}").contains(escape))
        {
            return;
        }
        assert!(
            read.is_ok_and(|read| same(&read, &value)),
            "{value:?} is written as\n{shown}"
        );
    });
}

/// Equality as far as YAML keeps it: it goes through JSON, whose texts are UTF-8.
fn same(a: &Frozen, b: &Frozen) -> bool {
    match (a, b) {
        (Frozen::Map(a), Frozen::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b.iter())
                    .all(|((k, a), (l, b))| k.to_string() == l.to_string() && same(a, b))
        }
        (Frozen::List(a), Frozen::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Frozen::String(a), Frozen::String(b)) => a.to_string() == b.to_string(),
        _ => a == b,
    }
}

#[test]
fn values_files() {
    let mut seeds = recorded(&["yaml", "lang", "realistic"], &["values_yaml"]);
    seeds.extend(recorded(&["coalesce"], &["user_values_yaml", "chart"]));
    feed(seeds, YAML_TOKENS, |text, random| {
        let Ok(user) = values::parse(text) else {
            return;
        };
        let file = |name: &str, data: &[u8]| File {
            name: name.to_owned(),
            data: Text::from(data),
            modified: None,
        };
        let parent = b"apiVersion: v2\nname: conf\nversion: 1.0.0\ndependencies: [{name: sub, version: 1.x, condition: sub.enabled, tags: [k], import-values: [data]}]\n";
        let defaults: &[u8] = if random.below(2) == 0 {
            text
        } else {
            b"k: {a: 1}\nsub: {k: 2, enabled: true}\nglobal: {k: 1}\n"
        };
        let files = vec![
            file("Chart.yaml", parent),
            file("values.yaml", defaults),
            file(
                "charts/sub/Chart.yaml",
                b"apiVersion: v2\nname: sub\nversion: 1.0.0\n",
            ),
            file(
                "charts/sub/values.yaml",
                b"k: 1\nn: {k: []}\nexports: {data: {k: 5}}\n",
            ),
        ];
        let mut notices = Vec::new();
        let Ok(mut chart) = chart::load_files(files, &mut notices) else {
            return;
        };
        if dependency::process(&mut chart, &user, &mut notices).is_ok() {
            drop(values::coalesce(&chart, &user, &mut notices));
        }
    });
}

#[test]
fn set_arguments() {
    const TOKENS: &[&[u8]] = &[
        b"=",
        b",",
        b".",
        b"[0]",
        b"[-1]",
        b"[3]",
        b"[",
        b"]",
        b"{",
        b"}",
        b"\\",
        b"\\,",
        b"null",
        b"true",
        b"1",
        b"a.b=",
        b"\"",
        b"{\"a\":1}",
        b" ",
    ];
    feed(
        recorded(&["strvals"], &["input"]),
        TOKENS,
        |text, random| {
            if digits(text) > 5 {
                return;
            }
            let line = String::from_utf8_lossy(text);
            let form = [Form::Typed, Form::String, Form::Json, Form::Literal][random.below(4)];
            let mut map = FrozenMap::new();
            drop(set::parse_into(form, &line, &mut map, &mut |_| {
                Err("no files".to_owned())
            }));
            drop(set::parse_into(form, &line, &mut map, &mut |_| {
                Err("no files".to_owned())
            }));
        },
    );
}

#[test]
fn archives() {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, data) in [
        (
            "web/Chart.yaml",
            &b"apiVersion: v2\nname: web\nversion: 0.1.0\n"[..],
        ),
        ("web/values.yaml", b"a: 1\n"),
        ("web/templates/a.yaml", b"a: {{ .Values.a }}\n"),
        (
            "web/charts/sub/Chart.yaml",
            b"apiVersion: v2\nname: sub\nversion: 0.1.0\n",
        ),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, data)
            .expect("a member");
    }
    let archive = archive.into_inner().expect("an archive");
    // The damage is done before, or after, compression.
    const TOKENS: &[&[u8]] = &[
        b"\x1f\x8b",
        b"\0\0\0\0\0\0\0\0",
        b"../",
        b"/",
        b"ustar",
        b"./",
        b"777777777777",
    ];
    feed(vec![archive], TOKENS, |text, random| {
        let level = flate2::Compression::fast();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
        encoder.write_all(text).expect("memory");
        let mut packed = encoder.finish().expect("memory");
        if random.below(2) == 0 {
            packed = mutate(random, &packed, text, TOKENS);
        }
        drop(chart::load_bytes("web.tgz", &packed, &mut Vec::new()));
    });
}
