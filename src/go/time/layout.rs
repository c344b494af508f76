//! The parts of a layout such as `Mon Jan _2 15:04:05 2006` (Go: `nextStdChunk`).

/// One element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// `January`
    LongMonth,
    /// `Jan`
    Month,
    /// `1`
    NumMonth,
    /// `01`
    ZeroMonth,
    /// `Monday`
    LongWeekDay,
    /// `Mon`
    WeekDay,
    /// `2`
    Day,
    /// `_2`
    UnderDay,
    /// `02`
    ZeroDay,
    /// `__2`
    UnderYearDay,
    /// `002`
    ZeroYearDay,
    /// `15`
    Hour,
    /// `3`
    Hour12,
    /// `03`
    ZeroHour12,
    /// `4`
    Minute,
    /// `04`
    ZeroMinute,
    /// `5`
    Second,
    /// `05`
    ZeroSecond,
    /// `2006`
    LongYear,
    /// `06`
    Year,
    /// `PM`
    UpperPm,
    /// `pm`
    LowerPm,
    /// `MST`
    ZoneName,
    /// `-07` and its longer forms, with `Z` for UTC or without.
    Offset {
        /// Whether `Z` stands for UTC.
        z: bool,
        /// How much is written.
        form: OffsetForm,
    },
    /// `.000` or `,000`: so many digits, always.
    FractionZero(usize),
    /// `.999` or `,999`: so many digits, without zeros at the end.
    FractionNine(usize),
}

/// The forms of a numeric zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OffsetForm {
    /// `-07`
    Hour,
    /// `-0700`
    Minute,
    /// `-07:00`
    ColonMinute,
    /// `-070000`
    Second,
    /// `-07:00:00`
    ColonSecond,
}

const OFFSETS: [(&[u8], OffsetForm); 5] = [
    (b"070000", OffsetForm::Second),
    (b"07:00:00", OffsetForm::ColonSecond),
    (b"0700", OffsetForm::Minute),
    (b"07:00", OffsetForm::ColonMinute),
    (b"07", OffsetForm::Hour),
];

/// The text before the first element, the element, its length, and what follows.
pub(super) struct Chunk<'a> {
    pub(super) prefix: &'a [u8],
    /// The element and its text; `None` at the end of the layout.
    pub(super) element: Option<(Element, &'a [u8])>,
    pub(super) rest: &'a [u8],
}

/// Finds the first element of a layout.
pub(super) fn next(layout: &[u8]) -> Chunk<'_> {
    for at in 0..layout.len() {
        if let Some((element, skip, length)) = element(&layout[at..]) {
            let (start, end) = (at + skip, at + skip + length);
            return Chunk {
                prefix: &layout[..start],
                element: Some((element, &layout[start..end])),
                rest: &layout[end..],
            };
        }
    }
    Chunk {
        prefix: layout,
        element: None,
        rest: b"",
    }
}

/// The element that a text starts with, after `skip` bytes, and its length.
fn element(text: &[u8]) -> Option<(Element, usize, usize)> {
    let found = |element, length| Some((element, 0, length));
    let lower_follows = |at: usize| text.get(at).is_some_and(u8::is_ascii_lowercase);
    match text {
        [b'J', b'a', b'n', b'u', b'a', b'r', b'y', ..] => found(Element::LongMonth, 7),
        [b'J', b'a', b'n', ..] if !lower_follows(3) => found(Element::Month, 3),
        [b'M', b'o', b'n', b'd', b'a', b'y', ..] => found(Element::LongWeekDay, 6),
        [b'M', b'o', b'n', ..] if !lower_follows(3) => found(Element::WeekDay, 3),
        [b'M', b'S', b'T', ..] => found(Element::ZoneName, 3),
        [b'0', b'1', ..] => found(Element::ZeroMonth, 2),
        [b'0', b'2', ..] => found(Element::ZeroDay, 2),
        [b'0', b'3', ..] => found(Element::ZeroHour12, 2),
        [b'0', b'4', ..] => found(Element::ZeroMinute, 2),
        [b'0', b'5', ..] => found(Element::ZeroSecond, 2),
        [b'0', b'6', ..] => found(Element::Year, 2),
        [b'0', b'0', b'2', ..] => found(Element::ZeroYearDay, 3),
        [b'1', b'5', ..] => found(Element::Hour, 2),
        [b'1', ..] => found(Element::NumMonth, 1),
        [b'2', b'0', b'0', b'6', ..] => found(Element::LongYear, 4),
        [b'2', ..] => found(Element::Day, 1),
        // The blank is not the year's.
        [b'_', b'2', b'0', b'0', b'6', ..] => Some((Element::LongYear, 1, 4)),
        [b'_', b'2', ..] => found(Element::UnderDay, 2),
        [b'_', b'_', b'2', ..] => found(Element::UnderYearDay, 3),
        [b'3', ..] => found(Element::Hour12, 1),
        [b'4', ..] => found(Element::Minute, 1),
        [b'5', ..] => found(Element::Second, 1),
        [b'P', b'M', ..] => found(Element::UpperPm, 2),
        [b'p', b'm', ..] => found(Element::LowerPm, 2),
        [mark @ (b'-' | b'Z'), digits @ ..] => {
            let (form, length) = OFFSETS
                .iter()
                .find(|(written, _)| digits.starts_with(written))
                .map(|(written, form)| (*form, written.len() + 1))?;
            found(
                Element::Offset {
                    z: *mark == b'Z',
                    form,
                },
                length,
            )
        }
        [b'.' | b',', digit @ (b'0' | b'9'), ..] => {
            let digits = text[1..].iter().take_while(|byte| *byte == digit).count();
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let element = match digit {
                b'0' => Element::FractionZero(digits),
                _ => Element::FractionNine(digits),
            };
            found(element, 1 + digits)
        }
        _ => None,
    }
}
