//! What happens to a line that was rejected, and the account of it.

use super::FeedLine;
use crate::registration::{FeedError, FeedPlace, FeedProblem, Registration};
use std::{collections::BTreeMap, fmt, io::Write};

/// What a bad line does to the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The first bad line ends the run.
    #[default]
    Stop,
    /// Bad lines are counted, copied to the rejects, and passed over.
    Skip,
}

/// One kind of reason for which lines were rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectReason {
    /// The field, without its place in an array: `fingers[].template`; empty for the line as a whole.
    pub field: String,
    /// The kind of error, by [`FeedError::kind`].
    pub kind: &'static str,
    /// How many lines.
    pub lines: u64,
    /// The first of them, with its message.
    pub first: String,
}

/// Applies an [`OnError`] to the lines of feeds, and keeps account.
///
/// A rejected line is written as it stood, so that the rejects are a feed again, to be mended and enrolled. A line that was
/// too long to be held cannot be; its problem says where it is.
///
/// ```
/// use vantay::registration::{FeedOptions, FeedReader, OnError, Rejects};
///
/// let mut copied = Vec::new();
/// let mut rejects = Rejects::new(OnError::Skip, Some(&mut copied));
/// let mut feed = FeedReader::new("example.ndjson", &b"{\"personal_id\": 1}\n"[..], FeedOptions::default());
/// while let Some(line) = feed.next_line() {
///     if let Some((place, registration)) = rejects.accept(line)? {
///         // enrol the registration
///     }
/// }
/// assert_eq!(rejects.to_string(), "1 line rejected\n1 × registration: absent (first: example.ndjson: line 1, byte 0: \
///     registration: required, but absent)\n");
/// drop(rejects);
/// assert_eq!(copied, b"{\"personal_id\": 1}\n");
/// # Ok::<(), vantay::registration::FeedProblem>(())
/// ```
pub struct Rejects<W> {
    on_error: OnError,
    copies: Option<W>,
    lines: u64,
    reasons: BTreeMap<(String, &'static str), (u64, String)>,
}

impl<W: Write> Rejects<W> {
    /// Rejects under `on_error`; what is skipped is copied to `copies`, if there is such a writer.
    pub fn new(on_error: OnError, copies: Option<W>) -> Self {
        Rejects { on_error, copies, lines: 0, reasons: BTreeMap::new() }
    }

    /// The registration of `line`, or `None` if the line was bad and is skipped.
    ///
    /// # Errors
    /// The line's problem if the run has to stop: as asked, because the feed cannot be read on, or because the line cannot
    /// be copied.
    pub fn accept(&mut self, line: FeedLine) -> Result<Option<(FeedPlace, Registration)>, FeedProblem> {
        let FeedLine { place, outcome, raw } = line;
        match outcome {
            Ok(registration) => Ok(Some((place, registration))),
            Err(problem) => self.reject(problem, raw.bytes()).map(|()| None),
        }
    }

    /// Rejects the line `raw` for `problem`, for reasons that only the user of the registration can see, such as an ID that
    /// the gallery has already.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn reject(&mut self, problem: FeedProblem, raw: &[u8]) -> Result<(), FeedProblem> {
        if self.on_error == OnError::Stop || problem.is_final() {
            return Err(problem);
        }
        self.lines += 1;
        let field = problem.field.replace(|c: char| c.is_ascii_digit(), "");
        let (lines, _) = self.reasons.entry((field, problem.reason.kind())).or_insert_with(|| (0, problem.to_string()));
        *lines += 1;
        if let Some(copies) = &mut self.copies
            && !raw.is_empty()
        {
            let written = copies.write_all(raw).and_then(|()| copies.write_all(b"\n"));
            return written.map_err(|error| FeedProblem { reason: FeedError::Io(error), ..problem });
        }
        Ok(())
    }

    /// How many lines were rejected.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// For which reasons, most frequent first.
    pub fn reasons(&self) -> Vec<RejectReason> {
        let mut reasons: Vec<_> = self
            .reasons
            .iter()
            .map(|((field, kind), (lines, first))| RejectReason {
                field: field.clone(),
                kind,
                lines: *lines,
                first: first.clone(),
            })
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.lines));
        reasons
    }

    /// The writer of the copies.
    pub fn into_copies(self) -> Option<W> {
        self.copies
    }
}

/// The account as text: the number of lines, then a line for each reason with its first example.
impl<W: Write> fmt::Display for Rejects<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} line{} rejected", self.lines, if self.lines == 1 { "" } else { "s" })?;
        for reason in self.reasons() {
            let field = if reason.field.is_empty() { "line" } else { &reason.field };
            writeln!(f, "{} × {field}: {} (first: {})", reason.lines, reason.kind, reason.first)?;
        }
        Ok(())
    }
}
