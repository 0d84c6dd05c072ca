//! A mapped segment: the table checked at opening, the blocks of its columns when they are first used.
//!
//! Opening reads three small pieces (header, trailer, table) and proves from them that every column lies inside the file, where
//! the table says, with as many items as the others imply. After that a column is a slice. Its bytes are checked against
//! their checksums block by block, each block once in the life of the mapping; what was checked is remembered in a bit.
//! A block is 32 KiB, so a random access costs at most a few microseconds more the first time, and a scan reads its bytes once
//! more at about 20 GB/s, far above what brings them from disk.

use super::{
    GalleryError, Key,
    layout::{self, BLOCK, ColumnEntry, ColumnKind, Header, Trailer},
    map::Map,
    read_ahead::ReadAhead,
    sealed,
    table::{ColumnKey, MOST_COLUMNS, Modality, read_table},
};
use bytemuck::Pod;
use std::{
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// How the bytes of columns are checked against their checksums while they are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checking {
    /// Each block when it is first used.
    #[default]
    OnFirstUse,
    /// Not at all: `check` is run by the operator. Lengths, offsets and counts are checked nevertheless.
    Off,
}

/// A column of a mapped segment.
///
/// What it remembers of earlier checks is atomic, not locked. The flags guard nothing: bytes never change, each flag only ever rises, and
/// who does not see one raised checks again and finds the same. So no order of loads and stores is wrong, and there is none
/// to search for with loom.
pub(crate) struct Column {
    pub key: ColumnKey,
    pub entry: ColumnEntry,
    /// One bit for each block whose checksum was right.
    checked: OnceLock<Box<[AtomicU64]>>,
    /// Every block was right.
    whole: AtomicBool,
    /// The content makes sense (offsets ascend, rows exist), as its user found.
    sound: AtomicBool,
    /// How its reader goes through it.
    ahead: ReadAhead,
}

impl Column {
    pub(crate) fn new(key: ColumnKey, entry: ColumnEntry) -> Column {
        let (checked, whole, sound) = (OnceLock::new(), AtomicBool::new(false), AtomicBool::new(false));
        Column { key, entry, checked, whole, sound, ahead: ReadAhead::default() }
    }
}

/// A mapped segment.
pub(crate) struct SegmentFile {
    pub path: PathBuf,
    pub id: u64,
    pub rows: usize,
    pub dimension: usize,
    pub trailer_checksum: u32,
    /// Bytes of the file.
    bytes: u64,
    /// Sealed blocks that did not open, left as zeros.
    bad_seals: Vec<GalleryError>,
    map: Map,
    checking: Checking,
    /// Whether each block is asked by itself, though the list of checksums is not as it was written.
    keeps_going: bool,
    columns: Vec<Column>,
    /// Somebody warms it or has done so.
    pub warming: AtomicBool,
}

/// How a segment's file is opened.
#[derive(Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub checking: Checking,
    /// The key, if the gallery is encrypted.
    pub key: Option<&'a Key>,
    /// For who wants to know what is whole: sealed blocks that do not open are left as zeros, and a wrong number in a list of checksums costs
    /// the block whose number it is, not the column.
    pub keeps_going: bool,
    /// How many bytes the file has, where that is known: memory is taken for no more.
    pub bytes: Option<u64>,
}

/// Bytes of a column that are asked for as one, and so read from their start to their end.
const SCAN: u64 = 256 << 10;
/// How much of a run is read ahead of being checked.
const RUN: usize = 4 << 20;

/// Why bytes are damaged that the system cannot read.
fn unreadable(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}

/// CRC-32C of a plain structure's bytes but the last four, where it stands itself.
pub(crate) fn self_checksum<T: Pod>(value: &T) -> u32 {
    let bytes = bytemuck::bytes_of(value);
    crc32c::crc32c(&bytes[..bytes.len() - 4])
}

