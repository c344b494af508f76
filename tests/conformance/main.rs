//! Renders recorded cases through the library.

fn main() {}
