//! Pipelines, commands, fields and calls (`text/template/exec.go`, Go 1.26).

use super::builtin::Builtin;
use super::exec::{Result, State};
use super::function::{Callee, Caller, Function};
use super::node::{Argument, At, CommandNode, Literal, PipeNode, Run, Term};
use super::set::MissingKey;
use super::slot::{self, Slot, can_be_nil, is_assignable, underlying};
use crate::value::{Kind, Method, Number, Text, Type, Value};

const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 4 * 1024 * 1024;

/// What an argument has to be.
#[derive(Clone, Copy)]
pub(super) enum Parameter {
    /// Anything, as it is: the receiver of a chain.
    Free,
    /// A `reflect.Value`, for builtins.
    Reflect,
    /// A value of the type.
    Typed(&'static Type),
}

impl<'s> State<'s> {
    pub(super) fn eval_pipeline(&mut self, dot: &Slot, pipe: &'s PipeNode) -> Result<Slot> {
        self.at = Some(At::Pipe(pipe));
        let mut value = Slot::Missing;
        for command in self.script.commands(pipe) {
            value = self.eval_command(dot, command, value)?.held();
        }
        for variable in pipe.declarations() {
            if pipe.assigns {
                self.set_variable(*variable, value.clone())?;
            } else {
                self.push(*variable, value.clone());
            }
        }
        Ok(value)
    }

    fn refuse_arguments(&self, arguments: &'s [Argument], last: &Slot) -> Result<()> {
        if arguments.len() <= 1 && last.is_missing() {
            return Ok(());
        }
        let word = arguments.first().map_or(String::new(), |word| {
            self.script.show(At::Argument(word)).to_string()
        });
        self.fail(format!("can't give argument to non-function {word}"))
    }

    fn eval_command(&mut self, dot: &Slot, command: &'s CommandNode, last: Slot) -> Result<Slot> {
        let arguments = self.script.arguments(command);
        let word = &arguments[0];
        match word.term {
            Term::Field(names) => self.eval_field_node(dot, word, names, arguments, last),
            Term::Chain(receiver, names) => {
                self.eval_chain(dot, word, (receiver, names), arguments, last)
            }
            Term::Identifier(callee) => {
                self.at = Some(At::Argument(word));
                self.eval_function(dot, callee, At::Command(command), &arguments[1..], last)
            }
            Term::Pipe(pipe) => {
                self.refuse_arguments(arguments, &last)?;
                let pipe = self.script.pipe(pipe);
                stacker::maybe_grow(RED_ZONE, SEGMENT, || self.eval_pipeline(dot, pipe))
            }
            Term::Variable(..) => self.eval_variable(dot, word, arguments, last),
            Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::String(_) => {
                self.at = Some(At::Argument(word));
                self.refuse_arguments(arguments, &last)?;
                match word.term {
                    Term::Bool(value) => Ok(Slot::Concrete(Value::Bool(value))),
                    Term::Dot => Ok(dot.clone()),
                    Term::Number(_) => self.ideal_constant(word),
                    Term::String(literal) => Ok(Slot::Concrete(self.string(literal))),
                    _ => self.fail("nil is not a command"),
                }
            }
        }
    }

    fn string(&self, literal: Literal) -> Value {
        Value::String(Text::from(self.script.literal(literal)))
    }

    /// A number where no type is asked.
    fn ideal_constant(&self, argument: &'s Argument) -> Result<Slot> {
        let Term::Number(number) = argument.term else {
            return Ok(Slot::Invalid);
        };
        let number = self.script.numeral(number);
        let text = argument.spot.of(self.script.text);
        if let Some((re, im)) = number.complex {
            return Ok(Slot::Concrete(Value::Number(Number::Complex128(re, im))));
        }
        let has = |set: &[u8]| text.iter().any(|byte| set.contains(byte));
        let hexadecimal_int =
            text.len() > 2 && matches!(text, [b'0', b'x' | b'X', ..]) && !has(b"pP");
        if let Some(float) = number.float
            && !hexadecimal_int
            && text.first() != Some(&b'\'')
            && has(b".eEpP")
        {
            return Ok(Slot::Concrete(Value::Float64(float)));
        }
        match number.int {
            Some(int) => Ok(Slot::Concrete(Value::Int(int))),
            None if number.uint.is_some() => {
                let text = String::from_utf8_lossy(text);
                self.fail(format!("{text} overflows int"))
            }
            None => Ok(Slot::Invalid),
        }
    }

    fn eval_field_node(
        &mut self,
        dot: &Slot,
        node: &'s Argument,
        names: Run,
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        self.at = Some(At::Argument(node));
        self.eval_fields(dot, node, (dot, names), arguments, last)
    }

