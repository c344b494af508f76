//! What is known of Kubernetes without a cluster.
