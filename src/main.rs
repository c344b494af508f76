//! The `pintle` program; everything it does is in the library.

fn main() -> std::process::ExitCode {
    pintle::cli::main()
}
