//! `pintle diff`.

use serde_json::Value;

use super::{CART, DEFINITION, has, lacks, stage};
use crate::kubernetes::fault::Fault;

#[test]
fn a_release_that_does_not_exist_is_all_new() {
    let Some(stage) = stage() else { return };
    let text = stage.differs(&["diff", "shop", "shop"]);
    has(
        &text,
        &[
            ": new, from chart shop-1.0.0\n",
            "+ ConfigMap ",
            "  +   image: registry.test/app:1\n",
            "+ Deployment ",
            "Hooks:\n+ Secret hook\n",
            "5 to create, 1 hook differs.",
        ],
    );
    assert_eq!(stage.writes(), Vec::<String>::new());
    stage.well(&["diff", "shop", "shop"]);

    stage.well(&["install", "shop", "shop"]);
    let text = stage.well(&["diff", "shop", "shop", "--detailed-exitcode"]);
    has(&text, &["No differences: 5 unchanged."]);
    let text = stage.well(&["diff", "shop", "--detailed-exitcode"]);
    has(&text, &["No differences: 5 unchanged."]);
}

#[test]
fn what_the_chart_changes_is_shown_by_fields() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    stage.writes();
    let change = [
        "diff",
        "shop",
        "shop",
        "--set",
        "image=registry.test/app:2,line=changed,more=false",
    ];
    let text = stage.differs(&change);
    has(
        &text,
        &[
            "    data.image: \"registry.test/app:1\" -> \"registry.test/app:2\"\n",
            "    data[\"app.conf\"]:\n",
            "      - middle\n      + changed\n",
            "    spec.template.spec.containers[name=app].image: \"registry.test/app:1\" -> \"registry.test/app:2\"\n",
            "- ConfigMap ",
            "/more\n",
            "= ConfigMap ",
            "stays, because its annotation helm.sh/resource-policy says so",
            "2 to change, 1 to delete, 2 unchanged.",
        ],
    );
    lacks(&text, &["Secret", "Hooks", "drift", "\u{1b}["]);
    // Defaults of the server, quantities in its own words, and managed fields are no differences.
    lacks(&text, &["cpu", "managedFields", "generation", "uid"]);

    let colored = stage.well(&[&change[..], &["--color", "always"]].concat());
    has(&colored, &["\u{1b}[31m\"registry.test/app:1\"\u{1b}[0m"]);
    let markdown = stage.well(&[&change[..], &["-o", "markdown"]].concat());
    has(
        &markdown,
        &[
            "<details><summary><b>change</b> Deployment ",
            "\n```diff\n",
            "\n- middle\n+ changed\n",
        ],
    );
    let small = stage.well(&[&change[..], &["-o", "markdown", "--max-size", "700"]].concat());
    assert!(small.len() <= 700, "{small}");
    has(&small, &["**Left out, for this text would be too long: "]);
    let html = stage.well(&[&change[..], &["-o", "html"]].concat());
    has(
        &html,
        &["<!doctype html>", "containers[name=app].image", "</html>"],
    );
    lacks(&html, &["http://", "https://", "<script", "<link"]);

    let json = stage.well(&[&change[..], &["-o", "json"]].concat());
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["summary"]["change"], 2);
    assert_eq!(json["subject"]["upgrade"]["revision"], 1);
    let objects = json["objects"].as_array().expect("objects");
    let web = objects.iter().find(|it| it["kind"] == "Deployment");
    let field = &web.expect("it is there")["fields"][0];
    assert_eq!(field["before"], "registry.test/app:1");
    assert_eq!(field["cause"], "chart");

    let less = stage.differs(&[&change[..], &["--suppress", "configmap"]].concat());
    lacks(&less, &["ConfigMap"]);
    has(&less, &["1 to change, 1 unchanged, 2 not shown."]);
    let said = stage.run(&[&change[..], &["-o", "pdf"]].concat());
    has(
        &said.stderr,
        &["must be one of: text, json, markdown, html"],
    );
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[test]
fn drift_is_told_from_what_the_chart_changes() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    stage.patch(
        "configmap/conf",
        r#"{"data": {"image": "edited", "own": "x"}}"#,
    );
    stage.patch("deployment/web", r#"{"spec": {"replicas": 5}}"#);
    stage
        .namespace
        .kubectl(&["delete", "configmap", "more"])
        .expect("deleted");
    let text = stage.differs(&["diff", "shop"]);
    has(
        &text,
        &[
            "    data.image: \"registry.test/app:1\" -> \"edited\"   # changed by kubectl-patch at ",
            "  + data.own: \"x\"   # changed by kubectl-patch at ",
            "    spec.replicas: 2 -> 5   # changed by kubectl-patch at ",
            "/more\n    ! is not there any more\n",
            "2 changed, 1 gone, 2 unchanged.",
        ],
    );
    // Before an upgrade: what somebody else has set stays, and is told.
    let change = ["diff", "shop", "shop", "--set", "line=changed"];
    let said = stage.run(&change);
    has(&said.stdout, &["      - middle\n      + changed\n"]);
    lacks(&said.stdout, &["refused", "data.image", "spec.replicas"]);
    has(&said.stderr, &["Theirs stays."]);
    // Or the same, seen from the other side, and the conflicts that the upgrade would meet.
    let text = stage.differs(&[&change[..], &["--conflicts=fail"]].concat());
    has(
        &text,
        &[
            "    ! would be refused: conflict occurred while applying object ",
            "conflict with \"kubectl-patch\" using v1: .data.image\n",
            "    data.image: \"edited\" -> \"registry.test/app:1\"   # changed by kubectl-patch at ",
            "      - middle\n      + changed\n",
            "    spec.replicas: 5 -> 2   # changed by kubectl-patch at ",
            "+ ConfigMap ",
            "1 to create, 2 to change, 2 unchanged, 2 would be refused.",
        ],
    );
    lacks(&text, &["data.own"]);
    let text = stage.differs(&["diff", "shop", "shop", "--set", "image=new", "--three-way"]);
    has(
        &text,
        &["        last \"registry.test/app:1\"\n        live \"edited\"\n        new  \"new\"\n"],
    );
}

