//! What Helmfile's commands do with states (`pkg/app`).

mod batch;
mod build;
mod change;
mod create;
mod deploy;
mod deps;
mod fetch;
mod list;
mod output;
mod plan;
mod render;
mod summary;
mod unittest;
mod value;

pub use build::{Build, PrintEnv};
pub use change::Diff;
pub use create::{Create, create};
pub use deploy::{Destroy, Sync, Test};
pub use deps::Charts;
pub use fetch::Fetch;
pub use list::{List, Listing};
pub use plan::Needs;
pub(super) use render::redacted;
pub use render::{Lint, Template};
pub use unittest::UnitTest;
pub use value::WriteValues;

use super::Fleet;
use super::chartify::Rendering;
use super::prepare::Preparation;

impl Fleet<'_> {
    fn preparation(&self, command: &'static str) -> Preparation {
        Preparation {
            command,
            skip_repositories: self.options.skip_refresh || self.options.skip_deps,
            skip_deps: self.options.skip_deps,
            skip_refresh: self.options.skip_refresh,
            with_needs: false,
            rendering: Rendering {
                include_crds: true,
                ..Rendering::default()
            },
            download: None,
        }
    }

    /// What commands need that only look: nothing is added or built.
    fn looking(command: &'static str) -> Preparation {
        Preparation {
            command,
            skip_repositories: true,
            skip_deps: true,
            ..Preparation::default()
        }
    }
}
