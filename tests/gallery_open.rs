//! Opening costs the segments, not what is in them.
#![allow(clippy::unwrap_used)]

mod gallery_support;

use gallery_support::{Doubles, face_spec, sample};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use vantay::gallery::{Gallery, Limits, Options, ReadOptions};

/// One test at a time: they measure.
static QUIET: Mutex<()> = Mutex::new(());

/// Rows of a segment that merging fills.
const ROWS: u64 = 1 << 19;

/// The fastest of some openings; what others do on the machine only makes it slower.
fn fastest_opening(path: &Path) -> Duration {
    (0..50)
        .map(|_| {
            let start = Instant::now();
            let gallery = Gallery::open(path).unwrap();
            let elapsed = start.elapsed();
            drop(gallery);
            elapsed
        })
        .min()
        .unwrap()
}

/// As many segments as a bulk load of ten million registrations leaves before it is compacted.
#[test]
fn as_many_segments_as_ten_million_registrations_make_open_in_milliseconds() {
    let _quiet = QUIET.lock();
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { staged_rows: 4, fan_in: 1000, ..Limits::default() };
    let read = ReadOptions { limits, ..ReadOptions::default() };
    let path = directory.path().join("g");
    let gallery = Gallery::create(&path, Options { face: Some(face_spec()), read, ..Options::default() }).unwrap();
    let mut writer = gallery.writer(Arc::new(Doubles)).unwrap();
    (0..4 * 153).for_each(|i| writer.enroll(sample(i)).unwrap());
    writer.commit().unwrap();
    drop(writer);
    assert_eq!(Gallery::open(&path).unwrap().snapshot().info().segments, 153);
    let fastest = fastest_opening(&path);
    eprintln!("153 segments opened in {fastest:?}");
    assert!(fastest < Duration::from_millis(5) * if cfg!(debug_assertions) { 4 } else { 1 }, "{fastest:?}");
    let whole = gallery.snapshot();
    let start = Instant::now();
    let refreshed = gallery.refresh().unwrap();
    eprintln!("refreshed in {:?}", start.elapsed());
    assert_eq!(whole.info(), refreshed.info());
}

/// A column of the table: kind, modality, position, bytes an item, items.
type Column = (u16, u8, u8, u32, u64);

/// The columns of registrations with a portrait of 512 components and two fingers of 40 minutiae.
fn columns(rows: u64) -> Vec<Column> {
    let strides = [4, 1, 8, 4, 4, 1, 16, 16, 4, 8, 2, 1, 2, 4, 1];
    let mut columns: Vec<Column> = (1..=15)
        .zip(strides)
        .map(|(kind, stride)| {
            let items = match kind {
                1 | 5 | 14 => rows + 1,
                2 => 15 * rows,
                6 => 12 * rows,
                15 => 0,
                _ => rows,
            };
            (kind, 0, 0, stride, items)
        })
        .collect();
    columns.extend([(16, 1, 0, 4, rows), (17, 1, 0, 4 * 512, rows)]);
    for position in [2, 7] {
        columns.extend(
            [(16, 4, rows), (18, 4, rows + 1), (19, 8, 40 * rows), (20, 8, rows)]
                .map(|(kind, stride, items)| (kind, 2, position, stride, items)),
        );
    }
    columns
}

