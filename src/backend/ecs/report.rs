//! What is found during a conversion, all of it in one run.

use std::cell::RefCell;

use super::Input;
use super::code;
use super::config::Allow;
use super::desired::{Diagnostic, Level};

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Report(RefCell<Vec<Diagnostic>>);

impl Report {
    /// Adds a finding; the same one at the same member is one.
    pub(super) fn add(&self, code: u16, object: &str, path: &str, message: impl Into<String>) {
        let mut found = self.0.borrow_mut();
        let is_there = found
            .iter()
            .any(|it| it.code == code && it.object == object && it.path == path);
        if !is_there {
            found.push(Diagnostic {
                level: code::level(code),
                code,
                object: object.to_owned(),
                path: path.to_owned(),
                message: message.into(),
            });
        }
    }

    /// The findings without those that are allowed; with `strict`, warnings are errors.
    pub(super) fn judged(self, input: &Input<'_>) -> Vec<Diagnostic> {
        let mut found = self.0.into_inner();
        found.retain(|it| {
            let is_allowed = |allow: &Allow| allow.covers(it.code, &it.object, input.today);
            it.level == Level::Error || !input.config.allow.iter().any(is_allowed)
        });
        if input.config.strict == Some(true) {
            for it in &mut found {
                if it.level == Level::Warning {
                    it.level = Level::Error;
                }
            }
        }
        found
    }
}
