//! `helm search hub` (`pkg/cmd/search_hub.go` and `internal/monocular`, Helm 4.2.4).

use super::repo::Format;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::table::Table;
use crate::go::url::{Url, query_escape};
use crate::go::{json, path, strconv};
use crate::net::{Client, Options as Talk};
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// Where a hub is searched.
const SEARCH: &str = "api/chartsvc/v1/charts/search";

/// What to look for, and where.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Words, taken together.
    pub keywords: Vec<String>,
    /// The hub's address.
    pub endpoint: String,
    /// Print the repositories' addresses, too.
    pub list_repository: bool,
    /// How wide a column may be; 0 is no limit.
    pub column_width: usize,
    /// Fail where nothing is found.
    pub fail_on_no_result: bool,
    /// How to print.
    pub format: Format,
}

/// A chart that the hub knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The chart's page.
    pub url: String,
    /// Its newest version.
    pub version: String,
    /// The version of what that installs.
    pub app_version: String,
    /// What its definition says of it.
    pub description: String,
    /// Where it is kept.
    pub repository: Repository,
}

/// A repository as a hub knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// Its address.
    pub url: String,
    /// Its name.
    pub name: String,
}

/// Asks a hub; gives what to print.
///
/// # Errors
/// As [`find`].
pub fn run(options: &Options, notices: &mut Vec<Notice>) -> Result<String, Error> {
    let found = find(options, notices)?;
    match options.format {
        Format::Table if found.is_empty() => Ok("No results found\n".to_owned()),
        Format::Table => Ok(table(options, &found)),
        Format::Json => {
            let mut out = Vec::new();
            json_of(&found, &mut out);
            Ok(String::from_utf8_lossy(&out).into_owned())
        }
        Format::Yaml => {
            let rows: Vec<Frozen> = found.iter().map(yaml_of).collect();
            let out = yaml::encode_frozen(&Frozen::List(rows.into()))
                .map_err(|error| Error::new(Kind::Io, error))?;
            Ok(String::from_utf8_lossy(&out).into_owned())
        }
    }
}

/// Asks a hub; gives what it found, in its order.
///
/// # Errors
/// Helm's line for an address that is none, a hub that does not answer, and for nothing found where
/// that is to fail.
pub fn find(options: &Options, notices: &mut Vec<Notice>) -> Result<Vec<Row>, Error> {
    let endpoint = &options.endpoint;
    let quoted = strconv::quote(endpoint);
    let base = Url::parse(endpoint)
        .map_err(|error| error.to_string())
        .and_then(|url| match url.hostname().is_empty() {
            true => Err("no hostname provided".to_owned()),
            false => Ok(url),
        })
        .map_err(|why| {
            let message = format!("unable to create connection to {quoted}: {why}");
            Error::new(Kind::Network, message)
        })?;
    let answer = ask(base, &options.keywords.join(" ")).map_err(|error| {
        notices.push(Notice::new(Level::Debug, "search failed").with("error", &error));
        let message = format!("unable to perform search against {quoted}");
        Error::new(Kind::Network, message)
    })?;
    let found = rows(&answer, endpoint);
    if found.is_empty() && options.fail_on_no_result {
        return Err(Error::new(Kind::Chart, "no results found"));
    }
    Ok(found)
}

fn ask(mut url: Url, words: &str) -> Result<Vec<u8>, Error> {
    let folder = String::from_utf8_lossy(&url.path).into_owned();
    url.path = path::join(&[&folder, SEARCH]).into_bytes();
    if !url.path.starts_with(b"/") {
        url.path.insert(0, b'/');
    }
    url.raw_query = [b"q=", &query_escape(words)[..]].concat();
    let url = String::from_utf8_lossy(&url.to_bytes()).into_owned();
    Client::new(Talk::default()).get(&url)
}

