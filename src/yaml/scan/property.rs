//! Directives, and what may stand in front of nodes: anchors and tags.

use super::super::Error;
use super::super::token::{Kind, TagName};
use super::{Scanner, hex, width};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_anchor(&mut self, alias: bool) -> Result<(), Error> {
        let start = self.mark();
        self.at += 1;
        let name = self.scan_name();
        let follows = self.is_gap(0)
            || matches!(
                self.peek(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name.is_empty() || !follows {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        let kind = if alias {
            Kind::Alias(name)
        } else {
            Kind::Anchor(name)
        };
        self.push(kind, start);
        Ok(())
    }

    /// Letters, digits, `_` and `-`.
    fn scan_name(&mut self) -> &'a [u8] {
        let start = self.at;
        while is_name(self.peek(0)) {
            self.at += 1;
        }
        let text: &'a [u8] = self.text;
        &text[start..self.at]
    }

    pub(super) fn fetch_directive(&mut self) -> Result<(), Error> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        let start = self.mark();
        self.at += 1;
        let name = self.scan_name();
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.is_gap(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        let kind = match name {
            b"YAML" => self.scan_version()?,
            b"TAG" => self.scan_tag_directive()?,
            _ => return Err(self.error("found unknown directive name")),
        };
        self.push(kind, start);
        self.skip_header_rest()
    }

    fn scan_version(&mut self) -> Result<Kind<'a>, Error> {
        self.skip_blanks();
        let major = self.scan_version_number()?;
        if self.peek(0) != b'.' {
            return Err(self.error("did not find expected digit or '.' character"));
        }
        self.at += 1;
        let minor = self.scan_version_number()?;
        Ok(Kind::Version(major, minor))
    }

    fn scan_version_number(&mut self) -> Result<u8, Error> {
        let mut value = 0;
        let mut length = 0;
        while self.peek(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.error("found extremely long version number"));
            }
            value = value * 10 + (self.peek(0) - b'0');
            self.at += 1;
        }
        if length == 0 {
            return Err(self.error("did not find expected version number"));
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self) -> Result<Kind<'a>, Error> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(true)?;
        if !self.is_blank(0) {
            return Err(self.error("did not find expected whitespace"));
        }
        self.skip_blanks();
        let suffix = self.scan_tag_uri(b"")?;
        if !self.is_gap(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(Kind::TagDirective(Box::new(TagName { handle, suffix })))
    }

    pub(super) fn scan_tag(&mut self) -> Result<TagName, Error> {
        let tag = if self.peek(1) == b'<' {
            self.at += 2;
            let suffix = self.scan_tag_uri(b"")?;
            if self.peek(0) != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.at += 1;
            TagName {
                handle: Vec::new(),
                suffix,
            }
        } else {
            let handle = self.scan_tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with(b"!") {
                let suffix = self.scan_tag_uri(b"")?;
                TagName { handle, suffix }
            } else {
                let suffix = self.scan_tag_uri(&handle)?;
                if suffix.is_empty() {
                    // `!` alone.
                    TagName {
                        handle: Vec::new(),
                        suffix: b"!".to_vec(),
                    }
                } else {
                    TagName {
                        handle: b"!".to_vec(),
                        suffix,
                    }
                }
            }
        };
        if !self.is_gap(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        Ok(tag)
    }

    fn scan_tag_handle(&mut self, directive: bool) -> Result<Vec<u8>, Error> {
        if self.peek(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let start = self.at;
        self.at += 1;
        self.scan_name();
        if self.peek(0) == b'!' {
            self.at += 1;
        } else if directive && self.at > start + 1 {
            return Err(self.error("did not find expected '!'"));
        }
        Ok(self.text[start..self.at].to_vec())
    }

    /// What follows `head`, a handle whose `!` does not count.
    fn scan_tag_uri(&mut self, head: &[u8]) -> Result<Vec<u8>, Error> {
        let mut uri = head.get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        loop {
            match self.peek(0) {
                b'%' => self.scan_uri_escape(&mut uri)?,
                byte if is_name(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) => {
                    uri.push(byte);
                    self.at += 1;
                }
                _ if found => return Ok(uri),
                _ => return Err(self.error("did not find expected tag URI")),
            }
            found = true;
        }
    }

    fn scan_uri_escape(&mut self, uri: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = 0;
        loop {
            let (high, low) = (hex(self.peek(1)), hex(self.peek(2)));
            let (b'%', Some(high), Some(low)) = (self.peek(0), high, low) else {
                return Err(self.error("did not find URI escaped octet"));
            };
            let octet = high << 4 | low;
            if left == 0 {
                left = width(octet);
                if octet & 0xc0 == 0x80 || octet >= 0xf8 {
                    return Err(self.error("found an incorrect leading UTF-8 octet"));
                }
            } else if octet & 0xc0 != 0x80 {
                return Err(self.error("found an incorrect trailing UTF-8 octet"));
            }
            uri.push(octet);
            self.at += 3;
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
