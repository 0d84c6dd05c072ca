//! The feed: what is read, what is refused and where, and that neither size nor malice costs memory.
#![allow(clippy::unwrap_used)]

use base64::{Engine, engine::general_purpose::STANDARD};
use std::io::{Cursor, Read, Write};
use vantay::{
    registration::{
        FaceModel, FeedError, FeedOptions, FeedReader, FeedWriter, Finger, IdScheme, OnError, Registration, Rejects,
        parse_line, write_line,
    },
    template::{FingerPosition, Format, Impression, Minutia, MinutiaKind, MinutiaeTemplate, Record},
};

fn position(number: u8) -> FingerPosition {
    FingerPosition::new(number).unwrap()
}

fn template(number: u8, minutiae: i16) -> MinutiaeTemplate {
    let minutiae = (0..minutiae).map(|i| Minutia::new(20 + 9 * i, 40 + 7 * i, i as u8, MinutiaKind::Ending, Some(60)));
    MinutiaeTemplate::new(position(number), Impression::default(), Some(70), (400, 500), minutiae.collect()).unwrap()
}

/// A record of `views` in a format, as base64.
fn record(format: Format, views: &[MinutiaeTemplate]) -> String {
    STANDARD.encode(Record::from_templates(format, views).unwrap().to_bytes().unwrap())
}

fn embedding(components: &[f32]) -> String {
    STANDARD.encode(components.iter().flat_map(|c| c.to_le_bytes()).collect::<Vec<u8>>())
}

/// A line with the usual head and the given rest.
fn line(rest: &str) -> String {
    format!(r#"{{"registration": "R1", "personal_id": "001204000257", {rest}}}"#)
}

fn read(rest: &str) -> Registration {
    parse_line(line(rest).as_bytes(), &FeedOptions::default()).unwrap()
}

fn iso(views: &[MinutiaeTemplate]) -> String {
    record(Format::Iso19794V2005, views)
}

#[test]
fn the_agreed_line_is_read() {
    let text = format!(
        r#"{{"registration": "HN-2022-0000001", "personal_id": "001204000257", "captured_at": "2022-11-07T02:11:09Z",
            "portrait": {{"model": "w600k_mbf", "embedding": "{}"}}, "officer": {{"name": ["x"]}},
            "fingers": [{{"position": 2, "format": "iso19794-2:2005", "template": "{}"}},
                        {{"position": 7, "missing": "amputated"}}]}}"#,
        embedding(&[2.0; 64]),
        iso(&[template(2, 12)])
    );
    let registration = parse_line(text.as_bytes(), &FeedOptions::default()).unwrap();
    assert_eq!(registration.id.as_str(), "HN-2022-0000001");
    assert_eq!(registration.personal_id.as_str(), "001204000257");
    assert_eq!(registration.captured_at, Some(1_667_787_069_000));
    assert_eq!(registration.portrait.unwrap().embedding.as_slice(), [0.125; 64]);
    let [Finger::Captured(index), Finger::Missing { position: seventh, reason }] = &registration.fingers[..] else {
        panic!("a finger and a missing one")
    };
    assert_eq!((index.position(), index.minutiae().len()), (position(2), 12));
    assert_eq!((*seventh, &**reason), (position(7), "amputated"));
}

