//! What is known of Kubernetes without a cluster.

pub mod health;
pub mod jsonpath;
pub mod kind;
pub mod merge;
pub mod readiness;
pub mod scope;
pub mod selector;
pub mod table;
