//! Signed charts: recorded messages, and what pintle signs itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use pintle::chart::provenance::Keys;

use crate::program::{Run, root};

fn data(name: &str) -> PathBuf {
    root().join("testdata/provenance").join(name)
}

fn place(name: &str) -> String {
    data(name).to_string_lossy().into_owned()
}

/// What Helm 4.2.4 says of a recorded message with these keys; its two lines where all is well.
fn judge(message: &str, keyring: &str) -> String {
    let keys = Keys {
        file: place(keyring),
        // 2026-12-01
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200),
    };
    let archive = std::fs::read(data("app-0.1.0.tgz")).expect("an archive");
    let message = std::fs::read(data(&format!("{message}.prov"))).expect("a message");
    match keys.check_bytes(&archive, &message, "app-0.1.0.tgz") {
        Err(error) => error.to_string(),
        Ok(found) => {
            let mut out = Vec::new();
            found.print(&mut out);
            String::from_utf8(out).expect("a text")
        }
    }
}

#[test]
fn recorded_messages_are_judged_as_helm_judges_them() {
    const RSA: &str = "Rsa One <rsa@example.com> 869E6241DE818B83F8F8D63BAA648CCAAB1D07D6";
    const ED: &str = "Ed One <ed@example.com> BDA6FD0D355CCAFE193C3B0F15AAE96876759208";
    const UNKNOWN: &str = "!openpgp: signature made by unknown entity";
    for (message, keyring, want) in [
        ("rsa", "pubring.gpg", RSA),
        ("rsa", "secring.gpg", RSA),
        ("rsa", "ed25519.gpg", UNKNOWN),
        ("ed25519", "pubring.gpg", ED),
        ("ed25519", "secring.gpg", ED),
        ("ed25519", "ed25519.gpg", ED),
        (
            "p256",
            "pubring.gpg",
            "P256 One <p256@example.com> 3EC6965E013DB5B8FF992981EE063C66B3B36463",
        ),
        (
            "p384",
            "pubring.gpg",
            "P384 One <p384@example.com> 6EB3A5864352AB8CAB3275D0531FB268B63A6ADD",
        ),
        (
            "dsa",
            "pubring.gpg",
            "Dsa One <dsa@example.com> F4C629362804D255AF44DCE4A2AAEF1CBC0BF71A",
        ),
        (
            "gpg-subkey",
            "pubring.gpg",
            "Certify Only <certify@example.com> E54DFA0B1FDA1F88FEF6D72E76BEF9EF5514FCE5",
        ),
        ("gpg-sha1", "pubring.gpg", RSA),
        ("gpg-two-signers", "pubring.gpg", ED),
        ("gpg-two-signers", "ed25519.gpg", ED),
        ("expired-key", "pubring.gpg", "!openpgp: key expired"),
        (
            "revoked-key",
            "pubring.gpg",
            "!openpgp: signature made by revoked key",
        ),
        ("revoked-key", "secring.gpg", UNKNOWN),
        (
            "gpg-critical-notation",
            "pubring.gpg",
            "!openpgp: invalid signature: unknown critical notation: a@example.com",
        ),
        (
            "gpg-from-the-future",
            "pubring.gpg",
            "!openpgp: signature expired",
        ),
        (
            "rsa",
            "README.md",
            "!failed to load keyring: openpgp: invalid data: tag byte does not have MSB set",
        ),
    ] {
        let want = match (want.strip_prefix('!'), want.rsplit_once(' ')) {
            (Some(error), _) => error.to_owned(),
            (None, Some((name, print))) => format!(
                "Signed by: {name}\nUsing Key With Fingerprint: {print}\nChart Hash Verified: sha256:98cde9cf027eaf70ebc6c67d674beca7520ae53e4efd6be0c9a4ccb105046f83\n"
            ),
            (None, None) => String::new(),
        };
        assert_eq!(judge(message, keyring), want, "{message} {keyring}");
    }
    let two = judge("two-names", "pubring.gpg");
    assert!(
        two.starts_with(
            "Signed by: Another Name <other@example.com>\nSigned by: Two Names <two@example.com>\n"
        ),
        "{two}"
    );
}

/// Every byte of a signature or of a key may be another without a panic; none of them makes a bad
/// signature good.
#[test]
fn damage_is_survived() {
    let archive = std::fs::read(data("app-0.1.0.tgz")).expect("an archive");
    let message = std::fs::read(data("ed25519.prov")).expect("a message");
    let ring = std::fs::read(data("ed25519.gpg")).expect("a keyring");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.gpg");
    let keys = Keys {
        file: file.to_string_lossy().into_owned(),
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200),
    };
    let text = memchr_find(&message, b"\n\n").expect("a text");
    let end = memchr_find(&message, b"-----BEGIN PGP SIGNATURE").expect("a signature");
    std::fs::write(&file, &ring).expect("a file");
    for at in 0..message.len() {
        let mut damaged = message.clone();
        damaged[at] ^= 0x11;
        let good = keys
            .check_bytes(&archive, &damaged, "app-0.1.0.tgz")
            .is_ok();
        assert!(!good || !(text + 2..end - 1).contains(&at), "byte {at}");
    }
    for at in 0..ring.len() {
        let mut damaged = ring.clone();
        damaged[at] ^= 0x11;
        std::fs::write(&file, &damaged).expect("a file");
        drop(keys.check_bytes(&archive, &message, "app-0.1.0.tgz"));
        std::fs::write(&file, &ring[..at]).expect("a file");
        assert!(
            keys.check_bytes(&archive, &message, "app-0.1.0.tgz")
                .is_err(),
            "{at} bytes"
        );
    }
}

fn memchr_find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

