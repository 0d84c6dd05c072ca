//! The formats, field by field.
//!
//! Each function is one part of a record as a walk over its fields, for reading and for writing (see [`Pass`]). The editions
//! share what they have in common: the 2004 and 2005 ones a header and views of four bytes, all of them the minutiae and the
//! extension blocks. Sources: ISO/IEC 19794-2:2005 and :2011, ANSI INCITS 378-2004, -2009 and -2009/AM1 as public readers
//! implement them (NIST biomdi and libbiomeval, fingerprintio), held against their example records.

use super::super::{FingerPosition, Impression, MinutiaKind, RecordProblem, TemplateError};
use super::pass::Pass;
use super::{CaptureTime, Extension, Format, RawMinutia, Record, RecordHeader, View, ViewImage, ViewQuality};

/// The version of the 2004 and 2005 editions.
const FIRST_VERSION: &[u8] = b" 20\0";
/// The same as some writers have it.
const ZERO_PADDED_VERSION: &[u8] = b"020\0";

type Done = Result<(), TemplateError>;

/// Walks over the whole of `record`.
pub(super) fn record<P: Pass>(pass: &mut P, record: &mut Record) -> Done {
    match record.format {
        Format::Iso19794V2005 | Format::Incits378V2004 => first_edition(pass, record),
        Format::Incits378V2009 => incits_2009(pass, b"030\0", record),
        Format::Incits378V2009Am1 => incits_2009(pass, b"035\0", record),
        Format::Iso19794V2011 => iso_2011(pass, record),
        Format::IsoCardNormal | Format::IsoCardCompact => card(pass, record),
    }
}

/// ISO 2005 and INCITS 2004.
fn first_edition<P: Pass>(pass: &mut P, record: &mut Record) -> Done {
    let Record { format, header, views, .. } = record;
    let mut version = if header.zero_padded_version { ZERO_PADDED_VERSION } else { FIRST_VERSION }.to_vec();
    let at = pass.offset() + 4;
    pass.constant("format identifier", b"FMR\0")?;
    pass.data("version", FIRST_VERSION.len(), &mut version)?;
    header.zero_padded_version = version == ZERO_PADDED_VERSION;
    if !header.zero_padded_version && version != FIRST_VERSION {
        return Err(pass.fault("version", at, RecordProblem::Magic));
    }
    let length = if *format == Format::Incits378V2004 {
        // Two bytes, or two of zero and then four.
        let mut length = if !P::READING && header.long_length { zero_length(pass)? } else { pass.record_length(2)? };
        if P::READING {
            header.long_length = length.declared == 0;
        }
        if header.long_length {
            length = pass.record_length(4)?;
        }
        owner(pass, header)?;
        length
    } else {
        pass.record_length(4)?
    };
    let mut certification = u16::from(header.certification);
    pass.packed("capture equipment", 2, [(&mut certification, 4), (&mut header.device, 12)])?;
    header.certification = certification as u8;
    let mut shared = shared_image(*format, views)?;
    image(pass, &mut shared)?;
    let count = view_count(pass, 1, views.len())?;
    pass.u8("reserved byte of the header", &mut header.reserved)?;
    pass.list(count, views, |pass, view| {
        view.image = shared;
        position(pass, view)?;
        let at = pass.offset();
        let (mut number, mut impression) = (u16::from(view.number), u16::from(view.impression.0));
        pass.packed("view number and impression type", 1, [(&mut number, 4), (&mut impression, 4)])?;
        pass.hold("impression type", at, u32::from(impression), impression <= 9)?;
        (view.number, view.impression) = (number as u8, Impression(impression as u8));
        let mut quality = only_quality(pass.format(), view)?;
        pass.u8_of("finger quality", &mut quality.quality, is_quality)?;
        view.qualities = vec![quality];
        let count = pass.count("number of minutiae", 1, view.minutiae.len())?;
        view.minutia_qualities = true;
        minutiae(pass, count, view)?;
        extensions(pass, view)
    })?;
    pass.close_record(length, &mut header.length_shortfall)
}

