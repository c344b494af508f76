//! `pintle plan` and `pintle apply --plan`.

use super::{Stage, has, lacks, stage};

impl Stage<'_> {
    fn plan_text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("shop.plan")).expect("a plan")
    }

    /// Carries the plan out, which has to be refused for reasons.
    #[track_caller]
    fn refused(&self, reasons: &[&str]) {
        self.writes();
        let said = self.run(&["apply", "--plan", "shop.plan"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        has(
            &said.stderr,
            &["does not hold any more, and nothing was changed:"],
        );
        has(&said.stderr, reasons);
        assert_eq!(self.writes(), Vec::<String>::new());
    }
}

const PLAN: [&str; 5] = ["plan", "shop", "shop", "-o", "shop.plan"];

#[test]
fn a_plan_is_carried_out_as_it_was_shown() {
    let Some(stage) = stage() else { return };
    stage.write("prod.yaml", "line: planned\n");
    let text = stage.well(&[&PLAN[..], &["-f", "prod.yaml"]].concat());
    has(
        &text,
        &[
            ": new, from chart",
            "5 to create",
            "The plan is in shop.plan: ",
        ],
    );
    assert_eq!(stage.writes(), Vec::<String>::new());
    let text = stage.well(&["apply", "--plan", "shop.plan"]);
    has(&text, &["NAME: shop\n", "STATUS: deployed\nREVISION: 1\n"]);
    has(
        &stage.well(&["get", "values", "shop"]),
        &["line: planned\n"],
    );

    stage.well(
        &[
            &PLAN[..],
            &[
                "--set",
                "image=registry.test/app:2",
                "--wait",
                "--description",
                "as planned",
                "--timeout",
                "2m",
            ],
        ]
        .concat(),
    );
    has(
        &stage.plan_text(),
        &["\"image=registry.test/app:2\"", "\"wait\"", "\"2m\""],
    );
    stage.well(&["apply", "--plan", "shop.plan"]);
    assert_eq!(stage.revisions(), [1, 2]);
    has(&stage.well(&["history", "shop"]), &["as planned"]);
    let web = stage
        .namespace
        .get("apps/v1/deployments/web")
        .expect("answered")
        .expect("there");
    assert_eq!(
        web["spec"]["template"]["spec"]["containers"][0]["image"],
        "registry.test/app:2"
    );
    // Once is all.
    stage.refused(&[
        "release \"shop\": it was at revision 1 (deployed), and it is at revision 2 (deployed) now",
    ]);
}

#[test]
fn a_plan_is_refused_where_the_cluster_has_moved() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    stage.well(&[&PLAN[..], &["--set", "line=new"]].concat());
    stage.patch("configmap/conf", r#"{"data": {"image": "edited"}}"#);
    stage.refused(&[
        "/conf was changed on the cluster: data.image is \"edited\", set by kubectl-patch at ",
    ]);
    stage.patch(
        "configmap/conf",
        r#"{"data": {"image": "registry.test/app:1"}}"#,
    );
    stage.patch(
        "secret/keys",
        r#"{"stringData": {"password": "leaked-one"}}"#,
    );
    let said = stage.run(&["apply", "--plan", "shop.plan"]);
    has(&said.stderr, &["/keys was changed on the cluster"]);
    lacks(&said.stderr, &["leaked-one", "hunter"]);
    stage.patch(
        "secret/keys",
        r#"{"stringData": {"password": "hunter-one"}}"#,
    );
    stage
        .namespace
        .kubectl(&["delete", "configmap", "more"])
        .expect("deleted");
    stage.refused(&["/more is gone"]);
    stage
        .namespace
        .kubectl(&["create", "configmap", "more"])
        .expect("created");
    let said = stage.run(&["apply", "--plan", "shop.plan"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    has(&said.stderr, &["more"]);
}

#[test]
fn what_others_keep_up_to_date_is_no_reason_to_refuse() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop", "--wait"]);
    stage.well(&[&PLAN[..], &["--set", "line=new"]].concat());
    stage
        .namespace
        .kubectl(&["rollout", "restart", "deployment/web"])
        .expect("restarted");
    // A person's edit is one, though; and the state of the rollout is none.
    stage.refused(&["/web was changed on the cluster: spec.template.metadata.annotations"]);
    stage.well(&[&PLAN[..], &["--set", "line=new"]].concat());
    stage
        .namespace
        .kubectl(&["rollout", "status", "deployment/web"])
        .expect("rolled out");
    stage.well(&["apply", "--plan", "shop.plan"]);
}

#[test]
fn a_plan_is_refused_where_chart_values_or_release_have_moved() {
    let Some(stage) = stage() else { return };
    stage.write("prod.yaml", "line: planned\n");
    let plan = [&PLAN[..], &["-f", "prod.yaml"]].concat();
    stage.well(&plan);
    stage.well(&["install", "shop", "shop"]);
    stage.refused(&["there was no release, and it is at revision 1 (deployed) now"]);
    stage.well(&plan);
    stage.write("prod.yaml", "line: other\n");
    stage.refused(&[
        "the values have changed",
        "/conf would be made otherwise: data[\"app.conf\"] is \"first\\nother\\nlast\\n\"",
    ]);
    stage.write("prod.yaml", "line: planned\n");
    stage.write(
        "shop/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.0.1\n",
    );
    stage.refused(&["the chart was shop-1.0.0, and is shop-1.0.1 now"]);
    stage.write(
        "shop/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    );
    stage.write(
        "shop/templates/new.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n",
    );
    stage.refused(&[
        "the files of chart shop-1.0.0 have changed",
        "/new was no part of the plan",
    ]);
    // Templates that make something new each time.
    stage.write(
        "shop/templates/new.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\ndata: {a: {{ randAlpha 9 }}}\n",
    );
    stage.well(&plan);
    stage.refused(&[
        "/new would be made otherwise: data.a is ",
        "its templates make something new in each run",
    ]);
}

#[test]
fn plans_hold_no_secrets() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    let said = stage.run(
        &[
            &PLAN[..],
            &["--set", "password=hunter-two", "--set", "line=plain"],
        ]
        .concat(),
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    has(
        &said.stderr,
        &["--set password=... is secret and not in the plan"],
    );
    let text = stage.plan_text();
    lacks(&text, &["hunter", "aHVudGVy", "h1bnRlci"]);
    has(&text, &["\"line=plain\"", "\"set password\""]);
    let said = stage.run(&["apply", "--plan", "shop.plan"]);
    has(
        &said.stderr,
        &["plans hold no secrets: give --set password=... again"],
    );
    let said = stage.run(&[
        "apply",
        "--plan",
        "shop.plan",
        "--set",
        "password=wrong-one",
    ]);
    has(
        &said.stderr,
        &["the values have changed", "/keys would be made otherwise"],
    );
    lacks(&said.stderr, &["wrong-one", "hunter"]);
    stage.well(&[
        "apply",
        "--plan",
        "shop.plan",
        "--set",
        "password=hunter-two",
    ]);
    assert_eq!(stage.revisions(), [1, 2]);
}

/// Namespace and kinds come with the release.
#[test]
fn plans_bring_what_is_not_there_yet() {
    let Some(stage) = stage() else { return };
    let name = format!("{}-new", stage.namespace.name());
    let group = format!("{name}.test");
    let definition = super::DEFINITION.replace("GROUP", &group);
    stage.write("shop/crds/cart.yaml", &definition);
    let cart = super::CART.replace("GROUP", &group);
    let known = format!(
        "{{{{ if .Capabilities.APIVersions.Has \"{group}/v1/Cart\" }}}}\n{cart}{{{{ end }}}}\n"
    );
    stage.write("shop/templates/cart.yaml", &known);
    let words = [&PLAN[..], &["-n", &name, "--create-namespace"]].concat();
    let text = stage.well(&words);
    has(
        &text,
        &[
            "+ Cart ",
            "its kind is not served yet",
            "does not exist yet",
            "7 to create",
        ],
    );
    assert_eq!(stage.writes(), Vec::<String>::new());
    let applied = stage.run(&["apply", "--plan", "shop.plan", "-n", &name]);
    let carts = stage
        .namespace
        .kubectl(&["get", "carts", "-A", "-o", "name"]);
    // Cleaned up in any case.
    for words in [
        ["delete", "namespace", &name],
        ["delete", "crd", &format!("carts.{group}")],
    ] {
        stage
            .namespace
            .kubectl(&[&words[..], &["--wait=false"]].concat())
            .expect("deleted");
    }
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert_eq!(carts.expect("listed"), format!("cart.{group}/mine\n"));
}

#[test]
fn what_is_no_plan_is_refused() {
    let Some(stage) = stage() else { return };
    stage.write("a", "{}");
    stage.write("b", r#"{"apiVersion": "pintle.dev/v9", "kind": "Plan"}"#);
    stage.write(
        "c",
        r#"{"apiVersion": "pintle.dev/v1", "kind": "Plan", "more": 1}"#,
    );
    for (words, line) in [
        (
            &["apply", "--plan", "a"][..],
            "a: that is no plan of pintle: ",
        ),
        (
            &["apply", "--plan", "b"],
            "b: that is a Plan of pintle.dev/v9",
        ),
        (&["apply", "--plan", "c"], "c: the plan is damaged: "),
        (
            &["apply", "--plan", "d"],
            "open d: no such file or directory",
        ),
        (&["apply"], "`pintle apply --plan FILE` carries out"),
        (
            &["plan", "shop", "shop"],
            "`--output FILE` has to say where the plan goes",
        ),
        (
            &[
                "plan",
                "shop",
                "https://me:secret@charts.test/a.tgz",
                "-o",
                "x",
            ],
            "the address of the chart holds credentials",
        ),
    ] {
        let said = stage.run(words);
        assert_eq!(said.code, Some(1), "{said:?}");
        has(&said.stderr, &[line]);
    }
    stage.write(
        "shop/templates/bad.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad_Name}\n",
    );
    let said = stage.run(&PLAN);
    assert_eq!(said.code, Some(1), "{said:?}");
    has(
        &said.stderr,
        &["the server would refuse some of it: no plan is written"],
    );
    assert!(!stage.folder.path().join("shop.plan").exists());
}
