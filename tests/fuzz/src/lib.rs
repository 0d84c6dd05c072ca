//! What must hold for any bytes that somebody hands to Vantay, each against a plain oracle: codecs, feed, manifest, segment, and any
//! stream of operations on a gallery.
//!
//! libFuzzer drives the checks for hours (`run`), `tests/fuzzing.rs` of the library for seconds, from the same inputs every time.
#![allow(clippy::unwrap_used)]

pub mod codecs;
pub mod feed;
pub mod golden;
pub mod manifest;
pub mod operations;
pub mod segment;

#[path = "../../gallery_support/mod.rs"]
mod gallery_support;

/// A check of any bytes.
pub type Check = fn(&[u8]);

/// Every target by name.
pub const TARGETS: [(&str, Check); 12] = [
    ("iso_2005", |bytes| codecs::check(vantay::template::Format::Iso19794V2005, bytes)),
    ("iso_2011", |bytes| codecs::check(vantay::template::Format::Iso19794V2011, bytes)),
    ("incits_2004", |bytes| codecs::check(vantay::template::Format::Incits378V2004, bytes)),
    ("incits_2009", |bytes| codecs::check(vantay::template::Format::Incits378V2009, bytes)),
    ("incits_2009_am1", |bytes| codecs::check(vantay::template::Format::Incits378V2009Am1, bytes)),
    ("card_normal", |bytes| codecs::check(vantay::template::Format::IsoCardNormal, bytes)),
    ("card_compact", |bytes| codecs::check(vantay::template::Format::IsoCardCompact, bytes)),
    ("detection", codecs::check_detection),
    ("feed", feed::check),
    ("manifest", manifest::check),
    ("segment", segment::check),
    ("operations", operations::check),
];
