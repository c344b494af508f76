//! Sets of flags: tables and values go in, what holds comes out (`github.com/spf13/pflag` 1.0.10).

use std::borrow::Cow;

use super::{Flag, Kind, csv, scalar};

/// Judges a value of a [`Kind::Custom`] flag: the value to keep, or the words of the refusal.
pub type Check<'a> = &'a mut dyn FnMut(&Flag, &str) -> Result<String, String>;

/// The flags that one command knows, and what was given for them (`pflag.FlagSet`).
///
/// The accessors (`text`, `is`, `list`, …) answer for a name that is no flag as for one that was not
/// given.
pub struct FlagSet {
    entries: Vec<Entry>,
    /// Words about deprecated flags, in the order in which they were met.
    warnings: String,
}

pub(super) struct Entry {
    pub(super) flag: Flag,
    pub(super) default: Cow<'static, str>,
    pub(super) usage: Cow<'static, str>,
    /// Inherited from an ancestor.
    pub(super) inherited: bool,
    changed: bool,
    values: Vec<String>,
}

impl FlagSet {
    /// A set without flags.
    pub fn new() -> FlagSet {
        FlagSet {
            entries: Vec::with_capacity(96),
            warnings: String::new(),
        }
    }

    /// Adds flags of the command itself; a name that is already there stays as it is.
    pub fn add(&mut self, flags: &[Flag]) {
        self.push(flags, false);
    }

    /// Marks all flags so far as inherited: a subcommand's own flags follow.
    pub fn inherit(&mut self) {
        for entry in &mut self.entries {
            entry.inherited = true;
        }
    }

    fn push(&mut self, flags: &[Flag], inherited: bool) {
        for flag in flags {
            if let Some(found) = self.position(flag.name) {
                // A local flag shadows an inherited one of the same name.
                if self.entries[found].inherited && !inherited {
                    self.entries.remove(found);
                } else {
                    continue;
                }
            }
            self.entries.push(Entry {
                flag: *flag,
                default: Cow::Borrowed(flag.default),
                usage: Cow::Borrowed(flag.usage),
                inherited,
                changed: false,
                values: Vec::new(),
            });
        }
    }

    /// Replaces a default that only this run knows, such as a path below the home folder.
    pub fn set_default(&mut self, name: &str, value: impl Into<Cow<'static, str>>) {
        if let Some(at) = self.position(name) {
            self.entries[at].default = value.into();
        }
    }

    /// Replaces a description that depends on the command.
    pub fn describe(&mut self, name: &str, usage: impl Into<Cow<'static, str>>) {
        if let Some(at) = self.position(name) {
            self.entries[at].usage = usage.into();
        }
    }

    /// Gives values without marking the flag as given: an environment variable's list.
    pub fn preset(&mut self, name: &str, values: Vec<String>) {
        if let Some(at) = self.position(name) {
            self.entries[at].default = format!("[{}]", values.join(",")).into();
            self.entries[at].values = values;
        }
    }

    /// Puts values in front of those given for a list flag, and does not mark it as given.
    pub fn prepend(&mut self, name: &str, values: Vec<String>) {
        if let Some(at) = self.position(name) {
            self.entries[at].values.splice(0..0, values);
        }
    }

    /// Rewrites what was given for a flag.
    pub fn rewrite(&mut self, name: &str, rewrite: impl Fn(&str) -> String) {
        if let Some(at) = self.position(name) {
            let values = &mut self.entries[at].values;
            *values = values.iter().map(|value| rewrite(value)).collect();
        }
    }

    /// Gives the flag `name` a value, as [`FlagSet::parse`] does for `--name=value`.
    ///
    /// # Errors
    /// The cause of the refusal.
    pub fn set(&mut self, name: &str, value: &str, check: Check<'_>) -> Result<(), String> {
        match self.position(name) {
            Some(at) => self.assign(at, value, check),
            None => Err(format!("no such flag -{name}")),
        }
    }

    /// Whether the flag was given.
    pub fn changed(&self, name: &str) -> bool {
        self.lookup(name).is_some_and(|entry| entry.changed)
    }

    /// The value, or the default.
    pub fn text(&self, name: &str) -> &str {
        let Some(entry) = self.lookup(name) else {
            return "";
        };
        match entry.values.last() {
            Some(value) => value,
            None => &entry.default,
        }
    }

    /// Whether a [`Kind::Bool`] flag is on.
    pub fn is(&self, name: &str) -> bool {
        scalar::bool(self.text(name)).unwrap_or(false)
    }

