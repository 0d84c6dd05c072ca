//! The feed: registrations as lines of JSON.
//!
//! # Problem
//! A country's registrations come as files of hundreds of gigabytes, made by others. They have to be read at the speed of
//! the disk, in constant memory, and a bad line must cost that line: named by place and reason, copied out as it was, and
//! skipped, or the end of the run, as the caller chose.
//!
//! # Method
//! One thread decompresses and cuts the stream into batches of whole lines of about a megabyte; the lines of a batch are
//! parsed side by side and handed on in their order, two batches ahead of the reader at most. A line is copied once into
//! a buffer of the parsing thread, because simd-json unescapes in place and a rejected line has to leave as it came;
//! strings are borrowed from that copy, and base64 is decoded into reused buffers.
//!
//! # The line
//! ```json
//! {"registration": "HN-2022-0000001", "personal_id": "001204000257", "captured_at": "2022-11-07T02:11:09Z",
//!  "portrait": {"model": "w600k_mbf", "embedding": "<base64 of little-endian f32, or an array of numbers>"},
//!  "fingers": [{"position": 2, "format": "iso19794-2:2005", "template": "<base64>"}, {"position": 7, "missing": "amputated"}]}
//! ```
//! - Only `registration`, `personal_id` and one usable template are required: a portrait, or a finger with a minutia. A
//!   template that cannot be read rejects the whole line; a readable one without minutiae is kept and counts for nothing.
//! - `null` is as good as absent. Unknown fields are passed over, a known field given twice is an error. Empty lines are
//!   passed over. Base64 may leave its padding out.
//! - `position`: with one view in the record, the line's position wins over the view's, unless it is 0 or absent. With
//!   several views, each is a finger of its own at its own position; only views that do not know theirs take the line's.
//! - `format`: absent, it is detected; named, the record has to be of that format.
//! - A line longer than [`FeedOptions::max_line_bytes`] (one megabyte unless told: ten fingers and a portrait of 4,096
//!   decimal numbers make 120 KB) is rejected without being held in memory.
//!
//! # Cost
//! A line of 3.9 KB (a 512-dimensional portrait, two fingers) takes 10 µs of one core (AMD Zen 5, 4.1 GHz), 14 µs from zstd:
//! 100,000 lines per second and core. The largest parts are simd-json, base64, the template and the embedding's length,
//! about a fifth each. `cargo bench --bench feed` measures it.

mod batch;
mod fields;
mod parse;
mod reader;
mod rejects;
mod source;
mod writer;

pub use batch::FeedLine;
pub use parse::{FaceModel, FeedOptions, parse_line};
pub use reader::FeedReader;
pub use rejects::{OnError, RejectReason, Rejects};
pub use writer::{FeedWriter, write_line};
