//! The feed: every line is read as if it stood alone, what is read is what a plain reader of JSON finds, and it is written and read again.
//!
//! The first byte says in which steps the source gives its bytes; the rest is the feed.

use base64::{Engine, engine::general_purpose::STANDARD_PAD_INDIFFERENT};
use serde_json::Value;
use std::io::{self, Read};
use vantay::registration::{FeedOptions, FeedReader, Finger, Registration, parse_line, write_line};

/// The longest line of these runs: short, so that lines beyond it are met.
const LONGEST: usize = 3000;

struct Steps(io::Cursor<Vec<u8>>, usize);

impl Read for Steps {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(out.len());
        self.0.read(&mut out[..length])
    }
}

/// Checks any bytes.
pub fn check(bytes: &[u8]) {
    let Some((&step, feed)) = bytes.split_first() else { return };
    let options = FeedOptions { max_line_bytes: LONGEST, ..FeedOptions::default() };
    let source = Steps(io::Cursor::new(feed.to_vec()), 1 + 97 * usize::from(step));
    let mut reader = FeedReader::new("feed", source, options.clone());
    let mut found = Vec::new();
    while let Some(line) = reader.next_line() {
        found.push(line);
    }
    let mut found = found.into_iter();
    let mut offset = 0;
    for (i, line) in feed.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let start = offset;
        offset += line.len();
        let without_end = line.strip_suffix(b"\n").unwrap_or(line);
        let marked = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let text = marked.trim_ascii();
        let too_long = without_end.len() > LONGEST;
        if text.is_empty() && !too_long {
            continue;
        }
        let read = found.next().expect("a line for each that is not empty");
        assert_eq!((read.place.line, read.place.offset), (i as u64 + 1, start as u64));
        if too_long {
            assert!(read.outcome.is_err() && read.raw().is_empty());
            continue;
        }
        assert_eq!(read.raw(), text);
        match (read.outcome, parse_line(text, &options)) {
            (Ok(read), Ok(alone)) => {
                assert!(read == alone, "a line is read otherwise than alone");
                check_registration(&read, text);
            }
            (Err(read), Err(alone)) => {
                assert_eq!((&read.field, read.reason.to_string()), (&alone.field, alone.reason.to_string()));
                // Of the file, of which the line's text is a part that starts behind a mark and white space.
                let indent = line.len() - marked.trim_ascii_start().len();
                assert_eq!(read.offset, (start + indent) as u64 + alone.offset);
                assert!(alone.offset <= text.len() as u64);
            }
            _ => panic!("a neighbour decides over a line"),
        }
    }
    assert!(found.next().is_none(), "a line that is not there");
}

/// A registration says what a plain reader finds in its line, and is read again as it was written.
fn check_registration(registration: &Registration, text: &[u8]) {
    let plain: Value = serde_json::from_slice(text).expect("a plain reader reads it too");
    assert_eq!(plain["registration"].as_str(), Some(registration.id.as_str()));
    assert_eq!(plain["personal_id"].as_str(), Some(registration.personal_id.as_str()));
    assert_eq!(plain["captured_at"].is_null(), registration.captured_at.is_none());
    assert_eq!(plain["portrait"].is_null(), registration.portrait.is_none());
    if let Some(portrait) = &registration.portrait {
        assert_eq!(plain["portrait"]["model"].as_str(), Some(&*portrait.model));
        let components = components(&plain["portrait"]["embedding"]);
        let length = components.iter().map(|c| f64::from(*c).powi(2)).sum::<f64>().sqrt();
        assert_eq!(components.len(), portrait.embedding.dimension());
        for (plain, found) in components.iter().zip(portrait.embedding.as_slice()) {
            assert!((f64::from(*plain) / length - f64::from(*found)).abs() < 1e-6, "{plain} / {length}, {found}");
        }
    }
    let said = plain["fingers"].as_array().map_or(&[][..], |fingers| fingers);
    let missing = said.iter().filter(|finger| !finger["missing"].is_null());
    let found = registration.fingers.iter().filter_map(|finger| match finger {
        Finger::Missing { position, reason } => Some((u64::from(position.number()), &**reason)),
        _ => None,
    });
    let missing = missing.map(|finger| (finger["position"].as_u64().unwrap(), finger["missing"].as_str().unwrap()));
    assert!(missing.eq(found));
    let mut written = Vec::new();
    // Years of five digits and templates beyond the written format are refused.
    if write_line(registration, &mut written).is_ok() {
        let again = parse_line(&written, &FeedOptions::default()).expect("what was written is read");
        assert!(again.id == registration.id && again.personal_id == registration.personal_id);
        assert_eq!(again.captured_at, registration.captured_at);
        assert!(again.fingers == registration.fingers);
        if let (Some(a), Some(b)) = (&again.portrait, &registration.portrait) {
            let both = a.embedding.as_slice().iter().zip(b.embedding.as_slice());
            assert!(a.model == b.model && both.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}

fn components(embedding: &Value) -> Vec<f32> {
    match embedding {
        Value::Array(numbers) => numbers.iter().map(|number| number.as_f64().unwrap() as f32).collect(),
        text => {
            let bytes = STANDARD_PAD_INDIFFERENT.decode(text.as_str().unwrap()).unwrap();
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
        }
    }
}
