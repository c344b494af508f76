//! pintle renders Helm charts byte for byte as Helm 4 does.
//!
//! The way of the data, from what was typed to what is printed:
//!
//! 1. [`cli`] parses the command line and resolves flags, environment and `pintle.yaml` into settings.
//! 2. [`action`] holds one verb a file; it is given what was meant, not what was typed.
//! 3. [`chart::load`] reads a directory or archive into a [`chart::Chart`].
//! 4. [`chart::values`] layers the values, keeps origins, coalesces, and checks the schema.
//! 5. [`render`] executes the templates; it is pure, for all else comes through [`world::World`].
//! 6. [`render::manifest`] splits, checks and sorts what came out.
//!
//! | module | what it is |
//! |---|---|
//! | [`diag`] | named texts, places in them, errors with excerpts |
//! | [`value`] | frozen and live values, Go types, paths, origins |
//! | [`go`] | look-alikes of Go's library |
//! | [`world`] | clock, randomness, environment, DNS, look-ups |
//! | [`yaml`], [`toml`] | text to values and back, as Go's libraries do |
//! | [`template`] | Go's `text/template`, no word of Helm |
//! | [`sprig`] | the sprig function library |
//! | [`kustomize`] | kustomizations, built |
//! | [`chart`] | charts, values, dependencies, schemas |
//! | [`render`] | Helm's engine, manifests, notes |
//! | [`release`] | releases as records and as text |
//! | [`net`] | the HTTP client |
//! | [`plugin`] | Helm's plugins: what they say, where they are, how they are run |
//! | [`fetch`] | chart repositories, their indexes, downloads |
//! | [`backend`] | where releases are brought to: a Kubernetes cluster, memory |
//! | [`action`] | what the commands do |
//! | [`ecspresso`] | projects of ecspresso |
//! | [`helmfile`] | layered environments and states of many releases |
//! | [`cli`] | the command lines |

pub mod action;
pub mod backend;
pub mod chart;
pub mod cli;
pub mod diag;
pub mod ecspresso;
pub mod fetch;
pub mod go;
pub mod helmfile;
pub mod kubernetes;
pub mod kustomize;
pub mod net;
pub mod plugin;
pub mod release;
pub mod render;
pub mod sprig;
pub mod template;
pub mod toml;
pub mod ui;
pub mod value;
pub mod world;
pub mod yaml;
