//! From text to steps.

use super::{Bounds, End, Path, Step};
use crate::go::strconv;
use crate::value::{Frozen, Text};

/// Reads a whole template: one path for each text, and for each pair of braces.
pub(super) fn template(text: &str) -> Result<Vec<Path>, String> {
    // Expressions stand in filters and unions of others; quotes make it possible to go deep.
    stacker::maybe_grow(64 << 10, 1 << 20, || {
        let mut reader = Reader { text, at: 0 };
        let mut parts = Vec::new();
        while let Some(brace) = text[reader.at..].find('{') {
            if brace > 0 {
                parts.push(vec![literal(&text[reader.at..reader.at + brace])]);
            }
            reader.at += brace + 1;
            parts.push(reader.action()?);
        }
        if reader.at < text.len() {
            parts.push(vec![literal(&text[reader.at..])]);
        }
        Ok(parts)
    })
}

/// What stands in braces within another expression.
fn expression(text: &str) -> Result<Path, String> {
    let parts = template(&format!("{{{text}}}"))?;
    Ok(parts.into_iter().next().unwrap_or_default())
}

fn literal(text: &str) -> Step {
    Step::Text(Frozen::string(text))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Steps up to the closing brace.
    fn action(&mut self) -> Result<Path, String> {
        let mut path = Vec::new();
        loop {
            let start = self.at;
            let rest = self.rest();
            if rest.starts_with("[?(") {
                path.push(self.filter()?);
                continue;
            }
            if rest.starts_with("..") {
                if let Some(Step::Descend) = path.last() {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                self.at += 2;
                path.push(Step::Descend);
                if self.rest().starts_with(is_alphanumeric) {
                    path.push(self.field());
                }
                continue;
            }
            match self.next() {
                Some('}') => return Ok(path),
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut path)?,
                Some(mark @ ('"' | '\'')) => path.push(self.quoted(start, mark)?),
                Some('.') => path.push(self.field()),
                Some(c) if matches!(c, '+' | '-') || is_digit(c) => path.push(self.number(start)?),
                Some(c) if is_alphanumeric(c) => {
                    let length = self.rest().find(is_terminator);
                    self.at += length.unwrap_or(self.rest().len());
                    path.push(match &self.text[start..self.at] {
                        "true" => Step::Constant(Frozen::Bool(true)),
                        "false" => Step::Constant(Frozen::Bool(false)),
                        word => Step::Word(word.to_owned()),
                    });
                }
                Some(c) => {
                    let shown = match strconv::is_print(c) {
                        true => format!(" '{c}'"),
                        false => String::new(),
                    };
                    let code = u32::from(c);
                    return Err(format!(
                        "unrecognized character in action: U+{code:04X}{shown}"
                    ));
                }
            }
        }
    }

    /// A name behind a dot; a backslash takes what follows as it is.
    fn field(&mut self) -> Step {
        let start = self.at;
        loop {
            let before = self.at;
            match self.next() {
                Some('\\') => {
                    self.next();
                }
                Some(c) if !is_terminator(c) => {}
                _ => {
                    self.at = before;
                    break;
                }
            }
        }
        match &self.text[start..self.at] {
            "*" => Step::Wildcard,
            name => Step::Field(name.replace('\\', "")),
        }
    }

    fn number(&mut self, start: usize) -> Result<Step, String> {
        let digits = |c: char| c != '.' && !is_digit(c);
        self.at += self.rest().find(digits).unwrap_or(self.rest().len());
        let text = &self.text[start..self.at];
        let value = strconv::atoi(text)
            .map(Frozen::Int)
            .or_else(|_| strconv::parse_float(text, 64).map(Frozen::Float))
            .map_err(|_| format!("cannot parse number {text}"))?;
        Ok(Step::Constant(value))
    }

    /// A text in quotes; `start` is where the first one stands.
    fn quoted(&mut self, start: usize, mark: char) -> Result<Step, String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == mark && !self.is_escaped() => break,
                Some(_) => {}
            }
        }
        let literal = &self.text[start..self.at];
        let text = unquote(&literal.as_bytes()[1..literal.len() - 1], mark)
            .ok_or_else(|| format!("unquote string {literal} error invalid syntax"))?;
        Ok(Step::Text(Frozen::String(Text::from(text))))
    }

    /// Whether a backslash stands before the character that was read last.
    fn is_escaped(&self) -> bool {
        self.at >= 2 && self.text.as_bytes()[self.at - 2] == b'\\'
    }

    /// What stands in brackets, the first of which was read.
    fn array(&mut self, path: &mut Path) -> Result<(), String> {
        let rest = self.rest();
        let text = match rest.find([']', '\n']) {
            Some(end) if rest.as_bytes()[end] == b']' => &rest[..end],
            _ => return Err("unterminated array".to_owned()),
        };
        self.at += text.len() + 1;
        if text.contains(',') {
            let members = text.split(',');
            let members =
                members.map(|member| expression(&format!("[{}]", member.trim_matches(' '))));
            path.push(Step::Union(members.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let quoted = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
        if let Some(name) = quoted.filter(|name| !name.contains('\'')) {
            path.extend(expression(&format!(".{name}"))?);
            return Ok(());
        }
        path.push(Step::Range(bounds(text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<Step, String> {
        self.at += 3;
        let start = self.at;
        let (mut opened, mut closed) = (None, false);
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) => match opened {
                    None => opened = Some(c),
                    Some(mark) => closed |= mark == c && !self.is_escaped(),
                },
                Some(')') if opened.is_some() == closed => break,
                Some(_) => {}
            }
        }
        let text = &self.text[start..self.at - 1];
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let Some((left, operator, right)) = comparison(text) else {
            return Ok(Step::Filter {
                left: expression(text)?,
                operator: None,
                right: Vec::new(),
            });
        };
        Ok(Step::Filter {
            left: expression(left)?,
            right: expression(right)?,
            operator: Some(operator.to_owned()),
        })
    }
}

/// The two sides of a comparison, neither of which is empty, and what stands between them.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| "!<>=".contains(c);
    let start = text.find(is_operator).filter(|start| *start > 0)?;
    let (left, rest) = text.split_at(start);
    let end = match rest.find(|c: char| !is_operator(c)) {
        Some(end) => end,
        // The last one is the right side where there is no other.
        None if rest.len() > 1 => rest.len() - 1,
        None => return None,
    };
    Some((left, &rest[..end], &rest[end..]))
}

/// `from:to:step`, each of which may be left out.
fn bounds(text: &str) -> Result<Bounds, String> {
    let text = if text == "*" { ":" } else { text };
    let mut fields = text.split(':');
    let is_number = |field: &str| {
        let digits = field.strip_prefix('-').unwrap_or(field);
        digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (from, to, step) = (fields.next(), fields.next(), fields.next());
    let known = || [from, to, step].into_iter().flatten();
    if fields.next().is_some() || !known().all(is_number) {
        return Err(format!("invalid array index {text}"));
    }
    let number = |field: Option<&str>| match field {
        None | Some("") => Ok(None),
        Some(digits) => strconv::atoi(digits)
            .map(Some)
            .map_err(|_| format!("array index {digits} is not a number")),
    };
    let from = number(from)?;
    let to = match (to, number(to)?) {
        (None, _) => End::Next(from.unwrap_or(0).saturating_add(1)),
        (Some(_), Some(end)) => End::At(end),
        (Some(_), None) => End::Open,
    };
    let step = number(step)?;
    Ok(Bounds { from, to, step })
}

/// Go's `strconv.Unquote`, with single quotes around texts as well (Go: `UnquoteExtend`).
fn unquote(mut text: &[u8], mark: char) -> Option<Vec<u8>> {
    let mark = mark as u8;
    let mut out = Vec::with_capacity(text.len());
    while !text.is_empty() {
        let (unit, rest) = strconv::unquote_char(text, mark).ok()?;
        match char::from_u32(unit.value).filter(|_| unit.multibyte) {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.push(u8::try_from(unit.value).ok()?),
        }
        text = rest;
    }
    Some(out)
}

fn is_terminator(c: char) -> bool {
    " \t\r\n.,[]$@{}".contains(c)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
