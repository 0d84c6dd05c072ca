//! Segments encrypted at rest.
//!
//! # Problem
//! Who carries the disk away must not carry the people away with it, nor change anything unseen; and the segment, which is used in
//! place, has to come out as it was.
//!
//! # Method
//! A sealed file is a header in clear and then the whole segment, byte for byte, in blocks of 64 KiB, each under AES-256-GCM. The construction is
//! STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, "Online authenticated-encryption and its nonce-reuse misuse-resistance",
//! CRYPTO 2015): a block's nonce is its number and whether it is the last, so blocks that are moved, dropped or cut off do not open; the header
//! is authenticated with each of them. A nonce is never used twice under one key: the key is the file's own ([`Key::of_segment`]),
//! the file is written once from front to back, and the number only counts up.
//!
//! Opening decrypts everything into anonymous memory, locked where the system allows it (`map.rs`), in parallel. After that the segment is used like a
//! mapped one, its own checksums included.
//!
//! # What it does not hide
//! The manifest (counts, sizes, the face model, segment numbers, 32 bits of checksum of each segment) and which rows live stand in clear
//! and are not authenticated: who can write to the disk can put an older commit back. Templates, names and personal IDs stand in segments alone.
//!
//! # Cost
//! Memory for the whole gallery in each process that opens it, and the time to decrypt it: `README.md` has the figure.

use super::{
    GalleryError, Key,
    layout::{self, SEALED_BLOCK, SEALED_TAG, SealedHeader},
    manifest::refuse_newer,
    map::Map,
    segment_file::self_checksum,
    storage::StorageFile,
};
use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit, inout::InOutBuf},
};
use bytemuck::Zeroable;
use rayon::prelude::*;
use std::{
    io,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use zeroize::Zeroize;

/// Bytes of a sealed block on disk.
const STORED: usize = SEALED_BLOCK + SEALED_TAG;
/// So many blocks of a file are read ahead.
const RUN: usize = 64;

/// The nonce of a block.
fn nonce(block: u64, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&block.to_le_bytes());
    nonce[8] = u8::from(is_last);
    nonce
}

/// Seals a file while it is written.
pub(crate) struct Sealing {
    cipher: Aes256Gcm,
    header: SealedHeader,
    /// The open block.
    block: Vec<u8>,
    blocks: u64,
    out: Vec<u8>,
}

impl Sealing {
    /// Starts a file under a key of its own.
    pub(crate) fn new(key: &Key, gallery: [u8; 16], segment: u64) -> io::Result<Sealing> {
        let mut header = SealedHeader {
            magic: layout::SEALED_MAGIC,
            major: layout::MAJOR,
            minor: layout::MINOR,
            gallery,
            segment,
            block: SEALED_BLOCK as u32,
            ..SealedHeader::zeroed()
        };
        getrandom::fill(&mut header.salt).map_err(|error| io::Error::other(error.to_string()))?;
        header.checksum = self_checksum(&header);
        let own = key.of_segment(gallery, segment, header.salt);
        let cipher = Aes256Gcm::new((&*own).into());
        let out = bytemuck::bytes_of(&header).to_vec();
        Ok(Sealing { cipher, header, block: Vec::with_capacity(SEALED_BLOCK), blocks: 0, out })
    }