impl SegmentFile {
    /// Blocks of a run: what is asked for at once of what is read from its start to its end.
    pub(crate) const RUN_BLOCKS: usize = RUN / BLOCK;

    /// Maps the segment `id` of `gallery` at `path`, and checks header, trailer and table.
    pub(crate) fn open(path: &Path, gallery: [u8; 16], id: u64, how: Opening<'_>) -> Result<Self, GalleryError> {
        let file = File::open(path).map_err(GalleryError::io(path, "open"))?;
        let stored = Map::new(&file).map_err(GalleryError::io(path, "map"))?;
        let bytes = stored.len() as u64;
        let at = |offset: u64, part: &str, reason: String| GalleryError::Damaged {
            path: path.to_path_buf(),
            offset,
            part: part.to_string(),
            reason,
        };
        if let Some(stated) = how.bytes.filter(|&stated| stated != bytes) {
            return Err(at(bytes, "file", format!("{bytes} bytes, the manifest says {stated}")));
        }
        let (map, bad_seals) = match how.key {
            None => (stored, Vec::new()),
            Some(key) => {
                let opened = sealed::open(path, &stored, key, gallery, id, how.keeps_going)?;
                (opened.map, opened.bad)
            }
        };
        // Asked for before it is read: then a bad sector is damage, and not the end of the process.
        let asked = |range: Range<u64>, part: &str| {
            let asked = map.will_read(range.start as usize..range.end as usize, false);
            asked.map_err(|error| at(range.start, part, unreadable(&error)))
        };
        let length = map.len() as u64;
        if length < 128 || !length.is_multiple_of(64) {
            return Err(at(0, "header", format!("a file of {length} bytes is no segment")));
        }
        asked(0..64, "header")?;
        let header: Header = bytemuck::pod_read_unaligned(&map[..64]);
        if header.magic != layout::SEGMENT_MAGIC {
            return Err(at(0, "header", "not a segment".into()));
        }
        if header.checksum != self_checksum(&header) {
            return Err(at(0, "header", "wrong checksum".into()));
        }
        super::manifest::refuse_newer(path, header.major, header.minor)?;
        if header.features != 0 {
            return Err(GalleryError::Feature {
                path: path.into(),
                feature: format!("segment bits {:#x}", header.features),
            });
        }
        if header.gallery != gallery {
            return Err(at(16, "header", "belongs to another gallery".into()));
        }
        if header.segment != id {
            return Err(at(32, "header", format!("is segment {}, expected {id}", header.segment)));
        }
        if header.dimension as usize > crate::template::FaceEmbedding::MAX_DIMENSION {
            return Err(at(40, "header", format!("embeddings of {} dimensions", header.dimension)));
        }
        if header.block as usize != BLOCK {
            return Err(at(44, "header", format!("blocks of {} bytes, expected {BLOCK}", header.block)));
        }

        let trailer_at = length - 64;
        asked(trailer_at..length, "trailer")?;
        let trailer: Trailer = bytemuck::pod_read_unaligned(&map[trailer_at as usize..]);
        if trailer.magic != layout::TRAILER_MAGIC || trailer.checksum != self_checksum(&trailer) {
            return Err(at(trailer_at, "trailer", "wrong checksum: the file is cut or overwritten".into()));
        }
        if trailer.segment != id {
            return Err(at(trailer_at + 8, "trailer", format!("is of segment {}, expected {id}", trailer.segment)));
        }
        if trailer.columns > MOST_COLUMNS {
            let reason = format!("{} columns: there are {MOST_COLUMNS} at most", trailer.columns);
            return Err(at(trailer_at + 32, "trailer", reason));
        }
        let table_length = u64::from(trailer.columns) * 64;
        if trailer.table.checked_add(table_length) != Some(trailer_at) {
            return Err(at(trailer_at + 24, "trailer", "the table does not end where the trailer starts".into()));
        }
        if trailer.checksums < 64 || trailer.checksums > trailer.table || !trailer.checksums.is_multiple_of(64) {
            return Err(at(trailer_at + 40, "trailer", "the checksums do not stand before the table".into()));
        }
        if u32::try_from(trailer.rows).is_err() {
            return Err(at(trailer_at + 16, "trailer", format!("{} rows", trailer.rows)));
        }
        asked(trailer.table..trailer_at, "table")?;
        let table = &map[trailer.table as usize..trailer_at as usize];
        if crc32c::crc32c(table) != trailer.table_checksum {
            return Err(at(trailer.table, "table", "wrong checksum".into()));
        }
        let entries = table.chunks_exact(64).map(bytemuck::pod_read_unaligned::<ColumnEntry>);
        let columns = read_table(entries, header.dimension, &trailer)
            .map_err(|(entry, reason)| at(trailer.table + 64 * entry as u64, "table", reason))?;
        let segment = SegmentFile {
            path: path.to_path_buf(),
            id,
            rows: trailer.rows as usize,
            dimension: header.dimension as usize,
            trailer_checksum: trailer.checksum,
            bytes,
            bad_seals,
            map,
            checking: how.checking,
            keeps_going: how.keeps_going,
            columns,
            warming: AtomicBool::new(false),
        };
        segment.check_counts().map_err(|reason| segment.damaged_at(trailer.table, "table", reason))?;
        Ok(segment)
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sealed blocks that did not open; their bytes read as zeros.
    pub(crate) fn bad_seals(&self) -> &[GalleryError] {
        &self.bad_seals
    }

    /// Bytes of decrypted memory that the system would not lock.
    pub(crate) fn unlocked_bytes(&self) -> u64 {
        if self.map.is_unlocked() { self.map.len() as u64 } else { 0 }
    }

    /// The whole segment, decrypted if it was sealed, unchecked.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.map
    }

