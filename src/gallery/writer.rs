//! The one writer: enrols, removes, commits.
//!
//! Registrations are staged in memory, and their fingers' columns derived meanwhile by the stage's own thread. When enough are staged, that
//! thread makes a segment file of them while the caller goes on enrolling into the next stage, and while the file before is being
//! synced; so memory holds at most two stages, and neither the cores nor the disk wait for each other. These files are not part of
//! any commit: a writer that is dropped, or a process that ends, leaves files which no manifest names, and
//! the next writer removes them. [`Writer::commit`] syncs what is not yet synced and publishes all segments and removals in one
//! manifest.

use super::{
    Derive, GalleryError, Rejection, Snapshot,
    keys::{registration_hash, subject_key},
    layout,
    lock::Lock,
    open::Shared,
    segment_file::SegmentFile,
    stage::Written,
    staging::Staging,
    subjects,
    target::Target,
};
use crate::{
    registration::{Demographics, Finger, IdScheme, PersonalId, Registration},
    template::FingerPosition,
};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    thread::JoinHandle,
};

/// Enrols and removes. Nothing is visible, or durable, before [`Writer::commit`]; dropping the writer forgets what was not committed.
pub struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) derive: Arc<dyn Derive>,
    pub(crate) target: Target,
    /// The commit on which the writer builds.
    pub(crate) base: Arc<Snapshot>,
    staging: Staging,
    in_flight: Option<InFlight>,
    /// The segment written last, on its way to the disk.
    syncing: Option<JoinHandle<Result<(), GalleryError>>>,
    /// Segments written since the last commit.
    pub(crate) fresh: Vec<Arc<SegmentFile>>,
    /// The live rows of segments from which rows were removed since the last commit.
    pub(crate) pending: BTreeMap<u64, Vec<u64>>,
    pub(crate) removed_subjects: u64,
    pub(crate) next_segment: u64,
    pub(crate) stopped: Option<GalleryError>,
    pub(crate) merge_error: Option<GalleryError>,
    /// After a merge that failed: with how many segments it is tried again.
    pub(crate) merge_again_at: usize,
    /// Damaged segments, which merges leave out.
    pub(crate) unmergeable: HashSet<u64>,
    lock: Lock,
}

/// A stage that is being written.
struct InFlight {
    thread: JoinHandle<Written>,
    hashes: HashSet<u64>,
}

/// What a removal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// Registrations of the subject; 0 if the gallery did not know it.
    pub registrations: u64,
}

