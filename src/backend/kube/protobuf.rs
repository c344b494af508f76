//! The few objects that Helm sends in Kubernetes' protobuf form, as `client-go`'s typed clients do
//! (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`; fields by `generated.proto`).

/// The media type of it.
pub(super) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What every message begins with.
const MAGIC: &[u8] = b"k8s\0";

/// A Secret or ConfigMap that holds a record.
pub(super) struct Record<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) labels: &'a [(String, String)],
    /// What stands under `release`.
    pub(super) data: &'a [u8],
}

/// `v1.Secret` of Helm's type.
pub(super) fn secret(record: &Record<'_>) -> Vec<u8> {
    let mut message = Message::default();
    message.bytes(1, &metadata(record));
    message.bytes(2, &entry("release", record.data));
    message.text(3, "helm.sh/release.v1");
    envelope("v1", "Secret", &message.0)
}

/// `v1.ConfigMap`
pub(super) fn config_map(record: &Record<'_>) -> Vec<u8> {
    let mut message = Message::default();
    message.bytes(1, &metadata(record));
    message.bytes(2, &entry("release", record.data));
    envelope("v1", "ConfigMap", &message.0)
}

/// `meta/v1.DeleteOptions` that say nothing.
pub(super) fn delete_options() -> Vec<u8> {
    envelope("v1", "DeleteOptions", &[])
}

/// `runtime.Unknown` around an object.
fn envelope(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
    let mut type_meta = Message::default();
    type_meta.text(1, api_version);
    type_meta.text(2, kind);
    let mut unknown = Message::default();
    unknown.bytes(1, &type_meta.0);
    unknown.bytes(2, raw);
    unknown.text(3, "");
    unknown.text(4, "");
    [MAGIC, &unknown.0].concat()
}

/// `meta/v1.ObjectMeta`
fn metadata(record: &Record<'_>) -> Vec<u8> {
    let mut message = Message::default();
    message.text(1, record.name);
    message.text(2, "");
    message.text(3, record.namespace);
    message.text(4, "");
    message.text(5, "");
    message.text(6, "");
    message.number(7, 0);
    // A creation time that was not set.
    message.bytes(8, &[]);
    let mut labels: Vec<&(String, String)> = record.labels.iter().collect();
    labels.sort();
    for (name, value) in labels {
        message.bytes(11, &entry(name, value.as_bytes()));
    }
    message.0
}

/// An entry of a map.
fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    let mut message = Message::default();
    message.text(1, key);
    message.bytes(2, value);
    message.0
}

/// A message that is being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    fn number(&mut self, field: u64, number: u64) {
        self.varint(field << 3);
        self.varint(number);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }
}
