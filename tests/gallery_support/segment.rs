//! The bytes of a segment, for tests that change them. `DESIGN.md` has the layout.

use std::{fs, ops::Range, path::Path};

const BLOCK: usize = 32 << 10;

/// A column as the table has it.
#[derive(Clone, Debug)]
pub struct Column {
    /// `finger 2 rows` as messages name it, without the number of a derived column.
    pub name: String,
    pub bytes: Range<usize>,
    /// The checksums of its blocks.
    pub checksums: Range<usize>,
    /// Its entry of the table.
    entry: usize,
}

impl Column {
    /// The bytes of each block.
    pub fn blocks(&self) -> Vec<Range<usize>> {
        self.bytes.clone().step_by(BLOCK).map(|from| from..self.bytes.end.min(from + BLOCK)).collect()
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()).try_into().unwrap_or(usize::MAX)
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// The columns of a segment that is whole and not sealed.
pub fn columns(bytes: &[u8]) -> Vec<Column> {
    let kinds = [
        "",
        "registration_offsets",
        "registration_text",
        "registration_hashes",
        "registration_order",
        "personal_offsets",
        "personal_text",
        "subject_keys",
        "subject_sorted",
        "subject_order",
        "captured_at",
        "province",
        "sex",
        "birth_year",
        "missing_offsets",
        "missing_text",
        "rows",
        "embeddings",
        "minutiae_offsets",
        "minutiae",
        "properties",
        "derived_bytes",
        "derived_offsets",
    ];
    let trailer = bytes.len() - 64;
    let entries = (number(bytes, trailer + 24)..trailer).step_by(64);
    let column = |entry: usize| {
        let kind = kinds[usize::from(bytes[entry])];
        let name = match bytes[entry + 2] {
            0 => kind.to_string(),
            1 => format!("face {kind}"),
            _ => format!("finger {} {kind}", bytes[entry + 3]),
        };
        let [from, length, checksums] = [24, 32, 40].map(|at| number(bytes, entry + at));
        let checksums = checksums..checksums + 4 * length.div_ceil(BLOCK);
        Column { name, bytes: from..from + length, checksums, entry }
    };
    entries.map(column).collect()
}

/// Gives every block of a segment the checksum that fits it; [`sign`] does the rest.
pub fn sign_blocks(bytes: &mut [u8]) {
    for column in columns(bytes) {
        for (i, block) in column.blocks().into_iter().enumerate() {
            let checksum = crc32c::crc32c(&bytes[block]);
            put(bytes, column.checksums.start + 4 * i, checksum);
        }
        let checksum = crc32c::crc32c(&bytes[column.checksums]);
        put(bytes, column.entry + 48, checksum);
    }
}

/// Writes a segment with checksums that fit its header, table and trailer, and gives the manifest the trailer's.
pub fn sign(path: &Path, segment: &Path, bytes: &mut [u8]) {
    let end = bytes.len();
    let before = u32::from_le_bytes(bytes[end - 4..].try_into().unwrap());
    let header = crc32c::crc32c(&bytes[..60]);
    put(bytes, 60, header);
    let table = number(bytes, end - 64 + 24);
    if table < end - 64 {
        let checksum = crc32c::crc32c(&bytes[table..end - 64]);
        put(bytes, end - 64 + 36, checksum);
    }
    let trailer = crc32c::crc32c(&bytes[end - 64..end - 4]);
    put(bytes, end - 4, trailer);
    fs::write(segment, bytes).unwrap();
    let text = fs::read_to_string(path.join("manifest")).unwrap();
    let body = text.split_once('\n').unwrap().1;
    let body = body.replacen(&format!("\"trailer\":{before}"), &format!("\"trailer\":{trailer}"), 1);
    let checksum = crc32c::crc32c(body.as_bytes());
    let text = format!("VANTAY-GALLERY 1.0 crc32c={checksum:08x} length={}\n{body}", body.len());
    fs::write(path.join("manifest"), text).unwrap();
}
