//! `namespace`

use serde_json::Value;

use super::super::field::{FieldSpec, Leaf};
use super::super::gather::Gathered;

/// Which subjects of role bindings are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Those that are called `default`.
    #[default]
    Default,
    /// All service accounts.
    Accounts,
    None,
}

/// The namespace that objects get.
pub(super) struct Namespace {
    namespace: String,
    places: Vec<FieldSpec>,
    pub(super) subjects: Subjects,
    /// Whether objects that have one keep it.
    pub(super) unset_only: bool,
}

impl Namespace {
    pub(super) fn new(namespace: String, places: Vec<FieldSpec>) -> Namespace {
        Namespace {
            namespace,
            places,
            subjects: Subjects::default(),
            unset_only: false,
        }
    }

    fn set(&self, value: &mut Value) {
        let is_empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
        if is_empty || !self.unset_only {
            *value = Value::from(self.namespace.as_str());
        }
    }

    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), String> {
        for at in 0..gathered.resources.len() {
            self.change(gathered, at)?;
            let id = gathered.resources[at].id();
            let same = gathered.resources.iter().filter(|it| it.id().is(&id));
            if same.count() != 1 {
                return Err(format!(
                    "namespace transformation produces ID conflict: {id}"
                ));
            }
        }
        Ok(())
    }

    fn change(&self, gathered: &mut Gathered, at: usize) -> Result<(), String> {
        let resource = &mut gathered.resources[at];
        resource.remember();
        let gvk = resource.gvk();
        if !gvk.is_cluster_scoped() {
            let place = FieldSpec::new("", "", "metadata/namespace").creating();
            place.visit(&mut resource.value, Leaf::Scalar, &mut |value| {
                self.set(value);
                Ok(())
            })?;
        }
        let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding && let Some(Value::Array(subjects)) = resource.value.get_mut("subjects") {
            for subject in subjects {
                self.change_subject(subject);
            }
        }
        for place in &self.places {
            let is_handled = place.path == "metadata/namespace"
                || (place.path == "metadata/name" && gvk.api_version() != "v1")
                || (is_binding && place.path == "subjects/namespace");
            if is_handled {
                continue;
            }
            place.visit(
                &mut resource.value,
                Leaf::Scalar,
                &mut |value| match value {
                    Value::Object(_) | Value::Array(_) => {
                        Err("namespace field specs must target scalar nodes".to_owned())
                    }
                    _ => {
                        self.set(value);
                        Ok(())
                    }
                },
            )?;
        }
        Ok(())
    }

    fn change_subject(&self, subject: &mut Value) {
        let is =
            |name: &str, wanted: &str| subject.get(name).and_then(Value::as_str) == Some(wanted);
        let is_meant = match self.subjects {
            Subjects::Default => is("name", "default"),
            Subjects::Accounts => is("kind", "ServiceAccount"),
            Subjects::None => false,
        };
        if let (true, Some(subject)) = (is_meant, subject.as_object_mut()) {
            self.set(subject.entry("namespace").or_insert(Value::Null));
        }
    }
}
