//! `ref+envsubst://`: variables in the path, as github.com/a8m/envsubst 1.4.3 fills them in.
//!
//! `$NAME`, `${NAME}`, and a text for what is not set: `${NAME-text}`, `${NAME:-text}`, `${NAME=text}`,
//! `${NAME:=text}`, or for what is: `${NAME+text}`, `${NAME:+text}`; `$$` is a dollar.

use std::sync::Arc;

use super::Provider;
use crate::diag::{Error, Kind};
use crate::world::World;

/// Fills in the variables of a world.
pub(super) struct Substitution {
    world: Arc<dyn World>,
}

impl Substitution {
    pub(super) fn new(world: Arc<dyn World>) -> Substitution {
        Substitution { world }
    }
}

impl Provider for Substitution {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let path = path.strip_suffix('/').unwrap_or(path).trim();
        substitute(path, &|name| self.world.variable(name))
            .map(String::into_bytes)
            .map_err(|message| Error::new(Kind::Values, message))
    }
}

type Lookup<'l> = &'l dyn Fn(&str) -> Option<String>;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
enum Token<'t> {
    Text(&'t str),
    /// With its `$`, where it has one.
    Variable(&'t str),
    /// `-`, `:-` and so on, without what else was skipped before it.
    Operator(Operator, &'t str),
    Open(&'t str),
    Close(&'t str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    /// Unless set.
    Unset,
    /// Unless set and not empty.
    Empty,
    /// If set.
    Set,
}

/// Fills variables in.
fn substitute(text: &str, look_up: Lookup<'_>) -> Result<String, String> {
    let tokens = Lexer::new(text).tokens()?;
    let mut out = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match (token, tokens.get(at)) {
            (Token::Open(_), Some(Token::Variable(name))) => {
                at += 1;
                expression(name, &tokens, &mut at, look_up, &mut out);
            }
            (Token::Variable(name), _) => out.push_str(&value(name, look_up)),
            (
                Token::Text(text)
                | Token::Open(text)
                | Token::Close(text)
                | Token::Operator(_, text),
                _,
            ) => {
                out.push_str(text);
            }
        }
    }
    Ok(out)
}

fn value(name: &str, look_up: Lookup<'_>) -> String {
    let name = name.strip_prefix('$').unwrap_or(name);
    look_up(name).unwrap_or_default()
}

/// What is between the braces, behind the name.
fn expression(
    name: &str,
    tokens: &[Token<'_>],
    at: &mut usize,
    look_up: Lookup<'_>,
    out: &mut String,
) {
    let mut operator = None;
    let mut otherwise: Option<String> = None;
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token {
            Token::Close(_) => break,
            Token::Variable(name) => otherwise = Some(value(name, look_up)),
            Token::Text(text) => {
                let mut whole = (*text).to_owned();
                while let Some(
                    Token::Text(more) | Token::Variable(more) | Token::Operator(_, more),
                ) = tokens.get(*at)
                {
                    whole.push_str(more);
                    *at += 1;
                }
                otherwise = Some(whole);
            }
            Token::Operator(found, _) => operator = Some(*found),
            Token::Open(_) => {}
        }
    }
    let set = look_up(name);
    let chosen = match (operator, otherwise, set) {
        (Some(Operator::Empty), Some(text), set) => match set {
            Some(value) if !value.is_empty() => value,
            _ => text,
        },
        (Some(Operator::Set), Some(text), set) => set.map(|_| text).unwrap_or_default(),
        (Some(Operator::Unset), Some(text), None) => text,
        (_, _, set) => set.unwrap_or_default(),
    };
    out.push_str(&chosen);
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Where the piece starts that is being read.
    start: usize,
    /// Where the piece before it starts.
    last: usize,
    depth: usize,
    tokens: Vec<Token<'t>>,
}

/// What is read next.
enum State {
    Text,
    Variable,
    Operator,
    Inside,
    End,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str) -> Lexer<'t> {
        Lexer {
            text,
            at: 0,
            start: 0,
            last: 0,
            depth: 0,
            tokens: Vec::new(),
        }
    }

    fn tokens(mut self) -> Result<Vec<Token<'t>>, String> {
        let mut state = State::Text;
        loop {
            state = match state {
                State::Text => self.outside(),
                State::Variable => self.variable(),
                State::Operator => self.operator()?,
                State::Inside => self.inside()?,
                State::End => return Ok(self.tokens),
            };
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn emit(&mut self, token: impl FnOnce(&'t str) -> Token<'t>) {
        self.tokens.push(token(&self.text[self.start..self.at]));
        self.last = self.start;
        self.start = self.at;
    }

    fn outside(&mut self) -> State {
        while let Some(c) = self.next() {
            if c != '$' {
                continue;
            }
            if self.at - 1 > self.start {
                self.at -= 1;
                self.emit(Token::Text);
                self.at += 1;
            }
            match self.peek() {
                Some('$') => {
                    self.start = self.at;
                    self.at += 1;
                    self.emit(Token::Text);
                }
                Some('{') => {
                    self.at += 1;
                    self.depth += 1;
                    self.emit(Token::Open);
                    return State::Operator;
                }
                Some(c) if is_word(c) => return State::Variable,
                _ => {}
            }
        }
        if self.at > self.start {
            self.emit(Token::Text);
        }
        State::End
    }

    fn variable(&mut self) -> State {
        while self.peek().is_some_and(is_word) {
            self.next();
        }
        if matches!(&self.text[self.start..self.at], "_" | "$_") {
            return State::Text;
        }
        self.emit(Token::Variable);
        match self.depth {
            0 => State::Text,
            _ => State::Operator,
        }
    }

    fn close(&mut self) -> State {
        self.depth = self.depth.saturating_sub(1);
        self.emit(Token::Close);
        State::Text
    }

    fn operator(&mut self) -> Result<State, String> {
        let operator = |c| match c {
            '+' => Some(Operator::Set),
            '-' | '=' => Some(Operator::Unset),
            _ => None,
        };
        match self.next() {
            Some('}') => return Ok(self.close()),
            None | Some('\r' | '\n') => return Err("closing brace expected".to_owned()),
            Some(c) if is_word(c) && self.text[self.last..].starts_with("${") => {
                return Ok(State::Variable);
            }
            Some(':') => {
                let found = match self.next() {
                    Some('-' | '=') => Some(Operator::Empty),
                    Some('+') => Some(Operator::Set),
                    _ => None,
                };
                if let Some(found) = found {
                    self.emit(|text| Token::Operator(found, text));
                }
            }
            Some(c) => {
                if let Some(found) = operator(c) {
                    self.emit(|text| Token::Operator(found, text));
                }
            }
        }
        Ok(State::Inside)
    }

    fn inside(&mut self) -> Result<State, String> {
        match self.next() {
            Some('}') => Ok(self.close()),
            None | Some('\r' | '\n') => Err("closing brace expected".to_owned()),
            Some('$') => Ok(State::Variable),
            Some(c) if is_word(c) && self.text[self.last..].starts_with("${") => {
                Ok(State::Variable)
            }
            Some(_) => {
                self.emit(Token::Text);
                Ok(State::Inside)
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_as_envsubst_does() {
        let look_up = |name: &str| match name {
            "FOO" => Some("foo".to_owned()),
            "BAR" => Some(String::new()),
            _ => None,
        };
        // Answers of vals 0.46.0.
        for (text, want) in [
            ("$FOO", "foo"),
            ("$FOO-$BAR.$NONE", "foo-."),
            ("${FOO}", "foo"),
            ("${NONE:-d}", "d"),
            ("${NONE-d}", "d"),
            ("${BAR-d}", ""),
            ("${BAR:-d}", "d"),
            ("${NONE=d}", "d"),
            ("${BAR:=d}", "d"),
            ("${FOO:=d}", "foo"),
            ("${FOO:-x:y/z}", "foo"),
            ("${NONE:-x:y/z$FOO}", "x:y/z$FOO"),
            ("${NONE:-$FOO}", "foo"),
            ("${NONE:-$FOO-x}", "x"),
            ("${NONE:-${FOO}}", "}"),
            ("${FOO:/d}", "foo"),
            ("${FOO/d}", "foo"),
            ("${}", "${}"),
            ("${:-d}", "${:-d}"),
            ("${-d}", "${-d}"),
            ("$$FOO", "$FOO"),
            ("$${FOO}", "${FOO}"),
            ("$", "$"),
            ("$/x", "$/x"),
            ("$_x", ""),
            ("$_/x", "$_/x"),
            ("${_}", "${_}"),
            ("${1}", ""),
            ("$1a", ""),
            ("${NONE:--1}", "-1"),
            ("${NONE:-é}", "é"),
            ("${FOOé:-x}", "x"),
            ("${NONE:-a=b}", "a=b"),
            ("${FOO}}", "foo}"),
            ("{$FOO}", "{foo}"),
            ("${NONE:-a$FOO}", "a$FOO"),
            ("${NONE:-a}${NONE:-b}", "ab"),
            ("${FOO:x-y}", "foo"),
        ] {
            assert_eq!(substitute(text, &look_up).as_deref(), Ok(want), "{text}");
        }
        for text in ["${FOO", "${NONE", "${FOO:-a\n}", "${"] {
            let error = substitute(text, &look_up).unwrap_err();
            assert_eq!(error, "closing brace expected", "{text}");
        }
        // What there is no recorded answer for ends, at least.
        for text in [
            "${FOO:+é}",
            "$é",
            "${FOO+x}${NONE+y}",
            "${{{{",
            "$}${$",
            "é${é",
        ] {
            let _ = substitute(text, &look_up);
        }
    }
}
