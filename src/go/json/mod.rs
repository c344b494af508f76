//! Go's `encoding/json` (Go 1.26, the v1 implementation): the same bytes, the same errors.
//!
//! ```
//! use pintle::go::json::{self, Options};
//!
//! let value = json::decode(br#"{"b": [1, 2.50], "a": "<x>"}"#).unwrap();
//! let mut out = Vec::new();
//! json::encode_frozen(&value, &mut out, Options::default()).unwrap();
//! assert_eq!(out, br#"{"a":"\u003cx\u003e","b":[1,2.5]}"#);
//! ```

mod decode;
mod encode;
mod scan;

pub use decode::{Decoded, Shape, decode, decode_as, decode_next, decode_prefix};
pub use encode::{Options, encode, encode_frozen, write_string};
