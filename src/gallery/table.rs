//! The table of a segment: which columns there are, and the proof that they lie where and as they should.

use super::{
    layout::{BLOCK, ColumnEntry, ColumnKind, Trailer, aligned},
    segment_file::{Column, SegmentFile},
};

/// What a column belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Modality {
    /// The portrait's embedding.
    Face,
    /// The finger of one position.
    Finger(crate::template::FingerPosition),
}

/// Which column: modality (0 registrations, 1 face, 2 finger), position, derived number, kind. Orders the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ColumnKey {
    pub modality: u8,
    pub position: u8,
    pub derived: Option<u16>,
    pub kind: ColumnKind,
}

/// More columns than there are keys, which stand in a table once each: registrations, faces and eleven positions of fingers have each kind
/// once, and the two kinds of derived columns once for each of their numbers. So a table is at most 109 MB.
pub(crate) const MOST_COLUMNS: u32 = 13 * (ColumnKind::COUNT + 2 * (1 << 16));

impl ColumnKey {
    /// A column of the registrations themselves.
    pub(crate) fn entries(kind: ColumnKind) -> ColumnKey {
        ColumnKey { modality: 0, position: 0, derived: None, kind }
    }

    /// A column of a modality.
    pub(crate) fn of(modality: Modality, kind: ColumnKind) -> ColumnKey {
        let (modality, position) = match modality {
            Modality::Face => (1, 0),
            Modality::Finger(position) => (2, position.number()),
        };
        ColumnKey { modality, position, derived: None, kind }
    }

    /// A derived column of a modality.
    pub(crate) fn derived(modality: Modality, number: u16, kind: ColumnKind) -> ColumnKey {
        ColumnKey { derived: Some(number), ..ColumnKey::of(modality, kind) }
    }

    /// The key that an entry of the table states.
    pub(crate) fn stated(entry: &ColumnEntry) -> Option<ColumnKey> {
        let kind = ColumnKind::of(entry.kind)?;
        let is_derived = matches!(kind, ColumnKind::DerivedBytes | ColumnKind::DerivedOffsets);
        let place_is_known = match entry.modality {
            0 | 1 => entry.position == 0,
            2 => entry.position <= 10,
            _ => false,
        };
        let derived_is_stated = is_derived == (1..=3).contains(&entry.derived_layout)
            && (is_derived || (entry.derived_kind == 0 && entry.derived_version == 0 && entry.derived_layout == 0));
        (place_is_known && derived_is_stated).then_some(ColumnKey {
            modality: entry.modality,
            position: entry.position,
            derived: is_derived.then_some(entry.derived_kind),
            kind,
        })
    }

    /// The name in messages: `face embeddings`, `finger 2 minutiae`, `finger 2 derived_bytes 1`.
    pub(crate) fn name(&self) -> String {
        let kind = self.kind.name();
        let number = self.derived.map(|number| format!(" {number}")).unwrap_or_default();
        match self.modality {
            0 => kind.to_string(),
            1 => format!("face {kind}{number}"),
            _ => format!("finger {} {kind}{number}", self.position),
        }
    }
}

