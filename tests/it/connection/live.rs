//! What templates see of a cluster: `lookup`, `.Capabilities`, and what `--validate` asks.

use std::fs;

use serde_json::{Value, json};

use super::Site;
use crate::kubernetes::is_skipped;

const SEEN: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: seen
data:
  given: {{ (lookup "v1" "ConfigMap" .Release.Namespace "given").data | toJson | quote }}
  none: {{ lookup "v1" "ConfigMap" .Release.Namespace "none" | toJson | quote }}
  list: "{{ range (lookup "v1" "ConfigMap" .Release.Namespace "").items }}{{ .metadata.name }},{{ end }}"
  namespace: {{ ((lookup "v1" "Namespace" "" .Release.Namespace).metadata | default dict).name | quote }}
  live: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
  given-version: {{ .Capabilities.APIVersions.Has "example.com/v9" | quote }}
  version: {{ .Capabilities.KubeVersion.Version | quote }}
"#;

/// The data of the ConfigMap that was printed.
fn seen(text: &str) -> Value {
    let begin = text.find("apiVersion: v1\n").expect("a manifest");
    let text = text[begin..].trim_end();
    let object: Value = serde_yaml::from_str(text).expect("YAML");
    object["data"].clone()
}

#[test]
fn templates_see_the_cluster_where_it_is_asked() {
    if is_skipped() {
        return;
    }
    let site = Site::new();
    let folder = site.path("chart");
    fs::create_dir_all(folder.join("templates")).expect("a folder");
    let chart = "apiVersion: v2\nname: chart\nversion: 0.1.0\n";
    fs::write(folder.join("Chart.yaml"), chart).expect("a file");
    fs::write(folder.join("templates/a.yaml"), SEEN).expect("a file");
    let words = ["create", "configmap", "given", "--from-literal=a=b"];
    site.namespace.kubectl(&words).expect("created");
    let version = site.namespace.kubectl(&["version", "-o", "json"]);
    let version: Value = serde_json::from_str(&version.expect("a version")).expect("JSON");
    let config = site.config("good", &site.cluster(), &site.admin());
    let variables = [("KUBECONFIG", config.to_str().expect("UTF-8"))];
    let live = json!({
        "given": "{\"a\":\"b\"}",
        "none": "{}",
        "list": "given,kube-root-ca.crt,",
        "namespace": site.namespace.name(),
        "live": "true",
        "given-version": "false",
        "version": version["serverVersion"]["gitVersion"],
    });
    for (words, is_live) in [
        (&["template", "x", "chart"][..], false),
        (&["template", "x", "chart", "--validate"], true),
        (&["template", "x", "chart", "--dry-run=server"], true),
        // The server knows better.
        (
            &[
                "template",
                "x",
                "chart",
                "--validate",
                "--kube-version=1.20.0",
                "--api-versions=example.com/v9",
            ],
            true,
        ),
        (&["install", "x", "chart", "--dry-run=server"], true),
        (&["install", "x", "chart", "--dry-run=client"], false),
    ] {
        for name in [&["helm"][..], &[]] {
            let said = site.program_says(&[name, words].concat(), &variables);
            let got = seen(&said.expect("it renders"));
            match is_live {
                true => assert_eq!(got, live, "{name:?} {words:?}"),
                false => {
                    let bare = (&got["given"], &got["list"], &got["live"]);
                    let want = (&json!("null"), &json!(""), &json!("false"));
                    assert_eq!(bare, want, "{name:?} {words:?}");
                }
            }
        }
    }
    // A look that is not allowed ends the render.
    let user = json!({"token": site.token, "as": "ann"});
    let config = site.config("ann", &site.cluster(), &user);
    let variables = [("KUBECONFIG", config.to_str().expect("UTF-8"))];
    let said = site.helm(&["template", "x", "chart", "--validate"], &variables);
    let said = said.expect_err("ann may not look");
    let why = format!(
        "error calling lookup: configmaps \"given\" is forbidden: User \"ann\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"{}\"",
        site.namespace.name()
    );
    assert!(said.contains(&why), "{said}");
}
