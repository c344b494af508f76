//! Keys with their names and subkeys (`ReadKeyRing` and `Entity` of go-crypto's `openpgp`).

use std::collections::BTreeMap;

use super::key::{Key, Secret};
use super::packet::{Packet, Packets};
use super::signature::{
    DIRECT, KEY_REVOCATION, NAME_REVOCATION, SUBKEY_BINDING, SUBKEY_REVOCATION, Signature,
};
use super::{Flaw, MAY_SIGN, several};
use crate::diag::Error;

/// The key was given away: revoked from the beginning.
const COMPROMISED: u8 = 2;

/// A primary key, and what belongs to it.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) primary: Key,
    pub(super) secret: Option<Secret>,
    identities: BTreeMap<Vec<u8>, Identity>,
    subkeys: Vec<Subkey>,
    revocations: Vec<Signature>,
    /// Of keys of version 6: what the key says of itself.
    direct: Option<Signature>,
}

/// A name that the key claims.
#[derive(Debug, Default)]
struct Identity {
    own: Option<Signature>,
    revocations: Vec<Signature>,
}

#[derive(Debug)]
struct Subkey {
    key: Key,
    binding: Signature,
    revocations: Vec<Signature>,
}

/// A key that may have signed.
pub(super) struct Found<'a> {
    pub(super) entity: &'a Entity,
    pub(super) key: &'a Key,
    /// The subkey, where it is one.
    subkey: Option<&'a Subkey>,
}

/// Reads all keys. Those that are malformed or not supported are passed over, where there is another.
pub(super) fn read(mut bytes: &[u8]) -> Result<Vec<Entity>, Flaw> {
    let mut packets = Packets::new(&mut bytes);
    let mut entities = Vec::new();
    let mut passed_over = None;
    loop {
        match Entity::read(&mut packets) {
            Ok(Some(entity)) => entities.push(entity),
            Ok(None) => break,
            Err(flaw @ (Flaw::Unsupported(_) | Flaw::Structural(_))) => {
                passed_over = Some(flaw);
                if !skip(&mut packets)? {
                    break;
                }
            }
            Err(flaw) => return Err(flaw),
        }
    }
    match passed_over {
        Some(flaw) if entities.is_empty() => Err(flaw),
        _ => Ok(entities),
    }
}

/// Goes to the next public key; tells whether there is one.
fn skip(packets: &mut Packets<'_>) -> Result<bool, Flaw> {
    loop {
        match packets.next() {
            Ok(None) => return Ok(false),
            Ok(Some(Packet::Key(key))) if !key.is_subkey => {
                packets.unread(Packet::Key(key));
                return Ok(true);
            }
            Ok(Some(_)) | Err(Flaw::Unsupported(_)) => {}
            Err(flaw) => return Err(flaw),
        }
    }
}

/// The entity whose name is `id`, or else the only name that contains it.
pub(super) fn find<'a>(entities: &'a [Entity], id: &[u8]) -> Result<Option<&'a Entity>, Error> {
    let mut candidate = None;
    let mut is_vague = false;
    for entity in entities {
        for name in entity.identities.keys() {
            if name == id {
                return Ok(Some(entity));
            }
            if memchr::memmem::find(name, id).is_some() {
                is_vague |= candidate.is_some();
                candidate = Some(entity);
            }
        }
    }
    match is_vague {
        true => Err(several(id)),
        false => Ok(candidate),
    }
}

/// The keys of an id that are for signing (`EntityList.KeysByIdUsage`).
pub(super) fn signing_keys(entities: &[Entity], id: u64) -> Vec<Found<'_>> {
    let may_sign = |binding: Option<&Signature>| {
        let flags = binding.and_then(|binding| binding.flags);
        flags.is_some_and(|flags| flags & MAY_SIGN != 0)
    };
    let mut found = Vec::new();
    for entity in entities {
        if entity.primary.id == id && may_sign(entity.own_signature()) {
            found.push(Found {
                entity,
                key: &entity.primary,
                subkey: None,
            });
        }
        for subkey in &entity.subkeys {
            if subkey.key.id == id && may_sign(Some(&subkey.binding)) {
                found.push(Found {
                    entity,
                    key: &subkey.key,
                    subkey: Some(subkey),
                });
            }
        }
    }
    found
}

fn is_revoked(revocations: &[Signature], now: u64) -> bool {
    let counts = |one: &Signature| one.reason == Some(COMPROMISED) || !one.is_expired(now);
    revocations.iter().any(counts)
}