/// Writes the header, table and trailer of a segment whose columns are holes in the file. Its bytes and the trailer's checksum.
fn write_sparse(path: &Path, gallery: u128, id: u64) -> (u64, u32) {
    let (block, aligned) = (32u64 << 10, |offset: u64| offset.next_multiple_of(64));
    let put = |bytes: &mut [u8], at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let sign = |bytes: &mut [u8; 64]| {
        let checksum = crc32c::crc32c(&bytes[..60]).to_le_bytes();
        bytes[60..].copy_from_slice(&checksum);
        u32::from_le_bytes(checksum)
    };
    let mut header = [0; 64];
    put(&mut header, 0, b"VANTAYSG");
    put(&mut header, 8, &1u16.to_le_bytes());
    put(&mut header, 16, &gallery.to_be_bytes());
    put(&mut header, 32, &id.to_le_bytes());
    put(&mut header, 40, &512u32.to_le_bytes());
    put(&mut header, 44, &(block as u32).to_le_bytes());
    sign(&mut header);

    let (mut table, mut end) = (Vec::new(), 64u64);
    for (kind, modality, position, stride, items) in columns(ROWS) {
        let mut entry = [0; 64];
        let (offset, length) = (aligned(end), u64::from(stride) * items);
        put(&mut entry, 0, &kind.to_le_bytes());
        put(&mut entry, 2, &[modality, position]);
        put(&mut entry, 12, &stride.to_le_bytes());
        for (at, value) in [(16, items), (24, offset), (32, length)] {
            put(&mut entry, at, &value.to_le_bytes());
        }
        end = offset + length;
        table.push((entry, length));
    }
    let checksums = aligned(end);
    let mut next = checksums;
    for (entry, length) in &mut table {
        put(entry, 40, &next.to_le_bytes());
        next += 4 * length.div_ceil(block);
    }
    let (table, table_at) = (table.iter().flat_map(|(entry, _)| *entry).collect::<Vec<u8>>(), aligned(next));
    let mut trailer = [0; 64];
    put(&mut trailer, 0, b"VANTAYTR");
    for (at, value) in [(8, id), (16, ROWS), (24, table_at), (40, checksums)] {
        put(&mut trailer, at, &value.to_le_bytes());
    }
    put(&mut trailer, 32, &((table.len() / 64) as u32).to_le_bytes());
    put(&mut trailer, 36, &crc32c::crc32c(&table).to_le_bytes());
    let checksum = sign(&mut trailer);

    let mut file = private(path);
    file.write_all(&header).unwrap();
    file.seek(SeekFrom::Start(table_at)).unwrap();
    file.write_all(&[&table[..], &trailer].concat()).unwrap();
    (table_at + table.len() as u64 + 64, checksum)
}

fn private(path: &Path) -> File {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).unwrap()
}

/// A gallery of so many full segments, all of them holes.
fn sparse_gallery(path: &Path, segments: u64) {
    let gallery = 0x0123_4567_89ab_cdef_u128;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).unwrap();
    let stated: Vec<String> = (1..=segments)
        .map(|id| {
            let (bytes, trailer) = write_sparse(&path.join(format!("segment-{id:010}")), gallery, id);
            format!(r#"{{"id":{id},"bytes":{bytes},"rows":{ROWS},"trailer":{trailer},"live":null}}"#)
        })
        .collect();
    let rows = segments * ROWS;
    let body = format!(
        r#"{{"gallery":"{gallery:032x}","commit":1,"next_segment":{},"ids":"vietnam","face":{{"model":"m","dimension":512}},"features":[],"registrations":{rows},"subjects":{rows},"segments":[{}]}}"#,
        segments + 1,
        stated.join(",")
    );
    let line = format!("VANTAY-GALLERY 1.0 crc32c={:08x} length={}\n", crc32c::crc32c(body.as_bytes()), body.len());
    private(&path.join("manifest")).write_all([line, body].concat().as_bytes()).unwrap();
}

/// Resident memory of this process in bytes; `None` where the system does not say.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

/// Ten million registrations with a portrait and two fingers, 29 GB, and a hundred million, 280 GB: holes, but for what opening reads.
#[test]
fn a_hundred_million_registrations_open_and_answer() {
    let _quiet = QUIET.lock();
    let directory = tempfile::tempdir().unwrap();
    for (segments, limit) in [(20, 5), (191, 50)] {
        let path = directory.path().join(format!("g{segments}"));
        sparse_gallery(&path, segments);
        let fastest = fastest_opening(&path);
        let before = resident();
        let gallery = Gallery::open(&path).unwrap();
        let info = gallery.snapshot().info();
        let grown = resident().zip(before).map(|(now, before)| now.saturating_sub(before));
        eprintln!(
            "{} registrations, {} GB in {segments} segments: opened in {fastest:?}, {grown:?} bytes of memory more",
            info.registrations,
            info.bytes >> 30
        );
        assert_eq!((info.registrations, info.segments), (segments * ROWS, segments as usize));
        assert!(fastest < Duration::from_millis(limit) * if cfg!(debug_assertions) { 2 } else { 1 }, "{fastest:?}");
        // Three pages a segment are touched, whatever its size, and what describes it is small.
        assert!(grown.is_none_or(|grown| grown < segments * (64 << 10)), "{grown:?}");
    }
}