impl SegmentFile {
    /// Proves that every column has as many items as the rows it goes with.
    pub(crate) fn check_counts(&self) -> Result<(), String> {
        use ColumnKind::*;
        let count = |key: ColumnKey| self.column(key).map(|column| column.entry.count);
        let expect = |key: ColumnKey, expected: u64| match count(key) {
            Some(found) if found == expected => Ok(()),
            Some(found) => Err(format!("{} has {found} items, expected {expected}", key.name())),
            None => Err(format!("no column {}", key.name())),
        };
        let rows = self.rows as u64;
        for kind in [RegistrationHashes, RegistrationOrder, SubjectKeys, SubjectSorted, SubjectOrder] {
            expect(ColumnKey::entries(kind), rows)?;
        }
        for kind in [CapturedAt, Province, SexCode, BirthYear] {
            expect(ColumnKey::entries(kind), rows)?;
        }
        for kind in [RegistrationOffsets, PersonalOffsets, MissingOffsets] {
            expect(ColumnKey::entries(kind), rows + 1)?;
        }
        for kind in [RegistrationText, PersonalText, MissingText] {
            count(ColumnKey::entries(kind)).ok_or_else(|| format!("no column {}", kind.name()))?;
        }
        for column in self.columns() {
            let own = |kind| ColumnKey { kind, derived: None, ..column.key };
            match column.key.kind {
                Rows if column.key.modality == 1 => expect(own(Embeddings), column.entry.count)?,
                Rows if column.key.modality == 2 => {
                    expect(own(MinutiaeOffsets), column.entry.count + 1)?;
                    expect(own(Properties), column.entry.count)?;
                    count(own(Minutiae)).ok_or_else(|| format!("no column {}", own(Minutiae).name()))?;
                }
                DerivedBytes | DerivedOffsets => {
                    let items = count(own(Rows)).ok_or_else(|| format!("no column {}", own(Rows).name()))?;
                    let offsets = ColumnKey { kind: DerivedOffsets, ..column.key };
                    match (column.key.kind, column.entry.derived_layout) {
                        (DerivedBytes, 1) => expect(column.key, items)?,
                        (DerivedBytes, 2) => expect(offsets, items + 1)?,
                        (DerivedBytes, _) => {}
                        (_, 2) => {
                            let bytes = ColumnKey { kind: DerivedBytes, ..column.key };
                            count(bytes).ok_or_else(|| format!("no column {}", bytes.name()))?;
                        }
                        _ => return Err(format!("{} has no use", column.key.name())),
                    }
                }
                Embeddings | MinutiaeOffsets | Minutiae | Properties => {
                    count(own(Rows)).ok_or_else(|| format!("no column {}", own(Rows).name()))?;
                }
                _ if column.key.modality == 0 => {}
                _ => return Err(format!("{} has no use", column.key.name())),
            }
        }
        Ok(())
    }
}

/// Checks each entry of the table: a known column, in order, behind the one before, inside the file.
pub(crate) fn read_table(
    entries: impl Iterator<Item = ColumnEntry>,
    dimension: u32,
    trailer: &Trailer,
) -> Result<Vec<Column>, (usize, String)> {
    let mut columns: Vec<Column> = Vec::new();
    let (mut end, mut checksums_end) = (64u64, trailer.checksums);
    for (i, entry) in entries.enumerate() {
        let refuse = |reason: String| Err((i, reason));
        let Some(key) = ColumnKey::stated(&entry) else {
            return refuse(format!("column kind {}, modality {}: not known", entry.kind, entry.modality));
        };
        let name = key.name();
        if columns.last().is_some_and(|last| last.key >= key) {
            return refuse(format!("{name} out of order"));
        }
        let stride = match key.kind {
            ColumnKind::Embeddings if dimension > 0 => Some(4 * dimension),
            ColumnKind::Embeddings => Some(0),
            ColumnKind::DerivedBytes if entry.derived_layout != 1 => Some(1),
            kind => kind.stride(),
        };
        if entry.stride == 0 || stride.is_some_and(|stride| stride != entry.stride) {
            return refuse(format!("{name} has items of {} bytes", entry.stride));
        }
        if entry.count.checked_mul(u64::from(entry.stride)) != Some(entry.length) {
            return refuse(format!("{name} has {} bytes, {} items of {}", entry.length, entry.count, entry.stride));
        }
        if entry.offset != aligned(end) {
            return refuse(format!("{name} starts at {}, expected {}", entry.offset, aligned(end)));
        }
        end = match entry.offset.checked_add(entry.length) {
            Some(end) if end <= trailer.checksums => end,
            _ => return refuse(format!("{name} reaches beyond the columns")),
        };
        if entry.checksums != checksums_end {
            return refuse(format!("{name}: checksums at {}, expected {checksums_end}", entry.checksums));
        }
        checksums_end += 4 * entry.length.div_ceil(BLOCK as u64);
        if checksums_end > trailer.table {
            return refuse(format!("{name}: checksums reach into the table"));
        }
        columns.push(Column::new(key, entry));
    }
    if aligned(end) != trailer.checksums || aligned(checksums_end) != trailer.table {
        return Err((columns.len(), "the columns do not fill the file".into()));
    }
    Ok(columns)
}
