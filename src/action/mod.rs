//! What the commands do: one verb a file. An action is given what was meant and returns what to
//! print; it knows no flags, no terminal, no environment.

mod explain;
pub mod package;
pub mod template;
