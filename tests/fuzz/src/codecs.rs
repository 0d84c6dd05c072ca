//! What must hold of the codecs for any bytes: no panic, the same content as a plain reader finds, the same bytes again.
//!
//! The plain reader knows offsets and nothing else: no ranges, no lengths, no warnings. Where the library accepts a record,
//! both must have found the same minutiae; where it refuses, the library is right.

use vantay::template::{self, Format, Record, record::RecordWarning};

/// (type, x, y, angle, quality)
type Minutia = (u8, u16, u16, u8, u8);

/// What one format's target checks.
pub fn check(format: Format, bytes: &[u8]) {
    if let Ok(record) = template::read_as(format, bytes) {
        check_record(&record, bytes);
    }
}

/// What the target of the detection checks.
pub fn check_detection(bytes: &[u8]) {
    match template::read(bytes) {
        Ok(record) => {
            assert_eq!(template::read_as(record.format(), bytes).as_ref(), Ok(&record));
            check_record(&record, bytes);
        }
        // Whatever is detected, version 3 records that one of the two formats accepts are read.
        Err(_) if bytes.starts_with(b"FMR\x00030\0") => {
            assert!(template::read_as(Format::Iso19794V2011, bytes).is_err());
            assert!(template::read_as(Format::Incits378V2009, bytes).is_err());
        }
        Err(_) => {}
    }
}

fn check_record(record: &Record, bytes: &[u8]) {
    let found: Vec<Vec<Minutia>> = record
        .views()
        .iter()
        .map(|view| view.minutiae.iter().map(|m| (m.kind as u8, m.x, m.y, m.angle, m.quality)).collect())
        .collect();
    assert_eq!(plain(record.format(), bytes).as_ref(), Some(&found));

    let trailing = record.warnings().iter().find_map(|warning| match warning {
        RecordWarning::TrailingBytes { count } => Some(*count),
        _ => None,
    });
    assert_eq!(record.to_bytes().unwrap(), bytes[..bytes.len() - trailing.unwrap_or(0)]);

    if let Ok(templates) = record.templates() {
        assert_eq!(templates.len(), record.views().len());
        let again = Record::from_templates(Format::Iso19794V2005, &templates);
        if let Ok(again) = again {
            let again = template::read(&again.to_bytes().unwrap()).unwrap().templates().unwrap();
            assert!(again.iter().zip(&templates).all(|(a, b)| a.minutiae() == b.minutiae()));
        }
    }
    for format in Format::ALL {
        if let Ok(converted) = record.convert(format) {
            let written = converted.to_bytes().unwrap();
            let read = template::read_as(format, &written).unwrap();
            assert_eq!(read.to_bytes().unwrap(), written);
        }
    }
}

/// The minutiae of all views, by offsets alone.
fn plain(format: Format, bytes: &[u8]) -> Option<Vec<Vec<Minutia>>> {
    let at = |offset: usize| bytes.get(offset).map(|&byte| usize::from(byte));
    let two = |offset: usize| Some(at(offset)? << 8 | at(offset + 1)?);
    let minutiae = |start: usize, count: usize, size: usize| -> Option<Vec<Minutia>> {
        (0..count)
            .map(|i| {
                let m = bytes.get(start + i * size..start + (i + 1) * size)?;
                Some(match *m {
                    [x, y, kind_angle] => (kind_angle >> 6, x.into(), y.into(), kind_angle & 63, 0),
                    _ => {
                        let x = u16::from_be_bytes([m[0] & 63, m[1]]);
                        let y = u16::from_be_bytes([m[2] & 63, m[3]]);
                        (m[0] >> 6, x, y, m[4], m.get(5).copied().unwrap_or(0))
                    }
                })
            })
            .collect()
    };
    // Where the number of views stands and in how many bytes, where the views start.
    let (views, mut offset) = match format {
        Format::IsoCardNormal => return Some(vec![minutiae(0, bytes.len() / 5, 5)?]),
        Format::IsoCardCompact => return Some(vec![minutiae(0, bytes.len() / 3, 3)?]),
        Format::Iso19794V2005 => (at(22)?, 24),
        Format::Incits378V2004 if two(8)? == 0 => (at(28)?, 30),
        Format::Incits378V2004 => (at(24)?, 26),
        Format::Incits378V2009 | Format::Incits378V2009Am1 => (at(19)?, 21),
        Format::Iso19794V2011 => (two(12)?, 15),
        _ => return None,
    };
    let mut found = Vec::new();
    for _ in 0..views {
        // From the view's start to its count of minutiae, and their size.
        let (count, size) = match format {
            Format::Iso19794V2005 | Format::Incits378V2004 => (3, 6),
            Format::Iso19794V2011 => {
                let mut fields = 19 + 5 * at(offset + 18)?;
                if at(14)? == 1 {
                    fields += 1 + 3 * at(offset + fields)?;
                }
                (fields + 12, at(offset + fields + 11)? >> 4)
            }
            _ => (16, 6),
        };
        let number = at(offset + count)?;
        offset += count + 1;
        found.push(minutiae(offset, number, size)?);
        offset += number * size;
        offset += 2 + two(offset)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_reader_agrees_on_a_record() {
        let bytes =
            b"FMR\0 20\0\0\0\0\x24\0\0\x01\x00\x01\x80\0\xC5\0\xC5\x01\0\x02\0\x50\x01\x40\x64\0\x0E\x50\x5A\0\0";
        assert_eq!(plain(Format::Iso19794V2005, bytes), Some(vec![vec![(1, 100, 14, 80, 90)]]));
        check(Format::Iso19794V2005, bytes);
        check_detection(bytes);
    }
}
