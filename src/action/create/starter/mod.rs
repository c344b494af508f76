//! Charts to start from that come with the program: tera templates over the chart's name, with
//! delimiters that leave Helm's braces alone: `<< name >>`, `<% if %>`, `<# comment #>`.

#[cfg_attr(not(feature = "tera"), path = "absent.rs")]
mod fill;

use crate::diag::Error;

/// A chart to start from.
#[derive(Debug)]
pub struct Starter {
    /// What `--starter` calls it.
    pub name: &'static str,
    /// One line about the chart, for its definition.
    pub about: &'static str,
    /// Paths and templates.
    #[cfg_attr(
        not(feature = "tera"),
        expect(dead_code, reason = "it is tera that reads them")
    )]
    files: &'static [(&'static str, &'static str)],
}

const IGNORE: (&str, &str) = (".helmignore", include_str!("../scaffold/helmignore"));
const CHART: (&str, &str) = ("Chart.yaml", include_str!("common/Chart.yaml"));
const NAMES: (&str, &str) = ("templates/_names.tpl", include_str!("common/_names.tpl"));
const POD: (&str, &str) = ("templates/_pod.tpl", include_str!("common/_pod.tpl"));
const ACCOUNT: (&str, &str) = (
    "templates/serviceaccount.yaml",
    include_str!("common/serviceaccount.yaml"),
);
const VALUES: (&str, &str) = ("values.yaml", include_str!("common/values.yaml"));
const SCALING: (&str, &str) = ("templates/hpa.yaml", include_str!("common/hpa.yaml"));
const DEPLOYMENT: (&str, &str) = (
    "templates/deployment.yaml",
    include_str!("common/deployment.yaml"),
);

static STARTERS: &[Starter] = &[
    Starter {
        name: "web",
        about: "A service that answers HTTP",
        files: &[
            CHART,
            VALUES,
            IGNORE,
            NAMES,
            POD,
            ACCOUNT,
            DEPLOYMENT,
            SCALING,
            ("templates/service.yaml", include_str!("web/service.yaml")),
            ("templates/ingress.yaml", include_str!("web/ingress.yaml")),
            ("templates/pdb.yaml", include_str!("web/pdb.yaml")),
            ("templates/NOTES.txt", include_str!("web/NOTES.txt")),
            (
                "templates/tests/answers.yaml",
                include_str!("web/answers.yaml"),
            ),
        ],
    },
    Starter {
        name: "worker",
        about: "A process that works in the background",
        files: &[
            CHART,
            VALUES,
            IGNORE,
            NAMES,
            POD,
            ACCOUNT,
            DEPLOYMENT,
            SCALING,
            ("templates/NOTES.txt", include_str!("worker/NOTES.txt")),
        ],
    },
    Starter {
        name: "cron",
        about: "A job that runs at fixed times",
        files: &[
            CHART,
            VALUES,
            IGNORE,
            NAMES,
            POD,
            ACCOUNT,
            ("templates/cronjob.yaml", include_str!("cron/cronjob.yaml")),
            ("templates/NOTES.txt", include_str!("cron/NOTES.txt")),
        ],
    },
    Starter {
        name: "ecs",
        about: "A service for Amazon ECS and Kubernetes alike",
        files: &[
            CHART,
            ("values.yaml", include_str!("ecs/values.yaml")),
            IGNORE,
            NAMES,
            ("templates/_task.tpl", include_str!("ecs/_task.tpl")),
            (
                "templates/serviceaccount.yaml",
                include_str!("ecs/serviceaccount.yaml"),
            ),
            (
                "templates/deployment.yaml",
                include_str!("ecs/deployment.yaml"),
            ),
            ("templates/service.yaml", include_str!("ecs/service.yaml")),
            ("templates/ingress.yaml", include_str!("ecs/ingress.yaml")),
            ("templates/hpa.yaml", include_str!("ecs/hpa.yaml")),
            ("templates/NOTES.txt", include_str!("ecs/NOTES.txt")),
        ],
    },
    Starter {
        name: "library",
        about: "Named templates that other charts include",
        files: &[
            CHART,
            IGNORE,
            ("README.md", include_str!("library/README.md")),
            NAMES,
            (
                "templates/_deployment.tpl",
                include_str!("library/_deployment.tpl"),
            ),
            (
                "templates/_service.tpl",
                include_str!("library/_service.tpl"),
            ),
        ],
    },
];

/// The names of all starters.
pub fn names() -> impl Iterator<Item = &'static str> {
    STARTERS.iter().map(|starter| starter.name)
}

/// The starter of that name.
pub fn find(name: &str) -> Option<&'static Starter> {
    STARTERS.iter().find(|starter| starter.name == name)
}

impl Starter {
    /// Paths and texts of a chart called `chart`.
    ///
    /// # Errors
    /// Where the program was built without the feature `tera`.
    pub fn files(&self, chart: &str) -> Result<Vec<(&'static str, String)>, Error> {
        fill::fill(self, chart)
    }
}