/// INCITS 2009 and its amendment, which differ in the version.
fn incits_2009<P: Pass>(pass: &mut P, version: &'static [u8], record: &mut Record) -> Done {
    let Record { header, views, .. } = record;
    magic(pass, version)?;
    let length = pass.record_length(4)?;
    owner(pass, header)?;
    pass.u8("certification of the capture equipment", &mut header.certification)?;
    pass.u16("capture equipment", &mut header.device)?;
    let count = view_count(pass, 1, views.len())?;
    pass.u8("reserved byte of the header", &mut header.reserved)?;
    pass.list(count, views, |pass, view| {
        position(pass, view)?;
        pass.u8("view number", &mut view.number)?;
        impression(pass, view)?;
        let mut only = only_quality(pass.format(), view)?;
        quality(pass, &mut only)?;
        view.qualities = vec![only];
        image(pass, &mut view.image)?;
        let count = pass.count("number of minutiae", 1, view.minutiae.len())?;
        view.minutia_qualities = true;
        minutiae(pass, count, view)?;
        extensions(pass, view)
    })?;
    pass.close_record(length, &mut header.length_shortfall)
}

/// ISO 2011.
fn iso_2011<P: Pass>(pass: &mut P, record: &mut Record) -> Done {
    let Record { header, views, .. } = record;
    magic(pass, b"030\0")?;
    let length = pass.record_length(4)?;
    let count = view_count(pass, 2, views.len())?;
    let mut certified = u8::from(header.certified);
    pass.u8_of("certification flag", &mut certified, |flag| flag <= 1)?;
    header.certified = certified == 1;
    pass.list(count, views, |pass, view| {
        let start = pass.offset();
        let length = pass.length("representation length", 4)?;
        capture_time(pass, &mut view.capture.time)?;
        pass.u8("capture technology", &mut view.capture.technology)?;
        pass.u16("capture vendor", &mut view.capture.vendor)?;
        pass.u16("capture device", &mut view.capture.device)?;
        let count = pass.count("number of qualities", 1, view.qualities.len())?;
        pass.list(count, &mut view.qualities, quality)?;
        if certified == 1 {
            let certifications = &mut view.capture.certifications;
            let count = pass.count("number of certifications", 1, certifications.len())?;
            pass.list(count, certifications, |pass, certification| {
                pass.u16("certification authority", &mut certification.authority)?;
                pass.u8("certification scheme", &mut certification.scheme)
            })?;
        }
        position(pass, view)?;
        pass.u8("representation number", &mut view.number)?;
        pass.u16("x resolution", &mut view.image.x_resolution)?;
        pass.u16("y resolution", &mut view.image.y_resolution)?;
        impression(pass, view)?;
        pass.u16("image width", &mut view.image.width)?;
        pass.u16("image height", &mut view.image.height)?;
        let at = pass.offset();
        let (mut size, mut ending) = (5 + u16::from(view.minutia_qualities), u16::from(view.capture.ending));
        pass.packed("minutia size and ending type", 1, [(&mut size, 4), (&mut ending, 4)])?;
        pass.hold("minutia size", at, u32::from(size), matches!(size, 5 | 6))?;
        view.minutia_qualities = size == 6;
        view.capture.ending = ending as u8;
        let count = pass.count("number of minutiae", 1, view.minutiae.len())?;
        minutiae(pass, count, view)?;
        extensions(pass, view)?;
        pass.close(length, start)
    })?;
    pass.close_record(length, &mut header.length_shortfall)
}

