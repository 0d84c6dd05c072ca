//! Opening a segment that was changed: never a wrong answer, never a crash.
//!
//! The first byte chooses who changed it: the disk, so that checksums tell; or a forger, who writes checksums that fit. Then come changes of
//! four bytes: where (two), how, what. Against the disk the oracle is the segment as it was; against the forger it is a reader
//! that knows offsets and nothing else: where the library reads a registration, both must find the same.

use super::{gallery_support::content::read, golden};
use std::{collections::BTreeMap, sync::OnceLock};
use vantay::gallery::{Checking, Gallery, GalleryError, Segment, check as check_gallery};

type Content = BTreeMap<String, Vec<u8>>;

/// Checks any changes.
pub fn check(bytes: &[u8]) {
    let Some((choice, changes)) = bytes.split_first() else { return };
    let mut segment = golden::SEGMENT.to_vec();
    changes.chunks_exact(4).take(64).for_each(|change| apply(&mut segment, change));
    let manifest = match choice % 3 {
        0 => golden::MANIFEST.to_vec(),
        1 => sign(&mut segment, false),
        _ => sign(&mut segment, true),
    };
    let directory = tempfile::tempdir().unwrap();
    golden::write(directory.path(), &manifest, &segment);
    let opened = |checking| Gallery::open_with(directory.path(), golden::options(checking));
    if choice % 3 == 0 {
        let is_whole = segment == golden::SEGMENT;
        match opened(Checking::OnFirstUse).and_then(|gallery| read(&gallery.snapshot(), true)) {
            Ok(content) => assert!(content == *whole(), "a wrong answer"),
            Err(error) => assert!(!is_whole && names_the_place(&error), "{error}"),
        }
        assert_eq!(check_gallery(directory.path(), true).is_whole(), is_whole);
        return;
    }
    for checking in [Checking::Off, Checking::OnFirstUse] {
        let Ok(gallery) = opened(checking) else { continue };
        let snapshot = gallery.snapshot();
        snapshot.segments().iter().for_each(|opened| compare(opened, &segment));
        let rows = |opened: &Segment| (0..opened.len()).all(|row| opened.registration(row).is_ok());
        let reads = snapshot.segments().iter().all(|opened| rows(opened));
        // What the deep check finds whole is read to its end.
        assert!(reads || !snapshot.check(true).is_whole());
        let _ = read(&snapshot, false);
    }
}

/// The content as it was written.
fn whole() -> &'static Content {
    static WHOLE: OnceLock<Content> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        golden::write(directory.path(), golden::MANIFEST, golden::SEGMENT);
        read(&Gallery::open_with(directory.path(), golden::options(Checking::OnFirstUse)).unwrap().snapshot(), true)
            .unwrap()
    })
}

fn names_the_place(error: &GalleryError) -> bool {
    matches!(error, GalleryError::Damaged { path, .. } | GalleryError::Newer { path, .. } | GalleryError::Feature { path, .. }
        if path.file_name().is_some())
}

fn apply(segment: &mut Vec<u8>, change: &[u8]) {
    let &[low, high, how, value] = change else { return };
    let place = usize::from(u16::from_le_bytes([low, high]));
    let length = segment.len();
    if length == 0 {
        return;
    }
    // Half of the places lie in the header, the table and the trailer, where the numbers are.
    let at = match how >> 6 {
        0 => length.saturating_sub(64 + 64 * 60) + place % (64 + 64 * 60).min(length),
        1 => place % 64.min(length),
        _ => place % length,
    };
    let word = at / 8 * 8;
    match how % 8 {
        0 => segment[at] = value,
        1 => segment[at] ^= 1 << (value % 8),
        2 => segment[at] = segment[at].wrapping_add(value),
        3 => segment.truncate(at),
        4 => segment.extend(std::iter::repeat_n(value, place % 257)),
        5 => {
            let from = usize::from(value) * 64 % length;
            let moved: Vec<u8> = segment[from..length.min(from + 64)].to_vec();
            let end = length.min(at + moved.len());
            segment[at..end].copy_from_slice(&moved[..end - at]);
        }
        _ => {
            let numbers = [u64::MAX, u64::MAX >> 1, 0, 1, 64, 1 << 32, length as u64, u64::from(value)];
            if let Some(eight) = segment.get_mut(word..word + 8) {
                eight.copy_from_slice(&numbers[usize::from(value) % 8].to_le_bytes());
            }
        }
    }
}

/// Little-endian numbers of a file, `None` beyond its end.
#[derive(Clone, Copy)]
struct Plain<'a>(&'a [u8]);

