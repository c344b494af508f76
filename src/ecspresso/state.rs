//! States of Terraform: where they are, and what stands at an address in them.

use serde_json::Value;

use super::Host;
use crate::diag::{Error, Kind};
use crate::go::os;

/// The version of states that is read.
const VERSION: u64 = 4;

impl Host {
    /// The state for a prefix, read once.
    pub(super) fn state(&self, prefix: &str) -> Result<Value, Error> {
        let mut known = self
            .states
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(state) = known.get(prefix) {
            return Ok(state.clone());
        }
        let place = self
            .places
            .get(prefix)
            .map(String::as_str)
            .unwrap_or_default();
        if place.is_empty() {
            let message =
                "the configuration names no state: plugins: [{name: tfstate, config: {url: ...}}]";
            return Err(Error::new(Kind::Usage, message));
        }
        let wrong =
            |what: &dyn std::fmt::Display| Error::new(Kind::Usage, format!("{place}: {what}"));
        let text = self.bytes(place)?;
        let state: Value = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
        if state["version"].as_u64() != Some(VERSION) {
            return Err(wrong(&format!("is no state of version {VERSION}")));
        }
        known.insert(prefix.to_owned(), state.clone());
        Ok(state)
    }

    fn bytes(&self, place: &str) -> Result<Vec<u8>, Error> {
        if let Some(rest) = place.strip_prefix("s3://") {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            return self.amazon.object(bucket, key);
        }
        let path = match place.split_once("://") {
            None => place,
            Some(("file", path)) => path,
            Some((scheme, _)) => {
                let message =
                    format!("{place}: states are read from files and from S3, not by {scheme}");
                return Err(Error::new(Kind::Usage, message)
                    .with_hint("terraform state pull > terraform.tfstate"));
            }
        };
        let path = self.folder.join(path);
        std::fs::read(&path).map_err(|error| {
            Error::new(
                Kind::Io,
                os::path_error("open", path.to_string_lossy().into_owned(), &error),
            )
        })
    }
}

/// A part of an address: a name or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    Index(Value),
}

/// What stands at an address, as Terraform writes them: `aws_subnet.a["x"].id`, `data.aws_vpc.main.id`,
/// `module.net.aws_vpc.main.id`, `output.name`. Null where there is nothing.
///
/// # Errors
/// An address that is none.
pub(super) fn find(state: &Value, address: &str) -> Result<Value, String> {
    let parts = parse(address)?;
    let mut rest = parts.as_slice();
    if let [Part::Name(word), Part::Name(name), inner @ ..] = rest
        && word == "output"
    {
        return Ok(walk(&state["outputs"][name.as_str()]["value"], inner));
    }
    let mut module = String::new();
    while let [Part::Name(word), Part::Name(name), after @ ..] = rest
        && word == "module"
    {
        if !module.is_empty() {
            module.push('.');
        }
        module.push_str(&format!("module.{name}"));
        rest = after;
        if let [Part::Index(index), after @ ..] = rest {
            module.push_str(&format!("[{index}]"));
            rest = after;
        }
    }
    let mode = match rest {
        [Part::Name(word), after @ ..] if word == "data" => {
            rest = after;
            "data"
        }
        _ => "managed",
    };
    let [Part::Name(kind), Part::Name(name), rest @ ..] = rest else {
        return Err(format!("{address:?} is no address of a resource"));
    };
    let (key, rest) = match rest {
        [Part::Index(key), rest @ ..] => (Some(key), rest),
        rest => (None, rest),
    };
    let is_it = |resource: &&Value| {
        resource["mode"] == mode
            && resource["type"] == kind.as_str()
            && resource["name"] == name.as_str()
            && resource["module"].as_str().unwrap_or_default() == module
    };
    let resources = state["resources"].as_array();
    let Some(resource) = resources.into_iter().flatten().find(is_it) else {
        return Ok(Value::Null);
    };
    let instances = resource["instances"].as_array();
    let of_key = |instance: &&Value| match key {
        Some(key) => instance["index_key"] == *key,
        None => instance["index_key"].is_null(),
    };
    let found = instances.into_iter().flatten().find(of_key);
    Ok(found.map_or(Value::Null, |instance| walk(&instance["attributes"], rest)))
}

