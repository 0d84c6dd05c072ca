//! Writes the live rows of several segments as one.
//!
//! Column by column, so that memory holds the names and the numbers of the rows but not the templates. Everything that is
//! read is checked against its checksum first: damage is not carried over under a fresh one. Derived columns whose
//! items stand alone are moved item by item if all inputs have them in the deriver's version; otherwise they are derived anew,
//! the embeddings from the mapped column that was just written, or, in an encrypted gallery, from a copy in memory.

use super::{
    Derive, GalleryError, ItemLayout, Segment,
    columns::{Derived, Faces, Fingers},
    entries::Entries,
    joined::Joined,
    keys::{registration_hash, subject_key},
    layout::ColumnKind::*,
    map::Map,
    segment_file::SegmentFile,
    segment_writer::{ColumnForm, SegmentWriter},
    table::{ColumnKey, Modality},
    target::Target,
};
use crate::template::{FingerPosition, MinutiaeTemplate};
use std::{collections::BTreeSet, fs::File, sync::Arc};
use zeroize::Zeroizing;

/// A row that is dropped.
const DROPPED: u32 = u32::MAX;

/// An input and the new number of each of its rows.
struct Input<'a> {
    segment: &'a Segment,
    new_rows: Vec<u32>,
}

/// A template column of one input, with the items of it that stay and their new rows.
struct Part<'a, C> {
    segment: &'a Segment,
    column: C,
    kept: Vec<(usize, u32)>,
}

/// Writes the live rows of `segments` as segment `number` and opens it.
pub(crate) fn merge(
    target: &Target,
    number: u64,
    segments: &[Arc<Segment>],
    derive: &dyn Derive,
) -> Result<SegmentFile, GalleryError> {
    let mut writer = target.create(number)?;
    let mut entries = Entries::default();
    let mut inputs = Vec::with_capacity(segments.len());
    for segment in segments {
        let mut new_rows = vec![DROPPED; segment.len()];
        for (row, new_row) in new_rows.iter_mut().enumerate().filter(|(row, _)| segment.is_live(*row)) {
            *new_row = entries.len() as u32;
            let entry = segment.entry(row)?;
            let name = (entry.registration, registration_hash(entry.registration));
            let subject = (entry.personal_id, subject_key(segment.scheme, entry.personal_id));
            entries.push(name, subject, entry.captured_at, entry.demographics);
            for missing in &entry.missing {
                entries.push_missing(missing.position, missing.reason);
            }
        }
        inputs.push(Input { segment, new_rows });
    }
    let rows = entries.len();
    entries.write(&mut writer)?;
    merge_faces(&mut writer, target, &inputs, derive)?;
    for position in FingerPosition::all() {
        merge_fingers(&mut writer, position, &inputs, derive)?;
    }
    writer.finish(rows)?.sync()?;
    target.open(number)
}

