//! How large the rows of a segment that live would be by themselves.
//!
//! Rows differ in size: their names, and how many fingers and minutiae they have. A share of the file by their number could be off
//! by as much, and a compaction would make files of more than their size, or rewrite without need what it has written. So
//! the columns are added up item by item. That reads the numbers of the rows, not the templates.

use super::{
    GalleryError, Segment,
    layout::{BLOCK, ColumnKind::*},
    segment_file::Column,
    table::ColumnKey,
};

/// Bytes that the live rows of a segment would have as a segment, but for a few hundred. Of a damaged segment those of all its rows.
pub(crate) fn kept_bytes(segment: &Segment) -> u64 {
    // A sealed file has some bytes more for each block, in proportion.
    let sealing = segment.file.bytes() as f64 / segment.file.raw().len().max(1) as f64;
    let kept = if segment.live_len() < segment.len() { live_bytes(segment).ok() } else { None };
    kept.map_or(segment.file.bytes(), |bytes| (bytes as f64 * sealing) as u64)
}

fn live_bytes(segment: &Segment) -> Result<u64, GalleryError> {
    let mut bytes = 0;
    let mut kept: (Option<ColumnKey>, Vec<usize>) = (None, Vec::new());
    for column in segment.file.columns() {
        // The column that says whose the items of this one are; of what registrations have, each row has one.
        let rows = (column.key.modality > 0).then_some(ColumnKey { kind: Rows, derived: None, ..column.key });
        if kept.0 != rows || kept.1.is_empty() {
            kept = (rows, kept_items(segment, rows)?);
        }
        let of_column = column_bytes(segment, column, &kept.1)?;
        bytes += of_column + 4 * of_column.div_ceil(BLOCK as u64);
    }
    Ok(bytes)
}

/// The items that belong to live rows.
fn kept_items(segment: &Segment, rows: Option<ColumnKey>) -> Result<Vec<usize>, GalleryError> {
    let Some(rows) = rows else {
        return Ok((0..segment.len()).filter(|&row| segment.is_live(row)).collect());
    };
    let rows: &[u32] = segment.file.slice(segment.file.required(rows)?)?;
    let live = rows.iter().enumerate().filter(|&(_, &row)| segment.is_live(row as usize));
    Ok(live.map(|(item, _)| item).collect())
}

/// Bytes of these items of a column.
fn column_bytes(segment: &Segment, column: &Column, items: &[usize]) -> Result<u64, GalleryError> {
    let file = &segment.file;
    let spans = |kind| {
        let offsets: &[u32] = file.slice(file.required(ColumnKey { kind, ..column.key })?)?;
        Ok(span(offsets.iter().map(|&offset| u64::from(offset)), items) * u64::from(column.entry.stride))
    };
    match column.key.kind {
        RegistrationText => spans(RegistrationOffsets),
        PersonalText => spans(PersonalOffsets),
        MissingText => spans(MissingOffsets),
        Minutiae => spans(MinutiaeOffsets),
        DerivedBytes if column.entry.derived_layout == 2 => {
            let offsets = file.required(ColumnKey { kind: DerivedOffsets, ..column.key })?;
            Ok(span(file.slice::<u64>(offsets)?.iter().copied(), items))
        }
        // What is not made of items is made anew, about as large for each row.
        DerivedBytes if column.entry.derived_layout != 1 => {
            let rows = file.required(ColumnKey { kind: Rows, derived: None, ..column.key })?;
            let all = rows.entry.count.max(1);
            Ok((u128::from(column.entry.length) * items.len() as u128 / u128::from(all)) as u64)
        }
        _ => Ok(u64::from(column.entry.stride) * items.len() as u64),
    }
}

/// How far the items reach together, of which `offsets` has each one's start and at the end the last one's end.
fn span(offsets: impl Iterator<Item = u64>, items: &[usize]) -> u64 {
    let offsets: Vec<u64> = offsets.collect();
    let of = |&item: &usize| Some(offsets.get(item + 1)?.saturating_sub(*offsets.get(item)?));
    items.iter().filter_map(of).fold(0, u64::saturating_add)
}
