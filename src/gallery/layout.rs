//! The byte layout of a segment, in constants. `DESIGN.md` has it as a table; a test compares the two.
//!
//! A segment is one file, written from front to back and never changed:
//!
//! ```text
//! header      64 bytes   what this file is, of which gallery
//! columns                each at a multiple of 64 bytes, zeros between
//! checksums              CRC-32C of every block of every column, in the order of the table
//! table       64 bytes a column: which, how many items, where, its checksums
//! trailer     64 bytes   where the table is
//! ```
//!
//! All numbers are little-endian. The manifest holds the length of the file and the checksum of the trailer, the trailer that of
//! the table, the table those of the block checksums: a chain from the manifest to each byte. Columns belong to a *modality*
//! (the registrations themselves, the face, a finger) and for fingers to a position; their order in the file is that of
//! the table, each begins where the one before ends, rounded up to 64, so that nothing overlaps and nothing is hidden.
//!
//! In an encrypted gallery the file is a sealed header of 64 bytes and then these bytes in sealed blocks (`sealed.rs`).

use bytemuck::{Pod, Zeroable};

/// First bytes of a segment.
pub(crate) const SEGMENT_MAGIC: [u8; 8] = *b"VANTAYSG";
/// First bytes of a sealed segment.
pub(crate) const SEALED_MAGIC: [u8; 8] = *b"VANTAYSE";
/// First bytes of a segment's trailer.
pub(crate) const TRAILER_MAGIC: [u8; 8] = *b"VANTAYTR";
/// First bytes of a file that says which rows of a segment live.
pub(crate) const LIVE_MAGIC: [u8; 8] = *b"VANTAYLV";
/// First word of a manifest.
pub(crate) const MANIFEST_MAGIC: &str = "VANTAY-GALLERY";
/// Galleries of another major version are refused.
pub(crate) const MAJOR: u16 = 1;
/// Galleries of a later minor version are refused, of an earlier one read.
pub(crate) const MINOR: u16 = 1;
/// Columns begin at multiples of this, so that any lane width reads them aligned.
pub(crate) const ALIGNMENT: usize = 64;
/// A checksum stands for this many bytes of a column; the last block of a column may be shorter.
pub(crate) const BLOCK: usize = 32 << 10;
/// So many bytes of a segment are sealed at once; the last block may be shorter.
pub(crate) const SEALED_BLOCK: usize = 64 << 10;
/// Bytes that sealing adds to each block, behind it.
pub(crate) const SEALED_TAG: usize = 16;
/// The feature of a manifest whose segments are sealed.
pub(crate) const ENCRYPTED: &str = "encrypted";
/// How segments are sealed.
pub(crate) const CIPHER: &str = "aes-256-gcm";
/// The longest reason why a finger is missing, in bytes.
pub(crate) const MAX_REASON: usize = 64;
/// How the byte of an unknown finger quality is stored.
pub(crate) const QUALITY_UNKNOWN: u8 = 255;
/// How an unknown capture time is stored.
pub(crate) const TIME_UNKNOWN: i64 = i64::MIN;
/// How the province of a subject is stored whose ID does not tell it.
pub(crate) const PROVINCE_UNKNOWN: u16 = u16::MAX;
/// How the sex of a subject is stored whose ID does not tell it.
pub(crate) const SEX_UNKNOWN: u8 = u8::MAX;
/// How the birth year of a subject is stored whose ID does not tell it.
pub(crate) const BIRTH_YEAR_UNKNOWN: u16 = 0;

/// The first 64 bytes of a segment.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    pub magic: [u8; 8],
    pub major: u16,
    pub minor: u16,
    /// Bit set of features that a reader has to know; none yet.
    pub features: u32,
    /// The gallery's random number.
    pub gallery: [u8; 16],
    pub segment: u64,
    /// Components of a face embedding, 0 without faces.
    pub dimension: u32,
    pub block: u32,
    pub reserved: [u8; 12],
    /// CRC-32C of the 60 bytes before.
    pub checksum: u32,
}

