//! Tokens to trees (`parse/parse.go`, Go 1.26). It stops at the first error, as Go does.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::ParseError;
use super::function::Functions;
use super::lex::{Kind, Lexer, Token};
use super::node::{
    ActionNode, Argument, BranchNode, CommandNode, Literal, Node, PipeNode, Spot, TemplateNode,
    Term, TextNode, Tree, Variable,
};
use super::number;
use crate::diag::{Source, Span};
use crate::go::{fmt, strconv};
use crate::value::{Text, Value};

/// Go's limit of parentheses inside each other.
const MAX_PARENS: usize = 10_000;
/// Ours for controls inside each other, where Go would run out of stack.
const MAX_CONTROLS: usize = 100_000;
const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 2 * 1024 * 1024;

/// The templates of one text: its own, and what it defines.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub(super) main: Arc<Tree>,
    pub(super) trees: BTreeMap<Box<str>, Arc<Tree>>,
}

impl Parsed {
    /// The template that the text itself is.
    pub fn main(&self) -> &Arc<Tree> {
        &self.main
    }

    /// All of them, by name.
    pub fn trees(&self) -> impl Iterator<Item = &Arc<Tree>> {
        self.trees.values()
    }
}

/// Parses the text of a template (`parse.Parse`).
///
/// # Errors
/// The first fault, in Go's words.
pub fn parse(
    name: &str,
    source: &Source,
    functions: &'static Functions,
) -> Result<Parsed, ParseError> {
    let mut lexer = Lexer::new(source.bytes());
    lexer.break_is_keyword = functions.get("break").is_none();
    lexer.continue_is_keyword = functions.get("continue").is_none();
    let mut parser = Parser {
        lexer,
        parse_name: Arc::from(name),
        source,
        functions,
        variables: vec![Text::from("$")],
        trees: BTreeMap::new(),
        scope: Scope::default(),
        controls: 0,
    };
    if u32::try_from(source.bytes().len()).is_err() {
        return parser.fail("text is too large");
    }
    parser.parse_top(name)?;
    let main = parser.trees.get(name).cloned();
    let Some(main) = main else {
        return parser.fail("no template");
    };
    Ok(Parsed {
        main,
        trees: parser.trees,
    })
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

/// What belongs to one tree while it is parsed.
struct Scope {
    tokens: [Token; 3],
    peeked: usize,
    variables: Vec<u32>,
    ranges: usize,
    parens: usize,
    action_line: usize,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            tokens: [Token::default(); 3],
            peeked: 0,
            variables: vec![0],
            ranges: 0,
            parens: 0,
            action_line: 0,
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    parse_name: Arc<str>,
    source: &'a Source,
    functions: &'static Functions,
    /// Names of the variables by their numbers.
    variables: Vec<Text>,
    trees: BTreeMap<Box<str>, Arc<Tree>>,
    scope: Scope,
    controls: usize,
}

/// What stands between `{{` and `}}`, or text.
enum Element {
    Node(Node),
    End,
    Else,
}

impl Element {
    fn text(&self) -> &'static str {
        match self {
            Element::Node(_) => "",
            Element::End => "{{end}}",
            Element::Else => "{{else}}",
        }
    }
}