/// The charts in an answer. What is not as it should be is left out, for Helm does not look either.
fn rows(answer: &[u8], endpoint: &str) -> Vec<Row> {
    let Ok((answer, _)) = json::decode_prefix(answer) else {
        return Vec::new();
    };
    let found = answer.get("data").and_then(Frozen::as_list).unwrap_or(&[]);
    found
        .iter()
        .map(|chart| {
            let text = |keys: &[&str]| {
                let found = keys.iter().try_fold(chart, |at, key| at.get(key));
                let found = found.and_then(Frozen::as_text);
                found.map_or(String::new(), |text| text.to_string())
            };
            let version = |key| text(&["relationships", "latestChartVersion", "data", key]);
            let url = match text(&["artifactHub", "packageUrl"]) {
                none if none.is_empty() => format!("{endpoint}/charts/{}", text(&["id"])),
                url => url,
            };
            Row {
                url,
                version: version("version"),
                app_version: version("app_version"),
                description: text(&["attributes", "description"]),
                repository: Repository {
                    url: text(&["attributes", "repo", "url"]),
                    name: text(&["attributes", "repo", "name"]),
                },
            }
        })
        .collect()
}

fn table(options: &Options, found: &[Row]) -> String {
    let mut table = Table::new(options.column_width);
    let mut headers = vec!["URL", "CHART VERSION", "APP VERSION", "DESCRIPTION"];
    if options.list_repository {
        headers.push("REPO URL");
    }
    table.add(headers);
    for row in found {
        let mut cells = vec![&*row.url, &row.version, &row.app_version, &row.description];
        if options.list_repository {
            cells.push(&row.repository.url);
        }
        table.add(cells);
    }
    table.render()
}

fn members(row: &Row) -> [(&'static str, &str); 4] {
    [
        ("url", &row.url),
        ("version", &row.version),
        ("app_version", &row.app_version),
        ("description", &row.description),
    ]
}

fn json_of(found: &[Row], out: &mut Vec<u8>) {
    let member = |key: &str, text: &str, out: &mut Vec<u8>| {
        json::write_string(key.as_bytes(), out, true);
        out.push(b':');
        json::write_string(text.as_bytes(), out, true);
    };
    out.push(b'[');
    for (at, row) in found.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        for (key, text) in members(row) {
            member(key, text, out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"repository\":{");
        member("url", &row.repository.url, out);
        out.push(b',');
        member("name", &row.repository.name, out);
        out.extend_from_slice(b"}}");
    }
    out.extend_from_slice(b"]\n");
}

fn yaml_of(row: &Row) -> Frozen {
    let map = |members: &[(&str, &str)]| -> FrozenMap {
        let members = members.iter();
        members
            .map(|(key, text)| (Text::from(*key), Frozen::string(*text)))
            .collect()
    };
    let mut all = map(&members(row));
    let repository = map(&[("url", &row.repository.url), ("name", &row.repository.name)]);
    all.insert(Text::from("repository"), Frozen::Map(repository.into()));
    Frozen::Map(all.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_far_as_they_are_answers() {
        let full = br#"{"data":[{"id":"r/web","attributes":{"description":"d","repo":{"name":"r","url":"https://r"}},"relationships":{"latestChartVersion":{"data":{"version":"1","app_version":"2"}}}},{"id":"x","artifactHub":{"packageUrl":"https://hub/x"}}]}"#;
        let found = rows(full, "https://h");
        assert_eq!(found[0].url, "https://h/charts/r/web");
        assert_eq!(found[0].version, "1");
        assert_eq!(found[0].repository.name, "r");
        assert_eq!(found[1].url, "https://hub/x");
        assert_eq!(found[1].version, "");
        for none in [&b"{}"[..], b"[]", b"", b"{\"data\":null}", b"nothing"] {
            assert!(rows(none, "").is_empty());
        }
    }

    #[test]
    fn an_address_needs_a_host() {
        let options = Options {
            endpoint: "nope".to_owned(),
            ..Options::default()
        };
        assert_eq!(
            find(&options, &mut Vec::new()).unwrap_err().to_string(),
            "unable to create connection to \"nope\": no hostname provided"
        );
    }
}
