//! Tokens to trees (`parse/parse.go`, Go 1.26). It stops at the first error, as Go does.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::error::ParseError;
use super::function::Functions;
use super::hash::NameMap;
use super::lex::{self, Kind, Lexer, Token};
use super::node::{
    Argument, At, BranchNode, Code, CommandNode, Literal, Node, PipeNode, Run, Script,
    TemplateNode, Term, Tree,
};
use super::number;
use crate::diag::{Source, Span};
use crate::go::{fmt, strconv};
use crate::value::Value;

/// Go's limit of parentheses inside each other.
const MAX_PARENS: usize = 10_000;
/// Ours for controls inside each other, where Go would run out of stack.
const MAX_CONTROLS: usize = 100_000;
const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 2 * 1024 * 1024;

/// The templates of one text: its own, and what it defines.
#[derive(Clone, Debug)]
pub struct Parsed {
    main: Arc<Tree>,
    trees: Vec<Arc<Tree>>,
}

impl Parsed {
    /// The template that the text itself is.
    pub fn main(&self) -> &Arc<Tree> {
        &self.main
    }

    /// All of them.
    pub fn trees(&self) -> impl Iterator<Item = &Arc<Tree>> {
        self.trees.iter()
    }
}

/// Parses texts one after the other, in memory that it keeps for the next. A text that it has parsed
/// before, under whatever name, is not parsed again: charts bring the same libraries many times.
#[derive(Debug)]
pub struct Parser {
    functions: &'static Functions,
    finder: Finder<'static>,
    code: Code,
    stacks: Stacks,
    known: NameMap<usize, Vec<Known>>,
}

/// A text that was parsed: all of what came out that does not depend on its name.
#[derive(Clone, Debug)]
struct Known {
    source: Source,
    code: Arc<Code>,
    root: Run,
    definitions: Arc<[(Arc<str>, Run)]>,
}

/// How many texts of one length are kept to compare others with.
const MAX_ALIKE: usize = 8;

/// Parts of nodes that are not complete yet, those of the innermost node last.
#[derive(Debug, Default)]
struct Stacks {
    nodes: Vec<Node>,
    commands: Vec<CommandNode>,
    arguments: Vec<Argument>,
}

impl Parser {
    /// A parser of texts that call `functions`.
    pub fn new(functions: &'static Functions) -> Parser {
        Parser {
            functions,
            finder: lex::finder(),
            code: Code::default(),
            stacks: Stacks::default(),
            known: NameMap::default(),
        }
    }

    /// Parses the text of a template (`parse.Parse`).
    ///
    /// # Errors
    /// The first fault, in Go's words.
    pub fn parse(&mut self, name: &str, source: &Source) -> Result<Parsed, ParseError> {
        let alike = self.known.get(&source.bytes().len());
        let known = alike.and_then(|alike| alike.iter().find(|known| known.is_text_of(source)));
        match known {
            // A definition of the text's own name is another matter.
            Some(known) if !known.defines(name) => Ok(known.under(name, source)),
            _ => self.parse_anew(name, source),
        }
    }

    fn parse_anew(&mut self, name: &str, source: &Source) -> Result<Parsed, ParseError> {
        self.code.clear();
        self.code.variables.push(Run::default());
        self.stacks.nodes.clear();
        self.stacks.commands.clear();
        self.stacks.arguments.clear();
        let mut lexer = Lexer::new(source.bytes(), &self.finder);
        lexer.break_is_keyword = self.functions.get("break").is_none();
        lexer.continue_is_keyword = self.functions.get("continue").is_none();
        let mut pass = Pass {
            lexer,
            parse_name: name,
            source,
            functions: self.functions,
            code: &mut self.code,
            stacks: &mut self.stacks,
            trees: BTreeMap::new(),
            scope: Scope::default(),
            controls: 0,
        };
        if u32::try_from(source.bytes().len()).is_err() {
            return pass.fail("text is too large");
        }
        let root = pass.parse_top()?;
        let is_named = pass.trees.contains_key(name);
        if is_named {
            pass.add(name, root)?;
        }
        // Where the text defines its own name, that is the template.
        let root = pass.trees.remove(name).unwrap_or(root);
        let definitions = std::mem::take(&mut pass.trees).into_iter();
        let known = Known {
            source: source.clone(),
            code: Arc::new(self.code.clone()),
            root,
            definitions: definitions
                .map(|(name, root)| (Arc::from(name), root))
                .collect(),
        };
        let parsed = known.under(name, source);
        let alike = self.known.entry(source.bytes().len()).or_default();
        if !is_named && alike.len() < MAX_ALIKE {
            alike.push(known);
        }
        Ok(parsed)
    }
}

