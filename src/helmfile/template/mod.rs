//! Helmfile's templates: Go's engine with sprig and functions of Helmfile's own (`pkg/tmpl`).
//!
//! Missing keys are errors, and what is parsed is called `stringTemplate` in them. Helpers are the
//! files `_*.tpl` beside what is rendered.

mod access;
mod context;
mod function;
mod look;

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

pub(super) use context::{environment, release, structure};
pub(super) use look::is_template;

use super::file;
use super::secret::Secrets;
use crate::diag::Source;
use crate::go::strconv;
use crate::template::{
    Caller, Environment, ExecError, MissingKey, Options, ParseError, Parser, Set,
};
use crate::value::{Fault, Text, Value};
use crate::world::World;

const NAME: &str = "stringTemplate";
/// How often a template may include itself.
const MAX_INCLUDES: usize = 1000;

/// What functions of templates may do outside.
#[derive(Clone)]
pub struct Outside {
    /// Environment, clock, randomness.
    pub world: Arc<dyn World>,
    /// Resolves `ref+...`.
    pub secrets: Arc<dyn Secrets>,
    /// How programs may be run by `exec`.
    pub programs: Programs,
}

/// Whether templates may run programs, and how long.
#[derive(Clone, Copy, Debug)]
pub enum Programs {
    /// They may not.
    Refused,
    /// They may, for this long each.
    Within(std::time::Duration),
}

impl Default for Programs {
    fn default() -> Programs {
        Programs::Within(std::time::Duration::from_secs(600))
    }
}

/// Renders texts of one run. Helpers of a folder are read once, equal texts are parsed once.
pub(super) struct Renderer {
    outside: Outside,
    helpers: RefCell<BTreeMap<String, Result<Rc<Set>, String>>>,
    parser: Rc<RefCell<Parser>>,
}

/// Why a text could not be rendered.
#[derive(Debug)]
pub(super) enum Fails {
    /// It does not parse.
    Parse(ParseError),
    /// It fails.
    Exec(ExecError),
    /// Something else is wrong.
    Other(String),
}

impl fmt::Display for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fails::Parse(error) => error.fmt(f),
            Fails::Exec(error) => error.fmt(f),
            Fails::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Fails {}

/// What the functions of a rendering find behind their caller.
pub(super) struct Engine {
    /// The folder that paths are relative to.
    base: String,
    outside: Outside,
    /// The helpers that every text starts with.
    helpers: Rc<Set>,
    /// Knows the texts of the run.
    parser: Rc<RefCell<Parser>>,
    /// The set that executes, innermost last.
    sets: RefCell<Vec<Rc<Set>>>,
    included: RefCell<BTreeMap<String, usize>>,
}

impl Renderer {
    pub(super) fn new(outside: Outside) -> Renderer {
        Renderer {
            outside,
            helpers: RefCell::default(),
            parser: Rc::new(RefCell::new(Parser::new(&function::FUNCTIONS))),
        }
    }

    pub(super) fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The output of a text for `data`. Paths in it are relative to `base`.
    ///
    /// # Errors
    /// Go's text.
    pub(super) fn render(&self, text: &[u8], base: &str, data: &Value) -> Result<Vec<u8>, Fails> {
        if memchr::memmem::find(text, b"{{").is_none() {
            return Ok(text.to_vec());
        }
        let helpers = self.helpers(base).map_err(Fails::Other)?;
        let engine = Engine {
            base: base.to_owned(),
            outside: self.outside.clone(),
            helpers,
            parser: Rc::clone(&self.parser),
            sets: RefCell::default(),
            included: RefCell::default(),
        };
        let set = engine.extended(text)?;
        let environment = Environment {
            world: &*self.outside.world,
            host: &engine as &dyn Any,
        };
        engine.sets.borrow_mut().push(Rc::clone(&set));
        let mut out = Vec::with_capacity(text.len());
        set.execute(NAME, data, &environment, &mut out)
            .map_err(Fails::Exec)?;
        Ok(out)
    }