/// The card formats: minutiae to the end of the input. The one view comes with what the caller knows.
fn card<P: Pass>(pass: &mut P, record: &mut Record) -> Done {
    let (format, size) = (record.format, if record.format == Format::IsoCardCompact { 3 } else { 5 });
    let [view] = &mut record.views[..] else {
        let reason = "a card holds exactly one view";
        return Err(TemplateError::Unrepresentable { format, field: "number of views", reason });
    };
    // Only the reader knows how many follow.
    let count = pass.left() / size;
    if !pass.left().is_multiple_of(size) {
        let (declared, found) = (count * size, pass.left());
        return Err(pass.fault("minutiae", declared, RecordProblem::Length { declared, found }));
    }
    if count.max(view.minutiae.len()) > super::super::MinutiaeTemplate::MAX_MINUTIAE {
        return Err(TemplateError::TooManyMinutiae { found: count.max(view.minutiae.len()) });
    }
    view.minutia_qualities = false;
    if format == Format::IsoCardCompact {
        pass.list(count, &mut view.minutiae, compact_minutia)
    } else {
        minutiae(pass, count, view)
    }
}

fn magic<P: Pass>(pass: &mut P, version: &'static [u8]) -> Done {
    pass.constant("format identifier", b"FMR\0")?;
    pass.constant("version", version)
}

/// The short length of zero that announces the long one.
fn zero_length<P: Pass>(pass: &mut P) -> Result<super::pass::Length, TemplateError> {
    pass.length("record length", 2)
}

fn owner<P: Pass>(pass: &mut P, header: &mut RecordHeader) -> Done {
    pass.u16("product owner", &mut header.owner)?;
    pass.u16("product type", &mut header.product)
}

fn image<P: Pass>(pass: &mut P, image: &mut ViewImage) -> Done {
    pass.u16("image width", &mut image.width)?;
    pass.u16("image height", &mut image.height)?;
    pass.u16("x resolution", &mut image.x_resolution)?;
    pass.u16("y resolution", &mut image.y_resolution)
}

/// The image of all `views`, to be written; anything where there are none yet.
fn shared_image(format: Format, views: &[View]) -> Result<ViewImage, TemplateError> {
    let shared = views.first().map_or(ViewImage::default(), |view| view.image);
    if views.iter().any(|view| view.image != shared) {
        let reason = "the format holds one image size and resolution, the views have several";
        return Err(TemplateError::Unrepresentable { format, field: "image", reason });
    }
    Ok(shared)
}

fn view_count<P: Pass>(pass: &mut P, bytes: usize, length: usize) -> Result<usize, TemplateError> {
    let at = pass.offset();
    let count = pass.count("number of views", bytes, length)?;
    pass.hold("number of views", at, count as u32, count > 0)?;
    Ok(count)
}

fn position<P: Pass>(pass: &mut P, view: &mut View) -> Done {
    let (at, mut number) = (pass.offset(), view.position.number());
    pass.u8("finger position", &mut number)?;
    view.position = FingerPosition::new(number)
        .map_err(|_| pass.fault("finger position", at, RecordProblem::Reserved { found: number.into() }))?;
    Ok(())
}

/// An impression type of the later editions: 12 to 19 and what is above 29 are not assigned.
fn impression<P: Pass>(pass: &mut P, view: &mut View) -> Done {
    pass.u8_of("impression type", &mut view.impression.0, |value| matches!(value, 0..=11 | 20..=29))
}

fn is_quality(value: u8) -> bool {
    matches!(value, 0..=100 | 254 | 255)
}

fn quality<P: Pass>(pass: &mut P, quality: &mut ViewQuality) -> Done {
    pass.u8_of("finger quality", &mut quality.quality, is_quality)?;
    pass.u16("quality vendor", &mut quality.vendor)?;
    pass.u16("quality algorithm", &mut quality.algorithm)
}

/// The quality of a view in a format that has exactly one.
fn only_quality(format: Format, view: &View) -> Result<ViewQuality, TemplateError> {
    match view.qualities[..] {
        [] => Ok(ViewQuality { quality: format.stored_view_quality(None), ..ViewQuality::default() }),
        [quality] => Ok(quality),
        _ => {
            let reason = "the format holds one quality a view";
            Err(TemplateError::Unrepresentable { format, field: "finger quality", reason })
        }
    }
}

