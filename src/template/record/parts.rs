//! What a record is made of. Values are the stored ones, in the format's own units; `Debug` shows shapes, never content.

use super::super::{FingerPosition, Impression, MinutiaKind};
use std::fmt;

/// What a record says about itself before its views. A format that lacks a field reads it as zero and does not write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordHeader {
    /// CBEFF product owner (INCITS).
    pub owner: u16,
    /// CBEFF product type (INCITS).
    pub product: u16,
    /// Certification bits of the sensor: 4 bits in the 2004 and 2005 editions, 8 in INCITS 2009.
    pub certification: u8,
    /// The sensor's number: 12 bits in the 2004 and 2005 editions, 16 in INCITS 2009; per view in ISO 2011.
    pub device: u16,
    /// The reserved byte after the number of views; 0 unless a writer erred.
    pub reserved: u8,
    /// ISO 2011: whether the views carry certification blocks.
    pub certified: bool,
    /// 2004 and 2005 editions: whether the version reads `020` instead of the standards' ` 20`, as some writers have it.
    pub zero_padded_version: bool,
    /// By how many bytes the record declares less than it has (see
    /// [`RecordWarning::Length`](super::RecordWarning::Length)); 0 unless a writer erred.
    pub length_shortfall: u8,
    /// INCITS 2004: whether the length is written in the long form even where the short one would do.
    pub long_length: bool,
}

/// Size and resolution of the image that a view's coordinates refer to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewImage {
    /// Width in the units of the coordinates; 0 where not known.
    pub width: u16,
    /// Height in the units of the coordinates; 0 where not known.
    pub height: u16,
    /// Units per cm along x; 197 is 500 dpi.
    pub x_resolution: u16,
    /// Units per cm along y.
    pub y_resolution: u16,
}

/// A quality of a view and who computed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewQuality {
    /// 0 to 100; 254 and 255 say that there is none.
    pub quality: u8,
    /// Vendor of the quality algorithm (INCITS 2009, ISO 2011).
    pub vendor: u16,
    /// The algorithm's number (INCITS 2009, ISO 2011).
    pub algorithm: u16,
}

/// When a view was captured (ISO 2011); a field of all ones is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct CaptureTime {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub millisecond: u16,
}

impl Default for CaptureTime {
    /// Not known.
    fn default() -> Self {
        CaptureTime {
            year: 0xFFFF,
            month: 0xFF,
            day: 0xFF,
            hour: 0xFF,
            minute: 0xFF,
            second: 0xFF,
            millisecond: 0xFFFF,
        }
    }
}

/// A certification of the sensor (ISO 2011).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Certification {
    /// Who certified.
    pub authority: u16,
    /// By which scheme.
    pub scheme: u8,
}

/// How a view was captured (ISO 2011).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// When.
    pub time: CaptureTime,
    /// Sensor technology; 0 unknown.
    pub technology: u8,
    /// The sensor's vendor; 0 not reported.
    pub vendor: u16,
    /// The sensor's number; 0 not reported.
    pub device: u16,
    /// The sensor's certifications; written only if [`RecordHeader::certified`].
    pub certifications: Vec<Certification>,
    /// How ridge endings are placed, 4 bits; 0 is at the bifurcation of the valley skeleton.
    pub ending: u8,
}

/// One minutia as stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawMinutia {
    /// The type.
    pub kind: MinutiaKind,
    /// To the right, in units of [`ViewImage::x_resolution`]; 14 bits (compact card: 8).
    pub x: u16,
    /// Down, in units of [`ViewImage::y_resolution`]; 14 bits (compact card: 8).
    pub y: u16,
    /// Counter-clockwise, in the format's unit ([`Format::angle_units`](super::Format::angle_units)).
    pub angle: u8,
    /// 0 to 100, where 0, 254 and 255 say that there is none.
    pub quality: u8,
    /// The two reserved bits above y; 0 unless a writer erred.
    pub reserved: u8,
}

impl Default for RawMinutia {
    fn default() -> Self {
        RawMinutia { kind: MinutiaKind::Other, x: 0, y: 0, angle: 0, quality: 0, reserved: 0 }
    }
}

