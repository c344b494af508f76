//! References, with answers of vals 0.46.0.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::data::{self, Data};
use super::*;
use crate::diag::Error;
use crate::world::Real;

const DOCUMENT: &str =
    "a: 1\nb: {c: d, n: 5, t: true, l: [1,2], d: 2020-01-01}\n1: x\n\"x y\": z\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("it works");
    std::fs::write(folder.path().join("doc.yaml"), DOCUMENT).expect("it works");
    std::fs::write(folder.path().join("plain.txt"), "secret text\n").expect("it works");
    folder
}

fn variables() -> BTreeMap<String, String> {
    [("FOO", "foo"), ("BAR", ""), ("HOME", "/nonexistent")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn vals(options: Options) -> Vals {
    let world = Real::new().with_variables(variables());
    Vals::new(Arc::new(world), options, Registry::new([1; 32]))
}

/// What `vals eval -o json` prints for the value of a key, or its error.
fn told(scope: &Scope<'_>, text: &str) -> String {
    let data = Data::map([("k".into(), Data::string(text))].into());
    match scope.expand(&data) {
        Ok(data) => data::json(data.get("k").expect("it works")).expect("it works"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn references_are_resolved_as_vals_does() {
    let folder = folder();
    let vals = vals(Options {
        fail_on_missing_key: true,
        ..Options::default()
    });
    let scope = vals.within(folder.path());
    for (text, want) in [
        ("ref+nope://x", r#""ref+nope://x""#),
        (
            "ref+nope://xy",
            r#"expand nope://xy: no provider registered for scheme "nope""#,
        ),
        ("ref+echo://x", r#""ref+echo://x""#),
        ("ref+echo://xy", r#""xy""#),
        ("ref+echo://foo/bar", r#""foo/bar""#),
        ("ref+echo://foo/bar/baz#/foo/bar", r#""baz""#),
        ("ref+echo://foo/bar/baz#/foo", r#"{"bar":"baz"}"#),
        (
            "ref+echo://foo/bar/baz#/zz",
            "expand echo://foo/bar/baz#/zz: no value found for key zz",
        ),
        (
            "ref+echo://foo#/zz",
            r#"expand echo://foo#/zz: key must have two or more components separated by "/": got "foo""#,
        ),
        (
            "a ref+echo://foo/bar+ b ref+echo://baz/ c",
            r#""a foo/bar b baz c""#,
        ),
        ("ref+file://doc.yaml#/b/c", r#""d""#),
        ("ref+file://doc.yaml#/b/n", "5"),
        ("ref+file://./doc.yaml#/b/t", "true"),
        ("ref+file://doc.yaml#/b/l", "[1,2]"),
        ("ref+file://doc.yaml#/b/d", r#""2020-01-01T00:00:00Z""#),
        (
            "ref+file://doc.yaml#/b",
            r#"{"c":"d","d":"2020-01-01T00:00:00Z","l":[1,2],"n":5,"t":true}"#,
        ),
        ("ref+file://doc.yaml#/1", r#""x""#),
        (
            "x-ref+file://doc.yaml#/b",
            r#""x-map[c:d d:2020-01-01 00:00:00 +0000 UTC l:[1 2] n:5 t:true]""#,
        ),
        (
            "x-ref+file://doc.yaml#/b/zz",
            "expand file://doc.yaml#/b/zz: no value found for key b/zz",
        ),
        // vals tells the value, too, which may be a piece of a secret.
        (
            "ref+file://doc.yaml#/a/zz",
            "expand file://doc.yaml#/a/zz: unexpected type of value for key at 0=a in [a zz]: expected a map, got int",
        ),
        ("ref+file://doc.yaml#b/c", r#""d""#),
        ("ref+file://doc.yaml#/x%20y", r#""z""#),
        ("ref+file://plain.txt", r#""secret text\n""#),
        (
            "ref+file://plain.txt#/a",
            "expand file://plain.txt#/a: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str into map[string]interface {}",
        ),
        (
            "ref+file://plain.txt?encode=base64",
            r#""c2VjcmV0IHRleHQK""#,
        ),
        (
            "ref+file://plain.txt?encode=hex",
            "expand file://plain.txt?encode=hex: Unsupported encode parameter: 'hex'.",
        ),
        (
            "ref+file://none.txt",
            "expand file://none.txt: open none.txt: no such file or directory",
        ),
        (
            "ref+file:///none.txt",
            "expand file:///none.txt: open /none.txt: no such file or directory",
        ),
        ("ref+envsubst://$FOO", r#""foo""#),
        ("ref+envsubst://$FOO/x", r#""foo/x""#),
        (
            "ref+envsubst://${FOO}",
            r#"expand envsubst://${FOO}: parse "envsubst://${FOO}": invalid character "{" in host name"#,
        ),
        ("ref+envsubst://a/${BAR:-dd}", r#""a/dd""#),
        ("secretref+echo://foo/bar", r#""foo/bar""#),
        ("ref+echo://ref+envsubst://$FOO/x", r#""foo/x""#),
        (
            "ref+echo://a:b/c",
            r#"expand echo://a:b/c: parse "echo://a:b/c": invalid port ":b" after host"#,
        ),
        (
            "ref+echo://a%20b/c",
            r#"expand echo://a%20b/c: parse "echo://a%20b/c": invalid URL escape "%20""#,
        ),
        (
            "ref+://abc",
            r#"expand ://abc: parse "://abc": missing protocol scheme"#,
        ),
        ("ref+echo://ab,ref+echo://cd", r#""ab,refecho://cd""#),
        ("ref+echo://é", r#""ref+echo://é""#),
        ("ref+ECHO://aBc", r#""aBc""#),
        ("ref+echo://a@b/c", r#""b/c""#),
        ("ref+exec://echo/a/b", r#""a b""#),
        ("ref+exec://echo?args=a,b", r#""a b""#),
        (
            "ref+exec:///bin/echo?args=a,b#/x",
            "expand exec:///bin/echo?args=a,b#/x: exec provider: failed to parse output as YAML/JSON: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str into map[string]interface {}",
        ),
        ("ref+exec://cat/doc.yaml#/b/c", r#""d""#),
        (
            "ref+exec://false",
            r#"expand exec://false: exec provider: command "false" failed: exit status 1"#,
        ),
        (
            "ref+exec://nonesuch",
            r#"expand exec://nonesuch: exec provider: command "nonesuch" failed: exec: "nonesuch": executable file not found in $PATH"#,
        ),
        (
            "ref+exec://sleep/20?timeout=1",
            r#"expand exec://sleep/20?timeout=1: exec provider: command "sleep" failed: signal: killed"#,
        ),
        ("ref+echo://a/b?x=%zz", r#""a/b""#),
        ("ref+echo://[::1]/x", r#""[::1]/x""#),
        (
            "ref+sops://none.yaml#/a",
            r#"expand sops://none.yaml#/a: failed to read "none.yaml": open none.yaml: no such file or directory"#,
        ),
        (
            "ref+k8s://v1/Secret/a/b/c",
            "expand k8s://v1/Secret/a/b/c: No path was found in any of the following: kubeContext URI param, KUBECONFIG environment variable, or default path /nonexistent/.kube/config does not exist.",
        ),
        ("ref+echo://arn:aws:x:y/b", r#""arn:aws:x:y/b""#),
        ("ref+echo://ab+ref+echo://cd+", r#""abcd""#),
        (
            "ref+op://vault/item",
            "expand op://vault/item: pintle does not support the secret provider op",
        ),
    ] {
        assert_eq!(told(&scope, text), want, "{text}");
    }
}

#[test]
fn keys_that_are_missing_are_nothing_unless_asked_for() {
    let folder = folder();
    let vals = vals(Options::default());
    let scope = vals.within(folder.path());
    assert_eq!(told(&scope, "ref+file://doc.yaml#/zz"), "null");
    assert_eq!(
        told(&scope, "x ref+file://doc.yaml#/zz"),
        r#""x \u003cnil\u003e""#
    );
    let error = scope.fetch(b"ref+file://doc.yaml#/zz").unwrap_err();
    assert_eq!(error.to_string(), "expected <nil> to be string");
    assert_eq!(scope.fetch(b"ref+echo://top/secret").unwrap(), "top/secret");
    assert_eq!(
        told(&scope, "ref+echo://ref+file://doc.yaml#/zz"),
        "nested ref file://doc.yaml#/zz resolved to nil"
    );
    assert_eq!(
        told(&scope, "ref+echo://ref+file://doc.yaml#/b"),
        "nested ref file://doc.yaml#/b resolved to map[string]interface {}; nested refs must resolve to scalar values"
    );
    for (value, want) in [("true", true), ("1", true), ("F", false), (" ", false)] {
        let mut variables = variables();
        variables.insert(
            "HELMFILE_VALS_FAIL_ON_MISSING_KEY_IN_MAP".to_owned(),
            value.to_owned(),
        );
        let world = Real::new().with_variables(variables);
        assert_eq!(Options::of(&world).unwrap().fail_on_missing_key, want);
    }
    let world = Real::new().with_variables(BTreeMap::from([(
        "HELMFILE_VALS_FAIL_ON_MISSING_KEY_IN_MAP".to_owned(),
        "maybe".to_owned(),
    )]));
    assert_eq!(
        Options::of(&world).unwrap_err().to_string(),
        "invalid value for HELMFILE_VALS_FAIL_ON_MISSING_KEY_IN_MAP: \"maybe\" (must be a valid boolean)"
    );
}

#[test]
fn a_key_that_is_a_reference_becomes_the_entries_it_stands_for() {
    let folder = folder();
    let vals = vals(Options::default());
    let scope = vals.within(folder.path());
    let data = data::decode(
        b"keep: [ref+echo://one/x, 5, {n: ref+file://doc.yaml#/b/n}]\n\"ref+file://doc.yaml\": {}\n",
    )
    .unwrap();
    let expanded = scope.expand(&data).unwrap();
    assert_eq!(
        data::json(&expanded).unwrap(),
        r#"{"1":"x","a":1,"b":{"c":"d","d":"2020-01-01T00:00:00Z","l":[1,2],"n":5,"t":true},"keep":["one/x",5,{"n":5}],"x y":"z"}"#
    );
    assert_eq!(
        scope.expand_text(b"a: ref+echo://one/x\nb: 1\n").unwrap(),
        "a: one/x\nb: 1\n"
    );
}

#[test]
fn no_program_is_run_where_that_is_forbidden() {
    let vals = vals(Options {
        no_exec: true,
        ..Options::default()
    });
    assert_eq!(
        told(&vals.within(Path::new("")), "ref+exec://echo/a"),
        "expand exec://echo/a: exec provider: no program is run: --no-exec forbids it"
    );
}

#[test]
fn relative_paths_start_where_the_text_stands() {
    let (one, two) = (folder(), folder());
    std::fs::write(two.path().join("plain.txt"), "other\n").unwrap();
    let vals = vals(Options::default());
    let read = |folder: &Path| told(&vals.within(folder), "ref+file://plain.txt");
    assert_eq!(read(one.path()), r#""secret text\n""#);
    assert_eq!(read(two.path()), r#""other\n""#);
    // What was read once in a run stays.
    std::fs::write(two.path().join("plain.txt"), "third\n").unwrap();
    assert_eq!(read(two.path()), r#""other\n""#);
}

#[test]
fn what_was_resolved_is_masked_afterwards() {
    let folder = folder();
    let secrets = Registry::new([1; 32]);
    let world = Real::new().with_variables(variables());
    let vals = Vals::new(Arc::new(world), Options::default(), secrets.clone());
    let scope = vals.within(folder.path());
    let text = "plain.txt says secret text, echo says visible/thing";
    assert_eq!(secrets.mask(text), text);
    scope.fetch(b"ref+file://plain.txt").unwrap();
    scope.fetch(b"ref+echo://visible/thing").unwrap();
    let shown = secrets.mask(text).into_owned();
    assert!(
        shown.contains("says (masked ") && shown.ends_with("visible/thing"),
        "{shown}"
    );
    assert!(!format!("{vals:?}{scope:?}").contains("secret text"));
}

/// A cluster that counts who asks, and answers when three have asked.
struct Slow {
    asked: AtomicUsize,
    all: std::sync::Barrier,
}

impl Cluster for Slow {
    fn data(&self, wanted: &Wanted<'_>) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.all.wait();
        Ok(BTreeMap::from([(
            "key".to_owned(),
            format!("{}-{}", wanted.namespace, wanted.name).into_bytes(),
        )]))
    }
}

#[test]
fn several_documents_are_asked_for_at_once_and_each_once() {
    let folder = folder();
    let cluster = Arc::new(Slow {
        asked: AtomicUsize::new(0),
        all: std::sync::Barrier::new(3),
    });
    let mut variables = variables();
    let config = folder.path().join("doc.yaml").display().to_string();
    variables.insert("KUBECONFIG".to_owned(), config);
    let world = Real::new().with_variables(variables);
    let vals = Vals::new(Arc::new(world), Options::default(), Registry::new([1; 32]))
        .with_cluster(Arc::clone(&cluster) as Arc<dyn Cluster>);
    let data = data::decode(
        b"[ref+k8s://v1/Secret/ns/a#/key, x ref+k8s://v1/Secret/ns/b#/key, ref+k8s://v1/Secret/ns/c#/key, ref+k8s://v1/Secret/ns/a#/key]",
    )
    .unwrap();
    let expanded = vals.within(folder.path()).expand(&data).unwrap();
    assert_eq!(
        data::json(&expanded).unwrap(),
        r#"["ns-a","x ns-b","ns-c","ns-a"]"#
    );
    assert_eq!(cluster.asked.load(Ordering::SeqCst), 3);
}

#[cfg(feature = "age")]
#[test]
fn sops_files_are_read_by_reference_and_by_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sops");
    let mut variables = variables();
    let key = root.join("keys/one.txt").display().to_string();
    variables.insert("SOPS_AGE_KEY_FILE".to_owned(), key);
    let world: Arc<dyn crate::world::World> = Arc::new(Real::new().with_variables(variables));
    let secrets = Registry::new([1; 32]);
    let vals = Vals::new(Arc::clone(&world), Options::default(), secrets.clone());
    let cases = root.join("cases");
    let scope = vals.within(&cases);
    for (text, want) in [
        ("ref+sops://yaml/encrypted.yaml#/db/port", "5432"),
        (
            "ref+sops://yaml/encrypted.yaml#/db/list",
            r#"["one","two",{"a":"b","c":[1,2]},[]]"#,
        ),
        ("ref+sops://json/encrypted.json?format=json#/a/n", "5"),
        (
            "ref+sops://dotenv/encrypted.env",
            r##""# comment\nA=plain\nB=\"quoted\"\nC=a=b\nEMPTY=\nD=line\\nbreak\n""##,
        ),
        (
            "ref+sops://hcl/encrypted.hcl",
            r#""db {\n  password = \"hunter2\"\n}\n""#,
        ),
        (
            "ref+sops://yaml/encrypted.yaml?key_type=x#/a",
            r#"expand sops://yaml/encrypted.yaml?key_type=x#/a: unsupported key type "x". It must be one "base64" or "filepath""#,
        ),
    ] {
        assert_eq!(told(&scope, text), want, "{text}");
    }
    let packed = std::fs::read(cases.join("recipients/encrypted.yaml")).unwrap();
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::URL_SAFE.encode(packed);
    assert_eq!(
        told(
            &scope,
            &format!("ref+sops://{packed}?key_type=base64&format=yaml#/nested/token")
        ),
        r#""abc""#
    );
    let files = Files::new(world, secrets.clone()).without_programs();
    let path = cases.join("recipients/encrypted.yaml");
    let first = files.decrypt(&path).unwrap();
    assert!(first.is_new && first.text.starts_with(b"user: admin\n"));
    assert!(!files.decrypt(&path).unwrap().is_new);
    assert!(!secrets.mask("it is hunter2!").contains("hunter2"));
    let plain = root.join("plain/simple.yaml");
    assert_eq!(
        files.decrypt(&plain).unwrap_err().to_string(),
        "plugin secrets not installed"
    );
    assert!(!format!("{first:?}{files:?}").contains("hunter"));
}

/// Helm's plugin.
struct Reverse;

impl Plugin for Reverse {
    fn decrypt(&self, path: &Path) -> Option<Result<Vec<u8>, Error>> {
        let mut text = std::fs::read(path).expect("a file");
        text.reverse();
        Some(Ok(text))
    }
}

#[test]
fn a_plugin_decrypts_what_sops_did_not_encrypt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.yaml");
    std::fs::write(&path, "drowssap :a").unwrap();
    let files = Files::new(Arc::new(Real::new()), Registry::new([1; 32]));
    let with = files.with_plugin(Arc::new(Reverse));
    assert_eq!(&*with.decrypt(&path).unwrap().text, b"a: password");
    let missing = folder.path().join("none.yaml");
    let error = with.decrypt(&missing).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("open {}: no such file or directory", missing.display())
    );
}
