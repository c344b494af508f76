//! TOML as `github.com/BurntSushi/toml` writes it.
