//! Minutiae records: the standards' formats, read, written and converted.
//!
//! # Problem
//! Templates come as ISO/IEC 19794-2:2005 or :2011, INCITS 378-2004, -2009 or -2009/AM1, or as one of two ISO card formats
//! without a header. They share their ancestry and differ in lengths, units and where a field stands; some writers err in
//! known ways; and a crafted record must not do more than fail.
//!
//! # Method
//! A [`Record`] holds what is stored, in the format's own units, so that it writes back to the same bytes. Each format is
//! described once, for both directions. What a comparison needs is a step of its own: [`Record::templates`] gives the inner
//! form, and angles are quantised once on the way, from the stored ones.
//!
//! # What is refused, what is only said
//! A cut, a length or count that disagrees with the bytes, or a value that a standard reserves is a
//! [`TemplateError::Record`] with format, field and byte offset. Known slips of real writers and of the standards' own examples
//! are read and listed by [`Record::warnings`]: bytes after a record that is itself consistent, a length that falls short by
//! a few bytes, reserved bits that are set, INCITS angles above 358°, no resolution, minutiae outside the image.
//!
//! # Telling formats apart
//! INCITS 378-2004 and ISO 2005 share their magic: bytes 8 and 9 are INCITS's length (26 or more, or 0 before a long one) or
//! the upper half of ISO's. INCITS 378-2009 and ISO 2011 do too: a record is ISO if the lengths of its views add up to its own.
//! Card formats have nothing to tell them by; name them with [`read_as`] or [`read_card`].
//!
//! # What a conversion loses
//! [`Record::convert`] keeps coordinates with their resolution and rounds angles once. It cannot keep:
//!
//! | lost on the way | to |
//! |---|---|
//! | product owner and type | ISO |
//! | time, technology, vendor and certifications of the capture; a sensor number above 4095 | others than ISO 2011, the last only to the 2004 and 2005 editions |
//! | the sensor's certification bits, but for the first four to INCITS 2009 and back | another edition |
//! | vendor and algorithm of qualities; image sizes that differ (the largest stays); impression types above 9; view numbers above 15 (numbered anew) | 2004 and 2005 editions |
//! | qualities of a view after the first | others than ISO 2011 |
//! | zonal qualities and blocks of reserved types; angles of cores (deltas) to INCITS if not all cores (deltas) have them | INCITS from ISO, ISO from INCITS |
//! | everything but type, place and angle; minutiae beyond the card's reach or over its limit | cards |
//!
//! What was there and was lost is among the [`Record::warnings`] of the result. Views of several fingers at once (positions
//! 13 and above in INCITS 2009/AM1) are refused: no finger is at such a position.

mod convert;
mod cores;
mod format;
mod inner;
mod layouts;
mod parts;
mod pass;
mod warning;

use super::{FingerPosition, Impression, TemplateError};
use std::fmt;

pub use format::Format;
pub use parts::{
    Capture, CaptureTime, Certification, Extension, ExtensionLength, RawMinutia, RecordHeader, View, ViewImage,
    ViewQuality,
};
pub use warning::RecordWarning;

use pass::{Reader, Writer};

/// A minutiae record as stored: its format, header and views. `Debug` shows counts, never content.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    format: Format,
    header: RecordHeader,
    views: Vec<View>,
    warnings: Vec<RecordWarning>,
}

/// What a card does not say about its view: the caller knows it from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardContext {
    /// Which finger.
    pub position: FingerPosition,
    /// How the impression was taken.
    pub impression: Impression,
    /// Width and height of the image, in the units of the coordinates; 0 where not known.
    pub size: (u16, u16),
    /// Units per cm along x and y, where a card does not follow the standard's 1000 (normal) or 100 (compact).
    pub resolution: Option<(u16, u16)>,
}

