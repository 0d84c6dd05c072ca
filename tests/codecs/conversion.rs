//! Conversions keep what they say they keep.

use super::examples;
use vantay::template::record::{Extension, RecordWarning};
use vantay::template::{
    self, CardContext, FingerPosition, Format, Impression, MinutiaeTemplate, Record, RecordProblem, TemplateError,
};

const RECORDS: [Format; 5] = [
    Format::Iso19794V2005,
    Format::Iso19794V2011,
    Format::Incits378V2004,
    Format::Incits378V2009,
    Format::Incits378V2009Am1,
];

#[test]
fn every_example_converts_to_every_record_format_with_angles_rounded_once() {
    for (name, from, bytes) in examples("every_example_converts_to_every_record_format_with_angles_rounded_once") {
        let record = template::read(&bytes).unwrap();
        for to in RECORDS {
            let converted = record.convert(to).unwrap();
            assert_eq!(
                template::read(&converted.to_bytes().unwrap()).unwrap().views(),
                converted.views(),
                "{name} to {to}"
            );
            for (a, b) in record.views().iter().zip(converted.views()) {
                assert_eq!(
                    (a.position, a.number, a.impression, a.image),
                    (b.position, b.number, b.impression, b.image)
                );
                assert_eq!(a.qualities[0].quality, b.qualities[0].quality);
                for (a, b) in a.minutiae.iter().zip(&b.minutiae) {
                    assert_eq!((a.x, a.y, a.kind, a.quality), (b.x, b.y, b.kind, b.quality));
                    let turns = |angle: u8, format: Format| f64::from(angle) / f64::from(format.angle_units());
                    let off = turns(a.angle, from) - turns(b.angle, to);
                    let off = (off - off.round()).abs() * f64::from(to.angle_units());
                    assert!(off <= 0.5 + 1e-9, "{name} to {to}: {} became {}", a.angle, b.angle);
                }
            }
        }
    }
}

#[test]
fn a_record_in_its_own_format_is_the_same_with_its_length_right() {
    for (name, format, bytes) in examples("a_record_in_its_own_format_is_the_same_with_its_length_right") {
        let record = template::read(&bytes).unwrap();
        let same = record.convert(format).unwrap();
        assert_eq!(same.views(), record.views(), "{name}");
        let reread = template::read(&same.to_bytes().unwrap()).unwrap();
        assert!(!reread.warnings().iter().any(|warning| matches!(warning, RecordWarning::Length { .. })), "{name}");
    }
}

#[test]
fn the_annex_of_one_standard_converts_to_the_annex_of_the_other() {
    let examples = examples("the_annex_of_one_standard_converts_to_the_annex_of_the_other");
    let [.., (_, _, incits), (_, _, iso)] = &examples[..] else { return };
    let [incits, iso] = [incits, iso].map(|bytes| template::read(bytes).unwrap());
    let converted = iso.convert(Format::Incits378V2004).unwrap();
    let angles = |record: &Record| record.views()[0].minutiae.iter().map(|minutia| minutia.angle).collect::<Vec<_>>();
    // 0x50, 112.5°, stands where INCITS has 0x38, 112°.
    assert_eq!((angles(&iso)[0], angles(&incits)[0], angles(&converted)[0]), (0x50, 0x38, 0x38));
    assert_eq!(converted.views()[1].extensions, incits.views()[1].extensions);
    assert_eq!(converted.to_bytes().unwrap().len(), incits.to_bytes().unwrap().len());
}

#[test]
fn what_is_lost_is_said() {
    for (name, _, bytes) in examples("what_is_lost_is_said") {
        let record = template::read(&bytes).unwrap();
        let lost = |format| -> Vec<_> {
            let converted = record.convert(format).unwrap();
            let lost = |warning: &RecordWarning| match warning {
                RecordWarning::Lost { what, .. } => Some(*what),
                _ => None,
            };
            converted.warnings().iter().filter_map(lost).collect()
        };
        match name {
            "fingerprintio/ansi378v2004-sample.dat" => assert_eq!(lost(Format::Iso19794V2005), ["product identifiers"]),
            "fingerprintio/iso19794p2v2005-sample.dat" => assert!(lost(Format::Incits378V2009).is_empty()),
            "fingerprintio/iso19794p2v2011-sample.dat" => {
                let each = ["capture details", "capture details", "quality algorithms", "quality algorithms"];
                assert_eq!(lost(Format::Iso19794V2005), each);
            }
            _ => {}
        }
    }
}

