//! Helmfile's defects: kept under its name, but for those that crash or never end; corrected under
//! pintle's. The rows are those of the table in `docs/helmfile.md`.

use crate::program::Run;

/// A word that stands in what is printed or said; behind `!` one that does not.
type Told = (i32, &'static [&'static str]);

struct Row {
    number: u8,
    files: &'static [(&'static str, &'static str)],
    line: &'static str,
    helmfile: Told,
    pintle: Told,
}

const WEB: &str = "releases:\n- {name: web, chart: ./web}\n";

const ROWS: &[Row] = &[
    Row {
        number: 1,
        files: &[
            (
                "helmfile.yaml",
                "bases: [env.yaml]\nreleases:\n- {name: web, chart: ./web}\n",
            ),
            (
                "env.yaml",
                "environments:\n  default:\n    values: [{color: of the environment}]\n",
            ),
            ("typed.yaml", "color: typed\n"),
        ],
        line: "print-env --state-values-file typed.yaml",
        helmfile: (0, &["color: of the environment"]),
        pintle: (0, &["color: typed"]),
    },
    Row {
        number: 2,
        files: &[(
            "helmfile.yaml",
            "releases:\n- {name: web, chart: ./web, values: [{color: plain}], valuesTemplate: [{color: '{{ .Release.Name }}'}]}\n",
        )],
        line: "template -q",
        helmfile: (0, &["color: plain"]),
        pintle: (0, &["color: web"]),
    },
    Row {
        number: 3,
        files: &[(
            "helmfile.yaml",
            "releases:\n- {name: web, chart: ./web, needs: [api]}\n- {name: api, chart: ./web, needs: [db]}\n- {name: db, chart: ./web}\n",
        )],
        line: "template -l name=web --include-needs",
        helmfile: (0, &["Templating release=db", "Templating release=api"]),
        pintle: (0, &["!Templating release=db", "Templating release=api"]),
    },
    Row {
        number: 4,
        files: &[(
            "helmfile.yaml",
            "helmfiles: [none/*.yaml]\nreleases:\n- {name: web, chart: ./web}\n",
        )],
        line: "list",
        helmfile: (1, &["no matches for path: none/*.yaml"]),
        pintle: (0, &["no matches for path: none/*.yaml", "./web"]),
    },
    Row {
        number: 5,
        files: &[(
            "helmfile.yaml",
            "templates:\n  on: {installed: true}\n  off: {installed: false}\nreleases:\n- {name: a, chart: ./web, inherit: [{template: on}], installed: false}\n- {name: b, chart: ./web, inherit: [{template: off}], installed: true}\n- {name: c, chart: ./web, inherit: [{template: off}]}\n",
        )],
        line: "list --output json",
        helmfile: (0, &["!\"installed\":false"]),
        pintle: (
            0,
            &[
                "\"name\":\"a\",\"namespace\":\"\",\"enabled\":true,\"installed\":false",
                "\"name\":\"b\",\"namespace\":\"\",\"enabled\":true,\"installed\":true",
                "\"name\":\"c\",\"namespace\":\"\",\"enabled\":true,\"installed\":false",
            ],
        ),
    },
    Row {
        number: 6,
        files: &[
            (
                "helmfile.d/b.yaml",
                "releases:\n- {name: b, chart: ../web}\n",
            ),
            (
                "helmfile.d/a.yaml",
                "releases:\n- {name: a, chart: ../web}\n",
            ),
        ],
        line: "template --skip-deps",
        helmfile: (
            0,
            &["Templating release=a, chart=WEB\nTemplating release=b"],
        ),
        pintle: (
            0,
            &["Templating release=a, chart=WEB\nTemplating release=b"],
        ),
    },
    Row {
        number: 7,
        files: &[
            (
                "helmfile.d/a.yaml",
                "releases:\n- {name: a, chart: ../web}\n",
            ),
            (
                "helmfile.d/b.yaml",
                "releases:\n- {name: b, chart: ../web}\n",
            ),
        ],
        line: "build -q --sequential-helmfiles",
        helmfile: (0, &["#  Source: HERE/HERE/helmfile.d/a.yaml\n"]),
        pintle: (0, &["#  Source: HERE/helmfile.d/a.yaml\n"]),
    },
    Row {
        number: 8,
        files: &[(
            "helmfile.yaml",
            "releases:\n- {name: web, chart: ./web, needs: [api]}\n- {name: api, chart: ./web}\n",
        )],
        line: "status -l name=web",
        helmfile: (1, &["depend(s) on an undefined release \"api\""]),
        pintle: (1, &["!undefined release", "Getting status web"]),
    },
    Row {
        number: 9,
        files: &[("helmfile.yaml", WEB)],
        line: "write-values -q --set color=set --output-file-template /dev/stdout",
        helmfile: (0, &["{}"]),
        pintle: (0, &["color: set"]),
    },
    Row {
        number: 11,
        files: &[("helmfile.yaml", WEB)],
        line: "list --no-such-flag",
        helmfile: (3, &["unknown flag: --no-such-flag"]),
        pintle: (1, &["unknown flag: --no-such-flag"]),
    },
    Row {
        number: 12,
        files: &[("helmfile.yaml", WEB)],
        line: "list --state-values-set d=1,d.x=2",
        helmfile: (1, &["d is set and no map"]),
        pintle: (1, &["d is set and no map"]),
    },
    Row {
        number: 13,
        files: &[(
            "helmfile.yaml",
            "environments:\n  dev: {}\n---\nreleases:\n- {name: web, chart: ./web}\n",
        )],
        line: "list -e qa",
        helmfile: (
            3,
            &["err: no releases found that matches specified selector() and environment(qa)"],
        ),
        pintle: (3, &["environment \"qa\" is not defined in helmfile.yaml"]),
    },
    Row {
        number: 14,
        files: &[(
            "helmfile.yaml",
            "releases:\n- {name: web, chart: ./web, needs: [nobody]}\n",
        )],
        line: "template",
        helmfile: (
            1,
            &["due to installed: false", "undefined release \"nobody\""],
        ),
        pintle: (
            1,
            &["!due to installed: false", "undefined release \"nobody\""],
        ),
    },
    Row {
        number: 15,
        files: &[
            (
                "helmfile.yaml",
                "helmfiles:\n- {path: sub.yaml, selectors: [tier=db]}\n",
            ),
            (
                "sub.yaml",
                "releases:\n- {name: pg, chart: ./web, labels: {tier: db}}\n- {name: my, chart: ./web, labels: {tier: db}}\n- {name: redis, chart: ./web}\n",
            ),
        ],
        line: "list -l name=pg",
        helmfile: (0, &["name:pg", "name:my", "!name:redis"]),
        pintle: (0, &["name:pg", "!name:my", "!name:redis"]),
    },
    Row {
        number: 16,
        files: &[(
            "helmfile.yaml",
            "releases:\n- {name: web, chart: ./web, values: [{color: 'ref+nobody://x/y'}]}\n",
        )],
        line: "template -q",
        helmfile: (1, &["no provider registered for scheme \"nobody\""]),
        pintle: (1, &["no provider registered for scheme \"nobody\""]),
    },
    Row {
        number: 17,
        files: &[
            (
                "sub/helmfile.yaml",
                "releases:\n- {name: web, chart: ../web}\n",
            ),
            ("v.yaml", "color: of the caller\n"),
            ("sub/v.yaml", "color: of the state\n"),
        ],
        line: "template -q -f sub/helmfile.yaml --values v.yaml",
        helmfile: (0, &["color: of the state"]),
        pintle: (0, &["color: of the caller"]),
    },
    Row {
        number: 18,
        files: &[
            ("helmfile.yaml", "helmfiles: [other.yaml]\n"),
            ("other.yaml", "helmfiles: [helmfile.yaml]\n"),
        ],
        line: "list",
        helmfile: (1, &["nested more than 64 deep"]),
        pintle: (1, &["nested more than 64 deep"]),
    },
];

