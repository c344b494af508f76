//! What a template is made of. The nodes of one text lie side by side in a few tables and refer to
//! each other, and to the text, by number: parsing takes a handful of allocations for a text,
//! whatever its size. [`Script::show`] prints a node as Go's `Node.String` does; error texts quote it.

use std::fmt;
use std::sync::Arc;

use super::function::Callee;
use crate::diag::{Source, Span};
use crate::go::strconv;

const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// One template: a file, a `define` or a `block`.
#[derive(Debug)]
pub struct Tree {
    pub(super) name: Arc<str>,
    pub(super) parse_name: Arc<str>,
    pub(super) source: Source,
    pub(super) code: Arc<Code>,
    pub(super) root: Run,
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

    /// Whether it holds nothing but blank text (`parse.IsEmptyTree`).
    pub fn is_empty(&self) -> bool {
        self.code.is_blank(self.root, self.source.bytes())
    }

    pub(super) fn script(&self) -> Script<'_> {
        Script {
            code: &self.code,
            text: self.source.bytes(),
        }
    }
}

/// Entries `start..end` of a table, or bytes of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Run {
    pub(super) fn of<T>(self, table: &[T]) -> &[T] {
        &table[self.start as usize..self.end as usize]
    }

    pub(super) fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The bytes of a node.
    pub(super) fn span(self) -> Span {
        Span {
            start: self.start as usize,
            end: (self.end as usize).max(self.start as usize + 1),
        }
    }
}

/// The nodes of one text. It knows neither the text nor its name, so that equal texts can share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Code {
    pub(super) nodes: Vec<Node>,
    pub(super) branches: Vec<BranchNode>,
    pub(super) templates: Vec<TemplateNode>,
    pub(super) pipes: Vec<PipeNode>,
    pub(super) commands: Vec<CommandNode>,
    pub(super) arguments: Vec<Argument>,
    /// What chains begin with.
    pub(super) receivers: Vec<Argument>,
    /// Names of fields, in the text.
    pub(super) names: Vec<Run>,
    /// Names of variables by their numbers, in the text; the first is `$`, which need not stand there.
    pub(super) variables: Vec<Run>,
    pub(super) numerals: Vec<Numeral>,
    /// Strings that are not written as they are.
    pub(super) decoded: Vec<u8>,
}

impl Code {
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.branches.clear();
        self.templates.clear();
        self.pipes.clear();
        self.commands.clear();
        self.arguments.clear();
        self.receivers.clear();
        self.names.clear();
        self.variables.clear();
        self.numerals.clear();
        self.decoded.clear();
    }

    pub(super) fn is_blank(&self, root: Run, text: &[u8]) -> bool {
        root.of(&self.nodes).iter().all(|node| match node {
            Node::Text(run) => {
                std::str::from_utf8(run.of(text)).is_ok_and(|text| text.trim().is_empty())
            }
            _ => false,
        })
    }
}

/// An element of a template. Numbers are entries of the table that is named.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// Plain text.
    Text(Run),
    /// `{{pipeline}}`: a pipe whose value is printed, unless it declares.
    Action(u32),
    /// `{{if}}`: a branch.
    If(u32),
    /// `{{range}}`: a branch.
    Range(u32),
    /// `{{with}}`: a branch.
    With(u32),
    /// `{{template}}`, also where a `block` stood.
    Template(u32),
    /// `{{break}}`
    Break(Run),
    /// `{{continue}}`
    Continue(Run),
}

/// `if`, `range` or `with`.
#[derive(Clone, Copy, Debug)]
pub(super) struct BranchNode {
    /// What is asked or walked.
    pub(super) pipe: u32,
    pub(super) list: Run,
    /// What stands after `else`.
    pub(super) otherwise: Option<Run>,
}

/// A call of another template.
#[derive(Clone, Copy, Debug)]
pub(super) struct TemplateNode {
    /// The name as it is written.
    pub(super) spot: Run,
    pub(super) name: Literal,
    /// What becomes its dot.
    pub(super) pipe: Option<u32>,
}

/// Commands that hand on their values, and what the last value is assigned to.
#[derive(Clone, Copy, Debug)]
pub(super) struct PipeNode {
    pub(super) spot: Run,
    pub(super) commands: Run,
    declared: [u32; 2],
    count: u8,
    /// Whether it is `=`, not `:=`.
    pub(super) assigns: bool,
}

impl PipeNode {
    pub(super) fn new(spot: Run) -> PipeNode {
        PipeNode {
            spot,
            commands: Run::default(),
            declared: [0; 2],
            count: 0,
            assigns: false,
        }
    }

    /// Adds a variable in front of the commands; there are two at most.
    pub(super) fn declare(&mut self, variable: u32) {
        self.declared[usize::from(self.count)] = variable;
        self.count += 1;
    }