/// The first 64 bytes of a sealed segment, in clear and authenticated with every block.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct SealedHeader {
    pub magic: [u8; 8],
    pub major: u16,
    pub minor: u16,
    /// Bit set of features that a reader has to know; none yet.
    pub features: u32,
    /// The gallery's random number.
    pub gallery: [u8; 16],
    pub segment: u64,
    /// Random; makes the file's key its own.
    pub salt: [u8; 16],
    pub block: u32,
    /// CRC-32C of the 60 bytes before.
    pub checksum: u32,
}

/// The last 64 bytes of a segment.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Trailer {
    pub magic: [u8; 8],
    pub segment: u64,
    /// Registrations in the segment.
    pub rows: u64,
    /// Where the table starts.
    pub table: u64,
    /// Entries of the table.
    pub columns: u32,
    /// CRC-32C of the table.
    pub table_checksum: u32,
    /// Where the block checksums start; they end where the table starts.
    pub checksums: u64,
    pub reserved: [u8; 12],
    /// CRC-32C of the 60 bytes before.
    pub checksum: u32,
}

/// An entry of the table: one column.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct ColumnEntry {
    /// What the column holds; a [`ColumnKind`].
    pub kind: u16,
    /// 0 the registrations, 1 face, 2 finger.
    pub modality: u8,
    /// The finger position, 0 for other modalities.
    pub position: u8,
    /// The number of a derived column, else 0.
    pub derived_kind: u16,
    /// The layout of a derived column: 1 fixed, 2 variable, 3 raw; else 0.
    pub derived_layout: u16,
    /// The version of the deriver, else 0.
    pub derived_version: u32,
    /// Bytes an item; 1 for text and bytes of variable length.
    pub stride: u32,
    /// How many items.
    pub count: u64,
    /// Where the column starts, a multiple of 64.
    pub offset: u64,
    /// `stride` × `count`.
    pub length: u64,
    /// Where the checksums of its blocks start.
    pub checksums: u64,
    /// CRC-32C of these checksums.
    pub checksums_checksum: u32,
    pub reserved: [u32; 3],
}

/// The first 64 bytes of a file of live rows; the bits follow, 64 to a word, row 0 the lowest bit of the first.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct LiveHeader {
    pub magic: [u8; 8],
    pub gallery: [u8; 16],
    pub segment: u64,
    pub commit: u64,
    pub rows: u64,
    pub live: u64,
    /// CRC-32C of the words.
    pub words_checksum: u32,
    /// CRC-32C of the 60 bytes before.
    pub checksum: u32,
}

/// Two bytes-sized facts and the image size of a finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct FingerProperties {
    /// Width of the image in pixels at 500 dpi, 0 unknown.
    pub width: u16,
    /// Height of the image in pixels at 500 dpi, 0 unknown.
    pub height: u16,
    /// How the impression was taken, the standards' number.
    pub impression: u8,
    /// Quality 0 to 100, 255 unknown.
    pub quality: u8,
    pub(crate) reserved: [u8; 2],
}

macro_rules! column_kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, $stride:expr;)*) => {
        /// What a column holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub(crate) enum ColumnKind { $($(#[$doc])* $name = $number,)* }

        impl ColumnKind {
            /// Every kind, by number.
            #[cfg(test)]
            pub(crate) const ALL: &[ColumnKind] = &[$(ColumnKind::$name),*];

            /// How many kinds.
            pub(crate) const COUNT: u32 = [$($number),*].len() as u32;

            /// The kind with this number.
            pub(crate) fn of(number: u16) -> Option<ColumnKind> {
                match number { $($number => Some(ColumnKind::$name),)* _ => None }
            }

            /// The name in messages and in `DESIGN.md`.
            pub(crate) fn name(self) -> &'static str {
                match self { $(ColumnKind::$name => $text,)* }
            }

            /// Bytes an item, where the kind alone decides it.
            pub(crate) fn stride(self) -> Option<u32> {
                match self { $(ColumnKind::$name => $stride,)* }
            }
        }
    };
}