fn merge_faces(
    writer: &mut SegmentWriter,
    target: &Target,
    inputs: &[Input<'_>],
    derive: &dyn Derive,
) -> Result<(), GalleryError> {
    let parts = parts(inputs, |segment| segment.faces(), |faces: &Faces<'_>| faces.rows())?;
    let items: usize = parts.iter().map(|part| part.kept.len()).sum();
    if items == 0 {
        return Ok(());
    }
    writer.column(ColumnKey::of(Modality::Face, Rows), &new_rows(&parts))?;
    let form = ColumnForm { stride: 4 * target.dimension as u32, ..ColumnForm::default() };
    writer.begin(ColumnKey::of(Modality::Face, Embeddings), form)?;
    for part in &parts {
        let embeddings = part.column.embeddings()?;
        let dimension = part.column.dimension();
        for &(i, _) in &part.kept {
            writer.write(bytemuck::cast_slice(&embeddings[i * dimension..(i + 1) * dimension]))?;
        }
    }
    let written = writer.end()?;
    if move_derived(writer, Modality::Face, &parts, derive)? {
        return Ok(());
    }
    if target.key.is_some() {
        // The file is sealed: it cannot be looked at before it is finished.
        let mut gathered = Zeroizing::new(Vec::with_capacity(items * target.dimension));
        for part in &parts {
            for &(i, _) in &part.kept {
                gathered.extend_from_slice(part.column.embedding(i)?);
            }
        }
        let derived = Joined::of(items, derive.faces(target.dimension, &gathered))?;
        return derived.write(writer, Modality::Face, derive.version());
    }
    writer.flush()?;
    let path = writer.path();
    let map = File::open(path).and_then(|file| Map::new(&file)).map_err(GalleryError::io(path, "map"))?;
    let embeddings = map.get(written).and_then(|bytes| bytemuck::try_cast_slice(bytes).ok()).ok_or_else(|| {
        GalleryError::io(path, "map")(std::io::Error::other("the file is shorter than what was written"))
    })?;
    let derived = Joined::of(items, derive.faces(target.dimension, embeddings))?;
    derived.write(writer, Modality::Face, derive.version())
}

fn merge_fingers(
    writer: &mut SegmentWriter,
    position: FingerPosition,
    inputs: &[Input<'_>],
    derive: &dyn Derive,
) -> Result<(), GalleryError> {
    let modality = Modality::Finger(position);
    let parts = parts(inputs, |segment| segment.fingers(position), |fingers: &Fingers<'_>| fingers.rows())?;
    let items: usize = parts.iter().map(|part| part.kept.len()).sum();
    if items == 0 {
        return Ok(());
    }
    writer.column(ColumnKey::of(modality, Rows), &new_rows(&parts))?;
    let (mut offsets, mut properties, mut end) = (vec![0u32], Vec::with_capacity(items), 0usize);
    for part in &parts {
        for &(i, _) in &part.kept {
            end += part.column.minutiae(i)?.len();
            offsets
                .push(u32::try_from(end).map_err(|_| GalleryError::Option { reason: "too many minutiae to merge" })?);
            properties.push(part.column.properties()[i]);
        }
    }
    writer.column(ColumnKey::of(modality, MinutiaeOffsets), &offsets)?;
    writer.begin(ColumnKey::of(modality, Minutiae), ColumnForm { stride: 8, ..ColumnForm::default() })?;
    for part in &parts {
        for &(i, _) in &part.kept {
            writer.write(bytemuck::cast_slice(part.column.minutiae(i)?))?;
        }
    }
    writer.end()?;
    writer.column(ColumnKey::of(modality, Properties), &properties)?;
    if move_derived(writer, modality, &parts, derive)? {
        return Ok(());
    }
    let templates = parts
        .iter()
        .flat_map(|part| part.kept.iter().map(|&(i, _)| part.column.template(i)))
        .collect::<Result<Vec<MinutiaeTemplate>, _>>()?;
    let derived = Joined::of(items, derive.fingers(position, &templates))?;
    derived.write(writer, modality, derive.version())
}

/// The inputs that have a column, with what of it stays.
fn parts<'a, C>(
    inputs: &'a [Input<'a>],
    column: impl Fn(&'a Segment) -> Result<Option<C>, GalleryError>,
    rows: impl Fn(&C) -> &'a [u32],
) -> Result<Vec<Part<'a, C>>, GalleryError> {
    let mut parts = Vec::new();
    for Input { segment, new_rows } in inputs {
        let Some(column) = column(segment)? else { continue };
        let new = |&row: &u32| new_rows.get(row as usize).copied().unwrap_or(DROPPED);
        let kept: Vec<_> = rows(&column).iter().map(new).enumerate().filter(|&(_, row)| row != DROPPED).collect();
        if !kept.is_empty() {
            parts.push(Part { segment, column, kept });
        }
    }
    Ok(parts)
}

fn new_rows<C>(parts: &[Part<'_, C>]) -> Vec<u32> {
    parts.iter().flat_map(|part| part.kept.iter().map(|&(_, row)| row)).collect()
}

/// Moves the derived columns of the parts item by item, or does nothing and returns `false` if they have to be derived.
fn move_derived<C>(
    writer: &mut SegmentWriter,
    modality: Modality,
    parts: &[Part<'_, C>],
    derive: &dyn Derive,
) -> Result<bool, GalleryError> {
    let kinds: BTreeSet<u16> = parts.iter().flat_map(|part| part.segment.file.derived_kinds(modality)).collect();
    let mut columns: Vec<Vec<Derived<'_>>> = Vec::new();
    for &kind in &kinds {
        let of_kind: Option<Vec<_>> =
            parts.iter().map(|part| part.segment.derived(modality, kind)).collect::<Result<_, _>>()?;
        let Some(of_kind) = of_kind else { return Ok(false) };
        let form = |column: &Derived<'_>| match column.layout() {
            ItemLayout::Fixed(stride) => Some(stride),
            ItemLayout::Variable(_) => Some(0),
            ItemLayout::Raw => None,
        };
        let first = of_kind.first().and_then(form);
        if first.is_none() || of_kind.iter().any(|c| c.version() != derive.version() || form(c) != first) {
            return Ok(false);
        }
        columns.push(of_kind);
    }
    // Without any column it is not known whether the deriver would make one.
    if kinds.is_empty() {
        return Ok(false);
    }
    for (&kind, of_kind) in kinds.iter().zip(&columns) {
        let fixed = of_kind.first().and_then(|column| match column.layout() {
            ItemLayout::Fixed(stride) => Some(stride as u32),
            _ => None,
        });
        let form = ColumnForm {
            stride: fixed.unwrap_or(1),
            derived_layout: if fixed.is_some() { 1 } else { 2 },
            derived_version: derive.version(),
        };
        writer.begin(ColumnKey::derived(modality, kind, DerivedBytes), form)?;
        let (mut offsets, mut end) = (vec![0u64], 0);
        for (part, column) in parts.iter().zip(of_kind) {
            for &(i, _) in &part.kept {
                let item = column.item(i)?;
                writer.write(item)?;
                end += item.len() as u64;
                offsets.push(end);
            }
        }
        writer.end()?;
        if fixed.is_none() {
            writer.begin(ColumnKey::derived(modality, kind, DerivedOffsets), ColumnForm { stride: 8, ..form })?;
            writer.write(bytemuck::cast_slice(&offsets))?;
            writer.end()?;
        }
    }
    Ok(true)
}
