//! Many callers, one commit.
//!
//! # Problem
//! Where identities are opened in person each has to be durable before the counter says so. A commit waits for the disk several times, however
//! little it holds; a hundred counters with a commit each would stand in line.
//!
//! # Method
//! Group commit (DeWitt, Katz, Olken, Shapiro, Stonebraker and Wood, "Implementation techniques for main memory database systems", SIGMOD
//! 1984): who finds nobody committing takes everything that waits, enrols it and commits for all; who comes meanwhile waits for the
//! next commit. So a commit holds as much as came during the one before, and nobody waits for more than two.
//!
//! # Cost
//! One commit for each group: the syncs of a segment, the directory and the manifest. `cargo bench --bench gallery_commit` measures it.

use super::{Commit, GalleryError, Rejection, Writer};
use crate::registration::Registration;
use parking_lot::{Condvar, Mutex};
use std::sync::{Arc, OnceLock};

/// A writer that many threads share, each of whose registrations is durable when the call that enrolled it returns.
///
/// ```
/// use std::sync::Arc;
/// use vantay::gallery::{FaceSpec, Gallery, GroupWriter, NothingDerived, Options};
/// # use vantay::registration::{IdScheme, PersonalId, Portrait, Registration, RegistrationId};
/// # use vantay::template::FaceEmbedding;
/// # fn registration(i: u32) -> Result<Registration, Box<dyn std::error::Error + Send + Sync>> {
/// #     let embedding = FaceEmbedding::new(&[1.0; 16])?;
/// #     Ok(Registration {
/// #         id: RegistrationId::new(&format!("HN-2022-{i:07}"))?,
/// #         personal_id: PersonalId::new(&format!("001204{i:06}"), IdScheme::Vietnam)?,
/// #         captured_at: None,
/// #         portrait: Some(Portrait { model: "m".into(), embedding }),
/// #         fingers: Vec::new(),
/// #     })
/// # }
/// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("gallery");
/// let face = FaceSpec { model: "m".into(), dimension: 16 };
/// let gallery = Gallery::create(&path, Options { face: Some(face), ..Options::default() })?;
/// let writer = GroupWriter::new(gallery.writer(Arc::new(NothingDerived))?);
/// std::thread::scope(|counters| {
///     for i in 0..4 {
///         let (writer, gallery) = (&writer, &gallery);
///         counters.spawn(move || {
///             writer.enroll(registration(i)?)?;
///             assert!(gallery.refresh()?.find_registration(&format!("HN-2022-{i:07}"))?.is_some());
///             Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
///         });
///     }
/// });
/// assert_eq!(gallery.refresh()?.info().registrations, 4);
/// # Ok(())
/// # }
/// ```
pub struct GroupWriter {
    writer: Mutex<Writer>,
    queue: Mutex<Queue>,
    turn: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Somebody is committing.
    led: bool,
}

/// A registration and where its caller finds what became of it.
struct Waiting {
    registration: Registration,
    answer: Arc<Answer>,
}

type Answer = OnceLock<Result<Commit, Rejection>>;

impl GroupWriter {
    /// Shares `writer`. What it has staged is published with the first commit.
    pub fn new(writer: Writer) -> Self {
        GroupWriter { writer: Mutex::new(writer), queue: Mutex::default(), turn: Condvar::new() }
    }

    /// Enrols a registration; when this returns, a loss of power does not take it. The commit may hold others' as well.
    ///
    /// # Errors
    /// The reason of the rejection, by name; others of the same commit are not affected. If the commit fails, all of them fail.
    pub fn enroll(&self, registration: Registration) -> Result<Commit, Rejection> {
        let answer = Arc::new(Answer::new());
        let mut queue = self.queue.lock();
        queue.waiting.push(Waiting { registration, answer: answer.clone() });
        loop {
            if let Some(answer) = answer.get() {
                return answer.clone();
            }
            if queue.led {
                self.turn.wait(&mut queue);
                continue;
            }
            queue.led = true;
            let waiting = std::mem::take(&mut queue.waiting);
            drop(queue);
            self.commit(waiting);
            queue = self.queue.lock();
        }
    }

    /// Does something else with the writer, between two commits: removes, compacts.
    pub fn with<T>(&self, work: impl FnOnce(&mut Writer) -> T) -> T {
        work(&mut self.writer.lock())
    }

    /// Gives the writer back.
    pub fn into_writer(self) -> Writer {
        self.writer.into_inner()
    }

    /// Enrols and commits what waits, and answers.
    fn commit(&self, waiting: Vec<Waiting>) {
        let answers: Vec<_> = waiting.iter().map(|waiting| waiting.answer.clone()).collect();
        let _turn = Turn { group: self, answers: &answers };
        let mut writer = self.writer.lock();
        for Waiting { registration, answer } in waiting {
            if let Err(rejection) = writer.enroll(registration) {
                let _ = answer.set(Err(rejection));
            }
        }
        let committed = writer.publish().map_err(Rejection::Failed);
        for answer in &answers {
            // One that was rejected has its answer.
            let _ = answer.set(committed.clone());
        }
        // Who has an answer waits for no merge, but for the one who leads.
        drop(self.queue.lock());
        self.turn.notify_all();
        writer.merge_tiers();
    }
}

/// Ends with an answer for everybody of the group and the next one's turn, whatever happens.
struct Turn<'a> {
    group: &'a GroupWriter,
    answers: &'a [Arc<Answer>],
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let lost = GalleryError::Option { reason: "the commit for several callers panicked" };
        for answer in self.answers {
            let _ = answer.set(Err(Rejection::Failed(lost.clone())));
        }
        self.group.queue.lock().led = false;
        self.group.turn.notify_all();
    }
}

impl std::fmt::Debug for GroupWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GroupWriter(..)")
    }
}
