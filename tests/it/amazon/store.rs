//! Records of releases on ECS, in memory, in folders, and in buckets of moto and of the fake.

use std::path::Path;
use std::time::Duration;

use pintle::backend::ecs::store::{Location, LockOptions, Scope, State};
use pintle::diag::Kind;
use pintle::net::aws::{Api, Options, Retries};
use pintle::release::{Query, Release, Status, Store, history};
use pintle::value::Frozen;
use serde_json::json;

use super::client::options;
use super::room::fake::{ACCOUNT, Fake, REGION, Trouble, What};
use super::room::moto::Moto;

fn scope() -> Scope {
    Scope {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        cluster: format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"),
    }
}

fn api(url: &str) -> Api {
    Api::new(Options {
        retries: Some(Retries::default()),
        ..options(url, &[])
    })
}

fn open(place: &str, api: Option<&Api>) -> State {
    let location = Location::parse(place).expect("a place");
    State::open(&location, &scope(), api).expect("a store")
}

fn release(name: &str, revision: i64, status: &str) -> Release {
    let record = json!({
        "name": name, "namespace": "prod", "version": revision,
        "info": {"status": status, "description": "d", "notes": "hi",
            "first_deployed": "2026-11-20T10:00:00Z", "last_deployed": "2026-11-20T10:00:00Z"},
        "chart": {"metadata": {"name": "c", "version": "1.0.0", "apiVersion": "v2"}, "values": {}},
        "config": {"a": 1}, "manifest": "---\nkind: Deployment\n",
    });
    Release::from_json(record.to_string().as_bytes()).expect("a record")
}

/// The part of ECS, with numbers, texts and lists as plans have them.
fn part() -> Frozen {
    let part = json!({
        "plan": {"apiVersion": "ecs.pintle.dev/v1", "resources": [{"kind": "ecs:Service", "input": {"desiredCount": 2}}]},
        "resources": [{
            "kind": "ecs:Service", "id": "web", "arn": "arn:x", "specHash": "abc",
            "taskDefinitionArn": "arn:t:1", "serviceRevisionArn": "arn:r", "serviceDeploymentArn": "arn:d",
        }],
        "diagnostics": [{"code": "ECS2002", "path": "spec", "level": "warning"}],
    });
    pintle::go::json::decode(part.to_string().as_bytes()).expect("JSON")
}

fn revisions(store: &dyn Store, name: &str) -> Vec<(i64, Status)> {
    let found = history::all(store, name).expect("a history");
    let found = found.iter();
    found.map(|it| (it.revision, it.info.status)).collect()
}

