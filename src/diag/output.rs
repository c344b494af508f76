//! Much text on its way to a stream: parts of texts that are there anyway go in, and out without a
//! copy of them all.

use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::sync::Arc;

/// Shorter parts are copied: another piece would cost more.
const SMALL: usize = 256;
/// How many pieces the system takes at once.
const AT_ONCE: usize = 512;

/// A long text in pieces, which are written without being copied into one buffer before.
#[derive(Debug, Default)]
pub struct Output(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Own(Vec<u8>),
    /// A part of a text that others hold too.
    Shared(Arc<[u8]>, Range<usize>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Piece::Own(bytes) => bytes,
            Piece::Shared(bytes, range) => &bytes[range.clone()],
        }
    }
}

impl Output {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces().all(<[u8]>::is_empty)
    }

    /// Adds a copy of `bytes`.
    pub fn push(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Piece::Own(last)) => last.extend_from_slice(bytes),
            _ => self.0.push(Piece::Own(bytes.to_vec())),
        }
    }

    /// Adds a part of `text`; where that is long, it is not copied.
    pub fn share(&mut self, text: &Arc<[u8]>, range: Range<usize>) {
        if range.len() < SMALL {
            self.push(&text[range]);
        } else {
            self.0.push(Piece::Shared(Arc::clone(text), range));
        }
    }

    /// Adds all of `other`.
    pub fn append(&mut self, other: Output) {
        self.0.extend(other.0);
    }

    /// Cuts the end: `length` tells how much of a piece stays, from the last one up to the first of
    /// which anything does.
    pub fn trim_end(&mut self, length: impl Fn(&[u8]) -> usize) {
        while let Some(last) = self.0.last_mut() {
            let left = length(last.bytes());
            match last {
                Piece::Own(bytes) => bytes.truncate(left),
                Piece::Shared(_, range) => range.end = range.start + left,
            }
            if left > 0 {
                return;
            }
            self.0.pop();
        }
    }

    /// The whole text.
    pub fn concat(&self) -> Vec<u8> {
        self.pieces().collect::<Vec<_>>().concat()
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Piece::bytes)
    }

    /// Writes all pieces.
    ///
    /// # Errors
    /// Those of `stream`.
    pub fn write_to(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut slices: Vec<IoSlice<'_>> = self.pieces().map(IoSlice::new).collect();
        let mut left = slices.as_mut_slice();
        // Empty ones in front would look like a stream that takes nothing.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let first = &left[..left.len().min(AT_ONCE)];
            match stream.write_vectored(first) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes seven bytes at a time.
    struct Slow(Vec<u8>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(7);
            self.0.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn pieces_come_out_in_order() {
        let long: Arc<[u8]> = vec![b'x'; 2 * SMALL].into();
        let mut output = Output::default();
        assert!(output.is_empty());
        output.push(b"");
        output.push(b"ab");
        output.share(&long, 1..SMALL + 1);
        output.share(&long, 0..3);
        let mut more = Output::default();
        more.push(b"c  ");
        more.share(&vec![b' '; SMALL].into(), 0..SMALL);
        output.append(more);
        output.trim_end(|bytes| bytes.trim_ascii_end().len());
        let want = format!("ab{}xxxc", "x".repeat(SMALL));
        assert_eq!(output.concat(), want.as_bytes());
        let mut slow = Slow(Vec::new());
        output.write_to(&mut slow).unwrap();
        assert_eq!(slow.0, want.as_bytes());
        output.trim_end(|_| 0);
        assert!(output.is_empty());
        output.push(b"");
        assert!(output.write_to(&mut slow).is_ok());
    }
}
