//! The function library of `github.com/Masterminds/sprig/v3` 3.3.0, by family.
