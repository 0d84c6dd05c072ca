//! One minutia in the inner form.

use bytemuck::{Pod, Zeroable};
use std::fmt;
use zeroize::Zeroize;

/// The type of a minutia, as the formats name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MinutiaKind {
    /// Neither of the two, or not known.
    Other = 0,
    /// A ridge ends.
    Ending = 1,
    /// A ridge splits in two.
    Bifurcation = 2,
}

/// A minutia: where, which way, of what type, how sure. Eight bytes, stored as they are.
///
/// Coordinates are pixels at 500 dpi (19.69 per mm), x to the right, y down. The angle is in steps of 1/256 turn
/// (1.40625°), counter-clockwise from the positive x axis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(C)]
pub struct Minutia {
    /// Pixels at 500 dpi to the right.
    pub x: i16,
    /// Pixels at 500 dpi down.
    pub y: i16,
    /// Direction in 1/256 turn, counter-clockwise.
    pub angle: u8,
    kind: u8,
    quality: u8,
    reserved: u8,
}

impl Minutia {
    /// How the stored byte says that no quality was reported.
    const QUALITY_UNKNOWN: u8 = 0;

    /// A minutia. A quality above 100 is taken as 100; a quality of 0 is `Some(1)`, the least that can be known.
    pub fn new(x: i16, y: i16, angle: u8, kind: MinutiaKind, quality: Option<u8>) -> Self {
        let quality = quality.map_or(Self::QUALITY_UNKNOWN, |quality| quality.clamp(1, 100));
        Minutia { x, y, angle, kind: kind as u8, quality, reserved: 0 }
    }

    /// The type. A byte that is no type (from a damaged file) is [`MinutiaKind::Other`].
    pub fn kind(&self) -> MinutiaKind {
        match self.kind {
            1 => MinutiaKind::Ending,
            2 => MinutiaKind::Bifurcation,
            _ => MinutiaKind::Other,
        }
    }

    /// The quality, 1 to 100, or `None` where the extractor did not report one.
    pub fn quality(&self) -> Option<u8> {
        (self.quality != Self::QUALITY_UNKNOWN).then(|| self.quality.min(100))
    }
}

impl Zeroize for Minutia {
    fn zeroize(&mut self) {
        bytemuck::bytes_of_mut(self).zeroize();
    }
}

impl fmt::Debug for Minutia {
    /// Says nothing about the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Minutia(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_quality_differs_from_a_low_one() {
        let minutia = |quality| Minutia::new(1, 2, 3, MinutiaKind::Ending, quality);
        assert_eq!(minutia(None).quality(), None);
        assert_eq!(minutia(Some(0)).quality(), Some(1));
        assert_eq!(minutia(Some(200)).quality(), Some(100));
    }

    #[test]
    fn debug_hides_the_coordinates() {
        let text = format!("{:?}", Minutia::new(1234, 2345, 77, MinutiaKind::Ending, None));
        assert!(!text.contains(|c: char| c.is_ascii_digit()));
    }
}
