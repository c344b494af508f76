//! What a manifest says (`ocispec.Manifest`, `ocispec.Index`, `content.Successors`).

use std::collections::BTreeMap;

use super::Digest;
use crate::chart::decode::find_field;
use crate::go::json;
use crate::value::Frozen;

/// `ocispec.MediaTypeImageManifest`
pub(super) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// `ocispec.MediaTypeImageIndex`
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const ARTIFACT: &str = "application/vnd.oci.artifact.manifest.v1+json";

/// The manifests that are asked for.
pub(super) const ACCEPTED: [&str; 5] = [DOCKER_IMAGE, DOCKER_LIST, IMAGE, INDEX, ARTIFACT];

/// Whether what is of that type is kept with the manifests, not with the blobs.
pub(super) fn is_manifest(media_type: &str) -> bool {
    ACCEPTED.contains(&media_type)
}

/// The name of a part, with its type and size (`ocispec.Descriptor`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: usize,
}

impl Descriptor {
    /// Of `bytes`.
    pub(super) fn of(media_type: &str, bytes: &[u8]) -> Descriptor {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len(),
        }
    }

    fn read(value: &Frozen) -> Result<Option<Descriptor>, String> {
        let members = match value {
            Frozen::Map(members) => members,
            Frozen::Null => return Ok(None),
            _ => return Err("json: cannot unmarshal a descriptor that is no object".to_owned()),
        };
        let mut media_type = String::new();
        let mut digest = String::new();
        let mut size = 0.0;
        for (key, value) in members.iter() {
            match (find_field(key, &["mediaType", "digest", "size"]), value) {
                (Some("mediaType"), Frozen::String(text)) => {
                    media_type = String::from_utf8_lossy(text).into_owned();
                }
                (Some("digest"), Frozen::String(text)) => {
                    digest = String::from_utf8_lossy(text).into_owned();
                }
                (Some("size"), Frozen::Float(number)) => size = *number,
                _ => {}
            }
        }
        let digest =
            Digest::parse(&digest).map_err(|why| format!("failed to validate {digest}: {why}"))?;
        if !(0.0..9e15).contains(&size) || size.fract() != 0.0 {
            return Err("invalid descriptor size".to_owned());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number in range"
        )]
        let size = size as usize;
        Ok(Some(Descriptor {
            media_type,
            digest,
            size,
        }))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"mediaType\":");
        json::write_string(self.media_type.as_bytes(), out, true);
        out.extend_from_slice(b",\"digest\":");
        json::write_string(self.digest.as_str().as_bytes(), out, true);
        out.extend_from_slice(format!(",\"size\":{}}}", self.size).as_bytes());
    }
}

/// The parts that a manifest names; what is no manifest names none.
///
/// # Errors
/// Go's words for what is no JSON.
pub(super) fn parts(media_type: &str, bytes: &[u8]) -> Result<Vec<Descriptor>, String> {
    let fields: &'static [&'static str] = match media_type {
        DOCKER_IMAGE => &["config", "layers"],
        IMAGE => &["subject", "config", "layers"],
        DOCKER_LIST => &["manifests"],
        INDEX => &["subject", "manifests"],
        ARTIFACT => &["subject", "blobs"],
        _ => return Ok(Vec::new()),
    };
    let value = json::decode(bytes)?;
    let Frozen::Map(members) = &value else {
        return Ok(Vec::new());
    };
    let mut found: BTreeMap<usize, Vec<Descriptor>> = BTreeMap::new();
    for (key, value) in members.iter() {
        let Some(name) = find_field(key, fields) else {
            continue;
        };
        let mut list = Vec::new();
        match value {
            Frozen::List(items) => {
                for item in items.iter() {
                    list.extend(Descriptor::read(item)?);
                }
            }
            other => list.extend(Descriptor::read(other)?),
        }
        let order = fields.iter().position(|field| *field == name);
        found.insert(order.unwrap_or_default(), list);
    }
    Ok(found.into_values().flatten().collect())
}

/// A chart's manifest.
pub(super) fn write(
    config: &Descriptor,
    layers: &[Descriptor],
    annotations: &BTreeMap<String, String>,
) -> Vec<u8> {
    let mut out = b"{\"schemaVersion\":2,\"config\":".to_vec();
    config.write(&mut out);
    out.extend_from_slice(b",\"layers\":[");
    for (at, layer) in layers.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        layer.write(&mut out);
    }
    out.push(b']');
    if !annotations.is_empty() {
        out.extend_from_slice(b",\"annotations\":{");
        for (at, (key, value)) in annotations.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            json::write_string(key.as_bytes(), &mut out, true);
            out.push(b':');
            json::write_string(value.as_bytes(), &mut out, true);
        }
        out.push(b'}');
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_the_order_of_the_fields() {
        let hash = |digit: char| format!("sha256:{}", digit.to_string().repeat(64));
        let part = |digit| {
            format!(
                "{{\"mediaType\":\"m\",\"digest\":\"{}\",\"size\":1}}",
                hash(digit)
            )
        };
        let text = format!(
            "{{\"layers\":[{},{}],\"config\":{},\"x\":1}}",
            part('1'),
            part('2'),
            part('0')
        );
        let found = parts(IMAGE, text.as_bytes()).unwrap();
        let digests: Vec<&str> = found.iter().map(|part| part.digest.as_str()).collect();
        assert_eq!(digests, [hash('0'), hash('1'), hash('2')]);
        assert!(parts("text/plain", b"x").unwrap().is_empty());
        for (text, want) in [
            ("{", "unexpected end of JSON input"),
            (
                "{\"config\":{\"digest\":\"x\"}}",
                "failed to validate x: invalid checksum digest format",
            ),
        ] {
            assert_eq!(parts(IMAGE, text.as_bytes()).unwrap_err(), want);
        }
        let text = format!(
            "{{\"config\":{{\"digest\":\"{}\",\"size\":-1}}}}",
            hash('0')
        );
        assert!(parts(IMAGE, text.as_bytes()).is_err());
    }
}
