//! Releases of one state, on Amazon ECS and elsewhere.

use super::stage::Stage;
use crate::amazon::room::fake::{Fake, Trouble, What};

const STATE: &str = "helmDefaults:
  ecs: {cluster: shop, region: eu-west-1, state: 'file:state'}
releases:
- name: after
  namespace: live
  chart: ./files
  target: dir:out
  needs: [live/shop]
- name: shop
  namespace: live
  chart: ./shop
  target: ecs
  needs: [live/before]
- name: job
  namespace: live
  chart: ./job
  target: ecs:shop
- name: before
  namespace: live
  chart: ./files
  target: dir:out
";

fn stage(fake: &Fake) -> Stage {
    let stage = Stage::of(fake);
    for (name, text) in [
        (
            "files",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n",
        ),
        (
            "job",
            "apiVersion: ecs.pintle.dev/v1\nkind: LogGroup\nmetadata: {name: job}\nlogGroupName: /ecs/job\n",
        ),
    ] {
        let metadata = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
        stage.write(&format!("{name}/Chart.yaml"), &metadata);
        stage.write(&format!("{name}/templates/all.yaml"), text);
    }
    stage.write("helmfile.yaml", STATE);
    stage
}

/// Where a text stands in another.
#[track_caller]
fn place(text: &str, word: &str) -> usize {
    let found = text.find(word);
    found.unwrap_or_else(|| panic!("no {word} in {text}"))
}

#[test]
fn needs_are_kept_across_targets() {
    let fake = Fake::start();
    let stage = stage(&fake);
    let synced = stage.run("sync --poll-interval 5ms");
    let said = synced.stderr.clone();
    synced.success();
    let before = place(&said, "Upgrading release=before");
    let shop = place(&said, "Upgrading release=shop");
    let after = place(&said, "Upgrading release=after");
    assert!(before < shop && shop < after, "{said}");
    assert!(said.contains("namespace=live, target=ecs:shop"), "{said}");
    assert!(said.contains("TARGET"), "{said}");
    let services = fake.with(|state| state.services.keys().cloned().collect::<Vec<_>>());
    assert_eq!(services, ["shop/web", "shop/worker"]);
    // Two releases of one account ask who they are once.
    assert_eq!(fake.inputs("GetCallerIdentity").len(), 1);

    let status = stage.run("fleet status");
    let status = format!("{}{}", status.stderr, status.stdout);
    for name in ["NAME: shop", "NAME: after", "NAME: job"] {
        assert!(status.contains(name), "{status}");
    }
    let changed = stage.run("fleet diff --detailed-exitcode");
    assert_eq!(changed.code, Some(0), "{}", changed.stderr);
    fake.forget();
    stage.run("apply --poll-interval 5ms").success();
    assert_eq!(fake.changes(), Vec::<String>::new());

    let gone = stage.run("destroy --poll-interval 5ms");
    let said = gone.stderr.clone();
    gone.success();
    assert!(
        place(&said, "Deleting after") < place(&said, "Deleting shop"),
        "{said}"
    );
    assert!(
        place(&said, "Deleting shop") < place(&said, "Deleting before"),
        "{said}"
    );
    let left = fake.with(|state| {
        let active = |it: &&serde_json::Value| it["status"] == "ACTIVE";
        state.services.values().filter(active).count()
    });
    assert_eq!(left, 0);
}

#[test]
fn what_needs_a_release_that_failed_on_ecs_is_left_alone() {
    let fake = Fake::start();
    let stage = stage(&fake);
    fake.trouble(Trouble {
        service: "ecs",
        operation: "CreateService",
        what: What::Denied,
        ..Trouble::default()
    });
    let said = stage.run("sync --poll-interval 5ms").failure();
    assert!(said.contains("ecs:CreateService"), "{said}");
    assert!(said.contains("Skipped Releases"), "{said}");
    stage
        .run("history before -n live --target dir:out")
        .success();
    stage.run("history job -n live --target ecs:shop").success();
    stage
        .run("history after -n live --target dir:out")
        .failure();
    // The next run goes on.
    fake.heal();
    stage.run("sync --poll-interval 5ms").success();
    stage
        .run("history after -n live --target dir:out")
        .success();
}