#[test]
fn every_way_to_write_an_embedding_gives_the_same() {
    let components: Vec<f32> = (0..32).map(|i| i as f32 - 7.5).collect();
    let base64 = embedding(&components);
    let portrait =
        |text: &str| read(&format!(r#""portrait": {{"model": "m", "embedding": {text}}}"#)).portrait.unwrap();
    let expected = portrait(&format!("{base64:?}"));
    assert_eq!(portrait(&format!("{components:?}")), expected);
    assert_eq!(portrait(&format!("{:?}", base64.trim_end_matches('='))), expected);
    // Some writers escape the slash.
    assert_eq!(portrait(&format!("\"{}\"", base64.replace('/', "\\/"))), expected);
}

#[test]
fn every_format_is_detected_and_may_be_named() {
    for format in Format::ALL.into_iter().filter(|format| !format.is_card()) {
        let bytes = record(format, &[template(4, 10)]);
        let detected = read(&format!(r#""fingers": [{{"position": 4, "template": "{bytes}"}}]"#));
        let named = read(&format!(r#""fingers": [{{"position": 4, "format": "{format}", "template": "{bytes}"}}]"#));
        assert_eq!(detected, named, "{format}");
        assert_eq!(detected.templates().next().unwrap().minutiae().len(), 10, "{format}");
    }
    let amended = record(Format::Incits378V2009Am1, &[template(4, 10)]);
    read(&format!(r#""fingers": [{{"position": 4, "format": "incits378:2009", "template": "{amended}"}}]"#));
}

#[test]
fn the_lines_position_wins_over_a_single_view_and_several_views_keep_their_own() {
    let positions = |feed_position: &str, views: &[u8]| -> Vec<u8> {
        let views: Vec<_> = views.iter().map(|&view| template(view, 5)).collect();
        let read = read(&format!(r#""fingers": [{{{feed_position}"template": "{}"}}]"#, iso(&views)));
        read.templates().map(|template| template.position().number()).collect()
    };
    assert_eq!(positions("\"position\": 3, ", &[2]), [3]);
    assert_eq!(positions("\"position\": 0, ", &[2]), [2]);
    assert_eq!(positions("", &[2]), [2]);
    assert_eq!(positions("\"position\": null, ", &[0]), [0]);
    assert_eq!(positions("\"position\": 3, ", &[2, 0, 9]), [2, 3, 9]);
}

#[test]
fn what_is_written_reads_the_same() {
    let mut registration = read(&format!(
        r#""captured_at": "1969-12-31T23:59:59.25Z", "portrait": {{"model": "a\"b", "embedding": {:?}}},
           "fingers": [{{"position": 2, "template": "{}"}}, {{"position": 9, "missing": "băng bó"}}]"#,
        [1.0; 16],
        iso(&[template(2, 40)])
    ));
    assert_eq!(registration.captured_at, Some(-750));
    for _ in 0..2 {
        let mut written = Vec::new();
        write_line(&registration, &mut written).unwrap();
        assert_eq!(written.iter().filter(|&&byte| byte == b'\n').count(), 1);
        assert_eq!(parse_line(&written, &FeedOptions::default()).unwrap(), registration);
        registration.captured_at = None;
        registration.portrait = None;
    }
}

/// Lines that are wrong, each in its own way: the line, the field, and what the message says.
fn wrong_lines() -> Vec<(String, &'static str, &'static str)> {
    let portrait = format!(r#""portrait": {{"model": "m", "embedding": "{}"}}"#, embedding(&[1.0; 16]));
    let finger = |fields: &str| line(&format!(r#""fingers": [{{"position": 2, {fields}}}]"#));
    let bytes = STANDARD.decode(iso(&[template(2, 12)])).unwrap();
    let ok = STANDARD.encode(&bytes);
    let cut = STANDARD.encode(&bytes[..bytes.len() - 9]);
    let mut reserved = bytes.clone();
    reserved[24] = 11;
    let reserved = STANDARD.encode(reserved);
    let with = |from: &str, to: &str| line(&portrait).replace(from, to);
    let face = |text: &str| line(&format!(r#""portrait": {{"model": "m", "embedding": {text}}}"#));
    let mut not_a_number = [1.0; 16];
    not_a_number[5] = f32::NAN;
    vec![
        (line(&portrait).replace(", \"personal", " \"personal"), "", "not JSON: "),
        ("[1, 2]".into(), "", "expected an object"),
        ("{\"registration\": \"\u{1}\"}".into(), "", "not JSON: "),
        (with("R1", ""), "registration", "registration ID of 0 bytes: expected 1 to 64"),
        (with("R1", "R\\u00001"), "registration", "registration ID of 3 bytes: expected no control characters"),
        (with("\"registration\"", "\"registered\""), "registration", "required, but absent"),
        (with("001204000257", "00120400025"), "personal_id", "expected 12 digits"),
        (with("\"001204000257\"", "1204000257"), "personal_id", "expected a text"),
        (with("{\"reg", "{\"personal_id\": \"001204000257\", \"reg"), "personal_id", "given more than once"),
        (with("\"portrait\"", "\"captured_at\": \"7/11/2022\", \"portrait\""), "captured_at", "not an RFC 3339 time"),
        (with("\"model\": \"m\",", ""), "portrait.model", "required, but absent"),
        (with("\"m\"", "\"other\""), "portrait.model", "embedding of model \"other\": the gallery holds \"m\""),
        (face(&format!("{:?}", [1.0; 17])), "portrait.embedding", "17 dimensions: the gallery holds 16"),
        (face(&format!("{:?}", [0.0; 16])), "portrait.embedding", "embedding of length zero"),
        (face(&format!("{:?}", embedding(&not_a_number))), "portrait.embedding", "component 5 is not finite"),
        (face("\"AAAA*AAA\""), "portrait.embedding", "not base64: character 4"),
        (face("\"AAAAAAA=\""), "portrait.embedding", "embedding of 5 bytes: expected a multiple of 4"),
        (face("[1, null]"), "portrait.embedding", "expected base64 or an array of numbers"),
        (finger(&format!(r#""template": "{cut}""#)), "fingers[0].template", "iso19794-2:2005: "),
        (finger(&format!(r#""template": "{reserved}""#)), "fingers[0].template", "value 11 is not allowed"),
        (finger(r#""template": "R0lGODlh""#), "fingers[0].template", "not a minutiae record"),
        (
            finger(&format!(r#""format": "incits378:2004", "template": "{ok}""#)),
            "fingers[0].format",
            "said to be incits378:2004, but is iso19794-2:2005",
        ),
        (
            finger(&format!(r#""format": "wsq", "template": "{ok}""#)),
            "fingers[0].format",
            "unknown template format \"wsq\"",
        ),
        (finger("\"finger\": 1"), "fingers[0].template", "expected either a template or missing"),
        (
            finger(&format!(r#""missing": "x", "template": "{ok}""#)),
            "fingers[0].template",
            "expected either a template or missing",
        ),
        (line(r#""fingers": [{"position": 11, "missing": "x"}]"#), "fingers[0].position", "finger position 11"),
        (line(r#""fingers": [{"position": 2.5, "missing": "x"}]"#), "fingers[0].position", "expected a whole number"),
        (line(r#""fingers": [{"missing": "x"}]"#), "fingers[0].missing", "expected a position from 1 to 10"),
        (line(r#""fingers": {"position": 1}"#), "fingers", "expected an array"),
        (line(r#""fingers": [{"position": 2, "missing": "x"}, 3]"#), "fingers[1]", "expected an object"),
        (line(r#""fingers": [{"position": 2, "missing": "amputated"}]"#), "", "no usable template"),
        (finger(&format!(r#""template": "{}""#, iso(&[template(2, 0)]))), "", "no usable template"),
        (format!("{}{}", "[".repeat(5000), "]".repeat(5000)), "", "not JSON: "),
    ]
}

fn options() -> FeedOptions {
    FeedOptions { face_model: Some(FaceModel { name: "m".into(), dimension: 16 }), ..FeedOptions::default() }
}

#[test]
fn a_wrong_line_is_reported_by_file_line_byte_field_and_reason() {
    let good = line(&format!(r#""portrait": {{"model": "m", "embedding": "{}"}}"#, embedding(&[1.0; 16])));
    for (wrong, field, message) in wrong_lines() {
        let feed = format!("{good}\n\n{wrong}\n{good}\n");
        let lines: Vec<_> = FeedReader::new("some.ndjson", Cursor::new(feed.clone()), options()).collect();
        assert_eq!(lines.len(), 3, "{wrong}");
        assert!(lines[0].is_ok() && lines[2].is_ok());
        let problem = lines.into_iter().nth(1).unwrap().unwrap_err();
        let text = problem.to_string();
        assert!(text.starts_with("some.ndjson: line 3, byte "), "{text}");
        assert!(text.contains(message), "{message:?} is not in {text:?}");
        assert_eq!(problem.field, field, "{text}");
        assert_eq!(problem.place.offset, good.len() as u64 + 2);
        // The byte is where the field's name stands, for those that are there.
        let name = field.rsplit('.').next().unwrap();
        let at = &feed[problem.offset as usize..];
        if !name.is_empty() && !name.contains('[') && !message.contains("absent") && !message.contains("either") {
            assert!(at.starts_with(name), "{name} is not at {}", &at[..20]);
        }
        eprintln!("{text}");
    }
}

#[test]
fn the_stated_byte_is_that_of_the_file_whatever_stands_before_the_line() {
    for before in ["", "\u{feff}", "  ", "\u{feff}\t "] {
        for (wrong, field) in [
            (r#"{"registration": "R1", "personal_id": "12"}"#, "personal_id\""),
            (r#"{"registration": "R1", "fingers": [}"#, "}"),
            ("17", "17"),
        ] {
            let feed = format!("{before}{wrong}\n{before}{wrong}  \n");
            let expected: Vec<usize> = feed.match_indices(field).map(|(at, _)| at).collect();
            let problems = FeedReader::new("f", Cursor::new(feed.clone()), options())
                .map(|line| line.unwrap_err().offset as usize);
            assert_eq!(problems.collect::<Vec<_>>(), expected, "{feed:?}");
        }
    }
}

#[test]
fn a_message_holds_nothing_of_the_template_or_the_id() {
    let secret = STANDARD.encode([0x5a; 60]);
    for wrong in [
        line(&format!(r#""fingers": [{{"template": "{secret}"}}]"#)),
        line(&format!(r#""fingers": [{{"template": "{secret}?"}}]"#)),
        line(&format!(r#""portrait": {{"model": "m", "embedding": "{secret}AAAA"}}"#)),
        line("1").replace("001204000257", "98765432101"),
        r#"{"registration": "R1", "personal_id": "98765432101"}"#.into(),
    ] {
        let problem = parse_line(wrong.as_bytes(), &options()).unwrap_err();
        for text in [problem.to_string(), format!("{problem:?}")] {
            assert!(!text.contains("Wlpa") && !text.contains("98765"), "{text}");
        }
    }
}

#[test]
fn a_bad_line_is_skipped_into_the_rejects_or_stops_the_run() {
    let good = line(&format!(r#""portrait": {{"model": "m", "embedding": "{}"}}"#, embedding(&[1.0; 16])));
    let wrong: Vec<String> = wrong_lines().into_iter().map(|(line, ..)| line).collect();
    let feed: String = wrong.iter().flat_map(|wrong| [&good, "\n", wrong, "\n"]).collect();

    let mut rejects = Rejects::new(OnError::Skip, Some(Vec::new()));
    let mut reader = FeedReader::new("f", Cursor::new(feed.clone()), options());
    let mut accepted = 0;
    while let Some(line) = reader.next_line() {
        accepted += u64::from(rejects.accept(line).unwrap().is_some());
    }
    assert_eq!((accepted, rejects.lines()), (wrong.len() as u64, wrong.len() as u64));
    assert_eq!(rejects.reasons().iter().map(|reason| reason.lines).sum::<u64>(), rejects.lines());
    let templates = rejects.reasons().into_iter().find(|r| r.field == "fingers[].template" && r.kind == "template");
    assert_eq!(templates.map(|reason| reason.lines), Some(3));
    assert_eq!(String::from_utf8(rejects.into_copies().unwrap()).unwrap(), wrong.join("\n") + "\n");

    let mut rejects = Rejects::<Vec<u8>>::new(OnError::Stop, None);
    let mut reader = FeedReader::new("f", Cursor::new(feed), options());
    assert!(rejects.accept(reader.next_line().unwrap()).unwrap().is_some());
    assert_eq!(rejects.accept(reader.next_line().unwrap()).unwrap_err().place.line, 2);
}

/// Some registrations of different sizes.
fn some(count: usize) -> Vec<Registration> {
    (0..count)
        .map(|i| {
            let text = format!(
                r#"{{"registration": "R{i}", "personal_id": "001204{i:06}", "fingers": [{{"position": {}, "template": "{}"}}]}}"#,
                i % 11,
                iso(&[template(2, (i % 97) as i16 + 1)])
            );
            parse_line(text.as_bytes(), &FeedOptions::default()).unwrap()
        })
        .collect()
}

#[test]
fn plain_gzip_and_zstd_feeds_read_the_same_and_so_do_joined_ones() {
    let folder = tempfile::tempdir().unwrap();
    let registrations = some(3000);
    for name in ["a.ndjson", "a.ndjson.gz", "a.ndjson.zst"] {
        let path = folder.path().join(name);
        let mut writer = FeedWriter::create(&path).unwrap();
        registrations.iter().for_each(|registration| writer.write(registration).unwrap());
        writer.finish().unwrap();
        let read = |path| -> Vec<Registration> {
            FeedReader::open(path, FeedOptions::default()).unwrap().collect::<Result<_, _>>().unwrap()
        };
        assert!(read(&path) == registrations, "{name}");
        let joined = folder.path().join(name.replace('a', "joined"));
        let once = std::fs::read(&path).unwrap();
        std::fs::write(&joined, [once.clone(), once].concat()).unwrap();
        assert!(read(&joined) == [registrations.clone(), registrations.clone()].concat(), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[test]
fn a_feed_that_ends_early_gives_its_whole_lines_and_then_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let registrations = some(3000);
    for name in ["a.ndjson.gz", "a.ndjson.zst"] {
        let path = folder.path().join(name);
        let mut writer = FeedWriter::create(&path).unwrap();
        registrations.iter().for_each(|registration| writer.write(registration).unwrap());
        writer.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() * 3 / 4]).unwrap();
        let mut rejects = Rejects::<Vec<u8>>::new(OnError::Skip, None);
        let mut reader = FeedReader::open(&path, FeedOptions::default()).unwrap();
        let (mut accepted, mut end) = (0, None);
        while let Some(line) = reader.next_line() {
            match rejects.accept(line) {
                Ok(line) => accepted += usize::from(line.is_some()),
                Err(problem) => end = Some(problem),
            }
        }
        let problem = end.expect("a damaged feed does not end like a whole one");
        assert!(problem.is_final() && matches!(problem.reason, FeedError::Io(_)), "{problem}");
        assert!(accepted > 1000 && accepted < 3000, "{accepted}");
        assert_eq!(problem.place.line, accepted as u64 + 1);
    }
    let problem = FeedReader::open(folder.path().join("absent.ndjson"), FeedOptions::default()).unwrap_err();
    assert!(problem.to_string().contains("absent.ndjson: cannot be opened: "), "{problem}");
}

#[test]
fn order_does_not_depend_on_threads() {
    let mut feed = Vec::new();
    some(5000).iter().for_each(|registration| write_line(registration, &mut feed).unwrap());
    for threads in [1, 3, 8] {
        let options = FeedOptions { threads, ..FeedOptions::default() };
        let mut reader = FeedReader::new("f", Cursor::new(feed.clone()), options);
        for i in 0..5000 {
            let line = reader.next_line().unwrap();
            assert_eq!(line.place.line, i + 1);
            assert_eq!(line.outcome.unwrap().id.as_str(), format!("R{i}"));
        }
        assert!(reader.next_line().is_none() && reader.next_line().is_none());
    }
}

#[test]
fn a_reader_may_be_left_at_any_line() {
    let mut feed = Vec::new();
    some(2000).iter().for_each(|registration| write_line(registration, &mut feed).unwrap());
    let endless = Cursor::new(feed).chain(std::io::repeat(b'\n'));
    let mut reader = FeedReader::new("f", endless, FeedOptions::default());
    assert!(reader.next_line().unwrap().outcome.is_ok());
    drop(reader);
}

#[test]
fn an_id_follows_the_gallerys_scheme() {
    let text =
        line(&format!(r#""fingers": [{{"template": "{}"}}]"#, iso(&[template(1, 3)]))).replace("001204000257", "GB-77");
    assert!(parse_line(text.as_bytes(), &FeedOptions::default()).is_err());
    let opaque = FeedOptions { id_scheme: IdScheme::Opaque, ..FeedOptions::default() };
    assert_eq!(parse_line(text.as_bytes(), &opaque).unwrap().personal_id.as_str(), "GB-77");
}

#[test]
fn a_failing_writer_of_rejects_ends_the_run() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut reader = FeedReader::new("f", Cursor::new("{}"), FeedOptions::default());
    let problem = Rejects::new(OnError::Skip, Some(Full)).accept(reader.next_line().unwrap()).unwrap_err();
    assert!(problem.is_final());
}
