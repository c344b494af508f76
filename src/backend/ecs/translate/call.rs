//! Who calls whom: Services of the release in what is run and in variables.

use serde_json::Value;

use super::context::Context;
use super::object::Object;
use super::traffic::services;
use super::workload::Workload;

/// The Services of the release that texts name: as a URL's host, as `host:port`, or as all of the text.
pub(super) fn called<'b>(
    ctx: &'b Context<'_>,
    workload: &Workload<'_>,
    definition: &Value,
) -> Vec<&'b str> {
    let mut texts: Vec<&str> = Vec::new();
    for container in definition["containerDefinitions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        for name in ["entryPoint", "command"] {
            let words = container[name]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            texts.extend(words.iter().filter_map(Value::as_str));
        }
        if container["name"] == super::file::WRITER {
            continue;
        }
        let variables = container["environment"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        texts.extend(variables.iter().filter_map(|it| it["value"].as_str()));
    }
    let is_called = |service: &&Object<'_>| {
        let (name, namespace) = (service.name, service.namespace);
        let mut forms = vec![
            format!("{name}.{namespace}"),
            format!("{name}.{namespace}.svc"),
            format!("{name}.{namespace}.svc.cluster.local"),
        ];
        if namespace == workload.object.namespace {
            forms.push(name.to_owned());
        }
        texts
            .iter()
            .any(|text| forms.iter().any(|form| names(text, form)))
    };
    services(ctx)
        .filter(is_called)
        .map(|service| service.name)
        .collect()
}

/// Whether a text names a host.
fn names(text: &str, host: &str) -> bool {
    if text.trim() == host {
        return true;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find(host) {
        let start = from + at;
        let end = start + host.len();
        let before = text[..start].chars().next_back();
        let after = text[end..].chars().next();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_whole = before.is_none_or(|c| !is_part(c)) && after.is_none_or(|c| !is_part(c));
        let is_url = text[..start].ends_with("//") || before == Some('@');
        let has_port =
            after == Some(':') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        let is_long = host.contains('.');
        if is_whole && (is_url || has_port || is_long) {
            return true;
        }
        from = start + host.len().max(1);
    }
    false
}

/// Writes longer names of Services of the release as the bare one.
pub(super) fn rewrite(ctx: &Context<'_>, definition: &mut Value) {
    if ctx.config.service_connect.rewrite_service_dns != Some(true) {
        return;
    }
    let mut forms = Vec::new();
    for service in services(ctx) {
        for end in [".svc.cluster.local", ".svc", ""] {
            forms.push((
                format!("{}.{}{end}", service.name, service.namespace),
                service.name,
            ));
        }
    }
    let containers = definition["containerDefinitions"].as_array_mut();
    for container in containers.map(Vec::as_mut_slice).unwrap_or_default() {
        let mut change = |value: &mut Value| {
            if let Some(text) = value.as_str() {
                let changed = forms.iter().fold(text.to_owned(), |text, (long, bare)| {
                    replace(&text, long, bare)
                });
                *value = changed.into();
            }
        };
        for name in ["entryPoint", "command"] {
            if let Some(words) = container.get_mut(name).and_then(Value::as_array_mut) {
                words.iter_mut().for_each(&mut change);
            }
        }
        let variables = container.get_mut("environment");
        if let Some(variables) = variables.and_then(Value::as_array_mut) {
            variables.iter_mut().for_each(|it| change(&mut it["value"]));
        }
    }
}

/// Replaces a host where it is a whole one.
fn replace(text: &str, host: &str, with: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(host) {
        let end = at + host.len();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let before = rest[..at]
            .chars()
            .next_back()
            .or_else(|| replaced.chars().next_back());
        let is_whole = before.is_none_or(|c| !is_part(c))
            && rest[end..].chars().next().is_none_or(|c| !is_part(c));
        replaced.push_str(&rest[..at]);
        replaced.push_str(if is_whole { with } else { host });
        rest = &rest[end..];
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_where_they_are_meant() {
        for (text, host, want) in [
            ("http://catalog:8080", "catalog", true),
            ("catalog", "catalog", true),
            ("postgres://u:p@catalog/x", "catalog", true),
            ("catalog:80", "catalog", true),
            ("read the catalog now", "catalog", false),
            ("http://catalogue", "catalog", false),
            ("my-catalog:80", "catalog", false),
            ("x catalog.shop.svc y", "catalog.shop.svc", true),
        ] {
            assert_eq!(names(text, host), want, "{text} {host}");
        }
        assert_eq!(
            replace("http://a.b.svc/x a.b.svcs", "a.b.svc", "a"),
            "http://a/x a.b.svcs"
        );
    }
}