/// What every place does.
fn lives(state: &State) {
    state.check().expect("it is there");
    let records = state.records("prod");
    let missing = history::all(&records, "web").expect_err("none");
    assert_eq!(missing.to_string(), "release: not found");

    let mut first = release("web", 1, "pending-install");
    first.labels = vec![("team".to_owned(), "a".to_owned())];
    records.create(&first).expect("a record");
    let again = records
        .create(&first)
        .map_err(|error| (error.kind(), error.to_string()));
    // What is there already is the same to the letter: that is the write that came through.
    assert_eq!(again, Ok(()));
    let mut other = first.clone();
    other.info.description = "another".to_owned();
    let error = records.create(&other).expect_err("it is there");
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Conflict, "release: already exists")
    );

    // What the backend found out goes into the record when it is written the next time, and stays.
    state.attach("prod", "web", 1, part());
    first.info.status = Status::Deployed;
    records.update(&first).expect("an update");
    let got = records.get("web", 1).expect("the record");
    assert_eq!(got.ecs, part());
    assert_eq!(got.labels, first.labels);
    assert_eq!(got.info.status, Status::Deployed);
    assert_eq!(got.manifest, first.manifest);
    assert!(got.is_like(&first));
    let mut old = got;
    old.info.status = Status::Superseded;
    records.update(&old).expect("an update");
    assert_eq!(records.get("web", 1).expect("the record").ecs, part());

    for revision in 2..=12 {
        records
            .create(&release("web", revision, "superseded"))
            .expect("a record");
    }
    let mut last = records.get("web", 12).expect("the record");
    last.info.status = Status::Deployed;
    records.update(&last).expect("an update");
    let all = revisions(&records, "web");
    assert_eq!(all.len(), 12);
    assert_eq!(all[11], (12, Status::Deployed));
    let running = history::deployed(&records, "web").expect("one");
    assert_eq!(running[0].revision, 12);
    history::add(&records, &release("web", 13, "failed"), 5).expect("a record");
    let kept: Vec<i64> = revisions(&records, "web")
        .iter()
        .map(|(it, _)| *it)
        .collect();
    assert_eq!(kept, [9, 10, 11, 12, 13]);

    // Names that begin alike, and other namespaces, are others.
    records
        .create(&release("web-2", 1, "deployed"))
        .expect("a record");
    let mut elsewhere = release("web", 1, "deployed");
    elsewhere.namespace = "stage".to_owned();
    state.records("stage").create(&elsewhere).expect("a record");
    assert_eq!(revisions(&records, "web").len(), 5);
    assert_eq!(
        records
            .query(&Query::default())
            .expect("all")
            .releases
            .len(),
        6
    );
    let everywhere = state.records("").query(&Query::default()).expect("all");
    assert_eq!(everywhere.releases.len(), 7);
    let named = Query {
        name: Some("web".to_owned()),
        status: Some(Status::Deployed),
    };
    assert_eq!(
        state.records("").query(&named).expect("all").releases.len(),
        2
    );

    records.delete("web-2", 1).expect("it was there");
    let gone = records.delete("web-2", 1).expect_err("it is gone");
    assert_eq!(gone.to_string(), "release: not found");
    let gone = records
        .update(&release("none", 1, "failed"))
        .expect_err("none");
    assert_eq!(gone.kind(), Kind::NotFound);
}

#[test]
fn memory_keeps_records() {
    lives(&open("memory", None));
}

#[test]
fn folders_keep_records() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    lives(&open(&place, None));
    let path = format!("{ACCOUNT}/{REGION}/shop/prod/web/v13");
    assert!(folder.path().join(path).is_file());
    let none = Location::Folder(folder.path().join("none"));
    let error = State::open(&none, &scope(), None).err().unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.hints()[0].starts_with("`mkdir -p "), "{error:?}");
}

#[test]
fn buckets_keep_records() {
    let fake = Fake::start();
    let api = api(&fake.url());
    lives(&open("s3://state/a/b", Some(&api)));
    let key = format!("state/a/b/{ACCOUNT}/{REGION}/shop/prod/web/v13");
    assert!(fake.with(|state| state.objects.contains_key(&key)));
    lives(&open("s3://state", Some(&api)));
    assert!(State::open(&Location::parse("s3://state").unwrap(), &scope(), None).is_err());
}

#[test]
fn moto_keeps_records() {
    let Some(moto) = Moto::start() else { return };
    moto.bucket("state");
    let api = api(moto.url());
    lives(&open("s3://state/prefix", Some(&api)));
}

