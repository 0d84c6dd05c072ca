//! For any record: what was written reads back, and the inner form survives every format.

use proptest::prelude::*;
use vantay::template::record::{
    Capture, CaptureTime, Certification, Extension, ExtensionLength, RawMinutia, RecordHeader, View, ViewImage,
    ViewQuality,
};
use vantay::template::{
    self, FingerPosition, Format, Impression, Minutia, MinutiaKind, MinutiaeTemplate, Record, TemplateError,
};

fn kind() -> impl Strategy<Value = MinutiaKind> {
    prop_oneof![Just(MinutiaKind::Other), Just(MinutiaKind::Ending), Just(MinutiaKind::Bifurcation)]
}

fn quality() -> impl Strategy<Value = u8> {
    prop_oneof![0..=100u8, Just(254), Just(255)]
}

/// A minutia that every record format can hold.
fn raw_minutia() -> impl Strategy<Value = RawMinutia> {
    (kind(), 0..0x4000u16, 0..0x4000u16, any::<u8>(), quality(), 0..4u8)
        .prop_map(|(kind, x, y, angle, quality, reserved)| RawMinutia { kind, x, y, angle, quality, reserved })
}

fn image() -> impl Strategy<Value = ViewImage> {
    (any::<u16>(), any::<u16>(), any::<u16>(), any::<u16>())
        .prop_map(|(width, height, x_resolution, y_resolution)| ViewImage { width, height, x_resolution, y_resolution })
}

fn capture() -> impl Strategy<Value = Capture> {
    let certification = (any::<u16>(), any::<u8>()).prop_map(|(authority, scheme)| Certification { authority, scheme });
    let time = (any::<u16>(), 0..13u8, 0..32u8, 0..24u8, 0..60u8, 0..61u8, 0..1000u16).prop_map(
        |(year, month, day, hour, minute, second, millisecond)| CaptureTime {
            year,
            month,
            day,
            hour,
            minute,
            second,
            millisecond,
        },
    );
    let time = prop_oneof![time, Just(CaptureTime::default())];
    (time, any::<u8>(), any::<u16>(), any::<u16>(), prop::collection::vec(certification, 0..3), 0..16u8).prop_map(
        |(time, technology, vendor, device, certifications, ending)| Capture {
            time,
            technology,
            vendor,
            device,
            certifications,
            ending,
        },
    )
}

fn view() -> impl Strategy<Value = View> {
    let block =
        (1..0x0200u16, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(kind, data)| Extension { kind, data });
    let quality = (quality(), any::<u16>(), any::<u16>()).prop_map(|(quality, vendor, algorithm)| ViewQuality {
        quality,
        vendor,
        algorithm,
    });
    (
        0..=10u8,
        0..16u8,
        0..=9u8,
        prop::collection::vec(quality, 0..3),
        image(),
        capture(),
        any::<bool>(),
        prop::collection::vec(raw_minutia(), 0..30),
        prop::collection::vec(block, 0..4),
    )
        .prop_map(
            |(position, number, impression, qualities, image, capture, minutia_qualities, minutiae, extensions)| View {
                position: FingerPosition::new(position).unwrap(),
                number,
                impression: Impression(impression),
                qualities,
                image,
                capture,
                minutia_qualities,
                minutiae,
                extensions,
                extension_length: ExtensionLength::WithHeader,
            },
        )
}

fn header() -> impl Strategy<Value = RecordHeader> {
    (any::<u16>(), any::<u16>(), 0..16u8, 0..0x1000u16, 0..2u8, any::<bool>(), any::<bool>()).prop_map(
        |(owner, product, certification, device, reserved, certified, zero_padded_version)| RecordHeader {
            owner,
            product,
            certification,
            device,
            reserved,
            certified,
            zero_padded_version,
            ..RecordHeader::default()
        },
    )
}

/// Any record of ISO 2011, which holds the most; the others by conversion.
fn record() -> impl Strategy<Value = Record> {
    (header(), prop::collection::vec(view(), 1..4))
        .prop_map(|(header, views)| Record::new(Format::Iso19794V2011, header, views))
}

fn template() -> impl Strategy<Value = MinutiaeTemplate> {
    let minutia = (0..400i16, 0..400i16, any::<u8>(), kind(), prop::option::of(1..=100u8))
        .prop_map(|(x, y, angle, kind, quality)| Minutia::new(x, y, angle, kind, quality));
    (0..=10u8, prop::option::of(1..=100u8), 0..2000u16, 0..2000u16, prop::collection::vec(minutia, 0..100)).prop_map(
        |(position, quality, width, height, minutiae)| {
            let position = FingerPosition::new(position).unwrap();
            MinutiaeTemplate::new(position, Impression(0), quality, (width, height), minutiae).unwrap()
        },
    )
}