    /// As [`Renderer::render`], for fields of releases.
    ///
    /// # Errors
    /// Go's text.
    pub(super) fn text(&self, text: &str, base: &str, data: &Value) -> Result<String, Fails> {
        let out = self.render(text.as_bytes(), base, data)?;
        Ok(match String::from_utf8(out) {
            Ok(out) => out,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// What is in a file, rendered where its name ends in `.gotmpl`.
    ///
    /// # Errors
    /// Helmfile's words.
    pub(super) fn file(&self, path: &str, data: &Value) -> Result<Vec<u8>, String> {
        let name = path.rsplit('.').next().unwrap_or(path);
        if name != "gotmpl" {
            return file::read(path).map_err(|error| format!("failed to load [{path}]: {error}"));
        }
        let base = crate::go::path::dir(path);
        file::read(path)
            .map_err(Fails::Other)
            .and_then(|text| self.render(&text, &base, data))
            .map_err(|error| format!("failed to render [{path}], because of {error}"))
    }

    fn helpers(&self, base: &str) -> Result<Rc<Set>, String> {
        if let Some(known) = self.helpers.borrow().get(base) {
            return known.clone();
        }
        let helpers = read_helpers(base).map(Rc::new);
        let mut all = self.helpers.borrow_mut();
        all.insert(base.to_owned(), helpers.clone());
        helpers
    }
}

fn empty_set() -> Set {
    Set::new(
        &function::FUNCTIONS,
        Options {
            name: Arc::from(NAME),
            missing_key: MissingKey::Error,
        },
    )
}

fn read_helpers(base: &str) -> Result<Set, String> {
    let mut set = empty_set();
    let pattern = crate::go::path::join(&[base, "_*.tpl"]);
    let files = file::glob(&pattern)
        .map_err(|error| format!("failed to glob helper templates: {error}"))?;
    for name in files {
        let text = file::read(&name)
            .map_err(|error| format!("failed to read helper template {name}: {error}"))?;
        set.parse(NAME, &Source::new(NAME, text))
            .map_err(|error| format!("failed to parse helper template {name}: {error}"))?;
    }
    Ok(set)
}

impl Engine {
    /// The helpers, and a text.
    fn extended(&self, text: &[u8]) -> Result<Rc<Set>, Fails> {
        let mut set = Set::clone(&self.helpers);
        let add = |set: &mut Set, text: Vec<u8>| {
            let mut parser = self.parser.borrow_mut();
            let parsed = parser.parse(NAME, &Source::new(NAME, text));
            parsed.map(|parsed| set.add(&parsed)).map_err(Fails::Parse)
        };
        add(&mut set, text.to_vec())?;
        if !set.contains(NAME) {
            add(&mut set, Vec::new())?;
        }
        Ok(Rc::new(set))
    }

    fn current(&self) -> Rc<Set> {
        let sets = self.sets.borrow();
        sets.last()
            .map_or_else(|| Rc::clone(&self.helpers), Rc::clone)
    }

    /// The path of a file that a template names.
    fn path(&self, name: &str) -> String {
        match name.starts_with('/') {
            true => name.to_owned(),
            false => crate::go::path::join(&[&self.base, name]),
        }
    }

    fn tpl(&self, caller: &mut Caller<'_>, text: &Text, data: &Value) -> Result<Value, Fault> {
        let set = self.extended(text).map_err(Fault::new)?;
        self.sets.borrow_mut().push(Rc::clone(&set));
        let mut out = Vec::new();
        let result = caller.execute(&set, NAME, data, &mut out);
        self.sets.borrow_mut().pop();
        result.map(|()| Value::string(out)).map_err(Fault::new)
    }

    fn include(&self, caller: &mut Caller<'_>, name: &str, data: &Value) -> Result<Value, Fault> {
        {
            let mut included = self.included.borrow_mut();
            let depth = included.entry(name.to_owned()).or_default();
            if *depth > MAX_INCLUDES {
                return Err(Fault::from(format!(
                    "rendering template has a nested reference name: {name}: unable to execute template"
                )));
            }
            *depth += 1;
        }
        let set = self.current();
        let mut out = Vec::new();
        let result = caller.execute(&set, name, data, &mut out);
        if let Some(depth) = self.included.borrow_mut().get_mut(name) {
            *depth -= 1;
        }
        result.map(|()| Value::string(out)).map_err(Fault::new)
    }

    /// Whether functions that reach outside are switched off.
    fn is_cut_off(&self) -> bool {
        let is_on = |name: &str| {
            let value = self.outside.world.variable(name).unwrap_or_default();
            strconv::parse_bool(&value).unwrap_or_default()
        };
        is_on("HELMFILE_DISABLE_INSECURE_FEATURES")
            || is_on("HELMFILE_DISABLE_INSECURE_TEMPLATE_FUNCTIONS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helmfile::data::decode;
    use crate::helmfile::secret;
    use crate::world::Real;

    pub(super) fn render(text: &str, data: &str) -> Result<String, String> {
        let outside = Outside {
            world: Arc::new(
                Real::new()
                    .with_variables(BTreeMap::from([("NAME".to_owned(), "value".to_owned())])),
            ),
            secrets: Arc::new(secret::Resolver::new(
                Arc::new(Real::new()),
                true,
                secret::Registry::new([0; 32]),
            )),
            programs: Programs::default(),
        };
        let data = decode(data.as_bytes()).expect("YAML").thaw();
        Renderer::new(outside)
            .text(text, "/nowhere", &data)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn functions_are_helmfiles() {
        for (text, want) in [
            ("{{ env \"NAME\" }}{{ env \"NOPE\" }}", "value"),
            ("{{ . | get \"a.b\" }}", "1"),
            ("{{ . | get \"a.x\" 7 }}", "7"),
            ("{{ . | getOrNil \"a.x.y\" | toJson }}", "null"),
            ("{{ sprigGet .a \"b\" }}", "1"),
            (
                "{{ . | setValueAtPath \"a.b\" 2 | get \"a.b\" }}{{ .a.b }}",
                "22",
            ),
            ("{{ toYaml .a }}", "b: 1\nl:\n  - x\n"),
            ("{{ (fromYaml \"{x: [1, 2]}\").x | toJson }}", "[1,2]"),
            ("{{ tpl \"{{ .a.b }}\" . }}", "1"),
            ("{{ required \"x\" .a.b }}", "1"),
            (
                "{{ define \"t\" }}<{{ . }}>{{ end }}{{ include \"t\" .a.b }}",
                "<1>",
            ),
            ("{{ isFile \"nope\" }} {{ isDir \"/\" }}", "false true"),
            (
                "{{ exec \"sh\" (list \"-c\" \"cat; echo $0\" \"x\") \"in \" }}",
                "in x\n",
            ),
            ("{{ fetchSecretValue \"ref+echo://a/b\" }}", "a/b"),
        ] {
            // Programs are run in a folder that there is.
            let text = text.replace("nowhere", "");
            let got = render(&text, "{a: {b: 1, l: [x]}}");
            if text.contains("exec") {
                assert!(got.is_err(), "{text}: the folder is not there");
            } else {
                assert_eq!(got.as_deref(), Ok(want), "{text}");
            }
        }
    }

    #[test]
    fn errors_are_gos() {
        for (text, want) in [
            (
                "{{ .zzz }}",
                "template: stringTemplate:1:3: executing \"stringTemplate\" at <.zzz>: map has no entry for key \"zzz\"",
            ),
            (
                "{{ requiredEnv \"NOPE\" }}",
                "template: stringTemplate:1:3: executing \"stringTemplate\" at <requiredEnv \"NOPE\">: error calling requiredEnv: required env var `NOPE` is not set",
            ),
            (
                "{{ if }}",
                "template: stringTemplate:1: missing value for if",
            ),
            (
                "{{ . | get \"x\" }}",
                "template: stringTemplate:1:7: executing \"stringTemplate\" at <get \"x\">: error calling get: no value exist for key \"x\" in map[a:1]",
            ),
            (
                "{{ . | setValueAtPath \"q.r\" 1 }}",
                "template: stringTemplate:1:7: executing \"stringTemplate\" at <setValueAtPath \"q.r\" 1>: error calling setValueAtPath: failed to set value at path \"q.r\": value for key \"q\" does not exist",
            ),
            (
                "{{ readFile \"/nope\" }}",
                "template: stringTemplate:1:3: executing \"stringTemplate\" at <readFile \"/nope\">: error calling readFile: open /nope: no such file or directory",
            ),
        ] {
            assert_eq!(render(text, "{a: 1}").unwrap_err(), want, "{text}");
        }
    }
}