    /// Every column, in the order of the table.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column `key`, if the segment has it.
    pub(crate) fn column(&self, key: ColumnKey) -> Option<&Column> {
        self.columns.binary_search_by_key(&key, |column| column.key).ok().map(|i| &self.columns[i])
    }

    /// The numbers of a modality's derived columns.
    pub(crate) fn derived_kinds(&self, modality: Modality) -> impl Iterator<Item = u16> {
        let of = ColumnKey::of(modality, ColumnKind::DerivedBytes);
        let same = move |key: &ColumnKey| ColumnKey { derived: None, ..*key } == of;
        self.columns.iter().map(|column| column.key).filter(same).filter_map(|key| key.derived)
    }

    /// The column `key`, which opening saw.
    pub(crate) fn required(&self, key: ColumnKey) -> Result<&Column, GalleryError> {
        self.column(key).ok_or_else(|| self.damaged_at(0, "table", format!("no column {}", key.name())))
    }

    /// All items of a column, every block checked.
    pub(crate) fn slice<T: Pod>(&self, column: &Column) -> Result<&[T], GalleryError> {
        if !column.whole.load(Ordering::Acquire) {
            self.verify(column, 0, column.entry.length)?;
            column.whole.store(true, Ordering::Release);
        }
        self.cast(column, self.unchecked(column))
    }

    /// Whether all items of a column have been checked.
    pub(crate) fn is_whole(&self, column: &Column) -> bool {
        column.whole.load(Ordering::Acquire)
    }

    /// Reads column `at` of the table and checks it, part by part for as long as `goes_on`.
    pub(crate) fn warm(&self, at: usize, goes_on: impl Fn() -> bool) -> Result<(), GalleryError> {
        let column = &self.columns[at];
        for start in (0..column.entry.length).step_by(RUN) {
            if self.is_whole(column) || !goes_on() {
                return Ok(());
            }
            let length = (column.entry.length - start).min(RUN as u64);
            if self.checking == Checking::Off {
                self.will_read(column, start as usize..(start + length) as usize, true)?;
            }
            self.verify(column, start, length)?;
        }
        column.whole.store(true, Ordering::Release);
        Ok(())
    }