/// What is written reads back to a record that writes the same, and to the same views where nothing was left out.
fn assert_reads_back(record: &Record) -> Result<Record, TestCaseError> {
    let bytes = record.to_bytes().unwrap();
    let read = template::read_as(record.format(), &bytes).unwrap();
    prop_assert_eq!(read.to_bytes().unwrap(), &bytes[..]);
    if !record.format().is_card() {
        let detected = template::read(&bytes).unwrap();
        prop_assert_eq!(detected.format(), record.format());
        prop_assert_eq!(&detected, &read);
    }
    for (a, b) in read.views().iter().zip(record.views()) {
        prop_assert_eq!(a.minutiae.len(), b.minutiae.len());
        for (a, b) in a.minutiae.iter().zip(&b.minutiae) {
            prop_assert_eq!((a.kind, a.x, a.y, a.angle), (b.kind, b.x, b.y, b.angle));
        }
        prop_assert_eq!(&a.extensions, &b.extensions);
    }
    Ok(read)
}

proptest! {
    #[test]
    fn a_record_of_iso_2011_reads_back_whole(record in record()) {
        let read = assert_reads_back(&record)?;
        for (a, b) in read.views().iter().zip(record.views()) {
            prop_assert_eq!(&a.qualities, &b.qualities);
            prop_assert_eq!((a.position, a.number, a.impression, a.image), (b.position, b.number, b.impression, b.image));
            if record.header().certified {
                prop_assert_eq!(&a.capture, &b.capture);
            }
        }
    }

    #[test]
    fn any_conversion_can_be_written_and_reads_back(record in record()) {
        for format in Format::ALL {
            match record.convert(format) {
                Ok(converted) => { assert_reads_back(&converted)?; }
                Err(error) => {
                    // Several resolutions do not fit the first editions, several views do not fit a card.
                    prop_assert!(matches!(error, TemplateError::Unrepresentable { .. }), "{}", error);
                    prop_assert!(record.views().len() > 1);
                }
            }
        }
    }

    #[test]
    fn a_conversion_rounds_each_angle_to_the_nearest_unit(record in record()) {
        let record = record.view(0).unwrap();
        for from in Format::ALL.into_iter().filter(|format| !format.is_card()) {
            let source = record.convert(from).unwrap();
            for to in Format::ALL.into_iter().filter(|format| !format.is_card()) {
                let target = source.convert(to).unwrap();
                for (a, b) in source.views()[0].minutiae.iter().zip(&target.views()[0].minutiae) {
                    let turns = f64::from(a.angle) / f64::from(from.angle_units()) - f64::from(b.angle) / f64::from(to.angle_units());
                    prop_assert!((turns - turns.round()).abs() * f64::from(to.angle_units()) <= 0.5 + 1e-9);
                    prop_assert_eq!((a.x, a.y, a.kind), (b.x, b.y, b.kind));
                }
            }
        }
    }

    #[test]
    fn the_inner_form_survives_every_record_format(templates in prop::collection::vec(template(), 1..5)) {
        for format in Format::ALL.into_iter().filter(|format| !format.is_card()) {
            let record = Record::from_templates(format, &templates).unwrap();
            let read = assert_reads_back(&record)?.templates().unwrap();
            for (a, b) in read.iter().zip(&templates) {
                prop_assert_eq!((a.position(), a.impression(), a.quality()), (b.position(), b.impression(), b.quality()));
                for (a, b) in a.minutiae().iter().zip(b.minutiae()) {
                    prop_assert_eq!((a.x, a.y, a.kind(), a.quality()), (b.x, b.y, b.kind(), b.quality()));
                    // ISO has the inner form's unit; INCITS's 2° is up to 0.71 of one away, and rounds back to it or a neighbour.
                    let off = (a.angle.wrapping_sub(b.angle) as i8).abs();
                    prop_assert!(off <= i8::from(format.angle_units() != 256), "{} by {}", format, off);
                }
            }
        }
    }

    #[test]
    fn a_normal_card_gives_back_the_minutiae_in_their_order(template in template()) {
        let card = Record::from_templates(Format::IsoCardNormal, std::slice::from_ref(&template)).unwrap();
        let read = assert_reads_back(&card)?.templates().unwrap();
        for (a, b) in read[0].minutiae().iter().zip(template.minutiae()) {
            prop_assert_eq!((a.x, a.y, a.angle, a.kind()), (b.x, b.y, b.angle, b.kind()));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in 0..5usize) {
        let magics: [&[u8]; 5] = [b"", b"FMR\0 20\0", b"FMR\x00030\0", b"FMR\x00035\0", b"FMR\0 20\0\0\0\0\x40"];
        let bytes = [magics[magic], &bytes].concat();
        for format in Format::ALL {
            if let Ok(record) = template::read_as(format, &bytes) {
                let _ = record.templates();
            }
        }
        if let Ok(record) = template::read(&bytes) {
            let _ = record.convert(Format::IsoCardCompact);
        }
    }
}
