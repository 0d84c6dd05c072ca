//! Cutting a stream into batches of whole lines, within bounded memory.

use crate::registration::{FeedPlace, FeedProblem, Registration};
use std::{
    io::{self, BufRead, Read},
    ops::Range,
    sync::Arc,
};

/// How many bytes of lines are parsed side by side. Some 290 lines of the usual size: enough to keep many threads busy,
/// little enough that a reader a few batches behind holds a few megabytes.
const BATCH_BYTES: usize = 1 << 20;

/// How much is asked of the source at once.
const READ_BYTES: usize = 256 << 10;

/// One line of a feed, read: where it stood, what it said, and the line itself.
#[derive(Debug)]
pub struct FeedLine {
    /// Where the line stands.
    pub place: FeedPlace,
    /// The registration, or why there is none.
    pub outcome: Result<Registration, FeedProblem>,
    pub(super) raw: RawText,
}

impl FeedLine {
    /// The line as it stood in the feed, without its line end. Empty for a line that was too long to be held.
    pub fn raw(&self) -> &[u8] {
        self.raw.bytes()
    }
}

/// A part of a batch, which it keeps alive.
#[derive(Clone)]
pub(super) struct RawText {
    batch: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl RawText {
    pub(super) fn new(batch: &Arc<Vec<u8>>, range: Range<usize>) -> Self {
        RawText { batch: Arc::clone(batch), range }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.batch[self.range.clone()]
    }
}

impl std::fmt::Debug for RawText {
    /// Says nothing about the person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawText({} bytes)", self.range.len())
    }
}

/// A line before it is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawLine {
    /// The line, from 1.
    pub number: u64,
    /// Where it begins in the plain stream.
    pub offset: u64,
    /// How much of it stands before its text: white space, a byte order mark.
    pub indent: usize,
    /// Where it stands in the batch; `None` if it was too long.
    pub range: Option<Range<usize>>,
}

/// Lines that are parsed together.
#[derive(Debug, Default)]
pub(super) struct RawBatch {
    pub bytes: Vec<u8>,
    pub lines: Vec<RawLine>,
}

/// Cuts a stream into batches of lines. Holds at most a batch or a line of the longest allowed length, whichever is more,
/// and one read beyond.
pub(super) struct Batches<R> {
    source: R,
    max_line_bytes: usize,
    /// The beginning of a line whose end has not been read.
    carry: Vec<u8>,
    /// Where `carry` begins in the plain stream.
    offset: u64,
    /// Lines that began before `carry`.
    lines: u64,
    /// The line at `carry` was too long: its rest is to be passed over.
    passing_over: bool,
    ended: bool,
    /// Why the source cannot be read on; reported after the whole lines before it.
    failure: Option<io::Error>,
}

impl<R: Read> Batches<R> {
    pub(super) fn new(source: R, max_line_bytes: usize) -> Self {
        Batches {
            source,
            max_line_bytes,
            carry: Vec::new(),
            offset: 0,
            lines: 0,
            passing_over: false,
            ended: false,
            failure: None,
        }
    }

    /// Where the next line begins: its number and byte.
    pub(super) fn place(&self) -> (u64, u64) {
        (self.lines + 1, self.offset)
    }

    /// The next batch, which may be without lines; `None` at the end of the stream.
    ///
    /// # Errors
    /// If the source cannot be read on, once the whole lines before that place have been given out.
    pub(super) fn next_batch(&mut self) -> io::Result<Option<RawBatch>> {
        if !self.ended && self.failure.is_none() {
            let mut bytes = std::mem::take(&mut self.carry);
            let target = BATCH_BYTES.max(bytes.len() + 1);
            bytes.reserve_exact(target + READ_BYTES - bytes.len());
            while bytes.len() < target && !self.ended && self.failure.is_none() {
                match (&mut self.source).take(READ_BYTES as u64).read_to_end(&mut bytes) {
                    Ok(read) => self.ended = read < READ_BYTES,
                    Err(error) => self.failure = Some(error),
                }
            }
            let lines = self.cut(&bytes);
            return Ok(Some(RawBatch { bytes, lines }));
        }
        self.failure.take().map_or(Ok(None), Err)
    }

