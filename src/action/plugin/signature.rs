//! Signatures of plugins (`internal/plugin/{sign,verify}.go`, Helm 4.2.4): those of charts, over what
//! a `plugin.yaml` says.

use crate::chart::provenance::{self, Keyring, Keys, Passphrases, Signer, Verification};
use crate::diag::Error;
use crate::plugin::archive;
use crate::world::World;

/// Checks a packaged plugin called `name` against its provenance, and tells who signed it.
///
/// # Errors
/// Keys that cannot be read, and what does not hold.
pub(super) fn verify(
    packed: &[u8],
    provenance: &[u8],
    name: &str,
    keys: &Keys,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let found = keys.check_signed(packed, provenance, name)?;
    print(&found, out);
    Ok(())
}

/// The lines that `helm plugin verify` prints.
fn print(found: &Verification, out: &mut Vec<u8>) {
    found.print_signers(out);
    let line = format!("Plugin Hash Verified: {}\n", found.digest);
    out.extend_from_slice(line.as_bytes());
}

/// Who signs.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    /// The name of the key, or a part of it.
    pub key: String,
    /// The file with the keys.
    pub keyring: String,
}

impl Signing {
    /// Makes the key ready.
    ///
    /// # Errors
    /// Keys that cannot be read, a key that is not there or cannot be unlocked.
    pub(super) fn signer(&self, passphrases: &mut dyn Passphrases) -> Result<Signer, Error> {
        let unreadable = |error: Error| error.wrap("error reading from keyring");
        let keys = Keyring::load(&self.keyring).map_err(unreadable)?;
        Signer::new(&keys, &self.key, passphrases)
    }
}

/// The message that goes beside the packaged plugin `packed` called `name`.
///
/// # Errors
/// What cannot be read or signed.
pub(super) fn sign(
    packed: &[u8],
    name: &str,
    signer: &Signer,
    world: &dyn World,
) -> Result<Vec<u8>, Error> {
    let metadata = archive::inspect(packed)
        .map_err(|error| error.wrap("failed to extract plugin metadata"))?
        .encode()
        .map_err(|error| error.wrap("failed to marshal plugin metadata"))?;
    let text = provenance::message(packed, name, &metadata)?;
    let mut salt = [0; 32];
    world.fill_random(&mut salt);
    signer.sign(&text, world.now(), salt)
}
