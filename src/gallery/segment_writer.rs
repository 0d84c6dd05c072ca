//! Writes a segment from front to back.

use super::{
    GalleryError, Key,
    layout::{self, ALIGNMENT, BLOCK, ColumnEntry, ColumnKind, Header, Trailer, aligned},
    sealed::Sealing,
    segment_file::self_checksum,
    storage::{Storage, StorageFile},
    table::ColumnKey,
};
use bytemuck::{Pod, Zeroable};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};
use zeroize::Zeroize;

/// How many bytes are gathered before they are handed to the file.
const GATHER: usize = 1 << 20;

/// Writes one segment: columns in ascending order of their keys, each in as many pieces as its writer likes.
pub(crate) struct SegmentWriter {
    path: PathBuf,
    file: Box<dyn StorageFile>,
    /// What encrypts the bytes on their way to the file, in an encrypted gallery.
    sealing: Option<Sealing>,
    segment: u64,
    /// Bytes handed in so far, and those of them that the file has not got yet.
    written: u64,
    gathered: Gathered,
    entries: Vec<ColumnEntry>,
    last: Option<ColumnKey>,
    checksums: Vec<u32>,
    /// First checksum of the open column.
    column_checksums: usize,
    /// Running checksum of the open block and how much of it is filled.
    block: (u32, usize),
}

/// Bytes on their way to the file: templates, so they are wiped in the end. Memory that was never filled is not touched, or small
/// commits would pay for all of it.
struct Gathered {
    bytes: Vec<u8>,
    /// The most bytes that it held.
    filled: usize,
}

impl Gathered {
    /// Takes the memory back from who has read it.
    fn empty(&mut self, mut bytes: Vec<u8>) {
        self.filled = self.filled.max(bytes.len());
        bytes.clear();
        self.bytes = bytes;
    }
}

impl Drop for Gathered {
    fn drop(&mut self) {
        let filled = self.filled.max(self.bytes.len());
        self.bytes.resize(filled, 0);
        self.bytes.as_mut_slice().zeroize();
    }
}

/// A complete segment file that a loss of power may still take.
pub(crate) struct Unsynced {
    path: PathBuf,
    file: Box<dyn StorageFile>,
}

impl Unsynced {
    /// Returns when the file is safe.
    pub(crate) fn sync(mut self) -> Result<(), GalleryError> {
        self.file.sync().map_err(GalleryError::io(&self.path, "sync"))
    }
}

/// How a column is described beside its key.
#[derive(Clone, Copy, Default)]
pub(crate) struct ColumnForm {
    pub stride: u32,
    pub derived_layout: u16,
    pub derived_version: u32,
}

impl SegmentWriter {
    /// Starts a segment file at `path`, sealed if there is a key.
    pub(crate) fn create(
        storage: &dyn Storage,
        path: &Path,
        (gallery, key): ([u8; 16], Option<&Key>),
        segment: u64,
        dimension: usize,
    ) -> Result<Self, GalleryError> {
        let sealing = key.map(|key| Sealing::new(key, gallery, segment)).transpose();
        let sealing = sealing.map_err(GalleryError::io(path, "make a key for"))?;
        let file = storage.create(path).map_err(GalleryError::io(path, "create"))?;
        let mut header = Header {
            magic: layout::SEGMENT_MAGIC,
            major: layout::MAJOR,
            minor: layout::MINOR,
            gallery,
            segment,
            dimension: dimension as u32,
            block: BLOCK as u32,
            ..Header::zeroed()
        };
        header.checksum = self_checksum(&header);
        let mut writer = SegmentWriter {
            path: path.to_path_buf(),
            file,
            sealing,
            segment,
            written: 0,
            gathered: Gathered { bytes: Vec::with_capacity(GATHER), filled: 0 },
            entries: Vec::new(),
            last: None,
            checksums: Vec::new(),
            column_checksums: 0,
            block: (0, 0),
        };
        writer.put(bytemuck::bytes_of(&header))?;
        Ok(writer)
    }

    /// Says that the segment is one of many new ones, which nobody has read yet.
    pub(crate) fn bypass_cache(&mut self) {
        self.file.bypass_cache();
    }

    /// Writes a whole column of plain items.
    pub(crate) fn column<T: Pod>(&mut self, key: ColumnKey, items: &[T]) -> Result<(), GalleryError> {
        let stride = key.kind.stride().unwrap_or(size_of::<T>() as u32);
        self.begin(key, ColumnForm { stride, ..ColumnForm::default() })?;
        self.write(bytemuck::cast_slice(items))?;
        self.end().map(|_| ())
    }

