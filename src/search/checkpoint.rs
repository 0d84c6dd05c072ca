//! A join of portraits that survives its process.
//!
//! A join of a country takes days. What each finished block found is appended to a file and synced before the next block
//! begins, so that a run that was killed goes on after the last block that is whole. A file that belongs to other commits or
//! another threshold is refused: its pairs would be those of another question.
//!
//! # Layout
//! Little-endian. A head of 64 bytes: `VTYJOIN1`, then for each side the gallery's number (16) and commit (8), then the threshold as
//! `f64`. For each block: its number (8), how many pairs (8), comparisons (8), full comparisons (8), bytes read (8), the pairs as
//! four `u32` (column and row of either side), CRC-32C of all that (4).

use super::{SearchError, Work};
use crate::{face, gallery::Snapshot};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"VTYJOIN1";
const HEAD: usize = 64;
const RECORD: usize = 40;
const PAIR: usize = 16;

/// An open checkpoint, and what it held.
pub(super) struct Checkpoint {
    path: PathBuf,
    file: File,
    /// The first block that is not finished.
    pub next: u64,
    /// The pairs of the finished blocks.
    pub pairs: Vec<(face::Place, face::Place)>,
    /// What they took.
    pub work: Work,
}

impl Checkpoint {
    /// Opens the checkpoint at `path`, or begins one, for a join of these snapshots at this threshold.
    ///
    /// # Errors
    /// [`SearchError::Checkpoint`] if the file is of another join, is no checkpoint, or the system refuses.
    pub fn open(path: &Path, sides: [&Snapshot; 2], threshold: f64) -> Result<Self, SearchError> {
        let failed = |error: io::Error| SearchError::Checkpoint { path: path.into(), reason: error.to_string() };
        let refused = |reason: &str| SearchError::Checkpoint { path: path.into(), reason: reason.into() };
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let mut file = open.open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let head = head(sides, threshold);
        let mut checkpoint = Checkpoint { path: path.into(), file, next: 0, pairs: Vec::new(), work: Work::default() };
        if bytes.len() < HEAD {
            // Killed before it had begun, or new.
            if !head.starts_with(&bytes) {
                return Err(refused("not a checkpoint of a join"));
            }
            checkpoint.begin(&head).map_err(failed)?;
            return Ok(checkpoint);
        }
        if !bytes.starts_with(MAGIC) {
            return Err(refused("not a checkpoint of a join"));
        }
        if bytes[..HEAD] != head {
            return Err(refused("of another gallery, commit or threshold: remove it, or run without it"));
        }
        let mut whole = HEAD;
        while let Some(length) = checkpoint.take(&bytes[whole..]) {
            whole += length;
        }
        // What a kill left half written is written again.
        checkpoint.file.set_len(whole as u64).map_err(failed)?;
        checkpoint.file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(checkpoint)
    }

    fn begin(&mut self, head: &[u8; HEAD]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(head)?;
        self.file.sync_all()
    }

    /// Takes over the next record if it is whole, and says how long it is.
    fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let (block, count) = (number(0)?, number(8)?);
        let length = usize::try_from(count).ok()?.checked_mul(PAIR)?.checked_add(RECORD)?;
        let checksum = u32::from_le_bytes(bytes.get(length..length.checked_add(4)?)?.try_into().ok()?);
        if block != self.next || crc32c::crc32c(&bytes[..length]) != checksum {
            return None;
        }
        let place = |pair: &[u8]| face::Place {
            column: u32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]),
            row: u32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]),
        };
        self.pairs.extend(bytes[RECORD..length].chunks_exact(PAIR).map(|pair| (place(pair), place(&pair[8..]))));
        self.work += Work { comparisons: number(16)?, full_comparisons: number(24)?, bytes_read: number(32)? };
        self.next = block + 1;
        Some(length + 4)
    }

    /// Adds a finished block, durably.
    pub fn finish(&mut self, work: face::Work, pairs: Vec<(face::Place, face::Place)>) -> Result<(), SearchError> {
        let mut bytes = Vec::with_capacity(RECORD + pairs.len() * PAIR + 4);
        let numbers = [self.next, pairs.len() as u64, work.comparisons, work.full_comparisons, work.bytes_read];
        numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        for (a, b) in &pairs {
            [a.column, a.row, b.column, b.row].iter().for_each(|part| bytes.extend_from_slice(&part.to_le_bytes()));
        }
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        written.map_err(|error| SearchError::Checkpoint { path: self.path.clone(), reason: error.to_string() })?;
        self.next += 1;
        self.pairs.extend(pairs);
        self.work += work.into();
        Ok(())
    }
}

fn head([left, right]: [&Snapshot; 2], threshold: f64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(MAGIC);
    for (side, at) in [(left, 8), (right, 32)] {
        head[at..at + 16].copy_from_slice(&side.gallery_number().to_le_bytes());
        head[at + 16..at + 24].copy_from_slice(&side.info().commit.to_le_bytes());
    }
    head[56..].copy_from_slice(&threshold.to_le_bytes());
    head
}
