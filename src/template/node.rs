//! What a template is made of. `Display` prints a node as Go's `Node.String` does; error texts
//! quote it.

use std::fmt;
use std::sync::Arc;

use super::function::Callee;
use crate::diag::{Source, Span};
use crate::go::strconv;
use crate::value::Text;

const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// One template: a file, a `define` or a `block`.
#[derive(Debug)]
pub struct Tree {
    pub(super) name: Box<str>,
    pub(super) parse_name: Arc<str>,
    pub(super) source: Source,
    pub(super) root: Vec<Node>,
}

impl Tree {
    /// Name of the template.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name under which the text was parsed, which places use.
    pub fn parse_name(&self) -> &str {
        &self.parse_name
    }

    /// The text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The nodes at the top.
    pub fn root(&self) -> &[Node] {
        &self.root
    }

    /// Whether it holds nothing but blank text (`parse.IsEmptyTree`).
    pub fn is_empty(&self) -> bool {
        self.root.iter().all(|node| match node {
            Node::Text(text) => std::str::from_utf8(text.text(&self.source))
                .is_ok_and(|text| text.trim().is_empty()),
            _ => false,
        })
    }
}

/// Where a node stands: Go's position for places, and the bytes it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    pub(super) at: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Spot {
    /// Byte offset that Go reports.
    pub fn offset(&self) -> usize {
        self.at as usize
    }

    /// The bytes of the node.
    pub fn span(&self) -> Span {
        Span {
            start: self.start as usize,
            end: (self.end as usize).max(self.start as usize + 1),
        }
    }
}

/// An element of a template.
#[derive(Debug)]
pub enum Node {
    /// Plain text.
    Text(TextNode),
    /// `{{pipeline}}`
    Action(ActionNode),
    /// `{{if}}`
    If(BranchNode),
    /// `{{range}}`
    Range(BranchNode),
    /// `{{with}}`
    With(BranchNode),
    /// `{{template}}`, also where a `block` stood.
    Template(TemplateNode),
    /// `{{break}}`
    Break(Spot),
    /// `{{continue}}`
    Continue(Spot),
}

/// Plain text: bytes of the source.
#[derive(Debug)]
pub struct TextNode {
    pub(super) spot: Spot,
}

impl TextNode {
    /// The bytes, in the source of the tree.
    pub fn text<'s>(&self, source: &'s Source) -> &'s [u8] {
        &source.bytes()[self.spot.start as usize..self.spot.end as usize]
    }

    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }
}

/// A pipeline whose value is printed, unless it declares.
#[derive(Debug)]
pub struct ActionNode {
    pub(super) spot: Spot,
    pub(super) pipe: PipeNode,
}

impl ActionNode {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }

    /// The pipeline.
    pub fn pipe(&self) -> &PipeNode {
        &self.pipe
    }
}

/// `if`, `range` or `with`.
#[derive(Debug)]
pub struct BranchNode {
    pub(super) spot: Spot,
    pub(super) pipe: PipeNode,
    pub(super) list: Vec<Node>,
    pub(super) otherwise: Option<Vec<Node>>,
}

impl BranchNode {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }

    /// What is asked or walked.
    pub fn pipe(&self) -> &PipeNode {
        &self.pipe
    }

    /// The body.
    pub fn list(&self) -> &[Node] {
        &self.list
    }

    /// What stands after `else`.
    pub fn otherwise(&self) -> Option<&[Node]> {
        self.otherwise.as_deref()
    }
}

impl Drop for BranchNode {
    fn drop(&mut self) {
        // Nesting may be deeper than the stack.
        let list = std::mem::take(&mut self.list);
        let otherwise = self.otherwise.take();
        stacker::maybe_grow(RED_ZONE, SEGMENT, move || drop((list, otherwise)));
    }
}

/// A call of another template.
#[derive(Debug)]
pub struct TemplateNode {
    pub(super) spot: Spot,
    pub(super) name: Box<str>,
    pub(super) pipe: Option<PipeNode>,
}

impl TemplateNode {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }

    /// Name of the template.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What becomes its dot.
    pub fn pipe(&self) -> Option<&PipeNode> {
        self.pipe.as_ref()
    }
}

/// Commands that hand on their values, and what the last value is assigned to.
#[derive(Debug)]
pub struct PipeNode {
    pub(super) spot: Spot,
    /// Whether it is `=`, not `:=`.
    pub(super) assigns: bool,
    pub(super) declarations: Vec<Variable>,
    pub(super) commands: Vec<CommandNode>,
}

impl PipeNode {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }

    /// Whether the variables are assigned, not declared.
    pub fn assigns(&self) -> bool {
        self.assigns
    }

    /// The variables before `:=` or `=`.
    pub fn declarations(&self) -> &[Variable] {
        &self.declarations
    }

    /// The commands.
    pub fn commands(&self) -> &[CommandNode] {
        &self.commands
    }
}

impl Drop for PipeNode {
    fn drop(&mut self) {
        let commands = std::mem::take(&mut self.commands);
        stacker::maybe_grow(RED_ZONE, SEGMENT, move || drop(commands));
    }
}

/// Operands next to each other: a function or value, and its arguments.
#[derive(Debug)]
pub struct CommandNode {
    pub(super) spot: Spot,
    pub(super) arguments: Vec<Argument>,
}

impl CommandNode {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }

    /// The operands; never empty.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }
}