fn spot(token: Token) -> Spot {
    Spot {
        at: token.start as u32,
        start: token.start as u32,
        end: token.end as u32,
    }
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Token {
        if self.scope.peeked > 0 {
            self.scope.peeked -= 1;
        } else {
            self.scope.tokens[0] = self.lexer.token();
        }
        self.scope.tokens[self.scope.peeked]
    }

    fn backup(&mut self) {
        self.scope.peeked += 1;
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.backup();
        token
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn bytes(&self, token: Token) -> &'a [u8] {
        &self.lexer.input[token.start..token.end]
    }

    fn describe(&self, token: Token) -> String {
        let text = self.bytes(token);
        match token.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.lexer.error.clone(),
            kind if kind as u8 >= Kind::Block as u8 => {
                format!("<{}>", String::from_utf8_lossy(text))
            }
            _ if text.len() > 10 => {
                let quoted = fmt::sprintf("%.10q...", &[Value::string(text)]);
                String::from_utf8_lossy(&quoted).into_owned()
            }
            _ => strconv::quote(text),
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        let token = self.scope.tokens[0];
        Err(ParseError::new(
            &self.parse_name,
            token.line,
            message.into(),
            self.source.clone(),
            Span {
                start: token.start,
                end: token.end.max(token.start),
            },
        ))
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Result<T> {
        let text = self.describe(token);
        if token.kind == Kind::Error {
            let line = self.scope.action_line;
            let mut extra = String::new();
            if line != 0 && line != token.line {
                let action = if text.ends_with(" action") {
                    ""
                } else {
                    " in action"
                };
                extra = format!("{action} started at {}:{line}", self.parse_name);
            }
            return self.fail(text + &extra);
        }
        self.fail(format!("unexpected {text} in {context}"))
    }

    fn expect(&mut self, kinds: &[Kind], context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if kinds.contains(&token.kind) {
            Ok(token)
        } else {
            self.unexpected(token, context)
        }
    }

    fn unquote(&self, token: Token) -> Result<Vec<u8>> {
        strconv::unquote(self.bytes(token)).or_else(|error| self.fail(error.to_string()))
    }

    fn add(&mut self, name: &str, root: Vec<Node>) -> Result<()> {
        let tree = Tree {
            name: name.into(),
            parse_name: Arc::clone(&self.parse_name),
            source: self.source.clone(),
            root,
        };
        if self.trees.get(name).is_none_or(|old| old.is_empty()) {
            self.trees.insert(name.into(), Arc::new(tree));
        } else if !tree.is_empty() {
            let name = strconv::quote(name);
            return self.fail(format!("template: multiple definition of template {name}"));
        }
        Ok(())
    }

    fn parse_top(&mut self, name: &str) -> Result<()> {
        let mut root = Vec::new();
        loop {
            let token = self.peek();
            if token.kind == Kind::Eof {
                break;
            }
            if token.kind == Kind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == Kind::Define {
                    let outer = std::mem::take(&mut self.scope);
                    self.parse_definition()?;
                    self.scope = outer;
                    continue;
                }
                self.scope.tokens[1] = delim;
                self.scope.peeked = 2;
            }
            match self.text_or_action()? {
                Element::Node(node) => root.push(node),
                other => return self.fail(format!("unexpected {}", other.text())),
            }
        }
        self.add(name, root)
    }

    fn parse_definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.expect(&[Kind::String, Kind::RawString], CONTEXT)?;
        let name = self.unquote(token)?;
        self.expect(&[Kind::RightDelim], CONTEXT)?;
        let (root, end) = self.item_list()?;
        if !matches!(end, Element::End) {
            return self.fail(format!("unexpected {} in {CONTEXT}", end.text()));
        }
        self.add(&String::from_utf8_lossy(&name), root)
    }

    fn item_list(&mut self) -> Result<(Vec<Node>, Element)> {
        let mut list = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Element::Node(node) => list.push(node),
                end => return Ok((list, end)),
            }
        }
        self.fail("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Element> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Element::Node(Node::Text(TextNode { spot: spot(token) }))),
            Kind::LeftDelim => {
                self.scope.action_line = token.line;
                let action = self.action()?;
                self.scope.action_line = 0;
                Ok(action)
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Result<Element> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Block => self.block_control()?,
            Kind::Break => Node::Break(self.loop_control(token, "break")?),
            Kind::Continue => Node::Continue(self.loop_control(token, "continue")?),
            Kind::Else => {
                let next = self.peek_non_space();
                if !matches!(next.kind, Kind::If | Kind::With) {
                    self.expect(&[Kind::RightDelim], "else")?;
                }
                return Ok(Element::Else);
            }
            Kind::End => {
                self.expect(&[Kind::RightDelim], "end")?;
                return Ok(Element::End);
            }
            Kind::If => Node::If(self.control("if")?),
            Kind::Range => Node::Range(self.control("range")?),
            Kind::With => Node::With(self.control("with")?),
            Kind::Template => self.template_control()?,
            _ => {
                self.backup();
                let pipe = self.pipeline("command", Kind::RightDelim)?;
                Node::Action(ActionNode {
                    spot: pipe.spot,
                    pipe,
                })
            }
        };
        Ok(Element::Node(node))
    }

    fn loop_control(&mut self, token: Token, word: &str) -> Result<Spot> {
        let next = self.next_non_space();
        if next.kind != Kind::RightDelim {
            return self.unexpected(next, &format!("{{{{{word}}}}}"));
        }
        if self.scope.ranges == 0 {
            return self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(spot(token))
    }

    fn control(&mut self, context: &'static str) -> Result<BranchNode> {
        if self.controls >= MAX_CONTROLS {
            return self.fail("max nesting depth exceeded");
        }
        self.controls += 1;
        let branch = stacker::maybe_grow(RED_ZONE, SEGMENT, || self.parse_control(context));
        self.controls -= 1;
        branch
    }

    fn parse_control(&mut self, context: &'static str) -> Result<BranchNode> {
        let mark = self.scope.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let range = usize::from(context == "range");
        self.scope.ranges += range;
        let (list, next) = self.item_list()?;
        self.scope.ranges -= range;
        let otherwise = match next {
            Element::Else => {
                let word = self.peek();
                if context == "if" && word.kind == Kind::If {
                    self.next();
                    Some(vec![Node::If(self.control("if")?)])
                } else if context == "with" && word.kind == Kind::With {
                    self.next();
                    Some(vec![Node::With(self.control("with")?)])
                } else {
                    let (list, end) = self.item_list()?;
                    if !matches!(end, Element::End) {
                        return self.fail(format!("expected end; found {}", end.text()));
                    }
                    Some(list)
                }
            }
            _ => None,
        };
        self.scope.variables.truncate(mark);
        Ok(BranchNode {
            spot: pipe.spot,
            pipe,
            list,
            otherwise,
        })
    }

    fn template_name(&mut self, context: &str) -> Result<(Token, Vec<u8>)> {
        let token = self.next_non_space();
        if matches!(token.kind, Kind::String | Kind::RawString) {
            Ok((token, self.unquote(token)?))
        } else {
            self.unexpected(token, context)
        }
    }

    fn block_control(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        if self.controls >= MAX_CONTROLS {
            return self.fail("max nesting depth exceeded");
        }
        self.controls += 1;
        let outer = std::mem::take(&mut self.scope);
        let (root, end) = stacker::maybe_grow(RED_ZONE, SEGMENT, || self.item_list())?;
        if !matches!(end, Element::End) {
            // Go blames the line that the outer tree has read to.
            self.scope = outer;
            return self.fail(format!("unexpected {} in {CONTEXT}", end.text()));
        }
        self.add(&String::from_utf8_lossy(&name), root)?;
        self.scope = outer;
        self.controls -= 1;
        Ok(template_node(token, &name, Some(pipe)))
    }

    fn template_control(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(template_node(token, &name, pipe))
    }

    fn variable(&mut self, token: Token) -> Variable {
        let name = self.bytes(token);
        let known = self.variables.iter().position(|known| **known == *name);
        let at = known.unwrap_or_else(|| {
            self.variables.push(Text::from(name));
            self.variables.len() - 1
        });
        Variable {
            id: at as u32,
            name: self.variables[at].clone(),
        }
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<PipeNode> {
        let first = self.peek_non_space();
        let mut pipe = PipeNode {
            spot: spot(first),
            assigns: false,
            declarations: Vec::new(),
            // Most pipelines are one command, most commands one or two arguments.
            commands: Vec::with_capacity(1),
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                break;
            }
            match token.kind {
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.spot.end = command.spot.end;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    /// `$a :=`, `$a =` or `$a, $b :=` in front of a pipeline.
    fn declarations(&mut self, pipe: &mut PipeNode, context: &str) -> Result<()> {
        loop {
            let name = self.peek_non_space();
            if name.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            // A blank after the variable is a token that has to come back.
            let after = self.peek();
            let next = self.peek_non_space();
            let comma = next.kind == Kind::Char && self.bytes(next) == b",";
            if matches!(next.kind, Kind::Assign | Kind::Declare) || comma {
                pipe.assigns = next.kind == Kind::Assign;
                self.next_non_space();
                let variable = self.variable(name);
                self.scope.variables.push(variable.id);
                pipe.declarations.push(variable);
                if !comma {
                    return Ok(());
                }
                if context == "range" && pipe.declarations.len() < 2 {
                    let kind = self.peek_non_space().kind;
                    if matches!(kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                        continue;
                    }
                    return self.fail("range can only initialize variables");
                }
                return self.fail(format!("too many declarations in {context}"));
            }
            if after.kind == Kind::Space {
                self.scope.tokens[1] = after;
                self.scope.tokens[2] = name;
                self.scope.peeked = 3;
            } else {
                self.scope.tokens[1] = name;
                self.scope.peeked = 2;
            }
            return Ok(());
        }
    }

    fn check(&self, pipe: &PipeNode, context: &str) -> Result<()> {
        if pipe.commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (at, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.arguments[0].term,
                Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::String(_)
            ) {
                return self.fail(format!(
                    "non executable command in pipeline stage {}",
                    at + 1
                ));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<CommandNode> {
        let mut command = CommandNode {
            spot: spot(self.peek_non_space()),
            arguments: Vec::with_capacity(2),
        };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.spot.end = operand.spot.end;
                command.arguments.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        if command.arguments.is_empty() {
            return self.fail("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Result<Option<Argument>> {
        let Some(mut node) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(node));
        }
        let mut names = Vec::new();
        let mut spot = Spot {
            at: first.start as u32,
            ..node.spot
        };
        while self.peek().kind == Kind::Field {
            let token = self.next();
            spot.end = token.end as u32;
            names.push(Text::from(&self.bytes(token)[1..]));
        }
        let term = match node.term {
            Term::Field(mut known) => {
                known.append(&mut names);
                Term::Field(known)
            }
            Term::Variable(variable, mut known) => {
                known.append(&mut names);
                Term::Variable(variable, known)
            }
            Term::Bool(_) | Term::String(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let text = strconv::quote(node.to_string());
                return self.fail(format!("unexpected . after term {text}"));
            }
            _ => {
                node = Argument {
                    spot: node.spot,
                    term: node.term,
                };
                Term::Chain(Box::new(node), names)
            }
        };
        Ok(Some(Argument { spot, term }))
    }

    fn term(&mut self) -> Result<Option<Argument>> {
        let token = self.next_non_space();
        let text = self.bytes(token);
        let mut spot = spot(token);
        let term = match token.kind {
            Kind::Identifier => {
                let found = std::str::from_utf8(text)
                    .ok()
                    .and_then(|name| self.functions.get(name));
                let Some(callee) = found else {
                    return self.fail(format!("function {} not defined", strconv::quote(text)));
                };
                Term::Identifier(callee)
            }
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                let variable = self.variable(token);
                if !self.scope.variables.contains(&variable.id) {
                    return self.fail(format!("undefined variable {}", strconv::quote(text)));
                }
                Term::Variable(variable, Vec::new())
            }
            Kind::Field => Term::Field(vec![Text::from(&text[1..])]),
            Kind::Bool => Term::Bool(text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                match number::read(text, token.kind) {
                    Ok(number) => Term::Number(Box::new(number)),
                    Err(error) => return self.fail(error),
                }
            }
            Kind::LeftParen => {
                if self.scope.parens >= MAX_PARENS {
                    return self.fail("max expression depth exceeded");
                }
                self.scope.parens += 1;
                let pipe = stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    self.pipeline("parenthesized pipeline", Kind::RightParen)
                })?;
                self.scope.parens -= 1;
                spot = Spot {
                    end: pipe.spot.end + 1,
                    at: pipe.spot.at,
                    ..spot
                };
                Term::Pipe(Box::new(pipe))
            }
            Kind::String | Kind::RawString => {
                let unquoted = self.unquote(token)?;
                Term::String(Box::new(Literal {
                    quoted: Text::from(text),
                    text: Text::from(unquoted),
                }))
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Argument { spot, term }))
    }
}

fn template_node(token: Token, name: &[u8], pipe: Option<PipeNode>) -> Node {
    Node::Template(TemplateNode {
        spot: spot(token),
        name: String::from_utf8_lossy(name).into(),
        pipe,
    })
}