#[test]
fn secrets_are_masked_wherever_they_are_shown() {
    let Some(stage) = stage() else { return };
    // Both secrets, plain and as base64 has them, in each of three alignments.
    let secret = [
        "hunter-one",
        "hunter-two",
        "aHVudGVyLW9uZQ",
        "aHVudGVyLXR3bw",
        "h1bnRlci1vbmU",
        "odW50ZXItdHdv",
    ];
    let change = ["diff", "shop", "shop", "--set", "password=hunter-two"];
    let check = |words: &[&str]| {
        for form in ["text", "json", "markdown", "html"] {
            for more in [&[][..], &["--three-way"]] {
                let text = stage.well(&[words, &["-o", form], more].concat());
                lacks(&text, &secret);
                has(&text, &["(masked "]);
            }
        }
    };
    check(&change);
    stage.well(&["install", "shop", "shop"]);
    check(&change);
    stage.well(&["upgrade", "shop", "shop", "--set", "password=hunter-two"]);
    check(&["diff", "shop", "--revision", "1,2"]);
    stage.patch(
        "secret/keys",
        r#"{"stringData": {"password": "hunter-one"}}"#,
    );
    check(&["diff", "shop"]);

    // What the server says of a value that it refuses.
    stage.write(
        "shop/templates/bad.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: bad}\nstringData: {pin: 42424242}\n",
    );
    for form in ["text", "json", "markdown", "html"] {
        let text = stage.well(&["diff", "shop", "shop", "-o", form]);
        has(&text, &["expected string, got"]);
        lacks(&text, &["42424242"]);
    }

    let shown = stage.differs(&["diff", "shop", "--revision", "1", "--show-secrets"]);
    has(
        &shown,
        &[
            "data.password: \"hunter-one\" -> \"hunter-two\"",
            "data.token: \"hunter-one\" -> ",
        ],
    );
    let named = stage.differs(&["diff", "shop", "--revision", "1", "--suppress-secrets"]);
    has(&named, &["~ Secret keys\n    ! its fields are not shown\n"]);
    lacks(&named, &["data."]);
}

