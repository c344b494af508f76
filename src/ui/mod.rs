//! What people see: colour, excerpts, tables.
