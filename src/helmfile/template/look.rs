//! Whether a plain state file was written for Helmfile 0, which rendered all of them.

/// What is known only when a release or a hook is looked at, so that no state file can be rendered with
/// it.
const LATER: [&str; 3] = [".Release", ".Event", ".HelmfileCommand"];

/// Whether a text has templates in it that are for the file itself. What stands in comments does not
/// count, and where anything names a release, Helmfile 1 is meant, which fills it in for each.
pub(in crate::helmfile) fn is_template(text: &str) -> bool {
    let mut found = false;
    let text: String = text
        .split_inclusive('\n')
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("{{") {
        let (body, after) = action(&rest[at + 2..]);
        if LATER.iter().any(|name| body.contains(name)) {
            return false;
        }
        found = true;
        rest = after;
    }
    found
}

/// What an action says, but for its texts, and what comes after it.
fn action(text: &str) -> (String, &str) {
    let mut body = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("}}") {
            return (body, after);
        }
        rest = &rest[first.len_utf8()..];
        if !matches!(first, '`' | '"') {
            body.push(first);
            continue;
        }
        let mut is_escaped = false;
        let end = rest.find(|c| {
            let is_end = c == first && !is_escaped;
            is_escaped = first == '"' && c == '\\' && !is_escaped;
            is_end
        });
        rest = end.map_or("", |end| &rest[end + 1..]);
    }
    (body, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_written_to_be_rendered_are_known() {
        for (text, want) in [
            ("releases: []\n", false),
            ("installed: {{ env \"X\" | default \"true\" }}\n", true),
            ("namespace: '{{ .Environment.Name }}'\n", true),
            ("# {{ .Values.x }}\nreleases: []\n", false),
            ("values: ['{{ .Release.Name }}.yaml']\n", false),
            (
                "values: ['{{ .Release.Name }}.{{ .Environment.Name }}.yaml']\n",
                false,
            ),
            (
                "values: [{{`{{ .Release.Name }}`}}.{{ .Environment.Name }}.yaml]\n",
                true,
            ),
            ("a: {{ print \"}} .Release\\\"\" }}\n", true),
            ("args: ['{{ .Event.Name }}']\n", false),
            ("a: {{ unclosed", true),
            ("a: {{ `unclosed", true),
        ] {
            assert_eq!(is_template(text), want, "{text}");
        }
    }
}