fn iso(minutiae: &[(u16, u16, u8, u8)]) -> Record {
    let mut bytes = b"FMR\0 20\0\0\0\0\0\0\0\x02\x00\x02\x80\0\xC5\0\xC5\x01\0\x02\0\x50".to_vec();
    bytes.push(minutiae.len() as u8);
    for &(x, y, angle, quality) in minutiae {
        bytes.extend((0x4000 | x).to_be_bytes());
        bytes.extend(y.to_be_bytes());
        bytes.extend([angle, quality]);
    }
    bytes.extend([0, 0]);
    let length = bytes.len() as u32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    template::read(&bytes).unwrap()
}

#[test]
fn a_compact_card_keeps_the_best_and_most_central_within_its_reach() {
    // At 197 px/cm 503 is 255.3 units and 504 is 255.8: the one rounds to the card's last unit, the other beyond it.
    let record = iso(&[(503, 0, 254, 60), (504, 0, 0, 100), (100, 100, 64, 90), (300, 100, 0, 60), (0, 600, 0, 99)]);
    let card = record.to_card(Format::IsoCardCompact, 60).unwrap();
    let minutiae: Vec<_> = card.views()[0].minutiae.iter().map(|m| (m.x, m.y, m.angle)).collect();
    // 254/256 of a turn rounds to 64/64, which is 0.
    assert_eq!(minutiae, [(51, 51, 16), (152, 51, 0), (255, 0, 0)]);
    assert_eq!(card.to_bytes().unwrap(), [51, 51, 0x40 | 16, 152, 51, 0x40, 255, 0, 0x40]);
    let lost = |what, count| RecordWarning::Lost { view: 0, what, count };
    assert_eq!(card.warnings(), [lost("minutia qualities", 5), lost("minutiae beyond the card's reach", 2)]);

    let pruned = record.to_card(Format::IsoCardCompact, 2).unwrap();
    assert_eq!(pruned.views()[0].minutiae, card.views()[0].minutiae[..2]);
    assert!(pruned.warnings().contains(&lost("minutiae over the card's limit", 1)));
}

#[test]
fn a_card_comes_back_with_what_the_caller_knows() {
    let record = iso(&[(100, 100, 64, 90), (300, 100, 128, 60), (200, 350, 7, 20)]);
    let position = FingerPosition::new(2).unwrap();
    for (format, tolerance) in [(Format::IsoCardNormal, 0), (Format::IsoCardCompact, 1)] {
        let card = record.convert(format).unwrap();
        let image = card.views()[0].image;
        let context = CardContext { position, size: (image.width, image.height), ..CardContext::default() };
        let reread = template::read_card(format, &card.to_bytes().unwrap(), context).unwrap();
        assert_eq!(reread.templates(), card.templates());
        let full = reread.convert(Format::Iso19794V2005).unwrap();
        assert_eq!(full.views()[0].image.x_resolution, format.card_resolution().unwrap());
        let [back] = &full.templates().unwrap()[..] else { panic!() };
        let [original] = &record.templates().unwrap()[..] else { panic!() };
        assert_eq!(back.position(), position);
        for (a, b) in back.minutiae().iter().map(|b| {
            let near =
                |a: &&vantay::template::Minutia| (a.x - b.x).abs() <= tolerance && (a.y - b.y).abs() <= tolerance;
            (original.minutiae().iter().find(near).unwrap(), b)
        }) {
            assert_eq!(a.kind(), b.kind());
            assert!((a.angle.wrapping_sub(b.angle) as i8).abs() <= 2);
        }
    }
}

#[test]
fn prints_of_any_resolution_meet_at_500_dpi() {
    for (resolution, scale) in [(99u16, 1.99f64), (197, 1.0), (236, 0.8347), (394, 0.5)] {
        let mut bytes = iso(&[(100, 40, 64, 90)]).to_bytes().unwrap();
        bytes[18..20].copy_from_slice(&resolution.to_be_bytes());
        let record = template::read(&bytes).unwrap();
        let [template] = &record.templates().unwrap()[..] else { panic!() };
        // x and y separately: y stays at 197.
        let minutia = template.minutiae()[0];
        assert_eq!((minutia.x, minutia.y), ((100.0 * scale).round() as i16, 40));
        assert_eq!(template.size(), ((512.0 * 197.0 / f64::from(resolution)).round() as u16, 640));
        // Conversion keeps the resolution, not the inner form's.
        assert_eq!(record.convert(Format::Iso19794V2011).unwrap().views()[0].image.x_resolution, resolution);
    }
}