    fn eval_chain(
        &mut self,
        dot: &Slot,
        node: &'s Argument,
        (receiver, names): (u32, Run),
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        self.at = Some(At::Argument(node));
        let receiver = self.script.receiver(receiver);
        let receiver = self.eval_argument(dot, Parameter::Free, receiver)?;
        self.eval_fields(dot, node, (&receiver, names), arguments, last)
    }

    fn eval_variable(
        &mut self,
        dot: &Slot,
        node: &'s Argument,
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        let Term::Variable(variable, names) = node.term else {
            return Ok(Slot::Invalid);
        };
        self.at = Some(At::Argument(node));
        let value = self.variable(variable)?.clone();
        if names.is_empty() {
            self.refuse_arguments(arguments, &last)?;
            return Ok(value);
        }
        self.eval_fields(dot, node, (&value, names), arguments, last)
    }

    /// `evalFieldChain`: only the last field gets the arguments.
    fn eval_fields(
        &mut self,
        dot: &Slot,
        node: &'s Argument,
        (receiver, names): (&Slot, Run),
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        let Some((name, before)) = self.script.names(names).split_last() else {
            return Ok(receiver.clone());
        };
        let text = self.script.text;
        let name = name.of(text);
        let mut held: Option<Slot> = None;
        for name in before {
            let name = name.of(text);
            let from = held.as_ref().unwrap_or(receiver);
            held = Some(self.eval_field(dot, node, (from, name), &[], Slot::Missing)?);
        }
        let from = held.as_ref().unwrap_or(receiver);
        self.eval_field(dot, node, (from, name), arguments, last)
    }

