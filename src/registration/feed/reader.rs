//! Reading a feed ahead of its use.

use super::{
    FeedLine, FeedOptions,
    batch::{Batches, RawBatch, RawText},
    parse::parse_at,
    source,
};
use crate::registration::{FeedError, FeedPlace, FeedProblem, Registration};
use rayon::prelude::*;
use std::{
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread, vec,
};

/// How many parsed batches may wait for their reader.
const AHEAD: usize = 1;

/// Reads the registrations of a feed in their order, parsing ahead on other threads.
///
/// An iterator over `Result<Registration, FeedProblem>`; [`next_line`](Self::next_line) and
/// [`next_batch`](Self::next_batch) give the lines themselves as well, for [`Rejects`](super::Rejects). Memory does not
/// grow with the feed: about four batches of a megabyte and what is parsed from them.
///
/// Dropping the reader ends its thread, at the latest when the read that it waits for returns.
///
/// ```
/// use vantay::registration::{FeedOptions, FeedReader};
///
/// let feed = br#"{"registration": "R1", "personal_id": "001204000257"}
/// {"registration": "R2", "personal_id": "1204000257"}"#;
/// let problems: Vec<String> = FeedReader::new("example.ndjson", &feed[..], FeedOptions::default())
///     .filter_map(|registration| registration.err())
///     .map(|problem| problem.to_string())
///     .collect();
/// assert!(problems[0].starts_with("example.ndjson: line 1, byte 0: no usable template: "));
/// assert_eq!(problems[1], "example.ndjson: line 2, byte 78: personal_id: personal ID: expected 12 digits");
/// ```
#[derive(Debug)]
pub struct FeedReader {
    batches: Receiver<Message>,
    current: vec::IntoIter<FeedLine>,
    place: FeedPlace,
    ended: bool,
}

/// What the reading thread says.
#[derive(Debug)]
enum Message {
    Lines(Vec<FeedLine>),
    Failed(FeedProblem),
    /// The feed was read to its end. A channel that closes without it means that the thread died.
    End,
}

impl FeedReader {
    /// The feed at `path`, decompressed if its name ends in `.gz` or `.zst`; `-` is standard input, where gzip and zstd are
    /// told by their first bytes.
    ///
    /// # Errors
    /// A [`FeedProblem`] that names the file if it cannot be opened.
    pub fn open(path: impl AsRef<Path>, options: FeedOptions) -> Result<Self, FeedProblem> {
        let path = path.as_ref();
        let place = FeedPlace { file: Arc::from(path.to_string_lossy()), line: 1, offset: 0 };
        let source = source::open(path).map_err(|error| FeedProblem {
            offset: 0,
            place: place.clone(),
            field: String::new(),
            reason: FeedError::Open(error),
        })?;
        Self::start(place, source, options)
    }

    /// The feed that `source` holds as plain text, called `name` in problems.
    pub fn new(name: &str, source: impl Read + Send + 'static, options: FeedOptions) -> Self {
        let place = FeedPlace { file: Arc::from(name), line: 1, offset: 0 };
        Self::start(place.clone(), source, options).unwrap_or_else(|problem| Self::failed(place, problem))
    }