/// Each part as a calendar and a clock have it, or all ones.
fn capture_time<P: Pass>(pass: &mut P, time: &mut CaptureTime) -> Done {
    pass.u16("capture year", &mut time.year)?;
    // Some writers leave an unknown date at zero.
    pass.u8_of("capture month", &mut time.month, |value| matches!(value, 0..=12 | 0xFF))?;
    pass.u8_of("capture day", &mut time.day, |value| matches!(value, 0..=31 | 0xFF))?;
    pass.u8_of("capture hour", &mut time.hour, |value| matches!(value, 0..=23 | 0xFF))?;
    pass.u8_of("capture minute", &mut time.minute, |value| matches!(value, 0..=59 | 0xFF))?;
    pass.u8_of("capture second", &mut time.second, |value| matches!(value, 0..=60 | 0xFF))?;
    let at = pass.offset();
    pass.u16("capture millisecond", &mut time.millisecond)?;
    pass.hold("capture millisecond", at, time.millisecond.into(), matches!(time.millisecond, 0..=999 | 0xFFFF))
}

/// Minutiae of six bytes, or of five without quality.
fn minutiae<P: Pass>(pass: &mut P, count: usize, view: &mut View) -> Done {
    let qualities = view.minutia_qualities;
    pass.list(count, &mut view.minutiae, |pass, minutia| {
        let (at, mut kind, mut reserved) = (pass.offset(), minutia.kind as u16, u16::from(minutia.reserved));
        pass.packed("minutia type and x", 2, [(&mut kind, 2), (&mut minutia.x, 14)])?;
        minutia.kind = minutia_kind(pass, at, kind)?;
        pass.packed("minutia y", 2, [(&mut reserved, 2), (&mut minutia.y, 14)])?;
        minutia.reserved = reserved as u8;
        pass.u8("minutia angle", &mut minutia.angle)?;
        if qualities {
            pass.u8_of("minutia quality", &mut minutia.quality, is_quality)?;
        }
        Ok(())
    })
}

/// A minutia of three bytes.
fn compact_minutia<P: Pass>(pass: &mut P, minutia: &mut RawMinutia) -> Done {
    pass.packed("minutia x", 1, [(&mut minutia.x, 8)])?;
    pass.packed("minutia y", 1, [(&mut minutia.y, 8)])?;
    let (at, mut kind, mut angle) = (pass.offset(), minutia.kind as u16, u16::from(minutia.angle));
    pass.packed("minutia type and angle", 1, [(&mut kind, 2), (&mut angle, 6)])?;
    minutia.kind = minutia_kind(pass, at, kind)?;
    minutia.angle = angle as u8;
    Ok(())
}

fn minutia_kind<P: Pass>(pass: &P, at: usize, kind: u16) -> Result<MinutiaKind, TemplateError> {
    match kind {
        0 => Ok(MinutiaKind::Other),
        1 => Ok(MinutiaKind::Ending),
        2 => Ok(MinutiaKind::Bifurcation),
        _ => Err(pass.fault("minutia type", at, RecordProblem::Reserved { found: kind.into() })),
    }
}

/// The length of all extension blocks, and the blocks.
fn extensions<P: Pass>(pass: &mut P, view: &mut View) -> Done {
    let format = pass.format();
    let Some(mut bytes) = Extension::join(&view.extensions, view.extension_length) else {
        return Err(TemplateError::Unrepresentable { format, field: "extension block", reason: "block too long" });
    };
    let total = pass.count("length of the extension blocks", 2, bytes.len())?;
    let at = pass.offset();
    pass.data("extension blocks", total, &mut bytes)?;
    if P::READING {
        (view.extensions, view.extension_length) = Extension::split(&bytes)
            .ok_or_else(|| pass.fault("extension blocks", at, RecordProblem::Blocks { total }))?;
    }
    Ok(())
}
