//! Values that stand elsewhere: `ref+provider://path#/key`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::data::{self, Data, Entries};
use super::mask::Registry;
use super::provider::{self, Cluster, Context, Provider};
use super::reference::{self, Reference};
use crate::diag::{Error, Kind};
use crate::value::Text;
use crate::world::World;

/// How deep references may stand in each other.
const DEPTH: usize = 10;

/// How many are asked for at once.
const PARALLEL: usize = 8;

const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// What decides how references are resolved. `Default` is what Helmfile does without variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A key that its document does not have is an error, instead of a null
    /// (`HELMFILE_VALS_FAIL_ON_MISSING_KEY_IN_MAP`).
    pub fail_on_missing_key: bool,
    /// No program is run for a reference (`--no-exec`, Helmfile's switches for insecure features).
    pub no_exec: bool,
}

impl Options {
    /// The options that the environment asks for.
    ///
    /// # Errors
    /// Helmfile's words for a variable that is no boolean.
    pub fn of(world: &dyn World) -> Result<Options, Error> {
        const MISSING: &str = "HELMFILE_VALS_FAIL_ON_MISSING_KEY_IN_MAP";
        let value = world.variable(MISSING).unwrap_or_default();
        let value = value.trim();
        let fail_on_missing_key = match value {
            "" => false,
            _ => crate::go::strconv::parse_bool(value).map_err(|_| {
                let quoted = crate::go::strconv::quote(value);
                let message =
                    format!("invalid value for {MISSING}: {quoted} (must be a valid boolean)");
                Error::new(Kind::Usage, message)
            })?,
        };
        Ok(Options {
            fail_on_missing_key,
            no_exec: false,
        })
    }
}

/// Resolves references; what was asked for once is kept for the run.
pub struct Vals {
    world: Arc<dyn World>,
    options: Options,
    secrets: Registry,
    cluster: Option<Arc<dyn Cluster>>,
    providers: Mutex<BTreeMap<Instance, Arc<dyn Provider>>>,
    answers: Mutex<BTreeMap<Question, Result<Answer, Failure>>>,
}

/// A provider as some references configure it.
type Instance = (String, BTreeMap<String, String>, PathBuf);

/// What was asked for, and from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    folder: PathBuf,
    /// The key of a reference, without its fragment where a document is meant.
    key: String,
    is_document: bool,
}

#[derive(Clone)]
enum Answer {
    Text(Text),
    Document(Arc<Entries>),
}

/// An error, to be told once more.
#[derive(Clone)]
struct Failure {
    kind: Kind,
    message: String,
    hints: Vec<String>,
}

impl Failure {
    fn of(error: &Error) -> Failure {
        Failure {
            kind: error.kind(),
            message: error.message().to_owned(),
            hints: error.hints().to_vec(),
        }
    }

    fn error(self) -> Error {
        let error = Error::new(self.kind, self.message);
        self.hints.into_iter().fold(error, Error::with_hint)
    }
}

impl Vals {
    /// Nothing is asked for yet. What is resolved becomes known to `secrets`.
    pub fn new(world: Arc<dyn World>, options: Options, secrets: Registry) -> Vals {
        Vals {
            world,
            options,
            secrets,
            cluster: None,
            providers: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    /// Who answers `ref+k8s://`.
    #[must_use]
    pub fn with_cluster(mut self, cluster: Arc<dyn Cluster>) -> Vals {
        self.cluster = Some(cluster);
        self
    }

    /// Resolves for a text that stands in `folder`: there relative paths start, and programs run.
    pub fn within<'v>(&'v self, folder: &'v Path) -> Scope<'v> {
        Scope { vals: self, folder }
    }

    fn provider(&self, reference: &Reference, folder: &Path) -> Result<Arc<dyn Provider>, Error> {
        let instance = (
            reference.scheme.clone(),
            reference.parameters.clone(),
            folder.to_path_buf(),
        );
        let mut providers = self
            .providers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(provider) = providers.get(&instance) {
            return Ok(Arc::clone(provider));
        }
        let context = Context {
            world: &self.world,
            cluster: self.cluster.as_ref(),
            no_exec: self.options.no_exec,
            parameters: &reference.parameters,
            folder,
        };
        let provider = provider::open(&reference.scheme, &context)?;
        providers.insert(instance, Arc::clone(&provider));
        Ok(provider)
    }

    /// Asks a provider, unless it was asked before.
    fn ask(&self, reference: &Reference, question: &Question) -> Result<Answer, Error> {
        let known = |answers: &Mutex<BTreeMap<Question, Result<Answer, Failure>>>| {
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(question).cloned()
        };
        if let Some(answer) = known(&self.answers) {
            return answer.map_err(Failure::error);
        }
        let answer = self
            .provider(reference, &question.folder)
            .and_then(|provider| match question.is_document {
                true => {
                    let entries = provider.map(&reference.path)?;
                    Ok(Answer::Document(Arc::new(entries)))
                }
                false => Ok(Answer::Text(Text::from(provider.text(&reference.path)?))),
            });
        let kept = answer.as_ref().map(Answer::clone).map_err(Failure::of);
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(question.clone(), kept);
        answer
    }
}

/// Tells nothing of what was resolved.
impl std::fmt::Debug for Vals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vals")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// [`Vals`], as seen from a folder.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'v> {
    vals: &'v Vals,
    folder: &'v Path,
}

impl Scope<'_> {
    /// Resolves the references in all texts of `data`. A text that is a reference and nothing else
    /// becomes what it stands for, whatever type that has (`vals.Eval`).
    ///
    /// # Errors
    /// The first reference that cannot be resolved, in the words of vals.
    pub(in crate::helmfile) fn expand(&self, data: &Data) -> Result<Data, Error> {
        let mut texts = Vec::new();
        collect(data, &mut texts);
        if texts.is_empty() {
            return Ok(data.clone());
        }
        self.ask_ahead(&texts);
        self.data(data)
    }

