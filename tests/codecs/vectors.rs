//! Records that others made read to what they say, and write back to the same bytes.

use super::{data, examples, files};
use serde::Deserialize;
use vantay::template::{self, Format, MinutiaKind, Record, record::RecordWarning};

/// What fingerprintio expects; fields that it keeps per record in some formats and per view in others are in both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    vendor_id: Option<u16>,
    subformat: Option<u16>,
    sensor_certified: Option<bool>,
    sensor_id: Option<u16>,
    #[serde(flatten)]
    image: Image,
    fingerprints: Vec<Fingerprint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    width: Option<u16>,
    height: Option<u16>,
    resolution_x: Option<u16>,
    resolution_y: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprint {
    position: String,
    view: u8,
    scan_type: String,
    quality: Option<u8>,
    quality_vendor_id: Option<u16>,
    quality_algorithm_id: Option<u16>,
    qrecords: Option<Vec<QualityBlock>>,
    datetime: Option<DateTime>,
    sensor_vendor: Option<u16>,
    sensor_id: Option<u16>,
    certificates: Option<Vec<()>>,
    #[serde(flatten)]
    image: Image,
    minutiae: Vec<Minutia>,
    counts: Option<Counts>,
    extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct QualityBlock {
    quality: u8,
    vendor: u16,
    algorithm: u16,
}

#[derive(Deserialize)]
struct DateTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    millisecond: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Minutia {
    r#type: String,
    position_x: u16,
    position_y: u16,
    angle: u8,
    quality: u8,
}

#[derive(Deserialize)]
struct Counts {
    edges: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    from: u8,
    to: u8,
    count: u8,
}

#[derive(Deserialize)]
struct Extension {
    r#type: u16,
    data: String,
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(text.trim_end_matches('=')).unwrap()
}

fn agree<T: PartialEq + std::fmt::Debug>(name: &str, what: &str, expected: Option<T>, found: T) {
    if let Some(expected) = expected {
        assert_eq!(expected, found, "{name}: {what}");
    }
}

fn assert_holds(name: &str, record: &Record, expected: &Expected) {
    let header = record.header();
    agree(name, "owner", expected.vendor_id, header.owner);
    agree(name, "type", expected.subformat, header.product);
    agree(name, "certified", expected.sensor_certified, header.certification != 0);
    agree(name, "sensor", expected.sensor_id, header.device);
    assert_eq!(record.views().len(), expected.fingerprints.len(), "{name}");
    for (view, finger) in record.views().iter().zip(&expected.fingerprints) {
        let position =
            ["UNKNOWN", "", "RIGHT_INDEX", "", "", "", "", "LEFT_INDEX"][usize::from(view.position.number())];
        assert_eq!(position, finger.position, "{name}");
        assert_eq!((view.number, view.impression.0), (finger.view, 0), "{name}");
        assert_eq!(finger.scan_type, "LIVE_PLAIN");
        for image in [&expected.image, &finger.image] {
            agree(name, "width", image.width, view.image.width);
            agree(name, "height", image.height, view.image.height);
            agree(name, "x resolution", image.resolution_x, view.image.x_resolution);
            agree(name, "y resolution", image.resolution_y, view.image.y_resolution);
        }
        let [quality] = view.qualities[..] else { panic!("{name}: one quality") };
        agree(name, "quality", finger.quality, quality.quality);
        agree(name, "quality vendor", finger.quality_vendor_id, quality.vendor);
        agree(name, "quality algorithm", finger.quality_algorithm_id, quality.algorithm);
        if let Some(blocks) = &finger.qrecords {
            let found = [(quality.quality, quality.vendor, quality.algorithm)];
            assert_eq!(blocks.iter().map(|b| (b.quality, b.vendor, b.algorithm)).collect::<Vec<_>>(), found, "{name}");
        }
        if let Some(d) = &finger.datetime {
            let t = view.capture.time;
            let expected = (d.year, d.month, d.day, d.hour, d.minute, d.second, d.millisecond);
            assert_eq!(expected, (t.year, t.month, t.day, t.hour, t.minute, t.second, t.millisecond), "{name}");
        }
        agree(name, "vendor", finger.sensor_vendor, view.capture.vendor);
        agree(name, "sensor", finger.sensor_id, view.capture.device);
        agree(name, "certificates", finger.certificates.as_ref().map(Vec::len), view.capture.certifications.len());
        assert_eq!(view.minutiae.len(), finger.minutiae.len(), "{name}");
        for (found, expected) in view.minutiae.iter().zip(&finger.minutiae) {
            let kind = match expected.r#type.as_str() {
                "ENDING" => MinutiaKind::Ending,
                "BIFURCATION" => MinutiaKind::Bifurcation,
                "OTHER" | "EITHER" => MinutiaKind::Other,
                unknown => panic!("{unknown}"),
            };
            let expected = (kind, expected.position_x, expected.position_y, expected.angle, expected.quality);
            assert_eq!(expected, (found.kind, found.x, found.y, found.angle, found.quality), "{name}");
        }
        // Ridge counts are a block of type 1: the method, then (from, to, count).
        let mut blocks = view.extensions.iter();
        if let Some(counts) = &finger.counts {
            let block = blocks.next().unwrap();
            assert_eq!(block.kind, 1);
            let edges: Vec<_> = block.data[1..].as_chunks::<3>().0.iter().map(|&[a, b, n]| (a, b, n)).collect();
            assert_eq!(edges, counts.edges.iter().map(|e| (e.from, e.to, e.count)).collect::<Vec<_>>(), "{name}");
        }
        let blocks: Vec<_> = blocks.map(|block| (block.kind, block.data.clone())).collect();
        assert_eq!(blocks, finger.extensions.iter().map(|e| (e.r#type, base64(&e.data))).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn every_example_reads_to_its_expected_content() {
    let Some(folder) = data("every_example_reads_to_its_expected_content", "vectors/fingerprintio") else { return };
    let expectations = files(&folder, "json");
    assert_eq!(expectations.len(), 5);
    for path in expectations {
        let mut json = std::fs::read(&path).unwrap();
        let expected: Expected = simd_json::from_slice(&mut json).unwrap();
        let record = template::read(&std::fs::read(path.with_extension("dat")).unwrap()).unwrap();
        assert_holds(&path.display().to_string(), &record, &expected);
    }
}

#[test]
fn every_example_is_recognised_and_writes_back_to_the_same_bytes() {
    for (name, format, bytes) in examples("every_example_is_recognised_and_writes_back_to_the_same_bytes") {
        let record = template::read(&bytes).unwrap();
        assert_eq!(record.format(), format, "{name}");
        assert_eq!(template::read_as(format, &bytes).as_ref(), Ok(&record), "{name}");
        // Those whose length falls short, too: a record is kept as it is.
        assert_eq!(record.to_bytes().unwrap(), bytes, "{name}");
    }
}

#[test]
fn the_standards_examples_read_with_the_warnings_that_they_deserve() {
    for (name, _, bytes) in examples("the_standards_examples_read_with_the_warnings_that_they_deserve") {
        let warnings = template::read(&bytes).unwrap().warnings().to_vec();
        let expected: &[RecordWarning] = match name {
            "biomdi/iso-19794-2-2005-annex-c2.raw" => &[RecordWarning::Length { declared: 340, found: 341 }],
            // Its angles are those of the ISO example, in 1.40625°.
            "fingerprintio/ansi378v2004-sample.dat" => &[
                RecordWarning::Length { declared: 340, found: 342 },
                RecordWarning::AnglesBeyondTurn { view: 1, count: 2 },
            ],
            "fingerprintio/ansi378v2009-sample.dat" => &[RecordWarning::Length { declared: 363, found: 364 }],
            _ => &[],
        };
        assert_eq!(warnings, expected, "{name}");
    }
}

#[test]
fn the_two_annexes_are_the_same_two_views() {
    let examples = examples("the_two_annexes_are_the_same_two_views");
    let [.., (_, _, incits), (_, _, iso)] = &examples[..] else { return };
    let [incits, iso] = [incits, iso].map(|bytes| template::read(bytes).unwrap().templates().unwrap());
    assert_eq!(iso.iter().map(|view| view.minutiae().len()).collect::<Vec<_>>(), [27, 22]);
    for (a, b) in incits.iter().zip(&iso) {
        assert_eq!((a.position(), a.quality(), a.size()), (b.position(), b.quality(), b.size()));
        for (a, b) in a.minutiae().iter().zip(b.minutiae()) {
            assert_eq!((a.x, a.y, a.kind(), a.quality()), (b.x, b.y, b.kind(), b.quality()));
            // The annexes disagree by up to ten units in three angles; else by what rounding explains.
            assert!((a.angle.wrapping_sub(b.angle) as i8).abs() <= 10, "{} {}", a.angle, b.angle);
        }
    }
}

#[test]
fn every_real_record_reads_and_writes_back_to_the_same_bytes() {
    let Some(folder) = data("every_real_record_reads_and_writes_back_to_the_same_bytes", "fingerprint") else { return };
    let files = files(&folder, "iso");
    assert!(files.len() >= 1400);
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let record = template::read(&bytes).unwrap();
        assert_eq!(record.warnings(), [], "{}", path.display());
        assert_eq!(record.to_bytes().unwrap(), bytes);
        let templates = record.templates().unwrap();
        // 500 dpi already: the inner form has the same coordinates and angles.
        for (inner, raw) in templates[0].minutiae().iter().zip(&record.views()[0].minutiae) {
            assert_eq!((inner.x as u16, inner.y as u16, inner.angle), (raw.x, raw.y, raw.angle));
        }
        let rebuilt = Record::from_templates(Format::Iso19794V2005, &templates).unwrap();
        assert_eq!(rebuilt.templates().unwrap(), templates);
    }
}