    /// Item `at` of a column, its block checked.
    pub(crate) fn item<T: Pod>(&self, column: &Column, at: usize) -> Result<T, GalleryError> {
        let size = size_of::<T>() as u64;
        let start = (at as u64).saturating_mul(size);
        if start.saturating_add(size) > column.entry.length {
            return Err(self.damaged(column, 0, format!("item {at} of {}", column.entry.count)));
        }
        if !column.whole.load(Ordering::Acquire) {
            self.verify(column, start, size)?;
        }
        let start = start as usize;
        Ok(bytemuck::pod_read_unaligned(&self.unchecked(column)[start..start + size as usize]))
    }

    /// The items `from..to` of a column of `T`, their blocks checked.
    pub(crate) fn items<T: Pod>(&self, column: &Column, from: usize, to: usize) -> Result<&[T], GalleryError> {
        let size = size_of::<T>() as u64;
        let [start, end] = [from, to].map(|at| (at as u64).saturating_mul(size));
        if start > end || end > column.entry.length {
            return Err(self.damaged(column, 0, format!("items {from}..{to} of {}", column.entry.length / size)));
        }
        if !column.whole.load(Ordering::Acquire) {
            self.verify(column, start, end - start)?;
        }
        self.cast(column, &self.unchecked(column)[start as usize..end as usize])
    }

    /// Runs `check` once in the life of the mapping over a column that is whole.
    pub(crate) fn sound<T: Pod>(
        &self,
        column: &Column,
        check: impl FnOnce(&[T]) -> Result<(), (usize, String)>,
    ) -> Result<&[T], GalleryError> {
        let items = self.slice::<T>(column)?;
        if !column.sound.load(Ordering::Acquire) {
            check(items).map_err(|(i, reason)| self.damaged(column, (i * size_of::<T>()) as u64, reason))?;
            column.sound.store(true, Ordering::Release);
        }
        Ok(items)
    }

    /// An error about byte `within` of a column.
    pub(crate) fn damaged(&self, column: &Column, within: u64, reason: String) -> GalleryError {
        self.damaged_at(column.entry.offset + within, &column.key.name(), reason)
    }

    pub(crate) fn damaged_at(&self, offset: u64, part: &str, reason: String) -> GalleryError {
        GalleryError::Damaged { path: self.path.clone(), offset, part: part.to_string(), reason }
    }

    /// Bytes of a column as they are. Opening proved that they lie inside the file.
    pub(crate) fn unchecked(&self, column: &Column) -> &[u8] {
        &self.map[column.entry.offset as usize..(column.entry.offset + column.entry.length) as usize]
    }

    fn cast<'a, T: Pod>(&'a self, column: &Column, bytes: &'a [u8]) -> Result<&'a [T], GalleryError> {
        bytemuck::try_cast_slice(bytes).map_err(|reason| self.damaged(column, 0, reason.to_string()))
    }

    /// Checks the blocks under `start..start + length` of a column that were not checked before.
    fn verify(&self, column: &Column, start: u64, length: u64) -> Result<(), GalleryError> {
        if self.checking == Checking::Off || length == 0 {
            return Ok(());
        }
        let checked = match column.checked.get() {
            Some(checked) => checked,
            None => {
                if self.keeps_going {
                    self.read_checksums(column)?;
                } else {
                    self.sound_checksums(column)?;
                }
                let words = (self.checksums(column).len() / 4).div_ceil(64);
                column.checked.get_or_init(|| (0..words).map(|_| AtomicU64::new(0)).collect())
            }
        };
        let (checksums, bytes) = (self.checksums(column), self.unchecked(column));
        let blocks = start as usize / BLOCK..((start + length) as usize).div_ceil(BLOCK);
        // The block up to which has been asked.
        let mut asked = 0;
        for block in blocks.clone() {
            let bit = 1u64 << (block % 64);
            if checked[block / 64].load(Ordering::Acquire) & bit != 0 {
                continue;
            }
            if block >= asked && length >= SCAN {
                asked = self.ask(column, block..blocks.end.min(block + SegmentFile::RUN_BLOCKS), true)?;
            } else if block >= asked {
                let ahead = column.ahead.blocks_from(block);
                if ahead > 0 {
                    asked = self.ask(column, block..block + ahead, ahead > 1)?;
                    column.ahead.announced(block, asked - block);
                }
            }
            let from = block * BLOCK;
            let expected: u32 = bytemuck::pod_read_unaligned(&checksums[block * 4..block * 4 + 4]);
            if crc32c::crc32c(&bytes[from..bytes.len().min(from + BLOCK)]) != expected {
                return Err(self.damaged(column, from as u64, format!("wrong checksum of block {block}")));
            }
            checked[block / 64].fetch_or(bit, Ordering::AcqRel);
        }
        Ok(())
    }

