//! Names that objects have of each other, put right after names have changed
//! (`api/filters/nameref`, 0.20.1).

use serde_json::{Map, Value};

use super::field::{FieldSpec, Leaf};
use super::gather::Gathered;
use super::id::{Gvk, Id};
use super::resource::{Resource, scalar_text};

/// What there is to know of an object that others name.
struct Candidate {
    id: Id,
    namespace: String,
    original: Id,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Candidate {
    fn of(resource: &Resource) -> Candidate {
        Candidate {
            id: resource.id(),
            namespace: resource.namespace(),
            original: resource.original_id(),
            previous: resource.previous_ids().collect(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }
}

/// Puts all names right.
///
/// # Errors
/// Names that could be of several objects.
pub(super) fn fix(gathered: &mut Gathered) -> Result<(), String> {
    let candidates: Vec<Candidate> = gathered.resources.iter().map(Candidate::of).collect();
    for (at, resource) in gathered.resources.iter_mut().enumerate() {
        let own = &candidates[at];
        let role = role(&resource.value);
        let reachable = reachable(resource, own, &candidates);
        for reference in &gathered.config.references {
            for place in &reference.referrers {
                if !own.original.gvk.is_selected(&place.gvk) {
                    continue;
                }
                let finder = Finder {
                    own,
                    target: &reference.target,
                    candidates: &reachable,
                    role: match place.path.ends_with("roleRef/name") {
                        true => role.as_ref(),
                        false => None,
                    },
                };
                let path = FieldSpec {
                    gvk: Gvk::default(),
                    ..place.clone()
                };
                path.visit(&mut resource.value, Leaf::Missing, &mut |value| {
                    finder.set(value)
                })
                .map_err(|why| {
                    format!(
                        "updating name reference in '{}' field of '{}': {why}",
                        place.path, own.id
                    )
                })?;
            }
        }
    }
    Ok(())
}

/// The kind that a role binding refers to.
fn role(value: &Value) -> Option<Gvk> {
    let role = value.get("roleRef")?;
    let text = |name: &str| Some(role.get(name)?.as_str()?.to_owned());
    Some(Gvk {
        group: text("apiGroup")?,
        version: String::new(),
        kind: text("kind")?,
    })
}

/// Objects that this one can name: those of its namespace and those of none.
fn reachable<'c>(
    resource: &Resource,
    own: &Candidate,
    candidates: &'c [Candidate],
) -> Vec<&'c Candidate> {
    if own.id.gvk.is_cluster_scoped() {
        return candidates.iter().collect();
    }
    let subjects = resource.value.get("subjects").and_then(Value::as_array);
    let namespaces: Vec<&str> = match resource.kind() {
        "RoleBinding" => subjects
            .into_iter()
            .flatten()
            .filter(|it| it.get("kind").and_then(Value::as_str) == Some("ServiceAccount"))
            .filter_map(|it| it.get("namespace")?.as_str())
            .collect(),
        _ => Vec::new(),
    };
    candidates
        .iter()
        .filter(|it| {
            it.id.gvk.is_cluster_scoped()
                || it.id.effective_namespace() == own.id.effective_namespace()
                || namespaces.contains(&it.namespace.as_str())
        })
        .collect()
}

/// Finds what a name in one object stands for.
struct Finder<'a> {
    own: &'a Candidate,
    target: &'a Gvk,
    candidates: &'a [&'a Candidate],
    role: Option<&'a Gvk>,
}

/// Whether the shorter of two lists is how the longer ends.
fn ends_alike(a: &[String], b: &[String]) -> bool {
    let length = a.len().min(b.len());
    a[a.len() - length..] == b[b.len() - length..]
}