    /// The variables before `:=` or `=`.
    pub(super) fn declarations(&self) -> &[u32] {
        &self.declared[..usize::from(self.count)]
    }
}

/// Operands next to each other: a function or value, and its arguments; never empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommandNode {
    pub(super) spot: Run,
    pub(super) arguments: Run,
}

/// One operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    pub(super) spot: Run,
    pub(super) term: Term,
}

/// What an operand is. Runs are of the table of names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    /// `true` or `false`
    Bool(bool),
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// `.a.b`
    Field(Run),
    /// `$x.a.b`
    Variable(u32, Run),
    /// A function's name.
    Identifier(&'static Callee),
    /// A number or character.
    Number(u32),
    /// A string in quotes.
    String(Literal),
    /// `(pipeline).a.b` or `function.a.b`
    Chain(u32, Run),
    /// `(pipeline)`
    Pipe(u32),
}

/// A string: bytes of the text, or of what was decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Literal {
    pub(super) run: Run,
    pub(super) decoded: bool,
}

/// A number, in every type it fits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numeral {
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    pub(super) complex: Option<(f64, f64)>,
}

/// Nodes and the text that they are of.
#[derive(Clone, Copy)]
pub(super) struct Script<'s> {
    pub(super) code: &'s Code,
    pub(super) text: &'s [u8],
}

