//! What a manifest tells about its chart (`generateOCIAnnotations`).

use std::collections::BTreeMap;

use crate::chart::Metadata;

const VERSION: &str = "org.opencontainers.image.version";
const TITLE: &str = "org.opencontainers.image.title";

/// The annotations for a chart whose archive was made at `created`. The chart's own ones win, but for
/// its name and version.
pub(super) fn annotations(chart: &Metadata, created: &str) -> BTreeMap<String, String> {
    let authors: Vec<String> = chart
        .maintainers
        .iter()
        .map(|one| match &*one.email {
            "" => one.name.clone(),
            email => format!("{} ({email})", one.name),
        })
        .collect();
    let authors = authors.join(", ");
    let source = chart.sources.first().map_or("", String::as_str);
    let ours = [
        ("org.opencontainers.image.description", &*chart.description),
        (TITLE, &*chart.name),
        (VERSION, &*chart.version),
        ("org.opencontainers.image.url", &*chart.home),
        ("org.opencontainers.image.created", created),
        ("org.opencontainers.image.source", source),
        ("org.opencontainers.image.authors", &authors),
    ];
    let mut all: BTreeMap<String, String> = ours
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    for (key, value) in chart.annotations.iter().flatten() {
        if key != VERSION && key != TITLE {
            all.insert(key.clone(), value.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Maintainer;

    #[test]
    fn a_charts_own_annotations_win_but_for_name_and_version() {
        let maintainer = |name: &str, email: &str| Maintainer {
            name: name.to_owned(),
            email: email.to_owned(),
            ..Maintainer::default()
        };
        let own = [
            ("k", "v"),
            (TITLE, "no"),
            ("org.opencontainers.image.url", "u"),
        ];
        let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut chart = Metadata::default();
        chart.name = "c".to_owned();
        chart.version = "1.0.0".to_owned();
        chart.description = " ".to_owned();
        chart.home = "h".to_owned();
        chart.sources = vec!["s".to_owned(), "t".to_owned()];
        chart.maintainers = vec![maintainer("a", "b@c"), maintainer("q", "")];
        chart.annotations = Some(own.into());
        let shown: Vec<String> = annotations(&chart, "now")
            .iter()
            .map(|(key, value)| format!("{}={value}", key.replace("org.opencontainers.image", "o")))
            .collect();
        assert_eq!(
            shown,
            [
                "k=v",
                "o.authors=a (b@c), q",
                "o.created=now",
                "o.source=s",
                "o.title=c",
                "o.url=u",
                "o.version=1.0.0"
            ]
        );
    }
}
