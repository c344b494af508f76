//! `helm dependency list|build|update` (`pkg/action/dependency.go`, `pkg/downloader/manager.go` and
//! `internal/resolver`, Helm 4.2.4).

mod list;
mod lock;
mod manager;
mod resolve;

pub use list::{Listing, Row, list, read};
pub use manager::{Manager, Refresh};
