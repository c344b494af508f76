//! Charts: metadata, files, dependencies, values.
