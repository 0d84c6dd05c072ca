//! Whatever is wrong with a record, reading it gives an error with a place, never a panic.

use super::{data, examples, files};
use vantay::template::{self, CardContext, Format, Record, RecordProblem, TemplateError, record::RecordWarning};

/// Reads as every format, and does with the record what a caller would.
fn exercise(bytes: &[u8]) {
    let records = Format::ALL.iter().map(|&format| template::read_as(format, bytes)).chain([template::read(bytes)]);
    for record in records.flatten() {
        let _ = record.templates();
        let _ = format!("{record:?} {:?}", record.warnings());
        let trailing: usize = record.warnings().iter().map(trailing).sum();
        assert_eq!(record.to_bytes().unwrap(), bytes[..bytes.len() - trailing], "as {}", record.format());
        for format in Format::ALL {
            if let Ok(converted) = record.convert(format) {
                converted.to_bytes().unwrap();
            }
        }
    }
}

fn trailing(warning: &RecordWarning) -> usize {
    match warning {
        RecordWarning::TrailingBytes { count } => *count,
        _ => 0,
    }
}

#[test]
fn every_truncation_is_an_error() {
    for (name, format, bytes) in examples("every_truncation_is_an_error") {
        for length in 0..bytes.len() {
            let error = template::read(&bytes[..length]).expect_err(&format!("{name} cut to {length} bytes"));
            assert!(matches!(error, TemplateError::Record { .. } | TemplateError::UnknownFormat), "{error}");
            assert!(template::read_as(format, &bytes[..length]).is_err(), "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn a_truncation_in_the_record_names_its_format() {
    for (name, format, bytes) in examples("a_truncation_in_the_record_names_its_format") {
        for length in 20..bytes.len() {
            let error = template::read(&bytes[..length]).unwrap_err();
            assert!(
                matches!(error, TemplateError::Record { format: named, offset, .. } if named == format && offset <= length),
                "{name} cut to {length} bytes: {error}"
            );
        }
    }
}

#[test]
fn records_that_others_truncated_are_refused_by_their_length() {
    let Some(folder) = data("records_that_others_truncated_are_refused_by_their_length", "vectors/truncated") else {
        return;
    };
    let files = files(&folder, "iso");
    assert_eq!(files.len(), 3);
    for path in files {
        let bytes = std::fs::read(path).unwrap();
        let problem = RecordProblem::Length { declared: 30, found: bytes.len() };
        let expected =
            TemplateError::Record { format: Format::Iso19794V2005, field: "record length", offset: 8, problem };
        assert_eq!(template::read(&bytes), Err(expected));
    }
}

#[test]
fn no_flipped_bit_or_byte_panics() {
    for (_, _, mut bytes) in examples("no_flipped_bit_or_byte_panics") {
        exercise(&bytes);
        for at in 0..bytes.len() {
            let original = bytes[at];
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                bytes[at] = original ^ flip;
                exercise(&bytes);
            }
            bytes[at] = original;
        }
    }
}

/// One view of one minutia and one vendor block, as ISO 2005.
fn small() -> Vec<u8> {
    let mut bytes =
        b"FMR\0 20\0\0\0\0\x2A\0\0\x01\x00\x01\x80\0\xC5\0\xC5\x01\0\x02\0\x50\x01\x40\x64\0\x0E\x50\x5A".to_vec();
    bytes.extend(b"\0\x06\x01\x01\0\x06ab");
    bytes
}

fn fault(bytes: &[u8]) -> (&'static str, usize, RecordProblem) {
    match template::read(bytes) {
        Err(TemplateError::Record { field, offset, problem, .. }) => (field, offset, problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_names_the_field_its_offset_and_what_is_wrong() {
    use RecordProblem::*;
    template::read(&small()).unwrap();
    let cases = [
        (11, 0x2B, "record length", 8, Length { declared: 43, found: 42 }),
        (11, 0x18, "record length", 8, Length { declared: 24, found: 42 }),
        (22, 0, "number of views", 22, Reserved { found: 0 }),
        (22, 2, "finger position", 42, Cut { needed: 1, left: 0 }),
        (24, 11, "finger position", 24, Reserved { found: 11 }),
        (25, 0x0F, "impression type", 25, Reserved { found: 15 }),
        (26, 101, "finger quality", 26, Reserved { found: 101 }),
        (27, 2, "minutia type", 34, Reserved { found: 3 }),
        (28, 0xC0, "minutia type", 28, Reserved { found: 3 }),
        (33, 200, "minutia quality", 33, Reserved { found: 200 }),
        (35, 7, "extension blocks", 36, Cut { needed: 7, left: 6 }),
        (35, 5, "extension blocks", 36, Blocks { total: 5 }),
        (39, 5, "extension blocks", 36, Blocks { total: 6 }),
    ];
    for (at, value, field, offset, problem) in cases {
        let mut bytes = small();
        bytes[at] = value;
        if at == 27 {
            bytes[34] = 0xC0;
        }
        assert_eq!(fault(&bytes), (field, offset, problem), "byte {at} = {value}");
    }
    let error = template::read(&small()[..41]).unwrap_err();
    assert_eq!(error.to_string(), "iso19794-2:2005: record length at byte 8: declares 42 bytes, has 41");
}

#[test]
fn what_real_writers_get_wrong_is_a_warning() {
    let mut bytes = small();
    bytes.extend([0; 3]);
    assert_eq!(template::read(&bytes).unwrap().warnings(), [RecordWarning::TrailingBytes { count: 3 }]);
    let with = |at: usize, value| {
        let mut bytes = small();
        bytes[at] = value;
        let record = template::read(&bytes).unwrap();
        assert_eq!(record.to_bytes().unwrap(), bytes);
        record.warnings().to_vec()
    };
    assert_eq!(with(23, 1), [RecordWarning::ReservedByte]);
    assert_eq!(with(30, 0x80), [RecordWarning::ReservedBits { view: 0, count: 1 }]);
    assert_eq!(with(28, 0x41), [RecordWarning::OutsideImage { view: 0, count: 1 }]);
    assert_eq!(with(19, 0), [RecordWarning::NoResolution { view: 0 }]);
    // A block's length may leave out its header.
    assert_eq!(with(39, 2), []);
    // A little short, with the input ending where the record does.
    assert_eq!(with(11, 0x28), [RecordWarning::Length { declared: 40, found: 42 }]);
}

#[test]
fn a_record_without_resolution_is_taken_as_500_dpi() {
    let mut bytes = small();
    let as_it_is = template::read(&bytes).unwrap().templates().unwrap();
    (bytes[19], bytes[21]) = (0, 0);
    assert_eq!(template::read(&bytes).unwrap().templates().unwrap(), as_it_is);
}

#[test]
fn what_is_no_record_is_told_apart_from_a_damaged_one() {
    for bytes in [&b""[..], b"FMR", b"FMR\0 40\0aaaaaaaaaaaaaaaa", b"\xFF\xD8\xFF\xE0aaaaaaaaaaaaaaaaa"] {
        assert_eq!(template::read(bytes), Err(TemplateError::UnknownFormat));
    }
    assert_eq!(fault(b"FMR\0 20\0\0"), ("record length", 8, RecordProblem::Cut { needed: 4, left: 1 }));
}

#[test]
fn a_card_is_a_whole_number_of_minutiae() {
    for (format, size) in [(Format::IsoCardNormal, 5), (Format::IsoCardCompact, 3)] {
        for length in 0..=4 * size {
            let bytes = vec![0x11; length];
            match template::read_card(format, &bytes, CardContext::default()) {
                Ok(card) => assert_eq!((card.views()[0].minutiae.len(), length % size), (length / size, 0)),
                Err(error) => {
                    let problem = RecordProblem::Length { declared: length / size * size, found: length };
                    let offset = length / size * size;
                    assert_eq!(error, TemplateError::Record { format, field: "minutiae", offset, problem });
                }
            }
        }
        assert_eq!(template::read_as(format, &vec![0; 256 * size]), Err(TemplateError::TooManyMinutiae { found: 256 }));
    }
    assert!(template::read_card(Format::Iso19794V2005, &small(), CardContext::default()).is_err());
}

#[test]
fn debug_and_errors_show_nothing_of_the_content() {
    for (_, _, bytes) in examples("debug_and_errors_show_nothing_of_the_content") {
        let record: Record = template::read(&bytes).unwrap();
        let text = format!("{record:?} {:?} {:?}", record.views()[0].minutiae[0], record.views()[1].extensions);
        assert!(!text.contains("x:") && !text.contains("angle") && !text.contains("data"), "{text}");
        assert!(text.contains("27 minutiae"));
    }
}
