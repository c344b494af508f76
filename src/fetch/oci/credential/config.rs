//! Docker's `config.json`. Members that are not ours stay as they were written.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::Credential;
use crate::chart::decode;
use crate::diag::{Error, Kind};
use crate::fetch::file;
use crate::go::{base64 as go_base64, json, os, path};
use crate::value::Frozen;

/// What the file says.
#[derive(Default)]
pub(super) struct Config {
    path: String,
    /// All members but `auths` and `credsStore`, as they were written.
    others: BTreeMap<String, Vec<u8>>,
    /// What is known for servers, as it was written.
    servers: BTreeMap<String, Vec<u8>>,
    /// The program that keeps credentials, or nothing.
    pub(super) store: String,
    helpers: BTreeMap<String, String>,
}

fn invalid(what: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Usage, format!("{what}: invalid config format: {why}"))
}

/// Go's words for a value of another type.
fn mismatch(value: &Frozen, wanted: &str) -> String {
    let found = match value {
        Frozen::Bool(_) => "bool",
        Frozen::Int(_) | Frozen::Float(_) => "number",
        Frozen::String(_) => "string",
        Frozen::List(_) => "array",
        Frozen::Null | Frozen::Map(_) => "object",
    };
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}

impl Config {
    /// Reads the file; one that is missing or empty says nothing.
    pub(super) fn load(path: &str) -> Result<Config, Error> {
        let mut config = Config {
            path: path.to_owned(),
            ..Config::default()
        };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(config),
            Err(error) => {
                let operation = match error.kind() {
                    ErrorKind::IsADirectory => "read",
                    _ => "open",
                };
                let why = os::path_error(operation, path, &error);
                let message = format!("failed to open config file at {path}: {why}");
                return Err(Error::new(Kind::Io, message));
            }
        };
        if text.trim_ascii().is_empty() {
            return Ok(config);
        }
        let what = format!("failed to decode config file {path}");
        let (members, value) = members(&text).map_err(|why| invalid(&what, why))?;
        let Some(members) = members else {
            let why = mismatch(&value, "map[string]json.RawMessage");
            return Err(invalid(&what, why));
        };
        config.others = members;
        if let Some(raw) = config.others.remove("credsStore") {
            match &json::decode(&raw) {
                Ok(Frozen::String(text)) => {
                    config.store = String::from_utf8_lossy(text).into_owned();
                }
                Ok(Frozen::Null) | Err(_) => {}
                Ok(other) => {
                    let why = mismatch(other, "string");
                    return Err(invalid("failed to unmarshal creds store field", why));
                }
            }
        }
        if let Some(raw) = config.others.get("credHelpers") {
            const WHAT: &str = "failed to unmarshal cred helpers field";
            match &json::decode(raw) {
                Ok(Frozen::Map(helpers)) => {
                    for (server, helper) in helpers.iter() {
                        let Frozen::String(helper) = helper else {
                            return Err(invalid(WHAT, mismatch(helper, "string")));
                        };
                        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                        config.helpers.insert(text(server), text(helper));
                    }
                }
                Ok(Frozen::Null) | Err(_) => {}
                Ok(other) => return Err(invalid(WHAT, mismatch(other, "map[string]string"))),
            }
        }
        if let Some(raw) = config.others.remove("auths") {
            const WHAT: &str = "failed to unmarshal auths field";
            config.servers = match self::members(&raw) {
                Ok((Some(servers), _)) => servers,
                Ok((None, Frozen::Null)) | Err(_) => BTreeMap::new(),
                Ok((None, other)) => {
                    return Err(invalid(
                        WHAT,
                        mismatch(&other, "map[string]json.RawMessage"),
                    ));
                }
            };
        }
        Ok(config)
    }

    /// Whether nothing is said of any server.
    pub(super) fn is_empty(&self) -> bool {
        self.store.is_empty() && self.helpers.is_empty() && self.servers.is_empty()
    }

    /// The program for one server, or nothing.
    pub(super) fn helper(&self, server: &str) -> &str {
        self.helpers.get(server).map_or("", String::as_str)
    }

    /// What is known for a server.
    pub(super) fn get(&self, server: &str) -> Result<Credential, Error> {
        let known = self.servers.get(server).or_else(|| {
            let mut servers = self.servers.iter();
            servers
                .find(|(address, _)| host_of(address) == server)
                .map(|(_, raw)| raw)
        });
        let Some(raw) = known else {
            return Ok(Credential::default());
        };
        const WHAT: &str = "failed to unmarshal auth field";
        let value = json::decode(raw).map_err(|why| invalid(WHAT, why))?;
        let members = match &value {
            Frozen::Map(members) => members,
            Frozen::Null => return Ok(Credential::default()),
            other => return Err(invalid(WHAT, mismatch(other, "config.AuthConfig"))),
        };
        const FIELDS: &[&str] = &[
            "auth",
            "identitytoken",
            "registrytoken",
            "username",
            "password",
        ];
        let mut found = Credential::default();
        let mut encoded = String::new();
        for (key, value) in members.iter() {
            let Some(name) = decode::find_field(key, FIELDS) else {
                continue;
            };
            let field = match name {
                "auth" => &mut encoded,
                "identitytoken" => &mut found.refresh_token,
                "registrytoken" => &mut found.access_token,
                "username" => &mut found.username,
                _ => &mut found.password,
            };
            match value {
                Frozen::String(text) => *field = String::from_utf8_lossy(text).into_owned(),
                Frozen::Null => {}
                other => {
                    let why = mismatch(other, "string");
                    let why =
                        why.replace("Go value", &format!("Go struct field AuthConfig.{name}"));
                    return Err(invalid(WHAT, why));
                }
            }
        }
        if !encoded.is_empty() {
            const WHAT: &str = "failed to decode auth field";
            let bytes = go_base64::decode(encoded.as_bytes()).map_err(|why| invalid(WHAT, why))?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((user, password)) = text.split_once(':') else {
                let why =
                    format!("auth '{text}' does not conform the base64(username:password) format");
                return Err(invalid(WHAT, why));
            };
            found.username = user.to_owned();
            found.password = password.to_owned();
        }
        Ok(found)
    }

    /// Keeps what is known for a server, and writes the file.
    pub(super) fn put(&mut self, server: &str, credential: &Credential) -> Result<(), Error> {
        let encoded = match (&*credential.username, &*credential.password) {
            ("", "") => String::new(),
            (user, password) => BASE64_STANDARD.encode(format!("{user}:{password}")),
        };
        let mut raw = vec![b'{'];
        for (name, value) in [
            ("auth", &encoded),
            ("identitytoken", &credential.refresh_token),
            ("registrytoken", &credential.access_token),
        ] {
            if value.is_empty() {
                continue;
            }
            if raw.len() > 1 {
                raw.push(b',');
            }
            json::write_string(name.as_bytes(), &mut raw, true);
            raw.push(b':');
            json::write_string(value.as_bytes(), &mut raw, true);
        }
        raw.push(b'}');
        self.servers.insert(server.to_owned(), raw);
        self.write()
    }

    /// Forgets a server, and writes the file where that changes it.
    pub(super) fn delete(&mut self, server: &str) -> Result<(), Error> {
        match self.servers.remove(server) {
            None => Ok(()),
            Some(_) => self.write(),
        }
    }

    /// Writes the file, for its owner alone.
    pub(super) fn write(&self) -> Result<(), Error> {
        let mut members = self.others.clone();
        if !self.store.is_empty() {
            let mut raw = Vec::new();
            json::write_string(self.store.as_bytes(), &mut raw, true);
            members.insert("credsStore".to_owned(), raw);
        }
        members.insert("auths".to_owned(), object(&self.servers));
        let text = indent(&object(&members));
        let folder = path::dir(&self.path);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| {
                let why = os::path_error("mkdir", &folder, &error);
                Error::new(
                    Kind::Io,
                    format!("failed to make directory {folder}: {why}"),
                )
            })?;
        file::write(&self.path, &text, 0o600)
            .map_err(|error| error.wrap("failed to save config file"))
    }
}

