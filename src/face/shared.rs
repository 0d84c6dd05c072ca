//! Single probes of several threads, searched in one pass.
//!
//! One probe is bound by reading the references, and a dozen are multiplied while these are read. So whoever comes while a pass is
//! running waits, together with all who come meanwhile, and the next pass takes up to twelve of them along. A probe waits for at
//! most the pass that is running and those of probes that came before it; alone, it is searched at once.
//!
//! There is no thread behind it: one of those who wait runs the pass for all.

use super::{
    FaceError, probe,
    references::{Candidate, References},
    search::{FaceSearch, Wanted},
};
use parking_lot::{Condvar, Mutex};
use rayon::ThreadPool;
use std::collections::{HashMap, VecDeque};

/// Most probes of a pass.
const PASS: usize = 12;

/// A search that threads share, see [`FaceSearch::shared`].
pub struct SharedSearch<'a, R: ?Sized> {
    search: FaceSearch<'a, R>,
    pool: Option<&'a ThreadPool>,
    state: Mutex<State>,
    /// A pass has ended.
    ended: Condvar,
}

/// A probe that waits, by the number of who came with it.
struct Waiting {
    number: u64,
    probe: Vec<f32>,
    wanted: Wanted,
}

#[derive(Default)]
struct State {
    /// Somebody runs a pass.
    running: bool,
    /// Who comes next gets this number.
    next: u64,
    waiting: VecDeque<Waiting>,
    answers: HashMap<u64, Result<Vec<Candidate>, FaceError>>,
}

impl<'a, R: References + ?Sized> FaceSearch<'a, R> {
    /// This search for single probes of several threads, which then share passes over the references. Passes run on the threads
    /// of `pool`, else of the global pool.
    pub fn shared(self, pool: Option<&'a ThreadPool>) -> SharedSearch<'a, R> {
        SharedSearch { search: self, pool, state: Mutex::default(), ended: Condvar::new() }
    }
}

impl<R: References + ?Sized> SharedSearch<'_, R> {
    /// The candidates for `probe`, exactly as [`FaceSearch::candidates`] gives them.
    ///
    /// To be called from threads of your own. Threads of a rayon pool are served too, but each by itself: one that waited
    /// could hold up the very work it waits for.
    ///
    /// # Errors
    /// As [`FaceSearch::candidates`].
    pub fn candidates(&self, probe: &[f32], wanted: Wanted) -> Result<Vec<Candidate>, FaceError> {
        probe::check(probe, probe.len())?;
        self.search.check(probe.len(), wanted)?;
        if rayon::current_thread_index().is_some() {
            return Ok(self.search.rows(&[probe], &[wanted])?.candidates.pop().unwrap_or_default());
        }
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.waiting.push_back(Waiting { number, probe: probe.to_vec(), wanted });
        loop {
            if let Some(answer) = state.answers.remove(&number) {
                return answer;
            }
            if state.running {
                self.ended.wait(&mut state);
                continue;
            }
            let count = state.waiting.len().min(PASS);
            let probes = state.waiting.drain(..count).collect();
            state.running = true;
            drop(state);
            Pass { shared: self, number, probes }.run();
            state = self.state.lock();
        }
    }
}

/// Probes that are searched together, by the one who came as `number`.
struct Pass<'s, 'a, R: References + ?Sized> {
    shared: &'s SharedSearch<'a, R>,
    number: u64,
    probes: Vec<Waiting>,
}

impl<R: References + ?Sized> Pass<'_, '_, R> {
    fn run(mut self) {
        let search = || {
            let rows: Vec<&[f32]> = self.probes.iter().map(|waiting| waiting.probe.as_slice()).collect();
            let wanted: Vec<Wanted> = self.probes.iter().map(|waiting| waiting.wanted).collect();
            self.shared.search.rows(&rows, &wanted)
        };
        let found = match self.shared.pool {
            Some(pool) => pool.install(search),
            None => search(),
        };
        let candidates: Vec<_> = match found {
            Ok(found) => found.candidates.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); self.probes.len()],
        };
        let answers = self.probes.drain(..).map(|waiting| waiting.number).zip(candidates);
        self.shared.state.lock().answers.extend(answers);
    }
}

impl<R: References + ?Sized> Drop for Pass<'_, '_, R> {
    /// Also if the caller's [`References`] panicked: then the others, who are still here, go back to the front.
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        for waiting in self.probes.drain(..).rev().filter(|waiting| waiting.number != self.number) {
            state.waiting.push_front(waiting);
        }
        state.running = false;
        self.shared.ended.notify_all();
    }
}