impl Known {
    fn is_text_of(&self, source: &Source) -> bool {
        self.source.bytes() == source.bytes()
    }

    fn defines(&self, name: &str) -> bool {
        self.definitions.iter().any(|(known, _)| **known == *name)
    }

    /// The templates of the text under a name.
    fn under(&self, name: &str, source: &Source) -> Parsed {
        let parse_name: Arc<str> = Arc::from(name);
        let tree = |name: &Arc<str>, root: Run| {
            Arc::new(Tree {
                name: Arc::clone(name),
                parse_name: Arc::clone(&parse_name),
                source: source.clone(),
                code: Arc::clone(&self.code),
                root,
            })
        };
        let main = tree(&parse_name, self.root);
        let mut trees = Vec::with_capacity(self.definitions.len() + 1);
        trees.extend(
            self.definitions
                .iter()
                .map(|(name, root)| tree(name, *root)),
        );
        trees.push(Arc::clone(&main));
        Parsed { main, trees }
    }
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

/// What belongs to one tree while it is parsed.
struct Scope {
    /// The last token read is the first; the fourth is never used, and spares a check.
    tokens: [Token; 4],
    peeked: usize,
    variables: Vec<u32>,
    ranges: usize,
    parens: usize,
    /// The delimiter of the action that is being parsed.
    action: Option<Token>,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            tokens: [Token::default(); 4],
            peeked: 0,
            variables: vec![0],
            ranges: 0,
            parens: 0,
            action: None,
        }
    }
}

struct Pass<'a> {
    lexer: Lexer<'a>,
    parse_name: &'a str,
    source: &'a Source,
    functions: &'static Functions,
    code: &'a mut Code,
    stacks: &'a mut Stacks,
    trees: BTreeMap<Box<str>, Run>,
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

fn spot(token: Token) -> Run {
    Run {
        start: token.start,
        end: token.end,
    }
}

/// Moves what was pushed since `mark` to the end of a table.
fn settle<T: Copy>(stack: &mut Vec<T>, mark: usize, table: &mut Vec<T>) -> Run {
    let start = table.len() as u32;
    table.extend_from_slice(&stack[mark..]);
    stack.truncate(mark);
    Run {
        start,
        end: table.len() as u32,
    }
}

/// Adds an entry to a table; gives its number.
fn put<T>(table: &mut Vec<T>, entry: T) -> u32 {
    table.push(entry);
    (table.len() - 1) as u32
}

impl<'a> Pass<'a> {
    #[inline]
    fn next(&mut self) -> Token {
        if self.scope.peeked > 0 {
            self.scope.peeked -= 1;
        } else {
            self.scope.tokens[0] = self.lexer.token();
        }
        self.scope.tokens[self.scope.peeked & 3]
    }

    fn backup(&mut self) {
        self.scope.peeked += 1;
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.backup();
        token
    }

