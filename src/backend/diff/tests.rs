use serde_json::{Value, json};

use super::*;
use crate::kubernetes::merge::Cursor;

/// `path: before -> after (cause)` for each field.
fn lines(last: &Value, live: &Value, wanted: &Value, after: &Value) -> Vec<String> {
    let all = [last, live, wanted, after].map(stripped);
    let [last, live, wanted, after] = &all;
    let states = States {
        last: some(last),
        live: some(live),
        wanted: some(wanted),
        after: some(after),
    };
    let version = after["apiVersion"].as_str().unwrap_or("v1");
    let kind = after["kind"].as_str().unwrap_or_default();
    fields(states, Cursor::top(version, kind))
        .into_iter()
        .map(|field| {
            let text = |value: Option<Value>| value.map_or("-".to_owned(), |it| it.to_string());
            format!(
                "{}: {} -> {} ({})",
                field.path,
                text(field.before),
                text(field.after),
                field.cause.as_str()
            )
        })
        .collect()
}

fn some(value: &Value) -> Option<&Value> {
    (*value != Value::Null).then_some(value)
}

/// Two objects alone.
fn two(before: &Value, after: &Value) -> Vec<String> {
    lines(before, before, after, after)
}

fn deployment(pod: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}})
}

#[test]
fn fields_are_named_by_their_paths() {
    let container = |name: &str, image: &str| json!({"name": name, "image": image});
    for (before, after, want) in [
        (json!({"a": 1}), json!({"a": 1}), vec![]),
        (json!({"a": 1}), json!({"a": 2}), vec!["a: 1 -> 2 (chart)"]),
        (
            json!({"a": 1}),
            json!({"b": 1}),
            vec!["b: - -> 1 (chart)", "a: 1 -> - (chart)"],
        ),
        (
            json!({"metadata": {"labels": {"app.io/name": "a"}}}),
            json!({"metadata": {"labels": {"app.io/name": "b"}}}),
            vec!["metadata.labels[\"app.io/name\"]: \"a\" -> \"b\" (chart)"],
        ),
        (
            deployment(json!({"containers": [container("app", "a:1"), container("log", "l:1")]})),
            deployment(json!({"containers": [container("log", "l:1"), container("app", "a:2")]})),
            vec!["spec.template.spec.containers[name=app].image: \"a:1\" -> \"a:2\" (chart)"],
        ),
        (
            deployment(json!({"containers": [container("app", "a:1"), container("log", "l:1")]})),
            deployment(json!({"containers": [container("app", "a:1"), container("new", "n:1")]})),
            vec![
                "spec.template.spec.containers[name=new]: - -> {\"name\":\"new\",\"image\":\"n:1\"} (chart)",
                "spec.template.spec.containers[name=log]: {\"name\":\"log\",\"image\":\"l:1\"} -> - (chart)",
            ],
        ),
        (
            deployment(json!({"containers": [container("a", "1"), container("b", "1")]})),
            deployment(json!({"containers": [container("b", "1"), container("a", "1")]})),
            vec!["spec.template.spec.containers: [\"a\",\"b\"] -> [\"b\",\"a\"] (chart)"],
        ),
        // No key that tells items apart.
        (
            deployment(json!({"tolerations": [{"key": "a"}, {"key": "b"}]})),
            deployment(json!({"tolerations": [{"key": "a"}, {"key": "c"}]})),
            vec!["spec.template.spec.tolerations[1].key: \"b\" -> \"c\" (chart)"],
        ),
        (
            json!({"args": ["a", "b"]}),
            json!({"args": ["a", "b", "c"]}),
            vec!["args: [\"a\",\"b\"] -> [\"a\",\"b\",\"c\"] (chart)"],
        ),
        // A custom kind: items with names are told apart by them, others by their places.
        (
            json!({"kind": "Cart", "apiVersion": "shop.test/v1", "items": [{"name": "a", "n": 1}, {"name": "b", "n": 1}]}),
            json!({"kind": "Cart", "apiVersion": "shop.test/v1", "items": [{"name": "b", "n": 2}]}),
            vec![
                "items[name=b].n: 1 -> 2 (chart)",
                "items[name=a]: {\"name\":\"a\",\"n\":1} -> - (chart)",
            ],
        ),
        // Two ports of one number: the key does not tell them apart.
        (
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}}),
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "SCTP"}]}}),
            vec!["spec.ports[1].protocol: \"UDP\" -> \"SCTP\" (chart)"],
        ),
        (
            json!({"a": {"b": 1}}),
            json!({"a": [1]}),
            vec!["a: {\"b\":1} -> [1] (chart)"],
        ),
        (
            json!({"a": "x"}),
            json!({"a": null}),
            vec!["a: \"x\" -> null (chart)"],
        ),
    ] {
        assert_eq!(two(&before, &after), want, "{before} {after}");
    }
}

