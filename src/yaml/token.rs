//! What the scanner hands to the parser.

/// A place in the text: byte offset, and line and column in characters, all counted from 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) offset: usize,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A scalar as it stands in the text; [`Scalar::value`](super::fold) makes its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scalar<'a> {
    /// The text between the quotes, or below the header of a block scalar.
    pub(super) raw: &'a [u8],
    pub(super) style: Style,
    /// Whether `raw` is the value as it stands.
    pub(super) verbatim: bool,
    /// Columns that a block scalar is indented by.
    pub(super) indent: u32,
    /// What becomes of the line breaks at the end of a block scalar.
    pub(super) chomp: Chomp,
}

impl<'a> Scalar<'a> {
    /// The scalar that stands for nothing.
    pub(super) const EMPTY: Scalar<'a> = Scalar {
        raw: b"",
        style: Style::Plain,
        verbatim: true,
        indent: 0,
        chomp: Chomp::Clip,
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chomp {
    Strip,
    Clip,
    Keep,
}

#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: Mark,
    /// Offset of the first byte after it.
    pub(super) end: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Kind<'a> {
    StreamEnd,
    Version(u8, u8),
    TagDirective(Box<TagName>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a [u8]),
    Anchor(&'a [u8]),
    Tag(Box<TagName>),
    Scalar(Scalar<'a>),
}

/// A tag's handle and what follows it, or a directive's handle and prefix.
#[derive(Clone, Debug)]
pub(super) struct TagName {
    pub(super) handle: Vec<u8>,
    pub(super) suffix: Vec<u8>,
}
