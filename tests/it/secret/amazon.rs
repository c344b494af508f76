//! Parameters, secrets, keys and buckets of Amazon, as moto has them.

use std::path::{Path, PathBuf};
use std::process::Command;

use pintle::helmfile::secret::Vals;
use serde_json::json;

use super::{told, vals};
use crate::amazon::room::moto::Moto;

/// Resolves in an environment that takes moto for Amazon.
fn vals_of(moto: &Moto, more: &[(&str, &str)]) -> Vals {
    let mut variables = moto.variables();
    variables.extend(more);
    vals(&variables)
}

#[test]
fn secrets_of_amazon_are_read_as_vals_does() {
    let Some(amazon) = Moto::start() else {
        return;
    };
    let parameter = |name: &str, value: &str| {
        let input =
            json!({"Name": name, "Value": value, "Type": "SecureString", "Overwrite": true});
        amazon.ask("ssm", "AmazonSSM.PutParameter", &input);
    };
    parameter("/shop/db/password", "first");
    parameter("/shop/db/password", "second");
    parameter("/shop/db/user", "admin");
    parameter("/shop/db/deep/key", "below");
    parameter("/shop/doc", "a: {b: 5}\n");
    for number in 0..23 {
        parameter(&format!("/many/p{number}"), &number.to_string());
    }
    let secret = amazon.ask(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": "shop/api", "SecretString": "{\"token\": \"t0ken\", \"n\": 7}"}),
    );
    let arn = secret["ARN"].as_str().expect("an ARN");
    let version = secret["VersionId"].as_str().expect("a version");
    amazon.ask(
        "secretsmanager",
        "secretsmanager.PutSecretValue",
        &json!({"SecretId": "shop/api", "SecretString": "{\"token\": \"newer\"}"}),
    );
    amazon.ask(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": "group/one", "SecretString": "1st"}),
    );
    amazon.ask(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": "group/meta", "SecretString": "{\"github.com/helmfile/vals\": [\"one\"]}"}),
    );
    amazon.ask(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": "packed", "SecretBinary": "YmluYXJ5"}),
    );
    amazon.bucket("bucket");
    amazon.put(
        "bucket?versioning",
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    );
    let old = amazon.put("bucket/a%20b/c.yaml", "x: {y: old}\n");
    amazon.put("bucket/a%20b/c.yaml", "x: {y: new}\n");
    let key = amazon.ask("kms", "TrentService.CreateKey", &json!({}));
    let key = key["KeyMetadata"]["KeyId"].as_str().expect("a key");
    let sealed = amazon.ask(
        "kms",
        "TrentService.Encrypt",
        &json!({"KeyId": key, "Plaintext": "aGlkZGVu"}),
    );
    let sealed = sealed["CiphertextBlob"].as_str().expect("a text");
    let sealed = sealed.replace('+', "-").replace('/', "_");

    let vals = vals_of(&amazon, &[]);
    for (text, want) in [
        ("ref+awsssm://shop/db/password".to_owned(), "second"),
        ("ref+awsssm:///shop/db/password".to_owned(), "second"),
        (
            "ref+awsssm://shop/db/password?version=1".to_owned(),
            "first",
        ),
        ("ref+awsssm://shop/db#/user".to_owned(), "admin"),
        ("ref+awsssm://shop/db#/deep/key".to_owned(), "<nil>"),
        (
            "ref+awsssm://shop?recursive=true#/db/deep/key".to_owned(),
            "below",
        ),
        (
            "ref+awsssm://shop/doc?mode=singleparam#/a/b".to_owned(),
            "5",
        ),
        ("ref+awsssm://many#/p22".to_owned(), "22"),
        (
            "ref+awsssm://shop/doc?region=us-east-1&x=y".to_owned(),
            "expand awsssm://shop/doc?region=us-east-1&x=y: get parameter: operation error SSM: GetParameter, ",
        ),
        ("ref+awssecrets://shop/api#/token".to_owned(), "newer"),
        (
            "ref+awssecrets://shop/api?version_stage=AWSPREVIOUS#/n".to_owned(),
            "7",
        ),
        (
            format!("ref+awssecrets://shop/api?version_id={version}#/token"),
            "t0ken",
        ),
        (format!("ref+awssecrets://{arn}#/token"), "newer"),
        ("ref+awssecrets://group#/one".to_owned(), "1st"),
        ("ref+awssecrets://packed".to_owned(), "binary"),
        ("ref+s3://bucket/a%20b/c.yaml".to_owned(), "x: {y: new}\n"),
        ("ref+s3://bucket/a%20b/c.yaml#/x/y".to_owned(), "new"),
        (
            format!("ref+s3://bucket/a%20b/c.yaml?version_id={old}#/x/y"),
            "old",
        ),
        (
            "ref+s3://bucket/none".to_owned(),
            "expand s3://bucket/none: getting s3 object: operation error S3: GetObject, https response error StatusCode: 404, ",
        ),
        (format!("ref+awskms://{sealed}"), "hidden"),
    ] {
        let got = told(&vals, &text);
        if want.ends_with(", ") {
            let want = want.trim_end_matches(", ");
            assert!(got.starts_with(want), "{text}: {got}");
        } else {
            assert_eq!(got, want, "{text}");
        }
    }
    let missing = told(&vals, "ref+awsssm://shop/none");
    let end = "ParameterNotFound: Parameter /shop/none not found.";
    assert!(missing.ends_with(end), "{missing}");
    let missing = told(&vals, "ref+awssecrets://none/such");
    assert!(missing.contains("ResourceNotFoundException"), "{missing}");

    // Variables stand in for parameters; a role is taken; a profile that is not here gives way.
    let role = "ref+awsssm://shop/db/user?role_arn=arn:aws:iam::123456789012:role/reader";
    assert_eq!(told(&vals, role), "admin");
    let profile = "ref+awsssm://shop/db/user?profile=nowhere";
    assert_eq!(told(&vals, profile), "admin");
    let elsewhere = vals_of(&amazon, &[("VALS_REGION", "us-east-1")]);
    assert_ne!(told(&elsewhere, "ref+awsssm://shop/db/user"), "admin");
    let here = "ref+awsssm://shop/db/user?region=eu-west-1";
    assert_eq!(told(&elsewhere, here), "admin");
}