column_kinds! {
    /// Where each registration's name starts, one more at the end.
    RegistrationOffsets = 1, "registration_offsets", Some(4);
    /// The names, one after another.
    RegistrationText = 2, "registration_text", Some(1);
    /// 64 bits of each name's BLAKE3, ascending.
    RegistrationHashes = 3, "registration_hashes", Some(8);
    /// The row of each hash.
    RegistrationOrder = 4, "registration_order", Some(4);
    /// Where each personal ID starts, one more at the end.
    PersonalOffsets = 5, "personal_offsets", Some(4);
    /// The personal IDs, one after another.
    PersonalText = 6, "personal_text", Some(1);
    /// The subject key of each row.
    SubjectKeys = 7, "subject_keys", Some(16);
    /// The subject keys, ascending.
    SubjectSorted = 8, "subject_sorted", Some(16);
    /// The row of each sorted key, ascending among equal keys.
    SubjectOrder = 9, "subject_order", Some(4);
    /// Milliseconds since 1970, or the least `i64` where not known.
    CapturedAt = 10, "captured_at", Some(8);
    /// Province, 65535 unknown.
    Province = 11, "province", Some(2);
    /// 0 male, 1 female, 255 unknown.
    SexCode = 12, "sex", Some(1);
    /// Birth year, 0 unknown.
    BirthYear = 13, "birth_year", Some(2);
    /// Where each row's missing fingers start, one more at the end.
    MissingOffsets = 14, "missing_offsets", Some(4);
    /// Missing fingers: position, length of the reason, the reason.
    MissingText = 15, "missing_text", Some(1);
    /// The registration row of each template row.
    Rows = 16, "rows", Some(4);
    /// Embeddings of length one, f32.
    Embeddings = 17, "embeddings", None;
    /// Where each finger's minutiae start, one more at the end.
    MinutiaeOffsets = 18, "minutiae_offsets", Some(4);
    /// Minutiae of eight bytes.
    Minutiae = 19, "minutiae", Some(8);
    /// Image size, impression, quality.
    Properties = 20, "properties", Some(8);
    /// A derived column's bytes.
    DerivedBytes = 21, "derived_bytes", None;
    /// Where each item of a variable derived column starts, one more at the end.
    DerivedOffsets = 22, "derived_offsets", Some(8);
}

const _: () = {
    assert!(size_of::<Header>() == 64 && size_of::<Trailer>() == 64 && size_of::<ColumnEntry>() == 64);
    assert!(size_of::<SealedHeader>() == 64 && size_of::<LiveHeader>() == 64 && size_of::<FingerProperties>() == 8);
    assert!(BLOCK.is_multiple_of(ALIGNMENT));
};

/// `offset` rounded up to the alignment of columns.
pub(crate) fn aligned(offset: u64) -> u64 {
    offset.next_multiple_of(ALIGNMENT as u64)
}

/// The file name of a segment.
pub(crate) fn segment_name(segment: u64) -> String {
    format!("segment-{segment:010}")
}

/// The number of a segment by its file name.
pub(crate) fn segment_number(name: &str) -> Option<u64> {
    name.strip_prefix("segment-")?.parse().ok()
}

/// The file name of a segment's live rows as of a commit.
pub(crate) fn live_name(segment: u64, commit: u64) -> String {
    format!("live-{segment:010}-{commit:010}")
}

/// The manifest's file name.
pub(crate) const MANIFEST: &str = "manifest";
/// The manifest's name before it is published.
pub(crate) const MANIFEST_NEXT: &str = "manifest.next";
/// The lock's file name.
pub(crate) const LOCK: &str = "lock";
/// The name of a copy of the manifest, for repair alone.
pub(crate) const MANIFEST_COPY: &str = "manifest.copy";