#[test]
fn hooks_stand_apart() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    let change = ["diff", "shop", "shop", "--set", "password=other"];
    let text = stage.differs(&change);
    has(
        &text,
        &["Hooks:\n~ Secret hook\n    data.password: (masked "],
    );
    has(&text, &["1 to change, 4 unchanged, 1 hook differs."]);
    let text = stage.differs(&[&change[..], &["--no-hooks"]].concat());
    lacks(&text, &["Hooks", "hook differs"]);
}

#[test]
fn revisions_are_compared_as_they_are_recorded() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    stage.well(&["upgrade", "shop", "shop", "--set", "line=two,more=false"]);
    stage.well(&["upgrade", "shop", "shop", "--set", "line=three,more=false"]);
    let text = stage.differs(&["diff", "shop", "--revision", "1,2"]);
    has(
        &text,
        &[
            ": revision 1 to revision 2\n",
            "      - middle\n      + two\n",
            "- ConfigMap more\n",
        ],
    );
    let text = stage.differs(&["diff", "shop", "--revision", "2"]);
    has(
        &text,
        &[
            ": revision 2 to revision 3\n",
            "      - two\n      + three\n",
        ],
    );
    let text = stage.well(&["diff", "shop", "--revision", "3", "--detailed-exitcode"]);
    has(&text, &["No differences: 3 unchanged."]);
    for (words, line) in [
        (["--revision", "1,9"], "release has no 9 version"),
        (["--revision", "x"], "--revision x: that is no revision"),
    ] {
        let said = stage.run(&[&["diff", "shop"][..], &words].concat());
        assert_eq!(said.code, Some(1), "{said:?}");
        has(&said.stderr, &[line]);
    }
    let said = stage.run(&["diff", "nothing"]);
    has(&said.stderr, &["release: not found"]);
}

#[test]
fn what_is_not_there_yet_is_said() {
    let Some(stage) = stage() else { return };
    let group = format!("{}.test", stage.namespace.name());
    stage.write("shop/crds/cart.yaml", &DEFINITION.replace("GROUP", &group));
    stage.write("shop/templates/cart.yaml", &CART.replace("GROUP", &group));
    let text = stage.well(&["diff", "shop", "shop"]);
    has(
        &text,
        &[
            "+ CustomResourceDefinition carts.",
            "/mine\n    ! its kind is not served yet: a definition of this chart brings it",
            "size: 3",
        ],
    );
    let text = stage.well(&["diff", "shop", "shop", "-n", "not-there-at-all"]);
    has(
        &text,
        &["namespace \"not-there-at-all\" does not exist yet"],
    );
    assert_eq!(stage.writes(), Vec::<String>::new());
    // What the server refuses is told with its object.
    stage.write(
        "shop/templates/bad.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad_Name}\ndata: {a: b}\n",
    );
    let text = stage.well(&["diff", "shop", "shop"]);
    has(
        &text,
        &["/Bad_Name\n    ! would be refused: ", "1 would be refused."],
    );
}

