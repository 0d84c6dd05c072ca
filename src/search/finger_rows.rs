//! Fingers of some references, sketched, ready for any number of probes.

use super::{
    Search, SearchError,
    sample::{FingerSample, Hashed},
};
use crate::{
    fingerprint::screen::{ScreenCode, ScreenColumn, sketch::Sketches},
    simd::Level,
    template::FingerPosition,
};
use std::collections::BTreeMap;

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
    /// The code of each finger; empty where there is none.
    codes: Vec<ScreenColumn<'a>>,
}

/// Fingers by position, with their rows.
type Collected<'a> = BTreeMap<FingerPosition, (Vec<u32>, Vec<ScreenColumn<'a>>)>;

impl<'a> FingerRows<'a> {
    /// The registrations of any segments.
    pub fn of(search: &Search<'a>, registrations: &[Hashed]) -> Result<FingerRows<'a>, SearchError> {
        let mut collected = Collected::new();
        for (hashed, n) in registrations.iter().zip(0..) {
            let (of, row) = search.references.at(hashed.place);
            for column in of.finger_columns() {
                for entry in column.of_row(row) {
                    let (rows, codes) = collected.entry(column.position()).or_default();
                    rows.push(n);
                    codes.push(ScreenColumn::new(column.codes(entry..entry + 1)?.unwrap_or_default())?);
                }
            }
        }
        Ok(Self::sketched(search.level, registrations.len(), collected))
    }

    /// The registrations of a sample.
    pub fn of_sample(level: Level, sample: &'a FingerSample) -> Result<FingerRows<'a>, SearchError> {
        let mut collected = Collected::new();
        for (member, n) in sample.members.iter().zip(0..) {
            let bytes = member.codes.0.chunks(ScreenCode::STRIDE);
            let wrong = || SearchError::Shards { reason: "a sample of fingers of another version".into() };
            if bytes.len() != member.positions.len() {
                return Err(wrong());
            }
            for (&position, code) in member.positions.iter().zip(bytes) {
                let position = FingerPosition::new(position).map_err(|_| wrong())?;
                let (rows, codes) = collected.entry(position).or_default();
                rows.push(n);
                codes.push(ScreenColumn::new(code)?);
            }
        }
        Ok(Self::sketched(level, sample.members.len(), collected))
    }

    fn sketched(level: Level, len: usize, collected: Collected<'a>) -> Self {
        let columns = collected.into_iter().map(|(position, (rows, codes))| {
            let sketches = Sketches::of(level, &codes);
            SketchedColumn { position, rows, sketches, codes }
        });
        FingerRows { len, columns: columns.collect() }
    }

    /// Bytes of the codes.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(|column| (column.rows.len() * ScreenCode::STRIDE) as u64).sum()
    }
}

impl<'a> SketchedColumn<'a> {
    /// The codes of a row's fingers, each as a column of its own; empty where there is none.
    pub fn codes_of(&self, row: u32) -> impl Iterator<Item = ScreenColumn<'a>> {
        let from = self.rows.partition_point(|&other| other < row);
        let fingers = self.rows[from..].iter().zip(&self.codes[from..]).take_while(move |&(&other, _)| other == row);
        fingers.map(|(_, &code)| code)
    }
}
