//! The references that may still be among the best, for one probe.
//!
//! The screen knows of each reference an interval that holds its score. Once `top` different subjects are known to score at
//! least `floor`, whatever cannot reach `floor` is out. So the list keeps what survives, and from time to time takes the
//! `top`-th best lower end as the new floor. At the end, references are compared in full from the greatest upper end down, until
//! the next one cannot reach the `top`-th best score found.
//!
//! The coarse screen's intervals are wide. Those whose middle reaches the floor are looked at more closely at once, which raises the
//! floor to nearly its end; the others wait apart, and most of those will be below the floor when it has risen.

use super::references::{Candidate, Place, References};
use rayon::prelude::*;
use std::collections::HashSet;

/// A reference whose score is not known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The least its score can be.
    pub lower: f64,
    /// The greatest its score can be.
    pub upper: f64,
    pub place: Place,
    /// Looked up when it is first needed.
    subject: Option<u128>,
}

impl Entry {
    pub fn new((lower, upper): (f64, f64), place: Place) -> Self {
        Entry { lower, upper, place, subject: None }
    }
}

/// Subjects seen: few are searched faster than hashed.
#[derive(Default)]
struct Seen {
    few: Vec<u128>,
    many: HashSet<u128>,
}

impl Seen {
    const FEW: usize = 64;

    /// Whether `subject` is new.
    fn insert(&mut self, subject: u128) -> bool {
        if self.few.len() < Self::FEW {
            let new = !self.few.contains(&subject);
            if new {
                self.few.push(subject);
            }
            return new;
        }
        !self.few.contains(&subject) && self.many.insert(subject)
    }

    fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }
}

/// See the module's essay.
pub(super) struct Shortlist {
    entries: Vec<Entry>,
    /// Those that the coarse screen could not exclude.
    waiting: Vec<Entry>,
    /// How many subjects are wanted.
    top: usize,
    /// What a candidate has to score; only rises.
    floor: f64,
    /// How many entries are too many.
    limit: usize,
    waiting_limit: usize,
}

impl Shortlist {
    /// Entries that are kept without a thought.
    const LEAST: usize = 48;
    /// Waiting entries that are kept without a thought.
    const WAITING: usize = 2048;
    /// Waiting entries that one task compares.
    const CHUNK: usize = 256;
    /// How many comparisons ahead memory is asked for a row.
    const AHEAD: usize = 4;

    /// For the best `top` subjects that score `floor` or more.
    pub fn new(top: usize, floor: f64) -> Self {
        let limit = top.saturating_mul(2).max(Self::LEAST);
        Shortlist { entries: Vec::new(), waiting: Vec::new(), top, floor, limit, waiting_limit: Self::WAITING }
    }

    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// Takes over what others found: `top` subjects that score at least `floor`.
    pub fn raise(&mut self, floor: f64) {
        self.floor = self.floor.max(floor);
    }

    /// Whether the floor has risen.
    pub fn push(&mut self, entry: Entry, references: &(impl References + ?Sized)) -> bool {
        // Not `<`: what is not a number stays out of the bound's way.
        if entry.upper < self.floor {
            return false;
        }
        self.entries.push(entry);
        if self.entries.len() < self.limit {
            return false;
        }
        let before = self.floor;
        self.tighten(references);
        self.limit = (2 * self.entries.len()).max(self.top.saturating_mul(2)).max(Self::LEAST);
        self.floor > before
    }

    /// Keeps an entry apart, to be compared at the end if the floor has not passed it.
    pub fn wait(&mut self, entry: Entry) {
        self.waiting.push(entry);
        if self.waiting.len() == self.waiting_limit {
            let floor = self.floor;
            self.waiting.retain(|entry| entry.upper >= floor);
            self.waiting_limit = (2 * self.waiting.len()).max(Self::WAITING);
        }
    }

    /// Raises the floor as far as the entries allow, and drops those below it.
    pub fn tighten(&mut self, references: &(impl References + ?Sized)) {
        // The `top`-th best subject scores at least the floor, if it is known at all: only entries above it can raise it.
        let mut above: Vec<(f64, u32)> = Vec::with_capacity(2 * self.top.min(self.entries.len()));
        let entries = self.entries.iter().enumerate();
        above.extend(entries.filter(|(_, e)| e.lower >= self.floor).map(|(i, e)| (e.lower, i as u32)));
        if self.top > 0 && above.len() >= self.top {
            above.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
            let mut seen = Seen::default();
            for (lower, i) in above {
                let entry = &mut self.entries[i as usize];
                let subject = *entry.subject.get_or_insert_with(|| references.subject(entry.place));
                seen.insert(subject);
                if seen.len() == self.top {
                    self.floor = lower;
                    break;
                }
            }
        }
        let floor = self.floor;
        self.entries.retain(|entry| entry.upper >= floor);
    }

    /// Takes over another list of the same probe.
    pub fn merge(&mut self, other: Shortlist) {
        self.raise(other.floor);
        self.entries.extend(other.entries);
        self.waiting.extend(other.waiting);
    }

    /// Compares in full what has to be; the candidates, best first, and how many comparisons it took.
    pub fn finish(
        mut self,
        references: &(impl References + ?Sized),
        score: impl Fn(Place) -> f64 + Sync,
        ask: impl Fn(Place) + Sync,
    ) -> (Vec<Candidate>, u64) {
        if self.top == 0 {
            return (Vec::new(), 0);
        }
        self.tighten(references);
        self.entries.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper));
        let mut best: Vec<Candidate> = Vec::new();
        let mut compared = 0;
        let mut step = self.top;
        let mut rest = &self.entries[..];
        while let Some(next) = rest.first() {
            if best.len() >= self.top && next.upper < best[self.top - 1].score {
                break;
            }
            let (now, later) = rest.split_at(step.min(rest.len()));
            for (i, entry) in now.iter().enumerate() {
                if let Some(soon) = rest.get(i + Self::AHEAD) {
                    ask(soon.place);
                }
                compared += 1;
                let score = score(entry.place);
                if score >= self.floor && score < f64::INFINITY {
                    best.push(Candidate { place: entry.place, score });
                }
            }
            keep_best(&mut best, self.top, references);
            rest = later;
            step = (self.top / 4).max(1);
        }
        if best.len() >= self.top {
            self.floor = self.floor.max(best[self.top - 1].score);
        }
        let floor = self.floor;
        self.waiting.retain(|entry| entry.upper >= floor);
        compared += self.waiting.len() as u64;
        best.par_extend(self.waiting.par_chunks(Self::CHUNK).flat_map_iter(|entries| {
            let (score, ask) = (&score, &ask);
            entries.iter().enumerate().filter_map(move |(i, entry)| {
                if let Some(soon) = entries.get(i + Self::AHEAD) {
                    ask(soon.place);
                }
                let score = score(entry.place);
                (score >= floor && score < f64::INFINITY).then_some(Candidate { place: entry.place, score })
            })
        }));
        keep_best(&mut best, self.top, references);
        (best, compared)
    }
}

/// Sorts candidates best first, keeps each subject's best, and of those the first `top`.
pub(super) fn keep_best(candidates: &mut Vec<Candidate>, top: usize, references: &(impl References + ?Sized)) {
    candidates.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then_with(|| references.order(a.place, b.place)));
    let mut seen = Seen::default();
    candidates.retain(|candidate| seen.len() < top && seen.insert(references.subject(candidate.place)));
}