    /// Tells the system which blocks of a column are going to be read, perhaps more than there are, as part of a longer run or by
    /// themselves. Returns the first that it need not be able to read.
    ///
    /// # Errors
    /// If the first of them cannot be read. Another that cannot is for who comes to it.
    pub(crate) fn ask(&self, column: &Column, blocks: Range<usize>, run: bool) -> Result<usize, GalleryError> {
        let bytes = |from: usize, to: usize| {
            let end = column.entry.length as usize;
            (from * BLOCK).min(end)..(to * BLOCK).min(end)
        };
        if self.will_read(column, bytes(blocks.start, blocks.end), run).is_ok() {
            return Ok(blocks.end);
        }
        for block in blocks.clone() {
            match self.will_read(column, bytes(block, block + 1), false) {
                Err(error) if block == blocks.start => return Err(error),
                Err(_) => return Ok(block),
                Ok(()) => {}
            }
        }
        Ok(blocks.end)
    }

    /// Tells the system which bytes of a column are going to be read, as part of a longer run or by themselves.
    fn will_read(&self, column: &Column, range: Range<usize>, run: bool) -> Result<(), GalleryError> {
        let (at, start) = (column.entry.offset as usize, range.start);
        let asked = self.map.will_read(at + start..at + range.end, run);
        asked.map_err(|error| self.damaged(column, start as u64, unreadable(&error)))
    }

    /// Bytes of the file that belong to no column, in a part that errors name.
    ///
    /// # Errors
    /// If the system knows that they cannot be read.
    pub(crate) fn read(&self, range: Range<usize>, part: &str) -> Result<&[u8], GalleryError> {
        let asked = self.map.will_read(range.clone(), false);
        asked.map_err(|error| self.damaged_at(range.start as u64, part, unreadable(&error)))?;
        Ok(&self.map[range])
    }

    /// The bytes of a column's block checksums, which are checked against their own.
    pub(crate) fn sound_checksums(&self, column: &Column) -> Result<&[u8], GalleryError> {
        let checksums = self.read_checksums(column)?;
        match crc32c::crc32c(checksums) == column.entry.checksums_checksum {
            true => Ok(checksums),
            false => {
                let part = format!("checksums of {}", column.key.name());
                Err(self.damaged_at(column.entry.checksums, &part, "wrong checksum".into()))
            }
        }
    }

    /// The bytes of a column's block checksums, asked for.
    fn read_checksums(&self, column: &Column) -> Result<&[u8], GalleryError> {
        let start = column.entry.checksums as usize;
        self.read(start..start + self.checksums(column).len(), &format!("checksums of {}", column.key.name()))
    }

    /// The bytes of a column's block checksums. Opening proved that they lie inside the file.
    fn checksums(&self, column: &Column) -> &[u8] {
        let blocks = column.entry.length.div_ceil(BLOCK as u64);
        &self.map[column.entry.checksums as usize..(column.entry.checksums + 4 * blocks) as usize]
    }
}

#[cfg(test)]
mod tests;