#[test]
fn defects_are_kept_and_corrected() {
    for row in ROWS {
        for (front, (code, words)) in [("helmfile", row.helmfile), ("fleet", row.pintle)] {
            let mut typed = vec![front];
            typed.extend(row.line.split(' '));
            let run = Run::pintle(&typed).chart("web", "", "a: b\ncolor: {{ .Values.color }}\n");
            let run = row
                .files
                .iter()
                .fold(run, |run, (name, text)| run.file(name, text));
            let outcome = run.go();
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            let number = row.number;
            assert_eq!(outcome.code, Some(code), "row {number}, {front}: {said}");
            let here = outcome.path("").canonicalize().expect("a folder");
            let here = here.to_string_lossy().trim_end_matches('/').to_owned();
            for word in words {
                let bare = word.trim_start_matches('!');
                let whole = bare
                    .replace("HERE/HERE", &format!("{here}{here}"))
                    .replace("HERE", &here)
                    .replace("WEB", &format!("{here}/web"));
                let holds = said.contains(&whole) != word.starts_with('!');
                assert!(holds, "row {number}, {front}, {word}: {said}");
            }
        }
    }
}

/// Row 10: titles of tables are painted everywhere, or on terminals.
#[test]
fn titles_are_painted() {
    for (front, paints) in [("helmfile", true), ("fleet", false)] {
        let outcome = Run::pintle(&[front, "sync", "--skip-deps"])
            .chart("web", "", "a: b\ncolor: c\n")
            .file("helmfile.yaml", WEB)
            .variable("HELM_DRIVER", "memory")
            .go();
        assert_eq!(
            outcome.stderr.contains("\u{1b}[1m\u{1b}[34m"),
            paints,
            "{front}: {}",
            outcome.stderr
        );
    }
}

/// Row 19: what was refused is no change.
#[test]
fn changes_that_were_refused_are_none() {
    let outcome = Run::pintle(&[
        "fleet",
        "apply",
        "--target",
        "dir:out",
        "--skip-deps",
        "-i",
        "--detailed-exitcode",
    ])
    .chart(
        "web",
        "",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    )
    .file("helmfile.yaml", WEB)
    .stdin("n\n")
    .go();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("Do you really want to apply?"));
    assert!(!outcome.path("out/default").exists());
}
