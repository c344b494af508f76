//! Label selectors (`k8s.io/apimachinery/pkg/labels.Parse`, v0.36).

use crate::diag::{Error, Kind};
use crate::go::strconv;

/// What labels have to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    label: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Exists,
    Missing,
    In,
    NotIn,
    Less,
    Greater,
}

impl Selector {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`; nothing matches everything.
    ///
    /// # Errors
    /// The words of `labels.Parse`.
    pub fn parse(text: &str) -> Result<Selector, Error> {
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
        };
        reader
            .selector()
            .map_err(|message| Error::new(Kind::Usage, message))
    }

    /// Whether labels, found by name, are as they have to be.
    pub fn matches<'a>(&self, find: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|wanted| {
            let value = find(&wanted.label);
            let is_one = |value: &str| wanted.values.iter().any(|it| it == value);
            match wanted.operator {
                Operator::Exists => value.is_some(),
                Operator::Missing => value.is_none(),
                Operator::In => value.is_some_and(is_one),
                Operator::NotIn => value.is_none_or(|value| !is_one(value)),
                Operator::Less | Operator::Greater => {
                    let number = |text: &str| text.parse::<i64>().ok();
                    let wanted_number = wanted.values.first().and_then(|it| number(it));
                    match (value.and_then(number), wanted_number) {
                        (Some(value), Some(than)) if wanted.operator == Operator::Less => {
                            value < than
                        }
                        (Some(value), Some(than)) => value > than,
                        _ => false,
                    }
                }
            }
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `!`, `=`, `==`, `!=`, `<`, `>`, `(`, `)`, `,`
    Sign(&'static str),
    /// Anything else; `in` and `notin` among them.
    Word(String),
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::Sign(sign) => sign,
            Token::Word(word) => word,
            Token::End => "",
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "<", ">", "(", ")", ","];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let is_end = |c: char| c.is_ascii_whitespace() || "=!<>(),".contains(c);
            let end = rest.find(is_end).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    tokens.push(Token::End);
    tokens
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn selector(&mut self) -> Result<Selector, String> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                Token::Word(_) | Token::Sign("!") => {
                    requirements.push(self.requirement()?);
                    match self.next() {
                        Token::End => break,
                        Token::Sign(",") => match self.peek() {
                            Token::Word(_) | Token::Sign("!") => {}
                            other => {
                                return Err(format!(
                                    "found '{}', expected: identifier after ','",
                                    other.text()
                                ));
                            }
                        },
                        other => {
                            return Err(format!(
                                "found '{}', expected: ',' or 'end of string'",
                                other.text()
                            ));
                        }
                    }
                }
                Token::End => break,
                other => {
                    return Err(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        other.text()
                    ));
                }
            }
        }
        Ok(Selector(requirements))
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_negated = *self.peek() == Token::Sign("!");
        if is_negated {
            self.next();
        }
        let label = match self.next() {
            Token::Word(label) => label,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        check_label(&label)?;
        let plain = |operator| Requirement {
            label: label.clone(),
            operator,
            values: Vec::new(),
        };
        if matches!(self.peek(), Token::End | Token::Sign(",")) {
            return Ok(plain(match is_negated {
                true => Operator::Missing,
                false => Operator::Exists,
            }));
        }
        let sign = self.next();
        let operator = match sign.text() {
            "=" | "==" | "in" => Operator::In,
            "!=" | "notin" => Operator::NotIn,
            "<" => Operator::Less,
            ">" => Operator::Greater,
            other => {
                return Err(format!(
                    "found '{other}', expected: in, notin, =, ==, !=, gt, lt"
                ));
            }
        };
        let values = match sign.text() {
            "in" | "notin" => self.values()?,
            _ => vec![self.value()],
        };
        for value in &values {
            check_value(&label, value)?;
        }
        Ok(Requirement {
            label,
            operator,
            values,
        })
    }

    /// One value; nothing before a comma or the end.
    fn value(&mut self) -> String {
        match self.peek() {
            Token::Word(_) => self.next().text().to_owned(),
            _ => String::new(),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Sign("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = Vec::new();
        loop {
            values.push(self.value());
            match self.next() {
                Token::Sign(")") => return Ok(values),
                Token::Sign(",") => {}
                other => {
                    return Err(format!("found '{}', expected: ',' or ')'", other.text()));
                }
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let outer = |c: char| c.is_ascii_alphanumeric();
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(inner)
        && text.starts_with(outer)
        && text.ends_with(outer)
}

fn check_label(label: &str) -> Result<(), String> {
    let name = label.rsplit('/').next().unwrap_or_default();
    if is_name(name) && label.matches('/').count() <= 1 {
        return Ok(());
    }
    Err(format!(
        "key: Invalid value: {}: name part must consist of alphanumeric characters, '-', '_' or '.', \
         and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', \
         regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        strconv::quote(label)
    ))
}

fn check_value(label: &str, value: &str) -> Result<(), String> {
    if value.is_empty() || is_name(value) {
        return Ok(());
    }
    Err(format!(
        "values[0][{label}]: Invalid value: {}: a valid label must be an empty string or consist of \
         alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
         (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        strconv::quote(value)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_selected() {
        let labels = [("team", "x"), ("n", "5")];
        let find = |name: &str| labels.iter().find(|it| it.0 == name).map(|it| it.1);
        for (text, want) in [
            ("", true),
            ("team=x", true),
            ("team==x,n", true),
            ("team!=x", false),
            ("other!=x", true),
            ("team in (y, x)", true),
            ("team notin (x)", false),
            ("!other", true),
            ("!team", false),
            ("n>4,n<6", true),
            ("n>5", false),
            ("team=", false),
        ] {
            assert_eq!(Selector::parse(text).unwrap().matches(find), want, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_as_kubernetes_says_it() {
        for (text, want) in [
            (
                "=bad=",
                "found '=', expected: !, identifier, or 'end of string'",
            ),
            ("a=b=c", "found '=', expected: ',' or 'end of string'"),
            ("a in b", "found 'b' expected: '('"),
            ("a,", "found '', expected: identifier after ','"),
        ] {
            assert_eq!(Selector::parse(text).unwrap_err().to_string(), want);
        }
    }
}