fn walk(value: &Value, parts: &[Part]) -> Value {
    let mut value = value;
    for part in parts {
        value = match part {
            Part::Name(name) => match name.parse::<usize>() {
                Ok(at) if value.is_array() => &value[at],
                _ => &value[name.as_str()],
            },
            Part::Index(Value::String(name)) => &value[name.as_str()],
            Part::Index(index) => match index.as_u64().and_then(|at| usize::try_from(at).ok()) {
                Some(at) => &value[at],
                None => &Value::Null,
            },
        };
    }
    value.clone()
}

fn parse(address: &str) -> Result<Vec<Part>, String> {
    let wrong = || format!("{address:?} is no address");
    let mut parts = Vec::new();
    let mut rest = address.trim();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let quoted = inner.starts_with(['"', '\'']);
            let end = match quoted {
                true => {
                    let quote = inner.chars().next().unwrap_or('"');
                    inner[1..].find(quote).ok_or_else(wrong)? + 2
                }
                false => inner.find(']').ok_or_else(wrong)?,
            };
            let index = &inner[..end];
            parts.push(Part::Index(match quoted {
                true => Value::from(&index[1..index.len() - 1]),
                false => index.parse::<u64>().map(Value::from).map_err(|_| wrong())?,
            }));
            rest = inner[end..].strip_prefix(']').ok_or_else(wrong)?;
            rest = rest.strip_prefix('.').unwrap_or(rest);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        if end == 0 {
            return Err(wrong());
        }
        parts.push(Part::Name(rest[..end].to_owned()));
        rest = &rest[end..];
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    match parts.is_empty() {
        true => Err(wrong()),
        false => Ok(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_lead_to_attributes() {
        let resource = |module: Option<&str>, mode: &str, kind: &str, instances: Value| json!({"module": module, "mode": mode, "type": kind, "name": "main", "instances": instances});
        let state = json!({
            "version": 4,
            "outputs": {"x": {"value": {"a": [1, 2]}}},
            "resources": [
                resource(None, "managed", "aws_vpc", json!([{"attributes": {"id": "vpc-1", "tags": {"a.b": "c"}, "list": ["p", "q"]}}])),
                resource(None, "data", "aws_vpc", json!([{"attributes": {"id": "vpc-2"}}])),
                resource(Some("module.net"), "managed", "aws_vpc", json!([{"attributes": {"id": "vpc-3"}}])),
                resource(Some("module.net[\"k\"].module.in"), "managed", "aws_vpc", json!([{"attributes": {"id": "vpc-4"}}])),
                resource(None, "managed", "aws_subnet", json!([{"index_key": 0, "attributes": {"id": "s-0"}}, {"index_key": "b", "attributes": {"id": "s-b"}}])),
            ],
        });
        for (address, want) in [
            ("aws_vpc.main.id", json!("vpc-1")),
            ("aws_vpc.main.tags[\"a.b\"]", json!("c")),
            ("aws_vpc.main.list[1]", json!("q")),
            ("aws_vpc.main.list.0", json!("p")),
            ("data.aws_vpc.main.id", json!("vpc-2")),
            ("module.net.aws_vpc.main.id", json!("vpc-3")),
            (
                "module.net[\"k\"].module.in.aws_vpc.main.id",
                json!("vpc-4"),
            ),
            ("aws_subnet.main[0].id", json!("s-0")),
            ("aws_subnet.main['b'].id", json!("s-b")),
            ("aws_subnet.main.id", json!(null)),
            ("aws_nope.main.id", json!(null)),
            ("output.x.a[1]", json!(2)),
            ("output.x.a", json!([1, 2])),
        ] {
            assert_eq!(find(&state, address), Ok(want), "{address}");
        }
        for address in ["", "aws_vpc", "a..b", "a.b[", "a.b[x]"] {
            assert!(find(&state, address).is_err(), "{address}");
        }
    }
}
