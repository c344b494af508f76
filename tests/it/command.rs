//! pintle's own commands: what they print for people, for pipes and for scripts, and the hints they
//! give.

use std::fs;
use std::path::Path;

use crate::program::{Outcome, Run};
use crate::serve::Server;

const INDEX: &str = "\
apiVersion: v1
entries:
  web:
  - name: web
    version: 1.2.0
    appVersion: '9'
    description: answers HTTP
    urls: [web-1.2.0.tgz]
  - name: web
    version: 1.1.0
    description: older
    urls: [web-1.1.0.tgz]
";

/// A run in whose home folder the repository `stable` was added.
fn with_repository(words: &[&str]) -> Run {
    Run::pintle(words)
        .file(
            ".config/helm/repositories.yaml",
            "apiVersion: \"\"\nrepositories:\n- name: stable\n  url: http://127.0.0.1:1/charts\n",
        )
        .file(".cache/helm/repository/stable-index.yaml", INDEX)
}

#[test]
fn lists_are_tabs_for_pipes_and_data_for_scripts() {
    for (words, want) in [
        (
            &["repo", "list"][..],
            "NAME\tURL\nstable\thttp://127.0.0.1:1/charts\n",
        ),
        (
            &["repo", "list", "--no-headers"],
            "stable\thttp://127.0.0.1:1/charts\n",
        ),
        (
            &["repo", "ls", "-o", "json"],
            "[{\"name\":\"stable\",\"url\":\"http://127.0.0.1:1/charts\"}]\n",
        ),
        (
            &["search", "repo", "web", "--versions"],
            "NAME\tCHART VERSION\tAPP VERSION\tDESCRIPTION\nstable/web\t1.2.0\t9\tanswers HTTP\nstable/web\t1.1.0\t\tolder\n",
        ),
        (
            &["search", "repo", "-o", "yaml"],
            "- app_version: \"9\"\n  description: answers HTTP\n  name: stable/web\n  version: 1.2.0\n",
        ),
    ] {
        let outcome = with_repository(words).go();
        assert_eq!(outcome.success(), want, "{words:?}");
    }
}