#[test]
fn extension_blocks_are_written_as_the_annexes_do_and_lost_across_families_only_if_they_must() {
    let mut record = iso(&[(100, 40, 64, 90)]);
    let mut views = record.views().to_vec();
    let block = |kind| Extension { kind, data: vec![7; 5] };
    views[0].extensions = [1, 2, 3, 0x0101].map(block).to_vec();
    record = Record::new(record.format(), record.header().clone(), views);
    let bytes = record.to_bytes().unwrap();
    assert_eq!(bytes[34..40], [0, 36, 0, 1, 0, 9]);
    assert_eq!(template::read(&bytes).unwrap(), record);
    let kinds =
        |format| record.convert(format).unwrap().views()[0].extensions.iter().map(|b| b.kind).collect::<Vec<_>>();
    assert_eq!(kinds(Format::Iso19794V2011), [1, 2, 3, 0x0101]);
    assert_eq!(kinds(Format::Incits378V2009), [1, 0x0101]);
}

#[test]
fn several_views_go_on_cards_one_by_one() {
    for (_, _, bytes) in examples("several_views_go_on_cards_one_by_one") {
        let record = template::read(&bytes).unwrap();
        assert!(matches!(record.convert(Format::IsoCardCompact), Err(TemplateError::Unrepresentable { .. })));
        for view in 0..2 {
            let card = record.view(view).unwrap().convert(Format::IsoCardCompact).unwrap();
            assert_eq!(card.views()[0].minutiae.len(), record.views()[view].minutiae.len());
        }
        assert!(record.view(2).is_none());
    }
}

#[test]
fn incits_2004_takes_its_long_form_when_the_short_one_cannot_hold_it() {
    let template = iso(&[(1, 2, 3, 4); 255]).templates().unwrap().remove(0);
    let templates: Vec<MinutiaeTemplate> =
        (0..50).map(|n| template.clone().with_position(FingerPosition::new(n % 10 + 1).unwrap())).collect();
    let record = Record::from_templates(Format::Incits378V2004, &templates).unwrap();
    let bytes = record.to_bytes().unwrap();
    assert_eq!(bytes.len(), 30 + 50 * (6 + 255 * 6));
    assert_eq!(bytes[8..14], [0, 0, 0, 1, 0x2C, 0x1E]);
    let reread = template::read(&bytes).unwrap();
    assert_eq!((reread.format(), reread.views()), (Format::Incits378V2004, record.views()));
    assert_eq!(reread.to_bytes().unwrap(), bytes);
}

#[test]
fn what_a_format_cannot_hold_is_an_error_when_writing() {
    let record = iso(&[(100, 40, 64, 90)]);
    let written = |change: fn(&mut vantay::template::record::View)| {
        let mut views = record.views().to_vec();
        change(&mut views[0]);
        Record::new(Format::Iso19794V2005, record.header().clone(), views).to_bytes().unwrap_err()
    };
    assert!(matches!(written(|v| v.number = 16), TemplateError::Unrepresentable { .. }));
    assert!(matches!(written(|v| v.minutiae[0].x = 1 << 14), TemplateError::Unrepresentable { .. }));
    assert!(matches!(written(|v| v.minutiae = [v.minutiae[0]; 256].to_vec()), TemplateError::Unrepresentable { .. }));
    let reserved = RecordProblem::Reserved { found: 101 };
    assert!(
        matches!(written(|v| v.minutiae[0].quality = 101), TemplateError::Record { problem, .. } if problem == reserved)
    );
    assert!(Record::from_templates(Format::Iso19794V2005, &[]).is_err());
}

#[test]
fn later_impression_types_become_live_ones_in_the_first_editions() {
    let template = iso(&[(1, 2, 3, 4)]).templates().unwrap().remove(0);
    for (later, first) in [(29, 0), (24, 0), (25, 1), (8, 8)] {
        let (size, minutiae) = (template.size(), template.minutiae().to_vec());
        let template = MinutiaeTemplate::new(template.position(), Impression(later), None, size, minutiae).unwrap();
        let views = |format| {
            let record = Record::from_templates(format, std::slice::from_ref(&template)).unwrap();
            template::read(&record.to_bytes().unwrap()).unwrap().views().to_vec()
        };
        assert_eq!(views(Format::Iso19794V2011)[0].impression.0, later);
        assert_eq!(views(Format::Iso19794V2005)[0].impression.0, first);
    }
}

#[test]
fn more_views_than_a_format_can_number_are_refused_at_once() {
    let template = iso(&[(1, 2, 3, 4)]).templates().unwrap().remove(0);
    let views = |n| vec![template.clone(); n];
    assert!(Record::from_templates(Format::Iso19794V2005, &views(16)).is_ok());
    assert!(Record::from_templates(Format::Iso19794V2005, &views(17)).is_err());
    assert!(Record::from_templates(Format::Incits378V2009, &views(255)).is_ok());
    assert!(Record::from_templates(Format::Incits378V2009, &views(256)).is_err());
    assert!(Record::from_templates(Format::Iso19794V2011, &views(256)).is_ok());
}
