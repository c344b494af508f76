//! Kubernetes objects to ECS, rule by rule (`docs/ecs.md`).

pub(super) mod object;
pub(super) mod order;

use super::Input;
use super::native;
use super::report::Report;
use object::Object;
use order::Group;

/// Translates all objects that are not native.
pub(super) fn translate(input: &Input<'_>, report: &Report) -> Vec<Group> {
    for body in input.objects {
        if object::is_ignored(body) || native::is_native(body) {
            continue;
        }
        let object = Object::of(body, input.namespace);
        report.add(1001, &object.label, "", "ECS has nothing like this kind");
    }
    Vec::new()
}
