//! The thread that makes a segment of what is staged.
//!
//! Fingers reach it in batches while the caller goes on enrolling, and their columns are derived at once: when the stage is full, most
//! of the work is done, and while its file is written the next stage's fingers are derived. Few batches wait in between, so a
//! caller that is faster than the deriver is held back.

use super::{
    Derive, FingerProperties, GalleryError,
    entries::Entries,
    joined::Joined,
    layout::ColumnKind::*,
    segment_file::SegmentFile,
    segment_writer::{ColumnForm, SegmentWriter, Unsynced},
    table::{ColumnKey, Modality},
    target::Target,
};
use crate::template::{FaceEmbedding, FingerPosition, MinutiaeTemplate};
use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};
use zeroize::Zeroizing;

/// A segment that was written, not synced yet.
pub(crate) type Written = Result<(SegmentFile, Unsynced), GalleryError>;

/// How many batches may wait to be derived.
const AHEAD: usize = 2;

/// A running thread.
pub(crate) struct Stage {
    work: SyncSender<Work>,
    thread: JoinHandle<Written>,
}

/// What a stage is given: batches of fingers, then the rest.
enum Work {
    Fingers(FingerBatch),
    Write(Rest),
}

/// Fingers that are derived together, and their rows, by position.
#[derive(Default)]
pub(crate) struct FingerBatch {
    rows: [Vec<u32>; FingerPosition::COUNT],
    templates: [Vec<MinutiaeTemplate>; FingerPosition::COUNT],
    len: usize,
}

impl FingerBatch {
    /// Adds a finger of row `row`.
    pub(crate) fn push(&mut self, row: u32, template: MinutiaeTemplate) {
        let position = usize::from(template.position().number());
        self.rows[position].push(row);
        self.templates[position].push(template);
        self.len += 1;
    }

    /// How many fingers.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// All of a segment but its fingers.
pub(crate) struct Rest {
    pub segment: u64,
    /// Whether more registrations follow than one segment takes.
    pub is_full: bool,
    pub entries: Entries,
    pub face_rows: Vec<u32>,
    pub embeddings: Vec<FaceEmbedding>,
}

impl Stage {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has none to give.
    pub(crate) fn start(target: &Target, derive: &Arc<dyn Derive>) -> io::Result<Self> {
        let (target, derive) = (target.clone(), derive.clone());
        let (work, given) = sync_channel(AHEAD);
        let thread =
            std::thread::Builder::new().name("vantay-segment".into()).spawn(move || run(&given, &target, &*derive))?;
        Ok(Stage { work, thread })
    }

    /// Derives a batch. What goes wrong is said in the end.
    pub(crate) fn take(&self, batch: FingerBatch) {
        // It does not listen any more if it has failed.
        let _ = self.work.send(Work::Fingers(batch));
    }

    /// Writes the segment.
    pub(crate) fn finish(self, rest: Rest) -> JoinHandle<Written> {
        let _ = self.work.send(Work::Write(rest));
        self.thread
    }

    /// Ends the thread without a segment.
    pub(crate) fn abandon(self) {
        drop(self.work);
        let _ = self.thread.join();
    }
}

fn run(given: &Receiver<Work>, target: &Target, derive: &dyn Derive) -> Written {
    let mut fingers: [Fingers; FingerPosition::COUNT] = Default::default();
    for work in given {
        match work {
            Work::Fingers(batch) => {
                let of_positions = batch.rows.into_iter().zip(batch.templates);
                for ((position, (rows, templates)), fingers) in
                    FingerPosition::all().zip(of_positions).zip(&mut fingers)
                {
                    fingers.add(rows, templates, |templates| derive.fingers(position, templates))?;
                }
            }
            Work::Write(rest) => return write(rest, fingers, target, derive),
        }
    }
    Err(GalleryError::Option { reason: "the writer was dropped" })
}

/// The fingers of one position.
#[derive(Default)]
struct Fingers {
    rows: Vec<u32>,
    templates: Vec<MinutiaeTemplate>,
    derived: Joined,
}

impl Fingers {
    fn add(
        &mut self,
        rows: Vec<u32>,
        templates: Vec<MinutiaeTemplate>,
        derive: impl Fn(&[MinutiaeTemplate]) -> Vec<super::DerivedColumn>,
    ) -> Result<(), GalleryError> {
        if templates.is_empty() {
            return Ok(());
        }
        if !self.derived.is_apart() {
            self.derived.add(templates.len(), derive(&templates))?;
        }
        self.rows.extend(rows);
        self.templates.extend(templates);
        Ok(())
    }

    fn write(
        self,
        writer: &mut SegmentWriter,
        position: FingerPosition,
        derive: &dyn Derive,
    ) -> Result<(), GalleryError> {
        let modality = Modality::Finger(position);
        writer.column(ColumnKey::of(modality, Rows), &self.rows)?;
        let mut offsets = Vec::with_capacity(self.templates.len() + 1);
        let mut end = 0;
        offsets.push(0);
        for template in &self.templates {
            end += template.minutiae().len() as u32;
            offsets.push(end);
        }
        writer.column(ColumnKey::of(modality, MinutiaeOffsets), &offsets)?;
        writer.begin(ColumnKey::of(modality, Minutiae), ColumnForm { stride: 8, ..ColumnForm::default() })?;
        for template in &self.templates {
            writer.write(bytemuck::cast_slice(template.minutiae()))?;
        }
        writer.end()?;
        let properties: Vec<FingerProperties> = self.templates.iter().map(FingerProperties::of).collect();
        writer.column(ColumnKey::of(modality, Properties), &properties)?;
        let derived = match self.derived.is_apart() {
            true => Joined::of(self.templates.len(), derive.fingers(position, &self.templates))?,
            false => self.derived,
        };
        derived.write(writer, modality, derive.version())
    }
}

/// Writes the rows as a segment and opens it; the file is not synced yet.
fn write(rest: Rest, fingers: [Fingers; FingerPosition::COUNT], target: &Target, derive: &dyn Derive) -> Written {
    let Rest { segment, is_full, entries, face_rows, embeddings } = rest;
    let rows = entries.len();
    let mut writer = target.create(segment)?;
    // A sealed file is read again at once, to be opened; and of a few registrations somebody is soon asked.
    if is_full && target.key.is_none() {
        writer.bypass_cache();
    }
    entries.write(&mut writer)?;
    if !face_rows.is_empty() {
        let mut components = Zeroizing::new(Vec::with_capacity(face_rows.len() * target.dimension));
        embeddings.into_iter().for_each(|embedding| components.extend_from_slice(embedding.as_slice()));
        writer.column(ColumnKey::of(Modality::Face, Rows), &face_rows)?;
        let form = ColumnForm { stride: 4 * target.dimension as u32, ..ColumnForm::default() };
        writer.begin(ColumnKey::of(Modality::Face, Embeddings), form)?;
        writer.write(bytemuck::cast_slice(&components))?;
        writer.end()?;
        let derived = Joined::of(face_rows.len(), derive.faces(target.dimension, &components))?;
        derived.write(&mut writer, Modality::Face, derive.version())?;
    }
    for (position, fingers) in FingerPosition::all().zip(fingers) {
        if !fingers.rows.is_empty() {
            fingers.write(&mut writer, position, derive)?;
        }
    }
    let unsynced = writer.finish(rows)?;
    Ok((target.open(segment)?, unsynced))
}
