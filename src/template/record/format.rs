//! The formats by name, and the few facts in which they differ.

use super::super::{Impression, TemplateError};
use std::{fmt, str::FromStr};

/// A format of finger minutiae records.
///
/// `Display` and `FromStr` use the names of the registration feed, as `iso19794-2:2005`.
///
/// ```
/// use vantay::template::Format;
///
/// let format: Format = "incits378:2009am1".parse()?;
/// assert_eq!(format, Format::Incits378V2009Am1);
/// assert_eq!(format.to_string(), "incits378:2009am1");
/// # Ok::<(), vantay::template::TemplateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// ISO/IEC 19794-2:2005, the record format.
    Iso19794V2005,
    /// ISO/IEC 19794-2:2011, the record format.
    Iso19794V2011,
    /// ANSI INCITS 378-2004.
    Incits378V2004,
    /// ANSI INCITS 378-2009.
    Incits378V2009,
    /// ANSI INCITS 378-2009 with Amendment 1 (2010).
    Incits378V2009Am1,
    /// ISO/IEC 19794-2:2005, the card format of normal size: 5 bytes a minutia, no header, coordinates in 0.01 mm.
    IsoCardNormal,
    /// ISO/IEC 19794-2:2005, the card format of compact size: 3 bytes a minutia, no header, coordinates in 0.1 mm.
    IsoCardCompact,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 7] = [
        Format::Iso19794V2005,
        Format::Iso19794V2011,
        Format::Incits378V2004,
        Format::Incits378V2009,
        Format::Incits378V2009Am1,
        Format::IsoCardNormal,
        Format::IsoCardCompact,
    ];

    /// The name that the feed and the command line use.
    pub fn name(self) -> &'static str {
        match self {
            Format::Iso19794V2005 => "iso19794-2:2005",
            Format::Iso19794V2011 => "iso19794-2:2011",
            Format::Incits378V2004 => "incits378:2004",
            Format::Incits378V2009 => "incits378:2009",
            Format::Incits378V2009Am1 => "incits378:2009am1",
            Format::IsoCardNormal => "iso19794-2:2005-card-normal",
            Format::IsoCardCompact => "iso19794-2:2005-card-compact",
        }
    }

    /// How many units of the format's minutia angle make a full turn: 256 (1.40625°), 180 (2°) or 64 (5.625°).
    pub fn angle_units(self) -> u16 {
        match self {
            Format::Incits378V2004 | Format::Incits378V2009 | Format::Incits378V2009Am1 => 180,
            Format::IsoCardCompact => 64,
            Format::Iso19794V2005 | Format::Iso19794V2011 | Format::IsoCardNormal => 256,
        }
    }

    /// The largest coordinate of a minutia.
    pub fn max_coordinate(self) -> u16 {
        if self == Format::IsoCardCompact { 0xFF } else { 0x3FFF }
    }

    /// Whether this is a card format: no header, one view, no qualities, no extensions.
    pub fn is_card(self) -> bool {
        self.card_resolution().is_some()
    }

    /// Coordinate units per cm of a card format; the other formats say it in the record.
    pub fn card_resolution(self) -> Option<u16> {
        match self {
            Format::IsoCardNormal => Some(1000),
            Format::IsoCardCompact => Some(100),
            _ => None,
        }
    }

    /// Whether the format is one of INCITS 378.
    pub(super) fn is_incits(self) -> bool {
        matches!(self, Format::Incits378V2004 | Format::Incits378V2009 | Format::Incits378V2009Am1)
    }

    /// Whether one image size and resolution hold for all views of a record.
    pub(super) fn shares_image(self) -> bool {
        matches!(self, Format::Iso19794V2005 | Format::Incits378V2004)
    }

    /// Whether the impression type has four bits and the sensor's number twelve.
    pub(super) fn is_first_edition(self) -> bool {
        self.shares_image() || self.is_card()
    }

    /// The impression type as the format can hold it: the first editions have those up to 9, so that the later ones become
    /// live plain or live rolled.
    pub(super) fn held_impression(self, impression: Impression) -> Impression {
        match impression.0 {
            0..=9 => impression,
            _ if !self.is_first_edition() => impression,
            21 | 23 | 25 | 27 => Impression(1),
            _ => Impression(0),
        }
    }

    /// What a stored quality of a view says. The first editions know only 0 to 100, and extractors write 0 there for "not
    /// reported"; the later ones have 254 and 255 for that, so their 0 is a quality.
    pub(super) fn view_quality(self, stored: u8) -> Option<u8> {
        match stored {
            0 if self.is_first_edition() => None,
            0..=100 => Some(stored),
            _ => None,
        }
    }

    /// How the format stores a quality of a view.
    pub(super) fn stored_view_quality(self, quality: Option<u8>) -> u8 {
        quality.unwrap_or(if self.is_first_edition() { 0 } else { 254 })
    }

    /// How the format stores a quality of a minutia. Only the later editions have 254; every edition reads 0 as not reported.
    pub(super) fn stored_minutia_quality(self, quality: Option<u8>) -> u8 {
        self.stored_view_quality(quality)
    }
}

/// What a stored quality of a minutia says: 0, 254 and 255 are "not reported" in every edition.
pub(super) fn minutia_quality(stored: u8) -> Option<u8> {
    (1..=100).contains(&stored).then_some(stored)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = TemplateError;

    /// # Errors
    /// [`TemplateError::FormatName`] if no format has this name.
    fn from_str(name: &str) -> Result<Self, TemplateError> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or(TemplateError::FormatName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!("iso19794-2".parse::<Format>(), Err(TemplateError::FormatName));
    }
}