/// Reads a record, telling its format by its bytes.
///
/// ```
/// use vantay::template::{self, Format};
///
/// # let bytes = b"FMR\0 20\0\0\0\0\x24\0\0\x01\x00\x01\x80\0\xC5\0\xC5\x01\0\x02\0\x50\x01\x40\x64\0\x0E\x50\x5A\0\0";
/// let record = template::read(bytes)?;
/// assert_eq!(record.format(), Format::Iso19794V2005);
/// let [index_finger] = &record.templates()?[..] else { panic!("one view") };
/// assert_eq!((index_finger.position().number(), index_finger.minutiae().len()), (2, 1));
/// assert_eq!(record.to_bytes()?, bytes);
/// # Ok::<(), vantay::template::TemplateError>(())
/// ```
///
/// # Errors
/// [`TemplateError::UnknownFormat`] if no format begins so, [`TemplateError::Record`] if the record does not follow its format.
pub fn read(bytes: &[u8]) -> Result<Record, TemplateError> {
    let &[b'F', b'M', b'R', 0, ref version @ .., l0, l1, l2, l3] = bytes.first_chunk::<12>().ok_or(unknown(bytes))?
    else {
        return Err(TemplateError::UnknownFormat);
    };
    match version {
        b" 20\0" | b"020\0" => {
            let (high, low) = (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([l2, l3]));
            let incits = high >= 26 || high == 0 && low < 24;
            read_as(if incits { Format::Incits378V2004 } else { Format::Iso19794V2005 }, bytes)
        }
        b"030\0" => {
            let (likely, other) = match is_iso_2011(bytes) {
                true => (Format::Iso19794V2011, Format::Incits378V2009),
                false => (Format::Incits378V2009, Format::Iso19794V2011),
            };
            read_as(likely, bytes).or_else(|error| read_as(other, bytes).map_err(|_| error))
        }
        b"035\0" => read_as(Format::Incits378V2009Am1, bytes),
        _ => Err(TemplateError::UnknownFormat),
    }
}

/// Why bytes that are too few to tell a format are refused.
fn unknown(bytes: &[u8]) -> TemplateError {
    let format = match bytes {
        [b'F', b'M', b'R', 0, b' ' | b'0', b'2', b'0', 0, ..] => Format::Iso19794V2005,
        [b'F', b'M', b'R', 0, b'0', b'3', b'0', 0, ..] => Format::Iso19794V2011,
        [b'F', b'M', b'R', 0, b'0', b'3', b'5', 0, ..] => Format::Incits378V2009Am1,
        _ => return TemplateError::UnknownFormat,
    };
    let problem = super::RecordProblem::Cut { needed: 4, left: bytes.len() - 8 };
    TemplateError::Record { format, field: "record length", offset: 8, problem }
}

/// Whether a version 3 record is laid out as ISO 2011: as far as there are bytes, the lengths of its views add up to its own.
fn is_iso_2011(bytes: &[u8]) -> bool {
    let number = |at: usize, length| {
        let bytes = bytes.get(at..at + length)?;
        Some(bytes.iter().fold(0, |number: usize, &byte| number << 8 | usize::from(byte)))
    };
    // The shortest view: no qualities, no certifications, no minutiae, no extensions.
    const SHORTEST: usize = 34;
    let (Some(total), Some(views), Some(0..=1)) = (number(8, 4), number(12, 2), number(14, 1)) else {
        return false;
    };
    let mut end = 15;
    for _ in 0..views {
        match number(end, 4) {
            None => return true,
            Some(length) if length >= SHORTEST && length <= total => end += length,
            Some(_) => return false,
        }
    }
    views > 0 && (end == total || total > bytes.len())
}

/// Reads a record of a known format. A card's view gets what [`CardContext::default`] says.
///
/// # Errors
/// [`TemplateError::Record`] if the record does not follow the format.
pub fn read_as(format: Format, bytes: &[u8]) -> Result<Record, TemplateError> {
    let views = if format.is_card() { vec![card_view(format, CardContext::default())] } else { Vec::new() };
    read_into(Record { format, header: RecordHeader::default(), views, warnings: Vec::new() }, bytes)
}