#[test]
fn definitions_that_an_upgrade_changes_are_shown() {
    let Some(stage) = stage() else { return };
    let group = format!("{}.test", stage.namespace.name());
    stage.well(&["install", "shop", "shop"]);
    let definition = DEFINITION.replace("GROUP", &group);
    stage.write("shop/crds/cart.yaml", &definition);
    stage.write("shop/templates/cart.yaml", &CART.replace("GROUP", &group));
    stage.writes();
    let change = ["diff", "shop", "shop", "--crds=upgrade"];
    let text = stage.differs(&change);
    has(
        &text,
        &[
            "+ CustomResourceDefinition carts.",
            "its kind is not served yet",
        ],
    );
    assert_eq!(stage.writes(), Vec::<String>::new());
    let plan = ["plan", "shop", "shop", "--crds=upgrade", "-o", "shop.plan"];
    stage.well(&plan);
    assert_eq!(stage.writes(), Vec::<String>::new());
    let applied = stage.run(&["apply", "--plan", "shop.plan"]);
    let more = definition.replace("singular: cart,", "singular: cart, shortNames: [crt],");
    stage.write("shop/crds/cart.yaml", &more);
    let again = stage.run(&change);
    stage.well(&["upgrade", "shop", "shop", "--crds=upgrade"]);
    stage.writes();
    let same = stage.run(&["upgrade", "shop", "shop", "--crds=upgrade"]);
    let writes = stage.writes();
    let name = format!("carts.{group}");
    let delete = ["delete", "crd", &name, "--wait=false"];
    stage.namespace.kubectl(&delete).expect("deleted");
    assert_eq!(applied.code, Some(0), "{applied:?}");
    has(
        &again.stdout,
        &[
            "~ CustomResourceDefinition carts.",
            "spec.names.shortNames",
            "1 to change, 6 unchanged.",
        ],
    );
    has(&same.stdout, &["is unchanged"]);
    assert_eq!(writes, Vec::<String>::new());
}

/// A webhook with side effects is asked by no dry run.
#[test]
fn webhooks_without_dry_runs_are_no_refusal() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    let message = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"admission webhook \"w.test\" does not support dry run","reason":"BadRequest","code":400}"#;
    let fault = Fault {
        method: "PATCH",
        path: "/configmaps/conf$".to_owned(),
        code: Some(400),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: message.to_owned(),
        ..Fault::default()
    };
    stage.namespace.fault(&fault).expect("understood");
    let text = stage.differs(&["diff", "shop", "shop", "--set", "line=changed"]);
    has(
        &text,
        &[
            "/conf\n    ! a webhook of the cluster takes no part in dry runs: ",
            "      - middle\n      + changed\n",
            "1 to change, 4 unchanged.",
        ],
    );
    stage.well(&[
        "plan",
        "shop",
        "shop",
        "--set",
        "line=changed",
        "-o",
        "shop.plan",
    ]);
    // Nobody can say that it would be the same: the upgrade is tried.
    let said = stage.run(&["upgrade", "shop", "shop"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    stage.namespace.heal().expect("healed");
    stage.well(&["upgrade", "shop", "shop"]);
    assert_eq!(stage.revisions(), [1, 2, 3]);
}

#[test]
fn releases_that_are_merged_here_are_foreseen_too() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop", "--server-side=false"]);
    stage.patch("configmap/conf", r#"{"data": {"image": "edited"}}"#);
    let change = ["diff", "shop", "shop", "--set", "line=changed,more=false"];
    let parts = [
        "    data.image: \"edited\" -> \"registry.test/app:1\"   # changed by kubectl-patch at ",
        "      - middle\n      + changed\n",
        "- ConfigMap ",
    ];
    let text = stage.differs(&change);
    has(&text, &parts);
    lacks(&text, &["refused", "Deployment"]);
    has(
        &stage.differs(&["diff", "shop"]),
        &["\"registry.test/app:1\" -> \"edited\""],
    );
    // Merged by the server from now on: our own former fields are no conflict, others' are.
    let strict = ["--server-side=true", "--conflicts=fail"];
    let text = stage.differs(&[&change[..], &strict].concat());
    has(&text, &["conflicts with \"kubectl-patch\""]);
    stage.patch(
        "configmap/conf",
        r#"{"data": {"image": "registry.test/app:1"}}"#,
    );
    let text = stage.differs(&[
        "diff",
        "shop",
        "shop",
        "--server-side=true",
        "--set",
        "password=hunter-two",
    ]);
    lacks(&text, &["refused"]);
    has(&text, &["    data.password: (masked "]);
}
