//! Files of the real sops, and what it prints for them.

use std::path::{Path, PathBuf};

use super::*;
use crate::world::Real;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sops")
}

fn world(variables: &[(&str, String)]) -> Real {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    Real::new().with_variables(variables.collect())
}

fn keys_of(name: &str) -> String {
    data().join("keys").join(name).display().to_string()
}

/// A file of a case: its text and format.
fn file(case: &str, name: &str) -> (Vec<u8>, Format) {
    let folder = data().join("cases").join(case);
    let entries = std::fs::read_dir(&folder).expect("a folder");
    let path = entries
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.file_stem().is_some_and(|stem| stem == name))
        .expect("a file");
    let text = std::fs::read(&path).expect("a text");
    (text, Format::of_path(&path.to_string_lossy()))
}

fn open(case: &str, world: &Real) -> Result<String, Error> {
    let (text, format) = file(case, "encrypted");
    let document = Document {
        text: &text,
        format,
    };
    let keys = Keys::new(world, Path::new(""), true);
    decrypt(&document, &keys).map(|text| String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn files_read_as_sops_prints_them() {
    let world = world(&[
        ("SOPS_AGE_KEY_FILE", keys_of("one.txt")),
        ("SOPS_AGE_SSH_PRIVATE_KEY_FILE", keys_of("ssh")),
    ]);
    let mut count = 0;
    for entry in std::fs::read_dir(data().join("cases")).unwrap() {
        let case = entry.unwrap().file_name().into_string().unwrap();
        let (want, _) = file(&case, "decrypted");
        let want = String::from_utf8_lossy(&want).into_owned();
        let got = open(&case, &world).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(got, want, "{case}");
        count += 1;
    }
    assert!(count >= 18, "{count} cases");
}

#[test]
fn keys_come_from_where_sops_looks_for_them() {
    let text = std::fs::read_to_string(keys_of("two.txt")).unwrap();
    let key = text.lines().last().unwrap().to_owned();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/sops/age");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("keys.txt"), &text).unwrap();
    let at = |path: &Path| path.display().to_string();
    for variables in [
        vec![("SOPS_AGE_KEY", format!("# x\n{key}"))],
        vec![("SOPS_AGE_KEY_FILE", keys_of("two.txt"))],
        vec![("HOME", at(home.path()))],
        vec![("XDG_CONFIG_HOME", at(&home.path().join(".config")))],
    ] {
        let world = world(&variables);
        assert!(open("recipients", &world).is_ok(), "{}", variables[0].0);
    }
    let (text, format) = file("recipients", "encrypted");
    let document = Document {
        text: &text,
        format,
    };
    let world = world(&[("SOPS_AGE_KEY_CMD", format!("sh -c 'echo {key}'"))]);
    let may = Keys::new(&world, Path::new(""), false);
    assert!(decrypt(&document, &may).is_ok());
    let may_not = Keys::new(&world, Path::new(""), true);
    let error = decrypt(&document, &may_not).unwrap_err();
    let hints = error.hints().join("\n");
    assert!(hints.contains("--no-exec forbids it"), "{hints}");
    assert!(!hints.contains("AGE-SECRET-KEY"), "{hints}");
}

#[test]
fn what_is_missing_is_told_and_no_key_is() {
    let none = world(&[]);
    let error = open("yaml", &none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Error getting data key: 0 successful groups required, got 0"
    );
    let hints = error.hints().join("\n");
    assert!(hints.contains("there is no identity"), "{hints}");
    assert!(hints.contains("SOPS_AGE_KEY_FILE"), "{hints}");
    let other = world(&[("SOPS_AGE_KEY_FILE", keys_of("two.txt"))]);
    let error = open("groups", &other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Error getting data key: 2 successful groups required, got 0"
    );
    let bad = world(&[("SOPS_AGE_KEY", "AGE-SECRET-KEY-1WRONG".to_owned())]);
    let hints = open("yaml", &bad).unwrap_err().hints().join("\n");
    assert!(!hints.contains("WRONG"), "{hints}");
    for (text, format) in [
        (&b"a: 1\n"[..], Format::Yaml),
        (b"{\"a\": 1}", Format::Json),
        (b"A=1\n", Format::Dotenv),
        (b"[a]\nb = 1\n", Format::Ini),
    ] {
        let document = Document { text, format };
        assert!(!is_encrypted(&document));
        let keys = Keys::new(&none, Path::new(""), true);
        let error = decrypt(&document, &keys).unwrap_err();
        assert_eq!(error.to_string(), "sops metadata not found");
    }
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let world = world(&[("SOPS_AGE_KEY_FILE", keys_of("one.txt"))]);
    let keys = Keys::new(&world, Path::new(""), true);
    let (text, format) = file("encrypted-regex", "encrypted");
    let text = String::from_utf8(text).unwrap();
    for (from, to, want) in [
        (
            "port: 5432",
            "port: 5433",
            "failed to verify data integrity: the file was changed after it was encrypted",
        ),
        (
            "    token:",
            "    other:",
            "Error walking tree: Could not decrypt value: Could not decrypt with AES_GCM: cipher: message authentication failed",
        ),
        (
            "password: ENC[",
            "password: XNC[",
            "Error walking tree: Could not decrypt value: Input string does not match sops' data format",
        ),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let changed = changed.replace(
            "encrypted_regex: ^(password|token)$",
            "encrypted_regex: ^(password|token|other)$",
        );
        let document = Document {
            text: changed.as_bytes(),
            format,
        };
        assert_eq!(decrypt(&document, &keys).unwrap_err().to_string(), want);
    }
    // Whatever is in a file, an error is all that comes of it.
    for at in (0..text.len()).step_by(97) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 0x15;
        for format in [
            Format::Yaml,
            Format::Json,
            Format::Dotenv,
            Format::Ini,
            Format::Binary,
        ] {
            let document = Document {
                text: &bytes,
                format,
            };
            let _ = decrypt(&document, &keys);
        }
    }
}

#[cfg(unix)]
#[test]
fn the_program_decrypts_what_is_not_for_age() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sops");
    let script = "#!/bin/sh\ntest \"$*\" = 'decrypt --input-type yaml --output-type yaml /dev/stdin' || exit 9\ngrep -q arn:aws:kms || exit 8\necho 'a: secret'\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (text, format) = file("recipients", "encrypted");
    let text = String::from_utf8(text).unwrap();
    let start = text.find("    age:").unwrap();
    let end = text.find("    lastmodified:").unwrap();
    let kms = "    kms:\n        - arn: arn:aws:kms:eu-west-1:1:key/x\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: AAAA\n          aws_profile: \"\"\n";
    let text = [&text[..start], kms, &text[end..]].concat();
    let document = Document {
        text: text.as_bytes(),
        format,
    };
    let path = folder.path().display().to_string();
    let path = format!("{path}:/usr/bin:/bin");
    let with = world(&[("PATH", path)]);
    let plain = decrypt(&document, &Keys::new(&with, Path::new(""), false)).unwrap();
    assert_eq!(plain, b"a: secret\n");
    let without = world(&[("PATH", "/nonexistent".to_owned())]);
    let error = decrypt(&document, &Keys::new(&without, Path::new(""), false)).unwrap_err();
    let hints = error.hints().join("\n");
    assert!(
        hints.contains(
            "For the key arn:aws:kms:eu-west-1:1:key/x of AWS KMS the program sops is needed."
        ),
        "{hints}"
    );
    assert!(hints.contains("Install sops"), "{hints}");
}

#[test]
fn formats_follow_names() {
    for (path, want) in [
        ("a.yaml", Format::Yaml),
        ("a.yml", Format::Yaml),
        ("a.json", Format::Json),
        (".env", Format::Dotenv),
        ("a.ini", Format::Ini),
        ("a.hcl", Format::Binary),
    ] {
        assert_eq!(Format::of_path(path), want);
        assert_eq!(Format::of_name(want.name()), Some(want));
    }
    assert_eq!(Format::of_name("toml"), None);
}
