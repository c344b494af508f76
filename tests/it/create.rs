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
        ("ecs", &[], &["ServiceAccount", "Service", "Deployment"]),
        (
            "ecs",
            &[
                "ingress.enabled=true,ingress.annotations.a=b,autoscaling.enabled=true,serviceAccount.create=false",
                "env.A=1,secrets.B.secret=s,secrets.B.key=k,ecs.launch-type=FARGATE,ecs.exec=true,health.command={true}",
            ],
            &[
                "Service",
                "Deployment",
                "HorizontalPodAutoscaler",
                "Ingress",
            ],
        ),
    ] {
        let created = Run::pintle(&["create", "shop", "--starter", starter]).go();
        created.success();
        assert_eq!(
            kinds(&render(&created, "shop", sets)),
            want,
            "{starter} {sets:?}"
        );
        let pod = match starter {
            "ecs" => "templates/_task.tpl",
            _ => "templates/_pod.tpl",
        };
        for file in ["Chart.yaml", "values.yaml", pod] {
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
    assert!(
        stderr.contains("web, worker, cron, ecs, library"),
        "{stderr}"
    );
    assert!(!outcome.path("shop").exists());
}

/// The member of an object at a path of keys.
fn at<'a>(object: &'a Frozen, keys: &[&str]) -> Option<&'a Frozen> {
    keys.iter()
        .try_fold(object, |at, key| match key.parse::<usize>() {
            Ok(index) => at.as_list()?.get(index),
            Err(_) => at.get(key),
        })
}

#[cfg(feature = "tera")]
#[test]
fn the_ecs_starter_holds_to_what_ecs_can_do() {
    let created = Run::pintle(&["create", "shop", "-p", "ecs"]).go();
    created.success();
    let outcome = render(
        &created,
        "shop",
        &[
            "ingress.enabled=true,ecs.launch-type=FARGATE,ecs.exec=true,serviceAccount.roleArn=arn:aws:iam::1:role/r",
            "secrets.TOKEN.secret=keys,secrets.TOKEN.key=token",
        ],
    );
    let objects = objects(outcome.stdout.as_bytes());
    let of = |kind: &str| {
        let mut found = objects.iter();
        found
            .find(|object| object.get("kind").and_then(Frozen::as_text) == Some(&kind.into()))
            .expect("an object")
    };
    let text = |object: &Frozen, keys: &[&str]| {
        let found = at(object, keys).unwrap_or_else(|| panic!("{keys:?}"));
        found.as_text().expect("a text").to_string()
    };
    let deployment = of("Deployment");
    let annotation = |name: &str| text(deployment, &["metadata", "annotations", name]);
    assert_eq!(annotation("ecs.pintle.dev/launch-type"), "FARGATE");
    assert_eq!(annotation("ecs.pintle.dev/exec"), "true");
    let pod = at(deployment, &["spec", "template", "spec"]).expect("a pod");
    let container = at(pod, &["containers", "0"]).expect("a container");
    let secret = ["env", "0", "valueFrom", "secretKeyRef", "name"];
    assert_eq!(text(container, &secret), "keys");
    // Fargate has no privileges to give, no hosts to name, and no groups for volumes.
    for member in ["hostNetwork", "hostPID", "securityContext", "nodeSelector"] {
        assert_eq!(at(pod, &[member]), None, "{member}");
    }
    let role = ["metadata", "annotations", "eks.amazonaws.com/role-arn"];
    assert_eq!(text(of("ServiceAccount"), &role), "arn:aws:iam::1:role/r");
    let ingress = of("Ingress");
    let check = [
        "metadata",
        "annotations",
        "alb.ingress.kubernetes.io/healthcheck-path",
    ];
    assert_eq!(text(ingress, &check), "/");
}
