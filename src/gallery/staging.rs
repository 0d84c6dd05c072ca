//! Registrations that were enrolled and not yet written: what becomes one segment.

use super::{
    Derive,
    entries::Entries,
    stage::{FingerBatch, Rest, Stage, Written},
    target::Target,
};
use crate::{
    registration::{Demographics, Finger, Registration},
    template::FaceEmbedding,
};
use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    thread::JoinHandle,
};

/// So many fingers are derived together: enough for all cores, a few milliseconds' work.
const BATCH: usize = 1 << 10;

/// Rows that become one segment.
#[derive(Default)]
pub(crate) struct Staging {
    entries: Entries,
    face_rows: Vec<u32>,
    /// As they came, so that nothing is left behind when the list grows.
    embeddings: Vec<FaceEmbedding>,
    /// Fingers that the thread has not got yet.
    fingers: FingerBatch,
    /// The thread that derives what the fingers' columns hold, once there was a batch for it.
    stage: Option<Stage>,
    bytes: usize,
    by_hash: HashMap<u64, u32>,
    subjects: HashSet<u128>,
}

impl Staging {
    pub(crate) fn rows(&self) -> usize {
        self.entries.len()
    }

    /// About how many bytes the rows will have in the file, derived columns aside.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a registration of this name is staged.
    pub(crate) fn has_registration(&self, name: &str, hash: u64) -> bool {
        match self.by_hash.get(&hash) {
            None => false,
            Some(&row) if self.entries.registration(row) == name.as_bytes() => true,
            // Two names of one hash: the map remembers the first alone.
            Some(_) => (0..self.rows() as u32).any(|row| self.entries.registration(row) == name.as_bytes()),
        }
    }

    /// Whether a subject has staged rows.
    pub(crate) fn has_subject(&self, key: u128) -> bool {
        self.subjects.contains(&key)
    }

    /// The hashes of all names.
    pub(crate) fn hashes(&self) -> HashSet<u64> {
        self.by_hash.keys().copied().collect()
    }

    /// Adds a registration that was found in order.
    pub(crate) fn push(&mut self, registration: Registration, hash: u64, subject: u128, of: Option<Demographics>) {
        let row = self.rows() as u32;
        let Registration { id, personal_id, captured_at, portrait, fingers } = registration;
        self.entries.push((id.as_str(), hash), (personal_id.as_str(), subject), captured_at, of);
        self.by_hash.entry(hash).or_insert(row);
        self.subjects.insert(subject);
        self.bytes += 128 + id.as_str().len() + personal_id.as_str().len();
        if let Some(portrait) = portrait {
            self.face_rows.push(row);
            self.bytes += 4 + 4 * portrait.embedding.dimension();
            self.embeddings.push(portrait.embedding);
        }
        for finger in fingers {
            match finger {
                Finger::Captured(template) => {
                    self.bytes += 16 + 8 * template.minutiae().len();
                    self.fingers.push(row, template);
                }
                Finger::Missing { position, reason } => {
                    self.entries.push_missing(position, &reason);
                    self.bytes += 2 + reason.len();
                }
            }
        }
    }

    /// Hands a full batch of fingers to the thread, so that it is derived while others are enrolled.
    pub(crate) fn hand_over(&mut self, target: &Target, derive: &Arc<dyn Derive>) {
        if self.fingers.len() < BATCH {
            return;
        }
        // Without a thread the batch grows; whoever writes the stage asks for one again and says that there is none.
        self.stage = self.stage.take().or_else(|| Stage::start(target, derive).ok());
        if let Some(stage) = &self.stage {
            stage.take(std::mem::take(&mut self.fingers));
        }
    }

    /// Starts writing the rows as a segment.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(crate) fn write(
        self,
        target: &Target,
        (segment, is_full): (u64, bool),
        derive: &Arc<dyn Derive>,
    ) -> io::Result<JoinHandle<Written>> {
        let Staging { entries, face_rows, embeddings, fingers, stage, .. } = self;
        let stage = stage.map_or_else(|| Stage::start(target, derive), Ok)?;
        stage.take(fingers);
        Ok(stage.finish(Rest { segment, is_full, entries, face_rows, embeddings }))
    }

    /// Forgets the rows.
    pub(crate) fn abandon(&mut self) {
        if let Some(stage) = std::mem::take(self).stage {
            stage.abandon();
        }
    }
}
