//! One finger's minutiae in the inner form.

use super::{Minutia, TemplateError};
use std::fmt;
use zeroize::Zeroizing;

/// A finger position: 0 unknown, 1 to 5 right thumb to little finger, 6 to 10 left thumb to little finger (ISO/IEC 19794-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FingerPosition(u8);

impl FingerPosition {
    /// The position is not known; such a finger compares with every other.
    pub const UNKNOWN: FingerPosition = FingerPosition(0);
    /// How many positions there are, unknown included.
    pub const COUNT: usize = 11;

    /// The position with this number.
    ///
    /// # Errors
    /// [`TemplateError::Position`] above 10.
    pub fn new(number: u8) -> Result<Self, TemplateError> {
        if number <= 10 { Ok(FingerPosition(number)) } else { Err(TemplateError::Position { found: number }) }
    }

    /// Every position, unknown first.
    pub fn all() -> impl Iterator<Item = FingerPosition> {
        (0..Self::COUNT as u8).map(FingerPosition)
    }

    /// The number, 0 to 10.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether a finger at this position may be the finger at the other: the same position, or one of them unknown.
    pub fn may_be(self, other: FingerPosition) -> bool {
        self == other || self == Self::UNKNOWN || other == Self::UNKNOWN
    }
}

impl fmt::Display for FingerPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the impression was taken, by its number in the standards (0 live plain, 1 live rolled, 2 and 3 non-live, 8 swipe).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Impression(pub u8);

impl Impression {
    /// Whether the finger was rolled from nail to nail.
    pub fn is_rolled(self) -> bool {
        matches!(self.0, 1 | 3)
    }
}

/// One view of one finger: minutiae in the inner form with what the comparison may use beside them.
///
/// `Debug` shows the position and the number of minutiae, never the minutiae, and their memory is wiped when the template is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MinutiaeTemplate {
    position: FingerPosition,
    impression: Impression,
    quality: Option<u8>,
    size: (u16, u16),
    minutiae: Zeroizing<Vec<Minutia>>,
}

impl MinutiaeTemplate {
    /// What the count byte of every format can hold.
    pub const MAX_MINUTIAE: usize = 255;

    /// A template of `minutiae`, taken from an image of `size` (width, height in pixels at 500 dpi; 0 where not known).
    ///
    /// # Errors
    /// [`TemplateError::TooManyMinutiae`] above 255.
    pub fn new(
        position: FingerPosition,
        impression: Impression,
        quality: Option<u8>,
        size: (u16, u16),
        minutiae: Vec<Minutia>,
    ) -> Result<Self, TemplateError> {
        if minutiae.len() > Self::MAX_MINUTIAE {
            return Err(TemplateError::TooManyMinutiae { found: minutiae.len() });
        }
        Ok(MinutiaeTemplate {
            position,
            impression,
            quality: quality.map(|q| q.min(100)),
            size,
            minutiae: Zeroizing::new(minutiae),
        })
    }

    /// Which finger.
    pub fn position(&self) -> FingerPosition {
        self.position
    }

    /// The same template said to be of another finger position.
    pub fn with_position(mut self, position: FingerPosition) -> Self {
        self.position = position;
        self
    }

    /// How the impression was taken.
    pub fn impression(&self) -> Impression {
        self.impression
    }

    /// The quality of the view, 0 to 100, where reported.
    pub fn quality(&self) -> Option<u8> {
        self.quality
    }

    /// Width and height of the image in pixels at 500 dpi; 0 where not known.
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// The minutiae, in the order of the record.
    pub fn minutiae(&self) -> &[Minutia] {
        &self.minutiae
    }
}

impl fmt::Debug for MinutiaeTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MinutiaeTemplate(position {}, {} minutiae)", self.position, self.minutiae.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_position_may_be_any_finger() {
        let [thumb, index] = [1, 2].map(|n| FingerPosition::new(n).unwrap());
        assert!(thumb.may_be(thumb) && thumb.may_be(FingerPosition::UNKNOWN) && FingerPosition::UNKNOWN.may_be(index));
        assert!(!thumb.may_be(index));
        assert_eq!(FingerPosition::new(11), Err(TemplateError::Position { found: 11 }));
    }
}
