//! TOML as `github.com/BurntSushi/toml` 1.6.0 reads and writes it.

mod decode;
mod encode;
mod scalar;

#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::encode;
