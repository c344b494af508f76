//! Walks the nodes of a template (`text/template/exec.go`, Go 1.26).

use super::error::ExecError;
use super::function::{Callee, Environment};
use super::node::{At, BranchNode, Node, PipeNode, Script, TemplateNode, Term, Tree};
use super::set::Set;
use super::slot::{Slot, underlying};
use crate::diag::Span;
use crate::go::fmt;
use crate::go::strconv;
use crate::value::{Fault, Kind, Text, Type, Value};

/// Go's limit of templates inside each other.
const MAX_DEPTH: usize = 100_000;
/// Our limits, which Go does not have.
const MAX_OUTPUT: usize = 256 << 20;
const MAX_STEPS: usize = 10_000_000;

const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 4 * 1024 * 1024;

pub(super) type Result<T, E = ExecError> = std::result::Result<T, E>;

/// One execution.
pub(super) struct State<'s> {
    pub(super) set: &'s Set,
    tree: &'s Tree,
    /// What `tree` is made of.
    pub(super) script: Script<'s>,
    pub(super) environment: Environment<'s>,
    pub(super) depth: usize,
    pub(super) at: Option<At<'s>>,
    /// Variables of the templates that execute, by number; those of the innermost begin at `frame`.
    variables: Vec<(u32, Slot)>,
    frame: usize,
    /// Arguments of the calls under way.
    pub(super) values: Vec<Value>,
    pub(super) slots: Vec<Slot>,
    out: &'s mut Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'s> State<'s> {
    pub(super) fn new(
        set: &'s Set,
        tree: &'s Tree,
        environment: &Environment<'s>,
        out: &'s mut Vec<u8>,
    ) -> State<'s> {
        State {
            set,
            tree,
            script: tree.script(),
            environment: *environment,
            depth: 0,
            at: None,
            variables: Vec::with_capacity(8),
            frame: 0,
            values: Vec::new(),
            slots: Vec::new(),
            out,
        }
    }

    pub(super) fn run(mut self, data: &Value, depth: usize) -> Result<()> {
        self.depth = depth;
        let dot = Slot::of(data.clone());
        self.variables.push((0, dot.clone()));
        self.check_depth()?;
        self.walk_list(&dot, self.script.nodes(self.tree.root))?;
        Ok(())
    }

    fn check_depth(&self) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return self.fail(format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        Ok(())
    }

    #[cold]
    fn error(&self, message: String) -> ExecError {
        let tree = self.tree;
        let name = tree.name();
        let Some(at) = self.at else {
            return ExecError::without_place(name, format!("template: {name}: {message}"));
        };
        let context = self.script.show(at).to_string();
        let (offset, span) = self.script.place(at);
        let place = tree.source.place(offset);
        let location = format!("{}:{}:{}", tree.parse_name(), place.line, place.column - 1);
        let limit = tree.source.bytes().len();
        let span = Span {
            start: span.start.min(limit),
            end: span.end.min(limit),
        };
        ExecError::at(
            name,
            location,
            context,
            (tree.source.clone(), span),
            message,
        )
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(self.error(message.into()))
    }

    /// `error calling NAME: ...`
    pub(super) fn fail_call<T>(&self, name: &str, fault: Fault) -> Result<T> {
        Err(self
            .error(format!("error calling {name}: "))
            .with_fault(fault))
    }

    pub(super) fn push(&mut self, variable: u32, value: Slot) {
        self.variables.push((variable, value));
    }

    pub(super) fn set_variable(&mut self, id: u32, value: Slot) -> Result<()> {
        let frame = &mut self.variables[self.frame..];
        match frame.iter_mut().rev().find(|(known, _)| *known == id) {
            Some((_, slot)) => {
                *slot = value;
                Ok(())
            }
            None => self.fail_undefined(id),
        }
    }

    pub(super) fn variable(&self, id: u32) -> Result<&Slot> {
        let frame = &self.variables[self.frame..];
        match frame.iter().rev().find(|(known, _)| *known == id) {
            Some((_, slot)) => Ok(slot),
            None => self.fail_undefined(id),
        }
    }

    #[cold]
    fn fail_undefined<T>(&self, id: u32) -> Result<T> {
        let name = String::from_utf8_lossy(self.script.variable(id));
        self.fail(format!("undefined variable: {name}"))
    }

    fn set_top(&mut self, from_top: usize, value: Slot) {
        if let Some(at) = self.variables.len().checked_sub(from_top) {
            self.variables[at].1 = value;
        }
    }

    fn check_output(&self) -> Result<()> {
        if self.out.len() > MAX_OUTPUT {
            return self.fail(format!("output exceeds {MAX_OUTPUT} bytes"));
        }
        Ok(())
    }

    fn walk_list(&mut self, dot: &Slot, nodes: &'s [Node]) -> Result<Flow> {
        for node in nodes {
            match *node {
                Node::Text(run) => {
                    self.out.extend_from_slice(run.of(self.script.text));
                    if self.out.len() > MAX_OUTPUT {
                        self.at = Some(At::Node(node));
                        self.check_output()?;
                    }
                }
                Node::Action(pipe) => self.walk_action(dot, node, self.script.pipe(pipe))?,
                Node::If(branch) => {
                    let flow = self.walk_branch(dot, self.script.branch(branch), false)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::With(branch) => {
                    let flow = self.walk_branch(dot, self.script.branch(branch), true)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::Range(branch) => {
                    let branch = self.script.branch(branch);
                    self.at = Some(At::Pipe(self.script.pipe(branch.pipe)));
                    let mark = self.variables.len();
                    let flow =
                        stacker::maybe_grow(RED_ZONE, SEGMENT, || self.walk_range(dot, branch))?;
                    self.variables.truncate(mark);
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Node::Template(template) => {
                    self.at = Some(At::Node(node));
                    let template = self.script.template(template);
                    stacker::maybe_grow(RED_ZONE, SEGMENT, || self.walk_template(dot, template))?;
                }
                Node::Break(_) => return Ok(Flow::Break),
                Node::Continue(_) => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    fn walk_action(&mut self, dot: &Slot, node: &'s Node, pipe: &'s PipeNode) -> Result<()> {
        if let Some(text) = self.plain(pipe) {
            self.out.extend_from_slice(text);
            self.at = Some(At::Node(node));
            return self.check_output();
        }
        let value = self.eval_pipeline(dot, pipe)?;
        if pipe.declarations().is_empty() {
            self.at = Some(At::Node(node));
            self.print(node, pipe, &value)?;
        }
        Ok(())
    }

    /// The text of a pipeline that is a string and nothing else, such as the braces in
    /// `` {{`{{`}} ``: nothing is to be evaluated.
    fn plain(&self, pipe: &PipeNode) -> Option<&'s [u8]> {
        if !pipe.declarations().is_empty() {
            return None;
        }
        let [command] = self.script.commands(pipe) else {
            return None;
        };
        match self.script.arguments(command) {
            [argument] => match argument.term {
                Term::String(literal) => Some(self.script.literal(literal)),
                _ => None,
            },
            _ => None,
        }
    }

    /// `printValue`
    fn print(&mut self, node: &'s Node, pipe: &PipeNode, slot: &Slot) -> Result<()> {
        match slot.value() {
            None => self.out.extend_from_slice(b"<no value>"),
            Some(value) => {
                if value.kind() == Kind::Func {
                    let context = self.script.show(At::Node(node));
                    return self.fail(format!(
                        "can't print {context} of type {}",
                        slot.type_name()
                    ));
                }
                match own_text(value).filter(|_| is_addressable(self.script, pipe)) {
                    Some(text) => self.out.extend_from_slice(&text),
                    None => fmt::print_target(self.out, value),
                }
            }
        }
        self.check_output()
    }

    fn walk_branch(&mut self, dot: &Slot, branch: &'s BranchNode, with: bool) -> Result<Flow> {
        let mark = self.variables.len();
        let value = self.eval_pipeline(dot, self.script.pipe(branch.pipe))?;
        let flow = if value.is_true() {
            let dot = if with { &value } else { dot };
            let list = self.script.nodes(branch.list);
            stacker::maybe_grow(RED_ZONE, SEGMENT, || self.walk_list(dot, list))?
        } else if let Some(otherwise) = branch.otherwise {
            let list = self.script.nodes(otherwise);
            stacker::maybe_grow(RED_ZONE, SEGMENT, || self.walk_list(dot, list))?
        } else {
            Flow::Next
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn walk_range(&mut self, dot: &Slot, branch: &'s BranchNode) -> Result<Flow> {
        let pipe = self.script.pipe(branch.pipe);
        let slot = self.eval_pipeline(dot, pipe)?;
        let mut steps = Steps {
            pipe,
            list: self.script.nodes(branch.list),
            mark: self.variables.len(),
            count: 0,
        };
        if let Some(value) = slot.value() {
            let below = underlying(value);
            match &*below {
                Value::List(list) => {
                    let element = list.go_type().element();
                    for (at, item) in list.iter().enumerate() {
                        let item = Slot::element(element, item.clone());
                        if self.step(&mut steps, || Slot::Concrete(Value::Int(at as i64)), item)? {
                            break;
                        }
                    }
                }
                Value::Bytes(bytes) => {
                    for (at, byte) in bytes.iter().enumerate() {
                        let item = Slot::Concrete(byte_value(*byte));
                        if self.step(&mut steps, || Slot::Concrete(Value::Int(at as i64)), item)? {
                            break;
                        }
                    }
                }
                Value::Map(map) => {
                    let element = map.go_type().element();
                    for (key, item) in map.snapshot() {
                        let item = Slot::element(element, item);
                        if self.step(&mut steps, || Slot::Concrete(Value::String(key)), item)? {
                            break;
                        }
                    }
                }
                other => match other.as_integer() {
                    Some(end) => self.walk_integers(&mut steps, other, end)?,
                    None => {
                        return self.fail(format!("range can't iterate over {}", show(value)));
                    }
                },
            }
        }
        if steps.count > 0 {
            return Ok(Flow::Next);
        }
        match branch.otherwise {
            Some(otherwise) => self.walk_list(dot, self.script.nodes(otherwise)),
            None => Ok(Flow::Next),
        }
    }

    fn walk_integers(&mut self, steps: &mut Steps<'s>, of: &Value, end: i128) -> Result<()> {
        if steps.pipe.declarations().len() > 1 {
            let end = show(of);
            return self.fail(format!(
                "can't use {end} to iterate over more than one variable"
            ));
        }
        let mut at = 0i128;
        while at < end {
            let item = super::slot::integer(of.kind(), at as i64, at as u64).unwrap_or_default();
            if self.step(steps, || Slot::Invalid, Slot::Concrete(item))? {
                break;
            }
            at += 1;
        }
        Ok(())
    }

    /// One iteration; says whether it was the last because of a `break`.
    fn step(
        &mut self,
        steps: &mut Steps<'s>,
        index: impl FnOnce() -> Slot,
        item: Slot,
    ) -> Result<bool> {
        steps.count += 1;
        if steps.count > MAX_STEPS {
            return self.fail(format!("range exceeds {MAX_STEPS} iterations"));
        }
        let pipe = steps.pipe;
        match (pipe.declarations(), pipe.assigns) {
            ([], _) => {}
            ([value], true) => self.set_variable(*value, item.clone())?,
            ([_], false) => self.set_top(1, item.clone()),
            ([key, value, ..], true) => {
                self.set_variable(*key, index())?;
                self.set_variable(*value, item.clone())?;
            }
            (_, false) => {
                self.set_top(1, item.clone());
                self.set_top(2, index());
            }
        }
        let flow = self.walk_list(&item, steps.list)?;
        self.variables.truncate(steps.mark);
        Ok(flow == Flow::Break)
    }

    fn walk_template(&mut self, dot: &Slot, node: &'s TemplateNode) -> Result<()> {
        let set = self.set;
        let name = self.script.literal(node.name);
        let Some(tree) = std::str::from_utf8(name)
            .ok()
            .and_then(|name| set.tree(name))
        else {
            let name = strconv::quote(name);
            return self.fail(format!("template {name} not defined"));
        };
        self.check_depth()?;
        let dot = match node.pipe {
            Some(pipe) => self.eval_pipeline(dot, self.script.pipe(pipe))?,
            None => Slot::Invalid,
        };
        let outer = (self.tree, self.script, self.at, self.frame);
        self.frame = self.variables.len();
        self.variables.push((0, dot.clone()));
        self.tree = tree;
        self.script = tree.script();
        self.depth += 1;
        self.walk_list(&dot, self.script.nodes(tree.root))?;
        self.depth -= 1;
        self.variables.truncate(self.frame);
        (self.tree, self.script, self.at, self.frame) = outer;
        Ok(())
    }
}

/// The text of a struct whose pointer has a `String` method, where it has none itself. `fmt` does
/// not see such methods, but Go's templates look for them where a value is addressable.
fn own_text(value: &Value) -> Option<Text> {
    let Value::Object(object) = value else {
        return None;
    };
    let go_type = object.go_type();
    if go_type.kind() != Kind::Struct || object.text().is_some() {
        return None;
    }
    let method = go_type
        .methods()
        .iter()
        .find(|method| method.name == "String" && method.parameters.is_empty())?;
    match (method.call)(value, &[]) {
        Ok(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Whether the value may be a part of something; what a function returns is not.
fn is_addressable(script: Script<'_>, pipe: &PipeNode) -> bool {
    script.commands(pipe).last().is_some_and(|command| {
        let word = script.arguments(command).first();
        word.is_some_and(|word| match word.term {
            Term::Identifier(callee) => !matches!(callee, Callee::Function(_)),
            Term::Pipe(inner) => is_addressable(script, script.pipe(inner)),
            _ => true,
        })
    })
}

/// A loop under way.
struct Steps<'s> {
    pipe: &'s PipeNode,
    list: &'s [Node],
    mark: usize,
    count: usize,
}

pub(super) fn byte_value(byte: u8) -> Value {
    Value::Number(crate::value::Number::Uint8(byte))
}

/// `%v`
pub(super) fn show(value: &Value) -> String {
    let mut out = Vec::new();
    fmt::print_value(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// `%s` of a type that may be nothing.
pub(super) fn show_type(go_type: Option<&Type>) -> String {
    go_type.map_or_else(|| "nil".to_owned(), Type::to_string)
}
