//! `ref+sops://`: a file that sops encrypted, or such a file in base64.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;

use super::super::sops::{self, Document, Format, Keys};
use super::{Context, Provider, local};
use crate::diag::{Error, Kind};
use crate::go::strconv;
use crate::world::World;

/// Decrypts what references name.
pub(super) struct Sops {
    world: Arc<dyn World>,
    folder: PathBuf,
    key_type: String,
    format: String,
    no_exec: bool,
}

impl Sops {
    pub(super) fn new(context: &Context<'_>) -> Sops {
        Sops {
            world: Arc::clone(context.world),
            folder: context.folder.to_path_buf(),
            key_type: context.text("key_type"),
            format: context.text("format"),
            no_exec: context.no_exec,
        }
    }

    fn decrypt(&self, path: &str, otherwise: Option<Format>) -> Result<Vec<u8>, Error> {
        let (text, name) = match self.key_type.as_str() {
            "base64" => (unpack(path)?, ""),
            "" | "filepath" => {
                let text = local::read(&self.folder, path).map_err(|error| {
                    let path = strconv::quote(path);
                    error.wrap(format_args!("failed to read {path}"))
                })?;
                (text, path)
            }
            other => {
                let other = strconv::quote(other);
                let message = format!(
                    "unsupported key type {other}. It must be one \"base64\" or \"filepath\""
                );
                return Err(Error::new(Kind::Usage, message));
            }
        };
        let named = match self.format.as_str() {
            "" => otherwise,
            format => Format::of_name(format),
        };
        let document = Document {
            text: &text,
            format: named.unwrap_or_else(|| Format::of_path(name)),
        };
        let keys = Keys::new(&*self.world, &self.folder, self.no_exec);
        sops::decrypt(&document, &keys)
    }
}

/// Base64 for URLs, with padding (`base64.URLEncoding`).
fn unpack(text: &str) -> Result<Vec<u8>, Error> {
    base64::engine::general_purpose::URL_SAFE
        .decode(text)
        .map_err(|error| {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _) => at,
                _ => text.len(),
            };
            Error::new(
                Kind::Values,
                format!("illegal base64 data at input byte {at}"),
            )
        })
}

impl Provider for Sops {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.decrypt(path, None)
    }

    fn map(&self, path: &str) -> Result<super::Entries, Error> {
        let text = self.decrypt(path, Some(Format::Yaml))?;
        super::document(&text).map_err(|message| Error::new(Kind::Values, message))
    }
}