impl<'a> Plain<'a> {
    fn bytes(self, at: u64, length: u64) -> Option<&'a [u8]> {
        self.0.get(usize::try_from(at).ok()?..usize::try_from(at.checked_add(length)?).ok()?)
    }

    fn number(self, at: u64, length: u64) -> Option<u64> {
        Some(self.bytes(at, length)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// Where the column (kind, modality, position) starts.
    fn column(self, kind: u64, modality: u64, position: u64) -> Option<u64> {
        let trailer = (self.0.len() as u64).checked_sub(64)?;
        let table = self.number(trailer + 24, 8)?;
        let entries = (0..self.number(trailer + 32, 4)?).map(|i| table + 64 * i);
        let of = |entry: u64| Some((self.number(entry, 2)?, self.number(entry + 2, 1)?, self.number(entry + 3, 1)?));
        self.number(entries.into_iter().find(|&entry| of(entry) == Some((kind, modality, position)))? + 24, 8)
    }

    /// Item `i` of a column of items whose ends a column of offsets states.
    fn item(self, offsets: u64, from: u64, i: u64, stride: u64) -> Option<&'a [u8]> {
        let [start, end] = [self.number(offsets + 4 * i, 4)?, self.number(offsets + 4 * i + 4, 4)?];
        self.bytes(from + stride * start, stride * end.checked_sub(start)?)
    }
}

/// Where the library reads something of a segment, the plain reader reads the same.
fn compare(opened: &Segment, bytes: &[u8]) {
    let plain = Plain(bytes);
    for row in 0..opened.len() {
        if let Ok(name) = opened.registration_name(row) {
            let (offsets, text) = (plain.column(1, 0, 0).unwrap(), plain.column(2, 0, 0).unwrap());
            assert_eq!(plain.item(offsets, text, row as u64, 1), Some(name.as_bytes()));
        }
        if let Ok(id) = opened.personal_id(row) {
            let (offsets, text) = (plain.column(5, 0, 0).unwrap(), plain.column(6, 0, 0).unwrap());
            assert_eq!(plain.item(offsets, text, row as u64, 1), Some(id.as_bytes()));
        }
    }
    if let Ok(Some(faces)) = opened.faces() {
        let (rows, from) = (plain.column(16, 1, 0).unwrap(), plain.column(17, 1, 0).unwrap());
        for (i, &row) in faces.rows().iter().enumerate() {
            assert_eq!(plain.number(rows + 4 * i as u64, 4), Some(u64::from(row)));
            let stride = 4 * faces.dimension() as u64;
            if let Ok(embedding) = faces.embedding(i) {
                assert_eq!(plain.bytes(from + stride * i as u64, stride), Some(bytemuck::cast_slice(embedding)));
            }
        }
    }
    for position in vantay::template::FingerPosition::all() {
        let Ok(Some(fingers)) = opened.fingers(position) else { continue };
        let of = |kind| plain.column(kind, 2, u64::from(position.number())).unwrap();
        for i in 0..fingers.len() {
            let Ok(minutiae) = fingers.minutiae(i) else { continue };
            assert_eq!(plain.item(of(18), of(19), i as u64, 8), Some(bytemuck::cast_slice(minutiae)));
        }
    }
}

/// Gives a segment checksums that fit, of its columns too if `blocks`; the manifest that names it.
fn sign(segment: &mut [u8], blocks: bool) -> Vec<u8> {
    let length = segment.len();
    let mut trailer = 0;
    if length >= 128 {
        let end = length - 64;
        let plain = Plain(segment);
        let numbers = plain.number(end as u64 + 24, 8).zip(plain.number(end as u64 + 32, 4));
        let table = numbers.and_then(|(table, columns)| {
            let table = usize::try_from(table).ok().filter(|&table| table <= end)?;
            Some((table, usize::try_from(columns).ok()?.min((end - table) / 64)))
        });
        if let Some((table, columns)) = table {
            (0..if blocks { columns } else { 0 }).for_each(|i| sign_column(segment, table + 64 * i));
            put(segment, end + 36, table..end);
        }
        put(segment, 60, 0..60);
        put(segment, length - 4, end..length - 4);
        trailer = u32::from_le_bytes(segment[length - 4..].try_into().unwrap());
    }
    let body = String::from_utf8(golden::body().to_vec()).unwrap();
    let was = u32::from_le_bytes(golden::SEGMENT[golden::SEGMENT.len() - 4..].try_into().unwrap());
    let body = body.replace(&format!("\"trailer\":{was}"), &format!("\"trailer\":{trailer}"));
    let body = body.replace(&format!("\"bytes\":{}", golden::SEGMENT.len()), &format!("\"bytes\":{length}"));
    golden::signed(body.as_bytes())
}

/// The checksums of one column, as its entry of the table states the places.
fn sign_column(segment: &mut [u8], entry: usize) {
    let plain = Plain(segment);
    let field = |at: usize| plain.number((entry + at) as u64, 8).and_then(|value| usize::try_from(value).ok());
    let (Some(offset), Some(bytes), Some(checksums)) = (field(24), field(32), field(40)) else { return };
    let Some(end) = offset.checked_add(bytes).filter(|&end| end <= segment.len()) else { return };
    let blocks = bytes.div_ceil(32 << 10);
    if checksums.checked_add(4 * blocks).is_none_or(|end| end > segment.len()) {
        return;
    }
    for block in 0..blocks {
        let from = offset + block * (32 << 10);
        put(segment, checksums + 4 * block, from..end.min(from + (32 << 10)));
    }
    put(segment, entry + 48, checksums..checksums + 4 * blocks);
}

fn put(segment: &mut [u8], at: usize, of: std::ops::Range<usize>) {
    let checksum = crc32c::crc32c(&segment[of]).to_le_bytes();
    if let Some(place) = segment.get_mut(at..at + 4) {
        place.copy_from_slice(&checksum);
    }
}