impl Found<'_> {
    /// Whether key and signature count at `now` (Go: `checkMessageSignatureDetails`).
    pub(super) fn check(&self, signature: &Signature, now: u64) -> Result<(), Flaw> {
        let other = |message: &str| Err(Flaw::Other(message.to_owned()));
        let entity = self.entity;
        let own = entity.own_signature();
        let mut bindings = vec![Some(signature), own];
        if let Some(subkey) = self.subkey {
            bindings.push(Some(&subkey.binding));
            bindings.push(subkey.binding.embedded.as_deref());
        }
        let bindings: Vec<&Signature> = bindings.into_iter().flatten().collect();
        if let Some(name) = bindings
            .iter()
            .flat_map(|one| &one.critical_notations)
            .next()
        {
            let name = String::from_utf8_lossy(name);
            return Err(Flaw::Signature(format!(
                "unknown critical notation: {name}"
            )));
        }
        let name_is_revoked = entity
            .first_identity()
            .is_some_and(|identity| is_revoked(&identity.revocations, now));
        let subkey_is_revoked = self
            .subkey
            .is_some_and(|subkey| is_revoked(&subkey.revocations, now));
        if is_revoked(&entity.revocations, now) || subkey_is_revoked || name_is_revoked {
            return other("openpgp: signature made by revoked key");
        }
        let subkey_is_expired = self
            .subkey
            .is_some_and(|subkey| subkey.key.is_expired(Some(&subkey.binding), now));
        if entity.primary.is_expired(own, now) || subkey_is_expired {
            return other("openpgp: key expired");
        }
        if bindings.iter().any(|one| one.is_expired(now)) {
            return other("openpgp: signature expired");
        }
        Ok(())
    }
}

impl Entity {
    /// All names, in order.
    pub(super) fn names(&self) -> Vec<Vec<u8>> {
        self.identities.keys().cloned().collect()
    }

    /// The identity that counts most: not revoked, said to be primary, the newest. Keys of version 6
    /// need none.
    fn first_identity(&self) -> Option<&Identity> {
        if self.primary.version == 6 {
            return None;
        }
        let mut best: Option<&Identity> = None;
        for identity in self.identities.values() {
            if best.is_none_or(|best| identity.is_better_than(best)) {
                best = Some(identity);
            }
        }
        best
    }

    /// What the key says of itself.
    fn own_signature(&self) -> Option<&Signature> {
        match self.primary.version {
            6 => self.direct.as_ref(),
            _ => self.first_identity()?.own.as_ref(),
        }
    }

    fn read(packets: &mut Packets<'_>) -> Result<Option<Entity>, Flaw> {
        let (primary, secret) = match packets.next()? {
            None => return Ok(None),
            Some(Packet::Key(key)) => (*key, None),
            Some(Packet::Secret(both)) => {
                let (key, secret) = *both;
                (key, Some(secret))
            }
            Some(other) => {
                packets.unread(other);
                return Flaw::structural("first packet was not a public/private key");
            }
        };
        if !primary.can_sign() {
            return Flaw::structural("primary key cannot be used for signatures");
        }
        let mut entity = Entity {
            primary,
            secret,
            identities: BTreeMap::new(),
            subkeys: Vec::new(),
            revocations: Vec::new(),
            direct: None,
        };
        let (mut revocations, mut direct) = (Vec::new(), Vec::new());
        loop {
            match packets.next()? {
                None => break,
                Some(Packet::UserId(name)) => entity.read_name(name, packets)?,
                Some(Packet::Signature(signature)) => match signature.kind {
                    KEY_REVOCATION => revocations.push(*signature),
                    DIRECT => direct.push(*signature),
                    _ => {}
                },
                Some(Packet::Secret(both)) if both.0.is_subkey => {
                    entity.read_subkey(both.0, packets)?;
                }
                Some(Packet::Key(key)) if key.is_subkey => entity.read_subkey(*key, packets)?,
                Some(packet @ (Packet::Key(_) | Packet::Secret(_))) => {
                    packets.unread(packet);
                    break;
                }
                Some(Packet::Other) => {}
            }
        }
        let version = entity.primary.version;
        if entity.identities.is_empty() && version < 6 {
            return Flaw::structural(format!("v{version} entity without any identities"));
        }
        if version == 6 {
            entity.direct = Some(entity.choose_direct(direct)?);
        }
        for revocation in revocations {
            let hashed = entity.primary.hashed();
            if entity.primary.verify(&[&hashed], &revocation).is_err() {
                return Flaw::structural("revocation signature signed by alternate key");
            }
            entity.revocations.push(revocation);
        }
        Ok(Some(entity))
    }

