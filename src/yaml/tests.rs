//! Answers asked from sigs.k8s.io/yaml 1.6.0 and go.yaml.in/yaml/v3 3.0.4.

use proptest::prelude::*;

use super::*;
use crate::go::json;
use crate::value::{Frozen, Map, Type, Value};

fn as_json(value: &Frozen) -> String {
    let mut out = Vec::new();
    json::encode_frozen(value, &mut out, json::Options::default()).unwrap();
    String::from_utf8(out).unwrap()
}

fn read(text: &str) -> String {
    match to_frozen(text.as_bytes()) {
        Ok(value) => as_json(&value),
        Err(error) => error.to_string(),
    }
}

#[test]
fn documents_become_data() {
    for (text, want) in [
        ("", "null"),
        (
            "a: 1\nb: [x, {c: yes}]\n",
            r#"{"a":1,"b":["x",{"c":true}]}"#,
        ),
        ("n: 3\non: 1\n", r#"{"false":3,"true":1}"#),
        (
            "- 0755\n- 018\n- 0b101\n- 1_000\n- 1__0\n- _1\n- 1:30\n- 1e400\n",
            r#"[493,18,5,1000,10,"_1","1:30","1e400"]"#,
        ),
        (
            "- 0b-11\n- 0b1_1\n- -0b11\n- 0o7\n- 1_\n- .5_\n- 0x_1\n- .1_0\n",
            r#"[-3,3,-3,7,1,".5_",1,0.1]"#,
        ),
        (
            "0x10: a\n2.5: b\n1e20: c\n010: d\n",
            r#"{"16":"a","1e+20":"c","2.5":"b","8":"d"}"#,
        ),
        (
            "a: &x {p: 1}\nb:\n  q: 0\n  p: 5\n  <<: *x\n",
            r#"{"a":{"p":1},"b":{"p":1,"q":0}}"#,
        ),
        (
            "a: |\n  x\n\n  y\n\nb: >-\n  x\n  y\n\n  z\n",
            r#"{"a":"x\n\ny\n","b":"x y\nz"}"#,
        ),
        (
            "a: \"x\n  y\\\n  z\\u00e9\"\nb: 'it''s\n\n  x'\n",
            r#"{"a":"x yzé","b":"it's\nx"}"#,
        ),
        ("a: b\n c\n", r#"{"a":"b c"}"#),
        (
            "- !!binary aGk=\n- !!float 3\n- !!str 5\n- !x 5\n- 2020-01-02\n",
            r#"["hi",3,"5","5","2020-01-02"]"#,
        ),
        ("{}: x\n", "{}"),
        ("a: 1\n---\nb: 2\n", r#"{"a":1}"#),
        ("a: 1\n...\n}}}", r#"{"a":1}"#),
    ] {
        assert_eq!(read(text), want, "{text:?}");
    }
}

#[test]
fn errors_have_the_words_of_go() {
    for (text, want) in [
        (
            "a: b: c",
            "yaml: mapping values are not allowed in this context",
        ),
        (
            "a:\n  b: 1\n c: 2\n",
            "yaml: line 2: did not find expected key",
        ),
        (
            "a: 1\nb\nc: 2\n",
            "yaml: line 3: could not find expected ':'",
        ),
        ("a: [1\n", "yaml: line 1: did not find expected ',' or ']'"),
        (
            "a:\n\t- b\n",
            "yaml: line 2: found character that cannot start any token",
        ),
        ("a: *x", "yaml: unknown anchor 'x' referenced"),
        ("a: &x [*x]", "yaml: anchor 'x' value contains itself"),
        (
            "<<: 5",
            "yaml: map merge requires map or sequence of maps as the value",
        ),
        ("[a]: 1", "yaml: invalid map key: []interface {}{\"a\"}"),
        (
            "null: 2",
            "unsupported map key of type: %!s(<nil>), key: <nil>, value: 2",
        ),
        (
            "18446744073709551615: 1",
            "unsupported map key of type: uint64, key: 0xffffffffffffffff, value: 1",
        ),
        ("a: .inf\nb: .nan", "json: unsupported value: +Inf"),
        ("a: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("a: \"\\/\"", "yaml: found unknown escape character"),
        (
            "%YAML 1.2\n---\na: 1",
            "yaml: found incompatible YAML document",
        ),
        ("a: \u{7f}", "yaml: control characters are not allowed"),
    ] {
        assert_eq!(
            read(text),
            format!("error converting YAML to JSON: {want}"),
            "{text:?}"
        );
    }
    assert_eq!(
        to_map(b"- a").unwrap_err().to_string(),
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"
    );
    assert_eq!(
        to_frozen_strict(b"a: 1\na: 2").unwrap_err().to_string(),
        "error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key \"a\" already set in map"
    );
}

#[test]
fn depth_is_limited() {
    let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    let message = |text: Vec<u8>| match to_frozen(&text) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(message(nested(1000)), "fine");
    assert_eq!(
        message(nested(10_001)),
        "error converting YAML to JSON: yaml: exceeded max depth of 10000"
    );
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
    }
    assert_eq!(
        message(bomb.into_bytes()),
        "error converting YAML to JSON: yaml: document contains excessive aliasing"
    );
}

#[test]
fn heads_are_read_with_the_errors_of_the_whole() {
    let text = "kind: 5\napiVersion: 1.0\nmetadata: {name: yes, annotations: {a: 1, b: null}}\nspec: [a]\n";
    let found = head(text.as_bytes()).unwrap();
    let metadata = found.metadata.clone().unwrap();
    assert!(found.kind == "5" && found.version == "1" && metadata.name == "true");
    let annotations = metadata.annotations.unwrap();
    assert!(annotations[&b"a"[..]] == "1" && annotations[&b"b"[..]].is_empty());
    assert!(head(b"KIND: a\nkind: b\n").unwrap().kind == "b");
    for (text, want) in [
        (
            "kind: [1]",
            "array into Go struct field SimpleHead.kind of type string",
        ),
        (
            "metadata: {name: {a: 1}}",
            "object into Go struct field .metadata.name of type string",
        ),
        (
            "metadata: {annotations: 5}",
            "number into Go struct field .metadata.annotations of type map[string]string",
        ),
        (
            "metadata: x",
            "string into Go struct field SimpleHead.metadata of type struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }",
        ),
        ("x", "string into Go value of type util.SimpleHead"),
    ] {
        let error = head(text.as_bytes()).unwrap_err().to_string();
        let prefix = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ";
        assert_eq!(error, format!("{prefix}{want}"), "{text:?}");
    }
}

#[test]
fn values_are_written_in_both_styles() {
    for (json_text, want, pretty) in [
        (
            r#"{"a":{"b":[1,{"c":[]}]},"d":{}}"#,
            "a:\n  b:\n  - 1\n  - c: []\nd: {}\n",
            "a:\n  b:\n    - 1\n    - c: []\nd: {}\n",
        ),
        (
            r#"["y","","a: b"," x","a #","~","12:30","1e3","<<"]"#,
            "- \"y\"\n- \"\"\n- 'a: b'\n- ' x'\n- 'a #'\n- \"~\"\n- \"12:30\"\n- \"1e3\"\n- <<\n",
            "- \"y\"\n- \"\"\n- 'a: b'\n- ' x'\n- 'a #'\n- \"~\"\n- \"12:30\"\n- \"1e3\"\n- <<\n",
        ),
        (
            "[1e6,1e20,1000000.5,-0.0,1e19]",
            "- 1000000\n- 1e+20\n- 1.0000005e+06\n- 0\n- 10000000000000000000\n",
            "- 1e+06\n- 1e+20\n- 1.0000005e+06\n- -0\n- 1e+19\n",
        ),
        (
            r#"{"a10":1,"a2":2,"_x":3,"A":4}"#,
            "_x: 3\nA: 4\na2: 2\na10: 1\n",
            "_x: 3\nA: 4\na2: 2\na10: 1\n",
        ),
        (
            r#"{"k":"a\nb","l":"a\n\n","m":" a\nb","n":"a \nb"}"#,
            "k: |-\n  a\n  b\nl: |+\n  a\n\nm: |2-\n   a\n  b\n\"n\": \"a \\nb\"\n",
            "k: |-\n  a\n  b\nl: |+\n  a\n\nm: |2-\n   a\n  b\n\"n\": \"a \\nb\"\n",
        ),
        (
            r#"{"a\nb":1}"#,
            "? |-\n  a\n  b\n: 1\n",
            "? |-\n  a\n  b\n: 1\n",
        ),
        (r#""😀""#, "\"\\U0001F600\"\n", "\"\\U0001F600\"\n"),
    ] {
        let value = json::decode(json_text.as_bytes()).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(text(encode_frozen(&value).unwrap()), want, "{json_text}");
        assert_eq!(text(encode(&value.thaw()).unwrap()), want, "{json_text}");
        assert_eq!(
            text(encode_pretty(&value.thaw()).unwrap()),
            pretty,
            "{json_text}"
        );
    }
}

#[test]
fn long_lines_fold() {
    let value = Frozen::string("word ".repeat(20).trim_end().to_owned());
    let want = "word word word word word word word word word word word word word word word word word\n  word word word\n";
    assert_eq!(encode_frozen(&value).unwrap(), want.as_bytes());
}

#[test]
fn what_json_cannot_hold_is_an_error() {
    let control = Frozen::string("a\u{7f}");
    assert_eq!(
        encode_frozen(&control).unwrap_err(),
        "yaml: control characters are not allowed"
    );
    assert_eq!(
        encode_frozen(&Frozen::Float(f64::NAN)).unwrap_err(),
        "error marshaling into JSON: json: unsupported value: NaN"
    );
    let map = Map::new(&Type::MAP, Default::default());
    map.insert("self", Value::Map(map.clone()));
    assert_eq!(
        encode(&Value::Map(map.clone())).unwrap_err(),
        "error marshaling into JSON: json: unsupported value: encountered a cycle via map[string]interface {}"
    );
    assert!(encode_pretty(&Value::Map(map.clone())).is_err());
    map.remove("self");
}

#[test]
fn leaves_have_places() {
    let text = "a:\n  b: 1\n  c: [x, {}]\n\"d.e\": 'f'\n";
    let tree = parse(&crate::diag::Source::new("values.yaml", text)).unwrap();
    let leaves: Vec<(String, &str)> = tree
        .leaves()
        .into_iter()
        .map(|(path, span)| (path.to_string(), &text[span.start..span.end]))
        .collect();
    let want = [
        ("a.b", "1"),
        ("a.c[0]", "x"),
        ("a.c[1]", "{}"),
        ("d\\.e", "'f'"),
    ];
    assert_eq!(leaves, want.map(|(path, text)| (path.to_owned(), text)));
}

fn any_value() -> impl Strategy<Value = Frozen> {
    let leaf = prop_oneof![
        Just(Frozen::Null),
        any::<bool>().prop_map(Frozen::Bool),
        (-1e6..1e6f64).prop_map(Frozen::Float),
        "[ -~é日\n]{0,40}".prop_map(Frozen::string),
        "(yes|no|~|1|0x1|- a|a: b|# c|\\.5|null| x|x |a\\n)".prop_map(Frozen::string),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| Frozen::List(items.into())),
            prop::collection::btree_map("[ -~]{0,8}", inner, 0..5).prop_map(|entries| {
                Frozen::Map(std::sync::Arc::new(
                    entries
                        .into_iter()
                        // Go writes it without quotes, and reads it back as a merge.
                        .filter(|(key, _)| key != "<<")
                        .map(|(key, value)| (key.into(), value))
                        .collect(),
                ))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        let text = encode_frozen(&value).unwrap();
        let back = to_frozen(&text).unwrap();
        prop_assert_eq!(&back, &value, "{}", String::from_utf8_lossy(&text));
        prop_assert_eq!(encode(&value.thaw()).unwrap(), text);
        let pretty = encode_pretty(&value.thaw()).unwrap();
        prop_assert_eq!(to_frozen(&pretty).unwrap(), value);
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = to_frozen(&bytes);
        let _ = head(&bytes);
    }

    #[test]
    fn both_ways_to_data_agree(text in "([ab]: |- |\\? |\\n|  |\\[|\\]|\\{|\\}|,|\"|'|x|1|#|>|\\||\t|!!str |: ){0,25}") {
        let slow = Tree::of(text.as_bytes())
            .and_then(|tree| raw::decode(&tree, false))
            .map_err(|error| error.to_string());
        match (to_frozen(text.as_bytes()), slow) {
            (Ok(value), Ok(decoded)) => {
                prop_assert_eq!(value, super::decode::to_json(decoded).unwrap());
            }
            (Err(_), Err(_)) => {}
            (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("key") || error.to_string().contains("value"), "{}", error),
            (Ok(_), Err(error)) => prop_assert!(false, "{}", error),
        }
    }
}
