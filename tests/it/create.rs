//! Charts that `create` makes: the scaffold has the values of Helm's and renders to equal objects,
//! starters render to what they promise.

use std::fs;

use pintle::render::manifest;
use pintle::value::Frozen;
use pintle::yaml;

use crate::program::{Outcome, Run, root};

fn recorded(name: &str) -> Vec<u8> {
    let path = root().join("testdata/create").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The objects in a text of several documents.
fn objects(text: &[u8]) -> Vec<Frozen> {
    let documents = manifest::split(text).into_iter();
    documents
        .map(|range| yaml::to_frozen(&text[range]).expect("YAML"))
        .filter(|object| *object != Frozen::Null)
        .collect()
}

/// Renders the chart that `created` made.
fn render(created: &Outcome, chart: &str, sets: &[&str]) -> Outcome {
    let path = created.path(chart);
    let path = path.to_str().expect("a plain path");
    let mut words = vec!["template", "rel", path];
    for set in sets {
        words.extend(["--set", set]);
    }
    let outcome = Run::helm(&words).go();
    outcome.success();
    outcome
}

#[test]
fn the_scaffold_renders_to_the_objects_of_helms() {
    let created = Run::pintle(&["create", "web"]).go();
    assert_eq!(created.success(), "Creating web\n");
    for (name, sets) in [
        ("default", &[][..]),
        (
            "ingress",
            &[
                "ingress.enabled=true,ingress.className=nginx,ingress.annotations.a=b,ingress.tls[0].secretName=s,ingress.tls[0].hosts[0]=h",
            ],
        ),
        (
            "autoscaling",
            &["autoscaling.enabled=true,autoscaling.targetMemoryUtilizationPercentage=70"],
        ),
        (
            "httproute",
            &["httpRoute.enabled=true,httpRoute.annotations.c=d"],
        ),
        (
            "pod",
            &[
                "podAnnotations.x=y,podLabels.l=m,imagePullSecrets[0].name=q,nodeSelector.z=1,tolerations[0].operator=Exists",
                "affinity.nodeAffinity.a=b,volumes[0].name=v,volumeMounts[0].name=v,resources.limits.cpu=1",
                "securityContext.runAsUser=1,podSecurityContext.fsGroup=2,serviceAccount.annotations.k=v",
            ],
        ),
        (
            "names",
            &[
                "nameOverride=n,fullnameOverride=full,serviceAccount.create=false,serviceAccount.name=x,image.tag=v9,service.port=8080",
            ],
        ),
    ] {
        let got = objects(render(&created, "web", sets).stdout.as_bytes());
        let want = objects(&recorded(&format!("{name}.yaml")));
        assert!(want.len() >= 3, "{name}: {} objects", want.len());
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn the_scaffold_has_the_values_of_helms() {
    let created = Run::pintle(&["create", "web"]).go();
    created.success();
    let values = fs::read(created.path("web/values.yaml")).expect("values");
    let want = yaml::to_frozen(&recorded("values.json")).expect("JSON");
    assert_eq!(yaml::to_frozen(&values).expect("YAML"), want);
}

/// Kinds of objects, as they are printed.
fn kinds(outcome: &Outcome) -> Vec<String> {
    let objects = objects(outcome.stdout.as_bytes());
    let kind = |object: &Frozen| object.get("kind")?.as_text()?.as_str().map(str::to_owned);
    objects
        .iter()
        .map(|object| kind(object).expect("a kind"))
        .collect()
}

#[cfg(feature = "tera")]
#[test]
fn starters_render_to_what_they_promise() {
    for (starter, sets, want) in [
        (
            "web",
            &[][..],
            &[
                "PodDisruptionBudget",
                "ServiceAccount",
                "Service",
                "Deployment",
                "Pod",
            ][..],
        ),
        (
            "web",
            &[
                "ingress.enabled=true,ingress.tlsSecret=s,ingress.className=c,ingress.annotations.a=b",
                "autoscaling.enabled=true,disruption.enabled=false,serviceAccount.create=false",
                "env.A=1,env.B.valueFrom.fieldRef.fieldPath=p,podLabels.a=b,podAnnotations.a=b,imagePullSecrets[0].name=s",
            ],
            &[
                "Service",
                "Deployment",
                "HorizontalPodAutoscaler",
                "Ingress",
                "Pod",
            ],
        ),
        (
            "web",
            &["replicas=1"],
            &["ServiceAccount", "Service", "Deployment", "Pod"],
        ),
        ("worker", &[], &["ServiceAccount", "Deployment"]),
        (
            "worker",
            &["autoscaling.enabled=true,serviceAccount.create=false"],
            &["Deployment", "HorizontalPodAutoscaler"],
        ),
        (
            "cron",
            &["env.A=x,serviceAccount.annotations.a=b"],
            &["ServiceAccount", "CronJob"],
        ),
    ] {
        let created = Run::pintle(&["create", "shop", "--starter", starter]).go();
        created.success();
        assert_eq!(
            kinds(&render(&created, "shop", sets)),
            want,
            "{starter} {sets:?}"
        );
        for file in ["Chart.yaml", "values.yaml", "templates/_pod.tpl"] {
            let path = created.path("shop").join(file);
            let text = fs::read_to_string(path).expect("a file");
            assert!(
                !text.contains("<%") && !text.contains("<<"),
                "{file}:\n{text}"
            );
        }
    }
}

#[cfg(feature = "tera")]
#[test]
fn charts_include_the_templates_of_a_library() {
    let library = Run::pintle(&["create", "base", "-p", "library"]).go();
    library.success();
    let mut run = Run::helm(&["template", "rel", "./app"])
        .chart(
            "app",
            "image: {repository: app, tag: \"1\"}\nport: 80\nenv: {A: b}\nresources: {limits: {cpu: 1}}\n",
            "{{ include \"base.deployment\" . }}\n---\n{{ include \"base.service\" . }}\n",
        )
        .file(
            "app/Chart.yaml",
            "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies: [{name: base, version: 0.1.x}]\n",
        );
    for file in [
        "Chart.yaml",
        "templates/_names.tpl",
        "templates/_deployment.tpl",
        "templates/_service.tpl",
    ] {
        let text = fs::read(library.path("base").join(file)).expect("a file");
        run = run.file(&format!("app/charts/base/{file}"), text);
    }
    let outcome = run.go();
    outcome.success();
    assert_eq!(kinds(&outcome), ["Service", "Deployment"]);
}

#[test]
fn a_starter_of_the_users_wins() {
    let outcome = Run::pintle(&["create", "shop", "--starter", "web"])
        .variable("HELM_DATA_HOME", "data")
        .file(
            "data/starters/web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.2.3\n",
        )
        .file("data/starters/web/values.yaml", "a: <CHARTNAME>\n")
        .go();
    outcome.success();
    let values = fs::read_to_string(outcome.path("shop/values.yaml")).expect("values");
    assert_eq!(values, "a: shop\n");
}

#[test]
fn an_unknown_starter_names_those_there_are() {
    let outcome = Run::pintle(&["create", "shop", "--starter", "nope"]).go();
    let stderr = outcome.failure();
    assert!(stderr.contains("web, worker, cron, library"), "{stderr}");
    assert!(!outcome.path("shop").exists());
}
