//! The directives of a format: Go's `doPrintf`.

use super::format::Flags;
use super::print::Printer;
use crate::value::Value;

/// Go refuses larger widths, precisions and indices.
const LARGEST: i128 = 1_000_000;

struct Reader<'a> {
    format: &'a [u8],
    at: usize,
    arguments: &'a [Value],
    /// The next argument.
    next: usize,
    /// Whether any `[n]` occurred.
    reordered: bool,
    /// Whether the indices of this directive are good.
    good: bool,
}

impl Printer {
    /// `fmt.Fprintf`.
    pub(super) fn print_directives(&mut self, format: &[u8], arguments: &[Value]) {
        let mut reader = Reader {
            format,
            at: 0,
            arguments,
            next: 0,
            reordered: false,
            good: true,
        };
        while reader.at < format.len() {
            let rest = &format[reader.at..];
            let Some(percent) = memchr::memchr(b'%', rest) else {
                self.write(rest);
                break;
            };
            self.write(&rest[..percent]);
            reader.at += percent + 1;
            if !self.print_directive(&mut reader) {
                break;
            }
        }
        if !reader.reordered && reader.next < arguments.len() {
            self.print_extra(&arguments[reader.next..]);
        }
    }

    fn print_extra(&mut self, arguments: &[Value]) {
        self.set_flags(Flags::default());
        self.write(b"%!(EXTRA ");
        for (at, argument) in arguments.iter().enumerate() {
            if at > 0 {
                self.write(b", ");
            }
            match argument.go_type() {
                None => self.write(b"<nil>"),
                Some(go_type) => {
                    self.write(go_type.to_string().as_bytes());
                    self.push(b'=');
                    self.print_argument(argument, 'v');
                }
            }
        }
        self.push(b')');
    }

    /// One directive, after its `%`; false where the format ended inside it.
    fn print_directive(&mut self, reader: &mut Reader<'_>) -> bool {
        reader.good = true;
        let mut flags = reader.flags();
        self.set_flags(flags);
        let mut after_index = reader.index();
        if reader.peek() == Some(b'*') {
            reader.at += 1;
            match reader.integer_argument() {
                Some(width) => {
                    flags.width = Some(width.unsigned_abs());
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => self.write(b"%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            flags.width = reader.number();
            if after_index && flags.width.is_some() {
                reader.good = false;
            }
        }
        if reader.peek() == Some(b'.') {
            reader.at += 1;
            if after_index {
                reader.good = false;
            }
            after_index = reader.index();
            if reader.peek() == Some(b'*') {
                reader.at += 1;
                // A negative one does not count as given.
                flags.precision = reader
                    .integer_argument()
                    .and_then(|precision| usize::try_from(precision).ok());
                if flags.precision.is_none() {
                    self.write(b"%!(BADPREC)");
                }
                after_index = false;
            } else {
                flags.precision = Some(reader.number().unwrap_or_default());
            }
        }
        if !after_index {
            reader.index();
        }
        let Some(verb) = reader.verb() else {
            self.write(b"%!(NOVERB)");
            return false;
        };
        let complain = |printer: &mut Printer, what: &[u8]| {
            printer.write(b"%!");
            printer.write(verb.encode_utf8(&mut [0; 4]).as_bytes());
            printer.write(what);
        };
        if verb == '%' {
            self.push(b'%');
        } else if !reader.good {
            complain(self, b"(BADINDEX)");
        } else if let Some(argument) = reader.arguments.get(reader.next) {
            if matches!(verb, 'v' | 'w') {
                flags.sharp_v = std::mem::take(&mut flags.sharp);
                flags.plus_v = std::mem::take(&mut flags.plus);
            }
            self.set_flags(flags);
            reader.next += 1;
            self.print_argument(argument, verb);
        } else {
            complain(self, b"(MISSING)");
        }
        true
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        flags
    }

    /// Digits, if any; none where the number is absurd.
    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        let mut value = 0usize;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            if value as i128 > LARGEST {
                // What follows is read as if the format ended here, as in Go.
                self.at = self.format.len();
                return None;
            }
            value = value * 10 + usize::from(byte - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }

    /// `[n]`; says whether one was there, be it out of range.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = if rest.len() < 3 {
            None
        } else {
            memchr::memchr(b']', rest)
        };
        let Some(close) = close else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let digits = &rest[1..close];
        self.at += close + 1;
        let index = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse::<usize>().ok());
        match index.and_then(|index| index.checked_sub(1)) {
            Some(index) if index < self.arguments.len() => self.next = index,
            _ => self.good = false,
        }
        index.is_some()
    }

    /// The argument of a `*`.
    fn integer_argument(&mut self) -> Option<isize> {
        let argument = self.arguments.get(self.next)?;
        self.next += 1;
        let value = match argument {
            Value::Object(object) => object.underlying()?.as_integer(),
            other => other.as_integer(),
        };
        value
            .filter(|value| value.abs() <= LARGEST)
            .and_then(|value| isize::try_from(value).ok())
    }

    fn verb(&mut self) -> Option<char> {
        let rest = self.format.get(self.at..).filter(|rest| !rest.is_empty())?;
        let head = &rest[..rest.len().min(4)];
        let verb = head
            .utf8_chunks()
            .next()
            .and_then(|chunk| chunk.valid().chars().next());
        self.at += verb.map_or(1, char::len_utf8);
        Some(verb.unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}