#[test]
fn nothing_to_list_is_said_beside_the_output() {
    for words in [&["repo", "list"][..], &["search", "repo", "nothing"]] {
        let outcome = match words[0] {
            "repo" => Run::pintle(words).go(),
            _ => with_repository(words).go(),
        };
        assert_eq!(outcome.success(), "", "{words:?}");
        assert!(!outcome.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn names_that_are_nearly_right_are_suggested() {
    for (words, hint) in [
        (
            &["repo", "remove", "stabel"][..],
            "did you mean \"stable\"?",
        ),
        (&["pull", "stabel/web"], "did you mean \"stable\"?"),
        (
            &["pull", "other/web"],
            "repositories that were added: stable",
        ),
        (&["repo", "lst"], "list"),
        (&["serch", "repo"], "search"),
        (&["repo", "list", "--no-header"], "--no-headers"),
    ] {
        let outcome = with_repository(words).go();
        let stderr = outcome.failure();
        assert!(stderr.contains(hint), "{words:?}: {stderr}");
    }
}

const WITH_DEPENDENCIES: &str = "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n- {name: web, version: ^1, repository: 'https://h/charts'}\n- {name: here, version: 0.1.0, repository: ''}\n";

fn shop(words: &[&str]) -> Outcome {
    Run::pintle(words)
        .file("shop/Chart.yaml", WITH_DEPENDENCIES)
        .file(
            "shop/charts/here/Chart.yaml",
            "apiVersion: v2\nname: here\nversion: 0.1.0\n",
        )
        .file(
            "shop/charts/extra/Chart.yaml",
            "apiVersion: v2\nname: extra\nversion: 0.1.0\n",
        )
        .go()
}

#[test]
fn dependencies_are_listed_with_how_they_are_met() {
    let outcome = shop(&["dependency", "list", "shop"]);
    assert_eq!(
        outcome.success(),
        "NAME\tVERSION\tREPOSITORY\tSTATUS\nweb\t^1\thttps://h/charts\tmissing\nhere\t0.1.0\t\tunpacked\n"
    );
    assert!(outcome.stderr.contains("extra"), "{}", outcome.stderr);
    let outcome = shop(&["dep", "ls", "shop", "-o", "json"]);
    let rows: serde_json::Value = serde_json::from_str(outcome.success()).expect("JSON");
    assert_eq!(rows[0]["status"], "missing");
    assert_eq!(rows[1]["name"], "here");
}

#[test]
fn versions_and_variables_are_data_for_scripts() {
    let outcome = Run::pintle(&["version", "-o", "json"]).go();
    let version: serde_json::Value = serde_json::from_str(outcome.success()).expect("JSON");
    assert_eq!(version["helm"], "v4.2.4");
    let outcome = Run::pintle(&["env", "-o", "yaml"])
        .variable("HELM_CACHE_HOME", "/c")
        .go();
    assert!(outcome.success().contains("HELM_CACHE_HOME: /c\n"));
    let outcome = Run::pintle(&["env", "HELM_CACHE_HOME"])
        .variable("HELM_CACHE_HOME", "/c")
        .go();
    assert_eq!(outcome.success(), "/c\n");
}

/// What is offered for the last of `words`.
fn completed(words: &[&str]) -> Vec<String> {
    let mut all = vec!["--", "pintle"];
    all.extend(words);
    let outcome = with_repository(&all)
        .variable("PINTLE_COMPLETE", "bash")
        .variable("_CLAP_IFS", "\n")
        .variable("_CLAP_COMPLETE_INDEX", &words.len().to_string())
        .file("own/Chart.yaml", "")
        .go();
    outcome.success().lines().map(str::to_owned).collect()
}

#[test]
fn names_of_here_and_now_are_completed() {
    for (words, want) in [
        (&["repo", "remove", ""][..], &["stable"][..]),
        (&["pull", "sta"], &["stable/"]),
        (&["pull", "stable/"], &["stable/web"]),
        (&["show", "chart", "ow"], &["own/"]),
        (&["create", "x", "--starter", "w"], &["web", "worker"]),
        (&["env", "HELM_CONTENT"], &["HELM_CONTENT_CACHE"]),
        (&["repo", "list", "-o", ""], &["table", "json", "yaml"]),
        (&["comp"], &["completion"]),
    ] {
        assert_eq!(completed(words), want, "{words:?}");
    }
}

#[test]
fn every_shell_gets_a_script_that_asks_the_program() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let outcome = Run::pintle(&["completion", shell]).go();
        assert!(outcome.success().contains("PINTLE_COMPLETE"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let outcome = Run::pintle(&["man", "--dir", "a/b"]).go();
    outcome.success();
    let page = |name: &str| fs::read_to_string(outcome.path("a/b").join(name)).expect("a page");
    assert!(page("pintle.1").contains("pintle"));
    assert!(page("pintle-repo-add.1").contains("pass\\-credentials"));
}

#[test]
fn the_help_lists_every_command_by_subject() {
    let outcome = Run::pintle(&["--help"]).go();
    let text = outcome.success();
    for part in [
        "Charts:",
        "Where charts come from:",
        "dependency",
        "completion",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let outcome = Run::pintle(&["repo", "add", "--help"]).go();
    let text = outcome.success();
    for part in [
        "Examples:",
        "pintle repo add stable",
        "--pass-credentials",
        "<NAME> <URL>",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn a_hub_is_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("hub/api/chartsvc/v1/charts");
    fs::create_dir_all(&place).expect("a folder");
    let answer = r#"{"data":[{"id":"r/web","attributes":{"description":"<d>","repo":{"name":"r","url":"https://r"}},"relationships":{"latestChartVersion":{"data":{"version":"1","app_version":"2"}}}}]}"#;
    fs::write(place.join("search"), answer).expect("a file");
    let mut server = Server::bind().expect("a port");
    server
        .serve(Path::new(folder.path()).to_owned(), None)
        .expect("a server");
    let hub = format!("http://127.0.0.1:{}/hub", server.port());
    let page = format!("{hub}/charts/r/web");
    let search = |own: bool, words: &[&str]| {
        let mut all = vec!["search", "hub", "web", "--endpoint", &hub];
        all.extend(words);
        let run = if own {
            Run::pintle(&all)
        } else {
            Run::helm(&all)
        };
        run.go().success().to_owned()
    };
    assert_eq!(
        search(true, &["--list-repo-url"]),
        format!(
            "URL\tCHART VERSION\tAPP VERSION\tDESCRIPTION\tREPO URL\n{page}\t1\t2\t<d>\thttps://r\n"
        )
    );
    assert_eq!(
        search(false, &["-o", "json"]),
        format!(
            "[{{\"url\":\"{page}\",\"version\":\"1\",\"app_version\":\"2\",\"description\":\"\\u003cd\\u003e\",\"repository\":{{\"url\":\"https://r\",\"name\":\"r\"}}}}]\n"
        )
    );
    assert_eq!(
        search(false, &["-o", "yaml"]),
        format!(
            "- app_version: \"2\"\n  description: <d>\n  repository:\n    name: r\n    url: https://r\n  url: {page}\n  version: \"1\"\n"
        )
    );
    let wide = format!("{page:<width$}", width = page.len().min(50));
    assert_eq!(
        search(false, &[]),
        format!(
            "{:<width$}\tCHART VERSION\tAPP VERSION\tDESCRIPTION\n{wide}\t1            \t2          \t<d>        \n",
            "URL",
            width = wide.len()
        )
    );
}

#[test]
fn releases_are_those_of_the_project() {
    let outcome = Run::pintle(&["install", "shop", "./web", "--dry-run=client"])
        .chart(
            "web",
            "a: 0\n",
            "a: {{ .Values.a }}\nn: {{ .Release.Namespace }}\n",
        )
        .file("pintle.yaml", "namespace: prod\nvalues: [prod.yaml]\n")
        .file("prod.yaml", "a: 1\n")
        .go();
    let text = outcome.success();
    assert!(text.contains("a: 1\nn: prod\n"), "{text}");
    let outcome = Run::pintle(&["list"]).go();
    assert!(outcome.failure().starts_with("Error: "));
}
