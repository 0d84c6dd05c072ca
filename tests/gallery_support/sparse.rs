//! Galleries of millions of registrations whose columns are holes in the files: all that opening reads, and nothing else.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::Path,
};

/// Rows of a segment that merging fills.
pub const ROWS: u64 = 1 << 19;

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
fn write_sparse(path: &Path, gallery: u128, id: u64, rows: u64) -> (u64, u32) {
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
    for (kind, modality, position, stride, items) in columns(rows) {
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
    for (at, value) in [(8, id), (16, rows), (24, table_at), (40, checksums)] {
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

/// A gallery of so many segments of `rows` registrations with a portrait and two fingers each, all of them holes.
pub fn sparse_gallery(path: &Path, segments: u64, rows: u64) {
    let gallery = 0x0123_4567_89ab_cdef_u128;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).unwrap();
    let stated: Vec<String> = (1..=segments)
        .map(|id| {
            let (bytes, trailer) = write_sparse(&path.join(format!("segment-{id:010}")), gallery, id, rows);
            format!(r#"{{"id":{id},"bytes":{bytes},"rows":{rows},"trailer":{trailer},"live":null}}"#)
        })
        .collect();
    let all = segments * rows;
    let body = format!(
        r#"{{"gallery":"{gallery:032x}","commit":1,"next_segment":{},"ids":"vietnam","face":{{"model":"m","dimension":512}},"features":[],"registrations":{all},"subjects":{all},"segments":[{}]}}"#,
        segments + 1,
        stated.join(",")
    );
    let line = format!("VANTAY-GALLERY 1.0 crc32c={:08x} length={}\n", crc32c::crc32c(body.as_bytes()), body.len());
    private(&path.join("manifest")).write_all([line, body].concat().as_bytes()).unwrap();
}