impl Finder<'_> {
    fn set(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Null => Ok(()),
            Value::Object(map) => self.set_map(map),
            Value::Array(items) => items.iter_mut().try_for_each(|item| match item {
                Value::Object(map) => self.set_map(map),
                Value::Array(_) => Err("node must be a scalar, sequence or map".to_owned()),
                scalar => self.set_scalar(scalar),
            }),
            scalar => self.set_scalar(scalar),
        }
    }

    fn set_scalar(&self, value: &mut Value) -> Result<(), String> {
        let Some(name) = scalar_text(value) else {
            return Ok(());
        };
        let found = self.find(&name, self.candidates, |a, b| a.id.name == b.id.name)?;
        if let Some(found) = found.filter(|found| found.id.name != name) {
            *value = Value::from(found.id.name.as_str());
        }
        Ok(())
    }

    fn set_map(&self, map: &mut Map<String, Value>) -> Result<(), String> {
        let Some(name) = map
            .get("name")
            .map(|name| scalar_text(name).unwrap_or_default())
        else {
            return Err("path config error; no 'name' field in node".to_owned());
        };
        let among: Vec<&Candidate> = match map.get("namespace").and_then(Value::as_str) {
            None => self.candidates.to_vec(),
            Some(namespace) => {
                let of = |id: fn(&Candidate) -> &Id| -> Vec<&Candidate> {
                    let is_it = |it: &&&Candidate| {
                        let id = id(it);
                        !id.gvk.is_cluster_scoped() && id.effective_namespace() == namespace
                    };
                    self.candidates.iter().filter(is_it).copied().collect()
                };
                match of(|it| &it.original) {
                    found if found.is_empty() => of(|it| &it.id),
                    found => found,
                }
            }
        };
        let is_same =
            |a: &Candidate, b: &Candidate| a.id.name == b.id.name && a.namespace == b.namespace;
        let Some(found) = self.find(&name, &among, is_same)? else {
            return Ok(());
        };
        if found.id.name == name && found.namespace.is_empty() {
            return Ok(());
        }
        map.insert("name".to_owned(), Value::from(found.id.name.as_str()));
        if !found.namespace.is_empty() {
            map.insert(
                "namespace".to_owned(),
                Value::from(found.namespace.as_str()),
            );
        }
        Ok(())
    }

    /// The object that was called `name` once.
    fn find<'c>(
        &self,
        name: &str,
        among: &[&'c Candidate],
        is_same: impl Fn(&Candidate, &Candidate) -> bool,
    ) -> Result<Option<&'c Candidate>, String> {
        let own = &self.own.id;
        let mut found: Vec<&'c Candidate> = among
            .iter()
            .copied()
            .filter(|it| it.previous.iter().any(|id| id.name == name))
            .filter(|it| it.previous.iter().any(|id| id.gvk.is_selected(self.target)))
            .filter(|it| {
                self.role
                    .is_none_or(|role| it.previous.iter().any(|id| id.gvk.is_selected(role)))
            })
            .filter(|it| {
                own.gvk.is_cluster_scoped()
                    || it.id.gvk.is_cluster_scoped()
                    || it.id.gvk.kind == "ServiceAccount"
                    || it.id.effective_namespace() == own.effective_namespace()
            })
            .collect();
        if let [one] = found.as_slice() {
            return Ok(Some(one));
        }
        let alike = |a: &[String], b: &[String], or_empty: bool| {
            (or_empty && (a.is_empty() || b.is_empty())) || ends_alike(a, b)
        };
        let own = self.own;
        found.retain(|it| {
            alike(&it.prefixes, &own.prefixes, true) && alike(&it.suffixes, &own.suffixes, true)
        });
        if found.len() > 1 {
            found.retain(|it| {
                is_ending(&it.prefixes, &own.prefixes) && is_ending(&it.suffixes, &own.suffixes)
            });
        }
        match found.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|it| is_same(first, it)) => Ok(Some(first)),
            several => {
                let ids: Vec<String> = several.iter().map(|it| it.id.to_string()).collect();
                Err(format!(
                    "found multiple possible referrals: {}",
                    ids.join(", ")
                ))
            }
        }
    }
}

/// As [`ends_alike`], where nothing is like nothing only.
fn is_ending(a: &[String], b: &[String]) -> bool {
    a.is_empty() == b.is_empty() && ends_alike(a, b)
}