/// One operand.
#[derive(Debug)]
pub struct Argument {
    pub(super) spot: Spot,
    pub(super) term: Term,
}

impl Argument {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        self.spot
    }

    /// What it is.
    pub fn term(&self) -> &Term {
        &self.term
    }
}

/// What an operand is.
#[derive(Debug)]
pub enum Term {
    /// `true` or `false`
    Bool(bool),
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// `.a.b`
    Field(Vec<Text>),
    /// `$x.a.b`
    Variable(Variable, Vec<Text>),
    /// A function's name.
    Identifier(Callee),
    /// A number or character.
    Number(Box<Numeral>),
    /// A string in quotes.
    String(Box<Literal>),
    /// `(pipeline).a.b` or `function.a.b`
    Chain(Box<Argument>, Vec<Text>),
    /// `(pipeline)`
    Pipe(Box<PipeNode>),
}

/// A variable: its name with `$`, and a number for the name that is unique in the tree.
#[derive(Clone, Debug)]
pub struct Variable {
    pub(super) id: u32,
    pub(super) name: Text,
}

impl Variable {
    /// The name, with `$`.
    pub fn name(&self) -> &Text {
        &self.name
    }
}

/// A string and how it was written.
#[derive(Debug)]
pub struct Literal {
    pub(super) quoted: Text,
    pub(super) text: Text,
}

impl Literal {
    /// The string itself.
    pub fn text(&self) -> &Text {
        &self.text
    }
}

/// A number, in every type it fits.
#[derive(Debug, Default)]
pub struct Numeral {
    pub(super) text: Text,
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    pub(super) complex: Option<(f64, f64)>,
}

impl Numeral {
    /// How it was written.
    pub fn text(&self) -> &Text {
        &self.text
    }
}

impl Node {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        match self {
            Node::Text(text) => text.spot,
            Node::Action(action) => action.spot,
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => branch.spot,
            Node::Template(template) => template.spot,
            Node::Break(spot) | Node::Continue(spot) => *spot,
        }
    }

    /// What Go prints for the node; `source` is the tree's.
    pub fn display<'a>(&'a self, source: &'a Source) -> impl fmt::Display + 'a {
        DisplayNode { node: self, source }
    }
}

struct DisplayNode<'a> {
    node: &'a Node,
    source: &'a Source,
}

impl DisplayNode<'_> {
    fn list(&self, f: &mut fmt::Formatter<'_>, nodes: &[Node]) -> fmt::Result {
        nodes
            .iter()
            .try_for_each(|node| write!(f, "{}", node.display(self.source)))
    }

    fn branch(&self, f: &mut fmt::Formatter<'_>, word: &str, branch: &BranchNode) -> fmt::Result {
        write!(f, "{{{{{word} {}}}}}", branch.pipe)?;
        stacker::maybe_grow(RED_ZONE, SEGMENT, || {
            self.list(f, &branch.list)?;
            if let Some(otherwise) = &branch.otherwise {
                f.write_str("{{else}}")?;
                self.list(f, otherwise)?;
            }
            f.write_str("{{end}}")
        })
    }
}

impl fmt::Display for DisplayNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node {
            Node::Text(text) => f.write_str(&String::from_utf8_lossy(text.text(self.source))),
            Node::Action(action) => write!(f, "{{{{{}}}}}", action.pipe),
            Node::If(branch) => self.branch(f, "if", branch),
            Node::Range(branch) => self.branch(f, "range", branch),
            Node::With(branch) => self.branch(f, "with", branch),
            Node::Template(template) => {
                write!(
                    f,
                    "{{{{template {}",
                    strconv::quote(template.name.as_bytes())
                )?;
                if let Some(pipe) = &template.pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Node::Break(_) => f.write_str("{{break}}"),
            Node::Continue(_) => f.write_str("{{continue}}"),
        }
    }
}

impl fmt::Display for PipeNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, variable) in self.declarations.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            variable.name.fmt(f)?;
        }
        if !self.declarations.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            if at > 0 {
                f.write_str(" | ")?;
            }
            command.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for CommandNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, argument) in self.arguments.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            match &argument.term {
                Term::Pipe(pipe) => parenthesize(f, pipe)?,
                _ => argument.fmt(f)?,
            }
        }
        Ok(())
    }
}

fn parenthesize(f: &mut fmt::Formatter<'_>, pipe: &PipeNode) -> fmt::Result {
    stacker::maybe_grow(RED_ZONE, SEGMENT, || write!(f, "({pipe})"))
}

fn fields(f: &mut fmt::Formatter<'_>, fields: &[Text]) -> fmt::Result {
    fields.iter().try_for_each(|field| write!(f, ".{field}"))
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Bool(value) => value.fmt(f),
            Term::Dot => f.write_str("."),
            Term::Nil => f.write_str("nil"),
            Term::Field(names) => fields(f, names),
            Term::Variable(variable, names) => {
                variable.name.fmt(f)?;
                fields(f, names)
            }
            Term::Identifier(callee) => f.write_str(callee.name()),
            Term::Number(number) => number.text.fmt(f),
            Term::String(literal) => literal.quoted.fmt(f),
            Term::Chain(argument, names) => {
                match &argument.term {
                    Term::Pipe(pipe) => parenthesize(f, pipe)?,
                    _ => argument.fmt(f)?,
                }
                fields(f, names)
            }
            Term::Pipe(pipe) => stacker::maybe_grow(RED_ZONE, SEGMENT, || pipe.fmt(f)),
        }
    }
}
