//! Go's `strconv`: numbers and quoted strings to text and back, with Go's error texts.

mod error;
mod float;
mod integer;
mod printable;
mod quote;

pub use error::{NumError, NumFault};
pub(crate) use float::shortest;
pub use float::{append_float, format_float, parse_float};
pub use integer::{atoi, format_int, format_uint, parse_bool, parse_int, parse_uint};
pub use printable::is_print;
pub use quote::{
    InvalidSyntax, Unit, can_backquote, quote, quote_rune, quote_rune_to_ascii, quote_to_ascii,
    unquote, unquote_char,
};
