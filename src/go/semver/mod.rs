//! Semantic versions as `github.com/Masterminds/semver/v3` 3.5.0 reads, compares and prints them.
//!
//! ```
//! use pintle::go::semver::{Constraint, Version};
//!
//! let version = Version::parse("v1.21").unwrap();
//! assert_eq!(version.to_string(), "1.21.0");
//! assert!(Constraint::parse("^1.20 || 3.x").unwrap().check(&version));
//! ```

mod constraint;
mod object;
mod version;

pub use constraint::Constraint;
pub use object::VersionObject;
pub use version::{Error, Version};