/// Two who work on one store.
fn two(place: &str, apis: [Option<&Api>; 2]) {
    let [ours, theirs] = apis.map(|api| open(place, api));
    let (ours, theirs) = (&ours, &theirs);
    let first = release("web", 1, "deployed");
    ours.records("prod").create(&first).expect("a record");
    let mut seen = theirs.records("prod").get("web", 1).expect("the record");
    let mut own = ours.records("prod").get("web", 1).expect("the record");
    own.info.description = "ours".to_owned();
    ours.records("prod").update(&own).expect("an update");
    seen.info.description = "theirs".to_owned();
    let error = theirs
        .records("prod")
        .update(&seen)
        .expect_err("it is late");
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(
        error.message(),
        "the record of revision 1 of \"web\" was changed by somebody else since it was read"
    );
    // After another look it goes.
    let mut seen = theirs.records("prod").get("web", 1).expect("the record");
    assert_eq!(seen.info.description, "ours");
    seen.info.description = "theirs".to_owned();
    theirs.records("prod").update(&seen).expect("an update");

    let options = |owner: &str, seconds: u64, force: bool| LockOptions {
        owner: owner.to_owned(),
        operation: "upgrade".to_owned(),
        lasts: Duration::from_secs(seconds),
        force,
    };
    assert!(ours.holder("prod", "web").expect("an answer").is_none());
    let lock = ours
        .lock("prod", "web", &options("ann", 60, false))
        .expect("a lock");
    assert_eq!(
        theirs
            .holder("prod", "web")
            .expect("an answer")
            .expect("ann")
            .owner,
        "ann"
    );
    let error = theirs
        .lock("prod", "web", &options("bob", 60, false))
        .err()
        .expect("it is held");
    assert_eq!(error.kind(), Kind::Conflict);
    let message = error.message();
    assert!(
        message
            .starts_with("release \"web\" in namespace \"prod\" is locked: ann began its upgrade ")
            && message.contains(" ago, and the lock ends by itself in "),
        "{message}"
    );
    assert!(error.hints()[0].contains("--force-unlock"));
    // Other releases are free.
    drop(
        theirs
            .lock("prod", "api", &options("bob", 60, false))
            .expect("a lock"),
    );
    lock.renew().expect("it is ours");
    lock.renew().expect("it is ours");
    let stolen = theirs
        .lock("prod", "web", &options("bob", 60, true))
        .expect("a lock");
    assert_eq!(lock.renew().expect_err("it is not").kind(), Kind::Conflict);
    drop(lock);
    assert_eq!(
        ours.holder("prod", "web")
            .expect("an answer")
            .expect("bob")
            .owner,
        "bob"
    );
    stolen.release().expect("it is given back");
    assert!(ours.holder("prod", "web").expect("an answer").is_none());
    // One that has ended is nobody's.
    let ended = ours
        .lock("prod", "web", &options("ann", 0, false))
        .expect("a lock");
    let next = theirs
        .lock("prod", "web", &options("bob", 60, false))
        .expect("a lock");
    drop(ended);
    assert_eq!(
        ours.holder("prod", "web")
            .expect("an answer")
            .expect("bob")
            .owner,
        "bob"
    );
    drop(next);
    // Locks are no records.
    assert_eq!(revisions(&ours.records("prod"), "web").len(), 1);
}

#[test]
fn two_writers_hear_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    two(&folder.path().display().to_string(), [None, None]);
    let fake = Fake::start();
    let apis = [api(&fake.url()), api(&fake.url())];
    two("s3://state/two", [Some(&apis[0]), Some(&apis[1])]);
}

#[test]
fn of_many_who_want_a_lock_one_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    let fake = Fake::start();
    let api = api(&fake.url());
    for (place, api) in [(place.as_str(), None), ("s3://state/many", Some(&api))] {
        let begin = std::sync::Barrier::new(6);
        // All of them find one that has ended.
        let before = open(place, api);
        let ended = LockOptions {
            lasts: Duration::ZERO,
            ..LockOptions::default()
        };
        std::mem::forget(before.lock("prod", "web", &ended).unwrap());
        let taken: Vec<bool> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        let state = open(place, api);
                        begin.wait();
                        let lock = state.lock("prod", "web", &LockOptions::default());
                        begin.wait();
                        lock.is_ok()
                    })
                })
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{place}");
    }
}