    fn eval_field(
        &mut self,
        dot: &Slot,
        node: &'s Argument,
        (receiver, name): (&Slot, &'s [u8]),
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        let missing_key = self.set.options.missing_key;
        if matches!(receiver, Slot::Invalid | Slot::Missing) {
            if missing_key == MissingKey::Error {
                let name = crate::go::strconv::quote(name);
                return self.fail(format!("nil data; no entry for key {name}"));
            }
            return Ok(Slot::Invalid);
        }
        let shown = || String::from_utf8_lossy(name);
        let Some(value) = receiver.value() else {
            return self.fail(format!(
                "nil pointer evaluating {}.{}",
                receiver.type_name(),
                shown()
            ));
        };
        // Most maps have no methods.
        let methods = value.go_type().map_or(&[][..], Type::methods);
        if let Some(method) = methods.iter().find(|method| name == method.name.as_bytes()) {
            let value = value.clone();
            return self.eval_method(dot, node, (&value, method), arguments, last);
        }
        let has_arguments = arguments.len() > 1 || !last.is_missing();
        if let Value::Object(object) = value
            && object.underlying().is_none()
        {
            let field = std::str::from_utf8(name)
                .ok()
                .and_then(|name| object.field(name));
            if let Some(field) = field {
                if has_arguments {
                    return self.fail(format!(
                        "{} has arguments but cannot be invoked as function",
                        shown()
                    ));
                }
                return Ok(Slot::result(field));
            }
        } else if let Value::Map(map) = &*underlying(value) {
            if has_arguments {
                let name = shown();
                return self.fail(format!("{name} is not a method but has arguments"));
            }
            let element = map.go_type().element();
            if let Some(value) = map.get(name) {
                return Ok(Slot::element(element, value));
            }
            return match missing_key {
                MissingKey::Invalid => Ok(Slot::Invalid),
                MissingKey::Zero => Ok(Slot::zero(element.unwrap_or(&Type::Any))),
                MissingKey::Error => {
                    let name = crate::go::strconv::quote(name);
                    self.fail(format!("map has no entry for key {name}"))
                }
            };
        }
        self.fail(format!(
            "can't evaluate field {} in type {}",
            shown(),
            receiver.type_name()
        ))
    }

    /// Checks the number of arguments, the piped one included.
    fn count(
        &self,
        name: &str,
        (parameters, variadic): (usize, bool),
        given: usize,
        last: &Slot,
    ) -> Result<()> {
        let all = given + usize::from(!last.is_missing());
        if variadic {
            let fixed = parameters - 1;
            if all < fixed {
                return self.fail(format!(
                    "wrong number of args for {name}: want at least {fixed} got {given}"
                ));
            }
        } else if all != parameters {
            return self.fail(format!(
                "wrong number of args for {name}: want {parameters} got {all}"
            ));
        }
        Ok(())
    }

    /// Evaluates the arguments to the end of `values`; gives where they begin.
    fn eval_arguments(
        &mut self,
        dot: &Slot,
        (parameters, variadic): (&'static [Type], bool),
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<usize> {
        let start = self.values.len();
        let parameter = |at: usize| {
            let at = if variadic {
                at.min(parameters.len() - 1)
            } else {
                at
            };
            parameters.get(at).unwrap_or(&Type::Any)
        };
        for (at, argument) in arguments.iter().enumerate() {
            let value = self.eval_argument(dot, Parameter::Typed(parameter(at)), argument)?;
            self.values.push(value.into_value());
        }
        if !last.is_missing() {
            let value = self.validate(last, Parameter::Typed(parameter(arguments.len())))?;
            self.values.push(value.into_value());
        }
        Ok(start)
    }

    fn eval_method(
        &mut self,
        dot: &Slot,
        node: &'s Argument,
        (receiver, method): (&Value, &Method),
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        let arguments = arguments.get(1..).unwrap_or_default();
        let shape = (method.parameters, method.variadic);
        self.count(
            method.name,
            (shape.0.len(), shape.1),
            arguments.len(),
            &last,
        )?;
        let start = self.eval_arguments(dot, shape, arguments, last)?;
        let result = (method.call)(receiver, &self.values[start..]);
        self.values.truncate(start);
        result.map(Slot::result).or_else(|fault| {
            self.at = Some(At::Argument(node));
            self.fail_call(method.name, fault)
        })
    }

    /// Calls what a name stands for; `arguments` come after the name, `node` is blamed for errors
    /// that the function returns.
    fn eval_function(
        &mut self,
        dot: &Slot,
        callee: &'static Callee,
        node: At<'s>,
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        match callee {
            Callee::Function(function) => self.call_function(dot, function, node, arguments, last),
            Callee::Builtin(builtin) => self.call_builtin(dot, builtin, node, arguments, last),
        }
    }

    fn call_function(
        &mut self,
        dot: &Slot,
        function: &'static Function,
        node: At<'s>,
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        let shape = (function.parameters, function.variadic);
        self.count(
            function.name,
            (shape.0.len(), shape.1),
            arguments.len(),
            &last,
        )?;
        let start = self.eval_arguments(dot, shape, arguments, last)?;
        let mut caller = Caller {
            world: self.environment.world,
            host: self.environment.host,
            depth: self.depth + 1,
        };
        let values = &self.values[start..];
        let result =
            stacker::maybe_grow(RED_ZONE, SEGMENT, || (function.body)(&mut caller, values));
        self.values.truncate(start);
        result.map(Slot::result).or_else(|fault| {
            self.at = Some(node);
            self.fail_call(function.name, fault)
        })
    }

    fn call_builtin(
        &mut self,
        dot: &Slot,
        builtin: &'static Builtin,
        node: At<'s>,
        arguments: &'s [Argument],
        last: Slot,
    ) -> Result<Slot> {
        let name = builtin.name();
        self.count(name, builtin.shape(), arguments.len(), &last)?;
        if let Some(stop) = builtin.stops_at() {
            let mut value = Slot::Invalid;
            for argument in arguments {
                value = self.eval_argument(dot, Parameter::Reflect, argument)?;
                if value.is_true() == stop {
                    return Ok(value);
                }
            }
            if !last.is_missing() {
                value = self.validate(last, Parameter::Reflect)?;
            }
            return Ok(value);
        }
        let start = self.slots.len();
        let last_name = if builtin.wants_name() {
            self.shown(arguments, &last)
        } else {
            String::new()
        };
        for argument in arguments {
            let value = self.eval_argument(dot, Parameter::Reflect, argument)?;
            self.slots.push(value);
        }
        if !last.is_missing() {
            let value = self.validate(last, Parameter::Reflect)?;
            self.slots.push(value);
        }
        let result = builtin.call(&last_name, &self.slots[start..]);
        self.slots.truncate(start);
        result.or_else(|fault| {
            self.at = Some(node);
            self.fail_call(name, fault)
        })
    }

    /// `validateType`
    fn validate(&self, slot: Slot, parameter: Parameter) -> Result<Slot> {
        let Parameter::Typed(wanted) = parameter else {
            return Ok(slot);
        };
        let value = match slot {
            Slot::Invalid | Slot::Missing => {
                if can_be_nil(wanted) {
                    return Ok(Slot::zero(wanted));
                }
                return self.fail(format!("invalid value; expected {wanted}"));
            }
            Slot::Interface(Value::Nil) if !matches!(wanted, Type::Any) => {
                return self.fail(format!(
                    "wrong type for value; expected {wanted}; got interface {{}}"
                ));
            }
            Slot::Interface(value) | Slot::Concrete(value) => value,
        };
        let Some(go_type) = value.go_type() else {
            return Ok(Slot::Interface(value));
        };
        let pointed = match go_type {
            Type::Pointer(target) => is_assignable(target, wanted),
            _ => false,
        };
        if is_assignable(go_type, wanted) || pointed {
            return Ok(Slot::Concrete(value));
        }
        self.fail(format!(
            "wrong type for value; expected {wanted}; got {go_type}"
        ))
    }

    /// `evalArg`
    fn eval_argument(
        &mut self,
        dot: &Slot,
        parameter: Parameter,
        argument: &'s Argument,
    ) -> Result<Slot> {
        self.at = Some(At::Argument(argument));
        let value = match argument.term {
            Term::Dot => dot.clone(),
            Term::Nil => {
                return match parameter {
                    Parameter::Typed(wanted) if can_be_nil(wanted) => Ok(Slot::zero(wanted)),
                    Parameter::Typed(wanted) => self.fail(format!("cannot assign nil to {wanted}")),
                    Parameter::Free | Parameter::Reflect => Ok(Slot::Invalid),
                };
            }
            Term::Field(names) => self.eval_field_node(dot, argument, names, &[], Slot::Missing)?,
            Term::Variable(..) => self.eval_variable(dot, argument, &[], Slot::Missing)?,
            Term::Pipe(pipe) => {
                let pipe = self.script.pipe(pipe);
                stacker::maybe_grow(RED_ZONE, SEGMENT, || self.eval_pipeline(dot, pipe))?
            }
            Term::Identifier(callee) => {
                self.eval_function(dot, callee, At::Argument(argument), &[], Slot::Missing)?
            }
            Term::Chain(receiver, names) => {
                self.eval_chain(dot, argument, (receiver, names), &[], Slot::Missing)?
            }
            Term::Bool(_) | Term::Number(_) | Term::String(_) => {
                return self.eval_literal(parameter, argument);
            }
        };
        self.validate(value, parameter)
    }

    fn eval_literal(&self, parameter: Parameter, argument: &'s Argument) -> Result<Slot> {
        let wanted = match parameter {
            Parameter::Free | Parameter::Reflect => &Type::Any,
            Parameter::Typed(wanted) => wanted,
        };
        let kind = wanted.kind();
        let numeral = match argument.term {
            Term::Number(number) => Some(self.script.numeral(number)),
            _ => None,
        };
        let (value, expected) = match (kind, argument.term) {
            (Kind::Interface, Term::Number(_)) => return self.ideal_constant(argument),
            (Kind::Interface | Kind::Bool, Term::Bool(value)) => (Some(Value::Bool(value)), ""),
            (Kind::Interface | Kind::String, Term::String(literal)) => {
                (Some(self.string(literal)), "")
            }
            (Kind::Bool, _) => (None, "bool"),
            (Kind::String, _) => (None, "string"),
            (Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64, _) => {
                let int = numeral.and_then(|number| number.int);
                (int.and_then(|int| slot::integer(kind, int, 0)), "integer")
            }
            (Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64, _) => {
                let uint = numeral.and_then(|number| number.uint);
                (
                    uint.and_then(|uint| slot::integer(kind, 0, uint)),
                    "unsigned integer",
                )
            }
            (Kind::Float32, _) => {
                let float = numeral.and_then(|number| number.float);
                (
                    float.map(|n| Value::Number(Number::Float32(n as f32))),
                    "float",
                )
            }
            (Kind::Float64, _) => (
                numeral.and_then(|number| number.float).map(Value::Float64),
                "float",
            ),
            (Kind::Complex128, _) => {
                let complex = numeral.and_then(|number| number.complex);
                let value = complex.map(|(re, im)| Value::Number(Number::Complex128(re, im)));
                (value, "complex")
            }
            _ => {
                let shown = self.script.show(At::Argument(argument));
                return self.fail(format!("can't handle {shown} for arg of type {wanted}"));
            }
        };
        match value {
            Some(value) => Ok(Slot::Concrete(value)),
            None => {
                let shown = self.script.show(At::Argument(argument));
                self.fail(format!("expected {expected}; found {shown}"))
            }
        }
    }

    /// What `call` names the callee: the text of the expression, or `reflect.Value.String`.
    fn shown(&self, arguments: &'s [Argument], last: &Slot) -> String {
        match arguments.first() {
            Some(argument) => self.script.show(At::Argument(argument)).to_string(),
            None => match last.value() {
                None => "<invalid Value>".to_owned(),
                Some(Value::String(text)) => text.to_string(),
                Some(_) => format!("<{} Value>", last.type_name()),
            },
        }
    }
}