    /// Takes the next bytes of the segment and hands what is sealed to the file.
    pub(crate) fn append(&mut self, file: &mut dyn StorageFile, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.block.len() == SEALED_BLOCK {
                self.seal(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(SEALED_BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            bytes = later;
        }
        self.hand_over(file)
    }

    /// Seals the last block.
    pub(crate) fn finish(&mut self, file: &mut dyn StorageFile) -> io::Result<()> {
        self.seal(true)?;
        self.hand_over(file)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = nonce(self.blocks, is_last);
        let sealed = self.cipher.encrypt_inout_detached(
            &nonce.into(),
            bytemuck::bytes_of(&self.header),
            self.block.as_mut_slice().into(),
        );
        let tag = sealed.map_err(|_| io::Error::other("a block could not be encrypted"))?;
        self.out.extend_from_slice(&self.block);
        self.out.extend_from_slice(&tag);
        self.block.clear();
        self.blocks += 1;
        Ok(())
    }

    fn hand_over(&mut self, file: &mut dyn StorageFile) -> io::Result<()> {
        let handed = if self.out.is_empty() { Ok(()) } else { file.append(&self.out) };
        self.out.clear();
        handed
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        // An unfinished block holds templates.
        self.block.zeroize();
    }
}

/// What opening a sealed file gave.
pub(crate) struct Opened {
    pub map: Map,
    /// Blocks that did not open, left as zeros; none unless asked for.
    pub bad: Vec<GalleryError>,
}

/// Opens the sealed file of a segment. A block that does not open is an error, or, if `keeps_going`, left as zeros, which the segment's own
/// checksums then tell.
pub(crate) fn open(
    path: &Path,
    file: &Map,
    key: &Key,
    gallery: [u8; 16],
    segment: u64,
    keeps_going: bool,
) -> Result<Opened, GalleryError> {
    let at = |offset: u64, part: &str, reason: String| GalleryError::Damaged {
        path: path.to_path_buf(),
        offset,
        part: part.to_string(),
        reason,
    };
    file.will_read(0..file.len().min(size_of::<SealedHeader>()), false)
        .map_err(|error| at(0, "sealed header", format!("cannot be read: {error}")))?;
    let stored: &[u8] = file;
    let Some((header, blocks)) = stored.split_at_checked(size_of::<SealedHeader>()) else {
        return Err(at(0, "sealed header", format!("a file of {} bytes is no sealed segment", stored.len())));
    };
    let of: SealedHeader = bytemuck::pod_read_unaligned(header);
    if of.magic != layout::SEALED_MAGIC {
        return Err(at(0, "sealed header", "not a sealed segment, though the gallery is encrypted".into()));
    }
    if of.checksum != self_checksum(&of) {
        return Err(at(0, "sealed header", "wrong checksum".into()));
    }
    refuse_newer(path, of.major, of.minor)?;
    if of.features != 0 {
        return Err(GalleryError::Feature { path: path.into(), feature: format!("sealed bits {:#x}", of.features) });
    }
    if (of.gallery, of.segment) != (gallery, segment) {
        return Err(at(16, "sealed header", "belongs to another gallery or segment".into()));
    }
    if of.block as usize != SEALED_BLOCK {
        return Err(at(56, "sealed header", format!("blocks of {} bytes, expected {SEALED_BLOCK}", of.block)));
    }
    let count = blocks.len().div_ceil(STORED);
    if count == 0 || blocks.len() - (count - 1) * STORED <= SEALED_TAG {
        return Err(at(stored.len() as u64, "sealed blocks", "the file is cut".into()));
    }
    let cipher = Aes256Gcm::new((&*key.of_segment(gallery, segment, of.salt)).into());
    let bad = Mutex::new(Vec::new());
    let failed = AtomicBool::new(false);
    let fill = |plain: &mut [u8]| {
        plain.par_chunks_mut(SEALED_BLOCK).zip(blocks.par_chunks(STORED)).enumerate().for_each(
            |(i, (plain, stored))| {
                if !keeps_going && failed.load(Ordering::Relaxed) {
                    return;
                }
                let from = size_of::<SealedHeader>() + i * STORED;
                if i % RUN == 0 {
                    let _ = file.will_read(from..file.len().min(from + RUN * STORED), true);
                }
                // What the hint could not say: whether this block can be read, and not end the process.
                let is_there = file.will_read(from..from + stored.len(), true).is_ok();
                let (sealed, tag) = stored.split_at(plain.len());
                let nonce = nonce(i as u64, i + 1 == count);
                let opened = is_there
                    && InOutBuf::new(sealed, plain).ok().zip(tag.first_chunk::<SEALED_TAG>()).is_some_and(
                        |(both, tag)| cipher.decrypt_inout_detached(&nonce.into(), header, both, tag.into()).is_ok(),
                    );
                if !opened {
                    plain.fill(0);
                    failed.store(true, Ordering::Relaxed);
                    let reason =
                        if is_there { "changed since it was written: it does not open" } else { "cannot be read" };
                    let error = at(from as u64, &format!("sealed block {i}"), reason.into());
                    if let Ok(mut bad) = bad.lock() {
                        bad.push((i, error));
                    }
                }
            },
        );
    };
    let map =
        Map::opened(blocks.len() - count * SEALED_TAG, fill).map_err(GalleryError::io(path, "make memory for"))?;
    let mut bad = bad.into_inner().unwrap_or_default();
    bad.sort_by_key(|(i, _)| *i);
    let mut bad: Vec<GalleryError> = bad.into_iter().map(|(_, error)| error).collect();
    if !keeps_going && !bad.is_empty() {
        return Err(bad.swap_remove(0));
    }
    Ok(Opened { map, bad })
}