    /// Starts a column. Keys must ascend.
    pub(crate) fn begin(&mut self, key: ColumnKey, form: ColumnForm) -> Result<(), GalleryError> {
        if self.last.is_some_and(|last| last >= key) {
            return Err(GalleryError::Option { reason: "a derived column was given twice, or columns out of order" });
        }
        self.last = Some(key);
        self.pad()?;
        self.column_checksums = self.checksums.len();
        self.block = (0, 0);
        self.entries.push(ColumnEntry {
            kind: key.kind as u16,
            modality: key.modality,
            position: key.position,
            derived_kind: key.derived.unwrap_or(0),
            derived_layout: form.derived_layout,
            derived_version: form.derived_version,
            stride: form.stride,
            offset: self.written,
            ..ColumnEntry::zeroed()
        });
        Ok(())
    }

    /// Writes the next bytes of the open column.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<(), GalleryError> {
        self.put(bytes)?;
        while !bytes.is_empty() {
            let (checksum, filled) = self.block;
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - filled));
            self.block = (crc32c::crc32c_append(checksum, now), filled + now.len());
            if self.block.1 == BLOCK {
                self.checksums.push(self.block.0);
                self.block = (0, 0);
            }
            bytes = later;
        }
        Ok(())
    }

    /// Ends the open column and says where in the file it stands.
    pub(crate) fn end(&mut self) -> Result<Range<usize>, GalleryError> {
        if self.block.1 > 0 {
            self.checksums.push(self.block.0);
        }
        let checksums = &self.checksums[self.column_checksums..];
        if let Some(entry) = self.entries.last_mut() {
            entry.length = self.written - entry.offset;
            entry.count = entry.length / u64::from(entry.stride.max(1));
            entry.checksums_checksum = crc32c::crc32c(bytemuck::cast_slice(checksums));
            return Ok(entry.offset as usize..self.written as usize);
        }
        Ok(0..0)
    }

    /// Writes checksums, table and trailer. The file is complete and not yet synced.
    pub(crate) fn finish(mut self, rows: usize) -> Result<Unsynced, GalleryError> {
        self.pad()?;
        let checksums_at = self.written;
        let mut next = checksums_at;
        for entry in &mut self.entries {
            entry.checksums = next;
            next += 4 * entry.length.div_ceil(BLOCK as u64);
        }
        let checksums = std::mem::take(&mut self.checksums);
        self.put(bytemuck::cast_slice(&checksums))?;
        self.pad()?;
        let entries = std::mem::take(&mut self.entries);
        let table: &[u8] = bytemuck::cast_slice(&entries);
        let mut trailer = Trailer {
            magic: layout::TRAILER_MAGIC,
            segment: self.segment,
            rows: rows as u64,
            table: self.written,
            columns: entries.len() as u32,
            table_checksum: crc32c::crc32c(table),
            checksums: checksums_at,
            ..Trailer::zeroed()
        };
        trailer.checksum = self_checksum(&trailer);
        self.put(table)?;
        self.put(bytemuck::bytes_of(&trailer))?;
        self.flush()?;
        if let Some(sealing) = &mut self.sealing {
            sealing.finish(&mut *self.file).map_err(GalleryError::io(&self.path, "write"))?;
        }
        Ok(Unsynced { path: self.path, file: self.file })
    }

    /// Hands everything gathered to the file, so that a mapping sees it.
    pub(crate) fn flush(&mut self) -> Result<(), GalleryError> {
        if self.gathered.bytes.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered.bytes);
        let handed = self.hand(&gathered);
        self.gathered.empty(gathered);
        handed
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn pad(&mut self) -> Result<(), GalleryError> {
        let zeros = (aligned(self.written) - self.written) as usize;
        self.put(&[0; ALIGNMENT][..zeros])
    }

    fn hand(&mut self, bytes: &[u8]) -> Result<(), GalleryError> {
        let handed = match &mut self.sealing {
            None => self.file.append(bytes),
            Some(sealing) => sealing.append(&mut *self.file, bytes),
        };
        handed.map_err(GalleryError::io(&self.path, "write"))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), GalleryError> {
        self.written += bytes.len() as u64;
        if self.gathered.bytes.len() + bytes.len() > GATHER {
            self.flush()?;
        }
        if bytes.len() >= GATHER {
            return self.hand(bytes);
        }
        self.gathered.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// The kinds of a finger's own columns stand before the derived ones in the order of keys.
const _: () = assert!((ColumnKind::Properties as u16) < ColumnKind::DerivedBytes as u16);