/// Reads a card record, whose finger, image and resolution the caller knows.
///
/// ```
/// use vantay::template::{self, CardContext, FingerPosition, Format};
///
/// let context = CardContext { position: FingerPosition::new(2)?, ..CardContext::default() };
/// let card = template::read_card(Format::IsoCardCompact, &[100, 50, 0x40 | 16], context)?;
/// let minutia = card.templates()?[0].minutiae()[0];
/// assert_eq!((minutia.x, minutia.y, minutia.angle), (197, 99, 64)); // 10 mm, 5 mm, a quarter turn
/// # Ok::<(), vantay::template::TemplateError>(())
/// ```
///
/// # Errors
/// [`TemplateError::Unrepresentable`] if `format` is no card format, [`TemplateError::Record`] if the bytes are not a whole
/// number of minutiae or have a reserved minutia type.
pub fn read_card(format: Format, bytes: &[u8], context: CardContext) -> Result<Record, TemplateError> {
    if !format.is_card() {
        let reason = "the format is no card format; its records say themselves what the context says";
        return Err(TemplateError::Unrepresentable { format, field: "card context", reason });
    }
    let views = vec![card_view(format, context)];
    read_into(Record { format, header: RecordHeader::default(), views, warnings: Vec::new() }, bytes)
}

fn card_view(format: Format, context: CardContext) -> View {
    let standard = format.card_resolution().unwrap_or(0);
    let (x_resolution, y_resolution) = context.resolution.unwrap_or((standard, standard));
    let (width, height) = context.size;
    let image = ViewImage { width, height, x_resolution, y_resolution };
    View { position: context.position, impression: context.impression, image, ..View::default() }
}

fn read_into(mut record: Record, bytes: &[u8]) -> Result<Record, TemplateError> {
    let mut reader = Reader::new(record.format, bytes);
    layouts::record(&mut reader, &mut record)?;
    record.warnings = reader.warnings;
    warning::inspect(&mut record);
    Ok(record)
}

impl Record {
    /// A record of `views`. Whether the format can hold them shows when it is written.
    pub fn new(format: Format, header: RecordHeader, views: Vec<View>) -> Self {
        Record { format, header, views, warnings: Vec::new() }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What stands before the views.
    pub fn header(&self) -> &RecordHeader {
        &self.header
    }

    /// The views, in the order of the record.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// A record of one view alone, with the same header; `None` if there is no such view.
    pub fn view(&self, number: usize) -> Option<Record> {
        let views = vec![self.views.get(number)?.clone()];
        Some(Record { format: self.format, header: self.header.clone(), views, warnings: Vec::new() })
    }

    /// What was odd about the record as read, or lost when it was converted.
    pub fn warnings(&self) -> &[RecordWarning] {
        &self.warnings
    }

    /// The record's bytes. What was read writes back to the same bytes, except for what followed the record.
    ///
    /// # Errors
    /// [`TemplateError::Unrepresentable`] if the format cannot hold a value; [`TemplateError::Record`] if a value is reserved.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TemplateError> {
        // The walk takes fields to fill; a writer leaves them as they are.
        let mut record = self.clone();
        if record.format == Format::Incits378V2004 && !record.header.long_length {
            record.header.long_length = record.first_edition_length() > usize::from(u16::MAX);
        }
        let mut writer = Writer::new(record.format);
        layouts::record(&mut writer, &mut record)?;
        Ok(writer.bytes)
    }

    /// How long the record is in the short form of INCITS 378-2004.
    fn first_edition_length(&self) -> usize {
        let extension = |extension: &Extension| Extension::HEADER + extension.data.len();
        let view = |view: &View| 6 + 6 * view.minutiae.len() + view.extensions.iter().map(extension).sum::<usize>();
        26 + self.views.iter().map(view).sum::<usize>()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (format, views, warnings) = (self.format, &self.views, &self.warnings);
        f.debug_struct("Record").field("format", &format).field("views", views).field("warnings", warnings).finish()
    }
}
