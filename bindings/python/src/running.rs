//! The library's calls: the interpreter lock released, Ctrl-C heard, a number of threads kept.
//!
//! A call that is expected to be short runs where it is called: to wake another thread and to be woken takes longer than many a search.
//! The work of a long one runs on other threads and owns what it works on. The calling thread waits for it, and every now and then takes
//! the lock to ask Python for signals and to report progress. After a signal the work is told to stop; if it has not within
//! [`GRACE`], the call returns all the same and what is left of the work ends unheard.

use crate::errors::raise;
use parking_lot::Mutex;
use pyo3::{exceptions::PyValueError, prelude::*};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc::{RecvTimeoutError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// How often signals are asked for.
const TICK: Duration = Duration::from_millis(50);
/// How long an interrupted call waits for its work to stop.
const GRACE: Duration = Duration::from_millis(500);

/// Work that is expected to take less than this needs nobody who listens for signals meanwhile, even if it takes ten times as long.
const SHORT: Duration = Duration::from_millis(20);

/// Where work runs.
pub enum On {
    /// On the calling thread, its parallel parts in the pool of so many threads, or that of all cores.
    Caller(Option<usize>),
    /// In the pool of so many threads, or that of all cores.
    Cores(Option<usize>),
    /// On a thread of its own, because it waits for others.
    Thread,
}

impl On {
    /// The calling thread for work that is expected to take so many nanoseconds of one core, if that is short; the pool if not.
    pub fn expecting(nanoseconds: u64, threads: Option<usize>) -> On {
        if u128::from(nanoseconds) < SHORT.as_nanos() { On::Caller(threads) } else { On::Cores(threads) }
    }
}

/// Whether the caller gave up.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// The flag that the library's own searches look at.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// An error once the caller has given up.
    pub fn check(&self) -> Result<(), vantay::Error> {
        if self.0.load(Relaxed) { Err(vantay::search::SearchError::Stopped.into()) } else { Ok(()) }
    }
}

/// Runs `work`; `tick` is called on this thread, with the lock, while it waits for work that runs elsewhere.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    on: On,
    work: impl FnOnce(&Stop) -> Result<T, vantay::Error> + Send + 'static,
    mut tick: impl FnMut(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    let stop = Stop::default();
    if let On::Caller(threads) = on {
        let pool = threads.map(pool).transpose()?;
        let outcome = py.detach(|| {
            let start = Instant::now();
            let outcome = match pool {
                Some(pool) => pool.install(|| work(&stop)),
                None => work(&stop),
            };
            LAST_WORK.store(start.elapsed().as_nanos() as u64, Relaxed);
            outcome
        });
        return outcome.map_err(|error| raise(py, error));
    }
    let (sender, mut receiver) = sync_channel(1);
    let watched = stop.clone();
    let job = move || {
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&watched)));
        LAST_WORK.store(start.elapsed().as_nanos() as u64, Relaxed);
        // Nobody listens after an interrupt.
        let _ = sender.send(outcome);
    };
    match on {
        On::Caller(_) | On::Cores(None) => rayon::spawn(job),
        On::Cores(Some(threads)) => pool(threads)?.spawn(job),
        On::Thread => drop(thread::Builder::new().name("vantay-python".into()).spawn(job)?),
    }
    loop {
        let (back, received) = py.detach(move || {
            let received = receiver.recv_timeout(TICK);
            (receiver, received)
        });
        receiver = back;
        match received {
            Ok(Ok(outcome)) => return outcome.map_err(|error| raise(py, error)),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(pyo3::exceptions::PyRuntimeError::new_err("a thread of vantay has died"));
            }
        }
        if let Err(interrupt) = py.check_signals().and_then(|()| tick(py)) {
            stop.0.store(true, Relaxed);
            py.detach(move || drop(receiver.recv_timeout(GRACE)));
            return Err(interrupt);
        }
    }
}

/// Nanoseconds of the work that ended last.
static LAST_WORK: AtomicU64 = AtomicU64::new(0);

/// Seconds that the library itself took for the call that ended last: what a benchmark holds against the whole.
#[pyfunction]
pub fn last_work_seconds() -> f64 {
    LAST_WORK.load(Relaxed) as f64 * 1e-9
}

/// For work that has nothing to report.
pub fn silent(_: Python<'_>) -> PyResult<()> {
    Ok(())
}

/// Refuses a number of threads that is none.
pub fn check_threads(threads: usize) -> PyResult<()> {
    if (1..=4096).contains(&threads) {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("threads={threads}: expected 1 to 4096, or None for all cores")))
}

/// The pool of so many threads, made once.
fn pool(threads: usize) -> PyResult<Arc<ThreadPool>> {
    static POOLS: LazyLock<Mutex<HashMap<usize, Arc<ThreadPool>>>> = LazyLock::new(Mutex::default);
    check_threads(threads)?;
    let mut pools = POOLS.lock();
    if let Some(pool) = pools.get(&threads) {
        return Ok(Arc::clone(pool));
    }
    let name = |thread| format!("vantay-{thread}");
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build();
    let pool = Arc::new(pool.map_err(|error| pyo3::exceptions::PyOSError::new_err(error.to_string()))?);
    pools.insert(threads, Arc::clone(&pool));
    Ok(pool)
}
