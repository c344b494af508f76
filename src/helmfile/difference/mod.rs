//! Differences between manifests as the plugin helm-diff shows them: object by object, line by line
//! (helm-diff 3.15, as its documentation and its output tell).

mod form;
mod line;
mod manifest;
mod secret;

use std::collections::{BTreeMap, BTreeSet};

pub use form::Form;
pub use secret::Secrets;

use self::line::{Line, Side};
use self::manifest::Object;
use crate::go::regexp::Regexp;

/// What is compared, and how it is shown. `Default` is helm-diff's.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The form of the output.
    pub form: Form,
    /// Lines around those that differ; all where there is no number.
    pub context: Option<usize>,
    /// Kinds of which no lines are shown.
    pub suppress: Vec<String>,
    /// Lines that are not shown.
    pub suppress_lines: Vec<String>,
    /// How Secrets are shown.
    pub secrets: Secrets,
    /// Tests are compared, too.
    pub include_tests: bool,
    /// Carriage returns at line ends do not count.
    pub strip_trailing_cr: bool,
    /// The style of YAML does not count.
    pub normalize: bool,
    /// How alike texts of an object that went and one that came have to be for one that was renamed:
    /// a part of 1; 0 looks for none.
    pub find_renames: f64,
    /// Output is painted.
    pub painted: bool,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
    Modify,
    /// All that differs is not shown.
    Suppressed,
}

/// An object that differs.
struct Entry {
    key: String,
    object: Object,
    change: Change,
    lines: Vec<Line>,
}

/// Compares a manifest with what it would become; gives what is shown, and whether anything differs.
///
/// # Errors
/// Manifests that are no YAML, and patterns that are none.
pub fn compare(old: &str, new: &str, look: &Look) -> Result<(String, bool), String> {
    let objects =
        |text| manifest::objects(text, &look.namespace, !look.include_tests, look.normalize);
    let (old, new) = (objects(old)?, objects(new)?);
    let mut entries = Vec::new();
    for (key, before) in &old {
        if let Some(after) = new.get(key).filter(|after| after.text != before.text) {
            entries.extend(entry(key, Some(before), Some(after), look));
        }
    }
    let mut came: BTreeSet<&String> = new.keys().filter(|key| !old.contains_key(*key)).collect();
    for (key, before) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        if let Some(renamed) = renamed(before, &new, &came, look) {
            came.remove(renamed);
            entries.extend(entry(renamed, Some(before), new.get(renamed), look));
        } else if !before.is_kept {
            entries.extend(entry(key, Some(before), None, look));
        }
    }
    for key in came {
        entries.extend(entry(key, None, new.get(key), look));
    }
    let differs = !entries.is_empty();
    suppress(&mut entries, &look.suppress_lines)?;
    Ok((look.form.write(&entries, look), differs))
}

/// The object among those that came that an object which went was renamed to.
fn renamed<'n>(
    before: &Object,
    new: &'n BTreeMap<String, Object>,
    came: &BTreeSet<&'n String>,
    look: &Look,
) -> Option<&'n String> {
    if look.find_renames <= 0.0 {
        return None;
    }
    let alike = |after: &Object| {
        let lines = line::compare(&before.text, &after.text);
        let count = |side: Side| lines.iter().filter(|line| line.side == side).count();
        let most = count(Side::Both) + count(Side::Old).max(count(Side::New));
        // Numbers of lines are far from where floats get imprecise.
        #[expect(clippy::cast_precision_loss, reason = "numbers of lines are small")]
        let part = count(Side::Both) as f64 / most.max(1) as f64;
        part
    };
    let of_kind = came.iter().filter_map(|key| {
        let after = new.get(*key)?;
        let same = (&after.kind, &after.api) == (&before.kind, &before.api);
        same.then(|| (alike(after), *key))
    });
    of_kind
        .filter(|(part, _)| *part > look.find_renames)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, key)| key)
}

fn entry(key: &str, old: Option<&Object>, new: Option<&Object>, look: &Look) -> Option<Entry> {
    let (mut old, mut new) = (old.cloned(), new.cloned());
    secret::cover(look.secrets, old.as_mut(), new.as_mut());
    let text = |object: &Option<Object>| {
        let text = object.as_ref().map(|object| object.text.clone());
        let text = text.unwrap_or_default();
        match look.strip_trailing_cr {
            true => text.replace("\r\n", "\n"),
            false => text,
        }
    };
    let lines = line::compare(&text(&old), &text(&new));
    let change = match (&old, &new) {
        (None, _) => Change::Add,
        (_, None) => Change::Remove,
        _ => Change::Modify,
    };
    if change == Change::Modify && lines.iter().all(|line| line.side == Side::Both) {
        return None;
    }
    Some(Entry {
        key: key.to_owned(),
        object: new.or(old)?,
        change,
        lines,
    })
}