    /// Whether there is a flag of that name.
    pub fn has(&self, name: &str) -> bool {
        self.lookup(name).is_some()
    }

    /// The value of a [`Kind::Int`] flag.
    pub fn int(&self, name: &str) -> i64 {
        scalar::int(self.text(name)).unwrap_or(0)
    }

    /// The value of a [`Kind::Float32`] flag.
    pub fn float32(&self, name: &str) -> f32 {
        scalar::float32(self.text(name)).unwrap_or(0.0)
    }

    /// Everything given for a list flag.
    pub fn list(&self, name: &str) -> &[String] {
        self.lookup(name).map_or(&[], |entry| &entry.values)
    }

    /// Takes the words about deprecated flags, one a line.
    pub fn take_warnings(&mut self) -> String {
        std::mem::take(&mut self.warnings)
    }

    /// Adds words to those about deprecated flags.
    pub(super) fn warn(&mut self, warnings: &str) {
        self.warnings.push_str(warnings);
    }

    /// The flags that were given out of a group in which they exclude each other
    /// (`cobra.MarkFlagsMutuallyExclusive`): the words of the refusal, where there are several.
    pub fn exclusive(&self, group: &[&str]) -> Result<(), String> {
        if group.iter().any(|name| self.lookup(name).is_none()) {
            return Ok(());
        }
        let mut given: Vec<&str> = group
            .iter()
            .copied()
            .filter(|name| self.changed(name))
            .collect();
        if given.len() < 2 {
            return Ok(());
        }
        given.sort_unstable();
        Err(format!(
            "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
            group.join(" "),
            given.join(" ")
        ))
    }

    /// Gives a flag a value (`FlagSet.Set`), with the cause of a refusal.
    pub(super) fn assign(
        &mut self,
        at: usize,
        value: &str,
        check: Check<'_>,
    ) -> Result<(), String> {
        let entry = &mut self.entries[at];
        let flag = entry.flag;
        match flag.kind {
            Kind::Bool => {
                scalar::bool(value)?;
                entry.replace(value.to_owned());
            }
            Kind::Int => {
                scalar::int(value)?;
                entry.replace(value.to_owned());
            }
            Kind::Uint => {
                scalar::uint(value)?;
                entry.replace(value.to_owned());
            }
            Kind::Float32 => {
                scalar::float32(value)?;
                entry.replace(value.to_owned());
            }
            Kind::Duration => {
                scalar::duration(value)?;
                entry.replace(value.to_owned());
            }
            Kind::Text => entry.replace(value.to_owned()),
            Kind::TextArray => entry.extend([value.to_owned()]),
            Kind::TextSlice => {
                let items = if value.is_empty() {
                    Vec::new()
                } else {
                    csv::record(value)?
                };
                entry.extend(items);
            }
            Kind::TextMap => {
                let pairs = match value.matches('=').count() {
                    0 => return Err(format!("{value} must be formatted as key=value")),
                    1 => vec![value.trim_matches('"').to_owned()],
                    _ => csv::record(value)?,
                };
                if let Some(bad) = pairs.iter().find(|pair| !pair.contains('=')) {
                    return Err(format!("{bad} must be formatted as key=value"));
                }
                entry.extend(pairs);
            }
            Kind::Custom { list, .. } => {
                let value = check(&flag, value)?;
                if list {
                    entry.extend([value]);
                } else {
                    entry.replace(value);
                }
            }
        }
        self.entries[at].changed = true;
        if let Some(instead) = flag.deprecated {
            self.warnings.push_str(&format!(
                "Flag --{} has been deprecated, {instead}\n",
                flag.name
            ));
        }
        Ok(())
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.flag.name == name)
    }

    pub(super) fn shorthand(&self, letter: char) -> Option<usize> {
        self.entries
            .iter()
            .position(|entry| entry.flag.shorthand == Some(letter))
    }

    pub(super) fn flag(&self, at: usize) -> &Flag {
        &self.entries[at].flag
    }

    fn lookup(&self, name: &str) -> Option<&Entry> {
        self.position(name).map(|at| &self.entries[at])
    }
}

impl Default for FlagSet {
    fn default() -> FlagSet {
        FlagSet::new()
    }
}

impl Entry {
    fn replace(&mut self, value: String) {
        self.values.clear();
        self.values.push(value);
    }

    /// The first occurrence replaces the default, later ones add to it.
    fn extend(&mut self, values: impl IntoIterator<Item = String>) {
        if !self.changed {
            self.values.clear();
        }
        self.values.extend(values);
    }
}
