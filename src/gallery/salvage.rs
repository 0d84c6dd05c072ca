//! Reads registrations of a segment some of whose blocks are not as they were written.
//!
//! # Problem
//! A row's templates are found through lists: which rows have a portrait, which a finger at some position, where its minutiae start. A search
//! needs such a list whole. A repair that needed it would lose every row of the segment for one block of one list, those without such a
//! finger too.
//!
//! # Method
//! The lists are taken block by block. A row is read if what is left proves where its templates stand and that there are no others
//! (`gapped.rs`): never with a finger less than it had. A list that contradicts itself, though its blocks are as they were
//! written, is of a writer with a fault and proves nothing: no row is read. So it is with a list that had one block and lost it, as that of a position
//! which few have: any row may have been in it.
//!
//! # Cost
//! That of a segment that is whole: each list is checked once, and a row is found in it by halving.

use super::{
    GalleryError, Segment,
    columns::template_of,
    gapped::Gapped,
    layout::{BLOCK, ColumnKind::*, FingerProperties},
    segment_file::{Column, SegmentFile},
    table::{ColumnKey, Modality},
};
use crate::{
    registration::{Finger, Registration},
    template::{FingerPosition, Minutia, MinutiaeTemplate},
};
use std::ops::Range;

/// What is left of a segment.
pub(crate) struct Salvage<'a> {
    segment: &'a Segment,
    faces: Result<Option<Faces<'a>>, GalleryError>,
    fingers: Vec<Result<Fingers<'a>, GalleryError>>,
}

impl<'a> Salvage<'a> {
    /// Reads the lists, as much of them as is left.
    pub(crate) fn of(segment: &'a Segment) -> Self {
        let file = &*segment.file;
        let fingers = FingerPosition::all().filter_map(|position| Fingers::of(file, position).transpose()).collect();
        Salvage { segment, faces: Faces::of(file), fingers }
    }

    /// A row as [`Segment::registration`] reads it.
    ///
    /// # Errors
    /// If any block under the row is not as it was written, or one that may be.
    pub(crate) fn registration(&self, row: usize) -> Result<Registration, GalleryError> {
        let entry = self.segment.entry(row)?;
        let mut fingers = Vec::new();
        for column in &self.fingers {
            let column = column.as_ref().map_err(Clone::clone)?;
            for i in column.rows.places_of(row)? {
                fingers.push(Finger::Captured(column.template(i)?));
            }
        }
        let embedding = match self.faces.as_ref().map_err(Clone::clone)? {
            Some(faces) => faces.of_row(row)?,
            None => None,
        };
        self.segment.assembled(row, entry, fingers, embedding)
    }
}

/// The embeddings.
struct Faces<'a> {
    rows: List<'a>,
    embeddings: &'a Column,
}

impl<'a> Faces<'a> {
    fn of(file: &'a SegmentFile) -> Result<Option<Self>, GalleryError> {
        let Some(rows) = file.column(ColumnKey::of(Modality::Face, Rows)) else { return Ok(None) };
        let embeddings = file.required(ColumnKey::of(Modality::Face, Embeddings))?;
        Ok(Some(Faces { rows: List::read(file, rows, true, file.rows as u64)?, embeddings }))
    }

    fn of_row(&self, row: usize) -> Result<Option<&'a [f32]>, GalleryError> {
        let file = self.rows.file;
        let Some(i) = self.rows.places_of(row)?.next() else { return Ok(None) };
        let from = i.saturating_mul(file.dimension);
        file.items(self.embeddings, from, from.saturating_add(file.dimension)).map(Some)
    }
}

/// The fingers at one position.
struct Fingers<'a> {
    position: FingerPosition,
    rows: List<'a>,
    offsets: List<'a>,
    minutiae: &'a Column,
    properties: &'a Column,
}

impl<'a> Fingers<'a> {
    fn of(file: &'a SegmentFile, position: FingerPosition) -> Result<Option<Self>, GalleryError> {
        let key = |kind| ColumnKey::of(Modality::Finger(position), kind);
        let Some(rows) = file.column(key(Rows)) else { return Ok(None) };
        let [minutiae, properties] = [file.required(key(Minutiae))?, file.required(key(Properties))?];
        let rows = List::read(file, rows, false, file.rows as u64)?;
        let end = minutiae.entry.count;
        let offsets = List::read(file, file.required(key(MinutiaeOffsets))?, false, end.saturating_add(1))?;
        let last = offsets.column.entry.count.saturating_sub(1) as usize;
        for (at, expected) in [(0, 0), (last, end)] {
            if let Some(found) = offsets.items.get(at).filter(|&found| u64::from(found) != expected) {
                return Err(offsets.damaged(at, format!("offset {found}, expected {expected}")));
            }
        }
        Ok(Some(Fingers { position, rows, offsets, minutiae, properties }))
    }

    fn template(&self, i: usize) -> Result<MinutiaeTemplate, GalleryError> {
        let file = self.rows.file;
        let [from, to] = [self.offsets.item(i)?, self.offsets.item(i.saturating_add(1))?];
        let minutiae: &[Minutia] = file.items(self.minutiae, from as usize, to as usize)?;
        let properties: FingerProperties = file.item(self.properties, i)?;
        template_of(file, self.minutiae, (self.position, i), minutiae, properties)
    }
}

/// An ascending list, as much of it as is left.
struct List<'a> {
    file: &'a SegmentFile,
    column: &'a Column,
    items: Gapped<'a>,
    /// Where each lost block starts, and what is wrong with it.
    lost: Vec<(usize, GalleryError)>,
}

impl<'a> List<'a> {
    /// Reads a list of numbers below `limit`, of which none stands twice if it ascends `strictly`.
    ///
    /// # Errors
    /// If what is left contradicts itself.
    fn read(file: &'a SegmentFile, column: &'a Column, strictly: bool, limit: u64) -> Result<Self, GalleryError> {
        let len = column.entry.count as usize;
        let (mut items, mut lost) = (Gapped::new(len, strictly), Vec::new());
        let each = BLOCK / size_of::<u32>();
        for from in (0..len).step_by(each) {
            match file.items(column, from, len.min(from + each)) {
                Ok(block) => items.push(from, block),
                Err(error) => lost.push((from, error)),
            }
        }
        let list = List { file, column, items, lost };
        match list.items.disorder(limit) {
            Some((at, reason)) => Err(list.damaged(at, reason)),
            None => Ok(list),
        }
    }

    fn item(&self, at: usize) -> Result<u32, GalleryError> {
        self.items.get(at).ok_or_else(|| self.loss(at))
    }

    fn places_of(&self, row: usize) -> Result<Range<usize>, GalleryError> {
        let number = u32::try_from(row).map_err(|_| self.damaged(0, format!("no row {row}")))?;
        self.items.places_of(number).map_err(|at| self.loss(at))
    }

    /// Why the item at a place is not known.
    fn loss(&self, at: usize) -> GalleryError {
        let before = self.lost.partition_point(|&(from, _)| from <= at);
        let block = before.checked_sub(1).and_then(|block| self.lost.get(block));
        block.map_or_else(|| self.damaged(at, "no such item".into()), |(_, error)| error.clone())
    }

    fn damaged(&self, at: usize, reason: String) -> GalleryError {
        self.file.damaged(self.column, (at * size_of::<u32>()) as u64, reason)
    }
}
