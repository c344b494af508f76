//! What `boon` leaves out of its tree of errors: where `allOf`, `anyOf` or `oneOf` has a single
//! cause it reports the cause alone, while the Go library reports both. The locations of the
//! schemas tell where that happened.

use boon::{ErrorKind, InstanceToken, ValidationError};

/// An error of `allOf`, `anyOf`, `oneOf` or of a group that is to be shown above others.
#[derive(Debug, PartialEq)]
pub(super) struct Lost {
    /// JSON pointer of the value.
    pub(super) place: String,
    /// The message.
    pub(super) message: &'static str,
}

/// A step down a schema.
#[derive(Clone, Copy, PartialEq)]
struct Step<'t> {
    keyword: &'t str,
    argument: Option<&'t str>,
    /// How much deeper the value lies: 0 or 1.
    depth: usize,
}

impl Step<'_> {
    fn message(&self) -> Option<&'static str> {
        match self.keyword {
            "allOf" => Some("'allOf' failed"),
            "anyOf" => Some("'anyOf' failed"),
            "oneOf" => Some("'oneOf' failed, none matched"),
            _ => None,
        }
    }
}

/// What is missing between `parent` and its `cause`.
pub(super) fn between(
    parent: &ValidationError<'_, '_>,
    cause: &ValidationError<'_, '_>,
) -> Vec<Lost> {
    let steps = steps(parent, cause);
    let known = usize::from(matches!(
        parent.kind,
        ErrorKind::AllOf | ErrorKind::AnyOf | ErrorKind::OneOf(_)
    ));
    lost(&steps, known, &cause.instance_location.tokens)
}

/// What is missing between `parent` and all its causes: `boon` drops a group below a schema or a
/// reference, so it also drops one that lies below an `allOf` that it left out.
pub(super) fn above_all(parent: &ValidationError<'_, '_>) -> Vec<Lost> {
    let transparent = matches!(
        parent.kind,
        ErrorKind::Schema { .. } | ErrorKind::Reference { .. }
    );
    let [first, others @ ..] = parent.causes.as_slice() else {
        return Vec::new();
    };
    if !transparent || others.is_empty() {
        return Vec::new();
    }
    let own = steps(parent, first);
    let tokens = &first.instance_location.tokens;
    let depth: usize = own.iter().map(|step| step.depth).sum();
    let start = tokens.len().saturating_sub(depth);
    let shared = others
        .iter()
        .map(|other| shared(&own, &steps(parent, other), start, first, other))
        .min()
        .unwrap_or_default();
    let deep = |count: usize| {
        let deep = start + own[..count].iter().map(|step| step.depth).sum::<usize>();
        &tokens[..deep.min(tokens.len())]
    };
    let Some(last) = own[..shared]
        .iter()
        .rposition(|step| step.message().is_some())
    else {
        return Vec::new();
    };
    let mut lost = lost(&own[..=last], 0, deep(last + 1));
    lost.push(Lost {
        place: pointer(deep(shared)),
        message: "validation failed",
    });
    lost
}

/// How many steps two causes have in common; steps into different values are different.
fn shared(
    a: &[Step<'_>],
    b: &[Step<'_>],
    start: usize,
    first: &ValidationError<'_, '_>,
    other: &ValidationError<'_, '_>,
) -> usize {
    let mut deep = start;
    for (at, (step, twin)) in a.iter().zip(b).enumerate() {
        let token = |error: &ValidationError<'_, '_>| {
            let tokens = &error.instance_location.tokens;
            tokens.get(deep).map(name)
        };
        if step != twin || step.depth == 1 && token(first) != token(other) {
            return at;
        }
        deep += step.depth;
    }
    a.len().min(b.len())
}

fn lost(steps: &[Step<'_>], known: usize, tokens: &[InstanceToken<'_>]) -> Vec<Lost> {
    let mut below: usize = steps.iter().map(|step| step.depth).sum();
    let mut out = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if let Some(message) = step.message().filter(|_| at >= known) {
            let place = pointer(&tokens[..tokens.len().saturating_sub(below)]);
            out.push(Lost { place, message });
        }
        below -= step.depth;
    }
    out
}

/// The way from a parent's schema to that of its cause; empty where one is not below the other.
fn steps<'t>(
    parent: &'t ValidationError<'_, '_>,
    cause: &'t ValidationError<'_, '_>,
) -> Vec<Step<'t>> {
    let base = match &parent.kind {
        ErrorKind::Reference { url, .. } => url,
        _ => parent.schema_url,
    };
    let Some(rest) = cause.schema_url.strip_prefix(base) else {
        return Vec::new();
    };
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    let Some(rest) = rest.strip_prefix('/') else {
        return Vec::new();
    };
    let mut tokens = rest.split('/').peekable();
    let mut steps = Vec::new();
    while let Some(keyword) = tokens.next() {
        let (has_argument, depth) = match keyword {
            "allOf" | "anyOf" | "oneOf" | "dependencies" | "dependentSchemas" => (true, 0),
            "properties" | "patternProperties" | "prefixItems" => (true, 1),
            "items" => {
                let number = |token: &&str| token.bytes().all(|byte| byte.is_ascii_digit());
                (tokens.peek().is_some_and(number), 1)
            }
            "additionalProperties"
            | "additionalItems"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "contains" => (false, 1),
            _ => (false, 0),
        };
        let argument = if has_argument { tokens.next() } else { None };
        steps.push(Step {
            keyword,
            argument,
            depth,
        });
    }
    steps
}

fn name(token: &InstanceToken<'_>) -> String {
    match token {
        InstanceToken::Prop(name) => name.replace('~', "~0").replace('/', "~1"),
        InstanceToken::Item(index) => index.to_string(),
    }
}

fn pointer(tokens: &[InstanceToken<'_>]) -> String {
    tokens
        .iter()
        .fold(String::new(), |out, token| out + "/" + &name(token))
}