/// Takes lines away that are not to be shown.
fn suppress(entries: &mut [Entry], patterns: &[String]) -> Result<(), String> {
    if patterns.is_empty() {
        return Ok(());
    }
    let patterns: Vec<Regexp> = patterns
        .iter()
        .map(|pattern| Regexp::compile(pattern).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    for entry in entries {
        entry
            .lines
            .retain(|line| !patterns.iter().any(|pattern| pattern.is_match(&line.text)));
        if entry.lines.iter().all(|line| line.side == Side::Both) {
            entry.lines.clear();
            if entry.change == Change::Modify {
                entry.change = Change::Suppressed;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "---\n# Source: c/templates/a.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  paused: false\n  a: 1\n  b: 2\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: gone\n";
    const NEW: &str = "---\n# Source: c/templates/a.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n  paused: false\n  a: 1\n  b: 2\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: come\n";

    fn look() -> Look {
        Look {
            namespace: "default".to_owned(),
            context: Some(1),
            ..Look::default()
        }
    }

    fn shown(old: &str, new: &str, look: &Look) -> String {
        compare(old, new, look).expect("manifests").0
    }

    #[test]
    fn differences_are_shown_by_object() {
        let want = "default, web, Deployment (apps) has changed:\n...\n  spec:\n-   replicas: 1\n+   replicas: 2\n    paused: false\n...\ndefault, gone, ConfigMap (v1) has been removed:\n- apiVersion: v1\n- kind: ConfigMap\n- metadata:\n-   name: gone\n+ \ndefault, come, ConfigMap (v1) has been added:\n- \n+ apiVersion: v1\n+ kind: ConfigMap\n+ metadata:\n+   name: come\n";
        assert_eq!(shown(OLD, NEW, &look()), want);
        assert_eq!(
            compare(OLD, OLD, &look()),
            Ok((String::new(), false)),
            "nothing differs"
        );
    }

    #[test]
    fn other_forms() {
        let of = |form| Look { form, ..look() };
        assert_eq!(
            shown(OLD, NEW, &of(Form::Simple)),
            "default, web, Deployment (apps) to be changed.\ndefault, gone, ConfigMap (v1) to be removed.\ndefault, come, ConfigMap (v1) to be added.\nPlan: 1 to add, 1 to change, 1 to destroy, 0 to change ownership.\n"
        );
        let json = shown(OLD, NEW, &of(Form::Json));
        assert!(
            json.starts_with("[{\n  \"api\": \"apps\",\n  \"kind\": \"Deployment\",\n  \"namespace\": \"default\",\n  \"name\": \"web\",\n  \"change\": \"MODIFY\"\n},{\n"),
            "{json}"
        );
        assert_eq!(shown(OLD, OLD, &of(Form::Json)), "[]\n");
    }

    #[test]
    fn lines_and_kinds_are_suppressed() {
        let lines = Look {
            suppress_lines: vec!["replicas: [0-9]".to_owned()],
            suppress: vec!["ConfigMap".to_owned()],
            ..look()
        };
        assert_eq!(
            shown(OLD, NEW, &lines),
            "default, web, Deployment (apps) has changed, but diff is empty after suppression.\ndefault, gone, ConfigMap (v1) has been removed:\n+ Changes suppressed on sensitive content of type ConfigMap\ndefault, come, ConfigMap (v1) has been added:\n+ Changes suppressed on sensitive content of type ConfigMap\n"
        );
        let bad = Look {
            suppress_lines: vec!["(".to_owned()],
            ..look()
        };
        assert!(compare(OLD, NEW, &bad).is_err());
    }

    #[test]
    fn renames_are_found() {
        let look = Look {
            find_renames: 0.5,
            context: Some(0),
            ..look()
        };
        let text = shown(OLD, NEW, &look);
        assert!(
            text.ends_with(
                "default, come, ConfigMap (v1) has changed:\n...\n-   name: gone\n+   name: come\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn secrets_are_covered() {
        let secret = |data: &str| {
            format!(
                "# Source: s.yaml\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ntype: Opaque\ndata:\n  same: YQ==\n  other: {data}\n"
            )
        };
        let (old, new) = (secret("Yg=="), secret("YmI="));
        let look = Look {
            context: None,
            ..look()
        };
        let want = "default, s, Secret (v1) has changed:\n  # Source: s.yaml\n  apiVersion: v1\n  data:\n-   other: '-------- # (1 bytes)'\n+   other: '++++++++ # (2 bytes)'\n    same: 'REDACTED # (1 bytes)'\n  kind: Secret\n  metadata:\n    name: s\n  type: Opaque\n\n";
        assert_eq!(shown(&old, &new, &look), want);
        let shows = |secrets| {
            let look = Look {
                secrets,
                ..look.clone()
            };
            shown(&old, &new, &look)
        };
        assert!(shows(Secrets::Shown).contains("-   other: Yg=="));
        assert!(shows(Secrets::Decoded).contains("+   other: bb\n"));
    }

    #[test]
    fn carriage_returns_do_not_count() {
        let look = Look {
            strip_trailing_cr: true,
            ..look()
        };
        let dos = OLD.replace('\n', "\r\n");
        assert_eq!(compare(OLD, &dos, &look), Ok((String::new(), false)));
    }
}