impl<'s> Script<'s> {
    pub(super) fn pipe(self, at: u32) -> &'s PipeNode {
        &self.code.pipes[at as usize]
    }

    pub(super) fn branch(self, at: u32) -> &'s BranchNode {
        &self.code.branches[at as usize]
    }

    pub(super) fn template(self, at: u32) -> &'s TemplateNode {
        &self.code.templates[at as usize]
    }

    pub(super) fn receiver(self, at: u32) -> &'s Argument {
        &self.code.receivers[at as usize]
    }

    pub(super) fn numeral(self, at: u32) -> &'s Numeral {
        &self.code.numerals[at as usize]
    }

    pub(super) fn nodes(self, run: Run) -> &'s [Node] {
        run.of(&self.code.nodes)
    }

    pub(super) fn commands(self, pipe: &PipeNode) -> &'s [CommandNode] {
        pipe.commands.of(&self.code.commands)
    }

    pub(super) fn arguments(self, command: &CommandNode) -> &'s [Argument] {
        command.arguments.of(&self.code.arguments)
    }

    pub(super) fn names(self, run: Run) -> &'s [Run] {
        run.of(&self.code.names)
    }

    /// The name of a variable, with `$`.
    pub(super) fn variable(self, id: u32) -> &'s [u8] {
        match id {
            0 => b"$",
            _ => self.code.variables[id as usize].of(self.text),
        }
    }

    pub(super) fn literal(self, literal: Literal) -> &'s [u8] {
        if literal.decoded {
            literal.run.of(&self.code.decoded)
        } else {
            literal.run.of(self.text)
        }
    }

    /// Byte offset that Go reports, and the bytes of the node.
    pub(super) fn place(self, at: At<'_>) -> (usize, Span) {
        let run = match at {
            At::Node(node) => match node {
                Node::Text(run) | Node::Break(run) | Node::Continue(run) => *run,
                Node::Action(pipe) => self.pipe(*pipe).spot,
                Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                    self.pipe(self.branch(*branch).pipe).spot
                }
                Node::Template(template) => self.template(*template).spot,
            },
            At::Pipe(pipe) => pipe.spot,
            At::Command(command) => command.spot,
            At::Argument(argument) => {
                let at = self.argument_at(argument);
                return (at as usize, argument.spot.span());
            }
        };
        (run.start as usize, run.span())
    }

    /// Go puts operands where their second token begins, if that is the name of a field.
    fn argument_at(self, argument: &Argument) -> u32 {
        let dot = |names: Run, at: usize| self.names(names).get(at).map(|name| name.start - 1);
        let at = match argument.term {
            Term::Field(names) => dot(names, 1),
            Term::Variable(_, names) | Term::Chain(_, names) => dot(names, 0),
            Term::Pipe(pipe) => Some(self.pipe(pipe).spot.start),
            _ => None,
        };
        at.unwrap_or(argument.spot.start)
    }

    /// What Go prints for a node.
    pub(super) fn show(self, at: At<'s>) -> impl fmt::Display + 's {
        fmt::from_fn(move |f| match at {
            At::Node(node) => self.show_node(f, node),
            At::Pipe(pipe) => self.show_pipe(f, pipe),
            At::Command(command) => self.show_command(f, command),
            At::Argument(argument) => self.show_argument(f, argument),
        })
    }

    fn show_list(self, f: &mut fmt::Formatter<'_>, run: Run) -> fmt::Result {
        self.nodes(run)
            .iter()
            .try_for_each(|node| self.show_node(f, node))
    }

    fn show_branch(self, f: &mut fmt::Formatter<'_>, word: &str, branch: u32) -> fmt::Result {
        let branch = self.branch(branch);
        write!(f, "{{{{{word} ")?;
        self.show_pipe(f, self.pipe(branch.pipe))?;
        f.write_str("}}")?;
        stacker::maybe_grow(RED_ZONE, SEGMENT, || {
            self.show_list(f, branch.list)?;
            if let Some(otherwise) = branch.otherwise {
                f.write_str("{{else}}")?;
                self.show_list(f, otherwise)?;
            }
            f.write_str("{{end}}")
        })
    }

    fn show_node(self, f: &mut fmt::Formatter<'_>, node: &Node) -> fmt::Result {
        match *node {
            Node::Text(run) => show_bytes(f, run.of(self.text)),
            Node::Action(pipe) => {
                f.write_str("{{")?;
                self.show_pipe(f, self.pipe(pipe))?;
                f.write_str("}}")
            }
            Node::If(branch) => self.show_branch(f, "if", branch),
            Node::Range(branch) => self.show_branch(f, "range", branch),
            Node::With(branch) => self.show_branch(f, "with", branch),
            Node::Template(template) => {
                let template = self.template(template);
                let name = strconv::quote(self.literal(template.name));
                write!(f, "{{{{template {name}")?;
                if let Some(pipe) = template.pipe {
                    f.write_str(" ")?;
                    self.show_pipe(f, self.pipe(pipe))?;
                }
                f.write_str("}}")
            }
            Node::Break(_) => f.write_str("{{break}}"),
            Node::Continue(_) => f.write_str("{{continue}}"),
        }
    }

    fn show_pipe(self, f: &mut fmt::Formatter<'_>, pipe: &PipeNode) -> fmt::Result {
        for (at, variable) in pipe.declarations().iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            show_bytes(f, self.variable(*variable))?;
        }
        if !pipe.declarations().is_empty() {
            f.write_str(if pipe.assigns { " = " } else { " := " })?;
        }
        for (at, command) in self.commands(pipe).iter().enumerate() {
            if at > 0 {
                f.write_str(" | ")?;
            }
            self.show_command(f, command)?;
        }
        Ok(())
    }

    fn show_command(self, f: &mut fmt::Formatter<'_>, command: &CommandNode) -> fmt::Result {
        for (at, argument) in self.arguments(command).iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            self.show_operand(f, argument)?;
        }
        Ok(())
    }

    /// An operand where pipelines need parentheses.
    fn show_operand(self, f: &mut fmt::Formatter<'_>, argument: &Argument) -> fmt::Result {
        let Term::Pipe(pipe) = argument.term else {
            return self.show_argument(f, argument);
        };
        stacker::maybe_grow(RED_ZONE, SEGMENT, || {
            f.write_str("(")?;
            self.show_pipe(f, self.pipe(pipe))?;
            f.write_str(")")
        })
    }

    fn show_names(self, f: &mut fmt::Formatter<'_>, names: Run) -> fmt::Result {
        self.names(names).iter().try_for_each(|name| {
            f.write_str(".")?;
            show_bytes(f, name.of(self.text))
        })
    }

    fn show_argument(self, f: &mut fmt::Formatter<'_>, argument: &Argument) -> fmt::Result {
        match argument.term {
            Term::Bool(value) => fmt::Display::fmt(&value, f),
            Term::Dot => f.write_str("."),
            Term::Nil => f.write_str("nil"),
            Term::Field(names) => self.show_names(f, names),
            Term::Variable(variable, names) => {
                show_bytes(f, self.variable(variable))?;
                self.show_names(f, names)
            }
            Term::Identifier(callee) => f.write_str(callee.name()),
            Term::Number(_) | Term::String(_) => show_bytes(f, argument.spot.of(self.text)),
            Term::Chain(receiver, names) => {
                self.show_operand(f, self.receiver(receiver))?;
                self.show_names(f, names)
            }
            Term::Pipe(pipe) => {
                stacker::maybe_grow(RED_ZONE, SEGMENT, || self.show_pipe(f, self.pipe(pipe)))
            }
        }
    }
}

fn show_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str(&String::from_utf8_lossy(bytes))
}

/// A node that an error blames.
#[derive(Clone, Copy)]
pub(super) enum At<'s> {
    Node(&'s Node),
    Pipe(&'s PipeNode),
    Command(&'s CommandNode),
    Argument(&'s Argument),
}
