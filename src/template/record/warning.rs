//! What is odd about a record, but no reason to refuse it.

use super::Record;
use std::fmt;

/// Something odd about a record that was read all the same, or something that a conversion could not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordWarning {
    /// The record declares fewer bytes than its parts have, and the input ends with its parts.
    Length {
        /// What the record says.
        declared: usize,
        /// What its parts have.
        found: usize,
    },
    /// Bytes follow the record. They are not kept.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// The reserved byte of the header is set.
    ReservedByte,
    /// Reserved bits of minutiae are set.
    ReservedBits {
        /// Which view, from 0.
        view: usize,
        /// Of how many minutiae.
        count: usize,
    },
    /// INCITS angles beyond 358°. They are taken modulo a full turn.
    AnglesBeyondTurn {
        /// Which view, from 0.
        view: usize,
        /// How many.
        count: usize,
    },
    /// Minutiae lie outside the image.
    OutsideImage {
        /// Which view, from 0.
        view: usize,
        /// How many.
        count: usize,
    },
    /// A view's resolution is 0. It is taken as 500 dpi.
    NoResolution {
        /// Which view, from 0.
        view: usize,
    },
    /// A conversion could not keep something.
    Lost {
        /// Which view, from 0.
        view: usize,
        /// What: named in the plural.
        what: &'static str,
        /// How many.
        count: usize,
    },
}

impl fmt::Display for RecordWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordWarning::Length { declared, found } => write!(f, "record declares {declared} bytes, has {found}"),
            RecordWarning::TrailingBytes { count } => write!(f, "{count} bytes after the record"),
            RecordWarning::ReservedByte => write!(f, "reserved byte of the header is set"),
            RecordWarning::ReservedBits { view, count } => {
                write!(f, "view {view}: reserved bits of {count} minutiae are set")
            }
            RecordWarning::AnglesBeyondTurn { view, count } => {
                write!(f, "view {view}: {count} angles beyond 358 degrees, taken modulo a full turn")
            }
            RecordWarning::OutsideImage { view, count } => write!(f, "view {view}: {count} minutiae outside the image"),
            RecordWarning::NoResolution { view } => write!(f, "view {view}: no resolution, taken as 500 dpi"),
            RecordWarning::Lost { view, what, count } => write!(f, "view {view}: lost {count} {what}"),
        }
    }
}

/// Adds to the record's warnings what its content gives reason for.
pub(super) fn inspect(record: &mut Record) {
    let units = record.format.angle_units();
    if record.header.reserved != 0 {
        record.warnings.push(RecordWarning::ReservedByte);
    }
    for (view, content) in record.views.iter().enumerate() {
        let counted = |odd: &dyn Fn(&super::RawMinutia) -> bool| {
            Some(content.minutiae.iter().filter(|minutia| odd(minutia)).count()).filter(|&count| count > 0)
        };
        let image = content.image;
        if image.x_resolution == 0 || image.y_resolution == 0 {
            record.warnings.push(RecordWarning::NoResolution { view });
        }
        if let Some(count) = counted(&|minutia| minutia.reserved != 0) {
            record.warnings.push(RecordWarning::ReservedBits { view, count });
        }
        if let Some(count) = counted(&|minutia| u16::from(minutia.angle) >= units) {
            record.warnings.push(RecordWarning::AnglesBeyondTurn { view, count });
        }
        let outside = |coordinate: u16, size: u16| size > 0 && coordinate >= size;
        if let Some(count) = counted(&|minutia| outside(minutia.x, image.width) || outside(minutia.y, image.height)) {
            record.warnings.push(RecordWarning::OutsideImage { view, count });
        }
    }
}
