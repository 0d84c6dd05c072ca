//! A deduplication that survives its process.
//!
//! A join of a country takes days. What each finished block found is appended to a file and synced before the next block
//! begins, so that a run that was killed goes on after the last block that is whole. A file that belongs to other commits, other options or
//! other rules is refused: its pairs would be those of another question.
//!
//! # Layout
//! Little-endian. A head of 64 bytes: `VTYJOIN3`, then for each side the gallery's number (16) and commit (8), then CRC-32C and length
//! of what was asked (8). For each block: its number (8), how many pairs (8), comparisons (8), full comparisons (8), bytes read (8), the pairs as
//! four `u32` (segment and row of either side), CRC-32C of all that (4).

use super::{SearchError, Work};
use crate::gallery::{Place, Snapshot};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"VTYJOIN3";
const HEAD: usize = 64;
const RECORD: usize = 40;
const PAIR: usize = 16;

/// What finished blocks found, in memory and, if asked, in a file.
pub(super) struct Ledger {
    file: Option<(PathBuf, File)>,
    /// The first block that is not finished.
    pub next: u64,
    /// The pairs of the finished blocks.
    pub pairs: Vec<(Place, Place)>,
    /// What they took.
    pub work: Work,
}

impl Ledger {
    /// One that its process takes with it.
    pub fn in_memory() -> Self {
        Ledger { file: None, next: 0, pairs: Vec::new(), work: Work::default() }
    }

    /// Opens the ledger at `path`, or begins one, for a run over these snapshots; `asked` is everything else on which its pairs depend.
    ///
    /// # Errors
    /// [`SearchError::Checkpoint`] if the file is of another run, is no checkpoint, or the system refuses.
    pub fn open(path: &Path, sides: [&Snapshot; 2], asked: &str) -> Result<Self, SearchError> {
        let failed = |error: io::Error| SearchError::Checkpoint { path: path.into(), reason: error.to_string() };
        let refused = |reason: &str| SearchError::Checkpoint { path: path.into(), reason: reason.into() };
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let mut file = open.open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let head = head(sides, asked);
        if bytes.len() < HEAD {
            // Killed before it had begun, or new.
            if !head.starts_with(&bytes) {
                return Err(refused("not a checkpoint of a deduplication"));
            }
            begin(&mut file, &head).map_err(failed)?;
            return Ok(Ledger { file: Some((path.into(), file)), ..Self::in_memory() });
        }
        if !bytes.starts_with(MAGIC) {
            return Err(refused("not a checkpoint of a deduplication"));
        }
        if bytes[..HEAD] != head {
            return Err(refused("of another gallery, commit, options or rules: remove it, or run without it"));
        }
        let mut ledger = Self::in_memory();
        let mut whole = HEAD;
        while let Some(length) = ledger.take(&bytes[whole..]) {
            whole += length;
        }
        // What a kill left half written is written again.
        file.set_len(whole as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Ledger { file: Some((path.into(), file)), ..ledger })
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
        let part = |four: &[u8]| u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        let place = |pair: &[u8]| Place { segment: part(pair) as usize, row: part(&pair[4..]) };
        self.pairs.extend(bytes[RECORD..length].chunks_exact(PAIR).map(|pair| (place(pair), place(&pair[8..]))));
        self.work += Work { comparisons: number(16)?, full_comparisons: number(24)?, bytes_read: number(32)? };
        self.next = block + 1;
        Some(length + 4)
    }

    /// Adds a finished block, durably if there is a file.
    pub fn finish(&mut self, work: Work, mut pairs: Vec<(Place, Place)>) -> Result<(), SearchError> {
        // Threads find them in any order.
        pairs.sort_unstable();
        if let Some((path, file)) = &mut self.file {
            let mut bytes = Vec::with_capacity(RECORD + pairs.len() * PAIR + 4);
            let numbers = [self.next, pairs.len() as u64, work.comparisons, work.full_comparisons, work.bytes_read];
            numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
            for (a, b) in &pairs {
                let parts = [a.segment as u32, a.row, b.segment as u32, b.row];
                parts.iter().for_each(|part| bytes.extend_from_slice(&part.to_le_bytes()));
            }
            bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
            let written = file.write_all(&bytes).and_then(|()| file.sync_data());
            written.map_err(|error| SearchError::Checkpoint { path: path.clone(), reason: error.to_string() })?;
        }
        self.next += 1;
        self.pairs.append(&mut pairs);
        self.work += work;
        Ok(())
    }
}

fn begin(file: &mut File, head: &[u8; HEAD]) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(head)?;
    file.sync_all()
}

fn head([left, right]: [&Snapshot; 2], asked: &str) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(MAGIC);
    for (side, at) in [(left, 8), (right, 32)] {
        head[at..at + 16].copy_from_slice(&side.gallery_number().to_le_bytes());
        head[at + 16..at + 24].copy_from_slice(&side.info().commit.to_le_bytes());
    }
    head[56..60].copy_from_slice(&crc32c::crc32c(asked.as_bytes()).to_le_bytes());
    head[60..].copy_from_slice(&(asked.len() as u32).to_le_bytes());
    head
}