    #[inline]
    fn next_non_space(&mut self) -> Token {
        while self.scope.peeked > 0 {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
        self.scope.tokens[0] = self.lexer.token_past_space();
        self.scope.tokens[0]
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn bytes(&self, token: Token) -> &'a [u8] {
        self.lexer.bytes(token)
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

    #[cold]
    fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        let token = self.scope.tokens[0];
        Err(ParseError::new(
            self.parse_name,
            self.lexer.line(token),
            message.into(),
            self.source.clone(),
            Span {
                start: token.start as usize,
                end: token.end.max(token.start) as usize,
            },
        ))
    }

    #[cold]
    fn unexpected<T>(&self, token: Token, context: &str) -> Result<T> {
        let text = self.describe(token);
        if token.kind == Kind::Error {
            let mut extra = String::new();
            if let Some(action) = self.scope.action
                && let line = self.lexer.line(action)
                && line != self.lexer.line(token)
            {
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

    fn script(&self) -> Script<'_> {
        Script {
            code: self.code,
            text: self.source.bytes(),
        }
    }

    fn unquote(&self, token: Token) -> Result<Vec<u8>> {
        strconv::unquote(self.bytes(token)).or_else(|error| self.fail(error.to_string()))
    }

    /// What a string stands for: mostly what is between the marks.
    fn literal(&mut self, token: Token) -> Result<Literal> {
        let body = Run {
            start: token.start + 1,
            end: token.end - 1,
        };
        let text = body.of(self.source.bytes());
        let as_written = if token.kind == Kind::RawString {
            memchr::memchr(b'\r', text).is_none()
        } else {
            memchr::memchr(b'\\', text).is_none() && std::str::from_utf8(text).is_ok()
        };
        if as_written {
            return Ok(Literal {
                run: body,
                decoded: false,
            });
        }
        let text = self.unquote(token)?;
        Ok(self.decoded(&text))
    }

    fn decoded(&mut self, text: &[u8]) -> Literal {
        let start = self.code.decoded.len() as u32;
        self.code.decoded.extend_from_slice(text);
        let run = Run {
            start,
            end: self.code.decoded.len() as u32,
        };
        Literal { run, decoded: true }
    }

    /// The name of a template: as a string, with each invalid byte replaced.
    fn name(&mut self, token: Token) -> Result<Literal> {
        let literal = self.literal(token)?;
        if std::str::from_utf8(self.script().literal(literal)).is_ok() {
            return Ok(literal);
        }
        let name = self.text_of(literal);
        Ok(self.decoded(name.as_bytes()))
    }

    fn text_of(&self, literal: Literal) -> String {
        String::from_utf8_lossy(self.script().literal(literal)).into_owned()
    }

    fn add(&mut self, name: &str, root: Run) -> Result<()> {
        let text = self.source.bytes();
        let old = self.trees.get(name);
        if old.is_none_or(|old| self.code.is_blank(*old, text)) {
            self.trees.insert(name.into(), root);
        } else if !self.code.is_blank(root, text) {
            let name = strconv::quote(name);
            return self.fail(format!("template: multiple definition of template {name}"));
        }
        Ok(())
    }

    fn parse_top(&mut self) -> Result<Run> {
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
            let token = self.next_non_space();
            match self.text_or_action(token)? {
                Element::Node(node) => self.stacks.nodes.push(node),
                other => return self.fail(format!("unexpected {}", other.text())),
            }
        }
        Ok(settle(&mut self.stacks.nodes, 0, &mut self.code.nodes))
    }

    fn parse_definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.expect(&[Kind::String, Kind::RawString], CONTEXT)?;
        let name = self.name(token)?;
        self.expect(&[Kind::RightDelim], CONTEXT)?;
        let (root, end) = self.item_list()?;
        if !matches!(end, Element::End) {
            return self.fail(format!("unexpected {} in {CONTEXT}", end.text()));
        }
        self.add(&self.text_of(name), root)
    }

    fn item_list(&mut self) -> Result<(Run, Element)> {
        let mark = self.stacks.nodes.len();
        loop {
            let token = self.next_non_space();
            if token.kind == Kind::Eof {
                return self.fail("unexpected EOF");
            }
            match self.text_or_action(token)? {
                Element::Node(node) => self.stacks.nodes.push(node),
                end => {
                    let list = settle(&mut self.stacks.nodes, mark, &mut self.code.nodes);
                    return Ok((list, end));
                }
            }
        }
    }

    fn text_or_action(&mut self, token: Token) -> Result<Element> {
        match token.kind {
            Kind::Text => Ok(Element::Node(Node::Text(spot(token)))),
            Kind::LeftDelim => {
                self.scope.action = Some(token);
                let action = self.action()?;
                self.scope.action = None;
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
            _ => Node::Action(self.pipeline(token, "command", Kind::RightDelim)?),
        };
        Ok(Element::Node(node))
    }

    fn loop_control(&mut self, token: Token, word: &str) -> Result<Run> {
        let next = self.next_non_space();
        if next.kind != Kind::RightDelim {
            return self.unexpected(next, &format!("{{{{{word}}}}}"));
        }
        if self.scope.ranges == 0 {
            return self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(spot(token))
    }

    /// Parses a control with its lists; gives the number of the branch.
    fn control(&mut self, context: &'static str) -> Result<u32> {
        if self.controls >= MAX_CONTROLS {
            return self.fail("max nesting depth exceeded");
        }
        self.controls += 1;
        let branch = stacker::maybe_grow(RED_ZONE, SEGMENT, || self.parse_control(context))?;
        self.controls -= 1;
        Ok(put(&mut self.code.branches, branch))
    }

    fn parse_control(&mut self, context: &'static str) -> Result<BranchNode> {
        let mark = self.scope.variables.len();
        let first = self.next_non_space();
        let pipe = self.pipeline(first, context, Kind::RightDelim)?;
        let range = usize::from(context == "range");
        self.scope.ranges += range;
        let (list, next) = self.item_list()?;
        self.scope.ranges -= range;
        let otherwise = match next {
            Element::Else => {
                let word = self.peek();
                if context == "if" && word.kind == Kind::If {
                    self.next();
                    let inner = Node::If(self.control("if")?);
                    Some(self.single(inner))
                } else if context == "with" && word.kind == Kind::With {
                    self.next();
                    let inner = Node::With(self.control("with")?);
                    Some(self.single(inner))
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
            pipe,
            list,
            otherwise,
        })
    }

    fn single(&mut self, node: Node) -> Run {
        let start = put(&mut self.code.nodes, node);
        Run {
            start,
            end: start + 1,
        }
    }

    fn template_name(&mut self, context: &str) -> Result<(Token, Literal)> {
        let token = self.next_non_space();
        if matches!(token.kind, Kind::String | Kind::RawString) {
            Ok((token, self.name(token)?))
        } else {
            self.unexpected(token, context)
        }
    }

    fn block_control(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let first = self.next_non_space();
        let pipe = self.pipeline(first, CONTEXT, Kind::RightDelim)?;
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
        self.add(&self.text_of(name), root)?;
        self.scope = outer;
        self.controls -= 1;
        Ok(self.template_node(token, name, Some(pipe)))
    }

    fn template_control(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let (token, name) = self.template_name(CONTEXT)?;
        let mut pipe = None;
        let first = self.next_non_space();
        if first.kind != Kind::RightDelim {
            pipe = Some(self.pipeline(first, CONTEXT, Kind::RightDelim)?);
        }
        Ok(self.template_node(token, name, pipe))
    }

    fn template_node(&mut self, token: Token, name: Literal, pipe: Option<u32>) -> Node {
        let template = TemplateNode {
            spot: spot(token),
            name,
            pipe,
        };
        Node::Template(put(&mut self.code.templates, template))
    }

    /// The number of a variable.
    fn variable(&mut self, token: Token) -> u32 {
        let name = self.bytes(token);
        if name.len() == 1 {
            return 0;
        }
        let text = self.source.bytes();
        let known = &self.code.variables;
        match known.iter().position(|known| known.of(text) == name) {
            Some(at) => at as u32,
            None => put(&mut self.code.variables, spot(token)),
        }
    }

    /// Parses a pipeline that begins with `first`, which is no space; gives its number.
    fn pipeline(&mut self, first: Token, context: &str, end: Kind) -> Result<u32> {
        let mut pipe = PipeNode::new(spot(first));
        let mark = self.stacks.commands.len();
        let mut token = first;
        if first.kind == Kind::Variable {
            self.backup();
            self.declarations(&mut pipe, context)?;
            token = self.next_non_space();
        }
        while token.kind != end {
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
                | Kind::LeftParen => {}
                _ => return self.unexpected(token, context),
            }
            let command = self.command(token)?;
            pipe.spot.end = command.spot.end;
            self.stacks.commands.push(command);
            token = self.next_non_space();
        }
        pipe.commands = settle(&mut self.stacks.commands, mark, &mut self.code.commands);
        self.check(&pipe, context)?;
        Ok(put(&mut self.code.pipes, pipe))
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
                self.scope.variables.push(variable);
                pipe.declare(variable);
                if !comma {
                    return Ok(());
                }
                if context == "range" && pipe.declarations().len() < 2 {
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
        let script = self.script();
        for (at, command) in script.commands(pipe).iter().enumerate().skip(1) {
            if matches!(
                script.arguments(command)[0].term,
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

    /// Parses a command whose first operand begins with `token`.
    fn command(&mut self, mut token: Token) -> Result<CommandNode> {
        let mut spot = spot(token);
        let mark = self.stacks.arguments.len();
        loop {
            // What is no operand is looked at as what follows one.
            if let Some(mut operand) = self.term(token)? {
                token = self.next();
                if token.kind == Kind::Field {
                    (operand, token) = self.chain(operand, token)?;
                }
                spot.end = operand.spot.end;
                self.stacks.arguments.push(operand);
            }
            match token.kind {
                Kind::Space => token = self.next_non_space(),
                Kind::RightDelim | Kind::RightParen => {
                    self.backup();
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(token, "operand"),
            }
        }
        let arguments = settle(&mut self.stacks.arguments, mark, &mut self.code.arguments);
        if arguments.is_empty() {
            return self.fail("empty command");
        }
        Ok(CommandNode { spot, arguments })
    }

    /// The name of a field without its dot, at the end of the table.
    fn push_name(&mut self, token: Token) {
        self.code.names.push(Run {
            start: token.start + 1,
            end: token.end,
        });
    }

    /// Fields of an operand, the first of which is `token`; gives the token after them, too.
    fn chain(&mut self, whole: Argument, mut token: Token) -> Result<(Argument, Token)> {
        let mut node = whole;
        // The names of the operand itself are the last ones.
        let start = self.code.names.len() as u32;
        while token.kind == Kind::Field {
            node.spot.end = token.end;
            self.push_name(token);
            token = self.next();
        }
        let end = self.code.names.len() as u32;
        node.term = match node.term {
            Term::Field(names) => Term::Field(Run { end, ..names }),
            Term::Variable(variable, names) => Term::Variable(variable, Run { end, ..names }),
            Term::Bool(_) | Term::String(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let text = self.script().show(At::Argument(&whole)).to_string();
                let text = strconv::quote(text);
                return self.fail(format!("unexpected . after term {text}"));
            }
            Term::Identifier(_) | Term::Chain(..) | Term::Pipe(_) => {
                Term::Chain(put(&mut self.code.receivers, whole), Run { start, end })
            }
        };
        Ok((node, token))
    }

    /// The operand that `token` begins; nothing where it begins none.
    fn term(&mut self, token: Token) -> Result<Option<Argument>> {
        let text = self.bytes(token);
        let mut spot = spot(token);
        let term = match token.kind {
            Kind::Identifier => {
                let Some(callee) = self.functions.get(text) else {
                    return self.fail(format!("function {} not defined", strconv::quote(text)));
                };
                Term::Identifier(callee)
            }
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                let variable = self.variable(token);
                if variable != 0 && !self.scope.variables.contains(&variable) {
                    return self.fail(format!("undefined variable {}", strconv::quote(text)));
                }
                let mark = self.code.names.len() as u32;
                Term::Variable(
                    variable,
                    Run {
                        start: mark,
                        end: mark,
                    },
                )
            }
            Kind::Field => {
                let start = self.code.names.len() as u32;
                self.push_name(token);
                Term::Field(Run {
                    start,
                    end: start + 1,
                })
            }
            Kind::Bool => Term::Bool(text == b"true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                match number::read(text, token.kind) {
                    Ok(number) => Term::Number(put(&mut self.code.numerals, number)),
                    Err(error) => return self.fail(error),
                }
            }
            Kind::LeftParen => {
                if self.scope.parens >= MAX_PARENS {
                    return self.fail("max expression depth exceeded");
                }
                self.scope.parens += 1;
                let pipe = stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    let first = self.next_non_space();
                    self.pipeline(first, "parenthesized pipeline", Kind::RightParen)
                })?;
                self.scope.parens -= 1;
                spot.end = self.code.pipes[pipe as usize].spot.end + 1;
                Term::Pipe(pipe)
            }
            Kind::String | Kind::RawString => Term::String(self.literal(token)?),
            _ => return Ok(None),
        };
        Ok(Some(Argument { spot, term }))
    }
}
