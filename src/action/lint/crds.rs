//! Rules about `crds/` (`lint/rules/crds.go`).

use super::manifest::Documents;
use super::templates::Stub;
use super::{Linter, Severity, check_folder, is_missing};

const FOLDER: &str = "crds/";

pub(super) fn lint(linter: &mut Linter<'_, '_>) {
    let folder = linter.path(FOLDER);
    if is_missing(&folder) {
        return;
    }
    if !linter.rule(Severity::Error, FOLDER, check_folder(&folder)) {
        return;
    }
    let chart = match linter.load() {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, FOLDER, Err(error));
            return;
        }
    };
    for crd in chart.crds() {
        for document in Documents::new(&crd.file.data, Stub::read) {
            let stub = match document {
                Ok(stub) => stub,
                Err(error) => {
                    let verdict = Err(format!("unable to parse YAML: {error}"));
                    linter.rule(Severity::Error, crd.name, verdict);
                    return;
                }
            };
            let Some(stub) = stub else {
                continue;
            };
            if !stub.api_version.starts_with("apiextensions.k8s.io") {
                let verdict = Err("apiVersion is not in 'apiextensions.k8s.io'");
                linter.rule(Severity::Error, crd.name, verdict);
            }
            if stub.kind != "CustomResourceDefinition" {
                let verdict = Err("object kind is not 'CustomResourceDefinition'");
                linter.rule(Severity::Error, crd.name, verdict);
            }
        }
    }
}