    /// Resolves the references in a text (`vals.Get`).
    ///
    /// # Errors
    /// As [`Scope::expand`].
    pub fn expand_text(&self, text: &[u8]) -> Result<Text, Error> {
        if !reference::may_refer(text) {
            return Ok(Text::from(text));
        }
        let inner = self.inner(text, 0)?;
        self.text(inner)
    }

    /// What a text with references stands for, which has to be a text (`fetchSecretValue`).
    ///
    /// # Errors
    /// As [`Scope::expand`], and in Helmfile's words for what is no text.
    pub fn fetch(&self, text: &[u8]) -> Result<Text, Error> {
        match self.value(text)? {
            Data::String(text) => Ok(text),
            other => {
                let message = format!("expected {} to be string", data::print(&other));
                Err(Error::new(Kind::Values, message))
            }
        }
    }

    /// Asks for what several references need, at once. Errors are told when it is their turn.
    fn ask_ahead(&self, texts: &[&[u8]]) {
        let mut questions: BTreeMap<Question, Reference> = BTreeMap::new();
        for text in texts {
            let mut rest = *text;
            while let Some(found) = reference::find(rest) {
                if let Ok(reference) = reference::parse(found.key)
                    && provider::is_remote(&reference.scheme)
                {
                    questions.insert(self.question(found.key, &reference), reference);
                }
                rest = &rest[found.end..];
            }
        }
        if questions.len() < 2 {
            return;
        }
        let questions: Vec<(Question, Reference)> = questions.into_iter().collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..PARALLEL.min(questions.len()) {
                scope.spawn(|| {
                    while let Some((question, reference)) =
                        questions.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        // What went wrong is kept.
                        let _ = self.vals.ask(reference, question);
                    }
                });
            }
        });
    }

    fn question(&self, key: &[u8], reference: &Reference) -> Question {
        let is_document = !reference.fragment.is_empty();
        Question {
            folder: match provider::is_local(&reference.scheme) {
                true => self.folder.to_path_buf(),
                false => PathBuf::new(),
            },
            key: match is_document {
                true => reference.document.clone(),
                false => String::from_utf8_lossy(key).into_owned(),
            },
            is_document,
        }
    }

    /// What a key stands for.
    fn look_up(&self, key: &[u8]) -> Result<Data, Error> {
        let shown = String::from_utf8_lossy(key);
        self.resolve(key)
            .map_err(|error| error.wrap(format_args!("expand {shown}")))
    }

    fn resolve(&self, key: &[u8]) -> Result<Data, Error> {
        let reference =
            reference::parse(key).map_err(|message| Error::new(Kind::Values, message))?;
        let question = self.question(key, &reference);
        let found = match self.vals.ask(&reference, &question)? {
            Answer::Text(text) => Data::String(text),
            Answer::Document(document) => {
                let keys: Vec<&str> = reference.fragment.split('/').collect();
                self.walk(&document, &keys, 0)?
            }
        };
        if provider::is_secret(&reference.scheme) {
            self.vals.secrets.add_all(&found);
        }
        Ok(found)
    }

    /// What is at `keys[at..]` of a document.
    fn walk(&self, document: &Entries, keys: &[&str], at: usize) -> Result<Data, Error> {
        let fail = |message: String| Err(Error::new(Kind::Values, message));
        let Some(value) = keys.get(at).and_then(|key| document.get(key.as_bytes())) else {
            if self.vals.options.fail_on_missing_key {
                let fragment = keys.join("/");
                return fail(format!("no value found for key {fragment}"));
            }
            return Ok(Data::Null);
        };
        match value {
            value if at + 1 == keys.len() => Ok(value.clone()),
            Data::Map(map) => self.walk(map, keys, at + 1),
            Data::Foreign(pairs) => {
                let pairs = pairs.iter();
                let entries =
                    pairs.map(|(key, value)| (Text::from(data::print(key)), value.clone()));
                self.walk(&entries.collect(), keys, at + 1)
            }
            other => {
                // The value itself is not told: it may be a part of a secret.
                let (key, go_type) = (keys[at], other.type_name());
                let keys = keys.join(" ");
                fail(format!(
                    "unexpected type of value for key at {at}={key} in [{keys}]: expected a map, got {go_type}"
                ))
            }
        }
    }

    /// Resolves references that stand in others, from the inside out.
    fn inner(&self, text: &[u8], depth: usize) -> Result<Vec<u8>, Error> {
        if depth >= DEPTH {
            let message = format!("maximum nesting depth ({DEPTH}) exceeded");
            return Err(Error::new(Kind::Values, message));
        }
        let words = reference::prefixes(text);
        for pair in words.windows(2).rev() {
            let [(_, outer), (start, _)] = *pair else {
                continue;
            };
            let is_apart = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b'"' | b',');
            if text[outer..start].iter().any(is_apart) {
                continue;
            }
            let Some(found) = reference::find(&text[start..]) else {
                continue;
            };
            let key = String::from_utf8_lossy(found.key).into_owned();
            let value = match self.look_up(found.key)? {
                Data::Null => {
                    let message = format!("nested ref {key} resolved to nil");
                    return Err(Error::new(Kind::Values, message));
                }
                value @ (Data::String(_)
                | Data::Bool(_)
                | Data::Int(_)
                | Data::Uint(_)
                | Data::Float(_)) => data::print(&value),
                other => {
                    let message = format!(
                        "nested ref {key} resolved to {}; nested refs must resolve to scalar values",
                        other.type_name()
                    );
                    return Err(Error::new(Kind::Values, message));
                }
            };
            let (before, after) = (start + found.start, start + found.end);
            let whole = [&text[..before], value.as_bytes(), &text[after..]].concat();
            return self.inner(&whole, depth + 1);
        }
        Ok(text.to_vec())
    }

    /// Resolves the references in a text in which none stands in another.
    fn text(&self, text: Vec<u8>) -> Result<Text, Error> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = &text[..];
        while let Some(found) = reference::find(rest) {
            out.extend_from_slice(&rest[..found.start]);
            match self.look_up(found.key)? {
                Data::String(text) => out.extend_from_slice(&text),
                other => out.extend_from_slice(data::print(&other).as_bytes()),
            }
            rest = &rest[found.end..];
        }
        out.extend_from_slice(rest);
        Ok(Text::from(out))
    }

    /// What a text stands for, with its type where the text is a reference and nothing else.
    fn value(&self, text: &[u8]) -> Result<Data, Error> {
        if !reference::may_refer(text) {
            return Ok(Data::string(text));
        }
        let text = self.inner(text, 0)?;
        match reference::find(&text) {
            Some(found) if found.start == 0 && found.end == text.len() => self.look_up(found.key),
            Some(_) => self.text(text).map(Data::String),
            None => Ok(Data::string(text)),
        }
    }

    fn data(&self, data: &Data) -> Result<Data, Error> {
        stacker::maybe_grow(RED_ZONE, SEGMENT, || match data {
            Data::String(text) => self.value(text),
            Data::List(items) => {
                let items = items.iter().map(|item| self.data(item));
                items.collect::<Result<_, _>>().map(Data::list)
            }
            Data::Map(map) => self.map(map.iter().map(|(key, value)| (key.clone(), value))),
            Data::Foreign(pairs) => {
                let pairs = pairs.iter();
                self.map(pairs.map(|(key, value)| (Text::from(data::print(key)), value)))
            }
            other => Ok(other.clone()),
        })
    }

    /// A map. A key that is a reference is replaced by the entries of what it stands for, where a
    /// map is under it.
    fn map<'d>(&self, entries: impl Iterator<Item = (Text, &'d Data)>) -> Result<Data, Error> {
        let mut out = Entries::new();
        let mut merged = Entries::new();
        for (key, value) in entries {
            if matches!(value, Data::Map(_) | Data::Foreign(_))
                && let Data::String(text) = self.value(&key)?
                && text != key
            {
                let entries = provider::document(&text)
                    .map_err(|message| Error::new(Kind::Values, message))?;
                merged.extend(entries);
                continue;
            }
            out.insert(key, self.data(value)?);
        }
        out.extend(merged);
        Ok(Data::map(out))
    }
}

/// The texts in `data` that may hold references.
fn collect<'d>(data: &'d Data, texts: &mut Vec<&'d [u8]>) {
    stacker::maybe_grow(RED_ZONE, SEGMENT, || match data {
        Data::String(text) if reference::may_refer(text) => texts.push(text),
        Data::List(items) => items.iter().for_each(|item| collect(item, texts)),
        Data::Map(map) => map.iter().for_each(|(key, value)| {
            if reference::may_refer(key) {
                texts.push(key);
            }
            collect(value, texts);
        }),
        Data::Foreign(pairs) => pairs.iter().for_each(|(key, value)| {
            collect(key, texts);
            collect(value, texts);
        }),
        _ => {}
    });
}