/// The host in an address of a server.
fn host_of(address: &str) -> &str {
    let rest = address.strip_prefix("http://").unwrap_or(address);
    let rest = rest.strip_prefix("https://").unwrap_or(rest);
    rest.split('/').next().unwrap_or_default()
}

type Members = BTreeMap<String, Vec<u8>>;

/// The members of the object at the start of `text`, as they are written; none where it is no
/// object. The last of equal names counts.
fn members(text: &[u8]) -> Result<(Option<Members>, Frozen), String> {
    let (value, length) = json::decode_prefix(text).map_err(|why| match &*why {
        "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        _ => why,
    })?;
    if !matches!(value, Frozen::Map(_)) {
        return Ok((None, value));
    }
    let inner = text[..length].trim_ascii();
    let mut rest = inner[1..].trim_ascii_start();
    let mut found = Members::new();
    while !rest.starts_with(b"}") {
        let (name, length) = json::decode_prefix(rest)?;
        rest = rest[length..].trim_ascii_start()[1..].trim_ascii_start();
        let (_, length) = json::decode_prefix(rest)?;
        let raw = rest[..length].trim_ascii().to_vec();
        if let Frozen::String(name) = &name {
            found.insert(String::from_utf8_lossy(name).into_owned(), raw);
        }
        rest = rest[length..].trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    Ok((Some(found), value))
}

fn object(members: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (name, raw) in members {
        if out.len() > 1 {
            out.push(b',');
        }
        json::write_string(name.as_bytes(), &mut out, true);
        out.push(b':');
        out.extend_from_slice(raw);
    }
    out.push(b'}');
    out
}

/// Lays valid JSON out as `json.MarshalIndent` does with tabs.
fn indent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut level = 0usize;
    let line = |out: &mut Vec<u8>, level: usize| {
        out.push(b'\n');
        out.resize(out.len() + level, b'\t');
    };
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(*byte);
                let rest = text[at..].trim_ascii_start();
                if let Some(end @ (b'}' | b']')) = rest.first() {
                    out.push(*end);
                    at = text.len() - rest.len() + 1;
                } else {
                    level += 1;
                    line(&mut out, level);
                }
            }
            b'}' | b']' => {
                level = level.saturating_sub(1);
                line(&mut out, level);
                out.push(*byte);
            }
            b',' => {
                out.push(b',');
                line(&mut out, level);
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                out.push(b'"');
                while let Some(byte) = text.get(at) {
                    at += 1;
                    match byte {
                        b'<' => out.extend_from_slice(b"\\u003c"),
                        b'>' => out.extend_from_slice(b"\\u003e"),
                        b'&' => out.extend_from_slice(b"\\u0026"),
                        _ => out.push(*byte),
                    }
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            out.extend(text.get(at));
                            at += 1;
                        }
                        _ => {}
                    }
                }
            }
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> (tempfile::TempDir, Result<Config, String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json").to_string_lossy().into_owned();
        fs::write(&path, text).unwrap();
        let config = Config::load(&path).map_err(|error| error.to_string().replace(&path, "C"));
        (folder, config)
    }

    #[test]
    fn what_is_not_ours_stays_as_it_was() {
        let (_folder, config) = config(
            "{\"x\": {\"b\": 1.50, \"a\": \"<\\\"\", \"e\": [ ], \"l\": [1,2]}, \"auths\": {\"z\": {\"auth\": \"!!\"}}} rest",
        );
        let mut config = config.unwrap();
        let credential = Credential {
            username: "u".to_owned(),
            password: "p".to_owned(),
            ..Credential::default()
        };
        config.put("h:1", &credential).unwrap();
        let written = fs::read_to_string(&config.path).unwrap();
        assert_eq!(
            written,
            "{\n\t\"auths\": {\n\t\t\"h:1\": {\n\t\t\t\"auth\": \"dTpw\"\n\t\t},\n\t\t\"z\": {\n\t\t\t\"auth\": \"!!\"\n\t\t}\n\t},\n\t\"x\": {\n\t\t\"b\": 1.50,\n\t\t\"a\": \"\\u003c\\\"\",\n\t\t\"e\": [],\n\t\t\"l\": [\n\t\t\t1,\n\t\t\t2\n\t\t]\n\t}\n}"
        );
        assert_eq!(config.get("h:1").unwrap(), credential);
        config.delete("h:1").unwrap();
        config.delete("z").unwrap();
        let written = fs::read_to_string(&config.path).unwrap();
        assert!(written.starts_with("{\n\t\"auths\": {},\n"), "{written}");
    }

    #[test]
    fn credentials_are_read_in_all_their_forms() {
        for (text, want) in [
            ("", Ok("::")),
            (" \n", Ok("::")),
            ("{}", Ok("::")),
            ("{\"auths\": null}", Ok("::")),
            (
                "{\"auths\": {\"h\": {\"auth\": \"dTpwOng=\"}}}",
                Ok("u:p:x:"),
            ),
            (
                "{\"auths\": {\"https://h/v1/\": {\"Username\": \"u\", \"password\": \"p\"}}}",
                Ok("u:p:"),
            ),
            (
                "{\"auths\": {\"h\": {\"identitytoken\": \"t\"}}}",
                Ok("::t"),
            ),
            (
                "{\"auths\": {\"h\": {\"auth\": \"!!\"}}}",
                Err(
                    "failed to decode auth field: invalid config format: illegal base64 data at input byte 0",
                ),
            ),
            (
                "{\"auths\": {\"h\": {\"auth\": \"dXNlcg==\"}}}",
                Err(
                    "failed to decode auth field: invalid config format: auth 'user' does not conform the base64(username:password) format",
                ),
            ),
            (
                "{\"auths\": {\"h\": 3}}",
                Err(
                    "failed to unmarshal auth field: invalid config format: json: cannot unmarshal number into Go value of type config.AuthConfig",
                ),
            ),
            (
                "{\"auths\": 3}",
                Err(
                    "failed to unmarshal auths field: invalid config format: json: cannot unmarshal number into Go value of type map[string]json.RawMessage",
                ),
            ),
            (
                "{\"credsStore\": 3}",
                Err(
                    "failed to unmarshal creds store field: invalid config format: json: cannot unmarshal number into Go value of type string",
                ),
            ),
            (
                "{",
                Err("failed to decode config file C: invalid config format: unexpected EOF"),
            ),
        ] {
            let (_folder, config) = config(text);
            let got = config.and_then(|config| {
                let found = config.get("h").map_err(|error| error.to_string())?;
                Ok(format!(
                    "{}:{}:{}",
                    found.username, found.password, found.refresh_token
                ))
            });
            assert_eq!(got.as_deref().map_err(|error| &**error), want, "{text}");
        }
    }
}