const SIGN: [&str; 4] = ["package", "app", "--sign", "--keyring"];

fn package(key: &str) -> Run {
    let mut words = SIGN.to_vec();
    let ring = place("secring.gpg");
    words.extend([&*ring, "--key", key, "--passphrase-file", "pass"]);
    Run::helm(&words)
        .chart("app", "a: 1\n", "kind: A\n")
        .file("pass", "secret\n")
}

/// The real Helm, where it is installed.
#[expect(clippy::disallowed_methods, reason = "looks for a program")]
fn helm() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("helm"))
        .find(|file| {
            let found = Command::new(file).args(["version", "--short"]).output();
            found.is_ok_and(|found| found.stdout.starts_with(b"v4."))
        })
}

#[test]
fn what_pintle_signs_everybody_accepts() {
    let helm = helm();
    for (key, ring) in [
        ("Rsa One", "pubring.gpg"),
        ("<ed@", "pubring.gpg"),
        ("P256", "pubring.gpg"),
        ("P384", "pubring.gpg"),
        ("Dsa", "pubring.gpg"),
        ("Locked One <locked@example.com>", "secring.gpg"),
    ] {
        let signed = package(key).go();
        let said = signed.success().to_owned();
        let archive = signed.path("app-0.1.0.tgz").to_string_lossy().into_owned();
        assert_eq!(
            said,
            format!("Successfully packaged chart and saved it to: {archive}\n")
        );
        let arguments = ["verify", &archive, "--keyring", &place(ring)];
        let found = Run::helm(&arguments).go();
        let found = found.success();
        assert!(found.starts_with("Signed by: "), "{key}: {found}");
        let message = std::fs::read_to_string(format!("{archive}.prov")).expect("a message");
        assert!(
            message.starts_with(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\napiVersion: v2\nname: app\nversion: 0.1.0\n\n...\nfiles:\n  app-0.1.0.tgz: sha256:"
            ),
            "{message}"
        );
        assert!(
            message.ends_with("\n-----END PGP SIGNATURE-----"),
            "{message}"
        );
        if let Some(helm) = &helm {
            let theirs = Command::new(helm).args(arguments).output().expect("Helm");
            assert_eq!(String::from_utf8_lossy(&theirs.stdout), found, "{key}");
        }
    }
}

#[test]
fn keys_that_cannot_sign_are_refused_in_helms_words() {
    let public = place("pubring.gpg");
    let secret = place("secring.gpg");
    let with = |ring: &str, key: &str, pass: &str| {
        let mut words = SIGN.to_vec();
        words.extend([ring, "--key", key, "--passphrase-file", "pass"]);
        let run = Run::helm(&words)
            .chart("app", "", "")
            .file("pass", pass)
            .go();
        assert!(!run.path("app-0.1.0.tgz.prov").exists(), "{key}");
        run.failure().to_owned()
    };
    for (ring, key, pass, want) in [
        (&secret, "Nobody", "x", "private key not found"),
        (
            &public,
            "Rsa",
            "x",
            "provided key is not a private key. Try providing a keyring with secret keys",
        ),
        (
            &secret,
            "One",
            "x",
            "more than one key contain the id \"One\"",
        ),
        (
            &secret,
            "Locked",
            "wrong\n",
            "openpgp: invalid data: private key checksum failure",
        ),
        (&secret, "Rsa", "", "EOF"),
    ] {
        assert_eq!(with(ring, key, pass), format!("Error: {want}\n"), "{key}");
    }
    let mut words = SIGN.to_vec();
    words.extend([&*secret, "--key", "Locked"]);
    let run = Run::helm(&words).chart("app", "", "").go();
    assert_eq!(run.failure(), "Error: inappropriate ioctl for device\n");
    assert_eq!(
        run.stdout,
        "Password for key \"Locked One <locked@example.com>\" >  \n"
    );
}

#[test]
fn a_passphrase_on_standard_input_is_read_once() {
    let secret = place("secring.gpg");
    let words = [
        "package",
        "a",
        "b",
        "--sign",
        "--key",
        "Locked",
        "--keyring",
        &secret,
        "--passphrase-file",
        "-",
    ];
    let run = Run::helm(&words).chart("a", "", "").chart("b", "", "");
    let signed = run.stdin("secret\n").go();
    assert_eq!(signed.success().lines().count(), 2);
    for name in ["a", "b"] {
        assert!(Path::new(&signed.path(&format!("{name}-0.1.0.tgz.prov"))).exists());
    }
}

#[test]
fn charts_that_are_changed_or_renamed_are_refused() {
    let archive = std::fs::read(data("app-0.1.0.tgz")).expect("an archive");
    let message = std::fs::read(data("rsa.prov")).expect("a message");
    let ring = place("pubring.gpg");
    let changed = [&archive[..], b"x"].concat();
    for (name, bytes, want) in [
        (
            "b.tgz",
            &archive,
            "provenance does not contain a SHA for a file named \"b.tgz\"",
        ),
        (
            "app-0.1.0.tgz",
            &changed,
            "sha256 sum does not match for app-0.1.0.tgz: \"sha256:98cde9cf027eaf70ebc6c67d674beca7520ae53e4efd6be0c9a4ccb105046f83\" != \"sha256:",
        ),
        ("app-0.1.0.zip", &archive, "chart must be a tgz file"),
    ] {
        for command in [&["verify"][..], &["template", "r", "--verify"]] {
            let mut words = command.to_vec();
            words.extend([name, "--keyring", &ring]);
            let run = Run::helm(&words)
                .file(name, bytes)
                .file(&format!("{name}.prov"), &message)
                .go();
            let stderr = run.failure();
            assert!(stderr.starts_with(&format!("Error: {want}")), "{stderr}");
        }
    }
}
