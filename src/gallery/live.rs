//! Which rows of a segment live: a bit for each, in a file of its own.
//!
//! A removal must not rewrite a segment, and a reader that opened before it must not see it. So every commit that removes
//! rows of a segment writes the segment's bits anew under a name with the commit's number, and its manifest names that file.
//! The bits of the largest segment (524,288 rows by default) are 64 KiB: a removal costs the same however large the gallery is.

use super::{
    GalleryError,
    layout::{self, LIVE_MAGIC, LiveHeader},
    map::Map,
    segment_file::self_checksum,
    storage::Storage,
};
use bytemuck::Zeroable;
use std::{fs::File, io::Read, path::Path};

/// The mapped bits of a segment.
pub(crate) struct Live {
    map: Map,
    header: LiveHeader,
}

impl Live {
    /// Maps and checks the bits of `segment`, which has `rows` rows, as of `commit`.
    pub(crate) fn open(
        directory: &Path,
        gallery: [u8; 16],
        segment: u64,
        commit: u64,
        rows: usize,
    ) -> Result<Live, GalleryError> {
        let path = directory.join(layout::live_name(segment, commit));
        let file = File::open(&path).map_err(GalleryError::io(&path, "open"))?;
        let map = Map::new(&file).map_err(GalleryError::io(&path, "map"))?;
        let damaged = |offset, reason: &str| GalleryError::Damaged {
            path: path.clone(),
            offset,
            part: "live rows".into(),
            reason: reason.into(),
        };
        if map.len() != 64 + 8 * rows.div_ceil(64) {
            return Err(damaged(map.len() as u64, "the file has not the length of its segment"));
        }
        // A bad sector is damage too, and not the end of the process.
        map.will_read(0..map.len(), false).map_err(|error| damaged(0, &format!("cannot be read: {error}")))?;
        let header: LiveHeader = bytemuck::pod_read_unaligned(&map[..64]);
        if header.magic != LIVE_MAGIC || header.checksum != self_checksum(&header) {
            return Err(damaged(0, "wrong checksum of the header"));
        }
        if (header.gallery, header.segment, header.commit) != (gallery, segment, commit) {
            return Err(damaged(8, "belongs to another gallery, segment or commit"));
        }
        if header.rows != rows as u64 || header.live > header.rows {
            return Err(damaged(40, "is of another number of rows"));
        }
        if crc32c::crc32c(&map[64..]) != header.words_checksum {
            return Err(damaged(64, "wrong checksum of the bits"));
        }
        let live = Live { map, header };
        let words = live.words();
        let set: u64 = words.iter().map(|word| u64::from(word.count_ones())).sum();
        let beyond = !rows.is_multiple_of(64) && words.last().is_some_and(|last| last >> (rows % 64) != 0);
        if set != header.live || beyond {
            return Err(damaged(64, "the bits are not as many as stated"));
        }
        Ok(live)
    }

    /// The words of bits.
    pub(crate) fn words(&self) -> &[u64] {
        // The map starts at a page and opening saw that whole words follow the header.
        self.map.get(64..).map_or(&[], |bytes| bytemuck::try_cast_slice(bytes).unwrap_or(&[]))
    }

    /// How many rows live.
    pub(crate) fn count(&self) -> usize {
        self.header.live as usize
    }

    /// The commit that wrote it.
    pub(crate) fn commit(&self) -> u64 {
        self.header.commit
    }

    /// Whether these are the bits that a directory has of its segment as of `commit`, by the header of the file there.
    ///
    /// The commit alone does not tell: where a backup was put back, another commit may have got the same number.
    pub(crate) fn is_of(&self, directory: &Path, commit: u64) -> bool {
        let mut header = LiveHeader::zeroed();
        let path = directory.join(layout::live_name(self.header.segment, commit));
        let read = File::open(path).and_then(|mut file| file.read_exact(bytemuck::bytes_of_mut(&mut header)));
        read.is_ok() && bytemuck::bytes_of(&header) == bytemuck::bytes_of(&self.header)
    }
}

/// Writes the bits of a segment as of a commit and syncs them.
pub(crate) fn write(
    storage: &dyn Storage,
    directory: &Path,
    gallery: [u8; 16],
    (segment, commit, rows): (u64, u64, usize),
    words: &[u64],
) -> Result<u64, GalleryError> {
    let path = directory.join(layout::live_name(segment, commit));
    let live = words.iter().map(|word| u64::from(word.count_ones())).sum();
    let bytes: &[u8] = bytemuck::cast_slice(words);
    let mut header = LiveHeader {
        magic: LIVE_MAGIC,
        gallery,
        segment,
        commit,
        rows: rows as u64,
        live,
        words_checksum: crc32c::crc32c(bytes),
        ..LiveHeader::zeroed()
    };
    header.checksum = self_checksum(&header);
    let mut file = storage.create(&path).map_err(GalleryError::io(&path, "create"))?;
    let whole = [bytemuck::bytes_of(&header), bytes].concat();
    file.append(&whole).map_err(GalleryError::io(&path, "write"))?;
    file.sync().map_err(GalleryError::io(&path, "sync"))?;
    Ok(live)
}
