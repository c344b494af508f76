//! The state of one render: which templates there are, how deep `include` has gone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::error::wrap;
use crate::diag::{Notice, Source};
use crate::go::strconv;
use crate::template::{Caller, Parser, Set, Tree};
use crate::value::{Fault, Text, Value};

/// How many times one name may be inside itself by `include` (`recursionMaxNums`).
const MAX_INCLUDES: u32 = 1000;

/// Name that Helm gives the template set, and every text given to `tpl`.
pub(super) const ROOT: &str = "gotpl";

/// What the functions of a render share. One render, one engine.
pub(super) struct Engine {
    /// The set that `include` searches: the innermost `tpl` call's, last.
    sets: RefCell<Vec<Rc<Set>>>,
    included: RefCell<BTreeMap<Text, u32>>,
    /// What [`Engine::extend`] made of the texts of the outermost level.
    extended: RefCell<BTreeMap<Text, Extended>>,
    options: Options,
    notices: RefCell<Vec<Notice>>,
    /// Buffers that outputs are collected in, kept for the next: fresh memory costs more than the
    /// copy of what was collected.
    buffers: RefCell<Vec<Vec<u8>>>,
    /// For the texts given to `tpl`.
    parser: RefCell<Parser>,
}

/// Switches of a render.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// A missing key is an error (`Engine.Strict`); no command of Helm's asks for it.
    pub strict: bool,
    /// `fail` and `required` do not fail, `lookup` finds nothing (`Engine.LintMode`).
    pub lint: bool,
    /// `getHostByName` asks the world.
    pub enable_dns: bool,
}

impl Engine {
    pub(super) fn new(set: Set, options: Options) -> Engine {
        Engine {
            parser: RefCell::new(Parser::new(set.functions())),
            sets: RefCell::new(vec![Rc::new(set)]),
            included: RefCell::default(),
            extended: RefCell::default(),
            options,
            notices: RefCell::default(),
            buffers: RefCell::default(),
        }
    }

    pub(super) fn is_lenient(&self) -> bool {
        self.options.lint
    }

    pub(super) fn resolves_hosts(&self) -> bool {
        self.options.enable_dns
    }

    pub(super) fn notify(&self, notice: Notice) {
        self.notices.borrow_mut().push(notice);
    }

    pub(super) fn take_notices(&self) -> Vec<Notice> {
        self.notices.take()
    }

    /// What `write` writes.
    pub(super) fn collect<E>(
        &self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Text, E> {
        let mut buffer = self.buffers.borrow_mut().pop().unwrap_or_default();
        let result = write(&mut buffer).map(|()| Text::from(buffer.as_slice()));
        buffer.clear();
        self.buffers.borrow_mut().push(buffer);
        result
    }

    fn current(&self) -> Rc<Set> {
        self.sets
            .borrow()
            .last()
            .cloned()
            .unwrap_or_else(|| unreachable!("the first set stays"))
    }

    /// The output of a named template (Go: `includeFun`).
    pub(super) fn include(
        &self,
        caller: &mut Caller<'_>,
        name: &Text,
        data: &Value,
    ) -> Result<Value, Fault> {
        {
            let mut included = self.included.borrow_mut();
            let depth = included.entry(name.clone()).or_default();
            if *depth > MAX_INCLUDES {
                return Err(Fault::from(format!(
                    "rendering template has a nested reference name: {name}: unable to execute template"
                )));
            }
            *depth += 1;
        }
        let set = self.current();
        let result = self.collect(|out| caller.execute(&set, &name.to_str_lossy(), data, out));
        if let Some(depth) = self.included.borrow_mut().get_mut(name) {
            *depth -= 1;
        }
        result.map(Value::String).map_err(Fault::new)
    }

    /// The output of a text that is a template (Go: `tplFun`). What it defines is seen inside the
    /// call only.
    pub(super) fn tpl(
        &self,
        caller: &mut Caller<'_>,
        text: &Text,
        data: &Value,
    ) -> Result<Value, Fault> {
        if memchr::memmem::find(text, b"{{").is_none() {
            return Ok(Value::String(without_no_value(text.clone())));
        }
        let (set, tree) = self.extend(text)?;
        self.sets.borrow_mut().push(Rc::clone(&set));
        let result = self.collect(|out| caller.execute_tree(&set, &tree, data, out));
        self.sets.borrow_mut().pop();
        match result {
            Ok(text) => Ok(Value::String(without_no_value(text))),
            Err(error) => Err(wrap(
                format!(
                    "error during tpl function execution for {}",
                    strconv::quote(text)
                ),
                error,
            )),
        }
    }

    /// The current set with what `text` defines, and `text` itself; parsed once for each text of the
    /// outermost level.
    fn extend(&self, text: &Text) -> Result<Extended, Fault> {
        let outermost = self.sets.borrow().len() == 1;
        if outermost && let Some(extended) = self.extended.borrow().get(text) {
            return Ok(extended.clone());
        }
        let mut set = Set::clone(&self.current());
        let source = Source::shared(ROOT, text.share());
        let parsed = self
            .parser
            .borrow_mut()
            .parse(ROOT, &source)
            .map_err(|error| {
                wrap(
                    format!("cannot parse template {}", strconv::quote(text)),
                    error,
                )
            })?;
        set.add(&parsed);
        let extended = (Rc::new(set), Arc::clone(parsed.main()));
        if outermost {
            self.extended
                .borrow_mut()
                .insert(text.clone(), extended.clone());
        }
        Ok(extended)
    }
}

/// A set, and a text parsed for it.
type Extended = (Rc<Set>, Arc<Tree>);

/// Go prints `<no value>` for what is missing, and Helm takes it out again, wherever it comes from.
pub(super) fn without_no_value(text: Text) -> Text {
    const NO_VALUE: &[u8] = b"<no value>";
    let mut found = memchr::memmem::find_iter(&text, NO_VALUE).peekable();
    if found.peek().is_none() {
        return text;
    }
    let mut rest = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in found {
        rest.extend_from_slice(&text[from..at]);
        from = at + NO_VALUE.len();
    }
    rest.extend_from_slice(&text[from..]);
    Text::from(rest)
}
