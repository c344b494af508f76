//! Helm's engine: charts and values in, manifests out.
