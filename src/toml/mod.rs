//! TOML as `github.com/BurntSushi/toml` writes it.

use crate::value::{FrozenMap, Value};

/// The TOML text of `value`, as BurntSushi/toml 1.6.0's `Encoder` writes it.
pub fn encode(_value: &Value) -> Result<Vec<u8>, String> {
    Err("not there yet".to_owned())
}

/// Reads TOML into a `map[string]interface {}`, as BurntSushi/toml 1.6.0's `Unmarshal` does.
pub fn decode(_text: &[u8]) -> Result<FrozenMap, String> {
    Err("not there yet".to_owned())
}