#[test]
fn what_is_wrong_with_a_store_is_an_error() {
    let fake = Fake::start();
    let api = api(&fake.url());
    let state = open("s3://missing/x", Some(&api));
    let records = state.records("prod");
    for error in [
        state.check().expect_err("no bucket"),
        records.get("web", 1).expect_err("no bucket"),
        records.query(&Query::default()).expect_err("no bucket"),
        records.delete("web", 1).expect_err("no bucket"),
        records
            .create(&release("web", 1, "failed"))
            .expect_err("no bucket"),
    ] {
        assert_eq!(
            error.message(),
            "the state store s3://missing/x is not there: there is no such bucket"
        );
        assert!(error.hints()[0].contains("pintle ecs init"));
    }

    // A record that is damaged is named, and the others are read.
    let state = open("s3://state", Some(&api));
    let records = state.records("prod");
    records.create(&release("web", 1, "superseded")).unwrap();
    records.create(&release("web", 2, "deployed")).unwrap();
    let key = format!("state/{ACCOUNT}/{REGION}/shop/prod/web/v1");
    fake.with(|state| {
        state
            .objects
            .insert(key, (b"\x1f\x8b\x08nonsense".to_vec(), "\"t\"".to_owned()))
    });
    let found = history::survey(&records, "web").unwrap();
    assert_eq!(found.releases.len(), 1);
    assert_eq!(
        (found.damaged[0].name.as_str(), found.damaged[0].revision),
        ("web", 1)
    );
    assert_eq!(found.next_revision(), 3);
    assert_eq!(
        records.get("web", 1).expect_err("damaged").kind(),
        Kind::Record
    );

    fake.trouble(Trouble {
        service: "s3",
        what: What::Status(403),
        ..Trouble::default()
    });
    let error = records.get("web", 2).expect_err("denied");
    assert!(error.message().contains("access is denied"), "{error}");
    assert!(error.hints()[0].contains("s3:GetObject"));
}

#[test]
fn a_write_whose_answer_is_lost_is_done_once() {
    let fake = Fake::start();
    let api = api(&fake.url());
    let state = open("s3://state", Some(&api));
    let records = state.records("prod");
    let lost = Trouble {
        service: "s3",
        operation: "PutObject",
        times: Some(1),
        what: What::Unanswered,
        ..Trouble::default()
    };
    fake.trouble(lost.clone());
    let created = records.create(&release("web", 1, "deployed"));
    // The crate may give up at a write that it cannot repeat, but then it is told as that.
    if let Err(error) = &created {
        assert_eq!(error.kind(), Kind::Network, "{error}");
    }
    assert_eq!(revisions(&records, "web"), [(1, Status::Deployed)]);
    let error = records
        .create(&release("web", 1, "failed"))
        .expect_err("it is there");
    assert_eq!(error.kind(), Kind::Conflict);
    fake.trouble(Trouble {
        what: What::Status(503),
        ..lost
    });
    records
        .create(&release("web", 2, "deployed"))
        .expect("it was asked again");
}

#[test]
fn records_are_helms_with_a_part_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(&folder.path().display().to_string(), None);
    state.attach("prod", "web", 1, part());
    state
        .records("prod")
        .create(&release("web", 1, "deployed"))
        .unwrap();
    let path = format!("{ACCOUNT}/{REGION}/shop/prod/web/v1");
    let text = read(&folder.path().join(path));
    let record: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let members: Vec<&str> = record
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let plain = release("web", 1, "deployed").to_json().unwrap();
    let plain: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    for (name, value) in plain.as_object().unwrap() {
        assert_eq!(record[name], *value, "{name}");
    }
    assert_eq!(
        members.len(),
        plain.as_object().unwrap().len() + 1,
        "{members:?}"
    );
    assert_eq!(
        record["ecs"]["resources"][0]["taskDefinitionArn"],
        "arn:t:1"
    );
}

/// A file without what gzip did.
fn read(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let packed = std::fs::read(path).expect("a file");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice())
        .read_to_end(&mut text)
        .expect("gzip");
    text
}