    /// Finds the lines of `bytes`, which begin at `self.offset`, and takes what follows the last line end back into `carry`.
    fn cut(&mut self, bytes: &[u8]) -> Vec<RawLine> {
        let mut lines = Vec::with_capacity(bytes.len() / 2048 + 1);
        let mut start = 0;
        while start < bytes.len() {
            let mut rest = &bytes[start..];
            // Reading from a slice cannot fail; its `skip_until` is the platform's memchr.
            let length = rest.skip_until(b'\n').unwrap_or(bytes.len() - start);
            let line_end = bytes[start + length - 1] == b'\n';
            let ends = line_end || self.ended;
            // White space counts too: an endless line of blanks must not be held either.
            let too_long = length - usize::from(line_end) > self.max_line_bytes;
            let text = trimmed(bytes, start..start + length);
            if !ends && !too_long && !self.passing_over {
                break;
            }
            if too_long && !self.passing_over {
                lines.push(RawLine { number: self.lines + 1, offset: self.offset, indent: 0, range: None });
            } else if !self.passing_over && !text.is_empty() {
                let indent = text.start - start;
                lines.push(RawLine { number: self.lines + 1, offset: self.offset, indent, range: Some(text) });
            }
            self.passing_over = !ends;
            self.lines += u64::from(ends);
            self.offset += length as u64;
            start += length;
        }
        self.carry = bytes[start..].to_vec();
        lines
    }
}

/// `range` of `bytes` without white space around it and without a byte order mark: files that each began with one may have been put together.
fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &bytes[range.clone()];
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = text.trim_ascii_start();
    let end = range.end;
    let start = end - text.len();
    start..start + text.trim_ascii_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of `text` with its number and byte, read in reads of `step` bytes.
    fn lines_of(text: &[u8], max_line_bytes: usize, step: usize) -> Vec<(u64, u64, Option<Vec<u8>>)> {
        struct Steps<'a>(&'a [u8], usize);
        impl Read for Steps<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let n = self.1.min(out.len());
                self.0.read(&mut out[..n])
            }
        }
        let mut batches = Batches::new(Steps(text, step), max_line_bytes);
        let mut found = Vec::new();
        while let Some(batch) = batches.next_batch().unwrap() {
            found.extend(
                batch
                    .lines
                    .into_iter()
                    .map(|line| (line.number, line.offset, line.range.map(|range| batch.bytes[range].to_vec()))),
            );
        }
        found
    }

    #[test]
    fn lines_keep_their_number_and_byte_through_empty_lines_and_any_line_end() {
        let text = b"\xef\xbb\xbf{1}\n\n  \n{2}\r\n{3}";
        let expected =
            vec![(1, 0, Some(b"{1}".to_vec())), (4, 11, Some(b"{2}".to_vec())), (5, 16, Some(b"{3}".to_vec()))];
        for step in [1, 2, 7, 100] {
            assert_eq!(lines_of(text, 100, step), expected);
        }
    }

    #[test]
    fn a_line_knows_what_stands_before_its_text() {
        let text = b"\xef\xbb\xbf {1}\n{2}\n\t {3} \n";
        let batch = Batches::new(&text[..], 100).next_batch().unwrap().unwrap();
        let places = batch.lines.iter().map(|line| (line.offset, line.indent, line.range.clone().unwrap().start));
        assert_eq!(places.collect::<Vec<_>>(), [(0, 4, 4), (8, 0, 8), (12, 2, 14)]);
    }

    #[test]
    fn a_line_that_is_too_long_costs_that_line_only() {
        for long in [101, 5000, BATCH_BYTES - 1, BATCH_BYTES, 3 * BATCH_BYTES + 17] {
            let text = [b"a\n".to_vec(), vec![b'x'; long], b"\nb\n".to_vec()].concat();
            let found = lines_of(&text, 100, 1 << 16);
            assert_eq!(
                found,
                vec![(1, 0, Some(b"a".to_vec())), (2, 2, None), (3, long as u64 + 3, Some(b"b".to_vec()))],
                "{long}"
            );
        }
    }

    #[test]
    fn an_endless_line_is_not_held_in_memory() {
        let mut batches = Batches::new(io::repeat(b'x').take(200 << 20), 1 << 20);
        let mut most = 0;
        while let Some(batch) = batches.next_batch().unwrap() {
            most = most.max(batch.bytes.capacity() + batches.carry.capacity());
        }
        assert!(most < 8 << 20, "{most} bytes held");
    }

    #[test]
    fn a_long_line_within_the_limit_is_whole() {
        let text = [vec![b'y'; 3 * BATCH_BYTES], b"\nz".to_vec()].concat();
        let found = lines_of(&text, 4 * BATCH_BYTES, usize::MAX);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].2.as_ref().map(Vec::len), Some(3 * BATCH_BYTES));
        assert_eq!(found[1], (2, 3 * BATCH_BYTES as u64 + 1, Some(b"z".to_vec())));
    }
}