    fn start(place: FeedPlace, source: impl Read + Send + 'static, options: FeedOptions) -> Result<Self, FeedProblem> {
        let (sender, batches) = sync_channel(AHEAD);
        let pool = match options.threads {
            0 => None,
            threads => Some(
                rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|thread| format!("vantay-feed-{thread}"))
                    .build()
                    .map_err(|error| final_problem(&place, io::Error::other(error)))?,
            ),
        };
        let file = Arc::clone(&place.file);
        let read = move || read_ahead(&file, source, &options, pool.as_ref(), &sender);
        thread::Builder::new().name("vantay-feed".into()).spawn(read).map_err(|error| final_problem(&place, error))?;
        Ok(FeedReader { batches, current: Vec::new().into_iter(), place, ended: false })
    }

    /// A reader that has nothing to give but `problem`.
    fn failed(place: FeedPlace, problem: FeedProblem) -> Self {
        let (sender, batches) = sync_channel(1);
        // The receiver stands beside it, with room for one: this cannot fail.
        let _ = sender.send(Message::Failed(problem));
        FeedReader { batches, current: Vec::new().into_iter(), place, ended: false }
    }

    /// The next lines, some hundreds at a time; `None` at the end of the feed.
    pub fn next_batch(&mut self) -> Option<Vec<FeedLine>> {
        if self.current.len() > 0 {
            return Some(std::mem::take(&mut self.current).collect());
        }
        while !self.ended {
            let lines = self.receive();
            if !lines.is_empty() {
                return Some(lines);
            }
        }
        None
    }

    /// What the reading thread says next; nothing at the end, and for a stretch without lines.
    fn receive(&mut self) -> Vec<FeedLine> {
        let message = self.batches.recv().unwrap_or_else(|_| {
            Message::Failed(final_problem(&self.place, io::Error::other("the thread that reads the feed has died")))
        });
        match message {
            Message::Lines(lines) => {
                if let Some(last) = lines.last() {
                    self.place = last.place.clone();
                }
                lines
            }
            Message::Failed(problem) => {
                self.ended = true;
                let raw = RawText::new(&Arc::default(), 0..0);
                vec![FeedLine { place: problem.place.clone(), outcome: Err(problem), raw }]
            }
            Message::End => {
                self.ended = true;
                Vec::new()
            }
        }
    }

    /// The next line; `None` at the end of the feed.
    pub fn next_line(&mut self) -> Option<FeedLine> {
        loop {
            if let Some(line) = self.current.next() {
                return Some(line);
            }
            self.current = self.next_batch()?.into_iter();
        }
    }
}

impl Iterator for FeedReader {
    type Item = Result<Registration, FeedProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().map(|line| line.outcome)
    }
}

/// The problem that ends a feed at `place`.
fn final_problem(place: &FeedPlace, error: io::Error) -> FeedProblem {
    FeedProblem { offset: place.offset, place: place.clone(), field: String::new(), reason: FeedError::Io(error) }
}

/// The reading thread: parses a batch while it reads the next, until the feed ends or nobody listens.
fn read_ahead(
    file: &Arc<str>,
    source: impl Read + Send,
    options: &FeedOptions,
    pool: Option<&rayon::ThreadPool>,
    sender: &SyncSender<Message>,
) {
    let mut batches = Batches::new(source, options.max_line_bytes);
    let failure = loop {
        match batches.next_batch() {
            Ok(Some(batch)) => {
                let parse = || parse_batch(file, batch, options);
                let lines = match pool {
                    Some(pool) => pool.install(parse),
                    None => parse(),
                };
                // Sent even without lines: it is how the thread learns that nobody listens any more.
                if sender.send(Message::Lines(lines)).is_err() {
                    return;
                }
            }
            Ok(None) => break Message::End,
            Err(error) => {
                let (line, offset) = batches.place();
                break Message::Failed(final_problem(&FeedPlace { file: Arc::clone(file), line, offset }, error));
            }
        }
    };
    // Whether anybody still listens does not matter any more.
    let _ = sender.send(failure);
}

fn parse_batch(file: &Arc<str>, batch: RawBatch, options: &FeedOptions) -> Vec<FeedLine> {
    let bytes = Arc::new(batch.bytes);
    let parse = |line: crate::registration::feed::batch::RawLine| {
        let place = FeedPlace { file: Arc::clone(file), line: line.number, offset: line.offset };
        let raw = RawText::new(&bytes, line.range.clone().unwrap_or(0..0));
        let outcome = match line.range {
            Some(_) => parse_at(raw.bytes(), options, &place, line.indent),
            None => Err(FeedProblem {
                place: place.clone(),
                offset: place.offset,
                field: String::new(),
                reason: FeedError::LineTooLong { limit: options.max_line_bytes },
            }),
        };
        FeedLine { place, outcome, raw }
    };
    batch.lines.into_par_iter().with_min_len(16).map(parse).collect()
}