/// The most fingers of one registration.
const MAX_FINGERS: usize = 255;

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, derive: Arc<dyn Derive>) -> Result<Writer, GalleryError> {
        let lock = Lock::take(&shared.path)?;
        let base = shared.refresh()?;
        // The manifest that was read may have been renamed into place by a process that ended before it synced the name.
        // Until it is sure to stay, the files of the one before must.
        let directory = &shared.path;
        shared.options.storage.sync_directory(directory).map_err(GalleryError::io(directory, "sync"))?;
        let target = Target {
            storage: shared.options.storage.clone(),
            directory: shared.path.clone(),
            gallery: base.manifest.gallery_bytes().unwrap_or_default(),
            dimension: base.face.as_ref().map_or(0, |face| face.dimension),
            checking: shared.options.checking,
            key: shared.options.key.clone(),
        };
        let next_segment = base.manifest.next_segment;
        let writer = Writer {
            shared,
            derive,
            target,
            base,
            staging: Staging::default(),
            in_flight: None,
            syncing: None,
            fresh: Vec::new(),
            pending: BTreeMap::new(),
            removed_subjects: 0,
            next_segment,
            stopped: None,
            merge_error: None,
            merge_again_at: 0,
            unmergeable: HashSet::new(),
            lock,
        };
        // What an earlier writer left behind is in nobody's way.
        let _ = writer.sweep();
        writer.base.manifest.renew_copy(&*writer.target.storage, &writer.target.directory);
        Ok(writer)
    }

    /// Stages a registration. It is checked in full first: a rejected one leaves no trace and its neighbours are not affected.
    ///
    /// # Errors
    /// The reason of the rejection, by name.
    pub fn enroll(&mut self, registration: Registration) -> Result<(), Rejection> {
        self.running()?;
        self.admit(&registration, self.base.scheme)?;
        self.enroll_again(registration)
    }

    /// Stages a registration that a gallery held: what is asked of new ones alone is not asked of it.
    pub(crate) fn enroll_again(&mut self, registration: Registration) -> Result<(), Rejection> {
        self.running()?;
        let scheme = self.base.scheme;
        let name = registration.id.as_str();
        let hash = registration_hash(name);
        if let Some(staged) = self.exists(name, hash)? {
            return Err(Rejection::Exists { registration: name.into(), staged });
        }
        let personal_id = registration.personal_id.as_str();
        let subject = subject_key(scheme, personal_id);
        let demographics = match scheme {
            IdScheme::Vietnam => Demographics::of(personal_id),
            _ => None,
        };
        self.staging.push(registration, hash, subject, demographics);
        self.staging.hand_over(&self.target, &self.derive);
        if self.is_full() {
            self.send_off()?;
        }
        Ok(())
    }

    /// Stages registrations one after another and says what became of each.
    pub fn enroll_batch(&mut self, registrations: Vec<Registration>) -> Vec<Result<(), Rejection>> {
        registrations.into_iter().map(|registration| self.enroll(registration)).collect()
    }

    /// Removes every registration of a subject, committed or staged. Registrations of the subject that are enrolled later stay.
    ///
    /// Costs a search a segment. The templates leave the searches with the commit, the files with the next compaction.
    ///
    /// # Errors
    /// If a column that was looked into is damaged, or writing fails.
    pub fn remove(&mut self, personal_id: &PersonalId) -> Result<Removed, GalleryError> {
        self.running()?;
        let key = subject_key(self.base.scheme, personal_id.as_str());
        if self.staging.has_subject(key) {
            self.send_off()?;
        }
        self.settle()?;
        // All rows are found before the first is taken: a damaged segment leaves the subject as it was.
        let base = self.base.clone();
        let of_base = base.segments().iter().map(|segment| (&*segment.file, segment.live()));
        let of_base = of_base.map(|(file, live)| self.living_rows(file, live, key)).collect::<Result<Vec<_>, _>>()?;
        let of_fresh = self.fresh.iter().map(|file| self.living_rows(file, None, key));
        let of_fresh = of_fresh.collect::<Result<Vec<_>, _>>()?;
        self.removed_subjects += u64::from(of_base.iter().any(|rows| !rows.is_empty()));
        let registrations = of_base.iter().chain(&of_fresh).map(|rows| rows.len() as u64).sum();
        for (segment, rows) in base.segments().iter().zip(&of_base) {
            take_rows(&mut self.pending, &segment.file, segment.live(), rows);
        }
        for (file, rows) in self.fresh.iter().zip(&of_fresh) {
            take_rows(&mut self.pending, file, None, rows);
        }
        Ok(Removed { registrations })
    }

    /// How many registrations are staged since the last commit and not removed.
    pub fn staged(&self) -> u64 {
        let fresh: u64 = self.fresh.iter().map(|file| self.live_rows(file, None)).sum();
        let in_flight = self.in_flight.as_ref().map_or(0, |stage| stage.hashes.len() as u64);
        fresh + in_flight + self.staging.rows() as u64
    }

    /// Gives the gallery back without committing: the same as dropping the writer.
    pub fn abandon(self) {}

    pub(crate) fn has_uncommitted(&self) -> bool {
        self.staging.rows() > 0 || self.in_flight.is_some() || !self.fresh.is_empty() || !self.pending.is_empty()
    }

    /// Whether a registration exists: `Some(true)` if it is staged, `Some(false)` if it is committed.
    fn exists(&mut self, name: &str, hash: u64) -> Result<Option<bool>, GalleryError> {
        if self.staging.has_registration(name, hash) {
            return Ok(Some(true));
        }
        if self.in_flight.as_ref().is_some_and(|stage| stage.hashes.contains(&hash)) {
            self.settle()?;
        }
        for file in &self.fresh {
            if file.find(name, hash)?.is_some_and(|row| self.lives(file, None, row)) {
                return Ok(Some(true));
            }
        }
        for segment in self.base.segments() {
            if segment.find(name, hash)?.is_some_and(|row| self.lives(&segment.file, segment.live(), row)) {
                return Ok(Some(false));
            }
        }
        Ok(None)
    }

    /// Checks what can be checked of a registration alone.
    fn admit(&self, registration: &Registration, scheme: IdScheme) -> Result<(), Rejection> {
        let name = || registration.id.as_str().to_string();
        PersonalId::new(registration.personal_id.as_str(), scheme)
            .map_err(|reason| Rejection::PersonalId { registration: name(), reason: Arc::new(reason) })?;
        if let Some(portrait) = &registration.portrait {
            let Some(face) = &self.base.face else { return Err(Rejection::NoFaces { registration: name() }) };
            if *portrait.model != *face.model {
                let (expected, found) = (face.model.to_string(), portrait.model.to_string());
                return Err(Rejection::Model { registration: name(), expected, found });
            }
            if portrait.embedding.dimension() != face.dimension {
                let (expected, found) = (face.dimension, portrait.embedding.dimension());
                return Err(Rejection::Dimension { registration: name(), expected, found });
            }
        } else if registration.templates().next().is_none() {
            return Err(Rejection::Empty { registration: name() });
        }
        let unwritable = |finger: &Finger| match finger {
            Finger::Missing { position, reason } => *position == FingerPosition::UNKNOWN || reason.is_empty(),
            _ => false,
        };
        if registration.fingers.iter().any(unwritable) {
            return Err(Rejection::MissingFinger { registration: name() });
        }
        if registration.captured_at == Some(layout::TIME_UNKNOWN) {
            return Err(Rejection::TooLarge { registration: name(), reason: "a capture time before all others" });
        }
        if registration.fingers.len() > MAX_FINGERS {
            return Err(Rejection::TooLarge { registration: name(), reason: "more than 255 fingers" });
        }
        let too_long =
            |finger: &Finger| matches!(finger, Finger::Missing { reason, .. } if reason.len() > layout::MAX_REASON);
        if registration.fingers.iter().any(too_long) {
            return Err(Rejection::TooLarge { registration: name(), reason: "a reason of more than 64 bytes" });
        }
        Ok(())
    }

    /// Whether the stage has as much as one may hold.
    fn is_full(&self) -> bool {
        let limits = &self.shared.options.limits;
        self.staging.rows() >= limits.staged_rows || self.staging.bytes() >= limits.staged_bytes
    }

    /// Starts writing the stage as a segment, once the one before is written.
    pub(crate) fn send_off(&mut self) -> Result<(), GalleryError> {
        self.settle()?;
        if self.staging.rows() == 0 {
            return Ok(());
        }
        let is_full = self.is_full();
        let staging = std::mem::take(&mut self.staging);
        let hashes = staging.hashes();
        let segment = self.next_segment;
        self.next_segment += 1;
        let thread = staging
            .write(&self.target, (segment, is_full), &self.derive)
            .map_err(GalleryError::io(&self.target.directory, "start a thread for"));
        let thread = self.stop_on_error(|_| thread)?;
        self.in_flight = Some(InFlight { thread, hashes });
        Ok(())
    }

    /// Waits for the stage that is being written.
    pub(crate) fn settle(&mut self) -> Result<(), GalleryError> {
        let Some(stage) = self.in_flight.take() else { return Ok(()) };
        let written = match stage.thread.join() {
            Ok(written) => written,
            Err(_) => Err(GalleryError::Option { reason: "deriving columns panicked" }),
        };
        let (file, unsynced) = self.stop_on_error(|_| written)?;
        self.fresh.push(Arc::new(file));
        // One file at a time: what is written and not synced stays bounded.
        self.wait_for_disk()?;
        let thread = std::thread::Builder::new()
            .name("vantay-sync".into())
            .spawn(move || unsynced.sync())
            .map_err(GalleryError::io(&self.target.directory, "start a thread for"));
        self.syncing = Some(self.stop_on_error(|_| thread)?);
        Ok(())
    }

    /// Waits until every segment written so far is safe.
    pub(crate) fn wait_for_disk(&mut self) -> Result<(), GalleryError> {
        let Some(thread) = self.syncing.take() else { return Ok(()) };
        let synced = thread.join().unwrap_or(Err(GalleryError::Option { reason: "syncing a segment panicked" }));
        self.stop_on_error(|_| synced)
    }

    /// Runs `work`; if it fails, the writer takes no more.
    pub(crate) fn stop_on_error<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, GalleryError>,
    ) -> Result<T, GalleryError> {
        let result = work(self);
        if let Err(error) = &result {
            self.stopped.get_or_insert_with(|| error.clone());
        }
        result
    }

    pub(crate) fn running(&self) -> Result<(), GalleryError> {
        if self.is_forked() {
            return Err(GalleryError::Option { reason: "the writer belongs to the process that forked this one" });
        }
        match &self.stopped {
            Some(error) => Err(GalleryError::Stopped(Box::new(error.clone()))),
            None => Ok(()),
        }
    }

    /// Whether this is a copy of another process's writer, whose threads and files are not its own.
    fn is_forked(&self) -> bool {
        self.lock.is_forked()
    }

    pub(crate) fn rows<'a>(&'a self, file: &'a SegmentFile, live: Option<&'a [u64]>) -> subjects::Rows<'a> {
        subjects::Rows { file, live: self.pending.get(&file.id).map(Vec::as_slice).or(live) }
    }

    fn lives(&self, file: &SegmentFile, live: Option<&[u64]>, row: usize) -> bool {
        let live = self.pending.get(&file.id).map(Vec::as_slice).or(live);
        live.is_none_or(|words| words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1))
    }

    /// The rows of a subject that live, of which `live` did at the last commit.
    fn living_rows(&self, file: &SegmentFile, live: Option<&[u64]>, key: u128) -> Result<Vec<usize>, GalleryError> {
        let rows = file.rows_of(key)?;
        Ok(rows.into_iter().filter(|&row| self.lives(file, live, row)).collect())
    }

    fn live_rows(&self, file: &SegmentFile, live: Option<&[u64]>) -> u64 {
        let live = self.pending.get(&file.id).map(Vec::as_slice).or(live);
        live.map_or(file.rows as u64, |words| words.iter().map(|word| u64::from(word.count_ones())).sum())
    }
}