#[test]
fn who_changed_a_field_is_told_apart() {
    let a = |value: i32| json!({"spec": {"a": value}});
    for (last, live, wanted, want) in [
        (1, 1, 2, vec!["spec.a: 1 -> 2 (chart)"]),
        (1, 3, 1, vec!["spec.a: 3 -> 1 (drift)"]),
        (1, 3, 2, vec!["spec.a: 3 -> 2 (both)"]),
        (1, 2, 2, vec![]),
    ] {
        assert_eq!(lines(&a(last), &a(live), &a(wanted), &a(wanted)), want);
    }
    // Somebody took it away, and somebody added one.
    let none = json!({"spec": {}});
    assert_eq!(
        lines(&a(1), &none, &a(1), &a(1)),
        ["spec.a: - -> 1 (drift)"]
    );
    assert_eq!(lines(&none, &a(3), &a(1), &a(1)), ["spec.a: 3 -> 1 (both)"]);
    // The same quantity, written otherwise by the server.
    let cpu = |text: &str| json!({"cpu": text});
    assert_eq!(
        lines(&cpu("0.5"), &cpu("500m"), &cpu("1"), &cpu("1")),
        ["cpu: \"500m\" -> \"1\" (chart)"]
    );
}

#[test]
fn what_servers_add_is_no_difference() {
    let live = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "a", "uid": "u", "resourceVersion": "1", "generation": 1, "creationTimestamp": "x",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
            "managedFields": [{}],
        },
        "data": {"a": "1"}, "status": {"ready": true},
    });
    let mut after = live.clone();
    after["metadata"]["resourceVersion"] = json!("2");
    after["metadata"]["annotations"] = json!({});
    after["status"] = json!({});
    assert_eq!(two(&live, &after), Vec::<String>::new());
    // Defaults that come with something new.
    let plain = deployment(json!({"containers": [{"name": "app"}]}));
    let wanted = deployment(
        json!({"containers": [{"name": "app", "livenessProbe": {"port": 80}}, {"name": "b"}]}),
    );
    let after = deployment(json!({"terminationGracePeriodSeconds": 30, "containers": [
        {"name": "app", "livenessProbe": {"port": 80, "periodSeconds": 10}},
        {"name": "b", "imagePullPolicy": "Always"},
    ]}));
    assert_eq!(
        lines(&plain, &plain, &wanted, &after),
        [
            "spec.template.spec.containers[name=app].livenessProbe: - -> {\"port\":80} (chart)",
            "spec.template.spec.containers[name=b]: - -> {\"name\":\"b\"} (chart)",
        ]
    );
    // And that go with something old.
    assert_eq!(
        lines(
            &wanted,
            &after,
            &plain,
            &deployment(json!({"containers": [{"name": "app"}]}))
        ),
        [
            "spec.template.spec.containers[name=app].livenessProbe: {\"port\":80} -> - (chart)",
            "spec.template.spec.containers[name=b]: {\"name\":\"b\"} -> - (chart)",
            "spec.template.spec.terminationGracePeriodSeconds: 30 -> - (drift)",
        ]
    );
}

mod random {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3i64).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let name = prop_oneof!["[a-c]", Just("name".to_owned()), Just("spec".to_owned())];
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map(name, inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_object_does_not_differ_from_itself(a in value()) {
            prop_assert_eq!(two(&a, &a), Vec::<String>::new());
        }

        /// What is wanted has no part in what the server adds, so both are what is wanted here.
        #[test]
        fn objects_that_differ_have_fields_that_do(a in value(), b in value()) {
            let lines = lines(&a, &a, &b, &b);
            if lines.is_empty() {
                prop_assert!(same(Some(&bare(&a)), Some(&bare(&b))), "{a} {b}");
            }
        }
    }

    /// Without what is empty, which servers leave out.
    fn bare(value: &Value) -> Value {
        match stripped(value) {
            Value::Object(members) => {
                let members = members
                    .into_iter()
                    .map(|(name, inner)| (name, bare(&inner)));
                let kept: serde_json::Map<_, _> = members.filter(|(_, it)| !it.is_null()).collect();
                if kept.is_empty() {
                    Value::Null
                } else {
                    kept.into()
                }
            }
            Value::Array(items) if items.is_empty() => Value::Null,
            Value::Array(items) => items.iter().map(bare).collect(),
            other => other,
        }
    }
}