/// The segment and the commit of a file of live rows by its name.
pub(crate) fn live_numbers(name: &str) -> Option<(u64, u64)> {
    let (segment, commit) = name.strip_prefix("live-")?.split_once('-')?;
    Some((segment.parse().ok()?, commit.parse().ok()?))
}

/// The commits of all files of live rows in a directory.
pub(crate) fn live_commits(directory: &std::path::Path) -> Vec<u64> {
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| Some(live_numbers(name.to_str()?)?.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The byte layout as `DESIGN.md` has it between its markers.
    fn table() -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let mut field = |structure: &str, rows: &[(&str, usize, usize)]| {
            for (name, offset, size) in rows {
                writeln!(text, "| {structure} | {offset} | {size} | {name} |").unwrap();
            }
        };
        macro_rules! fields {
            ($structure:ident: $($name:ident),*) => {
                &[$((stringify!($name), std::mem::offset_of!($structure, $name), {
                    let value = <$structure as Zeroable>::zeroed();
                    std::mem::size_of_val(&value.$name)
                })),*]
            };
        }
        field(
            "header",
            fields!(Header: magic, major, minor, features, gallery, segment, dimension, block, reserved, checksum),
        );
        field(
            "sealed header",
            fields!(SealedHeader: magic, major, minor, features, gallery, segment, salt, block, checksum),
        );
        field(
            "table entry",
            fields!(ColumnEntry: kind, modality, position, derived_kind, derived_layout, derived_version, stride, count, offset,
                length, checksums, checksums_checksum, reserved),
        );
        field(
            "trailer",
            fields!(Trailer: magic, segment, rows, table, columns, table_checksum, checksums, reserved, checksum),
        );
        field("live rows", fields!(LiveHeader: magic, gallery, segment, commit, rows, live, words_checksum, checksum));
        field("finger properties", fields!(FingerProperties: width, height, impression, quality, reserved));
        let magic = |bytes: [u8; 8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut columns = String::new();
        for &kind in ColumnKind::ALL {
            let stride = kind.stride().map_or("varies".to_string(), |stride| stride.to_string());
            writeln!(columns, "| {} | {} | {stride} |", kind as u16, kind.name()).unwrap();
        }
        format!(
            "Format {MAJOR}.{MINOR}; columns at multiples of {ALIGNMENT} bytes; a CRC-32C for each {BLOCK} bytes of a column.\n\
             A segment starts with `{}`, its trailer with `{}`, a file of live rows with `{}`, the manifest with `{MANIFEST_MAGIC}`.\n\
             A sealed segment starts with `{}`; blocks of {SEALED_BLOCK} bytes under `{CIPHER}`, each with {SEALED_TAG} bytes behind it.\n\n\
             | part | offset | bytes | field |\n|---|---|---|---|\n{text}\n\
             | column kind | name | bytes an item |\n|---|---|---|\n{columns}",
            magic(SEGMENT_MAGIC),
            magic(TRAILER_MAGIC),
            magic(LIVE_MAGIC),
            magic(SEALED_MAGIC),
        )
    }

    /// `VANTAY_BLESS=1` writes the table instead.
    #[test]
    fn the_design_page_says_what_the_constants_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DESIGN.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once("<!-- layout:begin -->\n").unwrap();
        let (found, after) = rest.split_once("<!-- layout:end -->").unwrap();
        if std::env::var_os("VANTAY_BLESS").is_some() {
            let page = format!("{before}<!-- layout:begin -->\n{}<!-- layout:end -->{after}", table());
            std::fs::write(path, page).unwrap();
            return;
        }
        assert_eq!(found, table());
    }

    #[test]
    fn kinds_are_numbered_without_gaps() {
        for (i, &kind) in ColumnKind::ALL.iter().enumerate() {
            assert_eq!(kind as usize, i + 1);
            assert_eq!(ColumnKind::of(kind as u16), Some(kind));
        }
        assert_eq!(ColumnKind::of(0), None);
    }
}