/// Takes rows out of `pending`, which starts from `live` for a segment not seen before.
fn take_rows(pending: &mut BTreeMap<u64, Vec<u64>>, file: &SegmentFile, live: Option<&[u64]>, rows: &[usize]) {
    if rows.is_empty() {
        return;
    }
    let words = pending.entry(file.id).or_insert_with(|| match live {
        Some(live) => live.to_vec(),
        None => all_live(file.rows),
    });
    for row in rows {
        if let Some(word) = words.get_mut(row / 64) {
            *word &= !(1 << (row % 64));
        }
    }
}

/// The bits of a segment all of whose rows live.
fn all_live(rows: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; rows.div_ceil(64)];
    if let (Some(last), 1..) = (words.last_mut(), rows % 64) {
        *last = (1 << (rows % 64)) - 1;
    }
    words
}

impl Drop for Writer {
    /// Waits for the stage that is being written, and removes what was not committed. What cannot be removed now, the next
    /// writer removes; so too after an error, when it is not known which manifest stands.
    fn drop(&mut self) {
        if self.is_forked() {
            // There is no thread to wait for, and every file is the other process's.
            std::mem::forget((std::mem::take(&mut self.staging), self.in_flight.take(), self.syncing.take()));
            return;
        }
        self.staging.abandon();
        if let Some(stage) = self.in_flight.take() {
            let _ = stage.thread.join();
        }
        if let Some(thread) = self.syncing.take() {
            let _ = thread.join();
        }
        self.fresh.clear();
        if self.stopped.is_none() {
            let _ = self.sweep();
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer(on commit {}, {} staged)", self.base.manifest.commit, self.staged())
    }
}