    /// The newest of the signatures that a key of version 6 made of itself.
    fn choose_direct(&self, found: Vec<Signature>) -> Result<Signature, Flaw> {
        if found.is_empty() {
            return Flaw::structural("v6 entity without a valid direct-key signature");
        }
        let mut best: Option<Signature> = None;
        for signature in found {
            let is_newer = best.as_ref().is_none_or(|best| signature.is_after(best));
            if signature.is_of(&self.primary) && is_newer {
                best = Some(signature);
            }
        }
        let Some(best) = best else {
            return Flaw::structural("no valid direct-key self-signature for v6 primary key found");
        };
        if self
            .primary
            .verify(&[&self.primary.hashed()], &best)
            .is_err()
        {
            return Flaw::structural("invalid direct-key self-signature for v6 primary key");
        }
        Ok(best)
    }

    /// Reads the signatures of a name; it counts where one is the key's own.
    fn read_name(&mut self, name: Vec<u8>, packets: &mut Packets<'_>) -> Result<(), Flaw> {
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
        let hashed = [&self.primary.hashed(), &b"\xb4"[..], &length, &name].concat();
        let mut identity = Identity::default();
        let mut counts = false;
        while let Some(packet) = packets.next()? {
            let Packet::Signature(signature) = packet else {
                packets.unread(packet);
                break;
            };
            if !matches!(signature.kind, 0x10..=0x13 | NAME_REVOCATION) {
                return Flaw::structural("user ID signature with wrong type");
            }
            if !signature.is_of(&self.primary) {
                continue;
            }
            if let Err(flaw) = self.primary.verify(&[&hashed], &signature) {
                return Flaw::structural(format!("user ID self-signature invalid: {flaw}"));
            }
            counts = true;
            if signature.kind == NAME_REVOCATION {
                identity.revocations.push(*signature);
            } else if identity
                .own
                .as_ref()
                .is_none_or(|own| signature.is_after(own))
            {
                identity.own = Some(*signature);
            }
        }
        if counts {
            self.identities.insert(name, identity);
        }
        Ok(())
    }

    fn read_subkey(&mut self, key: Key, packets: &mut Packets<'_>) -> Result<(), Flaw> {
        let invalid = |flaw: Flaw| Flaw::Structural(format!("subkey signature invalid: {flaw}"));
        let hashed = [self.primary.hashed(), key.hashed()].concat();
        let mut binding: Option<Signature> = None;
        let mut revocations = Vec::new();
        while let Some(packet) = packets.next().map_err(invalid)? {
            let Packet::Signature(signature) = packet else {
                packets.unread(packet);
                break;
            };
            if !matches!(signature.kind, SUBKEY_BINDING | SUBKEY_REVOCATION) {
                return Flaw::structural("subkey signature with wrong type");
            }
            self.check_subkey(&key, &hashed, &signature)
                .map_err(invalid)?;
            if signature.kind == SUBKEY_REVOCATION {
                revocations.push(*signature);
            } else if binding.as_ref().is_none_or(|old| signature.is_after(old)) {
                binding = Some(*signature);
            }
        }
        let Some(binding) = binding else {
            return Flaw::structural("subkey packet not followed by signature");
        };
        self.subkeys.push(Subkey {
            key,
            binding,
            revocations,
        });
        Ok(())
    }

    /// A subkey that signs has to agree (Go: `PublicKey.VerifyKeySignature`).
    fn check_subkey(&self, key: &Key, hashed: &[u8], signature: &Signature) -> Result<(), Flaw> {
        self.primary.verify(&[hashed], signature)?;
        if signature.flags.is_none_or(|flags| flags & MAY_SIGN == 0) {
            return Ok(());
        }
        let Some(embedded) = &signature.embedded else {
            return Flaw::structural("signing subkey is missing cross-signature");
        };
        key.verify(&[hashed], embedded).map_err(|flaw| {
            Flaw::Structural(format!("error while verifying cross-signature: {flaw}"))
        })
    }
}

impl Identity {
    fn is_better_than(&self, other: &Identity) -> bool {
        let (ours, theirs) = (self.revocations.len(), other.revocations.len());
        if ours != theirs {
            return ours < theirs;
        }
        match (&self.own, &other.own) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(other)) if own.is_primary != other.is_primary => own.is_primary,
            (Some(own), Some(other)) => own.is_after(other),
        }
    }
}
