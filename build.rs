//! How the program is linked.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it is how a build script and cargo talk"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // At a fixed address, as Go links Helm: moving the program to another one at each start touches
    // 160 pages of tables, which is a fifth of the CPU time of rendering a fresh chart, and 2 MB.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
