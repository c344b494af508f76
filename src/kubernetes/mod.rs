//! What is known of Kubernetes without a cluster.

pub mod kind;