impl fmt::Debug for RawMinutia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawMinutia(..)")
    }
}

/// What the length of an extension block counts; writers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtensionLength {
    /// The four bytes of type and length, and the data: as in the annexes of the standards. New records are written so.
    #[default]
    WithHeader,
    /// The data alone. Kept from a record that was read, so that it writes back to the same bytes.
    DataOnly,
}

/// An extension block: ridge counts (1), cores and deltas (2), zonal quality (3), or a vendor's own (0x0100 and above).
#[derive(Clone, PartialEq, Eq)]
pub struct Extension {
    /// What it is.
    pub kind: u16,
    /// Its bytes, without type and length.
    pub data: Vec<u8>,
}

impl Extension {
    /// Bytes of type and length.
    pub(super) const HEADER: usize = 4;
    /// Ridge counts between minutiae.
    pub(super) const RIDGE_COUNTS: u16 = 1;
    /// Cores and deltas.
    pub(super) const CORES: u16 = 2;
    /// The least vendor-defined type.
    pub(super) const VENDOR: u16 = 0x0100;

    /// The blocks that fill `bytes`, and how their lengths count: with the header if that adds up, else without if that does.
    pub(super) fn split(bytes: &[u8]) -> Option<(Vec<Extension>, ExtensionLength)> {
        [ExtensionLength::WithHeader, ExtensionLength::DataOnly]
            .into_iter()
            .find_map(|length| Some((Self::split_as(length, bytes)?, length)))
    }

    fn split_as(length: ExtensionLength, mut bytes: &[u8]) -> Option<Vec<Extension>> {
        let mut blocks = Vec::new();
        while !bytes.is_empty() {
            let (&[k0, k1, l0, l1], rest) = bytes.split_first_chunk::<{ Extension::HEADER }>()?;
            let counted = usize::from(u16::from_be_bytes([l0, l1]));
            let data = match length {
                ExtensionLength::WithHeader => counted.checked_sub(Self::HEADER)?,
                ExtensionLength::DataOnly => counted,
            };
            let (data, rest) = rest.split_at_checked(data)?;
            blocks.push(Extension { kind: u16::from_be_bytes([k0, k1]), data: data.to_vec() });
            bytes = rest;
        }
        Some(blocks)
    }

    /// The bytes of `blocks`; `None` if one is longer than its length field can say.
    pub(super) fn join(blocks: &[Extension], length: ExtensionLength) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for block in blocks {
            let header = if length == ExtensionLength::WithHeader { Self::HEADER } else { 0 };
            let counted = u16::try_from(block.data.len() + header).ok()?;
            bytes.extend(block.kind.to_be_bytes());
            bytes.extend(counted.to_be_bytes());
            bytes.extend(&block.data);
        }
        Some(bytes)
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension(type {:#06x}, {} bytes)", self.kind, self.data.len())
    }
}

/// One view of one finger as stored.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Which finger.
    pub position: FingerPosition,
    /// Which of several views of the finger, from 0; 4 bits in the 2004 and 2005 editions.
    pub number: u8,
    /// How the impression was taken; 4 bits in the 2004 and 2005 editions.
    pub impression: Impression,
    /// The qualities: one, except in ISO 2011, which has any number, and on cards, which have none.
    pub qualities: Vec<ViewQuality>,
    /// The image; one for all views in the 2004 and 2005 editions, the caller's for cards.
    pub image: ViewImage,
    /// How it was captured (ISO 2011).
    pub capture: Capture,
    /// Whether the minutiae carry qualities; a choice in ISO 2011, never on cards, always else.
    pub minutia_qualities: bool,
    /// The minutiae, in the order of the record.
    pub minutiae: Vec<RawMinutia>,
    /// The extension blocks, in the order of the record.
    pub extensions: Vec<Extension>,
    /// What the lengths of the extension blocks count.
    pub extension_length: ExtensionLength,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutiae, extensions) = (self.minutiae.len(), self.extensions.len());
        write!(f, "View(position {}, {minutiae} minutiae, {extensions} extensions)", self.position)
    }
}
