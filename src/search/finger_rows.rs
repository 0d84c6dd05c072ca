//! Fingers of some references, sketched, ready for any number of probes.

use super::{
    Search, SearchError,
    references::{SegmentReferences, is_kept},
};
use crate::{
    fingerprint::{
        FingerprintError,
        screen::{ScreenCode, ScreenColumn, sketch::Sketches},
    },
    gallery::Place,
    template::FingerPosition,
};
use std::{borrow::Cow, collections::BTreeMap, ops::Range};

/// Rows that are references together, numbered from 0.
pub(super) struct FingerRows<'a> {
    pub len: usize,
    pub columns: Vec<SketchedColumn<'a>>,
}

/// Their fingers at one position.
pub(super) struct SketchedColumn<'a> {
    pub position: FingerPosition,
    /// The row of each finger, ascending.
    pub rows: Vec<u32>,
    pub sketches: Sketches,
    /// Where the code of each finger stands among the codes; beyond their end where it has none.
    entries: Vec<u32>,
    codes: Cow<'a, [u8]>,
}

impl<'a> FingerRows<'a> {
    /// A run of rows of a segment, as far as they are kept.
    pub fn of_run(
        of: &SegmentReferences<'a>,
        rows: &Range<usize>,
        kept: Option<&[u64]>,
    ) -> Result<FingerRows<'a>, SearchError> {
        let mut columns = Vec::new();
        for column in of.finger_columns() {
            let entries = column.entries(rows.clone());
            let codes = column.codes(entries.clone())?.unwrap_or_default();
            let fingers = column.rows()[entries].iter().zip(0..).filter(|&(&row, _)| is_kept(kept, row as usize));
            let (rows, entries) = fingers.map(|(&row, entry)| (row - rows.start as u32, entry)).unzip();
            columns.push(SketchedColumn::new(column.position(), rows, entries, Cow::Borrowed(codes))?);
        }
        Ok(FingerRows { len: rows.len(), columns })
    }

    /// Rows of any segments; their codes are copied.
    pub fn of_places(search: &Search<'_>, places: &[Place]) -> Result<FingerRows<'a>, SearchError> {
        let mut by_position: BTreeMap<FingerPosition, (Vec<u32>, Vec<u8>)> = BTreeMap::new();
        for (place, n) in places.iter().zip(0..) {
            let (of, row) = search.references.at(*place);
            for column in of.finger_columns() {
                for entry in column.entries(row..row + 1) {
                    let (rows, bytes) = by_position.entry(column.position()).or_default();
                    rows.push(n);
                    match column.codes(entry..entry + 1)? {
                        Some(code) => bytes.extend_from_slice(code),
                        // What is no code always survives.
                        None => bytes.resize(bytes.len() + ScreenCode::STRIDE, 0),
                    }
                }
            }
        }
        let columns = by_position.into_iter().map(|(position, (rows, codes))| {
            let entries = (0..rows.len() as u32).collect();
            SketchedColumn::new(position, rows, entries, Cow::Owned(codes))
        });
        Ok(FingerRows { len: places.len(), columns: columns.collect::<Result<_, _>>()? })
    }

    /// Bytes of the codes.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(|column| (column.rows.len() * ScreenCode::STRIDE) as u64).sum()
    }
}

impl<'a> SketchedColumn<'a> {
    fn new(
        position: FingerPosition,
        rows: Vec<u32>,
        entries: Vec<u32>,
        codes: Cow<'a, [u8]>,
    ) -> Result<Self, FingerprintError> {
        let sketches = Sketches::of(&ScreenColumn::new(&codes)?, &entries);
        Ok(SketchedColumn { position, rows, sketches, entries, codes })
    }

    /// The codes of a row's fingers, each as a column of its own; empty where there is none.
    pub fn codes_of(&self, row: u32) -> impl Iterator<Item = Result<ScreenColumn<'_>, FingerprintError>> {
        let from = self.rows.partition_point(|&other| other < row);
        let fingers = self.rows[from..].iter().zip(&self.entries[from..]).take_while(move |&(&other, _)| other == row);
        fingers.map(|(_, &entry)| {
            let entry = entry as usize;
            Ok(ScreenColumn::new(&self.codes)?.part(entry..entry + 1))
        })
    }
}
