use super::*;
use crate::backend::Cancel;
use crate::release::{Status, history};

const OBJECTS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";

fn release(revision: i64, status: Status) -> Release {
    let text = format!(
        r#"{{"name":"web","namespace":"shop","version":{revision},"info":{{"status":"{}"}},"chart":{{"metadata":{{"name":"web","version":"1.0.0","apiVersion":"v2"}}}},"manifest":""}}"#,
        status.as_str()
    );
    Release::from_json(text.as_bytes()).unwrap()
}

fn open(root: &std::path::Path) -> Dir {
    Dir::new(root.to_owned(), "shop".to_owned())
}

fn bring(dir: &Dir, current: &str, wanted: &str) -> Changes {
    let context = Context {
        cancel: &Cancel::default(),
        timeout: super::super::TIMEOUT,
        events: &|_| {},
    };
    let current = dir.build(current.as_bytes()).unwrap();
    let wanted = dir.build(wanted.as_bytes()).unwrap();
    dir.update(&current, &wanted, &Apply::default(), &context)
}

fn files(root: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(root.join("shop/web"));
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    names
}

/// Revision 1, brought whole.
fn installed(root: &std::path::Path) {
    let dir = open(root);
    let store = dir.store("shop");
    store.create(&release(1, Status::PendingInstall)).unwrap();
    assert!(bring(&dir, "", OBJECTS).error.is_none());
    store.update(&release(1, Status::Deployed)).unwrap();
}

#[test]
fn a_run_that_died_before_it_decided_is_taken_back() {
    let root = tempfile::tempdir().unwrap();
    installed(root.path());
    let dir = open(root.path());
    let pending = release(2, Status::PendingUpgrade);
    dir.store("shop").create(&pending).unwrap();
    drop(dir);

    let dir = open(root.path());
    let last = history::last(&*dir.store("shop"), "web").unwrap();
    assert_eq!((last.revision, last.info.status), (1, Status::Deployed));
    assert_eq!(files(root.path()), ["configmap-a.yaml", "configmap-b.yaml"]);
}

#[test]
fn a_run_that_died_after_it_decided_is_completed() {
    let root = tempfile::tempdir().unwrap();
    installed(root.path());
    let dir = open(root.path());
    let pending = release(2, Status::PendingUpgrade);
    dir.store("shop").create(&pending).unwrap();
    let first = OBJECTS.split("---\n").next().unwrap();
    let changed = first.replace('1', "2");
    assert!(bring(&dir, OBJECTS, &changed).error.is_none());
    // As if it had died in the middle of it: one file is not there yet, another one still is.
    let folder = dir.folder("shop", "web");
    let mut journal = folder.journal().unwrap().unwrap();
    let batch = journal.batch.as_mut().unwrap();
    assert_eq!(batch.removals, ["configmap-b.yaml"]);
    let at = |name: &str| root.path().join("shop/web").join(name);
    let staged = at(".pintle/staged").join(&batch.writes["configmap-a.yaml"]);
    std::fs::rename(at("configmap-a.yaml"), staged).unwrap();
    std::fs::write(at("configmap-b.yaml"), "kind: ConfigMap\n").unwrap();
    drop(dir);

    let dir = open(root.path());
    let revisions = history::all(&*dir.store("shop"), "web").unwrap();
    let states: Vec<Status> = revisions.iter().map(|one| one.info.status).collect();
    assert_eq!(states, [Status::Superseded, Status::Deployed]);
    assert_eq!(files(root.path()), ["configmap-a.yaml"]);
    let text = std::fs::read_to_string(at("configmap-a.yaml")).unwrap();
    assert!(text.contains("x: \"2\""), "{text}");
    assert_eq!(folder.journal().unwrap(), None);
}

#[test]
fn a_removal_that_died_is_completed_or_taken_back() {
    for decided in [false, true] {
        let root = tempfile::tempdir().unwrap();
        installed(root.path());
        let dir = open(root.path());
        let mut going = release(1, Status::Uninstalling);
        going.manifest = OBJECTS.as_bytes().to_vec();
        dir.store("shop").update(&going).unwrap();
        if decided {
            let objects = dir.build(OBJECTS.as_bytes()).unwrap();
            dir.delete(&objects, Cascade::Background).unwrap();
        }
        drop(dir);

        let dir = open(root.path());
        let last = history::last(&*dir.store("shop"), "web").unwrap();
        let expected = match decided {
            true => (Status::Uninstalled, 0),
            false => (Status::Deployed, 2),
        };
        assert_eq!((last.info.status, files(root.path()).len()), expected);
    }
}

#[test]
fn nothing_of_others_is_touched_and_nothing_is_half_done() {
    let root = tempfile::tempdir().unwrap();
    installed(root.path());
    let foreign = root.path().join("shop/web/configmap-c.yaml");
    std::fs::write(&foreign, "mine\n").unwrap();
    let dir = open(root.path());
    let store = dir.store("shop");
    store.create(&release(2, Status::PendingUpgrade)).unwrap();
    let wanted =
        OBJECTS.replace('1', "2") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    let error = bring(&dir, OBJECTS, &wanted).error.unwrap().to_string();
    assert!(
        error.ends_with("configmap-c.yaml is there already, and was not written by this release"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&foreign).unwrap(), "mine\n");
    let a = std::fs::read_to_string(root.path().join("shop/web/configmap-a.yaml")).unwrap();
    assert!(a.contains("x: \"1\""), "{a}");
}

#[test]
fn one_release_is_worked_on_by_one_process_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    installed(root.path());
    let (dir, other) = (open(root.path()), open(root.path()));
    dir.store("shop")
        .create(&release(2, Status::PendingUpgrade))
        .unwrap();
    // Looking at it takes nothing back while somebody works.
    let last = history::last(&*other.store("shop"), "web").unwrap();
    assert_eq!(last.info.status, Status::PendingUpgrade);
    let error = other
        .store("shop")
        .create(&release(3, Status::PendingUpgrade));
    assert_eq!(
        error.unwrap_err().to_string(),
        "another process works on release \"web\""
    );
}