/// A run of the program in a folder of its own, against moto.
fn program_run(amazon: &Moto, folder: &Path, words: &[&str]) -> crate::outcome::Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("KUBECONFIG", "/dev/null")
        .env("AWS_ENDPOINT_URL", amazon.url())
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output();
    output.expect("the program").into()
}

#[test]
fn states_and_values_come_from_buckets() {
    let Some(amazon) = Moto::start() else {
        return;
    };
    amazon.bucket("states");
    let state = "values: [v.yaml]\n---\nreleases:\n- name: {{ .Values.name }}\n  chart: ./web\n";
    amazon.put("states/shop/one/helmfile.yaml.gotmpl", state);
    amazon.put("states/shop/one/v.yaml", "name: \"a & b\"\n");
    amazon.put("states/shop/one/deep/x%26y.yaml", "name: deep\n");
    amazon.put(
        "states/plain/helmfile.yaml",
        "releases:\n- name: plain\n  chart: ./web\n",
    );
    amazon.put("states/values.yaml", "name: bucket\n");
    let folder = tempfile::tempdir().expect("a folder");
    let list = |file: &str, more: &[&str]| {
        let words = [&["fleet", "list", "-f", file], more].concat();
        program_run(&amazon, folder.path(), &words)
    };
    let plain = list("s3://states/plain/helmfile.yaml", &[]).success();
    assert!(plain.contains("\nplain"), "{plain}");
    // All of a folder comes, so that files find each other.
    let host = amazon.url().trim_start_matches("http://");
    let whole = format!("s3::http://{host}/states/shop@one/helmfile.yaml.gotmpl");
    let listed = list(&whole, &[]).success();
    assert!(listed.contains("\na & b"), "{listed}");
    let mut kept = Vec::new();
    for entry in walk(&folder.path().join(".cache/helmfile")) {
        kept.push(
            entry
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        );
    }
    assert!(kept.contains(&"x&y.yaml".to_owned()), "{kept:?}");
    // What is kept is enough.
    list(&whole, &["--offline"]).success();
    list("s3://states/plain/helmfile.yaml", &["--offline"]).success();
    let refused = list("s3://states/plain/other.yaml", &["--offline"]).failure();
    assert!(refused.contains("--offline promises not to"), "{refused}");
    let missing = list("s3://states/plain/other.yaml", &[]).failure();
    assert!(missing.contains("NoSuchKey"), "{missing}");
    let none = list(&format!("s3::http://{host}/states/none@x.yaml"), &[]).failure();
    assert!(none.contains("there are no objects below none"), "{none}");
    std::fs::write(
        folder.path().join("helmfile.yaml"),
        "values: ['s3://states/values.yaml']\n",
    )
    .expect("a file");
    let values =
        program_run(&amazon, folder.path(), &["fleet", "print-env", "--origins"]).success();
    assert!(
        values.contains("  name: bucket  # ") && values.contains("values.yaml:1:7"),
        "{values}"
    );
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false => found.push(path),
        }
    }
    found
}
